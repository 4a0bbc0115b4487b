"""The transparency log from outside: static files by C2SP's layout, read by a second reader written from it; verified.

The second reader knows the specification alone (tlog-tiles, tlog-checkpoint, signed-note, RFC 6962 §2.1): neither the
hub's code nor the verifier's.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec.structs import replace

from blocking import block, blocked, someone
from fusioncell.kernel.clock import DAY
from fusioncell.shield.charter import FIRST, digest_of
from fusioncell.shield.charter.read import policy_text
from fusioncell_verify.main import main
from logged import blocks, decide, log_of
from served import ServedHub, eventually, new_hub

NAMES = [f"n{number}.example" for number in range(580)]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedHub]:
    hub = new_hub(tmp_path_factory.mktemp("hub") / "hub", public_url="https://hub.example")
    life = {"expires": hub.clock.now() + 60 * DAY}
    blocks(hub, *NAMES, **life)
    decide(hub, "withdrawn", *NAMES[:20])
    blocks(hub, "hacked.example", origin="compromised", severity="high", **life)
    with ServedHub(hub) as running:
        yield running


class Reader:
    """A reader of tiled logs, from the specification."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=20)

    def get(self, path: str) -> bytes:
        answer = self.http.get(path)
        assert answer.status_code == 200, (path, answer.text)
        return answer.content

    def checkpoint(self, vkey: str) -> tuple[str, int, bytes]:
        name, _, material = vkey.split("+", 2)
        key = base64.b64decode(material)
        assert key[0] == 1
        text, _, signatures = self.get("checkpoint").decode().rpartition("\n\n")
        text += "\n"
        for line in signatures.splitlines():
            dash, signer, value = line.split(" ")
            raw = base64.b64decode(value)
            if signer == name:
                assert dash == "\u2014"
                assert raw[:4] == hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]
                Ed25519PublicKey.from_public_bytes(key[1:]).verify(raw[4:], text.encode())
                origin, size, root = text.splitlines()
                return origin, int(size), base64.b64decode(root)
        raise AssertionError("no signature of the log")

    def index(self, n: int) -> str:
        text = str(n).zfill((len(str(n)) + 2) // 3 * 3)
        return "/".join(("x" if i + 3 < len(text) else "") + text[i : i + 3] for i in range(0, len(text), 3))

    def entries(self, size: int) -> list[bytes]:
        found = []
        for n in range((size + 255) // 256):
            width = min(256, size - n * 256)
            data = self.get(f"tile/entries/{self.index(n)}" + (f".p/{width}" if width < 256 else ""))
            while data:
                length = data[0] * 256 + data[1]
                found.append(data[2 : 2 + length])
                data = data[2 + length :]
        return found


def mth(entries: list[bytes]) -> bytes:
    """Compute the Merkle tree hash, word by word as RFC 6962 §2.1 defines it."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    k = 1
    while k * 2 < len(entries):
        k *= 2
    return hashlib.sha256(b"\x01" + mth(entries[:k]) + mth(entries[k:])).digest()


def test_a_second_reader_reads_the_log_by_the_specification_alone(served: ServedHub) -> None:
    about = httpx.get(served.url + "/api/shield/log").json()
    assert about["origin"] == "hub.example/log" and about["fault"] == ""
    reader = Reader(served.url + "/log/")
    origin, size, root = reader.checkpoint(about["key"])
    assert (origin, size) == (about["origin"], 601)
    entries = reader.entries(size)
    assert len(entries) == size and mth(entries) == root
    for level in (0, 1):
        there = size // 256**level
        for n in range((there + 255) // 256):
            width = min(256, there - n * 256)
            tile = reader.get(f"tile/{level}/{reader.index(n)}" + (f".p/{width}" if width < 256 else ""))
            # tlog-tiles: MTH(D[(n * 256 + i) * 256**l : (n * 256 + i + 1) * 256**l])
            spans = [entries[(n * 256 + i) * 256**level : (n * 256 + i + 1) * 256**level] for i in range(width)]
            assert tile == b"".join(mth(span) for span in spans)
    assert {json.loads(entry)["kind"] for entry in entries} == {"add", "remove"}


def test_the_files_are_public_immutable_and_need_no_cookie(served: ServedHub) -> None:
    head = httpx.get(served.url + "/log/checkpoint")
    assert head.headers["content-type"] == "text/plain; charset=utf-8"
    assert head.headers["cache-control"] == "no-store"
    for path in ("/log/tile/0/000", "/log/tile/0/002.p/89", "/log/tile/1/000.p/2", "/log/tile/entries/000"):
        answer = httpx.get(served.url + path)
        assert answer.headers["content-type"] == "application/octet-stream", path
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert "set-cookie" not in answer.headers and "set-cookie" not in head.headers
        assert "vary" not in answer.headers or "cookie" not in answer.headers["vary"].lower()


def test_anyone_reads_the_policy_that_the_entries_name_and_needs_only_its_digest(served: ServedHub) -> None:
    at = digest_of(FIRST)
    answer = httpx.get(f"{served.url}/log/policy/{at}")
    assert sha256(answer.content).hexdigest() == at and answer.json()["number"] == 1
    assert "set-cookie" not in answer.headers and "immutable" in answer.headers["cache-control"]
    for wrong in ("0" * 64, at.upper(), "checkpoint"):
        told = httpx.get(f"{served.url}/log/policy/{wrong}")
        assert told.status_code == 404 and "immutable" not in told.headers.get("cache-control", "")


@pytest.mark.parametrize("path", [
    "0/003", "0/002", "0/002.p/90", "0/000.p/0", "0/000.p/256", "0/000.p/01", "0/0", "0/00", "0/x000/000", "0/000.p/",
    "00/000", "-1/000", "2/000.p/1", "9/000", "63/000", "64/000", "0/x001", "0/001/000", "entries/003", "entries/0",
    "entries/002.p/90", "entries", "entries/", "0", "data/000", "0/x999/x999/x999/x999/x999/x999/x999/x999/999",
    "0/000.p/1/2", "0/%30%30%30/..", "0/000?x=1", "٠/000", "0/٠٠٠",
])  # fmt: skip
def test_what_is_no_tile_is_not_found(path: str, served: ServedHub) -> None:
    answer = httpx.get(f"{served.url}/log/tile/{path}")
    assert answer.status_code in (400, 404) and "immutable" not in answer.headers["cache-control"]


@pytest.mark.parametrize("path", ["/log/checkpoint/9", "/log/g1-00000000/checkpoint", "/log/g1-00000000/tile/0/000"])
def test_what_was_never_signed_is_not_found(path: str, served: ServedHub) -> None:
    assert httpx.get(served.url + path).status_code == 404


def verify(served: ServedHub, capsys: pytest.CaptureFixture[str], command: str, *more: str) -> tuple[int, Any]:
    key = httpx.get(served.url + "/api/shield/log").json()["key"]
    code = main([command, "--log", f"{served.url}/log/", "--key", key, "--json", *more])
    return code, json.loads(capsys.readouterr().out)


def test_a_subscriber_verifies_its_zone_over_the_network(
    served: ServedHub, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    isp = served.party("Northern Broadband", "isp", kind="isp")
    zone, openings = tmp_path / "zone", f"{served.url}/api/shield/openings?limit=250"
    zone.write_text(isp.http.get("/api/shield/zone").raise_for_status().text)
    code, said = verify(served, capsys, "zone", str(zone), "--openings", openings)
    assert code == 1 and "no opening of leaf" in said["findings"][0]["detail"], "everyone else cannot: names are closed"
    monkeypatch.setenv("FUSIONCELL_KEY", isp.http.headers["Authorization"].split()[1])
    code, said = verify(served, capsys, "zone", str(zone), "--openings", openings)
    assert (code, said["size"], said["names"]) == (0, 601, 561), said["findings"][:3]
    code, said = verify(served, capsys, "answer", "hacked.example", "--openings", openings)
    assert (code, said["blocked"], said["events"][0]["severity"]) == (0, True, "high")
    zone.write_text(zone.read_text() + "innocent.example CNAME .\n")
    assert verify(served, capsys, "zone", str(zone), "--openings", openings)[0] == 1


def test_the_policies_of_a_hub_verify_over_the_network(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Names are blocked, two people drop a category, what stood in it ends; the next block is under the new policy."""
    hub = new_hub(tmp_path / "hub", public_url="https://hub.example")
    gov, bank = someone(hub, "Gov"), someone(hub, "Bank")
    block(hub, "bad.example")
    for name in ("odd.example", "late.example"):
        which = hub.shield.propose(gov, name, "dga" if name == "odd.example" else "phishing", "seen in a campaign")
        hub.settle()
        if name == "late.example":
            second = replace(hub.shield.charter.in_force(), number=2, categories=[
                one for one in hub.shield.charter.in_force().categories if one.id != "dga"])  # fmt: skip
            change = hub.shield.charter.propose(gov, policy_text(second), "nobody asks for it")
            hub.settle()
            for who in (gov, bank):
                hub.shield.charter.approve(who, change)
                hub.settle()
        hub.shield.approve(bank, which)
        hub.settle()
    assert blocked(hub) == {"bad.example", "late.example"}
    with ServedHub(hub) as running:
        assert eventually(lambda: verify(running, capsys, "policies")[1]["size"] == 5, 60)
        code, said = verify(running, capsys, "policies")
        assert (code, said["findings"]) == (0, []), said
        told = [(one["digest"], one["number"], one["decisions"]) for one in said["policies"]]
        assert told == [(digest_of(FIRST), 1, 2), (digest_of(second), 2, 1)]


def test_the_public_verifies_order_counts_and_policy(served: ServedHub, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = verify(served, capsys, "public")
    assert (code, said["events"]) == (0, {"add": 581, "remove": 20})
    code, said = verify(served, capsys, "public", "--openings", f"{served.url}/api/shield/openings")
    assert (code, said["openings"]) == (0, 40), "the names that were freed are open, and no other"


def test_a_proof_is_a_file_that_verifies_offline(
    served: ServedHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "n30.tlog-proof"
    target.write_bytes(httpx.get(served.url + "/api/shield/log/proof/30").raise_for_status().content)
    code, said = verify(served, capsys, "proof", str(target))
    assert (code, said["index"], said["kind"]) == (0, 30, "add")
    assert httpx.get(served.url + "/api/shield/log/proof/601").status_code == 404


def test_a_witness_cosigns_over_the_network(
    served: ServedHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from fusioncell.shield.translog import key_named

    assert main(["new-key", "witness.example/w", "--private", str(tmp_path / "key"), "--json"]) == 0
    vkey = json.loads(capsys.readouterr().out)["key"]
    state = ("--private", str(tmp_path / "key"), "--state", str(tmp_path / "state"))
    send = ("--send", f"{served.url}/log/cosignatures")
    code, said = verify(served, capsys, "witness", *state, *send)
    assert code == 3 and "400" in said["error"], "nobody listed this witness"
    log_of(served.hub).witnesses = (key_named(vkey),)
    assert verify(served, capsys, "witness", *state, *send)[0] == 0
    assert eventually(lambda: "witness.example/w" in httpx.get(served.url + "/log/checkpoint").text)
    assert verify(served, capsys, "public", "--witness", vkey, "--quorum", "1")[0] == 0
    assert httpx.get(served.url + "/api/shield/log").json()["witnesses"][0]["size"] == 601


def test_a_mirror_of_the_files_verifies_as_the_hub_does(
    served: ServedHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Static files: any web server can serve them."""
    for path in ("checkpoint", "tile/0/000", "tile/0/001", "tile/0/002.p/89", "tile/1/000.p/2", "tile/entries/000",
                 "tile/entries/001", "tile/entries/002.p/89"):  # fmt: skip
        target = tmp_path / "log" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(httpx.get(f"{served.url}/log/{path}").raise_for_status().content)

    class Quiet(SimpleHTTPRequestHandler):
        def __init__(self, *given: Any, **more: Any) -> None:
            super().__init__(*given, directory=str(tmp_path / "log"), **more)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        for where in (str(tmp_path / "log"), f"http://127.0.0.1:{server.server_port}"):
            key = httpx.get(served.url + "/api/shield/log").json()["key"]
            assert main(["public", "--log", where, "--key", key]) == 0
            assert "verified" in capsys.readouterr().out
    finally:
        server.shutdown()


def test_a_new_block_is_in_the_log_within_seconds(served: ServedHub) -> None:
    before = log_of(served.hub).head().size
    blocks(served.hub, "fresh.example", expires=served.hub.clock.now() + DAY)
    assert eventually(lambda: log_of(served.hub).head().size == before + 1)
    assert httpx.get(served.url + "/log/checkpoint").text.split("\n")[1] == str(before + 1)
