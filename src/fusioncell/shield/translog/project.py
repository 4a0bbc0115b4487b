"""Project the record into the log: one leaf for each event that the log tells of, in the record's order.

1. The zone's steps (``shield_change``), whatever made them, become ``add``, ``remove`` and ``expire``: so the log
   replayed to a serial is the zone at that serial.
2. What :data:`EVENTS` names (appeals, policies, holds) becomes a leaf of its kind.
3. A checkpoint that was signed is compared with the tree. Where the two disagree the log is broken, and the service
   signs nothing further (ADR 0014).

What is *not* here: the choice what is blocked; any name, nonce or key in what others can read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from fusioncell.kernel.entry import Entry
from fusioncell.kernel.ports import Connection
from fusioncell.shield.translog import store
from fusioncell.shield.translog.events import EVENTS
from fusioncell.shield.translog.merkle import leaf_hash, root
from fusioncell.shield.translog.model import (
    CHECKPOINT,
    COMPROMISED,
    COSIGNED,
    HOLDS_AFTER,
    NEVER,
    OPENS_AFTER,
    Checkpoint,
    Cosigned,
    Kind,
    Leaf,
    Said,
)
from fusioncell.shield.translog.seal import commitment_to, leaf_bytes, nonce_of
from fusioncell.shield.translog.store import metadata
from fusioncell.shield.translog.tiles import MAX_LEVEL, WIDTH, grow, node_reader

__all__ = ["NONCES", "metadata", "project"]

NONCES = "translog nonces"
"""The purpose for which the key of the nonces is derived from the hub's."""

SECOND = 1_000_000
_leaf = msgspec.json.Decoder(Leaf).decode
_said = msgspec.json.Decoder(Said).decode
_checkpoint = msgspec.json.Decoder(Checkpoint).decode
_cosigned = msgspec.json.Decoder(Cosigned).decode


def project(connection: Connection, entries: Sequence[Entry], key: bytes) -> None:
    """Apply one cut. ``key``: of the nonces; it never leaves the hub."""
    ours = [entry for entry in entries if not entry.org and entry.payload is not None]
    if not ours:
        return
    log = _Log(connection, key, ours)
    for entry in ours:
        log.tell(entry)
        if entry.kind == CHECKPOINT:
            log.save()
            _note_checkpoint(connection, entry)
        elif entry.kind == COSIGNED and entry.payload is not None:
            said = _cosigned(entry.payload.body)
            store.add_cosignature(connection, (said.size, said.witness, said.time, said.line))
    log.save()


@dataclass(slots=True)
class _Block:
    """A leaf that added a name, as the log remembers it. ``ended``: the leaf that freed it, -1 while it stands."""

    place: int
    category: str
    severity: str
    policy: str
    decision: str
    name: str
    audience: int
    opens: int
    ended: int = -1


_UNKNOWN = _Block(-1, "", "", "", "", "", 0, NEVER)


class _Log:
    """The log while one cut is written to it."""

    def __init__(self, connection: Connection, key: bytes, entries: Sequence[Entry]) -> None:
        self._connection = connection
        self._key = key
        self._serial = store.last_serial(connection)
        self._size = store.size(connection)
        self._rows: list[list[Any]] = []
        self._ended: dict[int, tuple[int, int, int]] = {}
        self._steps: dict[int, list[tuple[Any, ...]]] = {}
        for step in store.steps_after(connection, self._serial):
            self._steps.setdefault(step[4], []).append(step)
        self._heard = {
            entry.seq: _said(entry.payload.body)
            for entry in entries
            if entry.payload is not None and (entry.kind in EVENTS or entry.seq in self._steps)
        }
        names = {step[1] for steps in self._steps.values() for step in steps}
        names |= {said.name for said in self._heard.values()}
        known = store.newest_adds(connection, names - {""}) if names - {""} else []
        self._blocks = {row[5]: _Block(*row) for row in known}
        # Only an appeal asks for a block by its id.
        events = [self._heard[entry.seq] for entry in entries if entry.kind in EVENTS]
        ids = {one for said in events for one in (said.decision, said.appeal) if one}
        self._holds = store.holds_waiting(connection)
        self._begun = {row[4]: _Block(*row) for row in (store.by_ids(connection, ids) if ids else [])}

    def tell(self, entry: Entry) -> None:
        """Append what an entry brought about."""
        kind = EVENTS.get(entry.kind)
        if kind is not None:
            self._event(entry, kind, self._heard[entry.seq])
        for serial, name, added, _, _ in self._steps.get(entry.seq, ()):
            self._serial = serial
            if not name:
                self._restored(entry)
            elif added:
                self._add(entry, name)
            else:
                self._end(entry, name)

    def _restored(self, entry: Entry) -> None:
        self.save()
        last = store.newest_checkpoint(self._connection, self._size)
        cites = f"{last[2]} {last[0]} {last[3]}" if last else ""
        # The digest of the entry is of random bytes too: two hubs restored from one backup get two names.
        self._append(entry, Kind.RESTORED, _UNKNOWN, cites=cites, committed=entry.digest.hex())

    def _add(self, entry: Entry, name: str) -> None:
        said, before = self._heard[entry.seq], self._blocks.get(name)
        opens = entry.at + OPENS_AFTER
        if said.name == name or before is None:
            opens = NEVER if said.origin == COMPROMISED else opens
            block = _Block(-1, said.category, said.severity, said.policy, said.decision, name, entry.audience, opens)
        else:
            # Many names came back at once (a rollback): each as it was when it was last blocked.
            opens = NEVER if before.opens == NEVER else opens
            block = replace(before, policy=self._policy(before.policy), ended=-1, opens=opens)
        block.place = self._append(entry, Kind.ADD, block, of=-1)
        self._blocks[name] = self._begun[block.decision] = block

    def _end(self, entry: Entry, name: str) -> None:
        kind = Kind.EXPIRE if entry.kind == "decision.expired" else Kind.REMOVE
        block = self._blocks.get(name) or replace(_UNKNOWN, name=name, audience=entry.audience)
        place = self._append(entry, kind, block)
        if block.place >= 0 and block.ended < 0:
            block.ended = place
            block.opens = NEVER if block.opens == NEVER else min(block.opens, entry.at)
            self._ended[block.place] = (place, block.opens, block.place)

    def _event(self, entry: Entry, kind: Kind, said: Said) -> None:
        if kind is Kind.HOLD:
            due = entry.at + HOLDS_AFTER
            store.add_hold(self._connection, entry.seq, due)
            self._holds.append((entry.seq, due))
        elif kind is Kind.POLICY:
            # An entry that says so is not enough: the charter has counted who approved it.
            adopted = store.adopted_by(self._connection, entry.seq)
            if adopted:
                self._append(entry, kind, replace(_UNKNOWN, policy=adopted))
        elif kind is Kind.APPEAL:
            block = self._begun.get(said.decision) or replace(_UNKNOWN, name=said.name)
            about = replace(block, decision=said.appeal, audience=entry.audience, opens=NEVER, ended=-1)
            place = self._append(entry, kind, about)
            self._begun[said.appeal] = replace(about, place=place)
        else:
            lodged = self._begun.get(said.appeal)
            if lodged is not None and lodged.ended < 0:
                lodged.ended = self._append(entry, kind, replace(lodged, audience=entry.audience))
                self._ended[lodged.place] = (lodged.ended, NEVER, lodged.place)

    def _policy(self, otherwise: str) -> str:
        """Return the digest of the policy that the log adopted last."""
        self.save()
        found = store.newest_of(self._connection, Kind.POLICY, self._size)
        return _leaf(found[1]).policy if found else otherwise

    def _append(
        self, entry: Entry, kind: Kind, block: _Block, *, of: int | None = None, cites: str = "", committed: str = ""
    ) -> int:
        """Append a leaf about a block; return its place. A leaf that adds keeps the block's instant of opening."""
        while self._holds and self._holds[0][1] <= entry.at:
            store.drop_hold(self._connection, self._holds.pop(0)[0])
            self._append(entry, Kind.HOLD, _UNKNOWN)
        about = block.place if of is None else of
        if block.name:
            nonce = nonce_of(self._key, kind, self._serial, block.decision, block.name)
            committed = commitment_to(block.name, nonce)
        time = entry.at // SECOND
        leaf = Leaf(block.category, cites, committed, kind.value, about, block.policy, self._serial, block.severity,
                    time)  # fmt: skip
        place = self._size + len(self._rows)
        self._rows.append([
            place, entry.seq, kind.value, time, block.category, block.severity, block.policy, self._serial, about, -1,
            block.decision, block.name, block.audience, block.opens if kind is Kind.ADD else NEVER,
            leaf_bytes(leaf).decode(),
        ])  # fmt: skip
        return place

    def save(self) -> None:
        """Write the leaves and the tiles that they changed."""
        if not self._rows:
            return
        connection, size = self._connection, self._size
        edge = {
            level: store.tile_at(connection, level, (size >> (8 * level)) // WIDTH)
            for level in range(MAX_LEVEL + 1)
            if (size >> (8 * level)) % WIDTH
        }
        _, changed = grow(size, (leaf_hash(row[14].encode()) for row in self._rows), edge)
        store.add_leaves(connection, self._rows)
        store.end_leaves(connection, list(self._ended.values()))
        store.put_tiles(connection, changed)
        self._size += len(self._rows)
        self._rows, self._ended = [], {}


def _note_checkpoint(connection: Connection, entry: Entry) -> None:
    assert entry.payload is not None
    said = _checkpoint(entry.payload.body)
    if said.size > store.size(connection):
        holds = False
    else:
        holds = root(node_reader(reader(connection)), said.size).hex() == said.root
    store.add_checkpoint(connection, (said.size, entry.at, said.origin, said.root, int(holds)))


def reader(connection: Connection) -> Callable[[int, int], bytes]:
    """Return what reads tiles, each once."""
    known: dict[tuple[int, int], bytes] = {}

    def read(level: int, place: int) -> bytes:
        if (level, place) not in known:
            known[level, place] = store.tile_at(connection, level, place)
        return known[level, place]

    return read


