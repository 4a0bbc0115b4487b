"""Pages are rendered here: one Jinja2 environment, its filters, and the addresses of our own static files.

Rules kept here:

* autoescape is on for every template; no template may switch it off (a test looks for ``|safe``);
* an unknown name in a template is an error, not an empty string: each template states its context at its top;
* no wall clock: a template that tells how long ago something was is given ``now`` (``shell.now``);
* what a party contributed is printed defanged, so that nothing hostile can be followed from a page by mistake.

This module decides nothing about who may see what: it prints the view models that the pages hand in.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from fusioncell.kernel import observable
from fusioncell.kernel.clock import DAY, HOUR, MINUTE, SECOND, Instant, format_instant

HERE = Path(__file__).resolve().parent
TEMPLATES = HERE / "templates"
STATIC = HERE / "static"
TRANSLATIONS = HERE / "translations"
LANGUAGES = {"en": "English", "cy": "Cymraeg"}
"""The languages of the pages, each by its own name."""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""The policy that every page is served with; the templates hold no inline style or script, so it needs no nonce."""

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TYPE = observable.ObservableType
_NETWORKED = frozenset(("", _TYPE.IPV4, _TYPE.IPV6, _TYPE.CIDR, _TYPE.DOMAIN, _TYPE.URL, _TYPE.EMAIL))


def ago(instant: Instant, now: Instant) -> str:
    """Say in words how long before ``now`` an instant was: ``just now``, ``3 min ago``, ``in 6 days``."""
    distance = abs(now - instant)
    for size, unit in ((365 * DAY, "year"), (30 * DAY, "month"), (DAY, "day"), (HOUR, "hour"), (MINUTE, "min")):
        if distance >= size:
            count = distance // size
            words = f"{count} {unit}{'' if count == 1 or unit == 'min' else 's'}"
            return f"{words} ago" if instant <= now else f"in {words}"
    return "just now" if distance < 10 * SECOND else ("under a min ago" if instant <= now else "in under a min")


def when(instant: Instant) -> str:
    """Print an instant for people: ``21 Nov 2026, 18:58 UTC``."""
    text = format_instant(instant)
    return f"{int(text[8:10])} {_MONTHS[int(text[5:7]) - 1]} {text[:4]}, {text[11:16]} UTC"


def percent(share: float | None) -> str:
    """Print a probability (0–1) as a whole percentage; never a false 0 % or 100 %. None is ``not known``."""
    if share is None:
        return "not known"
    if 0.0 < share < 0.01:
        return "<1\u202f%"
    if 0.99 < share < 1.0:
        return ">99\u202f%"
    return f"{round(share * 100)}\u202f%"


def number(count: int) -> str:
    """Print a count with groups of three: ``24,771``."""
    return f"{count:,}"


def signed(value: float) -> str:
    """Print a weight of evidence with its sign and two decimals; the minus is the typographic one."""
    return f"{value:+.2f}".replace("-", "\u2212")


def plural(count: int, one: str, many: str = "") -> str:
    """Print a count with its noun: ``1 origin``, ``2 origins``, ``0 entries`` (``plural(0, "entry", "entries")``)."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def defang(value: str, kind: str = "") -> str:
    """Print a value so that it cannot be followed: ``hxxp[:]//evil[.]example/a.b``, ``a[@]b[.]example``.

    ``kind``: the type as in ``ObservableType``, where known; what no client follows (hashes, CVE, file names) stays
    as it is, and so does free text. A search for what was printed finds the value again (``kernel.observable.refang``).
    """
    if kind not in _NETWORKED or (not kind and any(sign.isspace() for sign in value)):
        return value
    return observable.defang(value)


def share(count: float, whole: float) -> str:
    """Give ``count`` as a share of ``whole`` on a scale of 0–100 with one decimal, for the width of an SVG bar."""
    return f"{min(max(count / whole, 0.0), 1.0) * 100:.1f}" if whole > 0 else "0"


@lru_cache(maxsize=256)
def static(path: str) -> str:
    """Give the address of a static file with the digest of its content, so that it may be cached for ever.

    A file that was not built (``frontend/build.py`` has not run) gets no digest; the page then stands without it.
    """
    file = STATIC / path
    if not file.is_file():
        return f"/static/{path}"
    return f"/static/{path}?v={hashlib.sha256(file.read_bytes()).hexdigest()[:12]}"


@lru_cache(maxsize=8)
def translations(language: str) -> NullTranslations:
    """Return the catalogue of a language (``translations/<language>.mo``); English is what the templates say."""
    file = TRANSLATIONS / f"{language}.mo"
    if language not in LANGUAGES or not file.is_file():
        return NullTranslations()
    with file.open("rb") as catalogue:
        return GNUTranslations(catalogue)


@lru_cache(maxsize=8)
def environment(language: str = "en") -> Environment:
    """Make the environment of a language once: autoescape, strict undefined, our filters, ``static()``, gettext."""
    made = Environment(
        extensions=["jinja2.ext.i18n"],
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(
        ago=ago,
        when=when,
        percent=percent,
        number=number,
        plural=plural,
        defang=defang,
        share=share,
        signed=signed,
        iso=format_instant,
    )
    made.globals["static"] = static
    said = translations(language)
    made.install_gettext_callables(said.gettext, said.ngettext, newstyle=True)  # type: ignore[attr-defined]
    return made


def render(name: str, **context: Any) -> str:
    """Render a template (``picture/home.html``) with its context, as stated at its top.

    Raises jinja2.UndefinedError where the context lacks a name, jinja2.TemplateNotFound for an unknown template.
    """
    language = context["shell"]["language"] if "shell" in context else context.get("language", "en")
    return environment(language).get_template(name).render(context)


def live_event(html: str, *, event: str = "new", cursor: str = "") -> bytes:
    """Frame an HTML fragment as one server-sent event for ``/live`` (WHATWG HTML §9.2: a ``data:`` line per line).

    ``cursor``: the sealed token that the browser sends back as ``Last-Event-ID`` when it reconnects.
    """
    head = f"event: {event}\n" + (f"id: {cursor}\n" if cursor else "")
    return (head + "".join(f"data: {line}\n" for line in html.strip().splitlines()) + "\n").encode()
