"""A hub that is restored from a backup adds nothing to its zones until a person has looked (issue 6, item 4)."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from blocking import accuse, block
from fusioncell.cli.main import main
from hubs import make_hub


def test_a_restored_hub_says_that_it_is_frozen_and_an_operator_thaws_it(tmp_path: Path) -> None:
    made = make_hub(tmp_path / "hub")
    block(made.hub, "a.example")
    serial = made.hub.shield.zone.serial
    accuse(made.hub, "b.example", "Gov", "Bank")
    made.hub.settle()
    made.hub.close()
    run, there = CliRunner(), str(tmp_path / "restored")
    kept = run.invoke(main, ["backup", str(tmp_path / "hub.tar"), "--data", str(tmp_path / "hub")])
    assert kept.exit_code == 0, kept.output
    told = run.invoke(main, ["restore", str(tmp_path / "hub.tar"), "--data", there])
    assert "frozen" in told.output, told.output
    refused = run.invoke(main, ["shield", "approve", "b.example", "--data", there])
    assert refused.exit_code and "frozen" in refused.output
    listed = run.invoke(main, ["shield", "list", "--state", "published", "--data", there])
    assert "a[.]example" in listed.output and "b[.]example" not in listed.output
    newest = int(listed.output.split("serial ")[1].split(",")[0])
    assert newest > serial
    thawed = run.invoke(main, ["shield", "thaw", "--reason", "it is the newest backup", "--data", there])
    assert thawed.exit_code == 0, thawed.output
    done = run.invoke(main, ["shield", "approve", "b.example", "--data", there])
    assert done.exit_code == 0, done.output
