"""HTTP operations of an account: its sessions and its keys. By a session, or by a key of the person's own.

A key may list and end; only a session makes a key, so that one that leaks does not outlive its own expiry.
"""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, delete, get, post

from fusioncell.kernel.clock import format_day, format_instant
from fusioncell.kernel.errors import NotAllowed
from fusioncell.kernel.marking import Viewer
from fusioncell.members.model import KeyInfo, SessionInfo
from fusioncell.members.service import Members
from fusioncell.members.signing.service import Signing

Asked = Request[Any, Any, Any]


class NewKey(msgspec.Struct, forbid_unknown_fields=True):
    """A key to be made. ``scopes`` left out: all that the role permits; ``days``: until it expires."""

    label: str
    role: str = "member"
    scopes: list[str] | None = None
    days: int = 90


def own_key_json(item: KeyInfo) -> dict[str, Any]:
    """Return what is known of a key; never the key."""
    return {"id": item.id, "label": item.label, "role": item.role,
            "scopes": None if item.scopes is None else sorted(item.scopes), "created": format_instant(item.created),
            "expires": format_instant(item.expires), "used_day": item.used_day}


def session_json(item: SessionInfo, current: str) -> dict[str, Any]:
    """Return a session; the day of its last use, never the hour."""
    return {"id": item.id, "method": item.method, "created": format_instant(item.created),
            "expires": format_instant(item.expires), "used_day": format_day(item.seen), "current": item.id == current}


def _person(viewer: Viewer) -> str:
    if viewer.person is None:
        raise NotAllowed("this is for a person, not for an organisation's key", hint="Sign in, or use your own key.")
    return viewer.person


def _session(request: Asked) -> str:
    return str(request.scope["state"].get("session", ""))


@get("/api/account/sessions", tags=["account"], opt={"permission": "read"}, sync_to_thread=True,
     summary="Where you are signed in")
def sessions(request: Asked, members: Members, viewer: Viewer) -> dict[str, Any]:
    """List one's own living sessions."""
    current = members.session_id(_session(request))
    return {"sessions": [session_json(item, current) for item in members.sessions_of(_person(viewer))]}


@delete("/api/account/sessions/{session:str}", tags=["account"], opt={"permission": "read"}, status_code=200,
        sync_to_thread=True, summary="End one of your sessions")
def end_session(session: str, signing: Signing, viewer: Viewer) -> dict[str, Any]:
    """End a session of one's own."""
    signing.end_session(_person(viewer), session)
    return {"id": session, "status": "ended"}


@delete("/api/account/sessions", tags=["account"], opt={"permission": "read"}, status_code=200, sync_to_thread=True,
        summary="End all your other sessions")
def end_sessions(request: Asked, members: Members, signing: Signing, viewer: Viewer) -> dict[str, Any]:
    """End all of one's own sessions but the one that asks; asked by a key, all."""
    signing.end_other_sessions(_person(viewer), members.session_id(_session(request)))
    return {"status": "ended"}


@get("/api/account/keys", tags=["account"], opt={"permission": "read"}, sync_to_thread=True,
     summary="Your own keys, without their secrets")
def own_keys(signing: Signing, viewer: Viewer) -> dict[str, Any]:
    """List one's own living keys."""
    return {"keys": [own_key_json(item) for item in signing.keys_of(_person(viewer))]}


@post("/api/account/keys", tags=["account"], opt={"permission": "read"}, status_code=201, sync_to_thread=True,
      summary="Make a key of your own")
def make_own_key(request: Asked, data: NewKey, signing: Signing, viewer: Viewer) -> dict[str, Any]:
    """Make: ``{"label", "role", "scopes", "days"}``; the secret is shown this once. By session only."""
    if not _session(request):
        raise NotAllowed("a key makes no keys", hint="Sign in, and make it on your account's page.")
    info, secret = signing.make_key(viewer, data.label, data.role, data.scopes, data.days)
    return {**own_key_json(info), "api_key": secret.reveal()}


@delete("/api/account/keys/{key:str}", tags=["account"], opt={"permission": "read"}, status_code=200,
        sync_to_thread=True, summary="End a key of your own")
def end_own_key(key: str, signing: Signing, viewer: Viewer) -> dict[str, Any]:
    """End a key of one's own, or of the organisation that one leads or administers."""
    signing.end_key(viewer, key)
    return {"id": key, "status": "ended"}


HANDLERS = (sessions, end_session, end_sessions, own_keys, make_own_key, end_own_key)
"""The account's doors."""
