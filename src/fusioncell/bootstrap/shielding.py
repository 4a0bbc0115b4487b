"""The packages of the shield, joined: what decides, undoes, renders, logs and counts, each over the same record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fusioncell.edges.database import SqlDatabase
from fusioncell.edges.dns_notify import NotifyTarget
from fusioncell.edges.dns_server import DnsServer, start_dns_server
from fusioncell.edges.folder import Folder
from fusioncell.fusion.service import Fusion
from fusioncell.intake.service import Intake
from fusioncell.kernel.clock import Clock
from fusioncell.kernel.ids import Randomness
from fusioncell.kernel.settings import Settings, host_port
from fusioncell.record.service import Record
from fusioncell.shield.service import Shield


@dataclass(frozen=True, slots=True, kw_only=True)
class Shielding:
    """The shield with all that stands on it. Each package adds its field, and its turn to the methods below."""

    settings: Settings
    shield: Shield

    def act(self) -> int:
        """After each batch: bring the zones to the newest step, do what is due; return how many entries that made."""
        self.shield.follow()
        return self.shield.act()

    def daily(self) -> None:
        """Do what a day asks for."""

    async def serve_dns(self, listen: str, **more: Any) -> DnsServer:
        """Serve the zones as their primary on the running event loop."""
        host, port = host_port(listen)
        targets = [
            NotifyTarget(*host_port(part.strip())) for part in self.settings.dns_notify.split(",") if part.strip()
        ]
        return await start_dns_server(self.shield.zone, host, port, notify=targets, **more)


def join_shield(
    *, folder: Folder, settings: Settings, key: bytes, databases: dict[str, SqlDatabase], record: Record,
    fusion: Fusion, intake: Intake, clock: Clock, randomness: Randomness, settle: Callable[[int], None],
) -> Shielding:  # fmt: skip
    """Join the shield. ``key``: the hub's (derive yours by a label); ``settle(seq)`` waits for the projections.

    None of it may reach the membership: parties are opaque ids here (DESIGN §1, rule 3).
    """
    projections = databases["projections"]
    shield = Shield(record, projections, fusion, intake, clock, randomness)
    return Shielding(settings=settings, shield=shield)
