"""What parties do beside contributing and talking, for the random scripts of the non-interference test.

Consents to a publication by proxy and the publications, assets claimed and proved, holds, and erasures of people. Each
says how it is played on the whole hub, and how again on the one that holds what a viewer may see:

* a consent and a publication are entries with audiences of their own: those that the viewer sees are written again;
* an asset is its organisation's own, a hold the officers': for everybody else they were never there, but for those who
  read the whole audit log, where both stand;
* an erasure is everybody's to see: it is done again.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fusioncell.exchange.proxy.service import REASON
from fusioncell.intake.service import Terms
from fusioncell.kernel.entry import Draft
from fusioncell.kernel.errors import NotAllowed
from fusioncell.kernel.marking import Tlp, Viewer
from partnership import NAMES


@dataclass(frozen=True)
class LetPublish:
    """The originator of an earlier contribution lets another organisation publish it."""

    step: int
    proxy: int


@dataclass(frozen=True)
class Publish:
    """The organisation that was let publishes it."""

    step: int


@dataclass(frozen=True)
class Prove:
    """An organisation claims the name that is its own, and an operator says that it is proved."""

    who: int


@dataclass(frozen=True)
class Hold:
    """An officer keeps an organisation's editor from erasure, or a contribution's payload; or lifts what holds."""

    who: int
    step: int
    lift: bool = False


@dataclass(frozen=True)
class Erase:
    """An administrator erases an organisation's editor, with all posts or without."""

    who: int
    posts: bool


Affair = LetPublish | Publish | Prove | Hold | Erase


def affair_for(dice: random.Random, steps: Sequence[Any], contributions: Sequence[int]) -> Affair:
    """Draw one."""
    lets = [i for i, step in enumerate(steps) if isinstance(step, LetPublish)]
    draw, who = dice.random(), dice.randrange(5)
    if lets and draw < 0.4:
        return Publish(dice.choice(lets))
    if contributions and draw < 0.6:
        return LetPublish(dice.choice(contributions), who)
    if draw < 0.75:
        return Prove(who)
    if draw < 0.88 and contributions:
        return Hold(who, dice.choice(contributions), dice.random() < 0.3)
    return Erase(who, dice.random() < 0.5)


def found_people(world: Any) -> None:
    """Give every organisation an editor who may bind it, and the first one an officer."""
    members = world.hub.members
    world.editors = [members.add_person(one, f"E{n}", f"e{n}@x.example", ["editor", "lead"]).id
                     for n, one in enumerate(world.orgs)]  # fmt: skip
    world.standing = {}
    world.officer = members.add_person(world.orgs[0], "Off", "off@x.example", ["officer"]).id


def editor(world: Any, who: int) -> Viewer:
    """Return an organisation's editor as they are now. NotAllowed for one who was erased."""
    found: Viewer | None = world.hub.members.viewer_of(f"person:{world.editors[who]}")
    if found is None:
        raise NotAllowed("there is no such person any more")
    return found


def play(world: Any, step: Affair, done: Any) -> None:
    """Do it on the whole hub."""
    hub = world.hub
    if isinstance(step, LetPublish):
        items = world.played[step.step].items
        origin = world.orgs.index(items[0].org) if items else step.proxy
        hub.receipts.let_publish(editor(world, origin), world.played[step.step].contribution, world.orgs[step.proxy],
                                 Tlp.GREEN, (), "publish it for us")  # fmt: skip
    elif isinstance(step, Publish):
        let = world.steps[step.step]
        hub.proxy.publish(editor(world, let.proxy), world.played[let.step].contribution, Terms(Tlp.GREEN),
                          confirmed=True)  # fmt: skip
    elif isinstance(step, Prove):
        claimed = hub.assets.claim(editor(world, step.who), NAMES[step.who])
        hub.assets.approve(world.poster(0), claimed.id, "The registry says so.")
    elif isinstance(step, Hold):
        _hold(world, step, world.played[step.step].contribution)
    else:
        hub.privacy.erase(world.poster(0), world.editors[step.who], posts=step.posts)
    done.did = True


def _hold(world: Any, step: Hold, kept: str) -> None:
    """``kept``: the contribution of the step, as it is called on the whole hub: a hold may name what is hidden."""
    officer = world.hub.members.viewer_of(f"person:{world.officer}")
    if step.lift:
        for one in world.hub.privacy.holds(officer)[:1]:
            world.hub.privacy.lift_hold(officer, one.id)
    elif step.who % 2:
        world.hub.privacy.place_hold(officer, "person", world.editors[step.who], "CASE-1", "Section 1", 30)
    elif kept:
        world.hub.privacy.place_hold(officer, "contribution", kept, "CASE-1", "S 1", 30)


def play_again(world: Any, step: Affair, done: Any, mine: Any, whole: Any, viewer: Viewer) -> None:
    """Do on the smaller hub what of it the viewer may know."""
    seen = whole.hub.record.visible_to(viewer)
    if isinstance(step, (LetPublish, Publish)):
        visible = [entry for entry in done.said if entry.audience in seen and entry.payload is not None]
        if visible:
            before = world.hub.record.head()[0]
            world.hub.record.append(done.said[0].org, [
                Draft(entry.kind, world.hub.record.intern_audience(whole.hub.record.audience(entry.audience)),
                      entry.payload) for entry in visible], done.contribution)  # fmt: skip
            mine.contribution, mine.said = done.contribution, world.hub.record.read_after(before, blocks=100)
            mine.items = [entry for entry in mine.said if entry.kind != "contribution"]
    elif isinstance(step, Hold) and viewer.may("audit"):
        _hold(world, step, whole.played[step.step].contribution)
        mine.did = True
    elif isinstance(step, Erase) or viewer.may("audit") or (
        isinstance(step, Prove) and viewer.org == world.orgs[step.who]
    ):
        play(world, step, mine)


Standing = frozenset[tuple[str, str]]


def standing(world: Any, which: int) -> Standing:
    """Return (kind, subject) of what stands of a publication."""
    every = world.hub.record.audiences_where(lambda _: True)
    return frozenset((entry.kind, entry.payload.subject)
                     for entry in world.hub.intake.entries_of(every, world.played[which].contribution)
                     if entry.payload is not None)  # fmt: skip


def note_followed(world: Any, done: Any, own: int) -> None:
    """Note what left publications because their originals were withdrawn: that may have been hidden from their readers.

    ``own``: the step that is recalled itself, -1 for none.
    """
    for which, (step, played) in enumerate(zip(world.steps, world.played, strict=False)):
        if isinstance(step, Publish) and played.did:
            before, now = world.standing.get(which), standing(world, which)
            if before is not None and before != now and which != own:
                done.followed.append((which, before - now))
            world.standing[which] = now


def follow_again(world: Any, done: Any) -> None:
    """Withdraw from the publications of the smaller hub what left them on the whole one."""
    for which, lost in done.followed:
        contribution = world.played[which].contribution
        if not contribution:
            continue
        every = world.hub.record.audiences_where(lambda _: True)
        copies = world.hub.intake.entries_of(every, contribution)
        gone = [entry for entry in copies if (entry.kind, entry.payload.subject) in lost]
        if gone:
            viewer = world.hub.members.operator_viewer(gone[0].org)
            for seq in [None] if len(gone) == len(copies) else [entry.seq for entry in gone]:
                world.hub.intake.recall(viewer, contribution, REASON, seq)
