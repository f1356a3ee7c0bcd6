"""Tables of jobs, their policies, routes and the live board."""

from dashboard.dispatch.models.jobs import (
    PRIORITIES,
    STATUSES,
    Job,
    JobCheck,
    JobNote,
    JobPart,
    JobPicture,
    JobSeries,
    JobSkill,
    JobStep,
    JobTechnician,
    SlaPolicy,
)
from dashboard.dispatch.models.plans import BoardChange, RoadSettings, RoutePlan, StreamTicket

__all__ = [
    "PRIORITIES",
    "STATUSES",
    "BoardChange",
    "Job",
    "JobCheck",
    "JobNote",
    "JobPart",
    "JobPicture",
    "JobSeries",
    "JobSkill",
    "JobStep",
    "JobTechnician",
    "RoadSettings",
    "RoutePlan",
    "SlaPolicy",
    "StreamTicket",
]
