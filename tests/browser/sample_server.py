"""Serves the sample pages on loopback as the hub would: the policy header, the static files, one live event."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from fusioncell.web.render import CONTENT_SECURITY_POLICY, STATIC, live_event, render
from samples import FRAGMENTS, PAGES
from samples.pages import ITEMS, NOW

_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class _Pages(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path.startswith("/static/"):
            file = (STATIC / path.removeprefix("/static/")).resolve()
            found = file.is_file() and file.is_relative_to(STATIC)
            self._answer(
                200 if found else 404, _TYPES.get(file.suffix, "text/plain"), file.read_bytes() if found else b""
            )
        elif path == "/live":
            fresh = render(
                "picture/_live_item.html", item={**ITEMS[0], "id": "fresh", "title": "Arrived live"}, now=NOW
            )
            self._answer(200, "text/event-stream", b"retry: 60000\n" + live_event(fresh, cursor="c1"))
        elif path == "/contribute/reach":
            template, context = FRAGMENTS["reach-group"]
            self._answer(200, "text/html", render(template, **context).encode())
        elif path.endswith("/status"):
            template, context = FRAGMENTS["status"]
            self._answer(200, "text/html", render(template, **context).encode())
        elif path == "/notifications/count":
            # The bell asks every 15 seconds: a page stands as long as that where the machine is busy.
            self._answer(200, "text/plain", b"2")
        elif path == "/palette":
            template, context = FRAGMENTS["palette-rows"]
            self._answer(200, "text/html", render(template, **context).encode())
        elif path.removeprefix("/") in PAGES:
            template, context = PAGES[path.removeprefix("/")]
            self._answer(200, "text/html", render(template, **context).encode())
        else:
            self._answer(404, "text/plain", b"")

    def do_POST(self) -> None:
        """The sign-in page asks for a passkey's challenge by itself."""
        asked = urlsplit(self.path).path == "/sign-in/passkey/options"
        self._answer(200 if asked else 404, "application/json", b'{"challenge": "AAAA"}' if asked else b"{}")

    def _answer(self, status: int, media: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{media}; charset=utf-8")
        self.send_header("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the test says what went wrong."""


@contextmanager
def serve() -> Iterator[str]:
    """Serve until the block ends; yields the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
