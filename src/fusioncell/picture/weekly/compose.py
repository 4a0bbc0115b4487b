"""Write the text of a week, or of a month. Pure: the same items give the same bytes.

1. New is what was accused in it and not in the four weeks (for a month: the 92 days) before; rising what more
   contributors accuse than in the one before, two at least. Anonymous contributors count as one.
2. Lines and figures are those of the position, whoever withdrew what since; then the lines that rest on nothing that
   stands are left out. So a recall takes lines out and changes no other.
3. Order is by figures, then by value: nothing hangs on the order in which entries came.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from fusioncell.kernel.clock import DAY, format_day
from fusioncell.kernel.observable import Observable, defang
from fusioncell.picture.weekly.model import MAX_LINES, Item, Ruling, Section, Week

_PUBLISHED, _LIFTED, _EXPIRED = "decision.published", "decision.withdrawn", "decision.expired"


class _Said:
    """Who accused or named what in a time."""

    def __init__(self) -> None:
        self.voices: dict[Observable, set[str]] = defaultdict(set)
        self.sectors: dict[str, set[Observable]] = defaultdict(set)
        self.standing: dict[Observable, bool] = defaultdict(bool)

    def add(self, one: Observable, item: Item) -> None:
        self.voices[one].add(item.voice)
        self.sectors[item.sector].add(one)
        self.standing[one] |= item.stands

    def ranked(self, wanted: Iterable[Observable]) -> list[Observable]:
        chosen = sorted(wanted, key=lambda one: (-len(self.voices[one]), one.type.value, one.value))[:MAX_LINES]
        return [one for one in chosen if self.standing[one]]


def title_of(week: Week, sector: str = "") -> str:
    """Return the title of a summary."""
    return f"The {week.word} {week.name}{f' in {sector}' if sector else ''}"


def compose(
    week: Week, items: Sequence[Item], rulings: Sequence[Ruling], more: Iterable[Section] = (), sector: str = ""
) -> str:
    """Return the text. ``items``: of the week and of what is looked at before it.

    ``sector``: what its contributors share alone; then of blocks those on names that they accused.
    """
    if sector:
        items = [item for item in items if item.sector == sector]
        accused = {one.value for item in items for one in item.accused if item.at >= week.start}
        rulings = [one for one in rulings if one.name in accused]
    now, before, known, flaws = _Said(), _Said(), set[Observable](), _Said()
    for item in items:
        inside = item.at >= week.start
        for one in item.accused:
            if inside:
                now.add(one, item)
            else:
                known.add(one)
                if item.at >= week.last:
                    before.add(one, item)
        for one in item.named if inside else ():
            flaws.add(one, item)
    fresh = set(now.voices) - known
    rising = [one for one, voices in now.voices.items()
              if len(voices) > max(1, len(before.voices[one] if one in before.voices else ()))]  # fmt: skip
    sections = [
        Section("New", tuple(_line(one, len(now.voices[one])) for one in now.ranked(fresh))),
        Section("Rising", tuple(
            f"{_line(one, len(now.voices[one]))}, {len(before.voices.get(one, ()))} the {week.word} before"
            for one in now.ranked(rising)
        )),
        Section("Blocked", tuple(_decided(rulings, _PUBLISHED))),
        Section("Lifted and expired", tuple([*_decided(rulings, _LIFTED), *_decided(rulings, _EXPIRED)])),
        *([] if sector else [_by_sector(now, fresh)]),
        Section("Vulnerabilities", tuple(_line(one, len(flaws.voices[one])) for one in flaws.ranked(flaws.voices))),
        *more,
    ]  # fmt: skip
    who = f"contributors in {sector}" if sector else "the partnership"
    head = f"What {who} shared from {format_day(week.start)} to {format_day(week.end - DAY)}."
    return "\n\n".join([head, *(_section(one) for one in sections)]) + "\n"


def _by_sector(now: _Said, fresh: set[Observable]) -> Section:
    return Section("By sector", tuple(
        f"{sector}: {len(values)} accused, {len(values & fresh)} of them new"
        for sector, values in sorted(now.sectors.items(), key=lambda pair: (-len(pair[1]), pair[0]))
        if any(now.standing[one] for one in values)
    ))  # fmt: skip


def _section(one: Section) -> str:
    lines = one.lines[:MAX_LINES] or ("Nothing.",)
    return "\n".join([f"## {one.heading}", "", *(f"- {line}" for line in lines)])


def _line(one: Observable, voices: int) -> str:
    return f"[[observable:{one.type.value}:{one.value}]], by {voices} contributor{'' if voices == 1 else 's'}"


def _decided(rulings: Iterable[Ruling], kind: str) -> Iterable[str]:
    chosen = sorted({(one.name, one.category, one.reason) for one in rulings if one.kind == kind})[:MAX_LINES]
    for name, category, reason in chosen:
        said = " ".join(part for part in (category, reason if kind == _LIFTED else "") if part)
        yield f"{defang(name)}{': ' + ' '.join(said.split()) if said else ''}"
