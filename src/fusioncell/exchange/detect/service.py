"""Use cases of detection exports: serve one, its delta, and refuse sudden emptiness.

1. The audiences: what the viewer sees, under the ceiling that was asked for, and for forms that block what may be used
   for it.
2. The table of that audience set (``fusion.standing``): made once, then mended where evidence moved.
3. The body: made of the table where it moved or a day has passed, else the one that stands. Shared by all viewers of
   the set.
4. The fuse: what this party was served last, less what expired or was withdrawn since, tells how much to expect.
5. The serial of a zone moves with the body's digest; the ETag is the digest of the bytes that go out.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import msgspec
import numpy as np
import numpy.typing as npt

from fusioncell.exchange.detect import rules, store, text
from fusioncell.exchange.detect.contributed import rule_of, write_rules
from fusioncell.exchange.detect.follow import Moves
from fusioncell.exchange.detect.formats import FORMATS, Format
from fusioncell.exchange.detect.model import (
    DEFAULT_PROBABILITY,
    MAX_VALUES,
    SHAPES,
    Body,
    Change,
    FuseBlown,
    Rows,
    Wanted,
)
from fusioncell.exchange.detect.select import CODES, best, chosen, moved
from fusioncell.exchange.detect.store import Last
from fusioncell.exchange.detect.tables import Tables
from fusioncell.exchange.detect.text import About
from fusioncell.fusion.model import Standing
from fusioncell.fusion.service import Fusion
from fusioncell.intake import extract_entry
from fusioncell.intake.project import Arrived
from fusioncell.intake.service import Intake
from fusioncell.kernel.clock import DAY, Clock, format_day
from fusioncell.kernel.errors import BadInput, Gone, NotAllowed, NotFound
from fusioncell.kernel.marking import Uses, Viewer, may_allow
from fusioncell.kernel.observable import TYPE_CODES, TYPES_BY_CODE, Observable, key64_of
from fusioncell.kernel.ports import Database
from fusioncell.record import Seal
from fusioncell.record.service import Record

SHARE = 0.5
"""The fuse blows where less than this share of what is to be expected is left."""
MAX_RULES = 10_000
MAX_FEEDS = 64
"""Exports of one party that are remembered."""
MAX_BODIES = 256 * 1024 * 1024
"""Bytes of bodies that are kept ready."""
MAX_VERSIONS = 8
"""Older versions of an export from which a delta can be asked."""
MAX_REMEMBERED = 512
"""Exports of which versions are kept, those asked last."""
MAX_RECALLS = 200
"""Recalls that are counted one by one where the moves since are not in memory any more."""


@dataclass(frozen=True, slots=True)
class Served:
    """An answer. ``data`` None: the client has it (304). ``version``: by which a delta from here is asked.

    ``taken``: values (``key64``) or contributions that go out and are to be noted, empty where that was done.
    """

    data: bytes | None
    etag: str
    version: str
    form: Format
    count: int
    left_out: int
    taken: Sequence[int | str] = ()


_Version = tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]


class Feeds:
    """The front door of the package. ``base``: the hub's address, for links."""

    def __init__(self, *, record: Record, vault: Database, projections: Database, fusion: Fusion, intake: Intake,
                 seal: Seal, clock: Clock, base: str, position: int) -> None:
        self._record, self._vault, self._projections = record, vault, projections
        self._fusion, self._intake, self._seal, self._clock = fusion, intake, seal, clock
        self.base = base.rstrip("/")
        self._moves = Moves(position)
        self._tables = Tables(fusion, self._moves)
        self._lock = threading.Lock()
        self._bodies: OrderedDict[tuple[frozenset[int], str], Body] = OrderedDict()
        self._bytes = 0
        self._versions: OrderedDict[tuple[str, str], OrderedDict[str, _Version]] = OrderedDict()
        self._etags: dict[tuple[str, int], str] = {}
        self._noted: OrderedDict[tuple[str, str], tuple[str, int]] = OrderedDict()

    def arrived(self, cuts: Sequence[Arrived], before: int, position: int) -> None:
        """Learn what a batch of the river moved (``River.on_arrived``)."""
        self._moves.add(cuts, position)

    # -- serving -----------------------------------------------------------------------------------------------------

    def serve(self, viewer: Viewer, wanted: Wanted, *, known: frozenset[str] = frozenset(), since: str = "",
              confirm: str = "") -> Served:
        """Serve an export as it is now. ``known``: ETags that the client has; ``since``: a version, for a delta.

        Raises BadInput, NotFound for no such form, FuseBlown, NotAllowed for who may not confirm, Gone for an older
        version than is kept.
        """
        form = self._check(wanted, since)
        # A person may see more than a colleague, and what one was served tells the other nothing.
        party = viewer.person or viewer.org or ""
        audiences = self._audiences(viewer, wanted, form)
        body, touched = self._body(audiences, wanted, form)
        last = self._fused(viewer, party, wanted, form, audiences, body, confirm)
        etag = self._etag(body, last.serial)
        key = (party, wanted.key)
        older = self._remember(key, etag, body)
        if since:
            return self._delta(older, since, etag, body, audiences, wanted, form, known)
        if etag in known:
            return Served(None, etag, etag, form, body.count, body.left_out)
        data = _with_serial(body, last.serial)
        return Served(data, etag, etag, form, body.count, body.left_out, self._taken(key, etag, touched, body))

    def serve_among(self, viewer: Viewer, wanted: Wanted, observables: Sequence[Observable], *,
                    known: frozenset[str] = frozenset()) -> Served:
        """Serve, of these values alone, those that an export of this form would hold: no delta, no fuse, no zone."""
        form = self._check(wanted, "")
        if form.rules or form.fixed or form.name == "rpz":
            raise BadInput(f"{form.name} is no form for a list of values", hint="Use list, csv, jsonl …", place="form")
        audiences = self._audiences(viewer, wanted, form)
        table = self._fusion.standing(audiences, self._fusion.ids_of(observables))
        body = self._written(table, 0, self._clock.now() // DAY, wanted, form)
        data = None if body.etag in known else body.data
        return Served(data, body.etag, body.etag, form, body.count, body.left_out, body.keys)

    def _etag(self, body: Body, serial: int) -> str:
        """Return the digest of the bytes that go out; of a zone it is remembered, or each poll would make its bytes."""
        if body.serial_at < 0:
            return body.etag
        known = self._etags.get((body.etag, serial))
        if known is None:
            if len(self._etags) > MAX_REMEMBERED:
                self._etags = {}
            known = self._etags[body.etag, serial] = _digest(_with_serial(body, serial))
        return known

    def round(self) -> None:
        """Count what pages were asked for and had not at hand (a thread's work)."""
        self._tables.round(self._clock.now() // DAY)

    def change(self, viewer: Viewer, named: Sequence[int] = (), before: int = 0) -> Change:
        """Return what a viewer's exports hold, and what they gained and lost since a position of the record, by what
        still stands.

        ``named``: observables that were named since, as far as the caller looks; of all others is told what faded. It
        is no long work, however much there is: what is not counted yet is None, and known after the next :meth:`round`.
        """
        audiences, today = self._record.visible_to(viewer), self._clock.now() // DAY
        look = self._tables.look(audiences, named, today)
        then = self._fusion.standing(audiences, list(named) if before else [], before=before)
        had = then.ids[chosen(then, CODES, DEFAULT_PROBABILITY, today - 1)]
        now = look.near.ids[chosen(look.near, CODES, DEFAULT_PROBABILITY, today)]
        gained, lost = moved(now, had, look.faded, np.array(sorted(set(named)), np.int64))
        listed = lost[np.isin(lost, np.union1d(had, look.listed))]
        came, went = self._fusion.observables(gained.tolist()), self._fusion.observables(listed.tolist())
        likely = dict(zip(look.near.ids.tolist(), look.near.malicious.tolist(), strict=True))
        best_first = sorted(came, key=lambda one: (-likely[one], _by_value(came[one])))
        counts = None if look.counts is None else {TYPES_BY_CODE[code]: each for code, each in look.counts.items()}
        return Change(
            tuple(came[one] for one in best_first), tuple(sorted(went.values(), key=_by_value)), len(lost),
            counts and dict(sorted(counts.items(), key=lambda one: (-one[1], one[0]))),
        )  # fmt: skip

    def _check(self, wanted: Wanted, since: str) -> Format:
        form = FORMATS.get(wanted.form)
        if form is None:
            raise NotFound("there is no such form of export", hint=f"There are: {', '.join(FORMATS)}.")
        if (form.rules or form.fixed) and (wanted.limit or (form.rules and wanted.types)):
            raise BadInput(f"{form.name} takes no limit and no types", place="types")
        if wanted.types and not wanted.types & form.types:
            held = ", ".join(sorted(form.types))
            raise BadInput(f"{form.name} holds none of these types", hint=f"It holds: {held}.", place="types")
        if form.one_type and len(form.chosen(wanted.types)) != 1:
            raise BadInput(f"a file of {form.name} holds one type", hint="Ask once for each type.", place="types")
        if since and not form.deltas:
            deltas = " and ".join(each.name for each in FORMATS.values() if each.deltas)
            raise BadInput(f"deltas are given as {deltas}", hint="Leave since out, and send If-None-Match.",
                           place="since")  # fmt: skip
        return form

    def _audiences(self, viewer: Viewer, wanted: Wanted, form: Format) -> frozenset[int]:
        seen = self._record.visible_to(viewer)
        if wanted.tlp is None and not form.blocks:
            return seen
        most = wanted.tlp.strictness if wanted.tlp is not None else 99
        return seen & self._record.audiences_where(
            lambda one: one.tlp.strictness <= most and (not form.blocks or may_allow(one, Uses.BLOCKING))
        )

    def _taken(self, key: tuple[str, str], etag: str, touched: int, body: Body) -> Sequence[int | str]:
        """Return what is to be noted as exported: nothing where the same went out and no evidence moved since."""
        with self._lock:
            if self._noted.get(key) == (etag, touched):
                return ()
            self._noted[key] = (etag, touched)
            while len(self._noted) > MAX_REMEMBERED:
                self._noted.popitem(last=False)
        return body.keys

    # -- tables and bodies -------------------------------------------------------------------------------------------

    def _body(self, audiences: frozenset[int], wanted: Wanted, form: Format) -> tuple[Body, int]:
        today = self._clock.now() // DAY
        if form.fixed:
            return self._fixed_body(wanted, form, today), 0
        if form.rules:
            body = self._rules_body(audiences, form, today)
            return body, body.edition
        made = self._tables.table(audiences)
        key = (audiences, wanted.key)
        with self._lock:
            known = self._bodies.get(key)
            if known is not None:
                self._bodies.move_to_end(key)
        if known is not None and (known.edition, known.today) == (made.edition, today):
            return known, made.touched
        body = self._written(made.table, made.edition, today, wanted, form)
        with self._lock:
            older = self._bodies.pop(key, None)
            self._bytes += len(body.data) - (len(older.data) if older is not None else 0)
            self._bodies[key] = body
            while self._bytes > MAX_BODIES and len(self._bodies) > 1:
                self._bytes -= len(self._bodies.popitem(last=False)[1].data)
        return body, made.touched

    def _written(self, table: Standing, edition: int, today: int, wanted: Wanted, form: Format) -> Body:
        codes = [TYPE_CODES[type] for type in form.chosen(wanted.types)]
        picked = chosen(table, codes, wanted.min_probability, today)
        observables = self._fusion.observables(table.ids[picked].tolist())
        values = {number: o.value for number, o in observables.items()}
        places = best(table, picked, values, min(wanted.limit or MAX_VALUES, MAX_VALUES))
        rows, ids, days, left_out = _rows(table, places, values, form)
        written = form.write(rows, About(self.base, form.name))
        data = text.joined(written.lines)
        order = np.argsort(ids, kind="stable")
        return Body(data, _digest(data), ids[order], days[order], rows.keys, left_out + written.left_out,
                    data.find(text.SERIAL.encode()), edition, today)  # fmt: skip

    def _fixed_body(self, wanted: Wanted, form: Format, today: int) -> Body:
        data = text.joined(rules.write_dataset_rules(form.chosen(wanted.types), About(self.base, form.name)))
        return Body(data, _digest(data), _NO_IDS, _NO_DAYS, (), 0, -1, 0, today)

    def _rules_body(self, audiences: frozenset[int], form: Format, today: int) -> Body:
        with self._projections.read() as connection:
            seqs = store.rules(connection, form.rules, audiences, MAX_RULES)
        entries = self._record.read_many(sorted(seqs))
        found = [(entry, rule) for entry in reversed(entries) if (rule := rule_of(entry)) is not None]
        parts, left_out = write_rules(
            form.rules, ((self._seal.entry_id(entry.seq), rule[1]) for entry, rule in found), self.base
        )
        data = "".join(parts).encode("utf-8", "replace")
        keys = [entry.contribution for entry, _ in found]
        return Body(data, _digest(data), _NO_IDS, _NO_DAYS, keys, left_out, -1, len(found), today)

    # -- deltas ------------------------------------------------------------------------------------------------------

    def _remember(self, key: tuple[str, str], etag: str, body: Body) -> OrderedDict[str, _Version]:
        with self._lock:
            versions = self._versions.setdefault(key, OrderedDict())
            self._versions.move_to_end(key)
            versions[etag] = (body.ids, body.days)
            versions.move_to_end(etag)
            while len(versions) > MAX_VERSIONS:
                versions.popitem(last=False)
            while len(self._versions) > MAX_REMEMBERED:
                self._versions.popitem(last=False)
            return OrderedDict(versions)

    def _delta(self, versions: OrderedDict[str, _Version], since: str, etag: str, body: Body,
               audiences: frozenset[int], wanted: Wanted, form: Format, known: frozenset[str]) -> Served:
        """Write what was added, changed its expiry, or is gone since a version."""
        before = versions.get(since)
        if before is None:
            raise Gone("that version is not known any more", hint="Take the whole: leave since out.")
        table = self._tables.table(audiences).table
        held = dict(zip(before[0].tolist(), before[1].tolist(), strict=True))
        now = dict(zip(body.ids.tolist(), body.days.tolist(), strict=True))
        changed = [number for number, day in now.items() if held.get(number) != day]
        gone = [number for number in held if number not in now]
        places = np.searchsorted(table.ids, np.array(changed, np.int64)).tolist() if changed else []
        values = {n: o.value for n, o in self._fusion.observables([*changed, *gone]).items()}
        rows, _, _, _ = _rows(table, [at for at in places if at < len(table.ids)], values, form)
        removed = sorted((o.type.value, o.value) for o in self._fusion.observables(gone).values())
        data = text.joined(text.delta_lines(form.name, rows, removed, About(self.base, form.name)))
        mark = _digest(data)
        if mark in known:
            return Served(None, mark, etag, form, len(changed) + len(gone), 0)
        return Served(data, mark, etag, form, len(changed) + len(gone), 0, rows.keys)

    # -- the fuse ----------------------------------------------------------------------------------------------------

    def _fused(self, viewer: Viewer, party: str, wanted: Wanted, form: Format, audiences: frozenset[int], body: Body,
               confirm: str) -> Last:
        """Compare with what this party was served last, and note what it is served now. Raises FuseBlown."""
        with self._vault.read() as connection:
            last = store.last_served(connection, party, wanted.key)
        today = self._clock.now() // DAY
        if last is not None and last.digest == body.etag:
            return last
        if last is not None and viewer.org is not None and not form.fixed and body.count < last.size:
            expected = self._expected(last, form, audiences, today)
            if expected > 0 and (not body.count or body.count < expected * SHARE):
                if not confirm:
                    raise FuseBlown(last.size, expected, body.count, body.etag)
                if not viewer.may("lead"):
                    raise NotAllowed("who leads your organisation confirms that", hint="Ask a lead of it.")
                if confirm != body.etag:
                    raise BadInput("that is not the export as it is now", hint=f"It is {body.etag}.",
                                   place="confirm_empty")  # fmt: skip
        now = Last(
            body.etag, body.count, _next_serial(last.serial if last else 0, today), self._clock.now(),
            self._moves.position, msgspec.json.encode(Counter(map(str, body.days.tolist()))).decode(),
        )  # fmt: skip
        with self._vault.write() as connection:
            store.save_served(connection, party, wanted.key, now, MAX_FEEDS)
        return now

    def _expected(self, last: Last, form: Format, audiences: frozenset[int], today: int) -> int:
        """Return how many of the values served last should still stand: less expired, less withdrawn or spoken for."""
        fading = msgspec.json.decode(last.fading, type=dict[str, int])
        expired = sum(count for day, count in fading.items() if int(day) <= today)
        lowered = self._moves.lowered_since(last.seq, audiences, entries=bool(form.rules))
        if lowered is None:
            lowered = self._recalled_since(last.seq, audiences, bool(form.rules))
        return last.size - expired - lowered

    def _recalled_since(self, position: int, audiences: frozenset[int], entries: bool) -> int:
        """Count what recalls withdrew since a position, from the record: the moves in memory begin later."""
        items = {
            entry.seq: entry
            for _, contribution in self._intake.recalls_after(position, MAX_RECALLS)
            for one in self._intake.withdrawals(contribution)
            if one.audience in audiences and one.seq > position
            for entry in self._intake.items_of(one.first, one.last, one.audience)
        }
        if entries:
            return len(items)
        return len({claim.observable for entry in items.values() for claim in extract_entry(entry).claims})


_NO_IDS = np.empty(0, np.int64)
_NO_DAYS = np.empty(0, np.int32)


def _by_value(one: Observable) -> tuple[str, str]:
    return one.type.value, one.value


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=20).hexdigest()


def _with_serial(body: Body, serial: int) -> bytes:
    """Return the bytes that go out: of a zone with its serial, ten digits wide."""
    at = body.serial_at
    return body.data if at < 0 else body.data[:at] + str(serial).rjust(10, "0").encode() + body.data[at + 10 :]


def _next_serial(last: int, today: int) -> int:
    """Return a zone's next serial: the day and a number, YYYYMMDDnn, and always more than the last."""
    return max(last + 1, int(format_day(today * DAY).replace("-", "")) * 100)


def _rows(
    table: Standing, places: list[int], values: dict[int, str], form: Format
) -> tuple[Rows, npt.NDArray[np.int64], npt.NDArray[np.int32], int]:
    """Return the rows at these places in the form's order, their ids and days, and how many have no strict shape."""
    at = np.array(places, np.int64)
    columns = zip(table.codes[at].tolist(), table.ids[at].tolist(), table.malicious[at].tolist(),
                  table.days[at].tolist(), strict=True)  # fmt: skip
    found = []
    for code, number, malicious, day in columns:
        value = values.get(number)
        if value is not None and (shape := SHAPES.get(code)) is not None and shape.match(value):
            found.append((code, value, malicious, day, number))
    if not form.best_first:
        found.sort()
    codes, texts, likely, days, ids = map(list, zip(*found, strict=True)) if found else ([], [], [], [], [])
    keys = [key64_of(code, value) for code, value in zip(codes, texts, strict=True)]
    rows = Rows(codes, texts, likely, days, keys)
    return rows, np.array(ids, np.int64), np.array(days, np.int32), len(places) - len(found)
