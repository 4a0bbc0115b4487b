"""Projections of another version of the hub are built anew from the record, without a word."""

from __future__ import annotations

from pathlib import Path

import pytest

from databases import DIALECTS, fresh_url, hub_in, settings_for
from fusioncell.bootstrap import Folder, databases, open_hub
from fusioncell.fusion.knowngood import KnownGood
from fusioncell.intake.service import Terms
from fusioncell.kernel.observable import Observable, ObservableType
from fusioncell.kernel.ports import Connection
from served import new_hub

NAME = Observable(ObservableType.DOMAIN, "evil.example")


def test_projections_of_another_form_are_built_anew(tmp_path: Path) -> None:
    hub = new_hub(tmp_path / "hub")
    org = hub.members.add_organisation("ISP A", "telecoms", "isp")
    viewer = hub.members.operator_viewer(org.id)
    assert viewer is not None
    hub.intake.accept(viewer, b"seen evil[.]example", "text/plain", Terms())
    hub.settle()
    with hub.databases["projections"].write() as connection:
        connection.run("UPDATE record_cursor SET seq = 7 WHERE name = 'form'")
        connection.run("ALTER TABLE fusion_claim ADD COLUMN surplus TEXT")
    hub.close()

    again = open_hub(tmp_path / "hub", known_good=KnownGood.nothing())
    assert again.river.position == 0
    again.settle()
    viewer = again.members.operator_viewer(org.id)
    assert viewer is not None and again.fusion.look_up(NAME, again.record.visible_to(viewer)) is not None
    with again.databases["projections"].read() as connection:
        assert "surplus" not in {row[1] for row in connection.rows("PRAGMA table_info(fusion_claim)")}
    again.close()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_start_that_broke_off_is_made_good_by_the_next(
    dialect: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(connection: Connection) -> None:
        raise OSError("no space left on device")

    with fresh_url(dialect, tables=False) as url:
        folder = Folder(tmp_path / "hub")
        folder.make("hub")
        with monkeypatch.context() as broken:
            broken.setattr(databases, "create_words", fail)
            with pytest.raises(OSError, match="no space"):
                databases.open_databases(folder, settings_for(folder.path, url))
        hub = hub_in(folder.path, url)
        org = hub.members.add_organisation("ISP A", "telecoms", "isp")
        viewer = hub.members.operator_viewer(org.id)
        assert viewer is not None
        hub.intake.accept(viewer, b"seen evil[.]example", "text/plain", Terms())
        hub.settle()
        assert hub.picture.search(viewer, "seen").hits
        hub.close()


def test_an_index_of_some_rows_is_one_on_postgresql_too(tmp_path: Path) -> None:
    with fresh_url("postgresql") as url:
        hub = hub_in(tmp_path / "hub", url)
        with hub.databases["projections"].read() as connection:
            made = dict(connection.rows("SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'projections'"))
        hub.close()
    assert made["fusion_claim_benign"].endswith("WHERE (stance = 3)")
    assert made["exchange_misp_document_number"].endswith("WHERE (number <> seq)")
