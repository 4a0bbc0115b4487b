"""Give entries back in the format in which they came, unknown fields included (DESIGN rule 7). Pure."""

from __future__ import annotations

from collections.abc import Sequence

from fusioncell.intake import misp, stix
from fusioncell.intake.product import plain, read_product
from fusioncell.kernel.entry import Entry


def export_native(entries: Sequence[Entry]) -> tuple[str, bytes]:
    """Return (media type, body) of the entries of one contribution, in its native format.

    STIX objects come as a bundle, MISP events as one event or a ``response`` list, rows and texts as text.
    """
    parts = [(e.kind, e.payload.place, e.payload.body) for e in entries if e.payload is not None]
    kinds = {kind for kind, _, _ in parts}
    if kinds <= {"stix"}:
        return "application/stix+json;version=2.1", stix.assemble(
            [body for _, _, body in parts], bundle_id=f"bundle--{entries[0].contribution}"
        )
    if kinds & {"misp.event", "misp.object", "misp.attribute", "misp.more"}:
        return "application/json", _misp(parts)
    if kinds <= {"product"}:
        # As its readers may have it: what it cites is put in for each of them by its own doors.
        said = [read_product(body) for _, _, body in parts]
        written = "\n\n".join(f"# {one.title}\n\n{plain(one.text)}" for one in said)
        return "text/markdown; charset=utf-8", written.encode() + b"\n"
    if kinds <= {"csaf"}:
        bodies = [body for _, _, body in parts]
        return "application/json", bodies[0] if len(bodies) == 1 else b"[" + b",".join(bodies) + b"]"
    if kinds <= {"post", "reaction"}:
        return "application/json", b"[" + b",".join(body for _, _, body in parts) + b"]"
    if entries and all(e.payload is None or e.payload.meta.get("format") == "xarf" for e in entries):
        return "application/json", parts[0][2] if len(parts) == 1 else b"[" + b",".join(b for _, _, b in parts) + b"]"
    text = b"\n".join(body for _, _, body in parts) + b"\n"
    return ("text/csv" if "csv.row" in kinds else "text/plain") + "; charset=utf-8", text


def _misp(parts: list[tuple[str, str, bytes]]) -> bytes:
    events: list[tuple[bytes, list[tuple[str, bytes]]]] = []
    for kind, place, body in parts:
        if kind == "misp.event":
            events.append((body, []))
        elif events and kind != "misp.more":
            events[-1][1].append((place, body))
    if not events:
        # An edit by the MISP door: parts of an event whose shell came before.
        return b"[" + b",".join(body for _, _, body in parts) + b"]"
    whole = [misp.assemble(shell, children) for shell, children in events]
    if len(whole) == 1:
        return b'{"Event":' + whole[0] + b"}"
    return b'{"response":[' + b",".join(b'{"Event":' + event + b"}" for event in whole) + b"]}"
