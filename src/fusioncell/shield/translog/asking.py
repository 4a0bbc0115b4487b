"""Ask witnesses for cosignatures (C2SP tlog-witness, ``add-checkpoint``), beside what they send by themselves.

1. Each witness that has an address and has not cosigned the newest checkpoint is asked, with the proof that the log
   grew from the size that it cosigned last.
2. Where it answers 409 with another size, it is asked once more from there: it may know the log from elsewhere, or not
   at all. A size beyond ours is no mistake of the witness: somebody signed a tree that this hub does not have.
3. Its answer is taken as if it had sent it (``Translog.cosign`` verifies it). One that fails is asked again later
   and later, up to six hours.

What is known of a failure stays in memory: a hub that starts asks at once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from fusioncell.kernel.clock import HOUR, MINUTE, Clock, Instant
from fusioncell.kernel.errors import BadInput, FusionCellError, NotAllowed
from fusioncell.kernel.ports import WebReader
from fusioncell.shield.translog.note import Key

MOST_ANSWERED = 20_000
"""Bytes of an answer."""
LONGEST_PAUSE = 6 * HOUR
_SIZE = re.compile(rb"(0|[1-9][0-9]{0,14})\n?")
_REFUSED = {
    400: "it takes the request for malformed",
    403: "it does not know the key of this log",
    404: "it does not know this log",
    422: "it does not find that the log only grew",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """How asking one witness stands. ``tried``: when it was asked last, 0 for never; ``fault``: "" where it answered.

    ``next``: not asked before; ``failures``: in a row.
    """

    tried: Instant = 0
    fault: str = ""
    next: Instant = 0
    failures: int = 0


class Signed(Protocol):
    """A checkpoint."""

    @property
    def size(self) -> int:
        """How many leaves it has."""
        ...


class AskedFor(Protocol):
    """The log for which witnesses are asked: ``translog.service.Translog``, where each is described."""

    @property
    def witnesses(self) -> tuple[Key, ...]:
        """Those that the operators list."""
        ...

    def head(self) -> Signed:
        """Return the newest checkpoint."""
        ...

    def fault(self) -> str:
        """Say why nothing more is signed."""
        ...

    def checkpoint(self) -> str:
        """Return it as a signed note."""
        ...

    def witnessed(self) -> list[tuple[str, int, int]]:
        """Return what each cosigned last."""
        ...

    def submission(self, old: int) -> str:
        """Return what a witness is asked with."""
        ...

    def cosign(self, note: str) -> list[str]:
        """Take cosignatures."""
        ...


def addresses_in(text: str) -> dict[str, str]:
    """Read ``NAME=URL,…``, the addresses of witnesses by their keys' names. Raises BadInput."""
    found: dict[str, str] = {}
    for part in text.split(","):
        name, _, url = part.strip().partition("=")
        if not part.strip():
            continue
        if not name.strip() or not url.strip().startswith(("https://", "http://")):
            raise BadInput("an address of a witness is written NAME=https://…", hint="See FUSIONCELL_LOG_WITNESS_URLS.")
        found[name.strip()] = url.strip().rstrip("/")
    return found


class Asking:
    """Asks witnesses in rounds. ``addresses``: submission prefix by witness's name."""

    def __init__(self, translog: AskedFor, web: WebReader, addresses: Mapping[str, str], clock: Clock) -> None:
        self._translog, self._web, self._addresses, self._clock = translog, web, dict(addresses), clock
        self._asked: dict[str, Asked] = {}

    def round(self) -> int:
        """Ask those whose turn it is; return how many cosigned."""
        found, now, done = self._translog.head(), self._clock.now(), 0
        if not found.size or self._translog.fault():
            return 0
        last = {name: size for name, size, _ in self._translog.witnessed()}
        for one in self._translog.witnesses:
            url, before = self._addresses.get(one.name, ""), self._asked.get(one.name, Asked())
            if not url or last.get(one.name, 0) >= found.size or now < before.next:
                continue
            fault = self._ask(url, one.name, last.get(one.name, 0))
            failures = before.failures + 1 if fault else 0
            pause = min(MINUTE << min(failures, 10), LONGEST_PAUSE) if fault else MINUTE
            self._asked[one.name] = Asked(now, fault, now + pause, failures)
            done += not fault
        return done

    def state(self, witness: str) -> Asked | None:
        """Return how asking a witness stands, None for one that has no address here."""
        if witness not in self._addresses:
            return None
        # When it is asked next is for nobody to plan by.
        return replace(self._asked.get(witness, Asked()), next=0)

    def _ask(self, url: str, name: str, old: int) -> str:
        """Ask one witness; return what went wrong, in words that name no address."""
        try:
            if not url.startswith("https://") and not self._web.is_inner(url):
                return "its address does not begin with https://"
            status, body = self._post(url, old)
            known = _SIZE.fullmatch(body) if status == 409 else None
            if known is not None:
                if int(known[1]) > self._translog.head().size:
                    return "it has seen a larger log than this hub has"
                status, body = self._post(url, int(known[1]))
            if status != 200:
                return _REFUSED.get(status, f"it answered {status}")
            head = self._translog.checkpoint().split("\n\n")[0]
            if name not in self._translog.cosign(f"{head}\n\n{body.decode()}"):
                return "its answer holds no cosignature of its own"
        except NotAllowed:
            return "its address is not on the public Internet"
        except BadInput:
            return "its answer does not verify"
        except (FusionCellError, UnicodeDecodeError):
            return "it does not answer"
        return ""

    def _post(self, url: str, old: int) -> tuple[int, bytes]:
        body = self._translog.submission(old).encode()
        answer = self._web.send("POST", f"{url}/add-checkpoint", body, {"Content-Type": "text/plain"}, MOST_ANSWERED)
        return answer.status, answer.body
