"""The entry of idle accounts in the record: the hub's own, readable by nobody (see ``members.entries``)."""

from __future__ import annotations

import msgspec

from fusioncell.members.kinds import Kinds


class IdleTold(msgspec.Struct, frozen=True, kw_only=True):
    """``member.idle``: a person was told that their account is idle, or (``told`` false) the count starts anew."""

    person: str
    told: bool


_KINDS = Kinds[IdleTold]({"member.idle": IdleTold})
draft_of, changes_in = _KINDS.draft_of, _KINDS.changes_in
