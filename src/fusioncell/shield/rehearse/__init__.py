"""Rehearsing: what an ISP's own query log would have hit, counted where it lies. Front door: :func:`count_hits`."""

from __future__ import annotations

from fusioncell.shield.rehearse.count import Rehearsed, asked_name, count_hits, read_rules

__all__ = ["Rehearsed", "asked_name", "count_hits", "read_rules"]
