"""Imports from upload to report in this process, and what they leave behind."""

import io
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from dashboard.catalog.models import CatalogImport, Device
from dashboard.catalog.queries import imports as queries
from dashboard.catalog.service import imports
from dashboard.catalog.service.imports import ImportPlan
from dashboard.catalog.sources import ReadLimits
from dashboard.core import jobs
from dashboard.core.context import SYSTEM
from dashboard.core.db import Base, reads

ROOT = Path(__file__).parents[3]
PHONES = """\
make,name,model_numbers,category,release_date,RAM,Battery,Colour,price USD
Acme,Acme One,AC-100,Smartphones,2021,4 GB,4000 mAh,red,199.00
Acme,Acme Two,AC-200,Smartphones,2022-03-01,999 TB,5000 mAh,blue,
Acme,ACME  one,AC-101,Smartphones,2021-05-02,8 GB,4000 mAh,green,
,,,,,,,,
Acme,,AC-300,Smartphones,,,,,
Acme,One by Acme,AC-101,Smartphones,,,,,
Best,Best Tab,B-1,Tablets,,=cmd|'/c calc'!A1,,,
"""


def upload(folder: Path, content: str | bytes, name: str = "phones.csv") -> CatalogImport:
    data = content.encode() if isinstance(content, str) else content
    return imports.add_import(SYSTEM, io.BytesIO(data), name, folder, ReadLimits())


def run(draft: CatalogImport, **plan: Any) -> queries.ImportView:
    """Start a draft under its suggested mapping, and do the work in this process."""
    started = start(draft, **plan)
    assert started.work_id is not None
    jobs.run_one(started.work_id)
    return queries.get_import(SYSTEM, draft.id)


def start(draft: CatalogImport, **plan: Any) -> CatalogImport:
    values: dict[str, Any] = {"mapping": draft.mapping, "source_name": "Test file", **plan}
    return imports.start_import(SYSTEM, draft.id, ImportPlan(**values))


def figures(view: queries.ImportView) -> dict[str, int]:
    return {name: view.count(name) for name in ("read", "added", "changed", "unchanged", "refused")}


def device(slug: str) -> dict[str, Any]:
    row = reads(SYSTEM).execute(select(Device.__table__).where(Device.slug == slug)).mappings().one()
    return dict(row)


def count(model: type[Base]) -> int:
    return reads(SYSTEM).scalar(select(func.count()).select_from(model)) or 0


def many_rows(rows: int) -> str:
    """Devices of which every third comes again, later and with other values; each row has a price and a problem."""
    lines = ["make,name,model_numbers,category,RAM,Battery,price USD"]
    for number in range(rows):
        which = number if number % 3 else number // 2
        lines.append(
            f"Acme,Model {which},M-{which}-{number % 2},Smartphones,{4 + number % 2} GB,0 mAh,{100 + number % 7}"
        )
    return "\n".join(lines) + "\n"


def snapshot() -> list[tuple[Any, ...]]:
    """All that imports write about devices, but not under which ids or when."""
    names = [column.name for column in Device.__table__.columns]
    left_out = {"id", "make_id", "category_id", "created_at", "updated_at", "provenance", "price_observed_at"}
    kept = [name for name in names if name not in left_out]
    rows = reads(SYSTEM).execute(select(Device.__table__).order_by(Device.slug)).mappings()
    return [(*(str(row[name]) for name in kept), *sorted(row["provenance"])) for row in rows]
