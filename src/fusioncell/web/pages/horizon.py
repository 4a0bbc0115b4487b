"""Horizon scanning: what is on the horizon, one item of it, and what is put there."""

from __future__ import annotations

from urllib.parse import quote

from litestar import get, post
from litestar.concurrency import sync_to_thread

from fusioncell.bootstrap import Hub
from fusioncell.kernel.clock import DAY, Instant, format_instant, parse_instant
from fusioncell.kernel.errors import BadInput, FusionCellError
from fusioncell.kernel.marking import CELL, Viewer
from fusioncell.picture.horizon import (
    CATEGORIES,
    OUTCOMES,
    Item,
    Kind,
    Paper,
    Track,
    What,
    crowd_of,
    standing,
    steps_of,
)
from fusioncell.picture.horizon.model import SCALE, Written
from fusioncell.picture.horizon.service import PARTNERSHIP
from fusioncell.picture.notebook import CONFIDENCE, YARDSTICK
from fusioncell.web.pages.frame import (
    FORM,
    Asked,
    Form,
    Page,
    fault_on,
    form_of,
    members_only,
    page,
    see_other,
    settle,
    text_of,
)
from fusioncell.web.pages.names import Names, who_reads
from fusioncell.web.pages.notebook import CONFIDENT, TERMS, estimate, readers_choices
from fusioncell.web.pages.views import View
from fusioncell.web.words import N_, Words

KINDS = {Kind.SIGNAL: N_("Signal"), Kind.DRIVER: N_("Driver"), Kind.SCENARIO: N_("Scenario"),
         Kind.FORECAST: N_("Forecast")}  # fmt: skip
_CATEGORIES = {"political": N_("political"), "economic": N_("economic"), "social": N_("social"),
               "technological": N_("technological"), "legal": N_("legal"),
               "environmental": N_("environmental")}  # fmt: skip
_OUTCOMES = {"yes": N_("Yes, it came true"), "no": N_("No, it did not"), "void": N_("It cannot be told")}
_DONE = {What.NOTE: N_("Note"), What.RATE: N_("Rated"), What.JUDGEMENT: N_("Judgement"), What.OUTCOME: N_("Outcome"),
         What.CONFIRM: N_("Confirmed"), What.REOPEN: N_("Reopened"), What.RETIRE: N_("Done with")}  # fmt: skip
MOST_SHOWN = 12
"""Items of one kind on the overview."""
WIDE, TALL = 600, 160
"""The drawing of how a forecast's probability went."""


def _readers(one: Item, names: Names, viewer: Viewer) -> Words | str:
    if CELL in one.audience.parties:
        return N_("The Fusion Cell, whoever works there.")
    return who_reads(names, one.audience, viewer.org or "")


def _row(hub: Hub, viewer: Viewer, one: Item, names: Names) -> View:
    shown = one.kind is Kind.FORECAST and hub.horizon.sees_crowd(viewer, one)
    own = standing(one.estimates).get(viewer.person or "")
    return {
        "id": one.id, "href": f"/horizon/{quote(one.id, safe='')}", "kind": one.kind.value, "label": KINDS[one.kind],
        "title": one.title, "at": one.at, "org": names.organisation(one.org), "tlp": one.audience.tlp.value,
        "category": _CATEGORIES.get(one.category, ""), "retired": one.retired, "impact": one.impact,
        "uncertainty": one.uncertainty, "said": estimate(one.word, one.confidence), "deadline": one.deadline,
        "chance": crowd_of(one.estimates) if shown else None, "own": own.chance if own else None,
        "count": len(standing(one.estimates)), "outcome": _OUTCOMES[one.found.outcome] if one.found else "",
        "resolved": one.resolved,
    }  # fmt: skip


def _track(track: Track) -> View:
    """Lay the calibration out: each bin a dot in a square of 100, larger the more stand behind it."""
    most = max((one.count for one in track.bins), default=1)
    return {
        "own": {"count": track.own.count, "brier": track.own.brier},
        "crowd": {"count": track.crowd.count, "brier": track.crowd.brier, "reference": track.crowd.reference},
        "bins": [{"x": round(100 * one.said, 1), "y": round(100 - 100 * one.came, 1),
                  "r": round(1.5 + 3 * (one.count / most) ** 0.5, 1), "count": one.count, "said": one.said,
                  "came": one.came} for one in track.bins],
    }  # fmt: skip


def _dots(drivers: list[View]) -> list[View]:
    """Place the drivers that were rated in a square of 5 by 5; those in one field stand side by side."""
    held: dict[tuple[int, int], int] = {}
    dots = []
    for number, row in enumerate(drivers, 1):
        if row["impact"]:
            field = (row["uncertainty"], row["impact"])
            step = held[field] = held.get(field, -1) + 1
            dots.append({"x": 20 * row["uncertainty"] - 13 + 7 * (step % 3), "number": number, "href": row["href"],
                         "y": 100 - 20 * row["impact"] + 7 + 7 * (step // 3 % 2), "title": row["title"]})  # fmt: skip
    return dots


@get("/horizon", opt={"permission": "read"}, sync_to_thread=True, include_in_schema=False)
def index(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Show what is on the horizon."""
    members_only(viewer)
    names, now = Names(hub, viewer), hub.clock.now()
    held = {kind: [_row(hub, viewer, one, names) for one in hub.horizon.listed(viewer, kind) if not one.retired]
            for kind in Kind}  # fmt: skip
    forecasts = held[Kind.FORECAST]
    due = [one for one in forecasts if not one["resolved"] and (one["outcome"] or one["deadline"] <= now)]
    running = [one for one in forecasts if not one["outcome"] and one["deadline"] > now]
    drivers = sorted(held[Kind.DRIVER], key=lambda one: -one["impact"] * 10 - one["uncertainty"])[:MOST_SHOWN]
    return page(
        request, "horizon/index.html", here="picture", due=due,
        running=sorted(running, key=lambda one: one["deadline"])[:MOST_SHOWN * 2],
        resolved=[one for one in forecasts if one["resolved"]][:MOST_SHOWN], signals=held[Kind.SIGNAL][:MOST_SHOWN],
        drivers=drivers, dots=_dots(drivers), scenarios=held[Kind.SCENARIO][:MOST_SHOWN],
        track=_track(hub.horizon.track(viewer)), may_write=_may_write(viewer),
        adds=[{"href": f"/horizon/new?kind={kind.value}", "label": label} for kind, label in _ADD.items()],
    )  # fmt: skip


_ADD = {Kind.SIGNAL: N_("Add a signal"), Kind.DRIVER: N_("Add a driver"), Kind.SCENARIO: N_("Add a scenario"),
        Kind.FORECAST: N_("Ask for a forecast")}  # fmt: skip


def _may_write(viewer: Viewer) -> bool:
    return bool(viewer.org and viewer.member and viewer.may("contribute"))


def _new(request: Asked, hub: Hub, viewer: Viewer, kind: Kind, *, code: int = 200,
         errors: tuple[dict[str, str], ...] = (), typed: Form | None = None) -> Page:
    fields = typed or {}
    return page(
        request, "horizon/new.html", here="picture", code=code, errors=errors, kind=kind.value, label=_ADD[kind],
        readers=[{"value": PARTNERSHIP, "label": N_("The whole partnership")}, *readers_choices(hub, viewer)],
        categories=[{"value": one, "label": _CATEGORIES[one]} for one in CATEGORIES],
        typed={name: text_of(fields, name) for name in ("title", "text", "source", "category", "deadline", "readers")},
        first=format_instant(hub.clock.now() + DAY)[:10],
    )  # fmt: skip


@get("/horizon/new", opt={"permission": "contribute"}, sync_to_thread=True, include_in_schema=False)
def new(request: Asked, hub: Hub, viewer: Viewer, kind: Kind = Kind.SIGNAL) -> Page:
    """Show the form of a new item."""
    members_only(viewer)
    return _new(request, hub, viewer, kind)


def _deadline(text: str) -> Instant:
    """Read a day as the instant at which it has passed, in UTC; 0 for nothing."""
    try:
        return parse_instant(text) // DAY * DAY + DAY if text else 0
    except ValueError:
        raise BadInput("that is no day", hint="Write it as 2027-03-31.", place="deadline") from None


def _chosen(text: str) -> Kind:
    return Kind(text) if text in set(Kind) else Kind.SIGNAL


@post("/horizon", opt={"permission": "contribute", **FORM}, include_in_schema=False)
async def open_one(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Put an item on the horizon."""
    fields = await form_of(request)
    kind = _chosen(text_of(fields, "kind", 20))

    def work() -> Page:
        try:
            made = hub.horizon.open(viewer, Paper(
                What.ITEM, kind=kind, title=text_of(fields, "title", 400), source=text_of(fields, "source", 2100),
                text=text_of(fields, "text", 8001).replace("\r\n", "\n").strip(),
                category=text_of(fields, "category", 20) if kind in (Kind.SIGNAL, Kind.DRIVER) else "",
                deadline=_deadline(text_of(fields, "deadline", 40)) if kind is Kind.FORECAST else 0,
            ), text_of(fields, "readers", 100))  # fmt: skip
        except BadInput as fault:
            return _new(request, hub, viewer, kind, code=fault.status, typed=fields,
                        errors=(fault_on(fault.place or "title", fault),))  # fmt: skip
        settle(hub)
        return see_other(f"/horizon/{quote(made, safe='')}", said="done")

    return await sync_to_thread(work)


# -- one item ----------------------------------------------------------------------------------------------------------


def _said(one: Written, item: Item, names: Names) -> View:
    """Say what a paper did. ``text`` is its author's own."""
    paper = one.paper
    done: Words = _DONE[paper.what]
    if paper.what is What.RATE:
        done = N_("Rated: impact {impact} of 5, uncertainty {uncertainty} of 5", impact=paper.impact,
                  uncertainty=paper.uncertainty)  # fmt: skip
    elif paper.what is What.OUTCOME and paper.outcome in _OUTCOMES:
        done = N_("Outcome: {outcome}", outcome=_OUTCOMES[paper.outcome])
    elif paper.what is What.JUDGEMENT:
        done = estimate(paper.word, paper.confidence) or done
    return {"what": done, "text": paper.text, "by": names.actor(one.by)[0], "org": names.organisation(one.org),
            "at": one.at, "plain": paper.what is What.NOTE}  # fmt: skip


def _course(item: Item, now: Instant) -> View | None:
    """Draw how the middle of all estimates went: the points of a line of steps; None where there is nothing to draw."""
    steps = steps_of(item.estimates)
    end = min(now, item.closes)
    if not steps:
        return None
    start = min(item.at, steps[0][0])
    whole = max(1, end - start)
    points: list[str] = []
    for (at, chance), until in zip(steps, [*(at for at, _ in steps[1:]), end], strict=True):
        height = round(TALL - TALL * chance, 1)
        points += [f"{round(WIDE * (at - start) / whole, 1)},{height}",
                   f"{round(WIDE * min(1.0, max(0.0, (until - start) / whole)), 1)},{height}"]  # fmt: skip
    return {"points": " ".join(points), "start": start, "end": end}


def _forecast(hub: Hub, viewer: Viewer, item: Item, names: Names) -> View:
    now, found = hub.clock.now(), item.found
    latest = standing(item.estimates)
    own = latest.get(viewer.person or "")
    shown = hub.horizon.sees_crowd(viewer, item)
    chances = sorted(one.chance for one in latest.values())
    steers = _steers(viewer, item)
    return {
        "deadline": item.deadline, "passed": now >= item.deadline, "count": len(latest),
        "own": own.chance if own else None, "own_at": own.at if own else None, "shown": shown,
        "chance": crowd_of(item.estimates) if shown else None,
        "least": chances[0] if shown and chances else None, "most": chances[-1] if shown and chances else None,
        "course": _course(item, now) if shown else None,
        "found": None if found is None else {
            "id": found.id, "words": _OUTCOMES[found.outcome], "ground": found.ground, "at": found.at,
            "by": names.actor(found.by)[0], "confirmed_by": names.actor(found.confirmed_by)[0] if item.resolved else "",
            "mine": found.by == viewer.person,
        },
        "may_estimate": viewer.person is not None and _may_write(viewer) and now < item.deadline and found is None,
        "may_resolve": steers and viewer.person is not None,
        "outcomes": [{"value": one, "label": _OUTCOMES[one]} for one in OUTCOMES
                     if one != "no" or now >= item.deadline],
    }  # fmt: skip


def _steers(viewer: Viewer, item: Item) -> bool:
    """Tell whether all may be written into an item, as ``picture.horizon.check`` decides it."""
    named = bool(item.audience.parties)
    return _may_write(viewer) and not item.retired and (named or viewer.org == item.org or viewer.may("answer"))


def _show(request: Asked, hub: Hub, viewer: Viewer, which: str, *, code: int = 200,
          errors: tuple[dict[str, str], ...] = (), typed: Form | None = None) -> Page:
    members_only(viewer)
    item = hub.horizon.one(viewer, which)
    names = Names(hub, viewer)
    linked = [_row(hub, viewer, one, names) for one in hub.horizon.linked(viewer, item)]
    held = {one["id"] for one in linked} | {item.id}
    steers = _steers(viewer, item)
    others = [one for kind in Kind for one in hub.horizon.listed(viewer, kind) if one.id not in held] if steers else []
    return page(
        request, "horizon/one.html", here="picture", code=code, errors=errors,
        one=_row(hub, viewer, item, names) | {"text": item.text, "source": item.source, "by": names.actor(item.by)[0],
                                              "readers": _readers(item, names, viewer), "word": item.word,
                                              "confidence": item.confidence},
        forecast=_forecast(hub, viewer, item, names) if item.kind is Kind.FORECAST else None,
        linked=[one | {"own_link": one["id"] in item.links} for one in linked],
        others=[{"value": one.id, "label": N_("{kind}: {title}", kind=KINDS[one.kind], title=one.title)}
                for one in others if not one.retired],
        papers=[_said(one, item, names) for one in reversed(item.papers) if one.paper.what in _DONE],
        scale=list(SCALE), may_write=_may_write(viewer) and not item.retired, steers=steers,
        yardstick=[{"code": one.code, "term": TERMS[one.code], "least": one.least, "most": one.most}
                   for one in YARDSTICK],
        confident=[{"code": one, "label": CONFIDENT[one]} for one in CONFIDENCE],
        typed={name: text_of(typed or {}, name) for name in ("note", "ground", "percent", "reason")},
    )  # fmt: skip


@get("/horizon/{which:str}", opt={"permission": "read"}, sync_to_thread=True, include_in_schema=False)
def show(request: Asked, hub: Hub, viewer: Viewer, which: str) -> Page:
    """Show one item."""
    return _show(request, hub, viewer, which)


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else -1


def _paper(fields: Form) -> Paper:
    """Make the paper that a form of the page means. Raises BadInput."""
    put = text_of(fields, "put", 20)

    def text(name: str) -> str:
        return text_of(fields, name, 8001).replace("\r\n", "\n").strip()

    about, to = text_of(fields, "about", 64), text_of(fields, "to", 64)
    made = {
        "note": lambda: Paper(What.NOTE, text=text("note")),
        "link": lambda: Paper(What.LINK, to=to),
        "unlink": lambda: Paper(What.UNLINK, to=to),
        "rate": lambda: Paper(What.RATE, impact=_whole(text("impact")), uncertainty=_whole(text("uncertainty"))),
        "judgement": lambda: Paper(What.JUDGEMENT, word=text("word"), confidence=text("confidence")),
        "percent": lambda: Paper(What.ESTIMATE, percent=_whole(text("percent").removesuffix("%").strip())),
        "ground": lambda: Paper(What.OUTCOME, outcome=text("outcome"), text=text("ground")),
        "confirm": lambda: Paper(What.CONFIRM, about=about),
        "reason": lambda: Paper(What.REOPEN, text=text("reason")),
        "retire": lambda: Paper(What.RETIRE),
    }.get(put)
    if made is None:
        raise BadInput("nothing was chosen", hint="Press one of the buttons.")
    return made()


_FIELDS = frozenset({"note", "percent", "ground", "reason", "impact", "word", "outcome"})


@post("/horizon/{which:str}", opt={"permission": "contribute", **FORM}, include_in_schema=False)
async def write(request: Asked, which: str, hub: Hub, viewer: Viewer) -> Page:
    """Put something into an item."""
    fields = await form_of(request)

    def work() -> Page:
        try:
            hub.horizon.write(viewer, which, _paper(fields))
        except FusionCellError as fault:
            if fault.status not in (400, 409):
                raise
            put = text_of(fields, "put", 20)
            field = fault.place if fault.place in _FIELDS else put if put in _FIELDS else ""
            return _show(request, hub, viewer, which, code=fault.status, errors=(fault_on(field, fault),), typed=fields)
        settle(hub)
        return see_other(f"/horizon/{quote(which, safe='')}", said="done")

    return await sync_to_thread(work)


HANDLERS = (index, new, open_one, show, write)
"""The pages of horizon scanning."""
