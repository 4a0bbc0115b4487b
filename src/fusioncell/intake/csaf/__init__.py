"""CSAF 2.0 (OASIS, Common Security Advisory Framework): what a document says, and whether it is valid.

``check`` runs the mandatory tests of the standard (§6.1) over any JSON object; a document that fails some of them is
kept all the same, and each failure is listed as a fault of its submission. Code lists that the tests need (weaknesses,
languages, the schema) are handed in: they are data of the field's own package.

What is *not* here: making advisories (``picture.csaf``).
"""

from fusioncell.intake.csaf.check import TESTS, check
from fusioncell.intake.csaf.cvss import base_score, is_vector, severity, version_of
from fusioncell.intake.csaf.identify import is_range
from fusioncell.intake.csaf.model import NO_CODES, Codes, Failed
from fusioncell.intake.csaf.read import extract, is_csaf, split

__all__ = [
    "NO_CODES", "TESTS", "Codes", "Failed", "base_score", "check", "extract", "is_csaf", "is_range", "is_vector",
    "severity", "split", "version_of",
]  # fmt: skip
