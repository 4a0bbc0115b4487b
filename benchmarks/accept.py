"""Acceptance alone: checked, durable and answered over HTTP, in bundles of 1,000 STIX objects (river not running)."""

from __future__ import annotations

import tempfile
from pathlib import Path

import httpx
from bench import Served, bundle, indicators, report

BUNDLES = 100


def main() -> None:
    """Post the bundles one after another on one connection."""
    bodies = [bundle(indicators(n * 1000, 1000, stated="2025-01-05T00:00:00.000Z"), n) for n in range(BUNDLES)]
    with tempfile.TemporaryDirectory() as folder:
        served = Served(Path(folder) / "hub", river=False)
        try:
            with httpx.Client(base_url=served.url, headers={"Authorization": f"Bearer {served.keys[0]}"}) as client:
                client.post("/api/contributions", content=bodies[0])
                before = served.cpu
                for body in bodies:
                    answer = client.post(
                        "/api/contributions", content=body, headers={"Content-Type": "application/json"}
                    )
                    assert answer.status_code == 202
                spent = served.cpu - before
            count = BUNDLES * 1000
            report(
                "accept, bundles of 1,000",
                objects=count,
                bytes_each=len(bodies[0]) // 1000,
                objects_per_cpu_second=int(count / spent),
                cpu_us_each=spent / count * 1e6,
                rss_mb=served.rss,
            )
        finally:
            served.stop()


if __name__ == "__main__":
    main()
