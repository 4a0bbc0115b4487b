"""The agent's fuse: a hub that is truncated or wrong must not lift every block at once.

A name that goes from one zone and stands in another is not lost: tiers hand names on to each other. What steps say is
named and signed one by one, so a small zone may lose its last name by them; a whole transfer may not empty a zone.
"""

from __future__ import annotations

from collections.abc import Callable

from fusioncell.shield.zone import ZoneImage

SMALL = 100
"""Zones with fewer names may shrink as they like, but for becoming empty in a whole transfer."""


def held_back(held: ZoneImage, image: ZoneImage, shrink: float, stands: Callable[[str], bool], *, whole: bool) -> str:
    """Say why a zone may not follow the one that is held; "" where it may.

    ``shrink``: the share that may go at once. ``stands``: tells whether a name stands in another zone of the hub's.
    """
    before, after = len(held), len(image)
    empties = whole and before > 0 and not after
    if not empties and (before < SMALL or after >= before * (1 - shrink)):
        return ""
    stay = {rule.name for rule in image.rules()}
    lost = sum(rule.name not in stay and not stands(rule.name) for rule in held.rules())
    if empties and lost:
        return f"it would be empty, and held {before:,} names"
    return f"it would lose {lost:,} of {before:,} names at once" if lost > before * shrink else ""
