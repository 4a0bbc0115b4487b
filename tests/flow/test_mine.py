"""A member's own page: what hits its assets, what its exports gained and lost, its sector, what its role is for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import DAY, ManualClock, parse_instant
from fusioncell.kernel.marking import Tlp, Viewer
from hubs import MadeHub, Party, browser, make_hub, visitor

START = parse_instant("2026-11-22T08:00:00Z")


@pytest.fixture
def made(tmp_path: Path) -> Iterator[MadeHub]:
    hub = make_hub(tmp_path / "hub", clock=ManualClock(START))
    yield hub
    hub.hub.close()


def tell(made: MadeHub, org: str, *values: str, tlp: Tlp = Tlp.GREEN, verdict: str = "malicious") -> str:
    viewer = made.hub.members.operator_viewer(org)
    assert viewer is not None
    body = "value,type,verdict\n" + "".join(f"{value},,{verdict}\n" for value in values)
    kept = made.hub.intake.accept(viewer, body.encode(), "text/csv", Terms(tlp, ()))
    made.hub.settle()
    return kept.contribution


def pass_days(made: MadeHub, days: int) -> None:
    clock = made.hub.clock
    assert isinstance(clock, ManualClock)
    clock.advance(days * DAY)


def viewer(made: MadeHub, party: Party) -> Viewer:
    found = made.hub.members.viewer_of(f"person:{party.person}")
    assert found is not None
    return found


def own(made: MadeHub, name: str) -> None:
    """The provider's name is proved to be its own."""
    lead = made.hub.members.add_person(made.provider.org, "Lea Lead", "lea@northern.example", ["lead"])
    made.hub.settle()
    claimed = made.hub.assets.claim(viewer(made, Party(made.provider.org, lead.id, "")), name)
    made.hub.settle()
    made.hub.assets.approve(viewer(made, made.ministry), claimed.id, "The registry says so.")
    made.hub.settle()


def test_what_is_named_within_ones_own_stands_there_for_ones_own_alone(made: MadeHub) -> None:
    own(made, "northern.example")
    tell(made, made.ministry.org, "shop.northern.example", "evil.example")
    with browser(made, made.provider) as jon:
        page = jon.get("/mine").text
        assert "shop[.]northern[.]example" in page and "within <code>northern.example</code>" in " ".join(page.split())
        hits = page.partition('aria-labelledby="h-hits"')[2].partition("</section>")[0]
        assert "evil" not in hits
    with browser(made, made.ministry) as ada:
        page = ada.get("/mine").text
        assert "northern.example</code>" not in page and "Your organisation has proved no network" in page


def change(made: MadeHub, party: Party) -> tuple[list[str], list[str]]:
    hub, who = made.hub, viewer(made, party)
    day = hub.clock.now() - DAY
    numbers = [row[0] for rows in hub.picture.named_by_each(who) for row in rows if row[2] >= day]
    found = hub.feeds.change(who, numbers, hub.record.last_before(day, hub.record.head()[0]))
    return [one.value for one in found.gained], [one.value for one in found.lost]


def test_exports_gain_what_is_new_and_lose_what_was_called_harmless_or_faded(made: MadeHub) -> None:
    tell(made, made.ministry.org, "old.example", "wrong.example")
    assert change(made, made.provider) == (["old.example", "wrong.example"], [])
    pass_days(made, 2)
    assert change(made, made.provider) == ([], [])
    tell(made, made.ministry.org, "new.example", "old.example")
    tell(made, made.provider.org, "wrong.example", verdict="benign")
    assert change(made, made.provider) == (["new.example"], ["wrong.example"])
    with browser(made, made.provider) as jon:
        page = jon.get("/mine").text
        assert "1 gained, 1 lost since yesterday" in page
    # On the day on which a value ends it is lost, and on no other.
    seen = made.hub.record.visible_to(viewer(made, made.provider))
    table = made.hub.fusion.standing(seen)
    last = int(table.days.max())
    pass_days(made, last - made.hub.clock.now() // DAY)
    assert change(made, made.provider) == ([], ["new.example", "old.example"])
    pass_days(made, 1)
    assert change(made, made.provider) == ([], [])


def test_hidden_claims_gain_and_lose_nothing(made: MadeHub) -> None:
    tell(made, made.ministry.org, "old.example")
    pass_days(made, 2)
    tell(made, made.ministry.org, "hidden.example", tlp=Tlp.AMBER_STRICT)
    tell(made, made.ministry.org, "old.example", tlp=Tlp.AMBER_STRICT, verdict="benign")
    assert change(made, made.provider) == ([], [])
    assert change(made, made.ministry)[0] == ["hidden.example"]


def test_what_is_withdrawn_is_not_listed(made: MadeHub) -> None:
    kept = tell(made, made.ministry.org, "evil.example")
    made.hub.intake.recall(viewer(made, made.ministry), kept, "wrong")
    made.hub.settle()
    assert change(made, made.provider) == ([], [])
    with browser(made, made.provider) as jon:
        assert "evil" not in jon.get("/mine").text


def test_each_role_finds_what_it_is_for(made: MadeHub) -> None:
    tell(made, made.ministry.org, "evil.example")
    police = made.hub.members.add_person(made.ministry.org, "Pia Police", "pia@works.example", ["police"])
    made.hub.settle()
    wanted = {made.provider: "First in triage", made.approver: "Blocks that wait for you",
              Party(made.ministry.org, police.id, ""): "Accounts, wallets and numbers named lately"}  # fmt: skip
    for party, title in wanted.items():
        with browser(made, party) as client:
            page = client.get("/mine").text
            assert [each for each in wanted.values() if each in page] == [title]
            assert "Questions that wait for an answer" in page


def test_the_situation_and_what_is_not_seen(made: MadeHub) -> None:
    tell(made, made.ministry.org, "evil.example")
    with browser(made, made.provider) as jon:
        page = jon.get("/situation?days=7").text
        assert "Government" in page and "Items a day" in page
        assert "The situation in government" in jon.get("/situation?days=7&sector=government").text
        assert "The situation over time" in jon.get("/situation?sector=nowhere").text
        assert jon.get("/situation?days=8").status_code == 400
        page = jon.get("/coverage").text
        assert "Nobody named a value of the type IBAN" in page
        assert "The partnership is too small to say it without naming anybody." in page
    with visitor(made) as nobody:
        for path in ("/situation", "/coverage", "/mine"):
            assert nobody.get(path).status_code == 303
        for path in ("/api/situation", "/api/coverage"):
            assert nobody.get(path).status_code == 403
