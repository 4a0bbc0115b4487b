"""How a person proves who they are: passkeys first, a password with an app's code, recovery codes, a one-time link.

Front door: :class:`Signing`. When it is satisfied it asks :class:`~fusioncell.members.Members` for a session. An
account with an identity provider is a way beside these (``members.oidc``), never the only one: everything here works
while the provider is down.

What is *not* here: who is asking (``Members``, at every request), and what they may do (their roles).
"""

from __future__ import annotations

from fusioncell.members.signing.hash_password import Cost
from fusioncell.members.signing.model import SCOPE_WORDS, Methods, SecondStep, TotpOffer
from fusioncell.members.signing.passkeys import Passkey, Site
from fusioncell.members.signing.service import Signing

__all__ = ["SCOPE_WORDS", "Cost", "Methods", "Passkey", "SecondStep", "Signing", "Site", "TotpOffer"]
