"""gzip, undone within bounds: a small file may mean a huge one (a "zip bomb")."""

from __future__ import annotations

import zlib

from fusioncell.kernel.errors import BadInput, TooLarge

MAX_RATIO = 200
"""How many times larger than its file a content may be; real feeds stay under 30."""
_ALWAYS = 1024 * 1024
_STEP = 1024 * 1024


def gunzip_bounded(body: bytes, limit: int) -> bytes:
    """Return the content of a gzip file (RFC 1952, one or several members).

    Raises TooLarge over ``limit`` bytes or over :data:`MAX_RATIO`, BadInput where it is broken. Never holds more than
    a step over the limit.
    """
    allowed = min(limit, max(_ALWAYS, len(body) * MAX_RATIO))
    parts: list[bytes] = []
    size = 0
    rest = body
    while rest:
        member = zlib.decompressobj(wbits=31)
        while not member.eof:
            try:
                part = member.decompress(rest, _STEP)
            except zlib.error as error:
                raise BadInput(f"the gzip file is broken: {error}", hint="Send it again.") from None
            rest = member.unconsumed_tail
            size += len(part)
            if size > allowed:
                raise TooLarge(f"the gzip file holds over {allowed:,} bytes", hint="Send it unpacked, in parts.")
            parts.append(part)
            if not part and not rest and not member.eof:
                raise BadInput("the gzip file ends too early", hint="Send it again.")
        # zeros may pad the file after its last member
        rest = member.unused_data.lstrip(b"\0")
    return b"".join(parts)
