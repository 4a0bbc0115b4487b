"""All the SQL of the membership: its projections of the record, and its part of the vault.

Projections (``members_*``) are built from entries in ``seq`` order and can be dropped and built again to the same
bytes; each row keeps the position of the entry that made it, so that an erasure finds it. Of two entries that make
the same thing the first counts. The vault (``members_vault_*``) is never rebuilt; it holds keyed hashes as hex text
and no secret in clear.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, SmallInteger, String, Table, Text

from fusioncell.kernel.clock import Instant
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.marking import org, person
from fusioncell.kernel.ports import Connection, Row
from fusioncell.members.entries import (
    Change,
    ClientNamed,
    GroupMade,
    Joined,
    Left,
    OrganisationAdded,
    PersonAdded,
    RolesGiven,
    Suspended,
    changes_in,
)
from fusioncell.members.model import Group, KeyInfo, Organisation, Person, SessionInfo
from fusioncell.members.passkeys import Passkey
from fusioncell.members.recognise import Belonging, Standing
from fusioncell.members.slow_down import Attempts

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
    "members_group", metadata,
    Column("id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
)
Table(
    "members_belonging", metadata,
    Column("grp", String(64), primary_key=True),
    Column("party", String(80), primary_key=True, index=True),
    Column("since", BigInteger, nullable=False),
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
    "members_vault_password", vault_metadata,
    Column("person", String(64), primary_key=True),
    Column("hash", Text, nullable=False),
    Column("changed", BigInteger, nullable=False),
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
    "members_vault_link", vault_metadata,
    Column("id", String(64), primary_key=True),
    Column("mark", String(64), nullable=False),
    Column("person", String(64), nullable=False, index=True),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("used", BigInteger),
)
Table(
    "members_vault_attempt", vault_metadata,
    Column("subject", String(64), primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False, index=True),
)
Table(
    "members_vault_generation", vault_metadata,
    Column("one", SmallInteger, primary_key=True, autoincrement=False),
    Column("generation", BigInteger, nullable=False),
)

Table(
    "members_vault_passkey", vault_metadata,
    Column("id", Text, primary_key=True),
    Column("person", String(64), nullable=False, index=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("uses", BigInteger, nullable=False),
    Column("label", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
)
Table(
    "members_vault_challenge", vault_metadata,
    Column("challenge", String(128), primary_key=True),
    Column("expires", BigInteger, nullable=False, index=True),
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
        case OrganisationAdded():
            run("INSERT INTO members_organisation (id, name, folded, sector, kind, created, seq)"
                " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
                (change.id, change.name, change.name.casefold(), change.sector, change.kind, entry.at, entry.seq))
        case PersonAdded():
            run("INSERT INTO members_person (id, org, name, email, roles, created, seq) VALUES (?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (id) DO NOTHING",
                (change.id, change.org, change.name, change.email, " ".join(change.roles), entry.at, entry.seq))
        case RolesGiven():
            run("UPDATE members_person SET roles = ? WHERE id = ?", (" ".join(change.roles), change.person))
        case GroupMade() | Joined() | Left():
            _apply_to_group(connection, entry, change)
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


def _apply_to_group(connection: Connection, entry: Entry, change: GroupMade | Joined | Left) -> None:
    match change:
        case GroupMade():
            made = connection.run("INSERT INTO members_group (id, name, generation, seq) VALUES (?, ?, 1, ?)"
                                  " ON CONFLICT (id) DO NOTHING", (change.id, change.name, entry.seq))
            if made:
                _belong(connection, change.id, change.members, 1, entry.seq)
        case Joined():
            # A new generation for each admission: what was posted before stays with those who held it.
            connection.run("UPDATE members_group SET generation = generation + 1 WHERE id = ?", (change.group,))
            for (current,) in connection.rows("SELECT generation FROM members_group WHERE id = ?", (change.group,)):
                _belong(connection, change.group, change.parties, current, entry.seq)
        case Left():
            connection.run("DELETE FROM members_belonging WHERE grp = ? AND party = ?", (change.group, change.party))


def _belong(connection: Connection, grp: str, parties: Iterable[str], since: int, seq: int) -> None:
    for party in parties:
        connection.run("INSERT INTO members_belonging (grp, party, since, seq) VALUES (?, ?, ?, ?)"
                       " ON CONFLICT (grp, party) DO NOTHING", (grp, party, since, seq))


def purge(connection: Connection, seq: int) -> None:
    """Take out what the entry at this position made: called when its payload was erased (DESIGN rule 13).

    Only the kinds that hold personal data are ever erased: ``member.person`` and ``member.suspended`` (its reason).
    """
    connection.run("DELETE FROM members_person WHERE seq = ?", (seq,))
    connection.run("DELETE FROM members_suspended WHERE seq = ?", (seq,))


# Projections: read

_ORGANISATION = ("SELECT o.id, o.name, o.sector, o.kind, o.created, s.party IS NOT NULL FROM members_organisation o"
                 " LEFT JOIN members_suspended s ON s.party = 'org:' || o.id")
_PERSON = ("SELECT p.id, p.org, p.name, p.email, p.roles, p.created, s.party IS NOT NULL FROM members_person p"
           " LEFT JOIN members_suspended s ON s.party = 'person:' || p.id")


def _organisation(row: Row) -> Organisation:
    identifier, name, sector, kind, created, suspended = row
    return Organisation(identifier, name, sector, kind, created, bool(suspended))


def _person(row: Row) -> Person:
    identifier, org_id, name, email, roles, created, suspended = row
    return Person(identifier, org_id, name, email, tuple(roles.split()), created, bool(suspended))


def organisation(connection: Connection, identifier: str) -> Organisation | None:
    """Return the organisation of this id."""
    rows = connection.rows(f"{_ORGANISATION} WHERE o.id = ?", (identifier,))
    return _organisation(rows[0]) if rows else None


def organisation_named(connection: Connection, name: str) -> Organisation | None:
    """Return the first organisation that took this name, whatever its letters' case."""
    rows = connection.rows(f"{_ORGANISATION} WHERE o.folded = ? ORDER BY o.seq LIMIT 1", (name.casefold(),))
    return _organisation(rows[0]) if rows else None


def organisations(connection: Connection) -> list[Organisation]:
    """Return all organisations in the order of admission."""
    return [_organisation(row) for row in connection.rows(f"{_ORGANISATION} ORDER BY o.seq LIMIT {MOST_ROWS}")]


def person_of_id(connection: Connection, identifier: str) -> Person | None:
    """Return the person of this id."""
    rows = connection.rows(f"{_PERSON} WHERE p.id = ?", (identifier,))
    return _person(rows[0]) if rows else None


def person_of_email(connection: Connection, email: str) -> Person | None:
    """Return the first person who was added with this address."""
    rows = connection.rows(f"{_PERSON} WHERE p.email = ? ORDER BY p.seq LIMIT 1", (email,))
    return _person(rows[0]) if rows else None


def people_of(connection: Connection, org_id: str) -> list[Person]:
    """Return an organisation's people in the order in which they were added."""
    return [_person(row) for row in connection.rows(f"{_PERSON} WHERE p.org = ? ORDER BY p.seq LIMIT {MOST_ROWS}",
                                                    (org_id,))]


def group_of_id(connection: Connection, identifier: str) -> Group | None:
    """Return a group with its members."""
    rows = connection.rows("SELECT id, name, generation FROM members_group WHERE id = ?", (identifier,))
    if not rows:
        return None
    members = connection.rows(
        f"SELECT party, since FROM members_belonging WHERE grp = ? ORDER BY seq LIMIT {MOST_ROWS}",
        (identifier,))
    ident, name, current = rows[0]
    return Group(ident, name, current, tuple(sorted((party, since) for party, since in members)))


def groups_of(connection: Connection, parties: Iterable[str]) -> list[Group]:
    """Return the groups that any of the parties is in, each with those parties alone as its members."""
    among, values = connection.among(sorted(parties))
    found: dict[str, Group] = {}
    for ident, name, generation, party, since in connection.rows(
            "SELECT g.id, g.name, g.generation, b.party, b.since FROM members_belonging b"
            f" JOIN members_group g ON g.id = b.grp WHERE b.party IN {among} ORDER BY g.seq, b.since"
            f" LIMIT {MOST_ROWS}", (values,)):
        members = found[ident].members if ident in found else ()
        found[ident] = Group(ident, name, generation, (*members, (party, since)))
    return list(found.values())


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
    parties = [org(org_id)] + ([person(someone.id)] if someone else [])
    providers = sorted(row[0] for row in connection.rows(
        "SELECT c.provider FROM members_client c LEFT JOIN members_suspended s ON s.party = 'org:' || c.provider"
        f" WHERE c.client = ? AND s.party IS NULL ORDER BY c.seq LIMIT {MOST_ROWS}", (org_id,)))
    provided = groups_of(connection, [org(provider) for provider in providers]) if providers else []
    return Standing(org_id, someone, _belongings(groups_of(connection, parties)), tuple(providers),
                    _belongings(provided))


def _belongings(groups: Iterable[Group]) -> tuple[Belonging, ...]:
    return tuple(Belonging(g.id, since, g.generation) for g in groups for _, since in g.members)


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


# The vault: passwords, sessions, links

def save_password(connection: Connection, person_id: str, stored: str, now: Instant) -> None:
    """Keep a person's password hash in place of an earlier one."""
    connection.run(
        "INSERT INTO members_vault_password (person, hash, changed) VALUES (?, ?, ?)"
        " ON CONFLICT (person) DO UPDATE SET hash = excluded.hash, changed = excluded.changed",
        (person_id, stored, now))


def password_of(connection: Connection, person_id: str) -> str | None:
    """Return a person's password hash."""
    rows = connection.rows("SELECT hash FROM members_vault_password WHERE person = ?", (person_id,))
    return rows[0][0] if rows else None


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


def touch_session(connection: Connection, identifier: str, now: Instant) -> None:
    """Note that a session was used."""
    connection.run("UPDATE members_vault_session SET seen = ? WHERE id = ? AND seen < ?", (now, identifier, now))


def end_session(connection: Connection, identifier: str, now: Instant) -> int:
    """End a session; 0 where there is none of this id that lives."""
    return connection.run("UPDATE members_vault_session SET ended = ? WHERE id = ? AND ended IS NULL",
                          (now, identifier))


def end_sessions_of(connection: Connection, people: Iterable[str], now: Instant) -> None:
    """End all sessions of these people, and the sign-in links that they have not used."""
    for person_id in people:
        connection.run("UPDATE members_vault_session SET ended = ? WHERE person = ? AND ended IS NULL",
                       (now, person_id))
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


def use_link(connection: Connection, identifier: str, now: Instant) -> bool:
    """Use a link up; False where it was used before or has expired. Of two at once, one wins."""
    return connection.run("UPDATE members_vault_link SET used = ? WHERE id = ? AND used IS NULL AND expires > ?",
                          (now, identifier, now)) == 1


def forget_ended(connection: Connection, before: Instant) -> None:
    """Delete sessions and links that expired, and attempts whose last was, before an instant."""
    connection.run("DELETE FROM members_vault_session WHERE expires < ?", (before,))
    connection.run("DELETE FROM members_vault_link WHERE expires < ?", (before,))
    connection.run("DELETE FROM members_vault_attempt WHERE last < ?", (before,))
    connection.run("DELETE FROM members_vault_challenge WHERE expires < ?", (before,))


# The vault: passkeys

def _passkey(row: Row) -> Passkey:
    ident, person_id, public_key, uses, label, created = row
    return Passkey(ident, person_id, bytes(public_key), uses, label, created)


_PASSKEY = "SELECT id, person, public_key, uses, label, created FROM members_vault_passkey"


def save_passkey(connection: Connection, passkey: Passkey) -> bool:
    """Keep a new passkey; False where its id is taken."""
    return connection.run(
        "INSERT INTO members_vault_passkey (id, person, public_key, uses, label, created) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO NOTHING",
        (passkey.id, passkey.person, passkey.public_key, passkey.uses, passkey.label, passkey.created)) == 1


def passkey_of_id(connection: Connection, identifier: str) -> Passkey | None:
    """Return the passkey with this credential id."""
    rows = connection.rows(f"{_PASSKEY} WHERE id = ?", (identifier,))
    return _passkey(rows[0]) if rows else None


def passkeys_of(connection: Connection, person_id: str) -> list[Passkey]:
    """Return a person's passkeys, the oldest first."""
    return [_passkey(row) for row in connection.rows(
        f"{_PASSKEY} WHERE person = ? ORDER BY created LIMIT {MOST_ROWS}", (person_id,))]


def use_passkey(connection: Connection, identifier: str, uses: int) -> None:
    """Keep a passkey's new signature counter."""
    connection.run("UPDATE members_vault_passkey SET uses = ? WHERE id = ?", (uses, identifier))


def end_passkey(connection: Connection, identifier: str, person_id: str) -> int:
    """Delete one of a person's passkeys; 0 where there is none."""
    return connection.run("DELETE FROM members_vault_passkey WHERE id = ? AND person = ?", (identifier, person_id))


def use_challenge(connection: Connection, challenge: bytes, expires: Instant) -> bool:
    """Note a challenge as used; False where it was used before."""
    return connection.run("INSERT INTO members_vault_challenge (challenge, expires) VALUES (?, ?)"
                          " ON CONFLICT (challenge) DO NOTHING", (challenge.hex(), expires)) == 1


# The vault: attempts and the generation

def attempts_of(connection: Connection, subject: str) -> Attempts:
    """Return the attempts counted for a subject and hold its row until the transaction ends."""
    connection.run("INSERT INTO members_vault_attempt (subject, count, last) VALUES (?, 0, 0)"
                   " ON CONFLICT (subject) DO UPDATE SET count = members_vault_attempt.count", (subject,))
    count, last = connection.rows("SELECT count, last FROM members_vault_attempt WHERE subject = ?", (subject,))[0]
    return Attempts(count, last)


def save_attempts(connection: Connection, subject: str, attempts: Attempts) -> None:
    """Keep the attempts counted for a subject."""
    connection.run("UPDATE members_vault_attempt SET count = ?, last = ? WHERE subject = ?",
                   (attempts.count, attempts.last, subject))


def forgive(connection: Connection, account: str, address: str) -> None:
    """The password was right: forget the account's failures and give the address its attempt back."""
    connection.run("DELETE FROM members_vault_attempt WHERE subject = ?", (account,))
    connection.run("UPDATE members_vault_attempt SET count = count - 1 WHERE subject = ? AND count > 0", (address,))


def generation(connection: Connection) -> int:
    """Return the number that moves with every change which could make a remembered viewer wrong."""
    rows = connection.rows("SELECT generation FROM members_vault_generation WHERE one = 1")
    return int(rows[0][0]) if rows else 0


def next_generation(connection: Connection) -> None:
    """Move the generation, in the transaction of the change or after it."""
    connection.run("INSERT INTO members_vault_generation (one, generation) VALUES (1, 1)"
                   " ON CONFLICT (one) DO UPDATE SET generation = members_vault_generation.generation + 1")
