"""What became of a post: the status resource (TAXII 2.1 §4.3.1). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from fusioncell.exchange.taxii.model import written
from fusioncell.intake.model import Fault, Split
from fusioncell.kernel.clock import Instant, format_instant

_MILLISECOND = 1000


@dataclass(frozen=True, slots=True)
class Report:
    """A post that is durably kept: its objects (id, version) and what failed (id or place, reason)."""

    id: str
    at: Instant
    last_seq: int
    kept: tuple[tuple[str, Instant], ...]
    failed: tuple[tuple[str, str], ...]

    def said(self, *, complete: bool) -> dict[str, Any]:
        """Return the status resource. ``complete``: it is served; until then its objects are pending."""
        stamp = written(self.at)
        known: dict[Instant, str] = {0: stamp}
        kept = [{"id": oid, "version": known.get(version) or known.setdefault(version, _stamp(version))}
                for oid, version in self.kept]  # fmt: skip
        failed = [{"id": which, "version": stamp, "message": reason} for which, reason in self.failed]
        said: dict[str, Any] = {
            "id": self.id,
            "status": "complete" if complete else "pending",
            "request_timestamp": stamp,
            "total_count": len(kept) + len(failed),
            "success_count": len(kept) if complete else 0,
            "failure_count": len(failed),
            "pending_count": 0 if complete else len(kept),
        }
        if kept:
            said["successes" if complete else "pendings"] = kept
        if failed:
            said["failures"] = failed
        return said


def report_of(identifier: str, at: Instant, last_seq: int, split: Split) -> Report:
    """Make the report on a post that was just kept."""
    kept = tuple((item.subject, item.version) for item in split.items)
    return Report(identifier, at, last_seq, kept, tuple(_failed(split.faults)))


def _failed(faults: Iterable[Fault]) -> Iterable[tuple[str, str]]:
    for fault in faults:
        yield _id_in(fault.body) or fault.place, f"{fault.place}: {fault.reason}"


class _Named(msgspec.Struct, gc=False):
    id: str = ""


_named = msgspec.json.Decoder(_Named).decode


def _id_in(body: bytes) -> str:
    """Return the id that a faulty object gives itself, "" where it gives none."""
    try:
        return _named(body).id[:200]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def _stamp(at: Instant) -> str:
    return written(at) if at % _MILLISECOND else format_instant(at)
