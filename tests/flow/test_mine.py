"""A member's own page: what hits its assets, what its exports gained and lost, its sector, what its role is for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from fusioncell.exchange.detect import tables
from fusioncell.exchange.detect.model import DEFAULT_PROBABILITY, Change
from fusioncell.exchange.detect.select import CODES, chosen
from fusioncell.fusion.model import Standing
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


def look(made: MadeHub, party: Party | None = None) -> Change:
    hub, who = made.hub, viewer(made, party or made.provider)
    day = hub.clock.now() - DAY
    named = [row[0] for rows in hub.picture.named_by_each(who) for row in rows if row[2] >= day]
    return hub.feeds.change(who, named, hub.record.last_before(day, hub.record.head()[0]))


def change(made: MadeHub, party: Party) -> tuple[list[str], list[str]]:
    found = look(made, party)
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


# -- what a page tells of exports without making their tables: the same as they do, at once or after a round -----------


def counted(made: MadeHub) -> int:
    """Count what an export holds, from all that stands."""
    table = made.hub.fusion.standing(made.hub.record.visible_to(viewer(made, made.provider)))
    return int(chosen(table, CODES, DEFAULT_PROBABILITY, made.hub.clock.now() // DAY).sum())


def total(change: Change) -> int | None:
    return None if change.counts is None else sum(change.counts.values())


def happenings(made: MadeHub) -> Iterator[None]:
    """Let evidence come, be spoken against, be withdrawn, fade, and some of it where the provider does not see it."""
    one, other = made.ministry.org, made.provider.org
    tell(made, other, "b.example")
    kept = [tell(made, one, *(f"a{n}.example" for n in range(40)))]
    yield
    pass_days(made, 2)
    yield
    kept.append(tell(made, other, *(f"a{n}.example" for n in range(20, 60)), "https://b.example/x"))
    yield
    tell(made, one, *(f"a{n}.example" for n in range(5)), verdict="benign")
    tell(made, other, *(f"a{n}.example" for n in range(5)), verdict="benign")
    yield
    tell(made, one, "hidden.example", tlp=Tlp.AMBER_STRICT)
    yield
    made.hub.intake.recall(viewer(made, made.provider), kept[1], "wrong")
    made.hub.settle()
    yield
    for _ in range(70):
        pass_days(made, 1)
        yield
    tell(made, one, "a7.example")
    yield


def anew(made: MadeHub) -> Change:
    """Look with nothing held."""
    made.hub.feeds._tables.clear()
    return look(made)


def test_a_look_tells_what_the_whole_table_tells(made: MadeHub) -> None:
    fell = 0
    for _ in happenings(made):
        found = look(made)
        assert total(found) == counted(made)
        assert found == anew(made)
        fell += found.losses
    assert fell == 56, "five of the ministry's were spoken against, told in four looks; on their day the other 36 faded"


def test_a_look_beside_a_table_that_is_not_mended_tells_the_same(
    made: MadeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    happening = happenings(made)
    next(happening)
    look(made)
    monkeypatch.setattr(tables.Tables, "table", lambda *_: pytest.fail("a page made or mended a table"))
    monkeypatch.setattr(tables.Tables, "_of_few", lambda *_: pytest.fail("a page read all"))
    fell = 0
    for _ in happening:
        found = look(made)
        assert total(found) == counted(made)
        fell += found.losses
    assert fell == 56


def test_much_is_counted_in_the_next_round_and_what_is_new_is_told_at_once(
    made: MadeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "MOST_READ", 10)
    tell(made, made.ministry.org, *(f"old{n}.example" for n in range(30)))
    pass_days(made, 2)
    tell(made, made.ministry.org, "new.example")
    read, standing = [], made.hub.fusion.standing

    def reading(audiences: frozenset[int], ids: Sequence[int] | None = None, *, before: int = 0) -> Standing:
        read.append(ids is None or len(ids) > 10)
        return standing(audiences, ids, before=before)

    monkeypatch.setattr(made.hub.fusion, "standing", reading)
    found = look(made)
    assert found.counts is None and [one.value for one in found.gained] == ["new.example"]
    with browser(made, made.provider) as jon:
        assert "being counted" in jon.get("/mine").text and "is being counted" in jon.get("/feeds").text
    assert not any(read), "no page reads all that there is"
    made.hub.feeds.round()
    assert read.count(True) == 1
    assert total(look(made)) == 31
    # More moves than a page reads: what is new is told, the sums follow with the round.
    tell(made, made.ministry.org, *(f"more{n}.example" for n in range(12)))
    assert len(look(made).gained) == 13
    made.hub.feeds.round()
    found = look(made)
    assert total(found) == 43 and len(found.gained) == 13
    with browser(made, made.provider) as jon:
        assert "13 gained, 0 lost since yesterday" in jon.get("/mine").text


def test_what_others_contribute_does_not_change_whether_there_are_sums(
    made: MadeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "MOST_READ", 10)
    tell(made, made.ministry.org, *(f"hidden{n}.example" for n in range(40)), tlp=Tlp.AMBER_STRICT)
    tell(made, made.ministry.org, "new.example")
    assert total(look(made)) == 1
    tell(made, made.ministry.org, *(f"hidden{n}.example" for n in range(40, 80)), tlp=Tlp.AMBER_STRICT)
    tell(made, made.ministry.org, "newer.example")
    found = look(made)
    assert total(found) == 2 and len(found.gained) == 2
