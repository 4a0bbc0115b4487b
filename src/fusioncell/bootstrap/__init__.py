"""The one place where ports meet edges: makes a hub out of a data folder and settings."""

from __future__ import annotations

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
