"""The pure steps of the TAXII door: media types, filters and next, markings, neutral values, collections."""

from __future__ import annotations

import json
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusioncell.exchange.taxii.collect import collection_id, keys_of, roots_of
from fusioncell.exchange.taxii.dress import _NEUTRAL, _TLP1, _TLP2, built_in, dress, withdrawn
from fusioncell.exchange.taxii.filters import OBJECTS, next_of, read_ask, read_query
from fusioncell.exchange.taxii.model import MAX_PAGE, NotAcceptable, Page
from fusioncell.exchange.taxii.negotiate import check_accept, check_content
from fusioncell.exchange.taxii.pages import Pages
from fusioncell.intake import BUILT_IN_MARKINGS
from fusioncell.kernel.errors import BadInput, FusionCellError, UnsupportedMedia
from fusioncell.kernel.marking import Audience, Tlp, Viewer, may_see

OID = "indicator--00000000-0000-4000-8000-000000000000"
TLPS = st.sampled_from(list(Tlp))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=8,
)  # fmt: skip


def dressed(body: str, tlp: Tlp = Tlp.GREEN, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(dress(body.encode(), more.pop("oid", OID), tlp, 21, **more))
    return found


@given(st.text(max_size=60))
def test_any_accept_is_answered_or_not_acceptable(text: str) -> None:
    try:
        check_accept(text)
    except NotAcceptable:
        pass
    try:
        check_content(text)
    except UnsupportedMedia:
        pass


@given(st.binary(max_size=120))
def test_any_query_is_read_or_refused(query: bytes) -> None:
    try:
        read_ask(read_query(query, OBJECTS))
    except BadInput:
        pass


@given(st.dictionaries(st.sampled_from(sorted(OBJECTS)), st.text(max_size=30), max_size=5))
def test_any_values_are_read_or_refused_and_next_carries_them_on(given: dict[str, str]) -> None:
    try:
        ask = read_ask(given)
    except BadInput:
        return
    assert 1 <= ask.limit <= MAX_PAGE and ask.after >= 0
    going_on = read_ask({"next": next_of(ask, ask.after + 5)})
    assert going_on.after == ask.after + 5
    for name in ("ids", "types", "specs", "versions", "first", "last", "all", "contributor"):
        assert getattr(going_on, name) == getattr(ask, name), name


@given(st.text(alphabet=string.ascii_letters + string.digits + "-_=", max_size=80))
def test_a_made_up_next_is_refused_or_harmless(token: str) -> None:
    try:
        ask = read_ask({"next": token})
    except BadInput:
        return
    assert ask.after >= 0


@pytest.mark.parametrize(("text", "instant"), [
    ("2026-01-01T00:00:00Z", 1_767_225_600_000_000), ("2026-01-01T00:00:00.5Z", 1_767_225_600_500_000),
    ("2026-01-01T01:00:00+01:00", 1_767_225_600_000_000), ("2026-01-01T01:00:00 01:00", 1_767_225_600_000_000),
    ("2026-01-01T00:00:00.1234567Z", 1_767_225_600_123_456), ("1960-01-01T00:00:00Z", 0),
])  # fmt: skip
def test_times_are_read_as_clients_write_them(text: str, instant: int) -> None:
    """A plus that was not percent-encoded comes as a space."""
    assert read_ask(read_query(f"added_after={text}".encode(), OBJECTS)).after == instant


# -- what leaves -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tlp", list(Tlp))
@pytest.mark.parametrize("refs", [
    None, [], ["x--1"], [_TLP1[Tlp.CLEAR]], ["x--1", _TLP2[Tlp.AMBER], "x--2"], [_TLP1[Tlp.RED], _TLP2[Tlp.GREEN]],
])  # fmt: skip
def test_the_tlp_that_holds_is_the_only_one_that_leaves(tlp: Tlp, refs: list[str] | None) -> None:
    one: dict[str, Any] = {"type": "indicator", "id": OID, "pattern": "object_marking_refs"}
    found = dressed(json.dumps(one if refs is None else {**one, "object_marking_refs": refs}), tlp)
    others = [ref for ref in refs or () if ref not in BUILT_IN_MARKINGS]
    assert found["object_marking_refs"] == [*others, _TLP2[tlp]]
    assert found["spec_version"] == "2.1" and found["pattern"] == "object_marking_refs"


@given(st.dictionaries(st.text(min_size=1, max_size=12), JSON, max_size=5), st.lists(st.text(max_size=8), max_size=2),
       TLPS)  # fmt: skip
def test_all_else_stays_as_it_came(more: dict[str, Any], refs: list[str], tlp: Tlp) -> None:
    reserved = {"object_marking_refs", "granular_markings", "spec_version", "type", "id"}
    body = {name: value for name, value in more.items() if name not in reserved}
    one = {**body, "type": "indicator", "id": OID, "object_marking_refs": refs}
    found = dressed(json.dumps(one, ensure_ascii=False), tlp)
    assert {name: found[name] for name in body} == body
    assert found["object_marking_refs"] == [*refs, _TLP2[tlp]]


def test_the_references_are_found_where_they_stand_and_not_where_the_same_text_does() -> None:
    one = {"x_copy": {"object_marking_refs": [_TLP1[Tlp.RED]]}, "type": "indicator", "id": OID,
           "object_marking_refs": [_TLP1[Tlp.RED]]}  # fmt: skip
    found = dressed(json.dumps(one))
    assert found["x_copy"] == one["x_copy"] and found["object_marking_refs"] == [_TLP2[Tlp.GREEN]]


def test_granular_markings_leave_in_the_generation_that_is_asked_for() -> None:
    one = {"type": "indicator", "id": OID, "granular_markings": [
        {"marking_ref": _TLP1[Tlp.GREEN], "selectors": ["name"]},
        {"lang": "de", "selectors": ["description"]},
    ]}  # fmt: skip
    found = dressed(json.dumps(one))
    assert [part.get("marking_ref") for part in found["granular_markings"]] == [_TLP2[Tlp.GREEN], None]
    again = dressed(json.dumps(found), generation=1)
    assert again["granular_markings"] == one["granular_markings"]
    assert again["object_marking_refs"] == [_TLP1[Tlp.GREEN]]


@pytest.mark.parametrize("oid", sorted(BUILT_IN_MARKINGS))
def test_a_built_in_marking_is_always_the_built_in_one(oid: str) -> None:
    found = dressed('{"type":"marking-definition","definition":{"tlp":"red"}}', oid=oid)
    assert found == json.loads(built_in(oid)) and found["id"] == oid
    said = found.get("definition", {}).get("tlp") or next(iter(found["extensions"].values()))["tlp_2_0"]
    assert {"white": "clear"}.get(said, said) == BUILT_IN_MARKINGS[oid].value


@pytest.mark.parametrize("type", [*sorted(_NEUTRAL), "x-mine"])
def test_what_was_withdrawn_says_nothing_of_what_it_held(type: str) -> None:
    oid = OID.replace("indicator", type)
    body = {"type": type, "id": oid, "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-02T00:00:00.000Z",
            "created_by_ref": "identity--x", "name": "SECRET", "pattern": "SECRET", "x_more": "SECRET"}  # fmt: skip
    found = withdrawn(json.dumps(body).encode(), type, oid, 21, "2026-02-01T00:00:00.000Z", Tlp.RED)
    said = json.loads(found)
    assert b"SECRET" not in found and said["revoked"] is True and said["modified"] == "2026-02-01T00:00:00.000Z"
    assert (said["created"], said["created_by_ref"], said["id"]) == (body["created"], "identity--x", oid)
    assert said["object_marking_refs"] == [_TLP2[Tlp.RED]]


# -- collections -------------------------------------------------------------------------------------------------------

PARTIES = st.sampled_from(["org:a", "org:b", "person:p", "group:g.1", "group:g.2", "group:h.1"])
VIEWERS = st.builds(
    lambda parties, clients, member, guest: Viewer(
        person="p", org="a", member=member, guest=guest and not member, parties=parties, client_parties=clients
    ),
    st.frozensets(PARTIES.filter(lambda party: party != "org:b")), st.frozensets(PARTIES, max_size=2), st.booleans(),
    st.booleans(),
)  # fmt: skip
def audience_of(tlp: Tlp, parties: frozenset[str]) -> Audience:
    """Return an audience as contributions have them: all for CLEAR and GREEN, and RED names no group (audience_for)."""
    if tlp in (Tlp.CLEAR, Tlp.GREEN):
        return Audience(tlp, frozenset())
    if tlp is Tlp.RED:
        named = frozenset(one for one in parties if not one.startswith("group:"))
        return Audience(tlp, named or frozenset({"person:p"}))
    return Audience(tlp, parties)


AUDIENCES = st.builds(audience_of, TLPS, st.frozensets(PARTIES, min_size=1, max_size=3))


@given(VIEWERS, st.lists(AUDIENCES, max_size=12))
def test_who_reads_a_collection_may_see_all_in_it_and_misses_nothing(viewer: Viewer, audiences: list[Audience]) -> None:
    read = {one.key for root in roots_of(viewer, {}) for one in root.collections}
    for audience in audiences:
        stands = set(keys_of(audience)) & read
        if stands:
            assert may_see(viewer, audience), (audience, stands)
        elif may_see(viewer, audience):
            # Guests have nothing but their group: what reaches them as a person or an organisation stands in none.
            held = audience.parties & viewer.parties
            assert viewer.guest and not viewer.member and all(not one.startswith("group:") for one in held), audience


@given(VIEWERS)
def test_titles_and_aliases_name_one_collection_each(viewer: Viewer) -> None:
    for root in roots_of(viewer, {"g": "G", "h": "H"}):
        for name in ("id", "alias", "title"):
            named = [getattr(one, name) for one in root.collections]
            assert len(set(named)) == len(named), (root.name, name)


def test_ids_of_collections_are_stable() -> None:
    assert collection_id("partnership") == "5164c634-d02d-54a9-8b94-0a444f16ddeb"


# -- remembered pages --------------------------------------------------------------------------------------------------


def test_a_full_page_stays_and_the_last_one_until_more_comes() -> None:
    pages = Pages()
    pages.put("full", Page(b"1"), 5, 0)
    pages.put("last", Page(b"2"), 5, 100)
    assert pages.get("full", 5, 200) and pages.get("last", 5, 100)
    assert pages.get("last", 5, 200) is None and pages.get("full", 6, 200) is None
    assert pages.get("full", 5, 200) is None, "forgotten, not kept beside"


def test_the_memory_of_pages_is_bounded() -> None:
    pages = Pages(most=10_000)
    for number in range(100):
        pages.put(number, Page(b"x" * 1000), 1, 0)
    assert pages.get(99, 1, 0) and pages.get(0, 1, 0) is None
    assert sum(pages.get(number, 1, 0) is not None for number in range(100)) <= 10


def test_errors_of_the_door_have_the_statuses_of_the_standard() -> None:
    statuses = {cls.status for cls in FusionCellError.__subclasses__() if "taxii" in cls.__module__}
    assert statuses == {406, 422}
