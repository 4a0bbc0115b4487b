"""Products on both databases: drafts and steps, what each viewer sees, amendments after a recall, and rebuilding."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from databases import START, dump, rebuild
from fusioncell.bootstrap import Hub
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import DAY, ManualClock
from fusioncell.kernel.ids import SeededRandomness
from fusioncell.kernel.marking import PUBLIC, Tlp, Viewer
from fusioncell.picture.products import Form, State, Written
from fusioncell.picture.products.model import Heard

ALERT = Written(Form.ALERT, "A panel", "Look out.\0 Now.")


class Cast:
    """Two analysts of the cell, and a bank that contributes and reads."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        cell = hub.members.add_organisation("Cell", "government", "government").id
        self.bank = hub.members.add_organisation("Bank", "finance", "industry").id
        people = [hub.members.add_person(cell, name, f"{name}@x.example", ["analyst"]).id for name in ("ann", "ben")]
        hub.settle()
        self.ann, self.ben, self.reader = (
            self._viewer(party) for party in (*(f"person:{one}" for one in people), f"org:{self.bank}")
        )

    def _viewer(self, party: str) -> Viewer:
        found = self.hub.members.viewer_of(party)
        assert found is not None
        return found

    def publish(self, new: Written, which: str = "") -> str:
        products = self.hub.products
        which = products.save(self.ann, new, which)
        self.hub.settle()
        for step, viewer in ((products.submit, self.ann), (products.approve, self.ben), (products.publish, self.ben)):
            step(viewer, which)
            self.hub.settle()
        return which


@pytest.fixture
def cast(open_again: Callable[..., Hub]) -> Cast:
    return Cast(open_again(ManualClock(START), SeededRandomness(5)))


def test_versions_are_listed_by_page_and_form_for_who_sees_them(cast: Cast) -> None:
    products = cast.hub.products
    many = [cast.publish(msgspec.structs.replace(ALERT, title=f"Number {n}",
                                                 form=Form.ADVISORY if n == 2 else Form.ALERT)) for n in range(4)]
    cast.publish(msgspec.structs.replace(ALERT, title="For all", tlp=Tlp.CLEAR), many[1])
    first, token = products.listed(cast.reader, limit=3)
    rest, end = products.listed(cast.reader, limit=3, before=token)
    assert [one.title for one in (*first, *rest)] == ["For all", "Number 3", "Number 2", "Number 0"] and not end
    assert [one.id for one in products.listed(cast.reader, form="advisory")[0]] == [many[2]]
    assert [one.title for one in products.listed(PUBLIC)[0]] == ["For all"]
    products.hear(cast.reader, many[0], Heard.USEFUL, "once")
    products.hear(cast.reader, many[0], Heard.ACTED, "twice")
    cast.hub.settle()
    assert [(one.org, one.said) for one in products.feedback(cast.ann, many[0])] == [(cast.bank, "twice")]


def test_a_recalled_source_leaves_all_versions_and_a_rebuild_gives_the_same(cast: Cast) -> None:
    hub, products = cast.hub, cast.hub.products
    assert isinstance(hub.clock, ManualClock)
    done = hub.intake.accept(cast.reader, b"panel[.]example", "text/plain", Terms(tlp=Tlp.GREEN))
    hub.settle()
    text = f"See [[contribution:{done.contribution}]] at [[observable:panel.example]]"
    cited = msgspec.structs.replace(ALERT, text=text)
    which = cast.publish(cited)
    hub.clock.advance(DAY)
    cast.publish(msgspec.structs.replace(cited, text=f"{text} again"), which)
    draft = products.save(cast.ann, msgspec.structs.replace(ALERT, title="Under way"))
    hub.settle()
    hub.intake.recall(cast.reader, done.contribution, "wrong")
    hub.settle()
    found = products.versions(cast.reader, which)
    assert [(one.number, bool(one.withdrawn), one.amended) for one in found] == [
        (3, False, True), (2, True, False), (1, True, False)]  # fmt: skip
    assert products.product(cast.reader, which).body.text == "See [[withdrawn]] at [[withdrawn]] again"
    before = dump(hub.databases["projections"])
    assert before["picture_product"] and before["picture_product_draft"] and before["picture_product_source"]
    rebuild(hub)
    hub.river.run_dry()
    assert dump(hub.databases["projections"]) == before
    assert hub.products.follow() == 0, "what was done once is not done again"
    assert products.draft(cast.ben, draft).state is State.DRAFT
    assert [one.id for one in products.drafts(cast.ben)] == [draft] and products.drafts(cast.reader) == []
    assert products.written(cast.ann.person or "", cast.ann.org or "") == [{"id": draft, "title": "Under way"},
                                                                          {"id": which, "title": "A panel"}]
