"""Parts of a job: claimed on the van, let go, used up."""

from collections.abc import Callable

import pytest
from sqlalchemy import update

from dashboard.core.audit import audit
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import atomic, reads
from dashboard.core.errors import Conflict, Invalid, NotFound
from dashboard.dispatch.models import Job, JobPart
from dashboard.dispatch.service.jobs import assign, unassign
from dashboard.dispatch.service.parts import set_parts, use_part, use_scanned
from dashboard.dispatch.service.workflow import cancel, change_status, undo_status
from dashboard.inventory.models import Claim, Product, StockLevel, StockMove, Unit
from dashboard.workforce.models import Technician
from tests.conftest import Merchants
from tests.dispatch.conftest import a_job, acting
from tests.inventory.shop import Shop, imei, open_shop


@pytest.fixture
def shop(dana: Principal, merchants: Merchants) -> Shop:
    """Ten parts in the warehouse, two on the van."""
    shop = open_shop(merchants.alice)
    shop.add_pieces(shop.part, 10)
    shop.add_pieces(shop.part, 2, shop.other_place)
    return shop


@pytest.fixture
def mikes(dana: Principal, mike: Technician, shop: Shop) -> Technician:
    """Mike, whose van is the other place of the shop."""
    with atomic(dana) as session:
        person = session.merge(mike)
        person.van_id = shop.other_place.id
    return person


def held(by: Principal) -> dict[tuple[int, int], int]:
    """Pieces that jobs hold, by job and place."""
    rows = reads(by).query(Claim).filter(Claim.holder == "dispatch", Claim.ended_at.is_(None))
    found: dict[tuple[int, int], int] = {}
    for row in rows:
        key = row.holder_id, row.location_id
        found[key] = found.get(key, 0) + row.quantity
    return found


def on_hand(by: Principal, product: Product, place: int) -> int:
    return reads(by).query(StockLevel).filter_by(product_id=product.id, location_id=place).one().on_hand


def part_of(by: Principal) -> JobPart:
    return reads(by).query(JobPart).populate_existing().one()


def test_parts_are_claimed_on_the_van_once_somebody_has_the_job(dana: Principal, shop: Shop, mikes: Technician) -> None:
    job = a_job(dana)
    set_parts(dana, job.number, {shop.part.number: 2})
    assert held(dana) == {}
    assign(dana, job.number, mikes.number)
    assert held(dana) == {(job.id, shop.other_place.id): 2}
    assert part_of(dana).location_id == shop.other_place.id


def test_what_the_van_has_not_comes_from_where_there_is_enough(dana: Principal, shop: Shop, mikes: Technician) -> None:
    job = a_job(dana)
    set_parts(dana, job.number, {shop.part.number: 3})
    assign(dana, job.number, mikes.number)
    assert held(dana) == {(job.id, shop.place.id): 3}


def test_what_nobody_has_is_no_reason_not_to_go(dana: Principal, shop: Shop, mikes: Technician) -> None:
    job = a_job(dana)
    set_parts(dana, job.number, {shop.part.number: 11, shop.cable.number: 1, shop.work.number: 1})
    assert assign(dana, job.number, mikes.number).status == "dispatched"
    assert held(dana) == {}


def test_two_jobs_never_hold_the_same_piece(dana: Principal, shop: Shop, mikes: Technician) -> None:
    for wanted in (2, 10, 1):
        job = a_job(dana)
        set_parts(dana, job.number, {shop.part.number: wanted})
        assign(dana, job.number, mikes.number)
    assert sum(held(dana).values()) == 12


@pytest.mark.parametrize("let_go", [cancel, unassign, undo_status])
def test_claims_are_let_go_with_the_job(
    dana: Principal, shop: Shop, mikes: Technician, let_go: Callable[[Principal, int], object]
) -> None:
    job = a_job(dana)
    set_parts(dana, job.number, {shop.part.number: 2})
    assign(dana, job.number, mikes.number)
    let_go(dana, job.number)
    assert held(dana) == {}
    assert part_of(dana).location_id is None


def test_claims_follow_to_another_technician(dana: Principal, shop: Shop, mikes: Technician, tess: Technician) -> None:
    job = a_job(dana)
    set_parts(dana, job.number, {shop.part.number: 1})
    assign(dana, job.number, mikes.number)
    assign(dana, job.number, tess.number, reassign=True)
    assert held(dana) == {(job.id, shop.place.id): 1}


def test_other_parts_change_the_claims(dana: Principal, shop: Shop, mikes: Technician) -> None:
    job = a_job(dana)
    assign(dana, job.number, mikes.number)
    set_parts(dana, job.number, {shop.part.number: 2})
    assert held(dana) == {(job.id, shop.other_place.id): 2}
    set_parts(dana, job.number, {shop.part.number: 1})
    assert held(dana) == {(job.id, shop.other_place.id): 1}
    set_parts(dana, job.number, {})
    assert held(dana) == {}


def test_what_was_used_leaves_the_stock_and_the_rest_is_let_go(dana: Principal, shop: Shop, mikes: Technician) -> None:
    job = a_job(dana)
    set_parts(dana, job.number, {shop.part.number: 2})
    assign(dana, job.number, mikes.number)
    for status in ("acknowledged", "on_site"):
        change_status(dana, job.number, status)
    use_part(acting(mikes), job.number, part_of(dana).id, 1, technician_id=mikes.id)
    change_status(dana, job.number, "completed")
    assert held(dana) == {}
    assert on_hand(dana, shop.part, shop.other_place.id) == 1
    move = reads(dana).query(StockMove).order_by(StockMove.id.desc()).first()
    assert move is not None
    assert (move.kind, move.quantity, move.source) == ("sell", -1, f"job:{job.id}")


def test_more_than_planned_is_claimed_as_well(dana: Principal, shop: Shop, mikes: Technician) -> None:
    job = a_job(dana)
    set_parts(dana, job.number, {shop.part.number: 1})
    assign(dana, job.number, mikes.number)
    use_part(dana, job.number, part_of(dana).id, 2)
    assert held(dana) == {(job.id, shop.other_place.id): 2}


def test_what_is_in_no_stock_cannot_have_been_used(dana: Principal, shop: Shop, mikes: Technician) -> None:
    job = a_job(dana)
    set_parts(dana, job.number, {shop.cable.number: 1})
    assign(dana, job.number, mikes.number)
    use_part(dana, job.number, part_of(dana).id, 1)
    for status in ("acknowledged", "on_site"):
        change_status(dana, job.number, status)
    with pytest.raises(Conflict) as refused:
        change_status(dana, job.number, "completed")
    assert refused.value.code == "insufficient_stock"
    use_part(dana, job.number, part_of(dana).id, 0)
    assert change_status(dana, job.number, "completed").status == "completed"


def test_parts_are_scanned_off_the_van(dana: Principal, shop: Shop, mikes: Technician) -> None:
    (name,) = shop.add_units(1)
    job = a_job(dana)
    assign(dana, job.number, mikes.number)
    him = acting(mikes)
    assert use_scanned(him, job.number, "gpu-1", technician_id=mikes.id) == "RTX 4090"
    use_scanned(him, job.number, "GPU-1", technician_id=mikes.id)
    assert (part_of(dana).used, held(dana)) == (2, {(job.id, shop.other_place.id): 2})
    use_scanned(him, job.number, imei(1), technician_id=mikes.id)
    with pytest.raises(Conflict):
        use_scanned(him, job.number, imei(1), technician_id=mikes.id)
    with pytest.raises(Invalid):
        use_scanned(him, job.number, "nothing", technician_id=mikes.id)
    for status in ("acknowledged", "on_site", "completed"):
        change_status(dana, job.number, status)
    assert reads(dana).query(Unit).filter_by(public_id=name).one().state == "sold"
    assert held(dana) == {}
    assert on_hand(dana, shop.part, shop.other_place.id) == 0


@pytest.mark.parametrize("wanted", [{99: 1}, {1: 0}, {1: 10_001}])
def test_what_cannot_be_needed_is_refused(dana: Principal, shop: Shop, wanted: dict[int, int]) -> None:
    job = a_job(dana)
    with pytest.raises(Invalid):
        set_parts(dana, job.number, wanted)


def test_parts_of_somebody_elses_job_are_not_there(
    dana: Principal, shop: Shop, mikes: Technician, tess: Technician
) -> None:
    job = a_job(dana)
    set_parts(dana, job.number, {shop.part.number: 1})
    assign(dana, job.number, mikes.number)
    with pytest.raises(NotFound):
        use_part(acting(tess), job.number, part_of(dana).id, 1, technician_id=tess.id)
    with pytest.raises(NotFound):
        use_scanned(acting(tess), job.number, "GPU-1", technician_id=tess.id)


def test_the_audit_finds_nothing_of_jobs_and_would_find_it(dana: Principal, shop: Shop, mikes: Technician) -> None:
    for finish in (None, cancel):
        job = a_job(dana)
        set_parts(dana, job.number, {shop.part.number: 2})
        assign(dana, job.number, mikes.number)
        if finish is not None:
            finish(dana, job.number)

    def broken() -> set[str]:
        return {
            each.equation.name for each in audit(SYSTEM) if each.offenders and each.equation.name[:9] == "dispatch."
        }

    assert broken() == set()
    with atomic(dana) as session:
        session.execute(update(Job).values(status="cancelled"))
    assert broken() == {"dispatch.claims", "dispatch.history"}
