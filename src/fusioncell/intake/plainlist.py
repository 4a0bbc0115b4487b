"""Plain lists: one observable a line, defanged or not, a hosts file (``0.0.0.0 evil.example``), or the block list of a
filter or a resolver (AdGuard's ``||evil.example^``, dnsmasq, Unbound, a response policy zone).

Rules kept here: a line is taken with its exact bytes, and each is the attacker's and malicious: that is what a list of
indicators says. Comments (``#``, ``;``, ``//``, ``!``, at the line's end after a blank) are left out, and so is what a
block list says of itself or lets through. A line that is no observable is a fault with its number. In a hosts file the
names that every machine has are left out silently. A CVE is only mentioned: nobody's, but used.
"""

from __future__ import annotations

import re

from fusioncell.intake.lines import checked_text, decoded, digest_of
from fusioncell.intake.model import Extract, Fault, Item, Limits, Split
from fusioncell.kernel.claim import Claim, Role, Stance
from fusioncell.kernel.errors import TooLarge
from fusioncell.kernel.observable import Observable, ObservableType, guess

MAX_LINE = 10_000
_COMMENT = re.compile(r"\s*(?:#|;|//|!|\[Adblock|@@)|\s*\Z|\$(?:TTL|ORIGIN) |@[ \t]|[ \t]+(?:IN[ \t]+)?NS[ \t]"
                      r"|server:\s*\Z", re.IGNORECASE)
_TRAILING = re.compile(r"\s[#;].*\Z", re.DOTALL)
_HOSTS = re.compile(r"(?:0\.0\.0\.0|127\.0\.0\.1|255\.255\.255\.255|::1?|fe80::1%lo0|f[ef]0[0-9a-f]::[0-9a-f]{0,4})"
                    r"[ \t]+(\S+(?:[ \t]+\S+){0,30})\Z")
_LOCAL = frozenset(("localhost", "localhost.localdomain", "local", "broadcasthost", "ip6-localhost", "ip6-loopback",
                    "ip6-localnet", "ip6-mcastprefix", "ip6-allnodes", "ip6-allrouters", "ip6-allhosts", "0.0.0.0"))  # noqa: S104 - a name in hosts files
_NOWHERE = r"(?:0\.0\.0\.0|127\.0\.0\.1|::1?|#)?"
_RULES = re.compile(
    r"\|\|(?P<filter>[^\^$*|\s]+)\^?(?:\$[\w,=~.|-]*)?\Z"
    rf"|(?:address|server|local)=/(?P<dnsmasq>[^/\s]+)/{_NOWHERE}\Z"
    r"|local-zone:\s*\"?(?P<zone>[^\"\s]+)\"?\s+(?:always_|inform_)?(?:nxdomain|null|nodata|refuse|deny|static|redirect)\Z"
    r"|local-data:\s*\"(?P<data>[^\"\s]+)\s+(?:[0-9]+\s+)?(?:IN\s+)?A{1,4}\s+(?:0\.0\.0\.0|127\.0\.0\.1|::1?)\"\Z"
    r"|(?P<policy>\S+)\s+(?:[0-9]+\s+)?(?:IN\s+)?CNAME\s+(?:\*?\.|rpz-drop\.)\Z"
    r"|(?P<digest>[0-9A-Fa-f]{32,128})[ \t]+\*?[^\s,;|].*\Z"
    r"|\*?(?P<below>\.[^*\s/]+)\Z", re.IGNORECASE)
"""One name in the words of AdGuard, dnsmasq, Unbound and response policy zones; a digest before its file's name; a name
with all below it."""
_THROUGH = re.compile(r"\S+\s+(?:[0-9]+\s+)?(?:IN\s+)?CNAME\s+rpz-passthru\.\Z|testentry\.\S+\s+CNAME\s|.*#[@?$]?#"
                      r"|local-zone:\s*\S+\s+(?:always_)?transparent\Z", re.IGNORECASE)
"""What a block list lets through, tests with, or hides in pages alone."""
_POLICY_IP = re.compile(r"([0-9]{1,2})\.([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})\.rpz-ip\Z",
                        re.IGNORECASE)
_EXPLOITED = frozenset((ObservableType.VULNERABILITY, ObservableType.WEAKNESS))
_META: dict[str, object] = {"format": "list"}


def read_line(line: str) -> tuple[tuple[Observable, ...], str]:
    """Return the observables of a line, and what they were read from; the second is "" where there is nothing to
    read. More than one stand only in a line of a hosts file."""
    if len(line) > MAX_LINE:
        return (), line[:60]
    if _COMMENT.match(line):
        return (), ""
    text = _TRAILING.sub("", line).strip()
    hosts = _HOSTS.match(text)
    if hosts is not None:
        names = [name for name in hosts[1].split() if name.lower() not in _LOCAL]
        found = [guess(name) for name in names]
        return tuple(one for one in found if one is not None), " ".join(names)
    observable = guess(text)
    if observable is None and (named := _RULES.match(text)) is not None:
        observable = guess(_named(named))
    if observable is None and _THROUGH.match(text):
        return (), ""
    return (observable,) if observable is not None else (), text


def _named(rule: re.Match[str]) -> str:
    """Return the value that a block list's line names."""
    name = rule[rule.lastgroup or 0]
    address = _POLICY_IP.match(name)
    if address is not None:
        return f"{address[5]}.{address[4]}.{address[3]}.{address[2]}/{address[1]}"
    if rule.lastgroup == "policy" and (name.endswith(".") or name.lower().startswith("testentry.")):
        return ""  # an owner with its zone's own name behind it, or URLhaus' test
    return name.removeprefix("*").strip(".")


def share_of_observables(body: bytes, lines: int = 200) -> float:
    """Return the share of the first lines with content that are one observable each: 1.0 for a list, 0.0 for prose."""
    good = read = 0
    for line in body[:lines * 1000].split(b"\n"):
        found, text = read_line(line.decode("utf-8", "replace"))
        if found or text:
            read += 1
            good += bool(found)
            if read == lines:
                break
    return good / read if read else 0.0


def split(body: bytes, *, limits: Limits) -> Split:
    """Cut a list into its lines. Raises BadInput where it is no text, TooLarge over a limit."""
    body = checked_text(body, limits)
    items: list[Item] = []
    faults: list[Fault] = []
    for number, raw in enumerate(body.split(b"\n"), 1):
        found, text = read_line(decoded(raw, number, faults))
        if found:
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
    found, text = read_line(line)
    if not found:
        fault = Fault("", f"{ascii(text[:60])} is no indicator that is known here", body)
        return Extract(title=line[:500], faults=(fault,))
    # Two who list a bare value say the same without having it from each other; the same remark beside it is a copy.
    keys = (subject,) if _TRAILING.search(line) else ()
    claims = [Claim(one, Role.CONTEXT, Stance.NONE, keys=keys) if one.type in _EXPLOITED else
              Claim(one, Role.ATTACKER, Stance.MALICIOUS, keys=keys) for one in found]
    return Extract(tuple(claims), text[:500], line[:MAX_LINE])
