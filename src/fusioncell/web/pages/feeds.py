"""What a member's own tools can take: the forms, how much stands in them for this viewer, and commands to copy."""

from __future__ import annotations

from litestar import get

from fusioncell.bootstrap import Hub
from fusioncell.exchange.detect import FORMATS, TYPES, Feeds
from fusioncell.kernel.marking import Viewer
from fusioncell.web.pages.frame import Asked, Page, page
from fusioncell.web.pages.views import View, label_of
from fusioncell.web.words import N_

KEY = "$FUSIONCELL_KEY"
"""A command names the key by its variable: a page never shows one."""
_CURL = 'curl -fsS -H "Authorization: Bearer ' + KEY + '" --etag-compare {file}.etag --etag-save {file}.etag'

RECIPES = (
    ("curl", N_("Any tool, with curl: nothing is sent while nothing has changed"), (
        "{curl} -o {file}.new '{base}/api/feeds/list?types=domain-name'",
        "test -s {file}.new && mv {file}.new {file}",
    ), "fusioncell.txt"),
    ("fusioncell", N_("The hub's own command, for cron: the file is replaced in one step"), (
        "fusioncell export rpz --hub {base} --out /var/lib/unbound/fusioncell.rpz \\",
        "  --when-changed 'unbound-control auth_zone_reload rpz.fusioncell'",
    ), ""),
    ("Suricata", N_("Rules, one a value"), (
        "{curl} -o /var/lib/suricata/rules/{file} {base}/api/feeds/suricata",
        "# suricata.yaml, under rule-files:",
        "  - {file}",
        "suricatasc -c ruleset-reload-nonblocking",
    ), "fusioncell.rules"),
    ("Suricata", N_("Datasets, for very many values: each list beside the rules that load it"), (
        "{curl} -o {file} {base}/api/feeds/suricata-dataset-rules",
        "{curl_names} -o fusioncell-domain-name.lst '{base}/api/feeds/suricata-dataset?types=domain-name'",
    ), "fusioncell-datasets.rules"),
    ("Zeek", N_("A file of the intelligence framework"), (
        "{curl} -o /opt/zeek/share/{file} {base}/api/feeds/zeek",
        "# local.zeek:",
        "@load frameworks/intel/seen",
        'redef Intel::read_files += {{ "/opt/zeek/share/{file}" }};',
    ), "fusioncell.intel"),
    ("Unbound", N_("A response policy zone from a file"), (
        "{curl} -o /var/lib/unbound/{file} {base}/api/feeds/rpz",
        "# unbound.conf, with module-config: \"respip validator iterator\":",
        "rpz:",
        "  name: rpz.fusioncell",
        "  zonefile: /var/lib/unbound/{file}",
    ), "fusioncell.rpz"),
    ("nftables", N_("Two sets of addresses, replaced in one transaction; the rules that use them are yours"), (
        "{curl} -o {file} {base}/api/feeds/nftables && nft -f {file}",
        "nft add chain inet fusioncell watch '{{ type filter hook forward priority 0; }}'",
        "nft add rule inet fusioncell watch ip daddr @malicious_v4 counter log",
        "nft add rule inet fusioncell watch ip6 daddr @malicious_v6 counter log",
    ), "fusioncell.nft"),
)  # fmt: skip
"""(tool, what it is, lines, file). Lines are commands and configuration, the same in every language."""


def commands(base: str) -> list[View]:
    """Return the recipes with this hub's address."""
    names = _CURL.format(file="fusioncell-domain-name.lst")
    return [
        {"tool": tool, "text": text, "lines": "\n".join(
            line.format(curl=_CURL.format(file=file), curl_names=names, base=base, file=file) for line in lines)}
        for tool, text, lines, file in RECIPES
    ]  # fmt: skip


CLIENTS = (
    (N_("MISP clients: PyMISP, OpenCTI, TheHive, Splunk, another MISP"), "/misp", N_("the key as it is")),
    (N_("TAXII 2.1 clients: OpenCTI, Sentinel, Splunk, another hub"), "/taxii2/", N_("the key as the password")),
    (N_("Programs: the API, described as OpenAPI"), "/api/openapi.json", "Authorization: Bearer KEY"),
)
"""(what asks, the address that it is given after the hub's own, how it sends the key)."""


def rows_of(feeds: Feeds) -> list[View]:
    """Return the forms as a table's rows."""
    return [
        {"name": form.name, "title": form.title, "href": f"/api/feeds/{form.name}", "blocks": form.blocks,
         "types": [label_of(type) for type in sorted(form.types, key=TYPES.index)[:8]],
         "more": max(0, len(form.types) - 8), "rules": form.rules}
        for form in FORMATS.values()
    ]  # fmt: skip


@get("/feeds", opt={"permission": "read"}, sync_to_thread=True, include_in_schema=False)
def show(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Show what can be taken."""
    counts = hub.feeds.change(viewer).counts
    return page(
        request,
        "feeds/index.html",
        here="exchange",
        counts=None if counts is None else [{"label": label_of(type), "count": each} for type, each in counts.items()],
        total=sum(counts.values()) if counts else 0,
        forms=rows_of(hub.feeds),
        recipes=commands(hub.feeds.base),
        key=KEY,
        clients=[{"who": who, "address": hub.feeds.base + path, "how": how} for who, path, how in CLIENTS],
    )


HANDLERS = (show,)
"""The page of feeds."""
