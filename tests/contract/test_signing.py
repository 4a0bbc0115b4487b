"""Signing in on both databases: an app's codes, recovery codes, the brake, sessions by day, one's own keys."""
# ruff: noqa: F811

from __future__ import annotations

from collections.abc import Iterator

import pyotp
import pytest

from contract.test_members_store import (  # noqa: F401
    PASSWORD,
    Hub,
    ada,
    bank,
    hub,
    members,
    open_database,
    postgres_url,
    signing,
)
from fusioncell.kernel.clock import DAY, HOUR, MINUTE, SECOND
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound, NotSignedIn
from fusioncell.members import Members, Person, SignedIn, TooManyAttempts
from fusioncell.members.signing import SecondStep, Signing

HOME = "192.0.2.1"


class App:
    """An authenticator app that holds a person's secret."""

    def __init__(self, hub: Hub, secret: str) -> None:
        self.hub, self.totp = hub, pyotp.TOTP(secret)

    def code(self, steps: int = 0) -> str:
        return self.totp.generate_otp(self.hub.clock.now() // (30 * SECOND) + steps)


@pytest.fixture
def app(hub: Hub, signing: Signing, ada: Person) -> Iterator[App]:
    offer = signing.offer_totp(ada.id)
    app = App(hub, offer.secret.reveal())
    signing.confirm_totp(ada.id, app.code(), HOME)
    hub.clock.advance(MINUTE)
    yield app


def second_step(signing: Signing, ada: Person) -> str:
    asked = signing.sign_in(ada.email, PASSWORD, HOME)
    assert isinstance(asked, SecondStep)
    return asked.state


def test_the_password_then_asks_for_the_apps_code(signing: Signing, ada: Person, app: App) -> None:
    signed = signing.give_code(second_step(signing, ada), app.code(), HOME)
    assert isinstance(signed, SignedIn) and signed.person.id == ada.id


def test_a_secret_counts_once_a_code_of_it_was_given(hub: Hub, signing: Signing, ada: Person) -> None:
    offer = signing.offer_totp(ada.id)
    assert isinstance(signing.sign_in(ada.email, PASSWORD, HOME), SignedIn)
    with pytest.raises(BadInput):
        signing.confirm_totp(ada.id, "000000", HOME)
    assert isinstance(signing.sign_in(ada.email, PASSWORD, HOME), SignedIn)
    again = signing.offered_totp(ada.id)
    assert again is not None and again.secret == offer.secret
    signing.confirm_totp(ada.id, App(hub, offer.secret.reveal()).code(), HOME)
    with pytest.raises(Conflict):
        signing.offer_totp(ada.id)


def test_a_code_works_once_and_no_earlier_one_after_it(hub: Hub, signing: Signing, ada: Person, app: App) -> None:
    code, earlier = app.code(), app.code(-1)
    signing.give_code(second_step(signing, ada), code, HOME)
    for used in (code, earlier):
        with pytest.raises(NotSignedIn):
            signing.give_code(second_step(signing, ada), used, HOME)
    hub.clock.advance(30 * SECOND)
    signing.give_code(second_step(signing, ada), app.code(), HOME)


@pytest.mark.parametrize("steps", [-2, 2, 20])
def test_a_code_of_another_time_is_refused(signing: Signing, ada: Person, app: App, steps: int) -> None:
    with pytest.raises(NotSignedIn):
        signing.give_code(second_step(signing, ada), app.code(steps), HOME)


def test_the_state_is_ours_fresh_and_of_that_person(hub: Hub, signing: Signing, ada: Person, app: App) -> None:
    state = second_step(signing, ada)
    for wrong in ("", "x", state[:-4], state[:20] + "AAAA" + state[24:], "é" * 40, "A" * 5000):
        with pytest.raises(NotSignedIn):
            signing.give_code(wrong, app.code(), HOME)
    hub.clock.advance(5 * MINUTE)
    with pytest.raises(NotSignedIn):
        signing.give_code(state, app.code(), HOME)


def test_guessing_codes_is_slowed_although_the_password_is_right(signing: Signing, ada: Person, app: App) -> None:
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            signing.give_code(second_step(signing, ada), "000000", "198.51.100.7")
    with pytest.raises(TooManyAttempts):
        signing.give_code(second_step(signing, ada), app.code(), "198.51.100.8")


def test_the_secret_is_sealed_in_the_vault(hub: Hub, signing: Signing, ada: Person, app: App) -> None:
    secret = pyotp.TOTP(app.totp.secret).byte_secret()
    with hub.vault.read() as connection:
        rows = connection.rows("SELECT sealed FROM members_vault_totp")
    assert rows and secret not in bytes(rows[0][0]) and app.totp.secret.encode() not in bytes(rows[0][0])


def test_without_the_app_the_password_suffices_again(signing: Signing, ada: Person, app: App) -> None:
    signing.end_totp(ada.id)
    assert isinstance(signing.sign_in(ada.email, PASSWORD, HOME), SignedIn)
    with pytest.raises(NotFound):
        signing.end_totp(ada.id)


def test_each_recovery_code_works_once_and_new_ones_end_the_old(hub: Hub, signing: Signing, ada: Person) -> None:
    codes = [code.reveal() for code in signing.make_recovery_codes(ada.id)]
    assert len(set(codes)) == 10 and signing.methods_of(ada.id).recovery_left == 10
    signed = signing.sign_in_with_recovery(ada.email.upper(), codes[0].upper().replace("-", " "), HOME)
    assert signed.person.id == ada.id
    with pytest.raises(NotSignedIn):
        signing.sign_in_with_recovery(ada.email, codes[0], HOME)
    assert signing.methods_of(ada.id).recovery_left == 9
    signing.make_recovery_codes(ada.id)
    with pytest.raises(NotSignedIn):
        signing.sign_in_with_recovery(ada.email, codes[1], HOME)
    with hub.vault.read() as connection:
        kept = repr(connection.rows("SELECT * FROM members_vault_recovery"))
    assert not any(code in kept or code.replace("-", "") in kept for code in codes)


def test_a_recovery_code_stands_in_for_the_app(signing: Signing, ada: Person, app: App) -> None:
    code = signing.make_recovery_codes(ada.id)[3].reveal()
    assert signing.give_code(second_step(signing, ada), code, HOME).person.id == ada.id
    with pytest.raises(NotSignedIn):
        signing.give_code(second_step(signing, ada), code, HOME)


def test_a_recovery_code_is_its_persons_alone(members: Members, signing: Signing, ada: Person) -> None:
    bea = members.add_person(ada.org, "Bea", "bea@severn.example", ["reader"])
    code = signing.make_recovery_codes(ada.id)[0].reveal()
    with pytest.raises(NotSignedIn):
        signing.sign_in_with_recovery(bea.email, code, HOME)
    signing.sign_in_with_recovery(ada.email, code, HOME)


def test_guessing_recovery_codes_is_slowed(signing: Signing, ada: Person) -> None:
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            signing.sign_in_with_recovery(ada.email, "0000-0000-0000-0000", HOME)
    with pytest.raises(TooManyAttempts):
        signing.sign_in(ada.email, PASSWORD, HOME)


def test_false_passkeys_slow_the_address_and_lock_nobody_out(signing: Signing, ada: Person) -> None:
    with pytest.raises(TooManyAttempts):
        for _ in range(31):
            with pytest.raises((BadInput, NotSignedIn)):
                signing.sign_in_with_passkey(b"{}", "198.51.100.9")
    assert isinstance(signing.sign_in(ada.email, PASSWORD, HOME), SignedIn)


def test_ones_own_password_is_changed_with_the_current_one(members: Members, signing: Signing, ada: Person) -> None:
    first = signing.sign_in(ada.email, PASSWORD, HOME)
    assert isinstance(first, SignedIn)
    with pytest.raises(NotAllowed):
        signing.change_password(ada.id, "not the password", "another horse battery", HOME)
    fresh = signing.change_password(ada.id, PASSWORD, "another horse battery", HOME)
    assert members.viewer_for_session(first.session.reveal()) is None
    assert members.viewer_for_session(fresh.session.reveal()) is not None


# Sessions


def seen_in_vault(hub: Hub) -> list[int]:
    with hub.vault.read() as connection:
        return [row[0] for row in connection.rows("SELECT seen FROM members_vault_session")]


def test_the_vault_tells_the_day_of_a_sessions_last_use_and_no_more(
        hub: Hub, members: Members, signing: Signing, ada: Person) -> None:
    token = signing.open_link(members.make_link(ada.id).reveal()).session.reveal()
    for _ in range(5):
        hub.clock.advance(17 * MINUTE)
        assert members.viewer_for_session(token) is not None
        assert [seen % DAY for seen in seen_in_vault(hub)] == [0]


def test_after_a_restart_a_session_of_today_stands_and_one_of_yesterday_does_not(
        hub: Hub, members: Members, signing: Signing, ada: Person) -> None:
    hub.clock.advance(DAY - hub.clock.now() % DAY + 20 * HOUR)
    token = signing.open_link(members.make_link(ada.id).reveal()).session.reveal()
    hub.clock.advance(3 * HOUR)
    assert hub.members().viewer_for_session(token) is not None
    hub.clock.advance(2 * HOUR)
    assert hub.members().viewer_for_session(token) is None


def test_an_idle_session_does_not_come_back_after_a_restart(
        hub: Hub, members: Members, signing: Signing, ada: Person) -> None:
    token = signing.open_link(members.make_link(ada.id).reveal()).session.reveal()
    hub.clock.advance(HOUR)
    assert members.viewer_for_session(token) is None
    assert hub.members().viewer_for_session(token) is None


def test_all_other_sessions_end_and_this_goes_on(hub: Hub, members: Members, signing: Signing, ada: Person) -> None:
    tokens = [signing.open_link(members.make_link(ada.id).reveal()).session.reveal() for _ in range(3)]
    signing.end_other_sessions(ada.id, members.session_id(tokens[1]))
    assert [members.viewer_for_session(token) is not None for token in tokens] == [False, True, False]


# One's own keys


def test_a_key_permits_no_more_than_its_maker(members: Members, signing: Signing, ada: Person) -> None:
    token = signing.open_link(members.make_link(ada.id).reveal()).session.reveal()
    me = members.viewer_for_session(token)
    assert me is not None
    for role, scopes in (("administrator", None), ("approver", None), ("administrator", ["approve"]), ("reader", [])):
        with pytest.raises(NotAllowed):
            signing.make_key(me, "too much", role, scopes, 30)
    for scopes, days in ((["fly"], 30), (["read"], 0), (["read"], 366)):
        with pytest.raises(BadInput):
            signing.make_key(me, "nonsense", "member", scopes, days)
    info, secret = signing.make_key(me, "siem", "administrator", ["match", "read"], 30)
    viewer = members.viewer_for_key(secret.reveal())
    assert viewer is not None and viewer.permissions == {"match", "read"} and viewer.person == ada.id
    narrow, _ = signing.make_key(viewer, "narrower", "analyst", ["read"], 30)
    assert narrow.scopes == {"read"}
    with pytest.raises(NotAllowed):
        signing.make_key(viewer, "wider", "analyst", ["read", "contribute"], 30)
    assert {key.id for key in signing.keys_of(ada.id)} == {info.id, narrow.id}


def test_a_key_of_ones_own_ends_by_oneself_or_by_who_leads(members: Members, signing: Signing, ada: Person) -> None:
    def viewer_of(name: str, role: str) -> object:
        someone = members.add_person(ada.org, name, f"{name}@severn.example", [role])
        return members.viewer_for_session(signing.open_link(members.make_link(someone.id).reveal()).session.reveal())

    me = members.viewer_for_session(signing.open_link(members.make_link(ada.id).reveal()).session.reveal())
    assert me is not None
    first, second = (signing.make_key(me, label, "reader", None, 30) for label in ("one", "two"))
    with pytest.raises(NotFound):
        signing.end_key(viewer_of("bea", "member"), first[0].id)  # type: ignore[arg-type]
    signing.end_key(me, first[0].id)
    signing.end_key(viewer_of("cid", "lead"), second[0].id)  # type: ignore[arg-type]
    assert [members.viewer_for_key(secret.reveal()) for _, secret in (first, second)] == [None, None]


def test_new_ways_in_are_lines_of_the_log(hub: Hub, members: Members, signing: Signing, ada: Person, app: App) -> None:
    from fusioncell.members.audit import Audit

    signing.make_recovery_codes(ada.id)
    signing.end_totp(ada.id)
    lines = Audit(hub.vault, hub.clock).lines_of(f"person:{ada.id}")
    assert [line.action for line in lines] == ["totp.removed", "recovery.made", "totp.set", "password.set"]
    assert {line.org for line in lines} == {ada.org}
