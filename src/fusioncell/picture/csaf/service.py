"""Use cases of advisories as CSAF: one for a viewer, all that everyone may read as a provider publishes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from fusioncell.kernel.clock import Instant
from fusioncell.kernel.errors import NotFound
from fusioncell.kernel.marking import PUBLIC, Viewer
from fusioncell.picture.csaf import publish
from fusioncell.picture.csaf.make import make, path_of
from fusioncell.picture.csaf.model import MAX_LISTED, Advisory, Signer
from fusioncell.picture.products import Form, Products

FOLDER = "/csaf/white"
"""Where documents for everyone stand (§7.1.4: what is WHITE needs no sign-in)."""
METADATA = "/.well-known/csaf/provider-metadata.json"


class Csaf:
    """The front door of the package. ``names``: organisation → its name; ``base``: the hub's own address."""

    def __init__(self, products: Products, names: Callable[[str], str], base: str, publisher: str,
                 signer: Signer | None = None) -> None:
        self._products, self._names, self._base = products, names, base.rstrip("/")
        self._publisher, self.signer = publisher, signer

    def advisory(self, viewer: Viewer, product: str) -> Advisory:
        """Return the newest version of an advisory as a document. NotFound where there is none with vulnerabilities."""
        found = self._products.product(viewer, product)
        head, body = found.head, found.body
        if head.form is not Form.ADVISORY or head.withdrawn or not body.affected:
            raise NotFound("no advisory on vulnerabilities", hint="Other products are read as pages or Markdown.")
        versions = [one for one in reversed(self._products.versions(viewer, product)) if one.audience == head.audience]
        revisions = [(one.at, "") for one in versions if one.number < head.number] + [(head.at, body.changed)]
        path = path_of(product, body.begun)
        document = make(body, product, head.audience.tlp, revisions, self._publisher_of(head.org), self._url(path))
        text = msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
        return Advisory(product, head.contribution, body.title, path, revisions[0][0], head.at, document, text)

    def public(self) -> list[Advisory]:
        """Return the advisories that everyone may read, the newest first."""
        made: list[Advisory] = []
        before = ""
        while len(made) < MAX_LISTED:
            found, before = self._products.listed(PUBLIC, form=Form.ADVISORY.value, before=before, limit=200)
            for one in found:
                try:
                    made.append(self.advisory(PUBLIC, one.id))
                except NotFound:
                    continue
            if not before:
                break
        return made

    def at(self, path: str) -> Advisory:
        """Return the advisory for everyone at a path within the folder. NotFound."""
        product = path.rpartition("/")[2].removesuffix(".json").partition("-")[2].partition("-")[2]
        found = self.advisory(PUBLIC, product)
        if found.path != path:
            raise NotFound("no such document", hint="See index.txt.")
        return found

    def index_text(self) -> str:
        """Return ``index.txt``."""
        return publish.index_text(self.public())

    def changes_csv(self) -> str:
        """Return ``changes.csv``."""
        return publish.changes_csv(self.public())

    def feed(self) -> dict[str, Any]:
        """Return the ROLIE feed."""
        found = self.public()
        return publish.feed(found, f"{self._base}{FOLDER}", _newest(found), signed=self.signer is not None)

    def provider_metadata(self) -> dict[str, Any]:
        """Return ``provider-metadata.json``."""
        publisher = {"category": "coordinator", "name": self._publisher, "namespace": self._base}
        return publish.provider_metadata(publisher, f"{self._base}{METADATA}", f"{self._base}{FOLDER}",
                                         _newest(self.public()), self.signer)  # fmt: skip

    def _publisher_of(self, org: str) -> dict[str, Any]:
        return {"category": "coordinator", "name": self._names(org), "namespace": self._base}

    def _url(self, path: str) -> str:
        return f"{self._base}{FOLDER}/{path}"


def _newest(found: list[Advisory]) -> Instant:
    return max((one.updated for one in found), default=0)
