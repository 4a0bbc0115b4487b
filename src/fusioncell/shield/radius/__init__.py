"""The blast radius of a block: whom it would cut off, as far as who asks may know it.

A block is of a name with all below it. So an approver is shown how popular the name is, which known names stand below
it, and which others stand on its addresses: these stay reachable, for no address is ever blocked, and tell whether the
host is shared by many, as a compromised site's is.
"""

from fusioncell.shield.radius.reckon import verdict

__all__ = ["verdict"]
