"""Files of posts: taken from a form, shown in a line, given out to be saved."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Response, get
from litestar.concurrency import sync_to_thread
from litestar.datastructures import UploadFile

from fusioncell.bootstrap import Hub
from fusioncell.exchange.files import MAX_FILE, NOTICES, inert_headers
from fusioncell.exchange.files.model import DANGERS
from fusioncell.intake import Attached
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.handed import Handed
from fusioncell.kernel.marking import Viewer
from fusioncell.web.pages.frame import Asked
from fusioncell.web.pages.views import View
from fusioncell.web.words import N_

MOST = 20
"""Files of one form."""
Given = list[tuple[str, bytes]]


async def given_in(request: Asked, field: str = "file") -> Given:
    """Read the files of a form: (name, bytes). Raises BadInput where there are too many."""
    data = await request.form()
    sent = [each for each in data.getall(field, []) if isinstance(each, UploadFile) and each.filename]
    if len(sent) > MOST:
        raise BadInput(f"a post has at most {MOST} files", hint="Send the others with an answer.", place="file")
    return [(each.filename, await sync_to_thread(each.file.read, MAX_FILE + 1)) for each in sent]


async def kept_in(request: Asked) -> list[str]:
    """Read the digests of files that an earlier sending of the form left."""
    data = await request.form()
    return [each for each in data.getall("kept", []) if isinstance(each, str)][:MOST]


def size_in_words(size: int) -> str:
    """Return a size as people say it."""
    for unit, factor in (("MB", 1 << 20), ("kB", 1 << 10)):
        if size >= factor:
            return f"{size / factor:.1f}".removesuffix(".0") + f" {unit}"
    return N_("{count} byte", "{count} bytes", size)


def file_view(one: Attached, href: str) -> View:
    """Make the FILE view model; ``danger`` says what may harm, ``note`` what was taken out."""
    return {
        "name": one.name, "href": href, "size": size_in_words(one.size) if one.size else "",
        "danger": " ".join(NOTICES[mark] for mark in one.marks if mark in DANGERS),
        "note": " ".join(NOTICES[mark] for mark in one.marks if mark in NOTICES and mark not in DANGERS),
    }  # fmt: skip


def kept_views(hub: Hub, viewer: Viewer, digests: Sequence[str]) -> list[View]:
    """Make the view models of files that wait to be sent."""
    found = []
    for digest in digests:
        try:
            found += [{"digest": one.digest, **file_view(one, "")} for one in hub.files.attached(viewer, [digest])]
        except BadInput:
            continue
    return found


@get("/exchange/posts/{which:str}/files/{digest:str}", opt={"permission": "read"}, sync_to_thread=True,
     include_in_schema=False, media_type="application/octet-stream")  # fmt: skip
def one_file(which: str, digest: str, hub: Hub, viewer: Viewer, handed: Handed) -> Response[bytes]:
    """Give a file out, to be saved and not to be shown, to whoever sees its post."""
    found = hub.talk.read_one(viewer, which)
    file, data = hub.files.read(found.files, digest)
    handed.file(found.contribution)
    return Response(data, media_type="application/octet-stream", headers=inert_headers(file.name))


HANDLERS = (one_file,)
"""Files of posts."""
