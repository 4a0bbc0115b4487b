"""``shield radius``: what a block of a name would take with it."""

from __future__ import annotations

from typing import Any

import click

from fusioncell.cli.options import Where, json_option, plain, show, table, where_options
from fusioncell.kernel.refang import defang

_SAID = {"malicious": "called malicious", "benign": "called benign", "both": "called both", "nothing": "nobody says"}


@click.command("radius")
@click.argument("name")
@where_options
@json_option
def radius(where: Where, name: str, as_json: bool) -> None:
    """Tell what a block of NAME would take with it: known names below it, how popular it is, what shares its host."""
    from fusioncell.cli.door import opened, path_part

    with opened(where) as door:
        found = door.json("GET", f"/api/shield/radius/{path_part(name)}")
    show(found, as_json, lambda: "\n".join(_told(found)))


def _told(found: dict[str, Any]) -> list[str]:
    lines = [f"{defang(found['name'])}: {found['verdict']}"]
    lines += [f"  {plain(one['list'])}" + (f" (the first {one['within']:,})" if one["within"] else "")
              for one in found["popular"] or found["registered_popular"]]  # fmt: skip
    if found["stands_on"] and not found["stands_on"]["itself"]:
        lines.append(f"Stands on {defang(found['stands_on']['name'])}, which many share.")
    if found["counted"]["queries"] is not None:
        lines.append(f"Resolvers counted {found['counted']['queries']:,} queries in {found['counted']['days']} days.")
    if found["covered_by"]:
        lines.append(f"{defang(found['covered_by'])}, above it, is blocked already.")
    lines += _listed("BELOW IT (blocked, too)", found["below"])
    lines += [f"{one['address']}: {'at least ' * one['more']}{one['other_names']} other names"
              for one in found["addresses"]]  # fmt: skip
    lines += _listed("BESIDE IT (stays reachable)", found["beside"])
    if found["shared_host"]:
        lines.append("Many share this host: the name may be a site that was broken into (--compromised).")
    return lines


def _listed(title: str, circle: dict[str, Any]) -> list[str]:
    rows = [[defang(one["name"]), _SAID[one["said"]], ", ".join(word for word in ("guarded", "blocked") if one[word])]
            for one in circle["named"]]  # fmt: skip
    left = circle["count"] - len(rows)
    more = [f"and {'at least ' * circle['more']}{left:,} more"] if left else []
    return [table(rows, [title, "SAID", ""]), *more] if rows else []


COMMANDS = (radius,)
"""The command."""
