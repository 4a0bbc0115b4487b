"""All the SQL of the membership: its projections of the record, and its part of the vault.

Projections (``members_*``) are built from entries in ``seq`` order and can be dropped and built again to the same
bytes; each row keeps the position of the entry that made it, so that an erasure finds it. Of two entries that make
the same thing the first counts. The vault (``members_vault_*``) is never rebuilt; it holds keyed hashes as hex text
and no secret in clear.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import BigInteger, Column, MetaData, SmallInteger, String, Table, Text

from fusioncell.kernel.clock import Instant
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.marking import Tlp, org, person
from fusioncell.kernel.ports import Connection, Row
from fusioncell.members.entries import (
    AddressGiven,
    AgreementMade,
    Change,
    ClientNamed,
    OrganisationAdded,
    OrganisationNamed,
    PersonAdded,
    RolesGiven,
    Suspended,
    changes_in,
)
from fusioncell.members.model import GUEST, HUB, UNLISTED, KeyInfo, Organisation, Person, SessionInfo
from fusioncell.members.recognise import Belonging, Standing

metadata = MetaData()
"""The projections' tables."""

Table(
    "members_organisation", metadata,
    Column("id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("folded", Text, nullable=False, index=True),
    Column("sector", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("bound", SmallInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
)
Table(
    "members_person", metadata,
    Column("id", String(64), primary_key=True),
    Column("org", String(64), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False, index=True),
    Column("roles", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
)
Table(
    "members_client", metadata,
    Column("client", String(64), primary_key=True),
    Column("provider", String(64), primary_key=True),
    Column("seq", BigInteger, nullable=False),
)
Table(
    "members_suspended", metadata,
    Column("party", String(80), primary_key=True),
    Column("reason", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
)

Table(
    "members_agreement", metadata,
    Column("org", String(64), primary_key=True),
    Column("ceiling", String(16), nullable=False),
    Column("seq", BigInteger, nullable=False),
)

vault_metadata = MetaData()
"""The vault's tables; changed by migrations only, never rebuilt."""

Table(
    "members_vault_key", vault_metadata,
    Column("id", String(64), primary_key=True),
    Column("mark", String(64), nullable=False),
    Column("org", String(64), nullable=False, index=True),
    Column("person", String(64)),
    Column("role", Text, nullable=False),
    Column("scopes", Text),
    Column("label", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("used_day", String(10)),
    Column("ended", BigInteger),
)
Table(
    "members_vault_session", vault_metadata,
    Column("id", String(64), primary_key=True),
    Column("mark", String(64), nullable=False),
    Column("person", String(64), nullable=False, index=True),
    Column("method", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("ended", BigInteger),
)
Table(
    "members_vault_last", vault_metadata,
    Column("person", String(64), primary_key=True),
    Column("day", BigInteger, nullable=False),
)
Table(
    "members_vault_link", vault_metadata,
    Column("id", String(64), primary_key=True),
    Column("mark", String(64), nullable=False),
    Column("person", String(64), nullable=False, index=True),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("used", BigInteger),
)
Table(
    "members_vault_generation", vault_metadata,
    Column("one", SmallInteger, primary_key=True, autoincrement=False),
    Column("generation", BigInteger, nullable=False),
)


MOST_ROWS = 10_000
"""No listing is longer."""


# Projections: written from entries

def project(connection: Connection, entries: Sequence[Entry]) -> None:
    """Apply a batch of entries, in ``seq`` order; what is not of this room is passed over."""
    for entry, change in changes_in(entries):
        _apply(connection, entry, change)


def _apply(connection: Connection, entry: Entry, change: Change) -> None:
    run = connection.run
    match change:
        case AgreementMade():
            run("INSERT INTO members_agreement (org, ceiling, seq) VALUES (?, ?, ?)"
                " ON CONFLICT (org) DO UPDATE SET ceiling = excluded.ceiling, seq = excluded.seq",
                (change.org, change.ceiling, entry.seq))
        case OrganisationAdded():
            run("INSERT INTO members_organisation (id, name, folded, sector, kind, created, bound, seq)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
                (change.id, change.name, change.name.casefold(), change.sector, change.kind, entry.at,
                 int(change.bound), entry.seq))
        case PersonAdded():
            run("INSERT INTO members_person (id, org, name, email, roles, created, seq) VALUES (?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (id) DO NOTHING",
                (change.id, change.org, change.name, change.email, " ".join(change.roles), entry.at, entry.seq))
        case OrganisationNamed():
            run("UPDATE members_organisation SET name = ?, folded = ? WHERE id = ?",
                (change.name, change.name.casefold(), change.id))
        case AddressGiven():
            run("UPDATE members_person SET email = ? WHERE id = ?", (change.email, change.person))
        case RolesGiven():
            run("UPDATE members_person SET roles = ? WHERE id = ?", (" ".join(change.roles), change.person))
        case ClientNamed():
            if change.active:
                run("INSERT INTO members_client (client, provider, seq) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                    (change.client, change.provider, entry.seq))
            else:
                run("DELETE FROM members_client WHERE client = ? AND provider = ?", (change.client, change.provider))
        case Suspended():
            if change.suspended:
                run("INSERT INTO members_suspended (party, reason, since, seq) VALUES (?, ?, ?, ?)"
                    " ON CONFLICT (party) DO NOTHING", (change.party, change.reason, entry.at, entry.seq))
            else:
                run("DELETE FROM members_suspended WHERE party = ?", (change.party,))


def purge(connection: Connection, seq: int) -> None:
    """Take out what the entry at this position made: called when its payload was erased (DESIGN rule 13).

    Only the kinds that hold personal data are ever erased: ``member.person`` and ``member.suspended`` (its reason).
    """
    connection.run("DELETE FROM members_person WHERE seq = ?", (seq,))
    connection.run("DELETE FROM members_suspended WHERE seq = ?", (seq,))


# Projections: read

_ORGANISATION = ("SELECT o.id, o.name, o.sector, o.kind, o.created, s.party IS NOT NULL, o.bound"
                 " FROM members_organisation o LEFT JOIN members_suspended s ON s.party = 'org:' || o.id")
_PERSON = ("SELECT p.id, p.org, p.name, p.email, p.roles, p.created, s.party IS NOT NULL FROM members_person p"
           " LEFT JOIN members_suspended s ON s.party = 'person:' || p.id")


def _organisation(row: Row) -> Organisation:
    identifier, name, sector, kind, created, suspended, bound = row
    return Organisation(identifier, name, sector, kind, created, bool(suspended), bool(bound))


def _person(row: Row) -> Person:
    identifier, org_id, name, email, roles, created, suspended = row
    return Person(identifier, org_id, name, email, tuple(roles.split()), created, bool(suspended))


def organisation(connection: Connection, identifier: str) -> Organisation | None:
    """Return the organisation of this id."""
    rows = connection.rows(f"{_ORGANISATION} WHERE o.id = ?", (identifier,))
    return _organisation(rows[0]) if rows else None


def organisation_named(connection: Connection, name: str) -> Organisation | None:
    """Return the first organisation that took this name, whatever its letters' case."""
    rows = connection.rows(f"{_ORGANISATION} WHERE o.folded = ? AND o.kind NOT IN {UNLISTED} ORDER BY o.seq LIMIT 1",
                           (name.casefold(),))
    return _organisation(rows[0]) if rows else None


def organisations(connection: Connection) -> list[Organisation]:
    """Return all organisations in the order of admission."""
    return [_organisation(row) for row in connection.rows(
        f"{_ORGANISATION} WHERE o.kind NOT IN {UNLISTED} ORDER BY o.seq LIMIT {MOST_ROWS}")]


def person_of_id(connection: Connection, identifier: str) -> Person | None:
    """Return the person of this id."""
    rows = connection.rows(f"{_PERSON} WHERE p.id = ?", (identifier,))
    return _person(rows[0]) if rows else None


def person_of_email(connection: Connection, email: str) -> Person | None:
    """Return the first person who was added with this address."""
    rows = connection.rows(f"{_PERSON} WHERE p.email = ? AND NOT EXISTS (SELECT 1 FROM members_organisation o"
                           f" WHERE o.id = p.org AND o.kind = '{GUEST}') ORDER BY p.seq LIMIT 1", (email,))
    return _person(rows[0]) if rows else None


def people_of(connection: Connection, org_id: str) -> list[Person]:
    """Return an organisation's people in the order in which they were added."""
    return [_person(row) for row in connection.rows(f"{_PERSON} WHERE p.org = ? ORDER BY p.seq LIMIT {MOST_ROWS}",
                                                    (org_id,))]


def standing(connection: Connection, org_id: str | None, person_id: str | None) -> Standing | None:
    """Return who one is and what one belongs to; None where unknown or suspended.

    ``org_id`` None: the person's own. A key that names a person of another organisation is no standing.
    """
    someone = person_of_id(connection, person_id) if person_id else None
    if person_id and (someone is None or someone.suspended or (org_id and someone.org != org_id)):
        return None
    org_id = org_id or (someone.org if someone else "")
    mine = organisation(connection, org_id)
    if mine is None or mine.suspended:
        return None
    if mine.kind == GUEST:
        return _guest_standing(connection, someone)
    parties = [org(org_id)] + ([person(someone.id)] if someone else [])
    providers = sorted(row[0] for row in connection.rows(
        "SELECT c.provider FROM members_client c LEFT JOIN members_suspended s ON s.party = 'org:' || c.provider"
        f" WHERE c.client = ? AND s.party IS NULL ORDER BY c.seq LIMIT {MOST_ROWS}", (org_id,)))
    provided = _belongings(connection, [org(provider) for provider in providers]) if providers else ()
    held = _belongings(connection, parties)
    if mine.kind == HUB:
        return Standing(org_id, None, held, bound=mine.bound, ceiling=ceilings(connection).get(org_id, Tlp.CLEAR))
    return Standing(org_id, someone, held, tuple(providers), provided, mine.bound)


def ceilings(connection: Connection) -> dict[str, Tlp]:
    """Return up to which marking each other hub reads here."""
    return {org_id: Tlp(ceiling) for org_id, ceiling in connection.rows(
        f"SELECT org, ceiling FROM members_agreement ORDER BY seq LIMIT {MOST_ROWS}")}


def _belongings(connection: Connection, parties: Iterable[str]) -> tuple[Belonging, ...]:
    """Return which generations of which groups (``members.circles``) these parties hold."""
    among, values = connection.among(sorted(parties))
    return tuple(Belonging(*row) for row in connection.rows(
        "SELECT g.id, b.since, g.generation FROM members_belonging b JOIN members_group g ON g.id = b.grp"
        f" WHERE b.party IN {among} ORDER BY g.seq, b.since LIMIT {MOST_ROWS}", (values,)))


def _guest_standing(connection: Connection, someone: Person | None) -> Standing | None:
    """Return the standing of a guest: in its one group, until its stay ends, while its host is in good standing."""
    if someone is None:
        return None
    for grp, since, generation, until in connection.rows(
            "SELECT g.id, u.since, g.generation, u.until FROM members_guest u JOIN members_group g ON g.id = u.grp"
            " WHERE u.person = ? AND u.ended IS NULL AND NOT EXISTS (SELECT 1 FROM members_suspended s"
            " WHERE s.party = u.host OR s.party = (SELECT 'org:' || p.org FROM members_person p"
            " WHERE 'person:' || p.id = u.host))", (someone.id,)):
        return Standing(someone.org, someone, (Belonging(grp, since, generation),), guest_until=until)
    return None


# The vault: keys

_KEY = "SELECT id, org, person, role, scopes, label, created, expires, used_day, ended, mark FROM members_vault_key"


def _key(row: Row) -> KeyInfo:
    ident, org_id, person_id, role, scopes, label, created, expires, used_day, ended = row[:10]
    narrowed = None if scopes is None else frozenset(scopes.split())
    return KeyInfo(ident, org_id, person_id, role, narrowed, label, created, expires, used_day, ended)


def save_key(connection: Connection, info: KeyInfo, mark: bytes) -> None:
    """Keep a new key: what is known of it, and its keyed hash."""
    scopes = None if info.scopes is None else " ".join(sorted(info.scopes))
    connection.run(
        "INSERT INTO members_vault_key (id, mark, org, person, role, scopes, label, created, expires)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (info.id, mark.hex(), info.org, info.person, info.role, scopes, info.label, info.created, info.expires))


def key_of_id(connection: Connection, identifier: str) -> tuple[KeyInfo, bytes] | None:
    """Return a key and its keyed hash, by its public id."""
    rows = connection.rows(f"{_KEY} WHERE id = ?", (identifier,))
    return (_key(rows[0]), bytes.fromhex(rows[0][10])) if rows else None


def keys(connection: Connection, org_id: str | None) -> list[KeyInfo]:
    """Return the keys of an organisation (None: of all), the newest first."""
    where, values = ("", ()) if org_id is None else (" WHERE org = ?", (org_id,))
    return [_key(row) for row in connection.rows(f"{_KEY}{where} ORDER BY created DESC LIMIT {MOST_ROWS}",
                                                 values)]


def count_keys(connection: Connection, org_id: str) -> int:
    """Count the keys of an organisation that were not ended."""
    rows = connection.rows("SELECT count(*) FROM members_vault_key WHERE org = ? AND ended IS NULL", (org_id,))
    return int(rows[0][0])


def use_key(connection: Connection, identifier: str, day: str) -> None:
    """Note the day on which a key was last used."""
    connection.run("UPDATE members_vault_key SET used_day = ? WHERE id = ?", (day, identifier))


def end_key(connection: Connection, identifier: str, now: Instant) -> int:
    """End a key; 0 where there is none of this id that lives."""
    return connection.run("UPDATE members_vault_key SET ended = ? WHERE id = ? AND ended IS NULL",
                          (now, identifier))


# The vault: sessions, links

_SESSION = "SELECT id, person, method, created, expires, seen, ended, mark FROM members_vault_session"


def save_session(connection: Connection, info: SessionInfo, mark: bytes) -> None:
    """Keep a new session and its keyed hash."""
    connection.run(
        "INSERT INTO members_vault_session (id, mark, person, method, created, expires, seen)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (info.id, mark.hex(), info.person, info.method, info.created, info.expires, info.seen))


def session_of_id(connection: Connection, identifier: str) -> tuple[SessionInfo, bytes] | None:
    """Return a session and its keyed hash, by its public id."""
    rows = connection.rows(f"{_SESSION} WHERE id = ?", (identifier,))
    return (SessionInfo(*rows[0][:7]), bytes.fromhex(rows[0][7])) if rows else None


def sessions_of(connection: Connection, person_id: str, now: Instant) -> list[SessionInfo]:
    """Return a person's sessions that were neither ended nor expired, the newest first."""
    return [SessionInfo(*row[:7]) for row in connection.rows(
        f"{_SESSION} WHERE person = ? AND ended IS NULL AND expires > ? ORDER BY created DESC LIMIT {MOST_ROWS}",
        (person_id, now))]


def touch_session(connection: Connection, identifier: str, day: Instant) -> None:
    """Note the day (the instant at which it began) on which a session was last used."""
    connection.run("UPDATE members_vault_session SET seen = ? WHERE id = ? AND seen < ?", (day, identifier, day))


def end_session(connection: Connection, identifier: str, now: Instant) -> int:
    """End a session; 0 where there is none of this id that lives."""
    return connection.run("UPDATE members_vault_session SET ended = ? WHERE id = ? AND ended IS NULL",
                          (now, identifier))


def end_sessions_of(connection: Connection, people: Iterable[str], now: Instant, keep: str = "") -> None:
    """End all sessions of these people but the one of the id ``keep``, and the sign-in links not used yet."""
    for person_id in people:
        connection.run("UPDATE members_vault_session SET ended = ? WHERE person = ? AND ended IS NULL AND id <> ?",
                       (now, person_id, keep))
        connection.run("UPDATE members_vault_link SET used = ? WHERE person = ? AND used IS NULL", (now, person_id))


def save_link(connection: Connection, identifier: str, mark: bytes, person_id: str, now: Instant,
              expires: Instant) -> None:
    """Keep a sign-in link by its keyed hash."""
    connection.run("INSERT INTO members_vault_link (id, mark, person, created, expires) VALUES (?, ?, ?, ?, ?)",
                   (identifier, mark.hex(), person_id, now, expires))


def link_of_id(connection: Connection, identifier: str) -> tuple[str, bytes] | None:
    """Return whom a link signs in, and its keyed hash, by its public id."""
    rows = connection.rows("SELECT person, mark FROM members_vault_link WHERE id = ?", (identifier,))
    return (rows[0][0], bytes.fromhex(rows[0][1])) if rows else None


def use_link(connection: Connection, identifier: str, now: Instant, day: Instant) -> bool:
    """Use a link up, noting the day; False where it was used before or has expired. Of two at once, one wins."""
    return connection.run("UPDATE members_vault_link SET used = ? WHERE id = ? AND used IS NULL AND expires > ?",
                          (day, identifier, now)) == 1


def forget_ended(connection: Connection, before: Instant) -> None:
    """Delete sessions and links that expired before an instant.

    The day on which a person last used a session stays: by it an idle account is known.
    """
    connection.run(
        "INSERT INTO members_vault_last (person, day) SELECT person, max(seen) / 86400000000 FROM members_vault_session"
        " WHERE expires < ? GROUP BY person ON CONFLICT (person) DO UPDATE SET day ="
        " CASE WHEN excluded.day > members_vault_last.day THEN excluded.day ELSE members_vault_last.day END", (before,))
    connection.run("DELETE FROM members_vault_session WHERE expires < ?", (before,))
    connection.run("DELETE FROM members_vault_link WHERE expires < ?", (before,))


# The vault: the generation

def generation(connection: Connection) -> int:
    """Return the number that moves with every change which could make a remembered viewer wrong."""
    rows = connection.rows("SELECT generation FROM members_vault_generation WHERE one = 1")
    return int(rows[0][0]) if rows else 0


def next_generation(connection: Connection) -> None:
    """Move the generation, in the transaction of the change or after it."""
    connection.run("INSERT INTO members_vault_generation (one, generation) VALUES (1, 1)"
                   " ON CONFLICT (one) DO UPDATE SET generation = members_vault_generation.generation + 1")
