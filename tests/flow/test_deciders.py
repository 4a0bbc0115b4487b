"""Decisions that trust rests on are a person's: a key that belongs to nobody is refused, whatever its role.

On the hub's own data folder the command line decides, and stands in the audit log as ``local``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from litestar.testing import TestClient

from fusioncell.cli.main import main
from fusioncell.members.joining.check_form import fill_in
from hubs import MadeHub, make_hub, visitor

FORM = {
    "name": "Example Bank", "sector": "finance", "kind": "industry", "applicant": "Bo Lind",
    "email": "bo@bank.example", "why": "We see phishing each day.", "sponsor": "Northern Broadband",
}  # fmt: skip


@pytest.fixture
def made(tmp_path: Path) -> MadeHub:
    return make_hub(tmp_path / "hub")


def world(made: MadeHub) -> dict[str, str]:
    """Let all be there that is decided on: a sponsored application, claims, a dispute, a suspended party."""
    hub = made.hub
    hub.joining.apply(fill_in(FORM), "192.0.2.1")
    jon = hub.members.viewer_of(f"person:{made.provider.person}")
    ada = hub.members.viewer_of(f"person:{made.ministry.person}")
    assert jon is not None and ada is not None
    application = hub.joining.stand(jon, hub.joining.applications()[0].id, "We know them well enough.").id
    other = hub.members.add_organisation("Other Ltd", "x", "industry")
    wide, net, free = (hub.assets.claim(hub.members.operator_viewer(org), value).id  # type: ignore[arg-type]
                       for org, value in ((made.ministry.org, "45.10.0.0/16"), (other.id, "45.10.4.0/24"),
                                          (other.id, "46.10.4.0/24")))  # fmt: skip
    hub.assets.approve(ada, wide, "seen")
    with pytest.raises(Exception, match="has proved"):
        hub.assets.approve(ada, net, "seen")
    gone = hub.members.add_organisation("Gone Ltd", "x", "industry")
    hub.members.suspend(f"org:{gone.id}", "left")
    hub.settle()
    return {"application": application, "net": net, "wide": wide, "free": free, "gone": gone.id, "other": other.id,
            "person": made.provider.person, "approver": made.approver.person}  # fmt: skip


DECISIONS: tuple[tuple[str, str, dict[str, Any] | None], ...] = (
    ("POST", "/api/applications/{application}/accept", {"reason": "We checked them."}),
    ("POST", "/api/applications/{application}/refuse", {"reason": "We checked them."}),
    ("POST", "/api/suspensions", {"party": "Other Ltd", "reason": "They sold it on."}),
    ("DELETE", "/api/suspensions/org:{gone}", None),
    ("POST", "/api/assets/{free}/approve", {"reason": "The registry says so."}),
    ("POST", "/api/assets/{net}/settle", {"other": "{wide}", "keep": "both", "reason": "A part is leased."}),
    ("POST", "/api/organisation/people/{person}/roles", {"roles": ["officer"]}),
    ("POST", "/api/organisation/people/{approver}/roles", {"roles": ["reader"]}),
    ("POST", "/api/organisation/people", {"name": "New", "email": "n@x.example", "roles": ["administrator"],
                                          "organisation": "Other Ltd"}),
    ("POST", "/api/organisation/people/{approver}/link", None),
    ("POST", "/api/people", {"organisation": "Other Ltd", "name": "N", "email": "n@x.example", "roles": "officer"}),
    ("POST", "/api/links", {"email": "eve@northern.example"}),
)  # fmt: skip


def ask(client: TestClient[Any], known: dict[str, str], which: int, headers: dict[str, str]) -> Any:
    method, path, body = DECISIONS[which]
    sent = {name: value.format(**known) if isinstance(value, str) else value for name, value in (body or {}).items()}
    return client.request(method, path.format(**known), headers={**headers, "accept": "application/json"},
                          **({"json": sent} if body is not None else {}))  # fmt: skip


def test_a_key_of_nobody_decides_nothing_and_is_told_what_to_do(made: MadeHub) -> None:
    known = world(made)
    before = made.hub.record.head()[0]
    with visitor(made) as client:
        for which in range(len(DECISIONS)):
            said = ask(client, known, which, {"Authorization": f"Bearer {made.ministry.key}"})
            assert said.status_code == 403, (DECISIONS[which], said.text)
            assert "by name" in said.json()["detail"] and "key of your own" in said.json()["hint"]
    assert made.hub.record.head()[0] == before


@pytest.mark.parametrize("which", [0, *range(2, len(DECISIONS))], ids=lambda which: DECISIONS[which][1])
def test_a_person_decides_by_their_own_key(made: MadeHub, which: int) -> None:
    known = world(made)
    with visitor(made) as client:
        said = ask(client, known, which, made.own_key(made.ministry))
        assert said.status_code < 300, said.text


def test_a_key_of_nobody_makes_itself_no_persons_key_at_the_misp_door(made: MadeHub) -> None:
    with visitor(made) as client:
        nobodys = {"Authorization": made.ministry.key, "accept": "application/json"}
        own = {"Authorization": made.own_key(made.ministry)["Authorization"].partition(" ")[2],
               "accept": "application/json"}  # fmt: skip
        users = client.get("/misp/admin/users", headers=nobodys).json()
        eve = next(one["User"]["id"] for one in users if one["User"]["email"] == "eve@northern.example")
        before = len(made.hub.members.list_keys(made.provider.org))
        refused = client.post(f"/misp/auth_keys/add/{eve}", headers=nobodys, json={"comment": "mine"})
        assert refused.status_code == 403 and "belongs to nobody" in refused.text
        assert len(made.hub.members.list_keys(made.provider.org)) == before
        made_one = client.post(f"/misp/auth_keys/add/{eve}", headers=own, json={"comment": "mine"})
        assert made_one.status_code == 200, made_one.text


def test_the_command_line_on_the_hubs_folder_decides_and_stands_in_the_log(tmp_path: Path) -> None:
    made = make_hub(tmp_path / "hub")
    known = world(made)
    made.hub.close()
    run, data = CliRunner(), ["--data", str(tmp_path / "hub")]
    done = run.invoke(main, ["members", "accept", known["application"], "--reason", "We checked them.", *data])
    assert done.exit_code == 0, done.output
    assert run.invoke(main, ["members", "suspend", "Other Ltd", "--reason", "They left.", *data]).exit_code == 0
    lines = json.loads(run.invoke(main, ["members", "audit", "--json", *data]).stdout)["lines"]
    by = {line["action"]: line["actor"] for line in reversed(lines)}
    assert by["application.accepted"] == by["party.suspended"] == "local"
