"""All benchmarks, one after another: ``make bench`` (or ``make bench ARGS=--quick``, or ``ARGS="lookup stream"``).

Rates are per CPU-second of the process measured, since wall times on shared machines tell little. The loop time at the
top says how fast this machine was when it ran: compare runs by it.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
ORDER = ("accept", "import_corpus", "lookup", "latency", "stream", "talk", "intake_steps", "dns_primary", "pages")


def loop_time() -> float:
    """Nanoseconds of one step of a plain Python loop, best of five."""
    best = 1e9
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(1_000_000):
            pass
        best = min(best, time.perf_counter() - start)
    return best * 1e3


def main() -> None:
    """Run each in a process of its own, so that none inherits another's memory."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 8192)), hard))
    named = [each for each in sys.argv[1:] if not each.startswith("-")]
    unknown = [name for name in named if not (HERE / f"{name}.py").is_file()]
    if unknown:
        there = ", ".join(path.stem for path in sorted(HERE.glob("*.py")))
        sys.exit(f"no benchmark is called {unknown[0]!r}; there are {there}")
    options = [each for each in sys.argv[1:] if each.startswith("-")]
    for name in named or ORDER:
        print(f"-- {name} (plain loop step {loop_time():.0f} ns)", flush=True)
        subprocess.run([sys.executable, str(HERE / f"{name}.py"), *options], check=False, cwd=HERE)  # noqa: S603


if __name__ == "__main__":
    main()
