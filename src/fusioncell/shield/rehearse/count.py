"""Rehearse: what a resolver's own query log would have hit, counted where the log lies. Pure; nothing leaves.

Read are the usual forms of what clients asked: BIND's query log, Unbound's ``log-queries`` and ``log-replies``,
PowerDNS Recursor's ``quiet=no`` (as lines or structured), dnstap as text (``dnstap-read``, short, and ``-q``). A line
of any other form is counted and passed over. Who asked is never kept, not even in memory.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

_FORMS = (
    re.compile(r": query: (\S+) [A-Z]+ [A-Z0-9]+ [+-]"),  # BIND
    re.compile(r"unbound\S* (?:\[[0-9:]+\] )?(?:info|query|reply): \S+ (\S+)\. [A-Z0-9]+ [A-Z]+\b"),
    re.compile(r"question for '([^'|\s]+)\|[A-Z0-9]+' from "),  # PowerDNS, as lines
    re.compile(r"msg=\"Question\".*\bqname=\"([^\"\s]+)\""),  # PowerDNS, structured
    re.compile(r" CQ \S.* (\S+)/[A-Z]+/[A-Z0-9]+\s*\Z"),  # dnstap-read, short
    re.compile(r" CQ \S.* \"([^\"\s]+)\" [A-Z]+ [A-Z0-9]+"),  # dnstap -q
)
_RULE = re.compile(r"(\*\.)?([a-z0-9_.-]+)\s+(?:[0-9]+\s+)?(?:IN\s+)?CNAME\s+(\S+)", re.IGNORECASE)
_PASSES = "rpz-passthru."
LONGEST = 4_096
"""Characters of a line beyond which it is not read."""


@dataclass(slots=True)
class Rehearsed:
    """What a log would have hit. ``hits``: by listed name; ``lines``: read; ``unread``: of no known form."""

    listed: int
    hits: Counter[str] = field(default_factory=Counter)
    lines: int = 0
    unread: int = 0

    @property
    def queries(self) -> int:
        """Queries among the lines."""
        return self.lines - self.unread


def read_rules(lines: Iterable[str]) -> dict[str, bool]:
    """Read a policy zone's text: name → whether it would be answered differently; ``*.name`` where all under it."""
    rules: dict[str, bool] = {}
    for line in lines:
        found = _RULE.match(line)
        if found is not None:
            rules[(found[1] or "") + found[2].lower().rstrip(".")] = found[3].lower() != _PASSES
    return rules


def asked_name(line: str) -> str:
    """Return the name that a client asked for, in lower case without the last dot; "" where the line says none."""
    if len(line) <= LONGEST:
        for form in _FORMS:
            found = form.search(line)
            if found is not None:
                return found[1].lower().rstrip(".")
    return ""


def count_hits(rules: dict[str, bool], log: Iterable[str]) -> Rehearsed:
    """Count what the lines of a log would have hit: the name itself, else the nearest ``*.`` above it."""
    found = Rehearsed(len({name.removeprefix("*.") for name, blocks in rules.items() if blocks}))
    for line in log:
        found.lines += 1
        name = asked_name(line)
        if not name:
            found.unread += 1
            continue
        rule = _rule_on(rules, name)
        if rule is not None and rules[rule]:
            found.hits[rule.removeprefix("*.")] += 1
    return found


def _rule_on(rules: dict[str, bool], name: str) -> str | None:
    if name in rules:
        return name
    rest = name.partition(".")[2]
    while rest:
        if f"*.{rest}" in rules:
            return f"*.{rest}"
        rest = rest.partition(".")[2]
    return None
