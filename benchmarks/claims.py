"""Claims to assessments, incremental: claims come in over what stands, and what they move is assessed anew.

1. A base of values is put in, each named once.
2. More claims come: on new values; on values that stand, in other words (an origin of its own); and the same rows again
   by another member (a relay, which must be found and folded). The river cuts them into batches as while it serves.
3. Of each batch the CPU time is told from claims to what stands: fusion's projection (intern, weigh, write), and then
   the assessment of every value that moved, as the exports take it (columns) and as a look-up does (with its origins).
   Exports also ask of each new value, once, whether a known-good list holds it: that is told apart.

What the other rooms do with the same batch, and the commit that all share, is not counted here: see ``intake_steps``.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from bench import Cpu, new_hub, report

from fusioncell import river
from fusioncell.bootstrap import Hub
from fusioncell.fusion import project as fusion_project
from fusioncell.fusion.knowngood import KnownGood
from fusioncell.fusion.project import Changes
from fusioncell.fusion.service import assess_within
from fusioncell.intake.service import Terms
from fusioncell.kernel.marking import Tlp
from fusioncell.kernel.observable import Observable

PART = 25_000


class Watch:
    """Fusion's projection, timed. ``moved``: what the batches moved since they were taken."""

    def __init__(self) -> None:
        self.seconds, self.lists, self.claims, self.moved = 0.0, 0.0, 0, dict[int, Any]()
        self._project: Callable[..., Changes] = fusion_project.project

    def project(self, connection: Any, arrived: Any, *rest: Any) -> Changes:
        """Project a cut, and count."""
        started = time.process_time()
        changes = self._project(connection, arrived, *rest)
        self.seconds += time.process_time() - started
        self.claims += sum(len(arrival.extract.claims) for arrival in arrived.arrivals)
        self.moved.update(changes.moved)
        return changes


    def watch_lists(self, known: KnownGood) -> None:
        """Time what is asked of the known-good lists."""
        ask = known.batch_guarded

        def asked(observables: Sequence[Observable]) -> list[bool]:
            with Cpu() as asking:
                found = ask(observables)
            self.lists += asking.seconds
            return found

        known.batch_guarded = asked  # type: ignore[method-assign]


def contribute(hub: Hub, org: str, numbers: range, comment: str = "") -> None:
    """Contribute a table of URLs, each with a comment: a row of other words is a report of its own, no relay."""
    viewer = hub.members.operator_viewer(org)
    assert viewer is not None
    lines = [f"http://h{n}.example/{n},malicious,{comment}" for n in numbers]
    hub.intake.accept(viewer, "\n".join(["url,stance,comment", *lines]).encode(), "text/csv", Terms(Tlp.GREEN))


def main() -> None:
    """Fill, then let claims arrive."""
    base, more = (50_000, 15_000) if "--quick" in sys.argv else (250_000, 30_000)
    with new_hub() as hub:
        orgs = [hub.members.add_organisation(name, "energy", "industry").id for name in ("First", "Second", "Third")]
        for first in range(0, base, PART):
            contribute(hub, orgs[0], range(first, min(first + PART, base)))
            hub.river.run_dry()
        viewer = hub.members.operator_viewer(orgs[0])
        assert viewer is not None
        audiences = hub.record.visible_to(viewer)
        hub.fusion.standing(audiences)
        watch = Watch()
        watch.watch_lists(hub.fusion.known_good)
        fusion_project.project = watch.project  # type: ignore[assignment]
        river.BLOCKS = river.LIVE_BLOCKS
        contribute(hub, orgs[1], range(base, base + more))
        follow(hub, watch, audiences, "on new values")
        contribute(hub, orgs[1], range(base // 4, base // 4 + more), "seen by us too")
        follow(hub, watch, audiences, "on values that stand")
        contribute(hub, orgs[2], range(base // 2, base // 2 + more))
        follow(hub, watch, audiences, "the same rows again")


def follow(hub: Hub, watch: Watch, audiences: frozenset[int], name: str) -> None:
    """Project what has come, batch by batch, assess what each moved, and tell."""
    watch.seconds, watch.lists, watch.claims = 0.0, 0.0, 0
    columns = origins = 0.0
    moved = batches = 0
    while hub.river.step():
        with Cpu() as making:
            hub.fusion.standing(audiences, list(watch.moved))
        columns += making.seconds
        with Cpu() as making, hub.fusion._database.read() as connection:
            assess_within(connection, watch.moved, audiences, hub.clock.now())
        origins += making.seconds
        moved += len(watch.moved)
        batches += 1
        watch.moved.clear()
    weighing = columns - watch.lists
    report(f"claims {name}", claims=watch.claims, batches=batches, us_projection=watch.seconds / watch.claims * 1e6,
           us_columns=weighing / moved * 1e6, us_lists=watch.lists / moved * 1e6, us_origins=origins / moved * 1e6,
           a_second=watch.claims / (watch.seconds + weighing))  # fmt: skip


if __name__ == "__main__":
    main()
