"""Abuse reports in X-ARF version 4 (XARF specification 4, one JSON object a report): one, or a list of them.

Rules kept here:

1. A report is taken with its exact bytes. ``source_identifier``, ``category`` and ``type`` are required (xarf-core);
   one without them is a fault with its place, and the others are kept.
2. What the report speaks against is said by its type (:data:`_SOURCE`, :data:`_CONTENT`). The network that a report is
   sent to is not guilty: a host that is infected, abused or open is context, never evidence against it, as in a
   report on hosts (``csvfile``, rule 4). An address that attacks is evidence; so are the pages and the controllers.
3. Who is attacked (``destination_ip``, ``target_url``) is a victim. Whom mail was sent to is not read at all.
4. The reporter's organisation is the creator and the report's id its key: relays of one report count once. Names and
   addresses of the people who reported are not searched for, nor is ``_internal`` ("never transmitted") read.
5. Reports of pictures of abused children are not taken: their addresses are for the police and the hotlines alone.
   Nothing of them is kept.

What is not here: X-ARF before version 4, which is YAML in mail; writing reports.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from fusioncell.intake.instants import any_time
from fusioncell.intake.jsonbody import bound_items, checked, decode, item_fault
from fusioncell.intake.lines import digest_of
from fusioncell.intake.model import Extract, Fault, Item, Limits, Split
from fusioncell.intake.stix_claims import credibility
from fusioncell.kernel.claim import Claim, Role, Stance
from fusioncell.kernel.errors import BadInput, UnsupportedMedia
from fusioncell.kernel.observable import Observable, defang, guess

MAX_VALUES = 200
"""Values that are read of one report."""
MAX_TEXT = 20_000
REQUIRED = ("category", "type", "source_identifier")
META: dict[str, object] = {"format": "xarf"}
_REFUSED = frozenset(("csam", "csem"))
_ONE = msgspec.json.Decoder(dict[str, Any])
_WHOLE = msgspec.json.Decoder(msgspec.Raw)
_LIST = msgspec.json.Decoder(list[msgspec.Raw])

Said = tuple[Role, Stance]
_BAD: Said = (Role.ATTACKER, Stance.MALICIOUS)
_DOUBTFUL: Said = (Role.ATTACKER, Stance.SUSPICIOUS)
_HIT: Said = (Role.COMPROMISED, Stance.NONE)
_HOST: Said = (Role.ABUSED, Stance.NONE)
_NAMED: Said = (Role.CONTEXT, Stance.NONE)
_VICTIM: Said = (Role.VICTIM, Stance.NONE)

_SOURCE: dict[str, Said] = {
    "messaging": _DOUBTFUL, "connection": _DOUBTFUL, "content": _HOST, "infrastructure": _HIT, "reputation": _BAD,
    "login_attack": _BAD, "sql_injection": _BAD, "infected_host": _HIT, "ddos": _HIT, "remote_compromise": _HIT,
}  # fmt: skip
"""What a report says of its source, by its type, else by its category; else it only names it."""
_CONTENT: dict[str, Said] = {
    "phishing": _BAD, "malware": _BAD, "fraud": _BAD, "remote_compromise": _HIT, "brand_infringement": _DOUBTFUL,
}  # fmt: skip
"""What a report on content says of its address, by its type; else it only names it."""
_ALWAYS: dict[str, Said] = {
    "submission_url": _BAD, "c2_server": _BAD, "c2_servers": _BAD, "c2_communications": _BAD,
    "destination_ip": _VICTIM, "target_url": _VICTIM, "infringing_url": _NAMED, "smtp_from": _NAMED,
    "related_domains": _NAMED,
}  # fmt: skip
_SEARCHED = ("category", "type", "description", "evidence_source", "service", "protocol", "target_brand",
             "malware_family", "malware_type", "threat_type", "attack_vector", "compromise_type", "subject")


def split(body: bytes, *, limits: Limits) -> Split:
    """Cut a body into its reports. Raises BadInput where it is no such JSON, TooLarge over a limit."""
    body = checked(body, limits).strip()
    many = body.startswith(b"[")
    raws = decode(_LIST, body) if many else [decode(_WHOLE, body)]
    bound_items(len(raws), limits)
    items: list[Item] = []
    faults: list[Fault] = []
    for number, raw in enumerate(raws):
        place, item = f"[{number}]" if many else "", bytes(raw).strip()
        try:
            items.append(_item(item, place, limits))
        except BadInput as fault:
            faults.append(Fault(place, fault.detail, b"" if fault.detail == _NOT_HERE else item))
    if not items and faults and all(fault.reason == _NOT_HERE for fault in faults):
        raise UnsupportedMedia(_NOT_HERE, hint="Nothing of it was kept.")
    return Split(tuple(items), tuple(faults), "X-ARF abuse reports" if many else "an X-ARF abuse report")


_NOT_HERE = "reports of child abuse are not taken here: give them to the police or to your country's hotline"


def _item(raw: bytes, place: str, limits: Limits) -> Item:
    reason = item_fault(raw, limits)
    if reason:
        raise BadInput(reason)
    try:
        report = _ONE.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadInput("the report is no JSON object") from None
    missing = [name for name in REQUIRED if not _text(report, name)]
    if missing:
        raise BadInput(f"the X-ARF report lacks {', '.join(missing)}")
    if _text(report, "type").lower() in _REFUSED:
        raise BadInput(_NOT_HERE)
    if not any(True for _ in _values(report, ("source_identifier", "url", "domain"))):
        raise BadInput("source_identifier is no address, name or URL that is known here")
    return Item("csv.row", digest_of(raw), _when(report) or 0, place, raw, None, META)


def _text(report: dict[str, Any], name: str) -> str:
    value = report.get(name)
    return " ".join(value.split()) if isinstance(value, str) else ""


def _when(report: dict[str, Any]) -> int | None:
    """Return when it was seen last (µs), None where the report does not say."""
    return any_time(_text(report, "last_seen") or _text(report, "timestamp"))


def _values(report: dict[str, Any], names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield (field, value) of the fields that hold one value, several, or objects with an address or a name."""
    for name in names:
        found = report.get(name)
        for one in found[:MAX_VALUES] if isinstance(found, list) else [found]:
            value = one.get("address") or one.get("domain") if isinstance(one, dict) else one
            if isinstance(value, str) and guess(value) is not None:
                yield name, value


def extract(kind: str, subject: str, version: int, meta: dict[str, object], body: bytes) -> Extract:
    """Read one report. Never raises for what it holds."""
    try:
        report = _ONE.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Extract(faults=(Fault("", "the report is no JSON object", body[:1000]),))
    category, type = _text(report, "category").lower(), _text(report, "type").lower()
    said = _said(report, category, type)
    reporter = report.get("reporter")
    creator = _text(reporter, "org")[:200] if isinstance(reporter, dict) else ""
    labels = (f'xarf:{category}="{type}"'[:200], *_tags(report))
    stated, grade = _when(report), _grade(report)
    keys = tuple(filter(None, (_text(report, "report_id")[:200],)))
    claims: dict[Observable, Claim] = {}
    for value, (role, stance) in said:
        observable = guess(value)
        if observable is not None:
            claims.setdefault(observable, Claim(observable, role, stance, stated, None, grade, creator, keys, labels))
    words = [_text(report, name) for name in _SEARCHED]
    title = f"{type.replace('_', ' ')}: {defang(_text(report, 'source_identifier'))}"
    return Extract(tuple(claims.values()), title[:500], " ".join(filter(None, words))[:MAX_TEXT], labels)


def _said(report: dict[str, Any], category: str, type: str) -> list[tuple[str, Said]]:
    """Return (value, what is said of it), the gravest field of a value first."""
    content = _CONTENT.get(type, _NAMED)
    doubtful = type == "suspicious_registration"
    found = [(value, content) for _, value in _values(report, ("url",))]
    found += [(value, _DOUBTFUL if doubtful else _NAMED) for _, value in _values(report, ("domain",)) if doubtful]
    found += [(value, _ALWAYS[name]) for name, value in _values(report, _ALWAYS)]
    if type == "malware":
        hashes = report.get("file_hashes")
        held = hashes if isinstance(hashes, dict) else {}
        found += [(value, _BAD) for value in held.values() if isinstance(value, str)]
        found.append((_text(report, "file_hash").rpartition(":")[2], _BAD))
    source = _SOURCE.get(type) or _SOURCE.get(category, _NAMED)
    found += [(value, source) for _, value in _values(report, ("source_identifier",))]
    found += [(value, _NAMED) for _, value in _values(report, ("domain",))]
    return found[:MAX_VALUES]


def _tags(report: dict[str, Any]) -> list[str]:
    """Return its tags in order, each once."""
    tags = report.get("tags")
    held = tags if isinstance(tags, list) else []
    return list(dict.fromkeys(tag.strip()[:200] for tag in held[:100] if isinstance(tag, str) and tag.strip()))


def _grade(report: dict[str, Any]) -> int:
    """Map a confidence (0.0–1.0) to Admiralty credibility 1–6."""
    held = report.get("confidence", report.get("confidence_score"))
    fits = isinstance(held, (int, float)) and not isinstance(held, bool) and 0 <= held <= 1
    return credibility(round(held * 100) if fits and held is not None else None)
