"""Pull a collection of a TAXII 2.1 server, page by page. Pure (``model.Pull``).

1. Find the collection, where the address is not its own: discovery (§4.1), API roots (§4.2), collections (§5.1).
2. Ask for what was added after our cursor, the oldest first (§3.4); follow ``next`` while there is ``more`` (§3.5).
3. The cursor is ``X-TAXII-Date-Added-Last`` of the last page kept (§3.4); with a server that sends none, the time of
   the pull less an hour: what comes twice is known by its id and version.
4. Servers' habits are bounded: as many pages a pull, no ``next`` twice, no empty page after another, a ``next`` that
   the server has forgotten makes the pull begin again at the cursor, and one without ``next`` goes on by the header.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote, urlencode, urljoin

import msgspec

from fusioncell.exchange.inbound.answer import body_of
from fusioncell.exchange.inbound.model import Ask, Give, Outcome, Progress, Pull, Taken, Wanted
from fusioncell.kernel.clock import HOUR, Instant, format_instant, parse_instant
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.ports import WebAnswer

MEDIA = "application/taxii+json;version=2.1"
PAGE = 1_000
MOST_PAGES = 200
MOST_ROOTS = 20
LAST = "x-taxii-date-added-last"
_COLLECTION = re.compile(r"(.*/collections/[^/?#]+)(?:/(?:objects/?)?)?\Z")
_FORGOTTEN = (400, 404, 410, 416)
"""What servers answer to a ``next`` that they do not know any more."""


class _Envelope(msgspec.Struct):
    """A page (§3.7)."""

    objects: list[msgspec.Raw] = []
    more: bool = False
    next: str | int | None = None


class _Discovery(msgspec.Struct):
    """Discovery (§4.1) and an API root (§4.2), as far as they are read."""

    api_roots: list[str] | None = None
    default: str = ""


class _Collection(msgspec.Struct):
    id: str
    title: str = ""
    alias: str = ""
    can_read: bool = True


class _Collections(msgspec.Struct):
    collections: list[_Collection] = []


_ENVELOPE = msgspec.json.Decoder(_Envelope)
_DISCOVERY = msgspec.json.Decoder(_Discovery)
_COLLECTIONS = msgspec.json.Decoder(_Collections)
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def objects_address(collection: str) -> str:
    """Return where the objects of a collection are, "" where the address is no collection's."""
    found = _COLLECTION.match(collection)
    return f"{found[1]}/objects/" if found else ""


def find(wanted: Wanted, limit: int) -> Pull:
    """Find the collection; its objects' address is the outcome's. Raises BadInput where there is no one such."""
    roots = [wanted.url]
    answer = yield Ask(wanted.url, MEDIA)
    assert isinstance(answer, WebAnswer)
    try:
        said = _DISCOVERY.decode(body_of(answer, limit))
    except _BROKEN:
        raise BadInput("it is no TAXII 2.1 server", hint="Give its discovery address, or the collection's.") from None
    if said.api_roots is not None:
        roots = list(dict.fromkeys([*([said.default] if said.default else []), *said.api_roots]))[:MOST_ROOTS]
    found: list[tuple[str, _Collection]] = []
    for root in roots:
        address = urljoin(answer.url, root).rstrip("/") + "/collections/"
        listed = yield Ask(address, MEDIA)
        assert isinstance(listed, WebAnswer)
        if listed.status == 200:
            try:
                all_of = _COLLECTIONS.decode(body_of(listed, limit)).collections
            except _BROKEN:
                continue
            found += [(address, one) for one in all_of if one.can_read]
    meant = [(at, one) for at, one in found if wanted.collection in ("", one.id, one.alias, one.title)]
    if len(meant) != 1:
        names = "; ".join(f"{one.id} ({one.title[:60]})" for _, one in found[:10])
        raise BadInput(
            f"{len(meant)} of its collections are meant" if found else "none of its collections can be read",
            hint=f"Name one of: {names}" if found else "Are the credentials right?",
        )
    return Outcome(address=f"{meant[0][0]}{quote(meant[0][1].id, safe='')}/objects/")


def read_page(body: bytes) -> tuple[int, bool, str]:
    """Return (objects, whether there are more, the token of the next page)."""
    try:
        page = _ENVELOPE.decode(body)
    except _BROKEN as fault:
        raise BadInput(f"a page is no TAXII envelope: {fault}", hint="Is it a TAXII 2.1 server?") from None
    return len(page.objects), page.more, "" if page.next is None else str(page.next)


def later(one: str, other: str) -> str:
    """Return the later of two timestamps as it was written; one that cannot be read is none."""
    readable = []
    for text in (one, other):
        try:
            readable.append((parse_instant(text), text))
        except ValueError:
            continue
    return max(readable)[1] if readable else ""


def pull(wanted: Wanted, progress: Progress, limit: int, now: Instant, is_over: Callable[[], bool]) -> Pull:
    """Pull what was added since."""
    address, changed = objects_address(wanted.url) or progress.address, False
    if not address:
        address = (yield from find(wanted, limit)).address
    cursor, token, tokens, empty, first = progress.cursor, "", set[str](), 0, True
    after, dated, note = cursor, True, ""
    for _ in range(MOST_PAGES):
        if is_over() and not first:
            return Outcome(changed, cursor, behind=1, address=address, more=True)
        first = False
        after = after if token else cursor
        asked = {"limit": str(PAGE), **({"added_after": after} if after else {}), **({"next": token} if token else {})}
        answer = yield Ask(f"{address}?{urlencode(asked)}", MEDIA)
        assert isinstance(answer, WebAnswer)
        if token and answer.status in _FORGOTTEN and "" not in tokens:
            tokens.add("")
            token = ""
            continue
        body = body_of(answer, limit)
        count, more, token = read_page(body)
        last = later(answer.headers.get(LAST, ""), cursor)
        if count:
            taken = yield Give(body, MEDIA, "", cursor=last)
            assert isinstance(taken, Taken)
            changed, note = changed or bool(taken.items), taken.refused or note
            dated = LAST in answer.headers
        empty = 0 if count else empty + 1
        advanced, cursor = last != cursor, last
        if not more:
            return Outcome(changed, cursor if dated else format_instant(now - HOUR), note=note, address=address)
        if token in tokens or (not token and not advanced) or empty > 1:
            note = note or "it says that there is more, and gives no way to it"
            return Outcome(changed, cursor, note=note, address=address)
        if token:
            tokens.add(token)
    return Outcome(changed, cursor, behind=1, address=address, more=True)
