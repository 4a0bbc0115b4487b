"""What decisions end as does not depend on how the record is cut: one entry at a time, and all of it at once."""

from __future__ import annotations

import random

import msgspec
import pytest

from fusioncell.bootstrap import Hub
from fusioncell.kernel.clock import DAY
from fusioncell.kernel.entry import Draft, Payload
from fusioncell.kernel.ids import new_id
from fusioncell.kernel.ports import Database
from fusioncell.rebuild import check
from fusioncell.shield.charter.first import FIRST
from fusioncell.shield.charter.model import PolicyBody
from fusioncell.shield.charter.read import digest_of
from fusioncell.shield.model import PARTNERS, Body, Cited

NAMES = [f"n{number}.example" for number in range(5)]
NARROW = msgspec.structs.replace(FIRST, number=2, categories=FIRST.categories[:2])
KINDS = (
    "proposed", "proposed", "proposed", "published", "published", "published", "withdrawn", "expired", "refused",
    "endorsed", "renewed",
)  # fmt: skip


def bodies(seed: int, now: int, count: int) -> list[tuple[str, msgspec.Struct]]:
    """Make entries of a few decisions on fewer names, in an order that no service would write them in, too."""
    chance = random.Random(seed)  # noqa: S311 - a test's
    made: list[tuple[str, msgspec.Struct]] = []
    known: list[Body] = []
    for number in range(count):
        kind = chance.choice(KINDS)
        if kind in ("proposed", "refused") or not known:
            known.append(Body(
                f"d{number}", chance.choice(NAMES), chance.choice(["malware", "phishing", "phishing", "nonsense"]),
                severity=chance.choice(["low", "high"]), exercise=chance.random() < 0.2, reason_code="seen",
                evidence=[Cited("c1", "org:o1", 1.5)] if chance.random() < 0.5 else [],
            ))  # fmt: skip
            kind = kind if kind == "refused" else "proposed"
            body = known[-1]
        else:
            body = msgspec.structs.replace(
                chance.choice(known[-6:]), by=chance.choice(["p1", "p2", "rule"]), approvers=["p1"],
                reason=f"reason {number}", expires=chance.choice([0, now + DAY, now + 9 * DAY]), reason_code="",
            )  # fmt: skip
            if kind == "renewed":
                body = msgspec.structs.replace(body, expires=now + 20 * DAY)
        made.append((f"decision.{kind}", body))
    change = PolicyBody("change", digest_of(NARROW), "p1", "too wide", NARROW)
    place = chance.randrange(count)
    said = [("policy.proposed", "p1"), ("policy.approved", "p1"), ("policy.approved", "p2"), ("policy.adopted", "p2")]
    made[place:place] = [(kind, msgspec.structs.replace(change, by=by)) for kind, by in said]
    return made


def states(database: Database) -> dict[str, int]:
    with database.read() as connection:
        return dict(connection.rows("SELECT state, count(*) FROM shield_decision GROUP BY state"))


@pytest.mark.parametrize("seed", range(3))
def test_one_by_one_and_all_at_once_end_the_same(hub: Hub, seed: int) -> None:
    number = hub.record.intern_audience(PARTNERS)
    for kind, body in bodies(seed, hub.clock.now(), 70):
        draft = Draft(kind, number, Payload("", "", 0, "", msgspec.json.encode(body)))
        hub.record.append("", [draft], new_id(hub.randomness))
        hub.river.run_dry()
    found = states(hub.databases["projections"])
    assert {"refused", "withdrawn"} <= set(found) and {"proposed", "published"} & set(found), found
    rebuilt = check(hub)
    assert rebuilt.equal, (rebuilt.differing, rebuilt.rows[:5])


def test_with_a_policy_the_decisions_outside_it_end(hub: Hub) -> None:
    """In one cut with their publication and with what comes behind it."""
    number, soon = hub.record.intern_audience(PARTNERS), hub.clock.now() + DAY
    body = Body("d1", "a.example", "malware", expires=soon, by="p1")
    change = PolicyBody("change", digest_of(NARROW), "p1", "too wide", NARROW)
    again = msgspec.structs.replace(body, decision="d2")
    told: list[tuple[str, msgspec.Struct]] = [
        ("decision.proposed", body), ("decision.published", body), ("policy.proposed", change),
        ("policy.approved", change), ("policy.approved", msgspec.structs.replace(change, by="p2")),
        ("policy.adopted", change), ("decision.proposed", again),
        ("decision.proposed", msgspec.structs.replace(again, decision="d3", category="phishing")),
    ]  # fmt: skip
    hub.record.append("", [Draft(kind, number, Payload("", "", 0, "", msgspec.json.encode(one))) for kind, one in told],
                      new_id(hub.randomness))  # fmt: skip
    hub.river.run_dry()
    with hub.databases["projections"].read() as connection:
        rows = connection.rows("SELECT id, state, ended_by FROM shield_decision ORDER BY seq")
        steps = connection.rows("SELECT name, added FROM shield_change ORDER BY serial")
        tally = connection.rows("SELECT category, names FROM shield_sort")
    assert rows == [("d1", "withdrawn", "rule"), ("d3", "proposed", "")]
    assert steps == [("a.example", 1), ("a.example", 0)]
    assert tally == [("malware", 0)]
