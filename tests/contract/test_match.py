"""Bulk match in columns answers what the store, asked one value at a time, would answer: for all forms and viewers."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from fusioncell.bootstrap import Hub
from fusioncell.exchange.match import ALL, Asked, How
from fusioncell.exchange.match.read import CsvRows, asked_of, read_line
from fusioncell.exchange.match.service import Matcher
from fusioncell.fusion import verdict
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import ManualClock
from fusioncell.kernel.errors import FusionCellError
from fusioncell.kernel.handed import Handed
from fusioncell.kernel.marking import Tlp, Viewer
from fusioncell.kernel.observable import BadValue, Observable, ObservableType, canonical, parents
from partnership import NAMES, Partnership

NETS = ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "203.0.113.64/26", "2001:db8::/32", "2001:db8:1::/48"]
SEEN = [
    "evil.example", "www.evil.example", "a.b.bad.co.uk", "bad.co.uk", "one.github.io", "xn--caf-dma.example",
    "198.51.100.7", "10.1.2.3", "2001:db8::1", "http://evil.example/x", "https://198.51.100.7:8443/login",
    "a" * 63 + ".example", "d41d8cd98f00b204e9800998ecf8427e", "13" * 16, "cve-2024-1234", "user@evil.example",
    "a" * 64, "run.sh", "report.zip", "0" * 128, f"http://evil.example/{'p' * 600}",
]  # fmt: skip
ODD = [
    "", "#note", " evil.example ", "EVIL.example", "evil[.]example", "hxxp://evil[.]example/x", "evil.example.",
    "..", "-a.example", "a-.example", "a..example", "b" * 64 + ".example", "x.evil.example", "y.x.WWW.evil.example",
    "github.io", "two.github.io", "x.one.github.io", "co.uk", "x.co.uk", "1.2.3", "1.2.3.4.5", "01.2.3.4", "256.1.1.1",
    "10.1.2.3:443", "10.9.9.9", "10.1.9.9", "203.0.113.65", "203.0.113.1", "2001:DB8::1", "2001:db8:1::5", "::1",
    "http://x.evil.example/", "http://10.1.2.9/a", "http://[2001:db8::7]/", "https://www.evil.example:8443/x?y=z",
    '{"value":"evil.example"}', '{"value":"a.b","type":"nonsense"}', '{"indicator":"EVIL.example","type":"hostname"}',
    '"evil.example"', "{bad", "[]", "a\u2028evil.example", "x\x0bevil.example", "\u00e9vil-0.example", "user@x.example",
    "13" * 16 + "0", "f" * 32, "a" * 40, "E" * 40, "5" * 56, "toolong" * 3000, "run.sh", "foo.zip", "a.b.run.sh",
    "host.technology", "a.photography", "localhost", "evil.example,evil", "x" * 300 + ".example", "a_b.evil.example",
]  # fmt: skip


class Nobody:
    """Notes nothing."""

    def exported(self, organisation: str, what: Any) -> None:
        list(what)

    def exported_all(self, organisation: str, audiences: frozenset[int]) -> None:
        pass

    def gone(self, organisation: str, contribution: str) -> None:
        pass


HANDED = Handed(Nobody(), "someone", by_page=False)


def expected(hub: Hub, asked: list[Asked], audiences: frozenset[int], by: frozenset[How], only: bool) -> list[Any]:
    """Say it the slow way: each value and what it stands under, asked of the store."""
    nets = [canonical(ObservableType.CIDR, net) for net in NETS]
    wanted = {observable for one in asked for _, observable in _ways(one.observable, nets)}
    known = hub.fusion.match(list(wanted), audiences)
    answers = []
    for one in asked:
        found = None
        for how, observable in _ways(one.observable, nets):
            if how in by and observable in known:
                found = (how, known[observable])
                break
        if found is not None:
            how, got = found
            answers.append({
                "value": one.text, "type": got.observable.type.value, "canonical": got.observable.value,
                "known": True, "verdict": verdict(got), "malicious": round(got.malicious, 4),
                "active": round(got.active, 4),
                "independent_origins": sum(not x.voice.benign for x in got.origins), "mentions": got.mentions,
                **({} if how is How.EXACT else {"matched": how.value}),
            })  # fmt: skip
        elif not only and one.observable is None:
            answers.append({"value": one.text, "known": False, "verdict": "unreadable", "reason": one.reason})
        elif not only:
            answers.append({"value": one.text, "known": False, "verdict": "unknown"})
    return answers


def _ways(observable: Observable | None, nets: list[Observable]) -> Iterator[tuple[How, Observable]]:
    from ipaddress import ip_address, ip_network

    if observable is None:
        return
    yield How.EXACT, observable
    inner = observable
    if observable.type is ObservableType.URL:
        try:
            inner = canonical(ObservableType.DOMAIN, urlsplit(observable.value).hostname or "")
        except BadValue:
            return
        yield How.HOST, inner
    if inner.type is ObservableType.DOMAIN:
        for name in parents(inner.value):
            yield How.PARENT, Observable(ObservableType.DOMAIN, name)
    if inner.type in (ObservableType.IPV4, ObservableType.IPV6):
        address = ip_address(inner.value)
        holding = [net for net in nets if address in ip_network(net.value)]
        for net in sorted(holding, key=lambda net: -ip_network(net.value).prefixlen):
            yield How.CIDR, net


def filled(hub: Hub, seed: int) -> list[frozenset[int]]:
    """Let three organisations say things, some to themselves alone; return what several viewers see."""
    dice = random.Random(seed)
    viewers: list[Viewer] = []
    for name in ("Gov", "Bank", "Force"):
        hub.members.add_organisation(name, "test", "government")
        found = hub.members.operator_viewer(name)
        assert found is not None
        viewers.append(found)
    for _ in range(14):
        rows = dice.sample(SEEN + NETS, dice.randrange(1, 12))
        body = "value\n" + "\n".join(f'"{row}"' for row in rows)
        tlp = dice.choice([Tlp.CLEAR, Tlp.GREEN, Tlp.AMBER])
        hub.intake.accept(dice.choice(viewers), body.encode(), "text/csv", Terms(tlp=tlp))
    hub.settle()
    seen = [hub.record.visible_to(viewer) for viewer in viewers]
    return [*seen, frozenset(), frozenset().union(*seen)]


def lines_of(seed: int, many: int) -> list[str]:
    dice = random.Random(seed)
    made = [dice.choice(SEEN + NETS + ODD + NAMES) for _ in range(many)]
    return [f"w{dice.randrange(99)}.{one}" if dice.random() < 0.1 else one for one in made]


def as_plain(lines: list[str]) -> tuple[bytes, dict[str, bool], list[Asked]]:
    text = "\n".join(lines)
    return text.encode(), {}, [one for line in text.splitlines() if (one := read_line(line)) is not None]


def as_array(lines: list[str]) -> tuple[bytes, dict[str, bool], list[Asked]]:
    values: list[Any] = [{"value": one} if n % 3 else one for n, one in enumerate(lines) if len(one) < 9000]
    texts = [one["value"] if isinstance(one, dict) else one for one in values]
    return json.dumps(values).encode(), {"array": True}, [asked_of(one, "") for one in texts]


def as_json_lines(lines: list[str]) -> tuple[bytes, dict[str, bool], list[Asked]]:
    made = [json.dumps({"value": one} if n % 3 else one) for n, one in enumerate(lines)]
    return "\n".join(made).encode(), {}, [one for line in made if (one := read_line(line)) is not None]


def as_rows(lines: list[str]) -> tuple[bytes, dict[str, bool], list[Asked]]:
    text = "type,value\n" + "\n".join(f"x,{one}" for one in lines if '"' not in one)
    read = CsvRows()
    values = [value for line in text.splitlines() if (value := read.value(line)) is not None]
    return text.encode(), {"rows": True}, [asked_of(value, "") for value in values]


FORMS = {"plain": as_plain, "array": as_array, "json lines": as_json_lines, "csv": as_rows}


def answered(matcher: Matcher, body: bytes, audiences: frozenset[int], by: frozenset[How], only: bool,
             **form: bool) -> list[Any]:  # fmt: skip
    pieces = matcher.answers(body, audiences=audiences, hits_only=only, handed=HANDED, by=by, **form)
    return [json.loads(line) for piece in pieces for line in piece.splitlines() if line]


@pytest.mark.parametrize("form", FORMS)
def test_columns_answer_as_the_store_does(hub: Hub, form: str) -> None:
    seen = filled(hub, 1)
    hub.matcher.memory.load()
    body, how, asked = FORMS[form](lines_of(2, 300))
    for audiences in seen:
        for by in (ALL, frozenset({How.EXACT}), frozenset({How.PARENT, How.CIDR}), frozenset({How.HOST})):
            for only in (False, True):
                got = answered(hub.matcher, body, audiences, by, only, **how)
                assert got == expected(hub, asked, audiences, by, only)


def test_a_body_of_hits_alone_and_one_of_misses_alone(hub: Hub) -> None:
    seen = filled(hub, 3)
    hub.matcher.memory.load()
    for values in (["evil.example"] * 300, ["www.evil.example", "10.1.2.3"] * 50, [f"n{i}.invalid" for i in range(99)]):
        body, how, asked = as_plain(values)
        for audiences in seen:
            for only in (False, True):
                got = answered(hub.matcher, body, audiences, ALL, only, **how)
                assert got == expected(hub, asked, audiences, ALL, only)


def test_memory_follows_the_river_and_says_the_same_at_each_moment(hub: Hub) -> None:
    """Before it is read, as it changes, after it took the changes in: one answer."""
    clock = hub.clock
    assert isinstance(clock, ManualClock)
    writer = Partnership(5, clock)
    writer.found(hub)
    dice = random.Random(6)
    values = [*NAMES, *[f"w.{name}" for name in NAMES], "198.51.100.7"]
    merged = 0
    for step in range(12):
        try:
            (writer.recall if step % 3 == 2 else writer.contribute)(hub)
        except FusionCellError:
            continue
        hub.settle()
        if step >= 4:
            hub.matcher.memory.load()
            merged += step % 2 and hub.matcher.memory.merge(least=1)
        clock.advance(3_600_000_000)
        numbers = [number for number in range(40) if dice.random() < 0.6]
        for audiences in (frozenset(range(40)), frozenset(numbers), frozenset()):
            body, how, asked = as_plain(values)
            wanted = expected(hub, asked, audiences, ALL, False)
            assert answered(hub.matcher, body, audiences, ALL, False, **how) == wanted
            # One that reads its columns just now.
            fresh = Matcher(hub.fusion, clock, b"another")
            fresh.memory.load()
            assert answered(fresh, body, audiences, ALL, False, **how) == wanted
    assert merged


def test_what_others_alone_may_see_changes_not_a_byte(hub: Hub) -> None:
    gov, bank, *_ = filled(hub, 8)
    hub.matcher.memory.load()
    body, how, _ = as_plain(lines_of(9, 200))
    before = answered(hub.matcher, body, bank, ALL, False, **how)
    viewer = hub.members.operator_viewer("Gov")
    assert viewer is not None
    hidden = "value\n" + "\n".join(f"w{n}.secret{n}.example\n10.1.2.{n}" for n in range(50)) + "\n10.1.2.0/27"
    hub.intake.accept(viewer, hidden.encode(), "text/csv", Terms(tlp=Tlp.AMBER))
    hub.settle()
    for merge in (False, True):
        assert merge is False or hub.matcher.memory.merge(least=1)
        assert answered(hub.matcher, body, bank, ALL, False, **how) == before
        mine = answered(hub.matcher, b"w7.secret7.example\nx.w7.secret7.example\n10.1.2.1", gov, ALL, True)
        assert [one["canonical"] for one in mine] == ["w7.secret7.example", "w7.secret7.example", "10.1.2.1"]
        assert [one.get("matched") for one in mine] == [None, "parent", None]
