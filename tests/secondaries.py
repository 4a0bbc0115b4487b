"""Real name servers that take a zone from our primary, and a certificate authority for transfers by TLS.

:class:`BindSecondary` is Debian's BIND with one zone of ours as a secondary, on loopback and as the current user. It
serves the zone itself, so a test can ask it what it holds.
"""

from __future__ import annotations

import base64
import datetime
import os
import shutil
import subprocess
from pathlib import Path
from types import TracebackType

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fusioncell.edges.dns_tsig import TsigKey
from resolvers import free_port, wait_until

HOST = "127.0.0.1"
_NAMED = shutil.which("named", path=os.environ.get("PATH", "") + ":/usr/sbin")


def bind_installed() -> bool:
    """Tell whether this machine has a BIND."""
    return _NAMED is not None


class Authority:
    """Issues certificates for tests; all files lie in one folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"test authority {folder.name}")])
        self.file = folder / "authority.pem"
        self.file.write_bytes(self._certificate(self._name, self._key, None).public_bytes(serialization.Encoding.PEM))

    def issue(self, host: str, days: float = 1) -> tuple[Path, Path]:
        """Write a certificate for a host name, good for so many days, and its key; return the two files."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        certificate, secret = self._folder / f"{host}.pem", self._folder / f"{host}.key"
        certificate.write_bytes(self._certificate(subject, key, host, days).public_bytes(serialization.Encoding.PEM))
        secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                             serialization.NoEncryption()))
        return certificate, secret

    def _certificate(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, host: str | None,
                     days: float = 1) -> x509.Certificate:  # fmt: skip
        now = datetime.datetime.now(datetime.UTC)
        made = (x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key.public_key())
                .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=10))
                .not_valid_after(now + datetime.timedelta(days=days))
                .add_extension(x509.BasicConstraints(ca=host is None, path_length=None), critical=True))
        if host is not None:
            made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        return made.sign(self._key, hashes.SHA256())


class BindSecondary:
    """A BIND that holds one zone of the primary at ``primary_port``; ``tls``: (authority's file, host name).

    Use as a context, or ``start`` and ``stop``; what it held is still there after another start.
    """

    def __init__(self, primary_port: int, folder: Path, *, zone: str, key: TsigKey | None = None,
                 tls: tuple[Path, str] | None = None, own: tuple[Path, Path] | None = None) -> None:
        self.port = free_port()
        self._folder = folder / f"named-{self.port}"
        self._zone = zone
        self._config = self._folder / "named.conf"
        self._folder.mkdir(parents=True)
        self._write(primary_port, key, tls, own)
        self._process: subprocess.Popen[bytes] | None = None

    def _write(self, primary_port: int, key: TsigKey | None, tls: tuple[Path, str] | None,
               own: tuple[Path, Path] | None) -> None:
        parts = [f"options {{ directory \"{self._folder}\"; pid-file none; listen-on port {self.port} {{ {HOST}; }};",
                 "listen-on-v6 { none; }; recursion no; allow-transfer { any; }; dnssec-validation no;",
                 "transfers-in 20; max-refresh-time 1; min-refresh-time 1; max-retry-time 1; min-retry-time 1; };",
                 "controls {};"]
        with_ = ""
        if key is not None:
            parts.append(f"key \"{key.name}\" {{ algorithm {key.algorithm}; "
                         f"secret \"{base64.b64encode(key.secret).decode()}\"; }};")
            with_ += f" key \"{key.name}\""
        if tls is not None:
            mine = f"cert-file \"{own[0]}\"; key-file \"{own[1]}\";" if own else ""
            parts.append(f"tls hub {{ ca-file \"{tls[0]}\"; remote-hostname \"{tls[1]}\"; {mine} "
                         "protocols { TLSv1.3; }; };")
            with_ += " tls hub"
        parts.append(f"zone \"{self._zone}\" {{ type secondary; file \"zone\"; masterfile-format text; "
                     f"primaries {{ {HOST} port {primary_port}{with_}; }}; "
                     f"allow-notify {{ {HOST}; }}; }};")
        self._config.write_text("\n".join(parts))

    def start(self) -> BindSecondary:
        """Start, and return when it answers."""
        assert _NAMED is not None, "no BIND is installed"
        self._process = subprocess.Popen([_NAMED, "-g", "-4", "-n", "1", "-c", str(self._config)],
                                         stdout=subprocess.DEVNULL, stderr=(self._folder / "log").open("ab"),
                                         cwd=self._folder)
        if not wait_until(lambda: self._ask("SOA", self._zone) is not None, 15):
            log = self.log()
            self.stop()
            raise RuntimeError(f"BIND does not answer:\n{log}")
        return self

    def stop(self) -> None:
        """Stop it; it keeps its files."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(15)
            self._process = None

    def serial(self) -> int | None:
        """Return the serial that it serves; None while it has no zone."""
        answer = self._ask("SOA", self._zone)
        return int(answer.answer[0][0].serial) if answer is not None and answer.answer else None

    def holds(self, name: str) -> bool:
        """Tell whether the zone that it serves has a rule for a name."""
        answer = self._ask("CNAME", f"{name}.{self._zone}")
        return answer is not None and answer.rcode() == dns.rcode.NOERROR and bool(answer.answer)

    def reaches(self, serial: int, seconds: float = 20.0) -> bool:
        """Wait until it serves a serial; tell whether it came to that."""
        return wait_until(lambda: self.serial() == serial, seconds)

    def log(self) -> str:
        """Return what it logged, for a failing test's message."""
        return (self._folder / "log").read_text(errors="replace")

    def _ask(self, rdtype: str, name: str) -> dns.message.Message | None:
        try:
            return dns.query.udp(dns.message.make_query(name + ".", rdtype, flags=0), HOST, port=self.port, timeout=1)
        except (dns.exception.DNSException, OSError):
            return None

    def __enter__(self) -> BindSecondary:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.stop()
