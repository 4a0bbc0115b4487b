"""MISP users, their keys, settings and registrations at the MISP door. The package's front door.

A user is a person of the hub; every change goes through ``members`` (``Accounts``, ``Signing``), which asks whether the
caller may and writes the audit log. An organisation's own key is a user too: one that stands for the organisation.
"""

from __future__ import annotations

from fusioncell.exchange.misp.users.service import Users, UsersHeld

__all__ = ["Users", "UsersHeld"]
