"""The use cases of groups: make, join, ask, invite, decide, leave; event rooms; guests.

Whoever asks is handed in as a viewer; a group that the viewer must not know of raises NotFound, as one that does not
exist does. A use case returns when its entry is kept *and* projected, and viewers are made anew: an admission or a
departure holds from the answer on, on open streams too.

**Blocking**: all methods touch the databases; call them in a worker thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from fusioncell.kernel.clock import DAY, Clock
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import Viewer, group, org, person
from fusioncell.kernel.ports import Database, Mail
from fusioncell.members import entries as members_entries
from fusioncell.members.admit import admit_email, admit_name
from fusioncell.members.audit import Audit
from fusioncell.members.audit.service import actor_of
from fusioncell.members.circles import entries, store
from fusioncell.members.circles.model import (
    GUEST_ROLE,
    GUEST_STAY,
    MOST_GUESTS,
    MOST_MEMBERS,
    MOST_OWNED,
    Asking,
    Choice,
    Group,
    Guest,
    Openness,
    Place,
    Seen,
    Way,
    kind_named,
    openness_named,
)
from fusioncell.members.circles.place import leads, parties_of, place_of
from fusioncell.members.model import GUEST, Secret, no_brake
from fusioncell.members.service import Members

_UNKNOWN = ("There is no such group.", "Look at the groups that you are in: /groups")


class Circles:
    """The front door of groups. ``mail`` and ``base``, the hub's public address, carry a guest's link; else it is
    shown alone. ``brake(organisation, address)`` counts a mail, and raises TooManyMails over the day's bounds.
    """

    def __init__(self, *, members: Members, record: members_entries.Log, projections: Database, clock: Clock,
                 randomness: Randomness, audit: Audit | None = None, mail: Mail | None = None, base: str = "",
                 brake: Callable[[str, str], None] = no_brake) -> None:
        self._members, self._record, self._projections = members, record, projections
        self._clock, self._randomness, self._audit = clock, randomness, audit
        self._mail, self._base, self._brake = mail, base.rstrip("/"), brake
        self._changing = threading.Lock()

    # For commands, the demonstration and tests: nobody is asked

    def make_group(self, name: str, parties: Iterable[str], *, kind: str = "sector", purpose: str = "",
                   openness: str = Openness.INVITATION, open_history: bool = False, owners: Iterable[str] = (),
                   about: str = "", author: str = "") -> Group:
        """Make a group of parties (``org:…``, ``person:…``: see ``kernel.marking``)."""
        change = entries.GroupMade(
            id=new_id(self._randomness), name=admit_name(name, "The name"), members=self._parties(parties),
            kind=kind_named(kind), purpose=_text(purpose, "The purpose", 1000), openness=openness_named(openness),
            open_history=open_history, owners=tuple(sorted(set(owners))), about=about[:200])
        self._write(change, change.id, author)
        return self.group(change.id)

    def join_group(self, group_id: str, parties: Iterable[str], *, author: str = "") -> Group:
        """Admit parties: they hold what is posted from now on, and of before only what open history gives."""
        with self._changing:
            known = self.group(group_id)
            newcomers = tuple(party for party in self._parties(parties) if party not in known.parties)
            if known.closed is not None:
                raise Conflict("This group is closed.", hint="Make another one.")
            if len(known.members) + len(newcomers) > MOST_MEMBERS:
                raise Conflict(f"A group has at most {MOST_MEMBERS} members.", hint="Make another group beside it.")
            if newcomers:
                self._write(entries.Joined(group=group_id, parties=newcomers), group_id, author)
        return self.group(group_id)

    def leave_group(self, group_id: str, party: str, *, author: str = "") -> Group:
        """Take a party out of a group, and with it the sight of all that was posted there, and its guests."""
        if party not in self.group(group_id).parties:
            raise NotFound("This party is not in the group.", hint="Look at the group's members.")
        self._write(entries.Left(group=group_id, party=party), group_id, author)
        return self.group(group_id)

    def group(self, group_id: str) -> Group:
        """Return a group with its members, or raise NotFound."""
        with self._projections.read() as connection:
            found = store.group_of_id(connection, group_id)
        if found is None:
            raise NotFound(_UNKNOWN[0], hint=_UNKNOWN[1])
        return found

    # What a viewer sees

    def audience_choices(self, viewer: Viewer) -> list[Choice]:
        """Return the groups that the viewer may post to, each as the party of its current generation.

        Take them when posting, not from a page drawn earlier: admissions move the generation.
        """
        mine = parties_of(viewer)
        if not mine:
            return []
        with self._projections.read() as connection:
            if viewer.guest:
                guest = store.guest_of_person(connection, viewer.person or "")
                room = store.group_of_id(connection, guest.group) if guest else None
                found = [room] if room and room.closed is None and place_of(viewer, room, ()) else []
            else:
                found = store.groups_of(connection, mine)
        return [Choice(group(one.id, one.generation), one.name, one.open_history) for one in found]

    def party_of(self, viewer: Viewer, group_id: str) -> str | None:
        """Return a group that the viewer may post to as the party of its current generation; None where it is none."""
        return next((choice.party for choice in self.audience_choices(viewer)
                     if choice.party.rpartition(".")[0] == f"group:{group_id}"), None)

    def current(self, group_id: str) -> str:
        """Return a group as the party of its current generation."""
        known = self.group(group_id)
        return group(known.id, known.generation)

    def listed(self, viewer: Viewer) -> list[Seen]:
        """Return the groups that the viewer may know of, by name, without their members."""
        mine = parties_of(viewer)
        with self._projections.read() as connection:
            if viewer.guest:
                guest = store.guest_of_person(connection, viewer.person or "")
                room = store.group_of_id(connection, guest.group) if guest else None
                known = [(room, len(room.members))] if room else []
            else:
                known = store.groups_known(connection, mine) if viewer.member else []
            belong = store.memberships(connection, mine) if viewer.member else []
            asked = store.askings_of_parties(connection, mine) if viewer.member else []
        found = []
        for one, count in known:
            parties = tuple(party for grp, party in belong if grp == one.id)
            own = tuple(asking for asking in asked if asking.group == one.id)
            place = Place.MEMBER if parties else place_of(viewer, one, own)
            if place is not None:
                found.append(Seen(_from_outside(one), place, count, mine=parties, askings=own))
        return sorted(found, key=lambda seen: (seen.group.name.casefold(), seen.group.created, seen.group.id))

    def seen(self, viewer: Viewer, group_id: str) -> Seen:
        """Return a group as the viewer may see it, or raise NotFound."""
        now, mine = self._clock.now(), parties_of(viewer)
        with self._projections.read() as connection:
            found = store.group_of_id(connection, group_id)
            own = [a for a in store.askings_of_parties(connection, mine) if a.group == group_id] if mine else []
            place = place_of(viewer, found, own) if found else None
            if found is None or place is None:
                raise NotFound(_UNKNOWN[0], hint=_UNKNOWN[1])
            may_lead = leads(viewer, found, place)
            askings = store.askings_of_group(connection, group_id) if may_lead else own
            guests = store.guests_of(connection, group_id, now - GUEST_STAY) if place is Place.MEMBER else []
        inside = place in (Place.MEMBER, Place.GUEST)
        return Seen(found if inside else _from_outside(found), place, len(found.members), may_lead,
                    tuple(sorted(mine & found.parties)), tuple(askings), tuple(guests))

    # Making groups

    def create(self, viewer: Viewer, name: str, *, kind: str = "sector", purpose: str = "",
               openness: str = Openness.REQUEST, open_history: bool = False, parties: Iterable[str] = (),
               about: str = "") -> Group:
        """Make a group of the viewer's organisation, which owns it, and the parties named."""
        own = org(_member(viewer).org or "")
        with self._projections.read() as connection:
            if store.count_owned(connection, own) >= MOST_OWNED:
                raise Conflict(f"An organisation owns at most {MOST_OWNED} groups.", hint="Close some that are over.")
        made = self.make_group(name, {own, *parties}, kind=kind, purpose=purpose, openness=openness, about=about,
                               open_history=open_history, owners=(own,), author=viewer.person or "")
        self._note("group.made", viewer, made.id, f"{made.kind}, {made.openness}")
        return made

    def open_room(self, viewer: Viewer, about: str, name: str, parties: Iterable[str]) -> Group:
        """Open an event room: the viewer's organisation and the parties of a thread, by invitation, from now on.

        ``about``: the public id of the post or contribution that it was opened from; "" for none.
        """
        return self.create(viewer, name, kind="event", openness=Openness.INVITATION, parties=parties, about=about)

    def change(self, viewer: Viewer, group_id: str, *, name: str | None = None, purpose: str | None = None,
               kind: str | None = None, openness: str | None = None) -> Group:
        """Change what is given; the history's openness never changes."""
        now = self._led(viewer, group_id)
        if openness is not None and openness_named(openness) is not now.openness:
            self._led(viewer, group_id, lets_in=True)
        changed = entries.GroupChanged(
            group=group_id, name=now.name if name is None else admit_name(name, "The name"),
            purpose=now.purpose if purpose is None else _text(purpose, "The purpose", 1000),
            kind=now.kind if kind is None else kind_named(kind),
            openness=now.openness if openness is None else openness_named(openness))
        self._write(changed, group_id, viewer.person or "")
        self._note("group.changed", viewer, group_id, f"{changed.kind}, {changed.openness}")
        return self.group(group_id)

    def set_owners(self, viewer: Viewer, group_id: str, owners: Iterable[str]) -> Group:
        """Hand the group over: its owners from now on, of its members."""
        chosen = tuple(sorted(set(owners)))
        if not chosen or not self._led(viewer, group_id).parties.issuperset(chosen):
            raise BadInput("Owners are members of the group.", hint="Name one or more of its members.", place="owners")
        self._write(entries.OwnersSet(group=group_id, owners=chosen), group_id, viewer.person or "")
        self._note("group.owners", viewer, group_id, ", ".join(chosen))
        return self.group(group_id)

    def close(self, viewer: Viewer, group_id: str) -> None:
        """Close a group: members keep what they hold, guests leave, nothing more is posted."""
        self._led(viewer, group_id)
        self._write(entries.GroupClosed(group=group_id), group_id, viewer.person or "")
        self._note("group.closed", viewer, group_id)

    # Coming in and leaving

    def join(self, viewer: Viewer, group_id: str, *, alone: bool = False) -> Group:
        """Join an open group, as one's organisation or ``alone``, as a person."""
        seen = self._open(_member(viewer), group_id)
        if seen.group.openness is not Openness.OPEN and seen.place is not Place.INVITED:
            raise NotAllowed("This group is not open to all.", hint="Ask its owners to be let in.")
        party = _one_of(viewer, alone)
        if seen.group.openness is not Openness.OPEN and not _asking_of(seen.askings, party, Way.INVITATION):
            raise NotAllowed("The invitation is for another party of yours.", hint="Join as the one that was invited.")
        made = self.join_group(group_id, (party,), author=viewer.person or "")
        self._note("group.joined", viewer, group_id, party)
        return made

    def ask(self, viewer: Viewer, group_id: str, message: str = "", *, alone: bool = False) -> None:
        """Ask the owners to be let in, with a message for them."""
        seen = self._open(_member(viewer), group_id)
        party = _one_of(viewer, alone)
        if party in seen.mine:
            raise Conflict("You are in this group.", hint="Look at its page.")
        if seen.group.openness is Openness.OPEN:
            raise Conflict("This group is open.", hint="Join it.")
        self._write(entries.Asked(group=group_id, party=party, way=Way.REQUEST, message=_text(message, "The message")),
                    group_id, viewer.person or "")
        self._note("group.asked", viewer, group_id, party)

    def invite(self, viewer: Viewer, group_id: str, party: str, message: str = "") -> None:
        """Invite a party; it joins by accepting."""
        known = self._led(viewer, group_id, lets_in=True)
        (party,) = self._parties((party,))
        if party in known.parties:
            raise Conflict("This party is in the group.", hint="Look at its members.")
        self._write(entries.Asked(group=group_id, party=party, way=Way.INVITATION,
                                  message=_text(message, "The message")), group_id, viewer.person or "")
        self._note("group.invited", viewer, group_id, party)

    def answer(self, viewer: Viewer, group_id: str, party: str, *, accept: bool) -> None:
        """Decide on a request as an owner, or on an invitation as the party that was invited."""
        seen = self._open(_member(viewer), group_id)
        asking = _asking_of(seen.askings, party)
        if asking is None or not (seen.leads if asking.way is Way.REQUEST else party in parties_of(viewer)):
            raise NotFound("There is nothing of the kind to decide.", hint="It may have been decided or withdrawn.")
        if accept:
            if asking.way is Way.REQUEST:
                self._led(viewer, group_id, lets_in=True)
            self.join_group(group_id, (party,), author=viewer.person or "")
        else:
            self._write(entries.Answered(group=group_id, party=party, answer="declined"), group_id,
                        viewer.person or "")
        self._note("group.admitted" if accept else "group.declined", viewer, group_id, party)

    def withdraw(self, viewer: Viewer, group_id: str, party: str) -> None:
        """Withdraw one's own request, or as an owner an invitation."""
        seen = self._open(_member(viewer), group_id)
        asking = _asking_of(seen.askings, party)
        if asking is None or not (seen.leads if asking.way is Way.INVITATION else party in parties_of(viewer)):
            raise NotFound("There is nothing of the kind to withdraw.", hint="It may have been decided.")
        self._write(entries.Answered(group=group_id, party=party, answer="withdrawn"), group_id, viewer.person or "")
        self._note("group.withdrawn", viewer, group_id, party)

    def leave(self, viewer: Viewer, group_id: str, party: str = "") -> None:
        """Leave, as the party given or the only one of the viewer's that belongs."""
        seen = self.seen(_member(viewer), group_id)
        party = party or (seen.mine[0] if len(seen.mine) == 1 else _one_of(viewer, alone=False))
        if party not in seen.mine:
            raise NotFound("You are not in this group as that party.", hint="Look at the group's members.")
        self.leave_group(group_id, party, author=viewer.person or "")
        self._note("group.left", viewer, group_id, party)

    def admit(self, viewer: Viewer, group_id: str, parties: Iterable[str]) -> Group:
        """Put parties into the group, as an owner."""
        self._led(viewer, group_id, lets_in=True)
        named = tuple(parties)
        made = self.join_group(group_id, named, author=viewer.person or "")
        self._note("group.admitted", viewer, group_id, ", ".join(named))
        return made

    def remove(self, viewer: Viewer, group_id: str, party: str) -> None:
        """Take a party out of the group, as an owner."""
        self._led(viewer, group_id, closed=True)
        self.leave_group(group_id, party, author=viewer.person or "")
        self._note("group.removed", viewer, group_id, party)

    # Guests

    def admit_guest(self, viewer: Viewer, group_id: str, name: str, email: str, organisation: str, *,
                    days: int = 14) -> tuple[Guest, Secret]:
        """Let someone from outside into one group for up to 14 days; returns the guest and its sign-in link.

        The member whose party of the group admits answers for the guest, and all members see who it is.
        """
        seen = self._inside(viewer, group_id)
        stay = _stay(days)
        now = self._clock.now()
        with self._projections.read() as connection:
            if len(store.guests_of(connection, group_id, now)) >= MOST_GUESTS:
                raise Conflict(f"A group has at most {MOST_GUESTS} guests.", hint="End the stay of some.")
        made = members_entries.OrganisationAdded(
            id=new_id(self._randomness), name=admit_name(organisation, "The organisation"), sector="", kind=GUEST)
        guest = members_entries.PersonAdded(
            id=new_id(self._randomness), org=made.id, name=admit_name(name, "The name"), email=admit_email(email),
            roles=(GUEST_ROLE,))
        self._brake(viewer.org or "", guest.email)
        stays = entries.GuestAdmitted(group=group_id, person=guest.id, org=made.id, host=_host(viewer, seen),
                                      until=now + stay)
        nobody = self._record.intern_audience(members_entries.NOBODY)
        author = viewer.person or ""
        self._members.keep([
            members_entries.draft_of(made, made.id, nobody, author),
            members_entries.draft_of(guest, guest.id, nobody, author),
            entries.draft_of(stays, guest.id, nobody, author)])
        self._note("guest.admitted", viewer, guest.id, f"group {group_id}, {days} days")
        found = self._guest(group_id, guest.id)
        return found, self._send_link(viewer, found)

    def guest_link(self, viewer: Viewer, group_id: str, person_id: str) -> Secret:
        """Make a new one-time sign-in link for a guest, and mail it; it ends with the stay at the latest.

        Whoever makes one could use it: only the member that answers for the guest does, or an owner of the group.
        """
        seen = self._inside(viewer, group_id)
        guest = self._guest(group_id, person_id)
        if not (seen.leads or guest.host in seen.mine):
            raise NotAllowed("Only the guest's host or an owner makes a link.", hint="Ask one of them.")
        self._brake(viewer.org or "", guest.email)
        return self._send_link(viewer, guest)

    def _send_link(self, viewer: Viewer, guest: Guest) -> Secret:
        left = guest.until - self._clock.now()
        if left <= 0:
            raise Conflict("The guest's stay is over.", hint="Renew it first.")
        link = self._members.make_link(guest.person, min(left, 7 * DAY))
        self._note("guest.link", viewer, guest.person)
        if self._mail is not None and self._base:
            # A mail names neither the room nor what is spoken of there (issue 3, point 8).
            host = self._members.organisation(viewer.org or "").name
            self._mail.send(guest.email, "You are invited as a guest", _INVITATION.format(
                name=guest.name, host=host, link=f"{self._base}/sign-in/link/{link.reveal()}"), about="guest")
        return link

    def renew_guest(self, viewer: Viewer, group_id: str, person_id: str, *, days: int = 14) -> Guest:
        """Let a guest stay for up to 14 days from now."""
        self._inside(viewer, group_id)
        guest = self._guest(group_id, person_id)
        self._write(entries.GuestRenewed(person=guest.person, until=self._clock.now() + _stay(days)), guest.person,
                    viewer.person or "")
        self._note("guest.renewed", viewer, guest.person, f"{days} days")
        return self._guest(group_id, person_id)

    def end_guest(self, viewer: Viewer, group_id: str, person_id: str) -> None:
        """End a guest's stay, as the member that answers for it or an owner of the group."""
        seen = self.seen(_member(viewer), group_id)
        guest = self._guest(group_id, person_id)
        if not (seen.leads or guest.host in seen.mine):
            raise NotAllowed("Only the guest's host or an owner ends the stay.", hint="Ask one of them.")
        self._write(entries.GuestLeft(person=guest.person), guest.person, viewer.person or "")
        self._note("guest.ended", viewer, guest.person)

    def guest_of(self, viewer: Viewer) -> Guest | None:
        """Return the stay of a viewer who is a guest."""
        with self._projections.read() as connection:
            return store.guest_of_person(connection, viewer.person) if viewer.guest and viewer.person else None

    # Within

    def _guest(self, group_id: str, person_id: str) -> Guest:
        with self._projections.read() as connection:
            found = store.guest_of_person(connection, person_id)
        if found is None or found.group != group_id or found.ended is not None:
            raise NotFound("There is no such guest in this group.", hint="Look at the group's guests.")
        return found

    def _open(self, viewer: Viewer, group_id: str) -> Seen:
        seen = self.seen(viewer, group_id)
        if seen.group.closed is not None:
            raise Conflict("This group is closed.", hint="Make another one.")
        return seen

    def _inside(self, viewer: Viewer, group_id: str) -> Seen:
        seen = self._open(_member(viewer), group_id)
        if seen.place is not Place.MEMBER:
            raise NotAllowed("Only a member of the group does that.", hint="Join the group first.")
        return seen

    def _led(self, viewer: Viewer, group_id: str, *, closed: bool = False, lets_in: bool = False) -> Group:
        """Return a group in which the viewer decides. ``lets_in``: it would show the group to more.

        A role decides in groups that its holder is not in, but lets nobody in: it would widen its holder's sight.
        """
        seen = self.seen(_member(viewer), group_id) if closed else self._open(_member(viewer), group_id)
        if not seen.leads:
            raise NotAllowed("Only an owner of the group decides that.", hint="Ask one of its owners.")
        if lets_in and seen.place is not Place.MEMBER:
            raise NotAllowed("Only who is in a group lets others in.", hint="Ask one of its owners.")
        return self.group(group_id)

    def _parties(self, parties: Iterable[str]) -> tuple[str, ...]:
        """Check that each is an organisation or a person of the partnership; return them once each, sorted."""
        named = sorted(set(parties))
        if not named or len(named) > MOST_MEMBERS:
            raise BadInput("Name at least one party.", hint="A party is org:ID or person:ID.")
        for party in named:
            kind, _, identifier = party.partition(":")
            if kind not in ("org", "person"):
                raise BadInput(f"{party[:40]!r} is no party", hint="A party is org:ID or person:ID.")
            of = identifier if kind == "org" else self._members.person(identifier).org
            if self._members.organisation(of).kind == GUEST:
                raise NotFound("There is no such organisation.", hint="Look in the directory.")
        return tuple(named)

    def _write(self, change: entries.Change, subject: str, author: str) -> None:
        nobody = self._record.intern_audience(members_entries.NOBODY)
        self._members.keep([entries.draft_of(change, subject, nobody, author)])

    def _note(self, action: str, viewer: Viewer, subject: str, detail: str = "") -> None:
        if self._audit is not None:
            self._audit.note(action, org=viewer.org or "", actor=actor_of(viewer), subject=subject, detail=detail)


_INVITATION = """Dear {name},

{host} invites you as a guest into a protected conversation.

Open this link to enter; it works once:
{link}

If you did not expect this, do nothing.
"""


def _from_outside(known: Group) -> Group:
    return Group(known.id, known.name, 0, (), known.kind, known.purpose, known.openness, known.open_history, (), "",
                 known.created, known.closed)


def _member(viewer: Viewer) -> Viewer:
    if not viewer.member:
        raise NotAllowed("Groups are for members of the partnership.", hint="Sign in as a member.")
    return viewer


def _one_of(viewer: Viewer, alone: bool) -> str:
    if not alone:
        return org(viewer.org or "")
    if not viewer.person:
        raise BadInput("An organisation's key is no person.", hint="Join as the organisation.")
    return person(viewer.person)


def _host(viewer: Viewer, seen: Seen) -> str:
    own = person(viewer.person) if viewer.person else ""
    return own if own in seen.mine else seen.mine[0]


def _asking_of(askings: Iterable[Asking], party: str, way: Way | None = None) -> Asking | None:
    return next((a for a in askings if a.party == party and a.state == "open" and way in (None, a.way)), None)


def _stay(days: int) -> int:
    if not 1 <= days <= GUEST_STAY // DAY:
        raise BadInput("A guest stays from 1 to 14 days.", hint="Renew it when the time comes.", place="days")
    return days * DAY


def _text(text: str, what: str, longest: int = 500) -> str:
    return admit_name(text, what, longest) if text.strip() else ""
