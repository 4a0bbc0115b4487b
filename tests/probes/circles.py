"""The doors of groups, of the directory and of contacts."""

from __future__ import annotations

import re

from probes.model import UNKNOWN, Answers, Ask, Probe, each


async def one_group(p: Probe) -> Answers:
    for which in (p.world.group, UNKNOWN):
        yield await p.get(f"/api/groups/{which}")


async def group_page(p: Probe) -> Answers:
    for which in (p.world.group, UNKNOWN):
        yield await p.get(f"/groups/{which}")


async def room_form(p: Probe) -> Answers:
    for one in p.contributions:
        yield await p.get("/groups/room", about=one)


async def directory(p: Probe) -> Answers:
    yield await p.get("/api/directory")
    yield await p.get("/api/directory", q="org", kind="police", offset=1)


async def directory_page(p: Probe) -> Answers:
    yield await p.get("/directory")
    yield await p.get("/directory", q="Org 1", sector="isp")


async def organisation_page(p: Probe) -> Answers:
    for one in p.world.orgs:
        yield await p.get(f"/directory/{one}")


async def person_page(p: Probe) -> Answers:
    for one in (*p.world.people, UNKNOWN):
        yield await p.get(f"/people/{one}")


PROBES: dict[str, Ask] = {
    "GET /api/groups": each("/api/groups"),
    "GET /api/groups/{group:str}": one_group,
    "GET /api/directory": directory,
    "GET /api/contacts": each("/api/contacts"),
    "GET /groups": each("/groups"),
    "GET /groups/new": each("/groups/new"),
    "GET /groups/room": room_form,
    "GET /groups/{group:str}": group_page,
    "GET /directory": directory_page,
    "GET /directory/{which:str}": organisation_page,
    "GET /people/{which:str}": person_page,
    "GET /contacts": each("/contacts"),
    "GET /account/profile": each("/account/profile"),
}

NO_DATA = {
    "GET /contacts/confirm/{token:str}": "asks the contact itself to confirm a test, by a sealed link",
}

CHANGES = re.compile(
    r"(POST|PATCH|DELETE) /api/groups(/.*)?$|(POST|DELETE) /api/contacts(/.*)?$"
    r"|POST /(groups|contacts|account/profile)(/.*)?$"
)
