"""The doors and pages of notification: what a person and an organisation may do there, and what they may not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from fusioncell.intake.service import Terms
from fusioncell.kernel.marking import Tlp
from fusioncell.web.app import make_app
from hubs import MadeHub, browser, make_hub


@pytest.fixture
def made(tmp_path: Path) -> Iterator[MadeHub]:
    made = make_hub(tmp_path / "hub")
    yield made
    made.hub.close()


def says(made: MadeHub, text: str, tlp: Tlp = Tlp.GREEN) -> None:
    viewer = made.hub.members.viewer_of(f"person:{made.ministry.person}")
    assert viewer is not None
    made.hub.intake.accept(viewer, text.encode(), "text/plain", Terms(tlp))
    made.hub.settle()


def key_of(made: MadeHub, person: str, org: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {made.hub.members.make_key(org, person, role='analyst')[1].reveal()}"}


def send(client: TestClient[Any], path: str, page: str, **fields: str) -> Any:
    """Post a form with the token of the page that it stands on."""
    found = re.search(r'name="csrf" value="([^"]+)"', client.get(page).text)
    assert found is not None
    return client.post(path, data={"csrf": found[1], **fields})


def test_a_person_watches_and_reads_by_the_api(made: MadeHub) -> None:
    mine = key_of(made, made.provider.person, made.provider.org)
    with TestClient(make_app(made.hub)) as client:
        client.headers.update(mine)
        watch = client.post("/api/watches", json={"kind": "network", "value": "192[.]0.2.0/24"})
        assert watch.status_code == 201 and watch.json()["value"] == "192.0.2.0/24"
        assert client.post("/api/watches", json={"kind": "network", "value": "192.0.2.0/24"}).json() == watch.json()
        says(made, "One 192.0.2.9")
        says(made, "Two 192.0.2.9")
        says(made, "Hidden 192.0.2.9", Tlp.AMBER_STRICT)
        found = client.get("/api/notifications", params={"limit": 1}).json()
        assert found["unread"] == 2 and found["notifications"][0]["title"] == "Two 192.0.2.9"
        rest = client.get("/api/notifications", params={"before": found["next"]}).json()
        assert [one["title"] for one in rest["notifications"]] == ["One 192.0.2.9"] and rest["next"] is None
        id = rest["notifications"][0]["id"]
        assert client.post("/api/notifications/read", json={"ids": [id, "nonsense"]}).json() == {"read": 1, "unread": 1}
        assert client.post("/api/notifications/read", json={"all": True}).json() == {"read": 1, "unread": 0}
        assert client.post("/api/notifications/read", json={}).status_code == 400
        asked = client.put("/api/notifications/preferences", json={"zone": "Asia/Tokyo", "quiet_from": "21:30"}).json()
        assert (asked["zone"], asked["quiet_from"], asked["digest"]) == ("Asia/Tokyo", "21:30", "daily")
        for wrong in ({"zone": "Mars/Olympus"}, {"quiet_to": "25:00"}, {"digest": "hourly"}, {"colour": "red"}):
            assert client.put("/api/notifications/preferences", json=wrong).status_code == 400, wrong
        assert client.get("/api/notifications/preferences").json() == asked | {"bounced": None}
        assert client.delete(f"/api/watches/{watch.json()['id']}").status_code == 200
        assert client.delete(f"/api/watches/{watch.json()['id']}").status_code == 404
        assert client.get("/api/watches").json() == {"watches": []}


def test_nobody_reads_what_another_was_told(made: MadeHub) -> None:
    with TestClient(make_app(made.hub)) as client:
        client.headers.update(key_of(made, made.provider.person, made.provider.org))
        watch = client.post("/api/watches", json={"kind": "network", "value": "192.0.2.0/24"}).json()["id"]
        says(made, "One 192.0.2.9")
        id = client.get("/api/notifications").json()["notifications"][0]["id"]
        client.headers.update(key_of(made, made.ministry.person, made.ministry.org))
        assert client.get("/api/notifications").json()["notifications"] == []
        assert client.get("/api/notifications", params={"before": id}).status_code == 400
        assert client.post("/api/notifications/read", json={"ids": [id]}).json()["read"] == 0
        assert client.delete(f"/api/watches/{watch}").status_code == 404
        client.headers.update({"Authorization": f"Bearer {made.provider.key}"})
        assert client.get("/api/notifications").status_code == 403, "a key of an organisation is no person"
        del client.headers["Authorization"]
        assert client.get("/api/notifications").status_code == 401


def test_an_organisation_has_webhooks_by_the_api(made: MadeHub) -> None:
    with TestClient(make_app(made.hub)) as client:
        client.headers.update({"Authorization": f"Bearer {made.provider.key}"})
        assert client.post("/api/webhooks", json={"url": "https://127.0.0.1/in"}).status_code == 403
        assert client.post("/api/webhooks", json={"url": "https://a.example/", "watches": []}).status_code == 400
        one = client.post("/api/webhooks", json={"url": "https://a.example/in"}).json()
        assert one["secret"].startswith("fcwh_") and one["watches"] == [{"kind": "assets", "value": ""}]
        shown = client.get("/api/webhooks").json()["webhooks"]
        assert [each["id"] for each in shown] == [one["id"]] and "secret" not in shown[0]
        assert client.get(f"/api/webhooks/{one['id']}/deliveries").json() == {"deliveries": []}
        assert client.get(f"/api/webhooks/{one['id']}/deliveries", params={"state": "odd"}).status_code == 400
        assert client.post(f"/api/webhooks/{one['id']}/deliveries/x/resend").status_code == 404
        client.headers.update({"Authorization": f"Bearer {made.ministry.key}"})
        assert client.get(f"/api/webhooks/{one['id']}/deliveries").status_code == 404
        assert client.delete(f"/api/webhooks/{one['id']}").status_code == 404
        client.headers.update({"Authorization": f"Bearer {made.provider.key}"})
        assert client.delete(f"/api/webhooks/{one['id']}").status_code == 200


def test_the_pages_of_a_person(made: MadeHub) -> None:
    with browser(made, made.provider) as client:
        assert "Nothing is waiting for you" in client.get("/notifications").text
        wrong = send(client, "/account/notifications/watches", "/account/notifications", kind="network", value="co.uk")
        assert wrong.status_code == 400 and "public suffix" in wrong.text
        done = send(client, "/account/notifications/watches", "/account/notifications", kind="network",
                    value="192.0.2.0/24")  # fmt: skip
        assert done.status_code == 303
        says(made, "Title <b>bold</b> 192.0.2.9")
        page = client.get("/notifications").text
        assert "Title &lt;b&gt;bold&lt;/b&gt;" in page and "192[.]0[.]2[.]0/24" in page
        assert re.search(r"data-bell-count>1<", client.get("/").text)
        assert client.get("/notifications/count").text == "1"
        id = re.search(r'id="n-([^"]+)"', page)
        assert id is not None
        assert send(client, "/notifications/read", "/notifications", id=id[1]).status_code == 303
        assert client.get("/notifications/count").text == "0"
        assert "Title" in client.get("/notifications?show=all").text
        assert client.post("/notifications/read", data={"id": id[1]}).status_code == 403, "without the form's token"
        kept = {"digest": "weekly", "quiet_from": "20:00", "quiet_to": "06:00", "zone": "UTC", "language": "cy",
                "morning": "09:00"}  # fmt: skip
        bad = send(client, "/account/notifications", "/account/notifications", **{**kept, "morning": "99:00"})
        assert bad.status_code == 400 and "99:00" in bad.text
        assert send(client, "/account/notifications", "/account/notifications", **kept).status_code == 303
        again = client.get("/account/notifications").text
        for kept_text in ('value="20:00"', '<option value="weekly" selected>', "<option selected>UTC"):
            assert kept_text in again


def test_the_pages_of_webhooks(made: MadeHub) -> None:
    with browser(made, made.provider) as client:
        bad = send(client, "/account/webhooks", "/account/webhooks", url="http://a.example/", kind="all")
        assert bad.status_code == 400 and "https://" in bad.text
        made_one = send(client, "/account/webhooks", "/account/webhooks", url="https://a.example/in", kind="all")
        assert made_one.status_code == 200 and "fcwh_" in made_one.text
        page = client.get("/account/webhooks").text
        assert "fcwh_" not in page
        id = re.search(r"/account/webhooks/([0-9a-f-]{36})", page)
        assert id is not None
        says(made, "One 192.0.2.9")
        assert "Waiting" in client.get(f"/account/webhooks/{id[1]}").text
        assert send(client, f"/account/webhooks/{id[1]}/end", f"/account/webhooks/{id[1]}").status_code == 303
        assert client.get(f"/account/webhooks/{id[1]}").status_code == 404


def test_operators_see_how_the_mail_stands(made: MadeHub) -> None:
    made.hub.mail.send("a@b.example", "Hello", "text")
    with browser(made, made.ministry) as client:
        page = client.get("/ops").text
    assert "Mail that waits" in page and "no mail server is set" in page
