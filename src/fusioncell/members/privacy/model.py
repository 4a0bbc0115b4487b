"""The frozen values of privacy: holds, erasures, the rooms that hold something, and the table of what stands where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fusioncell.kernel.clock import DAY, MINUTE, Instant
from fusioncell.kernel.errors import Conflict
from fusioncell.members.model import Person

LONGEST_HOLD = 730 * DAY
"""A hold lasts two years at most; a case that goes on places another."""
FRESH_SESSION = 10 * MINUTE
"""Who erases themselves has signed in this lately."""
SCOPES = ("person", "organisation", "contribution")

Data = dict[str, object]
"""What a room holds on a person: sections of plain values, instants as RFC 3339."""


class StillHeld(Conflict):
    """Erasure is refused: a preservation hold lasts. Says until when, never for which case."""

    title = "Held"


@dataclass(frozen=True, slots=True)
class Room:
    """A room that holds something on people.

    ``held_on(person, sight)``: all that it holds on a person, of what has an audience only what is in ``sight``.
    ``forget(person)``: delete it from the vault. ``private``: handed to the person alone, and to nobody who asks for
    them (an administrator is told how much there is).
    """

    name: str
    held_on: Callable[[Person, frozenset[int]], Data]
    forget: Callable[[Person], None]
    private: bool = False


@dataclass(frozen=True, slots=True)
class Hold:
    """A preservation hold. ``target``: the id of a person, an organisation or a contribution. ``lifted``: 0 if not."""

    id: str
    scope: str
    target: str
    case: str
    basis: str
    officer: str
    at: Instant
    until: Instant
    lifted: Instant = 0
    lifted_by: str = ""

    def lasts(self, now: Instant) -> bool:
        """Tell whether it stops erasure now."""
        return not self.lifted and now < self.until


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did. ``payloads``: entries that lost their payload. ``withdrawn``: contributions withdrawn with
    it, whose text leaves the record with the next rebuild.
    """

    id: str
    at: Instant
    payloads: int
    withdrawn: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """Where a table stands in the export (``section``, "" for not at all) and what erasure does with it (``fate``)."""

    section: str
    fate: str


_GONE = "deleted"
_ID = "stays; the id in it leads to nobody any more"
_OFFICE = "an act of an office, kept to account for blocks; the id leads to nobody any more"

DATA: dict[str, Held] = {
    # The membership, from the record.
    "members_person": Held("person", _GONE),
    "members_suspended": Held("suspended", _GONE),
    "members_profile": Held("profile", _GONE),
    "members_idle": Held("idle", _GONE),
    "members_belonging": Held("groups", _GONE),
    "members_owner": Held("groups_owned", _GONE),
    "members_asking": Held("requests_to_groups", _GONE),
    "members_guest": Held("guest", "ended; the id in it leads to nobody any more"),
    "members_application": Held("applications", _GONE),
    "members_sponsorship": Held("stood_for", _ID),
    "members_terms": Held("terms_accepted", _ID),
    "members_officer": Held("office", _GONE),
    "members_contact": Held("contacts", _GONE),
    "members_organisation": Held("", "no person; that of a guest is deleted with the guest"),
    "members_hold": Held("", "for officers and auditors: to tell of a hold would tell of its case; deleted"),
    "members_erased": Held("", "says that an erasure was done, by an id that leads to nobody"),
    # The membership, from the vault.
    "members_vault_session": Held("sessions", _GONE),
    "members_vault_link": Held("sign_in_links", _GONE),
    "members_vault_last": Held("last_used", _GONE),
    "members_vault_key": Held("keys", _GONE),
    "members_vault_passkey": Held("passkeys", _GONE),
    "members_vault_password": Held("password", _GONE),
    "members_vault_totp": Held("authenticator_app", _GONE),
    "members_vault_recovery": Held("recovery_codes", _GONE),
    "members_vault_identity": Held("linked_accounts", _GONE),
    "members_vault_audit": Held("audit", "stays without the person's id"),
    "members_vault_reveal": Held("revealed", _ID),
    # Exchange.
    "exchange_post": Held("posts", _ID + "; withdrawn where that is asked"),
    "exchange_request": Held("requests", _ID),
    "exchange_reaction": Held("reactions", _ID),
    "exchange_closing": Held("threads_closed", _ID),
    "exchange_consent": Held("consents", _ID),
    "fusion_origins_join": Held("sources_judged", _ID),
    "fusion_origins_grade": Held("sources_judged", _ID),
    "fusion_overrides": Held("values_judged", _ID),
    "picture_triage_act": Held("triage", _ID),
    "picture_notebook_paper": Held("notebook", _ID),
    "picture_saved_query": Held("saved_queries", _ID),
    "picture_horizon_paper": Held("horizon", _ID),
    "exchange_vault_hook": Held("webhooks", _ID),
    "exchange_vault_draft": Held("drafts", _GONE),
    "exchange_vault_bookmark": Held("bookmarks", _GONE),
    "exchange_vault_watch": Held("threads", _GONE),
    "exchange_vault_read": Held("read", _GONE),
    "exchange_vault_notice": Held("notices", _GONE),
    "exchange_vault_notify_watch": Held("watches", _GONE),
    "exchange_vault_notify_preference": Held("preferences", _GONE),
    "exchange_vault_notify_told": Held("told", _GONE),
    "exchange_vault_mail": Held("mail", _GONE),
    "exchange_vault_mail_bounce": Held("mail_refused", _GONE),
    "exchange_vault_detect": Held("exports_served", _GONE),
    "exchange_vault_cursor": Held("stream_cursors", _GONE),
    "exchange_vault_feed": Held("feeds_added", _ID),
    # Not on persons, though a column's name sounds like it.
    "shield_appeals_said": Held("", "of people outside, who need no account; erased by whoever wrote it, or in time"),
    "shield_decision": Held("", "a decision of an office, in the public log; the id leads to nobody any more"),
    "shield_charter": Held("", _OFFICE),
    "shield_standing": Held("", _OFFICE),
    "shield_standing_review": Held("", _OFFICE),
    "shield_holds": Held("", _OFFICE),
    "shield_fuse_act": Held("", _OFFICE),
    "shield_appeals_appeal": Held("", _OFFICE),
    "members_vault_attempt": Held("", "a keyed hash that counts attempts; deleted within days"),
}
"""Table → where it stands in the export, and what erasure does with it. A test walks all tables against this."""

ELSEWHERE = (
    "What your organisation read, fetched and exported is noted for the organisation, never for a person.",
    "What you contributed anonymously is not here: the hub does not know whose it is.",
    "Backups hold what the hub held when they were made. They age out; nothing is taken out of them.",
)
"""What an export says of what it does not hold."""
