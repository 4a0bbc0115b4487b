"""The frame of every page: who asks, what is said once, the forms' token, redirects, and the headers of all pages.

Kept here, for all pages alike:

* a form that comes by session carries the session's own token (``form_of``), or nothing is done;
* signing in is asked from the hub's own pages (``same_site``), or a stranger could sign a browser in as themselves;
* a redirect leads to a path on this hub alone (``local_path``);
* every page is served with the content policy of ``web.render`` and is not stored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, urlsplit

from litestar import Request, Response
from litestar.datastructures import Cookie, UploadFile

from fusioncell.bootstrap import Hub
from fusioncell.exchange.notify.service import MOST_COUNTED
from fusioncell.kernel.errors import FusionCellError, NotAllowed, NotFound, NotSignedIn
from fusioncell.kernel.marking import PUBLIC, Viewer
from fusioncell.members import TermsDue
from fusioncell.web.access import awaits_terms, recognise_party
from fusioncell.web.pages.actions import actions_of
from fusioncell.web.render import CONTENT_SECURITY_POLICY, LANGUAGES, render
from fusioncell.web.words import N_, joined, of_error

Asked = Request[Any, Any, Any]
Page = Response[str]
Form = dict[str, str | UploadFile]
HTML = "text/html"
FORM = {"form": True}
"""On a handler: it takes the page's own forms, whose token it checks itself."""

SAID_COOKIE = "fc_said"
SHORTCUTS_COOKIE = "shortcuts"
SAID: dict[str, tuple[str, str]] = {
    "contributed": ("good", N_("Accepted and kept.")),
    "group-made": ("good", N_("The group is made. Invite who belongs in it.")),
    "group-joined": ("good", N_("You are in. You see what is posted from now on.")),
    "group-asked": ("good", N_("Asked. An owner of the group decides.")),
    "group-left": ("info", N_("You have left the group, and see nothing of it any more.")),
    "group-invited": ("good", N_("Invited.")),
    "group-closed": ("info", N_("The group is closed. Its members keep what they hold.")),
    "contact-asked": ("good", N_("A test is asked: the contact gets a mail with a link.")),
    "done": ("good", N_("Done.")),
    "recalled": ("good", N_("Recalled. It has left every page, search, stream and score.")),
    "readers-changed": ("good", N_("Done. It goes on as this contribution; the old one is withdrawn.")),
    "consent-sent": ("good", N_("Kept. Who decides can read it now.")),
    "consent-answered": ("good", N_("Answered. The asker can read it now.")),
    "approved": ("good", N_("Approved. The name is in the zone, and resolvers take it within seconds.")),
    "endorsed": ("good", N_("Kept. Another person has to approve it, too.")),
    "withdrawn": ("good", N_("Withdrawn.")),
    "proposed": ("good", N_("Proposed. Who may approve it sees it now.")),
    "key-ended": ("good", N_("The key is revoked: it opens nothing any more.")),
    "posted": ("good", N_("Sent. Its readers have it.")),
    "edited": ("good", N_("Saved. The older version stays readable.")),
    "draft-kept": ("good", N_("Kept as a draft. Nobody else sees it.")),
    "signed-out": ("info", N_("You are signed out.")),
    "passkey-added": ("good", N_("The passkey is added. Sign in with it from now on.")),
    "passkey-ended": ("good", N_("The passkey is deleted: it signs nobody in any more.")),
    "password-set": ("good", N_("The password is set. Everywhere else you are signed out.")),
    "app-set": ("good", N_("The app is set up: with your password you are asked for its code.")),
    "app-ended": ("good", N_("The app is removed.")),
    "account-linked": ("good", N_("The account is linked: you may sign in with it.")),
    "account-unlinked": ("good", N_("The account is unlinked.")),
    "session-ended": ("good", N_("That session has ended.")),
    "sessions-ended": ("good", N_("You are signed out everywhere else.")),
    "applied": ("good", N_("Received. Keep the address of this page: it is the only way to see where it stands.")),
    "sponsored": ("good", N_("Thank you. Who vets applications sees your statement now.")),
    "declined": ("good", N_("Declined. The applicant is not told.")),
    "refused": ("good", N_("Refused. The applicant reads the reason with their code.")),
    "terms-accepted": ("good", N_("Accepted. Your organisation is a member.")),
    "roles-given": ("good", N_("The roles are changed.")),
    "person-removed": ("good", N_("Removed. Their sessions, keys and passkeys have ended.")),
    "suspended": ("good", N_("Suspended. Sessions, keys and streams end within a minute.")),
    "reinstated": ("good", N_("Reinstated.")),
    "thread-muted": ("good", N_("Muted: this thread tells you no more.")),
    "preferences-saved": ("good", N_("Saved. You are told as you wish from now on.")),
    "watching": ("good", N_("Watched from now on.")),
    "watch-ended": ("good", N_("Watched no more.")),
    "address-trusted": ("good", N_("Mail goes to your address again.")),
    "webhook-ended": ("good", N_("The webhook has ended.")),
    "sent-again": ("good", N_("It is sent again within seconds.")),
    "erased": ("good", N_("Erased. What was held is gone, but for backups, which age out.")),
    "asset-claimed": ("good", N_("Claimed. Now prove that it is yours.")),
    "asset-proved": ("good", N_("Proved. You are told of what hits it.")),
    "hold-placed": ("good", N_("Held. Nothing of it is erased while that lasts.")),
    "undone": ("info", N_("Undone. It is as it was before.")),
    "handed-over": ("good", N_("Kept. The next shift reads it here.")),
    "hold-lifted": ("good", N_("Lifted.")),
    "resolver-changed": ("good", N_("Changed. The hub serves it so from now on.")),
    "lifted": ("good", N_("Lifted. The names are free as soon as resolvers ask again, within a minute.")),
}
"""What a redirect may say once on the page that it leads to: a closed list, so that no one can make it say more."""

_THEMES = frozenset({"auto", "dark", "light"})
_LOCAL = re.compile(r"/(?![/\\])[\x21-\x7e]*\Z")


def base_of(request: Asked) -> str:
    """Return the address of the hub as people reach it, for links and commands to be copied; no slash at its end."""
    return hub_of(request).settings.public_url.rstrip("/") or str(request.base_url).rstrip("/")


def hub_of(request: Asked) -> Hub:
    """Return the hub that serves the request."""
    return request.app.state.hub  # type: ignore[no-any-return]


def viewer_of(request: Asked) -> Viewer:
    """Return who asks. Where the request found no door (a 404), recognise the party now."""
    state: Any = request.scope["state"]
    if "viewer" not in state:
        look = recognise_party(hub_of(request), request.scope, state)
        state["viewer"] = look() or PUBLIC
    return state["viewer"]  # type: ignore[no-any-return]


def session_of(request: Asked) -> str:
    """Return the token of the session that the browser came with, "" for none."""
    viewer_of(request)
    state: Any = request.scope["state"]
    return str(state.get("session", ""))


def stream_from_here(hub: Hub, viewer: Viewer) -> str:
    """Return the address of the page's stream from now on. Ask before a page is made: what comes meanwhile is sent."""
    held = hub.record.audience_set_number(hub.record.visible_to(viewer))
    return f"/live?after={hub.seal.cursor(hub.river.position, held, hub.record.head()[2])}"


def members_only(viewer: Viewer) -> None:
    """Ask a visitor to sign in: this part of the hub is the partnership's."""
    if awaits_terms(viewer):
        raise TermsDue
    if viewer.guest:
        raise NotAllowed("this page is for members of the partnership", hint="You find your group under Groups.")
    if not viewer.member:
        raise NotSignedIn("this page is for members of the partnership", hint="Sign in.")


def known_only(viewer: Viewer) -> None:
    """Ask a visitor to sign in; who is known stays, before their organisation has accepted the terms too."""
    if not awaits_terms(viewer):
        members_only(viewer)


def shell(request: Asked, *, here: str = "", query: str = "", errors: Iterable[dict[str, str]] = ()) -> dict[str, Any]:
    """Make the frame's context (``templates/layout.html`` says what it holds)."""
    hub, viewer = hub_of(request), viewer_of(request)
    session = session_of(request)
    theme = request.cookies.get("theme", "auto")
    said = SAID.get(request.cookies.get(SAID_COOKIE, ""))
    return {
        "viewer": _name_of(hub, viewer),
        "nav": nav_of(viewer),
        "here": here,
        "csrf": hub.members.csrf_of(session) if session and viewer.org else "",
        "theme": theme if theme in _THEMES else "auto",
        "language": language_of(request),
        "demo": hub.folder.kind == "demo",
        "query": query,
        "now": hub.clock.now(),
        "bell": bell_of(hub, viewer),
        "notices": [{"kind": said[0], "text": said[1]}] if said else [],
        "errors": list(errors),
        "actions": actions_of(viewer),
        "shortcuts": request.cookies.get(SHORTCUTS_COOKIE, "on") != "off",
        "path": address_of(request),
    }


def address_of(request: Asked) -> str:
    """Return the address of the page, to come back to; ``/`` for what a form was answered with."""
    if request.method not in ("GET", "HEAD"):
        return "/"
    asked = request.scope["query_string"].decode("latin-1")
    return local_path(quote(request.scope["path"], safe="/") + (f"?{asked}" if asked else ""))


def bell_of(hub: Hub, viewer: Viewer) -> str | None:
    """Return what the bell shows: how many notices are unread, ``99+`` at most; None for who is no person."""
    if viewer.person is None:
        return None
    unread = hub.notify.unread(viewer)
    return "99+" if unread >= MOST_COUNTED else str(unread)


def language_of(request: Asked) -> str:
    """Return the language of the pages: the cookie ``language``, else what the browser prefers, else English."""
    chosen = request.cookies.get("language", "") or _preferred(request)
    preferred = request.headers.get("accept-language", "")[:200].lower().split(",")
    wanted = [chosen, *(part.partition(";")[0].strip()[:2] for part in preferred)]
    return next((each for each in wanted if each in LANGUAGES), "en")


def _preferred(request: Asked) -> str:
    """Return the language that a person once chose, on any browser; "" for who chose none."""
    viewer = viewer_of(request)
    kept = hub_of(request).notify.preferences(viewer).language if viewer.person and viewer.member else ""
    return kept if kept != "en" else ""  # English is what nobody chose: then the browser's wish counts


def nav_of(viewer: Viewer) -> set[str]:
    """Say which parts of the hub the viewer's role opens."""
    opened = {
        "exchange": viewer.member or viewer.guest,
        "products": not viewer.guest,
        "contribute": viewer.may("contribute") and not viewer.guest,
        "groups": viewer.member or viewer.guest,
        "shield": viewer.member,
        "approving": viewer.member and viewer.may("approve"),
        "auditing": viewer.member and viewer.may("audit"),
        "deconfliction": viewer.member and viewer.may("deconflict"),
        "workbench": viewer.member and viewer.may("answer"),
        "ops": viewer.may("operate"),
        "account": viewer.org is not None and not viewer.guest,
        "sponsoring": viewer.may("sponsor") and viewer.member,
        "people": viewer.may("lead") and viewer.member,
        "admin": any(viewer.may(what) for what in ("administer_members", "vet", "audit", "hold")),
    }
    return {part for part, may in opened.items() if may}


def _name_of(hub: Hub, viewer: Viewer) -> dict[str, str] | None:
    if viewer.org is None:
        return None
    try:
        organisation = hub.members.organisation(viewer.org).name
        return {"name": hub.members.person(viewer.person).name if viewer.person else N_("A key"), "org": organisation}
    except NotFound:
        return {"name": N_("A member"), "org": ""}


def page(
    request: Asked,
    template: str,
    *,
    here: str = "",
    code: int = 200,
    sought: str = "",
    errors: Iterable[dict[str, str]] = (),
    **context: Any,
) -> Page:
    """Render a page within the frame."""
    body = render(template, shell=shell(request, here=here, query=sought, errors=errors), **context)
    answer = Response(body, status_code=code, media_type=HTML, headers=page_headers())
    if SAID_COOKIE in request.cookies:
        answer.cookies.append(Cookie(SAID_COOKIE, value="", max_age=0, path="/", httponly=True, samesite="lax"))
    return answer


def fragment(template: str, **context: Any) -> Page:
    """Render a piece of a page that htmx asked for."""
    return Response(render(template, **context), media_type=HTML, headers=page_headers())


def page_headers() -> dict[str, str]:
    """Return the headers that every page carries."""
    return {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Cache-Control": "no-store"}


def see_other(path: str, *, said: str = "", cookies: Iterable[Cookie] = ()) -> Page:
    """Redirect after a form (303), so that a reload sends nothing twice. ``said``: a key of :data:`SAID`."""
    made = list(cookies)
    if said:
        made.append(Cookie(SAID_COOKIE, value=said, max_age=60, path="/", httponly=True, samesite="lax"))
    return Response(
        "", status_code=303, media_type=HTML, headers={**page_headers(), "Location": local_path(path)}, cookies=made
    )


def local_path(text: str | None) -> str:
    """Return a path on this hub, ``/`` for anything else: another site, a scheme, ``//host``, a backslash, spaces."""
    if not text or len(text) > 2000 or not _LOCAL.match(text):
        return "/"
    return text


async def form_of(request: Asked) -> Form:
    """Read the fields of a form that came by session. NotAllowed without the session's own token."""
    fields = await fields_of(request)
    session = session_of(request)
    if viewer_of(request).org is None or not session:
        raise NotSignedIn("sign in first", hint="Your session may have ended: sign in and send it again.")
    if not hub_of(request).members.csrf_matches(session, text_of(fields, "csrf")):
        raise NotAllowed("this form is not of your session", hint="Load the page again and send it once more.")
    return fields


async def fields_of(request: Asked) -> Form:
    """Read the fields of a form, the last where one comes twice."""
    data = await request.form()
    return {key: value for key, value in data.items() if isinstance(value, str | UploadFile)}


async def ticked_of(request: Asked) -> list[str]:
    """Return the keys of the boxes that were ticked in a form; one box may stand for several, a line each."""
    sent = (await request.form()).getall("key", [])
    return [key for one in sent if isinstance(one, str) for key in one.replace("\r\n", "\n").split("\n")]


def text_of(fields: Form, name: str, longest: int = 4000) -> str:
    """Return a text field, "" where there is none."""
    value = fields.get(name, "")
    return value[:longest] if isinstance(value, str) else ""


def same_site(request: Asked) -> None:
    """Refuse a sign-in that another site sends (WHATWG Fetch: Sec-Fetch-Site and Origin). Machines send neither."""
    site = request.headers.get("sec-fetch-site", "")
    origin = request.headers.get("origin", "")
    own = {request.headers.get("host", "").lower(), urlsplit(hub_of(request).settings.public_url).netloc.lower()}
    if site not in ("", "same-origin", "none") or (origin and urlsplit(origin).netloc.lower() not in own - {""}):
        raise NotAllowed("sign in from the hub's own page", hint="Open /sign-in here and try again.")


def fault_on(field: str, fault: FusionCellError) -> dict[str, str]:
    """Turn an error into a line of the error summary at a field."""
    said, hint = of_error(fault.detail, capital=True), of_error(fault.hint)
    if fault.hint and fault.detail.endswith("."):
        return {"field": field, "text": joined([said, hint], " ")}
    return {"field": field, "text": N_("{what}. {hint}", what=said, hint=hint) if fault.hint else said}


def settle(hub: Hub, seconds: float = 3.0) -> None:
    """Wait until what was just accepted is in the pages, so that who did it sees it done; never for long."""
    seq = hub.record.head()[0]
    if hub.river.running:
        hub.river.wait_for(seq, seconds)
    else:
        hub.settle()
