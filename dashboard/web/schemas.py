"""Reading requests: pydantic models whose errors are sentences, all fields at once."""

import json
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails
from werkzeug.datastructures import MultiDict

from dashboard.core.errors import BadRequest, FieldError, Invalid

MAX_INT = 2**31 - 1


class QueryModel(BaseModel):
    """Query parameters. Unknown ones are ignored; a required one that is missing is a 400, a wrong one a 422."""

    model_config = ConfigDict(extra="ignore", frozen=True, str_max_length=400)


class BodyModel(BaseModel):
    """A JSON body. Unknown keys are ignored, so that nothing undocumented can be set."""

    model_config = ConfigDict(extra="ignore", frozen=True, str_max_length=10_000)


Model = TypeVar("Model", bound=BaseModel)


def at_most(limit: int) -> AfterValidator:
    """Clamp a number to `limit` instead of refusing it."""
    return AfterValidator(lambda value: min(value, limit))


Positive = Annotated[int, Field(ge=1, le=MAX_INT)]


def read_query(model: type[Model], query: "MultiDict[str, str]") -> Model:
    """The query parameters as `model`. Raises BadRequest or Invalid, naming every parameter that will not do."""
    values = query.to_dict()
    for name, value in values.items():
        if not _storable(value):
            raise Invalid.field(name, f"{name} holds a character that cannot be used (NUL or a lone surrogate).")
    try:
        return model.model_validate(values)
    except ValidationError as error:
        missing, wrong = _sorted_out(error)
        if missing:
            names = " and ".join(f"'{item.field}'" for item in missing)
            raise BadRequest(f"Query parameter {names} is required.", fields=missing) from error
        raise Invalid("; ".join(item.message for item in wrong), fields=wrong) from error


def read_body(model: type[Model], raw: bytes, content_type: str | None) -> Model:
    """The JSON body as `model`. Raises BadRequest where it is no JSON object, Invalid naming every wrong field."""
    if content_type not in ("application/json", None, "") and not content_type.endswith("+json"):
        raise BadRequest("Send the body as JSON, with 'Content-Type: application/json'.")
    try:
        body = model.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        if first["type"] == "json_invalid":
            raise BadRequest(f"The body is not valid JSON: {first['ctx']['error']}.") from error  # pyright: ignore[reportTypedDictNotRequiredAccess]
        if not first["loc"]:
            raise BadRequest("The body must be a JSON object.") from error
        missing, wrong = _sorted_out(error)
        raise Invalid("Invalid request body", fields=missing + wrong) from error
    _refuse_repeated_keys(raw)
    if b"\\u0000" in raw and not _all_storable(body.model_dump()):
        raise Invalid("The body holds a NUL character, which cannot be stored.")
    return body


def _refuse_repeated_keys(raw: bytes) -> None:
    """Two readers may each take another of two equal keys: what one has checked the other would not see."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            repeated = next(name for name in names if names.count(name) > 1)
            raise BadRequest(f"The body says '{repeated[:60]}' twice. Say it once.")
        return found

    json.loads(raw, object_pairs_hook=unique)


def _storable(text: str) -> bool:
    if "\0" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _all_storable(value: Any) -> bool:
    if isinstance(value, str):
        return _storable(value)
    if isinstance(value, dict):
        return all(_all_storable(key) and _all_storable(item) for key, item in value.items())  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list | tuple):
        return all(_all_storable(item) for item in value)  # pyright: ignore[reportUnknownVariableType]
    return True


def _sorted_out(error: ValidationError) -> tuple[tuple[FieldError, ...], tuple[FieldError, ...]]:
    missing: list[FieldError] = []
    wrong: list[FieldError] = []
    for item in error.errors(include_url=False):
        name = _dotted(item)
        (missing if item["type"] == "missing" else wrong).append(FieldError(name, _sentence(name, item)))
    return tuple(missing), tuple(wrong)


def _dotted(item: ErrorDetails) -> str:
    path = ""
    for part in item["loc"]:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path


_SENTENCES = {
    "missing": "is required",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "string_type": "must be text",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be above {gt}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be below {lt}",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must contain at least {min_length} item",
    "too_long": "must contain at most {max_length} items",
    "literal_error": "must be one of {expected}",
    "enum": "must be one of {expected}",
    "string_pattern_mismatch": "has not the documented form",
    "date_from_datetime_parsing": "must be a date such as 2026-03-01",
    "date_parsing": "must be a date such as 2026-03-01",
    "datetime_from_date_parsing": "must be a time such as 2026-03-01T10:00:00Z",
    "datetime_parsing": "must be a time such as 2026-03-01T10:00:00Z",
}


def _sentence(name: str, item: ErrorDetails) -> str:
    if item["type"] == "value_error":
        return str(item["ctx"]["error"]) if "ctx" in item else item["msg"]
    words = _SENTENCES.get(item["type"])
    if words is None:
        return f"Field '{name}': {item['msg']}"
    return f"Field '{name}' {words.format(**item.get('ctx', {}))}"
