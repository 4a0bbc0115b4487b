"""Use cases of anonymous contribution: hold, release, and what its author may do with the secret.

1. The author is sealed, and the submission held in the vault: from here on it is kept (DESIGN rule 2).
2. At a random moment it goes into the record under its pseudonym, by the doors that named ones go through.
3. Whoever shows the secret is the author: sees it, withdraws it, mends it. The secret is nowhere in the hub.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import msgspec

from fusioncell.exchange.anonymous import store
from fusioncell.exchange.anonymous.model import LARGEST, LONGEST_WAIT, MOST_AN_HOUR, MOST_HELD, Held, Mine
from fusioncell.exchange.talk import NewPost, Talk
from fusioncell.intake.service import Intake, Terms
from fusioncell.kernel.clock import HOUR, Clock
from fusioncell.kernel.errors import FAULTS_OF_CONTENT, Conflict, FusionCellError, NotFound, TooLarge, Unavailable
from fusioncell.kernel.ids import Randomness
from fusioncell.kernel.marking import Tlp, Uses, Viewer
from fusioncell.kernel.ports import Database
from fusioncell.members.sealing.service import Sealing, pseudonym_of

_AT_ONCE = 50
_new_post = msgspec.json.Decoder(NewPost).decode
Release = Callable[[Viewer, Held], str]
"""Puts something that was held into the record under a viewer's pseudonym; returns the contribution's id."""


def author_of(pseudonym: str, parties: tuple[str, ...] = ()) -> Viewer:
    """Return the author of a pseudonym as a viewer: it sees nothing, and may post to the groups named."""
    return Viewer(None, pseudonym, True, frozenset(parties), frozenset(), frozenset({"contribute", "recall"}))


class Anonymous:
    """The front door of the package."""

    def __init__(self, *, vault: Database, sealing: Sealing, intake: Intake, talk: Talk, clock: Clock,
                 randomness: Randomness) -> None:
        self._vault, self._sealing, self._intake, self._talk = vault, sealing, intake, talk
        self._clock, self._randomness = clock, randomness
        self._releases: dict[str, Release] = {"contribution": self._contribute, "post": self._post}
        self._releasing = threading.Lock()
        self._counting = threading.Lock()
        self._counted: tuple[int, dict[str, int]] = (0, {})

    def ready(self) -> bool:
        """Tell whether anyone can contribute anonymously: two officers hold the office."""
        return self._sealing.ready()

    # -- send --------------------------------------------------------------------------------------------------------

    def contribute(self, viewer: Viewer, body: bytes, media_type: str, terms: Terms, *, at_once: bool = False) -> str:
        """Hold a contribution and return its author's secret. Faults of the whole are told now, as for a named one.

        ``terms.tlp`` is needed where nothing in the body says it: nobody's own organisation is a default.
        """
        tlp = terms.tlp or Tlp.GREEN
        held = Held("contribution", body, media_type, tlp.value, terms.groups, terms.people,
                    None if terms.uses is None else int(terms.uses), terms.filename)
        # Whether they may post to these groups is asked of who they are, whether it can be read of what it is.
        self._intake.check(author_of("anon:", tuple(viewer.parties)), body, media_type, _terms(held))
        return self.hold(viewer, held, at_once=at_once)

    def hold(self, viewer: Viewer, held: Held, *, at_once: bool = False) -> str:
        """Seal who sends it, and keep it until a random moment of the next hour (``at_once``: now)."""
        if len(held.body) > LARGEST:
            raise TooLarge(f"an anonymous contribution has at most {LARGEST >> 20} MiB",
                           hint="Send it in parts, or under your own name.")
        self._count(viewer.person or "")
        with self._vault.read() as connection:
            if store.count_waiting(connection) >= MOST_HELD:
                raise Unavailable("too many anonymous contributions wait", hint="Send it again in an hour.")
        secret = self._sealing.seal(viewer)
        wait = 0 if at_once else int.from_bytes(self._randomness.bytes(8)) % LONGEST_WAIT
        with self._vault.write() as connection:
            store.hold(connection, pseudonym_of(secret), self._clock.now() + wait, held)
        if at_once:
            self.release()
        return secret

    def _count(self, person: str) -> None:
        """Count what a person sends in this hour, so that nobody fills the vault; or raise Conflict."""
        hour = self._clock.now() // HOUR
        with self._counting:
            if self._counted[0] != hour:
                self._counted = (hour, {})
            sent = self._counted[1].get(person, 0)
            if sent >= MOST_AN_HOUR:
                raise Conflict(f"you have sent {sent} without your name within an hour", hint="Send it later.")
            self._counted[1][person] = sent + 1

    # -- release -----------------------------------------------------------------------------------------------------

    def release(self) -> int:
        """Put into the record what is due; return how much. Called after each batch of the river and each second.

        Killed between the record and the vault, it sends the same again, which counts as a repeat. What our own code
        fails on is set aside with a fault that its author sees: the river, which calls this, must not stop for it.
        """
        done = 0
        with self._releasing:
            with self._vault.read() as connection:
                found = store.due(connection, self._clock.now(), _AT_ONCE)
            for pseudonym, held in found:
                contribution = fault = ""
                try:
                    contribution = self._releases[held.kind](author_of(pseudonym, held.groups), held)
                except Unavailable:
                    continue
                except FusionCellError as refused:
                    fault = refused.detail
                except FAULTS_OF_CONTENT as mistake:
                    fault = f"this version of the hub cannot take it ({type(mistake).__name__})"
                with self._vault.write() as connection:
                    store.released(connection, pseudonym, contribution, fault)
                done += 1
        return done

    def _contribute(self, viewer: Viewer, held: Held) -> str:
        return self._intake.accept(viewer, held.body, held.media_type, _terms(held)).contribution

    def _post(self, viewer: Viewer, held: Held) -> str:
        return self._talk.post(viewer, _new_post(held.body)).contribution

    # -- by the secret -----------------------------------------------------------------------------------------------

    def mine(self, secret: str) -> Mine:
        """Return what became of the contribution whose secret this is. NotFound for any other text."""
        pseudonym = pseudonym_of(secret.strip())
        with self._vault.read() as connection:
            found = store.of_pseudonym(connection, pseudonym)
        if found is None:
            raise NotFound("no anonymous contribution has this secret", hint="Copy all of it: 48 characters.")
        return Mine(pseudonym, *found, tuple(self._sealing.cases_on(pseudonym)))

    def withdraw(self, secret: str, reason: str = "") -> None:
        """Withdraw it: what waits is forgotten, what is out is recalled."""
        mine = self.mine(secret)
        if mine.waiting:
            with self._releasing, self._vault.write() as connection:
                if store.drop(connection, mine.pseudonym):
                    return
            mine = self.mine(secret)
        self._intake.recall(author_of(mine.pseudonym), mine.contribution, reason)

    def edit(self, secret: str, viewer: Viewer, post: str, text: str, title: str | None = None) -> None:
        """Put a newer version in the place of a post of this secret's contribution. NotFound for any other post.

        ``viewer``: the person, for the groups in which the post is seen; nothing of who it is goes any further.
        """
        held = tuple(party for party in viewer.parties if party.startswith("group:"))
        self._talk.edit(author_of(self.mine(secret).pseudonym, held), post, text, title)


def _terms(held: Held) -> Terms:
    uses = None if held.uses is None else Uses(held.uses)
    return Terms(Tlp(held.tlp), held.groups, held.people, uses, held.filename)
