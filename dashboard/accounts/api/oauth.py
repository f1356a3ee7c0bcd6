"""The OAuth 2.0 token endpoint (A23–A30). The protocol is Authlib's; what it asks for and grants is the service's."""

from collections.abc import Collection
from typing import Any, cast

from authlib.oauth2.rfc6749 import AuthorizationServer, ClientMixin, OAuth2Request
from authlib.oauth2.rfc6749.errors import InvalidScopeError
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from flask import Response, request

from dashboard.accounts.models import OAuthClient
from dashboard.accounts.schemas import OAuthTokenForm, OAuthTokenJson
from dashboard.accounts.service import oauth as service
from dashboard.core.context import Principal
from dashboard.core.errors import BadRequest, DomainError, NotAuthenticated
from dashboard.web.answers import Bare
from dashboard.web.api import PUBLIC, ApiBlueprint

oauth_api = ApiBlueprint("oauth_api", __name__, url_prefix="/v1/oauth", speaks="oauth", area="oauth")

_FORM = "application/x-www-form-urlencoded"
_REASONS = {
    "invalid_scope": "The client may have none of these scopes. Separate scopes by single spaces.",
    "unsupported_grant_type": "The only grant here is client_credentials.",
}
_UNKNOWN = "The client is not known, its secret is wrong, or it was revoked."


@oauth_api.operation(
    "POST", "/token", needs=PUBLIC, answer=OAuthTokenJson, shape="bare", form=OAuthTokenForm, auth_limit=True
)
def token(_: Principal) -> Bare:
    """Get an access token by client credentials"""
    _refuse_malformed()
    try:
        status, body = _server.create_token_response(request.form.to_dict())
    except ValueError as error:  # a Basic header that is no text
        raise _refusal("invalid_client") from error
    if status != 200:
        raise _refusal(str(body["error"]))
    return Bare(body)


@oauth_api.after_request
def say_how_to_authenticate(response: Response) -> Response:
    """RFC 6749, sections 5.1 and 5.2."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"
    if response.status_code == 401:
        response.headers["WWW-Authenticate"] = 'Basic realm="OAuth clients", charset="UTF-8"'
    return response


def _refuse_malformed() -> None:
    if request.mimetype != _FORM:
        raise BadRequest(f"Send the body as {_FORM}.")
    if any(len(values) > 1 for values in request.form.listvalues()):
        raise BadRequest("A parameter is sent twice. Send each once.")
    if not request.form.get("grant_type"):
        raise BadRequest("The parameter grant_type is missing: it is client_credentials.")
    if "Authorization" in request.headers and request.form.get("client_secret"):
        raise BadRequest("Send the client's secret either in the Authorization header or in the body.")


def _refusal(code: str) -> DomainError:
    if code == "invalid_client":  # also where Authlib says 400: which of the reasons it was is not told
        return NotAuthenticated(_UNKNOWN, code=code)
    return BadRequest(_REASONS.get(code, "The request is not as RFC 6749 has it."), code=code)


class _Client(ClientMixin):
    """A client as Authlib asks for it."""

    def __init__(self, row: OAuthClient) -> None:
        self.row = row

    def get_client_id(self) -> str:
        return self.row.client_id

    def get_allowed_scope(self, scope: Collection[str] | str | None) -> str:
        assert scope is None or isinstance(scope, str)
        return service.granted_scopes(self.row, scope)

    def check_client_secret(self, client_secret: str) -> bool:
        return service.secret_fits(self.row, client_secret)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return endpoint == "token"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == ClientCredentialsGrant.GRANT_TYPE


class _Request(OAuth2Request):
    """The present request. Whether it came by https is the proxy's matter, so Authlib is told it did."""

    def __init__(self, form: dict[str, str]) -> None:
        cast(Any, super()).__init__(request.method, f"https://{request.host}{request.path}", headers=request.headers)
        self.payload = BasicOAuth2Payload(form)
        self._form = form

    @property
    def form(self) -> dict[str, str]:
        return self._form


class _Grant(ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post")

    def validate_requested_scope(self) -> None:
        asking = cast(Any, self.request)
        if not asking.client.get_allowed_scope(asking.payload.scope):
            raise InvalidScopeError


class _Server(AuthorizationServer):
    """Connects Authlib to the service, and hands what it answers to the kernel."""

    def query_client(self, client_id: str) -> Any:
        found = service.client_of_id(client_id)
        return None if found is None else _Client(found)

    def save_token(self, token: object, request: OAuth2Request) -> None:
        """Tokens are signed, not stored."""

    def send_signal(self, name: object, *args: object, **kwargs: object) -> None:
        """Nobody listens."""

    def create_oauth2_request(self, request: Any) -> _Request:
        return _Request(request)

    def handle_response(self, status: int, body: Any, headers: object) -> Any:
        return status, body


def _make_token(*, client: _Client, scope: str | None, **_: object) -> dict[str, Any]:
    granted = client.get_allowed_scope(scope)
    return {
        "access_token": service.issue_token(client.row, granted),
        "token_type": "Bearer",
        "expires_in": int(service.TOKEN_LIFETIME.total_seconds()),
        "scope": granted,
    }


_server = cast(Any, _Server())
_server.register_grant(_Grant)
_server.register_token_generator("default", _make_token)
