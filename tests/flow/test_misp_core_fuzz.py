"""The MISP door's content, asked anything: refused in MISP's form or answered, never a fault of ours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fusioncell.exchange.misp import Action, Call, MispRole
from fusioncell.kernel.errors import FusionCellError
from hubs import make_hub

CONTROLLERS = {
    "events", "attributes", "objects", "object_references", "sightings", "shadow_attributes", "event_reports",
    "analyst_data", "event_delegations", "tags",
}  # fmt: skip
SKIPPED = {"restSearch", "csv", "upload_stix", "nids", "hids", "text", "rpz", "bro", "download"}
"""Answered by other packages, each with a test of its own."""
EVENT = "5b7b2e0a-0a6d-4b0e-9f0e-7f3d0a9f4c11"
ATTRIBUTE = "5b7b2e0a-0a6d-4b0e-9f0e-7f3d0a9f4c12"
OBJECT = "5b7b2e0a-0a6d-4b0e-9f0e-7f3d0a9f4c13"
WORDS = st.sampled_from([
    "1", "0", "-1", "²", "9" * 30, "5", "4", "tlp:red", "%", "true", "Note", "Opinion", "event", "hard", EVENT,
    ATTRIBUTE, OBJECT, EVENT.upper(), "\x00", "é" * 300, "ip-dst", "domain|ip", "1.2.3.4", "a|b", "malware-sample",
    "2026-01-01", "1e400", "nan", "", "Network activity", "text", "Other",
])  # fmt: skip
SCALARS = st.one_of(WORDS, st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=20))
FIELDS = st.sampled_from([
    "id", "uuid", "info", "date", "timestamp", "published", "distribution", "sharing_group_id", "SharingGroup",
    "threat_level_id", "analysis", "Tag", "tag", "local", "deleted", "Attribute", "Object", "ObjectReference", "type",
    "value", "category", "to_ids", "comment", "first_seen", "last_seen", "data", "encrypt", "object_relation", "name",
    "Event", "EventReport", "content", "Note", "note", "Opinion", "opinion", "Relationship", "related_object_uuid",
    "object_uuid", "referenced_uuid", "relationship_type", "Sighting", "values", "source", "hard", "metadata",
    "request",
    "extends_uuid", "Orgc", "org_id", "breakOnDuplicate", "enforceWarninglist", "created", "ShadowAttribute", "context",
    "template_version", "disable_correlation", "message", "adhereToWarninglists", "returnMetaAttributes",
])  # fmt: skip
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=4),
                      max_leaves=12)  # fmt: skip
BODIES = st.one_of(VALUES, st.dictionaries(FIELDS, VALUES, max_size=8))

FULL = st.fixed_dictionaries(
    {"info": st.just("x"), "name": st.just("file"), "type": st.sampled_from(["ip-dst", "text", "malware-sample"]),
     "value": st.one_of(st.just("1.2.3.4"), VALUES), "note": st.just("n"), "content": st.just("c")},
    optional={
        "Attribute": st.lists(st.dictionaries(FIELDS, VALUES, max_size=6) | st.fixed_dictionaries(
            {"type": WORDS, "value": VALUES}, optional={"Tag": VALUES, "Sighting": VALUES, "Note": VALUES,
                                                        "timestamp": SCALARS, "first_seen": SCALARS}), max_size=3),
        "Object": st.lists(st.fixed_dictionaries({"name": WORDS}, optional={
            "Attribute": VALUES, "ObjectReference": VALUES,
                                                                            "uuid": WORDS}), max_size=2),
        "Tag": VALUES, "EventReport": VALUES, "Note": VALUES, "Opinion": VALUES, "distribution": SCALARS,
        "timestamp": SCALARS, "published": SCALARS, "uuid": WORDS, "date": SCALARS, "Orgc": VALUES, "deleted": SCALARS,
        "extends_uuid": SCALARS, "tag": VALUES,
    },
)  # fmt: skip


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[tuple[str, str], Action], Call]]:
    folder: Path = tmp_path_factory.mktemp("fuzz") / "hub"
    made = make_hub(folder)
    viewer = made.hub.members.operator_viewer(made.provider.org)
    assert viewer is not None
    asking = Call(made.hub.mispdoor.whoami(viewer), "POST", "", "")
    role = MispRole(5, "Sync", frozenset({"perm_sync", "perm_publish"}))
    asking = replace(asking, caller=replace(asking.caller, role=role))
    actions = made.hub.mispdoor.actions
    body = {"uuid": EVENT, "info": "known", "Attribute": [{"uuid": ATTRIBUTE, "type": "ip-dst", "value": "192.0.2.1"}],
            "Object": [{"uuid": OBJECT, "name": "file", "Attribute": [{"type": "filename", "value": "a",
                                                                       "object_relation": "filename"}]}]}  # fmt: skip
    actions["events", "add"].run(replace(asking, body=body))
    yield {name: one for name, one in actions.items() if name[0] in CONTROLLERS and name[1] not in SKIPPED}, asking
    made.hub.close()


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_request_is_a_fault_of_ours(door: tuple[dict[tuple[str, str], Action], Call], data: Any) -> None:
    actions, asking = door
    name = data.draw(st.sampled_from(sorted(actions)))
    known = (ATTRIBUTE,) if name[0] in ("attributes", "sightings") and name[1] != "add" else (
        OBJECT,) if name[0] == "objects" and name[1] != "add" else (EVENT,)  # fmt: skip
    arguments = data.draw(st.one_of(st.just(known), st.lists(WORDS, max_size=3).map(tuple)))
    named = data.draw(st.dictionaries(FIELDS, st.one_of(WORDS, st.lists(WORDS, max_size=2)), max_size=2))
    call = replace(asking, controller=name[0], action=name[1], arguments=arguments, named=named,
                   body=data.draw(st.one_of(BODIES, FULL)))  # fmt: skip
    try:
        reply = actions[name].run(call)
    except FusionCellError as fault:
        assert fault.status < 500, (name, fault)
        return
    assert reply.status < 500
    if not isinstance(reply.body, bytes):
        msgspec.json.encode(reply.body)
