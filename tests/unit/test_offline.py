"""The network guard of the unit tests bites, and leaves event loops alone."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

ATTEMPTS: list[tuple[str, Callable[[], object]]] = [
    ("tcp", lambda: socket.socket().connect(("127.0.0.1", 9))),
    ("tcp, by code", lambda: socket.socket().connect_ex(("127.0.0.1", 9))),
    ("udp", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9))),
    ("a listener", lambda: socket.socket().bind(("127.0.0.1", 0))),
    ("a name", lambda: socket.getaddrinfo("localhost", 80)),
    ("a connection", lambda: socket.create_connection(("127.0.0.1", 9))),
    ("an HTTP client", lambda: httpx.get("http://127.0.0.1:9/", trust_env=False)),
]


@pytest.mark.parametrize("attempt", [attempt for _, attempt in ATTEMPTS], ids=[name for name, _ in ATTEMPTS])
def test_reaching_out_fails(attempt: Callable[[], object]) -> None:
    with pytest.raises(AssertionError, match="unit tests have no network"):
        attempt()


def test_event_loops_work() -> None:
    async def across_threads() -> int:
        return await asyncio.to_thread(lambda: 42)

    # In a thread of its own: a browser test of the same worker may have left its loop running in this one.
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(asyncio.run, across_threads()).result() == 42
