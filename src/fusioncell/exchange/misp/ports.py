"""What the core asks of the rest of the door, and answers by which the core works alone. Pure.

``People`` is given by ``exchange.misp.people``, ``Packs`` by ``exchange.misp.packs``; both are joined in ``bootstrap``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from fusioncell.exchange.misp.model import Caller, SharingGroup

OrgDict = dict[str, Any]
"""``{"id": "1", "name": …, "uuid": …, "local": True}``, as MISP shows organisations inside events."""


class People(Protocol):
    """Organisations and sharing groups, as a caller may know them."""

    def organisation(self, caller: Caller, org: str) -> OrgDict:
        """Show an organisation by its id in the hub; one that is unknown (or a pseudonym) as such."""
        ...

    def creator(self, caller: Caller, said: Mapping[str, Any]) -> OrgDict:
        """Show the Orgc that an event states (``name``, ``uuid``): the hub's own where the uuid is known, else it."""
        ...

    def find_organisation(self, caller: Caller, given: str) -> str | None:
        """Return the hub's id of an organisation by MISP id, uuid or name; None for none."""
        ...

    def sharing_group(self, caller: Caller, given: str) -> SharingGroup | None:
        """Return a sharing group by MISP id or uuid where the caller may use or see it, else None."""
        ...

    def email(self, caller: Caller, person: str) -> str:
        """Return the address to show as an event's creator, to its own organisation; "" for none."""
        ...

    def refuses(self, caller: Caller, event: str, creator: str) -> str:
        """Return why an event (its uuid, its Orgc's uuid) is not taken in (blocklists), "" where it is."""
        ...

    def deleted(self, caller: Caller, event: str, info: str, creator: str) -> None:
        """Note that the caller deleted an event (its uuid, info, Orgc's name): MISP blocks it from coming back."""
        ...

    def contact(self, caller: Caller, org: str, person: str, subject: str, message: str) -> bool:
        """Send a message to who made an event; False where it could not be sent."""
        ...


class Packs(Protocol):
    """Tags, galaxies, warninglists, object templates."""

    def tag(self, caller: Caller, name: str) -> dict[str, Any] | None:
        """Show a tag inside an event (``id, name, colour, numerical_value, is_galaxy …``); None: it is not shown."""
        ...

    def use_tag(self, caller: Caller, given: Mapping[str, Any]) -> str:
        """Return the name under which the caller may attach a tag, made where it is new and the role permits it.

        "" where it is unknown and may not be made. Raises MispRefused for one restricted to others.
        """
        ...

    def tag_name(self, caller: Caller, given: str) -> str | None:
        """Return the name of a tag given by MISP id or by name; None where there is none."""
        ...

    def galaxies(self, caller: Caller, names: Sequence[str]) -> list[dict[str, Any]]:
        """Return the galaxies, each with its ``GalaxyCluster`` list, of the ``misp-galaxy:`` tags among these names."""
        ...

    def warnings(self, type: str, value: str) -> list[dict[str, Any]]:
        """Return the enabled warninglists that an attribute is on: ``{"id", "name", "category"}``."""
        ...

    def template(self, given: str) -> dict[str, Any] | None:
        """Return an object template by UUID, name or number; None where there is none."""
        ...


class AlonePeople:
    """Organisations without a directory: an id stands for itself."""

    def organisation(self, caller: Caller, org: str) -> OrgDict:
        """Show an organisation by its id."""
        return {"id": "1", "name": org, "uuid": org, "local": True}

    def creator(self, caller: Caller, said: Mapping[str, Any]) -> OrgDict:
        """Show what is stated."""
        return {"id": "0", "name": str(said.get("name") or ""), "uuid": str(said.get("uuid") or ""), "local": False}

    def find_organisation(self, caller: Caller, given: str) -> str | None:
        """Find nothing."""
        return None

    def sharing_group(self, caller: Caller, given: str) -> SharingGroup | None:
        """Find nothing."""
        return None

    def email(self, caller: Caller, person: str) -> str:
        """Show none."""
        return ""

    def refuses(self, caller: Caller, event: str, creator: str) -> str:
        """Take all."""
        return ""

    def deleted(self, caller: Caller, event: str, info: str, creator: str) -> None:
        """Note nothing."""

    def contact(self, caller: Caller, org: str, person: str, subject: str, message: str) -> bool:
        """Send nothing."""
        return False


class AlonePacks:
    """Tags without definitions; no galaxies, warninglists or templates."""

    def tag(self, caller: Caller, name: str) -> dict[str, Any] | None:
        """Show the name."""
        return {"id": "0", "name": name, "colour": "#5b5b5b", "numerical_value": None, "is_galaxy": False,
                "exportable": True}  # fmt: skip

    def use_tag(self, caller: Caller, given: Mapping[str, Any]) -> str:
        """Allow each."""
        return str(given.get("name") or "")

    def tag_name(self, caller: Caller, given: str) -> str | None:
        """Take it for a name."""
        return given

    def galaxies(self, caller: Caller, names: Sequence[str]) -> list[dict[str, Any]]:
        """Know none."""
        return []

    def warnings(self, type: str, value: str) -> list[dict[str, Any]]:
        """Know none."""
        return []

    def template(self, given: str) -> dict[str, Any] | None:
        """Know none."""
        return None


def names_of(tags: Iterable[Any]) -> list[str]:
    """Return the names of a list of tags as MISP gives them, each once, in order."""
    found = [tag.get("name") for tag in tags if isinstance(tag, dict)]
    return list(dict.fromkeys(name for name in found if isinstance(name, str) and name))
