"""dnstap messages (dnstap.info, dnstap.proto): the name and the code of a client's answer, and nothing else.

Of the fields that a resolver sends, the addresses among them, only two are looked at: the type of the message and the
answer's bytes. BIND and Unbound fill no policy field, so whether a name is listed is found by ``listed``.
"""

from __future__ import annotations

import re

from fusioncell.shield.agent.fields import BadFrame, fields, varint
from fusioncell.shield.agent.model import Hit

_MESSAGE, _TYPE, _ANSWER = 14 << 3 | 2, 1 << 3, 14 << 3 | 2
_CLIENT_RESPONSE = 6
_NXDOMAIN = 3

# The fields before the answer, in the order in which encoders write them: type CLIENT_RESPONSE, family, protocol, two
# addresses, two ports, time of the question, the question, its zone's absence, time of the answer, the answer.
_USUAL = re.compile(
    rb"\x08\x06(?:\x10.)?(?:\x18.)?(?:\x22\x04.{4}|\x22\x10.{16})?(?:\x2a\x04.{4}|\x2a\x10.{16})?"
    rb"(?:\x30[\x80-\xff]{0,9}[\x00-\x7f])?(?:\x38[\x80-\xff]{0,9}[\x00-\x7f])?(?:\x40[\x80-\xff]{0,9}[\x00-\x7f])?"
    rb"(?:\x4d.{4})?(?:\x60[\x80-\xff]{0,9}[\x00-\x7f])?(?:\x6d.{4})?\x72([\x80-\xff]{0,4}[\x00-\x7f])",
    re.DOTALL,
).match


class Dnstap:
    """Reads the frames of one stream.

    A frame begins with who sends it (identity, version), the same in each frame of a stream: what stood before the
    message is remembered, and stepped over at once where it stands there again.
    """

    def __init__(self) -> None:
        self._before = b"\0"
        self._begins = 1

    def __call__(self, frame: bytes) -> Hit | None:
        """Read a frame; None for what is no answer to a client. Blocked: the answer was NXDOMAIN or empty.

        Raises BadFrame.
        """
        end = len(frame)
        at = self._begins
        if frame.startswith(self._before) and at + 2 <= end:
            size = frame[at]  # nearly all are of two octets: a call less for each frame
            if size < 0x80:
                at += 1
            elif frame[at + 1] < 0x80:
                size, at = size & 0x7F | frame[at + 1] << 7, at + 2
            else:
                size, at = varint(frame, at, end)
            if size > end - at:
                raise BadFrame("a field runs over the end")
        else:
            size, at = self._message(frame)
            if not size:
                return None
        end = at + size
        usual = _USUAL(frame, at, end)
        if usual is None:
            return _unusual(frame, at, end)
        at = usual.start(1)
        size = frame[at]
        if size >= 0x80:
            size, _ = varint(frame, at, end)
        at = usual.end()
        if size > end - at:
            raise BadFrame("a field runs over the end")
        return answer(frame, at, at + size)

    def _message(self, frame: bytes) -> tuple[int, int]:
        """Return size and place of the message, (0, 0) where there is none; note what stands before it."""
        for tag, at, until in fields(frame, 0, len(frame)):
            if tag == _MESSAGE:
                tag_at = frame.rindex(bytes([_MESSAGE]), 0, at)
                if varint(frame, tag_at + 1, len(frame)) == (until - at, at):
                    self._before, self._begins = frame[: tag_at + 1], tag_at + 1
                return until - at, at
        return 0, 0


def _unusual(frame: bytes, at: int, end: int) -> Hit | None:
    """Read a message whose fields stand in another order, or are others."""
    kind, found = 0, (0, 0)
    for tag, begin, until in fields(frame, at, end):
        if tag == _TYPE:
            kind = begin
        elif tag == _ANSWER:
            found = (begin, until)
    return answer(frame, *found) if kind == _CLIENT_RESPONSE and found[1] else None


def answer(data: bytes, at: int, end: int) -> Hit | None:
    """Read name and code of a DNS answer that stands between two places. None for what is no answer (RFC 1035 §4.1).

    The question's name is never compressed: it ends at the first zero octet, and its labels must lead there (``listed``
    finds no other).
    """
    root = data.find(b"\0", at + 12, end)
    if root < at + 13 or root - at > 266 or not data[at + 2] & 0x80 or data[at + 4 : at + 6] != b"\0\1":
        return None
    code = data[at + 3] & 15
    return data[at + 12 : root].lower(), code == _NXDOMAIN or not (code or data[at + 6] or data[at + 7])
