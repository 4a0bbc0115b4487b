"""What the shield does when much is due, when two propose at once, and what the stream says in which order."""

from __future__ import annotations

import pytest

import fusioncell.shield.service
from fusioncell.bootstrap import Hub
from fusioncell.exchange.live import LiveEvent
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import DAY, format_instant
from fusioncell.kernel.errors import Conflict
from fusioncell.kernel.marking import Tlp, Viewer
from fusioncell.shield.model import State


def viewer_of(hub: Hub, name: str) -> Viewer:
    found = hub.members.operator_viewer(name)
    assert found is not None
    return found


@pytest.fixture
def partners(hub: Hub) -> Hub:
    for name in ("Gov", "Bank"):
        hub.members.add_organisation(name, name.lower(), "industry")
    return hub


def name(hub: Hub, value: str, age: int = 0) -> None:
    """Both partners name a domain as the attacker's, some days ago."""
    stated = format_instant(hub.clock.now() - age * DAY)
    for partner in ("Gov", "Bank"):
        body = f"domain,last_seen,comment\n{value},{stated},by {partner}\n".encode()
        hub.intake.accept(viewer_of(hub, partner), body, "text/csv", Terms(tlp=Tlp.GREEN))


def test_names_whose_evidence_has_faded_do_not_keep_others_waiting(
    partners: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fusioncell.shield.service, "_MAX_DUE", 2)
    for value in ("a.example", "b.example", "c.example"):
        name(partners, value, age=13)
    name(partners, "z.example")
    partners.river.run_dry()
    with partners.databases["projections"].read() as connection:
        due = [row[0] for row in connection.rows("SELECT name FROM shield_due ORDER BY name")]
    assert due == ["a.example", "b.example", "c.example", "z.example"]
    for _ in range(4):
        partners.shield.act()
        partners.river.run_dry()
    proposed = partners.shield.decisions(viewer_of(partners, "Gov"), [State.PROPOSED])
    assert [item.name for item in proposed] == ["z.example"]


def test_of_two_proposals_at_once_the_first_stands(partners: Hub) -> None:
    """Else the end of one would free a name that the other still blocks."""
    gov = viewer_of(partners, "Gov")
    first = partners.shield.propose(gov, "twice.example", "phishing", "seen by us")
    second = partners.shield.propose(gov, "twice.example", "phishing", "seen by me")
    partners.river.run_dry()
    assert [item.id for item in partners.shield.decisions(gov, [State.PROPOSED])] == [first] != [second]
    partners.shield.approve(gov, first)
    partners.river.run_dry()
    with pytest.raises(Conflict):
        partners.shield.approve(gov, first)
    partners.shield.follow()
    assert len(partners.shield.zone.image()) == 1


def test_a_recall_and_what_follows_it_are_streamed_in_order(partners: Hub) -> None:
    """A cursor says that all before it was sent: an event out of order would be lost, or repeated."""
    gov, seen = viewer_of(partners, "Gov"), list[LiveEvent]()
    gone = partners.intake.accept(gov, b"domain\ngone.example\n", "text/csv", Terms(tlp=Tlp.GREEN)).contribution
    partners.settle()
    partners.river.on_events(lambda events, position: seen.extend(events))
    partners.intake.recall(gov, gone, "")
    partners.intake.accept(gov, b"domain\nnext.example\n", "text/csv", Terms(tlp=Tlp.GREEN))
    partners.river.run_dry()
    assert [event.name for event in seen] == ["tombstone", "entry"]
    assert [event.seq for event in seen] == sorted(event.seq for event in seen)
