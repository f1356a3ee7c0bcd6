"""The blueprint of the authentication API, and what several of its files need."""

from flask import request

from dashboard.accounts.service import Client
from dashboard.web.api import ApiBlueprint

api = ApiBlueprint("auth_api", __name__, url_prefix="/api/v1", speaks="tradekitt", area="auth")


def client() -> Client:
    """Where this request comes from."""
    return Client(request.remote_addr or "", request.user_agent.string)
