"""What an order comes to: own prices, tax and its rounding, shipping; and the credit that it must fit into."""

import pytest

from dashboard.accounts import service as accounts
from dashboard.core.db import reads
from dashboard.core.errors import Conflict, Invalid
from dashboard.customers.models import Customer
from dashboard.customers.service import CustomerFacts, create_customer
from dashboard.inventory.service.products import ProductFacts, archive_product, create_product
from dashboard.orders import queries, service
from dashboard.orders.models import OrderLine
from dashboard.orders.queries import entry
from dashboard.orders.service import Address, Back, Rate, Wanted, drafts
from dashboard.orders.service.totals import Priced, RateStep, TaxRule, add_up, shipping_for
from tests.conftest import Merchants
from tests.inventory.shop import Shop, open_shop

TAMPA = Address("1 Main St", "Tampa", "33601", "US", "FL")
BONN = Address("Am Markt 1", "Bonn", "53111", "DE")


@pytest.fixture
def shop(merchants: Merchants) -> Shop:
    shop = open_shop(merchants.alice)
    shop.add_units(2)
    shop.add_pieces(shop.cable, 100)
    return shop


def cables(shop: Shop, how_many: int, buyer: Customer | None = None, address: Address | None = None) -> service.Placed:
    lines = [Wanted(product="PROD-CAB-1", quantity=how_many)]
    customer = (buyer or shop.buyer).public_id
    return service.place(shop.by, customer=customer, lines=lines, door="page", address=address)


@pytest.mark.parametrize(
    ("taxed", "rounding", "tax"),
    [
        (600, "half_even", 50),  # 49.5
        (200, "half_even", 16),  # 16.5
        (607, "half_even", 50),  # 50.0775
        (600, "truncate", 49),
        (607, "truncate", 50),
        (611, "truncate", 50),  # 50.4075
        (617, "truncate", 50),  # 50.9025
        (617, "half_even", 51),
    ],
)
def test_tax_is_rounded_once_by_the_rule_of_the_business(taxed: int, rounding: str, tax: int) -> None:
    whole = add_up([Priced(taxed, 1, taxed=True)], TaxRule(825, rounding))
    split = add_up([Priced(1, taxed, taxed=True), Priced(70_000, 3, taxed=False)], TaxRule(825, rounding))
    assert (whole.tax, split.tax) == (tax, tax)
    assert split.total == taxed + 210_000 + tax


def test_exempt_goods_and_exempt_customers_pay_no_tax_and_nobody_pays_tax_on_shipping(shop: Shop) -> None:
    accounts.change_settings(shop.by, {"tax_rate_bps": 1_000})
    service.save_rate(shop.by, Rate("Ground", None, 0, 995))
    create_product(shop.by, ProductFacts("BOOK-1", "Book", "service", 2_000, tax_class="exempt"), code="PROD-BOOK-1")
    exempt = create_customer(shop.by, CustomerFacts("School", tax_exempt=True))
    lines = [Wanted(product="PROD-CAB-1", quantity=10), Wanted(product="PROD-BOOK-1")]
    placed = service.place(shop.by, customer=shop.buyer.code, lines=lines, door="page", address=TAMPA)
    assert (placed.totals.subtotal, placed.totals.tax, placed.totals.shipping) == (11_990, 999, 995)
    assert placed.totals.total == 11_990 + 999 + 995
    assert cables(shop, 10, exempt).totals.tax == 0
    shown = queries.show_order(shop.by, placed.code)
    assert (shown.subtotal, shown.tax, shown.shipping, shown.total) == (11_990, 999, 995, 13_984)


STEPS = [
    RateStep(None, 0, 995),
    RateStep(None, 5_000, 495),
    RateStep(None, 10_000, 0),
    RateStep("DE", 2_000, 2_500),
]


@pytest.mark.parametrize(
    ("country", "subtotal", "costs"),
    [
        ("US", 0, 995), ("US", 4_999, 995), ("US", 5_000, 495), ("US", 10_000, 0), ("US", 10**9, 0),
        ("DE", 1_999, 0), ("DE", 2_000, 2_500), ("DE", 10**9, 2_500), (None, 5_000, 495),
    ],
)  # fmt: skip
def test_the_highest_step_that_an_order_reaches_counts(country: str | None, subtotal: int, costs: int) -> None:
    assert shipping_for(STEPS, country, subtotal) == costs
    assert shipping_for(STEPS[::-1], country, subtotal) == costs


def test_an_order_is_sent_by_the_rates_of_its_country_and_what_is_fetched_is_not_sent(shop: Shop) -> None:
    for rate in (Rate("Ground", None, 0, 995), Rate("Free", None, 5_000, 0), Rate("Sea", "DE", 0, 2_500)):
        service.save_rate(shop.by, rate)
    sent = [cables(shop, n, address=place).totals.shipping for n, place in ((5, TAMPA), (6, TAMPA), (6, BONN))]
    assert sent == [995, 0, 2_500]
    assert cables(shop, 5).totals.shipping == 0


def test_a_customers_own_price_is_todays_price_for_them_alone(shop: Shop) -> None:
    service.set_customer_price(shop.by, shop.buyer.number, "CAB-1", 700)
    other = create_customer(shop.by, CustomerFacts("Walk-in"))
    placed = cables(shop, 2)
    assert placed.totals.total == 1_400
    assert cables(shop, 2, other).totals.total == 1_998
    (line,) = reads(shop.by).query(OrderLine).filter(OrderLine.order_id == placed.id)
    assert (line.price, line.list_price) == (700, 999)
    wanted = [Wanted(product="PROD-CAB-1", price=999)]
    with pytest.raises(Invalid, match="The price is 700 now"):
        service.place(shop.by, customer=shop.buyer.code, lines=wanted, door="page")


def test_a_draft_is_placed_at_the_prices_that_were_agreed(shop: Shop) -> None:
    draft = drafts.open_draft(shop.by).public_id
    phone = drafts.scan(shop.by, draft, "inv_1")
    pieces = drafts.scan(shop.by, draft, "CAB-1", quantity=3)
    drafts.set_customer(shop.by, draft, shop.buyer.code)
    drafts.set_price(shop.by, draft, phone.id, 50_000)
    drafts.set_price(shop.by, draft, pieces.id, 900)
    agreed = entry.show_draft(shop.by, draft).totals
    placed = drafts.place_draft(shop.by, draft)
    assert placed.totals == agreed
    assert [(line.price, line.list_price) for line in queries.show_order(shop.by, placed.code).lines] == [
        (50_000, 54_900),
        (900, 999),
    ]


def test_what_is_archived_is_not_sold(shop: Shop) -> None:
    archive_product(shop.by, shop.cable.id, archived=True)
    with pytest.raises(Invalid, match="for sale"):
        cables(shop, 1)


@pytest.fixture
def debtor(shop: Shop) -> Customer:
    """A customer with credit for ten cables."""
    return create_customer(shop.by, CustomerFacts("Debtor", credit_limit=10 * 999))


def test_an_order_must_fit_into_the_credit_that_is_left(shop: Shop, debtor: Customer) -> None:
    with pytest.raises(Conflict) as refused:
        cables(shop, 11, debtor)
    assert refused.value.code == "credit_limit"
    first = cables(shop, 6, debtor)
    with pytest.raises(Conflict, match=r"\$39\.96 of credit left"):
        cables(shop, 5, debtor)
    cables(shop, 4, debtor)
    assert cables(shop, 11).totals.total == 11 * 999
    service.record_payment(shop.by, first.id, amount=999, method="cash")
    cables(shop, 1, debtor)
    with pytest.raises(Conflict, match=r"\$0\.00 of credit left"):
        cables(shop, 1, debtor)


def test_what_was_cancelled_or_came_back_frees_credit(shop: Shop, debtor: Customer) -> None:
    first, second = cables(shop, 5, debtor), cables(shop, 5, debtor)
    service.cancel(shop.by, first.id)
    cables(shop, 5, debtor)
    service.confirm(shop.by, second.id)
    service.ship(shop.by, second.id)
    (line,) = service.worths(shop.by, second.id)
    service.take_return(shop.by, second.id, Back(line, 2, "restock", "Too short", 2 * 999))
    cables(shop, 2, debtor)
    with pytest.raises(Conflict):
        cables(shop, 1, debtor)
