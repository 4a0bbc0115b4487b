"""The command ``doctor``: every check is a line that says ok, warn or fail, and what to do.

It changes nothing that the hub holds. With the hub running it reads beside it; ports that the hub itself holds are
asked, not bound.
"""

from __future__ import annotations

import shutil
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from fusioncell.cli.options import data_option, json_option, plain, show
from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.errors import FusionCellError
from fusioncell.kernel.settings import Settings, host_port

SOME_ENTRIES = 200_000
LAG_WARN = 100_000
CLOCK_SLACK = 5 * 60 * 1_000_000
FREE_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: its name, ``ok``, ``warn`` or ``fail``, what was found, what to do."""

    check: str
    state: str
    found: str
    todo: str = ""


@click.command(
    epilog="""\b
Examples:
  fusioncell doctor --data data
  fusioncell doctor --data data --full      verify every entry of the record
Exit code 1 where something fails."""
)
@data_option
@click.option("--full", is_flag=True, help="Verify the whole record, not only its first 200,000 entries.")
@json_option
@click.pass_context
def doctor(ctx: click.Context, data: Path | None, full: bool, as_json: bool) -> None:
    """Check settings, folder, keys, databases, record, clock and ports."""
    findings = list(examine(data, full))
    states = [finding.state for finding in findings]
    ok = "fail" not in states
    result = {"ok": ok, "checks": [asdict(finding) for finding in findings]}
    show(result, as_json, lambda: "\n".join(map(_line, findings)))
    if not ok:
        ctx.exit(1)


def _line(finding: Finding) -> str:
    mark = {"ok": "  ok", "warn": "warn", "fail": "FAIL"}[finding.state]
    todo = f"\n{'':19}→ {plain(finding.todo)}" if finding.todo else ""
    return f"{mark}  {finding.check:12} {plain(finding.found)}{todo}"


def examine(data: Path | None, full: bool) -> Iterator[Finding]:
    """Run every check, in order; what needs a failed one is left out."""
    from fusioncell.bootstrap import Folder, read_settings

    try:
        settings = read_settings(data=str(data) if data else None)
        for listen in filter(None, (settings.http_listen, *settings.dns_notify.split(","))):
            host_port(listen.strip())
    except (FusionCellError, ValueError, OSError) as fault:
        yield Finding("settings", "fail", str(fault), getattr(fault, "hint", "") or "Mend fusioncell.toml.")
        return
    yield Finding("settings", "ok", "all are readable")
    yield _known_good()
    folder = Folder(settings.data)
    try:
        kind = folder.kind
    except (FusionCellError, ValueError, OSError) as fault:
        yield Finding("folder", "fail", str(fault), getattr(fault, "hint", ""))
        return
    running = folder.announced()
    if running is not None and not _serves(running["url"]):
        running = None
    yield Finding(
        "hub", "ok", f"{kind} in {folder.path}, " + (f"running at {running['url']}" if running else "not running")
    )
    if running is not None:
        yield _follows(running["url"])
    yield from _permissions(folder.path)
    yield from _databases(folder, settings, full)
    yield from _ports(settings, running)


def _known_good() -> Finding:
    from fusioncell.bootstrap import known_good_ready

    if known_good_ready():
        return Finding("known good", "ok", "the lists are compiled")
    return Finding(
        "known good",
        "warn",
        "the lists are not compiled: the first start takes some seconds longer",
        "Run: fusioncell setup-data",
    )


def _permissions(path: Path) -> Iterator[Finding]:
    for file in (path, path / "hub.key", path / "fusioncell.json"):
        if not file.exists():
            yield Finding("folder", "fail", f"{file} is missing", "Restore the folder from a backup.")
        elif stat.S_IMODE(file.stat().st_mode) & 0o077:
            yield Finding("folder", "fail", f"{file} can be read by other users", f"Run: chmod go= {file}")
    key = path / "hub.key"
    if key.exists():
        size = key.stat().st_size
        if size == 64:
            yield Finding("keys", "ok", "the hub's key is whole and private")
        else:
            yield Finding("keys", "fail", f"the hub's key has {size} bytes, not 64", "Restore it from a backup.")
    free = shutil.disk_usage(path).free
    state = "ok" if free > FREE_BYTES else "warn"
    yield Finding("disk", state, f"{free >> 20:,} MiB free", "" if state == "ok" else "Make room before it runs out.")


def _databases(folder: Any, settings: Settings, full: bool) -> Iterator[Finding]:
    from fusioncell.bootstrap import beside

    if not settings.database_url:
        missing = [n for n in ("record.db", "vault.db") if not (folder.path / n).exists()]
        if missing:
            yield Finding("databases", "fail", f"{', '.join(missing)} missing", "Restore the folder from a backup.")
            return
    try:
        with beside(folder, settings) as (record, position):
            head, last_at, epoch = record.head()
            yield Finding("databases", "ok", f"record, vault and projections open; epoch {epoch}, position {head}")
            lag = head - position
            behind = f"projections are {lag:,} entries behind"
            if lag <= LAG_WARN:
                yield Finding("lag", "ok", behind)
            else:
                yield Finding(
                    "lag", "warn", behind, "A hub catches up by itself when it runs; else: fusioncell rebuild"
                )
            ahead = last_at - time.time_ns() // 1000
            if ahead <= CLOCK_SLACK:
                yield Finding("clock", "ok", "not before the record's last entry")
            else:
                last = format_instant(last_at)
                yield Finding(
                    "clock", "fail", f"this machine's clock is before the last entry, {last}", "Set the clock."
                )
            yield _verified(record.verify, full)
    except FusionCellError as fault:
        yield Finding("databases", "fail", fault.detail, fault.hint or "Restore the last backup.")
    except Exception as fault:  # noqa: BLE001 - a doctor reports whatever the driver says
        yield Finding(
            "databases", "fail", f"cannot be opened: {fault}", "Check the files' owner, the disk, the address."
        )


def _verified(verify: Callable[..., int], full: bool) -> Finding:
    try:
        count = verify() if full else verify(most=SOME_ENTRIES)
    except FusionCellError as fault:
        return Finding("record", "fail", fault.detail, fault.hint)
    return Finding("record", "ok", f"{count:,} entries verified, digests and chain{'' if full else ' (all: --full)'}")


def _ports(settings: Settings, running: dict[str, Any] | None) -> Iterator[Finding]:
    from fusioncell.bootstrap import zone_serial
    from fusioncell.cli.hub import NO_DNS, check_free

    if running is not None:
        yield Finding("http", "ok", f"{running['url']} serves")
    else:
        yield _free("http", settings.http_listen, lambda: check_free(settings.http_listen, ""))
    listen = settings.dns_listen if running is None else str(running.get("dns", settings.dns_listen))
    if not listen or listen in NO_DNS:
        yield Finding("dns", "ok", "switched off")
        return
    host, port = host_port(listen)
    try:
        serial = zone_serial("127.0.0.1" if host in ("0.0.0.0", "::") else host, port, "rpz.fusioncell")  # noqa: S104
        yield Finding("dns", "ok", f"{listen} serves rpz.fusioncell, serial {serial}")
    except FusionCellError as fault:
        if running is not None:
            yield Finding("dns", "warn", f"the running hub does not answer there: {fault.detail}",
                          "Look at its log, and for a firewall on this machine.")  # fmt: skip
        else:
            yield _free("dns", listen, lambda: check_free("127.0.0.1:0", listen))


def _free(name: str, listen: str, probe: Callable[[], None]) -> Finding:
    try:
        probe()
    except FusionCellError as fault:
        return Finding(name, "fail", fault.detail, fault.hint)
    return Finding(name, "ok", f"{listen} is free")


def _follows(url: str) -> Finding:
    from fusioncell.cli.door import follows

    if follows(url):
        return Finding("projections", "ok", "they follow the record")
    return Finding("projections", "fail", "they do not follow the record", "The hub's log says why; see also /ops.")


def _serves(url: str) -> bool:
    from fusioncell.cli.door import answers

    return answers(url)
