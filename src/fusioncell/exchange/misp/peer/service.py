"""The hub as a MISP's peer: keeps what a pull brought, and gives what a push sends. One for each feed.

1. What was pulled is contributed by the feed's own organisation, each thing with its exact fields but for levels, local
   tags and numbers of the other instance. Its readers are the strictest that its levels and tags mean; a level of the
   other MISP's own organisation or group means the organisation that answers for the feed.
2. A pull gives the whole of an event as the feed's user sees it there: what is not in it any more was narrowed or
   deleted for good, and is withdrawn here.
3. What is pushed is published, within the agreement's ceiling, and did not come from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from fusioncell.exchange.misp import Caller, Document, Put, firsts
from fusioncell.exchange.misp.content.check import plain
from fusioncell.exchange.misp.content.take import Body, is_uuid, second_of
from fusioncell.exchange.misp.gather import ANALYST
from fusioncell.exchange.misp.model import ATTRIBUTE, EVENT, KINDS, View
from fusioncell.exchange.misp.peer.step_down import pulled, pushed
from fusioncell.exchange.misp.ports import names_of
from fusioncell.exchange.misp.restrict import ALL, CONNECTED, GROUP, INHERIT, OWN, Level, audience_of
from fusioncell.exchange.misp.said.service import PROPOSAL, SIGHTING
from fusioncell.exchange.misp.service import Find
from fusioncell.exchange.misp.sync import Sync
from fusioncell.intake import split_body
from fusioncell.intake.model import Item, Limits
from fusioncell.kernel.clock import SECOND
from fusioncell.kernel.marking import Audience, Tlp, audience_for, org

MODELS = {kind: model for model, kind in KINDS.items()}
PUSHED = (CONNECTED, ALL, INHERIT)
MOST_PUSHED = 500
"""Events that one round pushes; the rest follow with the next."""
Receive = Callable[[Caller, Iterable[Any]], tuple[int, int]]
Versions = Callable[[Caller], Mapping[str, int]]


class _Marks(msgspec.Struct):
    """What of a thing says who reads it."""

    distribution: str | int | None = None
    Tag: list[dict[str, Any]] | None = None

    def level(self, missing: int) -> Level:
        """Return its level; of a group that only the other MISP knows nobody but the answering organisation reads."""
        text = str(self.distribution)
        return Level(int(text) if text in ("0", "1", "2", "3", "4", "5") else missing)


_MARKS = msgspec.json.Decoder(_Marks)
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Source:
    """A feed, as its peer needs it. ``owner``: the organisation that answers for it; ``groups``: readers of AMBER."""

    owner: str
    tlp: Tlp
    at_least: Tlp | None
    groups: tuple[str, ...]
    grade: str


class Peer:
    """One MISP's peer. ``caller``: the feed. ``receive``: takes clusters; ``clusters``: their versions."""

    def __init__(self, sync: Sync, caller: Caller, source: Source, limits: Limits, receive: Receive,
                 clusters: Versions) -> None:  # fmt: skip
        self._sync, self._core, self._caller, self._source = sync, sync.core, caller, source
        self._limits, self._receive, self._clusters = limits, receive, clusters

    # -- pulls ---------------------------------------------------------------------------------------------------------

    def known(self, asked: Mapping[str, int]) -> set[str]:
        """Return which events are here as new, or here from their own origin; as far as the feed sees."""
        return self._sync.known(self._caller, asked)

    def take_event(self, event: Mapping[str, Any]) -> tuple[int, int, str]:
        """Keep an event as it stands there now; return things kept, faults, and why it is refused, if it is."""
        body = pulled(event)
        _, split = split_body("application/misp+json", _encode({"Event": body}), "", self._limits)
        if not split.items or split.items[0].kind != KINDS[EVENT]:
            return 0, len(split.faults), split.faults[0].reason if split.faults else "there is no event in it"
        head = split.items[0]
        if refused := self._core.people.refuses(self._caller, head.subject, ""):
            return 0, 0, refused
        rows = [row for row in self._core.all_of(head.subject, self._caller.org) if row.model in MODELS.values()]
        of: dict[tuple[str, str], list[Document]] = {}
        for row in rows:
            of.setdefault((row.model, row.uuid), []).append(row)
        levels: dict[str, tuple[Level, list[str]]] = {}
        puts = [put for item in split.items if (put := self._put(item, head.subject, of, levels)) is not None]
        there = {(MODELS[item.kind], item.subject) for item in split.items}
        ends = [row for key, standing in of.items() if key not in there for row in standing]
        self._core.write(self._caller, puts, ends, title=split.title)
        reason = split.faults[0].reason if split.faults else ""
        return len(puts), len(split.faults), "" if puts or not reason else reason

    def _put(self, item: Item, event: str, of: Mapping[tuple[str, str], Sequence[Document]],
             levels: dict[str, tuple[Level, list[str]]]) -> Put | None:  # fmt: skip
        """Return the new version of a thing; None where it stands so already. ``levels``: of event and objects."""
        model, holder = MODELS[item.kind], plain(item.meta.get("object")) if item.kind == KINDS[ATTRIBUTE] else ""
        marks = _MARKS.decode(item.body)
        level = marks.level(ALL if model == EVENT else INHERIT)
        tags = names_of(marks.Tag or ())
        if model != ATTRIBUTE:
            levels[item.subject] = level, tags
        chain = [levels[uuid] for uuid in dict.fromkeys((event, holder, item.subject)) if uuid in levels]
        if model == ATTRIBUTE:
            chain.append((level, tags))
        audience = self.readers([one for one, _ in chain], [tag for _, names in chain for tag in names])
        standing = of.get((model, item.subject), ())
        if model != EVENT and len(standing) == 1 and standing[0].timestamp * SECOND >= item.version:
            if self._core.audience_named(standing[0].audience) == audience:
                return None
        meta = {**item.meta, "grade": self._source.grade} if self._source.grade else item.meta
        return Put(model, item.subject, {"timestamp": str(item.version // SECOND)}, audience, event=event,
                   object=holder, standing=tuple(standing), place=item.place, meta=meta, raw=item.body)  # fmt: skip

    def readers(self, levels: Sequence[Level], tags: Sequence[str]) -> Audience:
        """Return who reads something that was pulled; levels are stepped down already."""
        source = self._source
        made = audience_of(self._caller.org, levels, tags, default=source.tlp)
        if made.tlp is Tlp.RED:
            return made
        tlp = max((made.tlp, source.at_least or made.tlp), key=lambda one: one.strictness)
        if all(level.distribution in (CONNECTED, ALL, INHERIT) for level in levels):
            tlp = max((tlp, made.tlp if made.tlp is Tlp.CLEAR else source.tlp), key=lambda one: one.strictness)
        if tlp in (Tlp.CLEAR, Tlp.GREEN):
            return audience_for(tlp, own_org=self._caller.org)
        narrow = any(level.distribution in (OWN, GROUP) for level in levels)
        return audience_for(tlp, own_org=self._caller.org,
                            groups=[org(source.owner), *(() if narrow else source.groups)])

    def take_sightings(self, rows: Sequence[Any]) -> int:
        """Keep sightings that are not here yet, for the readers of what was seen; return how many."""
        of: dict[str, list[Body]] = {}
        for row in rows:
            one = row.get(SIGHTING, row) if isinstance(row, Mapping) else {}
            about = plain(one.get("attribute_uuid")).lower() if isinstance(one, Mapping) else ""
            if is_uuid(about):
                of.setdefault(about, []).append(dict(one))
        taken = 0
        targets = self._core.by_uuids(self._caller, of, ATTRIBUTE)
        for event in self._core.by_uuids(self._caller, {row.event for row in targets}, EVENT):
            mine = [one for row in targets if row.event == event.uuid for one in of[row.uuid]]
            taken += self._sync.take_sightings(self._caller, event, mine, shared=True)
        return taken

    def take_proposals(self, rows: Sequence[Any]) -> int:
        """Keep proposals to events that are here, each once; return how many."""
        puts = []
        for row in rows:
            one = row.get(PROPOSAL, row) if isinstance(row, Mapping) else None
            if not isinstance(one, Mapping) or not is_uuid(one.get("uuid")) or one.get("deleted") in (True, 1, "1"):
                continue
            event = next(iter(self._core.by_uuids(self._caller, [plain(one.get("event_uuid"))], EVENT)), None)
            # MISP gives a proposed change the uuid of what it would change.
            uuid = plain(one["uuid"]).lower()
            old = next(iter(self._core.by_uuids(self._caller, [uuid], ATTRIBUTE)), None)
            own = self._sync.made_uuid(f"{uuid}|{one.get('timestamp')}") if old is not None else uuid
            if event is None or self._core.by_uuids(self._caller, [own], PROPOSAL):
                continue
            body, errors = self._sync.content.types.take(
                {name: value for name, value in pulled(one).items() if name not in ("Tag", "distribution")})
            if errors:
                continue
            body |= {"uuid": own, "timestamp": plain(one.get("timestamp")), "deleted": False}
            puts.append(Put(PROPOSAL, own, body, self._sync.said.near(self._caller, event), event=event.uuid,
                            about=old.uuid if old is not None else ""))  # fmt: skip
        self._core.write(self._caller, puts, title="proposals")
        return len(puts)

    def wanted_notes(self, listed: Mapping[str, Any]) -> dict[str, list[str]]:
        """Return which notes are new or newer, by model."""
        return {model: list(found) for model, found in self._sync.wanted_notes(self._caller, listed).items() if found}

    def take_notes(self, rows: Sequence[Any]) -> int:
        """Keep notes, opinions and relationships, their levels stepped down; return how many."""
        taken = 0
        for row in rows:
            for model in ANALYST:
                one = row.get(model) if isinstance(row, Mapping) else None
                if isinstance(one, Mapping):
                    note = {"distribution": "0", **pulled(one)}
                    taken += self._sync.take_note(self._caller, {model: note})[0]
        return taken

    def wanted_clusters(self, listed: Sequence[Any]) -> list[str]:
        """Return which clusters are new or newer."""
        here, wanted = self._clusters(self._caller), []
        for row in listed:
            one = row.get("GalaxyCluster", row) if isinstance(row, Mapping) else {}
            uuid = plain(one.get("uuid")).lower() if isinstance(one, Mapping) else ""
            if is_uuid(uuid) and (second_of(one.get("version")) or 0) > here.get(uuid, -1):
                wanted.append(uuid)
        return wanted

    def take_clusters(self, rows: Sequence[Any]) -> int:
        """Keep members' clusters of a MISP, their levels stepped down; return how many."""
        return self._receive(self._caller, rows)[0]

    # -- pushes --------------------------------------------------------------------------------------------------------

    def _sees(self, ceiling: Tlp) -> Caller:
        return replace(self._caller, ceiling=ceiling)

    def outgoing(self, ceiling: Tlp, had: Mapping[str, int]) -> tuple[list[tuple[str, int]], list[str]]:
        """Return the events to push (uuid, timestamp), and those pushed before that may not be there any more."""
        caller = self._sees(ceiling)
        rows = self._core.find(caller, Find(models=(EVENT,), published=True, deleted=False))
        mine = {row.uuid: row for row in rows if row.org != self._caller.org and row.distribution in PUSHED}
        news = [(uuid, row.timestamp) for uuid, row in mine.items()
                if row.timestamp > max(had.get(_key(uuid), -1), had.get(uuid, -1))]  # fmt: skip
        before = [name[5:] for name, at in had.items() if name.startswith("push:") and at >= 0]
        standing = {row.uuid for row in self._core.by_uuids(caller, before, EVENT) if row.distribution in PUSHED}
        news.sort(key=lambda one: (one[1], one[0]))
        return news[:MOST_PUSHED], sorted(uuid for uuid in before if uuid not in standing)

    def sent(self, ceiling: Tlp, event: str) -> Body | None:
        """Return an event as it is sent; None where it does not leave."""
        caller = self._sees(ceiling)
        rows = [row for row in self._core.copies(caller, [event], EVENT) if row.org != self._caller.org]
        found = firsts(rows)
        if not found or not found[0].published:
            return None
        view = View(deleted=2, sightings=False, attachments=True, proposals=False, local_tags=False)
        shown = self._core.event_json(caller, found[0], view)
        if found[0].distribution == INHERIT:
            # It came by another door, with a marking and no level: its readers there are that community's.
            clear = self._core.audience_named(found[0].audience).tlp is Tlp.CLEAR
            made = pushed({**shown, "distribution": "3"})
            return made if made is None else {**made, "distribution": "3" if clear else "1"}
        return pushed(shown)

    def sent_sightings(self, ceiling: Tlp, had: Mapping[str, int]) -> dict[str, list[Body]]:
        """Return event → sightings to push: of events that are there, and not from there."""
        caller = self._sees(ceiling)
        rows = [row for row in self._core.find(caller, Find(models=(SIGHTING,), deleted=False))
                if row.org != self._caller.org and f"seen:{row.uuid}" not in had
                and max(had.get(_key(row.event), -1), had.get(row.event, -1)) >= 0]  # fmt: skip
        made: dict[str, list[Body]] = {}
        events = {row.uuid: row.event for row in rows}
        for one in self._sync.said.sightings_json(caller, rows[:10_000]):
            made.setdefault(events[one["uuid"]], []).append(one)
        return made


def _key(event: str) -> str:
    return f"push:{event}"
