"""Use cases of the door's administration: settings, kept lists, blocklists, logs, statistics. **Blocking**."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

import msgspec

from fusioncell.exchange.misp import Caller, MispRefused
from fusioncell.exchange.misp.admin import store
from fusioncell.exchange.misp.admin.model import BLOCK_FIELDS, EVENTS, ORGS, OWN_SETTINGS, SETTINGS, Lists
from fusioncell.exchange.misp.keep import Keep, Kept
from fusioncell.exchange.misp.people import People
from fusioncell.exchange.misp.people.model import is_true
from fusioncell.kernel.clock import SECOND, Clock
from fusioncell.kernel.errors import TooLarge
from fusioncell.kernel.ports import Database
from fusioncell.members.audit import Audit, Line
from fusioncell.members.audit.service import actor_of

LONGEST = 20_000
"""Most characters of one field of a kept thing."""
MOST_BLOCKED = 5_000
"""Most UUIDs in one request to a blocklist."""
LOG_LINES = 1000


class Admin:
    """The front door. ``audiences(caller)``: the numbers of those that the caller belongs to, for statistics."""

    def __init__(self, *, keep: Keep, people: People, audit: Audit, projections: Database, clock: Clock,
                 audiences: Callable[[Caller], frozenset[int]]) -> None:
        self._keep, self._people, self._audit = keep, people, audit
        self._projections, self._clock, self._audiences = projections, clock, audiences

    # Settings

    def setting(self, name: str) -> Any:
        """Return a setting's value; None for one that nobody set."""
        found = self._keep.named("Setting", name)
        return found.body["value"] if found else SETTINGS.get(name)

    def settings(self) -> dict[str, Any]:
        """Return all settings with their values."""
        kept = {one.key: one.body["value"] for one in self._keep.all("Setting") if one.key not in OWN_SETTINGS}
        return {**SETTINGS, **kept}

    def set_setting(self, caller: Caller, name: str, value: Any) -> None:
        """Keep a setting's value."""
        if not name or len(name) > 200 or name in OWN_SETTINGS:
            raise MispRefused(404, "Invalid setting")
        if len(msgspec.json.encode(value)) > LONGEST:
            raise TooLarge(f"a setting has at most {LONGEST} characters")
        self._keep.put("Setting", name, {"value": value})
        self._note(caller, "misp.setting", name, str(value)[:100])

    # Feeds, servers, correlation exclusions

    def listed(self, kind: Lists) -> list[Kept]:
        """Return all of a kind, the oldest first."""
        return self._keep.all(kind.model)

    def find(self, caller: Caller, kind: Lists, given: object) -> Kept:
        """Return one of a kind by its MISP id."""
        number = self._people.taken(caller, kind.model, given)
        found = self._keep.find(kind.model, number) if number else None
        if found is None:
            raise MispRefused(404, f"Invalid {kind.model.lower()}")
        return found

    def add(self, caller: Caller, kind: Lists, said: Mapping[str, Any]) -> Kept:
        """Keep one more of a kind. MispRefused where a needed field is missing or it is there already."""
        body = {**kind.fields, **_fields(kind, said)}
        for name in kind.needed:
            if not body[name]:
                raise MispRefused(403, f"Could not add {kind.model}", {name: ["This field is required."]})
        key = "|".join(str(body[name]) for name in kind.needed)[:255]
        if self._keep.named(kind.model, key):
            raise MispRefused(403, f"Could not add {kind.model}", {kind.needed[0]: ["This is listed already."]})
        kept = self._keep.add(kind.model, key, body, org=caller.org)
        self._note(caller, f"misp.{kind.model.lower()}.added", key, "")
        return kept

    def edit(self, caller: Caller, kind: Lists, given: object, said: Mapping[str, Any]) -> Kept:
        """Change one of a kind; what is not said stays."""
        kept = self.find(caller, kind, given)
        given = _fields(kind, said)
        moved = "url" in given and given["url"] != kept.body.get("url")
        # Credentials are for the address that they were given for: with another they are given anew.
        blank = {name: kind.fields[name] for name in kind.secret if name in kind.fields} if moved else {}
        kept = self._keep.change(kind.model, kept.number, {**kept.body, **blank, **given})
        self._note(caller, f"misp.{kind.model.lower()}.edited", kept.key, "")
        return kept

    def drop(self, caller: Caller, kind: Lists, given: object) -> None:
        """Let one of a kind go."""
        kept = self.find(caller, kind, given)
        self._keep.drop(kind.model, kept.number)
        self._note(caller, f"misp.{kind.model.lower()}.deleted", kept.key, "")

    def load_feeds(self, feeds: Iterable[Mapping[str, Any]], kind: Lists) -> int:
        """List the well-known feeds that are not listed yet, switched off. Returns how many were."""
        made = 0
        for each in feeds:
            key = "|".join(str(each[name]) for name in kind.needed)[:255]
            if self._keep.named(kind.model, key) is None:
                self._keep.add(kind.model, key, {**kind.fields, **_fields(kind, each), "default": True})
                made += 1
        return made

    # Blocklists

    def blocked(self, caller: Caller, event: str, orgc: str) -> str:
        """Return MISP's refusal of an event that the caller's organisation, or an administrator, blocked; "" else.

        A list of another organisation is none of the caller's: what it deleted must not show (DESIGN rule 5).
        """
        for model, identifier, words in ((EVENTS, event, "event"), (ORGS, orgc, "organisation")):
            for owner in ("", caller.org):
                if identifier and self._keep.named(model, _block_key(owner, identifier)):
                    return f"Event blocked by {words} blocklist."
        return ""

    def blocklist(self, caller: Caller, model: str) -> list[Kept]:
        """Return what the caller's organisation blocked, and what is blocked for all."""
        return [kept for kept in self._keep.all(model) if kept.org in ("", caller.org) or caller.site_admin]

    def block(self, caller: Caller, model: str, uuids: Iterable[object], said: Mapping[str, Any]
              ) -> tuple[list[str], list[str]]:  # fmt: skip
        """Block UUIDs; an administrator's list holds for all. Returns what is listed, and what is not."""
        done, failed = [], []
        owner = "" if caller.viewer.may("administer_members") else caller.org
        body = {name: str(said.get(name) or "")[:1000] for name in BLOCK_FIELDS[model]}
        for place, each in enumerate(uuids):
            identifier = _uuid(each)
            if not identifier or place >= MOST_BLOCKED:
                failed.append(str(each)[:100])
                continue
            body_of_it = {**body, "uuid": identifier, "created": self._clock.now()}
            self._keep.put(model, _block_key(owner, identifier), body_of_it, org=owner)
            done.append(identifier)
        if done:
            self._note(caller, f"misp.{model.lower()}.added", ", ".join(done)[:400], "for all" if not owner else "")
        return done, failed

    def note_deleted(self, caller: Caller, event: str, info: str, orgc: str) -> None:
        """Block an event that its organisation deleted from coming back to that organisation, as MISP does."""
        if is_true(self.setting("MISP.enableEventBlocklisting")):
            body = {"uuid": event, "created": self._clock.now(), "comment": "", "event_info": info[:1000],
                    "event_orgc": orgc[:255]}  # fmt: skip
            try:
                self._keep.put(EVENTS, _block_key(caller.org, event), body, org=caller.org)
            except TooLarge:
                return  # The list is full; the deletion itself stands.

    def find_blocked(self, caller: Caller, model: str, given: object) -> Kept:
        """Return a blocked UUID by MISP id or by itself."""
        identifier, number = _uuid(given), self._people.taken(caller, model, given)
        for kept in self.blocklist(caller, model):
            if kept.number == number or (identifier and kept.body["uuid"] == identifier):
                return kept
        raise MispRefused(404, "Invalid blocklist entry")

    def edit_blocked(self, caller: Caller, model: str, given: object, said: Mapping[str, Any]) -> Kept:
        """Change what is said of a blocked UUID."""
        kept = self._own_blocked(caller, model, given)
        more = {name: str(said[name])[:1000] for name in BLOCK_FIELDS[model] if said.get(name) is not None}
        return self._keep.change(model, kept.number, {**kept.body, **more})

    def unblock(self, caller: Caller, model: str, given: object) -> None:
        """Let a blocked UUID go."""
        kept = self._own_blocked(caller, model, given)
        self._keep.drop(model, kept.number)
        self._note(caller, f"misp.{model.lower()}.deleted", str(kept.body["uuid"]), "")

    def _own_blocked(self, caller: Caller, model: str, given: object) -> Kept:
        kept = self.find_blocked(caller, model, given)
        if not kept.org and not caller.viewer.may("administer_members"):
            raise MispRefused(403, "This holds for all: an administrator changes it.")
        return kept

    # Logs and statistics

    def lines(self, caller: Caller) -> list[Line]:
        """Return the newest lines of the audit log: all for auditors, a lead's own organisation's for a lead."""
        if caller.viewer.may("audit"):
            return self._audit.lines(None, limit=LOG_LINES)
        if caller.viewer.may("lead"):
            return self._audit.lines(caller.org, limit=LOG_LINES)
        raise MispRefused(403, "You do not have permission to use this functionality.")

    def counts(self, caller: Caller) -> dict[str, int]:
        """Return model → how many things of it the caller sees."""
        with self._projections.read() as connection:
            return store.count_by_model(connection, self._audiences(caller))

    def events_of_orgs(self, caller: Caller) -> dict[str, int]:
        """Return organisation → how many events of it the caller sees."""
        with self._projections.read() as connection:
            return store.count_by_org(connection, self._audiences(caller))

    def types_of_orgs(self, caller: Caller) -> list[tuple[str, str, int]]:
        """Return (organisation, type, how many attributes) of what the caller sees."""
        with self._projections.read() as connection:
            return store.attribute_types_by_org(connection, self._audiences(caller))

    def now(self) -> int:
        """Return the hub's instant in whole seconds."""
        return self._clock.now() // SECOND

    def _note(self, caller: Caller, action: str, subject: str, detail: str) -> None:
        self._audit.note(action, org=caller.org, actor=actor_of(caller.viewer), subject=subject, detail=detail)


def _block_key(owner: str, identifier: str) -> str:
    return f"{owner}|{identifier.lower()}"


def _uuid(given: object) -> str:
    try:
        return str(UUID(str(given)))
    except ValueError:
        return ""


def _fields(kind: Lists, said: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a kind among what was said, each in the kind that it has."""
    found: dict[str, Any] = {}
    for name, default in kind.fields.items():
        value = said.get(name)
        if value is None:
            continue
        if isinstance(default, bool):
            found[name] = is_true(value)
        elif isinstance(value, dict | list):
            found[name] = msgspec.json.encode(value).decode()[:LONGEST]
        else:
            found[name] = str(value)[:LONGEST]
    return found
