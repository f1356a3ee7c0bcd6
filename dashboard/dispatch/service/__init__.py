"""Commands on jobs."""

from dashboard.dispatch.service.checks import Point, set_checklist, tick
from dashboard.dispatch.service.jobs import (
    AssignedMeanwhile,
    JobFacts,
    JobMove,
    Stale,
    WantedSkill,
    assign,
    create_job,
    move_jobs,
    unassign,
    update_job,
)
from dashboard.dispatch.service.parts import set_parts, use_part, use_scanned
from dashboard.dispatch.service.sla import PolicyFacts, change_policy, create_policy, remove_policy
from dashboard.dispatch.service.tracking import say_status
from dashboard.dispatch.service.workflow import cancel, change_status, undo_status

__all__ = [
    "AssignedMeanwhile",
    "JobFacts",
    "JobMove",
    "Point",
    "PolicyFacts",
    "Stale",
    "WantedSkill",
    "assign",
    "cancel",
    "change_policy",
    "change_status",
    "create_job",
    "create_policy",
    "move_jobs",
    "remove_policy",
    "say_status",
    "set_checklist",
    "set_parts",
    "tick",
    "unassign",
    "undo_status",
    "update_job",
    "use_part",
    "use_scanned",
]
