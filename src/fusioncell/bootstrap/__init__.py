"""The one place where ports meet edges: makes a hub out of a data folder and settings.

What stands here is loaded when it is first asked for: the agent beside a resolver (``bootstrap.edge``) joins its parts
in this package too, and must not carry a hub's databases in memory.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fusioncell.bootstrap.databases import (
        EDITION,
        PROJECTIONS,
        VAULT,
        beside,
        create_projections,
        differing_rows,
        drop_projections,
        dump_projections,
        form_of_projections,
        fresh_projections,
        open_databases,
    )
    from fusioncell.bootstrap.hub import Hub, assemble, open_hub
    from fusioncell.bootstrap.outside import (
        cache_folder,
        fetch,
        known_good_ready,
        open_known_good,
        open_misp_pack,
        read_backup,
        read_settings,
        settings_file,
        write_backup,
        zone_serial,
    )
    from fusioncell.edges.dns_server import DnsServer
    from fusioncell.edges.dump import Difference, TableDump
    from fusioncell.edges.folder import Folder
    from fusioncell.edges.system import SystemClock, SystemRandomness

__all__ = [
    "EDITION", "PROJECTIONS", "VAULT", "Difference", "DnsServer", "Folder", "Hub", "SystemClock", "SystemRandomness",
    "TableDump", "assemble", "beside", "cache_folder", "create_projections", "differing_rows", "drop_projections",
    "dump_projections", "fetch", "form_of_projections", "fresh_projections", "known_good_ready", "open_databases",
    "open_hub", "open_known_good", "open_misp_pack", "read_backup", "read_settings", "settings_file",
    "write_backup", "zone_serial",
]  # fmt: skip

_FROM = {
    "fusioncell.bootstrap.databases": "EDITION PROJECTIONS VAULT beside create_projections differing_rows "
    "drop_projections dump_projections form_of_projections fresh_projections open_databases",
    "fusioncell.bootstrap.hub": "Hub assemble open_hub",
    "fusioncell.bootstrap.outside": "cache_folder fetch known_good_ready open_known_good open_misp_pack read_backup "
    "read_settings settings_file write_backup zone_serial",
    "fusioncell.edges.dns_server": "DnsServer",
    "fusioncell.edges.dump": "Difference TableDump",
    "fusioncell.edges.folder": "Folder",
    "fusioncell.edges.system": "SystemClock SystemRandomness",
}
_HOME = {name: module for module, names in _FROM.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    """Load what is asked for (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOME[name]), name)
    return value
