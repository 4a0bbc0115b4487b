"""The workbench joined: what triage learns from rooms that it does not know, through small ports of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from fusioncell.bootstrap.knowing import Knowing
from fusioncell.bootstrap.links import ClusterLinks, EntityLinks
from fusioncell.exchange.requests import Requests, State
from fusioncell.fusion.service import Fusion
from fusioncell.fusion.vulns import Vulns
from fusioncell.intake.model import Extract
from fusioncell.kernel.clock import Clock
from fusioncell.kernel.errors import NotFound
from fusioncell.kernel.ids import Randomness
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.ports import Database
from fusioncell.members.assets import Assets
from fusioncell.members.model import Person
from fusioncell.members.privacy.model import Data
from fusioncell.members.service import Members
from fusioncell.picture.coverage import Coverages
from fusioncell.picture.graph import Graphs
from fusioncell.picture.horizon import Horizon
from fusioncell.picture.notebook import Notebooks
from fusioncell.picture.saved import SavedQueries, test_of
from fusioncell.picture.service import Picture
from fusioncell.picture.situation import Situations
from fusioncell.picture.triage import Candidate, Triage, question
from fusioncell.record.service import Record
from fusioncell.shield import MALICIOUS_AT_LEAST
from fusioncell.shield.model import State as Decided
from fusioncell.shield.service import Shield

MOST_QUESTIONS = 100


class Surroundings:
    """What makes an observable matter more to a viewer (``triage.model.Context``): each asked of its own room."""

    threshold = MALICIOUS_AT_LEAST

    def __init__(self, members: Members, assets: Assets, shield: Shield, vulns: Vulns) -> None:
        self._members, self._assets, self._shield, self._vulns = members, assets, shield, vulns

    def assets(self, viewer: Viewer) -> list[str]:
        """Return what the viewer's own organisation has proved; what others have is theirs to know."""
        return self._assets.assets_of(viewer.org) if viewer.org and viewer.member else []

    def sector(self, org: str) -> str:
        """Return an organisation's sector."""
        return self._members.sector_of(org) if org else ""

    def decided(self, viewer: Viewer, name: str) -> bool:
        """Tell whether a block of the name is proposed or published, as the viewer may know."""
        found = self._shield.newest(name, viewer)
        return found is not None and found.state in (Decided.PROPOSED, Decided.PUBLISHED)

    def exploited(self, viewer: Viewer, cves: list[str]) -> dict[str, str]:
        """Return those that KEV says are exploited."""
        return {cve: f"KEV, {day}" for cve, day in self._vulns.exploited(cves).items()}


class Questions:
    """Requests for information that the Fusion Cell is asked and nobody has answered, as items of the queue."""

    def __init__(self, requests: Requests, clock: Clock) -> None:
        self._requests, self._clock = requests, clock

    def candidates(self, viewer: Viewer) -> list[Candidate]:
        """Return the questions that the viewer sees."""
        now = self._clock.now()
        board = self._requests.board(viewer, cell=True, limit=MOST_QUESTIONS)
        return [
            Candidate(f"request:{one.id}", one.at, (question(one.deadline, now),), one.title, first=one.at)
            for one in board.requests if one.state in (State.OPEN, State.OVERDUE)
        ]  # fmt: skip


class Bench(NamedTuple):
    """The parts of the workbench."""

    triage: Triage
    graphs: Graphs
    notebooks: Notebooks
    saved: SavedQueries
    horizon: Horizon
    coverages: Coverages
    situations: Situations

    def test_of(self, query: str) -> Callable[[Extract], bool] | None:
        """Return the test of a saved query for what arrives, None where there is none any more."""
        asked = self.saved.question(query)
        return None if asked is None else test_of(asked)

    def may_use(self, viewer: Viewer, query: str) -> bool:
        """Tell whether a viewer may use a saved query."""
        try:
            return bool(self.saved.one(viewer, query))
        except NotFound:
            return False

    def held_on(self, who: Person, sight: frozenset[int]) -> Data:
        """Return what a person did at the workbench, of what is in sight, for an answer to the person."""
        return {"triage": self.triage.written(who.id, sight), "notebook": self.notebooks.written(who.id, sight),
                "saved_queries": self.saved.written(who.id, sight),
                "horizon": self.horizon.written(who.id, sight)}  # fmt: skip


def join_workbench(
    record: Record, projections: Database, picture: Picture, fusion: Fusion, shield: Shield, members: Members,
    assets: Assets, requests: Requests, known: Knowing, clock: Clock, randomness: Randomness,
) -> Bench:  # fmt: skip
    """Join the workbench to the rooms that it looks at."""

    def sectors() -> dict[str, str]:
        return {one.id: one.sector for one in members.organisations()}

    def belonging() -> dict[str, str]:
        return {one.id: one.sector for one in members.organisations() if one.bound}

    triage = Triage(record=record, projections=projections, picture=picture, fusion=fusion,
                    texts=known.texts, context=Surroundings(members, assets, shield, known.vulns), clock=clock,
                    randomness=randomness)  # fmt: skip
    triage.sources.append(Questions(requests, clock))
    saved = SavedQueries(record=record, projections=projections, picture=picture, fusion=fusion, clock=clock,
                         randomness=randomness)  # fmt: skip
    notebooks = Notebooks(record, projections, clock, randomness)
    graphs = Graphs(record, picture, fusion)
    clusters, entities = ClusterLinks(known.clusters, picture), EntityLinks(known.entities, picture)
    graphs.more += [clusters, entities]
    graphs.named += [clusters.node, entities.node]
    return Bench(triage, graphs, notebooks, saved,
                 Horizon(record, projections, clock, randomness),
                 Coverages(picture, fusion, known.matrix, belonging),
                 Situations(picture, known.entities, clock, sectors))
