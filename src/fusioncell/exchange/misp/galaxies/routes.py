"""The actions on galaxies, clusters and their relations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any

from fusioncell.exchange.misp import Action, Actions, Call, Document, MispRefused, Reply
from fusioncell.exchange.misp.galaxies.model import CLUSTER, RELATION, Body, galaxy_json
from fusioncell.exchange.misp.galaxies.service import Galaxies
from fusioncell.exchange.misp.library import like, saved, whole
from fusioncell.kernel.errors import NotFound

Attach = Callable[[Call, str, str, str, bool], None]
"""(call, "event" or "attribute", its id or UUID, tag, local): attach a tag."""
Run = Callable[..., Reply]
MAX_ROWS = 5000
"""Most clusters of one answer, where no limit is asked for."""
MAX_PUSHED = 2000


def index(galaxies: Galaxies, call: Call) -> Reply:
    """List the galaxies; ``value`` looks for a name, type or UUID."""
    part = str(call.given("value") or call.given("searchall") or "").lower()
    rows = [{"Galaxy": galaxy_json(at, galaxy)} for at, galaxy in enumerate(galaxies.pack.galaxies)
            if not part or any(part in galaxy[name].lower() for name in ("name", "type", "uuid"))]  # fmt: skip
    return Reply(rows)


def view(galaxies: Galaxies, call: Call) -> Reply:
    """Show a galaxy with its clusters."""
    place = galaxies.galaxy(call.argument(0))
    return Reply({"Galaxy": galaxy_json(place, galaxies.pack.galaxies[place]),
                  CLUSTER: galaxies.of_galaxy(call.caller, place)})  # fmt: skip


def updated(galaxies: Galaxies, call: Call) -> Reply:
    """Answer for an update: what is known came with the package."""
    del galaxies
    return Reply(saved("Galaxies updated.", call.path))


def attach(galaxies: Galaxies, call: Call, attach_tag: Attach) -> Reply:
    """Attach clusters to an event or attribute, by their tags."""
    kind = call.argument(1, "event").lower()
    if kind not in ("event", "attribute"):
        raise MispRefused(405, "Invalid options")
    given = call.fields("Galaxy").get("target_id")
    if isinstance(given, str) and given.startswith("["):
        given = [part.strip(' "') for part in given.strip("[]").split(",")]  # MISP's pages send a list as text
    wanted = [str(each) for each in (given if isinstance(given, list) else [given]) if each][:100]
    if not wanted:
        raise MispRefused(400, "No cluster was given.")
    local = str(call.named.get("local", "0")).lower() in ("1", "true")
    for tag in [galaxies.tag_of(call.caller, each) for each in wanted]:
        attach_tag(call, kind, call.argument(0), tag, local)
    return Reply({"saved": True, "success": "Cluster attached.", "check_publish": True})


def push(galaxies: Galaxies, call: Call) -> Reply:
    """Take in clusters of another MISP (sync)."""
    rows = call.body if isinstance(call.body, list) else [call.body] if isinstance(call.body, dict) else []
    if not rows or len(rows) > MAX_PUSHED:
        raise MispRefused(400, f"Send 1 to {MAX_PUSHED} clusters.")
    taken, left = galaxies.receive(call.caller, rows)
    message = f"Clusters imported: {taken}, ignored: {left}."
    return Reply(saved(message, call.path, imported=taken, ignored=left))


def clusters(galaxies: Galaxies, call: Call) -> Reply:
    """List the clusters of a galaxy: ``context`` all, default, custom, org, orgc, deleted; ``searchall``."""
    place = galaxies.galaxy(call.argument(0))
    context = str(call.given("context") or "all")
    part = str(call.given("searchall") or "")
    return Reply([{CLUSTER: row} for row in galaxies.of_galaxy(call.caller, place, context, part)])


def cluster(galaxies: Galaxies, call: Call) -> Reply:
    """Show one cluster."""
    found = galaxies.find(call.caller, call.argument(0))
    return Reply({CLUSTER: galaxies.shown(call.caller, found)})


def add(galaxies: Galaxies, call: Call) -> Reply:
    """Add a cluster to a galaxy; ``forkUuid`` names the one that it is made from."""
    place = galaxies.galaxy(call.argument(0))
    fields = call.fields(CLUSTER)
    forked = call.named.get("forkUuid") or call.named.get("forkUUID")
    if forked:
        origin = galaxies.shown(call.caller, galaxies.find(call.caller, str(forked)))
        fields = {"value": origin["value"], "description": origin["description"], "source": origin["source"],
                  "authors": origin["authors"], "GalaxyElement": origin["GalaxyElement"]} | fields  # fmt: skip
        fields["extends_uuid"] = origin["uuid"]
        fields["extends_version"] = fields.get("extends_version") or origin["version"]
        fields.pop("uuid", None)
    made = galaxies.add(call.caller, place, fields)
    return Reply({CLUSTER: galaxies.shown(call.caller, made)})


def edit(galaxies: Galaxies, call: Call) -> Reply:
    """Change a member's cluster."""
    changed = galaxies.edit(call.caller, _custom(galaxies, call, "edited"), call.fields(CLUSTER))
    return Reply({CLUSTER: galaxies.shown(call.caller, changed)})


def delete(galaxies: Galaxies, call: Call) -> Reply:
    """Delete a member's cluster: softly (it stays, marked), or for good (``hard``)."""
    found = _custom(galaxies, call, "deleted")
    if str(call.given("hard", call.argument(1, "0"))).lower() in ("1", "true"):
        galaxies.erase(call.caller, found)
        return Reply(saved("Galaxy cluster successfuly hard deleted.", call.path))
    galaxies.mark(call.caller, found, deleted=True)
    return Reply(saved("Galaxy cluster successfuly soft deleted.", call.path))


def mark(galaxies: Galaxies, call: Call, word: str, **changes: bool) -> Reply:
    """Publish a member's cluster, take that back, or restore a deleted one."""
    galaxies.mark(call.caller, _custom(galaxies, call, word), **changes)
    return Reply(saved(f"GalaxyCluster {word}", call.path))


def _custom(galaxies: Galaxies, call: Call, word: str) -> Document:
    found = galaxies.find(call.caller, call.argument(0))
    if isinstance(found, int):
        raise MispRefused(405, f"Default galaxy cluster cannot be {word}")
    return found


def relate(galaxies: Galaxies, call: Call) -> Reply:
    """Add a relation between two clusters."""
    return Reply({RELATION: galaxies.relate(call.caller, call.fields(RELATION))})


def change_relation(galaxies: Galaxies, call: Call) -> Reply:
    """Change a relation."""
    return Reply({RELATION: galaxies.change_relation(call.caller, call.argument(0), call.fields(RELATION))})


def unrelate(galaxies: Galaxies, call: Call) -> Reply:
    """Delete a relation."""
    galaxies.unrelate(call.caller, call.argument(0))
    return Reply(saved("Galaxy cluster relationship successfuly deleted.", call.path))


def search(galaxies: Galaxies, call: Call) -> Reply:
    """Find clusters by MISP's parameters; ``minimal`` gives what a sync compares: UUID and version."""
    asked = {**call.named, **call.fields(CLUSTER)}
    rows = (row for row in _candidates(galaxies, call, asked) if _meets(row, asked))
    limit, page = _whole(asked.get("limit"), MAX_ROWS), _whole(asked.get("page"), 1)
    chosen = list(islice(rows, (page - 1) * limit, page * limit))
    if str(asked.get("returnFormat", "json")) == "count" or _yes(asked.get("count")):
        return Reply({"count": len(chosen)})
    if _yes(asked.get("minimal")):
        return Reply({"response": [{CLUSTER: {"uuid": row["uuid"], "version": row["version"]}} for row in chosen]})
    if _yes(asked.get("first")):
        chosen = chosen[:1]
    found = [galaxies.shown(call.caller, galaxies.find(call.caller, row["id"])) for row in chosen]
    return Reply({"response": [{CLUSTER: row} for row in found]}, headers={"X-Result-Count": str(len(found))})


def _candidates(galaxies: Galaxies, call: Call, asked: Body) -> Iterator[Body]:
    """Yield the clusters among which to look, members' first, no more than the parameters need."""
    custom, default = asked.get("custom"), asked.get("default")
    for name in ("uuid", "id"):
        if asked.get(name):
            for each in _listed(asked[name])[:MAX_ROWS]:
                try:
                    yield galaxies.shown(call.caller, galaxies.find(call.caller, str(each)))
                except NotFound:
                    continue
            return
    names = [str(each) for key in ("tag_name", "value") for each in _listed(asked.get(key))]
    if names and not any("%" in name for name in names):
        yield from galaxies.called(call.caller, names)
        return
    named = _listed(asked.get("galaxy_uuid") or asked.get("galaxy_id"))
    only_custom = _yes(custom) or (default is not None and not _yes(default))
    if not named and only_custom:
        yield from galaxies.all_custom(call.caller)
        return
    places = [galaxies.galaxy(str(each)) for each in named] or range(len(galaxies.pack.galaxies))
    context = "custom" if only_custom else "default" if custom is not None or _yes(default) else "all"
    for place in places:
        yield from galaxies.of_galaxy(call.caller, place, context)


def _meets(row: Body, asked: Body) -> bool:
    """Tell whether a cluster meets the parameters; ``%`` stands for anything in texts."""
    for name in ("value", "tag_name", "type", "description"):
        if asked.get(name) and not any(like(str(each), row[name]) for each in _listed(asked[name])):
            return False
    if asked.get("version") and row["version"] not in [str(each) for each in _listed(asked["version"])]:
        return False
    for name in ("orgc_id", "org_id", "distribution", "extends_uuid"):
        if asked.get(name) and str(row.get(name)) not in [str(each) for each in _listed(asked[name])]:
            return False
    published = asked.get("published")
    return published is None or row["default"] or row["published"] is _yes(published)


def _listed(given: Any) -> list[Any]:
    return given if isinstance(given, list) else [] if given in (None, "") else [given]


def _yes(given: Any) -> bool:
    return str(given).lower() in ("1", "true")


def _whole(given: Any, default: int) -> int:
    return min(whole(given), MAX_ROWS) or default


def actions(galaxies: Galaxies, attach_tag: Attach) -> Actions:
    """Return the actions on galaxies."""

    def reads(run: Run) -> Action:
        return Action(partial(run, galaxies))

    def writes(run: Run, flag: str = "perm_galaxy_editor", **more: Any) -> Action:
        return Action(partial(run, galaxies, **more), permission="contribute", changes=True, flag=flag)

    return {
        ("galaxies", "index"): reads(index),
        ("galaxies", "view"): reads(view),
        ("galaxies", "update"): Action(partial(updated, galaxies), permission="operate", changes=True),
        ("galaxies", "attachCluster"): writes(attach, "perm_tagger", attach_tag=attach_tag),
        ("galaxies", "pushCluster"): writes(push, "perm_sync"),
        ("galaxy_clusters", "index"): reads(clusters),
        ("galaxy_clusters", "view"): reads(cluster),
        ("galaxy_clusters", "restSearch"): reads(search),
        ("galaxy_clusters", "add"): writes(add),
        ("galaxy_clusters", "edit"): writes(edit),
        ("galaxy_clusters", "delete"): writes(delete),
        ("galaxy_clusters", "publish"): writes(mark, word="published", published=True),
        ("galaxy_clusters", "unpublish"): writes(mark, word="unpublished", published=False),
        ("galaxy_clusters", "restore"): writes(mark, word="restored", deleted=False),
        ("galaxy_cluster_relations", "add"): writes(relate),
        ("galaxy_cluster_relations", "edit"): writes(change_relation),
        ("galaxy_cluster_relations", "delete"): writes(unrelate),
    }


