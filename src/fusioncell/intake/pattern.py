"""STIX patterns → the observables that they name (STIX 2.1 §9), read by a linear tokenizer.

Nine of ten patterns in the wild are one equality (../shared/reference/taxii-stix.md §3.1); these become observables.
What is more than equalities is kept as it came and listed with the reason. Nothing here evaluates a pattern.

1. The pattern is cut into tokens from left to right; each token ends where it must, so no input makes it go back.
2. A walk over the tokens checks the order (comparison, operator, comparison …), counts brackets, and notes which
   operators occur. No tree is built: whether *only* OR occurs is all that is asked.
3. Each equality whose path is known becomes an observable.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from fusioncell.kernel.observable import BadValue, Observable, ObservableType, canonical, type_named

MAX_PATTERN = 65_536
"""Longest pattern read, in characters."""

MAX_DEPTH = 64
"""Deepest nesting of parentheses read."""

MAX_BAD = 20
"""Most values of one pattern that are listed as faults."""
MAX_COMPARISONS = 5_000
"""Most comparisons read in one pattern."""


@dataclass(frozen=True, slots=True)
class PatternReading:
    """What a pattern names.

    ``equalities``: the observables that it requires to be equal, in order, each once.
    ``complete``: each of them *alone* makes the pattern match, and there is nothing else in it: equalities joined by
    OR (``IN`` lists and ``ISSUBSET`` of a network included), or hashes of one object joined by AND. What AND only adds
    to one value (the type of what it refers to, ports, a file's size) does not count, as MISP's converter writes each
    ``ip-dst`` and ``ip-dst|port``.
    ``beside``: the file's name beside its hashes, the address that a name resolved to: with them, not instead of them.
    ``reason``: why it is not complete ("" where it is): other operators, unknown paths, bad values, bad syntax.
    """

    equalities: tuple[Observable, ...] = ()
    complete: bool = False
    reason: str = ""
    bad: tuple[str, ...] = ()
    """Why values that are compared with are none of their type: faults, where ``reason`` tells of what is not read."""
    beside: tuple[Observable, ...] = ()


_KEY = r"(?:'(?:[^'\\]++|\\.)*+'|[A-Za-z0-9_][A-Za-z0-9_-]*+)"
_TOKEN = re.compile(
    r"\s*+(?:"
    rf"(?P<path>[A-Za-z][A-Za-z0-9_-]*+:{_KEY}(?:\.{_KEY}|\[(?:\*|[0-9]{{1,9}})\])*+)"
    r"|(?P<string>[tbh]?'(?:[^'\\]++|\\.)*+')"
    r"|(?P<number>[+-]?[0-9]++(?:\.[0-9]++)?)"
    r"|(?P<word>[A-Za-z]++)"
    r"|(?P<sign><=|>=|<>|!=|==|[=<>\[\](),])"
    r")", re.DOTALL)
_ONE = re.compile(r"\[\s*+([a-z][a-z0-9-]*+:[A-Za-z0-9_.'-]++)\s*+==?\s*+'([^'\\]*+)'\s*+\]\s*\Z")

_T = ObservableType
Reader = Callable[[str], Observable]


def _endpoint(raw: str) -> Observable:
    """Read an endpoint of traffic: an address, a network or a name."""
    return canonical(_T.DOMAIN, raw) if "/" not in raw else canonical(_T.CIDR, raw)


def _wallet(raw: str) -> Observable:
    """Read a wallet's address of whichever currency it fits."""
    for type in (_T.BTC, _T.XMR, _T.DASH):
        try:
            return canonical(type, raw)
        except BadValue:
            continue
    return canonical(_T.OTHER, raw)


def _of(type: ObservableType) -> Reader:
    """Bind :func:`canonical` to a type."""
    return lambda raw: canonical(type, raw)


_PATHS: dict[str, Reader] = {
    "ipv4-addr:value": _of(_T.IPV4), "ipv6-addr:value": _of(_T.IPV6), "domain-name:value": _of(_T.DOMAIN),
    "hostname:value": _of(_T.DOMAIN), "url:value": _of(_T.URL), "email-addr:value": _of(_T.EMAIL),
    "mac-addr:value": _of(_T.MAC), "autonomous-system:number": _of(_T.ASN), "file:name": _of(_T.FILENAME),
    "file:parent_directory_ref.path": _of(_T.DIRECTORY), "directory:path": _of(_T.DIRECTORY),
    "mutex:name": _of(_T.MUTEX), "windows-registry-key:key": _of(_T.REGISTRY_KEY),
    "process:command_line": _of(_T.PROCESS), "process:name": _of(_T.FILENAME),
    "process:image_ref.name": _of(_T.FILENAME), "process:binary_ref.name": _of(_T.FILENAME),
    "process:extensions.windows-service-ext.service_name": _of(_T.SERVICE),
    "user-account:account_login": _of(_T.USER_ACCOUNT), "user-account:user_id": _of(_T.USER_ACCOUNT),
    "email-message:from_ref.value": _of(_T.EMAIL), "email-message:sender_ref.value": _of(_T.EMAIL),
    "email-message:to_refs.value": _of(_T.EMAIL), "email-message:cc_refs.value": _of(_T.EMAIL),
    "email-message:subject": _of(_T.EMAIL_SUBJECT), "email-message:message_id": _of(_T.EMAIL_MESSAGE_ID),
    "network-traffic:dst_ref.value": _endpoint, "network-traffic:src_ref.value": _endpoint,
    "domain-name:resolves_to_refs.value": _endpoint, "software:cpe": _of(_T.SOFTWARE),
    "network-traffic:extensions.http-request-ext.request_header.user-agent": _of(_T.USER_AGENT),
    "network-traffic:extensions.http-request-ext.request_header.host": _endpoint,
    "user-agent:value": _of(_T.USER_AGENT), "phone-number:value": _of(_T.PHONE), "bank-account:iban": _of(_T.IBAN),
    "payment-card:card_number": _of(_T.CARD), "cryptocurrency-wallet:value": _wallet,
    "cryptocurrency-wallet:address": _wallet, "app:id": _of(_T.APP_ID), "vulnerability:name": _of(_T.VULNERABILITY),
}
_NARROWS = frozenset(("network-traffic:dst_ref.type", "network-traffic:src_ref.type", "network-traffic:dst_port",
                      "network-traffic:src_port", "network-traffic:protocols", "file:size"))
"""Paths that only narrow what another comparison names."""
_RESOLVED = "domain-name:resolves_to_refs.value"
_CERTIFICATE = {_T.MD5: _T.X509_MD5, _T.SHA1: _T.X509_SHA1, _T.SHA256: _T.X509_SHA256}
_INDEX = re.compile(r"\[(?:\*|[0-9]+)\]")
_HASH_KEY = re.compile(r"[^a-z0-9]")


def _plain(path: str) -> str:
    """Write an object path without its indexes and quotation marks."""
    return _INDEX.sub("", path).replace("'", "").lower()


@lru_cache(maxsize=1024)
def _reader(path: str) -> Reader | None:
    """Find the reader of an object path, whatever its spelling (``file:hashes.'SHA-256'``, ``file:hashes.sha256``)."""
    plain = _plain(path)
    found = _PATHS.get(plain)
    if found is not None:
        return found
    owner, hashes, algorithm = plain.rpartition("hashes.")
    if not hashes or owner not in _HASH_OWNERS:
        return None
    try:
        type = type_named(algorithm)
    except BadValue:
        return None
    if owner == "x509-certificate:":
        type = _CERTIFICATE.get(type, _T.OTHER)
    return _of(type) if type in _HASH_TYPES else None


_HASH_OWNERS = frozenset(("file:", "artifact:", "x509-certificate:", "process:image_ref.", "process:binary_ref.",
                          "email-message:body_multipart.body_raw_ref.", "network-traffic:src_payload_ref."))
_HASH_TYPES = frozenset((
    _T.MD5, _T.SHA1, _T.SHA224, _T.SHA256, _T.SHA384, _T.SHA512, _T.SHA3_224, _T.SHA3_256, _T.SHA3_384, _T.SHA3_512,
    _T.SHA512_224, _T.SHA512_256, _T.SSDEEP, _T.TLSH, _T.IMPHASH, _T.AUTHENTIHASH, _T.X509_MD5, _T.X509_SHA1,
    _T.X509_SHA256, _T.PEHASH, _T.IMPFUZZY, _T.VHASH, _T.TELFHASH,
))


class _Syntax(Exception):
    """The pattern cannot be read; the message says where."""


Token = tuple[str, str]


def _tokens(pattern: str) -> Iterator[Token]:
    """Cut the pattern into ``(kind, text)``. Raises _Syntax at what is no token."""
    place, end = 0, len(pattern.rstrip())
    while place < end:
        found = _TOKEN.match(pattern, place)
        if found is None or found.lastgroup is None:
            raise _Syntax(f"not a STIX pattern at character {place + 1}")
        yield found.lastgroup, found[found.lastgroup]
        place = found.end()


_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def _constant(token: Token) -> str:
    """Return a constant's text: a string unescaped, a number as written. Raises _Syntax for anything else."""
    kind, text = token
    if kind == "string":
        inner = text[text.index("'") + 1:-1]
        return _ESCAPE.sub(r"\1", inner) if "\\" in inner else inner
    if kind == "number" or (kind == "word" and text.lower() in ("true", "false")):
        return text
    raise _Syntax(f"a constant is missing before {text[:40]!a}")


class _Walk:
    """One walk over the tokens of one pattern; gathers what :func:`observables_in` answers."""

    def __init__(self, tokens: Iterator[Token]) -> None:
        self._tokens = tokens
        self.found: dict[Observable, None] = {}
        self.resolved: dict[Observable, None] = {}
        self.narrows: list[str] = []
        self.joins: set[str] = set()
        self.others: list[str] = []
        self.bad: list[str] = []
        self._comparisons = 0
        self._depth = 0
        self._inside = False
        self._operand_due = True

    def _next(self) -> Token:
        """Return the next token; the pattern must not end here."""
        try:
            return next(self._tokens)
        except StopIteration:
            raise _Syntax("the pattern ends too early") from None

    def run(self) -> None:
        """Walk all tokens: operands and operators in turn."""
        for kind, text in self._tokens:
            word = text.upper() if kind == "word" else text
            if self._operand_due:
                self._operand(kind, text, word)
            else:
                self._operator(text, word)
        if self._operand_due or self._inside or self._depth:
            raise _Syntax("the pattern ends too early")

    def _operand(self, kind: str, text: str, word: str) -> None:
        """Take what may stand where a comparison or an observation is wanted."""
        if text == "(":
            self._depth += 1
            if self._depth > MAX_DEPTH:
                raise _Syntax(f"parentheses are nested more than {MAX_DEPTH} deep")
        elif text == "[" and not self._inside:
            self._inside = True
        elif self._inside and kind == "path":
            self._comparison(text)
            self._operand_due = False
        elif self._inside and word in ("NOT", "EXISTS"):
            self._negated_or_exists(word)
            self._operand_due = word == "NOT"
        else:
            raise _Syntax(f"a comparison is missing before {text[:40]!a}")

    def _operator(self, text: str, word: str) -> None:
        """Take what may stand after a comparison or an observation."""
        if text == ")":
            self._depth -= 1
            if self._depth < 0:
                raise _Syntax("a parenthesis closes that was not opened")
        elif text == "]" and self._inside:
            self._inside = False
        elif word in ("AND", "OR", "FOLLOWEDBY"):
            self.joins.add(word)
            self._operand_due = True
        elif not self._inside and word in _QUALIFIERS:
            self._qualifier(word)
        else:
            raise _Syntax(f"{text[:40]!a} stands where an operator is wanted")

    def _negated_or_exists(self, word: str) -> None:
        """Note what is not an equality (``NOT`` in front of a parenthesis, ``EXISTS path``)."""
        self.others.append(word)
        if word == "EXISTS" and self._next()[0] != "path":
            raise _Syntax("EXISTS without a path")

    def _qualifier(self, word: str) -> None:
        """Skip a qualifier: it narrows when the pattern matches."""
        self.others.append(word)
        for _ in range(_QUALIFIERS[word]):
            self._next()

    def _comparison(self, path: str) -> None:
        """Read the operator and the constants that follow a path."""
        self._count(1)
        _, operator = self._next()
        operator = operator.upper()
        negated = operator == "NOT"
        if negated:
            operator = self._next()[1].upper()
        if operator not in _OPERATORS:
            raise _Syntax(f"{operator[:40]!a} is not an operator")
        values = self._list() if operator == "IN" else [_constant(self._next())]
        equality = operator in ("=", "==", "IN") or (operator == "ISSUBSET" and "addr:value" in path)
        if negated or not equality:
            self.others.append(f"NOT {operator}" if negated else operator)
            return
        reader = _reader(path)
        plain = _plain(path)
        if reader is None:
            (self.narrows if plain in _NARROWS else self.others).append(f"path {path[:60]}")
            return
        for value in values:
            try:
                (self.resolved if plain == _RESOLVED else self.found)[reader(value)] = None
            except BadValue as bad:
                self.others.append(str(bad))
                self.bad.append(str(bad))

    def _list(self) -> list[str]:
        """Read ``('a', 'b', …)``."""
        if self._next()[1] != "(":
            raise _Syntax("IN without its list")
        values = [_constant(self._next())]
        while (text := self._next()[1]) != ")":
            if text != ",":
                raise _Syntax("a list without a comma")
            values.append(_constant(self._next()))
        self._count(len(values))
        return values

    def _count(self, more: int) -> None:
        """Keep the number of values compared within its bound."""
        self._comparisons += more
        if self._comparisons > MAX_COMPARISONS:
            raise _Syntax(f"more than {MAX_COMPARISONS} comparisons")


_OPERATORS = frozenset(("=", "==", "!=", "<>", "<", ">", "<=", ">=", "IN", "LIKE", "MATCHES", "ISSUBSET",
                        "ISSUPERSET"))
_QUALIFIERS = {"WITHIN": 2, "REPEATS": 2, "START": 1, "STOP": 1}
"""Qualifier → the tokens that follow it (``WITHIN 5 SECONDS``, ``REPEATS 5 TIMES``, ``START t'…'``)."""


def observables_in(pattern: str) -> PatternReading:
    """Read a STIX pattern. Never raises: what cannot be read answers with its reason and is to be kept as it came.

    Time is linear in the length of the pattern.
    """
    if len(pattern) > MAX_PATTERN:
        return PatternReading(reason=f"the pattern is over {MAX_PATTERN} characters")
    one = _ONE.match(pattern)
    if one is not None:
        reader = _reader(one[1])
        if reader is None:
            return PatternReading(reason=f"path {one[1][:60]}")
        try:
            return PatternReading((reader(one[2]),), True)
        except BadValue as bad:
            return PatternReading(reason=str(bad), bad=(str(bad),))
    try:
        walk = _Walk(_tokens(pattern))
        walk.run()
    except _Syntax as fault:
        return PatternReading(reason=str(fault))
    return _conclude(walk)


def _conclude(walk: _Walk) -> PatternReading:
    """Decide whether each equality alone makes the pattern match."""
    found = tuple(walk.found)
    named = (*found, *walk.resolved)
    if "NOT" in walk.others:
        return PatternReading(reason="NOT")
    if walk.others or not named:
        bad = tuple(dict.fromkeys(walk.bad))[:MAX_BAD]
        return PatternReading(named, False, ", ".join(dict.fromkeys(walk.others + walk.narrows))[:500], bad)
    if walk.joins <= {"OR"} and not walk.narrows:
        return PatternReading(named, True)
    if walk.joins == {"AND"}:
        hashes = tuple(one for one in found if one.type in _HASH_TYPES)
        names = tuple(one for one in found if one.type is _T.FILENAME)
        if hashes and not walk.resolved and len(hashes) + len(names) == len(found) and len(names) < 2 and (
                len({one.type for one in hashes}) == len(hashes)):
            return PatternReading(hashes, True, beside=names)
        if len(found) == 1 and (not walk.resolved or found[0].type is _T.DOMAIN):
            return PatternReading(found, True, beside=tuple(walk.resolved))
    return PatternReading(named, False, " and ".join(sorted(walk.joins) + walk.narrows)[:500])
