"""HTTP operations of inbound feeds: for operators alone, who see lag and errors (DESIGN rule 5)."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import delete, get, post

from fusioncell.exchange.inbound.model import Kind, Standing, Wanted
from fusioncell.exchange.inbound.service import Inbound
from fusioncell.kernel.clock import MINUTE, SECOND, Instant, format_instant
from fusioncell.kernel.errors import BadInput, Conflict
from fusioncell.kernel.marking import Tlp, Viewer, parse_tlp

Text = Annotated[str, msgspec.Meta(max_length=2_000)]
Minutes = Annotated[int, msgspec.Meta(ge=1, le=100_000)]


class Changing(msgspec.Struct, forbid_unknown_fields=True):
    """What is to be changed; what is left out stays. ``every``: minutes; ``secret``: "" takes credentials away.

    ``push``: up to which marking a MISP is pushed to, "" for not at all.
    """

    name: Text | None = None
    url: Text | None = None
    format: Text | None = None
    every: Minutes | None = None
    tlp: Text | None = None
    at_least: Text | None = None
    groups: list[Text] | None = None
    grade: Text | None = None
    collection: Text | None = None
    homepage: Text | None = None
    push: Text | None = None
    secret: Text | None = None


class Adding(Changing, forbid_unknown_fields=True):
    """A new feed. ``kind``: file, misp, misp-server, taxii or hub; ``enabled``: pull it from now on."""

    kind: Text = "file"
    enabled: bool = False


class Withdrawing(msgspec.Struct, forbid_unknown_fields=True):
    """Which contribution of the feed, and why."""

    contribution: Text
    reason: Text = ""


def _changes(said: Changing) -> dict[str, Any]:
    """Return the fields of ``Wanted`` that were said. Raises BadInput."""
    found = {name: value for name in ("name", "url", "format", "grade", "collection", "homepage", "secret")
             if (value := getattr(said, name)) is not None}  # fmt: skip
    if said.every is not None:
        found["every"] = said.every * MINUTE
    if said.tlp is not None:
        found["tlp"] = parse_tlp(said.tlp)
    if said.at_least is not None:
        found["at_least"] = parse_tlp(said.at_least) if said.at_least else None
    if said.push is not None:
        found["push"] = parse_tlp(said.push) if said.push else None
    if said.groups is not None:
        found["groups"] = tuple(said.groups)
    return found


def wanted_of(said: Adding) -> tuple[Wanted, str]:
    """Return what is wanted of a new feed, and its credentials as written. Raises BadInput."""
    try:
        kind = Kind(said.kind)
    except ValueError:
        known = ", ".join(one.value for one in Kind)
        raise BadInput(f"{said.kind[:20]!r} is no kind of feed", place="kind", hint=known) from None
    changes = _changes(said)
    secret = changes.pop("secret", "")
    if not said.name or not said.url:
        raise BadInput("a feed needs a name and an address", place="name" if not said.name else "url")
    if said.format is None and kind is not Kind.FILE:
        changes["format"] = ""
    return msgspec.structs.replace(Wanted(name=said.name, url=said.url, kind=kind, tlp=Tlp.GREEN), **changes), secret


def _when(at: Instant) -> str | None:
    return format_instant(at) if at else None


def feed_json(one: Standing) -> dict[str, Any]:
    """Return a feed with how far it is; never its credentials."""
    feed, said, wanted = one.feed, one.progress, one.feed.wanted
    return {
        "id": feed.id, "name": wanted.name, "kind": feed.kind.value, "url": wanted.url, "format": wanted.format or None,
        "known": feed.known or None, "homepage": wanted.homepage or None,
        "push": wanted.push.value if wanted.push else None, "enabled": feed.enabled,
        "organisation": feed.org, "owner": feed.owner, "every_minutes": wanted.every // MINUTE, "tlp": wanted.tlp.value,
        "at_least": wanted.at_least.value if wanted.at_least else None, "groups": list(wanted.groups),
        "grade": wanted.grade or None, "collection": wanted.collection or None, "credentials": feed.secret,
        "last_try": _when(said.tried), "last_success": _when(said.succeeded), "last_change": _when(said.changed),
        "next": (format_instant(one.due) if one.due else "now") if feed.enabled else None,
        "lag_seconds": one.lag // SECOND if one.lag >= 0 else None, "late": one.late, "behind": said.behind,
        "more": said.more, "failures": said.failures, "error": said.fault or None, "hint": said.hint or None,
        "note": said.note or None, "pulls": said.pulls, "requests": said.requests, "items": said.items,
        "faults": said.faults, "last_items": said.last_items, "last_requests": said.last_requests,
    }  # fmt: skip


@get("/api/inbound/feeds", tags=["inbound"], opt={"permission": "operate"}, sync_to_thread=True,
     summary="Inbound feeds")
def list_feeds(inbound: Inbound) -> dict[str, Any]:
    """List the feeds, how far each is, what is wrong and what to do; and the well-known ones that are not added."""
    return {
        "feeds": [feed_json(one) for one in inbound.standings()],
        "available": [
            {"key": key, "name": one.name, "kind": one.kind.value, "url": one.url, "every_minutes": one.every // MINUTE,
             "grade": one.grade or None, "homepage": one.homepage}
            for key, one in inbound.available().items()],
    }  # fmt: skip


@post("/api/inbound/feeds", tags=["inbound"], opt={"permission": "operate"}, status_code=201, sync_to_thread=True,
      summary="Add a feed")
def add_feed(data: Adding, inbound: Inbound, viewer: Viewer) -> dict[str, Any]:
    """Add a feed; it is off unless ``enabled``. Your organisation answers for it."""
    wanted, secret = wanted_of(data)
    return feed_json(inbound.add(viewer, wanted, secret, enabled=data.enabled))


@get("/api/inbound/feeds/{feed:str}", tags=["inbound"], opt={"permission": "operate"}, sync_to_thread=True,
     summary="One inbound feed")
def one_feed(feed: str, inbound: Inbound) -> dict[str, Any]:
    """Give one feed by its id, or its key in the catalogue."""
    return feed_json(inbound.standing(feed))


@post("/api/inbound/feeds/{feed:str}", tags=["inbound"], opt={"permission": "operate"}, status_code=200,
      sync_to_thread=True, summary="Change a feed")
def change_feed(feed: str, data: Changing, inbound: Inbound, viewer: Viewer) -> dict[str, Any]:
    """Change what is wanted of a feed; what it brought stays as it came."""
    return feed_json(inbound.change(viewer, feed, _changes(data)))


@post("/api/inbound/feeds/{feed:str}/enable", tags=["inbound"], opt={"permission": "operate"}, status_code=200,
      sync_to_thread=True, summary="Switch a feed on")
def enable_feed(feed: str, inbound: Inbound, viewer: Viewer) -> dict[str, Any]:
    """Switch a feed on: it is pulled within seconds. A well-known one is added by its key."""
    return feed_json(inbound.enable(viewer, feed))


@post("/api/inbound/feeds/{feed:str}/disable", tags=["inbound"], opt={"permission": "operate"}, status_code=200,
      sync_to_thread=True, summary="Switch a feed off")
def disable_feed(feed: str, inbound: Inbound, viewer: Viewer) -> dict[str, Any]:
    """Switch a feed off; what it brought stays."""
    return feed_json(inbound.enable(viewer, feed, False))


@post("/api/inbound/feeds/{feed:str}/run", tags=["inbound"], opt={"permission": "operate"}, status_code=200,
      sync_to_thread=True, summary="Pull a feed now")
def run_feed(feed: str, inbound: Inbound) -> dict[str, Any]:
    """Pull it now, on or off, and say how it went; a long pull ends after a minute and says that there is ``more``."""
    done = inbound.run(feed)
    if done is None:
        raise Conflict("it is being pulled", hint="Look again in a minute.")
    return feed_json(done)


@post("/api/inbound/feeds/{feed:str}/withdraw", tags=["inbound"], opt={"permission": "operate"}, status_code=200,
      sync_to_thread=True, summary="Recall a contribution of a feed")
def withdraw(feed: str, data: Withdrawing, inbound: Inbound, viewer: Viewer) -> dict[str, Any]:
    """Recall what a feed brought, in its name: it was wrong, or not to be shared."""
    inbound.withdraw(viewer, feed, data.contribution, data.reason)
    return {"contribution": data.contribution, "status": "recalled"}


@delete("/api/inbound/feeds/{feed:str}", tags=["inbound"], opt={"permission": "operate"}, status_code=200,
        sync_to_thread=True, summary="Remove a feed")
def remove_feed(feed: str, inbound: Inbound, viewer: Viewer) -> dict[str, Any]:
    """Forget a feed. What it brought stays, under its name."""
    return {"id": inbound.remove(viewer, feed).id, "status": "removed"}


HANDLERS = (list_feeds, add_feed, one_feed, change_feed, enable_feed, disable_feed, run_feed, withdraw, remove_feed)
"""The doors of this package."""
