"""Where one can go and what one can do, as data: the command palette, the keyboard, and the first page's main actions.

Rules kept here:

* an action stands here with the test whether the viewer's role opens it; what it does not open is not even named;
* a count beside an action is of what this viewer sees, asked of the room itself (DESIGN rule 5);
* pure but for those counts: nothing is decided here that a door does not decide again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fusioncell.bootstrap import Hub
from fusioncell.exchange.requests import State as Asking
from fusioncell.kernel.marking import Viewer
from fusioncell.members.circles import Place
from fusioncell.members.joining import State as Applying
from fusioncell.shield.model import State as Deciding
from fusioncell.web.words import N_, Words

View = dict[str, Any]
MOST = 5
"""Main actions of the first page (issue 3, point 9)."""


@dataclass(frozen=True, slots=True)
class Action:
    """``name``: its address. ``keys``: what opens it from anywhere (``n``; ``g e``), "" for nothing."""

    href: str
    label: Words
    keys: str
    opens: Callable[[Viewer], bool]


def _in(viewer: Viewer) -> bool:
    return viewer.member or viewer.guest


def _shares(viewer: Viewer) -> bool:
    return viewer.may("contribute") and viewer.member


def _is(permission: str) -> Callable[[Viewer], bool]:
    return lambda viewer: viewer.may(permission) and viewer.member


def _person(viewer: Viewer) -> bool:
    return viewer.person is not None and not viewer.guest


def _visitor(viewer: Viewer) -> bool:
    return viewer.org is None


ACTIONS = (
    Action("/", N_("Picture"), "g p", lambda viewer: True),
    Action("/mine", N_("Yours"), "g y", lambda viewer: viewer.member),
    Action("/exchange", N_("Exchange"), "g e", _in),
    Action("/exchange/new", N_("Write a post"), "n", _shares),
    Action("/exchange/requests", N_("Requests for information"), "g r", lambda viewer: viewer.member),
    Action("/contribute", N_("Contribute data"), "g c", _shares),
    Action("/anonymous", N_("Anonymous contributions"), "", _shares),
    Action("/triage", N_("Triage"), "g t", _is("answer")),
    Action("/paste", N_("Paste many values"), "g v", lambda viewer: viewer.member),
    Action("/graph", N_("Draw a graph"), "", lambda viewer: viewer.member),
    Action("/notebook", N_("Notebook"), "g b", lambda viewer: viewer.member),
    Action("/saved", N_("Saved queries"), "g q", lambda viewer: viewer.member),
    Action("/groups", N_("Groups"), "g g", _in),
    Action("/directory", N_("Directory"), "g d", lambda viewer: viewer.member),
    Action("/contacts", N_("24-hour contacts"), "", lambda viewer: viewer.member),
    Action("/entities", N_("Actors, malware, techniques"), "", lambda viewer: viewer.member),
    Action("/clusters", N_("Clusters"), "", lambda viewer: viewer.member),
    Action("/vulnerabilities", N_("Vulnerabilities"), "", lambda viewer: viewer.member),
    Action("/matrix", N_("ATT&CK matrix"), "", lambda viewer: viewer.member),
    Action("/situation", N_("The situation over time"), "", lambda viewer: viewer.member),
    Action("/coverage", N_("What we do not see"), "", lambda viewer: viewer.member),
    Action("/horizon", N_("Horizon"), "g h", lambda viewer: viewer.member),
    Action("/shield", N_("Shield"), "g s", lambda viewer: viewer.member),
    Action("/notifications", N_("Notifications"), "g n", _person),
    Action("/account", N_("Account"), "g a", lambda viewer: viewer.org is not None and not viewer.guest),
    Action("/account/notifications", N_("What you watch"), "", lambda viewer: _person(viewer) and viewer.member),
    Action("/sponsoring", N_("Asked to sponsor"), "", _is("sponsor")),
    Action("/people", N_("People of your organisation"), "", _is("lead")),
    Action("/admin", N_("Administration"), "g m",
           lambda viewer: any(_is(what)(viewer) for what in ("administer_members", "vet", "audit", "hold"))),
    Action("/ops", N_("Operation"), "g o", _is("operate")),
    Action("/terms", N_("Terms of the partnership"), "", lambda viewer: True),
    Action("/sign-in", N_("Sign in"), "", _visitor),
    Action("/apply", N_("Apply for your organisation to join"), "", _visitor),
)  # fmt: skip
"""All that the palette lists, in its order."""


def actions_of(viewer: Viewer) -> list[View]:
    """Return what the viewer's role opens: ``{href, label, keys}``."""
    return [{"href": one.href, "label": one.label, "keys": one.keys} for one in ACTIONS if one.opens(viewer)]


Count = Callable[[Hub, Viewer], int]


def _decisions(hub: Hub, viewer: Viewer) -> int:
    return hub.shield.tally(viewer).get(Deciding.PROPOSED, 0)


def _applications(hub: Hub, viewer: Viewer) -> int:
    return len(hub.joining.applications([Applying.SPONSORED]))


def _groups(hub: Hub, viewer: Viewer) -> int:
    return sum(seen.place in (Place.MEMBER, Place.GUEST) for seen in hub.circles.listed(viewer))


def _questions(hub: Hub, viewer: Viewer) -> int:
    counts = hub.requests.board(viewer, limit=1).counts
    return counts[Asking.OPEN] + counts[Asking.OVERDUE]


def _asked(hub: Hub, viewer: Viewer) -> int:
    return sum(one.state is Applying.ASKED for one in hub.joining.asked(viewer))


@dataclass(frozen=True, slots=True)
class Main:
    """A main action. ``count``: how many wait, None where nothing is counted; ``urgent``: shown first where any do."""

    href: str
    label: Words
    note: Words
    opens: Callable[[Viewer], bool]
    count: Count | None = None
    urgent: bool = False


MAIN = (
    Main("/shield", N_("Decide on blocks"), N_("Names that wait for an approval"), _is("approve"), _decisions),
    Main("/admin", N_("Decide on applications"), N_("Organisations that wait for a decision"), _is("vet"),
         _applications),
    Main("/ops", N_("Look after the hub"), N_("How far behind, how large, what fails"), _is("operate")),
    Main("/shield/audit", N_("Audit the blocking"), N_("Who decided, what was undone, and the proofs"), _is("audit")),
    Main("/admin/audit", N_("Read the audit log"), N_("Who did what to the membership"), _is("audit")),
    Main("/sponsoring", N_("Answer an applicant"), N_("Organisations that ask yours to stand for them"),
         _is("sponsor"), _asked, urgent=True),
    Main("/exchange/new", N_("Write a post"), N_("Ask a question, or tell what you see"), _shares),
    Main("/contribute", N_("Contribute data"), N_("Paste indicators, or send a file"), _shares),
    Main("/people", N_("Your people"), N_("Who uses the hub for your organisation"), _is("lead")),
    Main("/exchange/requests", N_("Requests for information"), N_("Questions that wait for an answer"),
         lambda viewer: viewer.member, _questions),
    Main("/groups", N_("Your groups"), N_("Where your sector and your region talk"), _in, _groups),
    Main("/search", N_("Search"), N_("A name, an address, a hash, or words"), lambda viewer: True),
    Main("/exchange", N_("Read the exchange"), N_("What members ask, tell and answer"), _in),
    Main("/notifications", N_("Notifications"), N_("What you watch has news"), _person),
    Main("/sign-in", N_("Sign in"), N_("With a passkey, or another way"), _visitor),
    Main("/apply", N_("Apply to join"), N_("For an organisation that has a sponsor"), _visitor),
    Main("/terms", N_("Terms of the partnership"), N_("What members promise each other"), _visitor),
)  # fmt: skip
"""The first page's actions, the most telling of a role first: five at most are shown."""


def main_actions(hub: Hub, viewer: Viewer) -> list[View]:
    """Return the viewer's main actions: ``{href, label, note, count}``; ``count`` None where none is counted."""
    found: list[View] = []
    for one in MAIN:
        if len(found) == MOST:
            break
        if not one.opens(viewer):
            continue
        count = one.count(hub, viewer) if one.count else None
        if one.urgent and not count:
            continue
        found.append({"href": one.href, "label": one.label, "note": one.note, "count": count})
    return found
