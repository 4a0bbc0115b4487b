"""All the SQL of assets: projections of the record."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

from fusioncell.kernel.entry import Entry
from fusioncell.kernel.ports import Connection, Row
from fusioncell.members.assets.entries import (
    AssetAlerted,
    AssetClaimed,
    AssetDisputed,
    AssetProved,
    AssetReleased,
    AssetSettled,
    NameEndangered,
    changes_in,
)
from fusioncell.members.assets.model import Alert, Asset, Kind

metadata = MetaData()
"""The projections' tables."""

Table(
    "members_asset", metadata,
    Column("id", String(64), primary_key=True),
    Column("org", String(64), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("value", Text, nullable=False),
    Column("claimed", BigInteger, nullable=False),
    Column("how", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("proved", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
)  # fmt: skip
Table(
    "members_asset_dispute", metadata,
    Column("one", String(64), primary_key=True),
    Column("other", String(64), primary_key=True),
    Column("since", BigInteger, nullable=False),
    Column("settled", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
)  # fmt: skip

Table(
    "members_asset_alert", metadata,
    Column("decision", String(64), primary_key=True),
    Column("org", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("category", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("audience", Integer, nullable=False),
    Index("members_asset_alert_of", "org", "seq"),
)  # fmt: skip

MOST_ROWS = 100_000
"""No listing is longer."""


def project(connection: Connection, entries: Sequence[Entry]) -> None:
    """Apply a batch of entries, in ``seq`` order; what is not of assets is passed over."""
    run = connection.run
    for entry, change in changes_in(entries):
        match change:
            case AssetClaimed():
                run("INSERT INTO members_asset (id, org, kind, value, claimed, how, reason, proved, until, seq)"
                    " VALUES (?, ?, ?, ?, ?, '', '', 0, 0, ?) ON CONFLICT (id) DO NOTHING",
                    (change.id, change.org, change.asset, change.value, entry.at, entry.seq))
            case AssetProved():
                run("UPDATE members_asset SET how = ?, reason = ?, proved = ?, until = ? WHERE id = ?",
                    (change.how, change.reason, entry.at, change.until, change.id))
            case AssetDisputed():
                run("INSERT INTO members_asset_dispute (one, other, since, settled, seq)"
                    " VALUES (?, ?, ?, 0, ?) ON CONFLICT (one, other) DO NOTHING",
                    (change.id, change.other, entry.at, entry.seq))
            case AssetSettled():
                # It stays, so that the same two claims are not disputed again.
                run("UPDATE members_asset_dispute SET settled = ? WHERE one = ? AND other = ?",
                    (entry.at, change.id, change.other))
            case AssetReleased():
                run("DELETE FROM members_asset WHERE id = ?", (change.id,))
                run("DELETE FROM members_asset_dispute WHERE one = ? OR other = ?", (change.id, change.id))
            case NameEndangered():
                _note_alerts(connection, entry, change)
            case AssetAlerted():
                run(f"{_ALERTED} ON CONFLICT (decision, org) DO UPDATE SET seq = excluded.seq,"
                    " audience = excluded.audience, at = excluded.at",
                    (change.id, change.org, change.name, change.value, change.category, entry.at, entry.seq,
                     entry.audience))


_ALERTED = ("INSERT INTO members_asset_alert (decision, org, name, value, category, at, seq, audience)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)")


def _note_alerts(connection: Connection, entry: Entry, said: NameEndangered) -> None:
    """Note whom a proposal concerns: who has proved one of the names, as of the proposal's own instant.

    Who merely asked that a name be guarded is not told: anyone may ask for any name, and would learn what is looked at.
    """
    sql, value = connection.among(said.protected)
    owners = connection.rows(
        f"SELECT org, value FROM members_asset WHERE kind = 'domain' AND value IN {sql} AND proved > 0"
        " AND (until = 0 OR until > ?) ORDER BY org, value", (value, entry.at))
    for org, owned in owners:
        connection.run(f"{_ALERTED} ON CONFLICT (decision, org) DO NOTHING",
                       (said.decision, org, said.name, owned, said.category, entry.at, 0, 0))


_ASSET = "SELECT id, org, kind, value, claimed, how, reason, proved, until FROM members_asset"


def _asset(row: Row) -> Asset:
    return Asset(row[0], row[1], Kind(row[2]), *row[3:])


def asset_of_id(connection: Connection, identifier: str) -> Asset | None:
    """Return a claim by its id."""
    rows = connection.rows(f"{_ASSET} WHERE id = ?", (identifier,))
    return _asset(rows[0]) if rows else None


def assets(connection: Connection, org: str | None = None) -> list[Asset]:
    """Return the claims of an organisation (None: all), in the order of their coming."""
    where, values = ("", ()) if org is None else (" WHERE org = ?", (org,))
    return [_asset(row) for row in connection.rows(f"{_ASSET}{where} ORDER BY seq LIMIT {MOST_ROWS}", values)]


def of_kind(connection: Connection, kind: Kind) -> list[Asset]:
    """Return all claims of a kind, in the order of their coming."""
    return [_asset(row) for row in connection.rows(f"{_ASSET} WHERE kind = ? ORDER BY seq LIMIT {MOST_ROWS}",
                                                   (kind.value,))]


def disputes(connection: Connection) -> list[tuple[str, str, int]]:
    """Return (later claim, earlier claim, since) of the disputes that are open, the oldest first."""
    return [(one, other, since) for one, other, since in connection.rows(
        f"SELECT one, other, since FROM members_asset_dispute WHERE settled = 0 ORDER BY seq, one, other"
        f" LIMIT {MOST_ROWS}")]


def disputed_with(connection: Connection, identifier: str) -> dict[str, bool]:
    """Return the claims that a claim was disputed with, and whether that was settled."""
    return {other if one == identifier else one: settled > 0 for one, other, settled in connection.rows(
        f"SELECT one, other, settled FROM members_asset_dispute WHERE one = ? OR other = ? LIMIT {MOST_ROWS}",
        (identifier, identifier))}


_ALERT = "SELECT decision, org, name, value, category, at, seq, audience FROM members_asset_alert"


def alerts_due(connection: Connection, limit: int) -> list[Alert]:
    """Return alerts of which their organisations have not been told."""
    return [Alert(*row) for row in connection.rows(f"{_ALERT} WHERE seq = 0 ORDER BY decision, org LIMIT ?", (limit,))]


def alerts_of(connection: Connection, org: str, limit: int) -> list[Alert]:
    """Return what an organisation was told, newest first."""
    return [Alert(*row) for row in connection.rows(f"{_ALERT} WHERE org = ? AND seq > 0 ORDER BY seq DESC LIMIT ?",
                                                   (org, limit))]


def alerts_since(connection: Connection, since: int) -> list[Alert]:
    """Return what organisations were told since an instant, in order."""
    return [Alert(*row) for row in connection.rows(
        f"{_ALERT} WHERE seq > 0 AND at >= ? ORDER BY seq LIMIT {MOST_ROWS}", (since,))]
