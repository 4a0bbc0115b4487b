"""Pulls without a network: what each wants asked, and how the habits of servers are bounded."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from fusioncell.exchange.inbound import pull_hub, pull_misp, pull_taxii, schedule
from fusioncell.exchange.inbound.model import Ask, Drop, Give, Kind, Outcome, Progress, Pull, Taken, Wanted
from fusioncell.kernel.clock import DAY, HOUR, MINUTE, parse_instant
from fusioncell.kernel.errors import BadInput, FusionCellError
from fusioncell.kernel.ports import WebAnswer

LIMIT = 1 << 20
NOW = parse_instant("2026-11-22T10:00:00Z")
COLLECTION = "https://taxii.example/root/collections/91a7b528-80eb-42ed-a74d-c6fbd5a26116/"


def never() -> bool:
    return False


def play(pull: Pull, answer: Callable[[Ask], WebAnswer], most: int = 500) -> tuple[Outcome, list[str], list[Give]]:
    """Play a pull to its end; returns the outcome, what was asked, what was given."""
    asked: list[str] = []
    given: list[Give] = []
    sent: Any = None
    for _ in range(most):
        try:
            step = pull.send(sent) if sent is not None else next(pull)
        except StopIteration as end:
            return end.value, asked, given
        if isinstance(step, Ask):
            asked.append(step.url)
            sent = answer(step)
        elif isinstance(step, Drop):
            sent = Taken(len(step.told))
        else:
            given.append(step)
            sent = Taken(len(json.loads(step.body).get("objects", [1])))
    raise AssertionError("the pull has no end")


def page(objects: int, *, more: bool = False, next_: Any = None, last: str = "", status: int = 200) -> WebAnswer:
    body: dict[str, Any] = {"objects": [{"type": "x", "id": f"x--{n}"} for n in range(objects)], "more": more}
    if next_ is not None:
        body["next"] = next_
    headers = {"x-taxii-date-added-last": last} if last else {}
    return WebAnswer("https://taxii.example/", status, headers, json.dumps(body).encode())


def taxii(answers: list[WebAnswer], cursor: str = "") -> tuple[Outcome, list[dict[str, str]], list[Give]]:
    wanted = Wanted(name="T", url=COLLECTION, kind=Kind.TAXII)
    left = list(answers)
    outcome, asked, given = play(pull_taxii.pull(wanted, Progress(cursor=cursor), LIMIT, NOW, never),
                                 lambda ask: left.pop(0) if left else page(0))  # fmt: skip
    return outcome, [dict(parse_qsl(urlsplit(url).query)) for url in asked], given


T1, T2, T3 = (f"2026-11-22T09:00:0{n}.000001Z" for n in (1, 2, 3))


def test_pages_are_followed_by_next_and_the_cursor_is_the_last_header() -> None:
    outcome, asked, given = taxii([page(2, more=True, next_="a", last=T1), page(1, last=T2)], "2026-11-01T00:00:00Z")
    assert [one.get("next") for one in asked] == [None, "a"]
    assert {one["added_after"] for one in asked} == {"2026-11-01T00:00:00Z"}, "the same for all pages of one pull"
    assert (outcome.cursor, len(given)) == (T2, 2)


def test_an_empty_page_keeps_the_cursor_and_gives_nothing() -> None:
    outcome, asked, given = taxii([page(0)], T1)
    assert (outcome.cursor, given, len(asked), outcome.changed) == (T1, [], 1, False)


@pytest.mark.parametrize(
    ("answers", "cursor", "asked"),
    [
        ([page(1, more=True, last=T1), page(1, more=True, last=T2), page(1, last=T3)], T3, 3),
        ([page(1, more=True, next_=7, last=T1), page(1, last=T2)], T2, 2),
        ([page(1, more=True, next_="a", last=T1)] + [page(1, more=True, next_="a", last=T1)] * 9, T1, 2),
        ([page(0, more=True, next_="a"), page(0, more=True, next_="b"), page(1, last=T1)], "", 2),
        ([page(1, more=True, last=T1)] * 9, T1, 2),
        ([page(1, more=True, next_="a", last=T1), page(0, status=404), page(1, last=T2)], T2, 3),
        ([page(1, last="gibberish")], "gibberish-is-no-cursor", 1),
    ],
    ids=["no next: goes on by the header", "a number as next", "the same next for ever", "empty pages for ever",
         "more for ever without next", "a next that it forgot", "a header that is no time"],
)  # fmt: skip
def test_habits_of_servers_are_bounded(answers: list[WebAnswer], cursor: str, asked: int) -> None:
    outcome, queries, _ = taxii(answers)
    assert len(queries) == asked
    if cursor != "gibberish-is-no-cursor":
        assert outcome.cursor == cursor
    else:
        assert outcome.cursor in ("", "2026-11-22T09:00:00.000Z")


def test_a_server_without_headers_is_asked_again_from_an_hour_before() -> None:
    outcome, _, _ = taxii([page(3)])
    assert outcome.cursor == "2026-11-22T09:00:00.000Z"


def test_pages_without_end_end() -> None:
    tokens = iter(range(10_000))
    outcome, asked, _ = play(
        pull_taxii.pull(Wanted(name="T", url=COLLECTION, kind=Kind.TAXII), Progress(), LIMIT, NOW, never),
        lambda ask: page(1, more=True, next_=str(next(tokens)), last=T1))  # fmt: skip
    assert len(asked) == pull_taxii.MOST_PAGES and outcome.more


@pytest.mark.parametrize("status", [400, 401, 404, 406, 500, 503])
def test_an_error_on_the_first_page_is_an_error(status: int) -> None:
    with pytest.raises(FusionCellError):
        taxii([page(0, status=status)])


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"objects": 1}', b'{"objects": [], "more": "yes"}', b"\xff\xfe"])
def test_what_is_no_envelope_is_refused(body: bytes) -> None:
    with pytest.raises(BadInput):
        taxii([WebAnswer(COLLECTION, 200, {}, body)])


DISCOVERY = {"title": "T", "default": "/root/", "api_roots": ["/root/", "https://other.example/root2/"]}
LISTED = {"collections": [{"id": "c1", "title": "One", "can_read": True},
                          {"id": "c2", "alias": "two", "can_read": True}, {"id": "c3", "can_read": False}]}  # fmt: skip


def _server(ask: Ask) -> WebAnswer:
    path = urlsplit(ask.url).path
    said: dict[str, Any] = {"/taxii2/": DISCOVERY, "/root/collections/": LISTED}.get(path, {})
    if path.endswith("/objects/"):
        return page(1, last=T1)
    return WebAnswer(ask.url, 200 if said else 404, {}, json.dumps(said).encode())


def test_a_collection_is_found_by_discovery() -> None:
    wanted = Wanted(name="T", url="https://taxii.example/taxii2/", kind=Kind.TAXII, collection="two")
    outcome, asked, _ = play(pull_taxii.pull(wanted, Progress(), LIMIT, NOW, never), _server)
    assert outcome.address == "https://taxii.example/root/collections/c2/objects/"
    assert asked[-1].startswith(outcome.address)
    again, asked, _ = play(pull_taxii.pull(wanted, Progress(address=outcome.address), LIMIT, NOW, never), _server)
    assert len(asked) == 1 and again.address == outcome.address


def test_several_collections_are_named_for_the_operator() -> None:
    wanted = Wanted(name="T", url="https://taxii.example/taxii2/", kind=Kind.TAXII)
    with pytest.raises(BadInput) as fault:
        play(pull_taxii.pull(wanted, Progress(), LIMIT, NOW, never), _server)
    assert "c1" in fault.value.hint and "c3" not in fault.value.hint


# -- MISP feeds ------------------------------------------------------------------------------------------------------

UUIDS = [f"5f000000-0000-4000-8000-00000000000{n}" for n in range(4)]


def test_a_manifest_is_read_the_oldest_first_and_bad_lines_are_counted() -> None:
    body = json.dumps({UUIDS[0]: {"timestamp": "200"}, UUIDS[1].upper(): {"timestamp": 100}, "../../etc/passwd": {},
                       UUIDS[2]: {"timestamp": "soon"}, UUIDS[3]: 7}).encode()  # fmt: skip
    events, bad = pull_misp.read_manifest(body)
    assert [event.uuid for event in events] == [UUIDS[1], UUIDS[0]]
    assert bad == 3


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"a": ', b"\xff"])
def test_what_is_no_manifest_is_refused(body: bytes) -> None:
    with pytest.raises(BadInput):
        pull_misp.read_manifest(body)


def test_an_event_is_fetched_from_beside_the_manifest_and_nowhere_else() -> None:
    for url in ("https://feed.example/osint", "https://feed.example/osint/", "https://feed.example/osint/manifest.json"):
        assert pull_misp.base_of(url) == "https://feed.example/osint/"


def test_a_manifest_that_only_fails_is_an_error_and_is_not_asked_for_ever() -> None:
    manifest = json.dumps({f"5f000000-0000-4000-8000-{n:012x}": {"timestamp": n} for n in range(500)}).encode()

    def answer(ask: Ask) -> WebAnswer:
        found = ask.url.endswith("manifest.json")
        return WebAnswer(ask.url, 200 if found else 404, {}, manifest if found else b"")

    asked: list[str] = []
    with pytest.raises(BadInput, match="none of its events"):
        play(pull_misp.pull(Wanted(name="M", url="https://feed.example/"), Progress(), LIMIT, {}, never),
             lambda ask: asked.append(ask.url) or answer(ask))  # type: ignore[func-returns-value]
    assert len(asked) == pull_misp.MOST_FAILED + 1


# -- when ------------------------------------------------------------------------------------------------------------


def test_pauses_grow_to_a_day_and_respect_the_source() -> None:
    pauses = [schedule.next_try(NOW, HOUR, failures, 0, 0) - NOW for failures in range(1, 15)]
    assert pauses[0] == 5 * MINUTE and pauses[-1] == DAY
    assert pauses == sorted(pauses)
    assert schedule.next_try(NOW, HOUR, 1, 3 * HOUR, 0) - NOW == 3 * HOUR
    assert schedule.next_pull(NOW, HOUR, 65_535) - NOW < HOUR + HOUR // 19


# -- another hub -----------------------------------------------------------------------------------------------------

HUB = "https://hub.example"
WANTED = Wanted(name="H", url=f"{HUB}/taxii2/", kind=Kind.HUB)


def hub_of(about: list[dict[str, Any]], withdrawn: Callable[[str], WebAnswer] | None = None, hub: str = "theirs"
           ) -> Callable[[Ask], WebAnswer]:
    """A hub with one collection of one page; ``about`` is what stands behind it."""

    def answer(ask: Ask) -> WebAnswer:
        parts = urlsplit(ask.url)
        query = dict(parse_qsl(parts.query))
        said: dict[str, Any] = {}
        match parts.path:
            case "/api/federation/withdrawn":
                if withdrawn is not None and (given := withdrawn(query.get("after", ""))) is not None:
                    return given
                said = {"hub": hub, "next": "w1", "withdrawn": []}
            case "/api/federation/about":
                said = {"hub": hub, "objects": about}
            case "/taxii2/":
                said = {"api_roots": [f"{HUB}/taxii2/partnership/", f"{HUB}/taxii2/public/",
                                      f"{HUB}/taxii2/partnership-tlp1/", "https://elsewhere.example/root/"]}
            case "/taxii2/partnership/collections/":
                said = {"collections": [{"id": "c1", "can_read": True}, {"id": "c2", "can_read": False}]}
            case "/taxii2/partnership/collections/c1/objects/":
                return page(0) if "added_after" in query else page(len(about), last=T1)
        return WebAnswer(ask.url, 200 if said else 404, {}, json.dumps(said).encode())

    return answer


def behind(number: int, *hops: str, withdrawn: bool = False) -> dict[str, Any]:
    return {"id": f"x--{number}", "contribution": f"c{number}", "hops": list(hops), "withdrawn": withdrawn}


def test_of_a_hub_is_taken_what_did_not_come_through_us_and_is_not_withdrawn() -> None:
    about = [behind(0), behind(1, "third"), behind(2, "ours"), behind(3, "third", "ours"), behind(4, withdrawn=True),
             behind(5, *(f"h{n}" for n in range(pull_hub.MOST_HOPS)))]  # fmt: skip
    _, asked, given = play(pull_hub.pull(WANTED, Progress(), LIMIT, "ours", never), hub_of(about))
    assert given[0].behind is not None
    assert {oid: one.hops for oid, one in given[0].behind.items()} == {
        "x--0": ("theirs",), "x--1": ("theirs", "third")}  # fmt: skip
    assert asked[0] == f"{HUB}/api/federation/withdrawn", "what was withdrawn comes first"
    assert all(url.startswith(HUB) for url in asked), "no other server is asked in its name"
    assert not any("tlp1" in url or "/public/" in url for url in asked)


def test_a_hub_is_asked_from_its_cursors_on() -> None:
    outcome, _, _ = play(pull_hub.pull(WANTED, Progress(), LIMIT, "ours", never), hub_of([behind(0)]))
    again, asked, given = play(pull_hub.pull(WANTED, Progress(cursor=outcome.cursor), LIMIT, "ours", never),
                               hub_of([behind(0)]))  # fmt: skip
    assert asked[0].endswith("?after=w1") and given == [] and len(asked) == 4
    assert again.cursor == outcome.cursor


def test_a_hub_that_was_restored_is_read_anew() -> None:
    def gone(after: str) -> Any:
        return WebAnswer(HUB, 410, {}, b"{}") if after else None

    begun = json.dumps({"withdrawn": "old", "added": {f"{HUB}/taxii2/partnership/collections/c1/objects/": T1}})
    outcome, _, given = play(pull_hub.pull(WANTED, Progress(cursor=begun), LIMIT, "ours", never),
                             hub_of([behind(0)], gone))  # fmt: skip
    assert len(given) == 1 and '"w1"' in outcome.cursor


def test_a_hub_does_not_read_itself_nor_what_is_none() -> None:
    with pytest.raises(BadInput, match="itself"):
        play(pull_hub.pull(WANTED, Progress(), LIMIT, "ours", never), hub_of([], hub="ours"))
    with pytest.raises(BadInput, match="Fusion Cell"):
        play(pull_hub.pull(WANTED, Progress(), LIMIT, "ours", never),
             lambda ask: WebAnswer(ask.url, 200, {}, b'{"title": "a TAXII server"}'))  # fmt: skip
    with pytest.raises(FusionCellError, match="403"):
        play(pull_hub.pull(WANTED, Progress(), LIMIT, "ours", never), lambda ask: WebAnswer(ask.url, 403, {}, b""))
