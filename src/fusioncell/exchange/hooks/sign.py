"""The signature of a webhook's requests, and their bodies. Pure.

``Fusioncell-Timestamp`` holds the seconds since 1970; ``Fusioncell-Signature`` is ``sha256=`` and, in hexadecimal, the
HMAC-SHA-256 (RFC 2104) over ``timestamp + "." + body`` with the webhook's secret as it was shown, its UTF-8 bytes the
key. A receiver computes the same over the bytes that it got, compares in constant time, and refuses old timestamps.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

import msgspec

from fusioncell.exchange.hooks.model import VALUES_PER_ITEM, Delivery
from fusioncell.intake.project import Arrival
from fusioncell.kernel.clock import SECOND, Instant, format_instant
from fusioncell.kernel.marking import Audience


def secret_of(key: bytes, hook: str) -> str:
    """Return a webhook's secret: made from the hub's key and the webhook's id, so that it stands nowhere."""
    mark = hmac.new(key, b"webhook\0" + hook.encode(), hashlib.sha256).digest()
    return "fcwh_" + base64.urlsafe_b64encode(mark).decode().rstrip("=")


def signed_headers(secret: str, delivery: str, body: bytes, now: Instant) -> dict[str, str]:
    """Return the headers of one request."""
    stamp = str(now // SECOND)
    mark = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/json",
        "Fusioncell-Delivery": delivery,
        "Fusioncell-Timestamp": stamp,
        "Fusioncell-Signature": f"sha256={mark}",
    }


def entry_body(id: str, delivery: Delivery, items: Sequence[tuple[str, Arrival]], audience: Audience,
               address: str) -> bytes:
    """Return the body that tells of entries: their ids, titles and values, and why they are told.

    ``items``: (public id, arrival) of those that stand and may be seen. ``address``: of the hub.
    """
    return msgspec.json.encode({
        "id": id,
        "type": "entry",
        "at": format_instant(delivery.at),
        "contribution": delivery.contribution,
        "organisation": delivery.org,
        "tlp": audience.tlp.value,
        "why": [{"kind": kind, "value": value} for kind, value in delivery.whys],
        "count": delivery.count,
        "entries": [_item(public, arrival) for public, arrival in items],
        "href": f"{address}/contributions/{delivery.contribution}",
    })


def _item(public: str, arrival: Arrival) -> dict[str, object]:
    named = dict.fromkeys(claim.observable for claim in arrival.extract.claims)
    return {
        "entry": public,
        "kind": arrival.entry.kind,
        "title": arrival.extract.title,
        "observables": [{"type": one.type.value, "value": one.value} for one in list(named)[:VALUES_PER_ITEM]],
    }


def tombstone_body(id: str, delivery: Delivery, gone: Sequence[str]) -> bytes:
    """Return the body that tells that something was withdrawn: ids, and no content."""
    return msgspec.json.encode({
        "id": id,
        "type": "tombstone",
        "at": format_instant(delivery.at),
        "contribution": delivery.contribution,
        "entries": [{"entry": public} for public in gone],
    })
