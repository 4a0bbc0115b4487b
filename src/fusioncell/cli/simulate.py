"""``fusioncell simulate``: a partnership with known truth through a real hub, and how well it was judged."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from fusioncell.bootstrap import Folder, Hub, open_hub, read_settings
from fusioncell.cli.options import json_option
from fusioncell.demo import Plan, Trial, brier, majority, naive_count, trial_of, votes
from fusioncell.fusion import KnownGood, prior, weight
from fusioncell.fusion.model import Assessment
from fusioncell.fusion.service import reassess
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import DAY, Instant, ManualClock, parse_instant
from fusioncell.kernel.ids import SeededRandomness
from fusioncell.kernel.marking import Tlp, Viewer
from fusioncell.kernel.observable import Observable, ObservableType
from fusioncell.shield import MALICIOUS_AT_LEAST
from fusioncell.shield.model import State

START = parse_instant("2026-01-05T00:00:00Z")
_WEIGHT = weight("F", 6)
_PRIOR = prior(ObservableType.DOMAIN)


class Stage:
    """A hub in a folder of its own in which a trial is played, under a clock of its own."""

    def __init__(self, folder: Path, trial: Trial) -> None:
        Folder(folder).make("hub")
        self.clock = ManualClock(START)
        self.trial = trial
        self.hub: Hub = open_hub(
            folder, read_settings(data=str(folder)), clock=self.clock, randomness=SeededRandomness(trial.plan.seed),
            known_good=KnownGood.nothing(),
        )  # fmt: skip
        members = self.hub.members
        self.org: dict[str, str] = {}
        self.viewers: dict[str, Viewer] = {}
        for source in (name for names in trial.sources.values() for name in names):
            made = members.add_organisation(source, "telecommunications", "isp")
            self.org[source] = made.id
            found = members.operator_viewer(made.id)
            assert found is not None
            self.viewers[source] = found
        cell = members.add_organisation("Fusion Cell", "government", "government")
        ann = members.add_person(cell.id, "Ann Approver", "ann@cell.example", ["approver"])
        approver = members.viewer_of(f"person:{ann.id}")
        assert approver is not None
        self.approver = approver
        self.blocked: list[str] = []
        """Benign names that the rule proposed."""

    def play(self, tick: Callable[[int], None]) -> None:
        """Let everybody say what they say, day by day; at each day's end an approver looks at what is proposed."""
        waiting = list(self.trial.reports)
        for day in range(self.trial.plan.days):
            while waiting and waiting[0].at < (day + 1) * DAY:
                report = waiting.pop(0)
                self._at(START + report.at)
                self.hub.intake.accept(self.viewers[report.source], report.csv(), "text/csv",
                                       Terms(Tlp.GREEN, filename=f"{report.source}.csv"))  # fmt: skip
            self._at(START + (day + 1) * DAY)
            self.hub.settle()
            self._decide()
            self.hub.origins.learn()
            self.hub.settle()
            tick(1)

    def _at(self, instant: Instant) -> None:
        self.clock.advance(instant - self.clock.now())

    def _decide(self) -> None:
        """Approve what is proposed, and lift it where it turns out to be no threat, as an owner's appeal shows."""
        for item in self.hub.shield.decisions(self.approver, [State.PROPOSED]):
            self.hub.shield.approve(self.approver, item.id)
            if not self.trial.truth[item.name]:
                self.blocked.append(item.name)
                self.hub.settle()
                self.hub.shield.withdraw(self.approver, item.id, "it is no threat")

    def says(self, values: Iterable[str]) -> dict[str, Assessment]:
        """Return what a member is told of values."""
        viewer = self.viewers[self.trial.sources["independent"][0]]
        asked = [Observable(ObservableType.DOMAIN, value) for value in values]
        found = self.hub.fusion.match(asked, self.hub.record.visible_to(viewer))
        return {observable.value: assessed for observable, assessed in found.items()}

    def added(self, said: Mapping[str, Assessment]) -> float:
        """Return the most that the copycats add to P(malicious) of any value: beside the same evidence without them."""
        copies = {self.org[source] for source in self.trial.sources["copycat"]}
        most = 0.0
        for one in said.values():
            alone = reassess(one, copies, self.clock.now())
            most = max(most, one.malicious - alone.malicious) if alone is not None else most
        return most

    def joined(self) -> dict[str, set[str]]:
        """Return for each source with whom it was found to be one origin."""
        name_of = {org: name for name, org in self.org.items()}
        viewer = self.viewers[self.trial.sources["independent"][0]]
        return {name_of.get(one.name, one.name): {name_of.get(each, each) for each in one.family}
                for one in self.hub.origins.sources(viewer) if len(one.family) > 1}  # fmt: skip

    def letters(self) -> dict[str, str]:
        """Return the grade of each member."""
        name_of = {org: name for name, org in self.org.items()}
        viewer = self.viewers[self.trial.sources["independent"][0]]
        return {name_of[one.name]: one.letter for one in self.hub.origins.sources(viewer) if one.name in name_of}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a trial. ``said``: P(malicious) of each value in the end; ``added``: the most that copycats did;
    ``blocked``: benign names that a rule proposed; ``joined``: source → its family; ``letters``: source → grade."""

    said: dict[str, float]
    added: float
    blocked: list[str]
    joined: dict[str, set[str]]
    letters: dict[str, str]


def played(trial: Trial, *, quiet: bool = True) -> Outcome:
    """Play a trial in a hub of its own, which is deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="fusioncell-simulate-") as folder:
        stage = Stage(Path(folder) / "hub", trial)
        try:
            with click.progressbar(length=trial.plan.days, label="days", file=sys.stderr, hidden=quiet) as bar:
                stage.play(bar.update)
            said = stage.says(votes(trial.reports))
            judged = {value: one.malicious for value, one in said.items()}
            return Outcome(judged, stage.added(said), stage.blocked, stage.joined(), stage.letters())
        finally:
            stage.hub.close()


def measured(trial: Trial, outcome: Outcome) -> dict[str, Any]:
    """Return the figures of a trial: how well it was judged, and what poisoners and copycats achieved."""
    counted = votes(trial.reports)
    truth = trial.truth
    family = {source: sorted(names - {source}) for source, names in outcome.joined.items()}
    copycats = set(trial.sources["copycat"])
    poisoned = {value: outcome.said.get(value, 0.0) for value in trial.targets}
    alone = {value for value in trial.targets
             if value in counted and counted[value].against <= set(trial.sources["poisoner"])}  # fmt: skip
    return {
        "plan": asdict(trial.plan),
        "reports": len(trial.reports),
        "values": {"malicious": sum(truth[value] for value in counted),
                   "benign": sum(not truth[value] for value in counted)},
        "brier": {
            "fused": brier(outcome.said, truth),
            "naive_count": brier({value: naive_count(one, prior=_PRIOR, weight=_WEIGHT)
                                  for value, one in counted.items()}, truth),
            "majority_vote": brier({value: majority(one) for value, one in counted.items()}, truth),
        },
        "copycats": {
            "found": sorted(source for source in copycats if source in family),
            "missed": sorted(copycats - family.keys()),
            "joined_wrongly": sorted(source for source, names in family.items()
                                     if source not in copycats and not copycats & set(names)),
            "families": family,
            "largest_addition": outcome.added,
        },
        "poisoner": {
            "threshold": MALICIOUS_AT_LEAST,
            "targets": len(trial.targets),
            "highest": max(poisoned.values(), default=0.0),
            "highest_alone": max((poisoned[value] for value in alone), default=0.0),
            "over_threshold_alone": sum(poisoned[value] >= MALICIOUS_AT_LEAST for value in alone),
        },
        "benign_names_proposed": sorted(outcome.blocked),
        "grades": outcome.letters,
    }  # fmt: skip


@click.command()
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed tells the same.")
@click.option("--days", type=click.IntRange(1, 365), default=60, show_default=True)
@click.option("--values", type=click.IntRange(1, 20_000), default=600, show_default=True,
              help="Malicious names that come up.")
@click.option("--independents", type=click.IntRange(1, 50), default=6, show_default=True)
@click.option("--copycats", type=click.IntRange(0, 50), default=3, show_default=True)
@click.option("--poisoners", type=click.IntRange(0, 20), default=1, show_default=True)
@click.option("--lazy", type=click.IntRange(0, 20), default=1, show_default=True,
              help="Sources that report popular names too.")
@json_option
def simulate(
    seed: int, days: int, values: int, independents: int, copycats: int, poisoners: int, lazy: int, as_json: bool
) -> None:
    """Play a partnership with known truth through a real hub, and say how well it was judged.

    Independent sources, copycats with a lag, poisoners and lazy reporters contribute day by day; an approver decides on
    what is proposed. The hub stands in a folder that is deleted afterwards.

    \b
    brier      mean squared error of P(malicious), beside counting every report and beside majority vote
    copycats   which were found out, and the most that they added to any value
    poisoner   the highest P(malicious) of a benign name that it alone accused; the rule proposes from the threshold on
    """
    plan = Plan(seed, days, values, independents, copycats, poisoners, lazy)
    trial = trial_of(plan)
    found = measured(trial, played(trial, quiet=as_json))
    if as_json:
        click.echo(json.dumps(found))
        return
    for line in told(found):
        click.echo(line)


def told(found: dict[str, Any]) -> Iterator[str]:
    """Say the figures in words."""
    yield (f"{found['reports']:,} reports on {found['values']['malicious']:,} malicious and "
           f"{found['values']['benign']:,} benign names in {found['plan']['days']} days")  # fmt: skip
    yield "Brier score (lower is better)"
    for name, value in found["brier"].items():
        yield f"  {name.replace('_', ' '):14} {value:.4f}"
    copies, poison = found["copycats"], found["poisoner"]
    yield (f"copycats: {len(copies['found'])} found, {len(copies['missed'])} missed, "
           f"{len(copies['joined_wrongly'])} others joined; the most that they added: {copies['largest_addition']:.3f}")
    yield (f"poisoners: highest P(malicious) of a name that they alone accused {poison['highest_alone']:.2f} "
           f"(the rule proposes from {poison['threshold']:.2f}); {poison['over_threshold_alone']} over it")
    yield f"benign names that the rule proposed: {len(found['benign_names_proposed'])}"
    yield "grades: " + ", ".join(f"{source} {letter}" for source, letter in sorted(found["grades"].items()))
