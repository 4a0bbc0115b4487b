"""The actions on tags: index, view, add, edit, delete, search, statistics."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from fusioncell.exchange.misp import Action, Actions, Call, MispRefused, Reply
from fusioncell.exchange.misp.library import like, saved
from fusioncell.exchange.misp.tags.model import truth
from fusioncell.exchange.misp.tags.service import Tags

Run = Callable[[Tags, Call], Reply]
MAX_SEARCHED = 1000
MAX_PATTERNS = 20
"""Most names with ``%`` of one search: each is held against every tag."""


def index(tags: Tags, call: Call) -> Reply:
    """List the tags that exist for the caller, with their counts."""
    part = str(call.given("searchall") or "").lower()
    names = {str(call.given(key)).lower() for key in ("name", "filter", "search") if call.given(key)}
    rows = []
    everything = tags.all(call.caller)
    taxonomies = tags.taxonomy_of(everything)
    for name, (events, attributes) in everything.items():
        if part not in name.lower() or (names and name.lower() not in names):
            continue
        row = tags.shown(call.caller, name) | {"favourite": False}
        if name in taxonomies:
            document = tags.library.pack.taxonomy(taxonomies[name])[0]
            row["Taxonomy"] = {"id": str(taxonomies[name] + 1), "namespace": document["namespace"]}
        if not truth(call.given("exclude_statistics", "")):
            row |= {"count": events, "attribute_count": attributes}
        rows.append(row)
    return Reply({"Tag": rows})


def _name(tags: Tags, call: Call) -> str:
    """Return the name of the tag that is asked for. NotFound where it does not exist for the caller."""
    name = tags.tag_name(call.caller, call.argument(0))
    if name is None or not tags.exists(call.caller, name):
        raise MispRefused(404, "Invalid Tag")
    return name


def view(tags: Tags, call: Call) -> Reply:
    """Show one tag."""
    name = _name(tags, call)
    events, attributes = tags.counts(call.caller, name)
    return Reply(tags.shown(call.caller, name) | {"count": events, "attribute_count": attributes})


def _rules_all(call: Call) -> bool:
    """Tell whether the caller may say of a tag what holds for all: who may set it, whether it is shown at all."""
    return call.caller.site_admin or call.viewer.may("operate")


def add(tags: Tags, call: Call) -> Reply:
    """Define a tag; one that is defined already is shown as it stands. Members give it a name and a colour."""
    said = call.fields("Tag")
    if not _rules_all(call):
        said = {name: said[name] for name in ("name", "colour") if name in said}
    return Reply({"Tag": tags.shown(call.caller, tags.define(call.caller, said))})


def edit(tags: Tags, call: Call) -> Reply:
    """Change what is said of a tag: it holds for all, or a member could hide another's ``tlp:`` tags."""
    if not _rules_all(call):
        raise MispRefused(403, "You do not have permission to do that.")
    name = tags.redefine(call.caller, _name(tags, call), call.fields("Tag"))
    return Reply({"Tag": tags.shown(call.caller, name)})


def delete(tags: Tags, call: Call) -> Reply:
    """Forget a tag's definition. A tag that stands on content or in a taxonomy goes on existing there."""
    if not _rules_all(call):
        raise MispRefused(403, "You do not have permission to do that.")
    name = tags.tag_name(call.caller, call.argument(0))
    if name is None or not tags.undefine(name):
        raise MispRefused(404, "Invalid tag")
    return Reply(saved("Tag deleted.", call.path))


def search(tags: Tags, call: Call) -> Reply:
    """Find tags by name, ``%`` standing for anything; not strictly, also by a cluster's name or synonym."""
    body: Any = call.fields("Tag")
    given = body.get("tagname", body.get("tag")) if isinstance(call.body, dict) else call.body
    asked = given if given is not None else call.argument(0)
    wanted = [str(each) for each in (asked if isinstance(asked, list) else [asked])][:MAX_SEARCHED]
    strict = truth(body.get("strict_tagname", call.argument(1, "0")))
    if not strict:
        pack = tags.library.pack
        wanted += [pack.tag_of_cluster(at) or "" for each in wanted for at in pack.clusters_called(each)]
    exact = {each.lower() for each in wanted if "%" not in each}
    patterns = [each for each in wanted if "%" in each][:MAX_PATTERNS]
    found = [name for name in tags.all(call.caller)
             if name.lower() in exact or any(like(each, name) for each in patterns)]  # fmt: skip
    rows: list[dict[str, Any]] = [{"Tag": tags.shown(call.caller, name)} for name in found]
    for name, row in zip(found, rows, strict=True):
        known = tags.library.machine_tag(name)
        if known:
            document = tags.library.pack.taxonomy(known.taxonomy)[0]
            row["Taxonomy"] = {"id": str(known.taxonomy + 1), "namespace": document["namespace"],
                               "description": document["description"], "version": str(document["version"])}  # fmt: skip
    return Reply(rows)


def statistics(tags: Tags, call: Call) -> Reply:
    """Count the events of each tag, and of each enabled taxonomy; as numbers or as shares (``/true``)."""
    counted = {name: events for name, (events, _) in tags.in_use(call.caller).items() if events}
    spaces: dict[str, int] = {}
    for name, place in tags.taxonomy_of(counted).items():
        space = tags.library.pack.taxonomy(place)[0]["namespace"]
        spaces[space] = spaces.get(space, 0) + counted[name]
    by_name = truth(call.argument(1, "0"))
    rows = sorted(counted.items(), key=lambda row: row[0] if by_name else (-row[1], row[0]))
    shares = truth(call.argument(0, "0"))
    total = sum(counted.values())

    def text(count: int) -> str:
        return f"{round(100 * count / total, 2):g}%" if shares else str(count)

    return Reply({"tags": {name: text(count) for name, count in rows} or [],
                  "taxonomies": {name: text(count) for name, count in sorted(spaces.items())} or []})  # fmt: skip


def actions(tags: Tags) -> Actions:
    """Return the actions on tags."""

    def reads(run: Run) -> Action:
        return Action(partial(run, tags))

    def writes(run: Run) -> Action:
        return Action(partial(run, tags), permission="contribute", changes=True, flag="perm_tag_editor")

    return {
        ("tags", "index"): reads(index),
        ("tags", "view"): reads(view),
        ("tags", "search"): reads(search),
        ("tags", "tagStatistics"): reads(statistics),
        ("tags", "add"): writes(add),
        ("tags", "edit"): writes(edit),
        ("tags", "delete"): writes(delete),
    }
