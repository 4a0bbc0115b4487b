"""No page weighs over 100 kB gzipped, all its own files with it, the graph apart (issue 3, acceptance check 8)."""

from __future__ import annotations

import gzip
import re

import pytest

from fusioncell.web.render import STATIC, render
from samples import PAGES

MOST = 100_000
GRAPH = "vendor/uplot"


def weight(html: str) -> int:
    """Return the bytes that a browser with an empty cache gets: the page and each file it names, gzipped."""
    named = set(re.findall(r'(?:src|href)="/static/([^"?]+)', html))
    files = [STATIC / name for name in named if not name.startswith(GRAPH)]
    return sum(len(gzip.compress(body, 6)) for body in (html.encode(), *(file.read_bytes() for file in files)))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_light(name: str) -> None:
    template, context = PAGES[name]
    if not (STATIC / "vendor" / "htmx.min.js").is_file():
        pytest.skip("the front-end packages are not built: python frontend/build.py")
    html = render(template, **context)
    assert weight(html) < MOST
    assert "/static/app.css" in html and "/static/keys.js" in html
