"""The workbench: the triage queue and its page, a graph and its layout, a paste, at a large state (CPU time, river at
rest). ``python benchmarks/workbench.py [VALUES]``: fresh values that are named, a tenth of them by two contributors."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import report
from litestar.testing import TestClient

from fusioncell.bootstrap import Folder, open_hub
from fusioncell.intake.service import Terms
from fusioncell.kernel.marking import Tlp
from fusioncell.picture.graph import lay_out
from fusioncell.web.app import make_app

ORGS, ROWS = 40, 2500


def cpu(work: Callable[[], Any], times: int = 10) -> float:
    """Return the CPU time of one run in milliseconds, after one to warm up."""
    work()
    start = time.process_time()
    for _ in range(times):
        work()
    return 1000 * (time.process_time() - start) / times


def main() -> None:
    """Fill a hub, then measure each."""
    values = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        Folder(Path(folder) / "hub").make("hub")
        hub = open_hub(Path(folder) / "hub")
        orgs = [hub.members.add_organisation(f"Org {n}", "finance", "industry").id for n in range(ORGS)]
        analyst = hub.members.add_person(orgs[0], "Fay", "fay@x.example", ["analyst"])
        key = hub.members.make_key(orgs[0], analyst.id, role="analyst")[1].reveal()
        viewers = [hub.members.operator_viewer(org) for org in orgs]
        start = time.process_time()
        for page in range(0, values, ROWS):
            for shift in (0, 7):
                rows = [f"v{n}.net-{n % 977}.example" for n in range(page, page + ROWS) if not shift or n % 10 == 0]
                viewer = viewers[(page // ROWS + shift) % ORGS]
                assert viewer is not None
                hub.intake.accept(viewer, ("value\n" + "\n".join(rows)).encode(), "text/csv", Terms(Tlp.GREEN, ()))
            hub.river.run_dry()
        filled = time.process_time() - start
        fay = hub.members.viewer_of(f"person:{analyst.id}")
        assert fay is not None
        names = [f"v{n * 10}.net-{n * 10 % 977}.example" for n in range(20)]
        starts = [f"observable:domain-name:{name}" for name in names]
        graph = hub.graphs.grow(fay, starts)
        edges = [(0, n) for n in range(1, 200)]
        with TestClient(make_app(hub)) as client:
            client.headers.update({"authorization": f"Bearer {key}", "accept": "text/html"})

            def get(path: str) -> None:
                assert client.get(path).status_code == 200

            report(
                f"workbench, {values} values", fill_s=filled,
                queue_ms=cpu(lambda: hub.triage.queue(fay)), triage_page_ms=cpu(lambda: get("/triage")),
                first_page_ms=cpu(lambda: get("/")),
                graph_of_20_values_ms=cpu(lambda: hub.graphs.grow(fay, starts)), graph_nodes=len(graph.nodes),
                layout_200_ms=cpu(lambda: lay_out(200, edges)),
                layout_500_ms=cpu(lambda: lay_out(500, [(n // 8, n) for n in range(1, 500)])),
            )  # fmt: skip
        hub.close()


if __name__ == "__main__":
    main()
