"""Commands of the shield: ``shield list``, ``propose``, ``approve``, ``withdraw``."""

from __future__ import annotations

import time
from typing import Any

import click

from fusioncell.cli import shield_audit, shield_radius, shield_rules, shield_undo, shield_zones
from fusioncell.cli.group import Group
from fusioncell.cli.options import Where, json_option, plain, show, table, where_options
from fusioncell.kernel.errors import NotFound
from fusioncell.kernel.refang import defang
from fusioncell.shield.model import REASON_CODES

PATIENCE = 10.0
"""Seconds to wait until a running hub has projected what was done."""


@click.group(
    cls=Group,
    epilog="""\b
Examples:
  fusioncell shield list --state proposed
  fusioncell shield approve evil.example --days 14
  fusioncell shield withdraw evil.example --reason "false positive"""
    + '"'
)
def shield() -> None:
    """Blocking decisions: what is proposed, published, withdrawn."""


@shield.command("list")
@click.option(
    "--state", default="", metavar="STATES", help="proposed, refused, published, withdrawn, expired; by comma."
)
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 1000))
@where_options
@json_option
def list_decisions(where: Where, state: str, limit: int, as_json: bool) -> None:
    """List decisions, the newest first, with the zone's serial."""
    from fusioncell.cli.door import opened

    with opened(where) as door:
        found = door.json("GET", "/api/shield/decisions", params={"state": state, "limit": limit})
    show(found, as_json, lambda: _listed(found))


def _listed(found: dict[str, Any]) -> str:
    heads = ["NAME", "STATE", "CATEGORY", "MALICIOUS", "ACTIVE", "SOURCES", "EXPIRES", "ID"]
    rows = [
        [
            defang(d["name"]),
            d["state"],
            d["category"],
            f"{d['malicious']:.2f}",
            f"{d['active']:.2f}",
            len({cited["contributor"] for cited in d["evidence"]}),
            (d["expires_at"] or "")[:16],
            d["decision"],
        ]
        for d in found["decisions"]
    ]
    head = f"Zone {found['zone']}"
    if "serial" in found:  # members are told what the zone holds
        head += f", serial {found['serial']}, {found['names']:,} names blocked."
    return head + ("\n" + table(rows, heads) if rows else "\nNo decisions.")


@shield.command("propose")
@click.argument("name")
@click.option("--category", required=True, help="phishing, malware …: one that the policy names.")
@click.option("--reason", required=True, help="Why it should be blocked.")
@click.option("--severity", default="", metavar="low|medium|high", help="[default: the category's]")
@click.option("--compromised", is_flag=True, help="A legitimate site that was broken into: three days at most.")
@click.option("--contact", default="", help="How the owner of a compromised site is reached.")
@click.option("--exercise", is_flag=True, help="Play all but the block: no zone ever holds it.")
@where_options
@json_option
def propose(where: Where, name: str, as_json: bool, **said: Any) -> None:
    """Propose by hand that NAME be blocked."""
    from fusioncell.cli.door import opened

    with opened(where) as door:
        made = door.json("POST", "/api/shield/decisions", json={"name": name, **said})
        door.settle()
        found = _wait(door, made["decision"], "proposed")
    show(
        found,
        as_json,
        lambda: f"{defang(found['name'])} is proposed.\nApprove:  fusioncell shield approve {found['name']}",
    )


@shield.command("approve")
@click.argument("which", metavar="ID|NAME")
@click.option("--days", default=0, type=click.IntRange(0, 90), help="Days until it expires.  [default: the policy's]")
@click.option("--reason", default="", help="Needed where a guard stands against it.")
@click.option("--contact", default="", help="How the owner of a compromised site is reached.")
@where_options
@json_option
def approve(where: Where, which: str, as_json: bool, **said: Any) -> None:
    """Approve a proposal: the name is published in the zone, with its evidence and an expiry."""
    from fusioncell.cli.door import opened, path_part

    with opened(where) as door:
        done = door.json("POST", f"/api/shield/decisions/{path_part(which)}/approve", params=said)
        door.settle()
        endorsed = done["status"] == "endorsed"
        found = _wait(door, done["decision"], "proposed" if endorsed else "published")
    name = defang(found["name"])
    blocked = f"{name} is blocked until {found['expires_at']} (serial {found['serial']})."
    show(found, as_json, lambda: f"Kept. Another person has to approve {name}, too." if endorsed else blocked)


@shield.command("withdraw")
@click.argument("which", metavar="ID|NAME")
@click.option("--reason", default="", help="Why; it is published with the decision.")
@click.option(
    "--because",
    type=click.Choice(REASON_CODES),
    help="wrong, as a block is unless you say otherwise: a lift, with a bar; the others set none.",
)
@where_options
@json_option
def withdraw(where: Where, which: str, reason: str, because: str | None, as_json: bool) -> None:
    """Withdraw a proposal, or end a block at once: as wrong, or because it is not needed any more."""
    from fusioncell.cli.door import opened, path_part

    with opened(where) as door:
        asked = {"reason": reason, "code": because or ""}
        done = door.json("POST", f"/api/shield/decisions/{path_part(which)}/withdraw", params=asked)
        door.settle()
        found = _wait(door, done["decision"], "withdrawn")
    show(found, as_json, lambda: f"{defang(found['name'])} is withdrawn (serial {found['serial']}).")


def _wait(door: Any, identifier: str, state: str) -> dict[str, Any]:
    """Return the decision once it is in the state, or as it is when patience ends; with the zone's serial."""
    until = time.monotonic() + PATIENCE
    found: dict[str, Any] = {}
    while time.monotonic() < until:
        try:
            found = door.json("GET", f"/api/shield/decisions/{identifier}")
        except NotFound:
            found = {}
        if found.get("state") == state:
            break
        time.sleep(0.05)
    if not found:
        raise NotFound(
            f"decision {plain(identifier)} is kept but not projected yet", hint="Look again: fusioncell shield list"
        )
    found["serial"] = door.json("GET", "/api/shield/decisions", params={"limit": 1}).get("serial")
    return found


for _command in (*shield_audit.COMMANDS, *shield_radius.COMMANDS, *shield_rules.COMMANDS, *shield_undo.COMMANDS,
                 *shield_zones.COMMANDS):  # fmt: skip
    shield.add_command(_command)
