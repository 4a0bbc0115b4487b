"""Import of the real corpora: accepted, durable, fused and searchable; then the same beside 1 M observables."""

from __future__ import annotations

import gzip
import sys
import time
from pathlib import Path

from bench import CORPUS, Cpu, fill, new_hub, report

from fusioncell.bootstrap import Hub
from fusioncell.intake.service import Terms


def bodies(*patterns: str) -> list[tuple[str, bytes]]:
    """Read the files of the corpus."""
    found = []
    for pattern in patterns:
        for path in sorted(CORPUS.glob(pattern)):
            if path.name not in ("manifest.json", "hashes.csv"):
                content = path.read_bytes()
                found.append((path.name, gzip.decompress(content) if path.suffix == ".gz" else content))
    return found


def plain_loop() -> float:
    """Return what a plain loop's step takes now, in ns: the machine is shared, and its phases differ by 1.8."""
    start = time.process_time()
    sum(number & 7 for number in range(1_000_000))
    return (time.process_time() - start) * 1000


def take(hub: Hub, files: list[tuple[str, bytes]], name: str) -> None:
    """Import and report."""
    viewer = hub.members.operator_viewer(None)
    assert viewer is not None
    with Cpu() as accepting:
        pending = [hub.intake.submit(viewer, body, "application/json", Terms(filename=file)) for file, body in files]
        shells = [finish(future.result()).shell for future, finish in pending]
    with Cpu() as projecting:
        hub.river.run_dry()
    items = sum(shell.items for shell in shells)
    total = accepting.seconds + projecting.seconds
    report(
        name,
        items=items,
        attributes=sum(shell.attributes for shell in shells),
        items_per_cpu_second=int(items / total),
        cpu_us_each=total / items * 1e6,
        accept_us=accepting.seconds / items * 1e6,
        project_us=projecting.seconds / items * 1e6,
        loop_ns=plain_loop(),
        wall_s=accepting.wall + projecting.wall,
    )


def main() -> None:
    """Run on an empty hub, and beside a million observables where ``--million`` is given."""
    if not CORPUS.exists():
        report("import", skipped=f"no corpus at {Path(CORPUS)}")
        return
    misp, stix = bodies("misp/*/*.json"), bodies("stix/*")
    with new_hub() as hub:
        take(hub, misp, "import MISP (empty hub)")
    with new_hub() as hub:
        take(hub, stix, "import STIX (empty hub)")
    if "--quick" not in sys.argv:
        with new_hub() as hub:
            fill(hub, 1_000_000)
            take(hub, misp, "import MISP (beside 1 M)")
            take(hub, stix, "import STIX (beside 1 M)")


if __name__ == "__main__":
    main()
