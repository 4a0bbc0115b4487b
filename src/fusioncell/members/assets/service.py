"""Use cases of assets: claim, prove, approve, settle, release; and whose a value is.

**Blocking**: all methods touch the databases, and :meth:`Assets.check` asks a resolver; call them in a worker thread.
"""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable, Sequence

from fusioncell.kernel.clock import MINUTE, Clock, Instant
from fusioncell.kernel.errors import BadInput, Conflict, FusionCellError, NotAllowed, NotFound
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import Audience, Tlp, Uses, Viewer
from fusioncell.kernel.marking import org as party
from fusioncell.kernel.observable import guess
from fusioncell.kernel.ports import Database
from fusioncell.members.admit import admit_name
from fusioncell.members.assets import store
from fusioncell.members.assets.admit import admit
from fusioncell.members.assets.compare import Index, overlap
from fusioncell.members.assets.entries import (
    KINDS,
    AssetAlerted,
    AssetClaimed,
    AssetDisputed,
    AssetProved,
    AssetReleased,
    AssetSettled,
    Change,
    draft_of,
)
from fusioncell.members.assets.model import (
    ALERTED_FOR,
    LABEL,
    MOST_ALERTS,
    MOST_ASSETS,
    PROOF_LASTS,
    RECHECK_BEFORE,
    Alert,
    Asset,
    Dispute,
    Kind,
)
from fusioncell.members.audit import Audit, check_decider
from fusioncell.members.audit.service import actor_of
from fusioncell.members.entries import NOBODY, Log
from fusioncell.members.service import Members

LookUp = Callable[[str], Sequence[str]]
"""Returns the texts of a name's TXT records, none where there are none. Raises Unavailable where nobody answers."""
_UNKNOWN = ("There is no such asset of yours.", "Look at your organisation's assets.")


class Assets:
    """The front door of the package. ``key``: the vault's, from which proofs' tokens are derived; none is stored."""

    def __init__(self, *, members: Members, audit: Audit, record: Log, projections: Database, clock: Clock,
                 randomness: Randomness, key: bytes, look_up: LookUp) -> None:
        self._members, self._audit, self._record, self._projections = members, audit, record, projections
        self._clock, self._randomness, self._key, self._look_up = clock, randomness, key, look_up
        self._changing = threading.Lock()
        self._index: tuple[Index, Instant] | None = None
        self.on_change: list[Callable[[], None]] = []
        """Called after each change of what is proved."""

    # Whose is it

    def assets_of(self, org: str) -> list[str]:
        """Return an organisation's proved assets as text: ``45.10.0.0/22``, ``AS3333``, ``example.org``."""
        now = self._clock.now()
        with self._projections.read() as connection:
            return [one.value for one in store.assets(connection, org) if one.stands(now)]

    def owner_of(self, value: str) -> Asset | None:
        """Return the proved asset that a value belongs to: by the longest prefix, by the nearest domain above it."""
        asked = guess(value)
        return self._proved().find(asked) if asked is not None else None

    def proved_names(self) -> list[str]:
        """Return the domain names that are proved now, of all organisations, without whose they are."""
        now = self._clock.now()
        with self._projections.read() as connection:
            return sorted({one.value for one in store.of_kind(connection, Kind.DOMAIN) if one.stands(now)})

    def _proved(self) -> Index:
        now, held = self._clock.now(), self._index
        if held is None or not held[1] <= now < held[1] + MINUTE:
            with self._projections.read() as connection:
                held = self._index = Index(one for one in store.assets(connection) if one.stands(now)), now
        return held[0]

    # For an organisation

    def now(self) -> Instant:
        """Return the instant by which proofs stand."""
        return self._clock.now()

    def own(self, viewer: Viewer) -> list[Asset]:
        """Return the claims of the viewer's organisation."""
        if viewer.org is None or not viewer.member:
            raise NotAllowed("Assets are for members.", hint="Sign in.")
        with self._projections.read() as connection:
            return store.assets(connection, viewer.org)

    def disputes(self, viewer: Viewer) -> list[Dispute]:
        """Return the open disputes, one side of which is proved: an operator's all, a member's own."""
        now = self._clock.now()
        with self._projections.read() as connection:
            pairs = store.disputes(connection)
            known = {one.id: one for one in store.assets(connection)} if pairs else {}
        found = [Dispute(known[one], known[other], since) for one, other, since in pairs
                 if known[one].stands(now) or known[other].stands(now)]
        return [each for each in found if viewer.may("operate") or viewer.org in (each.one.org, each.other.org)]

    def token_of(self, asset: Asset) -> str:
        """Return the text that the domain's TXT record is to hold; bound to the organisation and the name."""
        said = f"asset\0{asset.org}\0{asset.value}".encode()
        return f"fusioncell-proof={hmac.digest(self._key, said, 'sha256').hex()[:40]}"

    def claim(self, viewer: Viewer, text: str) -> Asset:
        """Claim a network, an AS number or a domain name for the viewer's organisation."""
        if viewer.org is None or not viewer.may("lead"):
            raise NotAllowed("A lead claims for their organisation.", hint="Ask a colleague with the role lead.")
        kind, value = admit(text)
        with self._changing:
            with self._projections.read() as connection:
                known = store.of_kind(connection, kind)
                count = len(store.assets(connection, viewer.org))
            if any(one.org == viewer.org and one.value == value for one in known):
                raise Conflict(f"Your organisation has claimed {value} already.", hint="Look at its assets.")
            if count >= MOST_ASSETS:
                raise Conflict(f"An organisation claims at most {MOST_ASSETS} assets.", hint="Release some.")
            made = AssetClaimed(id=new_id(self._randomness), org=viewer.org, asset=kind.value, value=value)
            self._keep(viewer, viewer.org, made)
        return self._asset(made.id)

    def check(self, viewer: Viewer, asset_id: str) -> Asset:
        """Look the proof of a domain up now; Conflict where it is not there, Unavailable where nobody answers."""
        one = self._reached(viewer, asset_id)
        if one.kind is not Kind.DOMAIN:
            raise BadInput("Only a domain is proved by DNS.", hint="Ask an operator to approve it.")
        if self.token_of(one) not in [text.strip() for text in self._look_up(f"{LABEL}.{one.value}")]:
            raise Conflict(f"There is no TXT record with this token at {LABEL}.{one.value}.",
                           hint="Publish it, wait until your name servers have it, and check again.")
        self._prove(viewer, one, "dns", "", self._clock.now() + PROOF_LASTS)
        return self._asset(asset_id)

    def release(self, viewer: Viewer, asset_id: str, reason: str = "") -> None:
        """Claim an asset no longer: by its own organisation's lead, or by an operator with a reason."""
        one = self._reached(viewer, asset_id)
        own = one.org == viewer.org
        said = admit_name(reason, "The reason", 500) if reason or not own else ""
        self._keep(viewer, one.org, AssetReleased(id=one.id, reason=said))

    # Blocks that are proposed of what is guarded (``shield.guards``, which knows names and no owners)

    def alarm(self) -> int:
        """Tell organisations, each by an entry that it alone reads, of proposed blocks that touch their names."""
        with self._projections.read() as connection:
            due = store.alerts_due(connection, MOST_ALERTS)
        drafts = [
            draft_of(AssetAlerted(id=one.decision, org=one.org, name=one.name, value=one.value, category=one.category),
                     self._record.intern_audience(Audience(Tlp.AMBER_STRICT, frozenset({party(one.org)}), Uses.NONE)),
                     "") for one in due]  # fmt: skip
        if drafts:
            self._record.append("", drafts, new_id(self._randomness))
        return len(drafts)

    def alerts(self, viewer: Viewer, limit: int = 50) -> list[Alert]:
        """Return the proposed blocks of which the viewer's organisation was told, newest first."""
        if viewer.org is None or not viewer.member:
            raise NotAllowed("Assets are for members.", hint="Sign in.")
        with self._projections.read() as connection:
            return store.alerts_of(connection, viewer.org, limit)

    def fresh_alerts(self) -> list[Alert]:
        """Return what organisations were told of late: their people are told of it, once."""
        with self._projections.read() as connection:
            return store.alerts_since(connection, self._clock.now() - ALERTED_FOR)

    # For operators

    def all(self, viewer: Viewer) -> list[Asset]:
        """Return all claims, for operators."""
        self._operator(viewer)
        with self._projections.read() as connection:
            return store.assets(connection)

    def approve(self, viewer: Viewer, asset_id: str, reason: str) -> Asset:
        """Say, as an operator, that control is proved, and how one knows."""
        self._operator(viewer)
        check_decider(viewer)
        one = self._asset(asset_id)
        self._prove(viewer, one, "operator", admit_name(reason, "The reason", 500), 0)
        return self._asset(asset_id)

    def settle(self, viewer: Viewer, asset_id: str, other_id: str, keep: str, reason: str) -> None:
        """End a dispute: ``keep`` names the claim that stands, or ``both`` (a part was handed on)."""
        self._operator(viewer)
        check_decider(viewer)
        found = next((each for each in self.disputes(viewer) if {each.one.id, each.other.id} == {asset_id, other_id}),
                     None)
        if found is None:
            raise NotFound("There is no such dispute.", hint="List the disputes.")
        if keep not in (found.one.id, found.other.id, "both"):
            raise BadInput("Say which claim stands, or both.", hint="Give its id.", place="keep")
        said = admit_name(reason, "The reason", 500)
        changes: list[Change] = [AssetSettled(id=found.one.id, other=found.other.id, reason=said)]
        changes += [AssetReleased(id=each.id, reason=said) for each in (found.one, found.other)
                    if keep not in (each.id, "both")]
        self._keep(viewer, "", *changes)

    def recheck(self) -> int:
        """Look up again the proofs that end soon; return how many hold on. Those not found end by themselves."""
        now, count = self._clock.now(), 0
        with self._projections.read() as connection:
            due = [one for one in store.of_kind(connection, Kind.DOMAIN)
                   if one.how == "dns" and one.stands(now) and one.until - now < RECHECK_BEFORE]
        for one in due:
            try:
                found = self._look_up(f"{LABEL}.{one.value}")
            except FusionCellError:
                continue  # Nobody answers: tomorrow again.
            if self.token_of(one) in [text.strip() for text in found]:
                self._keep(Viewer(), one.org, AssetProved(id=one.id, how="dns", reason="", until=now + PROOF_LASTS))
                count += 1
        return count

    # Within

    def _operator(self, viewer: Viewer) -> None:
        if not viewer.may("operate"):
            raise NotAllowed("This is for operators.", hint="Ask an operator.")

    def _asset(self, asset_id: str) -> Asset:
        with self._projections.read() as connection:
            found = store.asset_of_id(connection, asset_id)
        if found is None:
            raise NotFound(_UNKNOWN[0], hint=_UNKNOWN[1])
        return found

    def _reached(self, viewer: Viewer, asset_id: str) -> Asset:
        """Return an asset of which the viewer is in charge: a lead of its organisation, or an operator."""
        one = self._asset(asset_id)
        if not viewer.may("operate") and (one.org != viewer.org or not viewer.may("lead")):
            raise NotFound(_UNKNOWN[0], hint=_UNKNOWN[1])
        return one

    def _prove(self, viewer: Viewer, one: Asset, how: str, reason: str, until: Instant) -> None:
        """Take a proof; Conflict, and a dispute, where another organisation has proved the same or a part of it.

        A claim that is not proved is in nobody's way and told to nobody: anyone can make one.
        """
        now = self._clock.now()
        with self._changing:
            with self._projections.read() as connection:
                before = store.disputed_with(connection, one.id)
                against = [each for each in store.of_kind(connection, one.kind)
                           if each.org != one.org and each.stands(now) and not before.get(each.id, False)
                           and overlap(one.kind, each.value, one.value)]  # fmt: skip
            if not against:
                self._keep(viewer, one.org, AssetProved(id=one.id, how=how, reason=reason, until=until))
                return
            fresh = [AssetDisputed(id=one.id, other=each.id) for each in against if each.id not in before]
            if fresh:
                self._keep(viewer, one.org, *fresh)
        raise Conflict("Another organisation has proved this or a part of it.",
                       hint="Both see the dispute now. An operator settles it; then prove it again.")

    def _keep(self, viewer: Viewer, org: str, *changes: Change) -> None:
        audience = self._record.intern_audience(NOBODY)
        self._members.keep([draft_of(change, audience, viewer.person or "") for change in changes])
        self._index = None
        for change in changes:
            detail = change.value if isinstance(change, AssetClaimed) else ""
            self._audit.note(KINDS[type(change)], org=org, actor=actor_of(viewer), subject=change.id, detail=detail)
        for listener in self.on_change:
            listener()
