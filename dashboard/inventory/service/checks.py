"""What was checked on a device: its activation lock, the blacklist, and how its data were erased."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from dashboard.core import clock, events
from dashboard.core.context import Principal
from dashboard.core.db import atomic
from dashboard.core.errors import Conflict, FieldError, Invalid, NotFound
from dashboard.inventory.models import Unit
from dashboard.inventory.service.corrections import lock_units

LOCKS = {"unknown": "Not checked", "off": "Off", "on": "On"}
BLACKLIST = {"unknown": "Not checked", "clean": "Clean", "blocked": "Reported lost or stolen"}
STANDARD_LENGTH, CERTIFICATE_LENGTH = 60, 80


@dataclass(frozen=True, slots=True)
class Checks:
    """What is known. An erasure has a standard (NIST 800-88), the number of its certificate and the day it was done."""

    activation_lock: str = "unknown"
    blacklist: str = "unknown"
    erasure_standard: str = ""
    erasure_certificate: str = ""
    erased_on: date | None = None

    @property
    def erasure(self) -> dict[str, Any] | None:
        if not (self.erasure_standard or self.erasure_certificate or self.erased_on):
            return None
        day = None if self.erased_on is None else self.erased_on.isoformat()
        return {"standard": self.erasure_standard, "certificate": self.erasure_certificate, "at": day}


def record_checks(by: Principal, public_id: str, checks: Checks) -> None:
    """Note the checks of a unit that is here. Raises NotFound, Invalid, or Conflict for one that has left."""
    by.require("inventory:write")
    _check(checks)
    with atomic(by) as session:
        unit_id = session.scalar(select(Unit.id).where(Unit.public_id == public_id))
        if unit_id is None:
            raise NotFound(f"There is no unit '{public_id}'.")
        unit = lock_units(session, [unit_id])[unit_id]
        if unit.gone_at is not None:
            raise Conflict(f"The unit is {unit.state}, so its checks cannot be changed.")
        told: dict[str, Any] = {}
        for name in ("activation_lock", "blacklist", "erasure"):
            before, after = getattr(unit, name), getattr(checks, name)
            if before != after:
                told[name] = [before, after]
                setattr(unit, name, after)
        if told:
            unit.version += 1
            unit.updated_at = clock.now()
            events.record(by, "inventory.checked", f"unit:{unit.id}", {"unit": unit.public_id, "changed": told})


def _check(checks: Checks) -> None:
    wrong: list[FieldError] = []
    if checks.activation_lock not in LOCKS:
        wrong.append(FieldError("activation_lock", f"An activation lock is one of {', '.join(LOCKS)}."))
    if checks.blacklist not in BLACKLIST:
        wrong.append(FieldError("blacklist", f"A blacklist status is one of {', '.join(BLACKLIST)}."))
    if len(checks.erasure_standard) > STANDARD_LENGTH:
        wrong.append(FieldError("erasure_standard", f"Use at most {STANDARD_LENGTH} characters."))
    if len(checks.erasure_certificate) > CERTIFICATE_LENGTH:
        wrong.append(FieldError("erasure_certificate", f"Use at most {CERTIFICATE_LENGTH} characters."))
    if checks.erasure is not None:
        if not checks.erasure_certificate:
            wrong.append(FieldError("erasure_certificate", "Give the number of the certificate."))
        if checks.erased_on is None:
            wrong.append(FieldError("erased_on", "Say on which day the data were erased."))
        elif checks.erased_on > clock.now().date():
            wrong.append(FieldError("erased_on", "This day is still to come."))
    if wrong:
        raise Invalid(wrong[0].message, fields=tuple(wrong))
