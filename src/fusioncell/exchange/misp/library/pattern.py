"""MISP's patterns in names, where ``%`` stands for anything, and its numbers in texts. Pure."""

from __future__ import annotations


def whole(given: object) -> int:
    """Return a number that was given as one or as text, 0 for what is none or has more than ten digits."""
    text = str(given)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else 0


def like(pattern: str, text: str) -> bool:
    """Tell whether a text fits a pattern in which ``%`` stands for anything; letter case does not count."""
    parts = pattern.lower().split("%")
    text = text.lower()
    if len(parts) == 1:
        return text == parts[0]
    if not (text.startswith(parts[0]) and text[len(parts[0]):].endswith(parts[-1])):
        return False
    at, end = len(parts[0]), len(text) - len(parts[-1])
    for part in parts[1:-1]:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True
