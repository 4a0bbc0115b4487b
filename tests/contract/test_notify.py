"""The stores of mail, notices and webhooks keep their promises on both databases."""

from __future__ import annotations

from collections.abc import Callable

from fusioncell.bootstrap import Hub
from fusioncell.exchange.hooks import store as hooks_store
from fusioncell.exchange.hooks.model import Delivery, Hook, State
from fusioncell.exchange.mail import store as mail_store
from fusioncell.exchange.mail.model import Bounce
from fusioncell.exchange.notify import Preferences
from fusioncell.exchange.notify import store as notify_store
from fusioncell.exchange.notify.model import Hit, Watch
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.ports import Letter


def test_mail_is_taken_once_and_kept_once(hub: Hub) -> None:
    vault = hub.databases["vault"]
    with vault.write() as connection:
        for number in range(3):
            mail_store.add(connection, Letter(f"m{number}", "a@b.example", "s", "t", number), "x", None)
        mail_store.add(connection, Letter("m8", "a@b.example", "s", "t", 8), "x", "key")
        mail_store.add(connection, Letter("m9", "a@b.example", "other", "t", 9), "x", "key")
    with vault.write() as connection:
        taken = mail_store.take_due(connection, 100, 500, 3)
        assert [letter.id for letter, _ in taken] == ["m0", "m1", "m2"]
        assert [letter.id for letter, _ in mail_store.take_due(connection, 100, 500, 9)] == ["m8"]
        mail_store.sent(connection, "m0", 101)
        mail_store.dead(connection, "m1", 101, "550")
        mail_store.again(connection, "m2", 200, 1, "451")
    with vault.write() as connection:
        assert [(letter.id, tries) for letter, tries in mail_store.take_due(connection, 499, 900, 9)] == [("m2", 1)]
        assert [letter.id for letter, _ in mail_store.take_due(connection, 500, 900, 9)] == ["m8"], "the lease is over"
        assert mail_store.counts(connection) == {"waiting": 2, "sent": 1, "dead": 1}
        assert [row[0] for row in mail_store.dead_letters(connection, 9)] == ["m1"]
        assert mail_store.revive(connection, "m1", 600) == 1 and mail_store.revive(connection, "m0", 600) == 0
        mail_store.mark(connection, Bounce("a@b.example", 1, "one"))
        mail_store.mark(connection, Bounce("a@b.example", 2, "two"))
        assert mail_store.bounce(connection, "a@b.example") == Bounce("a@b.example", 2, "two")
        mail_store.tidy(connection, 700)
        assert mail_store.counts(connection) == {"waiting": 3}
        mail_store.forget(connection, "a@b.example")
        assert mail_store.counts(connection) == {} and mail_store.bounce(connection, "a@b.example") is None


def hit(owner: str, contribution: str, audience: int, seq: int, at: int, count: int = 1) -> Hit:
    return Hit(owner, contribution, audience, "org", at, [seq], count, [("network", "192.0.2.0/24")])


def test_notices_are_filtered_by_audience_and_joined_by_contribution(hub: Hub) -> None:
    vault = hub.databases["vault"]
    with vault.write() as connection:
        notify_store.add_hits(connection, [hit("person:p", "c1", 1, 10, 5), hit("person:p", "c1", 2, 11, 5),
                                           hit("person:q", "c1", 1, 10, 5), hit("person:p", "c2", 1, 20, 6)])
        notify_store.mark_read(connection, "person:p", [1], [10], 7)
        notify_store.add_hits(connection, [hit("person:p", "c1", 1, 12, 5, 30)])
    with vault.read() as connection:
        found = notify_store.notices(connection, "person:p", [1], before=(1 << 62, 1 << 62), limit=9)
        assert [(row.seq, row.seqs, row.count, row.read) for row in found] == [
            (20, (20,), 1, None), (10, (10, 12), 31, None)]
        (older,) = notify_store.notices(connection, "person:p", [1], before=(6, 20), limit=9)
        assert older.seq == 10 and older.whys == (("network", "192.0.2.0/24"),) and older.own
        assert notify_store.notices(connection, "person:p", [], before=(99, 99), limit=9) == []
        assert notify_store.notices(connection, "person:p", [1], before=(99, 99), limit=9, kind="tag") == []
        assert len(notify_store.notices(connection, "person:p", [1], before=(99, 99), limit=9, kind="network")) == 2
        assert notify_store.unread(connection, "person:p", [1, 2], 2) == 2, "up to the limit"
        assert notify_store.unmailed_owners(connection, False, 9) == ["person:p", "person:q"]
        assert [row.seq for row in notify_store.unmailed(connection, "person:p", [1, 2], 5, True, 9)] == [11, 10]
        assert notify_store.notice_at(connection, "person:p", [2], 10) is None
    with vault.write() as connection:
        notify_store.mark_mailed(connection, "person:p", 5, False, 9)
        assert [row.seq for row in notify_store.unmailed(connection, "person:p", [1, 2], 99, False, 9)] == [20]
        assert notify_store.mark_read(connection, "person:p", [2], None, 9) == 1
        notify_store.tidy(connection, 6)
        assert notify_store.unmailed_owners(connection, False, 9) == ["person:p"]


def test_watches_preferences_and_the_cursor(hub: Hub) -> None:
    with hub.databases["vault"].write() as connection:
        for number in range(2):
            notify_store.add_watch(connection, Watch(f"w{number}", "person:p", "o", "tag", "x", number))
        assert [one.id for one in notify_store.all_watches(connection, 9)] == ["w0"]
        assert notify_store.end_watch(connection, "person:q", "w0") == 0
        assert notify_store.end_watch(connection, "person:p", "w0") == 1
        assert notify_store.preferences(connection, "p") is None
        for zone in ("UTC", "Asia/Tokyo"):
            notify_store.save_preferences(connection, "p", Preferences(zone=zone))
            notify_store.save_told(connection, "p", zone[:3], 7)
        assert notify_store.preferences(connection, "p") == Preferences(zone="Asia/Tokyo")
        assert notify_store.told(connection, "p") == ("Asi", 7)
        assert notify_store.cursor(connection) is None
        for position in (5, 9):
            notify_store.move_cursor(connection, position)
        assert notify_store.cursor(connection) == 9
        notify_store.forget(connection, "person:p", "p")
        assert notify_store.preferences(connection, "p") is None and notify_store.told(connection, "p") == ("", 0)


def delivery(hook: str, seq: int, audience: int = 1, kind: str = "entry") -> Delivery:
    return Delivery(hook, seq, kind, "c1", audience, "org", seq, (seq, seq + 1), 2, (("tag", "x"),), State.WAITING, 0,
                    0, 0, "")  # fmt: skip


def test_deliveries_are_taken_once_and_not_of_a_hook_that_rests(hub: Hub) -> None:
    vault = hub.databases["vault"]
    with vault.write() as connection:
        for id in ("h1", "h2"):
            hooks_store.add_hook(connection, Hook(id, "o", "https://a.example/", (("all", ""),), "p", 1))
        hooks_store.add_deliveries(connection, [delivery("h1", 10), delivery("h1", 10), delivery("h2", 10)])
        hooks_store.failed(connection, "h2", 5, 50, False)
    with vault.write() as connection:
        (taken,) = hooks_store.take_due(connection, 7, 100, 9)
        assert (taken.hook, taken.seqs, taken.whys) == ("h1", (10, 11), (("tag", "x"),))
        assert hooks_store.take_due(connection, 7, 100, 9) == []
        assert [one.hook for one in hooks_store.take_due(connection, 50, 100, 9)] == ["h2"]
        hooks_store.put_back(connection, taken, 8)
        assert [one.hook for one in hooks_store.take_due(connection, 50, 100, 9)] == ["h1"]
        hooks_store.note(connection, Delivery(*[getattr(taken, name) for name in Delivery.__slots__][:10],
                                              State.SENT, 9, 1, 200, ""))  # fmt: skip
        assert [one.seq for one in hooks_store.sent_of(connection, "c1")] == [10]
        assert hooks_store.deliveries(connection, "h1", [2], "", 9) == []
        assert hooks_store.revive(connection, "h1", 10, [2], 9) == 0, "of another audience"
        assert hooks_store.revive(connection, "h1", 10, [1], 9) == 1
        hooks_store.give_up_of(connection, "h2", 60, "off")
        hooks_store.failed(connection, "h2", 5, 50, True)
        assert hooks_store.counts(connection) == {"waiting": 1, "dead": 1}
        assert hooks_store.revive(connection, "h2", 10, [1], 70) == 1
        assert [one.off for one in hooks_store.hooks(connection, "o", 9)] == [False, False]
        assert hooks_store.end_hook(connection, "x", "h1") == 0 and hooks_store.end_hook(connection, "o", "h1") == 1
        assert hooks_store.any_sent(connection)


def test_what_arrived_while_nobody_matched_is_told_when_the_hub_opens_again(open_again: Callable[..., Hub]) -> None:
    from fusioncell.intake.service import Terms
    from fusioncell.kernel.marking import Tlp

    hub = open_again()
    org = hub.members.add_organisation("Works", "government", "government")
    other = hub.members.add_organisation("Northern", "telecommunications", "isp")
    watcher = hub.members.add_person(other.id, "Jon", "jon@x.example", ["analyst"])

    def viewer(party: str) -> Viewer:
        found = hub.members.viewer_of(party)
        assert found is not None
        return found

    hub.notify.watch(viewer(f"person:{watcher.id}"), "network", "192.0.2.0/24")
    hub.settle()
    hub.river._matchers.clear()  # the hub dies between the batch's commit and the notices'
    hub.intake.accept(viewer(f"org:{org.id}"), b"Seen 192.0.2.5", "text/plain", Terms(Tlp.GREEN))
    hub.settle()
    assert hub.notify.notices(viewer(f"person:{watcher.id}"))[0] == []
    hub.close()
    hub = open_again()
    hub.follower.follow(hub.river.position)
    hub.follower.follow(hub.river.position)
    assert [one.title for one in hub.notify.notices(viewer(f"person:{watcher.id}"))[0]] == ["Seen 192.0.2.5"]
