"""Use cases of standing approvals: propose, sign, stop, look at a sample; publish under those in force."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from fusioncell.fusion.service import Fusion
from fusioncell.kernel.clock import DAY, Clock
from fusioncell.kernel.entry import Draft, Payload
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.observable import Observable, ObservableType
from fusioncell.kernel.ports import Database
from fusioncell.record.service import Record
from fusioncell.shield.model import OVERSIGHT, Decision, named_person
from fusioncell.shield.service import Shield, allows_blocking
from fusioncell.shield.standing import store
from fusioncell.shield.standing.judge import meets, read_rule, too_wrong
from fusioncell.shield.standing.model import (
    PROPOSED,
    REVIEWED,
    RULE,
    SIGNED,
    STOPPED,
    Fared,
    Rule,
    Standing,
    StandingBody,
)

MAX_LISTED = 100
AT_ONCE = 500
"""Proposals that are looked at in one round."""
SAMPLE_DAYS = 7
"""Days whose samples wait to be looked at."""
_encode = msgspec.json.Encoder().encode


class StandingApprovals:
    """The front door of the package."""

    def __init__(self, record: Record, database: Database, fusion: Fusion, shield: Shield, clock: Clock,
                 randomness: Randomness) -> None:  # fmt: skip
        self._record, self._database, self._fusion, self._shield = record, database, fusion, shield
        self._clock, self._randomness = clock, randomness
        self._looked_at = 0

    # -- people ------------------------------------------------------------------------------------------------------

    def listed(self, viewer: Viewer) -> list[Standing]:
        """Return the rules that the viewer may see, newest first."""
        with self._database.read() as connection:
            return store.listed(connection, self._record.visible_to(viewer), MAX_LISTED)

    def one(self, viewer: Viewer, identifier: str) -> Standing:
        """Return a rule. Raises NotFound where the viewer may not see it."""
        with self._database.read() as connection:
            found = store.one(connection, identifier, self._record.visible_to(viewer))
        if found is None:
            raise NotFound("no such standing approval", hint="List them with `fusioncell shield standing list`.")
        return found

    def propose(self, viewer: Viewer, rule: object) -> str:
        """Propose a rule, as the first of two who sign; returns its id."""
        who = _approver(viewer)
        made = read_rule(rule, self._shield.charter.in_force())
        return self._keep(PROPOSED, StandingBody(new_id(self._randomness), who, made))

    def sign(self, viewer: Viewer, identifier: str) -> Standing:
        """Sign a rule as the second: decisions may cite it from now on."""
        who, found = _approver(viewer), self.one(viewer, identifier)
        if found.signed_at or found.stopped_at:
            raise Conflict("this standing approval does not wait for a signature")
        if found.by == who:
            raise Conflict("you proposed it", hint="Another person has to sign it.")
        self._keep(SIGNED, StandingBody(found.id, who))
        return found

    def stop(self, viewer: Viewer, identifier: str, reason: str) -> Standing:
        """Stop a rule, or take it back: one person suffices. What it published stays until it is lifted."""
        who, found = _approver(viewer), self.one(viewer, identifier)
        if found.stopped_at:
            raise Conflict("it has stopped already")
        if not reason.strip():
            raise BadInput("say why it stops", place="reason")
        self._keep(STOPPED, StandingBody(found.id, who, reason=reason.strip()[:1000]))
        return found

    def review(self, viewer: Viewer, decision: str, *, wrong: bool, note: str = "") -> Decision:
        """Say of a decision that a rule made whether it was right. A wrong one is yet to be lifted."""
        who, item = _approver(viewer), self._shield.decision(viewer, decision)
        if not item.standing:
            raise Conflict(f"{item.name} was not published under a standing approval")
        self._keep(REVIEWED, StandingBody(item.standing, who, reason=note.strip()[:1000], decision=item.id,
                                          wrong=wrong))  # fmt: skip
        return item

    def sample(self, viewer: Viewer, identifier: str) -> list[Decision]:
        """Return which decisions of a rule's last days are to be looked at: of each day some, the same for everyone."""
        found = self.one(viewer, identifier)
        with self._database.read() as connection:
            chosen = store.to_review(connection, found.id, self._clock.now() - SAMPLE_DAYS * DAY)
        return self._shield.those(chosen)

    def fared(self, standing: Standing) -> Fared:
        """Return how a rule fared: a block that a person ended counts as looked at, and as wrong."""
        with self._database.read() as connection:
            return Fared(*store.fared(connection, standing.id, self._clock.now() - DAY))

    # -- the rules ---------------------------------------------------------------------------------------------------

    def act(self) -> int:
        """Publish what the rules in force approve, and stop those above their bounds; return how many entries."""
        now, done = self._clock.now(), 0
        with self._database.read() as connection:
            rules = store.in_force(connection, now)
        if not rules:
            return 0
        room: dict[str, int] = {}
        for one in rules:
            fared = self.fared(one)
            if too_wrong(one.rule, fared):
                done += self._stop(one, f"{fared.wrong} of {fared.looked_at} decisions looked at were wrong")
            else:
                room[one.id] = one.rule.daily_cap - fared.today
        chosen: list[tuple[Decision, Standing]] = []
        for item, one in self._matching([one for one in rules if one.id in room], now):
            if room.get(one.id, 0) > 0:
                chosen.append((item, one))
                room[one.id] -= 1
            elif one.id in room:
                done += self._stop(one, f"more than {one.rule.daily_cap} names in a day")
                del room[one.id]
        may = self._shield.may_publish([item.id for item, _ in chosen])
        for item, one in chosen:
            signers, days = (one.by, one.second), one.rule.longest_days
            done += item.id in may and self._shield.approve_standing(item, one.id, signers, days)
        return done

    def _matching(self, rules: list[Standing], now: int) -> Iterable[tuple[Decision, Standing]]:
        """Return proposals with the first rule that each meets; each call looks at the next ones."""
        waiting = self._shield.waiting_by_rule(self._looked_at, AT_ONCE)
        self._looked_at = waiting[-1][0] if len(waiting) == AT_ONCE else 0
        audiences = self._record.audiences_where(allows_blocking)
        asked = {item.id: Observable(ObservableType.DOMAIN, item.name) for _, item in waiting}
        found = self._fusion.match(list(asked.values()), audiences)
        for _, item in waiting:
            evidence = found.get(asked[item.id])
            first = next((one for one in rules if meets(one.rule, item.category, evidence, now)), None)
            if first is not None:
                yield item, first

    def _stop(self, one: Standing, why: str) -> int:
        self._keep(STOPPED, StandingBody(one.id, RULE, reason=why))
        return 1

    def _keep(self, kind: str, body: StandingBody) -> str:
        number = self._record.intern_audience(OVERSIGHT)
        draft = Draft(kind, number, Payload("", body.standing, 0, "", _encode(body)))
        self._record.append("", [draft], new_id(self._randomness))
        return body.standing


def _approver(viewer: Viewer) -> str:
    if not viewer.may("approve"):
        raise NotAllowed("this role may not approve blocks", hint="Ask an approver.")
    return named_person(viewer)


__all__ = ["Rule", "StandingApprovals"]
