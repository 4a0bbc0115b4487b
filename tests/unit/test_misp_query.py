"""How a MISP search's parameters are read: every spelling that clients use means what MISP takes it for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusioncell.exchange.misp import MispRefused
from fusioncell.exchange.misp.search.formats import RESTRICTIVE
from fusioncell.exchange.misp.search.legacy import read_path
from fusioncell.exchange.misp.search.model import NO_TERMS, Span, Terms
from fusioncell.exchange.misp.search.read import NEVER, read_query, read_span, read_terms, says_nothing
from fusioncell.exchange.misp.search.times import day, seconds

NOW = 1_763_743_560.0
"""2025-11-21T16:46:00Z."""


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (1_700_000_000, 1_700_000_000), ("1700000000", 1_700_000_000), ("1700000000.5", 1_700_000_000.5),
        ("5d", NOW - 432_000), ("12h", NOW - 43_200), ("30m", NOW - 1800), ("5s", NOW - 5), ("1w", NOW - 604_800),
        ("2 days ago", NOW - 172_800), ("2025-11-21", 1_763_683_200), ("2025-11-21T16:46:00Z", NOW),
        ("2025-11-21T17:46:00+01:00", NOW), ("2025-11-21 16:46:00", NOW), ("Fri Nov 21 16:46:00 UTC 2025", NOW),
        ("Fri Nov 21 16:46:00 2025", NOW), ("Fri, 21 Nov 2025 16:46:00 +0000", NOW),
        ("21 November 2025", 1_763_683_200),
        ("Fri, 21 Nov 2025 18:46:00 +0200", NOW), ("now", NOW), ("yesterday", 1_763_596_800),
        ("5x", None), ("ad", None), ("aaad", None), ("", None), (None, None), (True, None), ("nan", None),
        ("inf", None), ("9" * 40, None), ("x" * 100, None),
    ],
)  # fmt: skip
def test_times_in_every_spelling(given: object, expected: float | None) -> None:
    assert seconds(given, NOW) == expected


@pytest.mark.parametrize(("asked", "field", "expected"), [
    ({"type": "md5||sha256"}, "types", Terms(("md5", "sha256"))),
    ({"value": "a.example||!b.example"}, "values", Terms(("a.example",), (), ("b.example",))),
    ({"to_ids": "1||0", "returnFormat": "text"}, "to_ids", frozenset((0, 1))),
    ({"published": "1||0", "returnFormat": "text"}, "published", None), ({"published": "1"}, "published", True),
    ({"value": "||x"}, "values", Terms(("||x",))),
])  # fmt: skip
def test_two_bars_join_what_may_be_either(asked: dict[str, Any], field: str, expected: object) -> None:
    assert getattr(read_query("attributes", asked, NOW, restrictive=RESTRICTIVE), field) == expected


@pytest.mark.parametrize(("controller", "action", "arguments", "named", "parameters"), [
    ("events", "csv", "download/7/1/0/0/md5/0/0/0/0/1/1", {}, {
        "eventid": "7", "type": "md5", "headerless": "1", "enforceWarninglist": "1"}),
    ("events", "csv", "download/7/0/0/0/md5/0/0/0/0", {}, {
        "eventid": "7", "type": "md5", "published": 1, "to_ids": 1}),
    ("attributes", "text", "download/md5/tlp;green&&CSIRT/null/1", {}, {
        "type": "md5", "tags": "tlp:green&&CSIRT", "to_ids": [0, 1], "published": [0, 1]}),
    ("attributes", "text", "download/domain/null/null/null/null/null/null/true", {}, {
        "type": "domain", "enforceWarninglist": "true"}),
    ("attributes", "text", "download/md5", {"tags": "tlp;green", "last": "7d"}, {
        "type": "md5", "tags": "tlp:green", "last": "7d"}),
    ("events", "nids", "suricata/download/null/null/CSIRT/null/null/5d/domain", {}, {
        "tags": "CSIRT", "last": "5d", "type": "domain"}),
])  # fmt: skip
def test_old_paths_by_position(controller: str, action: str, arguments: str, named: dict[str, Any],
                               parameters: dict[str, Any]) -> None:  # fmt: skip
    read = dict(read_path(controller, action, arguments.split("/"), named).parameters)
    read.pop("returnFormat")
    assert read == parameters


def test_days() -> None:
    assert day("20180901", NOW) == day("2018-09-01", NOW) == day("Sep 1, 2018", NOW) == "2018-09-01"
    assert day("20181332", NOW) is None


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("x", Terms(("x",))), ("!x", Terms((), (), ("x",))), ("x&&!y", Terms(("x",), (), ("y",))),
        (["x", "!y", "x"], Terms(("x",), (), ("y",))), (5, Terms(("5",))), (["5", 6], Terms(("5", "6"))),
        ({"OR": ["a"], "AND": "b", "NOT": ["c", "!d"]}, Terms(("a",), ("b",), ("c", "d"))),
        ({"or": "a"}, Terms(("a",))), ({"0": "a", "1": "!b"}, Terms(("a",), (), ("b",))),
        ([], NO_TERMS), ("!", NO_TERMS), ([None, [], {}], NO_TERMS), (True, Terms(("1",))),
    ],
)  # fmt: skip
def test_values_in_every_form(given: object, expected: Terms) -> None:
    assert read_terms(given) == expected


def test_spans() -> None:
    assert read_span("5d", NOW) == Span(NOW - 432_000)
    assert read_span(["14d", "7d"], NOW) == read_span(["7d", "14d"], NOW) == Span(NOW - 14 * 86_400, NOW - 7 * 86_400)
    assert read_span("5x", NOW) is NEVER
    assert read_span(["5d", "rubbish"], NOW) is NEVER


def query(given: dict[str, Any], scope: str = "attributes") -> Any:
    return read_query(scope, given, NOW, restrictive=RESTRICTIVE)


def test_elastics_request_reads() -> None:
    asked = query({"limit": "10", "page": "2", "returnFormat": "json", "timestamp": "1700000000",
                   "order": "timestamp", "includeDecayScore": True, "to_ids": "1", "nonsense": "x"})  # fmt: skip
    assert (asked.limit, asked.page, asked.timestamp, asked.order) == (10, 2, Span(1_700_000_000), ("timestamp", False))
    assert asked.has("includeDecayScore")
    assert asked.to_ids == {1}


@pytest.mark.parametrize(
    ("given", "deleted"),
    [({}, {0}), ({"deleted": "only"}, {1}), ({"deleted": 1}, {1}), ({"deleted": ["0", "1"]}, {0, 1}),
     ({"deleted": [0, 1]}, {0, 1}), ({"deleted": False}, {0}), ({"deleted": "0"}, {0})],
)  # fmt: skip
def test_deleted(given: dict[str, Any], deleted: set[int]) -> None:
    assert query(given).deleted == deleted


@pytest.mark.parametrize(
    ("given", "order"),
    [("Event.id ASC", ("id", False)), ("Event.timestamp DESC", ("timestamp", True)), ("info", ("info", False)),
     (["Attribute.timestamp desc"], ("timestamp", True)), ({"Event.id": "desc"}, ("id", True)),
     ("id; DROP TABLE", ("id", False)), ("password", None), ("", None)],
)  # fmt: skip
def test_order(given: Any, order: tuple[str, bool] | None) -> None:
    found = query({"order": given}).order
    assert found == order or (order is not None and found is None and "DROP" in str(given))


def test_sort_and_direction_of_the_index() -> None:
    assert query({"sort": "info", "direction": "desc"}).order == ("info", True)
    assert query({"sort": "info", "desc": 1}).order == ("info", True)


def test_formats_that_mean_published_indicators_only() -> None:
    asked = query({"returnFormat": "suricata"})
    assert (asked.published, asked.to_ids) == (True, {1})
    asked = query({"returnFormat": "suricata", "published": [0, 1], "to_ids": ["0", "1"]})
    assert asked.to_ids == {0, 1}
    assert query({"returnFormat": "json"}).published is None


def test_searchall_takes_the_value_as_its_text() -> None:
    assert query({"value": "%x%", "searchall": True}).wildcard == Terms(("%x%",))
    assert query({"value": "%x%", "searchall": True}).values == NO_TERMS
    assert query({"searchall": "abc"}).wildcard == Terms(("abc",))
    assert query({"value": "x", "searchall": 0}).values == Terms(("x",))


def test_a_time_that_is_none_finds_nothing() -> None:
    assert query({"publish_timestamp": "5x"}).nothing


def test_what_is_empty_is_not_given() -> None:
    assert says_nothing({"returnFormat": "json", "value": "", "tags": []})
    assert not says_nothing({"to_ids": 0})


def test_bounds() -> None:
    with pytest.raises(MispRefused):
        query({"value": ["x"] * 20_001})
    with pytest.raises(MispRefused):
        query({"value": [f"%{i}%" for i in range(101)]})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
NAMES = st.sampled_from(["value", "type", "tags", "timestamp", "from", "date", "deleted", "to_ids", "order", "limit",
                         "page", "searchall", "requested_attributes", "published", "first_seen", "uuid", "returnFormat",
                         "includeContext", "serial"])  # fmt: skip


@given(st.dictionaries(NAMES, JSON, max_size=5))
def test_no_parameter_breaks_the_reading(given: dict[str, Any]) -> None:
    try:
        query(given)
    except MispRefused:
        pass
