"""Many writers and readers at once, in threads and in processes: no reader skips or repeats an entry."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from databases import settings_for, wipe
from fusioncell.bootstrap import open_databases
from fusioncell.edges.database import SqlDatabase
from fusioncell.edges.folder import Folder
from fusioncell.edges.system import SystemClock, SystemRandomness
from fusioncell.kernel.entry import Draft, Entry, Payload
from fusioncell.kernel.marking import Audience, Tlp, Uses, org
from fusioncell.record.service import Record

WRITERS, READERS, SUBMISSIONS = 8, 4, 25
AUDIENCES = (Audience(Tlp.GREEN, frozenset(), Uses.ANALYSIS), Audience(Tlp.AMBER, frozenset({org("a")}), Uses.NONE))


def sizes(writer: int) -> list[int]:
    """How many entries each submission of a writer holds; some go over a block."""
    return [1 + (writer * 7 + n * 13) % 40 + 130 * (n % 9 == 8) for n in range(SUBMISSIONS)]


def write(record: Record, writer: int) -> None:
    """Append this writer's submissions, changing audience within them."""
    numbers = [record.intern_audience(audience) for audience in AUDIENCES]
    for n, size in enumerate(sizes(writer)):
        drafts = [
            Draft("text", numbers[i // 3 % 2], Payload("", f"{writer}-{n}-{i}", 0, "", b"%d" % i)) for i in range(size)
        ]
        record.append(f"org-{writer}", drafts, f"w{writer}-{n}")


def follow(record: Record, total: int, blocks: int, visible: Callable[[Record], frozenset[int] | None],
           until: threading.Event) -> list[Entry]:  # fmt: skip
    """Read by cursor until all writers are done and nothing more comes."""
    seen: list[Entry] = []
    position = 0
    while True:
        done = until.is_set()
        page = record.read_after(position, blocks=blocks, visible=visible(record))
        if page:
            seen += page
            position = page[-1].seq
        elif done:
            return seen
        else:
            time.sleep(0.002)


TOTAL = sum(sum(sizes(writer)) for writer in range(WRITERS))


def check(seen: list[list[Entry]]) -> None:
    """Each reader saw every entry once, in order; submissions lie in one piece and in each writer's order."""
    for entries in seen:
        assert [entry.seq for entry in entries] == list(range(1, TOTAL + 1))
    by_submission: dict[str, list[str]] = {}
    for entry in seen[0]:
        assert entry.payload is not None
        by_submission.setdefault(entry.contribution, []).append(entry.payload.subject)
    whole = Counter(entry.contribution for entry in seen[0])
    spans = {entry.contribution: entry.commit_seq for entry in seen[0]}
    for writer in range(WRITERS):
        for n, size in enumerate(sizes(writer)):
            assert by_submission[f"w{writer}-{n}"] == [f"{writer}-{n}-{i}" for i in range(size)]
            assert whole[f"w{writer}-{n}"] == size
        order = [spans[f"w{writer}-{n}"] for n in range(SUBMISSIONS)]
        assert order == sorted(order)
    instants = [entry.at for entry in seen[0]]
    assert instants == sorted(instants)


@pytest.fixture
def records(databases: dict[str, SqlDatabase]) -> Iterator[list[Record]]:
    """Two records over the same database, as two processes would have them, each with its own writer thread."""
    opened = [Record(databases["record"], SystemClock(), SystemRandomness()) for _ in range(2)]
    yield opened
    for record in opened:
        record.close()


def all_of(record: Record) -> frozenset[int] | None:
    return None


def by_number(record: Record) -> frozenset[int] | None:
    record.refresh_audiences()
    return record.audiences_where(lambda _: True)


def test_threads(records: list[Record]) -> None:
    for audience in AUDIENCES:
        records[0].intern_audience(audience)
    done = threading.Event()
    seen: list[list[Entry]] = [[] for _ in range(READERS)]

    def read(n: int) -> None:
        visible = by_number if n % 2 else all_of
        seen[n] = follow(records[n % 2], TOTAL, (1, 3, 7, 64)[n], visible, done)

    readers = [threading.Thread(target=read, args=(n,)) for n in range(READERS)]
    writers = [threading.Thread(target=write, args=(records[n % 2], n)) for n in range(WRITERS)]
    for thread in readers + writers:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in readers:
        thread.join()
    check(seen)
    assert records[0].verify() == TOTAL


def test_processes(database_url: str, tmp_path: Path) -> None:
    """Two processes write, four writers each; this one reads meanwhile. On PostgreSQL they start without any tables."""
    wipe(database_url)
    if not database_url:
        for database in open_databases(Folder(tmp_path), settings_for(tmp_path, "")).values():
            database.close()
    command = [sys.executable, __file__, str(tmp_path), database_url]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    running = [
        subprocess.Popen([*command, str(n)], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for n in range(0, WRITERS, 4)
    ]
    opened = open_databases(Folder(tmp_path), settings_for(tmp_path, database_url))
    record = Record(opened["record"], SystemClock(), SystemRandomness())
    done = threading.Event()
    seen: list[list[Entry]] = [[] for _ in range(READERS)]

    def read(n: int) -> None:
        seen[n] = follow(record, TOTAL, (1, 3, 7, 64)[n], all_of, done)

    readers = [threading.Thread(target=read, args=(n,)) for n in range(READERS)]
    for thread in readers:
        thread.start()
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
    for process in running:
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.flush()
    codes = [process.wait(60) for process in running]
    done.set()
    for thread in readers:
        thread.join()
    assert codes == [0] * len(running)
    check(seen)
    assert record.verify() == TOTAL
    record.close()
    for database in opened.values():
        database.close()


def main(folder: Path, url: str, writer: int) -> None:
    """Be one of the writing processes: open, then wait until all have, so that they do write at once."""
    opened = open_databases(Folder(folder), settings_for(folder, url))
    record = Record(opened["record"], SystemClock(), SystemRandomness())
    print("ready", flush=True)
    sys.stdin.readline()
    threads = [threading.Thread(target=write, args=(record, n)) for n in range(writer, writer + 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    record.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
