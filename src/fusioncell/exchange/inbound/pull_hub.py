"""Pull another Fusion Cell by TAXII, with what stands behind its pages. Pure (``model.Pull``); see federation.

1. Ask what was withdrawn there since our cursor, and withdraw it here; the first time take the cursor alone.
2. Find the collections that we may read there; what the partnership's holds, the public one need not say again.
3. Of each, page by page, ask for the objects added since, and what stands behind the same page.
4. Of the page take what is not withdrawn, did not come through this hub, has not gone over too many, and whose page and
   background agree; hand it over by contribution, each of theirs as one of ours.

The cursor is kept after every page: JSON, the cursor of withdrawals and that of each collection.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import quote, urlencode, urljoin, urlsplit

import msgspec

from fusioncell.exchange.inbound.answer import body_of
from fusioncell.exchange.inbound.model import Ask, Behind, Drop, Give, Outcome, Progress, Pull, Steps, Taken, Wanted
from fusioncell.exchange.inbound.pull_taxii import LAST, MEDIA, PAGE, later, read_page
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.ports import WebAnswer

MOST_PAGES = 500
MOST_COLLECTIONS = 500
MOST_HOPS = 8
_TLP1 = "-tlp1"
_PUBLIC, _PARTNERSHIP = "public", "partnership"
_GONE = 410


class Cursors(msgspec.Struct, omit_defaults=True):
    """How far we are: of withdrawals, and of each collection by its address."""

    withdrawn: str = ""
    added: dict[str, str] = {}


class _Discovery(msgspec.Struct):
    api_roots: list[str] = []


class _Collection(msgspec.Struct):
    id: str
    can_read: bool = True


class _Collections(msgspec.Struct):
    collections: list[_Collection] = []


class _Told(msgspec.Struct):
    contribution: str
    objects: list[str] = []


class _Withdrawn(msgspec.Struct):
    hub: str
    next: str
    more: bool = False
    withdrawn: list[_Told] = []


class _One(msgspec.Struct):
    id: str
    contribution: str
    hops: list[str] = []
    withdrawn: bool = False


class _About(msgspec.Struct):
    hub: str
    objects: list[_One] = []


T = TypeVar("T")


def _read(type: type[T], body: bytes) -> T:
    try:
        return msgspec.json.decode(body, type=type)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise BadInput(f"it does not answer as a Fusion Cell: {fault}", hint="Give the address of its pages.") from None


def cursors_of(progress: Progress) -> Cursors:
    """Return the cursors; none where there are none, or what there is cannot be read."""
    try:
        return msgspec.json.decode(progress.cursor or "{}", type=Cursors)
    except msgspec.DecodeError:
        return Cursors()


def chosen(about: _About, hub: str) -> dict[str, Behind]:
    """Return what to take of a page by object id: nothing that came through us, or over too many hubs."""
    found = {}
    for one in about.objects:
        hops = (about.hub, *one.hops)
        if not one.withdrawn and hub not in hops and len(hops) <= MOST_HOPS:
            found[one.id] = Behind(one.contribution, hops)
    return found


def pull(wanted: Wanted, progress: Progress, limit: int, hub: str, is_over: Callable[[], bool]) -> Pull:
    """Pull what was withdrawn and added. ``hub``: our own id among hubs."""
    cursors = cursors_of(progress)
    yield from _withdrawn(wanted, cursors, limit, hub)
    addresses = yield from _collections(wanted, limit)
    pages, changed = 0, False
    for address in addresses:
        more = True
        while more:
            if (is_over() and pages) or pages >= MOST_PAGES:
                return Outcome(changed, _written(cursors), behind=1, more=True)
            pages += 1
            more, items = yield from _page(address, limit, hub, cursors)
            changed = changed or bool(items)
    return Outcome(changed, _written(cursors))


def _written(cursors: Cursors) -> str:
    return msgspec.json.encode(cursors).decode()


def _withdrawn(wanted: Wanted, cursors: Cursors, limit: int, hub: str) -> Pull:
    while True:
        query = f"?{urlencode({'after': cursors.withdrawn})}" if cursors.withdrawn else ""
        answer = yield Ask(urljoin(wanted.url, f"/api/federation/withdrawn{query}"), "application/json")
        assert isinstance(answer, WebAnswer)
        if answer.status == _GONE and cursors.withdrawn:
            # It was restored from a backup: what it withdrew before that we cannot know, so all is taken anew.
            cursors.withdrawn, cursors.added = "", {}
            continue
        said = _read(_Withdrawn, body_of(answer, limit))
        if said.hub == hub:
            raise BadInput("that is this hub itself", hint="Give another hub's address.")
        cursors.withdrawn = said.next
        done = yield Drop(tuple((one.contribution, tuple(one.objects)) for one in said.withdrawn), _written(cursors))
        assert isinstance(done, Taken)
        if not said.more:
            return Outcome()


def _collections(wanted: Wanted, limit: int) -> Steps[list[str]]:
    """Return the addresses of the collections that we may read; without those in the older TLP, which are the same."""
    answer = yield Ask(urljoin(wanted.url, "/taxii2/"), MEDIA)
    assert isinstance(answer, WebAnswer)
    roots = [urljoin(answer.url, root) for root in _read(_Discovery, body_of(answer, limit)).api_roots]
    named = {root.rstrip("/").rpartition("/")[2]: root for root in roots if _site(root) == _site(wanted.url)}
    if _PARTNERSHIP in named:
        named.pop(_PUBLIC, None)
    found: list[str] = []
    for name, root in sorted(named.items()):
        if name.endswith(_TLP1):
            continue
        listed = yield Ask(f"{root.rstrip('/')}/collections/", MEDIA)
        assert isinstance(listed, WebAnswer)
        for one in _read(_Collections, body_of(listed, limit)).collections:
            if one.can_read:
                found.append(f"{root.rstrip('/')}/collections/{quote(one.id, safe='')}/objects/")
    return found[:MOST_COLLECTIONS]


def _page(address: str, limit: int, hub: str, cursors: Cursors) -> Steps[tuple[bool, int]]:
    """Take the next page of a collection; return (whether there is more, items kept)."""
    after = cursors.added.get(address, "")
    asked = urlencode({"limit": str(PAGE), **({"added_after": after} if after else {})})
    answer = yield Ask(f"{address}?{asked}", MEDIA)
    assert isinstance(answer, WebAnswer)
    body = body_of(answer, limit)
    count, more, _ = read_page(body)
    last = later(answer.headers.get(LAST, ""), after)
    if not count:
        return False, 0
    root, collection = urlsplit(address).path.rstrip("/").split("/")[-4:-1:2]
    place = urlencode({"root": root, "collection": collection})
    said = yield Ask(urljoin(address, f"/api/federation/about?{place}&{asked}"), "application/json")
    assert isinstance(said, WebAnswer)
    behind = chosen(_read(_About, body_of(said, limit)), hub)
    cursors.added[address] = last
    taken = yield Give(body, MEDIA, "", cursor=_written(cursors), behind=behind)
    assert isinstance(taken, Taken)
    # A page that does not move us on would come for ever.
    return more and last != after, taken.items


def _site(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()
