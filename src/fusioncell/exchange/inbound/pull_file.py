"""Pull one address: a table, a list, a text, JSON lines, a bundle. Pure: yields what it wants (``model.Pull``).

1. Ask whether it has changed since the last time; 304 ends it.
2. A body that is the same as last time ends it too: many servers know no ``ETag``.
3. A page of HTML where data was expected is an error that the server did not call one.
4. Give the body, as a listing: rows that it listed last time are known.
"""

from __future__ import annotations

from hashlib import sha256
from urllib.parse import unquote, urlsplit

from fusioncell.exchange.inbound.answer import UNCHANGED, body_of
from fusioncell.exchange.inbound.model import Ask, Give, Outcome, Progress, Pull, Refused, Taken, Wanted
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.ports import WebAnswer

_MEDIA = {
    "csv": "text/csv", "list": "text/uri-list", "text": "text/markdown", "stix": "application/stix+json",
    "misp": "application/misp+json", "jsonl": "application/x-ndjson",
}  # fmt: skip
_SAID = frozenset(("application/json", "text/csv", "text/tab-separated-values", *_MEDIA.values()))


def pull(wanted: Wanted, progress: Progress, limit: int) -> Pull:
    """Pull the address, at most ``limit`` bytes."""
    answer = yield Ask(wanted.url, conditional=True)
    assert isinstance(answer, WebAnswer)
    if answer.status == UNCHANGED:
        return Outcome(changed=False)
    body = body_of(answer, limit)
    digest = sha256(body).hexdigest()
    if digest == progress.digest:
        return Outcome(changed=False, digest=digest)
    said = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if said in ("text/html", "application/xhtml+xml") and not wanted.format:
        raise Refused("it answered with a page for people, not with data", hint="Give the address of the file itself.")
    media = _MEDIA[wanted.format] if wanted.format else said if said in _SAID else ""
    filename = unquote(urlsplit(answer.url).path.rpartition("/")[2])[-200:].removesuffix(".gz")
    taken = yield Give(body, media, filename, rows=True)
    assert isinstance(taken, Taken)
    if taken.refused:
        raise BadInput(taken.refused, hint="Say what it holds by its format, or look at the address.")
    return Outcome(digest=digest)
