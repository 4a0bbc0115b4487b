"""Take out of PDF documents who made them: /Info, XMP, authors of notes, and what pictures in them carry. Pure.

The document is read and written anew (ISO 32000-2), which also leaves out what earlier savings had kept of it. None for
what is encrypted, over the bound or not well formed.
"""

from __future__ import annotations

import logging
import zlib
from io import BytesIO
from typing import Any

from fusioncell.exchange.files.pictures import strip_jpeg
from fusioncell.kernel.errors import FAULTS_OF_CONTENT

MAX_OBJECTS = 50_000
_MADE_BY = ("/Metadata", "/PieceInfo", "/LastModified")
_FIELDS = ("/Widget", "/Link")
# What it says of a document would stand in the hub's log.
logging.getLogger("pypdf").disabled = True


def strip_pdf(data: bytes) -> bytes | None:
    """Clean a document; None where that cannot be done."""
    # Imported with the first document: its tables of glyphs take 15 MB.
    from pypdf import PdfReader, PdfWriter
    from pypdf.errors import PyPdfError
    from pypdf.generic import DictionaryObject, StreamObject

    try:
        reader = PdfReader(BytesIO(data), strict=False)
        if reader.is_encrypted or int(reader.trailer.get("/Size", 0)) > MAX_OBJECTS:
            return None
        writer = PdfWriter(clone_from=reader)
        if not len(writer.pages):
            return None
        writer.metadata = None
        # Every object that goes out is looked at, not only what hangs on pages.
        for each in writer._objects:
            if isinstance(each, DictionaryObject):
                _clean(each, of_bytes=isinstance(each, StreamObject))
        writer.compress_identical_objects(remove_duplicates=False, remove_unreferenced=True)
        out = BytesIO()
        writer.write(out)
        return out.getvalue()
    except (PyPdfError, *FAULTS_OF_CONTENT, NotImplementedError, RuntimeError, OSError, EOFError, zlib.error):
        return None


def _clean(each: Any, *, of_bytes: bool) -> None:
    for key in _MADE_BY:
        each.pop(key, None)
    note = each.get("/Subtype")
    if each.get("/Type") == "/Annot" and note not in _FIELDS:
        for key in ("/T", "/M", "/CreationDate"):
            each.pop(key, None)
    if of_bytes and each.get("/Filter") in ("/DCTDecode", ["/DCTDecode"]):
        each._data = strip_jpeg(each._data) or each._data
