"""Follow the record: changes of the policy, who approved them, which were adopted. Called by the shield's projection.

An adoption counts only where (1) the change was proposed, (2) its number is the next one, and (3) as many distinct
people as the policy in force asks for approved it, each of them one that the policy lets approve. Nothing else makes a
policy: no setting, no command, no entry that says so without them.
"""

from __future__ import annotations

import msgspec

from fusioncell.kernel.entry import Entry
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.ports import Connection, storable
from fusioncell.shield.charter import store
from fusioncell.shield.charter.first import FIRST
from fusioncell.shield.charter.model import ADOPTED, APPROVED, KINDS, PROPOSED, Policy, PolicyBody
from fusioncell.shield.charter.read import check, digest_of
from fusioncell.shield.charter.store import metadata

__all__ = ["in_force", "metadata", "project"]
_encode = msgspec.json.Encoder(order="deterministic").encode


def in_force(connection: Connection) -> Policy:
    """Return the policy in force."""
    newest = store.newest_adopted(connection)
    return FIRST if newest is None else newest.policy


def project(connection: Connection, entry: Entry) -> Policy | None:
    """Apply an entry; return the policy that it put in force, if it did."""
    if entry.kind not in KINDS or entry.payload is None or entry.org:
        return None
    body = msgspec.json.decode(entry.payload.body, type=PolicyBody)
    if entry.kind == PROPOSED:
        _propose(connection, entry, body)
        return None
    change, current = store.change(connection, body.id), in_force(connection)
    if change is None or change.adopted or change.digest != body.digest or change.policy.number != current.number + 1:
        return None
    approvals = list(change.approvals)
    if entry.kind == APPROVED:
        known = {who for who, _ in approvals}
        if body.by and body.by not in known and (not current.approvers or body.by in current.approvers):
            store.set_approvals(connection, body.id, _encode([*approvals, (body.by, entry.at)]).decode())
    elif entry.kind == ADOPTED and len(approvals) >= current.approvals:
        store.adopt(connection, body.id, entry.at, entry.seq)
        return change.policy
    return None


def _propose(connection: Connection, entry: Entry, body: PolicyBody) -> None:
    try:
        if body.text is None or digest_of(check(body.text)) != body.digest:
            return
    except BadInput:
        return
    store.add(connection, (entry.seq, storable(body.id[:64]), body.digest, storable(_encode(body.text).decode()),
                           storable(body.by[:64]), storable(body.reason), entry.at, entry.audience))
