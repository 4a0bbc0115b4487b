"""A calibration alone ends what rules had blocked and what it no longer carries; through the fuse, in portions."""

from __future__ import annotations

import msgspec
import pytest

import fusioncell.shield.recheck.service
from blocking import accuse, block, blocked, someone
from fusioncell.bootstrap import Hub
from fusioncell.fusion.learned.model import CALIBRATED, TIERS, CalibrationBody
from fusioncell.kernel.entry import Draft, Payload
from fusioncell.kernel.ids import new_id
from fusioncell.shield.fuse.model import Limits
from fusioncell.shield.fuse.model import State as Fuse
from fusioncell.shield.model import State

NAMES = {f"n{at}.example" for at in range(5)}


def calibrate(hub: Hub, shift: float) -> None:
    """Have the hub learn that what was said was so far off, as its daily round writes it."""
    body = msgspec.json.encode(CalibrationBody(1, shift, 1.0, 200, 60))
    number = hub.record.intern_audience(TIERS[1])
    hub.record.append("", [Draft(CALIBRATED, number, Payload("", "learned", 0, "", body))], new_id(hub.randomness))
    hub.settle()


@pytest.fixture
def full(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """Five names that two name, one that four do, all by rule; one that a person proposed."""
    monkeypatch.setattr(fusioncell.shield.recheck.service, "PORTION", 2)
    for name in sorted(NAMES):
        block(hub, name)
    block(hub, "sure.example", "Gov", "Bank", "Isp", "Police")
    accuse(hub, "asked.example", "Gov")
    hub.settle()
    hub.shield.propose(someone(hub, "Gov"), "asked.example", "malware", "I saw it")
    hub.settle()
    hub.shield.approve(someone(hub, "Bank"), "asked.example")
    hub.settle()
    accuse(hub, "waits.example", "Gov", "Bank")
    hub.settle()
    assert blocked(hub) == NAMES | {"sure.example", "asked.example"}
    return hub


def test_what_a_calibration_no_longer_carries_ends_by_itself(full: Hub) -> None:
    gov = someone(full, "Gov")
    assert [each.name for each in full.shield.decisions(gov, [State.PROPOSED])] == ["waits.example"]
    calibrate(full, -1.0)
    assert blocked(full) == {"sure.example", "asked.example"}, "what carries still, and what a person proposed, stands"
    assert full.shield.decisions(gov, [State.PROPOSED]) == []
    ended = full.shield.newest("n1.example")
    assert ended is not None and ended.state is State.WITHDRAWN and "no longer suffices" in ended.reason
    calibrate(full, 0.0)
    assert blocked(full) == {"sure.example", "asked.example"}


def test_a_calibration_that_carries_all_ends_nothing(full: Hub) -> None:
    calibrate(full, 0.3)
    assert blocked(full) == NAMES | {"sure.example", "asked.example"}


def test_the_fuse_knows_of_all_and_not_of_one_portion(full: Hub) -> None:
    fuse = full.shielding.fuse
    fuse._limits = Limits(share=0.10, always=3)
    calibrate(full, -1.0)
    assert blocked(full) == NAMES | {"sure.example", "asked.example"}, "not one portion of them has gone alone"
    (act,) = (one for one in fuse.acts(someone(full, "Gov")) if one.state is Fuse.WAITING)
    assert set(fuse.names(someone(full, "Gov"), act.id)) == NAMES
    fuse.agree(someone(full, "Gov"), act.id)
    full.settle()
    assert NAMES <= blocked(full)
    fuse.agree(someone(full, "Isp"), act.id)
    full.settle()
    assert blocked(full) == {"sure.example", "asked.example"}


def test_what_carries_again_before_two_people_agreed_stands(full: Hub) -> None:
    fuse = full.shielding.fuse
    fuse._limits = Limits(share=0.10, always=3)
    calibrate(full, -1.0)
    accuse(full, "n2.example", "Isp", "Police")
    full.settle()
    (act,) = (one for one in fuse.acts(someone(full, "Gov")) if one.state is Fuse.WAITING)
    for org in ("Gov", "Isp"):
        fuse.agree(someone(full, org), act.id)
    full.settle()
    assert blocked(full) == {"n2.example", "sure.example", "asked.example"}
