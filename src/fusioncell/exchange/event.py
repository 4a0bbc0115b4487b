"""What the live stream says: one event for each entry, one tombstone for each recall. Pure.

Events are made once for each audience set and shared by all who hold it; positions in them are sealed.
"""

from __future__ import annotations

from typing import Any

import msgspec

from fusioncell.intake import read_post, read_reaction
from fusioncell.intake.model import Extract
from fusioncell.intake.project import Recall
from fusioncell.kernel.claim import Role, Stance
from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.marking import Audience

_encode = msgspec.json.Encoder().encode
MAX_OBSERVABLES = 50


def entry_event(entry: Entry, extract: Extract, audience: Audience, entry_id: str, fresh: bool, was: str = "") -> bytes:
    """Return the JSON of an ``entry`` event: what arrived, from whom, under which marking, naming what.

    ``was``: the id of the entry that it was before it was narrowed or widened, where each reader could see that.
    """
    named: list[dict[str, Any]] = [
        {
            "type": claim.observable.type.value,
            "value": claim.observable.value,
            "role": Role(claim.role).name.lower(),
            "stance": Stance(claim.stance).name.lower(),
        }
        for claim in extract.claims[:MAX_OBSERVABLES]
    ]
    return _encode(
        {
            "id": entry_id,
            "contribution": entry.contribution,
            "at": format_instant(entry.at),
            "organisation": entry.org,
            "kind": entry.kind,
            **_of_talk(entry),
            "subject": entry.payload.subject if entry.payload else "",
            "tlp": audience.tlp.value,
            "title": extract.title[:300],
            "observables": named,
            "more": max(0, len(extract.claims) - MAX_OBSERVABLES),
            "history": not fresh,
            **({"was": was} if was else {}),
        }
    )


def _of_talk(entry: Entry) -> dict[str, str]:
    """Return where a post or reaction stands, so that an open page can put it there; nothing for other kinds."""
    if entry.payload is None or entry.kind not in ("post", "reaction"):
        return {}
    try:
        if entry.kind == "post":
            post = read_post(entry.payload.body)
            return {"thread": post.thread or entry.payload.subject, "parent": post.parent}
        reaction = read_reaction(entry.payload.body)
    except ValueError:
        return {}
    return {"thread": reaction.thread, "on": reaction.on, "reaction": reaction.kind}


def history_event(last: Entry, count: int, audience: Audience) -> bytes:
    """Return the JSON of a ``history`` event: so many old items of one contribution arrived; where to read them."""
    return _encode(
        {
            "contribution": last.contribution,
            "at": format_instant(last.at),
            "organisation": last.org,
            "kind": last.kind,
            "tlp": audience.tlp.value,
            "items": count,
            "href": f"/api/contributions/{last.contribution}",
            "history": True,
        }
    )


def tombstone_event(entry: Entry, recall: Recall, audience: Audience, entry_id: str, gone: str) -> bytes:
    """Return the JSON of a ``tombstone`` event: what was withdrawn. ``gone``: id of the entry, "" for all of it.

    ``goes_on`` stands in it where the originator shows the same to more: the contribution as which it goes on.
    """
    return _encode(
        {
            "id": entry_id,
            "contribution": recall.contribution,
            "at": format_instant(entry.at),
            "organisation": entry.org,
            "entry": gone,
            "tlp": audience.tlp.value,
            "withdrawn": True,
            **({"goes_on": entry.contribution} if recall.shown and recall.to else {}),
        }
    )


def frame(token: str, name: str, data: bytes) -> bytes:
    """Return one Server-Sent Event (HTML Living Standard §9.2)."""
    return b"id: " + token.encode() + b"\nevent: " + name.encode() + b"\ndata: " + data + b"\n\n"
