"""Use cases of the record: append with group commit, read from a cursor, verify, erase.

1. A caller packs its submission in its own thread (digests, compression).
2. One writer takes all that wait, gives them places in one transaction, and commits durably.
3. Only then does each caller get its receipt, and the wake-up goes out.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future

from fusioncell.kernel.clock import Clock, Instant
from fusioncell.kernel.entry import Draft, Entry
from fusioncell.kernel.errors import Unavailable
from fusioncell.kernel.ids import Randomness
from fusioncell.kernel.marking import Audience, Viewer, may_see
from fusioncell.kernel.ports import Database
from fusioncell.record import pack, store
from fusioncell.record.ahead import Ahead
from fusioncell.record.model import Commit, Receipt, Submission

read_cursor = store.read_cursor
move_cursor = store.move_cursor
_MAX_GROUP = 256
_log = logging.getLogger("fusioncell.record")


class Record:
    """The front door of the record room."""

    def __init__(self, database: Database, clock: Clock, randomness: Randomness) -> None:
        self._database = database
        self._clock = clock
        self._randomness = randomness
        self._audiences: dict[int, Audience] = {}
        self._numbers: dict[str, int] = {}
        self._set_numbers: dict[frozenset[int], int] = {}
        self._visible: dict[tuple[object, ...], frozenset[int]] = {}
        self._waiting: list[tuple[Submission, Future[Receipt]]] = []
        self._signal = threading.Condition()
        self._closed = False
        self._listeners: list[Callable[[int], None]] = []
        self._ahead = Ahead()
        self._appending = threading.Lock()
        """Held from an append's beginning until it is handed over, so that no erasure comes between."""
        with database.write() as connection:
            store.open_head(connection)
        self.refresh_audiences()
        self._writer = threading.Thread(target=self._write_groups, name="record-writer", daemon=True)
        self._writer.start()

    # -- audiences ---------------------------------------------------------------------------------------------------

    def intern_audience(self, audience: Audience) -> int:
        """Return the small integer that stands for an audience, giving it one if it is new."""
        text = audience.text
        number = self._numbers.get(text)
        if number is None:
            with self._database.write() as connection:
                number = store.intern_audience(connection, text)
            self._learn(number, audience)
        return number

    def audience(self, number: int) -> Audience:
        """Return the audience with this number."""
        if number not in self._audiences:
            self.refresh_audiences()
        return self._audiences[number]

    def refresh_audiences(self) -> None:
        """Learn the audiences that other processes have interned."""
        with self._database.read() as connection:
            rows = store.audiences(connection, max(self._audiences, default=0))
        for number, text in rows:
            self._learn(number, Audience.from_text(text))

    def _learn(self, number: int, audience: Audience) -> None:
        self._audiences[number] = audience
        self._numbers[audience.text] = number
        self._visible = {}

    def visible_to(self, viewer: Viewer) -> frozenset[int]:
        """Return the numbers of all audiences that the viewer belongs to: the SQL face of ``may_see``."""
        key = (viewer.member, viewer.guest, viewer.parties, viewer.client_parties)
        # What is worked out while another thread learns an audience goes into the old table, and is forgotten with it.
        remembered = self._visible
        known = remembered.get(key)
        if known is None:
            known = frozenset(n for n, audience in list(self._audiences.items()) if may_see(viewer, audience))
            if len(remembered) > 10_000:
                self._visible = {}
            remembered[key] = known
        return known

    def audiences_where(self, test: Callable[[Audience], bool]) -> frozenset[int]:
        """Return the numbers of all audiences that pass a test (the shield's view is made so)."""
        return frozenset(number for number, audience in list(self._audiences.items()) if test(audience))

    def audience_set_number(self, audiences: frozenset[int]) -> int:
        """Return the number that stands for a set of audiences in cursors."""
        number = self._set_numbers.get(audiences)
        if number is None:
            text = ",".join(map(str, sorted(audiences)))
            with self._database.write() as connection:
                number = store.intern_set(connection, text)
            self._set_numbers[audiences] = number
        return number

    def audience_set(self, number: int) -> frozenset[int] | None:
        """Return the set of audiences that a number in a cursor stands for."""
        with self._database.read() as connection:
            text = store.audience_set(connection, number)
        return None if text is None else frozenset(int(part) for part in text.split(",") if part)

    # -- append ------------------------------------------------------------------------------------------------------

    def submit(self, org: str, drafts: Sequence[Draft], contribution: str) -> Future[Receipt]:
        """Queue one submission; the future is done once it is durably committed, in one piece or not at all."""
        if not drafts:
            raise ValueError("a submission holds at least one entry")
        submission = Submission(org, contribution, tuple(pack.pack(drafts, self._randomness)), drafts)
        future: Future[Receipt] = Future()
        with self._signal:
            if self._closed:
                raise Unavailable("the hub is stopping", hint="Send it again in a moment.")
            self._waiting.append((submission, future))
            self._signal.notify()
        return future

    def append(self, org: str, drafts: Sequence[Draft], contribution: str) -> Receipt:
        """Append one submission and return when it is durably committed."""
        return self.submit(org, drafts, contribution).result()

    def _write_groups(self) -> None:
        while True:
            with self._signal:
                while not self._waiting and not self._closed:
                    self._signal.wait()
                if not self._waiting:
                    return
                group, self._waiting = self._waiting[:_MAX_GROUP], self._waiting[_MAX_GROUP:]
            self._write_group(group)

    def _write_group(self, group: list[tuple[Submission, Future[Receipt]]]) -> None:
        # A caller that gave up before its turn came is left out; from here on, it can no longer.
        group = [(submission, future) for submission, future in group if future.set_running_or_notify_cancel()]
        if not group:
            return
        try:
            with self._appending:
                with self._database.write() as connection:
                    receipts = store.append(connection, [submission for submission, _ in group], self._clock.now())
                for (submission, _), (receipt, chains) in zip(group, receipts, strict=True):
                    self._ahead.put(receipt, submission, chains)
        except Exception as fault:  # noqa: BLE001 - whatever the driver says reaches every caller; none is told "kept"
            for _, future in group:
                future.set_exception(fault)
            return
        for (_, future), (receipt, _) in zip(group, receipts, strict=True):
            future.set_result(receipt)
        for listener in self._listeners:
            try:
                listener(receipts[-1][0].last_seq)
            except Exception:  # noqa: BLE001 - a wake-up may be lost; the one writer must not be
                _log.exception("a listener of the record failed")

    def on_append(self, listener: Callable[[int], None]) -> None:
        """Call ``listener`` with the last position after each commit. A wake-up: it may be lost, an entry never."""
        self._listeners.append(listener)

    def close(self) -> None:
        """Write what waits, then stop the writer."""
        with self._signal:
            self._closed = True
            self._signal.notify()
        self._writer.join()

    # -- read --------------------------------------------------------------------------------------------------------

    def head(self) -> tuple[int, int, int]:
        """Return (last position, its instant, epoch)."""
        with self._database.read() as connection:
            return store.read_head(connection)

    def read_after(self, seq: int, *, blocks: int = 64, visible: Iterable[int] | None = None) -> list[Entry]:
        """Return entries after a position in order (all of at most ``blocks`` blocks), of the visible audiences."""
        with self._database.read() as connection:
            return store.read_after(connection, seq, blocks, visible)

    def hand_over(self, on: bool) -> None:
        """Say whether somebody in this process follows the record by :meth:`follow`, at once and all of it."""
        self._ahead.followed = on

    def follow(self, seq: int, *, blocks: int) -> list[Entry]:
        """Return what :meth:`read_after` does; what this process has just appended is not read back for it."""
        return self._ahead.take(seq, blocks) or self.read_after(seq, blocks=blocks)

    def read_range(self, first: int, last: int, visible: Iterable[int]) -> list[Entry]:
        """Return the visible entries from ``first`` to ``last``, both included."""
        with self._database.read() as connection:
            return store.read_range(connection, first, last, visible)

    def read_many(self, seqs: Iterable[int]) -> list[Entry]:
        """Return the entries at these positions, in order; the caller has filtered them."""
        with self._database.read() as connection:
            return store.read_many(connection, seqs)

    def read_each(self, seqs: Iterable[int]) -> Iterator[Entry]:
        """Yield the same, unpacked as they are taken: for who is done with each at once, and holds none of them."""
        with self._database.read() as connection:
            found = store.read_each(connection, seqs)
        yield from found

    def last_before(self, instant: Instant, until: int) -> int:
        """Return the last position, at most ``until``, of an entry that was accepted before an instant; 0 for none."""
        low, high = 0, until
        while low < high:
            middle = (low + high + 1) // 2
            found = self.read_many([middle])
            if found and found[0].at < instant:
                low = middle
            else:
                high = middle - 1
        return low

    def read_kinds(self, org: str, kinds: Iterable[str]) -> Iterator[Entry]:
        """Yield all that an organisation ("" for the hub) contributed whose kind begins with one of these, in order."""
        kinds, seq = tuple(kinds), 0
        while True:
            with self._database.read() as connection:
                found = store.read_kinds(connection, org, kinds, seq, 64)
            if not found:
                return
            yield from found
            seq = found[-1].block

    def commit_of(self, contribution: str) -> Commit | None:
        """Return the submission with this public id."""
        with self._database.read() as connection:
            return store.commit_of(connection, contribution)

    # -- keep --------------------------------------------------------------------------------------------------------

    def verify(self, most: int | None = None) -> int:
        """Check every digest and the chain from the first entry on; return the entries checked.

        ``most``: stop after about so many. Raises RecordDamaged with the place of the first disagreement.
        """
        chain, seq, count = store.GENESIS, 0, 0
        while True:
            if most is not None and count >= most:
                return count
            with self._database.read() as connection:
                found = store.blocks_from(connection, seq, 256)
                if not found:
                    ends = store.read_end(connection)
                    store.verify_commits(connection)
            if not found:
                if ends != (count, chain):
                    raise pack.damaged(f"the last entry is {ends[0]} by the head, {count} by the entries")
                return count
            for first, at, org, contribution, stored, block in found:
                if first != count + 1:
                    raise pack.damaged(f"entries {count + 1} to {first - 1} are missing")
                pack.verify(block)
                chain = pack.chain_after(chain, first, at, org, contribution, block)
                if chain != stored:
                    raise pack.damaged(f"the chain breaks at position {first}")
                seq, count = first, count + block.count

    def erase(self, seq: int) -> bool:
        """Erase one entry's payload and nonce; the record still verifies."""
        with self._appending:
            self._ahead.forget()
            with self._database.write() as connection:
                return store.erase(connection, seq)

    def open_epoch(self, beyond: int = 0) -> int:
        """Start a new epoch after a restore; its number is the next but ``beyond``."""
        with self._database.write() as connection:
            return store.open_epoch(connection, beyond)
