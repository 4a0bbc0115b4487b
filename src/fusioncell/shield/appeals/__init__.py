"""Appeals: anyone asks why a name is blocked, and who is harmed appeals; another person than the approver decides.

Public, without an account. No address is kept: what bounds the questions is counted in memory under a key that is
thrown away within a minute. What an appellant writes stands in the erasable part of an entry and is erased in time.
"""

from fusioncell.shield.appeals.model import Appeal, Blocked, Filed

__all__ = ["Appeal", "Blocked", "Filed"]
