"""Knot Resolver 5: it takes no transfer, so a loop fetches each zone as a file, and it reads what is new.

It watches files by itself only with the package lua-cqueues; the fragment reads again when the loop says so, without.
Its own log-only mode does not exist: in shadow nothing is loaded.
"""

from __future__ import annotations

from fusioncell.shield.resolvers.model import Plan

FOLDER = "/var/lib/knot-resolver"

_LUA = """
local fusioncell_zones = {}
local function fusioncell(path, reason)
  local zone, state = { asked = function () return nil end }, ''
  fusioncell_zones[#fusioncell_zones + 1] = zone
  local function look()
    local file = io.open(path .. '.state', 'r')
    if not file then return end
    local now = file:read('*a')
    file:close()
    if now ~= state then
      local good, rules = pcall(policy.rpz, policy.DENY_MSG(reason), path, false)
      if good then zone.asked, state = rules, now end  -- else the last good zone stays
    end
  end
  look()
  event.recurrent(sec / 5, look)
end
policy.add(function (request, query)
  for _, zone in ipairs(fusioncell_zones) do
    local action = zone.asked(request, query)
    -- What passes is none of ours any more, but what you say behind this (a FORWARD) still counts.
    if action then return action ~= policy.PASS and action or nil end
  end
end)
"""

_LOOP = """#!/bin/sh
# Fetches the zones for Knot Resolver: what is new each second, the big ones each half minute, for reading one stops the
# resolver for as long as it takes (1 M names: 10 s). What has not changed costs one small answer. Run it as a service
# (systemd: Restart=always), with the key of your organisation in FUSIONCELL_KEY. A failed fetch changes nothing.
set -u
cd '{folder}' || exit 1
fetch() {{
  curl --silent --show-error --fail --max-time 120 --header "Authorization: Bearer $FUSIONCELL_KEY" \\
    --etag-compare "$1.etag" --etag-save "$1.etag.new" --output "$1.new" \\
    '{url}/api/shield/zones/'"$1"'{query}' || return
  [ -s "$1.new" ] || return                    # 304: nothing new
  mv "$1.new" "$1.rpz" && mv "$1.etag.new" "$1.etag" && cp "$1.etag" "$1.rpz.state"
}}
while :; do
{calm}
  sleep 30
done &
trap "kill $!" EXIT
trap "exit 0" INT TERM
while :; do
{calls}
  sleep 1
done
"""


def write(plan: Plan) -> dict[str, str]:
    """Write the Lua fragment and the loop that fetches."""
    folder = plan.folder or FOLDER
    lines = ["-- Policy zones of Fusion Cell for Knot Resolver: dofile() it from kresd.conf, or put it there.",
             "modules.load('policy')"]  # fmt: skip
    for zone in plan.own:
        lines.append(f"policy.add(policy.rpz(policy.DENY, '{zone.file}'))  -- your own, or ordered by law: before ours")
    if plan.shadow:
        lines.append("-- Shadow: this resolver cannot log without blocking; `fusioncell edge` counts from dnstap.")
    else:
        lines += _LUA.strip("\n").splitlines()
        lines += [f"fusioncell('{folder}/{source.origin}.rpz', '{_quoted(source.reason)}')" for source in plan.zones]
    calls = ["\n".join(f"  fetch {source.origin}" for source in plan.zones if source.calm is calm) or "  :"
             for calm in (True, False)]  # fmt: skip
    query = f"?subscriber={plan.subscriber}" if plan.subscriber else ""
    loop = _LOOP.format(folder=folder, query=query, url=(plan.url or "https://hub.example").rstrip("/"), calm=calls[0],
                        calls=calls[1])  # fmt: skip
    return {"fusioncell.lua": "\n".join(lines) + "\n", "fusioncell-fetch.sh": loop}


def _quoted(text: str) -> str:
    return text.replace("'", "")
