"""The native API against its own description (schemathesis): whatever is sent, no door answers with a fault of ours.

What the description allows is made at random for an administrator's own key, which opens most doors, and what it does
not allow for good measure. Each answer's status, media type and form are those described. What follows a stream without
end is left out: its own tests follow it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from fusioncell.web.app import make_app
from hubs import make_hub

EXAMPLES = 2
"""Requests tried at each of the doors, of each kind: allowed by the description, and not."""
ENDLESS = "/api/stream"
AS_DESCRIBED = [content_type_conformance, response_schema_conformance, status_code_conformance]


@pytest.mark.timeout(400)
def test_every_answer_is_as_described_and_none_a_fault_of_ours(tmp_path: Path) -> None:
    made = make_hub(tmp_path / "hub")
    headers = made.own_key(made.ministry)
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", make_app(made.hub))
    failed: list[str] = []
    asked = 0

    def ask(case: Any) -> None:
        nonlocal asked
        asked += 1
        answer = case.call(headers=headers)
        if answer.status_code >= 500 and answer.status_code != 503:
            failed.append(f"{case.method} {case.path}: {case.as_curl_command()}")
        try:
            case.validate_response(answer, checks=AS_DESCRIBED)
        except FailureGroup as fault:
            failed.append(f"{case.method} {case.path}: {fault.exceptions}")

    for found in schema.get_all_operations():
        door = found.ok()
        if door.path == ENDLESS:
            continue
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            run = given(door.as_strategy(generation_mode=mode))(ask)
            settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
                     suppress_health_check=list(HealthCheck))(run)()  # fmt: skip
    made.hub.close()
    assert failed == []
    assert asked > 1000
