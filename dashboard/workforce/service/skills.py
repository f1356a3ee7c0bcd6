"""Skills, and who has them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from dashboard.catalog.normalise import clean_text, search_text
from dashboard.core import events, numbers
from dashboard.core.context import Principal
from dashboard.core.db import CommandSession, atomic, table_of
from dashboard.core.errors import Conflict, FieldError, Invalid, NotFound
from dashboard.core.tenancy import OWN_TENANT
from dashboard.workforce.models import Skill, Technician, TechnicianSkill
from dashboard.workforce.service.locks import locked

LEVELS = range(1, 6)
MAX_NAME = 80
WRITE = "technicians:write"


@dataclass(frozen=True, slots=True)
class Grant:
    """How good somebody is at a skill, 1 to 5, and the last day on which that is certified; None is for good."""

    skill: str
    level: int
    expires_on: date | None = None


def grant_faults(grants: Sequence[Grant]) -> list[FieldError]:
    """What is wrong with the skills of a technician; a fault names `skills[n]`."""
    wrong: list[FieldError] = []
    seen: set[str] = set()
    for place, each in enumerate(grants):
        key = search_text(each.skill)
        faults = [*_faults(each).values(), f"{each.skill} comes twice. Say it once." if key in seen else ""]
        seen.add(key)
        wrong += [FieldError(f"skills[{place}]", fault) for fault in faults if fault]
    return wrong


def _faults(grant: Grant) -> dict[str, str]:
    """What is wrong with a grant, by field."""
    level = "" if grant.level in LEVELS else "A level is 1 (learning) to 5 (teaches it)."
    return {name: fault for name, fault in (("skill", _name_fault(grant.skill)), ("level", level)) if fault}


def _name_fault(name: str) -> str:
    if not search_text(name) or len(clean_text(name)) > MAX_NAME:
        return f"A skill has a name of up to {MAX_NAME} characters, such as HVAC."
    return ""


def create_skill(by: Principal, name: str) -> Skill:
    """Add a skill that nobody has yet. Raises Invalid, Conflict where there is one of that name."""
    by.require(WRITE)
    if fault := _name_fault(name):
        raise Invalid.field("name", fault)
    with atomic(by) as session:
        if _named(session, name) is not None:
            raise Conflict(f"There is a skill {clean_text(name)} already.", code="skill_exists")
        made = _add(session, name)
        events.record(by, "skill.created", f"skill:{made.id}", {"name": made.name})
    return made


def rename_skill(by: Principal, skill_id: int, name: str) -> Skill:
    """Give a skill another name. Raises NotFound, Invalid, Conflict where another has it."""
    by.require(WRITE)
    if fault := _name_fault(name):
        raise Invalid.field("name", fault)
    with atomic(by) as session:
        skill = _locked(session, skill_id)
        other = _named(session, name)
        if other is not None and other.id != skill.id:
            raise Conflict(f"There is a skill {other.name} already.", code="skill_exists")
        before = skill.name
        skill.name, skill.name_key = clean_text(name), search_text(name)[:MAX_NAME]
        _flush(session, skill.name)
        events.record(by, "skill.renamed", f"skill:{skill.id}", {"name": [before, skill.name]})
    return skill


def remove_skill(by: Principal, skill_id: int) -> None:
    """Forget a skill that nobody has. Raises NotFound, Conflict where somebody has it or a job asks for it."""
    by.require(WRITE)
    with atomic(by) as session:
        skill = _locked(session, skill_id)
        if session.scalar(select(TechnicianSkill.id).where(TechnicianSkill.skill_id == skill.id).limit(1)) is not None:
            raise Conflict(f"Technicians have {skill.name}. Take it from them first.", code="skill_in_use")
        name = skill.name
        session.delete(skill)
        try:
            session.flush()
        except IntegrityError as error:
            raise Conflict(f"Jobs ask for {name}, so it stays.", code="skill_in_use") from error
        events.record(by, "skill.removed", f"skill:{skill_id}", {"name": name})


def grant_skill(by: Principal, technician_number: int, grant: Grant) -> TechnicianSkill:
    """Say how good a technician is at something, in place of what was said before; an unknown skill is added.

    Raises NotFound, Invalid for a level that is not 1 to 5.
    """
    by.require(WRITE)
    if wrong := tuple(FieldError(name, fault) for name, fault in _faults(grant).items()):
        raise Invalid(wrong[0].message, fields=wrong)
    with atomic(by) as session:
        technician = locked(session, technician_number)
        skill = _known(by, session, grant.skill)
        statement = select(TechnicianSkill).where(
            TechnicianSkill.technician_id == technician.id, TechnicianSkill.skill_id == skill.id
        )
        found = session.scalar(statement)
        if found is None:
            found = TechnicianSkill(
                number=numbers.take(by, "technician_skill"), technician_id=technician.id, skill_id=skill.id
            )
            session.add(found)
        found.level, found.expires_on = grant.level, grant.expires_on
        session.flush()
        _tell(by, "technician.skill_granted", technician, skill.name, grant)
    return found


def revoke_skill(by: Principal, number: int) -> None:
    """Take a skill from a technician, by the number of what was granted. Raises NotFound."""
    by.require(WRITE)
    with atomic(by) as session:
        statement = (
            select(TechnicianSkill, Skill.name)
            .join(Skill, Skill.id == TechnicianSkill.skill_id)
            .where(TechnicianSkill.number == number)
        )
        found = session.execute(statement).first()
        if found is None:
            raise NotFound(f"There is no skill of a technician with the number {number}.")
        grant, name = found
        session.delete(grant)
        events.record(by, "technician.skill_revoked", f"technician:{grant.technician_id}", {"skill": name})


def write_grants(by: Principal, session: CommandSession, technician: Technician, grants: Sequence[Grant]) -> None:
    """Put these skills in place of the present ones; those that stay keep their numbers. They must be sound."""
    # In the order of their names: two commands that add the same skills never wait for each other in a circle.
    ids = {key: _known(by, session, name).id for key, name in sorted((search_text(g.skill), g.skill) for g in grants)}
    wanted = {ids[search_text(each.skill)]: each for each in grants}
    present = session.scalars(select(TechnicianSkill).where(TechnicianSkill.technician_id == technician.id)).all()
    gone = [each.id for each in present if each.skill_id not in wanted]
    session.execute(delete(TechnicianSkill).where(TechnicianSkill.id.in_(gone)))
    kept = {each.skill_id: each for each in present if each.skill_id in wanted}
    for skill_id, grant in wanted.items():
        row = kept.get(skill_id)
        if row is None:
            row = TechnicianSkill(number=numbers.take(by, "technician_skill"), technician_id=technician.id)
            row.skill_id = skill_id
            session.add(row)
        row.level, row.expires_on = grant.level, grant.expires_on


def _tell(by: Principal, name: str, technician: Technician, skill: str, grant: Grant) -> None:
    until = None if grant.expires_on is None else grant.expires_on.isoformat()
    told = {"skill": skill, "level": grant.level, "expires_on": until}
    events.record(by, name, f"technician:{technician.id}", told)


def _named(session: CommandSession, name: str) -> Skill | None:
    return session.scalar(select(Skill).where(Skill.name_key == search_text(name)[:MAX_NAME]))


def _known(by: Principal, session: CommandSession, name: str) -> Skill:
    """The skill of that name, added where there was none: by several commands at once it is one all the same."""
    found = _named(session, name)
    if found is not None:
        return found
    insert = _INSERTS[session.get_bind().dialect.name]
    values = {"tenant_id": by.tenant_id, "name": clean_text(name), "name_key": search_text(name)[:MAX_NAME]}
    session.execute(insert(table_of(Skill)).values(values).on_conflict_do_nothing(), execution_options=OWN_TENANT)
    found = _named(session, name)
    assert found is not None
    return found


_INSERTS: dict[str, type[sqlite.Insert] | type[postgresql.Insert]] = {
    "sqlite": sqlite.Insert,
    "postgresql": postgresql.Insert,
}


def _add(session: CommandSession, name: str) -> Skill:
    made = Skill(name=clean_text(name), name_key=search_text(name)[:MAX_NAME])
    session.add(made)
    _flush(session, made.name)
    return made


def _flush(session: CommandSession, name: str) -> None:
    try:
        session.flush()
    except IntegrityError as error:  # somebody else gave the name at the same moment
        raise Conflict(f"There is a skill {name} already.", code="skill_exists") from error


def _locked(session: CommandSession, skill_id: int) -> Skill:
    statement = select(Skill).where(Skill.id == skill_id).with_for_update()
    found = session.scalar(statement.execution_options(populate_existing=True))
    if found is None:
        raise NotFound("There is no such skill.")
    return found
