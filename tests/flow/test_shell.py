"""The frame through its doors: palette, language, shortcuts, and the first page's actions by role."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from fusioncell.exchange.talk import NewPost
from fusioncell.kernel.marking import Tlp, Viewer, org
from hubs import MadeHub, browser, make_hub, visitor


@pytest.fixture
def made(tmp_path: Path) -> Iterator[MadeHub]:
    made = make_hub(tmp_path / "hub")
    yield made
    made.hub.close()


def viewer_of(made: MadeHub, person: str) -> Viewer:
    found = made.hub.members.viewer_of(f"person:{person}")
    assert found is not None
    return found


def hrefs(html: str, within: str = r'<ul class="actions">.*?</ul>') -> list[str]:
    found = re.search(within, html, re.DOTALL)
    return re.findall(r'href="([^"]+)"', found[0]) if found else []


ROLES = {
    "member": ["/exchange/new", "/contribute", "/exchange/requests", "/groups", "/search"],
    "approver": ["/shield", "/exchange/requests", "/groups", "/search", "/exchange"],
    "lead": ["/exchange/new", "/contribute", "/people", "/exchange/requests", "/groups"],
    "operator": ["/ops", "/shield/audit", "/admin/audit", "/exchange/requests", "/groups"],
    "secretary": ["/admin", "/exchange/requests", "/groups", "/search", "/exchange"],
    "reader": ["/exchange/requests", "/groups", "/search", "/exchange", "/notifications"],
    "police": ["/exchange/new", "/contribute", "/exchange/requests", "/groups", "/search"],
}


@pytest.mark.parametrize("role", ROLES)
def test_the_first_page_begins_with_what_a_role_is_here_for(made: MadeHub, role: str) -> None:
    someone = made.hub.members.add_person(made.provider.org, "Some One", f"{role}@northern.example", [role])
    with visitor(made) as client:
        assert client.post(f"/sign-in/link/{made.hub.members.make_link(someone.id).reveal()}").status_code == 303
        page = client.get("/").text
        assert hrefs(page) == ROLES[role]
        opened = [path for path in hrefs(page) if client.get(path).status_code != 200]
        assert opened == [], "an action that a role is shown opens to it"


def test_a_visitor_is_led_in(made: MadeHub) -> None:
    with visitor(made) as client:
        page = client.get("/").text
        assert hrefs(page) == ["/search", "/sign-in", "/apply", "/terms"]
        assert "data-href=\"/ops\"" not in page and "data-href=\"/exchange\"" not in page


def test_the_palette_lists_what_the_role_opens_and_nothing_else(made: MadeHub) -> None:
    with browser(made, made.provider) as jon, browser(made, made.ministry) as ada:
        of_jon, of_ada = (set(re.findall(r'data-href="([^"]+)"', one.get("/").text)) for one in (jon, ada))
        assert {"/exchange/new", "/contribute", "/shield"} <= of_jon and not {"/ops", "/admin", "/people"} & of_jon
        assert {"/ops", "/admin", "/people"} <= of_ada
        refused = [path for path in sorted(of_ada) if ada.get(path).status_code not in (200, 303)]
        assert refused == []


def test_the_palette_finds_what_the_viewer_sees(made: MadeHub) -> None:
    ada = viewer_of(made, made.ministry.person)
    made.hub.talk.post(ada, NewPost(title="Parcel lures", text="Who else?", tlp=Tlp.GREEN))
    made.hub.talk.post(ada, NewPost(title="Parcel secret", text="parcel-secret[.]example", tlp=Tlp.AMBER_STRICT,
                                    groups=(org(made.ministry.org),)))  # fmt: skip
    made.hub.settle()
    with browser(made, made.ministry) as own, browser(made, made.provider) as other, visitor(made) as nobody:
        assert "Parcel secret" in own.get("/palette?q=parcel").text
        found = other.get("/palette?q=parcel").text
        assert "Parcel lures" in found and "secret" not in found
        assert "Parcel" not in nobody.get("/palette?q=parcel").text.replace("“parcel”", "")
        assert "Nothing that you may see mentions it" in other.get("/palette?q=parcel-secret[.]example").text
        assert "Nothing that you may see mentions it" not in own.get("/palette?q=parcel-secret[.]example").text
        assert other.get("/palette?q=x&more=1").status_code == 400
        assert "&lt;b&gt;" in other.get("/palette?q=<b>").text


def test_a_language_is_chosen_from_our_own_pages_alone(made: MadeHub) -> None:
    with browser(made, made.provider) as client:
        answer = client.post("/language", data={"language": "cy", "next": "/search?q=x"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/search?q=x")
        page = client.get("/").text
        assert '<html lang="cy"' in page and "Y darlun nawr" in page
        assert made.hub.notify.preferences(viewer_of(made, made.provider.person)).language == "cy"
        for bad in ({"language": "xx"}, {"language": ""}):
            assert client.post("/language", data=bad).status_code == 400
        assert client.post("/language", data={"language": "en", "next": "//evil.example"}).headers["location"] == "/"
        foreign = client.post("/language", data={"language": "cy"}, headers={"sec-fetch-site": "cross-site"})
        assert foreign.status_code == 403 and '<html lang="en"' in client.get("/").text
    # On another browser the person's choice stands, unless that browser chose for itself.
    made.hub.settle()
    with browser(made, made.provider) as client:
        client.cookies.delete("language")
        client.post("/language", data={"language": "cy"})
        client.cookies.delete("language")
        assert '<html lang="cy"' in client.get("/").text


def test_a_browser_that_prefers_welsh_gets_welsh(made: MadeHub) -> None:
    with visitor(made) as client:
        page = client.get("/", headers={"accept-language": "cy-GB,cy;q=0.9,en;q=0.8"}).text
        assert "Y darlun cyhoeddus" in page and 'lang="cy"' in page
        missing = client.get("/contributions/none", headers={"accept-language": "cy"}).text
        assert "Heb ei ganfod" in missing


def test_shortcuts_are_switched_off_with_the_sessions_own_form(made: MadeHub) -> None:
    with browser(made, made.provider) as client:
        assert 'data-shortcuts="on"' in client.get("/").text
        assert client.post("/account/shortcuts", data={"shortcuts": "off"}).status_code == 403
        token = re.search(r'name="csrf" value="([^"]+)"', client.get("/account").text)
        assert token is not None
        assert client.post("/account/shortcuts", data={"shortcuts": "off", "csrf": token[1]}).status_code == 303
        assert 'data-shortcuts="off"' in client.get("/").text
