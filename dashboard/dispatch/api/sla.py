"""SLA policies and their violations through K (K566)."""

from dashboard.core.context import Principal
from dashboard.core.errors import Invalid
from dashboard.core.paging import PageRequest
from dashboard.dispatch import service
from dashboard.dispatch.api import shapes
from dashboard.dispatch.queries import sla
from dashboard.dispatch.queries.sla import PolicyRow, Violation, ViolationFilter
from dashboard.dispatch.schemas import NewPolicyBody, PolicyChangeBody, PolicyJson, ViolationJson, ViolationQuery
from dashboard.dispatch.service import PolicyFacts
from dashboard.web.answers import Empty, Many, One
from dashboard.web.api import ApiBlueprint
from dashboard.web.moments import lower, upper

sla_api = ApiBlueprint("sla_api", __name__, url_prefix="/api/v1/admin/sla", speaks="tradekitt", area="field")

READ, WRITE = "dispatch:read", "dispatch:write"
_NEVER_EMPTY = ("name", "response_minutes", "resolution_minutes", "active")


@sla_api.operation("GET", "", needs=READ, answer=PolicyJson, shape="many")
def policy_list(by: Principal, page: PageRequest) -> Many[PolicyRow]:
    """List SLA policies"""
    return Many(sla.policy_page(by, page), shapes.policy)


@sla_api.operation("POST", "", needs=WRITE, answer=PolicyJson, status=201, body=NewPolicyBody)
def policy_create(by: Principal, body: NewPolicyBody) -> One[PolicyRow]:
    """Create an SLA policy"""
    sent = body.model_dump()
    policy = service.create_policy(by, PolicyFacts(customer=sent.pop("customer_id"), **sent))
    return One(sla.find_policy(by, policy.number), shapes.policy)


@sla_api.operation("PATCH", "/<int:policy_id>", needs=WRITE, answer=PolicyJson, body=PolicyChangeBody)
def policy_change(by: Principal, policy_id: int, body: PolicyChangeBody) -> One[PolicyRow]:
    """Change an SLA policy"""
    sent = body.model_dump(exclude_unset=True)
    version = sent.pop("version", None)
    for name in _NEVER_EMPTY:
        if name in sent and sent[name] is None:
            raise Invalid.field(name, f"Field '{name}' cannot be null")
    if "customer_id" in sent:
        sent["customer"] = sent.pop("customer_id")
    service.change_policy(by, policy_id, sent, version=version)
    return One(sla.find_policy(by, policy_id), shapes.policy)


@sla_api.operation("DELETE", "/<int:policy_id>", needs=WRITE, answer=None, shape="empty", status=204)
def policy_remove(by: Principal, policy_id: int) -> Empty:
    """Remove an SLA policy"""
    service.remove_policy(by, policy_id)
    return Empty()


@sla_api.operation("GET", "/violations", needs=READ, answer=ViolationJson, shape="many", query=ViolationQuery)
def violation_list(by: Principal, page: PageRequest, query: ViolationQuery) -> Many[Violation]:
    """List SLA violations"""
    where = ViolationFilter(
        since=lower(query.date_from, by.time_zone),
        until=upper(query.date_to, by.time_zone),
        kind=query.kind,
        technician=query.technician_id,
    )
    return Many(sla.violations(by, where, page), shapes.violation)
