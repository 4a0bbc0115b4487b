"""The policies under which a log's decisions were made: their bytes, their order, and what was blocked under each.

No opening is needed: the digest that a leaf of the signed tree holds is the SHA-256 of the policy's bytes, which the
hub serves beside the log (``policy/DIGEST``) and anyone may keep.

1. The bytes of each policy that a leaf adopts or cites have the digest that the leaf holds.
2. Each adopted policy has the number after that of the one in front of it.
3. Each block is in a category that the policy it cites names (that this one was in force, ``leaves.Rules`` checks).
4. What a new policy no longer names ends with it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fusioncell_verify.faults import Finding
from fusioncell_verify.leaves import IN_FLIGHT, MOST, MOVES, Leaf

CITING = ("add", "policy")
_DIGEST = re.compile(r"[0-9a-f]{64}\Z", re.ASCII)


@dataclass(frozen=True)
class Policy:
    """What a policy says, as far as it is checked."""

    number: int
    title: str
    categories: frozenset[str]


def check_policies(
    leaves: Sequence[Leaf], adopted: Sequence[str], given: Mapping[str, bytes], fetch: Callable[[str], bytes]
) -> tuple[list[dict[str, Any]], list[Finding]]:
    """Follow the numbered steps of the module; return what to tell of each policy, in order, and what is wrong.

    ``adopted``: the digests in the order in which they came into force. ``given``: policies' bytes by their own digest,
    for which the log is not asked; ``fetch`` asks it for any other. Raises what ``fetch`` raises.
    """
    cited = dict.fromkeys([*adopted, *(leaf.policy for leaf in leaves if leaf.kind in CITING)])
    findings = [Finding("policy", f"the log names no policy of the digest {digest}")
                for digest in given if digest not in cited]  # fmt: skip
    known: dict[str, Policy] = {}
    for digest in cited:
        found = _read(digest, given, fetch)
        if isinstance(found, Finding):
            findings.append(found)
        else:
            known[digest] = found
    findings += _in_row(adopted, known) + _within(leaves, known) + _ended(leaves, known)
    began = {leaf.policy: leaf.time for leaf in leaves if leaf.kind == "policy"}
    told = [{"digest": digest, "number": one.number, "title": one.title, "categories": sorted(one.categories),
             "adopted": began.get(digest), "decisions": sum(leaf.kind == "add" and leaf.policy == digest
                                                            for leaf in leaves)}
            for digest, one in known.items()]  # fmt: skip
    return told, findings[:MOST]


def _read(digest: str, given: Mapping[str, bytes], fetch: Callable[[str], bytes]) -> Policy | Finding:
    if not _DIGEST.match(digest):
        return Finding("policy", "a leaf cites what is no policy's digest")
    data = given[digest] if digest in given else fetch(f"policy/{digest}")
    if hashlib.sha256(data).hexdigest() != digest:
        return Finding("policy", f"what is served as policy {digest} is another one")
    try:
        said = json.loads(data, object_pairs_hook=_once)
        number, title, categories = said["number"], said["title"], [one["id"] for one in said["categories"]]
    except (KeyError, TypeError, ValueError, RecursionError):
        number, title, categories = None, None, []
    if type(number) is not int or not isinstance(title, str) or not all(isinstance(one, str) for one in categories):
        return Finding("policy", f"policy {digest} is not written as policies are")
    return Policy(number, title, frozenset(categories))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object; a field that stands twice could say two things. Raises ValueError."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a field stands twice")
    return found


def _in_row(adopted: Sequence[str], known: Mapping[str, Policy]) -> list[Finding]:
    row = [known.get(digest) for digest in adopted]
    return [
        Finding("policy", f"policy {after.number} follows policy {before.number}: one in between is missing")
        for before, after in zip(row, row[1:], strict=False)
        if before is not None and after is not None and after.number != before.number + 1
    ]


def _within(leaves: Sequence[Leaf], known: Mapping[str, Policy]) -> list[Finding]:
    return [
        Finding("policy", f"leaf {leaf.index} is in the category {leaf.category!r}, which its policy does not name")
        for leaf in leaves
        if leaf.kind == "add" and leaf.policy in known and leaf.category not in known[leaf.policy].categories
    ]


def _ended(leaves: Sequence[Leaf], known: Mapping[str, Policy]) -> list[Finding]:
    adoptions = [leaf for leaf in leaves if leaf.kind == "policy" and leaf.policy in known]
    ends = {leaf.of: leaf for leaf in leaves if leaf.kind in MOVES and leaf.kind != "add"}
    now = max((leaf.time for leaf in leaves), default=0)
    findings = []
    for leaf in leaves if adoptions else ():
        if leaf.kind != "add":
            continue
        end = ends.get(leaf.index)
        for adoption in adoptions:
            stood = leaf.index < adoption.index and (end is None or adoption.index < end.index)
            late = (end.time if end is not None else now) > adoption.time + IN_FLIGHT
            if stood and late and leaf.category not in known[adoption.policy].categories:
                findings.append(Finding("policy", f"leaf {leaf.index} outlived its category {leaf.category!r}, which "
                                        f"the policy of leaf {adoption.index} does not name"))  # fmt: skip
                break
    return findings
