"""Files of units: kept in parts, taken in part by part, and reported row by row.

Each part goes away in the transaction that takes it in: whoever goes on after a crash begins where it had got to.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy import delete, insert, select

from dashboard.core import clock, events, jobs
from dashboard.core.context import ActorKind, Principal
from dashboard.core.db import CommandSession, atomic, table_of
from dashboard.core.errors import DomainError, Invalid, NotFound
from dashboard.core.tenancy import OWN_TENANT
from dashboard.inventory.models import Location, Product, UnitUpload, UnitUploadPart, UnitUploadProblem
from dashboard.inventory.service import intake, manifests
from dashboard.inventory.service.corrections import find_product
from dashboard.inventory.service.intake import Setup
from dashboard.inventory.service.products import fold_sku
from dashboard.inventory.service.unit_files import Row, read_flag, read_money, read_number, read_percent
from dashboard.inventory.service.units import UnitFacts, receive_some

JOB = "inventory.take-in"
PART = 500
AT_ONCE = 1_000
"""Rows that are taken in while the person waits; more become background work."""

_parts = table_of(UnitUploadPart)
_problems = table_of(UnitUploadProblem)
_RIGHTS = frozenset({"inventory:write", "products:write"})


def keep_upload(
    by: Principal,
    rows: Iterable[Row],
    *,
    filename: str,
    location_id: int,
    manifest_id: int | None = None,
    make_products: bool = False,
) -> UnitUpload:
    """Keep the rows of a file, and take them in: at once where they are few, else in the background.

    With `make_products` a model, storage and grade without a SKU get one, at the price of the first row. Raises
    Invalid for a file without rows; what is wrong with single rows stands in the report.
    """
    by.require("inventory:write")
    if make_products:
        by.require("products:write")
    with atomic(by) as session:
        upload = UnitUpload(
            filename="".join(sign for sign in filename if sign.isprintable())[:200] or "list",
            manifest_id=manifest_id,
            location_id=location_id,
            currency=by.currency,
            make_products=make_products,
            row_count=0,
            counts={"taken": 0, "refused": 0},
            actor=by.label,
            created_at=clock.now(),
        )
        session.add(upload)
        session.flush()
        upload.row_count = _keep_parts(by, session, upload.id, rows)
        if not upload.row_count:
            raise Invalid.field("file", "The file holds no rows below its header.")
        if upload.row_count > AT_ONCE:
            upload.work_id = jobs.enqueue(by, JOB, {"upload_id": upload.id}).id
        else:
            while take_part(by, upload.id):
                pass
    return upload


def _keep_parts(by: Principal, session: CommandSession, upload_id: int, rows: Iterable[Row]) -> int:
    count, part = 0, list[Row]()

    def keep() -> None:
        values = {"tenant_id": by.tenant_id, "upload_id": upload_id, "part": count, "rows": part}
        session.execute(insert(_parts), [values], execution_options=OWN_TENANT)

    for row in rows:
        part.append(row)
        count += 1
        if len(part) == PART:
            keep()
            part = []
    if part:
        keep()
    return count


def importer(task_by: Principal, asked_by: str, currency: str) -> Principal:
    """Who takes a file in for the one who sent it: the system, named in the ledger as that person."""
    kind, _, number = asked_by.partition(":")
    return replace(
        task_by,
        kind=ActorKind(kind),
        actor_id=int(number) if number else None,
        scopes=_RIGHTS,
        currency=currency,
    )


def take_part(by: Principal, upload_id: int) -> bool:
    """Take in the next part of an upload in one command; False once there is none left. Raises NotFound."""
    with atomic(by) as session:
        upload = session.scalar(
            select(UnitUpload)
            .where(UnitUpload.id == upload_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        if upload is None:
            raise NotFound("There is no such file of units.")
        part = session.scalar(
            select(UnitUploadPart).where(UnitUploadPart.upload_id == upload_id).order_by(UnitUploadPart.part).limit(1)
        )
        if part is None:
            _finish(by, upload)
            return False
        if upload.manifest_id is None:
            refused = _take_units(by, session, upload, part.rows)
        else:
            refused = manifests.expect(by, upload.manifest_id, part.rows)
        _report(by, session, upload, refused)
        counts = Counter(upload.counts)
        counts.update(taken=len(part.rows) - len(refused), refused=len(refused))
        upload.counts = dict(counts)
        session.execute(delete(UnitUploadPart).where(UnitUploadPart.id == part.id))
    return True


def _finish(by: Principal, upload: UnitUpload) -> None:
    if upload.finished_at is None:
        upload.finished_at = clock.now()
        told = {"filename": upload.filename, **upload.counts}
        events.record(by, "inventory.file-taken-in", f"unit_upload:{upload.id}", told)


def _report(
    by: Principal, session: CommandSession, upload: UnitUpload, refused: Sequence[tuple[int, str, str]]
) -> None:
    rows = [
        {"tenant_id": by.tenant_id, "upload_id": upload.id, "row": row, "value": value[:120], "reason": reason[:300]}
        for row, value, reason in refused
    ]
    if rows:
        session.execute(insert(_problems), rows, execution_options=OWN_TENANT)


def _take_units(
    by: Principal, session: CommandSession, upload: UnitUpload, rows: Sequence[Row]
) -> list[tuple[int, str, str]]:
    """Row, value and reason of what was refused."""
    reader = _Reader(by, session, upload)
    batch: list[UnitFacts] = []
    taken: list[Row] = []
    refused: list[tuple[int, str, str]] = []
    for row in rows:
        try:
            batch.append(reader.facts(row["values"]))
        except DomainError as error:
            refused.append((row["row"], _shown(row), error.message))
        else:
            taken.append(row)
    done = receive_some(by, batch, source=f"unit_upload:{upload.id}")
    refused += [(taken[place]["row"], _shown(taken[place]), error.message) for place, error in done.refused.items()]
    return refused


def _shown(row: Row) -> str:
    values: dict[str, str] = row["values"]
    return values.get("number") or values.get("serial") or values.get("sku") or ""


class _Reader:
    """Reads rows into facts; products and places are looked up once a part."""

    def __init__(self, by: Principal, session: CommandSession, upload: UnitUpload) -> None:
        self._by = by
        self._session = session
        self._upload = upload
        self._skus: dict[str, Product | None] = {}
        self._kinds: dict[tuple[str, str, str], Product | None] = {}
        places = session.execute(select(Location.code, Location.name, Location.id)).all()
        self._places = {word.lower(): number for code, name, number in places for word in (name, code)}

    def facts(self, values: dict[str, str]) -> UnitFacts:
        """Raises Invalid, with the reason in words."""
        imei, serial = self._numbers(values)
        product = self._product(values)
        price = self._money(values, "price")
        return UnitFacts(
            product.id,
            self._place(values.get("place")),
            imei=imei,
            serial=serial,
            color=values.get("color"),
            battery_health=read_percent(values["battery_health"]) if "battery_health" in values else None,
            carrier=values.get("carrier"),
            carrier_locked=read_flag(values.get("carrier_locked", "")),
            price=price,
            cost=self._money(values, "cost") or 0,
            notes=values.get("notes", ""),
        )

    def _numbers(self, values: dict[str, str]) -> tuple[str | None, str | None]:
        number, serial = values.get("number"), values.get("serial")
        if not number and not serial:
            raise Invalid.field("number", "There is neither an IMEI nor a serial number in this row.")
        imei, typed = read_number(number or serial or "")
        return imei, (serial if number and serial else typed)

    def _money(self, values: dict[str, str], name: str) -> int | None:
        return read_money(values[name], self._by.currency, name) if name in values else None

    def _place(self, text: str | None) -> int:
        if not text:
            return self._upload.location_id
        if text.lower() not in self._places:
            raise Invalid.field("place", f"There is no place '{text[:60]}'.")
        return self._places[text.lower()]

    def _product(self, values: dict[str, str]) -> Product:
        if sku := values.get("sku"):
            key = fold_sku(sku)
            if key not in self._skus:
                self._skus[key] = self._session.scalar(select(Product).where(Product.sku_key == key))
            product = self._skus[key]
            if product is None or product.kind != "serialised":
                raise Invalid.field("sku", f"There is no SKU '{sku[:60]}' of units.")
            return product
        model, storage, grade = (values.get(name, "") for name in ("model", "storage", "grade"))
        if not model or not grade:
            raise Invalid.field("sku", "Give a SKU, or a model and a grade.")
        return self._of_kind(model, storage, grade, values)

    def _of_kind(self, model: str, storage: str, grade: str, values: dict[str, str]) -> Product:
        key = (model.lower(), storage, grade)
        if key not in self._kinds:
            self._kinds[key] = find_product(self._session, key[0], storage or None, grade)
        if self._kinds[key] is None and self._upload.make_products:
            price = self._money(values, "price")
            if price is None:
                raise Invalid.field("price", "A new SKU needs a price.")
            intake.make_product(self._by, Setup(model=model, storage=storage, grade=grade), price)
            self._kinds[key] = find_product(self._session, key[0], storage or None, grade)
        product = self._kinds[key]
        if product is None:
            named = " ".join(filter(None, (model, storage, grade)))
            raise Invalid.field("model", f"There is no SKU of {named[:120]} yet.")
        return product
