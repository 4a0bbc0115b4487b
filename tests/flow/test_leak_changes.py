"""The leak matrix of the doors that change something: who asks them with hidden ids learns nothing (issue 3, check 1).

1. The doors, and the places at which each takes a value, are found in the routes (``changing``).
2. What each place answers to is found out as the author, to whom nothing is hidden: there a thing that is, and one that
   never was, make a difference.
3. Everyone from whom a thing is hidden gives the same door the hidden thing and one that never was, of every marking:
   status, headers and text are the same, and no canary stands in them.

The record takes nothing in meanwhile (503), so a thousand attempts leave the world as it was.
"""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from canaries import MARKINGS, STEM, VIEWERS, digest_of, readers
from changing import Changing, Slot, changing_doors, close_record, same, slots_of
from fusioncell.exchange.requests import store as requests_store
from fusioncell.exchange.talk import store as talk_store
from matrix import MADE_UP, UNKNOWN, AtOnce, Said, World, ask

pytestmark = pytest.mark.timeout(900)

KINDS = ("text", "post", "request", "reply", "narrow reply", "reaction", "draft", "file", "anchor", "campaign",
         "of post", "of text", "text value", "stix id", "misp uuid", "word", "entry", "post contribution")  # fmt: skip
NEVER = f"{STEM}n"
"""How words begin that stand nowhere (``canaries``)."""
OWN = "own"
"""Beside the markings: what is one party's own, and no one else's to know of."""
MAY_KNOW = {"author", "author's organisation", "administrator", "operator", "moderator", "auditor", "same group",
            "named person", "guest"}  # fmt: skip


@dataclass
class Attempts:
    """What was tried, and what came of it."""

    world: World
    doors: list[Changing] = field(default_factory=list)
    answers_to: list[tuple[Slot, str]] = field(default_factory=list)
    """Places, and the kinds of things that make a difference there."""
    leaks: set[str] = field(default_factory=set)
    asked: int = 0
    own: dict[str, str] = field(default_factory=dict)

    async def explore(self) -> None:
        """Find out which places answer to which things."""
        for door in self.doors:
            # What the author ended at the door before, the author has anew.
            self.own |= _vaulted(self.world)
            values = {kind: self.world.bundles["red"].values[kind] for kind in KINDS} | self.own
            for slot in slots_of(door):
                for who in ("author", "administrator"):
                    if await self._explored(slot, values, who):
                        break

    async def _explored(self, slot: Slot, values: dict[str, str], who: str) -> bool:
        """Note what a place answers to; False where this asker is not let in at all."""
        twins: dict[str, Said] = {}
        for kind, value in values.items():
            made_up = _made_up(kind, OWN)
            if made_up not in twins:
                twins[made_up] = await self.said(slot, who, made_up)
            if twins[made_up].status in (401, 403):
                return False
            if not same(await self.said(slot, who, value), twins[made_up], value, made_up):
                self.answers_to.append((slot, kind))
        return True

    async def said(self, slot: Slot, who: str, value: str) -> Said:
        """Ask once."""
        self.asked += 1
        answer = await ask(self.world, who, slot.question(self.world, who, value))
        assert answer.status < 500 or answer.status == 503, (slot, who, value, answer.text)
        return answer

    async def attempt(self, viewers: Iterable[str] = VIEWERS, only: str = "") -> None:
        """Give each place what is hidden from the asker, and what never was."""
        for who in viewers:
            for slot, kind in self.answers_to:
                if only not in slot.door.name:
                    continue
                for marking in (OWN,) if kind in self.own else MARKINGS[1:]:
                    may = MAY_KNOW if marking == OWN else readers(marking, "draft" if kind == "draft" else "")
                    values = self.own if marking == OWN else self.world.bundles[marking].values
                    if who not in may and kind in values:
                        await self._compare(slot, kind, marking, who)

    async def _compare(self, slot: Slot, kind: str, marking: str, who: str) -> None:
        mine = self.own[kind] if marking == OWN else self.world.bundles[marking].values[kind]
        made_up = _made_up(kind, marking)
        hidden, never = await self.said(slot, who, mine), await self.said(slot, who, made_up)
        told = f"{slot.door.name} {slot.act} ({slot.where} {slot.name}) tells {who} of {kind} {marking}"
        if not same(hidden, never, mine, made_up):
            self.leaks.add(f"{told}: {hidden.status} and not {never.status}")
        known = self.world.finder.find(mine)
        self.leaks |= {f"{told}: {one}" for one in self.world.finder.find(hidden.text) - known
                       if one.marking == marking}  # fmt: skip


def _made_up(kind: str, marking: str) -> str:
    """Return a thing that never was, one for each marking: what is asked for twice may be known the second time."""
    number = [*MARKINGS, OWN].index(marking)
    if kind == "file":
        return digest_of(b"never %d" % number)
    like = MADE_UP.get(kind, UNKNOWN)
    if kind in ("own key", "own session"):
        return f"{number:016x}"
    return re.sub("0{12}$", f"{number:012x}", like) if UNKNOWN in like else like.replace(NEVER, NEVER + "q" * number)


def _own(world: World) -> dict[str, str]:
    """Make the author own things that nobody else need know of; return them by kind."""
    hub, author = world.hub, world.acts("author")
    asset = hub.assets.claim(author, "81.2.69.0/24")
    contact = hub.directory.set_contact(author, name="The desk", phone="+44 20 7946 0000", email="desk@x.example",
                                        readers=world.group)  # fmt: skip
    hub.settle()
    return {"own asset": asset.id, "own contact": contact.id, **_vaulted(world)}


def _vaulted(world: World) -> dict[str, str]:
    """Make what a door ends without asking the record."""
    hub, author = world.hub, world.acts("author")
    org, who = author.org or "", author.person or ""
    hub.members.open_session(hub.members.person(who), "link")
    session = next(one.id for one in hub.members.sessions_of(who)
                   if one.id != hub.members.session_id(world.sessions["author"]))  # fmt: skip
    hooks = hub.hooks.of(author) or [hub.hooks.make(author, "https://author.example/in", [("all", "")])[0]]
    if not hub.notify.watches(author):
        hub.notify.watch(author, "sector", "energy")
    return {
        "own key": hub.members.make_key(org, who, role="member", label="mine")[0].id, "own session": session,
        "own webhook": hooks[0].id, "own watch": hub.notify.watches(author)[0].id,
    }  # fmt: skip


@pytest.fixture(scope="module")
def attempts() -> Iterator[Attempts]:
    """All that is tried, once."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as folder:
        world = World(Path(folder) / "hub")
        # What deletes comes last: it may end what another door would have answered to.
        made = Attempts(world, sorted(changing_doors(world.app), key=lambda one: one.name.startswith("DELETE ")))

        async def run() -> None:
            async with world.app.lifespan():
                await asyncio.to_thread(world.prepare)
                await asyncio.to_thread(world.fill)
            asyncio.get_running_loop().set_default_executor(AtOnce())
            world.sign_in()
            made.own = _own(world)
            close_record(world)
            await made.explore()
            await made.attempt()

        asyncio.run(run())
        yield made
        world.close()


def test_error_texts_tell_nothing_of_what_is_hidden(attempts: Attempts) -> None:
    assert sorted(attempts.leaks) == []


REACHED = {
    "POST /api/contributions/{contribution:str}/recall", "POST /api/contributions/{contribution:str}/narrow",
    "POST /api/contributions/{contribution:str}/widen", "POST /api/contributions/{contribution:str}/consents",
    "POST /api/contributions/{contribution:str}/proxy", "POST /api/threads", "POST /api/threads/{thread:str}/replies",
    "PUT /api/threads/{thread:str}", "PUT /api/posts/{which:str}", "DELETE /api/posts/{which:str}",
    "POST /api/posts/{which:str}/reactions", "POST /api/reactions", "PUT /api/bookmarks/{which:str}",
    "PUT /api/drafts/{which:str}", "DELETE /api/drafts/{which:str}", "POST /api/requests",
    "POST /api/requests/{which:str}/answers", "POST /api/requests/{which:str}/accept",
    "POST /contributions/{contribution:str}/recall",
    "POST /contributions/{contribution:str}/readers", "POST /exchange/requests/{which:str}", "POST /exchange/new",
    "POST /exchange/{thread:str}/watch", "POST /exchange/{thread:str}/close", "POST /exchange/posts/{which:str}/edit",
    "DELETE /api/webhooks/{webhook:str}", "DELETE /api/watches/{watch_id:str}", "DELETE /api/account/keys/{key:str}",
    "DELETE /api/assets/{which:str}", "DELETE /api/contacts/{contact:str}",
}  # fmt: skip


def test_the_doors_that_take_ids_were_found(attempts: Attempts) -> None:
    """The positive control: at these doors something is known to make a difference to who may know of it."""
    assert sorted(REACHED - {slot.door.name for slot, _ in attempts.answers_to}) == []
    assert len(attempts.doors) > 140


def _unfiltered(patch: pytest.MonkeyPatch, store: Any, name: str, where: str) -> None:
    import inspect

    real = getattr(store, name)
    place = list(inspect.signature(real).parameters).index(where)
    patch.setattr(store, name, lambda *given, **named: real(
        *given[:place], frozenset(range(1, 200)), *given[place + 1 :], **named))  # fmt: skip


SEEDED: dict[str, tuple[Callable[[pytest.MonkeyPatch], None], str]] = {
    "posts, whoever asks": (lambda patch: _unfiltered(patch, talk_store, "post_row", "audiences"), "/api/posts/"),
    "requests, whoever asks": (lambda patch: _unfiltered(patch, requests_store, "request", "audiences"), "/requests/"),
}


@pytest.mark.parametrize("leak", SEEDED)
def test_a_seeded_leak_is_told(attempts: Attempts, leak: str, monkeypatch: pytest.MonkeyPatch) -> None:
    put, part = SEEDED[leak]
    again = Attempts(attempts.world, attempts.doors, attempts.answers_to, own=attempts.own)

    async def run() -> None:
        asyncio.get_running_loop().set_default_executor(AtOnce())
        await again.attempt(("other group",), part)

    asyncio.run(run())
    assert again.leaks == set()
    put(monkeypatch)
    asyncio.run(run())
    assert again.leaks
