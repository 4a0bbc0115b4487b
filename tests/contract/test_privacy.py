"""Erasure, holds and what is held, on both databases: nothing is left, the record verifies, a rebuild agrees."""

from __future__ import annotations

import pytest
from sqlalchemy import String

from databases import dump, rebuild
from fusioncell.bootstrap import PROJECTIONS, VAULT, Hub
from fusioncell.exchange.talk import NewPost
from fusioncell.kernel.clock import DAY, ManualClock
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from fusioncell.kernel.marking import Tlp, Viewer, person
from fusioncell.members.joining import State, fill_in
from fusioncell.members.privacy import DATA
from fusioncell.members.privacy.model import StillHeld
from partnership import Partnership

NAME, ADDRESS = "Jonquil Bergstrom", "jonquil@northern.example"
FORM = {
    "name": "Example Bank", "sector": "finance", "kind": "industry", "applicant": "Bo Lind",
    "email": "bo@bank.example", "why": "We see phishing each day.", "sponsor": ADDRESS,
}  # fmt: skip
LIKE_A_PERSON = {
    "person", "author", "owner", "actor", "party", "host", "host_person", "writer", "sponsor_person", "vetter",
    "subject", "first", "second", "answered_by", "asker_person", "officer", "lifted_by", "proposed_by", "approver",
    "ended_by", "email", "recipient", "address",
}  # fmt: skip
"""Names of columns that can hold a person's id, party or address."""


def seen_by(hub: Hub, who: str) -> Viewer:
    signed = hub.signing.open_link(hub.members.make_link(who).reveal())
    found = hub.members.viewer_for_session(signed.session.reveal())
    assert found is not None
    return found


class World:
    """A hub with an administrator, an officer, and one who has done all that leaves something behind."""

    def __init__(self, hub: Hub) -> None:
        members = hub.members
        self.hub = hub
        self.works = members.add_organisation("Works", "gov", "government").id
        self.north = members.add_organisation("Northern", "telecom", "isp").id
        self.admin = seen_by(hub, members.add_person(self.works, "Ada", "ada@works.example", ["administrator"]).id)
        self.officer = seen_by(hub, members.add_person(self.works, "Olu", "olu@works.example", ["officer"]).id)
        self.vetter = seen_by(hub, members.add_person(self.works, "Vi", "vi@works.example", ["secretary"]).id)
        self.id = members.add_person(self.north, NAME, ADDRESS, ["analyst"]).id
        self.colleague = seen_by(hub, members.add_person(self.north, "Eve", "eve@northern.example", ["analyst"]).id)
        self.jon = seen_by(hub, self.id)
        self.act()

    def act(self) -> None:
        hub, jon = self.hub, self.jon
        self.post = hub.talk.post(jon, NewPost(text="Seen: evil[.]example today", title="Beacon", tlp=Tlp.GREEN)).id
        hub.settle()
        hub.talk.post(self.colleague, NewPost(text="Here too", parent=self.post, mentions=(person(self.id),)))
        hub.talk.save_draft(jon, NewPost(text=f"A draft by {NAME}"))
        hub.settle()
        hub.talk.bookmark(jon, self.post)
        other = hub.talk.post(self.admin, NewPost(text="Look at odd[.]example", tlp=Tlp.GREEN)).id
        hub.settle()
        hub.talk.react(jon, f"post:{other}", "useful")
        hub.members.make_key(self.north, self.id, label=f"{NAME}'s laptop", author=self.id)
        hub.members.give_roles(self.id, ["analyst", "member"])
        hub.directory.show_person(jon, shown=True, about=f"{NAME} looks after DNS", phone="+44 20 7946 0000")
        hub.directory.show_person(jon, shown=True, about=f"{NAME} looks after mail", phone="+44 20 7946 0001")
        hub.directory.set_contact(jon, name=NAME, phone="+44 20 7946 0000", email=ADDRESS)
        group = hub.circles.make_group("Telecoms", [f"org:{self.works}"], openness="request")
        hub.circles.ask(jon, group.id, f"{NAME} asks")
        hub.joining.apply(fill_in(FORM), "192.0.2.1")
        self.application = hub.joining.applications([State.ASKED])[0].id
        hub.joining.stand(jon, self.application, "We know them well enough.")
        hub.joining.accept(self.vetter, self.application, "checked")
        hub.mail.send(ADDRESS, f"For {NAME}", "Something waits.")
        hub.signing.set_password(self.id, "correct horse battery staple")
        hub.settle()


@pytest.fixture
def world(hub: Hub) -> World:
    return World(hub)


def everything(hub: Hub) -> str:
    """All that the databases hold, the record's payloads unpacked, as one text."""
    found = [repr(dump(hub.databases["projections"]))]
    with hub.databases["vault"].read() as connection:
        found += [repr(connection.rows(f"SELECT {', '.join(c.name for c in table.columns)} FROM {table.name}"))
                  for metadata in VAULT for table in metadata.sorted_tables]
    after = 0
    while entries := hub.record.read_after(after):
        found += [repr(entry.payload) for entry in entries]
        after = entries[-1].seq
    return "\n".join(found)


def rebuilt(hub: Hub) -> bool:
    """Whether a rebuild, in one batch, gives the same rows."""
    standing = dump(hub.databases["projections"])
    rebuild(hub)
    hub.river.run_dry()
    return dump(hub.databases["projections"]) == standing


def test_nothing_of_an_erased_person_is_left(world: World) -> None:
    hub = world.hub
    before = everything(hub)
    assert NAME in before and ADDRESS in before
    done = hub.privacy.erase(world.admin, world.id)
    hub.settle()
    assert done.payloads == 8 and not done.withdrawn
    left = everything(hub)
    assert NAME not in left and ADDRESS not in left
    assert "7946 0" not in left
    assert hub.record.verify() == hub.record.head()[0]
    assert rebuilt(hub)
    with pytest.raises(NotFound):
        hub.members.person(world.id)
    # What is the organisations' stays: the post, by an id that leads to nobody, and who stood for whom.
    assert hub.talk.read_one(world.colleague, world.post).author == world.id
    assert [one.sponsor_org for one in hub.joining.sponsorships()] == [world.north]


def test_the_raw_files_hold_nothing_either(world: World) -> None:
    hub = world.hub
    if hub.databases["vault"].dialect != "sqlite":
        pytest.skip("files of our own are SQLite's alone")
    assert any(NAME.encode() in file.read_bytes() for file in hub.folder.path.glob("*.db*"))
    hub.privacy.erase(world.admin, world.id)
    hub.settle()
    for file in hub.folder.path.glob("*.db*"):
        raw = file.read_bytes()
        for text in (NAME, ADDRESS, "7946 0001"):
            assert text.encode() not in raw, (file.name, text)


def test_an_erased_session_and_key_open_nothing(world: World) -> None:
    hub = world.hub
    signed = hub.signing.open_link(hub.members.make_link(world.id).reveal()).session.reveal()
    _, key = hub.members.make_key(world.north, world.id)
    assert hub.members.viewer_for_session(signed) and hub.members.viewer_for_key(key.reveal())
    hub.privacy.erase(world.admin, world.id)
    assert hub.members.viewer_for_session(signed) is None
    assert hub.members.viewer_for_key(key.reveal()) is None


def test_posts_are_withdrawn_where_that_is_asked(world: World) -> None:
    hub = world.hub
    done = hub.privacy.erase(world.admin, world.id, posts=True)
    hub.settle()
    assert len(done.withdrawn) == 1
    with pytest.raises(NotFound):
        hub.talk.read_one(world.colleague, world.post)
    assert rebuilt(hub)
    assert "evil[.]example" in everything(hub)
    assert hub.privacy.erase_withdrawn() == 2
    assert "evil[.]example" not in everything(hub)
    assert hub.record.verify()
    rebuild(hub)
    hub.river.run_dry()
    assert rebuilt(hub)
    assert hub.privacy.erase_withdrawn() == 0


def test_a_hold_stops_erasure_and_never_recall(world: World, hub: Hub) -> None:
    clock = hub.clock
    assert isinstance(clock, ManualClock)
    placed = hub.privacy.place_hold(world.officer, "person", ADDRESS, "case 7", "Act 1, section 2", 30)
    with pytest.raises(StillHeld) as refused:
        hub.privacy.erase(world.admin, world.id)
    assert "until" in refused.value.detail and "case 7" not in repr((refused.value.detail, refused.value.hint))
    assert "case 7" not in repr(hub.privacy.export(world.jon, world.id))
    assert placed.id not in repr(hub.privacy.export(world.jon, world.id))
    contribution = hub.talk.read_one(world.colleague, world.post).contribution
    hub.privacy.place_hold(world.officer, "contribution", contribution, "case 8", "Act 1", 5)
    hub.talk.withdraw(world.jon, world.post)
    hub.settle()
    with pytest.raises(NotFound):
        hub.talk.read_one(world.colleague, world.post)
    assert "evil[.]example" in everything(hub)
    with pytest.raises(NotAllowed):
        hub.privacy.lift_hold(world.admin, placed.id)
    clock.advance(31 * DAY)
    assert not hub.privacy.holds(world.officer)[-1].lasts(clock.now())
    hub.privacy.erase(world.admin, world.id)
    assert rebuilt(hub)


def test_a_hold_on_the_organisation_or_a_post_stops_it_too(world: World) -> None:
    privacy = world.hub.privacy
    one = privacy.place_hold(world.officer, "organisation", "Northern", "case 1", "Act 1", 30)
    with pytest.raises(StillHeld):
        privacy.erase(world.admin, world.id)
    assert privacy.lift_hold(world.officer, one.id).lifted
    contribution = world.hub.talk.read_one(world.colleague, world.post).contribution
    privacy.place_hold(world.officer, "contribution", contribution, "case 2", "Act 1", 30)
    with pytest.raises(StillHeld):
        privacy.erase(world.admin, world.id, posts=True)
    privacy.erase(world.admin, world.id)
    for bad in (("galaxy", world.id, 30), ("person", world.admin.person or "", 0)):
        with pytest.raises(BadInput):
            privacy.place_hold(world.officer, bad[0], bad[1], "c", "b", bad[2])


def test_the_last_administrator_and_lead_stay(world: World) -> None:
    hub = world.hub
    lead = hub.members.add_person(world.north, "Lee", "lee@northern.example", ["lead"])
    for who in (lead.id, world.admin.person or ""):
        with pytest.raises((Conflict, NotAllowed)):
            hub.privacy.erase(world.admin, who)
    hub.members.give_roles(world.colleague.person or "", ["lead"])
    hub.privacy.erase(world.admin, lead.id)


def test_who_may_erase(world: World) -> None:
    hub = world.hub
    with pytest.raises(NotFound):
        hub.privacy.erase(world.colleague, world.id)
    with pytest.raises(NotFound):
        hub.privacy.export(world.colleague, world.id)
    signed = hub.signing.open_link(hub.members.make_link(world.id).reveal())
    session = hub.members.session_id(signed.session.reveal())
    with pytest.raises(NotAllowed):
        hub.privacy.erase(world.jon, world.id)
    clock = hub.clock
    assert isinstance(clock, ManualClock)
    clock.advance(11 * 60 * 1_000_000)
    with pytest.raises(NotAllowed):
        hub.privacy.erase(world.jon, world.id, session=session)
    signed = hub.signing.open_link(hub.members.make_link(world.id).reveal())
    hub.privacy.erase(world.jon, world.id, session=hub.members.session_id(signed.session.reveal()))


def test_a_guest_is_erased_with_what_stands_for_them(world: World) -> None:
    hub = world.hub
    group = hub.circles.make_group("Room", [f"org:{world.north}"])
    guest, link = hub.circles.admit_guest(world.colleague, group.id, "Gus Tav", "gus@victim.example", "Victim & Sons")
    hub.signing.open_link(link.reveal())
    hub.privacy.erase(world.admin, guest.person)
    left = everything(hub)
    assert all(text not in left for text in ("Gus Tav", "gus@victim.example", "Victim & Sons"))
    assert rebuilt(hub)


def test_refused_applications_go_after_their_time(world: World) -> None:
    hub, clock = world.hub, world.hub.clock
    assert isinstance(clock, ManualClock)
    hub.joining.apply(fill_in({**FORM, "name": "Shell Ltd", "applicant": "Mo Lum", "email": "mo@shell.example"}),
                      "192.0.2.1")
    one = hub.joining.applications([State.ASKED])[0].id
    hub.joining.stand(world.jon, one, "We have met Mo Lum twice.")
    hub.joining.refuse(world.vetter, one, "Mo Lum is unknown.")
    hub.privacy.tidy()
    assert "Mo Lum" in everything(hub)
    clock.advance(181 * DAY)
    hub.privacy.tidy()
    left = everything(hub)
    assert "Mo Lum" not in left and "mo@shell.example" not in left
    assert rebuilt(hub)


def test_an_erasure_that_a_stop_cut_short_is_finished(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = world.hub
    with monkeypatch.context() as patched:
        patched.setattr(hub.record, "erase", lambda seq: (_ for _ in ()).throw(OSError("power")))
        with pytest.raises(OSError, match="power"):
            hub.privacy.erase(world.admin, world.id)
    assert NAME in everything(hub)
    hub.privacy.tidy()
    assert NAME not in everything(hub)


def test_an_erasure_shows_no_batch_boundaries(world: World) -> None:
    """What colleagues do again after an erasure stands, whatever the batch in which a rebuild reads it."""
    hub = world.hub
    group = hub.circles.listed(world.colleague)[0].group
    hub.privacy.erase(world.admin, world.id)
    hub.circles.ask(world.colleague, group.id, "again")
    hub.directory.set_contact(world.colleague, name="Eve", phone="+44 20 7946 0009", email="eve@northern.example")
    hub.settle()
    assert rebuilt(hub)


def test_every_table_with_people_is_exported_or_says_why_not() -> None:
    tables = {table.name: table for metadata in (*PROJECTIONS, *VAULT) for table in metadata.sorted_tables}
    missing = [name for name, table in tables.items()
               if LIKE_A_PERSON & {column.name for column in table.columns if isinstance(column.type, String)}
               and name not in DATA]
    assert missing == []
    assert [name for name in DATA if name not in tables] == []


def test_every_table_in_which_the_person_occurs_is_known(world: World) -> None:
    hub = world.hub
    for database, parts in (("projections", PROJECTIONS), ("vault", VAULT)):
        with hub.databases[database].read() as connection:
            for table in (table for metadata in parts for table in metadata.sorted_tables):
                rows = connection.rows(f"SELECT {', '.join(c.name for c in table.columns)} FROM {table.name}")
                if any(world.id in repr(row) or ADDRESS in repr(row) for row in rows):
                    assert table.name in DATA, table.name


def test_the_export_holds_all_of_it(world: World) -> None:
    found = world.hub.privacy.export(world.jon, world.id)["held"]
    assert isinstance(found, dict)
    sections = {name: rows for held in found.values() for name, rows in held.items()}
    assert {held.section for held in DATA.values() if held.section} <= set(sections)
    for name in ("person", "profile", "requests_to_groups", "applications_stood_for", "stood_for", "contacts",
                 "sessions", "keys", "password", "audit", "posts", "contributions", "reactions", "drafts",
                 "bookmarks", "threads", "mail"):
        assert sections[name], name
    assert sections["posts"] == [{**sections["posts"][0], "id": world.post, "title": "Beacon"}]
    text = repr(found)
    assert "argon2" not in text and "mark" not in sections["keys"][0]
    others = world.hub.privacy.export(world.admin, world.id)["held"]
    assert isinstance(others, dict)
    assert others["desk"]["drafts"] == {"count": 1, "shown": "to the person alone"}
    assert NAME not in repr(others["desk"])


def test_an_administrator_is_shown_no_post_that_they_may_not_see(world: World) -> None:
    hub = world.hub
    hub.talk.post(world.jon, NewPost(text="among us", title="Inner", tlp=Tlp.AMBER_STRICT))
    hub.settle()
    assert "Inner" in repr(hub.privacy.export(world.jon, world.id))
    assert "Inner" not in repr(hub.privacy.export(world.admin, world.id))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_random_partnership_is_rebuilt_after_erasures(hub: Hub, seed: int) -> None:
    clock = hub.clock
    assert isinstance(clock, ManualClock)
    story = Partnership(seed, clock)
    story.found(hub)
    for number, one in enumerate(hub.members.organisations()):
        story.people.append(hub.members.add_person(one.id, f"P{number}", f"p{number}@x.example", ["analyst"]).id)
        writer = hub.members.viewer_of(person(story.people[-1]))
        assert writer is not None
        hub.talk.post(writer, NewPost(text=f"login-{number} . bank-1[.]example", tlp=Tlp.GREEN))
    erased = 0
    for step in range(90):
        story.operation(hub)
        if step % 9 == 8 and story.people:
            hub.settle()
            admin = hub.members.operator_viewer(None)
            assert admin is not None
            who = story.random.choice(story.people)
            try:
                hub.privacy.export(admin, who)
                hub.privacy.erase(admin, who, posts=story.random.random() < 0.5)
                erased += 1
            except (Conflict, NotFound):
                continue
    hub.settle()
    assert erased
    assert hub.record.verify() == hub.record.head()[0]
    assert rebuilt(hub)
