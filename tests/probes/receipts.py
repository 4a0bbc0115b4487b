"""The doors of narrowing, widening, receipts and consent."""

from __future__ import annotations

import re

CHANGES = re.compile(r"POST /(api/)?(contributions/.*/(narrow|widen)|consents.*)$")
"""Doors that change something; their answers stand in ``tests/flow/test_receipts.py``."""
