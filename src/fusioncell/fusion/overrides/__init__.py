"""An analyst's word over the machine's: an override with its reason. It never erases what the machine says.

The two figures stay what the evidence makes of them, and stand beside the override; what changes is the verdict in
words, for whoever may see the override, and what the hub does by itself (``docs/fusion.md``). Taken back, nothing of it
is left but that it was there.

What is *not* here: figures, evidence, blocks.
"""

from fusioncell.fusion.overrides.model import KINDS, OVERRIDDEN, RESTORED, WORDS, Override, Verdict

__all__ = ["KINDS", "OVERRIDDEN", "RESTORED", "WORDS", "Override", "Verdict"]
