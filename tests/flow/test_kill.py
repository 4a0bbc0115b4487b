"""``kill -9`` at any instant loses nothing that was acknowledged, and leaves no half projection (DESIGN rule 2).

A hub takes contributions and recalls from three threads while its river and its shield run; it is killed at a random
moment, 5 times in everyday runs, ``FUSIONCELL_KILLS=50`` times where wanted. After each kill it is opened again: every
acknowledged contribution is there byte for byte, each acknowledged recall holds, the record verifies, the river catches
up, and the projections equal a rebuild from the record.

This file is also the program that does it: it forks hubs from a process without threads of its own.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path

import pytest

KILLS = int(os.environ.get("FUSIONCELL_KILLS", "5"))
KILLS_A_HUB = 5
"""A new hub after so many, so that rebuilding stays short."""
THREADS = 3
PATIENCE = 30.0
"""Seconds, at most, that a hub which is behind has until it acknowledges what is missing."""


@pytest.mark.slow
@pytest.mark.timeout(60 + 40 * KILLS)
def test_nothing_acknowledged_is_lost(database_url: str, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, __file__, str(tmp_path), database_url, str(KILLS), str(random.randrange(1 << 30))]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    print(done.stdout)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stderr[-4000:]}"
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["kills"] == KILLS
    assert told["contributions"] > KILLS, "too little was going on to prove anything"


def event(number: int) -> bytes:
    """One MISP event of 30 attributes; some of its names come again in others, so that evidence meets."""

    def attribute(n: int) -> dict[str, object]:
        value = f"common-{(number + n) % 7}.example" if n < 3 else f"n{number}-{n}.example"
        return {"uuid": str(uuid.UUID(int=number * 1000 + n)), "type": "domain", "category": "Network activity",
                "value": value, "to_ids": True, "timestamp": str(int(time.time()) // 86400 * 86400)}  # fmt: skip

    return json.dumps({"Event": {
        "uuid": str(uuid.UUID(int=number * 1000 + 999)), "info": f"event {number}", "date": "2026-01-01",
        "Attribute": [attribute(n) for n in range(30)],
    }}).encode()  # fmt: skip


def run_hub(folder: Path, url: str, first: int, acks: int) -> None:
    """Be the hub that will be killed: contribute, recall, and tell through ``acks`` what was acknowledged."""
    from databases import hub_in
    from fusioncell.edges.system import SystemClock, SystemRandomness
    from fusioncell.intake.service import Terms
    from fusioncell.kernel.marking import Tlp

    hub = hub_in(folder, url, clock=SystemClock(), randomness=SystemRandomness())
    viewers = [hub.members.operator_viewer(name) for name in ("One", "Two")]
    hub.settle()
    hub.start()

    def contribute(thread: int) -> None:
        mine: list[str] = []
        for n in range(10_000):
            viewer = viewers[n % 2]
            assert viewer is not None
            number = first + thread * 10_000 + n
            accepted = hub.intake.accept(viewer, event(number), "application/json", Terms(tlp=Tlp.GREEN))
            os.write(acks, f"kept {number} {accepted.contribution}\n".encode())
            if n % 2 == 0:
                mine.append(accepted.contribution)
            if n % 10 == 9:
                gone = mine.pop(0)
                assert viewers[0] is not None
                os.write(acks, f"asked 0 {gone}\n".encode())
                hub.intake.recall(viewers[0], gone, "killed")
                os.write(acks, f"gone 0 {gone}\n".encode())
            time.sleep(0.004)

    threads = [threading.Thread(target=contribute, args=(n,)) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def check(folder: Path, url: str, kept: dict[str, int], gone: set[str], asked: set[str]) -> int:
    """Open the hub again and look; returns the number of entries that the record holds."""
    from databases import dump, hub_in, rebuild
    from fusioncell.edges.system import SystemClock, SystemRandomness
    from fusioncell.intake.formats import Limits, split_body

    hub = hub_in(folder, url, clock=SystemClock(), randomness=SystemRandomness())
    try:
        entries = hub.record.verify()
        assert entries == hub.record.head()[0]
        assert hub.river.position <= entries
        everyone = hub.record.audiences_where(lambda _: True)
        for contribution, number in kept.items():
            commit = hub.record.commit_of(contribution)
            assert commit is not None, f"{contribution} was acknowledged and is lost"
            found = hub.record.read_range(commit.first_seq, commit.last_seq, everyone)
            bodies = [entry.payload.body for entry in found[1:] if entry.payload is not None]
            sent = [item.body for item in split_body("application/json", event(number), "", Limits())[1].items]
            assert bodies == sent, f"{contribution} is not whole"
        hub.river.run_dry()
        assert hub.river.position == hub.record.head()[0]
        for contribution in kept:
            live = bool(hub.intake.entries_of(everyone, contribution))
            assert not (live and contribution in gone), f"{contribution} was recalled, and is back"
            # A recall that was asked for and not acknowledged may hold or not.
            assert live or contribution in asked, f"{contribution} was not recalled, and is gone"
        standing = dump(hub.databases["projections"])
        rebuild(hub)
        hub.river.run_dry()
        again = dump(hub.databases["projections"])
        for table, rows in standing.items():
            assert rows == again[table], f"{table} differs from its rebuild after a kill"
        return entries
    finally:
        hub.close()


def listen(reading: int, lines: list[str]) -> None:
    """Read what the hub tells until it is killed; half a line was not told."""
    told = b""
    while more := os.read(reading, 1 << 16):
        *whole, told = (told + more).split(b"\n")
        lines.extend(line.decode() for line in whole)
    os.close(reading)


def one_kill(
    folder: Path, url: str, first: int, moment: float, missing: int, kept: dict[str, int], gone: set[str],
    asked: set[str],
) -> None:  # fmt: skip
    """Fork a hub, kill it ``moment`` seconds after it acknowledged so many as are ``missing``; note what it told."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            run_hub(folder, url, first, writing)
        finally:
            os._exit(1)
    os.close(writing)
    lines: list[str] = []
    listener = threading.Thread(target=listen, args=(reading, lines))
    listener.start()
    end = time.monotonic() + PATIENCE
    while sum(line.startswith("kept ") for line in lines) < missing and time.monotonic() < end and listener.is_alive():
        time.sleep(0.005)
    time.sleep(moment)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    listener.join()
    assert os.WIFSIGNALED(status), "the hub had stopped by itself before it was killed"
    for line in lines:
        what, number, contribution = line.split(" ")
        if what == "kept":
            kept[contribution] = int(number)
        else:
            (gone if what == "gone" else asked).add(contribution)


def fresh_hub(folder: Path, url: str) -> None:
    """Make a hub with two members."""
    from databases import dump, hub_in
    from fusioncell.edges.system import SystemClock, SystemRandomness

    hub = hub_in(folder, url, clock=SystemClock(), randomness=SystemRandomness())
    hub.members.add_organisation("One", "gov", "government")
    hub.members.add_organisation("Two", "isp", "isp")
    assert dump(hub.databases["projections"])["members_organisation"]
    hub.close()


def main(base: Path, url: str, kills: int, seed: int) -> None:
    """Kill hubs at random moments and check each time."""
    from databases import wipe

    chance = random.Random(seed)
    told = {"seed": seed, "kills": 0, "contributions": 0, "recalls": 0, "entries": 0}
    started = time.monotonic()
    while told["kills"] < kills:
        folder = Path(tempfile.mkdtemp(dir=base)) / "hub"
        wipe(url)
        fresh_hub(folder, url)
        kept: dict[str, int] = {}
        gone: set[str] = set()
        asked: set[str] = set()
        entries = 0
        for _ in range(min(KILLS_A_HUB, kills - told["kills"])):
            told["kills"] += 1
            # On a slow machine a hub may be killed before it says anything: those after it make up for that.
            due = told["kills"] - 1 if told["kills"] < kills else kills + 1
            missing = due - told["contributions"] - len(kept)
            one_kill(folder, url, told["kills"] * 1_000_000, chance.uniform(0.05, 0.6), missing, kept, gone, asked)
            entries = check(folder, url, kept, gone, asked)
        told["contributions"] += len(kept)
        told["recalls"] += len(gone)
        told["entries"] += entries
    print(json.dumps({**told, "seconds": round(time.monotonic() - started, 1)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
