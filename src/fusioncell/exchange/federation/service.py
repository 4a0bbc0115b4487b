"""Use cases of the hub that is read: agreements, what stands behind a page of TAXII, what was withdrawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from fusioncell.exchange.as_stix import name_of
from fusioncell.exchange.taxii import Taxii
from fusioncell.exchange.taxii.model import Ask
from fusioncell.intake import extract_entry
from fusioncell.intake.project import Recall
from fusioncell.intake.service import Intake
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.errors import Gone
from fusioncell.kernel.marking import Tlp, Viewer
from fusioncell.members import Members, Organisation, Secret
from fusioncell.members.audit.service import author_of
from fusioncell.record import Seal
from fusioncell.record.service import Record

MOST_RECALLS = 100
"""Recalls that one answer tells of."""
MOST_LOOKED_AT = 2_000
"""Recalls that one answer looks at; those that the asker may not read are passed over."""


@dataclass(frozen=True, slots=True)
class Behind:
    """What stands behind an object of a page: whose contribution, through which hubs it came, whether withdrawn."""

    oid: str
    contribution: str
    hops: tuple[str, ...]
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What one recall took back of a contribution, for one audience: the objects by their ids."""

    contribution: str
    objects: tuple[str, ...]


class Federation:
    """The front door of the package. ``hub``: this hub's own id among hubs."""

    def __init__(self, *, record: Record, intake: Intake, members: Members, taxii: Taxii, seal: Seal,
                 position: Callable[[], int], hub: str) -> None:
        self._record, self._intake, self._members = record, intake, members
        self._taxii, self._seal, self._position = taxii, seal, position
        self.hub = hub

    # -- agreements --------------------------------------------------------------------------------------------------

    def agree(self, viewer: Viewer, name: str, ceiling: Tlp) -> tuple[Organisation, Secret]:
        """Let another hub read here up to a marking; returns it and its key, shown this once."""
        made = self._members.add_partner(name, ceiling, author=author_of(viewer))
        return made, self._members.make_key(made.id, role="hub", label="federation", author=author_of(viewer))[1]

    def partners(self) -> list[tuple[Organisation, Tlp]]:
        """Return the hubs that read here, for operators."""
        return self._members.partners()

    def change(self, viewer: Viewer, partner: str, ceiling: Tlp) -> Organisation:
        """Change up to which marking a hub reads here."""
        found = self._members.organisation_called(partner)
        self._members.agree(found.id, ceiling, author=author_of(viewer))
        return found

    # -- for another hub ---------------------------------------------------------------------------------------------

    def about(self, viewer: Viewer, root: str, collection: str, ask: Ask) -> list[Behind]:
        """Say what stands behind a page of objects. NotFound as TAXII says it."""
        place = self._taxii.place(viewer, root, collection)
        return [Behind(oid, entry.contribution, _hops(entry), gone)
                for oid, entry, gone in self._taxii.behind_page(place, ask)]  # fmt: skip

    def withdrawn(self, viewer: Viewer, cursor: str) -> tuple[list[Withdrawn], str, bool]:
        """Return what was withdrawn after a cursor of what the hub may read, the next cursor, whether there is more.

        Without a cursor nothing, and the cursor of now. Raises Gone where it is of another epoch.
        """
        _, _, epoch = self._record.head()
        # The position first: what is recalled meanwhile comes with the next poll.
        position = self._position()
        if not cursor:
            return [], self._seal.cursor(position, 0, epoch), False
        opened = self._seal.open_cursor(cursor)
        if opened is None or opened[1] != 0 or opened[2] != epoch & 0xFFFF:
            raise Gone("the cursor is not one of this hub's", hint="Begin again without a cursor.")
        audiences = frozenset(self._record.visible_to(viewer))
        told: list[Withdrawn] = []
        after, looked = opened[0], 0
        while len(told) < MOST_RECALLS and looked < MOST_LOOKED_AT:
            found = [seq for seq, _ in self._intake.recalls_after(after, MOST_RECALLS) if seq <= position]
            if not found:
                return told, self._seal.cursor(max(position, after), 0, epoch), False
            looked += len(found)
            for entry in self._record.read_many(found):
                after = max(after, entry.seq)
                if entry.audience in audiences and entry.payload is not None:
                    told.append(self._told(entry, msgspec.json.decode(entry.payload.body, type=Recall)))
        return told, self._seal.cursor(after, 0, epoch), True

    def _told(self, entry: Entry, recall: Recall) -> Withdrawn:
        items = self._intake.items_of(recall.first, recall.last, entry.audience)
        return Withdrawn(recall.contribution, tuple(dict.fromkeys(oid for item in items if (oid := _oid(item)))))


def _hops(entry: Entry) -> tuple[str, ...]:
    said = entry.payload.meta.get("hops") if entry.payload is not None else None
    return tuple(str(hop) for hop in said) if isinstance(said, (list, tuple)) else ()


def _oid(item: Entry) -> str:
    """Return the id under which the TAXII door shows an item, "" for none."""
    if item.payload is None:
        return ""
    if item.kind == "stix":
        return item.payload.subject
    named = name_of(item, extract_entry(item))
    return named[0] if named else ""
