"""Calls of before ``objects/add`` and ``restSearch`` that widely used clients still make.

TheHive and Google SecOps upload files by ``events/upload_sample`` and fetch them by ``attributes/downloadSample``;
Google SecOps sets flags by ``attributes/editField``; the clients for Go and Elixir delete by
``attributes/deleteSelected``. The front door of the package; it builds on ``exchange.misp.content``.
"""

from __future__ import annotations

from fusioncell.exchange.misp.older.service import Older

__all__ = ["Older"]
