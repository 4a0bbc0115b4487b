"""All the SQL of the directory: projections of the record, each row with the audience that may read it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import BigInteger, Column, Integer, MetaData, SmallInteger, String, Table, Text

from fusioncell.kernel.entry import Entry
from fusioncell.kernel.ports import Connection, Row
from fusioncell.members.directory.entries import (
    ContactAsked,
    ContactConfirmed,
    ContactRemoved,
    ContactSet,
    ProfileSet,
    changes_in,
)
from fusioncell.members.directory.model import Contact, Listed, PersonListed, Profile
from fusioncell.members.model import UNLISTED

metadata = MetaData()

Table(
    "members_profile", metadata,
    Column("subject", String(80), primary_key=True),
    Column("about", Text, nullable=False),
    Column("expertise", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("website", Text, nullable=False),
    Column("shown", SmallInteger, nullable=False),
    Column("folded", Text, nullable=False),
    Column("audience", Integer, nullable=False),
    Column("seq", BigInteger, nullable=False, index=True),
)
Table(
    "members_contact", metadata,
    Column("id", String(64), primary_key=True),
    Column("org", String(64), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("languages", Text, nullable=False),
    Column("readers", Text, nullable=False),
    Column("asked", BigInteger),
    Column("confirmed", BigInteger),
    Column("audience", Integer, nullable=False),
    Column("seq", BigInteger, nullable=False, index=True),
)

MOST_ROWS = 2000
"""No listing is longer."""


def project(connection: Connection, entries: Sequence[Entry]) -> None:
    """Apply a batch of entries, in ``seq`` order; what is not of the directory is passed over."""
    run = connection.run
    for entry, change in changes_in(entries):
        match change:
            case ProfileSet():
                _set_profile(connection, entry, change)
            case ContactSet():
                run("INSERT INTO members_contact (id, org, name, role, phone, email, languages, readers, audience, seq)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name,"
                    " role = excluded.role, phone = excluded.phone, email = excluded.email,"
                    " languages = excluded.languages, readers = excluded.readers, audience = excluded.audience,"
                    " seq = excluded.seq, confirmed = CASE WHEN members_contact.phone = excluded.phone"
                    " AND members_contact.email = excluded.email THEN members_contact.confirmed END",
                    (change.id, change.org, change.name, change.role, change.phone, change.email, change.languages,
                     change.readers, entry.audience, entry.seq))
            case ContactAsked():
                run("UPDATE members_contact SET asked = ? WHERE id = ?", (entry.at, change.contact))
            case ContactConfirmed():
                run("UPDATE members_contact SET confirmed = ?, audience = ? WHERE id = ?",
                    (entry.at, entry.audience, change.contact))
            case ContactRemoved():
                run("DELETE FROM members_contact WHERE id = ?", (change.contact,))


def _set_profile(connection: Connection, entry: Entry, change: ProfileSet) -> None:
    connection.run(
        "INSERT INTO members_profile (subject, about, expertise, email, phone, website, shown, folded, audience, seq)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (subject) DO UPDATE SET about = excluded.about,"
        " expertise = excluded.expertise, email = excluded.email, phone = excluded.phone, website = excluded.website,"
        " shown = excluded.shown, folded = excluded.folded, audience = excluded.audience, seq = excluded.seq",
        (change.subject, change.about, change.expertise, change.email, change.phone, change.website, int(change.shown),
         f"{change.about} {change.expertise}".casefold(), entry.audience, entry.seq))


def purge(connection: Connection, seq: int) -> None:
    """Take out what the entry at this position said of people, after its payload was erased (DESIGN rule 13)."""
    connection.run("DELETE FROM members_profile WHERE seq = ?", (seq,))
    connection.run("DELETE FROM members_contact WHERE seq = ?", (seq,))


# Read

_PROFILE = "pr.subject, pr.about, pr.expertise, pr.email, pr.phone, pr.website, pr.shown"
_LIVING = (f"o.kind NOT IN {UNLISTED} AND o.bound = 1"
           " AND NOT EXISTS (SELECT 1 FROM members_suspended so WHERE so.party = 'org:' || o.id)")


def _profile(row: Row) -> Profile | None:
    subject, about, expertise, email, phone, website, shown = row
    return None if subject is None else Profile(subject, about, expertise, email, phone, website, bool(shown))


def _listed(row: Row) -> Listed:
    ident, name, kind, sector = row[:4]
    return Listed(ident, name, kind, sector, _profile(row[4:]))


def like(text: str) -> str:
    """Return the pattern that finds a text anywhere, its own wildcards taken as they are."""
    plain = text.casefold()
    for sign in ("\\", "%", "_"):
        plain = plain.replace(sign, "\\" + sign)
    return f"%{plain}%"


def organisations(connection: Connection, audiences: Iterable[int], query: str, sector: str, kind: str, limit: int,
                  offset: int) -> tuple[list[Listed], int]:
    """Return a page of the organisations in good standing by name, and how many there are.

    ``query``: in the name or in what they show; ``sector`` and ``kind`` exactly, "" for any.
    """
    among, values = connection.among(sorted(audiences))
    where = (f" FROM members_organisation o LEFT JOIN members_profile pr ON pr.subject = 'org:' || o.id"
             f" AND pr.audience IN {among} WHERE {_LIVING}"
             " AND (o.folded LIKE ? ESCAPE '\\' OR pr.folded LIKE ? ESCAPE '\\')"
             " AND (? = '' OR o.sector = ?) AND (? = '' OR o.kind = ?)")
    asked = (values, like(query), like(query), sector, sector, kind, kind)
    rows = connection.rows(f"SELECT o.id, o.name, o.kind, o.sector, {_PROFILE}{where}"
                           " ORDER BY o.folded, o.seq LIMIT ? OFFSET ?", (*asked, limit, offset))
    total = connection.rows(f"SELECT COUNT(*){where}", asked)[0][0]
    return [_listed(row) for row in rows], int(total)


def organisation(connection: Connection, audiences: Iterable[int], identifier: str) -> Listed | None:
    """Return one organisation as the directory shows it."""
    among, values = connection.among(sorted(audiences))
    rows = connection.rows(
        f"SELECT o.id, o.name, o.kind, o.sector, {_PROFILE} FROM members_organisation o LEFT JOIN members_profile pr"
        f" ON pr.subject = 'org:' || o.id AND pr.audience IN {among} WHERE {_LIVING} AND o.id = ?",
        (values, identifier))
    return _listed(rows[0]) if rows else None


def sectors(connection: Connection) -> list[str]:
    """Return the sectors of the organisations in good standing."""
    return [sector for (sector,) in connection.rows(
        f"SELECT DISTINCT o.sector FROM members_organisation o WHERE {_LIVING} ORDER BY o.sector LIMIT {MOST_ROWS}")]


def people(connection: Connection, audiences: Iterable[int], sector: str = "", kind: str = "", org_id: str = "",
           person_id: str = "") -> list[PersonListed]:
    """Return the people who chose to be shown, by name; the filters as for organisations, "" for any."""
    among, values = connection.among(sorted(audiences))
    rows = connection.rows(
        f"SELECT p.id, p.name, o.id, o.name, {_PROFILE} FROM members_profile pr"
        " JOIN members_person p ON pr.subject = 'person:' || p.id JOIN members_organisation o ON o.id = p.org"
        f" WHERE pr.audience IN {among} AND {_LIVING}"
        " AND NOT EXISTS (SELECT 1 FROM members_suspended sp WHERE sp.party = pr.subject)"
        " AND (? = '' OR o.sector = ?) AND (? = '' OR o.kind = ?) AND (? = '' OR o.id = ?) AND (? = '' OR p.id = ?)"
        f" ORDER BY p.name, p.seq LIMIT {MOST_ROWS}",
        (values, sector, sector, kind, kind, org_id, org_id, person_id, person_id))
    found = []
    for ident, name, org, org_name, *said in rows:
        profile = _profile(tuple(said))
        if profile is not None:
            found.append(PersonListed(ident, name, org, org_name, profile))
    return found


def profile_of(connection: Connection, subject: str) -> Profile | None:
    """Return what a subject says of itself, shown or not: for itself alone."""
    rows = connection.rows(f"SELECT {_PROFILE} FROM members_profile pr WHERE pr.subject = ?", (subject,))
    return _profile(rows[0]) if rows else None


_CONTACT = ("SELECT c.id, c.org, c.name, c.role, c.phone, c.email, c.languages, c.readers, c.asked, c.confirmed"
            " FROM members_contact c JOIN members_organisation o ON o.id = c.org")


def contacts(connection: Connection, audiences: Iterable[int], org_id: str = "") -> list[Contact]:
    """Return the contacts that these audiences may read, by organisation; of one, or of all ("")."""
    among, values = connection.among(sorted(audiences))
    return [Contact(*row) for row in connection.rows(
        f"{_CONTACT} WHERE c.audience IN {among} AND {_LIVING} AND (? = '' OR c.org = ?)"
        f" ORDER BY o.folded, o.id, c.name, c.id LIMIT {MOST_ROWS}", (values, org_id, org_id))]


def contact_of_id(connection: Connection, identifier: str) -> Contact | None:
    """Return a contact, whoever may read it: for its own organisation and for its own link."""
    rows = connection.rows(f"{_CONTACT} WHERE c.id = ?", (identifier,))
    return Contact(*rows[0]) if rows else None
