"""What the order entry page shows: a draft with its lines and what holds them, and what could be added."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from dashboard.accounts.models import Tenant, User
from dashboard.catalog.normalise import search_text
from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import reads
from dashboard.core.errors import NotFound
from dashboard.customers.models import Customer
from dashboard.inventory.models import Claim, Product, StockLevel, Unit
from dashboard.inventory.queries import is_available
from dashboard.orders.models import CustomerPrice, Order, OrderDraft, OrderDraftLine
from dashboard.orders.service.totals import Priced, TaxRule, Totals, add_up


@dataclass(frozen=True, slots=True)
class EntryLine:
    """A line of a draft. Money in minor units; `price` is what one costs now, `agreed` the discounted price, if any.

    `held_until` is None for work, and where the hold has lapsed or somebody else took it over.
    """

    id: int
    kind: str
    name: str
    sku: str
    imei: str | None
    serial: str | None
    color: str | None
    grade: str | None
    battery_health: int | None
    quantity: int
    price: int
    agreed: int | None
    taxed: bool
    held_until: datetime | None

    @property
    def each(self) -> int:
        return self.price if self.agreed is None else self.agreed

    @property
    def total(self) -> int:
        return self.each * self.quantity

    @property
    def lapsed(self) -> bool:
        """Whether it must be held again before it can be sold."""
        return self.kind != "service" and self.held_until is None


@dataclass(frozen=True, slots=True)
class Entry:
    """A draft as its page shows it. `first_end` is when the first of its holds lapses."""

    public_id: str
    notes: str
    address: dict[str, Any]
    customer: Any
    lines: Sequence[EntryLine]
    totals: Totals
    tax_rate_bps: int
    saved_at: datetime

    @property
    def first_end(self) -> datetime | None:
        return min((line.held_until for line in self.lines if line.held_until), default=None)


def show_draft(by: Principal, public_id: str) -> Entry:
    """One's own draft with this id. Raises NotFound. Four statements, however long it is."""
    session = reads(by)
    draft = session.scalars(
        select(OrderDraft).where(OrderDraft.public_id == public_id, OrderDraft.actor == by.label)
    ).one_or_none()
    if draft is None:
        raise NotFound("There is no such draft. It may have been placed or discarded.")
    lines = _lines(by, draft)
    customer = None
    if draft.customer_id is not None:
        customer = session.get_one(Customer, draft.customer_id)
    rate, rounding = session.execute(
        select(Tenant.tax_rate_bps, Tenant.tax_rounding).where(Tenant.id == by.tenant_id)
    ).one()
    if customer is not None and customer.tax_exempt:
        rate = 0
    totals = add_up([Priced(line.each, line.quantity, line.taxed) for line in lines], TaxRule(rate, rounding))
    address = draft.shipping_address or {}
    return Entry(draft.public_id, draft.notes, address, customer, lines, totals, rate, draft.updated_at)


def _lines(by: Principal, draft: OrderDraft) -> list[EntryLine]:
    held = (
        select(func.min(Claim.expires_at))
        .where(
            Claim.holder == "draft",
            Claim.holder_id == OrderDraftLine.draft_id,
            Claim.product_id == OrderDraftLine.product_id,
            or_(OrderDraftLine.unit_id.is_(None), Claim.unit_id == OrderDraftLine.unit_id),
            Claim.ended_at.is_(None),
            Claim.expires_at > clock.now(),
        )
        .correlate(OrderDraftLine)
        .scalar_subquery()
    )
    own = and_(CustomerPrice.product_id == Product.id, CustomerPrice.customer_id == draft.customer_id)
    statement = (
        select(
            OrderDraftLine.id,
            Product.kind,
            Product.name,
            Product.sku,
            Unit.imei,
            Unit.serial,
            Unit.color,
            Unit.grade,
            Unit.battery_health,
            OrderDraftLine.quantity,
            func.coalesce(CustomerPrice.price, Unit.price, Product.price),
            OrderDraftLine.price,
            Product.tax_class != "exempt",
            held,
        )
        .join(Product, Product.id == OrderDraftLine.product_id)
        .outerjoin(Unit, Unit.id == OrderDraftLine.unit_id)
        .outerjoin(CustomerPrice, own)
        .where(OrderDraftLine.draft_id == draft.id)
        .order_by(OrderDraftLine.id)
    )
    return [EntryLine(*row) for row in reads(by).execute(statement)]


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that could be added: `scan` is what adds it. Prices in minor units."""

    scan: str
    name: str
    detail: str
    free: int | None
    price: int


def offers(by: Principal, typed: str, *, limit: int = 8) -> list[Offer]:
    """Products whose name or SKU has what was typed, those that begin with it first; with what is free of each."""
    words = search_text(typed)
    if len(words) < 2:
        return []
    begins = and_(Product.search_name >= words, Product.search_name < words + "\U0010ffff")
    sku = and_(Product.sku_key >= typed.strip().upper(), Product.sku_key < typed.strip().upper() + "\U0010ffff")
    inside = Product.search_name.contains(f" {words}", autoescape=True)
    statement = (
        select(Product.id, Product.kind, Product.sku, Product.name, Product.price)
        .where(Product.archived_at.is_(None), or_(begins, sku, inside))
        .order_by(~begins, Product.search_name, Product.id)
        .limit(limit)
    )
    return _with_stock(by, reads(by).execute(statement).all())


def substitutes(by: Principal, scanned: str, *, limit: int = 4) -> list[Offer]:
    """What is in stock and nearest to a unit or SKU that cannot be had: the same SKU, else the same model."""
    session = reads(by)
    unit = session.scalars(select(Unit).where(or_(Unit.imei == scanned, Unit.public_id == scanned))).first()
    wanted = select(Product)
    wanted = wanted.where(Product.id == unit.product_id if unit else Product.sku_key == scanned.strip().upper())
    product = session.scalars(wanted).first()
    if product is None or product.model_key is None:
        return []
    free = exists().where(Unit.product_id == Product.id, is_available())
    statement = (
        select(Product.id, Product.kind, Product.sku, Product.name, Product.price)
        .where(Product.model_key == product.model_key, Product.archived_at.is_(None), free)
        .order_by(Product.id != product.id, Product.storage != product.storage, func.abs(Product.price - product.price))
        .limit(limit)
    )
    return _with_stock(by, session.execute(statement).all())


def _with_stock(by: Principal, rows: Sequence[Any]) -> list[Offer]:
    ids = [row.id for row in rows]
    session = reads(by)
    units = dict(
        session.execute(
            select(Unit.product_id, func.count())
            .where(Unit.product_id.in_(ids), is_available())
            .group_by(Unit.product_id)
        ).all()
    )
    live: ColumnElement[bool] = or_(Claim.expires_at.is_(None), Claim.expires_at > clock.now())
    pieces = dict(
        session.execute(
            select(StockLevel.product_id, func.sum(StockLevel.on_hand))
            .where(StockLevel.product_id.in_(ids))
            .group_by(StockLevel.product_id)
        ).all()
    )
    held = dict(
        session.execute(
            select(Claim.product_id, func.sum(Claim.quantity))
            .where(Claim.product_id.in_(ids), Claim.unit_id.is_(None), Claim.ended_at.is_(None), live)
            .group_by(Claim.product_id)
        ).all()
    )
    found: list[Offer] = []
    for row in rows:
        free: int | None = units.get(row.id, 0)
        if row.kind == "service":
            free = None
        elif row.kind != "serialised":
            free = int(pieces.get(row.id, 0)) - int(held.get(row.id, 0))
        found.append(Offer(row.sku, row.name, row.sku, free, row.price))
    return found


@dataclass(frozen=True, slots=True)
class HeldBy:
    """Who holds a unit, in words, and until when (None: for good)."""

    who: str
    until: datetime | None


def held_by(by: Principal, scanned: str) -> HeldBy | None:
    """Who holds the unit with this IMEI or id; None where nobody does. For staff alone."""
    claim, unit, owner = aliased(Claim), aliased(Unit), aliased(User)
    row = (
        reads(by)
        .execute(
            select(claim.holder, claim.expires_at, Order.code, Order.buyer_name, OrderDraft.actor)
            .join(unit, unit.id == claim.unit_id)
            .outerjoin(Order, and_(claim.holder == "order", Order.id == claim.holder_id))
            .outerjoin(OrderDraft, and_(claim.holder == "draft", OrderDraft.id == claim.holder_id))
            .where(
                or_(unit.imei == scanned, unit.public_id == scanned),
                claim.ended_at.is_(None),
                or_(claim.expires_at.is_(None), claim.expires_at > clock.now()),
            )
        )
        .first()
    )
    if row is None:
        return None
    if row.code:
        return HeldBy(f"{row.code} for {row.buyer_name}", row.expires_at)
    if row.actor:
        _, _, number = row.actor.partition(":")
        name = reads(by).scalar(select(owner.name).where(owner.id == int(number), owner.tenant_id == by.tenant_id))
        return HeldBy(f"an order that {name or 'somebody'} is entering", row.expires_at)
    return HeldBy(row.holder, row.expires_at)


@dataclass(frozen=True, slots=True)
class DraftRow:
    """A draft of one's own that waits to be finished."""

    public_id: str
    customer: str | None
    lines: int
    updated_at: datetime


def own_drafts(by: Principal) -> list[DraftRow]:
    """One's own drafts with something in them, the latest first."""
    count = select(func.count()).where(OrderDraftLine.draft_id == OrderDraft.id).correlate(OrderDraft).scalar_subquery()
    statement = (
        select(OrderDraft.public_id, Customer.name, count, OrderDraft.updated_at)
        .outerjoin(Customer, Customer.id == OrderDraft.customer_id)
        .where(OrderDraft.actor == by.label, or_(count > 0, OrderDraft.customer_id.is_not(None)))
        .order_by(OrderDraft.updated_at.desc())
        .limit(20)
    )
    return [DraftRow(*row) for row in reads(by).execute(statement)]


def find_buyers(by: Principal, typed: str, *, limit: int = 6) -> Sequence[Customer]:
    """Customers whose name, e-mail address or phone number begins with what was typed."""
    words, digits = search_text(typed), "".join(filter(str.isdigit, typed))
    if len(words) < 2 and len(digits) < 3:
        return []
    end = "\U0010ffff"
    fits: list[ColumnElement[bool]] = [
        and_(Customer.search_name >= words, Customer.search_name < words + end),
        and_(Customer.email_key >= typed.strip().lower(), Customer.email_key < typed.strip().lower() + end),
        Customer.code == typed.strip().upper(),
    ]
    if len(digits) > 2:
        fits.append(and_(Customer.phone_digits >= digits, Customer.phone_digits < digits + end))
    statement = select(Customer).where(or_(*fits), Customer.merged_into_id.is_(None)).order_by(Customer.search_name)
    return reads(by).scalars(statement.limit(limit)).all()
