"""Commands of products: ``product weekly``, ``product monthly``."""

from __future__ import annotations

import click

from fusioncell.cli.group import Group
from fusioncell.cli.options import Where, json_option, where_options
from fusioncell.cli.options import show as show_result


@click.group(cls=Group)
def product() -> None:
    """Products of analysis: the summaries of a week and of a month."""


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
@click.option("--sector", default="", help="Of what contributors of this sector share alone.")
@where_options
@json_option
def weekly(where: Where, week: str, at: int, tlp: str, sector: str, as_json: bool) -> None:
    """Write the summary of a week from the record, as Markdown for a draft."""
    _write(where, "weekly", {"week": week, "at": at, "tlp": tlp, "sector": sector}, as_json)


@product.command(
    epilog="""\b
Examples:
  fusioncell product monthly
  fusioncell product monthly --month 2026-10 --sector finance --json"""
)
@click.option("--month", default="", help="The month, as 2026-11. Left out: the last one.")
@click.option("--at", default=0, type=click.IntRange(0), help="A position of the record, as of which it is written.")
@click.option("--tlp", default="green", show_default=True, type=click.Choice(["green", "clear"]))
@click.option("--sector", default="", help="Of what contributors of this sector share alone.")
@where_options
@json_option
def monthly(where: Where, month: str, at: int, tlp: str, sector: str, as_json: bool) -> None:
    """Write the summary of a month, or of a sector's month, from the record, as Markdown for a draft."""
    _write(where, "monthly", {"month": month, "at": at, "tlp": tlp, "sector": sector}, as_json)


def _write(where: Where, which: str, asked: dict[str, str | int], as_json: bool) -> None:
    from fusioncell.cli.door import opened

    with opened(where) as door:
        given = {name: value for name, value in asked.items() if value}
        found = door.json("GET", f"/api/products/{which}", params=given)
    show_result(found, as_json, lambda: f"# {found['title']}\n\n{found['text'].rstrip()}")
