"""Abuse notices on a page: what others say of the addresses in the viewer's own networks, the newest first."""

from __future__ import annotations

from litestar import get

from fusioncell.bootstrap import Hub
from fusioncell.exchange.abuse import Notice
from fusioncell.kernel.claim import Role
from fusioncell.kernel.marking import Viewer
from fusioncell.web.pages.frame import Asked, Page, members_only, page
from fusioncell.web.pages.views import ROLES, View, observable_view
from fusioncell.web.words import N_

ROWS = 100
FORMS = (("CSV", "/api/abuse-notices?format=csv"), ("JSON", "/api/abuse-notices"),
         ("XARF", "/api/abuse-notices?format=xarf"))  # fmt: skip
COMMAND = "fusioncell abuse-notices --state FILE"
WORDS: dict[str, str] = {
    "infected-system": N_("Infected system"), "c2-server": N_("Command and control"),
    "malware-distribution": N_("Malware distribution"), "malware-configuration": N_("Malware configuration"),
    "spam": N_("Spam"), "phishing": N_("Phishing"), "masquerade": N_("Masquerade"),
    "unauthorised-use-of-resources": N_("Unauthorised use of resources"), "scanner": N_("Scanning"),
    "sniffing": N_("Sniffing"), "social-engineering": N_("Social engineering"), "brute-force": N_("Brute force"),
    "exploit": N_("Exploit attempts"), "ids-alert": N_("Attack seen by sensors"),
    "system-compromise": N_("Compromised system"), "application-compromise": N_("Compromised application"),
    "privileged-account-compromise": N_("Compromised account"),
    "unprivileged-account-compromise": N_("Compromised account"), "dos": N_("Denial of service"),
    "ddos": N_("Denial of service"), "ddos-amplifier": N_("Amplifier of denial of service"),
    "potentially-unwanted-accessible": N_("Service open to all"), "weak-crypto": N_("Weak encryption"),
    "information-disclosure": N_("Discloses information"), "vulnerable-system": N_("Vulnerable system"),
    "undetermined": N_("Not said"),
}  # fmt: skip
"""Kind of abuse → what people call it."""


def _row(one: Notice) -> View:
    return {
        "one": observable_view(one.value, None), "address": one.address, "network": one.network,
        "kind": WORDS[one.kind], "role": ROLES[Role[one.role.upper()]], "observed": one.observed, "port": one.port,
        "protocol": one.protocol, "tlp": one.tlp, "count": one.count, "malicious": one.malicious,
        "active": one.active, "href": f"/contributions/{one.contribution}",
    }  # fmt: skip


@get("/mine/abuse", opt={"permission": "read"}, sync_to_thread=True, include_in_schema=False)
def abuse_notices(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Show the newest notices."""
    members_only(viewer)
    found = hub.abuse.newest(viewer, ROWS)
    return page(request, "picture/abuse.html", here="picture", rows=[_row(one) for one in found.found],
                more=found.more, networks=list(found.networks), forms=FORMS, command=COMMAND,
                may_claim=viewer.may("lead"), may_export=viewer.may("export"))  # fmt: skip


HANDLERS = (abuse_notices,)
"""The page of abuse notices."""
