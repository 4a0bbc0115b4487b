"""MISP's sync protocol: what another MISP asks and sends when it pulls and pushes, and the same the other way round.

As a server, the door answers what ``app/Lib/Tools/ServerSyncTool.php`` of MISP 2.5 asks; as a client, inbound feeds of
the kind ``misp-server`` ask it of a MISP (``exchange.misp.peer``).

1. **Orgc is the origin, the relay the contributor.** What a sync user pushes is its organisation's contribution, with
   the creator as stated.
2. **Nothing widens on the way.** A pulled level steps down (1 → 0, 2 → 1: ``Server::__updatePulledEventBeforeInsert``);
   a pushed one was stepped down by its sender (2 → 1, and below 2 nothing leaves), here as there.
3. **Only what is published leaves, and no local tag.**
4. **Loops end.** What its own origin contributed here is not taken from a relay; what is here in this version already
   is not asked for again. Both are told by what the asker sees, and by nothing else.

The front door of the package.
"""

from __future__ import annotations

from fusioncell.exchange.misp.sync.service import Sync

__all__ = ["Sync"]
