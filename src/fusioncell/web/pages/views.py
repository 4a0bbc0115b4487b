"""View models that recur: an observable, its verdict, a title. Pure; the templates say what they hold."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fusioncell.fusion.model import Assessment
from fusioncell.fusion.overrides import Verdict as Said
from fusioncell.kernel.clock import Instant
from fusioncell.kernel.observable import Observable, ObservableType, defang, guess
from fusioncell.shield import ACTIVE_AT_LEAST, CATEGORIES, MALICIOUS_AT_LEAST
from fusioncell.web.words import N_, Words, ago, joined, of_error

View = dict[str, Any]


def category_of(name: str, *, capital: bool = False) -> Words:
    """Name a category of the block policy."""
    return of_error(CATEGORIES.get(name, name), capital=capital)


_T = ObservableType
LABELS = {
    _T.IPV4: N_("IPv4 address"),
    _T.IPV6: N_("IPv6 address"),
    _T.CIDR: N_("Network"),
    _T.DOMAIN: N_("Domain name"),
    _T.URL: "URL",
    _T.EMAIL: N_("E-mail address"),
    _T.MD5: "MD5",
    _T.SHA1: "SHA-1",
    _T.SHA256: "SHA-256",
    _T.SHA512: "SHA-512",
    _T.ASN: N_("AS number"),
    _T.VULNERABILITY: "CVE",
    _T.WEAKNESS: "CWE",
    _T.MAC: N_("MAC address"),
    _T.FILENAME: N_("File name"),
    _T.REGISTRY_KEY: N_("Registry key"),
    _T.USER_AGENT: N_("User agent"),
    _T.BTC: N_("Bitcoin address"),
    _T.IBAN: "IBAN",
    _T.PHONE: N_("Phone number"),
    _T.JA3: N_("JA3 fingerprint"),
    _T.JARM: N_("JARM fingerprint"),
    _T.HASSH: "HASSH",
    _T.HASSH_SERVER: "HASSH server",
    _T.X509_MD5: "X.509 MD5",
    _T.X509_SHA1: "X.509 SHA-1",
    _T.X509_SHA256: "X.509 SHA-256",
    _T.MUTEX: N_("Mutex"),
}
KINDS = {
    "stix": N_("STIX object"),
    "misp.event": N_("MISP event"),
    "misp.object": N_("MISP object"),
    "misp.attribute": N_("MISP attribute"),
    "misp.more": N_("MISP object"),
    "csv.row": N_("Row"),
    "text": N_("Text"),
    "post": N_("Post"),
    "reaction": N_("Reaction to a post"),
    "product": N_("Product"),
    "csaf": N_("Advisory (CSAF)"),
}
FORMATS = {"stix": "STIX", "misp": N_("MISP event"), "csv": N_("Table (CSV)"), "list": N_("Plain list"),
           "jsonl": "JSON lines", "json": "JSON", "xarf": "X-ARF", "csaf": "CSAF", "text": N_("Text")}  # fmt: skip
ROLES = (N_("Mentioned"), N_("Attacker's"), N_("Compromised"), N_("Abused service"), N_("Victim's"),
         N_("Sinkhole or researcher"))  # fmt: skip
"""By the number of ``kernel.claim.Role``."""


FEW = 4
"""Items of a bundle that go by the first one's title."""
LONG = 60
"""Characters of a value that a list is called by."""


def label_of(kind: ObservableType) -> str:
    """Name a type of observable for people."""
    return LABELS.get(kind) or kind.value.replace("-", " ").capitalize()


def observable_href(one: Observable) -> str:
    """Return the address of an observable's page."""
    return f"/observables/{one.type.value}/{quote(one.value, safe='')}"


OVERRIDDEN = {
    Said.MALICIOUS: ("malicious", N_("Malicious, says an analyst")),
    Said.SUSPICIOUS: ("suspicious", N_("Suspicious, says an analyst")),
    Said.UNCLEAR: ("unclear", N_("Unclear, says an analyst")),
    Said.BENIGN: ("benign", N_("Harmless, says an analyst")),
}
"""(level, words) of what an analyst said over the machine."""


def mark_of(found: Assessment | None) -> tuple[str, str]:
    """Return (level, words) of an assessment; None and nothing scored are *mentioned only*."""
    if found is not None and found.override is not None:
        return OVERRIDDEN[found.override.verdict]
    if found is None or not found.origins:
        return "none", N_("Mentioned only")
    if found.malicious >= MALICIOUS_AT_LEAST:
        if found.active >= 0.5:
            return "malicious", N_("Likely malicious")
        return "suspicious", N_("Malicious, not active lately")
    if found.malicious >= 0.4:
        return "suspicious", N_("Suspicious")
    if all(origin.voice.benign for origin in found.origins):
        return "benign", N_("Likely benign")
    return "unclear", N_("Unclear")


def observable_view(one: Observable, found: Assessment | None) -> View:
    """Make the OBSERVABLE view model."""
    level, words = mark_of(found)
    return {
        "type": one.type.value,
        "label": label_of(one.type),
        "value": one.value,
        "href": observable_href(one),
        "level": level,
        "words": words,
    }


def accusing(found: Assessment) -> int:
    """Count the independent origins that call it malicious or suspicious."""
    return sum(not origin.voice.benign for origin in found.origins)


def _believed(found: Assessment, said: Words) -> Words:
    """Say how far P(malicious) can be believed."""
    if not found.line.verdicts:
        return N_("{said}. Not calibrated yet.", said=said)
    return N_("{said}. Calibrated on {count} verdicts.", said=said, count=found.line.verdicts)


def verdict_view(found: Assessment | None, now: Instant) -> View:
    """Make the VERDICT view model."""
    level, words = mark_of(found)
    scored = found is not None and bool(found.origins)
    against = accusing(found) if found else 0
    excusing = len(found.origins) - against if found else 0
    said = N_("{count} independent origin against it", "{count} independent origins against it", against)
    if excusing:
        said = joined([said, N_("{count} origin for it", "{count} origins for it", excusing)])
    return {
        "level": level,
        "words": words,
        "malicious": found.malicious if found and scored else None,
        "active": found.active if found and scored else None,
        "malicious_words": _believed(found, said) if found and scored else N_("Nobody calls it malicious."),
        "active_words": (
            N_("Last reported {when}; it fades as time passes.", when=ago(found.last, now))
            if found and scored and found.last
            else N_("Nothing that could fade.")
        ),
        "threshold": MALICIOUS_AT_LEAST,
        "active_threshold": ACTIVE_AT_LEAST,
    }


def decided_verdict(malicious: float, active: float) -> View:
    """Make the VERDICT view model of what a decision noted."""
    level, words = (
        ("malicious", N_("Likely malicious"))
        if malicious >= MALICIOUS_AT_LEAST
        else ("suspicious", N_("Suspicious"))
        if malicious >= 0.4
        else ("unclear", N_("Unclear"))
    )
    return {
        "level": level,
        "words": words,
        "malicious": malicious,
        "active": active,
        "malicious_words": N_("From the evidence that may be used for blocking."),
        "active_words": "",
        "threshold": MALICIOUS_AT_LEAST,
        "active_threshold": ACTIVE_AT_LEAST,
    }


def contribution_title(title: str, kind: str, items: int) -> str:
    """Return a contribution's title, in words where it has none of its own."""
    if title and kind == "csv.row":
        # A list is called by its first value: what its file was called is its contributor's own.
        one = guess(title)
        shown = printed(one) if one else title
        shown = f"{shown[:LONG]}…" if len(shown) > LONG else shown
        return N_("{title} (and {n} more)", title=shown, n=items - 1) if items > 1 else shown
    if kind == "csv.row":
        return N_("A list of {count} row", "A list of {count} rows", items)
    if title and kind == "text":
        # The first line of a text, often in Markdown: a heading, a row of a table.
        return title.strip("#|*_> ") or title
    if title and kind == "stix" and items > FEW:
        # A bundle has no title of its own: it is called by its first object that has one.
        return N_("{title} (and {n} more)", title=title, n=items - 1)
    if title:
        return title
    if kind.startswith("misp"):
        return N_("MISP event with {count} item", "MISP event with {count} items", items)
    what = KINDS.get(kind, N_("Contribution"))
    return N_("{kind}, {n}", kind=what, n=items) if items != 1 else what


def item_text(kind: str, title: str, subject: str) -> str:
    """Say in words what an item is that names no observable."""
    what = subject.partition("--")[0].replace("-", " ").capitalize() if kind == "stix" else KINDS.get(kind, kind)
    return N_("{kind}: {title}", kind=what, title=title) if title else what


def printed(one: Observable) -> str:
    """Print an observable within a sentence, so that it cannot be followed."""
    followed = (_T.IPV4, _T.IPV6, _T.CIDR, _T.DOMAIN, _T.URL, _T.EMAIL)
    return defang(one.value) if one.type in followed else one.value
