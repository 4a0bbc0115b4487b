"""What it costs to lift 10,000 wrong blocks at once: the call itself, until the zone is free of them, and the preview.

The zone is filled with entries of decisions, as a rule and an approver would have made them.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import msgspec

from fusioncell.bootstrap import Folder, open_hub
from fusioncell.fusion.knowngood import KnownGood
from fusioncell.kernel.clock import DAY
from fusioncell.kernel.entry import Draft, Payload
from fusioncell.kernel.ids import new_id
from fusioncell.shield.model import APPROVERS, PARTNERS, Body


def main(names: int) -> None:
    """Fill, preview, lift, and print."""
    with tempfile.TemporaryDirectory() as place:
        Folder(Path(place) / "hub").make("hub")
        hub = open_hub(Path(place) / "hub", known_good=KnownGood.nothing())
        org = hub.members.add_organisation("Gov", "gov", "government")
        viewer = hub.members.operator_viewer("Gov")
        assert viewer is not None
        who = replace(viewer, person="someone")
        approvers, partners = hub.record.intern_audience(APPROVERS), hub.record.intern_audience(PARTNERS)
        drafts = []
        for at in range(names):
            body = Body(new_id(hub.randomness), f"n{at}.example", "phishing", 0.9, 0.9, [], "rule")
            published = msgspec.structs.replace(body, by=org.id, expires=hub.clock.now() + DAY)
            for kind, number, said in (("proposed", approvers, body), ("published", partners, published)):
                payload = Payload("", body.decision, 0, "", msgspec.json.encode(said))
                drafts.append(Draft(f"decision.{kind}", number, payload))
        hub.record.append("", drafts, new_id(hub.randomness))
        hub.settle()
        assert len(hub.shield.zone.image()) == names
        start = time.process_time()
        found = hub.shielding.lifts.preview(who, {"rule": "rule"})
        shown = time.process_time()
        hub.shielding.lifts.lift(who, {"rule": "rule"}, "the rule was wrong")
        lifted = time.process_time()
        hub.settle()
        free = time.process_time()
        assert len(found.blocks) == names and len(hub.shield.zone.image()) == 0
        print(f"{names:,} blocks: preview {shown - start:.2f}, lift {lifted - shown:.2f}, until the zone is free "
              f"{free - lifted:.2f} CPU-s")  # fmt: skip
        hub.close()


if __name__ == "__main__":
    main(1_000 if "--quick" in sys.argv else 10_000)
