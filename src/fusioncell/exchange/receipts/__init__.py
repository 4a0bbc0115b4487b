"""Receipts: what left the hub, so that a recall can say honestly how far it reaches; and consent to wider products.

What counts as *exported*, because it cannot be called back:

* a contribution's exact bytes (``/content``), by key or by page: a file was taken;
* what a key read at ``/api/contributions``, ``/api/contributions/{id}`` and ``/api/search`` of each contribution named;
* a value that a look-up (``/api/observables``, the assessment of ``/api/search``) or a match answered as known, for
  every contribution that names that value and that the key's organisation could see;
* what a stream delivered: kept as ranges (organisation, audiences, from, to), never a row an event;
* what later doors (webhooks, TAXII, feeds) say by the same one call, :meth:`Ledger.exported` (``kernel.handed``).

What does not: a page that a signed-in person read. It is withdrawn here, which is all that a page can promise.

What it costs: doors note in memory; the vault is written each second and at close. A stream's range is marked durably
before it delivers anything. So a hub that is killed forgets at most the last second of look-ups and lists, and takes
every stream that was open for one that got all there was: where it errs, it errs on the side of *exported*.

What it does not promise: who reads receipts is the originator's organisation alone; organisations are named only where
the contribution's audience named them, people never. Values that were looked up are kept as keyed marks.
"""

from __future__ import annotations

from fusioncell.exchange.receipts.model import Consent, Receipts, State
from fusioncell.exchange.receipts.service import Ledger

__all__ = ["Consent", "Ledger", "Receipts", "State"]
