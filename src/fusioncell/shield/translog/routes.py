"""HTTP operations of the transparency log: what everyone fetches, and the openings for those who hold them.

The doors under ``/log`` are static files by their nature (C2SP tlog-tiles): they set and need no cookie, ask for no
key, and all but the checkpoint never change. The checkpoint, like every answer that is no file, is stored nowhere.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.params import Parameter

from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.errors import BadInput, Conflict, NotFound
from fusioncell.kernel.marking import Viewer
from fusioncell.shield.appeals.service import Appeals
from fusioncell.shield.translog.asking import Asked, Asking
from fusioncell.shield.translog.model import Opening
from fusioncell.shield.translog.service import MAX_OPENINGS, Translog
from fusioncell.shield.translog.tiles import MAX_LEVEL, read_path

FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable", "Cross-Origin-Resource-Policy": "cross-origin"}
NEWEST = {"Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "cross-origin"}
_OPEN: dict[str, Any] = {"permission": "public"}
_TAGS = ["transparency log"]
_MAX_NOTE = 20_000


_PLACE = re.compile(r"0|[1-9][0-9]{0,14}")
Generation = Annotated[str, Parameter(description="The name after the log's own in its origin.")]


def _number(text: str) -> int:
    if not _PLACE.fullmatch(text):
        raise NotFound("there is no such place in the log", hint="The newest checkpoint is at /log/checkpoint.")
    return int(text)


def opening_json(one: Opening) -> dict[str, Any]:
    """Return an opening as JSON values."""
    return {
        "index": one.index,
        "kind": one.kind,
        "name": one.name,
        "nonce": one.nonce.hex(),
        "decision": one.decision,
    }


@get("/log/checkpoint", tags=_TAGS, opt=_OPEN, sync_to_thread=True, summary="The log's newest signed head")
def checkpoint(translog: Translog) -> Response[str]:
    """Give the newest checkpoint, a signed note (C2SP tlog-checkpoint)."""
    return Response(translog.checkpoint(), media_type="text/plain", headers=NEWEST)


@get("/log/checkpoint/{size:str}", tags=_TAGS, opt=_OPEN, sync_to_thread=True, summary="An earlier signed head")
def earlier(
    size: Annotated[str, Parameter(description="How many leaves it has.")], translog: Translog
) -> Response[str]:
    """Give the checkpoint of so many leaves; cosignatures may still be added to it."""
    return Response(translog.checkpoint(_number(size)), media_type="text/plain", headers=NEWEST)


@get("/log/tile/{tile:path}", tags=_TAGS, opt=_OPEN, sync_to_thread=True, summary="A tile")
def tile(
    tile: Annotated[str, Parameter(description="L/N or entries/N, with .p/W where it is not full.")],
    translog: Translog,
) -> Response[bytes]:
    """Give a hash tile, ``L/N[.p/W]``, or an entry bundle, ``entries/N[.p/W]`` (C2SP tlog-tiles)."""
    return _tile(translog, "", tile)


@get("/log/{generation:str}/checkpoint", tags=_TAGS, opt=_OPEN, sync_to_thread=True,
     summary="The newest signed head, after a restore")  # fmt: skip
def later_checkpoint(generation: Generation, translog: Translog) -> Response[str]:
    """Give the newest checkpoint of the generation that began when the hub was restored."""
    if translog.head().prefix != f"/log/{generation}/":
        raise NotFound("there is no such log", hint="The newest checkpoint is at /log/checkpoint.")
    return Response(translog.checkpoint(), media_type="text/plain", headers=NEWEST)


@get("/log/{generation:str}/tile/{tile:path}", tags=_TAGS, opt=_OPEN, sync_to_thread=True,
     summary="A tile, after a restore")  # fmt: skip
def later_tile(
    generation: Generation,
    tile: Annotated[str, Parameter(description="As of the first generation.")],
    translog: Translog,
) -> Response[bytes]:
    """Give a tile of the generation that began when the hub was restored."""
    return _tile(translog, generation, tile)


def _tile(translog: Translog, generation: str, path: str) -> Response[bytes]:
    kind, _, rest = path.strip("/").partition("/")
    place = read_path(rest)
    if place is None or (kind != "entries" and kind not in _LEVELS):
        raise NotFound("there is no such tile", hint="Which there are follows from the size in /log/checkpoint.")
    index, width = place
    if kind == "entries":
        body = translog.entries(index, width, generation)
    else:
        body = translog.tile(int(kind), index, width, generation)
    return Response(body, media_type="application/octet-stream", headers=FOR_EVER)


_LEVELS = frozenset(str(level) for level in range(MAX_LEVEL + 1))


@post("/log/cosignatures", tags=_TAGS, opt=_OPEN, status_code=200, request_max_body_size=_MAX_NOTE,
      summary="Add a witness's cosignature")  # fmt: skip
async def cosign(request: Request[Any, Any, Any], translog: Translog) -> dict[str, Any]:
    """Take a checkpoint with cosignatures of witnesses whose keys the operators have listed (tlog-cosignature)."""
    try:
        note = (await request.body()).decode()
    except UnicodeDecodeError:
        raise BadInput("a signed note is UTF-8 text") from None
    return {"witnesses": translog.cosign(note)}


@get("/api/shield/log", tags=_TAGS, opt=_OPEN, sync_to_thread=True, summary="What a verifier needs to know")
def about(translog: Translog, asking: Asking) -> dict[str, Any]:
    """Say the log's origin, key, size, and who witnesses it: what each cosigned last, and how asking it went."""
    found = translog.head()
    last = {name: (size, time) for name, size, time in translog.witnessed()}
    return {
        "origin": found.origin,
        "prefix": found.prefix,
        "key": translog.key.text,
        "size": found.size,
        "root": found.root.hex(),
        "witnesses": [
            {"name": one.name, "key": one.text, "size": last.get(one.name, (0, 0))[0],
             "time": last.get(one.name, (0, 0))[1], **_asked(asking.state(one.name))}
            for one in translog.witnesses
        ],
        "fault": translog.fault(),
    }  # fmt: skip


def _asked(one: Asked | None) -> dict[str, Any]:
    """Say when a witness was asked last and what went wrong, for one that the hub asks."""
    return {} if one is None else {"asked": format_instant(one.tried) if one.tried else None, "fault": one.fault}


@get("/api/shield/log/proof/{index:str}", tags=_TAGS, opt=_OPEN, sync_to_thread=True, summary="An inclusion proof")
def proof(
    index: Annotated[str, Parameter(description="The leaf's place, from 0.")], translog: Translog
) -> Response[str]:
    """Prove that a leaf stands in the newest checkpoint, in a file that verifies offline (C2SP tlog-proof)."""
    return Response(translog.proof(_number(index)), media_type="text/plain", headers=NEWEST)


@get("/api/shield/openings", tags=_TAGS, opt=_OPEN, sync_to_thread=True, summary="What opens the log's commitments")
def openings(
    viewer: Viewer,
    translog: Translog,
    after: Annotated[int, Parameter(ge=-1, lt=1 << 53, description="The last index that you have.")] = -1,
    limit: Annotated[int, Parameter(ge=1, le=MAX_OPENINGS, description="At most so many.")] = 1000,
    name: Annotated[str, Parameter(max_length=255, description="Only those of this name.")] = "",
) -> dict[str, Any]:
    """Give names and nonces, in the log's order.

    Subscribers and auditors get those of all that they may see; everyone else what is open to the public: names that
    their owners misuse, 30 days after the block or once they are free again.
    """
    found = translog.openings(viewer, after=after, limit=limit, name=name.strip().lower().rstrip("."))
    return {
        "openings": [opening_json(one) for one in found],
        "next": found[-1].index if len(found) == limit else None,
    }


@get("/api/appeals/{code:str}/openings", tags=_TAGS, opt=_OPEN, sync_to_thread=True,
     summary="What opens the commitments to your own name")  # fmt: skip
def owners(
    request: Request[Any, Any, Any],
    code: Annotated[str, Parameter(description="The code that you were given when you appealed.")],
    appeals: Appeals,
    translog: Translog,
) -> dict[str, Any]:
    """Give the nonces of a name to whoever appealed against its block and proved, by DNS, to hold it."""
    appeals.brake.count(request.client.host if request.client else "")
    one = appeals.of_code(code)
    if not one.proved_at:
        raise Conflict("the name is not proved yet", hint="Publish the record that the appeal's page names.")
    return {"openings": [opening_json(each) for each in translog.opening_for(one.name)], "next": None}


HANDLERS = (
    checkpoint, earlier, tile, later_checkpoint, later_tile, cosign, about, proof, openings, owners,
)  # fmt: skip
"""The package's doors."""
