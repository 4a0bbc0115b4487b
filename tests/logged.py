"""The transparency log of a hub in tests: decisions' entries as they are written, many at once; what the log shows."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from fusioncell.bootstrap import Hub
from fusioncell.kernel.clock import DAY
from fusioncell.kernel.entry import Draft, Payload
from fusioncell.shield.model import PARTNERS, Body
from fusioncell.shield.translog.service import Translog


def log_of(hub: Hub) -> Translog:
    return hub.shielding.translog


def leaves(hub: Hub) -> list[dict[str, Any]]:
    """All leaves, by the entry bundles."""
    size, found = log_of(hub).head().size, []
    for index in range(-(-size // 256)):
        data = log_of(hub).entries(index, min(256, size - index * 256))
        while data:
            length = int.from_bytes(data[:2])
            found.append(json.loads(data[2 : 2 + length]))
            data = data[2 + length :]
    return found


def decide(hub: Hub, kind: str, *names: str, turn: int = 1, **more: Any) -> None:
    """Write decisions' entries as they are written, many in one commit."""
    number = hub.record.intern_audience(PARTNERS)
    more = {"expires": hub.clock.now() + DAY, "category": "phishing", "policy": "p1", **more}
    drafts = []
    for name in names:
        which = f"decision {turn} of {name}"
        body = msgspec.json.encode(Body(which, name, **more))
        drafts.append(Draft(f"decision.{kind}", number, Payload("", which, 0, "", body)))
    hub.record.append("", drafts, f"commit {hub.record.head()[0]}")
    if hub.river.running:
        assert hub.river.wait_for(hub.record.head()[0], 20)
    else:
        hub.settle()


def blocks(hub: Hub, *names: str, **more: Any) -> None:
    decide(hub, "proposed", *names, **more)
    decide(hub, "published", *names, **more)
