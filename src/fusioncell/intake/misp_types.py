"""MISP's attribute types (describeTypes, 194 of them) → observables.

Every type stands in exactly one of three tables: it is one observable (:data:`SINGLE`), it is composed of several
(:data:`COMPOSITE`), or it carries none (:data:`WITHOUT`: prose, rules, counters, and personal data that must not
become a search key). A test walks describeTypes. A type that MISP adds later carries none until it stands here.

The port of ``ip-dst|port`` and ``hostname|port`` is no observable of its own: 443 would join everything to everything.
"""

from __future__ import annotations

from collections.abc import Callable

from fusioncell.intake.pattern import observables_in
from fusioncell.kernel.observable import BadValue, Observable, ObservableType, canonical, refang

_T = ObservableType

SINGLE: dict[str, ObservableType] = {
    "md5": _T.MD5, "sha1": _T.SHA1, "sha224": _T.SHA224, "sha256": _T.SHA256, "sha384": _T.SHA384,
    "sha512": _T.SHA512, "sha512/224": _T.SHA512_224, "sha512/256": _T.SHA512_256, "sha3-224": _T.SHA3_224,
    "sha3-256": _T.SHA3_256, "sha3-384": _T.SHA3_384, "sha3-512": _T.SHA3_512, "ssdeep": _T.SSDEEP,
    "imphash": _T.IMPHASH, "tlsh": _T.TLSH, "authentihash": _T.AUTHENTIHASH, "pehash": _T.PEHASH,
    "impfuzzy": _T.IMPFUZZY, "vhash": _T.VHASH, "telfhash": _T.TELFHASH, "cdhash": _T.CDHASH,
    "dom-hash": _T.DOM_HASH, "favicon-mmh3": _T.FAVICON, "ja3-fingerprint-md5": _T.JA3,
    "jarm-fingerprint": _T.JARM, "hassh-md5": _T.HASSH, "hasshserver-md5": _T.HASSH_SERVER,
    "x509-fingerprint-md5": _T.X509_MD5, "x509-fingerprint-sha1": _T.X509_SHA1,
    "x509-fingerprint-sha256": _T.X509_SHA256, "ssh-fingerprint": _T.SSH,
    "ip-src": _T.IPV4, "ip-dst": _T.IPV4, "domain": _T.DOMAIN, "hostname": _T.DOMAIN, "onion-address": _T.DOMAIN,
    "email": _T.EMAIL, "email-src": _T.EMAIL, "email-dst": _T.EMAIL, "email-reply-to": _T.EMAIL,
    "target-email": _T.EMAIL, "whois-registrant-email": _T.EMAIL, "AS": _T.ASN, "mac-address": _T.MAC,
    "mac-eui-64": _T.MAC, "port": _T.PORT, "vulnerability": _T.VULNERABILITY, "weakness": _T.WEAKNESS,
    "cpe": _T.SOFTWARE, "filename": _T.FILENAME, "attachment": _T.FILENAME, "email-attachment": _T.FILENAME,
    "mutex": _T.MUTEX, "named pipe": _T.NAMED_PIPE, "regkey": _T.REGISTRY_KEY, "pdb": _T.PDB,
    "windows-service-name": _T.SERVICE, "windows-service-displayname": _T.SERVICE,
    "windows-scheduled-task": _T.SCHEDULED_TASK, "user-agent": _T.USER_AGENT, "cookie": _T.COOKIE,
    "community-id": _T.COMMUNITY_ID, "jabber-id": _T.JABBER, "eppn": _T.USER_ACCOUNT, "target-user": _T.USER_ACCOUNT,
    "github-repository": _T.REPOSITORY, "git-commit-id": _T.GIT_COMMIT, "phone-number": _T.PHONE, "prtn": _T.PHONE,
    "whois-registrant-phone": _T.PHONE, "iban": _T.IBAN, "bank-account-nr": _T.BANK_ACCOUNT, "bic": _T.BIC,
    "cc-number": _T.CARD, "btc": _T.BTC, "xmr": _T.XMR, "dash": _T.DASH, "email-subject": _T.EMAIL_SUBJECT,
    "email-message-id": _T.EMAIL_MESSAGE_ID, "email-src-display-name": _T.EMAIL_NAME,
    "email-dst-display-name": _T.EMAIL_NAME, "email-x-mailer": _T.EMAIL_MAILER,
    "email-mime-boundary": _T.EMAIL_BOUNDARY, "email-thread-index": _T.EMAIL_THREAD,
    "mobile-application-id": _T.APP_ID, "chrome-extension-id": _T.EXTENSION_ID, "edge-extension-id": _T.EXTENSION_ID,
    "azure-application-id": _T.CLOUD_APP_ID,
}
"""MISP type → the type of its one observable. ``ip-src`` and ``ip-dst`` take both families and networks."""

WITHOUT: frozenset[str] = frozenset((
    # prose, numbers, states
    "anonymised", "boolean", "campaign-id", "campaign-name", "comment", "cortex", "counter", "datetime", "float",
    "gene", "hex", "http-method", "integer", "malware-type", "mime-type", "other", "process-state", "size-in-bytes",
    "text", "threat-actor", "uuid",
    # rules and patterns: they match, they are not a value
    "bro", "filename-pattern", "kusto-query", "pattern-in-file", "pattern-in-memory", "pattern-in-traffic", "sigma",
    "snort", "suricata", "yara", "zeek",
    # mail and registration texts
    "dkim", "dkim-signature", "email-body", "email-header", "whois-creation-date", "whois-registrant-name",
    "whois-registrant-org", "whois-registrar", "pgp-private-key", "pgp-public-key",
    # people, travel, payment: personal data, or too coarse to tell one from another
    "aba-rtn", "bin", "country-of-residence", "date-of-birth", "first-name", "frequent-flyer-number", "full-name",
    "gender", "identity-card-number", "issue-date-of-the-visa", "last-name", "middle-name", "nationality",
    "passenger-name-record-locator-number", "passport-country", "passport-expiration", "passport-number",
    "payment-details", "place-of-birth", "place-port-of-clearance", "place-port-of-onward-foreign-destination",
    "place-port-of-original-embarkation", "primary-residence", "redress-number", "special-service-request",
    "target-external", "target-location", "target-machine", "target-org", "travel-details", "visa-number",
))
"""MISP types that carry no observable."""

Splitter = Callable[[str], list[Observable]]


def _parts(value: str) -> tuple[str, str]:
    """Split a composite at its first bar. Raises BadValue where there is none."""
    first, bar, second = value.partition("|")
    if not bar:
        raise BadValue("a composite value without its '|'")
    return first, second


def _file_and(type: ObservableType) -> Splitter:
    """Make the splitter of ``filename|hash``; a name may hold bars, a hash may not. An empty name is left out."""

    def split(value: str) -> list[Observable]:
        name, bar, digest = value.rpartition("|")
        if not bar:
            raise BadValue("a composite value without its '|'")
        found = [canonical(type, digest)]
        return [canonical(_T.FILENAME, name), *found] if name.strip() else found

    return split


def _host_and_port(value: str) -> list[Observable]:
    """Read ``host|port`` (or ``host:port``, as older MISP wrote it): the host; the port is checked only."""
    host, bar, port = value.rpartition("|")
    if not bar:
        host, bar, port = value.rpartition(":")
    if not bar:
        raise BadValue("a composite value without its '|'")
    canonical(_T.PORT, port)
    return [canonical(_T.DOMAIN, host)]


def _domain_and_ip(value: str) -> list[Observable]:
    """Read ``domain|ip``: two observables."""
    name, address = _parts(value)
    return [canonical(_T.DOMAIN, name), canonical(_T.IPV4, address)]


def _key_and_value(value: str) -> list[Observable]:
    """Read ``regkey|value``: the key, and the value under its key (a bare value such as ``1`` says nothing)."""
    key, data = _parts(value)
    registry_key = canonical(_T.REGISTRY_KEY, key)
    if not data.strip():
        return [registry_key]
    return [registry_key, canonical(_T.REGISTRY_VALUE, f"{registry_key.value}|{data.strip()}")]


def _url(value: str) -> list[Observable]:
    """Read a URL. MISP allows one without a scheme: ``http://`` is taken, as its own exports do."""
    if value.startswith(("http://", "https://")):
        return [canonical(_T.URL, value)]
    text = refang(value.strip())
    return [canonical(_T.URL, text if "://" in text else f"http://{text}")]


def _uri(value: str) -> list[Observable]:
    """Read a URI: a URL where it names a host, else the path as it stands."""
    return [canonical(_T.URL if "://" in refang(value) else _T.OTHER, value)]


def _zone_contact(value: str) -> list[Observable]:
    """Read the contact of a SOA record; its DNS form (``hostmaster.example.com``, RFC 1035 §8) is no address yet."""
    return [canonical(_T.EMAIL if "@" in refang(value) else _T.DOMAIN, value)]


def _account_on(platform: str) -> Splitter:
    """Make the reader of a name on a platform; the platform stands in front, so that two platforms do not mix."""

    def read(value: str) -> list[Observable]:
        return [canonical(_T.SOCIAL, f"{platform}:{value.strip().removeprefix('@').lower()}")]

    return read


def _pattern(value: str) -> list[Observable]:
    """Read a STIX pattern: the values of its equalities, if it is nothing but those."""
    reading = observables_in(value)
    return list(reading.equalities) if reading.complete else []


COMPOSITE: dict[str, Splitter] = {
    **{f"filename|{name}": _file_and(SINGLE[name]) for name in (
        "authentihash", "impfuzzy", "imphash", "md5", "pehash", "sha1", "sha224", "sha256", "sha3-224", "sha3-256",
        "sha3-384", "sha3-512", "sha384", "sha512", "sha512/224", "sha512/256", "ssdeep", "tlsh", "vhash")},
    "malware-sample": _file_and(_T.MD5),
    "domain|ip": _domain_and_ip,
    "ip-src|port": _host_and_port, "ip-dst|port": _host_and_port, "hostname|port": _host_and_port,
    "regkey|value": _key_and_value,
    "url": _url, "link": _url, "uri": _uri,
    "dns-soa-email": _zone_contact,
    "twitter-id": _account_on("twitter"), "github-username": _account_on("github"),
    "github-organisation": _account_on("github"),
    "stix2-pattern": _pattern,
}
"""MISP type → the function that reads its observables."""


def observables_of(misp_type: str, value: str) -> list[Observable]:
    """Return the observables of an attribute's value: none, one or several, in the order of the value.

    Raises BadValue (a plain reason) where the type is known and the value is not one of it. An unknown type
    carries none: the attribute is kept all the same.
    """
    type = SINGLE.get(misp_type)
    if type is not None:
        return [canonical(type, value)]
    split = COMPOSITE.get(misp_type)
    return split(value) if split is not None else []
