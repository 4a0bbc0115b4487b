"""All the SQL of joining: its projections of the record."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BigInteger, Column, Index, MetaData, String, Table, Text

from fusioncell.kernel.clock import DAY, Instant
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.ports import Connection, Row
from fusioncell.members.joining.decide import sponsor_named
from fusioncell.members.joining.entries import Applied, Change, Stood, TermsAccepted, Vetted, changes_in
from fusioncell.members.joining.model import LAPSES_AFTER, MOST_UNNAMED, Application, Filled, Sponsored, State

metadata = MetaData()
"""The projections' tables."""

Table(
    "members_application", metadata,
    Column("id", String(64), primary_key=True),
    Column("mark", String(64), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("sector", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("applicant", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("sponsor", Text, nullable=False),
    Column("counted", String(300), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("sponsor_org", String(64), nullable=False),
    Column("sponsor_person", String(64), nullable=False),
    Column("statement", Text, nullable=False),
    Column("sponsored", BigInteger, nullable=False),
    Column("vetter", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("decided", BigInteger, nullable=False),
    Column("organisation", String(64), nullable=False),
    Column("person", String(64), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Index("members_application_of", "sponsor_org", "seq"),
    Index("members_application_in", "state", "seq"),
    Index("members_application_counted", "counted", "at"),
)  # fmt: skip
Table(
    "members_sponsorship", metadata,
    Column("org", String(64), primary_key=True),
    Column("sponsor_org", String(64), nullable=False),
    Column("sponsor_person", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
)  # fmt: skip
Table(
    "members_terms", metadata,
    Column("org", String(64), primary_key=True),
    Column("version", String(32), primary_key=True),
    Column("person", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
)  # fmt: skip

MOST_ROWS = 1_000
"""No listing of applications is longer."""
MOST_SPONSORED = 10_000


def project(connection: Connection, entries: Sequence[Entry]) -> None:
    """Apply a batch of entries, in ``seq`` order; what is not of joining is passed over."""
    for entry, change in changes_in(entries):
        _apply(connection, entry, change)


def _apply(connection: Connection, entry: Entry, change: Change) -> None:
    run = connection.run
    match change:
        case Applied():
            run("INSERT INTO members_application (id, mark, name, sector, kind, applicant, email, why, sponsor,"
                " counted, at, state, sponsor_org, sponsor_person, statement, sponsored, vetter, reason, decided,"
                " organisation, person, seq)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'asked', ?, '', '', 0, '', '', 0, '', '', ?)"
                " ON CONFLICT (id) DO NOTHING",
                (change.id, change.mark, change.name, change.sector, change.kind, change.applicant, change.email,
                 change.why, change.sponsor, sponsor_named(change.sponsor), entry.at, change.sponsor_org, entry.seq))
            if not change.sponsor_org:
                # Nobody can answer these: a flood of them pushes out nothing but itself.
                run("UPDATE members_application SET state = 'lapsed' WHERE state = 'asked' AND sponsor_org = ''"
                    " AND seq <= (SELECT seq FROM members_application WHERE state = 'asked' AND sponsor_org = ''"
                    " ORDER BY seq DESC LIMIT 1 OFFSET ?)", (MOST_UNNAMED,))
        case Stood():
            # Of two answers the first counts.
            run("UPDATE members_application SET state = ?, sponsor_person = ?, statement = ?, sponsored = ?"
                " WHERE id = ? AND state = 'asked' AND sponsor_org = ?",
                ("sponsored" if change.confirmed else "declined", change.person, change.statement, entry.at,
                 change.application, change.org))
        case Vetted():
            run("UPDATE members_application SET state = ?, vetter = ?, reason = ?, decided = ?, organisation = ?,"
                " person = ? WHERE id = ? AND decided = 0",
                ("accepted" if change.accepted else "refused", change.vetter, change.reason, entry.at,
                 change.organisation, change.lead, change.application))
            if change.accepted:
                run("INSERT INTO members_sponsorship (org, sponsor_org, sponsor_person, at, seq)"
                    " VALUES (?, ?, ?, ?, ?) ON CONFLICT (org) DO NOTHING",
                    (change.organisation, change.sponsor_org, change.sponsor_person, entry.at, entry.seq))
        case TermsAccepted():
            run("INSERT INTO members_terms (org, version, person, at, seq) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (org, version) DO NOTHING",
                (change.org, change.version, change.person, entry.at, entry.seq))
            run("UPDATE members_organisation SET bound = 1 WHERE id = ?", (change.org,))


def purge(connection: Connection, seq: int) -> None:
    """Take out the application at this position: called when its payload was erased (DESIGN rule 13)."""
    connection.run("DELETE FROM members_application WHERE seq = ?", (seq,))


_APPLICATION = ("SELECT id, name, sector, kind, applicant, email, why, sponsor, at, state, sponsor_org, sponsor_person,"
                " statement, sponsored, vetter, reason, decided, organisation, person FROM members_application")


def _application(row: Row) -> Application:
    return Application(row[0], Filled(*row[1:8]), row[8], State(row[9]), *row[10:])


def application_of_id(connection: Connection, identifier: str) -> Application | None:
    """Return the application of this id."""
    rows = connection.rows(f"{_APPLICATION} WHERE id = ?", (identifier,))
    return _application(rows[0]) if rows else None


def application_of_mark(connection: Connection, mark: str) -> Application | None:
    """Return the application whose reference code has this keyed hash."""
    rows = connection.rows(f"{_APPLICATION} WHERE mark = ?", (mark,))
    return _application(rows[0]) if rows else None


def applications(connection: Connection, states: Sequence[str]) -> list[Application]:
    """Return applications in these states, the newest first.

    Where there are too many, those that a sponsor stood for come before those that one could stand for, and these
    before the rest: whoever applies a thousand times with made-up sponsors hides nobody from those who vet.
    """
    among, values = connection.among(states)
    return [_application(row) for row in connection.rows(
        f"{_APPLICATION} WHERE seq IN (SELECT seq FROM members_application WHERE state IN {among} ORDER BY CASE"
        " WHEN state = 'sponsored' THEN 0 WHEN state = 'asked' AND sponsor_org <> '' THEN 1 ELSE 2 END, seq DESC"
        f" LIMIT {MOST_ROWS}) ORDER BY seq DESC", (values,))]


def applications_for(connection: Connection, sponsor_org: str) -> list[Application]:
    """Return the applications that name an organisation as their sponsor, the newest first."""
    return [_application(row) for row in connection.rows(
        f"{_APPLICATION} WHERE sponsor_org = ? ORDER BY seq DESC LIMIT {MOST_ROWS}", (sponsor_org,))]


def count_waiting(connection: Connection, counted: str, now: Instant) -> tuple[int, int]:
    """Count the applications that name a sponsor so: those that wait for an answer, and those of the last day."""
    rows = connection.rows(
        "SELECT sum(CASE WHEN (state = 'asked' AND at > ?) OR (state = 'sponsored' AND at > ?) THEN 1 ELSE 0 END),"
        " sum(CASE WHEN at > ? THEN 1 ELSE 0 END) FROM members_application WHERE counted = ? AND at > ?",
        (now - LAPSES_AFTER, now - 3 * LAPSES_AFTER, now - DAY, counted, now - 3 * LAPSES_AFTER))
    return int(rows[0][0] or 0), int(rows[0][1] or 0)


def sponsorships(connection: Connection) -> list[Sponsored]:
    """Return who stood for whom, the earliest first."""
    return [Sponsored(*row) for row in connection.rows(
        f"SELECT org, sponsor_org, sponsor_person, at FROM members_sponsorship ORDER BY seq LIMIT {MOST_SPONSORED}")]


def terms_of(connection: Connection, org: str) -> list[tuple[str, str, Instant]]:
    """Return (version, person, instant) of what an organisation accepted, the newest first."""
    return [(version, person, at) for version, person, at in connection.rows(
        "SELECT version, person, at FROM members_terms WHERE org = ? ORDER BY seq DESC LIMIT 100", (org,))]
