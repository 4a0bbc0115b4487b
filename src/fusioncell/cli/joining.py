"""Commands about joining and accounts: applications, suspensions, idle accounts."""

from __future__ import annotations

import click

from fusioncell.cli.group import Group
from fusioncell.cli.options import Where, json_option, plain, show, table, where_options


@click.group(cls=Group, epilog="Example: fusioncell members applications --data data")
def members() -> None:
    """Who joins, who is suspended, whose account is idle."""


@members.command("applications", epilog="Accept one that a sponsor stood for: fusioncell members accept ID --reason …")
@click.option("--state", default="", help="asked, sponsored, declined, accepted, refused or lapsed.  [default: all]")
@where_options
@json_option
def applications(where: Where, state: str, as_json: bool) -> None:
    """List applications, the newest first."""
    from fusioncell.cli.door import opened

    with opened(where) as door:
        found = door.json("GET", "/api/applications", params={"only": state} if state else {})
    names = ["id", "state", "name", "kind", "sponsor", "at"]
    show(found, as_json, lambda: table(
        [[item[name] or "" for name in names] for item in found["applications"]], [name.upper() for name in names]))


@members.command("accept", epilog="Hand the link over by a way that you trust: it works once, within seven days.")
@click.argument("application", metavar="ID")
@click.option("--reason", required=True, help="Why; it stands in the record.")
@where_options
@json_option
def accept(where: Where, application: str, reason: str, as_json: bool) -> None:
    """Accept an application that a sponsor stood for; prints its lead's one-time link."""
    from fusioncell.cli.door import opened, path_part

    with opened(where) as door:
        found = door.json("POST", f"/api/applications/{path_part(application)}/accept", json={"reason": reason})
    show(found, as_json, lambda: f"{plain(found['name'])} was accepted: {found['organisation']}\n"
                                 f"Its lead, {plain(found['email'])}, signs in at: {found['path']}")


@members.command("refuse", epilog="Example: fusioncell members refuse ID --reason 'No such company.' --data data")
@click.argument("application", metavar="ID")
@click.option("--reason", required=True, help="Why; the applicant reads it.")
@where_options
@json_option
def refuse(where: Where, application: str, reason: str, as_json: bool) -> None:
    """Refuse an application."""
    from fusioncell.cli.door import opened, path_part

    with opened(where) as door:
        found = door.json("POST", f"/api/applications/{path_part(application)}/refuse", json={"reason": reason})
    show(found, as_json, lambda: f"{plain(found['name'])} was refused.")


@members.command("suspend", epilog="Example: fusioncell members suspend 'Example Bank' --reason 'Broke the terms.'")
@click.argument("party", metavar="PARTY")
@click.option("--reason", required=True, help="Why; administrators read it.")
@where_options
@json_option
def suspend(where: Where, party: str, reason: str, as_json: bool) -> None:
    """Suspend an organisation (name or id) or a person (e-mail address or id); lists all whom it stood for."""
    from fusioncell.cli.door import opened

    with opened(where) as door:
        found = door.json("POST", "/api/suspensions", json={"party": party, "reason": reason})
    show(found, as_json, lambda: "\n".join(
        [f"{plain(party)} is suspended ({found['party']}).",
         *(f"It stood for: {each['organisation']} (step {each['depth']})" for each in found["stood_for"])]))


@members.command("reinstate", epilog="Example: fusioncell members reinstate 'Example Bank' --data data")
@click.argument("party", metavar="PARTY")
@where_options
@json_option
def reinstate(where: Where, party: str, as_json: bool) -> None:
    """Take a suspension back. Sessions stay ended."""
    from fusioncell.cli.door import opened, path_part

    with opened(where) as door:
        found = door.json("DELETE", f"/api/suspensions/{path_part(party)}")
    show(found, as_json, lambda: f"{plain(party)} is reinstated.")


@members.command("idle", epilog="The hub takes each due step by itself every day; --apply does it now.")
@click.option("--apply", "now", is_flag=True, help="Send the notices that are due and remove whose grace is over.")
@where_options
@json_option
def idle(where: Where, now: bool, as_json: bool) -> None:
    """List accounts that nobody uses, and at which step each is."""
    from fusioncell.cli.door import opened

    with opened(where) as door:
        done = door.json("POST", "/api/admin/idle", json={})["done"] if now else []
        found = {**door.json("GET", "/api/admin/idle"), "done": done}
    names = ["email", "step", "last_used", "due"]
    show(found, as_json, lambda: table(
        [[item[name] or "never" for name in names] for item in found["accounts"]],
        ["E-MAIL", "STEP", "LAST USED", "SINCE OR UNTIL"]) + (f"\n{len(done)} steps were taken." if now else ""))


@members.command("audit", epilog="Example: fusioncell members audit --action roles.given --json --data data")
@click.option("--action", default="", help="Only this action, such as key.made.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 200), help="Lines.")
@where_options
@json_option
def audit(where: Where, action: str, limit: int, as_json: bool) -> None:
    """Show the newest lines of the audit log."""
    from fusioncell.cli.door import opened

    with opened(where) as door:
        found = door.json("GET", "/api/audit", params={"action": action, "limit": limit})
    names = ["at", "action", "actor", "organisation", "subject", "detail"]
    show(found, as_json, lambda: table(
        [[item[name] or "" for name in names] for item in found["lines"]], [name.upper() for name in names]))
