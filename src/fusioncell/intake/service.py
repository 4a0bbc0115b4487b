"""Use cases of intake: accept a submission, tell its status, recall it.

Accept, in order:

1. the body is cut into items (format by media type and content); nothing is kept of what cannot be read at all;
2. each item gets its audience: the marking that it carries, else the one given, else AMBER to its own organisation;
3. all is appended in one commit, and only then is it accepted; what it means follows by cursor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Protocol

import msgspec

from fusioncell.intake import store
from fusioncell.intake.arrive import ITEM_KINDS, idkey_of, signed64
from fusioncell.intake.formats import Limits, split_body
from fusioncell.intake.model import Fault, Item, Moved, Split, Withdrawal
from fusioncell.intake.move import Wanted, decide, is_on_behalf
from fusioncell.intake.pap import KEPT
from fusioncell.intake.project import Arrival, Recall, kept
from fusioncell.intake.said import said_in
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
    strictest,
    within,
)
from fusioncell.kernel.ports import Database, storable
from fusioncell.record.model import Commit, Receipt
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
    fetched: bool = False
    """The hub fetched it from where it is published: what says that it is for its own organisation means another."""
    at_least: Tlp | None = None
    """No item is marked less strictly than this, whatever it says of itself."""
    grade: str = ""
    """The source's reliability, as an Admiralty letter; "": what is known of the contributor."""
    row_version: int = 0
    """The version of rows that state none (µs): of a feed the day; 0: the file's own."""


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


_REMEMBERED = 1000
"""Recalls of this process that are known before they are projected."""


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
        self._recalled: dict[tuple[int, int], Receipt] = {}

    def standing(self, seqs: Iterable[int], audiences: frozenset[int]) -> dict[int, Arrival]:
        """Return, of the items at these positions and in these audiences, those that stand now: not recalled."""
        entries = [entry for entry in self._record.read_many(sorted(set(seqs))) if entry.audience in audiences]
        with self._database.read() as connection:
            arrived = kept(connection, entries)
        return {arrival.entry.seq: arrival for arrival in arrived.arrivals}

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
        _check_parties(strictest([terms.tlp or Tlp.AMBER, *said_in(name, body)]) or Tlp.AMBER, terms)
        drafts, shell = self._drafts(viewer, body, name, split, terms)
        return drafts, shell, split.faults

    def accept_split(self, viewer: Viewer, body: bytes, name: str, split: Split, terms: Terms,
                     identifier: str = "") -> Accepted:
        """Keep what the hub itself fetched and a room of ours has cut (``split`` has items), as :meth:`accept` does.

        ``groups`` are the readers of what is AMBER in it, whatever the marking of the rest. ``identifier``: the
        contribution's id, where it was noted before.
        """
        drafts, shell = self._drafts(viewer, body, name, split, terms)
        identifier = identifier or new_id(self._randomness)
        receipt = self._record.append(commit_org(viewer), drafts, identifier)
        kept = self._quarantine.keep(identifier, split.faults) if split.faults else ""
        return Accepted(identifier, receipt, shell, kept)

    def _drafts(self, viewer: Viewer, body: bytes, name: str, split: Split, terms: Terms) -> tuple[list[Draft], Shell]:
        # A label in the words of a text or the heading of a list can only tighten what its sender chose.
        default = strictest([terms.tlp or Tlp.AMBER, *said_in(name, body)]) or Tlp.AMBER
        numbers: dict[object, int] = {}
        defaulted = 0
        drafts: list[Draft] = []
        author = viewer.person or ""
        file_version = terms.row_version or abs(signed64(body))
        for item in split.items:
            private = bool(item.meta.get("own_organisation_only")) if item.meta and not terms.fetched else False
            kind = (item.tlp, private, KEPT in item.meta)
            if (number := numbers.get(kind)) is None:
                audience = self._audience(viewer, item, private, default, terms)
                number = numbers[kind] = self._record.intern_audience(audience)
            if item.tlp is None and not private:
                defaulted += 1
            version = item.version or (file_version if item.kind in ("csv.row", "text") else 0)
            meta = {**item.meta, "grade": terms.grade} if terms.grade else item.meta
            drafts.append(Draft(item.kind, number, Payload(author, item.subject, version, item.place, item.body, meta)))
        attributes = sum(item.kind == "misp.attribute" for item in split.items)
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
        self, viewer: Viewer, items: Sequence[Item], audience: Audience, *, title: str = "", format: str = "talk",
        more: Sequence[Draft] = (),
    ) -> tuple[str, Future[Receipt]]:  # fmt: skip
        """Queue items that a room of ours has made, all for one audience; return (contribution id, future receipt).

        They are a submission like any other: a shell first, so that its id, status and recall work. ``more``: what the
        room keeps beside them in the same commit. Raises NotSignedIn, NotAllowed.
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
        return identifier, self._record.submit(viewer.org, [*drafts, *more], identifier)

    def _audience(self, viewer: Viewer, item: Item, private: bool, default: Tlp, terms: Terms) -> Audience:
        tlp = strictest([item.tlp or default, *([terms.at_least] if terms.at_least else [])]) or default
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
        return replace(audience, uses=audience.uses & ~Uses.BLOCKING) if KEPT in item.meta else audience

    # -- status ------------------------------------------------------------------------------------------------------

    def status(self, viewer: Viewer, contribution: str) -> Status:
        """Tell the contributor's own organisation what became of a submission. Raises NotFound for anyone else."""
        commit = self._submission(contribution)
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
        whole = any(r[0] <= commit.first_seq and r[1] >= commit.last_seq and not r[5] for r in gone)
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
        return [e for e in entries if not any(r[0] <= e.seq <= r[1] and r[2] == e.audience for r in gone)]

    # -- recall, narrow, widen ---------------------------------------------------------------------------------------

    def recall(self, viewer: Viewer, contribution: str, reason: str = "", entry_seq: int | None = None) -> Receipt:
        """Withdraw a submission, or one entry of it; only its originator can. The withdrawal is itself an entry.

        A tombstone goes to each audience that could read something of it, as it was. What is withdrawn already is not
        withdrawn again: the answer is that of the first time.
        """
        first, last = self._own(viewer, contribution, entry_seq, "recall")
        before = self._recalled.get((first, last))
        if before is not None:
            return before
        touched = sorted({entry.audience for entry in self._left(first, last)})
        if not touched:
            with self._database.read() as connection:
                done = store.recalled_within(connection, first, last)
            if not done:
                raise NotFound("nothing of that contribution is left to recall")
            return Receipt(done[-1][4], done[-1][4], done[-1][3])
        body = msgspec.json.encode(Recall(contribution, first, last, reason[:500]))
        payload = Payload(viewer.person or "", contribution, 0, "", body)
        drafts = [Draft("recall", audience, payload) for audience in touched]
        receipt = self._record.append(commit_org(viewer), drafts, new_id(self._randomness))
        # The projections follow: until they have, this is how a recall that is sent again is known.
        while len(self._recalled) >= _REMEMBERED:
            del self._recalled[next(iter(self._recalled))]
        self._recalled[(first, last)] = receipt
        return receipt

    def narrow(self, viewer: Viewer, contribution: str, terms: Terms, reason: str = "", entry_seq: int | None = None
               ) -> Moved:
        """Show a submission, or one entry of it, to fewer: it goes on as a new one, and the old is withdrawn.

        Both in one commit. Those who lose it get the tombstone of a recall and learn no more; those who keep it see the
        new one, with a link to what it was.
        """
        return self._move(viewer, contribution, terms, reason, entry_seq, wider=False)

    def widen(self, viewer: Viewer, contribution: str, terms: Terms, reason: str = "", entry_seq: int | None = None
              ) -> Moved:
        """Show a submission, or one entry of it, to more; only its originator can, whatever the role of others."""
        return self._move(viewer, contribution, terms, reason, entry_seq, wider=True)

    def plan(self, viewer: Viewer, contribution: str, terms: Terms, entry_seq: int | None = None, *, wider: bool
             ) -> list[tuple[Audience, Audience]]:
        """Return (readers of now, readers then) for each audience that narrowing or widening would touch."""
        moves, _ = self._moves(viewer, contribution, terms, entry_seq, wider=wider)
        return [(self._record.audience(number), new) for number, new in sorted(moves.items())]

    def went_on(self, audiences: frozenset[int], contribution: str) -> str:
        """Return the contribution as which a narrowed or widened one goes on, to who sees both; else ""."""
        with self._database.read() as connection:
            return store.went_on(connection, contribution, audiences)

    def came_from(self, audiences: frozenset[int], contribution: str) -> str:
        """Return the contribution that one was before it was narrowed or widened, to who sees both; else ""."""
        with self._database.read() as connection:
            return store.came_from(connection, contribution, audiences)

    def withdrawals(self, contribution: str) -> list[Withdrawal]:
        """Return what was withdrawn of a submission, oldest first. For its own organisation: the caller has checked."""
        commit = self._record.commit_of(contribution)
        if commit is None:
            return []
        with self._database.read() as connection:
            found = store.recalled_within(connection, commit.first_seq, commit.last_seq)
            goes_on = store.moves_among(connection, [row[4] for row in found])
        return [Withdrawal(first, last, audience, at, seq, bool(moved), goes_on.get(seq, 0))
                for first, last, audience, at, seq, moved in found]  # fmt: skip

    def recalls_after(self, seq: int, limit: int = 100) -> list[tuple[int, str]]:
        """Return (position, contribution) of the recalls after a position, oldest first, as far as projected."""
        with self._database.read() as connection:
            seqs = store.recalls_after(connection, seq, limit)
        return [(entry.seq, entry.payload.subject) for entry in self._record.read_many(seqs) if entry.payload]

    def items_of(self, first: int, last: int, audience: int) -> list[Entry]:
        """Return the items of one audience between two positions, withdrawn ones too. For their own organisation."""
        found = self._record.read_range(first, last, (audience,))
        return [entry for entry in found if entry.kind in ITEM_KINDS and entry.payload is not None]

    def own(self, viewer: Viewer, contribution: str) -> Commit:
        """Return a submission of the viewer's own organisation. NotFound for anyone else."""
        commit = self._submission(contribution)
        if commit is None or viewer.org is None or commit.org != viewer.org:
            raise NotFound("no such contribution of your organisation", hint="Only the originator can do that.")
        return commit

    def _submission(self, identifier: str) -> Commit | None:
        """Return a submission. What else an organisation's people write (a forecast, an override) is none, nor may
        colleagues who are not among its readers learn by its id that it is there."""
        commit = self._record.commit_of(identifier)
        ends = self._record.read_many({commit.first_seq, commit.last_seq}) if commit is not None else []
        return commit if any(end.kind == "contribution" or end.kind in ITEM_KINDS for end in ends) else None

    def _own(self, viewer: Viewer, contribution: str, entry_seq: int | None, permission: str) -> tuple[int, int]:
        """Return the positions that are meant. Raises NotFound, NotAllowed."""
        commit = self.own(viewer, contribution)
        if not viewer.may(permission):
            raise NotAllowed(f"this role may not {permission}", hint="Ask an editor of your organisation.")
        first, last = (commit.first_seq, commit.last_seq) if entry_seq is None else (entry_seq, entry_seq)
        if not commit.first_seq <= first <= last <= commit.last_seq:
            # Or one's own contribution would open the door to another's entry.
            raise NotFound("no such entry of that contribution", hint="Take it from the contribution's list of items.")
        return first, last

    def _left(self, first: int, last: int) -> list[Entry]:
        """Return the items between two positions that were not withdrawn, of every audience."""
        every = self._record.audiences_where(lambda _: True)
        found = self._record.read_range(first, last, every)
        return self.live([entry for entry in found if entry.kind in ITEM_KINDS and entry.payload is not None])

    def _moves(self, viewer: Viewer, contribution: str, terms: Terms, entry_seq: int | None, *, wider: bool
               ) -> tuple[dict[int, Audience], list[Entry]]:
        first, last = self._own(viewer, contribution, entry_seq, "contribute" if wider else "recall")
        tlp = _marking(terms)
        items = self._left(first, last)
        if wider and is_on_behalf(items):
            raise NotAllowed("it is published on behalf of a partner", hint="Ask the partner for a wider consent.")
        if wider and any(item.kind == "product" for item in items):
            raise NotAllowed("a product goes to more readers as a new version, which a second person reviews",
                             hint="Open it on /products and begin a new version.")  # fmt: skip
        if not items:
            raise NotFound("nothing of that contribution is left", hint="It was withdrawn, or goes on as another.")
        target = audience_for(tlp, own_org=viewer.org, groups=terms.groups, people=terms.people, uses=terms.uses)
        if wider and not may_post(viewer, target):
            raise NotAllowed(
                f"this key may not contribute to {tlp.label}", hint="Name groups that your organisation belongs to."
            )
        whole = entry_seq is None
        wanted = Wanted(target, terms.uses, wider, whole, self._general(first, items) if wider and whole else None)
        standing = {number: self._record.audience(number) for number in sorted({item.audience for item in items})}
        moves = decide(viewer, standing, wanted)
        if wider and whole and any(
            item.audience in moves and item.payload is not None and item.payload.meta.get("own_organisation_only")
            for item in items
        ):
            raise BadInput("some items say of themselves that they are for your organisation only",
                           hint="Widen the others one by one.")  # fmt: skip
        return moves, [item for item in items if item.audience in moves]

    def _general(self, first: int, items: list[Entry]) -> Tlp | None:
        """Return the marking that a submission was given for items that carry none; None where none carries one."""
        shell = next((e for e in self._record.read_many([first]) if e.kind == "contribution" and e.payload), None)
        if shell is None or shell.payload is None or all(item.kind in ("post", "reaction") for item in items):
            return None
        said = msgspec.json.decode(shell.payload.body, type=Shell).default
        if not said:
            raise BadInput("every item carries a marking of its own", hint="Widen the entries one by one, by their id.")
        return Tlp(said)

    def _move(self, viewer: Viewer, contribution: str, terms: Terms, reason: str, entry_seq: int | None, *, wider: bool
              ) -> Moved:
        moves, items = self._moves(viewer, contribution, terms, entry_seq, wider=wider)
        commit = self.own(viewer, contribution)
        first, last = (commit.first_seq, commit.last_seq) if entry_seq is None else (entry_seq, entry_seq)
        numbers = {old: self._record.intern_audience(new) for old, new in moves.items()}
        carried = self._carried(contribution, items)
        drafts: list[Draft] = []
        for old, new in sorted(moves.items()):
            goes = numbers[old] if any(item.audience == old for item in carried) else 0
            seen = within(self._record.audience(old), new)
            body = msgspec.json.encode(Recall(contribution, first, last, reason[:500], goes, seen, moved=True))
            drafts.append(Draft("recall", old, Payload(viewer.person or "", contribution, 0, "", body)))
        drafts += [self._carry(item, numbers[item.audience], moves[item.audience]) for item in carried]
        if carried:
            drafts.insert(0, self._shell_of_move(viewer, _marking(terms), contribution, carried))
        identifier = new_id(self._randomness)
        receipt = self._record.append(commit_org(viewer), drafts, identifier)
        return Moved(identifier if carried else "", receipt, len(carried))

    def _carried(self, contribution: str, items: list[Entry]) -> list[Entry]:
        """Return those of the items that stand: an older version must not come to life again by going elsewhere."""
        keys = {item.seq: idkey_of(item) for item in items}
        with self._database.read() as connection:
            row = store.contribution_row(connection, contribution)
            known = store.known_items(connection, sorted(set(keys.values())))
            ended = store.ended_among(connection, [seq for rows in known.values() for seq, _, _ in rows])
        projected = row[1] if row else 0
        stand = {key: {(version, digest) for seq, version, digest in rows if seq not in ended}
                 for key, rows in known.items()}  # fmt: skip
        return [
            item
            for item in items
            if item.payload is not None
            and (
                item.seq > projected
                or (item.payload.version, signed64(item.payload.body)) in stand.get(keys[item.seq], ())
            )
        ]

    def _carry(self, item: Entry, audience: int, readers: Audience) -> Draft:
        """Make the new version of an item: the same bytes, first accepted when it was, for other readers."""
        assert item.payload is not None
        meta: dict[str, object] = {"since": item.at} | item.payload.meta
        meta.pop("was", None)
        if within(readers, self._record.audience(item.audience)):
            # Each who reads it could read what it was: the stream may say so to all of them.
            meta["was"] = item.seq
        return Draft(item.kind, audience, msgspec.structs.replace(item.payload, meta=meta))

    def _shell_of_move(self, viewer: Viewer, tlp: Tlp, contribution: str, items: list[Entry]) -> Draft:
        commit = self.own(viewer, contribution)
        found = [e for e in self._record.read_many([commit.first_seq]) if e.kind == "contribution" and e.payload]
        before = msgspec.json.decode(found[0].payload.body, type=Shell) if found and found[0].payload else None
        attributes = sum(item.kind == "misp.attribute" for item in items)
        shell = Shell(
            before.title if before else "",
            before.format if before else items[0].kind,
            before.filename if before else "",
            len(items),
            len(items) - attributes,
            attributes,
            len(items),
            tlp.value,
            [],
            0,
        )
        own = self._record.intern_audience(audience_for(Tlp.AMBER_STRICT, own_org=viewer.org, uses=Uses.NONE))
        return Draft("contribution", own, Payload(viewer.person or "", "", 0, "", msgspec.json.encode(shell)))


def commit_org(viewer: Viewer) -> str:
    """Return the organisation (or pseudonym) under which the viewer writes. NotSignedIn where there is none."""
    if viewer.org is None:
        raise NotSignedIn("this needs an organisation", hint="Send an API key: Authorization: Bearer KEY.")
    return viewer.org


def _marking(terms: Terms) -> Tlp:
    if terms.tlp is None:
        raise BadInput("name the marking that it is to have", hint="clear, green, amber, amber+strict or red")
    _check_parties(terms.tlp, terms)
    return terms.tlp


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
    first = faults[0]
    return f"nothing in it could be taken: {first.place}: {first.reason}" if first.place else first.reason
