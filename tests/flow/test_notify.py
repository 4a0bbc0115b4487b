"""Notification, end to end: watch, be told on the page, by mail (a real SMTP server) and by webhook (a real receiver).

The promises: nothing of AMBER or stricter stands in a mail; one digest a local day, however often it is asked for and
whatever dies; a mail server that is down blocks and loses nothing; what was recalled is told as withdrawn only.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fusioncell.bootstrap import Hub, open_hub
from fusioncell.edges.folder import Folder
from fusioncell.exchange.mail.model import PAUSES
from fusioncell.exchange.notify import Preferences
from fusioncell.exchange.talk import NewPost
from fusioncell.fusion.knowngood import KnownGood
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import DAY, HOUR, MINUTE, ManualClock, parse_instant
from fusioncell.kernel.errors import BadInput, NotAllowed, NotFound
from fusioncell.kernel.marking import Tlp, Viewer, org
from fusioncell.kernel.settings import Settings
from receivers import Mailbox, Told, certificate_for, http_receiver, smtp_server
from resolvers import free_port

NOON = parse_instant("2026-06-01T12:00:00Z")
"""A Monday; in London it is one o'clock."""
JON = "jon@northern.example"


class Scene:
    """A hub with Ada of a ministry, who shares, and Jon of a provider, who watches."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.clock = ManualClock(NOON)
        self.folder, self.settings = folder, {"data": str(folder), "webhook_allow": "127.0.0.1", "smtp_tls": "none",
                                              "public_url": "https://hub.example", **settings}
        Folder(folder).make("hub")
        self.hub = self._open()
        members = self.hub.members
        ministry = members.add_organisation("Ministry of Works", "government", "government")
        provider = members.add_organisation("Northern Broadband", "telecommunications", "isp")
        self.ada_id = members.add_person(ministry.id, "Ada", "ada@works.example", ["administrator"]).id
        self.jon_id = members.add_person(provider.id, "Jon", JON, ["analyst"]).id

    def _open(self) -> Hub:
        return open_hub(self.folder, Settings.read({}, {}, **self.settings), clock=self.clock,
                        known_good=KnownGood.nothing())

    def again(self) -> None:
        """The hub is killed: its lock is gone, nothing is told to stop; it is opened anew."""
        self.hub.record.close()
        for database in self.hub.databases.values():
            database.close()
        self.hub.folder.unlock()
        self.hub = self._open()

    @property
    def jon(self) -> Viewer:
        found = self.hub.members.viewer_of(f"person:{self.jon_id}")
        assert found is not None
        return found

    @property
    def ada(self) -> Viewer:
        found = self.hub.members.viewer_of(f"person:{self.ada_id}")
        assert found is not None
        return found

    def says(self, text: str, tlp: Tlp = Tlp.GREEN, *, to_jon: bool = False) -> str:
        """Ada contributes; the answer is in the projections."""
        groups = (org(self.jon.org or ""),) if to_jon else ()
        made = self.hub.intake.accept(self.ada, text.encode(), "text/plain", Terms(tlp, groups))
        self.hub.settle()
        return made.contribution

    def tells(self) -> int:
        """Queue what mails are due, and carry them."""
        count = self.hub.notify.tell()
        self.hub.mail.deliver()
        return count

    def prefers(self, **changed: Any) -> None:
        usual = {"quiet_from": 0, "quiet_to": 0, "instant": False}
        self.hub.notify.prefer(self.jon, Preferences(**{**usual, **changed}))


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def scene(tmp_path: Path, mailbox: Mailbox) -> Iterator[Scene]:
    with smtp_server(mailbox) as port:
        scene = Scene(tmp_path / "hub", smtp_host="127.0.0.1", smtp_port=str(port))
        yield scene
        scene.hub.close()


# -- the page ----------------------------------------------------------------------------------------------------------


def test_what_one_watches_is_told_on_the_page(scene: Scene) -> None:
    for kind, value in (("network", "192.0.2.0/24"), ("network", "northern.example"), ("sector", "Government")):
        scene.hub.notify.watch(scene.jon, kind, value)
    scene.says("Scans from 192.0.2.77")
    scene.says("A login page at mail[.]northern[.]example")
    notices, following = scene.hub.notify.notices(scene.jon)
    assert [{kind for kind, _ in notice.whys} for notice in notices] == [{"network", "sector"}] * 2
    assert following == "" and scene.hub.notify.unread(scene.jon) == 2
    assert scene.hub.notify.mark_read(scene.jon, [notices[0].id]) == 1
    assert scene.hub.notify.unread(scene.jon) == 1
    assert scene.hub.notify.unread(scene.ada) == 0


def test_history_and_what_one_said_oneself_tell_nobody(scene: Scene) -> None:
    scene.hub.notify.watch(scene.jon, "network", "192.0.2.0/24")
    scene.hub.notify.watch(scene.ada, "network", "192.0.2.0/24")
    rows = "first_seen,ip\n2026-01-02T00:00:00Z,192.0.2.5\n"
    scene.hub.intake.accept(scene.ada, rows.encode(), "text/csv", Terms(Tlp.GREEN))
    scene.says("Scans from 192.0.2.77")
    assert [notice.title for notice in scene.hub.notify.notices(scene.jon)[0]] == ["Scans from 192.0.2.77"]
    assert scene.hub.notify.notices(scene.ada)[0] == []


def test_what_the_watcher_may_not_see_is_not_told(scene: Scene) -> None:
    scene.hub.notify.watch(scene.jon, "network", "192.0.2.0/24")
    scene.says("Only ours: 192.0.2.9", Tlp.AMBER_STRICT)
    assert scene.hub.notify.notices(scene.jon)[0] == [] and scene.hub.notify.unread(scene.jon) == 0
    scene.says("For you too: 192.0.2.9", Tlp.AMBER_STRICT, to_jon=True)
    assert len(scene.hub.notify.notices(scene.jon)[0]) == 1


def test_who_joins_a_group_is_told_from_then_on(scene: Scene) -> None:
    scene.hub.notify.watch(scene.jon, "network", "192.0.2.0/24")
    circle = scene.hub.circles.make_group("The circle", [org(scene.ada.org or "")])

    def says(text: str) -> None:
        known = scene.hub.circles.group(circle.id)
        party = f"group:{known.id}.{known.generation}"
        scene.hub.intake.accept(scene.ada, text.encode(), "text/plain", Terms(Tlp.AMBER, (party,)))
        scene.hub.settle()

    says("Before: 192.0.2.9")
    scene.hub.circles.join_group(circle.id, [org(scene.jon.org or "")])
    says("After: 192.0.2.9")
    assert [notice.title for notice in scene.hub.notify.notices(scene.jon)[0]] == ["After: 192.0.2.9"]
    scene.hub.circles.leave_group(circle.id, org(scene.jon.org or ""))
    assert scene.hub.notify.notices(scene.jon)[0] == [] and scene.hub.notify.unread(scene.jon) == 0


def test_threads_tell_who_watches_and_who_is_mentioned_until_muted(scene: Scene) -> None:
    talk, ada, jon = scene.hub.talk, scene.ada, scene.jon

    def posts(text: str, parent: str = "", mentions: tuple[str, ...] = (), tlp: Tlp = Tlp.GREEN) -> str:
        made = talk.post(ada, NewPost(text=text, parent=parent, mentions=mentions, tlp=tlp))
        scene.hub.settle()
        return made.id

    first = posts("Who sees this?", mentions=(f"person:{scene.jon_id}",))
    (notice,) = scene.hub.notify.notices(jon)[0]
    assert notice.whys == (("mention", ""),) and notice.thread == first
    posts("Nobody else is told of an answer", first)
    assert len(scene.hub.notify.notices(jon)[0]) == 1
    talk.watch(jon, first)
    posts("But who watches is", first)
    assert scene.hub.notify.notices(jon)[0][0].whys == (("thread", ""),)
    posts("Hidden from Jon, mention or not", mentions=(f"person:{scene.jon_id}",), tlp=Tlp.AMBER_STRICT)
    assert len(scene.hub.notify.notices(jon)[0]) == 2
    scene.hub.notify.mute(jon, first)
    posts("A muted thread is silent", first, mentions=(f"person:{scene.jon_id}",))
    assert len(scene.hub.notify.notices(jon)[0]) == 2
    assert scene.hub.notify.notices(ada)[0] == [], "one is not told of oneself"


def test_a_recalled_entry_leaves_a_notice_without_content(scene: Scene) -> None:
    scene.hub.notify.watch(scene.jon, "network", "192.0.2.0/24")
    made = scene.says("Secret words about 192.0.2.77")
    scene.hub.intake.recall(scene.ada, made, "wrong", None)
    scene.hub.settle()
    (notice,) = scene.hub.notify.notices(scene.jon)[0]
    assert not notice.standing and notice.title == "" and notice.whys == () and notice.org == ""


def test_an_import_makes_one_notice_and_counts(scene: Scene) -> None:
    scene.hub.notify.watch(scene.jon, "network", "192.0.0.0/16")
    rows = "ip\n" + "".join(f"192.0.{n // 250}.{n % 250 + 1}\n" for n in range(400))
    scene.hub.intake.accept(scene.ada, rows.encode(), "text/csv", Terms(Tlp.GREEN))
    scene.hub.settle()
    (notice,) = scene.hub.notify.notices(scene.jon)[0]
    assert notice.count == 400


def test_proved_assets_follow_without_a_word(scene: Scene) -> None:
    assets: list[str] = []
    scene.hub.follower.assets_of = lambda org: assets
    scene.hub.notify.watch(scene.jon, "assets")
    scene.says("Scans from 198.51.100.7")
    assets.append("198.51.100.0/24")
    scene.clock.advance(2 * MINUTE)
    scene.says("More scans from 198.51.100.8")
    (notice,) = scene.hub.notify.notices(scene.jon)[0]
    assert notice.whys == (("assets", "198.51.100.0/24"),)


@pytest.mark.parametrize(("kind", "value"), [
    ("network", "co.uk"), ("network", "0.0.0.0/0"), ("network", "what"), ("tag", ""), ("assets", "x"), ("all", ""),
    ("colour", "red"), ("tag", "x" * 500),
])  # fmt: skip
def test_what_cannot_be_watched_is_refused(scene: Scene, kind: str, value: str) -> None:
    with pytest.raises(BadInput):
        scene.hub.notify.watch(scene.jon, kind, value)
    with pytest.raises(NotFound):
        scene.hub.notify.watch(scene.jon, "group", "0b8ad5c2-7d05-4b2f-9c3e-000000000000")


# -- mail --------------------------------------------------------------------------------------------------------------


def test_a_digest_holds_titles_of_green_and_nothing_of_amber(scene: Scene, mailbox: Mailbox) -> None:
    scene.prefers()
    scene.hub.notify.watch(scene.jon, "sector", "government")
    scene.says("Green parcel pages at parcel[.]example")
    scene.says("Clear words", Tlp.CLEAR)
    for tlp in (Tlp.AMBER, Tlp.AMBER_STRICT):
        scene.says(f"Canary-{tlp.name} 203.0.113.9", tlp, to_jon=True)
    scene.clock.advance(22 * HOUR)
    assert scene.tells() == 1
    (message,), (text,) = mailbox.got, mailbox.texts()
    assert mailbox.recipients == [[JON]]
    assert "Green parcel pages at parcel[.]example" in text and "Clear words" in text
    assert "https://hub.example/notifications" in text
    for canary in ("Canary", "203.0.113", "Ministry", "government", "AMBER"):
        assert canary not in text + str(message["Subject"]), canary
    assert "no mail may tell of it: 2" in text


def test_mail_at_once_is_for_ones_own_networks_alone(scene: Scene, mailbox: Mailbox) -> None:
    scene.prefers(instant=True)
    scene.hub.notify.watch(scene.jon, "sector", "government")
    scene.hub.notify.watch(scene.jon, "network", "192.0.2.0/24")
    scene.says("Nothing of yours")
    assert scene.tells() == 0
    scene.says("Canary 192.0.2.9", Tlp.AMBER_STRICT, to_jon=True)
    assert scene.tells() == 1
    assert "Canary" not in mailbox.texts()[0] and "192.0.2" not in mailbox.texts()[0]
    scene.says("More of 192.0.2.10")
    assert scene.tells() == 0, "ten minutes lie between two mails at once"
    scene.clock.advance(11 * MINUTE)
    assert scene.tells() == 1


def test_one_digest_a_day_whatever_dies(scene: Scene, mailbox: Mailbox) -> None:
    scene.prefers()
    scene.hub.notify.watch(scene.jon, "sector", "government")
    scene.says("One")
    assert scene.tells() == 0, "it came after this morning: tomorrow's digest tells of it"
    scene.clock.advance(22 * HOUR)
    scene.hub.notify.tell()
    scene.again()
    assert scene.tells() == 0 and len(mailbox.got) == 1
    scene.again()
    assert scene.tells() == 0 and len(mailbox.got) == 1
    scene.clock.advance(DAY)
    assert scene.tells() == 0 and len(mailbox.got) == 1, "nothing new: no mail"


def test_what_was_recalled_or_read_before_the_digest_is_not_in_it(scene: Scene, mailbox: Mailbox) -> None:
    scene.prefers()
    scene.hub.notify.watch(scene.jon, "sector", "government")
    made = scene.says("Recalled words")
    scene.hub.intake.recall(scene.ada, made, "wrong", None)
    scene.hub.settle()
    scene.clock.advance(22 * HOUR)
    assert scene.tells() == 0
    scene.says("Read words")
    scene.hub.notify.mark_read(scene.jon, None)
    scene.clock.advance(DAY)
    assert scene.tells() == 0 and mailbox.got == []


def test_a_weekly_digest_comes_on_monday(scene: Scene, mailbox: Mailbox) -> None:
    scene.prefers(digest="weekly")
    scene.hub.notify.watch(scene.jon, "sector", "government")
    scene.says("One")
    for _ in range(6):
        scene.clock.advance(DAY)
        assert scene.tells() == 0
    scene.clock.advance(DAY)
    assert scene.tells() == 1


@pytest.mark.parametrize(("zone", "hours_until_morning"), [
    ("Europe/London", 19), ("Asia/Tokyo", 11), ("America/Los_Angeles", 3), ("Asia/Kathmandu", 15), ("UTC", 20),
])  # fmt: skip
def test_the_morning_is_the_persons_own(scene: Scene, zone: str, hours_until_morning: int) -> None:
    scene.prefers(zone=zone)
    scene.hub.notify.watch(scene.jon, "sector", "government")
    scene.says("One")
    scene.clock.advance((hours_until_morning - 1) * HOUR)
    assert scene.tells() == 0
    scene.clock.advance(HOUR)
    # Kathmandu stands five hours and three quarters ahead: at the full hour its morning has begun.
    assert scene.tells() == 1


@pytest.mark.parametrize(("zone", "hour", "quiet"), [
    ("Europe/London", 20, False), ("Europe/London", 21, True), ("Europe/London", 5, True), ("Europe/London", 6, False),
    ("Asia/Tokyo", 12, False), ("Asia/Tokyo", 13, True), ("Asia/Tokyo", 22, False), ("America/New_York", 1, False),
    ("America/New_York", 2, True), ("America/New_York", 11, False),
])  # fmt: skip
def test_quiet_hours_hold_mail_back_in_the_persons_zone(scene: Scene, zone: str, hour: int, quiet: bool) -> None:
    """Quiet from 22:00 to 07:00 there; ``hour`` is in UTC, in summer."""
    scene.prefers(instant=True, zone=zone, quiet_from=22 * 60, quiet_to=7 * 60)
    scene.hub.notify.watch(scene.jon, "network", "192.0.2.0/24")
    scene.clock.advance(((hour - 12) % 24) * HOUR)
    scene.says("Scans from 192.0.2.9")
    assert scene.tells() == (0 if quiet else 1)
    assert scene.hub.notify.unread(scene.jon) == 1, "the page tells at any hour"
    scene.clock.advance(10 * HOUR)
    if quiet:
        assert scene.tells() == 1, "and the mail comes when quiet hours are over"


def test_a_refused_address_is_marked_and_gets_no_digest_until_it_works(scene: Scene, mailbox: Mailbox) -> None:
    mailbox.refuse.add(JON)
    scene.prefers(instant=True)
    scene.hub.notify.watch(scene.jon, "network", "192.0.2.0/24")
    scene.says("One 192.0.2.9")
    assert scene.tells() == 1
    bounced = scene.hub.notify.bounced(scene.jon)
    assert bounced is not None and bounced[0] == JON and "550" in bounced[2]
    assert scene.hub.mail.standing().dead == 1
    mailbox.refuse.clear()
    scene.says("Two 192.0.2.9")
    scene.clock.advance(HOUR)
    assert scene.tells() == 0
    scene.hub.notify.trust_again(scene.jon)
    assert scene.tells() == 1 and scene.hub.notify.bounced(scene.jon) is None
    scene.hub.mail.send_again(str(scene.hub.mail.dead_letters()[0][0]))
    assert scene.hub.mail.deliver() == 1 and len(mailbox.got) == 2


def test_a_mail_server_that_is_down_loses_nothing_and_blocks_nothing(tmp_path: Path, mailbox: Mailbox) -> None:
    port = free_port()
    scene = Scene(tmp_path / "hub", smtp_host="127.0.0.1", smtp_port=str(port))
    told = Told()
    with http_receiver(told) as url:
        scene.prefers(instant=True)
        scene.hub.notify.watch(scene.jon, "network", "192.0.2.0/24")
        scene.hub.hooks.make(scene.jon, url, [("network", "192.0.2.0/24")])
        scene.says("Urgent 192.0.2.9")
        assert scene.tells() == 1
        assert scene.hub.mail.standing().waiting == 1 and "refused" in scene.hub.mail.standing().fault.lower()
        assert scene.hub.notify.unread(scene.jon) == 1, "the page tells all the same"
        assert scene.hub.hooks.deliver() == 1 and len(told.got) == 1, "and so does the webhook"
    scene.clock.advance(4 * DAY)
    scene.hub.mail.deliver()
    scene.again()
    with smtp_server(mailbox, port):
        scene.clock.advance(2 * MINUTE)
        assert scene.hub.mail.deliver() == 1
    assert len(mailbox.got) == 1 and scene.hub.mail.standing().waiting == 0
    scene.hub.close()


def test_a_server_that_says_later_is_asked_later_and_never_for_good(scene: Scene, mailbox: Mailbox) -> None:
    mailbox.later.add(JON)
    scene.hub.mail.send(JON, "Hello", "text")
    tries = 0
    while scene.hub.mail.standing().waiting:
        scene.hub.mail.deliver()
        tries += 1
        scene.clock.advance(PAUSES[min(tries, len(PAUSES)) - 1])
    assert tries == 8 and scene.hub.mail.standing().dead == 1
    assert scene.hub.notify.bounced(scene.jon) is None, "a full mailbox is no wrong address"


@pytest.mark.parametrize("to", [
    "a@b.example\nBcc: c@d.example", "a@b.example, c@d.example", "A <a@b.example>", "a@b.example\r\n\r\nx", "none", "",
])  # fmt: skip
def test_no_address_begins_another_header(scene: Scene, to: str) -> None:
    with pytest.raises(BadInput):
        scene.hub.mail.send(to, "x", "y")


def test_no_subject_begins_another_header(scene: Scene, mailbox: Mailbox) -> None:
    scene.hub.mail.send(JON, "One\r\nBcc: eve@x.example\n\nTwo \u2028 \u0085 three", "Text\r\n.\r\nRCPT TO:<x>\r\n")
    assert scene.hub.mail.deliver() == 1
    message = mailbox.got[0]
    assert message["Bcc"] is None and "One Bcc: eve@x.example Two" in message["Subject"]
    assert mailbox.recipients == [[JON]] and "RCPT TO:<x>" in mailbox.texts()[0]


def test_no_server_means_that_mail_waits(tmp_path: Path) -> None:
    scene = Scene(tmp_path / "hub", smtp_host="")
    scene.hub.mail.send(JON, "Hello", "text")
    assert scene.hub.mail.deliver() == 0
    standing = scene.hub.mail.standing()
    assert standing.waiting == 1 and "smtp_host" in standing.fault
    scene.hub.close()


def test_a_server_without_tls_gets_nothing_when_tls_is_asked_for(tmp_path: Path, mailbox: Mailbox) -> None:
    with smtp_server(mailbox) as port:
        scene = Scene(tmp_path / "hub", smtp_host="127.0.0.1", smtp_port=str(port), smtp_tls="starttls")
        scene.hub.mail.send(JON, "Hello", "text")
        assert scene.hub.mail.deliver() == 0 and mailbox.got == []
        assert scene.hub.mail.standing().waiting == 1
        scene.hub.close()


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_mail_is_encrypted_and_the_certificate_must_hold(
    tmp_path: Path, mailbox: Mailbox, tls: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, context = certificate_for("localhost", tmp_path)
    more: dict[str, Any] = {"ssl_context": context} if tls == "tls" else {"tls_context": context,
                                                                         "require_starttls": True}
    with smtp_server(mailbox, hostname="localhost", **more) as port:
        scene = Scene(tmp_path / "hub", smtp_host="localhost", smtp_port=str(port), smtp_tls=tls)
        scene.hub.mail.send(JON, "Hello", "text")
        assert scene.hub.mail.deliver() == 0 and mailbox.got == [], "nobody vouches for this certificate"
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        scene.clock.advance(2 * MINUTE)
        assert scene.hub.mail.deliver() == 1 and len(mailbox.got) == 1
        scene.hub.close()


# -- webhooks ----------------------------------------------------------------------------------------------------------


def test_a_webhook_is_told_signed(scene: Scene) -> None:
    told = Told()
    with http_receiver(told) as url:
        hook, secret = scene.hub.hooks.make(scene.jon, url, [("network", "192.0.2.0/24")])
        made = scene.says("Scans from 192.0.2.77", Tlp.AMBER_STRICT, to_jon=True)
        scene.says("Not for you: 192.0.2.78", Tlp.AMBER_STRICT)
        assert scene.hub.hooks.deliver() == 1
    ((headers, body),) = told.got
    mark = hmac.new(secret.encode(), headers["Fusioncell-Timestamp"].encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers["Fusioncell-Signature"] == f"sha256={mark}"
    event = json.loads(body)
    assert event["type"] == "entry" and event["contribution"] == made and event["tlp"] == "amber+strict"
    assert event["entries"][0]["observables"] == [{"type": "ipv4-addr", "value": "192.0.2.77"}]
    assert event["why"] == [{"kind": "network", "value": "192.0.2.0/24"}]
    assert "seq" not in event
    ((id, delivery),) = scene.hub.hooks.deliveries(scene.jon, hook.id)
    assert delivery.state == "sent" and headers["Fusioncell-Delivery"] == id == event["id"]
    with pytest.raises(NotFound):
        scene.hub.hooks.deliveries(scene.ada, hook.id)


def test_a_webhook_is_told_again_until_it_answers_and_dead_letters_can_be_sent_again(scene: Scene) -> None:
    told = Told(codes=[500, 302, *[503] * 6])
    with http_receiver(told) as url:
        hook, _ = scene.hub.hooks.make(scene.jon, url, [("all", "")])
        scene.says("One 192.0.2.77")
        for _ in range(12):
            scene.hub.hooks.deliver()
            scene.clock.advance(12 * HOUR)
        assert len(told.got) == 8, "eight tries, and no redirect was followed"
        ((id, dead),) = scene.hub.hooks.deliveries(scene.jon, hook.id, "dead")
        assert dead.words == "answered 503" and dead.tries == 8
        scene.hub.hooks.send_again(scene.jon, hook.id, id)
        assert scene.hub.hooks.deliver() == 1
    assert [one.state for _, one in scene.hub.hooks.deliveries(scene.jon, hook.id)] == ["sent"]


def test_a_webhook_that_is_silent_for_days_is_switched_off_and_on_again(scene: Scene) -> None:
    hook, _ = scene.hub.hooks.make(scene.jon, f"http://127.0.0.1:{free_port()}/in", [("all", "")])
    for _ in range(8):
        scene.says(f"At {scene.clock.now()}: 192.0.2.77")
        scene.hub.hooks.deliver()
        scene.clock.advance(DAY)
    (found,) = scene.hub.hooks.of(scene.jon)
    assert found.off
    before = len(scene.hub.hooks.deliveries(scene.jon, hook.id))
    scene.says("Nobody is told any more 192.0.2.77")
    after = scene.hub.hooks.deliveries(scene.jon, hook.id)
    assert len(after) == before and all(one.state == "dead" for _, one in after)
    scene.hub.hooks.send_again(scene.jon, hook.id, after[0][0])
    assert not scene.hub.hooks.of(scene.jon)[0].off


def test_what_is_recalled_before_it_is_told_is_told_as_a_tombstone(scene: Scene) -> None:
    told = Told()
    with http_receiver(told) as url:
        scene.hub.hooks.make(scene.jon, url, [("all", "")])
        made = scene.says("Canary 192.0.2.77")
        scene.hub.intake.recall(scene.ada, made, "wrong", None)
        scene.hub.settle()
        scene.hub.hooks.deliver()
    ((_, body),) = told.got
    assert json.loads(body)["type"] == "tombstone" and b"Canary" not in body and b"192.0.2" not in body


def test_what_is_recalled_after_it_was_told_is_followed_by_a_tombstone(scene: Scene) -> None:
    told = Told()
    with http_receiver(told) as url:
        scene.hub.hooks.make(scene.jon, url, [("all", "")])
        made = scene.says("Canary 192.0.2.77")
        scene.hub.hooks.deliver()
        scene.hub.intake.recall(scene.ada, made, "wrong", None)
        scene.hub.settle()
        scene.hub.hooks.deliver()
    first, second = (json.loads(body) for _, body in told.got)
    assert (first["type"], second["type"]) == ("entry", "tombstone")
    assert [one["entry"] for one in second["entries"]] == [one["entry"] for one in first["entries"]]


def test_an_organisation_that_was_suspended_is_told_nothing(scene: Scene) -> None:
    told = Told()
    with http_receiver(told) as url:
        scene.hub.hooks.make(scene.jon, url, [("all", "")])
        scene.says("Canary 192.0.2.77")
        scene.hub.members.suspend(org(scene.jon.org or ""), "unpaid")
        scene.hub.settle()
        scene.hub.hooks.deliver()
    assert all(b"Canary" not in body for _, body in told.got)


@pytest.mark.parametrize("url", [
    "http://receiver.example/in", "https://10.0.0.1/in", "https://[::1]/in", "https://169.254.169.254/latest",
    "https://localhost/in", "https://intranet/in", "https://[::ffff:127.0.0.2]/", "ftp://receiver.example/",
    "https://user:word@receiver.example/", "javascript:alert(1)", "https://", "https://metadata.internal/",
])  # fmt: skip
def test_an_address_inside_is_refused(scene: Scene, url: str) -> None:
    with pytest.raises((BadInput, NotAllowed)):
        scene.hub.hooks.make(scene.jon, url, [("all", "")])


# -- what dies ---------------------------------------------------------------------------------------------------------


def test_what_arrived_before_the_hub_died_is_told_once(scene: Scene) -> None:
    scene.hub.notify.watch(scene.jon, "network", "192.0.2.0/24")
    scene.says("One 192.0.2.7")
    scene.hub.intake.accept(scene.ada, b"Two 192.0.2.8", "text/plain", Terms(Tlp.GREEN))
    scene.again()
    scene.hub.settle()
    scene.again()
    scene.hub.follower.follow(scene.hub.river.position)
    titles = [notice.title for notice in scene.hub.notify.notices(scene.jon)[0]]
    assert titles == ["Two 192.0.2.8", "One 192.0.2.7"]
