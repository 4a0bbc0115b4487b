"""Project requests for consent and their answers; a recall ends those that rest on what it withdraws."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fusioncell.exchange.receipts import store
from fusioncell.exchange.receipts.model import Answer, Asked, Consented
from fusioncell.intake.project import Arrived
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.ports import Connection, storable

ASKED, CONSENT = "consent.asked", "consent"
"""The kinds of entries."""


def project(connection: Connection, entries: Sequence[Entry], arrived: Arrived) -> None:
    """Apply one cut: its recalls first, which stand at its beginning."""
    for entry, recall in arrived.recalls:
        if recall.last > recall.first or recall.moved:
            store.lapse(connection, recall.contribution, entry.audience, entry.at)
    for entry in entries:
        if entry.payload is None:
            continue
        if entry.kind == ASKED:
            _asked(connection, entry, msgspec.json.decode(entry.payload.body, type=Asked))
        elif entry.kind == CONSENT:
            _consented(connection, entry, msgspec.json.decode(entry.payload.body, type=Consented))


def _asked(connection: Connection, entry: Entry, said: Asked) -> None:
    assert entry.payload is not None
    store.add_consent(
        connection,
        (entry.payload.subject, entry.seq, entry.audience, said.contribution, said.audience, said.originator, entry.org,
         entry.payload.author, storable(said.product), said.tlp.value, storable(said.reason), entry.at,
         Answer.ASKED.value, 0, "", "", int(said.proxy), storable(" ".join(said.groups))),
    )  # fmt: skip


def _consented(connection: Connection, entry: Entry, said: Consented) -> None:
    assert entry.payload is not None
    if entry.org != said.originator:
        return
    state = (Answer.GRANTED if said.granted else Answer.DECLINED).value
    answer = (state, entry.at, entry.payload.author, storable(said.reason))
    # A proxy is named beforehand: it need not have asked.
    if not store.answer(connection, entry.payload.subject, entry.org, answer) and (said.proxy or not said.asker):
        store.add_consent(
            connection,
            (entry.payload.subject, entry.seq, entry.audience, said.contribution, said.audience, said.originator,
             said.asker, "", storable(said.product), said.tlp.value, "", entry.at, *answer, int(said.proxy),
             storable(" ".join(said.groups))),
        )  # fmt: skip
