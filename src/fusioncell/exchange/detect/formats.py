"""The forms in which exports are given, as a table: what each holds, how it is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fusioncell.exchange.detect import rules, text
from fusioncell.exchange.detect.model import TYPES, Rows
from fusioncell.exchange.detect.text import About, Written
from fusioncell.kernel.observable import ObservableType

_T = ObservableType
_ALL = frozenset(TYPES)
_ADDRESSES = frozenset((_T.IPV4, _T.IPV6, _T.CIDR))
_NAMES = frozenset((_T.DOMAIN,))


@dataclass(frozen=True, slots=True)
class Format:
    """One form. ``types``: what it can hold; ``usual``: what it holds where none is named. ``ending``: of its file.

    ``blocks``: it makes things unreachable, so it holds only what may be used for blocking. ``best_first``: its rows
    stand in the order of probability, else by type and value. ``rules``: the type of contributed rules that it is made
    of, "" for values. ``one_type``: a file of it holds a single type. ``fixed``: it holds no values at all.
    """

    name: str
    title: str
    media: str
    ending: str
    types: frozenset[ObservableType]
    write: Callable[[Rows, About], Written]
    usual: frozenset[ObservableType] = frozenset()
    blocks: bool = False
    best_first: bool = False
    deltas: bool = False
    rules: str = ""
    one_type: bool = False
    fixed: bool = False

    def chosen(self, types: frozenset[ObservableType]) -> frozenset[ObservableType]:
        """Return the types that an export holds where these are asked for (none: the usual ones)."""
        return (types & self.types) if types else (self.usual or self.types)


def _nothing(rows: Rows, about: About) -> Written:
    return Written([])


_PLAIN = "text/plain"
FORMATS: dict[str, Format] = {each.name: each for each in (
    Format("list", "Plain list", _PLAIN, "txt", _ALL, text.write_list),
    Format("csv", "CSV", "text/csv", "csv", _ALL, text.write_csv, best_first=True, deltas=True),
    Format("jsonl", "JSON lines", "application/x-ndjson", "jsonl", _ALL, text.write_jsonl, best_first=True,
           deltas=True),
    Format("suricata", "Suricata rules", _PLAIN, "rules", rules.SURICATA_TYPES, rules.write_suricata),
    Format("suricata-dataset", "Suricata dataset", _PLAIN, "lst", rules.DATASET_TYPES, rules.write_dataset,
           usual=_NAMES, one_type=True),
    Format("suricata-dataset-rules", "Suricata dataset rules", _PLAIN, "rules", rules.DATASET_TYPES, _nothing,
           fixed=True),
    Format("snort", "Snort 2.9 rules", _PLAIN, "rules", rules.SNORT_TYPES, rules.write_snort),
    Format("zeek", "Zeek intelligence", _PLAIN, "intel", text.ZEEK_TYPES, text.write_zeek),
    Format("hosts", "Hosts file", _PLAIN, "hosts", _NAMES, text.write_hosts, blocks=True),
    Format("nftables", "nftables sets", _PLAIN, "nft", _ADDRESSES, text.write_nftables, blocks=True),
    Format("rpz", "Response policy zone", _PLAIN, "rpz", _NAMES | _ADDRESSES, text.write_rpz, usual=_NAMES,
           blocks=True),
    Format("yara", "YARA rules", _PLAIN, "yar", frozenset(), _nothing, rules="yara"),
    Format("sigma", "Sigma rules", "application/yaml", "yml", frozenset(), _nothing, rules="sigma"),
)}  # fmt: skip
"""Name → form, in the order in which people are shown them."""
