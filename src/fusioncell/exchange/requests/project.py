"""Follow the record: which posts ask, which answer, what the askers said. Called by the river."""

from __future__ import annotations

from collections.abc import Sequence

from fusioncell.exchange.requests import store
from fusioncell.exchange.requests.model import STEP
from fusioncell.exchange.requests.store import metadata
from fusioncell.intake import read_post
from fusioncell.intake.project import Arrived
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.ports import Connection, storable

__all__ = ["metadata", "project", "purge"]

_TITLE = 200


def project(connection: Connection, entries: Sequence[Entry], arrived: Arrived) -> None:
    """Apply one cut: what was withdrawn leaves, what came is added, a newer version takes its first one's place."""
    for entry, recall in arrived.recalls:
        # A recall ends the items of its own entry's audience alone (see intake).
        store.drop_within(connection, recall.first, recall.last, entry.audience)
    asked: list[tuple[object, ...]] = []
    answers: list[tuple[object, ...]] = []
    for arrival in arrived.arrivals:
        entry, payload = arrival.entry, arrival.entry.payload
        if entry.kind != "post" or payload is None:
            continue
        try:
            body = read_post(payload.body)
        except ValueError:
            continue  # intake lists it as a fault
        post = storable(payload.subject[:64])
        if body.question is not None and not body.parent:
            title = body.title or " ".join(body.text[: 4 * _TITLE].split())
            # Whatever an entry says, a deadline is a number that both databases can hold.
            deadline = max(0, min(body.question.deadline, 1 << 62))
            asked.append((post, entry.org, entry.audience, entry.seq, storable(payload.author[:64]),
                          min(body.begun or entry.at, entry.at), deadline, int(body.question.cell),
                          storable(title[:_TITLE])))  # fmt: skip
        elif body.answer and body.thread:
            answers.append((post, entry.org, entry.audience, entry.seq, entry.seq, storable(body.thread[:64])))
    if asked:
        store.add_requests(connection, asked)
    if answers:
        store.add_answers(connection, answers)
    steps = [(entry.seq, storable(entry.payload.subject[:64]), entry.org, entry.audience, entry.at,
              storable(entry.payload.body.decode())) for entry in entries
             if entry.kind == STEP and entry.payload is not None]  # fmt: skip
    if steps:
        store.add_steps(connection, steps)


def purge(connection: Connection, seqs: Sequence[int]) -> None:
    """Take out what the entries at these positions said, after their payloads were erased."""
    store.drop_seqs(connection, seqs)
