"""Cells of tables that people open with a spreadsheet."""

from __future__ import annotations

_BEGINS = ("=", "+", "-", "@", "\t", "\r")


def cell(value: object) -> str:
    """Write a value so that no spreadsheet takes it for a formula (CWE-1236).

    >>> cell("=1+1"), cell("evil.example"), cell(7)
    ("'=1+1", 'evil.example', '7')
    """
    text = str(value)
    return f"'{text}" if text.startswith(_BEGINS) else text
