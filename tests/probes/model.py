"""What a probe is: it asks the doors of one world for one viewer, in the tests of who may see what."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import httpx

UNKNOWN = "0b8ad5c2-7d05-4b2f-9c3e-000000000000"


@dataclass
class Probe:
    """Asks the doors of one world for one viewer. What is asked for comes from the whole world, hidden things too."""

    world: Any
    name: str
    contributions: list[str]
    decisions: list[str]
    names: list[str]
    client: httpx.AsyncClient

    async def get(self, path: str, **parameters: Any) -> tuple[str, Any]:
        return await self.ask("GET", path, params=parameters)

    async def ask(self, method: str, path: str, **more: Any) -> tuple[str, Any]:
        answer = await self.client.request(method, path, **more)
        assert answer.status_code < 500, (method, path, answer.text)
        headers = sorted((k, v) for k, v in answer.headers.items() if k != "date")
        said = f"{answer.status_code} {headers}\n{answer.text}"
        return f"{method} {answer.request.url.raw_path.decode()}", said

    async def pages(self, path: str, **parameters: Any) -> AsyncIterator[tuple[str, Any]]:
        """Follow ``next`` to the end."""
        for number in range(40):
            answer = await self.client.get(path, params=parameters)
            assert answer.status_code == 200, answer.text
            yield f"{path} page {number}", answer.text
            if not answer.json()["next"]:
                return
            parameters["before"] = answer.json()["next"]
        raise AssertionError("the pages have no end")


Answers = AsyncIterator[tuple[str, Any]]
Ask = Callable[["Probe"], Answers]


def each(path: str) -> Callable[[Probe], Answers]:
    """Make a probe that asks a path once, or once for each contribution or decision."""

    async def ask(p: Probe) -> Answers:
        if "{contribution}" in path:
            asked = [path.replace("{contribution}", one) for one in p.contributions]
        elif "{decision}" in path:
            asked = [path.replace("{decision}", one) for one in (*p.decisions, UNKNOWN)]
        else:
            asked = [path]
        for one in asked:
            yield await p.get(one)

    return ask
