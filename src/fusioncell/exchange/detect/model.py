"""Values of detection exports: what is wanted, the rows, what a body is, and what stopped it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fusioncell.kernel.errors import BadInput, Unavailable
from fusioncell.kernel.marking import Tlp
from fusioncell.kernel.observable import TYPE_CODES, BadValue, Observable, ObservableType, type_named

DEFAULT_PROBABILITY = 0.3
"""Over this one vetted member's plain word suffices for names, addresses, URLs and digests; 0.8 asks for several."""
MAX_VALUES = 1_000_000
"""Values of one export."""

_T = ObservableType
_NAME = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)+"
_V4 = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}"
_V6 = r"[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}"
_SHAPES: dict[ObservableType, str] = {
    _T.IPV4: _V4,
    _T.IPV6: _V6,
    _T.CIDR: rf"(?:{_V4}|{_V6})/[0-9]{{1,3}}",
    _T.DOMAIN: _NAME,
    _T.URL: r"[a-z][a-z0-9+.-]{0,30}://[a-z0-9\[_][\x21-\x7e]{0,8000}",
    _T.EMAIL: rf"[a-z0-9_](?:[a-z0-9._+-]{{0,63}})@{_NAME}",
    **dict.fromkeys((_T.MD5, _T.IMPHASH, _T.JA3, _T.HASSH, _T.HASSH_SERVER, _T.X509_MD5), "[0-9a-f]{32}"),
    **dict.fromkeys((_T.SHA1, _T.X509_SHA1), "[0-9a-f]{40}"),
    **dict.fromkeys((_T.SHA256, _T.AUTHENTIHASH, _T.X509_SHA256), "[0-9a-f]{64}"),
    _T.SHA224: "[0-9a-f]{56}",
    _T.SHA384: "[0-9a-f]{96}",
    _T.SHA512: "[0-9a-f]{128}",
    _T.JARM: "[0-9a-f]{62}",
    _T.TLSH: "(?:t1)?[0-9a-f]{68,132}",
    _T.SSDEEP: "[0-9]{1,12}:[A-Za-z0-9/+]{0,128}:[A-Za-z0-9/+]{0,128}",
}
TYPES: tuple[ObservableType, ...] = tuple(_SHAPES)
"""The types that are exported: those whose values have a strict shape."""
SHAPES = {TYPE_CODES[type]: re.compile(rf"(?:{shape})\Z", re.ASCII) for type, shape in _SHAPES.items()}
"""Type's code → what its values look like. What looks otherwise (a mailbox with an ``=``, say) is in no export."""
_ALIASES: dict[str, tuple[ObservableType, ...]] = {
    "ip": (_T.IPV4, _T.IPV6), "hash": (_T.MD5, _T.SHA1, _T.SHA256), "domain": (_T.DOMAIN,),
}  # fmt: skip


def types_of(text: str) -> frozenset[ObservableType]:
    """Read a list of types between commas; "" is the empty set (a form's usual ones). Raises BadInput."""
    found: set[ObservableType] = set()
    for name in filter(None, (part.strip().lower() for part in text.split(","))):
        try:
            found |= set(_ALIASES.get(name) or (type_named(name),))
        except BadValue:
            found.add(_T.OTHER)
        if not found <= set(TYPES):
            raise BadInput(
                f"{name[:40]!r} is no type that is exported",
                hint=f"Name some of: ip, domain, hash, {', '.join(t.value for t in TYPES)}.",
                place="types",
            )
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for. ``types``: empty for the form's usual ones. ``tlp``: the strictest marking that may stand
    behind it, None for all that the viewer sees. ``limit``: the best so many, 0 for all."""

    form: str
    types: frozenset[ObservableType] = frozenset()
    min_probability: float = DEFAULT_PROBABILITY
    limit: int = 0
    tlp: Tlp | None = None

    @property
    def key(self) -> str:
        """Return a short name of exactly this wish, under which the last answer is remembered."""
        types = ",".join(sorted(self.types))
        text = f"{self.form}|{types}|{self.min_probability}|{self.limit}|{self.tlp.value if self.tlp else ''}"
        return blake2b(text.encode(), digest_size=16).hexdigest()


class Rows(NamedTuple):
    """What is written, as columns of one order: types' codes, values, P(malicious), days of expiry, keys (64 bits)."""

    codes: Sequence[int]
    values: Sequence[str]
    malicious: Sequence[float]
    days: Sequence[int]
    keys: Sequence[int]


@dataclass(frozen=True, slots=True)
class Change:
    """What exports gained and lost: gained the likeliest first; lost the first so many by value, ``losses`` in all.
    ``counts``: how many values of each type a plain export holds, None until they are counted."""

    gained: tuple[Observable, ...]
    lost: tuple[Observable, ...]
    losses: int
    counts: dict[ObservableType, int] | None


@dataclass(frozen=True, slots=True)
class Body:
    """A written export, shared by all viewers of one audience set.

    ``ids`` and ``days``: the observables in it, by id, and when each ends (days since 1970). ``keys``: their ``key64``,
    or for rules the contributions that gave them. ``left_out``: values that the form cannot hold. ``serial_at``: where
    in ``data`` a serial number of ten digits goes, -1 for none. ``edition``: of the table that it was made of.
    """

    data: bytes
    etag: str
    ids: npt.NDArray[np.int64]
    days: npt.NDArray[np.int32]
    keys: Sequence[int | str]
    left_out: int
    serial_at: int
    edition: int
    today: int

    @property
    def count(self) -> int:
        """Return how many values or rules it holds."""
        return len(self.keys)


class FuseBlown(Unavailable):
    """The export shrank and nothing in the record says why; ``etag``: what would have been served."""

    title = "The export shrank suddenly"

    def __init__(self, before: int, expected: int, now: int, etag: str) -> None:
        super().__init__(
            f"this export held {before:,} values, {expected:,} of which should still stand, and now would hold "
            f"{now:,}; no recall, correction or expiry explains it",
            hint="Keep the last good file. The hub may be rebuilding, or your organisation has left a group. If it is "
            f"right, who leads your organisation asks once with confirm_empty={etag}.",
            place="confirm_empty",
        )
        self.etag = etag
