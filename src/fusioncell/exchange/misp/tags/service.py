"""Define, change and find tags; say how one looks and who may set it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fusioncell.exchange.misp import Caller, MispRefused, Numbers, value_hash
from fusioncell.exchange.misp.keep import Keep
from fusioncell.exchange.misp.library import Library, Remembered, whole
from fusioncell.exchange.misp.tags import store
from fusioncell.exchange.misp.tags.model import (
    CLUSTER_TAGS,
    MAX_NAME,
    OTHER_TAGS,
    Definition,
    Organisations,
    changed,
    colour_of,
    definition_of,
    other_number,
    truth,
)
from fusioncell.kernel.clock import Clock
from fusioncell.kernel.errors import Conflict, NotFound
from fusioncell.kernel.ports import Database

MODEL = "Tag"
GALAXY = "misp-galaxy:"
Counts = tuple[int, int]
"""On how many events, on how many attributes."""


class Tags:
    """Tags as a caller may know them. ``audiences``: what of the content a caller sees."""

    def __init__(
        self, *, library: Library, keep: Keep, clock: Clock, numbers: Numbers, people: Organisations,
        projections: Database, audiences: Callable[[Caller], frozenset[int]],
    ) -> None:  # fmt: skip
        self.library = library
        self._keep, self._numbers, self._people = keep, numbers, people
        self._projections, self._audiences = projections, audiences
        self._known = Remembered(keep, clock, MODEL)
        self.closed = False
        """Whether only those who may edit tags make new ones, as in a stock MISP (PyMISP's suite)."""

    # how a tag looks

    def shown(self, caller: Caller, name: str) -> dict[str, Any]:
        """Return a tag as MISP shows it."""
        defined = self.definition(name)
        known = self.library.machine_tag(name)
        entry: Mapping[str, Any] = known.entry if known else {}
        value = defined.numerical_value if defined and defined.numerical_value is not None else entry.get(
            "numerical_value")  # fmt: skip
        colour = defined.colour if defined else entry.get("colour") or colour_of(name)
        return {
            "id": str(self._numbers.out(caller.org, self.number_of(name))), "name": defined.name if defined else name,
            "colour": colour, "exportable": defined.exportable if defined else True,
            "org_id": self._people.organisation(caller, defined.org)["id"] if defined and defined.org else "0",
            "user_id": str(self._numbers.out(caller.org, defined.user)) if defined and defined.user else "0",
            "hide_tag": bool(defined and defined.hide), "numerical_value": None if value is None else str(value),
            "is_galaxy": name.startswith(GALAXY), "is_custom_galaxy": False,
            "local_only": bool(defined and defined.local_only),
        }  # fmt: skip

    def tag(self, caller: Caller, name: str) -> dict[str, Any] | None:
        """Return a tag as it stands inside an event; None for one that is not exported."""
        defined = self.definition(name)
        return None if defined and not defined.exportable else self.shown(caller, name)

    def value_of(self, name: str) -> float | None:
        """Return a tag's numerical value: the hub's own, else its taxonomy's."""
        defined = self.definition(name)
        if defined and defined.numerical_value is not None:
            return float(defined.numerical_value)
        return self.library.number_of(name)

    def definition(self, name: str) -> Definition | None:
        """Return what the hub says of a tag, None where it says nothing."""
        kept = self._known.all().get(name[:MAX_NAME].lower())
        return definition_of(kept.body) if kept else None

    # which tags there are

    def number_of(self, name: str) -> int:
        """Return the inner number of a tag: its definition's, its taxonomy's, its cluster's, else one of its name."""
        defined = self.definition(name)
        if defined:
            return defined.number
        known = self.library.machine_tag(name)
        if known:
            return known.number + 1
        place = self.library.pack.cluster_of_tag(name) if name.startswith(GALAXY) else None
        return other_number(name) if place is None else CLUSTER_TAGS + place

    def in_use(self, caller: Caller) -> dict[str, Counts]:
        """Return the tags on content that the caller sees, in order, with their counts."""
        with self._projections.read() as connection:
            rows = store.in_use(connection, self._audiences(caller))
        return {row[0]: (row[1], row[2]) for row in sorted(rows)}

    def counts(self, caller: Caller, name: str) -> Counts:
        """Return on how much content that the caller sees a tag stands."""
        with self._projections.read() as connection:
            rows = store.in_use(connection, self._audiences(caller), value_hash(name))
        return sum(row[1] for row in rows), sum(row[2] for row in rows)

    def all(self, caller: Caller) -> dict[str, Counts]:
        """Return every tag that exists for the caller, by name in order, with its counts."""
        found: dict[str, tuple[str, Counts]] = {
            definition_of(kept.body).name.lower(): (definition_of(kept.body).name, (0, 0))
            for kept in self._known.all().values()
        }
        for place in self.library.enabled_taxonomies():
            for _, entry in self.library.pack.taxonomy(place)[1].values():
                found.setdefault(entry["tag"].lower(), (entry["tag"], (0, 0)))
        for name, counts in self.in_use(caller).items():
            standing = found.get(name.lower(), (name, (0, 0)))
            found[name.lower()] = (standing[0], (standing[1][0] + counts[0], standing[1][1] + counts[1]))
        return {name: counts for _, (name, counts) in sorted(found.items())}

    def exists(self, caller: Caller, name: str) -> bool:
        """Tell whether a tag exists for the caller."""
        known = self.library.machine_tag(name)
        if self.definition(name) or (known and self.library.taxonomy_on(known.taxonomy)):
            return True
        return any(self.counts(caller, name))

    def tag_name(self, caller: Caller, given: str) -> str | None:
        """Return the name of a tag given by MISP id or by name; None where there is none."""
        if not whole(given):
            return given if given and len(given) <= MAX_NAME else None
        try:
            number = self._numbers.back(caller.org, given)
        except NotFound:
            return None
        return self._named(caller, number)

    def _named(self, caller: Caller, number: int) -> str | None:
        for kept in self._known.all().values():
            if kept.body["number"] == number:
                return str(kept.body["name"])
        if number < CLUSTER_TAGS:
            return self.library.pack.tag_numbered(number - 1)
        if number < OTHER_TAGS:
            return self.library.pack.tag_of_cluster(number - CLUSTER_TAGS)
        return next((name for name in self.in_use(caller) if self.number_of(name) == number), None)

    # who may set it

    def use_tag(self, caller: Caller, given: Mapping[str, Any]) -> str:
        """Return the name under which the caller may attach a tag, "" for none.

        Whoever may contribute may use a new name: whether others use it already is nobody's business. Raises
        MispRefused for a tag that is another organisation's or person's, or local only.
        """
        name = str(given.get("name") or "").strip()
        defined = self.definition(name)
        if not name or len(name) > MAX_NAME:
            return ""
        if defined is None:
            if not self.closed:
                return name
            # As a stock MISP does: who may edit tags makes them by using them, and nobody else.
            may_make = caller.site_admin or caller.role.may("perm_tag_editor")
            return self.define(caller, {"name": name}) if may_make else ""
        if not caller.site_admin and defined.org not in ("", caller.org):
            raise _refused("Invalid Tag. This tag can only be set by a fixed organisation.")
        if not caller.site_admin and defined.user not in (0, caller.user):
            raise _refused("Invalid Tag. This tag can only be set by a fixed user.")
        if defined.local_only and not truth(given.get("local", False)):
            raise _refused("Invalid Tag. This tag can only be set as a local tag.")
        return defined.name

    # definitions

    def define(self, caller: Caller, fields: Mapping[str, Any]) -> str:
        """Define a tag, or find it as it stands; return its name."""
        name = str(fields.get("name") or "").strip()
        if self.definition(name) is None:
            made = changed(Definition(name, self.number_of(name), colour_of(name)), fields)
            self._put(self._owned(caller, made, fields))
        return name

    def redefine(self, caller: Caller, name: str, fields: Mapping[str, Any]) -> str:
        """Change what is said of a tag, its name too; return the name. What stands on content keeps the old name."""
        standing = self.definition(name)
        number = self.number_of(name)
        base = standing or Definition(name, number, self.shown(caller, name)["colour"])
        made = self._owned(caller, changed(base, fields), fields)
        if made.name.lower() != name.lower() and self.definition(made.name):
            raise MispRefused(405, "Could not add the Tag. [name]: A similar name already exists.")
        if standing and made.name.lower() != name.lower():
            self.undefine(name)
        self._put(made)
        return made.name

    def undefine(self, name: str) -> bool:
        """Forget what is said of a tag; False where nothing was."""
        kept = self._known.all().get(name[:MAX_NAME].lower())
        gone = kept is not None and self._keep.drop(MODEL, kept.number)
        self._known.changed()
        return gone

    def _owned(self, caller: Caller, made: Definition, fields: Mapping[str, Any]) -> Definition:
        """Take over who alone may set the tag, from MISP's ids."""
        body = made.body()
        if "org_id" in fields:
            given = str(fields["org_id"] or "0")
            body["org"] = "" if given == "0" else self._people.find_organisation(caller, given)
            if body["org"] is None:
                raise MispRefused(404, "Invalid organisation")
        if "user_id" in fields:
            given = str(fields["user_id"] or "0")
            body["user"] = 0 if given == "0" else self._numbers.back(caller.org, given)
        return definition_of(body)

    def _put(self, made: Definition) -> None:
        try:
            self._keep.put(MODEL, made.name.lower(), made.body())
        except Conflict:
            raise MispRefused(405, "Could not add the Tag. [name]: A similar name already exists.") from None
        finally:
            self._known.changed()

    def taxonomy_of(self, names: Iterable[str]) -> dict[str, int]:
        """Return the enabled taxonomy that each of the tags stands in, where it does."""
        known = {name: self.library.machine_tag(name) for name in names}
        return {name: tag.taxonomy for name, tag in known.items() if tag and self.library.taxonomy_on(tag.taxonomy)}


def _refused(why: str) -> MispRefused:
    """Refuse a tag: clients read the reason in the errors."""
    return MispRefused(403, why, why)
