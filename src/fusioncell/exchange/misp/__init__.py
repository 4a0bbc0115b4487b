"""The core of the MISP door: calls and replies, numeric ids, what stands in events. The front door of the package.

What other packages of the door build on (``content``, ``packs``, ``search``, ``people`` …), which lie in it:

**Storage.** Threat content is entries of the record, kinds ``misp.event``, ``misp.object``, ``misp.attribute`` and
``misp.more`` (``meta["model"]``: Sighting, ShadowAttribute, EventReport, Note, Opinion, Relationship, ObjectReference,
GalaxyCluster, LocalTag, EventDelegation; ``meta["on"]``: the uuid it is about; ``meta["event"]``). A body is MISP's own
JSON of the thing without child lists and without ids of this instance: what refers to an organisation, a sharing group
or another thing does so by uuid (``sharing_group_uuid``).

**Read model** (``project``, tables of ``store``; other packages may query them in their own ``store.py``):
:data:`STANDING`: one row for each standing (model, uuid, contributor, audience), columns as in :class:`Document`, and
``common``, the id of what it has in common with its neighbours; ``exchange_misp_value (hash, seq)``:
``value_hash(text)`` of the value and of each part of a composite one; ``exchange_misp_tag (hash, common, name)``:
``value_hash`` of each tag, its name.
Every query filters by ``audience IN`` :meth:`Misp.audiences`. One object per uuid: pass rows through
:func:`firsts` (first contributor visible; of one contributor the newest version).

**Reading** (``service.Misp``): ``audiences(caller)``; ``id_out(caller, number) -> str``; ``id_in(caller, id) -> int``;
``resolve(caller, model, id_or_uuid) -> Document`` (NotFound); ``by_uuids / by_numbers / of_events / about / of_values /
find(caller, …) -> list[Document]`` (firsts already taken); ``bodies(documents) -> list[dict]`` from the record, in
order; ``raw(documents) -> list[bytes]``; ``events_json(caller, events, View(…)) -> list[dict]``,
``event_json(caller, event, View(…))``; ``attributes_json(caller, attributes, …) -> list[dict]``.

**Writing**: ``write(caller, puts, ends=(), title="", org=None) -> None``: each :class:`Put` is a new version of one
thing with its audience; ``ends`` are recalled; one commit; returns when projected. ``audience(caller, …)`` gives
the :class:`~fusioncell.kernel.marking.Audience` that distributions and tags mean (``restrict.audience_of``).
``regroup(sharing_group_uuid)`` moves what is shared with a sharing group after its organisations changed.

**Ports** (``ports.People``, ``ports.Packs``; ``Misp.people`` and ``Misp.packs`` are set in ``bootstrap/misp.py``;
``ports.Alone…`` are the defaults): organisations, sharing groups, tags, galaxies, warninglists, describeTypes.
"""

from __future__ import annotations

from fusioncell.exchange.misp.ids import Numbers
from fusioncell.exchange.misp.model import (
    Action,
    Actions,
    Call,
    Caller,
    Document,
    MispRefused,
    MispRole,
    Put,
    Reply,
    SharingGroup,
    View,
    firsts,
    named_actions,
    value_hash,
    values_of,
)
from fusioncell.exchange.misp.ports import AlonePacks, AlonePeople, Packs, People
from fusioncell.exchange.misp.store import STANDING

__all__ = [
    "STANDING", "Action", "Actions", "AlonePacks", "AlonePeople", "Call", "Caller", "Document", "MispRefused",
    "MispRole", "Numbers", "Packs", "People", "Put", "Reply", "SharingGroup", "View", "firsts", "named_actions",
    "value_hash", "values_of",
]  # fmt: skip
