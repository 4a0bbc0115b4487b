"""Samples of the pages of products."""

from __future__ import annotations

from markupsafe import Markup

from fusioncell.kernel.clock import DAY, HOUR
from samples.pages import NOW, Context, shell

HERE = shell(here="products")
WRONG = shell(here="products", errors=[{"field": "title", "text": "The product has no title."}])
ROW = {"href": "/products/p1", "title": "A phishing kit against tax portals", "form": "Alert", "tlp": "green",
       "org": "Northern Broadband", "at": NOW - HOUR, "number": 1, "amended": False, "withdrawn": None}  # fmt: skip
LONG = {**ROW, "href": "/products/p2", "title": "A title " + "of long words " * 9, "form": "Advisory", "number": 12,
        "tlp": "amber+strict", "amended": True}  # fmt: skip
GONE = {**ROW, "title": "Withdrawn", "withdrawn": NOW - DAY, "number": 3}
TABS = [{"href": "/products", "label": "All", "here": True},
        {"href": "/products?form=alert", "label": "Alert", "here": False}]  # fmt: skip
BODY = Markup('<p>Look out for <a class="value is-malicious" href="/observables/domain-name/evil.example">'
              'evil[.]example</a>, as <span class="tag">a source that is not shared with you</span> tells.</p>'
              '<h3>What to do</h3><ul><li>Block it.</li></ul>')  # fmt: skip
ONE = {
    **LONG, "id": "p2", "body": BODY, "latest": 13, "changed": "More names.", "readers": "All members.",
    "author": "Jon Berg", "approver": "Kim Roe", "about_href": "/exchange/t1",
    "affected": [{"cve": "CVE-2026-4242", "name": "Example Router before 2.0", "status": "known affected",
                  "remedy": "Switch it off."}],
    "consents": [{"originator": "Ministry of Works", "tlp": "green", "at": NOW - DAY}],
}  # fmt: skip
PAGE: Context = {
    "one": ONE, "downloads": [{"href": "/products/p2/pdf", "label": "PDF"}], "versions_href": "/products/p2/versions",
    "edit_href": "/products/p2/edit", "act_url": "/products/p2/act", "feedback_url": "/products/p2/feedback",
    "heard": [{"value": "useful", "label": "Useful"}, {"value": "acted", "label": "We acted on it"}],
    "said": [{"org": "Harbour Energy", "at": NOW - HOUR, "number": 12, "heard": "Useful", "said": "Blocked it."}],
}  # fmt: skip
PREVIEW = {
    "summary": "All members of the partnership.", "parties": ["Harbour Energy", "Ministry of Works"], "more": 2,
    "others": "", "uses": "They may use it for: analysis.", "warning": "", "reason": "", "fault": "", "observables": [],
    "lacking": [{"why": "“A kit” (c1), which is TLP:AMBER", "org": "Ministry of Works",
                 "href": "/contributions/c1/consent"}],
    "consents": 2, "body": BODY,
}  # fmt: skip
NOTHING = {**PREVIEW, "parties": [], "more": 0, "lacking": [], "consents": 0, "body": "", "fault": "No title."}
FORM = {"form": "advisory", "title": "Routers", "text": "Update.", "tlp": "green", "group": "", "about": "",
        "sector": "", "week": "", "affected": "CVE-2026-4242 | Example | Router | 2.0", "changed": "",
        "product": ""}  # fmt: skip
COMPOSE: Context = {
    "form": FORM, "heading": "Write a product", "forms": [{"value": "alert", "label": "Alert"},
                                                          {"value": "advisory", "label": "Advisory"}],
    "tlps": [{"value": "clear", "meaning": "Everyone."}, {"value": "green", "meaning": "Members."}],
    "groups": [{"value": "group:g1.1", "name": "Finance exchange"}], "preview": PREVIEW,
}  # fmt: skip
DRAFT = {"href": "/products/p3/draft", "title": "Routers", "form": "Advisory", "tlp": "green", "state": "review",
         "words": "Waits for review", "level": "suspicious", "at": NOW - HOUR, "authors": "Jon Berg"}  # fmt: skip
REVIEW: Context = {
    "one": {**DRAFT, "said": "Say since when.", "by": "Kim Roe", "wrote": True, "affected": "CVE-2026-4242 | Example",
            "changed": "More."},
    "preview": PREVIEW, "act_url": "/products/p3/act", "edit_href": "/products/p3/edit", "product_href": None,
    "steps": {"submit": True, "approve": True, "return": True, "publish": True, "drop": True},
}  # fmt: skip
VERSIONS: Context = {
    "href": "/products/p2", "versions": [LONG, GONE, ROW], "numbers": [12, 1], "before": 1, "after": 12,
    "lines": [{"mark": "…", "text": ""}, {"mark": " ", "text": "Look out."}, {"mark": "-", "text": "Two."},
              {"mark": "+", "text": "Three."}],
}  # fmt: skip

PAGES: dict[str, tuple[str, Context]] = {
    "products": ("products/index.html", {"shell": HERE, "tabs": TABS, "products": [ROW, LONG], "next": "/products?x",
                                         "write": True, "waiting": 3}),
    "products-empty": ("products/index.html", {"shell": HERE, "tabs": TABS, "products": [], "next": None,
                                               "write": False, "waiting": 0}),
    "product": ("products/one.html", {"shell": HERE, **PAGE}),
    "product-withdrawn": ("products/one.html", {"shell": HERE, **PAGE, "one": {**ONE, **GONE, "body": ""}}),
    "product-versions": ("products/versions.html", {"shell": HERE, **VERSIONS}),
    "product-one-version": ("products/versions.html", {"shell": HERE, **VERSIONS, "numbers": [1], "lines": []}),
    "product-write": ("products/form.html", {"shell": WRONG, **COMPOSE}),
    "product-drafts": ("products/drafts.html", {"shell": HERE, "waiting": [DRAFT], "others": [DRAFT]}),
    "product-drafts-empty": ("products/drafts.html", {"shell": HERE, "waiting": [], "others": []}),
    "product-draft": ("products/draft.html", {"shell": HERE, **REVIEW}),
}  # fmt: skip
FRAGMENTS: dict[str, tuple[str, Context]] = {
    "product-preview": ("products/_preview.html", {"preview": PREVIEW}),
    "product-preview-fault": ("products/_preview.html", {"preview": NOTHING}),
    "product-print": ("products/print.html", {"one": {**ONE, "readers": "All members."}}),
    "product-feed": ("products/feed.xml", {"base": "https://hub.example", "updated": NOW, "entries": [
        {"id": "p1", "title": "A & B", "href": "https://hub.example/products/p1", "at": NOW, "org": "Northern",
         "html": "<p>Text</p>"}]}),
}  # fmt: skip
