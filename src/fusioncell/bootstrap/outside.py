"""Settings and what only a few commands need of the edges; the heavy ones are loaded when they are called."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fusioncell.edges import knowngood_files, misp_packs
from fusioncell.edges.folder import Folder
from fusioncell.exchange.misp import library as misp_library
from fusioncell.fusion import knownindex
from fusioncell.fusion.knowngood import KnownGood
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.settings import Settings

if TYPE_CHECKING:
    from fusioncell.edges.fetch import Fetched

def read_settings(**given: str | None) -> Settings:
    """Read the settings: what was given, the environment, ``fusioncell.toml`` in this folder, the defaults."""
    return Settings.read(os.environ, settings_file(), **given)


def settings_file() -> dict[str, Any]:
    """Return what ``fusioncell.toml`` in this folder says. Raises BadInput where it is no TOML."""
    file = Path("fusioncell.toml")
    try:
        return tomllib.loads(file.read_text()) if file.exists() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise BadInput(f"fusioncell.toml cannot be read: {fault}", hint="Mend it; see `fusioncell settings`.") from None


def cache_folder() -> Path:
    """Return the folder for what can be compiled again: ``$XDG_CACHE_HOME/fusioncell``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fusioncell"


def _known_good_stamp() -> str:
    return f"{knowngood_files.package_version()}-{knownindex.FORMAT}"


def known_good_ready() -> bool:
    """Tell whether the warninglists of this version have been compiled."""
    return (cache_folder() / _known_good_stamp()).is_dir()


def open_known_good() -> KnownGood:
    """Open the compiled warninglists, compiling them if this version has not been compiled yet (some seconds)."""
    stamp = _known_good_stamp()
    arrays = knowngood_files.open_arrays(
        cache_folder(), stamp, lambda: knownindex.compile_lists(knowngood_files.package_lists())
    )
    return KnownGood(arrays)


def open_misp_pack() -> misp_library.Arrays:
    """Open MISP's compiled galaxies, taxonomies and templates, compiling them where this version's are missing."""
    return knowngood_files.open_arrays(
        cache_folder() / "misp", f"{misp_packs.packages_stamp()}-{misp_library.FORMAT}",
        lambda: misp_library.compile_pack(misp_packs.package_files()),
    )  # fmt: skip


def open_galaxies() -> misp_library.Pack:
    """Open MISP's compiled galaxies to be asked: the block is shared with whoever else has it open."""
    return misp_library.Pack(open_misp_pack())


def fetch(url: str, limit: int) -> Fetched:
    """Fetch an address of the public Internet, at most ``limit`` bytes; never one inside."""
    from fusioncell.edges import fetch as edge

    return edge.fetch(url, limit)


def zone_serial(host: str, port: int, zone: str) -> int:
    """Return the serial that a name server answers for a zone. Raises Unavailable."""
    from fusioncell.edges import dns_probe

    return dns_probe.zone_serial(host, port, zone)


def write_backup(folder: Folder, target: Path, *, at: str, version: str, overwrite: bool) -> dict[str, Any]:
    """Back a folder up, with its hub running or not."""
    from fusioncell.edges import backup

    return backup.write_backup(folder.path, target, at=at, version=version, overwrite=overwrite)


def read_backup(source: Path, folder: Path) -> dict[str, Any]:
    """Unpack a backup into a new folder, checked file by file."""
    from fusioncell.edges import backup

    return backup.read_backup(source, folder)


