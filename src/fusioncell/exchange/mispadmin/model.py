"""The version as which the hub answers, and the settings that MISP's clients look at. Data."""

from __future__ import annotations

VERSION = "2.5.34"
"""The MISP whose API is imitated."""
PYMISP = "2.5.34.4"
"""The PyMISP against whose own suite the door is tested."""
