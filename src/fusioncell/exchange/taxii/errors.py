"""Errors in TAXII's own form (TAXII 2.1 §3.6.1). Pure."""

from __future__ import annotations

import msgspec

from fusioncell.exchange.taxii.model import MEDIA

CHALLENGE = 'Basic realm="Fusion Cell", Bearer realm="Fusion Cell"'
"""What a client without valid credentials is told (TAXII 2.1 §3.7.1)."""
_PREFIX = "While processing supplied content, an error occurred"
"""How known clients and tests know a fault of what they sent."""


def document(status: int, title: str, detail: str, hint: str = "", place: str = "") -> tuple[bytes, dict[str, str]]:
    """Return (body, headers) of an error."""
    fault = status in (400, 422)
    said: dict[str, object] = {
        "title": "ProcessingError" if fault else title,
        "description": f"{_PREFIX}: {detail}" if fault else detail,
        "http_status": str(status),
    }
    details = {name: text for name, text in (("hint", hint), ("place", place)) if text}
    if details:
        said["details"] = details
    challenge = {"WWW-Authenticate": CHALLENGE} if status == 401 else {}
    return msgspec.json.encode(said), {"Content-Type": MEDIA, **challenge}
