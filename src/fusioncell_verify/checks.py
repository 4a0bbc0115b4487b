"""The checks that the commands run: each returns facts to print and findings against the log."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fusioncell_verify.faults import Finding, Unreadable
from fusioncell_verify.leaves import MOVES, Leaf, Rules, read_leaf
from fusioncell_verify.log import Log
from fusioncell_verify.notes import Checkpoint, Verifier, cosign, decoded, read_checkpoint
from fusioncell_verify.opened import Opening, Taken, check_openings, check_zone, opens, read_openings, read_zones
from fusioncell_verify.policies import check_policies
from fusioncell_verify.source import Source, ask
from fusioncell_verify.tree import check_inclusion, of_leaf

CLOCKS = 300
"""Seconds by which the clocks of a log and of a witness may differ."""
PROOF = b"c2sp.org/tlog-proof@v1"
Result = tuple[dict[str, Any], list[Finding]]


@dataclass(frozen=True)
class Asked:
    """Which log, with which keys, and how many witnesses must have cosigned."""

    log: str
    key: Verifier
    witnesses: Sequence[Verifier]
    quorum: int

    def checkpoint(self, note: bytes, quorum: int | None = None) -> Checkpoint:
        """Check a checkpoint with these keys."""
        return read_checkpoint(note, self.key, self.witnesses, self.quorum if quorum is None else quorum)

    def newest(self) -> Log:
        """Return the log up to its newest checkpoint, which is checked."""
        source = Source(self.log)
        return Log(source, self.checkpoint(source.read("checkpoint")))


def _facts(head: Checkpoint) -> dict[str, Any]:
    return {"origin": head.origin, "size": head.size, "root": head.root.hex(), "witnesses": len(head.seen)}


def public(asked: Asked, openings: str | None) -> Result:
    """Check all that everyone can: the tree, its tiles, and the rules that the leaves keep; openings where given."""
    log = asked.newest()
    entries = [data for _, data in log.entries()]
    log.check_entries(entries)
    rules = Rules()
    rules.follow(entries)
    counts = rules.counts
    facts = _facts(log.head) | {
        "events": counts.kinds, "blocked": counts.added, "standing": counts.standing, "policies": counts.policies,
        "first_time": counts.first, "last_time": counts.last, "serial": counts.serial,
    }  # fmt: skip
    findings = rules.findings
    if openings:
        given = read_openings(openings)
        facts["openings"] = len(given)
        findings = findings + check_openings(rules.leaves, given)
    return facts, findings


def under_policies(asked: Asked, policies: Sequence[bytes]) -> Result:
    """Check the policies that the log names, and that each block was made under one in force and within it.

    ``policies``: the bytes of those that are at hand; the others are read beside the log.
    """
    source = Source(asked.log)
    log = asked.newest()
    entries = [data for _, data in log.entries()]
    log.check_entries(entries)
    rules = Rules()
    rules.follow(entries)
    given = {hashlib.sha256(data).hexdigest(): data for data in policies}
    told, findings = check_policies(rules.leaves, rules.counts.policies, given, source.read)
    ours = [one for one in rules.findings if one.check in ("leaf", "order", "policy", "time")]
    return _facts(log.head) | {"policies": told}, ours + findings


def replayed(
    asked: Asked, zones: Sequence[str], openings: str | None, taken: Taken, *, any_size: bool = False
) -> Result:
    """Check that a zone at its serial, or a subscriber's zones together, are the log replayed so far."""
    if not openings:
        raise Unreadable("to compare names, give --openings")
    log = asked.newest()
    entries = [data for _, data in log.entries()]
    log.check_entries(entries)
    rules = Rules()
    rules.follow(entries)
    given, held = read_openings(openings), read_zones(zones)
    size, found = check_zone(held, rules.leaves, given, taken, any_size=any_size)
    until = rules.leaves[size - 1] if size else None
    facts = {"serial": held.serial, "names": len(held.names), "replayed_to": size,
             "replayed_serial": until.serial if until else 0, "replayed_time": until.time if until else 0}  # fmt: skip
    return _facts(log.head) | facts, rules.findings + check_openings(rules.leaves, given) + found


def about_name(asked: Asked, name: str, openings: str | None) -> Result:
    """Follow a name to its entries: each is opened, and proved to stand in the signed tree."""
    if not openings:
        raise Unreadable("to find a name, give --openings")
    wanted = name.strip().lower().rstrip(".")
    log = asked.newest()
    mine = [one for one in read_openings(openings).values() if one.name == wanted and one.index < log.head.size]
    facts = _facts(log.head) | {"name": wanted}
    if not mine:
        return facts, [Finding("answer", f"no opening of this log names {wanted!r}")]
    events, findings = [], []
    for one in sorted(mine, key=lambda each: each.index):
        leaf = read_leaf(one.index, log.entry(one.index))
        if isinstance(leaf, Finding) or not opens(one, leaf):
            findings.append(Finding("opening", f"the opening of leaf {one.index} does not open it"))
        else:
            events.append(leaf)
    moves = [leaf for leaf in events if leaf.kind in MOVES]
    facts["blocked"] = bool(moves) and moves[-1].kind == "add"
    facts["events"] = [_told(leaf) for leaf in events]
    return facts, findings


def _told(leaf: Leaf) -> dict[str, Any]:
    told = {"index": leaf.index, "kind": leaf.kind, "time": leaf.time, "category": leaf.category, "serial": leaf.serial}
    return told | {"severity": leaf.severity, "policy": leaf.policy}


def consistent(asked: Asked, old: bytes, new: bytes | None) -> Result:
    """Check that the log only grew from one checkpoint to another, and that what came is not back-dated."""
    before = asked.checkpoint(old, quorum=0)
    log = asked.newest() if new is None else Log(Source(asked.log), asked.checkpoint(new))
    log.check_grew_from(before)
    facts = _facts(log.head) | {"before": before.size, "new_leaves": log.head.size - before.size}
    return facts, late(log, before)


def late(log: Log, before: Checkpoint) -> list[Finding]:
    """Check that no leaf that came after a witness saw the log is dated before the witness's time."""
    if not before.seen:
        return []
    floor = max(before.seen.values()) - CLOCKS
    findings = []
    for index, data in log.entries(before.size):
        leaf = read_leaf(index, data)
        if isinstance(leaf, Finding):
            findings.append(leaf)
        elif leaf.time < floor:
            findings.append(Finding("time", f"leaf {index} is back-dated: a witness saw the log without it"))
    return findings[:50]


def offline(asked: Asked, proof: bytes, name: str, nonce: str) -> Result:
    """Check a proof file (C2SP tlog-proof); its extra data is the entry."""
    first, gap, note = proof.partition(b"\n\n")
    lines = first.decode(errors="replace").split("\n")
    if not gap or lines[0].encode() != PROOF or len(lines) < 3 or not lines[1].startswith("extra "):
        raise Unreadable("this is no proof file of this log")
    data = decoded(lines[1][6:])
    path = [decoded(line) for line in lines[3:]]
    index = lines[2].removeprefix("index ")
    if data is None or None in path or not (index.isascii() and index.isdecimal() and len(index) < 19):
        raise Unreadable("this proof file is torn")
    head = asked.checkpoint(note)
    check_inclusion(of_leaf(data), int(index), head.size, [digest for digest in path if digest is not None], head.root)
    leaf = read_leaf(int(index), data)
    if isinstance(leaf, Finding):
        return _facts(head), [leaf]
    facts = _facts(head) | _told(leaf)
    if name:
        try:
            one = Opening(leaf.index, name.strip().lower().rstrip("."), bytes.fromhex(nonce))
        except ValueError:
            raise Unreadable("the nonce is not hexadecimal") from None
        if not opens(one, leaf):
            return facts, [Finding("opening", f"the nonce does not open this entry as {one.name!r}")]
        facts["name"] = one.name
    return facts, []


def witness(asked: Asked, name: str, private: Ed25519PrivateKey, state: Path, now: int, send: str) -> Result:
    """Cosign the newest checkpoint (C2SP tlog-witness, from the witness's own side).

    1. Check the log's signature; check that it grew from the checkpoint seen last; that no new leaf is back-dated.
    2. Keep it, durably, before the cosignature leaves: or a fork could be cosigned after a crash.
    3. Cosign with the time; send it where asked.
    """
    log = asked.newest()
    kept = state / (hashlib.sha256(log.head.origin.encode()).hexdigest()[:32] + ".json")
    before, seen = _last_seen(kept, asked)
    findings = []
    if before is not None:
        log.check_grew_from(before)
        findings = late(log, Checkpoint(before.origin, before.size, before.root, before.text, {name: seen}))
    if findings:
        return _facts(log.head), findings
    line = cosign(private, name, log.head.text, now)
    _keep(kept, {"note": Source(asked.log).where, "text": log.head.text, "time": now})
    note = f"{log.head.text}\n{line}\n"
    facts = _facts(log.head) | {"before": before.size if before else 0, "cosignature": line}
    if send:
        ask(send, {"Content-Type": "text/plain; charset=utf-8"}, note.encode())
        facts["sent"] = send
    return facts, []


def _last_seen(kept: Path, asked: Asked) -> tuple[Checkpoint | None, int]:
    """Return the checkpoint that was cosigned last and when. What the witness kept needs no signature."""
    if not kept.exists():
        return None, 0
    try:
        said = json.loads(kept.read_text())
        origin, size, root = str(said["text"]).split("\n")[:3]
        digest = decoded(root)
        if digest is None or origin != asked.key.name:
            raise ValueError
        return Checkpoint(origin, int(size), digest, said["text"], {}), int(said["time"])
    except (OSError, KeyError, TypeError, ValueError):
        raise Unreadable(f"{kept} is torn: the witness does not know what it saw last") from None


def _keep(kept: Path, said: dict[str, Any]) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    temporary = kept.with_suffix(".new")
    with temporary.open("w") as file:
        file.write(json.dumps(said))
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(kept)
