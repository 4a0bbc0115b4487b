"""The shield: blocking decisions and the response policy zone that carries them to resolvers (DESIGN §5)."""

from fusioncell.shield.policy import ACTIVE_AT_LEAST, CATEGORIES, MALICIOUS_AT_LEAST, can_block, suffices

__all__ = ["ACTIVE_AT_LEAST", "CATEGORIES", "MALICIOUS_AT_LEAST", "can_block", "suffices"]
