"""Nobody's mailbox is flooded by invitations and tests: bounds for an address and a day, and for an organisation."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fusioncell.bootstrap import Hub
from fusioncell.kernel.clock import DAY, ManualClock, parse_instant
from fusioncell.kernel.errors import Conflict
from fusioncell.kernel.marking import Viewer, org
from fusioncell.members.model import TooManyMails
from fusioncell.members.signing import slow_down

NOON = parse_instant("2026-06-01T12:00:00Z")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def hub(open_again: Callable[..., Hub], clock: ManualClock) -> Hub:
    return open_again(clock=clock)


def lead_of(hub: Hub, name: str) -> Viewer:
    made = hub.members.add_organisation(name, "finance", "industry")
    who = hub.members.add_person(made.id, f"Lead of {name}", f"lead@{name}.example".lower(), ["member", "lead"])
    found = hub.members.viewer_of(f"person:{who.id}")
    assert found is not None
    return found


def mails(hub: Hub) -> int:
    return hub.mail.standing().waiting


def test_one_address_gets_so_many_guest_links_a_day_and_is_told_when_to_try_again(hub: Hub, clock: ManualClock) -> None:
    host = lead_of(hub, "Bank")
    group = hub.circles.make_group("Circle", [org(host.org or "")])
    guest, _ = hub.circles.admit_guest(host, group.id, "Vera", "Vera@victim.example", "Victim Ltd")
    for _ in range(slow_down.MOST_TO_ONE_OF - 1):
        hub.circles.guest_link(host, group.id, guest.person)
    before = mails(hub)
    with pytest.raises(TooManyMails) as refused:
        hub.circles.guest_link(host, group.id, guest.person)
    assert (refused.value.status, refused.value.wait) == (429, 12 * 3600)
    assert "tomorrow" in refused.value.hint
    # As another guest, by another spelling of the address: refused too, and nobody is let in.
    people = len(hub.circles.seen(host, group.id).guests)
    with pytest.raises(TooManyMails):
        hub.circles.admit_guest(host, group.id, "Vera", "vera+more@VICTIM.example", "Victim Ltd")
    assert (mails(hub), len(hub.circles.seen(host, group.id).guests)) == (before, people)
    clock.advance(12 * 3600 * 1_000_000)
    hub.circles.guest_link(host, group.id, guest.person)
    assert mails(hub) == before + 1


def test_contacts_made_anew_do_not_test_the_same_mailbox_for_ever(hub: Hub) -> None:
    lead = lead_of(hub, "Bank")
    for number in range(slow_down.MOST_TO_ONE_OF + 1):
        one = hub.directory.set_contact(lead, name=f"Duty {number}", phone="+44 1632 960001", email="d@victim.example")
        if number < slow_down.MOST_TO_ONE_OF:
            hub.directory.ask_contact(lead, one.id)
        else:
            with pytest.raises(TooManyMails):
                hub.directory.ask_contact(lead, one.id)
        hub.directory.remove_contact(lead, one.id)
    assert mails(hub) == slow_down.MOST_TO_ONE_OF


def test_many_organisations_together_do_not_either(hub: Hub) -> None:
    leads = [lead_of(hub, f"Bank{number}") for number in range(5)]
    sent = 0
    for lead in leads:
        for _ in range(slow_down.MOST_TO_ONE_OF):
            try:
                hub.signing.brake_mail(lead.org or "", "d@victim.example")
                sent += 1
            except TooManyMails as fault:
                assert "This address" in fault.detail
    assert sent == slow_down.MOST_TO_ONE


def test_an_organisation_invites_so_many_a_day(hub: Hub, monkeypatch: pytest.MonkeyPatch, clock: ManualClock) -> None:
    monkeypatch.setattr(slow_down, "MOST_OF_ONE", 2)
    lead, other = lead_of(hub, "Bank"), lead_of(hub, "Carrier")
    for name in ("Ann", "Ben"):
        hub.accounts.invite(lead, lead.org or "", name, f"{name}@new.example", ["member"])
    with pytest.raises(TooManyMails, match="Your organisation has caused"):
        hub.accounts.invite(lead, lead.org or "", "Cat", "cat@new.example", ["member"])
    assert hub.members.person_of_email("cat@new.example") is None
    hub.accounts.invite(other, other.org or "", "Cat", "cat@new.example", ["member"])
    clock.advance(DAY)
    hub.accounts.invite(lead, lead.org or "", "Dan", "dan@new.example", ["member"])
    with pytest.raises(Conflict):
        hub.accounts.invite(lead, lead.org or "", "Ann", "ann@new.example", ["member"])
