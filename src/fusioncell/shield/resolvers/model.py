"""What a configuration is written from: which zones, from where, with which key, behind which zones of the ISP's own.

Every value is checked at birth, as all of it ends up between quotes in a resolver's configuration.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum

from fusioncell.kernel.errors import BadInput

PLACEHOLDER = "REPLACExTHISxBYxTHExSECRETxTHATxWASxSHOWNx0="
"""Stands where the key's secret belongs, for it was shown once. Base64 in form, so that a checker takes it."""
MOST_ZONES = 64
"""Policy zones that BIND allows in all (``DNS_RPZ_MAX_ZONES``)."""
_NAME = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\Z", re.ASCII)
_FILE = re.compile(r"[A-Za-z0-9._/@-]{1,200}\Z", re.ASCII)
_SECRET = re.compile(r"[A-Za-z0-9+/]{16,200}={0,2}\Z", re.ASCII)
_UNSAFE = re.compile(r"[^\x20-\x7e]|[\"\\\[\]]")
_HOST_NAME = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*\Z", re.ASCII)


class Kind(StrEnum):
    """The resolvers that we write for."""

    UNBOUND = "unbound"
    BIND = "bind"
    POWERDNS = "powerdns"
    KNOT = "knot"


@dataclass(frozen=True, slots=True)
class OwnZone:
    """A zone of the ISP's own, or one that a law orders: it comes before ours. ``file``: its master file."""

    name: str
    file: str

    def __post_init__(self) -> None:
        if not _NAME.match(self.name) or not _FILE.match(self.file):
            raise BadInput("that is no name and file of a zone", hint="As in blocked.isp.example=/etc/bind/own.zone.",
                           place="own")  # fmt: skip


@dataclass(frozen=True, slots=True)
class ZoneSource:
    """A zone that we serve. ``label``: its short name in logs; ``reason``: what a resolver may tell the user ("" for a
    zone that lets names pass). ``calm``: a main zone; what is new stands in the zones before it, so that a look each
    half minute will do. Merges are a minute apart at least.
    """

    origin: str
    label: str
    reason: str = ""
    calm: bool = False

    def __post_init__(self) -> None:
        if not _NAME.match(self.origin) or not _NAME.match(self.label):
            raise BadInput("that is no name of a zone", place="zone")
        object.__setattr__(self, "reason", _UNSAFE.sub("", self.reason)[:200])


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that a configuration says.

    ``zones``: in the order in which they are asked. ``primary``, ``port``: where they are taken from: the hub, or the
    edge agent beside the resolver. ``tls_name``: the name in the hub's certificate where the transfer runs in TLS (XoT,
    RFC 9103). ``key``, ``secret``: TSIG (RFC 8945). ``own``: zones that come before ours. ``shadow``: log what would be
    answered, and answer as ever. ``folder``: where the resolver keeps its copies. ``url``: the hub's pages, for the one
    that takes its zones as files. ``ede``: the resolver (BIND from 9.20) knows the option of that name.
    ``subscriber``: its id, said with each fetch of a file, so that the hub knows which resolver holds what.
    """

    zones: tuple[ZoneSource, ...]
    primary: str = "127.0.0.1"
    port: int = 5353
    tls_name: str = ""
    ca_file: str = "/etc/ssl/certs/ca-certificates.crt"
    key: str = ""
    secret: str = PLACEHOLDER
    own: tuple[OwnZone, ...] = ()
    shadow: bool = False
    folder: str = ""
    url: str = ""
    ede: bool = False
    subscriber: str = ""

    def __post_init__(self) -> None:
        try:
            ipaddress.ip_address(self.primary)
        except ValueError:
            raise BadInput("the primary is given by its address, not by a name", place="primary",
                           hint="A resolver must not need a resolver to find it: 192.0.2.53.") from None  # fmt: skip
        checks = {
            "port": 0 < self.port < 65_536,
            "tls": not self.tls_name or _HOST_NAME.match(self.tls_name),
            "ca": _FILE.match(self.ca_file),
            "key": not self.key or _NAME.match(self.key),
            "secret": _SECRET.match(self.secret),
            "folder": not self.folder or _FILE.match(self.folder),
            "url": not _UNSAFE.search(self.url) and not set(self.url) & set("' $`;") and len(self.url) <= 300,
            "zones": 0 < len(self.zones) and len(self.zones) + len(self.own) <= MOST_ZONES,
        }
        for place, passed in checks.items():
            if not passed:
                raise BadInput(f"the configuration's {place} cannot be written", place=place,
                               hint="See `fusioncell shield resolver-config --help`.")  # fmt: skip
