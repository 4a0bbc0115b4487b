"""Commands about network assets: what organisations answer for, and its proof."""

from __future__ import annotations

from typing import Any

import click

from fusioncell.cli.group import Group
from fusioncell.cli.options import Where, json_option, plain, show, table, where_options


@click.group(cls=Group, epilog="Example: fusioncell asset add example.org --data data")
def asset() -> None:
    """Network assets: networks, AS numbers and domain names, with proof of control."""


def _said(found: dict[str, Any]) -> str:
    if found["stands"]:
        return f"{found['value']} is proved ({found['how']}{', until ' + found['until'] if found['until'] else ''})."
    record = found["record"]
    if record:
        text = f"{record['name']} TXT {record['text']}"
        return f"{found['value']} ({found['id']}) is claimed. Publish, then check:\n{text}"
    return f"{found['value']} ({found['id']}) is claimed. An operator approves it."


@asset.command("add", epilog="For which organisation: --as, or the one whose key it is.")
@click.argument("value")
@where_options
@json_option
def add(where: Where, value: str, as_json: bool) -> None:
    """Claim a network, an AS number or a domain name."""
    from fusioncell.cli.door import opened

    with opened(where) as door:
        found = door.json("POST", "/api/assets", json={"value": value})
    show(found, as_json, lambda: _said(found))


@asset.command("list")
@click.option("--all", "everybodys", is_flag=True, help="All organisations' (operators).")
@where_options
@json_option
def list_assets(where: Where, everybodys: bool, as_json: bool) -> None:
    """List claims, and how they are proved."""
    from fusioncell.cli.door import opened

    with opened(where) as door:
        found = door.json("GET", "/api/assets/all" if everybodys else "/api/assets")
    names = ["id", "value", "organisation", "how", "stands"]
    show(found, as_json, lambda: table(
        [[str(item[name] or "") for name in names] for item in found["assets"]], [name.upper() for name in names])
        + "".join(f"\ndispute: {' against '.join(side['value'] + ' ' + side['id'] for side in each['claims'])}"
                  for each in found["disputes"]))


@asset.command("check")
@click.argument("asset_id", metavar="ID")
@where_options
@json_option
def check(where: Where, asset_id: str, as_json: bool) -> None:
    """Look a domain's TXT record up now."""
    from fusioncell.cli.door import opened, path_part

    with opened(where) as door:
        found = door.json("POST", f"/api/assets/{path_part(asset_id)}/check", json={})
    show(found, as_json, lambda: _said(found))


@asset.command("approve", epilog="Example: fusioncell asset approve ID --reason 'RIPE names them as holder.'")
@click.argument("asset_id", metavar="ID")
@click.option("--reason", required=True, help="How it is known.")
@where_options
@json_option
def approve(where: Where, asset_id: str, reason: str, as_json: bool) -> None:
    """Say, as an operator, that control is proved."""
    from fusioncell.cli.door import opened, path_part

    with opened(where) as door:
        found = door.json("POST", f"/api/assets/{path_part(asset_id)}/approve", json={"reason": reason})
    show(found, as_json, lambda: _said(found))


@asset.command("settle", epilog="Example: fusioncell asset settle ID OTHER --keep both --reason 'The part was leased.'")
@click.argument("asset_id", metavar="ID")
@click.argument("other")
@click.option("--keep", required=True, help="The id of the claim that stands, or both.")
@click.option("--reason", required=True, help="Why.")
@where_options
@json_option
def settle(where: Where, asset_id: str, other: str, keep: str, reason: str, as_json: bool) -> None:
    """End a dispute, as an operator."""
    from fusioncell.cli.door import opened, path_part

    with opened(where) as door:
        found = door.json("POST", f"/api/assets/{path_part(asset_id)}/settle",
                          json={"other": other, "keep": keep, "reason": reason})
    show(found, as_json, "Settled.")


@asset.command("release")
@click.argument("asset_id", metavar="ID")
@click.option("--reason", default="", help="Why; an operator gives one.")
@where_options
@json_option
def release(where: Where, asset_id: str, reason: str, as_json: bool) -> None:
    """Claim an asset no longer."""
    from fusioncell.cli.door import opened, path_part

    with opened(where) as door:
        found = door.json("DELETE", f"/api/assets/{path_part(asset_id)}", params={"reason": reason} if reason else {})
    show(found, as_json, lambda: f"{plain(asset_id)} is released.")
