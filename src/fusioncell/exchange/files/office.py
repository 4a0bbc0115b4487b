"""Take out of office documents who made them: OOXML (ECMA-376) and OpenDocument (ODF 1.3). Pure.

1. Only a document whose list is plain and whose contents are within bounds is touched: nothing unpacks into much, no
   name leads out of it. For any other, None.
2. Properties (core, app, custom; ``meta.xml``) become empty ones; thumbnails go; authors of comments and changes,
   people, printers and paths of the maker's disk become nobody's; pictures inside are cleaned as pictures are.
3. All else is written as it was, in its order, with no date: the same document gives the same bytes.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from io import BytesIO

from fusioncell.exchange.files.pictures import strip_picture
from fusioncell.exchange.files.recognise import listed

MAX_ENTRIES = 2000
MAX_UNPACKED = 64 << 20
"""Bytes of all entries of a document together."""
_DAWN = (1980, 1, 1, 0, 0, 0)
_HEAD = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_OFFICE = b"http://schemas.openxmlformats.org/"
_EMPTY = {
    "core.xml": _HEAD + b'<cp:coreProperties xmlns:cp="' + _OFFICE + b'package/2006/metadata/core-properties"/>',
    "app.xml": _HEAD + b'<Properties xmlns="' + _OFFICE + b'officeDocument/2006/extended-properties"/>',
    "custom.xml": _HEAD + b'<Properties xmlns="' + _OFFICE + b'officeDocument/2006/custom-properties"/>',
    "meta.xml": _HEAD + b'<office:document-meta xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    b'office:version="1.3"><office:meta/></office:document-meta>',
}  # fmt: skip
_TAG = re.compile(rb"""<(?:[^<>"']++|"[^"]*+"|'[^']*+')*+>""")
_BY = re.compile(
    rb"""(\s(?:[\w.-]+:)?(?:author|initials|userId|userName|displayName|lastModifiedBy|lastEditedBy)\s*=\s*)"""
    rb"""(?:"[^"]*"|'[^']*')"""
)
_NAMED = re.compile(rb"""(\s(?:name|userId|initials|email)\s*=\s*)(?:"[^"]*"|'[^']*')""")
"""In the parts that list people, the name is called just that."""
_PEOPLE = ("ppt/commentAuthors.xml", "ppt/authors.xml", "xl/revisions/userNames.xml")
_PATH = re.compile(
    rb"""(<(?:[\w.-]+:)?absPath\b[^<>]*?\burl\s*=\s*|<Relationship\b[^<>]*?\bTarget\s*=\s*(?=["']file:))"""
    rb"""(?:"[^"]*"|'[^']*')"""
)
_SAID_BY = re.compile(
    rb"(<((?:[\w.-]+:)?(?:author|creator|initial-creator|creator-initials|sender-initials|printed-by))"
    rb"(?:\s[^<>]*)?(?<!/)>)[^<]*(</\2\s*>)"
)
# A tag is found first and looked into then: a pattern that did both would take time by the square of the tag's length.
_SETTING = re.compile(rb"(<config:config-item\b[^<>]*+>)[^<]*")
_PRINTERS = (b'config:name="PrinterName"', b'config:name="PrinterSetup"')
_REFERENCE = re.compile(rb"<(?:Relationship|manifest:file-entry)\b[^<>]*+>")
_SMALL_PICTURES = (b'/thumbnail"', b"/thumbnail'", b'"Thumbnails/', b"'Thumbnails/")
_FAULTS = (zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, RuntimeError, ValueError, LookupError,
           OSError, EOFError)  # fmt: skip


class _CannotSay(Exception):
    """A part that is not in an encoding that is read here."""


def strip_office(data: bytes) -> bytes | None:
    """Clean a document; None where it is not plain, over a bound or encrypted."""
    entries = listed(data)
    if entries is None or not _is_plain(entries):
        return None
    out = BytesIO()
    try:
        with zipfile.ZipFile(BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
            for entry in entries:
                if _is_small_picture(entry.filename) or entry.is_dir():
                    continue
                part = _part(entry.filename, source.read(entry))
                made = zipfile.ZipInfo(entry.filename, _DAWN)
                made.create_system = 0
                made.compress_type = zipfile.ZIP_STORED if entry.filename == "mimetype" else zipfile.ZIP_DEFLATED
                target.writestr(made, part)
    except (_CannotSay, *_FAULTS):
        return None
    return out.getvalue()


def _is_plain(entries: list[zipfile.ZipInfo]) -> bool:
    names = [entry.filename for entry in entries]
    return (
        len(entries) <= MAX_ENTRIES
        and sum(entry.file_size for entry in entries) <= MAX_UNPACKED
        and len(set(names)) == len(names)
        and not any(entry.flag_bits & 0x41 for entry in entries)
        and all(
            name and not name.startswith("/") and ".." not in name.split("/") and name.isprintable()
            and not set(name) & {"\\", ":"}
            for name in names
        )
    )  # fmt: skip


def _is_small_picture(name: str) -> bool:
    return name.startswith("Thumbnails/") or name.lower().startswith("docprops/thumbnail")


def _part(name: str, part: bytes) -> bytes:
    folder, _, last = name.rpartition("/")
    if name == "meta.xml" or (folder.lower() == "docprops" and last.lower() in _EMPTY):
        return _EMPTY[last.lower()]
    if last.endswith(".psmdcp"):
        return _EMPTY["core.xml"]
    if last.lower().endswith((".xml", ".rels", ".vml")):
        return _nobody(name, part)
    return strip_picture(part) or part


def _nobody(name: str, part: bytes) -> bytes:
    if part[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in part[:4]:
        raise _CannotSay
    if name == "META-INF/manifest.xml" and b"encryption-data" in part:
        raise _CannotSay
    who = _NAMED if name in _PEOPLE else _BY
    if who.search(part):
        part = _TAG.sub(lambda tag: who.sub(rb'\1"Author"', tag[0]), part)
    part = _PATH.sub(rb'\1""', part) if b"absPath" in part else _PATH.sub(rb'\1"file:///removed"', part)
    part = _SETTING.sub(lambda found: found[1] if _is_printer(found[1]) else found[0], _SAID_BY.sub(rb"\1\3", part))
    return _REFERENCE.sub(lambda tag: b"" if any(each in tag[0] for each in _SMALL_PICTURES) else tag[0], part)


def _is_printer(tag: bytes) -> bool:
    return not tag.endswith(b"/>") and any(each in tag for each in _PRINTERS)
