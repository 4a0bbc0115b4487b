"""Use cases of intake: accept a submission, tell its status, recall it.

Accept, in order:

1. the body is cut into items (format by media type and content); nothing is kept of what cannot be read at all;
2. each item gets its audience: the marking that it carries, else the one given, else AMBER to its own organisation;
3. all is appended in one commit, and only then is it accepted; what it means follows by cursor.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

import msgspec

from fusioncell.intake import store
from fusioncell.intake.arrive import ITEM_KINDS, signed64
from fusioncell.intake.formats import Limits, split_body
from fusioncell.intake.model import Fault, Item, Split
from fusioncell.intake.project import Recall
from fusioncell.kernel.entry import Draft, Entry, Payload
from fusioncell.kernel.errors import BadInput, NotAllowed, NotFound, NotSignedIn
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import (
    Audience,
    Tlp,
    Uses,
    Viewer,
    audience_for,
    is_pseudonym,
    may_post,
    org,
    parse_tlp,
    strictest,
)
from fusioncell.kernel.ports import Database, storable
from fusioncell.record.model import Receipt
from fusioncell.record.service import Record

MAX_FAULTS_LISTED = 1000


class Quarantine(Protocol):
    """Keeps what could not be taken, with its place, so that it can be mended and run again."""

    def keep(self, contribution: str, faults: Sequence[Fault]) -> str:
        """Keep the faults of a submission; return where."""
        ...


@dataclass(frozen=True, slots=True)
class Terms:
    """What a contributor says beside the body: marking for what carries none, groups, people, uses, a name."""

    tlp: Tlp | None = None
    groups: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    uses: Uses | None = None
    filename: str = ""


class Shell(msgspec.Struct, frozen=True):
    """The body of a ``contribution`` entry, the first of each submission; only its own organisation reads it."""

    title: str
    format: str
    filename: str
    items: int
    objects: int
    attributes: int
    defaulted: int
    default: str
    faults: list[tuple[str, str]]
    fault_count: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """A submission that is durably kept."""

    contribution: str
    receipt: Receipt
    shell: Shell
    quarantined: str


@dataclass(frozen=True, slots=True)
class Status:
    """What became of a submission, for its own organisation."""

    contribution: str
    projected: bool
    shell: Shell | None
    at: int
    new: int
    duplicates: int
    outdated: int
    conflicts: int
    faults: tuple[tuple[str, str], ...]
    fault_count: int
    recalled: bool
    recalled_at: int = 0
    """When all of it was recalled; 0 where it was not."""
    notes: tuple[tuple[str, str], ...] = ()
    """(place, what) of what was kept but not read: a pattern that is no equality, say."""


_SAID = re.compile(rb"\bTLP\s?[:=]\s?(CLEAR|WHITE|GREEN|AMBER ?\+ ?STRICT|AMBER|RED)(?![A-Za-z])", re.IGNORECASE)
_HEADING = re.compile(rb"(?:[#;][^\n]*\n?|\s*\n)*")
_LOOK_AT = 8192


def said_in(name: str, body: bytes) -> list[Tlp]:
    """Return the TLP labels that a text says, or the heading comments of a list or table. Other formats mark items."""
    start = body[:_LOOK_AT].removeprefix(b"\xef\xbb\xbf")
    if name in ("list", "csv"):
        heading = _HEADING.match(start)
        start = heading[0] if heading else b""
    elif name != "text":
        return []
    return [parse_tlp(label.decode()) for label in _SAID.findall(start)]


class Intake:
    """The front door of the intake room."""

    def __init__(
        self, record: Record, database: Database, randomness: Randomness, quarantine: Quarantine, limits: Limits
    ) -> None:
        self._record = record
        self._database = database
        self._randomness = randomness
        self._quarantine = quarantine
        self.limits = limits

    # -- accept ------------------------------------------------------------------------------------------------------

    def accept(self, viewer: Viewer, body: bytes, media_type: str, terms: Terms) -> Accepted:
        """Keep a submission durably and return its receipt. Raises BadInput, TooLarge, UnsupportedMedia, NotAllowed."""
        pending, finish = self.submit(viewer, body, media_type, terms)
        return finish(pending.result())

    def check(self, viewer: Viewer, body: bytes, media_type: str, terms: Terms) -> Shell:
        """Say what would be kept of a submission, and raise what accepting it would raise. Keeps nothing."""
        return self._read(viewer, body, media_type, terms)[1]

    def submit(
        self, viewer: Viewer, body: bytes, media_type: str, terms: Terms
    ) -> tuple[Future[Receipt], Callable[[Receipt], Accepted]]:
        """Queue a submission; returns (future of the receipt, function from the receipt to what was accepted)."""
        drafts, shell, faults = self._read(viewer, body, media_type, terms)
        identifier = new_id(self._randomness)
        future: Future[Receipt] = self._record.submit(viewer.org or "", drafts, identifier)

        def finish(receipt: Receipt) -> Accepted:
            kept = self._quarantine.keep(identifier, faults) if faults else ""
            return Accepted(identifier, receipt, shell, kept)

        return future, finish

    def _read(
        self, viewer: Viewer, body: bytes, media_type: str, terms: Terms
    ) -> tuple[list[Draft], Shell, tuple[Fault, ...]]:
        if viewer.org is None:
            raise NotSignedIn(
                "a contribution needs an organisation", hint="Send an API key: Authorization: Bearer KEY."
            )
        name, split = split_body(media_type, body, terms.filename, self.limits)
        if not split.items:
            raise BadInput(
                _nothing(split.faults),
                hint="Nothing was kept. Mend the input and send it again.",
                place=split.faults[0].place if split.faults else "",
            )
        drafts, shell = self._drafts(viewer, body, name, split, terms)
        return drafts, shell, split.faults

    def _drafts(self, viewer: Viewer, body: bytes, name: str, split: Split, terms: Terms) -> tuple[list[Draft], Shell]:
        # A label in the words of a text or the heading of a list can only tighten what its sender chose.
        default = strictest([terms.tlp or Tlp.AMBER, *said_in(name, body)]) or Tlp.AMBER
        _check_parties(default, terms)
        numbers: dict[object, int] = {}
        defaulted = 0
        drafts: list[Draft] = []
        author = viewer.person or ""
        file_version = abs(signed64(body))
        for item in split.items:
            private = bool(item.meta.get("own_organisation_only")) if item.meta else False
            number = numbers.get((item.tlp, private))
            if number is None:
                audience = self._audience(viewer, item, private, default, terms)
                number = numbers[(item.tlp, private)] = self._record.intern_audience(audience)
            if item.tlp is None and not private:
                defaulted += 1
            version = item.version or (file_version if item.kind in ("csv.row", "text") else 0)
            drafts.append(
                Draft(item.kind, number, Payload(author, item.subject, version, item.place, item.body, item.meta))
            )
        attributes = sum(1 for item in split.items if item.kind == "misp.attribute")
        shell = Shell(
            split.title[:300],
            name,
            terms.filename[-200:],
            len(split.items),
            len(split.items) - attributes,
            attributes,
            defaulted,
            default.value if defaulted else "",
            [(fault.place, fault.reason) for fault in split.faults[:MAX_FAULTS_LISTED]],
            len(split.faults),
        )
        # Of an anonymous one, nobody reads the shell: its author asks with the secret.
        mine = frozenset() if is_pseudonym(viewer.org) else frozenset({org(viewer.org or "")})
        own = self._record.intern_audience(Audience(Tlp.AMBER_STRICT, mine, Uses.NONE))
        first = Draft("contribution", own, Payload(author, "", 0, "", msgspec.json.encode(shell)))
        return [first, *drafts], shell

    def submit_items(
        self, viewer: Viewer, items: Sequence[Item], audience: Audience, *, title: str = "", format: str = "talk"
    ) -> tuple[str, Future[Receipt]]:
        """Queue items that a room of ours has made, all for one audience; return (contribution id, future receipt).

        They are a submission like any other: a shell first, so that its id, status and recall work. Raises NotSignedIn,
        NotAllowed.
        """
        if viewer.org is None:
            raise NotSignedIn("a contribution needs an organisation", hint="Sign in, or send an API key.")
        if not may_post(viewer, audience):
            raise NotAllowed(
                f"you may not contribute to {audience.tlp.label} with these readers",
                hint="Name groups that your organisation belongs to now; your role must be allowed to contribute.",
            )
        author = viewer.person or ""
        shell = Shell(storable(title[:300]), format, "", len(items), len(items), 0, 0, "", [], 0)
        # Of an anonymous one, nobody reads the shell: its author asks with the secret.
        mine = frozenset() if is_pseudonym(viewer.org) else frozenset({org(viewer.org or "")})
        own = self._record.intern_audience(Audience(Tlp.AMBER_STRICT, mine, Uses.NONE))
        number = self._record.intern_audience(audience)
        drafts = [Draft("contribution", own, Payload(author, "", 0, "", msgspec.json.encode(shell)))] + [
            Draft(item.kind, number, Payload(author, item.subject, item.version, item.place, item.body, item.meta))
            for item in items
        ]
        identifier = new_id(self._randomness)
        return identifier, self._record.submit(viewer.org, drafts, identifier)

    def _audience(self, viewer: Viewer, item: Item, private: bool, default: Tlp, terms: Terms) -> Audience:
        tlp = item.tlp or default
        if private:
            strict = Tlp.RED if tlp is Tlp.RED else Tlp.AMBER_STRICT
            audience = audience_for(strict, own_org=viewer.org, uses=terms.uses)
        else:
            audience = audience_for(tlp, own_org=viewer.org, groups=terms.groups, people=terms.people, uses=terms.uses)
        if not may_post(viewer, audience):
            raise NotAllowed(
                f"this key may not contribute to {tlp.label}",
                hint="Use a key whose role may contribute, and groups that your organisation belongs to.",
            )
        return audience

    # -- status ------------------------------------------------------------------------------------------------------

    def status(self, viewer: Viewer, contribution: str) -> Status:
        """Tell the contributor's own organisation what became of a submission. Raises NotFound for anyone else."""
        commit = self._record.commit_of(contribution)
        if commit is None or viewer.org is None or commit.org != viewer.org:
            raise NotFound("no such contribution of your organisation", hint="Check the id that the answer gave.")
        with self._database.read() as connection:
            row = store.contribution_row(connection, contribution)
            found = store.faults_of(connection, commit.first_seq, MAX_FAULTS_LISTED) if row else []
            notes = store.notes_of(connection, commit.first_seq, MAX_FAULTS_LISTED) if row else []
            gone = store.recalled_within(connection, commit.first_seq, commit.last_seq)
            recalled_at = store.recalled_at(connection, commit.first_seq, commit.last_seq)
        if row is None:
            return Status(contribution, False, None, commit.at, 0, 0, 0, 0, (), 0, False)
        _, last_seq, _, at, meta, fresh, duplicates, outdated, conflicts, faults = row
        shell = msgspec.json.decode(meta, type=Shell)
        whole = any(first <= commit.first_seq and last >= commit.last_seq for first, last in gone)
        listed = tuple([*shell.faults, *found])
        return Status(
            contribution,
            last_seq >= commit.last_seq,
            shell,
            at,
            fresh,
            duplicates,
            outdated,
            conflicts,
            listed,
            shell.fault_count + faults,
            whole,
            recalled_at,
            tuple(notes),
        )

    def entries_of(self, viewer_audiences: frozenset[int], contribution: str) -> list[Entry]:
        """Return the live items of a submission in these audiences, in order. Empty where there are none."""
        commit = self._record.commit_of(contribution)
        if commit is None:
            return []
        entries = self._record.read_range(commit.first_seq, commit.last_seq, viewer_audiences)
        return self.live([entry for entry in entries if entry.kind in ITEM_KINDS and entry.payload is not None])

    def live(self, entries: list[Entry]) -> list[Entry]:
        """Leave out what was recalled."""
        if not entries:
            return []
        with self._database.read() as connection:
            gone = store.recalled_within(connection, entries[0].seq, entries[-1].seq)
        return [entry for entry in entries if not any(first <= entry.seq <= last for first, last in gone)]

    # -- recall ------------------------------------------------------------------------------------------------------

    def recall(self, viewer: Viewer, contribution: str, reason: str = "", entry_seq: int | None = None) -> Receipt:
        """Withdraw a submission, or one entry of it; only its originator can. The withdrawal is itself an entry.

        A tombstone goes to each audience that could read something of it, as it was.
        """
        commit = self._record.commit_of(contribution)
        if commit is None or viewer.org is None or commit.org != viewer.org:
            raise NotFound("no such contribution of your organisation", hint="Only the originator can recall.")
        if not viewer.may("recall"):
            raise NotAllowed("this role may not recall", hint="Ask an editor of your organisation.")
        first, last = (commit.first_seq, commit.last_seq) if entry_seq is None else (entry_seq, entry_seq)
        if not commit.first_seq <= first <= last <= commit.last_seq:
            # Or one's own contribution would open the door to another's entry.
            raise NotFound("no such entry of that contribution", hint="Take it from the contribution's list of items.")
        every = self._record.audiences_where(lambda _: True)
        touched = sorted({e.audience for e in self._record.read_range(first, last, every) if e.kind in ITEM_KINDS})
        if not touched:
            raise NotFound("nothing of that contribution is left to recall")
        drafts = [
            Draft(
                "recall",
                audience,
                Payload(
                    viewer.person or "",
                    contribution,
                    0,
                    "",
                    msgspec.json.encode(Recall(contribution, first, last, reason[:500])),
                ),
            )
            for audience in touched
        ]
        return self._record.append(viewer.org, drafts, new_id(self._randomness))


def _check_parties(tlp: Tlp, terms: Terms) -> None:
    """Refuse parties that the marking would leave out: what was meant for few must not go to many unsaid."""
    if (terms.groups and tlp not in (Tlp.AMBER, Tlp.AMBER_STRICT)) or (terms.people and tlp is not Tlp.RED):
        named = "people" if terms.people and tlp is not Tlp.RED else "groups"
        raise BadInput(
            f"{tlp.label} names no {named}", hint="Name groups with amber or amber+strict, and people with red."
        )


def _nothing(faults: Sequence[Fault]) -> str:
    if not faults:
        return "there is nothing in it to take"
    return (
        f"nothing in it could be taken: {faults[0].place}: {faults[0].reason}" if faults[0].place else faults[0].reason
    )
