"""Guards: why a block of a name needs two people and a reason, and is never proposed by a rule.

Exact and parent matches are separate decisions (DESIGN §4): a popular name is guarded, a malicious name under a free
host is not, or 28 % of the malicious names of real feeds would be exempt. What organisations proved or asked to protect
comes to the room as names without their owner.
"""

from fusioncell.shield.guards.judge import above, is_public_body, judge, touched

__all__ = ["above", "is_public_body", "judge", "touched"]
