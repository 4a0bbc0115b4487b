"""View models that recur: an observable, its verdict, a title. Pure; the templates say what they hold."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fusioncell.fusion.model import Assessment
from fusioncell.kernel.clock import Instant
from fusioncell.kernel.observable import Observable, ObservableType, defang
from fusioncell.shield import ACTIVE_AT_LEAST, MALICIOUS_AT_LEAST
from fusioncell.web.render import ago, plural

View = dict[str, Any]

_T = ObservableType
LABELS = {
    _T.IPV4: "IPv4 address",
    _T.IPV6: "IPv6 address",
    _T.CIDR: "Network",
    _T.DOMAIN: "Domain name",
    _T.URL: "URL",
    _T.EMAIL: "E-mail address",
    _T.MD5: "MD5",
    _T.SHA1: "SHA-1",
    _T.SHA256: "SHA-256",
    _T.SHA512: "SHA-512",
    _T.ASN: "AS number",
    _T.VULNERABILITY: "CVE",
    _T.WEAKNESS: "CWE",
    _T.MAC: "MAC address",
    _T.FILENAME: "File name",
    _T.REGISTRY_KEY: "Registry key",
    _T.USER_AGENT: "User agent",
    _T.BTC: "Bitcoin address",
    _T.IBAN: "IBAN",
    _T.PHONE: "Phone number",
    _T.JA3: "JA3 fingerprint",
    _T.JARM: "JARM fingerprint",
    _T.MUTEX: "Mutex",
}
KINDS = {
    "stix": "STIX object",
    "misp.event": "MISP event",
    "misp.object": "MISP object",
    "misp.attribute": "MISP attribute",
    "csv.row": "Row",
    "text": "Text",
}
FORMATS = {"stix": "STIX", "misp": "MISP event", "csv": "Table (CSV)", "list": "Plain list", "text": "Text"}
ROLES = ("Mentioned", "Attacker's", "Compromised", "Abused service", "Victim's", "Sinkhole or researcher")
"""By the number of ``kernel.claim.Role``."""


FEW = 4
"""Items of a bundle that go by the first one's title."""


def label_of(kind: ObservableType) -> str:
    """Name a type of observable for people."""
    return LABELS.get(kind) or kind.value.replace("-", " ").capitalize()


def observable_href(one: Observable) -> str:
    """Return the address of an observable's page."""
    return f"/observables/{one.type.value}/{quote(one.value, safe='')}"


def mark_of(found: Assessment | None) -> tuple[str, str]:
    """Return (level, words) of an assessment; None and nothing scored are *mentioned only*."""
    if found is None or not found.origins:
        return "none", "Mentioned only"
    if found.malicious >= MALICIOUS_AT_LEAST:
        if found.active >= 0.5:
            return "malicious", "Likely malicious"
        return "suspicious", "Malicious, not active lately"
    if found.malicious >= 0.4:
        return "suspicious", "Suspicious"
    if all(origin.voice.benign for origin in found.origins):
        return "benign", "Likely benign"
    return "unclear", "Unclear"


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


def verdict_view(found: Assessment | None, now: Instant) -> View:
    """Make the VERDICT view model."""
    level, words = mark_of(found)
    scored = found is not None and bool(found.origins)
    against = accusing(found) if found else 0
    excusing = len(found.origins) - against if found else 0
    said = f"{plural(against, 'independent origin')} against it"
    if excusing:
        said += f", {plural(excusing, 'origin')} for it"
    return {
        "level": level,
        "words": words,
        "malicious": found.malicious if found and scored else None,
        "active": found.active if found and scored else None,
        "malicious_words": f"{said}. Not calibrated yet." if scored else "Nobody calls it malicious.",
        "active_words": (
            f"Last reported {ago(found.last, now)}; it fades as time passes."
            if found and scored and found.last
            else "Nothing that could fade."
        ),
        "threshold": MALICIOUS_AT_LEAST,
        "active_threshold": ACTIVE_AT_LEAST,
    }


def decided_verdict(malicious: float, active: float) -> View:
    """Make the VERDICT view model of what a decision noted."""
    level, words = (
        ("malicious", "Likely malicious")
        if malicious >= MALICIOUS_AT_LEAST
        else ("suspicious", "Suspicious")
        if malicious >= 0.4
        else ("unclear", "Unclear")
    )
    return {
        "level": level,
        "words": words,
        "malicious": malicious,
        "active": active,
        "malicious_words": "From the evidence that may be used for blocking.",
        "active_words": "",
        "threshold": MALICIOUS_AT_LEAST,
        "active_threshold": ACTIVE_AT_LEAST,
    }


def contribution_title(title: str, kind: str, items: int) -> str:
    """Return a contribution's title, in words where it has none of its own."""
    if kind == "csv.row":
        return f"A list of {plural(items, 'row')}"
    if title and kind == "stix" and items > FEW:
        # A bundle has no title of its own: it is called by its first object that has one.
        return f"{title} and {items - 1:,} more"
    if title:
        return title
    if kind.startswith("misp"):
        return f"MISP event with {plural(items, 'item')}"
    return f"{KINDS.get(kind, 'Contribution')}s, {items:,}" if items != 1 else KINDS.get(kind, "Contribution")


def item_text(kind: str, title: str, subject: str) -> str:
    """Say in words what an item is that names no observable."""
    what = subject.partition("--")[0] if kind == "stix" else KINDS.get(kind, kind)
    return f"{what.replace('-', ' ').capitalize()}: {title}" if title else what.replace("-", " ").capitalize()


def printed(one: Observable) -> str:
    """Print an observable within a sentence, so that it cannot be followed."""
    followed = (_T.IPV4, _T.IPV6, _T.CIDR, _T.DOMAIN, _T.URL, _T.EMAIL)
    return defang(one.value) if one.type in followed else one.value
