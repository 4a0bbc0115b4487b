"""Plays what people do to each other: posts, answers, reactions, event rooms, questions of consent.

What the hub refuses (a visitor closed the thread, or suspended the author) raises, and the director passes it over.
"""

from __future__ import annotations

import msgspec

from fusioncell.demo.cast import Cast
from fusioncell.demo.plot import Accept, AskConsent, Edit, Keep, OpenRoom, React, Scan, Spoken, Write
from fusioncell.exchange.anonymous.model import Held
from fusioncell.exchange.talk import NewPost
from fusioncell.intake import Question
from fusioncell.kernel.clock import HOUR
from fusioncell.kernel.errors import NotFound
from fusioncell.kernel.marking import Tlp, Viewer, org, person
from fusioncell.picture.horizon import What
from fusioncell.picture.horizon.service import PARTNERSHIP

GUEST = ("Tess Varga", "tess.varga@officewise.example", "Officewise")
GUEST_ROOM = "Officewise voicemail: response"
GUEST_TITLE = "guest: sees one event room and what is TLP:CLEAR"


def act_out(cast: Cast, act: Spoken, said: dict[str, str]) -> None:
    """Do one act. ``said``: ids of what was said, by name; what is new goes in. Raises as the hub's rooms do."""
    viewer = cast.viewer(act.by)
    if viewer is None:
        return
    hub = cast.hub
    match act:
        case Write():
            written = _write(cast, viewer, act, said)
            if act.name:
                said[act.name] = written
        case Edit():
            before = hub.talk.read_one(viewer, _known(said, act.to))
            hub.talk.edit(viewer, before.id, f"{before.text}\n\n{act.text.strip()}", before.title)
        case React():
            hub.talk.react(viewer, f"post:{_known(said, act.to)}", act.kind)
        case Keep():
            hub.talk.bookmark(viewer, _known(said, act.to))
            hub.talk.watch(viewer, hub.talk.read_one(viewer, said[act.to]).thread)
        case OpenRoom():
            parties = [org(cast.partners[partner]) for partner in act.partners]
            room = hub.circles.open_room(viewer, _known(said, act.to), act.room, parties)
            if act.room == GUEST_ROOM:
                guest, _ = hub.circles.admit_guest(viewer, room.id, *GUEST)
                cast.guests.append((guest.person, GUEST[2], GUEST_TITLE))
        case Accept():
            hub.requests.accept(viewer, _known(said, act.to), _known(said, act.answer))
        case AskConsent():
            hub.receipts.ask(viewer, _known(said, act.to), act.product, act.tlp, act.reason)
        case Scan():
            _scan(cast, viewer, act, said)


def _scan(cast: Cast, viewer: Viewer, act: Scan, said: dict[str, str]) -> None:
    """Put an item on the horizon, or a paper into one."""
    horizon = cast.hub.horizon
    if not act.to:
        deadline = cast.hub.clock.now() + round(act.hours * HOUR) if act.hours else 0
        paper = msgspec.structs.replace(act.paper, deadline=deadline)
        said[act.name] = horizon.open(viewer, paper, PARTNERSHIP)
        return
    item = horizon.one(viewer, _known(said, act.to))
    paper = msgspec.structs.replace(act.paper, to=_known(said, act.other) if act.other else "",
                                    about=item.found.id if act.paper.what is What.CONFIRM and item.found else "")
    horizon.write(viewer, item.id, paper)


def _known(said: dict[str, str], name: str) -> str:
    if name not in said:
        raise NotFound("what this is about was never said")
    return said[name]


def _write(cast: Cast, viewer: Viewer, act: Write, said: dict[str, str]) -> str:
    """Post, and return the post's id."""
    groups: tuple[str, ...] = ()
    if act.group:
        party = cast.group_party(viewer, act.group)
        if party is None:
            raise NotFound("you are in no such group")
        groups = (party,)
    called = " ".join(f"@{cast.hub.members.person(cast.people[player]).name}" for player in act.mentions)
    new = NewPost(
        text=f"{act.text.strip()}\n\n{called}".strip(), title=act.title, tlp=Tlp.AMBER if groups else act.tlp,
        groups=groups, about=act.about,
        parent=_known(said, act.to) if act.to else "",
        mentions=tuple(person(cast.people[player]) for player in act.mentions), answer=act.answers,
        question=Question(cast.hub.clock.now() + act.asks * HOUR) if act.asks else None,
    )  # fmt: skip
    return _write_nameless(cast, viewer, new) if act.nameless else cast.hub.talk.post(viewer, new).id


def _write_nameless(cast: Cast, viewer: Viewer, new: NewPost) -> str:
    """Post anonymously, at once: the story's time is scripted, and a real author would let it wait."""
    tlp = new.tlp or Tlp.GREEN
    held = Held("post", msgspec.json.encode(msgspec.structs.replace(new, tlp=tlp)), "", tlp.value, (), (), None)
    hub = cast.hub
    contribution = hub.anonymous.mine(hub.anonymous.hold(viewer, held, at_once=True)).contribution
    commit = hub.record.commit_of(contribution)
    if commit is None:
        raise NotFound("nothing was posted")
    entries = hub.record.read_many(range(commit.first_seq, commit.last_seq + 1))
    return next(one.payload.subject for one in entries if one.kind == "post" and one.payload)
