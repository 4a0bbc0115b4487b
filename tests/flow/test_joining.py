"""Joining the partnership, from the application to the first contribution; and what suspension and idleness end."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar.testing import TestClient

from fusioncell.kernel.clock import DAY, HOUR, ManualClock, parse_instant
from fusioncell.members.joining import TERMS
from fusioncell.web.app import make_app
from hubs import MadeHub, Party, browser, make_hub, served, visitor

START = parse_instant("2026-11-21T12:00:00Z")
FORM = {
    "name": "Example Bank", "sector": "finance", "kind": "industry", "applicant": "Bo Lind",
    "email": "bo@bank.example", "why": "We see phishing each day.", "sponsor": "jon@northern.example",
}  # fmt: skip
STATEMENT = "We worked with them on two cases."


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def made(tmp_path: Path, clock: ManualClock) -> Iterator[MadeHub]:
    made = make_hub(tmp_path / "hub", clock=clock)
    yield made
    made.hub.close()


def csrf(page: httpx.Response) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def sends(client: TestClient[Any], page: str, path: str, **fields: str) -> httpx.Response:
    """Send a form with the token of the page that holds it."""
    return client.post(path, data={"csrf": csrf(client.get(page)), **fields})


def applies(made: MadeHub, **changed: str) -> str:
    """Apply as a visitor; return the reference code."""
    with visitor(made) as client:
        answer = client.post("/apply", data={**FORM, **changed})
        assert answer.status_code == 303, answer.text
        return answer.headers["location"].removeprefix("/apply/")


def viewer(made: MadeHub, person: str) -> Any:
    signed = made.hub.signing.open_link(made.hub.members.make_link(person).reveal())
    return made.hub.members.viewer_for_session(signed.session.reveal())


def joins(made: MadeHub, **changed: str) -> tuple[str, str, str]:
    """Let an organisation join through the service; return (organisation, person, link)."""
    applies(made, **changed)
    joining = made.hub.joining
    one = joining.applications()[0]
    joining.stand(viewer(made, made.provider.person), one.id, STATEMENT)
    one, link = joining.accept(viewer(made, made.ministry.person), one.id, "We checked them.")
    return one.organisation, one.person, link.reveal()


def test_an_organisation_joins(made: MadeHub) -> None:
    code = applies(made)
    with browser(made, made.provider) as sponsor:
        page = sponsor.get("/sponsoring")
        assert "Example Bank" in page.text
        which = re.search(r"/sponsoring/([0-9a-f-]+)/confirm", page.text)
        assert which
        assert sends(sponsor, "/sponsoring", f"/sponsoring/{which[1]}/confirm", statement="").status_code == 400
        answer = sends(sponsor, "/sponsoring", f"/sponsoring/{which[1]}/confirm", statement=STATEMENT)
        assert answer.headers["location"] == "/sponsoring"
    with browser(made, made.ministry) as vetter:
        assert "Example Bank" in vetter.get("/admin").text
        here = f"/admin/applications/{which[1]}"
        assert STATEMENT in vetter.get(here).text
        answer = sends(vetter, here, f"{here}/accept", reason="We checked them.")
        assert answer.status_code == 200, answer.text
        link = re.search(r"/sign-in/link/(fc_[\w-]+)", answer.text)
        assert link
    with visitor(made) as lead:
        assert "Accepted" in lead.get(f"/apply/{code}").text
        assert lead.post(f"/sign-in/link/{link[1]}").status_code == 303
        # Signed in, and no member: every part leads to the terms, the API says why.
        for path in ("/", "/contribute", "/people", "/sponsoring", "/groups", "/shield"):
            assert lead.get(path).headers.get("location") == "/terms", (path, lead.get(path).text)
        refused = lead.get("/api/contributions")
        assert refused.status_code == 403 and "terms" in refused.json()["detail"]
        assert lead.get("/account").status_code == 200
        assert sends(lead, "/terms", "/terms", version="1999-01").status_code == 400
        assert sends(lead, "/terms", "/terms", version=TERMS[-1].version).headers["location"] == "/"
        token = csrf(lead.get("/people"))
        body = {"content": b"evil.example is a phishing site", "headers": {"X-CSRF-Token": token,
                                                                          "Content-Type": "text/plain"}}
        accepted = lead.post("/api/contributions", params={"tlp": "green"}, **body)
        assert accepted.status_code == 202, accepted.text
        log = lead.get("/account/audit").text
        assert "The terms were accepted" in log and "Bo Lind" in log
        assert "Northern" not in log
    made.hub.settle()
    assert made.hub.joining.sponsored_by(made.provider.org)[0].sponsor_person == made.provider.person


DOORS = ("/api/contributions", "/api/organisations", "/api/audit", "/api/applications", "/api/sponsoring",
         "/api/organisation/people", "/api/account/audit", "/api/suspensions", "/api/admin/idle")


@pytest.mark.parametrize("sponsor", ["nobody@nowhere.example", "No such organisation", "Example Bank"])
def test_an_applicant_without_a_valid_sponsor_reaches_nothing(made: MadeHub, sponsor: str) -> None:
    before = len(made.hub.members.organisations())
    code = applies(made, sponsor=sponsor)
    one = made.hub.joining.applications()[0]
    assert one.sponsor_org == ""
    for party in (made.ministry, made.provider, made.approver):
        assert made.hub.joining.asked(viewer(made, party.person)) == []
    with visitor(made) as client:
        valid = client.get(f"/apply/{applies(made, name='Other', email='x@other.example')}").text
        assert re.sub(r"fc_[\w-]+|Other", "", valid) == re.sub(
            r"fc_[\w-]+|Example Bank", "", client.get(f"/apply/{code}").text)
        for door in DOORS:
            answer = client.get(door, headers={"Authorization": f"Bearer {code}"})
            assert answer.status_code == 401, (door, answer.text)
        assert client.post(f"/sign-in/link/{code}").status_code == 401
    with browser(made, made.ministry) as vetter:
        here = f"/admin/applications/{one.id}"
        answer = sends(vetter, here, f"{here}/accept", reason="Let them in anyway.")
        assert answer.status_code == 409
    assert len(made.hub.members.organisations()) == before
    assert made.hub.members.person_of_email(FORM["email"]) is None


def test_a_sponsor_who_is_suspended_meanwhile_stands_for_nobody(made: MadeHub) -> None:
    applies(made)
    one = made.hub.joining.applications()[0]
    made.hub.joining.stand(viewer(made, made.provider.person), one.id, STATEMENT)
    made.hub.members.suspend(f"person:{made.provider.person}", "left")
    admin = made.own_key(made.ministry)
    with visitor(made) as client:
        answer = client.post(f"/api/applications/{one.id}/accept", json={"reason": "fine"}, headers=admin)
        assert answer.status_code == 409 and "good standing" in answer.json()["detail"]
    assert made.hub.members.organisation_named("Example Bank") is None


def test_nobody_stands_for_their_own_and_nobody_else_for_another(made: MadeHub) -> None:
    applies(made)
    one = made.hub.joining.applications()[0]
    with browser(made, made.ministry) as stranger:
        token = csrf(stranger.get("/sponsoring"))
        answer = stranger.post(f"/api/sponsoring/{one.id}/confirm", json={"statement": STATEMENT},
                               headers={"X-CSRF-Token": token})
        assert answer.status_code == 404
    with visitor(made) as machine:
        answer = machine.post(f"/api/sponsoring/{one.id}/confirm", json={"statement": STATEMENT},
                              headers={"Authorization": f"Bearer {made.provider.key}"})
        assert answer.status_code == 403  # A key is no person.


def test_the_sponsors_own_side_does_not_decide_while_another_can(made: MadeHub) -> None:
    secretary = made.hub.members.add_person(made.provider.org, "Sec", "sec@northern.example", ["secretary", "member"])
    applies(made)
    one = made.hub.joining.applications()[0]
    joining = made.hub.joining
    joining.stand(viewer(made, made.provider.person), one.id, STATEMENT)
    with browser(made, Party(made.provider.org, secretary.id, "")) as vetter:
        here = f"/admin/applications/{one.id}"
        assert sends(vetter, here, f"{here}/accept", reason="Ours, fine.").status_code == 403
    made.hub.members.give_roles(made.ministry.person, ["reader"])
    with browser(made, Party(made.provider.org, secretary.id, "")) as vetter:
        assert sends(vetter, here, f"{here}/accept", reason="Nobody else can.").status_code == 200


def test_a_refusal_is_read_with_the_code_and_a_declined_one_looks_unanswered(made: MadeHub, clock: ManualClock) -> None:
    refused, declined = applies(made), applies(made, name="Other")
    other, first = made.hub.joining.applications()
    made.hub.joining.stand(viewer(made, made.provider.person), other.id, "", confirmed=False)
    with visitor(made) as client:
        answer = client.post(f"/api/applications/{first.id}/refuse", json={"reason": "No such bank."},
                             headers=made.own_key(made.ministry))
        assert answer.status_code == 200, answer.text
        assert client.get(f"/api/applications/code/{refused}").json()["reason"] == "No such bank."
        assert client.get(f"/api/applications/code/{declined}").json()["state"] == "asked"
        clock.advance(31 * DAY)
        assert client.get(f"/api/applications/code/{declined}").json()["state"] == "lapsed"


def test_applications_of_one_address_are_slowed(made: MadeHub) -> None:
    with visitor(made) as client:
        answers = [client.post("/api/applications", json={**FORM, "name": f"Bank {n}"}).status_code for n in range(8)]
        assert answers[:5] == [201] * 5 and 429 in answers
        wrong = client.post("/api/applications", json={**FORM, "kind": "pirates"})
        assert wrong.status_code == 400 and wrong.json()["place"] == "kind"


def test_a_lead_looks_after_their_people_and_gives_no_more_than_they_hold(made: MadeHub) -> None:
    _, person, link = joins(made)
    with visitor(made) as lead:
        lead.post(f"/sign-in/link/{link}")
        sends(lead, "/terms", "/terms", version=TERMS[-1].version)
        answer = sends(lead, "/people", "/people", name="Kim", email="kim@bank.example", **{"role-member": "on"})
        theirs = re.search(r"/sign-in/link/(fc_[\w-]+)", answer.text)
        assert answer.status_code == 200 and theirs
        kim = made.hub.members.person_of_email("kim@bank.example")
        assert kim
        assert sends(lead, "/people", f"/people/{kim.id}/roles", **{"role-administrator": "on"}).status_code == 403
        assert sends(lead, "/people", f"/people/{kim.id}/roles", **{"role-reader": "on"}).status_code == 303
        assert made.hub.members.person(kim.id).roles == ("reader",)
        # Not oneself, and nobody of another organisation.
        assert sends(lead, "/people", f"/people/{person}/remove").status_code == 403
        assert sends(lead, "/people", f"/people/{made.provider.person}/remove").status_code == 404
        with visitor(made) as newcomer:
            assert newcomer.post(f"/sign-in/link/{theirs[1]}").status_code == 303
            assert newcomer.get("/account").status_code == 200
            assert sends(lead, "/people", f"/people/{kim.id}/remove").status_code == 303
            assert newcomer.get("/account").headers["location"].startswith("/sign-in")
        assert sends(lead, "/people", f"/people/{kim.id}/reinstate").status_code == 200
        made.hub.members.suspend(f"person:{kim.id}", "lost a laptop")
        assert sends(lead, "/people", f"/people/{kim.id}/reinstate").status_code == 403
    log = made.hub.audit.lines(made.hub.members.person(person).org)
    assert {"person.added", "roles.given", "party.suspended", "party.reinstated", "link.made"} <= {
        line.action for line in log}


def test_suspension_reaches_an_open_stream_and_a_running_export(tmp_path: Path) -> None:
    made = make_hub(tmp_path / "hub")
    ended = threading.Event()
    try:
        with served(made) as url:
            theirs = {"Authorization": f"Bearer {made.provider.key}"}
            names = "\n".join(f"n{number}.example" for number in range(400_000)).encode()
            got = bytearray()

            def listen() -> None:
                with httpx.stream("GET", f"{url}/api/stream", headers=theirs, timeout=90) as stream:
                    for _ in stream.iter_raw():
                        pass
                ended.set()

            thread = threading.Thread(target=listen, daemon=True)
            thread.start()
            with httpx.stream("POST", f"{url}/api/match", headers={**theirs, "Content-Type": "text/plain"},
                              content=names, timeout=90) as export:
                pieces = export.iter_raw()
                got += next(pieces)
                own_key = made.own_key(made.ministry)
                asked = time.monotonic()
                answer = httpx.post(f"{url}/api/suspensions", headers=own_key,
                                    json={"party": "Northern Broadband", "reason": "broke the terms"}, timeout=30)
                assert answer.status_code == 201, answer.text
                try:
                    for piece in pieces:
                        got += piece
                except httpx.RemoteProtocolError:
                    pass  # Cut off, so that nobody takes it for whole.
                else:
                    raise AssertionError("the export went on to its end")
            assert got.count(b"\n") < 400_000
            assert ended.wait(60), "the stream is still open"
            print(f"export and stream ended {time.monotonic() - asked:.1f} s after the suspension was asked for")
            assert httpx.get(f"{url}/api/contributions", headers=theirs).status_code == 401
    finally:
        made.hub.close()


def test_suspending_lists_all_whom_they_stood_for(made: MadeHub) -> None:
    bank, lead, _ = joins(made)
    made.hub.joining.accept_terms(viewer(made, lead), TERMS[-1].version)
    applies(made, name="Second", email="s@second.example", sponsor="Example Bank")
    one = made.hub.joining.applications()[0]
    made.hub.joining.stand(viewer(made, lead), one.id, STATEMENT)
    second, _ = made.hub.joining.accept(viewer(made, made.ministry.person), one.id, "fine by us")
    with browser(made, made.ministry) as admin:
        answer = sends(admin, "/admin/suspended", "/admin/suspended", party="Northern Broadband", reason="broke terms")
        assert answer.status_code == 303, answer.text
        page = admin.get("/admin/suspended").text
        assert page.index("Example Bank") < page.index(">Second<")
        found = admin.get("/api/suspensions").json()["suspensions"][0]["stood_for"]
        assert [(each["organisation"], each["depth"]) for each in found] == [(bank, 1), (second.organisation, 2)]
        own = sends(admin, "/admin/suspended", "/admin/suspended", party="Ministry of Works", reason="mine")
        assert own.status_code == 409
        sends(admin, "/admin/suspended", "/admin/suspended/reinstate", party=f"org:{made.provider.org}")
    assert not made.hub.members.organisation(made.provider.org).suspended


def test_an_idle_account_is_told_waits_and_is_removed(made: MadeHub, clock: ManualClock) -> None:
    accounts, members = made.hub.accounts, made.hub.members
    viewer(made, made.ministry.person)
    _, key = members.make_key(made.provider.org, made.provider.person, label="mine")
    clock.advance(100 * DAY)
    assert members.viewer_for_key(key.reveal()) is not None  # Used by key on day 100; the others never came again.
    members.tidy()
    clock.advance(81 * DAY)
    told = {one.person.id for one in accounts.run_idle()}
    assert told == {made.ministry.person, made.approver.person}
    assert [one.step.value for one in accounts.idle()] == ["grace", "grace"]
    assert accounts.run_idle() == []
    clock.advance(20 * DAY)
    viewer(made, made.ministry.person)  # Comes back within the grace.
    clock.advance(11 * DAY)
    assert [one.person.id for one in accounts.run_idle()] == [made.approver.person]
    gone = members.person(made.approver.person)
    assert gone.suspended
    with browser(made, made.ministry) as admin:
        rows = admin.get("/api/admin/idle").json()["accounts"]
        assert [(row["id"], row["step"], row["last_used"]) for row in rows] == [(gone.id, "removed", None)]
        assert "Eve Lind" in admin.get("/admin/idle").text
    actions = [line.action for line in made.hub.audit.lines(made.provider.org)]
    assert actions.count("idle.noticed") == 1 and actions.count("idle.removed") == 1
    mails = [letter.to for letter in made.hub.mail.waiting()] if hasattr(made.hub.mail, "waiting") else []
    assert not mails or "eve@northern.example" in mails
    made.hub.accounts.reinstate(viewer(made, made.ministry.person), gone.id)
    clock.advance(HOUR)
    assert accounts.run_idle() == []


def test_the_log_is_read_by_those_whom_it_concerns(made: MadeHub) -> None:
    joins(made)
    everything = {"Authorization": f"Bearer {made.ministry.key}"}
    with visitor(made) as client:
        first = client.get("/api/audit", params={"limit": 3}, headers=everything).json()
        seen, page = first["lines"], first
        while page["next"]:
            page = client.get("/api/audit", params={"limit": 3, "before": page["next"]}, headers=everything).json()
            seen += page["lines"]
        assert len(seen) == len(made.hub.audit.lines(None, limit=1000))
        only = client.get("/api/audit", params={"action": "key.made"}, headers=everything).json()["lines"]
        assert {line["action"] for line in only} == {"key.made"} and len(only) == 2
        assert client.get("/api/audit", params={"before": "7"}, headers=everything).status_code == 400
        refused = client.get("/api/audit", headers={"Authorization": f"Bearer {made.provider.key}"})
        assert refused.status_code == 403


def test_the_pages_of_the_log_name_who_and_whom_beside_the_ids(made: MadeHub) -> None:
    """As far as the reader may know: a closed group is named to those inside alone."""
    hub = made.hub
    eve = made.approver.person
    jon, ada = viewer(made, made.provider.person), viewer(made, made.ministry.person)
    hub.accounts.give_roles(ada, made.provider.person, ["lead", "member"])
    hub.accounts.give_roles(ada, eve, ["reader"])
    room = hub.circles.create(jon, "The quiet room", openness="invitation")
    hub.members.suspend(f"person:{eve}", "left")
    with browser(made, made.provider) as theirs:
        page = theirs.get("/account/audit").text
    assert "Eve Lind" in page and eve in page
    assert "Ada Okafor" in page and "The quiet room" in page and room.id in page
    with browser(made, made.ministry) as admin:
        page = admin.get("/admin/audit").text
    assert "Eve Lind" in page and room.id in page
    assert "The quiet room" not in page and "A closed group" in page


def test_every_change_needs_its_permission(made: MadeHub) -> None:
    joins(made)
    member = {"Authorization": f"Bearer {made.provider.key}"}
    with TestClient(make_app(made.hub)) as client:
        for method, path, body in (
            ("POST", "/api/applications/x/accept", {"reason": "fine"}),
            ("POST", "/api/applications/x/refuse", {"reason": "fine"}),
            ("POST", "/api/terms", {"version": "2026-11"}),
            ("POST", "/api/organisation/people", {"name": "K", "email": "k@x.example"}),
            ("POST", "/api/organisation/people/x/roles", {"roles": ["reader"]}),
            ("POST", "/api/organisation/people/x/link", {}),
            ("DELETE", "/api/organisation/people/x", None),
            ("POST", "/api/suspensions", {"party": "Ministry of Works", "reason": "x"}),
            ("DELETE", "/api/suspensions/org:x", None),
            ("POST", "/api/admin/idle", {}),
        ):
            answer = client.request(method, path, headers=member, **({} if body is None else {"json": body}))
            assert answer.status_code == 403, (method, path, answer.text)
