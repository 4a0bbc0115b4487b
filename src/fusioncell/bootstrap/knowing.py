"""What is known of entities and vulnerabilities, joined: the galaxies, what contributions name, the tables."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from fusioncell.bootstrap.outside import open_galaxies
from fusioncell.edges.database import SqlDatabase
from fusioncell.fusion.alike import Texts
from fusioncell.fusion.clusters import Commons
from fusioncell.fusion.clusters.service import Clusters
from fusioncell.fusion.entities import Entities, Knowledge
from fusioncell.fusion.learned.model import Judged
from fusioncell.fusion.learned.service import Learning
from fusioncell.fusion.origins.service import Origins
from fusioncell.fusion.overrides import Verdict as Said
from fusioncell.fusion.overrides.service import Overrides
from fusioncell.fusion.service import Fusion
from fusioncell.fusion.verdicts import Verdicts
from fusioncell.fusion.vulns import Vulns
from fusioncell.intake.service import Intake
from fusioncell.kernel.clock import Clock
from fusioncell.kernel.ids import Randomness
from fusioncell.members.service import Members
from fusioncell.picture.changes import WhatChanges
from fusioncell.picture.matrix import Matrix
from fusioncell.record.service import Record

MOST_JUDGED = 20_000
"""Verdicts that are learned from, the newest."""


class Knowing(NamedTuple):
    """The rooms of what is known."""

    entities: Entities
    matrix: Matrix
    vulns: Vulns
    whatchanges: WhatChanges
    verdicts: Verdicts
    origins: Origins
    clusters: Clusters
    overrides: Overrides
    learning: Learning
    texts: Texts


@cache
def _knowledge() -> Knowledge:
    """Return what the galaxies know of entities: no hub's own, so the hubs of a process share one index of them."""
    return Knowledge(open_galaxies)


def join_knowing(
    record: Record, projections: SqlDatabase, fusion: Fusion, intake: Intake, members: Members, clock: Clock,
    randomness: Randomness,
) -> Knowing:  # fmt: skip
    """Join them over the rooms that they ask."""

    def sectors() -> dict[str, str]:
        return {one.id: one.sector for one in members.organisations()}

    entities = Entities(
        record=record, projections=projections, fusion=fusion, intake=intake, knowledge=_knowledge(),
        clock=clock, randomness=randomness,
    )  # fmt: skip
    vulns = Vulns(record=record, projections=projections, entities=entities, clock=clock, randomness=randomness,
                  sectors=sectors)  # fmt: skip
    verdicts = Verdicts(projections)
    overrides = Overrides(record, projections, clock, randomness)

    def judged(audiences: frozenset[int]) -> list[Judged]:
        """Return what people said of values, the last word on each: on blocks, and over the machine."""
        said = [Judged(one.observable, one.upheld, one.seq) for one in verdicts.standing(audiences, MOST_JUDGED)]
        said += [Judged(one.observable, one.verdict is Said.MALICIOUS, one.seq)
                 for one in overrides.standing(audiences) if one.verdict in (Said.MALICIOUS, Said.BENIGN)]  # fmt: skip
        return list({one.observable: one for one in sorted(said, key=lambda one: one.seq)}.values())[-MOST_JUDGED:]

    return Knowing(
        entities, Matrix(entities, clock, sectors), vulns, WhatChanges(entities, clock, sectors), verdicts,
        Origins(record, projections, clock, randomness, verdicts.by_source),
        Clusters(record, projections, clock, randomness, Commons(fusion.known_good)), overrides,
        Learning(record, projections, clock, randomness, judged, fusion.scores_before),
        Texts(record, projections),
    )  # fmt: skip
