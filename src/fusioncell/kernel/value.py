"""The types of observables, their codes, and the observable as a value. Made by ``kernel.canonical`` alone."""

from __future__ import annotations

from enum import StrEnum

import msgspec
from xxhash import xxh3_64_intdigest

MAX_LENGTH = 8192
"""Longest value taken, in characters."""


class BadValue(ValueError):
    """The value is not one of its type; the message says why in plain words."""


class ObservableType(StrEnum):
    """The types. The names are STIX 2.1 SCO types where there is one, else MISP's."""

    # Enum's own hash is a Python call, and every look-up by type would pay for it.
    __hash__ = str.__hash__

    IPV4 = "ipv4-addr"
    IPV6 = "ipv6-addr"
    CIDR = "cidr"
    DOMAIN = "domain-name"
    URL = "url"
    EMAIL = "email-addr"
    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"
    SHA512 = "sha512"
    SHA224 = "sha224"
    SHA384 = "sha384"
    SHA512_224 = "sha512-224"
    SHA512_256 = "sha512-256"
    SHA3_224 = "sha3-224"
    SHA3_256 = "sha3-256"
    SHA3_384 = "sha3-384"
    SHA3_512 = "sha3-512"
    SSDEEP = "ssdeep"
    IMPHASH = "imphash"
    TLSH = "tlsh"
    AUTHENTIHASH = "authentihash"
    PEHASH = "pehash"
    IMPFUZZY = "impfuzzy"
    VHASH = "vhash"
    TELFHASH = "telfhash"
    CDHASH = "cdhash"
    DOM_HASH = "dom-hash"
    FAVICON = "favicon-mmh3"
    JA3 = "ja3-fingerprint"
    JARM = "jarm-fingerprint"
    HASSH = "hassh"
    HASSH_SERVER = "hassh-server"
    X509_MD5 = "x509-md5"
    X509_SHA1 = "x509-sha1"
    X509_SHA256 = "x509-sha256"
    SSH = "ssh-fingerprint"
    ASN = "autonomous-system"
    VULNERABILITY = "vulnerability"
    WEAKNESS = "weakness"
    MAC = "mac-addr"
    PORT = "port"
    FILENAME = "filename"
    DIRECTORY = "directory"
    MUTEX = "mutex"
    NAMED_PIPE = "named-pipe"
    REGISTRY_KEY = "windows-registry-key"
    REGISTRY_VALUE = "windows-registry-value"
    SERVICE = "windows-service"
    SCHEDULED_TASK = "windows-scheduled-task"
    PROCESS = "process"
    PDB = "pdb"
    USER_ACCOUNT = "user-account"
    USER_AGENT = "user-agent"
    PHONE = "phone-number"
    IBAN = "iban"
    BANK_ACCOUNT = "bank-account"
    BIC = "bic"
    CARD = "cc-number"
    BTC = "btc"
    XMR = "xmr"
    DASH = "dash"
    EMAIL_SUBJECT = "email-subject"
    EMAIL_MESSAGE_ID = "email-message-id"
    EMAIL_NAME = "email-display-name"
    EMAIL_MAILER = "email-x-mailer"
    EMAIL_BOUNDARY = "email-mime-boundary"
    EMAIL_THREAD = "email-thread-index"
    COOKIE = "cookie"
    COMMUNITY_ID = "community-id"
    JABBER = "jabber-id"
    SOCIAL = "social-account"
    GIT_COMMIT = "git-commit-id"
    REPOSITORY = "repository"
    SOFTWARE = "cpe"
    APP_ID = "mobile-application-id"
    EXTENSION_ID = "browser-extension-id"
    CLOUD_APP_ID = "azure-application-id"
    TRACKING_ID = "tracking-id"
    PAYMENT = "payment-details"
    OTHER = "other"


TYPE_CODES: dict[ObservableType, int] = {
    ObservableType.IPV4: 1,
    ObservableType.IPV6: 2,
    ObservableType.CIDR: 3,
    ObservableType.DOMAIN: 4,
    ObservableType.URL: 5,
    ObservableType.EMAIL: 6,
    ObservableType.MD5: 7,
    ObservableType.SHA1: 8,
    ObservableType.SHA256: 9,
    ObservableType.SHA512: 10,
    ObservableType.SHA224: 11,
    ObservableType.SHA384: 12,
    ObservableType.SSDEEP: 13,
    ObservableType.IMPHASH: 14,
    ObservableType.TLSH: 15,
    ObservableType.AUTHENTIHASH: 16,
    ObservableType.JA3: 17,
    ObservableType.JARM: 18,
    ObservableType.HASSH: 19,
    ObservableType.HASSH_SERVER: 20,
    ObservableType.SHA512_224: 21,
    ObservableType.SHA512_256: 22,
    ObservableType.SHA3_224: 23,
    ObservableType.SHA3_256: 24,
    ObservableType.SHA3_384: 25,
    ObservableType.SHA3_512: 26,
    ObservableType.PEHASH: 27,
    ObservableType.IMPFUZZY: 28,
    ObservableType.VHASH: 29,
    ObservableType.TELFHASH: 30,
    ObservableType.CDHASH: 31,
    ObservableType.DOM_HASH: 32,
    ObservableType.FAVICON: 33,
    ObservableType.X509_MD5: 34,
    ObservableType.X509_SHA1: 35,
    ObservableType.X509_SHA256: 36,
    ObservableType.SSH: 37,
    ObservableType.ASN: 38,
    ObservableType.VULNERABILITY: 39,
    ObservableType.WEAKNESS: 40,
    ObservableType.MAC: 41,
    ObservableType.PORT: 42,
    ObservableType.FILENAME: 43,
    ObservableType.DIRECTORY: 44,
    ObservableType.MUTEX: 45,
    ObservableType.NAMED_PIPE: 46,
    ObservableType.REGISTRY_KEY: 47,
    ObservableType.REGISTRY_VALUE: 48,
    ObservableType.SERVICE: 49,
    ObservableType.SCHEDULED_TASK: 50,
    ObservableType.PROCESS: 51,
    ObservableType.PDB: 52,
    ObservableType.USER_ACCOUNT: 53,
    ObservableType.USER_AGENT: 54,
    ObservableType.PHONE: 55,
    ObservableType.IBAN: 56,
    ObservableType.BANK_ACCOUNT: 57,
    ObservableType.BIC: 58,
    ObservableType.CARD: 59,
    ObservableType.BTC: 60,
    ObservableType.XMR: 61,
    ObservableType.DASH: 62,
    ObservableType.EMAIL_SUBJECT: 63,
    ObservableType.EMAIL_MESSAGE_ID: 64,
    ObservableType.EMAIL_NAME: 65,
    ObservableType.EMAIL_MAILER: 66,
    ObservableType.EMAIL_BOUNDARY: 67,
    ObservableType.EMAIL_THREAD: 68,
    ObservableType.COOKIE: 69,
    ObservableType.COMMUNITY_ID: 70,
    ObservableType.JABBER: 71,
    ObservableType.SOCIAL: 72,
    ObservableType.GIT_COMMIT: 73,
    ObservableType.REPOSITORY: 74,
    ObservableType.SOFTWARE: 75,
    ObservableType.APP_ID: 76,
    ObservableType.EXTENSION_ID: 77,
    ObservableType.CLOUD_APP_ID: 78,
    ObservableType.TRACKING_ID: 79,
    ObservableType.PAYMENT: 80,
    ObservableType.OTHER: 255,
}
"""Type → the small integer that databases hold. Codes are added, never changed or used again."""

TYPES_BY_CODE: dict[int, ObservableType] = {code: type for type, code in TYPE_CODES.items()}
"""The reverse of :data:`TYPE_CODES`."""


class Observable(msgspec.Struct, frozen=True, gc=False):
    """A type and its canonical value. Made by :func:`canonical`; equal observables are equal values."""

    type: ObservableType
    value: str

    @property
    def code(self) -> int:
        """The integer code of the type."""
        return TYPE_CODES[self.type]


def key64_of(code: int, value: str) -> int:
    """Return the signed 64-bit key of a type's code and a canonical value: XXH3-64 of ``code:value`` in UTF-8.

    The key stands in indexes; collisions are possible, so the text is confirmed on read.
    """
    key = xxh3_64_intdigest(f"{code}:{value}".encode())
    return key - 0x10000000000000000 if key >= 0x8000000000000000 else key


def key64(observable: Observable) -> int:
    """Return the signed 64-bit key of an observable (:func:`key64_of`)."""
    return key64_of(TYPE_CODES[observable.type], observable.value)
