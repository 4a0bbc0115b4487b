"""What the record promises, on both databases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from databases import START, failing_at
from fusioncell.edges.database import SqlDatabase
from fusioncell.kernel.clock import HOUR, ManualClock
from fusioncell.kernel.entry import Draft, Entry, Payload
from fusioncell.kernel.errors import Unavailable
from fusioncell.kernel.ids import SeededRandomness
from fusioncell.kernel.marking import PUBLIC, Audience, Tlp, Uses, Viewer, may_see, org
from fusioncell.record import ahead
from fusioncell.record.pack import RecordDamaged
from fusioncell.record.service import Record

CLEAR = Audience(Tlp.CLEAR, frozenset(), Uses.ANALYSIS)
GREEN = Audience(Tlp.GREEN, frozenset(), Uses.ANALYSIS)
STRICT = Audience(Tlp.AMBER_STRICT, frozenset({org("a")}), Uses.ANALYSIS)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def record(databases: dict[str, SqlDatabase], clock: ManualClock) -> Iterator[Record]:
    opened = Record(databases["record"], clock, SeededRandomness(1))
    yield opened
    opened.close()


def drafts(audience: int, bodies: Sequence[bytes], kind: str = "stix") -> list[Draft]:
    return [
        Draft(kind, audience, Payload("ada", f"s-{body[:8]!r}", 7, f"objects[{i}]", body, {"n": i}))
        for i, body in enumerate(bodies)
    ]


def bodies(entries: Sequence[Entry]) -> list[bytes | None]:
    return [entry.payload.body if entry.payload else None for entry in entries]


# Append and read


def test_what_is_appended_comes_back_whole_in_order(record: Record) -> None:
    audience = record.intern_audience(GREEN)
    receipt = record.append("org-a", drafts(audience, [b"one", b"\x00\xff", b""]), "c-1")
    assert (receipt.first_seq, receipt.last_seq, receipt.at) == (1, 3, START)
    entries = record.read_after(0)
    assert [e.seq for e in entries] == [1, 2, 3]
    assert bodies(entries) == [b"one", b"\x00\xff", b""]
    first = entries[0]
    assert (first.org, first.kind, first.audience, first.contribution, first.commit_seq, first.at) == (
        "org-a", "stix", audience, "c-1", 1, START)  # fmt: skip
    assert first.payload == Payload("ada", "s-b'one'", 7, "objects[0]", b"one", {"n": 0})


def test_an_append_of_nothing_is_refused(record: Record) -> None:
    with pytest.raises(ValueError, match="at least one"):
        record.append("org-a", [], "c-1")
    assert record.head()[0] == 0


def test_a_reader_resumes_from_any_position_and_sees_each_entry_once(record: Record) -> None:
    """Positions within a block too: blocks hold up to 128 entries of one audience."""
    green, strict = record.intern_audience(GREEN), record.intern_audience(STRICT)
    for number in range(3):
        record.append("o", drafts(green, [b"%d-%d" % (number, i) for i in range(150)]), f"g-{number}")
        record.append("o", drafts(strict, [b"s%d-%d" % (number, i) for i in range(7)]), f"s-{number}")
    last = record.head()[0]
    assert last == 3 * 157
    for start in range(last + 1):
        assert [e.seq for e in record.read_after(start)] == list(range(start + 1, last + 1))
    for blocks in (1, 2, 3):
        seen, position = [], 0
        while page := record.read_after(position, blocks=blocks):
            seen += [e.seq for e in page]
            position = page[-1].seq
        assert seen == list(range(1, last + 1))
    assert record.read_after(last) == []
    assert record.read_after(last + 1000) == []


def test_what_is_handed_over_is_what_is_read_back(record: Record) -> None:
    green, clear = (record.intern_audience(one) for one in (GREEN, CLEAR))
    meta: dict[str, object] = {"tags": ("a", "b"), "n": {"of": 1}}
    mixed = [Draft("stix", green if i % 200 < 150 else clear, Payload("ada", str(i), i, "", b"x" * i, meta))
             for i in range(300)]  # fmt: skip
    record.append("org-a", drafts(green, [b"before"]), "c-0")
    record.hand_over(True)
    for number in (1, 2):
        record.append("org-a", mixed, f"c-{number}")
    seen: list[Entry] = []
    while found := record.follow(seen[-1].seq if seen else 0, blocks=2):
        assert found == record.follow(seen[-1].seq if seen else 0, blocks=2), "asked again, it is given again"
        seen += found
    assert seen == record.read_after(0, blocks=1000)
    assert [type(value) for value in seen[-1].payload.meta.values()] == [list, dict] if seen[-1].payload else False


def test_who_follows_gets_nothing_that_was_erased(record: Record) -> None:
    audience = record.intern_audience(GREEN)
    record.hand_over(True)
    record.append("org-a", drafts(audience, [b"keep", b"erase"]), "c-1")
    assert record.erase(2)
    assert bodies(record.follow(0, blocks=9)) == [b"keep", None]


def test_who_follows_from_within_a_block_or_late_skips_nothing(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    audience = record.intern_audience(GREEN)
    record.hand_over(True)
    monkeypatch.setattr(ahead, "MOST", 200)
    for number in range(6):
        record.append("org-a", drafts(audience, [bytes([number]) * 30] * 3), f"c-{number}")
    assert [entry.seq for entry in record.follow(1, blocks=1)][0] == 2
    seqs: list[int] = []
    while found := record.follow(seqs[-1] if seqs else 0, blocks=2):
        seqs += [entry.seq for entry in found]
    assert seqs == list(range(1, 19))


def test_readers_see_only_their_audiences_from_any_position(record: Record) -> None:
    green, strict, clear = (record.intern_audience(a) for a in (GREEN, STRICT, CLEAR))
    for number, audience in enumerate([green, strict, clear, green, green, strict, clear] * 3):
        record.append("o", drafts(audience, [b"x"] * (number % 4 + 1)), f"c-{number}")
    everything = record.read_after(0)
    for visible in ({green}, {clear, strict}, {strict}, set(), {green, strict, clear}):
        for start in (0, 1, 5, 17, everything[-1].seq - 1):
            wanted = [e.seq for e in everything if e.seq > start and e.audience in visible]
            assert [e.seq for e in record.read_after(start, visible=visible)] == wanted
            assert [e.seq for e in record.read_after(start, visible=iter(visible))] == wanted
            in_range = [e.seq for e in everything if start <= e.seq <= start + 9 and e.audience in visible]
            assert [e.seq for e in record.read_range(start, start + 9, visible)] == in_range


def test_entries_at_chosen_positions(record: Record) -> None:
    audience = record.intern_audience(GREEN)
    record.append("o", drafts(audience, [b"%d" % i for i in range(300)]), "c")
    assert [e.seq for e in record.read_many([300, 1, 129, 129, 999, 0, 128])] == [1, 128, 129, 300]
    assert bodies(record.read_many([129])) == [b"128"]
    assert record.read_many([]) == []


def test_blocks_end_where_the_audience_changes_and_order_stays(record: Record) -> None:
    green, strict = record.intern_audience(GREEN), record.intern_audience(STRICT)
    mixed = [d for i in range(200) for d in drafts((green, strict)[i % 3 == 0], [b"%d" % i])]
    record.append("o", mixed, "c")
    entries = record.read_after(0, blocks=1000)
    assert bodies(entries) == [b"%d" % i for i in range(200)]
    assert [e.audience for e in entries] == [d.audience for d in mixed]


def test_large_payloads_come_back(record: Record) -> None:
    audience = record.intern_audience(GREEN)
    large = [SeededRandomness(3).bytes(300_000), b"a" * 3_000_000, b"tail"]
    record.append("o", drafts(audience, large), "c")
    assert bodies(record.read_after(0)) == large
    assert record.verify() == 3


def test_a_submission_is_found_by_its_public_id(record: Record) -> None:
    audience = record.intern_audience(GREEN)
    record.append("o", drafts(audience, [b"1", b"2"]), "c-1")
    record.append("p", drafts(audience, [b"3"]), "c-2")
    found = record.commit_of("c-2")
    assert found is not None
    assert (found.org, found.first_seq, found.last_seq, found.at) == ("p", 3, 3, START)
    assert record.commit_of("c-3") is None


def test_the_instant_never_goes_back(record: Record, clock: ManualClock) -> None:
    audience = record.intern_audience(GREEN)
    for step in (0, HOUR, -3 * HOUR, HOUR, 4 * HOUR):
        clock.advance(step)
        record.append("o", drafts(audience, [b"x"]), f"c-{step}-{clock.now()}")
    instants = [e.at for e in record.read_after(0)]
    assert instants == [START, START + HOUR, START + HOUR, START + HOUR, START + 3 * HOUR]
    assert record.head()[1] == instants[-1]


def test_an_epoch_is_opened_and_kept(record: Record, databases: dict[str, SqlDatabase], clock: ManualClock) -> None:
    assert record.head()[2] == 1
    assert record.open_epoch() == 2
    again = Record(databases["record"], clock, SeededRandomness(2))
    assert again.head()[2] == 2
    again.close()


# All or nothing


def test_a_failed_commit_reaches_every_caller_and_keeps_nothing(
    record: Record, databases: dict[str, SqlDatabase]
) -> None:
    audience = record.intern_audience(GREEN)
    record.append("o", drafts(audience, [b"kept"]), "c-0")
    with failing_at(databases["record"], "UPDATE record_head") as hit:
        futures = [record.submit("o", drafts(audience, [b"a", b"b"]), f"c-{i}") for i in range(1, 9)]
        for future in futures:
            with pytest.raises(OSError, match="no space"):
                future.result(10)
    assert hit
    assert record.head()[0] == 1
    assert bodies(record.read_after(0)) == [b"kept"]
    assert record.commit_of("c-1") is None
    receipt = record.append("o", drafts(audience, [b"after"]), "c-1")
    assert receipt.first_seq == 2
    assert record.verify() == 2


def test_a_known_public_id_is_refused_and_nothing_of_it_kept(record: Record) -> None:
    audience = record.intern_audience(GREEN)
    record.append("o", drafts(audience, [b"first"]), "c-1")
    with pytest.raises(Exception, match="(?i)unique"):
        record.append("o", drafts(audience, [b"a", b"b"]), "c-1")
    record.append("o", drafts(audience, [b"next"]), "c-2")
    assert bodies(record.read_after(0)) == [b"first", b"next"]
    assert record.verify() == 2


def test_a_caller_who_gave_up_stops_nobody(record: Record) -> None:
    """A request that ends early cancels its future; the writer must live on."""
    audience = record.intern_audience(GREEN)
    given_up = [record.submit("o", drafts(audience, [b"%d" % i]), f"gone-{i}") for i in range(50)]
    for future in given_up:
        future.cancel()
    assert record.submit("o", drafts(audience, [b"mine"]), "c").result(10).last_seq >= 1
    kept = bodies(record.read_after(0))
    assert kept[-1] == b"mine"
    assert len(kept) == 1 + sum(not future.cancelled() for future in given_up)


def test_a_listener_that_fails_stops_nobody(record: Record) -> None:
    audience = record.intern_audience(GREEN)
    heard: list[int] = []

    def fails(_: int) -> None:
        raise RuntimeError("a broken listener")

    record.on_append(fails)
    record.on_append(heard.append)
    record.append("o", drafts(audience, [b"1"]), "c-1")
    assert record.submit("o", drafts(audience, [b"2"]), "c-2").result(10).last_seq == 2
    record.close()
    assert heard == [1, 2]


def test_closing_writes_what_waits_and_then_refuses(record: Record) -> None:
    audience = record.intern_audience(GREEN)
    futures = [record.submit("o", drafts(audience, [b"%d" % i]), f"c-{i}") for i in range(20)]
    record.close()
    assert [future.result(0).last_seq for future in futures] == list(range(1, 21))
    with pytest.raises(Unavailable):
        record.submit("o", drafts(audience, [b"late"]), "late")


# Audiences


def test_equal_audiences_have_one_number(record: Record, databases: dict[str, SqlDatabase], clock: ManualClock) -> None:
    numbers = [record.intern_audience(a) for a in (CLEAR, GREEN, STRICT, GREEN)]
    assert numbers == [1, 2, 3, 2]
    other = Record(databases["record"], clock, SeededRandomness(2))
    late = other.intern_audience(Audience(Tlp.GREEN, frozenset(), Uses.NONE))
    assert other.intern_audience(STRICT) == 3
    other.close()
    assert record.audience(late) == Audience(Tlp.GREEN, frozenset(), Uses.NONE)
    assert record.intern_audience(Audience(Tlp.GREEN, frozenset(), Uses.NONE)) == late


def test_two_processes_meet_one_new_audience(databases: dict[str, SqlDatabase], clock: ManualClock) -> None:
    """Neither has heard of the other's: the second must find it, not fail on it."""
    one, two = (Record(databases["record"], clock, SeededRandomness(i)) for i in (1, 2))
    assert one.intern_audience(GREEN) == two.intern_audience(GREEN) == 1
    assert two.intern_audience(CLEAR) == one.intern_audience(CLEAR) == 2
    assert one.audience_set_number(frozenset({1, 2})) == two.audience_set_number(frozenset({2, 1}))
    one.close()
    two.close()


def test_visible_audiences_are_those_that_may_see_allows(record: Record) -> None:
    viewers = [PUBLIC, Viewer(member=True), Viewer("p", "a", True, frozenset({org("a")}))]
    for audience in (CLEAR, GREEN, STRICT):
        number = record.intern_audience(audience)
        for viewer in viewers:
            assert (number in record.visible_to(viewer)) == may_see(viewer, audience)


def test_audience_sets(record: Record) -> None:
    one, two = record.audience_set_number(frozenset({3, 1})), record.audience_set_number(frozenset())
    assert one != two
    assert record.audience_set_number(frozenset({1, 3})) == one
    assert record.audience_set(one) == frozenset({1, 3})
    assert record.audience_set(two) == frozenset()
    assert record.audience_set(99) is None


# Erasing, and finding damage


def test_an_erased_entry_is_gone_and_the_record_still_verifies(
    record: Record, databases: dict[str, SqlDatabase]
) -> None:
    audience = record.intern_audience(GREEN)
    secret = b"born 1970-01-01 in Leeds, passport 123456789"
    record.append("o", drafts(audience, [b"before", secret, b"after"]), "c-1")
    digest = record.read_after(0)[1].digest
    assert record.erase(2)
    erased = record.read_after(0)
    assert bodies(erased) == [b"before", None, b"after"]
    assert (erased[1].digest, erased[1].kind, erased[1].seq) == (digest, "stix", 2)
    assert record.verify() == 3
    assert record.erase(2)
    assert not record.erase(4)
    assert not record.erase(0)
    with databases["record"].read() as connection:
        nonces = bytes(connection.rows("SELECT nonces FROM record_block")[0][0])
    assert nonces[32:64] == bytes(32)
    assert nonces[:32] != bytes(32)


DAMAGE = {
    "a payload's byte": "UPDATE record_block SET payload = ? WHERE first_seq = 3",
    "a payload of another block": "UPDATE record_block SET payload = (SELECT payload FROM record_block b WHERE "
    "b.first_seq = 1), nonces = (SELECT nonces FROM record_block b WHERE b.first_seq = 1) "
    "WHERE first_seq = 3",
    "two blocks' whole content": "UPDATE record_block SET payload = o.payload, nonces = o.nonces, digests = o.digests "
    "FROM record_block o WHERE o.first_seq = 4 - record_block.first_seq "
    "AND record_block.first_seq IN (1, 3)",
    "the kind": "UPDATE record_block SET kinds = 'recall' || substr(kinds, 5) WHERE first_seq = 3",
    "the audience": "UPDATE record_block SET audience = 2 WHERE first_seq = 3",
    "the contributor": "UPDATE record_commit SET org = 'someone' WHERE first_seq = 3",
    "the instant": "UPDATE record_commit SET at = at + 1 WHERE first_seq = 3",
    "the public id": "UPDATE record_commit SET contribution = 'x' WHERE first_seq = 3",
    "the count": "UPDATE record_block SET count = 1 WHERE first_seq = 3",
    "the place": "UPDATE record_block SET first_seq = 30 WHERE first_seq = 5",
    "the end of the submission": "UPDATE record_commit SET last_seq = 9 WHERE first_seq = 5",
    "a block in the middle lost": "DELETE FROM record_block WHERE first_seq = 3",
    "the last block lost": "DELETE FROM record_block WHERE first_seq = 5",
    "a submission's header lost": "DELETE FROM record_commit WHERE first_seq = 5",
    "the head wound back": "UPDATE record_head SET last_seq = 4",
    "a nonce": "UPDATE record_block SET nonces = ? WHERE first_seq = 3",
    "a digest": "UPDATE record_block SET digests = ? WHERE first_seq = 3",
    "all of the payload": "UPDATE record_block SET payload = ? WHERE first_seq = 3",
}


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_is_found(record: Record, databases: dict[str, SqlDatabase], what: str) -> None:
    audience = record.intern_audience(GREEN)
    record.intern_audience(CLEAR)
    for name in ("c-1", "c-2", "c-3"):
        record.append("o", drafts(audience, [name.encode() * 20, b"second"]), name)
    assert record.verify() == 6
    sql = DAMAGE[what]
    with databases["record"].write() as connection:
        values: tuple[bytes, ...] = ()
        if "?" in sql:
            column = sql.split(" SET ")[1].split(" ")[0]
            value = bytearray(connection.rows(f"SELECT {column} FROM record_block WHERE first_seq = 3")[0][0])
            value[len(value) // 2] ^= 1
            values = (b"" if what.startswith("all") else bytes(value),)
        assert connection.run(sql, values)
    with pytest.raises(RecordDamaged):
        record.verify()


def test_an_entry_that_only_looks_erased_is_damage(record: Record, databases: dict[str, SqlDatabase]) -> None:
    """The payload is gone, but the nonce still stands: nobody erased it by rule."""
    audience = record.intern_audience(GREEN)
    record.append("o", drafts(audience, [b"first", b"second"]), "c")
    with databases["record"].read() as connection:
        nonces = bytes(connection.rows("SELECT nonces FROM record_block")[0][0])
    record.erase(2)
    with databases["record"].write() as connection:
        connection.run("UPDATE record_block SET nonces = ?", (nonces,))
    with pytest.raises(RecordDamaged):
        record.verify()
