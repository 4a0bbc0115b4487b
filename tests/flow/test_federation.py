"""Two hubs and more read each other by TAXII: ceilings, audiences, recall with receipts, and loops that end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

import pytest

from fusioncell.exchange.inbound import Kind, Standing
from fusioncell.exchange.inbound.model import Wanted
from fusioncell.kernel.clock import HOUR
from fusioncell.kernel.marking import Tlp, Viewer
from fusioncell.web.app import make_app
from served import Party, ServedHub, eventually, new_hub

MD5 = "1717b7fff97d37a1e1a0029d83492de1"
STAMP = "2026-11-20T10:00:00.000Z"


def indicator(name: str, **more: Any) -> dict[str, Any]:
    """An indicator of a domain, always the same for the same name."""
    return {"type": "indicator", "spec_version": "2.1", "id": f"indicator--{uuid5(NAMESPACE_DNS, name)}",
            "created": STAMP, "modified": STAMP, "pattern": f"[domain-name:value = '{name}']", "pattern_type": "stix",
            "indicator_types": ["malicious-activity"], "valid_from": STAMP, "name": name, **more}  # fmt: skip


@dataclass
class Side:
    """A hub, a member of it, its operator."""

    served: ServedHub
    operator: Viewer
    member: Party
    other: Party

    @property
    def hub(self) -> Any:
        return self.served.hub

    def lets_in(self, name: str, ceiling: Tlp) -> tuple[str, str]:
        """Make an agreement; returns the partner's organisation and its key."""
        made, secret = self.hub.federation.agree(self.operator, name, ceiling)
        return made.id, secret.reveal()

    def reads(self, other: Side, key: str, **more: Any) -> Standing:
        wanted = Wanted(name=f"Hub at {other.served.url}", url=f"{other.served.url}/taxii2/", kind=Kind.HUB, every=HOUR,
                        **more)  # fmt: skip
        standing: Standing = self.hub.inbound.add(self.operator, wanted, f"bearer {key}")
        return standing

    def polls(self, feed: Standing) -> Standing:
        done = self.hub.inbound.run(feed.feed.id)
        assert done is not None and done.progress.fault == "", done and done.progress.fault
        seq = self.hub.record.head()[0]
        assert eventually(lambda: self.hub.river.position >= seq)
        return done

    def shares(self, *objects: dict[str, Any], by: Party | None = None, **terms: str) -> str:
        return (by or self.member).posts({"objects": list(objects)}, "application/stix+json", **terms)

    def sees(self, name: str, who: Party | None = None) -> bool:
        return (who or self.member).sees("domain-name", name) is not None


@pytest.fixture
def hubs(tmp_path: Path) -> Iterator[list[Side]]:
    with serving(tmp_path, "ab") as sides:
        yield sides


@pytest.fixture
def three(tmp_path: Path) -> Iterator[list[Side]]:
    with serving(tmp_path, "abc") as sides:
        yield sides


@contextmanager
def serving(tmp_path: Path, names: str) -> Iterator[list[Side]]:
    """Serve hubs, each with two members."""
    with ExitStack() as stack:
        sides = []
        for name in names:
            served = stack.enter_context(ServedHub(new_hub(tmp_path / name, feed_allow="127.0.0.1")))
            member, other = served.party(f"Member of {name}"), served.party(f"Other of {name}")
            operator = served.hub.members.operator_viewer(member.org)
            assert operator is not None
            sides.append(Side(served, operator, member, other))
        yield sides


def test_what_one_hub_shares_the_other_reads_and_an_unchanged_poll_adds_nothing(hubs: list[Side]) -> None:
    a, b = hubs
    _, key = a.lets_in("Hub B", Tlp.GREEN)
    feed = b.reads(a, key)
    a.shares(indicator("green.example"), tlp="green")
    a.shares(indicator("clear.example"), tlp="clear")
    done = b.polls(feed)
    assert done.progress.last_items == 2
    assert b.sees("green.example", b.other) and b.sees("clear.example", b.other)
    head = b.hub.record.head()[0]
    assert b.polls(feed).progress.last_items == 0
    assert b.hub.record.head()[0] == head


@pytest.mark.parametrize(
    ("ceiling", "seen"),
    [
        (Tlp.CLEAR, {"clear.example"}),
        (Tlp.GREEN, {"clear.example", "green.example"}),
        (Tlp.AMBER, {"clear.example", "green.example", "amber.example"}),
        (Tlp.AMBER_STRICT, {"clear.example", "green.example", "amber.example", "strict.example"}),
    ],
)
def test_a_partner_sees_what_its_agreement_allows_and_no_more(
    hubs: list[Side], ceiling: Tlp, seen: set[str]
) -> None:
    a, b = hubs
    partner, key = a.lets_in("Hub B", ceiling)
    feed = b.reads(a, key)
    a.shares(indicator("clear.example"), tlp="clear")
    a.shares(indicator("green.example"), tlp="green")
    for tlp, name in (("amber", "amber.example"), ("amber+strict", "strict.example")):
        a.shares(indicator(name), tlp=tlp, group=f"org:{partner}")
    a.shares(indicator("own.example"), tlp="amber")
    a.shares(indicator("red.example"), tlp="red")
    b.polls(feed)
    everything = {f"{name}.example" for name in ("clear", "green", "amber", "strict", "own", "red")}
    assert {name for name in everything if b.sees(name)} == seen


def test_markings_narrow_and_never_widen(hubs: list[Side]) -> None:
    a, b = hubs
    partner, key = a.lets_in("Hub B", Tlp.AMBER_STRICT)
    a.shares(indicator("green.example"), tlp="green")
    a.shares(indicator("amber.example"), tlp="amber", group=f"org:{partner}")
    b.polls(b.reads(a, key))
    assert b.sees("amber.example") and not b.sees("amber.example", b.other), "for who answers for the feed alone"
    assert b.sees("green.example", b.other)


def test_the_operators_of_the_reading_hub_may_narrow_all_of_it(hubs: list[Side]) -> None:
    a, b = hubs
    _, key = a.lets_in("Hub B", Tlp.GREEN)
    a.shares(indicator("clear.example"), tlp="clear")
    b.polls(b.reads(a, key, at_least=Tlp.AMBER))
    assert b.sees("clear.example") and not b.sees("clear.example", b.other)


def test_recall_reaches_the_other_hub_at_its_next_poll_with_a_receipt(three: list[Side]) -> None:
    a, b, c = three
    partner, key = a.lets_in("Hub B", Tlp.GREEN)
    _, key_of_b = b.lets_in("Hub C", Tlp.GREEN)
    feed, onward = b.reads(a, key), c.reads(b, key_of_b)
    file = {"type": "file", "spec_version": "2.1", "id": "file--364fe3e5-b1f4-5ba3-b951-ee5983b3538d", "name": "x.exe",
            "hashes": {"MD5": MD5}}  # fmt: skip
    gone = a.shares(indicator("wrong.example"), file, tlp="green")
    a.shares(indicator("right.example"), tlp="green")
    b.polls(feed)
    c.polls(onward)
    assert b.sees("wrong.example", b.other) and c.sees("wrong.example", c.other)
    assert b.member.sees("md5", MD5) is not None

    def receipt() -> dict[str, str]:
        said = a.member.http.get(f"/api/contributions/{gone}/receipts").raise_for_status().json()
        return {row["organisation"]: row["state"] for row in said["organisations"]}

    assert receipt()[partner] == "exported"
    assert a.member.http.post(f"/api/contributions/{gone}/recall", json={}).status_code in (200, 202)
    assert eventually(lambda: not a.sees("wrong.example"))
    assert b.sees("wrong.example"), "until it polls"
    b.polls(feed)
    assert not b.sees("wrong.example") and b.sees("right.example")
    assert b.member.sees("md5", MD5) is None, "what has no versions too"
    assert receipt()[partner] == "fetched"
    c.polls(onward)
    assert not c.sees("wrong.example") and c.sees("right.example"), "and it goes on to who reads there"


def test_one_entry_of_many_is_recalled_alone(hubs: list[Side]) -> None:
    a, b = hubs
    _, key = a.lets_in("Hub B", Tlp.GREEN)
    feed = b.reads(a, key)
    whole = a.shares(indicator("one.example"), indicator("two.example"), tlp="green")
    b.polls(feed)
    first = a.hub.record.commit_of(whole).first_seq
    entry = a.hub.seal.entry_id(first + 1)
    answer = a.member.http.post(f"/api/contributions/{whole}/recall", json={}, params={"entry": entry})
    assert answer.status_code in (200, 202), answer.text
    assert eventually(lambda: not a.sees("one.example"))
    b.polls(feed)
    assert not b.sees("one.example") and b.sees("two.example")


def test_what_is_narrowed_past_the_partner_leaves_it(hubs: list[Side]) -> None:
    a, b = hubs
    _, key = a.lets_in("Hub B", Tlp.GREEN)
    feed = b.reads(a, key)
    shared = a.shares(indicator("narrow.example"), tlp="green")
    b.polls(feed)
    assert b.sees("narrow.example")
    answer = a.member.http.post(f"/api/contributions/{shared}/narrow", params={"tlp": "amber"})
    assert answer.status_code in (200, 202), answer.text
    assert eventually(lambda: not a.sees("narrow.example", a.other))
    b.polls(feed)
    assert not b.sees("narrow.example")


def test_loops_end(three: list[Side]) -> None:
    """A reads B, B reads A and C, C reads A and B: each object is had once, and nothing goes round."""
    feeds: list[tuple[Side, Standing]] = []
    for reader, source in ((0, 1), (1, 0), (1, 2), (2, 0), (2, 1)):
        _, key = three[source].lets_in(f"Reader {reader}", Tlp.GREEN)
        feeds.append((three[reader], three[reader].reads(three[source], key)))
    three[0].shares(indicator("from-a.example"), tlp="green")
    three[1].shares(indicator("from-b.example"), tlp="green")
    for _ in range(3):
        for side, feed in feeds:
            side.polls(feed)
    heads = [side.hub.record.head()[0] for side in three]
    for side, feed in feeds:
        assert side.polls(feed).progress.last_items == 0
    assert [side.hub.record.head()[0] for side in three] == heads, "nothing moves any more"
    for name in ("from-a.example", "from-b.example"):
        assert all(side.sees(name, side.other) for side in three)
    assert _contributors(three[0], "from-a.example") == 1, "what it gave is not taken back"
    assert _contributors(three[1], "from-b.example") == 1


def _contributors(side: Side, name: str) -> int:
    every = side.hub.record.audiences_where(lambda _: True)
    wanted = indicator(name)["id"]
    return sum(entry.payload is not None and entry.payload.subject == wanted
               for entry in side.hub.record.read_after(0, visible=every))  # fmt: skip


def test_members_and_strangers_have_no_door_of_hubs(hubs: list[Side]) -> None:
    a, _ = hubs
    for path in ("/api/federation/withdrawn", "/api/federation/about?root=partnership&collection=partnership"):
        assert a.member.http.get(path).status_code == 403
        assert a.served.visitor().http.get(path).status_code == 401


def test_a_partner_contributes_nothing_and_administers_nothing(hubs: list[Side]) -> None:
    a, _ = hubs
    _, key = a.lets_in("Hub B", Tlp.AMBER_STRICT)
    partner = Party(a.served.url, key, "")
    answer = partner.http.post("/api/contributions", content="bad.example", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 403
    assert partner.http.get("/api/federation/partners").status_code == 403
    assert partner.http.get("/api/inbound/feeds").status_code == 403


def test_an_agreement_that_ends_ends_at_once(hubs: list[Side]) -> None:
    a, b = hubs
    partner, key = a.lets_in("Hub B", Tlp.GREEN)
    feed = b.reads(a, key)
    a.shares(indicator("before.example"), tlp="green")
    b.polls(feed)
    a.hub.members.agree(partner, Tlp.CLEAR)
    a.shares(indicator("after.example"), tlp="green")
    b.polls(feed)
    assert not b.sees("after.example")
    a.hub.members.suspend(f"org:{partner}", "the agreement ended")
    done = b.hub.inbound.run(feed.feed.id)
    assert "401" in done.progress.fault and "credentials" in done.progress.hint


def test_a_hub_does_not_read_itself(hubs: list[Side]) -> None:
    a, _ = hubs
    _, key = a.lets_in("Hub A again", Tlp.GREEN)
    done = a.hub.inbound.run(a.reads(a, key).feed.id)
    assert "this hub itself" in done.progress.fault


def test_a_hub_killed_in_the_midst_of_a_page_loses_nothing_and_recalls_all(
    hubs: list[Side], monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = hubs
    _, key = a.lets_in("Hub B", Tlp.GREEN)
    feed = b.reads(a, key)
    shared = a.shares(indicator("one.example"), tlp="green")
    accept = b.hub.intake.accept_split

    def dies(*_: Any) -> None:
        raise KeyboardInterrupt

    def dies_after(*given: Any) -> None:
        accept(*given)
        raise KeyboardInterrupt

    for killed in (dies, dies_after):
        monkeypatch.setattr(b.hub.intake, "accept_split", killed)
        with pytest.raises(KeyboardInterrupt):
            b.hub.inbound.run(feed.feed.id)
        monkeypatch.setattr(b.hub.intake, "accept_split", accept)
        with b.hub.databases["vault"].write() as connection:
            connection.run("UPDATE exchange_vault_feed SET leased = 0")
    b.polls(feed)
    assert b.sees("one.example") and _contributors(b, "one.example") == 1
    a.member.http.post(f"/api/contributions/{shared}/recall", json={})
    assert eventually(lambda: not a.sees("one.example"))
    b.polls(feed)
    assert not b.sees("one.example")


def test_a_partner_learns_nothing_of_what_it_may_not_read(hubs: list[Side]) -> None:
    a, _ = hubs
    _, key = a.lets_in("Hub B", Tlp.GREEN)
    partner = Party(a.served.url, key, "")
    hidden = a.shares(indicator("hidden.example"), tlp="amber")
    shown = a.shares(indicator("shown.example"), tlp="green")
    start = partner.http.get("/api/federation/withdrawn").json()["next"]
    page = partner.http.get("/api/federation/about", params={"root": "partnership", "collection": "partnership"}).json()
    assert [one["contribution"] for one in page["objects"]] == [shown]
    for contribution in (hidden, shown):
        a.member.http.post(f"/api/contributions/{contribution}/recall", json={})
    assert eventually(lambda: not a.sees("shown.example") and not a.sees("hidden.example"))
    told = partner.http.get("/api/federation/withdrawn", params={"after": start}).json()
    assert [one["contribution"] for one in told["withdrawn"]] == [shown]
    again = partner.http.get("/api/federation/withdrawn", params={"after": told["next"]}).json()
    assert again["withdrawn"] == [] and again["more"] is False
    assert partner.http.get("/api/federation/withdrawn", params={"after": "made-up"}).status_code == 410


def test_to_a_partner_no_other_door_opens(hubs: list[Side]) -> None:
    """Walks all doors: a new one is closed to other hubs until it says otherwise."""
    a, _ = hubs
    _, key = a.lets_in("Hub B", Tlp.AMBER_STRICT)
    partner = Party(a.served.url, key, "")
    opened = set()
    for route in make_app(a.hub).routes:
        for handler in getattr(route, "route_handlers", []):
            if "GET" not in handler.http_methods or handler.opt["permission"] == "public" or handler.opt.get("absent"):
                continue
            path = re.sub(r"\{[^}]*\}", "x", route.path)
            if partner.http.get(path, headers={"Accept": "*/*"}).status_code not in (401, 403):
                opened.add(path)
    assert {path for path in opened if not path.startswith(("/taxii2", "/api/federation/"))} == set()
    assert "/api/federation/withdrawn" in opened and "/taxii2" in opened
