"""Samples of the page of feeds."""

from __future__ import annotations

from samples.pages import Context, shell

INDEX: Context = {
    "counts": [{"label": "Domain name", "count": 12431}, {"label": "IPv4 address", "count": 310}],
    "total": 12741,
    "forms": [
        {"name": "list", "title": "Plain list", "href": "/api/feeds/list", "blocks": False,
         "types": ["Domain name", "URL"], "more": 12, "rules": ""},
        {"name": "rpz", "title": "Response policy zone", "href": "/api/feeds/rpz", "blocks": True,
         "types": ["Domain name"], "more": 0, "rules": ""},
        {"name": "yara", "title": "YARA rules", "href": "/api/feeds/yara", "blocks": False, "types": [], "more": 0,
         "rules": "yara"},
    ],
    "recipes": [{"tool": "curl", "text": "Any tool", "lines": "curl -fsS https://hub.example/api/feeds/list\nmv a b"}],
    "key": "$FUSIONCELL_KEY",
    "clients": [{"who": "MISP clients", "address": "https://hub.example/misp", "how": "the key as it is"}],
}  # fmt: skip

PAGES = {
    "feeds": ("feeds/index.html", {"shell": shell(), **INDEX}),
    "feeds-empty": ("feeds/index.html", {"shell": shell(), **INDEX, "counts": [], "total": 0}),
    "feeds-counting": ("feeds/index.html", {"shell": shell(), **INDEX, "counts": None, "total": 0}),
}
