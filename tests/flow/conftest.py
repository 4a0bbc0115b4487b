"""Flows that keep state run on SQLite and on PostgreSQL."""

from databases import database_url, open_again, postgres

__all__ = ["database_url", "open_again", "postgres"]
