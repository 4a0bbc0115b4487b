"""Commands of upkeep: ``backup``, ``restore``, ``rebuild``."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

import fusioncell
from fusioncell.cli.options import data_option, json_option, plain, show, table
from fusioncell.kernel.errors import Conflict, FusionCellError


@click.command(
    epilog="""\b
Examples:
  fusioncell backup --data data /safe/hub-2026-11-21.tar.zst
  fusioncell backup --data data hub.tar.gz --force
The file holds the hub's keys: it is written for you alone (mode 0600); keep it as safe as the hub itself.
What is derived from the record is left out; `fusioncell restore` rebuilds it."""
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@data_option
@click.option("--force", is_flag=True, help="Overwrite the file.")
@json_option
def backup(data: Path | None, file: Path, force: bool, as_json: bool) -> None:
    """Back the hub up into one FILE (.tar.zst or .tar.gz), with the hub running or not."""
    from fusioncell.bootstrap import Folder, read_settings, write_backup
    from fusioncell.cli.door import data_folder

    folder = Folder(data_folder(data))
    _ = folder.kind
    if read_settings().database_url:
        raise FusionCellError(
            "this hub keeps its databases in PostgreSQL, which this command does not copy",
            hint=f"Use pg_dump for the database, and keep {folder.path}/hub.key beside it.",
        )
    manifest = write_backup(
        folder,
        file,
        at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        version=fusioncell.__version__,
        overwrite=force,
    )
    result = {"file": str(file), "bytes": file.stat().st_size, "at": manifest["at"]}
    show(
        result,
        as_json,
        lambda: (
            f"{file}: {result['bytes']:,} bytes, as of {result['at']}\n"
            f"Try it:  fusioncell restore {file} --data /tmp/restored"
        ),
    )


@click.command(
    epilog="""\b
Example:
  fusioncell restore hub.tar.zst --data data
The restored hub opens a new epoch: the zone's serial lies beyond any that was served, and clients of the
live stream that resume are told to start anew."""
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@data_option
@json_option
def restore(data: Path | None, file: Path, as_json: bool) -> None:
    """Make a hub out of a backup FILE, in a new folder."""
    from fusioncell import rebuild as upkeep
    from fusioncell.bootstrap import read_settings
    from fusioncell.cli.door import data_folder

    target = data_folder(data)
    result = {"data": str(target), **upkeep.restore(file, target, read_settings(data=str(target)))}
    show(
        result,
        as_json,
        lambda: (
            f"{target} holds the hub as of {plain(result['backup_of'])}.\n"
            f"{result['entries']:,} entries verified, digests and chain; "
            f"projections rebuilt to position {result['position']}.\n"
            f"Epoch {result['epoch']} is open; the zone goes on at serial {result['serial']}.\n"
            "Its zones are frozen: resolvers keep what they hold, no zone is given out and nothing is added\n"
            "until you have looked at them and say so.\n"
            f"  fusioncell shield list --state published --data {target}\n"
            f"  fusioncell shield thaw --reason ... --data {target}\n"
            f"Start it:  fusioncell up --data {target}"
        ),
    )


@click.command(
    epilog="""\b
Examples:
  fusioncell rebuild --data data --check     exit code 0: equal; 4: not
  fusioncell rebuild --data data
The hub must not be running."""
)
@data_option
@click.option("--check", is_flag=True, help="Change nothing: rebuild beside what stands and compare every row.")
@json_option
@click.pass_context
def rebuild(ctx: click.Context, data: Path | None, check: bool, as_json: bool) -> None:
    """Rebuild everything that is derived from the record, or check that it equals a rebuild."""
    from fusioncell import rebuild as upkeep
    from fusioncell.bootstrap import open_hub, read_settings
    from fusioncell.cli.door import data_folder

    folder = data_folder(data)
    settings = read_settings(data=str(folder))
    try:
        if not check:
            position = upkeep.rebuild(folder, settings)
            show({"position": position}, as_json, f"The projections were rebuilt to position {position}.")
            return
        hub = open_hub(folder, settings)
    except Conflict as fault:
        raise Conflict(
            fault.detail,
            hint="A rebuild needs the hub at rest: stop it, rebuild or check, start it again.",
        ) from None
    try:
        found = upkeep.check(hub)
    finally:
        hub.close()
    result: dict[str, Any] = {
        "equal": found.equal,
        "position": found.position,
        "differing": found.differing,
        "rows": [asdict(row) for row in found.rows],
        "tables": [asdict(one) for one in found.tables],
    }
    show(result, as_json, lambda: _text(found))
    if not found.equal:
        ctx.exit(4)


def _text(found: Any) -> str:
    lines = [table([[one.table, one.rows, one.digest[:16]] for one in found.tables], ["TABLE", "ROWS", "DIGEST"])]
    lines.append(
        f"At position {found.position}: "
        + ("what stands equals a rebuild." if found.equal else f"differs in {', '.join(found.differing)}.")
    )
    for row in found.rows:
        lines += [
            f"{row.table}, row {row.row}:",
            f"  stands:  {plain(row.left) or '(none)'}",
            f"  rebuilt: {plain(row.right) or '(none)'}",
        ]
    if not found.equal:
        lines.append("Mend it with: fusioncell rebuild (and report it: this should not happen)")
    return "\n".join(lines)
