"""Use cases of the outbox: send, deliver, tell how it stands."""

from __future__ import annotations

from collections.abc import Sequence

from fusioncell.exchange.mail import store
from fusioncell.exchange.mail.model import (
    BATCH,
    GIVE_UP_AFTER,
    KEEP,
    LEASE,
    LONGEST_SUBJECT,
    MAX_TRIES,
    PAUSES,
    UNREACHED_PAUSE,
    Bounce,
    Standing,
    admit_address,
    body_text,
    one_line,
)
from fusioncell.kernel.clock import Clock
from fusioncell.kernel.errors import NotFound
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.ports import Carried, Connection, Database, Letter, MailCarrier

__all__ = ["Outbox"]


class Outbox:
    """The port ``kernel.ports.Mail``, over the vault. ``carrier`` None: no mail server is set, and mail waits."""

    def __init__(self, vault: Database, clock: Clock, randomness: Randomness, carrier: MailCarrier | None) -> None:
        self._vault, self._clock, self._randomness = vault, clock, randomness
        self.carrier = carrier
        self._fault = ""

    def send(self, to: str, subject: str, text: str, *, about: str = "", once: str = "") -> None:
        """Keep a mail for sending (see the port)."""
        with self._vault.write() as connection:
            self.send_within(connection, to, subject, text, about=about, once=once)

    def send_within(self, connection: Connection, to: str, subject: str, text: str, *, about: str = "",
                    once: str = "") -> None:
        """Keep a mail in the caller's own transaction on the vault: it is sent if that is committed, and not else."""
        letter = Letter(new_id(self._randomness), admit_address(to), one_line(subject, LONGEST_SUBJECT),
                        body_text(text), self._clock.now())
        store.add(connection, letter, one_line(about, 64), once or None)

    def deliver(self) -> int:
        """Take what is due to the mail server; return how many mails were sent. Blocks; call it in a thread of its own.

        1. Take a batch under a lease, so that a hub that is killed here sends it again and no one loses it.
        2. Carry it, over one connection, in no transaction.
        3. Note what came of each.
        """
        if self.carrier is None:
            return 0
        count = 0
        while True:
            now = self._clock.now()
            with self._vault.write() as connection:
                taken = store.take_due(connection, now, now + LEASE, BATCH)
            if not taken:
                return count
            came = self.carrier.carry([letter for letter, _ in taken])
            with self._vault.write() as connection:
                for (letter, tries), (how, words) in zip(taken, came, strict=True):
                    self._note(connection, letter, tries, how, one_line(words, 300))
            count += sum(how is Carried.SENT for how, _ in came)
            faults = [words for how, words in came if how is not Carried.SENT]
            self._fault = one_line(faults[-1], 300) if faults else ""
            if any(how is Carried.UNREACHED for how, _ in came):
                return count

    def _note(self, connection: Connection, letter: Letter, tries: int, how: Carried, words: str) -> None:
        now = self._clock.now()
        tries += how is not Carried.UNREACHED
        if how is Carried.SENT:
            store.sent(connection, letter.id, now)
            store.unmark(connection, letter.to)
            return
        if how is Carried.REFUSED:
            store.mark(connection, Bounce(letter.to, now, words))
        over = how in (Carried.REFUSED, Carried.NEVER) or tries >= MAX_TRIES or now - letter.at > GIVE_UP_AFTER
        if over:
            store.dead(connection, letter.id, now, words)
        else:
            pause = UNREACHED_PAUSE if how is Carried.UNREACHED else PAUSES[min(tries, len(PAUSES)) - 1]
            store.again(connection, letter.id, now + pause, tries, words)

    def bounced(self, address: str) -> Bounce | None:
        """Return the mark of an address that the mail server refused."""
        with self._vault.read() as connection:
            return store.bounce(connection, address)

    def trust_again(self, address: str) -> None:
        """Take the mark off an address: its owner says that it works now."""
        with self._vault.write() as connection:
            store.unmark(connection, address)

    def standing(self) -> Standing:
        """Tell operators how the outbox stands."""
        with self._vault.read() as connection:
            counts = store.counts(connection)
        fault = self._fault if self.carrier is not None else "no mail server is set (smtp_host)"
        return Standing(counts.get("waiting", 0), counts.get("dead", 0), fault)

    def dead_letters(self, limit: int = 50) -> list[Sequence[object]]:
        """Return the newest dead letters: (id, recipient, about, at, fault). For operators."""
        with self._vault.read() as connection:
            return store.dead_letters(connection, limit)

    def send_again(self, id: str) -> None:
        """Make a dead letter due again. NotFound where there is none of this id."""
        with self._vault.write() as connection:
            if not store.revive(connection, id, self._clock.now()):
                raise NotFound("there is no such dead letter", hint="It may have been sent again already.")

    def forget(self, address: str) -> None:
        """Delete all that stands here of an address, when its owner is erased."""
        with self._vault.write() as connection:
            store.forget(connection, address)

    def tidy(self) -> None:
        """Delete what is kept no longer. Call it daily."""
        with self._vault.write() as connection:
            store.tidy(connection, self._clock.now() - KEEP)
