"""What a review as an attacker found: each row was a hole once, or could become one."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import pyotp
import pytest

from fusioncell.bootstrap import Folder, open_hub, read_settings
from fusioncell.edges import webhook
from fusioncell.exchange import Streams
from fusioncell.exchange.anonymous import model as anonymous_model
from fusioncell.exchange.anonymous import service as anonymous_service
from fusioncell.exchange.files.office import strip_office
from fusioncell.exchange.participation import measure
from fusioncell.exchange.talk import NewPost
from fusioncell.fusion.knowngood import KnownGood
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import DAY, HOUR, MINUTE, ManualClock, parse_instant
from fusioncell.kernel.errors import Conflict, FusionCellError, NotAllowed, TooLarge, Unavailable
from fusioncell.kernel.marking import PUBLIC, Tlp, Viewer, org, person
from fusioncell.members.circles import service as circles_service
from fusioncell.members.directory import store as directory_store
from fusioncell.members.model import SignedIn, TooManyAttempts
from fusioncell.members.oidc import model as oidc_model
from fusioncell.members.sealing.service import pseudonym_of
from fusioncell.members.signing import SecondStep
from fusioncell.web.app import make_app
from fusioncell.web.pages.saying import mentions_in
from hubs import MadeHub, Party, browser, make_hub, visitor

NO_BODY = {"POST /sign-in/link/{token:str}", "POST /contacts/confirm/{token:str}"}
"""Doors that are open to everyone and read no body."""
START = parse_instant("2026-11-02T09:00:00Z")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def made(tmp_path: Path, clock: ManualClock) -> Iterator[MadeHub]:
    made = make_hub(tmp_path / "hub", clock=clock)
    yield made
    made.hub.close()


def someone(made: MadeHub, party: Party) -> Viewer:
    """A person as the viewer that they are when signed in."""
    found = made.hub.members.viewer_of(person(party.person))
    assert found is not None
    return found


def test_a_moderator_lets_nobody_into_a_group_that_they_are_not_in(made: MadeHub) -> None:
    circles = made.hub.circles
    own = someone(made, made.provider)
    moderator = someone(made, made.ministry)
    assert moderator.may("moderate")
    group = circles.create(own, "Operators", openness="request")
    mine = org(made.ministry.org)
    colleague = made.hub.members.add_person(made.ministry.org, "Col", "col@works.example", ["member"])
    circles.ask(moderator, group.id)
    for let_in in (
        lambda: circles.admit(moderator, group.id, [mine]),
        lambda: circles.admit(moderator, group.id, [person(colleague.id)]),
        lambda: circles.answer(moderator, group.id, mine, accept=True),
        lambda: circles.invite(moderator, group.id, mine),
        lambda: circles.change(moderator, group.id, openness="open"),
    ):
        with pytest.raises(NotAllowed):
            let_in()
    assert circles.group(group.id).parties == {org(made.provider.org)}
    # What narrows, a moderator still may.
    circles.answer(moderator, group.id, mine, accept=False)
    assert circles.change(moderator, group.id, name="Operators of networks").name == "Operators of networks"


def test_nobody_makes_a_link_by_which_to_be_anothers_guest(made: MadeHub) -> None:
    hub = made.hub
    host, other = someone(made, made.provider), someone(made, made.approver)
    bank = hub.members.add_organisation("Harbour Bank", "finance", "industry")
    kim = hub.members.add_person(bank.id, "Kim Roe", "kim@harbour.example", ["member"])
    room = hub.circles.open_room(host, "", "Loader", [org(bank.id)])
    guest, _ = hub.circles.admit_guest(someone(made, made.provider), room.id, "Vic", "vic@shop.example", "A shop")
    banker = hub.members.viewer_of(person(kim.id))
    assert banker is not None
    with pytest.raises(NotAllowed):
        hub.circles.guest_link(banker, room.id, guest.person)
    assert other.may("contribute") is False
    assert hub.circles.guest_link(someone(made, made.provider), room.id, guest.person)


def test_an_attacker_with_a_network_is_one_source(made: MadeHub) -> None:
    """Who has an IPv6 /64 has 2^64 addresses: guessing is slowed for all of them together."""
    signing = made.hub.signing
    with pytest.raises(TooManyAttempts):
        for guess in range(40):
            signing.count_attempt(f"2001:db8:1:2::{guess:x}")
    signing.count_attempt("2001:db8:1:3::1")
    with pytest.raises(TooManyAttempts):
        for guess in range(10):
            signing.brake("apply", f"2001:db8:5:5::{guess:x}")


def test_nobody_fills_the_vault_without_a_name(
    made: MadeHub, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = made.hub
    monkeypatch.setattr(anonymous_service, "MOST_AN_HOUR", 3)
    assert anonymous_model.MOST_AN_HOUR * 20 < anonymous_model.MOST_HELD
    secrets = iter(range(100))
    monkeypatch.setattr(hub.sealing, "seal", lambda viewer: f"{next(secrets):048x}")
    viewer, terms = someone(made, made.provider), Terms(Tlp.GREEN)

    def send() -> str:
        return hub.anonymous.contribute(viewer, b"Seen at evil.example", "text/plain", terms)

    sent = [send() for _ in range(3)]
    assert len(set(sent)) == 3
    with pytest.raises(Conflict):
        send()
    clock.advance(HOUR)
    send()


@pytest.mark.parametrize("field", ["mentions", "groups", "people", "about"])
def test_no_name_in_a_post_or_draft_is_without_bounds(made: MadeHub, field: str) -> None:
    viewer = someone(made, made.provider)
    with pytest.raises(TooLarge):
        made.hub.talk.save_draft(viewer, msgspec.convert({"text": "x", field: ["a" * 100_000]}, NewPost))
    many = [f"org:{number}" for number in range(1000)]
    with pytest.raises(TooLarge):
        made.hub.talk.save_draft(viewer, msgspec.convert({"text": "x", field: many}, NewPost))


def test_calling_many_names_asks_the_directory_once(made: MadeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """The preview asks at every pause of the keyboard."""
    hub, viewer = made.hub, someone(made, made.provider)
    hub.directory.show_person(someone(made, made.ministry), shown=True)
    hub.directory.show_person(viewer, shown=False)
    asked: list[int] = []
    real = directory_store.people

    def counted(*args: object, **more: object) -> object:
        asked.append(1)
        return real(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(directory_store, "people", counted)
    text = " ".join(f"@Nobody{number} of this name at all\n" for number in range(100))
    text = "@ada okafor, and @Northern Broadband: see @Jon Berg and @Ministry of Works.\n" + text
    found = mentions_in(hub, viewer, text)
    assert found == (person(made.ministry.person), org(made.provider.org), org(made.ministry.org))
    assert len(asked) == 1


def test_a_webhook_that_answers_byte_by_byte_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """One organisation's receiver would else hold up the deliveries of all others for days."""
    monkeypatch.setattr(webhook, "IN_ALL", 0.5)
    over = threading.Event()

    def serve(listening: socket.socket) -> None:
        called, _ = listening.accept()
        with called:
            called.recv(65_536)
            try:
                called.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while not over.is_set():
                    called.sendall(b"a")
                    time.sleep(0.05)
            except OSError:
                over.set()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,), daemon=True)
        thread.start()
        address = f"http://localhost:{listening.getsockname()[1]}/hook"
        said: list[tuple[int, str]] = []
        calls = webhook.HttpCaller(["localhost"])
        caller = threading.Thread(target=lambda: said.append(calls.post(address, b"{}", {})))
        caller.start()
        caller.join(20)
        over.set()
        thread.join(5)
    assert not caller.is_alive()
    assert said[0][0] == 0
    assert said[0][1].startswith("no answer")


def test_a_webhook_ends_with_the_person_who_made_it(made: MadeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person who was removed would else go on reading, at an address that nobody looked at."""
    hub, called = made.hub, list[str]()

    def post(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        called.append(url)
        return 200, ""

    monkeypatch.setattr(hub.hooks._caller, "post", post)  # noqa: SLF001 - the edge
    for maker, url in ((made.provider, "https://leaver.example/x"), (made.approver, "https://stayer.example/x")):
        hub.hooks.make(someone(made, maker), url, [("all", "")])
    ada = someone(made, made.ministry)

    def contribute(name: str) -> None:
        hub.intake.accept(ada, f"Seen at {name}.example".encode(), "text/plain", Terms(Tlp.GREEN))
        hub.settle()
        hub.follower.follow(hub.river.position)

    contribute("first")
    hub.hooks.deliver()
    assert sorted(called) == ["https://leaver.example/x", "https://stayer.example/x"]
    contribute("waiting")
    hub.accounts.remove(ada, made.provider.person)
    hub.hooks.deliver()
    contribute("later")
    hub.hooks.deliver()
    assert called[2:] == ["https://stayer.example/x"] * 2


def test_a_clock_that_is_set_back_locks_nobody_out(made: MadeHub, clock: ManualClock) -> None:
    made.hub.signing.was_right(made.hub.signing.count_attempt("192.0.2.7"))
    clock._now -= 2 * HOUR  # noqa: SLF001
    made.hub.signing.count_attempt("192.0.2.7")


def test_a_provider_that_is_down_is_waited_for_by_one(tmp_path: Path, clock: ManualClock) -> None:
    """Each that waits takes a thread from all others: pages, streams, those who sign in by passkey."""
    asked = list[str]()

    class Down:
        def get(self, url: str) -> bytes:
            asked.append(url)
            raise Unavailable("it does not answer")

        def post(self, url: str, fields: object, user: str, secret: str) -> bytes:
            raise AssertionError

    Folder(tmp_path / "hub").make("hub")
    settings = read_settings(data=str(tmp_path / "hub"), public_url="https://hub.example",
                             oidc_issuer="https://idp.example", oidc_client_id="hub", oidc_client_secret="x")
    hub = open_hub(tmp_path / "hub", settings, clock=clock, known_good=KnownGood.nothing())
    hub.providers._web = Down()  # noqa: SLF001 - the edge
    for _ in range(3):
        with pytest.raises(Unavailable):
            hub.providers.begin("/")
    assert len(asked) == 1
    clock.advance(oidc_model.DOWN_FOR)
    with pytest.raises(Unavailable):
        hub.providers.begin("/")
    assert len(asked) == 2
    hub.close()


@pytest.mark.parametrize("tag", [b"<Relationship ", b"<config:config-item "])
@pytest.mark.parametrize("said", [b'/thumbnail"', b' config:name="PrinterName"', b' Target="file:', b" author='a"])
def test_no_document_stops_the_hub(tag: bytes, said: bytes) -> None:
    """A few kB unpack into one tag of many; by the square of its length they would stop all threads for days."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/_rels/document.xml.rels", tag + said * (4_000_000 // len(said)))
    assert len(made.getvalue()) < 50_000
    assert strip_office(made.getvalue()) is not None


def test_no_long_word_stops_the_river() -> None:
    """A cell of one letter, again and again, would stop all threads by the square of its length."""
    said = measure._SENTENCE  # noqa: SLF001
    assert said.search("a" * 4_000_000) is None
    assert said.search("1.2.3.4 seen in a phishing mail")
    assert said.search("x1abc de")
    assert said.search("192.0.2.1 AS64496 evil.example") is None


def at_once(count: int, act: Callable[[], object]) -> list[object]:
    """Do something several times at the same moment; return what came of each, faults too."""
    ready, came = threading.Barrier(count), list[object]()

    def one() -> None:
        ready.wait()
        try:
            came.append(act())
        except FusionCellError as fault:
            came.append(fault)

    threads = [threading.Thread(target=one) for _ in range(count)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    return came


def test_what_works_once_works_once_for_two_at_once(made: MadeHub, clock: ManualClock) -> None:
    hub, who = made.hub, made.provider.person
    link = hub.members.make_link(who).reveal()
    came = at_once(4, lambda: hub.signing.open_link(link))
    assert sum(isinstance(each, SignedIn) for each in came) == 1

    app = pyotp.TOTP(hub.signing.offer_totp(who).secret.reveal())
    hub.signing.confirm_totp(who, app.at(clock.now() // 1_000_000), "192.0.2.1")
    hub.signing.set_password(who, "correct horse battery")
    clock.advance(60 * 1_000_000)

    def state() -> str:
        step = hub.signing.sign_in("jon@northern.example", "correct horse battery", "192.0.2.1")
        assert isinstance(step, SecondStep)
        return step.state

    code, sealed = app.at(clock.now() // 1_000_000), state()
    came = at_once(4, lambda: hub.signing.give_code(sealed, code, "192.0.2.1"))
    assert sum(isinstance(each, SignedIn) for each in came) == 1
    recovery = hub.signing.make_recovery_codes(who)[0].reveal()
    came = at_once(4, lambda: hub.signing.sign_in_with_recovery("jon@northern.example", recovery, "192.0.2.9"))
    assert sum(isinstance(each, SignedIn) for each in came) == 1


def test_guesses_at_once_are_counted_all(made: MadeHub) -> None:
    came = at_once(12, lambda: made.hub.signing.brake("kind", "192.0.2.1"))
    assert sum(each is None for each in came) == 5
    assert sum(isinstance(each, TooManyAttempts) for each in came) == 7


def test_a_stranger_sends_little(made: MadeHub) -> None:
    """Doors that are open to everyone take no more than their forms need."""
    app = make_app(made.hub)
    small = {f"{next(iter(each.http_methods))} {route.path}": each.resolve_request_max_body_size()
             for route in app.routes for each in getattr(route, "route_handlers", ())
             if each.opt.get("permission") == "public" and "POST" in each.http_methods}  # fmt: skip
    assert "POST /apply" in small
    large = {path for path, size in small.items() if not isinstance(size, int) or size > 100_000}
    assert {path for path in large if not path.partition(" ")[2].startswith("/misp")} <= NO_BODY
    with visitor(made) as client:
        # The MISP door looks at the length before it reads, for it serves members by the same address.
        assert client.post("/misp/users/register", content=b"{" + b" " * 70_000 + b"}").status_code == 403
        form = {"name": "A", "why": "x" * 200_000}
        assert client.post("/apply", data=form).status_code == 413
        assert client.post("/api/applications", json=form).status_code == 413


def test_no_door_changes_anything_without_the_sessions_token(made: MadeHub) -> None:
    """Every changing door there is, asked as another site would have it asked: with the cookie, and no token."""
    app, seen, loose = make_app(made.hub), 0, dict[str, int]()
    with browser(made, made.ministry) as client:
        before = made.hub.record.head()[0]
        for route in app.routes:
            for each in getattr(route, "route_handlers", ()):
                for method in sorted({"POST", "PUT", "PATCH", "DELETE"} & set(each.http_methods)):
                    if each.opt["permission"] == "public":
                        continue
                    path = re.sub(r"\{[^}]*\}", "x", route.path)
                    answer = client.request(method, path, data={"a": "b"} if each.opt.get("form") else None)
                    seen += 1
                    # No session opens the doors of TAXII and MISP at all: there a cookie is nobody's.
                    keys_only = route.path.startswith("/taxii2") and answer.status_code == 401
                    if answer.status_code != 403 and not keys_only:
                        loose[f"{method} {route.path}"] = answer.status_code
        assert made.hub.record.head()[0] == before
    assert seen > 120
    assert loose == {}


def test_what_is_for_everyone_names_no_person_to_everyone(made: MadeHub) -> None:
    """Whether to be shown in the directory is a member's choice; a public post must not take it from them."""
    hub = made.hub
    posted = hub.talk.post(someone(made, made.provider), NewPost(text="For all.", title="For all", tlp=Tlp.CLEAR))
    hub.settle()
    paths = ["/exchange", f"/exchange/{posted.thread}", f"/exchange/posts/{posted.id}/versions",
             f"/contributions/{posted.contribution}"]  # fmt: skip
    with visitor(made) as client:
        for path in paths:
            shown = client.get(path).text
            assert "For all" in shown
            assert "Jon Berg" not in shown
    with browser(made, made.ministry) as client:
        assert "Jon Berg" in client.get(paths[1]).text


def test_nobody_takes_all_streams(made: MadeHub) -> None:
    """A stranger needs no key for the stream: who opens all there are would shut the partnership out."""
    hub = made.hub
    streams = Streams(hub.record, hub.seal, hub.river.past, 8)
    ministry, provider = someone(made, made.ministry), someone(made, made.provider)

    async def opened(viewer: Viewer, count: int) -> list[asyncio.Task[None]]:
        """Try to open so many; return those that stay open."""

        async def receive() -> Any:
            await asyncio.Event().wait()

        async def send(message: Any) -> None:
            pass

        tasks = [asyncio.create_task(streams.serve(lambda: viewer, viewer, None, receive, send)) for _ in range(count)]
        await asyncio.sleep(0.05)
        return [task for task in tasks if not (task.done() and isinstance(task.exception(), Unavailable))]

    async def play() -> list[int]:
        streams.live.listening_on(asyncio.get_running_loop())
        held = [await opened(viewer, 6) for viewer in (PUBLIC, provider, ministry)]
        for task in [task for those in held for task in those]:
            task.cancel()
        await asyncio.gather(*(task for those in held for task in those), return_exceptions=True)
        again = await opened(PUBLIC, 6)
        for task in again:
            task.cancel()
        await asyncio.gather(*again, return_exceptions=True)
        return [*map(len, held), len(again)]

    assert asyncio.run(play()) == [2, 4, 2, 2]


def test_nobody_makes_groups_without_end(made: MadeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(circles_service, "MOST_OWNED", 2)
    circles, own = made.hub.circles, someone(made, made.provider)
    first = circles.create(own, "One")
    circles.create(own, "Two")
    with pytest.raises(Conflict):
        circles.create(own, "Three")
    circles.close(own, first.id)
    circles.create(own, "Three")


def test_nobody_is_sealed_to_officers_whom_members_had_no_week_to_see(made: MadeHub, clock: ManualClock) -> None:
    sealing, members = made.hub.sealing, made.hub.members
    author = someone(made, made.provider)

    def name_officer(email: str, org_id: str, seed: bytes) -> str:
        who = members.add_person(org_id, email.title(), f"{email}@works.example", ["officer"])
        viewer = members.viewer_of(person(who.id))
        assert viewer is not None
        sealing.register(viewer, seed * 32)
        return who.id

    first = {name_officer("one", made.ministry.org, b"1"), name_officer("two", made.provider.org, b"2")}
    assert {each.person for each in sealing.keepers()} == first, "the first week of a hub"
    clock.advance(30 * DAY)
    late = {name_officer("three", made.ministry.org, b"3"), name_officer("four", made.ministry.org, b"4")}
    assert {each.person for each in sealing.officers()} == first | late
    box = sealing._box(pseudonym_of(sealing.seal(author)))
    assert {name for pair in box.shares for name in pair.split()} == first
    for leaver in first:
        viewer = members.viewer_of(person(leaver))
        assert viewer is not None
        sealing.leave(viewer)
    assert not sealing.ready(), "two new ones are nobody's officers yet"
    with pytest.raises(Unavailable):
        sealing.seal(author)
    clock.advance(7 * DAY)
    assert {each.person for each in sealing.keepers()} == late


def test_a_browser_left_open_makes_no_lasting_way_in(made: MadeHub, clock: ManualClock) -> None:
    with browser(made, made.ministry) as client:
        token = client.get("/account").text.split('name="csrf" value="')[1].split('"')[0]
        ways = {
            "/account/recovery": {}, "/account/app/end": {}, "/account/passkeys/abc/end": {},
            "/account/keys": {"label": "mine", "role": "member", "days": "30"},
            "/account/password": {"password": "a long enough password"},
        }  # fmt: skip
        clock.advance(16 * MINUTE)
        for path, fields in ways.items():
            answer = client.post(path, data={"csrf": token, **fields})
            assert answer.status_code == 403, path
            assert "15 minutes" in answer.text, path
        options = client.post("/account/passkeys/options", headers={"X-CSRF-Token": token})
        assert options.status_code == 403
        assert not made.hub.signing.keys_of(made.ministry.person)
