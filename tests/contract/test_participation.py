"""Participation and publication by proxy on both databases: the same figures, and a rebuild gives the same bytes."""

from __future__ import annotations

import pytest

import fusioncell.river
from databases import START, dump, rebuild
from fusioncell.bootstrap import Hub
from fusioncell.exchange.participation import quarter_of
from fusioncell.exchange.talk import NewPost
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import HOUR, ManualClock
from fusioncell.kernel.marking import Tlp, Viewer, org


def _viewer(hub: Hub, organisation: str) -> Viewer:
    someone = hub.members.add_person(organisation, "Pat Quill", f"{organisation[:8]}@x.example", ["editor"]).id
    key = hub.members.make_key(organisation, someone, role="editor")[1].reveal()
    found = hub.members.viewer_for_key(key)
    assert found is not None
    return found


def test_the_figures_and_the_links_are_the_same_on_both_and_after_a_rebuild(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("Alpha Works", "Beta Works", "Gamma Works")
    one, two, three = (_viewer(hub, hub.members.add_organisation(name, "finance", "industry").id) for name in names)
    clock = hub.clock
    assert isinstance(clock, ManualClock)
    table = b"domain,comment\na.example,seen by us\nb.example,seen by us too\n"
    both = Terms(Tlp.AMBER_STRICT, (org(two.org or ""),))
    given = hub.intake.accept(one, table, "text/csv", both).contribution
    widened = hub.intake.accept(one, b"Phishing at c[.]example", "text/plain", both).contribution
    post = hub.talk.post(one, NewPost(text="Who saw it?", tlp=Tlp.GREEN)).id
    hub.settle()
    clock.advance(HOUR)
    reply = hub.talk.post(two, NewPost(text="We did", parent=post)).id
    hub.settle()
    hub.talk.edit(two, reply, "We all did", "")
    hub.talk.react(three, f"post:{post}", "seen")
    hub.intake.widen(one, widened, Terms(Tlp.GREEN))
    hub.settle()
    gone = hub.talk.post(one, NewPost(text="gone", tlp=Tlp.GREEN)).contribution
    hub.settle()
    hub.intake.recall(one, gone, "wrong")
    hub.receipts.let_publish(one, given, two.org or "", Tlp.GREEN, (), "")
    hub.settle()
    copy = hub.proxy.publish(two, given, Terms(Tlp.GREEN)).contribution
    hub.settle()
    item = hub.intake.entries_of(hub.record.visible_to(one), given)[0]
    hub.intake.recall(one, given, "one row", item.seq)
    hub.settle()
    assert len(hub.intake.entries_of(hub.record.visible_to(three), copy)) == 1

    found = hub.participation.report(three, quarter_of(START))
    assert found.total is not None and found.median is not None
    shown = ("contributions", "posts", "replies", "reactions", "sightings", "indicators", "described")
    assert [getattr(found.total, name) for name in shown] == [2, 1, 1, 1, 1, 2, 2]
    assert (found.posts.answered, found.posts.median) == (1, HOUR)
    assert found.flows == (("finance", "finance", 2),)
    own = hub.participation.report(one, quarter_of(START)).own
    assert [getattr(own, name) for name in shown] == [2, 1, 0, 0, 0, 2, 2]

    standing = dump(hub.databases["projections"])
    assert standing["exchange_participation_given"] and standing["exchange_proxy"]
    for blocks in (1, 100_000):
        monkeypatch.setattr(fusioncell.river, "BLOCKS", blocks)
        rebuild(hub)
        hub.river.run_dry()
        after = dump(hub.databases["projections"])
        assert [name for name, rows in standing.items() if rows != after[name]] == []
    assert hub.proxy.follow() == 0
    hub.intake.recall(one, given, "all")
    hub.settle()
    assert hub.intake.entries_of(hub.record.visible_to(three), copy) == []
    assert [bool(known.gone) for known in hub.proxy.publications(one, given)] == [True]
