"""The pages of the audit log: all of it for auditors, a lead's own organisation for the lead. Actions in words."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from litestar import get

from fusioncell.bootstrap import Hub
from fusioncell.kernel.marking import Viewer
from fusioncell.members.audit import LOCAL, Line
from fusioncell.members.audit.routes import line_before, page_token
from fusioncell.web.pages.account import EVENT_WORDS
from fusioncell.web.pages.frame import Asked, Page, page, viewer_of
from fusioncell.web.pages.names import Names
from fusioncell.web.words import N_, Words

View = dict[str, Any]
LINES = 50

ACTION_WORDS: dict[str, Words] = {
    "organisation.added": N_("An organisation was added"),
    "organisation.named": N_("An organisation was renamed"),
    "client.named": N_("A client was named"),
    "agreement.made": N_("An agreement with another hub was made"),
    "party.suspended": N_("Somebody was suspended"),
    "party.reinstated": N_("Somebody was let in again"),
    "application.made": N_("An organisation applied"),
    "application.sponsored": N_("A sponsor stood for an applicant"),
    "application.declined": N_("A sponsor declined"),
    "application.accepted": N_("An application was accepted"),
    "application.refused": N_("An application was refused"),
    "application.erased": N_("An application was erased"),
    "terms.accepted": N_("The terms were accepted"),
    "person.added": N_("A person was added"),
    "address.given": N_("An e-mail address was changed"),
    "roles.given": N_("Roles were changed"),
    "idle.noticed": N_("A person was told that their account is idle"),
    "idle.removed": N_("An idle account was removed"),
    "link.made": N_("A sign-in link was made"),
    "data.exported": N_("All that is held on a person was given out"),
    "person.erased": N_("A person was erased"),
    "hold.placed": N_("A preservation hold was placed"),
    "hold.lifted": N_("A preservation hold was lifted"),
    "officer.registered": N_("An officer of sealed names took office"),
    "officer.left": N_("An officer of sealed names left office"),
    "reveal.opened": N_("An officer asked to open a sealed name"),
    "reveal.shared": N_("The first officer gave their share"),
    "reveal.joined": N_("The second officer joined"),
    "reveal.done": N_("A sealed name was opened"),
    "reveal.closed": N_("A case about a sealed name was closed"),
    "contact.set": N_("A 24-hour contact was set"),
    "contact.asked": N_("A 24-hour contact was asked to answer"),
    "contact.confirmed": N_("A 24-hour contact answered"),
    "contact.removed": N_("A 24-hour contact was removed"),
    "profile.shown": N_("An entry of the directory was shown"),
    "profile.hidden": N_("An entry of the directory was hidden"),
    "group.made": N_("A group was opened"),
    "group.changed": N_("A group was changed"),
    "group.owners": N_("The owners of a group were changed"),
    "group.closed": N_("A group was closed"),
    "group.joined": N_("Somebody joined a group"),
    "group.asked": N_("Somebody asked to join a group"),
    "group.invited": N_("Somebody was invited to a group"),
    "group.admitted": N_("Somebody was admitted to a group"),
    "group.declined": N_("A request to join a group was declined"),
    "group.withdrawn": N_("A request or invitation to a group was withdrawn"),
    "group.left": N_("Somebody left a group"),
    "group.removed": N_("Somebody was removed from a group"),
    "guest.admitted": N_("A guest was admitted"),
    "guest.link": N_("A guest got a new sign-in link"),
    "guest.renewed": N_("A guest may stay longer"),
    "guest.ended": N_("A guest's stay was ended"),
    "openings.read": N_("Names in the public log were opened"),
    "asset.claimed": N_("A network asset was claimed"),
    "asset.proved": N_("A network asset was proved"),
    "asset.disputed": N_("A network asset was disputed"),
    "asset.settled": N_("A dispute about an asset was settled"),
    "asset.released": N_("A network asset was released"),
    "asset.alerted": N_("An owner was warned about an asset"),
    "feed.added": N_("A feed was added"),
    "feed.changed": N_("A feed was changed"),
    "feed.enabled": N_("A feed was switched on"),
    "feed.disabled": N_("A feed was switched off"),
    "feed.removed": N_("A feed was removed"),
    "feed.recalled": N_("A feed's contribution was recalled"),
    "misp.site_admin": N_("MISP door: somebody asked as site administrator"),
    "misp.setting": N_("MISP door: a setting was changed"),
    "misp.organisation.known": N_("MISP door: an organisation elsewhere was listed"),
    "misp.organisation.edited": N_("MISP door: an organisation was changed"),
    "misp.organisation.forgotten": N_("MISP door: an organisation elsewhere was forgotten"),
    "misp.role.added": N_("MISP door: a role was added"),
    "misp.role.edited": N_("MISP door: a role was changed"),
    "misp.role.deleted": N_("MISP door: a role was deleted"),
    "misp.role.default": N_("MISP door: the role of new users was changed"),
    "misp.sharing_group.added": N_("MISP door: a sharing group was added"),
    "misp.sharing_group.edited": N_("MISP door: a sharing group was changed"),
    "misp.sharing_group.deleted": N_("MISP door: a sharing group was deleted"),
    "misp.sharing_group.organisations": N_("MISP door: members of a sharing group were changed"),
    "misp.feed.added": N_("MISP door: a feed was listed"),
    "misp.feed.edited": N_("MISP door: a listed feed was changed"),
    "misp.feed.deleted": N_("MISP door: a listed feed was deleted"),
    "misp.server.added": N_("MISP door: a server was listed"),
    "misp.server.edited": N_("MISP door: a listed server was changed"),
    "misp.server.deleted": N_("MISP door: a listed server was deleted"),
    "misp.correlationexclusion.added": N_("MISP door: an exclusion from correlation was added"),
    "misp.correlationexclusion.edited": N_("MISP door: an exclusion from correlation was changed"),
    "misp.correlationexclusion.deleted": N_("MISP door: an exclusion from correlation was deleted"),
    "misp.eventblocklist.added": N_("MISP door: events were blocked"),
    "misp.eventblocklist.deleted": N_("MISP door: an event is blocked no more"),
    "misp.orgblocklist.added": N_("MISP door: organisations were blocked"),
    "misp.orgblocklist.deleted": N_("MISP door: an organisation is blocked no more"),
    **EVENT_WORDS,
}
"""By action (``members.audit.Line``); the API and the command line keep the key."""


def line_view(line: Line, names: Names) -> View:
    """Make the view of a line of the audit log: parties by name, beside the id of what it is about."""
    kind, _, identifier = line.actor.partition(":")
    actor = {"person": names.person, "org": names.organisation}.get(kind)
    shown = N_("A command on the hub's machine") if line.actor == LOCAL else line.actor or N_("The hub")
    return {"at": line.at, "org": names.organisation(line.org), "action": ACTION_WORDS.get(line.action, line.action),
            "detail": line.detail, "actor": actor(identifier) if actor else shown, "subject": line.subject,
            "name": names.subject(line.subject) if line.subject else ""}  # fmt: skip


def _log(request: Asked, hub: Hub, org: str | None, *, here: str, path: str, own: bool) -> Page:
    """Show lines of the log, of one organisation or all, one page a time."""
    names = Names(hub, viewer_of(request))
    action = str(request.query_params.get("action", ""))[:64]
    lines = hub.audit.lines(org, before=line_before(hub.seal, request.query_params.get("before")), limit=LINES,
                            action=action)  # fmt: skip
    more = f"{path}?action={quote(action)}&before={page_token(hub.seal, lines[-1])}" if len(lines) == LINES else None
    choices = sorted(ACTION_WORDS.items(), key=lambda each: str(each[1]))
    return page(request, "members/audit.html", here=here, rows=[line_view(line, names) for line in lines], next=more,
                own=own, path=path, action=action, choices=choices)  # fmt: skip


@get(
    "/account/audit",
    opt={"permission": "lead", "query": frozenset({"before", "action"})},
    sync_to_thread=True,
    include_in_schema=False,
)
def own_log(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Show a lead the log of their organisation."""
    return _log(request, hub, viewer.org or "-", here="account", path="/account/audit", own=True)


@get(
    "/admin/audit",
    opt={"permission": "audit", "query": frozenset({"before", "action"})},
    sync_to_thread=True,
    include_in_schema=False,
)
def whole_log(request: Asked, hub: Hub) -> Page:
    """Show the whole log to auditors, operators and administrators."""
    return _log(request, hub, None, here="admin", path="/admin/audit", own=False)


HANDLERS = (own_log, whole_log)
"""The pages of the log."""
