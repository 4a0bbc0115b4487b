"""Tell what a file is from its bytes, never from what its name says. Pure.

The signatures are the published ones of each format, at their offsets. A name can only add a warning.
"""

from __future__ import annotations

import zipfile
from io import BytesIO

from fusioncell.exchange.files.model import Kind

_RUNS, _PACKED = ("executable",), ("archive",)
JPEG = Kind("image/jpeg", "jpg", "JPEG picture")
PNG = Kind("image/png", "png", "PNG picture")
GIF = Kind("image/gif", "gif", "GIF picture")
WEBP = Kind("image/webp", "webp", "WebP picture")
PDF = Kind("application/pdf", "pdf", "PDF document")
ZIP = Kind("application/zip", "zip", "ZIP archive", _PACKED)
TEXT = Kind("text/plain", "txt", "text")
UNKNOWN = Kind("application/octet-stream", "bin", "file of an unknown type")
_OLE = Kind("application/x-ole-storage", "doc", "Office document of the old form")
_RTF = Kind("application/rtf", "rtf", "RTF document")
_OOXML = "application/vnd.openxmlformats-officedocument."
WORD = Kind(f"{_OOXML}wordprocessingml.document", "docx", "Word document")
SHEET = Kind(f"{_OOXML}spreadsheetml.sheet", "xlsx", "Excel workbook")
SLIDES = Kind(f"{_OOXML}presentationml.presentation", "pptx", "PowerPoint presentation")
_ODF = "application/vnd.oasis.opendocument."
ODT = Kind(f"{_ODF}text", "odt", "OpenDocument text")
ODS = Kind(f"{_ODF}spreadsheet", "ods", "OpenDocument spreadsheet")
ODP = Kind(f"{_ODF}presentation", "odp", "OpenDocument presentation")
OFFICE = frozenset({WORD.media, SHEET.media, SLIDES.media, ODT.media, ODS.media, ODP.media})
"""Documents that ``office`` cleans."""
_PROGRAM = Kind("application/vnd.microsoft.portable-executable", "exe", "Windows program", _RUNS)
_SIGNED: tuple[tuple[int, bytes, Kind], ...] = (
    (0, b"\xff\xd8\xff", JPEG),
    (0, b"\x89PNG\r\n\x1a\n", PNG),
    (0, b"GIF87a", GIF), (0, b"GIF89a", GIF),
    (0, b"MZ", _PROGRAM),
    (0, b"\x7fELF", Kind("application/x-elf", "elf", "Linux program", _RUNS)),
    *((0, magic, Kind("application/x-mach-binary", "bin", "macOS program", _RUNS))
      for magic in (b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe")),
    (0, b"\xca\xfe\xba\xbe", Kind("application/java-vm", "class", "Java or macOS program", _RUNS)),
    (0, b"dex\n", Kind("application/vnd.android.dex", "dex", "Android program", _RUNS)),
    (0, b"\0asm", Kind("application/wasm", "wasm", "WebAssembly program", _RUNS)),
    (0, b"L\0\0\0\x01\x14\x02\0", Kind("application/x-ms-shortcut", "lnk", "Windows shortcut", _RUNS)),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _OLE),
    (0, b"{\\rtf", _RTF),
    (0, b"7z\xbc\xaf\x27\x1c", Kind("application/x-7z-compressed", "7z", "7z archive", _PACKED)),
    (0, b"Rar!\x1a\x07", Kind("application/vnd.rar", "rar", "RAR archive", _PACKED)),
    (0, b"\x1f\x8b", Kind("application/gzip", "gz", "gzip file", _PACKED)),
    (0, b"BZh", Kind("application/x-bzip2", "bz2", "bzip2 file", _PACKED)),
    (0, b"\xfd7zXZ\0", Kind("application/x-xz", "xz", "xz file", _PACKED)),
    (0, b"\x28\xb5\x2f\xfd", Kind("application/zstd", "zst", "Zstandard file", _PACKED)),
    (0, b"MSCF", Kind("application/vnd.ms-cab-compressed", "cab", "cabinet", _PACKED)),
    (257, b"ustar", Kind("application/x-tar", "tar", "tar archive", _PACKED)),
    (32769, b"CD001", Kind("application/x-iso9660-image", "iso", "disc image", _PACKED)),
    *((0, magic, Kind("application/vnd.tcpdump.pcap", "pcap", "packet capture"))
      for magic in (b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d")),
    (0, b"\x0a\x0d\x0d\x0a", Kind("application/x-pcapng", "pcapng", "packet capture")),
    (0, b"ElfFile\0", Kind("application/x-evtx", "evtx", "Windows event log")),
    (0, b"SQLite format 3\0", Kind("application/vnd.sqlite3", "sqlite", "SQLite database")),
    (0, b"II*\0", Kind("image/tiff", "tif", "TIFF picture")), (0, b"MM\0*", Kind("image/tiff", "tif", "TIFF picture")),
    (4, b"ftyp", Kind("video/mp4", "mp4", "video or HEIF picture")),
)  # fmt: skip
_RUN_BY_NAME = frozenset(
    "exe scr com pif bat cmd ps1 psm1 vbs vbe js jse wsf wsh hta lnk msi msp jar cpl reg sh dll sys url chm".split()
)
_MACROS_BY_NAME = frozenset("docm dotm xlsm xltm xlam xlsb pptm potm ppsm sldm".split())
MAX_LIST = 1 << 20
"""Bytes of a ZIP's list of entries that is looked at."""


def recognise(data: bytes, name: str = "") -> Kind:
    """Tell what the bytes are, with warnings (``executable``, ``macros``, ``active``, ``archive``)."""
    kind = _of_bytes(data)
    ending = name.rpartition(".")[2].lower()
    more = (("executable",) if ending in _RUN_BY_NAME else ()) + (("macros",) if ending in _MACROS_BY_NAME else ())
    return _with(kind, *more) if more else kind


def _with(kind: Kind, *marks: str) -> Kind:
    return Kind(kind.media, kind.ending, kind.word, tuple(dict.fromkeys((*marks, *kind.marks))))


def _of_bytes(data: bytes) -> Kind:
    if data[:4] in (b"PK\3\4", b"PK\5\6"):
        return _of_zip(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return WEBP
    if b"%PDF-" in data[:1024]:
        return _with(PDF, "macros") if any(each in data for each in (b"/JavaScript", b"/JS", b"/Launch")) else PDF
    for at, magic, kind in _SIGNED:
        if data[at : at + len(magic)] == magic:
            if kind is _OLE and any(each.encode("utf-16-le") in data for each in ("_VBA_PROJECT", "Macros")):
                return _with(kind, "macros")
            return _with(kind, "macros") if kind is _RTF and b"\\obj" in data else kind
    return _of_text(data)


def _of_text(data: bytes) -> Kind:
    try:
        start = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        return UNKNOWN
    if "\0" in start:
        return UNKNOWN
    begin = start[:2000].lstrip().lower()
    if "<svg" in begin:
        return Kind("image/svg+xml", "svg", "SVG picture", ("active",))
    if any(each in begin for each in ("<!doctype html", "<html", "<script", "<body", "<iframe", "<img")):
        return Kind("text/html", "html", "web page", ("active",))
    if begin.startswith("#!"):
        return Kind("text/x-script", "sh", "script", _RUNS)
    if begin.startswith(("received:", "return-path:", "delivered-to:")):
        return Kind("message/rfc822", "eml", "e-mail")
    return TEXT


def listed(data: bytes) -> list[zipfile.ZipInfo] | None:
    """Return what a ZIP says it holds; None where its list is damaged or over the bound. Unpacks nothing."""
    end = data.rfind(b"PK\5\6", max(0, len(data) - 65_557))
    if end < 0 or int.from_bytes(data[end + 12 : end + 16], "little") > MAX_LIST:
        return None
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            return archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, LookupError, OSError, EOFError):
        return None


def _of_zip(data: bytes) -> Kind:
    entries = listed(data)
    if entries is None:
        return ZIP
    names = {entry.filename for entry in entries}
    has_macros = any(name.lower().endswith(("vbaproject.bin", "basic/script-lc.xml")) for name in names)
    macros = ("macros",) if has_macros else ()
    if "[Content_Types].xml" in names:
        for folder, kind in (("word/", WORD), ("xl/", SHEET), ("ppt/", SLIDES)):
            if any(name.startswith(folder) for name in names):
                return _with(kind, *macros)
    if "mimetype" in names and "content.xml" in names:
        for kind in (ODT, ODS, ODP):
            if kind.media.encode() in data[:200]:
                return _with(kind, *macros)
    if "META-INF/MANIFEST.MF" in names or "AndroidManifest.xml" in names:
        return Kind("application/java-archive", "jar", "Java or Android program", _RUNS)
    return ZIP
