"""Lists of the native API page alike: ``next`` is given back as ``cursor``; the names from before are still taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from fusioncell.intake.service import Terms
from fusioncell.kernel.marking import Tlp
from hubs import MadeHub, make_hub, visitor


@pytest.fixture
def made(tmp_path: Path) -> MadeHub:
    made = make_hub(tmp_path / "hub")
    writer = made.hub.members.operator_viewer(made.provider.org)
    assert writer is not None
    for number in range(5):
        body = f"fake pages at page{number}.example and other{number}.example today".encode()
        made.hub.intake.accept(writer, body, "text/plain", Terms(Tlp.GREEN))
        made.hub.members.add_organisation(f"Member {number:02}", "energy", "industry")
    made.hub.settle()
    return made


@pytest.fixture
def table(made: MadeHub) -> str:
    """A contribution of several items."""
    writer = made.hub.members.operator_viewer(made.provider.org)
    assert writer is not None
    rows = b"domain\none.example\ntwo.example\nthree.example\n"
    done = made.hub.intake.accept(writer, rows, "text/csv", Terms(Tlp.GREEN))
    made.hub.settle()
    return done.contribution


def ids(page: dict[str, object], name: str) -> list[str]:
    return [one["id"] for one in page[name]]  # type: ignore[attr-defined]


@pytest.mark.parametrize(("path", "words", "name"), [
    ("/api/contributions", {}, "contributions"), ("/api/search", {"q": "fake"}, "hits"),
])  # fmt: skip
def test_pages_follow_one_another_by_cursor_and_by_the_older_name(
    made: MadeHub, path: str, words: dict[str, str], name: str
) -> None:
    older = "before"
    with visitor(made) as client:
        client.headers.update({"Authorization": f"Bearer {made.provider.key}", "accept": "application/json"})
        found: dict[str, list[str]] = {}
        for parameter in ("cursor", older):
            page = client.get(path, params={**words, "limit": 2}).json()
            found[parameter] = ids(page, name)
            for _ in range(9):
                if not page["next"]:
                    break
                page = client.get(path, params={**words, "limit": 2, parameter: page["next"]}).json()
                found[parameter] += ids(page, name)
        assert found["cursor"] == found[older] and len(set(found["cursor"])) == len(found["cursor"]) == 5
        both = client.get(path, params={**words, "cursor": "x", older: "y"})
        assert both.status_code == 400 and both.json()["place"] == "cursor"
        assert client.get(path, params={**words, "cursor": "nonsense"}).status_code == 400
        assert client.get(path, params={**words, "cursors": "x"}).status_code == 400


def test_what_pages_by_numbers_says_next_too(made: MadeHub, table: str) -> None:
    with visitor(made) as client:
        client.headers.update({"Authorization": f"Bearer {made.provider.key}", "accept": "application/json"})
        one = client.get("/api/contributions").json()["contributions"][0]["id"]
        assert one == table
        page = client.get(f"/api/contributions/{one}", params={"limit": 1}).json()
        entries = page["entries"]
        while page["next"]:
            page = client.get(f"/api/contributions/{one}", params={"limit": 1, "cursor": page["next"]}).json()
            entries += page["entries"]
        assert entries == client.get(f"/api/contributions/{one}").json()["entries"] and len(entries) > 1
        assert client.get("/api/directory").json()["next"] is None
        assert client.get(f"/api/contributions/{one}", params={"cursor": "-1"}).status_code == 400
        assert client.get(f"/api/contributions/{one}", params={"cursor": "x"}).status_code == 400
        assert client.get("/api/shield/decisions", params={"limit": 1}).json()["next"] is None
