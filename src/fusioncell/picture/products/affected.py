"""The lines of an advisory: which vulnerability is in which version of which product, read and judged. Pure.

As a text a line is ``CVE | vendor | product | version | status | remedy | CVSS vector``; what is left out at its end is
empty. No product has two statuses of one vulnerability (CSAF 2.0 §6.1.6).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from fusioncell.intake import Affected
from fusioncell.intake.csaf import is_vector
from fusioncell.kernel.errors import BadInput, TooLarge
from fusioncell.picture.products.model import MAX_AFFECTED, MAX_SAID

STATUSES = ("known_affected", "fixed", "known_not_affected", "under_investigation")
_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}\Z")
_HINT = "Write CVE | vendor | product | version | status | remedy | CVSS vector, one line each."
MAX_NAME = 200


def read_lines(text: str) -> tuple[Affected, ...]:
    """Read lines as they stand in a form. Raises BadInput, TooLarge."""
    made = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        cells = [cell.strip() for cell in line.split("|")]
        if not 4 <= len(cells) <= 7:
            raise BadInput(f"{line[:80]!r} has {len(cells)} parts", hint=_HINT, place="affected")
        cve, vendor, product, version, status, remedy, vector = [*cells, "", "", ""][:7]
        status = status.casefold().replace(" ", "_") or STATUSES[0]
        made.append(Affected(cve.upper(), vendor, product, version, status, remedy, vector))
    return tuple(made)


def write_lines(lines: Sequence[Affected]) -> str:
    """Write lines as a form shows them."""
    return "\n".join(
        " | ".join((one.cve, one.vendor, one.product, one.version, one.status, one.remedy, one.vector)).rstrip(" |")
        for one in lines
    )


def check_lines(lines: Sequence[Affected]) -> None:
    """Refuse what no valid advisory can be made of. Raises BadInput, TooLarge."""
    if len(lines) > MAX_AFFECTED:
        raise TooLarge(f"an advisory has at most {MAX_AFFECTED} lines, not {len(lines)}", hint="Write two.",
                       place="affected")  # fmt: skip
    said: dict[tuple[str, ...], str] = {}
    for one in lines:
        _check(one)
        key = (one.cve, one.vendor.casefold(), one.product.casefold(), one.version.casefold())
        if said.setdefault(key, one.status) != one.status:
            raise BadInput(f"{one.product} {one.version} is both {said[key]} and {one.status} for {one.cve}",
                           hint="Say one of them.", place="affected")  # fmt: skip


def _check(one: Affected) -> None:
    if not _CVE.match(one.cve):
        raise BadInput(f"{one.cve[:40]!r} is no CVE id", hint="Write it as CVE-2026-12345.", place="affected")
    if not one.vendor or not one.product:
        raise BadInput(f"the vendor or the product is missing for {one.cve}", hint=_HINT, place="affected")
    if one.status not in STATUSES:
        raise BadInput(f"{one.status[:40]!r} is no status", place="affected",
                       hint=f"Use one of: {', '.join(STATUSES)}.")  # fmt: skip
    if max(map(len, (one.vendor, one.product, one.version))) > MAX_NAME or len(one.remedy) > MAX_SAID:
        raise TooLarge(f"a name or remedy for {one.cve} is too long", hint="Shorten it.", place="affected")
    if any("|" in cell or not cell.isprintable() for cell in (one.vendor, one.product, one.version, one.remedy)):
        raise BadInput(f"a line of {one.cve} holds a | or a line break", hint="Leave it out.", place="affected")
    if one.vector and not is_vector(one.vector):
        raise BadInput(f"{one.vector[:80]!r} is no CVSS 3 vector", place="affected",
                       hint="Write it as CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H.")  # fmt: skip
