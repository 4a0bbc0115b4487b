"""The agent's fuse: a hub that is truncated or wrong must not lift every block at once."""

from __future__ import annotations

SMALL = 100
"""Zones with fewer names may shrink as they like, but for becoming empty: a real one holds its test names at least."""


def held_back(before: int, after: int, shrink: float) -> str:
    """Say why a zone of ``after`` names may not follow one of ``before``; "" where it may."""
    if before and not after:
        return f"it would be empty, and held {before:,} names"
    if before >= SMALL and after < before * (1 - shrink):
        return f"it would lose {before - after:,} of {before:,} names at once"
    return ""
