"""What distribution levels, tags and children become on their way from one MISP to another. Pure.

MISP 2.5: ``Server::__updatePulledEventBeforeInsert`` (pulls), ``Event::__updateEventForSync`` (pushes).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Body = dict[str, Any]
PULLED = {"1": "0", "2": "1"}
"""What a puller makes of a level: this community becomes its own organisation, connected ones its community."""
PUSHED = {"2": "1", "3": "3", "5": "5"}
"""What a pusher sends, and as what: nothing below 2 leaves, nor what is shared with a group."""
_HERE = frozenset({
    "id", "event_id", "object_id", "org_id", "orgc_id", "Org", "sharing_group_id", "SharingGroup", "RelatedEvent",
    "Feed", "Server", "RelatedAttribute", "Galaxy", "event_creator_email", "user_id", "attribute_count", "locked",
    "warnings", "proposal_email_lock", "CryptographicKey",
})  # fmt: skip
"""Fields that mean something on the sender's instance alone."""
_CHILDREN = ("Attribute", "Object", "EventReport", "ObjectReference", "Note", "Opinion", "Relationship")


def pulled(thing: Mapping[str, Any]) -> Body:
    """Return an event, and all in it, as it is taken in: levels stepped down, local tags and what is told apart left.

    Sightings and proposals are asked for by requests of their own.
    """
    made = {name: value for name, value in thing.items()
            if name not in _HERE and name not in ("Sighting", "ShadowAttribute")}  # fmt: skip
    level = str(made.get("distribution", ""))
    if level in PULLED:
        made["distribution"] = PULLED[level]
    _untag(made)
    for name in _CHILDREN:
        if isinstance(made.get(name), list):
            made[name] = [pulled(one) for one in made[name] if isinstance(one, Mapping)]
    return made


def pushed(event: Mapping[str, Any]) -> Body | None:
    """Return an event as it is sent, None where it does not leave."""
    return _sent(event)


def _sent(thing: Mapping[str, Any]) -> Body | None:
    level = PUSHED.get(str(thing.get("distribution", "5")))
    if level is None:
        return None
    made = {name: value for name, value in thing.items()
            if name not in _HERE and name not in ("Sighting", "ShadowAttribute")}  # fmt: skip
    if "distribution" in made:
        made["distribution"] = level
    _untag(made)
    for name in _CHILDREN:
        if isinstance(made.get(name), list):
            sent = [_sent(one) for one in made[name] if isinstance(one, Mapping)]
            made[name] = [one for one in sent if one is not None]
    return made


def _untag(made: Body) -> None:
    tags = made.get("Tag")
    if isinstance(tags, list):
        made["Tag"] = [{name: value for name, value in tag.items() if name in ("name", "colour", "relationship_type")}
                       for tag in tags if isinstance(tag, Mapping) and tag.get("local") not in (True, 1, "1")]
