"""Products, end to end: drafted, reviewed by a second person, published; cited sources and consents; withdrawn."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar.testing import TestClient

from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import DAY, ManualClock
from fusioncell.kernel.errors import BadInput, Conflict, FusionCellError, NotAllowed, NotFound
from fusioncell.kernel.marking import PUBLIC, Tlp, Viewer
from fusioncell.picture.products import Form, Products, State, Written
from fusioncell.picture.products.affected import read_lines
from fusioncell.picture.products.model import Heard, NoConsent
from hubs import MadeHub, app_of, make_hub

START = 1_767_225_600_000_000
NAME = "secret-panel.example"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[MadeHub]:
    made = make_hub(tmp_path / "hub", clock=ManualClock(START))
    yield made
    made.hub.close()


class Cell:
    """Two analysts of the provider, and the ministry that contributes and reads."""

    def __init__(self, made: MadeHub) -> None:
        self.made, self.hub = made, made.hub
        self.products: Products = made.hub.products
        members = made.hub.members
        self.second_id = members.add_person(made.provider.org, "Kim Roe", "kim@northern.example", ["analyst"]).id
        self.other = members.add_organisation("Harbour Energy", "energy", "industry")
        made.hub.settle()

    def viewer(self, person: str) -> Viewer:
        found = self.hub.members.viewer_of(f"person:{person}")
        assert found is not None
        return found

    @property
    def author(self) -> Viewer:
        return self.viewer(self.made.provider.person)

    @property
    def second(self) -> Viewer:
        return self.viewer(self.second_id)

    @property
    def ministry(self) -> Viewer:
        return self.viewer(self.made.ministry.person)

    @property
    def reader(self) -> Viewer:
        found = self.hub.members.viewer_of(f"org:{self.other.id}")
        assert found is not None
        return found

    def contribute(self, tlp: Tlp, text: str = f"The panel stands at {NAME.replace('.', '[.]')}.") -> str:
        """The ministry contributes to itself and the provider (AMBER) or the partnership."""
        groups = (f"org:{self.made.provider.org}",) if tlp is Tlp.AMBER else ()
        done = self.hub.intake.accept(self.ministry, text.encode(), "text/plain", Terms(tlp=tlp, groups=groups))
        self.hub.settle()
        return done.contribution

    def published(self, new: Written, product: str = "") -> str:
        which = self.products.save(self.author, new, product)
        self.hub.settle()
        for step, viewer in ((self.products.submit, self.author), (self.products.approve, self.second),
                             (self.products.publish, self.author)):  # fmt: skip
            step(viewer, which)
            self.hub.settle()
        return which


@pytest.fixture
def cell(made: MadeHub) -> Cell:
    return Cell(made)


ALERT = Written(Form.ALERT, "A panel in use", "Look out.")


def test_a_second_person_reviews_and_readers_get_the_version(cell: Cell) -> None:
    products, hub = cell.products, cell.hub
    which = products.save(cell.author, ALERT)
    hub.settle()
    with pytest.raises(Conflict):
        products.publish(cell.author, which)
    products.submit(cell.author, which)
    hub.settle()
    with pytest.raises(NotAllowed, match="cannot approve"):
        products.approve(cell.author, which)
    products.send_back(cell.second, which, "Say since when.")
    hub.settle()
    assert products.draft(cell.author, which).said == "Say since when."
    products.save(cell.author, replace_text(ALERT, "Look out, since May."), which)
    hub.settle()
    products.submit(cell.author, which)
    hub.settle()
    products.approve(cell.second, which)
    hub.settle()
    changed = products.save(cell.author, replace_text(ALERT, "Something else."), which)
    hub.settle()
    assert changed == which and products.draft(cell.author, which).state is State.DRAFT, "a change takes approval away"
    with pytest.raises(Conflict):
        products.publish(cell.author, which)
    products.submit(cell.author, which)
    hub.settle()
    products.approve(cell.second, which, "Good.")
    hub.settle()
    products.publish(cell.second, which)
    hub.settle()
    one = products.product(cell.reader, which)
    assert (one.body.text, one.head.number, one.head.audience.tlp) == ("Something else.", 1, Tlp.GREEN)
    assert one.body.approver == cell.second_id
    assert [each.id for each in products.listed(cell.reader)[0]] == [which]
    assert products.listed(PUBLIC)[0] == []
    with pytest.raises(NotFound):
        products.product(PUBLIC, which)
    with pytest.raises(FusionCellError):
        products.save(cell.reader, ALERT)
    with pytest.raises(NotFound):
        products.draft(cell.ministry, which)


def replace_text(new: Written, text: str) -> Written:
    return msgspec.structs.replace(new, text=text)


@pytest.mark.parametrize("form", ["contribution", "entry", "observable", "words"])
def test_a_green_product_cites_an_amber_entry_by_consent_alone(cell: Cell, form: str) -> None:
    """Check 5 of the issue: refused by name, passes after consent, shows it; a recall takes it out for all."""
    products, hub = cell.products, cell.hub
    source = cell.contribute(Tlp.AMBER)
    entry = hub.seal.entry_id(hub.picture.entries(cell.author, source)[0].seq)
    ref = {"contribution": f"[[contribution:{source}]]", "entry": f"[[entry {entry}]]",
           "observable": f"[[observable:{NAME}]]", "words": NAME.replace(".", "[.]")}[form]  # fmt: skip
    new = replace_text(ALERT, f"Look out for {ref} now.")
    which = products.save(cell.author, new)
    hub.settle()
    with pytest.raises(NoConsent) as refused:
        products.submit(cell.author, which)
    said = f"{refused.value.detail} {refused.value.hint}"
    assert source in said and "TLP:AMBER" in said and "A panel in use" in said
    asked = hub.receipts.ask(cell.author, source, new.title, Tlp.GREEN, "Members need it.")
    hub.settle()
    with pytest.raises(NoConsent):
        products.submit(cell.author, which)
    hub.receipts.answer(cell.ministry, asked, granted=True, reason="Go on.")
    hub.settle()
    for step, viewer in ((products.submit, cell.author), (products.approve, cell.second),
                         (products.publish, cell.author)):  # fmt: skip
        step(viewer, which)
        hub.settle()
    one = products.product(cell.reader, which)
    consents = [each for each in one.body.cited if each.consent]
    given = [(each.consent, each.originator, each.tlp) for each in consents]
    assert given == [(asked, cell.made.ministry.org, "green")]
    resolved = products.resolve(cell.reader, one.body.text)
    assert all(each.state == ("seen" if form == "observable" else "hidden") for each in resolved.values())
    if form != "observable":
        assert source not in str(one.body) and entry not in str(one.body), "not even its id is told"
        assert hub.intake.entries_of(hub.record.visible_to(cell.reader), source) == []
    hub.intake.recall(cell.ministry, source, "wrong")
    hub.settle()
    for viewer in (cell.reader, cell.author, cell.ministry):
        one = products.product(viewer, which)
        if form != "words":
            assert one.body.text == "Look out for [[withdrawn]] now." and ref not in one.body.text
        assert one.body.amended and one.head.number == 2 and not any(each.consent for each in one.body.cited)
        first = products.product(viewer, which, 1)
        assert first.head.withdrawn and first.body.text == "" and first.head.title == ""
    if form == "observable":
        assert not hub.picture.search(cell.reader, NAME).hits
        named = next(iter(resolved.values())).observable
        assert named is not None and hub.fusion.mentions(named, hub.record.visible_to(cell.reader)) == []
    hub.settle()
    assert len(products.versions(cell.reader, which)) == 2, "it is amended once"


def test_consent_to_another_product_or_to_fewer_readers_permits_nothing(cell: Cell) -> None:
    products, hub = cell.products, cell.hub
    source = cell.contribute(Tlp.AMBER)
    new = replace_text(ALERT, f"See [[contribution:{source}]].")
    which = products.save(cell.author, new)
    hub.settle()
    for name, tlp in (("Another product", Tlp.GREEN), (new.title, Tlp.GREEN)):
        asked = hub.receipts.ask(cell.author, source, name, tlp, "Please.")
        hub.settle()
        hub.receipts.answer(cell.ministry, asked, granted=name == "Another product", reason="So.")
        hub.settle()
        with pytest.raises(NoConsent):
            products.submit(cell.author, which)
    asked = hub.receipts.ask(cell.author, source, f"Alert (products/{which})", Tlp.GREEN, "Please.")
    hub.settle()
    hub.receipts.answer(cell.ministry, asked, granted=True, reason="So.")
    hub.settle()
    clear = products.save(cell.author, msgspec.structs.replace(new, tlp=Tlp.CLEAR), which)
    hub.settle()
    with pytest.raises(NoConsent):
        products.submit(cell.author, clear)
    products.save(cell.author, new, which)
    hub.settle()
    products.submit(cell.author, which)
    hub.settle()
    assert products.draft(cell.author, which).state is State.REVIEW


def test_sources_that_the_readers_see_need_no_consent(cell: Cell) -> None:
    green = cell.contribute(Tlp.GREEN)
    amber = cell.contribute(Tlp.AMBER, f"{NAME.replace('.', '[.]')} again")
    new = replace_text(ALERT, f"[[contribution:{green}]] and [[observable:{NAME}]], also not-known.example.")
    which = cell.published(new)
    one = cell.products.product(cell.reader, which)
    assert not any(each.consent for each in one.body.cited)
    assert {each.ref for each in one.body.cited if each.sources} == {
        f"contribution:{green}", f"observable:domain-name:{NAME}"}  # fmt: skip
    cell.hub.intake.recall(cell.ministry, amber)
    cell.hub.settle()
    assert cell.products.product(cell.reader, which).head.number == 1, "it rested on what stands"
    for text in ("[[contribution:none]]", "[[observable:???]]", "[[entry:00000000-0000-0000-0000-000000000000]]",
                 "TLP:RED words"):  # fmt: skip
        with pytest.raises((NotFound, BadInput)):
            cell.products.weigh(cell.author, "", replace_text(ALERT, text))


def test_versions_feedback_and_withdrawal_reach_all(cell: Cell) -> None:
    products, hub = cell.products, cell.hub
    which = cell.published(replace_text(ALERT, "One.\n\nTwo."))
    clock = hub.clock
    assert isinstance(clock, ManualClock)
    clock.advance(DAY)
    products.hear(cell.reader, which, Heard.ACTED, "Blocked it.")
    hub.settle()
    assert [(each.org, each.heard, each.said) for each in products.feedback(cell.author, which)] == [
        (cell.other.id, Heard.ACTED, "Blocked it.")]  # fmt: skip
    assert products.feedback(cell.ministry, which) == [] and len(products.feedback(cell.reader, which)) == 1
    with pytest.raises(Conflict):
        products.hear(cell.author, which, Heard.USEFUL)
    cell.published(msgspec.structs.replace(ALERT, text="One.\n\nThree.", tlp=Tlp.CLEAR), which)
    assert [each.number for each in products.versions(cell.reader, which)] == [2, 1]
    assert [each.number for each in products.versions(PUBLIC, which)] == [2]
    assert products.compare(cell.reader, which, 1, 2)[-2:] == [("-", "Two."), ("+", "Three.")]
    with pytest.raises(NotFound):
        products.compare(PUBLIC, which, 1, 2)
    with pytest.raises(NotFound):
        products.withdraw(cell.ministry, which)
    products.withdraw(cell.author, which, "It was wrong.")
    hub.settle()
    for viewer in (cell.reader, PUBLIC):
        one = products.product(viewer, which)
        assert one.head.withdrawn and (one.head.title, one.body.text) == ("", "")
        assert products.listed(viewer)[0] == []
    assert not hub.picture.search(cell.reader, "Three").hits


def test_machines_write_read_and_take_it_as_stix(cell: Cell) -> None:
    with TestClient(app_of(cell.hub), raise_server_exceptions=False) as app:
        cell.contribute(Tlp.GREEN)
        which = cell.published(replace_text(ALERT, f"See [[observable:{NAME}]]."))
        by = {"Authorization": f"Bearer {cell.made.provider.key}"}
        one: dict[str, Any] = app.get(f"/api/products/{which}", headers=by).json()
        assert one["version"] == 1 and one["plain"] == f"See {NAME.replace('.', '[.]')}."
        assert app.get(f"/api/products/{which}/markdown", headers=by).text.startswith("# A panel in use\n")
        assert app.get(f"/api/products/{which}").status_code == 404
        listed = app.get("/api/products", headers=by, params={"form": "alert", "limit": 1}).json()
        assert [each["id"] for each in listed["products"]] == [which] and listed["next"] is None
        taxii = {**by, "Accept": "application/taxii+json;version=2.1"}
        page = app.get("/taxii2/partnership/collections/partnership/objects/", headers=taxii,
                       params={"match[type]": "report"})  # fmt: skip
        report = page.json()["objects"][0]
        assert (report["id"], report["name"], report["description"]) == (f"report--{which}", ALERT.title, one["plain"])
        assert [each.partition("--")[0] for each in report["object_refs"]] == ["domain-name"]
        cell.hub.receipts.tell()
        took = {"Authorization": f"Bearer {cell.made.ministry.key}"}
        assert app.get(f"/api/products/{which}/markdown", headers=took).status_code == 200
        cell.products.withdraw(cell.author, which)
        cell.hub.settle()
        assert cell.hub.receipts.tell() == 1, "whoever took a copy is told by mail that it was withdrawn"
        refused = app.post(f"/api/products/{which}/publish", json={}, headers=by)
        assert refused.status_code == 403, "a member's key does not write products"


LINES = "CVE-2026-4242 | Example | Router | before 2.0 | known_affected | Switch it off. | " \
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\nCVE-2026-4242 | Example | Router | 2.0 | fixed"


def test_an_advisory_for_everyone_is_published_as_a_csaf_provider_does(cell: Cell) -> None:
    """Check 6 of the issue, on the doors: each document passes the reference's mandatory tests."""
    reference = pytest.importorskip("csaf.csaf.v20")
    written = Written(Form.ADVISORY, "Routers", "Update.", Tlp.CLEAR, affected=read_lines(LINES))
    with TestClient(app_of(cell.hub), raise_server_exceptions=False) as app:
        assert app.get("/csaf/white/index.txt").text == ""
        which = cell.published(written)
        hidden = cell.published(msgspec.structs.replace(written, title="Inside", tlp=Tlp.GREEN))
        path = app.get("/csaf/white/index.txt").text.strip()
        assert path.endswith(f"{which}.json") and hidden not in path
        answer = app.get(f"/csaf/white/{path}")
        document = answer.json()
        assert [one for one in reference.validate(document).results if not one.passed] == []
        assert document["document"]["tracking"]["version"] == "1"
        for kind, size in (("sha256", 64), ("sha512", 128)):
            digest, name = app.get(f"/csaf/white/{path}.{kind}").text.split()
            assert len(digest) == size and digest == getattr(hashlib, kind)(answer.content).hexdigest()
            assert path.endswith(name)
        unsigned = app.get(f"/csaf/white/{path}.asc")
        assert unsigned.status_code == 404 and "OpenPGP" in unsigned.text
        assert app.get("/csaf/white/changes.csv").text == f'"{path}","2026-01-01T00:00:00.000Z"\r\n'
        feed = app.get("/csaf/white/csaf-feed-tlp-white.json").json()["feed"]
        assert [one["content"]["src"].partition("/csaf/")[2] for one in feed["entry"]] == [f"white/{path}"]
        provider = app.get("/.well-known/csaf/provider-metadata.json").json()
        assert provider["role"] == "csaf_provider" and provider["public_openpgp_keys"] == []
        cell.published(msgspec.structs.replace(written, changed="More is known."), which)
        tracking = app.get(f"/csaf/white/{path}").json()["document"]["tracking"]
        assert [one["number"] for one in tracking["revision_history"]] == ["1", "2"] and tracking["version"] == "2"
        by = {"Authorization": f"Bearer {cell.made.ministry.key}"}
        inside = app.get(f"/api/products/{hidden}/csaf", headers=by).json()
        assert inside["document"]["distribution"]["tlp"]["label"] == "GREEN"
        assert app.get(f"/api/products/{hidden}/csaf").status_code == 404
        again = app.post("/api/contributions", content=app.get(f"/csaf/white/{path}").content,
                         headers={**by, "Content-Type": "application/json"})  # fmt: skip
        assert again.status_code == 202 and again.json()["faults"] == [] and again.json()["format"] == "csaf"
        cell.products.withdraw(cell.author, which)
        cell.hub.settle()
        assert app.get("/csaf/white/index.txt").text == "" and app.get(f"/csaf/white/{path}").status_code == 404
