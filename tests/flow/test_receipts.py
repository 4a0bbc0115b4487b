"""A recall says honestly how far it reaches; the originator narrows, widens and consents (DESIGN rule 6)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from fusioncell.cli.main import main
from fusioncell.exchange.receipts.model import State
from fusioncell.exchange.receipts.take import Ranges
from fusioncell.intake.service import Terms
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from fusioncell.kernel.marking import Tlp, Viewer, audience_for, group, org
from hubs import MadeHub, Party, browser, make_hub, visitor
from served import Party as Client
from served import ServedHub, eventually, new_hub

TEXT = b"Parcel phishing at parcel-redelivery[.]example today"
VALUE = "parcel-redelivery.example"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[ServedHub]:
    with ServedHub(new_hub(tmp_path)) as hub:
        yield hub


@pytest.fixture
def made(tmp_path: Path) -> Iterator[MadeHub]:
    made = make_hub(tmp_path)
    yield made
    made.hub.close()


def states(client: Client, contribution: str) -> dict[str, str]:
    answer = client.http.get(f"/api/contributions/{contribution}/receipts").raise_for_status().json()
    return {row["name"]: row["words"] for row in answer["organisations"]}


def signed_in(served: ServedHub, client: Client, name: str) -> httpx.Client:
    someone = served.hub.members.add_person(client.org, name, f"{name.lower()}@x.example", ["member"])
    browser = httpx.Client(base_url=served.url, headers={"Accept": "text/html"})
    link = served.hub.members.make_link(someone.id).reveal()
    assert browser.post(f"/sign-in/link/{link}").status_code == 303
    return browser


# -- exactly who did what ----------------------------------------------------------------------------------------------


def test_receipts_are_right_against_a_script_that_knows_who_read_and_who_exported(served: ServedHub) -> None:
    names = ("Author", "Page", "Stream", "Left", "File", "Told", "List", "Search", "Match", "Look", "Elsewhere", "Idle")
    who = {name: served.party(name) for name in names}
    page = signed_in(served, who["Page"], "Reader")
    stays = who["Stream"].listens()
    with who["Left"].http.stream("GET", "/api/stream") as leaves:
        lines = leaves.iter_lines()
        assert next(lines).startswith(": hello")
        other = who["Author"].posts(b"Something else at other[.]example", tlp="green")
        one = who["Author"].posts(TEXT, tlp="green")
        assert any(one in line for line in lines)
    assert stays.gets(one)

    assert page.get(f"/contributions/{one}").status_code == 200
    assert page.get("/search", params={"q": VALUE}).status_code == 200
    for name in ("File", "Told"):
        assert who[name].http.get(f"/api/contributions/{one}/content").status_code == 200
    who["List"].http.get("/api/contributions", params={"limit": 1}).raise_for_status()
    who["Search"].http.get("/api/search", params={"q": "parcel phishing"}).raise_for_status()
    who["Match"].http.post("/api/match", content=VALUE, headers={"Content-Type": "text/plain"}).raise_for_status()
    assert who["Look"].sees("domain-name", VALUE)
    assert who["Elsewhere"].http.get(f"/api/contributions/{other}/content").status_code == 200
    who["Elsewhere"].http.post("/api/match", content="never-named.example").raise_for_status()

    before = states(who["Author"], one)
    exported = {"Stream", "Left", "File", "Told", "List", "Search", "Match", "Look"}
    assert {name for name, words in before.items() if words.startswith("exported")} == exported

    answer = who["Author"].http.post(f"/api/contributions/{one}/recall", params={"reason": "ours"})
    assert answer.status_code == 202
    assert stays.gets(one, "tombstone")
    assert eventually(lambda: who["Told"].http.get(f"/api/contributions/{one}").status_code == 404)
    served.hub.receipts.flush()
    cannot, here, fetched = "exported: cannot be recalled", "withdrawn here", "tombstone fetched"
    assert states(who["Author"], one) == {
        "Page": here, "Stream": fetched, "Left": cannot, "File": cannot, "Told": fetched, "List": cannot,
        "Search": cannot, "Match": cannot, "Look": cannot, "Elsewhere": here, "Idle": here,
    }  # fmt: skip
    for name in names[1:]:
        assert who[name].http.get(f"/api/contributions/{one}/receipts").status_code == 404


def test_a_recall_reaches_page_search_stream_and_api_at_once(served: ServedHub) -> None:
    author, reader = served.party("Author"), served.party("Reader")
    page, listening = signed_in(served, reader, "Rita"), reader.listens()
    one = author.posts(TEXT, tlp="green")
    assert listening.gets(one) and page.get(f"/contributions/{one}").status_code == 200
    begun = time.monotonic()
    assert author.http.post(f"/api/contributions/{one}/recall").status_code == 202
    looks: dict[str, Callable[[], bool]] = {
        "stream": lambda: listening.gets(one, "tombstone", 0),
        "API": lambda: reader.http.get(f"/api/contributions/{one}").status_code == 404,
        "look-up": lambda: reader.sees("domain-name", VALUE) is None,
        "search": lambda: not reader.http.get("/api/search", params={"q": VALUE}).json()["hits"],
        "page": lambda: page.get(f"/contributions/{one}").status_code == 404,
        "search page": lambda: one not in page.get("/search", params={"q": VALUE}).text,
    }
    for name, gone in looks.items():
        assert eventually(gone, 10), name
        print(f"{name}: gone {time.monotonic() - begun:.3f} s after the recall was asked (bound: 2 s)")


def test_those_who_exported_are_told_by_mail_and_no_one_else(made: MadeHub) -> None:
    hub, ours = made.hub, viewer(made, made.ministry)
    sent: list[tuple[str, str]] = []
    hub.receipts._mail = type("Mail", (), {"send": lambda _, to, __, text, **more: sent.append((to, text))})()
    hub.receipts.tell()
    green = hub.intake.accept(ours, TEXT, "text/plain", Terms(tlp=Tlp.GREEN)).contribution
    circle = hub.circles.make_group("Circle", [org(made.ministry.org), org(made.provider.org)])
    ours = viewer(made, made.ministry)
    terms = Terms(tlp=Tlp.AMBER, groups=(group(circle.id, circle.generation),))
    amber = hub.intake.accept(ours, b"Quietly: quiet[.]example", "text/plain", terms).contribution
    kept = hub.intake.accept(ours, b"Nobody took silent[.]example", "text/plain", Terms(tlp=Tlp.GREEN)).contribution
    hub.settle()
    hub.receipts.exported(made.provider.org, [green, amber])
    for one in (green, amber, kept):
        hub.intake.recall(ours, one, "wrong")
    hub.settle()
    assert hub.receipts.tell() == 2
    assert hub.receipts.tell() == 0
    assert {to for to, _ in sent} == {"jon@northern.example", "eve@northern.example"}
    said = "\n".join(text for _, text in sent)
    assert green in said and amber not in said and kept not in said
    assert "parcel" not in said.lower() and "quiet" not in said.lower()
    rows = hub.receipts.receipts(ours, green).rows
    assert [(row.org, row.state, bool(row.told)) for row in rows] == [(made.provider.org, State.EXPORTED, True)]


# -- narrow ------------------------------------------------------------------------------------------------------------


def viewer(made: MadeHub, party: Party) -> Viewer:
    found = made.hub.members.viewer_for_key(party.key)
    assert found is not None
    return found


def test_to_narrow_withdraws_from_those_who_lose_it_and_goes_on_for_the_rest(served: ServedHub) -> None:
    names = ("Author", "Inside", "Outside")
    author, inside, outside = (served.party(name) for name in names)
    circle = served.hub.circles.make_group("Circle", [org(author.org), org(inside.org)])
    party = group(circle.id, circle.generation)
    one = author.posts(TEXT, tlp="green")
    streams = {name: client.listens() for name, client in (("in", inside), ("out", outside))}
    assert outside.http.get(f"/api/contributions/{one}/content").status_code == 200
    score = inside.sees("domain-name", VALUE)

    answer = author.http.post(f"/api/contributions/{one}/narrow", params={"tlp": "amber", "group": party})
    assert answer.status_code == 202, answer.text
    new = answer.json()["contribution"]
    assert streams["in"].gets(new) and streams["in"].gets(one, "tombstone")
    assert streams["out"].gets(one, "tombstone")
    assert not any(new in event["data"] for event in streams["out"].events)

    assert outside.sees("domain-name", VALUE) is None
    assert outside.http.get(f"/api/contributions/{new}").status_code == 404
    seen = inside.http.get(f"/api/contributions/{new}").raise_for_status().json()
    assert (seen["was"], seen["tlp"]) == (one, "amber")
    assert inside.http.get(f"/api/contributions/{one}").status_code == 404
    again = inside.sees("domain-name", VALUE)
    assert score and again and (again["malicious"], again["mentions"]) == (score["malicious"], score["mentions"])
    assert inside.http.get(f"/api/contributions/{new}/content").content.strip() == TEXT

    assert states(author, one) == {"Outside": "exported: cannot be recalled"}
    assert author.http.get(f"/api/contributions/{one}/receipts").json()["still_see_it"] == 1
    page = signed_in(served, inside, "Rita").get(f"/contributions/{one}")
    assert (page.status_code, page.headers["location"]) == (303, f"/contributions/{new}")
    assert signed_in(served, outside, "Olaf").get(f"/contributions/{one}").status_code == 404


def test_one_entry_alone_is_narrowed_and_a_mixed_contribution_keeps_what_is_narrow_already(made: MadeHub) -> None:
    hub, ours, theirs = made.hub, viewer(made, made.ministry), viewer(made, made.provider)
    indicators = [
        {"type": "indicator", "spec_version": "2.1", "id": f"indicator--00000000-0000-4000-8000-00000000000{n}",
         "created": "2026-11-01T00:00:00.000Z", "modified": "2026-11-01T00:00:00.000Z", "pattern_type": "stix",
         "valid_from": "2026-11-01T00:00:00Z", "pattern": f"[domain-name:value = 'n{n}.example']",
         **({"object_marking_refs": ["marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"]} if n == 3 else {})}
        for n in (1, 2, 3)
    ]  # fmt: skip
    bundle = json.dumps({"type": "bundle", "id": "bundle--00000000-0000-4000-8000-000000000009", "objects": indicators})
    one = hub.intake.accept(ours, bundle.encode(), "application/json", Terms(tlp=Tlp.GREEN)).contribution
    hub.settle()

    def seen(viewer: Viewer, contribution: str) -> list[str]:
        found = hub.picture.entries(viewer, contribution)
        return [entry.payload.subject[-1] for entry in found if entry.payload]

    assert (seen(ours, one), seen(theirs, one)) == (["1", "2", "3"], ["1", "2"])
    first = hub.picture.entries(theirs, one)[0]
    moved = hub.intake.narrow(ours, one, Terms(tlp=Tlp.AMBER_STRICT), "a slip", first.seq)
    hub.settle()
    assert (seen(theirs, one), seen(ours, one), seen(ours, moved.contribution)) == (["2"], ["2", "3"], ["1"])
    assert seen(theirs, moved.contribution) == []
    rest = hub.intake.narrow(ours, one, Terms(tlp=Tlp.AMBER), "all of it")
    hub.settle()
    assert (seen(theirs, one), seen(ours, one), seen(ours, rest.contribution)) == ([], ["3"], ["2"])
    # The whole goes back to what it was: the red one says of itself that it is red, and stays.
    wide = hub.intake.widen(ours, rest.contribution, Terms(tlp=Tlp.GREEN))
    hub.settle()
    assert (seen(theirs, wide.contribution), seen(ours, one)) == (["2"], ["3"])
    with pytest.raises(Conflict):
        hub.intake.narrow(ours, wide.contribution, Terms(tlp=Tlp.GREEN))


def test_a_superseded_version_does_not_come_to_life_by_being_narrowed(made: MadeHub) -> None:
    hub, ours = made.hub, viewer(made, made.ministry)

    def told(value: str, modified: str) -> str:
        one = {"type": "indicator", "spec_version": "2.1", "id": "indicator--00000000-0000-4000-8000-000000000001",
               "created": "2026-11-01T00:00:00.000Z", "modified": modified, "pattern_type": "stix",
               "valid_from": "2026-11-01T00:00:00Z", "pattern": f"[domain-name:value = '{value}']"}  # fmt: skip
        accepted = hub.intake.accept(ours, json.dumps(one).encode(), "application/json", Terms(tlp=Tlp.GREEN))
        hub.settle()
        return accepted.contribution

    old = told("old.example", "2026-11-01T00:00:00.000Z")
    told("new.example", "2026-11-02T00:00:00.000Z")
    moved = hub.intake.narrow(ours, old, Terms(tlp=Tlp.AMBER), "")
    hub.settle()
    assert (moved.contribution, moved.items) == ("", 0)
    found = hub.picture.search(ours, "old.example").assessment
    assert found is None or found.origins == ()


def test_what_is_no_narrowing_is_refused(made: MadeHub) -> None:
    hub, ours, theirs = made.hub, viewer(made, made.ministry), viewer(made, made.provider)
    one = hub.intake.accept(ours, TEXT, "text/plain", Terms(tlp=Tlp.AMBER)).contribution
    for terms in (Terms(tlp=Tlp.AMBER, groups=(org(made.provider.org),)), Terms(tlp=Tlp.CLEAR)):
        with pytest.raises(Conflict):
            hub.intake.narrow(ours, one, terms)
    with pytest.raises(BadInput):
        hub.intake.narrow(ours, one, Terms(tlp=Tlp.AMBER_STRICT, groups=(org(made.provider.org),)))
    with pytest.raises(NotFound):
        hub.intake.narrow(theirs, one, Terms(tlp=Tlp.RED))


# -- widen -------------------------------------------------------------------------------------------------------------


def test_only_the_originator_widens_whatever_the_role_of_others(made: MadeHub) -> None:
    hub = made.hub
    ours = viewer(made, made.provider)
    one = hub.intake.accept(ours, TEXT, "text/plain", Terms(tlp=Tlp.AMBER, groups=(org(made.ministry.org),)))
    hub.settle()
    with visitor(made) as client:
        roles = ("administrator", "operator", "analyst", "moderator", "editor", "auditor", "lead", "secretary")
        keys = [hub.members.make_key(made.ministry.org, role=role)[1].reveal() for role in roles]
        path = f"/api/contributions/{one.contribution}/widen"
        for key in keys:
            answer = client.post(path, params={"tlp": "clear"}, headers={"Authorization": f"Bearer {key}"})
            assert answer.status_code in (403, 404), answer.text
        assert client.post(path, params={"tlp": "clear"}).status_code == 401
        own = client.post(path, params={"tlp": "green"}, headers={"Authorization": f"Bearer {made.provider.key}"})
        assert own.status_code == 202, own.text
    hub.settle()
    new = own.json()["contribution"]
    for party in (made.ministry, made.provider):
        assert hub.picture.contribution(viewer(made, party), new).audience.tlp is Tlp.GREEN
    # Who read it before learns where it goes on; no one lost it, so no one is told that it was withdrawn.
    assert hub.intake.went_on(hub.record.visible_to(viewer(made, made.ministry)), one.contribution) == new
    hub.receipts.exported(made.ministry.org, [one.contribution])
    assert hub.receipts.receipts(ours, one.contribution).rows == ()


# -- once --------------------------------------------------------------------------------------------------------------


def test_a_recall_that_is_sent_again_writes_no_second_tombstone(made: MadeHub) -> None:
    hub, ours = made.hub, viewer(made, made.ministry)
    one = hub.intake.accept(ours, TEXT, "text/plain", Terms(tlp=Tlp.GREEN)).contribution
    first = hub.intake.recall(ours, one, "wrong")
    assert hub.intake.recall(ours, one, "wrong") == first
    hub.settle()
    head = hub.record.head()[0]
    hub.intake._recalled.clear()
    assert hub.intake.recall(ours, one, "wrong").at == first.at
    assert hub.record.head()[0] == head
    # Two that were appended at once, by two processes: one tombstone goes out, live and from the record alike.
    again = hub.record.read_many([first.first_seq])[0]
    hub.record.append(again.org, [_draft(again)], "a-second-one")
    events: list[Any] = []
    hub.river.on_events(lambda made, _: events.extend(made))
    hub.settle()
    assert events == []
    every = hub.record.audiences_where(lambda _: True)
    past = [event for page in hub.river.past(0, hub.river.position, every) for event in page]
    assert [event.name for event in past].count("tombstone") == 1


def _draft(entry: Any) -> Any:
    from fusioncell.kernel.entry import Draft

    return Draft(entry.kind, entry.audience, entry.payload)


def test_a_stream_that_was_open_when_the_hub_was_killed_counts_as_having_got_all(made: MadeHub) -> None:
    hub, ours = made.hub, viewer(made, made.ministry)
    hub.record.intern_audience(audience_for(Tlp.GREEN, own_org=None))
    audiences = hub.record.visible_to(viewer(made, made.provider))
    taking = hub.receipts.attach(made.provider.org, hub.record.audience_set_number(audiences), hub.river.position)
    assert not hub.receipts.is_marked(taking)
    hub.receipts.flush()
    assert hub.receipts.is_marked(taking)
    one = hub.intake.accept(ours, TEXT, "text/plain", Terms(tlp=Tlp.GREEN)).contribution
    hub.settle()
    # Killed: nothing was detached, nothing written since. The next process reads what the vault holds.
    hub.receipts._ranges = Ranges()
    hub.receipts._load()
    hub.intake.recall(ours, one, "wrong")
    hub.settle()
    assert [row.state for row in hub.receipts.receipts(ours, one).rows] == [State.EXPORTED]


# -- consent -----------------------------------------------------------------------------------------------------------


def test_consent_is_asked_answered_and_lapses_with_a_recall(made: MadeHub) -> None:
    hub = made.hub
    owner, asker = made.ministry, made.provider
    terms = Terms(tlp=Tlp.AMBER, groups=(org(asker.org),))
    one = hub.intake.accept(viewer(made, owner), TEXT, "text/plain", terms).contribution
    third = hub.members.add_organisation("Harbour Bank", "finance", "industry")
    outsider = hub.members.operator_viewer(third.id)
    assert outsider is not None
    hub.settle()
    with pytest.raises(NotFound):
        hub.receipts.ask(outsider, one, "weekly advisory 2026-47", Tlp.GREEN, "please")
    with browser(made, asker) as page:
        form = page.get(f"/contributions/{one}/consent").text
        csrf = form.split('name="csrf" value="')[1].split('"')[0]
        fields = {"csrf": csrf, "product": "weekly advisory 2026-47", "tlp": "green", "reason": ""}
        assert page.post(f"/contributions/{one}/consent", data=fields).status_code == 400
        fields["reason"] = "it belongs in it"
        assert page.post(f"/contributions/{one}/consent", data=fields).status_code == 303
    (asked,) = hub.receipts.consents(viewer(made, owner))
    assert (asked.product, asked.answer.value, asked.asker, asked.permits) == (
        "weekly advisory 2026-47", "asked", asker.org, False)  # fmt: skip
    assert hub.receipts.consents(outsider) == []
    with pytest.raises(NotFound):
        hub.receipts.answer(outsider, asked.id, granted=True, reason="mine now")
    with pytest.raises(NotAllowed):
        hub.receipts.answer(viewer(made, asker), asked.id, granted=True, reason="myself")
    with pytest.raises(NotAllowed):
        # A key is no named person.
        hub.receipts.answer(viewer(made, owner), asked.id, granted=True, reason="by machine")
    with browser(made, owner) as page:
        inbox = page.get("/consents").text
        assert "weekly advisory 2026-47" in inbox
        csrf = inbox.split('name="csrf" value="')[1].split('"')[0]
        answer = {"csrf": csrf, "granted": "true", "reason": "gladly"}
        assert page.post(f"/consents/{asked.id}/answer", data=answer).status_code == 303
    (granted,) = hub.receipts.consents(viewer(made, asker))
    assert granted.permits and granted.answered_by == owner.person and granted.answer_reason == "gladly"
    hub.intake.recall(viewer(made, owner), one, "wrong")
    hub.settle()
    (lapsed,) = hub.receipts.consents(viewer(made, asker))
    assert lapsed.lapsed and not lapsed.permits


# -- pages -------------------------------------------------------------------------------------------------------------


def test_the_page_previews_who_loses_sight_and_narrows(made: MadeHub) -> None:
    hub = made.hub
    one = hub.intake.accept(viewer(made, made.ministry), TEXT, "text/plain", Terms(tlp=Tlp.GREEN)).contribution
    hub.settle()
    with browser(made, made.ministry) as page:
        assert f"/contributions/{one}/readers" in page.get(f"/contributions/{one}").text
        preview = page.get(f"/contributions/{one}/readers/reach?how=narrow&tlp=amber%2Bstrict").text
        assert "Northern Broadband" in preview and "loses sight" in preview
        assert "to see it" not in page.get(f"/contributions/{one}/readers/reach?how=widen&tlp=clear").text
        form = page.get(f"/contributions/{one}/readers").text
        csrf = form.split('name="csrf" value="')[1].split('"')[0]
        fields = {"csrf": csrf, "how": "narrow", "tlp": "clear", "group": "", "reason": ""}
        assert page.post(f"/contributions/{one}/readers", data=fields).status_code in (400, 409)
        done = page.post(f"/contributions/{one}/readers", data={**fields, "tlp": "amber+strict"})
        assert done.status_code == 303 and done.headers["location"] != f"/contributions/{one}"
        assert "Northern Broadband" in page.get(f"/contributions/{one}/receipts").text
    with browser(made, made.provider) as page:
        assert page.get(f"/contributions/{one}").status_code == 404
        assert page.get(f"/contributions/{one}/receipts").status_code == 404


def test_the_commands_narrow_widen_and_tell_how_far_a_recall_reaches(tmp_path: Path) -> None:
    made = make_hub(tmp_path)
    ours = viewer(made, made.ministry)
    one = made.hub.intake.accept(ours, TEXT, "text/plain", Terms(tlp=Tlp.AMBER)).contribution
    made.hub.settle()
    made.hub.close()

    def call(*arguments: str) -> Any:
        answer = CliRunner().invoke(main, [*arguments, "--data", str(tmp_path)])
        assert answer.exit_code == 0, answer.output
        return answer.output

    wide = json.loads(call("widen", one, "--tlp", "green", "--json"))
    assert wide["contribution"] != one
    narrowed = call("narrow", wide["contribution"], "--tlp", "amber")
    assert "1 withdrawn here, 0 fetched the tombstone, 0 exported" in narrowed and "Northern Broadband" in narrowed
    new = narrowed.split("goes on as ")[1].split(".")[0]
    assert "withdrawn" in call("recall", new, "--reason", "wrong")
