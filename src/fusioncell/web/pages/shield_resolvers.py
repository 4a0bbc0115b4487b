"""An ISP's resolvers: what each takes, whether it holds the newest, how far it has adopted the zones, its key."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from urllib.parse import quote

from litestar import get, post
from litestar.concurrency import sync_to_thread

from fusioncell.bootstrap import Hub
from fusioncell.kernel.errors import FusionCellError
from fusioncell.kernel.marking import Viewer
from fusioncell.shield.resolvers import Kind
from fusioncell.shield.subscribers import Action, Choice, Step, Subscriber, heartbeat
from fusioncell.shield.subscribers.service import Made, Wanted
from fusioncell.web.pages.frame import (
    FORM,
    Asked,
    Form,
    Page,
    base_of,
    fault_on,
    form_of,
    members_only,
    page,
    see_other,
    settle,
    text_of,
)
from fusioncell.web.pages.names import Names
from fusioncell.web.pages.views import View, category_of
from fusioncell.web.words import N_, joined

KINDS = {Kind.UNBOUND: "Unbound", Kind.BIND: "BIND 9", Kind.POWERDNS: "PowerDNS Recursor", Kind.KNOT: "Knot Resolver"}
ACTIONS = {
    Action.NXDOMAIN: N_("It does not exist (NXDOMAIN)"), Action.NODATA: N_("It has no address (NODATA)"),
    Action.GARDEN: N_("Your walled garden (CNAME)"), Action.PASSTHRU: N_("As ever: measure only (PASSTHRU)"),
}  # fmt: skip
STEPS = {
    Step.REHEARSE: N_("Rehearse: nothing is served"), Step.SHADOW: N_("Shadow: hits are logged, answers are as ever"),
    Step.CANARY: N_("Canary: enforced on one resolver"), Step.ENFORCE: N_("Enforce"),
}  # fmt: skip
FIELDS = ("label", "kind", "action", "garden", "addresses", "notify", "certificates", "org")
_APART = re.compile(r"[\s,;]+")
_PLACES = {*FIELDS, "categories", "reference", "step", "reason"}


def _href(one: Subscriber) -> str:
    return f"/shield/resolvers/{quote(one.id, safe='')}"


def _takes(one: Subscriber) -> str:
    chosen = [category_of(each, capital=True) for each in one.choice.categories] or [N_("All categories")]
    return joined([*chosen, *one.choice.severities])


def _state(hub: Hub, one: Subscriber) -> View:
    """Say whether it holds the newest: a level and words."""
    taken = hub.shielding.subscribers.serving.taken(one)
    if one.ended_at:
        return {"level": "unknown", "words": N_("Ended")}
    if hub.shielding.subscribers.serving.is_building(one):
        return {"level": "unknown", "words": N_("Its zones are being made")}
    if not taken:
        return {"level": "unknown", "words": N_("Not served yet")}
    if all(each.holds is None for each in taken):
        return {"level": "suspicious", "words": N_("Has not come for its zones")}
    behind = sum(each.holds != each.serial for each in taken)
    if behind:
        return {"level": "suspicious", "words": N_("{count} zone behind", "{count} zones behind", behind)}
    return {"level": "benign", "words": N_("Holds the newest")}


def _row(hub: Hub, one: Subscriber, names: Names) -> View:
    return {"href": _href(one), "label": one.label, "org": names.organisation(one.org), "kind": KINDS[one.choice.kind],
            "step": STEPS[one.step], "takes": _takes(one), "state": _state(hub, one)}  # fmt: skip


def _list_page(request: Asked, hub: Hub, viewer: Viewer, *, typed: View | None = None, code: int = 200,
               errors: tuple[dict[str, str], ...] = ()) -> Page:  # fmt: skip
    members_only(viewer)
    subscribers, names = hub.shielding.subscribers, Names(hub)
    typed = typed or dict.fromkeys(FIELDS, "") | {"chosen": []}
    return page(
        request, "shield/resolvers_index.html", here="shield", code=code, errors=errors,
        may=viewer.may("lead"),
        may_all=viewer.may("operate"),
        rows=[_row(hub, one, names) for one in subscribers.listed(viewer)],
        typed=typed,
        kinds=[{"key": key.value, "label": label} for key, label in KINDS.items()],
        actions=[{"key": key.value, "label": label} for key, label in ACTIONS.items()],
        categories=[{"key": key, "label": category_of(key, capital=True)} for key in subscribers.categories()],
    )  # fmt: skip


def _one_page(request: Asked, hub: Hub, viewer: Viewer, which: str, *, made: Made | None = None, code: int = 200,
              errors: tuple[dict[str, str], ...] = ()) -> Page:  # fmt: skip
    members_only(viewer)
    subscribers = hub.shielding.subscribers
    one = subscribers.one(viewer, which)
    may = not one.ended_at and viewer.may("lead") and (viewer.may("operate") or viewer.org == one.org)
    return page(
        request, "shield/resolvers_one.html", here="shield", code=code, errors=errors,
        one={
            **_row(hub, one, Names(hub)), "id": one.id, "action": ACTIONS[one.choice.action],
            "garden": one.choice.garden, "addresses": list(one.addresses), "notify": list(one.notify),
            "certificates": list(one.certificates), "reference": one.reference,
            "protects": one.step in (Step.CANARY, Step.ENFORCE),
            "command": _command(hub.settings.dns_listen, base_of(request), one),
            "ended": one.ended_at or None,
        },
        may=may,
        made=None if made is None else {"key": made.key, "secret": made.secret},
        keys=[{"name": key.name, "until": key.until or None} for key in one.keys],
        zones=[{"name": each.origin, "serial": each.serial, "holds": each.holds, "seen": each.seen or None,
                "names": each.names, "heartbeat": heartbeat(each.origin)}
               for each in subscribers.serving.taken(one)],
        left_out=_left_out(hub, one),
        steps=[{"key": step.value, "label": label, "now": step is one.step} for step, label in STEPS.items()],
        history=[{"at": at, "step": STEPS[Step(step)], "reference": reference}
                 for at, step, reference in subscribers.history(viewer, which)],
    )  # fmt: skip


def _command(listen: str, base: str, one: Subscriber) -> str:
    """Return the command that writes a resolver's configuration, to be copied: each option on a line of its own.

    ``ADDRESS`` stands for the hub's address, which a hub that listens on all of its machine's does not know.
    """
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    known = host and not ipaddress.ip_address(host).is_unspecified
    where = [f"--primary {host if known else 'ADDRESS'}", f"--port {port}"] if host else ["--primary ADDRESS"]
    return " \\\n  ".join([f"fusioncell shield resolver-config {one.choice.kind.value}", f"--subscriber {one.id}",
                          *where, f"--hub {base}"])  # fmt: skip


def _left_out(hub: Hub, one: Subscriber) -> int:
    view = hub.shielding.subscribers.serving.view_of(one)
    return len(view.left_out) if view is not None else 0


@get("/shield/resolvers", opt={"permission": "read"}, sync_to_thread=True, include_in_schema=False)
def index(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """List the resolvers that the viewer may see, with a form for another."""
    return _list_page(request, hub, viewer)


@get("/shield/resolvers/{which:str}", opt={"permission": "read"}, sync_to_thread=True, include_in_schema=False)
def one_resolver(request: Asked, which: str, hub: Hub, viewer: Viewer) -> Page:
    """Show one resolver."""
    return _one_page(request, hub, viewer, which)


@post("/shield/resolvers", opt={"permission": "lead", **FORM}, status_code=200, include_in_schema=False)
async def add(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Add a resolver; the key's secret is shown this once."""
    form = await form_of(request)
    typed: View = {field: text_of(form, field, 2000).strip() for field in FIELDS}
    typed["chosen"] = [key for key in hub.shielding.subscribers.categories() if f"category-{key}" in form]

    def answer() -> Page:
        try:
            choice = Choice(Kind(typed["kind"] or Kind.UNBOUND), tuple(typed["chosen"]), (),
                            Action(typed["action"] or Action.NXDOMAIN), typed["garden"])  # fmt: skip
            made = hub.shielding.subscribers.add(viewer, typed["org"], Wanted(
                label=typed["label"], choice=choice, addresses=_parts(typed["addresses"]),
                notify=_parts(typed["notify"]), certificates=_lines(typed["certificates"])))  # fmt: skip
        except FusionCellError as fault:
            return _list_page(request, hub, viewer, typed=typed, code=fault.status,
                              errors=(fault_on(fault.place if fault.place in _PLACES else "label", fault),))
        except ValueError:
            return _list_page(request, hub, viewer, typed=typed, code=400,
                              errors=({"field": "kind", "text": N_("Choose one of the list")},))
        settle(hub)
        return _one_page(request, hub, viewer, made.id, made=made)

    return await sync_to_thread(answer)


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part for part in _APART.split(text) if part)


def _lines(text: str) -> tuple[str, ...]:
    """Return what is apart by line or comma: what openssl prints has spaces."""
    return tuple(part for part in re.split(r"[\n,;]", text) if part.strip())


async def _act(request: Asked, which: str, action: Callable[[Hub, Viewer, Form], Made | None]) -> Page:
    """Do what a form asks of a resolver; show what stands against it at its field."""
    form = await form_of(request)
    hub, viewer = request.app.state.hub, request.scope["state"]["viewer"]

    def work() -> Page:
        try:
            made = action(hub, viewer, form)
        except FusionCellError as fault:
            if fault.status not in (400, 409):
                raise
            return _one_page(request, hub, viewer, which, code=fault.status,
                             errors=(fault_on(fault.place if fault.place in _PLACES else "reference", fault),))
        settle(hub)
        if made is not None:
            return _one_page(request, hub, viewer, which, made=made)
        return see_other(f"/shield/resolvers/{quote(which, safe='')}", said="resolver-changed")

    return await sync_to_thread(work)


@post("/shield/resolvers/{which:str}/step", opt={"permission": "lead", **FORM}, include_in_schema=False)
async def take_step(request: Asked, which: str) -> Page:
    """Take a step of adoption."""

    def action(hub: Hub, viewer: Viewer, form: Form) -> None:
        named = text_of(form, "step", 20)
        step = Step(named) if named in set(Step) else Step.REHEARSE
        hub.shielding.subscribers.change(viewer, which, Wanted(step=step, reference=text_of(form, "reference", 200)))

    return await _act(request, which, action)


@post("/shield/resolvers/{which:str}/rotate", opt={"permission": "lead", **FORM}, status_code=200,
      include_in_schema=False)
async def rotate(request: Asked, which: str) -> Page:
    """Make a new key, shown this once."""
    return await _act(request, which, lambda hub, viewer, _: hub.shielding.subscribers.rotate(viewer, which))


@post("/shield/resolvers/{which:str}/certificates", opt={"permission": "lead", **FORM}, include_in_schema=False)
async def name_certificates(request: Asked, which: str) -> Page:
    """Say by which certificates a resolver is known."""
    return await _act(request, which, lambda hub, viewer, form: hub.shielding.subscribers.change(
        viewer, which, Wanted(certificates=_lines(text_of(form, "certificates", 2000)))))  # fmt: skip


@post("/shield/resolvers/{which:str}/end", opt={"permission": "lead", **FORM}, include_in_schema=False)
async def end(request: Asked, which: str) -> Page:
    """End a resolver."""
    return await _act(request, which, lambda hub, viewer, form: hub.shielding.subscribers.end(
        viewer, which, text_of(form, "reason", 200)))  # fmt: skip


HANDLERS = (index, one_resolver, add, take_step, rotate, name_certificates, end)
"""The part's pages."""
