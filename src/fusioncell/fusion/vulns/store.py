"""All the SQL of vulnerabilities. The tables that operators import are public; vectors carry their audience."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, SmallInteger, String, Table, Text

from fusioncell.kernel.ports import Connection

metadata = MetaData()
Row = tuple[Any, ...]

Table(
    "fusion_vulns_table", metadata,
    Column("name", String(100), primary_key=True),
    Column("source", String(16), nullable=False),
    Column("version", String(100), nullable=False),
    Column("date", String(16), nullable=False),
    Column("total", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    sqlite_with_rowid=False,
)  # fmt: skip
"""``name``: the source; of decision tables with namespace and key, so that a new version takes the old one's place."""
Table(
    "fusion_vulns_kev", metadata,
    Column("cve", String(32), primary_key=True),
    Column("added", String(10), nullable=False),
    Column("due", String(10), nullable=False),
    Column("body", Text, nullable=False),
    sqlite_with_rowid=False,
)  # fmt: skip
Table(
    "fusion_vulns_epss", metadata,
    Column("cve", String(32), primary_key=True),
    Column("score", SmallInteger, nullable=False),
    Column("percentile", SmallInteger, nullable=False),
    sqlite_with_rowid=False,
)  # fmt: skip
Table(
    "fusion_vulns_vector", metadata,
    Column("cve", String(32), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("vector", String(300), primary_key=True),
    Column("audience", Integer, nullable=False),
    Column("org", String(64), nullable=False),
    Index("fusion_vulns_vector_seq", "seq"),
    sqlite_with_rowid=False,
)  # fmt: skip


def put_table(connection: Connection, row: Row) -> None:
    """Put what stands of a table: (name, source, version, date, total, at, body)."""
    connection.run(
        "INSERT INTO fusion_vulns_table (name, source, version, date, total, at, body) VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (name) DO UPDATE SET version = excluded.version, date = excluded.date, total = excluded.total, "
        "at = excluded.at, body = excluded.body",
        row,
    )


def put_kev(connection: Connection, rows: Iterable[Row]) -> None:
    """Put rows of KEV: (cve, added, due, body)."""
    connection.run_many(
        "INSERT INTO fusion_vulns_kev (cve, added, due, body) VALUES (?, ?, ?, ?) ON CONFLICT (cve) DO UPDATE SET "
        "added = excluded.added, due = excluded.due, body = excluded.body",
        rows,
    )


def put_epss(connection: Connection, rows: Iterable[Row]) -> None:
    """Put rows of EPSS: (cve, score, percentile)."""
    connection.run_many(
        "INSERT INTO fusion_vulns_epss (cve, score, percentile) VALUES (?, ?, ?) ON CONFLICT (cve) DO UPDATE SET "
        "score = excluded.score, percentile = excluded.percentile",
        rows,
    )


def drop_kev(connection: Connection, cves: Iterable[str]) -> None:
    """Take rows out of KEV."""
    sql, value = connection.among(cves)
    connection.run(f"DELETE FROM fusion_vulns_kev WHERE cve IN {sql}", (value,))


def drop_epss(connection: Connection, cves: Iterable[str]) -> None:
    """Take rows out of EPSS."""
    sql, value = connection.among(cves)
    connection.run(f"DELETE FROM fusion_vulns_epss WHERE cve IN {sql}", (value,))


def add_vectors(connection: Connection, rows: Iterable[Row]) -> None:
    """Add vectors that contributions give: (cve, seq, vector, audience, org)."""
    connection.run_many(
        "INSERT INTO fusion_vulns_vector (cve, seq, vector, audience, org) VALUES (?, ?, ?, ?, ?)", rows
    )


def drop_vectors(connection: Connection, seqs: Iterable[int]) -> None:
    """Take out the vectors of ended entries."""
    sql, value = connection.among(seqs)
    connection.run(f"DELETE FROM fusion_vulns_vector WHERE seq IN {sql}", (value,))


def tables(connection: Connection) -> list[Row]:
    """Return (source, version, date, total, at) of the tables that stand."""
    return connection.rows("SELECT source, version, date, total, at FROM fusion_vulns_table ORDER BY name LIMIT 100")


def decision_tables(connection: Connection) -> list[Row]:
    """Return (name, body) of the decision tables."""
    return connection.rows("SELECT name, body FROM fusion_vulns_table WHERE source = 'ssvc' ORDER BY name LIMIT 50")


def kev(connection: Connection, cves: Iterable[str]) -> dict[str, str]:
    """Return CVE → body of those in KEV."""
    sql, value = connection.among(cves)
    return dict(connection.rows(f"SELECT cve, body FROM fusion_vulns_kev WHERE cve IN {sql}", (value,)))


def epss(connection: Connection, cves: Iterable[str]) -> list[Row]:
    """Return (cve, score, percentile) of those in EPSS."""
    sql, value = connection.among(cves)
    return connection.rows(f"SELECT cve, score, percentile FROM fusion_vulns_epss WHERE cve IN {sql}", (value,))


def all_kev(connection: Connection) -> dict[str, str]:
    """Return all of KEV: CVE → body."""
    return dict(connection.rows("SELECT cve, body FROM fusion_vulns_kev"))


def all_epss(connection: Connection) -> dict[str, tuple[int, int]]:
    """Return all of EPSS: CVE → (score, percentile)."""
    rows = connection.rows("SELECT cve, score, percentile FROM fusion_vulns_epss")
    return {cve: (score, percentile) for cve, score, percentile in rows}


def newest_kev(connection: Connection, since: str, limit: int) -> list[str]:
    """Return the CVEs that came into KEV since a day, the newest first."""
    rows = connection.rows(
        "SELECT cve FROM fusion_vulns_kev WHERE added >= ? ORDER BY added DESC, cve LIMIT ?", (since, limit)
    )
    return [row[0] for row in rows]


def vectors(connection: Connection, cves: Iterable[str], audiences: Iterable[int]) -> list[Row]:
    """Return (cve, vector, org) that contributions give, the newest first."""
    which, wanted = connection.among(cves)
    sql, value = connection.among(audiences)
    return connection.rows(
        "SELECT cve, vector, org, max(seq) AS newest FROM fusion_vulns_vector "
        f"WHERE cve IN {which} AND audience IN {sql} GROUP BY cve, vector, org ORDER BY newest DESC, cve LIMIT 5000",
        (wanted, value),
    )
