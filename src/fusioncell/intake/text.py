"""Observables in free text: one scan, then each candidate is judged by its surroundings.

Rules kept here:

1. Whether a value was defanged is told (``Found.defanged``): only defanged values later count as attackers'.
2. A name counts where its last label is a top-level domain. Where that is a file extension too (``invoice.zip``,
   ``run.py``) or the word stands in a path, an import or a call, it counts only when defanged.
3. ``v1.2.3.4``, ``Chrome/1.2.3.4``, sections and five-part numbers are no addresses, unless defanged.
4. A URL ends before the sentence's punctuation and before a bracket that it did not open. A host with a path and no
   scheme is read as ``http://``.
5. Time is linear: each repetition is bounded, and a search goes on after the end of the last candidate. The caller
   bounds the text (1 MB).
"""

from __future__ import annotations

import re

import msgspec

from fusioncell.kernel.observable import BadValue, Observable, ObservableType, canonical, is_tld, refang

_T = ObservableType


class Found(msgspec.Struct, frozen=True):
    """An observable in a text: ``text[start:end]`` is how it was written, ``defanged`` whether it was made safe."""

    observable: Observable
    start: int
    end: int
    defanged: bool


_MARK = r"[\[({] ?(?:\.|dot) ?[\])}]"
_DOT = rf"(?:\.(?!\])|\.\](?=\w)|\\\.|\[\.(?=\w)|{_MARK}| {_MARK} )"
_LABEL = r"\w[\w-]{0,62}+"
_HOST = rf"{_LABEL}(?:{_DOT}{_LABEL}){{1,60}}+"
_AT = r"(?:@| ?[\[({] ?(?:@|at) ?[\])}] ?)"
_COLON = r"(?::|\[:\])"
_SEPARATOR = r"(?:\[:\]//|\[://\]|\[:/\]/|:\[//\]|://|:\\\\|\[:\]\[//\])"
_SCHEME = (r"(?:\[?(?:h(?:tt|xx|\*\*|__|\+\+|tx|xt|XX)p(?:s|\[s\])?|s?ftps?|fxps?|wss?|tcp|udp|ssh|rtmps?|rtsp|smb|"
           r"ldaps?|git|ircs?|telnet|socks[45]?)\]?)")
_URL_CHARACTER = r"(?:[^\s<>\"'`|\\^{}\u2018\u2019\u201c\u201d]|\{(?:\.|dot)\}|\\\.)"

_SCAN = re.compile(
    rf"(?P<url>(?<![A-Za-z0-9]){_SCHEME}{_SEPARATOR}{_URL_CHARACTER}{{1,4000}}+)"
    rf"|(?P<email>(?<![\w.+%@-])[\w+%-][\w.+%-]{{0,63}}+{_AT}{_HOST})"
    rf"|(?P<ipv4>(?<![\w.\]-])[0-9]{{1,3}}(?:{_DOT}[0-9]{{1,3}}){{3}}(?:\[?/\]?[0-9]{{1,2}}(?![0-9./]))?"
    r"(?!\.?\w|\[\.\][0-9]))"
    rf"|(?P<ipv6>(?<![\w:.])(?:[0-9A-Fa-f]{{0,4}}{_COLON}){{2,8}}"
    r"(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]{1,4})?(?:/[0-9]{1,3})?(?![\w:]))"
    r"|(?P<hash>(?<![\w+/-])[0-9A-Fa-f]{32,128}+(?![\w+-]))"
    r"|(?P<cve>(?<!\w)[Cc][Vv][Ee]-[0-9]{4}-[0-9]{4,19}(?!\w))"
    r"|(?P<asn>(?<![\w-])AS(?:N ?)?[0-9]{1,10}(?![\w.-]\w))"
    rf"|(?P<host>(?<![\w@-]){_HOST})")

_TAIL = re.compile(rf"(?::[0-9]{{1,5}})?(?:/|\[/\]){_URL_CHARACTER}{{1,4000}}+")
_VERSION = re.compile(r"(?:\bv|\bver(?:sion)?s?\.?|\brelease|\bbuild|\brev|\bfirmware|\bsection|\bchapter|\bclause|"
                      r"\bannex|\boid|\u00a7)[ :=\"']{0,4}\Z|[A-Za-z]/\Z", re.IGNORECASE)
_NAMED_HASH = re.compile(r"\b(imphash|ja3)\W{1,12}\Z", re.IGNORECASE)
_NEXT_URL = re.compile(r"[,;](?=\[?h(?:tt|xx)ps?(?:\[|:))", re.IGNORECASE)
_HASHES = {32: _T.MD5, 40: _T.SHA1, 56: _T.SHA224, 64: _T.SHA256, 96: _T.SHA384, 128: _T.SHA512}

FILE_TLDS = frozenset(("zip", "mov", "py", "sh", "md", "rs", "pl", "so", "ps", "cab", "map", "pm", "mk", "java", "ax",
                       "cpl", "pub", "vi", "tf", "properties", "hiv", "target"))
"""Top-level domains that are file extensions too."""

_EXTENSIONS = frozenset(("exe", "dll", "pdf", "doc", "docx", "xls", "xlsx", "tar", "js", "html", "htm", "php", "txt",
                         "json", "xml", "csv", "jpg", "png", "min", "conf", "cfg", "log", "bat", "ps1", "vbs"))
_NOT_NAMES = frozenset(("asp.net", "vb.net", "ado.net", "socket.io", "readme.md", "http.host"))
_CLOSES = {")": "(", "]": "[", "}": "{"}


def find_observables(text: str) -> list[Found]:
    """Find the observables of a text, in order, repeats included. Never raises for any text."""
    found: list[Found] = []
    place = 0
    while (match := _SCAN.search(text, place)) is not None:
        hit = _judge(match, text)
        if hit is not None:
            found.append(hit)
        place = max(hit.end if hit is not None else match.end(), match.start() + 1)
    return found


def _judge(match: re.Match[str], text: str) -> Found | None:
    """Make a candidate into an observable, or drop it."""
    kind, start, end = match.lastgroup, match.start(), match.end()
    try:
        if kind == "host":
            return _host(text, start, end)
        if kind == "url":
            return _url(text, start, end)
        if kind == "email":
            return _email(text, start, end)
        if kind == "ipv4":
            return _ipv4(text, start, end)
        if kind == "ipv6":
            return _ipv6(text, start, end)
        if kind == "hash":
            return _hash(text, start, end)
        type = _T.VULNERABILITY if kind == "cve" else _T.ASN
        return Found(canonical(type, match[0]), start, end, False)
    except BadValue:
        return None


def _trim(text: str, start: int, end: int) -> int:
    """Return where a URL ends: before an unopened bracket, a next URL after a comma, the sentence's punctuation."""
    following = _NEXT_URL.search(text, start, end)
    if following is not None:
        end = following.start()
    open_marks: list[str] = []
    for place in range(start, end):
        letter = text[place]
        if letter in "([{":
            open_marks.append(letter)
        elif letter in ")]}":
            if not open_marks or open_marks.pop() != _CLOSES[letter]:
                end = place
                break
    while end > start and text[end - 1] in ".,;:!?*_~([{\u2026\u3002":
        end -= 1
    return end


def _is_defanged(written: str, plain: str) -> bool:
    """Tell whether undoing the defanging changed anything (case apart)."""
    return written.lower() != plain.lower()


def _url(text: str, start: int, end: int) -> Found | None:
    """Judge a URL."""
    end = _trim(text, start, end)
    plain = refang(text[start:end])
    observable = canonical(_T.URL, plain)
    return Found(observable, start, end, _is_defanged(text[start:end], plain))


def _email(text: str, start: int, end: int) -> Found | None:
    """Judge an e-mail address: its domain must end in a top-level domain."""
    plain = refang(text[start:end]).rstrip("-_")
    observable = canonical(_T.EMAIL, plain.lstrip("%+-"))
    if not is_tld(observable.value.rpartition(".")[2]):
        return None
    return Found(observable, start, end, _is_defanged(text[start:end].rstrip("-_"), plain))


def _ipv4(text: str, start: int, end: int) -> Found | None:
    """Judge a dotted quad, with or without a prefix length; with a path behind it, it is a URL."""
    written = text[start:end]
    plain = refang(written).replace("[/]", "/").replace(" ", "")
    defanged = _is_defanged(written, plain)
    if not defanged and _VERSION.search(text, max(0, start - 16), start):
        return None
    if "/" not in plain and (tail := _TAIL.match(text, end)) is not None:
        return _without_scheme(text, start, tail.end(), defanged)
    return Found(canonical(_T.CIDR, plain), start, end, defanged)


def _ipv6(text: str, start: int, end: int) -> Found | None:
    """Judge an IPv6 address: ``a::b`` alone is more often a program's name than an address."""
    written = text[start:end]
    plain = written.replace("[:]", ":")
    colons = plain.count(":")
    if colons < 4 and ("::" not in plain or not any(letter.isdigit() for letter in plain)):
        return None
    return Found(canonical(_T.CIDR, plain), start, end, plain != written)


def _hash(text: str, start: int, end: int) -> Found | None:
    """Judge a run of hexadecimal digits by its length; digits alone, or one digit only, are something else."""
    written = text[start:end]
    type = _HASHES.get(len(written))
    if type is None or written.isdigit() or len(set(written)) < 4:
        return None
    named = _NAMED_HASH.search(text, max(0, start - 20), start) if type is _T.MD5 else None
    if named is not None:
        type = _T.IMPHASH if named[1].lower() == "imphash" else _T.JA3
    return Found(canonical(type, written), start, end, False)


def _without_scheme(text: str, start: int, end: int, defanged: bool) -> Found:
    """Read a host with a path as a URL."""
    end = _trim(text, start, end)
    plain = refang(f"http://{text[start:end]}")
    return Found(canonical(_T.URL, plain), start, end, defanged)


def _host(text: str, start: int, end: int) -> Found | None:
    """Judge a dotted name (rule 2)."""
    written = text[start:end]
    trimmed = written.rstrip("-_")
    end -= len(written) - len(trimmed)
    plain = refang(trimmed).replace(" ", "")
    defanged = plain != trimmed
    labels = plain.split(".")
    if not is_tld(_ascii_label(labels[-1])):
        return None
    if not defanged and not _stands_as_name(text, start, end, labels):
        return None
    observable = canonical(_T.DOMAIN, plain)
    if observable.type is not _T.DOMAIN:
        return None
    tail = _TAIL.match(text, end)
    if tail is not None and (found := _try_path(text, start, tail.end(), defanged)) is not None:
        return found
    return Found(observable, start, end, defanged)


def _try_path(text: str, start: int, end: int, defanged: bool) -> Found | None:
    """Read a name with a path as a URL, if something of the path is left after trimming."""
    try:
        found = _without_scheme(text, start, end, defanged)
    except BadValue:
        return None
    return None if found.observable.value.count("/") == 3 and found.observable.value.endswith("/") else found


def _ascii_label(label: str) -> str:
    """Return a last label as the list holds it."""
    low = label.lower()
    if low.isascii():
        return low
    try:
        return canonical(_T.DOMAIN, f"a.{low}").value.rpartition(".")[2]
    except BadValue:
        return low


def _stands_as_name(text: str, start: int, end: int, labels: list[str]) -> bool:
    """Decide for a name that was not defanged whether its surroundings speak for a domain name."""
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    tld = labels[-1]
    if before in "/\\$%.~" or after in "(\\=":
        return False
    if not (tld.islower() or tld.isupper() or not tld.isascii()) or ".".join(labels).lower() in _NOT_NAMES:
        return False
    if tld.isupper() and not "".join(labels).isupper() and labels[0][:1].isupper():  # System.IO
        return False
    if tld.lower() in FILE_TLDS and (len(labels) == 2 or labels[-2].lower() in _EXTENSIONS):
        return False
    if tld == "app" and len(labels) == 2 and labels[0][:1].isupper():  # Terminal.app, Mail.app
        return False
    return all(labels) and not labels[0].startswith("_") and (len(labels) > 2 or len(labels[0]) > 1)
