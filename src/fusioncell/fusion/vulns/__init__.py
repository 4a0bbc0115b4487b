"""Vulnerabilities: CVEs that contributions name, joined with KEV, EPSS, CVSS and SSVC, whose tables operators import.

What is *not* here: fetching them (a file is handed in), and any judgement of our own: what is shown is what the tables
say, with their version and date, and of an SSVC decision each input and where it comes from.
"""

from fusioncell.fusion.vulns.model import Decision, Imported, Input, Table, Vulnerability
from fusioncell.fusion.vulns.rate import POINTS
from fusioncell.fusion.vulns.service import Vulns

__all__ = ["POINTS", "Decision", "Imported", "Input", "Table", "Vulnerability", "Vulns"]
