"""Forms of abuse notices: JSON, CSV (RFC 4180), XARF v4 (xarf.org). Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import msgspec

from fusioncell.exchange.abuse.model import KINDS, By, Notice
from fusioncell.kernel.clock import format_instant

XARF = "4.2.0"
_encode = msgspec.json.Encoder().encode
_LINES = "application/x-ndjson"


def as_json(one: Notice, by: By) -> dict[str, Any]:
    """Return a notice as JSON values; what is not known is null."""
    return {
        "id": one.id, "address": one.address, "network": one.network, "category": KINDS[one.kind], "type": one.kind,
        "role": one.role, "says": one.says or None, "observed": format_instant(one.observed),
        "received": format_instant(one.received), "port": one.port or None, "protocol": one.protocol or None,
        "url": one.url or None, "tlp": one.tlp, "count": one.count, "malicious": one.malicious, "active": one.active,
        "contribution": one.contribution, "href": f"{by.base}/contributions/{quote(one.contribution, safe='')}",
    }  # fmt: skip


_COLUMNS = ("id", "address", "network", "category", "type", "role", "says", "observed", "received", "port", "protocol",
            "url", "tlp", "count", "malicious", "active", "contribution", "href")  # fmt: skip


def write_lines(found: Iterable[Notice], by: By) -> bytes:
    """Return one JSON object a line."""
    return b"".join(_encode(as_json(one, by)) + b"\n" for one in found)


def write_csv(found: Iterable[Notice], by: By) -> bytes:
    """Return a table. No cell can begin a formula: each is a number, an address, a URL or a word of ours."""
    out = io.StringIO()
    writer = csv.DictWriter(out, _COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(as_json(one, by) for one in found)
    return out.getvalue().encode()


def as_xarf(one: Notice, by: By) -> dict[str, Any]:
    """Return a notice as a XARF v4 report. The hub reports and sends: who told it stays unnamed.

    ``connection`` reports ask for the port of the source, which is seldom known: scans and the like go as
    ``reputation/threat_intelligence`` with their RSIT type.
    """
    me = {"org": "Fusion Cell", "contact": by.contact, "domain": _domain(by)}
    report: dict[str, Any] = {
        "xarf_version": XARF, "report_id": one.id, "timestamp": format_instant(one.observed), "reporter": me,
        "sender": me, "source_identifier": one.address, **_class_of(one), "evidence_source": "threat_intelligence",
        "confidence": one.malicious, "tags": [f"tlp:{one.tlp.lower()}", f"rsit:{one.kind}"],
        "description": f"Told to the partnership {format_instant(one.received)}; marked TLP:{one.tlp.upper()}. More: "
        f"{by.base}/contributions/{quote(one.contribution, safe='')}",
    }  # fmt: skip
    return report | ({"source_port": one.port} if one.port else {})


def _class_of(one: Notice) -> dict[str, Any]:
    """Return category and type with the fields that they ask for."""
    if one.url and one.kind in ("phishing", "malware-distribution"):
        return {"category": "content", "type": "phishing" if one.kind == "phishing" else "malware", "url": one.url}
    if one.kind in ("infected-system", "c2-server"):
        return {"category": "infrastructure", "type": "botnet", "compromise_evidence": f"rsit:{one.kind}"}
    if KINDS[one.kind] == "intrusions":
        return {"category": "infrastructure", "type": "compromised_server", "compromise_method": "not known"}
    return {"category": "reputation", "type": "threat_intelligence", "threat_type": one.kind}


def _domain(by: By) -> str:
    return urlsplit(by.base).hostname or by.contact.rpartition("@")[2]


def write_xarf(found: Iterable[Notice], by: By) -> bytes:
    """Return one XARF report a line."""
    return b"".join(_encode(as_xarf(one, by)) + b"\n" for one in found)


class Form(NamedTuple):
    """A form: its media type, the ending of a file of it, what writes it."""

    media: str
    ending: str
    write: Callable[[Iterable[Notice], By], bytes]


FORMS: dict[str, Form] = {
    "jsonl": Form(_LINES, "jsonl", write_lines),
    "csv": Form("text/csv", "csv", write_csv),
    "xarf": Form(_LINES, "xarf.jsonl", write_xarf),
}
"""Name → form."""
