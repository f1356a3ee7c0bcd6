"""Skills, and who has them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select

from dashboard.core.context import Principal
from dashboard.core.db import AnySelect, reads
from dashboard.core.errors import NotFound
from dashboard.core.paging import Page, PageRequest
from dashboard.workforce.models import Skill, Technician, TechnicianSkill
from dashboard.workforce.queries.technicians import Named


@dataclass(frozen=True, slots=True)
class GrantRow:
    """That a technician has a skill; `number` is what the API shows."""

    number: int
    technician_id: int
    technician: Named
    skill_id: int
    skill: str
    level: int
    expires_on: date | None

    def has_expired(self, today: date) -> bool:
        """Whether it counts no more on this day of the tenant."""
        return self.expires_on is not None and self.expires_on < today


@dataclass(frozen=True, slots=True)
class Matrix:
    """Technicians who get work against skills; `cells` by the number of the one and the id of the other."""

    skills: Sequence[Skill]
    technicians: Sequence[Named]
    cells: Mapping[tuple[int, int], GrantRow]


def list_skills(by: Principal) -> Sequence[Skill]:
    """All skills by name."""
    return reads(by).scalars(select(Skill).order_by(Skill.name_key, Skill.id)).all()


def show_skill(by: Principal, skill_id: int) -> Skill:
    """The skill with this id. Raises NotFound."""
    found = reads(by).scalar(select(Skill).where(Skill.id == skill_id))
    if found is None:
        raise NotFound("There is no such skill.")
    return found


def grant_page(by: Principal, page: PageRequest, *, technician: int | None = None, skill: str = "") -> Page[GrantRow]:
    """A numbered page of who has which skill, by number; of one technician or of one skill by name."""
    statement, total = _select(), select(func.count(TechnicianSkill.id))
    total = total.join(Technician, Technician.id == TechnicianSkill.technician_id)
    total = total.join(Skill, Skill.id == TechnicianSkill.skill_id)
    if technician is not None:
        statement = statement.where(Technician.number == technician)
        total = total.where(Technician.number == technician)
    if skill:
        named = func.lower(Skill.name) == skill.strip().lower()
        statement, total = statement.where(named), total.where(named)
    ordered = statement.order_by(TechnicianSkill.number).limit(page.size).offset(page.offset)
    found = reads(by).execute(ordered).all()
    return Page([_row(row) for row in found], page, reads(by).scalar(total) or 0)


def show_grant(by: Principal, number: int) -> GrantRow:
    """What was granted by this number. Raises NotFound."""
    found = reads(by).execute(_select().where(TechnicianSkill.number == number)).first()
    if found is None:
        raise NotFound(f"There is no skill of a technician with the number {number}.")
    return _row(found)


def find_grant(by: Principal, technician: int, skill_id: int) -> GrantRow | None:
    """How good the technician with this number is at a skill; None where they do not have it."""
    statement = _select().where(Technician.number == technician, TechnicianSkill.skill_id == skill_id)
    found = reads(by).execute(statement).first()
    return None if found is None else _row(found)


def skill_matrix(by: Principal) -> Matrix:
    """Every technician who gets work, every skill, and what the one has of the other."""
    people = (
        select(Technician.number, Technician.name)
        .where(Technician.active)
        .order_by(Technician.search_name, Technician.id)
    )
    named = [Named(*row) for row in reads(by).execute(people)]
    grants = grants_of(by, Technician.active.is_(True))
    return Matrix(list_skills(by), named, {(each.technician.number, each.skill_id): each for each in grants})


def grants_of(by: Principal, whose: ColumnElement[bool]) -> list[GrantRow]:
    """Who has which skill, of the technicians that `whose` holds for, by the name of the skill."""
    return [_row(row) for row in reads(by).execute(_select().where(whose).order_by(Skill.name_key))]


def _select() -> AnySelect:
    return (
        select(TechnicianSkill, Technician.number, Technician.name, Skill.name)
        .join(Technician, Technician.id == TechnicianSkill.technician_id)
        .join(Skill, Skill.id == TechnicianSkill.skill_id)
    )


def _row(found: Row[*tuple[Any, ...]]) -> GrantRow:
    grant, number, name, skill = found
    return GrantRow(
        grant.number, grant.technician_id, Named(number, name), grant.skill_id, skill, grant.level, grant.expires_on
    )
