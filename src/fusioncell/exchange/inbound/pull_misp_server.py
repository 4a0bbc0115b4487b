"""Pull from a MISP by its sync protocol, and push to it. Pure (``model.Pull``), over a ``model.Peer``.

A pull, as MISP's own (``Server::pull``, ``ServerSyncTool``):

1. ``events/index`` {minimal, published}, asked conditionally: 304 ends it, so an unchanged pull is one request.
2. Each event that is newer than ours, whole, with what was deleted and without local tags; the oldest first. Events of
   members that come back, and those that are here as new, are left.
3. Sightings of the events whose ``sighting_timestamp`` moved; then proposals, clusters, notes. These have no part in
   the index's ETag, so they are looked at when it changed, and once a day.

A push (where the agreement has a ceiling): ``filterEventIdsForPush``, ``HEAD events/view``, ``events/add`` or ``edit``;
sightings likewise. What was pushed and may not be there any more (recalled, narrowed) is sent anew with all in it
deleted, as a MISP tells of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from fusioncell.exchange.inbound.answer import UNCHANGED, body_of, refusal
from fusioncell.exchange.inbound.model import Ask, Noted, Outcome, Peer, Progress, Steps, Taken, Wanted
from fusioncell.exchange.inbound.pull_misp import MOST_EVENTS, MOST_FAILED, MOST_LISTED, is_event_uuid
from fusioncell.kernel.clock import DAY, SECOND, Instant
from fusioncell.kernel.errors import BadInput, FusionCellError, TooLarge
from fusioncell.kernel.ports import WebAnswer

VIEW = ("deleted[]:0/deleted[]:1/excludeGalaxy:1/includeEventCorrelations:0/includeFeedCorrelations:0/"
        "includeWarninglistHits:0/excludeLocalTags:1")  # fmt: skip
JSON = "application/json"
SOME = 200
"""Events whose sightings one request asks for, notes of one request."""
MOST_NOTES = 10_000
SEEN = "sightings:"
"""Before an event's uuid: its ``sighting_timestamp`` that was had (64 characters hold both)."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An event in the index: its timestamp, and when a sighting in it was last noted, in seconds."""

    uuid: str
    timestamp: int
    sighted: int


@dataclass(slots=True)
class Work:
    """One pull as it goes on."""

    base: str
    limit: int
    had: Mapping[str, int]
    peer: Peer
    is_over: Callable[[], bool]
    failed: list[str]
    now: Instant
    done: int = 0
    waiting: int = 0
    unsettled: int = 0
    was: str = ""


def read_index(body: bytes) -> list[Listed]:
    """Return the events that a minimal index lists, the oldest first. What cannot be read is left out."""
    rows = _decoded(body)
    if not isinstance(rows, list):
        raise BadInput("its events/index is no list", hint="Is the address that of a MISP, and the key a sync user's?")
    if len(rows) > MOST_LISTED:
        raise TooLarge(f"it lists over {MOST_LISTED:,} events", hint="Give its sync user filter rules there.")
    found = []
    for row in rows:
        uuid = str(row.get("uuid", "")).lower() if isinstance(row, dict) else ""
        if is_event_uuid(uuid) and row.get("published") in (True, 1, "1", None):
            found.append(Listed(uuid, _second(row.get("timestamp")), _second(row.get("sighting_timestamp"))))
    return sorted(found, key=lambda one: (one.timestamp, one.uuid))


def is_settled(second: int, now: Instant) -> bool:
    """Tell whether nothing more can happen in that second. MISP's times are whole seconds: what changes twice in one
    would be had once. A clock that is far ahead holds nothing up."""
    return not now // SECOND - 2 < second < now // SECOND + 60


def pull(wanted: Wanted, progress: Progress, limit: int, had: Mapping[str, int], peer: Peer, now: Instant,
         is_over: Callable[[], bool]) -> Steps[Outcome]:  # fmt: skip
    """Pull what has changed, then push. ``had``: name → version of what is had, and of what was pushed."""
    work = Work(wanted.url.rstrip("/") + "/", limit, had, peer, is_over, [], now)
    answer = yield _ask(work, "events/index", {"minimal": 1, "published": 1}, conditional=not progress.behind)
    assert isinstance(answer, WebAnswer)
    changed, today = answer.status != UNCHANGED, str(now // DAY)
    if changed:
        rows = read_index(body_of(answer, limit))
        yield from _events(work, rows)
        yield from _sightings(work, rows)
    if changed or progress.cursor != today:
        yield from _rest(work)
    if wanted.push is not None and not is_over():
        yield from _push(work, wanted, now)
    if work.failed and len(work.failed) >= work.done > 0 and changed:
        raise BadInput(f"nothing of it can be had: {work.failed[0]}", hint="It may be in the midst of a change.")
    note = f"{len(work.failed)} could not be taken or sent: {work.failed[0]}" if work.failed else work.was
    return Outcome(changed, cursor=today, behind=work.waiting + work.unsettled, note=note,
                   more=work.waiting > len(work.failed))  # fmt: skip


# -- pull --------------------------------------------------------------------------------------------------------------


def _events(work: Work, rows: Sequence[Listed]) -> Steps[None]:
    new = {row.uuid: row.timestamp for row in rows if row.timestamp > work.had.get(row.uuid, -1)}
    known = work.peer.known(new)
    wanted = [row for row in rows if row.uuid in new and row.uuid not in known]
    waiting = [row for row in wanted if is_settled(row.timestamp, work.now)]
    work.unsettled = len(wanted) - len(waiting)
    for row in waiting[:MOST_EVENTS]:
        if len(work.failed) >= MOST_FAILED or (work.is_over() and work.done):
            break
        work.done += 1
        try:
            answer = yield _get(work, f"events/view/{row.uuid}/{VIEW}")
            assert isinstance(answer, WebAnswer)
            event = _decoded(body_of(answer, work.limit))
            inner = event.get("Event") if isinstance(event, dict) else None
            if not isinstance(inner, dict) or str(inner.get("uuid", "")).lower() != row.uuid:
                raise BadInput(f"{row.uuid} is answered by something else")
            kept, faults, refused = work.peer.take_event(inner)
        except FusionCellError as fault:
            work.failed.append(fault.detail)
            continue
        if refused:
            work.was = f"{row.uuid}: {refused}"
        yield Noted(Taken(kept, faults, refused), (row.uuid, row.timestamp))
    work.waiting = len(waiting) - work.done + len(work.failed)


def _sightings(work: Work, rows: Sequence[Listed]) -> Steps[None]:
    moved = [row for row in rows if row.sighted > work.had.get(SEEN + row.uuid, 0)]
    for chunk in _chunks(moved[:MOST_EVENTS]):
        asked = {"returnFormat": "json", "last": 0, "includeUuid": True, "uuid": [row.uuid for row in chunk]}
        try:
            answer = yield _ask(work, "sightings/restSearch/event", asked)
            assert isinstance(answer, WebAnswer)
            taken = work.peer.take_sightings(_response(body_of(answer, work.limit)))
        except FusionCellError as fault:
            work.failed.append(fault.detail)
            continue
        yield Noted(Taken(taken))
        for row in chunk:
            yield Noted(Taken(0), (SEEN + row.uuid, row.sighted))


def _rest(work: Work) -> Steps[None]:
    """Take proposals, clusters and notes; a MISP that has none of a kind, or does not speak of it, is none the less."""
    for part in (_proposals, _clusters, _notes):
        try:
            taken = yield from part(work)
        except FusionCellError as fault:
            work.was = f"{part.__name__[1:]}: {fault.detail}"[:200]
            continue
        if taken:
            yield Noted(Taken(taken))


def _proposals(work: Work) -> Steps[int]:
    answer = yield _get(work, "shadow_attributes/index/all:1.json")
    assert isinstance(answer, WebAnswer)
    rows = _decoded(body_of(answer, work.limit))
    return work.peer.take_proposals(rows[:MOST_NOTES]) if isinstance(rows, list) else 0


def _clusters(work: Work) -> Steps[int]:
    asked = {"published": 1, "minimal": 1, "custom": 1}
    answer = yield _ask(work, "galaxy_clusters/restSearch", asked)
    assert isinstance(answer, WebAnswer)
    taken = 0
    for uuid in work.peer.wanted_clusters(_response(body_of(answer, work.limit)))[:SOME]:
        answer = yield _get(work, f"galaxy_clusters/view/{uuid}")
        assert isinstance(answer, WebAnswer)
        taken += work.peer.take_clusters([_decoded(body_of(answer, work.limit))])
    return taken


def _notes(work: Work) -> Steps[int]:
    answer = yield _ask(work, "analyst_data/indexMinimal", {})
    assert isinstance(answer, WebAnswer)
    listed = _decoded(body_of(answer, work.limit))
    taken = 0
    for model, uuids in (work.peer.wanted_notes(listed) if isinstance(listed, dict) else {}).items():
        for chunk in _chunks(uuids[:MOST_NOTES], 50):
            named = "/".join(f"uuid[]:{uuid}" for uuid in chunk)
            answer = yield _get(work, f"analyst_data/index/{model}/{named}.json")
            assert isinstance(answer, WebAnswer)
            rows = _decoded(body_of(answer, work.limit))
            taken += work.peer.take_notes(rows if isinstance(rows, list) else [])
    return taken


# -- push --------------------------------------------------------------------------------------------------------------


def _push(work: Work, wanted: Wanted, now: Instant) -> Steps[None]:
    assert wanted.push is not None
    news, gone = work.peer.outgoing(wanted.push, work.had)
    news = [one for one in news if is_settled(one[1], now)]
    if news:
        asked = [{"Event": {"uuid": uuid, "timestamp": str(stamp)}} for uuid, stamp in news]
        answer = yield _ask(work, "events/filterEventIdsForPush", asked)
        assert isinstance(answer, WebAnswer)
        named = _decoded(body_of(answer, work.limit))
        lacking = {str(uuid).lower() for uuid in named} if isinstance(named, list) else set()
        for uuid, stamp in news:
            event = work.peer.sent(wanted.push, uuid) if uuid in lacking else None
            if event is None or (yield from _sent(work, uuid, event)):
                yield Noted(Taken(0), (f"push:{uuid}", stamp))
    for uuid in gone[:MOST_EVENTS]:
        if (yield from _retracted(work, uuid, now)):
            yield Noted(Taken(0), (f"push:{uuid}", -1))
    for event_uuid, sightings in work.peer.sent_sightings(wanted.push, work.had).items():
        uuids = [str(one["uuid"]) for one in sightings]
        answer = yield _ask(work, f"sightings/filterSightingUuidsForPush/{event_uuid}", uuids)
        assert isinstance(answer, WebAnswer)
        if answer.status != 200:
            continue
        there = _decoded(body_of(answer, work.limit))
        lacking = set(uuids) - set(map(str, there if isinstance(there, list) else ()))
        if lacking:
            answer = yield _ask(work, f"sightings/bulkSaveSightings/{event_uuid}",
                                [one for one in sightings if one["uuid"] in lacking])
            assert isinstance(answer, WebAnswer)
        if answer.status == 200:
            for uuid in uuids:
                yield Noted(Taken(0), (f"seen:{uuid}", 1))


def _sent(work: Work, uuid: str, event: Mapping[str, Any]) -> Steps[bool]:
    """Send an event: edited where it is there, added where it is not. Tell whether it arrived."""
    answer = yield Ask(f"{work.base}events/view/{uuid}", JSON, method="HEAD")
    assert isinstance(answer, WebAnswer)
    path = f"events/edit/{uuid}/metadata:1" if answer.status == 200 else "events/add/metadata:1"
    answer = yield _ask(work, path, {"Event": event})
    assert isinstance(answer, WebAnswer)
    if answer.status != 200:
        work.was = f"{uuid} was not taken: {refusal(answer).detail}"[:200]
    # A refusal stays one: it is sent again when it changes.
    return answer.status < 500 and answer.status != 429


def _retracted(work: Work, uuid: str, now: Instant) -> Steps[bool]:
    """Delete there, softly, all of an event that may not be there any more; its title goes with it."""
    answer = yield _get(work, f"events/view/{uuid}/{VIEW}")
    assert isinstance(answer, WebAnswer)
    if answer.status in (403, 404):
        return True
    found = _decoded(body_of(answer, work.limit))
    event = found.get("Event") if isinstance(found, dict) else None
    if not isinstance(event, dict):
        return True
    stamp = str(now // SECOND)
    made = {name: event[name] for name in ("uuid", "date", "distribution", "threat_level_id", "analysis", "Orgc")
            if name in event}  # fmt: skip
    made |= {"info": "Withdrawn", "timestamp": stamp, "published": True,
             "Attribute": [_deleted(one, stamp) for one in _dicts(event.get("Attribute"))],
             "Object": [{**_deleted(one, stamp), "Attribute": [_deleted(each, stamp)
                                                               for each in _dicts(one.get("Attribute"))]}
                        for one in _dicts(event.get("Object"))]}  # fmt: skip
    answer = yield _ask(work, f"events/edit/{uuid}/metadata:1", {"Event": made})
    assert isinstance(answer, WebAnswer)
    return answer.status < 500


def _deleted(thing: Mapping[str, Any], stamp: str) -> dict[str, Any]:
    kept = {name: value for name, value in thing.items() if not isinstance(value, (list, dict))}
    return {**kept, "deleted": True, "timestamp": stamp}


# -- wire --------------------------------------------------------------------------------------------------------------


def _get(work: Work, path: str) -> Ask:
    return Ask(work.base + path, JSON)


def _ask(work: Work, path: str, body: Any, *, conditional: bool = False) -> Ask:
    return Ask(work.base + path, JSON, conditional, "POST", msgspec.json.encode(body))


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise BadInput(f"its answer is no JSON: {fault}", hint="Is the address that of a MISP?") from None


def _response(body: bytes) -> list[Any]:
    found = _decoded(body)
    rows = found.get("response") if isinstance(found, dict) else found
    return rows if isinstance(rows, list) else []


def _dicts(given: Any) -> list[dict[str, Any]]:
    return [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []


def _second(given: Any) -> int:
    text = str(given if given is not None else 0)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0


def _chunks(rows: Sequence[Any], size: int = SOME) -> Iterator[Sequence[Any]]:
    return (rows[at : at + size] for at in range(0, len(rows), size))
