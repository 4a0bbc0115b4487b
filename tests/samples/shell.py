"""The frame in its other states: in Welsh, with every part that a role can open, without single keys; the palette."""

from __future__ import annotations

from typing import Any

from samples.pages import ALL_NAV, CONTRIBUTE, EMPTY_HOME, HOME, NOTHING, OBSERVABLE, SEARCH, shell

Context = dict[str, Any]
WELSH = {"language": "cy", "path": "/search?q=x"}

PAGES: dict[str, tuple[str, Context]] = {
    "home-everything": ("picture/home.html", {"shell": shell(nav=ALL_NAV), **HOME}),
    "home-cy": ("picture/home.html", {"shell": shell(**WELSH), **HOME}),
    "home-cy-public": ("picture/home.html", {"shell": shell(**WELSH, viewer=None, nav=set(), bell=None), **EMPTY_HOME}),
    "search-cy": ("picture/search.html", {"shell": shell(**WELSH), **SEARCH}),
    "search-cy-empty": ("picture/search.html", {"shell": shell(**WELSH), **NOTHING}),
    "observable-cy": ("picture/observable.html", {"shell": shell(**WELSH), **OBSERVABLE}),
    "contribute-cy": ("contribute.html", {"shell": shell(**WELSH, shortcuts=False), **CONTRIBUTE}),
    "error-cy": ("error.html", {"shell": shell(**WELSH), "error": {
        "status": 404, "title": "Not found", "detail": "x", "hint": "", "place": ""}}),
}  # fmt: skip
FRAGMENTS: dict[str, tuple[str, Context]] = {
    "palette-rows": ("_palette_rows.html", {"rows": [
        {"href": "/observables/domain-name/parcel-redelivery.example", "label": "parcel-redelivery[.]example",
         "note": "Likely malicious"},
        {"href": "/exchange/t1", "label": "Who else sees parcel lures?", "note": "Thread"},
        {"href": "/groups/g1", "label": "Postal and courier", "note": "Group"},
    ]}),
    "palette-rows-none": ("_palette_rows.html", {"rows": []}),
}  # fmt: skip
