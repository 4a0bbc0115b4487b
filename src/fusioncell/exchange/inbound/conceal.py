"""A feed's credentials, sealed with a key that does not stand beside them (AES-256-GCM). Pure."""

from __future__ import annotations

import re
from base64 import b64encode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fusioncell.kernel.errors import BadInput, Unavailable

NONCE = 12
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}\Z")
_OURS = frozenset((
    "host", "accept", "accept-encoding", "content-length", "connection", "user-agent", "transfer-encoding",
    "if-none-match", "if-modified-since",
))  # fmt: skip


def header_of(said: str) -> str:
    """Return the header line that credentials mean: ``basic USER:PASSWORD``, ``bearer TOKEN``, ``Name: value``."""
    text = said.strip()
    word, _, rest = text.partition(" ")
    if word.lower() == "basic" and ":" in rest:
        line = f"Authorization: Basic {b64encode(rest.strip().encode()).decode()}"
    elif word.lower() in ("bearer", "token") and rest.strip():
        line = f"Authorization: {word.capitalize()} {rest.strip()}"
    else:
        line = text
    name, _, value = line.partition(":")
    if not (_NAME.match(name) and value.strip() and value.isascii() and value.isprintable() and len(value) < 4_000):
        raise BadInput("these are no credentials", place="secret",
                       hint="Write basic USER:PASSWORD, bearer TOKEN, or a header as Name: value.")
    if name.lower() in _OURS:
        raise BadInput(f"the header {name} is the hub's own", place="secret", hint="Name another header.")
    return f"{name}: {value.strip()}"


def conceal(key: bytes, nonce: bytes, feed: str, line: str) -> bytes:
    """Seal a header line for one feed."""
    return nonce + AESGCM(key).encrypt(nonce, line.encode(), feed.encode())


def reveal(key: bytes, feed: str, sealed: bytes) -> dict[str, str]:
    """Return the headers that were sealed for a feed; none where nothing was."""
    if not sealed:
        return {}
    try:
        line = AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:], feed.encode()).decode()
    except InvalidTag:
        raise Unavailable("its credentials cannot be opened with this hub's key", hint="Give them anew.") from None
    name, _, value = line.partition(": ")
    return {name: value}
