"""What a notice says of a statement: the kind of abuse, port, protocol, and of a URL what is safe to pass on. Pure.

Nothing of a contribution's text goes in: a kind is one of a closed list, a port a number, a protocol a known word.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping

import msgspec

from fusioncell.exchange.abuse.model import KINDS
from fusioncell.exchange.abuse.own import span_of, text_of
from fusioncell.kernel.claim import Role
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.observable import Observable, ObservableType

PROTOCOLS = ("tcp", "udp", "icmp", "sctp")
_TAG = re.compile(r'rsit:[a-z-]{1,40}="([a-z0-9-]{1,40})"', re.IGNORECASE)
_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("phishing", ("phish", "smish", "credential", "scam")),
    ("c2-server", ("c2", "c&c", "command and control", "command-and-control", "cnc", "beacon")),
    ("infected-system", ("botnet", "sinkhole", "infected", "zombie", "drone")),
    ("ddos-amplifier", ("amplif", "reflector")),
    ("ddos", ("ddos", "denial of service", "booter")),
    ("brute-force", ("brute", "password-guess", "credential-stuffing", "ssh-attack")),
    ("scanner", ("scan", "probing", "honeypot", "recon")),
    ("exploit", ("exploit", "injection", "webshell")),
    ("spam", ("spam",)),
    ("malware-distribution", ("malware", "ransom", "trojan", "stealer", "loader", "dropper", "payload")),
)
"""Words of labels → kind; the first that fits counts."""
_BY_ROLE = {Role.COMPROMISED: "infected-system", Role.ABUSED: "system-compromise"}
_SAFE = re.compile(r"(?:/[A-Za-z._~!$&'()*+,;=-]*)*")
_HEAD = re.compile(r"([a-z][a-z0-9+.-]*)://[^/?#]*")
_WEB = {"http": 80, "https": 443, "ftp": 21, "ws": 80, "wss": 443}


def kind_of(labels: Iterable[str], role: Role) -> str:
    """Return the kind of abuse that labels tell of: an RSIT tag, else words in them, else what its role means."""
    said = [label[:200] for label in labels]
    for label in said:
        found = _TAG.fullmatch(label.strip())
        if found is not None and found[1].lower() in KINDS:
            return found[1].lower()
    text = " ".join(said).lower()
    for kind, words in _WORDS:
        if any(word in text for word in words):
            return kind
    return _BY_ROLE.get(role, "undetermined")


def url_of(one: Observable) -> str:
    """Return of a URL at an address its scheme, host, port and the front of its path; "" for any other observable.

    A path is cut at the last slash before the first digit, colon, percent or at sign: no notation of an address, plain,
    packed or escaped, does without one of them. Query, fragment and credentials never go in.
    """
    found = _HEAD.match(one.value)
    span = span_of(one) if one.type is ObservableType.URL else None
    if found is None or span is None:
        return ""
    host = text_of(span)
    place = f"[{host}]" if span.version == 6 else host
    port = f":{span.port}" if span.port else ""
    rest = re.split(r"[?#]", one.value[found.end() :], maxsplit=1)[0]
    safe = _SAFE.match(rest)
    path = safe[0] if safe else ""
    if len(path) < len(rest):
        path = path[: path.rfind("/") + 1]
    return f"{found[1]}://{place}{port}{path or '/'}"


class _Attribute(msgspec.Struct, gc=False):
    type: str = ""
    value: str = ""


def reached_by(entry: Entry | None, one: Observable) -> tuple[int, str]:
    """Return the port and protocol by which an address was reached, as its entry says: 0 and "" where it does not."""
    if one.type is ObservableType.URL:
        span, scheme = span_of(one), one.value.partition(":")[0]
        port = span.port if span is not None else 0
        return port or _WEB.get(scheme, 0), "tcp" if scheme in _WEB else ""
    payload = entry.payload if entry is not None else None
    if entry is None or payload is None:
        return 0, ""
    if entry.kind == "misp.attribute":
        try:
            said = msgspec.json.decode(payload.body, type=_Attribute)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return 0, ""
        return (_port(said.value.rpartition("|")[2]), "") if said.type.endswith("|port") else (0, "")
    columns = payload.meta.get("columns")
    if entry.kind != "csv.row" or not isinstance(columns, (list, tuple)):
        return 0, ""
    cells = _cells(payload.body, str(payload.meta.get("delimiter", ",")))
    return _of_row({str(name): cell for name, cell in zip(columns, cells, strict=False)})


def _cells(body: bytes, delimiter: str) -> list[str]:
    lines = body.decode("utf-8", "replace").splitlines(keepends=True)
    try:
        return [cell.strip() for cell in next(csv.reader(lines, delimiter=delimiter, skipinitialspace=True), [])]
    except (csv.Error, TypeError):
        return []


def _of_row(row: Mapping[str, str]) -> tuple[int, str]:
    """Read a row's own port: of Shadowserver's, that of the address which the row is about."""
    first = "dst_port" if "dst_ip" in row and "src_ip" not in row else "src_port"
    port = next((number for name in ("port", first, "source_port") if (number := _port(row.get(name, "")))), 0)
    said = (row.get("protocol") or row.get("proto") or row.get("transport") or "").lower()
    return port, said if said in PROTOCOLS else ""


def _port(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65536 else 0
