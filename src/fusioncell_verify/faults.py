"""What can be wrong: findings against the log, and what could not be read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with the log. ``check``: a word for scripts."""

    check: str
    detail: str


class Failed(Exception):
    """The log, or what is compared with it, does not verify."""

    def __init__(self, check: str, detail: str) -> None:
        super().__init__(detail)
        self.finding = Finding(check, detail)


class Unreadable(Exception):
    """Something could not be fetched or read; it says nothing about the log."""
