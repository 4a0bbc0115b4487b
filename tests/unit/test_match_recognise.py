"""What columns recognise reads one by one as the same value of the same type; hashes in columns tell texts apart."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fusioncell.exchange.match import asked_of, changed, filter_body, holds, read_filter
from fusioncell.exchange.match.filter import Change, delta_body
from fusioncell.exchange.match.hash import LONGEST, Hasher
from fusioncell.exchange.match.recognise import IPV4, LEFT, recognise
from fusioncell.kernel.observable import TYPES_BY_CODE

LABEL = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_AZ", max_size=66)
NAME = st.lists(LABEL, max_size=6).map(".".join)
NUMBERS = st.lists(st.integers(0, 300).map(str) | st.sampled_from(["01", "", "0", "00"]), max_size=6).map(".".join)
HEX = st.text("0123456789abcdef", min_size=30, max_size=130)
ENDED = st.tuples(LABEL, st.sampled_from(["com", "sh", "zip", "co.uk", "technology", "example", "py"])).map(".".join)
LINES = st.lists(NAME | NUMBERS | HEX | ENDED | st.text(max_size=40).map(lambda text: "".join(text.split("\n"))))


@settings(deadline=None, max_examples=150)
@given(LINES)
@example(["", "a.example", "", "run.sh", "1.2.3.4", "13" * 16, "0" * 32, "a..b", "-a.com", "a-.com", "x" * 64 + ".com"])
def test_what_is_recognised_reads_the_same_by_itself(lines: list[str]) -> None:
    made = recognise("".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))
    assert len(made) == len(lines)
    for number, line in enumerate(lines):
        code = int(made.code[number])
        if code == LEFT:
            continue
        observable = asked_of(line, "").observable
        assert observable is not None
        assert (observable.type, observable.value) == (TYPES_BY_CODE[code], line)
        if code == IPV4:
            assert ".".join(str(part) for part in int(made.address[number]).to_bytes(4, "big")) == line


@settings(deadline=None, max_examples=150)
@given(st.lists(st.binary(max_size=LONGEST), unique=True, max_size=60), st.binary(max_size=9))
def test_hashes_tell_texts_and_types_apart_wherever_they_stand(texts: list[bytes], before: bytes) -> None:
    hasher = Hasher(b"key")
    codes = np.full(len(texts), 4, np.uint8)
    keys, checks = hasher.texts(texts, codes)
    assert len(set(keys.tolist())) == len(set(checks.tolist())) == len(texts)
    again = hasher.texts([before, *texts], np.concatenate([[5], codes]).astype(np.uint8))
    assert again[0][1:].tolist() == keys.tolist() and again[1][1:].tolist() == checks.tolist()
    others = hasher.texts(texts, np.full(len(texts), 5, np.uint8))
    assert not set(others[0].tolist()) & set(keys.tolist())


@settings(deadline=None, max_examples=150)
@given(st.sets(st.integers(0, 2**64 - 1)), st.sets(st.integers(0, 2**64 - 1)), st.sets(st.integers(0, 2**64 - 1)))
def test_a_filter_is_a_plain_set(held: set[int], added: set[int], asked: set[int]) -> None:
    def column(values: set[int]) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
        return np.array(sorted(values), np.uint64)

    read = read_filter(filter_body(column(held)))
    assert not isinstance(read, Change)
    wanted = [*asked, *list(held)[:5]]
    assert holds(read, np.array(wanted, np.uint64)).tolist() == [one in held for one in wanted]
    removed = set(list(held)[::2])
    change = read_filter(delta_body(column(added), column(removed)))
    assert isinstance(change, Change)
    assert set(changed(read, change).tolist()) == (held - removed) | added
