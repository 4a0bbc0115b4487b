"""For operators alone: how far the projections are behind, how large things are, what this hub is (DESIGN rule 5)."""

from __future__ import annotations

from litestar import get

import fusioncell
from fusioncell.bootstrap import Hub
from fusioncell.web.pages.frame import Asked, Page, page
from fusioncell.web.pages.names import Names
from fusioncell.web.words import N_, when


@get("/ops", opt={"permission": "operate"}, sync_to_thread=True, include_in_schema=False)
def ops(request: Asked, hub: Hub) -> Page:
    """Show the operators' page."""
    head, at, epoch = hub.record.head()
    behind = max(0, head - hub.river.position)
    mail = hub.mail.standing()
    undo = hub.shielding.fuse.waiting()
    seconds = max(0.0, (hub.clock.now() - at) / 1_000_000) if behind else 0.0
    return page(
        request,
        "ops.html",
        here="ops",
        lags=[{"name": N_("All projections"), "behind": behind, "seconds": seconds}],
        sizes=[
            {"name": N_("Entries in the record"), "value": f"{head:,}"},
            {"name": N_("Names in the zone"), "value": f"{len(hub.shield.zone.image()):,}"},
            {"name": N_("Organisations"), "value": f"{len(Names(hub).all()):,}"},
        ],
        facts=[
            {"name": N_("Version"), "value": fusioncell.__version__},
            {"name": N_("Database"), "value": "PostgreSQL" if hub.settings.database_url else "SQLite"},
            {"name": N_("Epoch"), "value": str(epoch)},
            {"name": N_("Zone serial"), "value": str(hub.shield.zone.serial)},
            {"name": N_("Zone changes that wait for two people"), "value": f"{undo.acts:,}"},
            {"name": N_("Zones frozen since"), "value": when(undo.frozen_since) if undo.frozen_since else N_("none")},
            {"name": N_("Projections fail with"), "value": hub.river.failing or N_("nothing")},
            {"name": N_("Entries set aside since the start"), "value": f"{hub.river.set_aside:,}"},
            {"name": N_("Mail that waits"), "value": f"{mail.waiting:,}"},
            {"name": N_("Mail given up"), "value": f"{mail.dead:,}"},
            {"name": N_("Mail fails with"), "value": mail.fault or N_("nothing")},
            {"name": N_("Last entry"), "value": when(at) if head else N_("none")},
            {"name": N_("Data folder"), "value": str(hub.folder.path)},
        ],
    )


HANDLERS = (ops,)
"""The operators' page."""
