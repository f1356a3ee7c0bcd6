"""Input that was made to do harm: huge, look-alike, ambiguous, forged, or leading somewhere else."""

import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from dashboard.accounts import service as accounts
from dashboard.accounts.models import Tenant, User
from dashboard.config import Settings
from dashboard.core.context import SYSTEM
from dashboard.core.db import db, reads
from dashboard.core.errors import Conflict, Invalid
from dashboard.core.events import Event
from dashboard.core.jobs import Work
from dashboard.core.tenancy import EVERY_TENANT
from dashboard.web.registry import registry_of
from tests.accounts.mailbox import link_to, mailbox, newest_link
from tests.accounts.test_auth_api import REGISTRATION
from tests.accounts.test_token_attacks import FORGED
from tests.conftest import PASSWORD, Api, Merchants, forget_limits, inputs, sign_in, token_at
from tests.contracts.test_permission_matrix import filled, routes_of

LOGIN = "/api/v1/auth/login"
TEN_MB = "p" * 10_000_000
ONE_MB = "p" * 1_000_000


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/").status_code == 200


# Size.


@pytest.mark.parametrize(("password", "status"), [(TEN_MB, 413), (ONE_MB, 422)], ids=["10 MB", "1 MB"])
@pytest.mark.parametrize("path", [LOGIN, "/api/v1/auth/register"])
def test_a_huge_password_is_refused_unread_by_the_api(
    client: FlaskClient, merchants: Merchants, path: str, password: str, status: int
) -> None:
    headers = {"X-Tenant-Id": str(merchants.tenant.public_id)}
    body = {**REGISTRATION, "username": "alice", "password": password}
    began = time.process_time()
    assert client.post(path, json=body, headers=headers).status_code == status
    assert time.process_time() - began < 2


@pytest.mark.parametrize(("password", "status"), [(TEN_MB, 413), (ONE_MB, 422)], ids=["10 MB", "1 MB"])
def test_a_huge_password_is_refused_by_the_page(
    client: FlaskClient, merchants: Merchants, password: str, status: int
) -> None:
    data = {"csrf_token": token_at(client), "login": "alice", "password": password}
    assert client.post("/sign-in", data=data).status_code == status
    assert not is_signed_in(client)


def test_a_password_as_long_as_allowed_counts_to_its_last_character(client: FlaskClient, merchants: Merchants) -> None:
    longest = "aA7-" * 64
    accounts.create_user(SYSTEM, merchants.tenant, username="dora", password=longest, role="viewer")
    for password, status in ((longest[:-1] + "!", 401), (longest + "x", 401), (longest, 200)):
        body = {"username": "dora", "password": password}
        headers = {"X-Tenant-Id": str(merchants.tenant.public_id)}
        assert client.post(LOGIN, json=body, headers=headers).status_code == status


# Names that look like another's.

LOOK_ALIKES = {
    "Cyrillic a": "аlice",  # noqa: RUF001
    "Cyrillic i": "alіce",  # noqa: RUF001
    "Greek iota": "alιce",  # noqa: RUF001
    "dotless i": "alıce",  # noqa: RUF001
    "Armenian": "alicе",  # noqa: RUF001
    "fullwidth": "ａｌｉｃｅ",  # noqa: RUF001
    "mathematical": "𝐚lice",  # noqa: RUF001
    "small capital": "aʟice",
    "circled": "ⓐlice",
    "zero width space": "al\u200bice",
    "zero width joiner": "ali\u200dce",
    "soft hyphen": "al\u00adice",
    "right to left": "\u202eecila",
    "combining": "a\u0301lice",
    "no-break space": "alice\u00a0",
    "tag characters": "alice\U000e0061",
    "variation selector": "alice\ufe0f",
    "NUL": "alice\0",
}


@pytest.mark.parametrize("name", LOOK_ALIKES.values(), ids=LOOK_ALIKES.keys())
def test_nobody_takes_a_name_that_looks_like_anothers(merchants: Merchants, name: str) -> None:
    with pytest.raises((Invalid, Conflict)):
        accounts.create_user(SYSTEM, merchants.tenant, username=name, password=PASSWORD, role="viewer")
    names = reads(SYSTEM).scalars(select(User.username)).all()
    assert all(each.isascii() for each in names)
    assert names.count("alice") == 1


@pytest.mark.parametrize("name", LOOK_ALIKES.values(), ids=LOOK_ALIKES.keys())
def test_a_look_alike_opens_no_business_of_its_own_under_that_name(app: Flask, name: str) -> None:
    """Alone in a new business it is either the plain name or none."""
    answer = app.test_client().post("/api/v1/auth/register", json={**REGISTRATION, "username": name})
    assert answer.status_code in (201, 422)
    if answer.status_code == 201:
        assert answer.get_json()["data"]["user"]["username"] == "alice"


# Bodies that two readers would read differently.

TWICE = {
    "a name": '{"username": "bob", "username": "alice", "password": "%s"}',
    "a name, escaped": '{"username": "bob", "\\u0075sername": "alice", "password": "%s"}',
    "a password": '{"username": "alice", "password": "wrong", "password": "%s"}',
    "a key that counts for nothing": '{"username": "alice", "password": "%s", "x": 1, "x": 2}',
    "deep inside": '{"username": "alice", "password": "%s", "x": [{"y": {"z": 1, "z": 2}}]}',
}


@pytest.mark.parametrize("body", TWICE.values(), ids=TWICE.keys())
def test_a_sign_in_with_a_key_that_stands_twice_is_refused(
    client: FlaskClient, merchants: Merchants, body: str
) -> None:
    headers = {"X-Tenant-Id": str(merchants.tenant.public_id), "Content-Type": "application/json"}
    answer = client.post(LOGIN, data=body % PASSWORD, headers=headers)
    assert answer.status_code == 400
    assert "twice" in answer.get_json()["error"]["message"]


# Forms of other sites.

OF_ANOTHER_SITE = {"POST /sign-in/with/<provider>/return": "Apple's form; it only turns into a visit"}
"""Forms that are taken without a token of ours, and why that harms nobody."""


def kept(app: Flask) -> dict[str, Any]:
    """What the database holds of people, businesses, work and events."""
    db.session.remove()
    found: dict[str, Any] = {
        model.__tablename__: reads(SYSTEM).scalar(
            select(func.count()).select_from(model), execution_options=EVERY_TENANT
        )
        for model in (User, Tenant, Work, Event)
    }
    db.session.remove()
    return found


def forged_tokens(app: Flask) -> dict[str, str | None]:
    """Tokens that are none of this browser's: none, nonsense, another session's, another installation's."""
    others = URLSafeTimedSerializer(str(app.secret_key), salt="wtf-csrf-token").dumps("another browser's")
    strangers = URLSafeTimedSerializer("another secret", salt="wtf-csrf-token").dumps("matrix")
    return {"none": None, "empty": "", "nonsense": "x", "another session's": others, "another secret's": strangers}


def test_no_form_of_any_page_is_taken_without_the_token_of_its_own_session(app: Flask, merchants: Merchants) -> None:
    browser = app.test_client()
    sign_in(browser, "alice", "FIRST")
    operator = app.test_client()
    sign_in(operator, "operator")
    routes = [
        (method, path, needs)
        for method, path, needs in routes_of(app, api=False)
        if method not in ("GET", "HEAD", "OPTIONS")
    ]
    rules = {filled(rule): rule.rule for rule in app.url_map.iter_rules()}
    before = kept(app)
    wrong: list[str] = []
    for method, path, needs in routes:
        if f"{method} {rules[path]}" in OF_ANOTHER_SITE:
            continue
        for name, token in forged_tokens(app).items():
            forget_limits(app)
            who = operator if needs == "operator" else browser
            data = {} if token is None else {"csrf_token": token}
            status = who.open(path, method=method, data=data).status_code
            if status != 400:
                wrong.append(f"{method} {path} with {name}: {status}")
    assert wrong == []
    assert kept(app) == before
    assert len(routes) > 40
    assert set(OF_ANOTHER_SITE) <= {f"{method} {rules[path]}" for method, path, _ in routes}


def test_a_token_of_ours_is_taken_where_the_others_were_not(client: FlaskClient, merchants: Merchants) -> None:
    """The counter-proof: with its own token the same form does something."""
    sign_in(client, "alice", "FIRST")
    answer = client.post("/sign-out", data={"csrf_token": token_at(client, "/profile")})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")


# Ways out of this site.

ELSEWHERE = [
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\\/evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https://evil.example",
    "HTTPS://evil.example",
    "http://127.0.0.1@evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r/evil.example",
    "\t//evil.example",
    " //evil.example",
    "\u00a0//evil.example",
    "/\0/evil.example",
    "%2f%2fevil.example",
    "/%2fevil.example",
    "/%5cevil.example",
    "/%09/evil.example",
    "/.//evil.example",
    "/../\\evil.example",
    "/x/..//evil.example",
    "/@evil.example",
    "/／evil.example",  # noqa: RUF001
    "evil.example",
]
OURS = "http://shop.example/sign-in"


def leads_to(location: str) -> str:
    """The host that a browser goes to (WHATWG URL: back strokes count as strokes, tabs and line ends for nothing)."""
    plain = "".join(sign for sign in location if sign not in "\t\r\n").strip().replace("\\", "/")
    return urlsplit(urljoin(OURS, plain)).netloc


@pytest.mark.parametrize("target", ELSEWHERE)
def test_no_page_that_goes_on_elsewhere_leaves_this_site(app: Flask, merchants: Merchants, target: str) -> None:
    def locations() -> list[TestResponse]:
        browser = app.test_client()
        form = {**inputs(browser.get("/sign-in").get_data(as_text=True)), "login": "alice", "password": PASSWORD}
        posted = browser.post("/sign-in", data={**form, "business_code": "FIRST", "next": target})
        query = urlencode({"next": target})
        again = browser.get(f"/sign-in?{query}")
        proved = inputs(browser.get(f"/confirm?{query}").get_data(as_text=True))
        confirmed = browser.post(f"/confirm?{query}", data={**proved, "password": PASSWORD})
        return [posted, again, confirmed]

    for answer in locations():
        if "\0" in target and answer.status_code in (400, 422):
            continue  # refused as a whole, which leads nowhere
        assert answer.status_code == 303
        assert leads_to(answer.headers["Location"]) == "shop.example", answer.headers["Location"]


def test_the_reader_of_locations_would_see_a_way_out() -> None:
    for location in (
        "//evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "/\t/evil.example",
        "https://evil.example/x",
    ):
        assert leads_to(location) == "evil.example"


# Hosts that a request claims to have been sent to.

EVIL: dict[str, Any] = {
    "base_url": "http://evil.example",
    "headers": {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Server": "evil.example",
        "X-Host": "evil.example",
        "X-Original-Host": "evil.example",
        "Forwarded": "host=evil.example",
    },
}


@dataclass(frozen=True)
class Mailing:
    """A form that has a link mailed."""

    page: str
    data: dict[str, str]
    link: str


MAILINGS = [
    Mailing("/forgot-password", {"login": "alice"}, "/reset-password/"),
    Mailing("/settings/invitations", {"email": "new@first.example", "role": "viewer"}, "/join/"),
]


@pytest.mark.parametrize("mailing", MAILINGS, ids=lambda each: each.page)
def test_a_mailed_link_begins_with_our_address_whatever_host_is_claimed(
    app: Flask, merchants: Merchants, mailing: Mailing
) -> None:
    accounts.change_person(
        merchants.alice, 1, name="Alice", email="alice@first.example", role="owner", active=True, verify_link=link_to
    )
    browser = app.test_client()
    if mailing.page.startswith("/settings"):
        browser = signed_in_at(app, "http://evil.example")
    token = inputs(browser.get(mailing.page, **EVIL).get_data(as_text=True))["csrf_token"]
    answer = browser.post(mailing.page, data={"csrf_token": token, **mailing.data}, **EVIL)
    assert answer.status_code == 303
    assert "evil" not in answer.headers["Location"]
    settings: Settings = app.extensions["settings"]
    assert newest_link().startswith(settings.base_url + mailing.link)
    assert not any("evil" in each.body for each in mailbox())


def signed_in_at(app: Flask, address: str) -> FlaskClient:
    browser = app.test_client()
    form = inputs(browser.get("/sign-in", base_url=address).get_data(as_text=True))
    typed = {**form, "login": "alice", "password": PASSWORD, "business_code": "FIRST"}
    assert browser.post("/sign-in", data=typed, base_url=address).status_code == 303
    return browser


def test_a_redirect_names_no_host(client: FlaskClient, merchants: Merchants) -> None:
    answer = client.get("/catalog/devices", **EVIL)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in?next=/catalog/devices")


def test_what_is_resolved_names_our_own_address(client: FlaskClient, merchants: Merchants) -> None:
    answer = client.get("/api/v1/tenants/resolve/FIRST", **EVIL)
    settings: Settings = client.application.extensions["settings"]
    assert answer.get_json()["data"]["apiUrl"] == settings.base_url


# Sessions that somebody else has prepared or kept.


def cookie_of(client: FlaskClient) -> str:
    found = client.get_cookie("tradecounter")
    assert found is not None
    return found.value


def with_cookie(app: Flask, value: str) -> FlaskClient:
    browser = app.test_client()
    browser.set_cookie("tradecounter", value)
    return browser


def test_a_cookie_from_before_signing_in_is_nobodys_afterwards(app: Flask, merchants: Merchants) -> None:
    attacker = app.test_client()
    attacker.get("/sign-in")
    planted = cookie_of(attacker)
    victim = with_cookie(app, planted)
    sign_in(victim, "alice", "FIRST")
    assert is_signed_in(victim)
    assert cookie_of(victim) != planted
    assert not is_signed_in(with_cookie(app, planted))


def test_a_cookie_that_was_kept_is_dead_once_its_owner_has_signed_out(app: Flask, merchants: Merchants) -> None:
    owner = app.test_client()
    sign_in(owner, "alice", "FIRST")
    stolen = cookie_of(owner)
    assert is_signed_in(with_cookie(app, stolen))
    owner.post("/sign-out", data={"csrf_token": token_at(owner, "/profile")})
    assert not is_signed_in(with_cookie(app, stolen))


def test_who_signs_in_over_somebody_elses_session_has_their_own(app: Flask, merchants: Merchants) -> None:
    browser = app.test_client()
    sign_in(browser, "bob", "FIRST")
    form = {"csrf_token": token_at(browser, "/profile"), "login": "alice", "password": PASSWORD}
    assert browser.post("/sign-in", data={**form, "business_code": "FIRST"}).status_code == 303
    with browser.session_transaction() as cookie:
        number = int(cookie["_user_id"])
    db.session.remove()
    assert accounts.principal_of_session(number).actor_id == merchants.alice.actor_id


# Tenants that a request names.

MALFORMED = {
    "a word": "nonsense",
    "empty": "",
    "a number": "1",
    "too short": "5989db7e-2ade-4aa2-aad8-b6b111c401e",
    "too long": "5989db7e-2ade-4aa2-aad8-b6b111c401ebb",
    "no hex": "5989db7e-2ade-4aa2-aad8-b6b111c401eg",
    "SQL": "' OR 1=1 --",
    "two": "5989db7e-2ade-4aa2-aad8-b6b111c401eb, 5989db7e-2ade-4aa2-aad8-b6b111c401eb",
    "not ASCII": "５989db7e-2ade-4aa2-aad8-b6b111c401eb",  # noqa: RUF001
}


@pytest.mark.parametrize("named", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_tenant_header_that_is_no_uuid_is_refused_by_name(api: Api, named: str) -> None:
    answer = api.get("/api/catalog/stats", headers={"X-Tenant-Id": named.encode().decode("latin-1")})
    assert answer.status_code == 422
    assert "X-Tenant-Id" in answer.get_data(as_text=True)


def test_a_tenant_header_that_disagrees_is_403_for_every_kind_of_credential(
    app: Flask, api: Api, merchants: Merchants
) -> None:
    own, others = str(merchants.tenant.public_id), str(merchants.other_tenant.public_id)
    body = {"username": "alice", "password": PASSWORD}
    person = app.test_client().post(LOGIN, json=body, headers={"X-Tenant-Id": own}).get_json()["data"]["access_token"]
    client = accounts.create_client(SYSTEM, merchants.tenant, name="platform", scopes=frozenset({"catalog:read"}))
    data = {"grant_type": "client_credentials"}
    auth = (client.client.client_id, client.secret)
    platform = app.test_client().post("/v1/oauth/token", data=data, auth=auth).get_json()["access_token"]
    for secret in (api.key, person, platform):
        program = Api(app.test_client(), secret)
        for named, status in ((own, 200), (own.upper(), 200), (others, 403)):
            for path in ("/api/catalog/stats", "/api/v1/nothing-here"):
                answer = program.get(path, headers={"X-Tenant-Id": named})
                assert answer.status_code == (404 if status == 200 and "nothing" in path else status), (named, path)


def test_there_are_more_than_sixty_attacks_on_tokens() -> None:
    assert len(FORGED) > 60


def test_every_page_route_was_looked_at(app: Flask) -> None:
    """The rights table names each unsafe page route, and so the test of forged forms tries each."""
    unsafe = {name for name in registry_of(app).rights if not name.startswith("GET ")}
    tried = {f"{method} {path}" for api in (True, False) for method, path, _ in routes_of(app, api=api)}
    assert len([name for name in tried if not name.startswith("GET ")]) == len(unsafe)
