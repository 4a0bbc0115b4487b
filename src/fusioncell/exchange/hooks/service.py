"""Use cases of webhooks: make, end, list what was told, send again; and the round that tells."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from fusioncell.exchange.hooks import store
from fusioncell.exchange.hooks.model import (
    BATCH,
    HOOKS_PER_ORGANISATION,
    KEEP,
    LEASE,
    MAX_TRIES,
    OFF_AFTER,
    PAUSES,
    WATCHES_PER_HOOK,
    Caller,
    Delivery,
    Hook,
    State,
    admit_url,
)
from fusioncell.exchange.hooks.sign import entry_body, secret_of, signed_headers, tombstone_body
from fusioncell.exchange.hooks.store import vault_metadata
from fusioncell.intake.project import Recall
from fusioncell.intake.service import Intake
from fusioncell.kernel.clock import Clock
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import Viewer, person
from fusioncell.kernel.marking import org as org_party
from fusioncell.kernel.ports import Connection, Database
from fusioncell.record import Seal
from fusioncell.record.service import Record

__all__ = ["Hooks", "vault_metadata"]

MOST_HOOKS = 100_000


class Hooks:
    """The front door of webhooks.

    ``viewer_of``: what ``org:ID`` or ``person:ID`` sees now, None for who is gone. ``key``: of the hub, for secrets.
    """

    def __init__(self, *, record: Record, intake: Intake, vault: Database, clock: Clock, randomness: Randomness,
                 seal: Seal, viewer_of: Callable[[str], Viewer | None], caller: Caller, key: bytes,
                 address: str) -> None:
        self._record, self._intake, self._vault, self._clock = record, intake, vault, clock
        self._randomness, self._seal, self._viewer_of, self._caller = randomness, seal, viewer_of, caller
        self._key, self._address = key, address.rstrip("/")
        self._telling = threading.Lock()
        self._orgs: dict[str, str] = {}
        self.on_change: list[Callable[[], None]] = []
        with vault.read() as connection:
            self._sent = store.any_sent(connection)

    # -- an organisation's webhooks ------------------------------------------------------------------------------------

    def make(self, viewer: Viewer, url: str, watches: Sequence[tuple[str, str]]) -> tuple[Hook, str]:
        """Make a webhook of the viewer's organisation; return it and its secret, which is shown this once.

        ``watches``: checked (kind, value). BadInput or NotAllowed for an address that can never be called.
        """
        org = _org(viewer)
        if not watches or len(watches) > WATCHES_PER_HOOK:
            raise BadInput(f"a webhook watches one to {WATCHES_PER_HOOK} things", place="watches")
        url = admit_url(url)
        self._caller.check(url)
        hook = Hook(new_id(self._randomness), org, url, tuple(dict.fromkeys(watches)), viewer.person or "",
                    self._clock.now())
        with self._vault.write() as connection:
            if len(store.hooks(connection, org, HOOKS_PER_ORGANISATION)) >= HOOKS_PER_ORGANISATION:
                raise Conflict(f"an organisation has at most {HOOKS_PER_ORGANISATION} webhooks", hint="End one first.")
            store.add_hook(connection, hook)
        self._changed()
        return hook, secret_of(self._key, hook.id)

    def of(self, viewer: Viewer) -> list[Hook]:
        """Return the webhooks of the viewer's organisation."""
        with self._vault.read() as connection:
            return store.hooks(connection, _org(viewer), HOOKS_PER_ORGANISATION)

    def one(self, viewer: Viewer, id: str) -> Hook:
        """Return a webhook of the viewer's organisation. NotFound for anyone else's."""
        found = next((hook for hook in self.of(viewer) if hook.id == id), None)
        if found is None:
            raise NotFound("your organisation has no such webhook", hint="List them: GET /api/webhooks.")
        return found

    def end(self, viewer: Viewer, id: str) -> None:
        """End a webhook, and forget its deliveries."""
        with self._vault.write() as connection:
            if not store.end_hook(connection, _org(viewer), id):
                raise NotFound("your organisation has no such webhook", hint="List them: GET /api/webhooks.")
        self._changed()

    def deliveries(self, viewer: Viewer, id: str, state: str = "", limit: int = 100) -> list[tuple[str, Delivery]]:
        """Return (public id, delivery), newest first, of a webhook: those that the organisation may see now."""
        hook = self.one(viewer, id)
        if state and state not in set(State):
            raise BadInput(f"{state[:20]!r} is no state", hint=f"Use one of: {', '.join(State)}.", place="state")
        with self._vault.read() as connection:
            found = store.deliveries(connection, hook.id, self._sight(hook.org), state, max(1, min(limit, 500)))
        return [(self._seal.entry_id(delivery.seq), delivery) for delivery in found]

    def send_again(self, viewer: Viewer, id: str, delivery: str) -> None:
        """Make a delivery due again; a webhook that was switched off is on again."""
        hook, seq = self.one(viewer, id), self._seal.entry_seq(delivery)
        with self._vault.write() as connection:
            if seq is None or not store.revive(connection, hook.id, seq, self._sight(hook.org), self._clock.now()):
                raise NotFound("there is no such delivery that could be sent again", hint="It may be waiting already.")

    def _changed(self) -> None:
        self._orgs = {}
        for action in self.on_change:
            action()

    # -- what the follower calls ---------------------------------------------------------------------------------------

    def watches(self) -> list[tuple[Hook, str, str]]:
        """Return what all webhooks watch that are not switched off: (webhook, kind, value)."""
        with self._vault.read() as connection:
            hooks = [hook for hook in store.hooks(connection, None, MOST_HOOKS) if self._stands(hook)]
        self._orgs = {hook.id: hook.org for hook in hooks}
        return [(hook, kind, value) for hook in hooks if not hook.off for kind, value in hook.watches]

    def party_of(self, owner: str) -> str:
        """Return the party whose webhook an owner ``hook:ID`` is, "" for none."""
        org = self._orgs.get(owner.removeprefix("hook:"))
        return org_party(org) if org else ""

    def add(self, connection: Connection, deliveries: Sequence[Delivery]) -> None:
        """Keep deliveries, in the transaction in which they were matched."""
        if deliveries:
            store.add_deliveries(connection, deliveries)
            self._sent = True

    def any_sent(self) -> bool:
        """Tell whether anything was ever delivered, so that recalls must be told."""
        return self._sent

    def recall(self, connection: Connection, recalls: Sequence[tuple[Entry, Recall]]) -> None:
        """Keep a tombstone for each webhook that was told of what is recalled."""
        for entry, recall in recalls:
            told: dict[str, Delivery] = {}
            for sent in store.sent_of(connection, recall.contribution):
                gone = tuple(seq for seq in sent.seqs if recall.first <= seq <= recall.last)
                before = told.get(sent.hook)
                if sent.audience == entry.audience and gone:
                    told[sent.hook] = Delivery(
                        sent.hook, entry.seq, "tombstone", recall.contribution, entry.audience, entry.org, entry.at,
                        ((*before.seqs, *gone) if before else gone)[:BATCH], 0, (), State.WAITING, entry.at, 0, 0, "")
            store.add_deliveries(connection, told.values())

    # -- telling -------------------------------------------------------------------------------------------------------

    def deliver(self) -> int:
        """Post what is due; return how many were answered. Blocks; call it in a thread of its own."""
        count = 0
        with self._telling:
            while True:
                now = self._clock.now()
                with self._vault.write() as connection:
                    taken = store.take_due(connection, now, now + LEASE, BATCH)
                    hooks = {hook.id: hook for hook in store.hooks(connection, None, MOST_HOOKS)} if taken else {}
                if not taken:
                    return count
                failed: set[str] = set()
                for delivery in taken:
                    if delivery.hook in failed:
                        with self._vault.write() as connection:
                            store.put_back(connection, delivery, now)
                    elif self._deliver(hooks[delivery.hook], delivery):
                        count += 1
                    else:
                        failed.add(delivery.hook)

    def _deliver(self, hook: Hook, delivery: Delivery) -> bool:
        if not self._stands(hook):
            with self._vault.write() as connection:
                store.give_up_of(connection, hook.id, self._clock.now(), "who made the webhook has left")
            return False
        public = self._seal.entry_id(delivery.seq)
        body = self.body(hook, delivery, public)
        now = self._clock.now()
        headers = signed_headers(secret_of(self._key, hook.id), public, body, now)
        code, words = self._caller.post(hook.url, body, headers)
        tries = delivery.tries + 1
        done = 200 <= code < 300
        if done:
            told = replace(delivery, state=State.SENT, due=now, tries=tries, code=code, words="")
        elif tries >= MAX_TRIES:
            told = replace(delivery, state=State.DEAD, due=now, tries=tries, code=code, words=words[:300])
        else:
            told = replace(delivery, due=now + PAUSES[tries - 1], tries=tries, code=code, words=words[:300])
        since = hook.failing or now
        off = now - since > OFF_AFTER
        with self._vault.write() as connection:
            store.note(connection, told)
            if done:
                store.answered(connection, hook.id)
            else:
                # Its other deliveries wait as long as this one: an address that is down is asked once, not for each.
                store.failed(connection, hook.id, since, now + PAUSES[min(tries, len(PAUSES)) - 1], off)
                if off:
                    store.give_up_of(connection, hook.id, now, "the webhook was switched off")
        if off and not done:
            self._changed()
        return done

    def body(self, hook: Hook, delivery: Delivery, public: str) -> bytes:
        """Return what may be told now: of what the organisation may not see any more, a tombstone."""
        if delivery.kind == "entry":
            standing = self._intake.standing(delivery.seqs, self._sight(hook.org))
            items = [(self._seal.entry_id(seq), standing[seq]) for seq in delivery.seqs if seq in standing]
            if items:
                return entry_body(public, delivery, items, self._record.audience(delivery.audience), self._address)
        return tombstone_body(public, delivery, [self._seal.entry_id(seq) for seq in delivery.seqs])

    def _stands(self, hook: Hook) -> bool:
        """Tell whether who made it is still there: like a key, a webhook ends with the person whose it is."""
        return not hook.author or self._viewer_of(person(hook.author)) is not None

    def _sight(self, org: str) -> frozenset[int]:
        viewer = self._viewer_of(org_party(org))
        return self._record.visible_to(viewer) if viewer is not None and viewer.member else frozenset()

    def counts(self) -> dict[str, int]:
        """Return how many deliveries stand in each state, for operators."""
        with self._vault.read() as connection:
            return store.counts(connection)

    def tidy(self) -> None:
        """Delete what is kept no longer. Call it daily."""
        with self._vault.write() as connection:
            store.tidy(connection, self._clock.now() - KEEP)


def _org(viewer: Viewer) -> str:
    if viewer.org is None or not viewer.member:
        raise NotAllowed("webhooks are of organisations", hint="Sign in as a member of one.")
    return viewer.org
