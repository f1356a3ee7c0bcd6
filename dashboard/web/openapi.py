"""The OpenAPI 3.1 document, made from the same declarations that the guard uses."""

from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from pydantic import TypeAdapter

from dashboard.config import VERSION
from dashboard.core.errors import (
    BadRequest,
    Conflict,
    DomainError,
    FieldError,
    Invalid,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    TooMany,
)
from dashboard.core.paging import Page, PageRequest
from dashboard.web.dialects import DIALECTS, Dialect, Failure, dialect
from dashboard.web.registry import Operation

_REF = "#/components/schemas/{model}"
_SAMPLE_FAILURES: dict[int, DomainError] = {
    400: BadRequest("The request cannot be read."),
    401: NotAuthenticated("Valid API key required."),
    403: NotAllowed("Insufficient permissions."),
    404: NotFound("Nothing here."),
    409: Conflict("The present state forbids this."),
    422: Invalid("Invalid request.", fields=(FieldError("name", "is required"),)),
    429: TooMany("Too many requests.", retry_after=12),
}
Schema = dict[str, Any]


def document(operations: list[Operation]) -> Schema:
    """The whole document for `operations`."""
    components: Schema = {}
    paths: dict[str, dict[str, Any]] = {}
    for operation in sorted(operations, key=lambda each: (each.rule, each.method)):
        path, parameters = _path(operation.rule)
        paths.setdefault(path, {})[operation.method.lower()] = _operation(operation, parameters, components)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tradecounter API",
            "version": VERSION,
            "description": "Five dialects over one set of services. Each path answers in its own.",
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": each.name, "description": each.title} for each in DIALECTS.values()],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "An API key: sk_live_…"}},
        },
    }


def _path(rule: str) -> tuple[str, list[Schema]]:
    parameters: list[Schema] = []
    parts: list[str] = []
    for part in rule.split("/"):
        if not part.startswith("<"):
            parts.append(part)
            continue
        kind, _, name = part[1:-1].rpartition(":")
        schema: Schema = {"type": "integer"} if kind.startswith("int") else {"type": "string"}
        parameters.append({"name": name, "in": "path", "required": True, "schema": schema})
        parts.append("{" + name + "}")
    return "/".join(parts), parameters


def _operation(operation: Operation, parameters: list[Schema], components: Schema) -> Schema:
    speak = dialect(operation.dialects[0])
    shown: Schema = {
        "operationId": operation.endpoint.replace(".", "_"),
        "summary": operation.summary,
        "tags": [dialect(each).family for each in operation.dialects],
        "parameters": [*parameters, *_query_parameters(operation, speak, components), *_header_parameters(operation)],
        "responses": {
            str(operation.status): _success(operation, speak, components),
            **{str(status): _failure(speak, status) for status in _failures_of(operation)},
        },
    }
    if operation.needs != "public":
        shown["security"] = [{"key": []}]
        shown["description"] = f"Needs the scope `{operation.needs}`."
    for model, kind in ((operation.body, "application/json"), (operation.form, "application/x-www-form-urlencoded")):
        if model is not None:
            schema = _schema_of(model, components, mode="validation")
            shown["requestBody"] = {"required": True, "content": {kind: {"schema": schema}}}
    return shown


def _header_parameters(operation: Operation) -> list[Schema]:
    if not operation.idempotent:
        return []
    said = (
        "Makes it safe to send this request again: within 24 hours the same key answers as it did the first time, with "
        "the header Idempotent-Replayed, and nothing is done twice. With another request it is refused with 422; while "
        "the first request runs, with 409."
    )
    schema = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"}
    return [{"name": "Idempotency-Key", "in": "header", "required": False, "description": said, "schema": schema}]


def _query_parameters(operation: Operation, speak: Dialect, components: Schema) -> list[Schema]:
    found: list[Schema] = []
    if operation.shape == "many":
        for word, default in ((speak.page_word, 1), (speak.size_word, speak.default_size)):
            found.append({"name": word, "in": "query", "schema": {"type": "integer", "minimum": 1, "default": default}})
    if operation.query is not None:
        schema = _inlined(operation.query, components)
        required = set(schema.get("required", []))
        for name, each in schema.get("properties", {}).items():
            found.append({"name": name, "in": "query", "required": name in required, "schema": each})
    return found


def _inlined(model: type[Any], components: Schema) -> Schema:
    schema = TypeAdapter(model).json_schema(ref_template=_REF, mode="validation")
    components.update(schema.pop("$defs", {}))
    return schema


def _schema_of(kind: Any, components: Schema, *, mode: str) -> Schema:
    schema = TypeAdapter(kind).json_schema(ref_template=_REF, mode="serialization" if mode != "validation" else mode)
    components.update(schema.pop("$defs", {}))
    title = str(schema.get("title", ""))
    if schema.get("type") == "object" and title.isidentifier():
        components[title] = schema
        return {"$ref": _REF.format(model=title)}
    return schema


def _success(operation: Operation, speak: Dialect, components: Schema) -> Schema:
    if operation.shape == "empty":
        return {"description": "Done; no body."}
    inner = _schema_of(operation.answer, components, mode="serialization")
    if operation.shape == "many":
        page: Page[Any] = Page([_Placeholder(inner)], PageRequest(1, speak.default_size), 1)
        body = speak.many([_Placeholder(inner)], page)
    elif operation.shape == "one":
        body = speak.one(_Placeholder(inner))
    else:
        body = speak.bare(cast(Any, _Placeholder(inner)))
    schema = inner if isinstance(body, _Placeholder) else _describe(speak.stamp(body, "req_1a2b3c4d"))
    return {"description": "As documented.", "content": {"application/json": {"schema": schema}}}


def _failure(speak: Dialect, status: int) -> Schema:
    error = _SAMPLE_FAILURES[status]
    body = speak.failure(Failure(status, error), "req_1a2b3c4d")
    return {"description": error.message, "content": {"application/json": {"schema": _describe(body, strict=False)}}}


def _failures_of(operation: Operation) -> list[int]:
    statuses = [422, 429]
    if operation.idempotent:
        statuses.append(409)
    if operation.body is not None or _has_required_parameter(operation):
        statuses.append(400)
    if operation.needs != "public":
        statuses += [401, 403]
    if "<" in operation.rule:
        statuses.append(404)
    return sorted(statuses)


def _has_required_parameter(operation: Operation) -> bool:
    return operation.query is not None and bool(TypeAdapter(operation.query).json_schema().get("required"))


class _Placeholder:
    """Stands for the presenter's object while an envelope is built, so that the envelope's own code documents it."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema


def _describe(value: Any, *, strict: bool = True) -> Schema:
    if isinstance(value, _Placeholder):
        return value.schema
    if isinstance(value, Mapping):
        entries = cast(Mapping[str, Any], value)
        schema: Schema = {
            "type": "object",
            "properties": {key: _describe(each, strict=strict) for key, each in entries.items()},
        }
        if strict:
            schema["required"] = list(entries)
        return schema
    if isinstance(value, list):
        items = cast(list[Any], value)
        return {"type": "array", "items": _describe(items[0], strict=strict) if items else {}}
    return _leaf(value)


@cache
def _leaf(value: object) -> Schema:
    if isinstance(value, bool):
        return {"type": "boolean"}
    if isinstance(value, int):
        return {"type": "integer"}
    return {"type": ["string", "null"]} if value is None else {"type": "string"}
