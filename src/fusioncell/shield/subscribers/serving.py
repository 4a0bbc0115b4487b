"""What the DNS server asks: which zone has this name, who may have it, by which keys, who is told; and who holds what.

The tables are replaced whole, never altered, so that the server's thread reads what belongs together.

Who follows the record (the river's thread) alone changes them. Zones of many names take seconds to make, in which it
would do nothing else; where the hub runs, another thread makes them (:meth:`Serving.build`):

1. :meth:`Serving.follow` notes which zones are missing, and goes on. Until they are in the tables, who asks for them is
   refused, as for a zone that never was.
2. The other thread makes them from one snapshot of the projections, takes what came meanwhile from a second one, and
   hands them over. It never touches them again.
3. The next :meth:`Serving.follow` takes the steps since then and puts them into the tables: nobody sees them before, so
   nobody sees them half made or behind.
"""

from __future__ import annotations

import base64
import hmac
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Protocol

from msgspec.structs import replace

from fusioncell.kernel.clock import Clock, Instant
from fusioncell.kernel.ports import Connection, Database
from fusioncell.shield.live_zone import LiveZone
from fusioncell.shield.model import SEVERITIES
from fusioncell.shield.resolvers import Kind
from fusioncell.shield.subscribers.layout import is_main, labels
from fusioncell.shield.subscribers.model import BY_CERTIFICATE, MOST, Choice, Subscriber, Taken
from fusioncell.shield.subscribers.views import Published, View
from fusioncell.shield.zone import ORIGIN

SETTLED = 5_000_000
"""Microseconds after which who has asked for a serial twice, and taken nothing between, holds it already."""
GONE = 86_400_000_000
"""Microseconds of silence after which nothing waits for a subscriber any more."""
SOON = 1_000
"""Steps of the shield's zone up to which a choice's zones are made at once: a small part of a second."""


@dataclass
class _Seen:
    """What we know of one subscriber and zone."""

    at: Instant = 0
    holds: int | None = None
    asked: tuple[int, Instant] = (0, 0)
    """A serial, and since when it has been asked for without being taken."""


@dataclass(frozen=True)
class _Tables:
    subscribers: tuple[Subscriber, ...] = ()
    views: Mapping[str, View] = field(default_factory=dict)
    zones: Mapping[str, LiveZone] = field(default_factory=dict)
    by_key: Mapping[str, Subscriber] = field(default_factory=dict)
    frozen: bool = False


class Standing(Published, Protocol):
    """What the projections say of subscribers, too; see ``store``."""

    def is_frozen(self, connection: Connection) -> bool:
        """Tell whether the hub was restored, and nobody has confirmed its zones."""
        ...

    def has_steps(self, connection: Connection, most: int) -> bool:
        """Tell whether there are more steps of the zone than so many."""
        ...

    def standing(self, connection: Connection, limit: int) -> list[Subscriber]:
        """Return all subscribers that have not ended."""
        ...


class Serving:
    """The zones of all subscribers, and who has them."""

    def __init__(self, database: Database, store: Standing, clock: Clock, secret: bytes,
                 categories: Callable[[], Iterable[str]]) -> None:  # fmt: skip
        self._store = store
        self._database = database
        self._clock = clock
        self._secret = secret
        self._categories = categories
        self._tables = _Tables()
        self.apart = False
        """Whether another thread calls :meth:`build`. Where none does, all zones are made at once."""
        self._missing: Mapping[str, tuple[Choice, tuple[str, ...]]] = {}
        """By base: what is to be made apart, of which categories. Replaced whole."""
        self._made: deque[tuple[str, View]] = deque()
        """What was made apart, with its base, until the tables have it."""
        self._seen: dict[tuple[str, str], _Seen] = {}
        self._clients: dict[tuple[str, str], tuple[str, ...]] = {}

    # -- follow the record -------------------------------------------------------------------------------------------

    def follow(self) -> set[str]:
        """Bring subscribers and zones to the newest step; return the zones that moved or are new."""
        made = {}
        while self._made:  # before the snapshot is taken, which is therefore as new as what was made
            base, view = self._made.popleft()
            made[base] = view
        with self._database.read() as connection:
            subscribers = tuple(self._store.standing(connection, MOST))
            categories = tuple(sorted(self._categories()))
            views, moved, missing = self._views(connection, subscribers, categories, made)
            frozen = self._store.is_frozen(connection)
        zones = {zone.origin: zone for view in views.values() for zone in view.zones.values()}
        by_key = {key.name: one for one in subscribers for key in one.keys if one.served}
        self._tables, self._missing = _Tables(subscribers, views, zones, by_key, frozen), missing
        return moved

    def _views(
        self, connection: Connection, subscribers: Sequence[Subscriber], categories: tuple[str, ...],
        made: Mapping[str, View],
    ) -> tuple[dict[str, View], set[str], dict[str, tuple[Choice, tuple[str, ...]]]]:  # fmt: skip
        """Return the views by base, which zones moved, and what is missing."""
        moved: set[str] = set()
        views: dict[str, View] = {}
        missing: dict[str, tuple[Choice, tuple[str, ...]]] = {}
        for one in subscribers:
            base = self.base(one.choice)
            if not one.served or base in views or base in missing:
                continue
            old = self._tables.views.get(base)
            right = labels(one.choice, categories)  # a PowerDNS has a zone for each category: a new policy, new zones
            found = next((view for view in (old, made.get(base)) if view is not None and view.labels == right), None)
            if found is None and self.apart and self._store.has_steps(connection, SOON):
                missing[base] = one.choice, categories
                found = old  # those that there are go on meanwhile
            elif found is None:
                found = self._view(one.choice, base, categories, connection)
            if found is not None:
                views[base] = found
                moved |= found.follow(connection)
                if found is not old:
                    moved |= {zone.origin for zone in found.zones.values()}
        return views, moved, missing

    def _view(self, choice: Choice, base: str, categories: tuple[str, ...], connection: Connection) -> View:
        return View(choice, base, categories, self._store, connection, self._transferred)

    def build(self) -> None:
        """Make the zones that :meth:`follow` found missing. For a thread of its own, one at a time."""
        for base, (choice, categories) in self._missing.items():
            if base not in self._missing or any(base == each for each, _ in tuple(self._made)):
                continue  # nobody wants it any more, or it waits to be taken
            with self._database.read() as connection:
                view = self._view(choice, base, categories, connection)
            with self._database.read() as connection:
                view.follow(connection)  # what came meanwhile, so that little is left to the river's thread
            self._made.append((base, view))

    def is_building(self, one: Subscriber) -> bool:
        """Tell whether zones that a subscriber may have are being made."""
        return one.served and self.base(one.choice) in self._missing

    def base(self, choice: Choice) -> str:
        """Return the name under which a choice's zones stand. It cannot be guessed: an Unbound shows no key."""
        said = "\n".join((choice.kind, ",".join(choice.categories), ",".join(choice.severities or SEVERITIES),
                          choice.action, choice.garden))  # fmt: skip
        mac = hmac.digest(self._secret, b"zone\n" + said.encode(), "sha256")
        return f"{base64.b32encode(mac)[:10].decode().lower()}.{ORIGIN}"

    # -- what the server asks ----------------------------------------------------------------------------------------

    def zone(self, origin: str) -> LiveZone | None:
        """Return the zone of a name, None for none."""
        return self._tables.zones.get(origin)

    @property
    def frozen(self) -> bool:
        """Whether no zone is given to anyone: this hub was restored, and what it holds may be older than what resolvers
        hold, under a newer serial. They keep the last good zone until someone confirms this one.
        """
        return self._tables.frozen

    def is_main(self, origin: str) -> bool:
        """Tell whether a zone is a main one: big, and nothing waits for it."""
        label, _, base = origin.partition(".")
        view = self._tables.views.get(base)
        return view is not None and is_main(view.choice.kind, label)

    def may_transfer(self, origin: str, who: str, address: str) -> bool:
        """Tell whether a client may have a zone: by a subscriber's key or certificate, or, where it has registered no
        certificate, by its address.
        """
        zone = self.zone(origin) if not self.frozen else None
        clients = self._subscribers(origin, who, address) if zone is not None else ()
        if zone is None or not clients:
            return False
        self._clients[origin, who or address] = clients
        for subscriber in clients:
            self._ask(subscriber, zone)
        return True

    def _subscribers(self, origin: str, who: str, address: str) -> tuple[str, ...]:
        """Say who a client is: by key one; by certificate or address all that take this zone there."""
        base = origin.partition(".")[2]
        if who.startswith(BY_CERTIFICATE):
            shown = who.removeprefix(BY_CERTIFICATE)
            return tuple(one.id for one in self._tables.subscribers if one.served and _shows(one, shown)
                         and (not one.addresses or _within(address, one.addresses))
                         and self.base(one.choice) == base)  # fmt: skip
        if who and not who.startswith("cert:"):
            one = self._tables.by_key.get(who)
            near = one is not None and (not one.addresses or _within(address, one.addresses))
            return (one.id,) if one is not None and near and self.base(one.choice) == base else ()
        return tuple(one.id for one in self._tables.subscribers if one.served and not one.certificates
                     and _within(address, one.addresses) and self.base(one.choice) == base)  # fmt: skip

    def certificates(self) -> frozenset[str]:
        """Return the fingerprints of the certificates by which a subscriber is known now."""
        return frozenset(each for one in self._tables.subscribers if one.served for each in one.certificates)

    def keys(self) -> dict[str, bytes]:
        """Return the keys that may sign now, with their secrets."""
        now = self._clock.now()
        return {key.name: self.secret_of(key.name) for one in self._tables.subscribers if one.served
                for key in one.keys if not key.until or now < key.until}  # fmt: skip

    def secret_of(self, key: str) -> bytes:
        """Return a key's secret, which stands nowhere: it is made of the hub's key and the name."""
        return hmac.digest(self._secret, b"tsig\n" + key.encode(), "sha256")

    def targets(self) -> dict[str, tuple[tuple[str, int, str], ...]]:
        """Return, by zone, who is told of changes: (address, port, name of the key to sign with or "")."""
        found: dict[str, set[tuple[str, int, str]]] = {origin: set() for origin in self._tables.zones}
        for one in self._tables.subscribers:
            view = self._tables.views.get(self.base(one.choice)) if one.served else None
            if view is None:
                continue
            # Only BIND knows a signed NOTIFY for policy zones; Unbound drops it unheard (measured), and polls instead.
            key = one.keys[-1].name if one.keys and one.choice.kind is Kind.BIND else ""
            places = {(address, int(port), key) for address, _, port in (each.partition("@") for each in one.notify)}
            for zone in view.zones.values():
                found[zone.origin] |= places
        return {origin: tuple(sorted(places)) for origin, places in found.items()}

    def parts(self) -> frozenset[Choice]:
        """Return the choices of which each is a zone of its own; a PowerDNS has one for each category."""
        found: set[Choice] = set()
        for choice in {one.choice for one in self._tables.subscribers if one.served}:
            zones = (choice.categories or self._categories()) if choice.kind is Kind.POWERDNS else ()
            found |= {replace(choice, categories=(each,)) for each in zones} or {choice}
        return frozenset(found)

    # -- who holds what ----------------------------------------------------------------------------------------------

    def _ask(self, subscriber: str, zone: LiveZone) -> None:
        now, serial = self._clock.now(), zone.serial
        seen = self._seen.setdefault((subscriber, zone.origin), _Seen())
        seen.at = now
        if seen.asked[0] != serial:
            seen.asked = (serial, now)
        elif now - seen.asked[1] >= SETTLED:
            seen.holds = serial  # asked again, took nothing: it has it

    def _transferred(self, origin: str, client: str, serial: int) -> None:
        for subscriber in self._clients.get((origin, client), ()):
            seen = self._seen.setdefault((subscriber, origin), _Seen())
            seen.at, seen.holds = self._clock.now(), serial

    def fetched(self, subscriber: str, origin: str, holds: int | None) -> None:
        """Note that a subscriber asked for a zone as a file, and which serial it showed to hold, if it did."""
        seen = self._seen.setdefault((subscriber, origin), _Seen())
        seen.at = self._clock.now()
        seen.holds = seen.holds if holds is None else holds

    def taken(self, one: Subscriber) -> list[Taken]:
        """Return what a subscriber holds of each of its zones."""
        view = self._tables.views.get(self.base(one.choice)) if one.served else None
        if view is None:
            return []
        return [Taken(zone.origin, label, zone.serial, seen.holds, seen.at, len(zone.image()))
                for label, zone in view.zones.items()
                for seen in (self._seen.get((one.id, zone.origin), _Seen()),)]  # fmt: skip

    def view_of(self, one: Subscriber) -> View | None:
        """Return the zones that a subscriber may have."""
        return self._tables.views.get(self.base(one.choice)) if one.served else None

    def held(self) -> int | None:
        """Return the shield's serial up to which every live subscriber has all that was lifted; None where one lags."""
        now = self._clock.now()
        position: int | None = None
        for one in self._tables.subscribers:
            view = self.view_of(one)
            if view is None:
                continue
            mains = [each for each in self.taken(one) if is_main(one.choice.kind, each.label)]
            silent = all(now - each.seen > GONE for each in mains)
            if not silent and any(each.holds != each.serial for each in mains):
                return None
            position = view.position if position is None else min(position, view.position)
        return position


def _shows(one: Subscriber, shown: str) -> bool:
    """Tell whether a certificate is one of a subscriber's, in a time that says nothing of which."""
    return any([hmac.compare_digest(each.encode(), shown.encode()) for each in one.certificates])


def _within(address: str, networks: Iterable[str]) -> bool:
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(ip, "ipv4_mapped", None)
    ip = mapped or ip
    return any(ip.version == network.version and ip in network for network in map(ip_network, networks))
