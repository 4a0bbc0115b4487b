"""Use cases of reach: who would see an audience."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from fusioncell.kernel.clock import MINUTE, Clock
from fusioncell.kernel.marking import Audience, Viewer, may_see
from fusioncell.kernel.ports import Database
from fusioncell.members.model import Person
from fusioncell.members.reach import store
from fusioncell.members.recognise import Standing, recognise
from fusioncell.members.service import Members

HOLDS_FOR = MINUTE
"""How long what was loaded holds if nobody changes the membership: stays of guests end by themselves."""


@dataclass(frozen=True, slots=True)
class Readers:
    """Who would see something. ``organisations``: ids, in the order of admission; ``others``: those that would not.

    ``people``: how many people, guests among them; ``guests``: how many of those.
    """

    organisations: tuple[str, ...]
    others: tuple[str, ...]
    people: int
    guests: int


@dataclass(frozen=True, slots=True)
class _Home:
    """An organisation with everyone who acts for it, as the viewers that they are."""

    id: str
    itself: Viewer
    people: tuple[Viewer, ...]


class Reach:
    """The front door of the package."""

    def __init__(self, projections: Database, members: Members, clock: Clock) -> None:
        self._projections, self._clock = projections, clock
        self._lock = threading.Lock()
        self._known: tuple[list[_Home], list[Viewer]] | None = None
        self._until = 0
        members.on_change(self.forget)

    def forget(self) -> None:
        """Forget what was loaded: the membership has changed."""
        self._known = None

    def readers(self, audience: Audience) -> Readers:
        """Ask everyone, as they stand now, whether they would see an audience."""
        homes, guests = self._everyone()
        seeing: list[str] = []
        others: list[str] = []
        people = 0
        for home in homes:
            count = sum(may_see(each, audience) for each in home.people)
            people += count
            (seeing if count or may_see(home.itself, audience) else others).append(home.id)
        let_in = sum(may_see(each, audience) for each in guests)
        return Readers(tuple(seeing), tuple(others), people + let_in, let_in)

    def _everyone(self) -> tuple[list[_Home], list[Viewer]]:
        with self._lock:
            now = self._clock.now()
            if self._known is None or now >= self._until:
                self._known, self._until = self._load(now), now + HOLDS_FOR
            return self._known

    def _load(self, now: int) -> tuple[list[_Home], list[Viewer]]:
        with self._projections.read() as connection:
            homes = store.organisations(connection)
            people = store.people(connection)
            held = store.belongings(connection)
            providers = store.providers(connection)
            guests = store.guests(connection, now)

        def viewer(home: str, who: Person | None) -> Viewer:
            provided = tuple(each for provider in providers.get(home, []) for each in store.held_by(held, provider))
            belongs = store.held_by(held, home, who.id if who else "")
            roles = who.roles if who else ("reader",)
            return recognise(Standing(home, who, belongs, tuple(providers.get(home, [])), provided), roles)

        found = [_Home(each, viewer(each, None), tuple(viewer(each, who) for who in people.get(each, [])))
                 for each in homes]  # fmt: skip
        return found, [
            recognise(Standing(home, Person(who, home, "", "", ("guest",), 0), (belonging,), guest_until=now + 1),
                      ("guest",))
            for who, home, belonging in guests
        ]  # fmt: skip
