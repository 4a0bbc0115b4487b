"""The hub asks witnesses for cosignatures: the protocol, back-off, and what a witness that knows better says."""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import dataclass, field

import httpx
import pytest

from fusioncell.bootstrap import Hub
from fusioncell.edges.fetch import Reader
from fusioncell.kernel.clock import HOUR, MINUTE, ManualClock
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.marking import Viewer
from fusioncell.shield.translog.asking import Asking, addresses_in
from fusioncell.shield.translog.note import COSIGNS, Key, public_of
from fusioncell_verify.faults import Failed
from fusioncell_verify.notes import cosign, read_checkpoint, read_key
from fusioncell_verify.tree import check_growth
from logbook import private

W = "witness.example/w"


def answer(status: int, text: str = "") -> httpx.Response:
    return httpx.Response(status, stream=httpx.ByteStream(text.encode()))


@dataclass
class Witness:
    """A witness by the specification, with the verifier's own arithmetic; ``broken``: answers this status."""

    key: str
    size: int = 0
    root: bytes = b""
    broken: int = 0
    signs: str = W
    asked: list[str] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        text = request.content.decode()
        self.asked.append(text.split("\n")[0])
        assert (request.method, request.url.path) == ("POST", "/w/add-checkpoint")
        if self.broken:
            return answer(self.broken)
        said, _, note = text.partition("\n\n")
        first, *proof = said.split("\n")
        found = re.fullmatch(r"old (0|[1-9][0-9]*)", first)
        assert found is not None
        head = read_checkpoint(note.encode(), read_key(self.key))
        if int(found[1]) != self.size:
            return answer(409, f"{self.size}\n")
        try:
            check_growth(self.size, self.root, head.size, head.root, [b64decode(line) for line in proof])
        except Failed:
            return answer(422)
        self.size, self.root = head.size, head.root
        line = cosign(private(self.signs), W, note.split("\n\n")[0] + "\n", 1_800_000_000 + self.size)
        return answer(200, f"\u2014 other.example/x AAAAAAAA\n{line}\n")


@dataclass
class World:
    hub: Hub
    witness: Witness
    asking: Asking

    def block(self, *names: str) -> None:
        viewer: Viewer | None = self.hub.members.operator_viewer("Gov")
        assert viewer is not None
        for name in names:
            which = self.hub.shield.propose(viewer, name, "phishing", "seen")
            self.hub.settle()
            self.hub.shield.approve(viewer, which)
            self.hub.settle()

    def later(self, span: int = MINUTE) -> int:
        assert isinstance(self.hub.clock, ManualClock)
        self.hub.clock.advance(span)
        done = self.asking.round()
        self.hub.settle()
        return done

    @property
    def fault(self) -> str:
        found = self.asking.state(W)
        assert found is not None
        return found.fault


@pytest.fixture
def world(hub: Hub) -> World:
    hub.members.add_organisation("Gov", "gov", "government")
    log = hub.shielding.translog
    log.witnesses = (Key(W, COSIGNS, public_of(private(W))),)
    witness = Witness(log.key.text)
    web = Reader(resolve=lambda host, port: ["198.41.0.4"], transport=httpx.MockTransport(witness))
    return World(hub, witness, Asking(log, web, {W: "https://witness.example/w"}, hub.clock))


def test_a_witness_is_asked_once_for_each_head_with_the_proof_that_it_grew(world: World) -> None:
    assert world.later() == 0 and not world.witness.asked, "nothing is signed yet"
    world.block("a.example")
    assert world.later() == 1
    world.block(*(f"n{n}.example" for n in range(6)))
    assert world.later() == 1 and world.later() == 0
    assert world.witness.asked == ["old 0", "old 1"]
    assert world.hub.shielding.translog.witnessed() == [(W, 7, 1_800_000_007)]
    assert f"\u2014 {W} " in world.hub.shielding.translog.checkpoint()
    assert world.fault == ""


def test_a_witness_that_knows_another_size_is_asked_from_there(world: World) -> None:
    world.block("a.example", "b.example", "c.example")
    log = world.hub.shielding.translog
    world.witness.size, world.witness.root = 2, log.head(2).root
    assert world.later() == 1 and world.witness.asked == ["old 0", "old 2"]


@pytest.mark.parametrize(("size", "root", "said"), [
    (9, b"", "larger log"),
    (1, b"x" * 32, "only grew"),
])  # fmt: skip
def test_a_witness_that_saw_another_log_says_so(world: World, size: int, root: bytes, said: str) -> None:
    world.block("a.example", "b.example")
    world.witness.size, world.witness.root = size, root
    assert world.later() == 0 and said in world.fault
    assert world.hub.shielding.translog.witnessed() == []


def test_a_cosignature_of_a_wrong_key_is_not_taken(world: World) -> None:
    world.block("a.example")
    world.witness.signs = "somebody else"
    assert world.later() == 0 and world.fault == "its answer does not verify"
    assert world.hub.shielding.translog.witnessed() == []


def test_one_that_fails_is_asked_later_and_later_and_is_taken_when_it_is_back(world: World) -> None:
    world.block("a.example")
    world.witness.broken = 500
    assert isinstance(world.hub.clock, ManualClock)
    for _ in range(10 * 60):
        world.hub.clock.advance(MINUTE)
        world.asking.round()
    assert 6 < len(world.witness.asked) < 14 and world.fault == "it answered 500"
    world.witness.broken = 0
    assert world.later(6 * HOUR) == 1 and world.fault == ""


@pytest.mark.parametrize(("url", "said"), [
    ("http://witness.example/w", "its address does not begin with https://"),
    ("https://inside.example/w", "its address is not on the public Internet"),
])  # fmt: skip
def test_it_is_not_led_inside(world: World, url: str, said: str) -> None:
    world.block("a.example")
    web = Reader(resolve=lambda host, port: ["192.168.1.1"], transport=httpx.MockTransport(world.witness))
    world.asking = Asking(world.hub.shielding.translog, web, {W: url}, world.hub.clock)
    assert world.later() == 0 and world.fault == said and not world.witness.asked


def test_addresses_are_read_and_a_wrong_one_is_refused() -> None:
    assert addresses_in("") == {}
    assert addresses_in(f" {W}=https://w.example/x/ ,b=https://b.example") == {
        W: "https://w.example/x", "b": "https://b.example"}
    for wrong in ("https://w.example", "w=ftp://w.example", "=https://w.example"):
        with pytest.raises(BadInput, match="NAME="):
            addresses_in(wrong)
