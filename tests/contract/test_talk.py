"""Talk on both databases: who reads which thread, edits, withdrawals, reactions as claims, and what a person keeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from databases import START, dump, rebuild
from fusioncell.bootstrap import Hub
from fusioncell.exchange.talk import Filters, NewPost, Posted
from fusioncell.kernel.clock import MINUTE, ManualClock
from fusioncell.kernel.errors import BadInput, Conflict, FusionCellError, NotAllowed, NotFound, TooLarge
from fusioncell.kernel.ids import SeededRandomness
from fusioncell.kernel.marking import Tlp, Viewer, group, org, person
from fusioncell.kernel.observable import Observable, ObservableType

EVIL = Observable(ObservableType.DOMAIN, "evil-bank.example")
SHOP = Observable(ObservableType.DOMAIN, "shop.example")


@dataclass
class Cast:
    """Ada and Al of the ministry, Bo of the bank (both organisations in the circle), Ida of the provider."""

    hub: Hub
    clock: ManualClock
    people: dict[str, str]
    orgs: dict[str, str]
    circle: str

    def viewer(self, name: str, role: str = "administrator") -> Viewer:
        key = self.hub.members.make_key(self.orgs[name], self.people[name], role=role)[1].reveal()
        found = self.hub.members.viewer_for_key(key)
        assert found is not None
        return found

    def party(self) -> str:
        return group(self.circle, self.hub.circles.group(self.circle).generation)

    def post(self, name: str, text: str, **more: object) -> Posted:
        self.clock.advance(MINUTE)
        posted = self.hub.talk.post(self.viewer(name), NewPost(text=text, **more))  # type: ignore[arg-type]
        self.hub.settle()
        return posted

    def texts(self, name: str, thread: str) -> list[str]:
        return [post.text for post in self.hub.talk.thread(self.viewer(name), thread).posts]


@pytest.fixture
def cast(open_again: Callable[..., Hub]) -> Cast:
    clock = ManualClock(START)
    hub = open_again(clock, SeededRandomness(3))
    members = hub.members
    orgs, people = {}, {}
    for name, at in (("Ada", "Ministry"), ("Bo", "Bank"), ("Ida", "Provider"), ("Al", "Ministry")):
        known = next((one.id for one in members.organisations() if one.name == at), "")
        orgs[name] = known or members.add_organisation(at, at.lower(), "industry").id
        people[name] = members.add_person(orgs[name], name, f"{name}@x.example", ["administrator"]).id
    circle = hub.circles.make_group("Circle", [org(orgs["Ada"]), org(orgs["Bo"])]).id
    hub.settle()
    return Cast(hub, clock, people, orgs, circle)


def test_a_thread_is_a_tree_of_what_one_may_see(cast: Cast) -> None:
    talk, first = cast.hub.talk, cast.post("Ada", "Who saw evil-bank[.]example?", title="Phishing")
    one = cast.post("Bo", "We did", parent=first.id)
    two = cast.post("Ida", "We too", parent=first.id)
    inner = cast.post("Ada", "since when?", parent=one.id)
    cast.post("Ada", "for the circle alone", parent=two.id, tlp=Tlp.AMBER, groups=(cast.party(),))
    seen = talk.thread(cast.viewer("Bo"), first.thread)
    assert [(p.text[:8], p.depth) for p in seen.posts] == [
        ("Who saw ", 0), ("We did", 1), ("since wh", 2), ("We too", 1), ("for the ", 2)
    ]  # fmt: skip
    assert (seen.title, seen.count, seen.posts[2].parent) == ("Phishing", 5, one.id)
    assert set(seen.assessments) == {EVIL}
    outside = talk.thread(cast.viewer("Ida"), first.thread)
    assert outside.count == 4 and outside.posts[-1].text == "We too"
    [summary] = talk.threads(cast.viewer("Ida")).threads
    assert (summary.posts, summary.last_author, summary.title) == (4, cast.people["Ada"], "Phishing")
    assert summary.last_at == talk.read_one(cast.viewer("Ida"), inner.id).at
    with pytest.raises(NotFound):
        talk.read_one(cast.viewer("Ida"), seen.posts[-1].id)


def test_an_answer_reaches_no_more_than_what_it_answers(cast: Cast) -> None:
    hub, talk = cast.hub, cast.hub.talk
    first = cast.post("Ada", "for the circle", tlp=Tlp.AMBER, groups=(cast.party(),))
    hub.circles.join_group(cast.circle, [org(cast.orgs["Ida"])])
    with pytest.raises(NotFound):
        talk.post(cast.viewer("Ida"), NewPost(text="hello?", parent=first.id))
    bo = cast.viewer("Bo")
    proposed = talk.audience_of(bo, NewPost(text="x", parent=first.id))
    assert proposed.parties == {cast.party(), org(cast.orgs["Bo"]), org(cast.orgs["Ada"])}, "its current generation"
    answer = cast.post("Bo", "an answer", parent=first.id)
    assert cast.texts("Ida", first.thread) == ["an answer"], "who joined later sees what came since, and no more"
    assert talk.thread(cast.viewer("Ida"), first.thread).posts[0].parent == ""
    for wider in ({"tlp": Tlp.GREEN}, {"tlp": Tlp.AMBER, "groups": (org(cast.orgs["Ida"]),)}):
        with pytest.raises(BadInput, match="more than the readers"):
            talk.post(bo, NewPost(text="look", parent=first.id, **wider))  # type: ignore[arg-type]
    cast.post("Bo", "narrower", parent=first.id, tlp=Tlp.AMBER_STRICT)
    assert "narrower" not in cast.texts("Ada", first.thread)
    cast.post("Ada", "now for all", parent=first.id, tlp=Tlp.GREEN)
    assert answer.thread == first.thread


def test_red_stays_with_its_people(cast: Cast) -> None:
    first = cast.post("Ada", "eyes only", tlp=Tlp.RED, people=(person(cast.people["Bo"]),))
    cast.post("Bo", "understood", parent=first.id)
    assert cast.texts("Bo", first.thread) == ["eyes only", "understood"]
    assert cast.texts("Ada", first.thread) == ["eyes only", "understood"]
    colleague = cast.hub.members.operator_viewer(cast.orgs["Bo"])
    assert colleague is not None
    with pytest.raises(NotFound):
        cast.hub.talk.thread(colleague, first.thread)


def test_an_edit_is_a_version_and_counts_once(cast: Cast) -> None:
    talk, first = cast.hub.talk, cast.post("Ada", "evil-bank[.]example and shop[.]example", title="Old")
    second = cast.post("Bo", "an answer", parent=first.id)
    bo, ada = cast.viewer("Bo"), cast.viewer("Ada")
    audiences = cast.hub.record.visible_to(bo)
    before = cast.hub.fusion.look_up(EVIL, audiences)
    for number in range(3):
        talk.edit(ada, first.id, f"only evil-bank[.]example {number}", "New")
        cast.hub.settle()
    thread = talk.thread(bo, first.thread)
    assert [post.id for post in thread.posts] == [first.id, second.id], "an edit moves nothing"
    assert thread.posts[0].edited and not thread.posts[1].edited
    assert (thread.title, thread.count) == ("New", 2)
    assert [v.text[-1] for v in talk.versions(bo, first.id)] == ["e", "0", "1", "2"]
    after = cast.hub.fusion.look_up(EVIL, audiences)
    assert before is not None and after is not None
    assert before.malicious == after.malicious and before.last == after.last
    assert cast.hub.fusion.look_up(SHOP, audiences) is None or not cast.hub.fusion.look_up(SHOP, audiences).origins  # type: ignore[union-attr]
    with pytest.raises(NotAllowed):
        talk.edit(bo, first.id, "mine now")
    with pytest.raises(NotAllowed):
        talk.edit(cast.viewer("Al", role="member"), first.id, "a colleague's")
    assert [t.id for t in talk.about(bo, "observable:auto:evil-bank[.]example")] == [first.thread]
    assert talk.about(bo, "observable:domain-name:shop.example") == ()


def test_a_withdrawn_post_is_gone_in_all_its_versions(cast: Cast) -> None:
    hub, talk = cast.hub, cast.hub.talk
    first = cast.post("Ada", "see evil-bank[.]example", title="T")
    cast.post("Bo", "an answer", parent=first.id)
    talk.edit(cast.viewer("Ada"), first.id, "see evil-bank[.]example again", "T")
    hub.settle()
    with pytest.raises(NotAllowed):
        talk.withdraw(cast.viewer("Bo"), first.id)
    talk.withdraw(cast.viewer("Al"), first.id, "wrong")
    hub.settle()
    bo = cast.viewer("Bo")
    thread = talk.thread(bo, first.thread)
    assert ([p.text for p in thread.posts], thread.title, thread.count) == (["an answer"], "", 1)
    for ask in (talk.read_one, talk.versions):
        with pytest.raises(NotFound):
            ask(bo, first.id)  # type: ignore[operator]
    assert hub.fusion.look_up(EVIL, hub.record.visible_to(bo)) is None
    assert hub.picture.search(bo, "again").hits == ()
    assert talk.about(bo, "observable:domain-name:evil-bank.example") == ()


def test_reactions_are_claims_and_can_be_taken_back(cast: Cast) -> None:
    hub, talk = cast.hub, cast.hub.talk
    first = cast.post("Ada", "evil-bank[.]example took money from shop.example")
    on, bo, audiences = f"post:{first.id}", cast.viewer("Bo"), hub.record.visible_to(cast.viewer("Ida"))

    def worth() -> float:
        found = hub.fusion.look_up(EVIL, audiences)
        assert found is not None
        return found.malicious

    alone = worth()
    for _ in range(2):
        talk.react(bo, on, "seen")
        hub.settle()
    seen = worth()
    assert seen > alone
    about_shop = hub.fusion.look_up(SHOP, audiences)
    assert about_shop is not None and not about_shop.origins, "a value that is only mentioned is not seen as evil"
    talk.react(cast.viewer("Ida"), on, "false-positive")
    talk.react(cast.viewer("Ida"), on, "useful")
    hub.settle()
    assert worth() < seen
    assert talk.thread(bo, first.thread).posts[0].reacted() == {
        "seen": (cast.orgs["Bo"],), "false-positive": (cast.orgs["Ida"],), "useful": (cast.orgs["Ida"],)
    }  # fmt: skip
    talk.unreact(bo, on, "seen")
    talk.unreact(cast.viewer("Ida"), on, "false-positive")
    hub.settle()
    assert worth() == alone
    talk.react(bo, on, "seen")
    hub.settle()
    assert worth() == seen, "taken back, it can be given again"
    with pytest.raises(Conflict):
        talk.react(cast.viewer("Al"), on, "useful")
    with pytest.raises(NotFound):
        talk.unreact(bo, on, "useful")
    with pytest.raises(BadInput):
        talk.react(bo, on, "false-positive", ["observable:domain-name:other.example"])
    with pytest.raises(BadInput):
        talk.react(bo, on, "applause")


def test_a_reaction_goes_to_the_readers_of_what_it_is_on(cast: Cast) -> None:
    hub, talk = cast.hub, cast.hub.talk
    first = cast.post("Ada", "evil-bank[.]example", tlp=Tlp.AMBER_STRICT, groups=(cast.party(),))
    talk.react(cast.viewer("Bo"), f"post:{first.id}", "seen")
    talk.react(cast.viewer("Bo"), f"contribution:{first.contribution}", "useful")
    talk.react(cast.viewer("Bo"), "observable:domain-name:evil-bank.example", "false-positive")
    hub.settle()
    ida = cast.viewer("Ida")
    assert hub.fusion.look_up(EVIL, hub.record.visible_to(ida)) is None
    assert talk.reactions(ida, [f"post:{first.id}", "observable:domain-name:evil-bank.example"]) == {}
    assert len(talk.reactions(cast.viewer("Ada"), ["observable:domain-name:evil-bank.example"])) == 1
    for hidden in (f"post:{first.id}", f"contribution:{first.contribution}", f"observable:domain-name:{EVIL.value}"):
        with pytest.raises(NotFound):
            talk.react(ida, hidden, "useful")


def test_lists_filter_and_page(cast: Cast) -> None:
    talk = cast.hub.talk
    ids = [cast.post("Ada" if n % 2 else "Bo", f"question {n}", about=(f"campaign:C{n % 3}",)).thread for n in range(7)]
    hidden = cast.post("Ada", "ours", tlp=Tlp.AMBER, groups=(cast.party(),)).thread
    cast.post("Ada", "hidden, and last", parent=ids[0], tlp=Tlp.AMBER_STRICT)
    answered = cast.post("Ida", "an answer", parent=ids[2])
    ida, bo = cast.viewer("Ida"), cast.viewer("Bo")

    def listed(viewer: Viewer, **filters: object) -> list[str]:
        found, token = [], ""
        while True:
            page = talk.threads(viewer, before=token, limit=2, filters=Filters(**filters))  # type: ignore[arg-type]
            found += [thread.id for thread in page.threads]
            if not (token := page.next):
                return found

    order = [ids[2], *(ids[n] for n in (6, 5, 4, 3, 1, 0))]
    assert listed(ida) == order
    assert listed(bo) == [ids[2], hidden, *order[1:]]
    assert listed(ida, unanswered=True) == order[1:]
    assert listed(ida, about="campaign:C0") == [ids[n] for n in (6, 3, 0)]
    assert listed(ida, org=cast.orgs["Bo"]) == [ids[n] for n in (2, 6, 4, 0)]
    assert listed(ida, mine=True) == listed(ida, watched=True) == [answered.thread]
    assert (listed(bo, group=cast.circle), listed(ida, group=cast.circle)) == ([hidden], [])
    assert listed(ida, about="campaign:C0", org=cast.orgs["Ada"]) == [ids[3]]
    with pytest.raises(BadInput):
        talk.threads(ida, before="nonsense")


def test_long_threads_come_in_pages(cast: Cast) -> None:
    talk, first = cast.hub.talk, cast.post("Ada", "0")
    for number in range(1, 10):
        cast.post("Bo", str(number), parent=first.id)
    ada = cast.viewer("Ada")
    newest = talk.thread(ada, first.thread, limit=4)
    assert ([p.text for p in newest.posts], newest.after, newest.count) == (["6", "7", "8", "9"], "", 10)
    older = talk.thread(ada, first.thread, before=newest.before, limit=4)
    assert [p.text for p in older.posts] == ["2", "3", "4", "5"]
    assert [p.text for p in talk.thread(ada, first.thread, after=older.after, limit=4).posts] == ["6", "7", "8", "9"]
    assert talk.thread(ada, first.thread, before=older.before, limit=4).before == ""


def test_what_a_person_keeps(cast: Cast) -> None:
    talk, ada, bo = cast.hub.talk, cast.viewer("Ada"), cast.viewer("Bo")
    draft = talk.save_draft(ada, NewPost(text="half a", tlp=Tlp.AMBER))
    assert talk.save_draft(ada, NewPost(text="half a thought", tlp=Tlp.AMBER), draft) == draft
    assert [(d.post.text, d.post.tlp) for d in talk.drafts(ada)] == [("half a thought", Tlp.AMBER)]
    assert talk.drafts(bo) == []
    with pytest.raises(NotFound):
        talk.drop_draft(bo, draft)
    talk.drop_draft(ada, draft)
    first = cast.post("Ada", "for the circle", tlp=Tlp.AMBER, groups=(cast.party(),))
    talk.bookmark(bo, first.id)
    talk.watch(bo, first.thread)
    with pytest.raises(NotFound):
        talk.bookmark(cast.viewer("Ida"), first.id)
    assert talk.thread(bo, first.thread).posts[0].bookmarked and not talk.thread(ada, first.thread).posts[0].bookmarked
    assert (talk.unread(bo), talk.unread(ada)) == (1, 0)
    talk.mark_read(bo, first.thread)
    assert talk.unread(bo) == 0
    again = cast.post("Ada", "more", parent=first.id)
    assert talk.unread(bo) == 1 and talk.thread(bo, first.thread).new == {again.id}
    [summary] = talk.threads(bo).threads
    assert (summary.unread, summary.watching) == (1, "watch")
    talk.watch(bo, first.thread, "mute")
    assert talk.unread(bo) == 0 and talk.watchers(first.thread)[cast.people["Bo"]] == "mute"
    assert [b.post for b in talk.bookmarks(bo)] == [first.id]
    cast.hub.circles.leave_group(cast.circle, org(cast.orgs["Bo"]))
    cast.hub.settle()
    assert talk.bookmarks(cast.viewer("Bo")) == [], "kept, and no longer to be seen"
    assert cast.hub.desk.held_on(cast.people["Bo"])["bookmarks"]
    cast.hub.desk.forget(cast.people["Bo"])
    assert not any(cast.hub.desk.held_on(cast.people["Bo"]).values())


def test_a_closed_thread_takes_no_more(cast: Cast) -> None:
    hub, talk = cast.hub, cast.hub.talk
    first = cast.post("Ada", "a question")
    with pytest.raises(NotAllowed):
        talk.close_thread(cast.viewer("Bo", role="member"), first.thread)
    talk.close_thread(cast.viewer("Bo", role="moderator"), first.thread, reason="answered")
    hub.settle()
    closed = talk.thread(cast.viewer("Ida"), first.thread).closed
    assert closed is not None and (closed.reason, closed.org) == ("answered", cast.orgs["Bo"])
    assert talk.threads(cast.viewer("Ida")).threads[0].closed
    with pytest.raises(Conflict):
        talk.post(cast.viewer("Ida"), NewPost(text="but", parent=first.id))
    talk.close_thread(cast.viewer("Ada", role="member"), first.thread, closed=False)
    hub.settle()
    cast.post("Ida", "but", parent=first.id)


def test_what_is_proposed_for_a_text(cast: Cast) -> None:
    talk, ada = cast.hub.talk, cast.viewer("Ada")
    plain = talk.suggestions(ada, "we saw evil-bank[.]example at shop.example")
    assert (plain.tlp, plain.groups, plain.observables) == (Tlp.GREEN, (), ((EVIL, True), (SHOP, False)))
    assert talk.suggestions(ada, "hello", cast.circle).groups == (cast.party(),)
    assert talk.suggestions(ada, "TLP:RED for you").tlp is Tlp.RED
    with pytest.raises(BadInput):
        talk.suggestions(cast.viewer("Ida"), "hello", cast.circle)


REFUSED: list[tuple[dict[str, object], type[FusionCellError]]] = [
    ({"text": " "}, BadInput),
    ({"text": "x" * 50_001}, TooLarge),
    ({"text": "x", "title": "x" * 201}, TooLarge),
    ({"text": "x\ud800"}, BadInput),
    ({"text": "x", "groups": ("group:other.1",)}, BadInput),
    ({"text": "x", "tlp": Tlp.AMBER, "groups": ("group:other.1",)}, NotAllowed),
    ({"text": "x", "tlp": Tlp.AMBER, "groups": ("may:approve",)}, BadInput),
    ({"text": "TLP:AMBER x", "tlp": Tlp.GREEN}, BadInput),
    ({"text": "x", "about": ("contribution:nothing",)}, NotFound),
    ({"text": "x", "about": ("group:nothing",)}, NotFound),
    ({"text": "x", "about": ("observable:ipv4-addr:999.1.1.1",)}, BadInput),
    ({"text": "x", "about": ("nonsense",)}, BadInput),
    ({"text": "x", "about": ("post:x",)}, BadInput),
    ({"text": "x", "parent": "nothing"}, NotFound),
]


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_what_is_refused(cast: Cast, number: int) -> None:
    given, fault = REFUSED[number]
    before = cast.hub.record.head()[0]
    with pytest.raises(fault):
        cast.hub.talk.post(cast.viewer("Ada"), NewPost(**given))  # type: ignore[arg-type]
    assert cast.hub.record.head()[0] == before, "nothing was kept"


def test_erasure_takes_a_post_out_as_a_rebuild_does(cast: Cast) -> None:
    from fusioncell.exchange.files import project as files
    from fusioncell.exchange.participation import project as participation
    from fusioncell.exchange.requests import project as requests
    from fusioncell.exchange.talk import project

    hub = cast.hub
    first = cast.post("Ada", "about evil-bank[.]example", about=("campaign:C",))
    cast.post("Bo", "an answer", parent=first.id)
    commit = hub.record.commit_of(first.contribution)
    assert commit is not None
    for seq in range(commit.first_seq, commit.last_seq + 1):
        hub.record.erase(seq)
    with hub.databases["projections"].write() as connection:
        for room in (project, files, requests, participation):
            room.purge(connection, range(commit.first_seq, commit.last_seq + 1))
    standing = {name: rows for name, rows in dump(hub.databases["projections"]).items() if name.startswith("exchange_")}
    assert cast.texts("Ida", first.thread) == ["an answer"]
    rebuild(hub)
    hub.river.run_dry()
    after = dump(hub.databases["projections"])
    assert standing == {name: after[name] for name in standing}
