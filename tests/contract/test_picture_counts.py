"""The picture's counts by hour and by day agree: any span of hours counts as if hour were added to hour."""

from __future__ import annotations

import random
from collections import Counter

from fusioncell.bootstrap import Hub
from fusioncell.intake.service import Terms
from fusioncell.kernel.marking import Audience, Tlp
from fusioncell.picture import store
from fusioncell.picture.service import FOLLOWED
from fusioncell.record.service import move_cursor


def test_a_span_of_hours_is_the_sum_of_its_hours(hub: Hub) -> None:
    chance = random.Random(17)
    added: Counter[tuple[int, int, str]] = Counter()
    with hub.databases["projections"].write() as connection:
        for _ in range(20):
            rows: Counter[tuple[str, int, int, str]] = Counter()
            for _ in range(30):
                place = (chance.randrange(240), chance.randrange(1, 4), chance.choice("abc"))
                number = -1 if added[place] and chance.random() < 0.3 else 2
                added[place] += number
                rows["org", *place] += number
            store.add_counts(connection, [(*key, number) for key, number in rows.items()])
    for seen in ([1], [2, 3], [1, 2, 3]):
        mine = {place: number for place, number in added.items() if place[1] in seen}
        with hub.databases["projections"].read() as connection:
            for since in (0, 1, 23, 24, 25, 100, 167, 168, 239, 240):
                by_key: Counter[str] = Counter()
                for (hour, _, key), number in mine.items():
                    by_key[key] += number if hour >= since else 0
                wanted = sorted((row for row in by_key.items() if row[1]), key=lambda row: (-row[1], row[0]))
                assert store.counts(connection, "org", seen, since, 10) == wanted
            by_day: Counter[tuple[str, int]] = Counter()
            for (hour, _, key), number in mine.items():
                by_day[key, hour // 24] += number
            wanted_days = sorted((key, day, number) for (key, day), number in by_day.items() if number and day >= 3)
            assert store.daily(connection, "org", seen, 3) == wanted_days


def test_what_stands_in_several_audiences_is_one_contribution(hub: Hub) -> None:
    viewer = hub.members.operator_viewer(hub.members.add_organisation("Bank", "finance", "industry").id)
    assert viewer is not None
    hub.settle()
    now = hub.clock.now()
    seen = [hub.record.intern_audience(Audience(tlp)) for tlp in (Tlp.CLEAR, Tlp.GREEN)]
    assert hub.record.visible_to(viewer) >= set(seen)
    before = hub.picture.figures(viewer).activity
    with hub.databases["projections"].write() as connection:
        first = hub.record.head()[0]
        rows = [(first + 1, audience, "one", "org:a", now) for audience in seen]
        rows += [(first + 2, seen[0], "two", "org:b", now)]
        store.add_contributions(
            connection, [(*row, "text", "A title", row[0], 1, 1, 1) for row in rows]
        )
        move_cursor(connection, FOLLOWED, first + 2)  # what is remembered of the figures is theirs no more
    after = hub.picture.figures(viewer).activity
    assert (after.contributions, after.contributors) == (before.contributions + 2, before.contributors + 2)
    assert after.hours[-1][1] == before.hours[-1][1] + 2


def test_what_came_dated_long_ago_is_counted_apart_for_those_who_may_see_it(hub: Hub) -> None:
    """The first page says why its figures pass it over; what another may not see is not counted for them."""
    ours, theirs = (hub.members.operator_viewer(hub.members.add_organisation(name, "finance", "industry").id)
                    for name in ("Bank", "Insurer"))
    assert ours is not None and theirs is not None
    body = b"domain,last_seen\nold.example,2019-01-02\nolder.example,2018-01-02\nnew.example,2099-01-02\n"
    kept = hub.intake.accept(ours, body, "text/csv", Terms(Tlp.AMBER))
    hub.settle()
    figures = hub.picture.figures(ours)
    assert (figures.activity.older, figures.activity.named) == (2, 1)
    assert hub.picture.figures(theirs).activity.older == 0
    hub.intake.recall(ours, kept.contribution)
    hub.settle()
    assert hub.picture.figures(ours).activity.older == 0
