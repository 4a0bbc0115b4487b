"""The demonstration's run: makes or continues its folder, serves it on loopback, and lets the story go on beside."""

from __future__ import annotations

import ipaddress
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from fusioncell.bootstrap import Folder, Hub, SystemClock, open_hub, read_settings
from fusioncell.cli.hub import NO_DNS, check_free
from fusioncell.cli.options import note
from fusioncell.cli.serve import serve
from fusioncell.demo import PAST, Cast, Director, StoryClock, prepare
from fusioncell.kernel.clock import HOUR
from fusioncell.kernel.errors import BadInput, Conflict
from fusioncell.kernel.settings import host_port

DATA = "data/demo"
HTTP = "127.0.0.1:8080"
DNS = "127.0.0.1:5353"
NOTES = "story.json"
OFFICERS = ("officer-1.pem", "officer-2.pem")
PASSPHRASE = "demonstration only"  # noqa: S105 - no secret: it is printed at each start
"""Of the officers' keys: in a hub of your own each officer has one that nobody else knows."""


class NotesFile:
    """Where the story is, as a small file in the demonstration's folder."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / NOTES

    def load(self) -> dict[str, Any] | None:
        """Return what was saved last, None where nothing was."""
        try:
            return json.loads(self._file.read_bytes())  # type: ignore[no-any-return]
        except FileNotFoundError:
            return None

    def save(self, notes: dict[str, Any]) -> None:
        """Keep the notes; a crash leaves the old ones or the new ones, never half of them."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps(notes))
        fresh.replace(self._file)


def officers_keys(folder: Path) -> list[bytes]:
    """Return the two officers' public keys; their private ones stand in the demonstration's folder, for a reveal."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        PrivateFormat,
        load_pem_private_key,
    )

    found = []
    for name in OFFICERS:
        file, phrase = folder / name, PASSPHRASE.encode()
        if not file.exists():
            made = X25519PrivateKey.generate()
            file.touch(0o600)
            file.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(phrase)))
        key = load_pem_private_key(file.read_bytes(), phrase)
        assert isinstance(key, X25519PrivateKey)
        found.append(key.public_key().public_bytes_raw())
    return found


class ReadyLinks(list[dict[str, str]]):
    """The sign-in page's list of roles; each look at it makes new links, because a link works once."""

    def __init__(self, cast: Cast) -> None:
        super().__init__()
        self._cast = cast

    def __iter__(self) -> Iterator[dict[str, str]]:
        return iter(self._cast.fresh_links(HOUR))

    def __bool__(self) -> bool:
        return True


def on_loopback(listen: str, option: str) -> str:
    """Return the address if only this machine can reach it. Raises BadInput: the demonstration lets everyone in."""
    host, _ = host_port(listen)
    try:
        local = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local:
        raise BadInput(
            f"the demonstration lets everyone in, so it listens on this machine alone, not on {host}",
            hint=f"Leave {option} out, or give 127.0.0.1:PORT. From elsewhere: ssh -L 8080:127.0.0.1:8080.",
        )
    return listen


def demo_folder(path: Path, *, fresh: bool) -> Folder:
    """Return the demonstration's folder, made where it is missing or was never finished.

    Raises Conflict for the folder of a real hub, or one that another process runs on: nothing is touched then.
    """
    folder = Folder(path)
    if not folder.exists:
        if path.is_dir() and any(path.iterdir()):
            raise Conflict(
                f"{path} holds files that are not the demonstration's", hint="Choose another folder with --data."
            )
        folder.make("demo")
        return folder
    if folder.kind != "demo":
        raise Conflict(
            f"{path} holds a real hub, made by `fusioncell init`; the demonstration will not touch it",
            hint="Leave --data out, or name another folder.",
        )
    if fresh or not (path / NOTES).exists():
        if not folder.lock():
            raise Conflict(f"the demonstration in {path} is running", hint="Stop it first (Ctrl-C where it runs).")
        shutil.rmtree(path)
        folder.unlock()
        folder = Folder(path)
        folder.make("demo")
    return folder


def run_demo(
    data: str | Path | None = None,
    http: str = HTTP,
    dns: str = DNS,
    echo: Callable[[str], object] = click.echo,
    *,
    fast: float = 1.0,
    fresh: bool = False,
) -> None:
    """Run the demonstration until Ctrl-C or SIGTERM.

    ``fast``: seconds of the story in one second; ``fresh``: forget what was told in the folder and start over.
    """
    on_loopback(http, "--http")
    dns = "" if dns.lower() in NO_DNS else on_loopback(dns, "--dns")
    check_free(http, dns)
    path = Path(data or DATA)
    known = (path / NOTES).exists() and not fresh
    folder = demo_folder(path, fresh=fresh)
    echo("Going on where the demonstration stopped …" if known else "Making the partnership and its last two days …")
    real = SystemClock()
    now = real.now()
    clock = StoryClock(real, now - PAST)
    settings = read_settings(data=str(folder.path), http_listen=http, dns_listen=dns or None)
    # What is set on this machine for a real hub is not for this one.
    settings = replace(settings, database_url="", dns_notify="", dns_tls_listen="", public_url="")
    if settings.log_level == "info":
        settings = replace(settings, log_level="warning")  # what it prints is for a visitor
    hub = open_hub(folder.path, settings, clock=clock)
    stop = threading.Event()
    try:
        director = prepare(hub, clock, now, NotesFile(folder.path), officers_keys(folder.path))
    except BaseException:
        hub.close()
        raise
    clock.go_live()
    hub.demo_roles = ReadyLinks(director.cast)
    teller = threading.Thread(target=director.run, args=(stop, fast), name="story", daemon=True)

    def ready(url: str, dns_port: int) -> None:
        echo(_welcome(hub, director, url, host_port(dns)[0] if dns else "", dns_port))
        director.settle = lambda: None  # the river has its own thread now
        teller.start()

    def stopping() -> None:
        stop.set()
        if teller.ident is not None:
            teller.join(10)

    serve(hub, http, dns, ready, stopping)


def _welcome(hub: Hub, director: Director, url: str, dns_host: str, dns_port: int) -> str:
    """Say where it is, how to get in, and what to try."""
    roles = director.cast.fresh_links()
    wide = max(len(role["name"]) for role in roles)
    lines = [
        "",
        f"The demonstration runs at {url} (on this machine only). Everything in it is made up.",
        "",
        "Sign in by opening one of these; each works once, the sign-in page has new ones:",
    ]
    for role in roles:
        lines += [f"  {role['name']:<{wide}}  {role['role']}, {role['org']}", f"  {'':<{wide}}  {url}{role['href']}"]
    lines += [
        "",
        "Ask the API as the bank's member (the key is made anew each start):",
        f'  curl -H "Authorization: Bearer {director.cast.visitor_key()}" \\',
        f"    {url}/api/observables/domain/landpost-redelivery.example",
    ]
    if dns_port:
        zone = hub.shield.zone.origin
        lines += [
            "",
            f"The blocked names are the zone {zone}, on {dns_host} port {dns_port}:",
            f"  dig @{dns_host} -p {dns_port} {zone} AXFR",
            "Let a resolver of yours take it, in unbound.conf:",
            '  server:\n    module-config: "respip validator iterator"\n    do-not-query-localhost: no',
            f'  rpz:\n    name: "{zone}"\n    primary: {dns_host}@{dns_port}\n    allow-notify: {dns_host}',
            "    rpz-log: yes",
            'Made-up names exist nowhere, so the answer is the same without it: its log says "rpz: applied".',
        ]
    return "\n".join(
        [
            *lines,
            "",
            "The two officers' keys, to reveal an anonymous author (see `fusioncell officer --help`):",
            f"  {' '.join(str(hub.folder.path / name) for name in OFFICERS)}  passphrase: {PASSPHRASE}",
            "",
            f"Data: {hub.folder.path}. Stop: Ctrl-C. The next start goes on from there; --fresh starts over.",
            "",
        ]
    )


@click.command(
    epilog="""\b
Examples:
  fusioncell demo
  fusioncell demo --fast 10
  fusioncell demo --fresh
The demonstration listens on this machine alone, and never touches a hub made by `init`. Ctrl-C stops it; the next start
goes on where it was."""
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder of the demonstration.  [default: data/demo]",
)
@click.option("--http", default=HTTP, show_default=True, metavar="HOST:PORT", help="Where pages and API listen.")
@click.option(
    "--dns",
    default=DNS,
    show_default=True,
    metavar="HOST:PORT",
    help="Where the RPZ primary listens; none: nowhere.",
)
@click.option(
    "--fast",
    type=click.FloatRange(0.1, 1000),
    default=1.0,
    metavar="N",
    help="Tell the story N times as fast.  [default: 1]",
)
@click.option("--fresh", is_flag=True, help="Forget what was told in the folder and start over.")
def demo(data: Path | None, http: str, dns: str, fast: float, fresh: bool) -> None:
    """Run a made-up partnership whose members keep sharing, and print a sign-in link for each role."""
    run_demo(data, http, dns, click.echo, fast=fast, fresh=fresh)
    note("The demonstration has ended.")
