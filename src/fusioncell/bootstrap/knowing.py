"""What is known of entities and vulnerabilities, joined: the galaxies, what contributions name, the tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fusioncell.bootstrap.outside import open_galaxies
from fusioncell.edges.database import SqlDatabase
from fusioncell.fusion.entities import Entities, Knowledge
from fusioncell.fusion.service import Fusion
from fusioncell.fusion.vulns import Vulns
from fusioncell.intake.service import Intake
from fusioncell.kernel.clock import Clock
from fusioncell.kernel.ids import Randomness
from fusioncell.members.service import Members
from fusioncell.picture.matrix import Matrix
from fusioncell.record.service import Record


@dataclass(frozen=True, slots=True)
class Knowing:
    """The rooms, and ``sectors``: organisation → the sector that it works in."""

    entities: Entities
    matrix: Matrix
    vulns: Vulns
    sectors: Callable[[], Mapping[str, str]]


def join_knowing(
    record: Record, projections: SqlDatabase, fusion: Fusion, intake: Intake, members: Members, clock: Clock,
    randomness: Randomness,
) -> Knowing:  # fmt: skip
    """Join them over the rooms that they ask."""

    def sectors() -> dict[str, str]:
        return {one.id: one.sector for one in members.organisations()}

    entities = Entities(
        record=record, projections=projections, fusion=fusion, intake=intake, knowledge=Knowledge(open_galaxies),
        clock=clock, randomness=randomness,
    )  # fmt: skip
    vulns = Vulns(record=record, projections=projections, entities=entities, clock=clock, randomness=randomness,
                  sectors=sectors)  # fmt: skip
    return Knowing(entities, Matrix(entities, clock, sectors), vulns, sectors)
