"""Bad input, on a served hub: a clear error or a listed fault, nothing lost, no crash, and the hub goes on.

Each attack is a row: what is sent, what answers. After each the hub is alive and takes a good contribution.
"""

from __future__ import annotations

import gzip
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar import Litestar
from litestar.testing import TestClient

from fusioncell.web.app import make_app
from hubs import make_hub, visitor
from served import Party, ServedHub, eventually, new_hub

STIX = "application/stix+json;version=2.1"
JSON = "application/json"
NOW = datetime.now(UTC)


def stamp(ago: timedelta = timedelta(hours=1)) -> str:
    return (NOW - ago).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def indicator(names: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{uuid.uuid4()}",
        "created": stamp(),
        "modified": stamp(),
        "pattern_type": "stix",
        "pattern": f"[domain-name:value = '{names}']",
        "valid_from": stamp(),
        **more,
    }


def bundle(*objects: Any) -> bytes:
    return json.dumps({"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": objects}).encode()


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedHub]:
    with ServedHub(new_hub(tmp_path_factory.mktemp("bad") / "hub", max_body_mb="1")) as served:
        yield served


@pytest.fixture(scope="module")
def member(hub: ServedHub) -> Party:
    return hub.party("Member")


@pytest.fixture(scope="module")
def reader(hub: ServedHub) -> Party:
    return hub.party("Member", "reader")


def is_problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """Check that an error is a problem document that says what to do (RFC 9457)."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    said: dict[str, Any] = answer.json()
    assert said["status"] == status
    assert said["title"]
    assert said["detail"]
    assert "Traceback" not in answer.text
    assert "fusioncell." not in answer.text
    return said


# -- refused whole -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Attack:
    """One row: what is sent to POST /api/contributions, the status and words of the answer."""

    name: str
    body: bytes
    media: str
    status: int
    words: str = ""
    terms: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


GOOD = bundle(indicator("good.example"))
_DEEP = b'{"objects":[' + b"[" * 1000 + b"]" * 1000 + b"]}"
_DEEP_OBJECT = b'{"type":"bundle","objects":' + b'[{"a":' * 1000 + b"1" + b"}]" * 1000 + b"}"
_BOMB = gzip.compress(b"[" + b" " * 30_000_000 + b"]")

REFUSED = [
    Attack("empty body", b"", JSON, 400),
    Attack("nothing but spaces", b" \n\t ", "text/plain", 400, "empty"),
    Attack("malformed JSON", b'{"type": "bundle", "objects": [', STIX, 400, "JSON"),
    Attack("JSON cut in a string", b'{"type": "bun', JSON, 400),
    Attack("a number", b"17", JSON, 400),
    Attack("null", b"null", STIX, 400),
    Attack("objects is a string", b'{"type":"bundle","objects":"all"}', STIX, 400),
    Attack("objects holds numbers alone", b'{"type":"bundle","objects":[1,2,3]}', STIX, 400, "objects[0]"),
    Attack("an event that is a list", b'{"Event": []}', JSON, 400),
    Attack("attributes that are a word", b'{"Event": {"uuid": 1, "info": [], "Attribute": "x"}}', JSON, 400),
    Attack("1,000 arrays deep", _DEEP, STIX, 400),
    Attack("1,000 objects deep", _DEEP_OBJECT, STIX, 400),
    Attack("100,000 deep", b"[" * 100_000, JSON, 400),
    Attack("bad UTF-8 in JSON", b'{"type":"bundle","objects":[{"type":"x","id":"\xff\xfe"}]}', STIX, 400),
    Attack("UTF-16", json.dumps({"objects": []}).encode("utf-16"), JSON, 400),
    Attack("neither STIX nor MISP", b'{"hello": "world"}', JSON, 415, "neither"),
    Attack("an unknown media type", GOOD, "image/png", 415, "image/png"),
    Attack("a picture", b"\x89PNG\r\n", "image/png", 415, "Attach it to a post"),
    Attack("a media type of nonsense", GOOD, "a" * 500, 415),
    Attack("a gzip body", gzip.compress(GOOD), STIX, 415, "Content-Encoding", headers={"Content-Encoding": "gzip"}),
    Attack("a gzip bomb", _BOMB, JSON, 415, "Content-Encoding", headers={"Content-Encoding": "gzip"}),
    Attack("a gzip bomb that does not say so", _BOMB, JSON, 415, "Unpack it"),
    Attack("over the limit", b'"' + b"a" * (2 << 20) + b'"', JSON, 413),
    Attack("an unknown parameter", GOOD, STIX, 400, "tpl", {"tpl": "red"}),
    Attack("no TLP label", GOOD, STIX, 400, "pink", {"tlp": "pink"}),
    Attack("no use", GOOD, STIX, 400, "fun", {"uses": "fun"}),
    Attack("a group that one is not in", GOOD, STIX, 403, "", {"tlp": "amber", "group": "group:0b8ad5c2.1"}),
    Attack("a group that is none", GOOD, STIX, 400, "names no group", {"tlp": "amber", "group": "everyone"}),
    Attack("two groups in one", GOOD, STIX, 400, "", {"tlp": "amber", "group": "org:a,org:b"}),
    Attack("an office of the hub", GOOD, STIX, 400, "", {"tlp": "amber+strict", "group": "may:approve"}),
    Attack("GREEN to a group", GOOD, STIX, 400, "TLP:GREEN names no groups", {"tlp": "green", "group": "org:a"}),
    Attack("AMBER to a person", GOOD, STIX, 400, "names no people", {"tlp": "amber", "person": "person:a"}),
    Attack("a name of 10,000 letters", GOOD, STIX, 400, "", {"filename": "a" * 10_000}),
]


@pytest.mark.parametrize("attack", REFUSED, ids=[attack.name for attack in REFUSED])
def test_is_refused_clearly_and_the_hub_goes_on(hub: ServedHub, member: Party, attack: Attack) -> None:
    before = hub.hub.record.head()[0]
    answer = member.http.post(
        "/api/contributions",
        content=attack.body,
        params=attack.terms,
        headers={"Content-Type": attack.media, **attack.headers},
    )
    said = is_problem(answer, attack.status)
    assert attack.words in answer.text
    assert len(answer.text) < 2000, "an error does not repeat what was sent"
    if attack.status in (400, 403, 415) and attack.media != JSON:
        assert said.get("hint") or said.get("place"), said
    assert hub.hub.record.head()[0] == before, "something of it was kept"
    assert_alive(hub, member)


def assert_alive(hub: ServedHub, member: Party) -> None:
    """The hub serves, and takes a good contribution up to its projection."""
    assert hub.visitor().http.get("/readyz").status_code == 200
    name = f"after-{uuid.uuid4().hex[:8]}.example"
    member.posts(json.loads(bundle(indicator(name))), STIX, tlp="green")
    assert member.sees("domain-name", name) is not None


def test_a_body_without_length_is_bounded_too(hub: ServedHub, member: Party) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(64):
            yield b" " * 65_536

    try:
        answer = member.http.post("/api/contributions", content=endless(), headers={"Content-Type": JSON})
    except httpx.TransportError:
        pass  # the hub need not read the rest, and may hang up
    else:
        is_problem(answer, 413)
    assert_alive(hub, member)


def test_who_may_not_is_refused(hub: ServedHub, member: Party, reader: Party) -> None:
    wrong = Party(hub.url, "fc_0123456789abcdef_" + "A" * 43, "")
    sent = {"content": GOOD, "headers": {"Content-Type": STIX}}
    is_problem(reader.http.post("/api/contributions", **sent), 403)
    is_problem(wrong.http.post("/api/contributions", **sent), 401)
    is_problem(hub.visitor().http.post("/api/contributions", **sent), 401)
    assert_alive(hub, member)


# -- kept, with its faults listed --------------------------------------------------------------------------------------


def outcome(party: Party, body: bytes, media: str = STIX, **terms: str) -> dict[str, Any]:
    """Contribute, wait until it is projected, and return its status."""
    answer = party.http.post(
        "/api/contributions", content=body, headers={"Content-Type": media}, params={"tlp": "green", **terms}
    )
    assert answer.status_code == 202, answer.text
    url = answer.json()["status_url"]
    assert eventually(lambda: party.http.get(url).json()["projected"], 30)
    said: dict[str, Any] = party.http.get(url).json()
    return {**said, "quarantine": answer.json()["quarantine"]}


def test_one_bad_object_among_ten_thousand(hub: ServedHub, tmp_path_factory: pytest.TempPathFactory) -> None:
    objects: list[Any] = [
        {
            "type": "domain-name",
            "id": f"domain-name--{uuid.uuid5(uuid.NAMESPACE_DNS, str(n))}",
            "value": f"d{n}.example",
        }
        for n in range(10_000)
    ]
    objects[7777] = {"type": "domain-name", "value": 17}
    with ServedHub(new_hub(tmp_path_factory.mktemp("big") / "hub", max_body_mb="4")) as big:
        found = outcome(big.party("Big"), bundle(*objects))
    assert (found["new"], found["fault_count"]) == (9_999, 1)
    assert found["faults"][0]["place"].startswith("objects[7777]")
    assert found["faults"][0]["reason"]


def test_ten_thousand_faults_are_counted_and_not_all_told(hub: ServedHub, member: Party) -> None:
    found = outcome(member, bundle(indicator("one-good.example"), *[1] * 10_000))
    assert found["new"] == 1
    assert found["fault_count"] == 10_000
    assert len(found["faults"]) <= 1000
    assert found["quarantine"].endswith(".jsonl") and "/" not in found["quarantine"], "no path of the server goes out"
    assert_alive(hub, member)


PATTERNS = [
    "[" * 5000,
    "[domain-name:value = '" + "a" * 100_000,
    "(" * 2000 + "[domain-name:value = 'x.example']" + ")" * 2000,
    "[domain-name:value MATCHES '(a+)+$']",
    " AND ".join(["[domain-name:value = 'p.example']"] * 3000),
    "[domain-name:value = 'x.example'] REPEATS 99999999999999999999 TIMES",
    "[file:hashes.'SHA-256' = '" + "\\'" * 5000 + "']",
    "\x00[domain-name:value = 'x.example']",
    "",
]


@pytest.mark.parametrize("number", range(len(PATTERNS)))
def test_patterns_that_blow_up_are_kept_or_listed(hub: ServedHub, member: Party, number: int) -> None:
    found = outcome(member, bundle(indicator("x.example", pattern=PATTERNS[number])))
    assert found["new"] + found["fault_count"] >= 1
    assert_alive(hub, member)


def test_one_id_with_two_contents_is_kept_twice_and_flagged(hub: ServedHub, member: Party) -> None:
    one = indicator("first-content.example")
    other = {**one, "pattern": "[domain-name:value = 'second-content.example']"}
    found = outcome(member, bundle(one, other))
    assert (found["new"], found["conflicts"]) == (2, 1)
    assert member.sees("domain-name", "first-content.example")
    assert member.sees("domain-name", "second-content.example")


def test_a_claim_dated_2099_is_no_immortal(hub: ServedHub, member: Party) -> None:
    future = "2099-01-01T00:00:00.000Z"
    outcome(member, bundle(indicator("future.example", created=future, modified=future, valid_from=future)))
    found = member.sees("domain-name", "future.example")
    assert found is not None
    assert found["last"] is None or found["last"] < (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    assert found["active"] <= found["malicious"] + 1e-9


def test_labels_over_63_octets_are_listed(hub: ServedHub, member: Party) -> None:
    found = outcome(member, bundle(indicator("a" * 64 + ".example"), indicator("beside.example")))
    assert found["fault_count"] == 1
    assert "63" in found["faults"][0]["reason"]
    assert member.sees("domain-name", "beside.example")


def test_a_homograph_is_a_name_of_its_own(hub: ServedHub, member: Party) -> None:
    outcome(member, bundle(indicator("раураl-homograph.example")))
    seen = member.sees("domain-name", "раураl-homograph.example")
    assert seen is not None
    assert seen["value"].startswith("xn--")
    assert member.sees("domain-name", "paypal-homograph.example") is None


def test_zero_bytes_do_no_harm(hub: ServedHub, member: Party) -> None:
    found = outcome(member, bundle(indicator("nul-name.example", name="a\x00b"), indicator("nul\x00.example")))
    assert found["new"] == 2
    assert member.sees("domain-name", "nul-name.example")
    text = b"Seen: zero\x00byte hxxp://nul-text[.]example/x today"
    refused = member.http.post("/api/contributions", content=text, headers={"Content-Type": "text/plain"})
    assert "NUL" in is_problem(refused, 400)["detail"]
    assert_alive(hub, member)


def test_bad_utf8_in_text_is_read_as_far_as_it_goes(hub: ServedHub, member: Party) -> None:
    answer = member.http.post(
        "/api/contributions",
        content=b"caf\xe9 at hxxp://latin1[.]example/ today",
        headers={"Content-Type": "text/plain"},
    )
    assert answer.status_code in (202, 400)
    assert_alive(hub, member)


def test_a_huge_field_of_a_table(hub: ServedHub, member: Party) -> None:
    rows = b"domain,comment\nhuge-field.example," + b"x" * 900_000 + b"\nbeside-huge.example,small\n"
    found = outcome(member, rows, "text/csv")
    assert found["new"] >= 1
    assert member.sees("domain-name", "beside-huge.example")


def test_an_open_quote_does_not_swallow_the_table(hub: ServedHub, member: Party) -> None:
    rows = b'domain,comment\nquote-before.example,fine\nquote-open.example,"open\n' + b"more.example,x\n" * 100
    found = outcome(member, rows, "text/csv")
    assert found["new"] >= 1
    assert member.sees("domain-name", "quote-before.example")


# -- the other doors ---------------------------------------------------------------------------------------------------

ASKED = [
    ("an unknown type", "GET", "/api/observables/colour/red", 400),
    ("a value of another type", "GET", "/api/observables/ipv4-addr/999.1.1.1", 400),
    ("a very long value", "GET", "/api/observables/domain-name/" + "a." * 5000 + "example", 400),
    ("an unknown page token", "GET", "/api/search?q=x&before=17", 400),
    ("a search for nothing", "GET", "/api/search?q=", 400),
    ("a search without its question", "GET", "/api/search", 400),
    ("a very long search", "GET", "/api/search?q=" + "a" * 9000, 400),
    ("a limit of nonsense", "GET", "/api/contributions?limit=many", 400),
    ("a limit beyond", "GET", "/api/contributions?limit=100000", 400),
    ("a limit below", "GET", "/api/contributions?limit=-1", 400),
    ("an unknown parameter", "GET", "/api/contributions?limits=5", 400),
    ("a contribution that is none", "GET", "/api/contributions/..%2f..%2fetc%2fpasswd", 404),
    ("a decision that is none", "GET", "/api/shield/decisions/%00", 404),
    ("a state that is none", "GET", "/api/shield/decisions?state=sleeping", 400),
    ("a door that is none", "GET", "/api/nothing", 404),
    ("a method that is none", "PUT", "/api/search", 405),
    ("an entry that is none", "POST", f"/api/contributions/{uuid.uuid4()}/recall?entry=x", 400),
]


@pytest.mark.parametrize(("name", "method", "path", "status"), ASKED, ids=[row[0] for row in ASKED])
def test_other_doors_refuse_clearly(
    hub: ServedHub, member: Party, name: str, method: str, path: str, status: int
) -> None:
    is_problem(member.http.request(method, path), status)


@pytest.mark.parametrize("path, methods", [
    ("/api/contributions", {"GET", "POST"}), ("/api/match", {"POST"}), ("/taxii2/partnership/collections/", {"GET"}),
])  # fmt: skip
def test_a_method_that_is_none_is_told_which_there_are(member: Party, path: str, methods: set[str]) -> None:
    answer = member.http.put(path)
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) - {"HEAD", "OPTIONS"} == methods


def test_a_cursor_of_nonsense_is_refused(hub: ServedHub, member: Party) -> None:
    for token in ("17", "x" * 5000, str(uuid.uuid4()), "0" * 36):
        answer = member.http.get("/api/stream", headers={"Last-Event-ID": token})
        is_problem(answer, 400)


def test_an_address_of_70_kb_does_not_stop_the_hub(hub: ServedHub, member: Party) -> None:
    try:
        answer = member.http.get("/api/search", params={"q": "a" * 65_000})
        assert 400 <= answer.status_code < 500
    except httpx.TransportError:
        pass  # the server may hang up on a request line that long
    assert_alive(hub, member)


def test_another_ones_entry_cannot_be_recalled(hub: ServedHub, member: Party) -> None:
    other = hub.party("Other")
    name = "stays.example"
    theirs = other.posts(json.loads(bundle(indicator(name))), STIX, tlp="green")
    entry = other.http.get(f"/api/contributions/{theirs}").json()["entries"][0]["id"]
    mine = member.posts(json.loads(bundle(indicator("mine.example"))), STIX, tlp="green")
    is_problem(member.http.post(f"/api/contributions/{theirs}/recall"), 404)
    is_problem(member.http.post(f"/api/contributions/{theirs}/recall", params={"entry": entry}), 404)
    is_problem(member.http.post(f"/api/contributions/{mine}/recall", params={"entry": entry}), 404)
    assert member.sees("domain-name", name) is not None


# -- fuzz --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient[Litestar]]:
    hub = new_hub(tmp_path_factory.mktemp("fuzz") / "hub", max_body_mb="1")
    org = hub.members.add_organisation("Fuzzer", "test", "industry")
    key = hub.members.make_key(org.id, role="administrator")[1].reveal()
    with TestClient(make_app(hub), raise_server_exceptions=False) as client:
        client.headers["Authorization"] = f"Bearer {key}"
        yield client
    hub.settle()
    assert hub.record.verify() == hub.record.head()[0]
    hub.close()


EVENT = json.dumps(
    {
        "Event": {
            "uuid": str(uuid.uuid4()),
            "info": "x",
            "date": "2026-01-01",
            "Attribute": [
                {"uuid": str(uuid.uuid4()), "type": "domain", "value": "m.example", "to_ids": True, "timestamp": "1"}
            ],
        }
    }
).encode()
SEEDS = [
    GOOD,
    EVENT,
    b"domain,comment\na.example,b\n",
    b"seen at hxxp://a[.]example/x and 1.2.3.4",
    b"a.example\nb.example\n",
    b'[{"Event":{}}]',
    b'{"objects":[{"type":"report"}]}',
]
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["type", "id", "objects", "Event", "Attribute", "value", "pattern", "x"])
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A good body with some of it cut out, repeated or overwritten."""
    body = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(body)))
        end = draw(st.integers(at, min(len(body), at + 40)))
        body[at:end] = draw(
            st.binary(max_size=12)
            | st.sampled_from([b"\x00", b"[", b"{", b'"', b"\\u0000", b"\xff", b"9" * 400, b"null"])
        )
    return bytes(body)


BODIES = (
    mutated()
    | st.binary(max_size=400)
    | _JSON.map(lambda v: json.dumps(v).encode())
    | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass"))
)
MEDIA = st.sampled_from(
    [
        STIX,
        JSON,
        "text/csv",
        "text/plain",
        "application/vnd.misp+json",
        "text/uri-list",
        "text/markdown",
        "",
        "application/octet-stream",
        "text/plain; charset=utf-16",
        "multipart/form-data",
    ]
)
BOUNDED = settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
ANYTHING = st.text(max_size=60) | st.sampled_from(
    ["..", "%00", "\x00", "'", '"', "a" * 300, "xn--", "١.example", "::", "%"]
)


@BOUNDED
@given(body=BODIES, media=MEDIA, filename=st.sampled_from(["", "a.json", "a.csv", "../../etc/passwd", "a.eml"]))
def test_no_body_breaks_the_hub(client: TestClient[Litestar], body: bytes, media: str, filename: str) -> None:
    answer = client.post(
        "/api/contributions", content=body, headers={"Content-Type": media}, params={"filename": filename}
    )
    assert answer.status_code in (202, 400, 413, 415), answer.text
    hub = client.app.state.hub
    hub.settle()
    if answer.status_code == 202:
        status = client.get(answer.json()["status_url"])
        assert status.status_code == 200
        assert status.json()["projected"]
        assert client.get(f"/api/contributions/{answer.json()['contribution']}/content").status_code in (200, 404)
    else:
        assert answer.json()["detail"]


@BOUNDED
@given(
    kind=st.sampled_from(["domain-name", "url", "auto", "ipv4-addr", "cidr", "sha256", "email-addr"]) | ANYTHING,
    value=ANYTHING,
)
def test_no_observable_breaks_the_hub(client: TestClient[Litestar], kind: str, value: str) -> None:
    path = "/".join(quote(part.encode("utf-8", "surrogatepass"), safe="") for part in (kind, value))
    assert client.get(f"/api/observables/{path}").status_code < 500
    assert client.get(f"/observables/{path}", headers={"Accept": "text/html"}).status_code < 500


@BOUNDED
@given(query=ANYTHING, before=st.none() | ANYTHING)
def test_no_search_breaks_the_hub(client: TestClient[Litestar], query: str, before: str | None) -> None:
    asked = {"q": query, **({"before": before} if before is not None else {})}
    sent = "&".join(f"{k}={quote(v.encode('utf-8', 'surrogatepass'), safe='')}" for k, v in asked.items())
    assert client.get(f"/api/search?{sent}").status_code < 500
    assert client.get(f"/search?{sent}", headers={"Accept": "text/html"}).status_code < 500


@BOUNDED
@given(body=BODIES, media=MEDIA, cursor=st.binary(max_size=50))
def test_no_match_and_no_cursor_breaks_the_hub(
    client: TestClient[Litestar], body: bytes, media: str, cursor: bytes
) -> None:
    assert client.post("/api/match", content=body, headers={"Content-Type": media}).status_code < 500
    value = bytes(byte for byte in cursor if byte not in b"\r\n\0") or b"x"
    assert client.get("/api/stream", headers={"Last-Event-ID": value}).status_code == 400


def test_a_field_named_like_a_room_of_the_hub_is_the_senders_fault(tmp_path: Path) -> None:
    """The framework took it for its own fault: a service of that name is handed in (found by schemathesis)."""
    made = make_hub(tmp_path / "hub")
    with visitor(made) as client:
        key = {"Authorization": f"Bearer {made.provider.key}"}
        for path, more in (("/api/threads", {}), ("/api/drafts", {}), ("/api/requests", {"deadline": "2026-12-31"})):
            answer = client.post(path, json={"text": "x", "files": {}, **more}, headers=key)
            assert answer.status_code == 400 and answer.json()["place"] == "files", answer.text
    made.hub.close()


def test_a_recall_that_says_its_entry_in_a_body_withdraws_nothing(tmp_path: Path) -> None:
    made = make_hub(tmp_path / "hub")
    with visitor(made) as client:
        key = {"Authorization": f"Bearer {made.provider.key}"}
        said = client.post("/api/contributions?tlp=green", content="bad[.]example and worse[.]example",
                           headers={**key, "Content-Type": "text/plain"}).json()["contribution"]  # fmt: skip
        for door in ("recall", "narrow?tlp=red", "widen?tlp=clear"):
            answer = client.post(f"/api/contributions/{said}/{door}", json={"entry": "x"}, headers=key)
            assert answer.status_code == 400 and "body" in answer.json()["detail"], answer.text
        assert client.post(f"/api/contributions/{said}/recall", json={}, headers=key).status_code == 202
    made.hub.close()
