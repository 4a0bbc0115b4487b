"""The MISP door's administration: version, settings, logs, blocklists, feeds, servers, exclusions. The front door.

What a MISP server's administrators turn here is kept and shown, so that clients go on; the hub itself is run by its
own settings and pages. What bears on others (blocklists) holds for the own organisation, unless an administrator said
it for all.
"""

from __future__ import annotations

from fusioncell.exchange.misp.admin.service import Admin

__all__ = ["Admin"]
