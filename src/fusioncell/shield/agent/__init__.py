"""What runs beside an ISP's resolver: from its telemetry to counts of listed names, and from transfers to a zone.

Pure steps without a database. What is *not* here: sockets and files (``edges/edge_*.py``), and any client's address:
no parser of this package returns one, so none can be kept or sent.
"""

from fusioncell.shield.agent.model import Hit, K, Report, Row

__all__ = ["K", "Hit", "Report", "Row"]
