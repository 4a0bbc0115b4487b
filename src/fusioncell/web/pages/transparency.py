"""The public page of the transparency log: totals that anyone can count again, and how to check them."""

from __future__ import annotations

from collections.abc import Callable

from litestar import get

from fusioncell.bootstrap import Hub
from fusioncell.kernel.clock import SECOND
from fusioncell.shield.translog import Month, Totals
from fusioncell.web.pages.frame import Asked, Page, base_of, page, see_other
from fusioncell.web.pages.views import View, category_of
from fusioncell.web.words import N_

TALL = 150
"""Height of the plot's tallest bar."""
_UNITS: tuple[tuple[int, Callable[[int], str]], ...] = (
    (86_400, lambda n: N_("{count} day", "{count} days", n)),
    (3600, lambda n: N_("{count} hour", "{count} hours", n)),
    (60, lambda n: N_("{count} minute", "{count} minutes", n)),
)


def lasted(seconds: int) -> str:
    """Say a span in its largest whole unit."""
    if seconds < 0:
        return N_("none yet")
    for unit, said in _UNITS:
        if seconds >= 2 * unit or (unit == 60 and seconds >= 60):
            return said(round(seconds / unit))
    return N_("under a minute")


def _bars(months: tuple[Month, ...]) -> list[View]:
    """Place two bars a month: blocks that began, blocks that ended."""
    most = max([1, *(month.added for month in months), *(month.ended for month in months)])
    made: list[View] = []
    for place, month in enumerate(months):
        for offset, (kind, count) in enumerate((("began", month.added), ("ended", month.ended))):
            tall = round(count * TALL / most, 1)
            made.append({"kind": kind, "x": place * 50 + 4 + offset * 22, "y": 156 - tall, "tall": tall + 2})
    return made


def _kpis(found: Totals) -> list[View]:
    return [
        {"label": N_("names blocked now"), "value": sum(one.standing for one in found.categories)},
        {"label": N_("blocks since the log began"), "value": sum(one.added for one in found.categories)},
        {"label": N_("appeals"), "value": found.appeals},
        {"label": N_("appeals granted: the block was wrong"), "value": found.upheld},
    ]


def verifying(log: str, key: str, openings: str) -> View:
    """Return the commands with which anyone checks the log, each option on a line of its own."""

    def command(what: str, *before: str) -> str:
        return " \\\n  ".join((f"fusioncell-verify {what}", *before, f"--log {log}", f"--key {key}"))

    return {
        "public": command("public"),
        "policies": command("policies"),
        "opened": command("public", f"--openings {openings}"),
        "growth": command("consistency OLD"),
        "zone": command("zone ZONE", f"--openings {openings}"),
    }


@get("/transparency", opt={"permission": "public"}, sync_to_thread=True, include_in_schema=False)
def show(request: Asked, hub: Hub) -> Page:
    """Show the totals of the log."""
    translog = hub.shielding.translog
    found, head = translog.totals(), translog.head()
    base, key = base_of(request), translog.key.text
    last = {name: (size, time) for name, size, time in translog.witnessed()}
    return page(
        request,
        "transparency/index.html",
        here="transparency",
        kpis=_kpis(found),
        categories=[
            {"name": category_of(one.name, capital=True), "added": one.added, "lifted": one.removed,
             "expired": one.expired, "standing": one.standing}
            for one in found.categories
        ],
        other={"dismissed": found.dismissed, "holds": found.holds, "policies": found.policies,
               "restores": found.restores, "lift": lasted(found.lift_median), "appeal": lasted(found.appeal_median)},
        months=[{"name": one.name, "added": one.added, "ended": one.ended, "appeals": one.appeals}
                for one in found.months],
        plot=_bars(found.months) if any(one.added or one.ended for one in found.months) else [],
        log={
            "origin": head.origin, "size": head.size, "root": head.root.hex(), "at": head.at, "key": key,
            "checkpoint": f"{head.prefix}checkpoint", "fault": bool(translog.fault()),
        },
        commands=verifying(f"{base}{head.prefix}", key, f"{base}/api/shield/openings"),
        witnesses=[
            {"name": one.name, "size": last.get(one.name, (0, 0))[0], "at": last.get(one.name, (0, 0))[1] * SECOND,
             "fault": bool(asked.fault) if (asked := hub.shielding.asking.state(one.name)) else False}
            for one in translog.witnesses
        ],
    )  # fmt: skip


@get("/log", opt={"permission": "public"}, sync_to_thread=False, include_in_schema=False)
def log() -> Page:
    """Lead who opens the log's address in a browser to the page that says what it holds."""
    return see_other("/transparency")


HANDLERS = (show, log)
"""The public page of the log."""
