"""Commands about the set-up: ``settings``, ``setup-data``."""

from __future__ import annotations

import os
import re
import time
from typing import Any

import click

from fusioncell.cli.options import json_option, show, table
from fusioncell.kernel.settings import SETTINGS

_SECRET_IN_URL = re.compile(r"(://[^:/@]*:)[^@]*@")


@click.command(
    epilog="A setting is read from its variable, else from fusioncell.toml in this folder, else the default holds."
)
@json_option
def settings(as_json: bool) -> None:
    """Show every setting, the value in force and where it came from."""
    from fusioncell.bootstrap import read_settings, settings_file

    now, file = read_settings(), settings_file()
    rows: list[dict[str, Any]] = []
    for setting in SETTINGS:
        source = (
            setting.env if os.environ.get(setting.env) else "fusioncell.toml" if setting.name in file else "default"
        )
        value = getattr(now, setting.name)
        if setting.is_secret and value:
            value = "(set)"
        shown = _SECRET_IN_URL.sub(r"\1…@", value) if isinstance(value, str) else value
        rows.append(
            {
                "name": setting.name,
                "value": shown,
                "source": source,
                "default": setting.default,
                "environment": setting.env,
                "meaning": setting.meaning,
            }
        )
    show(
        {"settings": rows},
        as_json,
        lambda: table(
            [[row["name"], row["value"], row["source"], row["environment"], row["meaning"]] for row in rows],
            ["SETTING", "VALUE", "FROM", "ENVIRONMENT", "MEANING"],
        ),
    )


@click.command("setup-data", epilog="`make setup` runs this; a hub that finds none compiles them when it starts.")
@json_option
def setup_data(as_json: bool) -> None:
    """Compile the lists of known-good values, and MISP's galaxies and taxonomies, into memory-mapped arrays (once)."""
    from fusioncell.bootstrap import cache_folder, open_known_good, open_misp_pack

    began = time.perf_counter()
    open_known_good()
    open_misp_pack()
    seconds = round(time.perf_counter() - began, 2)
    result = {"folder": str(cache_folder()), "seconds": seconds}
    show(result, as_json, f"The lists of known-good values and of MISP are in {cache_folder()} ({seconds:.1f} s).")
