"""Fetching an address never leads inside: a table of addresses, names, redirects."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from fusioncell.edges.fetch import fetch, is_public
from fusioncell.kernel.errors import BadInput, FusionCellError, NotAllowed, TooLarge, Unavailable

PUBLIC = "93.184.215.14"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
        "169.254.169.254", "100.64.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9",
        "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
        "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "2001:db8::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::10.0.0.1",
        "2002:7f00:1::", "2002:a00:1::1", "2002:c0a8:101::1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a00:1", "2001:0:7f00:1::1", "100::1", "not an address", "", "127.1",
    ],
)  # fmt: skip
def test_inside_is_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", [PUBLIC, "1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"])
def test_the_public_internet_is_taken(address: str) -> None:
    assert is_public(address)


def _world(names: dict[str, list[str]]) -> Callable[[str, int], list[str]]:
    return lambda host, port: names.get(host, [host] if host.replace(".", "").isdigit() else [])


def _answering(answer: Callable[[httpx.Request], httpx.Response], seen: list[httpx.Request]) -> httpx.MockTransport:
    def take(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answer(request)

    return httpx.MockTransport(take)


NAMES = {
    "feed.example": [PUBLIC],
    "inside.example": ["10.0.0.5"],
    "both.example": [PUBLIC, "127.0.0.1"],
    "metadata.example": ["::ffff:169.254.169.254"],
}


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("http://inside.example/", NotAllowed),
        ("http://both.example/", NotAllowed),
        ("http://metadata.example/latest/meta-data", NotAllowed),
        ("http://127.0.0.1:8080/", NotAllowed),
        ("http://[::1]/", NotAllowed),
        ("http://unknown.example/", Unavailable),
        ("ftp://feed.example/", BadInput),
        ("file:///etc/passwd", BadInput),
        ("gopher://feed.example/", BadInput),
        ("http:///x", BadInput),
        ("http://user:word@feed.example/", BadInput),
        ("http://feed.example:99999/", BadInput),
    ],
)
def test_what_is_not_fetched(url: str, error: type[FusionCellError]) -> None:
    seen: list[httpx.Request] = []
    names = _world({**NAMES, "::1": ["::1"]})
    with pytest.raises(error):
        fetch(url, 1000, resolve=names, transport=_answering(lambda _: httpx.Response(200), seen))
    assert seen == [], "no connection was made"


def test_the_checked_address_is_the_one_connected_to() -> None:
    seen: list[httpx.Request] = []
    looked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        looked.append(host)
        return [PUBLIC] if len(looked) == 1 else ["127.0.0.1"]

    fetched = fetch(
        "https://feed.example/a/list.csv?day=1",
        1000,
        resolve=resolve,
        transport=_answering(
            lambda _: httpx.Response(200, stream=httpx.ByteStream(b"x"), headers={"content-type": "text/csv"}), seen
        ),
    )
    assert looked == ["feed.example"], "one look-up: a second could answer another"
    assert seen[0].url.host == PUBLIC
    assert seen[0].url.raw_path == b"/a/list.csv?day=1"
    assert seen[0].headers["host"] == "feed.example"
    assert seen[0].extensions["sni_hostname"] == "feed.example"
    assert (fetched.body, fetched.filename, fetched.media_type) == (b"x", "list.csv", "text/csv")


@pytest.mark.parametrize(
    ("location", "error"),
    [
        ("http://inside.example/", NotAllowed),
        ("http://169.254.169.254/latest", NotAllowed),
        ("//127.0.0.1/", NotAllowed),
        ("file:///etc/passwd", BadInput),
        ("/again", Unavailable),
    ],
)
def test_each_redirect_is_checked(location: str, error: type[FusionCellError]) -> None:
    seen: list[httpx.Request] = []
    answer = _answering(lambda _: httpx.Response(302, headers={"location": location}), seen)
    with pytest.raises(error):
        fetch("http://feed.example/", 1000, resolve=_world(NAMES), transport=answer)
    assert all(request.url.host == PUBLIC for request in seen)
    assert len(seen) <= 6


def test_no_step_down_from_https() -> None:
    answer = _answering(lambda _: httpx.Response(301, headers={"location": "http://feed.example/"}), [])
    with pytest.raises(NotAllowed):
        fetch("https://feed.example/", 1000, resolve=_world(NAMES), transport=answer)


def test_a_redirect_to_the_public_is_followed() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/old":
            return httpx.Response(302, headers={"location": "/new.json"})
        return httpx.Response(200, stream=httpx.ByteStream(b"{}"))

    fetched = fetch("http://feed.example/old", 1000, resolve=_world(NAMES), transport=httpx.MockTransport(answer))
    assert fetched.filename == "new.json"


def test_the_size_is_bounded() -> None:
    answer = httpx.MockTransport(lambda _: httpx.Response(200, stream=httpx.ByteStream(b"x" * 1001)))
    with pytest.raises(TooLarge):
        fetch("http://feed.example/", 1000, resolve=_world(NAMES), transport=answer)
