"""The zone's image as others read it: dnspython parses what we encode by hand."""

from __future__ import annotations

import struct
from collections.abc import Iterable

import dns.message
import dns.name
import dns.query
import dns.rdatatype
import dns.xfr
import dns.zone
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusioncell.kernel.errors import BadInput
from fusioncell.shield.live_zone import LiveZone
from fusioncell.shield.transfer import axfr, ixfr, message, zone_question
from fusioncell.shield.zone import (
    MAX_OFFSET,
    ORIGIN,
    Action,
    Delta,
    Rule,
    ZoneImage,
    encode,
    fits,
    newer,
    next_serial,
    rule_labels,
    wire_name,
    zone_text,
)

Records = set[tuple[str, str]]


def _expected(rules: Iterable[Rule]) -> Records:
    records = set()
    for rule in rules:
        target = {Action.BLOCK: ".", Action.PASSTHRU: "rpz-passthru.", Action.NODATA: "*."}[rule.action]
        records.add((rule.name, target))
        if rule.subtree:
            records.add(("*." + rule.name, target))
    return records


def _cnames(zone: dns.zone.Zone) -> Records:
    return {(name.to_text(), rdata.target.derelativize(dns.name.root).to_text() if rdata.target.is_absolute()
             else rdata.target.to_text()) for name, _, rdata in zone.iterate_rdatas(dns.rdatatype.CNAME)}


def _take(zone: dns.zone.Zone, messages: Iterable[bytes], rdtype: str, serial: int | None = None) -> None:
    """Be a secondary: put a transfer's messages into a zone, by dnspython's rules for them."""
    with dns.xfr.Inbound(zone, dns.rdatatype.from_text(rdtype), serial) as inbound:
        done = False
        for wire in messages:
            assert not done
            done = inbound.process_message(dns.message.from_wire(
                wire, xfr=True, origin=zone.origin, one_rr_per_rrset=rdtype == "IXFR"))
    assert done


def _read(image: ZoneImage) -> dns.zone.Zone:
    zone = dns.zone.Zone(image.origin + ".")
    _take(zone, axfr(image, 7, zone_question(image, 252)), "AXFR")
    return zone


def _serial(zone: dns.zone.Zone) -> int:
    return int(zone.get_soa().serial)


def test_a_name_is_blocked_with_all_under_it_and_a_passthru_is_not() -> None:
    rules = [Rule("bad.example"), Rule("host.evil.example", subtree=False),
             Rule("fine.bad.example", action=Action.PASSTHRU)]
    image = ZoneImage.build(rules, 42)
    zone = _read(image)
    assert _cnames(zone) == _expected(rules)
    assert _serial(zone) == 42
    assert len(image) == 3
    assert zone.get_soa().minimum <= 30
    assert zone.find_rrset("bad.example", "CNAME").ttl == 30
    assert zone.find_rrset("@", "NS")[0].target.to_text() == "localhost."
    assert "bad.example" in image and "other.example" not in image and 3 not in image
    assert image.find("fine.bad.example") == rules[2]


def test_an_empty_zone_is_a_zone() -> None:
    zone = _read(ZoneImage.build([], 1))
    assert _cnames(zone) == set()
    assert _serial(zone) == 1


def test_a_name_given_twice_stands_once() -> None:
    image = ZoneImage.build(["a.example", "a.example", Rule("a.example", action=Action.PASSTHRU)], 1)
    assert list(image.rules()) == [Rule("a.example", action=Action.PASSTHRU)]


def test_a_large_zone_with_the_longest_names_keeps_its_pointers_within_reach() -> None:
    longest = 252 - len(wire_name(ORIGIN))
    names = [f"n{number}." + ".".join(["x" * 63] * 3) + "." + "y" * 60 for number in range(400)]
    names = [name[:longest].rstrip(".") for name in names] + [f"{number:x}.example" for number in range(3_000)]
    image = ZoneImage.build(names, 1)
    for wire in axfr(image, 1, zone_question(image, 252)):
        assert len(wire) <= MAX_OFFSET
    assert len(image.buckets) > 15
    assert _cnames(_read(image)) == _expected(Rule(name) for name in names)


def test_a_bucket_that_outgrows_a_message_becomes_several_blocks() -> None:
    rules = [(rule_labels(Rule(f"{number}." + "x" * 60 + ".example")), 1) for number in range(1_000)]
    question = zone_question(ZoneImage.build([], 1), 252)
    blocks = list(encode(rules, 12 + len(question)))
    assert len(blocks) > 5 and sum(block.records for block in blocks) == 2_000
    for block in blocks:
        assert 12 + len(question) + len(block.wire) <= MAX_OFFSET
        owners = dns.message.from_wire(message(1, question, block)).answer
        assert len(owners) == block.records
        for plain, wildcard in zip(owners[::2], owners[1::2], strict=True):
            assert wildcard.name.labels == (b"*", *plain.name.labels)


def test_every_message_repeats_the_question_as_it_was_asked() -> None:
    question = b"\x03RpZ\x0aFUSIONcell\0\0\xfc\0\x01"
    wires = list(axfr(ZoneImage.build(["bad.example"], 1), 0x1234, question))
    assert len(wires) == 3
    for wire in wires:
        assert struct.unpack(">HHH", wire[:6]) == (0x1234, 0x8400, 1)
        assert wire[12:12 + len(question)] == question


@pytest.mark.parametrize(("name", "why"), [
    ("", "empty"), (".", "root"), ("bad.example.", "last dot"), ("Bad.example", "upper case"), ("a..b", "empty label"),
    ("bücher.example", "not ASCII"), ("*.example", "wildcard"), ("x" * 64 + ".example", "label of 64"),
    ("a b.example", "space"), ("a\\046b.example", "escape"), ("32.1.2.0.192.rpz-ip", "another trigger"),
    ("ns.evil.example.rpz-nsdname", "another trigger"), ("x.rpz-client-ip", "another trigger"),
    ("bad.example\n", "line end"), (".".join(["x" * 62] * 4), "253 octets in all"),
])
def test_a_name_that_cannot_stand_in_the_zone_is_refused(name: str, why: str) -> None:
    assert not fits(name), why
    with pytest.raises(BadInput):
        ZoneImage.build([name], 1)


def test_the_longest_name_that_fits_is_taken_whole() -> None:
    longest = 252 - len(wire_name(ORIGIN))
    name = ".".join(["x" * 63] * 3 + ["y" * (longest - 192)])
    assert len(name) == longest and fits(name) and not fits("z" + name)
    assert _cnames(_read(ZoneImage.build([name], 1))) == {(name, "."), ("*." + name, ".")}


def test_serials_run_in_a_circle() -> None:
    # RFC 1982 §3.2, with its own corner cases.
    assert newer(1, 0) and not newer(0, 1) and not newer(5, 5)
    assert newer(0, 2**32 - 1) and not newer(2**32 - 1, 0)
    assert not newer(2**31, 0) and not newer(0, 2**31)
    assert newer(2**31 - 1, 0)
    assert next_serial(7) == 8
    assert next_serial(2**32 - 1) == 1  # 0 is stepped over
    for step in (0, -1, 2**31):
        with pytest.raises(ValueError, match="serial"):
            next_serial(1, step)


def test_a_serial_that_is_not_newer_is_refused() -> None:
    image = ZoneImage.build([], 5)
    for serial in (5, 4, 5 + 2**31):
        with pytest.raises(ValueError, match="not newer"):
            image.change(serial, ["a.example"])


def test_a_step_tells_only_what_really_changed() -> None:
    image = ZoneImage.build(["a.example", "b.example", "c.example"], 1)
    changed, delta = image.step(2, ["b.example", "new.example", Rule("c.example", subtree=False)],
                                ["a.example", "unknown.example", "not a name", "b.example"])
    assert delta == Delta(1, 2, added=(Rule("c.example", subtree=False), Rule("new.example")),
                          removed=(Rule("a.example"), Rule("c.example")))
    assert len(changed) == 3
    assert len(image) == 3 and "a.example" in image, "the image before is as it was"


def test_a_change_touches_few_blocks_and_a_new_serial_none() -> None:
    image = ZoneImage.build([f"{number:x}.example" for number in range(20_000)], 1)
    changed = image.change(2, ["new.example"])
    assert sum(a is not b for a, b in zip(image.buckets, changed.buckets, strict=False)) <= 2
    bumped = image.change(3)
    assert all(a is b for a, b in zip(image.buckets, bumped.buckets, strict=True))
    assert bumped.soa() != image.soa()


def test_buckets_follow_the_zone_up_and_down() -> None:
    names = [f"{number:x}.example" for number in range(12_000)]
    image = ZoneImage.build(names[:2], 1)
    for serial, at in enumerate(range(2, 12_000, 400), 2):
        image = image.change(serial, names[at:at + 400])
    many = len(image.buckets)
    assert many == len(ZoneImage.build(names, 1).buckets) > 20
    assert all(len(bucket) == 1 for bucket in image.buckets), "buckets share the names evenly"
    assert set(image.rules()) == {Rule(name) for name in names}
    image = image.change(10_000, removed=names[100:])
    assert len(image.buckets) == 1
    assert set(image.rules()) == {Rule(name) for name in names[:100]}


_NAMES = st.from_regex(r"[a-z0-9_-]{1,4}(\.[a-z0-9]{1,63}){0,2}", fullmatch=True)
_RULES = st.builds(Rule, _NAMES, st.booleans(), st.sampled_from([Action.BLOCK, Action.PASSTHRU, Action.NODATA]))
"""A garden's host belongs to the zone, see test_zone_actions."""
_CHANGES = st.lists(st.tuples(st.lists(_RULES, max_size=12), st.lists(_NAMES, max_size=6), st.integers(0, 150)),
                    max_size=6)


@settings(max_examples=25, deadline=None)
@given(st.lists(_RULES, max_size=20), _CHANGES, st.integers(1, 2**32 - 1))
def test_any_way_of_changes_ends_where_a_fresh_image_begins(start: list[Rule], changes: list, serial: int) -> None:
    """The same records for a secondary that took it fresh, by one IXFR of all steps, and step by step."""
    truth = {rule.name: rule for rule in start}
    live = LiveZone(ZoneImage.build(start, serial))
    first, at_once, by_steps = live.image(), _read(live.image()), _read(live.image())
    for number, (added, removed, bulk) in enumerate(changes):
        added = added + [Rule(f"bulk{number % 2}-{index}.example") for index in range(bulk)]
        for name in removed:
            truth.pop(name, None)
        truth.update({rule.name: rule for rule in added})
        before = live.serial
        live.change(added, removed)
        _take(by_steps, live.ixfr(before, 9, zone_question(first, 251))[1], "IXFR", before)
    image = live.image()
    _take(at_once, live.ixfr(serial, 9, zone_question(first, 251))[1], "IXFR", serial)
    expected = _expected(truth.values())
    assert len(image) == len(truth)
    assert image.size == sum(len(block.wire) for block in image.blocks())
    fresh = _read(ZoneImage.build(truth.values(), image.serial))
    assert _cnames(fresh) == _cnames(_read(image)) == _cnames(at_once) == _cnames(by_steps) == expected
    assert _serial(at_once) == _serial(by_steps) == image.serial


def _ixfr_kinds(image: ZoneImage, since: int, deltas: Iterable[Delta] | None) -> list[str]:
    """The types of all answer records, in order."""
    kinds = []
    for wire in ixfr(image, since, None if deltas is None else list(deltas), 1, zone_question(image, 251)):
        parsed = dns.message.from_wire(wire, xfr=True, one_rr_per_rrset=True)
        kinds += [dns.rdatatype.to_text(rrset.rdtype) for rrset in parsed.answer]
    return kinds


def test_ixfr_says_up_to_date_steps_or_all() -> None:
    one = ZoneImage.build(["a.example"], 1)
    two, first = one.step(2, ["b.example"])
    three, second = two.step(3, removed=["a.example"])
    full = ["SOA", "NS", "CNAME", "CNAME", "SOA"]
    assert _ixfr_kinds(three, 3, []) == ["SOA"]
    assert _ixfr_kinds(three, 9, None) == ["SOA"], "a client ahead of us has nothing to take"
    assert _ixfr_kinds(three, 1, [first, second]) == ["SOA", "SOA", "SOA", "CNAME", "CNAME",
                                                      "SOA", "CNAME", "CNAME", "SOA", "SOA"]
    assert _ixfr_kinds(three, 1, None) == full, "an unknown serial"
    assert _ixfr_kinds(three, 1, [second]) == full, "a gap"
    assert _ixfr_kinds(three, 1, [first]) == full, "a way that does not lead here"
    assert _ixfr_kinds(two, 1, [first, second]) == ["SOA", "SOA", "SOA", "CNAME", "CNAME", "SOA"], "a step too many"


def test_steps_longer_than_the_zone_are_sent_as_the_zone() -> None:
    names = [f"{number}.example" for number in range(1_500)]
    one = ZoneImage.build(names, 1)
    two, delta = one.step(2, ["left.example"], names)
    assert _ixfr_kinds(two, 1, [delta]) == ["SOA", "NS", "CNAME", "CNAME", "SOA"]


def test_a_live_zone_keeps_a_bounded_past() -> None:
    heard: list[tuple[str, int]] = []
    live = LiveZone(ZoneImage.build([], 1), max_steps=3, transferred=lambda *what: heard.append(what))
    for number in range(5):
        live.change([f"{number}.example"])
    assert live.serial == 6
    assert live.deltas(2) is None and live.deltas(99) is None
    kept = live.deltas(3)
    assert kept is not None and [delta.old_serial for delta in kept] == [3, 4, 5]
    assert live.change(["4.example"]).added == () and live.serial == 6, "nothing changed, so no new serial"
    live.on_transfer("isp", 6)
    assert heard == [("isp", 6)]
    small = LiveZone(ZoneImage.build([], 1), max_names=10)
    small.change([f"{number}.example" for number in range(8)])
    small.change(["a.example", "b.example", "c.example"])
    assert small.deltas(1) is None
    assert small.deltas(2) is not None


def test_zone_text_is_the_same_zone() -> None:
    rules = [Rule("bad.example"), Rule("_x.evil.example", subtree=False), Rule("ok.example", action=Action.PASSTHRU)]
    image = ZoneImage.build(rules, 77)
    parsed = dns.zone.from_text("".join(zone_text(image)), origin=ORIGIN, relativize=True)
    assert _cnames(parsed) == _cnames(_read(image))
    assert _serial(parsed) == 77
    assert parsed.get_soa() == _read(image).get_soa()


def test_names_whose_bytes_look_like_ours_survive() -> None:
    """Labels of every length, so that length octets take every value that may precede a pattern's bytes."""
    names = [f"{'a' * length}.{'b' * (64 - length)}.example" for length in range(1, 64)]
    image = ZoneImage.build(names, 1).change(2, ["z.example"])
    assert {rule.name for rule in image.rules()} == {*names, "z.example"}


def test_a_replaced_zone_has_no_way_from_before() -> None:
    live = LiveZone(ZoneImage.build(["a.example"], 1))
    live.change(["b.example"])
    live.replace(ZoneImage.build(["c.example"], 100))
    assert live.serial == 100 and live.deltas(1) is None and live.deltas(2) is None
    with pytest.raises(ValueError, match="cannot follow"):
        live.replace(ZoneImage.build([], 100))
    with pytest.raises(ValueError, match="cannot follow"):
        live.replace(ZoneImage.build([], 101, origin="other.zone"))
    live.change(["d.example"])
    kept = live.deltas(100)
    assert kept is not None and len(kept) == 1


@pytest.mark.parametrize("bucket_size", [60, 200, 800, 5_000])
def test_a_zone_of_any_number_of_buckets_is_built_alike(monkeypatch: pytest.MonkeyPatch, bucket_size: int) -> None:
    """Fewer buckets than parts, as many, and more: each name stands in the bucket where it is looked for."""
    monkeypatch.setattr("fusioncell.shield.zone._PARTS", 8)
    monkeypatch.setattr("fusioncell.shield.zone._BUCKET_SIZE", bucket_size)
    for many in (1, 7, 100, 237):
        names = [f"{number:x}.example" for number in range(many)]
        rules = [Rule(name, number % 3 > 0, Action(number % 2)) for number, name in enumerate(names)]
        image = ZoneImage.build([*names[::5], *rules], 1)
        assert len(image) == many and image.size == sum(len(block.wire) for block in image.blocks())
        assert [image.find(name) for name in names] == rules
        assert set(image.change(2, ["new.example"]).rules()) == {*rules, Rule("new.example")}
