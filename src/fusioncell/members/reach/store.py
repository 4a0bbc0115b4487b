"""All the SQL of reach: what every party of the membership stands for, in a few queries over all."""

from __future__ import annotations

from collections import defaultdict

from fusioncell.kernel.clock import Instant
from fusioncell.kernel.marking import org, person
from fusioncell.kernel.ports import Connection
from fusioncell.members.model import UNLISTED, Person
from fusioncell.members.recognise import Belonging

MOST_PARTIES = 100_000
"""Organisations or people that are asked."""


def organisations(connection: Connection) -> list[str]:
    """Return the ids of all members in good standing, in the order of admission.

    Guests' own, feeds, and who has yet to accept the terms are none.
    """
    return [row[0] for row in connection.rows(
        "SELECT o.id FROM members_organisation o LEFT JOIN members_suspended s ON s.party = 'org:' || o.id "
        f"WHERE s.party IS NULL AND o.kind NOT IN {UNLISTED} AND o.bound = 1 ORDER BY o.seq LIMIT {MOST_PARTIES}")]


def people(connection: Connection) -> dict[str, list[Person]]:
    """Return the people in good standing by organisation; nothing but their ids and roles."""
    found: dict[str, list[Person]] = defaultdict(list)
    for identifier, home, roles in connection.rows(
        "SELECT p.id, p.org, p.roles FROM members_person p LEFT JOIN members_suspended s "
        f"ON s.party = 'person:' || p.id WHERE s.party IS NULL ORDER BY p.seq LIMIT {MOST_PARTIES}"
    ):
        found[home].append(Person(identifier, home, "", "", tuple(roles.split()), 0))
    return found


def belongings(connection: Connection) -> dict[str, list[Belonging]]:
    """Return which generations of which groups each party holds."""
    found: dict[str, list[Belonging]] = defaultdict(list)
    for party, grp, since, generation in connection.rows(
        "SELECT b.party, g.id, b.since, g.generation FROM members_belonging b JOIN members_group g ON g.id = b.grp "
        f"ORDER BY b.party, g.seq LIMIT {10 * MOST_PARTIES}"
    ):
        found[party].append(Belonging(grp, since, generation))
    return found


def providers(connection: Connection) -> dict[str, list[str]]:
    """Return the providers in good standing of each client."""
    found: dict[str, list[str]] = defaultdict(list)
    for client, provider in connection.rows(
        "SELECT c.client, c.provider FROM members_client c LEFT JOIN members_suspended s "
        f"ON s.party = 'org:' || c.provider WHERE s.party IS NULL ORDER BY c.client, c.provider LIMIT {MOST_PARTIES}"
    ):
        found[client].append(provider)
    return found


def guests(connection: Connection, now: Instant) -> list[tuple[str, str, Belonging]]:
    """Return (person, organisation, what it holds) of the guests whose stay is not over."""
    return [(who, home, Belonging(grp, since, generation)) for who, home, grp, since, generation in connection.rows(
        "SELECT u.person, u.org, g.id, u.since, g.generation FROM members_guest u JOIN members_group g ON g.id = u.grp "
        "LEFT JOIN members_suspended s ON s.party = u.host LEFT JOIN members_suspended h "
        "ON h.party = 'person:' || u.person WHERE u.ended IS NULL AND u.until > ? AND s.party IS NULL "
        f"AND h.party IS NULL ORDER BY u.seq LIMIT {MOST_PARTIES}", (now,))]


def held_by(found: dict[str, list[Belonging]], home: str, who: str = "") -> tuple[Belonging, ...]:
    """Return what an organisation holds, and with it a person of it."""
    own = found.get(person(who), []) if who else []
    return (*found.get(org(home), []), *own)
