"""PowerDNS Recursor (4.8 and later).

1. It answers from its packet cache before it asks a policy: ``packetcache-ttl=1`` bounds how long (from 5.5 on it wipes
   what a zone names). With 5 a name that was just asked for was blocked after 5 s (measured).
2. It hears NOTIFY for policy zones only from 5.1 on: ``refresh=1`` asks each second.
3. It gives a first transfer 20 seconds: ``axfrTimeout`` gives more.
4. It sends a code and a text with each answer, the same for a whole zone: hence one zone for each category. Not for a
   zone that lets names pass, or free answers would carry "blocked".
"""

from __future__ import annotations

from fusioncell.shield.resolvers.model import Plan

FOLDER = "/var/lib/powerdns"
CALM = 20
"""Seconds between two looks at a main zone, which is copied at each change (1 M names: 1 s)."""


def write(plan: Plan) -> dict[str, str]:
    """Write the Lua file with the zones, and the settings that go with it."""
    return {"fusioncell.lua": _lua(plan), "fusioncell.conf": _settings(plan)}


def _settings(plan: Plan) -> str:
    return "\n".join([
        "# Settings that go with fusioncell.lua: put this into the recursor's include-dir (Debian: recursor.d/).",
        "# If you have a lua-config-file already, add dofile('/etc/powerdns/fusioncell.lua') to it instead.",
        "lua-config-file=/etc/powerdns/fusioncell.lua",
        "extended-resolution-errors=yes",
        "# Policies are asked only for what the packet cache does not answer.",
        "packetcache-ttl=1",
        "packetcache-servfail-ttl=1",
        "# From 5.1 on, and then refresh=60 in fusioncell.lua does: allow-notify-from=" + plan.primary,
    ]) + "\n"  # fmt: skip


def _lua(plan: Plan) -> str:
    folder = plan.folder or FOLDER
    lines = ["-- Policy zones of Fusion Cell for PowerDNS Recursor: its lua-config-file. The first zone that knows a",
             "-- name decides."]  # fmt: skip
    for zone in plan.own:
        lines.append("-- Your own, or ordered by law: before ours.")
        lines.append(f'rpzFile("{zone.file}", {{policyName="{zone.name}"}})')
    for source in plan.zones:
        options = [f'policyName="fusioncell-{source.label}"']
        if plan.key:
            options += [f'tsigname="{plan.key}"', 'tsigalgo="hmac-sha256"', f'tsigsecret="{plan.secret}"']
        options += [f"refresh={CALM if source.calm else 1}", "axfrTimeout=300", "maxTTL=30"]
        if source.reason and not plan.shadow:
            options += ["extendedErrorCode=15", f'extendedErrorExtra="{source.reason}"']
        if plan.shadow:
            options.append("defpol=Policy.NoAction")
        copy = f"{folder}/{source.origin}.rpz"
        options += [f'dumpFile="{copy}"', f'seedFile="{copy}"']
        address = f"[{plan.primary}]:{plan.port}" if ":" in plan.primary else f"{plan.primary}:{plan.port}"
        lines += [f'rpzPrimary({{"{address}"}}, "{source.origin}", {{', "  " + ", ".join(options), "})"]
    return "\n".join(lines) + "\n"
