"""The table of server-side request forgery: no feed and no webhook is led inside. One row an attack, both doors."""

from __future__ import annotations

import socket
from collections.abc import Callable

import httpx
import pytest

from fusioncell.edges.fetch import Reader
from fusioncell.edges.webhook import HttpCaller
from fusioncell.kernel.errors import FusionCellError

PUBLIC = "93.184.215.14"
NAMES = {
    "feed.example": [PUBLIC],
    "loopback.example": ["127.0.0.1"],
    "private.example": ["10.1.2.3"],
    "both.example": [PUBLIC, "192.168.0.1"],
    "metadata.example": ["169.254.169.254"],
    "mapped.example": ["::ffff:10.0.0.1"],
    "nat64.example": ["64:ff9b::7f00:1"],
    "inner.example": ["10.0.0.5"],
    "other-inner.example": ["10.0.0.6"],
}


def resolve(host: str, port: int) -> list[str]:
    """Resolve as the system does: names by the table, and all that inet_aton reads (decimal, octal, hex, short)."""
    if host in NAMES:
        return NAMES[host]
    if ":" in host:
        return [host]
    try:
        return [socket.inet_ntoa(socket.inet_aton(host))]
    except OSError:
        return []


ATTACKS = {
    "loopback": "https://127.0.0.1/",
    "loopback, elsewhere in 127/8": "https://127.8.8.8/",
    "localhost": "https://localhost/",
    "a name of loopback": "https://loopback.example/",
    "this host": "https://0.0.0.0/",
    "link-local": "https://169.254.1.1/",
    "cloud metadata": "https://169.254.169.254/latest/meta-data/",
    "a name of cloud metadata": "https://metadata.example/",
    "private 10/8": "https://10.0.0.1/",
    "private 172.16/12": "https://172.20.0.1/",
    "private 192.168/16": "https://192.168.1.1/",
    "a private name": "https://private.example/",
    "one address of several inside": "https://both.example/",
    "carrier-grade NAT": "https://100.64.0.1/",
    "multicast": "https://224.0.0.251/",
    "broadcast": "https://255.255.255.255/",
    "benchmarking": "https://198.18.0.1/",
    "documentation": "https://192.0.2.1/",
    "IPv6 loopback": "https://[::1]/",
    "IPv6 unspecified": "https://[::]/",
    "IPv6 link-local": "https://[fe80::1]/",
    "IPv6 link-local with a zone": "https://[fe80::1%25eth0]/",
    "IPv6 unique local": "https://[fd00::1]/",
    "IPv6 multicast": "https://[ff02::1]/",
    "IPv4-mapped": "https://[::ffff:127.0.0.1]/",
    "IPv4-mapped in hex": "https://[::ffff:7f00:1]/",
    "a name of IPv4-mapped": "https://mapped.example/",
    "IPv4-compatible": "https://[::127.0.0.1]/",
    "6to4": "https://[2002:7f00:1::]/",
    "NAT64": "https://[64:ff9b::a00:1]/",
    "a name of NAT64": "https://nat64.example/",
    "Teredo": "https://[2001:0:7f00:1::1]/",
    "decimal": "https://2130706433/",
    "hex": "https://0x7f000001/",
    "octal": "https://017700000001/",
    "octal parts": "https://0177.0.0.1/",
    "hex parts": "https://0x7f.0.0.0x1/",
    "short": "https://127.1/",
    "decimal private": "https://167772161/",
    "with a user": "https://ada@feed.example/",
    "with a password": "https://ada:word@feed.example/",
    "the host behind an at sign": "https://feed.example@127.0.0.1/",
    "the host behind a backslash": "https://feed.example\\@127.0.0.1/",
    "file": "file:///etc/passwd",
    "gopher": "gopher://feed.example/_GET",
    "ftp": "ftp://feed.example/",
    "dict": "dict://feed.example:11211/stat",
    "javascript": "javascript:alert(1)",
    "no scheme": "//feed.example/",
    "no host": "https:///etc/passwd",
    "SSH's port": "https://feed.example:22/",
    "SMTP's port": "https://feed.example:25/",
    "Redis' port": "https://feed.example:6379/",
    "memcached's port": "https://feed.example:11211/",
    "port 0": "https://feed.example:0/",
    "a port that is none": "https://feed.example:65536/",
    "a host that is not allowed": "https://inner.example/",
    "a name that is none": "https://unknown.example/",
}


def _transport(seen: list[httpx.Request], answer: Callable[[httpx.Request], httpx.Response]) -> httpx.MockTransport:
    def take(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answer(request)

    return httpx.MockTransport(take)


def _body(content: bytes = b"x") -> httpx.Response:
    return httpx.Response(200, stream=httpx.ByteStream(content))


@pytest.mark.parametrize("url", ATTACKS.values(), ids=ATTACKS.keys())
def test_no_feed_is_fetched_from_inside(url: str) -> None:
    seen: list[httpx.Request] = []
    with pytest.raises(FusionCellError):
        Reader(resolve=resolve, transport=_transport(seen, lambda _: _body())).get(url, {}, 1000)
    assert seen == [], "no connection was made"


@pytest.mark.parametrize("url", ATTACKS.values(), ids=ATTACKS.keys())
def test_no_webhook_is_called_inside(url: str) -> None:
    seen: list[httpx.Request] = []
    code, said = HttpCaller(resolve=resolve, transport=_transport(seen, lambda _: _body())).post(url, b"{}", {})
    assert code == 0 and said
    assert seen == [], "no connection was made"


@pytest.mark.parametrize("url", ATTACKS.values(), ids=ATTACKS.keys())
def test_no_feed_is_redirected_inside(url: str) -> None:
    seen: list[httpx.Request] = []
    away = _transport(seen, lambda _: httpx.Response(302, headers={"location": url.encode("ascii", "ignore")}))
    with pytest.raises(FusionCellError):
        Reader(resolve=resolve, transport=away).get("https://feed.example/list", {}, 1000)
    assert {request.url.host for request in seen} == {PUBLIC}, "only where it was first asked"


def test_a_webhook_follows_no_redirect() -> None:
    seen: list[httpx.Request] = []
    away = _transport(seen, lambda _: httpx.Response(307, headers={"location": "https://127.0.0.1/"}))
    assert HttpCaller(resolve=resolve, transport=away).post("https://feed.example/hook", b"{}", {})[0] == 307
    assert len(seen) == 1


def _rebinding() -> Callable[[str, int], list[str]]:
    """A name that is public when it is checked, and loopback when it is asked again."""
    asked: list[str] = []

    def look_up(host: str, port: int) -> list[str]:
        asked.append(host)
        return [PUBLIC] if len(asked) == 1 else ["127.0.0.1"]

    return look_up


def test_a_name_that_changes_between_check_and_connection_is_asked_once() -> None:
    seen: list[httpx.Request] = []
    transport = _transport(seen, lambda _: _body())
    Reader(resolve=_rebinding(), transport=transport).get("https://feed.example/x", {}, 1000)
    HttpCaller(resolve=_rebinding(), transport=transport).post("https://feed.example/x", b"{}", {})
    assert [request.url.host for request in seen] == [PUBLIC, PUBLIC]
    assert {request.headers["host"] for request in seen} == {"feed.example"}
    assert {request.extensions["sni_hostname"] for request in seen} == {"feed.example"}, "TLS verifies the name"


def test_a_name_that_changes_before_a_redirect_is_checked_anew() -> None:
    seen: list[httpx.Request] = []
    away = _transport(seen, lambda _: httpx.Response(302, headers={"location": "/again"}))
    with pytest.raises(FusionCellError, match="not on the public Internet"):
        Reader(resolve=_rebinding(), transport=away).get("https://feed.example/x", {}, 1000)
    assert len(seen) == 1


def test_the_operators_may_allow_an_inner_host_and_that_host_alone() -> None:
    seen: list[httpx.Request] = []
    inner = Reader(["inner.example"], resolve=resolve, transport=_transport(seen, lambda _: _body()))
    assert inner.get("http://inner.example:8080/list", {}, 1000).body == b"x"
    with pytest.raises(FusionCellError):
        inner.get("http://other-inner.example/", {}, 1000)
    with pytest.raises(FusionCellError):
        inner.get("http://10.0.0.5/", {}, 1000)
    assert len(seen) == 1


@pytest.mark.parametrize("start", ["https://feed.example/list", "http://other-public.example/list"])
def test_nobody_else_redirects_to_an_inner_host_that_is_allowed(start: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NAMES, "other-public.example", [PUBLIC])
    seen: list[httpx.Request] = []
    away = _transport(seen, lambda _: httpx.Response(302, headers={"location": "https://inner.example/admin"}))
    with pytest.raises(FusionCellError):
        Reader(["inner.example"], resolve=resolve, transport=away).get(start, {}, 1000)
    assert len(seen) == 1


def test_an_allowed_host_leads_to_no_other_inner_host() -> None:
    seen: list[httpx.Request] = []
    away = _transport(seen, lambda _: httpx.Response(302, headers={"location": "http://other-inner.example/"}))
    with pytest.raises(FusionCellError):
        Reader(["inner.example"], resolve=resolve, transport=away).get("http://inner.example/", {}, 1000)
    assert len(seen) == 1


def test_credentials_stay_with_their_origin() -> None:
    seen: list[httpx.Request] = []
    places = iter([httpx.Response(302, headers={"location": "https://feed.example/two"}),
                   httpx.Response(302, headers={"location": "https://cdn.example/three"}), _body()])  # fmt: skip
    names = {"feed.example": [PUBLIC], "cdn.example": ["93.184.215.15"]}
    reader = Reader(resolve=lambda host, port: names[host], transport=_transport(seen, lambda _: next(places)))
    reader.get("https://feed.example/one", {"Accept": "x"}, 1000, {"Authorization": "Bearer secret"})
    assert ["authorization" in request.headers for request in seen] == [True, True, False]


def test_https_is_not_left_and_redirects_end() -> None:
    seen: list[httpx.Request] = []
    down = _transport(seen, lambda _: httpx.Response(302, headers={"location": "http://feed.example/"}))
    with pytest.raises(FusionCellError, match="https to http"):
        Reader(resolve=resolve, transport=down).get("https://feed.example/", {}, 1000)
    seen.clear()
    again = _transport(seen, lambda _: httpx.Response(302, headers={"location": "/again"}))
    with pytest.raises(FusionCellError, match="redirects"):
        Reader(resolve=resolve, transport=again).get("https://feed.example/", {}, 1000)
    assert len(seen) == 6


def test_too_large_an_answer_is_cut_off() -> None:
    seen: list[httpx.Request] = []
    with pytest.raises(FusionCellError, match="over 1,000 bytes"):
        Reader(resolve=resolve, transport=_transport(seen, lambda _: _body(b"x" * 2000))).get(
            "https://feed.example/", {}, 1000)
