"""Codes of an authenticator app (TOTP, RFC 6238): SHA-1, six digits, thirty seconds, as every app knows them. Pure.

1. A code of the step before and after is taken too: clocks differ (RFC 6238 §5.2).
2. A code works once: only a step later than that of the last code taken counts.
3. All steps are compared, each in constant time.
"""

from __future__ import annotations

import base64
import hmac

import pyotp

from fusioncell.kernel.clock import SECOND, Instant
from fusioncell.kernel.ids import Randomness

STEP = 30 * SECOND
SECRET_BYTES = 20
"""RFC 4226 §4 recommends 160 bits."""


def make_secret(randomness: Randomness) -> bytes:
    """Make a secret."""
    return randomness.bytes(SECRET_BYTES)


def text_of(secret: bytes) -> str:
    """Return the secret as apps take it by hand: base32, 32 letters and digits."""
    return base64.b32encode(secret).decode()


def uri_of(secret: bytes, account: str, issuer: str) -> str:
    """Return the address that apps read from a QR code (``otpauth://totp/…``)."""
    return pyotp.TOTP(text_of(secret)).provisioning_uri(name=account, issuer_name=issuer)


def matching_step(secret: bytes, code: str, last: int, now: Instant) -> int | None:
    """Return the step (30 s since the epoch) whose code this is; None for a wrong code or one of a step used before."""
    digits = "".join(code.split())[:12]
    app, current, found = pyotp.TOTP(text_of(secret)), now // STEP, None
    for step in (current - 1, current, current + 1):
        right = hmac.compare_digest(app.generate_otp(step).encode(), digits.encode("utf-8", "replace"))
        if right and step > last:
            found = step
    return found
