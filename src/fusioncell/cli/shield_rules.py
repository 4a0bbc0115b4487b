"""Commands of the shield's rules: ``shield policy``, ``standing``, ``hold``, ``protect``."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import click

from fusioncell.cli.group import Group
from fusioncell.cli.options import Where, json_option, plain, show, table, where_options
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.refang import defang

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
LIST_STANDING, LIST_HOLDS = "/api/shield/standing", "/api/shield/holds"


def _asked(where: Where, as_json: bool, path: str, said: str, body: dict[str, Any] | None = None) -> None:
    """Do something, and say that it was done."""
    from fusioncell.cli.door import opened

    with opened(where) as door:
        found = door.json("POST", path, json=body) if body is not None else door.json("POST", path)
        door.settle()
    show(found, as_json, lambda: said.format(**{key: plain(str(value)) for key, value in found.items()}))


def _listed(where: Where, path: str) -> dict[str, Any]:
    from fusioncell.cli.door import opened

    with opened(where) as door:
        found: dict[str, Any] = door.json("GET", path)
    return found


def _part(text: str) -> str:
    from fusioncell.cli.door import path_part

    return path_part(text)


# The policy


@click.group("policy", cls=Group, epilog="""\b
Examples:
  fusioncell shield policy show > policy.toml
  fusioncell shield policy propose policy.toml --reason "ransomware is missing"
  fusioncell shield policy approve ID""")
def policy() -> None:
    """What may be blocked: a closed list, changed by several people."""


@policy.command("show")
@where_options
@json_option
def policy_show(where: Where, as_json: bool) -> None:
    """Print the policy in force, as a file to start from."""
    found = _listed(where, "/api/shield/policy")
    head = f"# policy {found['number']}, digest {found['digest']}"
    lines = [head, *(plain(line, 10_000) for line in found["text"].splitlines())]
    show(found, as_json, lambda: "\n".join(lines))


@policy.command("changes")
@where_options
@json_option
def policy_changes(where: Where, as_json: bool) -> None:
    """List the changes of the policy, waiting and adopted."""
    found = _listed(where, "/api/shield/policy/changes")
    rows = [[one["number"], (one["adopted_at"] or "waits")[:16], f"{len(one['approvals'])} of {one['needed']}",
             plain(one["title"]), one["change"]] for one in found["changes"]]  # fmt: skip
    none = "No change was proposed: the policy in force stands. Begin with: fusioncell shield policy show"
    show(found, as_json, lambda: table(rows, ["NUMBER", "ADOPTED", "APPROVALS", "TITLE", "ID"]) if rows else none)


@policy.command("propose")
@click.argument("file", type=_FILE)
@click.option("--reason", required=True, help="Why the policy changes.")
@where_options
@json_option
def policy_propose(where: Where, file: Path, reason: str, as_json: bool) -> None:
    """Propose the policy in FILE in place of the one in force."""
    try:
        text = file.read_text()
    except UnicodeDecodeError:
        raise BadInput(f"{file} is not text", hint="Start from `fusioncell shield policy show`.") from None
    said = "Proposed.\nApprove:  fusioncell shield policy approve {change}"
    _asked(where, as_json, "/api/shield/policy/changes", said, {"text": text, "reason": reason})


@policy.command("approve")
@click.argument("change")
@where_options
@json_option
def policy_approve(where: Where, change: str, as_json: bool) -> None:
    """Approve a change, by name: the last approval that it needs puts it in force."""
    _asked(where, as_json, f"/api/shield/policy/changes/{_part(change)}/approve", "The change is {status}.")


# Standing approvals


@click.group("standing", cls=Group, epilog="""\b
Examples:
  fusioncell shield standing propose rule.toml
  fusioncell shield standing sign ID
  fusioncell shield standing sample ID
  fusioncell shield standing review NAME --right""")
def standing() -> None:
    """Rules that two people sign, so that not each name waits."""


@standing.command("list")
@where_options
@json_option
def standing_list(where: Where, as_json: bool) -> None:
    """List standing approvals, and how they fared."""
    found = _listed(where, LIST_STANDING)
    rows = [[plain(one["rule"]["title"]), "stopped" if one["stopped_at"] else (one["until"] or "waits")[:10],
             one["today"], one["published"], f"{one['wrong']} of {one['looked_at']}", one["standing"]]
            for one in found["standing"]]  # fmt: skip
    heads = ["TITLE", "UNTIL", "TODAY", "IN ALL", "WRONG", "ID"]
    none = "Each name waits for a person. Propose a rule with: fusioncell shield standing propose FILE"
    show(found, as_json, lambda: table(rows, heads) if rows else none)


@standing.command("propose")
@click.argument("file", type=_FILE)
@where_options
@json_option
def standing_propose(where: Where, file: Path, as_json: bool) -> None:
    """Propose the rule in FILE (TOML: title, categories, probability, daily_cap …), as the first of two."""
    try:
        rule = tomllib.loads(file.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise BadInput(f"{file} cannot be read: {fault}", hint="See docs/shield.md, standing approvals.") from None
    _asked(where, as_json, LIST_STANDING, "Proposed.\nSign:  fusioncell shield standing sign {standing}", rule)


@standing.command("sign")
@click.argument("which", metavar="ID")
@where_options
@json_option
def standing_sign(where: Where, which: str, as_json: bool) -> None:
    """Sign a rule, by name, as the second: decisions cite it from now on."""
    _asked(where, as_json, f"{LIST_STANDING}/{_part(which)}/sign", "Signed.")


@standing.command("stop")
@click.argument("which", metavar="ID")
@click.option("--reason", required=True, help="Why it stops.")
@where_options
@json_option
def standing_stop(where: Where, which: str, reason: str, as_json: bool) -> None:
    """Stop a rule at once; what it published stays until it is lifted."""
    _asked(where, as_json, f"{LIST_STANDING}/{_part(which)}/stop",
           "Stopped.\nLift what it blocked:  fusioncell shield lift --rule {standing}", {"reason": reason})


@standing.command("sample")
@click.argument("which", metavar="ID")
@where_options
@json_option
def standing_sample(where: Where, which: str, as_json: bool) -> None:
    """List which of a rule's decisions of the last days are to be looked at."""
    found = _listed(where, f"{LIST_STANDING}/{_part(which)}/sample")
    rows = [[defang(one["name"]), one["category"], f"{one['malicious']:.2f}", one["published_at"][:16], one["decision"]]
            for one in found["decisions"]]  # fmt: skip
    heads = ["NAME", "CATEGORY", "MALICIOUS", "PUBLISHED", "ID"]
    show(found, as_json, lambda: table(rows, heads) if rows else "Nothing is left to look at.")


@standing.command("review")
@click.argument("which", metavar="ID|NAME")
@click.option("--wrong/--right", required=True, help="Whether the block was wrong.")
@click.option("--note", default="", help="What you saw.")
@where_options
@json_option
def standing_review(where: Where, which: str, wrong: bool, note: str, as_json: bool) -> None:
    """Say whether a decision that a rule made was right."""
    said = "Noted.\nLift it:  fusioncell shield lift {name}" if wrong else "Noted."
    _asked(where, as_json, f"/api/shield/decisions/{_part(which)}/review", said, {"wrong": wrong, "note": note})


# Holds


@click.group("hold", cls=Group, epilog="""\b
Examples:
  fusioncell shield hold ask watched.example --reason "case 12" --days 7
  fusioncell shield hold confirm ID""")
def hold() -> None:
    """Keep a name from being blocked, for officers."""


@hold.command("list")
@where_options
@json_option
def hold_list(where: Where, as_json: bool) -> None:
    """List holds, with their reasons."""
    found = _listed(where, LIST_HOLDS)
    rows = [[defang(one["name"]), "lifted" if one["lifted_at"] else (one["until"] or "waits")[:16],
             plain(one["reason"])[:60], one["hold"]] for one in found["holds"]]  # fmt: skip
    show(found, as_json, lambda: table(rows, ["NAME", "UNTIL", "REASON", "ID"]) if rows else "No name is held.")


@hold.command("ask")
@click.argument("name")
@click.option("--reason", required=True, help="Why; it is sealed, and only officers read it.")
@click.option("--days", default=14, show_default=True, type=click.IntRange(1, 14))
@where_options
@json_option
def hold_ask(where: Where, name: str, reason: str, days: int, as_json: bool) -> None:
    """Ask that NAME is not blocked; a second officer confirms it."""
    _asked(where, as_json, LIST_HOLDS, "Asked for.\nThe second officer:  fusioncell shield hold confirm {hold}",
           {"name": name, "reason": reason, "days": days})


@hold.command("confirm")
@click.argument("which", metavar="ID")
@where_options
@json_option
def hold_confirm(where: Where, which: str, as_json: bool) -> None:
    """Confirm a hold as the second officer; a block that stands on the name ends."""
    _asked(where, as_json, f"{LIST_HOLDS}/{_part(which)}/confirm", "The name is held.")


@hold.command("lift")
@click.argument("which", metavar="ID")
@where_options
@json_option
def hold_lift(where: Where, which: str, as_json: bool) -> None:
    """Lift a hold before its time."""
    _asked(where, as_json, f"{LIST_HOLDS}/{_part(which)}/lift", "The hold is lifted.")


# Protected names


@click.command("protect")
@click.argument("name")
@click.option("--no-more", is_flag=True, help="Protect it no more (for approvers).")
@where_options
@json_option
def protect(where: Where, name: str, no_more: bool, as_json: bool) -> None:
    """Ask, as a lead, that blocking NAME takes two people; who asked is not kept."""
    path = "/api/shield/protected" + ("/release" if no_more else "")
    _asked(where, as_json, path, "It is protected no more." if no_more else "It is protected.", {"name": name})


@click.command("renew")
@click.argument("which", metavar="ID|NAME")
@click.option("--reason", default="", help="Why it is still needed.")
@where_options
@json_option
def renew(where: Where, which: str, reason: str, as_json: bool) -> None:
    """Let a block of a compromised site stand for up to three more days, on fresh evidence."""
    from fusioncell.cli.door import opened

    with opened(where) as door:
        found = door.json("POST", f"/api/shield/decisions/{_part(which)}/renew", params={"reason": reason})
        door.settle()
    show(found, as_json, lambda: f"{defang(found['name'])} is blocked until {found['expires_at']}.")


COMMANDS = (policy, standing, hold, protect, renew)
