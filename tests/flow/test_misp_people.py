"""MISP's people at the MISP door: roles, users, organisations, sharing groups, blocklists, and what stays hidden."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from litestar.testing import TestClient

from fusioncell.bootstrap import Folder, Hub, open_hub, read_settings
from fusioncell.fusion.knowngood import KnownGood
from fusioncell.web.app import make_app

DENIED = "You do not have permission to use this functionality."


class Party:
    """A key at the door."""

    def __init__(self, client: TestClient[Any], key: str) -> None:
        self.client, self.key = client, key

    def ask(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        answer = self.client.request(method, f"/misp/{path}", json=body, headers={"Authorization": self.key})
        assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def get(self, path: str, status: int = 200) -> Any:
        return self.ask("GET", path, status=status)

    def post(self, path: str, body: Any = None, status: int = 200) -> Any:
        return self.ask("POST", path, body if body is not None else {}, status)


class Door:
    """A hub with two organisations, their people and keys."""

    def __init__(self, hub: Hub, client: TestClient[Any]) -> None:
        self.hub, self.client = hub, client
        members = hub.members
        self.alpha = members.add_organisation("Alpha", "energy", "industry")
        self.beta = members.add_organisation("Beta", "finance", "industry")
        self.people: dict[str, str] = {}
        self.admin = self.party(self.alpha.id, "administrator")
        self.lead = self.party(self.alpha.id, "lead")
        self.member = self.party(self.alpha.id, "member")
        self.reader = self.party(self.alpha.id, "reader")
        self.other = self.party(self.beta.id, "lead")
        self.machine = Party(client, members.make_key(self.beta.id)[1].reveal())

    def party(self, org: str, role: str) -> Party:
        someone = self.hub.members.add_person(org, f"{role} of {org[:4]}", f"{role}@{org[:6]}.example", [role])
        self.people[role] = someone.id
        return Party(self.client, self.hub.members.make_key(org, someone.id, role)[1].reveal())


def opened(folder: Path, **settings: str) -> Hub:
    Folder(folder).make("hub")
    return open_hub(folder, read_settings(data=str(folder), **settings), known_good=KnownGood.nothing())


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    hub = opened(tmp_path_factory.mktemp("people") / "hub")
    with TestClient(make_app(hub), raise_server_exceptions=False) as client:
        yield Door(hub, client)
    hub.close()


def role_of(party: Party) -> tuple[str, set[str]]:
    shown = party.get("users/view/me")["Role"]
    return shown["id"], {name for name, on in shown.items() if name.startswith("perm_") and on}


def test_a_caller_has_the_role_that_follows_from_the_hubs_own(door: Door) -> None:
    assert [role_of(one)[0] for one in (door.admin, door.lead, door.member, door.machine, door.reader)] == [
        "2", "2", "4", "5", "6"]  # fmt: skip
    assert all("perm_site_admin" not in role_of(one)[1] for one in (door.admin, door.lead, door.machine))
    assert "perm_sync" in role_of(door.machine)[1] and "perm_add" not in role_of(door.reader)[1]


def test_a_wrong_key_is_refused_as_misp_refuses_one(door: Door) -> None:
    for key in ("nonsense", door.lead.key[:-2] + "zz", ""):
        said = Party(door.client, key).get("users/view/me", status=403)
        assert said["message"].startswith("Authentication failed") and said["url"] == "/users/view/me"


def test_a_lead_adds_edits_and_removes_users_of_the_own_organisation(door: Door) -> None:
    made = door.lead.post("admin/users/add", {"email": "new@alpha.example"})["User"]
    new = Party(door.client, made["authkey"])
    assert role_of(new)[0] == "3" and "perm_publish" not in role_of(new)[1]
    door.lead.post(f"admin/users/edit/{made['id']}", {"role_id": 4, "email": "newer@alpha.example"})
    assert role_of(new)[0] == "4" and "perm_publish" in role_of(new)[1]
    assert new.get("users/view/me")["User"]["email"] == "newer@alpha.example"
    door.lead.post(f"admin/users/edit/{made['id']}", {"role_id": 6})
    assert new.post("events/add", {"info": "no"}, status=403)["message"] == DENIED
    twice = door.lead.post("admin/users/add", {"email": "newer@alpha.example"}, status=403)
    assert twice["errors"]["email"] == ["An account with this email address already exists."]
    door.lead.post(f"admin/users/delete/{made['id']}")
    new.get("users/view/me", status=403)
    assert "newer@alpha.example" not in {one["User"]["email"] for one in door.lead.get("admin/users/index")}


def test_nobody_reaches_beyond_what_the_hub_permits(door: Door) -> None:
    beta = next(one["Organisation"] for one in door.lead.get("organisations/index")
                if one["Organisation"]["name"] == "Beta")  # fmt: skip
    door.lead.post("admin/users/add", {"email": "spy@beta.example", "org_id": beta["id"]}, status=403)
    door.lead.post("admin/users/add", {"email": "boss@alpha.example", "role_id": 1}, status=403)
    assert door.member.post("admin/users/add", {"email": "x@alpha.example"}, status=403)["message"] == DENIED
    assert {one["User"]["email"].split("@")[0] for one in door.other.get("admin/users/index")} == {"lead"}
    for path in ("admin/organisations/add", f"admin/organisations/delete/{beta['id']}", "admin/roles/add",
                 "servers/serverSettingsEdit/MISP.live", "feeds/add"):  # fmt: skip
        assert door.lead.post(path, {"name": "x"}, status=403)["message"] == DENIED
    member_of_alpha = door.lead.get("admin/users/index/value:member")[0]["User"]["id"]
    door.other.get(f"users/view/{member_of_alpha}", status=404)


def test_n8n_switches_feeds_on_and_off(door: Door) -> None:
    made = door.admin.post("feeds/add", {"name": "One", "provider": "x", "url": "https://feed.example/one"})["Feed"]
    for action, enabled in (("enable", True), ("disable", False)):
        assert door.admin.post(f"feeds/{action}/{made['id']}")["message"] == f"Feed {action}d."
        assert door.admin.get(f"feeds/view/{made['id']}")["Feed"]["enabled"] is enabled
        assert door.lead.post(f"feeds/{action}/{made['id']}", status=403)["message"] == DENIED
    door.admin.post(f"feeds/delete/{made['id']}")


def test_a_role_of_ones_own_and_a_setting_of_a_user(door: Door) -> None:
    made = door.admin.post("admin/roles/add", {"name": "Tagger", "perm_add": True, "perm_tagger": 1})["Role"]
    user = door.admin.post("admin/users/add", {"email": "tag@alpha.example", "role_id": made["id"]})["User"]
    tagger = Party(door.client, user["authkey"])
    assert role_of(tagger) == (made["id"], {"perm_add", "perm_tagger"})
    door.admin.post("admin/roles/edit/3", {"perm_publish": True}, status=403)
    tagger.post("userSettings/setSetting", {"setting": "dashboard", "value": '{"a": [1]}'})
    assert tagger.get("users/view/me")["UserSetting"] == {"dashboard": {"a": [1]}}
    tagger.post("userSettings/setSetting", {"setting": "x", "user_id": "lead"}, status=404)
    door.admin.post(f"admin/roles/delete/{made['id']}")
    assert role_of(tagger)[0] == "4", "without its role, what the hub's own role means"


def test_two_organisations_cannot_compare_ids(door: Door) -> None:
    seen = [{one["Organisation"]["uuid"]: one["Organisation"]["id"] for one in party.get("organisations/index")}
            for party in (door.lead, door.other)]  # fmt: skip
    assert seen[0].keys() == seen[1].keys() and not set(seen[0].values()) & set(seen[1].values())


def test_organisations_are_named_edited_and_suspended_by_administrators(door: Door) -> None:
    uuid = str(uuid4())
    made = door.admin.post("admin/organisations/add", {"name": "Gamma", "uuid": uuid, "type": "police"})["Organisation"]
    assert (made["uuid"], made["local"]) == (uuid, True)
    door.admin.post(f"admin/organisations/edit/{uuid}", {"name": "Delta", "description": "says so"})
    shown = door.member.get("organisations/view/Delta")["Organisation"]
    assert (shown["uuid"], shown["description"]) == (uuid, "says so")
    door.admin.post("admin/organisations/add", {"name": "delta"}, status=403)
    known = door.admin.post("admin/organisations/add", {"name": "Far away", "local": False})["Organisation"]
    assert door.member.get("organisations/index/scope:external/searchall:far+away")[0]["Organisation"]["id"] and known
    door.admin.post(f"admin/organisations/delete/{uuid}")
    door.member.get(f"organisations/view/{uuid}", status=404)


def event(**more: Any) -> dict[str, Any]:
    return {"info": "shared", "uuid": str(uuid4()), **more,
            "Attribute": [{"type": "domain", "category": "Network activity", "value": "sg.example"}]}  # fmt: skip


def test_a_sharing_group_is_its_organisations_and_moves_what_it_holds(door: Door) -> None:
    group = door.lead.post("sharingGroups/add", {"name": "Two of us", "releasability": "us"})["SharingGroup"]
    assert door.other.get("sharingGroups/index") == {"response": []}
    door.other.get(f"sharing_groups/view/{group['uuid']}", status=404)
    one = event(distribution=4, sharing_group_id=group["id"])
    door.lead.post("events/add", one)
    door.lead.post(f"events/publish/{one['uuid']}")
    door.other.get(f"events/view/{one['uuid']}", status=404)
    door.lead.post("sharingGroups/addOrg", {"sg_id": group["uuid"], "org_id": door.beta.id})
    assert door.other.get(f"events/view/{one['uuid']}")["Event"]["SharingGroup"]["name"] == "Two of us"
    assert door.other.get("sharingGroups/index")["response"][0]["SharingGroup"]["uuid"] == group["uuid"]
    assert door.other.post(f"sharing_groups/edit/{group['uuid']}", {"name": "Mine"}, status=403)["message"] == DENIED
    door.lead.post("sharingGroups/removeOrg", {"sg_id": group["id"], "org_id": "Beta"})
    door.other.get(f"events/view/{one['uuid']}", status=404)
    door.other.get(f"sharing_groups/view/{group['uuid']}", status=404)


def test_what_one_deleted_is_blocked_for_oneself_and_tells_others_nothing(door: Door) -> None:
    one = event()
    door.lead.post("events/add", one)
    door.lead.post(f"events/delete/{one['uuid']}")
    assert door.lead.post("events/add", one, status=403)["message"] == "Event blocked by event blocklist."
    door.other.post("events/add", one)
    assert [kept["EventBlocklist"]["event_uuid"] for kept in door.other.get("eventBlocklists/index")] == []
    assert door.lead.post(f"eventBlocklists/delete/{one['uuid']}")["success"]
    door.lead.post("events/add", one)


def test_what_an_administrator_blocks_holds_for_all(door: Door) -> None:
    one = event()
    done = door.admin.post("eventBlocklists/add", {"uuids": [one["uuid"], "nonsense"], "comment": "hoax"})["result"]
    assert done == {"successes": [one["uuid"]], "fails": ["nonsense"]}
    assert door.other.post("events/add", one, status=403)["message"] == "Event blocked by event blocklist."
    assert door.other.post(f"eventBlocklists/delete/{one['uuid']}", status=403)
    door.admin.post(f"eventBlocklists/delete/{one['uuid']}")
    door.other.post("events/add", one)


def test_registrations_wait_for_administrators_and_are_off_until_allowed(door: Door) -> None:
    anybody = {"email": "Asks@far.example", "org_name": "Alpha", "message": "please"}
    answer = door.client.post("/misp/users/register", json=anybody)
    assert (answer.status_code, answer.json()["message"]) == (403, "Self registration is not enabled on this instance.")
    door.admin.post("servers/serverSettingsEdit/Security.allow_self_registration", {"value": True})
    assert [door.client.post("/misp/users/register", json=anybody).json()["saved"] for _ in range(2)] == [True, True]
    (waiting,) = door.admin.get("users/registrations/index")
    assert waiting["Inbox"]["data"]["email"] == "asks@far.example"
    door.lead.get("users/registrations/index", status=403)
    refused = door.admin.post(f"users/acceptRegistrations/{waiting['Inbox']['id']}", {"User": {}}, status=403)
    assert refused["message"] == "No organisation selected. Supply an Organisation ID"
    door.admin.post(f"users/acceptRegistrations/{waiting['Inbox']['id']}", {"User": {"org_id": door.beta.id}})
    assert "asks@far.example" in {one["User"]["email"] for one in door.other.get("admin/users/index")}
    assert door.admin.get("users/registrations/index") == []


def test_the_log_is_ones_own_organisations(door: Door) -> None:
    lines = door.lead.get("admin/logs/index")
    assert lines and {line["Log"]["org"] for line in lines} == {"Alpha"}
    assert door.member.post("admin/logs/index", status=403)["message"] == DENIED
    added = door.admin.post("admin/logs/index", {"model": "User", "action": "add", "limit": 2})
    assert len(added) == 2 and all(one["Log"]["title"].startswith("person.added") for one in added)


def test_statistics_count_what_is_seen(door: Door) -> None:
    before = door.other.get("users/statistics/data")["stats"]["event_count"]
    door.lead.post("events/add", event(distribution=0))
    assert door.other.get("users/statistics/data")["stats"]["event_count"] == before
    assert door.lead.get("users/statistics/orgs")["Alpha"]["eventCount"] > 0


def test_a_password_is_set_by_a_key_that_permits_all_and_only_once_without_the_old_one(door: Door) -> None:
    narrow = Party(door.client, door.hub.members.make_key(door.alpha.id, door.people["member"], "member",
                                                          scopes=["read"])[1].reveal())  # fmt: skip
    narrow.post("users/change_pw", {"password": "correct horse battery"}, status=403)
    door.member.post("users/change_pw", {"password": "correct horse battery"})
    door.member.post("users/change_pw", {"password": "another long password"}, status=403)
    door.machine.post("users/change_pw", {"password": "correct horse battery"}, status=403)


def test_a_key_made_at_the_door_permits_no_more_than_its_maker(door: Door) -> None:
    made = door.member.post("auth_keys/add/me", {"comment": "for the SIEM"})["AuthKey"]
    assert role_of(Party(door.client, made["authkey_raw"])) == role_of(door.member)
    assert any(one["AuthKey"]["id"] == made["id"] for one in door.member.get("auth_keys"))
    door.other.post(f"auth_keys/delete/{made['id']}", status=404)
    door.member.post(f"auth_keys/delete/{made['id']}")
    Party(door.client, made["authkey_raw"]).get("users/view/me", status=403)


def test_an_erased_person_leaves_nothing_at_the_door(door: Door) -> None:
    user = door.lead.post("admin/users/add", {"email": "gone@alpha.example"})["User"]
    party = Party(door.client, user["authkey"])
    party.post("userSettings/setSetting", {"setting": "homepage", "value": "/here"})
    door.lead.post(f"admin/users/edit/{user['id']}", {"email": "gone2@alpha.example"})
    hub = door.hub
    someone = hub.members.person_of_email("gone2@alpha.example")
    administrator = hub.members.viewer_of(f"person:{door.people['administrator']}")
    assert someone is not None and administrator is not None
    hub.privacy.erase(administrator, someone.id)
    assert hub.members.person_known(someone.id) is None
    kept = [entry for entry in hub.record.read_kinds("", ("member.",)) if entry.payload is not None]
    assert not any(b"gone2@" in entry.payload.body or b"gone@" in entry.payload.body for entry in kept)
    assert "homepage" not in str(door.admin.get("userSettings/index"))


def test_role_one_sees_all_in_compatibility_mode_alone_and_it_is_audited(tmp_path: Path) -> None:
    for folder, setting, status in (("plain", "", 404), ("compatible", "1", 200)):
        hub = opened(tmp_path / folder, misp_site_admin=setting)
        with TestClient(make_app(hub), raise_server_exceptions=False) as client:
            door = Door(hub, client)
            one = event(distribution=0)
            door.other.post("events/add", one)
            door.admin.get(f"events/view/{one['uuid']}", status=status)
            door.lead.get(f"events/view/{one['uuid']}", status=404)
            audited = [line for line in hub.audit.lines(None) if line.action == "misp.site_admin"]
            assert bool(audited) == bool(setting)
        hub.close()
