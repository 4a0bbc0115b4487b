"""Big answers are joined from the read model without a look at bodies: the general way says the same, byte by byte.

The attributes are awkward ones: quotes, backslashes, NULs, digits, line ends, fields of the sender's instance, fields
that MISP does not know, composite values, tags twice, uuids that are none.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fusioncell.exchange.misp import Call
from fusioncell.exchange.misp.model import Caller
from fusioncell.exchange.misp.search.formats import FORMATS
from fusioncell.exchange.misp.search.model import About
from fusioncell.exchange.misp.search.read import read_query
from fusioncell.exchange.misp.search.routes import Doors
from fusioncell.exchange.misp.search.service import MispSearch
from fusioncell.exchange.misp.search.write_csv import COLUMNS, OBJECT
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import SECOND, ManualClock
from fusioncell.kernel.marking import Tlp
from hubs import MadeHub, make_hub

PLAIN = {"type": "text", "category": "Other", "to_ids": False, "timestamp": "1780000000", "distribution": "5"}
AWKWARD: list[dict[str, Any]] = [
    {"value": 'a "quoted" value'}, {"value": "back\\slash"}, {"value": "1234"}, {"value": "١٢"}, {"value": "nul\0"},
    {"value": "two\nlines\r\n", "comment": "three\n\nlines"}, {"value": "x", "comment": "007"}, {"value": 12},
    {"value": "x", "comment": None}, {"value": "x", "to_ids": "1"}, {"value": "a,b", "object_relation": "1,2"},
    {"value": "with ids", "id": "5", "event_id": "6", "object_id": "0", "sharing_group_id": "0", "Galaxy": [],
     "ShadowAttribute": []},
    {"value": "unknown field", "validationIssue": True}, {"value": "x", "data": "QUFB"},
    {"value": "x", "Tag": [{"name": "kit"}, {"name": "kit"}, {"name": 'a "b" \\c', "colour": "#fff"}]},
    {"value": "a.example|192.0.2.1", "type": "domain|ip", "category": "Network activity"},
    {"value": "x", "type": 'odd "type"'}, {"value": "x", "type": "t" * 200}, {"value": "x", "deleted": True},
    {"value": "x", "first_seen": "2026-01-01T00:00:00Z", "last_seen": "", "disable_correlation": True},
    {"value": "x", "distribution": "4", "sharing_group_uuid": "5e36b0a2-0000-4000-8000-00000000aaaa"},
    {"value": "x", "uuid": 'no "uuid" at all, but thirty-six....'}, {"value": "\u2028 \U0001f600"},
]  # fmt: skip

_NET = {"category": "Network activity", "to_ids": True}
LISTED: list[dict[str, Any]] = [
    {"value": "https://a.example/x?y=1;z", "type": "url", **_NET}, {"value": "bad.example", "type": "domain", **_NET},
    {"value": "www.bad.example", "type": "hostname", **_NET},
    {"value": "192.0.2.7|8080", "type": "ip-dst|port", **_NET},
    {"value": "bad@example.org", "type": "email-src", **_NET}, {"value": "ab" * 16, "type": "md5", **_NET},
    {"value": "Bad ; subject |x|", "type": "email-subject", **_NET},
    {"value": "f|" + "ab" * 16, "type": "filename|md5"},
    {"value": "Mozilla/5.0 bad", "type": "user-agent", **_NET}, {"value": "rule x { condition: true }", "type": "yara"},
    {"value": 'alert tcp any any -> any any (msg:"x"; sid:1;)', "type": "snort", **_NET},
]  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MadeHub]:
    made = make_hub(tmp_path_factory.mktemp("hot") / "hub")
    yield made
    made.hub.close()


def share(made: MadeHub, attributes: list[dict[str, Any]]) -> str:
    """Contribute an event of these attributes, every other one of them in an object; return its uuid."""
    given = [{**PLAIN, "uuid": str(uuid.uuid4()), **one} for one in attributes]
    event = {"uuid": str(uuid.uuid4()), "info": "hot", "date": "2026-11-01", "published": True,
             "timestamp": "1780000000", "Tag": [{"name": "tlp:green"}], "Attribute": given[::2],
             "Object": [{"uuid": str(uuid.uuid4()), "name": "file", "meta-category": "file", "timestamp": "1780000000",
                         "distribution": "5", "Attribute": given[1::2]}]}  # fmt: skip
    hub = made.hub
    viewer = hub.members.operator_viewer(made.provider.org)
    assert viewer is not None
    body = json.dumps({"Event": event}).encode()
    hub.intake.accept(viewer, body, "application/vnd.misp+json", Terms(tlp=Tlp.GREEN))
    hub.settle()
    return str(event["uuid"])


def searched(made: MadeHub) -> tuple[Caller, MispSearch, Doors]:
    """Return who asks, and what answers."""
    viewer = made.hub.members.operator_viewer(made.ministry.org)
    assert viewer is not None
    doors = made.hub.mispdoor.actions["attributes", "restSearch"].run.__self__  # type: ignore[attr-defined]
    return made.hub.mispdoor.whoami(viewer), doors.search, doors


def ask(made: MadeHub, asked: dict[str, Any], scope: str = "attributes") -> bytes:
    call = Call(searched(made)[0], "POST", scope, "restSearch", body=asked)
    body = made.hub.mispdoor.actions[scope, "restSearch"].run(call).body
    assert isinstance(body, bytes)
    return body


def both(made: MadeHub, event: str, asked: dict[str, Any]) -> tuple[bytes, bytes]:
    """Ask by the hot path, and with what only the general way knows: sightings of which there are none, columns."""
    asked = {"eventid": event, "deleted": [0, 1], **asked}
    more = {"requested_attributes": [*COLUMNS, *OBJECT]} if asked.get("returnFormat") == "csv" else (
        {"includeSightings": 1})  # fmt: skip
    return ask(made, asked), ask(made, {**asked, **more})


@pytest.mark.parametrize("asked", [
    {"returnFormat": "json"}, {"returnFormat": "json", "includeContext": 1},
    {"returnFormat": "json", "includeEventUuid": 1, "limit": 7, "page": 2}, {"returnFormat": "csv"},
    {"returnFormat": "json", "order": "Attribute.id DESC"}, {"returnFormat": "json", "metadata": 1},
    {"returnFormat": "csv", "metadata": True},
])  # fmt: skip
def test_awkward_attributes(made: MadeHub, asked: dict[str, Any]) -> None:
    hot, general = both(made, share(made, AWKWARD), asked)
    assert hot == general
    assert len(hot) > 1000


def test_what_stands_around_is_of_the_version_that_stands(made: MadeHub) -> None:
    """Events' own words are held in memory: an edit shows at once, and what was withdrawn is found no more."""
    def told(**more: int) -> list[str]:
        found = json.loads(ask(made, {"value": "held in memory", **more}))["response"]["Attribute"]
        return [one["Event"]["info"] for one in found]

    viewer = made.hub.members.operator_viewer(made.provider.org)
    assert viewer is not None
    event: dict[str, Any] = {"uuid": str(uuid.uuid4()), "date": "2026-11-01", "published": True}
    event["Attribute"] = [{**PLAIN, "uuid": str(uuid.uuid4()), "value": "held in memory"}]
    given = []
    for stamp, info in (("1780000000", "first words"), ("1780000001", "other words")):
        body = json.dumps({"Event": {**event, "info": info, "timestamp": stamp}}).encode()
        given.append(made.hub.intake.accept(viewer, body, "application/vnd.misp+json", Terms(tlp=Tlp.GREEN)))
        made.hub.settle()
        assert told() == told() == told(includeSightings=1) == [info]
    for one in given:
        made.hub.intake.recall(viewer, one.contribution)
    made.hub.settle()
    assert told() == []


_TEXTS = st.text(max_size=12) | st.sampled_from(["12", '"', "\\", "a|b", "", "null", "\n"])


@settings(max_examples=40, deadline=None,
          suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(st.lists(st.fixed_dictionaries(
    {"value": _TEXTS.filter(str.strip)},
    optional={"comment": _TEXTS, "object_relation": st.none() | _TEXTS, "first_seen": st.none() | _TEXTS,
              "last_seen": st.none() | _TEXTS, "disable_correlation": st.booleans(), "to_ids": st.booleans(),
              "type": st.sampled_from(["text", "domain", "domain|ip"]) | _TEXTS,
              "category": st.sampled_from(["Other", "Network activity"]) | _TEXTS,
              "Tag": st.lists(st.fixed_dictionaries({"name": _TEXTS}), max_size=2)},
), min_size=1, max_size=4))  # fmt: skip
def test_any_attributes(made: MadeHub, attributes: list[dict[str, Any]]) -> None:
    event = share(made, attributes)
    for form in ("json", "csv"):
        hot, general = both(made, event, {"returnFormat": form})
        assert hot == general


def whole(made: MadeHub, event: dict[str, Any]) -> tuple[bytes, bytes, bool]:
    """Contribute an event; return it by the hot path, by the general one, and whether the first was hot."""
    hub = made.hub
    viewer = hub.members.operator_viewer(made.provider.org)
    assert viewer is not None
    hub.intake.accept(viewer, json.dumps({"Event": event}).encode(), "application/vnd.misp+json", Terms(tlp=Tlp.GREEN))
    hub.settle()
    reader = hub.members.operator_viewer(made.ministry.org)
    assert reader is not None
    caller = hub.mispdoor.whoami(reader)

    def view(*arguments: str, **named: Any) -> Any:
        call = Call(caller, "GET", "events", "view", arguments=arguments, named=named)
        return hub.mispdoor.actions["events", "view"].run(call).body

    hot, general = view(event["uuid"]), view(event["uuid"], metadata=0, deleted=[0], noSightings="0", extended="1")
    return msgspec.json.encode(hot), msgspec.json.encode(general), type(hot["Event"]["Attribute"]) is msgspec.Raw


def an_event(attributes: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    given = [{**PLAIN, "uuid": str(uuid.uuid4()), **one} for one in attributes]
    return {"uuid": str(uuid.uuid4()), "info": "hot", "date": "2026-11-01", "timestamp": "1780000000",
            "Tag": [{"name": "tlp:green"}], "Attribute": given, **more}  # fmt: skip


_HOT_ONES = [one for one in AWKWARD if not {"data", "validationIssue", "sharing_group_uuid", "uuid"} & one.keys()
             and type(one["value"]) is str and one.get("to_ids") != "1" and len(one.get("type", "")) < 128
             and one.get("comment", "") is not None]  # fmt: skip


def test_an_event_of_plain_attributes() -> None:
    assert len(_HOT_ONES) > 12


@pytest.mark.parametrize("attributes", [_HOT_ONES, _HOT_ONES[:1], []])
def test_an_event_is_the_same_by_the_hot_path(made: MadeHub, attributes: list[dict[str, Any]]) -> None:
    hot, general, was_hot = whole(made, an_event(attributes))
    assert hot == general
    assert was_hot is bool(attributes)


@pytest.mark.parametrize("one", [each for each in AWKWARD if each not in _HOT_ONES and "uuid" not in each])
def test_an_event_with_something_else_goes_the_general_way(made: MadeHub, one: dict[str, Any]) -> None:
    hot, general, was_hot = whole(made, an_event([*_HOT_ONES[:2], one]))
    assert (hot, was_hot) == (general, False)


@pytest.mark.parametrize("more", [
    {"Object": [{"uuid": str(uuid.uuid4()), "name": "file", "distribution": "5", "Attribute": []}]},
    {"EventReport": [{"uuid": str(uuid.uuid4()), "name": "a", "content": "b"}]},
])  # fmt: skip
def test_an_event_with_more_than_attributes_goes_the_general_way(made: MadeHub, more: dict[str, Any]) -> None:
    hot, general, was_hot = whole(made, an_event(_HOT_ONES[:2], **more))
    assert hot == general
    assert was_hot is ("Object" not in more)


def test_an_event_of_which_somebody_said_more_shows_it(made: MadeHub) -> None:
    event = an_event(_HOT_ONES[:3])
    assert whole(made, event)[2]
    hub = made.hub
    viewer = hub.members.operator_viewer(made.ministry.org)
    assert viewer is not None
    call = Call(hub.mispdoor.whoami(viewer), "POST", "sightings", "add", body={"uuid": event["Attribute"][0]["uuid"]})
    hub.mispdoor.actions["sightings", "add"].run(call)
    hot, general, was_hot = whole(made, event)
    assert (hot, was_hot) == (general, False)
    assert b"date_sighting" in hot


@pytest.mark.parametrize("form", [name for name, one in FORMATS.items() if one.hits is not None and one.plain])
def test_lists_and_rules_say_the_same(made: MadeHub, form: str) -> None:
    event = share(made, [*AWKWARD, *LISTED])
    caller, search, _ = searched(made)
    query = read_query("attributes", {"returnFormat": form, "eventid": event, "to_ids": [0, 1]}, 0)
    rows, total = search.attributes(caller, query)
    quick = search.hot(caller, query)
    assert quick is not None and quick[1] == total > 20
    write = FORMATS[form].hits
    assert write is not None
    if form != "opendata":
        assert write(search.shown.quick_hits(caller, quick[0]), About()) == write(
            search.shown.hits(caller, query, rows), About())  # fmt: skip


def test_patterns_are_found_in_what_columns_say_and_in_bodies(made: MadeHub) -> None:
    event = share(made, [*AWKWARD, *LISTED])
    every = json.loads(ask(made, {"eventid": event, "deleted": [0, 1]}))["response"]["Attribute"]
    for pattern in ("%A%", "%.example%", "%\u2028%", "%\"quoted\"%", "%2%", "%|1%", "%no such%", "%\\%"):
        values = [one["value"].lower() for one in every]
        expected = [value for value in values if pattern.strip("%").lower() in value]
        for order in ({}, {"order": "Attribute.id DESC"}):
            found = json.loads(ask(made, {"eventid": event, "deleted": [0, 1], "value": pattern, **order}))
            found = [one["value"].lower() for one in found["response"]["Attribute"]]
            assert found == (expected[::-1] if order else expected), pattern
        page = json.loads(ask(made, {"eventid": event, "deleted": [0, 1], "value": pattern, "limit": 2, "page": 2}))
        assert [one["value"].lower() for one in page["response"]["Attribute"]] == expected[2:4]


@pytest.mark.parametrize("asked", [
    {"includeDecayScore": 1}, {"excludeDecayed": 1}, {"excludeDecayed": 1, "includeContext": 1},
    {"excludeDecayed": 1, "modelOverrides": {"lifetime": 5, "delta": 0.5}}, {"excludeDecayed": 1, "decayingModel": []},
    {"includeDecayScore": 1, "includeEventUuid": 1, "modelOverrides": {"threshold": 0}},
])  # fmt: skip
def test_scores_of_decay_are_the_same(made: MadeHub, asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    now = made.hub.clock.now() // SECOND
    monkeypatch.setattr(searched(made)[1].library, "clock", ManualClock(now * SECOND))
    ages = [{"value": f"http://x{age}.example/", "type": "url", "to_ids": True, "timestamp": str(now - age * 3600),
             "Tag": [{"name": tag} for tag in tags]}
            for age in (-5, 0, 30, 60, 71, 73, 2000, 2879, 2881, 9000)
            for tags in ((), ('estimative-language:likelihood-probability="very-likely"', "kit"))]  # fmt: skip
    event = share(made, [*AWKWARD, *ages])
    # Of sightings there are none, but only the general way knows.
    quick, general = (ask(made, {"eventid": event, "decayingModel": [1, 2], **asked, **more})
                      for more in ({}, {"includeSightings": 1}))  # fmt: skip
    assert quick == general
    shown = len(json.loads(quick)["response"]["Attribute"])
    assert shown > 10
