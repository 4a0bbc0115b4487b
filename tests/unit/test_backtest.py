"""The backtest: figures against their definitions, a replay that sees no day ahead, feeds of several kinds."""

from __future__ import annotations

import json
import math
import random

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from fusioncell.cli.backtest import backtest_
from fusioncell.fusion.backtest import Sighting, backtest, read_sightings
from fusioncell.fusion.backtest.figures import auc, average_precision, brier, calibration, figures, tally
from fusioncell.fusion.backtest.gather import gather, group_named
from fusioncell.fusion.backtest.history import COLUMNS, History
from fusioncell.fusion.backtest.peers import PEERS, share_left
from fusioncell.fusion.learn import Pupil, calibrated, fit_curve, fit_logit, identity, log_odds, recalibrate, sigmoid
from fusioncell.fusion.learn.outlook import BLEND, FEW
from fusioncell.intake.model import Fault
from fusioncell.kernel.clock import DAY, format_day, parse_instant

NOW = parse_instant("2026-11-22")
START = parse_instant("2026-01-01") // DAY

answers = st.lists(st.tuples(st.integers(0, 8).map(lambda n: n / 8), st.booleans()), min_size=1, max_size=40)


def _tally(said: list[tuple[float, bool]]):
    return tally(np.array([p for p, _ in said]), np.array([y for _, y in said]))


# -- figures ---------------------------------------------------------------------------------------------------------


@given(answers)
def test_auc_is_the_share_of_pairs_in_the_right_order(said: list[tuple[float, bool]]) -> None:
    yes, no = [p for p, y in said if y], [p for p, y in said if not y]
    found = auc(_tally(said))
    if not yes or not no:
        assert found is None
        return
    pairs = sum(1.0 if a > b else 0.5 if a == b else 0.0 for a in yes for b in no)
    assert found == pytest.approx(pairs / (len(yes) * len(no)))


@given(answers)
def test_brier_is_the_mean_squared_gap(said: list[tuple[float, bool]]) -> None:
    assert brier(_tally(said)) == pytest.approx(sum((p - y) ** 2 for p, y in said) / len(said))
    assert brier(_tally(said), 0.5) == pytest.approx(sum((p / 2 - y) ** 2 for p, y in said) / len(said))


@given(answers)
def test_average_precision_takes_ties_together(said: list[tuple[float, bool]]) -> None:
    yes = sum(y for _, y in said)
    found = average_precision(_tally(said))
    if not yes:
        assert found is None
        return
    expected, before = 0.0, 0
    for score in sorted({p for p, _ in said}, reverse=True):
        above = [y for p, y in said if p >= score]
        expected += (sum(above) - before) / yes * sum(above) / len(above)
        before = sum(above)
    assert found == pytest.approx(expected)


@given(answers)
def test_calibration_counts_each_answer_once(said: list[tuple[float, bool]]) -> None:
    rows = calibration(_tally(said))
    assert sum(row["asked"] for row in rows) == len(said)
    assert sum(row["asked"] * row["came_true"] for row in rows) == pytest.approx(sum(y for _, y in said), abs=1e-4)
    assert all(row["from"] <= row["said"] <= row["to"] for row in rows)


def test_figures_of_nothing_are_none() -> None:
    assert figures(tally(np.zeros(0), np.zeros(0, bool))) == {
        "auc": None, "brier": None, "ap": None, "base_rate": None, "asked": 0,
    }  # fmt: skip


# -- learning --------------------------------------------------------------------------------------------------------


def test_a_regression_finds_the_probability_that_made_its_examples() -> None:
    rng = np.random.default_rng(3)
    x = rng.integers(0, 2, (20_000, 1)).astype(np.float32)
    y = (rng.random(20_000) < np.where(x[:, 0] > 0, 0.7, 0.1)).astype(float)
    model = fit_logit(x, y, np.ones(len(y)))
    low, high = sigmoid(log_odds(model, np.array([[0.0], [1.0]])))
    assert low == pytest.approx(0.1, abs=0.01)
    assert high == pytest.approx(0.7, abs=0.02)


def test_recalibration_of_few_outcomes_changes_little_and_of_many_all() -> None:
    z = np.array([-2.0, 0.0, 2.0])
    asked = np.array([1.0, 1.0, 1.0])
    assert recalibrate(z, asked * sigmoid(z), asked) == pytest.approx(identity(), abs=1e-6)
    few, many = (recalibrate(z, n * asked * sigmoid(z - 1), n * asked) for n in (1.0, 100_000.0))
    assert -0.1 < few.shift < 0
    assert (many.shift, many.slope) == (pytest.approx(-1, abs=0.01), pytest.approx(1, abs=0.01))


def test_a_line_that_would_turn_the_order_round_is_not_believed() -> None:
    z = np.array([-2.0, 2.0])
    assert recalibrate(z, np.array([9_000.0, 1_000.0]), np.array([10_000.0, 10_000.0])) == identity()


def test_a_bad_week_moves_the_line_of_the_longer_horizon_less() -> None:
    # Of 30 days asked of weekly a sighting answers four questions; of 7 days one.
    z, week = np.zeros(400), np.arange(400) < 40
    shifts = []
    for horizon in (7, 30):
        pupil = Pupil(horizon)
        pupil.came_true(z, week, 7)
        shifts.append(pupil.line.shift)
        assert sigmoid(z[:1]) > pupil.probability(z[:1]) > week.mean()
    assert 2 * shifts[0] < 3 * shifts[1] < 0


@given(answers)
def test_a_fitted_curve_never_falls(said: list[tuple[float, bool]]) -> None:
    curve = fit_curve(*_tally(said))
    values = calibrated(curve, np.linspace(0, 1, 50))
    assert (np.diff(values) >= -1e-9).all() or len(curve.scores) > 1
    assert ((values > 0) | ~np.array([y for _, y in said]).any()).all()
    assert (values < 1 + 1e-9).all()


# -- reading ---------------------------------------------------------------------------------------------------------


def _read(text: str | bytes) -> tuple[list[Sighting], list[Fault]]:
    rows = list(read_sightings(text if isinstance(text, bytes) else text.encode(), NOW))
    return [r for r in rows if isinstance(r, Sighting)], [r for r in rows if isinstance(r, Fault)]


def test_a_table_is_one_sighting_a_row_and_its_bad_rows_have_a_place() -> None:
    good, faults = _read(
        "value,type,source,context,seen_at\n"
        "EVIL[.]example,domain,a,phishing,2026-01-02T23:30:00Z\n"
        "evil.example,domain,b,,2026-01-02T23:30:00-02:00\n"
        ",domain,a,,2026-01-02\n"
        "x.example,domain,a,,yesterday\n"
        "x.example,domain,a,,2099-01-01\n"
        '"two\nlines",weird,a,,1767400000\n'
        "short\n"
    )
    assert [(s.value, s.day - START) for s in good] == [("evil.example", 1), ("evil.example", 2), ("two\nlines", 2)]
    assert [(f.place, f.reason.split(":")[0]) for f in faults] == [
        ("line 4", "value is empty"), ("line 5", "seen_at is no time"), ("line 6", "seen_at lies in the future"),
        ("line 9", "seen_at is empty"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "place"),
    [(b"a,b\n1,2\n", "line 1"), (b"{not json", ""), (b'{"Event": 3}', ""), (b"\xff\xfe\x00", "line 1")],
)
def test_what_is_no_feed_is_one_fault(body: bytes, place: str) -> None:
    good, faults = _read(body)
    assert (good, [f.place for f in faults]) == ([], [place])


TABLE = """value,type,source,context,seen_at
evil.example,domain,a,phishing,2026-01-02T23:30:00Z
EVIL[.]example,domain,b,,2026-01-03T00:10:00Z
198.51.100.7,,c,"c2, botnet",2026-01-04T01:00:00Z
"""
ROWS = [row.split(",") for row in TABLE.replace('"c2, botnet"', "c2").splitlines()]


def _rows(order: list[int], between: str = ",", end: str = "\n") -> str:
    return "".join(between.join(row[place] for place in order) + end for row in ROWS)


@pytest.mark.parametrize(
    "body",
    [
        TABLE.replace("\n", "\r\n"), TABLE.replace("\n", "\r"), TABLE.rstrip("\n"), "\ufeff" + TABLE,
        TABLE.encode("utf-16"), b"\xfe\xff" + TABLE.encode("utf-16-be"), "\r\n\n" + TABLE, "# of ours\n#\n" + TABLE,
        TABLE + "\n,,,,\n  \n", "sep=,\r\n" + TABLE,
        TABLE.replace("value,type", '"Value" , TYPE ').replace("seen_at", "Seen_At"),
        TABLE.replace("Z\n", "\n"), TABLE.replace("T", " ").replace("Z\n", " UTC\n"), TABLE.replace("Z\n", " GMT\n"),
        TABLE.replace("2026-01-02T23:30:00Z", "2026-01-03T01:30:00+02:00"),
        TABLE.replace("2026-01-02T23:30:00Z", "2026-01-02 20:30:00-03"),
        TABLE.replace("2026-01-02T23:30:00Z", "2026-01-03T05:00:00+0530"),
        TABLE.replace("2026-01-02T23:30:00Z", "1767396600"), TABLE.replace("2026-01-02T23:30:00Z", "1767396600000"),
        TABLE.replace("2026-01-02T23:30:00Z", "1767396600.25"), TABLE.replace("2026-01-02T23:30:00Z", "2026-01-02"),
    ],
)  # fmt: skip
def test_a_table_is_read_as_spreadsheets_databases_and_people_write_it(body: str | bytes) -> None:
    assert _read(body) == _read(TABLE)
    assert [(s.day - START, s.source, s.context) for s in _read(body)[0]] == [
        (1, "a", "phishing"), (2, "b", ""), (3, "c", "c2, botnet"),
    ]  # fmt: skip


@pytest.mark.parametrize("between", [",", ";", "\t", "|"])
@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 4, 0, 3, 1]])
def test_columns_stand_in_any_order_and_between_several_marks(order: list[int], between: str) -> None:
    assert _read(_rows(order, between)) == _read(_rows([0, 1, 2, 3, 4]))
    assert not _read(_rows(order, between))[1]


def test_a_cell_may_hold_what_is_no_end_of_a_line() -> None:
    odd = "one\u2028two\x0cthree\x85four\x1cfive\x00"
    good, faults = _read(TABLE.replace("phishing", odd))
    assert (len(good), good[0].context, faults) == (3, odd, [])


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4], [4, 2, 1, 0, 3], [3, 4, 2, 1, 0]])
def test_a_quotation_mark_that_nobody_closes_costs_its_own_line(order: list[int]) -> None:
    head, first, rest = _rows(order).replace("phishing", '"phishing').partition("2026-01-02T23:30:00Z")
    good, faults = _read(head + first + rest + rest.partition("\n")[2] * 40_000)
    assert [fault.place for fault in faults] == ["line 2"] and "quotation mark" in faults[0].reason
    assert len(good) == 2 * 40_001
    assert len(_read(_rows(order).replace("phishing", '"phi\nshing"'))[0]) == 3, "one that is closed is a cell"


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4], [4, 2, 1, 0, 3], [3, 4, 2, 1, 0]])
def test_a_stray_quotation_mark_that_a_later_one_closes_swallows_no_rows(order: list[int]) -> None:
    head, _, rows = _rows(order).partition("\n")
    stray = rows.replace("phishing", '"phishing')
    good, faults = _read(f"{head}\n{stray}{rows * 50}{stray}{rows}")
    assert [fault.place for fault in faults] == ["line 2", "line 155"]
    assert {"quotation mark" in fault.reason for fault in faults} == {True}
    assert len(good) == 3 * 53 - 2
    told = "phishing,seen\nwith others"
    good, faults = _read(_rows(order).replace("phishing", f'"{told}"'))
    assert (faults, [sighting.context for sighting in good][0]) == ([], told), "what is no row is a cell's line"


@pytest.mark.parametrize("head", [b"\xfd7zXZ\x00", b"BZh9", b"\x28\xb5\x2f\xfd"])
def test_what_is_packed_otherwise_is_told_so(head: bytes) -> None:
    good, [fault] = _read(head + b"\x00" * 50)
    assert not good and "packed" in fault.reason


def test_an_empty_file_is_no_fault() -> None:
    assert _read(b"\r\n \n# nothing\n") == ([], [])
    assert _read(b"") == ([], [])
    assert _read(b"value,type,source,context,seen_at\n") == ([], [])


def test_a_misp_event_gives_its_attributes_and_their_sightings() -> None:
    event = {
        "date": "2026-01-03", "Orgc": {"name": "A"}, "Tag": [{"name": "tlp:clear"}, {"name": "x"}],
        "Attribute": [
            {"type": "domain", "value": "evil.example", "timestamp": "1767400000",
             "comment": "https://social.example/someone/status/1", "Tag": [{"name": "C2"}],
             "Sighting": [{"type": "0", "date_sighting": "1767600000", "Organisation": {"name": "B"}},
                          {"type": "1", "date_sighting": "1767700000"}]},
            {"type": "ip-dst", "value": "not an address"},
            {"type": "comment", "value": "hello"},
            {"type": "domain", "value": "gone.example", "deleted": True},
        ],
        "Object": [{"Attribute": [{"type": "url", "value": "http://evil.example/a"}]}],
    }  # fmt: skip
    good, faults = _read(json.dumps({"Event": event}))
    assert [(s.value, s.day - START, s.source, s.context) for s in good] == [
        ("evil.example", 2, "A: social.example/someone", "C2"), ("evil.example", 4, "B", "C2"),
        ("http://evil.example/a", 2, "A", "x"),
    ]  # fmt: skip
    assert [f.place for f in faults] == ["Event.Attribute[1]"]


@pytest.mark.parametrize(
    ("value", "type", "group"),
    [("http://a.b.example.co.uk/x", "url", "example.co.uk"), ("a.example.com", "domain-name", "example.com"),
     ("10.1.2.3", "ipv4-addr", "10.1.2"), ("http://10.1.2.3/x", "url", "10.1.2"),
     ("a@mail.example.org", "email-addr", "example.org"), ("http://[x", "url", "http://[x"), ("odd", "weird", "odd")],
)  # fmt: skip
def test_kin_share_a_registered_domain_or_a_network(value: str, type: str, group: str) -> None:
    assert group_named(value, type) == group


# -- the replay ------------------------------------------------------------------------------------------------------

rows = st.lists(
    st.builds(
        Sighting, st.integers(START, START + 40), st.sampled_from("abcdef"), st.sampled_from(["domain-name", "x"]),
        st.sampled_from("st"), st.sampled_from(["", "c"]),
    ),
    max_size=60,
)  # fmt: skip


def _histories(sightings: list[Sighting], until: int):
    held = gather(sightings)
    history = History(held)
    for day in range(START, until + 1):
        part = held.days == day
        history.step(day, held.values[part], held.sources[part], held.contexts[part], held.firsts[part])
    return history.ask(until)


@settings(deadline=None)
@given(rows, st.integers(START, START + 40))
def test_what_comes_later_changes_no_column(sightings: list[Sighting], until: int) -> None:
    known = [s for s in sightings if s.day <= until]
    # The later ones are those of the earlier values, so that the numbers stay.
    names = {(s.value, s.type) for s in known}
    later = [s for s in sightings if s.day > until and (s.value, s.type) in names]
    full, cut = _histories(known + later, until), _histories(known, until)
    assert np.array_equal(full.columns, cut.columns)
    assert np.array_equal(full.values, cut.values)


@settings(deadline=None)
@given(rows)
def test_columns_mean_what_they_say(sightings: list[Sighting]) -> None:
    asked = _histories(sightings, START + 40)
    by_value: dict[tuple[str, str], list[Sighting]] = {}
    for s in sorted(sightings):
        by_value.setdefault((s.type, s.value), []).append(s)
    names = list(dict.fromkeys((s.type, s.value) for s in sorted(sightings)))
    assert len(asked.values) == len(names)
    for number, columns in zip(asked.values, asked.columns, strict=True):
        of = by_value[names[number]]
        days = sorted({s.day for s in of})
        said = dict(zip(COLUMNS, columns.tolist(), strict=True))
        assert said["since"] == START + 40 - days[-1]
        assert said["age"] == START + 40 - days[0]
        assert (said["days"], said["count"], said["sources"]) == (len(days), len(of), len({s.source for s in of}))
        assert said["d7"] == pytest.approx(sum(2 ** (-(START + 40 - day) / 7) for day in days), rel=1e-5)


def test_peers_decay_as_published() -> None:
    asked = _histories([Sighting(START, "a", "ipv4-addr", "s", ""), Sighting(START + 30, "a", "ipv4-addr", "s", "")],
                       START + 40)  # fmt: skip
    left = {peer.name: peer.base * float(share_left(peer, asked, ("ipv4-addr",))[0]) for peer in PEERS}
    assert left["misp-nids, reset on sight"] == pytest.approx(80 * (1 - math.sqrt(10 / 120)))
    assert left["misp-nids, from first sight"] == pytest.approx(80 * (1 - math.sqrt(40 / 120)))
    assert left["misp-phishing, reset on sight"] == 0
    assert left["misp-vishing, reset on sight"] == 0
    assert left["opencti, reset on sight"] == pytest.approx(50 * (1 - (10 / 47) ** (1 / (3 * 0.55))))


def _listed(seed: int, days: int = 110, values: int = 260) -> list[Sighting]:
    """Lists that name a value every day while it lives, each with gaps of its own."""
    rng = random.Random(seed)
    out = []
    for n in range(values):
        gaps, born = rng.choice([0.0, 0.1, 0.5]), rng.randint(-20, days)
        for day in range(max(born, 0), min(born + int(rng.expovariate(1 / rng.choice([3, 15, 60]))) + 1, days)):
            if rng.random() >= gaps:
                out.append(Sighting(START + day, f"10.0.{n % 7}.{n}", "ipv4-addr", f"list {gaps}", ""))
    return out


def _once(seed: int, days: int = 110, values: int = 2_500) -> list[Sighting]:
    """Values that are mostly named once; those of one context come back in bursts."""
    rng = random.Random(seed)
    out = []
    for n in range(values):
        day, context = rng.randrange(days), rng.choice(["phishing", "phishing", "phishing", "c2"])
        while day < days:
            out.append(Sighting(START + day, f"http://h{n}.example/{n}", "url", "feed", context))
            if rng.random() > (0.7 if context == "c2" else 0.02):
                break
            day += 1 + int(rng.expovariate(1 / 12))
    return out


def _weekly(seed: int) -> list[Sighting]:
    """Half of the sources publish once a week: there a week of silence is no sign."""
    return [
        s if s.value[-1] in "02468" else s._replace(source=f"weekly {s.source}")
        for s in _listed(seed)
        if s.value[-1] in "02468" or s.day % 7 == 3
    ]


@pytest.mark.parametrize("feed", [_listed, _once, _weekly])
def test_the_outlook_is_better_than_every_peer(feed) -> None:
    result = backtest(feed(11))
    for days, ours in result["horizons"].items():
        assert ours["asked"] > 300
        for name, peer in result["peers"].items():
            assert ours["auc"] > peer[days]["auc"], (days, name)
            assert ours["brier"] < peer[days]["brier"], (days, name)
            assert ours["brier"] < peer[days]["brier_of_full_base_score"], (days, name)


def _taught(values: int, told: bool) -> tuple[float, ...]:
    """Ask of values on twenty days, and return the experts' shares. ``told``: two columns foretell what comes together
    and neither alone; else chance does, once and for all days of a value, which its columns tell from all others."""
    draw = np.random.default_rng(3)
    own = draw.integers(0, 40, (values, 4)).astype(np.float32)
    fate = (own[:, 0] < 20) == (own[:, 1] < 20) if told else draw.random(values) < 0.4
    pupil = Pupil(7)
    for day in range(20):
        columns = np.concatenate([draw.integers(0, 9, (values, 2)).astype(np.float32), own], axis=1)
        pupil.matured(day, columns, fate, np.arange(values))
    pupil.learn(30)
    assert pupil.outlook is not None
    assert sum(pupil.outlook.shares) == pytest.approx(1)
    return pupil.outlook.shares


def test_of_few_values_trees_count_for_what_they_tell_of_values_they_do_not_know() -> None:
    assert _taught(60, told=False)[0] > 0.5
    assert _taught(600, told=True)[0] < 0.5
    assert _taught(FEW, told=False) == BLEND, "of many they are taken as they are"


def test_the_same_sightings_in_another_order_give_the_same_figures() -> None:
    feed = _listed(5, 60, 60)
    mixed = random.Random(1).sample(feed, len(feed))
    assert json.dumps(backtest(feed)) == json.dumps(backtest(mixed))


def test_progress_is_told_day_by_day() -> None:
    told: list[tuple[int, int]] = []
    backtest(_listed(5, 20, 10), lambda done, whole: told.append((done, whole)))
    assert told == [(n, len(told)) for n in range(1, len(told) + 1)]


@settings(max_examples=15, deadline=None)
@given(rows)
def test_any_feed_has_an_answer(sightings: list[Sighting]) -> None:
    result = backtest(sightings)
    json.dumps(result, allow_nan=False)
    assert set(result["horizons"]) == {"7", "30"}
    for ours in result["horizons"].values():
        assert sum(row["asked"] for row in ours["calibration"]) == ours["asked"]


def test_the_second_half_is_asked_weekly_of_what_is_not_silent() -> None:
    # One value on each of 200 days, and one on the first day alone: silent for over 180 days from day 181 on.
    feed = [Sighting(START + day, "a", "x", "s", "") for day in range(200)] + [Sighting(START, "b", "x", "s", "")]
    week = backtest(feed)["horizons"]["7"]
    asked = range(100, 200 - 7, 7)
    assert week["asked"] == sum(1 + (day <= 180) for day in asked)
    assert week["base_rate"] == pytest.approx(len(asked) / week["asked"], abs=1e-6)


# -- the command -----------------------------------------------------------------------------------------------------


def _table(path, feed: list[Sighting]) -> str:
    text = "\n".join(
        ["value,type,source,context,seen_at"]
        + [f"{s.value},{s.type},{s.source},{s.context},{format_day(s.day * DAY)}" for s in feed]
    )
    path.write_text(text + "\n")
    return str(path)


def test_the_command_prints_the_figures_as_json(tmp_path) -> None:
    ran = CliRunner().invoke(backtest_, [_table(tmp_path / "a.csv", _listed(5, 60, 40)), "--json"])
    assert ran.exit_code == 0, ran.output
    said = json.loads(ran.stdout)
    assert set(said["horizons"]["7"]) >= {"auc", "brier", "ap", "base_rate", "calibration"}
    assert set(said["peers"]["misp-nids, reset on sight"]) == {"7", "30"}
    assert said["faults"] == 0


def test_the_command_lists_bad_rows_and_ends_with_four(tmp_path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(open(_table(path, _listed(5, 60, 20))).read() + "x,domain,a,,never\n")
    ran = CliRunner().invoke(backtest_, [str(path)])
    assert ran.exit_code == 4
    assert "seen_at is no time: 'never'" in ran.stderr
    assert "fusion cell" in ran.stdout
    assert "said        came true" in ran.stdout


def test_an_empty_feed_and_one_day_are_told_so(tmp_path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("value,type,source,context,seen_at\n")
    ran = CliRunner().invoke(backtest_, [str(empty)])
    assert (ran.exit_code, ran.stdout.strip()) == (0, "No sightings, so nothing to replay.")
    ran = CliRunner().invoke(backtest_, [_table(tmp_path / "day.csv", [Sighting(START, "a", "x", "s", "")])])
    assert ran.exit_code == 0
    assert "too short" in ran.stdout
