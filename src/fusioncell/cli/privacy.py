"""Commands about personal data: hand it over, erase it, keep it from erasure."""

from __future__ import annotations

import json

import click

from fusioncell.cli.group import Group
from fusioncell.cli.options import Where, json_option, plain, show, table, where_options


@click.command("data", epilog="Example: fusioncell person data a@bank.example --data data > their-data.json")
@click.argument("who", metavar="PERSON")
@where_options
def person_data(where: Where, who: str) -> None:
    """Print all that is held on a person (e-mail address or id), as JSON; what is private to them is only counted."""
    from fusioncell.cli.door import opened, path_part

    with opened(where) as door:
        found = door.json("GET", f"/api/people/{path_part(who)}/data")
    click.echo(json.dumps(found, indent=2, ensure_ascii=False))


@click.command("erase", epilog="It cannot be undone. Backups made before still hold the person, and age out.")
@click.argument("who", metavar="PERSON")
@click.option("--posts", is_flag=True, help="Withdraw their posts too; else they stay as a former member's.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@where_options
@json_option
def erase_person(where: Where, who: str, posts: bool, yes: bool, as_json: bool) -> None:
    """Erase a person (e-mail address or id) from the hub and its record."""
    from fusioncell.cli.door import opened, path_part

    if not yes:
        click.confirm(f"Erase {plain(who)} for good?", abort=True, err=True)
    with opened(where) as door:
        found = door.json("POST", f"/api/people/{path_part(who)}/erase", json={"posts": posts})
    more = f" {len(found['withdrawn'])} contributions were withdrawn; their text goes with the next rebuild." * posts
    show(found, as_json, lambda: f"Erased; {found['payloads']} entries of the record lost their payload.{more}")


@click.group(
    cls=Group,
    epilog="Example: fusioncell hold place person a@bank.example --case 2026/117 --basis 'Evidence Act, s. 9'",
)
def hold() -> None:
    """Preservation holds: what is kept from erasure, for officers and auditors."""


@hold.command("place", epilog="Needs an officer's own key: --key, or FUSIONCELL_KEY.")
@click.argument("scope", type=click.Choice(["person", "organisation", "contribution"]))
@click.argument("target")
@click.option("--case", required=True, help="The case's number.")
@click.option("--basis", required=True, help="The legal basis.")
@click.option("--days", default=180, show_default=True, type=click.IntRange(1, 730), help="It ends by itself.")
@where_options
@json_option
def place(where: Where, scope: str, target: str, case: str, basis: str, days: int, as_json: bool) -> None:
    """Keep a person's, an organisation's people's or a contribution's data from erasure."""
    from fusioncell.cli.door import opened

    with opened(where) as door:
        found = door.json("POST", "/api/holds", json={
            "scope": scope, "target": target, "case": case, "legal_basis": basis, "days": days})
    show(found, as_json, lambda: f"Held until {found['until']}: {found['id']}")


@hold.command("list")
@where_options
@json_option
def list_holds(where: Where, as_json: bool) -> None:
    """List the holds, the newest first."""
    from fusioncell.cli.door import opened

    with opened(where) as door:
        found = door.json("GET", "/api/holds")
    names = ["id", "scope", "target", "case", "legal_basis", "until", "lasts"]
    show(found, as_json, lambda: table(
        [[str(item[name]) for name in names] for item in found["holds"]], [name.upper() for name in names]))


@hold.command("lift", epilog="Needs an officer's own key: --key, or FUSIONCELL_KEY.")
@click.argument("hold_id", metavar="ID")
@where_options
@json_option
def lift(where: Where, hold_id: str, as_json: bool) -> None:
    """End a hold before its time."""
    from fusioncell.cli.door import opened, path_part

    with opened(where) as door:
        found = door.json("DELETE", f"/api/holds/{path_part(hold_id)}")
    show(found, as_json, lambda: f"{plain(found['case'])} is lifted.")
