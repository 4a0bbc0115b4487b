"""The transparency log follows the record: what is a leaf, who gets which opening, what is never signed."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import msgspec
import pytest
from litestar.testing import TestClient

from blocking import block, blocked, someone
from databases import dump, rebuild
from fusioncell.bootstrap import Hub
from fusioncell.kernel.clock import DAY, MINUTE, ManualClock
from fusioncell.kernel.entry import Draft, Payload
from fusioncell.kernel.errors import BadInput, NotFound
from fusioncell.kernel.marking import PUBLIC
from fusioncell.rebuild import NOBODY
from fusioncell.shield.appeals import Filed
from fusioncell.shield.translog import key_named
from fusioncell.shield.translog.model import CHECKPOINT, Checkpoint
from fusioncell.shield.translog.note import COSIGNS, Key, public_of
from fusioncell.web.app import make_app
from fusioncell_verify.notes import cosign
from logbook import private
from logged import blocks, decide, leaves, log_of

W = "witness.example/w"


def write(hub: Hub, kind: str, body: bytes) -> None:
    number = hub.record.intern_audience(NOBODY)
    hub.record.append("", [Draft(kind, number, Payload("", "x", 0, "", body))], f"{kind} {hub.record.head()[0]}")
    hub.settle()


def later(hub: Hub, time: int) -> None:
    assert isinstance(hub.clock, ManualClock)
    hub.clock.advance(time)


def test_a_leaf_for_each_step_of_the_zone_and_for_nothing_else(hub: Hub) -> None:
    block(hub, "evil.example")
    one = leaves(hub)
    assert [leaf["kind"] for leaf in one] == ["add"]
    assert set(one[0]) == {"category", "commitment", "kind", "policy", "serial", "severity", "time"}
    assert one[0]["time"] == hub.clock.now() // 1_000_000
    hub.shield.propose(someone(hub, "Gov"), "waits.example", "phishing", "a reason")
    hub.settle()
    hub.shield.withdraw(someone(hub, "Gov"), "waits.example", "not now")
    hub.settle()
    assert len(leaves(hub)) == 1, "what was never in the zone is nobody's business"
    later(hub, MINUTE)
    hub.shield.withdraw(someone(hub, "Gov"), "evil.example", "a mistake")
    hub.settle()
    assert [(leaf["kind"], leaf.get("of")) for leaf in leaves(hub)] == [("add", None), ("remove", 0)]
    assert leaves(hub)[1]["serial"] == hub.shield.zone.serial
    block(hub, "other.example")
    later(hub, 100 * DAY)
    hub.settle()
    assert [leaf["kind"] for leaf in leaves(hub)] == ["add", "remove", "add", "expire"]


def test_no_leaf_tells_a_name_a_party_or_a_reason(hub: Hub) -> None:
    block(hub, "evil.example")
    hub.shield.withdraw(someone(hub, "Gov"), "evil.example", "a mistake of ours")
    hub.settle()
    said = log_of(hub).entries(0, 2) + log_of(hub).checkpoint().encode() + log_of(hub).tile(0, 0, 2)
    for secret in (b"evil", b"mistake", b"Gov", b"person", b"Bank"):
        assert secret not in said
    dumped = dump(hub.databases["projections"])
    everything = repr({name: rows for name, rows in dumped.items() if name.startswith("shield_translog")})
    for one in log_of(hub).opening_for("evil.example"):
        assert one.nonce.hex() not in everything and repr(one.nonce) not in everything, "nonces are stored nowhere"


def test_an_exercise_is_in_no_log(hub: Hub) -> None:
    blocks(hub, "drill.example", exercise=True)
    assert leaves(hub) == []
    assert log_of(hub).checkpoint().split("\n")[1] == "0"


def test_the_log_replayed_is_the_zone_and_a_rebuild_makes_the_same_log(hub: Hub) -> None:
    names = [f"n{number}.example" for number in range(600)]
    blocks(hub, *names)
    decide(hub, "withdrawn", *names[:50])
    blocks(hub, *names[:10], turn=2)
    decide(hub, "expired", *names[200:250])
    decide(hub, "withdrawn", "never-blocked.example")
    opened = {one.index: one for one in log_of(hub).openings(someone(hub, "Gov"), limit=5000)}
    held = set()
    for place, leaf in enumerate(leaves(hub)):
        one = opened[place]
        assert sha256(one.nonce + one.name.encode()).hexdigest() == leaf["commitment"]
        held = held | {one.name} if leaf["kind"] == "add" else held - {one.name}
    assert held == blocked(hub) and len(held) == 510
    assert len({one.nonce for one in opened.values()}) == len(opened) == 710
    note, before = log_of(hub).checkpoint(), dump(hub.databases["projections"])
    rebuild(hub)
    hub.river.run_dry()
    assert dump(hub.databases["projections"]) == before
    assert log_of(hub).checkpoint() == note


def test_batches_make_no_difference(hub: Hub) -> None:
    names = [f"n{number}.example" for number in range(40)]
    blocks(hub, *names)
    decide(hub, "withdrawn", *names[::2])
    before = dump(hub.databases["projections"])
    rebuild(hub)
    for until in range(1, hub.record.head()[0] + 1):
        hub.river.run_dry(until=until)
    assert dump(hub.databases["projections"]) == before


def test_every_growth_is_signed_and_kept(hub: Hub) -> None:
    sizes = []
    for number in range(4):
        blocks(hub, f"n{number}.example")
        sizes.append(log_of(hub).head().size)
    assert sizes == [1, 2, 3, 4]
    assert [log_of(hub).checkpoint(size).split("\n")[1] for size in sizes] == ["1", "2", "3", "4"]
    for size in (5, 77):
        with pytest.raises(NotFound):
            log_of(hub).checkpoint(size)
    head = hub.record.head()
    hub.settle()
    assert hub.record.head() == head, "what did not grow is not signed again"


def test_what_contradicts_a_signed_head_is_never_signed(hub: Hub) -> None:
    blocks(hub, "one.example", "two.example")
    good = log_of(hub).checkpoint()
    write(hub, CHECKPOINT, msgspec.json.encode(Checkpoint(log_of(hub).head().origin, 3, "00" * 32)))
    assert "contradicts the checkpoint of 3" in log_of(hub).fault()
    blocks(hub, "three.example", "four.example")
    assert log_of(hub).checkpoint() == good, "the log stays at its last good head"
    with pytest.raises(NotFound):
        log_of(hub).entries(0, 3)


def test_a_restored_hub_begins_another_generation(hub: Hub) -> None:
    names = [f"n{number}.example" for number in range(300)]
    blocks(hub, *names)
    first = log_of(hub).head()
    tile, partial = log_of(hub).tile(0, 0, 256), log_of(hub).tile(0, 1, 44)
    write(hub, "hub.epoch", b"{}")
    second = log_of(hub).head()
    assert second.size == 301 and second.origin != first.origin and second.origin.startswith(first.origin + "/g300-")
    last = leaves_of(hub, second.prefix, second.size)[-1]
    assert last["kind"] == "restored" and last["cites"] == f"{first.origin} 300 {first.root.hex()}"
    name = second.prefix.split("/")[2]
    assert log_of(hub).tile(0, 0, 256, name) == tile and log_of(hub).tile(0, 1, 44) == partial
    for width in (45, 256):
        with pytest.raises(NotFound):
            log_of(hub).tile(0, 1, width)
    with pytest.raises(NotFound):
        log_of(hub).tile(0, 0, 256, "g1-00000000")
    assert log_of(hub).key.name == second.origin
    blocks(hub, "after.example")
    assert log_of(hub).head().origin == second.origin
    assert log_of(hub).checkpoint(300).startswith(first.origin + "\n300\n")
    write(hub, "hub.epoch", b"{}")
    third = log_of(hub).head()
    assert third.prefix not in ("/log/", second.prefix)
    assert len(log_of(hub).tile(0, 1, 46, name)) == 46 * 32


def leaves_of(hub: Hub, prefix: str, size: int) -> list[dict[str, Any]]:
    generation = prefix.removeprefix("/log").strip("/")
    data, found = log_of(hub).entries((size - 1) // 256, size % 256, generation), []
    while data:
        length = int.from_bytes(data[:2])
        found.append(json.loads(data[2 : 2 + length]))
        data = data[2 + length :]
    return found


# -- openings ----------------------------------------------------------------------------------------------------------


def opened_to(hub: Hub, viewer: Any, **more: Any) -> list[str]:
    return [f"{one.kind} {one.name}" for one in log_of(hub).openings(viewer, **more)]


def test_actors_names_open_after_a_delay_or_at_removal_and_victims_never(hub: Hub) -> None:
    life = {"expires": hub.clock.now() + 80 * DAY}
    blocks(hub, "stays.example", "lifted.example", **life)
    blocks(hub, "hacked.example", "hacked-lifted.example", origin="compromised", **life)
    assert opened_to(hub, PUBLIC) == []
    later(hub, DAY)
    decide(hub, "withdrawn", "lifted.example", "hacked-lifted.example")
    assert opened_to(hub, PUBLIC) == ["add lifted.example", "remove lifted.example"]
    later(hub, 29 * DAY)
    assert opened_to(hub, PUBLIC) == ["add stays.example", "add lifted.example", "remove lifted.example"]
    later(hub, 365 * DAY)
    hub.settle()
    assert [name for name in opened_to(hub, PUBLIC) if "hacked" in name] == []
    assert opened_to(hub, PUBLIC, name="stays.example") == ["add stays.example", "expire stays.example"]
    assert opened_to(hub, PUBLIC, name="hacked.example") == []
    holder = opened_to(hub, someone(hub, "Bank"))
    assert len(holder) == 8 and "add hacked.example" in holder
    assert opened_to(hub, PUBLIC, after=1, limit=1) == ["remove lifted.example"]


def test_a_role_without_the_zone_holds_no_openings(hub: Hub) -> None:
    blocks(hub, "evil.example")
    reader = msgspec.structs.replace(someone(hub, "Bank"), permissions=frozenset({"read"})) if isinstance(
        someone(hub, "Bank"), msgspec.Struct) else None  # fmt: skip
    if reader is not None:
        assert opened_to(hub, reader) == []


def test_a_name_that_comes_back_after_an_opening_is_committed_to_anew(hub: Hub) -> None:
    blocks(hub, "evil.example")
    decide(hub, "withdrawn", "evil.example")
    blocks(hub, "evil.example", turn=2)
    first = leaves(hub)[0]
    assert opened_to(hub, PUBLIC) == ["add evil.example", "remove evil.example"]
    assert first["commitment"] not in {leaf["commitment"] for leaf in leaves(hub)[1:]}


# -- the policy --------------------------------------------------------------------------------------------------------


def test_an_entry_that_says_a_policy_was_adopted_is_no_policy(hub: Hub) -> None:
    write(hub, "policy.adopted", b'{"id": "made up", "digest": "%s"}' % (b"0" * 64))
    assert leaves(hub) == []


# -- appeals and holds -------------------------------------------------------------------------------------------------


def test_an_appeal_and_its_outcome_are_told_once_each(hub: Hub) -> None:
    blocks(hub, "evil.example", "other.example", expires=hub.clock.now() + 80 * DAY)
    lodged = {"appeal": "a1", "name": "www.evil.example", "decision": "decision 1 of evil.example", "mark": "x",
              "role": "owner"}  # fmt: skip
    write(hub, "appeal.lodged", msgspec.json.encode(lodged))
    write(hub, "appeal.lodged", msgspec.json.encode({**lodged, "appeal": "a2", "mark": "y"}))
    later(hub, 3 * MINUTE)
    for kind in ("upheld", "refused", "withdrawn"):
        write(hub, f"appeal.{kind}", msgspec.json.encode({**lodged, "by": "someone", "reason": "was wrong"}))
    write(hub, "appeal.refused", msgspec.json.encode({**lodged, "appeal": "a2"}))
    write(hub, "appeal.upheld", msgspec.json.encode({**lodged, "appeal": "never lodged"}))
    told = [(leaf["kind"], leaf.get("of")) for leaf in leaves(hub)]
    assert told == [("add", None), ("add", None), ("appeal", 0), ("appeal", 0), ("upheld", 2), ("dismissed", 3)]
    opened = {one.index: one for one in log_of(hub).opening_for("evil.example")}
    assert sorted(opened) == [0, 2, 3, 4, 5], "they commit to the name that is blocked"
    assert opened_to(hub, PUBLIC) == []
    found = log_of(hub).totals()
    assert (found.appeals, found.upheld, found.dismissed, found.appeal_median) == (2, 1, 1, 180)


def test_an_owner_who_proved_the_name_opens_its_commitments_and_nobody_else(hub: Hub) -> None:
    blocks(hub, "shop.example", "other.example", origin="compromised", expires=hub.clock.now() + 80 * DAY)

    class Proofs:
        stood = False

        def record_of(self, name: str) -> str:
            return f"_fusioncell.{name}"

        def text_for(self, subject: str, name: str) -> str:
            return "proof"

        def stands(self, subject: str, name: str) -> bool:
            return self.stood

    proofs = Proofs()
    hub.shielding.appeals.proofs = proofs
    _, code = hub.shielding.appeals.lodge("shop.example", Filed("We sell shoes.", "owner"))
    hub.settle()
    with TestClient(make_app(hub)) as client:
        path = f"/api/appeals/{code}/openings"
        assert client.get(path).status_code == 409
        assert client.get("/api/appeals/AAAA-BBBB/openings").status_code == 404
        proofs.stood = True
        hub.shielding.appeals.prove(code)
        hub.settle()
        found = client.get(path).json()["openings"]
        assert {one["name"] for one in found} == {"shop.example"}
        assert [one["kind"] for one in found] == ["add", "appeal"]
        place, nonce = found[0]["index"], bytes.fromhex(found[0]["nonce"])
        assert sha256(nonce + b"shop.example").hexdigest() == leaves(hub)[place]["commitment"]
        assert client.get("/api/shield/openings?name=shop.example").json()["openings"] == []


def test_a_hold_is_counted_so_late_that_nobody_sees_which_name_it_was(hub: Hub) -> None:
    blocks(hub, "evil.example", "other.example", expires=hub.clock.now() + 80 * DAY)
    write(hub, "deconfliction.placed", b'{"hold": "h1", "name": "evil.example", "by": "officer"}')
    decide(hub, "withdrawn", "evil.example")
    later(hub, 13 * DAY)
    blocks(hub, "third.example")
    assert [leaf["kind"] for leaf in leaves(hub)] == ["add", "add", "remove", "add"]
    later(hub, 2 * DAY)
    hub.settle()
    blocks(hub, "fourth.example")
    kinds = [leaf["kind"] for leaf in leaves(hub)]
    assert kinds.count("hold") == 1 and kinds.index("hold") >= 4
    assert {*leaves(hub)[kinds.index("hold")]} == {"kind", "serial", "time"}
    assert log_of(hub).totals().holds == 1
    before = dump(hub.databases["projections"])
    rebuild(hub)
    for until in range(1, hub.record.head()[0] + 1):
        hub.river.run_dry(until=until)
    assert dump(hub.databases["projections"]) == before


# -- witnesses ---------------------------------------------------------------------------------------------------------


def test_a_witness_that_is_known_may_cosign_and_no_other(hub: Hub) -> None:
    log = log_of(hub)
    log.witnesses = (Key(W, COSIGNS, public_of(private(W))),)
    assert key_named(log.witnesses[0].text) == log.witnesses[0]
    blocks(hub, "evil.example")
    text = log.checkpoint().split("\n\n")[0] + "\n"

    def note(line: str) -> str:
        return f"{text}\n{line}\n"

    line = cosign(private(W), W, text, 1_800_000_000)
    assert log.cosign(note(line)) == [W]
    hub.settle()
    assert log.checkpoint().endswith(f"{line}\n") and log.witnessed() == [(W, 1, 1_800_000_000)]
    head = hub.record.head()
    assert log.cosign(note(line)) == [W]
    hub.settle()
    assert hub.record.head() == head, "what is known is not written again"
    older = cosign(private(W), W, text, 1_700_000_000)
    assert log.cosign(note(older)) == [W]
    hub.settle()
    assert log.checkpoint().endswith(f"{line}\n")
    refused = [
        note(cosign(private("another"), W, text, 1)),
        note(cosign(private("another"), "another.example", text, 1)),
        note(cosign(private(W), W, text.replace("\n1\n", "\n2\n"), 1)),
        note(line).replace("\n1\n", "\n0\n"),
        note(line)[:-3],
        "no note",
        note(line) * 2,
        f"{text}\n" + "".join(f"{line}\n" for _ in range(17)),
    ]
    for wrong in refused:
        with pytest.raises((BadInput, NotFound)):
            log.cosign(wrong)
    hub.settle()
    assert hub.record.head() == head
    blocks(hub, "more.example")
    assert line not in log.checkpoint() and line in log.checkpoint(1)


# -- totals ------------------------------------------------------------------------------------------------------------


def test_totals_are_what_the_leaves_say(hub: Hub) -> None:
    blocks(hub, "a.example", "b.example", "c.example", expires=hub.clock.now() + 50 * DAY)
    blocks(hub, "m.example", category="malware", expires=hub.clock.now() + 50 * DAY)
    later(hub, 2 * MINUTE)
    decide(hub, "withdrawn", "a.example")
    later(hub, 2 * MINUTE)
    decide(hub, "withdrawn", "b.example")
    decide(hub, "expired", "m.example")
    found = log_of(hub).totals()
    assert [(c.name, c.added, c.removed, c.expired, c.standing) for c in found.categories] == [
        ("malware", 1, 0, 1, 0), ("phishing", 3, 2, 0, 1)]  # fmt: skip
    assert found.lift_median == 120 and found.appeal_median == -1 and found.size == 7
    assert [month.name for month in found.months][-1] == "2026-06" and len(found.months) == 12
    assert (found.months[-1].added, found.months[-1].ended) == (4, 3)
