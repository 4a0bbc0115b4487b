"""The account's page: who one is, by what one signs in, where one is signed in, one's keys, what happened lately.

What makes a new way in (a passkey, a password, an app, a linked account, a key) is asked of a person's own session,
never of an API key: a key that leaks must not grow into an account.
"""

from __future__ import annotations

from typing import Any

import segno
from litestar import Response, get, post
from litestar.concurrency import sync_to_thread

from fusioncell.bootstrap import Hub
from fusioncell.kernel.clock import parse_instant
from fusioncell.kernel.errors import BadInput, FusionCellError, NotAllowed
from fusioncell.kernel.marking import Viewer
from fusioncell.members import ROLES, KeyInfo
from fusioncell.members.signing import SCOPE_WORDS, TotpOffer
from fusioncell.members.signing.model import FRESH_SESSION
from fusioncell.web.pages.frame import (
    FORM,
    Asked,
    Form,
    Page,
    fault_on,
    form_of,
    known_only,
    page,
    see_other,
    session_of,
    text_of,
)
from fusioncell.web.pages.signing import (
    SMALL,
    address_of,
    answer_of,
    json_answer,
    oidc_cookie,
    passkeys_here,
    session_cookie,
)
from fusioncell.web.words import N_, joined, of_error

ROLE_WORDS = {"isp": N_("provider")}
METHOD_WORDS = {
    "passkey": N_("a passkey"),
    "password": N_("your password"),
    "link": N_("a one-time link"),
    "recovery": N_("a recovery code"),
    "provider": N_("your account with the identity provider"),
}
EVENT_WORDS = {
    "password.set": N_("The password was set"),
    "passkey.added": N_("A passkey was added"),
    "passkey.removed": N_("A passkey was removed"),
    "totp.set": N_("An authenticator app was set up"),
    "totp.removed": N_("The authenticator app was removed"),
    "recovery.made": N_("New recovery codes were made"),
    "recovery.used": N_("A recovery code was used"),
    "identity.linked": N_("An account with the identity provider was linked"),
    "identity.removed": N_("An account with the identity provider was unlinked"),
    "key.made": N_("An API key was made"),
    "key.ended": N_("An API key was revoked"),
}
KEY_DAYS = (30, 90, 365)
LATELY = 12
"""Lines of what happened that the page shows."""


def _key_row(key: KeyInfo, may_end: bool) -> dict[str, Any]:
    return {
        "id": key.id,
        "role": joined([of_error(ROLE_WORDS.get(key.role, key.role)), key.label]),
        "scopes": [] if key.scopes is None else [SCOPE_WORDS[each] for each in SCOPE_WORDS if each in key.scopes],
        "made": key.created,
        "expires": key.expires,
        "used": parse_instant(key.used_day) if key.used_day else None,
        "revoke_url": f"/account/keys/{key.id}/revoke" if may_end else None,
    }


def _org_keys(hub: Hub, viewer: Viewer) -> list[dict[str, Any]]:
    """Return the organisation's keys, for those who may use or end them; a person's own stand apart."""
    over = viewer.may("administer_members") or viewer.may("lead")
    if viewer.org is None or not (viewer.may("contribute") or over):
        return []
    return [_key_row(key, over) for key in hub.members.list_keys(viewer.org)
            if key.ended is None and (key.person is None or key.person != viewer.person)]  # fmt: skip


def roles_for(viewer: Viewer) -> list[str]:
    """Return the roles that a key of this viewer's may have: none that permits more than they may do."""
    return [role for role, permitted in ROLES.items() if permitted <= viewer.permissions]


def _mine(request: Asked, hub: Hub, viewer: Viewer, person: str) -> dict[str, Any]:
    """Return what is a person's own."""
    provider, current = hub.providers.provider, hub.members.session_id(session_of(request))
    return {
        "passkeys": {
            **passkeys_here(request, hub),
            "list": [{"label": one.label, "made": one.created, "end_url": f"/account/passkeys/{one.id}/end"}
                     for one in hub.signing.passkeys_of(person)],
        },
        "methods": hub.signing.methods_of(person),
        "provider": provider.name if provider else None,
        "accounts": [{"label": one.label, "issuer": one.issuer, "subject": one.subject}
                     for one in hub.providers.accounts_of(person)],
        "sessions": [{"method": METHOD_WORDS.get(one.method, one.method), "made": one.created, "seen": one.seen,
                      "this": one.id == current, "end_url": f"/account/sessions/{one.id}/end"}
                     for one in hub.members.sessions_of(person)],
        "own_keys": [_key_row(key, True) for key in hub.signing.keys_of(person)],
        "key_form": {"roles": roles_for(viewer), "days": KEY_DAYS,
                     "scopes": [{"name": name, "words": words} for name, words in SCOPE_WORDS.items()
                                if name in viewer.permissions]},
        "events": [{"at": line.at, "words": EVENT_WORDS[line.action],
                    "detail": METHOD_WORDS.get(line.detail, line.detail)}
                   for line in hub.audit.lines_of(f"person:{person}", 200) if line.action in EVENT_WORDS][:LATELY],
    }  # fmt: skip


def _account_page(request: Asked, hub: Hub, viewer: Viewer, code: int = 200, *errors: dict[str, str]) -> Page:
    known_only(viewer)
    organisation = hub.members.organisation(viewer.org or "")
    someone = hub.members.person(viewer.person) if viewer.person else None
    me = {
        "name": someone.name if someone else N_("A key"),
        "email": someone.email if someone else "none",
        "org": organisation.name,
        "roles": list(someone.roles) if someone else [],
        "groups": [choice.name for choice in hub.circles.audience_choices(viewer)],
    }
    mine = _mine(request, hub, viewer, someone.id) if someone else None
    return page(request, "account.html", here="account", code=code, errors=errors, me=me, mine=mine,
                org_keys=_org_keys(hub, viewer))  # fmt: skip


def own_person(request: Asked, viewer: Viewer) -> str:
    """Return who is signed in with this browser. NotAllowed for an API key."""
    known_only(viewer)
    if viewer.person is None or not session_of(request):
        raise NotAllowed("this is for a person who is signed in, not for a key", hint="Sign in with a browser.")
    return viewer.person


def just_signed_in(request: Asked, hub: Hub, viewer: Viewer) -> str:
    """Return who is signed in, for changes of how one signs in. NotAllowed where the sign-in is not of just now.

    Whoever finds a browser left open, or takes a cookie, makes no way in of their own that outlives the session
    (OWASP ASVS 5 §7.5.1; NIST SP 800-63B-4 §4.1).
    """
    person = own_person(request, viewer)
    if not hub.members.is_fresh(hub.members.session_id(session_of(request)), person, FRESH_SESSION):
        raise NotAllowed("To change how you sign in, you must have signed in within the last 15 minutes.",
                         hint="Sign out, sign in again, and come back.")
    return person


@get("/account", opt={"permission": "read"}, sync_to_thread=True, include_in_schema=False)
def account(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Show a member how the hub knows them."""
    return _account_page(request, hub, viewer)


# -- passkeys: by script, with the session's token in the header ------------------------------------------------------


@post("/account/passkeys/options", opt={"permission": "read"}, request_max_body_size=SMALL, include_in_schema=False)
async def passkey_options(request: Asked, hub: Hub, viewer: Viewer) -> Response[bytes]:
    """Say to the browser what passkey it is to make."""
    person = await sync_to_thread(just_signed_in, request, hub, viewer)
    return json_answer(await sync_to_thread(hub.signing.offer_passkey, person))


@post("/account/passkeys", opt={"permission": "read"}, request_max_body_size=SMALL, include_in_schema=False)
async def add_passkey(request: Asked, hub: Hub, viewer: Viewer) -> Response[bytes]:
    """Keep the passkey that the browser made."""
    person, given = await sync_to_thread(just_signed_in, request, hub, viewer), await answer_of(request)
    await sync_to_thread(hub.signing.add_passkey, person, bytes(given.answer), given.label[:400])
    answer = see_other("/account", said="passkey-added")
    return json_answer({"location": "/account"}, tuple(answer.cookies))


# -- forms -----------------------------------------------------------------------------------------------------------


async def _form(request: Asked, viewer: Viewer) -> tuple[Form, str]:
    fields = await form_of(request)
    return fields, own_person(request, viewer)


@post("/account/passkeys/{passkey:str}/end", opt={"permission": "read", **FORM}, request_max_body_size=SMALL,
      include_in_schema=False)  # fmt: skip
async def end_passkey(request: Asked, passkey: str, hub: Hub, viewer: Viewer) -> Page:
    """Delete a passkey of one's own."""
    await form_of(request)
    person = await sync_to_thread(just_signed_in, request, hub, viewer)
    await sync_to_thread(hub.signing.end_passkey, passkey, person)
    return see_other("/account", said="passkey-ended")


@post("/account/password", opt={"permission": "read", **FORM}, request_max_body_size=SMALL, include_in_schema=False)
async def set_password(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Set one's own password; every session ends, and this browser gets a new one."""
    fields, person = await _form(request, viewer)

    def work() -> Page:
        try:
            if not hub.signing.methods_of(person).password:
                just_signed_in(request, hub, viewer)
            signed = hub.signing.change_password(
                person, text_of(fields, "current", 2000), text_of(fields, "password", 2000), address_of(request))
        except FusionCellError as fault:
            field = "password" if isinstance(fault, BadInput) else "current"
            return _account_page(request, hub, viewer, fault.status, fault_on(field, fault))
        return see_other("/account", said="password-set", cookies=[session_cookie(hub, signed)])

    return await sync_to_thread(work)


def _app_page(request: Asked, offer: TotpOffer, code: int = 200, *errors: dict[str, str]) -> Page:
    # Black on white, so that a phone reads it off a dark page too.
    picture = segno.make(offer.uri.reveal(), error="m").svg_data_uri(scale=5, border=3, light="#fff")
    return page(request, "account_app.html", here="account", code=code, errors=errors,
                app={"secret": offer.secret.reveal(), "picture": picture})  # fmt: skip


@post("/account/app", opt={"permission": "read", **FORM}, request_max_body_size=SMALL, include_in_schema=False)
async def set_up_app(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Make a secret for an authenticator app and show it; it counts once a code of it is given."""
    _, person = await _form(request, viewer)

    def work() -> Page:
        try:
            return _app_page(request, hub.signing.offer_totp(person))
        except FusionCellError as fault:
            return _account_page(request, hub, viewer, fault.status, fault_on("", fault))

    return await sync_to_thread(work)


@post("/account/app/confirm", opt={"permission": "read", **FORM}, request_max_body_size=SMALL, include_in_schema=False)
async def confirm_app(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Take the app's first code; recovery codes are made with it where there are none."""
    fields, person = await _form(request, viewer)

    def work() -> Page:
        try:
            hub.signing.confirm_totp(person, text_of(fields, "code", 100), address_of(request))
        except FusionCellError as fault:
            offer = hub.signing.offered_totp(person)
            if offer is None:
                return _account_page(request, hub, viewer, fault.status, fault_on("", fault))
            return _app_page(request, offer, fault.status, fault_on("code", fault))
        if not hub.signing.methods_of(person).recovery_left:
            return _recovery_page(request, hub, person)
        return see_other("/account", said="app-set")

    return await sync_to_thread(work)


@post("/account/app/end", opt={"permission": "read", **FORM}, request_max_body_size=SMALL, include_in_schema=False)
async def end_app(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Forget the authenticator app."""
    await form_of(request)
    person = await sync_to_thread(just_signed_in, request, hub, viewer)
    await sync_to_thread(hub.signing.end_totp, person)
    return see_other("/account", said="app-ended")


def _recovery_page(request: Asked, hub: Hub, person: str) -> Page:
    codes = [code.reveal() for code in hub.signing.make_recovery_codes(person)]
    return page(request, "account_once.html", here="account", once={"codes": codes, "key": None, "label": ""})


@post("/account/recovery", opt={"permission": "read", **FORM}, request_max_body_size=SMALL, include_in_schema=False)
async def make_recovery_codes(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Make ten recovery codes and show them, this once."""
    await form_of(request)
    person = await sync_to_thread(just_signed_in, request, hub, viewer)
    return await sync_to_thread(_recovery_page, request, hub, person)


@post("/account/provider", opt={"permission": "read", **FORM}, request_max_body_size=SMALL, include_in_schema=False)
async def link_account(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Begin to link an account with the identity provider: a page with a link there (a form may lead nowhere else)."""
    _, person = await _form(request, viewer)

    def work() -> Page:
        try:
            just_signed_in(request, hub, viewer)
            begun = hub.providers.begin("/account", person)
        except FusionCellError as fault:
            return _account_page(request, hub, viewer, fault.status, fault_on("", fault))
        provider = hub.providers.provider
        answer = page(request, "account_provider.html", here="account",
                      go={"url": begun.url, "name": provider.name if provider else ""})  # fmt: skip
        answer.cookies.append(oidc_cookie(hub, begun.cookie))
        return answer

    return await sync_to_thread(work)


@post("/account/provider/end", opt={"permission": "read", **FORM}, request_max_body_size=SMALL,
      include_in_schema=False)  # fmt: skip
async def unlink_account(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Unlink an account with the identity provider."""
    fields, person = await _form(request, viewer)
    await sync_to_thread(hub.providers.unlink, person, text_of(fields, "issuer"), text_of(fields, "subject"))
    return see_other("/account", said="account-unlinked")


@post("/account/sessions/{session:str}/end", opt={"permission": "read", **FORM}, request_max_body_size=SMALL,
      include_in_schema=False)  # fmt: skip
async def end_session(request: Asked, session: str, hub: Hub, viewer: Viewer) -> Page:
    """End one of one's own sessions."""
    _, person = await _form(request, viewer)
    await sync_to_thread(hub.signing.end_session, person, session)
    return see_other("/account", said="session-ended")


@post("/account/sessions/end", opt={"permission": "read", **FORM}, request_max_body_size=SMALL,
      include_in_schema=False)  # fmt: skip
async def end_other_sessions(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """End all of one's own sessions but this."""
    _, person = await _form(request, viewer)
    await sync_to_thread(hub.signing.end_other_sessions, person, hub.members.session_id(session_of(request)))
    return see_other("/account", said="sessions-ended")


@post("/account/keys", opt={"permission": "read", **FORM}, request_max_body_size=SMALL, include_in_schema=False)
async def make_key(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Make a key of one's own and show it, this once."""
    fields, _ = await _form(request, viewer)
    scopes = [name for name in SCOPE_WORDS if f"scope-{name}" in fields]
    days = text_of(fields, "days", 5)

    def work() -> Page:
        try:
            just_signed_in(request, hub, viewer)
            info, secret = hub.signing.make_key(
                viewer, text_of(fields, "label", 400), text_of(fields, "role", 40), scopes or None,
                int(days) if days.isdecimal() and days.isascii() else 0)  # fmt: skip
        except FusionCellError as fault:
            return _account_page(request, hub, viewer, fault.status, fault_on("label", fault))
        once = {"codes": [], "key": secret.reveal(), "label": info.label}
        return page(request, "account_once.html", here="account", once=once)

    return await sync_to_thread(work)


@post("/account/keys/{key:str}/revoke", opt={"permission": "read", **FORM}, request_max_body_size=SMALL,
      include_in_schema=False)  # fmt: skip
async def end_key(request: Asked, key: str, hub: Hub, viewer: Viewer) -> Page:
    """Revoke a key of one's own, or of the organisation that one leads or administers."""
    await form_of(request)
    await sync_to_thread(hub.signing.end_key, viewer, key)
    return see_other("/account", said="key-ended")


HANDLERS = (
    account, passkey_options, add_passkey, end_passkey, set_password, set_up_app, confirm_app, end_app,
    make_recovery_codes, link_account, unlink_account, end_session, end_other_sessions, make_key, end_key,
)  # fmt: skip
"""The account."""
