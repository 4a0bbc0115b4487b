"""What the MISP door keeps of its own, on each database."""

from __future__ import annotations

import pytest

from fusioncell.bootstrap import Hub
from fusioncell.exchange.misp.keep import Keep
from fusioncell.kernel.errors import Conflict, NotFound


def test_things_are_kept_found_changed_and_their_numbers_never_come_back(hub: Hub) -> None:
    keep = Keep(hub.databases["vault"])
    first = keep.add("Role", "admin", {"perm_add": True}, number=6)
    second = keep.add("Role", "own", {"perm_add": False}, org="org-a")
    assert (first.number, second.number) == (6, 7)
    with pytest.raises(Conflict):
        keep.add("Role", "own", {})
    assert keep.add("Feed", "own", {}).number == 1
    assert keep.change("Role", 7, {"perm_add": True}).org == "org-a"
    found = keep.named("Role", "own")
    assert found is not None and found == keep.find("Role", 7) and found.body == {"perm_add": True}
    assert [kept.number for kept in keep.all("Role")] == [6, 7]
    assert keep.drop("Role", 7) and not keep.drop("Role", 7)
    assert keep.add("Role", "own", {}).number == 8
    assert keep.put("Role", "own", {"x": 1}).number == 8
    with pytest.raises(NotFound):
        keep.change("Role", 99, {})
