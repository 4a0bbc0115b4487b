"""Use cases of inbound feeds: list, add, change, enable, run; and the round that pulls what is due.

A pull, in order:

1. Take the feed, so that nobody else pulls it meanwhile; open its credentials.
2. Let the kind's generator run: ask what it wants asked, keep what it gives. What is kept is durable before the pull
   goes on, and noted as had only then: a hub that is killed in between pulls a thing twice, and loses none.
3. Note how far it came, what is wrong and when it is due again.

Everything here blocks; the doors run it in worker threads, the hub in a thread of its own.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import msgspec

from fusioncell.exchange.inbound import (
    conceal,
    listing,
    pull_file,
    pull_hub,
    pull_misp,
    pull_misp_server,
    pull_taxii,
    schedule,
    store,
)
from fusioncell.exchange.inbound.admit import admit_address, admit_wanted
from fusioncell.exchange.inbound.answer import UNCHANGED
from fusioncell.exchange.inbound.catalogue import CATALOGUE
from fusioncell.exchange.inbound.model import (
    MOST_FEEDS,
    Ask,
    Drop,
    Feed,
    Give,
    Kind,
    Noted,
    Outcome,
    Peer,
    Progress,
    Pull,
    Refused,
    Standing,
    Taken,
    Wanted,
)
from fusioncell.intake import split_body
from fusioncell.intake.model import Item, Split
from fusioncell.intake.service import Intake, Terms
from fusioncell.kernel.clock import DAY, MINUTE, Clock, Instant
from fusioncell.kernel.errors import FAULTS_OF_CONTENT, Conflict, FusionCellError, NotFound
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import Tlp, Viewer, org
from fusioncell.kernel.ports import Database, WebAnswer, WebReader
from fusioncell.members import Members
from fusioncell.members.audit import Audit
from fusioncell.members.audit.service import actor_of, author_of
from fusioncell.record.service import Record

TURN = MINUTE
"""After this long a pull ends at the next good place, and goes on after other feeds have had their turn."""
LEASE = 30 * MINUTE
"""For this long nobody else takes a feed whose pull does not end."""
MOST_REQUESTS = 2_000
_log = logging.getLogger("fusioncell.inbound")


class Inbound:
    """The front door of the package.

    ``web``: reads addresses; ``key``: seals credentials (32 bytes); ``hub``: this hub's own id among hubs.
    """

    def __init__(self, *, record: Record, intake: Intake, members: Members, audit: Audit, vault: Database, clock: Clock,
                 randomness: Randomness, web: WebReader, key: bytes, hub: str) -> None:
        self._record, self.hub = record, hub
        self._intake, self._members, self._audit, self._vault = intake, members, audit, vault
        self._clock, self._randomness, self._web, self._key = clock, randomness, web, key[:32]
        self._adding = threading.Lock()
        self.peer: Callable[[Viewer, Feed], Peer] = _no_peer
        """Gives the peer of a feed that is a MISP; set where the MISP door is joined."""

    # -- definitions -------------------------------------------------------------------------------------------------

    def standings(self) -> list[Standing]:
        """Return all feeds with how far each is, for operators."""
        with self._vault.read() as connection:
            return [self._standing(*row) for row in store.feeds(connection)]

    def standing(self, id: str) -> Standing:
        """Return one feed, by its id, its key in the catalogue or its name (no two are alike). Raises NotFound."""
        with self._vault.read() as connection:
            found = store.feed(connection, id)
            if found is None:
                rows = store.feeds(connection) if id else []
                found = next((row for row in rows if row[0].known == id), None) or next(
                    (row for row in rows if row[0].wanted.name.casefold() == id.casefold()), None)
        if found is None:
            raise NotFound("there is no such feed", hint="List them: fusioncell feeds list")
        return self._standing(*found)

    def available(self) -> dict[str, Wanted]:
        """Return the feeds of the catalogue that were not added yet."""
        have = {one.feed.known for one in self.standings()}
        return {key: wanted for key, wanted in CATALOGUE.items() if key not in have}

    def add(self, viewer: Viewer, wanted: Wanted, secret: str = "", *, known: str = "", enabled: bool = False
            ) -> Standing:
        """Add a feed, switched off unless told. Raises BadInput, Conflict."""
        admit_wanted(wanted, viewer.parties, inner=self._web.is_inner(wanted.url), secret=bool(secret))
        line = conceal.header_of(secret) if secret else ""
        with self._adding:
            standing = self.standings()
            if len(standing) >= MOST_FEEDS:
                raise Conflict(f"there are {MOST_FEEDS} feeds", hint="Remove some that are not used.")
            if any(one.feed.wanted.name.casefold() == wanted.name.casefold() for one in standing):
                raise Conflict("there is a feed of this name", hint="Give it another name.", place="name")
            made = self._members.add_source(wanted.name, author=author_of(viewer))
            feed = Feed(new_id(self._randomness), wanted, made.id, viewer.org or "", author_of(viewer),
                        self._clock.now(), enabled, known, bool(line))
            with self._vault.write() as connection:
                store.add(connection, feed, self._sealed(feed.id, line))
        self._note(viewer, "feed.added", feed, wanted.url)
        return self.standing(feed.id)

    def change(self, viewer: Viewer, id: str, changes: dict[str, Any]) -> Standing:
        """Change what is wanted of a feed; ``changes``: fields of :class:`Wanted`, and ``secret``."""
        feed = self.standing(id).feed
        secret = changes.pop("secret", None)
        wanted = msgspec.structs.replace(feed.wanted, **changes)
        kept = feed.secret if secret is None else bool(secret)
        admit_wanted(wanted, viewer.parties | frozenset(feed.wanted.groups), inner=self._web.is_inner(wanted.url),
                     secret=kept)  # fmt: skip
        moved = any(getattr(wanted, name) != getattr(feed.wanted, name) for name in ("url", "kind", "collection"))
        if moved and feed.secret and secret is None and _site(wanted.url) != _site(feed.wanted.url):
            raise Conflict("its credentials are for another server", hint="Give them anew with the new address.")
        with self._vault.write() as connection:
            store.change(connection, feed.id, wanted)
            if secret is not None:
                line = conceal.header_of(secret) if secret else ""
                store.set_secret(connection, feed.id, self._sealed(feed.id, line))
            if moved:
                store.note(connection, feed.id, Progress(), 0)
        self._note(viewer, "feed.changed", feed, " ".join(sorted(changes)))
        return self.standing(feed.id)

    def enable(self, viewer: Viewer, id: str, enabled: bool = True) -> Standing:
        """Switch a feed on (it is due at once) or off; a key of the catalogue adds it first."""
        if enabled and id in self.available():
            return self.add(viewer, CATALOGUE[id], known=id, enabled=True)
        feed = self.standing(id).feed
        with self._vault.write() as connection:
            store.enable(connection, feed.id, enabled, 0)
        self._note(viewer, "feed.enabled" if enabled else "feed.disabled", feed)
        return self.standing(feed.id)

    def remove(self, viewer: Viewer, id: str) -> Feed:
        """Forget a feed. What it brought stays, under its name; recall it first where it is not to."""
        feed = self.standing(id).feed
        with self._vault.write() as connection:
            store.remove(connection, feed.id)
        self._note(viewer, "feed.removed", feed)
        return feed

    def withdraw(self, viewer: Viewer, id: str, contribution: str, reason: str) -> int:
        """Recall a contribution of a feed, as its originator; returns the position of the recall."""
        feed = self.standing(id).feed
        seq = self._intake.recall(self._voice(feed), contribution, reason).last_seq
        self._note(viewer, "feed.recalled", feed, contribution)
        return seq

    # -- pulls -------------------------------------------------------------------------------------------------------

    def round(self) -> int:
        """Pull each feed that is due, once; return how many those were."""
        with self._vault.read() as connection:
            waiting = store.due(connection, self._clock.now())
        done = 0
        for id in waiting:
            try:
                done += self.run(id) is not None
            except FusionCellError as fault:
                _log.warning("feed %s: %s", id, fault.detail)
        return done

    def ask_once(self, method: str, url: str, body: bytes, secret: str) -> WebAnswer:
        """Ask a server for operators, with the guards of every pull; ``secret``: its key, if it has one."""
        admit_address(url, inner=self._web.is_inner(url), secret=bool(secret))
        sent = {"Accept": "application/json", "Content-Type": "application/json"}
        headers = dict([conceal.header_of(f"Authorization: {secret}").split(": ", 1)]) if secret else {}
        return self._web.send(method, url, body, sent, self._intake.limits.max_body, headers)

    def exchange(self, url: str) -> bool:
        """Let the MISP of an address be pulled and pushed with the next round; tell whether it is one that is on."""
        wanted = url.rstrip("/")
        found = [one.feed for one in self.standings() if one.feed.enabled and one.feed.kind is Kind.MISP_SERVER
                 and one.feed.wanted.url.rstrip("/") == wanted]  # fmt: skip
        for feed in found:
            self.soon(feed.id)
        return bool(found)

    def soon(self, id: str) -> None:
        """Let a feed that is switched on be pulled with the next round."""
        feed = self.standing(id).feed
        with self._vault.write() as connection:
            store.enable(connection, feed.id, feed.enabled, 0)

    def run(self, id: str) -> Standing | None:
        """Pull a feed now, whether it is due or not; None where its pull is under way. Raises NotFound."""
        feed, now = self.standing(id).feed, self._clock.now()
        with self._vault.write() as connection:
            found = store.feed(connection, feed.id)
            if found is None or not store.lease(connection, feed.id, now, now + LEASE):
                return None
        progress, wait = self._pulled(found[0], found[1], now)
        with self._vault.write() as connection:
            store.note(connection, feed.id, progress, self._due(found[0], progress, wait))
        return self.standing(feed.id)

    def _pulled(self, feed: Feed, before: Progress, now: Instant) -> tuple[Progress, int]:
        """Pull; return how far it came, and how long the source asks to be left alone."""
        run = _Run(self, feed, before)
        try:
            run.begin(self._voice(feed), self._key)
            outcome = run.go()
        except FusionCellError as fault:
            return run.failed(now, fault.detail, fault.hint), fault.wait if isinstance(fault, Refused) else 0
        except FAULTS_OF_CONTENT as fault:
            _log.exception("the feed %s cannot be read", feed.id)
            return run.failed(now, f"this version cannot read it ({type(fault).__name__})", "Tell us the address."), 0
        return run.ended(now, outcome), 0

    def _due(self, feed: Feed, progress: Progress, wait: int) -> Instant:
        now = self._clock.now()
        drawn = int.from_bytes(self._randomness.bytes(2), "big")
        if progress.failures:
            return schedule.next_try(now, feed.wanted.every, progress.failures, wait, drawn)
        if progress.more:
            return now
        return schedule.next_pull(now, feed.wanted.every, drawn)

    def _voice(self, feed: Feed) -> Viewer:
        """Return as whom a feed contributes. Raises Conflict."""
        found = self._members.source_viewer(feed.org, feed.owner)
        if found is None:
            raise Conflict("the organisation that answers for this feed is suspended", hint="Let another add it.")
        return found

    def _sealed(self, id: str, line: str) -> bytes:
        nonce = self._randomness.bytes(conceal.NONCE)
        return conceal.conceal(self._key, nonce, id, line) if line else b""

    def _standing(self, feed: Feed, progress: Progress, due: Instant) -> Standing:
        now = self._clock.now()
        since = progress.succeeded or feed.created
        late = feed.enabled and schedule.is_late(now, since, feed.wanted.every)
        return Standing(feed, progress, due, now - progress.succeeded if progress.succeeded else -1, late)

    def _note(self, viewer: Viewer, action: str, feed: Feed, detail: str = "") -> None:
        self._audit.note(action, org=viewer.org or "", actor=actor_of(viewer), subject=feed.id,
                         detail=f"{feed.wanted.name} {detail}".strip())


class _Run:
    """One pull of one feed."""

    def __init__(self, inbound: Inbound, feed: Feed, before: Progress) -> None:
        self._record, self._intake, self._vault = inbound._record, inbound._intake, inbound._vault
        self._web, self._clock, self._randomness, self._hub = (
            inbound._web, inbound._clock, inbound._randomness, inbound.hub)  # fmt: skip
        self._peer = inbound.peer
        self._feed, self._before, self._now = feed, before, before
        self._until = self._clock.now() + TURN
        self._day = self._clock.now() // DAY * DAY
        self._seen: tuple[str, str] = (before.etag, before.modified)
        self._secret: dict[str, str] = {}

    def begin(self, viewer: Viewer, key: bytes) -> None:
        """Open the credentials. ``viewer``: as whom the feed contributes."""
        self._viewer = viewer
        with self._vault.read() as connection:
            self._secret = conceal.reveal(key, self._feed.id, store.secret(connection, self._feed.id))
        wanted = self._feed.wanted
        # Another hub marks all that it serves; what has no marking all the same is for as few as can be.
        tlp = Tlp.AMBER_STRICT if wanted.kind is Kind.HUB else wanted.tlp
        self._terms = Terms(tlp=tlp, groups=(org(self._feed.owner), *wanted.groups), fetched=True,
                            at_least=wanted.at_least, grade=wanted.grade, row_version=self._day)  # fmt: skip

    def go(self) -> Outcome:
        """Let the kind's generator run to its end."""
        self._now = msgspec.structs.replace(self._before, last_items=0, last_requests=0)
        steps = self._steps()
        sent: WebAnswer | Taken | None = None
        while True:
            try:
                step = steps.send(sent) if sent is not None else next(steps)
            except StopIteration as end:
                outcome: Outcome = end.value
                return outcome
            match step:
                case Ask():
                    sent = self._ask(step)
                case Drop():
                    sent = self._drop(step)
                case Noted():
                    sent = self._noted(step)
                case Give(behind=None):
                    sent = self._give(step)
                case Give():
                    sent = self._give_hub(step)

    def _steps(self) -> Pull:
        wanted, limit = self._feed.wanted, self._intake.limits.max_body
        match wanted.kind:
            case Kind.MISP:
                with self._vault.read() as connection:
                    had = store.had(connection, self._feed.id)
                return pull_misp.pull(wanted, self._before, limit, had, self._is_over)
            case Kind.MISP_SERVER:
                with self._vault.read() as connection:
                    had = store.had(connection, self._feed.id)
                return pull_misp_server.pull(wanted, self._before, limit, had, self._peer(self._viewer, self._feed),
                                             self._clock.now(), self._is_over)  # fmt: skip
            case Kind.HUB:
                return pull_hub.pull(wanted, self._before, limit, self._hub, self._is_over)
            case Kind.TAXII:
                return pull_taxii.pull(wanted, self._before, limit, self._clock.now(), self._is_over)
            case Kind.FILE:
                return pull_file.pull(wanted, self._before, limit)

    def _is_over(self) -> bool:
        return self._clock.now() >= self._until

    def _ask(self, ask: Ask) -> WebAnswer:
        if self._now.last_requests >= MOST_REQUESTS:
            raise Refused(f"a pull of it needs over {MOST_REQUESTS:,} requests", hint="It goes on with the next pull.")
        self._note(requests=self._now.requests + 1, last_requests=self._now.last_requests + 1)
        headers = {"Accept": ask.accept, "Accept-Encoding": "gzip"}
        if ask.conditional and self._before.etag:
            headers["If-None-Match"] = self._before.etag
        elif ask.conditional and self._before.modified:
            headers["If-Modified-Since"] = self._before.modified
        own = _site(ask.url) == _site(self._feed.wanted.url)
        secret, limit = self._secret if own else None, self._intake.limits.max_body
        if ask.method == "GET":
            answer = self._web.get(ask.url, headers, limit, secret)
        else:
            more = {"Content-Type": "application/json"} if ask.body else {}
            answer = self._web.send(ask.method, ask.url, ask.body, {**headers, **more}, limit, secret)
        if ask.conditional and answer.status != UNCHANGED:
            # They count once the pull has come to its end: one that fails is asked for whole again.
            self._seen = (answer.headers.get("etag", "")[:200], answer.headers.get("last-modified", "")[:100])
        return answer

    def _give(self, give: Give) -> Taken:
        try:
            name, split = split_body(give.media, give.body, give.filename, self._intake.limits)
        except FusionCellError as fault:
            return self._taken(give, Taken(0, 1, fault.detail))
        if not split.items:
            reason = split.faults[0].reason if split.faults else "there is nothing in it to take"
            return self._taken(give, Taken(0, len(split.faults), reason))
        marks = listing.marks_of(split.items) if give.rows else b""
        if give.rows:
            with self._vault.read() as connection:
                known = store.rows(connection, self._feed.id)
            split = listing.news(split, known, same_day=self._before.day == self._day)
        if split.items:
            self._intake.accept_split(self._viewer, give.body, name, split, self._terms)
        if give.rows:
            self._note(day=self._day)
        return self._taken(give, Taken(len(split.items), len(split.faults)), marks)

    def _give_hub(self, give: Give) -> Taken:
        """Keep a page of another hub's objects, each contribution there as one here.

        What is being taken is noted before it is kept: a hub that is killed in between knows what it may have.
        """
        assert give.behind is not None
        name, split = split_body(give.media, give.body, give.filename, self._intake.limits)
        wanted = [item for item in split.items if item.subject in give.behind and item.tlp is not Tlp.RED]
        with self._vault.read() as connection:
            had = store.taken(connection, self._feed.id, [item.subject for item in wanted])
        parts: dict[str, list[Item]] = {}
        for item in wanted:
            behind = give.behind[item.subject]
            if not self._stands(had.get((item.subject, item.version), "")):
                meta = {**item.meta, "hops": list(behind.hops)}
                parts.setdefault(behind.contribution, []).append(msgspec.structs.replace(item, meta=meta))
        for there, items in parts.items():
            here = new_id(self._randomness)
            with self._vault.write() as connection:
                store.set_taken(connection, [(self._feed.id, item.subject, item.version, there, here)
                                             for item in items])  # fmt: skip
            self._intake.accept_split(self._viewer, b"", name, Split(tuple(items), (), split.title), self._terms, here)
        return self._taken(give, Taken(sum(map(len, parts.values())), len(split.faults)))

    def _stands(self, contribution: str) -> bool:
        """Tell whether a contribution of this feed was kept."""
        return bool(contribution) and self._record.commit_of(contribution) is not None

    def _drop(self, drop: Drop) -> Taken:
        """Withdraw here what was withdrawn there."""
        visible = frozenset(self._record.visible_to(self._viewer))
        count = 0
        for there, oids in drop.told:
            with self._vault.read() as connection:
                rows = store.taken_of(connection, self._feed.id, there)
            gone = frozenset(oids)
            for here in sorted({here for oid, here in rows if oid in gone}):
                count += self._withdraw(here, gone, visible)
            with self._vault.write() as connection:
                store.drop_taken(connection, self._feed.id, there, gone)
        self._note(cursor=drop.cursor)
        with self._vault.write() as connection:
            store.keep(connection, self._feed.id, self._now)
        return Taken(count)

    def _withdraw(self, here: str, gone: frozenset[str], visible: frozenset[int]) -> int:
        """Recall those items of a contribution; return how many that were."""
        standing = self._intake.entries_of(visible, here)
        meant = [entry for entry in standing if entry.payload is not None and entry.payload.subject in gone]
        reason = "withdrawn by the hub that it came from"
        if meant and len(meant) == len(standing):
            self._intake.recall(self._viewer, here, reason)
        else:
            for entry in meant:
                self._intake.recall(self._viewer, here, reason, entry.seq)
        return len(meant)

    def _noted(self, step: Noted) -> Taken:
        """Note what a MISP's peer has kept, or what was sent to it."""
        now, taken = self._now, step.taken
        self._note(items=now.items + taken.items, last_items=now.last_items + taken.items,
                   faults=now.faults + taken.faults)  # fmt: skip
        if step.mark is not None:
            with self._vault.write() as connection:
                store.set_had(connection, self._feed.id, *step.mark)
        return taken

    def _taken(self, give: Give, taken: Taken, marks: bytes = b"") -> Taken:
        """Note what is had: it is durable by now."""
        now = self._now
        self._note(items=now.items + taken.items, last_items=now.last_items + taken.items,
                   faults=now.faults + taken.faults, cursor=give.cursor or now.cursor)  # fmt: skip
        with self._vault.write() as connection:
            if give.mark and not taken.refused:
                store.set_had(connection, self._feed.id, *give.mark)
            if marks:
                store.set_rows(connection, self._feed.id, marks)
            if give.cursor:
                store.keep(connection, self._feed.id, self._now)
        return taken

    def _note(self, **changes: Any) -> None:
        self._now = msgspec.structs.replace(self._now, **changes)

    def ended(self, now: Instant, outcome: Outcome) -> Progress:
        """Return how far the feed is after a pull that came to its end."""
        etag, modified = self._seen
        before = self._now
        return msgspec.structs.replace(
            before, tried=now, succeeded=now, changed=now if before.last_items else before.changed,
            failures=0, fault="", hint="", note=outcome.note[:500], behind=outcome.behind, more=outcome.more,
            pulls=before.pulls + 1, etag=etag, modified=modified, cursor=outcome.cursor or before.cursor,
            digest=outcome.digest or before.digest, address=outcome.address or before.address)  # fmt: skip

    def failed(self, now: Instant, detail: str, hint: str) -> Progress:
        """Return how far the feed is after a pull that failed."""
        return msgspec.structs.replace(self._now, tried=now, failures=self._now.failures + 1, fault=detail[:500],
                                       hint=hint[:500], pulls=self._now.pulls + 1)  # fmt: skip


def _no_peer(viewer: Viewer, feed: Feed) -> Peer:
    raise Conflict("this hub speaks no MISP", hint="Join the MISP door first.")


def _site(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()
