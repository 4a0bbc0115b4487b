"""Collaboration at size: a post's way to 1,000 open pages; the CPU time of the main pages at 100,000 posts, 1 M values.

Prints only. ``--quick``: a tenth of the posts and values. ``--live`` or ``--pages``: one half.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from bench import Served, report
from stream import SUBSCRIBERS, Counter
from talk import fill

from fusioncell.bootstrap import Folder, Hub, open_hub
from fusioncell.exchange.talk import NewPost
from fusioncell.fusion.knowngood import KnownGood
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import DAY, ManualClock
from fusioncell.kernel.marking import Tlp, Viewer
from fusioncell.web.app import make_app

LINES = 5_000
"""Values of one contribution."""
ORGANISATIONS = 300
ROUNDS = 60
START = 1_767_225_600_000_000


# -- a post's way to other members' open pages -------------------------------------------------------------------------


class Page(asyncio.Protocol):
    """An open page: what its EventSource asks, and how late posts come."""

    def __init__(self, key: str, counter: Counter) -> None:
        self._key, self._counter = key, counter

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the live rows."""
        assert isinstance(transport, asyncio.Transport)
        transport.write(b"GET /live HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n"
                        b"Authorization: Bearer " + self._key.encode() + b"\r\n\r\n")  # fmt: skip

    def data_received(self, data: bytes) -> None:
        """Note each post that came."""
        place = data.find(b"event: post")
        while place >= 0:
            self._counter.events += 1
            stamp = data.find(b"sent-", place)
            if stamp >= 0:
                self._counter.late.append(time.time() - int(data[stamp + 5 : stamp + 21]) / 1e6)
            place = data.find(b"event: post", place + 1)


async def post_at(served: Served, rate: float, seconds: float) -> tuple[int, list[float]]:
    """Post at a rate; return how many, and how long each answer took."""
    answers: list[float] = []
    async with httpx.AsyncClient(base_url=served.url, headers={"Authorization": f"Bearer {served.keys[0]}"}) as client:
        for number in range(int(rate * seconds)):
            due = time.perf_counter() + 1 / rate
            stamp = f"{int(time.time() * 1e6):016d}"
            begun = time.perf_counter()
            said = await client.post("/api/threads", json={"text": f"sent-{stamp} n{number}[.]example", "tlp": "green"})
            said.raise_for_status()
            answers.append(time.perf_counter() - begun)
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
    return int(rate * seconds), answers


async def live(served: Served) -> None:
    """Open the pages, then post."""
    counter, parts = Counter(), urlsplit(served.url)
    loop = asyncio.get_running_loop()
    for _ in range(SUBSCRIBERS):
        await loop.create_connection(lambda: Page(served.keys[1], counter), parts.hostname, parts.port)
    await asyncio.sleep(2)
    for rate in (1, 5):
        counter.events, counter.late = 0, []
        before = served.cpu
        sent, answers = await post_at(served, rate, 15)
        await asyncio.sleep(2)
        late, answers = sorted(counter.late), sorted(answers)
        report(
            f"post → {SUBSCRIBERS} open pages, {rate}/s", posts=sent, came=counter.events,
            p50_ms=late[len(late) // 2] * 1e3, p95_ms=late[int(len(late) * 0.95)] * 1e3,
            p99_ms=late[int(len(late) * 0.99)] * 1e3, answer_p95_ms=answers[int(len(answers) * 0.95)] * 1e3,
            server_cpu_s=served.cpu - before,
        )  # fmt: skip


# -- pages at size -----------------------------------------------------------------------------------------------------


class AtOnce(ThreadPoolExecutor):
    """Runs in the caller's thread: then a page's CPU time is that of this process and of nothing else."""

    def submit(self, do: Any, /, *given: Any, **named: Any) -> Future[Any]:
        """Do it now."""
        done: Future[Any] = Future()
        done.set_result(do(*given, **named))
        return done


class Passing(ManualClock):
    """A clock that moves by ``step`` microseconds each time that it is read: what is filled in spreads over months."""

    step = 0

    def now(self) -> int:
        """Return the instant, and move on."""
        self.advance(self.step)
        return super().now()


def people_of(hub: Hub) -> tuple[Viewer, str, str, list[str]]:
    """Admit organisations with two people each and a group of fifty; return a viewer, its session, the group, all."""
    members = hub.members
    orgs = [members.add_organisation(f"Member {number:03}", f"sector {number % 12}", "industry").id
            for number in range(ORGANISATIONS)]  # fmt: skip
    someone = [members.add_person(one, f"Person {number}", f"p{number}@x.example", ["member"])
               for number, one in enumerate(orgs)][0]  # fmt: skip
    group = hub.circles.make_group("Ring", [f"org:{one}" for one in orgs[:50]]).id
    viewer = members.viewer_of(f"person:{someone.id}")
    assert viewer is not None
    return viewer, members.open_session(someone, "link").session.reveal(), group, orgs


def values(hub: Hub, viewer: Viewer, count: int) -> None:
    """Contribute so many values in lists."""
    for first in range(0, count, LINES):
        body = "\n".join(f"v{number}.example" for number in range(first, first + LINES)).encode()
        hub.intake.accept(viewer, body, "text/plain", Terms(Tlp.GREEN))


def talked(hub: Hub, viewer: Viewer, group: str, orgs: list[str]) -> str:
    """Begin a thread of 50 posts that others answer, and some in the group; return the thread."""
    first = hub.talk.post(viewer, NewPost(text="Who has seen v17[.]example?", title="Fifty", tlp=Tlp.GREEN))
    known = hub.circles.group(group)
    party = f"group:{group}.{known.generation}"
    hub.settle()
    for number in range(49):
        other = hub.members.viewer_of(f"org:{orgs[1 + number % 20]}")
        assert other is not None
        hub.talk.post(other, NewPost(text=f"We did: v{number}[.]example, **{number}** times.", parent=first.thread))
        if number < 20:
            hub.talk.post(other, NewPost(text=f"In the ring: v{number}[.]example", tlp=Tlp.AMBER, groups=(party,)))
    hub.settle()
    hub.follower.follow(hub.river.position)
    return first.thread


async def cost(app: Any, session: str, path: str) -> tuple[float, int]:
    """Return (CPU seconds, bytes) of a page."""
    headers = [(b"host", b"hub"), (b"accept", b"text/html"), (b"cookie", f"fc_session={session}".encode())]
    address, _, query = path.partition("?")
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": address, "raw_path": address.encode(), "query_string": query.encode(), "headers": headers,
        "client": ("127.0.0.1", 1), "server": ("hub", 80), "root_path": "", "extensions": {}, "state": {},
    }  # fmt: skip
    size = 0

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        nonlocal size
        if message["type"] == "http.response.start":
            assert message["status"] == 200, (path, message["status"])
        size += len(message.get("body", b""))

    before = time.process_time()
    await app(scope, receive, send)
    return time.process_time() - before, size


def told(path: str, spent: list[tuple[float, int]]) -> None:
    """Print what a page cost."""
    spent = sorted(spent)
    report(f"page {path}", p50_ms=spent[len(spent) // 2][0] * 1e3, p95_ms=spent[int(len(spent) * 0.95)][0] * 1e3,
           kb=spent[0][1] / 1024)  # fmt: skip


async def pages(hub: Hub, viewer: Viewer, session: str, thread: str, group: str) -> None:
    """Ask each page many times; the first page too when something came each time since it was asked last."""
    asyncio.get_running_loop().set_default_executor(AtOnce())
    app = make_app(hub)
    moved = []
    for number in range(ROUNDS):
        hub.intake.accept(viewer, f"moved{number}.example".encode(), "text/plain", Terms(Tlp.GREEN))
        hub.river.run_dry()
        moved.append(await cost(app, session, "/"))
    told("/, moved", moved[5:])
    for path in ("/", "/exchange", f"/exchange/{thread}", "/observables/domain-name/v17.example",
                 f"/groups/{group}", "/notifications", "/directory",
                 "/search?q=v17.example", "/search?q=again"):  # fmt: skip
        spent = [await cost(app, session, path) for _ in range(ROUNDS)]
        told(path.replace(thread, "THREAD").replace(group, "GROUP"), spent[5:])


def main() -> None:
    """Measure both."""
    if "--pages" not in sys.argv:
        with tempfile.TemporaryDirectory() as folder:
            served = Served(Path(folder) / "hub")
            try:
                time.sleep(1)
                asyncio.run(live(served))
            finally:
                served.stop()
    if "--live" not in sys.argv:
        size = 10 if "--quick" in sys.argv else 1
        with tempfile.TemporaryDirectory() as folder:
            at_size(Path(folder) / "hub", size)


def at_size(folder: Path, size: int) -> None:
    """Fill a hub over some months, then ask its pages."""
    Folder(folder).make("hub")
    clock = Passing(START)
    hub = open_hub(folder, clock=clock, known_good=KnownGood.nothing())
    try:
        viewer, _, group, orgs = people_of(hub)
        clock.step = size * DAY // 20
        values(hub, viewer, 1_000_000 // size)
        over = (clock.now() - START) / DAY
        clock.step = size * DAY // 10_000
        fill(hub, 100_000 // size)
        clock.step = 0
        hub.river.run_dry()
        thread = talked(hub, viewer, group, orgs)
        report("pages at size", posts=100_000 // size, values=1_000_000 // size, values_over_days=over,
               posts_over_days=(clock.now() - START) / DAY - over)  # fmt: skip
        session = hub.members.open_session(hub.members.person(viewer.person or ""), "link").session.reveal()
        asyncio.run(pages(hub, viewer, session, thread, group))
    finally:
        hub.close()


if __name__ == "__main__":
    main()
