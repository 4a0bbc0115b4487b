"""The hub's data folder: its lock, its keys, its quarantine, and the note by which commands find a running hub."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from fusioncell.kernel.errors import Conflict, NotFound

KEY_FILE = "hub.key"
MARKER = "fusioncell.json"


class QuarantinedFault(Protocol):
    """What the quarantine keeps of a fault."""

    @property
    def place(self) -> str:
        """Where it stood."""
        ...

    @property
    def reason(self) -> str:
        """Why it could not be taken."""
        ...

    @property
    def body(self) -> bytes:
        """Its bytes."""
        ...


class Folder:
    """One data folder. Private to the user that runs the hub (mode 0700)."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._lock: Any = None

    # -- what it is --------------------------------------------------------------------------------------------------

    def make(self, kind: str) -> None:
        """Make the folder, its key and its marker (``hub`` or ``demo``). Conflict where it holds a hub already."""
        if self.exists:
            raise Conflict(f"{self.path} holds a hub already", hint="Choose another folder with --data.")
        self.path.mkdir(parents=True, exist_ok=True)
        self.path.chmod(0o700)
        self._private(KEY_FILE, secrets.token_bytes(64))
        self._private(MARKER, json.dumps({"kind": kind, "format": 1}).encode())

    @property
    def exists(self) -> bool:
        """Tell whether there is a hub in the folder."""
        return (self.path / MARKER).exists()

    @property
    def kind(self) -> str:
        """``hub`` or ``demo``. NotFound where there is no hub."""
        try:
            return str(json.loads((self.path / MARKER).read_bytes())["kind"])
        except FileNotFoundError:
            raise NotFound(
                f"there is no hub in {self.path}",
                hint=f"Make one with: fusioncell init --data {self.path} --org NAME --email ADDRESS",
            ) from None

    def key(self) -> bytes:
        """Return the hub's key: 32 bytes for sealing, 32 for the vault."""
        return (self.path / KEY_FILE).read_bytes()

    def _private(self, name: str, content: bytes) -> None:
        target = self.path / name
        temporary = target.with_suffix(".new")
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)

    # -- one process at a time ---------------------------------------------------------------------------------------

    def lock(self) -> bool:
        """Take the folder for this process; False where another has it."""
        handle = open(self.path / "lock", "w")  # noqa: SIM115 - held for the life of the process
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            handle.close()
            return False
        self._lock = handle
        return True

    def unlock(self) -> None:
        """Give the folder back."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def announce(self, url: str, dns: str = "") -> str:
        """Leave a note for commands on this machine: where the hub listens and a token that only this user can read.

        ``dns``: ``host:port`` of the RPZ primary, "" for none.
        """
        token = secrets.token_urlsafe(32)
        note = {"url": url, "dns": dns, "pid": os.getpid(), "token": token}
        self._private("running.json", json.dumps(note).encode())
        return token

    def announced(self) -> dict[str, Any] | None:
        """Return the note of the hub that runs on this folder, None where none does."""
        try:
            return json.loads((self.path / "running.json").read_bytes())  # type: ignore[no-any-return]
        except (FileNotFoundError, ValueError):
            return None

    def retract(self) -> None:
        """Take the note away."""
        (self.path / "running.json").unlink(missing_ok=True)

    # -- quarantine --------------------------------------------------------------------------------------------------

    def keep(self, contribution: str, faults: Sequence[QuarantinedFault]) -> str:
        """Keep what could not be taken: one JSON object a line (place, reason, body). Returns the file's path."""
        folder = self.path / "quarantine"
        folder.mkdir(mode=0o700, exist_ok=True)
        file = folder / f"{contribution}.jsonl"
        with file.open("a", encoding="utf-8") as out:
            for fault in faults:
                out.write(json.dumps({"place": fault.place, "reason": fault.reason, **_body(fault.body)}) + "\n")
        return str(file)


def _body(body: bytes) -> dict[str, str]:
    try:
        return {"body": body.decode()}
    except UnicodeDecodeError:
        return {"body_base64": base64.b64encode(body).decode()}
