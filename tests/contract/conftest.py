"""Every contract runs on SQLite and on PostgreSQL."""

from databases import database_url, databases, hub, open_again, postgres

__all__ = ["database_url", "databases", "hub", "open_again", "postgres"]
