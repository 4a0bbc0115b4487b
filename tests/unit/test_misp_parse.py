"""A MISP request taken apart, by the paths that real clients send (``../shared/reference/misp-api.md`` §1.5)."""

from __future__ import annotations

from typing import Any

import pytest

from fusioncell.exchange.misp import MispRefused
from fusioncell.exchange.misp.door.parse import take_body, take_path

UUID = "5f5b1f6c-7d8e-4c5a-9a3b-0242ac130003"


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/servers/getVersion", ("servers", "getVersion", (), {})),
        ("GET", "/servers/getPyMISPVersion.json", ("servers", "getPyMISPVersion", (), {})),
        ("GET", "/users/view/me.json", ("users", "view", ("me",), {})),
        ("GET", "/events", ("events", "index", (), {})),
        ("POST", "/events", ("events", "add", (), {})),
        ("GET", "/events/12", ("events", "view", ("12",), {})),
        ("PUT", f"/events/{UUID}", ("events", "edit", (UUID,), {})),
        ("DELETE", "/events/12.json", ("events", "delete", ("12",), {})),
        ("POST", "/events/add/metadata:1", ("events", "add", (), {"metadata": "1"})),
        ("POST", "/admin/users/add", ("users", "admin_add", (), {})),
        ("GET", "/sharingGroups/index", ("sharing_groups", "index", (), {})),
        ("GET", "/sharing_groups", ("sharing_groups", "index", (), {})),
        ("POST", "/analyst_data/add/Note/x/Event", ("analyst_data", "add", ("Note", "x", "Event"), {})),
        ("GET", "/attributes/restSearch/value:1.2.3.4", ("attributes", "restSearch", (), {"value": "1.2.3.4"})),
        ("GET", "/attributes/restSearch/value:http%3A%2F%2Fa.example%2Fx",
         ("attributes", "restSearch", (), {"value": "http://a.example/x"})),
        ("GET", f"/events/view/{UUID}/deleted[]:0/deleted[]:1/excludeGalaxy:1",
         ("events", "view", (UUID,), {"deleted": ["0", "1"], "excludeGalaxy": "1"})),
        ("GET", "/organisations/index/scope:local/searchall:x",
         ("organisations", "index", (), {"scope": "local", "searchall": "x"})),
        ("POST", "/attributes/restSearch/json", ("attributes", "restSearch", ("json",), {})),
    ],
)  # fmt: skip
def test_paths_of_real_clients(method: str, path: str, expected: tuple[str, str, tuple[str, ...], dict[str, Any]]
                               ) -> None:  # fmt: skip
    assert take_path(method, path) == expected


def test_the_query_joins_the_named_parameters() -> None:
    query = [("timestamp", "5d"), ("tags[]", "a"), ("tags[]", "b")]
    assert take_path("GET", "/events/index", query)[3] == {"timestamp": "5d", "tags": ["a", "b"]}


def test_a_wrapped_body_is_unwrapped_and_a_bad_one_refused() -> None:
    assert take_body(b'{"request": {"value": "x"}}') == {"value": "x"}
    assert take_body(b'{"request": {"value": "x"}, "y": 1}') == {"request": {"value": "x"}, "y": 1}
    assert take_body(b"  ") is None
    for bad in (b"{", b"\xff", b"[" * 100_000):
        with pytest.raises(MispRefused) as refused:
            take_body(bad)
        assert refused.value.status == 400


FORM = "application/x-www-form-urlencoded; charset=UTF-8"


@pytest.mark.parametrize(("raw", "expected"), [
    (b"returnFormat=json&value=evil.example", {"returnFormat": "json", "value": "evil.example"}),
    (b"type[]=domain&type%5B%5D=ip-dst&last=1d", {"type": ["domain", "ip-dst"], "last": "1d"}),
    (b"value=a%26b%20c+d&to_ids=", {"value": "a&b c d", "to_ids": ""}),
    (b' {"value": "as curl -d sends it"}', {"value": "as curl -d sends it"}),
    (b"\xff=\xfe", {"\ufffd": "\ufffd"}),
    (b"", None),
])  # fmt: skip
def test_a_form_is_read_as_its_fields(raw: bytes, expected: object) -> None:
    assert take_body(raw, FORM) == expected


def test_a_form_is_bounded_and_read_as_such_by_its_media_type_alone() -> None:
    with pytest.raises(MispRefused, match="too many fields"):
        take_body(b"&".join(b"a%d=1" % number for number in range(500)), FORM)
    with pytest.raises(MispRefused, match="not JSON"):
        take_body(b"value=evil.example", "application/json")
