"""Who acts, and for which tenant. A plain value: it outlives sessions, requests and threads."""

from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from dashboard.core.errors import NotAllowed


class ActorKind(StrEnum):
    """What stands behind a principal."""

    USER = "user"
    KEY = "key"
    CLIENT = "client"
    SYSTEM = "system"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who acts (`kind`, `actor_id`, `name`), for which tenant, with which rights.

    `tenant_id` is None for the operator, for system work and for nobody. `dialect` is the one an API key was
    made for, or None. `requests_per_minute` is the limit of this credential, or None for the plan's.
    `expires_at` is when the credential stops counting by itself, `session_id` the sign-in it came from, and
    `proved_at` when a password or second factor was last given in it. Whoever `must_enroll` may do nothing but set up
    the second factor that their role asks for. A sandbox may be `clock_offset_s` seconds ahead of the true time. At
    `closes_at` their business is erased, because its owner asked for it.
    """

    kind: ActorKind
    actor_id: int | None
    name: str
    tenant_id: int | None
    scopes: frozenset[str] = field(default_factory=frozenset[str])
    operator: bool = False
    sandbox: bool = False
    dialect: str | None = None
    role: str = ""
    tenant_name: str | None = None
    plan: str = "starter"
    requests_per_minute: int | None = None
    time_zone: str = "UTC"
    currency: str = "USD"
    tenant_public_id: str | None = None
    session_id: int | None = None
    expires_at: datetime | None = None
    proved_at: datetime | None = None
    must_enroll: bool = False
    clock_offset_s: int = 0
    closes_at: datetime | None = None

    def may(self, scope: str) -> bool:
        """Whether this actor holds `scope` (`area:verb`, or `operator`). The system may do everything."""
        return scope in self.scopes or (scope == "operator" and self.operator) or self.kind is ActorKind.SYSTEM

    def above_tenants(self) -> "Principal":
        """The operator without the tenant they may also belong to: for work over all tenants. Raises NotAllowed."""
        self.require("operator")
        return replace(self, tenant_id=None)

    def require(self, scope: str) -> None:
        """Raises NotAllowed where the scope is missing."""
        if not self.may(scope):
            area, _, verb = scope.partition(":")
            doing = {"read": "read", "write": "update", "propose": "propose changes to"}.get(verb, verb)
            what = f"{doing} {area}".strip()
            raise NotAllowed(f"Insufficient permissions to {what}. Requires '{scope}' scope.", scope=scope)

    @property
    def label(self) -> str:
        """How logs and events name the actor: `user:7`, `key:3`, `system`."""
        return self.kind.value if self.actor_id is None else f"{self.kind.value}:{self.actor_id}"


NOBODY = Principal(ActorKind.NOBODY, None, "nobody", None)
SYSTEM = Principal(ActorKind.SYSTEM, None, "system", None, operator=True)

_origin: ContextVar[str | None] = ContextVar("origin", default=None)


def origin() -> str | None:
    """The network address from which the present request came; None for work that nobody waits for."""
    return _origin.get()


def note_origin(address: str | None) -> None:
    """Say where the present request came from, for the event log; None once it has been answered."""
    _origin.set(address)
