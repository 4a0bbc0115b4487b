"""Detection exports of many values, in this process: making the table, mending it, writing each form, a cached answer.

``--quick``: 25,000 values in place of 250,000.
"""

from __future__ import annotations

import sys

from bench import Cpu, new_hub, report

from fusioncell.exchange.detect import FORMATS, Wanted
from fusioncell.intake.service import Terms
from fusioncell.kernel.marking import Tlp
from fusioncell.kernel.observable import ObservableType

NAMES, ADDRESSES, URLS, DIGESTS = 0.5, 0.2, 0.2, 0.1


def values(count: int) -> list[str]:
    """Half names, a fifth addresses, a fifth URLs, a tenth digests: about what the public feeds hold."""
    names, addresses, urls = (int(count * share) for share in (NAMES, ADDRESSES, URLS))
    digests = count - names - addresses - urls
    return [
        *(f"n{number:07d}.evil{number % 977}.net" for number in range(names)),
        *(f"{60 + number // 65536 % 30}.{number // 256 % 256}.{number % 256}.{7 + number % 200}"
          for number in range(addresses)),
        *(f"http://h{number:07d}.bad{number % 499}.net/gate.php?id={number},a" for number in range(urls)),
        *(f"{number:064x}" for number in range(10**9, 10**9 + digests)),
    ]  # fmt: skip


def main() -> None:
    """Fill, export, mend, export again."""
    count = 25_000 if "--quick" in sys.argv else 250_000
    with new_hub() as hub:
        members = hub.members
        orgs = [members.add_organisation(f"Bench {number}", "test", "government").id for number in range(2)]
        made = values(count)
        for org, part in ((orgs[0], made), (orgs[1], made[: count // 4])):
            poster = members.operator_viewer(org)
            assert poster is not None
            body = "value,verdict\n" + "".join(f'"{value}",malicious\n' for value in part)
            hub.intake.accept(poster, body.encode(), "text/csv", Terms(Tlp.GREEN))
        hub.settle()
        viewer = members.operator_viewer(orgs[0])
        assert viewer is not None
        audiences = hub.record.visible_to(viewer)
        with Cpu() as making:
            table = hub.fusion.standing(audiences)
        found = len(table.ids)
        report("table made", values=found, cpu_s=making.seconds, values_a_cpu_s=found / making.seconds)
        with Cpu() as making:
            hub.fusion.standing(audiences)
        report("table made again", cpu_s=making.seconds, values_a_cpu_s=found / making.seconds)
        for form in FORMATS.values():
            if form.rules or form.fixed:
                continue
            wanted = Wanted(form.name, frozenset((ObservableType.DOMAIN,)) if form.one_type else frozenset())
            with Cpu() as first:
                served = hub.feeds.serve(viewer, wanted)
            with Cpu() as cached:
                for _ in range(100):
                    again = hub.feeds.serve(viewer, wanted, known=frozenset((served.etag,)))
            assert again.data is None and served.data is not None
            report(f"{form.name}", values=served.count, mb=len(served.data) / 1e6, cpu_s=first.seconds,
                   values_a_cpu_s=served.count / first.seconds, unchanged_cpu_ms=cached.seconds * 10)  # fmt: skip
        poster = members.operator_viewer(orgs[1])
        assert poster is not None
        hub.intake.accept(poster, b"value,verdict\nfresh.evil.net,malicious\n", "text/csv", Terms(Tlp.GREEN))
        hub.settle()
        with Cpu() as mending:
            hub.feeds.serve(viewer, Wanted("csv"))
        report("one value more, csv", cpu_s=mending.seconds)


if __name__ == "__main__":
    main()
