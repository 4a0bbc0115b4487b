"""A response policy zone as text, with MISP's parameters (DNS RPZ, draft-vixie-dnsop-dns-rpz). Pure.

Only canonical names and addresses become owners; what ``ns``, ``email``, ``walled_garden`` say must be a name, and
times must be times, or MISP's defaults stand. The hub's own zones, decided by people, are ``shield``'s.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from fusioncell.exchange.misp.search.model import About, Hit
from fusioncell.exchange.misp.search.write_lists import observables
from fusioncell.kernel.observable import ObservableType

POLICIES = {
    "drop": ("DROP", "rpz-drop.", "timeout."),
    "nxdomain": ("NXDOMAIN", ".", "return NXDOMAIN (name does not exist) irrespective of actual result received."),
    "nodata": ("NODATA", "*.", "return NODATA (name exists but no answers returned) irrespective of actual result."),
    "walled-garden": ("walled-garden", "", "return the defined alternate location."),
    "local-data": ("Local-Data", "", "return the defined alternate location."),
    "passthru": ("PASSTHRU", "rpz-passthru.", "be answered as usual."),
    "tcp-only": ("TCP-only", "rpz-tcp-only.", "be answered over TCP only."),
}
"""Policy, in lower case → (MISP's name, the CNAME's target, what is said of it)."""
_BY_NUMBER = ("drop", "nxdomain", "nodata", "walled-garden", "passthru", "tcp-only")
"""MISP's numbers of the policies."""
_DEFAULTS = {"walledgarden": "127.0.0.1", "serial": "$date00", "ttl": "1w", "refresh": "2h", "retry": "30m",
             "expiry": "30d", "minimumttl": "1h", "ns": "localhost.", "nsalt": "",
             "email": "root.localhost"}  # fmt: skip
_NAME = re.compile(r"(?=.{1,250}\Z)(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?\.)*"
                   r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?\.?\Z")  # fmt: skip
_TIME = re.compile(r"[0-9]{1,9}[smhdwSMHDW]?\Z")
_SERIAL = re.compile(r"[0-9]{1,10}\Z")
MAX_OWNER = 220
"""Longest owner name: the zone's own name is added to it, and 253 is the end."""


def write_rpz(hits: Iterable[Hit], about: About) -> bytes:
    """Write the zone: addresses, domains with all below them, host names."""
    set_to = _settings(about)
    action = set_to["action"]
    owners: dict[str, dict[str, None]] = {"ip": {}, "domain": {}, "hostname": {}}
    for hit in hits:
        if hit.type not in ("ip-src", "ip-dst", "domain", "domain|ip", "hostname", "ip-src|port", "ip-dst|port"):
            continue
        for found in observables(hit):
            if found.type is ObservableType.DOMAIN and len(found.value) <= MAX_OWNER:
                owners["hostname" if hit.type == "hostname" else "domain"][found.value] = None
            elif found.type in (ObservableType.IPV4, ObservableType.IPV6, ObservableType.CIDR):
                owners["ip"][address_owner(found.value)] = None
    parts = [_head(set_to)]
    for kind, what in (("ip", "list of IP addresses"), ("domain", "domain names and all of their sub-domains"),
                       ("hostname", "hostnames")):  # fmt: skip
        if owners[kind]:
            lines = [f"; The following {what} will {set_to['said']}"]
            for owner in owners[kind]:
                lines.append(f"{owner} CNAME {action}")
                if kind == "domain":
                    lines.append(f"*.{owner} CNAME {action}")
            parts.append("\n".join(lines) + "\n")
    return "\n".join(parts).encode()


def address_owner(address: str) -> str:
    """Return the owner name of an address or network: ``32.4.3.2.1.rpz-ip``; IPv6 reversed, ``zz`` for ``::``."""
    network = ipaddress.ip_network(address, strict=False)
    if network.version == 4:
        turned = ".".join(reversed(str(network.network_address).split(".")))
    else:
        groups = str(network.network_address).replace("::", ":zz:").strip(":").split(":")
        turned = ".".join(reversed([group for group in groups if group]))
    return f"{network.prefixlen}.{turned}.rpz-ip"


def _settings(about: About) -> dict[str, str]:
    given = about.options
    policy = str(given.get("policy", "nxdomain")).lower().replace("_", "-")
    if policy.isdigit() and int(policy) < len(_BY_NUMBER):
        policy = _BY_NUMBER[int(policy)]
    _, target, said = POLICIES.get(policy, POLICIES["nxdomain"])
    names = {key: _checked(given, key, _NAME) for key in ("ns", "nsalt", "email", "walledgarden")}
    times = {key: _checked(given, key, _TIME) for key in ("ttl", "refresh", "retry", "expiry", "minimumttl")}
    today = datetime.fromtimestamp(about.now, UTC).strftime("%Y%m%d")
    serial = str(given.get("serial") or _DEFAULTS["serial"]).replace("$date", today).replace("$time", str(about.now))
    if not _SERIAL.match(serial) or int(serial) > 0xFFFFFFFF:
        serial = today + "00"
    return {**names, **times, "serial": serial, "said": said, "action": target or names["walledgarden"]}


def _checked(given: Mapping[str, Any], name: str, shape: re.Pattern[str]) -> str:
    value = str(given.get(name) or _DEFAULTS[name])
    return value if shape.match(value) else _DEFAULTS[name]


def _head(said: Mapping[str, str]) -> str:
    lines = [
        f"$TTL {said['ttl']};",
        f"@               SOA {said['ns']} {said['email']} ({said['serial']} {said['refresh']} {said['retry']} "
        f"{said['expiry']} {said['minimumttl']})",
        f"                NS {said['ns']}",
    ]
    if said["nsalt"]:
        lines.append(f"                NS {said['nsalt']}")
    return "\n".join(lines) + "\n"
