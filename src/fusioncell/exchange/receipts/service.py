"""Use cases of receipts: note what leaves, tell the originator how far a recall reaches, ask for consent and give it.

What leaves is noted in memory and written each second (:meth:`Ledger.flush`, in a thread of its own). Doors call
:meth:`Ledger.exported`, which touches nothing but that memory. See the package for what counts.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b

import msgspec

from fusioncell.exchange.receipts import store
from fusioncell.exchange.receipts.judge import judge
from fusioncell.exchange.receipts.model import (
    Answer,
    Asked,
    Consent,
    Consented,
    Ended,
    Range,
    Receipts,
    Row,
    State,
    Trace,
)
from fusioncell.exchange.receipts.project import ASKED, CONSENT
from fusioncell.exchange.receipts.take import Growing, Ranges, Taking
from fusioncell.intake import extract_entry
from fusioncell.intake.model import Withdrawal
from fusioncell.intake.service import Intake
from fusioncell.kernel.clock import MINUTE, Clock, Instant
from fusioncell.kernel.entry import Draft, Entry, Payload
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import Audience, Tlp, Uses, Viewer, audience_for, is_pseudonym, may_post, org, within
from fusioncell.kernel.observable import key64
from fusioncell.kernel.ports import Database, Mail
from fusioncell.members import Members
from fusioncell.members.circles import Circles
from fusioncell.record.service import Record

MAX_VALUES = 50_000
"""Values of one contribution that are looked up one by one; of more, whoever was answered any since counts as told."""
MAX_CONSENTS = 500
PUBLICATION = "publication on the originator's behalf"
"""The product of those consents that ``exchange.proxy`` reads."""
CHUNK = 5_000
"""Rows a transaction: a large match must not hold the vault from a sign-in."""
REMEMBERED = 200_000
"""Exports that are known to be written, so that a poll that repeats itself writes nothing."""
MAX_MAILED = 100
"""People of one organisation who are told of one recall."""


class Ledger:
    """The front door of the package. ``position()``: how far the projections are. ``secret``: keys values' marks."""

    def __init__(self, *, record: Record, vault: Database, projections: Database, intake: Intake, members: Members,
                 circles: Circles, mail: Mail, clock: Clock, randomness: Randomness, position: Callable[[], int],
                 secret: bytes) -> None:
        self._record, self._vault, self._projections = record, vault, projections
        self._intake, self._members, self._circles, self._mail = intake, members, circles, mail
        self._clock, self._randomness, self._position = clock, randomness, position
        self._secret = secret[:32]
        self._lock, self._flushing = threading.Lock(), threading.Lock()
        self._exports: dict[tuple[str, str], tuple[int, int]] = {}
        self._values: dict[tuple[int, str], tuple[int, int]] = {}
        self._written: set[tuple[str, str]] = set()
        self._ranges = Ranges()
        self._read_at: Instant = 0
        self._load()

    def _load(self) -> None:
        """Read the ranges. One that is open was cut off with its hub: it may have got all there was."""
        with self._vault.read() as connection:
            known = store.ranges(connection)
        head = self._record.head()[0] if any(one.open for one in known) else 0
        for one in known:
            last = max(one.last, head) if one.open else one.last
            growing = Growing(one.org, one.audience_set, one.first, last, one.reached, 0, marked=not one.open)
            self._ranges.by_key.setdefault((one.org, one.audience_set), []).append(growing)
            if one.open:
                self._ranges.changed.add(growing)

    # -- what leaves -------------------------------------------------------------------------------------------------

    def exported(self, organisation: str, what: Iterable[str | int]) -> None:
        """Note that a machine of an organisation was given contributions (ids) or values (``key64``) just now.

        Every door calls it whose answers leave the hub for good. It touches memory alone.
        """
        seq = max(1, self._position())
        with self._lock:
            for one in what:
                if isinstance(one, str):
                    if (one, organisation) not in self._written:
                        self._exports.setdefault((one, organisation), (seq, 0))
                else:
                    first, _ = self._values.get((one, organisation), (seq, seq))
                    self._values[(one, organisation)] = (first, seq)

    def exported_all(self, organisation: str, audiences: frozenset[int]) -> None:
        """Note that an organisation was given so much of these audiences that it counts as all, up to now."""
        number = self._record.audience_set_number(audiences)
        with self._lock:
            self._ranges.detach(self._ranges.attach(organisation, number, 0), self._position())

    def gone(self, organisation: str, contribution: str) -> None:
        """Note that a machine asked for a contribution and learnt that it is not there any more."""
        seq = max(1, self._position())
        with self._lock:
            first, _ = self._exports.get((contribution, organisation), (0, 0))
            self._exports[(contribution, organisation)] = (first, seq)

    def attach(self, organisation: str, audience_set: int, seq: int) -> Taking:
        """Begin to note what a stream takes. Where its range is not ``marked`` yet, flush before it delivers."""
        with self._lock:
            return self._ranges.attach(organisation, audience_set, seq)

    def is_marked(self, taking: Taking) -> bool:
        """Tell whether the vault knows that this is being taken."""
        return taking.range.marked

    def detach(self, taking: Taking) -> None:
        """End it."""
        with self._lock:
            self._ranges.detach(taking, self._position())

    def flush(self, *, everything: bool = False) -> None:
        """Write what was noted. Blocks; ``everything``: how far open streams are, too (else once a minute)."""
        with self._flushing:
            now = self._clock.now()
            with self._lock:
                if everything or now - self._read_at >= MINUTE:
                    self._read_at = now
                    self._ranges.read(self._position())
                exports, self._exports = self._exports, {}
                values, self._values = self._values, {}
                changed, self._ranges.changed = self._ranges.changed, set()
                dropped, self._ranges.dropped = self._ranges.dropped, []
                frozen = [growing.frozen() for growing in changed]
            try:
                self._write(exports, values, frozen, dropped)
            except BaseException:
                with self._lock:
                    self._exports = {**exports, **self._exports}
                    self._values = {**values, **self._values}
                    self._ranges.changed |= changed
                    self._ranges.dropped += dropped
                raise
            with self._lock:
                for growing in changed:
                    growing.marked = True
                if len(self._written) > REMEMBERED:
                    self._written = set()
                self._written |= {key for key, (seq, _) in exports.items() if seq}

    def _write(self, exports: dict[tuple[str, str], tuple[int, int]], values: dict[tuple[int, str], tuple[int, int]],
               ranges: list[Range], dropped: list[tuple[str, int, int]]) -> None:
        if ranges or dropped or exports:
            noted = sorted(exports.items())
            with self._vault.write() as connection:
                store.save_ranges(connection, ranges)
                store.drop_ranges(connection, dropped)
                store.add_exports(connection, [(*key, seq, told) for key, (seq, told) in noted if seq])
                # Only who took it can be told that it is gone: who asks for made-up ids leaves no trace.
                store.add_gone(connection, [(told, *key) for key, (seq, told) in noted if told and not seq])
        marked = [(self._mark(key), organisation, first, last)
                  for (key, organisation), (first, last) in sorted(values.items())]
        for start in range(0, len(marked), CHUNK):
            with self._vault.write() as connection:
                store.add_values(connection, marked[start : start + CHUNK])

    def _mark(self, key: int) -> int:
        """Return the mark of a value: who holds the vault and not the key cannot tell what was looked up."""
        given = key.to_bytes(8, "big", signed=True)
        return int.from_bytes(blake2b(given, digest_size=8, key=self._secret).digest(), "big", signed=True)

    def close(self) -> None:
        """Write all."""
        with self._lock:
            for taking in list(self._ranges.open):
                self._ranges.detach(taking, self._position())
        self.flush(everything=True)

    # -- how far a recall reaches ------------------------------------------------------------------------------------

    def receipts(self, viewer: Viewer, contribution: str) -> Receipts:
        """Tell the originator how far a contribution went. NotFound for everyone else."""
        commit = self._intake.own(viewer, contribution)
        self.flush(everything=True)
        withdrawals = self._intake.withdrawals(contribution)
        ended = self._ended(commit.first_seq, commit.last_seq, withdrawals)
        return self._receipts(contribution, commit.org, ended)

    def to_be_told(self, contribution: str, recall: int) -> tuple[str, ...]:
        """Return the organisations that exported what a recall (by position) withdrew, and cannot be recalled."""
        commit = self._record.commit_of(contribution)
        if commit is None:
            return ()
        self.flush(everything=True)
        withdrawals = [one for one in self._intake.withdrawals(contribution) if one.seq == recall]
        ended = self._ended(commit.first_seq, commit.last_seq, withdrawals)
        states = self._states(contribution, commit.org, ended)
        return tuple(one for one, (state, _) in sorted(states.items()) if state is State.EXPORTED)

    def _ended(self, first: int, last: int, withdrawals: Sequence[Withdrawal]) -> list[Ended]:
        """Return what was withdrawn by audience; where nothing was, all that stands."""
        if withdrawals:
            return [
                Ended(one.audience, tuple(e.seq for e in self._intake.items_of(one.first, one.last, one.audience)),
                      one.seq, one.at, one.goes_on)
                for one in withdrawals
            ]  # fmt: skip
        every = self._record.audiences_where(lambda _: True)
        by_audience: dict[int, list[int]] = {}
        for number in sorted({e.audience for e in self._record.read_range(first, last, every)}):
            items = [entry.seq for entry in self._intake.items_of(first, last, number)]
            if items:
                by_audience[number] = items
        return [Ended(number, tuple(items), 0) for number, items in by_audience.items()]

    def _receipts(self, contribution: str, originator: str, ended: Sequence[Ended]) -> Receipts:
        states = self._states(contribution, originator, ended)
        recalls = [one.recall for one in ended if one.recall]
        with self._vault.read() as connection:
            told = store.told_of(connection, recalls) if recalls else {}
        audiences = [self._record.audience(one.audience) for one in ended]
        rows = [Row(one, state, told.get(one, 0)) for one, (state, named) in states.items() if named]
        unnamed = [state for state, named in states.values() if not named]
        lets_in = any(audience.tlp is Tlp.AMBER for audience in audiences)
        kept = {one for e in ended if e.goes_on for one in self._named(self._record.audience(e.goes_on), e.at)}
        return Receipts(
            contribution,
            bool(recalls),
            tuple(sorted(rows, key=lambda row: (-row.state, row.org))),
            max(unnamed, default=State.HERE) if lets_in or unnamed else None,
            len(kept - {originator} - {row.org for row in rows}),
            any(audience.tlp is Tlp.CLEAR for audience in audiences),
        )

    def _states(self, contribution: str, originator: str, ended: Sequence[Ended]) -> dict[str, tuple[State, bool]]:
        """Return organisation → (how far it reaches there, whether the audience named it)."""
        traces = self._traces(contribution, ended)
        found: dict[str, tuple[State, bool]] = {}
        for one in ended:
            named = self._named(self._record.audience(one.audience), one.at)
            keep = self._named(self._record.audience(one.goes_on), one.at) if one.goes_on else set()
            for organisation in sorted((named | traces.keys()) - {originator} - keep):
                state = judge(one, traces.get(organisation, {}).get(one, Trace()))
                if organisation not in named and state is State.HERE:
                    continue
                before, known = found.get(organisation, (State.HERE, False))
                found[organisation] = (max(before, state), known or organisation in named)
        return found

    def _traces(self, contribution: str, ended: Sequence[Ended]) -> dict[str, dict[Ended, Trace]]:
        with self._vault.read() as connection:
            exports = {row[0]: (row[1], row[2]) for row in store.exports_of(connection, contribution)}
            ranges = store.ranges(connection)
        sets = {number: self._record.audience_set(number) or frozenset() for number in {r.audience_set for r in ranges}}
        by_org: dict[str, list[tuple[Range, frozenset[int]]]] = {}
        for one in ranges:
            by_org.setdefault(one.org, []).append((one, sets[one.audience_set]))
        traces: dict[str, dict[Ended, Trace]] = {}
        for part in ended:
            values = self._answered(part)
            for organisation in exports.keys() | by_org.keys() | values.keys():
                traces.setdefault(organisation, {})[part] = Trace(
                    tuple(by_org.get(organisation, ())), exports.get(organisation), tuple(values.get(organisation, ()))
                )
        return traces

    def _answered(self, part: Ended) -> dict[str, list[tuple[int, int]]]:
        """Return organisation → positions at which it was answered values that the items name."""
        keys: set[int] = set()
        for entry in self._record.read_many(part.items):
            keys |= {key64(claim.observable) for claim in extract_entry(entry).claims}
            if len(keys) > MAX_VALUES:
                break
        rows: list[tuple[str, int, int]] = []
        marks = [self._mark(key) for key in sorted(keys)]
        with self._vault.read() as connection:
            if len(marks) > MAX_VALUES:
                rows = store.orgs_with_values(connection)
            else:
                for start in range(0, len(marks), CHUNK):
                    rows += store.values_among(connection, marks[start : start + CHUNK])
        # Only who could see the items: another's answer came of what others contributed on the same value.
        able: dict[str, bool] = {}
        found: dict[str, list[tuple[int, int]]] = {}
        for organisation, first, last in rows:
            if organisation not in able:
                viewer = self._members.operator_viewer(organisation)
                able[organisation] = viewer is not None and part.audience in self._record.visible_to(viewer)
            if able[organisation]:
                found.setdefault(organisation, []).append((first, last))
        return found

    def _named(self, audience: Audience, at: Instant) -> set[str]:
        """Return the organisations that an audience names (for CLEAR and GREEN: the partnership as it was)."""
        if audience.tlp in (Tlp.CLEAR, Tlp.GREEN):
            return {one.id for one in self._members.organisations() if not at or one.created <= at}
        found: set[str] = set()
        for party in audience.parties:
            kind, _, identifier = party.partition(":")
            if kind == "group":
                group_id, _, generation = identifier.rpartition(".")
                try:
                    belongs = self._circles.group(group_id).members
                except NotFound:
                    continue
                found |= {self._org_of(held) for held, since in belongs if since <= int(generation)}
            else:
                found.add(self._org_of(party))
        return found - {""}

    def _org_of(self, party: str) -> str:
        kind, _, identifier = party.partition(":")
        if kind == "org":
            return identifier
        someone = self._members.person_known(identifier)
        return someone.org if someone is not None else ""

    # -- telling -----------------------------------------------------------------------------------------------------

    def tell(self) -> int:
        """Tell those who exported what was recalled since, once each, by mail; return how many organisations."""
        head = self._position()
        with self._vault.read() as connection:
            until = store.told_until(connection)
        if until is None:
            with self._vault.write() as connection:
                store.told_all(connection, head, self._clock.now())
            return 0
        recalls = self._intake.recalls_after(until)
        count = 0
        for recall, contribution in recalls:
            for organisation in self.to_be_told(contribution, recall):
                with self._vault.write() as connection:
                    news = store.add_told(connection, recall, organisation, self._clock.now())
                count += news
                self._mail_to(organisation, contribution, recall)
            with self._vault.write() as connection:
                store.told_all(connection, recall, self._clock.now())
        return count

    def _mail_to(self, organisation: str, contribution: str, recall: int) -> None:
        """Write to the people of an organisation; of what is AMBER or stricter, only that something waits."""
        entry = next(iter(self._record.read_many([recall])), None)
        if entry is None:
            return
        open_enough = self._record.audience(entry.audience).tlp in (Tlp.CLEAR, Tlp.GREEN)
        subject = "Withdrawn: something that your organisation exported"
        what = f"Contribution {contribution}" if open_enough else "Something"
        text = (
            f"{what} was withdrawn by its originator. Your organisation took a copy by API, stream or file, and the "
            "hub cannot call that back.\n\nPlease delete it, and tell those to whom you passed it on. Sign in to the "
            "hub to see what you may still see.\n"
        )
        for someone in self._members.people_of(organisation)[:MAX_MAILED]:
            if not someone.suspended and someone.email:
                self._mail.send(someone.email, subject, text, about="recall", once=f"recall:{recall}:{someone.id}")

    def round(self) -> None:
        """Write what was noted and tell who is to be told: what a thread does each second."""
        self.flush()
        self.tell()

    # -- consent -----------------------------------------------------------------------------------------------------

    def ask(self, viewer: Viewer, contribution: str, product: str, tlp: Tlp, reason: str) -> str:
        """Ask the originator whether a contribution may go into a wider product; of one's own, consent at once.

        Anyone who reads it may ask, with a reason. Returns the request's id.
        """
        if viewer.org is None or not viewer.may("contribute"):
            raise NotAllowed("your role does not permit to ask for consent")
        entry, audience = self._entry_seen(viewer, contribution)
        product, reason = " ".join(product.split())[:200], reason.strip()[:1000]
        if not product:
            raise BadInput("name the product", hint="For example: weekly advisory 2026-47.", place="product")
        readers = Audience(tlp, frozenset(), Uses.NONE) if tlp in (Tlp.CLEAR, Tlp.GREEN) else None
        if readers is None or (within(readers, audience) and readers.tlp is audience.tlp):
            raise BadInput("a wider product is for the partnership or for everyone", hint="Choose green or clear, and "
                           "wider than it is shared now.", place="tlp")  # fmt: skip
        identifier = new_id(self._randomness)
        if viewer.org == entry.org:
            said = Consented(contribution, entry.org, "", product, tlp, True, reason, entry.audience)
            self._write_entry(viewer, CONSENT, identifier, said, {entry.org})
        else:
            if not reason:
                raise BadInput("say why", hint="The originator reads it and decides.", place="reason")
            asked = Asked(contribution, entry.org, product, tlp, reason, entry.audience)
            self._write_entry(viewer, ASKED, identifier, asked, {entry.org, viewer.org})
        return identifier

    def let_publish(self, viewer: Viewer, contribution: str, proxy: str, tlp: Tlp, groups: Sequence[str], reason: str
                    ) -> str:
        """Consent to a publication by another organisation on one's own's behalf; of another's, ask for it.

        ``tlp``: the widest marking that it may have, ``groups`` where to it may go (AMBER). Returns the request's id.
        """
        if viewer.org is None or viewer.person is None or not viewer.may("contribute"):
            raise NotAllowed("a person of your organisation does that", hint="Sign in as someone who may contribute.")
        entry, _ = self._entry_seen(viewer, contribution)
        own = viewer.org == entry.org
        wanted = audience_for(tlp, own_org=viewer.org, groups=groups)
        if tlp is Tlp.RED or (groups and tlp not in (Tlp.AMBER, Tlp.AMBER_STRICT)):
            raise BadInput("groups are named with amber or amber+strict, and no publication is red", place="tlp",
                           hint="Choose clear, green, or amber with groups.")  # fmt: skip
        if own and not may_post(viewer, wanted):
            raise NotAllowed("your organisation is not in one of these groups", hint="Name groups that it is in.")
        if own and (proxy == viewer.org or self._members.organisation(proxy).suspended):
            raise BadInput("name another organisation", hint="The one that is to publish it for you.", place="proxy")
        if not own and not reason.strip():
            raise BadInput("say why", hint="The originator reads it and decides.", place="reason")
        identifier, named = new_id(self._randomness), tuple(dict.fromkeys(groups))
        if own:
            said = Consented(contribution, entry.org, proxy, PUBLICATION, tlp, True, reason.strip()[:1000],
                             entry.audience, True, named)
            self._write_entry(viewer, CONSENT, identifier, said, {entry.org, proxy})
        else:
            asked = Asked(contribution, entry.org, PUBLICATION, tlp, reason.strip()[:1000], entry.audience, True, named)
            self._write_entry(viewer, ASKED, identifier, asked, {entry.org, viewer.org})
        return identifier

    def answer(self, viewer: Viewer, identifier: str, *, granted: bool, reason: str) -> None:
        """Grant or decline, with a reason; only a named person of the originator's organisation can. It may be changed.

        Raises NotFound for what the viewer may not see, NotAllowed for all but the originator.
        """
        asked = self.consent(viewer, identifier)
        if viewer.org != asked.originator or not viewer.may("recall") or viewer.person is None:
            raise NotAllowed("only a person of the originator's organisation can answer",
                             hint="Sign in as a person who may recall there.")  # fmt: skip
        if asked.lapsed:
            raise Conflict("the contribution was withdrawn", hint="There is nothing left to consent to.")
        if not reason.strip():
            raise BadInput("say why", hint="The asker reads it.", place="reason")
        with self._projections.read() as connection:
            audience = store.audience_of(connection, identifier)
        said = Consented(asked.contribution, asked.originator, asked.asker, asked.product, asked.tlp, granted,
                         reason.strip()[:1000], audience, asked.proxy, asked.groups)
        self._write_entry(viewer, CONSENT, identifier, said, {asked.originator, asked.asker} - {""})

    def consents(self, viewer: Viewer, contribution: str = "") -> list[Consent]:
        """Return the requests and consents that the viewer may read, the newest first."""
        with self._projections.read() as connection:
            return store.consents(connection, self._record.visible_to(viewer), MAX_CONSENTS, contribution)

    def consent(self, viewer: Viewer, identifier: str) -> Consent:
        """Return one. NotFound where the viewer may not see it."""
        with self._projections.read() as connection:
            found = store.consents(connection, self._record.visible_to(viewer), 1, identifier=identifier)
        if not found:
            raise NotFound("no such request", hint="List those that concern you at /consents.")
        return found[0]

    def _entry_seen(self, viewer: Viewer, contribution: str) -> tuple[Entry, Audience]:
        items = self._intake.entries_of(self._record.visible_to(viewer), contribution)
        if not items:
            raise NotFound("no such contribution", hint="It may have been withdrawn, or was never shared with you.")
        if is_pseudonym(items[0].org) or not items[0].org:
            raise BadInput("its originator is not known, and cannot be asked", hint="Answer in its conversation.")
        return items[0], self._record.audience(items[0].audience)

    def _write_entry(self, viewer: Viewer, kind: str, subject: str, said: Asked | Consented, orgs: set[str]) -> None:
        readers = Audience(Tlp.AMBER_STRICT, frozenset(org(one) for one in orgs), Uses.NONE)
        payload = Payload(viewer.person or "", subject, 0, "", msgspec.json.encode(said))
        draft = Draft(kind, self._record.intern_audience(readers), payload)
        self._record.append(viewer.org or "", [draft], new_id(self._randomness))


def open_requests(found: Iterable[Consent], viewer: Viewer) -> int:
    """Count the requests that wait for an answer by the viewer's organisation."""
    return sum(one.answer is Answer.ASKED and one.originator == viewer.org and not one.lapsed for one in found)
