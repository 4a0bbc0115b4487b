"""The command ``import``: files, folders and addresses, through a running hub or straight into the folder.

1. Find the files, unpack what is packed, within bounds.
2. Hand each over; several are in flight at once, bounded in bytes.
3. Wait until all is projected; add up what each contribution's status says.

One that cannot be taken at all is a fault with its file's name; the others go on.
"""

from __future__ import annotations

import re
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

import click

from fusioncell.cli.door import Door, open_door
from fusioncell.cli.options import Where, counted, json_option, note, plain, show, where_options
from fusioncell.cli.sources import Source, Unreadable, sources
from fusioncell.intake.service import Terms
from fusioncell.kernel.errors import BadInput, FusionCellError, NotFound, Unavailable
from fusioncell.kernel.marking import Uses, Viewer, parse_tlp

IN_FLIGHT = 64
IN_FLIGHT_BYTES = 48 << 20
POSTS_AT_ONCE = 4
LISTED = 20
MAX_FAULTS_KEPT = 10_000
POLL = 0.1
_PARTY = re.compile(r"(?:org:[0-9a-f-]{36}|group:[0-9a-f-]{36}\.[0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class FileFault:
    """A fault as it is listed and kept: the file, the place in it, why, and the bytes where they are known."""

    file: str
    place: str
    reason: str
    body: bytes = b""


@dataclass(slots=True)
class Tally:
    """What an import came to."""

    contributions: int = 0
    objects: int = 0
    attributes: int = 0
    new: int = 0
    duplicates: int = 0
    outdated: int = 0
    conflicts: int = 0
    faults: int = 0
    unmarked: int = 0
    marked_as: str = ""
    listed: list[FileFault] = field(default_factory=list)

    def refuse(self, source: str, reason: str, place: str = "", body: bytes = b"") -> None:
        """Count a file that could not be taken at all."""
        self.faults += 1
        fault = FileFault(source, place, reason, body)
        self.listed += [fault] if len(self.listed) < MAX_FAULTS_KEPT else []

    def accept(self, objects: int, attributes: int, unmarked: int, marked_as: str) -> None:
        """Count an accepted contribution by the hub's answer."""
        self.contributions += 1
        self.objects += objects
        self.attributes += attributes
        self.unmarked += unmarked
        self.marked_as = self.marked_as or marked_as

    def settle(self, counts: tuple[int, int, int, int], faults: int, listed: list[FileFault]) -> None:
        """Add a projected contribution's status: (new, duplicates, outdated, conflicts), and its faults."""
        self.new += counts[0]
        self.duplicates += counts[1]
        self.outdated += counts[2]
        self.conflicts += counts[3]
        self.faults += faults
        self.listed += listed[: max(0, MAX_FAULTS_KEPT - len(self.listed))]


@dataclass(frozen=True, slots=True)
class Said:
    """What the command line says beside the files."""

    tlp: str | None
    groups: tuple[str, ...]
    uses: str | None


def uses_named(text: str | None) -> Uses | None:
    """Read a comma-separated list of uses; None where none was given. Raises BadInput."""
    if text is None:
        return None
    allowed = Uses.NONE
    for name in filter(None, text.replace(" ", "").split(",")):
        if name.upper() not in Uses.__members__:
            raise BadInput(f"{name[:40]!r} is no use", hint="Uses: analysis, blocking, products, police, none.")
        allowed |= Uses[name.upper()]
    return allowed


@click.command(
    "import",
    epilog="""\b
Examples:
  fusioncell import --data data report.json feeds/ https://feeds.example/list.txt
  fusioncell import --data data --as "Example Bank" --tlp green indicators.csv
What carries no TLP takes the one given, else AMBER to its own organisation. Faults are kept, with their
places, in DIR/quarantine. Taking in the same again adds nothing. Exit code 4 where there were faults
and nothing could be taken.""",
)
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@click.option("--tlp", metavar="LEVEL", help="Marking for what carries none: clear, green, amber, amber+strict or red.")
@click.option(
    "--group", "groups", multiple=True, metavar="PARTY", help="Share AMBER with org:ID or group:ID.N; may be repeated."
)
@click.option("--uses", metavar="LIST", help="What may be done with it: analysis,blocking,products,police or none.")
@where_options
@json_option
@click.pass_context
def import_(
    ctx: click.Context,
    where: Where,
    paths: tuple[str, ...],
    tlp: str | None,
    groups: tuple[str, ...],
    uses: str | None,
    as_json: bool,
) -> None:
    """Take in STIX, MISP, CSV, X-ARF, lists and text: files, folders (with all below), .gz, .zip, addresses, - (stdin).

    Returns when all of it is kept, fused and searchable.
    """
    if tlp:
        parse_tlp(tlp)
    uses_named(uses)
    for party in groups:
        if not _PARTY.fullmatch(party):
            raise BadInput(f"{party[:80]!r} is no party", hint="Write org:ID or group:ID.GENERATION.")
    tally = Tally()
    said = Said(tlp, groups, uses)
    with open_door(where) as door, Progress() as progress:
        from fusioncell.bootstrap import read_settings

        limit = (door.hub.settings if door.hub else read_settings()).max_body_mb << 20
        began, cpu = time.perf_counter(), time.process_time()
        found = sources(paths, limit, note)
        if door.hub is None:
            _through(door, found, said, tally, progress)
        else:
            _straight(door.hub, where.organisation, found, said, tally, progress)
        seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
        quarantine = _keep(door, where, tally)
    _report(tally, seconds, cpu_seconds, quarantine, as_json)
    if tally.faults and not tally.contributions:
        ctx.exit(4)


# -- straight into the folder ----------------------------------------------------------------------------------------


def _straight(
    hub: Any,
    organisation: str | None,
    found: Iterator[Source | Unreadable],
    said: Said,
    tally: Tally,
    progress: Progress,
) -> None:
    """Take the files in without a hub running: append group by group, project behind, in large batches."""
    viewer: Viewer | None = hub.members.operator_viewer(organisation)
    if viewer is None:
        raise NotFound(f"there is no organisation {organisation or ''!r} here", hint="List them: fusioncell org list")
    tlp = parse_tlp(said.tlp) if said.tlp else None
    uses = uses_named(said.uses)
    flying: deque[tuple[Source, Future[Any], Callable[[Any], Any]]] = deque()
    flown = 0
    accepted: list[tuple[str, str]] = []

    def land(most: int) -> None:
        nonlocal flown
        while flying and (len(flying) > most or flown > IN_FLIGHT_BYTES):
            source, pending, finish = flying.popleft()
            flown -= len(source.body)
            kept = finish(pending.result())
            shell = kept.shell
            tally.accept(shell.objects, shell.attributes, shell.defaulted, shell.default)
            accepted.append((source.name, kept.contribution))
            progress.accepted(tally)

    for source in found:
        if isinstance(source, Unreadable):
            tally.refuse(source.name, source.reason)
            continue
        terms = Terms(tlp, said.groups, (), uses, source.filename)
        try:
            pending, finish = hub.intake.submit(viewer, source.body, source.media_type, terms)
        except FusionCellError as fault:
            _refused(fault, source, tally)
            continue
        flying.append((source, pending, finish))
        flown += len(source.body)
        land(IN_FLIGHT)
    land(0)
    progress.projecting(tally)
    hub.settle()
    for name, contribution in accepted:
        status = hub.intake.status(viewer, contribution)
        faults = [FileFault(name, place, reason) for place, reason in status.faults]
        counts = (status.new, status.duplicates, status.outdated, status.conflicts)
        tally.settle(counts, status.fault_count, faults)


# -- through a running hub -------------------------------------------------------------------------------------------


def _through(door: Door, found: Iterator[Source | Unreadable], said: Said, tally: Tally, progress: Progress) -> None:
    """Take the files in by the hub's API, a few at once, then ask until each is projected."""
    parameters: dict[str, Any] = {"group": list(said.groups)}
    parameters.update({name: value for name, value in (("tlp", said.tlp), ("uses", said.uses)) if value})
    accepted: list[tuple[str, str]] = []

    def post(source: Source) -> dict[str, Any]:
        return door.json(
            "POST",
            "/api/contributions",
            content=source.body,
            params={**parameters, "filename": source.filename},
            headers={"Content-Type": source.media_type} if source.media_type else {},
        )

    flying: dict[Future[dict[str, Any]], Source] = {}

    def land(*, everything: bool) -> None:
        done, _ = wait(flying, return_when="ALL_COMPLETED" if everything else FIRST_COMPLETED)
        for future in done:
            source = flying.pop(future)
            try:
                answer = future.result()
            except Unavailable:
                raise
            except FusionCellError as fault:
                _refused(fault, source, tally)
                continue
            tally.accept(answer["objects"], answer["attributes"], answer["unmarked"], answer["marked_as"])
            accepted.append((source.name, answer["status_url"]))
            progress.accepted(tally)

    with ThreadPoolExecutor(POSTS_AT_ONCE) as pool:
        for source in found:
            if isinstance(source, Unreadable):
                tally.refuse(source.name, source.reason)
                continue
            flying[pool.submit(post, source)] = source
            while len(flying) >= POSTS_AT_ONCE * 2 or (
                sum(len(s.body) for s in flying.values()) > IN_FLIGHT_BYTES and len(flying) > 1
            ):
                land(everything=False)
        if flying:
            land(everything=True)
    progress.projecting(tally)
    _settle_through(door, accepted, tally)


def _settle_through(door: Door, accepted: list[tuple[str, str]], tally: Tally) -> None:
    """Wait until every contribution is projected, the newest first: once it is in, all are. Add up the statuses."""
    statuses = []
    for name, url in reversed(accepted):
        status = door.json("GET", url)
        while not status["projected"]:
            time.sleep(POLL)
            status = door.json("GET", url)
        statuses.append((name, status))
    for name, status in reversed(statuses):
        faults = [FileFault(name, fault["place"], fault["reason"]) for fault in status["faults"]]
        counts = (status["new"], status["duplicates"], status["outdated"], status["conflicts"])
        tally.settle(counts, status["fault_count"], faults)


# -- the end ---------------------------------------------------------------------------------------------------------


def _refused(fault: FusionCellError, source: Source, tally: Tally) -> None:
    """Note a file that the hub would not take; who may not contribute at all is told so at once."""
    if fault.status in (401, 403):
        raise fault
    # What is of no format that is taken here (415) cannot be mended: no copy of it is kept.
    body = source.body if fault.status != 415 else b""
    tally.refuse(source.name, f"{fault.detail}{'; ' + fault.hint if fault.hint else ''}", fault.place, body)


def _keep(door: Door, where: Where, tally: Tally) -> str:
    """List all faults, with their files, in the quarantine. Returns the folder, "" where there is nothing to keep."""
    if where.hub or not tally.faults:
        return ""
    from fusioncell.bootstrap import Folder
    from fusioncell.cli.door import data_folder

    folder = Folder(data_folder(where.data))
    kept = [
        _Kept(f"{fault.file}: {fault.place}" if fault.place else fault.file, fault.reason, fault.body[: 1 << 20])
        for fault in tally.listed
    ]
    folder.keep(time.strftime("import-%Y%m%dT%H%M%SZ", time.gmtime()), kept)
    return str(folder.path / "quarantine")


@dataclass(frozen=True, slots=True)
class _Kept:
    place: str
    reason: str
    body: bytes


def _report(tally: Tally, seconds: float, cpu_seconds: float, quarantine: str, as_json: bool) -> None:
    """Print the sums, and the first faults with file and place."""
    result: dict[str, Any] = {
        name: getattr(tally, name)
        for name in (
            "contributions",
            "objects",
            "attributes",
            "new",
            "duplicates",
            "faults",
            "outdated",
            "conflicts",
            "unmarked",
            "marked_as",
        )
    }
    result |= {"seconds": round(seconds, 3), "cpu_seconds": round(cpu_seconds, 3), "quarantine": quarantine}
    for fault in tally.listed[:LISTED]:
        note(f"fault: {plain(fault.file)}{': ' + plain(fault.place) if fault.place else ''}: {plain(fault.reason)}")
    if tally.faults > LISTED:
        note(f"fault: … and {tally.faults - LISTED:,} more")
    if quarantine:
        note(f"Faults are kept in {quarantine}; mend them and import them again.")
    show(result, as_json, lambda: _text(tally, seconds, cpu_seconds))


def _text(tally: Tally, seconds: float, cpu_seconds: float) -> str:
    items = tally.objects + tally.attributes
    lines = [
        f"{counted(tally.contributions, 'contribution')}: {counted(tally.objects, 'object')} and "
        f"{counted(tally.attributes, 'attribute')}",
        f"{tally.new:,} new, {tally.duplicates:,} known before, {counted(tally.faults, 'fault')}",
    ]
    if tally.unmarked:
        lines.append(f"{tally.unmarked:,} carried no marking and were taken as TLP:{tally.marked_as.upper()}")
    if seconds >= 1:  # what took no time tells nobody how fast it is
        lines.append(
            f"{seconds:.1f} s, {items / max(seconds, 1e-6):,.0f} items/s, "
            f"{cpu_seconds / items * 1e6:.1f} CPU-µs an item"
        )
    return "\n".join(lines)


class Progress:
    """A line on stderr that tells how far it is; nothing where stderr is no terminal."""

    def __init__(self) -> None:
        self._status: Any = None

    def __enter__(self) -> Progress:
        if sys.stderr.isatty():
            from rich.console import Console

            self._status = Console(stderr=True).status("Reading …")
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()

    def accepted(self, tally: Tally) -> None:
        """Tell how much has been accepted."""
        if self._status is not None:
            self._status.update(
                f"{tally.contributions:,} contributions accepted, "
                f"{tally.objects + tally.attributes:,} items, {tally.faults:,} faults"
            )

    def projecting(self, tally: Tally) -> None:
        """Tell that all is kept, and that its meaning follows."""
        if self._status is not None:
            self._status.update(f"{tally.objects + tally.attributes:,} items are kept; fusing them …")
