"""HTTP operations of advisories as CSAF 2.0; those of everyone's folder need no sign-in."""

from __future__ import annotations

from hashlib import sha256, sha512
from typing import Any

from litestar import Response, get

from fusioncell.kernel.errors import NotFound
from fusioncell.kernel.handed import Handed
from fusioncell.kernel.marking import Viewer
from fusioncell.picture.csaf.model import NO_SIGNATURE
from fusioncell.picture.csaf.service import Csaf

_TAGS = ["csaf"]
_OPEN = {"permission": "read"}


@get("/api/products/{which:str}/csaf", tags=_TAGS, opt=_OPEN, sync_to_thread=True, summary="As CSAF 2.0")
def one(which: str, csaf: Csaf, viewer: Viewer, handed: Handed) -> Response[bytes]:
    """Give an advisory on vulnerabilities as a CSAF 2.0 document."""
    found = csaf.advisory(viewer, which)
    handed.file(found.contribution)
    return Response(found.body, media_type="application/json")


@get("/.well-known/csaf/provider-metadata.json", tags=_TAGS, opt=_OPEN, sync_to_thread=True, summary="The provider")
def metadata(csaf: Csaf) -> dict[str, Any]:
    """Say where advisories for everyone stand (CSAF 2.0 §7.1.8)."""
    return csaf.provider_metadata()


@get("/csaf/white/index.txt", tags=_TAGS, opt=_OPEN, sync_to_thread=True, media_type="text/plain", summary="All paths")
def index(csaf: Csaf) -> Response[str]:
    """List the path of each document."""
    return Response(csaf.index_text(), media_type="text/plain")


@get("/csaf/white/changes.csv", tags=_TAGS, opt=_OPEN, sync_to_thread=True, media_type="text/csv",
     summary="All paths by date")  # fmt: skip
def changes(csaf: Csaf) -> Response[str]:
    """List path and date of each document, the newest first."""
    return Response(csaf.changes_csv(), media_type="text/csv")


@get("/csaf/white/csaf-feed-tlp-white.json", tags=_TAGS, opt=_OPEN, sync_to_thread=True, summary="ROLIE feed")
def feed(csaf: Csaf) -> dict[str, Any]:
    """Give the ROLIE feed of all documents."""
    return csaf.feed()


@get("/csaf/white/{year:str}/{name:str}", tags=_TAGS, opt=_OPEN, sync_to_thread=True, summary="A document")
def document(year: str, name: str, csaf: Csaf) -> Response[bytes]:
    """Give a document (``….json``), its digests (``.sha256``, ``.sha512``) or its signature (``.asc``)."""
    file, dot, kind = name.partition(".json")
    found = csaf.at(f"{year}/{file}{dot}")
    if kind == "":
        return Response(found.body, media_type="application/json")
    if kind in (".sha256", ".sha512"):
        digest = (sha256 if kind == ".sha256" else sha512)(found.body).hexdigest()
        return Response(f"{digest} {file}{dot}\n".encode(), media_type="text/plain")
    if kind == ".asc" and csaf.signer is not None:
        return Response(csaf.signer.sign(found.body), media_type="application/pgp-signature")
    raise NotFound("no such file of this document", hint=NO_SIGNATURE)


HANDLERS = (one, metadata, index, changes, feed, document)
"""The package's doors."""
