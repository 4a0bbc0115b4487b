"""Defanging undone and done. Only for network values: a file name or a command line is never refanged."""

from __future__ import annotations

import re
from socket import AF_INET6, inet_pton

_DOT = re.compile(r"[\[({<] ?(?:\.|,|dot|d0t|punkt) ?[\])}>]|\[\.|\.\]|\\\.", re.IGNORECASE)
_REST_DOT = re.compile(r"\[(?:\.|dot)\]", re.IGNORECASE)
_AT = re.compile(r"\s?[\[({<] ?(?:@|at) ?[\])}>]\s?", re.IGNORECASE)
_COLON = re.compile(r"[\[({<]:[\])}>]")
_SLASH = re.compile(r"\[(/{1,2})\]")
_SCHEME = re.compile(
    r"\s*\[?(h(?:xx|\*\*|__|\+\+|tx|xt|tt|..)p|fxp|fxxp|f\*p|[a-z][a-z0-9+.-]{0,30}?)(\[?s\]?)?\]?"
    r"(?:\[:\]//|\[://\]|\[:/\]/|:\[//\]|://|:\\\\|\[:\]\[//\]|__//|:// ?)",
    re.IGNORECASE,
)
_DEFANGED_MARK = re.compile(r"[\[\](){}<>\\*]")


def _plain_scheme(name: str, s: str) -> str:
    """Give back the scheme that a defanged one stands for (``hxxp`` → ``http``)."""
    low = name.lower()
    secure = "s" if s else ""
    if low[0] == "h" and low.endswith("p") and len(low) == 4:
        return "http" + secure
    if low in ("fxp", "fxxp", "f*p"):
        return "ftp" + secure
    return low + secure


def refang(text: str) -> str:
    """Undo the usual defangings of one network value: ``hxxps[://]evil[.]example``, ``a[at]b(dot)c``, ``1[.]2.3.4``.

    In the path and query of a URL only ``[.]`` and ``[dot]`` are undone, since other brackets may stand there by right.
    Text that holds no mark of defanging comes back as it was.
    """
    scheme = _SCHEME.match(text)
    if scheme is None:
        return refang_name(text)
    rest = text[scheme.end() :]
    cut = len(rest)
    for mark in "/?#":
        place = rest.find(mark)
        # "[/]" is a defanged slash and belongs to the authority's end
        if 0 <= place < cut:
            cut = place - 1 if place and rest[place - 1] == "[" else place
    authority, tail = rest[:cut], rest[cut:]
    if "[" in tail:
        tail = _COLON.sub(":", _REST_DOT.sub(".", _SLASH.sub(r"\1", tail)))
    return f"{_plain_scheme(scheme[1], scheme[2] or '')}://{refang_name(authority)}{tail}"


def refang_name(text: str) -> str:
    """Undo dots, at signs and colons in brackets."""
    if _DEFANGED_MARK.search(text) is None:
        return text
    return _AT.sub("@", _COLON.sub(":", _DOT.sub(".", text)))


def defang(value: str) -> str:
    """Make a network value safe to paste: not a link for any program, and :func:`refang` gives it back.

    Values without a dot, an at sign or a scheme (hashes, CVEs) come back as they were.
    """
    scheme, separator, rest = value.partition("://")
    if separator:
        cut = min((place for mark in "/?#" if (place := rest.find(mark)) >= 0), default=len(rest))
        authority = rest[:cut] if rest.startswith("[") else rest[:cut].replace(".", "[.]")
        shown = {"http": "hxxp", "https": "hxxps", "ftp": "fxp"}.get(scheme, scheme)
        return f"{shown}[:]//{authority}{rest[cut:]}"
    if value.count(":") > 1 and _is_ipv6(value.partition("/")[0]):
        return value.replace(":", "[:]")
    return value.replace("@", "[@]").replace(".", "[.]")


def _is_ipv6(text: str) -> bool:
    """Tell whether the text is an IPv6 address."""
    try:
        inet_pton(AF_INET6, text)
    except (OSError, ValueError):
        return False
    return True
