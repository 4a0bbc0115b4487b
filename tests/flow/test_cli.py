"""The command line keeps its promises to scripts: with the hub at rest, and with the hub running."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import re
import signal
import sqlite3
import stat
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from click.testing import CliRunner, Result

from databases import fresh_url
from fusioncell.cli.main import COMMANDS, main
from fusioncell.fusion.knowngood import KnownGood
from rules.source_tree import REPOSITORY

Run = Callable[..., Any]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(REPOSITORY / "src")}


@pytest.fixture(autouse=True)
def plain_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings of this machine, no warninglists (they take seconds to compile on a fresh one)."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("FUSIONCELL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr("fusioncell.bootstrap.hub.open_known_good", KnownGood.nothing)


def call(*arguments: str | Path, code: int = 0, given: str | None = None) -> Result:
    """Run a command in this process and check its exit code."""
    result = CliRunner().invoke(main, [str(a) for a in arguments], input=given)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result


def told(*arguments: str | Path, code: int = 0, given: str | None = None) -> dict[str, Any]:
    """Run a command with --json; its stdout is one JSON object and nothing else."""
    result = call(*arguments, "--json", code=code, given=given)
    found = json.loads(result.stdout)
    assert isinstance(found, dict)
    return found


@contextmanager
def running(data: Path) -> Iterator[tuple[str, str]]:
    """Run `fusioncell up` on a folder; yields (its address, its name server). It stops cleanly on SIGTERM."""
    command = [sys.executable, "-m", "fusioncell.cli.main", "up", "--data", str(data), "--http", "127.0.0.1:0", "--dns",
               "127.0.0.1:0"]  # fmt: skip
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=ENVIRONMENT) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.fullmatch(r"ready: (http://127\.0\.0\.1:\d+); zone rpz\.fusioncell on (127\.0\.0\.1:\d+)\n", line)
        try:
            assert found, line + (process.stderr.read() if process.poll() is not None and process.stderr else "")
            yield found[1], found[2]
        finally:
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=20)
        assert process.returncode == 0, errors
        assert not (data / "running.json").exists()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with a hub of three organisations."""
    folder = tmp_path / "hub"
    told("init", "--data", folder, "--org", "Département", "--email", "ada@dept.example")
    for name in ("Bank", "Broadband"):
        told("org", "add", name, "--data", folder)
    return folder


@pytest.fixture(params=["at rest", "running"])
def hub(request: pytest.FixtureRequest, data: Path) -> Iterator[Path]:
    """The same folder, its hub at rest or running: commands must not tell the difference."""
    if request.param == "at rest":
        yield data
    else:
        with running(data):
            yield data


def write(folder: Path, name: str, text: str | bytes) -> Path:
    """Write a file of the test."""
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


# -- the way in ------------------------------------------------------------------------------------------------------


def test_help_comes_at_once() -> None:
    code = (
        "import sys\nfrom fusioncell.cli.main import main\nmain(['--help'], standalone_mode=False)\n"
        "heavy = {'sqlalchemy', 'litestar', 'numpy', 'httpx', 'rich', 'fusioncell.bootstrap'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert all(f"\n  {name} " in done.stdout for name in COMMANDS)


def test_a_hub_loads_only_what_it_uses() -> None:
    """Memory at rest: what most hubs never use, or once in a while, is loaded by who uses it."""
    code = (
        "import sys\nfrom fusioncell.web.app import make_app\n"
        "heavy = {'alembic', 'psycopg', 'httpx', 'pypdf', 'webauthn', 'weasyprint', 'dns.resolver',\n"
        "         'sqlalchemy.dialects.postgresql', 'numpy.random'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def _every_command() -> Iterator[list[str]]:
    for name in COMMANDS:
        command = main.get_command(None, name)  # type: ignore[arg-type]
        yield [name]
        yield from ([name, sub] for sub in getattr(command, "commands", {}))


@pytest.mark.parametrize("words", list(_every_command()), ids=" ".join)
def test_every_command_explains_itself(words: list[str]) -> None:
    text = call(*words, "--help").stdout
    assert "Usage:" in text
    assert re.search(r"\n\n  [A-Z][^.]{10,}\.", text), "a sentence that says what it does"


@pytest.mark.parametrize("words", [words for words in _every_command() if len(words) == 1], ids=" ".join)
def test_the_list_of_commands_cuts_no_line_short(words: list[str]) -> None:
    listed = CliRunner().invoke(main, [*words, "--help"], terminal_width=80).output.partition("Commands:")[2]
    assert "..." not in listed


def test_errors_say_what_to_do_and_have_their_codes(tmp_path: Path, data: Path) -> None:
    result = call("status", "--data", tmp_path / "nothing", code=1)
    assert result.stdout == ""
    assert "error: there is no hub in" in result.stderr
    assert "fusioncell init" in result.stderr
    assert "Did you mean: status?" in call("sttaus", code=2).stderr
    assert "Did you mean: approve" in call("shield", "aprove", code=2).stderr
    assert "Did you mean" not in call("no-such-command", code=2).stderr
    call("import", "--data", data, code=2)
    call("status", "--hub", "http://127.0.0.1:9", "--key", "k", code=3)
    call("status", "--hub", "http://127.0.0.1:9", code=2)
    assert "fusioncell org list" in call("shield", "list", "--data", data, "--as", "Nobody", code=1).stderr


def test_import_reads_stdin(hub: Path) -> None:
    assert told("import", "-", "--data", hub, given="hxxp://evil-bank[.]example/a\n")["contributions"] == 1
    assert told("show", "http://evil-bank.example/a", "--data", hub)["mentions"] == 1
    assert "1 contribution:" in call("import", "-", "--data", hub, given="hxxp://evil-bank[.]example/b\n").output
    assert "Département: malicious, weight +" in call("show", "http://evil-bank.example/a", "--data", hub).stdout
    unknown = call("show", "evil-bank.example", "--data", hub, code=1).stderr
    assert "by itself" in unknown and "url hxxp[:]//evil-bank[.]example/a: " in unknown
    assert "fusioncell search evil-bank.example" in unknown
    assert "by itself" not in call("show", "elsewhere.example", "--data", hub, code=1).stderr


def test_init_makes_one_hub_and_refuses_a_second(tmp_path: Path) -> None:
    folder = tmp_path / "hub"
    call("init", "--data", folder, "--org", "Bank", "--email", "nonsense", code=1)
    assert not folder.exists(), "a refused init leaves nothing behind"
    made = told("init", "--data", folder, "--org", "Bank", "--email", "ada@bank.example")
    assert {"organisation", "person", "api_key"} <= made.keys()
    again = call("init", "--data", folder, "--org", "X", "--email", "x@x.example", code=1)
    assert "holds a hub already" in again.stderr


def test_members_by_command(hub: Path) -> None:
    names = [item["name"] for item in told("org", "list", "--data", hub)["organisations"]]
    assert names == ["Département", "Bank", "Broadband"]
    key = told("key", "add", "--org", "Bank", "--role", "analyst", "--label", "siem", "--data", hub)
    assert key["api_key"].startswith("fc_")
    assert key["role"] == "analyst"
    told("key", "end", key["key"], "--data", hub)
    listed = {item["id"]: item for item in told("key", "list", "--data", hub)["keys"]}
    assert listed[key["key"]]["ended"] is not None
    added = told("person", "add", "--org", "Bank", "--name", "Eve", "--email", "eve@bank.example", "--role", "analyst",
                 "--data", hub)  # fmt: skip
    assert added["roles"] == ["analyst"], "a role that is given replaces the default"
    said = call("person", "add", "--org", "Bank", "--name", "Al", "--email", "al@bank.example", "--data", hub).stdout
    assert f"fusioncell link --email al@bank.example --data {hub}" in said, "the next command means the same hub"
    link = told("link", "--email", "eve@bank.example", "--data", hub)["link"]
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/sign-in/link/\S+", link)


def test_a_key_opens_the_hub_from_elsewhere(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = told("key", "add", "--org", "Bank", "--role", "member", "--data", data)["api_key"]
    with running(data) as (url, _):
        assert told("search", "anything", "--hub", url, "--key", key)["hits"] == []
        monkeypatch.setenv("FUSIONCELL_HUB", url)
        monkeypatch.setenv("FUSIONCELL_KEY", key)
        assert told("search", "anything")["hits"] == []
        assert "role" in call("org", "add", "More", code=1).stderr, "the key's role holds"
        monkeypatch.setenv("FUSIONCELL_KEY", "wrong")
        call("search", "anything", code=1)


# -- import ----------------------------------------------------------------------------------------------------------

BUNDLE = {
    "type": "bundle",
    "id": "bundle--5d0092c5-5f74-4287-9642-33f4c354e56d",
    "objects": [
        {
            "type": "indicator",
            "spec_version": "2.1",
            "id": f"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd{number:02}",
            "created": "2026-01-01T00:00:00.000Z",
            "modified": "2026-01-01T00:00:00.000Z",
            "pattern": f"[domain-name:value = 'n{number}.evil.example']",
            "pattern_type": "stix",
            "valid_from": "2026-01-01T00:00:00Z",
        }
        for number in range(3)
    ],
}


def test_a_client_that_sleeps_keeps_its_connection(data: Path) -> None:
    with running(data) as (address, _):
        connection = http.client.HTTPConnection(address.removeprefix("http://"))
        connection.request("GET", "/healthz")
        connection.getresponse().read()
        one = connection.sock
        time.sleep(5.5)  # longer than the server's own default, which is what scripts like to sleep
        connection.request("GET", "/healthz")
        assert connection.getresponse().status == 200
        assert connection.sock is one
        connection.close()


def test_import_counts_and_adds_nothing_twice(hub: Path, tmp_path: Path) -> None:
    feeds = tmp_path / "feeds"
    (feeds / "deep").mkdir(parents=True)
    broken = {**BUNDLE, "objects": [*BUNDLE["objects"], {"type": "indicator", "id": "nonsense"}]}
    write(feeds, "bundle.json", json.dumps(broken))
    write(feeds / "deep", "list.txt.gz", gzip.compress(b"a.bad.example\nb.bad.example\n"))
    write(feeds, ".hidden.txt", "hidden.bad.example\n")
    write(feeds, "damaged.json", '{"type": "bundle", "objects": [')
    write(feeds, "manifest.json", "{}")
    with zipfile.ZipFile(feeds / "pack.zip", "w") as archive:
        archive.writestr("inner.csv", "value,comment\nc.bad.example,x\n")

    first = told("import", "--data", hub, "--as", "Bank", feeds)
    assert {"seconds", "cpu_seconds"} <= first.keys()
    assert (first["contributions"], first["objects"], first["attributes"]) == (3, 6, 0)
    assert (first["new"], first["duplicates"], first["faults"]) == (6, 0, 2)
    assert first["unmarked"] == 6
    assert first["marked_as"] == "amber"
    kept = [json.loads(line) for file in (hub / "quarantine").glob("*.jsonl") for line in file.read_text().splitlines()]
    assert any("damaged.json" in fault["place"] for fault in kept)
    assert any("objects[3]" in fault["place"] for fault in kept)

    second = told("import", "--data", hub, "--as", "Bank", feeds)
    assert (second["new"], second["duplicates"]) == (0, 6)
    assert "a.bad.example" in json.dumps(told("search", "a.bad[.]example", "--data", hub, "--as", "Bank"))
    assert told("search", "a.bad[.]example", "--data", hub, "--as", "Broadband")["hits"] == [], "AMBER stays within"


def test_import_of_what_cannot_be_taken(data: Path, tmp_path: Path) -> None:
    file = write(tmp_path, "damaged.json", "[1, 2")
    result = call("import", "--data", data, file, "--json", code=4)
    assert json.loads(result.stdout)["faults"] == 1
    assert "damaged.json" in result.stderr
    call("import", "--data", data, tmp_path / "missing.json", code=1)
    call("import", "--data", data, "--tlp", "purple", file, code=1)
    inside = call("import", "--data", data, "http://127.0.0.1:8999/feed.txt", code=4)
    assert "not on the public Internet" in inside.stderr
    bomb = write(tmp_path, "bomb.txt.gz", gzip.compress(bytes(300_000_000), 9))
    assert "gzip" in call("import", "--data", data, bomb, code=4).stderr


def test_status_speaks_in_words(hub: Path) -> None:
    shown = call("status", "--data", hub).stdout
    assert "entries in the record" in shown and "names in the zone" in shown
    assert not re.search(r"^(record|projection|shield|zone|fuse) ", shown, re.MULTILINE), "no key of /metrics is shown"


# -- the loop --------------------------------------------------------------------------------------------------------


def test_from_report_to_block_to_recall(hub: Path, tmp_path: Path) -> None:
    url = "hxxps://evil-bank[.]example/a%2Fb//login?x=%41"
    first = write(tmp_path, "first.txt", f"Phishing kit of the week on evil-bank[.]example: {url}")
    second = write(tmp_path, "second.txt", "Our customers were lured to evil-bank[.]example by SMS")
    for file, party in ((first, "Bank"), (second, "Broadband")):
        assert told("import", "--data", hub, "--as", party, "--tlp", "green", file)["new"] == 1

    shown = told("show", "domain-name", "evil-bank.example", "--data", hub)
    assert told("show", "evil-bank.example", "--data", hub) == shown, "its type is seen by its look"
    call("show", "domain-name", "evil-bank.example", "more", "--data", hub, code=2)
    assert shown["independent_origins"] == 2
    assert told("show", "url", url, "--data", hub)["value"].endswith("/a%2Fb//login?x=%41")
    matched = told("match", "-", "--data", hub, given="evil-bank.example\nunknown.example\n")
    assert (matched["values"], matched["known"]) == (2, 1)

    before = told("shield", "list", "--state", "proposed", "--data", hub)
    assert [d["name"] for d in before["decisions"]] == ["evil-bank.example"]
    assert before["zone"] == "rpz.fusioncell"
    approved = told("shield", "approve", "evil-bank.example", "--days", "3", "--data", hub)
    assert approved["state"] == "published"
    assert approved["serial"] > before["serial"]
    assert {cited["weight"] > 0 for cited in approved["evidence"]} == {True}
    call("shield", "approve", "evil-bank.example", "--data", hub, code=1)

    contribution = told("search", "kit of the week", "--data", hub)["hits"][0]["contribution"]
    assert told("recall", contribution, "--reason", "wrong", "--data", hub)["status"] == "recalled"
    after = told("shield", "list", "--data", hub)
    if after["decisions"][0]["state"] != "withdrawn":  # a running hub acts a moment later
        after = _until(lambda: told("shield", "list", "--data", hub), lambda found: found["names"] == 0)
    assert after["names"] == 0
    assert after["serial"] > approved["serial"]
    call("recall", "00000000-0000-4000-8000-000000000000", "--data", hub, code=1)


def _until(ask: Callable[[], dict[str, Any]], right: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    for _ in range(20):
        found = ask()
        if right(found):
            break
    return found


def test_a_block_by_hand(hub: Path) -> None:
    call("shield", "propose", "by-hand.example", "--category", "no such", "--reason", "x", "--data", hub, code=1)
    said = ("--category", "phishing", "--reason", "court order")
    made = told("shield", "propose", "by-hand.example", *said, "--data", hub)
    assert made["state"] == "proposed"
    gone = told("shield", "withdraw", made["decision"], "--reason", "lifted", "--data", hub)
    assert gone["state"] == "withdrawn"


# -- upkeep ----------------------------------------------------------------------------------------------------------


def _blocked(data: Path, tmp_path: Path) -> int:
    """Bring a name into the zone; returns the serial."""
    for number, party in enumerate(("Bank", "Broadband")):
        file = write(tmp_path, f"r{number}.txt", f"report {number}: {'phish ' * (number + 1)} at evil-bank[.]example")
        told("import", "--data", data, "--as", party, "--tlp", "green", file)
    serial: int = told("shield", "approve", "evil-bank.example", "--data", data)["serial"]
    return serial


def test_a_backup_of_the_running_hub_opens_a_new_epoch(data: Path, tmp_path: Path) -> None:
    key = told("key", "add", "--org", "Bank", "--data", data)["api_key"]
    headers = {"Authorization": f"Bearer {key}"}
    file = tmp_path / "hub.tar.zst"
    with running(data) as (url, _):
        with httpx.stream("GET", f"{url}/api/stream", headers=headers, timeout=20) as stream:
            lines = stream.iter_lines()
            next(lines)
            _blocked(data, tmp_path)
            cursor = next(line for line in lines if line.startswith("id:")).removeprefix("id:").strip()
        again = {**headers, "Last-Event-ID": cursor}
        with httpx.stream("GET", f"{url}/api/stream", headers=again, timeout=20) as stream:
            assert stream.status_code == 200
        told("backup", file, "--data", data)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert "exists" in call("backup", file, "--data", data, code=1).stderr
        assert ".tar.zst" in call("backup", tmp_path / "hub.zip", "--data", data, code=1).stderr
        told("backup", file, "--force", "--data", data)
        # the hub goes on after the backup, and serves more serials
        told("shield", "withdraw", "evil-bank.example", "--reason", "after the backup", "--data", data)
        served = told("shield", "list", "--data", data)["serial"]

    restored = tmp_path / "restored"
    done = told("restore", file, "--data", restored)
    assert done["epoch"] > 1
    assert done["serial"] > served
    assert stat.S_IMODE(restored.stat().st_mode) == 0o700
    call("restore", file, "--data", restored, code=1)
    assert told("shield", "list", "--data", restored)["names"] == 1, "as of the backup"
    assert told("rebuild", "--data", restored, "--check")["equal"]
    with running(restored) as (url, _):
        answer = httpx.get(f"{url}/api/stream", headers=again, timeout=20)
        assert answer.status_code == 410, "a cursor of before is told to resync"
        assert httpx.get(f"{url}/api/whoami", headers=headers, timeout=20).status_code == 200, "keys are in the vault"


@pytest.mark.parametrize("damage", ["cut", "flip", "other", "slip"])
def test_a_damaged_backup_is_refused_and_leaves_nothing(data: Path, tmp_path: Path, damage: str) -> None:
    import io
    import tarfile

    file = tmp_path / "hub.tar.gz"
    told("backup", file, "--data", data)
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:-2000])
    elif damage == "other":
        file.write_bytes(b"not a backup")
    else:
        plain = bytearray(gzip.decompress(file.read_bytes()))
        if damage == "flip":
            plain[plain.index(b"SQLite format 3") + 30_000] ^= 0xFF
            file.write_bytes(gzip.compress(bytes(plain)))
        else:
            with tarfile.open(file, "w:gz") as archive:
                member = tarfile.TarInfo("../slipped")
                member.size = 1
                archive.addfile(member, io.BytesIO(b"x"))
    target = tmp_path / "new" / "hub"
    assert "error:" in call("restore", file, "--data", target, code=1).stderr
    assert not target.exists()
    assert not (tmp_path / "new" / "slipped").exists()
    assert list((tmp_path / "new").iterdir()) == []


def test_a_check_sees_a_row_that_was_changed(data: Path, tmp_path: Path) -> None:
    _blocked(data, tmp_path)
    assert told("rebuild", "--data", data, "--check")["equal"]
    with sqlite3.connect(data / "projections.db") as connection:
        connection.execute("UPDATE members_organisation SET sector = 'other word' WHERE name = 'Bank'")
    connection.close()
    found = told("rebuild", "--data", data, "--check", code=4)
    assert found["differing"] == ["members_organisation"]
    assert "other word" in found["rows"][0]["left"]
    told("rebuild", "--data", data)
    assert told("rebuild", "--data", data, "--check")["equal"]
    assert told("shield", "list", "--data", data)["names"] == 1
    assert not list(data.glob("projections-check*"))


def test_the_same_by_postgresql(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with fresh_url("postgresql") as url:
        monkeypatch.setenv("FUSIONCELL_DATABASE_URL", url)
        data = tmp_path / "hub"
        told("init", "--data", data, "--org", "Bank", "--email", "ada@bank.example")
        told("org", "add", "Broadband", "--data", data)
        _blocked(data, tmp_path)
        assert told("rebuild", "--data", data, "--check")["equal"]
        with psycopg.connect(url) as connection:
            connection.execute("UPDATE projections.members_organisation SET sector = 'other' WHERE name = 'Bank'")
        assert told("rebuild", "--data", data, "--check", code=4)["differing"] == ["members_organisation"]
        told("rebuild", "--data", data)
        assert told("rebuild", "--data", data, "--check")["equal"]
        assert told("doctor", "--data", data)["ok"]
        assert "pg_dump" in call("backup", tmp_path / "x.tar.zst", "--data", data, code=1).stderr


def test_one_process_has_the_folder(data: Path) -> None:
    with running(data) as (url, _):
        taken = call("up", "--data", data, "--http", "127.0.0.1:0", "--dns", "none", code=1)
        assert url in taken.stderr
        port = url.rpartition(":")[2]
        assert "--http" in call("up", "--data", data, "--http", f"127.0.0.1:{port}", "--dns", "none", code=1).stderr
        assert "at rest" in call("rebuild", "--data", data, "--check", code=1).stderr
        assert told("status", "--data", data)["running"] is True
        checks = {check["check"]: check for check in told("doctor", "--data", data)["checks"]}
        assert checks["dns"] == {**checks["dns"], "state": "ok"}, "it asks where the hub listens, not where it might"
        assert checks["http"]["state"] == "ok"
    assert told("status", "--data", data)["running"] is False


def test_a_note_of_a_killed_hub_misleads_nobody(data: Path) -> None:
    write(data, "running.json", json.dumps({"url": "http://127.0.0.1:9", "pid": 1, "token": "t"}))
    assert told("status", "--data", data)["running"] is False


def test_the_doctor_finds_what_is_wrong(data: Path) -> None:
    assert told("doctor", "--data", data, "--full")["ok"]
    (data / "hub.key").chmod(0o644)
    found = told("doctor", "--data", data, code=1)
    assert [c["todo"] for c in found["checks"] if c["state"] == "fail"] == [f"Run: chmod go= {data}/hub.key"]
    (data / "hub.key").chmod(0o600)
    with sqlite3.connect(data / "record.db") as connection:
        connection.execute("UPDATE record_block SET chain = zeroblob(32) WHERE first_seq = 2")
    connection.close()
    states = {c["check"]: c["state"] for c in told("doctor", "--data", data, code=1)["checks"]}
    assert states["record"] == "fail"


def test_settings_say_where_they_come_from(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    write(tmp_path, "fusioncell.toml", 'max_body_mb = 10\nlog_level = "debug"\n')
    monkeypatch.setenv("FUSIONCELL_LOG_LEVEL", "error")
    monkeypatch.setenv("FUSIONCELL_KEY", "fc_secret")
    found = {row["name"]: row for row in told("settings")["settings"]}
    assert (found["max_body_mb"]["value"], found["max_body_mb"]["source"]) == (10, "fusioncell.toml")
    assert (found["log_level"]["value"], found["log_level"]["source"]) == ("error", "FUSIONCELL_LOG_LEVEL")
    assert found["data"]["source"] == "default"
    assert found["key"]["value"] == "(set)"
    write(tmp_path, "fusioncell.toml", "nonsense = 1\n")
    assert "nonsense" in call("settings", code=1).stderr


def test_the_page_of_commands_is_fresh() -> None:
    done = subprocess.run([sys.executable, "-c", "import write_cli; print(write_cli.render(), end='')"], text=True,
                          env={**ENVIRONMENT, "PYTHONPATH": f"{REPOSITORY}/src:{REPOSITORY}/docs"}, cwd=REPOSITORY,
                          capture_output=True, timeout=60)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (REPOSITORY / "docs/cli.md").read_text() == done.stdout, "run: python docs/write_cli.py"
