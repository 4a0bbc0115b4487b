"""Advisories on vulnerabilities as CSAF 2.0: each as a document, and all that are CLEAR as a provider publishes them.

What is *not* here: reading and judging documents (``intake.csaf``), writing advisories (``picture.products``).
"""

from fusioncell.picture.csaf.service import Csaf

__all__ = ["Csaf"]
