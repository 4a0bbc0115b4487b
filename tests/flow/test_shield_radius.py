"""An approver sees what a block would take with it: page, queue, API, command; who may not see it gets none of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from fusioncell.cli.main import main
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import ManualClock, parse_instant
from fusioncell.kernel.marking import Tlp
from hubs import MadeHub, Party, browser, make_hub, visitor

START = parse_instant("2026-06-01T12:00:00Z")
NAME, ADDRESS, SECRET = "parcels.example", "203.0.113.58", "watched"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[MadeHub]:
    hub = make_hub(tmp_path / "hub", clock=ManualClock(START))
    yield hub
    hub.hub.close()


def give(made: MadeHub, who: Party, body: str | bytes, kind: str = "text/csv", tlp: Tlp = Tlp.GREEN) -> None:
    viewer = made.hub.members.viewer_of(f"person:{who.person}")
    assert viewer is not None
    made.hub.intake.accept(viewer, body if isinstance(body, bytes) else body.encode(), kind, Terms(tlp=tlp))
    made.hub.settle()


def misp(*names: str) -> bytes:
    """Return an event whose objects say that names stand on the address."""
    def attribute(n: int, type: str, relation: str, value: str) -> dict[str, Any]:
        return {"uuid": f"5f1f0c1e-0000-4000-8001-{n:012d}", "type": type, "object_relation": relation, "value": value,
                "to_ids": False, "timestamp": "1780315200"}  # fmt: skip

    objects = [{"uuid": f"5f1f0c1e-0000-4000-8002-{n:012d}", "name": "domain-ip", "timestamp": "1780315200",
                "Attribute": [attribute(2 * n, "domain", "domain", name),
                              attribute(2 * n + 1, "ip-dst", "ip", ADDRESS)]}
               for n, name in enumerate(names)]  # fmt: skip
    return json.dumps({"Event": {"uuid": "5f1f0c1e-0000-4000-8000-000000000001", "info": "hosts", "date": "2026-06-01",
                                 "timestamp": "1780315200", "Attribute": [], "Object": objects}}).encode()  # fmt: skip


def world(made: MadeHub) -> str:
    """Contribute names below and beside, some of them for one organisation alone; propose. Returns the decision."""
    give(made, made.provider, f"domain,comment\n{NAME},phishing\nlogin.{NAME},phishing\nwww.{NAME},phishing\n")
    give(made, made.ministry, f"domain,benign\nshop.{NAME},yes\n")
    give(made, made.provider, misp(NAME, *(f"bakery{n}.example" for n in range(11))), "application/json")
    give(made, made.provider, f"domain,ip\n{SECRET}.{NAME},{ADDRESS}\n{SECRET}.example,{ADDRESS}\n",
         tlp=Tlp.AMBER_STRICT)  # fmt: skip
    viewer = made.hub.members.viewer_of(f"person:{made.provider.person}")
    assert viewer is not None
    decision = made.hub.shield.propose(viewer, NAME, "phishing", "seen")
    made.hub.settle()
    return decision


def test_an_approver_sees_whom_a_block_would_cut_off(made: MadeHub) -> None:
    decision = world(made)
    line = "Blocks this name and 4 known names below it, "
    with ExitStack() as stack:
        eve = stack.enter_context(browser(made, made.approver))
        page = eve.get(f"/shield/{decision}").text
        assert line in page
        for name in (f"login.{NAME}", f"shop.{NAME}", "bakery0.example"):
            assert name.replace(".", "[.]") in page
        assert "203[.]0[.]113[.]58</a>: 12 other names" in page
        assert "72 hours at most" in page
        assert line in eve.get("/shield?state=proposed").text
    key = made.own_key(made.approver)
    with visitor(made) as client:
        for door in (f"/api/shield/decisions/{decision}/radius", f"/api/shield/radius/{NAME}"):
            found = client.get(door, headers=key).json()
            assert found["verdict"] in page and found["shared_host"] and found["beside"]["count"] == 12
        assert client.get("/api/shield/radius/no%20name", headers=key).status_code == 400
        outside = client.get(f"/api/shield/radius/{NAME}").json()
        assert (outside["below"]["count"], outside["addresses"]) == (0, []), "nothing of this is public"


def test_who_may_not_see_it_gets_none_of_it(made: MadeHub) -> None:
    """The approver is of the provider; the ministry sees neither the provider's secret nor what hangs on it."""
    world(made)
    key = made.own_key(made.ministry)
    with visitor(made) as client:
        answer = client.get(f"/api/shield/radius/{NAME}", headers=key)
        found = answer.json()
        assert SECRET not in answer.text
        assert (found["below"]["count"], found["addresses"]) == (3, [
            {"address": ADDRESS, "other_names": 11, "more": False}])  # fmt: skip
        assert found["verdict"].startswith("Blocks this name and 3 known names below it, 1 of which")


def test_the_command_says_the_same(made: MadeHub, tmp_path: Path) -> None:
    world(made)
    made.hub.close()
    where = ["--data", str(tmp_path / "hub"), "--as", "Ministry of Works"]
    said = CliRunner().invoke(main, ["shield", "radius", NAME, *where])
    assert said.exit_code == 0, said.output
    assert "parcels[.]example: Blocks this name and 3 known names below it" in said.output
    assert "shop[.]parcels[.]example" in said.output and "bakery0[.]example" in said.output
    assert SECRET not in said.output
