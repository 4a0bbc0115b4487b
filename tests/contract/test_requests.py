"""Requests for information on both databases: who is asked, states as each viewer sees them, and rebuilding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from databases import START, dump, rebuild
from fusioncell.bootstrap import Hub
from fusioncell.exchange.requests import State
from fusioncell.exchange.talk import NewPost
from fusioncell.kernel.clock import DAY, HOUR, MINUTE, ManualClock, format_instant
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from fusioncell.kernel.ids import SeededRandomness
from fusioncell.kernel.marking import CELL, Tlp, Viewer, group, org

ROLES = {"Ada": "member", "Al": "editor", "Bo": "member", "Ida": "reader", "Fay": "analyst"}
HOMES = {"Ada": "Ministry", "Al": "Ministry", "Bo": "Bank", "Ida": "Provider", "Fay": "Cell"}


@dataclass
class Cast:
    """Ada and Al of the ministry, Bo of the bank (both in the circle), Ida, who only reads, and Fay of the cell."""

    hub: Hub
    clock: ManualClock
    viewers: dict[str, Viewer]
    orgs: dict[str, str]
    circle: str

    def ask(self, name: str = "Ada", days: int = 3, **more: object) -> str:
        """Ask something until some days from now."""
        self.clock.advance(MINUTE)
        cell = bool(more.pop("cell", False))
        question = self.hub.requests.question(format_instant(self.clock.now() + days * DAY), cell=cell)
        new = NewPost(text="Who has seen this kit?", question=question, **more)  # type: ignore[arg-type]
        posted = self.hub.talk.post(self.viewers[name], new)
        self.hub.settle()
        return posted.id

    def answer(self, name: str, which: str, text: str = "We have.", **more: object) -> str:
        """Answer a request."""
        self.clock.advance(MINUTE)
        posted = self.hub.requests.answer(self.viewers[name], which, NewPost(text=text, **more))  # type: ignore[arg-type]
        self.hub.settle()
        return posted.id

    def state(self, name: str, which: str) -> State:
        """Return the state of a request, as somebody sees it."""
        return self.hub.requests.one(self.viewers[name], which).state


@pytest.fixture
def cast(open_again: Callable[..., Hub]) -> Cast:
    clock = ManualClock(START)
    hub = open_again(clock, SeededRandomness(5))
    members = hub.members
    orgs: dict[str, str] = {}
    people = {}
    for name, home in HOMES.items():
        orgs[name] = orgs.get(next((n for n in orgs if HOMES[n] == home), ""), "") or members.add_organisation(
            home, home.lower(), "industry"
        ).id
        people[name] = members.add_person(orgs[name], name, f"{name}@x.example", [ROLES[name]]).id
    circle = hub.circles.make_group("Circle", [org(orgs["Ada"]), org(orgs["Bo"])]).id
    hub.settle()
    viewers = {}
    for name, person in people.items():
        found = members.viewer_of(f"person:{person}")
        assert found is not None
        viewers[name] = found
    return Cast(hub, clock, viewers, orgs, circle)


def test_a_request_is_open_answered_incomplete_and_accepted(cast: Cast) -> None:
    hub, which = cast.hub, cast.ask()
    ada, bo = cast.viewers["Ada"], cast.viewers["Bo"]
    assert cast.state("Ida", which) is State.OPEN
    with pytest.raises(Conflict):
        hub.requests.accept(ada, which)
    first = cast.answer("Bo", which)
    assert cast.state("Ida", which) is State.ANSWERED and hub.requests.one(ada, which).answers == 1
    hub.requests.say_missing(ada, which, "since when?")
    hub.settle()
    assert cast.state("Bo", which) is State.OPEN and hub.requests.one(bo, which).said == "since when?"
    second = cast.answer("Bo", which, "since Monday")
    assert cast.state("Bo", which) is State.ANSWERED
    hub.requests.accept(ada, which, second, "thank you")
    hub.settle()
    one = hub.requests.one(cast.viewers["Ida"], which)
    assert (one.state, one.accepted, one.said, one.answers) == (State.ACCEPTED, second, "thank you", 2)
    with pytest.raises(Conflict):
        hub.requests.accept(ada, which, first)
    assert hub.requests.of_thread(bo, which) == (hub.requests.one(bo, which), {first, second})


def test_a_deadline_passes_and_an_answer_comes_late(cast: Cast) -> None:
    which = cast.ask(days=1)
    bo = cast.viewers["Bo"]
    assert [one.id for one in cast.hub.requests.due(bo, 2 * DAY)] == [which]
    assert cast.hub.requests.due(bo, HOUR) == []
    cast.clock.advance(DAY + 1)
    assert cast.state("Bo", which) is State.OVERDUE and cast.hub.requests.due(bo, DAY) == []
    cast.answer("Bo", which)
    assert cast.state("Ada", which) is State.ANSWERED
    for bad in ("", "soon", "2020-01-01", format_instant(cast.clock.now() + 400 * DAY)):
        with pytest.raises(BadInput):
            cast.hub.requests.question(bad)
    day = format_instant(cast.clock.now() + 2 * DAY)[:10]
    assert format_instant(cast.hub.requests.question(day).deadline)[:19] == f"{day}T23:59:59"


def test_a_question_to_the_cell_reaches_those_who_may_answer_as_it(cast: Cast) -> None:
    hub = cast.hub
    which = cast.ask(tlp=Tlp.AMBER_STRICT, groups=(CELL,), cell=True)
    assert {name for name in HOMES if _sees(hub, cast.viewers[name], which)} == {"Ada", "Al", "Fay"}
    cast.answer("Fay", which)
    assert cast.state("Ada", which) is State.ANSWERED
    assert hub.requests.board(cast.viewers["Fay"], cell=True).requests[0].id == which
    hub.members.give_roles(cast.viewers["Fay"].person or "", ["member"])
    hub.settle()
    assert not _sees(hub, hub.members.viewer_of(f"person:{cast.viewers['Fay'].person}") or cast.viewers["Bo"], which)
    with pytest.raises(BadInput):
        cast.ask(tlp=Tlp.AMBER_STRICT, groups=("may:approve",))
    with pytest.raises(BadInput):
        cast.ask(tlp=Tlp.GREEN, groups=(CELL,))


def _sees(hub: Hub, viewer: Viewer, which: str) -> bool:
    try:
        return bool(hub.requests.one(viewer, which))
    except NotFound:
        return False


def test_a_hidden_answer_has_no_effect(cast: Cast) -> None:
    hub, party = cast.hub, group(cast.circle, cast.hub.circles.group(cast.circle).generation)
    which = cast.ask()
    hidden = cast.answer("Bo", which, tlp=Tlp.AMBER_STRICT, groups=(party,))
    assert cast.state("Ada", which) is State.ANSWERED
    assert cast.state("Ida", which) is State.OPEN and hub.requests.one(cast.viewers["Ida"], which).answers == 0
    assert hub.requests.board(cast.viewers["Ida"]).counts[State.OPEN] == 1
    hub.requests.accept(cast.viewers["Ada"], which, hidden)
    hub.settle()
    assert hub.requests.one(cast.viewers["Ada"], which).accepted == hidden
    assert hub.requests.one(cast.viewers["Ida"], which).accepted == ""
    of = hub.requests.of_thread(cast.viewers["Ida"], which)
    assert of is not None and of[1] == set() and of[0].state is State.ACCEPTED, "the asker says so to all readers"


def test_only_the_asker_says_what_becomes_of_it(cast: Cast) -> None:
    hub, which = cast.hub, cast.ask()
    answer = cast.answer("Bo", which)
    other = cast.ask("Bo")
    for name in ("Bo", "Fay"):
        with pytest.raises(NotAllowed):
            hub.requests.accept(cast.viewers[name], which, answer)
    for wrong in (which, other):
        with pytest.raises(BadInput):
            hub.requests.accept(cast.viewers["Ada"], which, wrong)
    hub.requests.withdraw(cast.viewers["Al"], which, "solved")
    hub.settle()
    assert cast.state("Bo", which) is State.WITHDRAWN
    with pytest.raises(BadInput):
        hub.talk.post(cast.viewers["Bo"], NewPost(text="x", answer=True))
    with pytest.raises(NotFound):
        hub.requests.answer(cast.viewers["Bo"], answer, NewPost(text="x"))


def test_withdrawing_posts_takes_requests_and_answers_along(cast: Cast) -> None:
    hub, which = cast.hub, cast.ask()
    answer = cast.answer("Bo", which)
    hub.talk.edit(cast.viewers["Bo"], answer, "We have, since May.")
    hub.talk.edit(cast.viewers["Ada"], which, "Who has seen this other kit?", "Kit")
    hub.settle()
    one = hub.requests.one(cast.viewers["Ida"], which)
    assert (one.title, one.state, one.answers) == ("Kit", State.ANSWERED, 1)
    hub.talk.withdraw(cast.viewers["Bo"], answer)
    hub.settle()
    assert cast.state("Ida", which) is State.OPEN
    hub.talk.withdraw(cast.viewers["Ada"], which)
    hub.settle()
    assert not _sees(hub, cast.viewers["Ada"], which)
    assert hub.requests.board(cast.viewers["Ada"]).requests == ()


def test_the_board_is_sorted_paged_counted_and_sifted(cast: Cast) -> None:
    hub, party = cast.hub, group(cast.circle, cast.hub.circles.group(cast.circle).generation)
    late, soon, circle = cast.ask(days=9), cast.ask(days=2), cast.ask(days=5, tlp=Tlp.AMBER, groups=(party,))
    done = cast.ask(days=4)
    cast.answer("Bo", done)
    bo = cast.viewers["Bo"]
    assert [one.id for one in hub.requests.board(bo, State.OPEN).requests] == [soon, circle, late]
    page = hub.requests.board(bo, State.OPEN, limit=2)
    assert [one.id for one in page.requests] == [soon, circle]
    assert [one.id for one in hub.requests.board(bo, State.OPEN, limit=2, after=page.next).requests] == [late]
    assert page.counts == {State.OPEN: 3, State.OVERDUE: 0, State.ANSWERED: 1, State.ACCEPTED: 0, State.WITHDRAWN: 0}
    assert [one.id for one in hub.requests.board(bo, group=cast.circle).requests] == [circle]
    assert hub.requests.board(cast.viewers["Ida"]).counts[State.OPEN] == 2
    assert hub.requests.board(cast.viewers["Ida"], group=cast.circle).requests == ()


def test_requests_are_rebuilt_to_the_same_rows(cast: Cast) -> None:
    which = cast.ask()
    gone = cast.ask()
    answer = cast.answer("Bo", which)
    cast.hub.requests.say_missing(cast.viewers["Ada"], which, "more")
    cast.hub.settle()
    cast.answer("Bo", which)
    cast.hub.talk.withdraw(cast.viewers["Bo"], answer)
    cast.hub.talk.withdraw(cast.viewers["Ada"], gone)
    cast.hub.requests.accept(cast.viewers["Ada"], which)
    cast.hub.settle()
    database = cast.hub.databases["projections"]
    before = dump(database)
    assert before["exchange_request_step"] and before["exchange_request_answer"]
    rebuild(cast.hub)
    cast.hub.settle()
    assert dump(database) == before


def reminded(cast: Cast, name: str) -> list[tuple[str, str]]:
    """Return (why, thread) of the notices of deadlines that somebody got, oldest first."""
    found, _ = cast.hub.notify.notices(cast.viewers[name])
    return [(one.whys[0][0], one.thread) for one in reversed(found) if one.whys[0][0] in ("deadline", "unanswered")]


def test_those_who_are_asked_are_reminded_once_and_the_asker_is_told_once(cast: Cast) -> None:
    hub, clock = cast.hub, cast.clock
    which = cast.ask(days=3, tlp=Tlp.AMBER, groups=(group(cast.circle, 1),))
    done = cast.ask(days=3, tlp=Tlp.AMBER, groups=(group(cast.circle, 1),))
    cast.answer("Bo", done)
    hub.tell()
    assert reminded(cast, "Bo") == []
    clock.advance(2 * DAY)
    for _ in range(3):
        hub.tell()
        clock.advance(HOUR)
    # Bo's bank is asked; Ada asks, Al is Ada's colleague, Ida and Fay are no readers.
    assert {name: reminded(cast, name) for name in ROLES} == {
        "Bo": [("deadline", which)], "Ada": [], "Al": [], "Ida": [], "Fay": []}
    clock.advance(DAY)
    for _ in range(2):
        hub.tell()
    assert reminded(cast, "Ada") == [("unanswered", which)]
    assert reminded(cast, "Bo") == [("deadline", which)] and reminded(cast, "Al") == []
    [notice] = [one for one in hub.notify.notices(cast.viewers["Ada"])[0] if one.whys[0][0] == "unanswered"]
    assert notice.contribution == hub.talk.read_one(cast.viewers["Ada"], which).contribution


def test_an_answer_that_one_may_not_see_stops_no_reminder(cast: Cast) -> None:
    which = cast.ask(days=2, tlp=Tlp.AMBER, groups=(group(cast.circle, 1),), cell=True)
    cast.answer("Bo", which, tlp=Tlp.RED, people=(f"person:{cast.viewers['Ada'].person}",))
    cast.clock.advance(DAY + HOUR)
    cast.hub.tell()
    # Bo, who answered, sees the answer; Fay's office is asked and does not.
    assert reminded(cast, "Bo") == []
    assert reminded(cast, "Fay") == ([("deadline", which)] if seen_by(cast, "Fay", which) else [])
    cast.clock.advance(2 * DAY)
    cast.hub.tell()
    assert reminded(cast, "Ada") == []


def test_a_question_to_all_reminds_the_cell_and_who_watches_it(cast: Cast) -> None:
    which = cast.ask(days=2, tlp=Tlp.GREEN, cell=True)
    cast.hub.desk.watch(cast.viewers["Ida"].person or "", which, "watch")
    cast.clock.advance(DAY + HOUR)
    cast.hub.tell()
    assert {name: reminded(cast, name) for name in ("Bo", "Ida", "Fay")} == {
        "Bo": [], "Ida": [("deadline", which)], "Fay": [("deadline", which)]}
    muted = cast.ask(days=1, tlp=Tlp.GREEN, cell=True)
    cast.hub.desk.watch(cast.viewers["Fay"].person or "", muted, "mute")
    cast.hub.tell()
    assert reminded(cast, "Fay") == [("deadline", which)]


def seen_by(cast: Cast, name: str, which: str) -> bool:
    """Tell whether somebody sees a request."""
    try:
        cast.hub.requests.one(cast.viewers[name], which)
    except NotFound:
        return False
    return True
