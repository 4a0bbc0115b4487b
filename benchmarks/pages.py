"""The first page, triage, a member's own page and the situation at size: CPU time, beside old observables by millions.

``python benchmarks/pages.py [OBSERVABLES] [--quick]`` (default 1,000,000, quick 50,000; a fifth as many contributions).
What is old is written by the stores' own functions, straight into the projections; the last two weeks come through the
front door.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench import report
from collaboration import AtOnce, cost

from fusioncell.bootstrap import Folder, Hub, open_hub
from fusioncell.fusion import store as fusion_store
from fusioncell.fusion.knowngood import KnownGood
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import DAY, HOUR, ManualClock
from fusioncell.kernel.marking import Tlp, Viewer
from fusioncell.kernel.observable import TYPE_CODES, Observable, ObservableType, key64
from fusioncell.members.model import Person
from fusioncell.picture import store as picture_store
from fusioncell.web.app import make_app

ORGS, RECENT, ROWS, PAGE = 40, 20_000, 100, 20_000
NOW = 1_795_000_000_000_000
DAYS = 400
EACH = 5
"""Values of one old contribution."""


def main() -> None:
    """Fill a hub, then ask its pages."""
    given = [one for one in sys.argv[1:] if one.isdecimal()]
    count = int(given[0]) if given else 50_000 if "--quick" in sys.argv else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "hub"
        Folder(folder).make("hub")
        clock = ManualClock(NOW - 13 * DAY)
        hub = open_hub(folder, clock=clock, known_good=KnownGood.nothing())
        try:
            viewers, fay = people(hub)
            lately(hub, clock, viewers)
            session = hub.members.open_session(fay, "link").session.reveal()
            start = time.process_time()
            once(hub, viewers, count)
            size = sum(one.stat().st_size for one in folder.glob("projections*"))
            report("old", observables=count, contributions=count // EACH, fill_s=time.process_time() - start,
                   bytes_each=size / count, rss_mb=rss())  # fmt: skip
            asyncio.run(pages(hub, viewers[0], session))
            report("memory", rss_mb=rss())
        finally:
            hub.close()


def rss() -> float:
    """Return the process's resident memory in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def people(hub: Hub) -> tuple[list[Viewer], Person]:
    """Admit organisations; return a viewer of each, and an analyst of the first."""
    members = hub.members
    orgs = [members.add_organisation(f"Member {n:03}", f"sector {n % 9}", "industry").id for n in range(ORGS)]
    fay = members.add_person(orgs[0], "Fay", "fay@x.example", ["analyst"])
    viewers = [members.operator_viewer(org) for org in orgs]
    return [one for one in viewers if one is not None], fay


def lately(hub: Hub, clock: ManualClock, viewers: list[Viewer]) -> None:
    """Contribute what is of the last two weeks, a tenth of it named by two."""
    for number, page in enumerate(range(0, RECENT, ROWS)):
        for shift in (0, 7):
            rows = [f"new{n}.net-{n % 977}.example" for n in range(page, page + ROWS) if not shift or n % 10 == 0]
            text = "value\n" + "\n".join(rows)
            hub.intake.accept(viewers[(number + shift) % ORGS], text.encode(), "text/csv", Terms(Tlp.GREEN, ()))
        clock.advance(13 * DAY * ROWS // RECENT)
    hub.river.run_dry()


def once(hub: Hub, viewers: list[Viewer], count: int) -> None:
    """Write what is older: observables, each with a claim and a mention; contributions; counts by hour."""
    green = min(hub.record.audiences_where(lambda each: each.tlp is Tlp.GREEN))
    code, orgs = TYPE_CODES[ObservableType.DOMAIN], [viewer.org for viewer in viewers]
    projections = hub.databases["projections"]
    with projections.read() as connection:
        first = fusion_store.last_observable(connection) + 1
        parties = fusion_store.parties(connection)

    def at(n: int) -> int:
        return NOW - (DAYS - (DAYS - 15) * n // count) * DAY

    for page in range(0, count, PAGE):
        numbers = range(page, min(page + PAGE, count))
        with projections.write() as connection:
            fusion_store.add_observables(connection, [
                (first + n, key64(one), code, one.value) for n in numbers
                for one in (Observable(ObservableType.DOMAIN, f"old{n}.net-{n % 9973}.example"),)
            ])  # fmt: skip
            # Positions below those of the record: what is older comes before it.
            fusion_store.add_claims(connection, [
                (first + n, n - count, 0, green, parties[orgs[n // EACH % ORGS] or ""], 0, 1, 1, 1.8, -20.0, at(n), 1,
                 "", 0) for n in numbers
            ])  # fmt: skip
            picture_store.add_recent(connection, [
                (n - count, first + n, 0, green, orgs[n // EACH % ORGS], at(n)) for n in numbers])
            picture_store.add_contributions(connection, [
                (n - count, green, f"old-{n}", orgs[n // EACH % ORGS], at(n), "csv.row", f"List {n}", n - count, EACH,
                 EACH, EACH) for n in numbers if n % EACH == 0
            ])  # fmt: skip
            picture_store.add_counts(connection, list(_counted(numbers, at, green, orgs)))


def _counted(numbers: range, at: Any, green: int, orgs: list[str | None]) -> Iterator[tuple[Any, ...]]:
    for n in numbers:
        if n % EACH == 0:
            yield "org", at(n) // HOUR, green, orgs[n // EACH % ORGS], EACH
            yield "type", at(n) // HOUR, green, "domain-name", EACH


async def pages(hub: Hub, viewer: Viewer, session: str) -> None:
    """Ask each page at rest, and when something has come since it was asked last."""
    asyncio.get_running_loop().set_default_executor(AtOnce())
    app = make_app(hub)
    for path in ("/", "/triage", "/mine", "/situation?days=90", "/coverage", "/overrides"):
        first = await cost(app, session, path)
        if path == "/mine":
            # What it could not count at once is counted by a thread of its own, while the hub serves.
            start = time.process_time()
            hub.feeds.round()
            report("exports counted", cpu_s=time.process_time() - start, rss_mb=rss())
        still = sorted([await cost(app, session, path) for _ in range(8)])
        moved = []
        for number in range(8):
            hub.intake.accept(viewer, f"moved{number}.{path[1:4]}x.example".encode(), "text/plain", Terms(Tlp.GREEN))
            hub.river.run_dry()
            moved.append(await cost(app, session, path))
        report(f"page {path}", first_ms=first[0] * 1e3, still_ms=still[4][0] * 1e3, still_max_ms=still[-1][0] * 1e3,
               moved_ms=sorted(moved)[4][0] * 1e3, moved_max_ms=max(moved)[0] * 1e3, kb=first[1] / 1024)  # fmt: skip


if __name__ == "__main__":
    main()
