"""Compare two versions of a text, line by line. Pure."""

from __future__ import annotations

from difflib import SequenceMatcher

Line = tuple[str, str]
"""(mark, text): ``-`` taken out, ``+`` put in, `` `` as it was, ``…`` for lines that are left out."""
AROUND = 3


def difference(before: str, after: str, around: int = AROUND) -> list[Line]:
    """Return what changed with some lines around it; empty where nothing did."""
    old, new = before.splitlines(), after.splitlines()
    # Without the heuristic for popular lines, the answer hangs on the two texts alone; texts are bounded.
    groups = list(SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(around))
    made: list[Line] = []
    for number, group in enumerate(groups):
        if number or group[0][1]:
            made.append(("…", ""))
        for tag, start, end, begin, stop in group:
            if tag == "equal":
                made += [(" ", line) for line in old[start:end]]
                continue
            made += [("-", line) for line in old[start:end]]
            made += [("+", line) for line in new[begin:stop]]
    return made
