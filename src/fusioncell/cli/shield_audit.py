"""``shield audit``: how blocks were decided, for auditors."""

from __future__ import annotations

from typing import Any

import click

from fusioncell.cli.options import Where, json_option, plain, show, table, where_options
from fusioncell.kernel.refang import defang


@click.command("audit", epilog="Example: fusioncell shield audit --since 2026-11-01 --category phishing --json")
@click.option("--since", default="", metavar="DAY", help="Blocks that began from this day or instant on.")
@click.option("--until", default="", metavar="DAY", help="And by the end of this day, or before this instant.")
@click.option("--category", default="", metavar="ID", help="Only of this category of the policy.")
@where_options
@json_option
def audit(where: Where, since: str, until: str, category: str, as_json: bool) -> None:
    """Tell how blocks were decided: by whom or what, what was looked at, undone, appealed against. For auditors."""
    from fusioncell.cli.door import opened

    with opened(where) as door:
        asked = {"since": since, "until": until, "category": category}
        found = door.json("GET", "/api/shield/audit", params={key: value for key, value in asked.items() if value})
    show(found, as_json, lambda: "\n".join(_told(found)))


def _told(found: dict[str, Any]) -> list[str]:
    sample, lifts, appeals = found["sample"], found["lifts"], found["appeals"]
    rows = [[one["category"], one["way"], f"{one['blocks']:,}", f"{one['standing']:,}", f"{one['wrong']:,}"]
            for one in found["blocks"]]  # fmt: skip
    lines = [f"{found['since'][:10]} to {found['until'][:10]}, policy {found['policy']['number']}"]
    lines.append(table(rows, ["CATEGORY", "APPROVED BY", "BLOCKS", "STAND", "WRONG"]) if rows else "No block began.")
    lines += [f"Over a guard: {defang(one['name'])}: {plain('; '.join(one['guards']))}" for one in found["guarded"]]
    lines.append(f"Daily sample: {sample['looked_at']:,} of {sample['drawn']:,} looked at, {sample['wrong']:,} wrong, "
                 f"{sample['late']:,} not in time.")  # fmt: skip
    half = "" if lifts["median_minutes"] is None else f", half within {lifts['median_minutes']:,} minutes"
    lines.append(f"Ended by people: {lifts['ended']:,}, of which {lifts['wrong']:,} wrong{half}.")
    heard = [f"{appeals[key]:,} {key}" for key in ("open", "upheld", "refused", "late")]
    lines.append(f"Appeals: {', '.join(heard)}.")
    lines += [f"{plain(one['title'])}: {one['today']:,} of {one['daily_cap']:,} names in a day, {one['wrong']:,} of "
              f"{one['looked_at']:,} looked at were wrong." for one in found["standing"]]  # fmt: skip
    lines.append(f"Holds: {found['holds']:,}. Exercises: {found['exercises']:,}. The log: fusioncell-verify.")
    return lines


COMMANDS = (audit,)
"""The command."""
