"""Every action of the MISP door says who may, and each that reads is probed for what a viewer may not see."""

from __future__ import annotations

from pathlib import Path

from fusioncell.members.model import PERMISSIONS
from hubs import make_hub, visitor
from probes.misp import misp_probes
from served import new_hub


def test_every_action_that_reads_has_a_probe_or_a_reason(tmp_path: Path) -> None:
    hub = new_hub(tmp_path)
    try:
        actions = hub.mispdoor.actions
        probes, reasons = misp_probes()
        reads = {f"GET {controller}/{action}" for (controller, action), one in actions.items() if not one.changes}
        assert reads - set(probes) - set(reasons) == set()
        known = {f"GET {controller}/{action}" for controller, action in actions}
        assert (set(probes) | set(reasons)) - known == set(), "probes of actions that are not there"
    finally:
        hub.close()


def test_every_action_declares_a_permission_that_exists(tmp_path: Path) -> None:
    hub = new_hub(tmp_path)
    try:
        for name, action in hub.mispdoor.actions.items():
            assert action.permission in {*PERMISSIONS, "public"}, name
    finally:
        hub.close()


def test_a_client_that_lost_the_doors_path_is_led_to_it(tmp_path: Path) -> None:
    """PyMISP joins ``https://HUB/misp`` and ``servers/getVersion`` to ``https://HUB/servers/getVersion``."""
    made = make_hub(tmp_path / "hub")
    with visitor(made) as client:
        bare, bearer = {"Authorization": made.provider.key}, {"Authorization": f"Bearer {made.provider.key}"}
        for path in ("/servers/getVersion", "/users/view/me.json", "/sharingGroups/index"):
            assert client.get(path, headers=bare).json() == client.get(f"/misp{path}", headers=bare).json()
        wrong = client.get("/users/view/me.json", headers={"Authorization": "x" * 40})
        assert wrong.status_code == 403 and "Authentication failed" in wrong.json()["message"], "a key as MISP's are"
        assert client.get("/servers/getVersion", headers=bearer).status_code == 404
        assert client.get("/servers/getVersion").status_code == 404
        assert client.get("/search", headers=bare, follow_redirects=False).status_code in (303, 401), "a page"
    made.hub.close()
