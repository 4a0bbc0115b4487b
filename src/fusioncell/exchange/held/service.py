"""Use cases: say what the exchange holds on a person; find and withdraw their posts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from fusioncell.exchange.desk import Desk
from fusioncell.exchange.held import store
from fusioncell.exchange.notify import Notify
from fusioncell.intake import read_post
from fusioncell.intake.service import Intake, Shell
from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.errors import Conflict, NotFound
from fusioncell.kernel.marking import Viewer, person
from fusioncell.kernel.ports import Database, Row
from fusioncell.members.privacy import Room
from fusioncell.record.service import Record

Sections = dict[str, object]
_INSTANTS = frozenset({"at", "version", "created", "read", "answered", "instant", "deadline"})
_MENTION = "mention"


class Holdings:
    """The front door of the package. ``viewer_of``: who may act for an organisation's contributions."""

    def __init__(self, *, record: Record, intake: Intake, projections: Database, vault: Database,
                 viewer_of: Callable[[str], Viewer | None]) -> None:
        self._record, self._intake, self._viewer_of = record, intake, viewer_of
        self._projections, self._vault = projections, vault

    def rooms(self, desk: Desk, notify: Notify) -> list[Room]:
        """Return what the exchange's packages hold on people, for ``members.privacy``."""
        return [
            Room("exchange", lambda who, sight: self.written(who.id, who.org, sight), lambda who: None),
            Room("tools", lambda who, _: self.served(who.id), lambda who: self.forget_served(who.id)),
            Room("desk", lambda who, _: {**desk.held_on(who.id)}, lambda who: desk.forget(who.id), private=True),
            Room("notification", lambda who, sight: self.told(who.id, who.email, sight),
                 lambda who: notify.forget(who.id), private=True),
        ]  # fmt: skip

    def written(self, who: str, org: str, sight: frozenset[int]) -> Sections:
        """Return what a person wrote and set up: ids, titles and dates, of what is in sight."""
        with self._projections.read() as projections:
            posts = store.posts(projections, who, sight)
            rest = {
                "reactions": _named(("on", "kind", "at"), store.reactions(projections, who, sight)),
                "threads_closed": _named(("thread", "at", "closed", "reason"), store.closings(projections, who, sight)),
                "requests": _named(("post", "title", "at", "deadline"), store.requests(projections, who, sight)),
                "consents": _named(("id", "contribution", "product", "reason", "at", "answer", "answered"),
                                   store.consents(projections, who, sight)),
            }  # fmt: skip
        with self._vault.read() as vault:
            rest["webhooks"] = _named(("id", "url", "created"), store.hooks(vault, who))
        return {"posts": [_post(row) for row in posts], "contributions": self._contributions(who, org, sight), **rest}

    def served(self, who: str) -> Sections:
        """Return what a person's tools fetch: exports, cursors of the stream; and the feeds that they added."""
        with self._vault.read() as vault:
            return {
                "exports_served": _named(("feed", "count", "at"), store.exports(vault, who)),
                "stream_cursors": _named(("name", "at"), store.cursors(vault, person(who))),
                "feeds_added": _named(("id", "created"), store.feeds_added(vault, who)),
            }

    def forget_served(self, who: str) -> None:
        """Delete it; that a feed was added stays, by an id that leads to nobody any more."""
        with self._vault.write() as vault:
            store.forget_machines(vault, who, person(who))

    def told(self, who: str, address: str, sight: frozenset[int]) -> Sections:
        """Return what a person watches, was told and mailed, and what they have read."""
        with self._vault.read() as vault:
            notices = [{**one, "whys": msgspec.json.decode(str(one["whys"]))} for one in _named(
                ("contribution", "thread", "at", "whys", "read"), store.notices(vault, person(who), sight))]
            preferences = store.preferences(vault, who)
            return {
                "notices": notices,
                "mentions": [{"thread": one["thread"], "at": one["at"]} for one in notices
                             if any(why[0] == _MENTION for why in one["whys"])],
                "watches": _named(("kind", "value", "created"), store.watches(vault, person(who))),
                "preferences": msgspec.json.decode(preferences) if preferences else None,
                "told": _named(("digest", "instant"), store.told(vault, who)),
                "read": _named(("thread", "at"), store.reads(vault, who)),
                "mail": _named(("subject", "about", "at", "state"), store.mails(vault, address)),
                "mail_refused": _named(("at", "reason"), store.bounces(vault, address)),
            }  # fmt: skip

    def posts_of(self, who: str) -> list[str]:
        """Return the contributions that a person's posts are, in all their versions, each once."""
        with self._projections.read() as connection:
            return list(dict.fromkeys(store.contributions(connection, who)))

    def withdraw(self, who: str, org: str) -> list[str]:
        """Withdraw a person's posts, as their organisation would; return the contributions that are gone with it."""
        viewer = self._viewer_of(org)
        if viewer is None:
            raise Conflict("Their organisation is suspended, so its posts cannot be withdrawn now.",
                           hint="Reinstate it for the moment, or erase the person without the posts.")
        gone = []
        for contribution in self.posts_of(who):
            try:
                self._intake.recall(viewer, contribution, "erased with its author")
            except NotFound:
                continue  # Withdrawn before, or another organisation's.
            gone.append(contribution)
        return gone

    def _contributions(self, who: str, org: str, sight: frozenset[int]) -> list[dict[str, object]]:
        """Return the submissions that a person sent, by their shells, which their own organisation reads."""
        found: list[dict[str, object]] = []
        for entry in self._record.read_kinds(org, ("contribution",)):
            if entry.payload is None or entry.payload.author != who or entry.audience not in sight:
                continue
            shell = msgspec.json.decode(entry.payload.body, type=Shell)
            found.append({"id": entry.contribution, "title": shell.title, "format": shell.format,
                          "filename": shell.filename, "at": format_instant(entry.at)})
        return found


def _post(row: Row) -> dict[str, object]:
    post, thread, at, version, contribution, body = row
    return {"id": post, "thread": thread, "title": read_post(body).title, "at": format_instant(at),
            "version": format_instant(version), "contribution": contribution}


def _named(heads: Sequence[str], rows: Iterable[Row]) -> list[dict[str, object]]:
    return [{head: format_instant(value) if head in _INSTANTS and value else value
             for head, value in zip(heads, row, strict=True)} for row in rows]
