"""Commands about vulnerabilities: import the public tables, list what is exploited now."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from fusioncell.cli.group import Group
from fusioncell.cli.options import Where, json_option, plain, show, table, where_options

PATH = "/api/vulnerabilities"


@click.group(cls=Group, epilog="Example: fusioncell vulns import known_exploited_vulnerabilities.json --data data")
def vulns() -> None:
    """Vulnerabilities: tables of KEV, EPSS and SSVC, and what is exploited now in the partnership's sectors."""


@vulns.command("import", epilog="KEV as JSON, EPSS as CSV (gzip or not), SSVC decision tables as JSON.")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@where_options
@json_option
def import_tables(where: Where, files: tuple[Path, ...], as_json: bool) -> None:
    """Import tables from files; each is known by its content. For operators."""
    from fusioncell.cli.door import opened

    done: list[dict[str, Any]] = []
    with opened(where) as door:
        for file in files:
            done.append({"file": file.name, **door.json("POST", f"{PATH}/tables", content=file.read_bytes())})
            door.settle()

    def text() -> str:
        rows = [[one["file"], one["source"], one["version"], one["rows"], one["changed"], one["gone"]] for one in done]
        return table(rows, ["FILE", "TABLE", "VERSION", "ROWS", "CHANGED", "GONE"])

    show({"imported": done}, as_json, text)


@vulns.command("list", epilog="Example: fusioncell vulns list --days 7 --sector energy")
@click.option("--days", type=click.IntRange(1, 3660), default=30, show_default=True, help="Named within so many days.")
@click.option("--sector", default="", help="Named by contributors of this sector.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True, help="At most so many.")
@where_options
@json_option
def list_vulns(where: Where, days: int, sector: str, limit: int, as_json: bool) -> None:
    """List what is exploited now, the most urgent first."""
    from fusioncell.cli.door import opened

    with opened(where) as door:
        found = door.json("GET", PATH, params={"days": days, "sector": sector, "limit": limit})

    def text() -> str:
        rows = [[one["cve"], one["ssvc"]["outcome"] if one["ssvc"] else "", one["kev"]["due"] if one["kev"] else "",
                 f"{one['epss']['score']:.0%}" if one["epss"] else "", one["contributions"],
                 ", ".join(one["sectors"]), plain(one["kev"]["name"]) if one["kev"] else ""]
                for one in found["vulnerabilities"]]  # fmt: skip
        stand = "; ".join(f"{one['source'].upper()} {one['version']} {one['date'] or ''}" for one in found["tables"])
        return (table(rows, ["CVE", "SSVC", "KEV DUE", "EPSS", "NAMED", "SECTORS", "WHAT"])
                + f"\n\nTables: {stand or 'none is imported yet: fusioncell vulns import FILE'}")  # fmt: skip

    show(found, as_json, text)
