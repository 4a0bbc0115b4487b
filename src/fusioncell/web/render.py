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
from collections.abc import Callable, Iterable
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, DictLoader, Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from fusioncell.kernel import observable
from fusioncell.kernel.clock import SECOND, format_instant
from fusioncell.web.words import NUMBERS, UNITS, Words, ago, joined, percent, when

HERE = Path(__file__).resolve().parent
TEMPLATES = HERE / "templates"
STATIC = HERE / "static"
TRANSLATIONS = HERE / "translations"
LANGUAGES = {"en": "English", "cy": "Cymraeg"}
"""The languages of the pages, each by its own name."""
IN_FULL = frozenset({
    "error.html", "foreign.html", "sign_in.html", "sign_in_link.html", "sign_in_code.html", "sign_in_recovery.html",
    "picture/home.html", "picture/search.html", "picture/observable.html", "picture/contribution.html",
    "members/apply.html", "members/applied.html", "members/terms.html", "anonymous/_promise.html",
    "transparency/index.html", "blocked/ask.html", "blocked/name.html", "blocked/appeal.html",
    "directory/confirm.html", "feeds/index.html", "notify/notifications.html",
})  # fmt: skip
"""Pages that are translated in full (a test reads the catalogues): the public ones. Of all others the frame is."""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""The policy that every page is served with; the templates hold no inline style or script, so it needs no nonce."""

_TYPE = observable.ObservableType
_NETWORKED = frozenset(("", _TYPE.IPV4, _TYPE.IPV6, _TYPE.CIDR, _TYPE.DOMAIN, _TYPE.URL, _TYPE.EMAIL))


def number(count: int) -> str:
    """Print a count with groups of three: ``24,771``."""
    return f"{count:,}"


def signed(value: float) -> str:
    """Print a weight of evidence with its sign and two decimals; the minus is the typographic one."""
    return f"{value:+.2f}".replace("-", "\u2212")


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


LAYOUT = "layout.html"
FOREIGN = "foreign.html"
BARE = """{%- import "components.html" as ui with context -%}
{%- if false %}{% block title %}{% endblock %}{% block styles %}{% endblock %}
{%- block scripts %}{% endblock %}{% block main %}{% endblock %}{% endif -%}
{{ take({"title": self.title(), "styles": self.styles(), "scripts": self.scripts(), "main": self.main()}) }}"""
"""The frame of a page whose parts go into the frame of another language (:func:`_in_english`)."""


@lru_cache(maxsize=8)
def environment(language: str = "en", *, bare: bool = False) -> Environment:
    """Make the environment of a language once: autoescape, strict undefined, our filters, ``static()``, gettext.

    ``bare``: without the frame: a page hands its parts to the context's ``take``.
    """
    said = translations(language)
    files = FileSystemLoader(TEMPLATES)
    made = Environment(
        extensions=["jinja2.ext.i18n"],
        loader=ChoiceLoader([DictLoader({LAYOUT: BARE}), files]) if bare else files,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        finalize=lambda value: value.said(said) if isinstance(value, Words) else value,
    )
    made.filters.update(
        ago=ago,
        when=when,
        percent=percent,
        number=number,
        defang=defang,
        share=share,
        signed=signed,
        iso=format_instant,
        join=_join,
        own=lambda text: _own(text, said, language),
        told=Words,
    )
    made.globals.update(static=static, tongue=language, spoken=lambda: _spoken(said))
    made.install_gettext_callables(*_gettexts(said), newstyle=False)  # type: ignore[attr-defined]
    made.newstyle_gettext = True  # type: ignore[attr-defined]
    return made


def _gettexts(said: NullTranslations) -> tuple[Callable[..., Markup], Callable[..., Markup]]:
    """Return gettext and ngettext as templates call them: values are escaped, and said in the language themselves."""

    def fill(text: str, values: dict[str, Any]) -> Markup:
        told = {name: each.said(said) if isinstance(each, Words) else each for name, each in values.items()}
        return Markup(text) % told  # noqa: S704 - the catalogues' own text; Markup escapes what is filled in

    def gettext(text: str, /, **values: Any) -> Markup:
        return fill(said.gettext(text), values)

    def ngettext(one: str, many: str, number: int, /, **values: Any) -> Markup:
        return fill(said.ngettext(one, many, number), {"num": number, **values})

    return gettext, ngettext


def _join(parts: Iterable[Any], between: str = "") -> Words:
    """Join texts, each in the page's language: the filter ``join``."""
    return joined([part if isinstance(part, str) else str(part) for part in parts], between)


def _own(text: str, said: NullTranslations, language: str) -> str | Markup:
    """Mark a text of ours that has no translation as English (WCAG 2.2, 3.1.2): the filter ``own``."""
    if language == "en" or not text or (isinstance(text, Words) and text.known(said)):
        return text
    return Markup('<span lang="en">{}</span>').format(str(text))


def _spoken(said: NullTranslations) -> dict[str, str]:
    """Return the relative times for the page's script: past and coming forms of each unit, for :data:`NUMBERS`."""
    told = {}
    for size, past, coming in UNITS:
        for name, form in (("past", past), ("coming", coming)):
            forms = [form(number).said(said).replace(str(number), "#") for number in NUMBERS]
            told[f"{name}-{size // SECOND}"] = "|".join(forms)
    return told


def render(name: str, **context: Any) -> str:
    """Render a template (``picture/home.html``) with its context, as stated at its top.

    In another language than English, a page that is not translated in full stands in English within its frame.
    Raises jinja2.UndefinedError where the context lacks a name, jinja2.TemplateNotFound for an unknown template.
    """
    language = context["shell"]["language"] if "shell" in context else context.get("language", "en")
    if language != "en" and "shell" in context and name not in IN_FULL:
        return _in_english(name, language, context)
    return environment(language).get_template(name).render(context)


def _in_english(name: str, language: str, context: dict[str, Any]) -> str:
    """Render a page in English within the frame of another language, marked as such (WCAG 2.2, 3.1.2)."""
    parts: dict[str, Markup] = {}

    def take(given: dict[str, str]) -> str:
        parts.update({part: Markup(text) for part, text in given.items()})  # noqa: S704 - rendered and escaped above
        return ""

    whole = environment("en", bare=True).get_template(name).render(context, take=take)
    if not parts:  # a fragment: it has no frame
        return whole
    return environment(language).get_template(FOREIGN).render(context, page=parts)


def live_event(html: str, *, event: str = "new", cursor: str = "") -> bytes:
    """Frame an HTML fragment as one server-sent event for ``/live`` (WHATWG HTML §9.2: a ``data:`` line per line).

    ``cursor``: the sealed token that the browser sends back as ``Last-Event-ID`` when it reconnects.
    """
    head = f"event: {event}\n" + (f"id: {cursor}\n" if cursor else "")
    return (head + "".join(f"data: {line}\n" for line in html.strip().splitlines()) + "\n").encode()
