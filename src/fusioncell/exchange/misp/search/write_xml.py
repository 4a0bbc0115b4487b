"""XML as MISP writes it, and OpenIOC 1.0 (Mandiant). Pure.

Text is escaped, and what XML 1.0 cannot hold at all (§2.2) becomes U+FFFD. Names of elements are MISP's own keys; one
that is no name becomes a letter-safe one.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from fusioncell.exchange.misp.search.model import About, Hit

_BAD = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_UNNAMED = re.compile(r"[^A-Za-z0-9_.-]")
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_COMPOSITE = {
    "regkey|value": (("Network", "RegistryItem/KeyPath", "string"), ("Network", "RegistryItem/Value", "string")),
    "filename|md5": (("FileItem", "FileItem/FileName", "string"), ("FileItem", "FileItem/Md5sum", "md5")),
    "filename|sha1": (("FileItem", "FileItem/FileName", "string"), ("FileItem", "FileItem/Sha1sum", "sha1")),
    "filename|sha256": (("FileItem", "FileItem/FileName", "string"), ("FileItem", "FileItem/Sha256sum", "sha256")),
    "malware-sample": (("FileItem", "FileItem/FileName", "string"), ("FileItem", "FileItem/Md5sum", "md5")),
    "domain|ip": (("Network", "Network/DNS", "string"), ("PortItem", "PortItem/remoteIP", "IP")),
}
_SIMPLE = {
    "md5": ("FileItem", "FileItem/Md5sum", "md5"), "sha1": ("FileItem", "FileItem/Sha1sum", "sha1"),
    "sha256": ("FileItem", "FileItem/Sha256sum", "sha256"), "filename": ("FileItem", "FileItem/FileName", "string"),
    "ip-src": ("PortItem", "PortItem/remoteIP", "IP"), "ip-dst": ("RouteEntryItem", "RouteEntryItem/Destination", "IP"),
    "hostname": ("RouteEntryItem", "RouteEntryItem/Destination", "string"),
    "email": ("Email", "Email/From", "string"), "email-src": ("Email", "Email/From", "string"),
    "email-dst": ("Email", "Email/To", "string"), "email-subject": ("Email", "Email/Subject", "string"),
    "email-attachment": ("Email", "Email/Attachment/Name", "string"), "domain": ("Network", "Network/DNS", "string"),
    "url": ("UrlHistoryItem", "UrlHistoryItem/URL", "string"), "user-agent": ("Network", "Network/UserAgent", "string"),
    "regkey": ("Network", "RegistryItem/KeyPath", "string"), "snort": ("Snort", "Snort/Snort", "string"),
    "attachment": ("FileItem", "FileItem/FileName", "string"), "link": ("URL", "UrlHistoryItem/URL", "string"),
}  # fmt: skip
_IOC_CATEGORIES = frozenset((
    "Payload delivery", "Artifacts dropped", "Payload installation", "Persistence mechanism", "Network activity",
))  # fmt: skip
_TRUE = frozenset((True, 1, "1", "true"))


def text(value: object) -> str:
    """Return a value as the text of an element."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    return escape(_BAD.sub("\ufffd", str(value)))


def element(name: str, value: Any) -> Iterator[str]:
    """Write a value as an element: objects as children, a list as the same element again and again."""
    safe = _UNNAMED.sub("_", name) or "_"
    if not (safe[0].isalpha() or safe[0] == "_"):
        safe = "_" + safe
    if isinstance(value, Mapping):
        yield f"<{safe}>"
        for key, inner in value.items():
            yield from element(str(key), inner)
        yield f"</{safe}>"
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from element(name, inner)
    else:
        said = text(value)
        yield f"<{safe}>{said}</{safe}>" if said else f"<{safe}/>"


def write_response(name: str, values: Iterable[Any]) -> bytes:
    """Write ``<response>`` with an element of this name for each value."""
    parts = [_HEAD, "<response>"]
    for value in values:
        parts += element(name, value)
    parts.append("</response>\n")
    return "".join(parts).encode()


def write_attributes(hits: Iterable[Hit], about: About) -> bytes:
    """Write attributes, without their events."""
    return write_response("Attribute", ({k: v for k, v in hit.attribute.items() if k != "Event"} for hit in hits))


def write_openioc(hits: Iterable[Hit], about: About) -> bytes:
    """Write one OpenIOC document; what it has no term for is left out."""
    at = datetime.fromtimestamp(about.now, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    inner = [part for hit in hits for part in _indicator(hit)]
    name = uuid.uuid5(uuid.NAMESPACE_URL, "openioc|" + "".join(inner))
    top = uuid.uuid5(name, "indicator")
    return "".join([
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<ioc xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
        f'id="{name}" last-modified="{at}" xmlns="http://schemas.mandiant.com/2010/ioc">\n'
        "  <short_description>Filtered indicator list</short_description>\n"
        "  <description>Filtered indicator list</description>\n  <keywords />\n"
        f"  <authored_by>{text(about.org)}</authored_by>\n  <authored_date>{at}</authored_date>\n  <links />\n"
        f'  <definition>\n    <Indicator operator="OR" id="{top}">\n',
        *inner, "    </Indicator>\n  </definition>\n</ioc>\n",
    ]).encode()  # fmt: skip


def _indicator(hit: Hit) -> Iterator[str]:
    of = hit.attribute
    if of.get("to_ids") not in _TRUE or of.get("category") not in _IOC_CATEGORIES:
        return
    name = str(of.get("uuid") or "")
    pair = _COMPOSITE.get(hit.type)
    if pair is not None:
        parts = hit.value.split("|")
        if len(parts) > 1:
            yield f'      <Indicator operator="AND" id={quoteattr(name)}>\n'
            for part, (term, value) in enumerate(zip(pair, parts, strict=False)):
                yield _item(str(uuid.uuid5(uuid.NAMESPACE_URL, f"{name}|{part}")), term, value)
            yield "      </Indicator>\n"
    elif hit.type in _SIMPLE:
        yield _item(name, _SIMPLE[hit.type], hit.value)


def _item(name: str, term: tuple[str, str, str], value: str) -> str:
    return (
        f'      <IndicatorItem id={quoteattr(name)} condition="is">\n'
        f'        <Context document="{term[0]}" search="{term[1]}" type="mir" />\n'
        f'        <Content type="{term[2]}">{text(value)}</Content>\n      </IndicatorItem>\n'
    )
