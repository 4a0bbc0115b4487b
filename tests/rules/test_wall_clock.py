"""Time and randomness are handed in (DESIGN rule 12): a replay of a year runs in seconds and ends the same.

Clocks and generators live in ``edges``; commands may measure how long they took. Pages and ``bootstrap`` may use the
monotonic clock for waiting, never to say what time it is.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from rules.source_tree import PACKAGE, aliases, dotted_name, modules, seed

_WAITING = frozenset(
    {
        "time.monotonic",
        "time.monotonic_ns",
        "time.perf_counter",
        "time.perf_counter_ns",
        "time.process_time",
        "time.process_time_ns",
        "time.thread_time",
        "time.sleep",
    }
)
_CLOCKS = frozenset(
    {
        "datetime.datetime.now",
        "datetime.datetime.utcnow",
        "datetime.datetime.today",
        "datetime.date.today",
        "uuid.uuid1",
        "uuid.uuid4",
        "os.urandom",
        "os.getrandom",
    }
)
_FAMILIES = ("time.", "random.", "secrets.", "numpy.random.")
_SEEDED = frozenset({"random.Random", "numpy.random.default_rng", "numpy.random.Generator", "numpy.random.PCG64"})


def find_clocks(package: Path) -> list[str]:
    """Find uses (not only calls) of the wall clock and of generators that nobody seeded."""
    found = []
    for module in modules(package):
        if module.top in {"edges", "cli"}:
            continue
        known = aliases(module)
        seeded = {
            id(node.func)
            for node in ast.walk(module.tree)
            if isinstance(node, ast.Call) and (node.args or node.keywords)
        }
        waits = module.top in {"web", "bootstrap"}
        for node in ast.walk(module.tree):
            if not isinstance(node, (ast.Attribute, ast.Name)) or isinstance(node.ctx, ast.Store):
                continue
            name = dotted_name(node, known)
            if name is None or (name in _SEEDED and id(node) in seeded) or (waits and name in _WAITING):
                continue
            if name in _CLOCKS or (
                name.startswith(_FAMILIES) and name not in {"numpy.random.Generator", "time.struct_time"}
            ):
                found.append(module.at(node, f"{name}: take a Clock or a Randomness instead"))
    return found


def test_no_room_reads_the_wall_clock() -> None:
    assert find_clocks(PACKAGE) == []


@pytest.mark.parametrize(
    "source",
    [
        "import time\nat = time.time()\n",
        "import time as t\nclock = t.time_ns\n",
        "from time import time\nat = time()\n",
        "from datetime import datetime\nat = datetime.now()\n",
        "import datetime as d\nat = d.datetime.utcnow()\n",
        "from datetime import date as day\nat = day.today()\n",
        "import random\nx = random.random()\n",
        "import random\nx = random.Random()\n",
        "from uuid import uuid4\nx = uuid4()\n",
        "import secrets\nx = secrets.token_bytes(8)\n",
        "import os\nx = os.urandom(8)\n",
        "import numpy as np\nx = np.random.default_rng()\n",
        "import numpy as np\nx = np.random.rand(3)\n",
    ],
)
@pytest.mark.parametrize("path", ["fusion/weigh.py", "kernel/seeded.py", "web/page.py"])
def test_a_clock_is_seen(path: str, source: str, tmp_path: Path) -> None:
    assert find_clocks(seed(tmp_path, {path: source}))


def test_a_room_may_not_wait_either(tmp_path: Path) -> None:
    source = "import time\ntime.sleep(1)\nx = time.monotonic()\n"
    assert len(find_clocks(seed(tmp_path, {"fusion/weigh.py": source}))) == 2
    assert (
        find_clocks(seed(tmp_path / "other", {"web/page.py": source, "cli/main.py": "import time\nx = time.time()\n"}))
        == []
    )


def test_seeded_generators_and_plain_dates_pass(tmp_path: Path) -> None:
    source = (
        "import random\nfrom datetime import datetime, timezone\nfrom uuid import UUID, uuid5\n"
        "x = random.Random(7)\ny = datetime(2026, 1, 1, tzinfo=timezone.utc)\n"
    )
    assert find_clocks(seed(tmp_path, {"fusion/weigh.py": source})) == []
