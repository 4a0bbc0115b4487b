"""The membership on both databases, with the real record: entries, projections, keys, sign-in, revocation."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from authenticator import Authenticator
from databases import fresh_url
from fusioncell.edges.database import SqlDatabase, open_postgres, open_sqlite
from fusioncell.kernel.clock import DAY, HOUR, MINUTE, SECOND, ManualClock
from fusioncell.kernel.entry import Draft, Payload
from fusioncell.kernel.errors import BadInput, Conflict, NotFound, NotSignedIn
from fusioncell.kernel.ids import SeededRandomness
from fusioncell.kernel.marking import PUBLIC, Audience, Tlp, group, may_see, org, person
from fusioncell.members import KeyInfo, Members, Organisation, Person, TooManyAttempts
from fusioncell.members import project as projection
from fusioncell.members import store as tables
from fusioncell.members.accounts import store as accounts_tables
from fusioncell.members.audit import Audit
from fusioncell.members.audit import store as audit_tables
from fusioncell.members.circles import Circles
from fusioncell.members.circles import store as circles_tables
from fusioncell.members.directory import store as directory_tables
from fusioncell.members.entries import NOBODY, OrganisationAdded, draft_of
from fusioncell.members.joining import store as joining_tables
from fusioncell.members.signing import Cost, Signing, Site, slow_down
from fusioncell.members.signing import store as signing_tables
from fusioncell.record import store as record_tables
from fusioncell.record.service import Record

START = 1_800_000_000 * SECOND
PASSWORD = "correct horse battery"  # noqa: S105
CHEAP = Cost(memory=8, passes=1, lanes=1)
VAULT_KEY = bytes(range(32))
SITE = Site("hub.example", "The hub", "https://hub.example")


@pytest.fixture
def postgres_url() -> Iterator[str]:
    with fresh_url("postgresql") as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def open_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], SqlDatabase]]:
    opened: list[SqlDatabase] = []

    def opener(name: str) -> SqlDatabase:
        if request.param == "sqlite":
            database = open_sqlite(tmp_path / f"{name}.db", durable=False)
        else:
            database = open_postgres(request.getfixturevalue("postgres_url"), name)
        database.create(*METADATA[name])
        opened.append(database)
        return database

    yield opener
    for database in opened:
        database.close()


VAULT = (tables.vault_metadata, audit_tables.vault_metadata, signing_tables.vault_metadata)
PROJECTIONS = (
    tables.metadata, circles_tables.metadata, joining_tables.metadata, accounts_tables.metadata,
    directory_tables.metadata,
)  # fmt: skip
METADATA = {"vault": VAULT, "record": (record_tables.metadata,), "projections": PROJECTIONS}


@dataclass
class Hub:
    """A membership with all that it needs, and a settle that projects at once."""

    record: Record
    vault: SqlDatabase
    projections: SqlDatabase
    clock: ManualClock
    randomness: SeededRandomness
    projected: int = 0

    def settle(self, seq: int) -> None:
        while self.projected < seq:
            entries = self.record.read_after(self.projected)
            with self.projections.write() as connection:
                projection.project(connection, entries)
            self.projected = entries[-1].seq

    def members(self) -> Members:
        return Members(record=self.record, vault=self.vault, projections=self.projections, clock=self.clock,
                       randomness=self.randomness, vault_key=VAULT_KEY, settle=self.settle)

    def signing(self, members: Members, cost: Cost = CHEAP) -> Signing:
        return Signing(members=members, audit=Audit(self.vault, self.clock), vault=self.vault, clock=self.clock,
                       randomness=self.randomness, vault_key=VAULT_KEY, site=SITE, cost=cost)

    def dump(self) -> list[object]:
        with self.projections.read() as connection:
            return [(table.name, sorted(connection.rows(f"SELECT * FROM {table.name}")))  # noqa: S608
                    for metadata in METADATA["projections"] for table in metadata.sorted_tables]

    def circles(self, members: Members) -> Circles:
        return Circles(members=members, record=self.record, projections=self.projections, clock=self.clock,
                       randomness=self.randomness)


@pytest.fixture
def hub(open_database: Callable[[str], SqlDatabase]) -> Iterator[Hub]:
    clock, randomness = ManualClock(START), SeededRandomness(7)
    record = Record(open_database("record"), clock, randomness)
    yield Hub(record, open_database("vault"), open_database("projections"), clock, randomness)
    record.close()


@pytest.fixture
def members(hub: Hub) -> Members:
    return hub.members()


@pytest.fixture
def circles(hub: Hub, members: Members) -> Circles:
    return hub.circles(members)


@pytest.fixture
def signing(hub: Hub, members: Members) -> Signing:
    return hub.signing(members)


@pytest.fixture
def bank(members: Members) -> Organisation:
    return members.add_organisation("Severn Bank", "finance", "industry")


@pytest.fixture
def ada(members: Members, signing: Signing, bank: Organisation) -> Person:
    ada = members.add_person(bank.id, "Ada", "Ada@Severn.example", ["analyst"])
    signing.set_password(ada.id, PASSWORD)
    return ada


# Organisations, people, groups


def test_what_was_added_is_there(members: Members, bank: Organisation, ada: Person) -> None:
    assert members.organisations() == [bank]
    assert members.organisation_named(" severn  BANK ") == bank
    assert bank.created == START
    assert members.people_of(bank.id) == [ada]
    assert members.person_of_email("ADA@severn.example ") == ada
    assert ada.roles == ("analyst",)


def test_names_and_addresses_are_taken_once(members: Members, bank: Organisation, ada: Person) -> None:
    with pytest.raises(Conflict):
        members.add_organisation("SEVERN BANK", "finance", "industry")
    with pytest.raises(Conflict):
        members.add_person(bank.id, "Other", "ada@severn.EXAMPLE", ["reader"])


def test_what_is_unknown_is_not_found(members: Members, circles: Circles, bank: Organisation) -> None:
    for ask in (lambda: members.organisation("x"), lambda: members.person("x"), lambda: circles.group("x"),
                lambda: members.add_person("x", "A", "a@b.org", ["reader"]), lambda: members.make_key("x"),
                lambda: members.end_key("x"), lambda: circles.make_group("G", ["org:x"]),
                lambda: members.suspend("person:x")):
        with pytest.raises(NotFound) as fault:
            ask()
        assert fault.value.hint
    with pytest.raises(BadInput):
        circles.make_group("G", ["bank"])
    assert members.organisation_named("nobody") is None


def test_no_door_can_read_the_membership(hub: Hub, bank: Organisation, ada: Person, members: Members) -> None:
    _, secret = members.make_key(bank.id, role="administrator")
    viewer = members.viewer_for_key(secret.reveal())
    assert viewer is not None
    assert not may_see(viewer, NOBODY)
    assert hub.record.read_after(0, visible=hub.record.visible_to(viewer)) == []


def test_only_the_hub_speaks_for_the_membership(hub: Hub, members: Members, bank: Organisation) -> None:
    audience = hub.record.intern_audience(NOBODY)
    change = OrganisationAdded(id="evil", name="Evil", sector="x", kind="police")
    hub.settle(hub.record.append(bank.id, [draft_of(change, "evil", audience, "")], "c1").last_seq)
    assert members.organisation_named("Evil") is None


def test_entries_of_other_rooms_are_passed_over(hub: Hub, members: Members, bank: Organisation) -> None:
    before = hub.dump()
    draft = Draft("stix", hub.record.intern_audience(Audience(Tlp.CLEAR)), Payload("", "x", 0, "", b"not json"))
    hub.settle(hub.record.append("", [draft], "c2").last_seq)
    assert hub.dump() == before


def test_who_joins_a_group_does_not_hold_its_past(members: Members, circles: Circles, signing: Signing,
                                                  bank: Organisation, ada: Person) -> None:
    isp = members.add_organisation("Tamar Net", "telecoms", "isp")
    _, secret = members.make_key(isp.id, role="isp")
    circle = circles.make_group("Finance circle", [org(bank.id)])
    then = Audience(Tlp.AMBER_STRICT, frozenset({group(circle.id, circle.generation)}))
    outside = members.viewer_for_key(secret.reveal())
    assert outside is not None
    assert circles.audience_choices(outside) == []
    circle = circles.join_group(circle.id, [org(isp.id)])
    (choice,) = circles.audience_choices(outside)
    now = Audience(Tlp.AMBER_STRICT, frozenset({choice.party}))
    inside = members.viewer_for_key(secret.reveal())
    assert inside is not None
    assert not may_see(outside, now)
    assert may_see(inside, now)
    assert not may_see(inside, then)
    founder = members.viewer_for_session(signing.sign_in(ada.email, PASSWORD, "192.0.2.1").session.reveal())
    assert founder is not None
    assert may_see(founder, then)
    assert may_see(founder, now)
    circles.leave_group(circle.id, org(isp.id))
    gone = members.viewer_for_key(secret.reveal())
    assert gone is not None
    assert not may_see(gone, now)
    with pytest.raises(NotFound):
        circles.leave_group(circle.id, org(isp.id))


def test_admitting_twice_changes_nothing(members: Members, circles: Circles, bank: Organisation) -> None:
    circle = circles.make_group("Circle", [org(bank.id)])
    assert circles.join_group(circle.id, [org(bank.id)]) == circle


def test_a_client_reads_amber_but_not_strict(members: Members, circles: Circles, bank: Organisation) -> None:
    provider = members.add_organisation("Tamar Net", "telecoms", "isp")
    circle = circles.make_group("Carriers", [org(provider.id)])
    _, secret = members.make_key(bank.id)
    members.name_client(bank.id, provider.id)
    viewer = members.viewer_for_key(secret.reveal())
    assert viewer is not None
    for party in (org(provider.id), group(circle.id, 1)):
        assert may_see(viewer, Audience(Tlp.AMBER, frozenset({party})))
        assert not may_see(viewer, Audience(Tlp.AMBER_STRICT, frozenset({party})))
    members.suspend(org(provider.id))
    viewer = members.viewer_for_key(secret.reveal())
    assert viewer is not None
    assert viewer.client_parties == frozenset()
    members.suspend(org(provider.id), suspended=False)
    members.name_client(bank.id, provider.id, active=False)
    viewer = members.viewer_for_key(secret.reveal())
    assert viewer is not None
    assert viewer.client_parties == frozenset()


# Keys


def test_a_key_is_its_organisation_and_its_role(members: Members, bank: Organisation) -> None:
    info, secret = members.make_key(bank.id, role="reader", label="sensor 7")
    viewer = members.viewer_for_key(secret.reveal())
    assert viewer is not None
    assert (viewer.org, viewer.person, viewer.member) == (bank.id, None, True)
    assert viewer.parties == {org(bank.id)}
    assert viewer.may("read")
    assert not viewer.may("contribute")
    assert members.known_viewer(secret.reveal()) is viewer
    (listed,) = members.list_keys(bank.id)
    assert (listed.id, listed.label, listed.role, listed.used_day) == (info.id, "sensor 7", "reader", "2027-01-15")
    assert members.list_keys("other") == []
    assert members.list_keys() == [listed]


def test_the_day_of_use_moves_with_use(hub: Hub, members: Members, bank: Organisation) -> None:
    _, secret = members.make_key(bank.id)
    assert members.list_keys()[0].used_day is None
    members.viewer_for_key(secret.reveal())
    hub.clock.advance(DAY)
    members.viewer_for_key(secret.reveal())
    assert members.list_keys()[0].used_day == "2027-01-16"


def test_an_ended_key_is_refused_at_once(members: Members, bank: Organisation) -> None:
    info, secret = members.make_key(bank.id)
    assert members.viewer_for_key(secret.reveal()) is not None
    with pytest.raises(NotFound):
        members.end_key(info.id, "another organisation")
    members.end_key(info.id)
    assert members.known_viewer(secret.reveal()) is None
    assert members.viewer_for_key(secret.reveal()) is None
    assert members.list_keys()[0].ended == START


def test_an_ended_key_is_refused_by_another_process_within_a_second(hub: Hub, members: Members,
                                                                     bank: Organisation) -> None:
    info, secret = members.make_key(bank.id)
    other = hub.members()
    assert other.viewer_for_key(secret.reveal()) is not None
    members.end_key(info.id)
    hub.clock.advance(SECOND)
    assert other.known_viewer(secret.reveal()) is None
    assert other.viewer_for_key(secret.reveal()) is None


def test_a_wrong_secret_is_refused_and_compared_in_constant_time(members: Members, bank: Organisation,
                                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    _, secret = members.make_key(bank.id)
    token = secret.reveal()
    compared = []
    real = hmac.compare_digest

    def compare(one: bytes, other: bytes) -> bool:
        compared.append(len(one))
        return real(one, other)

    monkeypatch.setattr(hmac, "compare_digest", compare)
    wrong = token[:-2] + ("AA" if token[-2:] != "AA" else "BB")
    assert members.viewer_for_key(wrong) is None
    assert compared == [32]
    assert members.viewer_for_key(token) is not None


@pytest.mark.parametrize("token", ["", "x", "fc_0123456789abcdef_" + "a" * 43, "fc_" + "a" * 10_000, "\udc80",
                                   "fc_0123456789abcdef_' OR 1=1 --"])
def test_nonsense_is_nobody(members: Members, signing: Signing, bank: Organisation, token: str) -> None:
    assert members.viewer_for_key(token) is None
    assert members.viewer_for_session(token) is None
    assert members.known_viewer(token) is None
    members.sign_out(token)
    with pytest.raises(NotSignedIn):
        signing.open_link(token)


def test_a_key_expires_even_when_remembered(hub: Hub, members: Members, bank: Organisation) -> None:
    _, secret = members.make_key(bank.id, expires=START + HOUR)
    assert members.viewer_for_key(secret.reveal()) is not None
    hub.clock.advance(HOUR - 1)
    assert members.viewer_for_key(secret.reveal()) is not None
    hub.clock.advance(1)
    assert members.viewer_for_key(secret.reveal()) is None
    with pytest.raises(BadInput):
        members.make_key(bank.id, expires=START)


def test_a_session_is_no_key_and_a_key_no_session(members: Members, signing: Signing, bank: Organisation,
                                                  ada: Person) -> None:
    _, key = members.make_key(bank.id)
    session = signing.sign_in(ada.email, PASSWORD, "192.0.2.1").session
    link = members.make_link(ada.id)
    assert members.viewer_for_session(key.reveal()) is None
    assert members.viewer_for_key(session.reveal()) is None
    assert members.viewer_for_key(link.reveal()) is None
    with pytest.raises(NotSignedIn):
        signing.open_link(session.reveal())


def test_a_persons_key_loses_what_the_person_loses(members: Members, bank: Organisation, ada: Person) -> None:
    _, secret = members.make_key(bank.id, ada.id, role="analyst")
    viewer = members.viewer_for_key(secret.reveal())
    assert viewer is not None
    assert viewer.may("contribute")
    assert person(ada.id) in viewer.parties
    assert members.give_roles(ada.id, ["reader"]).roles == ("reader",)
    viewer = members.viewer_for_key(secret.reveal())
    assert viewer is not None
    assert not viewer.may("contribute")
    other = members.add_organisation("Tamar Net", "telecoms", "isp")
    with pytest.raises(BadInput):
        members.make_key(other.id, ada.id)


def test_scopes_narrow_a_key(members: Members, bank: Organisation) -> None:
    _, secret = members.make_key(bank.id, role="administrator", scopes=["match"])
    viewer = members.viewer_for_key(secret.reveal())
    assert viewer is not None
    assert viewer.permissions == {"match"}
    with pytest.raises(BadInput):
        members.make_key(bank.id, scopes=["rule the world"])


# Suspension


@pytest.mark.parametrize("whole", [True, False])
def test_the_suspended_open_nothing(members: Members, signing: Signing, bank: Organisation, ada: Person,
                                    whole: bool) -> None:
    _, secret = members.make_key(bank.id, ada.id)
    session = signing.sign_in(ada.email, PASSWORD, "192.0.2.1").session
    link = members.make_link(ada.id)
    assert members.viewer_for_key(secret.reveal()) is not None
    assert members.viewer_for_session(session.reveal()) is not None
    party = org(bank.id) if whole else person(ada.id)
    members.suspend(party, "left the partnership")
    assert members.viewer_for_key(secret.reveal()) is None
    assert members.viewer_for_session(session.reveal()) is None
    with pytest.raises(NotSignedIn) as fault:
        signing.sign_in(ada.email, PASSWORD, "192.0.2.1")
    assert "suspend" not in f"{fault.value.detail} {fault.value.hint}".lower()
    with pytest.raises(NotSignedIn):
        signing.open_link(link.reveal())
    members.suspend(party, suspended=False)
    assert members.viewer_for_key(secret.reveal()) is not None
    assert members.viewer_for_session(session.reveal()) is None, "a session that ended stays ended"


# Signing in


def test_signing_in_makes_a_viewer_of_the_person(members: Members, signing: Signing, bank: Organisation,
                                                 ada: Person) -> None:
    signed = signing.sign_in(" ADA@severn.example", PASSWORD, "192.0.2.1")
    viewer = members.viewer_for_session(signed.session.reveal())
    assert viewer is not None
    assert viewer.person == ada.id
    # An analyst holds the office that members address as the Fusion Cell (ADR 0009), and no other.
    assert viewer.parties == {org(bank.id), person(ada.id), "may:answer"}
    assert members.csrf_of(signed.session.reveal()) == signed.csrf
    assert members.csrf_matches(signed.session.reveal(), signed.csrf)
    assert not members.csrf_matches(signed.session.reveal(), signed.csrf[:-1])
    assert not members.csrf_matches(signed.session.reveal(), "")


def test_wrong_and_unknown_get_one_answer(members: Members, signing: Signing, bank: Organisation, ada: Person) -> None:
    members.add_person(bank.id, "Bea", "bea@severn.example", ["reader"])
    answers = set()
    for email, password in ((ada.email, "wrong horse battery"), ("nobody@severn.example", PASSWORD),
                            ("bea@severn.example", PASSWORD), ("", ""), ("x" * 5000, PASSWORD)):
        with pytest.raises(NotSignedIn) as fault:
            signing.sign_in(email, password, "192.0.2.1")
        answers.add((fault.value.detail, fault.value.hint))
    assert len(answers) == 1


def test_guessing_at_an_account_is_slowed(hub: Hub, members: Members, signing: Signing, ada: Person) -> None:
    for _ in range(slow_down.FREE_FOR_ACCOUNT):
        with pytest.raises(NotSignedIn):
            signing.sign_in(ada.email, "wrong horse battery", "192.0.2.1")
    with pytest.raises(TooManyAttempts) as fault:
        signing.sign_in(ada.email, PASSWORD, "198.51.100.9")
    assert fault.value.wait == 1
    assert "1 second" in fault.value.hint
    hub.clock.advance(SECOND)
    signing.sign_in(ada.email, PASSWORD, "198.51.100.9")
    with pytest.raises(NotSignedIn):
        signing.sign_in(ada.email, "wrong horse battery", "192.0.2.1")


def test_guessing_from_an_address_is_slowed_over_all_accounts(members: Members, signing: Signing, ada: Person) -> None:
    for number in range(slow_down.FREE_FOR_ADDRESS):
        with pytest.raises(NotSignedIn):
            signing.sign_in(f"guess{number}@severn.example", PASSWORD, "192.0.2.1")
    with pytest.raises(TooManyAttempts):
        signing.sign_in(ada.email, PASSWORD, "192.0.2.1")
    signing.sign_in(ada.email, PASSWORD, "198.51.100.9")


def test_signing_in_rightly_is_never_slowed(members: Members, signing: Signing, ada: Person) -> None:
    for _ in range(2 * slow_down.FREE_FOR_ADDRESS):
        signing.sign_in(ada.email, PASSWORD, "192.0.2.1")


def test_a_session_token_is_always_new_and_ends_the_one_before(members: Members, signing: Signing, ada: Person) -> None:
    first = signing.sign_in(ada.email, PASSWORD, "192.0.2.1").session.reveal()
    second = signing.sign_in(ada.email, PASSWORD, "192.0.2.1", previous=first).session.reveal()
    assert first != second
    assert members.viewer_for_session(first) is None
    assert members.viewer_for_session(second) is not None
    planted = "fc_0123456789abcdef_" + "a" * 43
    third = signing.sign_in(ada.email, PASSWORD, "192.0.2.1", previous=planted).session.reveal()
    assert third != planted
    assert members.viewer_for_session(planted) is None


def test_sessions_are_listed_and_ended(members: Members, signing: Signing, bank: Organisation, ada: Person) -> None:
    one = signing.sign_in(ada.email, PASSWORD, "192.0.2.1").session.reveal()
    signing.sign_in(ada.email, PASSWORD, "192.0.2.1")
    assert len(members.sessions_of(ada.id)) == 2
    members.viewer_for_session(one)
    members.sign_out(one)
    assert members.viewer_for_session(one) is None
    (left,) = members.sessions_of(ada.id)
    with pytest.raises(NotFound):
        members.end_session(left.id, "someone else")
    members.end_session(left.id, ada.id)
    assert members.sessions_of(ada.id) == []


def test_a_session_ends_when_idle_and_lives_while_used(hub: Hub, members: Members, signing: Signing,
                                                       ada: Person) -> None:
    token = signing.sign_in(ada.email, PASSWORD, "192.0.2.1").session.reveal()
    for _ in range(3):
        hub.clock.advance(50 * MINUTE)
        assert members.viewer_for_session(token) is not None
    hub.clock.advance(HOUR)
    assert members.viewer_for_session(token) is None
    assert members.sessions_of(ada.id) == []


def test_a_session_ends_after_half_a_day_however_busy(hub: Hub, members: Members, signing: Signing,
                                                      ada: Person) -> None:
    token = signing.sign_in(ada.email, PASSWORD, "192.0.2.1").session.reveal()
    seen = 0
    for _ in range(26):
        hub.clock.advance(30 * MINUTE)
        seen += members.viewer_for_session(token) is not None
    assert seen == 23


def test_a_link_works_once(members: Members, signing: Signing, ada: Person) -> None:
    link = members.make_link(ada.id).reveal()
    signed = signing.open_link(link)
    assert signed.person == ada
    assert members.viewer_for_session(signed.session.reveal()) is not None
    with pytest.raises(NotSignedIn):
        signing.open_link(link)


def test_a_link_expires_and_must_be_whole(hub: Hub, members: Members, signing: Signing, ada: Person) -> None:
    link = members.make_link(ada.id, HOUR).reveal()
    with pytest.raises(NotSignedIn):
        signing.open_link(link[:-2] + ("AA" if link[-2:] != "AA" else "BB"))
    hub.clock.advance(HOUR)
    with pytest.raises(NotSignedIn):
        signing.open_link(link)


def test_a_new_password_ends_sessions_and_links(members: Members, signing: Signing, ada: Person) -> None:
    token = signing.sign_in(ada.email, PASSWORD, "192.0.2.1").session.reveal()
    link = members.make_link(ada.id).reveal()
    assert members.viewer_for_session(token) is not None
    signing.set_password(ada.id, "another horse battery")
    assert members.viewer_for_session(token) is None
    with pytest.raises(NotSignedIn):
        signing.open_link(link)
    with pytest.raises(NotSignedIn):
        signing.sign_in(ada.email, PASSWORD, "192.0.2.1")
    signing.sign_in(ada.email, "another horse battery", "192.0.2.1")


def test_a_hash_of_another_cost_is_made_anew_at_sign_in(hub: Hub, members: Members, signing: Signing,
                                                        ada: Person) -> None:
    dearer = hub.signing(members, Cost(memory=16, passes=1, lanes=1))
    dearer.sign_in(ada.email, PASSWORD, "192.0.2.1")
    with hub.vault.read() as connection:
        assert "m=16," in (signing_tables.password_of(connection, ada.id) or "")
    signing.sign_in(ada.email, PASSWORD, "192.0.2.1")


def test_tidying_keeps_what_lives(hub: Hub, members: Members, signing: Signing, ada: Person) -> None:
    signing.sign_in(ada.email, PASSWORD, "192.0.2.1")
    hub.clock.advance(3 * DAY)
    token = signing.sign_in(ada.email, PASSWORD, "192.0.2.1").session.reveal()
    members.tidy()
    assert members.viewer_for_session(token) is not None
    with hub.vault.read() as connection:
        assert connection.rows("SELECT count(*) FROM members_vault_session") == [(1,)]


# Passkeys


def test_a_passkey_signs_in_and_each_answer_works_once(members: Members, signing: Signing, ada: Person) -> None:
    device = Authenticator()
    made = signing.add_passkey(ada.id, device.create(signing.offer_passkey(ada.id)), "laptop")
    assert signing.passkeys_of(ada.id) == [made]
    answer = device.get(signing.offer_passkey_sign_in())
    signed = signing.sign_in_with_passkey(answer)
    viewer = members.viewer_for_session(signed.session.reveal())
    assert viewer is not None
    assert viewer.person == ada.id
    with pytest.raises(NotSignedIn):
        signing.sign_in_with_passkey(answer)
    signing.sign_in_with_passkey(device.get(signing.offer_passkey_sign_in()))


def test_an_answer_without_a_counter_works_once_as_well(members: Members, signing: Signing, ada: Person) -> None:
    """Synchronised passkeys never count: there only the noted challenge stops a replay."""
    device = Authenticator()
    signing.add_passkey(ada.id, device.create(signing.offer_passkey(ada.id)))
    device.uses = -1
    answer = device.get(signing.offer_passkey_sign_in())
    signing.sign_in_with_passkey(answer)
    with pytest.raises(NotSignedIn):
        signing.sign_in_with_passkey(answer)


def test_a_passkey_is_not_taken_for_another_person(members: Members, signing: Signing, bank: Organisation,
                                                   ada: Person) -> None:
    bea = members.add_person(bank.id, "Bea", "bea@severn.example", ["reader"])
    device = Authenticator()
    with pytest.raises(NotSignedIn):
        signing.add_passkey(bea.id, device.create(signing.offer_passkey(ada.id)))
    with pytest.raises(NotSignedIn):
        signing.add_passkey(ada.id, device.create(signing.offer_passkey_sign_in()))
    signing.add_passkey(ada.id, device.create(signing.offer_passkey(ada.id)))
    with pytest.raises(Conflict):
        signing.add_passkey(bea.id, device.create(signing.offer_passkey(bea.id)))


@pytest.mark.parametrize(("attribute", "value"), [
    ("origin", "https://evil.example"), ("site", "evil.example"), ("verifies_user", False), ("uses", -1),
    ("_private", Authenticator()._private), ("id", b"another"),
])
def test_a_false_answer_is_refused(members: Members, signing: Signing, ada: Person, attribute: str,
                                   value: object) -> None:
    device = Authenticator()
    signing.add_passkey(ada.id, device.create(signing.offer_passkey(ada.id)))
    signing.sign_in_with_passkey(device.get(signing.offer_passkey_sign_in()))
    setattr(device, attribute, value)
    with pytest.raises(NotSignedIn):
        signing.sign_in_with_passkey(device.get(signing.offer_passkey_sign_in()))


def test_a_challenge_is_ours_and_fresh(hub: Hub, members: Members, signing: Signing, ada: Person) -> None:
    device = Authenticator()
    signing.add_passkey(ada.id, device.create(signing.offer_passkey(ada.id)))
    with pytest.raises(NotSignedIn):
        signing.sign_in_with_passkey(device.get('{"challenge": "AAAA"}'))
    with pytest.raises(NotSignedIn):
        signing.sign_in_with_passkey(device.get(signing.offer_passkey(ada.id)))
    options = signing.offer_passkey_sign_in()
    hub.clock.advance(5 * MINUTE)
    with pytest.raises(NotSignedIn):
        signing.sign_in_with_passkey(device.get(options))


def test_a_deleted_passkey_and_a_suspended_person_do_not_sign_in(members: Members, signing: Signing,
                                                                 ada: Person) -> None:
    device = Authenticator()
    made = signing.add_passkey(ada.id, device.create(signing.offer_passkey(ada.id)))
    members.suspend(person(ada.id))
    with pytest.raises(NotSignedIn):
        signing.sign_in_with_passkey(device.get(signing.offer_passkey_sign_in()))
    members.suspend(person(ada.id), suspended=False)
    with pytest.raises(NotFound):
        signing.end_passkey(made.id, "someone else")
    signing.end_passkey(made.id, ada.id)
    with pytest.raises(NotSignedIn):
        signing.sign_in_with_passkey(device.get(signing.offer_passkey_sign_in()))


@pytest.mark.parametrize("answer", [b"", b"{}", b"[]", b"\xff", b'{"id": "x", "response": {"clientDataJSON": "e30"}}',
                                    b'{"id": "x", "response": {"clientDataJSON": "!"}}', b"[" * 100_000])
def test_nonsense_is_no_passkey(members: Members, signing: Signing, answer: bytes) -> None:
    with pytest.raises(BadInput):
        signing.sign_in_with_passkey(answer)


# Secrets and personal data


def test_no_secret_is_stored_printed_or_logged(hub: Hub, members: Members, signing: Signing, bank: Organisation,
                                               ada: Person,
                                               caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    info, key = members.make_key(bank.id)
    signed = signing.sign_in(ada.email, PASSWORD, "192.0.2.1")
    link = members.make_link(ada.id)
    with pytest.raises(NotSignedIn) as fault:
        signing.sign_in(ada.email, "wrong horse battery", "192.0.2.1")
    with hub.vault.read() as connection:
        stored = repr([connection.rows(f"SELECT * FROM {table.name}")  # noqa: S608
                       for table in tables.vault_metadata.sorted_tables])
    printed = repr((info, key, signed, link, members, members.list_keys(), members.sessions_of(ada.id), fault.value,
                    fault.value.hint))
    for secret in (key.reveal(), signed.session.reveal(), link.reveal(), PASSWORD, "wrong horse battery"):
        for text in (stored, printed, caplog.text):
            assert secret not in text
            assert secret.rpartition("_")[2] not in text
    assert "192.0.2.1" not in stored
    assert ada.email not in stored
    assert isinstance(info, KeyInfo)
    assert PUBLIC.permissions == frozenset()


def test_a_rebuild_gives_the_same_rows_whatever_the_batches(hub: Hub, members: Members, circles: Circles,
                                                            bank: Organisation, ada: Person) -> None:
    isp = members.add_organisation("Tamar Net", "telecoms", "isp")
    circle = circles.make_group("Circle", [org(bank.id), person(ada.id)])
    circles.join_group(circle.id, [org(isp.id)])
    circles.leave_group(circle.id, person(ada.id))
    circles.join_group(circle.id, [person(ada.id)])
    members.name_client(bank.id, isp.id)
    members.give_roles(ada.id, ["reader", "auditor"])
    members.suspend(org(isp.id), "unpaid")
    members.suspend(org(isp.id), "unpaid")
    before = hub.dump()
    entries = hub.record.read_after(0, blocks=1000)
    for size in (1, 3, len(entries)):
        hub.projections.drop(*METADATA["projections"])
        hub.projections.create(*METADATA["projections"])
        for start in range(0, len(entries), size):
            with hub.projections.write() as connection:
                projection.project(connection, entries[start:start + size])
        assert hub.dump() == before


def test_an_erased_person_is_gone_and_a_rebuild_agrees(hub: Hub, members: Members, bank: Organisation,
                                                       ada: Person) -> None:
    members.give_roles(ada.id, ["reader"])
    _, secret = members.make_key(bank.id, ada.id)
    (entry,) = [entry for entry in hub.record.read_after(0) if entry.kind == "member.person"]
    hub.record.erase(entry.seq)
    with hub.projections.write() as connection:
        projection.purge(connection, entry.seq)
    members.forget()
    assert members.people_of(bank.id) == []
    assert members.viewer_for_key(secret.reveal()) is None
    before = hub.dump()
    assert "Ada" not in repr(before)
    hub.projections.drop(*METADATA["projections"])
    hub.projections.create(*METADATA["projections"])
    with hub.projections.write() as connection:
        projection.project(connection, hub.record.read_after(0, blocks=1000))
    assert hub.dump() == before
