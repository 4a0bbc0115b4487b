"""The HTTP operation of files: upload one. It is given out through its post (``talk.routes``)."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, post
from litestar.concurrency import sync_to_thread
from litestar.params import Parameter

from fusioncell.exchange.files.model import MAX_FILE, notice_of
from fusioncell.exchange.files.service import Files
from fusioncell.kernel.marking import Viewer


@post(
    "/api/files", tags=["talk"], opt={"permission": "contribute"}, status_code=201, summary="Upload a file for a post",
    request_max_body_size=MAX_FILE,
    description="Takes the file's bytes as the body. What names its makers (EXIF, document properties) is taken out "
    "where that can be done; the digest is that of what is kept. Name it within a day among the `files` of a new post.",
)  # fmt: skip
async def upload(
    request: Request[Any, Any, Any],
    files: Files,
    viewer: Viewer,
    filename: Annotated[str, Parameter(max_length=400, description="Its name; folders are left out.")] = "",
) -> dict[str, Any]:
    """Keep a file."""
    file = await sync_to_thread(files.keep, viewer, filename, await request.body())
    return {"digest": file.digest, "name": file.name, "size": file.size, "type": file.media, "marks": file.marks,
            "notice": notice_of(file)}  # fmt: skip


HANDLERS = (upload,)
"""The package's doors."""
