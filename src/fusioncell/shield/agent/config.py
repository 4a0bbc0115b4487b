"""The agent's configuration file (TOML), read strictly: an unknown or misspelt name is refused, not ignored."""

from __future__ import annotations

import tomllib
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.settings import host_port
from fusioncell.shield.agent.logs import LOGS, labels_of
from fusioncell.shield.agent.model import K

STREAMS = ("dnstap", "powerdns")
"""Kinds of source that connect to a socket of the agent; the others are files of lines."""

Path = Annotated[str, msgspec.Meta(min_length=1, max_length=1_000)]
Address = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """One source of telemetry. ``path``: the log file, or the Unix socket to listen on; ``listen``: HOST:PORT instead.

    ``shadow``: its resolver does not act on what it logs, whatever the line says.
    """

    kind: str
    path: Annotated[str, msgspec.Meta(max_length=1_000)] = ""
    listen: Annotated[str, msgspec.Meta(max_length=300)] = ""
    shadow: bool = False


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """What the file says; ``docs/shield-edge.md`` explains each line.

    ``refresh`` in seconds; ``shrink``: the share of a zone that may go in one whole transfer before the fuse holds it;
    ``hear``: where the hub's NOTIFY is heard, "" for nowhere.
    """

    primary: Address
    zones: Annotated[list[str], msgspec.Meta(min_length=1, max_length=64)]
    state: Path
    serve: Address = "127.0.0.1:5354"
    notify: Annotated[list[str], msgspec.Meta(max_length=32)] = []
    hear: Annotated[str, msgspec.Meta(max_length=300)] = ""
    refresh: Annotated[float, msgspec.Meta(ge=0.2, le=3600)] = 5.0
    shrink: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.5
    tsig_name: str = ""
    tsig_algorithm: str = "hmac-sha256"
    tsig_file: str = ""
    tls: bool = False
    tls_name: str = ""
    tls_ca: str = ""
    tls_certificate: str = ""
    tls_key: str = ""
    overrides: str = ""
    override_zone: str = "override.fusioncell"
    hub: str = ""
    hub_ca: str = ""
    key_file: str = ""
    subscriber: Annotated[str, msgspec.Meta(max_length=64)] = ""
    k: Annotated[int, msgspec.Meta(ge=K, le=1_000_000)] = K
    source: Annotated[list[Source], msgspec.Meta(max_length=32)] = []


def read_config(content: bytes) -> Config:
    """Read the file's content. Raises BadInput that names the line or the field."""
    try:
        config = msgspec.convert(tomllib.loads(content.decode("utf-8")), Config)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise BadInput(f"the configuration is no TOML: {fault}", hint="See docs/shield-edge.md.") from None
    except msgspec.ValidationError as fault:
        raise BadInput(f"the configuration does not fit: {fault}", hint="See docs/shield-edge.md.") from None
    for place, address in [("primary", config.primary), ("serve", config.serve),
                           *[("hear", config.hear)][: bool(config.hear)],
                           *(("notify", one) for one in config.notify),
                           *(("source", one.listen) for one in config.source if one.listen)]:  # fmt: skip
        _address(place, address)
    for zone in [*config.zones, config.override_zone]:
        if labels_of(zone.encode()) is None or zone != zone.lower().rstrip("."):
            raise BadInput(f"{zone[:80]!r} is no zone's name", hint="Lower case, without the last dot.", place="zones")
    _check_hub(config)
    _check_sources(config)
    if bool(config.tsig_name) != bool(config.tsig_file):
        raise BadInput("tsig-name and tsig-file go together", place="tsig-file")
    return config


def _address(place: str, text: str) -> None:
    try:
        host_port(text)
    except ValueError as fault:
        raise BadInput(f"{place}: {fault}", hint="Write HOST:PORT.", place=place) from None


def _check_hub(config: Config) -> None:
    """A key goes to a hub by HTTPS alone; by plain HTTP only on this machine (for tests)."""
    if not config.hub:
        return
    parts = urlsplit(config.hub)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1")):
        raise BadInput("hub: the address of a hub begins with https://", place="hub")
    if not config.key_file or not config.subscriber:
        raise BadInput("reports to the hub need key-file and subscriber", place="key-file")


def _check_sources(config: Config) -> None:
    for one in config.source:
        if one.kind not in (*LOGS, *STREAMS):
            raise BadInput(f"source: {one.kind[:40]!r} is no kind of source", place="source",
                           hint=f"Kinds: {', '.join((*LOGS, *STREAMS))}.")  # fmt: skip
        if bool(one.path) == bool(one.listen) or (one.listen and one.kind not in STREAMS):
            raise BadInput(f"source {one.kind}: give a path" + (", or listen" if one.kind in STREAMS else ""),
                           place="source")  # fmt: skip
