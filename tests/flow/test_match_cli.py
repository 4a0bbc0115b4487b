"""``fusioncell match`` over a served hub: sent, by ranges of hashes, and offline find the same lines."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fusioncell.cli.main import main
from served import ServedHub, new_hub

LOG = "\n".join([
    '198.51.100.7 - - [10/Oct/2026:13:55:36 +0000] "GET / HTTP/1.1" 200 1 "http://www.evil.example/a" "x"',
    '203.0.113.5 - - [10/Oct/2026:13:55:37 +0000] "GET / HTTP/1.1" 200 1 "http://fine.invalid/" "x"',
    '203.0.113.6 - - [10/Oct/2026:13:55:38 +0000] "GET http://evil.example/ HTTP/1.1" 200 1',
])


def run(*words: str, given: str | None = None) -> Result:
    return CliRunner().invoke(main, ["match", *words], input=given, catch_exceptions=False)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    file = tmp_path / "access.log.gz"
    file.write_bytes(gzip.compress(LOG.encode()))
    return file


def test_sent_half_hidden_and_offline_find_the_same_lines(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUSIONCELL_KEY", "")
    with ServedHub(new_hub(tmp_path / "hub")) as served:
        ministry = served.party("Ministry", kind="government")
        ministry.posts(b"value\nevil.example\n198.51.100.7\n", "text/csv", tlp="green")
        asker = served.party("Bank")
        served.hub.settle()
        key = tmp_path / "key"
        key.write_text(asker.http.headers["authorization"].removeprefix("Bearer "))
        there = ("--hub", served.url, "--key-file", str(key))
        kept = tmp_path / "filter.bin"
        wanted = {("198.51.100.7", "exact"), ("http://www.evil.example/a", "parent"), ("http://evil.example/", "host")}
        offline = ("--offline", str(kept))
        for how in (there, ("--private", *there), (*offline, "--fetch", *there), offline):
            result = run(str(log), "--json", *how)
            assert result.exit_code == 0, result.output
            said = json.loads(result.stdout)
            found = {(one["value"], one.get("matched", "exact")) for one in said["answers"]}
            assert found == wanted
            assert (said["lines"], said["known"], said["lines_matched"]) == (3, 3, 2)
            assert [one["line"] for one in said["matches"]] == [1, 3]
        text = run(str(log), *there).stdout
        assert "access.log.gz:1:" in text and "3 known in 2 lines" in text and "fine" not in text
        assert run(str(log), "--exit-code", *there).exit_code == 4
        assert run("-", "--exit-code", *there, given="nothing.invalid\n").exit_code == 0
        # A delta: what is said later is found after the next fetch.
        ministry.posts(b"value\nfine.invalid\n", "text/csv", tlp="green")
        served.hub.settle()
        assert json.loads(run(str(log), "--json", "--offline", str(kept)).stdout)["known"] == 3
        assert json.loads(run(str(log), "--json", "--offline", str(kept), "--fetch", *there).stdout)["known"] == 4
    assert run(str(log), "--private", "--offline", "x", *there).exit_code == 2
