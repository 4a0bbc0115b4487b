"""The main job, end to end, as a promise: share → fuse → see → block → recall, on a served hub and a real Unbound.

Read this first: it is what Fusion Cell is for.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dns.query
import dns.zone
import pytest

from resolvers import UnboundResolver, free_port, unbound_installed
from served import Party, ServedHub, eventually, new_hub

EVIL = "login-northbank.example"


@pytest.fixture
def hub(tmp_path: Path, resolver_port: int) -> Iterator[ServedHub]:
    with ServedHub(new_hub(tmp_path / "hub", dns_notify=f"127.0.0.1:{resolver_port}")) as served:
        yield served


@pytest.fixture
def resolver_port() -> int:
    return free_port()


class ZoneReader:
    """Reads the zone itself, where no Unbound is installed."""

    def __init__(self, port: int) -> None:
        self._port = port

    def blocks(self, name: str, seconds: float = 10) -> bool:
        return eventually(lambda: self._holds(name), seconds)

    def frees(self, name: str, seconds: float = 10) -> bool:
        return eventually(lambda: not self._holds(name), seconds)

    def _holds(self, name: str) -> bool:
        zone = dns.zone.from_xfr(dns.query.xfr("127.0.0.1", "rpz.fusioncell", port=self._port), relativize=False)
        return any(node.to_text().startswith(f"{name}.rpz.fusioncell") for node in zone)


@pytest.fixture
def resolver(hub: ServedHub, resolver_port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    if unbound_installed():
        with UnboundResolver(hub.dns_port, tmp_path, port=resolver_port) as unbound:
            yield unbound
    else:
        with capsys.disabled():
            print("\nNo Unbound on this machine (apt-get install unbound): the zone is read with dnspython instead.")
        yield ZoneReader(hub.dns_port)


def indicator(name: str) -> dict[str, Any]:
    """A STIX bundle with one indicator that names a domain as an attacker's."""
    now = recent()
    return {"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": [{
        "type": "indicator", "spec_version": "2.1", "id": f"indicator--{uuid.uuid4()}", "created": now,
        "modified": now, "name": "Phishing kit against North Bank", "pattern_type": "stix",
        "pattern": f"[domain-name:value = '{name}']", "valid_from": now, "indicator_types": ["malicious-activity"]}]}


def recent() -> str:
    """An hour ago, as STIX writes it."""
    return (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def relayed(bundle: dict[str, Any]) -> dict[str, Any]:
    """The same object as another party passes it on: its own bundle, not its own finding."""
    return {**bundle, "id": f"bundle--{uuid.uuid4()}"}


def proposal_for(approver: Party, name: str) -> dict[str, Any] | None:
    decisions = approver.http.get("/api/shield/decisions", params={"state": "proposed"}).json()["decisions"]
    return next((decision for decision in decisions if decision["name"] == name), None)


def test_report_to_block(hub: ServedHub, resolver: Any) -> None:
    a, b, c = hub.party("ISP A"), hub.party("Bank B"), hub.party("University C")
    approver = hub.party("Department", "approver", kind="government")
    visitor = hub.visitor()
    stream_of_b, stream_of_a_visitor = b.listens(), visitor.listens()

    # A shares what it found; B sees it live, someone outside the partnership sees nothing.
    found_by_a = indicator(EVIL)
    shared = a.posts(found_by_a, tlp="green")
    assert stream_of_b.gets(EVIL)
    assert b.sees("domain-name", EVIL) is not None
    assert visitor.sees("domain-name", EVIL) is None

    # C passes A's indicator on: one origin all the same, and no proposal.
    alone = b.sees("domain-name", EVIL)
    c.posts(relayed(found_by_a), tlp="green")
    with_relay = b.sees("domain-name", EVIL)
    assert alone is not None and with_relay is not None
    assert with_relay["malicious"] == alone["malicious"] and with_relay["independent_origins"] == 1
    assert proposal_for(approver, EVIL) is None

    # B has seen it by itself: a second, independent origin raises the assessment, and a rule proposes a block.
    b.posts(f"Customers report SMS that lead to {EVIL.replace('.', '[.]')}, a fake login page.", tlp="green")
    raised = b.sees("domain-name", EVIL)
    assert raised is not None and raised["malicious"] > alone["malicious"] and raised["independent_origins"] == 2
    assert eventually(lambda: proposal_for(approver, EVIL) is not None)

    # One approval publishes it, citing both; a real resolver blocks it within seconds.
    approved = approver.http.post(f"/api/shield/decisions/{EVIL}/approve")
    assert approved.status_code == 202, approved.text
    assert resolver.blocks(EVIL)
    decision = approver.http.get(f"/api/shield/decisions/{EVIL}").json()
    assert decision["state"] == "published" and decision["expires_at"]
    assert {a.org, b.org} <= {cited["contributor"] for cited in decision["evidence"]}

    # A recalls: C's copy of what was withdrawn falls with it, so B's word alone is left, and that is too little. The
    # name is free again, and B's stream has the tombstone.
    assert a.http.post(f"/api/contributions/{shared}/recall", params={"reason": "our mistake"}).status_code == 202
    assert stream_of_b.gets(shared, "tombstone")
    assert resolver.frees(EVIL)
    ended = approver.http.get(f"/api/shield/decisions/{EVIL}").json()
    assert ended["state"] == "withdrawn" and "no longer suffices" in ended["reason"]

    # The visitor's stream never said anything of all this.
    assert not any(EVIL in event["data"] for event in stream_of_a_visitor.events)

