"""The SQL of what the exchange's tables hold on a person; each is owned by the package that it is named in."""

from __future__ import annotations

from collections.abc import Iterable

from fusioncell.kernel.ports import Connection, Row

MOST_ROWS = 10_000
"""No section is longer."""


def posts(connection: Connection, person: str, audiences: Iterable[int]) -> list[Row]:
    """Return (post, thread, at, version, contribution, body) of the standing posts that a person wrote."""
    sql, value = connection.among(audiences)
    return connection.rows(
        "SELECT post, thread, at, version, contribution, body FROM exchange_post WHERE author = ? AND standing = 1"
        f" AND audience IN {sql} ORDER BY seq LIMIT {MOST_ROWS}", (person, value))


def contributions(connection: Connection, person: str) -> list[str]:
    """Return the contributions of all versions, by whomever, of the posts that a person began; the newest first.

    The newest first, so that no older version stands again should the hub stop between two withdrawals.
    """
    return [row[0] for row in connection.rows(
        "SELECT contribution FROM exchange_post WHERE post IN (SELECT post FROM exchange_post WHERE author = ?)"
        f" ORDER BY seq DESC LIMIT {MOST_ROWS}", (person,))]


def reactions(connection: Connection, person: str, audiences: Iterable[int]) -> list[Row]:
    """Return (target, kind, at) of a person's reactions."""
    sql, value = connection.among(audiences)
    return connection.rows(
        f"SELECT target, kind, at FROM exchange_reaction WHERE author = ? AND audience IN {sql} ORDER BY seq"
        f" LIMIT {MOST_ROWS}", (person, value))


def closings(connection: Connection, person: str, audiences: Iterable[int]) -> list[Row]:
    """Return (thread, at, closed, reason) of the threads that a person closed or opened again."""
    sql, value = connection.among(audiences)
    return connection.rows(
        f"SELECT thread, at, closed, reason FROM exchange_closing WHERE author = ? AND audience IN {sql} ORDER BY seq"
        f" LIMIT {MOST_ROWS}", (person, value))


def consents(connection: Connection, person: str, audiences: Iterable[int]) -> list[Row]:
    """Return (id, contribution, product, reason, at, answer, answered) of what a person asked for or answered."""
    sql, value = connection.among(audiences)
    return connection.rows(
        "SELECT id, contribution, product, reason, at, answer, answered FROM exchange_consent"
        f" WHERE (asker_person = ? OR answered_by = ?) AND entry_audience IN {sql} ORDER BY seq LIMIT {MOST_ROWS}",
        (person, person, value))


def requests(connection: Connection, person: str, audiences: Iterable[int]) -> list[Row]:
    """Return (post, title, at, deadline) of the questions that a person asked."""
    sql, value = connection.among(audiences)
    return connection.rows(
        f"SELECT post, title, at, deadline FROM exchange_request WHERE author = ? AND audience IN {sql} ORDER BY seq"
        f" LIMIT {MOST_ROWS}", (person, value))


def hooks(connection: Connection, person: str) -> list[Row]:
    """Return (id, url, created) of the webhooks that a person set up."""
    return connection.rows("SELECT id, url, created FROM exchange_vault_hook WHERE author = ? ORDER BY created, id"
                           f" LIMIT {MOST_ROWS}", (person,))


def notices(connection: Connection, owner: str, audiences: Iterable[int]) -> list[Row]:
    """Return (contribution, thread, at, whys, read) of what a person was told, the newest first."""
    sql, value = connection.among(audiences)
    return connection.rows(
        f"SELECT contribution, thread, at, whys, read FROM exchange_vault_notice WHERE owner = ? AND audience IN {sql}"
        f" ORDER BY at DESC, seq DESC LIMIT {MOST_ROWS}", (owner, value))


def watches(connection: Connection, owner: str) -> list[Row]:
    """Return (kind, value, created) of what a person watches."""
    return connection.rows("SELECT kind, value, created FROM exchange_vault_notify_watch WHERE owner = ?"
                           f" ORDER BY created, id LIMIT {MOST_ROWS}", (owner,))


def preferences(connection: Connection, person: str) -> str:
    """Return how a person wants to be told, as JSON; "" where they have not said."""
    rows = connection.rows("SELECT preferences FROM exchange_vault_notify_preference WHERE person = ?", (person,))
    return str(rows[0][0]) if rows else ""


def told(connection: Connection, person: str) -> list[Row]:
    """Return (day of the last digest, instant of the last mail at once) of a person."""
    return connection.rows("SELECT digest, instant FROM exchange_vault_notify_told WHERE person = ?", (person,))


def reads(connection: Connection, person: str) -> list[Row]:
    """Return (thread, at) of how far a person has read."""
    return connection.rows("SELECT thread, at FROM exchange_vault_read WHERE person = ? ORDER BY at, thread"
                           f" LIMIT {MOST_ROWS}", (person,))


def mails(connection: Connection, address: str) -> list[Row]:
    """Return (subject, about, at, state) of the mails to an address that are still kept; never their text."""
    return connection.rows("SELECT subject, about, at, state FROM exchange_vault_mail WHERE recipient = ?"
                           f" ORDER BY at, id LIMIT {MOST_ROWS}", (address,))


def bounces(connection: Connection, address: str) -> list[Row]:
    """Return (at, reason) of why mail to an address was refused."""
    return connection.rows("SELECT at, reason FROM exchange_vault_mail_bounce WHERE address = ?", (address,))


def exports(connection: Connection, person: str) -> list[Row]:
    """Return (feed, count, at) of the detection exports that a person's own key was served last."""
    return connection.rows(
        f"SELECT feed, count, at FROM exchange_vault_detect WHERE party = ? ORDER BY at, feed LIMIT {MOST_ROWS}",
        (person,))


def cursors(connection: Connection, holder: str) -> list[Row]:
    """Return (name, at) of the stream's cursors that the hub holds for a party."""
    return connection.rows(
        f"SELECT name, at FROM exchange_vault_cursor WHERE holder = ? ORDER BY name LIMIT {MOST_ROWS}", (holder,))


def feeds_added(connection: Connection, person: str) -> list[Row]:
    """Return (id, created) of the inbound feeds that a person added."""
    return connection.rows(
        f"SELECT id, created FROM exchange_vault_feed WHERE author = ? ORDER BY created, id LIMIT {MOST_ROWS}",
        (person,))


def forget_machines(connection: Connection, person: str, holder: str) -> None:
    """Delete what a person's tools were served, and their cursors."""
    connection.run("DELETE FROM exchange_vault_detect WHERE party = ?", (person,))
    connection.run("DELETE FROM exchange_vault_cursor WHERE holder = ?", (holder,))
