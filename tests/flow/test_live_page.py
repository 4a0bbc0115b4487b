"""The live rows of the first page: once each, in order, after a break too, and only what the viewer may see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from fusioncell.exchange.talk import NewPost
from fusioncell.kernel.marking import Tlp
from fusioncell.web.pages.live import PageStreams
from hubs import MadeHub, Party, make_hub, served


@pytest.fixture
def made(tmp_path: Path) -> Iterator[MadeHub]:
    made = make_hub(tmp_path / "hub")
    yield made
    made.hub.close()


@pytest.fixture
def site(made: MadeHub) -> Iterator[str]:
    with served(made) as address:
        yield address


@contextmanager
def at_home(site: str, made: MadeHub, party: Party | None) -> Iterator[tuple[httpx.Client, str]]:
    """A browser at the first page; yields it with the address of that page's live rows."""
    with httpx.Client(base_url=site, headers={"accept": "text/html"}, timeout=10) as client:
        if party is not None:
            assert client.post(made.link(party)).status_code == 303
        found = re.search(r'data-live="([^"]+)"', client.get("/").text)
        assert found
        yield client, found[1]


def report(site: str, party: Party, text: str, tlp: str = "green") -> str:
    answer = httpx.post(f"{site}/api/contributions", params={"tlp": tlp}, content=text, headers={
        "Authorization": f"Bearer {party.key}", "Content-Type": "text/plain"})  # fmt: skip
    assert answer.status_code == 202
    return str(answer.json()["contribution"])


def rows(client: httpx.Client, address: str, count: int, last: str = "") -> list[tuple[str, str]]:
    """Read so many rows: (cursor, HTML)."""
    found: list[tuple[str, str]] = []
    with client.stream("GET", address, headers={"Last-Event-ID": last} if last else {}) as stream:
        assert stream.status_code == 200
        cursor = name = ""
        for line in stream.iter_lines():
            field, _, value = line.partition(": ")
            if field == "id":
                cursor = value
            elif field == "event":
                name = value
            elif field == "data":
                assert name == "new"
                found.append((cursor, value))
                if len(found) == count:
                    return found
    return found


def test_what_came_after_the_page_was_made_comes_once_and_in_order(site: str, made: MadeHub) -> None:
    report(site, made.ministry, "Before the page\n\nfirst[.]example")
    made.hub.river.wait_for(made.hub.record.head()[0], 10)
    with at_home(site, made, made.provider) as (client, address):
        ids = [report(site, made.ministry, f"Report {n}\n\nname{n}[.]example and other{n}[.]example") for n in range(4)]
        first = rows(client, address, 2)
        rest = rows(client, address, 2, last=first[-1][0])
        shown = [html for _, html in first + rest]
        assert [f"live-{one}" in html for one, html in zip(ids, shown, strict=True)] == [True] * 4
        assert "Ministry of Works" in shown[0] and "name0[.]example" in shown[0] and "2 observables" in shown[0]


def test_no_one_is_sent_what_they_may_not_see(site: str, made: MadeHub) -> None:
    with at_home(site, made, made.provider) as (jon, jons), at_home(site, made, None) as (visitor, public):
        report(site, made.ministry, "Hidden\n\nhidden[.]example", "amber")
        green = report(site, made.ministry, "Green\n\ngreen[.]example", "green")
        clear = report(site, made.ministry, "Clear\n\nclear[.]example", "clear")
        for (_, html), expected in zip(rows(jon, jons, 2), (green, clear), strict=True):
            assert expected in html and "idden" not in html
        ((_, html),) = rows(visitor, public, 1)
        assert clear in html and "green" not in html.replace("tlp-green", "")


def test_a_recall_takes_the_place_of_its_row(site: str, made: MadeHub) -> None:
    with at_home(site, made, made.provider) as (client, address):
        one = report(site, made.ministry, "Wrong\n\nwrong[.]example")
        arrived = rows(client, address, 1)
        httpx.post(f"{site}/api/contributions/{one}/recall", headers={"Authorization": f"Bearer {made.ministry.key}"})
        ((_, html),) = rows(client, address, 1, last=arrived[0][0])
        assert f'id="live-{one}"' in html and "recalled" in html and "wrong" not in html


def test_a_large_contribution_is_one_row(site: str, made: MadeHub) -> None:
    with at_home(site, made, made.provider) as (client, address):
        many = report(site, made.ministry, "\n".join(f"host{n}.example" for n in range(500)))
        after = report(site, made.ministry, "Then this\n\nthen[.]example")
        found = rows(client, address, 2)
        assert many in found[0][1] and "500 observables" in found[0][1] and "and 497 more" in found[0][1]
        assert after in found[1][1]


def test_a_cursor_that_is_not_of_this_hub_is_refused(site: str, made: MadeHub) -> None:
    with at_home(site, made, None) as (client, _):
        assert client.get("/live?after=made-up").status_code == 400


def test_a_live_post_shows_all_its_readers_the_same(site: str, made: MadeHub) -> None:
    """A client's reaction is for itself and the author's organisation; the group's live row must not show it."""
    hub = made.hub
    third = hub.members.add_organisation("Third Party", "energy", "industry")
    hub.members.name_client(third.id, made.ministry.org)
    group_id = hub.circles.make_group("Ring", [f"org:{made.ministry.org}", f"org:{made.provider.org}"]).id
    author, client = (hub.members.viewer_of(f"org:{one}") for one in (made.ministry.org, third.id))
    assert author is not None and client is not None
    known = hub.circles.group(group_id)
    post = hub.talk.post(author, NewPost(text="What do you make of bad[.]example?", tlp=Tlp.AMBER,
                                         groups=(f"group:{known.id}.{known.generation}",)))  # fmt: skip
    hub.settle()
    reaction = hub.talk.react(client, f"post:{post.id}", "useful").contribution
    hub.settle()
    newest = [one.contribution for one in hub.picture.newest(author)]
    calm = [one.contribution for one in hub.picture.newest(author, reactions=False)]
    assert reaction in newest and calm == [one for one in newest if one != reaction]
    events = [event for page in hub.river.past(0, hub.river.position, hub.record.audiences_where(lambda _: True))
              for event in page]  # fmt: skip
    shown = [row.data.decode() for row in PageStreams(hub).rows(events) if row.name == "post"]
    assert len(shown) == 1 and "bad[.]example" in shown[0] and "Third Party" not in shown[0]
    new = [row.data.decode() for row in PageStreams(hub).rows(events) if row.name == "new"]
    assert not any(reaction in html for html in new), "a reaction stands with its post, and is no news of its own"
