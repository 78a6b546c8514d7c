"""What every code means and what to do about it, for readers who meet the code far from the design."""

from __future__ import annotations

from collections.abc import Mapping

from policy.report.outcome import CODES as VERDICTS
from policy.text.diagnostic import CODES as FAULTS

MEANINGS: Mapping[str, str] = dict((*VERDICTS.items(), *FAULTS.items()))

HELP: Mapping[str, str] = {
    "V001": "There is a world, a choice of failures that the invariant admits, and a path or fact that breaks it; the "
    "result shows them with the line of every rule on the way. Change the design so that the path is gone, or the "
    "invariant if it promises too much; `expect violated` is for violations that are known and meant.",
    "V002": "The invariant holds only because an end of its path, connection or quantifier is empty in every world. "
    "Name what was meant, or write `expect vacuous` if nothing is meant to be there.",
    "V003": "The invariant says `expect violated` or `expect vacuous` and is proved. If the design has become better, "
    "take the expectation away; if not, find out what changed.",
    "V004": "The search was stopped by its budget: the invariant may hold or not, and counts as not proved. Try a "
    "larger --budget, or say less in one invariant.",
    "V005": "This is a bug of bartizan, not of the design. No verdict is told without evidence that an independent "
    "check accepts. Please report it, with the design if you can.",
    "E001": "The text ends or goes on where the language does not allow it; the message says what could stand there.",
    "E002": "See that the file is there and may be read; the path of an include counts from the file that includes.",
    "E003": "Save the file as UTF-8.",
    "E004": "Split the expression into several declarations or invariants.",
    "E005": "Take one of the includes away: what several files share belongs into a file that includes none of them.",
    "E006": "Keep one `design` line among all files of the design.",
    "E010": "Declare the name, or correct its spelling; the hint offers the nearest known name.",
    "E011": "Write the name in full, with the domain or zone before a dot.",
    "E012": "Rename one of the two, or take one away.",
    "E013": "The name is known, but as another sort of thing; use one of the sort that belongs here.",
    "E014": "Give the variable a name that nothing else has.",
    "E015": "Take one of the kinds or services out of the cycle.",
    "E020": "Ports run from 0 to 65535, and a range from its lower end to its upper end.",
    "E021": "Use a number within the bounds that the message names.",
    "E022": "Write an IPv4 or IPv6 address, or a network in CIDR notation without host bits.",
    "E023": "Two zones cannot have the same network, nor two hosts the same address: correct one of the two.",
    "E024": "The rule speaks of addresses that no zone or host has: declare the network, or correct the rule.",
    "E025": "Give the host an address with `at`, so that it is known on which side of the rule it is.",
    "E026": "Write the networks in the zones of the domain.",
    "E027": "Correct the address or the network of the zone.",
    "E030": "Place it with `in`, `on` or `runs` in every world that the assumptions leave.",
    "E031": "See that it stands in one place only in every world; zones joined by `and` mean several at once.",
    "E032": "Use only `or` (one of them) or only `and` (all of them).",
    "E033": "Say it once.",
    "E034": "A firewall or link joins at least two zones: name them all.",
    "E035": "Keep one of them.",
    "E036": "Conditions speak of options: name one that is declared, with a value where it is not true or false.",
    "E037": "An attack is a sequence, not a path of some length: take `within` away, or ask for a path.",
    "E038": "Give the domain a `tier`, or ask only domains that have one.",
    "E039": "Use one of the values that the option declares.",
    "E040": "No world is left, so nothing could be proved about any: weaken or remove one of these assumptions.",
}
