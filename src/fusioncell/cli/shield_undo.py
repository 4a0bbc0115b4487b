"""Commands that undo blocks: ``shield lift``, ``bars``, ``fuse``, ``rollback``, ``thaw``."""

from __future__ import annotations

from typing import Any

import click

from fusioncell.cli.group import Group
from fusioncell.cli.options import Where, json_option, show, table, where_options
from fusioncell.kernel.refang import defang

_REASON = click.option("--reason", default="", help="Why; who decides and who audits reads it.")


def _lines(names: list[str], most: int = 20) -> str:
    shown = "\n".join(f"  {defang(name)}" for name in names[:most])
    return shown + (f"\n  and {len(names) - most:,} more" if len(names) > most else "")


@click.command("lift", epilog="""\b
Examples:
  fusioncell shield lift shop.example --reason "a shop, not a fraud"
  fusioncell shield lift --since 2026-11-22T08:00:00Z --preview""")
@click.argument("name", required=False, default="")
@click.option("--source", default="", metavar="ID", help="All blocks for which this organisation is cited.")
@click.option("--rule", default="", metavar="ID", help="All blocks of a standing approval, or of \"rule\".")
@click.option("--since", default="", metavar="TIME", help="All blocks since an instant (RFC 3339).")
@click.option("--preview", is_flag=True, help="Say what would be lifted, and lift nothing.")
@_REASON
@where_options
@json_option
def lift(where: Where, name: str, source: str, rule: str, since: str, preview: bool, reason: str,
         as_json: bool) -> None:  # fmt: skip
    """Lift wrong blocks everywhere at once: NAME, or all of a source, of a rule, or since a time."""
    from fusioncell.cli.door import opened

    asked = {"name": name, "source": source, "rule": rule, "since": since}
    with opened(where) as door:
        if preview:
            found = door.json("POST", "/api/shield/lifts/preview", json=asked)
        else:
            found = door.json("POST", "/api/shield/lifts", json={**asked, "reason": reason})
            door.settle()
    show(found, as_json, lambda: _would(found) if preview else f"{found['names']:,} lifted. No rule proposes them "
         "again on the same word: fusioncell shield bars")  # fmt: skip


def _would(found: dict[str, Any]) -> str:
    more = " and more" if found["more"] else ""
    head = f"Would lift {found['blocks']:,} blocks{more} and withdraw {found['proposals']:,} proposals."
    return head + ("\n" + _lines(found["names"]) if found["names"] else "")


@click.command("bars")
@click.option("--end", default="", metavar="NAME", help="Ask for the bar on NAME to end; a second person must, too.")
@click.option("--after", default="", metavar="NAME", help="Go on after this name.")
@_REASON
@where_options
@json_option
def bars(where: Where, end: str, after: str, reason: str, as_json: bool) -> None:
    """List the names that were lifted as wrong and that no rule proposes again; or end a bar."""
    from fusioncell.cli.door import opened, path_part

    with opened(where) as door:
        if end:
            found = door.json("POST", f"/api/shield/bars/{path_part(end)}/end", json={"reason": reason})
            door.settle()
        else:
            found = door.json("GET", "/api/shield/bars", params={"after": after})
    show(found, as_json, lambda: "Kept. It ends once two people have asked for it." if end else _barred(found))


def _barred(found: dict[str, Any]) -> str:
    rows = [[defang(one["name"]), one["at"][:16], one["reason"][:60]] for one in found["bars"]]
    return table(rows, ["NAME", "SINCE", "REASON"]) if rows else "No bars."


@click.group("fuse", cls=Group)
def fuse() -> None:
    """What waits for two people: large changes by machine, rollbacks, the ends of bars."""


@fuse.command("list")
@where_options
@json_option
def list_acts(where: Where, as_json: bool) -> None:
    """List what waits for two people, then what was decided."""
    from fusioncell.cli.door import opened

    with opened(where) as door:
        found = door.json("GET", "/api/shield/fuse")
    show(found, as_json, lambda: _acts(found))


def _acts(found: dict[str, Any]) -> str:
    frozen = found["frozen_since"]
    head = f"The zones are frozen since {frozen}: fusioncell shield thaw\n" if frozen else ""
    rows = [[one["kind"], one["state"], f"{one['names']:,}", one["value"], len(one["agreed"]), one["at"][:16],
             one["act"]] for one in found["acts"]]  # fmt: skip
    heads = ["KIND", "STATE", "NAMES", "VALUE", "AGREED", "SINCE", "ID"]
    return head + (table(rows, heads) if rows else "Nothing waits for two people.")


@fuse.command("confirm")
@click.argument("which", metavar="ID")
@where_options
@json_option
def confirm(where: Where, which: str, as_json: bool) -> None:
    """Agree to an act; the second person's word carries it out."""
    from fusioncell.cli.door import opened, path_part

    with opened(where) as door:
        found = door.json("POST", f"/api/shield/fuse/{path_part(which)}/confirm")
        door.settle()
    show(found, as_json, lambda: f"Kept. {len(found['agreed'])} of 2 people have agreed.")


@fuse.command("refuse")
@click.argument("which", metavar="ID")
@_REASON
@where_options
@json_option
def refuse(where: Where, which: str, reason: str, as_json: bool) -> None:
    """Refuse an act: the zone stays as it is."""
    from fusioncell.cli.door import opened, path_part

    with opened(where) as door:
        found = door.json("POST", f"/api/shield/fuse/{path_part(which)}/refuse", json={"reason": reason})
        door.settle()
    show(found, as_json, lambda: "Refused. The zone stays as it is.")


@click.command("rollback")
@click.argument("serial")
@click.option("--preview", is_flag=True, help="Say what would change, and change nothing.")
@_REASON
@where_options
@json_option
def rollback(where: Where, serial: str, preview: bool, reason: str, as_json: bool) -> None:
    """Ask for the whole zone to go back to SERIAL; a second person must, too."""
    from fusioncell.cli.door import opened

    asked = {"serial": serial, "reason": reason}
    with opened(where) as door:
        found = door.json("POST", "/api/shield/rollback" + ("/preview" if preview else ""), json=asked)
        door.settle()
    show(found, as_json, lambda: _way(found) if preview else "Kept. The zone goes back once two people have asked.")


def _way(found: dict[str, Any]) -> str:
    parts = [f"Back to serial {found['serial']}:", f"freed: {len(found['removed']):,}", _lines(found["removed"]),
             f"blocked again: {len(found['added']):,}", _lines(found["added"]),
             f"left out: {len(found['left_out']):,}",
             "\n".join(f"  {defang(one['name'])}: {one['why']}" for one in found["left_out"][:20])]  # fmt: skip
    return "\n".join(part for part in parts if part)


@click.command("thaw")
@_REASON
@where_options
@json_option
def thaw(where: Where, reason: str, as_json: bool) -> None:
    """Confirm what a restored hub's zones hold: names may be added again."""
    from fusioncell.cli.door import opened

    with opened(where) as door:
        found = door.json("POST", "/api/shield/thaw", json={"reason": reason})
        door.settle()
    show(found, as_json, lambda: "The zones move again.")


COMMANDS = (lift, bars, fuse, rollback, thaw)
