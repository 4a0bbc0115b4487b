"""Steps of notification: what a watch hits, when a person may be told, what a mail says, how a request is signed."""

from __future__ import annotations

import hashlib
import hmac

import httpx
import pytest

from fusioncell.edges.mail import SmtpCarrier
from fusioncell.edges.webhook import HttpCaller
from fusioncell.exchange.hooks.model import admit_url
from fusioncell.exchange.hooks.sign import secret_of, signed_headers
from fusioncell.exchange.mail.model import admit_address, one_line
from fusioncell.exchange.notify import admit
from fusioncell.exchange.notify.compose import mail, title_in_mail
from fusioncell.exchange.notify.match import Index, label_keys
from fusioncell.exchange.notify.model import Notice, Preferences, Watch
from fusioncell.exchange.notify.when import digest_period, is_quiet
from fusioncell.intake.arrive import State
from fusioncell.intake.model import Extract
from fusioncell.intake.project import Arrival
from fusioncell.kernel.claim import Claim, Role, Stance
from fusioncell.kernel.clock import parse_instant
from fusioncell.kernel.entry import Entry, Payload
from fusioncell.kernel.errors import BadInput, NotAllowed
from fusioncell.kernel.marking import Audience, Tlp
from fusioncell.kernel.observable import Observable, ObservableType, canonical, guess
from fusioncell.kernel.ports import Letter

T = ObservableType
GREEN = Audience(Tlp.GREEN)


def arrival(*observables: Observable, labels: tuple[str, ...] = (), context: tuple[str, ...] = (),
            title: str = "") -> Arrival:
    entry = Entry(1, 1, 0, "org", "stix", 1, "c", b"", b"", Payload("", "x", 0, "", b"{}"))
    claims = tuple(Claim(one, Role.CONTEXT, Stance.NONE, context=context) for one in observables)
    return Arrival(entry, Extract(claims, title, "", labels), State.NEW, True)


def hits(kind: str, value: str, told: Arrival, *, audience: Audience = GREEN, sector: str = "") -> bool:
    kind, value = admit.watch(kind, value)
    index = Index([Watch("w", "person:p", "org", kind, value, 0)], {})
    return bool(index.of_contribution(audience, sector) + index.of_item(told))


def value(text: str) -> Observable:
    found = guess(text)
    assert found is not None, text
    return found


@pytest.mark.parametrize(("watched", "said", "hit"), [
    ("192.0.2.0/24", "192.0.2.1", True),
    ("192.0.2.0/24", "192.0.3.1", False),
    ("192.0.2.7", "192.0.2.7", True),
    ("192.0.2.0/24", "192.0.2.128/25", True),
    ("192.0.2.0/24", "192.0.0.0/16", True),
    ("192.0.2.0/24", "192.0.0.0/15", False),
    ("192.0.2.0/24", "http://192.0.2.9:8080/x", True),
    ("192.0.2.0/24", "http://user@192.0.2.9/x", True),
    ("192.0.2.0/24", "http://192.0.3.9/?q=192.0.2.9", False),
    ("2001:db8::/32", "2001:db8:1::5", True),
    ("2001:db8::/32", "2001:db9::5", False),
    ("2001:db8::/32", "http://[2001:db8::9]:8080/x", True),
    ("example.org", "example.org", True),
    ("example.org", "deep.www.example.org", True),
    ("example.org", "notexample.org", False),
    ("www.example.org", "example.org", False),
    ("example.org", "https://www.example.org/login?x=1", True),
    ("example.org", "https://evil.example/?next=example.org", False),
    ("example.org", "bob@mail.example.org", True),
    ("AS64496", "AS64496", True),
    ("as 64496", "AS64497", False),
])  # fmt: skip
def test_what_a_network_watch_hits(watched: str, said: str, hit: bool) -> None:
    assert hits("network", watched, arrival(value(said))) is hit


@pytest.mark.parametrize(("kind", "watched", "hit"), [
    ("tag", "Phishing", True), ("tag", "phish", False), ("tag", "APT-X", True), ("campaign", "apt-x", True),
    ("campaign", "night parcel", True), ("campaign", "parcel", False), ("tag", "emotet", True),
])  # fmt: skip
def test_what_a_label_watch_hits(kind: str, watched: str, hit: bool) -> None:
    told = arrival(canonical(T.DOMAIN, "a.example"), labels=("phishing", 'misp-galaxy:threat-actor="APT-X"'),
                   context=("emotet",), title="Night parcel")
    assert hits(kind, watched, told) is hit


def test_a_sector_and_a_group_hit_by_who_and_to_whom() -> None:
    told, closed = arrival(), Audience(Tlp.AMBER, frozenset({"group:g1.3", "org:o"}))
    assert hits("sector", "Energy", told, sector="energy") and not hits("sector", "energy", told, sector="finance")
    assert hits("group", "g1", told, audience=closed) and not hits("group", "g", told, audience=closed)
    assert label_keys(' a:b="C d" ') == ('a:b="c d"', "c d")


@pytest.mark.parametrize(("zone", "frm", "to", "at", "quiet"), [
    ("UTC", "22:00", "07:00", "23:30", True), ("UTC", "22:00", "07:00", "07:00", False),
    ("UTC", "12:00", "13:00", "12:00", True), ("UTC", "12:00", "13:00", "13:00", False),
    ("UTC", "09:00", "09:00", "09:00", False), ("Asia/Tokyo", "22:00", "07:00", "14:00", True),
    ("America/St_Johns", "22:00", "07:00", "00:29", False), ("America/St_Johns", "22:00", "07:00", "00:31", True),
])  # fmt: skip
def test_quiet_hours(zone: str, frm: str, to: str, at: str, quiet: bool) -> None:
    asked = Preferences(zone=zone, quiet_from=admit.minute_of_day(frm, ""), quiet_to=admit.minute_of_day(to, ""))
    assert is_quiet(parse_instant(f"2026-06-01T{at}:00Z"), asked) is quiet


@pytest.mark.parametrize(("digest", "at", "day"), [
    ("off", "2026-06-03T12:00:00Z", None),
    ("daily", "2026-06-03T06:59:00Z", None),
    ("daily", "2026-06-03T07:00:00Z", "2026-06-03"),
    ("daily", "2026-06-03T22:59:00Z", "2026-06-03"),
    ("daily", "2026-12-03T07:30:00Z", None),
    ("weekly", "2026-06-01T06:00:00Z", None),
    ("weekly", "2026-06-01T07:00:00Z", "2026-06-01"),
    ("weekly", "2026-06-05T07:00:00Z", "2026-06-01"),
    ("daily", "2026-03-29T07:00:00Z", "2026-03-29"),
])  # fmt: skip
def test_a_digest_is_due_from_the_local_morning(digest: str, at: str, day: str | None) -> None:
    """London: summer time since 29 March, so eight o'clock is seven by UTC."""
    period = digest_period(parse_instant(at), Preferences(digest=digest))
    assert (period[0] if period else None) == day


def test_the_words_of_a_mail() -> None:
    def notice(tlp: Tlp, title: str) -> Notice:
        return Notice("n", True, 0, None, "c", title, "stix", 3, "org", tlp, (("network", "192.0.2.0/24"),))

    subject, text = mail([notice(Tlp.GREEN, "See https://evil.example/x now"), notice(Tlp.AMBER, "Canary"),
                          notice(Tlp.RED, "Canary")], "https://hub.example", str, own=True)  # fmt: skip
    assert "Canary" not in subject + text and "192.0.2" not in text and "TLP:AMBER" not in text
    assert "hxxp" in text or "https[:]//evil[.]example/x" in text
    assert text.isascii() and "2" in text.splitlines()[-7]
    assert title_in_mail("a\r\nb user@x.example 1.2") == "a b user[@]x[.]example 1[.]2"


def test_a_signature_is_the_hmac_over_timestamp_and_body() -> None:
    secret = secret_of(b"k" * 32, "hook")
    assert secret == secret_of(b"k" * 32, "hook") != secret_of(b"k" * 32, "other")
    headers = signed_headers(secret, "d", b'{"a":1}', 1_700_000_000_000_000)
    assert headers["Fusioncell-Timestamp"] == "1700000000"
    mark = hmac.new(secret.encode(), b'1700000000.{"a":1}', hashlib.sha256).hexdigest()
    assert headers["Fusioncell-Signature"] == f"sha256={mark}"


# -- the edge of webhooks: never led inside ----------------------------------------------------------------------------

INSIDE = [
    "127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "::1", "fe80::1", "fc00::1", "::ffff:10.0.0.1", "2002:0a00:0001::", "64:ff9b::a00:1", "::7f00:1", "255.255.255.255",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_a_name_that_leads_inside_is_never_called(address: str) -> None:
    called: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        called.append(request)
        return httpx.Response(200)

    caller = HttpCaller(resolve=lambda host, port: ["93.184.216.34", address], transport=httpx.MockTransport(answer))
    assert caller.post("https://receiver.example/in", b"{}", {}) == (0, "the address is not on the public Internet")
    assert called == [], "one address inside is enough"


def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    called: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        called.append(request)
        return httpx.Response(302, headers={"location": "https://10.0.0.1/"})

    caller = HttpCaller(resolve=lambda host, port: ["93.184.216.34"], transport=httpx.MockTransport(answer))
    assert caller.post("https://receiver.example:8443/in?a=b", b"{}", {"Fusioncell-Delivery": "d"}) == (
        302, "answered 302")
    (request,) = called
    assert str(request.url) == "https://93.184.216.34:8443/in?a=b"
    assert request.headers["host"] == "receiver.example:8443"
    assert request.extensions["sni_hostname"] == "receiver.example"


def test_a_host_that_the_operator_names_may_be_inside() -> None:
    caller = HttpCaller(["Inside.example"], resolve=lambda host, port: ["10.0.0.1"],
                        transport=httpx.MockTransport(lambda request: httpx.Response(204)))
    assert caller.post("http://inside.example/in", b"{}", {}) == (204, "")
    assert caller.post("http://other.example/in", b"{}", {})[0] == 0
    with pytest.raises((BadInput, NotAllowed)):
        caller.check("http://other.example/in")


@pytest.mark.parametrize("url", ["https://a b.example/", "https://a.example/\nb", "gopher://a.example/", "https:///x",
                                 "https://a.example:99999/", "https://ü.example/", "x" * 600, "https://u:p@a.example/"])
def test_no_address_of_a_webhook(url: str) -> None:
    with pytest.raises(BadInput):
        admit_url(url)


# -- the edge of mail --------------------------------------------------------------------------------------------------


def test_a_message_has_the_headers_that_it_needs_and_no_other() -> None:
    carrier = SmtpCarrier("mail.example", 587, "Fusion Cell <hub@cell.example>")
    message = carrier.message(Letter("1", "a@b.example", one_line("Ünï\r\nBcc: x", 99), "Text\n", 0))
    assert message["Subject"] == "Ünï Bcc: x" and message["Bcc"] is None
    assert message["From"] == "Fusion Cell <hub@cell.example>"
    assert message["Auto-Submitted"] == "auto-generated" and message["Message-ID"] == "<1@cell.example>"
    assert b"\nBcc:" not in message.as_bytes()
    with pytest.raises(ValueError):
        carrier.message(Letter("1", "a@b.example", "One\nBcc: x", "Text", 0))
    with pytest.raises(BadInput):
        SmtpCarrier("mail.example", 587, "hub@cell.example", tls="perhaps")
    with pytest.raises(BadInput):
        SmtpCarrier("mail.example", 587, "nobody")


@pytest.mark.parametrize("address", [
    "a", "a@", "@b", "a b@c.example", "a@b.example,c@d", "a@b.example\n", "<a@b.example>",
])  # fmt: skip
def test_no_mail_address(address: str) -> None:
    with pytest.raises(BadInput):
        admit_address(address)
