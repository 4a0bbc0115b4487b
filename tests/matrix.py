"""The world of the leak matrix: parties, marked things full of canaries, streams that are open all the while.

And what asks its doors: all that the application has, found by itself (``asked_of``), with values of every kind of
thing that stands in the world (``Bundle.values``), so that a door that nobody has thought of is asked too.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlencode

from litestar import Litestar
from litestar.routes import HTTPRoute

from canaries import (
    MARKINGS,
    VIEWERS,
    Canary,
    Finder,
    digest_of,
    domain,
    instant_of,
    misp,
    stix,
    table,
    text,
    uuid_of,
    word,
)
from fusioncell.bootstrap import Folder, open_hub, read_settings
from fusioncell.exchange.live import LiveEvent
from fusioncell.exchange.talk import NewPost
from fusioncell.fusion.knowngood import KnownGood
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import DAY, ManualClock, format_instant, parse_instant
from fusioncell.kernel.marking import Tlp, Viewer, group, person
from fusioncell.kernel.ports import Carried
from fusioncell.members.joining import TERMS
from fusioncell.members.joining.model import Filled
from fusioncell.web.app import make_app

START = parse_instant("2026-05-01T09:00:00Z")
END = parse_instant("2026-05-15T08:30:00Z")
"""Within the guest's two weeks. The spans that doors tell, of 7 and 30 days, begin on no marking's day: where a span
begins tells of the clock and of nothing hidden.
"""
UNKNOWN = "0b8ad5c2-7d05-4b2f-9c3e-000000000000"
_ROLES = {
    "author": ["member", "lead"], "author's organisation": ["member", "lead", "editor"], "named person": ["member"],
    "same group": ["member", "lead"], "other group": ["member", "lead"], "client organisation": ["member", "lead"],
    "sponsor": ["member", "lead"], "moderator": ["moderator"], "operator": ["operator"], "auditor": ["auditor"],
    "administrator": ["administrator", "officer"], "police": ["police"], "suspended": ["member", "lead"],
    "helper": ["member"],
}  # fmt: skip
_AT = {
    "author": "Author Ltd", "author's organisation": "Author Ltd", "named person": "Same Ltd", "same group": "Same Ltd",
    "other group": "Other Ltd", "client organisation": "Client Ltd", "sponsor": "Sponsor Ltd", "moderator": "Office",
    "operator": "Office", "auditor": "Office", "administrator": "Office", "police": "Police", "suspended": "Gone Ltd",
    "helper": "Helper Ltd",
}  # fmt: skip
"""Who works where. ``helper`` answers and reacts; it is no viewer."""


class Seeded:
    """Random bytes that are the same each time."""

    def __init__(self) -> None:
        self._random = random.Random("leak matrix")

    def bytes(self, count: int) -> bytes:
        return self._random.randbytes(count)


class Post:
    """A mail server, and whoever webhooks call: keeps what it is given."""

    def __init__(self) -> None:
        self.letters: list[Any] = []
        self.calls: list[tuple[str, bytes, Any]] = []

    def carry(self, letters: Any) -> list[tuple[Carried, str]]:
        self.letters += letters
        return [(Carried.SENT, "")] * len(letters)

    def check(self, url: str) -> None:
        """Any address may be called."""

    def post(self, url: str, body: bytes, headers: Any) -> tuple[int, str]:
        self.calls.append((url, body, headers))
        return 200, ""


@dataclass
class Bundle:
    """All that stands in the world with one marking; ``values``: kind of thing → how it is asked for."""

    marking: str
    values: dict[str, str] = field(default_factory=dict)


class World:
    """A hub with its parties, then with its marked things."""

    def __init__(self, folder: Path) -> None:
        Folder(folder).make("hub")
        (folder / "hub.key").write_bytes(bytes(range(64)))
        self.clock = ManualClock(START)
        self.hub = open_hub(folder, read_settings(data=str(folder)), clock=self.clock, randomness=Seeded(),
                            known_good=KnownGood.nothing())  # fmt: skip
        self.post = self.hub.mail.carrier = self.hub.hooks._caller = Post()
        self.batches: list[tuple[list[LiveEvent], int]] = []
        self.hub.river.on_events(lambda events, position: self.batches.append((events, position)))
        self.finder = Finder(opens=self.hub.seal.entry_seq)
        self.people: dict[str, str] = {}
        self.orgs: dict[str, str] = {}
        self.keys: dict[str, str] = {}
        self.sessions: dict[str, str] = {}
        self.bundles: dict[str, Bundle] = {}
        self.was: dict[str, str] = {}
        """Of each marking, the contribution that was for all and was narrowed to it."""
        self.first: dict[str, str] = {}
        """Each viewer's cursor from before everything."""
        self.host = ""
        """A thread for the whole partnership, with an answer of each stricter marking."""
        self._parties()
        self.app = make_app(self.hub)

    # -- parties -----------------------------------------------------------------------------------------------------

    def _parties(self) -> None:
        members, circles = self.hub.members, self.hub.circles
        for at in dict.fromkeys(_AT.values()):
            if at != "Author Ltd":
                self.orgs[at] = members.add_organisation(at, f"sector of {at}", "industry").id
        for who in ("sponsor", "administrator"):
            self._person(who)
        self._sponsored()
        for who in _ROLES:
            if who not in self.people:
                self._person(who)
        members.name_client(self.orgs["Client Ltd"], self.orgs["Author Ltd"])
        inside = [f"org:{self.orgs[at]}" for at in ("Author Ltd", "Same Ltd", "Helper Ltd", "Gone Ltd")]
        self.group = circles.make_group("The inner ring", inside, kind="event").id
        self.other = circles.make_group("Another ring", [f"org:{self.orgs['Other Ltd']}"]).id
        host = self.acts("same group")
        guest, _ = circles.admit_guest(host, self.group, "Gil Guest", "gil@guest.example", "Guest Ltd")
        self.people["guest"], self.orgs["Guest Ltd"] = guest.person, guest.org
        self.hub.settle()
        for who in VIEWERS:
            if who != "signed out":
                role = "guest" if who == "guest" else _ROLES[who][0]
                org = members.person(self.people[who]).org
                self.keys[who] = members.make_key(org, self.people[who], role=role)[1].reveal()
        self._watch()

    def _person(self, who: str) -> None:
        name = who.replace("'s", "").replace(" ", ".")
        made = self.hub.members.add_person(self.orgs[_AT[who]], who.title(), f"{name}@x.example", _ROLES[who])
        self.people[who] = made.id

    def _sponsored(self) -> None:
        """Let the author's organisation join by its sponsor."""
        joining = self.hub.joining
        joining.apply(Filled("Author Ltd", "sector of Author Ltd", "industry", "The Lead", "lead@x.example",
                             "We see phishing each day.", "sponsor@x.example"), "192.0.2.1")  # fmt: skip
        one = joining.applications()[0]
        joining.stand(self.acts("sponsor"), one.id, "We worked with them on two cases.")
        one, _ = joining.accept(self.acts("administrator"), one.id, "We checked them.")
        self.orgs["Author Ltd"] = one.organisation
        lead = self.hub.members.viewer_of(f"person:{one.person}")
        assert lead is not None
        joining.accept_terms(lead, TERMS[-1].version)

    def _watch(self) -> None:
        """Let everyone watch all that can be watched, and each organisation have a webhook for everything."""
        for who in ("author", "other group", "same group", "client organisation", "sponsor", "administrator", "police",
                    "suspended", "named person", "moderator", "operator", "auditor"):  # fmt: skip
            viewer = self.acts(who)
            for at in self.orgs:
                self.hub.notify.watch(viewer, "sector", f"sector of {at}")
            if not any(hook for hook in self.hub.hooks.of(viewer)):
                self.hub.hooks.make(viewer, f"https://{_AT[who].split()[0].lower()}.example/in", [("all", "")])

    def acts(self, who: str) -> Viewer:
        """Return a party as it is now."""
        found = self.hub.members.viewer_of(f"person:{self.people[who]}")
        assert found is not None, who
        return found

    def viewer(self, who: str) -> Viewer:
        """Return a viewer as the doors would recognise it (for probes)."""
        return (self.hub.members.viewer_of(f"person:{self.people[who]}") if who in self.people else None) or Viewer()

    def sign_in(self) -> None:
        """Open a session for everyone who is in good standing, and use up the suspended one's."""
        members = self.hub.members
        for who, person_id in self.people.items():
            self.sessions[who] = members.open_session(members.person(person_id), "link").session.reveal()

    # -- marked things -------------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Suspend one, begin the thread for all, contribute what is to be narrowed and withdrawn."""
        self.hub.members.suspend(f"org:{self.orgs['Gone Ltd']}", "left")
        start = NewPost(text="Where all may answer, some for fewer.", title="For all", tlp=Tlp.GREEN)
        self.host = self.hub.talk.post(self.acts("author"), start).id
        self.hub.settle()
        self._narrowed_and_withdrawn()

    def fill(self) -> None:
        """Contribute everything, one marking a day."""
        for marking in MARKINGS:
            self.clock.advance(int(instant_of(marking).timestamp() * 1_000_000) - self.clock.now())
            before = self.hub.record.head()[0]
            self.bundles[marking] = Bundle(marking, {"was": self.was[marking], "was value": domain(marking, "was")})
            self._contributions(marking)
            self._talk(marking)
            self.hub.settle()
            for entry in self.hub.record.read_after(before, blocks=10_000):
                kind = "draft" if entry.kind == "draft" else "entry"
                self.finder.seqs[entry.seq] = Canary(marking, kind)
            self.bundles[marking].values["entry"] = self.hub.seal.entry_id(self.hub.record.head()[0])
        self.clock.advance(END - self.clock.now())
        self.hub.settle()
        self.hub.follower.follow(self.hub.river.position)

    def _terms(self, marking: str) -> tuple[Tlp, tuple[str, ...], tuple[str, ...]]:
        tlp, known = Tlp(marking), self.hub.circles.group(self.group)
        groups = (group(known.id, known.generation),) if tlp in (Tlp.AMBER, Tlp.AMBER_STRICT) else ()
        named = ("named person", "helper", "suspended") if tlp is Tlp.RED else ()
        return tlp, groups, tuple(person(self.people[who]) for who in named)

    def _narrowed_and_withdrawn(self) -> None:
        """Contribute for all, then narrow to each marking or withdraw; no stream is open yet.

        On a day before those of the markings: that something was narrowed or withdrawn then, its readers are told.
        """
        hub, author = self.hub, self.acts("author")
        for marking in MARKINGS:
            said = f"{word(marking, 'wasbody')} at {domain(marking, 'was').replace('.', '[.]')}"
            title = f"{word(marking, 'wasfile')}.txt"
            was = hub.intake.accept(author, said.encode(), "text/plain", Terms(Tlp.CLEAR, filename=title))
            gone = hub.intake.accept(author, word(marking, "gonebody").encode(), "text/plain", Terms(Tlp.CLEAR))
            post = hub.talk.post(author, NewPost(text=word(marking, "gonereply"), parent=self.host))
            hub.settle()
            hub.intake.recall(author, gone.contribution, word(marking, "gonereason"))
            hub.intake.recall(author, post.contribution)
            tlp, groups, people = self._terms(marking)
            self.was[marking] = was.contribution
            if tlp is not Tlp.CLEAR:
                moved = hub.intake.narrow(author, was.contribution, Terms(tlp, groups, people), "")
                self.was[marking] = moved.contribution
                self.finder.ids[moved.contribution.replace("-", "")] = Canary(marking, "wasid")
            hub.settle()

    def _id(self, marking: str, kind: str, made: str) -> None:
        if kind not in ("misp", "csv"):  # asked for as contributions in text and STIX are
            self.bundles[marking].values[kind] = made
        self.finder.ids[made.replace("-", "")] = Canary(marking, "draft" if kind == "draft" else f"{kind}id")

    def _contributions(self, marking: str) -> None:
        tlp, groups, people = self._terms(marking)
        values = self.bundles[marking].values
        for kind, media, body in (("text", "text/plain", text(marking)), ("stix", "application/stix+json;version=2.1",
                                  stix(marking)), ("misp", "application/json", misp(marking)),
                                  ("csv", "text/csv", table(marking))):  # fmt: skip
            terms = Terms(tlp, groups, people, None, f"{word(marking, kind + 'file')}.{kind}")
            done = self.hub.intake.accept(self.acts("author"), body, media, terms)
            self._id(marking, kind, done.contribution)
            values[f"{kind} value"] = domain(marking, kind)
        values |= {"stix id": f"indicator--{uuid_of(marking, 2)}", "misp uuid": uuid_of(marking, 3),
                   "word": word(marking, "textbody"), "title": word(marking, "posttitle")}  # fmt: skip

    def _talk(self, marking: str) -> None:
        tlp, groups, people = self._terms(marking)
        hub, author, values = self.hub, self.acts("author"), self.bundles[marking].values
        data = f"Name,Note\n{word(marking, 'filebody')},x\n".encode()
        file = hub.files.keep(author, f"{word(marking, 'filename')}.csv", data)
        values["file"] = file.digest
        self.finder.ids[file.digest] = self.finder.ids[digest_of(data)] = Canary(marking, "fileid")
        about = (f"observable:domain-name:{domain(marking, 'text')}", f"campaign:{word(marking, 'campaign')}")
        mentions = tuple(person(each) for each in self.people.values())
        made = hub.talk.post(author, NewPost(
            text=f"{word(marking, 'postbody')} at {domain(marking, 'post').replace('.', '[.]')} <b>&amp;",
            title=word(marking, "posttitle"), tlp=tlp, groups=groups, people=people, about=about, mentions=mentions,
            files=(file,),
        ))  # fmt: skip
        self._id(marking, "post", made.id)
        self._id(marking, "post contribution", made.contribution)
        hub.settle()
        answer = hub.talk.post(self.acts("helper"), NewPost(text=word(marking, "replybody"), parent=made.id))
        self._id(marking, "reply", answer.id)
        hub.settle()
        reacted = hub.talk.react(self.acts("helper"), f"post:{made.id}", "seen")
        self._id(marking, "reaction", reacted.contribution)
        hub.settle()
        hub.talk.edit(author, made.id, word(marking, "editbody"), word(marking, "edittitle"))
        if marking not in ("clear", "green"):
            narrow = hub.talk.post(author, NewPost(text=word(marking, "narrowbody"), parent=self.host, tlp=tlp,
                                                   groups=groups, people=people))  # fmt: skip
            self._id(marking, "narrow reply", narrow.id)
        question = hub.requests.question(format_instant(self.clock.now() + 40 * DAY), cell=False)
        asked = hub.talk.post(author, NewPost(text=word(marking, "askbody"), title=word(marking, "asktitle"), tlp=tlp,
                                              groups=groups, people=people, question=question))  # fmt: skip
        self._id(marking, "request", asked.id)
        self._id(marking, "draft", hub.talk.save_draft(author, NewPost(text=word("nothing", "draftbody"),
                                                                       title=word(marking, "draft"))))  # fmt: skip
        values |= {"anchor": about[0], "campaign": about[1], "of post": f"post:{made.id}",
                   "of text": f"contribution:{values['text']}"}  # fmt: skip

    def shared(self) -> dict[str, str]:
        """What many know of: parties, groups, and words that doors take."""
        found = {f"person {who}": made for who, made in self.people.items() if who in ("author", "same group", "guest")}
        found |= {f"org {at}": self.orgs[at] for at in ("Author Ltd", "Same Ltd", "Gone Ltd")}
        found |= {"group": self.group, "other group": self.other, "group anchor": f"group:{self.group}",
                  "type": "domain-name"}  # fmt: skip
        hooks = self.hub.hooks.of(self.acts("author"))
        return found | {"webhook": hooks[0].id, "watch": self.hub.notify.watches(self.acts("author"))[0].id}

    def close(self) -> None:
        self.hub.close()


MADE_UP = {
    "text": UNKNOWN, "stix": UNKNOWN, "misp": UNKNOWN, "csv": UNKNOWN, "post": UNKNOWN, "post contribution": UNKNOWN,
    "was": UNKNOWN, "was value": domain("nothing", "was"), "request": UNKNOWN, "reply": UNKNOWN,
    "reaction": UNKNOWN, "narrow reply": UNKNOWN, "draft": UNKNOWN, "entry": UNKNOWN,
    "text value": domain("nothing", "text"), "stix value": domain("nothing", "stix"),
    "misp value": domain("nothing", "misp"), "csv value": domain("nothing", "csv"), "stix id": f"indicator--{UNKNOWN}",
    "misp uuid": UNKNOWN, "word": word("nothing", "textbody"), "title": word("nothing", "posttitle"),
    "file": digest_of(b"never"), "anchor": f"observable:domain-name:{domain('nothing', 'text')}",
    "campaign": f"campaign:{word('nothing', 'campaign')}", "of post": f"post:{UNKNOWN}",
    "of text": f"contribution:{UNKNOWN}",
}  # fmt: skip
"""For each kind of thing one that never was, of the same shape."""


# -- asking ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """An answer: status, headers and body as one text."""

    status: int
    text: str


@dataclass(frozen=True)
class Question:
    """One way to ask a door. ``hidden``: the marking of the thing asked for, "" for none; ``twin``: made up."""

    door: str
    method: str
    path: str
    marking: str = ""
    twin: Question | None = None
    values: tuple[str, ...] = ()
    body: bytes = b""
    media: str = "application/json"
    accept: str = "text/html,application/json"


class AtOnce(ThreadPoolExecutor):
    """Runs in the caller's thread what doors give to others: half of the time went into waking them."""

    def submit(self, do: Any, /, *given: Any, **named: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(do(*given, **named))
        except BaseException as fault:  # noqa: BLE001 - it is handed on, as an executor does
            done.set_exception(fault)
        return done


async def ask(world: World, who: str, question: Question) -> Said:
    """Ask as a browser (or a program) of this viewer would, without a network between."""
    path, _, query = question.path.partition("?")
    headers = [(b"host", b"hub.example"), (b"accept", question.accept.encode())]
    if path.startswith("/taxii2/") and who in world.keys:
        headers.append((b"authorization", f"Bearer {world.keys[who]}".encode()))  # no session opens that door
    elif who in world.sessions:
        session = world.sessions[who]
        headers += [(b"cookie", f"fc_session={session}".encode()),
                    (b"x-csrf-token", world.hub.members.csrf_of(session).encode())]  # fmt: skip
    if question.body:
        headers += [(b"content-type", question.media.encode()), (b"content-length", b"%d" % len(question.body))]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": question.method, "scheme": "http",
        "path": unquote(path), "raw_path": path.encode(), "query_string": query.encode(), "headers": headers,
        "client": ("192.0.2.7", 1), "server": ("hub.example", 80), "root_path": "", "extensions": {}, "state": {},
    }  # fmt: skip
    status, pieces = 0, []

    async def receive() -> Any:
        return {"type": "http.request", "body": question.body, "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            pieces.extend(b"%s: %s\n" % pair for pair in sorted(message["headers"]) if pair[0] != b"date")
        else:
            pieces.append(message.get("body", b""))

    await world.app(scope, receive, send)  # type: ignore[arg-type]
    return Said(status, f"{status}\n" + b"".join(pieces).decode("utf-8", "replace"))


def without(text: str, values: tuple[str, ...]) -> str:
    """Return an answer without what was asked for, as answers may repeat it."""
    # Errors repeat the beginning of what was given, pages the last part of an anchor.
    parts = {part for value in values for part in (value, value[:40], value[:60], value.rpartition(":")[2]) if part}
    for value in sorted(parts, key=len, reverse=True):
        for form in (quote(value, safe=""), quote(value), escape(value), json.dumps(value)[1:-1], value,
                     value.replace(".", "[.]"), value.upper()):  # fmt: skip
            text = text.replace(form, "…")
    # The length of what is repeated stands in the length of the answer.
    return re.sub(r"content-length: \d+", "content-length: …", text)


def alike(one: Said, other: Said, values: tuple[str, ...]) -> bool:
    """Tell whether two answers differ in nothing but what was asked for."""
    return without(one.text, values) == without(other.text, values)


_ID = re.compile(r"[0-9a-f-]{36}|domain-name")
_IN_PATH = re.compile(r"\{(\w+)(?::\w+)?\}")


@dataclass(frozen=True)
class Door:
    """A door that reads, as the application declares it."""

    name: str
    method: str
    path: str
    query: tuple[str, ...]
    permission: str

    @property
    def places(self) -> list[str]:
        """The names of the parts of the path that are values."""
        return _IN_PATH.findall(self.path)

    def at(self, *values: str) -> str:
        """Return the path with its values."""
        left = iter(values)
        return _IN_PATH.sub(lambda _: quote(next(left), safe=":"), self.path)


def reading_doors(app: Litestar) -> Iterator[Door]:
    """Find all GET doors."""
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if isinstance(route, HTTPRoute) and "GET" in handler.http_methods:
                query = tuple(sorted(handler.opt.get("query") or ()))
                yield Door(f"GET {route.path}", "GET", route.path, query, str(handler.opt.get("permission")))


class Asker:
    """Finds out which kinds of things a door answers to, then asks for all things of these kinds, hidden ones too."""

    def __init__(self, world: World, door: Door) -> None:
        self.world, self.door = world, door
        self.shared = world.shared()
        self.known = world.bundles["clear"].values
        self.in_path: list[tuple[str, ...]] = []
        self.in_query: list[tuple[str, str]] = []
        self._answers: dict[tuple[str, str], Said] = {}

    async def explore(self, who: tuple[str, ...] = ("author", "administrator")) -> None:
        """Learn, from what is CLEAR or known to many, what the door answers to."""
        kinds = [*self.known, *self.shared]
        places = len(self.door.places)
        combinations = [()] if not places else [(k,) for k in kinds]
        for _ in range(1, min(places, 3)):
            # Of two values, the first is an id or a type.
            first = [some for some in combinations if _ID.fullmatch(self._value(some[0], "clear"))]
            combinations = [(*some, k) for some in first for k in self.known]
        for kinds_here in combinations:
            if places and await self._differs(kinds_here, who):
                self.in_path.append(kinds_here)
        ahead = self.in_path[:1] or [()]
        if places and not self.in_path:
            return
        values = [self._value(k, "clear") for k in ahead[0]]
        for name in self.door.query:
            for kind in kinds:
                if await self._tells(values, name, kind, who):
                    self.in_query.append((name, kind))
        self._answers.clear()

    async def _differs(self, kinds: tuple[str, ...], who: tuple[str, ...]) -> bool:
        mine = [self._value(kind, "clear") for kind in kinds]
        other = [self._value(kind, "") for kind in kinds]
        for each in who if len(kinds) == 1 else who[:1]:
            one = await self._answer(each, self.door.at(*mine))
            if one.status not in (400, 404, 405):
                two = await self._answer(each, self.door.at(*other))
                if not alike(one, two, (*mine, *other)):
                    return True
        return False

    async def _tells(self, path: list[str], name: str, kind: str, who: tuple[str, ...]) -> bool:
        mine, other = self._value(kind, "clear"), self._value(kind, "")
        for each in who[:1]:
            paths = [f"{self.door.at(*path)}?{urlencode({name: value})}" for value in (mine, other)]
            one, two = [await self._answer(each, path) for path in paths]
            if one.status != 400 and not alike(one, two, (mine, other)):
                return True
        return False

    async def _answer(self, who: str, path: str) -> Said:
        """Ask, but nothing twice: what was made up is the same for many kinds. What fails is told without a page."""
        if (who, path) not in self._answers:
            self._answers[who, path] = await ask(self.world, who, Question("", "GET", path, accept="application/json"))
        return self._answers[who, path]

    def _value(self, kind: str, marking: str) -> str:
        """Return a thing of a kind; ``marking`` "": one that never was (what many know is as it is)."""
        if kind in self.shared:
            return self.shared[kind] if marking else UNKNOWN
        if not marking:
            return MADE_UP[kind]
        return self.world.bundles[marking].values.get(kind, MADE_UP.get(kind, UNKNOWN))

    def questions(self) -> Iterator[Question]:
        """All that the door is asked, the same for every viewer."""
        door = self.door
        plain = [self._value("text", "") for _ in door.places]
        yield Question(door.name, "GET", door.at(*plain), values=tuple(plain))
        for kinds in self.in_path:
            twin_of = [UNKNOWN if k in self.shared and len(kinds) == 1 else self._value(k, "") for k in kinds]
            # What comes before is shared by both: a type stays a type, a post stays a post.
            for marking in MARKINGS:
                mine = tuple(self._value(k, marking) for k in kinds)
                twin = tuple(self.shared.get(k, made) for k, made in zip(kinds, twin_of, strict=True))
                own = all(k in self.shared for k in kinds)
                if own and marking != "clear":
                    continue
                other = Question(door.name, "GET", door.at(*twin), values=twin)
                yield Question(door.name, "GET", door.at(*mine), "" if own else marking, None if own else other, mine)
                if len(kinds) == 2 and not own and marking not in ("clear", "green"):
                    mixed = (self._value(kinds[0], "green"), mine[1])
                    other = Question(door.name, "GET", door.at(mixed[0], twin[1]), values=(mixed[0], twin[1]))
                    if mixed[0] != mine[0]:
                        yield Question(door.name, "GET", door.at(*mixed), marking, other, mixed)
        yield from self._queries([self._value(k, "clear") for k in self.in_path[0]] if self.in_path else plain)

    def _queries(self, path: list[str]) -> Iterator[Question]:
        door = self.door
        for name in door.query:
            for value in ("1", "all", *(("200",) if name == "limit" else ())):
                yield Question(door.name, "GET", f"{door.at(*path)}?{urlencode({name: value})}", values=(value,))
        for name, kind in self.in_query:
            own = kind in self.shared
            for marking in MARKINGS[:1] if own else MARKINGS:
                mine, made_up = self._value(kind, marking), self._value(kind, "")
                asked, other = (f"{door.at(*path)}?{urlencode({name: v})}" for v in (mine, made_up))
                twin = Question(door.name, "GET", other, values=(made_up, *path))
                yield Question(door.name, "GET", asked, "" if own else marking, None if own else twin, (mine, *path))


# -- streams -----------------------------------------------------------------------------------------------------------


STREAMS = ("/api/stream", "/live")


class Stream:
    """One open stream of a viewer, over the application itself."""

    def __init__(self, world: World, who: str, path: str, last: str = "") -> None:
        self.who, self.path, self.pieces = who, path, []
        self._over = asyncio.Event()
        headers = [(b"host", b"hub.example")]
        if who in world.keys:
            headers.append((b"authorization", f"Bearer {world.keys[who]}".encode()))
        if last:
            headers.append((b"last-event-id", last.encode()))
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": b"", "headers": headers, "root_path": "",
            "client": ("192.0.2.7", 1), "server": ("hub.example", 80), "extensions": {}, "state": {},
        }  # fmt: skip
        self._task = asyncio.create_task(world.app(scope, self._receive, self._send))  # type: ignore[arg-type]

    async def _receive(self) -> Any:
        await self._over.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        self.pieces.append(message.get("body", b""))
        if message["type"] == "http.response.start":
            self.pieces.append(str((message["status"], message["headers"])).encode())

    async def close(self) -> str:
        """Leave; return all that came."""
        self._over.set()
        await asyncio.wait_for(self._task, 10)
        return b"".join(self.pieces).decode("utf-8", "replace")


async def follow(world: World) -> list[tuple[str, str, str]]:
    """Fill the world while streams are open; return (door, viewer, what came)."""
    world.first = {who: world.hub.seal.cursor(world.hub.record.head()[0], _set_of(world, who), 1) for who in VIEWERS}
    await asyncio.to_thread(world.prepare)
    streams = [Stream(world, who, path) for path in STREAMS for who in VIEWERS]
    await asyncio.sleep(0.1)
    await asyncio.to_thread(world.fill)
    await asyncio.sleep(0.3)
    return [(f"ASGI {each.path}", each.who, await each.close()) for each in streams]


async def resume(world: World, viewers: tuple[str, ...] = VIEWERS) -> list[tuple[str, str, str]]:
    """Follow from where everything began; return (door, viewer, what came)."""
    streams = [Stream(world, who, path, world.first[who]) for path in STREAMS for who in viewers]
    await asyncio.sleep(0.5)
    return [(f"ASGI {each.path}", each.who, await each.close()) for each in streams]


def _set_of(world: World, who: str) -> int:
    return world.hub.record.audience_set_number(world.hub.record.visible_to(world.viewer(who)))


def letters_of(world: World) -> Iterator[tuple[str, str, str]]:
    """Mails that were sent, what webhooks were called with, and the digests that would be sent."""
    world.hub.notify.tell()
    world.hub.hooks.deliver()
    world.hub.mail.deliver()
    address = {world.hub.members.address_of(one): who for who, one in world.people.items()}
    for letter in world.post.letters:
        if address.get(letter.to) in VIEWERS:
            yield "MAIL", address[letter.to], f"{letter.subject}\n{letter.text}"
    at = {f"https://{place.split()[0].lower()}.example/in": who for who, place in _AT.items() if who != "named person"}
    for url, body, headers in world.post.calls:
        yield "WEBHOOK", at[url], f"{headers}\n{body.decode()}"
    for who in world.people:
        if world.viewer(who).person is not None:
            yield "MAIL digest", who, "\n".join(world.hub.notify.preview(world.viewer(who)))
