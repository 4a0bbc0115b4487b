"""The command line: it renders rooms and decides nothing.

Every command that reads or changes what the hub holds goes through the hub's own HTTP operations (:mod:`.door`), be
the hub remote, running on this machine, or opened by the command itself: one behaviour, whichever it is.
"""
