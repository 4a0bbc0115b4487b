"""Commands that make and run a hub: ``init``, ``up``."""

from __future__ import annotations

import socket
from pathlib import Path

import click

from fusioncell.cli.options import data_option, json_option, show
from fusioncell.kernel.errors import BadInput, Conflict
from fusioncell.kernel.settings import host_port

NO_DNS = frozenset({"", "none", "off"})


@click.command(
    epilog="""\b
Example:
  fusioncell init --data data --org "Department of Examples" --email me@dept.example
The key is shown this once; keep it where only you can read it."""
)
@data_option
@click.option("--org", required=True, metavar="NAME", help="The first organisation.")
@click.option("--email", required=True, metavar="ADDRESS", help="E-mail address of its administrator.")
@click.option("--person", metavar="NAME", help="The administrator's name.  [default: the address]")
@click.option("--kind", default="government", show_default=True, help="government, industry, police, isp or academia.")
@click.option("--sector", default="government", show_default=True, help="Where it works, in its own word.")
@json_option
def init(data: Path | None, org: str, email: str, person: str | None, kind: str, sector: str, as_json: bool) -> None:
    """Make a hub in a new folder, with its first organisation, an administrator and an API key."""
    from fusioncell.bootstrap import Folder, open_hub
    from fusioncell.cli.door import data_folder
    from fusioncell.members import admit_email, admit_kind, admit_name

    # All is checked before the folder is made: a refused init leaves nothing behind.
    admit_name(org, "The name"), admit_email(email), admit_kind(kind), admit_name(sector, "The sector", 80)
    folder = Folder(data_folder(data))
    folder.make("hub")
    hub = open_hub(folder.path)
    try:
        organisation = hub.members.add_organisation(org, sector, kind)
        someone = hub.members.add_person(organisation.id, person or email, email, ("administrator",))
        info, secret = hub.members.make_key(organisation.id, someone.id, "administrator", "first key")
        hub.settle()
    finally:
        hub.close()
    result = {
        "organisation": organisation.id,
        "organisation_name": organisation.name,
        "person": someone.id,
        "key": info.id,
        "api_key": secret.reveal(),
    }
    show(
        result,
        as_json,
        f"A hub is in {folder.path}: {organisation.name}, administrator {someone.email}\n"
        f"API key (shown this once): {secret.reveal()}\n"
        f"Start it:     fusioncell up --data {folder.path}\n"
        f"Sign in:      fusioncell link --data {folder.path} --email {someone.email}",
    )


@click.command(
    epilog="""\b
Examples:
  fusioncell up --data data
  fusioncell up --data data --http 0.0.0.0:8080 --dns 0.0.0.0:53
  fusioncell up --data data --dns none
SIGTERM or Ctrl-C stops it; nothing accepted is lost. GET /readyz answers 200 while it serves."""
)
@data_option
@click.option("--http", metavar="HOST:PORT", help="Where pages and API listen.  [default: the setting `http_listen`]")
@click.option(
    "--dns", metavar="HOST:PORT", help="Where the RPZ primary listens; none: nowhere.  [default: `dns_listen`]"
)
def up(data: Path | None, http: str | None, dns: str | None) -> None:
    """Run the hub in the foreground: pages, API and the RPZ zone."""
    from fusioncell.bootstrap import Folder, open_hub, read_settings
    from fusioncell.cli.serve import serve

    settings = read_settings(data=str(data) if data else None, http_listen=http, dns_listen=dns or None)
    http = settings.http_listen
    dns = "" if dns is not None and dns.lower() in NO_DNS or settings.dns_listen in NO_DNS else settings.dns_listen
    folder = Folder(settings.data)
    if folder.kind == "demo":
        raise Conflict(
            f"{folder.path} holds a demonstration",
            hint="Run it with: fusioncell demo. Make a hub of your own with: fusioncell init",
        )
    check_free(http, dns, settings.dns_tls_listen if dns else "")
    try:
        hub = open_hub(folder.path, settings)
    except Conflict:
        running = folder.announced() or {}
        where = f" at {running['url']} (process {running['pid']})" if running else ""
        raise Conflict(
            f"another process has {folder.path}{where}", hint="Stop it first, or choose another --data."
        ) from None

    def ready(url: str, dns_port: int) -> None:
        zone = f"; zone {hub.shield.zone.origin} on {host_port(dns)[0]}:{dns_port}" if dns_port else ""
        click.echo(f"ready: {url}{zone}")

    serve(hub, http, dns, ready)


def check_free(http: str, dns: str, tls: str = "") -> None:
    """Find out before anything is opened whether the ports are free. Raises Conflict, BadInput."""
    wanted = [(http, "--http", socket.SOCK_STREAM)]
    if dns:
        wanted += [(dns, "--dns", socket.SOCK_STREAM), (dns, "--dns", socket.SOCK_DGRAM)]
    if tls:
        wanted += [(tls, "dns_tls_listen", socket.SOCK_STREAM), (tls, "dns_tls_listen", socket.SOCK_DGRAM)]
    for listen, option, kind in wanted:
        host, port = host_port(listen)
        try:
            family, _, _, _, address = socket.getaddrinfo(host, port, type=kind, flags=socket.AI_PASSIVE)[0]
        except OSError as fault:
            raise BadInput(
                f"{listen!r} is no address of this machine: {fault.strerror or fault}",
                hint=f"Give {option} HOST:PORT, for example 127.0.0.1:{port}.",
            ) from None
        with socket.socket(family, kind) as probe:
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(address)
            except PermissionError:
                raise Conflict(
                    f"port {port} needs more rights than this user has",
                    hint=f"Choose a port over 1023 with {option}, or give CAP_NET_BIND_SERVICE.",
                ) from None
            except OSError as fault:
                raise Conflict(
                    f"{listen} cannot be used: {fault.strerror or fault}",
                    hint=f"Another program may listen there; choose another port with {option}.",
                ) from None
