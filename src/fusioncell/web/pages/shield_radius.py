"""What a block would take with it: the panel on a decision's page, and the line in the approvers' queue."""

from __future__ import annotations

from collections.abc import Sequence

from fusioncell.bootstrap import Hub
from fusioncell.fusion import Class, Ground
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.observable import Observable, ObservableType, guess
from fusioncell.kernel.refang import defang
from fusioncell.shield.model import Decision
from fusioncell.shield.radius.model import DAYS, Circle, Host, Listed, Near, Radius, Said
from fusioncell.web.pages.views import View, observable_href
from fusioncell.web.words import N_, Words

_SAID = {
    Said.MALICIOUS: ("malicious", N_("Called malicious")),
    Said.BENIGN: ("benign", N_("Called benign")),
    Said.BOTH: ("suspicious", N_("Called both")),
    Said.NOTHING: ("none", N_("Nobody says")),
}
_TITLES = 3
"""Lists that are named: the narrowest."""
_GUARDED, _BLOCKED = N_("Guarded"), N_("Blocked already")


def verdict(found: Radius) -> Words:
    """Say in a line what a block would take with it."""
    return Words("{below}; {lists}.", below=_below(found.below), lists=_standing(found))


def _below(below: Circle) -> Words:
    if not below.count:
        return N_("Blocks this name alone, as far as you may see")
    names = (
        N_("Blocks this name and at least {count} known name below it",
           "Blocks this name and at least {count} known names below it", below.count)
        if below.more else
        N_("Blocks this name and {count} known name below it", "Blocks this name and {count} known names below it",
           below.count)
    )  # fmt: skip
    return Words("{names}, {spared}", names=names, spared=_spared(below))


def _spared(circle: Circle) -> Words:
    if not circle.spared:
        return N_("which is called malicious", "all called malicious", circle.count)
    if circle.spared == circle.count:
        return N_("which nobody calls malicious", "none of them called malicious", circle.count)
    return N_("{count} of which nobody calls malicious", "{count} of which nobody calls malicious", circle.spared)


def _standing(found: Radius) -> Words:
    for lists, over in ((found.lists, ""), (found.registered_lists, found.registered)):
        if lists:
            within = lists[0].within
            stands = (N_("among the {number} most popular names", number=within) if within
                      else N_("a well-known name"))  # fmt: skip
            return (N_("{name}, above it, is {stands}", name=_shown(over), stands=stands) if over
                    else N_("it is {stands}", stands=stands))  # fmt: skip
    return N_("on no list of popular names")


def _shown(name: str) -> str:
    return defang(name)


def _lists(found: Sequence[Listed]) -> list[str]:
    rest = len(found) - _TITLES
    more = [N_("and {count} more list", "and {count} more lists", rest)] if rest > 0 else []
    return [*(one.title for one in found[:_TITLES]), *more]


def _ground(found: Ground) -> Words:
    if found.own and found.sort is Class.SUFFIX:
        return N_("It is a public suffix: anyone may have names below it.")
    if found.own:
        return N_("It is a platform: many unrelated parties have names below it.")
    return N_("{name} is shared by many; what others have there stays reachable.", name=_shown(found.value))


def _facts(found: Radius) -> list[View]:
    """Return what is known of the name itself, a row a question."""
    rows: list[tuple[str, list[str]]] = [
        (N_("Popular"), _lists(found.lists) or [N_("on no list of popular or well-known names")]),
    ]
    if found.registered_lists:
        rows.append((N_("{name}, above it", name=_shown(found.registered)), _lists(found.registered_lists)))
    if found.others:
        rows.append((N_("On other known-good lists"), list(found.others)[:10]))
    if found.ground is not None:
        rows.append((N_("Stands on"), [_ground(found.ground)]))
    if found.asked is not None:
        asked = N_("{count} query in {days} days, as resolvers counted while it or a name below it was listed",
                   "{count} queries in {days} days, as resolvers counted while it or a name below it was listed",
                   found.asked, days=DAYS)  # fmt: skip
        rows.append((N_("Asked for"), [asked]))
    if found.covered:
        above = N_("{name}, above it, is blocked: this block adds nothing", name=_shown(found.covered))
        rows.append((_BLOCKED, [above]))
    elif found.blocked:
        rows.append((_BLOCKED, [N_("{count} name below it", "{count} names below it", found.blocked)]))
    return [{"label": label, "lines": lines} for label, lines in rows]


def _near(one: Near) -> View:
    value = Observable(ObservableType.DOMAIN, one.name)
    level, words = _SAID[one.said]
    return {
        "value": one.name, "type": value.type.value, "href": observable_href(value), "level": level, "words": words,
        "tags": [_GUARDED] * one.guarded + [_BLOCKED] * one.blocked,
    }  # fmt: skip


def _circle(found: Circle) -> View:
    return {"count": found.count, "more": found.more, "rows": [_near(one) for one in found.named],
            "left": found.count - len(found.named)}  # fmt: skip


def _host(one: Host) -> View:
    address = guess(one.address) or Observable(ObservableType.IPV4, one.address)
    words = N_("no other name") if not one.count else (
        N_("at least {count} other name", "at least {count} other names", one.count) if one.more
        else N_("{count} other name", "{count} other names", one.count)
    )  # fmt: skip
    return {"value": address.value, "type": address.type.value, "href": observable_href(address), "words": words}


def radius_view(hub: Hub, viewer: Viewer, item: Decision) -> View:
    """Return the panel of a decision."""
    found = hub.shielding.radii.of(viewer, item.name)
    hours = hub.shield.charter.in_force().compromised_hours
    shared = N_(
        "Many share this host: nobody calls {count} of these names malicious. A site like that may have been broken "
        "into; a block of a compromised site lasts {hours} hours at most.",
        "Many share this host: nobody calls {count} of these names malicious. A site like that may have been broken "
        "into; a block of a compromised site lasts {hours} hours at most.",
        found.beside.spared, hours=hours,
    ) if found.shared else None  # fmt: skip
    return {
        "verdict": verdict(found), "facts": _facts(found), "below": _circle(found.below),
        "beside": _circle(found.beside), "hosts": [_host(one) for one in found.hosts], "more_hosts": found.more_hosts,
        "shared": shared,
    }  # fmt: skip


def glances(hub: Hub, viewer: Viewer, items: Sequence[Decision]) -> dict[str, Words]:
    """Return the line of each decision, by id."""
    found = hub.shielding.radii.glances(viewer, [item.name for item in items])
    return {item.id: verdict(one) for item, one in zip(items, found, strict=True)}
