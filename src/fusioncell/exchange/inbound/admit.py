"""Check what operators want of a feed. Pure; raises BadInput with the field at fault."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from fusioncell.exchange.inbound.model import FORMATS, GRADES, LONGEST, SHORTEST, Kind, Wanted
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.marking import MAX_PARTIES, Tlp


def admit_wanted(wanted: Wanted, parties: Iterable[str], *, inner: bool, secret: bool) -> None:
    """Check all of it. ``parties``: the groups that may be named; ``inner``: the operators allow its host inside."""
    name = " ".join(wanted.name.split())
    if not name or len(name) > 120 or name != wanted.name or not name.isprintable():
        raise BadInput("a feed needs a name of at most 120 characters on one line", place="name")
    admit_address(wanted.url, inner=inner, secret=secret)
    if not SHORTEST <= wanted.every <= LONGEST:
        raise BadInput("a feed is pulled at most every 5 minutes and at least every 31 days", place="every")
    if wanted.format not in FORMATS or (wanted.format and wanted.kind is not Kind.FILE):
        raise BadInput(f"{wanted.format[:20]!r} is no format of a file", place="format",
                       hint=f"Use one of: {', '.join(FORMATS[1:])}; or none, and the content decides.")
    if wanted.grade not in GRADES:
        raise BadInput(f"{wanted.grade[:20]!r} is no grade", place="grade", hint="Use A to F (Admiralty).")
    if wanted.tlp is Tlp.RED or wanted.at_least is Tlp.RED:
        raise BadInput("TLP:RED is for named people", place="tlp", hint="Use amber+strict with a group.")
    if wanted.push is not None and (wanted.push not in (Tlp.CLEAR, Tlp.GREEN) or wanted.kind is not Kind.MISP_SERVER):
        raise BadInput("a MISP is pushed what is clear, or up to green", place="push",
                       hint="The kind is misp-server; what is marked AMBER leaves by agreement of its group alone.")
    unknown = [party for party in wanted.groups if not party.startswith("group:") or party not in set(parties)]
    if unknown or len(wanted.groups) > MAX_PARTIES - 2:
        raise BadInput("name groups that your organisation belongs to now", place="groups",
                       hint="As group:ID.GENERATION; see fusioncell group list.")


def admit_address(url: str, *, inner: bool, secret: bool) -> None:
    """Check an address; one that is asked with credentials is asked by https, unless the operators allow it inside."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise BadInput(f"{url[:200]!r} is no address", place="url") from None
    if len(url) > 2_000 or not url.isprintable() or " " in url:
        raise BadInput("the address is too long, or holds blanks", place="url")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInput("the address of a feed begins with https:// or http://", place="url")
    if parts.username is not None or parts.password is not None:
        raise BadInput("no credentials stand in an address", place="url", hint="Give them apart: they are sealed.")
    if secret and parts.scheme != "https" and not inner:
        raise BadInput("credentials are sent by https alone", place="url")
