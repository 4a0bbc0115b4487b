"""Unit tests have no network: whoever reaches for it fails, on this machine too and not only where there is none."""

from __future__ import annotations

import socket
from typing import Any, NoReturn

import pytest


class NetworkUsedError(AssertionError):
    """A unit test, or the code under it, reached for the network."""


_INTERNET = (socket.AF_INET, socket.AF_INET6)
_REACHING = ("bind", "connect", "connect_ex", "sendmsg", "sendto")


def _refuse(*_: Any, **__: Any) -> NoReturn:
    raise NetworkUsedError("unit tests have no network: use a simulator of the port, or move the test to tests/flow")


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse names and Internet sockets; socket pairs, which event loops wake themselves with, go on working."""

    def guarded(name: str) -> Any:
        real = getattr(socket.socket, name)

        def guard(self: socket.socket, *arguments: Any) -> Any:
            return _refuse() if self.family in _INTERNET else real(self, *arguments)

        return guard

    for name in _REACHING:
        monkeypatch.setattr(socket.socket, name, guarded(name))
    for name in ("create_connection", "create_server", "getaddrinfo", "gethostbyname", "gethostbyname_ex"):
        monkeypatch.setattr(socket, name, _refuse)
