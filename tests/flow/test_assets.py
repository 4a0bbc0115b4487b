"""Network assets end to end: claimed on the page, proved by a real DNS server, and told of what hits them."""

from __future__ import annotations

import json
import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import httpx
import pytest
from click.testing import CliRunner
from litestar.testing import TestClient

from fusioncell.cli.main import main
from fusioncell.edges.txt import TxtResolver
from fusioncell.intake.service import Terms
from fusioncell.kernel.errors import Unavailable
from fusioncell.kernel.marking import Tlp
from hubs import MadeHub, Party, browser, make_hub

Texts = dict[str, str | None]
"""Name → the record's text as a zone file has it; None: the server does not answer at all."""


@contextmanager
def dns_server(texts: Texts) -> Iterator[str]:
    """A DNS server on loopback that knows these TXT records; yields its address."""

    class Answer(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            asked = dns.message.from_wire(self.request[0])
            question = asked.question[0]
            name = question.name.to_text(omit_final_dot=True)
            answer = dns.message.make_response(asked)
            answer.flags |= dns.flags.RA
            if name == "broken.example":
                answer.set_rcode(dns.rcode.SERVFAIL)
            elif name not in texts:
                answer.set_rcode(dns.rcode.NXDOMAIN)
            elif texts[name] is None:
                return
            elif texts[name]:
                records = (texts[name] or "").split("\n")
                answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", "TXT", *records))
            self.request[1].sendto(answer.to_wire(), self.client_address)

    with socketserver.ThreadingUDPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_records_are_looked_up() -> None:
    texts: Texts = {"one.example": '"proof" "=1"\n"v=spf1 -all"', "none.example": "", "slow.example": None}
    with dns_server(texts) as server:
        resolver = TxtResolver(server, seconds=0.4)
        assert sorted(resolver.look_up("one.example")) == ["proof=1", "v=spf1 -all"]
        assert resolver.look_up("none.example") == []
        assert resolver.look_up("missing.example") == []
        for name in ("slow.example", "broken.example", "x" * 70 + ".example"):
            with pytest.raises(Unavailable):
                resolver.look_up(name)
    with pytest.raises(Unavailable):
        TxtResolver(server, seconds=0.4).look_up("one.example")


@pytest.fixture
def texts() -> Texts:
    return {}


@pytest.fixture
def made(tmp_path: Path, texts: Texts, monkeypatch: pytest.MonkeyPatch) -> Iterator[MadeHub]:
    with dns_server(texts) as server:
        monkeypatch.setenv("FUSIONCELL_RESOLVER", server)
        made = make_hub(tmp_path / "hub")
        made.hub.members.give_roles(made.provider.person, ["lead"])
        yield made
        made.hub.close()


def sends(client: TestClient[Any], page: str, path: str, **fields: str) -> httpx.Response:
    """Send a form with the token of the page that holds it."""
    found = re.search(r'name="csrf" value="([^"]+)"', client.get(page).text)
    assert found
    return client.post(path, data={"csrf": found[1], **fields})


def test_a_lead_claims_and_proves_a_domain_on_the_page(made: MadeHub, texts: Texts) -> None:
    with browser(made, made.provider) as jon:
        assert "Nothing is claimed yet" in jon.get("/account/assets").text
        wrong = sends(jon, "/account/assets", "/account/assets", value="10.0.0.0/8")
        assert wrong.status_code == 400 and "private or reserved" in wrong.text
        assert sends(jon, "/account/assets", "/account/assets", value="northern.example").status_code == 303
        page = jon.get("/account/assets").text
        token = re.search(r"fusioncell-proof=[0-9a-f]{40}", page)
        check = re.search(r"/account/assets/[0-9a-f-]+/check", page)
        assert token and check and "_fusioncell.northern.example" in page
        early = sends(jon, "/account/assets", check[0])
        assert early.status_code == 409 and "no TXT record" in early.text and "northern.example. Publish" in early.text
        texts["_fusioncell.northern.example"] = f'"{token[0]}"'
        assert sends(jon, "/account/assets", check[0]).status_code == 303
        assert "proved" in jon.get("/account/assets").text
    signed = made.hub.signing.open_link(made.hub.members.make_link(made.provider.person).reveal())
    jon_sees = made.hub.members.viewer_for_session(signed.session.reveal())
    ada = made.hub.members.viewer_of(f"person:{made.ministry.person}")
    assert jon_sees is not None and ada is not None
    made.hub.notify.watch(jon_sees, "assets")
    made.hub.settle()
    made.hub.follower.follow(made.hub.river.position)
    made.hub.intake.accept(ada, b"hxxp://mail[.]northern[.]example/x", "text/plain", Terms(Tlp.GREEN, ()))
    made.hub.settle()
    made.hub.follower.follow(made.hub.river.position)
    [notice] = made.hub.notify.notices(jon_sees)[0]
    assert notice.whys == (("assets", "northern.example"),)


def test_a_dispute_is_seen_by_both_and_settled_by_an_operator(made: MadeHub) -> None:
    made.hub.members.give_roles(made.approver.person, ["reader"])
    key = {**made.own_key(made.ministry), "accept": "application/json"}
    with browser(made, made.provider) as jon:
        sends(jon, "/account/assets", "/account/assets", value="45.10.0.0/16")
        with browser(made, made.ministry) as ada:
            assert sends(ada, "/account/assets", "/account/assets", value="45.10.4.0/24").status_code == 303
            # What nobody has proved is told to nobody else.
            assert "Northern Broadband" not in ada.get("/account/assets").text
            assert "Ministry of Works" not in jon.get("/account/assets").text
            assert jon.get("/admin/assets").status_code == 403
            ada.cookies.clear()
            found = ada.get("/api/assets/all", headers=key).json()
            assert found["disputes"] == []
            earlier, later = (one["id"] for one in found["assets"])
            for claim, code in ((earlier, 200), (later, 409)):
                approved = ada.post(f"/api/assets/{claim}/approve", json={"reason": "seen"}, headers=key)
                assert approved.status_code == code, approved.text
            [dispute] = ada.get("/api/assets/all", headers=key).json()["disputes"]
            assert [side["id"] for side in dispute["claims"]] == [later, earlier]
        with browser(made, made.ministry) as ada:
            assert "Northern Broadband" in ada.get("/account/assets").text
            assert "Ministry of Works" in jon.get("/account/assets").text
        with browser(made, made.ministry) as ada:
            page = ada.get("/admin/assets").text
            assert f"/admin/assets/{later}/settle" in page
            empty = sends(ada, "/admin/assets", f"/admin/assets/{later}/settle", other=earlier, keep="both")
            assert empty.status_code == 400
            assert sends(ada, "/admin/assets", f"/admin/assets/{later}/settle", other=earlier, keep="both",
                         reason="A part is leased.").status_code == 303
            assert sends(ada, "/admin/assets", f"/admin/assets/{later}/approve",
                         reason="The registry says so.").status_code == 303
            assert ada.get("/api/assets", headers={"accept": "application/json"}).json()["assets"][0]["stands"]
    owner = made.hub.assets.owner_of("45.10.4.9")
    assert owner is not None and owner.org == made.ministry.org


def test_a_reader_sees_and_claims_nothing_and_a_visitor_is_let_nowhere(made: MadeHub) -> None:
    reader = Party(made.provider.org, made.approver.person, "")
    with browser(made, reader) as eve:
        assert "Claim it" not in eve.get("/account/assets").text
        eve.cookies.clear()
        assert eve.get("/api/assets").status_code in (401, 403)
        assert eve.get("/account/assets").status_code in (303, 401)


def test_commands(tmp_path: Path) -> None:
    made = make_hub(tmp_path / "hub")
    made.hub.close()
    run, data = CliRunner(), ["--data", str(tmp_path / "hub")]
    added = run.invoke(main, ["asset", "add", "works.example", *data])
    assert added.exit_code == 0 and "_fusioncell.works.example TXT fusioncell-proof=" in added.output, added.output
    one = json.loads(run.invoke(main, ["asset", "add", "45.10.0.0/22", "--json", *data]).stdout)
    done = run.invoke(main, ["asset", "approve", one["id"], "--reason", "The registry says so.", *data])
    assert done.exit_code == 0 and "is proved (operator)" in done.output, done.output
    listed = run.invoke(main, ["asset", "list", "--all", *data])
    assert "45.10.0.0/22" in listed.output and "works.example" in listed.output
    assert run.invoke(main, ["asset", "release", one["id"], *data]).exit_code == 0
    assert run.invoke(main, ["asset", "add", "co.uk", *data]).exit_code != 0
