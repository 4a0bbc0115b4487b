"""The leak matrix: every TLP marking x every kind of viewer x every door that exists, generated (issue 3, check 1).

1. A world is filled: of each marking a contribution in each format, a post with a file, an answer, a reaction, an edit,
   a draft. All of it is full of canaries: in bodies, names, ids and instants (``canaries``).
2. The doors are found in the application itself (``matrix.reading_doors``) and asked for things of every kind; streams
   are open all the while; mail and webhooks are sent; what a POST door reads is asked by its probe (``probes``). A door
   is asked the day it is born, or fails ``test_no_door_is_left_out``.
3. Who may not read a marking gets no canary of it, in no form, and cannot tell the hidden from what never was.
4. Who may read it gets it through the main doors: an empty answer would prove nothing.
"""

from __future__ import annotations

import asyncio
import base64
import inspect
import os
import random
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from litestar import get
from litestar.routes import HTTPRoute

from canaries import MARKINGS, VIEWERS, Canary, domain, instant_of, readers, stated_of, uuid_of, word
from fusioncell.bootstrap import Hub
from fusioncell.exchange.files import Files
from fusioncell.exchange.notify import store as notify_store
from fusioncell.exchange.talk import store as talk_store
from fusioncell.kernel.marking import person
from fusioncell.picture import store as picture_store
from fusioncell.river import River
from fusioncell.web.app import declare_queries
from hubs import app_with
from matrix import (
    STREAMS,
    Asker,
    AtOnce,
    Door,
    Question,
    World,
    alike,
    ask,
    follow,
    letters_of,
    reading_doors,
    resume,
)
from probes import PROBES, Probe, changes

pytestmark = pytest.mark.timeout(900)


@dataclass
class Matrix:
    """What was asked and what came of it."""

    world: World
    askers: list[Asker] = field(default_factory=list)
    leaks: set[str] = field(default_factory=set)
    found: dict[tuple[str, str], set[tuple[str, str]]] = field(default_factory=dict)
    """(viewer, marking) → (door, kind of canary) that gave it."""

    def look(self, door: str, who: str, text: str, told: str = "", known: Iterable[Canary] = ()) -> None:
        """Note what an answer holds; ``known``: what the question said itself."""
        for one in self.world.finder.find(text) - set(known):
            self.found.setdefault((who, one.marking), set()).add((door, one.kind))
            if who not in readers(one.marking, one.kind) and one.marking != "nothing":
                self.leaks.add(f"{told or door} tells {who} of {one.marking}: {one.kind}")

    async def explore(self, doors: Iterable[Door]) -> None:
        """Learn what doors answer to."""
        for door in doors:
            asker = Asker(self.world, door)
            await asker.explore()
            self.askers.append(asker)

    async def ask_all(self, viewers: Iterable[str] = VIEWERS, parts: tuple[str, ...] = ("",)) -> None:
        """Ask all doors whose path holds one of these parts, for these viewers."""
        for asker in self.askers:
            if any(part in asker.door.path for part in parts):
                questions = list(asker.questions())
                for who in viewers:
                    await self._ask(questions, who, asker.door.permission)

    async def _ask(self, questions: list[Question], who: str, permission: str) -> None:
        twins = {}
        for each in questions:
            said = await ask(self.world, who, each)
            told = f"GET {each.path}"
            assert said.status < 500 or said.status == 503, (told, who, said.text)
            known = self.world.finder.find(each.path)
            if permission == "operate":
                # How the hub runs, for operators alone: when it last took something in, not what.
                known |= {Canary(marking, "time") for marking in MARKINGS}
            self.look(each.door, who, said.text, told, known)
            if each.twin is None or not each.marking or who in readers(each.marking, ""):
                continue
            if each.twin.path not in twins:
                twins[each.twin.path] = await ask(self.world, who, each.twin)
            if not alike(said, twins[each.twin.path], (*each.values, *each.twin.values)):
                self.leaks.add(f"{told} tells {who} that there is something {each.marking}")

    async def probe_all(self, viewers: Iterable[str] = VIEWERS) -> None:
        """Ask the probes of all doors that are not asked otherwise: those that read what is sent to them."""
        bundles = self.world.bundles.values()
        given = " ".join(value for each in bundles for value in each.values.values())
        for who in viewers:
            headers = {"Authorization": f"Bearer {self.world.keys[who]}"} if who in self.world.keys else {}
            transport = httpx.ASGITransport(self.world.app)  # type: ignore[arg-type]
            async with httpx.AsyncClient(transport=transport, base_url="http://hub.example", headers=headers) as client:
                probe = Probe(self.world, who, [each.values["text"] for each in bundles], [],
                              [domain(marking, "text") for marking in MARKINGS], client)  # fmt: skip
                for door in sorted(reading_posts(self.world) | PROBED):
                    async for told, said in PROBES[door](probe):
                        self.look(door, who, said, told, self.world.finder.find(given) & VALUES)
                values = "\n".join(domain(marking, kind) for marking in MARKINGS for kind in ("text", "stix", "post"))
                said = await client.post("/api/match", content=values, headers={"Content-Type": "text/csv"})
                self.look("POST /api/match", who, said.text, known=self.world.finder.find(values))
                for marking in MARKINGS:
                    for kind in ("text", "stix", "misp", "csv"):
                        hit = domain(marking, kind) in said.text and "unknown" not in said.text
                        assert not hit or who in readers(marking, kind)


PROBED = {door for door in PROBES if " /taxii2/{root:str}/collections/{which:str}/" in door}
"""Doors whose addresses nobody finds out by trying: a collection is asked for within its own root."""
VALUES = {Canary(marking, f"{kind}value") for marking in MARKINGS
          for kind in ("text", "stix", "misp", "csv", "post", "was")}  # fmt: skip
"""Values that probes themselves send."""


def reading_posts(world: World) -> set[str]:
    """Name the doors that read although their method is not GET, and those outside the framework's own."""
    found = set()
    for route in world.app.routes:
        methods = route.methods if isinstance(route, HTTPRoute) else {"ASGI"}
        found |= {f"{method} {route.path}" for method in methods - {"GET", "HEAD", "OPTIONS"}}
    return {door for door in found if not changes(door) and door not in {f"ASGI {path}" for path in STREAMS}}


@pytest.fixture(scope="module")
def matrix() -> Iterator[Matrix]:
    """The whole matrix, asked once."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as folder:
        world = World(Path(folder) / "hub")
        made = Matrix(world)

        async def fill() -> None:
            async with world.app.lifespan():
                for door, who, text in (*await follow(world), *await resume(world)):
                    made.look(door, who, text)
            asyncio.get_running_loop().set_default_executor(AtOnce())
            world.sign_in()
            for door, who, text in letters_of(world):
                made.look(door, who, text)
            await made.explore(reading_doors(world.app))
            await made.ask_all()
            await made.probe_all()

        asyncio.run(fill())
        yield made
        world.close()


def test_no_door_is_left_out(matrix: Matrix) -> None:
    """GET doors are found and asked by themselves, streams are followed; any other needs a probe or changes things."""
    assert sorted(reading_posts(matrix.world) - set(PROBES)) == []
    asked = {asker.door.name for asker in matrix.askers}
    assert {"GET /", "GET /exchange/{thread:str}", "GET /api/search", "GET /api/notifications"} <= asked
    # What a door answers to was found out, not told.
    by_name = {asker.door.name: asker for asker in matrix.askers}
    assert ("post", "file") in by_name["GET /api/posts/{which:str}/files/{digest:str}"].in_path
    assert ("post",) in by_name["GET /exchange/{thread:str}"].in_path
    assert ("q", "word") in by_name["GET /api/search"].in_query


def test_nobody_gets_what_is_marked_for_others(matrix: Matrix) -> None:
    assert sorted(matrix.leaks) == []


MAIN = {
    ("GET /api/contributions/{contribution:str}", "textname"), ("GET /contributions/{contribution:str}", "textname"),
    ("GET /api/contributions", "stixname"), ("GET /api/search", "textid"), ("GET /search", "textname"),
    ("GET /api/threads", "edittitle"), ("GET /api/threads/{thread:str}", "editbody"),
    ("GET /exchange", "edittitle"), ("GET /exchange/{thread:str}", "editbody"),
    ("GET /exchange/{thread:str}", "replybody"), ("GET /api/posts/{which:str}", "editbody"),
    ("GET /api/posts/{which:str}/versions", "postbody"), ("GET /api/reactions", "time"),
    ("GET /api/posts/{which:str}/files/{digest:str}", "filebody"),
    ("GET /exchange/posts/{which:str}/files/{digest:str}", "filebody"),
    ("GET /api/observables/{kind:str}/{value:path}", "time"),
    ("GET /api/requests", "asktitle"), ("GET /exchange/requests", "asktitle"),
    ("GET /api/contributions/{contribution:str}", "wasbody"),
}  # fmt: skip
BY_KEY = {("GET /taxii2/{root:str}/collections/{which:str}/objects", "stixname")}
"""At the doors that no session opens."""
FOLLOWED = {("ASGI /api/stream", "postid"), ("ASGI /live", "editbody"), ("ASGI /live", "filename")}
TOLD = {"same group": "WEBHOOK", "named person": "GET /api/notifications", "guest": "GET /notifications"}


@pytest.mark.parametrize("marking", MARKINGS)
def test_who_may_read_it_gets_it(matrix: Matrix, marking: str) -> None:
    """The positive control, at the doors that people live at."""
    for who in sorted(readers(marking, "")):
        found = matrix.found.get((who, marking), set())
        follows = who not in ("auditor", "suspended")
        # The key of one who is suspended is a wrong key, and no visitor's.
        main = MAIN | BY_KEY if who in matrix.world.keys and who != "suspended" else MAIN
        assert sorted((main | FOLLOWED if follows else main) - found) == [], (who, marking)
        if who in TOLD:
            assert TOLD[who] in {door for door, _ in found}, (who, marking)


def test_mail_holds_nothing_above_green(matrix: Matrix) -> None:
    """Not even for its readers: of AMBER and above a mail says that something is waiting (issue 3, point 8)."""
    mailed = {marking for (_, marking), doors in matrix.found.items() for door, _ in doors if door.startswith("MAIL")}
    assert mailed == {"clear", "green"}


# -- the proof of the proof --------------------------------------------------------------------------------------------

EVERYTHING = frozenset(range(1, 200))


def _forgets(store: Any, *names: str) -> Callable[[pytest.MonkeyPatch, World], None]:
    """Make queries of a store forget their audience filter."""

    def put_back(patch: pytest.MonkeyPatch, world: World) -> None:
        for name in names:
            patch.setattr(store, name, _unfiltered(getattr(store, name)))

    return put_back


def _unfiltered(real: Callable[..., Any]) -> Callable[..., Any]:
    where = list(inspect.signature(real).parameters).index("audiences")

    def unfiltered(*given: Any, **named: Any) -> Any:
        return real(*given[:where], EVERYTHING, *given[where + 1 :], **named)

    return unfiltered


def _whose_ever(patch: pytest.MonkeyPatch, world: World) -> None:
    """Notices are listed whoever's they are."""
    real, author = notify_store.notices, person(world.people["author's organisation"])
    patch.setattr(notify_store, "notices", lambda connection, owner, audiences, **more: real(
        connection, author, EVERYTHING, **more))  # fmt: skip


def _any_file(patch: pytest.MonkeyPatch, world: World) -> None:
    """A file is given out through any post."""
    mine = [file for each in world.bundles.values()
            for file in world.hub.talk.read_one(world.acts("author"), each.values["post"]).files]  # fmt: skip
    real = Files.read
    patch.setattr(Files, "read", lambda self, files, digest: real(self, mine, digest))


def _all_rows(patch: pytest.MonkeyPatch, world: World) -> None:
    """Who resumes the live rows gets everyone's."""
    real = River.past
    patch.setattr(River, "past", lambda self, after, until, audiences: real(self, after, until, EVERYTHING))


SEEDED = {
    "a thread shows every post": (_forgets(talk_store, "newest_posts", "sums", "post_row"), "/api/threads/{"),
    "threads are listed whoever reads them": (_forgets(talk_store, "newest_threads", "posts_at"), "/exchange"),
    "one post, whoever reads it": (_forgets(talk_store, "post_row"), "/exchange/posts/{which:str}"),
    "reactions, whoever reads them": (_forgets(talk_store, "reactions"), "/api/reactions"),
    "notices of others": (_whose_ever, "/notifications"),
    "files through any post": (_any_file, "/files/"),
    "live rows": (_all_rows, "/live"),
    "the search filters nothing": (_forgets(picture_store, "search"), "/search"),
}


@pytest.mark.parametrize("leak", SEEDED)
def test_a_seeded_leak_is_told(matrix: Matrix, leak: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same doors are asked again, as one viewer, with a leak put into the code."""
    put, part = SEEDED[leak]
    again = Matrix(matrix.world, matrix.askers)

    async def run() -> None:
        if part == "/live":
            async with matrix.world.app.lifespan():
                for door, who, text in await resume(matrix.world, ("other group",)):
                    again.look(door, who, text)
            return
        asyncio.get_running_loop().set_default_executor(AtOnce())
        await again.ask_all(("other group",), (part,))

    asyncio.run(run())
    assert again.leaks == set()
    put(monkeypatch, matrix.world)
    asyncio.run(run())
    assert any(part.strip("/").partition("/")[0] in told for told in again.leaks), f"nothing tells of {leak}"


@get("/api/made-up/{which:str}", opt={"permission": "read"}, sync_to_thread=False)
def made_up(which: str, hub: Hub, words: str = "") -> dict[str, Any]:
    """A door that somebody adds in a hurry: it tells whether there is such a post, whoever asks."""
    author = hub.members.viewer_of(f"org:{next(one.id for one in hub.members.organisations() if one.name[0] == 'A')}")
    assert author is not None
    try:
        return {"length": len(hub.talk.read_one(author, which).text), "words": words[:1]}
    except Exception:  # noqa: BLE001 - in a hurry
        return {"length": 0, "words": words[:1]}


def test_a_new_door_is_covered_the_day_it_is_born(matrix: Matrix, monkeypatch: pytest.MonkeyPatch) -> None:
    app = app_with(matrix.world.hub, made_up)
    declare_queries(app)
    monkeypatch.setattr(matrix.world, "app", app)
    again = Matrix(matrix.world)

    async def run() -> None:
        asyncio.get_running_loop().set_default_executor(AtOnce())
        await again.explore(door for door in reading_doors(app) if door.path.startswith("/api/made-up"))
        await again.ask_all(("signed out", "client organisation"))

    asyncio.run(run())
    assert len(again.askers) == 1 and ("post",) in again.askers[0].in_path
    assert {told.partition(" tells ")[2] for told in again.leaks} >= {
        "signed out that there is something green", "client organisation that there is something red",
    }  # fmt: skip


def test_the_finder_sees_every_form(matrix: Matrix) -> None:
    """A canary is found escaped, packed, in ids and in instants; what is like it is not."""
    finder, dice = matrix.world.finder, random.Random(1)
    for form in FORMS:
        for marking in MARKINGS:
            made = form(marking, "".join(dice.choice("abc &") for _ in range(dice.randrange(7))))
            assert any(one.marking == marking for one in finder.find(made)), (marking, made)
    assert finder.find("the 15 May 2026, kyxq, 5eedca9, " + "0" * 64) == set()


FORMS: list[Callable[[str, str], str]] = [
    lambda m, lead: quote(lead + domain(m, "text")),
    lambda m, lead: f'"{lead}{domain(m, "text").replace(".", "[.]").upper()}"',
    lambda m, lead: base64.b64encode((lead + word(m, "postbody") + lead).encode()).decode(),
    lambda m, lead: base64.urlsafe_b64encode(f"{lead}{uuid_of(m, 3)} and".encode()).decode().rstrip("="),
    lambda m, lead: word(m, "postbody").encode().hex(),
    lambda m, lead: "".join(f"&#{ord(each)};" for each in word(m, "postbody")),
    lambda m, lead: "".join(f"\\u{ord(each):04x}" for each in word(m, "postbody")),
    lambda m, lead: "".join(f"%{ord(each):02X}" for each in uuid_of(m, 2)),
    lambda m, lead: f"{lead} indicator--{uuid_of(m, 2)}",
    lambda m, lead: f'"at": {int(instant_of(m).timestamp() * 1_000_000)}',
    lambda m, lead: f"{instant_of(m):%d %b %Y, %H:%M UTC}",
    lambda m, lead: format_datetime(stated_of(m)),
]
