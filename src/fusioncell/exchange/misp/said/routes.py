"""The actions of sightings, proposals, reports, analyst data, tags on things, delegations and free text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fusioncell.exchange.misp import Actions, Call, Document, MispRefused, Reply, named_actions
from fusioncell.exchange.misp.content.check import is_true, plain
from fusioncell.exchange.misp.gather import ANALYST
from fusioncell.exchange.misp.model import ATTRIBUTE, EVENT
from fusioncell.exchange.misp.said.find_values import found_in
from fusioncell.exchange.misp.said.service import DELEGATION, PROPOSAL, REPORT, SIGHTING, Said
from fusioncell.exchange.misp.service import Find
from fusioncell.exchange.misp.show import Body
from fusioncell.kernel.errors import NotFound

MAX_TEXT = 1_000_000
MAX_LISTED = 2000
_TAGGING = frozenset({"local", "uuid", "tag", "event", "attribute", "relationship_type"})


def done(call: Call, message: str, **more: Any) -> Reply:
    """Return MISP's answer of something done."""
    return Reply({"saved": True, "success": True, "name": message, "message": message, "url": call.path, **more})


class _Doors:
    def __init__(self, said: Said) -> None:
        self.said, self.core, self.content = said, said.core, said.content

    def _one(self, call: Call, model: str, index: int = 0) -> Document:
        return self.core.resolve(call.caller, model, call.argument(index) or plain(call.given("id")))

    # -- sightings -----------------------------------------------------------------------------------------------------

    def sighting_add(self, call: Call) -> Reply:
        """``sightings/add[/{attribute}]``: of an attribute, or of all that have a value."""
        given = call.fields("Sighting")
        targets = self._sighted(call, given)
        if not targets:
            raise MispRefused(404, "Could not add Sighting", "No valid attributes found that match the criteria.")
        made = self.said.sightings_json(call.caller, self.said.sight(call.caller, targets, given))
        if not made:
            raise NotFound("Invalid attribute")
        return Reply({"Sighting": made[-1 if len(made) == 1 else 0]})

    def _sighted(self, call: Call, given: Body) -> list[Document]:
        reference = call.argument(0) or plain(given.get("uuid") or given.get("id") or given.get("attribute_id"))
        if reference:
            return [self.core.resolve(call.caller, ATTRIBUTE, reference)]
        values = given.get("values") or given.get("value") or []
        wanted = [plain(one) for one in (values if isinstance(values, list) else [values]) if plain(one)]
        rows = [row for row in self.core.of_values(call.caller, wanted) if row.model == ATTRIBUTE and not row.deleted]
        return [row for row, body in zip(rows, self.core.bodies(rows), strict=True)
                if _has(plain(body.get("value")), wanted)]  # fmt: skip

    def sighting_delete(self, call: Call) -> Reply:
        """``sightings/delete/{id}``."""
        self.said.withdraw(call.caller, self._one(call, SIGHTING))
        return done(call, "Sighting successfully deleted.")

    def sighting_list(self, call: Call) -> Reply:
        """``sightings/listSightings`` and ``sightings/index``: of an event or an attribute, or all."""
        of_event = call.action == "index" and call.argument(0)  # ``sightings/index/{event}``
        context = plain(call.given("context") or call.argument(1) or ("event" if of_event else "attribute"))
        reference = plain(call.given("id") or call.argument(0))
        if reference and context == "event":
            target = self.core.resolve(call.caller, EVENT, reference)
            rows = self.core.find(call.caller, Find(models=(SIGHTING,), events=(target.uuid,), limit=MAX_LISTED))
        elif reference:
            target = self.core.resolve(call.caller, ATTRIBUTE, reference)
            rows = self.core.about(call.caller, [target.uuid], SIGHTING)
        else:
            rows = self.core.find(call.caller, Find(models=(SIGHTING,), limit=MAX_LISTED))
        wanted = plain(call.given("org_id"))
        if wanted:
            org = self.core.people.find_organisation(call.caller, wanted)
            rows = [row for row in rows if row.org == org]
        return Reply([{"Sighting": one} for one in self.said.sightings_json(call.caller, rows)])

    # -- proposals -----------------------------------------------------------------------------------------------------

    def proposal_add(self, call: Call) -> Reply:
        """``shadowAttributes/add/{event}``."""
        event = self._one(call, EVENT)
        return self._proposal(call, self.said.propose(call.caller, event, _shadow(call), None))

    def proposal_edit(self, call: Call) -> Reply:
        """``shadowAttributes/edit/{attribute}``: a change is proposed."""
        row = self._one(call, ATTRIBUTE)
        event = self.content.event_of(call.caller, row)
        return self._proposal(call, self.said.propose(call.caller, event, _shadow(call), row))

    def proposal_delete(self, call: Call) -> Reply:
        """``shadowAttributes/delete/{attribute}``: a deletion is proposed."""
        row = self._one(call, ATTRIBUTE)
        self.said.propose(call.caller, self.content.event_of(call.caller, row), {}, row, deletion=True)
        return done(call, "The proposal to delete the attribute has been saved")

    def proposal_view(self, call: Call) -> Reply:
        """``shadowAttributes/view/{id}``."""
        return self._proposal(call, self._one(call, PROPOSAL))

    def proposal_index(self, call: Call) -> Reply:
        """``shadowAttributes/index[/{event}]``."""
        event = self._one(call, EVENT) if call.arguments else None
        rows = self.said.proposals(call.caller, event)[:MAX_LISTED]
        return Reply([{"ShadowAttribute": one} for one in self.said.proposals_json(call.caller, rows)])

    def _proposal(self, call: Call, row: Document) -> Reply:
        return Reply({"ShadowAttribute": self.said.proposals_json(call.caller, [row])[0]})

    def proposal_accept(self, call: Call) -> Reply:
        """``shadowAttributes/accept/{id}``."""
        self.said.answer(call.caller, self._one(call, PROPOSAL), accept=True)
        return done(call, "Proposed change accepted.")

    def proposal_discard(self, call: Call) -> Reply:
        """``shadowAttributes/discard/{id}``."""
        self.said.answer(call.caller, self._one(call, PROPOSAL), accept=False)
        return done(call, "Proposal discarded.")

    # -- reports -------------------------------------------------------------------------------------------------------

    def report_add(self, call: Call) -> Reply:
        """``eventReports/add/{event}``."""
        return self._report(call, self.said.report(call.caller, self._one(call, EVENT), call.fields("EventReport")))

    def _report(self, call: Call, row: Document) -> Reply:
        return Reply({"EventReport": self._reports(call, [row])[0]})

    def _reports(self, call: Call, rows: list[Document]) -> list[Body]:
        lens = self.core.lens(call.caller)
        events = {one.uuid: one for one in self.core.by_uuids(call.caller, {row.event for row in rows}, EVENT)}
        return [lens.report(row, body, lens.id_out(events[row.event].number))
                for row, body in zip(rows, self.core.bodies(rows), strict=True) if row.event in events]  # fmt: skip

    def report_edit(self, call: Call) -> Reply:
        """``eventReports/edit/{id}``."""
        row = self._one(call, REPORT)
        self.said.change_report(call.caller, row, call.fields("EventReport"))
        return self._report(call, self.core.resolve(call.caller, REPORT, row.uuid))

    def report_delete(self, call: Call) -> Reply:
        """``eventReports/delete/{id}``, softly or ``hard``."""
        row = self._one(call, REPORT)
        hard = is_true(call.given("hard")) or call.argument(1) in ("1", "true")
        self.said.change_report(call.caller, row, {"deleted": True}, hard=hard)
        return done(call, f"Event Report {row.uuid} {'hard' if hard else 'soft'} deleted")

    def report_restore(self, call: Call) -> Reply:
        """``eventReports/restore/{id}``."""
        row = self._one(call, REPORT)
        self.said.change_report(call.caller, row, {"deleted": False})
        return done(call, f"Event Report {row.uuid} restored")

    def report_view(self, call: Call) -> Reply:
        """``eventReports/view/{id}``."""
        return self._report(call, self._one(call, REPORT))

    def report_index(self, call: Call) -> Reply:
        """``eventReports/index/event_id:{id}``."""
        given = plain(call.given("event_id") or call.argument(0))
        events = (self.core.resolve(call.caller, EVENT, given).uuid,) if given else None
        rows = self.core.find(call.caller, Find(models=(REPORT,), events=events, limit=MAX_LISTED))
        return Reply([{"EventReport": one} for one in self._reports(call, rows)])

    # -- analyst data --------------------------------------------------------------------------------------------------

    def _analyst(self, call: Call) -> Document:
        model = call.argument(0).capitalize()
        for name in ANALYST if model not in ANALYST else (model,):
            try:
                return self.core.resolve(call.caller, name, call.argument(1))
            except NotFound:
                continue
        raise NotFound("Invalid analyst data")

    def analyst_view(self, call: Call) -> Reply:
        """``analyst_data/view/{type}/{id}``."""
        row = self._analyst(call)
        return Reply({row.model: self.core.analyst_json(call.caller, [row])[0]})

    def analyst_add(self, call: Call) -> Reply:
        """``analyst_data/add/{type}/{uuid}/{type of what it is about}``."""
        model = call.argument(0).capitalize()
        if model not in ANALYST:
            raise MispRefused(404, "Invalid type.")
        about = (call.argument(1) or plain(call.fields(model).get("object_uuid"))).lower()
        if len(about) != 36:
            raise MispRefused(403, f"Could not save {model}", {"object_uuid": ["Invalid UUID."]})
        given = call.fields(model)
        given.setdefault("object_type", call.argument(2))
        row = self.said.annotate(call.caller, model, about, given)
        return Reply({model: self.core.analyst_json(call.caller, [row])[0]})

    def analyst_edit(self, call: Call) -> Reply:
        """``analyst_data/edit/{type}/{id}``."""
        row = self._analyst(call)
        made = self.said.annotate(call.caller, row.model, row.about, call.fields(row.model), row)
        return Reply({row.model: self.core.analyst_json(call.caller, [made])[0]})

    def analyst_delete(self, call: Call) -> Reply:
        """``analyst_data/delete/{type}/{id}``: what is about it stays."""
        row = self._analyst(call)
        self.said.withdraw(call.caller, row)
        return done(call, f"{row.model} deleted.")

    def analyst_index(self, call: Call) -> Reply:
        """``analyst_data/index/{type}``."""
        model = call.argument(0).capitalize()
        models = (model,) if model in ANALYST else ANALYST
        rows = self.core.find(call.caller, Find(models=models, limit=MAX_LISTED))
        wanted = call.given("uuid")
        if wanted:
            uuids = {plain(one).lower() for one in (wanted if isinstance(wanted, list) else [wanted])}
            rows = [row for row in rows if row.uuid in uuids]
        return Reply([{row.model: one} for row, one in
                      zip(rows, self.core.analyst_json(call.caller, rows), strict=True)])  # fmt: skip

    # -- tags on things ------------------------------------------------------------------------------------------------

    def tag(self, call: Call) -> Reply:
        """``tags/attachTagToObject``: by uuid, globally or locally."""
        row = self.said.target(call.caller, plain(call.given("uuid") or call.argument(0)))
        names = self._names(call, _tag_given(call), use=True)
        local = is_true(call.given("local"))
        for name in names:
            self.said.tag(call.caller, row, name, {"relationship_type": call.given("relationship_type")}, local=local)
        kind = "Local" if local else "Global"
        return self._tagged(call, row, f"{kind} tag {{}} successfully attached to", names)

    def untag(self, call: Call) -> Reply:
        """``tags/removeTagFromObject``."""
        row = self.said.target(call.caller, plain(call.given("uuid") or call.argument(0)))
        names = self._names(call, _tag_given(call), use=False)
        for name in names:
            if not self.said.untag(call.caller, row, name):
                raise MispRefused(404, "Invalid tag.", f"The tag {name[:100]} is not attached.")
        return self._tagged(call, row, "Tag {} successfully removed from", names)

    def _names(self, call: Call, given: Any, *, use: bool) -> list[str]:
        names = []
        for one in given if isinstance(given, list) else [given]:
            text = plain(one["name"] if isinstance(one, dict) and "name" in one else one)
            name = self.core.packs.tag_name(call.caller, text) or ("" if text.isdigit() else text)
            if name and use:
                name = self.core.packs.use_tag(call.caller, {"name": name})
            if name:
                names.append(name)
        if not names:
            raise MispRefused(404, "Invalid Tag.")
        return names

    def _tagged(self, call: Call, row: Document, words: str, names: list[str]) -> Reply:
        shown = []
        for name in names:
            tag = self.core.packs.tag(call.caller, name) or {}
            shown.append(f"{name}({tag.get('id', '0')})")
        message = f"{words.format(', '.join(shown))} {row.model}({self.core.id_out(call.caller, row.number)})."
        return done(call, message, check_publish=True)

    def thing_tag(self, call: Call, model: str, *, off: bool) -> Reply:
        """``events/addTag``, ``events/removeTag``, ``attributes/addTag``, ``attributes/removeTag``."""
        fields = call.fields("request", model)
        reference = call.argument(0) or plain(fields.get(model.lower()) or fields.get("id"))
        row = self.said.target(call.caller, reference, model)
        names = self._names(call, call.argument(1) or fields.get("tag") or _tag_given(call), use=not off)
        for name in names:
            if off:
                self.said.untag(call.caller, row, name)
            else:
                self.said.tag(call.caller, row, name, {}, local=is_true(call.given("local")))
        words = "Tag removed." if off else "Tag(s) added." if len(names) > 1 else "Tag added."
        return Reply({"saved": True, "success": words, "check_publish": True})

    # -- delegation ----------------------------------------------------------------------------------------------------

    def delegate(self, call: Call) -> Reply:
        """``eventDelegations/delegateEvent/{event}``."""
        row = self.said.delegate(call.caller, self._one(call, EVENT), call.fields("EventDelegation"))
        return Reply({"EventDelegation": self.said.delegation_json(call.caller, row)})

    def delegations(self, call: Call) -> Reply:
        """``eventDelegations``."""
        rows = self.core.find(call.caller, Find(models=(DELEGATION,), limit=MAX_LISTED))
        return Reply([{"EventDelegation": self.said.delegation_json(call.caller, row)} for row in rows])

    def delegation_accept(self, call: Call) -> Reply:
        """``eventDelegations/acceptDelegation/{id}``."""
        self.said.accept_delegation(call.caller, self._one(call, DELEGATION))
        return done(call, "Event ownership transferred.")

    def delegation_drop(self, call: Call) -> Reply:
        """``eventDelegations/deleteDelegation/{id}``."""
        self.said.drop_delegation(call.caller, self._one(call, DELEGATION))
        return done(call, "Delegation request deleted.")

    # -- free text -----------------------------------------------------------------------------------------------------

    def free_text(self, call: Call) -> Reply:
        """``events/freeTextImport/{event}``: what the text names is added; the answer says what was found."""
        event = self._one(call, EVENT)
        text = plain(call.given("value"))[:MAX_TEXT]
        found = found_in(text)
        strict = call.given("adhereToWarninglists", call.argument(1) or False)
        fields = {}
        if plain(call.given("distribution")) in ("0", "1", "2", "3", "5"):
            fields["distribution"] = plain(call.given("distribution"))
        wanted, answer = [], []
        for one in found:
            category, to_ids = self.content.types.defaults[one["default_type"]]
            listed = bool(strict) and bool(self.core.packs.warnings(one["default_type"], one["value"]))
            made = {"type": one["default_type"], "category": category, "value": one["value"], "comment": "",
                    "to_ids": to_ids and not listed, **fields}  # fmt: skip
            answer.append(made)
            if not listed or strict == "soft":
                wanted.append(made)
        if is_true(call.given("returnMetaAttributes")):
            return Reply(found)
        work = self.content.open(call.caller, event)
        for _, body, errors in self.content.check_new(call.caller, event.uuid, wanted, work.now):
            if not errors:
                self.content.put_attribute(call.caller, work, {}, body)
        if work.puts:
            self.content.bump(work, event)
            self.content.close(call.caller, work)
        return Reply(answer)


def _tag_given(call: Call) -> Any:
    """Return the tag that is named: in the body or the path, where ``tlp:green`` looks like a named parameter."""
    said = call.given("tag") or call.argument(1)
    return said or next((f"{name}:{value}" for name, value in call.named.items() if name not in _TAGGING), "")


def _shadow(call: Call) -> Body:
    given = call.fields("ShadowAttribute")
    return call.fields("Attribute") if isinstance(given.get("Attribute"), dict) else given


def _has(value: str, wanted: list[str]) -> bool:
    parts = {value.lower(), *value.lower().split("|")}
    return any(one.strip().lower() in parts for one in wanted)


def actions(said: Said) -> Actions:
    """Return the package's actions."""
    doors = _Doors(said)
    reads: Mapping[str, Callable[[Call], Reply]] = {
        "sightings/index": doors.sighting_list, "sightings/listSightings": doors.sighting_list,
        "shadow_attributes/index": doors.proposal_index, "shadow_attributes/view": doors.proposal_view,
        "event_reports/view": doors.report_view, "event_reports/index": doors.report_index,
        "analyst_data/view": doors.analyst_view, "analyst_data/index": doors.analyst_index,
        "event_delegations/index": doors.delegations,
    }  # fmt: skip
    writes: Mapping[str, tuple[Callable[[Call], Reply], str]] = {
        "sightings/add": (doors.sighting_add, "perm_sighting"),
        "sightings/delete": (doors.sighting_delete, "perm_sighting"),
        "shadow_attributes/add": (doors.proposal_add, ""), "shadow_attributes/edit": (doors.proposal_edit, ""),
        "shadow_attributes/delete": (doors.proposal_delete, ""),
        "shadow_attributes/accept": (doors.proposal_accept, "perm_add"),
        "shadow_attributes/discard": (doors.proposal_discard, ""),
        "event_reports/add": (doors.report_add, "perm_add"), "event_reports/edit": (doors.report_edit, "perm_add"),
        "event_reports/delete": (doors.report_delete, "perm_add"),
        "event_reports/restore": (doors.report_restore, "perm_add"),
        "analyst_data/add": (doors.analyst_add, "perm_add"), "analyst_data/edit": (doors.analyst_edit, "perm_add"),
        "analyst_data/delete": (doors.analyst_delete, "perm_add"),
        "tags/attachTagToObject": (doors.tag, "perm_tagger"), "tags/removeTagFromObject": (doors.untag, "perm_tagger"),
        "events/addTag": (lambda call: doors.thing_tag(call, EVENT, off=False), "perm_tagger"),
        "events/removeTag": (lambda call: doors.thing_tag(call, EVENT, off=True), "perm_tagger"),
        "attributes/addTag": (lambda call: doors.thing_tag(call, ATTRIBUTE, off=False), "perm_tagger"),
        "attributes/removeTag": (lambda call: doors.thing_tag(call, ATTRIBUTE, off=True), "perm_tagger"),
        "event_delegations/delegateEvent": (doors.delegate, "perm_delegate"),
        "event_delegations/acceptDelegation": (doors.delegation_accept, "perm_add"),
        "event_delegations/deleteDelegation": (doors.delegation_drop, "perm_add"),
        "events/freeTextImport": (doors.free_text, "perm_add"),
    }  # fmt: skip
    return named_actions(reads, writes)
