"""The tenant's own list of grades: A+, A, B, C, D until it is changed."""

from dataclasses import dataclass

from sqlalchemy import func, select, update

from dashboard.core import clock, events
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic, reads
from dashboard.core.errors import Conflict, Invalid, NotFound
from dashboard.inventory.models import Grade, Product, Unit

DEFAULTS = (("A+", "Like new"), ("A", "Excellent"), ("B", "Good"), ("C", "Fair"), ("D", "For parts"))
CODE_LENGTH, LABEL_LENGTH = 12, 60


@dataclass(frozen=True, slots=True)
class GradeRow:
    """A grade as it is listed; the best stands first."""

    code: str
    label: str


def list_grades(by: Principal) -> list[GradeRow]:
    """The grades in their order."""
    rows = reads(by).execute(select(Grade.code, Grade.label).order_by(Grade.position, Grade.id)).all()
    return [GradeRow(*row) for row in rows] or [GradeRow(*row) for row in DEFAULTS]


def add_grade(by: Principal, code: str, label: str) -> None:
    """Add a grade at the end of the list. Raises Invalid, or Conflict where there is one with this code."""
    by.require("products:write")
    code, label = _checked(code, label)
    with atomic(by) as session:
        grades = _own(session)
        if any(grade.code == code for grade in grades):
            raise Conflict(f"There is a grade {code} already.", code="grade_taken")
        session.add(Grade(code=code, label=label, position=len(grades) + 1))
        events.record(by, "grade.added", f"grade:{code}", {"code": code, "label": label})


def change_grade(by: Principal, old_code: str, code: str, label: str) -> int:
    """Rename a grade: its units and the products of its SKUs are rewritten with it, SKUs stay as they are printed.

    Returns how many units carry the new name. Raises NotFound, Invalid, or Conflict where the code is another's.
    """
    by.require("products:write")
    code, label = _checked(code, label)
    with atomic(by) as session:
        grades = {grade.code: grade for grade in _own(session)}
        grade = grades.get(old_code)
        if grade is None:
            raise NotFound(f"There is no grade '{old_code}'.")
        if code != old_code and code in grades:
            raise Conflict(f"There is a grade {code} already.", code="grade_taken")
        grade.code, grade.label = code, label
        session.flush()
        rewritten = 0 if code == old_code else _rewrite(session, old_code, code)
        told = {"code": [old_code, code], "label": label, "units": rewritten}
        events.record(by, "grade.changed", f"grade:{code}", told)
    return rewritten


def _rewrite(session: CommandSession, old: str, new: str) -> int:
    quietly = {"synchronize_session": False}
    changed = update(Unit).where(Unit.grade == old).values(grade=new, updated_at=clock.now(), version=Unit.version + 1)
    rewritten = session.execute(changed.execution_options(**quietly))
    session.execute(update(Product).where(Product.grade == old).values(grade=new).execution_options(**quietly))
    return int(getattr(rewritten, "rowcount", 0))


def move_grade(by: Principal, code: str, *, up: bool) -> None:
    """Put a grade one place up or down in the list; at its end it stays. Raises NotFound."""
    by.require("products:write")
    with atomic(by) as session:
        grades = _own(session)
        at = next((place for place, grade in enumerate(grades) if grade.code == code), None)
        if at is None:
            raise NotFound(f"There is no grade '{code}'.")
        to = at - 1 if up else at + 1
        if 0 <= to < len(grades):
            grades[at], grades[to] = grades[to], grades[at]
        for place, grade in enumerate(grades, 1):
            grade.position = place


def remove_grade(by: Principal, code: str) -> None:
    """Take a grade off the list. Raises NotFound, or Conflict where units or products still carry it."""
    by.require("products:write")
    with atomic(by) as session:
        grade = next((each for each in _own(session) if each.code == code), None)
        if grade is None:
            raise NotFound(f"There is no grade '{code}'.")
        units = session.scalar(select(func.count()).select_from(Unit).where(Unit.grade == code)) or 0
        products = session.scalar(select(func.count()).select_from(Product).where(Product.grade == code)) or 0
        if units or products:
            raise Conflict(
                f"{units:,} units and {products:,} products carry the grade {code}. Rename it, or regrade them first.",
                code="grade_in_use",
            )
        session.delete(grade)
        events.record(by, "grade.removed", f"grade:{code}", {"code": code})


def _own(session: CommandSession) -> list[Grade]:
    """The tenant's rows, in order and locked; the list that every tenant begins with is written down first."""
    statement = select(Grade).order_by(Grade.position, Grade.id).with_for_update()
    found = list(session.scalars(statement))
    if not found:
        found = [Grade(code=code, label=label, position=place) for place, (code, label) in enumerate(DEFAULTS, 1)]
        session.add_all(found)
        session.flush()
    return found


def _checked(code: str, label: str) -> tuple[str, str]:
    code, label = code.strip(), " ".join(label.split())
    if not code or len(code) > CODE_LENGTH or not code.isprintable():
        raise Invalid.field("code", f"A grade has 1 to {CODE_LENGTH} characters, such as A+.")
    if not label or len(label) > LABEL_LENGTH:
        raise Invalid.field("label", f"Describe it in 1 to {LABEL_LENGTH} characters, such as Excellent.")
    return code, label
