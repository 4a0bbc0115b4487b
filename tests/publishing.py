"""Decisions written to the record as the hub itself writes them: for tests of what becomes of them in zones."""

from __future__ import annotations

import msgspec

from fusioncell.bootstrap import Hub
from fusioncell.kernel.clock import DAY
from fusioncell.kernel.entry import Draft, Payload
from fusioncell.kernel.ids import new_id
from fusioncell.shield.model import PARTNERS, Body


def publish(hub: Hub, *names: str, category: str = "malware", severity: str = "medium") -> list[str]:
    """Have names blocked, in one commit; return the decisions' ids. The zones follow."""
    bodies = [Body(new_id(hub.randomness), name, category, severity=severity, by="person-1", approvers=["person-1"],
                   expires=hub.clock.now() + 90 * DAY) for name in names]  # fmt: skip
    _append(hub, [("decision.proposed", body) for body in bodies] + [("decision.published", body) for body in bodies])
    return [body.decision for body in bodies]


def withdraw(hub: Hub, *names: str, kind: str = "decision.withdrawn") -> None:
    """Have blocked names freed, in one commit. The zones follow."""
    found = [hub.shield.newest(name) for name in names]
    bodies = [Body(one.id, one.name, one.category, severity=one.severity, by="person-1", reason="wrong")
              for one in found if one is not None]  # fmt: skip
    _append(hub, [(kind, body) for body in bodies])


def _append(hub: Hub, said: list[tuple[str, Body]]) -> None:
    number = hub.record.intern_audience(PARTNERS)
    encode = msgspec.json.Encoder().encode
    hub.record.append("", [Draft(kind, number, Payload("", body.decision, 0, "", encode(body))) for kind, body in said],
                      new_id(hub.randomness))  # fmt: skip
    if not hub.river.running:
        hub.river.run_dry()
        hub.shield.follow()
        hub.shielding.subscribers.follow()
