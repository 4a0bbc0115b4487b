"""The columns of indicator lists: which names mean what, and what a table with these names is.

The names are those of the feeds in use (abuse.ch, Shadowserver's reports, MISP's CSV export, OTX, vendors' lists).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from fusioncell.kernel.observable import ObservableType

_T = ObservableType
Columns = tuple[tuple[int, ObservableType | None], ...]

_VALUES: tuple[tuple[ObservableType | None, tuple[str, ...]], ...] = (
    (None, ("value", "indicator", "ioc", "ioc_value", "indicator_value", "observable", "observable_value", "iocs",
            "indicators", "indicator_of_compromise", "file_hash", "hash", "file_hash_value")),
    (_T.URL, ("url", "uri", "phish_url", "malware_url", "urls")),
    (_T.DOMAIN, ("domain", "domain_name", "hostname", "fqdn", "host", "domains", "source_fqdn", "hostnames")),
    (_T.SHA256, ("sha256", "sha256_hash", "sha_256", "sha256hash")),
    (_T.SHA1, ("sha1", "sha1_hash", "sha_1", "sha1hash")),
    (_T.MD5, ("md5", "md5_hash", "md5hash")),
    (_T.SHA512, ("sha512", "sha512_hash", "sha_512")),
    (_T.IPV4, ("ip", "dst_ip", "ip_address", "ip_addr", "ipv4", "ipv6", "src_ip", "c2_ip", "address", "source_ip",
               "saddr", "ips", "ip_addresses", "ipv4_address", "ipv6_address", "network_ipv4", "network_ipv6",
               "network_destination_ipv4")),
    (_T.CIDR, ("cidr", "network", "netblock", "prefix", "subnet", "range", "source_network")),
    (_T.EMAIL, ("email", "email_address", "e_mail", "sender", "mail")),
    (_T.VULNERABILITY, ("cve", "cve_id", "cveid", "vulnerability")),
    (_T.ASN, ("asn", "source_asn")),
    (_T.X509_SHA1, ("x509_sha1", "certificate_sha1", "ssl_sha1")),
    (_T.JA3, ("ja3", "ja3_md5", "ja3_fingerprint")),
    (_T.JARM, ("jarm",)),
    (_T.IMPHASH, ("imphash",)),
    (_T.SSDEEP, ("ssdeep",)),
    (_T.TLSH, ("tlsh",)),
    (_T.FILENAME, ("filename", "file_name")),
)
"""What a column of observables is named, the likeliest subject of a row first."""

_HASHES = frozenset((_T.MD5, _T.SHA1, _T.SHA256, _T.SHA512, _T.IMPHASH, _T.SSDEEP, _T.TLSH))
_ROLES: dict[str, tuple[str, ...]] = {
    "type": ("type", "ioc_type", "indicator_type", "observable_type", "entity_type", "type_of_indicator", "types"),
    "to_ids": ("to_ids",),
    "kind": ("classification_type",),
    "last_seen": ("last_seen", "last_seen_utc", "lastseen", "last_online", "last_seen_at", "last_seen_date"),
    "stated": ("valid_from", "first_seen", "first_seen_utc", "firstseen", "dateadded", "date_added", "date",
               "timestamp", "listingdate", "listing_date", "created", "published", "submission_time", "time_source",
               "source_time", "observation_time", "first_seen_date", "isotime", "utc", "created_at"),
    "until": ("valid_until", "expires", "expiration", "expiry", "expires_at", "expiration_date_time"),
    "tags": ("tags", "tag", "labels", "label", "threat", "threat_type", "malware", "malware_printable",
             "malware_family", "family", "signature", "category", "campaign", "actor", "threat_actor", "infection",
             "adversary", "malware_families", "malware_name", "attribute_tag", "event_tag", "scenario"),
    "comment": ("comment", "comments", "description", "note", "notes", "title", "listingreason", "reason"),
    "source": ("source", "reporter", "provider", "feed", "author_name", "feed_name", "meta_source"),
    "confidence": ("confidence", "confidence_level", "confidence_score"),
    "reference": ("reference", "references", "ref", "link", "urlhaus_link", "source_url", "reference_url",
                  "meta_url"),
    "verdict": ("verdict", "classification", "disposition", "assessment", "maliciousness", "reputation"),
    "benign": ("benign", "whitelist", "whitelisted", "allowlist", "allowlisted", "is_benign", "false_positive"),
    "compromised": ("is_compromised", "compromised"),
    "tlp": ("tlp", "tlp_marking", "tlp_label", "tlp_level"),
}
_HOST_KINDS = frozenset((
    "infected-system", "system-compromise", "vulnerable-system", "potentially-unwanted-accessible", "ddos-amplifier",
    "weak-crypto", "information-disclosure", "misconfiguration", "undetermined", "other", "vulnerability-disclosure",
    "unprivileged-account-compromise", "privileged-account-compromise", "application-compromise", "burglary", "test"))
"""Kinds of IntelMQ's events (RSIT) that tell of a host without accusing it."""
_FEED_MARKS = frozenset(("utc", "gmt"))



def _plain(name: str) -> str:
    """Write a (normal) name as it is compared: ``dst_ip`` is ``DstIP``, ``dateadded_utc`` is ``dateadded``."""
    words = [word for word in name.split("_") if word not in _FEED_MARKS] or [name]
    return "".join(words)


_TYPE_OF = {_plain(name): type for type, names in _VALUES for name in names}
_ROLE_OF = {_plain(name): role for role, names in _ROLES.items() for name in names}
_RANK = {type: rank for rank, (type, _) in enumerate(_VALUES)}
_REPORT_ADDRESSES = ("ip", "src_ip", "http_referer_ip", "dst_ip")
_CERTIFICATES = frozenset(("listingdate", "sha1", "listingreason"))
"""The columns of abuse.ch's list of certificates, whose hashes are no files'."""
_PORTS = frozenset(("port", "dstport", "asnumber"))
EMPTY = frozenset(("", "-", "none", "null", "n/a", "na", "unknown"))
"""What an empty cell holds, lower-case."""
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

    def at(self, cells: list[str]) -> Layout:
        """Return the layout of one row: where its subject's cells are empty, the likeliest of the others is it."""
        for index, _ in self.subjects:
            if index < len(cells) and cells[index] and (len(cells[index]) > 7 or cells[index].lower() not in EMPTY):
                return self
        if self.report:
            return self
        rest = [column for column in self.mentions if column[0] < len(cells) and cells[column[0]].lower() not in EMPTY]
        return _grouped(rest, self.roles) if rest else self

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
    return _plain(name) in _TYPE_OF or _plain(name) in _ROLE_OF


def role_of(name: str) -> str:
    """Return the meaning of a (normal) name beside the values, "" for none."""
    return _ROLE_OF.get(_plain(name), "")


def accuses(kind: str) -> bool:
    """Tell whether an event of IntelMQ of this kind (``classification.type``, RSIT) accuses its source."""
    return kind.strip().lower() not in _HOST_KINDS


@lru_cache(maxsize=256)
def layout_of(names: tuple[str, ...]) -> Layout:
    """Work out what a table with these (normal) column names is about."""
    plain = tuple(_plain(name) for name in names)
    values = [(index, _TYPE_OF[name]) for index, name in enumerate(plain) if name in _TYPE_OF]
    roles: dict[str, tuple[int, ...]] = {}
    for index, name in enumerate(plain):
        role = _ROLE_OF.get(name)
        if role is not None:
            roles[role] = (*roles.get(role, ()), index)
    if "type" in roles and "data" in plain and not any(type is None for _, type in values):
        values.append((plain.index("data"), None))
    if "sourceurl" in plain and ("timesource" in plain or "classificationtype" in plain):
        values.append((plain.index("sourceurl"), _T.URL))
        roles["reference"] = tuple(index for index in roles["reference"] if plain[index] != "sourceurl")
    if "asname" in plain and not {_T.IPV4, _T.URL, _T.CIDR, None} & {type for _, type in values}:
        values = [column for column in values if column[1] is _T.ASN]  # Spamhaus' ASN-DROP
    if set(plain) == _CERTIFICATES:
        values = [(index, _T.X509_SHA1) for index, _ in values]
    report = names[:1] == ("timestamp",) and any(n.endswith("asn") for n in names) and any(
        n.endswith("geo") for n in names)
    if "timesource" in plain and "kind" not in roles:
        return _grouped(values, roles, report=True)
    address = next((name for name in _REPORT_ADDRESSES if name in names), None)
    if "botname" in plain and "ip" in names:  # Spamhaus' CERT feed: hosts that a botnet holds
        report, address = True, "ip"
    if "networksourceipv4" in plain:  # Microsoft's CTIP: the source is infected, the other end a sinkhole
        return Layout(((plain.index("networksourceipv4"), _T.IPV4),), (), roles, True)
    if report and address is not None:
        hosts = (_T.IPV4, _T.DOMAIN, _T.ASN, _T.FILENAME)
        mentions = tuple((index, type) for index, type in values if type not in hosts)
        return Layout(((names.index(address), _T.IPV4),), mentions, roles, True, address == "dst_ip")
    if _PORTS.intersection(plain) and any(type is _T.IPV4 for _, type in values):
        # A list of controllers: the name is that of the address, by reverse look-up.
        names_of_address = tuple(column for column in values if plain[column[0]] == "hostname")
        found = _grouped([column for column in values if column not in names_of_address], roles)
        return replace(found, mentions=found.mentions + names_of_address)
    return _grouped(values, roles)


def _grouped(values: Sequence[tuple[int, ObservableType | None]], roles: dict[str, tuple[int, ...]],
             report: bool = False) -> Layout:
    """Tell the likeliest subject from what is only mentioned."""
    if not values:
        return Layout((), (), roles)
    best = min(values, key=lambda column: _RANK[column[1]])[1]
    together = _HASHES if best in _HASHES else frozenset((best,))
    return Layout(tuple(column for column in values if column[1] in together),
                  tuple(column for column in values if column[1] not in together), roles, report)
