"""Observables, the front of the vocabulary: types, canonical values, names of types, and what a paste means.

The parts: ``value`` (types, codes, keys), ``refang``, ``canonical``, ``names`` (public suffixes), ``sco`` (STIX).
Import from here.
"""

from __future__ import annotations

import re

from fusioncell.kernel.canonical import canonical, is_ipv4, is_ipv6
from fusioncell.kernel.names import (
    is_mixed_script,
    is_public_suffix,
    is_tld,
    may_be_suffixes,
    parents,
    private_suffix,
    public_suffix,
    registered_domain,
)
from fusioncell.kernel.refang import defang, refang
from fusioncell.kernel.sco import NAMESPACE, sco, sco_id, stix_type
from fusioncell.kernel.value import (
    MAX_LENGTH,
    TYPE_CODES,
    TYPES_BY_CODE,
    BadValue,
    Observable,
    ObservableType,
    key64,
    key64_of,
)

__all__ = [
    "MAX_LENGTH",
    "NAMESPACE",
    "TYPES_BY_CODE",
    "TYPE_CODES",
    "BadValue",
    "Observable",
    "ObservableType",
    "canonical",
    "defang",
    "guess",
    "is_ipv4",
    "is_ipv6",
    "is_mixed_script",
    "is_public_suffix",
    "is_tld",
    "key64",
    "key64_of",
    "may_be_suffixes",
    "parents",
    "private_suffix",
    "public_suffix",
    "refang",
    "registered_domain",
    "sco",
    "sco_id",
    "stix_type",
    "type_named",
]

_T = ObservableType

_ALIASES: dict[str, ObservableType] = {
    "ip": _T.IPV4,
    "ipv4": _T.IPV4,
    "ipv4addr": _T.IPV4,
    "ipaddress": _T.IPV4,
    "ipsrc": _T.IPV4,
    "ipdst": _T.IPV4,
    "ipv6": _T.IPV6,
    "ipv6addr": _T.IPV6,
    "network": _T.CIDR,
    "net": _T.CIDR,
    "subnet": _T.CIDR,
    "domain": _T.DOMAIN,
    "hostname": _T.DOMAIN,
    "host": _T.DOMAIN,
    "fqdn": _T.DOMAIN,
    "onionaddress": _T.DOMAIN,
    "uri": _T.URL,
    "link": _T.URL,
    "email": _T.EMAIL,
    "emailsrc": _T.EMAIL,
    "emaildst": _T.EMAIL,
    "emailreplyto": _T.EMAIL,
    "mail": _T.EMAIL,
    "emailaddress": _T.EMAIL,
    "as": _T.ASN,
    "asn": _T.ASN,
    "cve": _T.VULNERABILITY,
    "cwe": _T.WEAKNESS,
    "mac": _T.MAC,
    "macaddress": _T.MAC,
    "maceui64": _T.MAC,
    "filepath": _T.FILENAME,
    "filepathname": _T.FILENAME,
    "filehashmd5": _T.MD5,
    "filehashsha1": _T.SHA1,
    "filehashsha256": _T.SHA256,
    "filehashpehash": _T.PEHASH,
    "filehashimphash": _T.IMPHASH,
    "sslcertfingerprint": _T.X509_SHA1,
    "intelcerthash": _T.X509_SHA1,
    "bitcoinaddress": _T.BTC,
    "regkey": _T.REGISTRY_KEY,
    "registrykey": _T.REGISTRY_KEY,
    "username": _T.USER_ACCOUNT,
    "account": _T.USER_ACCOUNT,
    "phone": _T.PHONE,
    "bitcoin": _T.BTC,
    "monero": _T.XMR,
    "commandline": _T.PROCESS,
    "ja3": _T.JA3,
    "ja3md5": _T.JA3,
    "ja3fingerprintmd5": _T.JA3,
    "jarm": _T.JARM,
    "hasshmd5": _T.HASSH,
    "hasshservermd5": _T.HASSH_SERVER,
    "software": _T.SOFTWARE,
    "x509fingerprintmd5": _T.X509_MD5,
    "x509fingerprintsha1": _T.X509_SHA1,
    "x509fingerprintsha256": _T.X509_SHA256,
}

_NAMED: dict[str, ObservableType] = {
    **{re.sub("[^a-z0-9]", "", type.value): type for type in ObservableType},
    **_ALIASES,
}


def type_named(name: str) -> ObservableType:
    """Find a type by its own name, MISP's or a usual one (``ip-dst``, ``SHA-256``, ``file:hashes.MD5``, ``cve``).

    "ip" names IPV4, whose reader takes both families and networks. Raises BadValue for an unknown name.
    """
    text = name.strip()[:80].lower()
    if text.startswith(("file:hashes.", "hashes.", "file:")):
        text = text.rpartition(".")[2].rpartition(":")[2]
    found = _NAMED.get(re.sub("[^a-z0-9]", "", text.removesuffix(":value")))
    if found is None:
        raise BadValue(f"{name[:40]!a} is not a known type of observable")
    return found


_BY_LENGTH = {32: _T.MD5, 40: _T.SHA1, 56: _T.SHA224, 64: _T.SHA256, 96: _T.SHA384, 128: _T.SHA512}
_HEX = re.compile(r"[0-9a-fA-F]+\Z")
_SPOKEN = re.compile(r"(?<=\w) +(?:dot|[\[({](?:\.|dot)[\])}]|\.) +(?=\w)", re.IGNORECASE)
_SPOKEN_AT = re.compile(r"(?<=\w) +(?:at|@|[\[({](?:@|at)[\])}]) +(?=\w)", re.IGNORECASE)
_PORT = re.compile(r"(.+?):[0-9]{1,5}\Z")
_SHAPES: tuple[tuple[re.Pattern[str], ObservableType], ...] = (
    (re.compile(r"CVE-[0-9]{4}-[0-9]{4,19}\Z", re.IGNORECASE), _T.VULNERABILITY),
    (re.compile(r"CWE-[0-9]{1,6}\Z", re.IGNORECASE), _T.WEAKNESS),
    (re.compile(r"ASN?[ :-]?[0-9]{1,10}\Z", re.IGNORECASE), _T.ASN),
    (re.compile(r"(?:HKLM|HKCU|HKCR|HKU|HKCC|HKEY_[A-Z_]{4,30})\\", re.IGNORECASE), _T.REGISTRY_KEY),
    (re.compile(r"[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}\Z", re.IGNORECASE), _T.MAC),
    (re.compile(r"[0-9]{1,12}:[A-Za-z0-9/+]{3,128}:[A-Za-z0-9/+]{3,128}\Z"), _T.SSDEEP),
    (re.compile(r"bc1[02-9ac-hj-np-z]{8,87}\Z|[13][1-9A-HJ-NP-Za-km-z]{25,34}\Z"), _T.BTC),
    (re.compile(r"[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\Z"), _T.IBAN),
)
_BLANK = re.compile(r"\s")
_FILE = re.compile(
    r"[^\s/\\:*?\"<>|]{1,200}\.(?:exe|dll|sys|scr|bat|cmd|ps1|vbs|vbe|js|jse|wsf|hta|lnk|msi|jar|apk|"
    r"doc|docx|docm|xls|xlsx|xlsm|ppt|pptx|rtf|pdf|zip|rar|7z|iso|img|py|sh|php|asp|aspx|jsp|elf|bin|"
    r"dat|tmp|txt|html|htm|xml|json|md|png|jpg)\Z",
    re.IGNORECASE,
)


def _try(type: ObservableType, text: str) -> Observable | None:
    """Return the canonical observable, or None where the text is not one."""
    try:
        return canonical(type, text)
    except BadValue:
        return None


def guess(raw: str) -> Observable | None:
    """Tell what a paste into the search box means, defanged or not; None where it is not one observable.

    ``hxxps[:]//a[.]example/x``, ``a dot example dot com``, ``user[at]example.com``, ``1.2.3.4:443``, a bare hash.
    """
    text = raw.strip().strip("\"'`\u201c\u201d").strip(" \t\r\n,;")
    if not text or len(text) > MAX_LENGTH:
        return None
    for shape, type in _SHAPES:
        if shape.match(text) and (found := _try(type, text)):
            return found
    if _HEX.match(text) and len(text) in _BY_LENGTH:
        return canonical(_BY_LENGTH[len(text)], text)
    return _guess_network(text.strip("<>"))


def _guess_network(text: str) -> Observable | None:
    """Tell which network value the text is: URL, e-mail, address, network, name; a file name at last."""
    text = refang(_SPOKEN_AT.sub("@", _SPOKEN.sub(".", text)))
    if "://" in text:
        # A blank ends a URL where people write: what follows are words, or another value.
        return None if _BLANK.search(text) else _try(_T.URL, text)
    if "@" in text and "/" not in text:
        return _try(_T.EMAIL, text)
    if found := _try(_T.CIDR, text):
        return found
    port = _PORT.match(text)
    bare = port[1] if port else text
    if port and (found := _try(_T.IPV4, bare)):
        return found
    name = _try(_T.DOMAIN, bare)
    if name and name.type is _T.DOMAIN and is_tld(name.value.rpartition(".")[2]) and not _FILE.match(bare):
        return name
    head, slash, _ = text.partition("/")
    if slash and " " not in text and (host := _guess_network(head)) and host.type in (_T.DOMAIN, _T.IPV4, _T.IPV6):
        return _try(_T.URL, f"http://{text}")
    if _FILE.match(text):
        return _try(_T.FILENAME, text)
    return name if name and "xn--" in name.value else None
