"""CPU-µs an item of the two steps of intake, split and extract, over the corpus.

Run: ``PYTHONPATH=src python benchmarks/intake_steps.py [--rounds N] [--profile]``. The best of N rounds counts (default
5): the machine is shared, and what others do only ever adds. Targets: MISP attribute 3 + 6, STIX object 5 + 15.
"""

from __future__ import annotations

import argparse
import cProfile
import gzip
import os
import pstats
import time
from collections.abc import Callable
from pathlib import Path

from fusioncell.intake.extract import EXTRACTORS
from fusioncell.intake.formats import Limits, split_body
from fusioncell.intake.model import Item

CORPUS = Path(os.environ.get("FUSIONCELL_CORPUS", Path(__file__).parents[2] / "shared" / "data"))
LIMITS = Limits()


def bodies(kind: str) -> list[bytes]:
    """The corpus' files of a format."""
    if kind == "stix":
        return [
            gzip.decompress((CORPUS / "stix/enterprise-attack.json.gz").read_bytes()),
            (CORPUS / "stix/ics-attack.json").read_bytes(),
        ]
    return [path.read_bytes() for path in sorted((CORPUS / "misp").glob("*/*.json"))]


def best(step: Callable[[], object], rounds: int) -> float:
    """CPU seconds of the best round."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        step()
        times.append(time.process_time() - start)
    return min(times)


def cut(files: list[bytes]) -> list[Item]:
    """Detect and split all files."""
    return [item for body in files for item in split_body("application/json", body, "", LIMITS)[1].items]


def read(items: list[Item]) -> None:
    """Extract all items; what they say is dropped at once, as a reader by cursor drops it."""
    for item in items:
        EXTRACTORS[item.kind](item.kind, item.subject, item.version, item.meta, item.body)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    # what a plain loop costs here now, to compare machines and moments: 20-25 ns on an idle core of the build machine
    loop = best(lambda: sum(number & 7 for number in range(1_000_000)), arguments.rounds) * 1000
    print(f"a plain loop's step: {loop:.0f} ns")
    for kind, counted in (("stix", "stix"), ("misp", "misp.attribute")):
        files = bodies(kind)
        items = cut(files)
        number = sum(item.kind == counted for item in items)
        size = sum(map(len, files)) / number
        split_cost = best(lambda files=files: cut(files), arguments.rounds) / number * 1e6  # type: ignore[misc]
        read_cost = best(lambda items=items: read(items), arguments.rounds) / number * 1e6  # type: ignore[misc]
        print(f"{counted:15} {number:7,} of {size:5.0f} B   split {split_cost:5.2f} µs   extract {read_cost:5.2f} µs")
        if arguments.profile:
            profile = cProfile.Profile()
            profile.runcall(read, items)
            pstats.Stats(profile).sort_stats("tottime").print_stats(12)


if __name__ == "__main__":
    main()
