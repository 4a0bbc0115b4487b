"""Publication by proxy: never wider than consented, no trace of the originator, recalled with what it was made of."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from fusioncell.bootstrap import Folder, Hub, open_hub
from fusioncell.exchange.live import LiveEvent
from fusioncell.exchange.proxy import Proxy
from fusioncell.exchange.receipts.model import Answer
from fusioncell.fusion.knowngood import KnownGood
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import ManualClock, parse_instant
from fusioncell.kernel.errors import BadInput, Conflict, FusionCellError, NotAllowed, NotFound
from fusioncell.kernel.marking import Tlp, Uses, Viewer, group, org
from fusioncell.kernel.observable import Observable, ObservableType
from fusioncell.web.app import make_app

STIX = "application/stix+json;version=2.1"
STRICT = "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"
VALUE = Observable(ObservableType.DOMAIN, "evil-quay.example")
ORIGINATOR = "Harbour Bank"
TRACES = ("harbour", "hanna", "identity--", "orgc", "hb.example")
"""What would give the originator away, in lower case; its id is looked for beside them."""


def stix_id(kind: str, number: int) -> str:
    return f"{kind}--{uuid.UUID(int=number + (4 << 76) + (8 << 60))}"


def bundle() -> bytes:
    mine = stix_id("identity", 1)
    common = {"spec_version": "2.1", "created": "2026-11-01T00:00:00.000Z", "modified": "2026-11-01T00:00:00.000Z",
              "created_by_ref": mine, "object_marking_refs": [STRICT]}  # fmt: skip
    return json.dumps({"type": "bundle", "id": stix_id("bundle", 0), "objects": [
        {**common, "type": "identity", "id": mine, "name": ORIGINATOR, "contact_information": "soc@hb.example"},
        {**common, "type": "indicator", "id": stix_id("indicator", 2), "name": "quay", "pattern_type": "stix",
         "pattern": "[domain-name:value = 'evil-quay.example']", "valid_from": "2026-11-01T00:00:00Z",
         "x_reporter": {"name": "HARBOUR BANK", "kept": 1}},
        {**common, "type": "malware", "id": stix_id("malware", 3), "name": "QuayBot", "is_family": True},
        {**common, "type": "relationship", "id": stix_id("relationship", 4), "relationship_type": "targets",
         "source_ref": stix_id("malware", 3), "target_ref": mine},
        {**common, "type": "report", "id": stix_id("report", 5), "name": "The quay",
         "published": "2026-11-01T00:00:00Z", "object_refs": [stix_id("malware", 3), mine]},
    ]}).encode()  # fmt: skip


def event() -> bytes:
    return json.dumps({"Event": {
        "uuid": str(uuid.UUID(int=9)), "info": "Quay", "date": "2026-11-01", "timestamp": "1793491200",
        "Orgc": {"name": ORIGINATOR, "uuid": str(uuid.UUID(int=10))}, "Org": {"name": ORIGINATOR},
        "event_creator_email": "hanna@hb.example", "Tag": [{"name": "tlp:amber+strict"}, {"name": "quaybot"}],
        "Attribute": [{"uuid": str(uuid.UUID(int=11)), "type": "domain", "category": "Network activity",
                       "value": VALUE.value, "to_ids": True, "timestamp": "1793491200",
                       "Sighting": [{"type": "0", "date_sighting": "1793491200",
                                     "Organisation": {"name": ORIGINATOR, "uuid": str(uuid.UUID(int=10))}}]}],
    }}).encode()  # fmt: skip


class Cast:
    """An originator, a proxy with an editor, a reader, and a bank that shares a group with the first two."""

    def __init__(self, folder: Path) -> None:
        Folder(folder).make("hub")
        self.hub: Hub = open_hub(folder, clock=ManualClock(parse_instant("2026-11-20")), known_good=KnownGood.nothing())
        self.events: list[LiveEvent] = []
        self.hub.river.on_events(lambda more, _: self.events.extend(more))
        members = self.hub.members
        names = {"originator": ORIGINATOR, "proxy": "National Cyber Centre", "reader": "North Net", "other": "Grid"}
        self.orgs = {who: members.add_organisation(name, "finance", "industry").id for who, name in names.items()}
        people = {"originator": ("Hanna Holm", "hanna@hb.example", "member"),
                  "proxy": ("Pia", "p@ncc.example", "editor"),
                  "reader": ("Rita", "r@north.example", "member"), "other": ("Otto", "o@grid.example", "member")}
        self.people = {who: members.add_person(self.orgs[who], name, mail, [role]).id
                       for who, (name, mail, role) in people.items()}  # fmt: skip
        self.keys = {who: members.make_key(self.orgs[who], self.people[who], role=people[who][2])[1].reveal()
                     for who in names}  # fmt: skip
        parties = [org(self.orgs[who]) for who in ("originator", "proxy", "other")]
        circle = self.hub.circles.make_group("Circle", parties)
        self.hub.settle()
        self.circle = group(circle.id, self.hub.circles.group(circle.id).generation)
        self.client = TestClient(make_app(self.hub), raise_server_exceptions=False)

    @property
    def proxy(self) -> Proxy:
        return self.hub.proxy

    def who(self, name: str) -> Viewer:
        found = self.hub.members.viewer_for_key(self.keys[name])
        assert found is not None
        return found

    def shares(self, body: bytes = b"", media: str = STIX, **more: Any) -> str:
        terms = Terms(Tlp.AMBER_STRICT, (org(self.orgs["proxy"]),), **more)
        made = self.hub.intake.accept(self.who("originator"), body or bundle(), media, terms).contribution
        self.hub.settle()
        return made

    def consents(self, contribution: str, tlp: Tlp = Tlp.GREEN, *groups: str) -> str:
        made = self.hub.receipts.let_publish(self.who("originator"), contribution, self.orgs["proxy"], tlp, groups, "")
        self.hub.settle()
        return made

    def publishes(self, contribution: str, tlp: Tlp = Tlp.GREEN, *groups: str, **more: Any) -> str:
        made = self.proxy.publish(self.who("proxy"), contribution, Terms(tlp, groups), **more).contribution
        self.hub.settle()
        return made

    def asks(self, who: str, path: str, method: str = "GET", **more: Any) -> Any:
        return self.client.request(method, path, headers={"Authorization": f"Bearer {self.keys[who]}"}, **more)

    def sees(self, who: str, contribution: str) -> bool:
        return bool(self.asks(who, f"/api/contributions/{contribution}").status_code == 200)


@pytest.fixture
def cast(tmp_path: Path) -> Iterator[Cast]:
    made = Cast(tmp_path / "hub")
    yield made
    made.hub.close()


DOORS = ("/api/contributions", "/api/contributions/{}", "/api/contributions/{}/content", "/api/search?q=quay",
         "/api/contributions/{}/publications", "/api/consents", "/api/observables/domain-name/evil-quay.example",
         "/contributions/{}", "/", "/search?q=evil-quay.example", "/observables/domain-name/evil-quay.example",
         "/api/participation")  # fmt: skip


@pytest.mark.parametrize(("body", "media"), [(bundle(), STIX), (event(), "application/json")])
def test_no_trace_of_the_originator_on_any_door_of_another_reader(cast: Cast, body: bytes, media: str) -> None:
    original = cast.shares(body, media)
    assert not cast.sees("reader", original)
    cast.consents(original)
    cast.events.clear()
    copy = cast.publishes(original)
    traces = (*TRACES, cast.orgs["originator"], cast.people["originator"], original)
    for who in ("reader", "other"):
        for door in DOORS:
            path = door.format(copy)
            answer = cast.asks(who, path)
            assert answer.status_code == 200 or path.startswith("/observ"), (path, answer.text)
            said = (answer.text + repr(dict(answer.headers))).lower()
            named = [trace for trace in traces if trace in said]
            # The directory's names stand in nobody's answers but those that list members.
            assert not named, (who, path, named)
    visible = cast.hub.record.visible_to(cast.who("reader"))
    streamed = [event for event in cast.events if event.audience in visible]
    assert streamed and all(cast.orgs["originator"] not in event.data.decode() for event in streamed)
    for entries in (cast.hub.record.read_after(0, blocks=1000, visible=visible),):
        for entry in entries:
            held = repr((entry.org, entry.payload)).lower()
            assert not [trace for trace in traces if trace in held]
    read = cast.asks("reader", f"/api/contributions/{copy}").json()
    assert read["on_behalf_of_a_partner"] and read["organisation"] == cast.orgs["proxy"]
    assert cast.asks("reader", "/api/observables/domain-name/evil-quay.example").json()["independent_origins"] == 1


def test_who_sees_both_counts_one_origin(cast: Cast) -> None:
    original = cast.shares()
    before = cast.hub.fusion.look_up(VALUE, cast.hub.record.visible_to(cast.who("proxy")))
    cast.consents(original)
    cast.publishes(original)
    after = cast.hub.fusion.look_up(VALUE, cast.hub.record.visible_to(cast.who("proxy")))
    assert before is not None and after is not None
    assert len(after.origins) == len(before.origins) == 1 and after.score == before.score


def test_it_is_never_wider_than_consented(cast: Cast) -> None:
    original = cast.shares()
    with pytest.raises(NotAllowed, match="has not consented"):
        cast.publishes(original)
    consent = cast.consents(original, Tlp.AMBER, cast.circle)
    for tlp, groups in ((Tlp.GREEN, ()), (Tlp.CLEAR, ()), (Tlp.AMBER, (org(cast.orgs["reader"]),))):
        with pytest.raises(NotAllowed, match="wider"):
            cast.publishes(original, tlp, *groups)
    with pytest.raises(BadInput):
        cast.publishes(original, Tlp.RED)
    with pytest.raises(BadInput, match="uses"):
        cast.proxy.publish(cast.who("proxy"), original, Terms(Tlp.AMBER, (cast.circle,), uses=Uses.BLOCKING))
    copy = cast.publishes(original, Tlp.AMBER, cast.circle)
    assert cast.sees("other", copy) and not cast.sees("reader", copy)
    entries = cast.hub.intake.entries_of(cast.hub.record.visible_to(cast.who("other")), copy)
    assert {cast.hub.record.audience(entry.audience).uses for entry in entries} == {Uses.ANALYSIS}
    # Nor afterwards, nor by a detour, nor by anybody else.
    with pytest.raises(NotAllowed, match="on behalf"):
        cast.hub.intake.widen(cast.who("proxy"), copy, Terms(Tlp.GREEN))
    with pytest.raises(NotAllowed, match="on behalf"):
        cast.hub.intake.widen(cast.who("proxy"), copy, Terms(Tlp.GREEN), entry_seq=entries[0].seq)
    with pytest.raises(NotAllowed, match="edit"):
        cast.proxy.publish(cast.who("other"), copy, Terms(Tlp.GREEN))
    with pytest.raises(FusionCellError):
        cast.proxy.publish(cast.who("proxy"), copy, Terms(Tlp.GREEN))
    with pytest.raises(NotFound):
        cast.hub.receipts.let_publish(cast.who("reader"), original, cast.orgs["proxy"], Tlp.GREEN, (), "please")
    # A consent that was taken back permits nothing, and takes what was published with it.
    cast.hub.receipts.answer(cast.who("originator"), consent, granted=False, reason="no more")
    cast.hub.settle()
    assert not cast.sees("other", copy)
    with pytest.raises(NotAllowed, match="has not consented"):
        cast.publishes(original, Tlp.AMBER, cast.circle)


def test_a_recall_by_the_originator_reaches_the_publication(cast: Cast) -> None:
    original = cast.shares()
    cast.consents(original)
    copy = cast.publishes(original)
    cast.asks("reader", f"/api/contributions/{copy}")
    [known] = cast.asks("originator", f"/api/contributions/{original}/publications").json()["publications"]
    assert (known["contribution"], known["tlp"], known["withdrawn"]) == (copy, "green", None)
    assert known["reach"] == {"here": 2, "fetched": 0, "exported": 1}
    cast.events.clear()
    cast.hub.intake.recall(cast.who("originator"), original, "a secret reason")
    cast.hub.settle()
    assert not cast.sees("reader", copy)
    assert cast.hub.fusion.look_up(VALUE, cast.hub.record.visible_to(cast.who("reader"))) is None
    visible = cast.hub.record.visible_to(cast.who("reader"))
    [tombstone] = [event for event in cast.events if event.audience in visible]
    said = json.loads(tombstone.data)
    assert (said["contribution"], said["organisation"]) == (copy, cast.orgs["proxy"])
    for who in ("originator", "proxy"):
        [known] = cast.asks(who, f"/api/contributions/{original}/publications").json()["publications"]
        assert known["withdrawn"] and known["reach"]["exported"] == 0 and known["reach"]["fetched"] == 1
    for who in ("reader", "other"):
        assert cast.asks(who, f"/api/contributions/{original}/publications").json() == {"publications": []}
        assert cast.asks(who, f"/api/contributions/{copy}/publications").json() == {"publications": []}
    assert cast.proxy.follow() == 0


def test_it_follows_one_entry_and_a_move_and_the_proxy_can_withdraw_too(cast: Cast) -> None:
    original = cast.shares()
    cast.consents(original)
    copy = cast.publishes(original)
    every = cast.hub.record.audiences_where(lambda _: True)
    [malware] = [entry for entry in cast.hub.intake.entries_of(every, original)
                 if entry.payload and entry.payload.subject.startswith("malware")]  # fmt: skip
    before = len(cast.hub.intake.entries_of(every, copy))
    cast.hub.intake.recall(cast.who("originator"), original, "one", malware.seq)
    cast.hub.settle()
    assert len(cast.hub.intake.entries_of(every, copy)) == before - 1
    moved = cast.hub.intake.narrow(cast.who("originator"), original, Terms(Tlp.AMBER_STRICT)).contribution
    cast.hub.settle()
    assert cast.sees("reader", copy)
    cast.hub.intake.recall(cast.who("originator"), moved, "all")
    cast.hub.settle()
    assert not cast.sees("reader", copy)

    original = cast.shares(event(), "application/json")
    cast.consents(original)
    copy = cast.publishes(original)
    cast.hub.intake.recall(cast.who("proxy"), copy, "ours")
    cast.hub.settle()
    assert not cast.sees("reader", copy) and cast.sees("originator", original)


def test_asked_and_granted_and_words_are_looked_at_first(cast: Cast) -> None:
    text = b"Hanna Holm of Harbour Bank saw evil-quay[.]example; write to soc@hb.example"
    original = cast.shares(text, "text/plain")
    path = f"/api/contributions/{original}"
    asked = cast.asks("proxy", f"{path}/proxy", "POST", params={"tlp": "green", "reason": "The sector needs it"})
    assert asked.status_code == 202, asked.text
    cast.hub.settle()
    assert cast.asks("proxy", f"{path}/publish", "POST", params={"tlp": "green"}).status_code == 403
    [consent] = cast.hub.receipts.consents(cast.who("originator"), original)
    assert consent.proxy and consent.answer is Answer.ASKED
    cast.hub.receipts.answer(cast.who("originator"), consent.id, granted=True, reason="Gladly")
    cast.hub.settle()
    with pytest.raises(Conflict, match="Harbour Bank"):
        cast.publishes(original)
    refused = cast.asks("proxy", f"{path}/publish", "POST", params={"tlp": "green"})
    assert refused.status_code == 409 and "soc@hb.example" in refused.text and "Hanna Holm" in refused.text
    done = cast.asks("proxy", f"{path}/publish", "POST", params={"tlp": "green", "confirm": "true"})
    assert done.status_code == 202, done.text
    cast.hub.settle()
    content = cast.asks("reader", f"/api/contributions/{done.json()['contribution']}/content")
    assert content.status_code in (200, 403)
    assert cast.asks("reader", f"{path}/publish", "POST", params={"tlp": "green"}).status_code == 403


def test_the_pages_lead_from_consent_to_publication(cast: Cast) -> None:
    browsers = {}
    for who in ("originator", "proxy", "reader"):
        client = TestClient(make_app(cast.hub), raise_server_exceptions=False)
        client.headers["accept"], client.follow_redirects = "text/html", False
        link = cast.hub.members.make_link(cast.people[who]).reveal()
        assert client.post(f"/sign-in/link/{link}").status_code == 303
        browsers[who] = client

    def sends(who: str, path: str, **fields: str) -> Any:
        page = browsers[who].get(path)
        assert page.status_code == 200, page.text
        token = page.text.split('name="csrf" value="')[1].split('"')[0]
        return browsers[who].post(path, data={**fields, "csrf": token})

    original = cast.shares()
    path = f"/contributions/{original}"
    assert f"{path}/proxy" in browsers["originator"].get(path).text
    assert "Ask to publish it" in browsers["proxy"].get(path).text
    assert "has not consented" in browsers["proxy"].get(f"{path}/publish").text
    wrong = sends("originator", f"{path}/proxy", proxy="nobody", tlp="green")
    assert wrong.status_code == 404 and "There is a problem" in wrong.text
    assert sends("originator", f"{path}/proxy", proxy=cast.orgs["proxy"], tlp="green").status_code == 303
    assert "Publish on their behalf" in browsers["proxy"].get(path).text
    wider = sends("proxy", f"{path}/publish", tlp="clear")
    assert wider.status_code == 403 and "wider than its originator consented to" in wider.text
    done = sends("proxy", f"{path}/publish", tlp="green")
    assert done.status_code == 303, done.text
    copy = done.headers["location"]
    read = browsers["reader"].get(copy).text
    assert "Published by National Cyber Centre on behalf of a partner." in read
    assert not [trace for trace in (*TRACES, original) if trace in read.lower()]
    assert "by National Cyber Centre" in " ".join(browsers["originator"].get(path).text.split())
    assert browsers["reader"].get(f"{path}/proxy").status_code == 404
    assert sends("originator", f"{path}/recall", reason="ours").status_code == 303
    assert browsers["reader"].get(copy).status_code == 404
