"""How jobs are spoken of on pages."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from dashboard.customers.queries import Moment
from dashboard.dispatch.queries.details import StepRow
from dashboard.dispatch.queries.jobs import JobRow

STATUS_WORDS = {
    "pending": "Waiting", "dispatched": "Dispatched", "acknowledged": "Acknowledged", "en_route": "On the way",
    "on_site": "On site", "in_progress": "In progress", "completed": "Completed", "cancelled": "Cancelled",
}  # fmt: skip
STATUS_TONES = {
    "pending": "warn", "dispatched": "neutral", "acknowledged": "info", "en_route": "info", "on_site": "info",
    "in_progress": "info", "completed": "good", "cancelled": "neutral",
}  # fmt: skip
PRIORITY_WORDS = {"low": "Low", "normal": "Normal", "high": "High", "urgent": "Urgent"}
PRIORITY_TONES = {"low": "neutral", "normal": "neutral", "high": "warn", "urgent": "bad"}
_HAPPENED = {
    "dispatch.created": "Created",
    "dispatch.changed": "Changed",
    "dispatch.parts_changed": "Parts changed",
    "dispatch.part_used": "Part used",
    "dispatch.checklist_changed": "Checklist changed",
    "dispatch.photo_added": "Photo added",
    "dispatch.signed": "Signed",
    "dispatch.note_added": "Note written",
    "dispatch.series_ended": "Comes again no more",
}


class Told(NamedTuple):
    """A line of a timeline."""

    text: str
    detail: str
    who: str
    at: datetime


def timeline(steps: Sequence[StepRow], moments: Sequence[Moment]) -> list[Told]:
    """What happened to a job, the latest first: its steps, and what else is in the event log."""
    told = [Told(_step(step), _beside(step), step.by, step.at) for step in steps]
    told += [Told(_HAPPENED[each.name], "", each.who, each.at) for each in moments if each.name in _HAPPENED]
    return sorted(told, key=lambda each: each.at, reverse=True)


def _step(step: StepRow) -> str:
    if step.undone:
        return f"Taken back to {STATUS_WORDS[step.after].lower()}"
    if step.after == "dispatched":
        return f"Given to {step.technician_name or 'nobody'}"
    return STATUS_WORDS[step.after]


def _beside(step: StepRow) -> str:
    parts = [f"without {' and '.join(STATUS_WORDS[each].lower() for each in step.skipped)}"] if step.skipped else []
    if step.latitude is not None and step.longitude is not None:
        parts.append(f"at {step.latitude:.4f}, {step.longitude:.4f}")
    return ", ".join(parts)


def span(job: JobRow, time_zone: str) -> str:
    """When a job is planned: `Fri 20 Nov, 9:00 to 11:00`."""
    if job.scheduled_start is None or job.scheduled_end is None:
        return "Not planned"
    zone = ZoneInfo(time_zone)
    start, end = job.scheduled_start.astimezone(zone), job.scheduled_end.astimezone(zone)
    until = f"{end:%H:%M}" if end.date() == start.date() else f"{end:%a %-d %b, %H:%M}"
    return f"{start:%a %-d %b, %H:%M} to {until}"


def hours(job: JobRow, time_zone: str) -> str:
    """`9:00 to 11:00`: of a job whose day is known."""
    if job.scheduled_start is None or job.scheduled_end is None:
        return "No time"
    zone = ZoneInfo(time_zone)
    return f"{job.scheduled_start.astimezone(zone):%H:%M} to {job.scheduled_end.astimezone(zone):%H:%M}"


def due_words(job: JobRow, now: datetime) -> tuple[str, str] | None:
    """The SLA clock that runs, in words, and its tone."""
    due = job.due(now)
    if due is None:
        return None
    kind, at, late = due
    minutes = int(abs((at - now).total_seconds()) // 60)
    length = f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"
    if minutes >= 24 * 60:
        length = f"{minutes // (24 * 60)} days"
    what = "Response" if kind == "response" else "Resolution"
    return (f"{what} {length} late", "bad") if late else (f"{what} in {length}", "warn" if minutes < 60 else "neutral")
