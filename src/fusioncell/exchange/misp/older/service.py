"""Use cases of the older calls: upload and fetch samples, delete several attributes at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fusioncell.exchange.misp import Caller, Document, MispRefused, View, firsts
from fusioncell.exchange.misp.content import Content
from fusioncell.exchange.misp.content.check import is_true, plain
from fusioncell.exchange.misp.content.pack import check_samples
from fusioncell.exchange.misp.content.take import level_of
from fusioncell.exchange.misp.model import ATTRIBUTE, EVENT
from fusioncell.exchange.misp.older.samples import CATEGORIES, file_object, files_given
from fusioncell.kernel.clock import SECOND, format_instant

SAMPLE = "malware-sample"
MAX_FETCHED = 20
"""Most samples of one answer."""


class Older:
    """The front door of the package."""

    def __init__(self, content: Content) -> None:
        self.content, self.core = content, content.core

    def upload(self, caller: Caller, event: Document | None, given: Mapping[str, Any]) -> Document:
        """Add a ``file`` object for each file to an event, or to a new one; return the event. Raises MispRefused."""
        category = plain(given.get("category") or "Payload delivery")
        if category not in CATEGORIES:
            raise MispRefused(403, f"The category of samples is one of: {', '.join(CATEGORIES)}.")
        fields = {"category": category, "to_ids": is_true(given.get("to_ids", True)),
                  "comment": plain(given.get("comment"))}  # fmt: skip
        template = self.core.packs.template("file") or {}
        made = [file_object(name, content, template, fields) for name, content in files_given(given)]
        check_samples(made)
        if event is None:
            event = self._event(caller, given)
        else:
            for one in made:
                one["distribution"] = level_of(given.get("distribution"), "5")
        for one in made:
            self.content.add_object(caller, event, one, unique=False)
        return event

    def _event(self, caller: Caller, given: Mapping[str, Any]) -> Document:
        today = format_instant(self.content.now() * SECOND)[:10]
        shell = {name: given[name] for name in ("distribution", "threat_level_id", "analysis") if given.get(name)}
        info = plain(given.get("info")) or f"Malware samples uploaded on {today}"
        return self.content.add_event(caller, {"distribution": "0", **shell, "info": info})

    def samples(self, caller: Caller, digest: str, event: str, *, every: bool) -> list[dict[str, Any]]:
        """Return the locked samples that the caller sees: by digest, of an event; ``every``: of all events it is in."""
        rows: list[Document] = []
        if digest:
            rows = [row for row in self.core.of_values(caller, [digest]) if row.model == ATTRIBUTE and not row.deleted]
        events = {row.event for row in rows}
        if event:
            asked = self.core.resolve(caller, EVENT, event).uuid
            rows = [row for row in rows if row.event == asked]
            events = {asked} if not digest else events & {asked}
        if every or not digest:
            rows = firsts(row for row in self.core.of_events(caller, events, ATTRIBUTE) if not row.deleted)
        rows = [row for row in rows if row.type == SAMPLE][:MAX_FETCHED]
        shown = self.core.attributes_json(caller, rows, View(attachments=True))
        return [_sample(one) for one in shown if one.get("data")]

    def delete(self, caller: Caller, event: Document, given: Iterable[str], *, hard: bool) -> tuple[int, int]:
        """Delete these attributes of an event (``all``: every one); return how many were, and how many were not.

        Those that are deleted already are recalled where ``hard``, and left alone else.
        """
        rows = firsts(row for row in self.core.of_events(caller, [event.uuid], ATTRIBUTE) if row.org == event.org)
        named = {row.uuid: row for row in rows} | {self.core.id_out(caller, row.number): row for row in rows}
        asked = dict.fromkeys(given)
        chosen = {named[one].uuid: named[one] for one in asked if one in named}
        wanted = rows if "all" in asked else list(chosen.values())
        live = [row for row in wanted if not row.deleted]
        dead = [row for row in wanted if row.deleted] if hard else []
        done = len(live) + len(dead)
        if done:
            self.content.delete_attributes(caller, event, live, dead)
        return done, 0 if "all" in asked else len(asked) - done


def _sample(shown: Mapping[str, Any]) -> dict[str, Any]:
    name, _, digest = plain(shown["value"]).partition("|")
    return {"md5": digest, "base64": shown["data"], "filename": name, "attribute_id": shown["id"],
            "event_id": shown["event_id"]}  # fmt: skip
