"""An entry that our own code fails on stops no one: it is set aside, its contributor is told, all else goes on."""

from __future__ import annotations

from typing import Any

import pytest

import fusioncell.river
from databases import dump
from fusioncell.bootstrap import Hub, create_projections
from fusioncell.fusion import project as fusion_project
from fusioncell.intake import extract
from fusioncell.intake.service import Terms
from fusioncell.kernel.marking import Tlp, Viewer
from fusioncell.kernel.observable import Observable, ObservableType

ROWS = b"domain\n" + b"".join(b"name-%d.example\n" % i for i in range(40))
POISON = "name-17.example"


@pytest.fixture
def viewer(hub: Hub) -> Viewer:
    hub.members.add_organisation("Gov", "government", "government")
    found = hub.members.operator_viewer("Gov")
    assert found is not None
    return found


def send(hub: Hub, viewer: Viewer, body: bytes = ROWS) -> str:
    return hub.intake.accept(viewer, body, "text/csv", Terms(tlp=Tlp.GREEN)).contribution


def known(hub: Hub, viewer: Viewer) -> set[str]:
    names = [Observable(ObservableType.DOMAIN, f"name-{i}.example") for i in range(40)]
    return {o.value for o in hub.fusion.match(names, hub.record.visible_to(viewer))}


def poisoned(monkeypatch: pytest.MonkeyPatch, fault: type[Exception]) -> None:
    """Let fusion fail on the poison, as a mistake of ours would."""
    real = fusion_project.project

    def project(connection: Any, arrived: Any, *more: Any) -> Any:
        for arrival in arrived.arrivals:
            if any(claim.observable.value == POISON for claim in arrival.extract.claims):
                raise fault("a mistake of ours")
        return real(connection, arrived, *more)

    monkeypatch.setattr(fusion_project, "project", project)


def test_one_entry_is_set_aside_and_all_others_arrive(
    hub: Hub, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    poisoned(monkeypatch, KeyError)
    sent, after = send(hub, viewer), send(hub, viewer, b"domain\nlater.example\n")
    hub.settle()
    assert hub.river.set_aside == 1 and hub.river.position == hub.record.head()[0]
    assert len(known(hub, viewer)) == 39 and POISON not in known(hub, viewer)
    status = hub.intake.status(viewer, sent)
    assert status.projected and (status.new, status.fault_count) == (39, 1)
    assert "cannot read it (KeyError)" in status.faults[0][1]
    assert hub.intake.status(viewer, after).new == 1
    hub.intake.recall(viewer, sent, "")
    hub.settle()
    assert known(hub, viewer) == set()


@pytest.mark.parametrize("blocks", [1, 100_000])
def test_a_rebuild_sets_the_same_entry_aside(
    hub: Hub, viewer: Viewer, monkeypatch: pytest.MonkeyPatch, blocks: int
) -> None:
    poisoned(monkeypatch, KeyError)
    send(hub, viewer)
    hub.settle()
    standing = dump(hub.databases["projections"])
    monkeypatch.setattr(fusioncell.river, "BLOCKS", blocks)
    hub.databases["projections"].drop(*fusioncell.bootstrap.PROJECTIONS)
    create_projections(hub.databases["projections"])
    hub.river.position = 0
    hub.river.run_dry()
    assert dump(hub.databases["projections"]) == standing


def test_what_is_no_entrys_fault_is_tried_again(hub: Hub, viewer: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk must not set anything aside."""
    sent = send(hub, viewer)
    with monkeypatch.context() as failing:
        poisoned(failing, OSError)
        with pytest.raises(OSError, match="a mistake"):
            hub.settle()
    assert not hub.intake.status(viewer, sent).projected
    hub.settle()
    assert hub.river.set_aside == 0 and len(known(hub, viewer)) == 40


def test_an_extractor_that_fails_says_so_and_stops_nothing(
    hub: Hub, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = extract.EXTRACTORS["csv.row"]

    def fails(kind: str, subject: str, version: int, meta: dict[str, object], body: bytes) -> Any:
        if POISON.encode() in body:
            raise RecursionError
        return real(kind, subject, version, meta, body)

    monkeypatch.setitem(extract.EXTRACTORS, "csv.row", fails)
    sent = send(hub, viewer)
    hub.settle()
    status = hub.intake.status(viewer, sent)
    assert status.projected and status.fault_count == 1 and len(known(hub, viewer)) == 39
    hub.intake.recall(viewer, sent, "")
    hub.settle()
    assert known(hub, viewer) == set() and hub.river.set_aside == 0
