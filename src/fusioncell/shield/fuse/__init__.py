"""The fuse, and what else waits for two people: large changes by machine, a rollback, the end of a bar; frozen zones.

A machine that adds or removes more than a set share of the zone, or empties it, is more often wrong than right: its
change waits here; so does what it would take out of one subscriber's zone, by what that chose. Scheduled expiries do
not count, and a named person's lift passes alone.
"""

from fusioncell.shield.fuse.model import Act, Waiting

__all__ = ["Act", "Waiting"]
