"""Clusters in the projections: what a report costs to join, and 2,000 events that share the same fifty values.

Run: python benchmarks/clusters.py [EVENTS]. Prints CPU-milliseconds an event, for each tenth of the run (flat: linear
in the events), the rows kept (no pairs), and what the last page of related events costs.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from fusioncell.edges.database import open_sqlite
from fusioncell.fusion.clusters import store
from fusioncell.fusion.clusters.project import project
from fusioncell.intake.arrive import State
from fusioncell.intake.model import Extract
from fusioncell.intake.project import Arrival, Arrived
from fusioncell.kernel.claim import Claim, Role, Stance
from fusioncell.kernel.entry import Entry, Payload
from fusioncell.kernel.observable import Observable, ObservableType

VALUES = 50
TIERS = (frozenset[int](), frozenset((1,)))
_PAYLOAD = Payload("", "", 0, "", b"")


def event(number: int) -> Arrived:
    """Make an event: fifty values that all have, and one of its own."""
    seq = number + 1
    names = [f"c2-{n}.example" for n in range(VALUES)] + [f"own-{number}.example"]
    claims = tuple(Claim(Observable(ObservableType.DOMAIN, each), Role.ATTACKER, Stance.MALICIOUS) for each in names)
    entry = Entry(seq, seq, seq, "org", "row", 1, f"c{number}", b"", b"", _PAYLOAD)
    return Arrived([Arrival(entry, Extract(claims), State.NEW, True)])


def main(events: int) -> None:
    """Join events one by one, each in a transaction of its own."""
    with TemporaryDirectory() as folder:
        database = open_sqlite(Path(folder) / "projections.db", durable=False)
        database.create(store.metadata)
        for tenth in range(10):
            start = time.process_time()
            for number in range(tenth * events // 10, (tenth + 1) * events // 10):
                with database.write() as connection:
                    project(connection, [], event(number), TIERS)
            print(f"{(tenth + 1) * events // 10:>7,} events: "
                  f"{(time.process_time() - start) / (events / 10) * 1000:.2f} ms each")  # fmt: skip
        with database.read() as connection:
            for table in store.metadata.sorted_tables:
                print(f"{table.name}: {connection.rows(f'SELECT count(*) FROM {table.name}')[0][0]:,} rows")
            start = time.process_time()
            hashes = [row[1] for row in store.values_of(connection, [1], TIERS[1])]
            found = {unit for _, unit in store.having(connection, hashes, TIERS[1], 1 << 30)}
            print(f"all {len(found) - 1:,} related: {(time.process_time() - start) * 1000:.0f} ms")
        database.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
