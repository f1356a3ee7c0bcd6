"""A small shop to test with: one customer, a few phones with IMEIs, counted parts, a service."""

from dataclasses import dataclass, field

from dashboard.core.context import Principal
from dashboard.customers.models import Customer
from dashboard.customers.service import CustomerFacts, create_customer
from dashboard.inventory.imei import check_digit
from dashboard.inventory.models import Location, Product
from dashboard.inventory.service.ledger import Move, post_pieces
from dashboard.inventory.service.locations import create_location, default_location
from dashboard.inventory.service.products import ProductFacts, create_product
from dashboard.inventory.service.units import UnitFacts, receive_units


def imei(number: int) -> str:
    """A valid IMEI, another for each number."""
    first = f"35209900{number:06d}"
    return first + check_digit(first)


@dataclass
class Shop:
    """What was put into the shop of `by`. Units by public id (`inv_1` …)."""

    by: Principal
    place: Location
    other_place: Location
    buyer: Customer
    phone: Product
    part: Product
    cable: Product
    work: Product
    units: dict[str, int] = field(default_factory=dict[str, int])

    def add_units(self, how_many: int) -> list[str]:
        """Take in phones; their public ids."""
        start = len(self.units) + 1
        names = [f"inv_{start + n}" for n in range(how_many)]
        facts = [
            UnitFacts(self.phone.id, self.place.id, imei=imei(start + n), public_id=names[n], battery_health=88)
            for n in range(how_many)
        ]
        self.units |= dict(zip(names, receive_units(self.by, facts), strict=True))
        return names

    def add_pieces(self, product: Product, how_many: int, place: Location | None = None) -> None:
        """Put pieces on the shelf."""
        at = (place or self.place).id
        post_pieces(self.by, [Move(product.id, at, how_many, "receive", unit_cost=product.cost)])


def open_shop(by: Principal) -> Shop:
    """A shop without stock: phones at $549.00, parts at $1,599.99, cables at $9.99, an hour of work at $80.00."""
    return Shop(
        by,
        default_location(by),
        create_location(by, "Van 1", kind="van"),
        create_customer(by, CustomerFacts("PhoneVault Inc.")),
        create_product(
            by,
            ProductFacts("APP-IP14P-256-A", "iPhone 14 Pro 256GB A", "serialised", 54_900, model="iPhone 14 Pro",
                         storage="256GB", grade="A"),
        ),
        create_product(by, ProductFacts("GPU-1", "RTX 4090", "counted", 159_999, cost=120_000), code="PROD-GPU-1"),
        create_product(by, ProductFacts("CAB-1", "Cable", "counted", 999, cost=300), code="PROD-CAB-1"),
        create_product(by, ProductFacts("WORK-1", "Setting up", "service", 8_000), code="PROD-WORK-1"),
    )  # fmt: skip
