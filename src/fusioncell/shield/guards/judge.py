"""Say which guards a name meets. Pure.

1. What the known-good lists and the public suffix list say of the very name: suffixes, platforms shared by many,
   popular names, dynamic-DNS zones, hosts that tell one's address, sinkholes. Never by a parent.
2. ``www.`` of a guarded name: the same site.
3. Government, health, police and military names: registries under which only such bodies have names, so parents count.
4. Names that organisations proved or asked to protect; those above them, for a wildcard takes what is below; and those
   below them, unless anyone may have names there.
5. A parent of many names that are known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from fusioncell.fusion import Class, KnownGood, ground
from fusioncell.kernel.observable import Observable, ObservableType
from fusioncell.shield.guards.model import MANY, Fired

_BODIES = frozenset("gov gob gouv govt gub gv mil nhs police mod parliament parl health".split())
"""Labels under a country's code whose registries are closed to all but public bodies."""
_GO = frozenset("cr id jp ke kr th tz ug".split())
_TOPS = frozenset(("gov", "mil", "int"))
_NAMED = frozenset(
    "europa.eu gc.ca canada.ca gouv.qc.ca admin.ch bund.de fed.us nsn.us nhs.scot nhs.wales gov.scot gov.wales "
    "hscni.net hse.ie garda.ie government.nl overheid.nl rijksoverheid.nl regeringen.se government.se 1177.se "
    "skatteverket.se regjeringen.no helsenorge.no borger.dk sundhed.dk suomi.fi kanta.fi terveyskyla.fi ameli.fr "
    "service-public.fr sante.fr rki.de gesundheit.gv.at belgium.be fgov.be salute.it who.int un.org nato.int "
    "interpol.int".split()
)
"""Public bodies that stand elsewhere. Short on purpose: what a country adds, its organisations ask to protect."""
_COUNTRY = re.compile(r"[a-z]{2}\Z", re.ASCII)
_CODES = {
    Class.POPULAR: "popular", Class.WELL_KNOWN: "popular", Class.SUFFIX: "public-suffix", Class.DYNAMIC: "dynamic-dns",
    Class.SINKHOLE: "sinkhole", Class.SCANNER: "sinkhole", Class.EXERCISE: "sinkhole",
}  # fmt: skip


def above(name: str) -> list[str]:
    """Return the names above a name, nearest first, without the top-level one.

    >>> above("a.b.example.org")
    ['b.example.org', 'example.org']
    """
    labels = name.split(".")
    return [".".join(labels[at:]) for at in range(1, len(labels) - 1)]


def is_public_body(name: str) -> bool:
    """Tell whether a name stands where only government, health, police or military bodies have names."""
    labels = name.split(".")
    if labels[-1] in _TOPS:
        return True
    if len(labels) > 1 and _COUNTRY.match(labels[-1]) and (
        labels[-2] in _BODIES or labels[-2] == "go" and labels[-1] in _GO
    ):
        return True
    return any(one in _NAMED for one in (name, *above(name)))


def judge(name: str, known: KnownGood, protected: Iterable[str], under: int, sinkholed: bool) -> list[Fired]:
    """Return the guards that fire, strongest first.

    ``protected``: the protected names at, above or below it; ``under``: how many names below it are known;
    ``sinkholed``: whether somebody says that it is a sinkhole.
    """
    observable = Observable(ObservableType.DOMAIN, name)
    codes = {hit.category: _CODES[hit.sort] for hit in known.hits(observable) if hit.sort in _CODES}
    fired = [Fired(codes.get(guard.category, guard.category.value), guard.reason) for guard in known.guards(observable)]
    bare = name.removeprefix("www.")
    if not fired and bare != name and "." in bare:
        fired += [Fired("www", guard.reason) for guard in known.guards(Observable(ObservableType.DOMAIN, bare))]
    if sinkholed:
        fired.append(Fired("sinkhole", "It is said to be a sinkhole of police or researchers, which stays reachable."))
    if is_public_body(name):
        fired.append(Fired("public-body", "It is a name of government, health, police or military bodies."))
    if touched(name, protected):
        fired.append(Fired("protected", "An organisation proved this name or asked to protect it."))
    if under >= MANY:
        fired.append(Fired("many-names", "It stands above many names that are known: a block takes them all."))
    return fired


def touched(name: str, protected: Iterable[str]) -> list[str]:
    """Return those of the protected names at, above or below a name that a block of it would touch (step 4)."""
    return [one for one in protected if one == name or one.endswith(f".{name}") or not _open_to_all(one)]


def _open_to_all(name: str) -> bool:
    """Tell whether anyone may have names below this one."""
    found = ground(Observable(ObservableType.DOMAIN, name))
    return found is not None and found.own
