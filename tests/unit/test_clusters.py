"""Clusters as they are joined: the label is never used, a newcomer moves nobody, chains and hubs swallow nothing."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from fusioncell.cli.main import main
from fusioncell.fusion.clusters import Feature, Gathering, Kind, features_of, features_of_report, measure
from fusioncell.fusion.clusters.choose import choose, worth
from fusioncell.fusion.clusters.model import CANDIDATES, HUB, LEAST, REACH
from fusioncell.kernel.observable import Observable, ObservableType

_feature = st.builds(Feature, st.sampled_from(Kind), st.sampled_from("abcdefgh"))
_small = st.lists(st.lists(_feature, max_size=5, unique=True), max_size=40)


def gathered(reports: list[list[Feature]]) -> Gathering:
    gathering = Gathering()
    for features in reports:
        gathering.join(features)
    return gathering


@given(_small, st.integers(0, 40))
def test_what_a_report_is_depends_on_earlier_ones_alone(reports: list[list[Feature]], cut: int) -> None:
    whole, part = gathered(reports), gathered(reports[:cut])
    assert whole.links[:cut] == part.links and whole.heads[:cut] == part.heads


@given(_small)
def test_no_link_is_weak_and_none_leads_far_from_the_head(reports: list[list[Feature]]) -> None:
    gathering = gathered(reports)
    for number, link in enumerate(gathering.links):
        if link is None:
            assert gathering.heads[number] == number
        else:
            assert link.to < number and link.weight >= LEAST and 1 <= link.reach <= REACH
            assert set(reports[number]) & set(reports[link.to]), "a link has its evidence"
            assert gathering.heads[number] == gathering.heads[link.to]


@given(_small)
def test_order_of_a_reports_values_does_not_matter(reports: list[list[Feature]]) -> None:
    assert gathered(reports).links == gathered([features[::-1] for features in reports]).links


def test_a_chain_of_accidents_does_not_swallow_the_graph() -> None:
    chain = [[Feature(Kind.HOST, str(n)), Feature(Kind.HOST, str(n + 1))] for n in range(99)]
    assert gathered(chain).heads == [n - n % 3 for n in range(99)]


def test_two_thousand_that_share_everything_are_one_cluster_at_linear_cost() -> None:
    values = [Feature(Kind.ADDRESS, str(n)) for n in range(50)]
    gathering = gathered([values] * 2000)
    assert set(gathering.heads) == {0}
    assert sum(len(row) - 1 for part in gathering._index for row in part.values()) == 50 * CANDIDATES


def test_what_everybody_has_says_nothing() -> None:
    assert worth(Kind.HOST, 1) == 1000 > worth(Kind.HOST, 9) > worth(Kind.HOST, 900) > worth(Kind.HOST, HUB) == 0
    common = Gathering(lambda features: [feature.text == "cdn.example" for feature in features])
    for n in range(10):
        common.join([Feature(Kind.HOST, "cdn.example"), Feature(Kind.PATH, f"/{n}")])
    assert [common.heads[n] for n in (0, 2, 5, 9)] == [0, 2, 5, 9]


def test_the_nearest_to_a_head_wins_then_the_strongest_then_the_earliest() -> None:
    assert choose({3: 2000, 4: 1000}, {3: 1, 4: 0}) == (4, 1, 1000)
    assert choose({3: 1000, 4: 2000}, {3: 0, 4: 0}) == (4, 1, 2000)
    assert choose({4: 1000, 3: 1000}, {3: 0, 4: 0}) == (3, 1, 1000)
    assert choose({3: 999}, {3: 1}) is None and choose({3: 999}, {3: 0}) == (3, 2, 999)
    assert choose({3: LEAST - 1}, {3: 0}) is None and choose({}, {}) is None


@pytest.mark.parametrize(
    ("text", "features"),
    [
        ("a.b.evil.example", {(Kind.HOST, "a.b.evil.example"), (Kind.DOMAIN, "evil.example")}),
        ("http://93.184.216.34", {(Kind.ADDRESS, "93.184.216.34"), (Kind.NET, "93.184.216.0/24")}),
        ("93.184.216.34:99", {(Kind.ADDRESS, "93.184.216.34"), (Kind.NET, "93.184.216.0/24"),
                              (Kind.SOCKET, "93.184.216.34:99")}),
        ("mine.github.io", {(Kind.HOST, "mine.github.io"), (Kind.DOMAIN, "mine.github.io")}),
        ("github.io", set()), ("10.0.0.1", set()), ("127.0.0.1:80", set()), ("", set()), ("/", set()),
        ("999.1.1.1", set()),
        ("evil.example/gate.php?id=7", {(Kind.HOST, "evil.example"), (Kind.DOMAIN, "evil.example"),
                                        (Kind.PATH, "/gate.php")}),
        ("/panel/fre.php", {(Kind.PATH, "/panel/fre.php")}),
    ],
)  # fmt: skip
def test_features_of_a_text(text: str, features: set[tuple[Kind, str]]) -> None:
    assert set(features_of_report([text], [])) == features


def test_features_of_observables_and_references() -> None:
    both = Observable(ObservableType.URL, "http://[2606:2800:220:1::1]:8080/x?y")
    assert set(features_of(both)) == {
        (Kind.ADDRESS, "2606:2800:220:1::1"), (Kind.NET, "2606:2800:220:1::/64"), (Kind.PATH, "/x"),
    }  # fmt: skip
    assert set(features_of(Observable(ObservableType.VULNERABILITY, "CVE-2026-1"))) == set()
    first, near, later = ("https://x.com/a/status/1564693908428394499", "https://twitter.com/A/status/1564693909000000000",
                          "https://x.com/a/status/1664693908428394499")  # fmt: skip
    thread = {each for each in features_of_report([], [first]) if each.kind is Kind.THREAD}
    assert thread <= set(features_of_report([], [near])) and not thread & set(features_of_report([], [later]))


def test_figures() -> None:
    figures = measure([[0, 1, 2], [3, 4]], {0: "a", 1: "a", 2: "b", 3: "b", 4: "b", 5: "b"}, 10)
    assert (figures.share, figures.purity, figures.precision, figures.recall) == (0.5, 0.8, 0.5, 2 / 7)
    assert measure([], {}, 0).share is None


def evaluated(folder: Path, lines: list[bytes]) -> tuple[list[dict[str, int | None]], dict[str, object]]:
    file, out = folder / "reports.jsonl.gz", folder / "out.jsonl"
    file.write_bytes(gzip.compress(b"\n".join(lines) + b"\n"))
    result = CliRunner().invoke(main, ["evaluate", "clusters", str(file), "--out", str(out), "--json"],
                                catch_exceptions=False)  # fmt: skip
    assert result.exit_code in (0, 4)
    return [json.loads(line) for line in out.read_text().splitlines()], json.loads(result.stdout)


def test_the_label_is_never_used(tmp_path: Path) -> None:
    rnd = random.Random(7)
    reports: list[dict[str, object]] = [
        {"family": rnd.choice("abc"), "references": [f"https://blog.example/{rnd.randrange(40)}"],
         "indicators": [f"h{rnd.randrange(60)}.evil{rnd.randrange(9)}.example"]} for _ in range(200)
    ]  # fmt: skip
    shuffled = rnd.sample([report["family"] for report in reports], 200)
    other = [{**report, "family": family} for report, family in zip(reports, shuffled, strict=True)]
    without = [{key: value for key, value in report.items() if key != "family"} for report in reports]
    made = [evaluated(tmp_path, [json.dumps(each).encode() for each in which]) for which in (reports, other, without)]
    assert made[0][0] == made[1][0] == made[2][0]
    assert made[0][1]["purity"] != made[1][1]["purity"] and made[2][1]["purity"] is None
    assert {each["cluster"] for each in made[0][0]} > {None}, "some are clustered, some stand alone"


def test_every_line_gets_its_answer(tmp_path: Path) -> None:
    line = json.dumps({"indicators": ["c2.evil.example"]}).encode()
    odd = b'{"family":7,"indicators":["c2.evil.example"]}'
    rows, figures = evaluated(tmp_path, [line, b"{broken", line, odd, b"[]"])
    assert rows == [{"line": n, "cluster": c} for n, c in ((1, 1), (2, None), (3, 1), (4, 1), (5, None))]
    assert figures["unreadable"] == 2 and figures["clustered"] == 3 and figures["clusters"] == 1
