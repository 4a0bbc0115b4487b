"""The administration's actions at the MISP door."""

from __future__ import annotations

from fusioncell.exchange.misp import Action, Actions, Call, Reply
from fusioncell.exchange.mispadmin.model import PYMISP, VERSION


def get_version(call: Call) -> Reply:
    """Answer as which MISP the hub speaks, and what the caller's role lets it synchronise (servers/getVersion)."""
    role = call.caller.role
    return Reply({
        "version": VERSION, "pymisp_recommended_version": PYMISP, "perm_sync": role.may("perm_sync"),
        "perm_sighting": role.may("perm_sighting"), "perm_galaxy_editor": role.may("perm_galaxy_editor"),
        "perm_analyst_data": role.may("perm_analyst_data"), "request_encoding": [], "filter_sightings": True,
    })  # fmt: skip


def get_pymisp_version(call: Call) -> Reply:
    """Answer which PyMISP is recommended (servers/getPyMISPVersion)."""
    return Reply({"version": PYMISP})


def actions() -> Actions:
    """Return the actions of the package."""
    return {
        ("servers", "getVersion"): Action(get_version),
        ("servers", "getPyMISPVersion"): Action(get_pymisp_version),
    }
