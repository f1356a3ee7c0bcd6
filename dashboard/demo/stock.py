"""The shop of a demo merchant: the things that the references name, and enough around them to look at."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from dashboard.accounts import service as accounts
from dashboard.accounts.models import Tenant
from dashboard.core import clock
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import atomic, reads
from dashboard.core.jobs import system_of
from dashboard.customers.models import Customer
from dashboard.customers.service import CustomerFacts, create_customer
from dashboard.inventory.imei import check_digit
from dashboard.inventory.models import Location, Product, ProductCategory, Supplier, Unit
from dashboard.inventory.service import ProductFacts, UnitFacts, create_location, create_product, receive_units
from dashboard.inventory.service.ledger import Move, post_pieces
from dashboard.orders import service as orders
from dashboard.orders.service import Address, Wanted

DOCUMENTED_UNIT = "inv_01h9xmk2n3p5r7t9"
DOCUMENTED_IMEI = "352099001761481"
ARRIVED = datetime(2025, 1, 15, 10, 23, tzinfo=UTC)
LOOKED_AT = datetime(2025, 3, 10, 14, 55, tzinfo=UTC)
TAX_BPS = 800
"""What makes the parts store's sample come out: 8 % of $2,149.98, cut off at the cent."""

UNITS = 240
ORDERS = 36


@dataclass(frozen=True, slots=True)
class Line:
    """A model that the demo sells: how its SKU begins, its storages with the price of grade A in cents, its colours."""

    model: str
    sku: str
    manufacturer: str
    prices: dict[str, int]
    colors: tuple[str, ...]


LINES = (
    Line("iPhone 14 Pro", "APP-IP14P", "Apple", {"128GB": 49_900, "256GB": 54_900}, ("Space Black", "Deep Purple")),
    Line("iPhone 15", "APP-IP15", "Apple", {"128GB": 52_900, "256GB": 58_900}, ("Black", "Blue", "Pink")),
    Line("iPhone 16 Pro Max", "APP-IP16PM", "Apple", {"256GB": 96_900, "512GB": 109_900}, ("Black Titanium",)),
    Line("Galaxy S24 Ultra", "SAM-S24U", "Samsung", {"256GB": 67_900, "512GB": 73_900}, ("Titanium Gray",)),
    Line("Galaxy S25 Ultra", "SAM-S25U", "Samsung", {"256GB": 89_900}, ("Titanium Black", "Titanium Silverblue")),
    Line("Pixel 9", "GOO-PX9", "Google", {"128GB": 46_900, "256GB": 52_900}, ("Obsidian", "Porcelain")),
)
SHARES = {"A+": 106, "A": 100, "B": 88, "C": 72, "D": 55}
"""What a grade costs, in percent of grade A."""

BUYERS = (
    ("Second Wind Mobile", "orders@secondwind.example", "(312) 555-0148"),
    ("Campus Repair Co-op", "desk@campusrepair.example", "(614) 555-0107"),
    ("Jane Doe", "jane@example.com", "(813) 555-0123"),
    ("Harbor Wireless", "buying@harborwireless.example", "(206) 555-0171"),
    ("Lakeside Electronics", "hello@lakeside.example", "(773) 555-0190"),
)
PARTS: tuple[dict[str, Any], ...] = (
    {"sku": "CAP-455-MFD", "name": "Capacitor 45/5 MFD", "price": 4_500, "cost": 1_200, "min_stock": 10, "stock": 48},
    {"sku": "SCR-IP14P-OLED", "name": "OLED screen for iPhone 14 Pro", "price": 18_900, "cost": 9_400, "min_stock": 5,
     "stock": 14},
    {"sku": "BAT-IP14P", "name": "Battery for iPhone 14 Pro", "price": 5_900, "cost": 2_100, "min_stock": 8,
     "stock": 31},
    {"sku": "CBL-USBC-1M", "name": "USB-C cable, 1 m", "price": 999, "cost": 240, "min_stock": 40, "stock": 160},
    {"sku": "CHG-20W", "name": "USB-C charger, 20 W", "price": 1_900, "cost": 620, "min_stock": 20, "stock": 75},
)  # fmt: skip
GPU = {
    "memory": "24GB GDDR6X",
    "cuda_cores": 16384,
    "boost_clock": "2520 MHz",
    "power_consumption": "450W",
}


def load(report: Callable[[str, int, int], None], *, seed: int) -> None:
    """Fill the shop of the first merchant, unless it is filled."""
    tenant = accounts.find_tenant("MYCOMPANY")
    assert tenant is not None
    if reads(SYSTEM).scalar(select(Tenant.tax_rate_bps).where(Tenant.id == tenant.id)) == TAX_BPS:
        return
    report("the shop", 0, 1)
    fill(system_of(tenant.id), seed=seed)
    report("the shop", 1, 1)


def fill(by: Principal, *, seed: int = 42) -> None:
    """Write a merchant's shop as one command: what the references document, and goods, buyers and orders around it."""
    chance = random.Random(seed)
    with atomic(by) as session:
        session.execute(
            update(Tenant).where(Tenant.id == by.tenant_id).values(tax_rate_bps=TAX_BPS, tax_rounding="truncate")
        )
        main = create_location(by, "Toronto warehouse", code="wh_toronto_01")
        shop = create_location(by, "Shop on Main Street", code="shop_main", kind="shop")
        session.add(
            Supplier(number=1, name="Midwest Parts Supply", email="orders@midwest.example", created_at=clock.now())
        )
        _parts(by, main)
        skus = _skus(by)
        _documented_unit(by, main, skus["APP-IP14P-256-A"])
        _units(by, (main, shop), list(skus.values()), chance)
        buyers = _buyers(by)
    _orders(by, buyers, chance)


def _parts(by: Principal, place: Location) -> None:
    with atomic(by) as session:
        made = [("capacitors", "Capacitors"), ("graphics-cards", "Graphics cards"), ("cpus", "Processors")]
        categories = {slug: ProductCategory(name=name, slug=slug) for slug, name in made}
        session.add_all(categories.values())
        session.flush()
        for part in PARTS:
            facts = ProductFacts(
                part["sku"], part["name"], "counted", part["price"], cost=part["cost"], min_stock=part["min_stock"]
            )
            _stock(by, create_product(by, facts), place, part["stock"])
        card = ProductFacts(
            "GPU-NV-4090-MSI-001", "NVIDIA GeForce RTX 4090 MSI Gaming X Trio", "counted", 159_999, cost=131_000,
            manufacturer="MSI", category_id=categories["graphics-cards"].id, attributes=GPU, warranty="3 years",
        )  # fmt: skip
        _stock(by, create_product(by, card, code="PROD-4090-MSI-001"), place, 23)
        cpu = ProductFacts(
            "CPU-AMD-5950X-001", "AMD Ryzen 9 5950X", "counted", 54_999, cost=41_000, manufacturer="AMD",
            category_id=categories["cpus"].id, attributes={"cores": 16, "threads": 32, "boost_clock": "4.9 GHz"},
            warranty="3 years",
        )  # fmt: skip
        _stock(by, create_product(by, cpu, code="PROD-5950X-AMD-001"), place, 40)
        coin = ProductFacts(
            "HA-123456", "1921 Morgan Dollar MS65", "unique", 43_050, cost=37_400, attributes={"ha_lot": "123456"}
        )
        _stock(by, create_product(by, coin, public_id="prod_abc123"), place, 1)
        create_product(by, ProductFacts("LAB-HOUR", "Labour, one hour", "service", 9_500))


def _stock(by: Principal, product: Product, place: Location, pieces: int) -> None:
    post_pieces(by, [Move(product.id, place.id, pieces, "receive", unit_cost=product.cost, reason="Opening stock")])


def _skus(by: Principal) -> dict[str, Product]:
    found: dict[str, Product] = {}
    for line in LINES:
        for storage, price in line.prices.items():
            for grade, share in SHARES.items():
                sku = f"{line.sku}-{storage.removesuffix('GB')}-{grade}"
                facts = ProductFacts(
                    sku, f"{line.model} {storage} {grade}", "serialised", price * share // 100,
                    cost=price * share * 78 // 10_000, model=line.model, storage=storage, grade=grade,
                    manufacturer=line.manufacturer,
                )  # fmt: skip
                found[sku] = create_product(by, facts)
    return found


def _documented_unit(by: Principal, place: Location, product: Product) -> None:
    facts = UnitFacts(
        product.id, place.id, imei=DOCUMENTED_IMEI, color="Space Black", battery_health=88, price=54_900, cost=42_000,
        public_id=DOCUMENTED_UNIT, activation_lock="off", blacklist="clean",
    )  # fmt: skip
    (unit,) = receive_units(by, [facts])
    with atomic(by) as session:
        session.execute(
            update(Unit)
            .where(Unit.id == unit)
            .values(
                created_at=datetime(2025, 1, 15, 10, 23, tzinfo=UTC),
                updated_at=datetime(2025, 3, 10, 14, 55, tzinfo=UTC),
            )
        )


def _units(by: Principal, places: tuple[Location, ...], products: list[Product], chance: random.Random) -> None:
    colors = {line.model: line.colors for line in LINES}
    batch: list[UnitFacts] = []
    for number in range(UNITS):
        product = chance.choice(products)
        first = f"35{chance.randrange(10**6):06d}{number:06d}"
        locked = chance.random() < 0.12
        batch.append(
            UnitFacts(
                product.id,
                chance.choices(places, (3, 1))[0].id,
                imei=first + check_digit(first),
                color=chance.choice(colors[product.model or ""]),
                battery_health=chance.randrange(76, 101),
                carrier="AT&T" if locked else None,
                carrier_locked=locked,
                price=product.price,
                cost=product.cost,
                activation_lock="off",
                blacklist="clean",
            )
        )
    receive_units(by, batch)


def _buyers(by: Principal) -> list[Customer]:
    vault = CustomerFacts(
        "PhoneVault Inc.", email="buying@phonevault.example", phone="(415) 555-0134", terms_days=15, tax_exempt=True
    )  # buys to sell again
    builder = CustomerFacts("Bay Area Builds", email="ap@bayareabuilds.example", phone="(415) 555-0162")
    found = [
        create_customer(by, vault, public_id="buy_01h8abc123"),
        create_customer(by, builder, code="CUST-789012"),
    ]
    return found + [create_customer(by, CustomerFacts(name, email=mail, phone=phone)) for name, mail, phone in BUYERS]


def _orders(by: Principal, buyers: list[Customer], chance: random.Random) -> None:
    """A few weeks of orders, of every state but the lapsed; the documented goods are left alone."""
    left = reads(by).scalars(select(Unit.public_id).where(Unit.public_id != DOCUMENTED_UNIT)).all()
    units = iter(chance.sample(list(left), min(len(left), ORDERS * 2)))
    small = ("CBL-USBC-1M", "CHG-20W", "BAT-IP14P")
    codes = dict(reads(by).execute(select(Product.sku, Product.public_id).where(Product.sku.in_(small))).all())
    address = Address("123 Tech Lane", "San Francisco", "94105", "US", "CA")
    now = clock.now()
    for number in range(ORDERS):
        placed_at = now - timedelta(days=24 * (1 - number / ORDERS), minutes=chance.randrange(300))
        buyer = chance.choice(buyers)
        lines = [Wanted(unit=next(units)) for _ in range(chance.choice((1, 1, 2)))]
        if chance.random() < 0.5:
            lines.append(Wanted(product=codes[chance.choice(small)], quantity=chance.randrange(1, 4)))
        with clock.frozen(placed_at) as move:
            placed = orders.place(by, customer=buyer.public_id, lines=lines, door="page", address=address)
            step = number * 5 // ORDERS
            if number % 9 == 0:
                orders.cancel(by, placed.id, reason="The buyer changed their mind")
            else:
                move(timedelta(minutes=6))
                orders.confirm(by, placed.id)
                if step < 4:
                    move(timedelta(hours=20))
                    orders.ship(by, placed.id, carrier="UPS", tracking_number=f"1Z999AA1{number:010d}")
                if step < 3:
                    move(timedelta(days=2))
                    orders.deliver(by, placed.id)
