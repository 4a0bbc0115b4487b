"""Network assets on both databases: claims, proofs, disputes, whose a value is, and a rebuild to the same rows."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from databases import dump, rebuild
from fusioncell.bootstrap import Hub
from fusioncell.kernel.clock import DAY, ManualClock
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound, Unavailable
from fusioncell.kernel.marking import Viewer
from fusioncell.members.assets.admit import admit
from fusioncell.members.assets.model import LABEL, Asset, Kind


@dataclass
class Zones:
    """A resolver in memory: name → texts. ``down``: nobody answers."""

    texts: dict[str, list[str]] = field(default_factory=dict)
    down: bool = False

    def look_up(self, name: str) -> list[str]:
        if self.down:
            raise Unavailable("no answer")
        return self.texts.get(name, [])

    def publish(self, hub: Hub, one: Asset) -> None:
        self.texts[f"{LABEL}.{one.value}"] = ["v=spf1 -all", hub.assets.token_of(one)]


@pytest.fixture
def zones(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Zones:
    zones = Zones()
    monkeypatch.setattr(hub.assets, "_look_up", zones.look_up)
    return zones


@pytest.fixture
def of(hub: Hub) -> Callable[[str, str], Viewer]:
    """Make a viewer of an organisation, by name and role."""

    def make(name: str, role: str) -> Viewer:
        found = hub.members.organisation_named(name) or hub.members.add_organisation(name, "x", "industry")
        who = hub.members.add_person(found.id, f"{name} {role}", f"{name}.{role}@x.example".lower(), [role])
        viewer = hub.members.viewer_of(f"person:{who.id}")
        assert viewer is not None
        return viewer

    return make


Of = Callable[[str, str], Viewer]


def test_a_domain_is_proved_by_its_record(hub: Hub, zones: Zones, of: Of) -> None:
    lead, other = of("Bank", "lead"), of("Other", "lead")
    one = hub.assets.claim(lead, " WWW.Bank.example. ")
    assert (one.kind, one.value, one.stands(hub.clock.now())) == (Kind.DOMAIN, "www.bank.example", False)
    with pytest.raises(Conflict, match="TXT record"):
        hub.assets.check(lead, one.id)
    zones.texts[f"{LABEL}.www.bank.example"] = ["fusioncell-proof=0000"]
    with pytest.raises(Conflict):
        hub.assets.check(lead, one.id)
    zones.publish(hub, one)
    with pytest.raises(NotFound):
        hub.assets.check(other, one.id)
    assert hub.assets.check(lead, one.id).how == "dns"
    assert hub.assets.assets_of(lead.org or "") == ["www.bank.example"]
    assert hub.assets.assets_of(other.org or "") == []


def test_a_token_is_of_one_organisation_and_one_name(hub: Hub, zones: Zones, of: Of) -> None:
    lead = of("Bank", "lead")
    one, two = hub.assets.claim(lead, "one.example"), hub.assets.claim(lead, "two.example")
    assert hub.assets.token_of(one) != hub.assets.token_of(two)
    zones.texts[f"{LABEL}.two.example"] = [hub.assets.token_of(one)]
    with pytest.raises(Conflict):
        hub.assets.check(lead, two.id)


def test_a_proof_lapses_unless_it_is_found_again(hub: Hub, zones: Zones, of: Of) -> None:
    clock = hub.clock
    assert isinstance(clock, ManualClock)
    lead = of("Bank", "lead")
    kept, gone = hub.assets.claim(lead, "kept.example"), hub.assets.claim(lead, "gone.example")
    for one in (kept, gone):
        zones.publish(hub, one)
        hub.assets.check(lead, one.id)
    clock.advance(300 * DAY)
    assert hub.assets.recheck() == 0
    clock.advance(40 * DAY)
    zones.down = True
    assert hub.assets.recheck() == 0
    zones.down = False
    del zones.texts[f"{LABEL}.gone.example"]
    assert hub.assets.recheck() == 1
    assert hub.assets.assets_of(lead.org or "") == ["kept.example", "gone.example"]
    clock.advance(30 * DAY)
    assert hub.assets.assets_of(lead.org or "") == ["kept.example"]
    assert hub.assets.owner_of("gone.example") is None


def test_an_operator_approves_networks(hub: Hub, zones: Zones, of: Of) -> None:
    lead, operator = of("Bank", "lead"), of("Cell", "operator")
    net, asn = hub.assets.claim(lead, "45.10.0.0/22"), hub.assets.claim(lead, "as3333")
    assert (net.value, asn.value) == ("45.10.0.0/22", "AS3333")
    with pytest.raises(BadInput):
        hub.assets.check(lead, net.id)
    with pytest.raises(NotAllowed):
        hub.assets.approve(lead, net.id, "we say so")
    with pytest.raises(BadInput):
        hub.assets.approve(operator, net.id, " ")
    for one in (net, asn):
        assert hub.assets.approve(operator, one.id, "The registry names them.").how == "operator"
    assert hub.assets.assets_of(lead.org or "") == ["45.10.0.0/22", "AS3333"]
    with pytest.raises(NotAllowed):
        hub.assets.claim(of("Bank", "reader"), "bank.example")


def test_whose_a_value_is(hub: Hub, zones: Zones, of: Of) -> None:
    operator, isp, firm = of("Cell", "operator"), of("Isp", "lead"), of("Firm", "lead")

    def proved(lead: Viewer, value: str) -> Asset:
        one = hub.assets.claim(lead, value)
        with contextlib.suppress(Conflict):
            return hub.assets.approve(operator, one.id, "seen")
        for each in hub.assets.disputes(operator):
            hub.assets.settle(operator, each.one.id, each.other.id, "both", "a part was handed on")
        return hub.assets.approve(operator, one.id, "seen")

    wide, narrow = proved(isp, "45.10.0.0/16"), proved(firm, "45.10.7.0/24")
    six, name, deep = proved(isp, "2a00:1450::/32"), proved(isp, "isp.example"), proved(firm, "firm.isp.example")
    asn = proved(isp, "AS3333")
    for value, asset in (
        ("45.10.1.1", wide), ("45.10.7.9", narrow), ("45.10.7.0/25", narrow), ("45.10.6.0/23", wide),
        ("46.1.1.1", None), ("2a00:1450::1", six), ("2a00:1451::1", None), ("isp.example", name),
        ("mail.isp.example", name), ("a.firm.isp.example", deep), ("xisp.example", None), ("AS3333", asn),
        ("AS3334", None), ("https://isp.example/", None),
    ):  # fmt: skip
        found = hub.assets.owner_of(value)
        assert (found and found.value) == (asset and asset.value), value


def test_an_unproved_claim_is_told_to_nobody_and_stops_nobody(hub: Hub, zones: Zones, of: Of) -> None:
    squatter, owner, operator = of("Squatter", "lead"), of("Owner", "lead"), of("Cell", "operator")
    taken = [hub.assets.claim(squatter, value) for value in ("firm.example", "45.10.0.0/16", "www.firm.example")]
    name, net = hub.assets.claim(owner, "firm.example"), hub.assets.claim(owner, "45.10.0.0/20")
    for viewer in (squatter, owner, operator):
        assert hub.assets.disputes(viewer) == []
    zones.publish(hub, name)
    assert hub.assets.check(owner, name.id).stands(hub.clock.now())
    hub.assets.approve(operator, net.id, "The registry names them.")
    assert hub.assets.assets_of(owner.org or "") == ["firm.example", "45.10.0.0/20"]
    # Only who shows a proof of its own disputes what is proved.
    with pytest.raises(Conflict, match="TXT record"):
        hub.assets.check(squatter, taken[0].id)
    assert hub.assets.disputes(owner) == []
    with pytest.raises(Conflict, match="Another organisation has proved"):
        hub.assets.approve(operator, taken[1].id, "They said so.")
    assert [(each.one.id, each.other.id) for each in hub.assets.disputes(owner)] == [(taken[1].id, net.id)]


def test_a_claim_whose_proof_lapsed_stops_nobody(hub: Hub, zones: Zones, of: Of) -> None:
    clock = hub.clock
    assert isinstance(clock, ManualClock)
    before, after, operator = of("Before", "lead"), of("After", "lead"), of("Cell", "operator")
    old, new = hub.assets.claim(before, "sold.example"), hub.assets.claim(after, "sold.example")
    zones.publish(hub, old)
    hub.assets.check(before, old.id)
    zones.publish(hub, new)
    with pytest.raises(Conflict, match="has proved"):
        hub.assets.check(after, new.id)
    clock.advance(366 * DAY)
    assert hub.assets.disputes(operator) == []
    assert hub.assets.check(after, new.id).stands(clock.now())
    # Now it is the other way round.
    zones.publish(hub, old)
    with pytest.raises(Conflict, match="has proved"):
        hub.assets.check(before, old.id)
    assert len(hub.assets.disputes(before)) == 1


def test_two_proofs_that_overlap_are_a_dispute_that_both_see(hub: Hub, zones: Zones, of: Of) -> None:
    one, two, third, operator = of("One", "lead"), of("Two", "lead"), of("Third", "lead"), of("Cell", "operator")
    first = hub.assets.claim(one, "firm.example")
    zones.publish(hub, first)
    hub.assets.check(one, first.id)
    hub.assets.claim(one, "shop.firm.example")
    assert hub.assets.disputes(one) == []
    later = hub.assets.claim(two, "shop.firm.example")
    zones.publish(hub, later)
    for _ in range(2):
        with pytest.raises(Conflict, match="Another organisation"):
            hub.assets.check(two, later.id)
        for viewer in (one, two, operator):
            assert [each.other.value for each in hub.assets.disputes(viewer)] == ["firm.example"]
    assert hub.assets.disputes(third) == []
    # What was proved before stays so.
    assert hub.assets.assets_of(one.org or "") == ["firm.example"]
    with pytest.raises(NotAllowed):
        hub.assets.settle(one, later.id, first.id, first.id, "mine")
    with pytest.raises(BadInput):
        hub.assets.settle(operator, later.id, first.id, "neither", "x")
    hub.assets.settle(operator, first.id, later.id, "both", "The shop was sold.")
    assert hub.assets.disputes(operator) == []
    hub.assets.check(two, later.id)
    found = hub.assets.owner_of("x.shop.firm.example")
    assert found is not None and found.org == two.org
    # Settled once, it is not disputed again.
    zones.publish(hub, first)
    hub.assets.check(one, first.id)
    assert hub.assets.disputes(operator) == []
    with pytest.raises(NotFound):
        hub.assets.settle(operator, later.id, first.id, "both", "again")


def test_released_claims_are_gone_with_their_disputes_and_a_rebuild_agrees(hub: Hub, zones: Zones, of: Of) -> None:
    one, two, operator = of("One", "lead"), of("Two", "lead"), of("Cell", "operator")
    first, second = hub.assets.claim(one, "45.10.0.0/16"), hub.assets.claim(two, "45.10.0.0/20")
    with pytest.raises(NotFound):
        hub.assets.release(two, first.id)
    with pytest.raises(BadInput):
        hub.assets.approve(operator, first.id, "")
    hub.assets.approve(operator, first.id, "seen")
    with pytest.raises(Conflict):
        hub.assets.approve(operator, second.id, "seen")
    assert len(hub.assets.disputes(two)) == 1
    hub.assets.release(one, first.id)
    assert hub.assets.disputes(operator) == []
    hub.assets.approve(operator, second.id, "seen")
    before = dump(hub.databases["projections"])
    rebuild(hub)
    hub.river.run_dry()
    assert dump(hub.databases["projections"]) == before
    assert {line.action for line in hub.audit.lines(None)} >= {"asset.claimed", "asset.disputed", "asset.released"}


@pytest.mark.parametrize(("text", "why"), [
    ("co.uk", "public suffix"), ("github.io", "public suffix"), ("router.local", "special-use"),
    ("x.onion", "special-use"), ("10.0.0.0/8", "private"), ("192.168.4.0/24", "private"), ("192.0.2.0/24", "private"),
    ("127.0.0.1", "private"), ("0.0.0.0/0", "too large"), ("45.0.0.0/7", "too large"), ("2a00::/12", "too large"),
    ("fd00::/20", "private"), ("2001:db8::/32", "private"), ("224.0.0.0/8", "private"), ("AS64500", "documentation"),
    ("AS64512", "private use"), ("AS23456", "reserved"), ("AS4200000000", "private use"), ("AS0", "reserved"),
    ("https://bank.example/", "no network"), ("someone@bank.example", "no network"), ("", "no network"),
])  # fmt: skip
def test_what_nobody_owns_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        admit(text)


def test_a_watch_on_own_assets_hits(hub: Hub, zones: Zones, of: Of) -> None:
    lead = of("Bank", "lead")
    assert hub.follower.assets_of(lead.org or "") == []
    one = hub.assets.claim(lead, "bank.example")
    zones.publish(hub, one)
    hub.follower.index()
    hub.assets.check(lead, one.id)
    assert hub.follower._index is None
    assert hub.follower.assets_of(lead.org or "") == ["bank.example"]
