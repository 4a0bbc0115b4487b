"""The entries of sealed identities: who the officers are. Written by the hub, in the record for good."""

from __future__ import annotations

import msgspec

KIND = "member.officer"


class OfficerNamed(msgspec.Struct, frozen=True, kw_only=True):
    """``member.officer``: a person registered the key with which they may, with another, reveal an author; or left."""

    person: str
    public_key: bytes
    active: bool = True
