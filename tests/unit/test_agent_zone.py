"""The zone at the agent: taken from transfers as our own primary sends them, kept as a file, asked for names."""

from __future__ import annotations

import dns.name
import dns.renderer
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusioncell.kernel.errors import BadInput
from fusioncell.shield.agent.keeping import read_zone, zone_lines
from fusioncell.shield.agent.listed import Listed, Marks
from fusioncell.shield.agent.logs import labels_of
from fusioncell.shield.agent.overrides import MAX_OVERRIDES, read_overrides
from fusioncell.shield.agent.records import BadTransfer, read_message
from fusioncell.shield.agent.taking import Taken, Taking, WholeZoneNeeded
from fusioncell.shield.live_zone import LiveZone
from fusioncell.shield.transfer import zone_question
from fusioncell.shield.zone import ORIGIN, Action, Rule, ZoneImage

LABEL = st.sampled_from(["a", "b", "bad", "www", "x" * 63, "n-1_2"])
NAME = st.lists(LABEL, min_size=1, max_size=3).map(".".join)
RULE = st.builds(Rule, NAME, st.booleans(), st.sampled_from(Action))
RULES = st.lists(RULE, max_size=30, unique_by=lambda rule: rule.name)
BEAT = "heartbeat.fusioncell.example"


def _image(rules: list[Rule], serial: int) -> ZoneImage:
    return ZoneImage.build(rules, serial, garden="garden.isp.example", heartbeat=BEAT)


def _take(zone: LiveZone, held: ZoneImage | None) -> Taken:
    question = zone_question(zone.image(), 252 if held is None else 251)
    answers = zone.axfr(7, question)[1] if held is None else zone.ixfr(held.serial, 7, question)[1]
    taking = Taking(ORIGIN, held)
    for number, wire in enumerate(answers):
        taking.take(read_message(wire).records)
        taking.message_ended(number == 0)
    return taking.result()


@given(RULES)
def test_a_whole_zone_arrives_as_it_was_sent(rules: list[Rule]) -> None:
    image = _image(rules, 9)
    taken = _take(LiveZone(image), None)
    assert taken.image is not None and taken.unknown == 0 and taken.expire > 0
    assert set(taken.image.rules()) == set(image.rules()) and taken.serial == 9
    assert (taken.image.garden if any(r.action is Action.GARDEN for r in rules) else image.garden) == image.garden
    assert taken.image.heartbeat == BEAT


@given(RULES, st.lists(st.tuples(RULES, st.lists(NAME, max_size=5)), max_size=4))
def test_steps_lead_to_what_the_hub_has(rules: list[Rule], changes: list[tuple[list[Rule], list[str]]]) -> None:
    zone = LiveZone(_image(rules, 2**32 - 2))
    held = LiveZone(zone.image())
    for added, removed in changes:
        zone.change(added, removed)
    taken = _take(zone, held.image())
    assert taken.serial == zone.serial and taken.unknown == 0
    if taken.image is not None:
        assert set(taken.image.rules()) == set(zone.image().rules())
        return
    for step in taken.steps:
        held.change(step.added, step.removed, serial=step.serial)
    assert set(held.image().rules()) == set(zone.image().rules()) and held.serial == zone.serial


def test_another_garden_needs_the_whole_zone() -> None:
    before = ZoneImage.build([Rule("a.example", True, Action.GARDEN)], 1, garden="old.isp.example")
    after, delta = ZoneImage.build(list(before.rules()), 1, garden="new.isp.example").step(2, ["b.example"])
    zone = LiveZone(after, deltas=[delta._replace(added=(Rule("b.example", True, Action.GARDEN),))])
    with pytest.raises(WholeZoneNeeded):
        _take(zone, before)


@given(st.data())
def test_a_damaged_transfer_changes_nothing(data: st.DataObject) -> None:
    """It is refused, or (where the damage is in what no rule is made of) read; it never crashes and never hangs."""
    image = _image([Rule(f"n{number}.example") for number in range(20)], 9)
    messages = list(LiveZone(image).axfr(7, zone_question(image, 252))[1])
    which = data.draw(st.integers(0, len(messages) - 1))
    at = data.draw(st.integers(0, len(messages[which])))
    cut = data.draw(st.integers(0, 3))
    messages[which] = messages[which][:at] + data.draw(st.binary(max_size=4)) + messages[which][at + cut:]
    taking = Taking(ORIGIN, None)
    try:
        for number, wire in enumerate(messages):
            taking.take(read_message(wire).records)
            taking.message_ended(number == 0)
        taking.result()
    except (BadTransfer, BadInput):
        pass


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(noise: bytes) -> None:
    for wire in (noise, b"\0\7\x84\0\0\1\0\3\0\0\0\1" + noise):
        try:
            read_message(wire)
        except BadTransfer:
            pass


@pytest.mark.parametrize("name", [b"\xc0\x0c", b"\xc0\x0e\xc0\x0c", b"\x3f" + b"x" * 10, b"\x80x", b"\xff\xff",
                                  b"\x01a" * 140 + b"\0"])  # fmt: skip
def test_names_that_loop_or_run_over_are_refused(name: bytes) -> None:
    with pytest.raises(BadTransfer):
        read_message(b"\0\7\x84\0\0\1\0\0\0\0\0\0" + name + b"\0\6\0\1")


def test_another_servers_transfer_is_read_too() -> None:
    """As dnspython writes it, which compresses otherwise: what a Knot or BIND in between would send."""
    renderer = dns.renderer.Renderer(id=7, flags=0x8400)
    apex = dns.name.from_text(ORIGIN)
    renderer.add_question(apex, 252)
    soa = dns.rrset.from_text(apex, 60, "IN", "SOA", "localhost. hostmaster.example. 5 60 30 86400 60")
    for each in (soa, dns.rrset.from_text(apex, 60, "IN", "NS", "localhost."),
                 dns.rrset.from_text(f"Bad.Example.{ORIGIN}.", 60, "IN", "CNAME", "."),
                 dns.rrset.from_text(f"*.bad.example.{ORIGIN}.", 60, "IN", "CNAME", "."),
                 dns.rrset.from_text(f"*.only-under.example.{ORIGIN}.", 60, "IN", "CNAME", "."),
                 dns.rrset.from_text(f"local.example.{ORIGIN}.", 60, "IN", "A", "192.0.2.9"),
                 dns.rrset.from_text(f"ok.example.{ORIGIN}.", 60, "IN", "CNAME", "rpz-passthru."), soa):  # fmt: skip
        renderer.add_rrset(dns.renderer.ANSWER, each)
    renderer.write_header()
    taking = Taking(ORIGIN, None)
    taking.take(read_message(renderer.get_wire()).records)
    taken = taking.result()
    assert taken.image is not None and taken.expire == 86_400
    assert set(taken.image.rules()) == {Rule("bad.example"), Rule("ok.example", False, Action.PASSTHRU)}
    assert taken.unknown == 2, "an address and a rule for what is under a name alone: said to the operator, not applied"


@given(RULES, st.integers(0, 2**53))
def test_a_file_gives_the_zone_back(rules: list[Rule], heard: int) -> None:
    image = _image(rules, 77)
    content = b"".join(zone_lines(image, heard))
    assert read_zone(content, ORIGIN) == (image, heard)


@given(RULES, st.data())
def test_a_file_that_was_cut_or_altered_is_refused(rules: list[Rule], data: st.DataObject) -> None:
    content = b"".join(zone_lines(_image(rules, 77), 5))
    at = data.draw(st.integers(0, len(content) - 2))
    for broken in (content[:at], content[:at] + bytes([content[at] ^ 1]) + content[at + 1:]):
        with pytest.raises(BadInput):
            read_zone(broken, ORIGIN)
    with pytest.raises(BadInput):
        read_zone(content, "other.zone")


def _naive(zones: list[list[Rule]], name: str) -> str:
    labels = name.split(".")
    for rules in zones:
        known = {rule.name: rule for rule in rules}
        for at in range(len(labels)):
            rule = known.get(".".join(labels[at:]))
            if rule is not None and (rule.subtree or not at):
                return "" if rule.action is Action.PASSTHRU else rule.name
    return ""


@given(st.lists(RULES, min_size=1, max_size=3), st.lists(NAME, min_size=1, max_size=20), RULES)
def test_a_name_meets_the_nearest_rule_of_the_first_zone(zones: list[list[Rule]], names: list[str],
                                                         more: list[Rule]) -> None:
    live = [LiveZone(_image(rules, 1)) for rules in zones]
    listed = Listed(live)
    for name in names:
        assert listed.match(labels_of(name.encode()) or b"") == _naive(zones, name)
    live[0].change(more, [rule.name for rule in zones[0][:3]])
    listed.moved(more)
    now = [list(live[0].image().rules()), *zones[1:]]
    for name in names:
        assert listed.match(labels_of(name.encode()) or b"") == _naive(now, name)


@given(st.binary(max_size=80))
def test_no_labels_break_the_match(labels: bytes) -> None:
    assert Listed([LiveZone(_image([Rule("a")], 1))]).match(labels) in ("", "a")


def test_marks_hold_what_fits_and_say_when_they_are_full() -> None:
    marks = Marks(0)
    values = [labels_of(f"n{number}.example".encode()) or b"" for number in range(2_000)]
    taken = [marks.add(value) for value in values]
    assert all(marks.holds_any(value) for value, fine in zip(values, taken, strict=True) if fine)
    assert 400 < sum(taken) < 2_000


def test_overrides_are_one_name_a_line() -> None:
    content = b"# ours\nWWW.Fine.example.  # ticket 7\n*.shop.example\n\nno name\nfine.example\n192.0.2.1/24\n"
    found = read_overrides(content, "override.fusioncell")
    assert found.names == ("fine.example", "shop.example", "www.fine.example")
    assert [number for number, _ in found.faults] == [5, 7]
    many = read_overrides(b"\n".join(b"n%d.example" % n for n in range(MAX_OVERRIDES + 5)), "override.fusioncell")
    assert len(many.names) == MAX_OVERRIDES and len(many.faults) == 1
