"""The return formats of ``restSearch`` as a table (MISP/MISP, Event and Attribute ``validFormats``). Pure.

A format that is not told otherwise by the client means ``to_ids=1`` and ``published=1`` where MISP's own does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fusioncell.exchange.misp.search import (
    write_context,
    write_csv,
    write_lists,
    write_rules,
    write_stix1,
    write_stix2,
    write_xml,
    write_yara,
    write_zone,
)
from fusioncell.exchange.misp.search.model import About, Hit

_TEXT, _JSON, _XML = "text/plain", "application/json", "application/xml"


@dataclass(frozen=True, slots=True)
class Format:
    """One format. ``hits``: written from attributes; ``events``: from whole events; exactly one of the two is set.

    ``restrictive``: see the module. ``types``: the only attribute types it holds, () for all. ``plain``: of an
    attribute it looks at nothing but what ``quick.bodies_of`` gives.
    """

    media: str
    hits: Callable[[Iterable[Hit], About], bytes] | None = None
    events: Callable[[Iterable[Mapping[str, Any]], About], bytes] | None = None
    restrictive: bool = False
    types: tuple[str, ...] = ()
    plain: bool = True


_ADDRESSES = ("ip-src", "ip-dst", "domain|ip", "ip-dst|port", "ip-src|port")
FORMATS: dict[str, Format] = {
    "csv": Format("text/csv", write_csv.write_csv, plain=False),
    "text": Format(_TEXT, write_lists.write_text, restrictive=True),
    "hashes": Format(_TEXT, write_lists.write_hashes, restrictive=True),
    "hosts": Format(_TEXT, write_lists.write_hosts, restrictive=True, types=("domain", "hostname")),
    "netfilter": Format(_TEXT, write_lists.write_netfilter, types=_ADDRESSES),
    "cache": Format(_TEXT, write_lists.write_cache),
    "kunai": Format(_JSON, write_lists.write_kunai, restrictive=True),
    "opendata": Format(_TEXT, write_lists.write_opendata),
    "suricata": Format(_TEXT, write_rules.write_suricata, restrictive=True, types=write_rules.TYPES),
    "snort": Format(_TEXT, write_rules.write_snort, restrictive=True, types=write_rules.TYPES),
    "rpz": Format(_TEXT, write_zone.write_rpz, restrictive=True,
                  types=("ip-src", "ip-dst", "domain", "domain|ip", "hostname")),
    "openioc": Format(_XML, write_xml.write_openioc, restrictive=True),
    "yara": Format(_TEXT, write_yara.write_yara),
    "yara-json": Format(_JSON, write_yara.write_yara_json, plain=False),
    "stix": Format(_JSON, events=write_stix1.write_stix1_json),
    "stix-json": Format(_JSON, events=write_stix1.write_stix1_json),
    "stix-xml": Format(_XML, events=write_stix1.write_stix1_xml),
    "stix2": Format(_JSON, events=write_stix2.write_stix2),
    "context": Format(_JSON, events=write_context.write_context),
    "context-markdown": Format("text/markdown", events=write_context.write_markdown),
    "attack": Format(_JSON, events=write_context.write_attack),
    "attack-sightings": Format(_JSON, events=write_context.write_attack_sightings),
}  # fmt: skip
"""json, xml and count are given by the service, each scope in its own envelope."""
RESTRICTIVE = frozenset(name for name, form in FORMATS.items() if form.restrictive)
