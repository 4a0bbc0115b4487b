"""Media types: which of a client's are ours (TAXII 2.1 §1.6.8, §3.3). Pure.

Clients write ``application/taxii+json`` with and without a version, with and without a space before it, or ``*/*``,
and tools that know HTTP but no TAXII (Logic Apps, n8n, scripts) write ``application/json``: all mean what we have.
Refused is only what is truly something else, as TAXII 2.0: its client would misread us.
"""

from __future__ import annotations

from functools import lru_cache

from fusioncell.exchange.taxii.model import MEDIA, NotAcceptable
from fusioncell.kernel.errors import UnsupportedMedia

_OURS = frozenset({"application/taxii+json", "application/vnd.oasis.taxii+json"})
_JSON = "application/json"
_WILD = frozenset({"*/*", "application/*", "*", _JSON})
_BUNDLES = frozenset({"application/stix+json", "application/vnd.oasis.stix+json"})


def check_accept(accept: str) -> None:
    """Raise NotAcceptable where nothing that the client accepts is ours. Silence accepts all."""
    if accept and not _accepts(accept[:1000]):
        raise NotAcceptable(f"this door answers with {MEDIA}", hint=f"Send Accept: {MEDIA}")


@lru_cache(256)
def _accepts(accept: str) -> bool:
    for part in accept.split(","):
        media, version, quality = _read(part)
        if quality and (media in _WILD or (media in _OURS and _is_ours(media, version))):
            return True
    return False


def check_content(media_type: str) -> None:
    """Raise UnsupportedMedia where what is posted says that it is neither an envelope nor a bundle."""
    media, version, _ = _read(media_type)
    bundle = media in _BUNDLES and version in ("", "2.0", "2.1")
    if not (bundle or media == _JSON or (media in _OURS and _is_ours(media, version))):
        raise UnsupportedMedia(
            f"{media_type[:80]!r} is not taken here" if media_type else "the Content-Type is missing",
            hint=f"Send an envelope as {MEDIA}.",
        )


def _is_ours(media: str, version: str) -> bool:
    # Without a version TAXII's first media type meant 2.0, and the one of today means the newest.
    return version == "2.1" or (version == "" and media == "application/taxii+json")


def _read(text: str) -> tuple[str, str, bool]:
    """Return (media type, version, whether its quality is above zero)."""
    media, *parameters = text.split(";")
    version, wanted = "", True
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        name, value = name.strip().lower(), value.strip().strip('"')
        if name == "version":
            version = value
        elif name == "q":
            wanted = value.strip("0.") != ""
    return media.strip().lower(), version, wanted
