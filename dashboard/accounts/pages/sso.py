"""Signing in with Google, Apple or Microsoft on a page: out to the provider and back (OpenID Connect, code flow)."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, cast
from urllib.parse import urlencode

from flask import Flask, current_app, flash, request, url_for
from flask import session as cookie
from flask.sansio.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from dashboard.accounts import service
from dashboard.accounts.models import Tenant
from dashboard.accounts.pages.blueprint import client, pages
from dashboard.accounts.pages.sign_in import go_on
from dashboard.accounts.roles import SELF
from dashboard.accounts.service import Flow, Identity
from dashboard.config import IdentityProvider, Settings
from dashboard.core import clock, crypto
from dashboard.core.context import Principal
from dashboard.core.errors import Conflict, NotAllowed, NotAuthenticated, NotFound, TooMany
from dashboard.web import throttle
from dashboard.web.api import PUBLIC
from dashboard.web.pages import render_page, safe_target, see_other

_FLOW = "sso"
"""Name in the signed cookie of what is remembered while somebody is at their provider."""

REGISTERING = "sso_registers"
"""Name in the signed cookie of whom the provider has named, while they say how their business is called."""

AWAY_FOR = timedelta(minutes=10)
_BACK_WITH = ("code", "state", "error")
_LONGEST = 4_000


@pages.page("/sign-in/with/<provider>", needs=PUBLIC)
def sso_start(_: Principal, provider: str) -> ResponseReturnValue:
    return _leave(provider_named(provider), request.args.get("business", ""), person_id=None)


@pages.page("/profile/link/<provider>", needs=SELF, step_up=True)
def sso_link_start(by: Principal, provider: str) -> ResponseReturnValue:
    _refuse_other_sites()
    tenant = service.own_tenant(by)
    return _leave(provider_named(provider), tenant.business_code, person_id=by.actor_id)


@pages.page("/confirm/with/<provider>", needs=SELF)
def sso_confirm_start(by: Principal, provider: str) -> ResponseReturnValue:
    """Out to the provider of somebody who has no password, to sign in there once more."""
    _refuse_other_sites()
    asked, tenant = provider_named(provider), service.person(by).tenant
    settings: Settings = current_app.extensions["settings"]
    if asked not in service.proof_ways(by, settings.identity_providers).providers:
        raise NotFound(f"You do not confirm with {asked.title}.")
    return _leave(asked, "" if tenant is None else tenant.business_code, person_id=None, confirms=by.session_id)


@pages.page("/sign-in/with/<provider>/return", needs=PUBLIC)
def sso_return(by: Principal, provider: str) -> ResponseReturnValue:
    asked, kept = provider_named(provider), cookie.pop(_FLOW, None)
    if not _is_answer_to(kept, asked):
        flash(f"That sign-in with {asked.title} was not begun here, or took too long. Try again.", "danger")
        return see_other(url_for("accounts.sign_in"))
    back = _way_back(kept)
    code = request.args.get("code", "")
    if not code:
        flash(f"You did not go through with it at {asked.title}.", "warning")
        return see_other(back)
    try:
        return _finish(by, asked, kept, code)
    except (NotAuthenticated, NotAllowed, NotFound, TooMany, Conflict) as error:
        flash(error.message, "danger")
        return see_other(back)


@pages.page("/sign-in/with/<provider>/return", needs=PUBLIC, methods=("POST",))
def sso_return_post(_: Principal, provider: str) -> ResponseReturnValue:
    """Apple comes back with a form from its own site, without our cookie: turn it into a visit, which has it."""
    told = {name: text for name in _BACK_WITH if (text := request.form.get(name)) and len(text) <= _LONGEST}
    return see_other(f"{url_for('accounts.sso_return', provider=provider_named(provider).name)}?{urlencode(told)}")


def _without_token_of_ours(state: BlueprintSetupState) -> None:
    """The form of `sso_return_post` is the provider's. It changes nothing; `state` is what proves the visit after."""
    assert isinstance(state.app, Flask)
    state.app.extensions["csrf_protect"].exempt(f"{__name__}.{sso_return_post.__name__}")


pages.record(_without_token_of_ours)


def leave_to_register(provider: IdentityProvider) -> ResponseReturnValue:
    """Out to `provider`, and back to open a business. Raises NotFound where the installation has no client there."""
    return _leave(provider, "", person_id=None, registers=True)


def _refuse_other_sites() -> None:
    """These are links, for the policy of pages lets no form lead to another site; so nobody else's page may lead there.

    Raises NotAllowed.
    """
    if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        raise NotAllowed("Start from your own account's page.")


def _leave(
    provider: IdentityProvider,
    business_code: str,
    *,
    person_id: int | None,
    registers: bool = False,
    confirms: int | None = None,
) -> ResponseReturnValue:
    """Out to `provider`; `confirms` is the session whose person is asked who they are once more."""
    tenant = service.resolve_tenant(business_code) if business_code else None
    flow, address = service.begin_flow(provider, tenant, redirect_uri(provider), afresh=confirms is not None)
    cookie[_FLOW] = {
        "provider": provider.name,
        "business": business_code,
        "state": flow.state,
        "nonce": flow.nonce,
        "verifier": flow.verifier,
        "next": safe_target(request.args.get("next"), ""),
        "person": person_id,
        "registers": registers,
        "confirms": confirms,
        "at": clock.true_now().isoformat(),
    }
    return see_other(address)


def _is_answer_to(kept: object, provider: IdentityProvider) -> bool:
    """Whether this visit answers the flow that the cookie remembers."""
    if not isinstance(kept, dict):
        return False
    flow = cast("dict[str, Any]", kept)
    young = clock.true_now() - datetime.fromisoformat(flow["at"]) <= AWAY_FOR
    return young and flow["provider"] == provider.name and crypto.same(flow["state"], request.args.get("state", ""))


def _finish(by: Principal, provider: IdentityProvider, kept: dict[str, Any], code: str) -> ResponseReturnValue:
    tenant = _tenant(kept)
    tries = throttle.count_sign_in(f"with {provider.name}")
    flow = Flow(kept["state"], kept["nonce"], kept["verifier"])
    identity = service.finish_flow(provider, tenant, flow, code=code, redirect_uri=redirect_uri(provider))
    throttle.forget(tries)
    if kept["person"] is not None:
        if by.actor_id != kept["person"]:
            raise NotAuthenticated("You signed out meanwhile. Sign in, then link the account again.")
        service.link(by, provider, identity)
        flash(f"You can sign in with this {provider.title} account from now on.", "success")
        return see_other(_way_back(kept))
    if kept.get("confirms") is not None:
        return _confirm(by, provider, identity, kept)
    if kept.get("registers"):
        cookie[REGISTERING] = {**asdict(identity), "at": clock.now().isoformat()}
        return see_other(url_for("accounts.sso_register", provider=provider.name))
    try:
        found = service.sign_in_with(
            provider,
            identity,
            client=client(),
            kind="page",
            tenant_public_id=None if tenant is None else tenant.public_id,
        )
    except Conflict as several:
        codes = cast("list[str]", several.details["business_codes"])
        return render_page("accounts/sso_choose.html", provider=provider, codes=codes, next=kept["next"])
    return go_on(found, kept["next"] or url_for("shell.overview"))


def _confirm(
    by: Principal, provider: IdentityProvider, identity: Identity, kept: dict[str, Any]
) -> ResponseReturnValue:
    if by.session_id != kept["confirms"]:
        raise NotAuthenticated("You signed out meanwhile. Sign in, then confirm again.")
    service.prove_by_identity(by, provider, identity, asked_at=datetime.fromisoformat(kept["at"]))
    return see_other(kept["next"] or url_for("accounts.profile"))


def _tenant(kept: dict[str, Any]) -> Tenant | None:
    return service.resolve_tenant(kept["business"]) if kept["business"] else None


def _way_back(kept: dict[str, Any]) -> str:
    if kept["person"] is not None:
        return str(kept["next"]) or url_for("accounts.profile")
    if kept.get("confirms") is not None:
        return url_for("accounts.confirm", next=kept["next"] or None)
    if kept.get("registers"):
        return url_for("accounts.register")
    return url_for("accounts.sign_in", business=kept["business"] or None, next=kept["next"] or None)


def redirect_uri(provider: IdentityProvider) -> str:
    """Where the provider sends people back to: under the address that this installation is known by, not the one that
    a request claims."""
    settings: Settings = current_app.extensions["settings"]
    return settings.base_url + url_for("accounts.sso_return", provider=provider.name)


def provider_named(name: str) -> IdentityProvider:
    settings: Settings = current_app.extensions["settings"]
    found = settings.identity_provider(name)
    if found is None:
        raise NotFound("Nobody signs in that way here.")
    return found
