"""Tags in use are counted over what a caller may see, on each database."""

from __future__ import annotations

from fusioncell.bootstrap import Hub
from fusioncell.exchange.misp import Caller, MispRole
from fusioncell.exchange.misp.tags import Tags
from fusioncell.intake.service import Terms
from fusioncell.kernel.marking import Tlp, Viewer

EVENT = """{"Event": {"uuid": "%s", "info": "x", "date": "2026-11-22", "timestamp": "%d", "published": true,
 "distribution": "1", "Tag": [{"name": "shared tag"}], "Attribute": [{"uuid": "%s", "type": "domain",
 "category": "Network activity", "value": "a.example", "to_ids": true, "timestamp": "%d",
 "Tag": [{"name": "%s"}, {"name": "SHARED TAG"}]}]}}"""


def _contribute(hub: Hub, viewer: Viewer, number: int, tag: str, tlp: Tlp) -> None:
    uuid = f"0b8ad5c2-7d05-4b2f-9c3e-00000000000{number}"
    body = EVENT % (uuid, 1763800000 + number, uuid.replace("0b8", "1c8"), 1763800000 + number, tag)
    future, _ = hub.intake.submit(viewer, body.encode(), "application/json", Terms(tlp=tlp))
    future.result(10)
    hub.river.run_dry()


def _caller(viewer: Viewer) -> Caller:
    return Caller(viewer, 1, viewer.org or "", MispRole(3, "User"))


def test_counts_hold_what_the_caller_sees_and_no_more(hub: Hub) -> None:
    tags = hub.mispdoor.actions[("tags", "index")].run.args[0]  # type: ignore[attr-defined]
    assert isinstance(tags, Tags)
    callers = []
    for name in ("One", "Two"):
        org = hub.members.add_organisation(name, "isp", "industry")
        viewer = hub.members.operator_viewer(org.id)
        assert viewer is not None
        callers.append(_caller(viewer))
    one, two = callers
    _contribute(hub, one.viewer, 1, "everyone's", Tlp.GREEN)
    _contribute(hub, one.viewer, 2, "one's own", Tlp.AMBER_STRICT)
    assert tags.counts(one, "Shared Tag") == (2, 2)
    assert tags.counts(two, "shared tag") == (1, 1)
    assert tags.counts(one, "one's own") == (0, 1)
    assert tags.counts(two, "one's own") == (0, 0)
    assert tags.exists(one, "one's own") and not tags.exists(two, "one's own")
    assert set(tags.in_use(two)) == {"everyone's", "shared tag", "SHARED TAG"}
    assert {name: counts for name, counts in tags.all(two).items() if any(counts)} == {
        "everyone's": (0, 1), "SHARED TAG": (1, 1),
    }  # fmt: skip
    given = tags.shown(one, "one's own")["id"]
    assert tags.tag_name(one, given) == "one's own"
    assert tags.tag_name(two, str(tags.shown(two, "one's own")["id"])) is None
