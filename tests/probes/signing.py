"""The doors of signing in and of one's account."""

from __future__ import annotations

import re

from probes.model import Ask, each

PROBES: dict[str, Ask] = {
    "GET /api/account/sessions": each("/api/account/sessions"),
    "GET /api/account/keys": each("/api/account/keys"),
}
NO_DATA = {
    "GET /sign-in/recovery": "a form, the same for everyone",
    "GET /sign-in/oidc": "a redirect to the identity provider, the same for everyone but for its random state",
    "GET /sign-in/oidc/back": "signs in, or says why not; tests/flow/test_oidc.py",
}
CHANGES = re.compile(
    r"(POST /sign-in/(code|recovery|passkey(/options)?)"
    r"|POST /account/(passkeys(/options|/[^/]+/end)?|password|app(/confirm|/end)?|recovery|provider(/end)?"
    r"|sessions/(end|[^/]+/end)|keys)"
    r"|POST /api/account/keys|DELETE /api/account/(sessions(/[^/]+)?|keys/[^/]+))$"
)
"""Answered in tests/flow/test_attacks_signing.py and tests/flow/test_signing_pages.py."""
