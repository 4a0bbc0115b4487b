"""Use cases of summaries: find the place of a week or a month in the record, read it, write the text.

Only what its readers may see and may be used in products is read: GREEN with CLEAR, or CLEAR alone. Products do not
count as sources.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

import msgspec

from fusioncell.intake import ITEM_KINDS, extract_entry, since_of
from fusioncell.intake.project import Recall
from fusioncell.intake.service import Intake
from fusioncell.kernel.claim import Stance
from fusioncell.kernel.clock import Clock
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.errors import BadInput, NotAllowed, TooLarge
from fusioncell.kernel.marking import Audience, Tlp, Uses, Viewer, may_allow, voice_of
from fusioncell.kernel.observable import ObservableType
from fusioncell.picture.weekly.compose import compose, title_of
from fusioncell.picture.weekly.model import (
    MAX_ENTRIES,
    Item,
    More,
    Ruling,
    Summary,
    Week,
    month_named,
    month_of,
    week_named,
    week_of,
)
from fusioncell.record.service import Record

BLOCKS = 96
_DECISIONS = frozenset({"decision.published", "decision.withdrawn", "decision.expired"})
_SOURCES = ITEM_KINDS - {"product", "reaction"}
_ACCUSES = (Stance.MALICIOUS, Stance.SUSPICIOUS)


class _Decided(msgspec.Struct):
    """What is read of a decision's body (``shield`` writes it)."""

    name: str = ""
    category: str = ""
    reason: str = ""


_recall = msgspec.json.Decoder(Recall).decode
_decided = msgspec.json.Decoder(_Decided).decode


class Weekly:
    """The front door of the package. ``sector_of``: organisation → its sector; ``more``: sections of other rooms;
    ``sectors``: those that there are."""

    def __init__(self, record: Record, intake: Intake, clock: Clock, sector_of: Callable[[str], str],
                 more: More | None = None, sectors: Callable[[], Collection[str]] = tuple) -> None:
        self._record, self._intake, self._clock = record, intake, clock
        self._sector_of, self._more, self._sectors = sector_of, more, sectors

    def summary(self, viewer: Viewer, week: str = "", *, at: int = 0, tlp: Tlp = Tlp.GREEN, sector: str = "",
                month: bool = False) -> Summary:
        """Return the summary of a week ("": the one before this), or of the week of a position, as of it.

        ``month``: of a month instead, by its name; ``sector``: of what its contributors share alone.

        ``at``: a position of the record, for operators alone: a position, or an instant of an entry, tells of what one
        does not see. So neither stands in the text. Raises NotAllowed, BadInput, TooLarge.
        """
        if not viewer.member:
            raise NotAllowed("summaries are written for members", hint="Sign in.")
        if at and not viewer.may("operate"):
            raise NotAllowed("positions of the record are for operators", hint="Name the week.")
        if tlp not in (Tlp.GREEN, Tlp.CLEAR):
            raise BadInput("a summary is for the partnership or for everyone", place="tlp",
                           hint="Choose green or clear.")  # fmt: skip
        if sector and sector not in self._sectors():
            raise BadInput("no member works in such a sector", hint="Choose one of the directory's.", place="sector")
        named, of = (month_named, month_of) if month else (week_named, week_of)
        head, _, _ = self._record.head()
        if at:
            found = self._record.read_many([at])
            if not 0 < at <= head or not found:
                raise BadInput(f"the record has no position {at}", hint=f"The last one is {head}.")
            return self._write(named(week) if week else of(found[0].at), at, tlp, sector)
        chosen = named(week) if week else of(of(self._clock.now()).start - 1)
        return self._write(chosen, self._record.last_before(chosen.end, head), tlp, sector)

    def _write(self, week: Week, position: int, tlp: Tlp, sector: str) -> Summary:
        first = self._record.last_before(week.known, position)
        items: list[Item] = []
        rulings: list[Ruling] = []
        entries = list(self._entries(first, position, tlp))
        recalled = [(_recall(one.payload.body), one.audience) for one in entries
                    if one.kind == "recall" and one.payload is not None]  # fmt: skip
        sources = [one for one in entries if one.kind in _SOURCES and one.payload is not None
                   and not any(r.first <= one.seq <= r.last and audience == one.audience
                               for r, audience in recalled)]  # fmt: skip
        standing = {one.seq for one in self._intake.live(sources)}
        for one in entries:
            if one.kind in _DECISIONS and one.payload is not None and week.start <= one.at < week.end:
                said = _decided(one.payload.body)
                rulings.append(Ruling(one.kind, said.name, said.category, said.reason))
        for one in sources:
            item = self._item(one, one.seq in standing)
            if item.at < week.end and (item.accused or item.named):
                items.append(item)
        more = self._more(week, position) if self._more is not None and not sector else ()
        return Summary(week, position, title_of(week, sector), compose(week, items, rulings, more, sector),
                       not (items or rulings))  # fmt: skip

    def _item(self, entry: Entry, stands: bool) -> Item:
        assert entry.payload is not None
        claims = extract_entry(entry).claims
        accused = tuple({claim.observable for claim in claims if claim.stance in _ACCUSES})
        named = {claim.observable for claim in claims if claim.observable.type is ObservableType.VULNERABILITY}
        return Item(since_of(entry.payload, entry.at), voice_of(entry.org), self._sector_of(entry.org) or "other",
                    accused, tuple(named), stands)  # fmt: skip

    def _entries(self, after: int, until: int, tlp: Tlp) -> Iterator[Entry]:
        wanted = (Tlp.CLEAR, Tlp.GREEN) if tlp is Tlp.GREEN else (Tlp.CLEAR,)

        def may(audience: Audience) -> bool:
            return audience.tlp in wanted and may_allow(audience, Uses.PRODUCTS)

        audiences = self._record.audiences_where(lambda one: may(one) or (one.tlp in wanted and one.uses is Uses.NONE))
        count = 0
        while True:
            page = [one for one in self._record.read_after(after, blocks=BLOCKS, visible=audiences) if one.seq <= until]
            if not page:
                return
            yield from page
            after, count = page[-1].seq, count + len(page)
            if count > MAX_ENTRIES:
                raise TooLarge(f"this time holds more than {MAX_ENTRIES:,} entries", hint="Write it by hand.")
