"""The weekly summary: the same bytes from the record at a position, less what was recalled since."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from litestar.testing import TestClient

from flow.test_products import Cell
from fusioncell.cli.main import main
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import DAY, HOUR, ManualClock
from fusioncell.kernel.errors import BadInput, NotAllowed
from fusioncell.kernel.marking import PUBLIC, Tlp
from fusioncell.kernel.observable import Observable, ObservableType
from fusioncell.picture.weekly import week_named, week_of
from fusioncell.picture.weekly.compose import compose
from fusioncell.picture.weekly.model import Item, Ruling
from hubs import MadeHub, app_of, browser, make_hub

MONDAY = 1_767_571_200_000_000
"""2026-01-05, the first day of 2026-W02."""


@pytest.fixture
def made(tmp_path: Path) -> Iterator[MadeHub]:
    made = make_hub(tmp_path / "hub", clock=ManualClock(MONDAY - 20 * DAY))
    yield made
    made.hub.close()


@pytest.fixture
def cell(made: MadeHub) -> Cell:
    return Cell(made)


def share(cell: Cell, text: str, tlp: Tlp = Tlp.GREEN, *, provider: bool = False) -> str:
    viewer = cell.author if provider else cell.ministry
    done = cell.hub.intake.accept(viewer, text.encode(), "text/plain", Terms(tlp=tlp))
    cell.hub.settle()
    return done.contribution


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("- [[")]


def test_a_week_is_written_from_the_record_to_the_same_bytes(cell: Cell) -> None:
    hub, clock = cell.hub, cell.hub.clock
    assert isinstance(clock, ManualClock)
    share(cell, "old[.]example again")
    clock.advance(20 * DAY + HOUR)
    share(cell, "old[.]example and new[.]example, CVE-2026-4242.")
    gone = share(cell, "gone[.]example and new[.]example", provider=True)
    share(cell, "hidden[.]example", Tlp.AMBER)
    position = hub.record.head()[0]
    clock.advance(7 * DAY)
    found = hub.weekly.summary(cell.ministry, "2026-W02")
    assert lines(found.text) == [
        "- [[observable:domain-name:new.example]], by 2 contributors",
        "- [[observable:domain-name:gone.example]], by 1 contributor",
        "- [[observable:domain-name:new.example]], by 2 contributors, 0 the week before",
        "- [[observable:vulnerability:CVE-2026-4242]], by 1 contributor",
    ]
    assert not found.quiet and hub.weekly.summary(cell.ministry, "2020-W02").quiet
    assert "hidden" not in found.text and "- telecommunications: 2 accused, 2 of them new" in found.text
    share(cell, "later[.]example")
    assert hub.weekly.summary(cell.ministry, "2026-W02").text == found.text
    assert hub.weekly.summary(cell.ministry, at=position).text == found.text
    assert hub.weekly.summary(cell.author).text == found.text, "the last week, whoever asks"
    hub.intake.recall(cell.author, gone)
    hub.settle()
    again = hub.weekly.summary(cell.ministry, at=position).text
    assert again == found.text.replace("- [[observable:domain-name:gone.example]], by 1 contributor\n", "")
    with pytest.raises(NotAllowed):
        hub.weekly.summary(cell.author, at=position)
    with pytest.raises(NotAllowed):
        hub.weekly.summary(PUBLIC)
    with pytest.raises(BadInput):
        hub.weekly.summary(cell.ministry, at=10_000)


def test_the_door_and_the_command_write_it(cell: Cell, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = cell.hub.clock
    assert isinstance(clock, ManualClock)
    clock.advance(21 * DAY)
    share(cell, "new[.]example", Tlp.CLEAR)
    with TestClient(app_of(cell.hub), raise_server_exceptions=False) as app:
        by = {"Authorization": f"Bearer {cell.made.ministry.key}"}
        told = app.get("/api/products/weekly", params={"week": "2026-w02", "tlp": "clear"}, headers=by).json()
        assert told["week"] == "2026-W02" and "new.example" in told["text"]
        assert app.get("/api/products/weekly", params={"week": "2026-W99"}, headers=by).status_code == 400
        assert app.get("/api/products/weekly").status_code in (401, 403)
        plain = {"Authorization": f"Bearer {cell.made.provider.key}"}
        assert app.get("/api/products/weekly", headers=plain).status_code == 403
    folder = cell.hub.folder.path
    cell.hub.close()
    done = CliRunner().invoke(main, ["product", "weekly", "--week", "2026-W02", "--data", str(folder), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["text"].count("new.example") == 1
    again = CliRunner().invoke(main, ["product", "weekly", "--week", "2026-W02", "--data", str(folder)])
    assert again.stdout.startswith("# The week 2026-W02\n\nWhat the partnership shared from 2026-01-05 to 2026-01-11.")


@pytest.mark.parametrize(("at", "name"), [
    (MONDAY, "2026-W02"), (MONDAY - 1, "2026-W01"), (MONDAY - 8 * DAY, "2025-W52"), (0, "1970-W01")])  # fmt: skip
def test_weeks_are_those_of_iso_8601(at: int, name: str) -> None:
    week = week_of(at)
    assert week.name == name and (not at or week.start <= at < week.end) and week_named(name.lower()) == week


values = st.builds(Observable, st.just(ObservableType.DOMAIN), st.sampled_from([f"{c}.example" for c in "abcdef"]))
found = st.builds(Item, st.integers(MONDAY - 27 * DAY, MONDAY + 7 * DAY - 1), st.sampled_from("xyz"),
                  st.sampled_from(["bank", "gov"]), st.lists(values, max_size=3).map(tuple), st.just(()),
                  st.just(True))  # fmt: skip


@given(st.lists(found, max_size=12), st.sets(st.integers(0, 11)), st.randoms())
def test_what_is_recalled_takes_lines_out_and_changes_no_other(items: list[Item], gone: set[int], dice: object) -> None:
    """And the order in which entries came changes nothing."""
    week = week_of(MONDAY)
    rulings = [Ruling("decision.published", "a.example", "phishing", "")]
    whole = compose(week, items, rulings)
    left = [replace(one, stands=place not in gone) for place, one in enumerate(items)]
    after = compose(week, left, rulings)
    assert [line for line in after.splitlines() if line != "- Nothing." and line not in whole.splitlines()] == []
    assert [line for line in lines(after) if line not in lines(whole)] == []
    standing = {one for item in left if item.stands and item.at >= week.start for one in item.accused}
    assert all(any(f":{one.value}]]" in line for one in standing) for line in lines(after))
    shuffled = list(items)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    assert compose(week, shuffled, rulings) == whole


def test_a_young_hubs_draft_tells_of_this_week(made: MadeHub, cell: Cell) -> None:
    clock = cell.hub.clock
    assert isinstance(clock, ManualClock)
    share(cell, "early[.]example", provider=True)
    with browser(made, made.provider) as jon:
        young = jon.get("/products/new?form=weekly").text
        assert "The week 2025-W51" in young and "early.example" in young
    clock.advance(7 * DAY)
    with browser(made, made.provider) as jon:
        assert "The week 2025-W51" in jon.get("/products/new?form=weekly").text, "it is the last one now"
