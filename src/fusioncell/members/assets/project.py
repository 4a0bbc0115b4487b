"""The projection of assets: called by the membership's with each batch."""

from __future__ import annotations

from fusioncell.members.assets.store import metadata, project

__all__ = ["metadata", "project"]
