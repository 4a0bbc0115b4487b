"""HTTP operations of network assets."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import delete, get, post

from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.marking import Viewer
from fusioncell.members.assets.model import LABEL, Alert, Asset, Dispute, Kind
from fusioncell.members.assets.service import Assets


class Claiming(msgspec.Struct, forbid_unknown_fields=True):
    """A network, an AS number or a domain name."""

    value: str


class Approving(msgspec.Struct, forbid_unknown_fields=True):
    """How the operator knows."""

    reason: str


class Settling(msgspec.Struct, forbid_unknown_fields=True):
    """``other``: the claim on the dispute's other side; ``keep``: the id of the one that stands, or ``both``."""

    other: str
    keep: str
    reason: str


def asset_json(one: Asset, assets: Assets) -> dict[str, Any]:
    """Return a claim; of a domain with the record that proves it."""
    record = {"name": f"{LABEL}.{one.value}", "type": "TXT", "text": assets.token_of(one)}
    return {
        "id": one.id, "organisation": one.org, "kind": one.kind.value, "value": one.value,
        "claimed": format_instant(one.claimed), "proved": format_instant(one.proved) if one.proved else None,
        "stands": one.stands(assets.now()), "how": one.how or None, "reason": one.reason,
        "until": format_instant(one.until) if one.until else None,
        "record": record if one.kind is Kind.DOMAIN else None,
    }  # fmt: skip


def dispute_json(one: Dispute) -> dict[str, Any]:
    """Return a dispute, for its two sides and operators."""
    sides = [{"id": each.id, "organisation": each.org, "value": each.value} for each in (one.one, one.other)]
    return {"since": format_instant(one.since), "claims": sides}


def alert_json(one: Alert) -> dict[str, Any]:
    """Return that a block was proposed which touches a name of the organisation."""
    return {"decision": one.decision, "name": one.name, "touches": one.value, "category": one.category,
            "at": format_instant(one.at)}


@get("/api/assets", tags=["assets"], opt={"permission": "read"}, sync_to_thread=True,
     summary="Your organisation's network assets")
def own_assets(assets: Assets, viewer: Viewer) -> dict[str, Any]:
    """List what your organisation claims, the disputes that it is in, and which blocks were proposed of its names."""
    own = [asset_json(one, assets) for one in assets.own(viewer)]
    return {"assets": own, "disputes": [
        dispute_json(one) for one in assets.disputes(viewer) if viewer.org in (one.one.org, one.other.org)],
        "alerts": [alert_json(one) for one in assets.alerts(viewer)]}


@get("/api/assets/all", tags=["assets"], opt={"permission": "operate"}, sync_to_thread=True,
     summary="All network assets")
def all_assets(assets: Assets, viewer: Viewer) -> dict[str, Any]:
    """List all claims and all open disputes, for operators."""
    return {"assets": [asset_json(one, assets) for one in assets.all(viewer)],
            "disputes": [dispute_json(one) for one in assets.disputes(viewer)]}


@post("/api/assets", tags=["assets"], opt={"permission": "lead"}, status_code=201, sync_to_thread=True,
      summary="Claim a network, an AS number or a domain name")
def claim(data: Claiming, assets: Assets, viewer: Viewer) -> dict[str, Any]:
    """Claim it for your organisation. The answer says which TXT record proves a domain."""
    return asset_json(assets.claim(viewer, data.value), assets)


@post("/api/assets/{which:str}/check", tags=["assets"], opt={"permission": "read"}, status_code=200,
      sync_to_thread=True, summary="Look a domain's proof up now")
def check(which: str, data: dict[str, str], assets: Assets, viewer: Viewer) -> dict[str, Any]:
    """Look the TXT record up; proved for a year where it is there. By a lead, or an operator. Send an empty object."""
    if data:
        raise BadInput("this takes no fields", hint="Send {}.")
    return asset_json(assets.check(viewer, which), assets)


@post("/api/assets/{which:str}/approve", tags=["assets"], opt={"permission": "operate"}, status_code=200,
      sync_to_thread=True, summary="Approve a claim")
def approve(which: str, data: Approving, assets: Assets, viewer: Viewer) -> dict[str, Any]:
    """Say that control is proved, and how you know."""
    return asset_json(assets.approve(viewer, which, data.reason), assets)


@post("/api/assets/{which:str}/settle", tags=["assets"], opt={"permission": "operate"}, status_code=200,
      sync_to_thread=True, summary="Settle a dispute")
def settle(which: str, data: Settling, assets: Assets, viewer: Viewer) -> dict[str, Any]:
    """End a dispute: one claim stands and the other is released, or both stand."""
    assets.settle(viewer, which, data.other, data.keep, data.reason)
    return {"id": which, "status": "settled"}


@delete("/api/assets/{which:str}", tags=["assets"], opt={"permission": "read"}, status_code=200, sync_to_thread=True,
        summary="Release an asset")
def release(which: str, assets: Assets, viewer: Viewer, reason: str = "") -> dict[str, Any]:
    """Claim it no longer. An operator says why."""
    assets.release(viewer, which, reason)
    return {"id": which, "status": "released"}


HANDLERS = (own_assets, all_assets, claim, check, approve, settle, release)
"""The doors of assets."""
