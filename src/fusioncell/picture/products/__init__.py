"""Products: what analysts write for members, reviewed by a second person, versioned, withdrawn for all.

A published version is an entry of kind ``product`` that comes in through intake: stream, search, TAXII, mail and recall
treat it like anything else. Here stand what leads to it (drafts and reviews, which the own organisation reads) and
what follows (versions, feedback, what becomes of references whose source is withdrawn). See ``cite`` for what may be
cited to whom.

What is *not* here: how a text looks (``web``), the advisory as CSAF (``picture.csaf``).
"""

from fusioncell.picture.products.affected import read_lines, write_lines
from fusioncell.picture.products.model import Form, Product, Published, Resolved, State, Written
from fusioncell.picture.products.project import metadata
from fusioncell.picture.products.service import Products

__all__ = [
    "Form", "Product", "Products", "Published", "Resolved", "State", "Written", "metadata",
    "read_lines", "write_lines",
]  # fmt: skip
