"""The authentication API, and the OAuth token endpoint."""

from dashboard.accounts.api import auth, sso
from dashboard.accounts.api.blueprint import api
from dashboard.accounts.api.oauth import oauth_api

__all__ = ["api", "auth", "oauth_api", "sso"]
