"""The stand-alone verifier: it passes an honest log of 100,000 entries, and fails on each attack of a table."""

from __future__ import annotations

import ast
import json
import shutil
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

import fusioncell_verify
from fusioncell.shield.translog.merkle import inclusion
from fusioncell.shield.translog.model import Kind
from fusioncell.shield.translog.service import proof_text
from fusioncell.shield.translog.tiles import node_reader
from fusioncell_verify.main import main
from logbook import ORIGIN, START, Book, named, private, put, witness_key

WITNESS = "witness.example/w"
SIZE = 700


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An honest log with openings, its zone, and an earlier checkpoint that a witness cosigned."""
    folder = tmp_path_factory.mktemp("honest")
    book = Book().fill(SIZE - 100)
    put(folder / "old", book.note(seen={WITNESS: book.time + 1800}).encode())
    book.time += 3600
    for number in range(100):
        book.tell(Kind.ADD, f"later{number}.example")
    book.write(folder)
    book.opened(folder / "openings.json")
    book.zone(folder / "zone.txt")
    return folder


def run(capsys: pytest.CaptureFixture[str], command: str, folder: Path, *more: str, key: str = "") -> tuple[int, Any]:
    """Run the command on a log; returns its exit code and what it printed."""
    code = main([command, "--log", str(folder), "--key", key or Book().key.text, "--json", *more])
    return code, json.loads(capsys.readouterr().out)


def checks(said: Any) -> set[str]:
    return {one["check"] for one in said["findings"]}


# -- what is honest verifies -------------------------------------------------------------------------------------------


def test_an_honest_log_verifies(honest: Path, capsys: pytest.CaptureFixture[str]) -> None:
    openings = str(honest / "openings.json")
    code, said = run(capsys, "public", honest, "--openings", openings)
    assert (code, said["result"], said["size"]) == (0, "verified", SIZE)
    assert said["events"] == {"add": 580, "expire": 60, "remove": 60}
    assert said["standing"] == {"phishing": 460}
    assert run(capsys, "zone", honest, str(honest / "zone.txt"), "--openings", openings)[0] == 0
    code, said = run(capsys, "consistency", honest, str(honest / "old"), "--witness", witness_key(WITNESS))
    assert (code, said["before"], said["new_leaves"]) == (0, SIZE - 100, 100)
    code, said = run(capsys, "answer", honest, "N1.example.", "--openings", openings)
    assert (code, said["blocked"]) == (0, True)
    code, said = run(capsys, "answer", honest, "n0.example", "--openings", openings)
    assert (code, said["blocked"], [one["kind"] for one in said["events"]]) == (0, False, ["add", "remove"])
    assert run(capsys, "answer", honest, "never.example", "--openings", openings)[0] == 1


def test_100_000_entries_verify(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = Book().fill(100_000)
    book.write(tmp_path)
    openings = str(book.opened(tmp_path / "openings.json"))
    zone = str(book.zone(tmp_path / "zone.txt"))
    code, said = run(capsys, "zone", tmp_path, zone, "--openings", openings)
    assert (code, said["size"], said["names"]) == (0, 100_000, 60_000)
    put(tmp_path / "old", book.note(70_000).encode())
    assert run(capsys, "consistency", tmp_path, str(tmp_path / "old"))[0] == 0
    assert run(capsys, "answer", tmp_path, "n99995.example", "--openings", openings)[0] == 0


@pytest.mark.parametrize("old", [1, 2, 255, 256, 257, 511, 512, 600, 699, 700])
def test_each_earlier_size_is_consistent(
    old: int, honest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = Book().fill(SIZE - 100)
    book.time += 3600
    for number in range(100):
        book.tell(Kind.ADD, f"later{number}.example")
    put(tmp_path / "old", book.note(old).encode())
    assert run(capsys, "consistency", honest, str(tmp_path / "old"))[0] == 0


def test_a_proof_verifies_offline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = Book().fill(300)
    tiles = book.tiles(book.leaves)
    path = inclusion(node_reader(lambda level, n: tiles[level, n]), 7, 300)
    text = proof_text(7, book.leaves[7].decode(), path, book.note())
    put(tmp_path / "proof", text.encode())
    name, nonce = book.openings[7]
    opened = ("--name", name, "--nonce", nonce.hex())
    code, said = run(capsys, "proof", tmp_path, str(tmp_path / "proof"), *opened)
    assert (code, said["kind"], said["name"]) == (0, "add", name)
    other = ("--name", "other.example", "--nonce", nonce.hex())
    code, said = run(capsys, "proof", tmp_path, str(tmp_path / "proof"), *other)
    assert (code, checks(said)) == (1, {"opening"})
    put(tmp_path / "proof", text.replace("index 7", "index 6").encode())
    assert run(capsys, "proof", tmp_path, str(tmp_path / "proof"))[0] == 1


# -- policies ----------------------------------------------------------------------------------------------------------

def policy(number: int, *categories: str) -> bytes:
    said = {"number": number, "title": f"Policy {number}", "categories": [{"id": one} for one in categories]}
    return json.dumps(said, sort_keys=True).encode()


ONE, TWO = policy(1, "dga", "malware", "phishing"), policy(2, "malware", "phishing")
FIRST, SECOND = sha256(ONE).hexdigest(), sha256(TWO).hexdigest()


def under(folder: Path, change: str = "", *, keep: tuple[bytes, ...] = (ONE, TWO)) -> Book:
    """A log in which a second policy drops a category, written with the policies; ``change``: what is wrong with it."""
    book = Book()
    for number in range(300):
        book.tell(Kind.ADD, f"n{number}.example", policy=FIRST, category=("phishing", "dga")[number % 2])
    book.tell(Kind.POLICY, policy=SECOND)
    if change != "outlives":
        for number in range(1, 300, 2):
            book.tell(Kind.REMOVE, f"n{number}.example", policy=FIRST, category="dga")
            book.time -= number != 1  # all in the second of the first of them
    book.time += 100
    book.tell(Kind.ADD, "new.example", policy=SECOND, category="dga" if change == "outside" else "malware")
    if change == "before":
        book.tell(Kind.ADD, "late.example", policy=FIRST)
    if change == "jumps":
        book.tell(Kind.POLICY, policy=sha256(policy(4, "malware", "phishing")).hexdigest())
    if change == "no digest":
        book.tell(Kind.POLICY, policy="../../checkpoint")
    book.write(folder)
    for data in (*keep, policy(4, "malware", "phishing")):
        put(folder / "policy" / sha256(data).hexdigest(), data)
    return book


def test_the_policies_of_an_honest_log_verify(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    under(tmp_path)
    code, said = run(capsys, "policies", tmp_path)
    assert (code, said["result"]) == (0, "verified"), said
    assert [(one["digest"], one["number"], one["decisions"]) for one in said["policies"]] == [
        (FIRST, 1, 300), (SECOND, 2, 1)]  # fmt: skip
    assert said["policies"][0]["adopted"] is None and said["policies"][1]["adopted"] == START + 301
    shutil.rmtree(tmp_path / "policy")
    assert run(capsys, "policies", tmp_path)[0] == 3, "what cannot be read says nothing about the log"
    put(tmp_path / "one", ONE)
    put(tmp_path / "two", TWO)
    assert run(capsys, "policies", tmp_path, str(tmp_path / "one"), str(tmp_path / "two"))[0] == 0


@pytest.mark.parametrize(("change", "told"), [
    ("outside", "which its policy does not name"),
    ("outlives", "outlived its category 'dga'"),
    ("before", "under a policy that the log never adopted"),
    ("jumps", "one in between is missing"),
    ("no digest", "no policy's digest"),
])  # fmt: skip
def test_a_log_that_does_not_keep_its_policies_is_found(
    change: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    under(tmp_path, change)
    code, said = run(capsys, "policies", tmp_path)
    assert code == 1 and checks(said) == {"policy"} and told in " ".join(one["detail"] for one in said["findings"])


@pytest.mark.parametrize("data", [
    ONE.replace(b"malware", b"adverts"), ONE + b" ", ONE[:-1], b"", TWO, b"[]", b"\xff",
])  # fmt: skip
def test_a_policy_that_was_altered_is_found(data: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    under(tmp_path)
    put(tmp_path / "policy" / FIRST, data)
    code, said = run(capsys, "policies", tmp_path)
    assert (code, checks(said)) == (1, {"policy"}) and "is another one" in said["findings"][0]["detail"]
    put(tmp_path / "policy" / FIRST, ONE)
    put(tmp_path / "given", data)
    if data != TWO:
        code, said = run(capsys, "policies", tmp_path, str(tmp_path / "given"))
        assert (code, checks(said)) == (1, {"policy"}) and "names no policy" in said["findings"][0]["detail"]


@pytest.mark.parametrize("data", [
    b"{}", b"[]", b"1", b'{"number": true, "title": "", "categories": []}',
    b'{"number": 1, "title": 1, "categories": []}',
    b'{"number": 1, "title": "", "categories": {"id": 1}}', b'{"number": 1, "title": "", "categories": [{"id": 1}]}',
    b'{"number": 1, "title": "", "categories": [], "categories": [{"id": "phishing"}]}',
    b'{"number": 1, "title": "", "categories": [{"id": "x", "id": "phishing"}]}', b"not json", b"\xff", b"[" * 20_000,
])  # fmt: skip
def test_a_policy_of_another_form_is_found(data: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = Book()
    digest = sha256(data).hexdigest()
    book.tell(Kind.ADD, "n.example", policy=digest)
    book.write(tmp_path)
    put(tmp_path / "policy" / digest, data)
    code, said = run(capsys, "policies", tmp_path)
    assert (code, checks(said)) == (1, {"policy"}) and "not written as policies are" in said["findings"][0]["detail"]


# -- attacks -----------------------------------------------------------------------------------------------------------


def leaf(book: Book, place: int, **changed: Any) -> bytes:
    said = {**json.loads(book.leaves[place]), **changed}
    return json.dumps(said, sort_keys=True, separators=(",", ":")).encode()


def rewritten(change: Callable[[Book], None], *, signed: bool = True) -> Callable[[Path], Book]:
    """An attacker who writes the log anew; with the log's own key, or under the head that was signed before."""

    def attack(folder: Path) -> Book:
        book = Book().fill(SIZE - 100)
        book.time += 3600
        for number in range(100):
            book.tell(Kind.ADD, f"later{number}.example")
        note = book.note()
        change(book)
        shutil.rmtree(folder / "tile")
        book.write(folder, note="" if signed else note)
        return book

    return attack


def alter(book: Book) -> None:
    book.leaves[17] = leaf(book, 17, category="malware")


def drop(book: Book) -> None:
    del book.leaves[650]


def drop_last(book: Book) -> None:
    del book.leaves[-150:]


def reorder(book: Book) -> None:
    book.leaves[30], book.leaves[31] = book.leaves[31], book.leaves[30]


def back_date(book: Book) -> None:
    book.leaves[-1] = leaf(book, len(book.leaves) - 1, time=START - 86_400)


def back_date_in_order(book: Book) -> None:
    for place in range(SIZE - 100, SIZE):
        book.leaves[place] = leaf(book, place, time=START + 700)


def fork(book: Book) -> None:
    for place in range(580, len(book.leaves)):
        book.leaves[place] = leaf(book, place, severity="high")


def reuse_nonce(book: Book) -> None:
    book.leaves[-1] = leaf(book, len(book.leaves) - 1, commitment=json.loads(book.leaves[-2])["commitment"])


def unadopted_policy(book: Book) -> None:
    book.leaves[-1] = leaf(book, len(book.leaves) - 1, policy="p2")


def end_twice(book: Book) -> None:
    book.leaves.append(leaf(book, 4, serial=book.serial + 1, time=book.time + 1, commitment="0" * 64))


def end_other(book: Book) -> None:
    book.leaves[9] = leaf(book, 9, of=6)


def decide_twice(book: Book) -> None:
    lodged = book.tell(Kind.APPEAL, "n1.example", of=1)
    book.tell(Kind.DISMISSED, "n1.example", of=lodged)
    book.tell(Kind.UPHELD, "n1.example", of=lodged)


def same_serial(book: Book) -> None:
    book.leaves[-1] = leaf(book, len(book.leaves) - 1, serial=book.serial - 1)


def spaced(book: Book) -> None:
    book.leaves[-1] = json.dumps(json.loads(book.leaves[-1])).encode()


def unknown_field(book: Book) -> None:
    book.leaves[-1] = leaf(book, len(book.leaves) - 1, zzz="note to a friend")


def cut_tile(folder: Path) -> Book:
    target = folder / "tile" / "0" / "001"
    target.write_bytes(target.read_bytes()[:-32])
    return Book()


def cut_last_tile(folder: Path) -> Book:
    target = folder / "tile" / "0" / named(2, SIZE % 256)
    target.write_bytes(target.read_bytes()[:-32])
    return Book()


def cut_bundle(folder: Path) -> Book:
    target = folder / "tile" / "entries" / "001"
    target.write_bytes(target.read_bytes()[:-9])
    return Book()


def other_tile(folder: Path) -> Book:
    target = folder / "tile" / "0" / named(2, SIZE % 256)
    target.write_bytes(bytes(len(target.read_bytes())))
    return Book()


def wrong_key(folder: Path) -> Book:
    book = Book().fill(3)
    put(folder / "checkpoint", book.note(key="another").encode())
    return book


def wrong_origin(folder: Path) -> Book:
    book = Book(origin="elsewhere.example/log").fill(SIZE)
    put(folder / "checkpoint", book.note().encode())
    return book


def borrowed_signature(folder: Path) -> Book:
    """The key's own signature, over another text."""
    target = folder / "checkpoint"
    target.write_bytes(target.read_bytes().replace(b"\n700\n", b"\n699\n"))
    return Book()


PUBLIC, GROWTH = "public", "consistency"
ATTACKS: list[tuple[str, Callable[[Path], Book], str, set[str]]] = [
    ("alter a leaf under the signed head", rewritten(alter, signed=False), PUBLIC, {"root", "tile"}),
    ("alter a leaf and sign again", rewritten(alter), GROWTH, {"consistency"}),
    ("drop a leaf under the signed head", rewritten(drop, signed=False), PUBLIC, {"unreadable"}),
    ("drop a leaf, sign again", rewritten(drop), GROWTH, set()),
    ("drop the last leaves, sign again", rewritten(drop_last), GROWTH, {"consistency"}),
    ("reorder two leaves, sign again", rewritten(reorder), GROWTH, {"consistency"}),
    ("reorder two leaves, seen by anyone", rewritten(reorder), PUBLIC, {"serial", "time"}),
    ("back-date the newest leaf", rewritten(back_date), PUBLIC, {"time"}),
    ("back-date all since the witness saw it", rewritten(back_date_in_order), GROWTH, {"time"}),
    ("fork before the old head", rewritten(fork), GROWTH, {"consistency"}),
    ("reuse a nonce", rewritten(reuse_nonce), PUBLIC, {"nonce"}),
    ("block under a policy never adopted", rewritten(unadopted_policy), PUBLIC, {"policy"}),
    ("end a block twice", rewritten(end_twice), PUBLIC, {"order"}),
    ("decide an appeal twice", rewritten(decide_twice), PUBLIC, {"order"}),
    ("give a serial twice", rewritten(same_serial), PUBLIC, {"serial"}),
    ("write a leaf with spaces", rewritten(spaced), PUBLIC, {"leaf"}),
    ("hide a message in a leaf", rewritten(unknown_field), PUBLIC, {"leaf"}),
    ("truncate a tile", cut_tile, PUBLIC, {"tile"}),
    ("truncate a tile that a proof needs", cut_last_tile, GROWTH, {"tile"}),
    ("truncate a bundle", cut_bundle, PUBLIC, {"bundle"}),
    ("serve another tile", other_tile, PUBLIC, {"tile"}),
    ("serve another tile to a proof", other_tile, GROWTH, {"consistency"}),
    ("sign with another key", wrong_key, PUBLIC, {"key"}),
    ("show another log", wrong_origin, PUBLIC, {"key"}),
    ("put a signature under another text", borrowed_signature, PUBLIC, {"signature"}),
]


@pytest.mark.parametrize(("attack", "command", "seen"), [row[1:] for row in ATTACKS], ids=[row[0] for row in ATTACKS])
def test_an_attack_is_seen(
    attack: Callable[[Path], Book], command: str, seen: set[str], honest: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    folder = tmp_path / "log"
    shutil.copytree(honest, folder)
    attack(folder)
    more = (str(honest / "old"), "--witness", witness_key(WITNESS)) if command == GROWTH else ()
    code, said = run(capsys, command, folder, *more)
    if seen == {"unreadable"}:
        # A log that withholds what it signed: nothing says so but that it is not there.
        assert (code, said["result"]) == (3, "unreadable")
    elif seen:
        assert code == 1 and checks(said) & seen, said
    else:
        # What came after the witness's head may be dropped unseen by who holds only that head …
        assert code == 0
        later = tmp_path / "later"
        later.write_bytes((honest / "checkpoint").read_bytes())
        # … and is seen by whoever holds the later one.
        assert run(capsys, command, folder, str(later))[0] == 1


def test_two_heads_of_one_size_are_an_equivocation(
    honest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "log"
    shutil.copytree(honest, folder)
    rewritten(unadopted_policy)(folder)
    code, said = run(capsys, "consistency", folder, str(honest / "checkpoint"))
    assert (code, checks(said)) == (1, {"equivocation"})


ZONES: list[tuple[str, Callable[[Book], dict[str, Any]], str]] = [
    ("a name too many", lambda book: {"names": [*book.standing, "innocent.example"]}, "the log never said so"),
    ("a name too few", lambda book: {"names": list(book.standing)[1:]}, "not by the zone"),
    ("an older zone as a newer one", lambda book: {"names": list(book.standing)[:-1]}, "not by the zone"),
    ("a serial that the log does not know", lambda book: {"serial": book.serial + 1}, "beyond the log's"),
]


@pytest.mark.parametrize(("change", "told"), [row[1:] for row in ZONES], ids=[row[0] for row in ZONES])
def test_a_zone_that_is_not_the_log_is_seen(
    change: Callable[[Book], dict[str, Any]], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = Book().fill(60)
    book.write(tmp_path / "log")
    zone, openings = book.zone(tmp_path / "zone", **change(book)), book.opened(tmp_path / "openings")
    code, said = run(capsys, "zone", tmp_path / "log", str(zone), "--openings", str(openings))
    assert code == 1 and told in said["findings"][0]["detail"]


def test_a_subscribers_zones_are_together_some_size_of_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its zones count merges too, so their serials run ahead; a lifted name passes until main is without it."""
    book = Book().fill(20)
    names = sorted(book.standing)
    book.tell(Kind.REMOVE, names[0])
    size = len(book.leaves)
    fresh = book.zone(tmp_path / "fresh", names[8:], serial=book.serial + 7)
    fresh.write_text(fresh.read_text() + f"{names[0]} CNAME rpz-passthru.\nnodata.x.probe.fusioncell CNAME *.\n")
    main_ = book.zone(tmp_path / "main", names[:10], serial=book.serial + 5)
    book.serial += 20
    book.tell(Kind.ADD, "malware.example", category="malware")
    book.tell(Kind.ADD, "later.example")
    book.write(tmp_path / "log")
    openings = ("--openings", str(book.opened(tmp_path / "openings")))
    both = (str(fresh), str(main_), *openings, "--any-size")
    code, said = run(capsys, "zone", tmp_path / "log", *both)
    assert (code, said["replayed_to"], said["names"]) == (0, size, len(names) - 1)
    assert run(capsys, "zone", tmp_path / "log", str(main_), *openings, "--any-size")[0] == 1
    fresh.write_text(fresh.read_text() + "innocent.example CNAME .\n")
    code, said = run(capsys, "zone", tmp_path / "log", *both)
    assert (code, [one["detail"] for one in said["findings"]]) == (
        1, ["'innocent.example' is blocked, and the log never said so"])  # fmt: skip


def test_an_older_zone_is_the_log_replayed_so_far(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = Book().fill(30)
    zone = book.zone(tmp_path / "zone")
    book.fill(7).tell(Kind.ADD, "new.example")
    book.write(tmp_path / "log")
    openings = book.opened(tmp_path / "openings")
    assert run(capsys, "zone", tmp_path / "log", str(zone), "--openings", str(openings))[0] == 0


def test_appeals_holds_and_policies_stand_in_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = Book().fill(4)
    lodged = book.tell(Kind.APPEAL, "n1.example", of=1)
    book.tell(Kind.UPHELD, "n1.example", of=lodged)
    book.tell(Kind.REMOVE, "n1.example")
    book.tell(Kind.HOLD, policy="")
    book.tell(Kind.POLICY, policy="p2")
    book.tell(Kind.ADD, "in-flight.example")
    book.tell(Kind.ADD, "after.example", policy="p2")
    book.write(tmp_path / "log")
    code, said = run(capsys, "public", tmp_path / "log", "--openings", str(book.opened(tmp_path / "openings")))
    assert (code, said["policies"]) == (0, ["p1", "p2"])
    book.time += 61
    book.tell(Kind.ADD, "late.example")
    book.write(tmp_path / "log")
    assert checks(run(capsys, "public", tmp_path / "log")[1]) == {"policy"}


def test_openings_must_open_and_be_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = Book().fill(20)
    book.write(tmp_path / "log")
    zone = str(book.zone(tmp_path / "zone"))
    kept = dict(book.openings)
    for change, check in (
        ({3: ("other.example", kept[3][1])}, "opening"),
        ({3: (kept[3][0], bytes(32))}, "opening"),
        ({3: (kept[3][0], kept[3][1][:16])}, "opening"),
        ({99: kept[3]}, "opening"),
    ):
        book.openings = {**kept, **change}
        openings = str(book.opened(tmp_path / "openings"))
        code, said = run(capsys, "public", tmp_path / "log", "--openings", openings)
        assert code == 1 and checks(said) == {check}
    del book.openings[99], book.openings[3]
    code, said = run(capsys, "zone", tmp_path / "log", zone, "--openings", str(book.opened(tmp_path / "openings")))
    assert code == 1 and "no opening of leaf 3" in said["findings"][0]["detail"]


def test_a_nonce_for_two_names_is_seen_by_holders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    class Reusing(Book):
        """A log whose nonces hang on the day alone."""

        def tell(self, kind: Kind, name: str = "", **more: Any) -> int:
            from fusioncell.shield.translog.seal import commitment_to

            committed = commitment_to(name, self.secret)
            place = super().tell(kind, name, commitment=committed, **more)
            self.openings[place] = (name, self.secret)
            return place

    book = Reusing()
    book.tell(Kind.ADD, "a.example")
    book.tell(Kind.ADD, "b.example")
    book.write(tmp_path / "log")
    code, said = run(capsys, "public", tmp_path / "log", "--openings", str(book.opened(tmp_path / "openings")))
    assert (code, checks(said)) == (1, {"nonce"})


def test_an_end_under_another_name_is_seen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = Book().fill(15)
    end_other(book)
    book.write(tmp_path / "log")
    code, said = run(capsys, "public", tmp_path / "log", "--openings", str(book.opened(tmp_path / "openings")))
    assert code == 1 and checks(said) == {"order"}


# -- witnesses ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def witness(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[str, ...]:
    assert main(["new-key", WITNESS, "--private", str(tmp_path / "key"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    (tmp_path / "vkey").write_text(said["key"])
    return ("--private", str(tmp_path / "key"), "--state", str(tmp_path / "state"))


def test_a_witness_cosigns_what_grew_and_nothing_else(
    witness: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book, folder = Book().fill(300), tmp_path / "log"
    book.write(folder)
    code, said = run(capsys, "witness", folder, *witness)
    assert (code, said["before"]) == (0, 0)
    note = (folder / "checkpoint").read_text() + said["cosignature"] + "\n"
    put(folder / "checkpoint", note.encode())
    vkey = (tmp_path / "vkey").read_text()
    assert run(capsys, "public", folder, "--witness", vkey, "--quorum", "1")[0] == 0
    forged = note[:-10] + ("A" if note[-10] != "A" else "B") + note[-9:]
    put(folder / "checkpoint", forged.encode())
    assert run(capsys, "public", folder, "--witness", vkey)[0] == 1
    book.time = int(2e9) * 2
    book.fill(20)
    book.write(folder)
    assert run(capsys, "public", folder, "--witness", vkey, "--quorum", "1")[1]["findings"][0]["check"] == "witnesses"
    code, said = run(capsys, "witness", folder, *witness)
    assert (code, said["before"], said["size"]) == (0, 300, 320)
    book.leaves[3] = leaf(book, 3, severity="high")
    book.tell(Kind.ADD, "more.example")
    shutil.rmtree(folder)
    book.write(folder)
    code, said = run(capsys, "witness", folder, *witness)
    assert (code, checks(said)) == (1, {"consistency"}) and "cosignature" not in said


def test_a_witness_cosigns_nothing_back_dated(
    witness: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = Book().fill(10)
    book.write(tmp_path / "log")
    assert run(capsys, "witness", tmp_path / "log", *witness)[0] == 0
    book.tell(Kind.ADD, "slipped-in.example")
    book.write(tmp_path / "log")
    code, said = run(capsys, "witness", tmp_path / "log", *witness)
    assert (code, checks(said)) == (1, {"time"})


# -- what cannot be read is not "wrong" --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("public", "--key", "no key"),
        ("public", "--log", "/nowhere"),
        ("public", "--openings", "/nowhere"),
        ("zone", "/nowhere", "--openings", "/nowhere"),
        ("answer", "n1.example"),
        ("consistency", "/nowhere"),
        ("proof", "/dev/null"),
    ],
)
def test_what_cannot_be_read_is_told_apart(
    arguments: tuple[str, ...], honest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command, *more = arguments
    code = main([command, "--log", str(honest), "--key", Book().key.text, *more])
    assert code == 3
    assert "unreadable" in capsys.readouterr().out


def test_wrong_usage_is_told_apart() -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["public"])
    assert stopped.value.code == 2


def test_the_verifier_imports_nothing_of_the_hub() -> None:
    allowed = sys.stdlib_module_names | {"cryptography", "fusioncell_verify"}
    for file in Path(fusioncell_verify.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert {name.split(".")[0] for name in names} <= allowed, file


def test_the_key_of_the_log_is_what_the_hub_prints() -> None:
    from fusioncell_verify.notes import read_key

    key = read_key(Book().key.text)
    assert (key.name, key.type, key.public) == (ORIGIN, 1, private("log").public_key().public_bytes_raw())
