"""The command ``export``: take a detection export into a file, for cron: asked with its ETag, replaced in one step.

The file is replaced only by a whole new export: whoever reads it meanwhile reads the old one or the new one. What the
hub refuses (a sudden emptiness, too) leaves it as it is, with an exit code that is not 0.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import click

from fusioncell.cli.options import Where, json_option, note, where_options
from fusioncell.cli.options import show as show_result
from fusioncell.kernel.errors import BadInput, FusionCellError


@click.command(
    epilog="""\b
Examples:
  fusioncell export list --types domain --out domains.txt
  fusioncell export suricata --out fusioncell.rules --when-changed 'suricatasc -c ruleset-reload-nonblocking'
  fusioncell export csv --min-probability 0.8 --limit 10000 > best.csv
Forms: list, csv, jsonl, suricata, suricata-dataset, suricata-dataset-rules, snort, zeek, hosts, nftables, rpz,
yara, sigma. Where --out is given, an unchanged export is not sent again, and the file is replaced in one step."""
)
@click.argument("form", metavar="FORM")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Replace this file where the export changed; FILE.etag beside it remembers which it is.")
@click.option("--types", default="", metavar="TYPES", help="Types between commas.  [default: the form's usual ones]")
@click.option("--min-probability", type=click.FloatRange(0.0, 1.0), help="How likely malicious.  [default: 0.3]")
@click.option("--limit", type=click.IntRange(0), help="The best so many.  [default: all]")
@click.option("--tlp", default="", metavar="LABEL", help="The strictest marking behind it.  [default: all you may see]")
@click.option("--confirm-empty", default="", metavar="ETAG", help="Say that a sudden emptiness is right.")
@click.option("--when-changed", default="", metavar="COMMAND", help="Run this in a shell after FILE was replaced.")
@where_options
@json_option
def export(where: Where, form: str, out: Path | None, types: str, min_probability: float | None, limit: int | None,
           tlp: str, confirm_empty: str, when_changed: str, as_json: bool) -> None:
    """Take what you may look for, in a form that your tools read."""
    from fusioncell.cli.door import opened, path_part

    if out is None and (when_changed or as_json):
        raise click.UsageError("--when-changed and --json go with --out.")
    if out is not None and not out.absolute().parent.is_dir():
        raise BadInput(f"there is no folder {out.absolute().parent}", hint="Make it, or name another file with --out.")
    asked: dict[str, Any] = {"types": types, "min_probability": min_probability, "limit": limit, "tlp": tlp,
             "confirm_empty": confirm_empty}  # fmt: skip
    beside = None if out is None else out.with_name(out.name + ".etag")
    headers: dict[str, str] = {}
    if out is not None and beside is not None and out.exists() and beside.exists():
        headers["If-None-Match"] = beside.read_text(encoding="ascii").strip()
    with opened(where) as door:
        answer = door.ask("GET", f"/api/feeds/{path_part(form)}", headers=headers,
                          params={name: value for name, value in asked.items() if value not in ("", None)})  # fmt: skip
    if out is None or beside is None:
        click.echo(answer.content, nl=False)
        return
    changed = answer.status_code != 304
    if changed:
        replace(out, answer.content)
        replace(beside, answer.headers["etag"].encode() + b"\n")
        if when_changed:
            note(f"{out} is new; running: {when_changed}")
            ended = subprocess.run(when_changed, shell=True, check=False).returncode  # noqa: S602 - as the caller asks
            if ended:
                raise FusionCellError(f"the command ended with {ended}", hint="The file is new all the same.")
    said: dict[str, Any] = {
        "file": str(out), "changed": changed, "values": int(answer.headers.get("x-feed-values", 0)),
        "left_out": int(answer.headers.get("x-feed-left-out", 0)), "etag": answer.headers["etag"].strip('"'),
    }  # fmt: skip
    show_result(said, as_json, f"{out}: {'new' if changed else 'unchanged'}, {said['values']:,} values.")


def replace(file: Path, data: bytes) -> None:
    """Put bytes in the place of a file, durably and in one step; its permissions stay."""
    fresh = file.with_name(f".{file.name}.new")
    with fresh.open("wb") as opened:
        opened.write(data)
        opened.flush()
        os.fsync(opened.fileno())
    if file.exists():
        fresh.chmod(file.stat().st_mode & 0o7777)
    fresh.replace(file)
