"""Groups, guests and contacts from end to end: nobody sees what was not for them, by joining, guessing or error."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import DAY, HOUR, MINUTE, ManualClock, parse_instant
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from fusioncell.kernel.marking import Tlp, Viewer, org, person
from fusioncell.members.circles import Openness, Place
from fusioncell.web.pages.actions import main_actions
from hubs import MadeHub, Party, browser, make_hub, visitor

START = parse_instant("2026-11-02T09:00:00Z")


class World:
    """A hub with a third organisation, and what the tests do again and again."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock(START)
        self.made: MadeHub = make_hub(folder, clock=self.clock)
        self.hub = self.made.hub
        members = self.hub.members
        other = members.add_organisation("Harbour Bank", "finance", "industry")
        kim = members.add_person(other.id, "Kim Roe", "kim@harbour.example", ["member"])
        self.ministry, self.provider = self.made.ministry, self.made.provider
        self.bank = Party(other.id, kim.id, members.make_key(other.id, role="member")[1].reveal())

    def viewer(self, party: Party) -> Viewer:
        found = self.hub.members.viewer_for_key(party.key)
        assert found is not None
        return found

    def someone(self, party: Party) -> Viewer:
        """A person, signed in by a link."""
        someone = self.hub.members.use_link(self.hub.members.make_link(party.person).reveal())
        assert someone is not None
        found = self.hub.members.viewer_for_session(self.hub.members.open_session(someone, "link").session.reveal())
        assert found is not None
        return found

    def post(self, party: Party, group: str, text: str, tlp: Tlp = Tlp.AMBER_STRICT) -> str:
        """Contribute a text to a group; return the contribution's id."""
        viewer = self.viewer(party)
        chosen = self.hub.circles.party_of(viewer, group)
        assert chosen is not None
        accepted = self.hub.intake.accept(viewer, text.encode(), "text/plain", Terms(tlp, (chosen,)))
        self.hub.settle()
        return accepted.contribution

    def sees(self, viewer: Viewer, contribution: str) -> bool:
        try:
            self.hub.picture.contribution(viewer, contribution)
        except NotFound:
            return False
        return True

    def client(self, party: Party) -> dict[str, str]:
        return {"Authorization": f"Bearer {party.key}"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "hub")
    yield made
    made.hub.close()


# -- joining -----------------------------------------------------------------------------------------------------------


def test_joining_never_shows_the_past_by_accident(world: World) -> None:
    circles = world.hub.circles
    group = circles.create(world.viewer(world.ministry), "Carriers", openness=Openness.OPEN)
    before = world.post(world.ministry, group.id, "Fake pages at early.example today")
    circles.join(world.viewer(world.provider), group.id)
    after = world.post(world.ministry, group.id, "Fake pages at late.example today")
    joined, founder = world.viewer(world.provider), world.viewer(world.ministry)
    assert [world.sees(joined, each) for each in (before, after)] == [False, True]
    assert [world.sees(founder, each) for each in (before, after)] == [True, True]
    circles.leave(joined, group.id)
    left = world.viewer(world.provider)
    assert not world.sees(left, after)
    circles.join(left, group.id)
    assert [world.sees(world.viewer(world.provider), each) for each in (before, after)] == [False, False]


def test_open_history_shows_the_past_and_says_so_before(world: World) -> None:
    circles = world.hub.circles
    group = circles.create(world.viewer(world.ministry), "Archive", openness=Openness.OPEN, open_history=True)
    before = world.post(world.ministry, group.id, "Fake pages at early.example today")
    outside = circles.seen(world.viewer(world.provider), group.id)
    assert (outside.place, outside.group.open_history) == (Place.OUTSIDE, True)
    (choice,) = circles.audience_choices(world.viewer(world.ministry))
    assert choice.open_history
    with browser(world.made, world.provider) as client:
        assert "who joins sees everything that was posted before" in client.get(f"/groups/{group.id}").text
    circles.join(world.viewer(world.provider), group.id)
    assert world.sees(world.viewer(world.provider), before)


def test_a_client_reads_how_to_name_a_group_in_a_marking(world: World) -> None:
    group = world.hub.circles.create(world.viewer(world.bank), "Finance", openness="open")
    world.hub.circles.join(world.viewer(world.provider), group.id)
    parties = (world.bank, world.provider, world.ministry)
    with visitor(world.made) as client:
        doors = [client.get(f"/api/groups/{group.id}", headers={"authorization": f"Bearer {each.key}"})
                 for each in parties]  # fmt: skip
    seen = [door.json().get("party") for door in doors]
    assert seen == [world.hub.circles.current(group.id), world.hub.circles.current(group.id), None]


def test_history_cannot_be_opened_later(world: World) -> None:
    group = world.hub.circles.create(world.viewer(world.ministry), "Carriers")
    with visitor(world.made) as client:
        answer = client.patch(f"/api/groups/{group.id}", json={"open_history": True},
                              headers=world.client(world.ministry))
    assert answer.status_code == 400
    assert "open_history" in answer.text


def test_owners_decide_on_requests(world: World) -> None:
    circles = world.hub.circles
    group = circles.create(world.viewer(world.ministry), "Carriers", openness=Openness.REQUEST)
    with pytest.raises(NotAllowed):
        circles.join(world.viewer(world.provider), group.id)
    circles.ask(world.viewer(world.provider), group.id, "We carry half of it.")
    (asking,) = circles.seen(world.viewer(world.ministry), group.id).askings
    assert (asking.party, asking.message) == (org(world.provider.org), "We carry half of it.")
    with pytest.raises(NotFound):
        circles.answer(world.viewer(world.bank), group.id, org(world.provider.org), accept=True)
    with pytest.raises(NotFound):
        circles.answer(world.viewer(world.provider), group.id, org(world.provider.org), accept=True)
    assert circles.seen(world.viewer(world.bank), group.id).askings == ()
    circles.answer(world.viewer(world.ministry), group.id, org(world.provider.org), accept=False)
    (told,) = circles.seen(world.viewer(world.provider), group.id).askings
    assert told.state == "declined"
    circles.ask(world.viewer(world.provider), group.id)
    circles.withdraw(world.viewer(world.provider), group.id, org(world.provider.org))
    circles.ask(world.viewer(world.provider), group.id)
    circles.answer(world.viewer(world.ministry), group.id, org(world.provider.org), accept=True)
    assert circles.seen(world.viewer(world.provider), group.id).place is Place.MEMBER


def test_only_owners_lead_and_they_hand_over(world: World) -> None:
    circles = world.hub.circles
    group = circles.create(world.viewer(world.provider), "Carriers", parties=[org(world.bank.org)])
    bank = world.viewer(world.bank)
    for act in (
        lambda: circles.admit(bank, group.id, [org(world.ministry.org)]),
        lambda: circles.remove(bank, group.id, org(world.provider.org)),
        lambda: circles.change(bank, group.id, name="Ours"),
        lambda: circles.set_owners(bank, group.id, [org(world.bank.org)]),
        lambda: circles.close(bank, group.id),
        lambda: circles.invite(bank, group.id, org(world.ministry.org)),
    ):
        with pytest.raises(NotAllowed):
            act()
    with pytest.raises(BadInput):
        circles.set_owners(world.viewer(world.provider), group.id, [org(world.ministry.org)])
    circles.set_owners(world.viewer(world.provider), group.id, [org(world.bank.org)])
    assert circles.change(bank, group.id, name="Ours").name == "Ours"
    circles.leave(bank, group.id)
    # No owner is left: then every member may decide, or the group would be nobody's.
    assert circles.change(world.viewer(world.provider), group.id, name="Mine").name == "Mine"
    circles.close(world.viewer(world.provider), group.id)
    assert circles.audience_choices(world.viewer(world.provider)) == []
    with pytest.raises(Conflict):
        circles.admit(world.viewer(world.provider), group.id, [org(world.bank.org)])


# -- a group by invitation ---------------------------------------------------------------------------------------------


def test_a_group_by_invitation_is_invisible_to_others(world: World) -> None:
    """To the administrator of another organisation too: every door answers as for a group that does not exist."""
    circles = world.hub.circles
    group = circles.create(world.viewer(world.provider), "Quiet room", openness=Openness.INVITATION)
    unknown = group.id[:-4] + ("0000" if not group.id.endswith("0000") else "1111")
    party = org(world.ministry.org)
    tries: list[tuple[str, str, Any]] = [
        ("GET", "", None), ("PATCH", "", {"name": "x"}), ("POST", "/join", None), ("POST", "/leave", None),
        ("POST", "/requests", {"message": "x"}), ("POST", "/invitations", {"party": party}),
        ("POST", f"/requests/{party}", {"answer": "accept"}), ("POST", "/members", {"parties": [party]}),
        ("DELETE", f"/members/{party}", None), ("DELETE", "/guests/x", None), ("POST", "/guests/x/link", None),
        ("PATCH", "/guests/x", {"days": 3}),
        ("POST", "/guests", {"name": "V", "email": "v@v.example", "organisation": "V"}),
    ]  # fmt: skip
    with visitor(world.made) as client:
        headers = {**world.client(world.ministry), "accept": "application/json"}
        for method, path, body in tries:
            more = {"json": body} if body else {}
            hidden, absent = (client.request(method, f"/api/groups/{which}{path}", headers=headers, **more)
                              for which in (group.id, unknown))  # fmt: skip
            assert (hidden.status_code, hidden.text) == (404, absent.text), (method, path)
        listed = client.get("/api/groups", headers=headers)
        assert listed.json() == {"groups": []}
    with browser(world.made, world.ministry) as client:
        assert client.get(f"/groups/{group.id}").status_code == 404
        for path in ("/groups", "/directory", "/contacts", "/account"):
            assert "Quiet room" not in client.get(path).text
    circles.invite(world.viewer(world.provider), group.id, party, "Come in")
    invited = circles.seen(world.viewer(world.ministry), group.id)
    assert (invited.place, invited.group.members) == (Place.INVITED, ())
    circles.answer(world.viewer(world.ministry), group.id, party, accept=True)
    assert circles.seen(world.viewer(world.ministry), group.id).place is Place.MEMBER
    with pytest.raises(NotFound):
        circles.seen(world.viewer(world.bank), group.id)


def test_an_event_room_opens_in_two_actions(world: World) -> None:
    accepted = world.hub.intake.accept(world.viewer(world.provider), b"Loader at bad.example", "text/plain",
                                       Terms(Tlp.GREEN))  # fmt: skip
    world.hub.settle()
    with browser(world.made, world.ministry) as client:
        form = client.get(f"/groups/room?about={accepted.contribution}")
        assert form.status_code == 200
        assert "Northern Broadband" in form.text
        found = re.search(r'name="csrf" value="([^"]+)"', form.text)
        assert found
        answer = client.post("/groups/new", data={
            "csrf": found[1], "about": accepted.contribution, "name": "Loader", "party-1": org(world.provider.org)})
        assert answer.status_code == 303
        page = client.get(answer.headers["location"])
        assert "Opened from" in page.text
    (seen,) = world.hub.circles.listed(world.viewer(world.provider))
    assert (seen.group.kind, seen.place, seen.count) == ("event", Place.MEMBER, 2)
    assert world.hub.circles.listed(world.viewer(world.bank)) == []


# -- guests ------------------------------------------------------------------------------------------------------------


def _guest(world: World, group: str) -> tuple[str, Any]:
    guest, link = world.hub.circles.admit_guest(world.viewer(world.provider), group, "Vera Lang", "vera@victim.example",
                                                "Victim Ltd", days=2)  # fmt: skip
    someone = world.hub.members.use_link(link.reveal())
    assert someone is not None
    return guest.person, world.hub.members.open_session(someone, "link").session.reveal()


def test_a_guest_sees_the_room_alone_and_loses_it_at_expiry(world: World) -> None:
    hub, circles = world.hub, world.hub.circles
    room = circles.open_room(world.viewer(world.provider), "", "Loader", [org(world.bank.org)])
    early = world.post(world.provider, room.id, "Seen at early.example")
    identifier, session = _guest(world, room.id)
    late = world.post(world.bank, room.id, "Seen at late.example", Tlp.AMBER)
    green = hub.intake.accept(world.viewer(world.bank), b"Seen at green.example", "text/plain", Terms(Tlp.GREEN))
    clear = hub.intake.accept(world.viewer(world.bank), b"Seen at clear.example", "text/plain", Terms(Tlp.CLEAR))
    other = circles.create(world.viewer(world.bank), "Other")
    elsewhere = world.post(world.bank, other.id, "Seen at other.example")
    hub.settle()
    guest = hub.members.viewer_for_session(session)
    assert guest is not None
    assert not guest.member
    seen = {each: world.sees(guest, each)
            for each in (early, late, green.contribution, clear.contribution, elsewhere)}  # fmt: skip
    assert list(seen.values()) == [False, True, False, True, False]
    assert [each.group.id for each in circles.listed(guest)] == [room.id]
    assert {one["href"]: one["count"] for one in main_actions(hub, guest)}["/groups"] == 1
    world.clock.advance(2 * DAY - MINUTE)
    # (A session that is left alone for an hour ends sooner.)
    renewed = circles.guest_link(world.viewer(world.provider), room.id, identifier)
    someone = hub.members.use_link(renewed.reveal())
    assert someone is not None
    session = hub.members.open_session(someone, "link").session.reveal()
    assert hub.members.viewer_for_session(session) is not None
    world.clock.advance(MINUTE)
    assert hub.members.viewer_for_session(session) is None
    assert not hub.members.is_in_good_standing(someone)
    missed = world.post(world.bank, room.id, "Seen while away.example")
    circles.renew_guest(world.viewer(world.bank), room.id, identifier, days=14)
    again = hub.members.viewer_for_session(session)
    assert again is not None
    assert [world.sees(again, each) for each in (late, missed)] == [False, False]
    circles.end_guest(world.viewer(world.provider), room.id, identifier)
    assert hub.members.viewer_for_session(session) is None


def test_a_guests_bounds(world: World) -> None:
    circles, provider = world.hub.circles, world.viewer(world.provider)
    room = circles.open_room(provider, "", "Loader", [org(world.bank.org)])
    for days in (0, 15, -1):
        with pytest.raises(BadInput):
            circles.admit_guest(provider, room.id, "V", "v@v.example", "V", days=days)
    with pytest.raises(NotFound):
        circles.admit_guest(world.viewer(world.ministry), room.id, "V", "v@v.example", "V")
    identifier, session = _guest(world, room.id)
    guest = circles.seen(world.viewer(world.bank), room.id).guests[0]
    assert (guest.name, guest.organisation, guest.host) == ("Vera Lang", "Victim Ltd", org(world.provider.org))
    # The guest is in no list of the partnership, and its name and address stay free for a member.
    assert "Victim Ltd" not in {each.name for each in world.hub.members.organisations()}
    assert world.hub.members.person_of_email("vera@victim.example") is None
    world.hub.members.add_organisation("Victim Ltd", "retail", "industry")
    with pytest.raises(NotFound):
        circles.join_group(room.id, [org(guest.org)])
    with pytest.raises(NotFound):
        circles.join_group(room.id, [person(identifier)])
    # Who answers for the guest leaves: the guest leaves with it.
    circles.leave(provider, room.id)
    assert world.hub.members.viewer_for_session(session) is None
    assert circles.seen(world.viewer(world.bank), room.id).guests == ()


def test_a_guest_whose_host_is_suspended_is_nobody(world: World) -> None:
    room = world.hub.circles.open_room(world.viewer(world.provider), "", "Loader", [org(world.bank.org)])
    _, session = _guest(world, room.id)
    world.hub.members.suspend(org(world.provider.org), "left")
    assert world.hub.members.viewer_for_session(session) is None


GUEST_DOORS = [
    ("GET", "/api/organisations", 403), ("GET", "/api/directory", 403), ("GET", "/api/contacts", 403),
    ("GET", "/contribute", 403), ("GET", "/contribute/reach?tlp=green", 403), ("GET", "/directory", 403),
    ("GET", "/contacts", 403), ("GET", "/account/profile", 403), ("GET", "/groups/new", 403),
    ("GET", "/groups", 200), ("GET", "/api/groups", 200), ("GET", "/", 200), ("GET", "/search?q=example", 200),
]  # fmt: skip


def test_doors_that_are_not_made_for_guests_stay_shut(world: World) -> None:
    room = world.hub.circles.open_room(world.viewer(world.provider), "", "Loader", [org(world.bank.org)])
    _, session = _guest(world, room.id)
    with visitor(world.made) as client:
        client.cookies.set("fc_session", session)
        for method, path, status in GUEST_DOORS:
            answer = client.request(method, path)
            assert answer.status_code == status, (path, answer.text[:300])
            assert "Ministry of Works" not in answer.text, path
        page = client.get(f"/groups/{room.id}")
        assert page.status_code == 200
        assert "You are a guest here until" in page.text
        assert "Admit a guest" not in page.text
        found = re.search(r'name="csrf" value="([^"]+)"', page.text)
        assert found
        said = client.post(f"/groups/{room.id}/say", data={"csrf": found[1], "text": "It began on Monday, 09:00"})
        assert said.status_code == 303, said.text[:300]
        assert "It began on Monday" in client.get(f"/groups/{room.id}").text
    thread = world.hub.talk.threads(world.viewer(world.bank)).threads
    assert [one.excerpt[:18] for one in thread] == ["It began on Monday"]
    assert world.hub.talk.threads(world.viewer(world.ministry)).threads == ()


# -- streams -----------------------------------------------------------------------------------------------------------


def test_a_change_of_members_makes_streams_look_again_before_the_next_event(world: World) -> None:
    from fusioncell.web.app import make_app

    app = make_app(world.hub)
    room = world.hub.circles.open_room(world.viewer(world.provider), "", "Loader", [org(world.bank.org)])
    with TestClient(app) as client:
        streams = (app.state.streams.live, app.state.live.streams.live)
        before = [live.generation for live in streams]
        world.hub.circles.remove(world.viewer(world.provider), room.id, org(world.bank.org))
        # Asked of the same loop afterwards, so what was called for on it before has run.
        client.get("/healthz")
        assert all(live.generation > then for live, then in zip(streams, before, strict=True))


# -- the directory and contacts ----------------------------------------------------------------------------------------


def test_people_stand_in_the_directory_once_they_choose_to(world: World) -> None:
    directory = world.hub.directory
    kim = world.someone(world.bank)
    assert directory.people(world.viewer(world.ministry)) == []
    directory.show_person(kim, shown=True, about="Analyst", expertise="Payment fraud", show_email=False)
    (found,) = directory.people(world.viewer(world.ministry), "FRAUD")
    assert (found.name, found.profile.email) == ("Kim Roe", "")
    directory.show_person(kim, shown=True, about="Analyst", show_email=True)
    assert directory.person(world.viewer(world.ministry), world.bank.person).profile.email == "kim@harbour.example"
    directory.show_person(kim, shown=False, about="Analyst")
    assert directory.people(world.viewer(world.ministry)) == []
    with pytest.raises(NotFound):
        directory.person(world.viewer(world.ministry), world.bank.person)
    mine, _ = directory.own(world.someone(world.bank))
    assert mine is not None
    assert mine.about == "Analyst"


def test_organisations_are_found_by_name_sector_and_kind(world: World) -> None:
    directory, viewer = world.hub.directory, world.viewer(world.provider)
    assert [one.name for one in directory.organisations(viewer, "HARB")[0]] == ["Harbour Bank"]
    assert [one.name for one in directory.organisations(viewer, kind="isp")[0]] == ["Northern Broadband"]
    assert directory.organisations(viewer, "%")[1] == 0
    assert directory.organisations(viewer, sector="finance")[1] == 1
    world.hub.members.suspend(org(world.bank.org), "idle")
    assert directory.organisations(viewer)[1] == 2


def test_a_contact_is_tested_by_mail_and_goes_stale(world: World) -> None:
    directory, bank = world.hub.directory, world.viewer(world.bank)
    contact = directory.set_contact(bank, name="Duty desk", phone="+44 20 7946 0000", email="duty@harbour.example")
    with browser(world.made, world.ministry) as client:
        assert "never confirmed" in client.get("/contacts").text
    sent: list[str] = []
    directory._mail = type("Post", (), {"send": lambda self, to, subject, text, **more: sent.append(text)})()
    directory.ask_contact(world.viewer(world.ministry), contact.id)
    with pytest.raises(Conflict):
        directory.ask_contact(world.viewer(world.ministry), contact.id)
    found = re.search(r"/contacts/confirm/\S+", sent[0])
    assert found
    with visitor(world.made) as client:
        assert client.get(found[0] + "0").status_code == 404
        assert "I was reached" in client.get(found[0]).text
        assert directory.contacts(bank)[0].confirmed is None
        assert client.post(found[0]).status_code == 200
    (known,) = directory.contacts(world.viewer(world.ministry))
    assert known.confirmed == START
    assert not known.is_stale(START + 90 * DAY)
    assert known.is_stale(START + 90 * DAY + 1)
    # A link to an earlier number or address confirms nothing, and neither does an old one.
    directory.set_contact(bank, name="Duty desk", phone="+44 20 7946 0001", email="duty@harbour.example",
                          contact_id=contact.id)  # fmt: skip
    assert directory.contacts(bank)[0].confirmed is None
    with visitor(world.made) as client:
        assert client.get(found[0]).status_code == 404
    with pytest.raises(NotAllowed):
        directory.remove_contact(world.viewer(world.ministry), contact.id)


def test_a_contact_for_one_group_is_read_there_alone(world: World) -> None:
    hub = world.hub
    room = hub.circles.open_room(world.viewer(world.provider), "", "Loader", [org(world.bank.org)])
    hub.directory.set_contact(world.viewer(world.bank), name="Night", phone="+44 20 7946 0000",
                              email="night@harbour.example", readers=room.id)  # fmt: skip
    assert len(hub.directory.contacts(world.viewer(world.provider))) == 1
    assert hub.directory.contacts(world.viewer(world.ministry)) == []
    with pytest.raises(BadInput):
        hub.directory.set_contact(world.viewer(world.ministry), name="X", phone="+44 20 7946 0000",
                                  email="x@works.example", readers=room.id)  # fmt: skip


# -- what is noted -----------------------------------------------------------------------------------------------------


def test_acts_on_groups_and_guests_are_noted_without_names(world: World) -> None:
    room = world.hub.circles.open_room(world.viewer(world.provider), "", "Loader secret", [org(world.bank.org)])
    _guest(world, room.id)
    world.clock.advance(HOUR)
    world.hub.circles.leave(world.viewer(world.bank), room.id)
    lines = world.hub.audit.lines(None)
    assert {"group.made", "guest.admitted", "guest.link", "group.left"} <= {line.action for line in lines}
    for line in lines:
        assert "Loader secret" not in line.detail
        assert "vera" not in line.detail.lower()
        assert "vera" not in line.subject.lower()
