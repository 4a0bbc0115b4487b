"""Probes of what a MISP asks when it synchronises."""

from __future__ import annotations

from probes.model import UNKNOWN, Answers, Probe


async def _uuids(p: Probe) -> list[str]:
    answer = await p.client.get("/misp/events/index")
    return [one["uuid"] for one in answer.json()] if answer.status_code == 200 else []


async def _filter_events(p: Probe) -> Answers:
    for stamp in ("1", "4102444800"):
        asked = [{"Event": {"uuid": uuid, "timestamp": stamp}} for uuid in [*await _uuids(p), UNKNOWN]]
        yield await p.ask("POST", "/misp/events/filterEventIdsForPush", json=asked)


async def _filter_sightings(p: Probe) -> Answers:
    for uuid in [*await _uuids(p), UNKNOWN]:
        yield await p.ask("POST", f"/misp/sightings/filterSightingUuidsForPush/{uuid}", json=[UNKNOWN])


async def _notes(p: Probe) -> Answers:
    for body in ({}, {"orgc_name": ["!nobody"]}, {"orgc_name": ["nobody"]}):
        yield await p.ask("POST", "/misp/analyst_data/indexMinimal", json=body)


async def _filter_notes(p: Probe) -> Answers:
    found = await p.client.post("/misp/analyst_data/indexMinimal", json={})
    known = found.json() if found.status_code == 200 else {}
    for when in ("1970-01-01 00:00:00", "2100-01-01 00:00:00"):
        asked = {model: dict.fromkeys([*rows, UNKNOWN], when) for model, rows in known.items() if model != "errors"
                 and isinstance(rows, dict)}  # fmt: skip
        yield await p.ask("POST", "/misp/analyst_data/filterAnalystDataForPush", json=asked)


async def _rules(p: Probe) -> Answers:
    yield await p.get("/misp/servers/getAvailableSyncFilteringRules")


async def _create(p: Probe) -> Answers:
    yield await p.get("/misp/servers/createSync")


MISP_NO_DATA = {
    "GET servers/getRemoteUser": "what another server answers to operators",
    "GET servers/previewIndex": "what another server answers to operators",
    "GET servers/queryAvailableSyncFilteringRules": "what another server answers to operators",
}
MISP_PROBES = {
    "GET servers/getAvailableSyncFilteringRules": _rules,
    "GET servers/createSync": _create,
    "GET events/filterEventIdsForPush": _filter_events,
    "GET sightings/filterSightingUuidsForPush": _filter_sightings,
    "GET analyst_data/indexMinimal": _notes,
    "GET analyst_data/filterAnalystDataForPush": _filter_notes,
}
