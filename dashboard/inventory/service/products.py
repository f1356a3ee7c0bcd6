"""Products: what is sold, under which SKU and price."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, func, insert, select

from dashboard.catalog.normalise import search_text, words
from dashboard.core import clock, events, ids, numbers
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic, table_of
from dashboard.core.errors import Conflict, FieldError, Invalid, NotFound
from dashboard.core.tenancy import OWN_TENANT
from dashboard.inventory.models import KINDS, Product, ProductCategory, ProductTerm, StockLevel, Supplier, UnitTally

MAX_MONEY = 10**12
"""Minor units: a price above ten thousand million is a slip."""

MAX_PIECES = 1_000_000
"""So many pieces of one thing in one go are a slip too."""

TERMS = 24
TERM_LENGTH = 40
_insert_terms = insert(table_of(ProductTerm))


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """What is known of a product. `price` and `cost` in minor units of the tenant's currency."""

    sku: str
    name: str
    kind: str
    price: int
    cost: int = 0
    model: str | None = None
    storage: str | None = None
    grade: str | None = None
    manufacturer: str | None = None
    category_id: int | None = None
    device_id: int | None = None
    description: str = ""
    attributes: dict[str, Any] = field(default_factory=dict[str, Any])
    images: list[str] = field(default_factory=list[str])
    barcode: str | None = None
    warranty: str | None = None
    tax_class: str = "standard"
    min_stock: int | None = None
    reorder_quantity: int | None = None
    auto_reorder: bool = False
    supplier_id: int | None = None


def fold_sku(sku: str) -> str:
    """A SKU as it is compared: upper case, trimmed."""
    return sku.strip().upper()


def create_product(
    by: Principal,
    facts: ProductFacts,
    *,
    public_id: str | None = None,
    code: str | None = None,
    needs: str = "products:write",
) -> Product:
    """Add a product. `public_id` (`prod_…`) and `code` (`PROD-…`) are made where none are given.

    `needs` is the right of the door it comes through: parts are stock (K346). Raises Invalid for a field that is
    wrong, Conflict where the SKU is taken.
    """
    by.require(needs)
    with atomic(by) as session:
        _check(session, facts)
        _refuse_taken_sku(session, facts.sku)
        now = clock.now()
        columns = {name: getattr(facts, name) for name in ProductFacts.__dataclass_fields__}
        number = numbers.take(by, "product")
        product = Product(
            **columns
            | {
                "number": number,
                "public_id": public_id or ids.public_id("prod"),
                "code": code or f"PROD-{number:06d}-{ids.ulid()[-4:].upper()}",
                "created_at": now,
                "updated_at": now,
                **_derived(facts),
                "low": bool(facts.min_stock),
            }
        )
        session.add(product)
        session.flush()
        _write_terms(by, session, product)
        told = {"product_id": product.public_id, "sku": product.sku, "name": product.name, "price": product.price}
        events.record(by, "product.created", f"product:{product.id}", told)
    return product


FIXED = frozenset({"kind", "model", "storage", "grade"})
"""What stays as it was made: units repeat it, and a SKU says it."""


def change_product(
    by: Principal,
    product_id: int,
    changes: Mapping[str, Any],
    *,
    version: int | None = None,
    needs: str = "products:write",
) -> Product:
    """Change facts of a product by name (those of `ProductFacts` that are not FIXED). `version` is the one that was
    seen, so that nobody writes over another's change unseen.

    Raises NotFound, Invalid naming each field, and Conflict for a taken SKU or another version.
    """
    by.require(needs)
    with atomic(by) as session:
        product = session.scalar(select(Product).where(Product.id == product_id).with_for_update())
        if product is None:
            raise NotFound("There is no such product.")
        if version is not None and version != product.version:
            raise Conflict("Somebody changed this product meanwhile. Look at what is there now, then save again.")
        before = {name: getattr(product, name) for name in ProductFacts.__dataclass_fields__}
        facts = ProductFacts(**before | dict(changes))
        if wrong := sorted(FIXED & changes.keys()):
            raise Invalid.field(wrong[0], "This stays as it was made. Add another product instead.")
        _check(session, facts)
        if fold_sku(facts.sku) != product.sku_key:
            _refuse_taken_sku(session, facts.sku)
        after = {name: getattr(facts, name) for name in before} | _derived(facts)
        told = {name: [before[name], after[name]] for name in before if before[name] != after[name]}
        if told:
            for name, value in after.items():
                setattr(product, name, value)
            product.version += 1
            product.updated_at = clock.now()
            if "name" in told:
                _write_terms(by, session, product)
            if "min_stock" in told:
                product.low = product.min_stock is not None and _there(session, product.id) < product.min_stock
            events.record(by, "product.changed", f"product:{product.id}", told)
    return product


def _there(session: CommandSession, product_id: int) -> int:
    """Pieces and units of a locked product at all places together, those on their way included."""
    pieces = select(func.coalesce(func.sum(StockLevel.on_hand), 0)).where(StockLevel.product_id == product_id)
    units = select(func.coalesce(func.sum(UnitTally.in_stock + UnitTally.in_transit), 0)).where(
        UnitTally.product_id == product_id
    )
    return int(session.scalar(pieces) or 0) + int(session.scalar(units) or 0)


def _write_terms(by: Principal, session: CommandSession, product: Product) -> None:
    """What the product is found by: its name from each of its words on."""
    session.execute(delete(ProductTerm).where(ProductTerm.product_id == product.id))
    rows = [
        {"tenant_id": by.tenant_id, "term": term, "product_id": product.id} for term in sorted(terms_of(product.name))
    ]
    if rows:
        session.execute(_insert_terms, rows, execution_options=OWN_TENANT)


def terms_of(name: str) -> set[str]:
    """The name from each of its words on, folded and without gaps."""
    found = words(name)[:TERMS]
    return {"".join(found[start:])[:TERM_LENGTH] for start in range(len(found))}


def archive_product(by: Principal, product_id: int, *, archived: bool) -> Product:
    """Take a product off sale, or put it back; its stock and its history stay. Raises NotFound."""
    by.require("products:write")
    with atomic(by) as session:
        product = session.scalar(select(Product).where(Product.id == product_id).with_for_update())
        if product is None:
            raise NotFound("There is no such product.")
        if (product.archived_at is not None) is not archived:
            product.archived_at = clock.now() if archived else None
            product.version += 1
            product.updated_at = clock.now()
            events.record(by, f"product.{'archived' if archived else 'restored'}", f"product:{product.id}", {})
    return product


def create_category(by: Principal, name: str, attributes: list[dict[str, Any]]) -> ProductCategory:
    """Add a category. `attributes` are what is asked of its products: `[{"key", "label", "unit"}]`.

    Raises Invalid, or Conflict where there is one of that name.
    """
    by.require("products:write")
    name = " ".join(name.split())
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if not slug or len(name) > 80:
        raise Invalid.field("name", "Give the category a name of up to 80 characters.")
    if len(attributes) > 40:
        raise Invalid.field("attributes", "A category has at most 40 attributes.")
    with atomic(by) as session:
        if session.scalar(select(ProductCategory.id).where(ProductCategory.slug == slug)) is not None:
            raise Conflict(f"There is a category '{name}' already.")
        category = ProductCategory(name=name, slug=slug, attributes=attributes)
        session.add(category)
        session.flush()
        events.record(by, "category.created", f"category:{category.id}", {"name": name})
    return category


def _derived(facts: ProductFacts) -> dict[str, Any]:
    """Columns that follow from what was typed."""
    return {
        "sku": facts.sku.strip(),
        "sku_key": fold_sku(facts.sku),
        "name": " ".join(facts.name.split()),
        "search_name": search_text(facts.name)[:200],
        "model_key": facts.model.lower() if facts.model else None,
        "barcode": (facts.barcode or "").strip() or None,
    }


_LENGTHS = {"manufacturer": 80, "model": 120, "storage": 20, "grade": 12, "barcode": 40, "warranty": 80}


def _check(session: CommandSession, facts: ProductFacts) -> None:
    wrong = _wrong_words(facts) + _wrong_figures(facts)
    if facts.category_id is not None and session.get(ProductCategory, facts.category_id) is None:
        wrong.append(FieldError("category_id", "There is no such category."))
    if facts.supplier_id is not None and session.get(Supplier, facts.supplier_id) is None:
        wrong.append(FieldError("supplier_id", "There is no such supplier."))
    if facts.auto_reorder and (facts.supplier_id is None or not facts.min_stock):
        wrong.append(FieldError("auto_reorder", "To reorder by itself a product needs a supplier and a minimum."))
    if wrong:
        raise Invalid(wrong[0].message, fields=tuple(wrong))


def _wrong_words(facts: ProductFacts) -> list[FieldError]:
    wrong: list[FieldError] = []
    if not facts.sku.strip() or len(facts.sku.strip()) > 80:
        wrong.append(FieldError("sku", "Give a SKU of 1 to 80 characters."))
    if not facts.name.strip() or len(facts.name) > 200:
        wrong.append(FieldError("name", "Give a name of 1 to 200 characters."))
    if facts.kind not in KINDS:
        wrong.append(FieldError("kind", f"A product is one of {', '.join(KINDS)}."))
    if facts.kind == "serialised" and not (facts.model and facts.grade):
        wrong.append(FieldError("model", "A product of units needs a model and a grade."))
    if facts.tax_class not in ("standard", "exempt"):
        wrong.append(FieldError("tax_class", "A tax class is standard or exempt."))
    wrong += [
        FieldError(name, f"This has at most {most} characters.")
        for name, most in _LENGTHS.items()
        if len(getattr(facts, name) or "") > most
    ]
    return wrong


def _wrong_figures(facts: ProductFacts) -> list[FieldError]:
    wrong: list[FieldError] = []
    if not 0 <= facts.price <= MAX_MONEY:
        wrong.append(FieldError("price", "A price is 0 or more."))
    if not 0 <= facts.cost <= MAX_MONEY:
        wrong.append(FieldError("cost", "A cost is 0 or more."))
    if facts.min_stock is not None and not 0 <= facts.min_stock <= MAX_PIECES:
        wrong.append(FieldError("min_stock", "A minimum is 0 or more."))
    if facts.reorder_quantity is not None and not 1 <= facts.reorder_quantity <= MAX_PIECES:
        wrong.append(FieldError("reorder_quantity", "At least one piece is reordered."))
    return wrong


def _refuse_taken_sku(session: CommandSession, sku: str) -> None:
    if session.scalar(select(Product.id).where(Product.sku_key == fold_sku(sku))) is not None:
        raise Conflict(f"There is a product with the SKU '{sku.strip()}' already.", code="sku_taken")
