"""Background work of the stock: long files of units, and long manifests."""

from sqlalchemy import select

from dashboard.core import jobs
from dashboard.core.db import atomic, reads
from dashboard.inventory.models import Manifest, UnitUpload
from dashboard.inventory.queries.uploads import upload_progress
from dashboard.inventory.service import manifests, unit_import


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
