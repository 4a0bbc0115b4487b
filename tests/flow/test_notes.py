"""What is kept but not read is listed as such: a STIX pattern that is more than equalities."""

from __future__ import annotations

from pathlib import Path

from fusioncell.intake.service import Terms
from fusioncell.kernel.marking import Tlp
from served import new_hub


def test_a_pattern_that_is_no_equality_is_kept_and_listed(tmp_path: Path) -> None:
    hub = new_hub(tmp_path / "hub")
    org = hub.members.add_organisation("ISP A", "telecoms", "isp")
    viewer = hub.members.operator_viewer(org.id)
    assert viewer is not None
    body = b"""{"type":"bundle","id":"bundle--7c2b2d0f-8a5f-4d29-9d2e-6f8c6f2b7a11","objects":[{
        "type":"indicator","spec_version":"2.1","id":"indicator--1f0f2a53-95f5-4a1c-8f0e-0c35d3b4a0aa",
        "created":"2026-11-20T10:00:00.000Z","modified":"2026-11-20T10:00:00.000Z","pattern_type":"stix",
        "pattern":"[file:name LIKE '%.scr' AND file:size > 10]","valid_from":"2026-11-20T10:00:00Z"}]}"""
    accepted = hub.intake.accept(viewer, body, "application/json", Terms())
    hub.settle()
    status = hub.intake.status(viewer, accepted.contribution)
    assert status.new == 1 and not status.faults
    assert [place for place, _ in status.notes] == ["objects[0]"] and status.notes[0][1]
    hub.close()


def test_a_label_in_the_words_only_tightens(tmp_path: Path) -> None:
    hub = new_hub(tmp_path / "hub")
    org = hub.members.add_organisation("ISP A", "telecoms", "isp")
    viewer = hub.members.operator_viewer(org.id)
    assert viewer is not None
    rows = [
        (b"TLP:RED\nkeep evil[.]example to yourselves", "text/plain", Tlp.GREEN, Tlp.RED),
        (b"TLP:CLEAR\nevil[.]example is widely known", "text/plain", Tlp.GREEN, Tlp.GREEN),
        (b"# TLP:AMBER+STRICT\nevil.example\nbad.example\n", "text/plain", Tlp.GREEN, Tlp.AMBER_STRICT),
        (b"# a list\nevil.example\nbad.example\n", "text/plain", Tlp.GREEN, Tlp.GREEN),
        (b"value,comment\nevil.example,told as TLP:RED elsewhere\n", "text/csv", Tlp.GREEN, Tlp.GREEN),
    ]
    for body, media_type, given, expected in rows:
        accepted = hub.intake.accept(viewer, body, media_type, Terms(tlp=given))
        commit = hub.record.commit_of(accepted.contribution)
        assert commit is not None
        every = hub.record.audiences_where(lambda _: True)
        entries = hub.record.read_range(commit.first_seq + 1, commit.last_seq, every)
        assert {hub.record.audience(entry.audience).tlp for entry in entries} == {expected}, body
    hub.close()
