"""The edge agent's steps, in CPU time of one core: telemetry, matching, transfers.

Run: ``PYTHONPATH=src python benchmarks/agent.py [frames] [names]`` (default 200000 and 200000). Frames and names are
synthetic, made here: a resolver's dnstap answers for names that are not listed, as nearly all are.
"""

from __future__ import annotations

import struct
import sys
import time
from collections.abc import Callable
from typing import Any

from bench import report

from fusioncell.shield.agent.dnstap import Dnstap
from fusioncell.shield.agent.frames import FrameStream
from fusioncell.shield.agent.listed import Listed
from fusioncell.shield.agent.logs import LOGS
from fusioncell.shield.agent.powerdns import parse as parse_powerdns
from fusioncell.shield.agent.records import read_message
from fusioncell.shield.agent.taking import Taking
from fusioncell.shield.live_zone import LiveZone
from fusioncell.shield.transfer import axfr, zone_question
from fusioncell.shield.zone import ORIGIN, ZoneImage

LINES = {
    "unbound-log": b"[1795336406] unbound[24995:0] info: rpz: applied [hub] *.bad.example. rpz-nxdomain "
    b"127.0.0.1@48413 www.BAD.example. A IN",
    "bind-log": b"22-Nov-2026 08:33:26.523 rpz: info: client @0x7fbc8be1a098 127.0.0.1#47976 (www.BAD.example): rpz "
    b"QNAME NXDOMAIN rewrite www.BAD.example/A/IN via www.BAD.example.rpz.fusioncell",
    "knot-log": b"[rules ] => local data applied, user: 127.0.0.1, name: www.bad.example.",
}


def field(tag: int, content: bytes) -> bytes:
    """Encode a field of bytes."""
    size = len(content)
    return bytes([tag, size] if size < 128 else [tag, size & 127 | 128, size >> 7]) + content


def frame(name: str) -> bytes:
    """Make a frame as Unbound sends it for an answer."""
    question = b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"
    answer = (struct.pack(">6H", 1, 0x8180, 1, 1, 0, 0) + question + b"\0\1\0\1"
              + b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1")  # fmt: skip
    inner = (b"\x08\x06\x10\x01\x18\x01" + field(0x22, b"\x0a\0\0\1") + field(0x2A, b"\x0a\0\0\2") + b"\x30\xd2\xf0\x03"
             b"\x38\x35\x40\xf0\x8a\xb5\xae\x06\x4d\1\2\3\4\x60\xf0\x8a\xb5\xae\x06\x6d\1\2\3\4"
             + field(0x72, answer))  # fmt: skip
    whole = field(0x0A, b"resolver-1.isp.example") + field(0x12, b"unbound 1.17.1") + field(0x72, inner) + b"\x78\1"
    return struct.pack(">I", len(whole)) + whole


def powerdns(name: str) -> bytes:
    """Make a message as a PowerDNS Recursor sends it for a hit."""
    response = (b"\x08\x03" + field(0x1A, b"hub") + b"\x38\2" + field(0x42, b"*.bad.example.")
                + field(0x4A, name.encode()) + b"\x50\3")  # fmt: skip
    return (b"\x08\2" + field(0x12, b"0" * 16) + b"\x20\1\x28\1" + field(0x32, b"\x0a\0\0\1") + b"\x40\x40"
            + field(0x62, field(0x0A, name.encode()) + b"\x10\1\x18\1") + field(0x6A, response))  # fmt: skip


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the CPU seconds of a piece of work, and its result; the best of three."""
    best, result = float("inf"), None
    for _ in range(3):
        began = time.process_time()
        result = work()
        best = min(best, time.process_time() - began)
    return best, result


def main(count: int, names: int) -> None:
    """Measure and print."""
    stream = b"".join(frame(f"www{n}.name-{n % 5000}.example") for n in range(count))
    pieces = [stream[at : at + 65_536] for at in range(0, len(stream), 65_536)]
    split, frames = timed(lambda: [one for cut in [FrameStream()] for piece in pieces for one in cut.feed(piece)])
    read, hits = timed(lambda: [parse(one) for parse in [Dnstap()] for one in frames])
    image = ZoneImage.build((f"bad{n}.evil-{n % 997}.example" for n in range(names)), 5)
    index, listed = timed(lambda: Listed([LiveZone(image)]))
    match, _ = timed(lambda: [listed.match(hit[0]) for hit in hits])
    report("dnstap: frames cut", measured=f"{count / split:,.0f} a CPU-second")
    report("dnstap: cut and read", measured=f"{count / (split + read):,.0f} a CPU-second")
    report(f"dnstap: matched with {names:,}, too", measured=f"{count / (split + read + match):,.0f} a CPU-second")
    messages = [powerdns(f"www{n}.bad.example.") for n in range(count // 4)]
    took, _ = timed(lambda: [parse_powerdns(one) for one in messages])
    report("PowerDNS messages", measured=f"{len(messages) / took:,.0f} a CPU-second")
    for kind, line in LINES.items():
        parse = LOGS[kind]()
        took, _ = timed(lambda parse=parse, line=line: [parse(line) for _ in range(count // 4)])  # type: ignore[misc]
        report(f"{kind} lines", measured=f"{count // 4 / took:,.0f} a CPU-second")
    report(f"index of {names:,} names", measured=f"{index:.2f} CPU-s")
    wires = list(axfr(image, 7, zone_question(image, 252)))

    def take() -> Taking:
        taking = Taking(ORIGIN, None)
        for number, wire in enumerate(wires):
            taking.take(read_message(wire).records)
            taking.message_ended(number == 0)
        return taking

    took, taking = timed(take)
    build, _ = timed(lambda: taking.result())
    report("transfer read", measured=f"{2 * names / took:,.0f} records a CPU-second; built in {build:.2f} CPU-s")


if __name__ == "__main__":
    given = [int(one) for one in sys.argv[1:]] + [200_000, 200_000]
    main(given[0], given[1] if len(sys.argv) > 2 else 200_000)
