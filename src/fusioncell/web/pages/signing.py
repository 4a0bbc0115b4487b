"""Signing in and out: by passkey, by password and code, by recovery code, by one-time link, by a provider's account.

A passkey's doors speak JSON, to ``static/passkeys.js``; all others are forms and links that need no script.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import msgspec
from litestar import Response, get, post
from litestar.concurrency import sync_to_thread
from litestar.datastructures import Cookie

from fusioncell.bootstrap import Hub
from fusioncell.kernel.clock import SECOND
from fusioncell.kernel.errors import BadInput, FusionCellError, NotAllowed, NotSignedIn
from fusioncell.members import SignedIn, TooManyAttempts
from fusioncell.members.signing import SecondStep
from fusioncell.web.access import COOKIE, csrf_ok
from fusioncell.web.pages.frame import (
    FORM,
    Asked,
    Form,
    Page,
    fault_on,
    fields_of,
    local_path,
    page,
    same_site,
    see_other,
    session_of,
    text_of,
    viewer_of,
)

SMALL = 100_000
"""Bytes: no form and no answer of a passkey is longer."""
OIDC_COOKIE = "fc_oidc"


class Answer(msgspec.Struct):
    """What ``passkeys.js`` sends: the browser's answer, and what goes with it."""

    answer: msgspec.Raw
    next: str = "/"
    label: str = ""


async def answer_of(request: Asked) -> Answer:
    """Read what ``passkeys.js`` sent. BadInput where it is nothing of the kind."""
    try:
        return msgspec.json.decode(await request.body(), type=Answer)
    except (msgspec.DecodeError, RecursionError) as fault:
        raise BadInput("this is no answer of a passkey", hint="Load the page again.") from fault


def json_answer(body: str | dict[str, str], cookies: tuple[Cookie, ...] = ()) -> Response[bytes]:
    """Answer a script of ours."""
    raw = body.encode() if isinstance(body, str) else msgspec.json.encode(body)
    return Response(raw, status_code=200, media_type="application/json", cookies=list(cookies))


def address_of(request: Asked) -> str:
    """Return the address from which the request came."""
    return request.client.host if request.client else ""


def session_cookie(hub: Hub, signed: SignedIn) -> Cookie:
    """Make the cookie of a new session."""
    seconds = max(60, (signed.expires - hub.clock.now()) // SECOND)
    return Cookie(
        COOKIE,
        value=signed.session.reveal(),
        path="/",
        httponly=True,
        samesite="lax",
        max_age=seconds,
        secure=_is_secure(hub),
    )


def _is_secure(hub: Hub) -> bool:
    return hub.settings.public_url.startswith("https://")


def passkeys_here(request: Asked, hub: Hub) -> dict[str, Any]:
    """Say whether passkeys work at the address by which the browser came, and else at which they do."""
    site = hub.signing.site
    usable = site is not None and request.headers.get("host", "").lower() == urlsplit(site.origin).netloc
    return {"usable": usable, "address": None if site is None or usable else site.origin}


def _sign_in_page(
    request: Asked,
    hub: Hub,
    *,
    email: str = "",
    then: str = "/",
    code: int = 200,
    errors: tuple[dict[str, str], ...] = (),
) -> Page:
    provider = hub.providers.provider
    return page(
        request,
        "sign_in.html",
        code=code,
        errors=errors,
        form={"email": email, "next": then},
        passkeys=passkeys_here(request, hub),
        provider=provider.name if provider else None,
        roles=list(hub.demo_roles) if hub.folder.kind == "demo" else [],
    )


async def _try(request: Asked, hub: Hub, then: str, ask: Callable[[], SignedIn | SecondStep],
               again: Callable[[FusionCellError], Page]) -> Page:
    """Try to sign in, in a worker thread; where it fails, show the form again, with what to do next."""

    def work() -> Page:
        try:
            signed = ask()
        except (NotSignedIn, TooManyAttempts) as fault:
            answer = again(fault)
            if isinstance(fault, TooManyAttempts):
                answer.headers["Retry-After"] = str(fault.wait)
            return answer
        if isinstance(signed, SecondStep):
            return page(request, "sign_in_code.html", form={"state": signed.state, "next": then})
        return see_other(then, cookies=[session_cookie(hub, signed)])

    return await sync_to_thread(work)


@get(
    "/sign-in", opt={"permission": "public", "query": frozenset({"next"})}, sync_to_thread=True, include_in_schema=False
)
def ask(request: Asked, hub: Hub) -> Page:
    """Show the form."""
    return _sign_in_page(request, hub, then=local_path(request.query_params.get("next")))


async def _sent(request: Asked) -> tuple[Form, str]:
    """Read a sign-in form of our own pages: its fields, and where to go then."""
    same_site(request)
    fields = await fields_of(request)
    return fields, local_path(text_of(fields, "next"))


@post("/sign-in", opt={"permission": "public", **FORM}, request_max_body_size=SMALL, include_in_schema=False)
async def sign_in(request: Asked, hub: Hub) -> Page:
    """Sign in with a password; always a new session, and the old one ends. A code may be asked for next."""
    fields, then = await _sent(request)
    email = text_of(fields, "email", 400)
    return await _try(
        request, hub, then,
        lambda: hub.signing.sign_in(
            email, text_of(fields, "password", 2000), address_of(request), previous=session_of(request)),
        lambda fault: _sign_in_page(
            request, hub, email=email, then=then, code=fault.status, errors=(fault_on("password", fault),)),
    )  # fmt: skip


@post("/sign-in/code", opt={"permission": "public", **FORM}, request_max_body_size=SMALL, include_in_schema=False)
async def give_code(request: Asked, hub: Hub) -> Page:
    """Finish a sign-in by password: with the app's code, or with a recovery code."""
    fields, then = await _sent(request)
    state = text_of(fields, "state")
    return await _try(
        request, hub, then,
        lambda: hub.signing.give_code(
            state, text_of(fields, "code", 100), address_of(request), previous=session_of(request)),
        lambda fault: page(request, "sign_in_code.html", code=fault.status, errors=(fault_on("code", fault),),
                           form={"state": state, "next": then}),
    )  # fmt: skip


def _recovery_page(request: Asked, email: str, then: str, code: int = 200,
                   errors: tuple[dict[str, str], ...] = ()) -> Page:
    return page(request, "sign_in_recovery.html", code=code, errors=errors, form={"email": email, "next": then})


@get("/sign-in/recovery", opt={"permission": "public", "query": frozenset({"next"})}, sync_to_thread=True,
     include_in_schema=False)  # fmt: skip
def ask_recovery(request: Asked) -> Page:
    """Ask for a recovery code."""
    return _recovery_page(request, "", local_path(request.query_params.get("next")))


@post("/sign-in/recovery", opt={"permission": "public", **FORM}, request_max_body_size=SMALL, include_in_schema=False)
async def sign_in_with_recovery(request: Asked, hub: Hub) -> Page:
    """Sign in with a recovery code, which is used up."""
    fields, then = await _sent(request)
    email = text_of(fields, "email", 400)
    return await _try(
        request, hub, then,
        lambda: hub.signing.sign_in_with_recovery(
            email, text_of(fields, "code", 100), address_of(request), previous=session_of(request)),
        lambda fault: _recovery_page(request, email, then, fault.status, (fault_on("code", fault),)),
    )  # fmt: skip


@post("/sign-in/passkey/options", opt={"permission": "public", **FORM}, request_max_body_size=SMALL,
      include_in_schema=False)  # fmt: skip
async def passkey_options(request: Asked, hub: Hub) -> Response[bytes]:
    """Say to the browser what it is to sign: a challenge that is good once and for five minutes."""
    same_site(request)
    return json_answer(await sync_to_thread(hub.signing.offer_passkey_sign_in))


@post("/sign-in/passkey", opt={"permission": "public", **FORM}, request_max_body_size=SMALL, include_in_schema=False)
async def sign_in_with_passkey(request: Asked, hub: Hub) -> Response[bytes]:
    """Sign in with the browser's answer; says where to go then."""
    same_site(request)
    given = await answer_of(request)
    signed = await sync_to_thread(
        hub.signing.sign_in_with_passkey, bytes(given.answer), address_of(request), previous=session_of(request)
    )
    return json_answer({"location": local_path(given.next)}, (session_cookie(hub, signed),))


def oidc_cookie(hub: Hub, value: str) -> Cookie:
    """Make the cookie that carries the sealed state to the provider and back; "" takes it away."""
    return Cookie(OIDC_COOKIE, value=value, max_age=600 if value else 0, path="/sign-in/oidc", httponly=True,
                  samesite="lax", secure=_is_secure(hub))  # fmt: skip


@get("/sign-in/oidc", opt={"permission": "public", "query": frozenset({"next"})}, sync_to_thread=True,
     include_in_schema=False)  # fmt: skip
def go_to_provider(request: Asked, hub: Hub) -> Page:
    """Send the browser to the provider. By GET: a form may lead to no other site (CSP form-action)."""
    then = local_path(request.query_params.get("next"))
    try:
        begun = hub.providers.begin(then)
    except FusionCellError as fault:
        return _sign_in_page(request, hub, then=then, code=fault.status, errors=(fault_on("", fault),))
    answer = see_other("/", cookies=[oidc_cookie(hub, begun.cookie)])
    answer.headers["Location"] = begun.url
    return answer


BACK_QUERY = frozenset({"code", "state", "iss", "error", "error_description", "error_uri", "session_state", "scope",
                        "authuser", "prompt", "hd"})  # fmt: skip
"""What providers send along; only the first three are read."""


@get("/sign-in/oidc/back", opt={"permission": "public", "query": BACK_QUERY}, sync_to_thread=True,
     include_in_schema=False)  # fmt: skip
def come_back(request: Asked, hub: Hub) -> Page:
    """Take the browser back from the provider: it is signed in, or the account there is linked with who is."""
    answered = {name: request.query_params.get(name, "") for name in ("code", "state")}
    if "iss" in request.query_params:
        answered["iss"] = request.query_params["iss"]
    try:
        done = hub.providers.finish(
            request.cookies.get(OIDC_COOKIE, ""), answered, address_of(request),
            signed_in=viewer_of(request).person or "", previous=session_of(request))  # fmt: skip
    except FusionCellError as fault:
        answer = _sign_in_page(request, hub, code=fault.status, errors=(fault_on("", fault),))
        answer.cookies.append(oidc_cookie(hub, ""))
        return answer
    if done.signed is None:
        return see_other(local_path(done.then), said="account-linked", cookies=[oidc_cookie(hub, "")])
    return see_other(local_path(done.then), cookies=[session_cookie(hub, done.signed), oidc_cookie(hub, "")])


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
        return see_other("/", cookies=[session_cookie(hub, signed)])

    return await sync_to_thread(work)


@post("/sign-out", opt={"permission": "public", **FORM}, request_max_body_size=SMALL, include_in_schema=False)
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


HANDLERS = (
    ask, sign_in, give_code, ask_recovery, sign_in_with_recovery, passkey_options, sign_in_with_passkey,
    go_to_provider, come_back, ask_link, open_link, sign_out,
)  # fmt: skip
"""Signing in and out."""
