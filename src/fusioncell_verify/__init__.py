"""A stand-alone verifier of Fusion Cell's transparency log.

It shares no code with the hub whose word it checks, and imports nothing but Python's own library and ``cryptography``:
whoever doubts the hub can read all of it. The log is C2SP's: tlog-tiles, tlog-checkpoint, signed-note,
tlog-cosignature, tlog-proof; the tree is that of RFC 6962, the proofs are checked as RFC 9162 has it.
"""

from fusioncell_verify.faults import Failed, Finding, Unreadable

__all__ = ["Failed", "Finding", "Unreadable"]
