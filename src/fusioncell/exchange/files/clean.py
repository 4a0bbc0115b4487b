"""Clean a file, and give it a name that can do no harm. Pure."""

from __future__ import annotations

import re
import unicodedata

from fusioncell.exchange.files.model import Cleaned, Kind
from fusioncell.exchange.files.office import strip_office
from fusioncell.exchange.files.pictures import strip_picture
from fusioncell.exchange.files.portable import strip_pdf
from fusioncell.exchange.files.recognise import OFFICE, PDF, recognise

LONGEST_NAME = 120
_NOT_IN_NAMES = re.compile(r'[<>:"|?*\\/\x00-\x1f\x7f]')
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,10}\Z")


def clean(data: bytes, name: str = "") -> Cleaned:
    """Take out what names its makers, where that can be done, and say what was found and done."""
    kind = recognise(data, name)
    if kind.media in OFFICE:
        made = strip_office(data)
    elif kind.media == PDF.media:
        made = strip_pdf(data)
    elif kind.media.startswith("image/"):
        made = strip_picture(data)
    else:
        # Text shows all that it holds; of other types nothing is known to be taken out.
        told = kind.media.startswith(("text/", "message/"))
        return Cleaned(data, kind, kind.marks if told else (*kind.marks, "whole"))
    return Cleaned(made or data, kind, (*kind.marks, "cleaned" if made else "whole"))


def safe_name(given: str, kind: Kind) -> str:
    """Return a file's name without folders, control characters and marks that turn the direction of writing.

    ``report\\u202egpj.exe`` would read ``reportexe.jpg``; a line end or quote could reach into a header.
    """
    last = given.replace("\\", "/").rpartition("/")[2]
    plain = "".join(each for each in unicodedata.normalize("NFC", last) if unicodedata.category(each)[0] != "C")
    plain = _NOT_IN_NAMES.sub("_", " ".join(plain.split())).strip(". ")
    if len(plain) > LONGEST_NAME:
        ending = _ENDING.search(plain)
        tail = ending[0] if ending else ""
        plain = plain[: LONGEST_NAME - len(tail)] + tail
    return plain or f"file.{kind.ending}"


def plain_name(kind: Kind, number: int) -> str:
    """Return a name that tells the type alone, for a file whose author is not to be known."""
    return f"file-{number}.{kind.ending}"
