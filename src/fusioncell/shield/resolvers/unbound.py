"""Unbound (1.17 and later).

It knows no TSIG for policy zones: it comes by its address, by TLS, or through the edge agent on localhost, which speaks
TSIG to the hub. Each further zone slows it sharply, so it gets two. Its answers say nothing of a policy (no EDE).

After each transfer it writes the whole zone to its file, and answers nobody meanwhile (1 M names: 3 s, measured). Where
its primary is on the same machine, the agent keeps the zones, and the big one gets no file.
"""

from __future__ import annotations

import ipaddress

from fusioncell.shield.resolvers.model import Plan

FOLDER = "/var/lib/unbound"


def write(plan: Plan) -> dict[str, str]:
    """Write one file, to be included from unbound.conf (Debian: /etc/unbound/unbound.conf.d/)."""
    lines = [
        "# Policy zones of Fusion Cell for Unbound. Put it into /etc/unbound/unbound.conf.d/.",
        "server:",
        "    # respip must come first, or no policy zone is asked. Without DNSSEC validation: \"respip iterator\".",
        '    module-config: "respip validator iterator"',
        "    # A primary on this machine is asked only where this is said.",
        "    do-not-query-localhost: no",
        "    ede: yes",
    ]
    if plan.tls_name:
        lines.append(f'    tls-cert-bundle: "{plan.ca_file}"')
    for zone in plan.own:
        lines += ["", "# Your own, or ordered by law: asked before ours.", "rpz:", f"    name: {zone.name}",
                  f'    zonefile: "{zone.file}"', "    rpz-log: yes", f"    rpz-log-name: {zone.name}"]
    # With TLS it still asks for the SOA by plain UDP on the same port number: the hub answers there.
    primary = f"{plan.primary}@{plan.port}" + (f"#{plan.tls_name}" if plan.tls_name else "")
    beside = ipaddress.ip_address(plan.primary).is_loopback
    for source in plan.zones:
        lines += [
            "", "rpz:",
            f"    name: {source.origin}",
            f"    primary: {primary}",
            f"    allow-notify: {plan.primary}",
            *([] if source.calm and beside else [f'    zonefile: "{plan.folder or FOLDER}/{source.origin}.zone"']),
            "    rpz-log: yes",
            f"    rpz-log-name: fusioncell-{source.label}",
        ]
        if plan.shadow:
            lines.append("    rpz-action-override: disabled    # shadow: hits are logged, answers are as ever")
    return {"fusioncell.conf": "\n".join(lines) + "\n"}
