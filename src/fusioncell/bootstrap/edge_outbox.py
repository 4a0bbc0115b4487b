"""What the agent has for the hub: reports of closed hours, and which listed names the ISP lets pass.

A report waits as a file until the hub took or refused it. It holds nothing that may not leave: names that are listed,
counts of at least k. Of the overrides only those leave that a listed name meets: a name that the hub did not list is
the ISP's own affair.
"""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from fusioncell.edges.edge_report import post_json, write_whole
from fusioncell.shield.agent.config import Config
from fusioncell.shield.agent.model import Report

KEPT = 14 * 24
"""Reports that wait at most (two weeks of hours); the oldest go first."""
_TRY_AGAIN = frozenset({0, 401, 403, 404, 408, 425, 429})
"""Statuses after which a report stays: the hub is away, or its operator has yet to set up key or subscriber."""


class Outbox:
    """Holds what waits. One thread sends."""

    def __init__(self, config: Config, folder: Path) -> None:
        self._config, self._folder = config, folder / "outbox"
        self._claimed = folder / "claimed.json"
        self.fault = ""
        self.sent = self.refused = 0
        self.last_hour = 0

    def put(self, report: Report) -> None:
        """Keep a report until it is sent. Raises OSError."""
        body = {"subscriber": self._config.subscriber, **msgspec.to_builtins(report)}
        body["rows"] = [{"name": row.name, "blocked": row.blocked, "shadow": row.shadow} for row in report.rows]
        write_whole(self._folder / f"{report.hour:020d}.json", [json.dumps(body).encode()])
        for old in self.waiting()[:-KEPT]:
            old.unlink(missing_ok=True)

    def waiting(self) -> list[Path]:
        """Return the reports that wait, the oldest first."""
        return sorted(self._folder.glob("*.json"))

    def send(self) -> None:
        """Send what waits, until the hub does not take one for now."""
        for file in self.waiting():
            status, said = self._post("/api/shield/hits", file.read_bytes())
            if status in _TRY_AGAIN or status >= 500:
                self.fault = _why(status, said)
                return
            file.unlink(missing_ok=True)
            self.sent += status < 300
            self.refused += status >= 400
            self.fault = _why(status, said) if status >= 400 else ""
            self.last_hour = int(file.stem)

    def claim(self, names: list[str]) -> None:
        """Tell the hub the listed names that this ISP lets pass, where they are others than it was last told."""
        try:
            known = json.loads(self._claimed.read_bytes())
        except (OSError, ValueError):
            known = []
        if known == names:
            return
        body = {"subscriber": self._config.subscriber, "names": names}
        status, said = self._post("/api/shield/overrides", json.dumps(body).encode())
        if 200 <= status < 300:
            write_whole(self._claimed, [json.dumps(names).encode()])
        else:
            self.fault = _why(status, said)

    def _post(self, path: str, body: bytes) -> tuple[int, bytes]:
        config = self._config
        try:
            key = Path(config.key_file).read_text("ascii").strip()
        except (OSError, ValueError) as failure:
            return 0, f"the key file cannot be read: {type(failure).__name__}".encode()
        return post_json(config.hub.rstrip("/") + path, body, key, config.hub_ca)


def _why(status: int, said: bytes) -> str:
    try:
        detail = json.loads(said)["detail"]
    except (ValueError, KeyError, TypeError):
        detail = said.decode("utf-8", "replace")
    return f"the hub answers {status}: {detail}"[:300] if status else f"the hub cannot be reached: {detail}"[:300]
