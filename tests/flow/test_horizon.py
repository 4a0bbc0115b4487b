"""Horizon scanning over HTTP: from a question to its score, by two people; and that what is hidden has no effect."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fusioncell.kernel.clock import DAY, MINUTE, ManualClock, parse_instant
from fusioncell.kernel.errors import FusionCellError
from fusioncell.kernel.marking import Viewer
from fusioncell.picture.horizon import Item, Kind, Paper, What
from hubs import MadeHub, Party, browser, make_hub

START = parse_instant("2026-11-22T08:00:00Z")


@pytest.fixture
def made(tmp_path: Path) -> Iterator[MadeHub]:
    hub = make_hub(tmp_path / "hub", clock=ManualClock(START))
    yield hub
    hub.hub.close()


def send(client: Any, path: str, **fields: str) -> Any:
    found = re.search(r'name="csrf" value="([^"]+)"', client.get("/account").text)
    assert found is not None
    return client.post(path, data={"csrf": found[1], **fields})


def pass_days(made: MadeHub, days: int) -> None:
    clock = made.hub.clock
    assert isinstance(clock, ManualClock)
    clock.advance(days * DAY)


def test_a_question_is_asked_estimated_resolved_by_two_and_scored(made: MadeHub) -> None:
    with browser(made, made.provider) as jon:
        refused = send(jon, "/horizon", kind="forecast", title="Will it come?", text="As the list says",
                       deadline="2026-11-01", readers="org")  # fmt: skip
        assert refused.status_code == 400 and "deadline that is to come" in refused.text
        assert 'value="Will it come?"' in refused.text
        asked = send(jon, "/horizon", kind="forecast", title="Will it come?", text="As the list says",
                     deadline="2026-12-01", readers="org")  # fmt: skip
        assert asked.status_code == 303, asked.text
        where = asked.headers["location"]
        assert send(jon, where, put="percent", percent="140").status_code == 400
        assert send(jon, where, put="percent", percent="30 %").status_code == 303
        assert "30\u202f%" in jon.get(where).text and "closes in" in jon.get("/horizon").text
    pass_days(made, 10)
    with browser(made, made.provider) as jon:
        said = send(jon, where, put="ground", outcome="no", ground="It is not on the list.")
        assert said.status_code == 303, said.text
        assert "Confirm this outcome" not in jon.get(where).text
    second = made.hub.members.add_person(made.provider.org, "Bo Lund", "bo@northern.example", ["analyst"])
    made.hub.settle()
    with browser(made, Party(made.provider.org, second.id, "")) as bo:
        page = bo.get(where).text
        assert "It counts once a second person confirms it." in page
        about = re.search(r'name="about" value="([^"]+)"', page)
        assert about is not None and send(bo, where, put="confirm", about=about[1]).status_code == 303
        assert "Confirmed by Bo Lund" in bo.get(where).text
        track = bo.get("/api/horizon/track").json()
        assert track["crowd"] == {"count": 1, "brier": pytest.approx(0.09), "reference": 0.0}
    with browser(made, made.ministry) as ada:
        assert ada.get(where).status_code == 404 and "Will it come?" not in ada.get("/horizon").text


def test_a_reader_writes_nothing_and_a_visitor_signs_in(made: MadeHub) -> None:
    bo = made.hub.members.add_person(made.provider.org, "Bo Lund", "bo@northern.example", ["reader"])
    made.hub.settle()
    with browser(made, Party(made.provider.org, bo.id, "")) as client:
        assert "Add a signal" not in client.get("/horizon").text
        assert send(client, "/horizon", kind="signal", title="x", category="legal", readers="org").status_code == 403


WHO = ("provider", "approver", "ministry")


def shown(made: MadeHub, viewer: Viewer) -> list[object]:
    """All that a viewer gets, less the ids that chance gave."""
    horizon = made.hub.horizon
    lists: dict[Kind, list[Item]] = {kind: horizon.listed(viewer, kind) for kind in Kind}
    items = [(kind.value, one.title, one.retired, one.impact, [(each.by, each.chance) for each in one.estimates],
              [each.paper.text for each in one.papers if each.paper.what not in (What.LINK, What.UNLINK)],
              [each.title for each in horizon.linked(viewer, one)],
              one.found.outcome if one.found else "", one.resolved, horizon.sees_crowd(viewer, one))
             for kind, found in lists.items() for one in found]  # fmt: skip
    return [items, horizon.track(viewer)]


@pytest.mark.parametrize("seed", range(4))
def test_what_one_may_not_see_has_no_effect(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    steps = [(dice.choice(WHO), dice.choice(("partnership", "org", "cell")), dice.choice(list(Kind)),
              dice.randrange(99), dice.choice(list(What)), dice.randrange(60), dice.randrange(60))
             for _ in range(60)]  # fmt: skip

    def play(folder: Path, keep: set[int] | None, watcher: str) -> tuple[str, set[int]]:
        made = make_hub(folder, clock=ManualClock(START))
        hub, clock = made.hub, made.hub.clock
        assert isinstance(clock, ManualClock)
        parties: dict[str, Party] = {name: getattr(made, name) for name in WHO}
        viewers = {name: hub.members.viewer_of(f"person:{party.person}") for name, party in parties.items()}
        names = {party.person: name for name, party in parties.items()}
        ids: dict[int, str] = {}
        visible: set[int] = set()
        viewer = viewers[watcher]
        assert viewer is not None
        for number, (who, readers, kind, percent, what, one, other) in enumerate(steps):
            clock.advance(37 * MINUTE)
            writer = viewers[who]
            if writer is None or (keep is not None and number not in keep):
                continue
            try:
                if number < 25:
                    ids[number] = hub.horizon.open(writer, Paper(
                        What.ITEM, kind=kind, title=f"item {number}", text="So", category="legal",
                        deadline=START + 12 * 60 * MINUTE if kind is Kind.FORECAST else 0), readers)  # fmt: skip
                elif ids.get(one % 25):
                    about = hub.horizon.one(writer, ids[one % 25]).found
                    hub.horizon.write(writer, ids[one % 25], Paper(
                        what, text=f"paper {number}", percent=percent, impact=3, uncertainty=percent % 5 + 1,
                        outcome="yes", to=ids.get(other % 25, "none"), about=about.id if about else "x"))  # fmt: skip
            except FusionCellError:
                continue
            hub.settle()
            item = ids.get(number if number < 25 else one % 25)
            if item and any(each.id == item for kind_ in Kind for each in hub.horizon.listed(viewer, kind_)):
                visible.add(number)
        found = shown(made, viewer)
        hub.close()
        return _named(found, names), visible

    watcher = WHO[seed % 3]
    whole, visible = play(tmp_path / "whole", None, watcher)
    part, _ = play(tmp_path / "part", visible, watcher)
    assert 0 < len(visible) < 60 and part == whole


def _named(found: list[object], names: dict[str, str]) -> str:
    said = repr(found)
    for person, name in names.items():
        said = said.replace(person, name)
    return said
