"""Background work of the stock: long files of units, long manifests, and changes of long lists."""

from sqlalchemy import select

from dashboard.core import jobs
from dashboard.core.db import atomic, reads
from dashboard.inventory.models import Manifest, UnitUpload
from dashboard.inventory.queries.uploads import upload_progress
from dashboard.inventory.service import bulk_lists, manifests, unit_import


@jobs.job(unit_import.JOB)
def take_in_file(task: jobs.Task) -> dict[str, object]:
    """Take in the parts of a file one after the other; each is gone once it is in."""
    upload_id: int = task.args["upload_id"]
    currency = reads(task.by).scalar(select(UnitUpload.currency).where(UnitUpload.id == upload_id)) or "USD"
    by = unit_import.importer(task.by, task.asked_by, currency)
    more, done = True, 0
    while more:
        task.checkpoint()
        with atomic(by):
            more = unit_import.take_part(by, upload_id)
            done, total = upload_progress(by, upload_id)
            task.progress(done, total, "Taking in rows")
    return {"rows": done}


@jobs.job(manifests.JOB)
def receive_manifest(task: jobs.Task) -> dict[str, object]:
    """Receive all lines of a manifest that are ready, batch by batch."""
    manifest_id: int = task.args["manifest_id"]
    by = unit_import.importer(task.by, task.asked_by, "USD")
    if reads(by).scalar(select(Manifest.status).where(Manifest.id == manifest_id)) != "open":
        return {"received": 0}
    done = 0
    while True:
        task.checkpoint()
        with atomic(by) as session:
            some = manifests.receive_batch(by, manifest_id)
            done += some
            task.progress(done, done + manifests.count_ready(session, manifest_id), "Receiving units")
        if not some:
            return {"received": done}


@jobs.job(bulk_lists.JOB)
def change_list(task: jobs.Task) -> dict[str, object]:
    """Change the units of a list, batch by batch, each of them once."""
    bulk_id: int = task.args["bulk_id"]
    by = unit_import.importer(task.by, task.asked_by, "USD")
    after: int | None = task.saved.get("after", 0)
    while after is not None:
        task.checkpoint()
        with atomic(by):
            after = bulk_lists.change_some(by, bulk_id, after=after)
            change = bulk_lists.get_change(by, bulk_id)
            task.save({"after": after})
            task.progress(change.report["done"], max(change.total, change.report["done"]), "Changing units")
    return {"changed": bulk_lists.get_change(by, bulk_id).report["changed"]}


@jobs.job(bulk_lists.UNDO_JOB)
def undo_list(task: jobs.Task) -> dict[str, object]:
    """Take back a change of a long list, batch by batch."""
    bulk_id: int = task.args["bulk_id"]
    by = unit_import.importer(task.by, task.asked_by, "USD")
    more = True
    while more:
        task.checkpoint()
        with atomic(by):
            more = bulk_lists.undo_some(by, bulk_id)
            change = bulk_lists.get_change(by, bulk_id)
            done = change.undo_report["done"]
            task.progress(done, max(change.report.get("changed", 0), done), "Taking the change back")
    return {"changed": bulk_lists.get_change(by, bulk_id).undo_report["changed"]}
