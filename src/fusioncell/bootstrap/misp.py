"""The MISP door, joined: each package's actions over the rooms of a hub."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256

from fusioncell.bootstrap.outside import open_misp_pack
from fusioncell.edges.misp_packs import describe_types, warninglist_file
from fusioncell.exchange.inbound import Feed, Inbound
from fusioncell.exchange.misp import Actions, Call, Caller, Numbers
from fusioncell.exchange.misp.admin import Admin
from fusioncell.exchange.misp.admin import routes as admin_routes
from fusioncell.exchange.misp.admin.model import SERVER, VERSION
from fusioncell.exchange.misp.content import Content, Types
from fusioncell.exchange.misp.content import routes as content_routes
from fusioncell.exchange.misp.door.service import MispDoor
from fusioncell.exchange.misp.galaxies import Galaxies
from fusioncell.exchange.misp.galaxies import routes as galaxies_routes
from fusioncell.exchange.misp.groups import Groups
from fusioncell.exchange.misp.groups import routes as groups_routes
from fusioncell.exchange.misp.keep import Keep
from fusioncell.exchange.misp.library import FEEDS, Library
from fusioncell.exchange.misp.library import routes as library_routes
from fusioncell.exchange.misp.library.service import Known
from fusioncell.exchange.misp.older import Older
from fusioncell.exchange.misp.older import routes as older_routes
from fusioncell.exchange.misp.packs import Packs
from fusioncell.exchange.misp.peer import Peer, Source
from fusioncell.exchange.misp.people import People
from fusioncell.exchange.misp.people import routes as people_routes
from fusioncell.exchange.misp.people.model import STOCK
from fusioncell.exchange.misp.said import Said
from fusioncell.exchange.misp.said import routes as said_routes
from fusioncell.exchange.misp.search import routes as search_routes
from fusioncell.exchange.misp.search.service import MispSearch
from fusioncell.exchange.misp.service import Misp
from fusioncell.exchange.misp.stix import actions as stix_actions
from fusioncell.exchange.misp.sync import Sync
from fusioncell.exchange.misp.sync import remote as sync_remote
from fusioncell.exchange.misp.sync import routes as sync_routes
from fusioncell.exchange.misp.tags import Tags
from fusioncell.exchange.misp.tags import routes as tags_routes
from fusioncell.exchange.misp.users import Users
from fusioncell.exchange.misp.users import routes as users_routes
from fusioncell.intake.model import Limits
from fusioncell.kernel.clock import Clock
from fusioncell.kernel.ids import Randomness
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.ports import Database, Mail
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
    mail: Mail
    record: Record
    projections: Database
    settle: Callable[[int], None]
    known_good: Known
    inbound: Inbound
    limits: Limits


def misp_door(hub: MispParts) -> MispDoor:
    """Join the door."""
    compatible = hub.settings.misp_site_admin == "1"
    keep = Keep(hub.vault)
    numbers = Numbers(sha256(b"misp" + hub.key).digest(), for_all=compatible)
    people = People(keep=keep, numbers=numbers, members=hub.members, accounts=hub.accounts, audit=hub.audit,
                    clock=hub.clock, mail=hub.mail, site_admin=compatible)
    users = Users(keep=keep, people=people, members=hub.members, accounts=hub.accounts, signing=hub.signing,
                  clock=hub.clock, randomness=hub.randomness)
    # Positions in the record have a permutation of their own: an event's id that equals a person's would tell where it
    # stands.
    things = Numbers(sha256(b"misp things" + hub.key).digest(), for_all=compatible)
    core = Misp(
        record=hub.record, projections=hub.projections, clock=hub.clock, randomness=hub.randomness, numbers=things,
        settle=hub.settle, compatible=compatible,
    )  # fmt: skip
    packs = _packs(hub, keep, numbers, people, core)
    core.packs = packs
    core.people = people
    admin = Admin(keep=keep, people=people, audit=hub.audit, projections=hub.projections, clock=hub.clock,
                  audiences=core.audiences)
    people.guard = admin
    search = MispSearch(core, hub.projections, packs.library, base=_address(hub.settings))
    content = Content(core, types=Types.of(describe_types()))
    content.event_json = search.shown.event_json
    groups = Groups(keep=keep, people=people, audit=hub.audit, clock=hub.clock, randomness=hub.randomness,
                    regroup=content.regroup)
    said = Said(content)
    sync = Sync(content, said)
    _peers(hub, sync, packs.galaxy)
    actions: Actions = {
        **content_routes.actions(content),
        **older_routes.actions(Older(content)),
        **said_routes.actions(said),
        **sync_routes.actions(sync),
        **search_routes.actions(search),
        **admin_routes.actions(admin, people, core.resolve, FEEDS, lambda: actions),
        **groups_routes.actions(groups, people),
        **people_routes.actions(people),
        **users_routes.actions(users, people),
        **stix_actions(content),
    }
    actions |= _pack_actions(packs, core, actions)
    actions |= sync_remote.actions(_remote(hub, admin, people, actions))
    return MispDoor(actions, people.whoami)


def _peers(hub: MispParts, sync: Sync, galaxies: Galaxies) -> None:
    """Give feeds that are MISPs what of the hub they need."""

    def peer(viewer: Viewer, feed: Feed) -> Peer:
        wanted = feed.wanted
        caller = Caller(viewer, 0, viewer.org or "", STOCK[5])
        source = Source(feed.owner, wanted.tlp, wanted.at_least, wanted.groups, wanted.grade)
        return Peer(sync, caller, source, hub.limits, galaxies.receive, galaxies.versions)

    hub.inbound.peer = peer


def _remote(hub: MispParts, admin: Admin, people: People, actions: Actions) -> sync_remote.Remote:
    """Join the administration of servers to what asks them."""
    index, add = actions["tags", "index"], actions["servers", "add"]

    def rules(call: Call) -> dict[str, list[str]]:
        shown = index.run(replace(call, controller="tags", action="index", arguments=(), named={}, body=None)).body
        orgs = [one.name for one in people.organisations().values() if one.local]
        return {"organisations": sorted(orgs), "tags": sorted(tag["name"] for tag in shown["Tag"])}

    return sync_remote.Remote(
        hub.inbound, version=VERSION, base=_address(hub.settings),
        find=lambda caller, given: admin.find(caller, SERVER, given).body,
        add=lambda call, body: add.run(replace(call, action="add", arguments=(), body=body)),
        own=lambda caller: people.organisation(caller, caller.org), rules=rules)  # fmt: skip


def _address(settings: Settings) -> str:
    """Return the door's base address, as links in exports have it."""
    return (settings.public_url.rstrip("/") or f"http://{settings.http_listen}") + "/misp"


def _packs(hub: MispParts, keep: Keep, numbers: Numbers, people: People, core: Misp) -> Packs:
    """Join what the packages bring: lists, taxonomies, templates, tags, galaxies."""
    library = Library(open_misp_pack, keep, hub.clock, hub.known_good, warninglist_file)
    tags = Tags(library=library, keep=keep, clock=hub.clock, numbers=numbers, people=people,
                projections=hub.projections, audiences=core.audiences)  # fmt: skip
    tags.closed = core.compatible
    library.value_of = tags.value_of
    galaxies = Galaxies(library, core, lambda caller, name: str(tags.shown(caller, name)["id"]), tags.shown)
    return Packs(library, tags, galaxies)


def _pack_actions(packs: Packs, core: Misp, actions: Actions) -> Actions:
    """Return the packages' actions; a cluster is attached as the tag that it is."""

    def attach(call: Call, kind: str, given: str, tag: str, local: bool) -> None:
        target = core.resolve(call.caller, kind.capitalize(), given)
        body = {"uuid": target.uuid, "tag": tag, "local": local}
        actions[("tags", "attachTagToObject")].run(
            replace(call, controller="tags", action="attachTagToObject", arguments=(), named={}, body=body)
        )

    return {
        **library_routes.actions(packs.library),
        **tags_routes.actions(packs.tags),
        **galaxies_routes.actions(packs.galaxy, attach),
    }
