"""Mandatory tests of scores: CSAF 2.0 §6.1.7–6.1.10. Pure.

That a score has the form of its version (6.1.8) is the schema's to say (``check``); here stands what the form of its
vector shows without it.
"""

from __future__ import annotations

from collections.abc import Iterator

from fusioncell.intake.csaf.cvss import NAMES_2, NAMES_3, base_score, metrics
from fusioncell.intake.csaf.model import Found, Json, items, text, texts, vulnerabilities

_CLOSE = 0.049
"""Scores have one decimal: what is nearer than that is equal."""


def _scores(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Yield (pointer, ``cvss_v2`` or ``cvss_v3``, score)."""
    for path, vulnerability in vulnerabilities(document):
        for place, one in items(vulnerability, "scores"):
            for key in ("cvss_v2", "cvss_v3"):
                if isinstance(one.get(key), dict):
                    yield f"{path}/scores/{place}/{key}", key, one[key]


def twice_scored(document: Json) -> Found:
    """6.1.7: no product has two scores of the same version of CVSS for one vulnerability."""
    for path, vulnerability in vulnerabilities(document):
        seen: set[tuple[str, str]] = set()
        for place, one in items(vulnerability, "scores"):
            for key in ("cvss_v2", "cvss_v3"):
                if not isinstance(one.get(key), dict):
                    continue
                version = text(one[key].get("version")) or key
                for name in texts(one, "products"):
                    if (version, name) in seen:
                        yield f"{path}/scores/{place}", f"the product {name!r} has two scores of CVSS {version}"
                    seen.add((version, name))


def no_score(document: Json) -> Found:
    """6.1.8: a score has a vector and a base score of its version."""
    for path, key, score in _scores(document):
        if not isinstance(score.get("baseScore"), int | float) or isinstance(score.get("baseScore"), bool):
            yield f"{path}/baseScore", "there is no base score"
        names = NAMES_2 if key == "cvss_v2" else NAMES_3
        for name, value in metrics(text(score.get("vectorString"))).items():
            if name not in names or value not in names[name][1]:
                yield f"{path}/vectorString", f"{name}:{value} is no metric of this version"


def wrong_score(document: Json) -> Found:
    """6.1.9: the base score is the one that the vector means."""
    for path, _, score in _scores(document):
        given, meant = score.get("baseScore"), base_score(text(score.get("vectorString")))
        if meant is not None and isinstance(given, int | float) and abs(given - meant) > _CLOSE:
            yield f"{path}/baseScore", f"{given} is given, and the vector means {meant}"


def other_metrics(document: Json) -> Found:
    """6.1.10: metrics that are given beside the vector say what it says."""
    for path, key, score in _scores(document):
        said = metrics(text(score.get("vectorString")))
        for short, (name, values) in (NAMES_2 if key == "cvss_v2" else NAMES_3).items():
            given, meant = score.get(name), values.get(said.get(short, ""))
            if given is not None and meant is not None and given != meant:
                yield f"{path}/{name}", f"{given} is given, and the vector means {meant}"
