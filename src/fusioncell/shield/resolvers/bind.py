"""BIND 9 (9.18 and later).

1. It rebuilds its summary of policies at each change, in time that grows with the zone: hence many shards, and
   ``min-update-interval 0`` (the default lets at most one change a minute take effect).
2. It passes policy over for signed names that a client asks with DO: hence ``break-dnssec yes``.
3. It asks for at most 20 serials a second, ten each half second, its own polls among them: a NOTIFY that comes just
   behind one waits for the rest (measured: half of all changes, up to 0.5 s). Hence ``serial-query-rate``.
4. There is one ``options`` block: what belongs there is a file of its own.
"""

from __future__ import annotations

from fusioncell.shield.resolvers.model import Plan

FOLDER = "/var/cache/bind"


def write(plan: Plan) -> dict[str, str]:
    """Write two files: one to include inside ``options { };`` and one beside it."""
    return {"fusioncell.options": _options(plan), "fusioncell.zones": _zones(plan)}


def _options(plan: Plan) -> str:
    lines = ["// Policy zones of Fusion Cell for BIND: include this inside options { }.", "response-policy {"]
    lines += [f'    zone "{zone.name}" log yes;    // your own, or ordered by law: before ours' for zone in plan.own]
    shadow = " policy disabled" if plan.shadow else ""
    for source in plan.zones:
        ede = " ede blocked" if plan.ede and source.reason and not plan.shadow else ""
        lines.append(f'    zone "{source.origin}" log yes max-policy-ttl 30{shadow}{ede};')
    lines += [
        "} qname-wait-recurse no    // answer at once; the rules look at the asked name only",
        "  nsip-enable no nsdname-enable no",
        "  break-dnssec yes         // or who asks with DO gets signed names unfiltered",
        "  min-update-interval 0;   // the default of 60 holds a change back for a minute, 1 for a second",
        "serial-query-rate 1000;    // the default of 20 lets a change wait for half a second",
    ]
    return "\n".join(lines) + "\n"


def _zones(plan: Plan) -> str:
    lines = ["// The zones that Fusion Cell's policy stands in: include this beside options { }."]
    if plan.key:
        lines.append(f'key "{plan.key}" {{ algorithm hmac-sha256; secret "{plan.secret}"; }};')
    if plan.tls_name:
        lines.append(f'tls "fusioncell" {{ ca-file "{plan.ca_file}"; remote-hostname "{plan.tls_name}"; }};')
    for zone in plan.own:
        lines.append(f'zone "{zone.name}" {{ type primary; file "{zone.file}"; allow-query {{ none; }}; }};')
    key = f' key "{plan.key}"' if plan.key else ""
    tls = ' tls "fusioncell"' if plan.tls_name else ""
    notify = f'key "{plan.key}"' if plan.key else plan.primary
    for source in plan.zones:
        lines.append(
            f'zone "{source.origin}" {{ type secondary; file "{plan.folder or FOLDER}/{source.origin}.db"; '
            f"masterfile-format text;\n"
            f"    primaries {{ {plan.primary} port {plan.port}{key}{tls}; }}; request-ixfr yes; "
            f"allow-notify {{ {notify}; }};\n"
            f"    min-refresh-time 5; min-retry-time 5; allow-query {{ localhost; }}; allow-transfer {{ none; }}; "
            f"notify no; }};"
        )
    return "\n".join(lines) + "\n"
