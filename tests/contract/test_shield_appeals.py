"""Anyone is told why a name is blocked; an appeal is decided by another person, and what was written is erased."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest

from blocking import accuse, block, blocked, someone
from databases import rebuild
from fusioncell.bootstrap import Hub
from fusioncell.kernel.clock import DAY, HOUR, MINUTE, ManualClock
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from fusioncell.shield.appeals import Filed
from fusioncell.shield.appeals.model import KEEP_SAID, MOST_OPEN, State, TooManyQuestions

FILED = Filed("We sell shoes. Nothing else.", "owner", "jo@shop.example")


class Zone:
    """What the holders of names publish: stands in for a resolver."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def record_of(self, name: str) -> str:
        return f"_fusioncell.{name}"

    def text_for(self, subject: str, name: str) -> str:
        return f"proof={sha256(f'{subject} {name}'.encode()).hexdigest()[:20]}"

    def stands(self, subject: str, name: str) -> bool:
        return self.texts.get(self.record_of(name)) == self.text_for(subject, name)


@pytest.fixture
def zone(hub: Hub) -> Zone:
    hub.shielding.appeals.proofs = Zone()
    return hub.shielding.appeals.proofs


def lodge(hub: Hub, name: str = "shop.example", filed: Filed = FILED) -> tuple[str, str]:
    made, code = hub.shielding.appeals.lodge(name, filed)
    hub.settle()
    return made.id, code


def test_anyone_is_told_what_blocks_a_name_and_what_is_not_blocked(hub: Hub) -> None:
    block(hub, "shop.example")
    appeals = hub.shielding.appeals
    name, found = appeals.why("WWW.Shop.Example.")
    assert name == "www.shop.example" and found is not None
    assert found.by == "shop.example" and found.until > found.since > 0 and found.policy[0] > 0
    for free in ("top.example", "notshop.example", "free.example"):
        assert appeals.why(free)[1] is None
    with pytest.raises(BadInput):
        appeals.why("no name")


def test_what_waits_or_is_an_exercise_is_not_told(hub: Hub) -> None:
    accuse(hub, "waits.example", "Gov", "Bank")
    hub.settle()
    assert hub.shielding.appeals.why("waits.example")[1] is None


def test_an_upheld_appeal_lifts_bars_grades_and_calls_it_benign(hub: Hub) -> None:
    block(hub, "shop.example")
    appeals, bank = hub.shielding.appeals, someone(hub, "Bank")
    which, code = lodge(hub)
    assert appeals.one(bank, which).contact == "jo@shop.example"
    appeals.decide(bank, which, uphold=True, reason="A shop: we looked.")
    hub.settle()
    assert blocked(hub) == set() and appeals.why("shop.example")[1] is None
    assert [one.name for one in hub.shielding.lifts.bars(bank)] == ["shop.example"]
    told = appeals.of_code(code)
    assert (told.state, told.reason, told.text, told.contact) == (State.UPHELD, "A shop: we looked.", "", "")
    accused = {someone(hub, org).org: org for org in ("Gov", "Bank")}
    verdicts = hub.verdicts.by_source(hub.record.visible_to(bank), frozenset())
    assert {accused[source] for source, (_, fell) in verdicts.items() if fell} == {"Gov", "Bank"}
    with hub.databases["projections"].read() as connection:
        benign = connection.rows("SELECT count(*) FROM fusion_claim WHERE stance = 3")
    assert benign == [(1,)]


def test_who_approved_the_block_does_not_decide_on_it(hub: Hub) -> None:
    block(hub, "shop.example")
    which, _ = lodge(hub)
    appeals = hub.shielding.appeals
    with pytest.raises(Conflict, match="approved this block"):
        appeals.decide(someone(hub, "Gov"), which, uphold=False, reason="It is a fraud.")
    bank = someone(hub, "Bank")
    for viewer in (replace(bank, person=None), replace(bank, permissions=frozenset({"read"}))):
        with pytest.raises(NotAllowed):
            appeals.decide(viewer, which, uphold=True, reason="It is a shop.")
    with pytest.raises(BadInput):
        appeals.decide(bank, which, uphold=True, reason=" ")
    assert blocked(hub) == {"shop.example"}


def test_a_refused_appeal_leaves_the_block(hub: Hub) -> None:
    block(hub, "shop.example")
    which, code = lodge(hub)
    appeals, bank = hub.shielding.appeals, someone(hub, "Bank")
    appeals.decide(bank, which, uphold=False, reason="It asks for cards of other banks.")
    hub.settle()
    assert blocked(hub) == {"shop.example"} and appeals.of_code(code).state is State.REFUSED
    with pytest.raises(Conflict, match="already"):
        appeals.decide(bank, which, uphold=True, reason="A shop after all.")


def test_who_appealed_takes_it_back_and_what_they_wrote_is_erased(hub: Hub) -> None:
    block(hub, "shop.example")
    which, code = lodge(hub)
    appeals, bank = hub.shielding.appeals, someone(hub, "Bank")
    appeals.withdraw(code)
    hub.settle()
    one = appeals.one(bank, which)
    assert (one.state, one.text, one.contact) == (State.WITHDRAWN, "", "")
    assert not any(b"shoes" in entry.payload.body for entry in hub.record.read_after(0, blocks=1000) if entry.payload)
    hub.record.verify()


def test_what_was_written_is_erased_in_time_and_a_rebuild_ends_the_same(hub: Hub) -> None:
    block(hub, "shop.example")
    which, _ = lodge(hub)
    appeals, bank = hub.shielding.appeals, someone(hub, "Bank")
    appeals.decide(bank, which, uphold=False, reason="It is a fraud.")
    hub.settle()
    assert isinstance(hub.clock, ManualClock)
    assert appeals.tidy() == 0 and appeals.one(bank, which).text
    hub.clock.advance(KEEP_SAID + 1)
    assert appeals.tidy() == 1
    hub.settle()
    assert appeals.one(bank, which).text == "" and appeals.tidy() == 0
    before = appeals.listed(bank)
    rebuild(hub)
    hub.river.run_dry()
    assert len(before) == 1 and appeals.listed(bank) == before and not any(
        b"jo@shop" in entry.payload.body for entry in hub.record.read_after(0, blocks=1000) if entry.payload)


def test_the_owner_proves_the_name_and_is_heard_sooner(hub: Hub, zone: Zone) -> None:
    block(hub, "shop.example")
    which, code = lodge(hub)
    appeals, bank = hub.shielding.appeals, someone(hub, "Bank")
    assert appeals.one(bank, which).due - appeals.one(bank, which).at == 24 * HOUR
    with pytest.raises(Conflict):
        appeals.prove(code)
    zone.texts["_fusioncell.shop.example"] = zone.text_for("another appeal", "shop.example")
    with pytest.raises(Conflict):
        appeals.prove(code)
    zone.texts["_fusioncell.shop.example"] = zone.text_for(which, "shop.example")
    appeals.prove(code)
    hub.settle()
    one = appeals.one(bank, which)
    assert one.proved_at and one.due - one.at == 4 * HOUR
    assert appeals.overdue() == (1, 0)
    assert isinstance(hub.clock, ManualClock)
    hub.clock.advance(5 * HOUR)
    assert appeals.overdue() == (1, 1)


def test_others_who_appealed_are_answered_with_it(hub: Hub) -> None:
    block(hub, "shop.example")
    which, code = lodge(hub)
    _, other = lodge(hub, "www.shop.example", Filed("I want my shoes.", "visitor"))
    hub.shielding.appeals.decide(someone(hub, "Bank"), which, uphold=True, reason="A shop.")
    hub.settle()
    assert {hub.shielding.appeals.of_code(each).state for each in (code, other)} == {State.UPHELD}


def test_after_a_lift_an_appeal_is_still_answered(hub: Hub) -> None:
    block(hub, "shop.example")
    which, code = lodge(hub)
    hub.shielding.lifts.lift(someone(hub, "Gov"), {"name": "shop.example"}, "a shop")
    hub.settle()
    hub.shielding.appeals.decide(someone(hub, "Bank"), which, uphold=True, reason="It was lifted.")
    hub.settle()
    assert hub.shielding.appeals.of_code(code).state is State.UPHELD
    assert len(hub.shielding.lifts.lifts(someone(hub, "Gov"))) == 1


@pytest.mark.parametrize(("filed", "place"), [
    (Filed(" "), "text"), (Filed("x" * 5000), "text"), (Filed("x", "king"), "role"),
    (Filed("x", "owner", "y" * 300), "contact"),
])  # fmt: skip
def test_what_cannot_be_an_appeal_is_said(hub: Hub, filed: Filed, place: str) -> None:
    block(hub, "shop.example")
    with pytest.raises(BadInput) as fault:
        hub.shielding.appeals.lodge("shop.example", filed)
    assert fault.value.place == place


def test_appeals_are_bounded_and_only_blocked_names_have_them(hub: Hub) -> None:
    block(hub, "shop.example")
    with pytest.raises(Conflict):
        lodge(hub, "free.example")
    for _ in range(MOST_OPEN):
        lodge(hub)
    with pytest.raises(TooManyQuestions):
        lodge(hub)
    assert isinstance(hub.clock, ManualClock)
    hub.clock.advance(DAY)
    with pytest.raises(TooManyQuestions):
        lodge(hub)


def test_a_code_opens_its_own_appeal_only(hub: Hub) -> None:
    block(hub, "shop.example")
    lodge(hub)
    for code in ("", "x", "0" * 40, "\ud800"):
        with pytest.raises(NotFound):
            hub.shielding.appeals.of_code(code)


def test_questions_are_bounded_by_an_address_that_is_not_kept(hub: Hub) -> None:
    brake = hub.shielding.appeals.brake
    for _ in range(60):
        brake.count("192.0.2.7")
    with pytest.raises(TooManyQuestions):
        brake.count("192.0.2.7")
    brake.count("192.0.2.8")
    assert "192.0.2" not in repr(vars(brake)) and not any(b"192.0.2" in key for key in brake._asked)
    assert isinstance(hub.clock, ManualClock)
    hub.clock.advance(MINUTE)
    brake.count("192.0.2.7")
    assert len(brake._asked) == 1
