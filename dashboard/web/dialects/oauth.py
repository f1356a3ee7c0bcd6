"""The words of RFC 6749 at its token endpoint (A23): no envelope, errors as the RFC has them."""

from typing import ClassVar

from dashboard.core.errors import DomainError, TooMany
from dashboard.web.dialects.autosync import Autosync
from dashboard.web.dialects.base import Body, Failure

_GENERAL = {503: "temporarily_unavailable", 500: "server_error"}
_CODES = {"invalid_client", "invalid_scope", "unsupported_grant_type", "unauthorized_client"}


class OAuth(Autosync):
    """A's endpoints, but errors are `error` and `error_description`."""

    name = "oauth"
    title = "OAuth 2.0: client credentials"
    sends_request_id: ClassVar[bool] = False

    @property
    def family(self) -> str:
        return Autosync.name

    def failure(self, failure: Failure, request_id: str) -> Body:
        return {"error": self._code(failure.error, failure.status), "error_description": failure.error.message}

    @staticmethod
    def _code(error: DomainError, status: int) -> str:
        if error.code in _CODES:
            return error.code
        if isinstance(error, TooMany):
            return "temporarily_unavailable"
        return _GENERAL.get(status, "invalid_request")
