"""Samples of the pages of network assets."""

from __future__ import annotations

from typing import Any

from fusioncell.kernel.clock import DAY
from samples.pages import MEMBER_NAV, NOW, shell

Context = dict[str, Any]

ROW = {"id": "a1", "value": "works.example", "org": "Ministry of Works", "at": NOW - 9 * DAY, "state": "proved",
       "words": "proved", "until": NOW + 300 * DAY, "how": "dns", "reason": "", "domain": True,
       "record": "_fusioncell.works.example", "token": "fusioncell-proof=" + "0a" * 20}
NET = {**ROW, "id": "a2", "value": "45.10.0.0/22", "state": "claimed", "words": "not proved yet", "until": None,
       "how": "", "domain": False}
SHOP = {**ROW, "id": "a3", "value": "shop.works.example", "state": "disputed", "words": "disputed", "until": None}
ROWS = [ROW, NET, SHOP, {**NET, "id": "a4", "value": "AS3333", "state": "proved", "words": "proved", "how": "operator",
                         "reason": "The registry names them."}]
DISPUTES = [{"one": "b1", "other": "a3", "since": NOW - DAY, "sides": [
    {"id": "b1", "value": "shop.works.example", "org": "Example Bank"},
    {"id": "a3", "value": "shop.works.example", "org": "Ministry of Works"}]}]
OWN: Context = {"shell": shell(here="account"), "rows": ROWS, "disputes": DISPUTES, "may_claim": True, "value": "",
                "alerts": [{"name": "login.works.example", "value": "works.example", "category": "phishing", "at": NOW},
                           {"name": "works.example", "value": "works.example", "category": "malware-distribution",
                            "at": NOW - DAY}]}
ADMIN = {"shell": shell(here="admin", nav=MEMBER_NAV | {"admin"})}

PAGES: dict[str, tuple[str, Context]] = {
    "assets": ("members/assets.html", OWN),
    "assets-empty": ("members/assets.html", {**OWN, "rows": [], "disputes": [], "alerts": []}),
    "assets-wrong": ("members/assets.html", {
        **OWN, "value": "10.0.0.0/8", "shell": shell(here="account", errors=[
            {"field": "value", "text": "10.0.0.0/8 is private or reserved: nobody has it on the Internet."}])}),
    "assets-unproved": ("members/assets.html", {
        **OWN, "shell": shell(here="account", errors=[{"field": "", "text": "There is no TXT record."}])}),
    "assets-reader": ("members/assets.html", {**OWN, "may_claim": False}),
    "admin-assets": ("admin/assets.html", {**ADMIN, "rows": ROWS, "disputes": DISPUTES}),
    "admin-assets-empty": ("admin/assets.html", {**ADMIN, "rows": [], "disputes": []}),
}  # fmt: skip
