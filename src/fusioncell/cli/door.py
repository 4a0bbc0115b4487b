"""The way to a hub: over the network, to one running on this machine, or into one that the command opens itself.

1. ``--hub URL --key KEY``: that hub, by HTTPS.
2. A folder whose hub is running: by HTTP on loopback, with the token that stands in the folder (mode 0600).
3. A folder whose hub is not running: the command takes the folder and asks the same application in this process, then
   projects what it has changed.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import httpx

from fusioncell.cli.options import Where
from fusioncell.kernel.errors import BadInput, Conflict, FusionCellError, NotAllowed, NotFound, NotSignedIn, Unavailable

WAIT = 15.0
"""Seconds to wait for a folder that another command has, or for a hub that is starting."""
_KINDS = {400: BadInput, 401: NotSignedIn, 403: NotAllowed, 404: NotFound, 409: Conflict, 503: Unavailable}


def error_of(status: int, body: bytes) -> FusionCellError:
    """Make the error out of a problem document (RFC 9457)."""
    try:
        answer = httpx.Response(status, content=body).json()
        detail, hint, place = (str(answer.get(name, "")) for name in ("detail", "hint", "place"))
    except (ValueError, AttributeError):
        detail, hint, place = "", "", ""
    detail = detail or f"the hub answered {status}"
    return _KINDS.get(status, FusionCellError)(detail, hint=hint, place=place)


def path_part(text: str) -> str:
    """Quote a value as one part of a path."""
    return quote(text, safe="")


class Door:
    """An open way to one hub. Its requests are the hub's own HTTP operations."""

    def __init__(self, base: str, headers: dict[str, str], organisation: str | None, hub: Any = None) -> None:
        self.base = base
        self.hub = hub
        """The hub opened by this command, None where it runs elsewhere."""
        self.local = "Local" in headers.get("Authorization", "")
        self._headers = headers
        self._organisation = organisation
        self._runner: asyncio.Runner | None = None
        self._client: Any
        if hub is None:
            self._client = httpx.Client(
                base_url=base,
                timeout=httpx.Timeout(120.0, connect=5.0),
                trust_env=False,
                limits=httpx.Limits(max_connections=8),
            )
        else:
            from fusioncell.web.app import make_app

            self._runner = asyncio.Runner()
            application: Any = make_app(hub)
            self._client = httpx.AsyncClient(
                base_url=base, transport=httpx.ASGITransport(application, raise_app_exceptions=False)
            )

    def ask(self, method: str, path: str, *, as_org: str | None = None, **more: Any) -> httpx.Response:
        """Send a request and return the answer. Raises the hub's error, or Unavailable where it cannot be reached."""
        headers: dict[str, Any] = {**self._headers, **more.pop("headers", {})}
        organisation = as_org or self._organisation
        if self.local and organisation:
            headers["X-Fusioncell-Organisation"] = organisation.encode()
        try:
            if self._runner is not None:
                answer = self._runner.run(self._client.request(method, path, headers=headers, **more))
            else:
                answer = self._client.request(method, path, headers=headers, **more)
        except httpx.UnsupportedProtocol:
            raise BadInput(
                f"{self.base!r} is no address of a hub",
                hint="It begins with https:// (or http://): --hub https://hub.example",
            ) from None
        except httpx.HTTPError as broken:
            raise Unavailable(
                f"the hub at {self.base} cannot be reached: {broken or type(broken).__name__}",
                hint="Is it running? Check the address; `fusioncell up` starts one.",
            ) from None
        if answer.status_code >= 400:
            fault = error_of(answer.status_code, answer.content)
            if answer.status_code == 401 and self.local and organisation:
                raise NotFound(f"there is no organisation {organisation!r} here", hint="List them: fusioncell org list")
            raise fault
        return answer  # type: ignore[no-any-return]

    def json(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        """Send a request and return the JSON object of the answer."""
        result: dict[str, Any] = self.ask(method, path, **more).json()
        return result

    def settle(self) -> None:
        """Project what was changed, where the hub is in this process; a running hub does so by itself."""
        if self.hub is not None:
            self.hub.settle()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self._runner is None:
                self._client.close()
            else:
                self._runner.run(self._client.aclose())
                self._runner.close()
        finally:
            if self.hub is not None:
                self.hub.close()


def data_folder(data: Path | None) -> Path:
    """Return the data folder that a command means: the one given, else the setting's."""
    from fusioncell.bootstrap import read_settings

    return data if data is not None else Path(read_settings().data)


def open_door(where: Where) -> Door:
    """Open the way to the hub that a command means. Raises NotFound, Conflict, Unavailable."""
    if where.hub:
        return Door(where.hub.rstrip("/"), {"Authorization": f"Bearer {where.key}"}, None)
    folder_path = data_folder(where.data)
    hub, announced = take_or_find(folder_path)
    if hub is None:
        return Door(announced["url"], {"Authorization": f"Local {announced['token']}"}, where.organisation)
    hub.local_token = secrets.token_urlsafe(24)
    hub.settle()
    return Door("http://127.0.0.1", {"Authorization": f"Local {hub.local_token}"}, where.organisation, hub)


def take_or_find(data: Path) -> tuple[Any, dict[str, Any]]:
    """Return (the hub, opened here) or (None, the note of the one that runs), waiting a little for either."""
    from fusioncell.bootstrap import Folder, open_hub

    folder = Folder(data)
    _ = folder.kind
    until = time.monotonic() + WAIT
    while True:
        try:
            return open_hub(data), {}
        except Conflict:
            announced = folder.announced()
        if announced is not None and answers(announced["url"]):
            return None, announced
        if time.monotonic() > until:
            raise Unavailable(
                f"another process has {data}, and no hub answers there", hint="Wait until it is done, or stop it."
            )
        time.sleep(0.2)


def answers(url: str) -> bool:
    """Tell whether a hub lives at an address, ready or not."""
    return _status(url + "/healthz") == 200


def follows(url: str) -> bool:
    """Tell whether the hub at an address is ready: its projections follow its record."""
    return _status(url + "/readyz") == 200


def _status(url: str) -> int:
    try:
        return httpx.get(url, timeout=5.0, trust_env=False).status_code
    except httpx.HTTPError:
        return 0


@contextmanager
def opened(where: Where) -> Iterator[Door]:
    """Open a door; what was changed is projected when the block ends."""
    with open_door(where) as door:
        yield door
        door.settle()
