"""A member looks values up without showing them: by range of hashes, and by a filter that it keeps up by deltas."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from litestar.testing import TestClient

from fusioncell.exchange.match.filter import Change, changed, holds, read_filter
from fusioncell.intake.service import Terms
from fusioncell.kernel.marking import Tlp, Viewer
from fusioncell.web.app import make_app
from hubs import MadeHub, make_hub


@pytest.fixture
def made(tmp_path: Path) -> MadeHub:
    return make_hub(tmp_path / "hub")


def say(made: MadeHub, org: str, rows: list[str], tlp: Tlp = Tlp.GREEN) -> str:
    viewer = made.hub.members.operator_viewer(org)
    assert isinstance(viewer, Viewer)
    body = ("value\n" + "\n".join(rows)).encode()
    sent = made.hub.intake.accept(viewer, body, "text/csv", Terms(tlp=tlp)).contribution
    made.hub.settle()
    return sent


def digest(name: str) -> str:
    return sha256(f"domain-name:{name}".encode()).hexdigest()


def test_a_range_holds_what_the_viewer_may_see_and_nothing_else(made: MadeHub) -> None:
    ministry, provider = made.ministry, made.provider
    say(made, ministry.org, ["evil.example", "1.2.3.4"])
    say(made, ministry.org, ["secret.example"], Tlp.AMBER)
    with TestClient(make_app(made.hub)) as client:
        for party, seen in ((ministry, True), (provider, False)):
            headers = {"Authorization": f"Bearer {party.key}"}
            for name, known in (("evil.example", True), ("secret.example", seen), ("other.example", False)):
                for size in (3, 4, 8):
                    answer = client.get(f"/api/match/range/{digest(name)[:size]}", headers=headers).json()
                    assert (digest(name)[size:] in [one["suffix"] for one in answer["values"]]) is known
                    assert answer["count"] == len(answer["values"])
            # What was said since the columns were made stands in it, too.
            say(made, ministry.org, [f"late-{party.org[:4]}.example"])
            late = client.get(f"/api/match/range/{digest(f'late-{party.org[:4]}.example')[:4]}", headers=headers).json()
            assert late["values"][0]["verdict"] == "mentioned" or late["values"]
        for wrong in ("ab", "ABCD", "abcdef012", "xyzw"):
            assert client.get(f"/api/match/range/{wrong}", headers=headers).status_code == 400


def test_a_filter_is_a_plain_set_and_its_deltas_keep_it_so(made: MadeHub) -> None:
    ministry, provider = made.ministry, made.provider
    names = [f"n{i}.example" for i in range(300)]
    say(made, ministry.org, names)
    gone = say(made, ministry.org, ["gone.example"])
    with TestClient(make_app(made.hub)) as client:
        headers = {"Authorization": f"Bearer {provider.key}"}
        first = client.get("/api/match/filter", headers=headers)
        held = read_filter(first.content)
        assert not isinstance(held, Change)
        wanted = {int(digest(name)[:16], 16) for name in [*names, "gone.example"]}
        assert set(held.tolist()) == wanted and (np.diff(held.astype(object)) > 0).all()
        asked = np.array([*wanted, *[int(digest(f"x{i}.example")[:16], 16) for i in range(500)]], np.uint64)
        assert holds(held, asked).tolist() == [key in wanted for key in asked.tolist()]
        again = client.get("/api/match/filter", headers={**headers, "If-None-Match": first.headers["etag"]})
        assert again.status_code == 304

        cursor = first.headers["x-fusioncell-cursor"]
        say(made, ministry.org, ["new.example"])
        hidden = say(made, ministry.org, ["hidden.example"], Tlp.AMBER)
        viewer = made.hub.members.operator_viewer(ministry.org)
        assert viewer is not None
        for one in (gone, hidden):
            made.hub.intake.recall(viewer, one)
        made.hub.settle()
        delta = client.get("/api/match/filter", params={"since": cursor}, headers=headers)
        change = read_filter(delta.content)
        assert isinstance(change, Change)
        assert change.added.tolist() == [int(digest("new.example")[:16], 16)]
        assert change.removed.tolist() == [int(digest("gone.example")[:16], 16)]
        whole = read_filter(client.get("/api/match/filter", headers=headers).content)
        assert changed(held, change).tolist() == whole.tolist()  # type: ignore[union-attr]

        # What others say among themselves moves neither body nor cursor.
        settled = client.get("/api/match/filter", headers=headers)
        say(made, ministry.org, ["hidden-2.example"], Tlp.AMBER)
        still = client.get("/api/match/filter", headers=headers)
        for part in ("etag", "x-fusioncell-cursor"):
            assert still.headers[part] == settled.headers[part]
        # Of another viewer, a cursor brings the whole.
        others = {"Authorization": f"Bearer {ministry.key}"}
        kind = client.get("/api/match/filter", params={"since": cursor}, headers=others).content
        assert b'"kind":"full"' in kind
        assert client.get("/api/match/filter", params={"since": "made-up"}, headers=headers).status_code == 400


def test_a_long_list_meets_a_hub_that_knows_nothing_yet(made: MadeHub) -> None:
    """The memory of a new hub is empty; a body of more than 32 KiB asks it."""
    names = "\n".join(f"n{number}.example" for number in range(5000))
    with TestClient(make_app(made.hub)) as client:
        headers = {"Authorization": f"Bearer {made.provider.key}", "Content-Type": "text/plain"}
        answer = client.post("/api/match", content=names, headers=headers)
        assert answer.status_code == 200 and answer.text.count('"unknown"') == 5000
        say(made, made.ministry.org, ["n7.example"])
        assert client.post("/api/match", content=names, headers=headers).text.count('"unknown"') == 4999
