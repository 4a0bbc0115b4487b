"""Joining's projection of the record: called after the membership's own with each batch."""

from __future__ import annotations

from fusioncell.members.joining.store import metadata, project, purge

__all__ = ["metadata", "project", "purge"]
