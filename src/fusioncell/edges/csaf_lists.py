"""Code lists of CSAF 2.0, from the package ``csaf`` (MIT): weaknesses, registered languages, the JSON schemas.

The files are read once, when first asked for. Where the package is not installed the lists are empty: documents are
then judged by the tests that need none.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

MAX_WRONG = 50
"""Places of one document that the schema is asked for."""
_CVSS = {
    "https://www.first.org/cvss/cvss-v2.0.json": "cvss-v2.0.json",
    "https://www.first.org/cvss/cvss-v3.0.json": "cvss-v3.0.json",
    "https://www.first.org/cvss/cvss-v3.1.json": "cvss-v3.1.json",
}  # fmt: skip


def _read(*path: str) -> Any:
    try:
        return msgspec.json.decode(files("csaf").joinpath(*path).read_bytes())
    except (ModuleNotFoundError, FileNotFoundError):
        return {}


@cache
def weaknesses() -> dict[str, str]:
    """Return CWE number → its newest name."""
    found: dict[str, str] = {}
    for number, one in _read("csaf", "v21", "cwe", "catalog.json").get("weaknesses", {}).items():
        names = [name for _, name in one["history"] if name is not None]
        found |= {number: names[-1]} if names else {}
    return found


@cache
def languages() -> dict[str, Any]:
    """Return the IANA registry of language subtags: type → subtag → its record, and ranges of private use."""
    found: dict[str, Any] = _read("bcp47", "registry.json")
    return found


@cache
def _validator() -> Any:
    import jsonschema_rs

    schema = _read("csaf", "v20", "schema", "csaf.json")
    if not schema:
        return None
    referenced = {uri: _read("csaf", "v20", "schema", "referenced", name) for uri, name in _CVSS.items()}
    registry = jsonschema_rs.Registry([(uri, one) for uri, one in referenced.items() if one])
    return jsonschema_rs.validator_for(schema, registry=registry, validate_formats=True)


def wrong_form(document: Any) -> Iterator[tuple[str, str]]:
    """Yield (JSON pointer, why) of what is not as the schema of CSAF 2.0 says, at most so many."""
    validator = _validator()
    if validator is None:
        return
    for count, fault in enumerate(validator.iter_errors(document)):
        if count >= MAX_WRONG:
            return
        yield "/" + "/".join(str(part) for part in fault.instance_path), fault.message[:300]
