"""Where files are, as readers of reports name them: relative to a root where they are below it, or as URIs.

Names of files are those of a report, which count from the working directory `here`. Nothing is looked up on the disk.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import PurePath
from urllib.parse import quote

from policy.text.diagnostic import visible


@dataclass(frozen=True, slots=True)
class Files:
    """Names of files for one run; both directories are absolute."""

    here: str
    root: str

    def relative(self, file: str) -> str | None:
        """The way from the root to the file, with `/`; None for a file that is not below it."""
        absolute = PurePath(self._absolute(file))
        return absolute.relative_to(self.root).as_posix() if absolute.is_relative_to(self.root) else None

    def name(self, file: str) -> str:
        """The way from the root, or the absolute name of a file that is not below it."""
        return self.relative(file) or PurePath(self._absolute(file)).as_posix()

    def stable(self, file: str) -> str:
        """A name that is the same on every machine: the way from the root, or the last part of another name."""
        return self.relative(file) or PurePath(self._absolute(file)).name

    def uri(self, file: str) -> str:
        """A relative reference for a file below the root, a `file:` URI for any other."""
        relative = self.relative(file)
        return _quoted(relative) if relative is not None else f"file://{_quoted(self._uri_path(file))}"

    def _uri_path(self, file: str) -> str:
        path = PurePath(self._absolute(file)).as_posix()
        return path if path.startswith("/") else f"/{path}"

    def _absolute(self, file: str) -> str:
        return os.path.normpath(os.path.join(self.here, file))  # noqa: PTH118 - a name as it is, also an empty one


def _quoted(path: str) -> str:
    whole = re.sub("[\ud800-\udc7f\udd00-\udfff]", lambda half: visible(half[0]), path)  # what no name on a disk has
    return quote(whole.encode("utf-8", "surrogateescape"), safe="/")
