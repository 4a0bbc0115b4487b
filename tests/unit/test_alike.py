"""Texts that are nearly the same meet, others do not."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from fusioncell.fusion.alike import LEAST
from fusioncell.fusion.alike.gather import gathered
from fusioncell.fusion.alike.sketch import MIN_WORDS, bands_of, packed, share, sketch, unpacked

MAIL = (
    "Dear {name}, your parcel {code} is held at our depot because {sum} EUR of customs fees were not paid. "
    "Please confirm your address and pay within 24 hours at https://parcel.example/{code} or the parcel goes back to "
    "its sender. You find the details of the delivery in your account. This message was sent to {name} by the delivery "
    "team, please do not answer it. With kind regards, your parcel service."
)
OTHER = (
    "Minutes of the meeting of the working group on information sharing: the members agreed to publish the summary of "
    "the exercise, to review the list of contacts each quarter, and to ask the ministry for a date in spring. The next "
    "meeting takes place online; the agenda follows a week before it, with the papers of the subgroups."
)


def copy_of(seed: int) -> str:
    dice = random.Random(seed)
    return MAIL.format(name=dice.choice(("Ann", "Bob Miller", "M. Okafor")), code=f"NL{dice.randrange(10**8)}",
                       sum=f"{dice.randrange(100)}.{dice.randrange(100)}")  # fmt: skip


def found(text: str) -> tuple[int, ...]:
    made = sketch(text)
    assert made is not None
    return made


def test_copies_of_one_mail_meet_and_are_alike() -> None:
    first = found(copy_of(0))
    for seed in range(1, 60):
        other = found(copy_of(seed))
        assert set(bands_of(first)) & set(bands_of(other)) and share(first, other) >= LEAST


def test_another_text_is_not() -> None:
    assert share(found(copy_of(0)), found(OTHER)) < 0.2


def test_the_estimate_is_near_the_share_in_common() -> None:
    words = [f"word{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(300)]
    whole, half = " ".join(words), " ".join(words[:150] + [word[::-1] for word in words[150:]])
    # 148 sequences of 298 are the same: of the 448 of both a third.
    assert abs(share(found(whole), found(half)) - 148 / 448) < 0.17


def test_a_short_text_says_too_little() -> None:
    assert sketch("one " * (MIN_WORDS - 1)) is None and sketch("one " * MIN_WORDS) is not None and sketch("") is None


@given(st.text(min_size=0, max_size=400), st.integers(0, 5))
def test_any_text_has_a_sketch_that_is_kept_as_it_is(text: str, times: int) -> None:
    made = sketch(" ".join([text] * (times + 1) + ["word"] * MIN_WORDS))
    assert made is not None and unpacked(packed(made)) == made and len(packed(made)) == 256
    assert len(set(bands_of(made))) == 16 and all(-(1 << 63) <= band < 1 << 63 for band in bands_of(made))


@given(st.lists(st.sampled_from([copy_of(seed) for seed in range(4)] + [OTHER, MAIL[::-1], "one two three " * 9])),
       st.integers(0, 7))  # fmt: skip
def test_each_text_stands_with_the_first_that_it_is_like(texts: list[str], cut: int) -> None:
    rows = [(place, packed(found(text))) for place, text in enumerate(texts)]
    leaders = gathered(rows)
    for place, leader in leaders.items():
        assert leaders[leader] == leader <= place
        assert share(found(texts[place]), found(texts[leader])) >= LEAST
        earlier = {leaders[other] for other in range(place)}
        assert leader != place or all(share(found(texts[place]), found(texts[one])) < LEAST for one in earlier)
    assert gathered(rows[:cut]) == {place: leader for place, leader in leaders.items() if place < cut}
    assert gathered(reversed(rows)) == leaders
