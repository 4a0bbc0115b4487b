"""The accounts' projection of the record: called after the membership's own with each batch."""

from __future__ import annotations

from fusioncell.members.accounts.store import metadata, project

__all__ = ["metadata", "project"]
