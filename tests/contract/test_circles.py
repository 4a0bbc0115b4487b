"""Groups, guests, profiles and contacts on both databases: who holds what, what a rebuild gives, what erasure ends."""

from __future__ import annotations

import pytest

from databases import dump, rebuild
from fusioncell.bootstrap import Hub
from fusioncell.kernel.clock import DAY
from fusioncell.kernel.errors import Conflict, NotFound
from fusioncell.kernel.marking import Audience, Tlp, Viewer, group, may_see, org
from fusioncell.members.circles import Openness, Place, Way
from fusioncell.members.directory.confirm import make_token


@pytest.fixture
def orgs(hub: Hub) -> list[str]:
    return [hub.members.add_organisation(name, "finance", "industry").id for name in ("Bank", "Carrier", "Lab")]


def viewer_of(hub: Hub, org_id: str) -> Viewer:
    found = hub.members.operator_viewer(org_id)
    assert found is not None
    return found


def reads(hub: Hub, org_id: str, group_id: str) -> list[int]:
    """The generations of a group that an organisation reads, of the first five."""
    viewer = viewer_of(hub, org_id)
    return [number for number in range(1, 6)
            if may_see(viewer, Audience(Tlp.AMBER_STRICT, frozenset({group(group_id, number)})))]  # fmt: skip


def test_who_joins_holds_what_comes_after_and_open_history_all(hub: Hub, orgs: list[str]) -> None:
    bank, carrier, lab = orgs
    for open_history, expected in ((False, [2, 3]), (True, [1])):
        made = hub.circles.make_group("Circle", [org(bank)], open_history=open_history)
        hub.circles.join_group(made.id, [org(carrier)])
        hub.circles.join_group(made.id, [org(lab)])
        assert reads(hub, carrier, made.id) == expected
        assert reads(hub, bank, made.id) == ([1] if open_history else [1, 2, 3])


def test_a_guest_holds_no_past_even_of_open_history(hub: Hub, orgs: list[str]) -> None:
    made = hub.circles.make_group("Archive", [org(orgs[0])], open_history=True)
    host = viewer_of(hub, orgs[0])
    guest, link = hub.circles.admit_guest(host, made.id, "Vera", "v@victim.example", "Victim Ltd")
    someone = hub.members.use_link(link.reveal())
    assert someone is not None
    seen = hub.members.viewer_for_session(hub.members.open_session(someone, "link").session.reveal())
    assert seen is not None
    assert seen.parties == {org(guest.org), group(made.id, 2)}
    assert reads(hub, orgs[0], made.id) == [1, 2]
    hub.circles.join_group(made.id, [org(orgs[1])])
    assert reads(hub, orgs[1], made.id) == [1, 2]


def test_one_party_asks_or_is_invited_once(hub: Hub, orgs: list[str]) -> None:
    bank, carrier, _ = orgs
    owner, other = viewer_of(hub, bank), viewer_of(hub, carrier)
    made = hub.circles.create(owner, "Circle", openness=Openness.REQUEST)
    hub.circles.ask(other, made.id, "first")
    hub.circles.ask(other, made.id, "second")
    (asking,) = hub.circles.seen(owner, made.id).askings
    assert (asking.way, asking.message) == (Way.REQUEST, "second")
    hub.circles.invite(owner, made.id, org(carrier))
    (asking,) = hub.circles.seen(owner, made.id).askings
    assert asking.way is Way.INVITATION
    hub.circles.admit(owner, made.id, [org(carrier)])
    assert hub.circles.seen(owner, made.id).askings == ()
    with pytest.raises(Conflict):
        hub.circles.invite(owner, made.id, org(carrier))


def test_lists_know_what_the_page_knows(hub: Hub, orgs: list[str]) -> None:
    """Every group that is listed for a viewer is shown to it with the same place, and no other is."""
    groups = [hub.circles.create(viewer_of(hub, orgs[0]), f"Group {way}", openness=way) for way in Openness]
    hub.circles.invite(viewer_of(hub, orgs[0]), groups[2].id, org(orgs[1]))
    hub.circles.ask(viewer_of(hub, orgs[1]), groups[1].id)
    hub.circles.close(viewer_of(hub, orgs[0]), groups[0].id)
    for one in orgs:
        viewer = viewer_of(hub, one)
        listed = {seen.group.id: seen.place for seen in hub.circles.listed(viewer)}
        shown = {}
        for each in groups:
            try:
                shown[each.id] = hub.circles.seen(viewer, each.id).place
            except NotFound:
                continue
        assert listed == shown
    assert list({seen.place for seen in hub.circles.listed(viewer_of(hub, orgs[2]))}) == [Place.OUTSIDE]


def test_the_directory_finds_wildcards_as_they_are_and_pages(hub: Hub, orgs: list[str]) -> None:
    hub.members.add_organisation("100% Sure_Ltd", "retail", "industry")
    viewer = viewer_of(hub, orgs[0])
    for query, names in (("%", ["100% Sure_Ltd"]), ("e_l", ["100% Sure_Ltd"]), ("\\", []), ("BANK", ["Bank"]),
                         ("", ["100% Sure_Ltd", "Bank", "Carrier", "Lab"])):  # fmt: skip
        found, total = hub.directory.organisations(viewer, query)
        assert ([one.name for one in found], total) == (names, len(names)), query
    assert hub.directory.organisations(viewer, offset=3)[1] == 4
    assert [one.name for one in hub.directory.organisations(viewer, offset=3)[0]] == ["Lab"]


def play(hub: Hub, orgs: list[str]) -> None:
    """Something of everything."""
    bank, carrier = (viewer_of(hub, one) for one in orgs[:2])
    made = hub.circles.create(bank, "Circle", openness=Openness.REQUEST, purpose="Ünïcode \u2713")
    hub.circles.ask(carrier, made.id, "please, says A. Person")
    guest, _ = hub.circles.admit_guest(bank, made.id, "Vera Lang", "vera@victim.example", "Victim Ltd", days=1)
    hub.clock.advance(2 * DAY)  # type: ignore[attr-defined]
    hub.circles.renew_guest(bank, made.id, guest.person)
    hub.directory.show_organisation(bank, shown=True, about="A bank", phone="+44 1632 960001")
    contact = hub.directory.set_contact(bank, name="Duty", phone="+44 1632 960001", email="d@b.example",
                                        readers=made.id)  # fmt: skip
    hub.directory.ask_contact(bank, contact.id)
    hub.directory.confirm_contact(make_token(hub.directory.key, contact, hub.clock.now()))
    hub.circles.join_group(made.id, [org(orgs[2])])


def test_a_rebuild_gives_the_same_rows(hub: Hub, orgs: list[str]) -> None:
    play(hub, orgs)
    before = dump(hub.databases["projections"])
    assert all(before[f"members_{table}"] for table in ("group", "belonging", "owner", "asking", "guest", "profile",
                                                        "contact"))  # fmt: skip
    rebuild(hub)
    hub.river.run_dry()
    assert dump(hub.databases["projections"]) == before


def test_an_erasure_ends_what_was_said_of_a_person(hub: Hub, orgs: list[str]) -> None:
    from fusioncell.members import project as members_project

    play(hub, orgs)
    kinds = {"member.person", "member.group.asked", "member.profile", "member.contact"}
    for entry in hub.record.read_after(0, blocks=1000):
        if entry.kind in kinds:
            hub.record.erase(entry.seq)
            with hub.databases["projections"].write() as connection:
                members_project.purge(connection, entry.seq)
    left = dump(hub.databases["projections"])
    members = repr({name: rows for name, rows in left.items() if name.startswith("members_")})
    for said in ("A. Person", "Vera Lang", "vera@victim.example", "960001", "d@b.example"):
        assert said not in members
    rebuild(hub)
    hub.river.run_dry()
    again = dump(hub.databases["projections"])
    assert {name: rows for name, rows in again.items() if name.startswith("members_")} == {
        name: rows for name, rows in left.items() if name.startswith("members_")}  # fmt: skip
