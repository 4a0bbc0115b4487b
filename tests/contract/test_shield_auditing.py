"""The auditor's report: who or what decided, what was looked at, undone and appealed against; on both databases."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace

import pytest

from blocking import accuse, block, someone
from fusioncell.bootstrap import Hub
from fusioncell.kernel.clock import DAY, HOUR, ManualClock
from fusioncell.kernel.errors import BadInput, NotAllowed
from fusioncell.kernel.marking import Viewer
from fusioncell.shield.appeals.model import Filed
from fusioncell.shield.auditing import Report
from fusioncell.shield.auditing.model import Heard, Samples, Sum
from fusioncell.shield.auditing.routes import instant_of, report_json
from fusioncell.shield.fuse.model import Limits
from fusioncell.shield.model import State

RULE = {"title": "Feeds we trust", "categories": ["malware"], "probability": 0.8, "sample": 2, "daily_cap": 50}


def auditor(hub: Hub) -> Viewer:
    """Somebody of another organisation with the role of an auditor, as the membership makes them."""
    if hub.members.organisation_named("Court") is None:
        court = hub.members.add_organisation("Court", "government", "government")
        hub.members.add_person(court.id, "Aud", "aud@court.example", ["auditor"])
    found = hub.members.organisation_named("Court")
    assert found is not None
    person = hub.members.people_of(found.id)[0]
    viewer = hub.members.viewer_of(f"person:{person.id}")
    assert viewer is not None
    return viewer


def report(hub: Hub, category: str = "") -> Report:
    auditing = hub.shielding.auditing
    return auditing.report(auditor(hub), auditing.period(None, None, category))


def pass_time(hub: Hub, span: int) -> None:
    assert isinstance(hub.clock, ManualClock)
    hub.clock.advance(span)


def under_rule(hub: Hub, names: list[str]) -> str:
    """Have names published under a standing approval that two people signed."""
    standing = hub.shielding.standing
    made = standing.propose(someone(hub, "Gov"), RULE)
    hub.settle()
    standing.sign(someone(hub, "Bank"), made)
    hub.settle()
    for name in names:
        accuse(hub, name, "Gov", "Bank", "Isp")
    hub.settle()
    return made


def test_who_or_what_decided_is_counted(hub: Hub) -> None:
    block(hub, "a.example")
    under_rule(hub, ["r1.example", "r2.example", "r3.example"])
    gov = someone(hub, "Gov")
    drill = hub.shield.propose(gov, "drill.example", "phishing", "we play", exercise=True)
    hub.settle()
    hub.shield.approve(gov, drill)
    hub.settle()
    found = report(hub)
    assert set(found.sums) == {Sum("malware", "person", 1, 1, 0), Sum("malware", "standing", 3, 3, 0)}
    assert [(one.blocks, bool(one.standing)) for one in found.shares] == [(3, True), (1, False)]
    assert [(one.people, one.rules) for one in found.days] == [(1, 3)]
    assert (found.exercise_count, [one.name for one in found.exercises]) == (1, ["drill.example"])
    assert report(hub, "phishing").blocks == 0 and report(hub, "phishing").exercise_count == 1
    pass_time(hub, 31 * DAY)
    assert report(hub).blocks == 0


def test_the_daily_sample_is_told_with_its_verdicts_and_what_nobody_looked_at(hub: Hub) -> None:
    rule = under_rule(hub, [f"r{at}.example" for at in range(5)])
    gov, standing = someone(hub, "Gov"), hub.shielding.standing
    first, second = standing.sample(gov, rule)
    standing.review(gov, first.id, wrong=True, note="a shop")
    hub.settle()
    assert [one.id for one in standing.sample(gov, rule)] == [second.id]
    assert report(hub).samples == Samples(2, 1, 1, 0)
    pass_time(hub, 8 * DAY)
    found = report(hub)
    assert found.samples == Samples(2, 1, 1, 1)
    told = {one.decision: one for one in found.sampled}
    assert (told[first.id].wrong, told[first.id].note, told[first.id].late) == (True, "a shop", False)
    assert told[second.id].late and not told[second.id].at
    ((one, fared),) = found.standing
    assert (one.id, fared.published, fared.looked_at, fared.wrong) == (rule, 5, 1, 1)


def test_lifts_appeals_and_the_fuse_are_told_with_their_entries_in_the_log(hub: Hub) -> None:
    for name in ("a.example", "b.example", "c.example"):
        block(hub, name)
    gov, bank = someone(hub, "Gov"), someone(hub, "Bank")
    appeals = hub.shielding.appeals
    appeals.lodge("a.example", Filed("We are a shop.", "owner", "me@a.example"))
    appeals.lodge("b.example", Filed("So are we.", "owner"))
    hub.settle()
    pass_time(hub, 2 * HOUR)
    hub.shielding.lifts.lift(gov, {"name": "c.example"}, "not theirs")
    lodged = next(one for one in appeals.listed(gov) if one.name == "a.example")
    appeals.decide(bank, lodged.id, uphold=True, reason="a shop indeed")
    hub.settle()
    pass_time(hub, 2 * DAY)
    hub.shielding.fuse.ask_unbar(gov, "c.example", "it is theirs after all")
    hub.settle()
    found = report(hub)
    assert found.heard == Heard(1, 1, 0, 0, 1), "one waits past its time"
    assert (found.lifts.ended, found.lifts.wrong, found.lifts.median) == (2, 2, 2 * HOUR)
    said = {(one.name, one.reason) for one in found.lifted}
    assert said == {("a.example", "a shop indeed"), ("c.example", "not theirs")}
    assert [one.reason for one in found.acts] == ["it is theirs after all"]
    assert all(one.text == one.contact == "" for one in found.appeals)
    log = hub.shielding.translog
    assert all('"kind":"add"' in leaf(log.proof(found.places[one.decision])) for one in found.lifted)
    assert all('"kind":"appeal"' in leaf(log.proof(found.places[one.id])) for one in found.appeals)


def leaf(proof: str) -> str:
    return b64decode(proof.split("\nextra ")[1].split("\n")[0]).decode()


def test_what_two_people_released_is_told(hub: Hub) -> None:
    hub.shielding.fuse._limits = Limits(share=0.1, always=1)
    under_rule(hub, ["r1.example", "r2.example", "r3.example"])
    fuse = hub.shielding.fuse
    (act,) = report(hub).acts
    for org in ("Gov", "Isp"):
        fuse.agree(someone(hub, org), act.id)
        hub.settle()
    (act,) = report(hub).acts
    assert (act.state, act.agreed) == ("confirmed", ("person-of-Gov", "person-of-Isp"))


def test_an_auditor_reads_no_proposal_and_no_word_of_an_appellant(hub: Hub) -> None:
    """To be told how decisions come about widens nothing else."""
    block(hub, "a.example")
    accuse(hub, "waits.example", "Gov", "Bank")
    hub.shielding.appeals.lodge("a.example", Filed("A secret of ours.", "owner", "me@a.example"))
    hub.settle()
    viewer = auditor(hub)
    assert [one.name for one in hub.shield.decisions(viewer, list(State))] == ["a.example"]
    (seen,) = hub.shielding.appeals.listed(viewer)
    assert (seen.text, seen.contact) == ("", "")
    assert hub.shielding.appeals.listed(someone(hub, "Gov"))[0].text == "A secret of ours."
    assert "secret" not in str(report_json(report(hub)))
    assert hub.shielding.lifts.bars(viewer) == []


def test_it_is_for_auditors_and_for_periods(hub: Hub) -> None:
    auditing = hub.shielding.auditing
    nobody = replace(auditor(hub), permissions=frozenset({"read"}))
    with pytest.raises(NotAllowed):
        auditing.report(nobody, auditing.period(None, None, ""))
    with pytest.raises(NotAllowed):
        auditing.table(nobody, auditing.period(None, None, ""))
    for since, until in ((5 * DAY, 4 * DAY), (0, 5000 * DAY), (2_932_000 * DAY, 2_932_001 * DAY)):
        with pytest.raises(BadInput):
            auditing.period(since, until, "")
    with pytest.raises(BadInput):
        auditing.period(None, None, "phishing\x00")


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-13-01", "soon"])
def test_what_is_no_instant_is_told_so(text: str) -> None:
    with pytest.raises(BadInput, match="no instant"):
        instant_of(text, "since")


def test_an_empty_hub_has_an_empty_report(hub: Hub) -> None:
    found = report(hub)
    assert (found.blocks, found.wrong, found.lifts.median, found.samples) == (0, 0, -1, Samples(0, 0, 0, 0))
    assert report_json(found)["lifts"]["median_minutes"] is None
    assert hub.shielding.auditing.table(auditor(hub), found.period) == []
