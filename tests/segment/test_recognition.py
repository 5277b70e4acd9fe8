"""Whom events name, and which names are one person's."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nurture.segment.names import Names, is_nobody, names_of
from nurture.segment.recognition import DOUBTED, TOO_MANY, People
from tests.flows.apps import incoming

JO, AL = "jo@buyer.example", "al@buyer.example"


def heard(known: dict, *events: Names, accounts=()) -> People:
    people = People(known, accounts)
    for event in events:
        people.hear(event)
    return people


def names(*people: tuple[str, str], alias: bool = False, previous: str | None = None) -> Names:
    return Names(people, (), previous, alias=alias)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "placeholder",
    ["", "null", "NULL", "undefined", "00000000-0000-0000-0000-000000000000", "0", "-1", "anonymous", "N/A"],
)
def test_placeholders_for_no_id_name_nobody(placeholder: str) -> None:
    assert is_nobody(placeholder)
    assert not names_of(incoming("track", user_id=placeholder, anonymous_id=placeholder))


@pytest.mark.parametrize("identifier", ["7", "u-1", "nullify", "guest-7", "1000", "a0", "anonymous-4"])
def test_real_ids_name_somebody(identifier: str) -> None:
    assert not is_nobody(identifier)


def test_an_address_and_a_user_id_are_one_persons_and_an_address_for_a_user_id_is_an_address() -> None:
    assert names_of(incoming("identify", email=JO, user_id="u1")).people == (("email", JO), ("user", "u1"))
    assert names_of(incoming("identify", email=JO, user_id="Jo@Buyer.Example")).people == (("email", JO),)


def test_an_alias_names_an_address_a_user_or_a_browser() -> None:
    told = names_of(incoming("alias", user_id="u1", anonymous_id="v1", properties={"previousId": AL}))
    assert told.people == (("user", "u1"), ("email", AL))
    assert told.visitors == ("v1",)
    told = names_of(incoming("alias", user_id="u1", anonymous_id="v1", properties={"previousId": "old"}))
    assert set(told.visitors) == {"v1", "old"}
    assert told.previous == "old"


def test_a_user_id_joins_the_lead_with_the_address_beside_it() -> None:
    people = heard({("email", JO): 1}, names(("email", JO), ("user", "u1")))
    (party,) = people.parties
    assert (party.leads, party.users) == ([1], ["u1"])
    assert people.lead(names(("user", "u1"))) == 1


def test_a_new_address_joins_the_lead_with_the_user_id_beside_it() -> None:
    people = heard({("user", "u1"): 1}, names(("email", JO), ("user", "u1")))
    (party,) = people.parties
    assert (party.leads, party.addresses) == ([1], [JO])


def test_two_known_leads_are_one_unless_each_has_an_account() -> None:
    known = {("user", "u1"): 1, ("email", JO): 2}
    said = names(("email", JO), ("user", "u1"))
    assert [sorted(party.leads) for party in heard(known, said).joined()] == [[1, 2]]
    apart = heard(known, said, accounts={2})
    assert apart.joined() == []
    assert [{one.lead, other.lead} for one, other, _ in apart.conflicts] == [{1, 2}]
    assert apart.lead(said) == 2


def test_an_alias_makes_one_of_two_accounts() -> None:
    known = {("user", "u1"): 1, ("user", "u2"): 2}
    assert heard(known, names(("user", "u2"), previous="u1", alias=True)).joined()


def test_no_more_leads_become_one_at_a_time_than_may() -> None:
    known = {("user", "u1"): 1, ("email", JO): 2, ("email", AL): 3}
    people = People(known, most=1)
    for email in (JO, AL, JO):
        people.hear(names(("email", email), ("user", "u1")))
    assert [sorted(party.leads) for party in people.joined()] == [[1, 2]]
    assert [(sorted(other.leads), because) for _, other, because in people.conflicts] == [([1, 2], TOO_MANY)]


def doubted(*people: tuple[str, str], **more) -> Names:
    return names(*people, **more).doubted()


def test_a_public_key_ties_a_user_id_that_is_nobodys_to_a_lead_without_one() -> None:
    people = heard({("email", JO): 1}, doubted(("email", JO), ("user", "u1")), doubted(("email", JO), ("user", "u2")))
    assert [(party.leads, party.users) for party in people.parties] == [([1], ["u1"])]
    (fresh,) = heard({}, doubted(("email", JO), ("user", "u1"))).parties
    assert (fresh.addresses, fresh.users) == ([JO], ["u1"])


def test_a_public_key_gives_a_user_id_no_second_address() -> None:
    said = doubted(("email", AL), ("user", "u1"))
    people = heard({("user", "u1"): 1}, said)
    assert sorted((party.leads, party.addresses) for party in people.parties) == [([], [AL]), ([1], [])]
    assert people.person(said).addresses == [AL]
    assert [because for _, _, because in people.conflicts] == [DOUBTED]


def test_a_public_keys_alias_joins_a_user_id_that_is_nobodys_and_makes_no_two_leads_one() -> None:
    (party,) = heard({("user", "u1"): 1}, doubted(("user", "u2"), previous="u1", alias=True)).parties
    assert (party.leads, party.users) == ([1], ["u2"])
    known = {("user", "u1"): 1, ("user", "u2"): 2, ("email", JO): 3}
    for said in (names(("user", "u2"), previous="u1", alias=True), names(("user", "u2"), ("email", JO), alias=True)):
        people = heard(known, said.doubted())
        assert not people.joined()
        assert len(people.conflicts) == 1


def test_a_user_id_alone_is_nobody_until_something_tells_whose_it_is() -> None:
    alone = names(("user", "u1"))
    people = heard({}, alone)
    assert people.person(alone) is None
    people.hear(names(("email", JO), ("user", "u1")))
    assert people.person(alone).addresses == [JO]


addresses = st.sampled_from(["a@x.example", "b@x.example", "c@x.example", "d@x.example"])
users = st.sampled_from(["u1", "u2", "u3"])
pairs = st.tuples(st.tuples(st.just("email"), addresses), st.tuples(st.just("user"), users)).map(lambda p: names(*p))


@given(st.lists(st.tuples(pairs, st.booleans()), max_size=8))
def test_no_word_of_a_public_key_makes_one_of_two_leads_or_gives_one_a_further_address(events) -> None:
    known = {("email", "a@x.example"): 1, ("email", "b@x.example"): 2, ("user", "u1"): 1}
    said = [names(*pair.people, alias=alias).doubted() for pair, alias in events]
    people = heard(known, *said, accounts={1})
    assert not people.joined()
    assert all(len(party.addresses) <= (0 if party.leads else 1) for party in people.parties)


@given(st.lists(pairs, max_size=8), st.randoms())
def test_who_is_one_person_does_not_depend_on_the_order_where_nobody_has_two_accounts(events, random) -> None:
    def groups(order) -> set[frozenset]:
        people = heard({}, *order)
        assume(not people.conflicts)
        return {frozenset(party.names) for party in people.parties}

    shuffled = list(events)
    random.shuffle(shuffled)
    assert groups(shuffled) == groups(events)
