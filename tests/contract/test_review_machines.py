"""Random members at all doors for machines at once: nothing fails, nothing is set aside, a rebuild gives the same.

``FUSIONCELL_SEEDS=0-99`` runs other seeds than the few of every day.
"""

from __future__ import annotations

import json
import os
import random
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from litestar.testing import TestClient

import fusioncell.river
from databases import START, dump, rebuild
from fusioncell.bootstrap import Hub
from fusioncell.kernel.clock import SECOND, ManualClock
from fusioncell.kernel.ids import SeededRandomness
from fusioncell.picture.words import page_of
from fusioncell.web.app import make_app
from partnership import NAMES, Partnership

_first, _, _last = os.environ.get("FUSIONCELL_SEEDS", "54").partition("-")
SEEDS = range(int(_first), int(_last or _first) + 1)
OPERATIONS = 120
TAGS = ("tlp:red", "tlp:amber", "tlp:green", "tlp:clear", "tlp:amber+strict", "free tag")
_SPACE = uuid.UUID(int=9)


def _id(name: str) -> str:
    return str(uuid.uuid5(_SPACE, name))


class Machines:
    """Members' clients, each operation drawn from a seed over few ids, so that things meet."""

    def __init__(self, seed: int, hub: Hub, client: TestClient[Any], clock: ManualClock) -> None:
        self.random, self.hub, self.client, self.clock = random.Random(seed), hub, client, clock
        self.keys = [hub.members.make_key(one.id, role="member")[1].reveal() for one in hub.members.organisations()]
        self.done: dict[int, int] = {}

    def ask(self, key: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
        answer = self.client.request(method, path, headers={"authorization": f"Bearer {key}", **headers},
                                     content=None if body is None else json.dumps(body).encode())  # fmt: skip
        self.done[answer.status_code] = self.done.get(answer.status_code, 0) + 1
        assert answer.status_code < 500, (method, path, body, answer.text)
        return answer

    def misp(self, key: str, path: str, body: Any = None) -> Any:
        return self.ask(key, "POST", f"/misp/{path}", {} if body is None else body)

    def attribute(self) -> dict[str, Any]:
        r = self.random
        made: dict[str, Any] = {"type": "domain", "value": r.choice(NAMES).encode("idna").decode(),
                                "distribution": r.choice("012355")}  # fmt: skip
        if r.random() < 0.5:
            made["uuid"] = _id(f"attribute {r.randrange(8)}")
        if r.random() < 0.2:
            made["Tag"] = [{"name": r.choice(TAGS), "local": r.random() < 0.3}]
        if r.random() < 0.1:
            made["Sighting"] = [{"type": "0", "uuid": _id(f"sighting {r.randrange(3)}")}]
        return made

    def event(self) -> dict[str, Any]:
        r = self.random
        made: dict[str, Any] = {
            "uuid": _id(f"event {r.randrange(5)}"), "info": "e", "distribution": r.choice("01123"),
            "published": r.random() < 0.6, "Attribute": [self.attribute() for _ in range(r.randrange(4))],
        }  # fmt: skip
        if r.random() < 0.3:
            made["Tag"] = [{"name": r.choice(TAGS)}]
        if r.random() < 0.3:
            made["Object"] = [{"name": "domain-ip", "uuid": _id(f"object {r.randrange(3)}"), "Attribute": [
                {**self.attribute(), "object_relation": "domain"}]}]  # fmt: skip
        if r.random() < 0.2:
            made["EventReport"] = [{"name": "r", "content": "c", "uuid": _id(f"report {r.randrange(2)}")}]
        return made

    def stix(self) -> dict[str, Any]:
        r = self.random
        objects = []
        for _ in range(r.randint(1, 4)):
            n, stamp = r.randrange(6), f"2026-05-{r.randint(1, 9):02}T00:00:00.{r.choice(('000', '000000', '001'))}Z"
            objects.append(r.choice((
                {"type": "indicator", "id": f"indicator--{_id(f'indicator {n}')}", "spec_version": "2.1",
                 "created": "2026-05-01T00:00:00Z", "modified": stamp, "valid_from": stamp, "pattern_type": "stix",
                 "pattern": f"[domain-name:value = '{r.choice(NAMES)}']", "revoked": r.random() < 0.1},
                {"type": "domain-name", "id": f"domain-name--{_id(f'name {n}')}", "spec_version": "2.1",
                 "value": r.choice(NAMES)},
                {"type": "malware", "id": f"malware--{_id(f'indicator {n}')}", "spec_version": "2.1", "name": "m",
                 "created": "2026-05-01T00:00:00Z", "modified": stamp, "is_family": False},
            )))  # fmt: skip
        return {"objects": objects}

    def one(self) -> None:
        r, key = self.random, self.random.choice(self.keys)
        event, attribute = _id(f"event {r.randrange(5)}"), _id(f"attribute {r.randrange(8)}")
        if r.random() < 0.3:
            self.taxii(key)
            return
        calls: list[tuple[str, Any]] = [
            ("events/add", self.event()), ("events/add", self.event()), ("events/add", self.event()),
            (f"events/edit/{event}", self.event()), (f"events/edit/{event}", {"distribution": r.choice("0123")}),
            (f"events/delete/{event}", None), (f"events/publish/{event}", None), (f"events/unpublish/{event}", None),
            (f"attributes/add/{event}", [self.attribute(), self.attribute()]),
            (f"attributes/edit/{attribute}", self.attribute()),
            (f"attributes/delete/{attribute}/{r.choice(('', '1'))}", None), (f"attributes/restore/{attribute}", None),
            ("tags/attachTagToObject", {"uuid": r.choice((event, attribute)), "tag": r.choice(TAGS),
                                        "local": r.random() < 0.3}),
            ("tags/removeTagFromObject", {"uuid": r.choice((event, attribute)), "tag": r.choice(TAGS)}),
            (f"sightings/add/{attribute}", {"type": r.choice("012"), "uuid": _id(f"sighting {r.randrange(3)}")}),
            (f"shadow_attributes/add/{event}", self.attribute()),
            (f"analyst_data/add/Note/{event}/Event", {"note": "n", "uuid": _id(f"note {r.randrange(2)}")}),
            (f"objects/delete/{_id(f'object {r.randrange(3)}')}/{r.choice(('', '1'))}", None),
            ("events/restSearch", {"uuid": event, "deleted": [0, 1]}),
            ("attributes/restSearch", {"returnFormat": r.choice(("json", "csv", "stix2", "xml", "suricata", "rpz"))}),
        ]  # fmt: skip
        self.misp(key, *r.choice(calls))

    def taxii(self, key: str) -> None:
        r = self.random
        root = f"/taxii2/{r.choice(('partnership', 'public'))}/"
        listed = self.ask(key, "GET", f"{root}collections/").json().get("collections", [])
        where = f"{root}collections/{r.choice(listed)['id']}/objects/"
        if r.random() < 0.6:
            self.ask(key, "POST", where, self.stix(), **{"content-type": "application/taxii+json;version=2.1"})
        else:
            page = self.ask(key, "GET", where + f"?match[version]={r.choice(('all', 'last', 'first'))}").json()
            found = page.get("objects", [])
            if found:
                self.ask(key, "DELETE", where + r.choice(found)["id"] + "/" + r.choice(("", "?match[version]=last")))


@pytest.mark.parametrize("seed", SEEDS)
def test_all_doors_at_once(seed: int, open_again: Callable[..., Hub], monkeypatch: pytest.MonkeyPatch) -> None:
    clock, randomness = ManualClock(START), SeededRandomness(seed)
    hub = open_again(clock, randomness)
    partnership = Partnership(seed, clock)
    partnership.found(hub)
    hub.settle()
    with TestClient(make_app(hub), raise_server_exceptions=False) as client:
        machines = Machines(seed, hub, client, clock)
        for _ in range(OPERATIONS):
            clock.advance(machines.random.choice((0, 1, SECOND)))
            if machines.random.random() < 0.4:
                partnership.operation(hub)
            else:
                machines.one()
            if machines.random.random() < 0.5:
                monkeypatch.setattr(fusioncell.river, "BLOCKS", machines.random.randint(1, 5))
                hub.river.step()
        hub.settle()
        assert hub.river.set_aside == 0
        assert machines.done.get(200, 0) > OPERATIONS / 8, machines.done
        standing = dump(hub.databases["projections"])
        assert standing["exchange_misp_document"] and standing["exchange_taxii_run"]
        for blocks in (100_000, 1):
            monkeypatch.setattr(fusioncell.river, "BLOCKS", blocks)
            rebuild(hub)
            hub.river.run_dry()
            again = dump(hub.databases["projections"])
            different = {table: ([row for row in rows if row not in again[table]],
                            [row for row in again[table] if row not in rows])
                    for table, rows in standing.items() if rows != again[table]}  # fmt: skip
            assert not different, repr(different)[:4000]


def test_a_line_of_a_page_is_the_same_whatever_came_with_it() -> None:
    """A page that came in several cuts had other spaces than one that came in a single cut."""
    chance = random.Random(1)
    parts = ("a", "B", "1", "-", " ", "\n", "\t", "é", "x" * 70, "\r", "ß", ".")
    for _ in range(2000):
        texts = [(n, "".join(chance.choice(parts) for _ in range(chance.randint(1, 8)))) for n in range(3)]
        assert page_of(texts) == "\n".join(page_of([one]) for one in texts)
