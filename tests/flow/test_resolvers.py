"""Real resolvers with what the hub writes for them: an approved block is answered, a lifted one resolves again.

One served hub, one subscriber for each resolver; each takes its own zones, by its own key, or by its address.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from checkers import check_zone, program
from fusioncell.kernel.marking import Viewer
from fusioncell.shield.resolvers import Kind
from fusioncell.shield.resolvers.model import PLACEHOLDER
from fusioncell.shield.subscribers import Action, Choice, Step, Subscriber
from fusioncell.shield.subscribers.layout import heartbeat, probe
from fusioncell.shield.subscribers.service import Made, Place, Wanted
from hubs import make_hub
from publishing import publish, withdraw
from resolvers import FREE_ADDRESS, free_port, wait_until
from resolving import RealResolver, installed
from served import ServedHub

KINDS = [pytest.param(kind, marks=installed(kind)) for kind in Kind]
GARDEN = "garden.isp.example"


class Isp:
    """An ISP at a served hub."""

    def __init__(self, served: ServedHub, org: str, key: str) -> None:
        self.served, self.hub = served, served.hub
        self.subscribers = served.hub.shielding.subscribers
        found = served.hub.members.operator_viewer(org)
        assert found is not None
        self.viewer: Viewer = replace(found, person=None)
        self.key = key
        self._names = 0

    def name(self) -> str:
        """Return a name that no other test has."""
        self._names += 1
        return f"n{self._names}.example"

    def settle(self) -> None:
        assert wait_until(lambda: self.hub.river.position >= self.hub.record.head()[0])

    def subscribe(self, choice: Choice, *, port: int, until: Step = Step.ENFORCE) -> tuple[Subscriber, Made]:
        made = self.subscribers.add(self.viewer, self.viewer.org or "", Wanted(
            label=f"pair of {choice.kind}", choice=choice, addresses=("127.0.0.1",), notify=(f"127.0.0.1@{port}",)))
        self.settle()
        for step in (Step.SHADOW, Step.CANARY, Step.ENFORCE):
            self.subscribers.change(self.viewer, made.id, Wanted(step=step, reference="CHG1"))
            self.settle()
            if step is until:
                break
        assert wait_until(lambda: self.subscribers.serving.view_of(self.one(made.id)) is not None)
        return self.one(made.id), made

    def one(self, identifier: str) -> Subscriber:
        return self.subscribers.one(self.viewer, identifier)

    def resolver(self, one: Subscriber, made: Made, folder: Path, port: int) -> RealResolver:
        place = Place(port=self.served.dns_port, folder=str(folder))
        files = self.subscribers.configuration(self.viewer, one.choice.kind, one.id, place)
        files = {name: text.replace(PLACEHOLDER, made.secret).replace("https://hub.example", self.served.url)
                 for name, text in files.items()}  # fmt: skip
        return RealResolver(one.choice.kind, files, folder, port=port, environment={"FUSIONCELL_KEY": self.key})

    def origin(self, one: Subscriber, label: str) -> str:
        return f"{label}.{self.subscribers.serving.base(one.choice)}"


@pytest.fixture(scope="module")
def isp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Isp]:
    """One hub for all tests: each blocks names of its own."""
    made = make_hub(tmp_path_factory.mktemp("isp") / "hub")
    with ServedHub(made.hub) as served:
        yield Isp(served, made.provider.org, made.provider.key)


@pytest.mark.parametrize("kind", KINDS)
def test_a_block_is_answered_and_a_lift_frees(kind: Kind, isp: Isp, tmp_path: Path) -> None:
    old, new = isp.name(), isp.name()
    publish(isp.hub, old)
    port = free_port()
    one, made = isp.subscribe(Choice(kind), port=port)
    with isp.resolver(one, made, tmp_path / "resolver", port) as resolver:
        assert resolver.blocks(old), resolver.log()
        assert resolver.code(new) == "NOERROR"
        publish(isp.hub, new, category="phishing", severity="high")
        assert resolver.blocks(new), resolver.log()
        assert resolver.code(f"deep.under.{new}") == "NXDOMAIN"
        withdraw(isp.hub, new)
        assert resolver.frees(new), resolver.log()
        assert resolver.answer(f"www.{new}").answer[-1][0].address == FREE_ADDRESS
        assert resolver.code(old) == "NXDOMAIN"


@pytest.mark.parametrize("kind", KINDS)
def test_monitoring_sees_the_serial_and_each_action(kind: Kind, isp: Isp, tmp_path: Path) -> None:
    old = isp.name()
    publish(isp.hub, old)
    port = free_port()
    one, made = isp.subscribe(Choice(kind), port=port)
    view = isp.subscribers.serving.view_of(one)
    assert view is not None
    with isp.resolver(one, made, tmp_path / "resolver", port) as resolver:
        assert resolver.blocks(old), resolver.log()
        for zone in view.zones.values():
            under = probe(zone.origin)
            assert wait_until(lambda zone=zone: resolver.text(heartbeat(zone.origin)) == str(zone.serial)), under
            assert resolver.code(f"nxdomain.{under}") == "NXDOMAIN"
            nodata = resolver.answer(f"nodata.{under}")
            assert nodata.rcode() == 0 and not nodata.answer
            assert resolver.answer(f"passthru.{under}").answer[-1][0].address == FREE_ADDRESS
        if kind is not Kind.KNOT:  # it fetches files; who holds what is seen at transfers
            assert wait_until(lambda: all(each.holds == each.serial for each in isp.subscribers.serving.taken(one)))


@pytest.mark.parametrize(("kind", "code", "said"), [
    pytest.param(Kind.POWERDNS, 15, "phishing", marks=installed(Kind.POWERDNS)),
    pytest.param(Kind.KNOT, 15, "", marks=installed(Kind.KNOT)),
])  # fmt: skip
def test_the_answer_says_why_where_the_resolver_can(kind: Kind, code: int, said: str, isp: Isp,
                                                    tmp_path: Path) -> None:  # fmt: skip
    bad = isp.name()
    publish(isp.hub, bad, category="phishing", severity="high")
    port = free_port()
    one, made = isp.subscribe(Choice(kind), port=port)
    with isp.resolver(one, made, tmp_path / "resolver", port) as resolver:
        assert resolver.blocks(bad), resolver.log()
        errors = resolver.ede(bad)
        assert [error[0] for error in errors] == [code] and said in errors[0][1]
        assert not resolver.ede("free.example")


@pytest.mark.parametrize("kind", [pytest.param(kind, marks=installed(kind)) for kind in Kind if kind is not Kind.KNOT])
def test_the_isp_chooses_the_answer(kind: Kind, isp: Isp, tmp_path: Path) -> None:
    bad = isp.name()
    publish(isp.hub, bad)
    for action in (Action.NODATA, Action.GARDEN):
        port = free_port()
        one, made = isp.subscribe(Choice(kind, action=action, garden=GARDEN), port=port)
        with isp.resolver(one, made, tmp_path / action, port) as resolver:

            def answered(resolver: RealResolver = resolver, action: Action = action) -> bool:
                found = resolver.answer(bad)
                names = [rrset[0].to_text().rstrip(".") for rrset in found.answer]
                return found.rcode() == 0 and (not names if action is Action.NODATA else GARDEN in names)

            assert wait_until(answered, 20), resolver.log()


@pytest.mark.parametrize("kind", KINDS)
def test_in_shadow_nothing_is_answered_differently(kind: Kind, isp: Isp, tmp_path: Path) -> None:
    bad = isp.name()
    publish(isp.hub, bad)
    port = free_port()
    one, made = isp.subscribe(Choice(kind), port=port, until=Step.SHADOW)
    with isp.resolver(one, made, tmp_path / "resolver", port) as resolver:
        if kind is not Kind.KNOT:
            assert wait_until(lambda: all(each.holds is not None for each in isp.subscribers.serving.taken(one)), 20)
        assert resolver.code(bad) == "NOERROR"


@pytest.mark.parametrize("kind", [pytest.param(Kind.BIND, marks=installed(Kind.BIND))])
def test_a_key_goes_on_for_a_while_and_ends_with_its_subscriber(kind: Kind, isp: Isp, tmp_path: Path) -> None:
    bad = isp.name()
    publish(isp.hub, bad)
    port = free_port()
    one, made = isp.subscribe(Choice(kind), port=port)
    with isp.resolver(one, made, tmp_path / "resolver", port) as resolver:
        assert resolver.blocks(bad), resolver.log()
        again = isp.subscribers.rotate(isp.viewer, one.id)
        isp.settle()
        assert again.key != made.key and len(base64.b64decode(again.secret)) == 32
        following = isp.name()
        publish(isp.hub, following)
        assert resolver.blocks(following), "the key that it has goes on"
        isp.subscribers.end(isp.viewer, one.id, "gone")
        isp.settle()
        assert wait_until(lambda: again.key not in isp.subscribers.serving.keys())
        assert resolver.code(bad) == "NXDOMAIN", "it keeps the last good zone"


@pytest.mark.skipif(program("named-checkzone") is None, reason="no named-checkzone on this machine (apt: bind9-utils)")
def test_every_zone_that_is_served_reads_well(isp: Isp, tmp_path: Path) -> None:
    publish(isp.hub, "bad.example", "xn--bcher-kva.example", "_dmarc.bad.example")
    for kind in Kind:
        action = Action.NODATA if kind is Kind.KNOT else Action.GARDEN
        one, _ = isp.subscribe(Choice(kind, action=action, garden=GARDEN), port=9)
        view = isp.subscribers.serving.view_of(one)
        assert view is not None
        for zone in view.zones.values():
            text = b"".join(isp.subscribers.zone_file(isp.viewer, zone.origin)).decode()
            said = check_zone(text, zone.origin, tmp_path)
            assert f"loaded serial {zone.serial}" in said
