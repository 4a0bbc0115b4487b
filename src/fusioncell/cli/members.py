"""Commands about the partnership: organisations, people, sign-in links, keys."""

from __future__ import annotations

from typing import Any

import click

from fusioncell.cli.group import Group
from fusioncell.cli.options import Where, json_option, note, plain, show, table, where_options
from fusioncell.cli.privacy import erase_person, person_data


@click.group(
    cls=Group, epilog='Example: fusioncell org add "Example Bank" --sector finance --kind industry --data data'
)
def org() -> None:
    """Organisations of the partnership."""


@org.command("add", epilog='Example: fusioncell org add "Example Bank" --sector finance --kind industry --data data')
@click.argument("name")
@click.option("--sector", default="other", show_default=True, help="Where it works: energy, finance, health …")
@click.option("--kind", default="industry", show_default=True, help="government, industry, police, isp or academia.")
@where_options
@json_option
def add_org(where: Where, name: str, sector: str, kind: str, as_json: bool) -> None:
    """Admit an organisation."""
    from fusioncell.cli.door import opened

    with opened(where) as door:
        found = door.json("POST", "/api/organisations", json={"name": name, "sector": sector, "kind": kind})
    result = {"organisation": found["id"], "name": found["name"], "sector": found["sector"], "kind": found["kind"]}
    show(
        result,
        as_json,
        lambda: (
            f"{plain(found['name'])} was admitted: {found['id']}\n"
            f"Its first person:  fusioncell person add --org {found['id']} --name NAME --email ADDRESS{where.again}\n"
            f"A key for a system: fusioncell key add --org {found['id']} --role member{where.again}"
        ),
    )


@org.command("list")
@where_options
@json_option
def list_orgs(where: Where, as_json: bool) -> None:
    """List the organisations."""
    from fusioncell.cli.door import opened

    with opened(where) as door:
        found = door.json("GET", "/api/organisations")
    show(
        found,
        as_json,
        lambda: table(
            [[o["id"], o["name"], o["kind"], o["sector"]] for o in found["organisations"]],
            ["ID", "NAME", "KIND", "SECTOR"],
        ),
    )


@click.group(
    cls=Group,
    epilog="Example: fusioncell person add --org bank --name 'A. Analyst' --email a@bank.example --role analyst"
)
def person() -> None:
    """People of the organisations."""


person.add_command(person_data)
person.add_command(erase_person)


@person.command(
    "add",
    epilog="An administrator is one of the whole hub; a lead looks after the people of their own organisation. "
    "They sign in the first time by a link: fusioncell link --email ADDRESS",
)
@click.option("--org", "org_name", required=True, metavar="ORG", help="Their organisation, by name or id.")
@click.option("--name", required=True, help="The person's name.")
@click.option("--email", required=True, metavar="ADDRESS", help="Their e-mail address; one person, one address.")
@click.option(
    "--role",
    "roles",
    multiple=True,
    default=("member",),
    show_default=True,
    help="administrator, operator, analyst, approver, member, lead, editor, moderator, secretary, police, isp, "
    "officer, auditor or reader; may be repeated.",
)
@where_options
@json_option
def add_person(where: Where, org_name: str, name: str, email: str, roles: tuple[str, ...], as_json: bool) -> None:
    """Add a person to an organisation."""
    from fusioncell.cli.door import opened

    with opened(where) as door:
        found = door.json(
            "POST",
            "/api/people",
            json={"organisation": org_name, "name": name, "email": email, "roles": ",".join(roles)},
        )
    result = {"person": found["id"], **{key: found[key] for key in ("organisation", "name", "email", "roles")}}
    show(
        result,
        as_json,
        lambda: (
            f"{plain(found['name'])} was added: {found['id']}\n"
            f"Sign in:  fusioncell link --email {plain(found['email'])}{where.again}"
        ),
    )


@click.command(epilog="The link works once, within seven days. Hand it over by a way that you trust.")
@click.option("--email", required=True, metavar="ADDRESS", help="Whose.")
@where_options
@json_option
def link(where: Where, email: str, as_json: bool) -> None:
    """Make a one-time sign-in link for a person."""
    from fusioncell.cli.door import data_folder, opened

    with opened(where) as door:
        found = door.json("POST", "/api/links", json={"email": email})
        base = found.pop("public_url", "") or (where.hub or ("" if door.hub else door.base))
    if not base:
        from fusioncell.bootstrap import read_settings

        listen = read_settings(data=str(data_folder(where.data))).http_listen
        base = f"http://{listen}"
    result = {**found, "link": base.rstrip("/") + found["path"]}
    show(result, as_json, result["link"])
    note("It signs a browser in once, within seven days.")


@click.group(cls=Group, epilog="Example: fusioncell key add --org bank --role member --label siem --data data")
def key() -> None:
    """API keys of the organisations."""


@key.command("add", epilog="Example: fusioncell key add --org 'Example Bank' --role member --label siem --data data")
@click.option("--org", "org_name", required=True, metavar="ORG", help="The organisation, by name or id.")
@click.option(
    "--role",
    default="member",
    show_default=True,
    help="administrator, operator, analyst, approver, member, lead, editor, moderator, secretary, police, isp, "
    "officer, auditor or reader.",
)
@click.option("--label", default="", help="What the key is for.")
@where_options
@json_option
def add_key(where: Where, org_name: str, role: str, label: str, as_json: bool) -> None:
    """Make an API key; it is shown this once."""
    from fusioncell.cli.door import opened

    with opened(where) as door:
        found = door.json("POST", "/api/keys", json={"organisation": org_name, "role": role, "label": label})
    found["key"] = found.pop("id")
    show(
        found,
        as_json,
        lambda: f"{found['api_key']}\n(key {found['key']}, role {found['role']}, until {found['expires']})",
    )


@key.command("list")
@where_options
@json_option
def list_keys(where: Where, as_json: bool) -> None:
    """List keys; never their secrets."""
    from fusioncell.cli.door import opened

    with opened(where) as door:
        found = door.json("GET", "/api/keys")
    heads = ["ID", "ORGANISATION", "ROLE", "LABEL", "CREATED", "EXPIRES", "ENDED"]
    names = [head.lower() for head in heads]
    show(found, as_json, lambda: table([[item.get(name) or "" for name in names] for item in found["keys"]], heads))


@key.command("end")
@click.argument("key_id", metavar="ID")
@where_options
@json_option
def end_key(where: Where, key_id: str, as_json: bool) -> None:
    """End a key: it is refused from now on."""
    from fusioncell.cli.door import opened, path_part

    with opened(where) as door:
        found = door.json("DELETE", f"/api/keys/{path_part(key_id)}")
    result: dict[str, Any] = {"key": found["id"], "status": found["status"]}
    show(result, as_json, f"{key_id} has ended.")
