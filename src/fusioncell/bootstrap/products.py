"""Join what products and advisories need of the outside: the code lists of CSAF, and what makes PDFs."""

from __future__ import annotations

from fusioncell.edges import csaf_lists
from fusioncell.intake.csaf import Codes

CSAF_CODES = Codes(csaf_lists.weaknesses, csaf_lists.languages, csaf_lists.wrong_form)
"""Code lists of CSAF 2.0; their files are read when a document is first judged."""
