"""The library: finds what is known, keeps the hub's switches, looks values up on the enabled lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from threading import Lock
from typing import Any, Protocol

import msgspec

from fusioncell.exchange.misp.keep import Keep, Kept
from fusioncell.exchange.misp.library.decay import MODELS, DecayModel, Fading, NumberOf, base_score
from fusioncell.exchange.misp.library.model import STANDARD_TAXONOMIES, MachineTag, Warned
from fusioncell.exchange.misp.library.pack import Arrays, Pack
from fusioncell.exchange.misp.library.pattern import whole
from fusioncell.fusion import Hit
from fusioncell.intake import observables_of
from fusioncell.kernel.clock import SECOND, Clock
from fusioncell.kernel.errors import NotFound
from fusioncell.kernel.observable import Observable, guess
from fusioncell.kernel.value import BadValue

FEW = 16
"""Below so many values, one look-up each is cheaper than the columns of a batch."""


class Known(Protocol):
    """The compiled known-good lists (``fusion.knowngood``)."""

    def hits(self, observable: Observable) -> tuple[Hit, ...]:
        """Return every list that a value meets."""
        ...

    def batch_hits(self, observables: Sequence[Observable]) -> list[tuple[Hit, ...]]:
        """Return the same for many values."""
        ...


class Remembered:
    """The kept things of one model, read anew when something was changed here, and every second all the same."""

    def __init__(self, keep: Keep, clock: Clock, model: str) -> None:
        self.keep, self.model = keep, model
        self._clock = clock
        self._read_at: int | None = None
        self._by_key: dict[str, Kept] = {}
        self._by_number: dict[int, Kept] = {}

    def all(self) -> dict[str, Kept]:
        """Return all, by key, in order of their numbers."""
        now = self._clock.now()
        if self._read_at is None or not 0 <= now - self._read_at < SECOND:
            found = self.keep.all(self.model)
            self._by_key = {each.key: each for each in found}
            self._by_number = {each.number: each for each in found}
            self._read_at = now
        return self._by_key

    def numbered(self, number: int) -> Kept | None:
        """Return the thing with this number."""
        self.all()
        return self._by_number.get(number)

    def changed(self) -> None:
        """Read anew at the next look: something was written."""
        self._read_at = None


class Switches:
    """What is on and what is off, for the whole hub."""

    def __init__(self, keep: Keep, clock: Clock) -> None:
        self._known = Remembered(keep, clock, "Switch")

    def is_on(self, name: str, default: bool = False) -> bool:
        """Tell whether a switch is on; ``default`` until someone sets it."""
        kept = self._known.all().get(name)
        return bool(kept.body["on"]) if kept else default

    def state(self) -> object:
        """Return an object that stays the same one until a switch may have changed."""
        return self._known.all()

    def names(self, prefix: str) -> list[str]:
        """Return what was ever switched, of one kind, without the prefix."""
        return [name.removeprefix(prefix) for name in self._known.all() if name.startswith(prefix)]

    def set(self, name: str, on: bool) -> None:
        """Put a switch on or off."""
        self._known.keep.put(self._known.model, name, {"on": on})
        self._known.changed()


class Library:
    """MISP's common knowledge. ``open_pack`` is called at the first question: it may compile for a second."""

    def __init__(
        self, open_pack: Callable[[], Arrays], keep: Keep, clock: Clock, known: Known,
        list_file: Callable[[str], bytes],
    ) -> None:  # fmt: skip
        self._open, self._known, self._list_file = open_pack, known, list_file
        self._pack: Pack | None = None
        self._lock = Lock()
        self.keep, self.clock = keep, clock
        self.switches = Switches(keep, clock)
        self.value_of: NumberOf = self.number_of
        """A tag's numerical value, as the hub has it; joined in ``bootstrap`` with the hub's own definitions."""
        self._on: tuple[object, dict[str, int]] = (None, {})
        self._heads: tuple[dict[str, Any], ...] = ()
        self.machine_tag = lru_cache(maxsize=4096)(self._machine_tag)

    @property
    def pack(self) -> Pack:
        """The compiled knowledge, opened at the first look."""
        with self._lock:
            if self._pack is None:
                self._pack = Pack(self._open())
            return self._pack

    # taxonomies

    def taxonomy(self, given: str) -> int:
        """Return the place of a taxonomy by number or namespace. NotFound."""
        if 1 <= (number := whole(given)) <= self.pack.count("taxonomy"):
            return number - 1
        found = self.pack.find("taxonomy", "name", given)
        if not found:
            raise NotFound("Invalid taxonomy.")
        return found[0]

    def taxonomy_on(self, place: int) -> bool:
        """Tell whether a taxonomy is enabled."""
        namespace = self.pack.taxonomy(place)[0]["namespace"]
        return self.switches.is_on(f"taxonomy:{namespace}", namespace in STANDARD_TAXONOMIES)

    def enabled_taxonomies(self) -> list[int]:
        """Return the places of the enabled taxonomies."""
        named = [self.pack.find("taxonomy", "name", name) for name in sorted(STANDARD_TAXONOMIES)]
        standard = {place for places in named for place in places}
        switched = {
            place for name in self.switches.names("taxonomy:") for place in self.pack.find("taxonomy", "name", name)
        }
        return sorted(place for place in standard | switched if self.taxonomy_on(place))

    def _machine_tag(self, tag: str) -> MachineTag | None:
        """Return a tag that stands in a taxonomy, enabled or not."""
        found = self.pack.entry_of_tag(tag)
        return MachineTag(*found) if found else None

    def number_of(self, tag: str) -> float | None:
        """Return a tag's numerical value in its taxonomy, for decay scores."""
        known = self.machine_tag(tag)
        value = known.entry["numerical_value"] if known else None
        return float(value) if isinstance(value, int | float) else None

    # warninglists

    def lists(self) -> tuple[dict[str, Any], ...]:
        """Return the heads of all warninglists: folder, name, type, description, version, entries, types."""
        if not self._heads:
            pack = self.pack
            self._heads = tuple(pack.document("warninglist", at) for at in range(pack.count("warninglist")))
        return self._heads

    def list_on(self, place: int) -> bool:
        """Tell whether a warninglist is enabled; none is until someone enables it, as in a new MISP."""
        return self.switches.is_on(f"warninglist:{self.lists()[place]['folder']}")

    def list_entries(self, place: int) -> list[str]:
        """Return the entries of one warninglist, read from its file (the largest holds a million)."""
        body = self._list_file(self.lists()[place]["folder"])
        return msgspec.json.decode(body, type=_Entries, strict=False).entries

    def warnings_of(self, misp_type: str, value: str) -> list[Warned]:
        """Return the enabled warninglists that an attribute's value stands on."""
        return self.warnings_of_many([(misp_type, value)])[0]

    def warnings_of_many(self, values: Sequence[tuple[str, str]]) -> list[list[Warned]]:
        """Return, for each (type, value), the enabled warninglists that it stands on and that speak of its type."""
        on = self._enabled_lists()
        found: list[list[Warned]] = [[] for _ in values]
        if not on:
            return found
        owners: list[int] = []
        observables: list[Observable] = []
        for at, (misp_type, value) in enumerate(values):
            for observable in _observables(misp_type, value):
                owners.append(at)
                observables.append(observable)
        look = self._known
        met = [look.hits(one) for one in observables] if len(observables) < FEW else look.batch_hits(observables)
        for at, hits in zip(owners, met, strict=True):
            for hit in hits:
                place = on.get(hit.list)
                if place is not None and self._speaks_of(place, values[at][0]):
                    found[at].append(self._warned(place, hit))
        return found

    def check_value(self, value: str) -> list[Warned]:
        """Return the enabled warninglists that a bare value stands on, whatever type it is."""
        observable = guess(value)
        on = self._enabled_lists()
        if observable is None or not on:
            return []
        return [self._warned(on[hit.list], hit) for hit in self._known.hits(observable) if hit.list in on]

    def _enabled_lists(self) -> dict[str, int]:
        """Return folder → place of the enabled lists, worked out anew where a switch was set."""
        state = self.switches.state()
        if self._on[0] is not state:
            any_on = any(self.switches.is_on(f"warninglist:{name}") for name in self.switches.names("warninglist:"))
            lists = enumerate(self.lists()) if any_on else ()
            self._on = (state, {head["folder"]: at for at, head in lists if self.list_on(at)})
        return self._on[1]

    def _speaks_of(self, place: int, misp_type: str) -> bool:
        types = self.lists()[place]["matching_attributes"]
        return not types or misp_type in types

    def _warned(self, place: int, hit: Hit) -> Warned:
        head = self.lists()[place]
        return Warned(place + 1, head["name"], head["category"], hit.value)

    # object templates and types

    def template(self, given: str) -> dict[str, Any] | None:
        """Return an object template by UUID, name or number, as MISP/misp-objects has it."""
        place = self.template_place(given)
        return None if place is None else self.pack.document("template", place)

    def template_place(self, given: str) -> int | None:
        """Return the place of an object template by UUID, name or number."""
        if 1 <= (number := whole(given)) <= self.pack.count("template"):
            return number - 1
        found = self.pack.find("template", "uuid", given) or self.pack.find("template", "name", given)
        return found[0] if found else None

    def describe_types(self) -> dict[str, Any]:
        """Return MISP's types, categories and their defaults, as ``describeTypes.json`` has them under ``result``."""
        result: dict[str, Any] = self.pack.document("types", 0)["result"]
        return result

    # decay

    def model_on(self, model: DecayModel) -> bool:
        """Tell whether a decay model is enabled."""
        return self.switches.is_on(f"model:{model.uuid}")

    def fading(
        self, misp_type: str, own_tags: Iterable[str], event_tags: Iterable[str], *, models: Iterable[str] = (),
        overrides: dict[str, float] | None = None,
    ) -> Fading:  # fmt: skip
        """Return how attributes of a type with these tags fade. ``models``: ids asked for; else the enabled ones."""
        asked, own, around = set(models), list(own_tags), list(event_tags)
        rated = []
        for number, model in enumerate(MODELS, 1):
            wanted = bool(asked & {str(number), model.uuid}) if asked else self.model_on(model)
            if wanted and misp_type in model.types:
                changed = _overridden(model, overrides or {})
                rated.append((str(number), changed, base_score(changed, own, around, self.value_of)))
        return Fading(self.clock.now() // SECOND, tuple(rated))


class _Entries(msgspec.Struct):
    entries: list[str] = msgspec.field(name="list")


def _overridden(model: DecayModel, overrides: dict[str, float]) -> DecayModel:
    names = {"lifetime": "lifetime", "tau": "lifetime", "decay_speed": "speed", "delta": "speed",
             "threshold": "threshold", "default_base_score": "base"}  # fmt: skip
    changes = {names[name]: float(value) for name, value in overrides.items() if name in names}
    if not changes:
        return model
    fields = {name: getattr(model, name) for name in DecayModel.__slots__} | changes
    return DecayModel(**fields)


def _observables(misp_type: str, value: str) -> list[Observable]:
    try:
        return observables_of(misp_type, value)
    except BadValue:
        return []
