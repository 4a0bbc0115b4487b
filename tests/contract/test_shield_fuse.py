"""A machine's large change waits for two people; so do a rollback and the end of a bar. A restored hub is frozen."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from blocking import accuse, block, blocked, someone
from databases import rebuild
from fusioncell.bootstrap import Hub
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import DAY, ManualClock, format_instant
from fusioncell.kernel.entry import Draft, Payload
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed
from fusioncell.kernel.ids import new_id
from fusioncell.kernel.marking import Tlp
from fusioncell.rebuild import NOBODY
from fusioncell.shield.fuse import Act
from fusioncell.shield.fuse import store as fuse_store
from fusioncell.shield.fuse.model import Kind, Limits, State
from fusioncell.shield.resolvers import Kind as Resolver
from fusioncell.shield.subscribers import Choice, Step
from fusioncell.shield.subscribers.service import Wanted

NAMES = [f"n{at}.example" for at in range(6)]


@pytest.fixture
def full(hub: Hub) -> Hub:
    """A hub that blocks six names, on one contribution of each of two organisations; a machine may change two."""
    hub.shielding.fuse._limits = Limits(share=0.10, always=2)
    for org in ("Gov", "Bank"):
        rows = "".join(f"{name},{format_instant(hub.clock.now())},by {org}\n" for name in NAMES)
        terms = Terms(tlp=Tlp.GREEN)
        hub.intake.accept(someone(hub, org), f"domain,last_seen,comment\n{rows}".encode(), "text/csv", terms)
    hub.settle()
    for name in NAMES:
        hub.shield.approve(someone(hub, "Gov"), name)
    hub.settle()
    assert blocked(hub) == set(NAMES)
    return hub


def recall_all(hub: Hub) -> None:
    """Bank takes all back: the rules want to end every block."""
    bank = someone(hub, "Bank")
    contribution = next(e.contribution for e in hub.record.read_kinds(bank.org or "", ("contribution",)))
    hub.intake.recall(bank, contribution, "our sensor was broken")
    hub.settle()


def waiting(hub: Hub) -> list[Act]:
    return [act for act in hub.shielding.fuse.acts(someone(hub, "Gov")) if act.state is State.WAITING]


def restored(hub: Hub) -> None:
    """Begin a new life, as ``fusioncell restore`` does."""
    number = hub.record.intern_audience(NOBODY)
    hub.record.append("", [Draft("hub.epoch", number, Payload("", "2", 0, "", b"{}"))], new_id(hub.randomness))
    hub.settle()


def test_a_recall_that_would_empty_the_zone_waits_and_two_people_let_it_pass(full: Hub) -> None:
    recall_all(full)
    assert blocked(full) == set(NAMES), "not one of them left, though two may without asking"
    fuse, act = full.shielding.fuse, waiting(full)[0]
    assert (act.kind, act.count, act.by) == (Kind.REMOVE, 6, "rule")
    assert fuse.names(someone(full, "Gov"), act.id) == NAMES
    full.settle()
    assert len(waiting(full)) == 1, "it is asked for once"
    fuse.agree(someone(full, "Gov"), act.id)
    full.settle()
    with pytest.raises(Conflict, match="already"):
        fuse.agree(someone(full, "Gov"), act.id)
    assert blocked(full) == set(NAMES)
    fuse.agree(someone(full, "Isp"), act.id)
    full.settle()
    assert blocked(full) == set() and waiting(full) == []


def test_one_person_refuses_and_the_zone_stays(full: Hub) -> None:
    recall_all(full)
    full.shielding.fuse.refuse(someone(full, "Gov"), waiting(full)[0].id, "their account was taken over")
    full.settle()
    full.settle()
    assert blocked(full) == set(NAMES) and waiting(full) == []
    full.shielding.lifts.lift(someone(full, "Gov"), {"name": NAMES[0]}, "this one is wrong")
    full.settle()
    assert blocked(full) == set(NAMES[1:]), "people still decide name by name"


def test_a_named_persons_lift_and_expiry_pass_alone(full: Hub) -> None:
    full.shielding.lifts.lift(someone(full, "Gov"), {"rule": "rule"}, "the rule was wrong")
    full.settle()
    assert blocked(full) == set() and waiting(full) == []


def test_scheduled_expiry_does_not_count(full: Hub) -> None:
    assert isinstance(full.clock, ManualClock)
    full.clock.advance(40 * DAY)
    full.settle()
    assert blocked(full) == set() and waiting(full) == []


def test_small_steps_add_up(full: Hub) -> None:
    """Two may go without asking; the third within the hour waits."""
    for name in (*NAMES[:2], NAMES[2]):
        gov = someone(full, "Gov")
        full.intake.accept(gov, f"domain,stance\n{name},benign\n".encode(), "text/csv", Terms(tlp=Tlp.GREEN))
        bank = someone(full, "Bank")
        full.intake.accept(bank, f"domain,stance\n{name},benign\n".encode(), "text/csv", Terms(tlp=Tlp.GREEN))
        full.settle()
    assert len(blocked(full)) == 4 and [act.count for act in waiting(full)] == [1]


def test_what_a_machine_would_publish_waits_as_well(full: Hub) -> None:
    accuse(full, "x1.example", "Gov", "Bank")
    accuse(full, "x2.example", "Gov", "Bank")
    accuse(full, "x3.example", "Gov", "Bank")
    full.settle()
    new = [item.id for name in ("x1.example", "x2.example", "x3.example")
           if (item := full.shield.newest(name)) is not None]  # fmt: skip
    fuse = full.shielding.fuse
    assert fuse.may_publish(new) == set()
    full.settle()
    assert fuse.may_publish(new) == set() and [act.kind for act in waiting(full)] == [Kind.ADD]
    for org in ("Gov", "Bank"):
        fuse.agree(someone(full, org), waiting(full)[0].id)
        full.settle()
    assert fuse.may_publish(new) == set(new)


def test_the_zone_goes_back_to_a_serial(hub: Hub) -> None:
    for name in ("a.example", "b.example"):
        block(hub, name)
    serial = hub.shield.zone.serial
    hub.shielding.lifts.lift(someone(hub, "Gov"), {"name": "a.example"}, "wrong")
    hub.settle()
    gov, bank, fuse = someone(hub, "Gov"), someone(hub, "Bank"), hub.shielding.fuse
    ended = hub.shield.newest("b.example")
    assert ended is not None
    hub.record.append("", hub.shield.endings([ended], by="rule", reason="a mistake"), new_id(hub.randomness))
    block(hub, "c.example")
    assert blocked(hub) == {"c.example"}
    way = fuse.way(gov, str(serial))
    assert (way.removed, way.added) == (("c.example",), ("b.example",))
    assert way.left == (("a.example", "it was lifted as wrong"),), "a rollback brings no lifted name back"
    asked = fuse.ask_rollback(gov, str(serial), "the rules went wild")
    hub.settle()
    assert blocked(hub) == {"c.example"}, "one person is not enough"
    fuse.agree(bank, asked)
    hub.settle()
    assert blocked(hub) == {"b.example"} and hub.shield.zone.serial > serial
    again = hub.shield.newest("b.example")
    assert again is not None and again.expires_at == ended.expires_at and len(again.approvers) == 2
    assert [act.state for act in fuse.acts(gov)] == [State.CARRIED]


def test_a_rollback_lapses_after_a_day(hub: Hub) -> None:
    block(hub, "a.example")
    fuse = hub.shielding.fuse
    asked = fuse.ask_rollback(someone(hub, "Gov"), str(hub.shield.zone.serial - 1), "wrong")
    assert isinstance(hub.clock, ManualClock)
    hub.settle()
    hub.clock.advance(DAY + 1)
    with pytest.raises(Conflict, match="lapsed"):
        fuse.agree(someone(hub, "Bank"), asked)
    assert fuse.waiting().acts == 0


@pytest.mark.parametrize("serial", ["", "x", "-1", "1", "9" * 20, "٣"])
def test_a_serial_that_never_was_is_refused(hub: Hub, serial: str) -> None:
    block(hub, "a.example")
    with pytest.raises(BadInput):
        hub.shielding.fuse.ask_rollback(someone(hub, "Gov"), serial, "wrong")


def test_a_bar_ends_by_two_people(hub: Hub) -> None:
    block(hub, "shop.example")
    gov, bank, fuse = someone(hub, "Gov"), someone(hub, "Bank"), hub.shielding.fuse
    hub.shielding.lifts.lift(gov, {"name": "shop.example"}, "a shop")
    hub.settle()
    fuse.ask_unbar(gov, "shop.example", "I lifted the wrong one")
    hub.settle()
    with pytest.raises(Conflict):
        fuse.ask_unbar(gov, "shop.example", "I lifted the wrong one")
    assert len(hub.shielding.lifts.bars(gov)) == 1
    fuse.ask_unbar(bank, "shop.example", "so it is")
    hub.settle()
    assert hub.shielding.lifts.bars(gov) == []
    hub.shield.propose(gov, "shop.example", "phishing", "a fraud after all")


def test_a_restored_hub_is_frozen_until_a_person_confirms(hub: Hub) -> None:
    block(hub, "a.example")
    before = hub.shield.zone.serial
    restored(hub)
    gov, fuse = someone(hub, "Gov"), hub.shielding.fuse
    assert hub.shield.zone.serial > before and blocked(hub) == {"a.example"}
    accuse(hub, "b.example", "Gov", "Bank")
    hub.settle()
    with pytest.raises(Conflict, match="frozen"):
        hub.shield.approve(gov, "b.example")
    recall_all_of(hub, "a.example")
    assert blocked(hub) == {"a.example"}, "no machine changes it"
    hub.shielding.lifts.lift(gov, {"name": "a.example"}, "wrong")
    hub.settle()
    assert blocked(hub) == set(), "a person still frees a name"
    with pytest.raises(NotAllowed):
        fuse.thaw(replace(gov, person=None, local=False), "it is the newest backup")
    assert fuse.frozen()
    fuse.thaw(replace(gov, local=False), "it is the newest backup")
    hub.settle()
    hub.shield.approve(gov, "b.example")
    hub.settle()
    assert blocked(hub) == {"b.example"}
    restored(hub)
    assert fuse.frozen()
    fuse.thaw(replace(gov, person=None), "whoever runs a command on the hub's own folder holds the hub")
    hub.settle()
    assert not fuse.frozen()


def recall_all_of(hub: Hub, name: str) -> None:
    for org in ("Gov", "Bank"):
        who = someone(hub, org)
        hub.intake.accept(who, f"domain,stance\n{name},benign\n".encode(), "text/csv", Terms(tlp=Tlp.GREEN))
    hub.settle()


# -- what each subscriber takes is a zone of its own ------------------------------------------------------------------

PHISHING = [f"p{at}.example" for at in range(4)]
BOTNET = [f"c{at}.example" for at in range(3)]
OTHER = [f"m{at:02}.example" for at in range(40)]
BY_BANK: dict[str, str] = {}
"""The contribution in which Bank names a name."""


@pytest.fixture
def parts(hub: Hub) -> Hub:
    """A hub that blocks four names for phishing, three for command and control and forty for malware, on the word of
    two organisations; a machine may change a fifth, and two in any case.
    """
    hub.shielding.fuse._limits = Limits(share=0.20, always=2)
    for org in ("Gov", "Bank"):
        said_of = [([name], "phishing") for name in PHISHING] + [(OTHER[:1], "seen")]
        for names, said in (*said_of, (BOTNET, "botnet"), (OTHER[1:], "seen")):
            rows = "".join(f"{name},{format_instant(hub.clock.now())},{said} by {org}\n" for name in names)
            body = f"domain,last_seen,tags\n{rows}".encode()
            made = hub.intake.accept(someone(hub, org), body, "text/csv", Terms(tlp=Tlp.GREEN))
            BY_BANK[names[0]] = made.contribution
    hub.settle()
    for name in [*PHISHING, *BOTNET, *OTHER]:
        hub.shield.approve(someone(hub, "Gov"), name)
    hub.settle()
    found = Counter(hub.shield.newest(name).category for name in blocked(hub))  # type: ignore[union-attr]
    assert found == {"phishing": 4, "command-and-control": 3, "malware": 40}
    return hub


def take(hub: Hub, choice: Choice) -> None:
    """Add a resolver that takes its zones."""
    isp, subscribers = someone(hub, "Isp"), hub.shielding.subscribers
    made = subscribers.add(isp, "", Wanted(label="Leeds", choice=choice))
    hub.settle()
    subscribers.change(isp, made.id, Wanted(step=Step.SHADOW, reference="CHG1"))
    hub.settle()


def taken_back(hub: Hub, *names: str) -> None:
    """Bank takes back what it said of these names: rules want to end the blocks."""
    for name in names:
        hub.intake.recall(someone(hub, "Bank"), BY_BANK[name], "our sensor was broken")
    hub.settle()


def test_small_beside_all_names_and_large_to_nobody_passes(parts: Hub) -> None:
    taken_back(parts, *PHISHING)
    assert waiting(parts) == [] and not blocked(parts) & set(PHISHING), "four of 47 are less than a fifth"


@pytest.mark.parametrize("choice", [
    Choice(Resolver.UNBOUND, categories=("phishing",)),
    Choice(Resolver.BIND, categories=("command-and-control", "phishing"), severities=("high",)),
    Choice(Resolver.KNOT, severities=("high",)),
    Choice(Resolver.POWERDNS),  # all categories, each a zone of its own
], ids=lambda choice: choice.kind)  # fmt: skip
def test_what_would_empty_one_subscribers_zone_waits(parts: Hub, choice: Choice) -> None:
    take(parts, Choice(Resolver.UNBOUND))  # one that takes all stops nothing
    take(parts, choice)
    taken_back(parts, *PHISHING, "m00.example")
    act = waiting(parts)[0]
    fuse = parts.shielding.fuse
    assert (act.kind, act.count, act.by) == (Kind.REMOVE, 4, "rule") and "some resolvers" in act.reason
    assert fuse.names(someone(parts, "Gov"), act.id) == PHISHING
    assert blocked(parts) == {*PHISHING, *BOTNET, *OTHER[1:]}, "what is in no such zone passes"
    for org in ("Gov", "Bank"):
        assert set(PHISHING) <= blocked(parts)
        fuse.agree(someone(parts, org), act.id)
        parts.settle()
    assert not blocked(parts) & set(PHISHING) and waiting(parts) == []


def test_small_steps_in_one_subscribers_zone_add_up(parts: Hub) -> None:
    take(parts, Choice(Resolver.UNBOUND, categories=("phishing",)))
    for name in PHISHING[:3]:
        taken_back(parts, name)
    assert blocked(parts) & set(PHISHING) == {*PHISHING[2:]} and [act.count for act in waiting(parts)] == [1]


def test_who_rehearses_or_has_ended_stops_nothing(parts: Hub) -> None:
    isp, subscribers = someone(parts, "Isp"), parts.shielding.subscribers
    wanted = Wanted(label="Leeds", choice=Choice(Resolver.UNBOUND, categories=("phishing",)))
    subscribers.add(isp, "", wanted)
    parts.settle()
    ended = subscribers.add(isp, "", wanted)
    parts.settle()
    subscribers.change(isp, ended.id, Wanted(step=Step.SHADOW, reference="CHG1"))
    parts.settle()
    subscribers.end(isp, ended.id, "gone")
    parts.settle()
    taken_back(parts, *PHISHING)
    assert waiting(parts) == [] and not blocked(parts) & set(PHISHING)


def test_names_are_counted_as_they_stand(parts: Hub) -> None:
    def counted() -> dict[tuple[str, str], int]:
        with parts.databases["projections"].read() as connection:
            return {sort: names for sort, names in fuse_store.names_by_sort(connection).items() if names}

    def standing() -> dict[tuple[str, str], int]:
        items = [item for name in blocked(parts) if (item := parts.shield.newest(name)) is not None]
        return dict(Counter((item.category, item.severity) for item in items))

    assert counted() == standing() == {("phishing", "high"): 4, ("command-and-control", "high"): 3,
                                       ("malware", "medium"): 40}  # fmt: skip
    gov = someone(parts, "Gov")
    parts.shielding.lifts.lift(gov, {"name": PHISHING[0]}, "wrong")
    parts.shield.propose(gov, "played.example", "dga", "an exercise", exercise=True)
    parts.shield.propose(gov, "again.example", "dga", "seen in a campaign")
    parts.settle()
    for name in ("played.example", "again.example"):
        parts.shield.approve(gov, name)
    parts.settle()
    parts.shield.withdraw(gov, "played.example", "over")
    parts.settle()
    assert counted() == standing() and counted()["dga", "low"] == 1 and counted()["phishing", "high"] == 3
    assert isinstance(parts.clock, ManualClock)
    parts.clock.advance(100 * DAY)
    parts.settle()
    assert counted() == standing() == {}


def test_a_rebuild_ends_the_same(full: Hub) -> None:
    recall_all(full)
    full.shielding.fuse.agree(someone(full, "Gov"), waiting(full)[0].id)
    full.shielding.lifts.lift(someone(full, "Gov"), {"name": NAMES[0]}, "this one is wrong")
    restored(full)
    # Asked for once: where the projections are empty, ``someone`` would admit a second Gov, and project all for it.
    gov = someone(full, "Gov")

    fuse, lifts = full.shielding.fuse, full.shielding.lifts

    def standing() -> tuple[object, ...]:
        return fuse.acts(gov), fuse.waiting(), lifts.bars(gov), blocked(full)

    before = standing()
    assert waiting(full) and before[0] == waiting(full) and before[2]
    rebuild(full)
    assert fuse.acts(gov) == []
    full.river.run_dry()
    assert standing() == before
