"""Products, for the random scripts of the non-interference test: published, drafted, and what is said of them.

Each is an entry with an audience of its own, by its author's choice: who may see it gets it as it was.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from fusioncell.intake import Affected, Cited, ProductBody
from fusioncell.intake.model import Item
from fusioncell.kernel.marking import Tlp, Uses, audience_for
from fusioncell.picture.products import Form, Written
from fusioncell.picture.products.model import Heard
from partnership import NAMES
from probes.model import UNKNOWN

PRODUCTS = tuple(str(uuid.uuid5(uuid.UUID(int=5), f"product {number}")) for number in range(3))
"""A product is one organisation's: its place says whose."""


@dataclass(frozen=True)
class Produce:
    """An organisation publishes a version of a product that cites an earlier contribution, saves a draft of one
    (``draft``), or another says what it was worth (``hear``).
    """

    who: int
    step: int
    which: int
    tlp: Tlp
    how: str = ""


def product_for(dice: random.Random, contributions: Sequence[int]) -> Produce:
    """Draw one."""
    which = dice.randrange(len(PRODUCTS))
    tlp = dice.choice((Tlp.GREEN, Tlp.GREEN, Tlp.CLEAR, Tlp.AMBER, Tlp.AMBER_STRICT))
    how = dice.choice(("", "", "", "draft", "hear"))
    return Produce(dice.randrange(5) if how == "hear" else which, dice.choice(contributions), which, tlp, how)


def produce(world: Any, step: Produce) -> None:
    """Do it on the whole hub."""
    hub, viewer, product = world.hub, world.poster(step.who), PRODUCTS[step.which]
    name, cited = NAMES[step.which], world.played[step.step].contribution
    if not hub.intake.entries_of(hub.record.visible_to(viewer), cited):
        cited = UNKNOWN  # one cites what one sees
    text = f"See [[contribution:{cited}]] and [[observable:domain-name:{name}]]."
    affected = (Affected("CVE-2026-4242", "Example", "Router", f"{step.step}.0"),)
    if step.how == "hear":
        hub.products.hear(viewer, product, Heard.USEFUL, f"since {step.step}")
    elif step.how == "draft":
        hub.products.save(viewer, Written(Form.ADVISORY, f"Draft {step.step}", text, step.tlp, affected=affected))
    else:
        # As it stands once it was reviewed: what is cited was weighed before, and is not weighed again by reading it.
        version = hub.clock.now()
        body = ProductBody("advisory", f"On {name}", text, step.step + 1, version, (Cited(f"contribution:{cited}"),),
                           affected=affected)  # fmt: skip
        readers = audience_for(step.tlp, own_org=viewer.org, uses=Uses.ANALYSIS | Uses.PRODUCTS)
        item = Item("product", product, version, "product", msgspec.json.encode(body))
        hub.intake.submit_items(viewer, [item], readers, title=body.title, format="product")[1].result()
