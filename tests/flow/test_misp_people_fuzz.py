"""The MISP door's people and administration, asked anything: refused in MISP's form or answered, never our fault."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fusioncell.exchange.misp import Action, Call
from fusioncell.exchange.misp.model import Reply
from fusioncell.kernel.errors import FusionCellError
from fusioncell.kernel.marking import PUBLIC
from hubs import make_hub

CONTROLLERS = {
    "users", "auth_keys", "user_settings", "organisations", "roles", "sharing_groups", "servers", "feeds", "logs",
    "correlation_exclusions", "event_blocklists", "org_blocklists",
}  # fmt: skip
MORE = {("events", "queryACL"), ("events", "pushEventToZMQ"), ("events", "upload_stix")}
WORDS = st.sampled_from([
    "1", "0", "-1", "²", "9" * 30, "me", "admin", "member", "%", "%a%", "true", "Northern Broadband", "x@y.example",
    "1cb7e1cc-d695-42b1-92f4-fd0112a3c9be", "\x00", "é" * 300, "[1,2", "", "3", "2026-01-01", "MISP.live",
    "default_role", "data", "findMissingFunctionNames",
])  # fmt: skip
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
SCALARS = st.one_of(WORDS, st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), TEXTS)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
                      max_leaves=6)  # fmt: skip
FIELDS = st.sampled_from([
    "id", "name", "email", "org_id", "role_id", "value", "uuid", "uuids", "setting", "user_id", "password", "disabled",
    "sg_id", "extend", "SharingGroupOrg", "SharingGroup", "User", "Role", "Feed", "Server", "url", "authkey", "comment",
    "limit", "page", "created", "model", "action", "local", "type", "permission", "perm_add", "scope", "searchall",
    "searchorg", "autoalert", "nids_sid", "title", "active", "roaming", "org_name", "event_info", "headers",
])  # fmt: skip
BODIES = st.one_of(VALUES, st.dictionaries(FIELDS, VALUES, max_size=6))
Door = tuple[dict[tuple[str, str], Action], list[Call]]


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    folder: Path = tmp_path_factory.mktemp("fuzz") / "hub"
    made = make_hub(folder)
    calls = []
    for party in (f"person:{made.ministry.person}", f"person:{made.provider.person}", f"org:{made.provider.org}"):
        viewer = made.hub.members.viewer_of(party)
        assert viewer is not None
        calls.append(Call(made.hub.mispdoor.whoami(viewer), "POST", "", ""))
    calls.append(Call(made.hub.mispdoor.whoami(PUBLIC), "POST", "", ""))
    mine = {name: action for name, action in made.hub.mispdoor.actions.items()
            if name[0] in CONTROLLERS or name in MORE}  # fmt: skip
    yield mine, calls
    made.hub.close()


def ask(action: Action, call: Call) -> None:
    try:
        reply = action.run(call)
    except FusionCellError as refused:
        assert 400 <= refused.status < 500, refused
        return
    assert isinstance(reply, Reply) and reply.status < 500
    if not isinstance(reply.body, bytes):
        msgspec.json.encode(reply.body)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_request_is_a_fault_of_ours(door: Door, data: Any) -> None:
    actions, calls = door
    name = data.draw(st.sampled_from(sorted(actions)))
    call = data.draw(st.sampled_from(calls))
    if call.caller.viewer.org is None and actions[name].permission != "public":
        return
    body = data.draw(BODIES)
    try:
        raw = msgspec.json.encode(body)
    except (UnicodeEncodeError, OverflowError):
        return  # Nothing that could have come as JSON.
    asked = replace(
        call, controller=name[0], action=name[1], arguments=tuple(data.draw(st.lists(WORDS, max_size=3))),
        named=data.draw(st.dictionaries(FIELDS, st.one_of(WORDS, st.lists(WORDS, max_size=2)), max_size=2)),
        body=body, raw=raw, method=data.draw(st.sampled_from(["GET", "POST", "PUT", "DELETE"])),
    )  # fmt: skip
    ask(actions[name], asked)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(b"<x/>")
@example(b'{"type": "bundle", "id": "bundle--1", "objects": [1, {"type": []}, {"type": "indicator", "id": 7}]}')
@given(raw=st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: f"<a>{text}</a>".encode()),
                     VALUES.map(lambda body: repr(body).replace("'", '"').encode("utf-8", "replace"))))
def test_no_upload_is_a_fault_of_ours(door: Door, raw: bytes) -> None:
    actions, calls = door
    ask(actions["events", "upload_stix"], replace(calls[1], controller="events", action="upload_stix", raw=raw))
