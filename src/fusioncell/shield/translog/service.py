"""Use cases of the transparency log: sign its head, serve its tiles, take cosignatures, open names, count.

1. After each batch, a tree that has grown is signed: the checkpoint is an entry of the record first, and is served
   once it is projected. So what was served is known for ever, also to a hub that was rebuilt.
2. A tree that contradicts a checkpoint which was signed is not signed again: the log stays at its last good head.
3. A restored hub goes on under another origin (ADR 0014).
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fusioncell.kernel.clock import Clock
from fusioncell.kernel.entry import Draft, Payload
from fusioncell.kernel.errors import BadInput, NotFound
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import Audience, Tlp, Uses, Viewer
from fusioncell.kernel.ports import Connection, Database
from fusioncell.record.service import Record
from fusioncell.shield.translog import store
from fusioncell.shield.translog.merkle import EMPTY_ROOT, consistency, inclusion, root
from fusioncell.shield.translog.model import CHECKPOINT, COSIGNED, Checkpoint, Cosigned, Kind, Opening
from fusioncell.shield.translog.note import SIGNS, Key, cosignature_of, head, lines_of, public_of, signed
from fusioncell.shield.translog.project import reader
from fusioncell.shield.translog.seal import nonce_of
from fusioncell.shield.translog.tiles import HASH, WIDTH, bundle, node_reader, width_of
from fusioncell.shield.translog.totals import Totals, total

NOBODY = Audience(Tlp.AMBER_STRICT, frozenset(), Uses.NONE)
"""Checkpoints and cosignatures are no one's reading in the record: the doors of the log show them to everyone."""
MAX_OPENINGS = 5000
_SIZE = re.compile(r"[1-9][0-9]{0,14}")
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Head:
    """The newest checkpoint that is served. ``prefix``: path under which its tiles stand, with a slash at its end."""

    origin: str
    size: int
    root: bytes
    at: int
    prefix: str


class Translog:
    """The front door of the transparency log."""

    on_open: Callable[[Viewer | None, str], None] = staticmethod(lambda viewer, name: None)
    """Is told of each look at openings that are not everyone's: whose (None: the name's owner), of which name ("": of
    all). ``bootstrap`` has it written to the audit log."""

    def __init__(
        self, *, record: Record, database: Database, clock: Clock, randomness: Randomness,
        private: Ed25519PrivateKey, nonces: bytes, origin: str, witnesses: Iterable[Key],
    ) -> None:  # fmt: skip
        self._record = record
        self._database = database
        self._clock = clock
        self._randomness = randomness
        self._private = private
        self._nonces = nonces
        self._origin = origin
        self.witnesses = tuple(witnesses)
        self._signed = 0
        """Leaves of the newest checkpoint that this process appended, so that it is not appended twice."""

    # -- signing -----------------------------------------------------------------------------------------------------

    def act(self) -> int:
        """Sign the tree where it has grown; return how many entries that made."""
        with self._database.read() as connection:
            size = store.size(connection)
            if size <= self._signed or self._fault(connection):
                return 0
            last = store.newest_checkpoint(connection, size)
            if last is not None and last[0] == size:
                return 0
            origin, _ = self._named(connection, size)
            digest = root(node_reader(reader(connection)), size)
        self._write(CHECKPOINT, origin, _encode(Checkpoint(origin, size, digest.hex())))
        self._signed = size
        return 1

    def fault(self) -> str:
        """Say why nothing more is signed; empty while all is well."""
        with self._database.read() as connection:
            return self._fault(connection)

    def _fault(self, connection: Connection) -> str:
        size = store.broken(connection, 0)
        return f"the log's tree contradicts the checkpoint of {size} leaves that was signed" if size else ""

    def _named(self, connection: Connection, size: int) -> tuple[str, str]:
        """Return origin and path prefix of the tree of this size: each restore begins another generation."""
        base = store.first_origin(connection) or self._origin
        restored = store.newest_of(connection, Kind.RESTORED, size)
        if restored is None:
            return base, "/log/"
        name = restored_name(restored[0], restored[1])
        return f"{base}/{name}", f"/log/{name}/"

    def _write(self, kind: str, subject: str, body: bytes) -> None:
        number = self._record.intern_audience(NOBODY)
        self._record.append("", [Draft(kind, number, Payload("", subject[:64], 0, "", body))],
                            new_id(self._randomness))  # fmt: skip

    # -- what everyone reads -----------------------------------------------------------------------------------------

    def head(self, size: int | None = None) -> Head:
        """Return the newest checkpoint, or the one of so many leaves. NotFound where none of them was signed."""
        with self._database.read() as connection:
            return self._head(connection, size)

    def _head(self, connection: Connection, size: int | None = None) -> Head:
        last = store.newest_checkpoint(connection, size if size is not None else store.size(connection))
        while last is not None and not last[4] and size is None:
            last = store.newest_checkpoint(connection, last[0] - 1)
        if last is None and not size:
            return Head(store.first_origin(connection) or self._origin, 0, EMPTY_ROOT, 0, "/log/")
        if last is None or (size is not None and last[0] != size) or not last[4]:
            raise NotFound("no checkpoint of that size was signed", hint="The newest is at /log/checkpoint.")
        return Head(last[2], last[0], bytes.fromhex(last[3]), last[1], self._named(connection, last[0])[1])

    def checkpoint(self, size: int | None = None) -> str:
        """Return a checkpoint as a signed note, with the cosignatures that it has."""
        with self._database.read() as connection:
            found = self._head(connection, size)
            more = [line for _, _, line in store.cosignatures(connection, found.size)]
        return signed(head(found.origin, found.size, found.root), found.origin, self._private, more)

    @property
    def key(self) -> Key:
        """The key with which the newest checkpoint is signed; a generation of its own name has one of its own id."""
        return Key(self.head().origin, SIGNS, public_of(self._private))

    def tile(self, level: int, index: int, width: int, generation: str = "") -> bytes:
        """Return a hash tile of this width. NotFound where the newest checkpoint has no such tile."""
        with self._database.read() as connection:
            if width > width_of(level, index, self._published(connection, generation)):
                raise _no_tile()
            return store.tile_at(connection, level, index)[: width * HASH]

    def entries(self, index: int, width: int, generation: str = "") -> bytes:
        """Return an entry bundle of this width. NotFound where the newest checkpoint has no such bundle."""
        with self._database.read() as connection:
            if width > width_of(0, index, self._published(connection, generation)):
                raise _no_tile()
            texts = store.texts(connection, index * WIDTH, width)
        return bundle([text.encode() for text in texts])

    def _published(self, connection: Connection, generation: str) -> int:
        """Return how many leaves this generation shows: an earlier one's tiles end where the restore began."""
        found = self._head(connection)
        restored = store.newest_of(connection, Kind.RESTORED, found.size)
        while restored is not None:
            name = restored_name(*restored)
            if name == generation:
                return found.size
            found = Head(found.origin, restored[0], b"", 0, "")
            restored = store.newest_of(connection, Kind.RESTORED, restored[0])
        if generation:
            raise _no_tile()
        return found.size

    def proof(self, index: int) -> str:
        """Return the proof that a leaf stands in the newest checkpoint, as C2SP tlog-proof has it."""
        with self._database.read() as connection:
            size = self._head(connection).size
            if not 0 <= index < size:
                raise NotFound("there is no such leaf", hint="Its index is below the checkpoint's size.")
            path = inclusion(node_reader(reader(connection)), index, size)
            text = store.texts(connection, index, 1)[0]
        return proof_text(index, text, path, self.checkpoint(size))

    # -- witnesses ---------------------------------------------------------------------------------------------------

    def cosign(self, note: str) -> list[str]:
        """Take the cosignatures of witnesses that the hub knows, over a checkpoint that it signed.

        Returns the witnesses' names. Raises BadInput where there is none of them, or one that does not verify.
        """
        text, lines = lines_of(note)
        parts = text.split("\n")
        found = self.head(int(parts[1]) if len(parts) > 2 and _SIZE.fullmatch(parts[1]) else None)
        if text != head(found.origin, found.size, found.root):
            raise BadInput("this is no checkpoint of this log", hint="Cosign what /log/checkpoint gives.")
        with self._database.read() as connection:
            known = {witness: time for witness, time, _ in store.cosignatures(connection, found.size)}
        taken = []
        for line in lines:
            one = cosignature_of(line, text, self.witnesses)
            if one is None:
                continue
            taken.append(one.witness)
            if one.time > known.get(one.witness, -1):
                self._write(COSIGNED, one.witness,
                            _encode(Cosigned(found.origin, found.size, one.witness, one.time, one.line)))  # fmt: skip
        if not taken:
            raise BadInput("no line is of a witness that this log knows",
                           hint="The operators list witnesses' keys in FUSIONCELL_LOG_WITNESSES.")  # fmt: skip
        return taken

    def submission(self, old: int) -> str:
        """Return what a witness is asked with (tlog-witness): its size, the proof of growth from there, the head.

        Raises BadInput where the newest checkpoint has fewer leaves.
        """
        with self._database.read() as connection:
            found = self._head(connection)
            if not 0 <= old <= found.size:
                raise BadInput("the log is not that large")
            path = consistency(node_reader(reader(connection)), old, found.size) if old else []
        lines = "".join(f"{b64encode(digest).decode()}\n" for digest in path)
        note = signed(head(found.origin, found.size, found.root), found.origin, self._private)
        return f"old {old}\n{lines}\n{note}"

    def witnessed(self) -> list[tuple[str, int, int]]:
        """Return, by witness, the newest checkpoint that it cosigned: (name, size, seconds since 1970)."""
        with self._database.read() as connection:
            return store.last_cosigned(connection)

    # -- openings ----------------------------------------------------------------------------------------------------

    def openings(self, viewer: Viewer, *, after: int = -1, limit: int = 1000, name: str = "") -> list[Opening]:
        """Return what opens the commitments after a leaf, in order.

        Subscribers and auditors get all that tell of what they may see; everyone else what is open to the public.
        """
        most = min(limit, MAX_OPENINGS)
        with self._database.read() as connection:
            size = self._head(connection).size
            if holds(viewer):
                rows = store.openings(connection, self._record.visible_to(viewer), size, after, most, name)
            else:
                rows = store.public_openings(connection, self._clock.now(), size, after, most, name)
        if holds(viewer):
            self.on_open(viewer, name)
        return [self._opening(*row) for row in rows]

    def opening_for(self, name: str) -> list[Opening]:
        """Return all that opens one name, for its owner, who has proved to be that (``web`` asks for nobody else)."""
        with self._database.read() as connection:
            size = self._head(connection).size
            every = self._record.audiences_where(lambda _: True)
            rows = store.openings(connection, every, size, -1, MAX_OPENINGS, name)
        self.on_open(None, name)
        return [self._opening(*row) for row in rows]

    def _opening(self, place: int, kind: str, name: str, serial: int, decision: str) -> Opening:
        return Opening(place, kind, name, nonce_of(self._nonces, kind, serial, decision, name), decision)

    # -- totals ------------------------------------------------------------------------------------------------------

    def totals(self) -> Totals:
        """Return the totals that the leaves up to the newest checkpoint make: anyone can count them again."""
        now = self._clock.now() // 1_000_000
        with self._database.read() as connection:
            size = self._head(connection).size
            return total(
                store.counts(connection, size), store.standing(connection, size),
                store.days(connection, size, now - 371 * 86_400), _spans(connection, size), size, now,
            )  # fmt: skip


def _spans(connection: Connection, size: int) -> tuple[list[int], list[int]]:
    lifted = store.spans(connection, [Kind.REMOVE.value], size, 10_000)
    heard = store.spans(connection, [Kind.UPHELD.value, Kind.DISMISSED.value], size, 10_000)
    return lifted, heard


def holds(viewer: Viewer) -> bool:
    """Tell whether the viewer is given the openings of all that it may see: those who carry the zone, and auditors."""
    return viewer.member and (viewer.may("export") or viewer.may("audit"))


def restored_name(place: int, text: str) -> str:
    """Return the name of the generation that a leaf of a restore began."""
    return f"g{place}-{sha256(text.encode()).hexdigest()[:8]}"


def proof_text(index: int, text: str, path: Iterable[bytes], note: str) -> str:
    """Return an inclusion proof as text (C2SP tlog-proof); its extra data is the leaf itself."""
    lines = "".join(f"{b64encode(digest).decode()}\n" for digest in path)
    return f"c2sp.org/tlog-proof@v1\nextra {b64encode(text.encode()).decode()}\nindex {index}\n{lines}\n{note}"


def _no_tile() -> NotFound:
    return NotFound("there is no such tile", hint="Which there are follows from the size in /log/checkpoint.")


