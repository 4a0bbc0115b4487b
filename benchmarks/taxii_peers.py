"""The TAXII servers that are measured in the same run, each in a process of its own with one empty collection.

Neither is a dependency: ``pip install --target FOLDER medallion==3.0.0`` and ``pip install --target FOLDER --pre
opentaxii==0.10.0b1 gunicorn``, and name the folders in FUSIONCELL_MEDALLION and FUSIONCELL_OPENTAXII.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from taxii2client.v21 import Collection

Cpu = Callable[[], float]
_ID = "365fed99-08fa-fdcd-a1b3-fb247eb41d01"
_USER = {"user": "admin", "password": "Password0"}

_OPENTAXII = """
import sys, opentaxii.http
from gunicorn.app.base import BaseApplication
taxii = opentaxii.http.server
with opentaxii.http.app.app_context():
    taxii.auth.api.create_account("admin", "Password0", is_admin=True)
    api = taxii.servers.taxii2.persistence.api
    root = api.add_api_root("bench", default=True, is_public=True)
    one = api.add_collection(root.id, "bench", is_public=True, is_public_write=True)
print(f"taxii2/{root.id}/collections/{one.id}/", flush=True)
class Served(BaseApplication):
    def load_config(self):
        self.cfg.set("bind", sys.argv[1])
        self.cfg.set("loglevel", "error")
    def load(self):
        return opentaxii.http.app
Served().run()
"""


@contextmanager
def medallion(place: Path) -> Iterator[tuple[Collection, Cpu]]:
    """Serve medallion 3.0.0 (memory backend); give its collection and what tells its CPU seconds."""
    with tempfile.TemporaryDirectory() as folder:
        data = {
            "/discovery": {"title": "bench", "default": "/trustgroup1/", "api_roots": ["/trustgroup1/"]},
            "trustgroup1": {
                "information": {"title": "bench", "versions": ["application/taxii+json;version=2.1"],
                                "max_content_length": 104857600},
                "status": [],
                "collections": [{"id": _ID, "title": "bench", "can_read": True, "can_write": True, "objects": [],
                                 "manifest": [], "media_types": ["application/stix+json;version=2.1"]}],
            },
        }  # fmt: skip
        (Path(folder) / "data.json").write_text(json.dumps(data))
        config = {"backend": {"module": "medallion.backends.memory_backend", "module_class": "MemoryBackend",
                              "filename": f"{folder}/data.json"},
                  "users": {"admin": "Password0"}, "taxii": {"max_page_size": 100}}  # fmt: skip
        (Path(folder) / "config.json").write_text(json.dumps(config))
        command = [sys.executable, "-m", "medallion.scripts.run", f"{folder}/config.json", "--port", "5055"]
        with _served(command, place, "http://127.0.0.1:5055") as process:
            yield Collection(f"http://127.0.0.1:5055/trustgroup1/collections/{_ID}/", **_USER), lambda: cpu(process.pid)


@contextmanager
def opentaxii(place: Path) -> Iterator[tuple[Collection, Cpu]]:
    """Serve OpenTAXII 0.10 by one gunicorn worker on SQLite files; give its collection and its CPU seconds."""
    with tempfile.TemporaryDirectory() as folder:
        config = {
            "auth_api": {"parameters": {"db_connection": f"sqlite:///{folder}/auth.db"}},
            "taxii1": None,
            "taxii2": {"persistence_api": {
                "class": "opentaxii.persistence.sqldb.Taxii2SQLDatabaseAPI",
                "parameters": {"db_connection": f"sqlite:///{folder}/data.db", "create_tables": True}},
                "title": "bench", "public_discovery": True, "max_content_length": 209715200},
            "logging": {"opentaxii": "error", "root": "error"},
        }  # fmt: skip
        (Path(folder) / "config.yml").write_text(json.dumps(config))
        command = [sys.executable, "-c", _OPENTAXII, "127.0.0.1:5056"]
        environment = {"OPENTAXII_CONFIG": f"{folder}/config.yml"}
        with _served(command, place, "http://127.0.0.1:5056", environment) as process:
            assert process.stdout is not None
            path = next(line for line in process.stdout if line.startswith("taxii2/")).strip()
            yield Collection(f"http://127.0.0.1:5056/{path}", **_USER), lambda: cpu(process.pid)


@contextmanager
def _served(
    command: list[str], place: Path, url: str, environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(  # noqa: S603 - this interpreter, the package that was named
        command, env={**os.environ, **(environment or {}), "PYTHONPATH": str(place)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(100):
            try:
                httpx.get(url)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield process
    finally:
        process.terminate()
        process.wait(10)


def cpu(pid: int) -> float:
    """Return the CPU seconds of a process and of those that it started (gunicorn's workers)."""
    spent, children = 0.0, [pid]
    while children:
        one = children.pop()
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        spent += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        children += [int(child) for child in Path(f"/proc/{one}/task/{one}/children").read_text().split()]
    return spent
