"""What is known of a tag beside its name, and the numbers that tags have. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import blake2b
from typing import Any, Protocol

from fusioncell.exchange.misp import Caller, MispRefused
from fusioncell.exchange.misp.library import whole

MAX_NAME = 255
CLUSTER_TAGS = 1 << 20
"""Inner numbers below are those of the taxonomies' tags; from here on those of the galaxies' clusters."""
OTHER_TAGS = 1 << 25
"""From here on, all other tags: a hash of the name."""
_TOP = (1 << 31) - 1


class Organisations(Protocol):
    """Organisations, as a caller may know them."""

    def organisation(self, caller: Caller, org: str) -> dict[str, Any]:
        """Show an organisation by its id in the hub."""
        ...

    def find_organisation(self, caller: Caller, given: str) -> str | None:
        """Return the hub's id of an organisation by MISP id, UUID or name; None for none."""
        ...


@dataclass(frozen=True, slots=True)
class Definition:
    """What a hub says of a tag. ``org``, ``user``: who alone may set it ("" and 0: anyone); ``hide``: not offered."""

    name: str
    number: int
    colour: str
    exportable: bool = True
    org: str = ""
    user: int = 0
    hide: bool = False
    local_only: bool = False
    numerical_value: int | None = None

    def body(self) -> dict[str, Any]:
        """Return what is kept."""
        return asdict(self)


def definition_of(body: Mapping[str, Any]) -> Definition:
    """Return what was kept."""
    return Definition(**{name: body[name] for name in Definition.__slots__ if name in body})


def colour_of(name: str) -> str:
    """Return a colour that follows from the name."""
    return f"#{blake2b(name.encode('utf-8', 'replace'), digest_size=3).hexdigest()}"


def other_number(name: str) -> int:
    """Return the inner number of a tag that no package brings: it follows from its name alone."""
    digest = blake2b(name.lower().encode("utf-8", "replace"), digest_size=8).digest()
    return OTHER_TAGS + int.from_bytes(digest, "big") % (_TOP - OTHER_TAGS)


def changed(standing: Definition, fields: Mapping[str, Any]) -> Definition:
    """Return a definition with MISP's fields taken over, as far as they are given; organisation and user apart."""
    name = str(fields.get("name") or standing.name).strip()
    colour = str(fields.get("colour") or standing.colour)
    if not name or len(name) > MAX_NAME:
        raise MispRefused(405, f"Could not add the Tag. [name]: A tag has 1 to {MAX_NAME} characters.")
    if len(colour) != 7 or colour[0] != "#" or colour.strip("#0123456789abcdefABCDEF"):
        raise MispRefused(405, "Could not add the Tag. [colour]: Colour has to be in the RGB format (#FFFFFF)")
    number = fields.get("numerical_value", standing.numerical_value)
    return replace(
        standing, name=name, colour=colour, exportable=truth(fields.get("exportable", standing.exportable)),
        hide=truth(fields.get("hide_tag", standing.hide)),
        local_only=truth(fields.get("local_only", standing.local_only)),
        numerical_value=None if number in (None, "") else whole(number),
    )  # fmt: skip


def truth(given: Any) -> bool:
    """Read a yes or no as MISP's clients write it."""
    return str(given).lower() not in ("", "0", "false", "no", "none")
