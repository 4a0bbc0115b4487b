"""What people often send that is read elsewhere, or not at all: recognised by how it begins, refused with what to do.

The accident behind it: a table of EPSS scores was taken for a list of indicators, and called each CVE malicious; a PDF
was kept as prose.
"""

from __future__ import annotations

import re

from fusioncell.kernel.errors import UnsupportedMedia

TABLES = "fusioncell vulns import FILE takes it, or POST /api/vulnerabilities/tables; both are for operators."
_EPSS = re.compile(rb"(?:\xef\xbb\xbf)?(?:#\s*model_version:[^\r\n]{1,200}\s+)?\"?cve\"?,\"?epss\"?,\"?percentile\"?\s",
                   re.IGNORECASE)  # fmt: skip
_KEV = re.compile(rb"(?:\xef\xbb\xbf)?\"?cveID\"?,\"?vendorProject\"?,", re.IGNORECASE)
_XML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<")
_OLD = re.compile(rb"stix\.mitre\.org/stix-1|cybox\.mitre\.org|urn:ietf:params:xml:ns:iodef|/2010/ioc\"|openioc\.org/")
_XML_HINT = ("Convert it to STIX 2 (stix2-elevator does so for STIX 1), export it from MISP as a MISP event, or send "
             "its values as a list.")
_TEXT = "Copy its text and paste it, or save it as text."
_BEGINNINGS = (
    (b"%PDF-", "a PDF is not read here", _TEXT),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a document of an office program is not read here",
     "Save a table as CSV, a document or mail as text."),
    (b"PK\x03\x04", "an archive or a document of an office program is not read here",
     "Save a table as CSV, a document as text; unpack an archive (fusioncell import does so by itself)."),
    (b"\x1f\x8b", "a compressed file is not read here", "Unpack it (fusioncell import does so by itself)."),
    (b"\x89PNG\r\n", "a picture is not read here", "Attach it to a post."),
    (b"\xff\xd8\xff", "a picture is not read here", "Attach it to a post."),
    (b"GIF8", "a picture is not read here", "Attach it to a post."),
)  # fmt: skip


def refuse_foreign(body: bytes) -> None:
    """Raise UnsupportedMedia where a body begins as something that this door does not read."""
    for beginning, said, hint in _BEGINNINGS:
        if body.startswith(beginning):
            raise UnsupportedMedia(said, hint=hint)
    if _XML.match(body) and _OLD.search(body[:16_384]):
        raise UnsupportedMedia("STIX 1, OpenIOC and IODEF (XML) are not read here", hint=_XML_HINT)
    if _EPSS.match(body):
        raise UnsupportedMedia("a table of EPSS scores is no threat data", hint=TABLES)
    if _KEV.match(body):
        refuse_catalogue()


def refuse_catalogue() -> None:
    """Raise UnsupportedMedia for JSON that is a table about vulnerabilities: KEV's catalogue, SSVC's decisions."""
    raise UnsupportedMedia("a table about vulnerabilities (KEV, SSVC) is no threat data", hint=TABLES)
