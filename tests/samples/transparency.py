"""Samples of the transparency log's public page."""

from __future__ import annotations

from fusioncell.kernel.clock import HOUR, MINUTE
from fusioncell.shield.translog.totals import Month
from fusioncell.web.pages.transparency import _bars, lasted, verifying
from samples.pages import NOW, Context, shell

MONTHS = tuple(Month(f"2026-{month:02}", month * 31 % 47, month * 17 % 29, month % 3) for month in range(1, 13))
LOG: Context = {
    "origin": "hub.example/log", "size": 4812, "root": "0a" * 32, "at": NOW - 4 * MINUTE,
    "key": "hub.example/log+c0d23d6a+AWhvcGUgdGhhdCB0aGlzIGlzIHJlYWQgYnkgbm8gb25l",
    "checkpoint": "/log/checkpoint", "fault": False,
}  # fmt: skip
INDEX: Context = {
    "kpis": [{"label": "names blocked now", "value": 1204}, {"label": "blocks since the log began", "value": 4300},
             {"label": "appeals", "value": 12}, {"label": "appeals granted: the block was wrong", "value": 3}],
    "categories": [
        {"name": "Phishing", "added": 4000, "lifted": 30, "expired": 2800, "standing": 1170},
        {"name": "Malware distribution", "added": 300, "lifted": 2, "expired": 264, "standing": 34},
    ],
    "other": {"dismissed": 8, "holds": 2, "policies": 1, "restores": 0, "lift": lasted(5400), "appeal": lasted(90_000)},
    "months": [{"name": m.name, "added": m.added, "ended": m.ended, "appeals": m.appeals} for m in MONTHS],
    "plot": _bars(MONTHS),
    "log": LOG,
    "commands": verifying("https://hub.example/log/", "hub.example/log+c0d23d6a+AW", "https://hub.example/openings"),
    "witnesses": [{"name": "witness.example/w1", "size": 4800, "at": NOW - HOUR, "fault": False},
                  {"name": "witness.example/w2", "size": 0, "at": 0, "fault": True}],
}  # fmt: skip
NOTHING: Context = {
    **INDEX, "categories": [], "plot": [], "witnesses": [], "log": {**LOG, "size": 0, "at": 0, "fault": True},
    "kpis": [{**one, "value": 0} for one in INDEX["kpis"]],
    "months": [{**one, "added": 0, "ended": 0, "appeals": 0} for one in INDEX["months"]],
    "other": {**INDEX["other"], "lift": lasted(-1), "appeal": lasted(5)},
}  # fmt: skip

PAGES = {
    "transparency": ("transparency/index.html", {"shell": shell(here="transparency", viewer=None), **INDEX}),
    "transparency-empty": ("transparency/index.html", {"shell": shell(here="transparency", viewer=None), **NOTHING}),
}
