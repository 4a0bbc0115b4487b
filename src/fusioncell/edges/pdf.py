"""HTML to PDF by WeasyPrint (BSD), which needs the system library pango. Nothing is fetched: every address is refused.

One document at a time, and each of bounded length: what is printed is a text of ours, of at most some dozen pages.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from fusioncell.kernel.errors import BadInput, TooLarge, Unavailable

MAX_HTML = 1_000_000
"""Characters of HTML."""
MAX_PAGES = 200
WAIT = 20.0
"""Seconds that a request waits for the one before it."""
_MISSING = "Install pango: apt install libpango-1.0-0 libpangoft2-1.0-0, or brew install pango."


class Printer:
    """Makes PDFs. ``style``: the file of the stylesheet; the library is loaded when the first is made."""

    def __init__(self, style: Path) -> None:
        self._style = style
        self._lock = threading.Lock()

    def __call__(self, html: str) -> bytes:
        """Return the PDF of a page of ours. Raises TooLarge, Unavailable; blocks for a second or so."""
        if len(html) > MAX_HTML:
            raise TooLarge(f"{len(html):,} characters; {MAX_HTML:,} are printed", hint="Take the Markdown.")
        if not self._lock.acquire(timeout=WAIT):
            raise Unavailable("the printer is busy", hint="Try again in a moment.")
        try:
            return self._print(html)
        finally:
            self._lock.release()

    def _print(self, html: str) -> bytes:
        try:
            from weasyprint import CSS, HTML
        except (ImportError, OSError) as fault:  # OSError: the package is there, the library is not
            raise Unavailable(f"this machine makes no PDF: {fault}"[:300], hint=_MISSING) from None
        sheet = CSS(string=self._style.read_text(encoding="utf-8"), url_fetcher=_refuse)
        made = HTML(string=html, url_fetcher=_refuse).render(stylesheets=[sheet])
        if len(made.pages) > MAX_PAGES:
            raise TooLarge(f"it has {len(made.pages)} pages; {MAX_PAGES} are printed", hint="Take the Markdown.")
        done: bytes = made.write_pdf()
        return done


def _refuse(url: str, *more: Any, **options: Any) -> Any:
    raise BadInput(f"nothing is fetched for a PDF: {url[:80]}")
