"""The actions on taxonomies, warninglists, noticelists, object templates, types, decay models, communities."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from fusioncell.exchange.misp import Action, Actions, Call, MispRefused, Reply
from fusioncell.exchange.misp.library import forms
from fusioncell.exchange.misp.library.decay import MODELS
from fusioncell.exchange.misp.library.pattern import like, whole
from fusioncell.exchange.misp.library.service import Library
from fusioncell.exchange.misp.library.standing import COMMUNITIES, NOTICELISTS

MAX_VALUES = 10_000
"""Most values of one ``checkValue``."""

MAX_NAMES = 200
"""Most names of lists at a time."""
Run = Callable[..., Reply]


def _index(call: Call) -> str:
    """Return what a list is filtered by."""
    return str(call.given("value") or call.given("searchall") or "").lower()


def warninglists(library: Library, call: Call) -> Reply:
    """List the warninglists."""
    wanted = _index(call)
    rows = [{"Warninglist": forms.warninglist(at, head, library.list_on(at))} for at, head in enumerate(library.lists())
            if wanted in f"{head['name']} {head['description']}".lower()]  # fmt: skip
    only = call.given("enabled")
    if only is not None:
        rows = [row for row in rows if row["Warninglist"]["enabled"] is _truth(only)]
    return Reply({"Warninglists": rows})


def warninglist(library: Library, call: Call) -> Reply:
    """Show one warninglist with its entries."""
    place = _place(call.argument(0), len(library.lists()), "Warninglist not found.")
    head = library.lists()[place]
    return Reply(forms.warninglist_view(place, head, library.list_on(place), library.list_entries(place)))


def toggle_warninglists(library: Library, call: Call) -> Reply:
    """Switch warninglists, by number or name (``%`` stands for anything); ``enabled`` forces one way."""
    fields = call.fields("Warninglist")
    numbers = {str(each) for each in _listed(fields.get("id", call.argument(0) or None))}
    names = [str(each) for each in _listed(fields.get("name"))][:MAX_NAMES]
    found = [at for at, head in enumerate(library.lists())
             if str(at + 1) in numbers or any(like(name, head["name"]) for name in names)]  # fmt: skip
    if not found:
        return Reply({"saved": False, "errors": "Warninglist(s) not found."})
    forced = fields.get("enabled")
    for at in found:
        on = not library.list_on(at) if forced is None else _truth(forced)
        library.switches.set(f"warninglist:{library.lists()[at]['folder']}", on)
    word = "toggled" if forced is None else "enabled" if _truth(forced) else "disabled"
    return Reply({"saved": True, "success": f"{len(found)} warninglist(s) {word}"})


def check_value(library: Library, call: Call) -> Reply:
    """Tell for each value which enabled warninglists it stands on."""
    asked = call.body if call.body is not None else call.argument(0)
    if isinstance(asked, dict):
        asked = next(iter(asked.values()), [])
    values = [str(each) for each in _listed(asked)]
    if not values:
        raise MispRefused(400, "No valid data received.")
    if len(values) > MAX_VALUES:
        raise MispRefused(413, f"At most {MAX_VALUES} values at a time.")
    found: dict[str, list[dict[str, str]]] = {}
    for value in values:
        for hit in library.check_value(value):
            found.setdefault(value, []).append({"id": str(hit.number), "name": hit.name, "matched": hit.match})
    return Reply(found or [])


def taxonomies(library: Library, call: Call) -> Reply:
    """List the taxonomies, each with how many tags it has."""
    rows = []
    for place in range(library.pack.count("taxonomy")):
        total = len(library.pack.taxonomy(place)[1])
        about = _taxonomy(library, place)
        rows.append({"Taxonomy": about, "total_count": total, "current_count": total if about["enabled"] else 0})
    return Reply(rows)


def _taxonomy(library: Library, place: int) -> dict[str, Any]:
    document = library.pack.taxonomy(place)[0]
    name = document["namespace"]
    return forms.taxonomy(place, document, library.taxonomy_on(place), library.switches.is_on(f"required:{name}"),
                          library.switches.is_on(f"highlighted:{name}"))  # fmt: skip


def taxonomy(library: Library, call: Call) -> Reply:
    """Show one taxonomy with its tags."""
    place = library.taxonomy(call.argument(0))
    about = _taxonomy(library, place)
    entries = [entry | {"existing_tag": about["enabled"]} for _, entry in library.pack.taxonomy(place)[1].values()]
    return Reply({"Taxonomy": about, "entries": entries})


def export_taxonomy(library: Library, call: Call) -> Reply:
    """Give out a taxonomy as its project publishes it."""
    return Reply(library.pack.raw("taxonomy", library.taxonomy(call.argument(0))))


def switch_taxonomy(library: Library, call: Call, on: bool) -> Reply:
    """Enable or disable a taxonomy."""
    place = library.taxonomy(call.argument(0))
    library.switches.set(f"taxonomy:{library.pack.taxonomy(place)[0]['namespace']}", on)
    return Reply(forms.saved(f"Taxonomy {'enabled' if on else 'disabled'}", call.path))


def toggle_taxonomy(library: Library, call: Call, switch: str, word: str) -> Reply:
    """Set what a taxonomy is: required, highlighted. MISP's word is "toggleRequireded"."""
    place = library.taxonomy(call.argument(0))
    name = f"{switch}:{library.pack.taxonomy(place)[0]['namespace']}"
    given = call.fields("Taxonomy").get(switch)
    library.switches.set(name, not library.switches.is_on(name) if given is None else _truth(given))
    return Reply(forms.saved(f"Taxonomy {word}ed", call.path))


def add_taxonomy_tags(library: Library, call: Call, added: bool) -> Reply:
    """Answer for the tags of an enabled taxonomy: they all exist already. Refused where it is disabled."""
    place = library.taxonomy(call.argument(0))
    if not library.taxonomy_on(place):
        raise MispRefused(405, "The taxonomy is not enabled.")
    word = "saved" if added else "hidden"
    return Reply(forms.saved(f"The tag(s) has been {word}.", call.path))


def noticelists(library: Library, call: Call) -> Reply:
    """List the noticelists."""
    del call
    return Reply([{"Noticelist": forms.noticelist(at, each, _notice_on(library, each), entries=False)}
                  for at, each in enumerate(NOTICELISTS, 1)])  # fmt: skip


def _notice_on(library: Library, document: dict[str, Any]) -> bool:
    return library.switches.is_on(f"noticelist:{document['name']}")


def noticelist(library: Library, call: Call) -> Reply:
    """Show one noticelist with its notices."""
    place = _place(call.argument(0), len(NOTICELISTS), "Noticelist not found.")
    document = NOTICELISTS[place]
    return Reply({"Noticelist": forms.noticelist(place + 1, document, _notice_on(library, document), entries=True)})


def switch_noticelist(library: Library, call: Call) -> Reply:
    """Enable a noticelist (``/true``) or disable it."""
    place = _place(call.argument(0), len(NOTICELISTS), "Noticelist not found.")
    library.switches.set(f"noticelist:{NOTICELISTS[place]['name']}", _truth(call.argument(1, "false")))
    return noticelist(library, call)


def templates(library: Library, call: Call) -> Reply:
    """List the object templates."""
    wanted = _index(call)
    pack = library.pack
    found = [{"ObjectTemplate": forms.template(at, pack.document("template", at))}
             for at in range(pack.count("template"))]  # fmt: skip
    if wanted:
        found = [row for row in found if wanted in f"{row['ObjectTemplate']['name']}".lower()]
    return Reply(found)


def template(library: Library, call: Call) -> Reply:
    """Show one object template."""
    place = library.template_place(call.argument(0))
    if place is None:
        raise MispRefused(404, "Invalid object template")
    document = library.pack.document("template", place)
    return Reply({"ObjectTemplate": forms.template(place, document),
                  "ObjectTemplateElement": forms.template_elements(place, document)})  # fmt: skip


def raw_template(library: Library, call: Call) -> Reply:
    """Give out an object template as its project publishes it."""
    found = library.template(call.argument(0))
    if found is None:
        raise MispRefused(404, "Template not found")
    return Reply(found)


def describe_types(library: Library, call: Call) -> Reply:
    """Describe types and categories."""
    del call
    return Reply(library.pack.raw("types", 0))


def models(library: Library, call: Call) -> Reply:
    """List the decay models."""
    del call
    return Reply([forms.decay_model(at, model, library.model_on(model)) for at, model in enumerate(MODELS, 1)])


def model(library: Library, call: Call) -> Reply:
    """Show one decay model."""
    place = _place(call.argument(0), len(MODELS), "No Decaying Model with the provided ID exists")
    return Reply(forms.decay_model(place + 1, MODELS[place], library.model_on(MODELS[place])))


def switch_model(library: Library, call: Call, on: bool) -> Reply:
    """Enable or disable a decay model."""
    place = _place(call.argument(0), len(MODELS), "No Decaying Model with the provided ID exists")
    library.switches.set(f"model:{MODELS[place].uuid}", on)
    return model(library, call)


def communities(library: Library, call: Call) -> Reply:
    """List well-known communities."""
    del library, call
    return Reply([forms.community(at, each) for at, each in enumerate(COMMUNITIES, 1)])


def community(library: Library, call: Call) -> Reply:
    """Show one community, by number or UUID."""
    del library
    for at, each in enumerate(COMMUNITIES, 1):
        if call.argument(0) in (str(at), each["uuid"]):
            return Reply(forms.community(at, each))
    raise MispRefused(404, "Community not found.")


def updated(library: Library, call: Call, message: str) -> Reply:
    """Answer for an update: what is known came with the packages and is as new as they are."""
    del library
    return Reply(forms.saved(message, call.path))


def templates_updated(library: Library, call: Call) -> Reply:
    """Answer for an update of the object templates: MISP lists what changed, here nothing."""
    del library, call
    return Reply([])


def _place(given: str, count: int, message: str) -> int:
    number = whole(given)
    if not 1 <= number <= count:
        raise MispRefused(404, message)
    return number - 1


def _listed(given: Any) -> list[Any]:
    if given is None or given == "":
        return []
    return given if isinstance(given, list) else [given]


def _truth(given: Any) -> bool:
    return str(given).lower() not in ("", "0", "false", "no", "none")


def actions(library: Library) -> Actions:
    """Return the actions of the library. Switches are the whole hub's: who operates it sets them, whatever the role."""

    def reads(run: Run) -> Action:
        return Action(partial(run, library))

    def writes(run: Run, **more: Any) -> Action:
        return Action(partial(run, library, **more), permission="operate", changes=True)

    up_to_date = "All {} are up to date already."
    return {
        ("warninglists", "index"): reads(warninglists),
        ("warninglists", "view"): reads(warninglist),
        ("warninglists", "checkValue"): reads(check_value),
        ("warninglists", "toggleEnable"): writes(toggle_warninglists),
        ("warninglists", "update"): writes(updated, message=up_to_date.format("warninglists")),
        ("taxonomies", "index"): reads(taxonomies),
        ("taxonomies", "view"): reads(taxonomy),
        ("taxonomies", "export"): reads(export_taxonomy),
        ("taxonomies", "enable"): writes(switch_taxonomy, on=True),
        ("taxonomies", "disable"): writes(switch_taxonomy, on=False),
        ("taxonomies", "addTag"): writes(add_taxonomy_tags, added=True),
        ("taxonomies", "disableTag"): writes(add_taxonomy_tags, added=False),
        ("taxonomies", "toggleRequired"): writes(toggle_taxonomy, switch="required", word="toggleRequired"),
        ("taxonomies", "toggleHighlighted"):
            writes(toggle_taxonomy, switch="highlighted", word="toggleHighlighted"),
        ("taxonomies", "update"): writes(updated, message=up_to_date.format("taxonomy libraries")),
        ("noticelists", "index"): reads(noticelists),
        ("noticelists", "view"): reads(noticelist),
        ("noticelists", "enableNoticelist"): writes(switch_noticelist),
        ("noticelists", "update"): writes(updated, message=up_to_date.format("noticelists")),
        ("object_templates", "index"): reads(templates),
        ("object_templates", "view"): reads(template),
        ("object_templates", "getRaw"): reads(raw_template),
        ("object_templates", "update"): writes(templates_updated),
        ("attributes", "describeTypes"): reads(describe_types),
        ("decaying_model", "index"): reads(models),
        ("decaying_model", "view"): reads(model),
        ("decaying_model", "enable"): writes(switch_model, on=True),
        ("decaying_model", "disable"): writes(switch_model, on=False),
        ("decaying_model", "update"): writes(updated, message="Default decaying models updated"),
        ("communities", "index"): reads(communities),
        ("communities", "view"): reads(community),
    }  # fmt: skip
