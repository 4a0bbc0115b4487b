"""Paging under fire: four writers post while clients of every style page from zero; none loses or repeats an object."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from fusioncell.exchange.taxii.model import MEDIA
from served import ServedHub, eventually, new_hub

WRITERS, POSTS, EACH = 4, 12, 7
AT = "2026-01-01T00:00:00.000Z"
Ids = list[str]
Style = Callable[[httpx.Client, Callable[[], bool]], Ids]


def get(http: httpx.Client, path: str = "objects/", **asked: Any) -> httpx.Response:
    answer = http.get(path, params=asked)
    assert answer.status_code == 200, answer.text
    return answer


def ids(answer: httpx.Response) -> Ids:
    return [one["id"] for one in answer.json()["objects"]]


def by_next(http: httpx.Client, over: Callable[[], bool]) -> Ids:
    """Follows next to the end; then polls from the last header on, as a client of the standard does."""
    found, after, ending = [], "", False
    while True:
        ending = over()
        asked: dict[str, Any] = {"limit": 5} | ({"added_after": after} if after else {})
        answer = get(http, **asked)
        while True:
            page = answer.json()
            found += ids(answer)
            after = answer.headers.get("X-TAXII-Date-Added-Last", after)
            if not page.get("next"):
                break
            answer = get(http, **asked, next=page["next"])
        if ending:
            return found


def by_added_after(http: httpx.Client, over: Callable[[], bool]) -> Ids:
    """Knows no next: asks for what was added after the last manifest record's date that it holds."""
    found, after = [], "1970-01-01T00:00:00Z"
    while True:
        ending = over()
        records = get(http, "manifest/", added_after=after, limit=6).json()["objects"]
        if records:
            found += ids(get(http, added_after=after, limit=len(records)))[: len(records)]
            after = records[-1]["date_added"]
        elif ending:
            return found


def by_header(http: httpx.Client, over: Callable[[], bool]) -> Ids:
    """Knows no next and no manifest: the last header is its cursor."""
    found, after = [], "1970-01-01T00:00:00.000000Z"
    while True:
        ending = over()
        answer = get(http, added_after=after, limit=4)
        found += ids(answer)
        if "X-TAXII-Date-Added-Last" in answer.headers:
            after = answer.headers["X-TAXII-Date-Added-Last"]
        elif ending:
            return found


def by_manifest(http: httpx.Client, over: Callable[[], bool]) -> Ids:
    """Reads the manifest first, then asks for the objects by their ids."""
    found, after = [], ""
    while True:
        ending = over()
        records: list[Any] = []
        asked: dict[str, Any] = {"limit": 8} | ({"added_after": after} if after else {})
        page = get(http, "manifest/", **asked).json()
        records += page["objects"]
        while page["more"]:
            page = get(http, "manifest/", **asked, next=page["next"]).json()
            records += page["objects"]
        for start in range(0, len(records), 10):
            found += ids(get(http, **{"match[id]": ",".join(one["id"] for one in records[start : start + 10])}))
        after = records[-1]["date_added"] if records else after
        if ending:
            return found


def by_dropping_filters(http: httpx.Client, over: Callable[[], bool]) -> Ids:
    """Sends next and nothing else, as Elastic and OpenCTI did."""
    found, after = [], "1970-01-01T00:00:00Z"
    while True:
        ending = over()
        answer = get(http, added_after=after, limit=3, **{"match[type]": "indicator"})
        while True:
            found += ids(answer)
            after = answer.headers.get("X-TAXII-Date-Added-Last", after)
            following = answer.json().get("next")
            if not following:
                break
            answer = get(http, next=following)
        if ending:
            return found


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedHub]:
    folder: Path = tmp_path_factory.mktemp("fire") / "hub"
    with ServedHub(new_hub(folder)) as served:
        yield served


def test_no_client_loses_or_repeats_an_object_while_four_write(hub: ServedHub) -> None:
    reader = hub.party("Reader")
    base = f"{hub.url}/taxii2/partnership/collections/partnership/"
    headers = {"Authorization": reader.http.headers["authorization"], "Accept": MEDIA}
    posted: Ids = []
    written = threading.Event()

    def write(number: int) -> None:
        party = hub.party(f"Writer {number}")
        for _ in range(POSTS):
            objects = [{"type": "indicator", "spec_version": "2.1", "id": f"indicator--{uuid.uuid4()}", "created": AT,
                        "modified": AT, "pattern": "[domain-name:value = 'fire.example']", "pattern_type": "stix",
                        "valid_from": AT} for _ in range(EACH)]  # fmt: skip
            answer = party.http.post(f"{base}objects/", content=json.dumps({"objects": objects}),
                                     headers={"Content-Type": MEDIA})  # fmt: skip
            assert answer.json()["success_count"] == EACH, answer.text
            posted.extend(one["id"] for one in objects)

    styles: list[Style] = [by_next, by_added_after, by_header, by_manifest, by_dropping_filters]
    results: dict[str, Ids] = {}

    def read(style: Style) -> None:
        with httpx.Client(base_url=base, headers=headers, timeout=30) as http:
            results[style.__name__] = style(http, written.is_set)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    readers = [threading.Thread(target=read, args=(style,)) for style in styles]
    for thread in (*writers, *readers):
        thread.start()
    for thread in writers:
        thread.join(120)
    assert len(posted) == WRITERS * POSTS * EACH
    assert eventually(lambda: hub.hub.river.position >= hub.hub.record.head()[0])
    written.set()
    for thread in readers:
        thread.join(120)
    assert results.keys() == {style.__name__ for style in styles}
    for name, found in results.items():
        assert len(found) == len(set(found)), f"{name}: {len(found) - len(set(found))} came twice"
        assert set(found) == set(posted), f"{name}: {len(set(posted) - set(found))} were lost"
