"""Signing in and out: by password, by a one-time link; and the account's page."""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.concurrency import sync_to_thread
from litestar.datastructures import Cookie

from fusioncell.bootstrap import Hub
from fusioncell.kernel.clock import SECOND, parse_instant
from fusioncell.kernel.errors import FusionCellError, NotAllowed, NotSignedIn
from fusioncell.kernel.marking import Viewer
from fusioncell.members import SignedIn, TooManyAttempts
from fusioncell.members.signing import SecondStep
from fusioncell.web.access import COOKIE, csrf_ok
from fusioncell.web.pages.frame import (
    FORM,
    Asked,
    Page,
    fault_on,
    fields_of,
    form_of,
    local_path,
    members_only,
    page,
    same_site,
    see_other,
    session_of,
    text_of,
)

ROLE_WORDS = {"member": "member", "isp": "provider", "police": "police"}


def _cookie(hub: Hub, signed: SignedIn) -> Cookie:
    seconds = max(60, (signed.expires - hub.clock.now()) // SECOND)
    return Cookie(
        COOKIE,
        value=signed.session.reveal(),
        path="/",
        httponly=True,
        samesite="lax",
        max_age=seconds,
        secure=hub.settings.public_url.startswith("https://"),
    )


def _sign_in_page(
    request: Asked,
    hub: Hub,
    *,
    email: str = "",
    then: str = "/",
    code: int = 200,
    errors: tuple[dict[str, str], ...] = (),
) -> Page:
    return page(
        request,
        "sign_in.html",
        code=code,
        errors=errors,
        form={"email": email, "next": then},
        roles=list(hub.demo_roles) if hub.folder.kind == "demo" else [],
    )


@get(
    "/sign-in", opt={"permission": "public", "query": frozenset({"next"})}, sync_to_thread=True, include_in_schema=False
)
def ask(request: Asked, hub: Hub) -> Page:
    """Show the form."""
    return _sign_in_page(request, hub, then=local_path(request.query_params.get("next")))


@post("/sign-in", opt={"permission": "public", **FORM}, include_in_schema=False)
async def sign_in(request: Asked, hub: Hub) -> Page:
    """Sign in with a password; always a new session, and the old one ends."""
    same_site(request)
    fields = await fields_of(request)
    email, then = text_of(fields, "email", 400), local_path(text_of(fields, "next"))
    address = request.client.host if request.client else ""

    def work() -> Page:
        try:
            signed = hub.signing.sign_in(
                email, text_of(fields, "password", 2000), address, previous=session_of(request)
            )
        except (NotSignedIn, TooManyAttempts) as fault:
            answer = _sign_in_page(
                request, hub, email=email, then=then, code=fault.status, errors=(fault_on("password", fault),)
            )
            if isinstance(fault, TooManyAttempts):
                answer.headers["Retry-After"] = str(fault.wait)
            return answer
        if isinstance(signed, SecondStep):
            return page(request, "sign_in_code.html", form={"state": signed.state, "next": then})
        return see_other(then, cookies=[_cookie(hub, signed)])

    return await sync_to_thread(work)


@get("/sign-in/link/{token:str}", opt={"permission": "public"}, sync_to_thread=True, include_in_schema=False)
def ask_link(request: Asked, token: str) -> Page:
    """Show one button: what previews a link follows it by GET, and must not use it up."""
    return page(request, "sign_in_link.html", link={"url": f"/sign-in/link/{token[:200]}"})


@post("/sign-in/link/{token:str}", opt={"permission": "public", **FORM}, include_in_schema=False)
async def open_link(request: Asked, token: str, hub: Hub) -> Page:
    """Sign in with the link, which is used up."""
    same_site(request)

    def work() -> Page:
        try:
            signed = hub.signing.open_link(token, previous=session_of(request))
        except FusionCellError as fault:
            return _sign_in_page(request, hub, code=fault.status, errors=(fault_on("", fault),))
        return see_other("/", cookies=[_cookie(hub, signed)])

    return await sync_to_thread(work)


@post("/sign-out", opt={"permission": "public", **FORM}, include_in_schema=False)
async def sign_out(request: Asked, hub: Hub) -> Page:
    """End the session."""
    fields = await fields_of(request)
    session = session_of(request)
    if session and not csrf_ok(hub, session, text_of(fields, "csrf")):
        raise NotAllowed("this form is not of your session", hint="Load the page again and sign out once more.")
    await sync_to_thread(hub.members.sign_out, session)
    return see_other(
        "/", said="signed-out", cookies=[Cookie(COOKIE, value="", max_age=0, path="/", httponly=True, samesite="lax")]
    )


def _keys(hub: Hub, viewer: Viewer) -> list[dict[str, Any]]:
    if viewer.org is None or not (viewer.may("contribute") or viewer.may("administer_members")):
        return []
    may_end = viewer.may("administer_members")
    return [
        {
            "id": key.id,
            "role": f"{ROLE_WORDS.get(key.role, key.role)}, {key.label}",
            "made": key.created,
            "used": parse_instant(key.used_day) if key.used_day else None,
            "revoke_url": f"/account/keys/{key.id}/revoke" if may_end else None,
        }
        for key in hub.members.list_keys(viewer.org)
        if key.ended is None
    ]


@get("/account", opt={"permission": "read"}, sync_to_thread=True, include_in_schema=False)
def account(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Show a member how the hub knows them."""
    members_only(viewer)
    organisation = hub.members.organisation(viewer.org or "")
    someone = hub.members.person(viewer.person) if viewer.person else None
    me = {
        "name": someone.name if someone else "A key",
        "email": someone.email if someone else "none",
        "org": organisation.name,
        "roles": list(someone.roles) if someone else [],
        "groups": [choice.name for choice in hub.circles.audience_choices(viewer)],
    }
    return page(request, "account.html", here="account", me=me, keys=_keys(hub, viewer), fresh=None)


@post("/account/keys/{key:str}/revoke", opt={"permission": "administer_members", **FORM}, include_in_schema=False)
async def end_key(request: Asked, key: str, hub: Hub, viewer: Viewer) -> Page:
    """Revoke a key of one's own organisation."""
    await form_of(request)
    await sync_to_thread(hub.members.end_key, key, viewer.org)
    return see_other("/account", said="key-ended")


HANDLERS = (ask, sign_in, ask_link, open_link, sign_out, account, end_key)
"""Signing in and out, and the account."""
