"""Use cases of the desk, by a person's id. A viewer without a person has an empty one."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from fusioncell.exchange.desk import store
from fusioncell.kernel.clock import Clock, Instant
from fusioncell.kernel.errors import BadInput, Conflict, NotFound
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.ports import Database

MAX_DRAFTS = 100
MAX_KEPT = 5000
"""Bookmarks, and watched or muted threads, of one person."""


class Desk:
    """The front door of the desk."""

    def __init__(self, vault: Database, clock: Clock, randomness: Randomness) -> None:
        self._vault, self._clock, self._randomness = vault, clock, randomness

    def save_draft(self, person: str, body: str, draft: str = "") -> str:
        """Keep a draft, in the place of the one named; return its id."""
        with self._vault.write() as connection:
            kept = {row[0] for row in store.drafts(connection, person, MAX_DRAFTS)}
            if draft and draft not in kept:
                raise NotFound("no such draft of yours")
            if not draft and len(kept) >= MAX_DRAFTS:
                raise Conflict(f"you keep {MAX_DRAFTS} drafts", hint="Post or delete one of them.")
            identifier = draft or new_id(self._randomness)
            store.save_draft(connection, person, identifier, self._clock.now(), body)
        return identifier

    def drafts(self, person: str) -> list[tuple[str, Instant, str]]:
        """Return (id, instant, body) of the drafts, the newest first."""
        with self._vault.read() as connection:
            return [(row[0], row[1], row[2]) for row in store.drafts(connection, person, MAX_DRAFTS)]

    def drop_draft(self, person: str, draft: str) -> None:
        """Delete a draft. NotFound where there is none."""
        with self._vault.write() as connection:
            if not store.drop_draft(connection, person, draft):
                raise NotFound("no such draft of yours")

    def bookmark(self, person: str, post: str, *, on: bool) -> None:
        """Keep a post at hand, or let it go."""
        with self._vault.write() as connection:
            if not on:
                store.drop_bookmark(connection, person, post)
            elif len(store.bookmarks(connection, person, MAX_KEPT)) < MAX_KEPT:
                store.save_bookmark(connection, person, post, self._clock.now())
            else:
                raise Conflict(f"you keep {MAX_KEPT:,} bookmarks", hint="Let some of them go.")

    def bookmarks(self, person: str) -> list[tuple[str, Instant]]:
        """Return (post, instant) of the bookmarks, the newest first."""
        with self._vault.read() as connection:
            return [(row[0], row[1]) for row in store.bookmarks(connection, person, MAX_KEPT)]

    def bookmarked_among(self, person: str | None, posts: Collection[str]) -> set[str]:
        """Return those of the posts that are bookmarked."""
        if not person or not posts:
            return set()
        with self._vault.read() as connection:
            return store.bookmarked_among(connection, person, posts)

    def begin_watch(self, person: str, thread: str) -> None:
        """Watch a thread in which the person writes, unless the person has said something about it."""
        if self.watched_among(person, [thread]):
            return
        with self._vault.write() as connection:
            store.save_watch(connection, person, thread, "watch", self._clock.now())

    def watch(self, person: str, thread: str, state: str) -> None:
        """Watch a thread (``watch``), mute it (``mute``) or neither ("")."""
        if state not in ("watch", "mute", ""):
            raise BadInput(f"{state[:20]!r} is neither watch nor mute")
        with self._vault.write() as connection:
            if state and len(store.watched(connection, person, MAX_KEPT)) >= MAX_KEPT:
                raise Conflict(f"you watch or mute {MAX_KEPT:,} threads", hint="Let some of them go.")
            store.save_watch(connection, person, thread, state, self._clock.now())

    def watched(self, person: str | None) -> list[str]:
        """Return the watched threads, the newest first."""
        if not person:
            return []
        with self._vault.read() as connection:
            return [row[0] for row in store.watched(connection, person, MAX_KEPT) if row[1] == "watch"]

    def watched_among(self, person: str | None, threads: Collection[str]) -> dict[str, str]:
        """Return thread → ``watch`` or ``mute``."""
        if not person or not threads:
            return {}
        with self._vault.read() as connection:
            return store.watched_among(connection, person, threads)

    def watchers(self, thread: str) -> dict[str, str]:
        """Return person → ``watch`` or ``mute`` of a thread."""
        with self._vault.read() as connection:
            return {row[0]: row[1] for row in store.watchers(connection, thread, MAX_KEPT)}

    def mark(self, person: str, thread: str, place: int) -> None:
        """Note how far the person has read; never back."""
        with self._vault.write() as connection:
            store.save_read(connection, person, thread, place, self._clock.now())

    def marks(self, person: str | None, threads: Collection[str]) -> dict[str, int]:
        """Return thread → how far the person has read."""
        if not person or not threads:
            return {}
        with self._vault.read() as connection:
            return store.read_among(connection, person, threads)

    def held_on(self, person: str) -> dict[str, list[dict[str, object]]]:
        """Return all that a person keeps here, for an answer to the person."""
        with self._vault.read() as connection:
            kept = store.bookmarks(connection, person, MAX_KEPT), store.watched(connection, person, MAX_KEPT)
        return {
            "drafts": [{"at": at, "post": msgspec.json.decode(body)} for _, at, body in self.drafts(person)],
            "bookmarks": [{"post": post, "at": at} for post, at in kept[0]],
            "threads": [{"thread": thread, "state": state} for thread, state in kept[1]],
        }

    def forget(self, person: str) -> None:
        """Delete all that a person keeps here (erasure)."""
        with self._vault.write() as connection:
            store.forget_person(connection, person)
