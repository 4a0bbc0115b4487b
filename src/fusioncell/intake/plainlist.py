"""Plain lists: one observable a line, defanged or not, or a hosts file (``0.0.0.0 evil.example``).

Rules kept here: a line is taken with its exact bytes, and each is the attacker's and malicious: that is what a list of
indicators says. Comments (``#``, ``;``, ``//``, at the line's end after a blank) are left out. A line that is no
observable is a fault with its number. In a hosts file the names that every machine has are left out silently.
"""

from __future__ import annotations

import re

from fusioncell.intake.lines import checked_text, decoded, digest_of
from fusioncell.intake.model import Extract, Fault, Item, Limits, Split
from fusioncell.kernel.claim import Claim, Role, Stance
from fusioncell.kernel.errors import TooLarge
from fusioncell.kernel.observable import Observable, guess

MAX_LINE = 10_000
_COMMENT = re.compile(r"\s*(?:#|;|//)|\s*\Z")
_TRAILING = re.compile(r"\s[#;].*\Z", re.DOTALL)
_HOSTS = re.compile(r"(?:0\.0\.0\.0|127\.0\.0\.1|::1?|fe80::1%lo0)[ \t]+(\S+)\Z")
_LOCAL = frozenset(("localhost", "localhost.localdomain", "local", "broadcasthost", "ip6-localhost", "ip6-loopback",
                    "ip6-localnet", "ip6-mcastprefix", "ip6-allnodes", "ip6-allrouters", "ip6-allhosts", "0.0.0.0"))  # noqa: S104 - a name in hosts files
_META: dict[str, object] = {"format": "list"}


def read_line(line: str) -> tuple[Observable | None, str]:
    """Return the observable of a line, and what it was read from; the second is "" where there is nothing to read."""
    if len(line) > MAX_LINE:
        return None, line[:60]
    if _COMMENT.match(line):
        return None, ""
    text = _TRAILING.sub("", line).strip()
    hosts = _HOSTS.match(text)
    if hosts is not None:
        text = hosts[1]
        if text.lower() in _LOCAL:
            return None, ""
    return guess(text), text


def share_of_observables(body: bytes, lines: int = 200) -> float:
    """Return the share of the first lines with content that are one observable each: 1.0 for a list, 0.0 for prose."""
    good = read = 0
    for line in body[:lines * 1000].split(b"\n"):
        observable, text = read_line(line.decode("utf-8", "replace"))
        if observable is not None or text:
            read += 1
            good += observable is not None
            if read == lines:
                break
    return good / read if read else 0.0


def split(body: bytes, *, limits: Limits) -> Split:
    """Cut a list into its lines. Raises BadInput where it is no text, TooLarge over a limit."""
    body = checked_text(body, limits)
    items: list[Item] = []
    faults: list[Fault] = []
    for number, raw in enumerate(body.split(b"\n"), 1):
        observable, text = read_line(decoded(raw, number, faults))
        if observable is not None:
            line = raw.strip(b"\r\n")
            items.append(Item("csv.row", digest_of(line), 0, f"line {number}", line, None, _META))
        elif text:
            faults.append(Fault(f"line {number}", f"{ascii(text[:60])} is no indicator that is known here", raw))
        if len(items) + len(faults) > limits.max_items:
            raise TooLarge(f"the list has over {limits.max_items:,} lines", hint="Send it in parts.")
    return Split(tuple(items), tuple(faults), "a list of indicators")


def extract(kind: str, subject: str, version: int, meta: dict[str, object], body: bytes) -> Extract:
    """Read one line. Never raises for what it holds."""
    line = body.decode("utf-8", "replace")
    observable, text = read_line(line)
    if observable is None:
        fault = Fault("", f"{ascii(text[:60])} is no indicator that is known here", body)
        return Extract(title=line[:500], faults=(fault,))
    # Two who list a bare value say the same without having it from each other; the same remark beside it is a copy.
    keys = (subject,) if _TRAILING.search(line) else ()
    return Extract((Claim(observable, Role.ATTACKER, Stance.MALICIOUS, keys=keys),), text[:500], line[:MAX_LINE])
