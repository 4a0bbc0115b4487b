"""Read CSAF documents: cut a body into one item for each, with its faults; and say what an item claims. Pure.

1. A document is one entry: its id is the publisher's namespace and tracking id, its version the current release date.
2. Each mandatory test that it fails is a fault of its submission; the document is kept all the same.
3. What it says of a vulnerability is context: a CVE is nobody's weapon by being written down. Flaws that it calls known
   to be exploited are said so as labels.
"""

from __future__ import annotations

import msgspec

from fusioncell.intake import jsonbody
from fusioncell.intake.csaf.check import check
from fusioncell.intake.csaf.model import Json, items, member, products, text, vulnerabilities
from fusioncell.intake.instants import any_time
from fusioncell.intake.model import Extract, Fault, Item, Limits, Split
from fusioncell.kernel.claim import Claim, Role, Stance
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.marking import Tlp, parse_tlp
from fusioncell.kernel.observable import BadValue, ObservableType, canonical

KIND = "csaf"
MAX_WORDS = 20_000
_decoder = msgspec.json.Decoder()


def is_csaf(document: Json) -> bool:
    """Tell whether a JSON value says of itself that it is a CSAF document."""
    return bool(text(member(document, "document", "csaf_version")))


def split(body: bytes, *, limits: Limits) -> Split:
    """Cut a body: one document, or a list of them. Raises BadInput, TooLarge."""
    body = jsonbody.checked(body, limits)
    found = jsonbody.decode(_decoder, body)
    documents = found if isinstance(found, list) else [found]
    made: list[Item] = []
    faults: list[Fault] = []
    for place, document in enumerate(documents[: limits.max_items]):
        at = f"[{place}]" if isinstance(found, list) else "document"
        raw = msgspec.json.encode(document) if isinstance(found, list) else body
        identifier = text(member(document, "document", "tracking", "id"))
        wrong = jsonbody.item_fault(raw, limits)
        if not is_csaf(document) or not identifier:
            wrong = wrong or "it is no CSAF document with a tracking id"
        if wrong:
            faults.append(Fault(at, wrong, raw[: limits.max_item]))
            continue
        faults += [Fault(f"{at} {one.path}", f"CSAF mandatory test {one.test}: {one.why}")
                   for one in check(document, limits.codes)]  # fmt: skip
        made.append(_item(document, at, identifier, raw))
    titles = [text(member(one, "document", "title")) for one in documents[:1]]
    return Split(tuple(made), tuple(faults), titles[0] if titles else "")


def _item(document: Json, at: str, identifier: str, raw: bytes) -> Item:
    publisher = text(member(document, "document", "publisher", "namespace"))
    stamp = text(member(document, "document", "tracking", "current_release_date"))
    version = any_time(stamp) if stamp else None
    return Item(KIND, f"{publisher} {identifier}"[:500], max(0, version or 0), at, raw, _marking(document))


def _marking(document: Json) -> Tlp | None:
    label = text(member(document, "document", "distribution", "tlp", "label"))
    try:
        return parse_tlp(label) if label else None
    except BadInput:
        return Tlp.RED  # a label that we do not know is not a permission


def extract(kind: str, subject: str, version: int, meta: dict[str, object], body: bytes) -> Extract:
    """Read a document: its vulnerabilities, its title, the names of its products as words."""
    document = _decoder.decode(body)
    claims, words, labels = [], [], []
    for _, one in vulnerabilities(document):
        try:
            named = canonical(ObservableType.VULNERABILITY, text(one.get("cve")))
        except BadValue:
            named = None
        if named is not None:
            claims.append(Claim(named, Role.CONTEXT, Stance.NONE, stated=version or None, keys=(subject,)))
        words += [text(one.get("cve")), text(one.get("title"))]
        words += [text(each.get("text")) for _, each in items(one, "notes")]
        if any(each.get("category") == "exploit_status" for _, each in items(one, "threats")):
            labels.append("csaf:exploit-status")
    words += [text(each.get("text")) for _, each in items(document, "document", "notes")]
    words += [text(one.get("name")) for _, one in products(document)]
    title = text(member(document, "document", "title"))
    severity = text(member(document, "document", "aggregate_severity", "text"))
    labels += [f"csaf:severity={severity[:40]}"] if severity else []
    return Extract(tuple(claims), title[:500], " ".join(filter(None, words))[:MAX_WORDS], tuple(dict.fromkeys(labels)))
