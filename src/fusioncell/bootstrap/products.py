"""Join what products and advisories need of the outside: the code lists of CSAF, and what makes PDFs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from fusioncell.edges import csaf_lists
from fusioncell.edges.pdf import Printer
from fusioncell.exchange.receipts import Ledger
from fusioncell.fusion.service import Fusion
from fusioncell.intake.csaf import Codes
from fusioncell.intake.service import Intake
from fusioncell.kernel.clock import Clock
from fusioncell.kernel.errors import NotFound
from fusioncell.kernel.ids import Randomness
from fusioncell.kernel.ports import Database
from fusioncell.kernel.settings import Settings
from fusioncell.members import Members
from fusioncell.picture.csaf import Csaf
from fusioncell.picture.products import Products
from fusioncell.picture.service import Picture
from fusioncell.picture.weekly import Weekly
from fusioncell.record import Seal
from fusioncell.record.service import Record

CSAF_CODES = Codes(csaf_lists.weaknesses, csaf_lists.languages, csaf_lists.wrong_form)
"""Code lists of CSAF 2.0; their files are read when a document is first judged."""


class Press(NamedTuple):
    """What is published for readers."""

    products: Products
    csaf: Csaf
    weekly: Weekly
    printer: Callable[[str], bytes]
    """HTML of ours → PDF."""


def join_press(settings: Settings, record: Record, projections: Database, intake: Intake, picture: Picture,
               fusion: Fusion, members: Members, receipts: Ledger, seal: Seal, clock: Clock, randomness: Randomness
               ) -> Press:
    """Join products with the consents that originators give, and advisories with the names of publishers."""
    products = Products(
        record=record, projections=projections, intake=intake, picture=picture, fusion=fusion,
        consents=receipts.consents, seal=seal, clock=clock, randomness=randomness,
    )  # fmt: skip
    base = settings.public_url or f"http://{settings.http_listen}"
    style = Path(__file__).resolve().parent.parent / "web" / "static" / "print.css"
    return Press(products, Csaf(products, _names(members), base, "Fusion Cell"),
                 Weekly(record, intake, clock, members.sector_of,
                        sectors=lambda: {one.sector for one in members.organisations()}), Printer(style))  # fmt: skip


def _names(members: Members) -> Callable[[str], str]:
    def name(org: str) -> str:
        try:
            return members.organisation(org).name
        except NotFound:
            return "A member of the partnership"

    return name
