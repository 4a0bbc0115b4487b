"""The packages of the shield, joined: what decides, undoes, renders, logs and counts, each over the same record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fusioncell.bootstrap.appealing import DnsProofs
from fusioncell.edges.database import SqlDatabase
from fusioncell.edges.dns_notify import NotifyTarget
from fusioncell.edges.dns_request import known_or_near
from fusioncell.edges.dns_server import LOOPBACK, DnsServer, start_dns_server
from fusioncell.edges.dns_tls import xot
from fusioncell.edges.dns_tsig import TsigKey
from fusioncell.edges.fetch import Reader
from fusioncell.edges.folder import Folder
from fusioncell.edges.rounds import Rounds
from fusioncell.edges.txt import TxtResolver
from fusioncell.fusion.service import Fusion
from fusioncell.intake.service import Intake
from fusioncell.kernel.clock import Clock
from fusioncell.kernel.ids import Randomness
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.settings import Settings, host_port
from fusioncell.record import Seal
from fusioncell.record.service import Record
from fusioncell.shield.appeals.service import Appeals
from fusioncell.shield.auditing.service import Auditing
from fusioncell.shield.charter.service import Charter
from fusioncell.shield.fuse.service import Fuse
from fusioncell.shield.guards.service import Guards
from fusioncell.shield.hits.service import Hits
from fusioncell.shield.holds.service import Holds
from fusioncell.shield.lift.service import Lifts
from fusioncell.shield.radius.service import Radii
from fusioncell.shield.recheck.service import Recheck
from fusioncell.shield.service import Shield
from fusioncell.shield.standing.service import StandingApprovals
from fusioncell.shield.subscribers.service import Subscribers
from fusioncell.shield.subscribers.serving import Serving
from fusioncell.shield.translog import key_named
from fusioncell.shield.translog.asking import Asking, addresses_in
from fusioncell.shield.translog.project import NONCES
from fusioncell.shield.translog.service import Translog

MAIN_AFTER = 1.0
"""Seconds by which secondaries hear later of a main zone: what is lifted passes by a small zone, and a resolver that is
busy with a big one (Unbound: 3 s) would take that one first."""


BUILD_SECONDS = 0.5
"""Between two looks for subscribers' zones that are to be made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shielding:
    """The shield with all that stands on it. Each package adds its field, and its turn to the methods below."""

    settings: Settings
    shield: Shield
    proved_names: Callable[[], Sequence[str]]
    """The names that members proved, without whose they are: all that the shield learns of the membership."""
    charter: Charter
    guards: Guards
    holds: Holds
    standing: StandingApprovals
    lifts: Lifts
    fuse: Fuse
    appeals: Appeals
    translog: Translog
    asking: Asking
    subscribers: Subscribers
    hit_counts: Hits
    radii: Radii
    recheck: Recheck
    auditing: Auditing

    def follow(self) -> None:
        """Bring the zones to the newest step, if a batch brought any: a block or a lift waits for nothing else."""
        if self.shield.follow():
            self.subscribers.follow()

    def act(self) -> int:
        """After each batch: bring the zones to the newest step, do what is due; return how many entries that made."""
        self.shield.follow()
        self.subscribers.follow()
        done = self.subscribers.act() + self.shield.act() + self.recheck.act() + self.standing.act() + self.fuse.act()
        return done + self.translog.act() + self.hit_counts.act()

    def protect(self) -> None:
        """Guard the names that are proved now, and those no more that are not."""
        self.shield.guards.keep_protected(self.proved_names())

    def daily(self) -> None:
        """Do what a day asks for."""
        self.protect()
        self.appeals.tidy()

    def building(self) -> Rounds:
        """Give the thread that makes big zones from now on: the river's would stand still for seconds."""
        self.subscribers.serving.apart = True
        return Rounds("zones", self.subscribers.serving.build, BUILD_SECONDS)

    async def serve_dns(self, listen: str, **more: Any) -> DnsServer:
        """Serve the zones as their primary on the running event loop."""
        host, port = host_port(listen)
        targets = [
            NotifyTarget(*host_port(part.strip())) for part in self.settings.dns_notify.split(",") if part.strip()
        ]
        near, origin, serving = known_or_near(LOOPBACK), self.shield.zone.origin, self.subscribers.serving
        server = await start_dns_server(
            lambda name: self.shield.zone if name == origin else serving.zone(name), host, port,
            may_transfer=lambda zone, who, address: (
                not serving.frozen and near(zone, "", address) if zone == origin else
                serving.may_transfer(zone, who, address)),
            tls=xot(self.settings), **more,
        )  # fmt: skip
        server.set_notify(origin, targets)
        self.shield.on_zone_change(lambda: server.zone_changed(origin))
        follow_subscribers(serving, self.subscribers, server)
        return server


def follow_subscribers(serving: Serving, subscribers: Subscribers, server: DnsServer) -> None:
    """Keep the server's keys and secondaries as the subscribers have them, and tell of each zone that moves."""
    told: dict[str, tuple[tuple[str, int, str], ...]] = {}
    signing: dict[str, bytes] = {}

    was_frozen = False

    def follow(moved: set[str]) -> None:
        nonlocal was_frozen
        if was_frozen and not serving.frozen:
            server.zone_changed()  # who was refused for long asks rarely
        was_frozen = serving.frozen
        server.set_certificates(serving.certificates())
        keys = serving.keys()
        if keys != signing:
            signing.clear()
            signing.update(keys)
            server.set_keys([TsigKey(name, secret) for name, secret in keys.items()])
        targets = serving.targets()
        for zone in [zone for zone in {*told, *targets} if told.get(zone) != targets.get(zone)]:
            told[zone] = targets.get(zone, ())
            server.set_notify(zone, [NotifyTarget(host, port, TsigKey(key, keys[key]) if key in keys else None)
                                     for host, port, key in told[zone]])  # fmt: skip
        for zone in sorted(moved):
            server.zone_changed(zone, after=MAIN_AFTER if serving.is_main(zone) else 0.0)

    follow(set())
    subscribers.on_change(follow)


def join_shield(
    *, folder: Folder, settings: Settings, key: bytes, databases: dict[str, SqlDatabase], record: Record,
    fusion: Fusion, intake: Intake, clock: Clock, randomness: Randomness, settle: Callable[[int], None],
    proved_names: Callable[[], Sequence[str]], on_open: Callable[[Viewer | None, str], None],
) -> Shielding:  # fmt: skip
    """Join the shield. ``key``: the hub's (derive yours by a label); ``settle(seq)`` waits for the projections;
    ``on_open`` is told of each look at the log's openings (``Translog.on_open``).

    None of it may reach the membership: parties are opaque ids here (DESIGN §1, rule 3).
    """
    projections = databases["projections"]
    shield = Shield(record, projections, fusion, intake, clock, randomness)
    shield.charter.settle = settle
    lifts = Lifts(record, projections, fusion, shield, clock, randomness)
    shield.bars = lifts
    holds = Holds(record, projections, clock, randomness, sha256(b"holds" + key).digest(), shield.endings_on)
    shield.held = holds.held
    standing = StandingApprovals(record, projections, fusion, shield, clock, randomness)
    fuse = shield.fuse = Fuse(record, projections, shield, lifts, clock, randomness)
    appeals = Appeals(record, projections, shield, lifts, intake,
                      DnsProofs(sha256(b"appeals" + key).digest(), TxtResolver(settings.resolver)), clock, randomness)
    translog = _translog(settings, key, record, projections, clock, randomness)
    translog.on_open = on_open
    subscribers = Subscribers(record, projections, shield, clock, randomness, public_url=settings.public_url,
                              secret=sha256(b"subscribers" + key).digest())  # fmt: skip
    fuse.parts = subscribers.serving.parts
    recheck = Recheck(record, projections, fusion, shield, fuse)
    fuse.found = recheck.lacking
    asking = Asking(translog, Reader(settings.webhook_allow.split(",")), addresses_in(settings.log_witness_urls), clock)
    hits = Hits(record, projections, intake, subscribers, clock, randomness)
    return Shielding(settings=settings, shield=shield, proved_names=proved_names,
                     charter=shield.charter, guards=shield.guards, holds=holds, standing=standing,
                     lifts=lifts, fuse=fuse, appeals=appeals, translog=translog, asking=asking,
                     subscribers=subscribers, hit_counts=hits,
                     radii=Radii(record, projections, fusion, shield.guards), recheck=recheck,
                     auditing=Auditing(record, projections, shield, fuse, standing, clock))  # fmt: skip


def _translog(settings: Settings, key: bytes, record: Record, projections: SqlDatabase, clock: Clock,
              randomness: Randomness) -> Translog:  # fmt: skip
    """Join the transparency log. Its signing key is made of the hub's and never leaves the process."""
    host = urlsplit(settings.public_url).netloc or f"{sha256(b'hub' + key).hexdigest()[:16]}.invalid"
    return Translog(
        record=record, database=projections, clock=clock, randomness=randomness,
        private=Ed25519PrivateKey.from_private_bytes(sha256(b"translog" + key).digest()),
        nonces=Seal(key[:32]).derive(NONCES), origin=settings.log_origin.strip() or f"{host}/log",
        witnesses=[key_named(part) for part in settings.log_witnesses.split(",") if part.strip()],
    )  # fmt: skip
