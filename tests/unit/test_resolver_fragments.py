"""What resolvers include: each trap has its line, nothing that is given breaks out of its place."""

from __future__ import annotations

import string
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusioncell.kernel.errors import BadInput
from fusioncell.shield.resolvers import Kind, OwnZone, Plan, ZoneSource, fragments

ZONES = (ZoneSource("allow.k7f2.rpz.test", "allow"), ZoneSource("main.k7f2.rpz.test", "main", "phishing, see https://x/"))
PLAN = Plan(zones=ZONES, primary="192.0.2.53", port=853, tls_name="xfr.hub.example", key="isp-1.k7f2",
            own=(OwnZone("law.isp.example", "/etc/law.zone"),), url="https://hub.example")  # fmt: skip


def text_of(kind: Kind, plan: Plan = PLAN) -> str:
    return "\n".join(fragments(kind, plan).values())


@pytest.mark.parametrize("kind", Kind)
def test_the_zones_of_the_isp_and_of_the_law_come_first_then_ours_in_order(kind: Kind) -> None:
    text = text_of(kind)
    places = [text.index(mark) for mark in ("/etc/law.zone" if kind != Kind.BIND else "law.isp.example",
                                            "allow.k7f2.rpz.test", "main.k7f2.rpz.test")]  # fmt: skip
    assert places == sorted(places)


@pytest.mark.parametrize(("kind", "line"), [
    (Kind.UNBOUND, 'module-config: "respip '),
    (Kind.UNBOUND, "primary: 192.0.2.53@853#xfr.hub.example"),
    (Kind.UNBOUND, "allow-notify: 192.0.2.53"),
    (Kind.BIND, "min-update-interval 0;"),
    (Kind.BIND, "serial-query-rate 1000;"),
    (Kind.BIND, "break-dnssec yes"),
    (Kind.BIND, "qname-wait-recurse no"),
    (Kind.BIND, 'port 853 key "isp-1.k7f2" tls "fusioncell";'),
    (Kind.POWERDNS, "packetcache-ttl=1"),
    (Kind.POWERDNS, "refresh=1, axfrTimeout=300"),
    (Kind.POWERDNS, 'extendedErrorCode=15, extendedErrorExtra="phishing, see https://x/"'),
    (Kind.KNOT, "policy.DENY_MSG(reason)"),
    (Kind.KNOT, "fetch main.k7f2.rpz.test"),
])  # fmt: skip
def test_each_trap_has_its_line(kind: Kind, line: str) -> None:
    assert line in text_of(kind)


def test_a_big_zone_is_looked_at_less_often_than_what_is_new_and_holds_it_up_nowhere() -> None:
    zones = (ZoneSource("fresh.k7f2.rpz.test", "fresh", "new"), ZoneSource("main.k7f2.rpz.test", "main", "old", True))
    plan = replace(PLAN, zones=zones)
    fresh, main = text_of(Kind.POWERDNS, plan).split("rpzPrimary")[1:]
    assert "refresh=1," in fresh and "refresh=20," in main
    loop = fragments(Kind.KNOT, plan)["fusioncell-fetch.sh"]
    calm, quick = loop.split("while :; do")[1:]
    assert "fetch main.k7f2" in calm and "sleep 30\ndone &" in calm and "fetch fresh" not in calm
    assert "fetch fresh.k7f2" in quick and "sleep 1\n" in quick and "fetch main" not in quick


@pytest.mark.parametrize(("primary", "files"), [("192.0.2.53", 2), ("127.0.0.1", 1), ("::1", 1)])
def test_an_unbound_beside_the_agent_writes_no_big_zone_to_a_file(primary: str, files: int) -> None:
    zones = (ZoneSource("fresh.k7f2.rpz.test", "fresh", "new"), ZoneSource("main.k7f2.rpz.test", "main", "old", True))
    text = text_of(Kind.UNBOUND, replace(PLAN, zones=zones, primary=primary, own=()))
    assert text.count("zonefile:") == files and "fresh.k7f2.rpz.test.zone" in text


def test_a_zone_that_lets_names_pass_sends_no_reason() -> None:
    allow = text_of(Kind.POWERDNS).split("rpzPrimary")[1]
    assert "allow.k7f2" in allow and "extendedError" not in allow


def test_what_drops_answers_is_never_written() -> None:
    assert not any("drop" in text_of(kind).lower() for kind in Kind)


@pytest.mark.parametrize(("kind", "line"), [
    (Kind.UNBOUND, "rpz-action-override: disabled"), (Kind.BIND, "policy disabled"),
    (Kind.POWERDNS, "defpol=Policy.NoAction"),
])  # fmt: skip
def test_shadow_answers_as_ever(kind: Kind, line: str) -> None:
    shadow = text_of(kind, replace(PLAN, shadow=True))
    assert shadow.count(line) == len(ZONES) and line not in text_of(kind)


def test_shadow_loads_nothing_where_the_resolver_cannot() -> None:
    assert "fusioncell(" not in fragments(Kind.KNOT, replace(PLAN, shadow=True))["fusioncell.lua"]


def test_bind_says_why_where_it_can() -> None:
    newer = fragments(Kind.BIND, replace(PLAN, ede=True))["fusioncell.options"]
    assert newer.count("ede blocked") == 1 and "ede blocked" not in text_of(Kind.BIND)


hostile = st.text(st.sampled_from("\"'\n;{}[]()\\$` \0é-._" + string.ascii_letters + string.digits), max_size=40)


@given(hostile, st.sampled_from(Kind))
def test_no_reason_breaks_out_of_its_quotes(reason: str, kind: Kind) -> None:
    plan = replace(PLAN, zones=(ZoneSource("main.rpz.test", "main", reason),))
    plain = text_of(kind, replace(PLAN, zones=(ZoneSource("main.rpz.test", "main", "x"),)))
    text = text_of(kind, plan)
    for mark in "\"\n":
        assert text.count(mark) == plain.count(mark) or not plan.zones[0].reason
    if kind == Kind.KNOT:
        assert text.count("'") == plain.count("'")


@pytest.mark.parametrize("wrong", [
    {"primary": "hub.example"}, {"port": 0}, {"port": 70_000}, {"tls_name": 'x"; }'}, {"ca_file": "/a b"},
    {"key": "k;"}, {"key": "k\n"}, {"secret": 'x"'}, {"folder": "/var/$(x)"}, {"url": "https://x/'"}, {"zones": ()},
    {"zones": tuple(ZoneSource(f"z{n}.test", "z") for n in range(64))},
])  # fmt: skip
def test_what_could_break_a_configuration_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        replace(PLAN, **wrong)


@pytest.mark.parametrize(("name", "file"), [("a b", "/x"), ("a.example", "/x;y"), ("", "/x"), ("a.example", "")])
def test_own_zones_are_checked_too(name: str, file: str) -> None:
    with pytest.raises(BadInput):
        OwnZone(name, file)
