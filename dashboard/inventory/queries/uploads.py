"""Reading files of units, and manifests."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select

from dashboard.catalog.queries.imports import harmless
from dashboard.core import jobs
from dashboard.core.context import Principal
from dashboard.core.db import reads
from dashboard.core.errors import NotFound
from dashboard.core.jobs import Work
from dashboard.core.paging import Slice, decode_cursor, encode_cursor
from dashboard.inventory.models import Location, Manifest, ManifestLine, Product, Unit, UnitUpload, UnitUploadProblem
from dashboard.inventory.service.manifests import ready, undecided_line

KINDS = {"matched": "Matched", "missing": "Missing", "unexpected": "Unexpected", "problem": "To be decided"}
PAGE = 100


@dataclass(frozen=True, slots=True)
class UploadView:
    """A file with how far it is. `state` is waiting, running, done, failed or cancelled."""

    upload: UnitUpload
    work: Work | None

    @property
    def state(self) -> str:
        if self.upload.finished_at is not None:
            return "done"
        return "done" if self.work is None else self.work.state

    @property
    def live(self) -> bool:
        return self.state in ("waiting", "running")

    @property
    def done(self) -> int:
        return sum(self.upload.counts.values())


def upload_progress(by: Principal, upload_id: int) -> tuple[int, int]:
    """Rows done, and rows in all."""
    upload = _upload(by, upload_id)
    return sum(upload.counts.values()), upload.row_count


def get_upload(by: Principal, upload_id: int) -> UploadView:
    """Raises NotFound."""
    upload = _upload(by, upload_id)
    return UploadView(upload, None if upload.work_id is None else jobs.find(by, upload.work_id))


def _upload(by: Principal, upload_id: int) -> UnitUpload:
    statement = select(UnitUpload).where(UnitUpload.id == upload_id).execution_options(populate_existing=True)
    upload = reads(by).scalar(statement)
    if upload is None:
        raise NotFound("There is no such file of units.")
    return upload


def recent_uploads(by: Principal, manifest_id: int | None = None, limit: int = 20) -> Sequence[UnitUpload]:
    """Files of units, or those of a manifest, newest first."""
    which = UnitUpload.manifest_id.is_(None) if manifest_id is None else UnitUpload.manifest_id == manifest_id
    return reads(by).scalars(select(UnitUpload).where(which).order_by(UnitUpload.id.desc()).limit(limit)).all()


def upload_problems(by: Principal, upload_id: int, after: str | None = None) -> Slice[UnitUploadProblem]:
    """Rows that were refused, in the order of the file. Raises Invalid for an unknown position."""
    statement = select(UnitUploadProblem).where(UnitUploadProblem.upload_id == upload_id)
    if after:
        row, last = decode_cursor(after, (int, int))
        statement = statement.where(
            or_(UnitUploadProblem.row > row, and_(UnitUploadProblem.row == row, UnitUploadProblem.id > last))
        )
    found = reads(by).scalars(statement.order_by(UnitUploadProblem.row, UnitUploadProblem.id).limit(PAGE + 1)).all()
    shown = found[:PAGE]
    return Slice(shown, encode_cursor([shown[-1].row, shown[-1].id]) if len(found) > PAGE else None)


def problem_lines(by: Principal, upload_id: int) -> Iterator[Sequence[str]]:
    """The whole report, a row at a time and harmless to a spreadsheet."""
    yield ("row", "value", "reason")
    after: str | None = None
    while True:
        found = upload_problems(by, upload_id, after)
        for each in found.items:
            yield (str(each.row), harmless(each.value), harmless(each.reason))
        after = found.after
        if after is None:
            return


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """A manifest with its counts. `ready` can be received now, `undecided` waits for a word."""

    id: int
    name: str
    status: str
    place: str
    created_at: datetime
    expected: int = 0
    scanned: int = 0
    matched: int = 0
    unexpected: int = 0
    received: int = 0
    ready: int = 0
    undecided: int = 0
    work: Work | None = None

    @property
    def missing(self) -> int:
        return self.expected - self.matched


def manifest_list(by: Principal, limit: int = 50) -> list[ManifestRow]:
    """The latest manifests, open ones first, without counts."""
    statement = (
        select(Manifest.id, Manifest.name, Manifest.status, Location.name, Manifest.created_at)
        .join(Location, Location.id == Manifest.location_id)
        .order_by(Manifest.status.desc(), Manifest.id.desc())
        .limit(limit)
    )
    return [ManifestRow(*row) for row in reads(by).execute(statement)]


def get_manifest(by: Principal, manifest_id: int) -> ManifestRow:
    """Raises NotFound."""
    session = reads(by)
    row = session.execute(
        select(Manifest.id, Manifest.name, Manifest.status, Location.name, Manifest.created_at, Manifest.work_id)
        .join(Location, Location.id == Manifest.location_id)
        .where(Manifest.id == manifest_id)
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such manifest.")
    scanned = ManifestLine.scanned_at.is_not(None)
    counts = session.execute(
        select(
            func.count().filter(ManifestLine.expected),
            func.count().filter(scanned),
            func.count().filter(and_(ManifestLine.expected, scanned)),
            func.count().filter(ManifestLine.expected.is_(False)),
            func.count().filter(ManifestLine.unit_id.is_not(None)),
            func.count().filter(ready),
            func.count().filter(undecided_line()),
        ).where(ManifestLine.manifest_id == manifest_id)
    ).one()
    work = None if row.work_id is None else jobs.find(by, row.work_id)
    return ManifestRow(*row[:5], *counts, work=work)


def manifest_of(by: Principal, line_id: int) -> int:
    """The manifest of a line. Raises NotFound."""
    found = reads(by).scalar(select(ManifestLine.manifest_id).where(ManifestLine.id == line_id))
    if found is None:
        raise NotFound("There is no such line.")
    return found


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line as it is listed. `cost` minor units."""

    id: int
    typed: str
    sku: str | None
    model: str | None
    cost: int
    expected: bool
    scanned_at: datetime | None
    decision: str | None
    reason: str | None
    problem: str | None
    unit: str | None


def manifest_lines(by: Principal, manifest_id: int, kind: str = "", after: str | None = None) -> Slice[LineRow]:
    """Lines of one kind (`KINDS`) or all: in the order in which they came onto the list."""
    wanted = [ManifestLine.manifest_id == manifest_id]
    if kind == "matched":
        wanted += [ManifestLine.expected, ManifestLine.scanned_at.is_not(None)]
    elif kind == "missing":
        wanted += [ManifestLine.expected, ManifestLine.scanned_at.is_(None)]
    elif kind == "unexpected":
        wanted.append(ManifestLine.expected.is_(False))
    elif kind == "problem":
        wanted.append(undecided_line())
    if after:
        (last,) = decode_cursor(after, (int,))
        wanted.append(ManifestLine.id > last)
    statement = (
        select(
            ManifestLine.id, ManifestLine.typed, Product.sku, Product.model, ManifestLine.cost, ManifestLine.expected,
            ManifestLine.scanned_at, ManifestLine.decision, ManifestLine.reason, ManifestLine.problem, Unit.public_id,
        )
        .outerjoin(Product, Product.id == ManifestLine.product_id)
        .outerjoin(Unit, Unit.id == ManifestLine.unit_id)
        .where(*wanted)
        .order_by(ManifestLine.id)
        .limit(PAGE + 1)
    )  # fmt: skip
    found = [LineRow(*row) for row in reads(by).execute(statement)]
    shown = found[:PAGE]
    return Slice(shown, encode_cursor([shown[-1].id]) if len(found) > PAGE else None)


def latest_scans(by: Principal, manifest_id: int, limit: int = 20) -> Sequence[ManifestLine]:
    """What was scanned last."""
    statement = (
        select(ManifestLine)
        .where(ManifestLine.manifest_id == manifest_id, ManifestLine.scanned_at.is_not(None))
        .order_by(ManifestLine.scanned_at.desc(), ManifestLine.id.desc())
        .limit(limit)
    )
    return reads(by).scalars(statement).all()
