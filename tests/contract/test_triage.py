"""The triage queue on both databases: why, who sees what, acts and their undoing, floods, rebuilding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import pytest

from databases import START, dump, rebuild
from fusioncell.bootstrap import Hub
from fusioncell.exchange.talk import NewPost
from fusioncell.fusion.learned.model import FORESEEN, TIERS, Horizon, OutlookBody
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import DAY, HOUR, MINUTE, ManualClock, format_instant
from fusioncell.kernel.entry import Draft, Payload
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from fusioncell.kernel.ids import SeededRandomness
from fusioncell.kernel.marking import CELL, Tlp, Viewer
from fusioncell.picture.triage import Act, Item, Kind, Show, Why

EVIL = "observable:domain-name:evil.example"


@dataclass
class Cell:
    """Fay and Gus of the cell, Ada and Bo of two members; what they contribute and do."""

    hub: Hub
    clock: ManualClock
    viewers: dict[str, Viewer]

    def say(self, name: str, *values: str, tlp: Tlp = Tlp.GREEN, more: str = "") -> None:
        """Contribute values as a table, in a minute of its own."""
        self.clock.advance(MINUTE)
        head = "value,type,source" if more else "value,type"
        rows = "\n".join(f"{value},domain{',' + more if more else ''}" for value in values)
        self.hub.intake.accept(self.viewers[name], f"{head}\n{rows}\n".encode(), "text/csv", Terms(tlp, ()))
        self.hub.settle()

    def keys(self, name: str = "Fay", show: Show = Show.OPEN) -> list[str]:
        return [item.candidate.key for item in self.hub.triage.queue(self.viewers[name], show).items]

    def item(self, name: str, key: str = EVIL, show: Show = Show.OPEN) -> Item:
        return next(item for item in self.hub.triage.queue(self.viewers[name], show).items if item.candidate.key == key)

    def whys(self, name: str, key: str = EVIL) -> dict[Why, int]:
        return {each.why: each.number for each in self.item(name, key).reasons}

    def act(self, name: str, kind: Kind, *keys: str, **more: object) -> str:
        self.clock.advance(MINUTE)
        done = self.hub.triage.act(self.viewers[name], Act(kind, keys or (EVIL,), **more))  # type: ignore[arg-type]
        self.hub.settle()
        return done


@pytest.fixture
def cell(open_again: Callable[..., Hub]) -> Cell:
    clock = ManualClock(START)
    hub = open_again(clock, SeededRandomness(5))
    members, viewers = hub.members, {}
    for home, sector, people in (("Cell", "government", ("Fay", "Gus")), ("Ministry", "government", ("Ada",)),
                                 ("Bank", "finance", ("Bo",)), ("Provider", "telecom", ("Ida",))):  # fmt: skip
        org = members.add_organisation(home, sector, "industry")
        for name in people:
            role = "analyst" if home == "Cell" else "member"
            made = members.add_person(org.id, name, f"{name.lower()}@x.example", [role])
            viewers[name] = made.id
    hub.settle()
    return Cell(hub, clock, {name: seen(hub, who) for name, who in viewers.items()})


def seen(hub: Hub, who: str) -> Viewer:
    found = hub.members.viewer_of(f"person:{who}")
    assert found is not None
    return found


def test_what_speaks_for_a_look(cell: Cell) -> None:
    cell.say("Ada", "evil.example", "new.example", more="feed-a")
    cell.say("Bo", "evil.example", more="feed-b")
    cell.say("Ida", "evil.example", more="feed-c")
    assert cell.whys("Fay") == {Why.CORROBORATED: 3, Why.OVER: 96, Why.RISING: 3, Why.SECTOR: 1, Why.NEW: 0}
    assert cell.whys("Fay", "observable:domain-name:new.example") == {Why.SECTOR: 1, Why.NEW: 0}
    assert cell.keys() == [EVIL, "observable:domain-name:new.example"]
    cell.clock.advance(4 * DAY)
    assert Why.NEW not in cell.whys("Fay") and Why.RISING not in cell.whys("Fay")


def test_a_contradiction_comes_first(cell: Cell) -> None:
    hub = cell.hub
    cell.say("Ada", "evil.example", "many.example")
    hub.talk.react(cell.viewers["Bo"], "observable:domain-name:evil.example", "false-positive")
    hub.settle()
    assert cell.whys("Fay")[Why.CONTRADICTED] == 1
    assert cell.keys() == [EVIL, "observable:domain-name:many.example"]


def test_only_what_a_viewer_sees_is_on_the_queue_and_counts(cell: Cell) -> None:
    cell.say("Ada", "evil.example")
    before = cell.hub.triage.queue(cell.viewers["Fay"])
    cell.say("Bo", "evil.example", "inner.example", tlp=Tlp.AMBER_STRICT)
    cell.clock.advance(-MINUTE)
    assert cell.hub.triage.queue(cell.viewers["Fay"]) == before
    with pytest.raises(NotFound):
        cell.act("Fay", Kind.DISMISS, "observable:domain-name:inner.example", said="x")


def test_a_flood_by_one_hides_nothing_of_the_others(cell: Cell) -> None:
    cell.say("Bo", "evil.example")
    for page in range(3):
        cell.say("Ada", *(f"n{page}-{n}.example" for n in range(1500)))
    keys = {item.candidate.key for item in cell.hub.triage.queue(cell.viewers["Fay"], limit=200).items}
    found = cell.hub.triage.queue(cell.viewers["Fay"], limit=200)
    assert EVIL in keys and found.more == 0 and len(keys) == 200
    read = cell.hub.picture.named_by_each(cell.viewers["Fay"])
    assert len(read[0]) == 3000, "more than are looked at"
    assert cell.hub.triage.queue(cell.viewers["Fay"], limit=200, mentions=read) == found, "whoever read the mentions"


def test_claim_assign_release(cell: Cell) -> None:
    cell.say("Ada", "evil.example")
    cell.act("Fay", Kind.CLAIM)
    assert cell.item("Gus").standing.holder == cell.viewers["Fay"].person
    assert cell.keys("Fay", Show.MINE) == [EVIL] and cell.keys("Gus", Show.MINE) == []
    with pytest.raises(Conflict):
        cell.act("Gus", Kind.CLAIM)
    cell.act("Fay", Kind.ASSIGN, to=cell.viewers["Gus"].person)
    assert cell.keys("Gus", Show.MINE) == [EVIL]
    cell.act("Gus", Kind.RELEASE)
    assert cell.item("Fay").standing.holder == ""


MAIL = ("Dear customer, your parcel could not be delivered, please pay the customs fee of {n} pounds within two days "
        "at {name} or it goes back to whoever sent it to you, with kind regards")  # fmt: skip


def mail(cell: Cell, name: str, place: int, tlp: Tlp = Tlp.GREEN) -> str:
    """Report a copy of one mail with a name of its own; return the key of its item."""
    cell.clock.advance(MINUTE)
    text = MAIL.format(n=place, name=f"parcel-{place}[.]example").encode()
    cell.hub.intake.accept(cell.viewers[name], text, "text/plain", Terms(tlp, ()))
    cell.hub.settle()
    return f"observable:domain-name:parcel-{place}.example"


def test_the_hundredth_report_of_one_mail_stands_with_the_first(cell: Cell) -> None:
    keys = [mail(cell, ("Ada", "Bo", "Ida")[n % 3], n) for n in range(100)]
    cell.say("Ada", "evil.example")
    queue = cell.hub.triage.queue(cell.viewers["Fay"])
    rows = {row.candidate.key: row for row in queue.items}
    assert len(rows) == 2 and EVIL in rows and queue.counts[Show.OPEN] == 2 and rows[EVIL].reports == 0
    (row,) = (row for key, row in rows.items() if key != EVIL)
    assert row.reports == 100 and sorted(row.keys) == sorted(keys)
    act = cell.act("Gus", Kind.DISMISS, *row.keys, said="Known wave.")
    assert cell.keys() == [EVIL]
    (asleep,) = cell.hub.triage.queue(cell.viewers["Fay"], Show.DISMISSED).items
    assert len(asleep.keys) == 100
    assert cell.hub.triage.undo(cell.viewers["Fay"], act) == 100
    cell.hub.settle()
    assert len(cell.item("Fay", row.candidate.key).keys) == 100


def test_copies_that_one_does_not_see_join_nothing(cell: Cell) -> None:
    keys = [mail(cell, "Ada", 1), mail(cell, "Bo", 2, Tlp.AMBER_STRICT), mail(cell, "Bo", 3, Tlp.AMBER_STRICT)]
    assert [(row.keys, row.reports) for row in cell.hub.triage.queue(cell.viewers["Fay"]).items] == [([keys[0]], 0)]
    mail(cell, "Ida", 4)
    (row,) = cell.hub.triage.queue(cell.viewers["Fay"]).items
    assert row.reports == 2 and not set(row.keys) & set(keys[1:])


def test_what_is_named_elsewhere_too_or_matters_for_itself_stands_alone(cell: Cell) -> None:
    keys = [mail(cell, "Ada", n) for n in range(4)]
    cell.say("Bo", "parcel-1.example")
    cell.hub.talk.react(cell.viewers["Bo"], keys[2], "false-positive")
    cell.hub.settle()
    rows = {row.candidate.key: row for row in cell.hub.triage.queue(cell.viewers["Fay"]).items}
    assert rows[keys[1]].keys == [keys[1]] and rows[keys[2]].keys == [keys[2]] and len(rows) == 3


def test_mentions_of_the_window_are_read_whatever_is_older_and_though_a_clock_was_set_back(cell: Cell) -> None:
    cell.say("Ada", *(f"old{n}.example" for n in range(30)))
    cell.clock.advance(20 * DAY)
    cell.say("Bo", "evil.example")
    cell.clock.advance(-5 * HOUR)
    cell.say("Ida", "evil.example", "new.example")
    fay, picture = cell.viewers["Fay"], cell.hub.picture
    assert sorted(len(page) for page in picture.named_by_each(fay)) == [1, 2, 3]
    assert len(picture.named(fay)) == 3 and len(picture.named(fay, days=30)) == 33
    cell.clock.advance(DAY)
    assert len(picture.named(fay)) == 3 and sorted(cell.keys()) == [EVIL, "observable:domain-name:new.example"]


def test_what_is_likely_to_come_again_stands_before_its_like(cell: Cell) -> None:
    one, two = (f"observable:domain-name:{name}.example" for name in ("one", "two"))
    for number in range(6):
        cell.say("Bo", "two.example", more=f"feed-{number}")
    cell.say("Ada", "one.example")
    before = cell.item("Fay", one).score
    assert cell.keys() == [one, two] and Why.AGAIN not in cell.whys("Fay", two)
    # What was learned: the oftener it was accused (the third fact) the likelier.
    weights = (-4.0, 0.0, 0.0, 3.0, *[0.0] * 5)
    horizon = Horizon(7, (0.0,) * 8, (1.0,) * 8, weights, 0.0, 1.0, 10_000, 90, 0.1, 0.2)
    body = msgspec.json.encode(OutlookBody(1, (horizon,)))
    record = cell.hub.record
    record.append("", [Draft(FORESEEN, record.intern_audience(TIERS[1]), Payload("", FORESEEN, START, "", body))], "x")
    cell.hub.settle()
    likely = cell.whys("Fay", two)[Why.AGAIN]
    assert likely > 50 > cell.whys("Fay", one)[Why.AGAIN] and cell.item("Fay", one).score > before
    assert cell.keys() == [two, one]


def test_snooze_ends_by_itself(cell: Cell) -> None:
    cell.say("Ada", "evil.example")
    cell.act("Fay", Kind.SNOOZE, until=cell.clock.now() + 5 * HOUR)
    assert cell.keys() == [] and cell.keys("Gus", Show.SNOOZED) == [EVIL]
    cell.clock.advance(5 * HOUR)
    assert cell.keys() == [EVIL]
    with pytest.raises(BadInput):
        cell.act("Fay", Kind.SNOOZE, until=cell.clock.now() - 1)


def test_what_was_dismissed_returns_when_another_names_it(cell: Cell) -> None:
    cell.say("Ada", "evil.example")
    with pytest.raises(BadInput):
        cell.act("Fay", Kind.DISMISS)
    cell.act("Fay", Kind.DISMISS, said="our own test")
    cell.say("Ada", "evil.example")
    assert cell.keys() == [] and cell.item("Gus", show=Show.DISMISSED).standing.said == "our own test"
    cell.say("Bo", "evil.example")
    assert Why.RETURNED in cell.whys("Fay") and cell.keys("Fay", Show.DISMISSED) == []
    cell.act("Fay", Kind.DISMISS, said="still ours")
    assert cell.keys() == []


def test_many_at_once_and_undone_at_once(cell: Cell) -> None:
    cell.say("Ada", *(f"n{n}.example" for n in range(40)))
    keys = cell.keys()
    done = cell.act("Fay", Kind.DISMISS, *keys, said="a test")
    assert cell.keys() == [] and len(cell.keys("Gus", Show.DISMISSED)) == 40
    last = cell.hub.triage.last_of(cell.viewers["Fay"])
    assert last is not None and (last[0].act, last[1]) == (done, 40)
    assert cell.hub.triage.last_of(cell.viewers["Gus"]) is None
    assert cell.hub.triage.undo(cell.viewers["Gus"], done) == 40
    cell.hub.settle()
    assert cell.keys() == keys
    with pytest.raises(NotFound):
        cell.hub.triage.undo(cell.viewers["Gus"], done)


def test_a_question_to_the_cell_is_an_item(cell: Cell) -> None:
    hub = cell.hub
    question = hub.requests.question(format_instant(cell.clock.now() + DAY), cell=True)
    new = NewPost(text="Who?", title="This kit", tlp=Tlp.AMBER_STRICT, groups=(CELL,), question=question)
    posted = hub.talk.post(cell.viewers["Ada"], new)
    hub.settle()
    key = f"request:{posted.id}"
    assert cell.keys() == [key] and cell.whys("Gus", key) == {Why.QUESTION: 24}
    cell.act("Gus", Kind.CLAIM, key)
    cell.clock.advance(2 * DAY)
    assert cell.item("Fay", key).reasons[0].number < 0 and cell.item("Fay", key).standing.holder
    hub.requests.answer(cell.viewers["Gus"], posted.id, NewPost(text="We have."))
    hub.settle()
    assert cell.keys() == []


def test_only_the_cell_works_on_it(cell: Cell) -> None:
    cell.say("Ada", "evil.example")
    triage, ada = cell.hub.triage, cell.viewers["Ada"]
    with pytest.raises(NotAllowed):
        triage.act(ada, Act(Kind.CLAIM, (EVIL,)))
    with pytest.raises(NotAllowed):
        triage.hand_over(ada, "x")
    with pytest.raises(NotAllowed):
        triage.undo(ada, "x")
    cell.act("Fay", Kind.DISMISS, said="ours")
    assert cell.hub.triage.standings(cell.viewers["Ada"], [EVIL]) == {}


def test_handing_over(cell: Cell) -> None:
    cell.hub.triage.hand_over(cell.viewers["Fay"], "Watch evil.example")
    cell.clock.advance(HOUR)
    cell.hub.triage.hand_over(cell.viewers["Gus"], "Quiet night")
    cell.hub.settle()
    assert [note.said for note in cell.hub.triage.notes(cell.viewers["Fay"])] == ["Quiet night", "Watch evil.example"]
    assert cell.hub.triage.notes(cell.viewers["Ada"]) == []


def test_a_rebuild_gives_the_same(cell: Cell) -> None:
    cell.say("Ada", "evil.example", "other.example")
    done = cell.act("Fay", Kind.DISMISS, said="x")
    cell.act("Gus", Kind.CLAIM, "observable:domain-name:other.example")
    cell.hub.triage.undo(cell.viewers["Fay"], done)
    cell.hub.triage.hand_over(cell.viewers["Fay"], "Watch it")
    cell.hub.settle()
    standing = dump(cell.hub.databases["projections"])
    before = cell.hub.triage.queue(cell.viewers["Fay"])
    rebuild(cell.hub)
    cell.hub.river.run_dry()
    assert dump(cell.hub.databases["projections"]) == standing
    assert cell.hub.triage.queue(cell.viewers["Fay"]) == before
