"""Signing in with an account at an identity provider (OpenID Connect Core 1.0, authorization code flow with PKCE).

An account there (issuer and subject) is linked with a person here: by the person, when signed in; or at the first
sign-in, where the operators allow it and the provider has verified the address. Front door: :class:`Providers`.

What is *not* here: making people out of a provider's accounts (who is a member is decided by vetting), signing out
there, and the provider's word on roles or groups.
"""

from __future__ import annotations

from fusioncell.members.oidc.model import Begun, Finished, Identity, Provider
from fusioncell.members.oidc.service import Providers

__all__ = ["Begun", "Finished", "Identity", "Provider", "Providers"]
