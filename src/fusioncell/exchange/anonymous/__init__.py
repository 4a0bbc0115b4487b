"""Anonymous contribution: hidden from members and from operators, still its author's to mend, withdraw and follow.

What keeps the author hidden:

* the contributor is a pseudonym, made anew each time; the author is sealed to two officers (``members.sealing``);
* a submission waits in the vault for a random time, so that neither its place in the record nor its instant tells who
  was there; who chooses *at once* gives that up, and is told so;
* this route writes no row and no line of a log that names a person, a key or a session; no draft is kept;
* all anonymous claims on a value are one voice of capped weight (``kernel.marking.voice_of``).

What is *not* here: protection from one's own style, from a text that only one member could write, from the wire.
"""

from __future__ import annotations

from fusioncell.exchange.anonymous.model import Mine
from fusioncell.exchange.anonymous.service import Anonymous

__all__ = ["Anonymous", "Mine"]
