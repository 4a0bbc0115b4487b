"""Check what a person asks for: watches and preferences. BadInput says what to write instead."""

from __future__ import annotations

from zoneinfo import ZoneInfo, available_timezones

from fusioncell.exchange.notify.model import BARE, DIGESTS, KINDS, LANGUAGES, LONGEST_VALUE, Preferences
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.observable import Observable, ObservableType, guess, is_public_suffix
from fusioncell.kernel.ports import storable

_NETWORKS = frozenset({ObservableType.CIDR, ObservableType.IPV4, ObservableType.IPV6, ObservableType.ASN,
                       ObservableType.DOMAIN})  # fmt: skip
_LEAST_PREFIX = {4: 8, 6: 16}


def network(text: str) -> Observable:
    """Return the network, address, AS number or domain name that a text means. BadInput for anything else."""
    found = guess(text[:LONGEST_VALUE])
    if found is None or found.type not in _NETWORKS:
        raise BadInput(f"{text[:60]!r} is no network, AS number or domain name",
                       hint="For example 192.0.2.0/24, AS64496 or example.org.", place="value")
    if found.type is ObservableType.DOMAIN and is_public_suffix(found.value):
        raise BadInput(f"{found.value!r} is a public suffix: everybody registers under it",
                       hint="Watch a name that is yours.", place="value")
    address, slash, length = found.value.partition("/")
    if found.type is ObservableType.CIDR and slash and int(length) < _LEAST_PREFIX[6 if ":" in address else 4]:
        raise BadInput(f"{found.value} is too large a network to watch", hint="Watch /8 or smaller (IPv6: /16).",
                       place="value")
    return found


def network_text(one: Observable) -> str:
    """Return the text by which a network, address, AS number (``AS64496``) or name is watched."""
    return f"AS{one.value}" if one.type is ObservableType.ASN else one.value


def watch(kind: str, value: str) -> tuple[str, str]:
    """Return (kind, value) as they are kept."""
    if kind not in KINDS:
        raise BadInput(f"{kind[:40]!r} is nothing that can be watched", hint=f"Use one of: {', '.join(KINDS)}.",
                       place="kind")
    value = storable(" ".join(value.split()))
    if kind in BARE:
        if value:
            raise BadInput(f"{kind!r} takes no value", hint="Leave the value out.", place="value")
        return kind, ""
    if not value or len(value) > LONGEST_VALUE:
        raise BadInput("say what to watch", hint=f"At most {LONGEST_VALUE} characters.", place="value")
    if kind == "network":
        return kind, network_text(network(value))
    return kind, value if kind in ("group", "query") else value.lower()


def preferences(given: Preferences) -> Preferences:
    """Return the preferences, checked."""
    if given.digest not in DIGESTS:
        raise BadInput(f"{given.digest[:20]!r} is no digest", hint=f"Use one of: {', '.join(DIGESTS)}.", place="digest")
    if given.language not in LANGUAGES:
        raise BadInput(f"{given.language[:20]!r} is no language here", hint=f"Use one of: {', '.join(LANGUAGES)}.",
                       place="language")  # fmt: skip
    if given.zone not in zones():
        raise BadInput(f"{given.zone[:60]!r} is no time zone", hint="Write it as Europe/London.", place="zone")
    for name in ("quiet_from", "quiet_to", "morning"):
        if not 0 <= getattr(given, name) < 24 * 60:
            raise BadInput(f"{name} is no time of day", hint="Write it as 22:00.", place=name)
    return given


_ZONES: list[str] = []


def zones() -> list[str]:
    """Return the names of all time zones, sorted (read once)."""
    if not _ZONES:
        _ZONES.extend(sorted(name for name in available_timezones() if "/" in name or name == "UTC"))
    return _ZONES


def zone(name: str) -> ZoneInfo:
    """Return a time zone by its name."""
    return ZoneInfo(name)


def minute_of_day(text: str, place: str) -> int:
    """Read ``HH:MM`` to the minute of the day."""
    hours, colon, minutes = text.strip()[:8].partition(":")
    if colon and hours.isdecimal() and minutes[:2].isdecimal() and int(hours) < 24 and int(minutes[:2]) < 60:
        return int(hours) * 60 + int(minutes[:2])
    raise BadInput(f"{text[:20]!r} is no time of day", hint="Write it as 22:00.", place=place)


def time_of_day(minute: int) -> str:
    """Print a minute of the day as ``HH:MM``."""
    return f"{minute // 60:02d}:{minute % 60:02d}"
