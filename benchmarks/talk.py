"""Talk at size: lists and threads for viewers of a hub with 100,000 posts in 1,000 audiences, on SQLite."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import msgspec
from bench import Cpu, new_hub, report

from fusioncell.bootstrap import Hub
from fusioncell.exchange.talk import Filters
from fusioncell.intake import PostBody
from fusioncell.intake.model import Item
from fusioncell.kernel.ids import new_id
from fusioncell.kernel.marking import Audience, Tlp, Viewer, default_uses, org

AUDIENCES = 1000
POSTS_EACH = 10
HOT = 2000
"""Posts of one thread that everybody writes in."""
ROUNDS = 20
_OPEN = Audience(Tlp.GREEN, frozenset(), default_uses(Tlp.GREEN))


def fill(hub: Hub, posts: int) -> tuple[str, str]:
    """Write the threads, half of them GREEN, half of one group each; return an observable's anchor, the hot thread."""
    chance = random.Random(1)
    waiting: list[Future[Any]] = []
    hot = ""
    for number in range(posts // POSTS_EACH + 1):
        green = number == 0 or chance.random() < 0.5
        group = f"group:g{chance.randrange(AUDIENCES - 1)}.1"
        audience = _OPEN if green else Audience(Tlp.AMBER, frozenset({group, org("o")}), default_uses(Tlp.AMBER))
        first = new_id(hub.randomness)
        hot = hot or first
        for place in range(HOT if number == 0 else POSTS_EACH):
            one = first if place == 0 else new_id(hub.randomness)
            value = f"name-{chance.randrange(posts)}[.]example"
            body = PostBody(f"We saw {value} here, **again** and again. " * 3, f"Thread {number}" if place == 0 else "",
                            first, first if place else "", 0, (f"campaign:C{number % 500}",) if place == 0 else ())
            author = Viewer(person=f"p{chance.randrange(400)}", org=f"o{chance.randrange(200)}" if place else "o",
                            member=True, parties=frozenset({group, org("o")}), permissions=frozenset({"contribute"}))
            item = Item("post", one, hub.clock.now(), "post", msgspec.json.encode(body))
            waiting.append(hub.intake.submit_items(author, [item], audience)[1])
        if len(waiting) > 2000:
            for each in waiting:
                each.result()
            waiting.clear()
    for each in waiting:
        each.result()
    return "campaign:C7", hot


def measure(name: str, act: Callable[[], Any]) -> None:
    """Report the CPU time of one call, after one that warms up."""
    act()
    with Cpu() as spent:
        for _ in range(ROUNDS):
            act()
    report(name, cpu_ms=spent.seconds / ROUNDS * 1e3)


def main() -> None:
    """Fill, project, ask."""
    posts = 10_000 if "--quick" in sys.argv else 100_000
    with new_hub() as hub:
        with Cpu() as writing:
            campaign, hot = fill(hub, posts)
        with Cpu() as projecting:
            hub.river.run_dry()
        report("fill", posts=posts, write_us=writing.seconds / posts * 1e6, project_us=projecting.seconds / posts * 1e6)
        few = Viewer(person="p1", org="o1", member=True, parties=frozenset({"group:g1.1", "org:o1", "person:p1"}))
        many = Viewer(person="p2", org="o2", member=True,
                      parties=frozenset({f"group:g{n}.1" for n in range(AUDIENCES)} | {"org:o2", "person:p2"}))
        alone = Viewer(person="p3", org="o3", member=False, parties=frozenset({"org:o3"}))
        talk = hub.talk
        for name, viewer in (("member", few), ("member of all groups", many), ("visitor", alone)):
            measure(f"threads, {name}", lambda viewer=viewer: talk.threads(viewer))  # type: ignore[misc]
            page = talk.threads(viewer)
            if not page.threads:
                continue
            far = page.next
            for _ in range(20):
                far = talk.threads(viewer, before=far, limit=200).next or far
            measure(f"threads, far back, {name}", lambda v=viewer, far=far: talk.threads(v, before=far))  # type: ignore[misc]
            for said, filters in (("a group", Filters(group="g1")), ("unanswered", Filters(unanswered=True)),
                                  ("mine", Filters(mine=True)), ("about", Filters(about=campaign)),
                                  ("of one organisation", Filters(org="o"))):
                measure(f"threads, {said}, {name}", lambda v=viewer, f=filters: talk.threads(v, filters=f))  # type: ignore[misc]
            one = page.threads[-1].id
            measure(f"thread of {POSTS_EACH}, {name}", lambda v=viewer, one=one: talk.thread(v, one))  # type: ignore[misc]
            measure(f"100 of {HOT} posts, {name}", lambda v=viewer: talk.thread(v, hot))  # type: ignore[misc]


if __name__ == "__main__":
    main()
