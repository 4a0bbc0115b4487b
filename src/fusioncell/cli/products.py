"""Commands of products: ``product weekly``."""

from __future__ import annotations

import click

from fusioncell.cli.options import Where, json_option, where_options
from fusioncell.cli.options import show as show_result


@click.group()
def product() -> None:
    """Products of analysis: the weekly summary."""


@product.command(
    epilog="""\b
Examples:
  fusioncell product weekly
  fusioncell product weekly --week 2026-W47 --tlp clear
  fusioncell product weekly --at 120000 --json
The same week and position give the same bytes, less what was recalled or erased since."""
)
@click.option("--week", default="", help="The week, as 2026-W47. Left out: the last one.")
@click.option("--at", default=0, type=click.IntRange(0), help="A position of the record, as of which it is written.")
@click.option("--tlp", default="green", show_default=True, type=click.Choice(["green", "clear"]))
@where_options
@json_option
def weekly(where: Where, week: str, at: int, tlp: str, as_json: bool) -> None:
    """Write the summary of a week from the record, as Markdown for a draft."""
    from fusioncell.cli.door import opened

    with opened(where) as door:
        asked = {"tlp": tlp, **({"week": week} if week else {}), **({"at": at} if at else {})}
        found = door.json("GET", "/api/products/weekly", params=asked)
    show_result(found, as_json, lambda: f"# {found['title']}\n\n{found['text'].rstrip()}")
