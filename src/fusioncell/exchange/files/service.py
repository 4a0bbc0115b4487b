"""Use cases of files: keep an upload, attach it, read it, and let the bytes go when no post refers to them.

1. Bytes are durable before an upload is noted, and an upload is noted before a post can name it.
2. What an organisation may attach is its own upload of the last day, and nothing else.
3. Bytes go when neither a standing post nor a waiting upload refers to them: after the recall that withdrew the last
   one (``sweep``), and, for whatever else was left behind, once a day (``tidy``).
4. An unnamed author's upload is nobody's: its row names no organisation, its instant is a day. It waits two days.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from hashlib import sha256
from itertools import islice

from fusioncell.exchange.files import store
from fusioncell.exchange.files.clean import clean, plain_name, safe_name
from fusioncell.exchange.files.model import MAX_FILE, Cleaned
from fusioncell.intake import Attached
from fusioncell.kernel.clock import DAY, Clock
from fusioncell.kernel.errors import BadInput, Conflict, NotFound, NotSignedIn, TooLarge
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.ports import Blobs, Database

NOBODY = ""
"""Whose upload an unnamed author's is."""
WAITS = 2 * DAY
_MOST_WAITING = 2000
"""Uploads of one organisation that wait at once."""
_AT_ONCE = 500
_AT_WORK = 2
"""Files that are cleaned at once: it is computing, and others wait for the processor too."""
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


class Files:
    """The front door of files."""

    def __init__(self, *, blobs: Blobs, vault: Database, projections: Database, clock: Clock, most: int,
                 is_settled: Callable[[], bool]) -> None:
        """``most``: bytes that the files of one organisation may have. ``is_settled``: projections hold the record."""
        self._blobs, self._vault, self._projections, self._clock = blobs, vault, projections, clock
        self._most, self._is_settled = most, is_settled
        self._lock = threading.Lock()
        self._working = threading.BoundedSemaphore(_AT_WORK)
        self._swept = 0

    # -- keep --------------------------------------------------------------------------------------------------------

    def keep(self, viewer: Viewer, name: str, data: bytes, *, nameless: int = 0) -> Attached:
        """Clean a file, keep it durably and return how a post names it.

        ``nameless``: the number of the file in a post whose author is not to be known, 0 for a named one. Raises
        NotSignedIn, BadInput (empty), TooLarge (one file), Conflict (the organisation's quota).
        """
        if viewer.org is None:
            raise NotSignedIn("a file needs an organisation", hint="Sign in first.")
        if not data:
            raise BadInput("the file is empty", hint="Choose another one.", place="file")
        if len(data) > MAX_FILE:
            raise TooLarge(f"a file has at most {MAX_FILE >> 20} MB", place="file",
                           hint="Make it smaller, or say in the text where it can be had.")  # fmt: skip
        with self._working:
            cleaned = clean(data, name)
        return self._keep(viewer.org, name, cleaned, nameless)

    def _keep(self, org: str, given: str, cleaned: Cleaned, nameless: int) -> Attached:
        digest, size, now = sha256(cleaned.data).hexdigest(), len(cleaned.data), self._clock.now()
        owner, at = (NOBODY, now // DAY * DAY) if nameless else (org, now)
        name = plain_name(cleaned.kind, nameless) if nameless else safe_name(given, cleaned.kind)
        file = Attached(digest, name, cleaned.kind.media, size, cleaned.marks)
        with self._lock:
            self._within_quota(owner, digest, size)
            self._blobs.keep(digest, cleaned.data)
            with self._vault.write() as connection:
                marks = " ".join(file.marks)
                store.add_upload(connection, (owner, digest, at, size, name, file.media, marks))
        return file

    def _within_quota(self, owner: str, digest: str, size: int) -> None:
        """Refuse what would be over the organisation's own quota; what others keep has no part in it."""
        with self._vault.read() as connection:
            waiting = store.sizes_of(connection, owner, _MOST_WAITING)
        with self._projections.read() as connection:
            kept = store.size_of_org(connection, owner)
            known = store.standing_among(connection, waiting) if waiting else set()
        if digest in waiting:
            return
        held = kept + sum(each for one, each in waiting.items() if one not in known)
        if held + size > self._most or len(waiting) >= _MOST_WAITING:
            whose = "Files that wait to be sent without a name" if owner == NOBODY else "Your organisation's files"
            raise Conflict(
                f"{whose} would have more than {self._most >> 20:,} MB together", place="file",
                hint="Withdraw posts whose files are no longer needed, or ask the operators for more.",
            )  # fmt: skip

    # -- attach and read ---------------------------------------------------------------------------------------------

    def attached(self, viewer: Viewer, digests: Sequence[str]) -> tuple[Attached, ...]:
        """Return uploads of the viewer's organisation as a post names them. BadInput for any other digest."""
        wanted = list(dict.fromkeys(digests))
        if not wanted:
            return ()
        with self._vault.read() as connection:
            rows = store.uploads_of(connection, viewer.org or "-", wanted)
        found = {row[0]: Attached(row[0], row[3], row[4], row[2], tuple(row[5].split())) for row in rows}
        missing = next((each for each in wanted if each not in found), None)
        if missing is not None:
            raise BadInput(f"your organisation has uploaded no file {missing[:64]!r} in the last day", place="files",
                           hint="Send its bytes to /api/files first, and name the digest of the answer.")  # fmt: skip
        return tuple(found[each] for each in wanted)

    def read(self, files: Sequence[Attached], digest: str) -> tuple[Attached, bytes]:
        """Return one of a post's files with its bytes. Its caller has read the post as the viewer sees it.

        NotFound where the post has no such file, whether or not another one has.
        """
        file = next((each for each in files if each.digest == digest), None)
        data = self._blobs.read(digest) if file is not None and _DIGEST.match(digest) else None
        if file is None or data is None:
            raise NotFound("this post has no such file", hint="It may have been withdrawn.")
        return file, data

    # -- let go ------------------------------------------------------------------------------------------------------

    def sweep(self) -> int:
        """Let the bytes go of what was withdrawn since the last call; return how many files went.

        Called after each batch. What a process that stopped left undone is done when the next one begins.
        """
        with self._projections.read() as connection:
            ended = store.ended_after(connection, self._swept, _AT_ONCE)
        if not ended:
            return 0
        with self._lock:
            with self._vault.write() as connection:
                for _, digest, org, at in ended:
                    # Uploaded again since, it waits for another post. (An unnamed one's row runs out by itself.)
                    store.drop_upload(connection, org, digest, at)
            gone = self._let_go({row[1] for row in ended})
        last = int(ended[-1][0])
        # Rows of one recall may stand on both sides of the bound: the last position is looked at again.
        self._swept = last if len(ended) < _AT_ONCE or ended[0][0] == last else last - 1
        return gone

    def tidy(self) -> int:
        """Forget uploads that were never posted, and let all bytes go that nothing refers to. Called daily."""
        if not self._is_settled():
            return 0  # a post that is kept but not yet projected could refer to what looks forgotten
        gone = 0
        with self._lock:
            with self._vault.write() as connection:
                store.drop_uploads(connection, self._clock.now() - WAITS)
            kept = iter(self._blobs.held())
            while some := set(islice(kept, _AT_ONCE)):
                gone += self._let_go(some)
        return gone

    def _let_go(self, digests: set[str]) -> int:
        with self._projections.read() as connection:
            needed = store.standing_among(connection, digests)
        with self._vault.read() as connection:
            needed |= store.uploaded_among(connection, digests)
        return sum(self._blobs.drop(each) for each in sorted(digests - needed) if _DIGEST.match(each))
