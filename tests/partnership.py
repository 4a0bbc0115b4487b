"""A small random partnership: all that members do to a hub, drawn from a seed, over few names so that things meet.

All that an operation needs is drawn from ``random.Random(seed)``; the hub's clock and randomness are handed in, so one
seed gives one record. Used by the tests of rebuilding and of non-interference.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from fusioncell.bootstrap import Hub
from fusioncell.exchange.talk import NewPost, Posted
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import DAY, HOUR, MINUTE, ManualClock
from fusioncell.kernel.errors import FusionCellError
from fusioncell.kernel.marking import CELL, Tlp, Viewer, group, org
from fusioncell.members import Organisation
from fusioncell.members.circles import Openness
from fusioncell.members.directory.confirm import make_token
from fusioncell.members.joining import TERMS, fill_in
from fusioncell.shield.model import State

NAMES = [f"{word}-{n}.example" for word in ("login", "parcel", "évil", "bank") for n in range(3)]
WORDS = ("phishing", "beacon", "Ünïcode", "ꭰꭱꭲ", "привет", "1e5", "T1566", "a\u0301b", "campaign")
TLPS = (None, Tlp.CLEAR, Tlp.GREEN, Tlp.GREEN, Tlp.GREEN, Tlp.AMBER, Tlp.AMBER_STRICT, Tlp.RED)
_TLP_MARKINGS = {
    Tlp.CLEAR: "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    Tlp.GREEN: "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    Tlp.RED: "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}
_SPACE = uuid.UUID(int=7)


def _id(name: str) -> str:
    return str(uuid.uuid5(_SPACE, name))


def _stamp(at: int) -> str:
    moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=at)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


class Partnership:
    """Plays random operations on a hub."""

    def __init__(self, seed: int, clock: ManualClock) -> None:
        self.random = random.Random(seed)
        self.clock = clock
        self.start = clock.now()
        self.contributions: list[tuple[str, str]] = []
        self.posts: list[tuple[str, str]] = []
        """Id and originator of each post."""
        self.groups: list[str] = []
        self.people: list[str] = []
        self.refused = 0

    def found(self, hub: Hub) -> None:
        """Admit the first organisations."""
        for number in range(4):
            hub.members.add_organisation(f"Org {number}", ("gov", "isp", "bank")[number % 3], "industry")

    # -- who -----------------------------------------------------------------------------------------------------

    def _org(self, hub: Hub) -> Organisation:
        known = hub.members.organisations()
        return known[0] if self.random.random() < 0.4 else self.random.choice(known)

    def _viewer(self, hub: Hub) -> Viewer:
        viewer = hub.members.operator_viewer(self._org(hub).id)
        assert viewer is not None
        return viewer

    # -- contributions -------------------------------------------------------------------------------------------

    def _name(self) -> str:
        return self.random.choice(NAMES)

    def _at(self) -> int:
        """An instant: one of few, so that versions repeat; some of them old, some in the future."""
        return self.start - self.random.choice((-40 * DAY, 0, HOUR, 3 * DAY, 13 * DAY, 20 * DAY, 400 * DAY))

    def _words(self) -> str:
        return " ".join(self.random.choice(WORDS) for _ in range(self.random.randint(0, 3)))

    def stix(self) -> tuple[str, bytes]:
        """A bundle of indicators, sightings, malware and reports, from few ids and few versions."""
        r = self.random
        objects: list[dict[str, object]] = []
        for _ in range(r.randint(1, 6)):
            n = r.randrange(6)
            at = self._at()
            common: dict[str, object] = {"spec_version": "2.1", "created": _stamp(self.start - 500 * DAY),
                                         "modified": _stamp(at)}  # fmt: skip
            if r.random() < 0.3:
                common["object_marking_refs"] = [r.choice(list(_TLP_MARKINGS.values()))]
            if r.random() < 0.3:
                common["created_by_ref"] = f"identity--{_id(f'creator {r.randrange(3)}')}"
            kind = r.choice(("indicator", "indicator", "indicator", "malware", "sighting", "domain-name", "report"))
            one: dict[str, object] = {"type": kind, "id": f"{kind}--{_id(f'{kind} {n}')}", **common}
            if kind == "indicator":
                one |= {"name": self._words(), "pattern_type": "stix", "valid_from": _stamp(self._at()),
                        "pattern": f"[domain-name:value = '{self._name()}']"}  # fmt: skip
                if r.random() < 0.15:
                    one["revoked"] = True
                if r.random() < 0.2:
                    one["indicator_types"] = [r.choice(("benign", "anomalous-activity", "compromised"))]
                if r.random() < 0.2:
                    one["x_unknown"] = {"kept": [1, None]}
            elif kind == "malware":
                one |= {"name": self._words() or "m", "is_family": True, "description": self._words()}
            elif kind == "sighting":
                one |= {"sighting_of_ref": f"indicator--{_id(f'indicator {n}')}", "count": r.randint(0, 3)}
            elif kind == "report":
                one |= {"name": self._words(), "published": _stamp(at), "object_refs": [f"malware--{_id('malware 1')}"]}
            else:
                one = {"type": kind, "spec_version": "2.1", "value": self._name(), "id": f"{kind}--{_id(f'd {n}')}"}
            objects.append(one)
        if r.random() < 0.1:
            objects.append({"type": "indicator", "id": "not an id"})
        bundle = {"type": "bundle", "id": f"bundle--{_id('b')}", "objects": objects}
        return "application/stix+json;version=2.1", json.dumps(bundle).encode()

    def misp(self) -> tuple[str, bytes]:
        """An event of few uuids, its attributes with sightings, deletions and one object."""
        r = self.random
        number = r.randrange(4)

        def attribute(n: int) -> dict[str, object]:
            made: dict[str, object] = {
                "uuid": _id(f"attribute {number} {n}"), "type": "domain", "category": "Network activity",
                "value": self._name(), "to_ids": r.random() < 0.7, "timestamp": str(self._at() // 1_000_000),
                "comment": self._words(),
            }  # fmt: skip
            if r.random() < 0.3:
                made["Sighting"] = [{"type": r.choice("012"), "date_sighting": str(self._at() // 1_000_000)}]
            if r.random() < 0.1:
                made["deleted"] = True
            if r.random() < 0.3:
                made["Tag"] = [
                    {"name": r.choice(("tlp:green", "tlp:red", 'misp-galaxy:mitre-attack-pattern="x - T1566"'))}
                ]
            return made

        event: dict[str, object] = {
            "uuid": _id(f"event {number}"), "info": self._words() or "event", "date": _stamp(self._at())[:10],
            "timestamp": str(self._at() // 1_000_000), "Orgc": {"name": f"Maker {r.randrange(2)}", "uuid": _id("orgc")},
            "Attribute": [attribute(n) for n in range(r.randint(0, 5))],
            "Object": [{"uuid": _id(f"object {number}"), "name": "url", "timestamp": str(self._at() // 1_000_000),
                        "Attribute": [attribute(9)]}] if r.random() < 0.3 else [],
        }  # fmt: skip
        if r.random() < 0.4:
            event["Tag"] = [{"name": r.choice(("tlp:white", "tlp:green", "tlp:amber"))}]
        return "application/json", json.dumps({"Event": event}).encode()

    def table(self) -> tuple[str, bytes]:
        """A CSV file, its rows repeated between files."""
        rows = [f"{self._name()},{self._words()}" for _ in range(self.random.randint(1, 5))]
        return "text/csv", "\n".join(["domain,comment", *rows]).encode()

    def text(self) -> tuple[str, bytes]:
        """Free text with defanged and plain names."""
        r = self.random
        names = [self._name().replace(".", r.choice(("[.]", "."))) for _ in range(r.randint(0, 3))]
        return "text/plain", f"{self._words()} seen at {' and '.join(names)} today, {self._words()}".encode()

    def contribute(self, hub: Hub) -> None:
        """One member contributes something."""
        viewer = self._viewer(hub)
        media, body = self.random.choice((self.stix, self.stix, self.misp, self.misp, self.table, self.text))()
        tlp = self.random.choice(TLPS)
        groups: tuple[str, ...] = ()
        if tlp in (Tlp.AMBER, Tlp.AMBER_STRICT) and self.groups and self.random.random() < 0.6:
            known = hub.circles.group(self.random.choice(self.groups))
            party = group(known.id, known.generation)
            groups = (party,) if party in viewer.parties else ()
        accepted = hub.intake.accept(viewer, body, media, Terms(tlp=tlp, groups=groups))
        self.contributions.append((accepted.contribution, viewer.org or ""))
        if self.random.random() < 0.15:
            hub.intake.accept(viewer, body, media, Terms(tlp=tlp, groups=groups))

    def talk(self, hub: Hub) -> None:
        """Somebody posts, answers, edits, withdraws, reacts or takes a reaction back, or closes a thread."""
        r, talk, viewer = self.random, hub.talk, self._viewer(hub)
        post, party = r.choice(self.posts) if self.posts else ("", "")
        own = hub.members.operator_viewer(party) or viewer
        text = self.text()[1].decode()
        choice = r.randrange(14) if post else 0
        if choice < 3:
            tlp = r.choice((None, Tlp.GREEN, Tlp.AMBER, Tlp.AMBER_STRICT, Tlp.RED))
            about = (r.choice((f"observable:auto:{self._name()}", "campaign:Storm")),) if r.random() < 0.5 else ()
            self._posted(talk.post(viewer, NewPost(text=text, title=self._words(), tlp=tlp, about=about)), viewer)
        elif choice < 6:
            tlp = Tlp.GREEN if r.random() < 0.2 else None
            self._posted(talk.post(viewer, NewPost(text=text, parent=post, tlp=tlp)), viewer)
        elif choice < 8:
            talk.edit(own, post, text, self._words())
        elif choice == 8:
            talk.withdraw(own, post, "no longer so")
        elif choice < 11:
            known = r.choice(self.contributions)[0]
            on = r.choice((f"post:{post}", f"observable:auto:{self._name()}", f"contribution:{known}"))
            kind = r.choice(("seen", "seen", "useful", "false-positive"))
            (talk.unreact if r.random() < 0.3 else talk.react)(viewer, on, kind)
        elif choice == 11:
            talk.close_thread(own, post, closed=r.random() < 0.7)
        else:
            self.request(hub, viewer, own, post)

    def request(self, hub: Hub, viewer: Viewer, own: Viewer, post: str) -> None:
        """Somebody asks, with or without a file, answers, or says what becomes of a request."""
        r, requests = self.random, hub.requests
        known = [one.id for one in requests.board(viewer).requests]
        which, choice = r.choice(known) if known else "", r.randrange(5)
        if not which or choice < 2:
            cell = r.random() < 0.4
            question = requests.question(_stamp(self.clock.now() + r.choice((HOUR, DAY, 9 * DAY))), cell=cell)
            file = hub.files.keep(viewer, "x.txt", self.text()[1] + b".")
            tlp, groups = (Tlp.AMBER_STRICT, (CELL,)) if cell else (Tlp.GREEN, ())
            new = NewPost(text="who saw it?", question=question, tlp=tlp, groups=groups, files=(file,))
            self._posted(hub.talk.post(viewer, new), viewer)
        elif choice == 2:
            self._posted(requests.answer(viewer, which, NewPost(text=self.text()[1].decode() + "!")), viewer)
        else:
            asker = hub.members.operator_viewer(requests.one(viewer, which).org) or own
            act = r.choice((requests.accept, requests.say_missing, requests.withdraw))
            act(asker, which, "" if choice == 3 else post)

    def _posted(self, posted: Posted, viewer: Viewer) -> None:
        self.posts.append((posted.id, viewer.org or ""))
        self.contributions.append((posted.contribution, viewer.org or ""))

    # -- what else happens ---------------------------------------------------------------------------------------

    def recall(self, hub: Hub) -> None:
        """An originator withdraws a submission, or one entry of it."""
        if not self.contributions:
            return
        contribution, party = self.random.choice(self.contributions)
        viewer = hub.members.operator_viewer(party)
        commit = hub.record.commit_of(contribution)
        assert viewer is not None
        assert commit is not None
        which = None if self.random.random() < 0.5 else self.random.randint(commit.first_seq, commit.last_seq)
        hub.intake.recall(viewer, contribution, "a false positive", which)

    def move(self, hub: Hub) -> None:
        """An originator shows a submission, or one entry of it, to fewer or to more."""
        if not self.contributions:
            return
        contribution, party = self.random.choice(self.contributions[-6:])
        viewer = hub.members.operator_viewer(party)
        commit = hub.record.commit_of(contribution)
        assert viewer is not None
        assert commit is not None
        if self.random.random() < 0.4:
            self._consent(hub, contribution)
            return
        which = None if self.random.random() < 0.6 else self.random.randint(commit.first_seq, commit.last_seq)
        act, labels = self.random.choice((
            (hub.intake.narrow, (Tlp.GREEN, Tlp.AMBER, Tlp.AMBER_STRICT)), (hub.intake.widen, (Tlp.CLEAR, Tlp.GREEN)),
        ))  # fmt: skip
        moved = act(viewer, contribution, Terms(tlp=self.random.choice(labels)), "for others", which)
        if moved.contribution:
            self.contributions.append((moved.contribution, party))

    def _consent(self, hub: Hub, contribution: str) -> None:
        """Somebody asks whether a contribution may go into a wider product, or a named person answers."""
        viewer = self._viewer(hub)
        for asked in hub.receipts.consents(viewer)[:1]:
            owner = hub.members.operator_viewer(asked.originator)
            if owner is not None and self.random.random() < 0.5:
                named = replace(owner, person="someone")
                hub.receipts.answer(named, asked.id, granted=self.random.random() < 0.6, reason=self._words() or "so")
                return
        hub.receipts.ask(viewer, contribution, f"advisory {self._words()}", self.random.choice((Tlp.GREEN, Tlp.CLEAR)),
                         self._words())  # fmt: skip

    def membership(self, hub: Hub) -> None:
        """Something changes among the members."""
        r, members = self.random, hub.members
        choice = r.randrange(11)
        if choice >= 9:
            self.circle(hub)
        elif choice >= 7:
            self.joining(hub)
        elif choice == 0:
            members.add_organisation(f"Org {r.randrange(1000)}", "bank", r.choice(("police", "isp")))
        elif choice == 1:
            name = f"P{r.randrange(1000)}"
            self.people.append(members.add_person(self._org(hub).id, name, f"{name}@x.example", ["analyst"]).id)
        elif choice == 2:
            self.groups.append(hub.circles.make_group(f"Group {r.randrange(1000)}", [org(self._org(hub).id)]).id)
        elif choice == 3 and self.groups:
            hub.circles.join_group(r.choice(self.groups), [org(self._org(hub).id)])
        elif choice == 4 and self.groups:
            hub.circles.leave_group(r.choice(self.groups), org(self._org(hub).id))
        elif choice == 5 and self.people:
            members.give_roles(r.choice(self.people), [r.choice(("approver", "reader"))])
        elif choice == 6:
            members.name_client(org(self._org(hub).id), org(self._org(hub).id), active=r.random() < 0.7)

    def circle(self, hub: Hub) -> None:
        """Somebody makes a group, asks, invites, decides, hands over, lets a guest in; shows themselves, is tested."""
        r, circles = self.random, hub.circles
        viewer, party = self._viewer(hub), org(self._org(hub).id)
        act = r.randrange(12)
        if act >= 10:
            self._directory(hub, viewer)
        elif act == 0 or not self.groups:
            way, history = r.choice(list(Openness)), r.random() < 0.4
            made = circles.create(viewer, f"Room {r.randrange(99)}", openness=way, open_history=history,
                                  parties=[party])  # fmt: skip
            self.groups.append(made.id)
        elif act <= 4:
            (circles.ask, circles.join, circles.leave)[act % 3](viewer, r.choice(self.groups))
        elif act == 5:
            circles.invite(viewer, r.choice(self.groups), party, self._words())
        elif act == 6:
            circles.set_owners(viewer, r.choice(self.groups), [party])
        elif act == 7:
            circles.change(viewer, r.choice(self.groups), name=self._words() or "Group")
        else:
            self._room(hub, viewer, r.choice(self.groups))

    def _room(self, hub: Hub, viewer: Viewer, group: str) -> None:
        r, circles = self.random, hub.circles
        act = r.randrange(9)
        if act < 3:
            for one in circles.seen(viewer, group).askings[:1]:
                circles.answer(viewer, group, one.party, accept=r.random() < 0.7)
        elif act < 6:
            circles.admit_guest(viewer, group, "Guest", "guest@x.example", "Outside", days=r.choice((1, 14)))
        elif act < 8:
            for guest in circles.seen(viewer, group).guests[:1]:
                (circles.renew_guest if r.random() < 0.6 else circles.end_guest)(viewer, group, guest.person)
        else:
            circles.close(viewer, group)

    def _directory(self, hub: Hub, viewer: Viewer) -> None:
        if self.random.random() < 0.3:
            hub.directory.show_organisation(viewer, shown=self.random.random() < 0.7, about=self._words())
        else:
            self._contact(hub, viewer)

    def _contact(self, hub: Hub, viewer: Viewer) -> None:
        r, directory = self.random, hub.directory
        known = directory.contacts(viewer)
        act = r.randrange(4)
        if act == 0 or not known:
            choices = ["green", *(each.party.partition(":")[2].rpartition(".")[0]
                                  for each in hub.circles.audience_choices(viewer))]  # fmt: skip
            directory.set_contact(viewer, name="Duty", phone="+44 1632 960001", email="duty@x.example",
                                  readers=r.choice(choices))  # fmt: skip
        elif act == 1:
            directory.ask_contact(viewer, r.choice(known).id)
        elif act == 2:
            one = r.choice(known)
            directory.confirm_contact(make_token(directory.key, one, hub.clock.now()))
        else:
            directory.remove_contact(viewer, r.choice(known).id)

    def joining(self, hub: Hub) -> None:
        """Somebody applies, a sponsor answers, a vetter decides, a lead binds their organisation."""
        r, joining = self.random, hub.joining
        known = joining.applications()
        one = r.choice(known) if known else None
        person = r.choice(self.people) if self.people else ""
        where = hub.members.person(person).org if person else ""
        viewer = Viewer(person=person, org=where, member=True, permissions=frozenset({"sponsor", "vet", "lead"}))
        act = r.randrange(5)
        if act == 0 or one is None:
            form = {"name": f"Bank {r.randrange(1000)}", "sector": "finance", "kind": "industry", "applicant": "A",
                    "email": f"a{r.randrange(1000)}@x.example", "why": "we see much", "sponsor": self._org(hub).name}
            joining.apply(fill_in(form), f"192.0.2.{r.randrange(256)}")
        elif act == 1:
            joining.stand(viewer, one.id, "we know them well", confirmed=r.random() < 0.8)
        elif act == 2:
            self.people.append(joining.accept(viewer, one.id, "fine")[0].person)
        elif act == 3:
            joining.refuse(viewer, one.id, "not fine")
        else:
            joining.accept_terms(viewer, TERMS[-1].version)

    def shield(self, hub: Hub) -> None:
        """People and rules decide on names."""
        viewer, r = self._viewer(hub), self.random
        choice = r.randrange(5)
        if choice == 0:
            hub.shield.propose(viewer, self._name(), "phishing", "seen it")
        elif choice == 1:
            hub.shield.act()
        elif choice == 2:
            hub.shield.follow()
        else:
            state, act = ((State.PROPOSED, hub.shield.approve), (State.PUBLISHED, None))[r.randrange(2)]
            names = [item.id for item in hub.shield.decisions(viewer, [state])]
            if names and act is not None:
                act(viewer, r.choice(names), days=r.choice((0, 1)), reason="proportionate")
            elif names:
                hub.shield.withdraw(viewer, r.choice(names), "wrong")

    def operation(self, hub: Hub) -> None:
        """Do one random thing; what the hub rightly refuses counts as done."""
        if self.random.random() < 0.3:
            self.clock.advance(self.random.choice((MINUTE, HOUR, 2 * DAY, -HOUR)))
        act: Callable[[Hub], None] = self.random.choices(
            (self.contribute, self.talk, self.recall, self.move, self.membership, self.shield), (12, 8, 3, 7, 2, 5)
        )[0]
        try:
            act(hub)
        except FusionCellError:
            self.refused += 1
