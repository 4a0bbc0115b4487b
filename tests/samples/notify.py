"""Samples of the pages of notification and of webhooks."""

from __future__ import annotations

from typing import Any

from fusioncell.kernel.clock import DAY, HOUR, MINUTE
from samples.pages import NOW, shell

Context = dict[str, Any]

KINDS = [
    {"kind": "assets", "words": "Your organisation's networks"},
    {"kind": "network", "words": "A network you watch"},
    {"kind": "tag", "words": "A tag you watch"},
]
ROW: Context = {
    "id": "3f2c0d4e-6f62-4f0c-9d0b-0c1f5e6a7b01", "standing": True, "at": NOW - 4 * MINUTE, "read": False,
    "title": "Parcel re-delivery pages <b>again</b>", "href": "/contributions/one", "org": "Northern Broadband",
    "tlp": "green", "count": 1204, "readers": "All members of the partnership may read it.",
    "whys": ["Your organisation's networks: 192[.]0[.]2[.]0/24", "A tag you watch: x"],
    "thread": "",
}  # fmt: skip
ROWS: list[Context] = [
    ROW,
    {**ROW, "id": "3f2c0d4e-6f62-4f0c-9d0b-0c1f5e6a7b02", "tlp": "amber+strict", "thread": "t-1", "read": True,
     "title": "Who else sees this?", "whys": ["You are mentioned"], "count": 1},
    {"id": "3f2c0d4e-6f62-4f0c-9d0b-0c1f5e6a7b03", "standing": False, "at": NOW - 2 * DAY, "read": False},
]  # fmt: skip
CENTRE: Context = {
    "shell": shell(here="notifications"), "show": "unread", "kind": "", "kinds": KINDS, "rows": ROWS, "unread": 3,
    "next": "/notifications?before=x",
}  # fmt: skip
FORM: Context = {
    "digest": "daily", "instant": True, "quiet_from": "22:00", "quiet_to": "07:00", "zone": "Europe/London",
    "language": "en", "morning": "08:00", "kind": "network", "value": "",
}  # fmt: skip
PREFERENCES: Context = {
    "shell": shell(here="account"), "form": FORM, "digests": ["off", "daily", "weekly"],
    "zones": ["Asia/Tokyo", "Europe/London", "UTC"],
    "watches": [{"id": "w1", "words": "A network you watch: 192[.]0[.]2[.]0/24", "created": NOW - 3 * DAY}],
    "kinds": KINDS, "groups": [{"id": "g1", "name": "The circle"}], "bounced": None,
}  # fmt: skip
HOOK: Context = {
    "id": "h1", "url": "https://soc.northern.example/hooks/fusion-cell/incoming?tenant=1", "created": NOW - 9 * DAY,
    "watches": ["Your organisation's networks"], "failing": None, "off": False,
}  # fmt: skip
HOOKS: Context = {
    "shell": shell(here="account"), "rows": [HOOK, {**HOOK, "id": "h2", "failing": NOW - HOUR},
                                             {**HOOK, "id": "h3", "failing": NOW - 6 * DAY, "off": True}],
    "secret": "", "form": {"url": "", "kind": "assets", "value": ""}, "kinds": KINDS,
}  # fmt: skip
DELIVERY: Context = {
    "id": "d1", "kind": "entry", "href": "/contributions/one", "at": NOW - HOUR, "count": 12, "state": "sent",
    "tries": 1, "fault": "", "due": NOW,
}  # fmt: skip
WEBHOOK: Context = {
    "shell": shell(here="account"), "one": HOOK,
    "rows": [DELIVERY, {**DELIVERY, "id": "d2", "kind": "tombstone", "count": 0},
             {**DELIVERY, "id": "d3", "state": "waiting", "tries": 2, "fault": "answered 503", "due": NOW + HOUR},
             {**DELIVERY, "id": "d4", "state": "dead", "tries": 8, "fault": "no answer: ConnectError"}],
}  # fmt: skip

PAGES: dict[str, tuple[str, Context]] = {
    "notifications": ("notify/notifications.html", CENTRE),
    "notifications-none": ("notify/notifications.html", {**CENTRE, "rows": [], "unread": 0, "next": None}),
    "notify-preferences": ("notify/preferences.html", PREFERENCES),
    "notify-preferences-bounced": ("notify/preferences.html", {
        **PREFERENCES, "watches": [], "groups": [], "form": {**FORM, "quiet_from": "22:30"},
        "bounced": {"address": "ada@works.example", "at": NOW - DAY, "reason": "550 no such user"},
        "shell": shell(here="account", errors=[{"field": "quiet_from", "text": "'25:00' is no time of day."}]),
    }),
    "webhooks": ("notify/webhooks.html", HOOKS),
    "webhooks-made": ("notify/webhooks.html", {**HOOKS, "secret": "fcwh_c2VjcmV0"}),
    "webhooks-none": ("notify/webhooks.html", {
        **HOOKS, "rows": [], "shell": shell(here="account", errors=[{"field": "url", "text": "No address."}])}),
    "webhook": ("notify/webhook.html", WEBHOOK),
    "webhook-off": ("notify/webhook.html", {
        **WEBHOOK, "one": {**HOOK, "off": True, "failing": NOW - 6 * DAY}, "rows": []}),
    "webhook-failing": ("notify/webhook.html", {**WEBHOOK, "one": {**HOOK, "failing": NOW - HOUR}}),
}  # fmt: skip
