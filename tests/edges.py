"""An edge agent for tests: on an event loop of its own thread, or as the command that an ISP runs."""

from __future__ import annotations

import asyncio
import base64
import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fusioncell.bootstrap.edge import Agent, load_config
from fusioncell.edges.dns_tsig import TsigKey
from fusioncell.shield.resolvers import Kind
from fusioncell.shield.subscribers.model import Choice, Step
from fusioncell.shield.subscribers.service import Wanted
from hubs import MadeHub
from resolvers import wait_until

KEY = TsigKey("edge-key", b"k" * 32)


def config_file(folder: Path, primary: int, *, more: str = "", sources: str = "", key: TsigKey | None = KEY,
                zones: tuple[str, ...] = ("rpz.fusioncell",), serve: int = 0, notify: int = 0) -> Path:  # fmt: skip
    """Write a configuration; ``more``: lines of the top, ``sources``: what stands below them."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f'primary = "127.0.0.1:{primary}"', f"zones = {list(zones)!r}", f'state = "{folder}/state"',
             f'serve = "127.0.0.1:{serve}"', "refresh = 0.2"]  # fmt: skip
    if notify:
        lines.append(f'notify = ["127.0.0.1:{notify}"]')
    if key is not None:
        (folder / "tsig").write_bytes(base64.b64encode(key.secret))
        lines += [f'tsig-name = "{key.name}"', f'tsig-algorithm = "{key.algorithm}"', f'tsig-file = "{folder}/tsig"']
    file = folder / "edge.toml"
    file.write_text("\n".join([*lines, more, sources]) + "\n")
    return file


class RunningEdge:
    """The agent in this process. Use as a context."""

    def __init__(self, file: Path, **more: Any) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._ready = threading.Event()

        async def make() -> Agent:
            return Agent(load_config(file), **more)

        self.agent: Agent = asyncio.run_coroutine_threadsafe(make(), self._loop).result(10)
        self._run = asyncio.run_coroutine_threadsafe(self.agent.run(lambda _: self._ready.set()), self._loop)

    def __enter__(self) -> RunningEdge:
        if not wait_until(lambda: self._ready.is_set() or self._run.done(), 20) or self._run.done():
            self._run.result(0)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self.agent.stop)
        try:
            self._run.result(20)
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)
            self._loop.close()

    @property
    def port(self) -> int:
        return self.agent.port

    def names(self, zone: str = "rpz.fusioncell") -> set[str] | None:
        """Return the names that are held, None before a first transfer."""
        live = self.agent.mirrors[zone].live
        return None if live is None else {rule.name for rule in live.image().rules()}

    def do(self, action: Any, *values: object) -> None:
        """Call on the agent's loop, and wait for it."""
        done = threading.Event()
        self._loop.call_soon_threadsafe(lambda: (action(*values), done.set()))
        assert done.wait(10)


def edge_command(*arguments: str, **more: Any) -> subprocess.Popen[str]:
    """Start ``fusioncell edge …`` in a process of its own."""
    command = [sys.executable, "-m", "fusioncell.cli.main", "edge", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env={**os.environ, "PYTHONUNBUFFERED": "1"}, **more)  # fmt: skip


@dataclass
class Isp:
    """An ISP with one resolver that enforces, and the header of its agent's key."""

    org: str
    subscriber: str
    header: dict[str, str] = field(repr=False)


def add_isp(made: MadeHub, name: str, step: Step = Step.ENFORCE) -> Isp:
    """Add an ISP with a resolver that has come to a step, and its agent's key."""
    hub = made.hub
    who = hub.members.add_organisation(name, "telecommunications", "isp")
    viewer = hub.members.viewer_of(f"person:{made.ministry.person}")
    subscribers = hub.shielding.subscribers
    made_one = subscribers.add(viewer, who.id, Wanted(label="pair 1", choice=Choice(Kind.UNBOUND)))
    hub.settle()
    for number, each in enumerate(list(Step)[1 : list(Step).index(step) + 1]):
        subscribers.change(viewer, made_one.id, Wanted(step=each, reference=f"CHG-{number}"))
        hub.settle()
    key = hub.members.make_key(who.id, role="isp")[1].reveal()
    return Isp(who.id, made_one.id, {"Authorization": f"Bearer {key}"})
