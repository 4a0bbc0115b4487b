"""What did not come as STIX, shown as STIX: judged is an indicator, mentioned accuses nobody, nothing breaks out."""

from __future__ import annotations

from typing import Any

import pytest

from fusioncell.exchange.as_stix import comparison, name_of, object_of
from fusioncell.intake.model import Extract
from fusioncell.kernel.claim import Claim, Role, Stance
from fusioncell.kernel.entry import Entry, Payload
from fusioncell.kernel.observable import Observable, ObservableType

UUID = "5b8a7a52-3f0e-4c52-8e5d-6f1d0f0c9a31"
AT = 1_767_225_600_000_000
BAD = Observable(ObservableType.DOMAIN, "bad.example")
IP = Observable(ObservableType.IPV4, "198.51.100.7")


def entry(kind: str = "misp.attribute", org: str = "a", subject: str = UUID, version: int = AT) -> Entry:
    return Entry(1, 1, AT + 5_000_000, org, kind, 1, "c", b"", b"", Payload("", subject, version, "", b"{}"))


def said(*claims: Claim, **more: Any) -> Extract:
    return Extract(claims, **more)


def test_a_judged_value_is_an_indicator_and_keeps_its_uuid() -> None:
    claims = (Claim(BAD, Role.ATTACKER, Stance.MALICIOUS, stated=AT, until=AT + 60_000_000),
              Claim(IP, Role.ATTACKER, Stance.MALICIOUS, stated=AT))  # fmt: skip
    made = object_of(entry(), said(*claims, labels=("x", "x")))
    assert made is not None and made["id"] == f"indicator--{UUID}" and made["indicator_types"] == ["malicious-activity"]
    assert made["pattern"] == "[domain-name:value = 'bad.example'] OR [ipv4-addr:value = '198.51.100.7']"
    assert (made["valid_from"], made["valid_until"]) == ("2026-01-01T00:00:00.000Z", "2026-01-01T00:01:00.000Z")
    assert made["labels"] == ["x"] and made["modified"] == "2026-01-01T00:00:00.000Z"


def test_what_is_only_mentioned_accuses_nobody() -> None:
    made = object_of(entry(), said(Claim(BAD, Role.CONTEXT, Stance.NONE)))
    assert made is not None and made["type"] == "observed-data" and "pattern" not in made
    assert [one["value"] for one in made["objects"].values()] == ["bad.example"]


def test_the_gravest_word_is_the_objects_and_benign_is_told_so() -> None:
    both = said(Claim(BAD, Role.CONTEXT, Stance.BENIGN), Claim(IP, Role.ATTACKER, Stance.SUSPICIOUS))
    made = object_of(entry(), both)
    assert made is not None and made["pattern"] == "[ipv4-addr:value = '198.51.100.7']"
    benign = object_of(entry(), said(Claim(BAD, Role.CONTEXT, Stance.BENIGN)))
    assert benign is not None and benign["indicator_types"] == ["benign"]


def test_a_row_listed_again_is_a_later_version_of_its_contributors_own_object() -> None:
    extract = said(Claim(BAD, Role.ATTACKER, Stance.MALICIOUS))
    one, again = (name_of(entry("csv.row", subject="d", version=v), extract) for v in (1 << 62, 7))
    other = name_of(entry("csv.row", org="b", subject="d"), extract)
    assert one is not None and other is not None and one == again and one[0] != other[0]
    assert one[2] == AT + 5_000_000, "its version is the file's digest, and no instant"


@pytest.mark.parametrize("kind", ["post", "reaction", "stix", "misp.event"])
def test_other_kinds_have_no_object(kind: str) -> None:
    assert object_of(entry(kind), said(Claim(BAD, Role.ATTACKER, Stance.MALICIOUS))) is None


def test_nothing_breaks_out_of_a_pattern() -> None:
    evil = Observable(ObservableType.FILENAME, "a'] OR [x:y = '\\")
    assert comparison(evil) == "file:name = 'a\\'] OR [x:y = \\'\\\\'"
    assert comparison(Observable(ObservableType.ASN, "64496")) == "autonomous-system:number = 64496"
    digest = Observable(ObservableType.SHA256, "0" * 64)
    assert comparison(digest) == f"file:hashes.'SHA-256' = '{'0' * 64}'"
