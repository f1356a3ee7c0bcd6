"""Parts that a job needs: claimed for it once somebody has it, let go when it is cancelled, used up when it is done."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import func, select

from dashboard.core import events
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic
from dashboard.core.errors import Conflict, Invalid, NotFound
from dashboard.dispatch.models import Job, JobPart
from dashboard.dispatch.service import rows
from dashboard.dispatch.service.changes import tell_boards
from dashboard.inventory.models import Product, Unit
from dashboard.inventory.service import claims, departures
from dashboard.inventory.service.claims import Pieces
from dashboard.workforce.models import Technician

MOST = 100
"""Different parts of one job."""

MOST_PIECES = 10_000


def set_parts(by: Principal, number: int, wanted: Mapping[int, int]) -> None:
    """Let the job need `wanted` (pieces by the product's number) and nothing else; used parts stay.

    Raises NotFound, Invalid, Conflict for a job that is done with.
    """
    by.require(rows.MANAGE)
    _check(wanted)
    with atomic(by) as session:
        job = rows.locked(by, session, number)
        rows.refuse_final(job, "given other parts")
        products = _products(session, wanted)
        present = {part.product_id: part for part in _parts(session, job.id) if part.unit_id is None}
        release(by, session, job)
        for product_id, part in present.items():
            if product_id not in {product.id for product in products.values()}:
                if part.used:
                    raise Conflict(f"{part.used} of a part are used already, so it stays on the job.")
                session.delete(part)
        for code, quantity in wanted.items():
            part = present.get(products[code].id)
            if part is None:
                session.add(JobPart(job_id=job.id, product_id=products[code].id, quantity=quantity))
            else:
                if quantity < part.used:
                    raise Conflict(f"{part.used} of {products[code].name} are used already.")
                part.quantity = quantity
        session.flush()
        claim_for_lead(by, session, job)
        _note(by, session, job, "dispatch.parts_changed")


def use_part(by: Principal, number: int, part_id: int, used: int, *, technician_id: int | None = None) -> None:
    """Say how many of a part were used. Raises NotFound, Invalid, Conflict for a job that is done with.

    More than were planned are claimed as well. With `technician_id` only for a job of theirs.
    """
    with atomic(by) as session:
        job = _of(by, session, number, technician_id)
        part = next((each for each in _parts(session, job.id) if each.id == part_id), None)
        if part is None:
            raise NotFound("This job has no such part.")
        most = 1 if part.unit_id is not None else MOST_PIECES
        if not 0 <= used <= most:
            raise Invalid.field("used", f"Between 0 and {most:,} pieces can be used.")
        _use(by, session, job, part, used)


def use_scanned(by: Principal, number: int, code: str, *, technician_id: int | None = None) -> str:
    """Note that one more of what `code` (SKU, bar code, IMEI or serial number) names was used; what it is called.

    Raises NotFound for a code that nothing has, Conflict for a unit that cannot be taken.
    """
    code = code.strip()
    with atomic(by) as session:
        job = _of(by, session, number, technician_id)
        found = _scanned(session, code)
        if found is None:
            raise Invalid.field("code", f"Nothing has the code '{code[:60]}'. Check it, or type the SKU.")
        product, unit = found
        mine = [part for part in _parts(session, job.id) if part.product_id == product.id]
        part = next((each for each in mine if each.unit_id == (unit.id if unit else None)), None)
        if part is None:
            if unit is not None:
                claims.take(by, rows.holder(job.id), units=[unit.id], until=None)
            at = unit.location_id if unit else None
            part = JobPart(job_id=job.id, product_id=product.id, unit_id=unit.id if unit else None, location_id=at,
                           quantity=1)  # fmt: skip
            session.add(part)
            session.flush()
            used = 0
        else:
            used = part.used
        if unit is not None and used:
            raise Conflict(f"{product.name} with this number is on the job already.")
        _use(by, session, job, part, used + 1)
    return product.name


def lock_levels_of(by: Principal, session: CommandSession, job_ids: Sequence[int]) -> None:
    """Lock all stock that these jobs can claim, at once and in id order, so that no two commands cross."""
    wanted = session.scalars(select(JobPart.product_id).where(JobPart.job_id.in_(job_ids)).distinct())
    claims.lock_levels(by, wanted.all())


def claim(by: Principal, session: CommandSession, job: Job, van_id: int | None) -> None:
    """Take the job's parts: from the van where it carries them, else from wherever there are enough.

    A part that nobody has enough of stays without a place: it is to be ordered, and said on the card.
    """
    release(by, session, job)
    needed = [part for part in _parts(session, job.id) if part.unit_id is None]
    if not needed:
        return
    counted = set(
        session.scalars(
            select(Product.id).where(Product.id.in_([part.product_id for part in needed]), Product.kind == "counted")
        )
    )
    levels = claims.lock_levels(by, counted)
    pieces: list[Pieces] = []
    for part in needed:
        enough = [
            level for level in levels if level.product_id == part.product_id and level.free >= part.quantity
        ]  # fmt: skip
        enough.sort(key=lambda level: (level.location_id != van_id, -level.free, level.id))
        if part.product_id in counted and enough:
            part.location_id = enough[0].location_id
            pieces.append(Pieces(part.product_id, part.quantity, part.location_id))
    if pieces:
        claims.take(by, rows.holder(job.id), pieces=pieces, until=None)
    session.flush()


def release(by: Principal, session: CommandSession, job: Job) -> None:
    """Let go of counted parts; units that were scanned onto the job stay claimed for it."""
    kept = [part for part in _parts(session, job.id) if part.unit_id is None]
    for part in kept:
        if part.location_id is not None:
            claims.end_some(by, rows.holder(job.id), "released", product_id=part.product_id)
            part.location_id = None


def release_all(by: Principal, session: CommandSession, job: Job) -> None:
    """Let go of everything: the job is cancelled."""
    claims.end(by, rows.holder(job.id), "released")
    for part in _parts(session, job.id):
        if part.unit_id is None:
            part.location_id = None


def use_up(by: Principal, session: CommandSession, job: Job) -> None:
    """What was used leaves the stock, the rest is let go. Raises Conflict where something used is in no stock."""
    used = [part for part in _parts(session, job.id) if part.used]
    names = dict(
        session.execute(
            select(Product.id, Product.name).where(
                Product.id.in_([part.product_id for part in used]), Product.kind != "service"
            )
        ).all()
    )
    used = [part for part in used if part.product_id in names]
    for part in used:
        if part.location_id is None:
            message = (
                f"{part.used} × {names[part.product_id]} were used, but no place has as many. Book in what came, or "
                "correct how many were used."
            )
            raise Conflict(message, code="insufficient_stock")
    session.flush()
    source = f"job:{job.id}"
    units = [part.unit_id for part in used if part.unit_id is not None]
    pieces = [Pieces(part.product_id, part.used, part.location_id) for part in used if part.unit_id is None]
    if units or pieces:
        departures.ship(by, rows.holder(job.id), units=units, pieces=pieces, source=source)
    claims.end(by, rows.holder(job.id), "released")


def _use(by: Principal, session: CommandSession, job: Job, part: JobPart, used: int) -> None:
    if part.unit_id is None and used > part.quantity:
        part.quantity = used
        part.used = used
        session.flush()
        claim_for_lead(by, session, job)
    part.used = used
    session.flush()
    _note(by, session, job, "dispatch.part_used")


def claim_for_lead(by: Principal, session: CommandSession, job: Job) -> None:
    """Take the parts for whoever leads the job; nothing where nobody does."""
    if job.technician_id is not None:
        claim(by, session, job, session.scalar(select(Technician.van_id).where(Technician.id == job.technician_id)))


def _note(by: Principal, session: CommandSession, job: Job, name: str) -> None:
    rows.touch(job)
    session.flush()
    told = rows.told(session, job)
    events.record(by, name, f"job:{job.id}", told)
    tell_boards(by, "changed", job.id, told)


def _of(by: Principal, session: CommandSession, number: int, technician_id: int | None) -> Job:
    job = rows.locked_for(by, session, number, technician_id)
    rows.refuse_final(job, "given other parts")
    return job


def _parts(session: CommandSession, job_id: int) -> Sequence[JobPart]:
    return session.scalars(select(JobPart).where(JobPart.job_id == job_id).order_by(JobPart.id)).all()


def _products(session: CommandSession, numbers: Iterable[int]) -> dict[int, Product]:
    found = {row.number: row for row in session.scalars(select(Product).where(Product.number.in_(list(numbers))))}
    for number in numbers:
        if number not in found:
            raise Invalid.field("parts", f"There is no part {number}.")
        if found[number].kind in ("serialised", "unique"):
            message = f"{found[number].name} has serial numbers: scan the one that is used on the job."
            raise Invalid.field("parts", message)
    return found


def _scanned(session: CommandSession, code: str) -> tuple[Product, Unit | None] | None:
    if not code:
        return None
    key = code.upper()
    unit = session.scalar(select(Unit).where((Unit.imei == code) | (Unit.serial_key == key)).limit(1))
    if unit is not None:
        product = session.scalar(select(Product).where(Product.id == unit.product_id))
        return None if product is None else (product, unit)
    product = session.scalar(
        select(Product)
        .where((func.lower(Product.sku) == code.lower()) | (Product.barcode == code), Product.kind == "counted")
        .limit(1)
    )
    return None if product is None else (product, None)


def _check(wanted: Mapping[int, int]) -> None:
    if len(wanted) > MOST:
        raise Invalid.field("parts", f"A job has at most {MOST} different parts.")
    for number, quantity in wanted.items():
        if not 1 <= quantity <= MOST_PIECES:
            raise Invalid.field("parts", f"Of part {number} between 1 and {MOST_PIECES:,} pieces can be needed.")
