"""Replay sightings day by day, ask, wait, and keep score. Pure.

1. Each day's sightings are taken in. A day stands for its end: what was reported on it is known.
2. On each day of asking (every seven days, counted from the middle of the period, and before it for practice) every
   value not silent for over 180 days is asked of: will it be reported on one of the next 7, 30 days?
3. When these days are over, what came of it is handed to the learners; only then can they learn from it. From the
   middle of the period on it also counts in the figures. What the feed's end leaves open counts nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from fusioncell.fusion.backtest.figures import Tally, brier, calibration, figures, tally, together
from fusioncell.fusion.backtest.gather import gather
from fusioncell.fusion.backtest.history import Asked, History, Rates
from fusioncell.fusion.backtest.model import ASKED_EVERY, HORIZONS, Sighting, Sightings, Step
from fusioncell.fusion.backtest.peers import PEERS, share_left
from fusioncell.fusion.learn import Pupil, calibrated, fit_curve
from fusioncell.fusion.learn.logit import Floats
from fusioncell.kernel.clock import DAY, format_day

REFIT = 14
FITS = 10
"""Days between fits, at least, and fits in all, at most about: a feed of many years takes no longer for it."""
_OFTEN = 4_000
"""Fewer values than these are asked of every day for practice, so that a small feed teaches what it can."""


@dataclass(slots=True)
class _Open:
    """Questions of a day, whose days are not over. ``weekly``: of the grid of askings. ``said``: our log-odds, and
    ``told``: our probabilities; none for practice."""

    asked: Asked
    columns: npt.NDArray[np.float32]
    weekly: bool
    said: Floats | None = None
    told: Floats | None = None


@dataclass(slots=True)
class _Course:
    """One horizon's learner, its open questions, and its score."""

    horizon: int
    pupil: Pupil
    rates: Rates
    open: list[_Open] = field(default_factory=list)
    ours: list[Tally] = field(default_factory=list)
    theirs: dict[str, list[tuple[int, Tally]]] = field(default_factory=dict)
    """What peers were asked and what came of it, by day of asking, practice included."""
    favoured: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    refit: int = REFIT
    learned: int | None = None


def backtest(sightings: Iterable[Sighting], step: Step = lambda done, whole: None) -> dict[str, Any]:
    """Replay sightings, in any order, and return the figures as JSON values (docs/fusion.md). ``step``: progress."""
    rows = gather(sightings)
    first, last = (int(rows.days[0]), int(rows.days[-1])) if len(rows.days) else (0, -1)
    refit = max(REFIT, (last - first) // 2 // FITS)
    shorter, longer = HORIZONS
    pupil = Pupil(shorter)
    courses = [
        _Course(days, each, Rates(rows), refit=refit)
        for days, each in ((shorter, pupil), (longer, Pupil(longer, pupil)))
    ]
    middle = first + (last - first + 1) // 2
    history = History(rows)
    ends = np.searchsorted(rows.days, np.arange(first, last + 2))
    for day in range(first, last + 1):
        part = slice(ends[day - first], ends[day - first + 1])
        history.step(day, rows.values[part], rows.sources[part], rows.contexts[part], rows.firsts[part])
        for course in courses:
            _settle(course, day, history, rows)
        weekly = (day - middle) % ASKED_EVERY == 0
        if weekly or int((history.last >= 0).sum()) <= _OFTEN:
            asked = history.ask(day)
            columns = np.concatenate([asked.columns, *(course.rates.of(asked) for course in courses)], axis=1)
            said = None
            for course in courses:
                if day + course.horizon <= last:
                    question = _Open(asked, columns, weekly)
                    if weekly and day >= middle:
                        said = _say(course, question, said)
                    course.open.append(question)
        step(day - first + 1, last - first + 1)
    return _report(courses, rows, first, last, middle)


def _settle(course: _Course, day: int, history: History, rows: Sightings) -> None:
    """Hand the questions of ``horizon`` days ago, and what came of them, to the learner and to the score."""
    while course.open and course.open[0].asked.day + course.horizon <= day:
        question = course.open.pop(0)
        outcomes = history.last[question.asked.values] > question.asked.day
        if question.weekly:
            _score_peers(course, question, outcomes, rows)
        if question.said is not None and question.told is not None:
            course.ours.append(tally(question.told.astype(np.float32), outcomes))
            course.pupil.came_true(question.said, outcomes, ASKED_EVERY)
        course.rates.matured(question.asked, outcomes)
        course.pupil.matured(question.asked.day, question.columns, outcomes, question.asked.values)


def _say(course: _Course, question: _Open, under: Floats | None) -> Floats:
    """Answer a question, having learned what could be by then. ``under``: the shorter horizon's answer."""
    day = question.asked.day
    if course.learned is None or day - course.learned >= course.refit:
        course.pupil.learn(day)
        course.learned = day
    question.said = course.pupil.say(question.columns, under)
    question.told = course.pupil.probability(question.said)
    return question.said


def _score_peers(course: _Course, question: _Open, outcomes: npt.NDArray[np.bool_], rows: Sightings) -> None:
    """Score the peers; and once more as if each had been calibrated on what had matured by the day of asking."""
    day = question.asked.day
    for peer in PEERS:
        before = course.theirs.setdefault(peer.name, [])
        now = tally(share_left(peer, question.asked, rows.names), outcomes)
        if question.said is not None:
            known = together([each for asked, each in before if asked + course.horizon <= day])
            value = brier(now._replace(scores=calibrated(fit_curve(*known), now.scores)))
            course.favoured.setdefault(peer.name, []).append((value or 0.0, float(now.asked.sum())))
        before.append((day, now))


def _report(courses: list[_Course], rows: Sightings, first: int, last: int, middle: int) -> dict[str, Any]:
    horizons: dict[str, Any] = {}
    peers: dict[str, Any] = {peer.name: {} for peer in PEERS}
    for course in courses:
        ours = together(course.ours)
        horizons[str(course.horizon)] = {**figures(ours), "calibration": calibration(ours)}
        for peer in PEERS:
            theirs = together([each for day, each in course.theirs.get(peer.name, []) if day >= middle])
            favoured = course.favoured.get(peer.name, [])
            whole = sum(weight for _, weight in favoured)
            peers[peer.name][str(course.horizon)] = {
                **figures(theirs, peer.base / 100.0),
                "brier_of_full_base_score": brier(theirs),
                "brier_calibrated": sum(value * weight for value, weight in favoured) / whole if whole else None,
            }
    dates = {"first": first, "last": last, "middle": middle} if len(rows.days) else {}
    return {
        "sightings": len(rows.days),
        "values": len(rows.types),
        "sources": rows.sources_in_all,
        "period": {name: format_day(day * DAY) for name, day in dates.items()},
        "horizons": horizons,
        "peers": peers,
    }
