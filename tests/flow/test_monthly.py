"""The monthly summary, and a sector's: from the record to the same bytes, in the words and bounds of a month."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from flow.test_products import Cell
from flow.test_weekly import lines, share
from fusioncell.cli.main import main
from fusioncell.kernel.clock import DAY, HOUR, ManualClock, format_day, parse_instant
from fusioncell.kernel.errors import BadInput
from fusioncell.picture.weekly import month_named, month_of
from hubs import MadeHub, browser, make_hub

FIRST = parse_instant("2026-03-01T00:00:00Z")


@pytest.fixture
def made(tmp_path: Path) -> Iterator[MadeHub]:
    made = make_hub(tmp_path / "hub", clock=ManualClock(FIRST - 40 * DAY))
    yield made
    made.hub.close()


@pytest.fixture
def cell(made: MadeHub) -> Cell:
    return Cell(made)


def test_a_month_looks_back_at_the_month_before_and_at_three(cell: Cell) -> None:
    hub, clock = cell.hub, cell.hub.clock
    assert isinstance(clock, ManualClock)
    share(cell, "old[.]example again")  # in January: known, and not of the month before
    clock.advance(20 * DAY)
    share(cell, "feb[.]example again")
    clock.advance(20 * DAY + HOUR)
    share(cell, "old[.]example, feb[.]example and new[.]example")
    share(cell, "feb[.]example, old[.]example", provider=True)
    clock.advance(40 * DAY)
    found = hub.weekly.summary(cell.ministry, "2026-03", month=True)
    assert found.title == "The month 2026-03" and "from 2026-03-01 to 2026-03-31" in found.text
    assert lines(found.text) == [
        "- [[observable:domain-name:new.example]], by 1 contributor",
        "- [[observable:domain-name:feb.example]], by 2 contributors, 1 the month before",
        "- [[observable:domain-name:old.example]], by 2 contributors, 0 the month before",
    ]
    assert hub.weekly.summary(cell.ministry, month=True).text == found.text, "the last month"
    assert hub.weekly.summary(cell.author, "2026-03", month=True).text == found.text, "whoever asks"


def test_a_sector_is_of_its_contributors_alone(cell: Cell) -> None:
    clock = cell.hub.clock
    assert isinstance(clock, ManualClock)
    clock.advance(41 * DAY)
    share(cell, "shared[.]example and works[.]example")
    share(cell, "shared[.]example and telco[.]example", provider=True)
    clock.advance(31 * DAY)
    found = cell.hub.weekly.summary(cell.ministry, "2026-03", month=True, sector="telecommunications")
    assert found.title == "The month 2026-03 in telecommunications"
    assert lines(found.text)[:2] == ["- [[observable:domain-name:shared.example]], by 1 contributor",
                                     "- [[observable:domain-name:telco.example]], by 1 contributor"]  # fmt: skip
    assert "works" not in found.text and "## By sector" not in found.text
    week = cell.hub.weekly.summary(cell.ministry, "2026-W10", sector="telecommunications")
    assert week.title == "The week 2026-W10 in telecommunications"
    with pytest.raises(BadInput, match="no member works"):
        cell.hub.weekly.summary(cell.ministry, sector="magic")


def test_the_page_and_the_command_write_it(made: MadeHub, cell: Cell, tmp_path: Path) -> None:
    clock = cell.hub.clock
    assert isinstance(clock, ManualClock)
    clock.advance(41 * DAY)
    share(cell, "telco[.]example", provider=True)
    clock.advance(31 * DAY)
    with browser(made, made.provider) as jon:
        assert "The month 2026-03" in jon.get("/products/new?form=monthly").text
        page = jon.get("/products/new?form=sector&sector=telecommunications").text
        assert "The month 2026-03 in telecommunications" in page and "telco.example" in page
        assert jon.get("/products/new?form=sector&sector=magic").status_code == 400
        assert jon.get("/products/new?form=sector").status_code == 200
        assert "form=sector&amp;sector=telecommunications" in jon.get("/situation?sector=telecommunications").text
        answer = jon.get("/api/products/monthly?month=2026-03&sector=telecommunications").json()
        assert answer["month"] == "2026-03" and "telco.example" in answer["text"]
        assert jon.get("/api/products/monthly?month=2026-13").status_code == 400
    made.hub.close()
    asked = ["product", "monthly", "--data", str(tmp_path / "hub"), "--month", "2026-03", "--json"]
    done = CliRunner().invoke(main, asked)
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["title"] == "The month 2026-03"


@given(st.integers(1970, 2400), st.integers(1, 12))
def test_months_follow_each_other(year: int, month: int) -> None:
    one = month_named(f"{year:04}-{month:02}")
    after = month_of(one.end)
    assert month_of(one.start) == month_of(one.end - 1) == one
    assert (after.start, after.last) == (one.end, one.start)
    assert format_day(one.start) == f"{one.name}-01" and 28 * DAY <= one.end - one.start <= 31 * DAY


@pytest.mark.parametrize("name", ["2026-00", "2026-13", "2026-1", "0000-01", "2026-W01", "x"])
def test_what_names_no_month_is_refused(name: str) -> None:
    with pytest.raises(BadInput):
        month_named(name)


def test_the_last_of_all_months_has_an_end() -> None:
    assert month_named("9999-12").end > month_named("9999-12").start
