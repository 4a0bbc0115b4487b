"""The frozen values of the MISP door: what a client asks, who it is to MISP, and what it is answered.

The door imitates MISP (DESIGN rule 9): controllers, actions, named parameters, envelopes and messages are MISP's own
(MISP/MISP 2.5, PyMISP 2.5). One :class:`Action` answers one ``controller/action``; ``exchange.misp.door`` finds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from fusioncell.intake import signed64
from fusioncell.kernel.errors import FusionCellError
from fusioncell.kernel.marking import Audience, Tlp, Viewer


class MispRefused(FusionCellError):
    """A refusal in MISP's own words: status, message and, where MISP gives them, the errors field by field."""

    title = "Refused"

    def __init__(self, status: int, message: str, errors: object = None, *, name: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.errors = errors
        self.name = name or message


@dataclass(frozen=True, slots=True)
class MispRole:
    """A role as MISP knows it. ``permissions``: those of its ``perm_…`` flags that are set, with the prefix."""

    id: int
    name: str
    permissions: frozenset[str] = frozenset()

    def may(self, permission: str) -> bool:
        """Tell whether a flag, ``perm_add`` say, is set."""
        return permission in self.permissions


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling, in MISP's terms. ``viewer`` alone decides what is seen; the role only permits actions.

    ``user``: the caller's number as a user. ``org``: the organisation's id in the hub. ``site_admin``: sees all through
    this door; only in compatibility mode (``FUSIONCELL_MISP_SITE_ADMIN``), and audited.
    """

    viewer: Viewer
    user: int
    org: str
    role: MispRole
    site_admin: bool = False
    ceiling: Tlp | None = None
    """Of what is sent elsewhere: nothing marked more strictly is seen."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request, taken apart.

    ``arguments``: what follows controller and action in the path, without named parameters and without ``.json``.
    ``named``: ``name:value`` parts of the path and the query's parameters; ``name[]:x`` gives a list. ``body``: the
    decoded JSON (None for none), with TheHive's ``{"request": …}`` taken off. ``raw``: its bytes as they came.
    """

    caller: Caller
    method: str
    controller: str
    action: str
    arguments: tuple[str, ...] = ()
    named: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    raw: bytes = b""
    accept: str = ""
    path: str = ""

    @property
    def viewer(self) -> Viewer:
        """Who is asking."""
        return self.caller.viewer

    def argument(self, index: int, default: str = "") -> str:
        """Return a positional argument, or the default."""
        return self.arguments[index] if index < len(self.arguments) else default

    def fields(self, *envelope: str) -> dict[str, Any]:
        """Return the body's fields, taken out of ``{"Model": {…}}`` where it is so wrapped; {} where there are none."""
        body = self.body
        for name in envelope:
            if isinstance(body, dict) and isinstance(body.get(name), dict):
                body = body[name]
                break
        return dict(body) if isinstance(body, dict) else {}

    def given(self, name: str, default: Any = None) -> Any:
        """Return a parameter: of the body where it is there, else of the path or query."""
        if isinstance(self.body, dict) and name in self.body:
            return self.body[name]
        return self.named.get(name, default)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: ``body`` is JSON-encoded where it is not bytes already."""

    body: Any
    status: int = 200
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Action:
    """What answers one ``controller/action``.

    ``permission``: of ``members.model.PERMISSIONS``, what opens it at all. ``changes``: it writes, so that a method
    that only reads (GET, HEAD) is refused. ``flag``: the ``perm_…`` flag that the caller's role must have, "" for none.
    ``raw``: its body is no JSON, and is left as it came.
    """

    run: Callable[[Call], Reply]
    permission: str = "read"
    changes: bool = False
    flag: str = ""
    raw: bool = False


Actions = dict[tuple[str, str], Action]
"""(controller in snake case, action as MISP spells it) → what answers it."""


def named_actions(reads: Mapping[str, Callable[[Call], Reply]],
                  writes: Mapping[str, tuple[Callable[[Call], Reply], str]]) -> Actions:  # fmt: skip
    """Return actions that are named ``controller/action``: what reads, and what contributes, with the flag it needs."""
    made = {_named(name): Action(run) for name, run in reads.items()}
    for name, (run, needed) in writes.items():
        made[_named(name)] = Action(run, permission="contribute", changes=True, flag=needed)
    return made


def _named(name: str) -> tuple[str, str]:
    controller, action = name.split("/")
    return controller, action


# -- what stands -------------------------------------------------------------------------------------------------------

EVENT, OBJECT, ATTRIBUTE = "Event", "Object", "Attribute"
KINDS = {EVENT: "misp.event", OBJECT: "misp.object", ATTRIBUTE: "misp.attribute"}
"""Model → kind of its entries; every other model is ``misp.more``."""
MORE = "misp.more"
FOR_GOOD = "deleted for good"
"""The reason of a recall that leaves no deleted thing behind: a hard deletion by this door."""


class Document(msgspec.Struct, frozen=True, gc=False):
    """One standing thing: a row of ``store.STANDING``, columns in this order.

    ``seq``: position of its entry. ``org``: contributor (hub id). ``number``: inner number, stable under edits, out as
    a MISP id by ``Misp.id_out``. ``version``: µs, rises with each edit. ``timestamp``: MISP's own, in seconds.
    ``event``, ``object``: uuids of what it stands in ("" for none; an event's own uuid for an event); ``about``: uuid
    of what a ``misp.more`` is about. ``type``, ``category``: of an attribute or proposal; of an object its name and
    meta-category; of an event its threat level and analysis; of a sighting its type (0, 1, 2) and source. ``day``:
    an event's date as YYYYMMDD. ``published_at``: an event's publish_timestamp. ``seen``: date_sighting, else 0.
    ``shared``: the sharing group's uuid where ``distribution`` is 4. ``orgc``: uuid of an event's creator.
    """

    seq: int
    model: str
    uuid: str
    org: str
    audience: int
    number: int
    version: int
    timestamp: int
    deleted: bool
    event: str
    object: str
    about: str
    type: str
    category: str
    to_ids: bool
    published: bool
    published_at: int
    day: int
    seen: int
    distribution: int
    shared: str
    orgc: str
    extends: str


class Common(NamedTuple):
    """What documents of one event have in common: a row of ``exchange_misp_common``, as in :class:`Document`.

    ``tags``: the names of its tags, in their order, as a JSON list; "" for none.
    """

    model: str
    org: str
    audience: int
    event: str
    deleted: int
    type: str
    category: str
    to_ids: int
    published: int
    distribution: int
    shared: str
    orgc: str
    tags: str


def firsts(rows: Iterable[Document]) -> list[Document]:
    """Keep one row for each (model, uuid): of the contributor that came first, its newest version. Order is kept."""
    best: dict[tuple[str, str], Document] = {}
    for row in rows:
        key = (row.model, row.uuid)
        standing = best.get(key)
        if standing is None or (
            row.version > standing.version or (row.version == standing.version and row.seq < standing.seq)
            if row.org == standing.org
            else (row.number, row.seq) < (standing.number, standing.seq)
        ):
            best[key] = row
    return list(best.values())


def value_hash(text: str) -> int:
    """Return the 64-bit hash by which values and tags are found: MISP compares them without regard to case."""
    return signed64(text.strip().lower())


def values_of(type: str, value: str) -> list[str]:
    """Return the texts by which an attribute's value is found: the whole, and the parts of a composite one."""
    if "|" in type or type == "malware-sample":
        first, bar, second = value.partition("|")
        return [value, first, second] if bar and first and second else [value]
    return [value]


class Put(msgspec.Struct, frozen=True):
    """A new version of one thing. ``standing``: all rows of it that its contributor has (none: it is new).

    ``draft``: what stands in another audience goes on standing there; otherwise it is recalled in the same commit.
    """

    model: str
    uuid: str
    body: Mapping[str, Any]
    audience: Audience
    event: str = ""
    object: str = ""
    about: str = ""
    standing: tuple[Document, ...] = ()
    draft: bool = False
    place: str = ""
    meta: Mapping[str, Any] = {}
    raw: bytes = b""
    """The body's exact bytes where it goes on unchanged; ``body`` is then not looked at."""


@dataclass(frozen=True, slots=True)
class SharingGroup:
    """A sharing group: who is in it (the hub's ids of organisations), and how MISP shows it."""

    uuid: str
    number: str
    """Its id as the caller sees it."""
    orgs: frozenset[str]
    body: Mapping[str, Any] = field(default_factory=dict)
    """``{"id", "uuid", "name", "releasability", …}``."""


class View(msgspec.Struct, frozen=True):
    """What of an event is shown, and how. ``deleted``: 0 without, 1 only, 2 with deleted ones.

    ``chosen``: uuids of the attributes to show, None for all (and then objects with none of them are left out).
    """

    deleted: int = 0
    metadata: bool = False
    sightings: bool = True
    attachments: bool = False
    proposals: bool = True
    reports: bool = True
    galaxies: bool = True
    analyst: bool = True
    warnings: bool = False
    context: bool = True
    local_tags: bool = True
    related: bool = True
    chosen: frozenset[str] | None = None
    extended: bool = False
