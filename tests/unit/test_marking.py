"""Who may see what: TLP 2.0 as named rows, and the three faces of the one decision proven equal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusioncell.edges.database import open_sqlite
from fusioncell.exchange.live import Live, LiveEvent
from fusioncell.kernel.clock import ManualClock
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.ids import SeededRandomness
from fusioncell.kernel.marking import (
    PUBLIC,
    Audience,
    Tlp,
    Uses,
    Viewer,
    audience_for,
    default_uses,
    group,
    may_allow,
    may_post,
    may_see,
    org,
    parse_tlp,
    person,
    strictest,
)
from fusioncell.members.model import Person
from fusioncell.members.recognise import OFFICE_OF_APPROVER, Belonging, Standing, recognise
from fusioncell.record import store as record_store
from fusioncell.record.service import Record

A, B, C = "a", "b", "c"
CIRCLE = "circle"


def member(of: str, *parties: str, clients: tuple[str, ...] = (), may: tuple[str, ...] = ("contribute",)) -> Viewer:
    return Viewer(
        org=of,
        member=True,
        parties=frozenset({org(of), *parties}),
        client_parties=frozenset(clients),
        permissions=frozenset(may),
    )


def guest(of: str, *parties: str) -> Viewer:
    return Viewer(org=of, guest=True, parties=frozenset({org(of), *parties}), permissions=frozenset({"contribute"}))


SEES = [
    # who, audience, whether
    ("a visitor sees CLEAR", PUBLIC, audience_for(Tlp.CLEAR, own_org=A), True),
    ("a visitor does not see GREEN", PUBLIC, audience_for(Tlp.GREEN, own_org=A), False),
    ("any member sees GREEN", member(C), audience_for(Tlp.GREEN, own_org=A), True),
    ("a member sees CLEAR", member(C), audience_for(Tlp.CLEAR, own_org=A), True),
    ("AMBER without a group is its own organisation's", member(A), audience_for(Tlp.AMBER, own_org=A), True),
    ("and not another's", member(B), audience_for(Tlp.AMBER, own_org=A), False),
    ("AMBER reaches the contributor's clients", member(C, clients=(org(A),)), audience_for(Tlp.AMBER, own_org=A), True),
    ("AMBER+STRICT does not", member(C, clients=(org(A),)), audience_for(Tlp.AMBER_STRICT, own_org=A), False),
    ("RED does not", member(C, clients=(org(A),)), audience_for(Tlp.RED, own_org=A), False),
    (
        "a group's member sees its AMBER",
        member(B, group(CIRCLE)),
        audience_for(Tlp.AMBER, own_org=A, groups=[group(CIRCLE)]),
        True,
    ),
    (
        "and its AMBER+STRICT",
        member(B, group(CIRCLE)),
        audience_for(Tlp.AMBER_STRICT, own_org=A, groups=[group(CIRCLE)]),
        True,
    ),
    (
        "a client of a group's member sees its AMBER",
        member(C, clients=(group(CIRCLE),)),
        audience_for(Tlp.AMBER, own_org=A, groups=[group(CIRCLE)]),
        True,
    ),
    (
        "but not its AMBER+STRICT",
        member(C, clients=(group(CIRCLE),)),
        audience_for(Tlp.AMBER_STRICT, own_org=A, groups=[group(CIRCLE)]),
        False,
    ),
    (
        "one who joined later does not see the past",
        member(B, group(CIRCLE, 2)),
        audience_for(Tlp.AMBER, own_org=A, groups=[group(CIRCLE, 1)]),
        False,
    ),
    (
        "one who was there sees what comes after",
        member(B, group(CIRCLE, 1), group(CIRCLE, 2)),
        audience_for(Tlp.AMBER, own_org=A, groups=[group(CIRCLE, 2)]),
        True,
    ),
    (
        "the contributor sees what it gave to a group",
        member(A),
        audience_for(Tlp.AMBER, own_org=A, groups=[group(CIRCLE)]),
        True,
    ),
    (
        "RED is for the named person",
        member(B, person("p")),
        audience_for(Tlp.RED, own_org=A, people=[person("p")]),
        True,
    ),
    (
        "and not for that person's organisation",
        member(B),
        audience_for(Tlp.RED, own_org=A, people=[person("p")]),
        False,
    ),
    (
        "the contributor's own organisation sees its RED",
        member(A),
        audience_for(Tlp.RED, own_org=A, people=[person("p")]),
        True,
    ),
    ("RED takes no group", member(B, group(CIRCLE)), audience_for(Tlp.RED, own_org=A, groups=[group(CIRCLE)]), False),
    ("anonymous: not even its own organisation", member(A), audience_for(Tlp.AMBER, own_org=None), False),
    ("nobody is nobody", member(A), Audience(Tlp.AMBER_STRICT), False),
    (
        "one who is no member sees nothing by a party alone",
        Viewer(parties=frozenset({org(A)})),
        audience_for(Tlp.AMBER, own_org=A),
        False,
    ),
    ("uses never widen sight", PUBLIC, Audience(Tlp.GREEN, uses=Uses(15)), False),
    ("a guest sees CLEAR", guest(B, group(CIRCLE)), audience_for(Tlp.CLEAR, own_org=A), True),
    ("a guest does not see GREEN", guest(B, group(CIRCLE)), audience_for(Tlp.GREEN, own_org=A), False),
    (
        "a guest sees its group's AMBER",
        guest(B, group(CIRCLE, 2)),
        audience_for(Tlp.AMBER, own_org=A, groups=[group(CIRCLE, 2)]),
        True,
    ),
    (
        "and its AMBER+STRICT",
        guest(B, group(CIRCLE, 2)),
        audience_for(Tlp.AMBER_STRICT, own_org=A, groups=[group(CIRCLE, 2)]),
        True,
    ),
    (
        "and nothing of before it came",
        guest(B, group(CIRCLE, 2)),
        audience_for(Tlp.AMBER, own_org=A, groups=[group(CIRCLE, 1)]),
        False,
    ),
    ("and not its host's own", guest(B, group(CIRCLE)), audience_for(Tlp.AMBER, own_org=A), False),
    ("and what it gave itself", guest(B), Audience(Tlp.AMBER, frozenset({org(B)})), True),
    ("a guest never sees RED", guest(B, person("p")), audience_for(Tlp.RED, own_org=B, people=[person("p")]), False),
    (
        "a guest is nobody's client",
        Viewer(org=B, guest=True, client_parties=frozenset({org(A), group(CIRCLE)})),
        audience_for(Tlp.AMBER, own_org=A, groups=[group(CIRCLE)]),
        False,
    ),
]


@pytest.mark.parametrize(("said", "viewer", "audience", "truth"), SEES, ids=[row[0] for row in SEES])
def test_tlp_means_what_it_says(said: str, viewer: Viewer, audience: Audience, truth: bool) -> None:
    assert may_see(viewer, audience) is truth


def test_a_permission_never_widens_sight() -> None:
    hidden = audience_for(Tlp.AMBER_STRICT, own_org=A)
    assert not may_see(member(B, may=("administer_members", "operate", "audit", "approve")), hidden)


# -- what one may post to ----------------------------------------------------------------------------------------------

POSTS = [
    ("to the partnership", member(A), audience_for(Tlp.GREEN, own_org=A), True),
    ("to oneself", member(A), audience_for(Tlp.AMBER_STRICT, own_org=A), True),
    (
        "to a group that one is in",
        member(A, group(CIRCLE)),
        audience_for(Tlp.AMBER, own_org=A, groups=[group(CIRCLE)]),
        True,
    ),
    ("to a group that one is not in", member(A), audience_for(Tlp.AMBER, own_org=A, groups=[group(CIRCLE)]), False),
    (
        "to a group's time before one joined",
        member(A, group(CIRCLE, 2)),
        audience_for(Tlp.AMBER, own_org=A, groups=[group(CIRCLE, 1)]),
        False,
    ),
    (
        "to a group of one's provider",
        member(A, clients=(group(CIRCLE),)),
        audience_for(Tlp.AMBER, own_org=A, groups=[group(CIRCLE)]),
        False,
    ),
    ("to a named person elsewhere", member(A), audience_for(Tlp.RED, own_org=A, people=[person("p")]), True),
    ("without the permission", member(A, may=("read",)), audience_for(Tlp.GREEN, own_org=A), False),
    ("as a visitor", PUBLIC, audience_for(Tlp.CLEAR, own_org=A), False),
    (
        "as a guest to one's group",
        guest(B, group(CIRCLE)),
        audience_for(Tlp.AMBER, own_org=B, groups=[group(CIRCLE)]),
        True,
    ),
    ("as a guest to all", guest(B, group(CIRCLE)), audience_for(Tlp.CLEAR, own_org=B), False),
    ("as a guest to the partnership", guest(B, group(CIRCLE)), audience_for(Tlp.GREEN, own_org=B), False),
    (
        "as a guest to a member beside one's group",
        guest(B, group(CIRCLE)),
        audience_for(Tlp.AMBER, own_org=B, groups=[group(CIRCLE), org(A)]),
        False,
    ),
    ("as a guest to nobody", guest(B, group(CIRCLE)), audience_for(Tlp.AMBER_STRICT, own_org=B), False),
    (
        "as a guest to a person",
        guest(B, group(CIRCLE), person("p")),
        audience_for(Tlp.RED, own_org=B, people=[person("p")]),
        False,
    ),
]


@pytest.mark.parametrize(("said", "viewer", "audience", "truth"), POSTS, ids=[row[0] for row in POSTS])
def test_who_may_post(said: str, viewer: Viewer, audience: Audience, truth: bool) -> None:
    assert may_post(viewer, audience) is truth


@pytest.mark.parametrize(
    "party",
    [
        OFFICE_OF_APPROVER,
        "",
        "org:",
        "circle",
        "group:circle",
        "group:circle.",
        "org:a,org:b",
        "org:a|7|org:b",
        "org:a org:b",
        "person:p\n",
        "GROUP:circle.1",
        "group:circle.1;",
        "org:" + "a" * 65,
        "org:ä",
    ],
)
def test_what_is_no_party_cannot_be_addressed(party: str) -> None:
    with pytest.raises(BadInput):
        audience_for(Tlp.AMBER, own_org=A, groups=[party])


def test_a_contribution_names_a_bounded_number_of_parties() -> None:
    with pytest.raises(BadInput):
        audience_for(Tlp.AMBER, own_org=A, groups=[org(str(n)) for n in range(201)])


# -- labels and uses ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("TLP:WHITE", Tlp.CLEAR),
        ("tlp:clear", Tlp.CLEAR),
        ("Green", Tlp.GREEN),
        ("TLP:AMBER+STRICT", Tlp.AMBER_STRICT),
        ("tlp: amber-strict", Tlp.AMBER_STRICT),
        ("RED", Tlp.RED),
        (" amber ", Tlp.AMBER),
        ("tlp:ex:chr", Tlp.RED),
    ],
)
def test_labels_are_read_in_their_spellings(text: str, label: Tlp) -> None:
    assert parse_tlp(text) is label


@pytest.mark.parametrize("text", ["", "pink", "tlp:", "green red", "amber+", "grün", "0"])
def test_other_labels_are_refused(text: str) -> None:
    with pytest.raises(BadInput):
        parse_tlp(text)


def test_the_strictest_label_counts() -> None:
    assert strictest([Tlp.GREEN, Tlp.RED, Tlp.CLEAR]) is Tlp.RED
    assert strictest([Tlp.AMBER, Tlp.AMBER_STRICT]) is Tlp.AMBER_STRICT
    assert strictest([]) is None


@pytest.mark.parametrize(
    ("tlp", "blocking"),
    [(Tlp.CLEAR, True), (Tlp.GREEN, True), (Tlp.AMBER, False), (Tlp.AMBER_STRICT, False), (Tlp.RED, False)],
)
def test_blocking_is_allowed_by_default_where_all_members_read(tlp: Tlp, blocking: bool) -> None:
    assert may_allow(Audience(tlp, uses=default_uses(tlp)), Uses.BLOCKING) is blocking


def test_clear_and_green_name_no_parties() -> None:
    with pytest.raises(ValueError, match="no parties"):
        Audience(Tlp.GREEN, frozenset({org(A)}))


# -- who a party is ----------------------------------------------------------------------------------------------------


def test_only_approvers_hold_the_office() -> None:
    someone = Person("p", A, "P", "p@a.example", ("approver",), 0)
    assert OFFICE_OF_APPROVER in recognise(Standing(A, someone), ["approver"]).parties
    assert OFFICE_OF_APPROVER not in recognise(Standing(A, someone), ["member"]).parties
    assert OFFICE_OF_APPROVER not in recognise(Standing(A, someone), ["approver"], frozenset({"read"})).parties


def test_a_guest_is_no_member_whatever_its_roles() -> None:
    someone = Person("p", A, "P", "p@a.example", ("administrator",), 0)
    standing = Standing(A, someone, (Belonging(CIRCLE, 2, 3),), ("provider",), (Belonging("other", 1, 1),),
                        guest_until=9)  # fmt: skip
    viewer = recognise(standing, ["administrator"])
    assert (viewer.member, viewer.guest) == (False, True)
    assert viewer.parties == {org(A), group(CIRCLE, 2), group(CIRCLE, 3)}
    assert viewer.client_parties == frozenset()
    assert viewer.permissions == {"read", "search", "stream", "contribute"}


def test_a_late_member_holds_no_earlier_generation() -> None:
    late = recognise(Standing(B, None, (Belonging(CIRCLE, 2, 3),)), ["member"])
    assert late.parties == {org(B), group(CIRCLE, 2), group(CIRCLE, 3)}


# -- the three faces ---------------------------------------------------------------------------------------------------

_PARTIES = st.sampled_from([org(A), org(B), org(C), group(CIRCLE, 1), group(CIRCLE, 2), person("p"), "may:approve"])
_SETS = st.frozensets(_PARTIES, max_size=4)
_AUDIENCES = st.builds(
    lambda tlp, parties, uses: Audience(tlp, frozenset() if tlp in (Tlp.CLEAR, Tlp.GREEN) else parties, Uses(uses)),
    st.sampled_from(Tlp),
    _SETS,
    st.integers(0, 15),
)
_VIEWERS = st.builds(
    Viewer,
    org=st.sampled_from([None, A, B]),
    member=st.booleans(),
    guest=st.booleans(),
    parties=_SETS,
    client_parties=_SETS,
)


@given(_AUDIENCES)
def test_an_audience_reads_back_as_itself(audience: Audience) -> None:
    assert Audience.from_text(audience.text) == audience


@given(_AUDIENCES, _VIEWERS)
def test_a_guest_sees_less_than_a_member_would(audience: Audience, viewer: Viewer) -> None:
    """Being a guest adds nothing to a member; to others it gives at most AMBER and STRICT of parties that they hold."""
    as_member = replace(viewer, member=True, guest=False)
    assert may_see(replace(viewer, member=True, guest=True), audience) == may_see(as_member, audience)
    alone = replace(viewer, member=False, guest=True)
    if may_see(alone, audience):
        assert may_see(as_member, audience)
        assert audience.tlp in (Tlp.CLEAR, Tlp.AMBER, Tlp.AMBER_STRICT)
        assert audience.tlp is Tlp.CLEAR or audience.parties & viewer.parties


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Record]:
    database = open_sqlite(tmp_path_factory.mktemp("record") / "record.db", durable=False)
    database.create(record_store.metadata)
    opened = Record(database, ManualClock(0), SeededRandomness(1))
    yield opened
    opened.close()
    database.close()


@settings(max_examples=150, deadline=None)
@given(st.lists(_AUDIENCES, min_size=1, max_size=8), _VIEWERS)
def test_the_three_faces_are_one(record: Record, audiences: list[Audience], viewer: Viewer) -> None:
    """``may_see``, the numbers by which every query filters, and the live stream's filter say the same."""
    numbers = {record.intern_audience(audience): audience for audience in audiences}
    by_code = {number for number, audience in numbers.items() if may_see(viewer, audience)}
    by_query = record.visible_to(viewer)
    assert by_query & numbers.keys() == by_code
    live = Live(lambda event, number: event.data)
    log = live.log(by_query, 1)
    live.publish([LiveEvent(n, number, "entry", str(number).encode()) for n, number in enumerate(numbers, 1)], 99)
    assert {int(said) for _, said, _ in log.events} == by_code
