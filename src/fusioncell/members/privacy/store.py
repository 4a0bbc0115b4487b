"""All the SQL of privacy: holds and erasures (projections), and what the membership holds on a person, by table.

The membership's tables are asked by :data:`_PROJECTED` and :data:`_KEPT`: section → (columns, the rest of the query);
each ``?`` stands for what is named after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import BigInteger, Column, Index, MetaData, String, Table, Text

from fusioncell.kernel.clock import DAY, Instant, format_day, format_instant
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.marking import person as party_of
from fusioncell.kernel.ports import Connection
from fusioncell.members.model import GUEST, Person
from fusioncell.members.privacy.entries import HoldLifted, HoldPlaced, PersonErased, changes_in
from fusioncell.members.privacy.model import Hold

metadata = MetaData()
"""The projections' tables."""

Table(
    "members_hold", metadata,
    Column("id", String(64), primary_key=True),
    Column("scope", String(16), nullable=False),
    Column("target", String(64), nullable=False),
    Column("matter", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("officer", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("lifted", BigInteger, nullable=False),
    Column("lifted_by", String(64), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Index("members_hold_target", "target"),
)  # fmt: skip
Table(
    "members_erased", metadata,
    Column("id", String(64), primary_key=True),
    Column("person", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("seqs", Text, nullable=False),
    Column("contributions", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
)  # fmt: skip

MOST_ROWS = 10_000
"""No listing is longer."""


# Written from entries


def project(connection: Connection, entries: Sequence[Entry]) -> None:
    """Apply a batch of entries, in ``seq`` order; what is not of privacy is passed over.

    It runs behind all of the membership's other projections, so what came later than an erasure in the same batch
    stands already: rows that may come again are deleted by their position.
    """
    for entry, change in changes_in(entries):
        match change:
            case PersonErased():
                _erase(connection, entry, change)
            case HoldPlaced():
                connection.run(
                    "INSERT INTO members_hold (id, scope, target, matter, basis, officer, at, until, lifted, lifted_by,"
                    " seq) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, '', ?) ON CONFLICT (id) DO NOTHING",
                    (change.id, change.scope, change.target, change.case, change.basis, change.officer, entry.at,
                     change.until, entry.seq))
            case HoldLifted():
                connection.run("UPDATE members_hold SET lifted = ?, lifted_by = ? WHERE id = ? AND lifted = 0",
                               (entry.at, change.officer, change.id))


def _erase(connection: Connection, entry: Entry, change: PersonErased) -> None:
    run = connection.run
    encode = msgspec.json.encode
    run("INSERT INTO members_erased (id, person, at, seqs, contributions, seq) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO NOTHING",
        (change.id, change.person, entry.at, encode(change.seqs).decode(), encode(change.contributions).decode(),
         entry.seq))
    for contact in change.contacts:
        run("DELETE FROM members_contact WHERE id = ? AND seq < ?", (contact, entry.seq))
    for application in change.applications:
        run("DELETE FROM members_application WHERE id = ?", (application,))
    for grp, party in change.askings:
        run("DELETE FROM members_asking WHERE grp = ? AND party = ? AND seq < ?", (grp, party, entry.seq))
    if not change.person:
        return
    who, party = change.person, party_of(change.person)
    run("DELETE FROM members_person WHERE id = ?", (who,))
    run("DELETE FROM members_organisation WHERE id = ? AND kind = ?", (change.org, GUEST))
    run("DELETE FROM members_profile WHERE subject = ?", (party,))
    run("DELETE FROM members_suspended WHERE party = ?", (party,))
    run("DELETE FROM members_idle WHERE person = ?", (who,))
    run("DELETE FROM members_officer WHERE person = ?", (who,))
    run("DELETE FROM members_belonging WHERE party = ?", (party,))
    run("DELETE FROM members_owner WHERE party = ?", (party,))
    run("DELETE FROM members_hold WHERE scope = 'person' AND target = ?", (who,))
    run("UPDATE members_guest SET ended = ? WHERE person = ? AND (ended IS NULL OR ended > ?)",
        (entry.at, who, entry.at))


# Holds and erasures: read

_HOLD = "SELECT id, scope, target, matter, basis, officer, at, until, lifted, lifted_by FROM members_hold"


def holds(connection: Connection) -> list[Hold]:
    """Return all holds, the newest first."""
    return [Hold(*row) for row in connection.rows(f"{_HOLD} ORDER BY seq DESC LIMIT {MOST_ROWS}")]


def hold_of_id(connection: Connection, identifier: str) -> Hold | None:
    """Return a hold by its id."""
    rows = connection.rows(f"{_HOLD} WHERE id = ?", (identifier,))
    return Hold(*rows[0]) if rows else None


def held_until(connection: Connection, targets: Iterable[str], now: Instant) -> Instant:
    """Return until when one of the targets is held, 0 where none is."""
    among, values = connection.among(sorted(set(targets)))
    rows = connection.rows(f"SELECT coalesce(max(until), 0) FROM members_hold WHERE target IN {among} AND lifted = 0"
                           " AND until > ?", (values, now))
    return int(rows[0][0])


def erasures(connection: Connection) -> list[tuple[tuple[int, ...], tuple[str, ...]]]:
    """Return (positions, contributions) of all erasures: what must have left the record."""
    return [(tuple(msgspec.json.decode(seqs)), tuple(msgspec.json.decode(contributions)))
            for seqs, contributions in connection.rows(
                f"SELECT seqs, contributions FROM members_erased ORDER BY seq LIMIT {MOST_ROWS}")]


def ended_applications(connection: Connection, before: Instant) -> list[str]:
    """Return the applications that were refused or declined before an instant, or that lapsed long before it."""
    return [row[0] for row in connection.rows(
        "SELECT id FROM members_application WHERE (state = 'refused' AND decided < ?)"
        f" OR (state IN ('declined', 'asked', 'sponsored', 'lapsed') AND at < ?) ORDER BY seq LIMIT {MOST_ROWS}",
        (before, before - 90 * DAY))]


def application_standing(connection: Connection, identifier: str) -> str | None:
    """Return the state of an application, None for none."""
    rows = connection.rows("SELECT state FROM members_application WHERE id = ?", (identifier,))
    return str(rows[0][0]) if rows else None


def count_with_role(connection: Connection, role: str, without: str, org: str = "") -> int:
    """Count the people in good standing who hold a role, one person apart; ``org``: of one organisation."""
    rows = connection.rows(
        "SELECT count(*) FROM members_person p WHERE ' ' || p.roles || ' ' LIKE ? AND p.id <> ? AND (? = '' OR"
        " p.org = ?) AND NOT EXISTS (SELECT 1 FROM members_suspended s WHERE s.party IN ('person:' || p.id,"
        " 'org:' || p.org))", (f"% {role} %", without, org, org))
    return int(rows[0][0])


def count_others(connection: Connection, org: str, without: str) -> int:
    """Count the people of an organisation, one apart."""
    rows = connection.rows("SELECT count(*) FROM members_person WHERE org = ? AND id <> ?", (org, without))
    return int(rows[0][0])


# What the membership holds on a person

_Asked = dict[str, tuple[str, str, tuple[str, ...]]]

_PROJECTED: _Asked = {
    "person": ("id, org, name, email, roles, created", "members_person WHERE id = ?", ("id",)),
    "suspended": ("reason, since", "members_suspended WHERE party = ?", ("party",)),
    "profile": ("about, expertise, email, phone, website, shown", "members_profile WHERE subject = ?", ("party",)),
    "idle": ("noticed, since", "members_idle WHERE person = ?", ("id",)),
    "groups": ("g.name, b.grp", "members_belonging b JOIN members_group g ON g.id = b.grp WHERE b.party = ?",
               ("party",)),
    "groups_owned": ("grp", "members_owner WHERE party = ?", ("party",)),
    "requests_to_groups": ("grp, party, way, message, at, state", "members_asking WHERE writer = ? OR party = ?",
                           ("id", "party")),
    "guest": ("grp, at, until, ended", "members_guest WHERE person = ?", ("id",)),
    "guests_admitted": ("person, grp, at, until, ended", "members_guest WHERE host_person = ?", ("id",)),
    "applications": ("id, name, sector, kind, applicant, email, why, sponsor, at, state, decided",
                     "members_application WHERE email = ?", ("email",)),
    "applications_stood_for": ("id, name, statement, sponsored", "members_application WHERE sponsor_person = ?",
                               ("id",)),
    "applications_decided": ("id, name, state, reason, decided", "members_application WHERE vetter = ?", ("id",)),
    "stood_for": ("org, at", "members_sponsorship WHERE sponsor_person = ?", ("id",)),
    "terms_accepted": ("org, version, at", "members_terms WHERE person = ?", ("id",)),
    "office": ("public_key, since", "members_officer WHERE person = ?", ("id",)),
    "contacts": ("id, name, role, phone, email, languages, confirmed", "members_contact WHERE email = ?", ("email",)),
}  # fmt: skip
_KEPT: _Asked = {
    "sessions": ("method, created, expires, seen, ended", "members_vault_session WHERE person = ?", ("id",)),
    "sign_in_links": ("created, expires, used", "members_vault_link WHERE person = ?", ("id",)),
    "last_used": ("day", "members_vault_last WHERE person = ?", ("id",)),
    "keys": ("id, role, scopes, label, created, expires, used_day, ended", "members_vault_key WHERE person = ?",
             ("id",)),
    "passkeys": ("id, label, created, uses, public_key", "members_vault_passkey WHERE person = ?", ("id",)),
    "password": ("changed", "members_vault_password WHERE person = ?", ("id",)),
    "authenticator_app": ("confirmed", "members_vault_totp WHERE person = ?", ("id",)),
    "recovery_codes": ("used", "members_vault_recovery WHERE person = ?", ("id",)),
    "linked_accounts": ("issuer, subject, label, created", "members_vault_identity WHERE person = ?", ("id",)),
    "audit": ("at, action, org, subject, detail", "members_vault_audit WHERE actor = ? OR subject = ? OR subject = ?",
              ("party", "id", "party")),
    # Never what it was about: who holds this document is not to be named as an author by it.
    "revealed": ("opened, ended, state, basis, reason", "members_vault_reveal WHERE person = ?", ("id",)),
    "cases_as_officer": ("id, opened, ended, state", "members_vault_reveal WHERE first = ? OR second = ?",
                         ("id", "id")),
}  # fmt: skip

_INSTANTS = frozenset({"created", "since", "at", "until", "ended", "decided", "sponsored", "confirmed", "expires",
                       "used", "changed", "opened", "noticed"})
_BY_DAY = {"sessions": frozenset({"created", "expires", "seen", "ended"})}
"""Sessions are told by the day: the vault knows no better of their use, and the hour is nobody's business."""


def held_on(projections: Connection, vault: Connection, who: Person) -> dict[str, object]:
    """Return all that the membership holds on a person, by section; keys and passwords without their secrets."""
    values = {"id": who.id, "party": party_of(who.id), "email": who.email}
    found: dict[str, object] = {}
    for connection, asked in ((projections, _PROJECTED), (vault, _KEPT)):
        for section, (columns, rest, names) in asked.items():
            rows = connection.rows(f"SELECT {columns} FROM {rest} LIMIT {MOST_ROWS}", [values[name] for name in names])
            heads = [head.rpartition(".")[2] for head in columns.split(", ")]
            found[section] = [
                {head: _plain(section, head, value) for head, value in zip(heads, row, strict=True)} for row in rows]
    return found


def _plain(section: str, head: str, value: object) -> object:
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).hex()
    if not isinstance(value, int):
        return value
    if head == "day":
        return format_day(value * DAY)
    if head in _BY_DAY.get(section, ()):
        return format_day(value)
    if head in _INSTANTS:
        return format_instant(value) if value else None
    return value


def forget(vault: Connection, who: Person) -> None:
    """Delete what the vault's part of the membership holds on a person; audit lines stay, and name nobody."""
    run, party = vault.run, party_of(who.id)
    run("DELETE FROM members_vault_session WHERE person = ?", (who.id,))
    run("DELETE FROM members_vault_link WHERE person = ?", (who.id,))
    run("DELETE FROM members_vault_last WHERE person = ?", (who.id,))
    run("DELETE FROM members_vault_key WHERE person = ?", (who.id,))
    run("DELETE FROM members_vault_passkey WHERE person = ?", (who.id,))
    run("DELETE FROM members_vault_password WHERE person = ?", (who.id,))
    run("DELETE FROM members_vault_totp WHERE person = ?", (who.id,))
    run("DELETE FROM members_vault_recovery WHERE person = ?", (who.id,))
    run("DELETE FROM members_vault_identity WHERE person = ?", (who.id,))
    # What one wrote oneself, as a key's label, goes; what an organisation has to account for stays.
    run("UPDATE members_vault_audit SET detail = '' WHERE actor = ? AND (action LIKE ? OR action LIKE ?)",
        (party, "key.%", "identity.%"))
    run("UPDATE members_vault_audit SET actor = 'person:erased' WHERE actor = ?", (party,))
    run("UPDATE members_vault_audit SET subject = 'erased', detail = '' WHERE subject = ? OR subject = ?",
        (who.id, party))
