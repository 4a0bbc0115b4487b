"""Joining and accounts on both databases: entries, projections, a rebuild to the same rows, and erasure."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from databases import dump, rebuild
from fusioncell.bootstrap import Hub
from fusioncell.kernel.clock import DAY, ManualClock, parse_instant
from fusioncell.kernel.errors import Conflict, NotFound
from fusioncell.kernel.marking import Viewer
from fusioncell.members.accounts.model import IdleRule, Step
from fusioncell.members.accounts.weigh import step_of
from fusioncell.members.joining import TERMS, Sponsored, State, fill_in, model
from fusioncell.members.joining import project as projection
from fusioncell.members.joining.decide import sponsored_by
from fusioncell.members.joining.model import TooManyApplications

FORM = {
    "name": "Example Bank", "sector": "finance", "kind": "industry", "applicant": "Bo Lind",
    "email": "bo@bank.example", "why": "We see phishing each day.", "sponsor": "Works",
}  # fmt: skip
START = parse_instant("2026-06-01T12:00:00Z")


def sign_in(hub: Hub, person: str) -> Viewer:
    signed = hub.signing.open_link(hub.members.make_link(person).reveal())
    found = hub.members.viewer_for_session(signed.session.reveal())
    assert found is not None
    return found


def found(hub: Hub) -> tuple[Viewer, Viewer]:
    """Admit a sponsor's organisation and a vetter's; return (sponsor, vetter)."""
    works, cell = (hub.members.add_organisation(name, "gov", "government") for name in ("Works", "Cell"))
    one = hub.members.add_person(works.id, "Ada", "ada@works.example", ["member"])
    two = hub.members.add_person(cell.id, "Vera", "vera@cell.example", ["secretary"])
    return sign_in(hub, one.id), sign_in(hub, two.id)


def joined(hub: Hub, sponsor: Viewer, vetter: Viewer, **changed: str) -> model.Application:
    hub.joining.apply(fill_in({**FORM, **changed}), "192.0.2.1")
    one = hub.joining.applications([State.ASKED])[0]
    hub.joining.stand(sponsor, one.id, "We know them well enough.")
    return hub.joining.accept(vetter, one.id, "checked")[0]


def test_the_story_is_rebuilt_to_the_same_rows(hub: Hub) -> None:
    sponsor, vetter = found(hub)
    one = joined(hub, sponsor, vetter)
    lead = sign_in(hub, one.person)
    assert not lead.member and not lead.parties
    hub.joining.accept_terms(lead, TERMS[-1].version)
    again = hub.members.organisation(one.organisation)
    assert again.bound
    joined(hub, sponsor, vetter, name="Second", email="s@second.example")
    hub.joining.apply(fill_in({**FORM, "name": "Third"}), "192.0.2.1")
    kim, _ = hub.accounts.invite(sign_in(hub, one.person), one.organisation, "Kim", "kim@bank.example", ["member"])
    hub.accounts.remove(sign_in(hub, one.person), kim.id)
    before = dump(hub.databases["projections"])
    assert before["members_application"] and before["members_sponsorship"] and before["members_terms"]
    rebuild(hub)
    hub.settle()
    assert dump(hub.databases["projections"]) == before


def test_two_answers_and_two_decisions_the_first_counts(hub: Hub) -> None:
    sponsor, vetter = found(hub)
    one = joined(hub, sponsor, vetter)
    with pytest.raises(Conflict):
        hub.joining.stand(sponsor, one.id, "We know them well enough.")
    with pytest.raises(Conflict):
        hub.joining.accept(vetter, one.id, "again")
    with pytest.raises(Conflict):
        hub.joining.refuse(vetter, one.id, "on second thoughts")


def test_a_taken_name_or_address_lets_nothing_in(hub: Hub) -> None:
    sponsor, vetter = found(hub)
    for changed in ({"name": "cell"}, {"email": "vera@cell.example"}):
        count = len(hub.members.organisations())
        with pytest.raises(Conflict):
            joined(hub, sponsor, vetter, **changed)
        assert len(hub.members.organisations()) == count


@pytest.mark.parametrize("sponsor", ["Works", "Nobody Ltd"])
def test_who_floods_one_sponsor_closes_no_others_door(hub: Hub, monkeypatch: pytest.MonkeyPatch, sponsor: str) -> None:
    monkeypatch.setattr("fusioncell.members.joining.service.MOST_WAITING", 2)
    ada, vera = found(hub)
    for number, typed in enumerate((sponsor, f" {sponsor.upper()}")):
        hub.joining.apply(fill_in({**FORM, "name": f"Bank {number}", "sponsor": typed}), f"192.0.2.{number}")
    with pytest.raises(TooManyApplications) as refused:
        hub.joining.apply(fill_in({**FORM, "sponsor": sponsor}), "192.0.2.8")
    # Whether there is such a sponsor is not told.
    assert refused.value.status == 429 and refused.value.wait == 86_400
    assert "sponsor" in refused.value.detail and sponsor not in refused.value.detail
    hub.joining.apply(fill_in({**FORM, "sponsor": "Cell"}), "192.0.2.8")
    hub.joining.apply(fill_in({**FORM, "sponsor": "ada@works.example"}), "192.0.2.8")
    if sponsor == "Works":
        for one in hub.joining.asked(ada):
            hub.joining.stand(ada, one.id, "", confirmed=False)
        hub.joining.apply(fill_in({**FORM, "sponsor": sponsor}), "192.0.2.8")


def test_a_sponsors_day_is_bounded_and_the_next_one_is_open(open_again: Callable[..., Hub],
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fusioncell.members.joining.service.MOST_A_DAY", 1)
    clock = ManualClock(START)
    hub = open_again(clock=clock)
    hub.joining.apply(fill_in(FORM), "192.0.2.1")
    with pytest.raises(TooManyApplications):
        hub.joining.apply(fill_in(FORM), "192.0.2.2")
    clock.advance(DAY)
    hub.joining.apply(fill_in(FORM), "192.0.2.2")


def test_what_nobody_can_answer_pushes_out_only_its_like(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fusioncell.members.joining.store.MOST_UNNAMED", 3)
    monkeypatch.setattr("fusioncell.members.joining.store.MOST_ROWS", 4)
    ada, _ = found(hub)
    hub.joining.apply(fill_in({**FORM, "name": "Genuine"}), "192.0.2.1")
    first = hub.joining.apply(fill_in({**FORM, "name": "Made up 0", "sponsor": "Made up 0"}), "192.0.2.2")
    for number in range(1, 6):
        hub.joining.apply(fill_in({**FORM, "name": f"Made up {number}", "sponsor": f"Made up {number}"}),
                          f"192.0.2.{number + 2}")  # fmt: skip
    waiting = [one.filled.name for one in hub.joining.applications([State.ASKED])]
    assert waiting == ["Made up 5", "Made up 4", "Made up 3", "Genuine"]
    assert hub.joining.state_of(first.reveal()).state is State.LAPSED
    assert [one.filled.name for one in hub.joining.asked(ada)] == ["Genuine"]
    before = dump(hub.databases["projections"])
    rebuild(hub)
    hub.settle()
    assert dump(hub.databases["projections"]) == before


def test_an_erased_application_is_gone_and_who_sponsored_stays(hub: Hub) -> None:
    sponsor, vetter = found(hub)
    one = joined(hub, sponsor, vetter)
    database = hub.databases["projections"]
    with database.read() as connection:
        seq = connection.rows("SELECT seq FROM members_application WHERE id = ?", (one.id,))[0][0]
    assert hub.record.erase(seq)
    with database.write() as connection:
        projection.purge(connection, seq)
    with pytest.raises(NotFound):
        hub.joining.application(one.id)
    assert [each.org for each in hub.joining.sponsored_by(sponsor.org or "")] == [one.organisation]
    before = dump(database)
    rebuild(hub)
    hub.settle()
    assert dump(database) == before


def test_last_use_outlives_the_session(open_again: Callable[..., Hub]) -> None:
    clock = ManualClock(START)
    hub = open_again(clock=clock)
    sponsor, _ = found(hub)
    clock.advance(100 * DAY)
    sign_in(hub, sponsor.person or "")
    for _ in range(3):
        clock.advance(30 * DAY)
        hub.members.tidy()
    clock.advance(10 * DAY)
    idle = {one.person.id for one in hub.accounts.run_idle()}
    assert sponsor.person not in idle and len(idle) == 1
    before = dump(hub.databases["projections"])
    rebuild(hub)
    hub.settle()
    assert dump(hub.databases["projections"]) == before


@pytest.mark.parametrize(("last", "noticed", "now", "step"), [
    (0, 0, 10, Step.NOTICE_DUE),
    (1, 0, 10, Step.ACTIVE),
    (0, 10, 14, Step.GRACE),
    (0, 10, 15, Step.REMOVAL_DUE),
    (12, 10, 21, Step.ACTIVE),
    (12, 10, 22, Step.NOTICE_DUE),
])
def test_the_steps_of_an_idle_account(last: int, noticed: int, now: int, step: Step) -> None:
    start = 1000 * DAY
    told = start + noticed * DAY if noticed else 0
    assert step_of(start + last * DAY, told, start + now * DAY, IdleRule(10, 5))[0] is step


def test_a_circle_of_sponsors_ends() -> None:
    parties = {a: [Sponsored(b, a, "p", 0)] for a, b in (("a", "b"), ("b", "c"), ("c", "a"))}
    assert [(one.org, one.depth) for one in sponsored_by(parties, "a")] == [("b", 1), ("c", 2)]
