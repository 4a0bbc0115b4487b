"""The transparency log: appends a second, what a proof weighs, what verifying costs."""

from __future__ import annotations

import io
import sys
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import redirect_stdout
from hashlib import sha256
from pathlib import Path

import msgspec
from bench import Cpu, report
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fusioncell.bootstrap import Folder, Hub, open_hub
from fusioncell.fusion.knowngood import KnownGood
from fusioncell.kernel.clock import DAY
from fusioncell.kernel.entry import Draft, Entry, Payload
from fusioncell.shield.model import PARTNERS, Body
from fusioncell.shield.translog.merkle import consistency, inclusion, leaf_hash, root
from fusioncell.shield.translog.model import Kind, Leaf
from fusioncell.shield.translog.note import head, signed
from fusioncell.shield.translog.project import project
from fusioncell.shield.translog.seal import commitment_to, leaf_bytes, nonce_of
from fusioncell.shield.translog.tiles import WIDTH, bundle, grow, index_path, node_reader
from fusioncell_verify.main import main as verify
from fusioncell_verify.notes import NOTE, Verifier

KEY, POLICY = bytes(32), "5e" * 32
ORIGIN = "hub.example/log"


def main() -> None:
    """Append by the steps alone, then as a projection of the record; prove; verify."""
    count = 20_000 if "--quick" in sys.argv else 100_000
    entries, tiles = steps(count)
    proofs(entries, tiles)
    with tempfile.TemporaryDirectory() as name:
        write(Path(name), entries, tiles)
        checks(Path(name), count)
    with tempfile.TemporaryDirectory() as name:
        projected(Path(name) / "hub", count // 10)


def leaves(count: int) -> Iterator[bytes]:
    """Make leaves as the projection makes them: nonce, commitment, bytes."""
    for number in range(count):
        name = f"login-{number}.bank.example"
        nonce = nonce_of(KEY, Kind.ADD, number + 1, "8f14e45f-ceea-467f-a0e6-b7a3c1d2e3f4", name)
        yield leaf_bytes(Leaf("phishing", "", commitment_to(name, nonce), "add", -1, POLICY, number + 1, "medium",
                              1_767_225_600 + number))  # fmt: skip


def steps(count: int) -> tuple[list[bytes], dict[tuple[int, int], bytes]]:
    """Append by the pure steps, as one batch and one by one."""
    with Cpu() as spent:
        entries = list(leaves(count))
        _, tiles = grow(0, map(leaf_hash, entries), {})
    report("append, pure steps", entries=count, appends_per_cpu_s=count / spent.seconds)
    some, size, edge = entries[: count // 10], 0, dict[int, bytes]()
    with Cpu() as spent:
        for entry in some:
            size, _ = grow(size, [leaf_hash(entry)], edge)
    report("append, one at a time", entries=len(some), appends_per_cpu_s=len(some) / spent.seconds)
    with Cpu() as spent:
        for size in range(count - 200, count):
            digest = root(node_reader(lambda level, n: tiles[level, n]), size)
            signed(head(ORIGIN, size, digest), ORIGIN, _private())
    report("sign a head", cpu_ms_each=spent.seconds * 5)
    return entries, tiles


def _private() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(sha256(b"bench").digest())


def proofs(entries: list[bytes], tiles: dict[tuple[int, int], bytes]) -> None:
    """What proofs weigh: hashes of 32 bytes, and the file that holds all (tlog-proof)."""
    node, size = node_reader(lambda level, n: tiles[level, n]), len(entries)
    with Cpu() as spent:
        paths = [inclusion(node, index, size) for index in range(0, size, size // 200)]
    note = len(head(ORIGIN, size, bytes(32))) + 120
    longest = max(map(len, paths))
    report("inclusion proof", hashes=longest, bytes=longest * 32, file_bytes=longest * 45 + note
           + len(b64encode(entries[0])), cpu_ms_each=spent.seconds * 5)  # fmt: skip
    with Cpu() as spent:
        grown = [consistency(node, old, size) for old in range(1, size, size // 200)]
    report("consistency proof", hashes=max(map(len, grown)), bytes=max(map(len, grown)) * 32,
           cpu_ms_each=spent.seconds * 5)  # fmt: skip
    weighs = sum(map(len, entries)), sum(map(len, tiles.values()))
    report("stored", bytes_each_entry=weighs[0] / size, tile_bytes_each=weighs[1] / size)


def write(folder: Path, entries: list[bytes], tiles: dict[tuple[int, int], bytes]) -> None:
    """Write the log as static files."""
    size = len(entries)
    digest = root(node_reader(lambda level, n: tiles[level, n]), size)
    files = {"checkpoint": signed(head(ORIGIN, size, digest), ORIGIN, _private()).encode()}
    for (level, n), hashes in tiles.items():
        files[f"tile/{level}/{_named(n, len(hashes) // 32)}"] = hashes
    for first in range(0, size, WIDTH):
        part = entries[first : first + WIDTH]
        files[f"tile/entries/{_named(first // WIDTH, len(part))}"] = bundle(part)
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)


def _named(n: int, width: int) -> str:
    return index_path(n) + (f".p/{width}" if width < WIDTH else "")


def checks(folder: Path, count: int) -> None:
    """Verify all of it with the stand-alone program, from files."""
    key = Verifier(ORIGIN, NOTE, _private().public_key().public_bytes_raw()).text
    with Cpu() as spent, redirect_stdout(io.StringIO()):
        code = verify(["public", "--log", str(folder), "--key", key])
    report("fusioncell-verify public", entries=count, cpu_s=spent.seconds, exit_code=code)
    with Cpu() as spent, redirect_stdout(io.StringIO()):
        code = verify(["consistency", str(folder / "checkpoint"), "--log", str(folder), "--key", key])
    report("fusioncell-verify consistency", cpu_ms=spent.seconds * 1e3, exit_code=code)


def projected(folder: Path, count: int) -> None:
    """Append decisions to the record and project them: the shield's own part, and the log's beside it."""
    Folder(folder).make("hub")
    hub = open_hub(folder, known_good=KnownGood.nothing())
    for kind in ("proposed", "published"):
        _decide(hub, kind, count)
    hub.river.run_dry()
    database = hub.databases["projections"]
    entries = [entry for entry in _all(hub) if entry.kind == "decision.published"]
    with database.write() as connection:
        for table in ("leaf", "tile", "checkpoint"):
            connection.run(f"DELETE FROM shield_translog_{table}")
    with Cpu() as spent, database.write() as connection:
        project(connection, entries, KEY)
    report("append, as a projection on SQLite", entries=count, appends_per_cpu_s=count / spent.seconds)
    hub.close()


def _decide(hub: Hub, kind: str, count: int) -> None:
    number = hub.record.intern_audience(PARTNERS)
    made = []
    for at in range(count):
        body = Body(f"decision {at}", f"login-{at}.bank.example", "phishing", expires=hub.clock.now() + DAY)
        made.append(Draft(f"decision.{kind}", number, Payload("", body.decision, 0, "", msgspec.json.encode(body))))
    hub.record.append("", made, f"commit {kind}")


def _all(hub: Hub) -> Iterator[Entry]:
    seq = 0
    while found := hub.record.read_after(seq):
        yield from found
        seq = found[-1].seq


if __name__ == "__main__":
    main()
