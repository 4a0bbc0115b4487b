"""What the leaves say, and the rules that they keep: order, dates, serials, pairs of block and end, policy.

1. Each leaf is the JSON that the log's description gives, byte for byte: known fields, in order, no spaces.
2. Time never goes back; serials never go back, and each change of the zone has its own.
3. What ends a block or an appeal is about it, and ends it once.
4. The policy changes only by a leaf that says so; a commitment is never used twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from fusioncell_verify.faults import Finding

MOVES = ("add", "remove", "expire")
OUTCOMES = ("upheld", "dismissed", "withdrawn")
KINDS = (*MOVES, "appeal", *OUTCOMES, "policy", "hold", "restored")
_NUMBERS = ("of", "serial", "time")
_TEXTS = ("category", "cites", "commitment", "kind", "policy", "severity")
IN_FLIGHT = 60
"""Seconds after a change of policy in which a decision that was made just before may still be written."""
MOST = 50
"""Findings that are told; beyond that the log is plainly wrong."""


@dataclass(frozen=True)
class Leaf:
    """One entry of the log."""

    index: int
    kind: str
    time: int
    category: str
    severity: str
    policy: str
    serial: int
    commitment: str
    of: int
    cites: str


@dataclass
class Counts:
    """What anyone can count."""

    leaves: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    added: dict[str, int] = field(default_factory=dict)
    standing: dict[str, int] = field(default_factory=dict)
    policies: list[str] = field(default_factory=list)
    first: int = 0
    last: int = 0
    serial: int = 0


def read_leaf(index: int, data: bytes) -> Leaf | Finding:
    """Read a leaf; a finding where it is not written as it must be."""
    wrong = Finding("leaf", f"leaf {index} is not written as the log's leaves are")
    try:
        said = json.loads(data)
    except (ValueError, RecursionError):
        return wrong
    if not isinstance(said, dict) or not set(said) <= {*_NUMBERS, *_TEXTS}:
        return wrong
    if any(type(value) is not (int if name in _NUMBERS else str) for name, value in said.items()):
        return wrong
    again = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    if again != data or said.get("kind") not in KINDS:
        return wrong
    texts = {name: said.get(name, "") for name in _TEXTS}
    return Leaf(index, time=said.get("time", 0), serial=said.get("serial", 0), of=said.get("of", -1), **texts)


class Rules:
    """Follows a log leaf by leaf, and notes what breaks its rules."""

    def __init__(self) -> None:
        self.counts = Counts()
        self.findings: list[Finding] = []
        self.leaves: list[Leaf] = []
        self._standing: dict[int, Leaf] = {}
        self._appeals: dict[int, Leaf] = {}
        self._used: dict[str, int] = {}
        self._policy: str | None = None
        self._before = ("", 0)
        """The policy before the last change, and the second until which what was approved under it may come in."""

    def follow(self, entries: Iterable[bytes]) -> None:
        """Take all entries, from the first on."""
        for index, data in enumerate(entries):
            leaf = read_leaf(index, data)
            if isinstance(leaf, Finding):
                self._note(leaf.check, leaf.detail)
                leaf = Leaf(index, "", self.counts.last, "", "", "", self.counts.serial, "", -1, "")
            else:
                self._take(leaf)
            self.leaves.append(leaf)
        self.counts.leaves = len(self.leaves)

    def _note(self, check: str, detail: str) -> None:
        if len(self.findings) < MOST:
            self.findings.append(Finding(check, detail))

    def _take(self, leaf: Leaf) -> None:
        counts = self.counts
        counts.kinds[leaf.kind] = counts.kinds.get(leaf.kind, 0) + 1
        self._in_order(leaf)
        self._fresh(leaf)
        if leaf.kind == "add":
            self._standing[leaf.index] = leaf
            counts.added[leaf.category] = counts.added.get(leaf.category, 0) + 1
            counts.standing[leaf.category] = counts.standing.get(leaf.category, 0) + 1
        elif leaf.kind in MOVES:
            begun = self._standing.pop(leaf.of, None)
            if begun is None:
                self._note("order", f"leaf {leaf.index} ends a block that does not stand")
            else:
                counts.standing[begun.category] -= 1
                if (begun.category, begun.severity, begun.policy) != (leaf.category, leaf.severity, leaf.policy):
                    self._note("order", f"leaf {leaf.index} says otherwise what block {leaf.of} was for")
        elif leaf.kind == "appeal":
            self._appeals[leaf.index] = leaf
        elif leaf.kind in OUTCOMES and self._appeals.pop(leaf.of, None) is None:
            self._note("order", f"leaf {leaf.index} decides an appeal that does not wait")
        self._under_policy(leaf)

    def _in_order(self, leaf: Leaf) -> None:
        counts = self.counts
        counts.first = counts.first or leaf.time
        if leaf.time < counts.last:
            self._note("time", f"leaf {leaf.index} is dated before the leaf in front of it")
        own = leaf.kind in MOVES or leaf.kind == "restored"
        if leaf.serial < counts.serial or (own and leaf.serial == counts.serial):
            self._note("serial", f"leaf {leaf.index} has serial {leaf.serial} after {counts.serial}")
        if leaf.of >= leaf.index:
            self._note("order", f"leaf {leaf.index} is about a leaf that comes after it")
        counts.last, counts.serial = max(counts.last, leaf.time), max(counts.serial, leaf.serial)

    def _fresh(self, leaf: Leaf) -> None:
        if leaf.kind in MOVES and len(leaf.commitment) != 64:
            self._note("commitment", f"leaf {leaf.index} commits to no name")
        if leaf.commitment and self._used.setdefault(leaf.commitment, leaf.index) != leaf.index:
            self._note("nonce", f"leaves {self._used[leaf.commitment]} and {leaf.index} share a commitment")

    def _under_policy(self, leaf: Leaf) -> None:
        if leaf.kind == "policy":
            self._before = (self._policy or "", leaf.time + IN_FLIGHT)
            self._policy = leaf.policy
            self.counts.policies.append(leaf.policy)
        elif leaf.kind == "add":
            if self._policy is None:
                self._policy = leaf.policy
                self.counts.policies.append(leaf.policy)
            elif leaf.policy != self._policy and (leaf.policy != self._before[0] or leaf.time > self._before[1]):
                self._note("policy", f"leaf {leaf.index} was blocked under a policy that the log never adopted")
