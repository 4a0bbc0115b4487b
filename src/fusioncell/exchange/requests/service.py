"""Use cases of requests: ask, answer, say what becomes of it, look at the board, find what is due.

1. Asking and answering are posts (``talk``): who reads them and what withdraws them is decided there.
2. Only the asker's organisation says what becomes of a request: its author, or a colleague whose role may ``edit``.
3. States and counts come of what the viewer sees: an answer that is hidden has no effect on them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import msgspec

from fusioncell.exchange.requests import store
from fusioncell.exchange.requests.derive import state_of
from fusioncell.exchange.requests.model import (
    LONGEST,
    MAX_PAGE,
    MAX_SAID,
    STEP,
    Asked,
    Board,
    Due,
    State,
    Step,
    Told,
)
from fusioncell.exchange.talk import NewPost, Posted, Talk
from fusioncell.intake import Question
from fusioncell.kernel.clock import DAY, Clock, Instant, parse_instant
from fusioncell.kernel.entry import Draft, Payload
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.ports import Connection, Database
from fusioncell.record.service import Record

_MOST = 2000
"""Requests that a board counts, those with the latest deadlines."""
_MOST_DUE = 5000
_GONE = "It may have been withdrawn, or was never shared with you."
_step = msgspec.json.Decoder(Step).decode


class Requests:
    """The front door of requests."""

    def __init__(self, record: Record, projections: Database, talk: Talk, clock: Clock, randomness: Randomness) -> None:
        self._record, self._projections, self._talk = record, projections, talk
        self._clock, self._randomness = clock, randomness

    # -- ask and answer ----------------------------------------------------------------------------------------------

    def question(self, deadline: str, *, cell: bool = False) -> Question:
        """Read a deadline (RFC 3339; of a day its end). Raises BadInput for none, a past one and one far away."""
        text = deadline.strip()
        try:
            at = parse_instant(text) + (DAY - 1 if len(text) == 10 else 0)
        except ValueError:
            raise BadInput("say until when you need an answer", hint="As a day (2026-12-31) or an instant (RFC 3339).",
                           place="deadline") from None  # fmt: skip
        now = self._clock.now()
        if not now < at <= now + LONGEST:
            raise BadInput("the deadline has passed" if at <= now else "the deadline is more than a year away",
                           hint="Choose a day from tomorrow on, within a year.", place="deadline")  # fmt: skip
        return Question(at, cell)

    def answer(self, viewer: Viewer, which: str, new: NewPost) -> Posted:
        """Answer a request. NotFound where the viewer sees none."""
        self._row(viewer, which)
        parent = new.parent or which
        if self._talk.read_one(viewer, parent).thread != which:
            raise BadInput("that post is of another thread", hint="Answer it there.")
        return self._talk.post(viewer, msgspec.structs.replace(new, parent=parent, answer=True))

    # -- what becomes of it ------------------------------------------------------------------------------------------

    def accept(self, viewer: Viewer, which: str, answer: str = "", said: str = "") -> None:
        """Accept an answer: a post of the thread, by another than the request itself."""
        if answer and (answer == which or self._talk.read_one(viewer, answer).thread != which):
            raise BadInput("that is no answer to this request", hint="Name a post of its thread.", place="answer")
        if not answer and self.one(viewer, which).state != State.ANSWERED:
            raise Conflict("there is no answer to accept", hint="Wait for one, or withdraw the request.")
        self._tell(viewer, which, Step(State.ACCEPTED, answer, said))

    def say_missing(self, viewer: Viewer, which: str, said: str) -> None:
        """Say what is missing: the request is open again, until another answer comes."""
        if not said.strip():
            raise BadInput("say what is missing", hint="Who answers next needs to know.", place="said")
        if self.one(viewer, which).state not in (State.ANSWERED, State.ACCEPTED):
            raise Conflict("nobody has answered yet", hint="Write a reply, or edit the question.")
        self._tell(viewer, which, Step("missing", "", said))

    def withdraw(self, viewer: Viewer, which: str, said: str = "") -> None:
        """Say that no answer is needed any more. The thread stays; to take it away, withdraw its post."""
        self._tell(viewer, which, Step(State.WITHDRAWN, "", said))

    def _tell(self, viewer: Viewer, which: str, step: Step) -> None:
        _, org, audience, _, author, *_ = self._row(viewer, which)
        if viewer.org != org or not (viewer.person == author or not author or viewer.may("edit")):
            raise NotAllowed("only who asked says what becomes of a request", hint="Answer it instead.")
        if step.kind == self.one(viewer, which).state:
            raise Conflict(f"this request is {step.kind} already")
        if len(step.said) > MAX_SAID:
            raise BadInput(f"that is longer than {MAX_SAID:,} characters", hint="Write a reply instead.", place="said")
        payload = Payload(viewer.person or "", which, self._clock.now(), "", msgspec.json.encode(step))
        self._record.append(org, [Draft(STEP, audience, payload)], new_id(self._randomness))

    # -- read --------------------------------------------------------------------------------------------------------

    def one(self, viewer: Viewer, which: str) -> Asked:
        """Return a request. NotFound where the viewer sees none."""
        row = self._row(viewer, which)
        with self._projections.read() as connection:
            found = self._asked(connection, [row], self._record.visible_to(viewer))[0]
        return found if not found.accepted or self._sees(viewer, found) else replace(found, accepted="")

    def of_thread(self, viewer: Viewer, thread: str) -> tuple[Asked, set[str]] | None:
        """Return the request that a thread is, with the posts that answer it as the viewer sees them; None for none."""
        audiences = self._record.visible_to(viewer)
        with self._projections.read() as connection:
            rows = store.request(connection, thread, audiences)
            answering = store.answering(connection, thread, audiences, _MOST) if rows else set()
        return (self.one(viewer, thread), answering) if rows else None

    def board(
        self, viewer: Viewer, state: State | None = None, *, group: str = "", cell: bool = False, limit: int = 50,
        after: str = "",
    ) -> Board:  # fmt: skip
        """Return requests, the one that is due first, first; of those that are done, the latest first."""
        audiences = self._record.visible_to(viewer)
        if group:
            audiences = frozenset(number for number in audiences if self._names(number, group))
        with self._projections.read() as connection:
            rows = store.requests(connection, audiences, _MOST)
            rows = [row for row in rows if row[7] or not cell]
            found = self._asked(connection, rows, self._record.visible_to(viewer))
        counts = {each: 0 for each in State}
        for one in found:
            counts[one.state] += 1
        waiting = state in (None, State.OPEN, State.OVERDUE)
        chosen = [one for one in found if state is None or one.state == state]
        chosen.sort(key=_deadline, reverse=not waiting)
        ids = [one.id for one in chosen]
        start = ids.index(after) + 1 if after in ids else 0
        limit = max(1, min(limit, MAX_PAGE))
        page = chosen[start : start + limit]
        return Board(tuple(page), counts, page[-1].id if len(chosen) > start + limit else "")

    def any_near(self, *, within: int, since: int) -> bool:
        """Tell whether any deadline passed less than ``since`` ago, or passes ``within`` so long: whether to remind."""
        now = self._clock.now()
        with self._projections.read() as connection:
            return bool(store.due(connection, now - since, now + within, 1))

    def due(self, viewer: Viewer, within: int) -> list[Due]:
        """Return the requests whose deadline is near and that, as far as the viewer sees, nobody has answered."""
        now = self._clock.now()
        return self._due(viewer, now, now + within, State.OPEN)

    def overdue(self, viewer: Viewer, since: int) -> list[Due]:
        """Return the viewer's own requests whose deadline passed lately and to which they see no answer."""
        now = self._clock.now()
        return [one for one in self._due(viewer, now - since, now, State.OVERDUE)
                if viewer.person is not None and (one.org, one.author) == (viewer.org, viewer.person)]

    def _due(self, viewer: Viewer, after: Instant, until: Instant, state: State) -> list[Due]:
        audiences = self._record.visible_to(viewer)
        with self._projections.read() as connection:
            rows = store.due(connection, after, until, _MOST_DUE, audiences)
            found = self._asked(connection, rows, audiences)
        return [Due(row[0], row[1], row[4], row[2], row[3], row[6], bool(row[7]))
                for row, one in zip(rows, found, strict=True) if one.state is state]  # fmt: skip

    # -- within ------------------------------------------------------------------------------------------------------

    def _row(self, viewer: Viewer, which: str) -> store.Row:
        with self._projections.read() as connection:
            rows = store.request(connection, which, self._record.visible_to(viewer))
        if not rows:
            raise NotFound("no such request", hint=_GONE)
        return rows[0]

    def _names(self, number: int, group: str) -> bool:
        return any(party.startswith(f"group:{group}.") for party in self._record.audience(number).parties)

    def _sees(self, viewer: Viewer, one: Asked) -> bool:
        try:
            return self._talk.read_one(viewer, one.accepted).thread == one.id
        except NotFound:
            return False

    def _asked(
        self, connection: Connection, rows: list[store.Row], audiences: Iterable[int]
    ) -> list[Asked]:
        """Join rows with the answers and steps in these audiences."""
        if not rows:
            return []
        audiences, posts = list(audiences), [row[0] for row in rows]
        counted = {row[0]: (int(row[1]), int(row[2])) for row in store.answers(connection, posts, audiences)}
        told: dict[tuple[str, str], list[Told]] = {}
        for post, org, seq, at, body in store.steps(connection, posts, audiences):
            told.setdefault((post, org), []).append(Told(seq, at, _step(body)))
        found = []
        for post, org, audience, _, author, at, deadline, cell, title in rows:
            steps = told.get((post, org), [])
            answers, newest = counted.get(post, (0, 0))
            last = steps[-1] if steps else Told(0, 0, Step(""))
            state = state_of(deadline, newest, steps, self._clock.now())
            found.append(Asked(
                post, title, org, author, self._record.audience(audience), at, deadline, bool(cell), state, answers,
                last.step.said, last.at, last.step.answer if state is State.ACCEPTED else "",
            ))  # fmt: skip
        return found


def _deadline(one: Asked) -> tuple[Instant, str]:
    return one.deadline, one.id
