"""Commands of who sees a contribution from now on: ``narrow``, ``widen``."""

from __future__ import annotations

from typing import Any

import click

from fusioncell.cli.options import Where, json_option, where_options
from fusioncell.cli.options import show as show_result
from fusioncell.cli.reading import owner_of, receipts_text, receipts_until


def _move(where: Where, contribution: str, how: str, asked: dict[str, Any], as_json: bool) -> None:
    from fusioncell.cli.door import opened, path_part

    path = f"/api/contributions/{path_part(contribution)}"
    with opened(where) as door:
        owner = owner_of(door, path) if door.local and not where.organisation else None
        result = door.json("POST", f"{path}/{how}", params=asked, as_org=owner)
        door.settle()
        result["receipts"] = receipts_until(door, path, owner)
    done = f"It goes on as {result['contribution']}." if result["contribution"] else "Nothing of it stood any more."
    lost = f"\nOf those who lose it: {receipts_text(result['receipts'])}" if how == "narrow" else ""
    show_result(result, as_json, f"{done}{lost}")


def _parameters(tlp: str, group: tuple[str, ...], person: tuple[str, ...], uses: str | None, entry: str | None,
                reason: str) -> dict[str, Any]:
    asked: dict[str, Any] = {"tlp": tlp, "group": list(group), "person": list(person), "reason": reason}
    return asked | ({"uses": uses} if uses is not None else {}) | ({"entry": entry} if entry else {})


def _readers(command: Any) -> Any:
    """Add the options that name the new readers."""
    for option in reversed((
        click.option("--tlp", required=True, metavar="LABEL", help="The new marking: clear, green, amber, …"),
        click.option("--group", multiple=True, metavar="PARTY", help="group:ID.GENERATION or org:ID (AMBER)."),
        click.option("--person", multiple=True, metavar="PARTY", help="person:ID (RED)."),
        click.option("--uses", metavar="LIST", help="analysis,blocking,products,police; as they were where left out."),
        click.option("--entry", metavar="ENTRY", help="This entry alone, by its id."),
        click.option("--reason", default="", help="Why; for your own record."),
    )):  # fmt: skip
        command = option(command)
    return command


@click.command(
    epilog="""\b
Example:
  fusioncell narrow 0b1c6f0e-… --tlp amber --group group:7d….3
It goes on as a new contribution; the old one is withdrawn in the same commit. What was exported cannot be recalled."""
)
@click.argument("contribution", metavar="ID")
@_readers
@where_options
@json_option
def narrow(where: Where, contribution: str, as_json: bool, **asked: Any) -> None:
    """Show the contribution ID, or one entry of it, to fewer. Only its originator can."""
    _move(where, contribution, "narrow", _parameters(**asked), as_json)


@click.command(
    epilog="""\b
Example:
  fusioncell widen 0b1c6f0e-… --tlp green
Items that carry a stricter marking of their own stay as they are; widen those by --entry."""
)
@click.argument("contribution", metavar="ID")
@_readers
@where_options
@json_option
def widen(where: Where, contribution: str, as_json: bool, **asked: Any) -> None:
    """Show the contribution ID, or one entry of it, to more. Only its originator can."""
    _move(where, contribution, "widen", _parameters(**asked), as_json)
