"""Use cases of horizon scanning: open an item, write into it, read it with what it is linked to, score forecasts.

Who reads an item is decided when it is opened, by its author: as in a notebook, or the whole partnership.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from fusioncell.kernel.clock import Clock, format_instant
from fusioncell.kernel.entry import Draft, Payload
from fusioncell.kernel.errors import NotFound
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import Audience, Tlp, Uses, Viewer, may_see
from fusioncell.kernel.ports import Database
from fusioncell.picture.horizon import store
from fusioncell.picture.horizon.check import check, check_item, may_write
from fusioncell.picture.horizon.derive import item_of
from fusioncell.picture.horizon.model import MOST_LISTED, PAPER, Item, Kind, Paper, Track, What, Written
from fusioncell.picture.horizon.score import calibration, score
from fusioncell.picture.notebook.service import audience_of
from fusioncell.record.service import Record

PARTNERSHIP = "partnership"
_GREEN = Audience(Tlp.GREEN, frozenset(), Uses.NONE)
_GONE = "It may never have been shared with you."
_paper = msgspec.json.Decoder(Paper).decode


class Horizon:
    """The front door of horizon scanning."""

    def __init__(self, record: Record, projections: Database, clock: Clock, randomness: Randomness) -> None:
        self._record, self._projections, self._clock, self._randomness = record, projections, clock, randomness

    # -- write -------------------------------------------------------------------------------------------------------

    def open(self, viewer: Viewer, paper: Paper, readers: str) -> str:
        """Open an item for its readers (``partnership``, or as in notebooks); return its id."""
        may_write(viewer)
        paper = msgspec.structs.replace(paper, title=" ".join(paper.title.split()), source=paper.source.strip())
        check_item(paper, self._clock.now())
        return self._append(viewer, _GREEN if readers == PARTNERSHIP else audience_of(viewer, readers), paper)

    def write(self, viewer: Viewer, item: str, paper: Paper) -> str:
        """Put a paper into an item; return its id. NotFound where the viewer reads no such item."""
        may_write(viewer)
        known = self.one(viewer, item)
        check(viewer, known, paper, self._clock.now())
        if paper.what in (What.LINK, What.UNLINK):
            self.one(viewer, paper.to)
        return self._append(viewer, known.audience, msgspec.structs.replace(paper, of=item))

    def _append(self, viewer: Viewer, audience: Audience, paper: Paper) -> str:
        if not may_see(viewer, audience):
            raise NotFound("no such item", hint=_GONE)
        identifier = new_id(self._randomness)
        payload = Payload(viewer.person or "", identifier, self._clock.now(), "", msgspec.json.encode(paper))
        self._record.append(viewer.org or "", [Draft(PAPER, self._record.intern_audience(audience), payload)],
                            identifier)  # fmt: skip
        return identifier

    # -- read --------------------------------------------------------------------------------------------------------

    def one(self, viewer: Viewer, item: str) -> Item:
        """Return an item. NotFound where the viewer reads none."""
        found = self._made(viewer, [item])
        if not found:
            raise NotFound("no such item", hint=_GONE)
        return found[0]

    def listed(self, viewer: Viewer, kind: Kind) -> list[Item]:
        """Return the items of a kind that the viewer reads, the newest first."""
        with self._projections.read() as connection:
            order = store.newest(connection, kind.value, self._record.visible_to(viewer), MOST_LISTED)
        return self._made(viewer, order)

    def linked(self, viewer: Viewer, item: Item) -> list[Item]:
        """Return what an item is linked to, and what is linked to it, of what the viewer reads."""
        ahead = self._made(viewer, item.links)
        known = {item.id, *item.links}
        behind = [one for kind in Kind for one in self.listed(viewer, kind) if item.id in one.links]
        return ahead + [one for one in behind if one.id not in known]

    def sees_crowd(self, viewer: Viewer, item: Item) -> bool:
        """Tell whether to show what others estimate: once the viewer has given an estimate, or cannot any more.

        To know the others' figure first would draw one's own towards it.
        """
        if item.found is not None or self._clock.now() >= item.deadline or not viewer.may("contribute"):
            return True
        return any(one.by == viewer.person for one in item.estimates)

    def track(self, viewer: Viewer) -> Track:
        """Score the forecasts that the viewer reads."""
        forecasts = self.listed(viewer, Kind.FORECAST)
        own = score(forecasts, viewer.person) if viewer.person else score([])
        return Track(own, score(forecasts), calibration(forecasts))

    def _made(self, viewer: Viewer, order: Iterable[str]) -> list[Item]:
        wanted = list(dict.fromkeys(order))
        if not wanted:
            return []
        with self._projections.read() as connection:
            rows = store.papers(connection, wanted, self._record.visible_to(viewer))
        held: dict[str, list[Written]] = {}
        audiences: dict[str, int] = {}
        for item, paper, author, org, at, audience, body in rows:
            # All papers of an item have the audience of the first.
            if audiences.setdefault(item, audience) == audience:
                held.setdefault(item, []).append(Written(paper, author or org, org, at, _paper(body)))
        made = (item_of(held[one], self._record.audience(audiences[one])) for one in wanted if one in held)
        return [one for one in made if one is not None]

    def written(self, who: str, sight: frozenset[int]) -> list[dict[str, object]]:
        """Return what a person wrote, for an answer to the person."""
        with self._projections.read() as connection:
            rows = store.by(connection, who, sight, 10_000)
        return [{"item": row[0], "id": row[1], "at": format_instant(row[4]), "paper": msgspec.json.decode(row[6])}
                for row in rows]  # fmt: skip
