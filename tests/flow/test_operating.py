"""The hub behind a proxy, as docs/operating.md has it: a real nginx with the very configuration that stands there."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.settings import Settings
from fusioncell.shield.appeals.model import ASKED_A_MINUTE
from served import new_hub

GUIDE = Path(__file__).parents[2] / "docs" / "operating.md"
NGINX = shutil.which("nginx") or shutil.which("/usr/sbin/nginx") or ""


def block(language: str) -> str:
    """The guide's first block of a language."""
    found = re.search(rf"^```{language}\n(.*?)^```", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def running(data: Path, **settings: str) -> Iterator[str]:
    """Run `fusioncell up` with settings; yields its address."""
    command = [sys.executable, "-m", "fusioncell.cli.main", "up", "--data", str(data), "--http", "127.0.0.1:0",
               "--dns", "none"]  # fmt: skip
    environment = {"PATH": "/usr/bin:/bin", **{f"FUSIONCELL_{name.upper()}": text for name, text in settings.items()}}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        try:
            assert found
            yield found[0]
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


@contextmanager
def nginx(folder: Path, upstream: str) -> Iterator[tuple[str, ssl.SSLContext]]:
    """Run nginx with the guide's configuration, its names and ports exchanged; yields its address and whom to trust."""
    port, certificate, key = free_port(), folder / "hub.pem", folder / "hub.key"
    _certify(certificate, key)
    server = block("nginx").replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
    server = server.replace("http://127.0.0.1:8080", upstream)
    server = server.replace("/etc/ssl/hub.example.org.pem", str(certificate))
    server = server.replace("/etc/ssl/private/hub.example.org.key", str(key))
    paths = "".join(f"{kind}_temp_path {folder};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/log; events {{}}\n"
        f"http {{ access_log off;\n{paths}{server}}}")
    command = [NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "log")]
    subprocess.run([*command, "-t"], check=True, capture_output=True)
    with subprocess.Popen(command) as process:
        try:
            trust = ssl.create_default_context(cafile=str(certificate))
            for _ in range(100):
                with socket.socket() as one:
                    if one.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            yield f"https://localhost:{port}", trust
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def _certify(certificate: Path, key: Path) -> None:
    private, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(timezone.utc)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(private.public_key())
            .serial_number(1).not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .sign(private, hashes.SHA256()))  # fmt: skip
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                          serialization.NoEncryption()))  # fmt: skip


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A hub's folder, with the key of an organisation beside it."""
    hub = new_hub(tmp_path / "hub")
    org = hub.members.add_organisation("Bank", "finance", "industry")
    (tmp_path / "key").write_text(hub.members.make_key(org.id, role="member")[1].reveal())
    hub.close()
    return tmp_path / "hub"


MANY = 2 * ASKED_A_MINUTE + 1
"""Too many for one address, whether or not a minute ends meanwhile."""


def asked(client: httpx.Client, times: int, **headers: str) -> list[int]:
    """The answers to a visitor's questions."""
    return [client.get("/blocked/a.example", headers=headers).status_code for _ in range(times)]


def test_visitors_behind_a_trusted_proxy_are_told_apart(data: Path) -> None:
    with running(data) as url, httpx.Client(base_url=url) as client:
        one, other = ({"X-Forwarded-For": f"198.51.100.{n}"} for n in (1, 2))
        assert 429 in asked(client, MANY, **one)
        assert asked(client, 1, **other) == [200]


def test_nobody_else_says_who_a_visitor_is(data: Path) -> None:
    with running(data, trusted_proxies="192.0.2.1, 10.0.3.0/24") as url, httpx.Client(base_url=url) as client:
        answers = [asked(client, 1, **{"X-Forwarded-For": f"198.51.100.{n}"})[0] for n in range(MANY)]
        assert 429 in answers, "the header counts for nothing"


def test_a_proxy_that_is_none_is_refused() -> None:
    with pytest.raises(BadInput, match="FUSIONCELL_TRUSTED_PROXIES.*'everyone'"):
        Settings.read({"FUSIONCELL_TRUSTED_PROXIES": "10.0.3.0/24, everyone"}, {})


@pytest.mark.skipif(not NGINX, reason="nginx is not installed")
def test_the_guides_nginx_serves_the_hub(data: Path, tmp_path: Path) -> None:
    key = {"Authorization": f"Bearer {(tmp_path / 'key').read_text()}"}
    folder = tmp_path / "nginx"
    folder.mkdir(mode=0o777)
    with running(data, public_url="https://localhost") as hub, nginx(folder, hub) as (url, trust):
        with httpx.Client(base_url=url, verify=trust, timeout=20) as client:
            assert client.get("/readyz").status_code == 200
            # What a visitor writes there counts for nothing: the proxy says who it is.
            spoofed = [asked(client, 1, **{"X-Forwarded-For": f"198.51.100.{n}"})[0] for n in range(MANY)]
            assert 429 in spoofed
            # The live stream comes through as it is written, a large contribution as it is sent.
            with client.stream("GET", "/api/stream", headers=key) as stream:
                events = stream.iter_lines()
                rows = "".join(f"198.51.100.7,{'x' * 5000}\n" for _ in range(600))
                sent = client.post("/api/contributions", content=f"ip,comment\n{rows}",
                                   headers={**key, "Content-Type": "text/csv"})  # fmt: skip
                assert sent.status_code in (200, 201, 202), sent.text
                assert any(line.startswith("event: ") for line in events)
