"""The authentication API, in the shapes of K."""

import uuid
from typing import Any

from flask import current_app

from dashboard.accounts import addresses, service
from dashboard.accounts.api.blueprint import api, client
from dashboard.accounts.models import Tenant, User
from dashboard.accounts.schemas import (
    BackupCodesJson,
    CodeBody,
    EnrolmentJson,
    LoginBody,
    LogoutBody,
    MfaEmailBody,
    MfaVerifyBody,
    RefreshBody,
    RefreshedJson,
    RegisterBody,
    RegisteredJson,
    SentJson,
    SignedInJson,
    TenantJson,
)
from dashboard.accounts.service import Challenge, Registered, SignedIn
from dashboard.config import Settings
from dashboard.core.context import Principal
from dashboard.core.errors import Invalid
from dashboard.web import throttle
from dashboard.web.answers import Bare, Empty
from dashboard.web.api import PUBLIC, tenant_header

SELF = "self"


@api.operation(
    "GET", "/tenants/resolve/<business_code>", needs=PUBLIC, answer=TenantJson, shape="bare", auth_limit=True
)
def tenant_resolve(_: Principal, business_code: str) -> Bare:
    """Resolve a business code"""
    tenant = service.resolve_tenant(business_code)
    settings: Settings = current_app.extensions["settings"]
    named = {
        "businessCode": tenant.business_code,
        "businessName": tenant.name,
        "apiUrl": settings.base_url,
        "tenantId": tenant.public_id,
    }
    branding = {"display_name": tenant.display_name or tenant.name, "primary_color": tenant.primary_color}
    snake = {"business_code": tenant.business_code, "business_name": tenant.name}
    return Bare({**named, "branding": branding, **snake, "api_url": settings.base_url, "tenant_id": tenant.public_id})


@api.operation("POST", "/auth/login", needs=PUBLIC, answer=SignedInJson, shape="bare", body=LoginBody, auth_limit=True)
def login(_: Principal, body: LoginBody) -> Bare:
    """Sign in"""
    tenant_id = _named_tenant(body.business_code)
    tries = throttle.count_sign_in(body.username)
    found = service.sign_in(
        login=body.username,
        password=body.password,
        business_code=body.business_code,
        tenant_public_id=tenant_id,
        client=client(),
        kind="api",
    )
    throttle.forget(tries)
    return Bare(sign_in_json(found))


@api.operation(
    "POST", "/auth/mfa-verify", needs=PUBLIC, answer=SignedInJson, shape="bare", body=MfaVerifyBody, auth_limit=True
)
def mfa_verify(_: Principal, body: MfaVerifyBody) -> Bare:
    """Complete a sign-in with a second factor"""
    return Bare(sign_in_json(service.verify_mfa(body.challenge_token, body.code, client=client(), kind="api")))


@api.operation(
    "POST", "/auth/mfa-email", needs=PUBLIC, answer=SentJson, shape="bare", body=MfaEmailBody, auth_limit=True
)
def mfa_email(_: Principal, body: MfaEmailBody) -> Bare:
    """Mail a one-time code for a challenge"""
    service.mail_code(body.challenge_token)
    return Bare({"sent": True})


@api.operation(
    "POST", "/auth/refresh", needs=PUBLIC, answer=RefreshedJson, shape="bare", body=RefreshBody, auth_limit=True
)
def refresh(_: Principal, body: RefreshBody) -> Bare:
    """Get a new access token"""
    tenant_id = tenant_header()
    found = service.refresh(
        body.refresh_token, rotate=body.rotate, tenant_public_id=None if tenant_id is None else str(tenant_id)
    )
    return Bare(_without_none({"access_token": found.access, "refresh_token": found.refresh}))


@api.operation(
    "POST", "/auth/logout", needs=SELF, answer=None, shape="empty", status=204, body=LogoutBody, idempotent=False
)
def logout(by: Principal, body: LogoutBody) -> Empty:
    """End a session with all its tokens"""
    if body.refresh_token is not None:
        service.end_session_of_refresh_token(by, body.refresh_token)
    elif by.session_id is not None:
        service.end_session(by, by.session_id)
    return Empty()


@api.operation(
    "POST",
    "/auth/register",
    needs=PUBLIC,
    answer=RegisteredJson,
    shape="bare",
    status=201,
    body=RegisterBody,
    auth_limit=True,
)
def register(_: Principal, body: RegisterBody) -> Bare:
    """Register a business"""
    found = service.register(
        email=body.email,
        username=body.username,
        password=body.password,
        name=f"{body.first_name} {body.last_name}".strip(),
        company_name=body.company_name,
        client=client(),
        kind="api",
        verify_link=addresses.verify_email,
    )
    return Bare(registered_json(found))


@api.operation("POST", "/auth/mfa/enroll", needs=SELF, answer=EnrolmentJson, shape="bare", idempotent=False)
def mfa_enroll(by: Principal) -> Bare:
    """Begin to set up an authenticator app"""
    found = service.enroll(by)
    return Bare({"secret": found.secret, "otpauth_uri": found.uri})


@api.operation(
    "POST",
    "/auth/mfa/confirm",
    needs=SELF,
    answer=BackupCodesJson,
    shape="bare",
    body=CodeBody,
    idempotent=False,
    auth_limit=True,
)
def mfa_confirm(by: Principal, body: CodeBody) -> Bare:
    """Switch the second factor on; answers ten backup codes"""
    return Bare({"backup_codes": list(service.confirm(by, body.code))})


@api.operation(
    "POST",
    "/auth/mfa/disable",
    needs=SELF,
    answer=None,
    shape="empty",
    status=204,
    body=CodeBody,
    idempotent=False,
    auth_limit=True,
)
def mfa_disable(by: Principal, body: CodeBody) -> Empty:
    """Switch the second factor off"""
    service.disable(by, body.code)
    return Empty()


def sign_in_json(found: SignedIn | Challenge) -> dict[str, Any]:
    """Tokens and person of somebody who is in, or the challenge that they must answer."""
    if isinstance(found, Challenge):
        return {"mfa_required": True, "mfa_challenge_token": found.token}
    made = found.tokens
    assert made is not None
    return {"access_token": made.access, "refresh_token": made.refresh, "user": person_json(found.user)}


def registered_json(found: Registered) -> dict[str, Any]:
    """Tokens and person of a new owner, with the business that was opened."""
    return {
        **sign_in_json(found.signed_in),
        "business_code": found.tenant.business_code,
        "business_name": found.tenant.name,
        "tenant_id": found.tenant.public_id,
        "sandbox_api_key": found.key.secret,
    }


def person_json(user: User) -> dict[str, Any]:
    """A person as K50 shows them; the id counts per tenant."""
    return {
        "id": user.number,
        "username": user.username,
        "name": user.name,
        "is_admin": user.role in ("owner", "admin"),
        "roles": [user.role],
    }


def _named_tenant(business_code: str | None) -> uuid.UUID | None:
    """The tenant of `X-Tenant-Id`; where neither it nor a code is given, the only one there is."""
    named = tenant_header()
    if named is not None or business_code:
        return named
    only: Tenant | None = service.only_tenant()
    if only is None:
        raise Invalid(
            "Say which business: send 'X-Tenant-Id', as GET /api/v1/tenants/resolve/{business_code} tells it.",
            code="tenant_required",
        )
    return only.public_id


def _without_none(body: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if value is not None}
