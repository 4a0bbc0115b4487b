"""The step that rates: CVSS vectors by the ``cvss`` package, decisions by an imported SSVC table. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

import cvss

from fusioncell.fusion.vulns.model import Decision, Epss, Input, Kev, Rated
from fusioncell.fusion.vulns.read_tables import Decide, Point

VECTOR = re.compile(r"CVSS:(?:3\.[01]|4\.0)/[A-Z]{1,3}:[A-Z](?:/[A-Z]{1,3}:[A-Z]{1,7}){5,60}")
MAX_VECTOR = 300
PROBABLE = 100
"""Thousandths of EPSS from which exploitation is taken as prepared for (SSVC: *public PoC*), where KEV is silent."""
EXPLOITATION, EXPOSURE, AUTOMATABLE, IMPACT = "E", "EXP", "A", "HI"
POINTS = {"exploitation": EXPLOITATION, "exposure": EXPOSURE, "automatable": AUTOMATABLE, "impact": IMPACT}
"""What a reader may set → SSVC's key of the decision point."""
_EASY = {"AV": "N", "AC": "L", "PR": "N", "UI": "N"}
_WORST = {EXPOSURE: "O", IMPACT: "H", AUTOMATABLE: "Y"}
"""Taken where nothing is known: an assumption that is shown as one, and that a reader sets right."""


def rate(vector: str, org: str) -> Rated | None:
    """Rate a CVSS vector; None for one that the specification does not allow."""
    try:
        if vector.startswith("CVSS:4"):
            four = cvss.CVSS4(vector)
            return Rated(vector, "4.0", float(four.base_score), str(four.severity), org)
        three = cvss.CVSS3(vector)
        return Rated(vector, vector[5:8], float(three.scores()[0]), str(three.severities()[0]), org)
    except cvss.exceptions.CVSSError:
        return None


def metrics(vector: str) -> Mapping[str, str]:
    """Return the metrics of a vector by their names."""
    return dict(part.partition(":")[::2] for part in vector.split("/")[1:])


def inputs_of(
    kev: Kev | None, epss: Epss | None, rated: tuple[Rated, ...], count: int, given: Mapping[str, str]
) -> dict[str, tuple[str, str]]:
    """Return SSVC's key of a decision point → (value, ground). ``given``: what the reader says of it, by that key.

    ``count``: contributions that name the CVE; that somebody names it is no proof that it is exploited.
    """
    found: dict[str, tuple[str, str]] = {}
    if kev is not None:
        found[EXPLOITATION] = ("A", "listed in KEV")
    elif epss is not None and epss.score >= PROBABLE:
        found[EXPLOITATION] = ("P", "EPSS of 10 % or more")
    else:
        found[EXPLOITATION] = ("N", "not in KEV, EPSS low or unknown")
    if rated:
        easy = all(metrics(rated[0].vector).get(name) == value for name, value in _EASY.items())
        found[AUTOMATABLE] = ("Y" if easy else "N", "from the CVSS vector")
    for key, value in _WORST.items():
        found.setdefault(key, (value, "assumed: nothing is known"))
    found.update({key: (value, "set by you") for key, value in given.items() if value})
    return found


def decide(table: Decide, inputs: Mapping[str, tuple[str, str]]) -> Decision | None:
    """Look a decision up in a table; None where the table asks for what is not among the inputs, or has no such row."""
    points = {name: point for name, point in table.decision_points.items() if name != table.outcome}
    taken: dict[str, str] = {}
    shown = []
    for name, point in points.items():
        key = name.split(":")[1] if name.count(":") >= 2 else name
        if key not in inputs:
            return None
        value, ground = inputs[key]
        taken[name] = value
        choices = tuple((each.key, each.name) for each in point.values)
        shown.append(Input(key, point.name, value, _name(point, value), ground, choices))
    for row in table.mapping:
        if all(row[name] == value for name, value in taken.items()):
            outcome = table.decision_points[table.outcome]
            keys = [each.key for each in outcome.values]
            key = row[table.outcome]
            rank = keys.index(key) if key in keys else 0
            return Decision(table.name, table.version, key, _name(outcome, key), rank, tuple(shown))
    return None


def _name(point: Point, key: str) -> str:
    return next((each.name for each in point.values if each.key == key), key)
