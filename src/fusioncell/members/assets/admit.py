"""Check what is claimed: canonical form, and refusal, with the reason, of what nobody can own. Pure."""

from __future__ import annotations

import ipaddress

from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.observable import ObservableType, guess, is_public_suffix
from fusioncell.members.assets.model import Kind

_LEAST_PREFIX = {4: 8, 6: 20}
"""No larger networks are delegated to one holder today: IANA gave /8s, and RIRs give IPv6 blocks of /20 at most."""
_NO_ONES_TLD = frozenset({"local", "localhost", "internal", "onion", "arpa", "invalid", "alt"})
"""RFC 6761, 6762, 7686, 9476: names that no registry gives."""
_RESERVED_AS = (
    (0, 0, "RFC 7607"), (23456, 23456, "RFC 6793"), (64496, 64511, "documentation, RFC 5398"),
    (64512, 65534, "private use, RFC 6996"), (65535, 65535, "RFC 7300"), (65536, 65551, "documentation, RFC 5398"),
    (65552, 131071, "reserved by IANA"), (4200000000, 4294967294, "private use, RFC 6996"),
    (4294967295, 4294967295, "RFC 7300"),
)  # fmt: skip


def admit(text: str) -> tuple[Kind, str]:
    """Return kind and canonical value of what is claimed. BadInput says why it cannot be."""
    found = guess(text.strip()[:300])
    if found is not None and found.type is ObservableType.DOMAIN:
        return Kind.DOMAIN, _domain(found.value)
    if found is not None and found.type is ObservableType.ASN:
        return Kind.ASN, _as_number(int(found.value))
    if found is not None and found.type in (ObservableType.CIDR, ObservableType.IPV4, ObservableType.IPV6):
        return Kind.CIDR, _network(found.value)
    raise _refused(f"{text[:60]!r} is no network, AS number or domain name",
                   "Write it as 45.10.0.0/22, AS3333 or example.org.")


def _refused(detail: str, hint: str) -> BadInput:
    return BadInput(detail, hint=hint, place="value")


def _domain(name: str) -> str:
    if is_public_suffix(name):
        raise _refused(f"{name} is a public suffix: everybody registers under it", "Claim a name that is yours.")
    if name.rpartition(".")[2] in _NO_ONES_TLD:
        raise _refused(f"{name} is a special-use name, which no registry gives", "Claim a registered name.")
    return name


def _as_number(number: int) -> str:
    for low, high, why in _RESERVED_AS:
        if low <= number <= high:
            raise _refused(f"AS{number} is reserved ({why})", "Claim a number that a registry gave you.")
    return f"AS{number}"


def _network(text: str) -> str:
    net = ipaddress.ip_network(text, strict=False)
    if net.prefixlen < _LEAST_PREFIX[net.version]:
        raise _refused(f"{net} is too large a network for one holder",
                       f"Claim /{_LEAST_PREFIX[net.version]} or smaller.")
    if not (net.network_address.is_global and net.broadcast_address.is_global) or net.is_multicast:
        raise _refused(f"{net} is private or reserved: nobody has it on the Internet", "Claim public addresses.")
    return str(net)
