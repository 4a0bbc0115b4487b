"""Sends the agent's reports to the hub by HTTPS, with an API key, and writes the files it keeps.

Of the standard library alone: an HTTP client of its own would be a third of the agent's memory.
"""

from __future__ import annotations

import os
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Any

SECONDS = 20.0
_MOST = 1 << 16


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A key is for the hub that was named, not for where it may point."""

    def redirect_request(self, *_: Any) -> None:
        return None


def post_json(url: str, body: bytes, key: str, ca: str = "") -> tuple[int, bytes]:
    """Post once; return the status and what was answered. Status 0: no answer, and why."""
    handlers: list[urllib.request.BaseHandler] = [_NoRedirect(), urllib.request.ProxyHandler({})]
    if url.startswith("https:"):
        handlers.append(urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=ca or None)))
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", "User-Agent": "fusioncell-edge"}
    request = urllib.request.Request(url, body, headers, method="POST")  # noqa: S310 - the scheme is checked on reading
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=SECONDS) as answer:
            return answer.status, answer.read(_MOST)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read(_MOST)
    except (OSError, ValueError) as failure:
        return 0, str(getattr(failure, "reason", failure)).encode()[:200]


def write_whole(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file in one step, for this user alone: after a crash it is the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = path.with_name(path.name + ".new")
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        for piece in pieces:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
