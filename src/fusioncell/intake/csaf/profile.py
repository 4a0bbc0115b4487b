"""Mandatory tests of vulnerabilities and of the profiles: CSAF 2.0 §6.1.23, 24, 27, 29, 32, 33. Pure.

6.1.27.12 and 6.1.27.13 are not in the standard's text of version 2.0: the reference implementation holds security
advisories to them, and so do we, that our verdicts agree with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from fusioncell.intake.csaf.model import (
    Found,
    Json,
    expanded,
    groups,
    items,
    member,
    repeated,
    text,
    texts,
    vulnerabilities,
)

_VEX_STATUSES = frozenset({"fixed", "known_affected", "known_not_affected", "under_investigation"})
_JUSTIFICATIONS = frozenset({
    "component_not_present", "inline_mitigations_already_exist", "vulnerable_code_cannot_be_controlled_by_adversary",
    "vulnerable_code_not_in_execute_path", "vulnerable_code_not_present",
})  # fmt: skip
_BOTH = ("csaf_security_advisory", "csaf_vex")


def _profile(document: Json) -> str:
    return text(member(document, "document", "category"))


def _each(document: Json, what: str, *of: str) -> Iterator[tuple[str, dict[str, Json]]]:
    """Yield the vulnerabilities of a document of these profiles with the pointer to one of their members."""
    if _profile(document) in of:
        for path, one in vulnerabilities(document):
            yield f"{path}/{what}", one


def twice_cve(document: Json) -> Found:
    """6.1.23: no CVE stands for two vulnerabilities."""
    return repeated(((f"{path}/cve", one["cve"]) for path, one in vulnerabilities(document)
                     if isinstance(one.get("cve"), str)), "the CVE")  # fmt: skip


def twice_involved(document: Json) -> Found:
    """6.1.24: no party is involved twice at one date."""
    for path, one in vulnerabilities(document):
        yield from repeated(
            ((f"{path}/involvements/{place}", f"{text(each.get('party'))} {text(each.get('date'))}".strip())
             for place, each in items(one, "involvements")), "the involvement",
        )  # fmt: skip


def document_notes(document: Json) -> Found:
    """6.1.27.1: a response to an incident describes it in a note."""
    notes = [text(one.get("category")) for _, one in items(document, "document", "notes")]
    if _profile(document) == "csaf_security_incident_response" and set(notes) <= {"legal_disclaimer"}:
        yield "/document/notes", "no note says what happened"


def document_references(document: Json) -> Found:
    """6.1.27.2: an informational advisory refers to something outside."""
    found = [text(one.get("category")) for _, one in items(document, "document", "references")]
    if _profile(document) == "csaf_informational_advisory" and "external" not in found:
        yield "/document/references", "there is no external reference"


def no_vulnerabilities(document: Json) -> Found:
    """6.1.27.3: an informational advisory is about no vulnerability."""
    if _profile(document) == "csaf_informational_advisory" and member(document, "vulnerabilities"):
        yield "/vulnerabilities", "an informational advisory has none"


def product_tree(document: Json) -> Found:
    """6.1.27.4: an advisory and a VEX have a product tree."""
    if _profile(document) in _BOTH and member(document, "product_tree") is None:
        yield "/product_tree", "it is missing"


def vulnerability_notes(document: Json) -> Found:
    """6.1.27.5: each vulnerability has a note."""
    return ((path, "there is none") for path, one in _each(document, "notes", *_BOTH) if not one.get("notes"))


def product_status(document: Json) -> Found:
    """6.1.27.6: each vulnerability of an advisory says which products have what status."""
    return ((path, "it is missing") for path, one in _each(document, "product_status", "csaf_security_advisory")
            if not one.get("product_status"))  # fmt: skip


def vex_status(document: Json) -> Found:
    """6.1.27.7: a VEX knows four statuses."""
    for path, one in _each(document, "product_status", "csaf_vex"):
        given = member(one, "product_status")
        for status in given if isinstance(given, dict) else ():
            if status not in _VEX_STATUSES:
                yield f"{path}/{status}", "no status of a VEX"


def vulnerability_id(document: Json) -> Found:
    """6.1.27.8: each vulnerability of a VEX has an id."""
    for path, one in _each(document, "ids", "csaf_vex"):
        if not one.get("cve") and not one.get("ids"):
            yield path, "there is neither a CVE nor another id"


def impact(document: Json) -> Found:
    """6.1.27.9: each product that a VEX calls not affected has a reason."""
    group = groups(document)
    for path, one in _each(document, "product_status/known_not_affected", "csaf_vex"):
        why = [each for _, each in items(one, "threats") if each.get("category") == "impact"]
        why += [each for _, each in items(one, "flags") if text(each.get("label")) in _JUSTIFICATIONS]
        yield from _uncovered(path, one, "known_not_affected", why, group, "says why it is not affected")


def action(document: Json) -> Found:
    """6.1.27.10: each product that a VEX calls affected has a remediation."""
    group = groups(document)
    for path, one in _each(document, "product_status/known_affected", "csaf_vex"):
        done = [each for _, each in items(one, "remediations")]
        yield from _uncovered(path, one, "known_affected", done, group, "says what to do")


def _uncovered(path: str, one: Json, status: str, by: Iterable[Json], group: dict[str, list[str]], what: str) -> Found:
    covered = {name for each in by for name in expanded(each, group)}
    for place, name in enumerate(texts(one, "product_status", status)):
        if name not in covered:
            yield f"{path}/{place}", f"nothing {what} of {name!r}"


def some_vulnerability(document: Json) -> Found:
    """6.1.27.11: an advisory and a VEX are about a vulnerability."""
    if _profile(document) in _BOTH and not member(document, "vulnerabilities"):
        yield "/vulnerabilities", "there is none"


def conclusive(document: Json) -> Found:
    """6.1.27.12 (see the module): an advisory knows more of each vulnerability than that it is looked at."""
    for path, one in _each(document, "product_status", "csaf_security_advisory"):
        status = member(one, "product_status")
        if isinstance(status, dict) and status and set(status) <= {"under_investigation"}:
            yield path, "all products are under investigation"


def remedied(document: Json) -> Found:
    """6.1.27.13 (see the module): what is fixed says how, and remedies are of products that have a status."""
    for path, one in _each(document, "remediations", "csaf_security_advisory"):
        status = member(one, "product_status")
        known = {name for each in status for name in texts(status, each)} if isinstance(status, dict) else set()
        remedies = items(one, "remediations")
        if texts(status, "fixed") and not remedies:
            yield path, "products are fixed, and nothing says how"
        for place, each in remedies:
            for name in texts(each, "product_ids"):
                if known and name not in known:
                    yield f"{path}/{place}/product_ids", f"{name!r} has no status"


def _without_products(document: Json, what: str) -> Found:
    for path, one in vulnerabilities(document):
        for place, each in items(one, what):
            if not each.get("product_ids") and not each.get("group_ids"):
                yield f"{path}/{what}/{place}", "it names no product"


def remedy_of_nothing(document: Json) -> Found:
    """6.1.29: each remediation names its products."""
    return _without_products(document, "remediations")


def flag_of_nothing(document: Json) -> Found:
    """6.1.32: each flag names its products."""
    return _without_products(document, "flags")


def twice_justified(document: Json) -> Found:
    """6.1.33: no product has two VEX justifications for one vulnerability."""
    group = groups(document)
    for path, one in vulnerabilities(document):
        seen: set[str] = set()
        for place, flag in items(one, "flags"):
            if text(flag.get("label")) not in _JUSTIFICATIONS:
                continue
            named = expanded(flag, group)
            for name in sorted(named & seen):
                yield f"{path}/flags/{place}", f"{name!r} has two justifications"
            seen |= named


PROFILE_TESTS: dict[str, Callable[[Json], Found]] = {
    f"6.1.27.{number}": test
    for number, test in enumerate((
        document_notes, document_references, no_vulnerabilities, product_tree, vulnerability_notes, product_status,
        vex_status, vulnerability_id, impact, action, some_vulnerability, conclusive, remedied,
    ), 1)
}  # fmt: skip
"""The tests of the profiles by their number."""
