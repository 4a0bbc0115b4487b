"""Follow the record: which names are protected, which are known. Called by the river with each cut."""

from __future__ import annotations

import msgspec

from fusioncell.intake.project import Arrived
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.observable import ObservableType
from fusioncell.kernel.ports import Connection
from fusioncell.shield.guards import store
from fusioncell.shield.guards.model import KINDS, PROTECTED, ProtectedBody
from fusioncell.shield.guards.store import metadata

__all__ = ["backwards", "forwards", "metadata", "project"]
MOST = 253
"""Longer names stand in no zone."""


def backwards(name: str) -> str:
    """Write a name with its labels from the right: ``www.example.org`` → ``org.example.www.``"""
    return ".".join(reversed(name.split("."))) + "."


def forwards(text: str) -> str:
    """Read back what :func:`backwards` wrote."""
    return ".".join(reversed(text[:-1].split(".")))


def project(connection: Connection, entries: list[Entry], arrived: Arrived) -> None:
    """Apply one cut."""
    for entry in entries:
        if entry.kind in KINDS and entry.payload is not None and not entry.org:
            said = msgspec.json.decode(entry.payload.body, type=ProtectedBody)
            if entry.kind == PROTECTED:
                store.protect(connection, said.name, said.asked, entry.seq)
            else:
                store.release(connection, said.name, said.asked)
    names = {
        (backwards(claim.observable.value), arrival.entry.audience)
        for arrival in arrived.arrivals
        for claim in arrival.extract.claims
        if claim.observable.type is ObservableType.DOMAIN and len(claim.observable.value) <= MOST
    }
    if names:
        store.add_names(connection, sorted(names))
