"""The entry: the smallest thing with its own audience and uses (DESIGN §3).

A submission is one commit of many entries. A :class:`Draft` is what a room hands to the record; an
:class:`Entry` is what the record gives back, with its place in the order.

The header ``(seq, at, org, kind, version, audience, digest, chain)`` stays for ever; the payload can be erased and
the record still verifies: ``digest = SHA-256(nonce ‖ payload)``, the nonce erased with it (DESIGN rule 13).
"""

from __future__ import annotations

import msgspec


class Payload(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What can be erased: author, subject, and the exact bytes that came in.

    ``author``: the person's id or "" (a machine's key, or anonymous). ``subject``: what the entry is about by its
    own id (a STIX id, a MISP uuid, a contribution's id). ``version``: that thing's own version as an instant in
    microseconds, 0 where it has none. ``place``: where in the submission it stood. ``body``: exact bytes.
    ``meta``: what the room of this kind needs beside the body (small, of plain types).
    """

    author: str
    subject: str
    version: int
    place: str
    body: bytes
    meta: dict[str, object] = {}


class Draft(msgspec.Struct, frozen=True, gc=False):
    """An entry before it has a place: kind, interned audience id, contribution id, payload."""

    kind: str
    audience: int
    payload: Payload


class Entry(msgspec.Struct, frozen=True, gc=False):
    """An entry with its place in the record.

    ``seq``: position, strictly increasing, internal. ``commit_seq``: position of its submission's first entry.
    ``at``: instant of acceptance (µs). ``org``: contributor's opaque id ("" for the hub itself). ``contribution``: the
    submission's public id. ``payload`` is None once erased. ``block``: position of the first entry of those that the
    record keeps together: neighbours of one submission and one audience, the same for every reader and replay.
    """

    seq: int
    commit_seq: int
    at: int
    org: str
    kind: str
    audience: int
    contribution: str
    digest: bytes
    chain: bytes
    payload: Payload | None
    block: int = 0
