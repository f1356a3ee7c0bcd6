"""From a signed token to whoever it stands for."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select

from dashboard.accounts.models import OAuthClient, Tenant
from dashboard.accounts.service import principals, sessions, tokens
from dashboard.accounts.service.tokens import BadToken, Purpose
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import reads

MAX_ID = 2**63


def principal_of_token(token: str) -> Principal:
    """Whom an access token stands for: a person's of a session, or a platform's. Raises NotAuthenticated."""
    purpose, claims = tokens.read(token, Purpose.ACCESS, Purpose.OAUTH)
    until = tokens.expiry(claims)
    if purpose is Purpose.OAUTH:
        until += timedelta(seconds=claims.get("ahead", 0))  # by the clock of its sandbox
        return _client(claims["sub"], frozenset(str(claims["scope"]).split()), until)
    session_id = claims.get("sid")
    if not isinstance(session_id, int) or not 0 < session_id < MAX_ID:
        raise BadToken
    by = sessions.principal_of_session(session_id)
    if by.tenant_public_id != claims.get("tid"):
        raise BadToken  # they have moved to another tenant since
    return replace(by, dialect="tradekitt", expires_at=until)


def _client(client_id: str, scopes: frozenset[str], until: datetime) -> Principal:
    statement = select(OAuthClient, Tenant).join(Tenant, Tenant.id == OAuthClient.tenant_id)
    row = reads(SYSTEM).execute(statement.where(OAuthClient.client_id == client_id)).one_or_none()
    if row is None or row[0].revoked_at is not None:
        raise BadToken
    client, tenant = row
    return principals.of_client(client, tenant, scopes, expires_at=until)
