"""Bulk match: many values against all that the viewer may see, at memory speed.

1. Cut the body into pieces; tell in columns which lines are canonical as they stand, read the others one by one.
2. Look all up in memory, masked by the viewer's audiences: most values of a log end here.
3. Of what is not known itself, look up what it stands under: a URL's host, the names above a name, the networks that
   hold an address, as far as was asked for.
4. Ask the store about what memory cannot answer (many voices; changed lately), in one batch, masked the same.
5. Write the lines.

A value that only others may see is answered exactly like an unknown one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import lru_cache

import numpy as np

from fusioncell.exchange.match.answer import Tails, hit, lines_of, miss, said_of
from fusioncell.exchange.match.blind import MOST, Blind, short
from fusioncell.exchange.match.hash import Words
from fusioncell.exchange.match.index import ASK, KNOWN, Columns, Numbers
from fusioncell.exchange.match.memory import Found, Memory
from fusioncell.exchange.match.model import ALL, Asked, How, Said
from fusioncell.exchange.match.read import Piece, host_of, pieces
from fusioncell.exchange.match.recognise import IPV4, LEFT, NAME, recognise
from fusioncell.fusion.learned import Line
from fusioncell.fusion.service import Fusion
from fusioncell.intake.project import Arrived
from fusioncell.kernel.clock import Clock, Instant
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.handed import Handed
from fusioncell.kernel.observable import (
    TYPES_BY_CODE,
    Observable,
    ObservableType,
    key64,
    key64_of,
    parents,
    registered_domain,
)

MOST_LINES = 16
"""Calibrations whose lines are kept ready: each tier has one."""
SMALL = 32 << 10
"""Bytes of a body up to which the store is asked rather than the columns read for it alone."""
NOTED_SINGLY = 20_000
"""Known values of one request that are noted one by one for receipts; where there are more, it counts as if the asker
had been given all that it may see: its receipts may say that more was exported than was, never less."""


class Matcher:
    """The front door of the bulk match."""

    def __init__(self, fusion: Fusion, clock: Clock, key: bytes, position: Callable[[], int] = lambda: 0) -> None:
        self._fusion = fusion
        self._clock = clock
        self.memory = Memory(fusion, key)
        self.blind = Blind(fusion)
        self.position = position
        self._tails: dict[Line, Tails] = {}
        self._tails_of: Columns | None = None

    def arrived(self, cuts: Sequence[Arrived], before: int, position: int) -> None:
        """Follow the river: what is said of these may have changed."""
        for cut in cuts:
            said = [(arrival.entry, arrival.extract) for arrival in cut.arrivals] + cut.ended
            self.memory.changed(claim.observable for _, extract in said for claim in extract.claims)
            self.memory.changed(one for _, one in cut.judged)
            self.blind.changed(
                position, ((claim.observable, entry.audience) for entry, extract in said for claim in extract.claims)
            )

    def round(self) -> None:
        """Take what changed into memory; now and then, in the background."""
        self.memory.merge()

    def answers(
        self, body: bytes, *, rows: bool = False, array: bool = False, audiences: frozenset[int], hits_only: bool,
        handed: Handed, by: Collection[How] = ALL,
    ) -> Iterator[bytes]:  # fmt: skip
        """Answer each value with a JSON line, in order, in pieces. ``rows``: CSV; ``array``: a JSON list.

        Raises BadInput, before anything is answered, for a body that is not text, or no JSON list.
        """
        cut = pieces(body, rows=rows, array=array)
        if len(body) > SMALL:
            self.memory.load()
        return self._answers(cut, audiences, hits_only, handed, frozenset(by))

    def _answers(
        self, cut: Iterator[Piece], audiences: frozenset[int], hits_only: bool, handed: Handed, by: frozenset[How]
    ) -> Iterator[bytes]:
        given = 0
        for piece in cut:
            one = _OnePiece(self, piece, audiences, by)
            yield one.answer(hits_only=hits_only)
            if given <= NOTED_SINGLY < given + one.given:
                handed.all_of(audiences)
            given += one.given
            if given <= NOTED_SINGLY:
                handed.out(one.keys())

    def within(self, prefix: str, audiences: frozenset[int]) -> dict[Observable, Said]:
        """Return what is known whose hash begins so. Raises BadInput where it is more than one answer holds."""
        first, last = int(prefix.ljust(16, "0"), 16), int(prefix.ljust(16, "f"), 16)
        part = self.blind.seen(audiences, self.position(), first, last)
        if len(part.ids) > MOST:
            raise BadInput(f"more than {MOST:,} values begin with {prefix}", hint="Ask for a longer prefix.")
        held = list(self._fusion.observables(part.ids.tolist()).values())
        return self.say([*held, *part.ask], audiences, self.now())

    def filter(self, audiences: frozenset[int]) -> tuple[int, Words]:
        """Return (position, sorted first 64 bits of the hashes) of all that these audiences see."""
        place = self.blind.cursor(audiences, self.position())
        part = self.blind.seen(audiences, self.position())
        known = self.say(part.ask, audiences, self.now())
        late = np.array([short(o.type.value, o.value) for o in known], np.uint64)
        return place, np.union1d(part.hashes, late)

    def filter_since(self, audiences: frozenset[int], after: int) -> tuple[int, Words, Words] | None:
        """Return (position, added, removed) since a position, None where only the whole can be had.

        What is added may stand in it already, and what is removed may not stand in it.
        """
        place = self.blind.cursor(audiences, self.position())
        changed = self.blind.since(audiences, self.position(), after)
        if changed is None:
            return None
        known = self.say(changed, audiences, self.now())
        parts: dict[bool, list[int]] = {True: [], False: []}
        for o in changed:
            parts[o in known].append(short(o.type.value, o.value))
        added, removed = (np.sort(np.array(parts[which], np.uint64)) for which in (True, False))
        return place, added, removed

    def tails(self, columns: Columns, audiences: frozenset[int]) -> Tails:
        """Return the ends of lines that belong to these columns, for a viewer of these audiences."""
        line = self._fusion.learned(audiences).line
        if self._tails_of is not columns or len(self._tails) > MOST_LINES:
            self._tails, self._tails_of = {}, columns
        made = self._tails.get(line)
        if made is None:
            made = self._tails[line] = Tails(columns, line)
        return made

    def say(self, observables: list[Observable], audiences: frozenset[int], now: Instant) -> dict[Observable, Said]:
        """Return what is said of those of the observables that these audiences know, from memory or the store."""
        if not observables:
            return {}
        found = self.memory.look_for(observables, audiences)
        known: dict[Observable, Said] = {}
        if found.columns is not None:
            tails = self.tails(found.columns, audiences)
            for row, at in enumerate(np.flatnonzero(found.state == KNOWN).tolist()):
                known[observables[at]] = tails.said(found.rows[row : row + 1], now)
        ask = [observables[at] for at in np.flatnonzero(found.state == ASK).tolist()]
        return {**known, **self.ask(ask, audiences)}

    def ask(self, observables: list[Observable], audiences: frozenset[int]) -> dict[Observable, Said]:
        """Return the same from the store alone."""
        found = self._fusion.match(list(dict.fromkeys(observables)), audiences) if observables else {}
        return {observable: said_of(assessment) for observable, assessment in found.items()}

    def now(self) -> Instant:
        """Return the instant for which a piece is answered."""
        return self._clock.now()


class _OnePiece:
    """One piece on its way."""

    def __init__(self, matcher: Matcher, piece: Piece, audiences: frozenset[int], by: frozenset[How]) -> None:
        self._matcher = matcher
        self._piece = piece
        self._audiences = audiences
        self._by = by
        self._now = matcher.now()
        self._lines = recognise(piece.text)
        self._under: dict[int, list[tuple[How, Observable]]] = {}
        """Of lines that are not answered from memory: what may answer them, in order."""
        self._known: Numbers = np.empty(0, np.int64)
        self._others: set[Observable] = set()

    @property
    def given(self) -> int:
        """How many values were answered as known."""
        return len(self._known) + len(self._others)

    def keys(self) -> list[int]:
        """Return what was answered as known, for receipts."""
        codes, lines = self._lines.code, self._lines
        known = [key64_of(int(codes[line]), lines.text(line).decode()) for line in self._known.tolist()]
        return known + [key64(o) for o in self._others]

    def answer(self, *, hits_only: bool) -> bytes:
        """Answer the piece."""
        lines, exact = self._lines, How.EXACT in self._by
        plain = np.flatnonzero(lines.code != LEFT)
        found = self._look_up(plain)
        self._known = plain[np.flatnonzero(found.state == KNOWN)] if exact else plain[:0]
        asked = self._read() if len(plain) < len(lines) else {}
        if len(self._known) < len(plain):
            for line in plain[found.state == ASK].tolist() if exact else ():
                self._under[line] = [(How.EXACT, self._observable(line))]
            still = np.ones(len(lines), bool)
            still[self._known] = False
            if How.PARENT in self._by:
                self._names_above(still)
            if How.CIDR in self._by:
                self._networks(still)
        others = self._settle(asked, hits_only=hits_only) if asked or self._under else {}
        tails = None if found.columns is None else self._matcher.tails(found.columns, self._audiences)
        return lines_of(lines, self._known, found.rows, others, tails, self._now, hits_only=hits_only)

    def _look_up(self, plain: Numbers) -> Found:
        lines = self._lines
        start, length, code = lines.start, lines.length, lines.code
        if len(plain) < len(lines):
            start, length, code = start[plain], length[plain], code[plain]
        keys, checks = self._matcher.memory.hasher.pieces(lines.at, start, length, code)
        return self._matcher.memory.look_up(keys, checks, self._audiences)

    def _observable(self, line: int) -> Observable:
        return Observable(TYPES_BY_CODE[int(self._lines.code[line])], self._lines.text(line).decode())

    def _read(self) -> dict[int, list[Asked]]:
        """Read the lines that are not plain; note what may answer each."""
        piece, asked = self._piece, {}
        for line in np.flatnonzero(self._lines.code == LEFT).tolist():
            one = piece.beside.get(line)
            # A line of ours may be several to others (form feeds, U+2028).
            texts = [] if one is not None else self._lines.text(line).decode().splitlines()
            asked[line] = [one] if one is not None else [got for text in texts if (got := piece.read(text)) is not None]
        return asked

    def _names_above(self, still: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> None:
        """Look up the names above each plain name that is not known itself."""
        lines, hasher = self._lines, self._matcher.memory.hasher
        per_line = np.diff(lines.first)
        # Of each edge but the one before the first line: the line that it ends or stands in.
        of = np.repeat(np.arange(len(lines)), per_line)
        which = ((lines.code == NAME) & still)[of]
        # The last dot and the line's end begin no name of two labels.
        last = lines.first[1:] - 1
        which[last] = False
        which[np.maximum(last - 1, 0)] = False
        at = np.flatnonzero(which)
        if not len(at):
            return
        line = of[at]
        start = lines.edges[at + 1] + 1
        length = lines.start[line] + lines.length[line] - start
        keys, checks = hasher.pieces(lines.at, start, length, NAME)
        state = self._matcher.memory.look_up(keys, checks, self._audiences).state
        for place in np.flatnonzero(state).tolist():
            begin = int(start[place])
            name = lines.buffer[begin : begin + int(length[place])].decode()
            if _is_parent(name):
                above = (How.PARENT, Observable(ObservableType.DOMAIN, name))
                self._under.setdefault(int(line[place]), []).append(above)

    def _networks(self, still: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> None:
        lines = np.flatnonzero((self._lines.code == IPV4) & still)
        if not len(lines):
            return
        for place, net in self._matcher.memory.nets().holding(self._lines.address[lines]):
            self._under.setdefault(int(lines[place]), []).append((How.CIDR, Observable(ObservableType.CIDR, net)))

    def _settle(self, asked: dict[int, list[Asked]], *, hits_only: bool) -> dict[int, bytes]:
        """Look up all that may answer a line; write these lines."""
        of_read = [[(one, self._ways(one.observable)) for one in some] for some in asked.values()]
        wanted = {o for ways in self._under.values() for _, o in ways}
        wanted |= {o for some in of_read for _, ways in some for _, o in ways}
        said = self._matcher.say(list(wanted), self._audiences, self._now)
        written: dict[int, bytes] = {}
        for line, ways in self._under.items():
            first = next(((how, o) for how, o in ways if o in said), None)
            if first is not None:
                self._others.add(first[1])
                written[line] = hit(self._lines.text(line).decode(), first[1], said[first[1]], first[0])
        for line, some in zip(asked, of_read, strict=True):
            parts = []
            for one, ways in some:
                first = next(((how, o) for how, o in ways if o in said), None)
                if first is not None:
                    self._others.add(first[1])
                    parts.append(hit(one.text, first[1], said[first[1]], first[0]))
                elif not hits_only:
                    parts.append(miss(one))
            written[line] = b"".join(parts)
        return written

    def _ways(self, o: Observable | None) -> list[tuple[How, Observable]]:
        """Return what may answer a value that was read by itself, in order."""
        if o is None:
            return []
        ways = [(How.EXACT, o)] if How.EXACT in self._by else []
        inner: Observable | None = o
        if o.type is ObservableType.URL:
            inner = host_of(o.value)
            if inner is not None and How.HOST in self._by:
                ways.append((How.HOST, inner))
        if inner is not None and inner.type is ObservableType.DOMAIN and How.PARENT in self._by:
            ways += [(How.PARENT, Observable(ObservableType.DOMAIN, name)) for name in parents(inner.value)]
        if inner is not None and inner.type in (ObservableType.IPV4, ObservableType.IPV6) and How.CIDR in self._by:
            nets = self._matcher.memory.nets().holding_one(inner.value)
            ways += [(How.CIDR, Observable(ObservableType.CIDR, net)) for net in nets]
        return ways


@lru_cache(maxsize=65_536)
def _is_parent(name: str) -> bool:
    """Tell whether a name speaks for what stands under it: a public suffix does not."""
    return registered_domain(name) is not None
