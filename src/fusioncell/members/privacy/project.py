"""The projection of privacy: called by the membership's with each batch, behind all its other packages."""

from __future__ import annotations

from fusioncell.members.privacy.store import metadata, project

__all__ = ["metadata", "project"]
