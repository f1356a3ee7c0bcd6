"""Facts that a rule can state. The faces turn each class into a status and a body once, in `web`."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One refused field: its name as the caller wrote it, and what to do about it."""

    field: str
    message: str


class DomainError(Exception):
    """Root of all refusals. `code` is stable snake_case; `message` is a sentence that says what to do.

    `details` holds facts a dialect may show (`available_quantity` …); never a secret.
    """

    code = "error"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        fields: tuple[FieldError, ...] = (),
        details: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.fields = fields
        self.details = dict(details or {})
        if code is not None:
            self.code = code


class BadRequest(DomainError):
    """The request cannot be read: malformed body, or a required query parameter is missing."""

    code = "bad_request"


class NotAuthenticated(DomainError):
    """No credential, or one that is unknown, revoked or expired."""

    code = "unauthorized"


class NotAllowed(DomainError):
    """A known actor without the right. `scope` names the right that is missing."""

    code = "forbidden"

    def __init__(self, message: str, *, scope: str | None = None) -> None:
        super().__init__(message)
        self.scope = scope


class NotFound(DomainError):
    """No such thing, or none that this actor may know of."""

    code = "not_found"


class Conflict(DomainError):
    """The present state forbids the action."""

    code = "conflict"


class Invalid(DomainError):
    """Well-formed but against a rule; `fields` says which field and why."""

    code = "validation_error"

    @classmethod
    def field(cls, field: str, message: str) -> "Invalid":
        """The refusal of a single field."""
        return cls(message, fields=(FieldError(field, message),))


class TooLarge(DomainError):
    """More bytes than are accepted."""

    code = "payload_too_large"


class TooMany(DomainError):
    """A limit is used up; `retry_after` is in seconds."""

    code = "rate_limited"

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(DomainError):
    """Something the installation needs does not answer just now."""

    code = "unavailable"
