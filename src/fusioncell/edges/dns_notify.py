"""NOTIFY (RFC 1996): tell each configured secondary that a zone has a new serial, until it says that it heard.

One worker per zone and target sends, waits for the answer with growing patience, and gives up after some tries: the
secondary then finds out by its own refresh. A change during a round makes the round start again, so a burst of changes
costs a target two messages, not one each.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import dns.flags
import dns.message
import dns.name
import dns.opcode

from fusioncell.edges.dns_tsig import Signer, TsigKey

log = logging.getLogger(__name__)

PATIENCE = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds to wait for an answer, try by try."""

GAP = 0.1
"""Least seconds between two rounds to one target: resolvers rebuild their index at each transfer."""


@dataclass(frozen=True)
class NotifyTarget:
    """A secondary to tell: address or host name, port, and the key to sign with, if any."""

    host: str
    port: int = 53
    key: TsigKey | None = None


@dataclass(frozen=True)
class _Worker:
    """What tells one target of one zone."""

    changed: asyncio.Event
    task: asyncio.Task[None]


class Notifier:
    """Runs the workers. ``serial`` reads a zone's serial at the time of sending; None where the zone is gone."""

    def __init__(self, serial: Callable[[str], int | None], patience: tuple[float, ...] = PATIENCE) -> None:
        self._serial = serial
        self._patience = patience
        self._workers: dict[tuple[str, NotifyTarget], _Worker] = {}
        self._ended: set[asyncio.Task[None]] = set()

    def set_targets(self, origin: str, targets: Iterable[NotifyTarget]) -> None:
        """Replace a zone's targets. A new one is told at once: while it was unknown, it may have missed something."""
        wanted = set(targets)
        for each in [each for each in self._workers if each[0] == origin and each[1] not in wanted]:
            task = self._workers.pop(each).task
            self._ended.add(task)
            task.add_done_callback(self._ended.discard)
            task.cancel()
        for target in wanted:
            if (origin, target) not in self._workers:
                changed = asyncio.Event()
                changed.set()
                task = asyncio.create_task(self._serve(origin, target, changed))
                self._workers[origin, target] = _Worker(changed, task)

    def zone_changed(self, origin: str | None = None, after: float = 0.0) -> None:
        """Start a round to every target of a zone, of all zones where none is given, now or in some seconds."""
        if after:
            asyncio.get_running_loop().call_later(after, self.zone_changed, origin)
            return
        for (zone, _), worker in self._workers.items():
            if origin in (None, zone):
                worker.changed.set()

    async def close(self) -> None:
        """Stop at once."""
        tasks = {worker.task for worker in self._workers.values()} | self._ended
        self._workers.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, origin: str, target: NotifyTarget, changed: asyncio.Event) -> None:
        while True:
            await changed.wait()
            changed.clear()
            try:
                await self._round(origin, target, changed)
            except OSError as failure:
                log.warning("NOTIFY to %s:%d: %s", target.host, target.port, failure)
            await asyncio.sleep(GAP)

    async def _round(self, origin: str, target: NotifyTarget, changed: asyncio.Event) -> None:
        answers: asyncio.Queue[bytes] = asyncio.Queue(maxsize=8)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: _Answers(answers),
                                                           remote_addr=(target.host, target.port))
        try:
            for patience in self._patience:
                query_id = secrets.randbits(16)
                message, mac = _message(query_id, origin, target)
                log.debug("NOTIFY %s:%d %s %s", target.host, target.port, origin, self._serial(origin))
                transport.sendto(message)
                try:
                    async with asyncio.timeout(patience):
                        while not _acknowledges(await answers.get(), query_id, target, mac):
                            pass
                    return
                except TimeoutError:
                    if changed.is_set():
                        return
            log.warning("NOTIFY to %s:%d: no answer", target.host, target.port)
        finally:
            transport.close()


class _Answers(asyncio.DatagramProtocol):
    """Puts what comes back into a short queue; what does not fit is dropped."""

    def __init__(self, answers: asyncio.Queue[bytes]) -> None:
        self._answers = answers

    def datagram_received(self, data: bytes, addr: object) -> None:
        if not self._answers.full():
            self._answers.put_nowait(data)

    def error_received(self, exc: Exception) -> None:
        log.debug("NOTIFY: %s", exc)


def _message(query_id: int, origin: str, target: NotifyTarget) -> tuple[bytes, bytes]:
    """Make a NOTIFY; return it with its MAC."""
    # RFC 1996 §3.7: the new SOA may stand in the answer section; the bare question is what every secondary takes.
    question = dns.name.from_text(origin).to_digestable() + struct.pack(">HH", 6, 1)
    message = struct.pack(">HHHHHH", query_id, dns.opcode.NOTIFY << 11 | dns.flags.AA, 1, 0, 0, 0) + question
    if target.key is None:
        return message, b""
    signer = Signer(target.key, b"")
    signed = signer.sign(message)
    return signed, signer.mac


def _acknowledges(data: bytes, query_id: int, target: NotifyTarget, mac: bytes) -> bool:
    """Tell whether this is the answer to our NOTIFY (any code: it was heard), signed where ours was."""
    keyring = None if target.key is None else {target.key.owner: target.key.for_dnspython()}
    try:
        answer = dns.message.from_wire(data, keyring=keyring, request_mac=mac)
    except Exception as failure:  # hostile or broken bytes are no answer
        log.debug("NOTIFY answer of %s:%d: %s", target.host, target.port, type(failure).__name__)
        return False
    return (answer.id == query_id and answer.opcode() == dns.opcode.NOTIFY and bool(answer.flags & dns.flags.QR)
            and (keyring is None or answer.had_tsig))
