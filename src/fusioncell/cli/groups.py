"""Commands about groups: make, list, join, leave."""

from __future__ import annotations

from typing import Any

import click

from fusioncell.cli.group import Group
from fusioncell.cli.options import Where, json_option, plain, show, table, where_options


@click.group(cls=Group, epilog='Example: fusioncell group add "Finance circle" --party "Example Bank" --data data')
def group() -> None:
    """Groups of the partnership."""


def _found(door: Any, named: str) -> dict[str, Any]:
    """Return the group of this name or id, of those that one may know of."""
    from fusioncell.kernel.errors import NotFound

    known = door.json("GET", "/api/groups")["groups"]
    found = [one for one in known if named == one["id"]] or [one for one in known if named == one["name"]]
    if len(found) != 1:
        raise NotFound(f"there is no one group {named!r} that you may know of",
                       hint="List them with their ids: fusioncell group list")
    chosen: dict[str, Any] = found[0]
    return chosen


def _parties(door: Any, names: tuple[str, ...]) -> list[str]:
    """Return the organisations of these names or ids as parties."""
    from fusioncell.kernel.errors import NotFound

    known = door.json("GET", "/api/organisations")["organisations"] if names else []
    parties = []
    for name in names:
        found = next((one["id"] for one in known if name in (one["id"], one["name"])), None)
        if found is None:
            raise NotFound(f"there is no organisation {name!r} here", hint="List them: fusioncell org list")
        parties.append(f"org:{found}")
    return parties


@group.command("add", epilog='Example: fusioncell group add "North" --kind region --openness open --data data')
@click.argument("name")
@click.option("--kind", default="sector", show_default=True, help="sector, region, event or project.")
@click.option("--purpose", default="", help="What it is for.")
@click.option("--openness", default="request", show_default=True,
              help="open (any member joins), request (the owners decide) or invitation (nobody else knows of it).")
@click.option("--open-history", is_flag=True, help="Who joins sees all that was posted before. It cannot be changed.")
@click.option("--party", "parties", multiple=True, metavar="ORG",
              help="An organisation that is in it from the start, by name or id; may be repeated.")
@where_options
@json_option
def add_group(where: Where, name: str, kind: str, purpose: str, openness: str, open_history: bool,
              parties: tuple[str, ...], as_json: bool) -> None:
    """Make a group; the organisation that one acts for owns it."""
    from fusioncell.cli.door import opened

    with opened(where) as door:
        made = door.json("POST", "/api/groups", json={
            "name": name, "kind": kind, "purpose": purpose, "openness": openness, "open_history": open_history,
            "parties": _parties(door, parties)})
    show({**made, "group": made["id"]}, as_json, lambda: f"{plain(made['name'])} was made: {made['id']}")


@group.command("list", epilog="Example: fusioncell group list --json --data data")
@where_options
@json_option
def list_groups(where: Where, as_json: bool) -> None:
    """List the groups that one is in, is invited to, or may join."""
    from fusioncell.cli.door import opened

    with opened(where) as door:
        found = door.json("GET", "/api/groups")
    rows = [[one["id"], one["name"], one["kind"], one["openness"], str(one["members"]), one["you"]]
            for one in found["groups"]]
    show(found, as_json, lambda: table(rows, ["ID", "NAME", "KIND", "OPENNESS", "MEMBERS", "YOU"]))


@group.command("join", epilog="Example: fusioncell group join 'Northern region' --data data")
@click.argument("named", metavar="GROUP")
@click.option("--message", default="", help="To the owners, where they decide.")
@where_options
@json_option
def join_group(where: Where, named: str, message: str, as_json: bool) -> None:
    """Join a group, by name or id; where its owners decide, ask them."""
    from fusioncell.cli.door import opened

    with opened(where) as door:
        found = _found(door, named)
        asks = found["openness"] == "request" and found["you"] != "invited"
        path = f"/api/groups/{found['id']}/{'requests' if asks else 'join'}"
        seen = door.json("POST", path, json={"message": message} if asks else {})
    said = "The owners decide." if asks else "You see what is posted from now on."
    show({"group": found["id"], "you": seen["you"]}, as_json, f"{plain(found['name'])}: {seen['you']}. {said}")


@group.command("leave", epilog="Who leaves sees nothing of the group any more.")
@click.argument("named", metavar="GROUP")
@where_options
@json_option
def leave_group(where: Where, named: str, as_json: bool) -> None:
    """Leave a group, by name or id."""
    from fusioncell.cli.door import opened

    with opened(where) as door:
        found = _found(door, named)
        result = door.json("POST", f"/api/groups/{found['id']}/leave", json={})
    show({"group": found["id"], "you": result["you"]}, as_json, f"You have left {plain(found['name'])}.")
