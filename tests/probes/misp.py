"""Probes of the MISP door. Its actions are enumerated by ``tests/flow/test_misp_doors.py``, each with a probe.

Each ``probes/misp*.py`` gives ``MISP_PROBES`` ("GET controller/action" → ask) and ``MISP_NO_DATA``. They are asked
together, as the probe of the one entrance: MISP's ids are told by their order of appearance, for they follow from
positions in the record.
"""

from __future__ import annotations

import pkgutil
import re
from importlib import import_module

from probes.model import UNKNOWN, Answers, Ask, Probe

_ID = re.compile(r'("(?:\w*_)?id"\s*:\s*)"?(\d{4,})"?')
_OF_LENGTH = re.compile(r"\('(?:content-length|etag)', '[^']*'\), ")
"""What follows from how many digits the ids have."""
_NAMED = re.compile(r"(?:(?<=MISP e)|(?<![\w.-]))\d{6,10}(?![\w.-])")


class Names:
    """Gives numbers names by their order of appearance, for one viewer."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def told(self, text: str) -> str:
        text = _OF_LENGTH.sub("", text)
        for found in _ID.finditer(text):
            self._known.setdefault(found[2], f"id-{len(self._known) + 1}")
        return _NAMED.sub(lambda found: self._known.get(found[0], found[0]), text)


def misp_probes() -> tuple[dict[str, Ask], dict[str, str]]:
    """Return the probes and reasons of all parts of the door."""
    import probes

    asks: dict[str, Ask] = {}
    none: dict[str, str] = {}
    for found in pkgutil.iter_modules(probes.__path__):
        if found.name.startswith("misp"):
            module = import_module(f"probes.{found.name}")
            asks.update(getattr(module, "MISP_PROBES", {}))
            none.update(getattr(module, "MISP_NO_DATA", {}))
    return asks, none


async def _all(p: Probe) -> Answers:
    names = Names()
    for ask in misp_probes()[0].values():
        async for where, said in ask(p):
            told = names.told(said)
            yield names.told(where), told


async def _events(p: Probe) -> list[str]:
    answer = await p.client.get("/misp/events/index")
    return [one["uuid"] for one in answer.json()] if answer.status_code == 200 else []


async def _attributes(p: Probe) -> list[str]:
    answer = await p.client.get("/misp/attributes/index")
    return [one["uuid"] for one in answer.json()][:6] if answer.status_code == 200 else []


def _of_each(path: str, which: str, *more: str) -> Ask:
    """Make a probe that asks a path for each event or attribute that the viewer sees, and for an unknown one."""

    async def ask(p: Probe) -> Answers:
        seen = await (_events(p) if which == "event" else _attributes(p))
        for uuid in [*seen, UNKNOWN]:
            for end in ("", *more):
                yield await p.get(f"/misp/{path}/{uuid}{end}")

    return ask


def _once(path: str) -> Ask:
    async def ask(p: Probe) -> Answers:
        yield await p.get(f"/misp/{path}")

    return ask


async def _objects(p: Probe) -> Answers:
    for uuid in await _events(p):
        event = (await p.client.get(f"/misp/events/view/{uuid}")).json()["Event"]
        for one in event["Object"][:3]:
            yield await p.get(f"/misp/objects/view/{one['uuid']}")
    yield await p.get(f"/misp/objects/view/{UNKNOWN}")


MISP_PROBES: dict[str, Ask] = {
    "GET events/index": _once("events/index"),
    "GET events/view": _of_each("events/view", "event", "/deleted:1", "/metadata:1", "/extended:1"),
    "GET attributes/index": _once("attributes/index"),
    "GET attributes/view": _of_each("attributes/view", "attribute"),
    "GET attributes/download": _of_each("attributes/download", "attribute"),
    "GET attributes/downloadAttachment": _of_each("attributes/downloadAttachment", "attribute"),
    "GET attributes/downloadSample": _of_each("attributes/downloadSample/0/1", "event"),
    "GET objects/view": _objects,
    "GET sightings/index": _once("sightings/index"),
    "GET sightings/listSightings": _of_each("sightings/listSightings", "event", "/event"),
    "GET shadow_attributes/index": _once("shadowAttributes/index"),
    "GET shadow_attributes/view": _once(f"shadowAttributes/view/{UNKNOWN}"),
    "GET event_reports/index": _once("eventReports/index"),
    "GET event_reports/view": _once(f"eventReports/view/{UNKNOWN}"),
    "GET analyst_data/index": _once("analyst_data/index/all"),
    "GET analyst_data/view": _once(f"analyst_data/view/all/{UNKNOWN}"),
    "GET event_delegations/index": _once("eventDelegations"),
}
PROBES = {"GET /misp/{path:path}": _all}
NO_DATA = {"GET /misp": "no action of this path answers"}
CHANGES = re.compile(r"(POST|PUT|DELETE) /misp")
