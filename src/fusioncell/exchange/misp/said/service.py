"""Use cases of what is said of content.

1. A sighting and a proposal are for their speaker and for the contributor of what they are about, and nobody else
   (MISP's own default): so it stays untold who saw what.
2. A proposal is answered by the event's contributor, with an entry of its own; an answered one is no longer shown.
3. A note is for those that it is marked for, less those who may not see what it is about.
4. A delegated event becomes the other organisation's: it is contributed anew by it, and recalled by the first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fusioncell.exchange.misp import Caller, Document, MispRefused, Put, firsts
from fusioncell.exchange.misp.content.check import is_true, plain
from fusioncell.exchange.misp.content.service import Content
from fusioncell.exchange.misp.gather import ANALYST
from fusioncell.exchange.misp.model import ATTRIBUTE, EVENT, OBJECT
from fusioncell.exchange.misp.restrict import Level, audience_of, near, within_target
from fusioncell.exchange.misp.show import Body, kept_of
from fusioncell.kernel.errors import NotFound
from fusioncell.kernel.marking import Audience, Tlp, audience_for, org

NOT_YOURS = "You do not have permission to do that."
_HANDED_OVER = frozenset({EVENT, OBJECT, ATTRIBUTE, "ObjectReference", "EventReport"})
"""What becomes another organisation's with a delegated event."""
MAX_SIGHTED = 1000
"""Attributes of one value that one sighting is noted on."""
PROPOSAL, ANSWER, SIGHTING, REPORT, DELEGATION, LOCAL = (
    "ShadowAttribute", "ProposalAnswer", "Sighting", "EventReport", "EventDelegation", "LocalTag",
)  # fmt: skip


class Said:
    """The front door of the package."""

    def __init__(self, content: Content) -> None:
        self.content, self.core = content, content.core

    def _own(self, caller: Caller) -> str:
        return caller.viewer.org or ""

    def near(self, caller: Caller, target: Document) -> Audience:
        """Return the readers of what the caller says of a thing to its contributor."""
        return near(self._own(caller), self.core.audience_named(target.audience), target.org)

    def withdraw(self, caller: Caller, document: Document) -> None:
        """Recall something of the caller's organisation. Raises MispRefused where it is another's."""
        if not self.core.may_change(caller, document):
            raise MispRefused(403, NOT_YOURS)
        self.core.write(caller, [], self.core.standing(document), org=document.org)

    # -- sightings -----------------------------------------------------------------------------------------------------

    def sight(self, caller: Caller, targets: Sequence[Document], given: Mapping[str, Any]) -> list[Document]:
        """Note that attributes were seen (0), are false positives (1) or expired (2)."""
        kind = plain(given.get("type") or "0")
        if kind not in ("0", "1", "2"):
            raise MispRefused(403, "Could not add Sighting", "Invalid type. Please change the type before you POST.")
        now = self.content.now()
        seen = self._second(given.get("timestamp") or given.get("date_sighting"), now)
        puts = []
        for target in targets[:MAX_SIGHTED]:
            body = {"type": kind, "source": plain(given.get("source"))[:255], "date_sighting": str(seen),
                    "timestamp": str(now)}  # fmt: skip
            own = plain(given.get("uuid")).lower() if len(targets) == 1 else ""
            puts.append(Put(SIGHTING, own if len(own) == 36 else self.content.new_uuid(), body,
                            self.near(caller, target), event=target.event, about=target.uuid))  # fmt: skip
        self.core.write(caller, puts, title="sighting")
        return self.core.by_uuids(caller, [put.uuid for put in puts], SIGHTING)

    def _second(self, given: Any, now: int) -> int:
        text = plain(given).partition(".")[0]
        return int(text) if text.isascii() and text.isdigit() and 0 < int(text[:12]) <= 253_402_300_799 else now

    def sightings_json(self, caller: Caller, rows: Sequence[Document]) -> list[Body]:
        """Show sightings."""
        lens = self.core.lens(caller)
        attributes = {row.uuid: row for row in self.core.by_uuids(caller, {row.about for row in rows}, ATTRIBUTE)}
        events = {row.uuid: row for row in self.core.by_uuids(caller, {row.event for row in rows}, EVENT)}
        shown = []
        for row, body in zip(rows, self.core.bodies(rows), strict=True):
            event, attribute = events.get(row.event), attributes.get(row.about)
            if event is not None and attribute is not None:
                shown.append(lens.sighting(row, body, attribute, lens.id_out(event.number)))
        return shown

    # -- proposals -----------------------------------------------------------------------------------------------------

    def propose(self, caller: Caller, event: Document, given: Mapping[str, Any], old: Document | None, *,
                deletion: bool = False) -> Document:  # fmt: skip
        """Propose a new attribute, a change of one, or its deletion."""
        standing = self.core.body(old) if old is not None else None
        said = {name: value for name, value in kept_of(given).items() if name not in ("uuid", "Tag", "timestamp")}
        body, errors = self.content.types.take(said, standing)
        if errors:
            raise MispRefused(403, "Could not add Shadow Attribute", errors)
        uuid = self.content.new_uuid()
        for name in ("Tag", "sharing_group_uuid", "distribution"):
            body.pop(name, None)
        body |= {"uuid": uuid, "timestamp": str(self.content.now()), "deleted": False, "proposal_to_delete": deletion}
        self.core.write(caller, [Put(PROPOSAL, uuid, body, self.near(caller, event), event=event.uuid,
                                     about=old.uuid if old is not None else "")], title="proposal")  # fmt: skip
        return self.core.resolve(caller, PROPOSAL, uuid)

    def answer(self, caller: Caller, proposal: Document, *, accept: bool) -> None:
        """Accept or discard a proposal. Who proposed may take it back."""
        event = self.content.event_of_uuid(caller, proposal.event)
        mine = self.core.may_change(caller, proposal)
        if not self.core.may_change(caller, event) and not (mine and not accept):
            raise MispRefused(403, NOT_YOURS)
        if accept:
            self._accept(caller, event, proposal)
        if self.core.may_change(caller, event):
            body = {"accepted": accept, "timestamp": str(self.content.now())}
            audience = near(event.org, self.core.audience_named(proposal.audience), proposal.org)
            put = Put(ANSWER, self.content.new_uuid(), body, audience, event=event.uuid, about=proposal.uuid)
            self.core.write(caller, [put], title="answer", org=event.org)
        if mine:
            self.core.write(caller, [], self.core.standing(proposal), org=proposal.org)

    def _accept(self, caller: Caller, event: Document, proposal: Document) -> None:
        body = self.core.body(proposal)
        said = {name: value for name, value in body.items() if name not in ("uuid", "timestamp", "proposal_to_delete")}
        if not proposal.about:
            work = self.content.open(caller, event)
            made, errors = self.content.new_attribute(caller, said, work.now)
            if errors:
                raise MispRefused(403, "Could not accept the proposal", errors)
            self.content.put_attribute(caller, work, {}, made)
            self.content.bump(work, event)
            self.content.close(caller, work)
            return
        row = self.core.resolve(caller, ATTRIBUTE, proposal.about)
        if is_true(body.get("proposal_to_delete")):
            self.content.delete_attribute(caller, row, hard=False)
        else:
            self.content.edit_attribute(caller, row, {name: said[name] for name in said if name != "deleted"})

    def proposals(self, caller: Caller, event: Document | None) -> list[Document]:
        """Return the proposals that await an answer, of one event or of all."""
        from fusioncell.exchange.misp.service import Find

        wanted = Find(models=(PROPOSAL, ANSWER), events=(event.uuid,) if event is not None else None, limit=10_000)
        rows = self.core.find(caller, wanted)
        answered = {row.about for row in rows if row.model == ANSWER}
        return [row for row in rows if row.model == PROPOSAL and not row.deleted and row.uuid not in answered]

    def proposals_json(self, caller: Caller, rows: Sequence[Document]) -> list[Body]:
        """Show proposals."""
        lens = self.core.lens(caller)
        events = {row.uuid: row for row in self.core.by_uuids(caller, {row.event for row in rows}, EVENT)}
        olds = {row.uuid: row for row in self.core.by_uuids(caller, {row.about for row in rows} - {""}, ATTRIBUTE)}
        return [lens.proposal(row, body, events.get(row.event), olds.get(row.about))
                for row, body in zip(rows, self.core.bodies(rows), strict=True)]  # fmt: skip

    # -- reports -------------------------------------------------------------------------------------------------------

    def report(self, caller: Caller, event: Document, given: Mapping[str, Any]) -> Document:
        """Add a report to an event."""
        work = self.content.open(caller, event)
        _, errors = self.content.report_body(caller, given, None, work.now)
        if errors:
            raise MispRefused(403, "Could not save Event Report", errors)
        uuid = self.content.put_report(caller, work, given)
        self.content.bump(work, event)
        self.content.close(caller, work)
        return self.core.resolve(caller, REPORT, uuid)

    def change_report(self, caller: Caller, row: Document, given: Mapping[str, Any], *, hard: bool = False) -> None:
        """Change a report; ``hard``: recall it."""
        event = self.content.event_of_uuid(caller, row.event)
        work = self.content.open(caller, event)
        if hard:
            work.ends += self.core.standing(row)
        else:
            body, errors = self.content.report_body(caller, given, self.core.body(row), work.now)
            if errors:
                raise MispRefused(403, "Could not save Event Report", errors)
            work.more(REPORT, row.uuid, body, work.audiences(body)[0], about=row.about,
                      standing=self.core.standing(row))  # fmt: skip
        self.content.bump(work, event)
        self.content.close(caller, work)

    # -- notes, opinions, relationships --------------------------------------------------------------------------------

    def annotate(self, caller: Caller, model: str, about: str, given: Mapping[str, Any], row: Document | None = None
                 ) -> Document:  # fmt: skip
        """Write a note, an opinion or a relationship about anything that has a uuid; or change one."""
        if row is not None and not self.core.may_change(caller, row):
            raise MispRefused(403, NOT_YOURS)
        owner = row.org if row is not None else self._own(caller)
        old = self.core.body(row) if row is not None else None
        body, errors = self.content.analyst_body(caller, model, given, old, self.content.now())
        if errors:
            raise MispRefused(403, f"Could not save {model}", errors)
        asked = plain(given.get("uuid")).lower()
        uuid = row.uuid if row is not None else asked if len(asked) == 36 else self.content.new_uuid()
        if row is None and self.core.by_uuids(caller, [uuid], *ANALYST):
            raise MispRefused(403, f"Could not save {model}", f"{model} already exists.")
        body["object_uuid"] = about
        target = next(iter(self.core.by_uuids(caller, [about])), None)
        audience = self.content.analyst_audience(caller, owner, body, target)
        puts = [Put(model, uuid, body, audience, event=target.event if target is not None else "", about=about,
                    standing=self.core.standing(row) if row is not None else ())]  # fmt: skip
        puts += self._inside(caller, given, uuid, puts[0].event, audience)
        self.core.write(caller, puts, title=model, org=owner)
        return self.core.resolve(caller, model, uuid)

    def _inside(self, caller: Caller, given: Mapping[str, Any], about: str, event: str, around: Audience) -> list[Put]:
        """Return what came inside a note: notes on it that are new, for nobody who may not read the note."""
        puts = []
        for name in ANALYST:
            inner = given.get(name)
            for one in inner if isinstance(inner, list) else []:
                own = plain(one.get("uuid")).lower() if isinstance(one, dict) else ""
                if not isinstance(one, dict) or (own and self.core.by_uuids(caller, [own], name)):
                    continue
                body, errors = self.content.analyst_body(caller, name, one, None, self.content.now())
                if not errors:
                    body |= {"object_uuid": about, "object_type": plain(one.get("object_type"))}
                    wanted = self.content.analyst_audience(caller, self._own(caller), body, None)
                    audience = within_target(self._own(caller), wanted, around, self._own(caller))
                    puts.append(Put(name, own if len(own) == 36 else self.content.new_uuid(), body, audience,
                                    event=event, about=about))  # fmt: skip
        return puts

    # -- tags ----------------------------------------------------------------------------------------------------------

    def target(self, caller: Caller, given: str, *models: str) -> Document:
        """Return what is to be tagged, by uuid or MISP id. Raises MispRefused."""
        for model in models or (EVENT, ATTRIBUTE):
            try:
                return self.core.resolve(caller, model, given)
            except NotFound:
                continue
        raise MispRefused(404, "Invalid Target.")

    def tag(self, caller: Caller, row: Document, name: str, given: Mapping[str, Any], *, local: bool) -> None:
        """Attach a tag. A local one is the caller's organisation's own, on whatever it sees."""
        if local:
            known = self.core.about(caller, [row.uuid], LOCAL)
            if not any(plain(body.get("name")) == name for body in self.core.bodies(known)):
                body = {"name": name, "timestamp": str(self.content.now())}
                put = Put(LOCAL, self.content.new_uuid(), body, self.content.own_audience(self._own(caller)),
                          event=row.event, about=row.uuid)  # fmt: skip
                self.core.write(caller, [put], title="tag")
            return
        self._retag(caller, row, [{**given, "name": name}])

    def untag(self, caller: Caller, row: Document, name: str) -> bool:
        """Remove a tag, local or not; False where there is none of that name."""
        known = self.core.about(caller, [row.uuid], LOCAL)
        for one, body in zip(known, self.core.bodies(known), strict=True):
            if plain(body.get("name")).lower() == name.lower() and self.core.may_change(caller, one):
                self.core.write(caller, [], self.core.standing(one), org=one.org)
                return True
        tags = self.core.tags([row]).get(row.seq, [])
        if name.lower() not in {one.lower() for one in tags}:
            return False
        self._retag(caller, row, [{"name": name, "deleted": True}])
        return True

    def _retag(self, caller: Caller, row: Document, tags: list[Body]) -> None:
        if row.model == EVENT:
            work = self.content.open(caller, row)
            self.content.retag(caller, work.event, dict(work.event), tags)
            self.content.bump(work, row)
            self.content.rehome(work, row)
            self.content.close(caller, work)
            return
        event = self.content.event_of(caller, row)
        work = self.content.open(caller, event)
        body = self.core.body(row)
        self.content.retag(caller, body, dict(body), tags)
        body["timestamp"] = str(max(work.now, row.timestamp))
        self.content.put_attribute(caller, work, {}, body, row=row)
        self.content.bump(work, event)
        self.content.close(caller, work)

    # -- delegation ----------------------------------------------------------------------------------------------------

    def delegate(self, caller: Caller, event: Document, given: Mapping[str, Any]) -> Document:
        """Ask another organisation to take an event over."""
        if not self.core.may_change(caller, event):
            raise MispRefused(403, NOT_YOURS)
        asked = self.core.people.find_organisation(caller, plain(given.get("org_id")))
        if asked is None or asked == event.org:
            raise MispRefused(403, "Could not delegate", {"org_id": ["Invalid organisation."]})
        body = {"org": asked, "message": plain(given.get("message"))[:10_000], "timestamp": str(self.content.now()),
                "distribution": plain(given.get("distribution") if given.get("distribution") is not None else "-1")}
        audience = audience_for(Tlp.AMBER_STRICT, own_org=event.org, groups=[org(asked)])
        put = Put(DELEGATION, self.content.new_uuid(), body, audience, event=event.uuid, about=event.uuid)
        # Who is asked must see what it is asked to take over.
        shown = self._shown_to(event, asked)
        self.core.write(caller, [put, *shown], title="delegation", org=event.org)
        return self.core.resolve(caller, DELEGATION, put.uuid)

    def _shown_to(self, event: Document, asked: str) -> list[Put]:
        """Return the event's shell as one that the asked organisation sees too, where it does not yet."""
        audience = self.core.audience_named(event.audience)
        if audience.tlp in (Tlp.CLEAR, Tlp.GREEN) or org(asked) in audience.parties:
            return []
        wider = Audience(audience.tlp, audience.parties | {org(asked)}, audience.uses)
        body = self.core.body(event)
        return [Put(EVENT, event.uuid, body, wider, event=event.uuid, standing=self.core.standing(event))]

    def accept_delegation(self, caller: Caller, row: Document) -> None:
        """Take an event over: it is the caller's organisation's from now on."""
        asked = plain(self.core.body(row).get("org"))
        if asked != self._own(caller):
            raise MispRefused(403, "You are not authorised to do that.")
        rows = self.core.all_of(row.about, row.org)
        # Local tags, sightings and notes are the first's own words, and stay with it.
        newest = firsts(one for one in rows if one.model in _HANDED_OVER)
        maker = self.core.people.organisation(caller, asked)
        bodies = {one.uuid: body for one, body in zip(newest, self.core.bodies(newest), strict=True)}
        event = next((one for one in newest if one.model == EVENT), None)
        if event is None:
            raise NotFound("Invalid event")
        shell = {**bodies[event.uuid], "Orgc": {"uuid": str(maker["uuid"]), "name": str(maker["name"])}}
        work = self.content.work_on(caller, asked, event.uuid, shell)
        if self.content.is_native(event):
            work.ceiling = self.content.own_audience(asked)
        for one in newest:
            holder = bodies.get(one.object) if one.object else None
            if one.model == EVENT:
                work.put(EVENT, one.uuid, shell)
            elif one.model in (ATTRIBUTE, OBJECT):
                work.put(one.model, one.uuid, bodies[one.uuid], holder=holder, object=one.object)
            else:
                levels = [Level(int(plain(shell.get("distribution")) or "1")), Level(one.distribution)]
                audience = audience_of(asked, levels) if one.model == REPORT else self.content.own_audience(asked)
                work.more(one.model, one.uuid, bodies[one.uuid], audience, about=one.about)
        self.core.write(caller, work.puts, title=plain(shell.get("info")), org=asked)
        self.core.write(caller, [], rows, org=row.org)

    def drop_delegation(self, caller: Caller, row: Document) -> None:
        """Take a request back, or decline it."""
        asked = plain(self.core.body(row).get("org"))
        if not self.core.may_change(caller, row) and asked != self._own(caller):
            raise MispRefused(403, "You are not authorised to do that.")
        self.core.write(caller, [], self.core.standing(row), org=row.org)

    def delegation_json(self, caller: Caller, row: Document) -> Body:
        """Show a request."""
        body = self.core.body(row)
        people = self.core.people
        events = self.core.by_uuids(caller, [row.about], EVENT)
        return {"id": self.core.id_out(caller, row.number), "uuid": row.uuid, "message": body.get("message", ""),
                "org_id": str(people.organisation(caller, plain(body.get("org")))["id"]),
                "requester_org_id": str(people.organisation(caller, row.org)["id"]),
                "event_id": self.core.id_out(caller, events[0].number) if events else "0",
                "distribution": body.get("distribution", "-1"), "sharing_group_id": "0"}  # fmt: skip
