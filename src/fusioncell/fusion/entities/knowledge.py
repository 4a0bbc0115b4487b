"""What the installed galaxies know of entities: names, ATT&CK ids, techniques and tactics. Asked lazily. Pure.

The galaxies stand in a compiled, memory-mapped block (MISP's, which ``make setup`` compiles); here is a small index of
those that are entities, made at the first question: some 10,000 of the 45,000 clusters, a few megabytes. Nothing of
ATT&CK is retyped: names, tactics and their order are the galaxies' own.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import msgspec

from fusioncell.fusion.entities.model import Kind, Known, Technique
from fusioncell.fusion.entities.refer import fold


class Block(Protocol):
    """The galaxies' compiled block, as far as entities ask it."""

    galaxies: tuple[dict[str, Any], ...]
    """Each with ``type``, ``first`` and ``count`` of its clusters, ``kill_chain_order``."""

    def raw(self, section: str, place: int) -> bytes:
        """Return a document's JSON."""
        ...


GALAXIES: dict[str, Kind] = {
    "mitre-intrusion-set": Kind.ACTOR, "threat-actor": Kind.ACTOR, "microsoft-activity-group": Kind.ACTOR,
    "360net-threat-actor": Kind.ACTOR, "mitre-ics-groups": Kind.ACTOR,
    "mitre-malware": Kind.MALWARE, "malpedia": Kind.MALWARE, "ransomware": Kind.MALWARE, "rat": Kind.MALWARE,
    "botnet": Kind.MALWARE, "banker": Kind.MALWARE, "backdoor": Kind.MALWARE, "stealer": Kind.MALWARE,
    "cryptominers": Kind.MALWARE, "android": Kind.MALWARE, "mitre-ics-software": Kind.MALWARE,
    "exploit-kit": Kind.TOOL, "mitre-tool": Kind.TOOL, "tool": Kind.TOOL, "tds": Kind.TOOL,
    "mitre-attack-pattern": Kind.TECHNIQUE, "mitre-ics-techniques": Kind.TECHNIQUE,
    "campaigns": Kind.CAMPAIGN, "branded-vulnerability": Kind.VULNERABILITY,
}  # fmt: skip
"""Type of galaxy → what its clusters are. The first one of a kind goes before the others where they share a name."""

ENTERPRISE, ICS = "enterprise", "ics"
_PLATFORMS = ("attack-PRE", "attack-Windows")
"""Orders of the enterprise matrix's columns that together name each tactic once."""
_ENDS_WITH_ID = re.compile(r"\s+-\s+[GSCT]\d{3,4}(?:\.\d{3})?\Z")
_OLD_ICS = re.compile(r"T(\d{3})\Z")
_MAX_ALIASES = 100
_HEAD = 200
"""Characters of a description in which ATT&CK says that a technique is deprecated."""


class _Meta(msgspec.Struct, frozen=True, gc=False):
    synonyms: list[Any] | str = []
    aliases: list[Any] = []
    external_id: str | None = None
    kill_chain: list[str] = []
    tactic: list[str] = msgspec.field(name="Tactic", default_factory=list)
    technique: list[str] = msgspec.field(name="Technique ID", default_factory=list)


class _Cluster(msgspec.Struct, gc=False):
    uuid: str
    value: str
    meta: _Meta = _Meta()


class _Related(msgspec.Struct, gc=False):
    dest: str = msgspec.field(name="dest-uuid", default="")
    type: str = ""


class _More(msgspec.Struct, frozen=True, gc=False):
    refs: list[Any] | str = []


class _Whole(msgspec.Struct, gc=False):
    description: str = ""
    related: list[_Related] = []
    meta: _More = _More()


_cluster = msgspec.json.Decoder(_Cluster, strict=False).decode
_whole = msgspec.json.Decoder(_Whole, strict=False).decode


def bare_name(value: str) -> str:
    """Return a cluster's value without the ATT&CK id that MISP puts behind it."""
    return _ENDS_WITH_ID.sub("", value)


def ics_number(text: str) -> str:
    """Return ATT&CK's id of an ICS technique: the galaxy has those of before version 8, ``T800`` for ``T0800``."""
    return _OLD_ICS.sub(r"T0\1", text)


class Index:
    """The entities of the galaxies, by all that they are found by."""

    def __init__(self, block: Block) -> None:
        self.all: list[Known] = []
        self.by_id: dict[str, Known] = {}
        self.by_external: dict[str, Known] = {}
        self.by_tag: dict[str, Known] = {}
        self.by_name: dict[str, list[Known]] = {}
        self.tactics = tuple(_tactics(block))
        named = [_cluster(block.raw("cluster", place)).value for galaxy in block.galaxies
                 if galaxy["type"] == "mitre-ics-tactics"
                 for place in range(galaxy["first"], galaxy["first"] + galaxy["count"])]  # fmt: skip
        self.ics_tactics = {*self.tactics, *(fold(name).replace(" ", "-") for name in named)}
        kinds = {kind: rank for rank, kind in enumerate(GALAXIES)}
        galaxies = [galaxy for galaxy in block.galaxies if galaxy["type"] in GALAXIES and "first" in galaxy]
        for galaxy in sorted(galaxies, key=lambda one: kinds[one["type"]]):
            for place in range(galaxy["first"], galaxy["first"] + galaxy["count"]):
                self._take(galaxy["type"], place, _cluster(block.raw("cluster", place)))

    def _take(self, galaxy: str, place: int, cluster: _Cluster) -> None:
        meta = cluster.meta
        synonyms = meta.synonyms if isinstance(meta.synonyms, list) else [meta.synonyms]
        called = [bare_name(cluster.value), *(each for each in (*synonyms, *meta.aliases) if isinstance(each, str))]
        names: dict[str, str] = {}
        for name in called[:_MAX_ALIASES]:
            names.setdefault(fold(name), " ".join(name.split()))
        names.pop("", None)
        external = meta.external_id or next(map(ics_number, meta.technique), "")
        phases = meta.kill_chain or [f"mitre-ics-attack:{each}" for each in self._ics_tactics(meta.tactic)]
        known = Known(cluster.uuid.lower(), GALAXIES[galaxy], tuple(names.values()), galaxy, external, tuple(phases),
                      place)  # fmt: skip
        if known.id in self.by_id or not names:
            return
        self.all.append(known)
        self.by_id[known.id] = known
        self.by_tag[f"{galaxy}={fold(cluster.value)}"] = known
        if external:
            self.by_external.setdefault(external, known)
        for name in names:
            self.by_name.setdefault(name, []).append(known)


    def _ics_tactics(self, texts: Sequence[str]) -> list[str]:
        """Find the tactics in what the galaxy has as free text (``Evasion, Impair Process Control``)."""
        text = "-".join(re.findall(r"[a-z]+", " ".join(texts).lower()))
        found = []
        for tactic in sorted(self.ics_tactics, key=len, reverse=True):
            if re.search(rf"(?:\A|-){tactic}(?:-|\Z)", text):
                found.append(tactic)
                text = text.replace(tactic, " ")
        return sorted(found)


def _tactics(block: Block) -> Iterable[str]:
    """Yield the enterprise tactics in the order of the galaxy's matrix."""
    for galaxy in block.galaxies:
        if galaxy["type"] == "mitre-attack-pattern":
            orders: dict[str, Sequence[str]] = galaxy.get("kill_chain_order", {})
            yield from dict.fromkeys(tactic for platform in _PLATFORMS for tactic in orders.get(platform, ()))


class Knowledge:
    """The galaxies, asked for entities. ``open_block`` is called at the first question; it may compile for a second."""

    def __init__(self, open_block: Callable[[], Block]) -> None:
        self._open = open_block
        self._lock = threading.Lock()
        self._made: tuple[Block, Index] | None = None
        self._techniques: dict[str, tuple[Technique, ...]] = {}

    def _pair(self) -> tuple[Block, Index]:
        with self._lock:
            if self._made is None:
                block = self._open()
                self._made = block, Index(block)
            return self._made

    @property
    def index(self) -> Index:
        """Return the index, making it where this is the first question."""
        return self._pair()[1]

    def find(self, ref: str) -> Known | None:
        """Return the entity that an id or a certain reference means (not a name: several may go by one)."""
        index = self.index
        found = index.by_id.get(ref) or index.by_external.get(ref)
        return found or index.by_tag.get(ref)

    def called(self, name: str) -> list[Known]:
        """Return the entities that go by a name."""
        return self.index.by_name.get(fold(name), [])

    def certain_names(self, known: Known) -> tuple[str, ...]:
        """Return the folded names that mean this entity and, of the same galaxy or by an alias, no other."""
        found = []
        for place, name in enumerate(known.names):
            others = [one for one in self.called(name) if one.id != known.id]
            own = place == 0 and all(one.galaxy != known.galaxy for one in others)
            if not others or own:
                found.append(fold(name))
        return tuple(found)

    def refs(self, known: Known) -> tuple[str, ...]:
        """Return all by what contributions certainly refer to an entity."""
        value = known.names[0]
        found = [known.id, f"{known.galaxy}={fold(value)}"]
        if known.external:
            found.append(known.external)
            found.append(f"{known.galaxy}={fold(value)} - {known.external.lower()}")
        found += [name.upper() for name in known.names if name.upper().startswith("CVE-")]
        found += [f"~{name}" for name in self.certain_names(known) if len(name) > 3]
        return tuple(dict.fromkeys(found))

    def description(self, known: Known) -> tuple[str, tuple[str, ...]]:
        """Return what the galaxy says of an entity, and the addresses that it cites."""
        whole = self._whole_of(known)
        refs = whole.meta.refs if isinstance(whole.meta.refs, list) else [whole.meta.refs]
        return whole.description, tuple(each for each in refs if isinstance(each, str) and each.startswith("http"))

    def related(self, known: Known) -> list[tuple[str, str]]:
        """Return (UUID, type of relation) of what the galaxy says that an entity is related to."""
        return [(each.dest.lower(), each.type) for each in self._whole_of(known).related if each.dest]

    def techniques_of(self, known: Known) -> frozenset[str]:
        """Return the ATT&CK ids of the techniques that the galaxy says an entity uses."""
        index = self.index
        found = (index.by_id.get(dest) for dest, type in self.related(known) if type == "uses")
        return frozenset(one.external for one in found if one is not None and one.kind is Kind.TECHNIQUE)

    def _whole_of(self, known: Known) -> _Whole:
        if known.place < 0:
            return _Whole()
        whole: _Whole = _whole(self._pair()[0].raw("cluster", known.place))
        return whole

    # -- ATT&CK ------------------------------------------------------------------------------------------------------

    def technique(self, number: str) -> Technique | None:
        """Return an ATT&CK technique by its id, ``T1566.001``; None where the galaxies have none. The one look-up."""
        known = self.index.by_external.get(number)
        if known is None or known.kind is not Kind.TECHNIQUE:
            return None
        parent = number.partition(".")[0] if "." in number else ""
        above = self.index.by_external.get(parent) if parent else None
        return Technique(number, known.id, f"{above.name}: {known.name}" if above else known.name, parent,
                         known.tactics)  # fmt: skip

    def techniques(self, domain: str) -> tuple[Technique, ...]:
        """Return the techniques of a domain (``enterprise`` or ``ics``) that still hold, by name."""
        held = self._techniques.get(domain)
        if held is None:
            held = self._techniques[domain] = tuple(self._of_domain(domain))
        return held

    def _holds(self, known: Known) -> bool:
        """Tell whether a technique is neither revoked nor deprecated."""
        whole = self._whole_of(known)
        old = any(each.type == "revoked-by" for each in whole.related)
        return not old and "deprecated" not in whole.description[:_HEAD].lower()

    def _of_domain(self, domain: str) -> list[Technique]:
        begins = "mitre-ics-attack:" if domain == ICS else "attack-"
        found = [
            msgspec.structs.replace(one, tactics=phases)
            for known in self.index.all
            if known.kind is Kind.TECHNIQUE
            and self.index.by_external[known.external] is known  # the galaxy gives a few ids twice
            and (phases := tuple(dict.fromkeys(p.partition(":")[2] for p in known.tactics if p.startswith(begins))))
            and (one := self.technique(known.external)) is not None
            and self._holds(known)
        ]
        return sorted(found, key=lambda one: (one.name.lower(), one.id))

    @property
    def tactics(self) -> tuple[str, ...]:
        """Return the enterprise tactics in the order of the galaxy's matrix."""
        return self.index.tactics

    def in_order(self, tactics: Iterable[str]) -> list[str]:
        """Order tactics as the enterprise matrix does; those that it lacks come before the last, ``impact``."""
        order = {name: at for at, name in enumerate(self.tactics)}
        last = max(order.values(), default=0)

        def place(tactic: str) -> tuple[float, str]:
            like = order.get(tactic, next((at for name, at in order.items() if name.endswith(f"-{tactic}")), None))
            return (last - 0.5 if like is None else like, tactic)

        return sorted(set(tactics), key=place)
