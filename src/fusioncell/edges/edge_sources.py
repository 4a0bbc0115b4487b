"""Where telemetry comes from: a log file that grows, or a socket to which a resolver connects. Nothing is kept of it.

A file is read from its end on (what was logged before the agent began belongs to no open hour); it may be rotated. A
socket takes any number of connections up to a bound; one that sends what cannot be read is cut off.
"""

from __future__ import annotations

import asyncio
import logging
import os
import stat
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Protocol

log = logging.getLogger(__name__)

POLL = 0.25
"""Seconds between two looks at a file."""
_AT_ONCE = 1 << 20
_MAX_LINE = 1 << 14
_MAX_CONNECTIONS = 64


class Cutter(Protocol):
    """Cuts a connection's bytes into frames; raises ValueError where they are none."""

    reply: bytes
    finished: bool

    def feed(self, data: bytes) -> list[bytes]:
        """Return the frames that are whole now."""
        ...


Taker = Callable[[list[bytes]], None]
"""Takes lines or frames; it must not raise and not block."""


class LogTail:
    """Follows one file."""

    def __init__(self, path: str, take: Taker) -> None:
        self._path, self._take = Path(path), take
        self._file: BinaryIO | None = None
        self._rest = b""
        self.count: Counter[str] = Counter()

    async def run(self) -> None:
        """Follow until cancelled."""
        end = True
        try:
            while True:
                try:
                    more = self._look(end)
                except OSError as failure:
                    self.count["faults"] += 1
                    log.debug("%s: %s", self._path, failure)
                    more = False
                end = False
                await asyncio.sleep(0 if more else POLL)
        finally:
            self._close()

    def _look(self, end: bool) -> bool:
        """Read what is new; tell whether there may be more."""
        if self._file is None:
            self._file = self._path.open("rb")
            if end:
                self._file.seek(0, os.SEEK_END)
        data = self._file.read(_AT_ONCE)
        if data:
            *lines, self._rest = (self._rest + data).split(b"\n")
            if len(self._rest) > _MAX_LINE:
                self._rest = b""
            self.count["lines"] += len(lines)
            self._take(lines)
            return len(data) == _AT_ONCE
        held, now = os.fstat(self._file.fileno()), self._path.stat()
        if (held.st_dev, held.st_ino) != (now.st_dev, now.st_ino) or now.st_size < self._file.tell():
            self._close()
            return True
        return False

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file, self._rest = None, b""


class FrameServer:
    """Listens where resolvers send frames: ``path`` of a Unix socket, or host and port."""

    def __init__(self, make: Callable[[], tuple[Cutter, Taker]], *, path: str = "",
                 address: tuple[str, int] | None = None) -> None:
        self._make, self._path, self._address = make, path, address
        self._open = 0
        self.port = 0
        self.count: Counter[str] = Counter()

    async def run(self) -> None:
        """Listen until cancelled. Raises OSError where the address is taken."""
        if self._path:
            _free(Path(self._path))
            server = await asyncio.start_unix_server(self._accept, self._path)
            os.chmod(self._path, 0o660)  # the resolver's user is to be in the agent's group
        else:
            assert self._address is not None
            server = await asyncio.start_server(self._accept, *self._address)
            self.port = server.sockets[0].getsockname()[1]
        try:
            async with server:
                await server.serve_forever()
        finally:
            if self._path:
                Path(self._path).unlink(missing_ok=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._open >= _MAX_CONNECTIONS:
            writer.transport.abort()
            return
        self._open += 1
        cutter, take = self._make()
        try:
            while not cutter.finished and (data := await reader.read(1 << 16)):
                frames = cutter.feed(data)
                self.count["frames"] += len(frames)
                take(frames)
                if cutter.reply:
                    writer.write(cutter.reply)
                    cutter.reply = b""
                    await writer.drain()
        except ValueError as fault:
            self.count["faults"] += 1
            log.warning("a telemetry connection is cut off: %s", fault)
        except (OSError, asyncio.CancelledError) as end:
            log.debug("a telemetry connection ended: %s", type(end).__name__)
        finally:
            self._open -= 1
            writer.close()


def _free(path: Path) -> None:
    """Remove the socket that a former run left; anything else stays, and the bind fails."""
    if path.exists() and stat.S_ISSOCK(path.stat().st_mode):
        path.unlink()
