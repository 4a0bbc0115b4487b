"""Zone transfers over TLS (XoT, RFC 9103): how TLS is spoken, and what a client's certificate says.

TLS 1.3 alone (§8.1.1 of the RFC), the ALPN token ``dot`` (§7.1; an Unbound of 2023 sends none, and is served), no early
data. A client certificate is optional: who shows one that the given authority issued is known by its fingerprint, or by
the host name in it; one that another issued, or whose time is over, ends the handshake.
The files are read anew when they change, so that a renewed certificate needs no restart.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.settings import Settings, host_port

log = logging.getLogger(__name__)

ALPN = "dot"
"""The token that DNS over TLS has (RFC 7858, RFC 9103 §7.1)."""


def xot(settings: Settings) -> tuple[str, int, ssl.SSLContext] | None:
    """Return where and how transfers by TLS are served by these settings; None where they are not.

    Raises BadInput where a file is missing or does not serve.
    """
    if not settings.dns_tls_listen:
        return None
    if not settings.dns_tls_certificate or not settings.dns_tls_key:
        raise BadInput("dns_tls_listen needs a certificate and its key",
                       hint="Set dns_tls_certificate and dns_tls_key to PEM files.")
    if settings.dns_tls_listen == settings.dns_listen:
        raise BadInput("dns_tls_listen and dns_listen are the same port", hint="Transfers by TLS have 853 by custom.")
    clients = Path(settings.dns_tls_clients) if settings.dns_tls_clients else None
    try:
        context = xot_context(Path(settings.dns_tls_certificate), Path(settings.dns_tls_key), clients)
    except OSError as failure:
        raise BadInput(f"the certificate of dns_tls_listen cannot be used: {failure}",
                       hint="Give PEM files: the certificate with its chain, its key without a passphrase.") from None
    return *host_port(settings.dns_tls_listen), context


def xot_context(certificate: Path, key: Path, client_authority: Path | None = None) -> ssl.SSLContext:
    """Return how the server speaks TLS: with its certificate (and chain) and key, PEM files.

    ``client_authority``: certificates of those who issue the clients' ones; without it none is asked for. Raises
    OSError (ssl.SSLError is one) where a file does not serve.
    """
    files = [certificate, key, *([client_authority] if client_authority else [])]
    front = _context(certificate, key, client_authority)
    current, read_at = front, _times(files)

    def newest(handshake: ssl.SSLObject, _name: str | None, _front: ssl.SSLContext) -> None:
        nonlocal current, read_at
        try:
            times = _times(files)
            if times != read_at:
                current, read_at = _context(certificate, key, client_authority), times
        except OSError as failure:  # half renewed: the old one goes on
            log.warning("the DNS certificate cannot be read anew: %s", failure)
        if current is not front:
            handshake.context = current

    front.sni_callback = newest
    return front


def _context(certificate: Path, key: Path, client_authority: Path | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_alpn_protocols([ALPN])
    context.num_tickets = 0  # a transfer is rare: nothing is kept between two
    context.load_cert_chain(certificate, key)
    if client_authority is not None:
        context.load_verify_locations(client_authority)
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def _times(files: list[Path]) -> tuple[int, ...]:
    return tuple(each.stat().st_mtime_ns for each in files)


def certificate_fingerprint(handshake: ssl.SSLObject | None) -> str:
    """Return the SHA-256 of the certificate that the client has shown, 64 hex digits; "" for none."""
    shown = handshake.getpeercert(binary_form=True) if handshake is not None else None
    return sha256(shown).hexdigest() if shown else ""


def certificate_name(certificate: Mapping[str, Any] | None) -> str:
    """Return the first host name of a verified certificate, lower case; "" for none."""
    for kind, value in (certificate or {}).get("subjectAltName", ()):
        if kind == "DNS":
            return str(value).lower()
    return ""
