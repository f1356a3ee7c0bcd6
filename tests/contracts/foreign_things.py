"""What a business has that an address can name, and how it comes to have it: for the attempts of another business."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from uuid import uuid4

from sqlalchemy import select, update

from dashboard.accounts import service as accounts
from dashboard.accounts.models import ExternalIdentity, Tenant, User
from dashboard.accounts.service import sessions
from dashboard.accounts.service.sessions import Client
from dashboard.core import clock, jobs, mail
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import atomic, db, reads
from dashboard.core.mail import MailMessage
from dashboard.core.numbers import Counter
from dashboard.customers.service import Address, CustomerFacts, add_address, create_customer
from dashboard.dispatch import service as dispatch
from dashboard.dispatch.queries import details as job_details
from dashboard.dispatch.queries.jobs import find_job
from dashboard.dispatch.service import papers
from dashboard.dispatch.service.plans import ask_plan
from dashboard.dispatch.service.series import Recurrence, make_job
from dashboard.inventory.models import Claim, InventoryView, Manifest, Product, PurchaseOrder, Supplier, UnitPhoto
from dashboard.inventory.service import bulk, manifests, photos, saved_views
from dashboard.inventory.service.claims import Holder, Pieces, take
from dashboard.inventory.service.locations import create_location
from dashboard.inventory.service.products import ProductFacts, create_product
from dashboard.inventory.service.purchasing import Bought, create_purchase_order
from dashboard.inventory.service.stocktake import start_stocktake
from dashboard.inventory.service.suppliers import SupplierFacts, create_supplier
from dashboard.inventory.service.transfers import Sent, send
from dashboard.inventory.service.unit_files import pasted_rows
from dashboard.inventory.service.unit_import import keep_upload
from dashboard.inventory.service.units import UnitFacts, receive_unit
from dashboard.orders import service as orders
from dashboard.orders.service import Placed, Rate, Wanted, drafts
from dashboard.workforce import service as workforce
from dashboard.workforce.models import VehiclePaper, VehicleService
from dashboard.workforce.queries.technicians import my_technician
from dashboard.workforce.service import fleet
from dashboard.workforce.service.corrections import Correction, add_entry
from tests.conftest import PASSWORD, Merchants
from tests.inventory.pictures import png
from tests.inventory.shop import Shop, imei, open_shop

FIRST_NUMBER = 500
"""Numbers count in each tenant: the other one's begin where ours do not reach."""

_COUNTED = (
    "user", "customer", "product", "supplier", "purchase_order", "location",
    "technician", "technician_skill", "service_zone", "time_entry", "vehicle", "job", "sla",
)  # fmt: skip
_numbers = count(1)


@dataclass(frozen=True)
class Business:
    """A tenant, whoever owns it, and the shop that they keep."""

    tenant: Tenant
    by: Principal
    shop: Shop


def first_business(merchants: Merchants) -> Business:
    """Alice's."""
    return _opened(merchants.tenant, merchants.alice)


def other_business(merchants: Merchants) -> Business:
    """Charlie's: none of its numbers exists in the first."""
    by = merchants.charlie
    year = clock.now().year
    yearly = (f"order {year}", f"transfer {year}", f"purchase_order {year}")
    with atomic(by) as session:
        for scope in (*_COUNTED, *yearly):
            session.merge(Counter(tenant_id=merchants.other_tenant.id, scope=scope, n=FIRST_NUMBER))
    return _opened(merchants.other_tenant, by)


def _opened(tenant: Tenant, by: Principal) -> Business:
    shop = open_shop(by)
    for product in (shop.part, shop.cable):
        shop.add_pieces(product, 500)
    return Business(tenant, by, shop)


# People and their accounts


def owner(of: Business) -> User:
    return reads(SYSTEM).scalars(select(User).where(User.id == of.by.actor_id)).one()


def a_key(of: Business) -> str:
    return str(accounts.create_key(SYSTEM, of.tenant, name="theirs").key.id)


def a_client(of: Business) -> str:
    made = accounts.create_client(SYSTEM, of.tenant, name="theirs", scopes=frozenset({"catalog:read"}))
    return str(made.client.id)


def a_person(of: Business) -> str:
    name = f"person{next(_numbers)}"
    return str(accounts.create_user(SYSTEM, of.tenant, username=name, password=PASSWORD, role="viewer").number)


def a_role(of: Business) -> str:
    name = f"role{next(_numbers)}"
    accounts.save_role(of.by, name, frozenset({"catalog:read"}))
    return name


def an_invitation(of: Business) -> str:
    made = accounts.invite(of.by, f"guest{next(_numbers)}@second.example", "viewer", lambda token: token)
    return str(made.id)


def a_session(of: Business) -> str:
    return str(sessions.open_session(owner(of), "api", Client("203.0.113.1", "theirs")).id)


def an_identity(of: Business) -> str:
    with atomic(SYSTEM) as session:
        made = ExternalIdentity(
            user_id=of.by.actor_id, provider="google", issuer="https://accounts.google.com",
            subject=f"subject {next(_numbers)}", linked_at=clock.now(),
        )  # fmt: skip
        session.add(made)
        session.flush()
        return str(made.id)


def a_mail(of: Business) -> str:
    mail.send(SYSTEM, to="charlie@second.example", subject="Theirs", body="x", tenant_id=of.tenant.id)
    newest = select(MailMessage.id).order_by(MailMessage.id.desc()).limit(1)
    found = reads(SYSTEM).scalar(newest)
    with atomic(SYSTEM) as session:  # it could not be sent, so that sending it again is possible
        session.execute(update(MailMessage).where(MailMessage.id == found).values(failed_at=clock.now(), tries=1))
    return str(found)


def an_export(of: Business) -> str:
    """The one of the business: a new one takes the place of the last."""
    if (present := accounts.latest_export(of.by)) is not None:
        return str(present.work_id)
    accounts.ask_for_export(of.by)
    db.session.remove()
    jobs.run_due()
    found = accounts.latest_export(of.by)
    assert found is not None
    return str(found.work_id)


def a_tenant(of: Business) -> str:
    return str(of.tenant.id)


def a_proposal(_: Business) -> str:
    return "1"


# Customers


def a_customer(of: Business) -> str:
    return str(create_customer(of.by, CustomerFacts(f"Customer {next(_numbers)}")).number)


def an_address(of: Business) -> tuple[str, str]:
    place = Address("1 Main St", "Austin", "78701", "US", state="TX")
    number = a_customer(of)
    return number, str(add_address(of.by, int(number), place).id)


def a_price(of: Business) -> tuple[str, str]:
    number = a_customer(of)
    return number, str(orders.set_customer_price(of.by, int(number), "CAB-1", 900).id)


# Products and stock


def _a_product(of: Business) -> Product:
    n = next(_numbers)
    return create_product(of.by, ProductFacts(f"THEIRS-{n}", f"Thing {n}", "counted", 1_000, cost=500))


def a_product(of: Business) -> str:
    return str(_a_product(of).number)


def a_product_id(of: Business) -> str:
    return _a_product(of).public_id


def a_product_code(of: Business) -> str:
    return _a_product(of).code


def a_sku(of: Business) -> str:
    return _a_product(of).sku


def a_unit(of: Business) -> str:
    facts = UnitFacts(of.shop.phone.id, of.shop.place.id, imei=imei(next(_numbers)), battery_health=88)
    return receive_unit(of.by, facts)


def a_photo(of: Business) -> tuple[str, str]:
    unit = a_unit(of)
    photos.add_photos(of.by, unit, [("theirs.png", png(2, 2))])
    return unit, str(reads(of.by).scalars(select(UnitPhoto.id).order_by(UnitPhoto.id.desc())).first())


def pieces_to_repair(of: Business) -> str:
    take(of.by, Holder("repair", next(_numbers)), pieces=[Pieces(of.shop.part.id, 1)], until=None)
    return str(reads(of.by).scalars(select(Claim.id).order_by(Claim.id.desc())).first())


def a_transfer(of: Business) -> str:
    return str(send(of.by, of.shop.place.id, of.shop.other_place.id, [Sent(of.shop.cable.id)]).id)


def a_stocktake(of: Business) -> str:
    """At a place of its own: a place has one at a time."""
    return str(start_stocktake(of.by, create_location(of.by, f"Van {next(_numbers) + 1}").id).id)


def _a_supplier(of: Business) -> Supplier:
    return create_supplier(of.by, SupplierFacts(f"Supplier {next(_numbers)}"))


def a_supplier(of: Business) -> str:
    return str(_a_supplier(of).number)


def a_purchase(of: Business) -> str:
    made: PurchaseOrder = create_purchase_order(of.by, _a_supplier(of).number, [Bought(of.shop.cable.number, 2)])
    return str(made.number)


def _a_manifest(of: Business) -> Manifest:
    return manifests.open_manifest(of.by, f"Delivery {next(_numbers)}", of.shop.place.code)


def a_manifest(of: Business) -> str:
    return str(_a_manifest(of).id)


def a_manifest_line(of: Business) -> str:
    return str(manifests.scan(of.by, _a_manifest(of).id, imei(next(_numbers))).line_id)


def an_upload(of: Business) -> str:
    rows = pasted_rows(f"imei,sku\n{imei(next(_numbers))},NOPE")
    return str(keep_upload(of.by, rows, filename="theirs.csv", location_id=of.shop.place.id).id)


def a_bulk_change(of: Business) -> str:
    return str(bulk.apply_bulk(of.by, [a_unit(of)], bulk.Wanted(notes="counted")).bulk_id)


def a_view(of: Business) -> str:
    name = f"View {next(_numbers)}"
    saved_views.keep_view(of.by, name, "grade=A")
    return str(reads(of.by).scalars(select(InventoryView.id).where(InventoryView.name == name)).one())


# Orders


def _an_order(of: Business) -> Placed:
    return orders.place(
        of.by, customer=of.shop.buyer.public_id, lines=[Wanted(product="PROD-CAB-1")], door="device_api"
    )


def an_order(of: Business) -> str:
    return _an_order(of).public_id


def an_order_code(of: Business) -> str:
    return _an_order(of).code


def a_parcel(of: Business) -> tuple[str, str]:
    placed = _an_order(of)
    orders.confirm(of.by, placed.id)
    return placed.public_id, str(orders.ship(of.by, placed.id).id)


def a_draft_line(of: Business) -> tuple[str, str]:
    draft = drafts.open_draft(of.by).public_id
    return draft, str(drafts.scan(of.by, draft, "CAB-1").id)


def a_draft(of: Business) -> str:
    """With a line: an empty one would be opened again by the next."""
    return a_draft_line(of)[0]


def a_rate(of: Business) -> str:
    rate = Rate(f"Rate {next(_numbers)}", country=None, from_subtotal=next(_numbers), amount=500)
    return str(orders.save_rate(of.by, rate).id)


# Technicians, skills and zones


def a_technician(of: Business) -> str:
    name = f"Technician {next(_numbers)}"
    return str(workforce.create_technician(of.by, workforce.TechnicianFacts(name)).number)


def an_absence(of: Business) -> tuple[str, str]:
    number, now = a_technician(of), clock.now()
    away = workforce.Absence(now, now + timedelta(hours=1))
    return number, str(workforce.add_absence(of.by, int(number), away).id)


def a_skill(of: Business) -> str:
    return str(workforce.create_skill(of.by, f"Skill {next(_numbers)}").id)


def a_granted_skill(of: Business) -> str:
    grant = workforce.Grant(f"Skill {next(_numbers)}", 3)
    return str(workforce.grant_skill(of.by, int(a_technician(of)), grant).number)


def a_level(of: Business) -> tuple[str, str]:
    return a_skill(of), a_technician(of)


def a_zone(of: Business) -> str:
    return str(workforce.create_zone(of.by, workforce.ZoneFacts(f"Zone {next(_numbers)}", ("33601",))).number)


# Hours and the fleet


def some_hours(of: Business) -> str:
    begin = clock.now() - timedelta(hours=2)
    wanted = Correction("Theirs", begin, begin + timedelta(hours=1))
    return str(add_entry(of.by, int(a_technician(of)), wanted).number)


def a_vehicle(of: Business) -> str:
    n = next(_numbers)
    return str(fleet.create_vehicle(of.by, fleet.VehicleFacts(f"Van {n}", f"TC {n}")).number)


def a_vehicle_paper(of: Business) -> tuple[str, str]:
    number = a_vehicle(of)
    fleet.add_paper(of.by, int(number), fleet.Paper("Insurance"))
    return number, str(reads(of.by).scalars(select(VehiclePaper.id).order_by(VehiclePaper.id.desc())).first())


def a_vehicle_service(of: Business) -> tuple[str, str]:
    number = a_vehicle(of)
    fleet.add_service(of.by, int(number), fleet.Maintenance("Oil change", 5_000))
    return number, str(reads(of.by).scalars(select(VehicleService.id).order_by(VehicleService.id.desc())).first())


# Jobs and what belongs to them


def a_job(of: Business) -> str:
    """Given to somebody, planned, seen from the desk."""
    job = dispatch.create_job(of.by, dispatch.JobFacts(f"Job {next(_numbers)}", scheduled_start=clock.now()))
    return str(dispatch.assign(of.by, job.number, int(a_technician(of))).number)


def _own_job(of: Business) -> str:
    """A job of the owner, who goes out themselves."""
    me = my_technician(of.by)
    if me is None:
        workforce.create_technician(of.by, workforce.TechnicianFacts(of.by.name, user=owner(of).number))
        me = my_technician(of.by)
    assert me is not None
    job = dispatch.create_job(of.by, dispatch.JobFacts(f"Job {next(_numbers)}", scheduled_start=clock.now()))
    return str(dispatch.assign(of.by, job.number, me.number).number)


def _with_check(of: Business, number: str) -> tuple[str, str]:
    dispatch.set_checklist(of.by, int(number), [dispatch.Point("Power off")])
    return number, str(job_details.checks_of(of.by, find_job(of.by, int(number)).id)[0].id)


def _with_picture(of: Business, number: str) -> tuple[str, str]:
    papers.add_photos(of.by, int(number), [("theirs.png", png(2, 2))])
    return number, str(job_details.pictures_of(of.by, find_job(of.by, int(number)).id)[0].id)


def a_route_plan(of: Business) -> str:
    return ask_plan(of.by, clock.now().date()).public_id


def a_job_check(of: Business) -> tuple[str, str]:
    return _with_check(of, a_job(of))


def a_job_picture(of: Business) -> tuple[str, str]:
    return _with_picture(of, a_job(of))


def an_own_check(of: Business) -> tuple[str, str]:
    return _with_check(of, _own_job(of))


def an_own_picture(of: Business) -> tuple[str, str]:
    return _with_picture(of, _own_job(of))


def an_own_part(of: Business) -> tuple[str, str]:
    number = _own_job(of)
    dispatch.set_parts(of.by, int(number), {_a_product(of).number: 1})
    return number, str(job_details.parts_of(of.by, find_job(of.by, int(number)).id)[0].id)


def a_repeated_job(of: Business) -> str:
    start = clock.now() + timedelta(days=1)
    facts = dispatch.JobFacts(f"Job {next(_numbers)}", scheduled_start=start)
    return str(make_job(of.by, facts, again=Recurrence(1, "month")).number)


def a_policy(of: Business) -> str:
    facts = dispatch.PolicyFacts(f"Policy {next(_numbers)}", 60, 120, active=False)
    return str(dispatch.create_policy(of.by, facts).number)


# Which of these an address names


@dataclass(frozen=True)
class Kind:
    """What the parameters of all rules below `prefix` name; `nobodys` are ids of this form that nobody has."""

    parameters: tuple[str, ...]
    make: Callable[[Business], str | tuple[str, ...]]
    prefix: str = "/"
    nobodys: tuple[str, ...] = field(default=())

    def made(self, of: Business) -> tuple[str, ...]:
        """The ids of a new one, in the order of the parameters."""
        ids = self.make(of)
        return (ids,) if isinstance(ids, str) else ids


def _named(
    parameter: str, make: Callable[[Business], str], prefix: str = "/", nobodys: Sequence[str] | str = ()
) -> Kind:
    return Kind((parameter,), make, prefix, (nobodys,) if isinstance(nobodys, str) else tuple(nobodys))


_NO_UNIT, _NO_DRAFT = f"inv_{uuid4().hex[:16]}", f"dft_{uuid4().hex[:16]}"
_NO_ORDER, _NO_CODE = f"ord_{uuid4().hex[:16]}", f"ORD-{clock.now().year}-99999"

KINDS: Sequence[Kind] = (
    _named("key_id", a_key),
    _named("client_id", a_client),
    _named("name", a_role, "/settings/"),
    _named("number", a_person, "/settings/"),
    _named("invitation_id", an_invitation),
    _named("session_id", a_session),
    _named("identity_id", an_identity),
    _named("mail_id", a_mail),
    _named("work_id", an_export),
    _named("tenant_id", a_tenant),
    _named("proposal_id", a_proposal),
    _named("number", a_customer, "/customers/"),
    _named("customer_id", a_customer),
    Kind(("number", "address_id"), an_address, "/customers/"),
    Kind(("number", "price_id"), a_price, "/customers/"),
    _named("number", a_product, "/products/"),
    _named("number", a_product, "/stock/"),
    _named("part_id", a_product),
    _named("product_id", a_product_id, nobodys=f"prod_{uuid4().hex[:16]}"),
    _named("product_id", a_product_code, nobodys="PROD-9999"),
    _named("sku", a_sku),
    _named("unit_id", a_unit, nobodys=_NO_UNIT),
    _named("inventory_id", a_unit, nobodys=_NO_UNIT),
    Kind(("unit_id", "photo_id"), a_photo, nobodys=(_NO_UNIT, "")),
    _named("claim_id", pieces_to_repair),
    _named("transfer_id", a_transfer),
    _named("stocktake_id", a_stocktake),
    _named("number", a_supplier, "/suppliers/"),
    _named("number", a_purchase, "/purchase-orders/"),
    _named("purchase_order_id", a_purchase),
    _named("manifest_id", a_manifest),
    _named("line_id", a_manifest_line, "/inventory/manifest-lines/"),
    _named("upload_id", an_upload),
    _named("bulk_id", a_bulk_change),
    _named("view_id", a_view),
    _named("order_id", an_order, nobodys=_NO_ORDER),
    _named("order_id", an_order_code, nobodys=_NO_CODE),
    _named("ref", an_order, nobodys=_NO_ORDER),
    _named("ref", an_order_code, nobodys=_NO_CODE),
    Kind(("ref", "parcel_id"), a_parcel, nobodys=(_NO_ORDER, "")),
    _named("draft_id", a_draft, nobodys=_NO_DRAFT),
    Kind(("draft_id", "line_id"), a_draft_line, nobodys=(_NO_DRAFT, "")),
    _named("rate_id", a_rate),
    _named("number", a_technician, "/technicians/"),
    _named("technician_id", a_technician),
    Kind(("number", "absence_id"), an_absence, "/technicians/"),
    _named("skill_id", a_skill, "/skills/"),
    Kind(("skill_id", "number"), a_level, "/skills/"),
    _named("skill_id", a_granted_skill, "/api/v1/admin/technician-skills/"),
    _named("number", a_zone, "/zones/"),
    _named("zone_id", a_zone),
    _named("number", a_technician, "/hours/technicians/"),
    _named("number", some_hours, "/hours/entries/"),
    _named("number", some_hours, "/hours/mine/entries/"),
    _named("entry_id", some_hours),
    _named("number", a_vehicle, "/fleet/"),
    _named("vehicle_id", a_vehicle),
    Kind(("number", "paper_id"), a_vehicle_paper, "/fleet/"),
    Kind(("number", "service_id"), a_vehicle_service, "/fleet/"),
    _named("number", a_job, "/dispatch/"),
    _named("job_id", a_job),
    _named("plan_id", a_route_plan),
    Kind(("number", "check_id"), a_job_check, "/dispatch/"),
    Kind(("number", "picture_id"), a_job_picture, "/dispatch/"),
    _named("number", a_repeated_job, "/dispatch/jobs/<int:number>/series/"),
    _named("number", a_policy, "/dispatch/sla/"),
    _named("policy_id", a_policy),
    _named("number", _own_job, "/tech/"),
    _named("job_id", _own_job, "/api/v1/tech/"),
    Kind(("number", "check_id"), an_own_check, "/tech/"),
    Kind(("number", "picture_id"), an_own_picture, "/tech/"),
    Kind(("number", "part_id"), an_own_part, "/tech/"),
)
"""Kinds of one prefix and one parameter stand for several ways to name the same thing: all of them are tried."""


def kinds_of(rule: str, parameters: tuple[str, ...]) -> list[Kind]:
    """What a rule names: the kinds of its parameters with the longest prefix; none where nobody has said it."""
    fit = [kind for kind in KINDS if kind.parameters == parameters and rule.startswith(kind.prefix)]
    longest = max((len(kind.prefix) for kind in fit), default=0)
    return [kind for kind in fit if len(kind.prefix) == longest]
