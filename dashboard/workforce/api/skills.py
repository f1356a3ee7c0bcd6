"""Skills of technicians through K (K565)."""

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.paging import PageRequest
from dashboard.web.answers import Empty, Many, One, Show
from dashboard.web.api import ApiBlueprint
from dashboard.workforce import service
from dashboard.workforce.api.shapes import grant_json
from dashboard.workforce.api.technicians import READ, WRITE, grant
from dashboard.workforce.local_time import day_of
from dashboard.workforce.queries import skills
from dashboard.workforce.queries.skills import GrantRow
from dashboard.workforce.schemas import GrantJson, GrantListQuery, NewGrantBody

skills_api = ApiBlueprint(
    "technician_skills_api", __name__, url_prefix="/api/v1/admin/technician-skills", speaks="tradekitt", area="field"
)


@skills_api.operation("GET", "", needs=READ, answer=GrantJson, shape="many", query=GrantListQuery)
def skill_list(by: Principal, page: PageRequest, query: GrantListQuery) -> Many[GrantRow]:
    """List skills of technicians"""
    return Many(skills.grant_page(by, page, technician=query.technician_id, skill=query.skill), _shown(by))


@skills_api.operation("POST", "", needs=WRITE, answer=GrantJson, status=201, body=NewGrantBody)
def skill_grant(by: Principal, body: NewGrantBody) -> One[GrantRow]:
    """Give a technician a skill, or change its level"""
    made = service.grant_skill(by, body.technician_id, grant(body))
    return One(skills.show_grant(by, made.number), _shown(by))


@skills_api.operation("GET", "/<int:skill_id>", needs=READ, answer=GrantJson)
def skill_show(by: Principal, skill_id: int) -> One[GrantRow]:
    """Get a skill of a technician"""
    return One(skills.show_grant(by, skill_id), _shown(by))


@skills_api.operation("DELETE", "/<int:skill_id>", needs=WRITE, answer=None, shape="empty", status=204)
def skill_revoke(by: Principal, skill_id: int) -> Empty:
    """Take a skill from a technician"""
    service.revoke_skill(by, skill_id)
    return Empty()


def _shown(by: Principal) -> Show[GrantRow]:
    today = day_of(clock.now(), by.time_zone)
    return lambda row, _: grant_json(row, today)
