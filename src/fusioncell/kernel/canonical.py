"""Canonical values: type + canonical value, the one spelling under which all sources meet (DESIGN §3).

Rules kept here:

1. A raw value of a network type is refanged first (``hxxp://evil[.]example``), then made canonical. Control
   characters, lone surrogates and values over :data:`MAX_LENGTH` characters are refused, with a plain reason.
2. IPv4 as dotted quad without leading zeros; IPv6 as RFC 5952; an IPv4-mapped IPv6 address is the IPv4 address;
   a network has its host bits cleared, and a network of one address is the address.
3. A domain name is lower-case A-labels (WHATWG / UTS 46, by ada), without the root's dot, labels of 1–63 octets, 253
   in all (RFC 1035 §2.3.4), at least two labels. A homograph survives as its own ``xn--`` name and never as the
   name that it imitates; :func:`is_mixed_script` flags it.
4. A URL is what the WHATWG URL parser makes of it; the scheme and a host are required, credentials are kept.
5. Canonical is idempotent: a canonical value is its own canonical value.

:func:`canonical` may answer another type than it was asked for where the value leaves no doubt: a domain name that
is an address becomes an address, an address with a prefix length becomes a network.

Not here: whether the value is bad (``fusion``), finding values in text (``intake``).
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Callable
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton

import ada_url

from fusioncell.kernel.refang import refang, refang_name
from fusioncell.kernel.value import MAX_LENGTH, BadValue, Observable, ObservableType

# --- addresses and networks ------------------------------------------------------------------------------------


def is_ipv4(text: str) -> bool:
    """Tell whether the text is a dotted quad without leading zeros."""
    try:
        inet_pton(AF_INET, text)
    except (OSError, ValueError):
        return False
    return True


def is_ipv6(text: str) -> bool:
    """Tell whether the text is an IPv6 address in any spelling, without a zone."""
    try:
        inet_pton(AF_INET6, text)
    except (OSError, ValueError):
        return False
    return True


_MAPPED = bytes(10) + b"\xff\xff"


def _ipv6_text(packed: bytes) -> str:
    """Write an IPv6 address by RFC 5952; the C library's dotted tail for ``::/96`` is not taken over."""
    text = inet_ntop(AF_INET6, packed)
    return str(ipaddress.IPv6Address(packed)) if "." in text else text


def _address(raw: str) -> Observable:
    """Read an IPv4 or IPv6 address, or a network where a prefix length follows."""
    try:
        inet_pton(AF_INET, raw)
        return Observable(ObservableType.IPV4, raw)
    except (OSError, ValueError):
        pass
    text = refang_name(_clean(raw))
    if "/" in text:
        return _network(text)
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    try:
        if ":" in text:
            packed = inet_pton(AF_INET6, text)
            if packed.startswith(_MAPPED):
                return Observable(ObservableType.IPV4, inet_ntop(AF_INET, packed[12:]))
            return Observable(ObservableType.IPV6, _ipv6_text(packed))
        inet_pton(AF_INET, text)
        return Observable(ObservableType.IPV4, text)
    except (OSError, ValueError):
        raise BadValue(f"{_shown(raw)} is not an IP address") from None


def _network(raw: str) -> Observable:
    """Read a network; its host bits are cleared."""
    text = refang_name(_clean(raw))
    base, slash, length = text.partition("/")
    if not slash:
        return _address(text)
    family, size = (AF_INET6, 128) if ":" in base else (AF_INET, 32)
    try:
        packed = inet_pton(family, base)
    except (OSError, ValueError):
        raise BadValue(f"{_shown(raw)} is not a network: {_shown(base)} is not an IP address") from None
    if not (length.isascii() and length.isdigit() and len(length) <= 3 and int(length) <= size):
        raise BadValue(f"{_shown(raw)} is not a network: the prefix length must be 0 to {size}")
    prefix = int(length)
    if family is AF_INET6 and packed.startswith(_MAPPED) and prefix >= 96:
        packed, prefix, family, size = packed[12:], prefix - 96, AF_INET, 32
    number = int.from_bytes(packed, "big") >> (size - prefix) << (size - prefix)
    packed = number.to_bytes(size // 8, "big")
    address = inet_ntop(AF_INET, packed) if family is AF_INET else _ipv6_text(packed)
    if prefix == size:
        return Observable(ObservableType.IPV4 if size == 32 else ObservableType.IPV6, address)
    return Observable(ObservableType.CIDR, f"{address}/{prefix}")


# --- names, URLs, e-mail ---------------------------------------------------------------------------------------

_PLAIN_DOMAIN = re.compile(r"(?:[a-z0-9_-]{1,63}\.)+[a-z]{2,63}\Z")
_NO_NAME = re.compile(r"[/?#@:\\%\[\]<>^|{}*`\"'\s,;!$&()=+~]")


def _domain_name(text: str) -> str:
    """Make a cleaned, refanged domain name canonical. Raises BadValue; a number in disguise is refused too."""
    name = text.removesuffix(".")
    if name.isascii():
        name = name.lower()
        if _PLAIN_DOMAIN.match(name) and len(name) <= 253 and "xn--" not in name:
            return name
    if _NO_NAME.search(name):
        if name.startswith("*."):
            raise BadValue(f"{_shown(text)} is a wildcard, not a domain name")
        raise BadValue(f"{_shown(text)} holds a character that no domain name has")
    try:
        name = ada_url.URL(f"http://{name}/").hostname.removesuffix(".")
    except (ValueError, UnicodeError):
        raise BadValue(f"{_shown(text)} is not a domain name") from None
    labels = name.split(".")
    if "" in labels:
        raise BadValue(f"{_shown(text)} has an empty label")
    if len(labels) < 2:
        raise BadValue(f"{_shown(text)} is a single label, not a full domain name")
    if max(map(len, labels)) > 63:
        raise BadValue(f"{_shown(text)} has a label over 63 octets (RFC 1035)")
    if len(name) > 253:
        raise BadValue("the name is over 253 octets (RFC 1035)")
    if labels[-1].isdigit() or _NO_NAME.search(name):
        raise BadValue(f"{_shown(text)} is not a domain name")
    return name


def _domain(raw: str) -> Observable:
    """Read a domain name; the fast path takes what is canonical already."""
    if _PLAIN_DOMAIN.match(raw) and len(raw) <= 253 and "xn--" not in raw:
        return Observable(ObservableType.DOMAIN, raw)
    text = refang_name(_clean(raw))
    if text.count(":") > 1 or is_ipv4(text):
        return _address(text)
    return Observable(ObservableType.DOMAIN, _domain_name(text))


_PLAIN_URL = re.compile(
    r"https?://(?:(?:[a-z0-9_-]{1,63}\.)+[a-z]{2,63}|([0-9]{1,3}(?:\.[0-9]{1,3}){3}))(:[1-9][0-9]{0,3})?"
    r"(/[A-Za-z0-9._~!$&()*+,;=:@/?%-]*+)?\Z"
)
_DEFAULT_PORTS = frozenset((":80", ":443"))
_WEB = ("http://", "https://")


def _plain_url(raw: str) -> str | None:
    """Return the canonical form of a plain URL without the parser's help, None where it may have a say.

    Plain: http or https, a host as :func:`_domain` and inet_pton take it, no default port, a path of characters that
    are never escaped, no dot segments. A property test compares with the parser.
    """
    found = _PLAIN_URL.match(raw)
    if found is None or len(raw) > 1024 or "xn--" in raw:
        return None
    address, port, path = found.groups()
    if (address and not is_ipv4(address)) or (port and port in _DEFAULT_PORTS):
        return None
    if not path:
        return raw + "/"
    return None if "/." in path or "%2" in path else raw


def _url(raw: str) -> Observable:
    """Read a URL by the WHATWG parser. The scheme and the host are required; credentials are kept."""
    fast = _plain_url(raw)
    if fast is not None:
        return Observable(ObservableType.URL, fast)
    plain = raw.isascii() and raw.isprintable() and "[" not in raw and "\\" not in raw and len(raw) <= MAX_LENGTH
    if plain and raw.startswith(_WEB):
        text = raw
    else:
        text = refang(_clean(raw))
    if "://" not in text:
        raise BadValue(f"{_shown(raw)} is not a URL: the scheme (https://) is missing")
    try:
        url = ada_url.normalize_url(text)
    except (ValueError, UnicodeError):
        raise BadValue(f"{_shown(raw)} is not a URL") from None
    rest = url.partition("://")[2]
    if not rest or rest[0] in "/?#":
        raise BadValue(f"{_shown(raw)} is a URL without a host")
    if len(url) > MAX_LENGTH:
        raise BadValue(f"the URL is over {MAX_LENGTH} characters")
    return Observable(ObservableType.URL, url)


_LOCAL = re.compile(r"[^\s@<>\"(),:;\[\]\\]{1,64}\Z")


def _email(raw: str) -> Observable:
    """Read an e-mail address; both parts lower-case (sources differ in case, mailboxes in practice do not)."""
    text = refang_name(_clean(raw))
    if text.startswith("<") and text.endswith(">"):
        text = text[1:-1]
    if text[:7].lower() == "mailto:":
        text = text[7:]
    local, at, domain = text.rpartition("@")
    local = unicodedata.normalize("NFC", unicodedata.normalize("NFC", local).lower())
    if not at or not _LOCAL.match(local):
        raise BadValue(f"{_shown(raw)} is not an e-mail address")
    return Observable(ObservableType.EMAIL, f"{local}@{_domain_name(domain)}")


# --- all other types -------------------------------------------------------------------------------------------

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]")


def _clean(raw: str) -> str:
    """Strip blanks around the value; refuse what is empty, too long or holds control characters."""
    text = raw.strip()
    if not text:
        raise BadValue("the value is empty")
    if len(text) > MAX_LENGTH:
        raise BadValue(f"the value is over {MAX_LENGTH} characters")
    if not text.isprintable() and _CONTROL.search(text):
        raise BadValue("the value holds control characters")
    return text


def _shown(raw: str) -> str:
    """Quote a value for a message: bounded, and escaped so that it cannot disturb a log."""
    text = ascii(raw[:64])
    return text if len(raw) <= 64 and len(text) <= 70 else f"{text[:64]}..."


Reader = Callable[[str], Observable]


def _hex_reader(type: ObservableType, length: int) -> Reader:
    """Make a reader of hexadecimal digests of ``length`` digits; colons between octets are taken out."""
    plain = re.compile(rf"[0-9a-f]{{{length}}}\Z")

    def read(raw: str) -> Observable:
        if plain.match(raw):
            return Observable(type, raw)
        text = _clean(raw).lower().replace(":", "").replace(" ", "")
        if plain.match(text):
            return Observable(type, text)
        raise BadValue(f"{_shown(raw)} is not {type.value}: {length} hexadecimal digits are wanted")

    return read


def _text_reader(type: ObservableType) -> Reader:
    """Make a reader of free values: trimmed and NFC, otherwise as given."""

    def read(raw: str) -> Observable:
        text = _clean(raw)
        return Observable(type, text if text.isascii() else _clean(unicodedata.normalize("NFC", text)))

    return read


def _shape_reader(type: ObservableType, pattern: str, form: Callable[[str], str], wanted: str) -> Reader:
    """Make a reader: ``form`` brings the value into shape, ``pattern`` (anchored, without backtracking) checks it."""
    shape = re.compile(rf"(?:{pattern})\Z")

    def read(raw: str) -> Observable:
        text = form(_clean(raw))
        if shape.match(text):
            return Observable(type, text)
        raise BadValue(f"{_shown(raw)} is not {wanted}")

    return read


_ASN = re.compile(r"(?:asn?[ :-]?)?([0-9]{1,10})\Z", re.IGNORECASE)


def _asn(raw: str) -> Observable:
    """Read an AS number: ``AS64512``, ``ASN 64512``, ``64512``; the value is the bare number."""
    found = _ASN.match(_clean(raw))
    if found is None or int(found[1]) > 0xFFFFFFFF:
        raise BadValue(f"{_shown(raw)} is not an AS number")
    return Observable(ObservableType.ASN, str(int(found[1])))


def _number_reader(type: ObservableType, low: int, high: int) -> Reader:
    """Make a reader of whole numbers within bounds."""

    def read(raw: str) -> Observable:
        text = _clean(raw)
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 20 and low <= int(text) <= high):
            raise BadValue(f"{_shown(raw)} is not {type.value}: a number from {low} to {high} is wanted")
        return Observable(type, str(int(text)))

    return read


_SEPARATORS = re.compile(r"[\s.:()/-]+")


def _mac(raw: str) -> Observable:
    """Read a MAC address of 48 or 64 bits; lower-case octets between colons (STIX 2.1 §6.9)."""
    text = re.sub(r"[:.\- ]", "", _clean(raw)).lower()
    if len(text) not in (12, 16) or not re.fullmatch("[0-9a-f]+", text):
        raise BadValue(f"{_shown(raw)} is not a MAC address")
    return Observable(ObservableType.MAC, ":".join(text[i : i + 2] for i in range(0, len(text), 2)))


def _phone_form(text: str) -> str:
    """Drop the separators of a phone number; ``00`` in front becomes ``+``."""
    text = _SEPARATORS.sub("", text)
    return "+" + text[2:] if text.startswith("00") else text


def _iban(raw: str) -> Observable:
    """Read an IBAN (ISO 13616): compact, upper-case, check digits right."""
    text = re.sub(r"[\s-]", "", _clean(raw)).upper()
    if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", text):
        raise BadValue(f"{_shown(raw)} is not an IBAN")
    if int("".join(str(int(c, 36)) for c in text[4:] + text[:4])) % 97 != 1:
        raise BadValue(f"{_shown(raw)} is not an IBAN: its check digits are wrong")
    return Observable(ObservableType.IBAN, text)


def _btc_form(text: str) -> str:
    """A Bech32 address may be all upper-case (BIP 173); Base58 addresses keep their case."""
    return text.lower() if text[:3].lower() == "bc1" and text.upper() == text else text


_HIVES = {
    "HKLM": "HKEY_LOCAL_MACHINE",
    "HKCU": "HKEY_CURRENT_USER",
    "HKCR": "HKEY_CLASSES_ROOT",
    "HKU": "HKEY_USERS",
    "HKCC": "HKEY_CURRENT_CONFIG",
}


def _registry_form(text: str) -> str:
    """Write the hive in full and upper-case, single backslashes, none at the end; the rest keeps its case."""
    text = re.sub(r"\\{2,}", r"\\", text).strip("\\").strip()
    hive, slash, rest = text.partition("\\")
    hive = hive.rstrip(":")
    upper = hive.upper()
    if upper in _HIVES or upper.startswith("HKEY_"):
        hive = _HIVES.get(upper, upper)
    return hive + slash + rest


_SSDEEP = r"[0-9]{1,12}:[A-Za-z0-9/+]{0,128}:[A-Za-z0-9/+]{0,128}"
_T = ObservableType


def _make_readers() -> dict[ObservableType, Reader]:
    """Build the table of readers; what has none of its own is a free value."""
    readers: dict[ObservableType, Reader] = {type: _text_reader(type) for type in ObservableType}
    readers.update(
        {
            _T.IPV4: _address,
            _T.IPV6: _address,
            _T.CIDR: _network,
            _T.DOMAIN: _domain,
            _T.URL: _url,
            _T.EMAIL: _email,
            _T.ASN: _asn,
            _T.MAC: _mac,
            _T.IBAN: _iban,
        }
    )
    for type, length in {
        _T.MD5: 32,
        _T.SHA1: 40,
        _T.SHA224: 56,
        _T.SHA256: 64,
        _T.SHA384: 96,
        _T.SHA512: 128,
        _T.SHA512_224: 56,
        _T.SHA512_256: 64,
        _T.SHA3_224: 56,
        _T.SHA3_256: 64,
        _T.SHA3_384: 96,
        _T.SHA3_512: 128,
        _T.IMPHASH: 32,
        _T.AUTHENTIHASH: 64,
        _T.PEHASH: 40,
        _T.CDHASH: 40,
        _T.JA3: 32,
        _T.JARM: 62,
        _T.HASSH: 32,
        _T.HASSH_SERVER: 32,
        _T.X509_MD5: 32,
        _T.X509_SHA1: 40,
        _T.X509_SHA256: 64,
        _T.DOM_HASH: 32,
    }.items():
        readers[type] = _hex_reader(type, length)
    readers[_T.PORT] = _number_reader(_T.PORT, 0, 65535)
    readers[_T.FAVICON] = _number_reader(_T.FAVICON, -(2**31), 2**32)
    for type, pattern, form, wanted in (
        (_T.SSDEEP, _SSDEEP, str, "an ssdeep hash"),
        (_T.IMPFUZZY, _SSDEEP, str, "an impfuzzy hash"),
        (_T.TLSH, "(?:t1)?[0-9a-f]{68,132}", str.lower, "a TLSH hash"),
        (_T.TELFHASH, "(?:t1)?[0-9a-f]{68,72}", str.lower, "a telfhash"),
        (_T.GIT_COMMIT, "[0-9a-f]{7,64}", str.lower, "a git commit id"),
        (
            _T.VULNERABILITY,
            "CVE-[0-9]{4}-[0-9]{4,19}|(?!CVE)[A-Z]{2,8}-?[0-9A-Z][0-9A-Z:.-]{2,60}",
            str.upper,
            "a vulnerability's id (CVE-2024-12345)",
        ),
        (_T.WEAKNESS, "CWE-[0-9]{1,6}", str.upper, "a weakness' id (CWE-79)"),
        (_T.PHONE, r"\+?[0-9]{3,20}", _phone_form, "a phone number"),
        (_T.BIC, "[A-Z]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?", str.upper, "a BIC"),
        (_T.CARD, "[0-9]{12,19}", lambda text: _SEPARATORS.sub("", text), "a card number"),
        (_T.BTC, "bc1[02-9ac-hj-np-z]{8,87}|[13][1-9A-HJ-NP-Za-km-z]{25,34}", _btc_form, "a Bitcoin address"),
        (_T.XMR, "[48][1-9A-HJ-NP-Za-km-z]{94}(?:[1-9A-HJ-NP-Za-km-z]{11})?", str, "a Monero address"),
        (_T.DASH, "X[1-9A-HJ-NP-Za-km-z]{33}", str, "a Dash address"),
        (_T.REGISTRY_KEY, r"[^\\].*", _registry_form, "a registry key"),
    ):
        readers[type] = _shape_reader(type, pattern, form, wanted)
    return readers


_READERS = _make_readers()


def canonical(type: ObservableType, raw: str) -> Observable:
    """Make the observable that a raw value means. Raises BadValue with a plain reason.

    The type of the answer may differ where the value leaves no doubt (module docstring).
    """
    return _READERS[type](raw)
