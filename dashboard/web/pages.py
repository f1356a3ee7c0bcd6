"""The HTML face: who may see a page, page or fragment, and where to go after a form."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import wraps
from typing import Any

from flask import Blueprint, Flask, Response, make_response, redirect, render_template, request, url_for
from flask.sansio.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.errors import BadRequest, NotAuthenticated
from dashboard.web import session
from dashboard.web.api import PUBLIC
from dashboard.web.idempotency import UNSAFE, submit_once
from dashboard.web.registry import NavItem, registry, registry_of

PageView = Callable[..., ResponseReturnValue]


class PageBlueprint(Blueprint):
    """A domain's pages. Each states the right it needs; its view gets the principal first."""

    def page(
        self, rule: str, *, needs: str, methods: Sequence[str] = ("GET",), step_up: bool = False
    ) -> Callable[[PageView], PageView]:
        """Declare a page. `needs` is a scope, `operator`, or PUBLIC. Strangers are sent to sign in.

        With `step_up` whoever gave their password long ago is asked for it again before the page is shown.
        """

        def register(view: PageView) -> PageView:
            @wraps(view)
            def guarded(**path: Any) -> ResponseReturnValue:
                if b"%00" in request.query_string or "\0" in request.path:
                    raise BadRequest("The address holds a NUL character, which cannot be used.")
                by = session.present()
                if needs != PUBLIC:
                    if by.actor_id is None:
                        raise NotAuthenticated("Sign in to see this page.")
                    if by.must_enroll and not by.may(needs):
                        return see_other(url_for(registry().account_page))
                    by.require(needs)
                    if step_up and not _is_proved(by):
                        return see_other(url_for(registry().proof_page, next=request.full_path.rstrip("?")))
                return _answer(by, view, path)

            name = view.__name__
            self.add_url_rule(rule, name, guarded, methods=list(methods))

            def note(state: BlueprintSetupState) -> None:
                assert isinstance(state.app, Flask)
                for method in methods:
                    registry_of(state.app).rights[f"{method} {(state.url_prefix or '') + rule}"] = needs

            self.record(note)
            return view

        return register


def _answer(by: Principal, view: PageView, path: dict[str, Any]) -> ResponseReturnValue:
    if request.method in UNSAFE:
        return submit_once(by, lambda: view(by, **path))
    return view(by, **path)


PROOF_GOOD_FOR = timedelta(minutes=10)
"""How long a password that was just given opens dangerous pages."""

TIME_TO_FILL_IN = timedelta(minutes=50)
"""How much longer a form of such a page is taken: what was typed must not be lost to a second question."""


def _is_proved(by: Principal) -> bool:
    good_for = PROOF_GOOD_FOR if request.method == "GET" else PROOF_GOOD_FOR + TIME_TO_FILL_IN
    return by.proved_at is not None and clock.true_now() - by.proved_at <= good_for


def is_fragment_request() -> bool:
    """Whether htmx asks for a part of the page, rather than for a boosted or restored whole one."""
    headers = request.headers
    return (
        headers.get("HX-Request") == "true"
        and headers.get("HX-Boosted") != "true"
        and headers.get("HX-History-Restore-Request") != "true"
    )


def render_page(template: str, *, fragment: str | None = None, status: int = 200, **context: Any) -> Response:
    """`template`, or `fragment` alone where htmx asks for it at the same address."""
    chosen = fragment if fragment is not None and is_fragment_request() else template
    response = make_response(render_template(chosen, **context), status)
    response.headers.add("Vary", "HX-Request")
    return response


def render_form(template: str, **context: Any) -> Response:
    """A page with a form: 422 where the form that was sent is shown again, with what was typed."""
    return render_page(template, status=422 if request.method == "POST" else 200, **context)


def see_other(address: str) -> Response:
    """After a form: 303 to `address`, or htmx's word for it."""
    if is_fragment_request():
        return Response(status=204, headers={"HX-Redirect": address})
    response = redirect(address, code=303)
    assert isinstance(response, Response)
    return response


def safe_target(offered: str | None, otherwise: str) -> str:
    """`offered` where it is a path of this site, else `otherwise`: no open redirects."""
    if not offered or not offered.startswith("/") or offered.startswith(("//", "/\\")) or not offered.isprintable():
        return otherwise
    return offered


def _lit_entry(items: Sequence[NavItem]) -> str:
    """The entry whose address this one continues furthest: a device's page lights the catalogue.

    Where none does, the first entry of the domain stands for its other pages, such as a comparison.
    """
    inside = [
        (len(url), item.endpoint)
        for item in items
        if request.path == (url := url_for(item.endpoint)) or (url != "/" and request.path.startswith(url + "/"))
    ]
    if inside:
        return max(inside)[1]
    area = request.path.split("/")[1]
    neighbours = (
        item.endpoint
        for item in items
        if item.endpoint.startswith(f"{request.blueprint}.") and url_for(item.endpoint).split("/")[1] == area != ""
    )
    return next(neighbours, "")


def navigation(by: Principal) -> list[dict[str, Any]]:
    """The sidebar for `by`: groups of entries they may open. The group of the present page is never folded."""
    groups: dict[str | None, list[dict[str, Any]]] = {}
    items = [item for item in sorted(registry().navigation, key=lambda each: each.order) if by.may(item.needs)]
    lit = _lit_entry(items)
    for item in items:
        entry = {
            "label": item.label,
            "endpoint": item.endpoint,
            "url": url_for(item.endpoint),
            "icon": item.icon,
            "count": (item.count(by) or None) if item.count is not None else None,
            "active": item.endpoint == lit,
        }
        groups.setdefault(item.group, []).append(entry)
    return [
        {
            "label": label,
            "items": items,
            "current": any(item["active"] for item in items),
            "folded": label in registry().folded and not any(item["active"] for item in items),
        }
        for label, items in groups.items()
    ]


def person(by: Principal) -> dict[str, Any] | None:
    """What the shell shows of `by`, or None for nobody."""
    if by.actor_id is None:
        return None
    initials = "".join(part[0] for part in by.name.split()[:2]).upper() or "?"
    return {"name": by.name, "initials": initials, "email": None, "role": by.role, "tenant": by.tenant_name}
