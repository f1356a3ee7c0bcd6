"""Tenants, the people and programs that act for them, and how each proves who it is.

These tables are read before a tenant is known, so they stand outside the tenancy guard; every query on them names the
tenant itself.
"""

from dashboard.accounts.models.credentials import ApiKey, OAuthClient, SigningKey
from dashboard.accounts.models.people import Invitation, Role, User
from dashboard.accounts.models.sign_in import BackupCode, MfaChallenge, OneTimeLink, RefreshToken, UserSession
from dashboard.accounts.models.sso import ExternalIdentity, IdentityClient
from dashboard.accounts.models.tenants import Tenant, TenantLogo
from dashboard.accounts.models.usage import ApiUsage

__all__ = [
    "ApiKey",
    "ApiUsage",
    "BackupCode",
    "ExternalIdentity",
    "IdentityClient",
    "Invitation",
    "MfaChallenge",
    "OAuthClient",
    "OneTimeLink",
    "RefreshToken",
    "Role",
    "SigningKey",
    "Tenant",
    "TenantLogo",
    "User",
    "UserSession",
]
