"""CSAF documents come in, are judged, and what they name is known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from fusioncell.kernel.clock import ManualClock
from hubs import MadeHub, app_of, make_hub

START = 1_767_225_600_000_000


@pytest.fixture
def made(tmp_path: Path) -> Iterator[MadeHub]:
    made = make_hub(tmp_path / "hub", clock=ManualClock(START))
    yield made
    made.hub.close()


def case(number: str) -> dict[str, Any]:
    name = f"oasis_csaf_tc-csaf_2_0-2021-{number}.json"
    read: dict[str, Any] = json.loads(files("csaf").joinpath("csaf", "v20", "data", "mandatory", name).read_bytes())
    return read


@pytest.mark.parametrize("media", ["application/json", "application/csaf+json"])
def test_a_document_comes_in_by_its_content_with_its_verdict(made: MadeHub, media: str) -> None:
    valid, broken = case("6-1-23-01"), case("6-1-23-01")
    valid["vulnerabilities"].pop()
    broken["document"]["tracking"]["id"] = "another"
    cve = valid["vulnerabilities"][0]["cve"]
    by = {"Authorization": f"Bearer {made.ministry.key}", "Content-Type": media}
    with TestClient(app_of(made.hub), raise_server_exceptions=False) as app:
        told = []
        for document in (valid, broken):
            answer = app.post("/api/contributions", content=json.dumps(document), headers=by, params={"tlp": "green"})
            assert answer.status_code == 202, answer.text
            made.hub.settle()
            told.append(app.get(f"/api/contributions/{answer.json()['contribution']}/status", headers=by).json())
        assert not told[0]["faults"] and told[0]["new"] == 1
        assert [each["reason"] for each in told[1]["faults"]] == [
            f"CSAF mandatory test 6.1.23: the CVE '{cve}' is defined more than once"], told[1]
        found = app.get("/api/search", params={"q": cve}, headers=by).json()
        assert len(found["hits"]) == 2
