"""A transparency log made by the pure steps alone, written as a folder of static files: to verify, and to attack."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fusioncell.shield.translog.merkle import leaf_hash, root
from fusioncell.shield.translog.model import Kind, Leaf
from fusioncell.shield.translog.note import COSIGNS, SIGNS, Key, head, public_of, signed
from fusioncell.shield.translog.seal import commitment_to, leaf_bytes, nonce_of
from fusioncell.shield.translog.tiles import HASH, WIDTH, bundle, grow, index_path, node_reader
from fusioncell_verify.notes import cosign

ORIGIN = "hub.example/log"
START = 1_767_225_600
SECRET = sha256(b"nonces of a test").digest()


def private(name: str) -> Ed25519PrivateKey:
    """A key that is the same in each run."""
    return Ed25519PrivateKey.from_private_bytes(sha256(name.encode()).digest())


@dataclass
class Book:
    """Leaves and their openings; each test begins with an honest one."""

    leaves: list[bytes] = field(default_factory=list)
    openings: dict[int, tuple[str, bytes]] = field(default_factory=dict)
    standing: dict[str, int] = field(default_factory=dict)
    serial: int = 0
    time: int = START
    origin: str = ORIGIN
    secret: bytes = SECRET

    @property
    def key(self) -> Key:
        return Key(self.origin, SIGNS, public_of(private("log")))

    def tell(
        self, kind: Kind, name: str = "", *, category: str = "phishing", policy: str = "p1", **more: object
    ) -> int:
        """Append an event; returns its place."""
        place = len(self.leaves)
        self.time += 1
        moves = kind in (Kind.ADD, Kind.REMOVE, Kind.EXPIRE)
        self.serial += int(moves)
        about = self.standing.pop(name, -1) if moves and kind is not Kind.ADD else -1
        committed = ""
        if name:
            nonce = nonce_of(self.secret, kind, self.serial, f"decision {place}", name)
            committed, self.openings[place] = commitment_to(name, nonce), (name, nonce)
        if kind is Kind.ADD:
            self.standing[name] = place
        values: dict[str, object] = {
            "category": category if name else "", "commitment": committed, "kind": kind.value, "of": about,
            "policy": policy, "serial": self.serial, "severity": "medium" if name else "", "time": self.time, **more,
        }  # fmt: skip
        self.leaves.append(leaf_bytes(Leaf(**values)))  # type: ignore[arg-type]
        return place

    def fill(self, count: int) -> Book:
        """Append so many events: blocks, of which some end."""
        for number in range(count):
            if number % 5 == 4:
                name = f"n{number - 4}.example"
                self.tell(Kind.EXPIRE if number % 2 else Kind.REMOVE, name)
            else:
                self.tell(Kind.ADD, f"n{number}.example")
        return self

    def tiles(self, leaves: Iterable[bytes]) -> dict[tuple[int, int], bytes]:
        return grow(0, (leaf_hash(leaf) for leaf in leaves), {})[1]

    def note(self, size: int | None = None, *, key: str = "log", seen: dict[str, int] | None = None) -> str:
        """Sign the tree of so many leaves; ``seen``: witness → time at which it cosigns."""
        kept = self.leaves[:size]
        tiles = self.tiles(kept)
        text = head(self.origin, len(kept), root(node_reader(lambda level, n: tiles[level, n]), len(kept)))
        lines = [cosign(private(name), name, text, time) for name, time in (seen or {}).items()]
        return signed(text, self.origin, private(key), lines)

    def write(self, folder: Path, *, note: str = "") -> Path:
        """Write checkpoint, tiles and bundles as static files."""
        put(folder / "checkpoint", (note or self.note()).encode())
        for (level, place), hashes in self.tiles(self.leaves).items():
            width = len(hashes) // HASH
            put(folder / "tile" / str(level) / named(place, width), hashes)
        for first in range(0, len(self.leaves), WIDTH):
            part = self.leaves[first : first + WIDTH]
            put(folder / "tile" / "entries" / named(first // WIDTH, len(part)), bundle(part))
        return folder

    def opened(self, target: Path) -> Path:
        """Write the openings as a file."""
        rows = [{"index": i, "name": name, "nonce": nonce.hex()} for i, (name, nonce) in self.openings.items()]
        put(target, json.dumps({"openings": rows, "next": None}).encode())
        return target

    def zone(self, target: Path, names: Iterable[str] | None = None, serial: int | None = None) -> Path:
        """Write the zone as the hub writes it."""
        soa = f"@ SOA localhost. hostmaster {serial or self.serial} 1 1 1 1\n"
        lines = ["$ORIGIN rpz.example.\n", "$TTL 30\n", soa, "@ NS localhost.\n"]
        for name in sorted(self.standing if names is None else names):
            lines += [f"{name} CNAME .\n", f"*.{name} CNAME .\n"]
        put(target, "".join(lines).encode())
        return target


def witness_key(name: str) -> str:
    """The key by which a witness's cosignatures are known."""
    return Key(name, COSIGNS, public_of(private(name))).text


def named(place: int, width: int) -> str:
    return index_path(place) + (f".p/{width}" if width < WIDTH else "")


def put(target: Path, data: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
