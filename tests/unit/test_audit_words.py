"""Each action that the audit log may hold has words on its page: nobody reads ``idle.noticed`` off a page."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import fusioncell
from fusioncell.exchange.misp.admin.model import EVENTS, EXCLUSION, FEED, ORGS, SERVER
from fusioncell.members.assets.entries import KINDS
from fusioncell.members.entries import ACTIONS
from fusioncell.web.pages.audited import ACTION_WORDS

KEY = re.compile(r"[a-z_]+(\.[a-z_]+)+")
WRITERS = {"note", "_note", "_changed"}


def written() -> Iterator[str]:
    """Find the actions that the source writes by their names."""
    for path in Path(fusioncell.__file__).parent.rglob("service.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in WRITERS:
                for argument in node.args[:2]:
                    yield from (each.value for each in ast.walk(argument)
                                if isinstance(each, ast.Constant) and isinstance(each.value, str)
                                and KEY.fullmatch(each.value))  # fmt: skip


def test_every_action_of_the_audit_log_has_words() -> None:
    found = set(written())
    assert {"key.made", "idle.noticed", "group.declined", "feed.disabled", "misp.role.added"} <= found
    found |= {*ACTIONS.values(), *KINDS.values(), "party.reinstated", "application.accepted"}
    found |= {f"misp.{kind.model.lower()}.{done}" for kind in (FEED, SERVER, EXCLUSION)
              for done in ("added", "edited", "deleted")}  # fmt: skip
    found |= {f"misp.{model.lower()}.{done}" for model in (EVENTS, ORGS) for done in ("added", "deleted")}
    assert found - set(ACTION_WORDS) == set()
