"""Sources of feeds on loopback for tests: a real HTTP server whose answers a test sets."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Source:
    """What a server has: path → bytes, or a function from (query, headers) to an answer."""

    pages: dict[str, bytes | Callable[[dict[str, str], dict[str, str]], Answer]] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    tags: bool = True
    """Whether it sends an ETag and answers 304 to one that it knows."""
    packed: bool = False
    url: str = ""

    def misp(self, folder: str, events: list[dict[str, Any]], *, integrity: bool = False) -> None:
        """Publish a MISP feed of these events."""
        manifest = {}
        for event in events:
            body = json.dumps({"Event": event}).encode()
            manifest[event["uuid"]] = {"timestamp": event["timestamp"], "info": event["info"]}
            if integrity:
                manifest[event["uuid"]]["integrity:sha256"] = sha256(body).hexdigest()
            self.pages[f"{folder}{event['uuid']}.json"] = body
        self.pages[f"{folder}manifest.json"] = json.dumps(manifest).encode()

    def answer(self, path: str, query: dict[str, str], headers: dict[str, str]) -> Answer:
        page = self.pages.get(path)
        if page is None:
            return 404, {}, b"no such page"
        if callable(page):
            return page(query, headers)
        tag = f'"{sha256(page).hexdigest()[:16]}"'
        if self.tags and headers.get("if-none-match") == tag:
            return 304, {"ETag": tag}, b""
        sent = {"Content-Type": self.types.get(path, "application/octet-stream")}
        if self.tags:
            sent["ETag"] = tag
        if self.packed:
            return 200, {**sent, "Content-Encoding": "gzip"}, gzip.compress(page)
        return 200, sent, page


@contextmanager
def source_server(source: Source) -> Iterator[Source]:
    """Serve a source on loopback; its ``url`` is set."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # noqa: N802
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            source.asked.append(self.path)
            source.headers.append(headers)
            code, sent, body = source.answer(parts.path, dict(parse_qsl(parts.query)), headers)
            self.send_response(code)
            for name, value in sent.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    source.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield source
    finally:
        server.shutdown()
        server.server_close()


def misp_event(number: int, timestamp: int, values: list[str], **more: Any) -> dict[str, Any]:
    """Make a MISP event of domains."""
    uuid = f"5f0000{number:02x}-0000-4000-8000-0000000000{number:02x}"
    return {
        "uuid": uuid, "info": f"Event {number}", "date": "2026-11-01", "timestamp": str(timestamp), "published": True,
        "analysis": "2", "threat_level_id": "2",
        "Orgc": {"name": "CIRCL", "uuid": "55f6ea5e-2c60-40e5-964f-47a8950d210f"},
        "Attribute": [
            {"uuid": f"5f0000{number:02x}-1111-4000-8000-{index:012x}", "type": "domain",
             "category": "Network activity", "value": value, "to_ids": True, "timestamp": str(timestamp)}
            for index, value in enumerate(values)],
        **more,
    }  # fmt: skip
