"""All the SQL of webhooks. It stands in the vault: what was told, and what is to be told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, SmallInteger, String, Table, Text

from fusioncell.exchange.hooks.model import Delivery, Hook, State
from fusioncell.kernel.clock import Instant
from fusioncell.kernel.ports import Connection

vault_metadata = MetaData()

Table(
    "exchange_vault_hook", vault_metadata,
    Column("id", String(64), primary_key=True),
    Column("org", String(64), nullable=False, index=True),
    Column("url", Text, nullable=False),
    Column("watches", Text, nullable=False),
    Column("author", String(64), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("failing", BigInteger),
    Column("off", SmallInteger, nullable=False),
    Column("pause", BigInteger, nullable=False),
)  # fmt: skip
Table(
    "exchange_vault_delivery", vault_metadata,
    Column("hook", String(64), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),
    Column("contribution", String(64), nullable=False),
    Column("audience", Integer, nullable=False),
    Column("org", String(80), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("seqs", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Column("whys", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("code", Integer, nullable=False),
    Column("words", Text, nullable=False),
    Index("exchange_vault_delivery_due", "state", "due"),
    Index("exchange_vault_delivery_of", "contribution"),
)  # fmt: skip

_HOOK = "SELECT id, org, url, watches, author, created, failing, off FROM exchange_vault_hook"
_DELIVERY = "SELECT hook, seq, kind, contribution, audience, org, at, seqs, count, whys, state, due, tries, code, words"
_DELIVERY += " FROM exchange_vault_delivery"


def _hook(row: Sequence[Any]) -> Hook:
    id, org, url, watches, author, created, failing, off = row
    return Hook(id, org, url, _pairs(watches), author, created, failing, bool(off))


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((kind, value) for kind, value in msgspec.json.decode(text))


def _delivery(row: Sequence[Any]) -> Delivery:
    hook, seq, kind, contribution, audience, org, at, seqs, count, whys, state, due, tries, code, words = row
    return Delivery(hook, seq, kind, contribution, audience, org, at, tuple(int(one) for one in seqs.split()), count,
                    _pairs(whys), State(state), due, tries, code, words)


# -- webhooks --------------------------------------------------------------------------------------------------------


def add_hook(connection: Connection, hook: Hook) -> None:
    """Keep a webhook."""
    connection.run("INSERT INTO exchange_vault_hook (id, org, url, watches, author, created, off, pause)"
                   " VALUES (?, ?, ?, ?, ?, ?, 0, 0)",
                   (hook.id, hook.org, hook.url, msgspec.json.encode(hook.watches).decode(), hook.author, hook.created))


def hooks(connection: Connection, org: str | None, limit: int) -> list[Hook]:
    """Return the webhooks of an organisation (None: of all), oldest first."""
    where, values = ("WHERE org = ? ", (org,)) if org is not None else ("", ())
    return [_hook(row) for row in connection.rows(f"{_HOOK} {where}ORDER BY created, id LIMIT ?", (*values, limit))]


def end_hook(connection: Connection, org: str, id: str) -> int:
    """Delete a webhook of an organisation, and its deliveries; return how many that were."""
    count = connection.run("DELETE FROM exchange_vault_hook WHERE org = ? AND id = ?", (org, id))
    if count:
        connection.run("DELETE FROM exchange_vault_delivery WHERE hook = ?", (id,))
    return count


def answered(connection: Connection, id: str) -> None:
    """Note that a webhook's address answered."""
    connection.run("UPDATE exchange_vault_hook SET failing = NULL, pause = 0, off = 0 WHERE id = ?", (id,))


def failed(connection: Connection, id: str, since: Instant, pause: Instant, off: bool) -> None:
    """Note that a webhook's address failed: since when it does, and until when it is left alone."""
    connection.run("UPDATE exchange_vault_hook SET failing = ?, pause = ?, off = ? WHERE id = ?",
                   (since, pause, int(off), id))


# -- deliveries --------------------------------------------------------------------------------------------------------


def add_deliveries(connection: Connection, deliveries: Iterable[Delivery]) -> None:
    """Keep deliveries, once each."""
    connection.run_many(
        "INSERT INTO exchange_vault_delivery (hook, seq, kind, contribution, audience, org, at, seqs, count, whys,"
        " state, due, tries, code, words) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (hook, seq) DO NOTHING",
        [(d.hook, d.seq, d.kind, d.contribution, d.audience, d.org, d.at, " ".join(map(str, d.seqs)), d.count,
          msgspec.json.encode(d.whys).decode(), d.state.value, d.due, d.tries, d.code, d.words) for d in deliveries])


def sent_of(connection: Connection, contribution: str) -> list[Delivery]:
    """Return what was delivered of a contribution."""
    return [_delivery(row) for row in connection.rows(
        f"{_DELIVERY} WHERE contribution = ? AND state = 'sent' AND kind = 'entry' ORDER BY hook, seq",
        (contribution,))]


def take_due(connection: Connection, now: Instant, lease: Instant, limit: int) -> list[Delivery]:
    """Take the deliveries that are due, of webhooks that are not left alone now; until ``lease`` nobody else does."""
    rows = connection.rows(
        f"{_DELIVERY} WHERE state = 'waiting' AND due <= ? AND hook IN"
        " (SELECT id FROM exchange_vault_hook WHERE off = 0 AND pause <= ?) ORDER BY due, hook, seq LIMIT ?",
        (now, now, limit))
    return [_delivery(row) for row in rows
            if connection.run("UPDATE exchange_vault_delivery SET due = ? WHERE hook = ? AND seq = ? AND due = ?"
                              " AND state = 'waiting'", (lease, row[0], row[1], row[11]))]


def note(connection: Connection, delivery: Delivery) -> None:
    """Keep how a delivery stands."""
    connection.run("UPDATE exchange_vault_delivery SET state = ?, due = ?, tries = ?, code = ?, words = ?"
                   " WHERE hook = ? AND seq = ?",
                   (delivery.state.value, delivery.due, delivery.tries, delivery.code, delivery.words, delivery.hook,
                    delivery.seq))


def put_back(connection: Connection, delivery: Delivery, due: Instant) -> None:
    """Let a delivery that was taken and not tried wait on, unless it was given up meanwhile."""
    connection.run("UPDATE exchange_vault_delivery SET due = ? WHERE hook = ? AND seq = ? AND state = 'waiting'",
                   (due, delivery.hook, delivery.seq))


def deliveries(connection: Connection, hook: str, audiences: Iterable[int], state: str, limit: int) -> list[Delivery]:
    """Return a webhook's deliveries in these audiences, newest first; ``state`` "" for all."""
    sql, value = connection.among(audiences)
    where, values = f"hook = ? AND audience IN {sql}", [hook, value]
    if state:
        where += " AND state = ?"
        values.append(state)
    return [_delivery(row) for row in connection.rows(f"{_DELIVERY} WHERE {where} ORDER BY at DESC, seq DESC LIMIT ?",
                                                      (*values, limit))]


def revive(connection: Connection, hook: str, seq: int, audiences: Iterable[int], now: Instant) -> int:
    """Make a delivery that was sent or given up due again, and its webhook too; return how many that were."""
    sql, value = connection.among(audiences)
    count = connection.run(
        "UPDATE exchange_vault_delivery SET state = 'waiting', due = ?, tries = 0, words = ''"
        f" WHERE hook = ? AND seq = ? AND state <> 'waiting' AND audience IN {sql}", (now, hook, seq, value))
    if count:
        connection.run("UPDATE exchange_vault_hook SET off = 0, pause = 0, failing = NULL WHERE id = ?", (hook,))
    return count


def give_up_of(connection: Connection, hook: str, now: Instant, words: str) -> None:
    """Make all that waits for a webhook dead letters: it was switched off."""
    connection.run("UPDATE exchange_vault_delivery SET state = 'dead', due = ?, words = ? WHERE hook = ?"
                   " AND state = 'waiting'", (now, words, hook))


def any_sent(connection: Connection) -> bool:
    """Tell whether anything was ever delivered, so that a recall must be told."""
    return bool(connection.rows("SELECT 1 FROM exchange_vault_delivery LIMIT 1"))


def counts(connection: Connection) -> dict[str, int]:
    """Return how many deliveries stand in each state."""
    return dict(connection.rows("SELECT state, COUNT(*) FROM exchange_vault_delivery GROUP BY state"))


def tidy(connection: Connection, before: Instant) -> None:
    """Delete what was sent or given up before an instant."""
    connection.run("DELETE FROM exchange_vault_delivery WHERE state <> 'waiting' AND due < ?", (before,))
