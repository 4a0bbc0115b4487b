"""The transparency log: each decision event is one leaf of a public, append-only Merkle tree.

Static tiles, signed checkpoints and cosignatures as C2SP's tlog-tiles, tlog-checkpoint, signed-note and
tlog-cosignature specify them. Names are committed to, not told; those that their owners misuse are opened later, a
hacked victim's never. What stays true for ever: a checkpoint that was signed is never contradicted (ADR 0014).
"""

from fusioncell.shield.translog.note import Key, key_named
from fusioncell.shield.translog.totals import Month, Totals

__all__ = ["Key", "Month", "Totals", "key_named"]
