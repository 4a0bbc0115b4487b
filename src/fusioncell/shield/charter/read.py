"""Read a policy from text and write it as such (TOML 1.0), check it, tell its digest. Pure."""

from __future__ import annotations

import json
import re
import tomllib
from hashlib import sha256

import msgspec

from fusioncell.kernel.errors import BadInput
from fusioncell.shield.charter.model import Policy
from fusioncell.shield.model import SEVERITIES

MAX_TEXT = 65_536
_ID = re.compile(r"[a-z][a-z0-9-]{1,39}\Z", re.ASCII)
_BOUNDS = {
    "approvals": (2, 9), "guarded": (2, 5), "usual_days": (1, 90), "longest_days": (1, 90),
    "compromised_hours": (1, 72), "standing_days": (1, 90),
}  # fmt: skip
"""What no policy may go beyond, however many approve it (DESIGN §5)."""
_encoder = msgspec.json.Encoder(order="deterministic")


def canonical(policy: Policy) -> bytes:
    """Return a policy's canonical JSON: the bytes of which the digest is made."""
    return _encoder.encode(policy)


def digest_of(policy: Policy) -> str:
    """Return the SHA-256 of a policy's canonical JSON, in hex: what each decision cites."""
    return sha256(canonical(policy)).hexdigest()


def check(policy: Policy) -> Policy:
    """Return the policy where it is a sound one. Raises BadInput, which says what is wrong with it."""
    for name, (least, most) in _BOUNDS.items():
        if not least <= getattr(policy, name) <= most:
            raise BadInput(f"{name} is a number from {least} to {most}", place=name)
    if policy.usual_days > policy.longest_days:
        raise BadInput("usual_days is at most longest_days", place="usual_days")
    ids = [one.id for one in policy.categories]
    if not 1 <= len(ids) <= 40 or len(set(ids)) != len(ids):
        raise BadInput("a policy names 1 to 40 categories, each once", place="categories")
    for one in policy.categories:
        if not _ID.match(one.id) or not 1 <= len(one.name.strip()) <= 80 or one.severity not in SEVERITIES:
            raise BadInput(f"a category has an id such as 'phishing', a name, a severity of {', '.join(SEVERITIES)}",
                           place="categories")
        if len(one.words) > 50 or not all(1 < len(word) <= 40 and word == word.lower() for word in one.words):
            raise BadInput("a category's words are at most 50, in lower case", place="categories")
    named = policy.approvers
    if len(set(named)) != len(named) or len(named) > 50 or not all(0 < len(who) <= 64 for who in named):
        raise BadInput("approvers are at most 50 ids, each once", place="approvers")
    if named and len(named) < policy.approvals:
        raise BadInput(f"{policy.approvals} approvals need at least as many approvers", place="approvers")
    if not 1 <= len(policy.title.strip()) <= 200 or policy.number < 1:
        raise BadInput("a policy has a title and a number", place="title")
    return policy


def read_policy(text: str) -> Policy:
    """Read and check a policy. Raises BadInput."""
    if len(text) > MAX_TEXT:
        raise BadInput("the policy is too long", hint=f"At most {MAX_TEXT} characters.")
    try:
        return check(msgspec.convert(tomllib.loads(text), Policy))
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, RecursionError) as fault:
        # Never a part of what was sent: whole, or not at all.
        said = "" if isinstance(fault, RecursionError) or len(str(fault)) > 200 else f": {fault}"
        raise BadInput(f"this is no policy{said}", hint="Start from `fusioncell shield policy show`.") from None


def policy_text(policy: Policy) -> str:
    """Write a policy as TOML, so that :func:`read_policy` gives it back."""
    plain = msgspec.to_builtins(policy)
    lines = [f"{name} = {_written(value)}" for name, value in plain.items() if name != "categories"]
    for one in plain["categories"]:
        lines += ["", "[[categories]]", *(f"{name} = {_written(value)}" for name, value in one.items())]
    return "\n".join(lines) + "\n"


def _written(value: object) -> str:
    # JSON's strings, numbers and lists of them are TOML's, but for the one control character that JSON leaves bare.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
