"""Options that many commands share, as decorators, and how results are printed."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def data_option(command: Command) -> Command:
    """Add ``--data DIR``; without it the setting ``data`` holds."""
    return click.option(
        "--data",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help="Folder of the hub.  [default: the setting `data`, or ./data]",
    )(command)


def json_option(command: Command) -> Command:
    """Add ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout, for scripts.")(
        command
    )


@dataclass(frozen=True, slots=True)
class Where:
    """Which hub a command means, and as whom it acts."""

    data: Path | None
    hub: str | None
    key: str | None
    organisation: str | None

    @property
    def again(self) -> str:
        """What a next command needs to mean the same hub: " --data DIR", " --hub URL" (its key is not repeated), ""."""
        if self.data is not None:
            return f" --data {shlex.quote(str(self.data))}"
        return f" --hub {shlex.quote(self.hub)}" if self.hub else ""


def counted(number: int, what: str) -> str:
    """Return a count with its noun."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def where_options(command: Command) -> Command:
    """Add ``--data``, ``--hub``, ``--key`` and ``--as``, handed over as one ``where``."""

    def gather(*, data: Path | None, hub: str | None, key: str | None, organisation: str | None, **more: Any) -> Any:
        if hub and data:
            raise click.UsageError("give --data for a hub on this machine, or --hub for another, not both.")
        if not data:
            hub, key = _remote(hub, key)
        if hub and not key:
            raise click.UsageError("--hub needs a key: give --key, or set FUSIONCELL_KEY.")
        if hub and organisation:
            raise click.UsageError("--as is for a hub on this machine; elsewhere the key says who you are.")
        return command(where=Where(data, hub, key, organisation), **more)

    gather.__doc__, gather.__name__ = command.__doc__, command.__name__
    gather.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    for option in (
        click.option(
            "--as",
            "organisation",
            metavar="ORG",
            help="Act as this organisation (name or id) of a hub on this machine.  [default: the first]",
        ),
        click.option("--key", metavar="KEY", help="API key for --hub (better: FUSIONCELL_KEY)."),
        click.option("--hub", metavar="URL", help="Another machine's hub, instead of --data."),
        data_option,
    ):
        gather = option(gather)
    return gather  # type: ignore[return-value]


def _remote(hub: str | None, key: str | None) -> tuple[str | None, str | None]:
    """Return the hub and key of another machine, from the command line, else from the settings."""
    if hub and key:
        return hub, key
    if os.environ.get("FUSIONCELL_HUB") and os.environ.get("FUSIONCELL_KEY"):
        return hub or os.environ["FUSIONCELL_HUB"], key or os.environ["FUSIONCELL_KEY"]
    from fusioncell.bootstrap import read_settings

    settings = read_settings()
    hub = hub or settings.hub
    return hub, (key or settings.key) if hub else None


def show(result: dict[str, Any], as_json: bool, text: str | Callable[[], str]) -> None:
    """Print a result: the JSON object, or the text for people."""
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False))
    else:
        click.echo(text if isinstance(text, str) else text())


def note(text: str) -> None:
    """Say something on stderr."""
    click.echo(text, err=True)


def plain(value: Any, longest: int = 300) -> str:
    """Return a value as one line that no terminal takes for a command (shared text may be hostile)."""
    text = "".join(c if c.isprintable() else "�" for c in str(value)[:longest])
    return text + ("…" if len(str(value)) > longest else "")


def table(rows: list[list[Any]], heads: list[str]) -> str:
    """Set rows in columns, each as wide as its widest cell; where there are none, say so."""
    if not rows:
        return "None."
    cells = [[plain(value, 120) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in [heads, *cells]
    )
