"""Intake: every format and channel in. Good items are kept, each bad one is listed with its place.

The exact bytes of each item go to the record; what they claim is read from those bytes later, by cursor
("log first, index behind", DESIGN rule 2).
"""

from fusioncell.intake.arrive import ITEM_KINDS, State, signed64
from fusioncell.intake.export import export_native
from fusioncell.intake.extract import extract_entry, since_of
from fusioncell.intake.formats import detect, split_body
from fusioncell.intake.gunzip import gunzip_bounded
from fusioncell.intake.instants import any_time
from fusioncell.intake.mailtext import without_recipients
from fusioncell.intake.misp import event_meta
from fusioncell.intake.misp_types import observables_of
from fusioncell.intake.move import BEHALF, is_on_behalf
from fusioncell.intake.post import (
    REACTIONS,
    Attached,
    PostBody,
    Question,
    ReactionBody,
    excerpt,
    named_in,
    read_post,
    read_reaction,
)
from fusioncell.intake.product import (
    HIDDEN,
    WITHDRAWN,
    Affected,
    Cited,
    ProductBody,
    Reference,
    observables_named,
    plain,
    put_in,
    read_product,
    references_in,
)
from fusioncell.intake.said import said_in
from fusioncell.intake.stix import BUILT_IN_MARKINGS
from fusioncell.intake.text import find_observables

__all__ = [
    "BEHALF",
    "BUILT_IN_MARKINGS",
    "HIDDEN",
    "ITEM_KINDS",
    "REACTIONS",
    "WITHDRAWN",
    "Affected",
    "Attached",
    "Cited",
    "PostBody",
    "ProductBody",
    "Question",
    "ReactionBody",
    "Reference",
    "State",
    "any_time",
    "detect",
    "event_meta",
    "excerpt",
    "export_native",
    "extract_entry",
    "find_observables",
    "gunzip_bounded",
    "is_on_behalf",
    "named_in",
    "observables_named",
    "observables_of",
    "plain",
    "put_in",
    "read_post",
    "read_product",
    "read_reaction",
    "references_in",
    "said_in",
    "signed64",
    "since_of",
    "split_body",
    "without_recipients",
]
