"""PowerDNS protobuf messages (dnsmessage.proto): which rule of which policy an answer came from.

A recursor with ``protobufServer`` tells the hit rule itself. A policy with ``defpol=Policy.NoAction`` (shadow) and a
rule that lets a name pass look alike (4.8, measured): which of them it was is told by ``listed``.
"""

from __future__ import annotations

from fusioncell.shield.agent.fields import fields
from fusioncell.shield.agent.logs import labels_of
from fusioncell.shield.agent.model import Hit

_TYPE, _QUESTION, _RESPONSE = 1 << 3, 12 << 3 | 2, 13 << 3 | 2
_QNAME = 1 << 3 | 2
_POLICY_TYPE, _HIT, _KIND = 7 << 3, 9 << 3 | 2, 10 << 3
_IS_RESPONSE, _IS_QNAME, _PASSES = 2, 2, 1
"""``DNSResponseType``, ``PolicyType.QNAME``, ``PolicyKind.NoAction``."""


def parse(frame: bytes) -> Hit | None:
    """Read a message; None for what is no answer, or met a rule of another kind than a name's. Raises BadFrame.

    An answer without a policy, or with one that does not act, gives the name, not blocked: a hit in shadow where
    ``listed`` knows the name as blocked, and nothing where a rule of the zone lets it pass.
    """
    kind, question, response = 0, (0, 0), (0, 0)
    for tag, at, until in fields(frame, 0, len(frame)):
        if tag == _TYPE:
            kind = at
        elif tag == _QUESTION:
            question = (at, until)
        elif tag == _RESPONSE:
            response = (at, until)
    if kind != _IS_RESPONSE or not response[1]:
        return None
    policy, action, hit = _applied(frame, *response)
    if policy not in (0, _IS_QNAME):
        return None
    labels = labels_of(hit.removeprefix(b"*.") if policy and hit else _asked(frame, *question))
    return None if labels is None else (labels, bool(policy) and action != _PASSES)


def _asked(frame: bytes, at: int, end: int) -> bytes:
    """Return the question's name."""
    return next((frame[begin:until] for tag, begin, until in fields(frame, at, end) if tag == _QNAME), b"")


def _applied(frame: bytes, at: int, end: int) -> tuple[int, int, bytes]:
    """Return type and kind of the policy that was applied, and the name that met it."""
    policy, action, hit = 0, 0, b""
    for tag, begin, until in fields(frame, at, end):
        if tag == _POLICY_TYPE:
            policy = begin
        elif tag == _KIND:
            action = begin
        elif tag == _HIT:
            hit = frame[begin:until]
    return policy, action, hit
