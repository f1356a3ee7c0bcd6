"""Signing in, registering and linking by an identity token of Google, Apple or Microsoft (K113–K119)."""

from flask import current_app

from dashboard.accounts import addresses, service
from dashboard.accounts.api.auth import registered_json, sign_in_json
from dashboard.accounts.api.blueprint import api, client
from dashboard.accounts.roles import SELF
from dashboard.accounts.schemas import (
    IdentityBody,
    IdentityJson,
    IdentityRegisterBody,
    RegisteredJson,
    SignedInJson,
)
from dashboard.config import IdentityProvider, Settings
from dashboard.core.context import Principal
from dashboard.core.errors import NotFound
from dashboard.web.answers import Bare
from dashboard.web.api import PUBLIC, tenant_header


@api.operation(
    "POST",
    "/auth/sso/<provider>",
    needs=PUBLIC,
    answer=SignedInJson,
    shape="bare",
    body=IdentityBody,
    auth_limit=True,
)
def sso_login(_: Principal, provider: str, body: IdentityBody) -> Bare:
    """Sign in with an identity token"""
    asked = _provider(provider)
    tenant_id = tenant_header()
    identity = service.identify(asked, body.id_token)
    found = service.sign_in_with(asked, identity, client=client(), kind="api", tenant_public_id=tenant_id)
    return Bare(sign_in_json(found))


@api.operation(
    "POST",
    "/auth/sso/<provider>/register",
    needs=PUBLIC,
    answer=RegisteredJson,
    shape="bare",
    status=201,
    body=IdentityRegisterBody,
    auth_limit=True,
)
def sso_register(_: Principal, provider: str, body: IdentityRegisterBody) -> Bare:
    """Register a business with an identity token"""
    asked = _provider(provider)
    identity = service.identify(asked, body.id_token)
    found = service.register_with(
        asked,
        identity,
        company_name=body.company_name,
        username=body.username,
        name=f"{body.first_name} {body.last_name}".strip(),
        client=client(),
        verify_link=addresses.verify_email,
    )
    return Bare(registered_json(found))


@api.operation(
    "POST",
    "/auth/sso/<provider>/link",
    needs=SELF,
    answer=IdentityJson,
    shape="bare",
    body=IdentityBody,
    auth_limit=True,
    idempotent=False,  # the provider is asked before the command; linking twice is once anyway
)
def sso_link(by: Principal, provider: str, body: IdentityBody) -> Bare:
    """Link an account of a provider to one's own"""
    asked = _provider(provider)
    held = service.link(by, asked, service.identify(asked, body.id_token))
    return Bare({"id": held.id, "provider": held.provider, "email": held.email, "linked_at": held.linked_at})


def _provider(name: str) -> IdentityProvider:
    settings: Settings = current_app.extensions["settings"]
    found = settings.identity_provider(name)
    if found is None:
        known = ", ".join(each.name for each in settings.identity_providers)
        raise NotFound(f"There is no identity provider '{name[:40]}'. Use one of {known}.")
    return found
