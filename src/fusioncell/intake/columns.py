"""The columns of indicator lists: which names mean what, and what a table with these names is.

The names are those of the feeds in use (abuse.ch, Shadowserver's reports, MISP's CSV export, OTX, vendors' lists).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from fusioncell.kernel.observable import ObservableType

_T = ObservableType
Columns = tuple[tuple[int, ObservableType | None], ...]

_VALUES: tuple[tuple[ObservableType | None, tuple[str, ...]], ...] = (
    (None, ("value", "indicator", "ioc", "ioc_value", "indicator_value", "observable", "observable_value", "iocs")),
    (_T.URL, ("url", "uri", "phish_url", "malware_url")),
    (_T.DOMAIN, ("domain", "domain_name", "hostname", "fqdn", "host", "domains")),
    (_T.SHA256, ("sha256", "sha256_hash", "sha_256", "sha256hash")),
    (_T.SHA1, ("sha1", "sha1_hash", "sha_1", "sha1hash")),
    (_T.MD5, ("md5", "md5_hash", "md5hash")),
    (_T.SHA512, ("sha512", "sha512_hash", "sha_512")),
    (_T.IPV4, ("ip", "dst_ip", "ip_address", "ipaddress", "ip_addr", "ipv4", "ipv6", "src_ip", "c2_ip", "address")),
    (_T.CIDR, ("cidr", "network", "netblock", "prefix", "subnet", "range")),
    (_T.EMAIL, ("email", "email_address", "e_mail", "sender", "mail")),
    (_T.VULNERABILITY, ("cve", "cve_id", "cveid", "vulnerability")),
    (_T.ASN, ("asn",)),
    (_T.IMPHASH, ("imphash",)),
    (_T.SSDEEP, ("ssdeep",)),
    (_T.TLSH, ("tlsh",)),
    (_T.FILENAME, ("filename", "file_name")),
)
"""What a column of observables is named, the likeliest subject of a row first."""

_HASHES = frozenset((_T.MD5, _T.SHA1, _T.SHA256, _T.SHA512, _T.IMPHASH, _T.SSDEEP, _T.TLSH))
_ROLES: dict[str, tuple[str, ...]] = {
    "type": ("type", "ioc_type", "indicator_type", "observable_type"),
    "last_seen": ("last_seen", "last_seen_utc", "lastseen", "last_online", "last_seen_at"),
    "stated": ("valid_from", "first_seen", "first_seen_utc", "firstseen", "dateadded", "date_added", "date",
               "timestamp", "listingdate", "listing_date", "created", "published", "submission_time"),
    "until": ("valid_until", "expires", "expiration", "expiry", "expires_at"),
    "tags": ("tags", "tag", "labels", "label", "threat", "threat_type", "malware", "malware_printable",
             "malware_family", "family", "signature", "category", "campaign", "actor", "threat_actor", "infection"),
    "comment": ("comment", "comments", "description", "note", "notes", "title", "listingreason", "reason"),
    "source": ("source", "reporter", "provider", "feed"),
    "confidence": ("confidence", "confidence_level"),
    "reference": ("reference", "references", "ref", "link", "urlhaus_link", "source_url", "reference_url"),
    "verdict": ("verdict", "classification", "disposition", "assessment", "maliciousness", "reputation"),
    "benign": ("benign", "whitelist", "whitelisted", "allowlist", "allowlisted", "is_benign", "false_positive"),
    "compromised": ("is_compromised", "compromised"),
    "tlp": ("tlp", "tlp_marking", "tlp_label", "tlp_level"),
}

_TYPE_OF = {name: type for type, names in _VALUES for name in names}
_ROLE_OF = {name: role for role, names in _ROLES.items() for name in names}
_RANK = {type: rank for rank, (type, _) in enumerate(_VALUES)}
_REPORT_ADDRESSES = ("ip", "src_ip", "http_referer_ip", "dst_ip")
_NOT_WORD = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Layout:
    """What a table's columns mean, by position.

    ``subjects``: the columns that the row is about; ``mentions``: observables that it only mentions. ``roles``: the
    columns of each other meaning. ``report``: a report on hosts (Shadowserver's), whose subject is the host that was
    found, and no attacker's value; ``victim``: it names those who were attacked.
    """

    subjects: Columns
    mentions: Columns
    roles: dict[str, tuple[int, ...]]
    report: bool = False
    victim: bool = False

    def first(self, role: str, cells: list[str]) -> str:
        """Return the first non-empty cell of a role, "" if there is none."""
        for index in self.roles.get(role, ()):
            if index < len(cells) and cells[index]:
                return cells[index]
        return ""


def normal_name(cell: str) -> str:
    """Write a column's name as the tables do: lower-case words between underscores."""
    return _NOT_WORD.sub("_", cell.strip().lower()).strip("_")[:60]


def is_known(name: str) -> bool:
    """Tell whether a (normal) name is one of a column that is read."""
    return name in _TYPE_OF or name in _ROLE_OF


@lru_cache(maxsize=256)
def layout_of(names: tuple[str, ...]) -> Layout:
    """Work out what a table with these (normal) column names is about."""
    values = [(index, _TYPE_OF[name]) for index, name in enumerate(names) if name in _TYPE_OF]
    roles: dict[str, tuple[int, ...]] = {}
    for index, name in enumerate(names):
        role = _ROLE_OF.get(name)
        if role is not None:
            roles[role] = (*roles.get(role, ()), index)
    report = names[:1] == ("timestamp",) and any(n.endswith("asn") for n in names) and any(
        n.endswith("geo") for n in names)
    address = next((name for name in _REPORT_ADDRESSES if name in names), None)
    if report and address is not None:
        hosts = (_T.IPV4, _T.DOMAIN, _T.ASN, _T.FILENAME)
        mentions = tuple((index, type) for index, type in values if type not in hosts)
        return Layout(((names.index(address), _T.IPV4),), mentions, roles, True, address == "dst_ip")
    if not values:
        return Layout((), (), roles)
    best = min(values, key=lambda column: _RANK[column[1]])[1]
    together = _HASHES if best in _HASHES else frozenset((best,))
    return Layout(tuple(column for column in values if column[1] in together),
                  tuple(column for column in values if column[1] not in together), roles)
