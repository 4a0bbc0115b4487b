"""The formats: one row each in :data:`FORMATS`, and which of them a body is.

To add one: write its module with ``split`` and ``extract``, add its row here and its kind to ``extract``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import msgspec
from msgspec import Raw

from fusioncell.intake import csaf, csvfile, freetext, jsonbody, jsonlines, jsonrows, misp, plainlist, stix, xarf
from fusioncell.intake.elsewhere import refuse_catalogue, refuse_foreign
from fusioncell.intake.gunzip import gunzip_bounded
from fusioncell.intake.lines import as_utf8, with_line_feeds
from fusioncell.intake.model import Extract, Limits, Split
from fusioncell.kernel.errors import UnsupportedMedia

__all__ = ["FORMATS", "Format", "Limits", "detect", "gunzip_bounded", "split_body"]

LIST_SHARE = 0.8
"""Share of lines that must be one observable each for a text to be a list."""
NAMED_SHARE = 0.2
"""The same where the file's ending says that it is one: tables and OpenIOC end in ``.list`` and ``.ioc``, too."""


class Splitter(Protocol):
    """Checks a body's envelope and cuts it into items."""

    def __call__(self, body: bytes, *, limits: Limits) -> Split:
        """Cut."""
        ...


Extractor = Callable[[str, str, int, dict[str, object], bytes], Extract]


@dataclass(frozen=True, slots=True)
class Format:
    """A format: its name, the media types and file endings that name it, its two steps."""

    name: str
    media_types: tuple[str, ...]
    endings: tuple[str, ...]
    split: Splitter
    extract: Extractor


FORMATS: dict[str, Format] = {row.name: row for row in (
    Format("stix", ("application/stix+json", "application/taxii+json", "application/vnd.oasis.stix+json",
                    "application/vnd.oasis.taxii+json"), (".stix", ".stix2"), stix.split, stix.extract),
    Format("misp", ("application/vnd.misp+json", "application/misp+json"), (".misp",), misp.split, misp.extract),
    Format("csaf", ("application/csaf+json",), (".csaf",), csaf.split, csaf.extract),
    Format("csv", ("text/csv", "application/csv", "text/tab-separated-values"), (".csv", ".tsv"), csvfile.split,
           csvfile.extract),
    Format("list", ("text/uri-list",), (".list", ".hosts", ".ioc", ".iocs"), plainlist.split, plainlist.extract),
    Format("jsonl", ("application/x-ndjson", "application/jsonl", "application/x-jsonlines"), (".jsonl", ".ndjson"),
           jsonlines.split, jsonlines.extract),
    Format("json", (), (), jsonrows.split, jsonrows.extract),
    Format("xarf", ("application/xarf+json", "application/vnd.xarf+json"), (".xarf",), xarf.split, xarf.extract),
    Format("text", ("text/markdown", "message/rfc822"), (".md", ".eml", ".log"), freetext.split, freetext.extract),
)}
"""The formats by name. ``application/json`` and ``text/plain`` name none: the content decides."""

_BY_MEDIA = {media: row.name for row in FORMATS.values() for media in row.media_types}
_BY_ENDING = {ending: row.name for row in FORMATS.values() for ending in row.endings}
_UNSAID = ("", "application/octet-stream", "application/x-www-form-urlencoded", "binary/octet-stream")
_FIRST_KEY = re.compile(rb'\s*(?:\[\s*)?\{\s*"([^"\\]{1,80})"\s*:')
_BUNDLE = re.compile(rb'\s*(?:\[\s*)?\{\s*"type"\s*:\s*"(?:bundle"|[^"]{1,80}"\s*,\s*'
                     rb'(?:"spec_version"|"id"\s*:\s*"[^"]{0,80}--))')
_KEYS = {b"document": "csaf", b"objects": "stix", b"spec_version": "stix", b"type": "stix", b"Event": "misp",
         b"response": "misp", b"xarf_version": "xarf"}  # fmt: skip


class _Keys(msgspec.Struct):
    """The keys that tell the JSON formats apart."""

    type: Raw = Raw(b"")
    id: Raw = Raw(b"")
    objects: Raw = Raw(b"")
    Event: Raw = Raw(b"")
    document: Raw = Raw(b"")
    response: Raw = Raw(b"")
    info: Raw = Raw(b"")
    Attribute: Raw = Raw(b"")
    Object: Raw = Raw(b"")
    xarf_version: Raw = Raw(b"")
    source_identifier: Raw = Raw(b"")
    catalogVersion: Raw = Raw(b"")
    decision_points: Raw = Raw(b"")


_TOP = msgspec.json.Decoder(_Keys)
_LIST = msgspec.json.Decoder(list[_Keys])
_MARKED = b"{["


def detect(media_type: str, body: bytes, filename: str = "") -> str:
    """Return the name of the format of a body: by media type, then by the file's ending, then by the content.

    Raises UnsupportedMedia where it is none, BadInput where it is JSON and malformed.
    """
    media = media_type.partition(";")[0].strip().lower()
    ending = "." + filename.rpartition(".")[2].lower() if "." in filename else ""
    refuse_foreign(body)
    if media in _BY_MEDIA:
        name = _BY_MEDIA[media]
        return "misp" if name == "csv" and misp.is_feed_index(body[:4096]) else name
    if _BY_ENDING.get(ending) == "jsonl" and (media in _UNSAID or media in ("application/json", "text/plain")):
        return "jsonl"
    if media == "application/json" or media.endswith("+json") or (ending == ".json" and media != "text/plain"):
        return _json_format(body)
    if media not in _UNSAID and not media.startswith("text/"):
        raise UnsupportedMedia(f"{media_type[:80]!r} is not taken",
                               hint="Send STIX or MISP as application/json, or text/csv, or text/plain.")
    return _text_format(body, ending)


def _json_format(body: bytes) -> str:
    """Tell STIX, MISP, CSAF and X-ARF apart: by the first key, which nearly always says it, else by all keys."""
    if misp.is_feed_index(body[:4096]):
        return "misp"
    plain = body.removeprefix(b"\xef\xbb\xbf")
    first = _FIRST_KEY.match(plain, 0, 4096)
    if first is not None and first[1] in _KEYS and (first[1] != b"type" or _BUNDLE.match(plain)):
        return _KEYS[first[1]]
    if _is_lines(plain):
        return "jsonl"
    found = jsonbody.decode(_LIST, plain)[:1] if plain.lstrip()[:1] == b"[" else [jsonbody.decode(_TOP, plain)]
    for keys in found:
        if len(keys.Event) or len(keys.response):
            return "misp"
        if len(keys.xarf_version) or len(keys.source_identifier):
            return "xarf"
        if len(keys.objects) or (len(keys.type) and jsonlines.start_of(keys.id) == b'"'):
            return "stix"
        if len(keys.document):
            return "csaf"
        if len(keys.info) and (len(keys.Attribute) or len(keys.Object)):
            return "misp"
        if len(keys.catalogVersion) or len(keys.decision_points):
            refuse_catalogue()
    if jsonrows.holds_rows(plain):
        return "json"
    jsonrows.refuse_unknown()


def _is_lines(body: bytes) -> bool:
    """Tell whether a body is JSON lines, whatever it is called: its first line is an object, and another follows."""
    first, _, rest = body.lstrip().partition(b"\n")
    if first[:1] != b"{" or not rest.lstrip().startswith(b"{"):
        return False
    try:
        _TOP.decode(first)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _text_format(body: bytes, ending: str) -> str:
    """Tell JSON, tables, lists and prose apart."""
    start = body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if start and start in _MARKED and _FIRST_KEY.match(body.removeprefix(b"\xef\xbb\xbf")):
        return _json_format(body)
    if misp.is_feed_index(body[:4096]):
        return "misp"
    named = _BY_ENDING.get(ending, "")
    if named and named not in ("stix", "misp", "csaf", "xarf", "list"):
        return named
    share = plainlist.share_of_observables(body)
    if share >= (NAMED_SHARE if named == "list" else LIST_SHARE):
        return "list"
    return "csv" if csvfile.looks_like_table(body) else "text"


def split_body(media_type: str, body: bytes, filename: str, limits: Limits) -> tuple[str, Split]:
    """Find the format of a body and cut it; returns the format's name and the items.

    Raises UnsupportedMedia, BadInput and TooLarge, each with its place where it has one.
    """
    if len(body) > limits.max_body:
        jsonbody.checked(body, limits)
    media = media_type.partition(";")[0].strip().lower()
    if media in _UNSAID or media.startswith("text/") or _BY_MEDIA.get(media) == "csv":
        body = with_line_feeds(as_utf8(media_type, body))
    name = detect(media_type, body, filename)
    return name, FORMATS[name].split(body, limits=limits)
