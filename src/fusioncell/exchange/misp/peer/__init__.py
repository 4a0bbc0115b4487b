"""The hub as a client of MISP's sync protocol: what a pull keeps here, what a push sends. The front door.

The requests stand in ``exchange.inbound.pull_misp_server``; the same protocol as a server in ``exchange.misp.sync``.
"""

from __future__ import annotations

from fusioncell.exchange.misp.peer.service import Peer, Source

__all__ = ["Peer", "Source"]
