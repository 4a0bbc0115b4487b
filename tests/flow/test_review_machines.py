"""What a review of the doors for machines as an attacker found: each row was a hole once, or could become one."""

from __future__ import annotations

import csv
import io
import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from fusioncell.exchange.misp.search import service as search
from served import Party, ServedHub, eventually, new_hub


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedHub]:
    with ServedHub(new_hub(tmp_path_factory.mktemp("hub"))) as served:
        yield served


def misp(party: Party, path: str, body: Any = None, status: int = 200) -> Any:
    """Send a request to the MISP door."""
    answer = party.http.post(f"/misp/{path}", json={} if body is None else body)
    assert answer.status_code == status, (path, answer.status_code, answer.text)
    return answer.json()


def event_of(party: Party, *values: str, **fields: Any) -> str:
    """Add an event with domains, published to the partnership; return its uuid."""
    body = {"info": "seen", "distribution": "1", "published": True, "Attribute": [
        {"type": "domain", "value": value} for value in values], **fields}  # fmt: skip
    made: str = misp(party, "events/add", body)["Event"]["uuid"]
    return made


def values_in(event: dict[str, Any]) -> set[str]:
    return {one["value"] for one in event["Event"]["Attribute"]}


def person(hub: ServedHub, party: Party, name: str, *roles: str) -> Party:
    """Add a person to a party's organisation; return a client with their key."""
    someone = hub.hub.members.add_person(party.org, name, f"{name.lower()}@{uuid.uuid4().hex}.example", list(roles))
    _, secret = hub.hub.members.make_key(party.org, someone.id, "administrator", "test")
    made = Party(hub.url, secret.reveal(), party.org)
    made.email, made.who = someone.email, someone.id  # type: ignore[attr-defined]
    return made


def test_a_deletion_takes_nothing_that_stands_between(hub: ServedHub) -> None:
    """A recall names a span of positions: what others gave meanwhile, by any door, is not in it."""
    alpha, beta = hub.party("Alpha", "admin"), hub.party("Beta")
    event = event_of(alpha, "first-of-mine.example")
    beta.posts("domain,comment\nof-another.example,seen\n", "text/csv", tlp="green")
    misp(alpha, f"attributes/add/{event}", {"type": "domain", "value": "second-of-mine.example"})
    misp(alpha, f"events/publish/{event}")
    misp(alpha, f"events/delete/{event}")
    assert alpha.sees("domain", "first-of-mine.example") is None
    assert beta.sees("domain", "of-another.example")


def test_a_lead_makes_no_key_of_who_may_more(hub: ServedHub) -> None:
    """Else a lead's key opens the door to an administrator's, and an administrator's to the officers' seals."""
    org = hub.party("Keys", "reader")
    admin, officer, clerk = (person(hub, org, *said) for said in (
        ("Ada", "administrator"), ("Olu", "officer"), ("Cai", "member")))  # fmt: skip
    for maker, of, status in ((person(hub, org, "Lea", "lead"), admin, 403), (admin, officer, 403),
                              (person(hub, org, "Leo", "lead"), clerk, 200)):  # fmt: skip
        users = maker.http.get("/misp/admin/users/index").json()
        number = next(one["User"]["id"] for one in users if one["User"]["email"] == of.email)  # type: ignore[attr-defined]
        misp(maker, f"auth_keys/add/{number}", status=status)


def test_a_member_says_nothing_of_tags_that_holds_for_all(hub: ServedHub) -> None:
    """Else any member could forbid ``tlp:amber`` to the others, or hide it from their events."""
    mallory, other = hub.party("Mallory"), hub.party("Other")
    own = misp(mallory, "organisations/view/Mallory")["Organisation"]["id"]
    for said in ({"org_id": own}, {"exportable": False}, {"local_only": True}):
        misp(mallory, "tags/add", {"name": "tlp:amber", **said})
        made = misp(mallory, "tags/add", {"name": "tlp:amber"})["Tag"]
        misp(mallory, f"tags/edit/{made['id']}", said, status=403)
    misp(mallory, f"tags/delete/{made['id']}", status=403)
    event = event_of(other, "tagged.example", Tag=[{"name": "tlp:amber"}])
    shown = misp(other, f"events/view/{event}")
    assert [tag["name"] for tag in shown["Event"]["Tag"]] == ["tlp:amber"]


def test_a_sharing_group_that_is_gone_is_made_by_nobody_again(hub: ServedHub) -> None:
    """What was shared with it names it still: who makes it anew would say who reads that."""
    maker, member, spy = hub.party("Maker"), hub.party("Was in it"), hub.party("Spy")
    group = misp(maker, "sharing_groups/add", {"name": "trusted", "SharingGroupOrg": [
        {"org_id": misp(maker, "organisations/view/Was in it")["Organisation"]["id"]}]})["SharingGroup"]  # fmt: skip
    event = event_of(maker, "for-the-group.example", distribution="4", sharing_group_id=group["id"])
    assert values_in(misp(member, f"events/view/{event}")) == {"for-the-group.example"}
    misp(maker, f"sharing_groups/delete/{group['uuid']}")
    said = {"name": "again", "uuid": group["uuid"], "SharingGroupOrg": [
        {"org_id": misp(member, "organisations/view/Maker")["Organisation"]["id"]}]}  # fmt: skip
    misp(member, "sharing_groups/add", said, status=403)
    member.http.post("/misp/sharing_groups/addOrg", json={"sg_id": group["uuid"], "org_id": "Spy"})
    misp(spy, f"events/view/{event}", status=404)
    assert spy.sees("domain", "for-the-group.example") is None


def test_an_event_names_no_sharing_group_that_its_sender_is_not_in(hub: ServedHub) -> None:
    """Else it would be moved to the group's organisations when the group next changes."""
    maker, outsider = hub.party("Maker"), hub.party("Outsider")
    group = misp(maker, "sharing_groups/add", {"name": "closed"})["SharingGroup"]
    for said in ({"sharing_group_uuid": group["uuid"]}, {"sharing_group_id": group["uuid"]},
                 {"SharingGroup": {"uuid": group["uuid"]}}):  # fmt: skip
        body = {"info": "into it", "distribution": "4", "published": True, **said,
                "Attribute": [{"type": "domain", "value": "planted.example"}]}  # fmt: skip
        misp(outsider, "events/add", body, status=403)
    misp(maker, "sharing_groups/addOrg", {"sg_id": group["uuid"], "org_id": "Other"})
    assert maker.sees("domain", "planted.example") is None


def test_local_tags_and_notes_stay_behind_when_an_event_is_handed_over(hub: ServedHub) -> None:
    giver, taker = hub.party("Giver", "admin"), hub.party("Taker", "admin")
    event = event_of(giver, "handed-over.example", distribution="0")
    misp(giver, "tags/attachTagToObject", {"uuid": event, "tag": "giver:secret-source", "local": True})
    attribute = misp(giver, f"events/view/{event}")["Event"]["Attribute"][0]["uuid"]
    misp(giver, f"analyst_data/add/Note/{attribute}/Attribute", {"note": "told by an informer", "distribution": "0"})
    asked = misp(giver, f"event_delegations/delegateEvent/{event}", {"org_id": "Taker", "message": "please"})
    waiting = taker.http.get("/misp/event_delegations/index").json()
    number = waiting[0].get("EventDelegation", waiting[0])["id"]
    misp(taker, f"event_delegations/acceptDelegation/{number}")
    shown = taker.http.post(f"/misp/events/view/{event}").text
    assert "handed-over.example" in shown, asked
    assert "giver:secret-source" not in shown
    assert "told by an informer" not in shown


def test_what_another_does_under_a_uuid_takes_no_notice_away(hub: ServedHub) -> None:
    """A recalled attribute is told of as deleted, whatever others keep for themselves under its uuid."""
    alpha, reader, other = hub.party("Alpha", "admin"), hub.party("Reader"), hub.party("Other")
    event, gone = str(uuid.uuid4()), str(uuid.uuid4())
    bundle = {"Event": {"uuid": event, "info": "native", "date": "2026-11-01", "timestamp": "1793000000",
                        "published": True, "distribution": "1", "Attribute": [
        {"uuid": one, "type": "domain", "category": "Network activity", "value": value, "to_ids": True,
         "timestamp": "1793000000", "distribution": "5"}
        for one, value in ((gone, "was-there.example"), (str(uuid.uuid4()), "stays.example"))]}}  # fmt: skip
    contribution = alpha.posts(bundle, tlp="green")
    listed = alpha.http.get(f"/api/contributions/{contribution}").json()["entries"]
    entry = next(one["id"] for one in listed if one["subject"] == gone)
    assert values_in(misp(reader, f"events/view/{event}")) == {"was-there.example", "stays.example"}
    answer = alpha.http.post(f"/api/contributions/{contribution}/recall", params={"reason": "wrong", "entry": entry})
    assert answer.status_code < 300, answer.text

    def deleted() -> set[str]:
        shown = misp(reader, f"events/view/{event}", {"deleted": [0, 1]})["Event"]
        return {one["uuid"] for one in shown["Attribute"] if one["deleted"]}

    assert eventually(lambda: deleted() == {gone})
    event_of(other, distribution="0", published=False,
             Attribute=[{"uuid": gone, "type": "domain", "value": "private.example"}])  # fmt: skip
    assert deleted() == {gone}


def test_a_note_inside_a_note_is_for_nobody_more(hub: ServedHub) -> None:
    alpha, beta = hub.party("Alpha", "admin"), hub.party("Beta")
    about = str(uuid.uuid4())
    made = misp(alpha, f"analyst_data/add/Note/{about}/Event", {
        "note": "ours alone", "distribution": "0",
        "Note": [{"note": "what it says in other words", "distribution": "3", "object_type": "Note"}]})  # fmt: skip
    outer = made["Note"]["uuid"]
    assert beta.http.get(f"/misp/analyst_data/view/Note/{outer}").status_code == 404
    assert "in other words" not in beta.http.get("/misp/analyst_data/index/Note").text


def test_another_hub_enters_by_no_door_of_members(hub: ServedHub) -> None:
    operator = hub.party("Alpha", "admin")
    made = operator.http.post("/api/federation/partners", json={"name": "Far hub", "ceiling": "GREEN"}).json()
    far = Party(hub.url, made["key"], made["organisation"])
    for path in ("events/index", "events/restSearch", "attributes/restSearch", "users/view/me", "feed/manifest.json"):
        assert far.http.post(f"/misp/{path}", json={}).status_code == 403, path
        assert far.http.get(f"/misp/{path}").status_code == 403, path
    assert far.http.get("/taxii2/").status_code == 200


def test_fields_of_other_doors_break_no_line_of_a_csv(hub: ServedHub) -> None:
    alpha = hub.party("Alpha", "admin")
    evil = 'Network activity"\n"00000000-0000-4000-8000-000000000000",1,"x","domain","bank.example","",1,1,"",""'
    event = {"Event": {"uuid": str(uuid.uuid4()), "info": "csv", "date": "2026-11-01", "timestamp": "1793000000",
                       "published": True, "distribution": "1", "Attribute": [
        {"uuid": str(uuid.uuid4()), "type": "domain", "category": evil, "value": "csv-row.example", "to_ids": True,
         "timestamp": "1793000000"}]}}  # fmt: skip
    alpha.posts(event, tlp="green")
    answer = alpha.http.post("/misp/attributes/restSearch", json={"returnFormat": "csv", "value": "csv-row.example"})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["value"] for row in rows] == ["csv-row.example"]


def test_what_a_person_was_served_tells_a_colleague_nothing(hub: ServedHub) -> None:
    """An export that a person takes may hold what is for that person alone: the fuse speaks of it to no other."""
    org, giver = hub.party("Exports"), hub.party("Giver", "admin")
    ana, bo = person(hub, org, "Ana", "lead"), person(hub, org, "Bo", "lead")
    lines = "\n".join(f"only-ana-{n}.example,bad" for n in range(20))
    giver.posts(f"domain,comment\n{lines}\n", "text/csv", tlp="red", person=f"person:{ana.who}")  # type: ignore[attr-defined]
    asked = {"types": "domain-name", "min_probability": "0.2"}
    first = ana.http.get("/api/feeds/list", params=asked)
    assert "only-ana-7" in first.text, first.text
    answer = bo.http.get("/api/feeds/list", params=asked)
    assert answer.status_code == 200, answer.text
    assert "only-ana" not in answer.text


@pytest.mark.parametrize("modified", ["9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:60Z"])
def test_what_is_of_the_last_instant_can_be_withdrawn(hub: ServedHub, modified: str) -> None:
    """A later version of it has no date: the recall was set aside, and the object stayed for ever."""
    alpha = hub.party("Alpha", "admin")
    identifier = f"x-last--{uuid.uuid4()}"
    where = "/taxii2/partnership/collections/partnership/objects/"
    alpha.http.post(where, headers={"content-type": "application/taxii+json;version=2.1"}, json={"objects": [
        {"type": "x-last", "id": identifier, "spec_version": "2.1", "created": "2020-01-01T00:00:00Z",
         "modified": modified, "name": "not to be taken back"}]}).raise_for_status()  # fmt: skip
    assert "not to be taken back" in alpha.http.get(where + identifier + "/").text
    alpha.http.delete(where + identifier + "/").raise_for_status()
    shown = alpha.http.get(where, params={"match[id]": identifier}).json()
    assert [(one.get("revoked"), "name" in one) for one in shown["objects"]] == [(True, False)]
    assert hub.hub.river.set_aside == 0


ODD_EVENTS: dict[str, dict[str, Any]] = {
    "sharing group": {"distribution": 4, "SharingGroup": ["x"]},
    "category": {"Attribute": [{"type": "domain", "value": "x.example", "category": ["x"]}]},
    "category, one of many": {"Attribute": [{"type": "domain", "value": "x.example", "category": {"a": 1}}]},
}


@pytest.mark.parametrize("said", ODD_EVENTS.values(), ids=list(ODD_EVENTS))
def test_fields_of_the_wrong_kind_are_the_senders_fault(hub: ServedHub, said: dict[str, Any]) -> None:
    alpha = hub.party("Alpha", "admin")
    event = event_of(alpha, "wrong-kinds.example")
    assert alpha.http.post("/misp/events/add", json={"info": "odd", **said}).status_code < 500
    assert alpha.http.post(f"/misp/events/edit/{event}", json={"info": "odd", **said}).status_code < 500


def test_a_cell_longer_than_csv_takes_is_a_value_that_is_not_known(hub: ServedHub) -> None:
    alpha = hub.party("Alpha", "admin")
    body = b'value\n"' + b"a" * 200_000 + b'"\nkept.example\n'
    answer = alpha.http.post("/api/match", content=body, headers={"content-type": "text/csv"})
    assert answer.status_code == 200
    assert answer.text.count("\n") == 2 and "kept.example" in answer.text


def test_a_search_without_a_limit_is_whole_or_refused(hub: ServedHub, monkeypatch: pytest.MonkeyPatch) -> None:
    alpha = hub.party("Alpha", "admin")
    event_of(alpha, *(f"many-{n}.example" for n in range(12)))
    monkeypatch.setattr(search, "MOST_ROWS", 10)
    for asked, status in (
        ({"value": "many-3.example"}, 200), ({"type": "domain"}, 413), ({"type": "domain", "limit": 12}, 200),
        ({"value": "many-1%"}, 413), ({"type": "domain", "returnFormat": "csv"}, 413),
        ({"type": "domain", "returnFormat": "text"}, 413),
    ):  # fmt: skip
        answer = alpha.http.post("/misp/attributes/restSearch", json=asked)
        assert answer.status_code == status, (asked, answer.text[:200])


def test_a_servers_key_goes_to_no_other_address(hub: ServedHub) -> None:
    """Else who may change the address has the key sent to their own."""
    alpha = hub.party("Alpha", "admin")
    made = misp(alpha, "servers/add", {"name": "far", "url": "https://misp.example", "authkey": "its key"})["Server"]

    def key() -> str:
        with hub.hub.databases["vault"].read() as connection:
            rows = connection.rows("SELECT body FROM exchange_vault_misp WHERE model = 'Server'")
        return str(json.loads(rows[0][0])["authkey"])

    misp(alpha, f"servers/edit/{made['id']}", {"name": "far away"})
    assert key() == "its key"
    misp(alpha, f"servers/edit/{made['id']}", {"url": "https://evil.example"})
    assert key() == ""
