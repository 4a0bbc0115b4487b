"""Decay and expiry cost no write; what has not faded among 250,000 URLs; claims to assessments, incremental.

1. URLs come in, and the CPU time from entries to claims is told; then from claims to assessments.
2. "Which of these URLs have not decayed?" is asked of what stands, as the exports for detection ask it.
3. A year passes, a month at a time, and it is asked again: bytes and rows written are counted.
"""

from __future__ import annotations

import sys

import numpy as np
from bench import Cpu, new_hub, report

from fusioncell.bootstrap import open_known_good
from fusioncell.fusion import store
from fusioncell.fusion.model import Standing
from fusioncell.fusion.service import WINDOW, Fusion, assess_within
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import DAY
from fusioncell.kernel.observable import TYPES_BY_CODE, Observable

PART = 25_000


def main() -> None:
    """Fill, assess, let a year pass."""
    urls = 25_000 if "--quick" in sys.argv else 250_000
    with new_hub() as hub:
        viewer = hub.members.operator_viewer(None)
        assert viewer is not None
        with Cpu() as filling:
            for first in range(0, urls, PART):
                lines = [f"http://h{n}.example/{n},malicious" for n in range(first, min(first + PART, urls))]
                hub.intake.accept(viewer, "\n".join(["url,stance", *lines]).encode(), "text/csv", Terms())
                hub.river.run_dry()
        report("entries to claims, all projections", claims=urls, cpu_us_each=filling.seconds / urls * 1e6)
        audiences = hub.record.visible_to(viewer)
        with Cpu() as assessing, hub.fusion._database.read() as connection:
            end = store.last_observable(connection)
            for first in range(0, end, WINDOW):
                ids = range(first + 1, min(first + WINDOW, end) + 1)
                known = {n: Observable(TYPES_BY_CODE[c], v) for n, c, v in store.observables(connection, ids)}
                assess_within(connection, known, audiences, hub.clock.now())
        report("claims to assessments, one by one", observables=end, a_second=end / assessing.seconds)
        hub.fusion.standing(audiences)  # what is known good is kept
        with Cpu() as asking:
            Fusion(hub.fusion._database, hub.clock, open_known_good()).standing(audiences)
        report("what stands, none looked up in the lists", cpu_s=asking.seconds)
        with Cpu() as asking:
            standing = hub.fusion.standing(audiences)
            today = hub.clock.now() // DAY
            left = int((standing.days > today).sum())
        report("what has not decayed, by columns", urls=urls, left=left, cpu_s=asking.seconds, wall_s=asking.wall)
        pass_a_year(hub.fusion._database, standing, today)


def pass_a_year(projections: object, standing: Standing, today: int) -> None:
    """Ask on a day of each month of a year; tell what was left, and what the database wrote."""
    with projections.read() as connection:  # type: ignore[attr-defined]
        before = (
            connection.rows("PRAGMA data_version"),
            connection.rows("SELECT count(*), sum(latest) FROM fusion_claim"),
        )
    with Cpu() as asking:
        left = [int(np.count_nonzero(standing.days > today + day)) for day in range(0, 366, 30)]
    with projections.read() as connection:  # type: ignore[attr-defined]
        after = (
            connection.rows("PRAGMA data_version"),
            connection.rows("SELECT count(*), sum(latest) FROM fusion_claim"),
        )
    report(
        "a year passes", first=left[0], last=left[-1], cpu_ms=asking.seconds * 1e3, rows_changed=int(before != after)
    )


if __name__ == "__main__":
    main()
