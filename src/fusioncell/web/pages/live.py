"""``/live``: what is new as ready rows of HTML, over the same shared logs as the exchange's stream.

1. The river's events of one batch are folded: one row for each contribution and audience, not one for each item.
2. A row is rendered once, from what its audience may see, and shared by all who may see that audience.
3. Order, resuming by ``Last-Event-ID``, the audience filter and being cut off are the exchange's own.

A page asks from the position at which it was made (``?after=``), so that nothing falls between page and stream.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import msgspec
from litestar import asgi
from litestar.types import Receive, Scope, Send

from fusioncell.bootstrap import Hub
from fusioncell.exchange import LiveEvent, Streams
from fusioncell.kernel.clock import parse_instant
from fusioncell.kernel.errors import NotFound, Unavailable
from fusioncell.kernel.marking import Tlp, Viewer
from fusioncell.kernel.observable import Observable, ObservableType
from fusioncell.web.pages.names import Names
from fusioncell.web.pages.saying import excerpt_of, known_on
from fusioncell.web.pages.talk import post_view, thread_href
from fusioncell.web.pages.views import View, contribution_title, observable_view
from fusioncell.web.render import render
from fusioncell.web.words import N_

SAMPLE = 3
VISITORS_SHARE = 4
"""Of all streams that may be open, visitors hold at most one in so many."""


class _Named(msgspec.Struct):
    type: str = ""
    value: str = ""


class _Said(msgspec.Struct):
    """What a row needs of an event's JSON (``exchange.event``)."""

    contribution: str
    at: str
    organisation: str
    tlp: str
    id: str = ""
    kind: str = ""
    title: str = ""
    observables: list[_Named] = []
    more: int = 0
    items: int = 1
    entry: str = ""
    subject: str = ""
    thread: str = ""


_decode = msgspec.json.Decoder(_Said).decode


class PageStreams:
    """The live rows of this process."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.streams = Streams(hub.record, hub.seal, self._past, hub.settings.max_subscribers)
        self.visitors = 0

    def follow(self) -> None:
        """Follow the river; called once the event loop runs."""
        self._hub.river.on_events(self._publish)
        self.streams.live.start_at(self._hub.river.position)

    def _publish(self, events: list[LiveEvent], position: int) -> None:
        # In the river's thread: rows are made only while someone listens.
        live = self.streams.live
        if live.listening:
            live.publish_from_thread(self.rows(events), position)
        else:
            live.skip_from_thread(position)

    def _past(self, after: int, until: int, audiences: frozenset[int]) -> Iterator[list[LiveEvent]]:
        for events in self._hub.river.past(after, until, audiences):
            yield self.rows(events)

    def rows(self, events: list[LiveEvent]) -> list[LiveEvent]:
        """Fold the events of a batch into rows, in the order of each one's last event."""
        folded: dict[tuple[str, int, str], list[tuple[LiveEvent, _Said]]] = {}
        for event in events:
            said = _decode(event.data)
            kind = said.id if event.name == "tombstone" and said.entry else event.name == "tombstone"
            folded.setdefault((said.contribution, event.audience, str(kind)), []).append((event, said))
        names = Names(self._hub)
        # A reaction stands with its post: as a row of its own it would crowd out what is new.
        rows = [self._row(group, names) for group in folded.values() if group[-1][1].kind != "reaction"]
        for group in folded.values():
            rows += self._spoken(*group[-1], names)
        return sorted(rows, key=_seq)

    def _spoken(self, event: LiveEvent, said: _Said, names: Names) -> list[LiveEvent]:
        """Make of a post its row for the exchange's list and itself for its thread; of a recall, what is gone.

        Rendered once for all who read its audience, so of what these see alike: the post, CLEAR, and nothing else.
        """
        if event.name == "tombstone" and not said.entry:
            return [LiveEvent(event.seq, event.audience, "gone", said.contribution.encode())]
        if said.kind != "post" or event.name != "entry":
            return []
        audience = self._hub.record.audience(event.audience)
        reader = Viewer(member=True, parties=audience.parties)
        # Not what the parties of the audience see together: what is for one of them is not for the others.
        alike = self._hub.record.audiences_where(lambda each: each.tlp is Tlp.CLEAR) | {event.audience}
        try:
            post = self._hub.talk.read_one(reader, said.subject, alike)
        except NotFound:  # withdrawn since, or moved to others
            return []
        known = known_on(self._hub, [post], alike)
        whole = render("exchange/_post.html", post=post_view(post, names, known, viewer=reader, live=True), csrf="",
                       now=self._hub.clock.now())  # fmt: skip
        row: View = {
            "id": post.thread, "href": thread_href(post.thread, post.id), "title": post.title or excerpt_of(post.text),
            "excerpt": excerpt_of(post.text, 200) if post.title else "", "org": names.organisation(post.org),
            "tlp": audience.tlp.value, "at": post.at, "last": "", "posts": 1, "unread": 0, "closed": False, "about": [],
        }  # fmt: skip
        listed = render("exchange/_thread_row.html", thread=row, now=self._hub.clock.now())
        # A line break within a block of code stays one; no tag of these templates is broken over lines.
        return [LiveEvent(event.seq, event.audience, name, html.strip().replace("\n", "&#10;").encode())
                for name, html in (("talk", listed), ("post", whole))]  # fmt: skip

    def _row(self, group: list[tuple[LiveEvent, _Said]], names: Names) -> LiveEvent:
        last, said = group[-1]
        item = _gone(said) if last.name == "tombstone" else _arrived([one for _, one in group])
        item.update(org=names.organisation(said.organisation), tlp=said.tlp, at=parse_instant(said.at))
        html = render("picture/_live_item.html", item=item, now=self._hub.clock.now())
        seqs = [one.since or one.seq for one, _ in group]
        gone = [one.ends for one, _ in group if one.ends is not None]
        ends = (min(first for first, _ in gone), max(last for _, last in gone)) if gone else None
        body = " ".join(html.split("\n")).strip().encode()
        return LiveEvent(last.seq, last.audience, "new", body, since=min(seqs), ends=ends)


def _seq(event: LiveEvent) -> int:
    return event.seq


def _gone(said: _Said) -> View:
    title = N_("An item of this contribution was recalled") if said.entry else N_("This contribution was recalled")
    return {
        "id": said.id if said.entry else said.contribution,
        "kind": "recall",
        "title": title,
        "href": f"/contributions/{said.contribution}",
        "count": 0,
        "sample": [],
    }


def _arrived(said: list[_Said]) -> View:
    named = [_observable(one) for each in said for one in each.observables[:SAMPLE]]
    sample = [one for one in dict.fromkeys(named) if one is not None][:SAMPLE]
    title = next((each.title for each in said if each.title), "")
    items = sum(each.items for each in said)
    return {
        "id": said[0].contribution,
        "kind": "contribution",
        "title": contribution_title(title, min(each.kind for each in said), items),
        "href": f"/contributions/{said[0].contribution}",
        "count": sum(len(each.observables) + each.more for each in said),
        "sample": [observable_view(one, None) for one in sample],
    }


def _observable(named: _Named) -> Observable | None:
    try:
        return Observable(ObservableType(named.type), named.value)
    except ValueError:
        return None


@asgi("/live", opt={"permission": "stream", "query": frozenset({"after"})}, copy_scope=True)
async def live(scope: Scope, receive: Receive, send: Send) -> None:
    """Follow what is new, as far as the viewer may see it."""
    streams: PageStreams = scope["litestar_app"].state.live
    state: Any = scope["state"]
    asked = dict(scope["headers"])
    after = parse_qs(scope["query_string"].decode("latin-1")).get("after", [""])[0]
    last = asked.get(b"last-event-id", b"").decode("latin-1") or after or None
    visitor = not state["viewer"].member
    if visitor and streams.visitors * VISITORS_SHARE >= streams.streams.most:
        raise Unavailable("too many visitors follow the picture live", hint="Reload the page to see what is new.")
    streams.visitors += visitor
    try:
        await streams.streams.serve(state["look"], state["viewer"], last, receive, send)
    finally:
        streams.visitors -= visitor


HANDLERS = (live,)
"""The live rows."""
