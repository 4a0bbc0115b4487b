"""The MISP door's packs, asked anything: refused in MISP's form or answered, never a fault of ours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fusioncell.exchange.misp import Action, Call
from fusioncell.kernel.errors import FusionCellError
from hubs import make_hub

CONTROLLERS = {
    "warninglists", "taxonomies", "noticelists", "object_templates", "decaying_model", "communities", "tags",
    "galaxies", "galaxy_clusters", "galaxy_cluster_relations",
}  # fmt: skip
HUGE = {("warninglists", "view")}
"""Reads a list of a million entries where the number is right: left to its own test."""
WORDS = st.sampled_from([
    "1", "0", "-1", "²", "9" * 30, "tlp", "tlp:red", "%", "%a%", "true", "APT1", "threat-actor", "hard", "misp-galaxy:",
    "1cb7e1cc-d695-42b1-92f4-fd0112a3c9be", "1cb7e1cc-d695-42b1-92f4-fd0112a3c9bf", "\x00", "é" * 300, "[1,2", "",
])  # fmt: skip
SCALARS = st.one_of(WORDS, st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.text(max_size=20))
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
                      max_leaves=6)  # fmt: skip
FIELDS = st.sampled_from([
    "id", "name", "enabled", "value", "uuid", "distribution", "sharing_group_id", "GalaxyElement", "meta", "authors",
    "GalaxyClusterRelation", "tagname", "tag", "colour", "org_id", "user_id", "numerical_value", "target_id", "Galaxy",
    "galaxy_cluster_uuid", "referenced_galaxy_cluster_uuid", "referenced_galaxy_cluster_type", "version", "limit",
    "page", "custom", "minimal", "tag_name", "Tag", "required", "context", "searchall", "deleted", "published", "Orgc",
])  # fmt: skip
BODIES = st.one_of(VALUES, st.dictionaries(FIELDS, VALUES, max_size=6))


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[tuple[str, str], Action], Call]]:
    folder: Path = tmp_path_factory.mktemp("fuzz") / "hub"
    made = make_hub(folder)
    viewer = made.hub.members.operator_viewer(made.provider.org)
    assert viewer is not None
    asking = Call(made.hub.mispdoor.whoami(viewer), "POST", "", "")
    mine = {name: action for name, action in made.hub.mispdoor.actions.items()
            if name[0] in CONTROLLERS and name not in HUGE}  # fmt: skip
    yield mine, asking
    made.hub.close()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_request_is_a_fault_of_ours(door: tuple[dict[tuple[str, str], Action], Call], data: Any) -> None:
    actions, asking = door
    name = data.draw(st.sampled_from(sorted(actions)))
    arguments = tuple(data.draw(st.lists(WORDS, max_size=3)))
    named = data.draw(st.dictionaries(FIELDS, st.one_of(WORDS, st.lists(WORDS, max_size=2)), max_size=2))
    call = replace(asking, controller=name[0], action=name[1], arguments=arguments, named=named, body=data.draw(BODIES))
    try:
        reply = actions[name].run(call)
    except FusionCellError as refused:
        assert 400 <= refused.status < 500, (name, refused)
    else:
        assert isinstance(reply.body, bytes) or msgspec.json.encode(reply.body)
