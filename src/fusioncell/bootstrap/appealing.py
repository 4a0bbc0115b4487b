"""Appeals joined to what they ask of others: a resolver, for the proofs that holders of names publish."""

from __future__ import annotations

import hmac

from fusioncell.edges.txt import TxtResolver
from fusioncell.members.assets.model import LABEL


class DnsProofs:
    """Proofs by DNS TXT, as members prove their domains; bound to an appeal and its name. None is stored."""

    def __init__(self, key: bytes, resolver: TxtResolver) -> None:
        self._key, self._resolver = key, resolver

    def record_of(self, name: str) -> str:
        """Return the name at which the TXT record is looked for."""
        return f"{LABEL}.{name}"

    def text_for(self, subject: str, name: str) -> str:
        """Return what the record is to say."""
        said = f"appeal\0{subject}\0{name}".encode()
        return f"fusioncell-proof={hmac.digest(self._key, said, 'sha256').hex()[:40]}"

    def stands(self, subject: str, name: str) -> bool:
        """Look the record up now. Raises Unavailable where nobody answers."""
        found = [text.strip() for text in self._resolver.look_up(self.record_of(name))]
        return self.text_for(subject, name) in found
