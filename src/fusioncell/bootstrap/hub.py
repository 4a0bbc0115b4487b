"""A hub: all rooms joined over the databases of a folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from fusioncell.bootstrap.databases import open_databases
from fusioncell.bootstrap.knowing import join_knowing
from fusioncell.bootstrap.misp import MispParts, misp_door
from fusioncell.bootstrap.outside import open_known_good, read_settings
from fusioncell.bootstrap.products import CSAF_CODES, join_press
from fusioncell.bootstrap.shielding import Shielding, join_shield
from fusioncell.bootstrap.workbench import Bench, join_workbench
from fusioncell.edges.blobs import FolderBlobs
from fusioncell.edges.database import SqlDatabase
from fusioncell.edges.dns_server import DnsServer
from fusioncell.edges.fetch import Reader
from fusioncell.edges.folder import Folder
from fusioncell.edges.mail import SmtpCarrier
from fusioncell.edges.oidc import HttpService
from fusioncell.edges.rounds import Rounds
from fusioncell.edges.system import SystemClock, SystemRandomness
from fusioncell.edges.txt import TxtResolver
from fusioncell.edges.webhook import HttpCaller
from fusioncell.exchange.abuse import Abuse
from fusioncell.exchange.abuse import By as AbuseBy
from fusioncell.exchange.anonymous import Anonymous
from fusioncell.exchange.cursors import Cursors
from fusioncell.exchange.desk import Desk
from fusioncell.exchange.detect import Feeds
from fusioncell.exchange.federation import Federation
from fusioncell.exchange.files import Files
from fusioncell.exchange.held import Holdings
from fusioncell.exchange.hooks import Hooks
from fusioncell.exchange.inbound import Inbound
from fusioncell.exchange.mail import Outbox
from fusioncell.exchange.match import Matcher
from fusioncell.exchange.misp.door.service import MispDoor
from fusioncell.exchange.misp.keep import Keep
from fusioncell.exchange.misp.users import UsersHeld
from fusioncell.exchange.notify import Follower, Notify
from fusioncell.exchange.participation import Participation
from fusioncell.exchange.proxy import Proxy
from fusioncell.exchange.receipts import Ledger
from fusioncell.exchange.requests import Requests
from fusioncell.exchange.talk import Talk
from fusioncell.exchange.taxii import Taxii
from fusioncell.fusion.alike import Texts
from fusioncell.fusion.clusters import Commons
from fusioncell.fusion.clusters.service import Clusters
from fusioncell.fusion.entities import Entities
from fusioncell.fusion.knowngood import STAND_INS, KnownGood
from fusioncell.fusion.learned.service import Learning
from fusioncell.fusion.origins.service import Origins
from fusioncell.fusion.overrides.service import Overrides
from fusioncell.fusion.service import Fusion
from fusioncell.fusion.told import Told
from fusioncell.fusion.verdicts import Verdicts
from fusioncell.fusion.vulns import Vulns
from fusioncell.intake.formats import Limits
from fusioncell.intake.service import Intake
from fusioncell.kernel.clock import DAY, HOUR, Clock
from fusioncell.kernel.errors import Conflict
from fusioncell.kernel.ids import Randomness
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.settings import Settings
from fusioncell.members.accounts import Accounts, IdleRule
from fusioncell.members.accounts.service import Post
from fusioncell.members.assets import Assets
from fusioncell.members.audit import Audit, actor_of
from fusioncell.members.circles import Circles
from fusioncell.members.directory import Directory
from fusioncell.members.joining import Joining
from fusioncell.members.oidc import Provider, Providers
from fusioncell.members.privacy import Privacy, Purge, Room
from fusioncell.members.reach import Reach
from fusioncell.members.sealing import Sealing
from fusioncell.members.service import Members
from fusioncell.members.signing import Signing
from fusioncell.members.signing.passkeys import site_of
from fusioncell.picture.changes import WhatChanges
from fusioncell.picture.coverage import Coverages
from fusioncell.picture.csaf import Csaf
from fusioncell.picture.graph import Graphs
from fusioncell.picture.horizon import Horizon
from fusioncell.picture.matrix import Matrix
from fusioncell.picture.notebook import Notebooks
from fusioncell.picture.products import Products
from fusioncell.picture.saved import SavedQueries
from fusioncell.picture.service import Picture
from fusioncell.picture.situation import Situations
from fusioncell.picture.triage import Triage
from fusioncell.picture.weekly import Weekly
from fusioncell.record import Seal
from fusioncell.record.service import Record
from fusioncell.river import River
from fusioncell.shield.service import Shield

if TYPE_CHECKING:
    pass

DAILY_SECONDS = 6 * 3600.0
"""Between two runs of what is due daily: each run does only what is due, so a restart misses and repeats nothing."""
MAIL_SECONDS = 2.0
"""Between two looks for mail and webhooks' deliveries that are due."""
FEED_SECONDS = 5.0
"""Between two looks for feeds that are due."""
MATCH_SECONDS = 5.0
"""Between two looks whether so much has changed that the bulk match's memory takes it in."""
TELL_SECONDS = 30.0
"""Between two looks for who is to be told by mail."""


@dataclass(slots=True)
class Hub:
    """All rooms of one hub, joined."""

    folder: Folder
    settings: Settings
    clock: Clock
    randomness: Randomness
    databases: dict[str, SqlDatabase]
    seal: Seal
    record: Record
    river: River
    members: Members
    audit: Audit
    joining: Joining
    accounts: Accounts
    assets: Assets
    signing: Signing
    providers: Providers
    circles: Circles
    directory: Directory
    sealing: Sealing
    anonymous: Anonymous
    reach: Reach
    intake: Intake
    fusion: Fusion
    entities: Entities
    matrix: Matrix
    vulns: Vulns
    matcher: Matcher
    cursors: Cursors
    picture: Picture
    products: Products
    csaf: Csaf
    weekly: Weekly
    printer: Callable[[str], bytes]
    shield: Shield
    shielding: Shielding
    talk: Talk
    desk: Desk
    files: Files
    requests: Requests
    clusters: Clusters
    mail: Outbox
    """The outbox of mail: the port ``kernel.ports.Mail``."""
    receipts: Ledger
    participation: Participation
    proxy: Proxy
    feeds: Feeds
    notify: Notify
    hooks: Hooks
    follower: Follower
    inbound: Inbound
    federation: Federation
    abuse: Abuse
    privacy: Privacy
    mispdoor: MispDoor
    taxii: Taxii
    origins: Origins
    overrides: Overrides
    learning: Learning
    texts: Texts
    whatchanges: WhatChanges
    verdicts: Verdicts
    triage: Triage
    graphs: Graphs
    notebooks: Notebooks
    saved: SavedQueries
    horizon: Horizon
    coverages: Coverages
    situations: Situations
    local_token: str = ""
    demo_roles: list[dict[str, str]] = field(default_factory=list)
    """The demonstration's ready sign-ins for the sign-in page: name, org, role, href."""
    rounds: list[Rounds] = field(default_factory=list)
    """Threads that carry mail and the like; they run while the hub serves."""

    def start(self) -> None:
        """Let the river run in its thread, and the shield after each batch."""
        self.river.first_after_batch(self.shielding.follow)
        self.river.after_batch(self._after_batch)
        self.river.after_batch(lambda: self.follower.follow(self.river.position))
        self.river.start()
        self.rounds = [
            Rounds("mail", self.mail.deliver, MAIL_SECONDS),
            Rounds("tell", self.tell, TELL_SECONDS),
            Rounds("webhooks", self.hooks.deliver, MAIL_SECONDS), Rounds("feeds", self.inbound.round, FEED_SECONDS),
            Rounds("day", self.daily, DAILY_SECONDS), Rounds("receipts", self.receipts.round, 1.0),
            Rounds("match", self.matcher.round, MATCH_SECONDS), Rounds("exports", self.feeds.round, MATCH_SECONDS),
            Rounds("witnesses", self.shielding.asking.round, TELL_SECONDS), self.shielding.building(),
        ]
        for each in self.rounds:
            each.start()

    def tell(self) -> None:
        """Remind of questions whose deadline is near or has passed, then send the mails that are due."""
        self.notify.remind(self.requests, lambda: [
            who.id for org in self.members.organisations() for who in self.members.people_of(org.id)])  # fmt: skip
        self.notify.alarm(self.assets.fresh_alerts(), lambda org: [who.id for who in self.members.people_of(org)])
        self.notify.tell()

    def daily(self) -> None:
        """Do what a day asks for: idle accounts take their steps, what has run its time is deleted."""
        self.accounts.run_idle()
        self.assets.recheck()
        for each in (self.members, self.signing, self.audit, self.mail, self.notify, self.hooks, self.files,
                     self.privacy):  # fmt: skip
            each.tidy()
        self.follower.save()
        self.origins.learn()
        self.learning.learn()
        self.shielding.daily()

    def _after_batch(self) -> None:
        self.shielding.act()
        self.anonymous.release()
        self.proxy.follow()
        self.products.follow()
        self.assets.alarm()
        self.files.sweep()

    def settle(self) -> None:
        """Project and act until nothing is left to do (for commands that run without the thread)."""
        while (self.river.run_dry() or self.shielding.act() or self.anonymous.release() or self.proxy.follow()
               or self.products.follow() or self.assets.alarm()):  # fmt: skip
            pass
        self.shield.follow()
        self.files.sweep()

    async def serve_dns(self, listen: str, **more: Any) -> DnsServer:
        """Serve the zone as its primary on the running event loop."""
        return await self.shielding.serve_dns(listen, **more)

    def close(self) -> None:
        """Stop: nothing accepted is lost."""
        for each in self.rounds:
            each.close()
        self.receipts.close()
        self.river.close()
        self.follower.save()
        self.record.close()
        for database in self.databases.values():
            database.checkpoint()
            database.close()
        self.folder.unlock()


def open_hub(
    data: str | Path, settings: Settings | None = None, *, clock: Clock | None = None,
    randomness: Randomness | None = None, known_good: KnownGood | None = None,
) -> Hub:  # fmt: skip
    """Open the hub in a data folder. Conflict where another process has it."""
    folder = Folder(data)
    _ = folder.kind
    if not folder.lock():
        raise Conflict(f"another process has {folder.path}", hint="Stop it, or let the command go through it.")
    given = settings or read_settings(data=str(data))
    return assemble(folder, given, clock or SystemClock(), randomness or SystemRandomness(), known_good)


def assemble(
    folder: Folder, settings: Settings, clock: Clock, randomness: Randomness, known_good: KnownGood | None
) -> Hub:
    """Join all rooms over the databases of a folder."""
    databases = open_databases(folder, settings)
    key = folder.key()
    seal = Seal(key[:32])
    record = Record(databases["record"], clock, randomness)
    projections = databases["projections"]
    known_good = known_good or open_known_good()
    fusion = Fusion(projections, clock, known_good.sparing(STAND_INS) if folder.kind == "demo" else known_good)
    river = River(record, projections, seal, Commons(fusion.known_good))
    limits = Limits(max_body=settings.max_body_mb << 20, codes=CSAF_CODES)
    intake = Intake(record, projections, randomness, folder, limits)

    def settle(seq: int) -> None:
        if not river.wait_for(seq, 30.0 if river.running else 0.0):
            river.run_dry()

    people = _people(settings, databases, key[32:], record, settle, clock, randomness)
    members, audit, circles, mail = people.members, people.audit, people.circles, people.mail
    sealing = Sealing(record=record, vault=databases["vault"], projections=projections, members=members, audit=audit,
                      clock=clock, randomness=randomness, settle=settle)
    receipts = Ledger(record=record, vault=databases["vault"], projections=projections, intake=intake, members=members,
                      circles=circles, mail=mail, clock=clock, randomness=randomness,
                      position=lambda: river.position, secret=sha256(b"receipts" + key).digest())  # fmt: skip
    reach = Reach(projections, members, clock)
    shielding = join_shield(folder=folder, settings=settings, key=key, databases=databases, record=record,
                            fusion=fusion, intake=intake, clock=clock, randomness=randomness, settle=settle,
                            proved_names=people.assets.proved_names, on_open=_noting(audit))
    shield = shielding.shield
    picture = Picture(record, projections, fusion, intake, clock)
    matcher = Matcher(fusion, clock, sha256(b"match" + key).digest(), lambda: river.position)
    river.on_arrived(matcher.arrived)
    vault = databases["vault"]
    desk = Desk(vault, clock, randomness)
    talk = Talk(record, projections, desk, intake, fusion, clock, randomness, seal)
    anonymous = Anonymous(vault=vault, sealing=sealing, intake=intake, talk=talk, clock=clock, randomness=randomness)
    files = _files(folder, settings, vault, projections, clock, lambda: river.position >= record.head()[0])
    hooks, follower, notify = _telling(settings, databases, key, clock, randomness, record, river, intake, members,
                                       desk, mail)
    feeds = _feeds(settings, record, vault, projections, fusion, intake, seal, clock, river)
    follower.assets_of = people.assets.assets_of
    people.assets.on_change += [follower.changed, shielding.protect]
    known = join_knowing(record, projections, fusion, intake, members, clock, randomness)
    inbound = _inbound(settings, record, intake, members, audit, vault, clock, randomness, key)
    requests = Requests(record, projections, talk, clock, randomness)
    bench = join_workbench(record, projections, picture, fusion, shield, members, people.assets, requests, known,
                           clock, randomness)
    follower.query_of, notify.may_use = bench.test_of, bench.may_use
    press = join_press(settings, record, projections, intake, picture, fusion, members, receipts, seal, clock,
                       randomness)
    taxii, federation = _taxii(record, projections, intake, members, circles, river, seal, inbound.hub)
    return Hub(
        folder=folder, settings=settings, inbound=inbound, clock=clock, randomness=randomness, databases=databases,
        seal=seal, record=record, river=river, intake=intake, fusion=fusion, matcher=matcher,
        cursors=Cursors(vault, clock, seal), picture=picture, shield=shield, shielding=shielding, feeds=feeds,
        receipts=receipts, sealing=sealing, anonymous=anonymous, reach=reach, talk=talk, desk=desk, files=files,
        notify=notify, hooks=hooks, follower=follower, requests=requests,
        privacy=_privacy(settings, databases, record, intake, people, desk, notify, clock, randomness, bench,
                         press.products, known.origins, known.overrides),
        participation=Participation(record=record, projections=projections, members=members, clock=clock),
        proxy=Proxy(record=record, projections=projections, intake=intake, receipts=receipts, members=members),
        mispdoor=misp_door(MispParts(
            settings=settings, key=key, vault=vault, clock=clock, randomness=randomness, members=members,
            accounts=people.accounts, signing=people.signing, audit=audit, mail=mail, record=record,
            projections=projections, settle=settle, known_good=fusion.known_good, inbound=inbound,
            limits=intake.limits,
        )), taxii=taxii, federation=federation, abuse=_abuse(settings, record, projections, fusion, seal, people),
        **known._asdict(), **press._asdict(), **people._asdict(), **bench._asdict(),
    )  # fmt: skip


def _files(folder: Folder, settings: Settings, vault: SqlDatabase, projections: SqlDatabase, clock: Clock,
           is_settled: Callable[[], bool]) -> Files:  # fmt: skip
    """Join the files that lie beside the databases."""
    return Files(blobs=FolderBlobs(folder.path / "files"), vault=vault, projections=projections, clock=clock,
                 most=settings.max_files_mb << 20, is_settled=is_settled)  # fmt: skip


def _feeds(settings: Settings, record: Record, vault: SqlDatabase, projections: SqlDatabase, fusion: Fusion,
           intake: Intake, seal: Seal, clock: Clock, river: River) -> Feeds:  # fmt: skip
    """Join what tools are given to look for."""
    feeds = Feeds(
        record=record, vault=vault, projections=projections, fusion=fusion, intake=intake, seal=seal, clock=clock,
        base=_base(settings), position=river.position,
    )  # fmt: skip
    river.on_arrived(feeds.arrived)
    return feeds


def _base(settings: Settings) -> str:
    """Return the address that links of this hub begin with."""
    return settings.public_url or f"http://{settings.http_listen}"


def _abuse(settings: Settings, record: Record, projections: SqlDatabase, fusion: Fusion, seal: Seal, people: _People
           ) -> Abuse:  # fmt: skip
    """Join what is told of members' own networks."""
    return Abuse(record=record, told=Told(projections), fusion=fusion, seal=seal, assets_of=people.assets.assets_of,
                 by=AbuseBy(_base(settings), settings.smtp_from))  # fmt: skip


def _noting(audit: Audit) -> Callable[[Viewer | None, str], None]:
    """Return what writes each look at the log's openings to the audit log."""

    def note(viewer: Viewer | None, name: str) -> None:
        # Which name, and how many there were, is what was read: others who read the log may not see that.
        detail = f"{'of one name' if name else 'of all names'}{'' if viewer else ', by its owner'}"
        org, actor = ((viewer.org or "", actor_of(viewer)) if viewer else ("", ""))
        audit.note("openings.read", org=org, actor=actor, detail=detail)

    return note


def _inbound(settings: Settings, record: Record, intake: Intake, members: Members, audit: Audit, vault: SqlDatabase,
             clock: Clock, randomness: Randomness, key: bytes) -> Inbound:  # fmt: skip
    """Join what is pulled from elsewhere."""
    return Inbound(
        record=record, intake=intake, members=members, audit=audit, vault=vault, clock=clock, randomness=randomness,
        web=Reader(settings.feed_allow.split(",")), key=sha256(b"feeds" + key).digest(),
        hub=sha256(b"hub" + key).hexdigest()[:32],
    )  # fmt: skip


def _taxii(record: Record, projections: SqlDatabase, intake: Intake, members: Members, circles: Circles, river: River,
           seal: Seal, hub: str) -> tuple[Taxii, Federation]:  # fmt: skip
    """Join the TAXII door to the record, the groups' names and the river; and what other hubs ask beside it."""
    taxii = Taxii(
        record=record, projections=projections, intake=intake,
        names=lambda viewer: {seen.group.id: seen.group.name for seen in circles.listed(viewer)},
        position=lambda: river.position if river.running else None, lag=river.lag,
    )  # fmt: skip
    return taxii, Federation(record=record, intake=intake, members=members, taxii=taxii, seal=seal,
                             position=lambda: river.position, hub=hub)  # fmt: skip


class _People(NamedTuple):
    """The membership with what stands on it."""

    members: Members
    audit: Audit
    signing: Signing
    providers: Providers
    mail: Outbox
    circles: Circles
    directory: Directory
    joining: Joining
    accounts: Accounts
    assets: Assets


def _people(
    settings: Settings, databases: dict[str, SqlDatabase], key: bytes, record: Record, settle: Callable[[int], None],
    clock: Clock, randomness: Randomness,
) -> _People:  # fmt: skip
    """Join the membership: who is in, how they sign in, their groups, who joins. ``key``: of the vault."""
    projections = databases["projections"]
    audit = Audit(databases["vault"], clock)
    members = Members(
        record=record, vault=databases["vault"], projections=projections, clock=clock, randomness=randomness,
        vault_key=key, settle=settle, session_life=settings.session_hours * HOUR, audit=audit,
    )  # fmt: skip
    signing = Signing(
        members=members, audit=audit, vault=databases["vault"], clock=clock, randomness=randomness, vault_key=key,
        site=site_of(settings.public_url, settings.http_listen),
    )  # fmt: skip
    providers = Providers(
        provider=provider_of(settings), web=HttpService(settings.oidc_issuer), members=members, signing=signing,
        audit=audit, vault=databases["vault"], clock=clock, randomness=randomness, vault_key=key,
    )  # fmt: skip
    mail = Outbox(databases["vault"], clock, randomness, mail_carrier(settings))
    circles = Circles(
        members=members, record=record, projections=projections, clock=clock, randomness=randomness, audit=audit,
        mail=mail, base=_base(settings), brake=signing.brake_mail,
    )  # fmt: skip
    directory = Directory(
        members=members, circles=circles, record=record, projections=projections, clock=clock, randomness=randomness,
        key=key, audit=audit, mail=mail, base=_base(settings),
        brake=signing.brake_mail,
    )  # fmt: skip
    joining = Joining(
        members=members, audit=audit, record=record, projections=projections, clock=clock, randomness=randomness,
        brake=lambda address: signing.brake("apply", address), mail=mail, site=settings.public_url,
    )  # fmt: skip
    accounts = Accounts(
        members=members, joining=joining, audit=audit, record=record, vault=databases["vault"],
        projections=projections, clock=clock, rule=IdleRule(settings.idle_days, settings.grace_days),
        post=Post(mail, settings.public_url.rstrip("/"), signing.brake_mail),
    )  # fmt: skip
    assets = Assets(
        members=members, audit=audit, record=record, projections=projections, clock=clock, randomness=randomness,
        key=key, look_up=TxtResolver(settings.resolver).look_up,
    )  # fmt: skip
    return _People(members, audit, signing, providers, mail, circles, directory, joining, accounts, assets)


def _telling(
    settings: Settings, databases: dict[str, SqlDatabase], key: bytes, clock: Clock, randomness: Randomness,
    record: Record, river: River, intake: Intake, members: Members, desk: Desk, mail: Outbox,
) -> tuple[Hooks, Follower, Notify]:  # fmt: skip
    """Join what tells members of news: webhooks, what follows the river, notices."""
    vault, seal = databases["vault"], Seal(key[:32])
    hooks = Hooks(
        record=record, intake=intake, vault=vault, clock=clock, randomness=randomness, seal=seal,
        viewer_of=members.viewer_of, caller=HttpCaller(settings.webhook_allow.split(",")),
        key=sha256(b"webhooks" + key).digest(), address=settings.public_url,
    )  # fmt: skip
    follower = Follower(record, databases["projections"], vault, clock, members, desk, hooks)
    hooks.on_change.append(follower.changed)
    members.on_change(follower.membership_changed)
    river.on_arrived(follower.arrived)
    notify = Notify(
        record=record, intake=intake, vault=vault, clock=clock, randomness=randomness, seal=seal, parties=members,
        threads=desk, follower=follower, outbox=mail, address=settings.public_url,
    )  # fmt: skip
    return hooks, follower, notify


def _privacy(
    settings: Settings, databases: dict[str, SqlDatabase], record: Record, intake: Intake, people: _People, desk: Desk,
    notify: Notify, clock: Clock, randomness: Randomness, bench: Bench, products: Products,
    origins: Origins, overrides: Overrides,
) -> Privacy:  # fmt: skip
    """Join what hands personal data over and erases it."""
    vault, projections = databases["vault"], databases["projections"]

    def checkpoint() -> None:
        for each in databases.values():
            each.checkpoint()

    held = Holdings(record=record, intake=intake, projections=projections, vault=vault,
                    viewer_of=people.members.operator_viewer)  # fmt: skip
    misp = UsersHeld(Keep(vault))
    rooms = [*held.rooms(desk, notify), Room("workbench", bench.held_on, lambda who: None),
             Room("products", lambda who, _: {"products_drafted": products.written(who.id, who.org)},
                  lambda who: None),
             Room("sources", lambda who, sight: {"sources_judged": origins.judged_by(who.id, sight),
                                                 "values_judged": overrides.judged_by(who.id, sight)},
                  lambda who: None),
             Room("misp", lambda who, _: misp.held_on(who.id, who.email),
                                             lambda who: misp.forget(who.id, who.email), private=True)]
    purge = Purge(rooms, lambda who: held.posts_of(who.id),
                  lambda who: held.withdraw(who.id, who.org), people.mail.forget,
                  checkpoint)  # fmt: skip
    return Privacy(
        members=people.members, audit=people.audit, record=record, vault=vault, projections=projections, clock=clock,
        randomness=randomness, purge=purge, keep_refused=settings.application_days * DAY,
    )  # fmt: skip


def mail_carrier(settings: Settings) -> SmtpCarrier | None:
    """Return what takes mail to the mail server of the settings; None where none is set. BadInput for bad settings."""
    if not settings.smtp_host:
        return None
    return SmtpCarrier(settings.smtp_host, settings.smtp_port, settings.smtp_from, settings.smtp_user,
                       settings.smtp_password, settings.smtp_tls)


def provider_of(settings: Settings) -> Provider | None:
    """Return the identity provider that the settings name, None where they name none."""
    if not settings.oidc_issuer or not settings.oidc_client_id:
        return None
    return Provider(settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret, settings.oidc_name,
                    settings.oidc_match_email == "yes")  # fmt: skip


