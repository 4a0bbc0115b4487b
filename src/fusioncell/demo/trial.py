"""A partnership with known truth: who says what when, so that what fusion makes of it can be scored. Pure.

Independent sources see a share of what is malicious, each after a delay of its own, and err now and then. Copycats
repeat one of them. A poisoner lists benign names day after day, under many invented sources. A lazy reporter sends what
is popular along with what is bad. Who knows better says so, now and then. The same seed tells the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import exp

from fusioncell.demo.dice import Dice
from fusioncell.kernel.clock import DAY, HOUR

MINUTE = HOUR // 60


@dataclass(frozen=True, slots=True)
class Plan:
    """What is simulated. Counts of sources; ``days``; ``values``: malicious names that come up in that time."""

    seed: int = 1
    days: int = 60
    values: int = 600
    independents: int = 6
    copycats: int = 3
    poisoners: int = 1
    lazy: int = 1
    targets: int = 25
    """Benign names that a poisoner wants blocked."""
    popular: int = 120


@dataclass(frozen=True, slots=True)
class Report:
    """One source's list: ``at`` microseconds after the start; rows of (value, verdict, named source, remark)."""

    at: int
    source: str
    rows: tuple[tuple[str, str, str, str], ...]

    def csv(self) -> bytes:
        """Write it as the source would send it."""
        lines = ["value,verdict,source,comment", *(",".join(row) for row in self.rows)]
        return ("\n".join(lines) + "\n").encode()


@dataclass(frozen=True, slots=True)
class Trial:
    """The whole: ``truth``: value → whether it is malicious; ``reports`` in order of time; ``sources`` by kind."""

    plan: Plan
    truth: Mapping[str, bool]
    reports: tuple[Report, ...]
    sources: Mapping[str, tuple[str, ...]]
    targets: tuple[str, ...]


def trial_of(plan: Plan) -> Trial:
    """Draw a trial. What the other sources say is the same with and without copycats."""
    names = {
        "independent": tuple(f"independent-{n + 1}" for n in range(plan.independents)),
        "copycat": tuple(f"copycat-{n + 1}" for n in range(plan.copycats)),
        "poisoner": tuple(f"poisoner-{n + 1}" for n in range(plan.poisoners)),
        "lazy": tuple(f"lazy-{n + 1}" for n in range(plan.lazy)),
    }
    bad = [(f"login-{n:04}.evil-{n % 37}.example", Dice(f"{plan.seed} bad {n}").below(plan.days * DAY))
           for n in range(plan.values)]  # fmt: skip
    popular = [f"www.popular-{n:03}.example" for n in range(plan.popular)]
    targets = tuple(f"shop-{n:02}.example" for n in range(plan.targets))
    truth = {name: True for name, _ in bad} | dict.fromkeys([*popular, *targets], False)
    said: list[Report] = []
    for source in names["independent"]:
        said += _independent(Dice(f"{plan.seed} {source}"), source, plan, bad, truth)
    for source in names["lazy"]:
        said += _lazy(Dice(f"{plan.seed} {source}"), source, plan, bad, popular)
    for source in names["poisoner"]:
        said += _poisoner(Dice(f"{plan.seed} {source}"), source, plan, targets)
    said += _corrections(Dice(f"{plan.seed} corrections"), said, truth, names["independent"])
    for number, source in enumerate(names["copycat"]):
        original = names["independent"][(number // 2) % max(1, plan.independents)]
        said += _copycat(Dice(f"{plan.seed} {source}"), source, original, said)
    ordered = sorted((one for one in said if one.at < plan.days * DAY), key=lambda one: (one.at, one.source))
    return Trial(plan, truth, tuple(ordered), names, targets)


def _independent(
    dice: Dice, source: str, plan: Plan, bad: list[tuple[str, int]], truth: dict[str, bool]
) -> Iterator[Report]:
    share = 0.2 + 0.3 * dice.share()
    found = [(at + dice.wait(18 * HOUR), name) for name, at in bad if dice.share() < share]
    for day in range(plan.days):
        if dice.share() < 0.3:
            name = f"site-{source}-{day}.example"
            truth[name] = False
            found.append((day * DAY + dice.below(DAY), name))
    for number, (at, name) in enumerate(sorted(found)):
        yield Report(at, source, ((name, "malicious", "", f"case {number} of {source}"),))


def _lazy(
    dice: Dice, source: str, plan: Plan, bad: list[tuple[str, int]], popular: list[str]
) -> Iterator[Report]:
    for day in range(plan.days):
        seen = [name for name, at in bad if day * DAY <= at < (day + 1) * DAY and dice.share() < 0.3]
        mixed = seen + dice.some(popular, 4)
        rows = tuple((name, "malicious", "", f"mail of day {day} of {source}") for name in sorted(mixed))
        yield Report(day * DAY + 20 * HOUR + dice.below(HOUR), source, rows)


def _poisoner(dice: Dice, source: str, plan: Plan, targets: tuple[str, ...]) -> Iterator[Report]:
    for day in range(plan.days):
        rows = tuple((name, "malicious", f"vendor {dice.below(40)}", f"sample {dice.below(1_000_000)}")
                     for name in dice.some(targets, 8))  # fmt: skip
        yield Report(day * DAY + dice.below(DAY), source, rows)


def _copycat(dice: Dice, source: str, original: str, said: Iterable[Report]) -> Iterator[Report]:
    for one in [report for report in said if report.source == original]:
        kept = tuple((value, verdict, "", f"seen by {source} {dice.below(1_000_000)}")
                     for value, verdict, _, _ in one.rows if verdict == "malicious" and dice.share() < 0.9)  # fmt: skip
        if kept:
            yield Report(one.at + 6 * HOUR + dice.below(30 * MINUTE), source, kept)


def _corrections(
    dice: Dice, said: Iterable[Report], truth: Mapping[str, bool], sources: tuple[str, ...]
) -> Iterator[Report]:
    """Somebody other than the accuser knows a benign name, and says so a day or two later, in one case of seven."""
    corrected: set[str] = set()
    for one in sorted(said, key=lambda report: (report.at, report.source)):
        for value, *_ in one.rows:
            if not truth[value] and value not in corrected and dice.share() < 0.15:
                corrected.add(value)
                who = dice.pick([source for source in sources if source != one.source])
                yield Report(one.at + DAY + dice.below(DAY), who, ((value, "benign", "", f"known to {who}"),))


# -- scores ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Votes:
    """Who said what of a value: names of contributors."""

    against: frozenset[str]
    excused: frozenset[str]


def votes(reports: Iterable[Report]) -> dict[str, Votes]:
    """Count who accuses and who excuses each value."""
    against: dict[str, set[str]] = {}
    excused: dict[str, set[str]] = {}
    for report in reports:
        for value, verdict, *_ in report.rows:
            (excused if verdict == "benign" else against).setdefault(value, set()).add(report.source)
    return {value: Votes(frozenset(against.get(value, ())), frozenset(excused.get(value, ())))
            for value in sorted(against.keys() | excused.keys())}  # fmt: skip


def naive_count(one: Votes, *, prior: float, weight: float) -> float:
    """Take each report for independent evidence of the same weight, in log-odds."""
    return 1 / (1 + exp(-(prior + weight * (len(one.against) - len(one.excused)))))


def majority(one: Votes) -> float:
    """Believe the larger number; half where they are as many."""
    return 0.5 if len(one.against) == len(one.excused) else float(len(one.against) > len(one.excused))


def brier(said: Mapping[str, float], truth: Mapping[str, bool]) -> float:
    """Return the mean squared error of probabilities (Brier 1950); 0 is perfect. ValueError for none."""
    if not said:
        raise ValueError("nothing was said")
    return sum((said[value] - truth[value]) ** 2 for value in sorted(said)) / len(said)
