"""Keep, change and find what the MISP door keeps beside the record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from fusioncell.exchange.misp.keep import store
from fusioncell.exchange.misp.keep.model import Kept
from fusioncell.kernel.errors import Conflict, NotFound, TooLarge
from fusioncell.kernel.ports import Database, storable

MAX_OF_A_MODEL = 20_000
"""Most things of one model."""


class Keep:
    """Small things by model ("Setting", "Role", "Feed" …): a number, a name of their own, an organisation, a body."""

    def __init__(self, vault: Database) -> None:
        self._vault = vault

    def add(self, model: str, name: str, body: Mapping[str, Any], *, org: str = "", number: int | None = None) -> Kept:
        """Keep a new thing, under a number of its own or the next one. Conflict where the name is taken; TooLarge."""
        name = storable(name[:255])
        with self._vault.write() as connection:
            if store.count(connection, model) >= MAX_OF_A_MODEL:
                raise TooLarge(f"there are {MAX_OF_A_MODEL} of these already", hint="Delete what is not needed.")
            if number is None:
                number = store.next_number(connection, model)
            else:
                store.raise_last(connection, model, number)
            if not store.add(connection, model, number, name, org, _text(body)):
                raise Conflict(f"{name!r} exists already")
        return Kept(number, name, org, dict(body))

    def put(self, model: str, name: str, body: Mapping[str, Any], *, org: str = "") -> Kept:
        """Keep a thing under its name, new or in place of what stands there."""
        standing = self.named(model, name)
        if standing is None:
            return self.add(model, name, body, org=org)
        return self.change(model, standing.number, body, org=org)

    def change(self, model: str, number: int, body: Mapping[str, Any], *, org: str | None = None) -> Kept:
        """Put another body in place. NotFound where there is no such thing."""
        standing = self.find(model, number)
        if standing is None:
            raise NotFound("there is no such thing")
        owner = standing.org if org is None else org
        with self._vault.write() as connection:
            store.change(connection, model, number, owner, _text(body))
        return Kept(number, standing.key, owner, dict(body))

    def drop(self, model: str, number: int) -> bool:
        """Let a thing go; False where there is none. Its number is never given again."""
        with self._vault.write() as connection:
            return store.drop(connection, model, number)

    def find(self, model: str, number: int) -> Kept | None:
        """Return the thing with this number."""
        with self._vault.read() as connection:
            return _one(store.by_number(connection, model, number))

    def named(self, model: str, name: str) -> Kept | None:
        """Return the thing with this name."""
        with self._vault.read() as connection:
            return _one(store.by_name(connection, model, storable(name[:255])))

    def all(self, model: str) -> list[Kept]:
        """Return all things of a model, in order of their numbers."""
        with self._vault.read() as connection:
            return [_kept(row) for row in store.of_model(connection, model, MAX_OF_A_MODEL)]


def _text(body: Mapping[str, Any]) -> str:
    return storable(msgspec.json.encode(body).decode())


def _kept(row: tuple[Any, ...]) -> Kept:
    return Kept(row[0], row[1], row[2], msgspec.json.decode(row[3]))


def _one(rows: list[tuple[Any, ...]]) -> Kept | None:
    return _kept(rows[0]) if rows else None
