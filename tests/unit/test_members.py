"""The membership's pure parts: roles, tokens, passwords, the brake on guessing, and who a viewer is."""

from __future__ import annotations

import hmac

import pytest

from fusioncell.kernel.clock import MINUTE, SECOND
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.ids import SeededRandomness
from fusioncell.kernel.marking import PUBLIC, Audience, Tlp, Viewer, may_see
from fusioncell.members import admit, mint
from fusioncell.members.model import (
    PERMISSIONS,
    ROLE_SPELLINGS,
    ROLES,
    Person,
    Purpose,
    Secret,
    permissions_of,
    role_named,
)
from fusioncell.members.recognise import Belonging, Standing, recognise
from fusioncell.members.remember import LOOK_EVERY, MOST, Known, Remembered
from fusioncell.members.signing import hash_password, slow_down

KEY = bytes(range(32))
CHEAP = hash_password.Cost(memory=8, passes=1, lanes=1)
RANDOM = SeededRandomness(1)


# Roles


def test_every_permission_is_given_by_a_role_below_administrator() -> None:
    """An action that only an administrator may do is for running the hub, and named here."""
    given = permissions_of(role for role in ROLES if role != "administrator")
    assert PERMISSIONS - given == {"administer_members"}


def test_roles_permit_known_actions_only() -> None:
    for role, permitted in ROLES.items():
        assert permitted <= PERMISSIONS, role
        assert permitted, role


def test_every_role_asked_for_is_known() -> None:
    for name in ("administrator", "operator", "analyst", "approver", "member", "editor", "reader", "read-only",
                 "police", "auditor", "isp"):
        assert role_named(name) in ROLES
    assert set(ROLE_SPELLINGS.values()) <= set(ROLES)


def test_an_unknown_role_is_refused_with_those_that_exist() -> None:
    with pytest.raises(BadInput) as fault:
        role_named("superuser")
    assert "analyst" in fault.value.hint


def test_a_reader_changes_nothing() -> None:
    assert ROLES["reader"].isdisjoint({"contribute", "approve", "propose", "recall", "withdraw_block", "operate"})


def test_who_proposes_by_trade_does_not_approve() -> None:
    assert "propose" in ROLES["analyst"]
    assert "approve" not in ROLES["analyst"]


# Tokens


def test_a_token_has_its_shape_and_public_id() -> None:
    public, secret = mint.mint(RANDOM)
    assert secret.reveal().startswith(f"fc_{public}_")
    assert mint.public_id(secret.reveal()) == public
    assert len(secret.reveal()) <= mint.LONGEST


@pytest.mark.parametrize("text", ["", "fc_", "fc_zz_x", "Bearer x", "fc_0123456789abcdef_" + "a" * 42,
                                  "fc_0123456789abcdef_" + "a" * 44, "fc_0123456789abcdef_" + "a" * 42 + "\n"])
def test_what_is_no_token_has_no_id(text: str) -> None:
    assert mint.public_id(text) is None


def test_a_mark_depends_on_key_purpose_and_every_letter() -> None:
    token = mint.mint(RANDOM)[1].reveal()
    mark = mint.mark_of(KEY, Purpose.KEY, token)
    assert len(mark) == 32
    assert mark != mint.mark_of(KEY[::-1], Purpose.KEY, token)
    assert mark != mint.mark_of(KEY, Purpose.SESSION, token)
    assert mark != mint.mark_of(KEY, Purpose.KEY, token[:-1] + ("A" if token[-1] != "A" else "B"))


def test_marks_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(hmac, "compare_digest", lambda one, other: asked.append((one, other)) or True)
    assert mint.same_mark(b"a", b"b")
    assert asked == [(b"a", b"b")]


def test_a_secret_is_never_printed() -> None:
    secret = mint.mint(RANDOM)[1]
    for text in (repr(secret), str(secret), f"{secret}", f"{secret!r}", "%s" % secret, repr((secret,))):  # noqa: UP031
        assert secret.reveal() not in text
        assert "hidden" in text


def test_secrets_compare_by_content() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")


def test_a_form_token_is_bound_to_its_session() -> None:
    assert mint.csrf_of(KEY, "one") != mint.csrf_of(KEY, "two")
    assert mint.csrf_of(KEY, "one") == mint.csrf_of(KEY, "one")


def test_odd_text_does_not_crash() -> None:
    assert mint.mark_of(KEY, Purpose.KEY, "\udc80")
    assert mint.blind(KEY, "address", "\udc80")


# Passwords


def test_a_password_is_verified() -> None:
    stored = hash_password.hash_password("correct horse battery", CHEAP, RANDOM)
    assert stored.startswith("$argon2id$")
    assert "horse" not in stored
    assert hash_password.verify_password(stored, "correct horse battery", CHEAP)
    assert not hash_password.verify_password(stored, "correct horse batterz", CHEAP)


def test_two_hashes_of_one_password_differ() -> None:
    assert (hash_password.hash_password("correct horse battery", CHEAP, RANDOM)
            != hash_password.hash_password("correct horse battery", CHEAP, RANDOM))


def test_an_unknown_account_costs_a_hash_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    verified = []
    real = hash_password.PasswordHasher.verify

    def verify(self: hash_password.PasswordHasher, stored: str, password: str) -> bool:
        verified.append(stored)
        return real(self, stored, password)

    monkeypatch.setattr(hash_password.PasswordHasher, "verify", verify)
    assert not hash_password.verify_password(None, "whatever it may be", CHEAP)
    assert len(verified) == 1
    assert verified[0].startswith(f"$argon2id$v=19$m={CHEAP.memory},t={CHEAP.passes},p={CHEAP.lanes}$")


@pytest.mark.parametrize("password", ["", "short", "x" * 1025])
def test_a_password_has_bounds(password: str) -> None:
    with pytest.raises(BadInput):
        hash_password.hash_password(password, CHEAP, RANDOM)


def test_a_damaged_hash_and_an_endless_password_match_nothing() -> None:
    assert not hash_password.verify_password("not a hash", "whatever it may be", CHEAP)
    stored = hash_password.hash_password("x" * 1024, CHEAP, RANDOM)
    assert not hash_password.verify_password(stored, "x" * 5_000_000, CHEAP)


def test_a_hash_of_another_cost_is_outdated() -> None:
    stored = hash_password.hash_password("correct horse battery", CHEAP, RANDOM)
    assert not hash_password.is_outdated(stored, CHEAP)
    assert hash_password.is_outdated(stored, hash_password.Cost(memory=16, passes=1, lanes=1))


# The brake


def test_the_first_attempts_are_free_then_the_wait_doubles_up_to_a_cap() -> None:
    assert [slow_down.wait_after(count, 5) // SECOND for count in range(9)] == [0, 0, 0, 0, 0, 1, 2, 4, 8]
    assert slow_down.wait_after(10_000, 5) == slow_down.LONGEST_WAIT


def test_a_refused_attempt_is_not_counted_and_time_lets_in_again() -> None:
    known = slow_down.Attempts(6, 1000 * SECOND)
    same, due = slow_down.attempt(known, 5, 1001 * SECOND)
    assert same == known
    assert due == 1 * SECOND
    counted, due = slow_down.attempt(known, 5, 1002 * SECOND)
    assert due == 0
    assert counted == slow_down.Attempts(7, 1002 * SECOND)


def test_attempts_are_forgotten() -> None:
    counted, due = slow_down.attempt(slow_down.Attempts(50, 0), 5, slow_down.FORGOTTEN_AFTER)
    assert (counted.count, due) == (1, 0)


def test_a_day_of_guessing_gets_few_guesses() -> None:
    """An attacker who never rests has about a hundred guesses a day at one account."""
    known, now, guesses = slow_down.Attempts(), 0, 0
    while now < 24 * 60 * MINUTE:
        known, due = slow_down.attempt(known, slow_down.FREE_FOR_ACCOUNT, now)
        guesses += due == 0
        now += due or 1
    assert guesses < 120


# Who is asking


def _person(*roles: str) -> Person:
    return Person("p1", "o1", "Ada", "ada@example.org", roles, 0)


def test_a_viewer_holds_its_person_its_organisation_and_its_generations() -> None:
    standing = Standing("o1", _person("analyst"), (Belonging("g1", 2, 3),), ("o2",), (Belonging("g2", 1, 1),))
    viewer = recognise(standing, ("analyst",))
    assert viewer.parties == {"org:o1", "person:p1", "group:g1.2", "group:g1.3", "may:answer"}
    assert viewer.client_parties == {"org:o2", "group:g2.1"}
    assert viewer.member
    assert (viewer.person, viewer.org) == ("p1", "o1")
    assert viewer.permissions == ROLES["analyst"]


def test_a_later_member_does_not_see_the_past() -> None:
    viewer = recognise(Standing("o1", None, (Belonging("g1", 2, 2),)), ("member",))
    assert not may_see(viewer, Audience(Tlp.AMBER_STRICT, frozenset({"group:g1.1"})))
    assert may_see(viewer, Audience(Tlp.AMBER_STRICT, frozenset({"group:g1.2"})))


def test_a_role_never_widens_sight() -> None:
    standing = Standing("o1", _person("administrator"))
    by_role = [recognise(standing, (role,)) for role in ROLES]
    offices = {"may:approve", "may:answer", "may:operate", "may:deconflict", "may:audit"}
    sight = {(viewer.parties - offices, viewer.client_parties, viewer.member) for viewer in by_role}
    assert len(sight) == 1
    # The office of approver reads proposals (ADR 0006), the Fusion Cell what is addressed to it (ADR 0009), operators
    # the counts of hits, auditors how blocks came to be decided;
    # no more. (No administrator holds what an officer of deconfliction may.)
    for office in ("approve", "answer", "operate", "audit"):
        assert {role for role, viewer in zip(ROLES, by_role, strict=True) if f"may:{office}" in viewer.parties} == {
            role for role, permissions in ROLES.items() if office in permissions}


def test_a_persons_key_permits_no_more_than_the_person() -> None:
    viewer = recognise(Standing("o1", _person("reader")), ("administrator",))
    assert viewer.permissions == ROLES["reader"]


def test_scopes_narrow() -> None:
    standing = Standing("o1", None)
    assert recognise(standing, ("member",), frozenset({"match", "approve"})).permissions == {"match"}
    assert recognise(standing, ("member",), frozenset()).permissions == frozenset()


def test_an_unknown_role_permits_nothing() -> None:
    assert recognise(Standing("o1", None), ("retired-role",)).permissions == frozenset()


# Remembered viewers


def test_what_was_read_before_a_change_is_not_served_after_it() -> None:
    remembered = Remembered()
    before = remembered.generation
    remembered.forget()
    remembered.put(b"m", Known(PUBLIC, before, 0, 100))
    assert remembered.get(b"m", 1) is None


def test_a_remembered_viewer_ends_at_its_time() -> None:
    remembered = Remembered()
    remembered.put(b"m", Known(Viewer(org="o"), remembered.generation, 10, 100))
    assert [remembered.get(b"m", now) is not None for now in (9, 10, 99, 100)] == [False, True, True, False]


def test_another_process_is_noticed() -> None:
    remembered = Remembered()
    remembered.look(7, 0)
    remembered.put(b"m", Known(PUBLIC, remembered.generation, 0, 10 * SECOND))
    assert not remembered.is_due(LOOK_EVERY - 1)
    assert remembered.is_due(LOOK_EVERY)
    remembered.look(7, LOOK_EVERY)
    assert remembered.get(b"m", LOOK_EVERY) is not None
    remembered.look(8, 2 * LOOK_EVERY)
    assert remembered.get(b"m", 2 * LOOK_EVERY) is None


def test_the_memory_is_bounded() -> None:
    remembered = Remembered()
    for number in range(MOST + 10):
        remembered.put(number.to_bytes(4, "big"), Known(PUBLIC, 0, 0, 10))
    assert len(remembered._known) == MOST
    assert remembered.get((0).to_bytes(4, "big"), 1) is None
    assert remembered.get((MOST + 9).to_bytes(4, "big"), 1) is not None


# What is typed in


@pytest.mark.parametrize("text", ["", "   ", "a\x00b", "x" * 201, "a\u202eb"])
def test_bad_names_are_refused(text: str) -> None:
    with pytest.raises(BadInput):
        admit.admit_name(text, "The name")


def test_names_are_tidied() -> None:
    assert admit.admit_name("  Severn \n Bank ", "The name") == "Severn Bank"
    assert admit.admit_name("Cafe\u0301", "The name") == "Caf\u00e9"


@pytest.mark.parametrize("text", ["", "x", "a@b@c", "a b@c.org", "a@", "@b.org", "a@b.org\nBcc: x@y.org",
                                  "a@" + "b" * 400])
def test_bad_addresses_are_refused(text: str) -> None:
    with pytest.raises(BadInput):
        admit.admit_email(text)


def test_addresses_are_compared_in_lower_case() -> None:
    assert admit.admit_email(" Ada@Example.ORG ") == "ada@example.org"


def test_kinds_of_organisation_are_closed() -> None:
    assert admit.admit_kind("ISP") == "isp"
    with pytest.raises(BadInput):
        admit.admit_kind("circus")
