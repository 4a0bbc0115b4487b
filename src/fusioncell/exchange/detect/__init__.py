"""Detection exports: what a viewer's own tools may look for, in the forms that they read.

Rules kept here:

* A value is exported where it is malicious over the asked probability **for that viewer**, is not known good, and has
  not faded (``fusion.stand``). What is only mentioned is not guilty, and is in no export.
* Only canonical values of strict shape and our own ids and dates go out, never free text; what a format cannot hold
  safely is left out and counted. (YARA and Sigma rules go out as contributed: they are free text by nature.)
* Forms that block (RPZ, hosts, nftables) hold what their contributors allow to be blocked.
* A body holds nothing of when it was made, so its digest, the ``ETag``, moves when the content moves and never else.
* Sudden emptiness is refused by a fuse: what vanishes without a word of the record is a fault until somebody says
  that it is none.

What is *not* here: the hub's own block zone, decided by people (``shield``); look-ups (``exchange.match``).
"""

from fusioncell.exchange.detect.formats import FORMATS, Format
from fusioncell.exchange.detect.model import TYPES, Wanted
from fusioncell.exchange.detect.service import Feeds, Served

__all__ = ["FORMATS", "TYPES", "Feeds", "Format", "Served", "Wanted"]
