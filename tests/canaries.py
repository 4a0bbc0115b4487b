"""Canaries: words, ids, instants and files that stand in marked things, and what finds them in an answer in any form.

The oracle is written from FIRST's text (Traffic Light Protocol 2.0, August 2022) and from who the test's parties are;
it shares no code with ``kernel.marking``.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import unquote_plus

MARKINGS = ("clear", "green", "amber", "amber+strict", "red")
_LETTERS = dict(zip(MARKINGS, "cgasr", strict=True))
_MARKED = {letter: marking for marking, letter in _LETTERS.items()}
STEM, HEX_STEM = "kyxqvj", "5eedca9a"
_WORD = re.compile(STEM + r"([cgasrn])([a-z]+)")
_HEX = re.compile(HEX_STEM + r"-?0(\d)([0-9a-f]{2})")
_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
_RUN = re.compile(r"[A-Za-z0-9+/_-]{12,}")


# -- the oracle --------------------------------------------------------------------------------------------------------

IN_THE_GROUP = {"author", "author's organisation", "named person", "same group"}
"""They work for organisations of the group that AMBER and AMBER+STRICT are shared with."""
MEMBERS = IN_THE_GROUP | {
    "other group", "client organisation", "sponsor", "moderator", "operator", "auditor", "administrator", "police",
}  # fmt: skip
OUTSIDE = {"guest", "suspended", "signed out"}
VIEWERS = (*sorted(MEMBERS), *sorted(OUTSIDE))


def readers(marking: str, kind: str) -> set[str]:
    """Say who may get what is marked so.

    CLEAR: "recipients can spread this to the world". GREEN: "within their community", here the partnership; no one from
    outside, and no one suspended. AMBER: "within their organization and its clients"; the recipients are the group's
    organisations and the guest that it let in. AMBER+STRICT: "to the organization only". RED: "for the eyes and ears of
    individual recipients only": those named, and the organisation that it came from. A draft is its writer's alone, and
    what was withdrawn nobody's but its organisation's.
    """
    if kind == "draft":
        return {"author"}
    if kind.startswith("gone"):
        # Withdrawn: its own organisation still sees what became of it.
        return {"author", "author's organisation"}
    source = {"author", "author's organisation"}
    return {
        "clear": MEMBERS | OUTSIDE, "green": MEMBERS, "amber": IN_THE_GROUP | {"client organisation", "guest"},
        "amber+strict": IN_THE_GROUP | {"guest"}, "red": source | {"named person"}, "nothing": set(),
    }[marking]  # fmt: skip


# -- what stands in marked things --------------------------------------------------------------------------------------


@dataclass(frozen=True, order=True)
class Canary:
    """A sign of one marked thing: the kind of thing says who reads it and where it should be found."""

    marking: str
    kind: str


def word(marking: str, kind: str) -> str:
    """Return a word that stands nowhere else."""
    return f"{STEM}{_LETTERS.get(marking, 'n')}{kind}"


def uuid_of(marking: str, kind: int) -> str:
    """Return an id made of the canary."""
    return f"{HEX_STEM}-0{MARKINGS.index(marking)}{kind:02x}-4000-8000-{kind:012x}"


def instant_of(marking: str) -> datetime:
    """Return the instant at which all of a marking was contributed; each has a day of its own."""
    return datetime(2026, 5, 3, 3, 47, 13, tzinfo=UTC) + timedelta(days=2 * MARKINGS.index(marking), minutes=7)


def stated_of(marking: str) -> datetime:
    """Return the instant that the contents of a marking state."""
    return datetime(2019, 3, 11, 17, 23, 41, tzinfo=UTC) + timedelta(days=3 * MARKINGS.index(marking), hours=1)


def renderings(at: datetime) -> set[str]:
    """Return the usual ways to write an instant, or its day."""
    day, month, short = at.day, at.strftime("%B").lower(), at.strftime("%b").lower()
    seconds = str(int(at.timestamp()))
    return {
        at.strftime("%Y-%m-%d"), at.strftime("%Y%m%d"), at.strftime("%Y/%m/%d"), at.strftime("%d/%m/%Y"),
        at.strftime("%d.%m.%Y"), f"{day} {month} {at.year}", f"{day:02} {month} {at.year}", f"{day} {short} {at.year}",
        f"{day:02} {short} {at.year}", f"{month} {day}, {at.year}", f"{short} {day}, {at.year}",
        f"{day:02}-{short}-{at.year}", f"{day} {short} ", f"{day} {month} ", seconds, f"{int(seconds):x}",
    }  # fmt: skip


def _aligned(stem: str) -> list[str]:
    """Return what base64 makes of a stem, at each of the three places within three bytes."""
    found = []
    for lead in range(3):
        made = base64.b64encode(b"\0" * lead + stem.encode() + b"\0\0\0").decode()
        first, last = -(-lead * 8 // 6), (lead + len(stem)) * 8 // 6
        found.append(made[first:last])
    return found


_PACKED = [*_aligned(STEM), *_aligned(HEX_STEM), STEM.encode().hex()]


@dataclass
class Finder:
    """Finds canaries. ``ids``: ids that the hub made, of what. ``seqs``: of what is the entry at a position."""

    ids: dict[str, Canary] = field(default_factory=dict)
    seqs: dict[int, Canary] = field(default_factory=dict)
    opens: Any = None
    """``seal.entry_seq``: which position a public entry id stands for."""

    def __post_init__(self) -> None:
        self._times: dict[str, Canary] = {}
        for marking in MARKINGS:
            for kind, at in (("time", instant_of(marking)), ("stated", stated_of(marking))):
                self._times.update(dict.fromkeys(renderings(at), Canary(marking, kind)))

    def find(self, text: str) -> set[Canary]:
        """Return what stands in a text: as it is, or escaped for URLs, HTML or JSON, defanged, in base64 or hex."""
        found: set[Canary] = set()
        for view in _views(text):
            found |= self._plain(view)
            if any(stem in view for stem in _PACKED) or any(stem in view.lower() for stem in _PACKED[-1:]):
                for each in _unpacked(view):
                    found |= self._plain(each)
        return found

    def _plain(self, text: str) -> set[Canary]:
        text = text.lower()
        found = {Canary(_MARKED.get(m[1], "nothing"), m[2]) for m in _WORD.finditer(text)} if STEM in text else set()
        if HEX_STEM in text:
            found |= {Canary(MARKINGS[int(m[1])], "id") for m in _HEX.finditer(text)}
        found |= {one for each, one in self._times.items() if _stands_in(each, text)}
        for each in _UUID.findall(text):
            plain = each.replace("-", "")
            if plain in self.ids:
                found.add(self.ids[plain])
            elif self.opens is not None and (seq := self.opens(each)) in self.seqs:
                found.add(self.seqs[seq])
        return found | {self.ids[each] for each in _DIGEST.findall(text) if each in self.ids}


def _stands_in(rendering: str, text: str) -> bool:
    """Tell whether it stands there by itself: ``15 May`` is no ``5 May``."""
    if rendering not in text:
        return False
    place = text.find(rendering)
    while place > 0 and text[place - 1].isalnum():
        place = text.find(rendering, place + 1)
    return place >= 0


def _views(text: str) -> Iterable[str]:
    """Return a text as it is, and without its escapes where it has some."""
    views = [text]
    if "%" in text:
        views.append(unquote_plus(text))
    if "&" in text:
        views.append(html.unescape(text))
    if "\\u" in text or "\\/" in text:
        views.append(re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), text.replace("\\/", "/")))
    return views


def _unpacked(text: str) -> Iterable[str]:
    for run in _RUN.findall(text):
        plain = run.replace("-", "+").replace("_", "/")
        for lead in range(4):
            cut = plain[lead : lead + (len(plain) - lead) // 4 * 4]
            yield base64.b64decode(cut, validate=False).decode("latin-1")
        if re.fullmatch(r"(?:[0-9a-fA-F]{2})+", run):
            yield bytes.fromhex(run).decode("latin-1")


# -- the contents ------------------------------------------------------------------------------------------------------


def stix(marking: str) -> bytes:
    """A bundle whose ids, names, texts and instants are canaries."""
    at = stated_of(marking).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return json.dumps({
        "type": "bundle", "id": f"bundle--{uuid_of(marking, 1)}", "objects": [{
            "type": "indicator", "spec_version": "2.1", "id": f"indicator--{uuid_of(marking, 2)}", "created": at,
            "modified": at, "valid_from": at, "name": word(marking, "stixname"), "pattern_type": "stix",
            "description": word(marking, "stixbody") + ' & "quoted" <b>', "indicator_types": ["malicious-activity"],
            "pattern": f"[domain-name:value = '{domain(marking, 'stix')}']", "x_note": word(marking, "stixnote"),
        }],
    }).encode()  # fmt: skip


def misp(marking: str) -> bytes:
    """An event whose uuids, texts and instants are canaries."""
    at = stated_of(marking)
    return json.dumps({"Event": {
        "uuid": uuid_of(marking, 3), "info": word(marking, "mispname"), "date": f"{at:%Y-%m-%d}",
        "timestamp": str(int(at.timestamp())),
        "Orgc": {"name": word(marking, "mispmaker"), "uuid": uuid_of(marking, 4)},
        "Attribute": [{
            "uuid": uuid_of(marking, 5), "type": "domain", "category": "Network activity", "to_ids": True,
            "value": domain(marking, "misp"), "timestamp": str(int(at.timestamp())),
            "comment": word(marking, "mispbody"),
        }],
    }}).encode()  # fmt: skip


def table(marking: str) -> bytes:
    """A CSV file."""
    at = stated_of(marking).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"domain,comment,last_seen\n{domain(marking, 'csv')},{word(marking, 'csvbody')},{at}\n".encode()


def text(marking: str) -> bytes:
    """Free text."""
    return (f"{word(marking, 'textname')}: seen at {domain(marking, 'text').replace('.', '[.]')} today; "
            f"{word(marking, 'textbody')} & <more>").encode()  # fmt: skip


def domain(marking: str, kind: str) -> str:
    """A name that a contribution of this kind says is bad."""
    return f"{word(marking, kind + 'value')}.example"


def digest_of(data: bytes) -> str:
    """SHA-256 in hex."""
    return sha256(data).hexdigest()
