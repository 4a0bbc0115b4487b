"""The command ``edge``: the agent beside an ISP's resolver."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from pathlib import Path
from typing import Any

import click

from fusioncell.cli.group import Group
from fusioncell.cli.options import json_option, show
from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.errors import FusionCellError, NotFound, Unavailable

DEFAULT = "/etc/fusioncell/edge.toml"
SILENT = 60
"""Seconds after which an agent that wrote no status is not running."""
FAULTS = 4

_config = click.option("--config", "file", default=DEFAULT, show_default=True, metavar="FILE",
                       type=click.Path(dir_okay=False, path_type=Path), help="The agent's configuration.")  # fmt: skip


@click.group(
    cls=Group,
    epilog="""\b
Examples:
  fusioncell edge run --config /etc/fusioncell/edge.toml
  fusioncell edge check
  fusioncell edge accept rpz.fusioncell
It needs no hub and no database on this machine. See docs/shield-edge.md."""
)
def edge() -> None:
    """The agent beside an ISP's resolver: zones in, counts out, never who asked."""


@edge.command("run")
@_config
@click.option("--verbose", is_flag=True, help="Log each change of a zone.")
def run(file: Path, verbose: bool) -> None:
    """Serve the hub's zones on this machine and count hits, until SIGTERM."""
    from fusioncell.bootstrap.edge import Agent, load_config, memory_kb

    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, format="%(levelname)s %(message)s")
    config = load_config(file)

    def ready(agent: Agent) -> None:
        held = ", ".join(f"{one.origin} " + (f"{one.live.serial}, {len(one.live.image()):,} names" if one.live else
                                             "not yet taken") for one in agent.mirrors.values())  # fmt: skip
        click.echo(f"ready: {config.serve.rpartition(':')[0]}:{agent.port}; zones: {held}; "
                   f"memory {memory_kb() / 1024:.0f} MB")  # fmt: skip

    async def work() -> None:
        await Agent(config).run(ready)

    asyncio.run(work())


def _status(file: Path) -> dict[str, Any]:
    from fusioncell.bootstrap.edge import STATUS, load_config

    path = Path(load_config(file).state) / STATUS
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError):
        raise NotFound(f"there is no status in {path.parent}", hint="Start it: fusioncell edge run") from None
    return found


def problems(found: dict[str, Any], now: float) -> list[str]:
    """Say what is wrong with an agent of this status at this time (seconds)."""
    wrong = []
    if not found["running"] or now - found["at"] / 1e6 > SILENT:
        wrong.append("it is not running")
    for zone in found["zones"]:
        if not zone["served"]:
            wrong.append(f"{zone['zone']}: nothing is served")
        if zone["fault"]:
            wrong.append(f"{zone['zone']}: {zone['fault']}")
    wrong += [each for each in (found["fault"], found["reports"]["fault"]) if each]
    wrong += [f"overrides, line {line} {why}" for line, why in found["overrides"]["faults"]]
    return wrong


@edge.command("check")
@_config
@json_option
@click.pass_context
def check(context: click.Context, file: Path, as_json: bool) -> None:
    """Tell how the agent is; ends with 4 where something is wrong."""
    from fusioncell.bootstrap import zone_serial

    found = _status(file)
    wrong = problems(found, time.time())
    if found["running"]:
        host, _, port = found["serve"].rpartition(":")
        for zone in found["zones"]:
            if zone["served"]:
                try:
                    zone["answers"] = zone_serial(host, int(port), zone["zone"])
                except Unavailable as fault:
                    wrong.append(f"{zone['zone']}: {fault.detail}")
    found["problems"] = wrong
    show(found, as_json, lambda: _said(found))
    if wrong:
        context.exit(FAULTS)


def _said(found: dict[str, Any]) -> str:
    lines = [f"Process {found['process']}, {found['memory_kb'] / 1024:.0f} MB, zones at {found['serve']}"]
    for zone in found["zones"]:
        heard = format_instant(zone["heard"]) if zone["heard"] else "never"
        unknown = f", {zone['unknown']} records not understood" if zone["unknown"] else ""
        lines.append(f"  {zone['zone']}: serial {zone['serial']}, {zone['names']:,} names, hub heard {heard}{unknown}")
    lines.append(f"  {found['overrides']['zone']}: {found['overrides']['names']:,} names pass by your own word")
    for source in found["sources"]:
        counts = ", ".join(f"{source[key]:,} {key}" for key in ("lines", "frames", "hits", "faults") if key in source)
        lines.append(f"  {source['kind']} {source['at']}: {counts}")
    reports = found["reports"]
    lines.append(f"  reports: {reports['sent']} sent, {reports['waiting']} waiting, {reports['refused']} refused")
    lines += [f"Problem: {each}" for each in found["problems"]] or ["All is well."]
    return "\n".join(lines)


@edge.command("accept")
@click.argument("zone")
@_config
def accept(zone: str, file: Path) -> None:
    """Let the next transfer of ZONE through the fuse, however much of it goes."""
    from fusioncell.bootstrap.edge import accept_next, load_config

    try:
        accept_next(load_config(file), zone)
    except OSError as failure:
        raise FusionCellError(f"the state folder cannot be written: {failure.strerror}",
                              hint="Run this as the agent's user.") from None  # fmt: skip
    click.echo(f"The next transfer of {zone} is taken as it comes.")
