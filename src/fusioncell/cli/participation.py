"""The command ``participation``: who takes part, how complete the context is, how fast replies come."""

from __future__ import annotations

from typing import Any

import click

from fusioncell.cli.options import Where, json_option, plain, show, table, where_options

KINDS = ("contributions", "posts", "replies", "reactions", "sightings")


@click.command(
    epilog="""\b
Examples:
  fusioncell participation
  fusioncell participation --quarter 2026-Q3 --json
Every figure is over what you may see. Sectors of fewer than three organisations are joined."""
)
@click.option("--quarter", default="", metavar="QUARTER", help="2026-Q4; this one where left out.")
@where_options
@json_option
def participation(where: Where, quarter: str, as_json: bool) -> None:
    """Tell who takes part, by quarter and sector."""
    from fusioncell.cli.door import opened

    with opened(where) as door:
        found = door.json("GET", "/api/participation", params={"quarter": quarter} if quarter else {})
    show(found, as_json, lambda: _text(found))


def _text(found: dict[str, Any]) -> str:
    lines = [f"{found['quarter']}, {found['from']} to {found['until']}"]
    if found["total"] is None:
        return f"{lines[0]}\nThe partnership has too few organisations: figures would name one."
    rows = [[plain(one["sector"], 40), one["organisations"], one["quiet"], *(one[kind] for kind in KINDS),
             _share(one["context"]["share"]), one["given"], one["taken"]] for one in found["sectors"]]  # fmt: skip
    rows.append(["anonymous", "", "", *(found["anonymous"][kind] for kind in KINDS), "", "", ""])
    heads = ["SECTOR", "ORGS", "QUIET", *map(str.upper, KINDS), "CONTEXT", "GIVEN", "TAKEN"]
    lines.append(table(rows, heads))
    for name, pace in found["first_reply"].items():
        wait = "" if pace["median_seconds"] is None else (
            f"; median {pace['median_seconds'] / 60:.0f} min, 9 of 10 within {pace['p90_seconds'] / 60:.0f} min"
        )
        lines.append(f"First replies to {name}: {pace['answered']} of {pace['asked']}{wait}")
    return "\n".join(lines)


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"
