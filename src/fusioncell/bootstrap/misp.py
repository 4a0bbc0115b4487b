"""The MISP door, joined: each package's actions over the rooms of a hub."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from fusioncell.edges.misp_packs import describe_types
from fusioncell.exchange.misp import Actions, Numbers
from fusioncell.exchange.misp.service import Misp
from fusioncell.exchange.mispadmin import routes as admin_routes
from fusioncell.exchange.mispcontent import Content, Types
from fusioncell.exchange.mispcontent import routes as content_routes
from fusioncell.exchange.mispdoor.service import MispDoor
from fusioncell.exchange.mispkeep import Keep
from fusioncell.exchange.misppeople import People
from fusioncell.exchange.mispusers import Users
from fusioncell.exchange.mispusers import routes as users_routes
from fusioncell.kernel.clock import Clock
from fusioncell.kernel.ids import Randomness
from fusioncell.kernel.ports import Database
from fusioncell.kernel.settings import Settings
from fusioncell.members.accounts import Accounts
from fusioncell.members.audit import Audit
from fusioncell.members.service import Members
from fusioncell.members.signing import Signing
from fusioncell.record.service import Record


@dataclass(frozen=True, slots=True)
class MispParts:
    """What of a hub the door is joined from. ``key``: the hub's own. ``settings.misp_site_admin``: compatibility."""

    settings: Settings
    key: bytes
    vault: Database
    clock: Clock
    randomness: Randomness
    members: Members
    accounts: Accounts
    signing: Signing
    audit: Audit
    record: Record
    projections: Database
    settle: Callable[[int], None]


def misp_door(hub: MispParts) -> MispDoor:
    """Join the door."""
    compatible = hub.settings.misp_site_admin == "1"
    keep = Keep(hub.vault)
    numbers = Numbers(sha256(b"misp" + hub.key).digest(), for_all=compatible)
    people = People(keep=keep, numbers=numbers, members=hub.members, audit=hub.audit, clock=hub.clock,
                    site_admin=compatible)
    users = Users(keep=keep, people=people, members=hub.members, accounts=hub.accounts, signing=hub.signing,
                  clock=hub.clock, randomness=hub.randomness)
    core = Misp(
        record=hub.record, projections=hub.projections, clock=hub.clock, randomness=hub.randomness, numbers=numbers,
        settle=hub.settle, compatible=compatible,
    )  # fmt: skip
    content = Content(core, types=Types.of(describe_types()))
    actions: Actions = {
        **content_routes.actions(content),
        **admin_routes.actions(),
        **users_routes.actions(users, people),
    }
    return MispDoor(actions, people.whoami)
