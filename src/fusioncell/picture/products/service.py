"""Use cases of products: draft, review, publish, read, follow what is withdrawn, hear what readers say.

1. Drafts and reviews are entries that the own organisation reads. Who wrote in a draft cannot review it.
2. A version is published only as it was approved, and only where each of its sources may be cited to its readers at
   that moment (``cite``); the consents by which it may stand in the version itself, for all its readers.
3. References are resolved anew for each reader: what one may not see has no effect on what one gets.
4. Where a source of a version is recalled, a new version takes its place in which those references read as withdrawn,
   and nothing else is changed: pages, search, streams and TAXII get it like any version.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

import msgspec

from fusioncell.fusion.service import Fusion
from fusioncell.intake import (
    HIDDEN,
    WITHDRAWN,
    Cited,
    ProductBody,
    Reference,
    observables_named,
    put_in,
    references_in,
    said_in,
)
from fusioncell.intake.model import Item
from fusioncell.intake.service import Intake
from fusioncell.kernel.clock import Clock
from fusioncell.kernel.entry import Draft, Entry, Payload
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound, NotSignedIn, TooLarge
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import Audience, Tlp, Uses, Viewer, audience_for, may_post, org, strictest
from fusioncell.kernel.observable import Observable
from fusioncell.kernel.ports import Database
from fusioncell.picture.products import store
from fusioncell.picture.products.affected import check_lines
from fusioncell.picture.products.cite import consent_to, covers
from fusioncell.picture.products.compare import Line, difference
from fusioncell.picture.products.model import (
    DRAFT,
    FEEDBACK,
    MAX_PAGE,
    MAX_REFERENCES,
    MAX_SAID,
    MAX_TEXT,
    MAX_TITLE,
    PERMISSION,
    PRODUCT,
    STEP,
    Consents,
    Drafted,
    Feedback,
    Form,
    Heard,
    Lacking,
    NoConsent,
    Product,
    Published,
    Resolved,
    Said,
    State,
    Step,
    Written,
)
from fusioncell.picture.service import Picture
from fusioncell.record import Seal
from fusioncell.record.service import Record

END = 1 << 62
MAX_DRAFTS = 200
MAX_VERSIONS = 500
MAX_FEEDBACK = 500
MAX_MENTIONS = 50
"""Mentions of one value that are looked at for whether it may be named."""
AT_ONCE = 20
"""Versions that are looked at in one round after a recall."""
SOURCE_GONE = "A cited source was withdrawn by its originator"
_GONE = "It may have been withdrawn, or was never shared with you."
_encode = msgspec.json.encode
_written = msgspec.json.Decoder(Written).decode
_step = msgspec.json.Decoder(Step).decode
_feedback = msgspec.json.Decoder(Feedback).decode
_body = msgspec.json.Decoder(ProductBody).decode


class Products:
    """The front door of products."""

    def __init__(self, *, record: Record, projections: Database, intake: Intake, picture: Picture, fusion: Fusion,
                 consents: Consents, seal: Seal, clock: Clock, randomness: Randomness) -> None:
        self._record, self._projections, self._intake = record, projections, intake
        self._picture, self._fusion, self._consents, self._seal = picture, fusion, consents, seal
        self._clock, self._randomness = clock, randomness
        self._followed: dict[int, int] = {}

    # -- write -------------------------------------------------------------------------------------------------------

    def save(self, viewer: Viewer, new: Written, product: str = "") -> str:
        """Keep a draft: of a new product, or of the next version of one of the own organisation; return its id."""
        who = _author(viewer)
        check(new)
        self.audience_of(viewer, new)
        if product:
            self._own(who, product)
        identifier = product or new_id(self._randomness)
        payload = Payload(viewer.person or "", identifier, self._clock.now(), "", _encode(new))
        self._append(who, Draft(DRAFT, self._inside(who), payload))
        return identifier

    def audience_of(self, viewer: Viewer, new: Written) -> Audience:
        """Return whom a version would reach. Raises BadInput, NotAllowed for readers that the viewer cannot choose."""
        named = new.groups if new.tlp in (Tlp.AMBER, Tlp.AMBER_STRICT) else ()
        people = new.people if new.tlp is Tlp.RED else ()
        if (new.groups and not named) or (new.people and not people):
            raise BadInput(f"{new.tlp.label} names no such readers", place="tlp",
                           hint="Name groups with amber or amber+strict, and people with red.")  # fmt: skip
        made = audience_for(new.tlp, own_org=viewer.org, groups=named, people=people,
                            uses=Uses.ANALYSIS | Uses.PRODUCTS)  # fmt: skip
        if not may_post(viewer, made):
            raise NotAllowed(f"you may not publish to {new.tlp.label} with these readers", place="tlp",
                             hint="Name groups that your organisation belongs to now.")  # fmt: skip
        return made

    def submit(self, viewer: Viewer, product: str, said: str = "") -> None:
        """Hand a draft to the reviewers. NoConsent where a source may not be cited to its readers."""
        one = self.draft(viewer, product)
        if one.state not in (State.DRAFT, State.RETURNED):
            raise Conflict(f"this draft is {one.state.value} already", hint="Change it, or wait for its review.")
        self.cite(viewer, product, one.written)
        self._tell(viewer, one, State.REVIEW, said)

    def approve(self, viewer: Viewer, product: str, said: str = "") -> None:
        """Approve a draft that waits for review: a second person, who did not write in it."""
        one = self._reviewed(viewer, product)
        if viewer.person is None or viewer.person in one.authors or viewer.org in one.authors:
            raise NotAllowed("who wrote in a draft cannot approve it", hint="Ask another person of your organisation.")
        self.cite(viewer, product, one.written)
        self._tell(viewer, one, State.APPROVED, said)

    def send_back(self, viewer: Viewer, product: str, said: str) -> None:
        """Return a draft to its authors, with what is to change."""
        if not said.strip():
            raise BadInput("say what is to change", hint="The authors read it.", place="said")
        self._tell(viewer, self._reviewed(viewer, product), State.RETURNED, said)

    def drop(self, viewer: Viewer, product: str, said: str = "") -> None:
        """Drop a draft. What was published of the product stands."""
        one = self.draft(viewer, product)
        if one.state in (State.PUBLISHED, State.DROPPED):
            raise Conflict(f"this draft is {one.state.value} already")
        self._tell(viewer, one, State.DROPPED, said)

    def publish(self, viewer: Viewer, product: str) -> Published:
        """Publish a draft as it was approved. NoConsent, Conflict; accepted means kept."""
        who = _author(viewer)
        one = self.draft(viewer, product)
        if one.state is not State.APPROVED:
            raise Conflict("only what a second person has approved is published", hint="Hand it in for review first.")
        audience = self.audience_of(viewer, one.written)
        cited = self.cite(viewer, product, one.written)
        with self._projections.read() as connection:
            before = store.versions(connection, product, self._every(), MAX_VERSIONS)
            number = store.last_number(connection, product, who) + 1
        now, w = self._clock.now(), one.written
        begun = min((row[5] for row in before if row[2] == who), default=now)
        body = ProductBody(w.form.value, w.title, w.text, number, begun, cited, one.approver, w.about, w.sector, w.week,
                           w.affected, w.changed)  # fmt: skip
        step = Step(State.PUBLISHED, one.digest)
        beside = Draft(STEP, self._inside(who), Payload(viewer.person or "", product, now, "", _encode(step)))
        item = Item(PRODUCT, product, now, "product", _encode(body))
        contribution, pending = self._intake.submit_items(
            viewer, [item], audience, title=w.title, format="product", more=(beside,)
        )
        receipt = pending.result()
        return Published(product, who, audience, number, now, w.form, w.title, contribution, 0, receipt.last_seq)

    def withdraw(self, viewer: Viewer, product: str, reason: str = "") -> None:
        """Withdraw a product in all its versions: each reader gets a tombstone."""
        who = _author(viewer)
        self._own(who, product)
        with self._projections.read() as connection:
            rows = store.versions(connection, product, self._every(), MAX_VERSIONS)
        standing = dict.fromkeys(str(row[8]) for row in rows if row[2] == who and not row[9])
        if not standing:
            raise Conflict("nothing of this product stands", hint="It was withdrawn, or not published yet.")
        # The newest first: what stood last must not stand again, should the hub stop between the two.
        for contribution in standing:
            self._intake.recall(viewer, contribution, reason[:500])

    # -- what may be cited -------------------------------------------------------------------------------------------

    def cite(self, viewer: Viewer, product: str, new: Written) -> tuple[Cited, ...]:
        """Return the sources of a draft with the consents that permit them. Raises NoConsent, BadInput, NotFound."""
        found, lacking = self.weigh(viewer, product, new)
        if lacking:
            raise NoConsent(lacking, new.title)
        return found

    def weigh(self, viewer: Viewer, product: str, new: Written) -> tuple[tuple[Cited, ...], tuple[Lacking, ...]]:
        """Return (sources that may be cited, sources that may not), by what the viewer may see. BadInput, NotFound."""
        readers = self.audience_of(viewer, new)
        label = strictest(said_in("text", f"{new.title}\n{new.text}".encode("utf-8", "replace")))
        if label is not None and label.strictness > readers.tlp.strictness:
            raise BadInput(f"the text says {label.label}, but would go out as {readers.tlp.label}", place="tlp",
                           hint=f"Choose {label.label}, or take the label out of the text.")  # fmt: skip
        cited: dict[str, Cited] = {}
        lacking: dict[str, Lacking] = {}
        for ref, items in self._sources(viewer, new):
            if ref in cited or any(key.startswith(f"{ref}|") for key in lacking):
                continue
            one, short = self._source(viewer, product, new.title, readers, ref, items)
            if short is None:
                cited[ref] = one
            else:
                lacking[f"{ref}|{short.contribution}"] = short
        return tuple(cited.values()), tuple(lacking.values())

    def _sources(self, viewer: Viewer, new: Written) -> Iterable[tuple[str, list[Entry]]]:
        """Yield each source as (reference, entries that the viewer sees of it)."""
        for place, one in enumerate(references_in(new.text)):
            if place >= MAX_REFERENCES:
                raise TooLarge(f"a text holds at most {MAX_REFERENCES} references", hint="Split it.", place="text")
            if not one.text:
                raise BadInput(f"[[{one.kind}:{one.value[:80]}]] is no reference", place="text",
                               hint="Write [[observable:VALUE]], [[contribution:ID]] or [[entry:ID]].")  # fmt: skip
            if one.kind in ("contribution", "entry"):
                items = self._items(viewer, one)
                if not items:
                    raise NotFound(f"no such {one.kind}: {one.value}", hint=_GONE, place="text")
                yield one.text, items
        body = ProductBody(new.form.value, new.title, new.text, affected=new.affected)
        for observable in observables_named(body):
            yield f"observable:{observable.type.value}:{observable.value}", self._mentions(
                observable, self._record.visible_to(viewer)
            )

    def _items(self, viewer: Viewer, one: Reference) -> list[Entry]:
        """Return the standing entries that a reference means, of those that the viewer sees."""
        audiences = self._record.visible_to(viewer)
        if one.kind == "contribution":
            return self._intake.entries_of(audiences, one.value)
        return self._entry_at(one.value, audiences)

    def _entry_at(self, token: str, audiences: frozenset[int]) -> list[Entry]:
        seq = self._seal.entry_seq(token)
        return [one.entry for one in self._intake.standing([seq], audiences).values()] if seq else []

    def _mentions(self, observable: Observable, audiences: frozenset[int]) -> list[Entry]:
        """Return entries that name a value, products apart: they say only what others said."""
        rows = self._fusion.mentions(observable, audiences, MAX_MENTIONS)
        found = self._record.read_many(sorted({int(row[0]) for row in rows}))
        return [entry for entry in found if entry.kind != PRODUCT and entry.payload is not None]

    def _source(self, viewer: Viewer, product: str, title: str, readers: Audience, ref: str, items: list[Entry]
                ) -> tuple[Cited, Lacking | None]:
        """Decide on one source. Of a value that several name, one that may be cited is enough."""
        own, any_of = viewer.org or "", ref.startswith("observable:")
        narrow = [one for one in items if not covers(self._record.audience(one.audience), readers, own)]
        wide = {one.contribution: None for one in items if one not in narrow}
        if not narrow or (any_of and wide):
            return Cited(ref, tuple(wide)[:MAX_MENTIONS]), None
        for one in narrow:
            found = self._consents(viewer, one.contribution)
            given = consent_to(found, product=product, title=title, asker=own, originator=one.org, readers=readers)
            if given is not None:
                return Cited(ref, (one.contribution,), given.id, one.org, given.tlp.value, given.answered), None
        strict = max(narrow, key=lambda one: (self._record.audience(one.audience).tlp.strictness, one.seq))
        return Cited(ref), self._lacking(viewer, ref, strict)

    def _lacking(self, viewer: Viewer, ref: str, one: Entry) -> Lacking:
        audience, title = self._record.audience(one.audience), self._title(viewer, one.contribution)
        name = f"“{title}”" if title else "a contribution"
        what = f"{name} ({one.contribution}), which is {audience.tlp.label}"
        if ref.startswith("observable:"):
            what = f"{ref.partition(':')[2]}, known only from {what}"
        elif ref.startswith("entry:"):
            what = f"an entry of {what}"
        return Lacking(ref, one.contribution, title, one.org, audience, what)

    def _title(self, viewer: Viewer, contribution: str) -> str:
        try:
            return self._picture.contribution(viewer, contribution).title
        except NotFound:
            return ""

    # -- read --------------------------------------------------------------------------------------------------------

    def listed(self, viewer: Viewer, *, form: str = "", before: str = "", limit: int = 50
               ) -> tuple[list[Published], str]:
        """Return the newest version of each product that the viewer sees, the newest first; the token to go on with."""
        limit, start = max(1, min(limit, MAX_PAGE)), END
        if before:
            opened = self._seal.open_cursor(before)
            if opened is None:
                raise BadInput("that is no page token of this hub", hint="Take it from the page before.")
            start = opened[0]
        with self._projections.read() as connection:
            rows = store.newest(connection, self._record.visible_to(viewer), form, start, limit + 1)
        following = self._seal.cursor(rows[limit - 1][0], 0, 0) if len(rows) > limit else ""
        return [self._version(row) for row in rows[:limit]], following

    def product(self, viewer: Viewer, product: str, number: int = 0) -> Product:
        """Return a version (0: the newest that stands) with its text. NotFound where the viewer sees none.

        Of a product that was withdrawn as a whole its newest version is returned, with no title and no text.
        """
        rows = self._versions(viewer, product)
        stands = [one for one in rows if not one.withdrawn] or rows[:1]
        chosen = next((one for one in rows if one.number == number), None) if number else stands[0]
        if chosen is None:
            raise NotFound("no such version", hint="Look at the list of versions.")
        entry = next(iter(self._record.read_many([chosen.seq])), None)
        body = ProductBody(chosen.form.value, "", "", chosen.number)
        author = ""
        if entry is not None and entry.payload is not None and not chosen.withdrawn:
            body, author = _body(entry.payload.body), entry.payload.author
            if viewer.org != chosen.org:
                body = self._as_seen(viewer, body)
        return Product(chosen, body, author, stands[0].number, viewer.org == chosen.org)

    def _as_seen(self, viewer: Viewer, body: ProductBody) -> ProductBody:
        """Return a version as somebody gets it: of a source that they may not see, not even its id is told."""
        seen = {key for key, one in self.resolve(viewer, body.text).items() if one.state == "seen"}
        cited = tuple(
            one if one.ref in seen else msgspec.structs.replace(one, ref="", sources=()) for one in body.cited
        )
        text = put_in(body.text, lambda one: body.text[one.start : one.end]
                      if one.kind == "withdrawn" or key_of(one) in seen else HIDDEN)  # fmt: skip
        return msgspec.structs.replace(body, text=text, cited=cited)

    def versions(self, viewer: Viewer, product: str) -> list[Published]:
        """Return the versions that the viewer sees, withdrawn ones too, the newest first."""
        return self._versions(viewer, product)

    def compare(self, viewer: Viewer, product: str, before: int, after: int) -> list[Line]:
        """Return what changed from one version to another, both seen by the viewer. References stand as written."""
        pair = [self.product(viewer, product, number) for number in (before, after)]
        if any(one.head.withdrawn for one in pair):
            raise Conflict("one of these versions was withdrawn", hint="Compare two that stand.")
        left, right = (f"{one.body.title}\n\n{one.body.text}" for one in pair)
        return difference(left, right)

    def resolve(self, viewer: Viewer, text: str) -> dict[str, Resolved]:
        """Return what each reference of a text is for a viewer, by its canonical form (or as it was written)."""
        found: dict[str, Resolved] = {}
        for place, one in enumerate(references_in(text)):
            key = key_of(one)
            if key not in found and place < MAX_REFERENCES:
                found[key] = self._resolved(viewer, one)
        return found

    def _resolved(self, viewer: Viewer, one: Reference) -> Resolved:
        key = key_of(one)
        if one.kind in ("withdrawn", "hidden"):
            return Resolved(key, one.kind)
        if not one.text:
            return Resolved(key, "malformed")
        if one.observable is not None:
            return Resolved(key, "seen", one.observable)
        items = self._items(viewer, one)
        if not items:
            return Resolved(key, "hidden")
        first = items[0]
        title, tlp = self._title(viewer, first.contribution), self._record.audience(first.audience).tlp
        return Resolved(key, "seen", None, first.contribution, title, first.org, tlp)

    def drafts(self, viewer: Viewer, states: Iterable[State] = ()) -> list[Drafted]:
        """Return the drafts of the viewer's organisation in these states (none named: all under way)."""
        if not (viewer.org and viewer.may(PERMISSION)):
            return []
        wanted = list(states) or [State.DRAFT, State.REVIEW, State.RETURNED, State.APPROVED]
        with self._projections.read() as connection:
            rows = store.drafts(connection, viewer.org, [state.value for state in wanted], MAX_DRAFTS)
        return [one for row in rows if (one := self._drafted(row)) is not None]

    def draft(self, viewer: Viewer, product: str) -> Drafted:
        """Return the draft of a product of the viewer's organisation. NotFound where there is none."""
        who = _author(viewer)
        with self._projections.read() as connection:
            row = store.draft(connection, product, who)
        found = self._drafted(row) if row is not None else None
        if found is None:
            raise NotFound("no such draft of your organisation", hint="Look at the list of drafts.")
        return found

    def written(self, person: str, organisation: str) -> list[dict[str, str]]:
        """Return the drafts of an organisation that a person wrote in: what is held on them, for an answer to them."""
        with self._projections.read() as connection:
            rows = store.drafts(connection, organisation, [state.value for state in State], MAX_DRAFTS)
        mine = [one for row in rows if (one := self._drafted(row)) is not None and person in one.authors]
        return [{"id": one.id, "title": one.written.title} for one in mine]

    # -- feedback ----------------------------------------------------------------------------------------------------

    def hear(self, viewer: Viewer, product: str, heard: Heard, said: str = "") -> None:
        """Say what a product was worth: it goes to its organisation. Said again, it takes the place of before."""
        if viewer.org is None or not viewer.member:
            raise NotSignedIn("feedback is by members", hint="Sign in first.")
        one = self.product(viewer, product).head
        if one.withdrawn:
            raise Conflict("this product was withdrawn", hint="There is nothing to say of it any more.")
        if viewer.org == one.org:
            raise Conflict("your own organisation wrote it", hint="Begin a new version instead.")
        if len(said) > MAX_SAID:
            raise TooLarge(f"that is longer than {MAX_SAID:,} characters", hint="Write a post instead.", place="said")
        both = Audience(Tlp.AMBER_STRICT, frozenset({org(viewer.org), org(one.org)}), Uses.NONE)
        body = _encode(Feedback(heard, one.number, said.strip()))
        payload = Payload(viewer.person or "", product, self._clock.now(), "", body)
        self._append(viewer.org, Draft(FEEDBACK, self._record.intern_audience(both), payload))

    def feedback(self, viewer: Viewer, product: str) -> list[Said]:
        """Return what was said of a product, as far as the viewer may read it: all of it to its organisation."""
        self._versions(viewer, product)
        with self._projections.read() as connection:
            rows = store.feedback(connection, product, self._record.visible_to(viewer), MAX_FEEDBACK)
        made = []
        for entry in reversed(self._record.read_many(sorted(int(row[2]) for row in rows))):
            if entry.payload is not None:
                heard = _feedback(entry.payload.body)
                made.append(Said(entry.org, entry.payload.author, entry.at, heard.number, heard.heard, heard.said))
        return made

    # -- follow ------------------------------------------------------------------------------------------------------

    def follow(self) -> int:
        """Put an amended version in the place of each whose sources were recalled since; return how many were made.

        Called after each batch. It looks at what is projected, so a hub that was killed in between does it at its next
        start; what was looked at once is not looked at again before the next recall.
        """
        with self._projections.read() as connection:
            due = store.touched(connection, MAX_VERSIONS)
        waiting = [(seq, recall) for seq, recall in due if self._followed.get(seq) != recall][:AT_ONCE]
        made = 0
        for seq, recall in waiting:
            made += self._amend(seq)
            self._followed[seq] = recall
        return made

    def _amend(self, seq: int) -> int:
        """Withdraw the version at a position if a source of it does not stand any more; tell whether it was.

        The newest version for its readers goes on as one without those references; it comes first, so that a hub that
        stops between the two leaves no gap.
        """
        entry = next(iter(self._record.read_many([seq])), None)
        if entry is None or entry.payload is None:
            return 0
        body, readers = _body(entry.payload.body), self._record.audience(entry.audience)
        gone = {one.ref for one in body.cited if not self._stands(one, readers, entry.org)}
        if not gone:
            return 0
        acting = Viewer(None, entry.org, True, readers.parties | {org(entry.org)}, frozenset(),
                        frozenset({"contribute", "recall"}))  # fmt: skip
        with self._projections.read() as connection:
            rows = store.versions(connection, entry.payload.subject, (entry.audience,), MAX_VERSIONS)
            number = store.last_number(connection, entry.payload.subject, entry.org) + 1
        if not any(row[0] > seq and row[2] == entry.org and not row[9] for row in rows):
            amended = without(body, gone, number)
            version = max(self._clock.now(), entry.payload.version + 1)
            item = Item(PRODUCT, entry.payload.subject, version, "product", _encode(amended))
            _, pending = self._intake.submit_items(acting, [item], readers, title=body.title, format="product")
            pending.result()
        self._intake.recall(acting, entry.contribution, SOURCE_GONE)
        return 1

    def _stands(self, one: Cited, readers: Audience, own: str) -> bool:
        """Tell whether something that a source rested on stands still, or its value may be named for another reason."""
        if not one.sources:
            return True
        audiences = self._every()
        if one.ref.startswith("entry:"):
            return bool(self._entry_at(one.ref.partition(":")[2], audiences))
        if any(self._intake.entries_of(audiences, source) for source in one.sources):
            return True
        found = next(references_in(f"[[{one.ref}]]"), None)
        if found is None or found.observable is None:
            return False
        wide = self._record.audiences_where(lambda audience: covers(audience, readers, own))
        return bool(self._mentions(found.observable, wide))

    # -- within ------------------------------------------------------------------------------------------------------

    def _append(self, who: str, draft: Draft) -> None:
        self._record.append(who, [draft], new_id(self._randomness))

    def _inside(self, who: str) -> int:
        return self._record.intern_audience(Audience(Tlp.AMBER_STRICT, frozenset({org(who)}), Uses.NONE))

    def _every(self) -> frozenset[int]:
        """Return every audience: an organisation knows all that it published itself."""
        return self._record.audiences_where(lambda _: True)

    def _own(self, who: str, product: str) -> None:
        with self._projections.read() as connection:
            owner = store.owner(connection, product)
        if owner != who:
            raise NotFound("no such product of your organisation", hint="Only who wrote it changes it.")

    def _tell(self, viewer: Viewer, one: Drafted, state: State, said: str) -> None:
        if len(said) > MAX_SAID:
            raise TooLarge(f"that is longer than {MAX_SAID:,} characters", hint="Make it shorter.", place="said")
        body = _encode(Step(state, one.digest, said.strip()))
        payload = Payload(viewer.person or "", one.id, self._clock.now(), "", body)
        self._append(one.org, Draft(STEP, self._inside(one.org), payload))

    def _reviewed(self, viewer: Viewer, product: str) -> Drafted:
        one = self.draft(viewer, product)
        if one.state is not State.REVIEW:
            raise Conflict(f"this draft does not wait for review: it is {one.state.value}")
        return one

    def _drafted(self, row: store.Row) -> Drafted | None:
        product, who, _, seq, at, state, step, digest, authors = row
        entries = {entry.seq: entry for entry in self._record.read_many(sorted({seq, step} - {0}))}
        payload = entries[seq].payload if seq in entries else None
        if payload is None:
            return None
        taken = entries[step].payload if step in entries else None
        by, said = (taken.author, _step(taken.body).said) if taken is not None else ("", "")
        approver = by if state == State.APPROVED else ""
        return Drafted(product, who, at, State(state), tuple(str(authors).split()), by, said, digest,
                       _written(payload.body), approver)  # fmt: skip

    def _versions(self, viewer: Viewer, product: str) -> list[Published]:
        with self._projections.read() as connection:
            rows = store.versions(connection, product, self._record.visible_to(viewer), MAX_VERSIONS)
        if not rows:
            raise NotFound("no such product", hint=_GONE)
        # The id is drawn at random by who published it first: what another organisation sends under it is not it.
        first = rows[-1][2]
        return [self._version(row) for row in rows if row[2] == first]

    def _version(self, row: store.Row) -> Published:
        seq, product, who, audience, number, at, form, title, contribution, withdrawn, amended = row
        return Published(product, who, self._record.audience(audience), number, at, Form(form), title, contribution,
                         withdrawn, seq, bool(amended))  # fmt: skip


def without(body: ProductBody, gone: set[str], number: int) -> ProductBody:
    """Return a version in which the references to these sources read as withdrawn, and what else is the same."""
    return msgspec.structs.replace(
        body,
        text=put_in(body.text, lambda one: WITHDRAWN if one.text in gone else body.text[one.start : one.end]),
        affected=tuple(one for one in body.affected if f"observable:vulnerability:{one.cve}" not in gone),
        cited=tuple(one for one in body.cited if one.ref not in gone),
        number=number, amended=True, changed=f"{SOURCE_GONE}: references to it were taken out.",
    )  # fmt: skip


def key_of(one: Reference) -> str:
    """Return the key under which a reference is resolved."""
    return one.text or f"{one.kind}|{one.value}"


def check(new: Written) -> None:
    """Refuse what is empty and what is over a bound. Raises BadInput, TooLarge."""
    if not new.title.strip():
        raise BadInput("the product has no title", hint="Name it in a few words.", place="title")
    if not new.text.strip():
        raise BadInput("the product has no text", hint="Write something.", place="text")
    for place, length, most in (("title", len(new.title), MAX_TITLE), ("text", len(new.text), MAX_TEXT),
                                ("changed", len(new.changed), MAX_SAID),
                                ("sector", len(new.sector), MAX_TITLE), ("about", len(new.about), 64)):  # fmt: skip
        if length > most:
            raise TooLarge(f"the {place} has {length:,}; {most:,} are taken", hint="Make it shorter.", place=place)
    check_lines(new.affected)
    try:
        _encode(new).decode()
    except (UnicodeEncodeError, ValueError):
        raise BadInput("the text holds half a character", hint="Send UTF-8.", place="text") from None


def digest_of(new: Written) -> str:
    """Return the digest by which a draft is reviewed."""
    return sha256(_encode(new)).hexdigest()


def _author(viewer: Viewer) -> str:
    """Return the organisation for which the viewer writes. Raises NotSignedIn, NotAllowed."""
    if viewer.org is None:
        raise NotSignedIn("a product needs an organisation", hint="Sign in first.")
    if not viewer.may(PERMISSION):
        raise NotAllowed("your role does not permit to write products", hint="Ask an analyst of the Fusion Cell.")
    return viewer.org
