"""Use cases of talk: post, answer, edit, withdraw, react, read threads, and what a person keeps beside them.

1. What is written becomes an entry by intake, durably, before the answer; what a thread looks like follows by cursor.
2. Everything is read with the audiences that the viewer belongs to: a post that is hidden has no effect on counts,
   order, parents or "last activity".
3. Only the originator's organisation edits and withdraws. The author does, or a colleague whose role may ``edit``.
4. Drafts, bookmarks, watched threads and reading marks are a person's own; keys without a person have none.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence

import msgspec

from fusioncell.exchange.desk import Desk
from fusioncell.exchange.talk import store
from fusioncell.exchange.talk.accept import Target, check, check_label, named_of
from fusioncell.exchange.talk.address import answering, chosen, current, is_within, labels_in, strictness_of
from fusioncell.exchange.talk.anchor import Anchor, anchor_of, grounds_of
from fusioncell.exchange.talk.arrange import in_tree
from fusioncell.exchange.talk.model import (
    MAX_PAGE,
    MAX_TEXT,
    Bookmark,
    Closing,
    Draft,
    Filters,
    NewPost,
    Post,
    Posted,
    Reaction,
    Suggestion,
    Thread,
    Threads,
    ThreadSummary,
    Version,
)
from fusioncell.exchange.talk.project import CLOSED, Closed
from fusioncell.exchange.talk.rows import PostRow
from fusioncell.fusion.model import Assessment
from fusioncell.fusion.service import Fusion
from fusioncell.intake import (
    ITEM_KINDS,
    REACTIONS,
    PostBody,
    ReactionBody,
    excerpt,
    extract_entry,
    named_in,
    signed64,
)
from fusioncell.intake.model import Item
from fusioncell.intake.service import Intake
from fusioncell.kernel import entry as record_entry
from fusioncell.kernel.claim import Role, Stance
from fusioncell.kernel.clock import Clock
from fusioncell.kernel.entry import Entry, Payload
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound, NotSignedIn
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import Audience, Tlp, Viewer, default_uses, may_see, person, strictest
from fusioncell.kernel.observable import Observable, ObservableType
from fusioncell.kernel.ports import Connection, Database
from fusioncell.record import Seal
from fusioncell.record.service import Record

END = 1 << 62
_MOST_ENTRIES = 1000
_MOST_THREADS = 2000
"""Threads that a filter leaves at most, the newest first."""
_MOST_UNREAD = 1000
_NAMES = uuid.UUID("6d0c3f5e-6a39-4d8a-9a1a-0f5a0f2f9b11")
"""Space of the ids of reactions: one for each organisation, target and kind."""
_encode = msgspec.json.encode
_named = msgspec.json.Decoder(list[tuple[ObservableType, str]]).decode
ALL = Filters()
_GONE = "It may have been withdrawn, or was never shared with you."


class Talk:
    """The front door of talk."""

    def __init__(
        self, record: Record, projections: Database, desk: Desk, intake: Intake, fusion: Fusion, clock: Clock,
        randomness: Randomness, seal: Seal,
    ) -> None:  # fmt: skip
        self._record, self._projections, self._desk = record, projections, desk
        self._intake, self._fusion, self._clock = intake, fusion, clock
        self._randomness, self._seal = randomness, seal

    # -- write -------------------------------------------------------------------------------------------------------

    def audience_of(self, viewer: Viewer, new: NewPost) -> Audience:
        """Return whom a post would reach: for the preview before sending, and for the sending itself.

        Raises NotFound for a parent that the viewer does not see, BadInput for readers beyond the parent's.
        """
        parent = self._row(viewer, new.parent) if new.parent else None
        return self._audience(viewer, new, parent)

    def post(self, viewer: Viewer, new: NewPost) -> Posted:
        """Begin a thread, or answer in one. Raises BadInput, TooLarge, NotFound, NotAllowed, Conflict (closed)."""
        if viewer.org is None:
            raise NotSignedIn("a post needs an organisation", hint="Sign in first.")
        check(new)
        parent = self._row(viewer, new.parent) if new.parent else None
        audience = self._audience(viewer, new, parent)
        check_label(labels_in(new.title, new.text), audience)
        about = tuple(dict.fromkeys(self._anchored(viewer, text) for text in new.about))
        if parent is not None:
            if about:
                raise BadInput("an answer is about what its thread is about", hint="Begin a new thread.")
            if self._closing(viewer, parent.thread):
                raise Conflict("this thread is closed", hint="Begin a new thread, or ask a moderator to open it.")
        identifier, now = new_id(self._randomness), self._clock.now()
        body = PostBody(
            new.text, new.title, parent.thread if parent else identifier, parent.id if parent else "", now, about,
            new.mentions, new.files, new.question, new.answer,
        )  # fmt: skip
        contribution, pending = self._intake.submit_items(
            viewer, [Item("post", identifier, now, "post", _encode(body))], audience,
            title=new.title or excerpt(new.text),
        )  # fmt: skip
        receipt = pending.result()
        if viewer.person:
            self._desk.begin_watch(viewer.person, body.thread)
        return Posted(identifier, body.thread, contribution, receipt)

    def edit(
        self, viewer: Viewer, post: str, text: str, title: str | None = None, mentions: tuple[str, ...] | None = None
    ) -> Posted:
        """Put a newer version in the place of a post, for the same readers; the older ones stay readable to them.

        ``title``, ``mentions`` None: as they were.
        """
        row = self._own(viewer, post)
        if not (viewer.person == row.author or not row.author or viewer.may("edit")):
            raise NotAllowed("only its author may edit this post", hint="Answer it, or ask an editor among you.")
        title = row.body.title if title is None else title
        changed = msgspec.structs.replace(
            row.body, text=text, title=title, mentions=row.body.mentions if mentions is None else mentions,
            begun=row.body.begun or row.version,
        )  # fmt: skip
        check(NewPost(text=text, title=title, mentions=changed.mentions))
        audience = self._record.audience(row.audience)
        check_label(labels_in(title, text), audience)
        version = max(self._clock.now(), row.version + 1)
        contribution, pending = self._intake.submit_items(
            viewer, [Item("post", row.id, version, "post", _encode(changed))], audience, title=title or excerpt(text)
        )
        return Posted(row.id, row.thread, contribution, pending.result())

    def withdraw(self, viewer: Viewer, post: str, reason: str = "") -> None:
        """Withdraw a post in all its versions: readers get a tombstone, its claims count no more."""
        row = self._own(viewer, post)
        with self._projections.read() as connection:
            rows = store.versions(connection, row.id, self._record.visible_to(viewer))
        # The newest first: what stood last must not stand again, should the hub stop between the two.
        for one in dict.fromkeys(str(each[10]) for each in reversed(rows) if each[4] == viewer.org):
            self._intake.recall(viewer, one, reason)

    def close_thread(self, viewer: Viewer, thread: str, *, closed: bool = True, reason: str = "") -> None:
        """Close a thread, or open it again: its author or a moderator, by an entry that its readers see."""
        first = self._first(viewer, thread)
        author = first.id == thread and first.org == viewer.org and first.author == (viewer.person or "")
        if viewer.org is None or not (author or viewer.may("moderate")):
            raise NotAllowed("only its author or a moderator may close a thread", hint="Mute it, if it is not for you.")
        if bool(self._closing(viewer, thread)) == closed:
            raise Conflict(f"this thread is {'closed' if closed else 'open'} already")
        audience = answering(self._record.audience(first.audience), viewer)
        if not may_see(viewer, audience):
            raise NotAllowed("you may not write to the readers of this thread")
        body = _encode(Closed(closed, reason[:500]))
        payload = Payload(viewer.person or "", thread, self._clock.now(), "", body)
        draft = record_entry.Draft(CLOSED, self._record.intern_audience(audience), payload)
        self._record.append(viewer.org, [draft], new_id(self._randomness))

    # -- react -------------------------------------------------------------------------------------------------------

    def react(self, viewer: Viewer, target: str, kind: str, observables: Sequence[str] = ()) -> Posted:
        """React to ``post:ID``, ``contribution:ID`` or ``observable:TYPE:VALUE``; a reaction that stands is returned.

        ``seen``: a sighting of the attacker's values in it; ``false-positive``: a claim against them; ``useful``: none.
        ``observables``: anchors of those that it speaks of, by default the attacker's values of the target.
        """
        if viewer.org is None:
            raise NotSignedIn("a reaction needs an organisation", hint="Sign in first.")
        if kind not in REACTIONS:
            raise BadInput(f"{kind[:40]!r} is no reaction", hint=f"Use one of: {', '.join(REACTIONS)}.")
        anchor = anchor_of(target)
        on = self._reacted_on(viewer, anchor)
        for reaction, contribution in self._standing(viewer, anchor.text):
            if reaction.org == viewer.org and reaction.kind == kind:
                return Posted(self._reaction_id(viewer.org, anchor.text, kind), on.thread, contribution, None)
        if on.org == viewer.org:
            raise Conflict("your own organisation wrote it", hint="Edit or withdraw it instead.")
        named = () if kind == "useful" else named_of(on, [anchor_of(each) for each in observables])
        audience = answering(on.audience, viewer, exact=True)
        body = ReactionBody(kind, anchor.text, on.thread, tuple((one.type.value, one.value) for one in named))
        subject = self._reaction_id(viewer.org, anchor.text, kind)
        item = Item("reaction", subject, self._clock.now(), "reaction", _encode(body))
        contribution, pending = self._intake.submit_items(viewer, [item], audience)
        return Posted(subject, on.thread, contribution, pending.result())

    def unreact(self, viewer: Viewer, target: str, kind: str) -> None:
        """Take a reaction of the viewer's organisation back. NotFound where there is none."""
        mine = [contribution for reaction, contribution in self._standing(viewer, anchor_of(target).text)
                if reaction.org == viewer.org and reaction.kind == kind]  # fmt: skip
        if not mine:
            raise NotFound("your organisation has not reacted so")
        for contribution in mine:
            self._intake.recall(viewer, contribution, "taken back")

    def target_of(self, text: str) -> str:
        """Return what a reaction can be on, in its canonical form. Raises BadInput."""
        return anchor_of(text).text

    def reactions(self, viewer: Viewer, targets: Sequence[str]) -> dict[str, tuple[Reaction, ...]]:
        """Return the reactions that the viewer sees on targets (canonical anchors), oldest first."""
        found: dict[str, tuple[Reaction, ...]] = {}
        with self._projections.read() as connection:
            for reaction, _ in self._reactions(connection, targets[:MAX_PAGE], self._record.visible_to(viewer)):
                found[reaction.on] = (*found.get(reaction.on, ()), reaction)
        return found

    # -- read --------------------------------------------------------------------------------------------------------

    def read_one(self, viewer: Viewer, post: str, alike: frozenset[int] | None = None) -> Post:
        """Return one post. ``alike``: of these audiences alone, as all see it. NotFound where the viewer sees none."""
        row = self._row(viewer, post, alike)
        return self._posts(viewer, [row], [(row.id, "", 0)], alike)[0]

    def thread(self, viewer: Viewer, thread: str, *, before: str = "", after: str = "", limit: int = 100) -> Thread:
        """Return a page of a thread in the order of its tree: the newest posts, or those beside a token."""
        audiences = self._record.visible_to(viewer)
        limit = max(1, min(limit, MAX_PAGE))
        upto, since = self._opened(before, END), self._opened(after, 0)
        with self._projections.read() as connection:
            summed = store.sums(connection, [thread], audiences, END, 1)
            if not summed:
                raise NotFound("no such thread", hint=_GONE)
            if after:
                found = store.oldest_posts(connection, thread, audiences, since, limit + 1)
            else:
                found = store.newest_posts(connection, thread, audiences, upto, limit + 1)
            first = store.post_row(connection, thread, audiences) or store.posts_at(
                connection, [summed[0][3]], audiences
            )[0]
        rows = sorted(map(PostRow, found[:limit]), key=_place)
        more, top = len(found) > limit, PostRow(first)
        tree = in_tree((row.id, row.parent, row.place) for row in rows)
        older, newer = (bool(after), more) if after else (more, bool(before))
        mark, state = self._personal(viewer, thread)
        posts = self._posts(viewer, rows, tree)
        return Thread(
            thread, top.body.title if top.id == thread else "", top.body.about, self._closing(viewer, thread),
            int(summed[0][2]), tuple(posts),
            self._sealed(rows[0].place) if rows and older else "",
            self._sealed(rows[-1].place) if rows and newer else "",
            self._assess(audiences, (one for row in rows for one in row.named)), state,
            frozenset(row.id for row in rows if mark is not None and row.place > mark and row.author != viewer.person),
        )  # fmt: skip

    def versions(self, viewer: Viewer, post: str) -> list[Version]:
        """Return all versions of a post that stands, the oldest first."""
        row = self._row(viewer, post)
        with self._projections.read() as connection:
            rows = store.versions(connection, row.id, self._record.visible_to(viewer))
        return [Version(each.at, each.body.title, each.body.text, each.contribution)
                for each in map(PostRow, rows) if (each.org, each.audience) == (row.org, row.audience)]  # fmt: skip

    def threads(self, viewer: Viewer, *, before: str = "", limit: int = 50, filters: Filters = ALL) -> Threads:
        """Return threads of which the viewer sees something, the one with the newest post that is seen first."""
        limit = max(1, min(limit, MAX_PAGE))
        audiences = self._record.visible_to(viewer)
        if filters.group:
            audiences = frozenset(number for number in audiences if self._names(number, filters.group))
        upto = self._opened(before, END)
        only = self._only(viewer, filters, audiences)
        with self._projections.read() as connection:
            if only is not None or filters.unanswered:
                rows = store.sums(connection, only, audiences, upto, limit + 1, unanswered=filters.unanswered)
            else:
                rows = store.newest_threads(connection, audiences, upto, limit + 1)
            page = rows[:limit]
            places = {place for row in page for place in (row[1], row[3])}
            ends = list(map(PostRow, store.posts_at(connection, places, audiences)))
        following = self._sealed(page[-1][1]) if len(rows) > limit else ""
        return Threads(tuple(self._summaries(viewer, page, ends)), following)

    def about(self, viewer: Viewer, anchor: str, limit: int = 20) -> tuple[ThreadSummary, ...]:
        """Return the threads about an observable, contribution, group or campaign, or that name the observable."""
        return self.threads(viewer, limit=limit, filters=Filters(about=anchor)).threads

    def suggestions(self, viewer: Viewer, text: str, group: str = "") -> Suggestion:
        """Propose marking and readers for a text, on the page of a group (its id) or outside; find its observables."""
        label = strictest(labels_in("", text[:MAX_TEXT]))
        party = ""
        if group and not (party := current(viewer, group)):
            raise BadInput("you are in no such group", hint="Choose one of your groups, or none.")
        tlp = label or (Tlp.AMBER if party else Tlp.GREEN)
        reason = "the text says so" if label else "this group" if party else "the whole partnership"
        groups = (party,) if party and tlp in (Tlp.AMBER, Tlp.AMBER_STRICT) else ()
        people = (person(viewer.person),) if tlp is Tlp.RED and viewer.person else ()
        named = tuple(named_in(text[:MAX_TEXT]).items())[:MAX_PAGE]
        known = self._assess(self._record.visible_to(viewer), (one for one, _ in named))
        return Suggestion(tlp, groups, people, default_uses(tlp), reason, named, known)

    # -- what a person keeps -----------------------------------------------------------------------------------------

    def save_draft(self, viewer: Viewer, post: NewPost, draft: str = "") -> str:
        """Keep a text that is not posted yet; return its id. ``draft``: that of the one that it replaces."""
        check(post, draft=True)
        return self._desk.save_draft(_person(viewer), _encode(post).decode(), draft)

    def drafts(self, viewer: Viewer) -> list[Draft]:
        """Return the viewer's drafts, the newest first."""
        return [Draft(identifier, at, msgspec.json.decode(body, type=NewPost))
                for identifier, at, body in self._desk.drafts(_person(viewer))]  # fmt: skip

    def drop_draft(self, viewer: Viewer, draft: str) -> None:
        """Delete a draft. NotFound where there is none."""
        self._desk.drop_draft(_person(viewer), draft)

    def bookmark(self, viewer: Viewer, post: str, *, on: bool = True) -> None:
        """Keep a post at hand, or let it go."""
        who = _person(viewer)
        if on:
            self._row(viewer, post)
        self._desk.bookmark(who, post, on=on)

    def bookmarks(self, viewer: Viewer, limit: int = 100) -> list[Bookmark]:
        """Return the viewer's bookmarks of posts that are still to be seen, the newest first."""
        kept = self._desk.bookmarks(_person(viewer))
        with self._projections.read() as connection:
            posts = [post for post, _ in kept]
            found = store.post_rows(connection, posts, self._record.visible_to(viewer)) if posts else []
        rows = {row.id: row for row in map(PostRow, found)}
        return [Bookmark(row.id, row.thread, row.body.title, excerpt(row.body.text), row.org, row.author, at)
                for post, at in kept if (row := rows.get(post)) is not None][:limit]  # fmt: skip

    def watch(self, viewer: Viewer, thread: str, state: str = "watch") -> None:
        """Watch a thread, mute it (``mute``), or neither (``""``)."""
        who = _person(viewer)
        self._first(viewer, thread)
        self._desk.watch(who, thread, state)

    def watchers(self, thread: str) -> dict[str, str]:
        """Return person → ``watch`` or ``mute``, for notification, which asks whether each may see what it tells of."""
        return self._desk.watchers(thread)

    def mark_read(self, viewer: Viewer, thread: str, post: str = "") -> None:
        """Note that the viewer has read a thread, up to a post or to its newest one."""
        who = _person(viewer)
        audiences = self._record.visible_to(viewer)
        with self._projections.read() as connection:
            row = store.post_row(connection, post, audiences) if post else None
            summed = store.sums(connection, [thread], audiences, END, 1)
        if not summed or (post and (row is None or row[2] != thread)):
            raise NotFound("no such post in this thread" if summed else "no such thread", hint=_GONE)
        self._desk.mark(who, thread, row[8] if row else summed[0][1])

    def unread(self, viewer: Viewer) -> int:
        """Count what others posted anew in the threads that the viewer watches (at most 1,000)."""
        if not viewer.person:
            return 0
        threads, audiences = self._desk.watched(viewer.person), self._record.visible_to(viewer)
        with self._projections.read() as connection:
            rows = store.sums(connection, threads, audiences, END, _MOST_THREADS) if threads else []
        return min(_MOST_UNREAD, sum(self._unread(viewer, [(row[0], row[1]) for row in rows]).values()))

    # -- within ------------------------------------------------------------------------------------------------------

    def _row(self, viewer: Viewer, post: str, alike: frozenset[int] | None = None) -> PostRow:
        with self._projections.read() as connection:
            row = store.post_row(connection, post, alike or self._record.visible_to(viewer))
        if row is None:
            raise NotFound("no such post", hint=_GONE)
        return PostRow(row)

    def _own(self, viewer: Viewer, post: str) -> PostRow:
        row = self._row(viewer, post)
        if viewer.org is None or row.org != viewer.org:
            raise NotAllowed("only its originator can change or withdraw a post", hint="Answer it instead.")
        return row

    def _first(self, viewer: Viewer, thread: str) -> PostRow:
        """Return the first post of a thread that the viewer sees."""
        audiences = self._record.visible_to(viewer)
        with self._projections.read() as connection:
            rows = store.oldest_posts(connection, thread, audiences, 0, 1)
        if not rows:
            raise NotFound("no such thread", hint=_GONE)
        return PostRow(rows[0])

    def _audience(self, viewer: Viewer, new: NewPost, parent: PostRow | None) -> Audience:
        if parent is None:
            return chosen(viewer, new.tlp or Tlp.GREEN, new.groups, new.people, new.uses)
        above = self._record.audience(parent.audience)
        if new.tlp is None:
            if new.groups or new.people:
                raise BadInput("readers are named with a marking", hint="Say tlp too, or leave groups and people out.")
            return answering(above, viewer)
        audience = chosen(viewer, new.tlp, new.groups, new.people, new.uses)
        if parent.org != viewer.org and not is_within(audience, above, viewer, parent.author):
            raise BadInput(
                f"this answer would reach more than the readers of what it answers ({above.tlp.label})",
                hint="Only the originator may share a post further. Choose the same readers, or fewer.",
            )
        return audience

    def _anchored(self, viewer: Viewer, text: str) -> str:
        """Return an anchor in its canonical form. NotFound for a contribution or group that is hidden."""
        anchor = anchor_of(text)
        if anchor.kind == "post":
            raise BadInput("a thread is not about a post", hint="Answer the post instead.")
        if anchor.kind == "contribution" and not self._entries(viewer, anchor.value, 1):
            raise NotFound("no such contribution", hint=_GONE)
        if anchor.kind == "group" and not current(viewer, anchor.value):
            raise NotFound("you are in no such group", hint="Choose one of your groups.")
        return anchor.text

    def _entries(self, viewer: Viewer, contribution: str, most: int) -> list[Entry]:
        """Return the first live items of a contribution that the viewer sees."""
        commit = self._record.commit_of(contribution)
        if commit is None:
            return []
        # By entries, not by positions: how many stand between them, seen or not, must not show.
        audiences, entries, after = self._record.visible_to(viewer), list[Entry](), commit.first_seq - 1
        while len(entries) < most:
            page = self._record.read_after(after, blocks=2, visible=audiences)
            mine = [e for e in page if e.contribution == contribution and e.kind in ITEM_KINDS and e.payload]
            entries += self._intake.live(mine)
            if not page or page[-1].seq > commit.last_seq:
                break
            after = page[-1].seq
        return entries[:most]

    def _reacted_on(self, viewer: Viewer, anchor: Anchor) -> Target:
        """Find what a reaction is on: its readers, its originator, its observables. NotFound where it is hidden."""
        if anchor.kind == "post":
            row = self._row(viewer, anchor.value)
            named = named_in(f"{row.body.title}\n{row.body.text}")
            return Target(self._record.audience(row.audience), row.org, row.thread, named)
        if anchor.kind == "contribution":
            entries = self._entries(viewer, anchor.value, _MOST_ENTRIES)
            if not entries:
                raise NotFound("no such contribution", hint=_GONE)
            found: dict[Observable, bool] = {}
            for claim in (claim for entry in entries for claim in extract_entry(entry).claims):
                guilty = claim.role is Role.ATTACKER and claim.stance in (Stance.MALICIOUS, Stance.SUSPICIOUS)
                found[claim.observable] = found.get(claim.observable, False) or guilty
            audiences = [self._record.audience(number) for number in {entry.audience for entry in entries}]
            return Target(max(audiences, key=strictness_of), entries[0].org, "", found)
        if anchor.observable is None:
            raise BadInput("one reacts to a post, a contribution or an observable")
        mentions = self._fusion.mentions(anchor.observable, self._record.visible_to(viewer), _MOST_ENTRIES)
        if not mentions:
            raise NotFound("nothing that you may see mentions it", hint="Post what you know of it.")
        readers = [self._record.audience(number) for number in {int(row[2]) for row in mentions}]
        return Target(min(readers, key=strictness_of), "", "", {anchor.observable: True})

    def _reaction_id(self, org: str, target: str, kind: str) -> str:
        return str(uuid.uuid5(_NAMES, f"{org}|{target}|{kind}"))

    def _standing(self, viewer: Viewer, target: str) -> list[tuple[Reaction, str]]:
        with self._projections.read() as connection:
            return self._reactions(connection, [target], self._record.visible_to(viewer))

    @staticmethod
    def _reactions(
        connection: Connection, targets: Sequence[str], audiences: frozenset[int]
    ) -> list[tuple[Reaction, str]]:
        wanted = set(targets)
        rows = store.reactions(connection, sorted({signed64(target) for target in wanted}), audiences) if wanted else []
        return [(Reaction(*row[:5]), row[5]) for row in rows if row[0] in wanted]

    def _closing(self, viewer: Viewer, thread: str) -> Closing | None:
        with self._projections.read() as connection:
            rows = store.closings(connection, [thread], self._record.visible_to(viewer))
        return Closing(*rows[-1][2:]) if rows and rows[-1][1] else None

    def _posts(self, viewer: Viewer, rows: list[PostRow], tree: list[tuple[str, str, int]],
               alike: frozenset[int] | None = None) -> list[Post]:
        """Make the posts of a page, in the order of the tree, with all that stands beside them."""
        by_id, audiences = {row.id: row for row in rows}, alike or self._record.visible_to(viewer)
        with self._projections.read() as connection:
            reactions = self._reactions(connection, [f"post:{post}" for post in by_id], audiences)
        kept = self._desk.bookmarked_among(viewer.person, by_id)
        on: dict[str, list[Reaction]] = {}
        for reaction, _ in reactions:
            on.setdefault(reaction.on, []).append(reaction)
        return [
            Post(
                row.id, row.thread, parent, depth, row.org, row.author, row.body.begun or row.at,
                row.version if row.seq != row.place else 0, row.body.title, row.body.text,
                self._record.audience(row.audience), row.contribution, self._seal.entry_id(row.seq), row.body.about,
                row.body.mentions, row.body.files, tuple(row.named), tuple(on.get(f"post:{row.id}", ())),
                viewer.org == row.org, row.id in kept,
            )
            for row, parent, depth in ((by_id[post], parent, depth) for post, parent, depth in tree)
        ]  # fmt: skip

    def _assess(self, audiences: frozenset[int], observables: Iterable[Observable]) -> dict[Observable, Assessment]:
        wanted = grounds_of(observables)[:_MOST_ENTRIES]
        return self._fusion.match(wanted, audiences) if wanted else {}

    def _personal(self, viewer: Viewer, thread: str) -> tuple[int | None, str]:
        marks, states = self._desk.marks(viewer.person, [thread]), self._desk.watched_among(viewer.person, [thread])
        return marks.get(thread), states.get(thread, "")

    def _names(self, number: int, group: str) -> bool:
        return any(party.startswith(f"group:{group}.") for party in self._record.audience(number).parties)

    def _only(self, viewer: Viewer, filters: Filters, audiences: frozenset[int]) -> list[str] | None:
        """Return the threads that the filters leave, None where they leave all."""
        sets: list[list[str]] = []
        with self._projections.read() as connection:
            if filters.about:
                text = anchor_of(filters.about).text
                sets.append(store.threads_about(connection, signed64(text), text, audiences, _MOST_THREADS))
            if filters.org:
                sets.append(store.threads_of_org(connection, filters.org, audiences, _MOST_THREADS))
            if filters.mine and viewer.person:
                sets.append(store.threads_of_author(connection, viewer.person, audiences, _MOST_THREADS))
            elif filters.mine:
                sets.append(store.threads_of_org(connection, viewer.org or "-", audiences, _MOST_THREADS))
        if filters.watched:
            sets.append(self._desk.watched(viewer.person))
        return sorted(set(sets[0]).intersection(*sets[1:])) if sets else None

    def _unread(self, viewer: Viewer, threads: list[tuple[str, int]]) -> dict[str, int]:
        """Count what is new in threads, of (thread, place of its newest post)."""
        if not viewer.person or not threads:
            return {}
        marks = self._desk.marks(viewer.person, [thread for thread, _ in threads])
        news = {thread: marks.get(thread, 0) for thread, last in threads if last > marks.get(thread, 0)}
        if not news:
            return {}
        with self._projections.read() as connection:
            audiences = self._record.visible_to(viewer)
            rows = store.places_after(
                connection, sorted(news), audiences, min(news.values()), viewer.person, _MOST_UNREAD
            )
        counted: dict[str, int] = {}
        for thread, place in rows:
            if place > news[thread]:
                counted[thread] = counted.get(thread, 0) + 1
        return counted

    def _summaries(
        self, viewer: Viewer, page: list[tuple[object, ...]], ends: list[PostRow]
    ) -> Iterable[ThreadSummary]:
        at = {(row.thread, row.place): row for row in ends}
        names = [str(row[0]) for row in page]
        unread = self._unread(viewer, [(str(row[0]), int(str(row[1]))) for row in page])
        states = self._desk.watched_among(viewer.person, names)
        closed: dict[str, bool] = {}
        if names:
            with self._projections.read() as connection:
                closings = store.closings(connection, names, self._record.visible_to(viewer))
            closed = {row[0]: bool(row[1]) for row in closings}
        for thread, last_place, posts, first_place in page:
            name = str(thread)
            first, last = at.get((name, first_place)), at.get((name, last_place))
            if first is None or last is None:
                continue  # it was withdrawn between the two queries
            yield ThreadSummary(
                name, first.body.title, excerpt(first.body.text), first.org, first.author,
                first.body.begun or first.at,
                self._record.audience(first.audience), first.body.about, int(str(posts)), last.org, last.author,
                last.body.begun or last.at, unread.get(name, 0), closed.get(name, False), states.get(name, ""),
            )  # fmt: skip

    def _sealed(self, place: int) -> str:
        return self._seal.cursor(place, 0, 0)

    def _opened(self, token: str, default: int) -> int:
        if not token:
            return default
        opened = self._seal.open_cursor(token)
        if opened is None:
            raise BadInput("that is no page token of this hub", hint="Take it from the page before, or leave it out.")
        return opened[0]


def _place(row: PostRow) -> int:
    place: int = row.place
    return place


def _person(viewer: Viewer) -> str:
    if not viewer.person:
        raise NotAllowed("this belongs to a person", hint="Sign in, or use a key that is a person's own.")
    return viewer.person
