"""Use cases of notification: watch, read what came, say how one wants to be told; and the mails that tell.

A person watches and reads; an organisation's key does neither: notices are of people. Every answer is made for what the
viewer may see now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from fusioncell.exchange.mail import Outbox
from fusioncell.exchange.notify import admit, store
from fusioncell.exchange.notify.admit import minute_of_day, time_of_day, zones
from fusioncell.exchange.notify.compose import Say, mail
from fusioncell.exchange.notify.model import (
    ALERT,
    DEADLINE,
    INSTANT_EVERY,
    KEEP,
    KINDS,
    REMIND_BEFORE,
    TELL_FOR,
    UNANSWERED,
    WATCHES_PER_OWNER,
    Alerted,
    Hit,
    Notice,
    Parties,
    Preferences,
    Row,
    Threads,
    Watch,
)
from fusioncell.exchange.notify.project import Follower
from fusioncell.exchange.notify.when import digest_period, is_quiet
from fusioncell.exchange.requests import Due, Requests
from fusioncell.intake.service import Intake
from fusioncell.kernel.clock import Clock, Instant
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound, NotSignedIn
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import Viewer, person
from fusioncell.kernel.ports import Database
from fusioncell.record import Seal
from fusioncell.record.service import Record

__all__ = ["MOST_COUNTED", "Notify", "checked_watches", "minute_of_day", "time_of_day", "zones"]

END = 1 << 62
MOST_SHOWN = 100
MOST_COUNTED = 100
"""The bell counts up to here."""
MOST_MAILED = 200
"""Notices that one mail tells of."""
MOST_TOLD = 100_000
"""People who are looked at in one round."""
LOOKED_AT = 3
"""Entries of a notice that are looked at for its title; the first of them that stands gives it."""


class Notify:
    """The front door of notification. ``address``: of the hub, for the links in mails. ``say``: gettext by language."""

    def __init__(self, *, record: Record, intake: Intake, vault: Database, clock: Clock, randomness: Randomness,
                 seal: Seal, parties: Parties, threads: Threads, follower: Follower, outbox: Outbox,
                 address: str) -> None:
        self._record, self._intake, self._vault, self._clock = record, intake, vault, clock
        self._randomness, self._seal, self._parties, self._threads = randomness, seal, parties, threads
        self._follower, self._outbox, self._address = follower, outbox, address.rstrip("/")
        self.say: Callable[[str], Say] = lambda language: str
        self.may_use: Callable[[Viewer, str], bool] = lambda viewer, query: False
        """Tell whether a viewer may use a saved query. Set by whoever keeps them."""

    # -- watches -------------------------------------------------------------------------------------------------------

    def watches(self, viewer: Viewer) -> list[Watch]:
        """Return what the person watches."""
        with self._vault.read() as connection:
            return store.watches_of(connection, _owner(viewer), WATCHES_PER_OWNER)

    def watch(self, viewer: Viewer, kind: str, value: str = "") -> Watch:
        """Watch something from now on. Conflict over the bound; BadInput for what cannot be watched."""
        kind, value = admit.watch(kind, value)
        if kind == "all":
            raise BadInput("a person does not watch everything", hint=f"Use one of: {', '.join(KINDS[:-1])}.",
                           place="kind")  # fmt: skip
        if kind == "group" and not any(party.startswith(f"group:{value}.") for party in viewer.parties):
            raise NotFound("you are in no such group", hint="Join it first.", place="value")
        if kind == "query" and not self.may_use(viewer, value):
            raise NotFound("no such query", hint="Save it first, or ask who saved it.", place="value")
        owner = _owner(viewer)
        self._follower.save()
        with self._vault.write() as connection:
            known = store.watches_of(connection, owner, WATCHES_PER_OWNER)
            if len(known) >= WATCHES_PER_OWNER:
                raise Conflict(f"one person watches at most {WATCHES_PER_OWNER} things", hint="End a watch first.")
            store.add_watch(connection, Watch(new_id(self._randomness), owner, viewer.org or "", kind, value,
                                              self._clock.now()))
            made = store.watches_of(connection, owner, WATCHES_PER_OWNER)
        self._follower.changed()
        return next(one for one in made if (one.kind, one.value) == (kind, value))

    def end_watch(self, viewer: Viewer, id: str) -> None:
        """End a watch of the person. NotFound for anyone else's."""
        with self._vault.write() as connection:
            if not store.end_watch(connection, _owner(viewer), id):
                raise NotFound("you have no such watch", hint="List them: GET /api/watches.")
        self._follower.changed()

    def mute(self, viewer: Viewer, thread: str) -> None:
        """Be told no more of a thread."""
        if not thread or len(thread) > 64:
            raise BadInput("name the thread", place="thread")
        self._threads.watch(_person(viewer), thread, "mute")

    # -- deadlines of questions ----------------------------------------------------------------------------------------

    def remind(self, requests: Requests, people: Callable[[], Iterable[str]]) -> int:
        """Tell of questions whose deadline is near, and askers of those that nobody answered; return how many notices.

        1. Each person is asked for by what they see themselves: an answer that is hidden from them stops no reminder.
        2. Those are reminded whom the question names (by their group, their organisation or by name), and the Fusion
           Cell where it is asked; a question to the whole partnership reminds those who watch its thread.
        3. Once for each question and person: what was told is kept until long after the deadline.
        """
        if not requests.any_near(within=REMIND_BEFORE, since=TELL_FOR):
            return 0
        hits: list[Hit] = []
        for who in people():
            viewer = self._parties.viewer_of(person(who))
            if viewer is None:
                continue
            hits += [self._hit(who, one, DEADLINE) for one in requests.due(viewer, REMIND_BEFORE)
                     if self._is_asked(viewer, one)]
            hits += [self._hit(who, one, UNANSWERED) for one in requests.overdue(viewer, TELL_FOR)]
        with self._vault.write() as connection:
            return store.add_once(connection, hits) if hits else 0

    def _is_asked(self, viewer: Viewer, one: Due) -> bool:
        if viewer.org == one.org or viewer.person is None:
            return False
        said = self._threads.watchers(one.id).get(viewer.person, "")
        parties = self._record.audience(one.audience).parties
        named = not parties.isdisjoint(viewer.parties) or (one.cell and viewer.may("answer"))
        return said == "watch" or (named and said != "mute")

    def _hit(self, who: str, one: Due, why: str) -> Hit:
        # The key of the notice is of the question and the reason, so that it is kept once.
        return Hit(person(who), f"{why}:{one.id}"[:64], one.audience, one.org, self._clock.now(), [one.seq], 1,
                   [(why, "")], one.id)

    # -- proposed blocks of names of one's own ---------------------------------------------------------------------

    def alarm(self, alerts: Iterable[Alerted], people_of: Callable[[str], Iterable[str]]) -> int:
        """Tell the leads of organisations, each once, of proposed blocks of their names; return how many notices."""
        hits = [
            Hit(person(who), f"{ALERT}:{one.decision}"[:64], one.audience, "", one.at, [one.seq], 1,
                [(ALERT, one.name)])
            for one in alerts for who in people_of(one.org)
            if (viewer := self._parties.viewer_of(person(who))) is not None and viewer.may("lead")
            and one.audience in self._record.visible_to(viewer)
        ]  # fmt: skip
        if not hits:
            return 0
        with self._vault.write() as connection:
            return store.add_once(connection, hits)

    # -- notices -------------------------------------------------------------------------------------------------------

    def notices(self, viewer: Viewer, *, unread: bool = False, kind: str = "", before: str = "",
                limit: int = 30) -> tuple[list[Notice], str]:
        """Return (notices newest first, token of the next page or ""). ``kind``: only those for this reason."""
        owner, audiences = _owner(viewer), self._record.visible_to(viewer)
        limit = max(1, min(limit, MOST_SHOWN))
        with self._vault.read() as connection:
            place = (END, END)
            if before:
                seq = self._seal.entry_seq(before)
                last = store.notice_at(connection, owner, audiences, seq) if seq is not None else None
                if last is None:
                    raise BadInput("that is no place in this list", hint="Leave `before` out to start.", place="before")
                place = (last.at, last.seq)
            rows = store.notices(connection, owner, audiences, before=place, limit=limit + 1, unread=unread, kind=kind)
        more = len(rows) > limit
        rows = rows[:limit]
        return self._shown(rows, audiences), self._seal.entry_id(rows[-1].seq) if more else ""

    def _shown(self, rows: Sequence[Row], audiences: frozenset[int]) -> list[Notice]:
        looked_at = [seq for row in rows for seq in row.seqs[:LOOKED_AT]]
        standing = self._intake.standing(looked_at, audiences) if looked_at else {}
        shown = []
        for row in rows:
            if row.whys[0][0] == ALERT:
                # All of it stands in the notice, and nobody takes it back.
                shown.append(Notice(self._seal.entry_id(row.seq), True, row.at, row.read, "", row.whys[0][1], ALERT, 1,
                                    "", self._record.audience(row.audience).tlp, row.whys))
                continue
            left = [standing[seq] for seq in row.seqs[:LOOKED_AT] if seq in standing]
            if not left and row.count > LOOKED_AT:
                rest = self._intake.standing(row.seqs[LOOKED_AT:], audiences)
                left = [rest[seq] for seq in row.seqs if seq in rest]
            id = self._seal.entry_id(row.seq)
            if not left:
                shown.append(Notice(id, False, row.at, row.read))
                continue
            entry, said = left[0].entry, left[0].extract
            title = said.title or (said.claims[0].observable.value if said.claims else "")
            shown.append(Notice(id, True, row.at, row.read, entry.contribution, title, entry.kind, row.count, row.org,
                                self._record.audience(row.audience).tlp, row.whys, row.thread))
        return shown

    def unread(self, viewer: Viewer) -> int:
        """Count the unread notices that the person may see, up to a hundred. 0 for a viewer who is no person."""
        if viewer.person is None:
            return 0
        with self._vault.read() as connection:
            return store.unread(connection, person(viewer.person), self._record.visible_to(viewer), MOST_COUNTED)

    def mark_read(self, viewer: Viewer, ids: Sequence[str] | None) -> int:
        """Mark notices as read, by id, or all (None); return how many that changed. Unknown ids are passed over."""
        seqs = None if ids is None else [seq for seq in map(self._seal.entry_seq, ids[:1000]) if seq is not None]
        if seqs == []:
            return 0
        with self._vault.write() as connection:
            return store.mark_read(connection, _owner(viewer), self._record.visible_to(viewer), seqs, self._clock.now())

    # -- preferences ---------------------------------------------------------------------------------------------------

    def preferences(self, viewer: Viewer) -> Preferences:
        """Return how the person wants to be told."""
        return self._preferences(_person(viewer))

    def _preferences(self, who: str) -> Preferences:
        with self._vault.read() as connection:
            return store.preferences(connection, who) or Preferences()

    def prefer(self, viewer: Viewer, asked: Preferences) -> Preferences:
        """Keep how the person wants to be told. BadInput says what is wrong."""
        asked = admit.preferences(asked)
        with self._vault.write() as connection:
            store.save_preferences(connection, _person(viewer), asked)
        return asked

    def bounced(self, viewer: Viewer) -> tuple[str, Instant, str] | None:
        """Return (address, when, why) where the mail server refused the person's address."""
        address = self._parties.address_of(_person(viewer))
        found = self._outbox.bounced(address) if address else None
        return (found.address, found.at, found.reason) if found else None

    def trust_again(self, viewer: Viewer) -> None:
        """Send mail to the person's address again: they say that it works."""
        self._outbox.trust_again(self._parties.address_of(_person(viewer)))

    # -- mails ---------------------------------------------------------------------------------------------------------

    def tell(self) -> int:
        """Queue the mails that are due, at once and digests; return how many. Each is one, however often this runs."""
        return self._tell(own=True) + self._tell(own=False)

    def _tell(self, *, own: bool) -> int:
        with self._vault.read() as connection:
            owners = store.unmailed_owners(connection, own, MOST_TOLD)
        return sum(self._tell_one(owner, own) for owner in owners)

    def _tell_one(self, owner: str, own: bool) -> int:
        """Tell one person by one mail, if it is time.

        The mail, what it told of, and when it was told are kept in one transaction; the mail's own key (person and
        local day) stops a second one even where this has been forgotten.
        """
        who, now = owner.removeprefix("person:"), self._clock.now()
        asked = self._preferences(who)
        with self._vault.read() as connection:
            last_digest, last_instant = store.told(connection, who)
        if is_quiet(now, asked) or (own and (not asked.instant or now - last_instant < INSTANT_EVERY)):
            return 0
        period = ("", now) if own else digest_period(now, asked)
        if period is None or (not own and period[0] <= last_digest):
            return 0
        day, until = period
        prepared = self._mail_for(owner, asked, until, own)
        if prepared is None:
            return 0
        to, subject, text = prepared
        with self._vault.write() as connection:
            self._outbox.send_within(connection, to, subject, text, about="watch" if own else "digest",
                                     once=f"own:{who}:{now}" if own else f"digest:{who}:{day}")
            store.mark_mailed(connection, owner, until, own, now)
            store.save_told(connection, who, last_digest if own else day, now if own else last_instant)
        return 1

    def _mail_for(self, owner: str, asked: Preferences, until: Instant, own: bool) -> tuple[str, str, str] | None:
        """Return (address, subject, text) of the mail that tells an owner; None for nothing to say, or no way to."""
        viewer = self._parties.viewer_of(owner)
        to = self._parties.address_of(owner.removeprefix("person:"))
        if viewer is None or not to or self._outbox.bounced(to) is not None:
            return None
        audiences = self._record.visible_to(viewer)
        with self._vault.read() as connection:
            rows = store.unmailed(connection, owner, audiences, until, own, MOST_MAILED)
        waiting = [notice for notice in self._shown(rows, audiences) if notice.standing]
        if not waiting:
            return None
        return (to, *mail(waiting, self._address, self.say(asked.language), own=own))

    def preview(self, viewer: Viewer) -> tuple[str, str]:
        """Return (subject, text) of the digest that the person would get now, ("", "") for none. Sends nothing."""
        owner = _owner(viewer)
        found = self._mail_for(owner, self._preferences(_person(viewer)), self._clock.now(), own=False)
        return found[1:] if found else ("", "")

    # -- keeping -------------------------------------------------------------------------------------------------------

    def tidy(self) -> None:
        """Delete what is kept no longer. Call it daily."""
        with self._vault.write() as connection:
            store.tidy(connection, self._clock.now() - KEEP)

    def forget(self, who: str) -> None:
        """Delete all that stands here of a person (erasure, DESIGN rule 13)."""
        with self._vault.write() as connection:
            store.forget(connection, person(who), who)
        self._follower.changed()


def _person(viewer: Viewer) -> str:
    if viewer.org is None:
        raise NotSignedIn("notices are of people who are signed in", hint="Sign in, or use a key of a person.")
    if viewer.person is None:
        raise NotAllowed("notices are of people, and this is not one", hint="Sign in, or use a key of a person.")
    return viewer.person


def _owner(viewer: Viewer) -> str:
    return person(_person(viewer))


def checked_watches(given: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return what a webhook is to watch, each checked. BadInput says what is wrong."""
    if any(kind == "query" for kind, _ in given):
        raise BadInput("a webhook watches no saved query", hint="Watch a tag, a sector or a campaign.", place="kind")
    return [admit.watch(kind, value) for kind, value in given]
