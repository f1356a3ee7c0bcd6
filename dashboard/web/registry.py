"""Where domains hang themselves in: navigation, the search box, overview tiles, credentials, the rights of routes.

Nothing in `core` or `web` names a domain; each adds itself from `create_app()`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from flask import Flask, current_app
from flask.typing import ResponseReturnValue

from dashboard.core.context import Principal


@dataclass(frozen=True, slots=True)
class NavItem:
    """An entry of the sidebar. `count`, if any, is shown beside it; it must cost at most one indexed look-up."""

    label: str
    endpoint: str
    icon: str
    needs: str
    group: str | None = None
    order: int = 100
    count: Callable[[Principal], int] | None = None


@dataclass(frozen=True, slots=True)
class SearchHit:
    """One answer of the search-everything box."""

    title: str
    detail: str
    url: str
    kind: str
    icon: str


@dataclass(frozen=True, slots=True)
class SearchProvider:
    """Asked by the search box with what was typed (at least two characters); answers at most `limit` hits."""

    kind: str
    needs: str
    find: Callable[[Principal, str, int], Sequence[SearchHit]]
    order: int = 100


@dataclass(frozen=True, slots=True)
class Tile:
    """A part of the overview: a template and the function that makes its context."""

    template: str
    needs: str
    load: Callable[[Principal], dict[str, Any]]
    order: int = 100


@dataclass(frozen=True, slots=True)
class CredentialKind:
    """Bearer tokens that start with `prefix`. `resolve` answers their principal or raises NotAuthenticated."""

    prefix: str
    resolve: Callable[[str], Principal]


@dataclass(frozen=True, slots=True)
class Operation:
    """One documented API endpoint: what the guard, the OpenAPI document and the tests all read."""

    endpoint: str
    method: str
    rule: str
    needs: str
    dialects: tuple[str, ...]
    area: str
    summary: str
    status: int
    query: type[Any] | None
    body: type[Any] | None
    answer: Any
    shape: str
    idempotent: bool = False
    form: type[Any] | None = None


UsageCounts = Mapping[tuple[int, str, date], Sequence[int]]
"""By tenant, caller (`key:3`, `client:5`, `people`) and UTC day: requests, and how many were limited and failed."""

LastUses = Mapping[int, tuple[datetime, str | None]]
"""By API key: when it was last used, and from which address."""


@dataclass(slots=True)
class Registry:
    """All that the domains have added to one application."""

    navigation: list[NavItem] = field(default_factory=list[NavItem])
    folded: set[str] = field(default_factory=set[str])  # groups of the sidebar that open on their own pages alone
    search: list[SearchProvider] = field(default_factory=list[SearchProvider])
    tiles: list[Tile] = field(default_factory=list[Tile])
    credentials: list[CredentialKind] = field(default_factory=list[CredentialKind])
    operations: list[Operation] = field(default_factory=list[Operation])
    rights: dict[str, str] = field(default_factory=dict[str, str])
    load_session: Callable[[int], Principal | None] | None = None
    account_page: str = ""  # the endpoint of one's own account
    proof_page: str = ""  # the endpoint that asks for the password once more
    write_usage: Callable[[UsageCounts, LastUses], None] | None = None
    sign_in_page: Callable[[], ResponseReturnValue] | None = None
    readiness: dict[str, Callable[[], str | None]] = field(default_factory=dict[str, Callable[[], str | None]])
    sandbox_fillers: dict[str, Callable[[Principal], None]] = field(
        default_factory=dict[str, Callable[[Principal], None]]
    )  # by domain; each writes its part of an emptied sandbox as one command


def registry() -> Registry:
    """The registry of the present application."""
    return registry_of(current_app)


def registry_of(app: Flask) -> Registry:
    """The registry of `app`, made at the first call."""
    found = app.extensions.setdefault("tradecounter", Registry())
    assert isinstance(found, Registry)
    return found
