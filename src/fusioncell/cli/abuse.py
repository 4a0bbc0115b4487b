"""The command ``abuse-notices``: what others say of addresses in the own networks, for a script of the abuse desk.

What was printed is remembered only once all of it was: a script that breaks off prints it again, with the same ids.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from fusioncell.cli.export import replace
from fusioncell.cli.options import Where, note, where_options

MOST_PAGES = 10_000


@click.command(
    "abuse-notices",
    epilog="""\b
Examples:
  fusioncell abuse-notices --state abuse.cursor >> notices.jsonl
  fusioncell abuse-notices --format xarf --state abuse.cursor | while read -r report; do …; done
  fusioncell abuse-notices --format csv --since 2026-11-01 > november.csv
With --state each run prints what is new since the last.""",
)
@click.option("--format", "form", type=click.Choice(["jsonl", "csv", "xarf"]), default="jsonl", show_default=True,
              help="JSON, a table, or XARF v4 reports, one a line.")  # fmt: skip
@click.option("--state", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Remembers how far you are.")  # fmt: skip
@click.option("--since", metavar="TIME", help="All that came since a time (RFC 3339), instead of FILE's place.")
@where_options
def abuse_notices(where: Where, form: str, state: Path | None, since: str | None) -> None:
    """Print what others say of addresses in your own networks: each that you have proved to be yours."""
    from fusioncell.cli.door import opened

    cursor = state.read_text(encoding="ascii").strip() if state is not None and state.exists() and not since else ""
    asked: dict[str, Any] = {"format": form, "limit": 1000} | ({"since": since} if since else {})
    with opened(where) as door:
        for number in range(MOST_PAGES):
            if cursor:
                asked = {"format": form, "limit": 1000, "cursor": cursor}
            answer = door.ask("GET", "/api/abuse-notices", params=asked)
            if answer.headers["x-notices-again"] == "true":
                note("Your networks, or what you may see, have changed: it begins anew; ids are the same.")
            body = answer.content
            # Pages of a table are one table.
            click.echo(body.partition(b"\r\n")[2] if form == "csv" and number else body, nl=False)
            cursor = answer.headers["x-notices-cursor"]
            if answer.headers["x-notices-more"] != "true":
                break
    if state is not None:
        replace(state, cursor.encode() + b"\n")
