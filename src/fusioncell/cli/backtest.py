"""The command ``backtest``: how well can it be told, from dated feeds, which values will be reported again."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from typing import Any

import click

from fusioncell.cli.options import json_option, note, plain, show, table
from fusioncell.cli.sources import Unreadable, sources
from fusioncell.fusion.backtest import Sighting, Step, backtest, read_sightings
from fusioncell.kernel.clock import Instant

LISTED = 20
FAULTS = 4
MOST_BYTES = 4 << 30
BAR = 40


@click.command(
    "backtest",
    epilog="""\b
Examples:
  fusioncell backtest feeds/tweetfeed
  fusioncell backtest sightings.csv.gz other-feed/ --json
A table's columns are value,type,source,context,seen_at, one row a sighting; times without an offset are UTC.
What is dated in the future, or not at all, is a fault and left out. A million sightings take some minutes.
Exit codes: 0 done; 1 a path is not there; 2 wrong usage; 4 there were faults (the figures are of the good rows).""",
)
@click.argument("feeds", nargs=-1, required=True, metavar="FEED…")
@json_option
@click.pass_context
def backtest_(ctx: click.Context, feeds: tuple[str, ...], as_json: bool) -> None:
    """Replay dated feeds, and score who foretells best what is reported again within 7 and 30 days.

    FEED is a MISP feed's folder, a MISP event, or a table; packed or not; several are one history.
    """
    from fusioncell.bootstrap import SystemClock

    reading = _Reading(SystemClock().now())
    with _bar() as bar:
        result = backtest(reading.through(feeds), bar)
    for where, reason in reading.listed:
        note(f"{plain(where)}: {plain(reason)}")
    if reading.faults > len(reading.listed):
        note(f"… and {reading.faults - len(reading.listed):,} more faults")
    faults = [{"place": where, "reason": reason} for where, reason in reading.listed]
    show({**result, "faults": reading.faults, "faults_listed": faults}, as_json, lambda: told(result, reading.faults))
    if reading.faults:
        ctx.exit(FAULTS)


class _Reading:
    """Reads feeds into sightings; counts what could not be read, and lists the first of it."""

    def __init__(self, now: Instant) -> None:
        self._now = now
        self.faults = 0
        self.listed: list[tuple[str, str]] = []

    def through(self, feeds: tuple[str, ...]) -> Iterator[Sighting]:
        """Yield the sightings of all feeds."""
        for source in sources(feeds, MOST_BYTES, lambda _: None):
            if isinstance(source, Unreadable):
                self._refuse(source.name, source.reason)
                continue
            for each in read_sightings(source.body, self._now):
                if isinstance(each, Sighting):
                    yield each
                else:
                    self._refuse(f"{source.name}, {each.place}" if each.place else source.name, each.reason)

    def _refuse(self, place: str, reason: str) -> None:
        self.faults += 1
        if len(self.listed) < LISTED:
            self.listed.append((place, reason))


class _bar:
    """A bar of days on stderr, where it is a terminal."""

    def __init__(self) -> None:
        self._progress: Any = None

    def __enter__(self) -> Step:
        if not sys.stderr.isatty():
            return lambda done, whole: None
        from rich.console import Console
        from rich.progress import Progress

        self._progress = progress = Progress(console=Console(stderr=True), transient=True)
        task = progress.add_task("Reading …", total=None)
        progress.start()
        return lambda done, whole: progress.update(task, completed=done, total=whole, description="Days replayed")

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()


def told(result: dict[str, Any], faults: int) -> str:
    """Return the figures as text: a table a horizon, ours first, and a plot of what was said against what came true."""
    if not result["sightings"]:
        return "No sightings, so nothing to replay."
    period = result["period"]
    lines = [
        f"{result['sightings']:,} sightings of {result['values']:,} values by {result['sources']:,} sources, "
        f"{period['first']} to {period['last']}" + (f"; {faults:,} faults" if faults else "")
    ]
    for days, ours in result["horizons"].items():
        lines += ["", f"Reported again within {days} days? Asked weekly from {period['middle']}"]
        if not ours["asked"]:
            lines.append("  The feed is too short: no such question has its answer in it.")
            continue
        lines[-1] += f", {ours['asked']:,} times; {ours['base_rate']:.2%} came true."
        rows = [["fusion cell", *map(_figure, (ours["auc"], ours["brier"], None, ours["ap"]))]]
        rows += [
            [name, *map(_figure, (peer[days][k] for k in ("auc", "brier", "brier_calibrated", "ap")))]
            for name, peer in result["peers"].items()
        ]
        lines += [table(rows, ["model", "AUC", "Brier", "if calibrated", "AP"]), "", *_plot(ours["calibration"])]
    return "\n".join(lines)


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _plot(bins: list[dict[str, Any]]) -> Iterator[str]:
    """Yield a reliability plot: for each tenth, a bar of what came true, and a mark where it was said."""
    yield "said        came true  (█ came true, | what was said)"
    for each in islice(bins, BAR):
        said, true = (round(each[k] * BAR) for k in ("said", "came_true"))
        bar = ("█" * true).ljust(BAR + 1)
        bar = bar[:said] + "|" + bar[said + 1 :]
        yield f"{each['from']:.1f}–{each['to']:.1f}  {each['came_true']:7.3f}  {bar}  {each['asked']:,}"
