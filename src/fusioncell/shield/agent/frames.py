"""Streams cut into frames: Frame Streams (dnstap) and PowerDNS's two octets of length. Bounded, without I/O.

Frame Streams (farsightsec/fstrm): a data frame is a length of four octets and as many bytes; length 0 announces a
control frame, itself with a length. READY is answered with ACCEPT, FINISH with a last word (bidirectional streams).
"""

from __future__ import annotations

import struct

from fusioncell.shield.agent.fields import BadFrame
from fusioncell.shield.agent.model import MAX_FRAME

CONTENT = b"protobuf:dnstap.Dnstap"
_ACCEPT, _START, _STOP, _READY, _FINISH = 1, 2, 3, 4, 5
_MAX_CONTROL = 512
_LENGTH = struct.Struct(">I")
_SHORT = struct.Struct(">H")


def _control(kind: int, content: bytes = b"") -> bytes:
    body = struct.pack(">I", kind)
    if content:
        body += struct.pack(">II", 1, len(content)) + content
    return struct.pack(">II", 0, len(body)) + body


class FrameStream:
    """Cuts a Frame Streams connection. Feed it what arrives; send ``reply`` back, and empty it."""

    def __init__(self) -> None:
        self._rest = b""
        self.reply = b""
        self.finished = False

    def feed(self, data: bytes) -> list[bytes]:
        """Return the data frames that are whole now. Raises BadFrame for what is no Frame Streams."""
        data = self._rest + data if self._rest else data
        at, end, found = 0, len(data), []
        unpack = _LENGTH.unpack_from
        while end - at >= 4:
            size = unpack(data, at)[0]
            if size:
                if size > MAX_FRAME:
                    raise BadFrame("a frame is too long")
                if end - at - 4 < size:
                    break
                at += 4
                found.append(data[at : at + size])
                at += size
                continue
            if end - at < 8:
                break
            size = unpack(data, at + 4)[0]
            if not 4 <= size <= _MAX_CONTROL:
                raise BadFrame("a control frame of a wrong size")
            if end - at - 8 < size:
                break
            self._hear(data[at + 8 : at + 8 + size])
            at += 8 + size
        self._rest = data[at:]
        return found

    def _hear(self, control: bytes) -> None:
        kind = _LENGTH.unpack_from(control)[0]
        if kind in (_READY, _START) and len(control) > 4 and CONTENT not in control:
            raise BadFrame("a stream of another content than dnstap")
        if kind == _READY:
            self.reply += _control(_ACCEPT, CONTENT)
        elif kind == _STOP:
            self.reply += _control(_FINISH)
            self.finished = True


class ShortFrames:
    """Cuts a PowerDNS protobuf connection: each message behind its length in two octets."""

    def __init__(self) -> None:
        self._rest = b""
        self.reply = b""
        self.finished = False

    def feed(self, data: bytes) -> list[bytes]:
        """Return the messages that are whole now."""
        data = self._rest + data if self._rest else data
        at, end, found = 0, len(data), []
        while end - at >= 2:
            size = _SHORT.unpack_from(data, at)[0]
            if end - at - 2 < size:
                break
            found.append(data[at + 2 : at + 2 + size])
            at += 2 + size
        self._rest = data[at:]
        return found
