"""What an analyst says over the machine: parts of an observable's page; and texts that are alike."""

from __future__ import annotations

from typing import Any

from fusioncell.kernel.clock import DAY, HOUR, parse_instant

_NOW = parse_instant("2026-11-21T18:58:00Z")
SAID: dict[str, Any] = {
    "id": "j1", "words": "Harmless, says an analyst", "level": "benign", "by": "Ada Okafor", "tlp": "green",
    "reason": "A parcel service's own name; we spoke with its owner.", "at": _NOW - DAY, "restored": 0, "newer": True,
}  # fmt: skip
NOT_JUDGED: dict[str, Any] = {
    "said": [], "machine": {"level": "none", "words": "Mentioned only"}, "may": False, "listed": False,
    "verdicts": [{"value": "benign", "words": "Harmless"}, {"value": "malicious", "words": "Malicious"}],
    "readers": [{"value": "green", "words": "All members"}, {"value": "cell", "words": "The Fusion Cell alone"}],
}  # fmt: skip
JUDGEMENT: dict[str, Any] = {
    **NOT_JUDGED, "machine": {"level": "malicious", "words": "Likely malicious"}, "may": True, "listed": True,
    "said": [SAID, {**SAID, "id": "j2", "level": "suspicious", "words": "Suspicious, says an analyst", "tlp": "",
                    "newer": False, "restored": _NOW - HOUR}],
}  # fmt: skip
_NEAR = {"href": "/contributions/a7", "org": "Harbour Bank", "at": _NOW - 2 * DAY, "share": 92}
ALIKE: dict[str, Any] = {"first": _NEAR, "count": 100, "more": True, "near": [_NEAR, {**_NEAR, "org": "Anonymous"}]}
_ONE = {"type": "domain-name", "value": "parcel.example"}
_SHELL = {"csrf": "c5rf-token", "errors": [], "now": _NOW, "language": "en"}

FRAGMENTS: dict[str, tuple[str, dict[str, Any]]] = {
    "judgement": ("picture/_judgement.html", {"shell": _SHELL, "one": _ONE, "judgement": JUDGEMENT}),
    "judgement-empty": ("picture/_judgement.html", {"shell": _SHELL, "one": _ONE, "judgement": NOT_JUDGED}),
}
