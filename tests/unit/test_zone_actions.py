"""The zone's actions and its heartbeat, as a reader of dnspython gets them by whole transfer and by steps."""

from __future__ import annotations

import struct
from collections.abc import Iterable

import dns.message
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusioncell.kernel.errors import BadInput
from fusioncell.shield import transfer
from fusioncell.shield.live_zone import LiveZone
from fusioncell.shield.zone import Action, Rule, ZoneImage, zone_text

ORIGIN = "main.rpz.test"
GARDEN = "garden.isp.example"
HEARTBEAT = "heartbeat.main.rpz.test"
TARGETS = {Action.BLOCK: ".", Action.PASSTHRU: "rpz-passthru.", Action.NODATA: "*.", Action.GARDEN: GARDEN + "."}

names = st.from_regex(r"[a-z][a-z0-9-]{0,12}(\.[a-z]{1,8}){0,2}", fullmatch=True)
rules = st.lists(
    st.builds(Rule, names, st.booleans(), st.sampled_from(Action)), max_size=40, unique_by=lambda rule: rule.name)


def build(given: Iterable[Rule], serial: int) -> ZoneImage:
    return ZoneImage.build(given, serial, origin=ORIGIN, garden=GARDEN, heartbeat=HEARTBEAT)


def records(messages: Iterable[bytes]) -> list[tuple[str, str, str]]:
    """Read answers with dnspython: (owner without origin, type, data)."""
    found = []
    for wire in messages:
        for rrset in dns.message.from_wire(wire, one_rr_per_rrset=True).answer:
            owner = rrset.name.to_text().removesuffix(ORIGIN + ".").rstrip(".")
            found.append((owner, dns.rdatatype.to_text(rrset.rdtype), rrset[0].to_text()))
    return found


def expected(image: ZoneImage) -> set[tuple[str, str, str]]:
    wanted = {(HEARTBEAT, "TXT", f'"{image.serial}"'), ("", "NS", "localhost.")}
    for rule in image.rules():
        wanted.add((rule.name, "CNAME", TARGETS[rule.action]))
        if rule.subtree:
            wanted.add((f"*.{rule.name}", "CNAME", TARGETS[rule.action]))
    return wanted


@settings(deadline=None)
@given(rules)
def test_every_action_is_read_back_by_us_and_by_others(given_rules: list[Rule]) -> None:
    image = build(given_rules, 7)
    assert sorted(image.rules()) == sorted(given_rules)
    sent = records(transfer.axfr(image, 1, transfer.zone_question(image, dns.rdatatype.AXFR)))
    assert sent[0][1] == sent[-1][1] == "SOA"
    assert set(sent[1:-1]) == expected(image)
    assert len(sent) == len(expected(image)) + 2, "no record twice"


@settings(deadline=None)
@given(rules, rules)
def test_the_steps_lead_where_the_whole_zone_stands(before: list[Rule], after: list[Rule]) -> None:
    zone = LiveZone(build(before, 7))
    holding = expected(zone.image())
    gone = [rule.name for rule in before if rule.name not in {rule.name for rule in after}]
    delta = zone.change(after, gone, serial=9)
    if not (delta.added or delta.removed):
        return
    question = transfer.zone_question(zone.image(), dns.rdatatype.IXFR)
    sent = records(zone.ixfr(7, 1, question)[1])
    removing = False
    for owner, kind, data in sent[1:-1]:
        if kind == "SOA":
            removing = not removing
        elif removing:
            holding.remove((owner, kind, data))
        else:
            assert (owner, kind, data) not in holding
            holding.add((owner, kind, data))
    assert holding == expected(zone.image()) == expected(build(after, 9))


def test_a_garden_is_named_before_it_is_used_and_nothing_stands_on_the_heartbeat() -> None:
    with pytest.raises(BadInput, match="no walled garden"):
        ZoneImage.build([Rule("a.example", action=Action.GARDEN)], 1, origin=ORIGIN)
    with pytest.raises(BadInput):
        build([Rule(HEARTBEAT)], 1)


def test_a_zone_without_a_heartbeat_sends_none() -> None:
    image = ZoneImage.build(["a.example"], 1, origin=ORIGIN)
    assert not any(kind == "TXT" for _, kind, _ in records(transfer.axfr(image, 1, transfer.zone_question(image, 252))))
    assert image.pulse() == b""


def test_the_text_names_the_same() -> None:
    image = build([Rule("a.example", False, Action.NODATA), Rule("b.example", True, Action.GARDEN)], 5)
    text = "".join(zone_text(image))
    assert 'heartbeat.main.rpz.test TXT "5"\n' in text
    assert "a.example CNAME *.\n" in text and "*.a.example" not in text
    assert f"*.b.example CNAME {GARDEN}.\n" in text
    assert struct.unpack(">H", build([], 5).pulse()[-3:-1])  # the text's length stands before it
