"""All the SQL of groups: projections of the record, built from entries in ``seq`` order.

Each row keeps the position of the entry that made it, so that an erasure finds it. Of two entries that make the same
thing the first counts. Who holds which generation is read by ``members.store.standing`` too, which makes viewers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import BigInteger, Column, MetaData, SmallInteger, String, Table, Text

from fusioncell.kernel.clock import Instant
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.ports import Connection, Row
from fusioncell.members.circles.entries import (
    Answered,
    Asked,
    Change,
    GroupChanged,
    GroupClosed,
    GroupMade,
    GuestAdmitted,
    GuestLeft,
    GuestRenewed,
    Joined,
    Left,
    OwnersSet,
    changes_in,
)
from fusioncell.members.circles.model import GUEST_STAY, MOST_ROWS, Asking, Group, Guest, Openness, Way

metadata = MetaData()

Table(
    "members_group", metadata,
    Column("id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("openness", String(16), nullable=False),
    Column("open_history", SmallInteger, nullable=False),
    Column("about", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("closed", BigInteger),
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
    "members_owner", metadata,
    Column("grp", String(64), primary_key=True),
    Column("party", String(80), primary_key=True),
    Column("seq", BigInteger, nullable=False),
)
Table(
    "members_asking", metadata,
    Column("grp", String(64), primary_key=True),
    Column("party", String(80), primary_key=True, index=True),
    Column("way", String(16), nullable=False),
    Column("message", Text, nullable=False),
    Column("writer", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("seq", BigInteger, nullable=False),
)
Table(
    "members_guest", metadata,
    Column("person", String(64), primary_key=True),
    Column("org", String(64), nullable=False),
    Column("grp", String(64), nullable=False, index=True),
    Column("host", String(80), nullable=False),
    Column("host_person", String(64), nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("ended", BigInteger),
    Column("seq", BigInteger, nullable=False),
)


# Written from entries

def project(connection: Connection, entries: Sequence[Entry]) -> None:
    """Apply a batch of entries, in ``seq`` order; what is not of groups is passed over."""
    for entry, change in changes_in(entries):
        match change:
            case GroupMade() | GroupChanged() | OwnersSet() | GroupClosed():
                _apply_to_group(connection, entry, change)
            case Joined() | Left() | Asked() | Answered():
                _apply_to_members(connection, entry, change)
            case _:
                _apply_to_guest(connection, entry, change)


def _apply_to_group(connection: Connection, entry: Entry, change: Change) -> None:
    run = connection.run
    match change:
        case GroupMade():
            made = run("INSERT INTO members_group (id, name, generation, kind, purpose, openness, open_history, about,"
                       " created, seq) VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
                       (change.id, change.name, change.kind, change.purpose, change.openness, int(change.open_history),
                        change.about, entry.at, entry.seq))
            if made:
                _belong(connection, change.id, change.members, 1, entry.seq)
                _own(connection, change.id, change.owners, entry.seq)
        case GroupChanged():
            run("UPDATE members_group SET name = ?, purpose = ?, kind = ?, openness = ? WHERE id = ?",
                (change.name, change.purpose, change.kind, change.openness, change.group))
        case OwnersSet():
            run("DELETE FROM members_owner WHERE grp = ?", (change.group,))
            _own(connection, change.group, change.owners, entry.seq)
        case GroupClosed():
            run("UPDATE members_group SET closed = ? WHERE id = ? AND closed IS NULL", (entry.at, change.group))
            run("UPDATE members_guest SET ended = ? WHERE grp = ? AND ended IS NULL", (entry.at, change.group))
            run("DELETE FROM members_asking WHERE grp = ?", (change.group,))


def _apply_to_members(connection: Connection, entry: Entry, change: Change) -> None:
    run = connection.run
    match change:
        case Joined():
            # A new generation for each admission: what was posted before stays with those who held it. Where history
            # is open there is none to keep apart.
            run("UPDATE members_group SET generation = generation + 1 WHERE id = ? AND open_history = 0",
                (change.group,))
            for current, open_history in connection.rows(
                    "SELECT generation, open_history FROM members_group WHERE id = ?", (change.group,)):
                _belong(connection, change.group, change.parties, 1 if open_history else current, entry.seq)
            for party in change.parties:
                run("DELETE FROM members_asking WHERE grp = ? AND party = ?", (change.group, party))
        case Left():
            run("DELETE FROM members_belonging WHERE grp = ? AND party = ?", (change.group, change.party))
            run("DELETE FROM members_owner WHERE grp = ? AND party = ?", (change.group, change.party))
            run("UPDATE members_guest SET ended = ? WHERE grp = ? AND host = ? AND ended IS NULL",
                (entry.at, change.group, change.party))
        case Asked():
            author = entry.payload.author if entry.payload else ""
            run("INSERT INTO members_asking (grp, party, way, message, writer, at, state, seq)"
                " VALUES (?, ?, ?, ?, ?, ?, 'open', ?) ON CONFLICT (grp, party) DO UPDATE SET way = excluded.way,"
                " message = excluded.message, writer = excluded.writer, at = excluded.at, state = 'open',"
                " seq = excluded.seq",
                (change.group, change.party, change.way, change.message, author, entry.at, entry.seq))
        case Answered():
            if change.answer == "declined":
                run("UPDATE members_asking SET state = 'declined' WHERE grp = ? AND party = ?",
                    (change.group, change.party))
            else:
                run("DELETE FROM members_asking WHERE grp = ? AND party = ?", (change.group, change.party))


def _apply_to_guest(connection: Connection, entry: Entry, change: Change) -> None:
    run = connection.run
    match change:
        case GuestAdmitted():
            author = entry.payload.author if entry.payload else ""
            run("INSERT INTO members_guest (person, org, grp, host, host_person, since, at, until, seq)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (person) DO NOTHING",
                (change.person, change.org, change.group, change.host, author,
                 _next_generation(connection, change.group), entry.at, min(change.until, entry.at + GUEST_STAY),
                 entry.seq))
        case GuestRenewed():
            for grp, until, since in connection.rows(
                    "SELECT grp, until, since FROM members_guest WHERE person = ? AND ended IS NULL", (change.person,)):
                # Of what was posted while the stay had lapsed the guest sees nothing either.
                kept = since if entry.at < until else _next_generation(connection, grp)
                run("UPDATE members_guest SET until = ?, since = ? WHERE person = ?",
                    (min(change.until, entry.at + GUEST_STAY), kept, change.person))
        case GuestLeft():
            run("UPDATE members_guest SET ended = ? WHERE person = ? AND ended IS NULL", (entry.at, change.person))


def _next_generation(connection: Connection, grp: str) -> int:
    connection.run("UPDATE members_group SET generation = generation + 1 WHERE id = ?", (grp,))
    rows = connection.rows("SELECT generation FROM members_group WHERE id = ?", (grp,))
    return int(rows[0][0]) if rows else 1


def _belong(connection: Connection, grp: str, parties: Iterable[str], since: int, seq: int) -> None:
    for party in parties:
        connection.run("INSERT INTO members_belonging (grp, party, since, seq) VALUES (?, ?, ?, ?)"
                       " ON CONFLICT (grp, party) DO NOTHING", (grp, party, since, seq))


def _own(connection: Connection, grp: str, parties: Iterable[str], seq: int) -> None:
    for party in parties:
        connection.run("INSERT INTO members_owner (grp, party, seq) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                       (grp, party, seq))


def purge(connection: Connection, seq: int) -> None:
    """Take out what the entry at this position said of persons: the message of a request (DESIGN rule 13).

    A guest's name and address stand in ``member.person``, which ends them. What moves a generation (``member.joined``,
    ``member.guest``) names parties by their ids alone and is never erased: all later generations would shift.
    """
    connection.run("DELETE FROM members_asking WHERE seq = ?", (seq,))


# Read

_GROUP = ("SELECT g.id, g.name, g.generation, g.kind, g.purpose, g.openness, g.open_history, g.about, g.created,"
          " g.closed")


def _group(row: Row, members: Iterable[tuple[str, int]] = (), owners: Iterable[str] = ()) -> Group:
    ident, name, generation, kind, purpose, openness, open_history, about, created, closed = row[:10]
    return Group(ident, name, generation, tuple(sorted(members)), kind, purpose, Openness(openness), bool(open_history),
                 tuple(sorted(owners)), about, created, closed)


def group_of_id(connection: Connection, identifier: str) -> Group | None:
    """Return a group with its members and owners."""
    rows = connection.rows(f"{_GROUP} FROM members_group g WHERE g.id = ?", (identifier,))
    if not rows:
        return None
    members = connection.rows(
        f"SELECT party, since FROM members_belonging WHERE grp = ? ORDER BY seq, party LIMIT {MOST_ROWS}",
        (identifier,))
    owners = connection.rows(
        f"SELECT party FROM members_owner WHERE grp = ? ORDER BY seq, party LIMIT {MOST_ROWS}", (identifier,))
    return _group(rows[0], ((party, since) for party, since in members), (party for (party,) in owners))


def groups_of(connection: Connection, parties: Iterable[str]) -> list[Group]:
    """Return the groups, not closed, that any of the parties is in, without their members; the oldest first."""
    among, values = connection.among(sorted(parties))
    return [_group(row) for row in connection.rows(
        f"{_GROUP} FROM members_group g WHERE g.closed IS NULL AND g.id IN"
        f" (SELECT b.grp FROM members_belonging b WHERE b.party IN {among}) ORDER BY g.seq LIMIT {MOST_ROWS}",
        (values,))]


def count_owned(connection: Connection, party: str) -> int:
    """Count the groups, not closed, that a party owns."""
    return int(connection.rows("SELECT COUNT(*) FROM members_owner w JOIN members_group g ON g.id = w.grp"
                               " WHERE w.party = ? AND g.closed IS NULL", (party,))[0][0])


def groups_known(connection: Connection, parties: Iterable[str]) -> list[tuple[Group, int]]:
    """Return (group without its members, how many they are) of all that these parties may know of, by name.

    Those that one of them is in or is invited to, and the others that are neither closed nor by invitation.
    """
    among, values = connection.among(sorted(parties))
    return [(_group(row), row[10]) for row in connection.rows(
        f"{_GROUP}, (SELECT COUNT(*) FROM members_belonging c WHERE c.grp = g.id) FROM members_group g"
        " WHERE (g.closed IS NULL AND g.openness <> 'invitation')"
        f" OR g.id IN (SELECT b.grp FROM members_belonging b WHERE b.party IN {among})"
        " OR (g.closed IS NULL AND g.id IN (SELECT a.grp FROM members_asking a WHERE a.state = 'open'"
        f" AND a.way = 'invitation' AND a.party IN {among})) ORDER BY g.name, g.seq LIMIT {MOST_ROWS}",
        (values, values))]


def memberships(connection: Connection, parties: Iterable[str]) -> list[tuple[str, str]]:
    """Return (group, party) of these parties' memberships."""
    among, values = connection.among(sorted(parties))
    return [(grp, party) for grp, party in connection.rows(
        f"SELECT grp, party FROM members_belonging WHERE party IN {among} ORDER BY seq, party LIMIT {MOST_ROWS}",
        (values,))]


_ASKING = "SELECT grp, party, way, message, writer, at, state FROM members_asking"


def _asking(row: Row) -> Asking:
    grp, party, way, message, writer, at, state = row
    return Asking(grp, party, Way(way), message, writer, at, state)


def askings_of_group(connection: Connection, grp: str) -> list[Asking]:
    """Return the open requests and invitations of a group, the oldest first."""
    return [_asking(row) for row in connection.rows(
        f"{_ASKING} WHERE grp = ? AND state = 'open' ORDER BY seq LIMIT {MOST_ROWS}", (grp,))]


def askings_of_parties(connection: Connection, parties: Iterable[str]) -> list[Asking]:
    """Return the requests of these parties and the invitations to them, declined ones too."""
    among, values = connection.among(sorted(parties))
    return [_asking(row) for row in connection.rows(
        f"{_ASKING} WHERE party IN {among} ORDER BY seq LIMIT {MOST_ROWS}", (values,))]


_GUEST = ("SELECT u.person, u.org, u.grp, p.name, p.email, o.name, u.host, u.host_person, u.since, u.at, u.until,"
          " u.ended FROM members_guest u LEFT JOIN members_person p ON p.id = u.person"
          " LEFT JOIN members_organisation o ON o.id = u.org")


def _guest(row: Row) -> Guest:
    person, org, grp, name, email, organisation, host, host_person, since, at, until, ended = row
    return Guest(person, org, grp, name or "", email or "", organisation or "", host, host_person, since, at, until,
                 ended)


def guest_of_person(connection: Connection, person: str) -> Guest | None:
    """Return a guest by the id of its person."""
    rows = connection.rows(f"{_GUEST} WHERE u.person = ?", (person,))
    return _guest(rows[0]) if rows else None


def guests_of(connection: Connection, grp: str, after: Instant) -> list[Guest]:
    """Return a group's guests whose stay was not ended and lasts (or lasted) past an instant, the first first."""
    return [_guest(row) for row in connection.rows(
        f"{_GUEST} WHERE u.grp = ? AND u.ended IS NULL AND u.until > ? ORDER BY u.seq LIMIT {MOST_ROWS}", (grp, after))]
