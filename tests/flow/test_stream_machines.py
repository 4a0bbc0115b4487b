"""The stream for machines: filters, a snapshot and then the tail in one call, cursors that the hub holds by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from served import Listening, Party, ServedHub, eventually, new_hub


class Asking(Listening):
    """A stream with a query."""

    def __init__(self, party: Party, query: str, last_event_id: str = "") -> None:
        asked = Party.__new__(Party)
        asked.org, real = party.org, party.http

        class Http:
            """Opens the stream with the query."""

            def stream(self, method: str, path: str, **more: Any) -> Any:
                return real.stream(method, f"{path}?{query}", **more)

        asked.http = Http()  # type: ignore[assignment]
        super().__init__(asked, last_event_id)

    def says(self) -> list[str]:
        """Return what came, by name and the values named."""
        return [f"{e['event']} {e['data']}" for e in list(self.events)]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[ServedHub]:
    with ServedHub(new_hub(tmp_path / "hub")) as served:
        yield served


def rows(*values: str) -> str:
    return "value\n" + "\n".join(values)


def test_a_filter_narrows_and_tombstones_come_all_the_same(served: ServedHub) -> None:
    sender, reader = served.party("Ministry"), served.party("Bank")
    names = Asking(reader, "type=domain-name")
    clear = Asking(reader, "tlp=clear&type=ipv4-addr,domain-name")
    sender.posts(rows("a.example"), "text/csv", tlp="green")
    address = sender.posts(rows("198.51.100.7"), "text/csv", tlp="green")
    sender.posts(rows("b.example"), "text/csv", tlp="clear")
    assert names.gets("a.example") and names.gets("b.example") and clear.gets("b.example")
    assert not any("198.51.100.7" in said for said in names.says())
    assert not any("a.example" in said or "198.51.100.7" in said for said in clear.says())
    sender.http.post(f"/api/contributions/{address}/recall").raise_for_status()
    assert names.gets(address, "tombstone") and clear.gets(address, "tombstone")


def test_a_snapshot_then_the_tail_loses_and_repeats_nothing(served: ServedHub) -> None:
    sender, reader = served.party("Ministry"), served.party("Bank")
    sender.posts(rows("a.example"), "text/csv", tlp="green")
    gone = sender.posts(rows("gone.example"), "text/csv", tlp="green")
    sender.posts(rows("secret.example"), "text/csv", tlp="amber")
    sender.http.post(f"/api/contributions/{gone}/recall").raise_for_status()
    served.hub.settle()
    stream = Asking(reader, "from=snapshot")
    assert stream.gets("{}", "live")
    sender.posts(rows("later.example"), "text/csv", tlp="green")
    assert stream.gets("later.example")
    said = stream.says()
    assert [sum(name in one for one in said) for name in ("a.example", "later.example", "secret", "gone.example")] == [
        1, 1, 0, 0,
    ]  # fmt: skip
    places = [next(n for n, one in enumerate(said) if what in one) for what in ("a.example", "live ", "later.example")]
    assert places == sorted(places)
    assert any(one.startswith("tombstone") and gone in one for one in said)


def test_a_named_cursor_goes_on_where_was_acknowledged(served: ServedHub) -> None:
    sender, reader, other = served.party("Ministry"), served.party("Bank"), served.party("Force")
    sender.posts(rows("before.example"), "text/csv", tlp="green")
    first = Asking(reader, "cursor=siem")
    sender.posts(rows("a.example"), "text/csv", tlp="green")
    sender.posts(rows("b.example"), "text/csv", tlp="green")
    assert first.gets("b.example")
    place = next(e["id"] for e in first.events if "a.example" in e["data"])
    # Nothing was acknowledged: all since the name was made comes again.
    again = Asking(reader, "cursor=siem")
    assert again.gets("a.example") and again.gets("b.example") and "before" not in "".join(again.says())
    reader.http.post("/api/stream/cursors/siem", json={"id": place}).raise_for_status()
    on = Asking(reader, "cursor=siem")
    assert on.gets("b.example") and "a.example" not in "".join(on.says())
    # An id of one's own acknowledges, too.
    last = next(e["id"] for e in on.events if "b.example" in e["data"])
    Asking(reader, "cursor=siem", last)
    sender.posts(rows("c.example"), "text/csv", tlp="green")
    newest = Asking(reader, "cursor=siem")
    assert newest.gets("c.example") and "b.example" not in "".join(newest.says())
    names = reader.http.get("/api/stream/cursors").json()["cursors"]
    assert [one["name"] for one in names] == ["siem"]
    assert other.http.get("/api/stream/cursors").json() == {"cursors": []}
    assert reader.http.delete("/api/stream/cursors/siem").status_code == 204
    assert reader.http.delete("/api/stream/cursors/siem").status_code == 404


@pytest.mark.parametrize("query, status", [
    ("type=nonsense", 400), ("tlp=purple", 400), ("stance=odd", 400), ("from=never", 400), ("cursor=", 400),
    ("cursor=a/b", 400), ("what=x", 400), (f"kind={','.join('abcdefgh' * 6)}", 400),
])  # fmt: skip
def test_what_cannot_be_meant_is_refused(served: ServedHub, query: str, status: int) -> None:
    with served.party("Bank").http.stream("GET", f"/api/stream?{query}") as answer:
        assert answer.status_code == status
    assert served.visitor().http.get("/api/stream?cursor=x").status_code == 401
    made_up = served.party("Bank").http.post("/api/stream/cursors/x", json={"id": "made up"})
    assert made_up.status_code == 400 and eventually(lambda: True)
