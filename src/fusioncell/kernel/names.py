"""Domain names and the public suffix list: who registered a name, which names stand above it, what imitates.

The list is the pinned package's own data, private section included (``github.io`` is a suffix: what stands under
it belongs to different people). It is loaded on first use and never fetched.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache

import ada_url
from publicsuffixlist import PublicSuffixList


@cache
def _suffixes() -> PublicSuffixList:
    """Load the list; a name under no rule has no public suffix."""
    return PublicSuffixList(accept_unknown=True)


@cache
def _known_suffixes() -> PublicSuffixList:
    """The same list without the default rule ``*``."""
    return PublicSuffixList(accept_unknown=False)


@cache
def _registries() -> PublicSuffixList:
    """The list without its private section: registries' suffixes alone."""
    return PublicSuffixList(accept_unknown=True, only_icann=True)


_SPECIAL_USE = frozenset({"onion", "example", "test", "invalid", "localhost", "local", "internal", "arpa", "alt"})


@lru_cache(maxsize=4096)
def is_tld(label: str) -> bool:
    """Tell whether the label (lower-case, A-label) is a top-level domain of the list, or a special-use one.

    ``onion`` (RFC 7686) is used in earnest; ``example``, ``test`` and ``invalid`` (RFC 2606) in exercises and tests.
    """
    return label in _SPECIAL_USE or ("." not in label and _known_suffixes().publicsuffix(label) is not None)


def public_suffix(name: str) -> str:
    """Return the public suffix of a canonical name (``co.uk`` of ``a.example.co.uk``)."""
    return _suffixes().publicsuffix(name) or name.rpartition(".")[2]


def registered_domain(name: str) -> str | None:
    """Return the registered domain of a canonical name; None where the name is itself a public suffix."""
    return _suffixes().privatesuffix(name)


def is_public_suffix(name: str) -> bool:
    """Tell whether the name is a public suffix, under which unrelated parties register."""
    return public_suffix(name) == name


@cache
def _rules() -> tuple[frozenset[str], frozenset[str]]:
    """Return the suffixes that the list names, and the names below which each label is one; "" for the root."""
    listed = _suffixes()._publicsuffix
    wild = {rule[2:] for rule in listed if rule.startswith("*.")}
    return frozenset(listed) | wild, frozenset(wild | {""})


def may_be_suffixes(names: Iterable[str]) -> list[str]:
    """Return those names of which it pays to ask :func:`is_public_suffix`, which reads a name label by label."""
    suffixes, wild = _rules()
    return [name for name in names if name in suffixes or name.partition(".")[2] in wild]


def private_suffix(name: str) -> str | None:
    """Return the suffix of the list's private section that a name is or stands under (``github.io``), None for none.

    A registry does not run it: its owner lets others have names below, whose doings are their own.
    """
    suffix = public_suffix(name)
    return suffix if "." in suffix and _registries().publicsuffix(name) != suffix else None


def parents(name: str) -> list[str]:
    """Return the names above ``name``, nearest first, down to the registered domain (the public suffix left out)."""
    registered = registered_domain(name)
    if registered is None:
        return []
    above = []
    while len(name) > len(registered):
        name = name.partition(".")[2]
        above.append(name)
    return above


_TOGETHER = (
    frozenset(("LATIN", "CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA")),
    frozenset(("LATIN", "CJK", "BOPOMOFO")),
    frozenset(("LATIN", "CJK", "HANGUL")),
)


def _script(letter: str) -> str:
    """Name the script of a letter by its Unicode name's first word; "" for digits and signs common to all."""
    if letter.isascii():
        return "LATIN" if letter.isalpha() else ""
    if unicodedata.category(letter)[0] not in "L":
        return ""
    return unicodedata.name(letter, "").split(" ", 1)[0]


def is_mixed_script(value: str) -> bool:
    """Tell whether a label of the name mixes scripts that no writing system mixes (UTS 39 §5.2, highly restrictive).

    ``value`` is a domain name, A-labels or U-labels. A whole label in one other script is not flagged.
    """
    for label in value.split("."):
        text = ada_url.idna.decode(label) if label.startswith("xn--") else label
        if text.isascii():
            continue
        scripts = {script for letter in text if (script := _script(letter))}
        if len(scripts) > 1 and not any(scripts <= allowed for allowed in _TOGETHER):
            return True
    return False
