"""Decide whether a source may be cited to a product's readers. Pure.

1. The marking of a product is at least the strictest of what it cites: whoever reads the product could read the source.
   The product's own organisation does not count: its author read the source.
2. What is CLEAR or GREEN and not allowed for products by its originator is not cited either.
3. The originator may consent to a named wider product. The consent names this product, by its title or its id, and
   readers among whom all of the product's are; it holds while the source stands.
"""

from __future__ import annotations

from collections.abc import Iterable

from fusioncell.kernel.marking import Audience, Tlp, Uses, may_allow, org, within
from fusioncell.picture.products.model import Permit


def covers(source: Audience, readers: Audience, own: str) -> bool:
    """Tell whether a source may be cited to these readers as it is marked (rules 1 and 2)."""
    if readers.tlp.strictness < source.tlp.strictness:
        return False
    if source.tlp in (Tlp.CLEAR, Tlp.GREEN) and not may_allow(source, Uses.PRODUCTS):
        return False
    others = Audience(readers.tlp, readers.parties - {org(own)}, readers.uses)
    # The guests of a group that is named are that group's own affair.
    return within(others, source, guests=False)


def consent_to(
    found: Iterable[Permit], *, product: str, title: str, asker: str, originator: str, readers: Audience
) -> Permit | None:
    """Return the consent by which a source may be cited to wider readers (rule 3); None for none."""
    for one in found:
        if not one.permits or one.proxy or one.originator != originator:
            continue
        if one.asker not in ((asker, "") if originator == asker else (asker,)):
            continue
        if one.tlp not in (Tlp.CLEAR, Tlp.GREEN) or not names(one.product, product, title):
            continue
        if within(readers, Audience(one.tlp), guests=False):
            return one
    return None


def names(said: str, product: str, title: str) -> bool:
    """Tell whether a consent's words name the product: its title, or a text that holds its id."""
    return bool(title) and _plain(said) == _plain(title) or product in said


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).strip(" .\"'“”")
