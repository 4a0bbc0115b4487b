"""HTTP operations of subscribers: who takes what, their keys, what their resolvers include, their zones as files."""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import Parameter
from litestar.response import Stream

from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.marking import Viewer
from fusioncell.shield.resolvers import Kind, OwnZone
from fusioncell.shield.subscribers.model import Action, Choice, Step, Subscriber
from fusioncell.shield.subscribers.service import Made, Place, Subscribers, Wanted

_TAGS = ["shield"]
_LEAD = {"permission": "lead"}
Whose = Annotated[str, Parameter(max_length=64, description="Whose zones; empty for the one zone of all.")]


class Adding(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A new subscriber. ``org``: whose; your own where left out. No categories or severities: all. ``certificates``:
    SHA-256 fingerprints of those that it shows by TLS.
    """

    label: str
    kind: Kind
    org: str = ""
    categories: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    action: Action = Action.NXDOMAIN
    garden: str = ""
    addresses: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()


class Changing(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What is to change; what is left out stays. ``step`` needs the ``reference`` of your own change."""

    label: str | None = None
    categories: tuple[str, ...] | None = None
    severities: tuple[str, ...] | None = None
    action: Action | None = None
    garden: str | None = None
    addresses: tuple[str, ...] | None = None
    notify: tuple[str, ...] | None = None
    certificates: tuple[str, ...] | None = None
    step: Step | None = None
    reference: str = ""


class Ending(msgspec.Struct, forbid_unknown_fields=True):
    """Why a subscriber ends."""

    reason: str = ""


def _when(at: int) -> str | None:
    return format_instant(at) if at else None


def subscriber_json(one: Subscriber, subscribers: Subscribers) -> dict[str, Any]:
    """Return a subscriber as JSON values, with what it holds."""
    return {
        "subscriber": one.id, "org": one.org, "label": one.label, "kind": one.choice.kind.value,
        "categories": list(one.choice.categories), "severities": list(one.choice.severities),
        "action": one.choice.action.value, "garden": one.choice.garden, "addresses": list(one.addresses),
        "notify": list(one.notify), "keys": [{"name": key.name, "until": _when(key.until)} for key in one.keys],
        "certificates": list(one.certificates),
        "step": one.step.value, "reference": one.reference, "protects": one.step in (Step.CANARY, Step.ENFORCE),
        "added_at": _when(one.added_at), "changed_at": _when(one.changed_at), "ended_at": _when(one.ended_at),
        "building": subscribers.serving.is_building(one),
        "zones": [{"zone": each.origin, "label": each.label, "serial": each.serial, "holds": each.holds,
                   "seen_at": _when(each.seen), "names": each.names} for each in subscribers.serving.taken(one)],
    }  # fmt: skip


def _made(made: Made) -> dict[str, Any]:
    return {"subscriber": made.id, "key": made.key, "algorithm": "hmac-sha256", "secret": made.secret,
            "status": "accepted"}  # fmt: skip


def changed(now: Choice, data: Changing) -> Choice | None:
    """Return the choice as it is to be; None where it stays."""
    choice = Choice(
        now.kind,
        now.categories if data.categories is None else data.categories,
        now.severities if data.severities is None else data.severities,
        now.action if data.action is None else data.action,
        now.garden if data.garden is None else data.garden,
    )
    return choice if choice != now else None


@get("/api/shield/subscribers", tags=_TAGS, opt={"permission": "read", "query": frozenset({"ended"})},
     sync_to_thread=True, summary="List subscribers")
def listed(subscribers: Subscribers, viewer: Viewer,
           ended: Annotated[bool, Parameter(description="Those that have ended, too.")] = False) -> dict[str, Any]:
    """List the resolvers of your organisation that take zones (of all, for who runs the hub), with what they hold."""
    found = subscribers.listed(viewer, ended=ended)
    return {"subscribers": [subscriber_json(one, subscribers) for one in found]}


@post("/api/shield/subscribers", tags=_TAGS, opt=_LEAD, status_code=202, sync_to_thread=True,
      summary="Add a subscriber")
def add(data: Adding, subscribers: Subscribers, viewer: Viewer) -> dict[str, Any]:
    """Add a resolver. The key's secret is shown this once."""
    choice = Choice(data.kind, data.categories, data.severities, data.action, data.garden)
    wanted = Wanted(label=data.label, choice=choice, addresses=data.addresses, notify=data.notify,
                    certificates=data.certificates)  # fmt: skip
    return _made(subscribers.add(viewer, data.org, wanted))


@get("/api/shield/subscribers/{which:str}", tags=_TAGS, opt={"permission": "read"}, sync_to_thread=True,
     summary="One subscriber")
def one(which: str, subscribers: Subscribers, viewer: Viewer) -> dict[str, Any]:
    """Show a subscriber, with the steps of its adoption."""
    found = subscribers.one(viewer, which)
    steps = [{"at": _when(at), "step": step, "reference": reference}
             for at, step, reference in subscribers.history(viewer, which)]  # fmt: skip
    return {**subscriber_json(found, subscribers), "steps": steps}


@post("/api/shield/subscribers/{which:str}", tags=_TAGS, opt=_LEAD, status_code=202, sync_to_thread=True,
      summary="Change a subscriber, or take its next step")
def change(which: str, data: Changing, subscribers: Subscribers, viewer: Viewer) -> dict[str, Any]:
    """Change what a resolver takes, or how far it has adopted it: rehearse, shadow, canary, enforce."""
    now = subscribers.one(viewer, which)
    wanted = Wanted(label=data.label, choice=changed(now.choice, data), addresses=data.addresses, notify=data.notify,
                    step=data.step, reference=data.reference, certificates=data.certificates)  # fmt: skip
    subscribers.change(viewer, which, wanted)
    return {"subscriber": which, "status": "accepted"}


@post("/api/shield/subscribers/{which:str}/rotate", tags=_TAGS, opt=_LEAD, status_code=202, sync_to_thread=True,
      summary="Give a subscriber a new key")
def rotate(which: str, subscribers: Subscribers, viewer: Viewer) -> dict[str, Any]:
    """Make a new key, shown this once; the one before goes on for a week."""
    return _made(subscribers.rotate(viewer, which))


@post("/api/shield/subscribers/{which:str}/end", tags=_TAGS, opt=_LEAD, status_code=202, sync_to_thread=True,
      summary="End a subscriber")
def end(which: str, data: Ending, subscribers: Subscribers, viewer: Viewer) -> dict[str, Any]:
    """End it: its keys are no more, and it gets nothing."""
    subscribers.end(viewer, which, data.reason)
    return {"subscriber": which, "status": "ended"}


@get("/api/shield/resolver-config/{kind:str}", tags=_TAGS, sync_to_thread=True, summary="What a resolver includes",
     opt={"permission": "read",
          "query": frozenset({"subscriber", "primary", "port", "tls", "own", "folder", "ede"})})
def configuration(
    kind: Annotated[str, Parameter(description="unbound, bind, powerdns or knot.")],
    subscribers: Subscribers, viewer: Viewer,
    subscriber: Whose = "",
    primary: Annotated[str, Parameter(max_length=60, description="Address of the hub or edge agent.")] = "127.0.0.1",
    port: Annotated[int, Parameter(ge=1, le=65535, description="Its port there.")] = 5353,
    tls: Annotated[str, Parameter(max_length=253, description="Name in the hub's certificate: transfer by TLS.")] = "",
    own: Annotated[str, Parameter(max_length=2000, description="NAME=FILE,…: zones that come before ours.")] = "",
    folder: Annotated[str, Parameter(max_length=200, description="Where the resolver keeps its copies.")] = "",
    ede: Annotated[bool, Parameter(description="BIND 9.20 or later: say why in the answer.")] = False,
) -> dict[str, Any]:  # fmt: skip
    """Write the files that a resolver includes. The key's secret is not among it: put it in where it says so."""
    place = Place(primary=primary, port=port, tls_name=tls, own=own_zones(own), folder=folder, ede=ede)
    return {"kind": kind_named(kind).value,
            "files": subscribers.configuration(viewer, kind_named(kind), subscriber, place)}  # fmt: skip


def kind_named(text: str) -> Kind:
    """Read the name of a resolver. Raises BadInput."""
    try:
        return Kind(text)
    except ValueError:
        raise BadInput("that is no resolver we write for", hint=f"There are {', '.join(Kind)}.", place="kind") from None


def own_zones(text: str) -> tuple[OwnZone, ...]:
    """Read ``NAME=FILE,…``. Raises BadInput."""
    parts = [part.strip().partition("=") for part in text.split(",") if part.strip()]
    return tuple(OwnZone(name, file) for name, _, file in parts)


@get("/api/shield/zones/{origin:str}", tags=_TAGS, sync_to_thread=True, summary="A zone of yours as text",
     opt={"permission": "export", "query": frozenset({"subscriber"})})
def zone(origin: Annotated[str, Parameter(description="The zone's name.")],
         request: Request[Any, Any, Any], subscribers: Subscribers, viewer: Viewer, subscriber: Whose = "",
         ) -> Response[bytes] | Stream:
    """Give one of your organisation's zones as a master file (RFC 1035 §5), for resolvers that read files.

    Send its `ETag` as `If-None-Match`: an unchanged zone is a 304, and costs next to nothing. It also shows that your
    resolver holds this serial; say which one it is by `subscriber` where several take the same zone.
    """
    serial = subscribers.serial_of(viewer, origin)
    tag = f'"{sha256(f"{origin} {serial}".encode()).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    known = tag in request.headers.get("if-none-match", "")
    subscribers.fetched(viewer, origin, subscriber, serial if known else None)
    if known:
        return Response(b"", status_code=304, headers=headers)
    return Stream(subscribers.zone_file(viewer, origin), media_type="text/dns", headers=headers)


HANDLERS = (listed, add, one, change, rotate, end, configuration, zone)
"""The package's doors."""
