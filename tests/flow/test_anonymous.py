"""Anonymous contribution: nobody learns the author but two officers together, and the author keeps what is theirs."""

from __future__ import annotations

import base64
import json
import logging
import random
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import sqrt
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from fusioncell.bootstrap import Folder, Hub, open_hub
from fusioncell.exchange.anonymous.model import Held
from fusioncell.fusion.knowngood import KnownGood
from fusioncell.kernel.clock import DAY, HOUR, MINUTE, ManualClock
from fusioncell.kernel.ids import SeededRandomness
from fusioncell.kernel.marking import group, org
from fusioncell.members import SignedIn
from fusioncell.members.sealing import make_key, open_identity, open_share, reseal
from fusioncell.members.sealing.model import Box, Officer
from fusioncell.shield.model import State
from fusioncell.web.app import make_app

START = 1_767_225_600_000_000
INDICATOR = "Fake courier at parcel-redelivery[.]example, seen by one of us"


@dataclass
class World:
    """A hub with ten organisations of two people each, and two officers at two of them."""

    hub: Hub
    clock: ManualClock
    client: TestClient[Any]
    keys: dict[str, str] = field(default_factory=dict)
    """Person → API key."""
    private: dict[str, bytes] = field(default_factory=dict)
    """Officer → private key; it never goes to the hub."""

    signed: dict[str, SignedIn] = field(default_factory=dict)
    """Person → session, for those who are at a browser."""

    def ask(self, person: str, method: str, path: str, **more: Any) -> Any:
        who = {"Authorization": f"Bearer {self.keys[person]}"}
        if person in self.signed:
            session = self.signed[person]
            who = {"Cookie": f"fc_session={session.session.reveal()}", "X-CSRF-Token": session.csrf}
        return self.client.request(method, path, headers={**who, **more.pop("headers", {})}, **more)

    def send(self, person: str, body: str, **terms: Any) -> str:
        answer = self.ask(person, "POST", "/api/anonymous", content=body, params=terms,
                          headers={"Content-Type": "text/plain"})  # fmt: skip
        assert answer.status_code == 201, answer.text
        secret: str = answer.json()["secret"]
        return secret

    def status(self, person: str, secret: str) -> Any:
        return self.ask(person, "POST", "/api/anonymous/status", json={"secret": secret}).json()


def make_world(folder: Path, organisations: int = 10) -> World:
    Folder(folder).make("hub")
    clock = ManualClock(START)
    hub = open_hub(folder, clock=clock, randomness=SeededRandomness(7), known_good=KnownGood.nothing())
    world = World(hub, clock, TestClient(make_app(hub), raise_server_exceptions=False))
    members = hub.members
    for number in range(organisations):
        home = members.add_organisation(f"Org {number}", "energy", "industry")
        for which in range(2):
            roles = ["member", "officer"] if number < 3 and which == 0 else ["member"]
            who = members.add_person(home.id, f"Person {number}-{which}", f"p{number}-{which}@org.example", roles)
            world.keys[who.id] = members.make_key(home.id, who.id, role="member" if which else roles[-1])[1].reveal()
            if len(roles) == 2:
                world.private[who.id], public = make_key(SeededRandomness(number + 100))
                answer = world.ask(who.id, "POST", "/api/officers", json={"public_key": _b64(public)})
                assert answer.status_code == 201, answer.text
    for officer in world.private:
        home_id = members.person(officer).org
        world.keys[f"member {officer}"] = members.make_key(home_id, officer, role="member")[1].reveal()
    hub.settle()
    return world


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = make_world(tmp_path / "hub")
    with made.client:
        yield made
    made.hub.close()


def authors(world: World) -> list[str]:
    """People who are no officers."""
    return [person for person in world.keys if person not in world.private and not person.startswith("member ")]


def test_it_is_seen_without_a_name_and_withdrawn_by_its_author(world: World) -> None:
    author, reader, *_ = authors(world)
    secret = world.send(author, INDICATOR, at_once=True)
    world.hub.settle()
    told = world.status(author, secret)
    assert told["status"] == "published"
    page = world.ask(reader, "GET", f"/api/contributions/{told['contribution']}").json()
    text = json.dumps(page)
    assert "parcel-redelivery" in text
    assert author not in text
    assert world.hub.members.person(author).org not in text
    assert "Person" not in text
    # Its own organisation sees no more of it than others do: not even the receipt.
    assert world.ask(author, "GET", f"/api/contributions/{told['contribution']}/status").status_code == 404
    # Another's secret, or a made-up one, is nothing.
    assert world.ask(reader, "POST", "/api/anonymous/withdraw", json={"secret": "0" * 48}).status_code == 404
    assert world.ask(author, "POST", "/api/anonymous/withdraw", json={"secret": secret}).status_code == 200
    world.hub.settle()
    assert world.ask(reader, "GET", f"/api/contributions/{told['contribution']}").status_code == 404


def test_it_waits_for_a_random_time_and_can_be_taken_back_before(world: World) -> None:
    author, *_ = authors(world)
    secrets = [world.send(author, f"{INDICATOR} {n}") for n in range(6)]
    world.hub.settle()
    assert all(world.status(author, each)["status"] == "waiting" for each in secrets)
    world.ask(author, "POST", "/api/anonymous/withdraw", json={"secret": secrets[0]})
    out: list[int] = []
    for _ in range(61):
        world.clock.advance(MINUTE)
        world.hub.settle()
        done = {n for n, each in enumerate(secrets[1:]) if world.status(author, each).get("status") == "published"}
        out += sorted(done - set(out))
    assert sorted(out) == [0, 1, 2, 3, 4]
    assert out != [0, 1, 2, 3, 4]  # five in their old order: one chance in 120, and the seed is fixed
    assert world.ask(author, "POST", "/api/anonymous/status", json={"secret": secrets[0]}).status_code == 404


def test_what_waits_survives_the_hub_and_comes_out_once(tmp_path: Path) -> None:
    made = make_world(tmp_path / "hub", 4)
    with made.client:
        author = authors(made)[0]
        secret = made.send(author, INDICATOR)
    made.hub.close()
    again = open_hub(tmp_path / "hub", clock=made.clock, randomness=SeededRandomness(8), known_good=KnownGood.nothing())
    try:
        made.clock.advance(HOUR)
        again.settle()
        again.settle()
        mine = again.anonymous.mine(secret)
        assert mine.contribution
        assert len(again.picture.newest(again.members.operator_viewer(None))) == 1  # type: ignore[arg-type]
    finally:
        again.close()


def test_faults_are_told_at_once_and_nothing_is_kept(world: World) -> None:
    author, *_ = authors(world)
    before = world.hub.record.head()[0]

    def refused(body: str, media: str = "text/plain", **terms: Any) -> Any:
        return world.ask(author, "POST", "/api/anonymous", content=body, params=terms, headers={"Content-Type": media})

    assert refused("", at_once=True).status_code == 400
    assert refused("{", "application/json").status_code == 400
    nobody = refused(INDICATOR, tlp="amber")
    assert nobody.status_code == 400
    assert "group" in nobody.json()["hint"]
    foreign = world.hub.circles.make_group("Others", [org(world.hub.members.organisations()[-1].id)])
    mine = world.hub.members.person(author).org
    assert mine != world.hub.members.organisations()[-1].id
    assert refused(INDICATOR, tlp="amber", group=group(foreign.id, 1)).status_code == 403
    world.hub.settle()
    head = world.hub.record.head()[0]
    assert head - before <= 1  # the group


def test_what_our_code_fails_on_stops_nothing_and_its_author_is_told(world: World) -> None:
    author, *_ = authors(world)
    viewer = world.hub.members.viewer_for_key(world.keys[author])
    assert viewer is not None
    broken = Held("post", b'{"text": 1}', "", "green", (), (), None)
    secret = world.hub.anonymous.hold(viewer, broken, at_once=True)
    after = world.send(author, INDICATOR, at_once=True)
    world.hub.settle()
    assert "cannot take it" in world.status(author, secret)["fault"]
    assert world.status(author, after)["status"] == "published"
    assert world.hub.anonymous.release() == 0


def test_many_anonymous_voices_are_one_and_block_nothing(world: World) -> None:
    first, second, third, reader, *_ = authors(world)
    for author in (first, second, third):
        world.send(author, INDICATOR, at_once=True)
        world.hub.settle()
    known = world.ask(reader, "GET", "/api/observables/domain-name/parcel-redelivery.example").json()
    assert len(known["explanation"]["origins"]) == 1
    administrator = world.hub.members.operator_viewer(None)
    assert administrator is not None
    assert world.hub.shield.decisions(administrator, [State.PROPOSED]) == []
    # One that gives its name makes two origins, and a person is asked.
    answer = world.ask(reader, "POST", "/api/contributions?tlp=green", content=INDICATOR + ", here too",
                       headers={"Content-Type": "text/plain"})  # fmt: skip
    assert answer.status_code == 202
    world.hub.settle()
    assert len(world.hub.shield.decisions(administrator, [State.PROPOSED])) == 1


def test_by_page_the_secret_is_shown_once_and_follows_it(world: World) -> None:
    author, *_ = authors(world)
    client = world.client
    link = world.hub.members.make_link(author).reveal()
    client.headers["accept"] = "text/html"
    assert client.post(f"/sign-in/link/{link}", follow_redirects=False).status_code == 303
    csrf = re.search(r'name="csrf" value="([^"]+)"', client.get("/contribute").text)
    assert csrf is not None
    form = {"csrf": csrf[1], "text": INDICATOR, "tlp": "green", "anonymous": "1", "at_once": "1"}
    sent = client.post("/contribute", data=form)
    assert sent.status_code == 200
    secret = re.search(r"<code[^>]*>([0-9a-f]{48})</code>", sent.text)
    assert secret is not None
    world.hub.settle()
    mine = client.post("/anonymous", data={"csrf": csrf[1], "secret": secret[1]})
    assert "It is out." in mine.text
    assert "Person" not in client.get("/").text.partition("<main")[2]
    few = client.get("/contribute/reach", params={"tlp": "red", "anonymous": "1"}).text
    assert "may guess" in few
    gone = client.post("/anonymous", data={"csrf": csrf[1], "secret": secret[1], "act": "withdraw"},
                       follow_redirects=False)  # fmt: skip
    assert gone.status_code == 303
    assert "It is withdrawn." in client.post("/anonymous", data={"csrf": csrf[1], "secret": secret[1]}).text


def test_an_unnamed_post_is_mended_and_answered_without_its_author_being_named(world: World) -> None:
    author, other, *_ = authors(world)
    client = world.client
    client.headers["accept"] = "text/html"
    for person in (author, other):
        world.signed[person] = world.hub.members.open_session(world.hub.members.person(person), "passkey")
    csrf = {person: world.signed[person].csrf for person in (author, other)}
    form = {"csrf": csrf[author], "title": "A kit", "text": "at evil[.]example", "tlp": "green", "anonymous": "1",
            "at_once": "1", "uses": ["analysis", "none"]}  # fmt: skip
    sent = world.ask(author, "POST", "/exchange/new", data=form)
    secret = re.search(r"<code[^>]*>([0-9a-f]{48})</code>", sent.text)
    assert secret is not None, sent.text[-1500:]
    world.hub.settle()
    (thread,) = world.ask(other, "GET", "/api/threads").json()["threads"]
    page = world.ask(other, "GET", f"/exchange/{thread['id']}").text
    assert "An anonymous member" in page
    reply = {"csrf": csrf[other], "parent": thread["id"], "text": "We saw it too."}
    assert world.ask(other, "POST", "/exchange/new", data=reply, follow_redirects=False).status_code == 303
    mine = world.ask(author, "POST", "/anonymous", data={"csrf": csrf[author], "secret": secret[1]})
    assert "at evil[.]example" in mine.text
    change = {"csrf": csrf[author], "secret": secret[1], "act": "edit", "post": thread["id"], "title": "A kit",
              "text": "at vile[.]example"}  # fmt: skip
    assert "at vile[.]example" in world.ask(author, "POST", "/anonymous", data=change).text
    page = world.ask(other, "GET", f"/exchange/{thread['id']}").text
    assert "vile[.]example" in page
    assert "We saw it too." in world.ask(author, "GET", f"/exchange/{thread['id']}").text
    assert world.hub.members.person(author).name not in page
    # Nobody else's secret mends it, nor does the author's own name.
    assert world.ask(other, "POST", "/anonymous", data={**change, "csrf": csrf[other], "secret": "0" * 48}).is_error
    assert world.ask(author, "GET", f"/exchange/posts/{thread['id']}/edit").status_code in (403, 404)


# -- two officers ------------------------------------------------------------------------------------------------------


def _box(said: Any) -> Box:
    box = said["box"]
    raw = {pair: base64.b64decode(share) for pair, share in box["shares"].items()}
    return Box(raw, base64.b64decode(box["identity"]), base64.b64decode(box["mark"]))


def reveal(world: World, contribution: str, first: str, second: str) -> str:
    """Do what two officers' programs do; return the person."""
    asked = {"contribution": contribution, "reason": "threat to life, case 17", "legal_basis": "warrant 2026/17"}
    opened = world.ask(first, "POST", "/api/reveals", json=asked)
    assert opened.status_code == 201, opened.text
    case, box = opened.json()["id"], _box(opened.json())
    listed = world.ask(second, "GET", "/api/officers").json()["officers"]
    other = next(each for each in listed if each["person"] == second)
    peer = Officer(second, other["organisation"], base64.b64decode(other["public_key"]), 0)
    share = reseal(open_share(box, first, second, world.private[first]), peer, SeededRandomness(9))
    handed = world.ask(first, "POST", f"/api/reveals/{case}/shares", json={"shares": {second: _b64(share)}})
    assert handed.status_code == 200, handed.text
    joined = world.ask(second, "POST", f"/api/reveals/{case}/join").json()
    theirs = _box(joined)
    mine = open_share(theirs, second, first, world.private[second])
    identity, proof = open_identity(theirs, mine, base64.b64decode(joined["handed"]), world.private[second])
    done = world.ask(second, "POST", f"/api/reveals/{case}/finish", json={"opened": _b64(proof)})
    assert done.status_code == 200, done.text
    assert done.json()["person"] == identity.person
    return identity.person


def test_two_officers_reveal_and_the_author_sees_it(world: World) -> None:
    author, bystander, *_ = authors(world)
    first, second, third = world.private
    secret = world.send(author, INDICATOR, at_once=True)
    world.hub.settle()
    contribution = world.status(author, secret)["contribution"]
    assert reveal(world, contribution, first, second) == author
    seen = world.status(author, secret)["reveals"]
    assert [(each["state"], each["reason"]) for each in seen] == [("revealed", "threat to life, case 17")]
    assert seen[0]["officers"] == [first, second]
    # The author is told without the secret, too; nobody else is.
    assert [case.contribution for case in world.hub.sealing.reveals_of(author)] == [contribution]
    assert world.hub.sealing.reveals_of(bystander) == []
    actions = [line.action for line in world.hub.audit.lines(None) if line.action.startswith("reveal.")]
    assert actions == ["reveal.done", "reveal.joined", "reveal.shared", "reveal.opened"]
    assert world.ask(bystander, "GET", "/api/reveals").status_code == 403


def test_one_officer_alone_learns_nothing(world: World) -> None:
    author, bystander, *_ = authors(world)
    first, second, third = world.private
    secret = world.send(author, INDICATOR, at_once=True)
    world.hub.settle()
    contribution = world.status(author, secret)["contribution"]
    asked = {"contribution": contribution, "reason": "simple curiosity", "legal_basis": "none at all"}
    assert world.ask(bystander, "POST", "/api/reveals", json=asked).status_code == 403
    assert world.ask(first, "POST", "/api/reveals", json={**asked, "reason": ""}).status_code == 400
    opened = world.ask(first, "POST", "/api/reveals", json=asked).json()
    case, box = opened["id"], _box(opened)
    assert author.encode() not in box.identity
    assert all(pair.startswith(first) for pair in box.shares)
    # Its own share, joined with anything it can make itself, opens nothing.
    own = open_share(box, first, second, world.private[first])
    me = Officer(first, "", make_key(SeededRandomness(100))[1], 0)
    with pytest.raises(Exception, match="do not open"):
        open_identity(box, own, reseal(own, me, SeededRandomness(3)), world.private[first])
    with pytest.raises(Exception, match="does not open"):
        open_share(box, first, second, world.private[second])
    assert world.ask(first, "POST", f"/api/reveals/{case}/join").status_code == 403
    assert world.ask(second, "POST", f"/api/reveals/{case}/join").status_code == 409
    wrong = world.ask(second, "POST", f"/api/reveals/{case}/finish", json={"opened": _b64(b'{"person":"x"}')})
    assert wrong.status_code == 400
    assert world.ask(second, "POST", f"/api/reveals/{case}/close").status_code == 200
    # The attempt stays where its author sees it.
    assert [each["state"] for each in world.status(author, secret)["reveals"]] == ["closed"]


def test_without_two_officers_there_is_no_anonymity_to_promise(tmp_path: Path) -> None:
    Folder(tmp_path / "hub").make("hub")
    hub = open_hub(tmp_path / "hub", known_good=KnownGood.nothing())
    try:
        home = hub.members.add_organisation("Org", "energy", "industry")
        who = hub.members.add_person(home.id, "P", "p@org.example", ["member"])
        viewer = hub.members.viewer_for_key(hub.members.make_key(home.id, who.id)[1].reveal())
        assert viewer is not None
        assert not hub.anonymous.ready()
        with pytest.raises(Exception, match="fewer than two hold the office"):
            hub.sealing.seal(viewer)
    finally:
        hub.close()


# -- the attacker ------------------------------------------------------------------------------------------------------

_INSTANT = (START - DAY, START + 400 * DAY)


@dataclass
class Stolen:
    """The whole of the databases: rows that name a person (by any of its ids), with the instants that they hold."""

    near: list[tuple[int, str]] = field(default_factory=list)
    """(instant, person), in order."""
    beside: dict[str, list[str]] = field(default_factory=dict)
    """Text that stands in a row (ids, pseudonyms) → people named in the same row."""
    neighbours: dict[str, list[str]] = field(default_factory=dict)
    """Text → people named in the rows written just before and after, in the order of the table's row numbers."""


def steal(folder: Path, names: dict[str, str]) -> Stolen:
    """Read every row of every table; ``names``: text that names a person → person."""
    stolen = Stolen()
    pattern = re.compile("|".join(re.escape(name) for name in names))
    for file in sorted(folder.glob("*.db")):
        base = sqlite3.connect(file)
        # The index of words holds no text of its own: what it is built from stands in a table beside it.
        named = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
        for (table,) in base.execute(named).fetchall():
            before: list[str] = []
            waiting: list[str] = []
            for row in base.execute(f'SELECT * FROM "{table}"'):
                text = " ".join(v.decode("latin-1") if isinstance(v, bytes) else str(v) for v in row)
                people = [names[found] for found in pattern.findall(text)]
                instants = [v for v in row if isinstance(v, int) and _INSTANT[0] < v < _INSTANT[1] and v % DAY]
                stolen.near += [(at, person) for at in instants for person in people]
                marks = re.findall(r"anon:[0-9a-f]{40}|[0-9a-f]{8}-[0-9a-f-]{27}", text)
                for mark in marks:
                    if people:
                        stolen.beside.setdefault(mark, []).extend(people)
                    stolen.neighbours.setdefault(mark, []).extend(before)
                if people:
                    for mark in waiting:
                        stolen.neighbours.setdefault(mark, []).extend(people)
                    before, waiting = people, []
                else:
                    waiting = [*waiting, *marks][-50:]
        base.close()
    stolen.near.sort()
    return stolen


def guesses(stolen: Stolen, contribution: str, pseudonym: str, at: int) -> dict[str, str]:
    """Name an author by every way that there is."""
    made: dict[str, str] = {}
    for way, table in (("same row", stolen.beside), ("next row", stolen.neighbours)):
        people = Counter([*table.get(contribution, []), *table.get(pseudonym, [])])
        if people:
            made[way] = people.most_common(1)[0][0]
    earlier = [person for when, person in stolen.near if when <= at]
    later = [person for when, person in stolen.near if when > at]
    if earlier:
        made["who was there last"] = earlier[-1]
        made["who was there most, of late"] = Counter(earlier[-20:]).most_common(1)[0][0]
    if later:
        made["who came next"] = later[0]
    return made


def lives(made: World, dice: random.Random, everyone: list[str], posts: int) -> list[tuple[str, str]]:
    """Let the members live their days, named and not; return (author, secret) of what was sent anonymously."""
    secrets: list[tuple[str, str]] = []
    named = 0
    while len(secrets) < posts:
        # All are there at some time of the day and do named things; those who have something to hide send it.
        for person in dice.sample(everyone, len(everyone)):
            made.clock.advance(dice.randrange(MINUTE, 5 * MINUTE))
            made.signed[person] = made.hub.members.open_session(made.hub.members.person(person), "passkey")
            made.ask(person, "GET", "/api/whoami")
        for _ in range(60):
            made.clock.advance(dice.randrange(2 * MINUTE, 14 * MINUTE))
            person = dice.choice(everyone)
            # Sessions end after an hour without use: most sign in right before they send.
            made.signed[person] = made.hub.members.open_session(made.hub.members.person(person), "passkey")
            if dice.random() < 0.2:
                named += 1
                made.ask(person, "POST", "/api/contributions?tlp=green", content=f"Note {named} on x[.]example",
                         headers={"Content-Type": "text/plain"})  # fmt: skip
            elif len(secrets) < posts:
                said = f"Found {len(secrets)} at host-{len(secrets)}[.]example"
                secrets.append((person, made.send(person, said, at_once=dice.random() < 0.5)))
            made.hub.settle()
    made.clock.advance(2 * HOUR)
    made.hub.settle()
    return secrets


def names_of(made: World, dice: random.Random, everyone: list[str]) -> dict[str, str]:
    """Return all texts that tell of a person; for an organisation one of its people is guessed."""
    names: dict[str, str] = {}
    homes: dict[str, list[str]] = {}
    for person in everyone:
        who = made.hub.members.person(person)
        homes.setdefault(who.org, []).append(person)
        names |= {person: person, who.email: person, who.name: person}
    names |= {home: dice.choice(people) for home, people in homes.items()}
    return names | {key.id: key.person for key in made.hub.members.list_keys() if key.person in everyone}


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_an_attacker_with_everything_but_two_keys_names_one_in_twenty(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """20 active members, 1,000 posts: the attacker's best way is right in at most 5 % + 3 sigma of them."""
    caplog.set_level(logging.DEBUG)
    made = make_world(tmp_path / "hub", 12)
    dice = random.Random(11)
    with made.client:
        everyone = authors(made)[-20:]
        assert len(everyone) == 20
        secrets = lives(made, dice, everyone, 1000)
        mine = [(person, made.hub.anonymous.mine(secret)) for person, secret in secrets]
        truth = {each.contribution: person for person, each in mine}
        commits = {each.contribution: made.hub.record.commit_of(each.contribution) for _, each in mine}
        names = names_of(made, dice, everyone)
        entries = made.hub.record.read_after(0, blocks=1_000_000)
        authored = [(e.at, e.payload.author) for e in entries if e.payload is not None and e.payload.author in names]
        # With both keys it is always named.
        known = list(truth)[:5]
        officers = list(made.private)
        for contribution in known:
            assert reveal(made, contribution, officers[0], officers[1]) == truth[contribution]
    made.hub.close()
    stolen = steal(tmp_path / "hub", names)
    stolen.near = sorted([*stolen.near, *authored])
    assert authored, "the attacker found no one at any time: it proves nothing"
    right: Counter[str] = Counter()
    left = [contribution for contribution in truth if contribution not in known]  # a case names who was revealed
    for contribution in left:
        commit = commits[contribution]
        assert commit is not None
        for way, guess in guesses(stolen, contribution, commit.org, commit.at).items():
            right[way] += guess == truth[contribution]
    bound = 0.05 + 3 * sqrt(0.05 * 0.95 / len(left))
    print({way: f"{hits / len(left):.1%}" for way, hits in right.items()}, f"bound {bound:.1%} of {len(left)}")
    assert len(left) >= 990
    assert {way: hits for way, hits in right.items() if hits / len(left) > bound} == {}
    assert not [person for person in everyone if person in caplog.text]
