"""Values of the transparency log: leaves, openings, checkpoints; what is logged, as a table of data.

A leaf is public for ever, so it holds only what the log releases by design: the kind of event, its time to the second,
category, severity, the digest of the policy in force, the zone's serial, and a commitment to the name. It never holds
a name, a nonce, a party, a reason or evidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from fusioncell.kernel.clock import DAY

CHECKPOINT = "translog.checkpoint"
"""An entry: the log's head as it was signed. What was signed once is never contradicted."""
COSIGNED = "translog.cosigned"
"""An entry: a witness's cosignature of a checkpoint."""
OPENS_AFTER = 30 * DAY
"""A name that its owner misuses is opened publicly so long after it was blocked, or once it is free again."""
COMPROMISED = "compromised"
"""What a decision's ``origin`` says of a hacked victim's name."""
HOLDS_AFTER = 14 * DAY
"""A hold is told so long after it was placed, with the next event. A hold may end the name's block at once; told in the
same second, the log would tell which name police look at, once the block is opened. No hold lasts longer."""
NEVER = (1 << 62) - 1
"""The instant at which the name of a hacked victim is opened publicly."""


class Kind(StrEnum):
    """What a leaf tells of."""

    ADD = "add"
    """A name entered the zone."""
    REMOVE = "remove"
    """A name left the zone by a person's or a rule's act."""
    EXPIRE = "expire"
    """A name left the zone at the end of its time."""
    APPEAL = "appeal"
    """An appeal was lodged."""
    UPHELD = "upheld"
    """An appeal was granted: the block was wrong."""
    DISMISSED = "dismissed"
    """An appeal was turned down."""
    WITHDRAWN = "withdrawn"
    """An appeal was taken back by who lodged it."""
    POLICY = "policy"
    """Another policy came into force; its digest is the leaf's."""
    HOLD = "hold"
    """A name was held back from blocking for an investigation: it is counted, later (:data:`HOLDS_AFTER`)."""
    RESTORED = "restored"
    """The hub was restored from a backup: the log goes on under another origin (ADR 0014)."""


MOVES = frozenset({Kind.ADD, Kind.REMOVE, Kind.EXPIRE})
"""Leaves that change the zone: each has a serial of its own."""
ENDS = frozenset({Kind.REMOVE, Kind.EXPIRE})
"""Leaves that free a name."""
OUTCOMES = frozenset({Kind.UPHELD, Kind.DISMISSED, Kind.WITHDRAWN})
"""Leaves that end an appeal."""


class Leaf(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One entry of the log. Encoded as JSON in this order of fields, without spaces; defaults are left out.

    ``cites``: of ``restored``, the last checkpoint known: origin, size, root in hexadecimal, between spaces.
    ``commitment``: ``SHA-256(nonce ‖ name)`` in hexadecimal, the nonce of 32 bytes first; absent where the event names
    nothing; of ``restored``, the digest of the record's own entry.
    ``of``: the index of the leaf that the event is about: the ``add`` of a block; of an outcome, the ``appeal``.
    ``policy``: the policy's digest. ``serial``: the zone's after the event. ``time``: seconds since 1970.
    """

    category: str = ""
    cites: str = ""
    commitment: str = ""
    kind: str = ""
    of: int = -1
    policy: str = ""
    serial: int = 0
    severity: str = ""
    time: int = 0


@dataclass(frozen=True, slots=True)
class Opening:
    """What opens a commitment: the name and the nonce."""

    index: int
    kind: str
    name: str
    nonce: bytes
    decision: str


class Checkpoint(msgspec.Struct, frozen=True):
    """The body of a checkpoint's entry: a tree head (C2SP tlog-checkpoint). ``root``: hexadecimal."""

    origin: str
    size: int
    root: str


class Cosigned(msgspec.Struct, frozen=True):
    """The body of a cosignature's entry. ``line``: the signature line of the note, without its newline."""

    origin: str
    size: int
    witness: str
    time: int
    line: str


class Said(msgspec.Struct, frozen=True):
    """What the log reads of any entry's body that it tells of; all else in the body stays unread."""

    decision: str = ""
    appeal: str = ""
    name: str = ""
    category: str = ""
    severity: str = ""
    policy: str = ""
    origin: str = ""
