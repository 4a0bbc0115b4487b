"""Values out of the lines of logs: which formats are known, how one is told, what is looked up of each line. Pure.

Of DNS query logs the names and answers are taken, never who asked (DESIGN rule 13).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from fusioncell.exchange.match import CsvRows

Values = Callable[[str], Iterable[str]]
"""Gives what is to be looked up of one line."""

_ACCESS = re.compile(
    r'(\S+) \S+ \S.*? \[[^\]]{10,40}\] "(?:[A-Z]{3,10} (\S+)[^"]*|[^"]*)" (?:[0-9]{3}|-) \S+(?: "([^"]*)")?'
)
_DNSMASQ = re.compile(r"dnsmasq\[[0-9]+\]: (?:[0-9]+ \S+ )?(?:query\[[A-Z0-9]+\] (\S+) from|reply (\S+) is (\S+))")
_DNSMASQ_ANY = re.compile(r"dnsmasq\[[0-9]+\]: ")
_BIND = re.compile(r"client (?:@\S+ )?\S+#[0-9]+ \([^)]*\): (?:view \S+: )?query: (\S+) [A-Z]+ [A-Z0-9]+")
_UNBOUND = re.compile(r"(?:unbound\[[^\]]*\]|\[[0-9]+:[0-9a-f]+\]):? info: \S+ (\S+)\.? [A-Z0-9]+ (?:IN|CH)\b")
_TOKEN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s\"'<>]+|[\w.:@\[\]-]{4,253}")
_NAMED = (
    "src_ip", "dest_ip", "id.orig_h", "id.resp_h", "query", "host", "hostname", "server_name", "sni", "rrname", "rdata",
    "md5", "sha1", "sha256", "domain", "url", "value", "indicator", "ip", "destination", "dst", "src", "fqdn", "qname",
    "tx_hosts", "rx_hosts", "answers", "http_refer", "referrer", "x-forwarded-for", "remote_addr", "client_ip",
)  # fmt: skip
_DEEPEST = 6
FORMATS = ("auto", "access", "json", "eve", "zeek", "dnsmasq", "bind", "unbound", "csv", "list", "text")


def told(lines: list[str]) -> str:
    """Tell the format of a log from its first lines."""
    some = [line for line in lines if line.strip()][:20]
    if not some:
        return "list"
    if some[0].startswith("#separator"):
        return "zeek"
    for name, shape in (
        ("access", _ACCESS.match), ("dnsmasq", _DNSMASQ_ANY.search), ("bind", _BIND.search),
        ("unbound", _UNBOUND.search),
    ):  # fmt: skip
        if 2 * sum(shape(line) is not None for line in some) > len(some):
            return name
    first = some[0].lstrip()
    if first.startswith("{"):
        return "eve" if '"event_type"' in first else "json"
    if first.startswith('"') and "," not in first:
        return "json"
    bare = [line for line in some if not line.startswith("#")]
    if any(len(line.partition(",")[0].split()) > 2 for line in bare):
        return "text"
    return "csv" if bare and all("," in line for line in bare) else "list"


def reader(format: str) -> Values:
    """Return what takes the values out of lines of a format; one for each file, for some remember its head."""
    if format == "zeek":
        return _Zeek()
    if format == "csv":
        rows = CsvRows()
        return lambda line: [value] if (value := rows.value(line)) else []
    return _READERS[format]


def _access(line: str) -> Iterator[str]:
    found = _ACCESS.match(line)
    if found is None:
        return
    client, target, referrer = found.groups()
    yield client
    for text in (target, referrer):
        if text and "://" in text:
            yield text


def _dnsmasq(line: str) -> Iterator[str]:
    found = _DNSMASQ.search(line)
    if found is not None:
        yield from (text for text in found.groups() if text and not text.startswith("<"))


def _bind(line: str) -> list[str]:
    found = _BIND.search(line)
    return [found[1]] if found else []


def _unbound(line: str) -> list[str]:
    found = _UNBOUND.search(line)
    return [found[1].rstrip(".")] if found else []


def _list(line: str) -> list[str]:
    text = line.strip()
    return [] if not text or text.startswith("#") else [text]


def _json(line: str) -> Iterator[str]:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return
    yield from _leaves(said, "", 0)


def _leaves(said: Any, name: str, depth: int) -> Iterator[str]:
    """Give the strings that stand under a name that is known to hold values, at any depth."""
    if depth > _DEEPEST:
        return
    if isinstance(said, str):
        if (not name or name in _NAMED) and said and len(said) <= 8192:
            yield said
    elif isinstance(said, dict):
        host, path = said.get("hostname", said.get("host")), said.get("url", said.get("uri"))
        if isinstance(host, str) and isinstance(path, str) and path.startswith("/"):
            yield f"http://{host}{path}"
        for key, value in said.items():
            if not (key == "url" and isinstance(value, str) and value.startswith("/")):
                yield from _leaves(value, str(key).lower(), depth + 1)
    elif isinstance(said, list):
        for value in said:
            yield from _leaves(value, name, depth + 1)


def _text(line: str) -> Iterator[str]:
    for token in _TOKEN.findall(line):
        text = token.strip(".:-[]@")
        if "." in text or text.count(":") > 1 or len(text) in (32, 40, 64):
            yield text


class _Zeek:
    """Reads Zeek's tab-separated logs; ``#fields`` names the columns."""

    def __init__(self) -> None:
        self._separator, self._columns, self._url = "\t", list[int](), (-1, -1)
        self._dns = False

    def __call__(self, line: str) -> Iterator[str]:
        line = line.rstrip("\r\n")
        if line.startswith("#"):
            self._head(line)
            return
        cells = line.split(self._separator)
        for column in self._columns:
            if column < len(cells) and cells[column] not in ("-", "(empty)", ""):
                yield from cells[column].split(",")
        host, path = self._url
        if 0 <= host < len(cells) and 0 <= path < len(cells) and cells[path].startswith("/"):
            yield f"http://{cells[host]}{cells[path]}"

    def _head(self, line: str) -> None:
        if line.startswith("#separator "):
            code = re.fullmatch(r"\\x([0-9a-fA-F]{2})", line[11:].strip())
            self._separator = chr(int(code[1], 16)) if code else line[11:].strip() or "\t"
        elif line.startswith("#path"):
            self._dns = line.split(self._separator)[-1] == "dns"
        elif line.startswith("#fields"):
            names = line.split(self._separator)[1:]
            hidden = {"id.orig_h", "id.resp_h"} if self._dns else set()
            self._columns = [n for n, name in enumerate(names) if name in _NAMED and name not in hidden]
            self._url = (
                names.index("host") if "host" in names else -1, names.index("uri") if "uri" in names else -1,
            )  # fmt: skip


def _eve(line: str) -> Iterator[str]:
    """Read Suricata's eve.json; of its DNS records, the names and answers alone."""
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return
    if isinstance(said, dict) and said.get("event_type") == "dns":
        said = {name: value for name, value in said.items() if name not in ("src_ip", "dest_ip")}
    yield from _leaves(said, "", 0)


_READERS: dict[str, Values] = {
    "access": _access, "json": _json, "eve": _eve, "dnsmasq": _dnsmasq, "bind": _bind, "unbound": _unbound,
    "list": _list, "text": _text,
}  # fmt: skip
