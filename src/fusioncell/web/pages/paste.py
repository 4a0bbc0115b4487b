"""The paste: hundreds of lines of anything, defanged or not, become a table of what the picture knows of them."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from litestar import Response, get, post
from litestar.concurrency import sync_to_thread

from fusioncell.bootstrap import Hub
from fusioncell.fusion.model import Assessment
from fusioncell.kernel.cells import cell
from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.errors import BadInput, Conflict, FusionCellError
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.observable import Observable, guess, key64
from fusioncell.picture.triage.model import key_of, observable_of
from fusioncell.web.pages.frame import FORM, Asked, Form, Page, fault_on, form_of, page, page_headers, text_of
from fusioncell.web.pages.names import Names
from fusioncell.web.pages.views import View, observable_view
from fusioncell.web.words import N_, Words

LONGEST = 200_000
"""Characters of a paste."""
MOST = 1000
"""Values of one paste."""
MOST_SOURCES = 4
MOST_WATCHED = 20
_TRIM = "\"'`<>(){},;|*•"


@dataclass(frozen=True, slots=True)
class Read:
    """What a paste holds: values in their order, once each; lines with none; whether values were left out."""

    values: tuple[Observable, ...]
    unread: tuple[str, ...]
    cut: bool


def read_paste(text: str) -> Read:
    """Read a paste: a line that is a value as a whole, else the values among its words."""
    found: dict[Observable, None] = {}
    unread: list[str] = []
    for line in text.splitlines():
        line = line.strip()
        if not line:
            continue
        whole = guess(line.strip(_TRIM))
        parts = [whole] if whole is not None else [
            guess(word.strip(_TRIM)) for word in line.replace(",", " ").replace(";", " ").replace("|", " ").split()
        ]
        values = [one for one in parts if one is not None]
        found.update(dict.fromkeys(values))
        if not values:
            unread.append(line[:120])
    values = list(found)
    return Read(tuple(values[:MOST]), tuple(unread), len(values) > MOST)


def _row(one: Observable, found: Assessment | None, good: str, names: Names) -> View:
    orgs = dict.fromkeys(origin.voice.contributor for origin in found.origins) if found else {}
    said = [names.organisation(each) for each in orgs]
    return {
        "key": key_of(one), "one": observable_view(one, found), "known": found is not None,
        "malicious": found.malicious if found and found.origins else None, "first": found.first if found else None,
        "last": found.last if found else None, "good": good, "orgs": said[:MOST_SOURCES],
        "more": max(0, len(said) - MOST_SOURCES),
    }  # fmt: skip


def rows_of(hub: Hub, viewer: Viewer, values: tuple[Observable, ...]) -> list[View]:
    """Return a row a value: the verdict, first and last seen, the known-good list it stands on, who said so."""
    known = hub.fusion.match(list(values), hub.record.visible_to(viewer))
    names = Names(hub, viewer)
    hits = hub.fusion.known_good.batch_hits(list(values))
    return [_row(one, known.get(one), listed[0].title if listed else "", names)
            for one, listed in zip(values, hits, strict=True)]  # fmt: skip


def _page(request: Asked, hub: Hub, viewer: Viewer, text: str = "", *, code: int = 200, said: Words | None = None,
          errors: tuple[dict[str, str], ...] = ()) -> Page:
    read = read_paste(text)
    rows = rows_of(hub, viewer, read.values)
    return page(request, "paste/index.html", here="workbench", code=code, errors=errors, text=text, rows=rows,
                unread=list(read.unread[:20]), lost=len(read.unread), cut=read.cut, most=MOST,
                known=sum(row["known"] for row in rows), said=said)  # fmt: skip


@get("/paste", opt={"permission": "search"}, sync_to_thread=True, include_in_schema=False)
def ask(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Ask for the paste."""
    return _page(request, hub, viewer)


@post("/paste", opt={"permission": "search", **FORM}, include_in_schema=False)
async def paste(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Show the table of a paste, and watch what is ticked of it."""
    fields = await form_of(request)
    keys = [key for key in (await request.form()).getall("key", []) if isinstance(key, str)]
    text = text_of(fields, "text", LONGEST + 1)
    if len(text) > LONGEST:
        fault = BadInput(f"that is longer than {LONGEST:,} characters", hint="Paste it in parts.")
        return _page(request, hub, viewer, code=400, errors=(fault_on("text", fault),))
    if not text_of(fields, "watch", 8):
        return await sync_to_thread(_page, request, hub, viewer, text)
    return await sync_to_thread(_watch, request, hub, viewer, text, keys)


def _watch(request: Asked, hub: Hub, viewer: Viewer, text: str, keys: list[str]) -> Page:
    """Watch the ticked names, addresses and networks; what cannot be watched is counted."""
    watched = 0
    for key in keys[:MOST_WATCHED]:
        one = observable_of(key)
        try:
            hub.notify.watch(viewer, "network", one.value if one else "")
        except Conflict as fault:
            return _page(request, hub, viewer, text, code=fault.status, errors=(fault_on("", fault),))
        except FusionCellError:
            continue
        watched += 1
    said = N_("Watched from now on: {n} of {all}. Names, addresses and networks can be watched.", n=watched,
              all=len(keys))  # fmt: skip
    return _page(request, hub, viewer, text, said=said)


def as_csv(rows: list[View]) -> bytes:
    """Write rows as CSV (RFC 4180), values as they are; no cell begins a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["value", "type", "verdict", "malicious", "first_seen", "last_seen", "known_good", "said_by"])
    for row in rows:
        one = row["one"]
        writer.writerow([
            cell(one["value"]), one["type"], str(one["words"]) if row["known"] else "unknown",
            f"{row['malicious']:.3f}" if row["malicious"] is not None else "",
            format_instant(row["first"]) if row["first"] else "", format_instant(row["last"]) if row["last"] else "",
            cell(row["good"]), cell("; ".join(map(str, row["orgs"]))),
        ])  # fmt: skip
    return out.getvalue().encode()


@post("/paste/csv", opt={"permission": "search", **FORM}, include_in_schema=False)
async def download(request: Asked, hub: Hub, viewer: Viewer) -> Response[bytes]:
    """Give the table as CSV: what is ticked, or all of it."""
    fields: Form = await form_of(request)
    keys = [key for key in (await request.form()).getall("key", []) if isinstance(key, str)]

    def work() -> Response[bytes]:
        values = read_paste(text_of(fields, "text", LONGEST)).values
        ticked = set(keys)
        chosen = tuple(one for one in values if not ticked or key_of(one) in ticked)
        rows = rows_of(hub, viewer, chosen)
        if viewer.org is not None:
            known = [key64(one) for one, row in zip(chosen, rows, strict=True) if row["known"]]
            hub.receipts.exported(viewer.org, known)
        headers = {**page_headers(), "Content-Disposition": 'attachment; filename="paste.csv"'}
        return Response(as_csv(rows), media_type="text/csv", headers=headers)

    return await sync_to_thread(work)


HANDLERS = (ask, paste, download)
"""The paste."""
