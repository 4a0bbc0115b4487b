"""The shield: blocking decisions and the response policy zone that carries them to resolvers (DESIGN §5).

The policy weighs evidence, for which fusion is loaded: when it is first asked for, and not for the zone's steps alone,
which the agent beside a resolver runs without a hub.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fusioncell.shield.policy import ACTIVE_AT_LEAST, CATEGORIES, MALICIOUS_AT_LEAST, can_block, suffices

__all__ = ["ACTIVE_AT_LEAST", "CATEGORIES", "MALICIOUS_AT_LEAST", "can_block", "suffices"]


def __getattr__(name: str) -> Any:
    """Load what is asked for (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from fusioncell.shield import policy

    return getattr(policy, name)
