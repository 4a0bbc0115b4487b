"""Checks on what a provider says: its description of itself, and its ID tokens. Pure; the clock is handed in.

An ID token counts where all of this holds (OpenID Connect Core §3.1.3.7, RFC 8725):

1. it is signed with a key that the provider publishes, by an algorithm of :data:`ALGORITHMS` (never ``none``, never a
   shared secret);
2. ``iss`` is the provider's issuer, ``aud`` names us, and where it names others too, ``azp`` is us;
3. ``exp`` is to come and ``iat`` is past, with a minute's grace;
4. ``nonce`` is the one that we sent, and ``at_hash`` fits where it is given;
5. ``sub`` is there: up to 255 characters.

The libraries are loaded on first use.
"""

from __future__ import annotations

import hmac
from typing import Any
from urllib.parse import urlsplit

import msgspec

from fusioncell.kernel.clock import SECOND, Instant
from fusioncell.kernel.errors import NotSignedIn, Unavailable
from fusioncell.members.oidc.model import LONGEST, Claims, Endpoints, Provider

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
GRACE = 60
"""Seconds by which the provider's clock may differ."""

REFUSED = "The provider's answer was not accepted."
REFUSED_HINT = "Try again, or sign in another way."


def read_description(body: bytes, issuer: str) -> Endpoints:
    """Read what a provider publishes of itself. Unavailable where it is not this issuer's (a mix-up), or no such."""
    said = read_object(body)
    found = [said.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
    if said.get("issuer") != issuer or not all(isinstance(one, str) and _is_web(one) for one in found):
        raise Unavailable("The identity provider describes itself as another one.",
                          hint="Sign in another way; tell the operators to check the setting oidc_issuer.")
    return Endpoints(*map(str, found))


def _is_web(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def read_object(body: bytes) -> dict[str, Any]:
    """Read a JSON object; an empty one where it is none, or too long."""
    try:
        said = msgspec.json.decode(body) if len(body) <= LONGEST else {}
    except msgspec.DecodeError:
        return {}
    return said if isinstance(said, dict) else {}


def key_named(token: str) -> str:
    """Return the ``kid`` that a token names, "" where it names none. Nothing of it is believed yet."""
    from joserfc import jws
    from joserfc.errors import JoseError

    try:
        return str(jws.extract_compact(token.encode()).headers().get("kid", ""))
    except (JoseError, ValueError):
        return ""


def check_id_token(token: str, jwks: dict[str, Any], provider: Provider, nonce: str, access_token: str, now: Instant,
                   ) -> Claims:
    """Check an ID token and return what it says. NotSignedIn where anything disagrees; why is told to nobody."""
    from authlib.oidc.core import CodeIDToken
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    try:
        keys = KeySet.import_key_set(jwks)  # type: ignore[arg-type]
        decoded = jwt.decode(token, keys, algorithms=ALGORITHMS)
        claims = CodeIDToken(decoded.claims, decoded.header, {
            "iss": {"essential": True, "value": provider.issuer},
            "aud": {"essential": True, "value": provider.client_id},
        }, {"nonce": nonce, "client_id": provider.client_id, "access_token": access_token})
        claims.validate(now=now // SECOND, leeway=GRACE)
    except (JoseError, ValueError, TypeError, KeyError) as fault:
        raise NotSignedIn(REFUSED, hint=REFUSED_HINT) from fault
    subject, given = claims.get("sub"), claims.get("nonce")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise NotSignedIn(REFUSED, hint=REFUSED_HINT)
    if not isinstance(given, str) or not hmac.compare_digest(given.encode("utf-8", "replace"), nonce.encode()):
        raise NotSignedIn(REFUSED, hint=REFUSED_HINT)
    email = claims.get("email")
    email = email.strip().lower()[:400] if isinstance(email, str) else ""
    return Claims(subject, email if claims.get("email_verified") is True else "", (email or subject)[:200])
