"""Use cases of the charter: which policy is in force, propose a change, approve one."""

from __future__ import annotations

import threading
from collections.abc import Callable

import msgspec

from fusioncell.kernel.entry import Draft, Payload
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import Audience, Tlp, Uses, Viewer
from fusioncell.kernel.ports import Database
from fusioncell.record.service import Record
from fusioncell.shield.charter import project, store
from fusioncell.shield.charter.first import FIRST
from fusioncell.shield.charter.model import ADOPTED, APPROVED, PROPOSED, Change, Policy, PolicyBody
from fusioncell.shield.charter.read import canonical, digest_of, read_policy
from fusioncell.shield.model import PARTNERS, named_person

MAX_LISTED = 100
PUBLIC = Audience(Tlp.CLEAR, frozenset(), Uses.NONE)
"""An adopted policy is for everyone to read: it is what anyone may be blocked by."""
_encode = msgspec.json.Encoder(order="deterministic").encode


class Charter:
    """The front door of the package."""

    def __init__(self, record: Record, database: Database, randomness: Randomness) -> None:
        self._record, self._database, self._randomness = record, database, randomness
        self._deciding = threading.Lock()
        self.settle: Callable[[int], None] = lambda seq: None
        """Waits until a position is projected: who approves next, however soon, sees who approved before."""

    def in_force(self) -> Policy:
        """Return the policy in force."""
        with self._database.read() as connection:
            return project.in_force(connection)

    def published(self, digest: str) -> bytes:
        """Return the canonical JSON of a policy that is or was in force, for everyone. NotFound for any other."""
        if digest == digest_of(FIRST):
            return canonical(FIRST)
        with self._database.read() as connection:
            found = store.adopted_as(connection, digest)
        if found is None:
            raise NotFound("no such policy was in force", hint="The log's entries name the digests of those that were.")
        return canonical(found.policy)

    def changes(self, viewer: Viewer) -> list[Change]:
        """Return the changes that the viewer may see, waiting and adopted, newest first."""
        with self._database.read() as connection:
            return store.changes(connection, self._record.visible_to(viewer), MAX_LISTED)

    def propose(self, viewer: Viewer, text: str, reason: str) -> str:
        """Propose a policy, as TOML, in place of the one in force; returns the change's id."""
        who = self._decider(viewer)
        policy, current = read_policy(text), self.in_force()
        if not reason.strip():
            raise BadInput("a change of the policy needs a reason", place="reason")
        if policy.number != current.number + 1:
            raise BadInput(f"policy {current.number} is in force: the next one has number {current.number + 1}",
                           place="number")
        body = PolicyBody(new_id(self._randomness), digest_of(policy), who, reason.strip()[:1000], policy)
        self._keep((PROPOSED, PARTNERS, body))
        return body.id

    def approve(self, viewer: Viewer, identifier: str) -> bool:
        """Approve a change; returns whether this was the approval that put it in force."""
        with self._deciding:
            return self._approve(self._decider(viewer), identifier)

    def _approve(self, who: str, identifier: str) -> bool:
        current = self.in_force()
        with self._database.read() as connection:
            change = store.change(connection, identifier)
        if change is None:
            raise NotFound("no such change of the policy", hint="List them with `fusioncell shield policy changes`.")
        if change.adopted or change.policy.number != current.number + 1:
            raise Conflict("this change no longer waits", hint="Another policy is in force since.")
        if current.approvers and who not in current.approvers:
            raise NotAllowed("the policy in force does not name you among its approvers")
        approved = {person for person, _ in change.approvals}
        enough = len(approved | {who}) >= current.approvals
        if who in approved and not enough:
            raise Conflict("you have approved this change already", hint="Another person has to.")
        # Approved by enough, and not adopted: two approved at once, under a version that did not wait for the first.
        steps = [] if who in approved else [(APPROVED, PARTNERS, PolicyBody(change.id, change.digest, who))]
        if enough:
            steps.append((ADOPTED, PUBLIC, PolicyBody(change.id, change.digest, text=change.policy)))
        self._keep(*steps)
        return enough

    def _decider(self, viewer: Viewer) -> str:
        if not viewer.may("approve"):
            raise NotAllowed("this role may not change the policy", hint="Ask an approver.")
        return named_person(viewer)

    def _keep(self, *steps: tuple[str, Audience, PolicyBody]) -> None:
        receipt = self._record.append("", [
            Draft(kind, self._record.intern_audience(audience), Payload("", body.id, 0, "", _encode(body)))
            for kind, audience, body in steps
        ], new_id(self._randomness))  # fmt: skip
        self.settle(receipt.last_seq)
