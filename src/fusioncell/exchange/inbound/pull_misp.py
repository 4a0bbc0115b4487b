"""Pull a MISP feed: ``manifest.json``, then those events that it says have changed. Pure (``model.Pull``).

1. Ask whether the manifest has changed; 304 ends it, unless events were left over last time.
2. An event is wanted whose ``timestamp`` is newer than that of the one we have; oldest first, so many a pull.
3. Where the manifest states ``integrity:sha256``, the event's bytes must have that digest.
4. An event that cannot be had or read is noted and asked for again the next time; the others go on.

``hashes.csv`` is not needed: all events are had. What leaves the manifest stays here: feeds rotate, that is no recall.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256

import msgspec

from fusioncell.exchange.inbound.answer import UNCHANGED, body_of
from fusioncell.exchange.inbound.model import Ask, Give, Outcome, Progress, Pull, Taken, Wanted
from fusioncell.kernel.errors import BadInput, FusionCellError, TooLarge
from fusioncell.kernel.ports import WebAnswer

MOST_LISTED = 200_000
MOST_EVENTS = 1_000
"""Events that one pull takes; the rest follow at once, after other feeds have had their turn."""
MOST_FAILED = 20
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\Z")
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


class _Listed(msgspec.Struct):
    """An event in the manifest (MISP feed format)."""

    timestamp: int | str = 0
    sha256: str = msgspec.field(default="", name="integrity:sha256")


_MANIFEST = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LISTED = msgspec.json.Decoder(_Listed)


@dataclass(frozen=True, slots=True)
class Event:
    """An event that a manifest lists: its timestamp in seconds, its digest where stated."""

    uuid: str
    timestamp: int
    sha256: str = ""


def is_event_uuid(text: str) -> bool:
    """Tell whether a text is a uuid as MISP writes them, in lower case."""
    return _UUID.match(text) is not None


def read_manifest(body: bytes) -> tuple[list[Event], int]:
    """Return the events that a manifest lists, the oldest first, and how many of its lines could not be read."""
    try:
        listed = _MANIFEST.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise BadInput(f"its manifest.json is none: {fault}", hint="Is it a MISP feed? Look at the address.") from None
    if len(listed) > MOST_LISTED:
        raise TooLarge(f"its manifest lists over {MOST_LISTED:,} events", hint="No feed of this size is pulled.")
    events, bad = [], 0
    for name, raw in listed.items():
        try:
            entry = _LISTED.decode(raw)
            stated = int(entry.timestamp or 0)
        except (msgspec.DecodeError, ValueError, UnicodeDecodeError, RecursionError):
            bad += 1
            continue
        uuid, digest = name.lower(), entry.sha256.lower()
        if not _UUID.match(uuid) or not 0 <= stated < 1 << 40 or (digest and not _SHA256.match(digest)):
            bad += 1
            continue
        events.append(Event(uuid, stated, digest))
    events.sort(key=lambda event: (event.timestamp, event.uuid))
    return events, bad


def base_of(url: str) -> str:
    """Return the folder of a feed, with a slash at its end, whether it or its manifest was named."""
    return url.removesuffix("manifest.json").rstrip("/") + "/"


def pull(wanted: Wanted, progress: Progress, limit: int, known: Mapping[str, int], is_over: Callable[[], bool]) -> Pull:
    """Pull what has changed. ``known``: event → the timestamp of ours; ``is_over``: whether the pull's time is."""
    base = base_of(wanted.url)
    answer = yield Ask(base + "manifest.json", conditional=not progress.behind)
    assert isinstance(answer, WebAnswer)
    if answer.status == UNCHANGED:
        return Outcome(changed=False)
    events, bad = read_manifest(body_of(answer, limit))
    waiting = [event for event in events if event.timestamp > known.get(event.uuid, -1)]
    failed: list[str] = []
    done = 0
    for event in waiting[:MOST_EVENTS]:
        if len(failed) >= MOST_FAILED or (is_over() and done):
            break
        done += 1
        answer = yield Ask(f"{base}{event.uuid}.json")
        assert isinstance(answer, WebAnswer)
        try:
            body = body_of(answer, limit)
        except FusionCellError as fault:
            failed.append(fault.detail)
            continue
        if event.sha256 and sha256(body).hexdigest() != event.sha256:
            failed.append(f"{event.uuid} has another digest than the manifest says")
            continue
        taken = yield Give(body, "application/misp+json", f"{event.uuid}.json", (event.uuid, event.timestamp))
        assert isinstance(taken, Taken)
        if taken.refused:
            failed.append(f"{event.uuid}: {taken.refused}")
    if failed and len(failed) == done:
        raise BadInput(f"none of its events can be had: {failed[0]}", hint="It may be in the midst of a change.")
    notes = [f"{len(failed)} events could not be taken: {failed[0]}"] if failed else []
    notes += [f"{bad} lines of its manifest cannot be read"] if bad else []
    return Outcome(bool(done), behind=len(waiting) - done + len(failed), note="; ".join(notes),
                   more=len(waiting) > done)
