"""Rehearsing: each usual form of a query log is read, and only what would be answered differently is counted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusioncell.shield.rehearse import asked_name, count_hits, read_rules
from fusioncell.shield.zone import Action, Rule, ZoneImage, zone_text

LINES = [
    "22-Nov-2026 08:00:00.000 client @0x7f 192.0.2.1#53 (www.bad.example): query: www.bad.example IN A +E(0)K (::1)",
    "22-Nov-2026 08:00:00.000 queries: info: client 192.0.2.1#5353: view i: query: WWW.bad.example IN AAAA + (::1)",
    "[1669112345] unbound[1234:0] info: 192.0.2.1 www.bad.example. A IN",
    "Nov 22 08:00:00 ns unbound: [1234:0] info: 192.0.2.1 www.bad.example. A IN NOERROR 0.000 1 61",
    "[1669112345] unbound[1234:0] query: 192.0.2.1 www.bad.example. A IN",
    "Nov 22 08:00:00 0 [1/1] question for 'www.bad.example|A' from 192.0.2.1:5353",
    'Nov 22 08:00:00 msg="Question" subsystem="syncres" level="0" proto="udp" qname="www.bad.example" qtype="A"',
    "22-Nov-2026 08:00:00.000 CQ 192.0.2.1:5353 -> 127.0.0.1:53 UDP 40b www.bad.example/IN/A",
    '08:00:00.000000 CQ 192.0.2.1 UDP 40b "www.bad.example." IN A',
]
NOT_ASKED = [
    "", "x" * 10_000, "22-Nov-2026 08:00:00.000 CR 192.0.2.1:5353 <- 127.0.0.1:53 UDP 40b www.bad.example/IN/A",
    "22-Nov-2026 08:00:00.000 general: info: zone bad.example/IN: loaded serial 1",
    "[1669112345] unbound[1234:0] notice: init module 0: respip",
]


@pytest.mark.parametrize("line", LINES)
def test_each_form_names_what_was_asked(line: str) -> None:
    assert asked_name(line + "\n") == "www.bad.example"


@pytest.mark.parametrize("line", NOT_ASKED)
def test_what_asks_nothing_is_passed_over(line: str) -> None:
    assert asked_name(line) == ""


def test_what_would_be_answered_differently_is_counted_by_listed_name() -> None:
    image = ZoneImage.build(
        [Rule("bad.example"), Rule("fine.bad.example", action=Action.PASSTHRU), Rule("host.example", False)], 1)
    rules = read_rules(zone_text(image))
    asked = ["bad.example", "a.b.bad.example", "www.fine.bad.example", "host.example", "under.host.example", "example"]
    found = count_hits(rules, [*(f"question for '{name}|A' from 192.0.2.1:1" for name in asked), "noise"])
    assert found.hits == {"bad.example": 2, "host.example": 1}
    assert (found.listed, found.lines, found.queries, found.unread) == (2, 7, 6, 1)


def test_no_address_is_kept() -> None:
    found = count_hits(read_rules(["*.bad.example CNAME ."]), LINES)
    assert found.hits["bad.example"] == len(LINES) and "192.0.2.1" not in repr(found)


@given(st.text(max_size=200))
def test_no_line_breaks_it(line: str) -> None:
    assert isinstance(asked_name(line), str)
    assert count_hits({}, [line]).lines == 1
