"""Write docs/cli.md from the commands' own help.

Run: ``python docs/write_cli.py``. ``tests/flow/test_cli.py`` fails while the file is stale.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

TARGET = Path(__file__).with_name("cli.md")

_HEAD = """# The command line

`fusioncell COMMAND --help` prints what stands here. This file is written by `python docs/write_cli.py`.

* Commands that look at or change a hub do so through its own HTTP operations: the hub of the folder `--data`, running
  or not, or another machine's with `--hub URL --key KEY` (`FUSIONCELL_HUB`, `FUSIONCELL_KEY`).
* `--json` prints one JSON object on stdout and nothing else there; faults, notes and progress go to stderr.
* Exit codes: 0 ok, 1 refused or not found, 2 wrong usage, 3 the hub cannot be reached, 4 nothing of an import could be
  taken, or a rebuild differs from what stands.
* An error says what happened and what to do next.

| command | |
|---|---|
"""


def commands(group: click.Group, context: click.Context) -> Iterator[tuple[str, click.Command, click.Context]]:
    """Yield every command with its full name, in the order of the help."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        inner = click.Context(command, info_name=name, parent=context, terminal_width=100, **command.context_settings)
        yield inner.command_path, command, inner
        if isinstance(command, click.Group):
            yield from commands(command, inner)


def render() -> str:
    """Return the whole page."""
    from fusioncell.cli.main import COMMANDS, main

    context = click.Context(main, info_name="fusioncell", terminal_width=100, **main.context_settings)
    lines = [_HEAD]
    lines += [f"| [`{name}`](#fusioncell-{name}) | {line} |\n" for name, (_, line) in COMMANDS.items()]
    for path, command, inner in commands(main, context):
        lines.append(f"\n## {path}\n\n```text\n{command.get_help(inner).rstrip()}\n```\n")
    return "".join(lines)


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
    print(f"{TARGET}: written")
