"""Follow the record: versions that were published, drafts and what was decided on them, feedback, what was withdrawn.

1. A version stands until it is recalled; what is left of it then is its number and when.
2. A step holds for the draft that it names by digest: who changes a draft takes its review away.
3. A recall of a source touches the versions that rest on it; what follows of that is the service's to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import msgspec

from fusioncell.intake import read_product
from fusioncell.intake.project import Arrived
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.ports import Connection, storable
from fusioncell.picture.products import store
from fusioncell.picture.products.model import DRAFT, FEEDBACK, PRODUCT, STEP, Feedback, State, Step
from fusioncell.picture.products.store import metadata

__all__ = ["metadata", "project"]

_step = msgspec.json.Decoder(Step).decode
_feedback = msgspec.json.Decoder(Feedback).decode
_FEW = 64


def project(connection: Connection, entries: Sequence[Entry], arrived: Arrived) -> None:
    """Apply one cut: its recalls first, which stand at its beginning."""
    for entry, recall in arrived.recalls:
        store.withdraw(connection, recall.first, recall.last, entry.audience, entry.at)
        store.note_recall(connection, recall.contribution, entry.seq)
    for arrival in arrived.arrivals:
        if arrival.entry.kind == PRODUCT and arrival.entry.payload is not None:
            _published(connection, arrival.entry)
    for entry in entries:
        if entry.payload is None:
            continue
        if entry.kind == DRAFT:
            _drafted(connection, entry)
        elif entry.kind == STEP:
            said = _step(entry.payload.body)
            row = (said.state.value, entry.seq, entry.at)
            store.step_draft(connection, entry.payload.subject[:_FEW], entry.org, said.digest, row)
        elif entry.kind == FEEDBACK:
            heard = _feedback(entry.payload.body)
            store.put_feedback(connection, [(entry.payload.subject[:_FEW], entry.org, heard.number, entry.audience,
                                             entry.seq)])  # fmt: skip


def _published(connection: Connection, entry: Entry) -> None:
    assert entry.payload is not None
    body = read_product(entry.payload.body)
    product = entry.payload.subject[:_FEW]
    store.add_versions(connection, [(
        entry.seq, product, entry.org, entry.audience, body.number, entry.at, body.form[:16], storable(body.title),
        entry.contribution, int(body.amended),
    )])  # fmt: skip
    named = sorted({source[:_FEW] for cited in body.cited for source in cited.sources})
    store.add_sources(connection, [(source, entry.seq) for source in named])


def _drafted(connection: Connection, entry: Entry) -> None:
    assert entry.payload is not None
    payload, product = entry.payload, entry.payload.subject[:_FEW]
    before = store.draft(connection, product, entry.org)
    goes_on = before is not None and before[5] not in (State.PUBLISHED, State.DROPPED)
    authors = dict.fromkeys([*(str(before[8]).split() if before and goes_on else ()), payload.author or entry.org])
    store.put_draft(connection, (
        product, entry.org, entry.audience, entry.seq, entry.at, State.DRAFT.value, 0,
        sha256(payload.body).hexdigest(), " ".join(authors),
    ))  # fmt: skip

