"""Commands about inbound feeds: what the hub pulls from elsewhere, how far it is, what is wrong."""

from __future__ import annotations

from typing import Any

import click

from fusioncell.cli.group import Group
from fusioncell.cli.options import Where, json_option, note, plain, show, table, where_options

PATH = "/api/inbound/feeds"
MOST_TURNS = 1_000


@click.group(cls=Group, epilog="Example: fusioncell feeds enable circl-osint --data data")
def feeds() -> None:
    """Inbound feeds: sources elsewhere that the hub pulls on a schedule. For operators."""


def _ago(seconds: int | None) -> str:
    if seconds is None:
        return "never"
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"


def state_of(one: dict[str, Any]) -> str:
    """Say in a word how a feed is."""
    if not one["enabled"]:
        return "off, failing" if one["error"] else "off"
    return "failing" if one["error"] else "late" if one["late"] else "on"


def said(one: dict[str, Any]) -> str:
    """Say in full how a feed is."""
    head = f"{plain(one['name'])} ({one['id']}) is {state_of(one)}"
    pulls = f"seen whole {_ago(one['lag_seconds'])}, {one['last_items']} items by the last pull, {one['items']} in all."
    lines = [f"{head}; {pulls}" if one["last_try"] else f"{head}; not pulled yet."]
    for name in ("error", "hint", "note"):
        if one[name]:
            lines.append(f"{name}: {plain(one[name], 600)}")
    if one["behind"]:
        lines.append(f"{one['behind']} more wait there.")
    return "\n".join(lines)


@feeds.command("list", epilog="Where a feed is asked for: its name or id; of a well-known one its key, too.")
@where_options
@json_option
def list_feeds(where: Where, as_json: bool) -> None:
    """List the feeds, how far each is, and the well-known ones."""
    from fusioncell.cli.door import opened

    with opened(where) as door:
        found = door.json("GET", PATH)

    def text() -> str:
        rows = [[one["known"] or one["id"], one["name"], one["kind"], state_of(one), _ago(one["lag_seconds"]),
                 one["next"] or "", one["items"], one["error"] or one["note"] or ""] for one in found["feeds"]]
        more = [[one["key"], one["name"], one["kind"], one["homepage"]] for one in found["available"]]
        hints = "".join(f"\n{plain(one['name'])}: {plain(one['hint'], 600)}" for one in found["feeds"] if one["hint"])
        return (table(rows, ["FEED", "NAME", "KIND", "STATE", "SEEN", "NEXT", "ITEMS", "PROBLEM"])
                + (f"\n\nWhat to do:{hints}" if hints else "")
                + "\n\nWell known, and not added:\n" + table(more, ["KEY", "NAME", "KIND", "HOMEPAGE"])
                + f"\nSwitch one on:  fusioncell feeds enable KEY{where.again}")  # fmt: skip

    show(found, as_json, text)


def _options(command: Any) -> Any:
    """Add the options that say what is wanted of a feed."""
    for option in reversed((
        click.option("--format", metavar="NAME", help="csv, list, text, stix, misp, jsonl; else its content decides."),
        click.option("--every", type=click.IntRange(5, 44_640), metavar="MINUTES", help="Between two pulls."),
        click.option("--tlp", metavar="LABEL", help="The marking of what carries none.  [default: green]"),
        click.option("--at-least", metavar="LABEL", help="Nothing is marked less strictly than this."),
        click.option("--group", "groups", multiple=True, metavar="PARTY", help="group:ID.GENERATION; reads AMBER."),
        click.option("--grade", metavar="LETTER", help="How reliable it is: A to F (Admiralty)."),
        click.option("--collection", metavar="ID", help="TAXII: which collection of the server."),
        click.option("--push", metavar="LABEL", help="misp-server: push what is published, up to this: clear, green."),
        click.option("--secret", metavar="TEXT", help="basic USER:PASSWORD, bearer TOKEN, or Name: value. Better: the "
                     "variable FUSIONCELL_FEED_SECRET."),
    )):  # fmt: skip
        command = option(command)
    return command


def feed_secret() -> str | None:
    """Return the credentials that the settings hold, None for none."""
    from fusioncell.bootstrap import read_settings

    return read_settings().feed_secret or None


def _asked(given: dict[str, Any]) -> dict[str, Any]:
    given["secret"] = given["secret"] or feed_secret()
    asked = {name: value for name, value in given.items() if value not in (None, ())}
    return asked | ({"groups": list(asked["groups"])} if "groups" in asked else {})


@feeds.command("add", epilog="Example: fusioncell feeds add https://feed.example/list.txt --name 'A list' --enable")
@click.argument("url")
@click.option("--name", required=True, help="What to call it.")
@click.option("--kind", type=click.Choice(["file", "misp", "misp-server", "taxii"]), default="file", show_default=True,
              help="What it speaks.")  # fmt: skip
@click.option("--enable", "enabled", is_flag=True, help="Pull it from now on.")
@_options
@where_options
@json_option
def add(where: Where, url: str, name: str, kind: str, enabled: bool, as_json: bool, **given: Any) -> None:
    """Add a feed by its address; it is off unless told."""
    from fusioncell.cli.door import opened

    asked = {"url": url, "name": name, "kind": kind, "enabled": enabled, **_asked(given)}
    with opened(where) as door:
        found = door.json("POST", PATH, json=asked)
    show(found, as_json, lambda: said(found))


@feeds.command("set", epilog="Example: fusioncell feeds set urlhaus --grade B --every 15")
@click.argument("feed")
@click.option("--name", help="What to call it.")
@click.option("--url", help="Another address.")
@_options
@where_options
@json_option
def set_(where: Where, feed: str, as_json: bool, **given: Any) -> None:
    """Change a feed: its grade, schedule, marking, address."""
    from fusioncell.cli.door import opened, path_part

    with opened(where) as door:
        found = door.json("POST", f"{PATH}/{path_part(feed)}", json=_asked(given))
    show(found, as_json, lambda: said(found))


def _switch(where: Where, feed: str, how: str, as_json: bool) -> None:
    from fusioncell.cli.door import opened, path_part

    with opened(where) as door:
        found = door.json("POST", f"{PATH}/{path_part(feed)}/{how}")
    show(found, as_json, lambda: said(found))


@feeds.command("enable", epilog="Example: fusioncell feeds enable circl-osint")
@click.argument("feed")
@where_options
@json_option
def enable(where: Where, feed: str, as_json: bool) -> None:
    """Switch a feed on; a well-known one is added by its key."""
    _switch(where, feed, "enable", as_json)


@feeds.command("disable")
@click.argument("feed")
@where_options
@json_option
def disable(where: Where, feed: str, as_json: bool) -> None:
    """Switch a feed off; what it brought stays."""
    _switch(where, feed, "disable", as_json)


@feeds.command("run", epilog="Exit code 4: it could not be pulled.")
@click.argument("feed")
@where_options
@json_option
def run(where: Where, feed: str, as_json: bool) -> None:
    """Pull a feed now, to its end, and say how it went."""
    pulled(where, feed, as_json)


def pulled(where: Where, feed: str, as_json: bool) -> None:
    """Pull a feed to its end; ends the command with 4 where it cannot be."""
    from fusioncell.cli.door import opened, path_part
    from fusioncell.cli.main import FAULTS

    with opened(where) as door:
        for _ in range(MOST_TURNS):
            found = door.json("POST", f"{PATH}/{path_part(feed)}/run")
            if not found["more"] or found["error"]:
                break
            note(f"{found['items']} items, {found['behind']} to go")
    show(found, as_json, lambda: said(found))
    if found["error"]:
        raise SystemExit(FAULTS)


@feeds.command("withdraw", epilog="Example: fusioncell feeds withdraw urlhaus 0b1c6f0e-… --reason 'poisoned'")
@click.argument("feed")
@click.argument("contribution")
@click.option("--reason", default="", help="Why; for your own record.")
@where_options
@json_option
def withdraw(where: Where, feed: str, contribution: str, reason: str, as_json: bool) -> None:
    """Recall a contribution that a feed brought."""
    from fusioncell.cli.door import opened, path_part

    with opened(where) as door:
        found = door.json("POST", f"{PATH}/{path_part(feed)}/withdraw",
                          json={"contribution": contribution, "reason": reason})  # fmt: skip
    show(found, as_json, "Recalled.")


@feeds.command("remove")
@click.argument("feed")
@where_options
@json_option
def remove(where: Where, feed: str, as_json: bool) -> None:
    """Forget a feed; what it brought stays, under its name."""
    from fusioncell.cli.door import opened, path_part

    with opened(where) as door:
        found = door.json("DELETE", f"{PATH}/{path_part(feed)}")
    show(found, as_json, "Removed.")
