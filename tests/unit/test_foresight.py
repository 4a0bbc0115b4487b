"""The demonstration's horizon: each act refers to what was put there before; questions are resolved in their time."""

from __future__ import annotations

from fusioncell.demo.foresight import QUESTIONS, past_foresight
from fusioncell.demo.plot import Scan
from fusioncell.picture.horizon.model import Kind, What


def test_each_act_refers_to_what_stands_and_questions_end_before_the_doors_open() -> None:
    deadlines: dict[str, float] = {}
    resolved: set[str] = set()
    for beat in past_foresight():
        act = beat.act
        assert isinstance(act, Scan) and beat.at < 0
        if not act.to:
            deadlines[act.name] = beat.at + act.hours * 3600
            assert bool(act.hours) is (act.paper.kind is Kind.FORECAST)
            continue
        assert act.to in deadlines and (not act.other or act.other in deadlines)
        if act.paper.what is What.ESTIMATE:
            assert beat.at < deadlines[act.to] and act.to not in resolved
        if act.paper.what in (What.OUTCOME, What.CONFIRM):
            assert beat.at >= deadlines[act.to]
            resolved.add(act.to)
    assert len(resolved) == len(QUESTIONS)
