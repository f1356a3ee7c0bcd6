"""What is written and pictured of a job: notes, photos, the customer's signature."""

from collections.abc import Iterable

from sqlalchemy import func, select

from dashboard.core import clock, events
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic
from dashboard.core.errors import Conflict, Invalid
from dashboard.dispatch.models import Job, JobNote, JobPicture
from dashboard.dispatch.service import rows
from dashboard.dispatch.service.changes import tell_boards
from dashboard.inventory.service.pictures import Picture, clean_picture

NOTE_LENGTH = 4_000
MOST_PHOTOS = 30
SIGNER_LENGTH = 160


def add_note(by: Principal, number: int, text: str, *, technician_id: int | None = None) -> None:
    """Write something down about a job, also of one that is done with. Raises NotFound, Invalid."""
    text = text.replace("\r\n", "\n").strip()
    if not text or len(text) > NOTE_LENGTH:
        raise Invalid.field("text", f"A note has 1 to {NOTE_LENGTH:,} characters.")
    with atomic(by) as session:
        job = rows.locked_for(by, session, number, technician_id)
        session.add(JobNote(job_id=job.id, text=text, by=by.name[:120], at=clock.now()))
        _note(by, session, job, "dispatch.note_added")


def add_photos(
    by: Principal, number: int, files: Iterable[tuple[str, bytes]], *, technician_id: int | None = None
) -> list[tuple[str, str]]:
    """Take photos, each a file's name and content; by file name why others were refused. Raises NotFound."""
    pictures, refused = _drawn(files)
    with atomic(by) as session:
        job = rows.locked_for(by, session, number, technician_id)
        count = session.scalar(
            select(func.count(JobPicture.id)).where(JobPicture.job_id == job.id, JobPicture.kind == "photo")
        )
        room = MOST_PHOTOS - (count or 0)
        session.add_all(_picture(by, job, "photo", picture) for _, picture in pictures[:room])
        if pictures[:room]:
            _note(by, session, job, "dispatch.photo_added")
    return refused + [(name, f"a job has at most {MOST_PHOTOS} photos") for name, _ in pictures[room:]]


def sign(by: Principal, number: int, signed_by: str, drawing: bytes, *, technician_id: int | None = None) -> None:
    """Keep the customer's signature, in place of an earlier one until the job is done.

    Raises NotFound, Invalid, Conflict.
    """
    signed_by = " ".join(signed_by.split())
    if not signed_by or len(signed_by) > SIGNER_LENGTH:
        raise Invalid.field("signed_by", "Write the name of whoever signs.")
    try:
        picture = clean_picture(drawing)
    except Invalid as error:
        raise Invalid.field("signature", f"The signature cannot be read: {error.message}. Sign again.") from error
    with atomic(by) as session:
        job = rows.locked_for(by, session, number, technician_id)
        if job.status == "cancelled":
            raise Conflict(f"Job {number} is cancelled, so there is nothing to sign.")
        earlier = session.scalar(
            select(JobPicture).where(JobPicture.job_id == job.id, JobPicture.kind == "signature")
        )  # fmt: skip
        if earlier is not None:
            if job.status == "completed":
                raise Conflict(f"{earlier.signed_by} signed this job, and it is completed.")
            session.delete(earlier)
        signature = _picture(by, job, "signature", picture)
        signature.signed_by = signed_by
        session.add(signature)
        _note(by, session, job, "dispatch.signed")


def _drawn(files: Iterable[tuple[str, bytes]]) -> tuple[list[tuple[str, Picture]], list[tuple[str, str]]]:
    """Pictures, and by file name why others are none. Drawn before anything is locked: it takes some seconds."""
    pictures: list[tuple[str, Picture]] = []
    refused: list[tuple[str, str]] = []
    for name, content in files:
        try:
            if len(pictures) >= MOST_PHOTOS:
                raise Invalid.field("photos", f"at most {MOST_PHOTOS} photos fit on a job")
            pictures.append((name, clean_picture(content)))
        except Invalid as error:
            refused.append((name, error.message))
    return pictures, refused


def _picture(by: Principal, job: Job, kind: str, picture: Picture) -> JobPicture:
    return JobPicture(
        job_id=job.id,
        kind=kind,
        content=picture.content,
        content_type=picture.media_type,
        by=by.name[:120],
        at=clock.now(),
    )


def _note(by: Principal, session: CommandSession, job: Job, name: str) -> None:
    """Tell others; the version stays, for what was planned is as it was."""
    session.flush()
    told = rows.told(session, job)
    events.record(by, name, f"job:{job.id}", told)
    tell_boards(by, "changed", job.id, told)
