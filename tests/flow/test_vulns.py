"""Vulnerabilities end to end: tables come in as entries, are replayed, and are joined with what each viewer sees."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from fusioncell.cli.main import main
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import DAY, ManualClock, parse_instant
from fusioncell.kernel.errors import Conflict, NotAllowed
from fusioncell.kernel.marking import Tlp, Viewer
from fusioncell.rebuild import check
from hubs import MadeHub, browser, make_hub, visitor

NOW = parse_instant("2026-11-20T09:00:00Z")
CVE, OTHER, QUIET = "CVE-2024-3400", "CVE-2021-44228", "CVE-2020-0001"
VECTOR = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"


def kev(version: str, *cves: str, due: str = "2026-12-01") -> bytes:
    return json.dumps({"catalogVersion": version, "dateReleased": f"{version.replace('.', '-')}T10:00:00Z",
                       "vulnerabilities": [{"cveID": cve, "dateAdded": "2026-11-10", "dueDate": due,
                                            "vulnerabilityName": f"Hole {cve}", "vendorProject": "V", "product": "P",
                                            "requiredAction": "Mend it."} for cve in cves]}).encode()  # fmt: skip


def epss(day: str, **scores: float) -> bytes:
    rows = "".join(f"{cve.replace('_', '-')},{score},{score}\n" for cve, score in scores.items())
    return gzip.compress(f"#model_version:v1,score_date:{day}T00:00:00+0000\ncve,epss,percentile\n{rows}".encode())


def deployer() -> bytes:
    points = {"ssvc:E:1.1.0": ("Exploitation", "NPA"), "ssvc:EXP:1.0.1": ("System Exposure", "SCO"),
              "ssvc:A:2.0.0": ("Automatable", "NY"), "ssvc:HI:2.0.2": ("Human Impact", "LMH"),
              "ssvc:DSOI:1.0.0": ("Priority", "DSOI")}  # fmt: skip
    mapping = [{"ssvc:E:1.1.0": e, "ssvc:EXP:1.0.1": x, "ssvc:A:2.0.0": a, "ssvc:HI:2.0.2": h,
                "ssvc:DSOI:1.0.0": "I" if e == "A" and x == "O" else "S" if e == "A" else "D"}
               for e in "NPA" for x in "SCO" for a in "NY" for h in "LMH"]  # fmt: skip
    words = {"D": "Defer", "S": "Scheduled", "O": "Out-of-Cycle", "I": "Immediate"}
    return json.dumps({
        "namespace": "ssvc", "key": "DT_DP", "version": "1.0.0", "name": "Deployer", "outcome": "ssvc:DSOI:1.0.0",
        "mapping": mapping, "decision_points": {
            name: {"name": title, "values": [{"key": k, "name": words.get(k, k)} for k in keys]}
            for name, (title, keys) in points.items()},
    }).encode()  # fmt: skip


@pytest.fixture
def made(tmp_path: Path) -> Any:
    hub = make_hub(tmp_path / "hub", clock=ManualClock(NOW))
    yield hub
    hub.hub.close()


def who(made: MadeHub, org: str) -> Viewer:
    found = made.hub.members.operator_viewer(org)
    assert found is not None
    return found


def give(made: MadeHub, body: bytes, org: str, tlp: Tlp = Tlp.GREEN, media: str = "text/plain") -> str:
    given = made.hub.intake.accept(who(made, org), body, media, Terms(tlp)).contribution
    made.hub.settle()
    return given


def take(made: MadeHub, body: bytes) -> Any:
    done = made.hub.vulns.import_file(who(made, made.ministry.org), body)
    made.hub.settle()
    return done


def stix(cve: str) -> bytes:
    number = "5a0c0000-0000-4000-8000-000000000001"
    return json.dumps({"type": "bundle", "id": f"bundle--{number}", "objects": [{
        "type": "vulnerability", "spec_version": "2.1", "id": f"vulnerability--{number}", "name": cve,
        "created": "2026-11-19T08:00:00Z", "modified": "2026-11-19T08:00:00Z", "description": f"Rated {VECTOR}.",
        "external_references": [{"source_name": "cve", "external_id": cve}]}]}).encode()  # fmt: skip


def test_what_is_exploited_now_comes_first_with_its_grounds(made: MadeHub) -> None:
    take(made, kev("2026.11.18", CVE, QUIET, due="2026-11-01"))
    take(made, epss("2026-11-19", CVE_2024_3400=0.94, CVE_2021_44228=0.5))
    take(made, deployer())
    give(made, f"We see {OTHER} tried.".encode(), made.provider.org)
    give(made, f"Again {OTHER}.".encode(), made.ministry.org)
    give(made, stix(CVE), made.provider.org, media="application/json")
    found, total = made.hub.vulns.now(who(made, made.provider.org))
    assert [one.cve for one in found] == [CVE, QUIET, OTHER]
    assert total == 3
    first, quiet, other = found
    assert first.decision is not None
    assert (first.decision.outcome, first.overdue, first.count) == ("Immediate", True, 1)
    assert [one.ground for one in first.decision.inputs] == [
        "listed in KEV", "assumed: nothing is known", "from the CVSS vector", "assumed: nothing is known"]
    assert [(one.score, one.vector) for one in first.rated] == [(10.0, VECTOR)]
    assert quiet.count == 0, "new in KEV, and named by nobody"
    assert other.decision is not None
    assert (other.decision.outcome, other.epss and other.epss.score) == ("Defer", 500)
    assert dict(other.sectors) == {"government": 1, "telecommunications": 1}
    in_sector, _ = made.hub.vulns.now(who(made, made.provider.org), sector="government")
    assert [one.cve for one in in_sector] == [OTHER]
    closed = made.hub.vulns.one(who(made, made.provider.org), CVE, {"EXP": "S"})
    assert closed.decision is not None
    assert closed.decision.outcome == "Scheduled"


def test_one_sees_what_one_may_see_and_the_public_tables(made: MadeHub) -> None:
    take(made, kev("2026.11.18", CVE))
    give(made, stix(CVE), made.provider.org, Tlp.AMBER_STRICT, "application/json")
    mine = made.hub.vulns.one(who(made, made.provider.org), CVE)
    theirs = made.hub.vulns.one(who(made, made.ministry.org), CVE)
    assert (mine.count, len(mine.rated)) == (1, 1)
    assert (theirs.count, theirs.rated, theirs.sectors) == (0, (), ())
    assert theirs.kev is not None


def test_an_import_holds_what_differs_and_is_replayed(made: MadeHub) -> None:
    assert take(made, epss("2026-11-18", CVE_2024_3400=0.94, CVE_2021_44228=0.5)).changed == 2
    done = take(made, epss("2026-11-19", CVE_2024_3400=0.94, CVE_2020_0001=0.01))
    assert (done.changed, done.gone, done.total) == (1, 1, 2)
    with pytest.raises(Conflict):
        take(made, epss("2026-11-19", CVE_2024_3400=0.94, CVE_2020_0001=0.01))
    with pytest.raises(Conflict):
        take(made, epss("2026-11-17", CVE_2024_3400=0.1))
    take(made, kev("2026.11.18", CVE, OTHER))
    take(made, kev("2026.11.19", CVE))
    viewer = who(made, made.provider.org)
    assert made.hub.vulns.one(viewer, OTHER).kev is None
    assert made.hub.vulns.one(viewer, OTHER).epss is None
    tables = {(one.source, one.date) for one in made.hub.vulns.tables()}
    assert tables == {("epss", "2026-11-19"), ("kev", "2026-11-19")}
    give(made, stix(CVE), made.provider.org, media="application/json")
    assert not check(made.hub).differing


def test_a_recall_takes_the_vector_along(made: MadeHub) -> None:
    given = give(made, stix(CVE), made.provider.org, media="application/json")
    assert made.hub.vulns.one(who(made, made.ministry.org), CVE).rated
    made.hub.intake.recall(who(made, made.provider.org), given)
    made.hub.settle()
    one = made.hub.vulns.one(who(made, made.ministry.org), CVE)
    assert (one.rated, one.count) == ((), 0)


def test_only_operators_import(made: MadeHub) -> None:
    viewer = Viewer(org=made.provider.org, member=True, permissions=frozenset({"read", "contribute"}))
    with pytest.raises(NotAllowed):
        made.hub.vulns.import_file(viewer, kev("2026.11.18", CVE))
    with visitor(made) as machine:
        key = {"authorization": f"Bearer {made.provider.key}"}
        assert machine.post("/api/vulnerabilities/tables", headers=key, content=b"{}").status_code == 403


def test_the_pages_and_the_doors(made: MadeHub) -> None:
    with browser(made, made.provider) as page:
        empty = page.get("/vulnerabilities").text
        assert "None is imported yet" in empty
        take(made, kev("2026.11.18", CVE, due="2026-11-01"))
        take(made, deployer())
        give(made, stix(CVE), made.provider.org, media="application/json")
        shown = page.get("/vulnerabilities").text
        for words in (CVE, "Immediate", "overdue", "telecommunications"):
            assert words in shown
        one = page.get(f"/vulnerabilities/{CVE.lower()}").text
        for words in ("listed in KEV", "Mend it.", VECTOR, "Decide for your systems"):
            assert words in one
        assert "Scheduled" in page.get(f"/vulnerabilities/{CVE}", params={"exposure": "S"}).text
        assert page.get("/vulnerabilities/nonsense").status_code == 404
    with visitor(made) as machine:
        key = {"authorization": f"Bearer {made.provider.key}"}
        found = machine.get("/api/vulnerabilities", headers=key).json()
        assert found["vulnerabilities"][0]["ssvc"]["outcome"] == "Immediate"
        assert [one["source"] for one in found["tables"]] == ["kev", "ssvc"]
        assert machine.get(f"/api/vulnerabilities/{CVE}", headers=key).json()["cvss"][0]["score"] == 10.0


def test_the_command_imports_and_lists(made: MadeHub, tmp_path: Path) -> None:
    made.hub.clock.advance(DAY)  # type: ignore[attr-defined]
    (tmp_path / "kev.json").write_bytes(kev("2026.11.18", CVE))
    (tmp_path / "epss.csv.gz").write_bytes(epss("2026-11-19", CVE_2024_3400=0.94))
    folder = str(made.hub.folder.path)
    made.hub.close()
    runner = CliRunner()
    done = runner.invoke(main, ["vulns", "import", str(tmp_path / "kev.json"), str(tmp_path / "epss.csv.gz"), "--data",
                                folder])  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "epss" in done.output
    again = runner.invoke(main, ["vulns", "import", str(tmp_path / "kev.json"), "--data", folder])
    assert again.exit_code == 1
    listed = runner.invoke(main, ["vulns", "list", "--days", "3660", "--data", folder, "--json"])
    assert json.loads(listed.output)["vulnerabilities"][0]["cve"] == CVE
