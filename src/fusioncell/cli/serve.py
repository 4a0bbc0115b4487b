"""Run the hub in the foreground: pages and API by uvicorn, the zone's primary, the river; stop cleanly on SIGTERM."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable

import uvicorn

from fusioncell.bootstrap import Hub
from fusioncell.kernel.settings import host_port
from fusioncell.web.app import close_streams, make_app

KEEP_ALIVE = 75
"""Seconds that a connection may stand idle before the hub closes it.

uvicorn's own 5 is what scripts sleep between two requests (PyMISP's suite does), and a request that crosses the closing
is reset. A proxy in front must be the first to close: nginx keeps its upstream connections for 60 seconds.
"""


class _Server(uvicorn.Server):
    """Leaves signals to us: the hub stops its rooms in order."""

    def install_signal_handlers(self) -> None:
        """Do nothing."""


async def _serve(hub: Hub, http: str, dns: str, ready: Callable[[str, int], None]) -> None:
    host, port = host_port(http)
    app = make_app(hub)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level=hub.settings.log_level,
        access_log=False,
        lifespan="on",
        ws="none",  # no door speaks WebSocket: its library is not loaded
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=3,
        forwarded_allow_ips=hub.settings.trusted_proxies,
        server_header=False,
        date_header=True,
        backlog=4096,
        h11_max_incomplete_event_size=65_536,
    )
    server = _Server(config)
    loop = asyncio.get_running_loop()

    def stop() -> None:
        close_streams(app)
        server.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    primary = await hub.serve_dns(dns) if dns else None
    serving = asyncio.create_task(server.serve())
    while not server.started and not serving.done():
        await asyncio.sleep(0.02)
    if server.started:
        bound = server.servers[0].sockets[0].getsockname()[1]
        ready(f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{bound}", primary.port if primary else 0)  # noqa: S104
    await serving
    if primary is not None:
        await primary.close()


def serve(
    hub: Hub, http: str, dns: str, ready: Callable[[str, int], None], stopping: Callable[[], None] = lambda: None
) -> None:
    """Serve until SIGTERM or Ctrl-C.

    ``ready(url, dns port)`` is called once the hub answers; ``stopping()`` when it no longer does, before it closes.
    """
    logging.basicConfig(level=hub.settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    hub.settle()
    hub.start()

    def announce(url: str, dns_port: int) -> None:
        hub.local_token = hub.folder.announce(url, f"{dns.rpartition(':')[0]}:{dns_port}" if dns_port else "")
        ready(url, dns_port)

    try:
        import uvloop

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(hub, http, dns, announce))
    finally:
        stopping()
        hub.folder.retract()
        hub.close()
