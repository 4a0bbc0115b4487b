"""HTTP operations of the matrix: as a Navigator layer, and a member's layer compared with it."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, get, post
from litestar.concurrency import sync_to_thread
from litestar.params import Parameter

from fusioncell.kernel.marking import Viewer
from fusioncell.picture.matrix.layer import MAX_LAYER, read_layer, write_layer
from fusioncell.picture.matrix.model import MAX_DAYS, Coverage
from fusioncell.picture.matrix.service import Matrix

Days = Annotated[int, Parameter(ge=1, le=MAX_DAYS)]
Word = Annotated[str, Parameter(max_length=80)]
_QUERY = frozenset({"domain", "days", "sector"})


@get("/api/matrix/layer", tags=["matrix"], opt={"permission": "read", "query": _QUERY}, sync_to_thread=True,
     summary="ATT&CK layer")  # fmt: skip
def layer(
    matrix: Matrix, viewer: Viewer, domain: Word = "enterprise", days: Days = 30, sector: Word = ""
) -> dict[str, Any]:
    """Return what your reports name, as a layer (4.5) for the ATT&CK Navigator."""
    return write_layer(matrix.show(viewer, domain, days=days, sector=sector), "Fusion Cell")


@post("/api/matrix/compare", tags=["matrix"], opt={"permission": "read", "query": _QUERY - {"domain"}},
      status_code=200, summary="Compare a layer")  # fmt: skip
async def compare(
    request: Request[Any, Any, Any], matrix: Matrix, viewer: Viewer, days: Days = 30, sector: Word = ""
) -> dict[str, Any]:
    """Compare your Navigator layer (the body) with what is reported: gaps, covered, quiet. It is not kept."""
    body = await request.body()

    def work() -> dict[str, Any]:
        own = read_layer(body[: MAX_LAYER + 1])
        found = matrix.show(viewer, own.domain, days=days, sector=sector, layer=own)
        cells = sorted(found.cells.values(), key=lambda cell: (-cell.count, cell.id))
        return {"layer": own.name, "domain": own.domain, **{
            each.value: [{"technique": cell.id, "name": cell.name, "contributions": cell.count} for cell in cells
                         if cell.coverage is each]
            for each in (Coverage.GAP, Coverage.BOTH, Coverage.QUIET)
        }}  # fmt: skip

    return await sync_to_thread(work)


HANDLERS = (layer, compare)
"""The package's doors."""
