"""Take out of pictures what is no picture: EXIF (places, cameras, names), XMP, IPTC, comments, colour profiles. Pure.

Parts are left out as they stand in the file; no pixel is decoded, so no picture can unpack into much. What follows the
picture's end (a second picture, a trailer) is left out too. Returns None for what is not well formed.
"""

from __future__ import annotations

_PNG_KEPT = frozenset({
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"bKGD", b"hIST", b"pHYs",
    b"acTL", b"fcTL", b"fdAT", b"cICP",
})  # fmt: skip
"""Chunks that are needed to draw (PNG 3rd edition §11)."""
_WEBP_KEPT = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF"})
_APP0, _APP1, _APP14, _APP15, _COM = 0xE0, 0xE1, 0xEE, 0xEF, 0xFE
_EOI, _SOS = 0xD9, 0xDA


def strip_picture(data: bytes) -> bytes | None:
    """Clean a JPEG, PNG, WebP or GIF; None for anything else, and for what is not well formed."""
    if data.startswith(b"\xff\xd8\xff"):
        return strip_jpeg(data)
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return strip_png(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return strip_webp(data)
    return strip_gif(data) if data[:6] in (b"GIF87a", b"GIF89a") else None


def strip_jpeg(data: bytes) -> bytes | None:
    """Keep the segments that draw (ITU-T T.81 §B); of EXIF its orientation, or a picture would lie on its side."""
    out, at = [b"\xff\xd8"], 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == _EOI:
            return b"".join((*out, b"\xff\xd9"))
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4])
        if marker < 0xC0 or 0xD0 <= marker <= 0xD8 or end > len(data) or end < at + 4:
            return None
        if marker == _SOS:
            end = _scan_end(data, end)
            out.append(data[at:end])
        else:
            out.append(_segment(marker, data[at:end]))
        at = end
    return b"".join((*out, b"\xff\xd9")) if data[at:] == b"\xff\xd9" else None


def _segment(marker: int, segment: bytes) -> bytes:
    if marker == _APP0:
        # JFIF, without the small picture that may stand in it.
        is_plain = segment[4:9] == b"JFIF\0" and len(segment) >= 18
        return b"\xff\xe0\x00\x10" + segment[4:16] + b"\0\0" if is_plain else b""
    if marker == _APP1 and segment[4:10] == b"Exif\0\0":
        return _upright(segment[10:])
    if marker == _APP14 and segment[4:9] == b"Adobe":
        return segment[:16]
    return b"" if _APP0 <= marker <= _APP15 or marker == _COM else segment


def _upright(tiff: bytes) -> bytes:
    """Return EXIF that says nothing but how the picture is turned (tag 0x0112 of IFD0), or nothing."""
    order = {b"II": "little", b"MM": "big"}.get(tiff[:2])
    if order is None:
        return b""

    def number(at: int, size: int) -> int:
        return int.from_bytes(tiff[at : at + size], "little" if order == "little" else "big")

    first = number(4, 4)
    for entry in range(first + 2, first + 2 + 12 * min(number(first, 2), 100), 12):
        if number(entry, 2) == 0x0112 and 2 <= number(entry + 8, 2) <= 8:
            turned = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0" + bytes([number(entry + 8, 2)]) + bytes(6)
            return b"\xff\xe1" + (len(turned) + 8).to_bytes(2) + b"Exif\0\0" + turned
    return b""


def _scan_end(data: bytes, at: int) -> int:
    """Return where the coded picture that begins at ``at`` ends: at a marker that is no restart (T.81 §B.1.1.2)."""
    while (at := data.find(b"\xff", at)) >= 0 and at + 1 < len(data):
        if data[at + 1] not in (0x00, 0xFF) and not 0xD0 <= data[at + 1] <= 0xD7:
            return at
        at += 1 if data[at + 1] == 0xFF else 2
    return len(data)


def strip_png(data: bytes) -> bytes | None:
    """Keep the chunks that draw."""
    out, at = [data[:8]], 8
    while at + 12 <= len(data):
        kind, end = data[at + 4 : at + 8], at + 12 + int.from_bytes(data[at : at + 4])
        if end > len(data):
            return None
        if kind in _PNG_KEPT:
            out.append(data[at:end])
        if kind == b"IEND":
            return b"".join(out)
        at = end
    return None


def strip_webp(data: bytes) -> bytes | None:
    """Keep the chunks that draw, and say in VP8X that the others are not there (WebP container, RFC 9649 §2.7)."""
    out, at, stop = [], 12, min(len(data), 8 + int.from_bytes(data[4:8], "little"))
    while at + 8 <= stop:
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        end = at + 8 + size + (size & 1)
        if at + 8 + size > stop:
            return None
        if kind == b"VP8X" and size >= 10:
            # Flags: animation (0x02) and alpha (0x10) stay; ICC (0x20), EXIF (0x08) and XMP (0x04) go.
            out.append(data[at : at + 8] + bytes([data[at + 8] & 0x12]) + data[at + 9 : end])
        elif kind in _WEBP_KEPT:
            out.append(data[at:end])
        at = end
    body = b"".join(out)
    whole = out and at == 8 + int.from_bytes(data[4:8], "little")
    return b"RIFF" + (len(body) + 4).to_bytes(4, "little") + b"WEBP" + body if whole else None


def strip_gif(data: bytes) -> bytes | None:
    """Keep frames, their controls and the loop count (GIF89a §§18-26); leave comments and other extensions out."""
    at = 13 + (3 << ((data[10] & 7) + 1) if len(data) > 13 and data[10] & 0x80 else 0)
    out = [data[:at]]
    while at + 1 < len(data) and data[at] != 0x3B:
        if data[at] == 0x2C:
            if at + 10 > len(data):
                return None
            body = at + 11 + (3 << ((data[at + 9] & 7) + 1) if data[at + 9] & 0x80 else 0)
            kept = True
        elif data[at] == 0x21:
            body = at + 2
            kept = data[at + 1] == 0xF9 or (data[at + 1] == 0xFF and data[at + 3 : at + 14] == b"NETSCAPE2.0")
        else:
            return None
        end = _blocks_end(data, body)
        if end is None:
            return None
        if kept:
            out.append(data[at:end])
        at = end
    return b"".join((*out, b"\x3b")) if at < len(data) and data[at] == 0x3B else None


def _blocks_end(data: bytes, at: int) -> int | None:
    while at < len(data):
        if data[at] == 0:
            return at + 1
        at += 1 + data[at]
    return None
