"""Taking a business's data along: a zip of everything that is its own, made in the background, fetched by its owner."""

import mimetypes
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import orjson
from sqlalchemy import Column, LargeBinary, RowMapping, String, Table, column, select, table

from dashboard.accounts.models import Tenant
from dashboard.accounts.roles import OWNERSHIP
from dashboard.accounts.service.business import own_tenant
from dashboard.core import clock, events, jobs
from dashboard.core.belongings import Belonging, belongings, rows_of, tenant_folder
from dashboard.core.context import Principal
from dashboard.core.db import atomic, reads, table_of
from dashboard.core.errors import NotFound, Unavailable
from dashboard.core.jobs import WorkState, system_of

JOB = "accounts.export_business"
KEPT_FOR = timedelta(days=7)
BATCH = 500
STEPS_A_CHECKPOINT = 10
FORMAT = 1

LEFT_OUT_TABLES: Mapping[str, str] = {
    "backup_code": "Codes that sign somebody in.",
    "idempotency_key": "Answers kept for a day for requests that are sent twice.",
    "mfa_challenge": "Sign-ins that wait for a second factor.",
    "one_time_link": "Links that sign somebody in.",
    "refresh_token": "Tokens that sign somebody in.",
    "stream_ticket": "Keys that open a stream within seconds.",
    "work": "The machinery of background work.",
}
"""Tables that hold nothing but credentials or machinery, and why each stays here."""

LEFT_OUT_COLUMNS: Mapping[str, frozenset[str]] = {
    "api_key": frozenset({"secret_hash"}),
    "identity_client": frozenset({"client_secret"}),
    "job": frozenset({"track_key"}),
    "invitation": frozenset({"digest"}),
    "mail_message": frozenset({"body"}),  # holds links and codes until it has left
    "oauth_client": frozenset({"secret_hash"}),
    "sales_order": frozenset({"tracking_token"}),
    "user_account": frozenset({"password_hash", "totp_secret", "totp_step"}),
}
"""Columns that prove who somebody is. A test asks of every column that sounds like one whether it belongs here."""


@dataclass(frozen=True, slots=True)
class Export:
    """The latest export of a business. `state` is that of its work, or `expired` once its file was removed.

    `rows` and `size` (bytes) are those of the finished file, `until` is when it goes, `done` the rows read so far.
    """

    work_id: int
    state: str
    asked_at: datetime
    done: int
    text: str
    rows: int = 0
    size: int = 0
    made_at: datetime | None = None
    until: datetime | None = None
    error: str | None = None

    @property
    def live(self) -> bool:
        """Whether it is still being made."""
        return self.state in (WorkState.WAITING, WorkState.RUNNING)


def ask_for_export(by: Principal) -> None:
    """Promise an export of one's business, unless one is being made. Raises NotAllowed for all but the owner."""
    by.require(OWNERSHIP)
    with atomic(by):
        latest = latest_export(by)
        if latest is None or not latest.live:
            jobs.enqueue(by, JOB, {}, unique_key="export")
            events.record(by, "tenant.export_asked", f"tenant:{by.tenant_id}")


def latest_export(by: Principal) -> Export | None:
    """How the export that was asked for last stands, or None. Raises NotAllowed for all but the owner."""
    by.require(OWNERSHIP)
    found = jobs.recent(system_of(by.tenant_id), JOB, 1) if by.tenant_id is not None else []
    return _shown(found[0]) if found else None


def _shown(work: jobs.Work) -> Export:
    made: dict[str, Any] = work.result or {}
    until = None if work.ended_at is None else work.ended_at + KEPT_FOR
    done = work.state == WorkState.DONE
    expired = done and until is not None and until <= clock.true_now()
    return Export(
        work_id=work.id,
        state="expired" if expired else work.state,
        asked_at=work.created_at,
        done=work.progress_done or 0,
        text=work.progress_text or "Making an export",
        rows=made.get("rows", 0),
        size=made.get("bytes", 0),
        made_at=work.ended_at if done else None,
        until=until if done else None,
        error=work.last_error if work.state == WorkState.FAILED else None,
    )


def open_export(by: Principal, work_id: int, instance_path: Path) -> tuple[Path, str]:
    """The file of one's finished export and what to call it; noted in the trail.

    Raises NotAllowed for all but the owner, NotFound for another's, an older one, or one whose week is over.
    """
    latest = latest_export(by)
    path = _folder(instance_path, by.tenant_id or 0) / f"{work_id}.zip"
    if latest is None or latest.work_id != work_id or latest.made_at is None or latest.state != WorkState.DONE:
        raise NotFound("There is no such export. Ask for a new one.")
    if not path.is_file():
        raise NotFound("The file of this export is gone. Ask for a new one.")
    with atomic(by):
        events.record(by, "tenant.export_downloaded", f"tenant:{by.tenant_id}", {"export": work_id})
        code = own_tenant(by).business_code
    return path, f"{code.lower()}-{latest.made_at:%Y-%m-%d}.zip"


def write_export(task: jobs.Task, instance_path: Path) -> dict[str, object]:
    """Write the zip that `task` promises: a batch of rows in memory at a time. A run after a crash begins again.

    Raises Unavailable where the disk takes no file: said in words, because the owner reads them, and tried again.
    """
    try:
        return _write(task, instance_path)
    except OSError as failure:
        raise Unavailable(f"The file could not be written: {failure.strerror or 'the disk failed'}.") from failure


def _write(task: jobs.Task, instance_path: Path) -> dict[str, object]:
    tenant = own_tenant(task.by)
    folder = _folder(instance_path, tenant.id)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # A name of its own for each attempt: one that was thought dead may still be writing.
    part = folder / f"{task.work_id}.{task.attempt}.part"
    part.touch(mode=0o600)
    writer = _Writer(task, tenant)
    try:
        with ZipFile(part, "w", ZIP_DEFLATED) as archive:
            writer.write(archive, tenant_folder(instance_path, tenant.id), folder)
        task.checkpoint()
        part.replace(folder / f"{task.work_id}.zip")
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    for other in folder.iterdir():
        if other.name != f"{task.work_id}.zip":
            other.unlink(missing_ok=True)
    return {"rows": writer.rows, "bytes": (folder / f"{task.work_id}.zip").stat().st_size}


class _Writer:
    """One export on its way into its archive."""

    def __init__(self, task: jobs.Task, tenant: Tenant) -> None:
        self._task = task
        self._tenant = tenant
        self._tables: dict[str, dict[str, object]] = {}
        self._files: list[str] = []
        self._began_at = clock.now()
        self._steps = 0
        self.rows = 0

    def write(self, archive: ZipFile, stored: Path, exports: Path) -> None:
        for each in (Belonging(table_of(Tenant), ""), *belongings()):
            if each.name not in LEFT_OUT_TABLES:
                self._add_rows(archive, each)
                self._add_pictures(archive, each)
        self._add_files(archive, stored, exports)
        archive.writestr(self._entry("manifest.json"), orjson.dumps(self._manifest(), option=orjson.OPT_INDENT_2))

    def _entry(self, name: str) -> ZipInfo:
        entry = ZipInfo(name, self._began_at.timetuple()[:6])
        entry.compress_type, entry.external_attr = ZIP_DEFLATED, 0o600 << 16
        return entry

    def _show_life(self) -> None:
        """A checkpoint now and then: each is a commit, which takes longer than reading a batch."""
        self._steps += 1
        if self._steps % STEPS_A_CHECKPOINT == 0:
            self._task.checkpoint()

    def _add_rows(self, archive: ZipFile, each: Belonging) -> None:
        left_out = LEFT_OUT_COLUMNS.get(each.name, frozenset())
        binary = _binary(each.table)
        count = 0
        with archive.open(self._entry(f"{each.name}.jsonl"), "w", force_zip64=True) as member:
            for rows in rows_of(
                self._task.by, each.table, _which(each, self._tenant.id), size=BATCH, but=(*left_out, *binary)
            ):
                member.write(b"".join(_line(dict(row), each, binary) for row in rows))
                count += len(rows)
                self._show_life()
                self._task.progress(self.rows + count, None, f"Reading {each.name.replace('_', ' ')}")
        self.rows += count
        self._tables[each.name] = {"rows": count, "left_out": sorted(left_out)}

    def _add_pictures(self, archive: ZipFile, each: Belonging) -> None:
        for name in _binary(each.table):
            others = [other.name for other in each.table.c if other.name != name and not _tells_its_name(other)]
            for (values,) in rows_of(self._task.by, each.table, _which(each, self._tenant.id), size=1, but=others):
                if values[name] is not None:
                    path = _path(each, name, values)
                    archive.writestr(self._entry(path), values[name], compress_type=ZIP_STORED)
                    self._files.append(path)

    def _add_files(self, archive: ZipFile, stored: Path, exports: Path) -> None:
        for path in sorted(stored.rglob("*")):
            if path.is_file() and exports not in path.parents:
                name = f"files/{path.relative_to(stored)}"
                with path.open("rb") as source, archive.open(self._entry(name), "w", force_zip64=True) as member:
                    shutil.copyfileobj(source, member)
                self._files.append(name)
                self._show_life()

    def _manifest(self) -> dict[str, object]:
        return {
            "format": FORMAT,
            "business_code": self._tenant.business_code,
            "business": self._tenant.name,
            "began_at": self._began_at,
            "ended_at": clock.now(),
            "schema_revision": _revision(self._task.by),
            "rows": self.rows,
            "tables": self._tables,
            "left_out_tables": dict(LEFT_OUT_TABLES),
            "files": self._files,
            "note": "One JSON object a line. Each row is as it was when it was read, between began_at and ended_at. "
            "The sandbox is not part of it.",
        }


def _which(each: Belonging, tenant_id: int) -> Any:
    tenants = table_of(Tenant)
    return tenants.c.id == tenant_id if each.table is tenants else each.of(tenant_id)


def _binary(of: Table) -> tuple[str, ...]:
    """Columns that hold a file: each value becomes one, whose path stands in its place."""
    return tuple(each.name for each in of.c if isinstance(each.type, LargeBinary))


def _tells_its_name(other: Column[Any]) -> bool:
    return other.primary_key or other.name == "media_type"


def _path(each: Belonging, name: str, values: Mapping[str, Any] | RowMapping) -> str:
    key = "-".join(str(values[part.name]) for part in each.table.primary_key.columns)
    ending = mimetypes.guess_extension(values.get("media_type") or "") or ".bin"
    return f"files/{each.name}/{key}-{name}{ending}"


def _line(values: dict[str, Any], each: Belonging, binary: tuple[str, ...]) -> bytes:
    for name in binary:
        values[name] = _path(each, name, values)
    return orjson.dumps(values, default=str, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS)


def _revision(by: Principal) -> str | None:
    return reads(by).scalar(select(column("version_num", String())).select_from(table("alembic_version")))


def _folder(instance_path: Path, tenant_id: int) -> Path:
    return tenant_folder(instance_path, tenant_id) / "exports"


def remove_old_exports(task: jobs.Task, instance_path: Path) -> dict[str, object]:
    """Remove files whose week is over, and what runs that were killed left behind; the result says how many."""
    removed = 0
    for path in _files(instance_path):
        task.checkpoint()
        tenant_id, work_id = int(path.parents[1].name), int(path.name.partition(".")[0])
        work = jobs.find(system_of(tenant_id), work_id)
        if work is not None and (_shown(work).live or (_shown(work).state == WorkState.DONE and path.suffix == ".zip")):
            continue
        with suppress(FileNotFoundError):
            path.unlink()
            removed += 1
    return {"removed": removed}


def _files(instance_path: Path) -> Iterator[Path]:
    return (path for path in (instance_path / "tenants").glob("*/exports/*") if path.name.partition(".")[0].isdigit())
