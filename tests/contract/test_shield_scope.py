"""The scope is closed: every way to block outside the policy fails, and the policy changes by N of M people alone."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import msgspec
import pytest

from fusioncell.bootstrap import Hub
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import DAY
from fusioncell.kernel.entry import Draft, Payload
from fusioncell.kernel.errors import BadInput, Conflict, FusionCellError, NotAllowed, NotFound
from fusioncell.kernel.marking import Tlp, Viewer
from fusioncell.shield import store
from fusioncell.shield.charter import FIRST, digest_of, policy_text, read_policy
from fusioncell.shield.charter.model import ADOPTED, APPROVED, PROPOSED, Category, Policy, PolicyBody
from fusioncell.shield.model import APPROVERS, PARTNERS, Body, State

SECOND = msgspec.structs.replace(
    FIRST, number=2, title="Without DGA, with ransomware",
    categories=[*(one for one in FIRST.categories if one.id != "dga"), Category("ransomware", "ransomware", "high")],
)  # fmt: skip


@pytest.fixture
def gov(hub: Hub) -> Viewer:
    hub.members.add_organisation("Gov", "gov", "government")
    found = hub.members.operator_viewer("Gov")
    assert found is not None
    return found


def person(viewer: Viewer, name: str) -> Viewer:
    return replace(viewer, person=name)


def write(hub: Hub, kind: str, body: msgspec.Struct, org: str = "") -> None:
    """Put an entry straight into the record, as a forger or a broken hub would."""
    audience = APPROVERS if kind == "decision.proposed" else PARTNERS
    draft = Draft(kind, hub.record.intern_audience(audience), Payload("", "x", 0, "", msgspec.json.encode(body)))
    hub.record.append(org, [draft], f"forged-{kind}-{org}-{hub.record.head()[0]}")
    hub.settle()


def names(hub: Hub, viewer: Viewer, *states: State) -> list[str]:
    return [item.name for item in hub.shield.decisions(viewer, states or list(State))]


# Every way in


@pytest.mark.parametrize("category", ["copyright", "gambling", "", "phishing; DROP", "MALWARE DISTRIBUTION AND MORE"])
def test_a_proposal_outside_the_policy_is_refused(hub: Hub, gov: Viewer, category: str) -> None:
    with pytest.raises(BadInput, match="not a category of the blocking policy"):
        hub.shield.propose(gov, "evil.example", category, "we want it gone")
    hub.settle()
    assert names(hub, gov) == []


def test_an_entry_outside_the_policy_is_passed_over(hub: Hub, gov: Viewer) -> None:
    """What a restored or forged record says of itself makes no block."""
    write(hub, "decision.proposed", Body("d1", "evil.example", "copyright"))
    write(hub, "decision.published", Body("d1", "evil.example", "copyright", expires=hub.clock.now() + DAY))
    write(hub, "decision.proposed", Body("d2", "bad.example", "phishing", severity="deadly"))
    write(hub, "decision.proposed", Body("d3", "org.example", "phishing"), org="some-member")
    assert names(hub, gov) == [] and hub.shield.zone.image().count == 0
    assert not hub.river.set_aside


@pytest.mark.parametrize(("media", "body"), [
    ("application/json", b'{"kind": "decision.published", "name": "evil.example", "category": "copyright"}'),
    ("text/csv", b"kind,domain,category\ndecision.published,evil.example,copyright\n"),
    ("application/stix+json", b'{"type": "bundle", "id": "bundle--6f6b6b1c-0b6c-4d5c-8a55-0b8d7b8f9a09", "objects": ['
     b'{"type": "x-decision", "spec_version": "2.1", "id": "x-decision--6f6b6b1c-0b6c-4d5c-8a55-0b8d7b8f9a01", '
     b'"created": "2026-05-01T00:00:00Z", "modified": "2026-05-01T00:00:00Z", "name": "evil.example", '
     b'"category": "copyright", "state": "published"}]}'),
])  # fmt: skip
def test_what_is_imported_never_is_a_decision(hub: Hub, gov: Viewer, media: str, body: bytes) -> None:
    try:
        hub.intake.accept(gov, body, media, Terms(tlp=Tlp.GREEN))
    except FusionCellError as fault:
        assert fault.status < 500
    hub.settle()
    assert names(hub, gov) == [] and hub.shield.zone.image().count == 0


def refused_by_database(fault: BaseException) -> bool:
    return any(kind.__name__ == "IntegrityError" for kind in type(fault).__mro__)


def test_the_store_cannot_write_a_decision_outside_the_policy(hub: Hub, gov: Viewer) -> None:
    hub.shield.propose(gov, "first.example", "phishing", "seen")
    hub.settle()
    bad = Body("d9", "evil.example", "copyright")
    with (
        pytest.raises(Exception) as told,  # noqa: PT011 - each driver has its own
        hub.databases["projections"].write() as connection,
    ):
        store.open_decisions(connection, [store.opening(10**6, hub.clock.now(), 1, State.PROPOSED, bad)])
    assert refused_by_database(told.value)


OPEN = "UPDATE shield_decision SET {} WHERE name = 'first.example'"


@pytest.mark.parametrize("change", [
    "category = 'copyright', scope = 'copyright'",
    "category = 'copyright'",
    "scope = NULL",
    "scope = 'malware'",
    "severity = 'deadly'",
    "origin = 'dissident'",
    "state = 'published', published_at = 10, expires_at = 0",
    "exercise = 1, serial = 5",
])  # fmt: skip
def test_the_database_refuses_what_the_policy_does_not_name(hub: Hub, gov: Viewer, change: str) -> None:
    hub.shield.propose(gov, "first.example", "phishing", "seen")
    hub.settle()
    with (
        pytest.raises(Exception) as told,  # noqa: PT011 - each driver has its own
        hub.databases["projections"].write() as connection,
    ):
        connection.run(OPEN.format(change))
    assert refused_by_database(told.value)
    with pytest.raises(Exception) as again, hub.databases["projections"].write() as connection:  # noqa: PT011
        connection.run("DELETE FROM shield_category WHERE id = 'phishing'")
    assert refused_by_database(again.value), "no category leaves while a decision stands in it"


# The policy itself


def test_a_policy_is_read_back_as_it_was_written() -> None:
    for policy in (FIRST, SECOND):
        assert read_policy(policy_text(policy)) == policy
        assert digest_of(read_policy(policy_text(policy))) == digest_of(policy)
    assert digest_of(FIRST) != digest_of(SECOND)


BAD = {
    "one approval": {"approvals": 1}, "guarded by one": {"guarded": 1}, "for ever": {"longest_days": 100_000},
    "sites for months": {"compromised_hours": 2000}, "no category": {"categories": []},
    "an id with a space": {"categories": [Category("bad id", "x")]}, "twice": {"categories": FIRST.categories * 2},
    "no such severity": {"categories": [Category("x-y", "x", "deadly")]}, "fewer than N": {"approvers": ["a"]},
    "the same approver twice": {"approvers": ["a", "a"]}, "no title": {"title": " "}, "number 0": {"number": 0},
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_policy_is_refused(name: str) -> None:
    with pytest.raises(BadInput):
        read_policy(policy_text(msgspec.structs.replace(FIRST, **BAD[name])))


@pytest.mark.parametrize("text", ["", "number = 1", "= 3", policy_text(FIRST) + "colour = 'red'\n", "a = " + "[" * 999])
def test_what_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        read_policy(text)


def test_a_policy_changes_by_two_people_and_what_it_no_longer_names_ends(hub: Hub, gov: Viewer) -> None:
    ann, ben = person(gov, "ann"), person(gov, "ben")
    for name, category in (("dga.example", "dga"), ("phish.example", "phishing")):
        hub.shield.propose(gov, name, category, "seen")
        hub.settle()
        hub.shield.approve(gov, name)
        hub.settle()
    hub.shield.propose(gov, "waits.example", "dga", "seen")
    hub.settle()
    assert hub.shield.zone.image().count == 2
    assert {item.policy for item in hub.shield.decisions(gov, list(State))} == {digest_of(FIRST)}

    change = hub.shield.charter.propose(ann, policy_text(SECOND), "ransomware is missing")
    hub.settle()
    with pytest.raises(NotAllowed):
        hub.shield.charter.approve(gov, change)  # a key of an organisation is nobody
    with pytest.raises(NotAllowed):
        hub.shield.charter.approve(replace(ann, permissions=frozenset({"read"})), change)
    assert hub.shield.charter.approve(ann, change) is False
    hub.settle()
    with pytest.raises(Conflict):
        hub.shield.charter.approve(ann, change)
    assert hub.shield.charter.in_force() == FIRST
    with pytest.raises(BadInput):
        hub.shield.propose(gov, "new.example", "ransomware", "seen")

    with pytest.raises(NotFound):
        hub.shield.charter.published(digest_of(SECOND))  # proposed is not in force
    assert hub.shield.charter.approve(ben, change) is True
    hub.settle()
    assert hub.shield.charter.in_force() == SECOND
    for was in (FIRST, SECOND):
        told = hub.shield.charter.published(digest_of(was))
        assert sha256(told).hexdigest() == digest_of(was) and msgspec.json.decode(told, type=Policy) == was
    assert names(hub, gov, State.PUBLISHED) == ["phish.example"] and hub.shield.zone.image().count == 1
    ended = hub.shield.decisions(gov, [State.WITHDRAWN])
    assert {item.name for item in ended} == {"dga.example", "waits.example"}
    assert {item.reason for item in ended} == {"the policy no longer names its category"}
    with pytest.raises(BadInput):
        hub.shield.propose(gov, "dga2.example", "dga", "seen")
    hub.shield.propose(gov, "new.example", "ransomware", "seen")
    hub.settle()
    [new] = hub.shield.decisions(gov, [State.PROPOSED])
    assert (new.category, new.severity, new.policy) == ("ransomware", "high", digest_of(SECOND))
    [listed] = hub.shield.charter.changes(gov)
    assert [who for who, _ in listed.approvals] == ["ann", "ben"] and listed.adopted


def adopt(policy: Policy, identifier: str = "c1") -> PolicyBody:
    return PolicyBody(identifier, digest_of(policy), text=policy)


def proposed(policy: Policy) -> PolicyBody:
    return PolicyBody("c1", digest_of(policy), "ann", "so", policy)


def approval(who: str, policy: Policy = SECOND) -> PolicyBody:
    return PolicyBody("c1", digest_of(policy), who)


NAMED = msgspec.structs.replace(FIRST, number=2, approvers=["cy", "dee"])
ATTACKS: dict[str, list[tuple[str, PolicyBody]]] = {
    "adopted out of nothing": [(ADOPTED, adopt(SECOND))],
    "adopted with no approval": [(PROPOSED, proposed(SECOND)), (ADOPTED, adopt(SECOND))],
    "one approval": [(PROPOSED, proposed(SECOND)), (APPROVED, approval("ann")), (ADOPTED, adopt(SECOND))],
    "one person twice": [(PROPOSED, proposed(SECOND)), (APPROVED, approval("ann")), (APPROVED, approval("ann")),
                         (ADOPTED, adopt(SECOND))],
    "nobody twice": [(PROPOSED, proposed(SECOND)), (APPROVED, approval("")), (APPROVED, approval("ben")),
                     (ADOPTED, adopt(SECOND))],
    "approved another text": [(PROPOSED, proposed(SECOND)), (APPROVED, approval("ann", FIRST)),
                              (APPROVED, approval("ben", FIRST)), (ADOPTED, adopt(SECOND))],
    "swapped after the approvals": [(PROPOSED, proposed(SECOND)), (APPROVED, approval("ann")),
                                    (APPROVED, approval("ben")), (PROPOSED, proposed(NAMED)), (ADOPTED, adopt(NAMED))],
    "a number leapt over": [(PROPOSED, proposed(msgspec.structs.replace(SECOND, number=9))),
                            (APPROVED, approval("ann", msgspec.structs.replace(SECOND, number=9))),
                            (APPROVED, approval("ben", msgspec.structs.replace(SECOND, number=9))),
                            (ADOPTED, adopt(msgspec.structs.replace(SECOND, number=9)))],
    "a digest of another text": [(PROPOSED, PolicyBody("c1", digest_of(FIRST), "ann", "so", SECOND)),
                                 (APPROVED, approval("ann", FIRST)), (APPROVED, approval("ben", FIRST)),
                                 (ADOPTED, PolicyBody("c1", digest_of(FIRST), text=SECOND))],
    "an unsound policy": [(kind, make(msgspec.structs.replace(SECOND, approvals=1))) for kind, make in (
        (PROPOSED, proposed), (APPROVED, lambda p: approval("ann", p)), (APPROVED, lambda p: approval("ben", p)),
        (ADOPTED, adopt))],
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_no_entry_makes_a_policy_without_the_people(hub: Hub, gov: Viewer, name: str) -> None:
    for kind, body in ATTACKS[name]:
        write(hub, kind, body)
    assert hub.shield.charter.in_force() == FIRST
    assert not hub.river.set_aside


def test_an_entry_of_a_member_is_no_policy(hub: Hub, gov: Viewer) -> None:
    for kind, body in ((PROPOSED, proposed(SECOND)), (APPROVED, approval("ann")), (APPROVED, approval("ben")),
                       (ADOPTED, adopt(SECOND))):
        write(hub, kind, body, org="some-member")
    assert hub.shield.charter.in_force() == FIRST


def test_where_the_policy_names_its_approvers_only_they_count(hub: Hub, gov: Viewer) -> None:
    for kind, body in ((PROPOSED, proposed(NAMED)), (APPROVED, approval("ann", NAMED)),
                       (APPROVED, approval("ben", NAMED)), (ADOPTED, adopt(NAMED))):
        write(hub, kind, body)
    assert hub.shield.charter.in_force() == NAMED, "the first policy lets all approvers approve"
    third = msgspec.structs.replace(SECOND, number=3)
    change = hub.shield.charter.propose(person(gov, "ann"), policy_text(third), "so")
    hub.settle()
    with pytest.raises(NotAllowed):
        hub.shield.charter.approve(person(gov, "ann"), change)
    assert hub.shield.charter.approve(person(gov, "cy"), change) is False
    hub.settle()
    assert hub.shield.charter.approve(person(gov, "dee"), change) is True
    hub.settle()
    assert hub.shield.charter.in_force() == third
