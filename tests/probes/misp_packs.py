"""Probes of the MISP door's actions on tags, galaxies, lists: what members add, and what is the same for all."""

from __future__ import annotations

from probes.model import Answers, Ask, Probe


def _asked(*paths: str) -> Ask:
    """Make a probe that asks paths below /misp."""

    async def ask(p: Probe) -> Answers:
        for path in paths:
            yield await p.get(f"/misp/{path}")

    return ask


async def _search_tags(p: Probe) -> Answers:
    for name in ("%", "tlp:red", "%phish%"):
        yield await p.ask("POST", "/misp/tags/search", json={"tagname": name})


async def _search_clusters(p: Probe) -> Answers:
    for body in ({"custom": 1}, {"custom": 1, "minimal": 1}, {"value": "APT1"}, {"custom": 1, "count": 1}):
        yield await p.ask("POST", "/misp/galaxy_clusters/restSearch", json=body)


MISP_PROBES: dict[str, Ask] = {
    "GET tags/index": _asked("tags/index", "tags/index/searchall:tlp"),
    "GET tags/view": _asked("tags/view/1", "tags/view/2000000000"),
    "GET tags/search": _search_tags,
    "GET tags/tagStatistics": _asked("tags/tagStatistics/false/true", "tags/tagStatistics/true/false"),
    "GET galaxies/view": _asked("galaxies/view/target-information"),
    "GET galaxy_clusters/index": _asked("galaxy_clusters/index/target-information/context:custom"),
    "GET galaxy_clusters/view": _asked(
        "galaxy_clusters/view/1cb7e1cc-d695-42b1-92f4-fd0112a3c9be", "galaxy_clusters/view/77"
    ),
    "GET galaxy_clusters/restSearch": _search_clusters,
}
_SAME = "the packages' own, and the hub's switches: the same for all"
MISP_NO_DATA: dict[str, str] = dict.fromkeys(
    (
        "GET galaxies/index", "GET warninglists/index", "GET warninglists/view",
        "GET warninglists/checkValue", "GET taxonomies/index", "GET taxonomies/view", "GET taxonomies/export",
        "GET noticelists/index", "GET noticelists/view", "GET object_templates/index", "GET object_templates/view",
        "GET object_templates/getRaw", "GET attributes/describeTypes", "GET decaying_model/index",
        "GET decaying_model/view", "GET communities/index", "GET communities/view",
    ),
    _SAME,
)  # fmt: skip
