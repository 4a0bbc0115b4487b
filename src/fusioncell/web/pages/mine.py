"""A member's own page: what hits its assets, what its exports gained and lost, its sector, and what its role is for.

Everything is asked of the rooms for this viewer, of mentions of the last two weeks; the newest of each contributor are
looked at, so that a flood by one hides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from litestar import get

from fusioncell.bootstrap import Hub
from fusioncell.exchange.requests import State as Asking
from fusioncell.kernel.clock import DAY, Instant
from fusioncell.kernel.errors import NotFound
from fusioncell.kernel.marking import ANONYMOUS, Viewer
from fusioncell.kernel.observable import Observable, ObservableType, defang
from fusioncell.picture.service import Named
from fusioncell.picture.triage import Show, asset_hit
from fusioncell.picture.triage.model import WINDOW
from fusioncell.shield.model import State as Deciding
from fusioncell.web.pages.changes import change_row
from fusioncell.web.pages.frame import Asked, Page, members_only, page
from fusioncell.web.pages.names import Names
from fusioncell.web.pages.triage import reason_words
from fusioncell.web.pages.views import View, category_of, observable_view
from fusioncell.web.pages.vulnerabilities import vulnerability_view
from fusioncell.web.words import N_

MENTIONS = 3000
ROWS = 8
FEW = 5
_MONEY = frozenset({ObservableType.IBAN, ObservableType.BTC, ObservableType.PHONE})
"""What police and fraud desks act on: accounts, wallets, numbers."""


class _Lately:
    """The mentions that the page is made from, by observable's number: who named it, and when last."""

    def __init__(self, hub: Hub, pages: Iterable[Named]) -> None:
        self.voices: dict[int, set[str]] = {}
        self.last: dict[int, Instant] = {}
        self.fresh: dict[str, set[int]] = {}
        """Contributor → what it named within seven days."""
        week = hub.clock.now() - 7 * DAY
        for rows in pages:
            for number, org, at in rows:
                self.voices.setdefault(number, set()).add(org)
                self.last[number] = max(self.last.get(number, 0), at)
                if at > week:
                    self.fresh.setdefault(org, set()).add(number)
        self.values = hub.fusion.observables(self.voices)

    def newest(self, wanted: Iterable[int]) -> list[int]:
        """Return observables, the last named first. Never by number, which tells of what others contributed."""
        return sorted(wanted, key=lambda one: (-self.last[one], self.values[one].type.value, self.values[one].value))


def _shown(hub: Hub, viewer: Viewer, values: list[Observable]) -> list[View]:
    known = hub.fusion.match(values, hub.record.visible_to(viewer))
    return [observable_view(one, known.get(one)) for one in values]


def _hits(hub: Hub, viewer: Viewer, lately: _Lately) -> tuple[list[View], int, int]:
    """Return what was named within the organisation's assets, the newest first; how many; and how many assets."""
    assets = hub.assets.assets_of(viewer.org or "")
    held = {number: asset for number, one in lately.values.items() if assets and (asset := asset_hit(one, assets))}
    first = lately.newest(held)[:ROWS]
    shown = _shown(hub, viewer, [lately.values[number] for number in first])
    rows = [{"one": one, "asset": held[number], "at": lately.last[number], "count": len(lately.voices[number])}
            for number, one in zip(first, shown, strict=True)]  # fmt: skip
    return rows, len(held), len(assets)


def _exports(hub: Hub, viewer: Viewer, lately: _Lately) -> View:
    """Say what the exports gained and lost within a day, by what still stands."""
    day = hub.clock.now() - DAY
    head = hub.river.position
    change = hub.feeds.change(viewer, [number for number, at in lately.last.items() if at >= day],
                              hub.record.last_before(day, head))  # fmt: skip
    return {
        "gained": len(change.gained), "lost": change.losses,
        "total": None if change.counts is None else sum(change.counts.values()),
        "rows_gained": _shown(hub, viewer, list(change.gained[:ROWS])),
        "rows_lost": _shown(hub, viewer, list(change.lost[:ROWS])),
    }  # fmt: skip


def _sector(hub: Hub, viewer: Viewer, lately: _Lately, names: Names) -> View | None:
    sector = names.sector(viewer.org or "")
    if not sector or sector == "other":
        return None
    mates = {org for org in lately.fresh if org != ANONYMOUS and org != viewer.org and names.sector(org) == sector}
    shared: dict[int, int] = {}
    for org in mates:
        for number in lately.fresh[org]:
            shared[number] = shared.get(number, 0) + 1
    first = sorted(lately.newest(shared), key=lambda number: -shared[number])[:FEW]
    vulns, _ = hub.vulns.now(viewer, sector=sector, limit=FEW)
    changes = hub.whatchanges.look(viewer, sector=sector)
    return {
        "name": sector, "mates": len(mates),
        "changes": [change_row(one, changes.young) for one in changes.found[:FEW]],
        "vulns": [vulnerability_view(one, names) for one in vulns],
        "rows": [{"one": one, "count": shared[number]} for number, one in zip(
            first, _shown(hub, viewer, [lately.values[number] for number in first]), strict=True)],
        "href": f"/situation?sector={quote(sector, safe='')}",
    }  # fmt: skip


# -- what the role is for ----------------------------------------------------------------------------------------------


def _duties(hub: Hub, viewer: Viewer, lately: _Lately, mentions: list[Named]) -> list[View]:
    roles: tuple[str, ...] = ()
    if viewer.person:
        try:
            roles = tuple(hub.members.person(viewer.person).roles)
        except NotFound:
            roles = ()
    made: list[View] = []
    if viewer.may("answer"):
        made.append(_triage(hub, viewer, mentions))
    if viewer.may("approve"):
        made.append(_proposed(hub, viewer))
    if "isp" in roles:
        made.append(_published(hub, viewer))
    if "police" in roles:
        made.append(_money(hub, viewer, lately))
    made.append(_questions(hub, viewer))
    return made


def _triage(hub: Hub, viewer: Viewer, mentions: list[Named]) -> View:
    queue = hub.triage.queue(viewer, Show.OPEN, FEW, mentions)
    return {"id": "triage", "title": N_("First in triage"), "href": "/triage", "more": N_("The whole queue"),
            "count": queue.counts[Show.OPEN], "empty": N_("Nothing waits for a look."), "rows": [
                {"title": defang(one.candidate.observable.value)
                 if one.candidate.observable else one.candidate.title,
                 "href": observable_view(one.candidate.observable, None)["href"] if one.candidate.observable
                 else f"/exchange/{quote(one.candidate.key.partition(':')[2], safe='')}",
                 "note": reason_words(one.reasons[0]) if one.reasons else "", "at": one.candidate.at}
                for one in queue.items]}  # fmt: skip


def _proposed(hub: Hub, viewer: Viewer) -> View:
    waiting = hub.shield.decisions(viewer, [Deciding.PROPOSED], limit=FEW)
    return {"id": "proposed", "title": N_("Blocks that wait for you"), "href": "/shield?state=proposed",
            "more": N_("All proposals"), "count": hub.shield.tally(viewer).get(Deciding.PROPOSED, 0),
            "empty": N_("No proposal waits."), "rows": [
                {"title": defang(one.name), "href": f"/shield/{one.id}", "note": category_of(one.category),
                 "at": one.proposed_at} for one in waiting]}  # fmt: skip


def _published(hub: Hub, viewer: Viewer) -> View:
    since = hub.clock.now() - DAY
    newest = [one for one in hub.shield.decisions(viewer, [Deciding.PUBLISHED], limit=200) if one.published_at >= since]
    return {"id": "published", "title": N_("Blocked since yesterday"), "href": "/shield?state=published",
            "more": N_("All blocked names"), "count": len(newest), "empty": N_("No name was added to the zone."),
            "rows": [{"title": defang(one.name), "href": f"/shield/{one.id}", "note": category_of(one.category),
                      "at": one.published_at} for one in newest[:FEW]]}  # fmt: skip


def _money(hub: Hub, viewer: Viewer, lately: _Lately) -> View:
    held = [number for number, one in lately.values.items() if one.type in _MONEY]
    rows = []
    for number in lately.newest(held)[:FEW]:
        one = observable_view(lately.values[number], None)
        rows.append({"title": one["value"], "href": one["href"], "note": one["label"], "at": lately.last[number]})
    return {"id": "money", "title": N_("Accounts, wallets and numbers named lately"), "href": "/search",
            "more": N_("Search"), "count": len(held), "rows": rows,
            "empty": N_("Nobody has named any in two weeks.")}  # fmt: skip


def _questions(hub: Hub, viewer: Viewer) -> View:
    board = hub.requests.board(viewer, limit=FEW * 4)
    waiting = [one for one in board.requests if one.state in (Asking.OPEN, Asking.OVERDUE)][:FEW]
    return {"id": "questions", "title": N_("Questions that wait for an answer"), "href": "/exchange/requests",
            "more": N_("All questions"), "count": board.counts[Asking.OPEN] + board.counts[Asking.OVERDUE],
            "empty": N_("No question waits."), "rows": [
                {"title": one.title, "href": f"/exchange/{quote(one.id, safe='')}",
                 "note": N_("overdue") if one.state is Asking.OVERDUE else N_("open"), "at": one.at}
                for one in waiting]}  # fmt: skip


@get("/mine", opt={"permission": "read"}, sync_to_thread=True, include_in_schema=False)
def mine(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Show what concerns the viewer's own organisation."""
    members_only(viewer)
    names = Names(hub, viewer)
    mentions = hub.picture.named_by_each(viewer, days=WINDOW // DAY, limit=MENTIONS)
    lately = _Lately(hub, mentions)
    hits, total, assets = _hits(hub, viewer, lately)
    exports, sector = _exports(hub, viewer, lately), _sector(hub, viewer, lately, names)
    kpis = [
        {"label": N_("values named within what is yours, in {days} days", days=WINDOW // DAY), "value": total,
         "note": ""},
        {"label": N_("values in your exports"), "value": exports["total"],
         "note": N_("{gained} gained, {lost} lost since yesterday", gained=exports["gained"], lost=exports["lost"])
         if exports["total"] is not None else N_("being counted: look again in a minute")},
        {"label": N_("others of your sector that gave news in a week"), "value": sector["mates"] if sector else 0,
         "note": ""},
        {"label": N_("news that you watch, unread"), "value": hub.notify.unread(viewer) if viewer.person else 0,
         "note": ""},
    ]  # fmt: skip
    return page(request, "picture/mine.html", here="picture", org=names.organisation(viewer.org or ""), kpis=kpis,
                hits=hits, total=total, assets=assets, may_claim=viewer.may("lead"), exports=exports, sector=sector,
                duties=_duties(hub, viewer, lately, mentions))  # fmt: skip


HANDLERS = (mine,)
"""A member's own page."""
