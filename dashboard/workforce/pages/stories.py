"""What happened to a technician or a zone, in words."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from dashboard.customers.queries import Moment

_PLAIN = {
    "technician.created": "Added",
    "technician.changed": "Changed",
    "technician.absence_added": "Absence added",
    "technician.absence_removed": "Absence removed",
    "technician.skill_granted": "Skill set",
    "technician.skill_revoked": "Skill taken",
}
_FIELDS = {
    "base_pay": "pay",
    "pay_type": "pay",
    "user": "sign-in",
    "start_from": "start",
    "location": "start",
    "shifts": "hours",
    "active": "gets work or not",
}


class Told(NamedTuple):
    """A line of a timeline."""

    text: str
    detail: str
    who: str
    at: datetime


def told(moments: Sequence[Moment]) -> list[Told]:
    """The lines of a timeline."""
    return [
        Told(_PLAIN.get(each.name, _plain(each.name)), _detail(each.name, each.data), each.who, each.at)
        for each in moments
    ]


def _plain(name: str) -> str:
    return name.partition(".")[2].replace("_", " ").capitalize()


def _detail(name: str, data: Mapping[str, Any]) -> str:
    if name == "technician.changed":
        fields: list[str] = data.get("fields", [])
        words = [_FIELDS.get(each, each.partition("_")[0]) for each in fields]
        return ", ".join(dict.fromkeys(words))
    if name == "technician.skill_granted":
        until = f" until {data['expires_on']}" if data.get("expires_on") else ""
        return f"{data.get('skill')}: level {data.get('level')}{until}"
    return str(data.get("skill") or "")
