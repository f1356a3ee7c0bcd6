"""Customers: what may be said of them, who changed what meanwhile, where they live."""

from typing import Any

import pytest

from dashboard.core.db import reads
from dashboard.core.errors import Conflict, Invalid, NotAllowed, NotFound
from dashboard.customers import queries, service
from dashboard.customers.models import Customer
from dashboard.customers.queries import CustomerFilter
from dashboard.customers.service import Address, CustomerFacts, Stale
from tests.conftest import Merchants

HOME = Address("1 Main St", "Tampa", "33601", "US", "FL")
WORK = Address("2 Oak St", "Tampa", "33602", "US", "FL", label="Work")


@pytest.fixture
def jane(merchants: Merchants) -> Customer:
    facts = CustomerFacts("Jane Doe", "Doe & Sons", "Jane@Example.com", "(555) 123-4567", credit_limit=50_000)
    return service.create_customer(merchants.alice, facts)


def names(merchants: Merchants, **where: Any) -> list[str]:
    return [each.name for each in queries.browse(merchants.alice, CustomerFilter(**where)).items]


@pytest.mark.parametrize(
    "typed", ["jane", "DOE", "doe & s", "jane@ex", "JANE@example.com", "555-1234", "1234567", "CUST-000001"]
)
def test_a_customer_is_found_by_name_company_email_digits_and_code(
    merchants: Merchants, jane: Customer, typed: str
) -> None:
    service.create_customer(merchants.alice, CustomerFacts("Somebody Else", email="other@example.com", phone="999 888"))
    assert names(merchants, typed=typed) == ["Jane Doe"]


@pytest.mark.parametrize("typed", ["x%", "jane@example.org", "555-9999", "12", "%", "_"])
def test_what_fits_nobody_finds_nobody(merchants: Merchants, jane: Customer, typed: str) -> None:
    assert names(merchants, typed=typed) == []


def test_the_list_goes_on_where_it_had_got_to_and_shows_everybody_once(merchants: Merchants) -> None:
    for name in ("Ann", "Ann", "Bob", "Cem", "Ann"):
        service.create_customer(merchants.alice, CustomerFacts(name))
    seen: list[int] = []
    after: str | None = None
    while True:
        found = queries.browse(merchants.alice, CustomerFilter(), after=after, size=2)
        seen += [each.number for each in found.items]
        if (after := found.after) is None:
            break
    assert seen == [1, 2, 5, 3, 4]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "x" * 161}, "name"),
        ({"email": "nobody"}, "email"),
        ({"email": "a b@example.com"}, "email"),
        ({"phone": "5" * 41}, "phone"),
        ({"terms_days": 366}, "terms_days"),
        ({"terms_days": -1}, "terms_days"),
        ({"credit_limit": -1}, "credit_limit"),
        ({"credit_limit": 10**13}, "credit_limit"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(
    merchants: Merchants, jane: Customer, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        service.change_customer(merchants.alice, jane.number, changes)
    assert [each.field for each in refused.value.fields] == [field]


def test_an_address_of_another_customer_cannot_be_taken_but_ones_own_can_be_kept(
    merchants: Merchants, jane: Customer
) -> None:
    john = service.create_customer(merchants.alice, CustomerFacts("John"))
    with pytest.raises(Invalid):
        service.change_customer(merchants.alice, john.number, {"email": "jane@example.COM"})
    service.change_customer(merchants.alice, jane.number, {"email": "JANE@example.com", "phone": None})
    found = queries.show_customer(merchants.alice, jane.number)
    assert (found.email, found.email_key, found.phone_digits) == ("JANE@example.com", "jane@example.com", None)


def test_who_saves_on_top_of_another_is_told_what_the_other_said(merchants: Merchants, jane: Customer) -> None:
    service.change_customer(merchants.alice, jane.number, {"phone": "1", "notes": "First"}, version=1)
    with pytest.raises(Stale) as refused:
        service.change_customer(merchants.alice, jane.number, {"phone": "2", "name": "Jane Doe"}, version=1)
    assert refused.value.theirs == {"phone": "1"}
    assert refused.value.version == 2
    service.change_customer(merchants.alice, jane.number, {"phone": "2"}, version=2)
    found = queries.show_customer(merchants.alice, jane.number)
    assert (found.phone, found.notes, found.version) == ("2", "First", 3)


def test_saving_what_is_there_already_changes_nothing(merchants: Merchants, jane: Customer) -> None:
    service.change_customer(merchants.alice, jane.number, {"name": " Jane  Doe "}, version=1)
    assert queries.show_customer(merchants.alice, jane.number).version == 1


def test_one_place_is_where_parcels_go_and_one_where_bills_go(merchants: Merchants, jane: Customer) -> None:
    first = service.add_address(merchants.alice, jane.number, HOME)
    second = service.add_address(merchants.alice, jane.number, WORK, ships=True)
    places = {each.id: each for each in queries.addresses_of(merchants.alice, jane.id)}
    assert (places[first.id].ships, places[first.id].bills) == (False, True)
    assert (places[second.id].ships, places[second.id].bills) == (True, False)
    service.change_address(merchants.alice, jane.number, first.id, HOME, ships=True, bills=True)
    service.remove_address(merchants.alice, jane.number, second.id)
    (left,) = queries.addresses_of(merchants.alice, jane.id)
    assert (left.id, left.ships, left.bills) == (first.id, True, True)


def test_a_place_of_another_customer_is_not_found(merchants: Merchants, jane: Customer) -> None:
    john = service.create_customer(merchants.alice, CustomerFacts("John"))
    place = service.add_address(merchants.alice, jane.number, HOME)
    with pytest.raises(NotFound):
        service.remove_address(merchants.alice, john.number, place.id)
    with pytest.raises(NotFound):
        service.change_address(merchants.charlie, jane.number, place.id, HOME, ships=True, bills=True)


@pytest.mark.parametrize(
    ("parts", "fields"),
    [
        ({}, ["street", "city", "zip", "country"]),
        ({"street": "1", "city": "Tampa", "zip": "1", "country": "us"}, ["state"]),
        ({"street": "1", "city": "Bonn", "zip": "1", "country": "XX"}, ["country"]),
        ({"street": "x" * 161, "city": "Bonn", "zip": "1", "country": "de"}, ["street"]),
    ],
)
def test_an_address_that_no_parcel_reaches_is_refused(parts: dict[str, str], fields: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        Address.checked(parts)
    assert [each.field for each in refused.value.fields] == fields


def test_the_right_to_write_is_asked_for(merchants: Merchants, jane: Customer) -> None:
    with pytest.raises(NotAllowed):
        service.change_customer(merchants.bob, jane.number, {"name": "Bob"})
    with pytest.raises(NotAllowed):
        service.merge_customers(merchants.bob, into=1, gone=2)


def test_duplicates_agree_in_phone_or_name_spelling_aside(merchants: Merchants, jane: Customer) -> None:
    by_phone = service.create_customer(merchants.alice, CustomerFacts("J. D.", phone="555.123.4567"))
    by_name = service.create_customer(merchants.alice, CustomerFacts("JÀNE doe", "Doe + Sons".replace("+", "&")))
    service.create_customer(merchants.alice, CustomerFacts("Jane Dow", phone="555"))
    service.create_customer(merchants.charlie, CustomerFacts("Jane Doe", "Doe & Sons"))
    found = queries.duplicates_of(merchants.alice, jane)
    assert [each.id for each in found] == [by_phone.id, by_name.id]
    groups = [
        (group.what, [each.id for each in group.customers]) for group in queries.duplicate_groups(merchants.alice)
    ]
    assert groups == [("phone number", [jane.id, by_phone.id]), ("name", [jane.id, by_name.id])]
    third = service.create_customer(merchants.alice, CustomerFacts("Third", phone="5551234567"))
    service.merge_customers(merchants.alice, into=jane.number, gone=by_phone.number)
    (phones, _) = queries.duplicate_groups(merchants.alice)
    assert [each.id for each in phones.customers] == [jane.id, third.id]


def test_another_business_sees_nobody(merchants: Merchants, jane: Customer) -> None:
    assert queries.browse(merchants.charlie, CustomerFilter()).items == []
    with pytest.raises(NotFound):
        queries.show_customer(merchants.charlie, jane.number)
    assert reads(merchants.alice).get_one(Customer, jane.id).name == "Jane Doe"


def test_a_merged_record_can_no_longer_be_changed(merchants: Merchants, jane: Customer) -> None:
    other = service.create_customer(merchants.alice, CustomerFacts("J"))
    service.merge_customers(merchants.alice, into=jane.number, gone=other.number)
    with pytest.raises(Conflict):
        service.change_customer(merchants.alice, other.number, {"name": "K"})
    with pytest.raises(Conflict):
        service.add_address(merchants.alice, other.number, HOME)
