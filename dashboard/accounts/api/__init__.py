"""The authentication API, the OAuth token endpoint, and the clock of a sandbox."""

from dashboard.accounts.api import auth, sso
from dashboard.accounts.api.blueprint import api
from dashboard.accounts.api.oauth import oauth_api
from dashboard.accounts.api.sandbox import sandbox_api

__all__ = ["api", "auth", "oauth_api", "sandbox_api", "sso"]
