"""HTTP operations of products."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.params import Parameter

from fusioncell.intake import Affected, plain
from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.handed import Handed
from fusioncell.kernel.marking import Viewer, parse_tlp
from fusioncell.picture.products.model import Drafted, Form, Heard, Product, Published, State, Written
from fusioncell.picture.products.service import Products

Limit = Annotated[int, Parameter(ge=1, le=200)]
Version = Annotated[int, Parameter(ge=0, le=10_000)]
_TAGS = ["products"]


class Writing(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A draft. ``text``: markdown; ``[[observable:VALUE]]``, ``[[contribution:ID]]``, ``[[entry:ID]]`` are references.

    ``product``: the id of a product of your organisation, of which this is the next version. ``affected``: of an
    advisory, a line for each vulnerability in a version of a product.
    """

    title: str
    text: str
    form: Form = Form.ALERT
    tlp: str = "green"
    groups: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    product: str = ""
    about: str = ""
    sector: str = ""
    affected: tuple[Affected, ...] = ()
    changed: str = ""


class Deciding(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Words for the authors or reviewers of a draft, or why a product is withdrawn."""

    said: str = ""


class Telling(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What your organisation says of a product: ``useful``, ``not-useful``, or ``acted`` with what was done."""

    heard: Heard
    said: str = ""


def _head(one: Published) -> dict[str, Any]:
    return {
        "id": one.id, "organisation": one.org, "form": one.form.value, "title": one.title, "version": one.number,
        "at": format_instant(one.at), "tlp": one.audience.tlp.value, "contribution": one.contribution,
        "withdrawn": format_instant(one.withdrawn) if one.withdrawn else None, "amended": one.amended,
        "href": f"/api/products/{one.id}",
    }  # fmt: skip


def _whole(one: Product, products: Products, viewer: Viewer) -> dict[str, Any]:
    body = one.body
    resolved = products.resolve(viewer, body.text)
    return {
        **_head(one.head), "latest": one.latest, "text": body.text, "plain": plain(body.text), "sector": body.sector,
        "week": body.week or None, "about": body.about or None, "changed": body.changed,
        "affected": msgspec.to_builtins(body.affected),
        "references": {ref: {"state": found.state, "contribution": found.contribution or None,
                             "title": found.title or None, "tlp": found.tlp.value if found.tlp else None}
                       for ref, found in resolved.items()},
        "consents": [{"reference": each.ref or None, "consent": each.consent, "originator": each.originator,
                      "tlp": each.tlp, "at": format_instant(each.at)} for each in body.cited if each.consent],
    }  # fmt: skip


def _draft(one: Drafted) -> dict[str, Any]:
    return {
        "id": one.id, "state": one.state.value, "at": format_instant(one.at), "authors": list(one.authors),
        "said": one.said, "by": one.by or None, "draft": msgspec.to_builtins(one.written),
    }  # fmt: skip


@get("/api/products", tags=_TAGS, sync_to_thread=True, summary="Products",
     opt={"permission": "read", "query": frozenset({"form", "limit", "before"})})  # fmt: skip
def listed(
    products: Products, viewer: Viewer, form: Form | None = None, limit: Limit = 50, before: str = "",
) -> dict[str, Any]:  # fmt: skip
    """List the newest version of each product that you see, the newest first."""
    found, following = products.listed(viewer, form=form.value if form else "", before=before, limit=limit)
    return {"products": [_head(one) for one in found], "next": following or None}


@post("/api/products", tags=_TAGS, opt={"permission": "answer"}, sync_to_thread=True, status_code=202,
      summary="Save a draft")  # fmt: skip
def save(data: Writing, products: Products, viewer: Viewer) -> Response[dict[str, Any]]:
    """Save a draft of a new product, or of the next version of one of your organisation."""
    new = Written(data.form, data.title, data.text, parse_tlp(data.tlp), data.groups, data.people, data.about,
                  data.sector, "", data.affected, data.changed)  # fmt: skip
    which = products.save(viewer, new, data.product)
    href = f"/api/products/{which}/draft"
    return Response({"id": which, "status": "accepted", "href": href}, status_code=202, headers={"Location": href})


@get("/api/products/drafts", tags=_TAGS, opt={"permission": "answer", "query": frozenset({"state"})},
     sync_to_thread=True, summary="Drafts")  # fmt: skip
def drafts(
    products: Products, viewer: Viewer, only: Annotated[State | None, Parameter(query="state")] = None
) -> dict[str, Any]:
    """List the drafts of your organisation that are under way, or those in one state."""
    return {"drafts": [_draft(one) for one in products.drafts(viewer, [only] if only else ())]}


@get("/api/products/{which:str}", tags=_TAGS, opt={"permission": "read", "query": frozenset({"version"})},
     sync_to_thread=True, summary="One product")  # fmt: skip
def one(which: str, products: Products, viewer: Viewer, handed: Handed, version: Version = 0) -> dict[str, Any]:
    """Show a product: its newest version, or the one asked for, with its references as you see them."""
    found = products.product(viewer, which, version)
    handed.out([found.head.contribution])
    return _whole(found, products, viewer)


@get("/api/products/{which:str}/versions", tags=_TAGS, opt={"permission": "read"}, sync_to_thread=True,
     summary="Its versions")  # fmt: skip
def versions(which: str, products: Products, viewer: Viewer) -> dict[str, Any]:
    """List the versions that you see, withdrawn ones too, the newest first."""
    return {"versions": [_head(each) for each in products.versions(viewer, which)]}


@get("/api/products/{which:str}/difference", tags=_TAGS, sync_to_thread=True, summary="What changed",
     opt={"permission": "read", "query": frozenset({"before", "after"})})  # fmt: skip
def compare(which: str, products: Products, viewer: Viewer, before: Annotated[int, Parameter(ge=1)],
            after: Annotated[int, Parameter(ge=1)]) -> dict[str, Any]:  # fmt: skip
    """Compare two versions line by line: ``-`` taken out, ``+`` put in."""
    return {"lines": [list(line) for line in products.compare(viewer, which, before, after)]}


@get("/api/products/{which:str}/markdown", tags=_TAGS, opt={"permission": "read", "query": frozenset({"version"})},
     sync_to_thread=True, media_type="text/markdown", summary="As Markdown")  # fmt: skip
def markdown(which: str, products: Products, viewer: Viewer, handed: Handed, version: Version = 0) -> Response[str]:
    """Give a version as Markdown, its references in plain words and its values defanged."""
    found = products.product(viewer, which, version)
    handed.file(found.head.contribution)
    return Response(f"# {found.body.title}\n\n{found.head.audience.tlp.label} · {found.head.form.value} · version "
                    f"{found.head.number} · {format_instant(found.head.at)}\n\n{plain(found.body.text)}\n",
                    media_type="text/markdown")  # fmt: skip


@get("/api/products/{which:str}/draft", tags=_TAGS, opt={"permission": "answer"}, sync_to_thread=True,
     summary="Its draft")  # fmt: skip
def draft(which: str, products: Products, viewer: Viewer) -> dict[str, Any]:
    """Show the draft of the next version of a product of your organisation."""
    return _draft(products.draft(viewer, which))


@get("/api/products/{which:str}/feedback", tags=_TAGS, opt={"permission": "read"}, sync_to_thread=True,
     summary="What was said of it")  # fmt: skip
def feedback(which: str, products: Products, viewer: Viewer) -> dict[str, Any]:
    """List what readers said of a product: all of it to its organisation, to others what they said themselves."""
    return {"feedback": [{"organisation": each.org, "at": format_instant(each.at), "version": each.number,
                          "heard": each.heard.value, "said": each.said}
                         for each in products.feedback(viewer, which)]}  # fmt: skip


@post("/api/products/{which:str}/feedback", tags=_TAGS, opt={"permission": "read"}, sync_to_thread=True,
      status_code=202, summary="Say what it was worth")  # fmt: skip
def hear(which: str, data: Telling, products: Products, viewer: Viewer) -> dict[str, Any]:
    """Say whether a product was useful, and what was done about it. Its organisation reads it."""
    products.hear(viewer, which, data.heard, data.said)
    return {"id": which, "status": "accepted"}


ACTS = ("submit", "approve", "return", "drop", "publish", "withdraw")


@post("/api/products/{which:str}/{act:str}", tags=_TAGS, opt={"permission": "answer"}, sync_to_thread=True,
      status_code=202, summary="Let it take a step")  # fmt: skip
def step(which: str, act: str, data: Deciding, products: Products, viewer: Viewer) -> dict[str, Any]:
    """``submit``, ``approve``, ``return`` or ``drop`` a draft, ``publish`` it, or ``withdraw`` the product."""
    done = take(products, viewer, which, act, data.said)
    return {"id": which, "status": "accepted"} | (_head(done) if done is not None else {})


def take(products: Products, viewer: Viewer, which: str, act: str, said: str) -> Published | None:
    """Let a product take a step; return what was published, if something was. Raises BadInput for no such step."""
    if act == "publish":
        return products.publish(viewer, which)
    steps: dict[str, Callable[[Viewer, str, str], None]] = {
        "submit": products.submit, "approve": products.approve, "return": products.send_back,
        "drop": products.drop, "withdraw": products.withdraw,
    }  # fmt: skip
    if act not in steps:
        raise BadInput(f"{act[:20]!r} is no step", hint=f"Use one of: {', '.join(ACTS)}.")
    steps[act](viewer, which, said)
    return None


HANDLERS = (listed, save, drafts, one, versions, compare, markdown, draft, feedback, hear, step)
"""The package's doors."""
