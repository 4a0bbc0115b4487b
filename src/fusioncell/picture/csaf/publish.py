"""What stands beside the documents of a provider: indexes, feed, metadata (CSAF 2.0 §7.1). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fusioncell.kernel.clock import Instant, format_instant
from fusioncell.picture.csaf.model import Advisory, Signer

_SCHEMA = "https://docs.oasis-open.org/csaf/csaf/v2.0/csaf_json_schema.json"


def index_text(advisories: Sequence[Advisory]) -> str:
    """Return ``index.txt``: the path of each document (§7.1.12)."""
    return "".join(f"{one.path}\n" for one in advisories)


def changes_csv(advisories: Sequence[Advisory]) -> str:
    """Return ``changes.csv``: path and date of each document, the newest first, no heading (§7.1.13)."""
    ordered = sorted(advisories, key=lambda one: (-one.updated, one.path))
    return "".join(f'"{one.path}","{format_instant(one.updated)}"\r\n' for one in ordered)


def feed(advisories: Sequence[Advisory], folder: str, updated: Instant, *, signed: bool) -> dict[str, Any]:
    """Return the ROLIE feed of a folder (§7.1.15; RFC 8322)."""
    entries = []
    for one in advisories:
        url = f"{folder}/{one.path}"
        links = [{"rel": "self", "href": url}, {"rel": "hash", "href": f"{url}.sha256"},
                 {"rel": "hash", "href": f"{url}.sha512"}]  # fmt: skip
        links += [{"rel": "signature", "href": f"{url}.asc"}] if signed else []
        entries.append({
            "id": one.document["document"]["tracking"]["id"], "title": one.title, "link": links,
            "published": format_instant(one.published), "updated": format_instant(one.updated),
            "summary": {"content": one.title}, "content": {"type": "application/json", "src": url},
            "format": {"schema": _SCHEMA, "version": "2.0"},
        })  # fmt: skip
    return {"feed": {
        "id": "csaf-feed-tlp-white", "title": "Advisories, TLP:CLEAR",
        "link": [{"rel": "self", "href": f"{folder}/csaf-feed-tlp-white.json"}],
        "category": [{"scheme": "urn:ietf:params:rolie:category:information-type", "term": "csaf"}],
        "updated": format_instant(updated), "entry": entries,
    }}  # fmt: skip


def provider_metadata(
    publisher: dict[str, Any], canonical: str, folder: str, updated: Instant, signer: Signer | None
) -> dict[str, Any]:
    """Return ``provider-metadata.json`` (§7.1.7)."""
    keys = [{"fingerprint": signer.fingerprint, "url": f"{folder}/openpgp-key.asc"}] if signer is not None else []
    return {
        "canonical_url": canonical,
        "distributions": [
            {"rolie": {"feeds": [{"summary": "All advisories that are TLP:CLEAR", "tlp_label": "WHITE",
                                  "url": f"{folder}/csaf-feed-tlp-white.json"}]}},
            {"directory_url": f"{folder}/"},
        ],
        "last_updated": format_instant(updated), "list_on_CSAF_aggregators": True, "metadata_version": "2.0",
        "mirror_on_CSAF_aggregators": True, "public_openpgp_keys": keys, "publisher": publisher,
        "role": "csaf_provider",
    }  # fmt: skip
