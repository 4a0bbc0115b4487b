"""Commands about other hubs: who reads here and up to which marking, and which hubs this one reads."""

from __future__ import annotations

from typing import Any

import click

from fusioncell.cli.feeds import PATH as FEEDS
from fusioncell.cli.feeds import feed_secret, pulled, said, state_of
from fusioncell.cli.group import Group
from fusioncell.cli.options import Where, json_option, plain, show, table, where_options

PATH = "/api/federation/partners"
_CEILING = click.Choice(["clear", "green", "amber", "amber+strict"])


@click.group(cls=Group, epilog="Example: fusioncell federation agree 'Hub of the coast' --ceiling green --data data")
def federation() -> None:
    """Other Fusion Cells: agreements by which they read here, and hubs that this one reads. For operators."""


@federation.command("agree", epilog="Hand the key to the other hub's operators; they run: fusioncell federation add")
@click.argument("name")
@click.option("--ceiling", type=_CEILING, required=True, help="Up to which marking it reads here.")
@where_options
@json_option
def agree(where: Where, name: str, ceiling: str, as_json: bool) -> None:
    """Let the hub called NAME read here; prints its key.

    The key is shown this once. AMBER takes that a group admits the hub.
    """
    from fusioncell.cli.door import opened

    with opened(where) as door:
        found = door.json("POST", PATH, json={"name": name, "ceiling": ceiling})
    show(found, as_json, lambda: f"{plain(found['name'])} ({found['organisation']}) reads here up to TLP:"
                                 f"{ceiling.upper()}.\nIts key (shown this once): {found['key']}")  # fmt: skip


@federation.command("ceiling", epilog="To end an agreement: fusioncell members suspend")
@click.argument("partner")
@click.argument("ceiling", type=_CEILING)
@where_options
@json_option
def ceiling_(where: Where, partner: str, ceiling: str, as_json: bool) -> None:
    """Change up to which marking a hub (name or id) reads here."""
    from fusioncell.cli.door import opened, path_part

    with opened(where) as door:
        found = door.json("POST", f"{PATH}/{path_part(partner)}", json={"ceiling": ceiling})
    show(found, as_json, lambda: f"{plain(found['name'])} reads here up to TLP:{ceiling.upper()}.")


@federation.command("list")
@where_options
@json_option
def list_(where: Where, as_json: bool) -> None:
    """List the hubs that read here, and those that this one reads."""
    from fusioncell.cli.door import opened

    with opened(where) as door:
        found = door.json("GET", PATH)
        found["reads"] = [one for one in door.json("GET", FEEDS)["feeds"] if one["kind"] == "hub"]

    def text() -> str:
        partners = [[one["organisation"], one["name"], one["ceiling"], "suspended" if one["suspended"] else ""]
                    for one in found["partners"]]  # fmt: skip
        reads = [[one["id"], one["name"], one["url"], state_of(one), one["items"], one["error"] or ""]
                 for one in found["reads"]]  # fmt: skip
        return ("Hubs that read here:\n" + table(partners, ["ORGANISATION", "NAME", "CEILING", ""])
                + "\n\nHubs that this one reads:\n"
                + table(reads, ["FEED", "NAME", "ADDRESS", "STATE", "ITEMS", "PROBLEM"]))  # fmt: skip

    show(found, as_json, text)


@federation.command("add", epilog="Example: FUSIONCELL_FEED_SECRET=fc_… fusioncell federation add "
                    "https://cell.example/ --name 'Hub of the north'")  # fmt: skip
@click.argument("url")
@click.option("--name", required=True, help="What to call it.")
@click.option("--partner-key", metavar="KEY", help="The key that its operators gave. Better: FUSIONCELL_FEED_SECRET.")
@click.option("--every", type=click.IntRange(5, 44_640), default=5, show_default=True, metavar="MINUTES",
              help="Between two polls.")  # fmt: skip
@click.option("--at-least", metavar="LABEL", help="Nothing of it is marked less strictly here.")
@click.option("--group", "groups", multiple=True, metavar="PARTY", help="group:ID.GENERATION; reads what is AMBER.")
@click.option("--grade", metavar="LETTER", help="How reliable it is: A to F (Admiralty).")
@where_options
@json_option
def add(where: Where, url: str, name: str, partner_key: str | None, every: int, as_json: bool, **more: Any) -> None:
    """Read another hub from now on, with the key that it gave."""
    from fusioncell.cli.door import opened

    key = partner_key or feed_secret()
    if not key:
        raise click.UsageError("give --partner-key, or set FUSIONCELL_FEED_SECRET.")
    asked: dict[str, Any] = {name: value for name, value in more.items() if value not in (None, ())}
    if "groups" in asked:
        asked["groups"] = list(asked["groups"])
    with opened(where) as door:
        found = door.json("POST", FEEDS, json={
            "url": url, "name": name, "kind": "hub", "every": every, "secret": f"bearer {key}", "enabled": True,
            **asked})  # fmt: skip
    show(found, as_json, lambda: said(found))


@federation.command("run", epilog="Exit code 4: it could not be read.")
@click.argument("feed")
@where_options
@json_option
def run(where: Where, feed: str, as_json: bool) -> None:
    """Poll a hub (its name or id) now.

    What was withdrawn there comes first, then what was added.
    """
    pulled(where, feed, as_json)
