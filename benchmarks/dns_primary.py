"""The RPZ primary: building, memory, changes, transfers beside Knot and BIND, and many subscribers at once.

Run: ``PYTHONPATH=src python benchmarks/dns_primary.py [--quick] [--peers] [--start] [names …]`` (default 100000 and
1000000; ``--quick`` the first alone). ``--peers``: Knot and BIND serve the same zone, taken in turns by the same
reader, which counts records and no more. ``--start``: also what a hub's start adds, whose projections hold that many
blocks.

The primaries run in processes of their own; their CPU is read from /proc. Names are synthetic, made here. Rates by wall
time mean something only beside each other, taken in one run: the line "load" says how busy the machine was.
"""

from __future__ import annotations

import asyncio
import base64
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from bench import report

from fusioncell.edges.dns_server import Limits, TsigKey, start_dns_server
from fusioncell.edges.dns_tsig import Signer
from fusioncell.shield.live_zone import LiveZone
from fusioncell.shield.zone import ORIGIN, ZoneImage, wire_name, zone_text

HOST = "127.0.0.1"
KEY = TsigKey("bench", b"0" * 32)
SUBSCRIBERS = 50
ROUNDS = 5
_PATH = os.environ.get("PATH", "") + ":/usr/sbin"
_TICKS = os.sysconf("SC_CLK_TCK")


def names(count: int, seed: int) -> Iterator[str]:
    """Make names of a usual length, the same each time."""
    rng = random.Random(seed)
    for number in range(count):
        yield f"{rng.getrandbits(rng.choice((24, 40, 56))):x}-{number:x}.example{rng.choice(('.com', '.net', '.org'))}"


def memory(pid: int | str = "self", field: str = "VmRSS") -> float:
    """Read a process's memory in MB; ``VmHWM`` is its peak."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1e3
    return 0.0


def cpu(pid: int) -> float:
    """Read a process's CPU seconds."""
    parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / _TICKS


def request(rdtype: int, serial: int | None = None, signed: bool = True, *, origin: str = ORIGIN,
            key: TsigKey = KEY) -> bytes:  # fmt: skip
    """Make a request behind its length. Its id is new, as a signed one is taken once."""
    question = wire_name(origin) + rdtype.to_bytes(2, "big") + b"\0\x01"
    wire = os.urandom(2) + b"\0\0\0\x01\0\0" + (b"\0\x01" if serial is not None else b"\0\0") + b"\0\0" + question
    if serial is not None:
        rdata = b"\0\0" + serial.to_bytes(4, "big") + b"\0" * 16
        wire += b"\xc0\x0c\0\x06\0\x01\0\0\0\0" + len(rdata).to_bytes(2, "big") + rdata
    if signed:
        wire = Signer(key, b"").sign(wire)
    return len(wire).to_bytes(2, "big") + wire


class Taken(NamedTuple):
    """What came of a transfer."""

    records: int
    size: int
    seconds: float
    first: float


def take(port: int, wire: bytes, records: int, patience: float = 300) -> Taken:
    """Take a transfer of that many records, counting them and no more."""
    start = time.perf_counter()
    with socket.create_connection((HOST, port), timeout=patience) as conn:
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        conn.sendall(wire)
        left, got, size, first = b"", 0, 0, 0.0
        while got < records:
            part = conn.recv(1 << 18)
            if not part:
                raise ConnectionError(f"ended after {got} records")
            first = first or time.perf_counter() - start
            size += len(part)
            left += part
            at = 0
            while at + 2 <= len(left) and at + 2 + (length := int.from_bytes(left[at:at + 2], "big")) <= len(left):
                got += int.from_bytes(left[at + 8:at + 10], "big")
                at += 2 + length
            left = left[at:]
    return Taken(got, size, time.perf_counter() - start, first)


# -- the primaries, each a process -------------------------------------------------------------------------------------


class Primary(NamedTuple):
    """A running primary."""

    label: str
    port: int
    pid: int
    loaded: float
    """CPU seconds until it served."""
    said: list[str]


async def _serve(count: int) -> None:
    """Be our primary: say the port, take orders line by line."""
    idle = memory()
    start = time.process_time()
    made = list(names(count, 1)) if count <= 10_000 else names(count, 1)
    zone = LiveZone(ZoneImage.build(made, 1))
    built = time.process_time() - start
    server = await start_dns_server(zone, HOST, 0, keys=[KEY], limits=Limits(connections_per_address=256))
    print(server.port, f"{built:.3f}", f"{idle:.1f}", f"{memory():.1f}", f"{memory(field='VmHWM'):.1f}", flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        zone.change([f"{line.strip()}.example.net"])
        print(zone.serial, flush=True)


def _fusioncell(count: int, stack: ExitStack, _folder: Path) -> Primary:
    process = subprocess.Popen([sys.executable, __file__, "--serve", str(count)], stdin=subprocess.PIPE,  # noqa: S603
                               stdout=subprocess.PIPE, text=True)
    stack.callback(_end, process)
    assert process.stdout is not None
    said = process.stdout.readline().split()
    assert process.stdin is not None
    _PIPES[process.pid] = process
    return Primary("fusioncell", int(said[0]), process.pid, cpu(process.pid), said[1:])


_PIPES: dict[int, subprocess.Popen[str]] = {}


def _change(primary: Primary, word: str) -> int:
    """Have our primary block one more name; return the serial."""
    process = _PIPES[primary.pid]
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(word + "\n")
    process.stdin.flush()
    return int(process.stdout.readline())


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()


def _other(label: str, program: list[str], port: int, stack: ExitStack, folder: Path) -> Primary:
    process = subprocess.Popen(program, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,  # noqa: S603
                               text=True)
    stack.callback(_end, process)
    end = time.monotonic() + 240
    while time.monotonic() < end and process.poll() is None:
        try:
            if take(port, request(6), 1, 0.5).records:
                return Primary(label, port, process.pid, cpu(process.pid), [])
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"{label} does not serve the zone")


def _free() -> int:
    with socket.socket() as sock:
        sock.bind((HOST, 0))
        return int(sock.getsockname()[1])


def _knot(stack: ExitStack, folder: Path) -> Primary:
    port, secret = _free(), base64.b64encode(KEY.secret).decode()
    (folder / "knot.conf").write_text(f"""
server:
    listen: {HOST}@{port}
    rundir: {folder}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: {folder}
key:
  - id: {KEY.name}
    algorithm: {KEY.algorithm}
    secret: {secret}
acl:
  - id: xfr
    key: {KEY.name}
    action: transfer
zone:
  - domain: {ORIGIN}
    storage: {folder}
    file: zone
    zonefile-sync: -1
    zonefile-load: whole
    journal-content: none
    semantic-checks: off
    acl: xfr
""")
    return _other("knot", [shutil.which("knotd", path=_PATH) or "", "-c", "knot.conf"], port, stack, folder)


def _bind(stack: ExitStack, folder: Path) -> Primary:
    port, secret = _free(), base64.b64encode(KEY.secret).decode()
    (folder / "named.conf").write_text(f"""
key "{KEY.name}" {{ algorithm {KEY.algorithm}; secret "{secret}"; }};
options {{ directory "{folder}"; pid-file none; listen-on port {port} {{ {HOST}; }}; listen-on-v6 {{ none; }};
  recursion no; notify no; dnssec-validation no; }};
controls {{ }};
zone "{ORIGIN}" {{ type primary; file "zone"; check-names ignore; allow-transfer {{ key "{KEY.name}"; }}; }};
""")
    program = [shutil.which("named", path=_PATH) or "", "-f", "-4", "-n", "1", "-c", "named.conf"]
    return _other("bind", program, port, stack, folder)


@contextmanager
def primaries(count: int, peers: bool) -> Iterator[list[Primary]]:
    """Start our primary and, where they are installed and wanted, Knot and BIND with the same zone."""
    with ExitStack() as stack, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = [_fusioncell(count, stack, folder)]
        if peers:
            with (folder / "zone").open("w") as file:
                file.writelines(zone_text(ZoneImage.build(names(count, 1), 1)))
            for program, start in (("knotd", _knot), ("named", _bind)):
                if shutil.which(program, path=_PATH):
                    found.append(start(stack, folder))
        yield found


# -- what is measured --------------------------------------------------------------------------------------------------


def changes(count: int) -> None:
    """Changes in this process: one name, 10,000 at once, the steps that follow for a client."""
    zone = LiveZone(ZoneImage.build(names(count, 1), 1))
    question = wire_name(ORIGIN) + b"\0\xfb\0\x01"
    single, steps = [], []
    for number in range(300):
        start = time.perf_counter()
        zone.change([f"new-{number}.example.net"], [f"new-{number - 1}.example.net"] if number % 2 else [])
        single.append(time.perf_counter() - start)
        signer = Signer(KEY, b"m" * 32)
        start = time.perf_counter()
        for message in zone.ixfr(zone.serial - 1, 1, question)[1]:
            signer.sign(message)
        steps.append(time.perf_counter() - start)
    single.sort()
    steps.sort()
    report("one name changed", names=count, median_us=single[150] * 1e6, p99_us=single[296] * 1e6)
    report("IXFR of it made and signed", names=count, median_us=steps[150] * 1e6, p99_us=steps[296] * 1e6)
    start = time.process_time()
    zone.change(names(10_000, 2))
    report("10,000 names added at once", names=count, cpu_s=time.process_time() - start)
    start = time.process_time()
    for name in names(10_000, 3):
        zone.change([name])
    report("10,000 names added one by one", names=count, cpu_s=time.process_time() - start)
    start = time.process_time()
    size = sum(map(len, zone.ixfr(zone.serial - 900, 1, question)[1]))
    report("IXFR of 900 steps", names=count, kB=size / 1e3, cpu_s=time.process_time() - start)


def transfers(count: int, found: list[Primary]) -> None:
    """Whole transfers, signed: in turns, so that what else the machine does meets all alike; the median of five."""
    records = 2 * count + 3
    rates: dict[str, list[float]] = {each.label: [] for each in found}
    spent = {each.label: cpu(each.pid) for each in found}
    sizes: dict[str, int] = {}
    for _ in range(ROUNDS):
        for each in found:
            taken = take(each.port, request(252), records)
            rates[each.label].append(taken.records / taken.seconds)
            sizes[each.label] = taken.size
    for each in found:
        report(f"AXFR with TSIG from {each.label}", names=count, records_s=statistics.median(rates[each.label]),
               MB=sizes[each.label] / 1e6, server_cpu_s=(cpu(each.pid) - spent[each.label]) / ROUNDS,
               loaded_cpu_s=each.loaded, resident_MB=memory(each.pid))
    ours = statistics.median(rates["fusioncell"])
    for label, values in rates.items():
        if label != "fusioncell":
            report(f"AXFR beside {label}", times=ours / statistics.median(values))


def together(primary: Primary, count: int) -> None:
    """Fifty subscribers at once: the step of one name, then the whole zone."""
    for label, rdtype, records in (("IXFR of one name", 251, 6), ("AXFR", 252, 2 * count + 3)):
        if rdtype == 252 and count > 100_000:
            continue  # 2.5 GB through two cores that others use: said for 100,000 names
        serial = _change(primary, f"for-{rdtype}-{count}") if rdtype == 251 else 0
        if rdtype == 252:
            records += 2
        wires = [request(rdtype, serial - 1 if serial else None) for _ in range(SUBSCRIBERS)]
        at_once(label, primary.port, primary.pid, wires, records, names=count)


def at_once(label: str, port: int, pid: int, wires: list[bytes], records: int, **more: int) -> None:
    """Send requests at once and print when the last one has its records, and what it cost the server."""
    found: list[Taken] = []
    before, start = cpu(pid), time.perf_counter()
    threads = [threading.Thread(target=lambda wire=wire: found.append(take(port, wire, records))) for wire in wires]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    report(f"{len(found)} subscribers at once: {label}", **more, wall_s=time.perf_counter() - start,
           slowest_first_byte_s=max(taken.first for taken in found), MB=sum(taken.size for taken in found) / 1e6,
           server_cpu_s=cpu(pid) - before, peak_MB=memory(pid, "VmHWM"))  # fmt: skip


def starting(count: int) -> None:
    """The zone of a hub whose projections hold that many standing blocks: what a start adds for it."""
    from bench import new_hub

    from fusioncell.shield import store

    with new_hub() as hub:
        columns = list(store.decision.c)
        blank = {column.name: 0 if column.type.python_type in (int, float) else "" for column in columns}
        blank |= {"category": "phishing", "scope": "phishing", "state": "published", "severity": "medium",
                  "origin": "actor", "expires_at": 1}
        places = [list(blank).index(name) for name in ("seq", "id", "name")]

        def rows() -> Iterator[tuple[object, ...]]:
            row = list(blank.values())
            for number, name in enumerate(names(count, 1)):
                for place, value in zip(places, (number + 1_000_000, f"d{number}", name), strict=True):
                    row[place] = value
                yield tuple(row)

        with hub.databases["projections"].write() as connection:
            connection.run("INSERT INTO shield_category (id) VALUES ('phishing') ON CONFLICT (id) DO NOTHING")
            connection.run_many(f"INSERT INTO shield_decision ({', '.join(blank)}) "
                                f"VALUES ({', '.join('?' * len(blank))})", rows())
        before, start, wall = memory(), time.process_time(), time.perf_counter()
        with hub.databases["projections"].read() as connection:
            image = ZoneImage.build(store.published_names(connection), 1)
        report("zone at a hub's start", names=len(image), cpu_s=time.process_time() - start,
               wall_s=time.perf_counter() - wall, added_MB=memory() - before, wire_MB=image.size / 1e6)


def main() -> None:
    """Measure each size."""
    if "--serve" in sys.argv:
        asyncio.run(_serve(int(sys.argv[-1])))
        return
    sizes = [int(text) for text in sys.argv[1:] if text.isdecimal()]
    for count in sizes or ([100_000] if "--quick" in sys.argv else [100_000, 1_000_000]):
        report("load", names=count, load=os.getloadavg()[0], cores=os.cpu_count())
        with primaries(count, "--peers" in sys.argv) as found:
            built, idle, resident, peak = map(float, found[0].said)
            report("zone built", names=count, cpu_s=built, above_idle_MB=resident - idle,
                   peak_above_idle_MB=peak - idle)
            transfers(count, found)
            together(found[0], count)
        changes(count)
        if "--start" in sys.argv:
            starting(count)


if __name__ == "__main__":
    main()
