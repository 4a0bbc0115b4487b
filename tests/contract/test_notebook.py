"""Notebooks and saved queries on both databases: who reads them, what they come to, rebuilding, watching."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from databases import START, dump, rebuild
from fusioncell.bootstrap import Hub
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import MINUTE, ManualClock
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from fusioncell.kernel.ids import SeededRandomness
from fusioncell.kernel.marking import Tlp, Viewer
from fusioncell.picture.notebook import Paper, What
from fusioncell.picture.saved import Query

EVIL = "observable:domain-name:evil.example"


class World:
    """Fay and Gus of the cell, Ada, and Bo (a reader), of members."""

    def __init__(self, hub: Hub, clock: ManualClock) -> None:
        self.hub, self.clock = hub, clock
        self.ids: dict[str, str] = {}
        homes = {"Cell": {"Fay": "analyst", "Gus": "analyst"}, "Bank": {"Ada": "member", "Bo": "reader"}}
        for home, people in homes.items():
            org = hub.members.add_organisation(home, "finance", "industry")
            for name, role in people.items():
                made = hub.members.add_person(org.id, name, f"{name.lower()}@x.example", [role])
                self.ids[name] = made.id
        hub.settle()

    def viewer(self, name: str) -> Viewer:
        found = self.hub.members.viewer_of(f"person:{self.ids[name]}")
        assert found is not None
        return found

    def say(self, name: str, *values: str, tlp: Tlp = Tlp.GREEN, title: str = "") -> None:
        self.clock.advance(MINUTE)
        body = "\n".join([title or "Seen", "", *values])
        self.hub.intake.accept(self.viewer(name), body.encode(), "text/plain", Terms(tlp, ()))
        self.hub.settle()

    def open(self, name: str, readers: str, title: str = "Parcels") -> str:
        made = self.hub.notebooks.open(self.viewer(name), title, readers)
        self.hub.settle()
        return made

    def write(self, name: str, which: str, *papers: Paper) -> list[str]:
        self.clock.advance(MINUTE)
        made = self.hub.notebooks.write(self.viewer(name), which, *papers)
        self.hub.settle()
        return made


@pytest.fixture
def world(open_again: Callable[..., Hub]) -> World:
    clock = ManualClock(START)
    return World(open_again(clock, SeededRandomness(5)), clock)


def test_who_reads_an_investigation(world: World) -> None:
    books = world.hub.notebooks
    cell, mine, ours = world.open("Fay", "cell"), world.open("Fay", "me"), world.open("Ada", "org")
    assert {one.id for one in books.listed(world.viewer("Fay"))} == {cell, mine}
    assert [one.id for one in books.listed(world.viewer("Gus"))] == [cell]
    assert [one.id for one in books.listed(world.viewer("Bo"))] == [ours]
    with pytest.raises(NotFound):
        books.one(world.viewer("Ada"), cell)
    with pytest.raises(NotFound):
        world.write("Ada", cell, Paper(What.NOTE, text="x"))
    with pytest.raises(NotAllowed):
        world.write("Bo", ours, Paper(What.NOTE, text="x"))
    for readers in ("cell", "everybody", "group:x.1"):
        with pytest.raises(BadInput):
            world.open("Ada", readers)


def test_a_colleague_goes_on_with_it_and_evidence_weighs_against(world: World) -> None:
    which = world.open("Fay", "cell")
    (first,) = world.write("Fay", which, Paper(What.HYPOTHESIS, text="One gang"))
    (second,) = world.write("Gus", which, Paper(What.HYPOTHESIS, text="Copycats"))
    (one,) = world.write("Gus", which, Paper(What.EVIDENCE, text="The same kit"))
    (two,) = world.write("Fay", which, Paper(What.EVIDENCE, text="Both are in the news"))
    world.write("Fay", which, Paper(What.MARK, about=one, to=second, mark="II"),
                Paper(What.MARK, about=one, to=first, mark="C"), Paper(What.MARK, about=two, to=first, mark="C"),
                Paper(What.MARK, about=two, to=second, mark="C"),
                Paper(What.JUDGEMENT, about=first, word="likely", confidence="low"))  # fmt: skip
    world.write("Gus", which, Paper(What.JUDGEMENT, about=first, word="highly-likely", confidence="moderate"))
    found = world.hub.notebooks.one(world.viewer("Fay"), which)
    assert [(each.text, each.against, each.word) for each in found.hypotheses] == [
        ("One gang", 0.0, "highly-likely"), ("Copycats", 2.0, "")]  # fmt: skip
    assert [each.telling for each in found.evidence] == [True, False]
    world.write("Gus", which, Paper(What.MARK, about=one, to=second, mark="N"), Paper(What.DROP, about=first))
    left = world.hub.notebooks.one(world.viewer("Fay"), which).hypotheses
    assert [(each.text, each.against) for each in left] == [("Copycats", 0.0)]


def test_values_are_put_in_and_taken_out(world: World) -> None:
    which = world.open("Fay", "cell")
    world.write("Fay", which, Paper(What.VALUES, keys=(EVIL, "observable:domain-name:b.example")))
    world.write("Gus", which, Paper(What.DROP, about=EVIL))
    assert world.hub.notebooks.one(world.viewer("Fay"), which).values == ("observable:domain-name:b.example",)


def test_what_makes_no_sense_is_refused(world: World) -> None:
    which = world.open("Fay", "cell")
    (one,) = world.write("Fay", which, Paper(What.HYPOTHESIS, text="One gang"))
    for paper in (Paper(What.NOTE, text=" "), Paper(What.JUDGEMENT, about=one, word="maybe", confidence="low"),
                  Paper(What.JUDGEMENT, about="x", word="likely", confidence="low"), Paper(What.VALUES),
                  Paper(What.MARK, about=one, to=one, mark="C"), Paper(What.INVESTIGATION, title="x")):  # fmt: skip
        with pytest.raises(BadInput):
            world.write("Fay", which, paper)
    world.write("Fay", which, Paper(What.CLOSE))
    with pytest.raises(Conflict):
        world.write("Fay", which, Paper(What.NOTE, text="x"))
    assert world.hub.notebooks.listed(world.viewer("Gus"))[0].closed
    world.write("Gus", which, Paper(What.REOPEN))
    world.write("Fay", which, Paper(What.NOTE, text="x"))


def test_a_query_finds_what_its_asker_sees(world: World) -> None:
    hub = world.hub
    world.say("Ada", "evil[.]example", title="Parcel lures")
    made = hub.saved.save(world.viewer("Fay"), Query("Parcels", "parcel", ("domain",)), "cell")
    hub.settle()
    found = hub.saved.found(world.viewer("Gus"), hub.saved.one(world.viewer("Gus"), made).query)
    assert [each.observable.value for each in found] == ["evil.example"]
    world.say("Ada", "inner[.]example", title="Parcel lures at home", tlp=Tlp.AMBER_STRICT)
    query = Query("x", "parcel")
    assert [each.observable.value for each in hub.saved.found(world.viewer("Gus"), query)] == ["evil.example"]
    inside = {each.observable.value for each in hub.saved.found(world.viewer("Bo"), query)}
    assert inside == {"evil.example", "inner.example"}
    assert [each.observable.value for each in hub.saved.found(world.viewer("Gus"), Query("all"))] == ["evil.example"]
    assert hub.saved.found(world.viewer("Gus"), Query("x", "parcel", least=99)) == []
    with pytest.raises(NotFound):
        hub.saved.one(world.viewer("Ada"), made)
    with pytest.raises(NotFound):
        hub.notify.watch(world.viewer("Ada"), "query", made)


def test_a_watched_query_tells_of_what_comes(world: World) -> None:
    hub = world.hub
    made = hub.saved.save(world.viewer("Fay"), Query("Parcels", "parcel", ("domain-name",)), "cell")
    hub.settle()
    hub.notify.watch(world.viewer("Gus"), "query", made)
    said = {"Parcel lures": "evil[.]example", "Bank lures": "other[.]example", "A parcel": "no value"}
    for title, value in said.items():
        world.say("Ada", value, title=title)
    hub.follower.follow(hub.river.position)
    hub.follower.save()
    told, _ = hub.notify.notices(world.viewer("Gus"))
    assert [(one.title, one.whys) for one in told] == [("Parcel lures", (("query", made),))]
    hub.saved.drop(world.viewer("Fay"), made)
    hub.settle()
    assert hub.saved.listed(world.viewer("Gus")) == [] and hub.saved.question(made) is None


def test_a_rebuild_gives_the_same(world: World) -> None:
    hub = world.hub
    which = world.open("Fay", "cell")
    world.write("Gus", which, Paper(What.NOTE, text="Look"), Paper(What.VALUES, keys=(EVIL,)))
    kept = hub.saved.save(world.viewer("Fay"), Query("Parcels", "parcel"), "me")
    gone = hub.saved.save(world.viewer("Fay"), Query("Gone"), "cell")
    hub.settle()
    hub.saved.change(world.viewer("Fay"), kept, Query("Parcels again", "parcel"))
    hub.saved.drop(world.viewer("Fay"), gone)
    hub.settle()
    assert [one.query.name for one in hub.saved.listed(world.viewer("Fay"))] == ["Parcels again"]
    standing = dump(hub.databases["projections"])
    rebuild(hub)
    hub.river.run_dry()
    assert dump(hub.databases["projections"]) == standing
