"""Commands that look things up, and the withdrawal: ``search``, ``show``, ``recall``, ``status``."""

from __future__ import annotations

import shlex
import time
from typing import Any

import click

from fusioncell.cli.options import Where, counted, json_option, plain, where_options
from fusioncell.cli.options import show as show_result
from fusioncell.kernel.errors import NotFound
from fusioncell.kernel.refang import defang

PATIENCE = 30.0
LISTED = 50
"""Organisations that are listed by name."""
_FIGURES = {
    "record_position": "entries in the record", "record_epoch": "epoch of the record",
    "projection_lag_entries": "entries not yet in the pages", "projection_failing": "pages fail to follow (1: yes)",
    "projection_set_aside_entries": "entries set aside as unreadable", "zone_serial": "serial of the zone",
    "zone_names": "names in the zone", "appeals_open": "appeals that wait", "appeals_overdue": "appeals overdue",
    "fuse_waiting": "changes that wait for two people", "zones_frozen": "zones frozen (1: yes)",
    "shield_blocked_week": "questions blocked in 7 days", "shield_shadow_week": "questions only logged in 7 days",
    "shield_reporting_subscribers": "resolvers that report", "shield_published_week": "names blocked in 7 days",
    "shield_lifted_as_wrong_week": "blocks lifted as wrong in 7 days",
    "shield_overridden": "blocks that providers override",
    "shield_report_to_block_median_minutes": "minutes from report to block, half",
    "shield_report_to_block_p95_minutes": "minutes from report to block, 95 %",
}  # fmt: skip
"""The figures of ``/metrics`` in words, for ``status``; a new one stands as it is named there."""
_WIDTH = max(map(len, _FIGURES.values()))


@click.command(
    epilog="""\b
Examples:
  fusioncell search 'hxxps://login-bank[.]example/verify'
  fusioncell search emotet loader --limit 50"""
)
@click.argument("query", nargs=-1, required=True)
@click.option("--limit", default=25, show_default=True, type=click.IntRange(1, 200))
@where_options
@json_option
def search(where: Where, query: tuple[str, ...], limit: int, as_json: bool) -> None:
    """Search an exact value (in any defanged form) and words, the newest first."""
    from fusioncell.cli.door import opened

    with opened(where) as door:
        found = door.json("GET", "/api/search", params={"q": " ".join(query), "limit": limit})

    def text() -> str:
        lines = [_assessed(found["assessment"])] if found["assessment"] else []
        lines += [
            f"{hit['at'][:16]}  TLP:{hit['tlp'].upper():12}  {hit['kind']:14}  {plain(hit['title'], 60)}  "
            + " ".join(plain(defang(o["value"]), 80) for o in hit["observables"][:3])
            + f"  [{hit['contribution']}]"
            for hit in found["hits"]
        ]
        more = "\nThere is more: raise --limit." if found["next"] else ""
        return ("\n".join(lines) or "Nothing that you may see matches.") + more

    show_result(found, as_json, text)


@click.command(
    "show",
    epilog="""\b
Examples:
  fusioncell show evil.example
  fusioncell show domain-name evil.example
  fusioncell show auto 'hxxp://evil[.]example/x'""",
)
@click.argument("words", nargs=-1, required=True, metavar="[TYPE] VALUE")
@where_options
@json_option
def show(where: Where, words: tuple[str, ...], as_json: bool) -> None:
    """Assess one observable: how likely malicious, how likely active, and why. TYPE auto, or none: as it looks."""
    from fusioncell.cli.door import opened, path_part

    if len(words) > 2:
        raise click.UsageError("give one value, with its type before it if you know it.")
    kind, value = ("auto", *words)[-2:]
    with opened(where) as door:
        try:
            found = door.json("GET", f"/api/observables/{path_part(kind)}/{path_part(value)}")
        except NotFound as unknown:
            raise _around(door.json("GET", "/api/search", params={"q": value}), value) or unknown from None
        listed = [] if as_json else door.json("GET", "/api/organisations")["organisations"]
    show_result(found, as_json, lambda: _explained(found, {one["id"]: one["name"] for one in listed}))


def _around(found: dict[str, Any], value: str) -> NotFound | None:
    """Say what is known on and around a value that is not known by itself; None where there is nothing."""
    if not found["related"] and not found["hits"]:
        return None
    known = [_assessed(one) for one in found["related"][:10]]
    return NotFound(
        "nothing that you may see mentions it by itself" + (", but it is not alone:" if known else ""),
        hint="\n       ".join([*known, f"What mentions it: fusioncell search {shlex.quote(value)}"]),
    )


def _assessed(found: dict[str, Any]) -> str:
    return (
        f"{plain(found['type'])} {plain(defang(found['value']))}: {found['verdict']}, "
        f"malicious {found['malicious']:.2f}, active {found['active']:.2f}, "
        f"{counted(found['mentions'], 'mention')}, {counted(found['independent_origins'], 'independent origin')}"
    )


def _origin(one: dict[str, Any], names: dict[str, str]) -> str:
    contributor, source = one["contributor"], one["source"]
    who = names.get(contributor, contributor) + (f", citing {source}" if source not in ("", contributor) else "")
    repeated = f", repeated by {len(one['repeated_by'])}" if one["repeated_by"] else ""
    said = f"{counted(one['claims'], 'claim')}, last {one['last'] or '-'}{repeated}"
    weight = f"weight {one['weight']:+.2f}, now {one['decayed']:+.2f} (half-life {one['half_life_days']:g} days)"
    return f"  {plain(who, 120)}: {one['stance']}, {weight}, {said}"


def _explained(found: dict[str, Any], names: dict[str, str]) -> str:
    lines = [_assessed(found), f"first {found['first'] or '-'}, last {found['last'] or '-'}"]
    why = found["explanation"]
    lines.append(f"log-odds {why['log_odds']} (decayed {why['log_odds_decayed']}), prior {why['prior']}")
    lines += [_origin(origin, names) for origin in why["origins"]]
    lines += [
        f"  known good: {plain(hit['list'])} ({hit['match']} {plain(hit['value'])})" for hit in found["known_good"]
    ]
    return "\n".join(lines)


@click.command(
    epilog="""\b
Example:
  fusioncell recall 0b1c6f0e-… --reason "the address was ours"
Every projection and every door forgets it; whoever could read it gets a tombstone; a block whose remaining
evidence no longer suffices is lifted."""
)
@click.argument("contribution", metavar="ID")
@click.option("--entry", metavar="ENTRY", help="Withdraw this entry alone, by its id.")
@click.option("--reason", default="", help="Why; its readers are told.")
@where_options
@json_option
def recall(where: Where, contribution: str, entry: str | None, reason: str, as_json: bool) -> None:
    """Withdraw the contribution ID, or one entry of it. Only its originator can."""
    from fusioncell.cli.door import opened, path_part

    path = f"/api/contributions/{path_part(contribution)}"
    with opened(where) as door:
        owner = owner_of(door, path) if door.local and not where.organisation else None
        parameters = {"reason": reason, **({"entry": entry} if entry else {})}
        result = door.json("POST", f"{path}/recall", params=parameters, as_org=owner)
        door.settle()
        result["receipts"] = receipts_until(door, path, owner)
    what = "One entry" if entry else "It"
    said = f"{what} was withdrawn. Its readers are told; what was exported cannot be called back."
    show_result(result, as_json, f"{said}\n{receipts_text(result['receipts'])}")


def owner_of(door: Any, path: str) -> str:
    """Find the organisation whose contribution it is: whoever holds the folder may act for each."""
    for item in door.json("GET", "/api/organisations")["organisations"]:
        try:
            door.json("GET", f"{path}/status", as_org=item["id"])
        except NotFound:
            continue
        return str(item["id"])
    raise NotFound("there is no such contribution", hint="Take the id from `fusioncell search` or the import's answer.")


def receipts_until(door: Any, path: str, owner: str | None) -> dict[str, Any]:
    """Return the receipts of a contribution once the hub has projected that it was withdrawn."""
    until = time.monotonic() + PATIENCE
    while True:
        found: dict[str, Any] = door.json("GET", f"{path}/receipts", as_org=owner)
        if found["withdrawn"] or time.monotonic() > until:
            return found
        time.sleep(0.05)


def receipts_text(found: dict[str, Any]) -> str:
    """Say how far a contribution went, by organisation."""
    counts = found["counts"]
    lines = [f"{counts['here']} withdrawn here, {counts['fetched']} fetched the tombstone, "
             f"{counts['exported']} exported it and cannot be recalled."]  # fmt: skip
    lines += [f"  {plain(row['name'] or row['organisation'], 60)}: {row['words']}"
              for row in found["organisations"][:LISTED]]  # fmt: skip
    if len(found["organisations"]) > LISTED:
        lines.append(f"  and {len(found['organisations']) - LISTED:,} more (--json lists all)")
    if found["others"]:
        lines.append(f"  others, whom its audience let in without naming them: {found['others']}")
    if found["public"]:
        lines.append("  the public: what visitors took is not known, and cannot be recalled")
    return "\n".join(lines)


def _figure(name: str, number: float) -> str:
    """Write a figure with its thousands apart; a serial is there to be compared."""
    return str(number) if name == "zone_serial" else f"{number:,}"


@click.command(epilog="Example: fusioncell status --data data")
@where_options
@json_option
def status(where: Where, as_json: bool) -> None:
    """Tell how the hub is: position, lag, zone. For operators."""
    from fusioncell.cli.door import opened

    with opened(where) as door:
        running = door.hub is None
        metrics = door.ask("GET", "/metrics").text
        base = door.base
    figures = {}
    for line in metrics.splitlines():
        if line and not line.startswith("#"):
            name, _, number = line.rpartition(" ")
            figures[name.removeprefix("fusioncell_")] = float(number) if "." in number else int(number)
    result = {"running": running, "url": base if running else "", **figures}
    show_result(
        result,
        as_json,
        lambda: "\n".join(
            [f"The hub is {'running at ' + base if running else 'not running'}."]
            + [f"{_FIGURES.get(name, name):{_WIDTH}} {_figure(name, number):>15}" for name, number in figures.items()]
        ),
    )
