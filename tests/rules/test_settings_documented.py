"""Every setting is declared once, with its meaning, and stands in docs/settings.md; no other variable is read."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from rules.source_tree import PACKAGE, REPOSITORY, literals, modules, seed

_VARIABLE = re.compile(r"\bFUSIONCELL_[A-Z0-9_]+\b")


def declared() -> Iterable[Any]:
    """Return the declared settings."""
    from fusioncell.kernel.settings import SETTINGS

    return SETTINGS


def page_writer() -> ModuleType:
    """Load docs/write_settings.py, which is no package."""
    spec = importlib.util.spec_from_file_location("write_settings", REPOSITORY / "docs" / "write_settings.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def find_undocumented(settings: Iterable[Any], page: str) -> list[str]:
    """Find settings without a meaning, declared twice, misnamed, or missing from the page as they are declared."""
    found, seen = [], set()
    lines = set(page.splitlines())
    for setting in settings:
        if len(str(setting.meaning).split()) < 3:
            found.append(f"{setting.name}: says nothing of its meaning")
        if not _VARIABLE.fullmatch(setting.env):
            found.append(f"{setting.name}: its variable {setting.env} does not begin with FUSIONCELL_")
        if setting.name in seen or setting.env in seen:
            found.append(f"{setting.name}: declared twice")
        seen |= {setting.name, setting.env}
        if page_writer().render([setting]).splitlines()[-1] not in lines:
            found.append(f"{setting.name}: docs/settings.md is stale; run: python docs/write_settings.py")
    return found


def find_undeclared(package: Path, settings: Iterable[Any]) -> list[str]:
    """Find variables that the code names but that no setting declares."""
    known = {setting.env for setting in settings}
    return [
        module.at(node, f"{name} is no declared setting")
        for module in modules(package)
        for node, text in literals(module)
        for name in _VARIABLE.findall(text)
        if name not in known
    ]


def test_every_setting_is_documented() -> None:
    page = (REPOSITORY / "docs" / "settings.md").read_text(encoding="utf-8")
    assert find_undocumented(declared(), page) == []
    assert page == page_writer().render(declared())


def test_no_variable_is_read_beside_them() -> None:
    assert find_undeclared(PACKAGE, declared()) == []


def setting(**changed: str) -> Any:
    plain = {"name": "data", "env": "FUSIONCELL_DATA", "default": "data", "meaning": "the folder of the hub"}
    return SimpleNamespace(**(plain | changed))


@pytest.mark.parametrize(
    "changed",
    [{"meaning": "folder"}, {"env": "DATA"}, {"default": "other"}, {"meaning": "another meaning than the page's"}],
)
def test_an_undocumented_setting_is_seen(changed: dict[str, str]) -> None:
    page = page_writer().render([setting()])
    assert find_undocumented([setting()], page) == []
    assert find_undocumented([setting(**changed)], page)


def test_a_setting_declared_twice_is_seen() -> None:
    assert find_undocumented([setting(), setting()], page_writer().render([setting()]))


def test_an_undeclared_variable_is_seen(tmp_path: Path) -> None:
    seed(tmp_path, {"edges/system.py": 'import os\nx = os.environ["FUSIONCELL_SECRET_SWITCH"]\n'})
    assert len(find_undeclared(tmp_path, [setting()])) == 1
