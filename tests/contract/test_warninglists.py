"""The real package, compiled once: every list is reviewed, and no entry of any list is lost."""

from __future__ import annotations

import ipaddress
import json
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from xxhash import xxh3_64_intdigest

from fusioncell.edges import knowngood_files
from fusioncell.fusion.knowngood import KnownGood
from fusioncell.fusion.knownindex import FORMAT, Arrays, compile_lists, fold
from fusioncell.fusion.knownlists import CATEGORIES
from fusioncell.kernel.errors import Unavailable
from fusioncell.kernel.observable import Observable, ObservableType, canonical

T = ObservableType


@pytest.fixture(scope="session")
def arrays(tmp_path_factory: pytest.TempPathFactory) -> Arrays:
    stamp = f"{knowngood_files.package_version()}-{FORMAT}"
    return knowngood_files.open_arrays(
        tmp_path_factory.mktemp("knowngood"), stamp, lambda: compile_lists(knowngood_files.package_lists()))


@pytest.fixture(scope="session")
def known(arrays: Arrays) -> KnownGood:
    return KnownGood(arrays)


def raw_lists(*types: str) -> Iterator[tuple[str, list[str]]]:
    for name, body in knowngood_files.package_lists():
        raw = json.loads(body)
        if raw["type"] in types:
            yield name, raw["list"]


def test_each_list_of_the_package_is_reviewed(known: KnownGood) -> None:
    """A new list fails here: read it, then file it in ``fusion/knownlists.py``."""
    assert {entry.name for entry in known.lists} == set(CATEGORIES)
    assert sum(entry.entries for entry in known.lists) > 2_500_000
    assert known.skipped == ()


def test_no_entry_of_any_string_list_is_lost(known: KnownGood, arrays: Arrays) -> None:
    keys, owners = np.asarray(arrays["keys"]), np.asarray(arrays["owners"]) & 0x7FFF
    numbers = {entry.name: number for number, entry in enumerate(known.lists)}
    checked = 0
    for name, entries in raw_lists("string", "hostname", "substring"):
        expected = {xxh3_64_intdigest(fold(entry).encode()) for entry in entries}
        assert set(keys[owners == numbers[name]].tolist()) == expected, name
        checked += len(entries)
    assert checked > 2_300_000


@pytest.mark.parametrize("name", ["cisco_top10k", "url-shortener", "bank-website"])
def test_each_member_is_found_and_strangers_are_not(known: KnownGood, name: str) -> None:
    members = next(entries for found, entries in raw_lists("string", "hostname") if found == name)
    observables = [Observable(T.DOMAIN, fold(member)) for member in members]
    for observable, hits in zip(observables, known.batch_hits(observables), strict=True):
        assert any(hit.list == name and hit.kind == "exact" and hit.value == observable.value for hit in hits)
        assert known.guards(observable)
    plain = {fold(member) for member in members}
    strangers = [Observable(T.DOMAIN, f"q{value.value}") for value in observables if f"q{value.value}" not in plain]
    for hits in known.batch_hits(strangers):
        assert not any(hit.list == name and hit.kind == "exact" for hit in hits)


def test_each_network_finds_itself_by_its_first_and_last_address(known: KnownGood) -> None:
    for name, entries in raw_lists("cidr"):
        nets = [ipaddress.ip_network(entry) for entry in random.Random(name).sample(entries, min(60, len(entries)))]
        ends = [end for net in nets for end in (net.network_address, net.broadcast_address)]
        values = [canonical(T.IPV4, str(end)) for end in ends]  # an IPv4-mapped address is the IPv4 one
        for value, hits in zip(values, known.batch_hits(values), strict=True):
            assert any(hit.list == name and hit.kind == "cidr" for hit in hits), (name, value)


def test_random_names_meet_nothing(known: KnownGood) -> None:
    chance = random.Random(1)
    names = ["".join(chance.choices("bcdfghjklmnpqrstvwxz0123456789", k=16)) + chance.choice([".com", ".co.uk", ".xyz"])
             for _ in range(20_000)]
    assert not any(known.batch_hits([Observable(T.DOMAIN, name) for name in names]))


def test_the_names_that_people_ask_about(known: KnownGood) -> None:
    def lists(type: ObservableType, value: str) -> dict[str, str]:
        return {hit.list: hit.kind.value for hit in known.hits(Observable(type, value))}

    assert lists(T.IPV4, "8.8.8.8")["public-dns-v4"] == "cidr"
    assert lists(T.DOMAIN, "google.com")["tranco"] == "exact"
    assert lists(T.DOMAIN, "www.google.com")["alexa"] == "parent"
    assert set(lists(T.DOMAIN, "evil.duckdns.org").values()) == {"parent"}
    assert not known.guards(Observable(T.DOMAIN, "evil.duckdns.org"))
    for suffix in ("duckdns.org", "eu.org", "com.se", "github.io", "co.uk"):
        assert "public suffix" in known.guards(Observable(T.DOMAIN, suffix))[0].reason


def test_a_second_opening_builds_nothing_and_a_damaged_cache_is_built_anew(tmp_path: Path) -> None:
    built = []

    def build() -> dict[str, np.ndarray]:  # type: ignore[type-arg]
        built.append(1)
        return {"a": np.arange(100, dtype=np.uint64), "empty": np.zeros(0, np.uint8)}

    first = knowngood_files.open_arrays(tmp_path, "1", build)
    assert first["a"].tolist() == list(range(100)) and len(first["empty"]) == 0
    knowngood_files.open_arrays(tmp_path, "1", build)
    assert len(built) == 1
    (tmp_path / "1" / "a.npy").write_bytes(b"torn")
    assert knowngood_files.open_arrays(tmp_path, "1", build)["a"].tolist() == list(range(100))
    assert len(built) == 2
    knowngood_files.open_arrays(tmp_path, "2", build)
    assert [folder.name for folder in tmp_path.iterdir()] == ["2"]


def test_a_failed_build_leaves_nothing_behind(tmp_path: Path) -> None:
    def build() -> dict[str, np.ndarray]:  # type: ignore[type-arg]
        raise Unavailable("no lists")

    with pytest.raises(Unavailable):
        knowngood_files.open_arrays(tmp_path, "1", build)
    assert list(tmp_path.iterdir()) == []
