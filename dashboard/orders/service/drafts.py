"""An order while it is being typed: each line is held from when it was added, and nothing typed is lost.

The draft is a row of its own. Placing it lets go of its holds and takes the same stock for the order, in one command.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select

from dashboard.accounts.models import Tenant
from dashboard.core import clock, ids
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic
from dashboard.core.errors import Conflict, Invalid, NotFound
from dashboard.customers.models import Customer
from dashboard.customers.service import CustomerFacts, create_customer
from dashboard.inventory.imei import clean_imei, fold_serial
from dashboard.inventory.models import Product, Unit
from dashboard.inventory.service import claims
from dashboard.inventory.service.claims import Holder, OutOfStock, Pieces
from dashboard.inventory.service.products import fold_sku
from dashboard.orders.models import OrderDraft, OrderDraftLine
from dashboard.orders.service.addresses import Address
from dashboard.orders.service.items import DISCOUNT, MAX_LINES, MAX_QUANTITY, Wanted
from dashboard.orders.service.placing import Placed, place

HOLDER = "draft"
IN_THE_DRAFT = "in_the_draft"


@dataclass(frozen=True, slots=True)
class Found:
    """What a scan means: a product, and the unit where the scan named one."""

    product: Product
    unit: Unit | None = None


def open_draft(by: Principal) -> OrderDraft:
    """A new draft of one's own, or the empty one that was opened before."""
    by.require("orders:write")
    with atomic(by) as session:
        lines = select(OrderDraftLine.id).where(OrderDraftLine.draft_id == OrderDraft.id).exists()
        empty = select(OrderDraft).where(OrderDraft.actor == by.label, ~lines, OrderDraft.customer_id.is_(None))
        found = session.scalars(empty.order_by(OrderDraft.id.desc()).limit(1)).first()
        if found is not None:
            return found
        now = clock.now()
        draft = OrderDraft(public_id=ids.public_id("dft"), actor=by.label, created_at=now, updated_at=now)
        session.add(draft)
        session.flush()
    return draft


def find_draft(by: Principal, session: CommandSession, public_id: str) -> OrderDraft:
    """One's own draft with this id. Raises NotAllowed for who enters no orders, NotFound."""
    by.require("orders:write")
    draft = session.scalar(select(OrderDraft).where(OrderDraft.public_id == public_id, OrderDraft.actor == by.label))
    if draft is None:
        raise NotFound("There is no such draft. It may have been placed or discarded.")
    return draft


def scan(by: Principal, public_id: str, text: str, *, quantity: int = 1) -> OrderDraftLine:
    """Add what was scanned or typed (IMEI, serial number, SKU, barcode, code of a product) and hold it at once.

    Pieces that are in the draft already become more. Raises NotFound for what nothing is called, Conflict (with who
    holds it) for what cannot be had, Invalid for a number of pieces that cannot be.
    """
    with atomic(by) as session:
        draft = find_draft(by, session, public_id)
        found = look_up(session, text)
        line = session.scalars(
            select(OrderDraftLine).where(
                OrderDraftLine.draft_id == draft.id,
                OrderDraftLine.product_id == found.product.id,
                OrderDraftLine.unit_id.is_(None) if found.unit is None else OrderDraftLine.unit_id == found.unit.id,
            )
        ).first()
        if line is not None and found.unit is not None:
            raise Conflict(f"{_name(found.unit)} is in this order already.", code=IN_THE_DRAFT)
        wanted = quantity + (0 if line is None else line.quantity)
        _check_quantity(wanted)
        if line is None:
            _check_lines(session, draft)
            line = OrderDraftLine(draft_id=draft.id, product_id=found.product.id, quantity=wanted)
            line.unit_id = None if found.unit is None else found.unit.id
            session.add(line)
        else:
            line.quantity = wanted
        _hold(by, session, draft, line, found.product)
        draft.updated_at = clock.now()
    return line


def look_up(session: CommandSession, text: str) -> Found:
    """What a scanned or typed text names, exactly. Raises NotFound."""
    typed = text.strip()
    imei = clean_imei(typed)
    names = [Unit.public_id == typed, Unit.serial_key == fold_serial(typed)[:40]]
    if imei is not None:
        names.append(Unit.imei == imei)
    unit = session.scalars(select(Unit).where(or_(*names)).limit(1)).first()
    if unit is not None:
        return Found(session.get_one(Product, unit.product_id), unit)
    product = session.scalars(
        select(Product)
        .where(
            or_(
                Product.sku_key == fold_sku(typed),
                Product.barcode == typed,
                Product.code == typed,
                Product.public_id == typed,
            ),
            Product.archived_at.is_(None),
        )
        .limit(1)
    ).first()
    if product is None:
        raise NotFound(f"Nothing is called '{typed[:60]}'. Scan an IMEI or a SKU, or type a part of the name.")
    return Found(product)


def set_quantity(by: Principal, public_id: str, line_id: int, quantity: int) -> None:
    """Want another number of pieces of a line; none removes it. Raises Invalid, NotFound, Conflict."""
    with atomic(by) as session:
        draft, line = _line(by, session, public_id, line_id)
        if quantity == 0:
            _remove(by, session, draft, line)
            return
        if line.unit_id is not None:
            raise Invalid.field("quantity", "A unit is sold once. Scan another one.")
        _check_quantity(quantity)
        line.quantity = quantity
        _hold(by, session, draft, line, session.get_one(Product, line.product_id))
        draft.updated_at = clock.now()


def set_price(by: Principal, public_id: str, line_id: int, price: int | None) -> None:
    """Agree on a price for one (minor units) below the present one, or (None) take the present one.

    Raises Invalid where `by` may not, or it is no discount.
    """
    with atomic(by) as session:
        _, line = _line(by, session, public_id, line_id)
        if price is not None:
            today = _price_of(session, line)
            if not 0 <= price <= today:
                raise Invalid.field(
                    "price", "A discount is a price below the present one. Change the price itself first."
                )
            if price < today and not by.may(DISCOUNT):
                raise Invalid.field("price", f"Your role gives no discounts: that needs the right '{DISCOUNT}'.")
            price = None if price == today else price
        line.price = price


def _price_of(session: CommandSession, line: OrderDraftLine) -> int:
    if line.unit_id is not None:
        return session.get_one(Unit, line.unit_id).price
    return session.get_one(Product, line.product_id).price


def remove_line(by: Principal, public_id: str, line_id: int) -> None:
    """Take a line out, and let go of what it holds. Raises NotFound."""
    with atomic(by) as session:
        _remove(by, session, *_line(by, session, public_id, line_id))


def renew(by: Principal, public_id: str, line_id: int) -> None:
    """Hold a line anew whose hold has lapsed, or is about to. Raises NotFound, Conflict."""
    with atomic(by) as session:
        draft, line = _line(by, session, public_id, line_id)
        _hold(by, session, draft, line, session.get_one(Product, line.product_id))


def set_customer(by: Principal, public_id: str, customer: str | None) -> None:
    """Say who buys (`buy_…` or `CUST-…`), or (None) nobody yet. Raises NotFound, Invalid."""
    with atomic(by) as session:
        draft = find_draft(by, session, public_id)
        if customer is None:
            draft.customer_id = None
            return
        found = session.scalar(
            select(Customer.id).where(
                or_(Customer.public_id == customer, Customer.code == customer), Customer.merged_into_id.is_(None)
            )
        )
        if found is None:
            raise Invalid.field("customer", f"There is no customer '{customer}'.")
        draft.customer_id = found
        draft.updated_at = clock.now()


def add_buyer(by: Principal, public_id: str, facts: CustomerFacts) -> None:
    """Add a customer, who buys, or nobody: raises NotFound for the draft, and what `create_customer` raises."""
    with atomic(by) as session:
        find_draft(by, session, public_id)
        set_customer(by, public_id, create_customer(by, facts).public_id)


def note(by: Principal, public_id: str, *, notes: str, address: dict[str, str] | None) -> None:
    """Keep what else was typed, as it was typed: an address need not be whole yet. Raises NotFound."""
    with atomic(by) as session:
        draft = find_draft(by, session, public_id)
        draft.notes = notes[:2000]
        draft.shipping_address = {key: value[:160] for key, value in (address or {}).items() if value} or None
        draft.updated_at = clock.now()


def discard(by: Principal, public_id: str) -> None:
    """Throw a draft away, and let go of what it holds. Raises NotFound."""
    with atomic(by) as session:
        draft = find_draft(by, session, public_id)
        claims.end(by, Holder(HOLDER, draft.id), "released")
        _delete(session, draft)


def place_draft(by: Principal, public_id: str) -> Placed:
    """Place the draft as an order, which holds the same stock for the tenant's device hold length.

    Raises Invalid for what is missing or wrong, Shortage for a line whose hold had lapsed and that is gone, Conflict.
    """
    with atomic(by) as session:
        draft = find_draft(by, session, public_id)
        lines = session.scalars(
            select(OrderDraftLine).where(OrderDraftLine.draft_id == draft.id).order_by(OrderDraftLine.id)
        ).all()
        if draft.customer_id is None:
            raise Invalid.field("customer", "Choose who buys, or add them.")
        if not lines:
            raise Invalid.field("scan", "Add something to sell first.")
        address = None
        if draft.shipping_address:
            address = Address.checked({k: str(v) for k, v in draft.shipping_address.items()})
        customer = session.get_one(Customer, draft.customer_id).public_id
        wanted = [_wanted(session, line) for line in lines]
        claims.end(by, Holder(HOLDER, draft.id), "used")
        _delete(session, draft)
        session.flush()
        return place(by, customer=customer, lines=wanted, door="page", address=address, notes=draft.notes)


def _wanted(session: CommandSession, line: OrderDraftLine) -> Wanted:
    field = f"line_{line.id}"
    if line.unit_id is not None:
        return Wanted(unit=session.get_one(Unit, line.unit_id).public_id, price=line.price, field=field)
    product = session.get_one(Product, line.product_id).public_id
    return Wanted(product=product, quantity=line.quantity, price=line.price, field=field)


def _delete(session: CommandSession, draft: OrderDraft) -> None:
    session.execute(delete(OrderDraftLine).where(OrderDraftLine.draft_id == draft.id))
    session.delete(draft)


def _line(by: Principal, session: CommandSession, public_id: str, line_id: int) -> tuple[OrderDraft, OrderDraftLine]:
    draft = find_draft(by, session, public_id)
    line = session.scalar(
        select(OrderDraftLine).where(OrderDraftLine.id == line_id, OrderDraftLine.draft_id == draft.id)
    )
    if line is None:
        raise NotFound("This line is not in the order any more.")
    return draft, line


def _remove(by: Principal, session: CommandSession, draft: OrderDraft, line: OrderDraftLine) -> None:
    _let_go(by, draft, line)
    session.delete(line)
    draft.updated_at = clock.now()


def _let_go(by: Principal, draft: OrderDraft, line: OrderDraftLine) -> None:
    holder = Holder(HOLDER, draft.id)
    claims.end_some(by, holder, "released", product_id=line.product_id, unit_id=line.unit_id)


def _hold(by: Principal, session: CommandSession, draft: OrderDraft, line: OrderDraftLine, product: Product) -> None:
    """Hold what a line wants, from now for the tenant's hold length. Raises Conflict that says who has it."""
    if product.kind == "service":
        return
    session.flush()
    minutes = session.scalar(select(Tenant.draft_hold_minutes).where(Tenant.id == by.tenant_id)) or 60
    until = clock.now() + timedelta(minutes=minutes)
    holder = Holder(HOLDER, draft.id)
    if line.unit_id is not None or product.kind != "serialised":  # a SKU just scanned holds nothing of its own yet
        _let_go(by, draft, line)
    try:
        if line.unit_id is not None:
            claims.take(by, holder, units=[line.unit_id], until=until)
        elif product.kind == "serialised":
            picked = claims.take(by, holder, picks={product.id: line.quantity}, until=until).picked[product.id]
            _split_into_units(session, draft, line, picked, until)
        else:
            claims.take(by, holder, pieces=[Pieces(product.id, line.quantity)], until=until)
    except OutOfStock as short:
        raise _said(session, line, product, short) from short
    line.held_until = until


def _split_into_units(
    session: CommandSession, draft: OrderDraft, line: OrderDraftLine, picked: Sequence[int], until: datetime
) -> None:
    """A SKU of units that was scanned: one line for each unit that was picked."""
    line.unit_id, line.quantity = picked[0], 1
    session.add_all(
        OrderDraftLine(
            draft_id=draft.id, product_id=line.product_id, unit_id=unit, quantity=1, price=line.price, held_until=until
        )
        for unit in picked[1:]
    )


def _said(session: CommandSession, line: OrderDraftLine, product: Product, short: OutOfStock) -> Conflict:
    if line.unit_id is None:
        free = max(short.products.get(product.id, 0), 0)
        return Conflict(f"{free} of {product.name} can be had, not {line.quantity}.", code="insufficient_stock")
    unit = session.get_one(Unit, line.unit_id)
    if unit.state != "in_stock":
        return Conflict(f"{_name(unit)} is {unit.state.replace('_', ' ')}.", code="insufficient_stock")
    return Conflict(f"{_name(unit)} is held by somebody else.", code="insufficient_stock")


def _name(unit: Unit) -> str:
    return f"{unit.model} {unit.imei or unit.serial or unit.public_id}"


def _check_quantity(quantity: int) -> None:
    if not 1 <= quantity <= MAX_QUANTITY:
        raise Invalid.field("quantity", f"A quantity is 1 to {MAX_QUANTITY}.")


def _check_lines(session: CommandSession, draft: OrderDraft) -> None:
    count = select(func.count(OrderDraftLine.id)).where(OrderDraftLine.draft_id == draft.id)
    if (session.scalar(count) or 0) >= MAX_LINES:
        raise Invalid.field("scan", f"An order has at most {MAX_LINES} lines. Place this one and begin another.")
