"""What everybody has joins no reports: the hub's clusters know the lists of known-good values. On both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from databases import START, fresh_url, settings_for
from fusioncell.bootstrap import Folder, Hub, open_hub
from fusioncell.bootstrap.outside import open_known_good
from fusioncell.fusion.clusters import Commons, Feature, Kind
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import MINUTE, ManualClock
from fusioncell.kernel.ids import SeededRandomness
from fusioncell.kernel.marking import Tlp
from fusioncell.rebuild import check


@pytest.fixture(params=["sqlite", "postgresql"])
def hub(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hub]:
    with fresh_url(request.param) as url:
        Folder(tmp_path / "hub").make("hub")
        made = open_hub(tmp_path / "hub", settings_for(tmp_path / "hub", url), clock=ManualClock(START),
                        randomness=SeededRandomness(1), known_good=open_known_good())  # fmt: skip
        try:
            yield made
        finally:
            made.close()


def test_a_popular_name_joins_nothing_and_a_rare_one_does(hub: Hub) -> None:
    org = hub.members.add_organisation("North", "telecoms", "isp").id
    viewer = hub.members.operator_viewer(org)
    assert viewer is not None and isinstance(hub.clock, ManualClock)
    for number, shared in enumerate(("www.google.com", "www.google.com", "rare-panel.example", "rare-panel.example")):
        hub.clock.advance(MINUTE)
        tlp = Tlp.AMBER if number == 1 else Tlp.GREEN
        body = f"{shared}\nonly-{number}.example\n".encode()
        hub.intake.accept(viewer, body, "text/plain", Terms(tlp, filename="list.txt"))
    hub.settle()
    (only,), _ = hub.clusters.newest(viewer)
    assert only.members == 2 and only.sign is not None and only.sign.text == "rare-panel.example"
    assert check(hub).equal


def test_what_is_known_is_asked_once_and_told_by_hash() -> None:
    commons = Commons(open_known_good())
    features = [Feature(Kind.HOST, "www.google.com"), Feature(Kind.HOST, "rare.example"), Feature(Kind.PATH, "/x")]
    assert commons.which(features) == [True, False, False]
    rows = [(1, place, int(each.kind), each.text) for place, each in enumerate(features)]
    assert commons.telling([0, 1, 2], lambda: rows) == [1, 2]
    assert commons.telling([2, 0], lambda: pytest.fail("it was told")) == [2]  # type: ignore[arg-type]
