"""The pages' own files under ``/static/``: a closed list, read once, so that no path leads anywhere else."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import lru_cache

from litestar import Response, get

from fusioncell.kernel.clock import DAY, format_instant
from fusioncell.kernel.errors import NotFound
from fusioncell.web.pages.frame import Asked, base_of, hub_of
from fusioncell.web.render import LANGUAGES, STATIC

TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".woff2": "font/woff2",
    ".png": "image/png",
}
"""Media types by file ending; a file of any other is not served."""
FOR_EVER = "public, max-age=31536000, immutable"
ROBOTS = "User-agent: *\nDisallow: /\n"


@dataclass(frozen=True, slots=True)
class File:
    """A file, ready to be sent."""

    body: bytes
    packed: bytes
    media_type: str
    digest: str


@lru_cache(maxsize=1)
def files() -> dict[str, File]:
    """Read all files that are served, by their path under ``static``."""
    found = {}
    for path in sorted(STATIC.rglob("*")):
        if path.is_file() and path.suffix in TYPES:
            body = path.read_bytes()
            found[path.relative_to(STATIC).as_posix()] = File(
                body, gzip.compress(body, 9, mtime=0), TYPES[path.suffix], hashlib.sha256(body).hexdigest()[:12]
            )
    return found


def send(request: Asked, name: str) -> Response[bytes]:
    """Send a file, for ever where the address holds its digest; NotFound where it is none of ours."""
    file = files().get(name)
    if file is None:
        raise NotFound("there is no such file")
    etag = f'"{file.digest}"'
    headers = {
        "Cache-Control": FOR_EVER if request.query_params.get("v") == file.digest else "no-cache",
        "ETag": etag,
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("if-none-match") == etag:
        return Response(b"", status_code=304, media_type=file.media_type, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(file.packed, media_type=file.media_type, headers={**headers, "Content-Encoding": "gzip"})
    return Response(file.body, media_type=file.media_type, headers=headers)


@get(
    "/static/{name:path}",
    opt={"permission": "public", "query": frozenset({"v"})},
    sync_to_thread=False,
    include_in_schema=False,
)
def static(request: Asked, name: str) -> Response[bytes]:
    """Send a file of the pages."""
    return send(request, name.lstrip("/"))


@get("/favicon.ico", opt={"permission": "public"}, sync_to_thread=False, include_in_schema=False)
def icon(request: Asked) -> Response[bytes]:
    """Send the icon to those who ask for it by its old name."""
    return send(request, "icon.svg")


@get("/robots.txt", opt={"permission": "public"}, sync_to_thread=False, include_in_schema=False)
def robots() -> Response[str]:
    """Ask robots to stay away: what is shared with everyone is read, not indexed as the hub's own word."""
    return Response(ROBOTS, media_type="text/plain")


@get("/.well-known/security.txt", opt={"permission": "public"}, sync_to_thread=False, include_in_schema=False)
def security(request: Asked) -> Response[str]:
    """Tell who finds a weakness where to report it (RFC 9116). NotFound where the operator names nobody."""
    hub = hub_of(request)
    named = [one.strip() for one in hub.settings.security_contact.split(",") if one.strip()]
    if not named:
        raise NotFound("this hub names nobody for that", hint="Who runs it: set security_contact.")
    address = f"{base_of(request)}/.well-known/security.txt"
    lines = [f"Contact: {one if ':' in one else f'mailto:{one}'}" for one in named]
    # The file is made when it is asked for: it holds for half a year from then.
    lines += [f"Expires: {format_instant(hub.clock.now() + 180 * DAY)}", f"Canonical: {address}",
              f"Preferred-Languages: {', '.join(LANGUAGES)}"]  # fmt: skip
    return Response("\n".join(lines) + "\n", media_type="text/plain")


HANDLERS = (static, icon, robots, security)
"""Static files."""
