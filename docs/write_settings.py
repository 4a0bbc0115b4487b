"""Write docs/settings.md from the settings' own declarations in ``fusioncell.kernel.settings``.

Run: ``python docs/write_settings.py``. ``tests/rules/test_settings_documented.py`` fails while the file is stale.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

TARGET = Path(__file__).with_name("settings.md")

_HEAD = """# Settings

Each setting is read from its environment variable, else from `fusioncell.toml`, else the default holds.
`fusioncell settings` prints what holds now.

This file is written by `python docs/write_settings.py`.

| setting | environment | default | meaning |
|---|---|---|---|
"""


class Declared(Protocol):
    """What a setting says of itself."""

    name: str
    env: str
    default: Any
    meaning: str


def _cell(text: object) -> str:
    return " ".join(str(text).split()).replace("|", "\\|")


def render(settings: Iterable[Declared]) -> str:
    """Return the whole page for settings, in their order."""
    rows = []
    for setting in settings:
        default = "" if setting.default is None or setting.default == "" else f"`{_cell(setting.default)}`"
        rows.append(f"| `{_cell(setting.name)}` | `{_cell(setting.env)}` | {default} | {_cell(setting.meaning)} |\n")
    return _HEAD + "".join(rows)


if __name__ == "__main__":
    from fusioncell.kernel.settings import SETTINGS

    TARGET.write_text(render(SETTINGS), encoding="utf-8")
    print(f"{TARGET}: {len(SETTINGS)} settings")
