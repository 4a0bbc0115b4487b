"""The command ``fusioncell``: the list of its commands, loaded when called, so that help comes at once.

Exit codes: 0 ok, 1 refused or not found, 2 wrong usage, 3 the hub cannot be reached, 4 faults or differences found.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

import fusioncell
from fusioncell.cli.group import Group
from fusioncell.kernel.errors import FusionCellError, Unavailable

REFUSED, UNREACHABLE, FAULTS = 1, 3, 4

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("hub:init", "Make a hub in a new folder, with its first organisation and administrator."),
    "up": ("hub:up", "Run the hub in the foreground."),
    "demo": ("demo:demo", "Run a made-up partnership, to see how it works."),
    "feeds": ("feeds:feeds", "Inbound feeds: list, add, enable, run, remove."),
    "federation": ("federation:federation", "Other hubs: who reads here, and which ones this hub reads."),
    "import": ("importing:import_", "Take in files, folders and addresses."),
    "search": ("reading:search", "Search everything that you may see."),
    "show": ("reading:show", "Assess one observable, with the explanation."),
    "match": ("matching:match", "Match logs and lists of values, sent, half-hidden or offline."),
    "evaluate": ("evaluate:evaluate", "Measure the hub's methods on labelled data."),
    "simulate": ("simulate:simulate", "Play a partnership with known truth, and say how well it was judged."),
    "backtest": ("backtest:backtest_", "Replay dated feeds: who foretells best what is reported again."),
    "export": ("export:export", "Take what your tools may look for, as rules, lists or a zone."),
    "abuse-notices": ("abuse:abuse_notices", "What others say of addresses in your own networks."),
    "recall": ("reading:recall", "Withdraw a contribution, or one entry of it."),
    "product": ("products:product", "Products of analysis: the weekly summary."),
    "narrow": ("sharing:narrow", "Show a contribution, or one entry of it, to fewer."),
    "widen": ("sharing:widen", "Show a contribution, or one entry of it, to more."),
    "participation": ("participation:participation", "Who takes part, how complete and how fast, by quarter."),
    "status": ("reading:status", "Tell how the hub is."),
    "org": ("members:org", "Organisations: add, list."),
    "person": ("members:person", "People: add; all that is held on one; erase."),
    "group": ("groups:group", "Groups: add, list, join, leave."),
    "link": ("members:link", "Make a one-time sign-in link for a person."),
    "key": ("members:key", "API keys: add, list, end."),
    "members": ("joining:members", "Who joins, who is suspended, whose account is idle; the audit log."),
    "officer": ("officer:officer", "Officers of sealed identities: keys, cases."),
    "asset": ("assets:asset", "Network assets: claim, list, check, approve, settle, release."),
    "hold": ("privacy:hold", "Preservation holds: what is kept from erasure, and for which case."),
    "vulns": ("vulns:vulns", "Vulnerabilities: import KEV, EPSS and SSVC tables; what is exploited now."),
    "shield": ("shield:shield", "Blocking decisions: list, propose, approve, withdraw."),
    "edge": ("edge:edge", "The agent beside an ISP's resolver: run, check."),
    "backup": ("keeping:backup", "Write a backup, with the hub running or not."),
    "restore": ("keeping:restore", "Make a hub out of a backup, in a new folder."),
    "rebuild": ("keeping:rebuild", "Rebuild what is derived from the record, or check it."),
    "doctor": ("doctor:doctor", "Check settings, databases, clock, ports; say what to do."),
    "settings": ("settings:settings", "Show every setting, its value and where it came from."),
    "setup-data": ("settings:setup_data", "Compile the lists of known-good values (once, some seconds)."),
}
"""Command → (module:attribute, one line for the list)."""


class LazyGroup(Group):
    """Loads a command's module when it is called, and turns our errors into two lines and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(f"fusioncell.cli.{module}"), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; an error of ours ends it with what happened and what to do next, on stderr."""
        try:
            return super().invoke(ctx)
        except FusionCellError as fault:
            complain(fault)
            ctx.exit(UNREACHABLE if isinstance(fault, Unavailable) else REFUSED)
        except BrokenPipeError:
            sys.stderr.close()
            ctx.exit(REFUSED)
        except Exception as fault:
            if not _is_outside(fault) or os.environ.get("FUSIONCELL_LOG_LEVEL") == "debug":
                raise
            said = " ".join(str(fault).splitlines()[:1])
            complain(FusionCellError(f"{type(fault).__name__}: {said}", hint=_OUTSIDE_HINT))
            ctx.exit(REFUSED)


_OUTSIDE_HINT = "Look with: fusioncell doctor. FUSIONCELL_LOG_LEVEL=debug shows where it happened."


def _is_outside(fault: Exception) -> bool:
    """Tell whether the disk or a database driver failed, not this program."""
    return isinstance(fault, OSError) or type(fault).__module__.partition(".")[0] in (
        "sqlalchemy",
        "sqlite3",
        "psycopg",
    )


def complain(fault: FusionCellError) -> None:
    """Print an error and its hint on stderr."""
    place = f" ({fault.place})" if fault.place and fault.place not in fault.detail else ""
    click.echo(f"error: {fault.detail}{place}", err=True)
    if fault.hint:
        click.echo(f"       {fault.hint}", err=True)


_SETTINGS: Mapping[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(
    cls=LazyGroup, context_settings=dict(_SETTINGS), epilog="Each command explains itself: fusioncell COMMAND --help"
)
@click.version_option(fusioncell.__version__, prog_name="fusioncell", message="%(prog)s %(version)s")
def main() -> None:
    """Share, fuse, see and block: what a partnership knows of cyber threats.

    \b
    Start a hub:      fusioncell init --data data --org "Department" --email me@dept.example
                      fusioncell up --data data
    Take something in: fusioncell import --data data report.json feeds/
    Look round:       fusioncell demo
    """


if __name__ == "__main__":
    main()
