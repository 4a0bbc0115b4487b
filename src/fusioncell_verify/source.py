"""Where the log is read from: an address, or a folder that mirrors it. Every read is bounded."""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from fusioncell_verify.faults import Unreadable

MAX_BYTES = 64 << 20
"""The largest file that is read: an entry bundle cannot be larger than 16 MiB, openings come in pages."""
SECONDS = 30
KEY_VARIABLE = "FUSIONCELL_KEY"
"""The environment variable that holds the hub's API key, for the openings of holders."""


def is_address(where: str) -> bool:
    """Tell whether this is an address and not a file."""
    return where.startswith(("http://", "https://"))


def read_any(where: str, *, secret: bool = False) -> bytes:
    """Read a file or an address. ``secret``: send the hub's key along. Raises Unreadable."""
    if is_address(where):
        key = os.environ.get(KEY_VARIABLE, "") if secret else ""
        return ask(where, {"Authorization": f"Bearer {key}"} if key else {})
    try:
        with Path(where).open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as fault:
        raise Unreadable(f"{where}: {fault.strerror or fault}") from None
    return _bounded(data, where)


def ask(url: str, headers: Mapping[str, str], body: bytes | None = None) -> bytes:
    """Get an address, or send it a body. Raises Unreadable."""
    request = urllib.request.Request(url, data=body, headers={"Accept-Encoding": "identity", **headers})  # noqa: S310 - is_address was asked
    try:
        with _OPENER.open(request, timeout=SECONDS) as answer:
            data: bytes = answer.read(MAX_BYTES + 1)
    except urllib.error.HTTPError as fault:
        raise Unreadable(f"{url}: {fault.code} {fault.reason}") from None
    except (OSError, ValueError) as fault:
        raise Unreadable(f"{url}: {fault}") from None
    return _bounded(data, url)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Follow none: a key must not be sent elsewhere."""


_OPENER = urllib.request.build_opener(_NoRedirect)


def _bounded(data: bytes, where: str) -> bytes:
    if len(data) > MAX_BYTES:
        raise Unreadable(f"{where}: more than {MAX_BYTES >> 20} MiB")
    return data


class Source:
    """A log's prefix: what stands under it is read by its path."""

    def __init__(self, where: str) -> None:
        self.where = where.rstrip("/") + "/"

    def read(self, path: str) -> bytes:
        """Return what stands at a path below the prefix. Raises Unreadable."""
        return read_any(self.where + path)
