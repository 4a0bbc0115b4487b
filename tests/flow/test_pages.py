"""The pages over a real hub: what people see and do, and what a hostile page, link or title cannot do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from litestar.testing import TestClient

from fusioncell.kernel.refang import defang
from fusioncell.members import PERMISSIONS
from fusioncell.web.access import COOKIE, CSRF_HEADER
from fusioncell.web.app import make_app
from fusioncell.web.pages.frame import local_path
from fusioncell.web.render import CONTENT_SECURITY_POLICY
from hubs import MadeHub, Party, browser, make_hub, visitor

EVIL = "parcel-redelivery.example"
REPORT = f"Parcel redelivery phishing\n\nThe lure leads to {EVIL.replace('.', '[.]')}"
Client = TestClient[Any]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[MadeHub]:
    made = make_hub(tmp_path / "hub")
    yield made
    made.hub.close()


def csrf_of(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found, "the page holds no form token"
    return found[1]


def main_of(page: str) -> str:
    found = re.search(r"<main.*</main>", page, re.DOTALL)
    assert found, "the page has no main part"
    return found[0]


def post_by_key(client: Client, key: str, text: str, tlp: str = "green") -> str:
    """Contribute by API; returns the contribution's id once it is in the pages."""
    answer = client.post(
        f"/api/contributions?tlp={quote(tlp)}",
        content=text,
        headers={"Authorization": f"Bearer {key}", "Content-Type": "text/plain"},
    )
    assert answer.status_code == 202, answer.text
    client.app.state.hub.settle()
    return str(answer.json()["contribution"])


def contribute(client: Client, **fields: str) -> Any:
    token = csrf_of(client.get("/contribute").text)
    return client.post("/contribute", data={"csrf": token, "tlp": "green", "text": REPORT, **fields})


def corroborate(client: Client, made: MadeHub) -> str:
    """Let both organisations report the name, so that the rule proposes it; returns the first report's id."""
    first = post_by_key(client, made.ministry.key, REPORT)
    post_by_key(client, made.provider.key, f"{EVIL.replace('.', '[.]')} hits our customers")
    return first


# -- what a visitor sees ---------------------------------------------------------------------------------------------


def test_a_visitor_sees_what_is_clear_and_nothing_else(made: MadeHub) -> None:
    with visitor(made) as client:
        before = client.get("/").text
        post_by_key(client, made.ministry.key, REPORT, "green")
        hidden = post_by_key(client, made.ministry.key, REPORT, "amber")
        after = client.get("/").text
        tokens = r"(after=|data-now=\"|datetime=\")[^\"]+"
        assert re.sub(tokens, "", before) == re.sub(tokens, "", after)
        assert EVIL not in client.get(f"/search?q={EVIL}").text.replace(f'value="{EVIL}"', "").replace(
            f'<span class="value">{EVIL}</span>', ""
        ).replace(f"Search: {EVIL}", "").replace(f'value="/search?q={EVIL}"', "")
        for path in (f"/contributions/{hidden}", f"/observables/domain-name/{EVIL}"):
            assert client.get(path).status_code == 404
        shown = post_by_key(client, made.ministry.key, "seen open[.]example", "clear")
        assert f"/contributions/{shown}" in client.get("/").text


def test_hidden_and_unknown_are_answered_alike(made: MadeHub) -> None:
    with visitor(made) as client:
        post_by_key(client, made.ministry.key, REPORT, "amber")
        pages = [
            client.get(f"/observables/domain-name/{name}").text.replace(name, "NAME").replace(defang(name), "NAME")
            for name in (EVIL, "x" * len(EVIL[:-8]) + ".example")
        ]
        cut = [re.sub(r'data-now="[^"]+"', "", page) for page in pages]
        assert cut[0] == cut[1]


def test_a_name_of_which_a_url_alone_is_known_leads_there(made: MadeHub) -> None:
    with visitor(made) as client:
        post_by_key(client, made.ministry.key, "http://below[.]example/login is a phishing site", "clear")
        answer = client.get("/observables/domain-name/below.example")
        assert answer.status_code == 404
        assert "mentions this value by itself" in answer.text
        assert 'href="/observables/url/http%3A%2F%2Fbelow.example%2Flogin"' in answer.text
        assert "mentions this value by itself" not in client.get("/observables/domain-name/elsewhere.example").text


def test_members_pages_ask_a_visitor_to_sign_in_and_lead_back(made: MadeHub) -> None:
    with visitor(made) as client:
        for path in ("/contribute", "/shield", "/account", "/ops", "/contributions/x/recall"):
            answer = client.get(path)
            assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?next={path}")
        assert client.get("/shield?state=ended").headers["location"] == "/sign-in?next=/shield%3Fstate%3Dended"


def test_a_role_that_does_not_permit_it_is_told_so(made: MadeHub) -> None:
    with browser(made, made.provider) as client:
        answer = client.get("/ops")
        assert answer.status_code == 403 and "Jon Berg" in answer.text


def test_every_page_carries_the_policy_and_is_not_stored(made: MadeHub) -> None:
    with browser(made, made.ministry) as client:
        identifier = post_by_key(client, made.ministry.key, REPORT)
        paths = [
            "/",
            "/search?q=parcel",
            "/contribute",
            "/shield",
            "/account",
            "/ops",
            "/sign-in",
            "/sign-in/link/x",
            "/nope",
            f"/contributions/{identifier}",
            f"/contributions/{identifier}/recall",
            f"/observables/domain-name/{EVIL}",
            f"/contributions/{identifier}/receipt",
            "/contribute/reach?tlp=red",
            "/search?unknown=1",
        ]
        for path in paths:
            answer = client.get(path)
            assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY, path
            assert answer.headers["cache-control"] == "no-store", path
            assert answer.headers["x-content-type-options"] == "nosniff", path
            assert answer.status_code in ((404,) if path == "/nope" else (400,) if "unknown" in path else (200,)), path


def test_what_a_mail_adds_to_a_link_is_passed_over_by_pages_alone(made: MadeHub) -> None:
    """It changes nothing of the page; doors for machines, changes, and whatever else is unknown stay strict."""
    with browser(made, made.ministry) as client:
        plain = main_of(client.get("/search?q=parcel").text)
        for added in ("utm_source=mail&utm_campaign=x", "fbclid=1", "gclid=1", "msclkid=1", "mc_cid=1&mc_eid=2"):
            assert main_of(client.get(f"/search?q=parcel&{added}").text) == plain, added
            assert client.get(f"/api/contributions?{added}").status_code == 400, added
            assert client.post(f"/contribute?{added}").status_code == 400, added
        for other in ("utm=1", "xutm_source=1", "qq=1", "clid=1", "fbclidx=1"):
            assert client.get(f"/search?q=parcel&{other}").status_code == 400, other


def test_the_address_for_misp_clients_opened_in_a_browser_says_what_it_is_for(made: MadeHub) -> None:
    """A client's answer is unchanged: a browser alone asks for a page."""
    with visitor(made) as client:
        for path in ("/misp", "/misp/"):
            answer = client.get(path, headers={"Accept": "text/html,*/*"}, follow_redirects=False)
            assert (answer.status_code, answer.headers["location"]) == (303, "/feeds#clients")
            assert client.get(path, headers={"Accept": "application/json"}).status_code == 404
        shown = client.get("/feeds", headers={"Accept": "text/html"}).text
        assert 'id="clients"' in shown and f"{made.hub.feeds.base}/misp<" in shown
        assert client.get("/misp/events", headers={"Accept": "text/html"}).status_code == 403


def test_the_address_for_taxii_clients_opened_in_a_browser_says_what_it_is_for(made: MadeHub) -> None:
    """A browser takes pages and all else; a client that takes TAXII, all, or pages alone is answered as before."""
    with visitor(made) as client:
        for path in ("/taxii2", "/taxii2/"):
            answer = client.get(path, headers={"Accept": "text/html,*/*;q=0.8"}, follow_redirects=False)
            assert (answer.status_code, answer.headers["location"]) == (303, "/feeds#clients")
        for accept, status in (("*/*", 401), ("text/html", 406), ("application/taxii+json, text/html, */*", 401)):
            assert client.get("/taxii2/", headers={"Accept": accept}, follow_redirects=False).status_code == status


def test_an_unknown_page_is_a_page_that_knows_who_asks(made: MadeHub) -> None:
    with browser(made, made.ministry) as client:
        answer = client.get("/no/such/page")
        assert answer.status_code == 404 and "Ada Okafor" in answer.text and "Not found" in answer.text


# -- signing in ------------------------------------------------------------------------------------------------------


def test_a_link_is_used_up_by_its_button_and_not_by_a_preview(made: MadeHub) -> None:
    with visitor(made) as client:
        link = made.link(made.ministry)
        assert client.get(link).status_code == 200 and client.get(link).status_code == 200
        assert client.post(link).status_code == 303
        assert client.post(link).status_code == 401


def test_signing_in_gives_a_new_session_and_ends_the_one_that_came(made: MadeHub) -> None:
    made.hub.signing.set_password(made.ministry.person, "correct horse battery")
    with visitor(made) as client:
        client.cookies.set(COOKIE, "fc_fixed_by_someone_else")
        fields = {"email": "ada@works.example", "password": "correct horse battery", "next": "/shield"}
        answer = client.post("/sign-in", data=fields)
        assert answer.headers["location"] == "/shield"
        first = answer.cookies[COOKIE]
        assert first != "fc_fixed_by_someone_else"
        said = answer.headers["set-cookie"].lower()
        assert "httponly" in said and "samesite=lax" in said and "path=/" in said
        client.cookies.clear()
        client.cookies.set(COOKIE, first)
        second = client.post("/sign-in", data=fields).cookies[COOKIE]
        assert second != first and made.hub.members.viewer_for_session(first) is None


def test_a_wrong_password_says_one_thing_for_all_and_keeps_the_address(made: MadeHub) -> None:
    with visitor(made) as client:
        answers = [
            client.post("/sign-in", data={"email": who, "password": "wrong wrong wrong"})
            for who in ("ada@works.example", "nobody@works.example")
        ]
        assert [answer.status_code for answer in answers] == [401, 401]
        assert "ada@works.example" in answers[0].text and COOKIE not in answers[0].cookies
        texts = [re.sub(r'data-now="[^"]+"|(ada|nobody)@works', "", answer.text) for answer in answers]
        assert texts[0] == texts[1]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_site_cannot_sign_a_browser_in(made: MadeHub, headers: dict[str, str]) -> None:
    with visitor(made) as client:
        link = made.link(made.ministry)
        for path in (link, "/sign-in"):
            assert client.post(path, headers=headers).status_code == 403
        assert client.post(
            link, headers={"Origin": "http://testserver.local", "Sec-Fetch-Site": "same-origin"}
        ).is_redirect


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/ok\r\nSet-Cookie: a=b",
        "evil",
        "",
        "/a b",
        "\t//evil.example",
    ],
)
def test_a_redirect_leads_to_this_hub_alone(made: MadeHub, target: str) -> None:
    assert local_path(target) == "/"
    with visitor(made) as client:
        assert 'name="next" value="/"' in client.get("/sign-in", params={"next": target}).text


def test_signing_out_ends_the_session_for_its_own_form_alone(made: MadeHub) -> None:
    with browser(made, made.ministry) as client:
        session = client.cookies[COOKIE]
        assert client.post("/sign-out", data={"csrf": "guessed"}).status_code == 403
        assert made.hub.members.viewer_for_session(session) is not None
        assert client.post("/sign-out", data={"csrf": csrf_of(client.get("/").text)}).status_code == 303
        assert made.hub.members.viewer_for_session(session) is None


# -- contributing ----------------------------------------------------------------------------------------------------


def test_a_paste_is_kept_shown_found_and_explained(made: MadeHub) -> None:
    with browser(made, made.ministry) as client:
        answer = contribute(client, title="Parcel lure")
        assert answer.status_code == 303 and answer.headers["location"].endswith("/receipt")
        made.hub.settle()
        receipt = client.get(answer.headers["location"])
        assert "Parcel lure" in receipt.text and "In the picture." in receipt.text
        address = answer.headers["location"].removesuffix("/receipt")
        assert "parcel-redelivery[.]example" in client.get(address).text
        assert (
            address in client.get("/search?q=hxxp://parcel-redelivery[.]example").text
            or address in client.get("/search?q=lure").text
        )
        page = client.get(f"/observables/domain-name/{EVIL}").text
        assert "Ministry of Works" in page and "1 independent origin" in page


MAIL = b"""From: "Bank" <service@harbour-secure.example>
To: priya@works.example
Subject: Your account will be closed
Message-ID: <20261122.a1@mailer.example>
MIME-Version: 1.0
Content-Type: text/plain

Confirm at https://harbour-secure.example/login now.
"""


def test_a_phishing_mail_is_reported_and_its_link_called_malicious(made: MadeHub) -> None:
    with browser(made, made.ministry) as client:
        token, link = csrf_of(client.get("/contribute").text), "https://harbour-secure.example/login"
        answer = client.post("/contribute", data={"csrf": token, "tlp": "green", "group": ""},
                             files={"file": ("phish.eml", MAIL, "message/rfc822")})  # fmt: skip
        made.hub.settle()
        receipt = client.get(answer.headers["location"]).text
        assert "Your account will be closed" in receipt and "Only mentioned so far" in receipt
        assert f'value="{link}"' in receipt and "20261122" not in receipt
        assert "priya@works.example" not in receipt
        answer = client.post("/contribute", data={"csrf": csrf_of(receipt), "tlp": "green", "group": "", "key": [link]})
        assert answer.status_code == 303, answer.text
        made.hub.settle()
        assert "Only mentioned so far" not in client.get(answer.headers["location"]).text
        page = client.get(f"/observables/url/{quote(link, safe='')}").text
        assert "1 independent origin" in page and "Mentioned only" not in main_of(page).partition("Why")[0]
        assert client.post("/contribute", data={"csrf": token, "tlp": "green", "group": ""}).status_code == 400


def test_a_file_is_taken_by_its_format_and_bad_rows_are_listed(made: MadeHub) -> None:
    with browser(made, made.ministry) as client:
        token = csrf_of(client.get("/contribute").text)
        rows = b"value,type\nfirst.example,domain\nnot a domain at all,domain\nsecond.example,domain\n"
        answer = client.post(
            "/contribute",
            data={"csrf": token, "tlp": "amber", "group": ""},
            files={"file": ("rows.csv", rows, "text/csv")},
        )
        assert answer.status_code == 303, answer.text
        made.hub.settle()
        page = client.get(answer.headers["location"]).text
        assert "Not taken" in page and "not a domain" in page
        shown = client.get(answer.headers["location"].removesuffix("/receipt")).text
        assert "first[.]example" in shown and "second[.]example" in shown


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"text": "  "}, "#text"),
        ({"text": '{"objects": ['}, "#text"),
        ({"tlp": "purple"}, "#tlp"),
        ({"tlp": "amber", "group": "group:stranger.1"}, "#group"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(
    made: MadeHub, fields: dict[str, str], where: str
) -> None:
    with browser(made, made.ministry) as client:
        head = made.hub.record.head()[0]
        answer = contribute(client, **{"title": "Kept title", **fields})
        assert answer.status_code == 400 and f'href="{where}"' in answer.text and "Kept title" in answer.text
        assert made.hub.record.head()[0] == head


def test_the_place_of_what_is_wrong_is_said(made: MadeHub) -> None:
    with browser(made, made.ministry) as client:
        assert "– line 2, column 5 (byte 16)" in contribute(client, text='{"objects":\n[{} {}]}').text


def test_who_will_see_it_is_said_by_name_and_is_true(made: MadeHub) -> None:
    members = made.hub.members
    bank = members.add_organisation("Harbour Bank", "finance", "industry")
    shop = members.add_organisation("Corner Shop", "retail", "industry")
    members.name_client(shop.id, bank.id)
    group = made.hub.circles.make_group("Finance exchange", [f"org:{made.ministry.org}", f"org:{bank.id}"])
    party = f"group:{group.id}.{group.generation}"
    with browser(made, made.ministry) as client:

        def seen(**asked: str) -> set[str]:
            text = client.get("/contribute/reach", params=asked).text
            return set(re.findall(r'<span class="tag">([^<]+)</span>', text))

        everyone = {"Ministry of Works", "Northern Broadband", "Harbour Bank", "Corner Shop"}
        assert seen(tlp="green") == everyone
        assert seen(tlp="amber", group=party) == {"Ministry of Works", "Harbour Bank", "Corner Shop"}
        assert seen(tlp="amber+strict", group=party) == {"Ministry of Works", "Harbour Bank"}
        assert seen(tlp="amber") == seen(tlp="red") == {"Ministry of Works"}


def test_a_decision_counts_a_contributor_once(made: MadeHub) -> None:
    with browser(made, made.ministry) as client:
        post_by_key(client, made.ministry.key, REPORT.replace("leads", "still leads"))
        corroborate(client, made)
        decision = made.hub.shield.newest(EVIL)
        assert decision is not None
        shown = client.get(f"/shield/{decision.id}").text
        assert f"2 contributors, {len(decision.evidence)} contributions" in shown and "origins</span>" not in shown


def test_a_form_without_its_sessions_token_does_nothing(made: MadeHub) -> None:
    with browser(made, made.ministry) as client:
        identifier = corroborate(client, made)
        decision = made.hub.shield.newest(EVIL)
        assert decision is not None
        head = made.hub.record.head()[0]
        for path in (
            "/contribute",
            f"/contributions/{identifier}/recall",
            f"/shield/{decision.id}/approve",
            f"/shield/{decision.id}/withdraw",
            "/shield/propose/other.example",
            "/account/keys/x/revoke",
        ):
            for token in ("", "guessed", made.hub.members.csrf_of("another session")):
                answer = client.post(path, data={"csrf": token, "text": REPORT, "reason": "x", "tlp": "green"})
                assert answer.status_code == 403, path
        assert made.hub.record.head()[0] == head


def test_the_api_takes_a_change_by_cookie_with_the_token_alone(made: MadeHub) -> None:
    with browser(made, made.ministry) as client:
        send = {"content": REPORT, "headers": {"Content-Type": "text/plain"}}
        assert client.post("/api/contributions?tlp=green", **send).status_code == 403
        send["headers"][CSRF_HEADER] = csrf_of(client.get("/").text)
        assert client.post("/api/contributions?tlp=green", **send).status_code == 202
        assert client.get("/api/contributions").status_code == 200


def test_every_form_door_checks_a_token_or_the_site(made: MadeHub) -> None:
    """Walks all doors that take a page's form: with a session and no token, none of them does anything."""
    with browser(made, made.ministry) as client:
        forms = [
            route.path_format
            for route in make_app(made.hub).routes
            for handler in getattr(route, "route_handlers", [])
            if handler.opt.get("form")
        ]
        assert len(forms) >= 9
        for path in forms:
            address = re.sub(r"\{[^}]*\}", "x", path)
            answer = client.post(address, data={"csrf": "wrong"}, headers={"Sec-Fetch-Site": "cross-site"})
            assert answer.status_code == 403, path


# -- from report to block, by pages ----------------------------------------------------------------------------------


def test_a_name_is_approved_blocked_and_freed_by_a_recall(made: MadeHub) -> None:
    with browser(made, made.approver) as eve, browser(made, made.ministry) as ada:
        first = corroborate(ada, made)
        page = eve.get("/shield").text
        url = re.search(r'action="(/shield/[^"]+/approve)"', page)
        assert url and "parcel-redelivery[.]example" in page
        answer = eve.post(url[1], data={"csrf": csrf_of(page)})
        assert answer.status_code == 303
        decision = eve.get(answer.headers["location"]).text
        assert "Eve Lind" in decision and "Ministry of Works" in decision and "Northern Broadband" in decision
        assert [rule.name for rule in made.hub.shield.zone.image().rules()] == [EVIL]
        assert (
            "is blocked: malware distribution" in ada.get("/").text
            and EVIL.replace(".", "[.]") in eve.get("/shield?state=published").text
        )
        assert "Proposed names" in eve.get("/shield").text, "what waits comes first for who decides"
        desk = made.hub.members.add_person(made.provider.org, "Ann Ray", "ann@northern.example", ["isp"])
        with browser(made, Party(made.provider.org, desk.id, "")) as ann:
            assert "Published names" in ann.get("/shield").text, "and what is blocked for who does not"

        asked = ada.get(f"/contributions/{first}/recall")
        assert "1 blocked name" in asked.text
        refused = ada.post(f"/contributions/{first}/recall", data={"csrf": csrf_of(asked.text), "reason": " "})
        assert refused.status_code == 400 and "Say why" in refused.text
        done = ada.post(f"/contributions/{first}/recall", data={"csrf": csrf_of(asked.text), "reason": "wrong name"})
        assert done.status_code == 303
        assert list(made.hub.shield.zone.image().rules()) == []
        assert "Recalled" in ada.get(f"/contributions/{first}").text
        assert eve.get(f"/contributions/{first}").status_code == 404
        assert "no longer suffices" in eve.get("/shield?state=ended").text


def test_only_the_originator_is_asked_whether_to_recall(made: MadeHub) -> None:
    with browser(made, made.provider) as jon:
        first = post_by_key(jon, made.ministry.key, REPORT)
        assert jon.get(f"/contributions/{first}").status_code == 200
        assert "Recall" not in jon.get(f"/contributions/{first}").text
        assert jon.get(f"/contributions/{first}/recall").status_code == 404
        token = csrf_of(jon.get("/contribute").text)
        assert jon.post(f"/contributions/{first}/recall", data={"csrf": token, "reason": "x"}).status_code == 404


def test_a_person_proposes_and_an_approver_sees_it(made: MadeHub) -> None:
    with browser(made, made.provider) as jon, browser(made, made.approver) as eve:
        post_by_key(jon, made.ministry.key, REPORT)
        page = jon.get(f"/observables/domain-name/{EVIL}").text
        token, url = csrf_of(page), f"/shield/propose/{EVIL}"
        assert f'action="{url}"' in page
        refused = jon.post(url, data={"csrf": token, "category": "phishing", "reason": ""})
        assert refused.status_code == 400 and "needs a reason" in refused.text
        assert jon.post(url, data={"csrf": token, "category": "phishing", "reason": "sure of it"}).status_code == 303
        assert EVIL.replace(".", "[.]") in eve.get("/shield").text
        assert EVIL.replace(".", "[.]") not in jon.get("/shield").text


# -- hostile content -------------------------------------------------------------------------------------------------


def test_what_parties_write_is_printed_and_never_run(made: MadeHub) -> None:
    payload = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'"
    made.hub.members.add_organisation(payload, "government", "government")
    mallory = made.hub.members.add_person(made.provider.org, payload, "m@northern.example", ["analyst"])
    with browser(made, made.ministry) as client:
        identifier = post_by_key(client, made.ministry.key, f"{payload}\n\nevil[.]example/{payload}")
        attribute = {
            "type": "domain",
            "value": "x.example",
            "comment": payload,
            "to_ids": True,
            "timestamp": "1795000000",
            "uuid": "5f6e5a1c-2222-4c1e-9a11-0123456789ab",
            "Tag": [{"name": payload}],
        }
        event = {
            "info": payload,
            "uuid": "5f6e5a1c-1111-4c1e-9a11-0123456789ab",
            "timestamp": "1795000000",
            "date": "2026-11-20",
            "Attribute": [attribute],
        }
        body = json.dumps({"Event": event})
        sent = client.post(
            "/api/contributions?tlp=green",
            content=body,
            headers={"Authorization": f"Bearer {made.ministry.key}", "Content-Type": "application/json"},
        )
        assert sent.status_code == 202
        made.hub.settle()
        made.hub.members.give_roles(mallory.id, ["administrator"])
        paths = [
            "/",
            "/contribute",
            f"/search?q={quote(payload)}",
            "/search?q=script",
            "/observables/domain-name/x.example",
            f"/contributions/{identifier}",
            f"/contributions/{sent.json()['contribution']}",
            f"/contributions/{identifier}/recall",
            f"/observables/domain/{quote(payload, safe='')}",
            f"/contributions/{quote(payload, safe='')}",
            f"/shield?state={quote(payload)}",
            f"/sign-in/link/{quote(payload, safe='')}",
        ]
        for path in paths:
            text = client.get(path).text
            assert "<script>alert" not in text and "<img src=x" not in text, path
        assert "&lt;script&gt;alert(1)" in client.get("/").text


def test_a_value_with_slashes_and_escapes_keeps_its_page(made: MadeHub) -> None:
    with browser(made, made.ministry) as client:
        url = "https://evil.example//a%2Fb/?q=1&r=%20#f"
        post_by_key(client, made.ministry.key, f"see {url.replace('https', 'hxxps').replace('evil.', 'evil[.]')}")
        found = re.search(r'href="(/observables/url/[^"]+)"', client.get("/").text)
        assert found and client.get(found[1].replace("&amp;", "&")).status_code == 200
        answer = client.get("/api/observables/url/" + quote(url, safe=""))
        assert answer.status_code == 200 and answer.json()["value"] == url


# -- static files ----------------------------------------------------------------------------------------------------


def test_static_files_are_typed_cached_for_ever_and_a_closed_list(made: MadeHub) -> None:
    with visitor(made) as client:
        address = re.search(r'href="(/static/app\.css\?v=[^"]+)"', client.get("/").text)
        assert address
        answer = client.get(address[1])
        assert answer.headers["content-type"].startswith("text/css") and "immutable" in answer.headers["cache-control"]
        assert client.get(address[1], headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
        assert client.get("/static/app.css?v=other").headers["cache-control"] == "no-cache"
        for path in ("/static/../render.py", "/static/%2e%2e/render.py", "/static//etc/passwd", "/static/nope.css"):
            assert client.get(path).status_code == 404, path
        assert client.get("/favicon.ico").headers["content-type"].startswith("image/svg")
        assert "Disallow" in client.get("/robots.txt").text


# -- all doors -------------------------------------------------------------------------------------------------------


def test_every_door_declares_a_permission_that_exists(made: MadeHub) -> None:
    app = make_app(made.hub)
    seen = 0
    for route in app.routes:
        for handler in getattr(route, "route_handlers", [getattr(route, "route_handler", None)]):
            if handler is None or "OPTIONS" in getattr(handler, "http_methods", ()):
                continue
            seen += 1
            assert handler.opt.get("permission") in PERMISSIONS | {"public"}, f"{route.path} {handler}"
    assert seen > 40
