"""TAXII 2.1 (OASIS Standard, 10 June 2021): the record as collections of STIX objects, at ``/taxii2/``.

1. Collections are made so that all who may read one may see all in it (``collect``): their pages are shared.
2. Every stored version has its own place in its collection, a strictly increasing instant in µs: ``date_added``. The
   order, ``added_after``, ``next`` and the headers are that one key, so that no client's way of paging loses an object.
3. What came as STIX goes out byte for byte, but for ``spec_version`` where it lacks and the TLP that holds here; what
   came otherwise is mapped (``exchange.as_stix``).
4. What was recalled becomes a revoked version with neutral values; what has no versions vanishes.
"""

from fusioncell.exchange.taxii.errors import document
from fusioncell.exchange.taxii.service import Taxii

__all__ = ["Taxii", "document"]
