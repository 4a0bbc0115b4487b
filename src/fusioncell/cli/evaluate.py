"""The command ``evaluate``: run a method of the hub on labelled data, and say how good it is.

``clusters`` joins published reports one by one, in the order of the file, as the hub does. The label ``family`` is
read after all is decided, for the figures alone: a report without one is clustered just the same.
"""

from __future__ import annotations

import gc
import gzip
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import click
import msgspec

from fusioncell.bootstrap import open_known_good
from fusioncell.cli.group import Group
from fusioncell.cli.main import FAULTS
from fusioncell.cli.options import json_option
from fusioncell.fusion.clusters import Commons, Figures, Gathering, features_of_report, measure
from fusioncell.kernel.errors import BadInput

MAX_LINE = 16 << 20
"""Bytes of one report, unpacked."""


class Report(msgspec.Struct, frozen=True):
    """A line of the file, as far as clustering may know it."""

    indicators: list[str] = []
    references: list[str] = []


class _Label(msgspec.Struct, frozen=True):
    family: str | None = None


_report = msgspec.json.Decoder(Report).decode
_label = msgspec.json.Decoder(_Label).decode


@click.group(cls=Group)
def evaluate() -> None:
    """Measure the hub's methods on labelled data."""


@evaluate.command(
    epilog="""\b
Examples:
  fusioncell evaluate clusters reports.jsonl.gz --out assignments.jsonl --json
FILE holds one report a line (.gz is unpacked): {"indicators": [text…], "references": [address…], "family": label}.
The label is never used as input, and may be missing. The file of assignments has one line a line of FILE:
{"line": 7, "cluster": 3}, lines counted from 1; a cluster is named after the line of its first report;
"cluster": null where the report stands alone, or cannot be read.
Figures: share (of the reports, those in a cluster of two and more), purity, pairwise precision and recall (null
without labels), clusters, seconds, CPU-seconds, and the milliseconds (by the clock, and of CPU) that a newly joined
report takes: p50, p99, max.
Exit code 4 where lines could not be read."""
)
@click.argument("file", type=click.File("rb"))
@click.option("--out", metavar="ASSIGNMENTS", type=click.Path(dir_okay=False, path_type=Path),
              help="Write the cluster of each line here, as JSON lines.")  # fmt: skip
@json_option
def clusters(file: BinaryIO, out: Path | None, as_json: bool) -> None:
    """Cluster published reports as they arrive; compare with their labels."""
    gc.disable()  # what is kept lives to the end: looking for garbage finds none, and takes half a second each time
    wall, cpu = time.perf_counter(), time.process_time()
    common = Commons(open_known_good())
    gathering = Gathering(common.which)
    common.which(features_of_report(("example.com",) * 9, ()) * 9)  # loads the lists: once a process, not a report
    took: list[int] = []
    worked: list[int] = []
    unreadable: list[int] = []
    labels: dict[int, str] = {}
    for number, line in enumerate(_lines(file)):
        start, begun = time.perf_counter_ns(), time.thread_time_ns()
        try:
            report = _report(line)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            unreadable.append(number + 1)
            report = Report()
        gathering.join(features_of_report(report.indicators, report.references))
        worked.append(time.thread_time_ns() - begun)
        took.append(time.perf_counter_ns() - start)
        label = _family(line)
        if label is not None:
            labels[number] = label
    found = gathering.clusters()
    if out is not None:
        _write(out, gathering, found)
    figures = measure(found.values(), labels, len(gathering.heads))
    shown = {
        **msgspec.structs.asdict(figures),
        "seconds": round(time.perf_counter() - wall, 3), "cpu_seconds": round(time.process_time() - cpu, 3),
        "join_ms": _spread(took), "join_cpu_ms": _spread(worked),
        "unreadable": len(unreadable),
    }  # fmt: skip
    if as_json:
        click.echo(json.dumps(shown))
    else:
        _print(figures, shown)
    if unreadable:
        click.echo(f"{len(unreadable):,} lines could not be read, first: line {unreadable[0]}", err=True)
        click.get_current_context().exit(FAULTS)


def _family(line: bytes) -> str | None:
    try:
        return _label(line).family
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Give the lines, of a packed file too. Raises BadInput for one that is too long or broken off."""
    packed = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    try:
        with gzip.open(file) if packed else file as plain:
            while line := plain.readline(MAX_LINE + 1):
                if len(line) > MAX_LINE:
                    raise BadInput(f"a line is longer than {MAX_LINE >> 20} MB", hint="One report a line.")
                yield line
    except (EOFError, gzip.BadGzipFile) as fault:
        raise BadInput(f"the packed file is broken: {fault}", hint="Fetch it again.") from None


def _write(out: Path, gathering: Gathering, found: dict[int, list[int]]) -> None:
    with out.open("w", encoding="utf-8") as file:
        for number, head in enumerate(gathering.heads):
            file.write(f'{{"line": {number + 1}, "cluster": {head + 1 if head in found else "null"}}}\n')


def _spread(nanoseconds: list[int]) -> dict[str, float | None]:
    """Return the median, the 99th percentile and the greatest, in milliseconds."""
    ordered = sorted(nanoseconds)

    def at(part: float) -> float | None:
        return round(ordered[min(len(ordered) - 1, int(part * len(ordered)))] / 1e6, 4) if ordered else None

    return {"p50": at(0.5), "p99": at(0.99), "max": at(1.0)}


def _print(figures: Figures, shown: dict[str, object]) -> None:
    def part(value: float | None) -> str:
        return "unknown" if value is None else f"{value:.1%}"

    click.echo(f"reports {figures.reports:,}, clustered {figures.clustered:,} ({part(figures.share)})")
    click.echo(f"clusters {figures.clusters:,}, largest {figures.largest:,}")
    click.echo(f"purity {part(figures.purity)}")
    click.echo(f"pairwise precision {part(figures.precision)}, recall {part(figures.recall)}")
    click.echo(f"{shown['seconds']} s, {shown['cpu_seconds']} CPU-s; a report in ms: {shown['join_ms']}")
