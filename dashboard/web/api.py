"""The API kernel: credential → principal → limit → right → parse → one command → documented shape.

A domain's `api.py` declares endpoints on an `ApiBlueprint`; its views get a principal and parsed values and return an
`Answer`. Envelope, errors, ids and money belong to the dialect, which is chosen here, once per request.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import wraps
from typing import Any, TypeVar, Union, cast
from uuid import UUID

from flask import Blueprint, Flask, Response, current_app, g, request
from flask.sansio.blueprints import BlueprintSetupState
from pydantic import BaseModel
from werkzeug.routing import IntegerConverter, ValidationError

from dashboard.core import clock
from dashboard.core.context import NOBODY, Principal
from dashboard.core.errors import Invalid, NotAllowed, NotAuthenticated, TooMany
from dashboard.web.answers import Answer
from dashboard.web.credentials import principal_of
from dashboard.web.dialects import Dialect, dialect, is_api_path, owner_of_path
from dashboard.web.idempotency import UNSAFE, answer_once, key_of_request
from dashboard.web.limits import ADDRESS_LIMIT, AUTHENTICATION_LIMIT, RateLimiter, bucket_of
from dashboard.web.registry import Operation, registry_of
from dashboard.web.replies import json_reply
from dashboard.web.schemas import BodyModel, QueryModel, read_body, read_query
from dashboard.web.streams import EventStream

View = TypeVar("View", bound=Callable[..., Answer])
Choose = Callable[[Principal], str | None]
"""Names the dialect of a request to a path that several references share; None leaves it to the key, then the path."""

OtherWay = Callable[[], Principal | None]
"""Tells by something else than an Authorization header who it is; None where there is nothing of its kind."""

PUBLIC = "public"
"""The right of an endpoint or page that needs no credential."""


class ApiBlueprint(Blueprint):
    """A group of documented endpoints under one prefix, answered in `speaks` unless an endpoint says otherwise."""

    def __init__(self, name: str, import_name: str, *, url_prefix: str, speaks: str, area: str) -> None:
        super().__init__(name, import_name, url_prefix=url_prefix)
        self.speaks = speaks
        self.area = area

    def operation(
        self,
        method: str,
        rule: str,
        *,
        needs: str,
        answer: Any,
        shape: str = "one",
        status: int = 200,
        query: type[QueryModel] | None = None,
        body: type[BodyModel] | Mapping[str, type[BodyModel]] | None = None,
        dialects: tuple[str, ...] = (),
        choose: Choose | None = None,
        auth_limit: bool = False,
        own_limit: int | None = None,
        idempotent: bool = True,
        form: type[BaseModel] | None = None,
        or_by: tuple[OtherWay, ...] = (),
    ) -> Callable[[View], View]:
        """Declare an endpoint.

        `needs` is the scope that the credential must hold, or PUBLIC. `answer` is the type that the presenter
        makes, `shape` its envelope: one, many, bare or empty. A view takes `by`, path values, then `page`, `query`
        and `body` as far as they are declared; `page` comes with shape many. Where several references share a path,
        `body` names a model for each of its dialects, and `choose` may tell them apart. `auth_limit` holds each address
        to the few requests a minute that an authentication endpoint allows (K487). `own_limit` counts an endpoint that
        is called all the time in a bucket of its own for each actor, so that it leaves the others alone.

        Unsafe methods honour Idempotency-Key, which makes the view one command of `by`. `idempotent=False` is for
        views that cannot be that: those whose commands act as the system, or commit piece by piece. `form` documents
        a form-encoded body that the view reads itself, together with its own kind of credential. `or_by` are asked in
        turn who it is where no Authorization header is sent: only for what changes nothing.
        """

        def register(view: View) -> View:
            name = view.__name__
            summary = (view.__doc__ or name.replace("_", " ")).strip().splitlines()[0]
            declared = Operation(
                endpoint=name,
                method=method,
                rule=rule,
                needs=needs,
                dialects=dialects or (self.speaks,),
                area=self.area,
                summary=summary,
                status=status,
                query=query,
                body=cast(Any, Union)[tuple(body.values())] if isinstance(body, Mapping) else body,
                answer=answer,
                shape=shape,
                idempotent=idempotent and method in UNSAFE and needs != PUBLIC,
                form=form,
            )
            bodies = body if isinstance(body, Mapping) else {name: body for name in declared.dialects if body}
            runner = _Runner(view, declared, bodies, choose, or_by, auth_limit=auth_limit, own_limit=own_limit)

            @wraps(view)
            def run(**path: Any) -> Response:
                return runner.run(path)

            self.add_url_rule(rule, name, run, methods=[method], strict_slashes=False)
            self.record(lambda state: self._note(state, declared))
            return view

        return register

    def _note(self, state: BlueprintSetupState, declared: Operation) -> None:
        assert isinstance(state.app, Flask)
        full = (state.url_prefix or "") + declared.rule
        endpoint = f"{state.name_prefix}.{self.name}.{declared.endpoint}".lstrip(".")
        found = registry_of(state.app)
        found.rights[f"{declared.method} {full}"] = declared.needs
        found.operations.append(replace(declared, endpoint=endpoint, rule=full))


class _Runner:
    """Carries one request through the kernel's steps, in their order."""

    def __init__(
        self,
        view: Callable[..., Answer],
        declared: Operation,
        bodies: Mapping[str, type[BodyModel]],
        choose: Choose | None,
        or_by: tuple[OtherWay, ...],
        *,
        auth_limit: bool,
        own_limit: int | None,
    ) -> None:
        self._bodies = bodies
        self._own_limit = own_limit
        self._or_by = or_by
        self._auth_limit = auth_limit
        self._view = view
        self._declared = declared
        self._choose = choose
        self._dialects = tuple(dialect(name) for name in declared.dialects)

    def run(self, path: dict[str, Any]) -> Response:
        declared = self._declared
        g.dialect = self._dialects[0]
        by = self._authenticate()
        speak = g.dialect = self._speak(by)
        if self._own_limit is None or by.actor_id is None:
            count(by, speak)
        else:
            _count_in(f"{by.label}:{declared.endpoint}", self._own_limit)
        if self._auth_limit:
            count_authentication(declared.endpoint)
        if declared.needs != PUBLIC:
            by.require(declared.needs)
        if declared.shape == "many":
            path["page"] = speak.read_page(request.args)
        if declared.query is not None:
            path["query"] = read_query(declared.query, request.args)
        if (model := self._bodies.get(speak.name)) is not None:
            path["body"] = read_body(model, request.get_data(), request.mimetype)
        key = key_of_request() if declared.idempotent else None
        if key is None:
            return self._answer(by, speak, path)
        return answer_once(by, key, lambda: self._answer(by, speak, path))

    def _authenticate(self) -> Principal:
        if self._declared.needs != PUBLIC:
            for other_way in self._or_by if "Authorization" not in request.headers else ():
                if (by := other_way()) is not None:
                    g.by = by
                    clock.move_ahead(by.clock_offset_s)
                    return by
            return authenticate()
        if self._declared.form is not None:  # its credential is not ours to read
            count_address()
            return NOBODY
        return authenticate_if_offered()

    def _answer(self, by: Principal, speak: Dialect, path: dict[str, Any]) -> Response:
        answer = self._view(by, **path)
        if isinstance(answer, EventStream):
            return answer.response()
        body = answer.body(speak)
        if body is None:
            return Response(status=204)
        return json_reply(speak.stamp(body, g.request_id), self._declared.status)

    def _speak(self, by: Principal) -> Dialect:
        if len(self._dialects) == 1:
            return self._dialects[0]
        wanted = (self._choose(by) if self._choose else None) or by.dialect
        return next((each for each in self._dialects if each.name == wanted), self._dialects[0])


def limiter() -> RateLimiter:
    """The rate limiter of the present application."""
    found = current_app.extensions["rate_limiter"]
    assert isinstance(found, RateLimiter)
    return found


def authenticate() -> Principal:
    """The principal of this request's Bearer token. Raises NotAuthenticated, or TooMany for a guessing address."""
    try:
        by = principal_of(request.headers.get("Authorization"))
    except NotAuthenticated:
        count_address()
        raise
    g.by = by
    named = tenant_header()
    if named is not None and by.actor_id is not None and str(named) != by.tenant_public_id:
        raise NotAllowed("'X-Tenant-Id' names another business than your credential. Leave it out, or correct it.")
    return by


def tenant_header() -> UUID | None:
    """The tenant that `X-Tenant-Id` names (K29), or None where it is not sent. Raises Invalid where it is no UUID."""
    text = request.headers.get("X-Tenant-Id")
    if text is None:
        return None
    try:
        return UUID(text)
    except ValueError as error:
        message = "'X-Tenant-Id' must be the tenantId that GET /api/v1/tenants/resolve/{business_code} tells."
        raise Invalid.field("X-Tenant-Id", message) from error


def authenticate_if_offered() -> Principal:
    """Like `authenticate`, but nobody where no credential is sent."""
    if "Authorization" in request.headers:
        return authenticate()
    count_address()
    return NOBODY


def count(by: Principal, speak: Dialect) -> None:
    """Count this request against the credential's bucket. Raises TooMany."""
    if by.actor_id is None:
        return
    _count_in(*bucket_of(by, speak))


def _count_in(bucket: str, limit: int) -> None:
    g.limit = state = limiter().hit(bucket, limit)
    if not state.allowed:
        raise TooMany(
            f"More than {limit} requests in a minute. Wait {state.retry_after} seconds.",
            retry_after=state.retry_after,
        )


class _StorableInteger(IntegerConverter):
    """`<int:…>` in a rule: what no column can hold is nowhere, instead of an error of the database."""

    def to_python(self, value: str) -> int:
        if len(value) > 18:
            raise ValidationError
        return super().to_python(value)


def install(app: Flask) -> None:
    """No redirects, and requests that reach no endpoint (unknown paths, other methods, documents) are counted too."""
    app.url_map.merge_slashes = False  # else `//` in a path is answered with a redirect
    app.url_map.converters["int"] = _StorableInteger

    @app.before_request
    def count_stray() -> None:
        if not is_api_path(request.path):
            return
        reached = request.routing_exception is None and request.method != "OPTIONS"
        if reached and isinstance(app.blueprints.get(request.blueprint or ""), ApiBlueprint):
            return
        try:
            by = authenticate_if_offered()
        except NotAuthenticated:
            return
        count(by, owner_of_path(request.path))


def count_authentication(endpoint: str) -> None:
    """Count this request against its address's bucket of one authentication endpoint. Raises TooMany."""
    g.limit = state = limiter().hit(f"auth:{endpoint}:{request.remote_addr}", AUTHENTICATION_LIMIT)
    if not state.allowed:
        raise TooMany(
            f"More than {AUTHENTICATION_LIMIT} requests in a minute. Wait {state.retry_after} seconds.",
            retry_after=state.retry_after,
        )


def count_address() -> None:
    """Count this request against its address's bucket. Raises TooMany."""
    g.limit = state = limiter().hit(f"address:{request.remote_addr}", ADDRESS_LIMIT)
    if not state.allowed:
        raise TooMany("Too many requests from this address.", retry_after=state.retry_after)
