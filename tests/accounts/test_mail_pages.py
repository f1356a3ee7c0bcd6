"""Pages that mail leads to, and the outbox: their wiring, as a browser sees it."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from dashboard.accounts import service as accounts
from dashboard.accounts.models import User
from dashboard.config import Settings
from dashboard.core import mail
from dashboard.core.context import SYSTEM
from dashboard.core.db import atomic, db
from dashboard.core.mail import MailMessage
from dashboard.web.limits import AUTHENTICATION_LIMIT
from tests.accounts.mailbox import deliver, mailbox, newest_link
from tests.conftest import PASSWORD, Merchants, forget_limits, inputs, sign_in
from tests.core.mail_server import Behaviour, mail_server

NEW = "a staple of horses"
ALICE = "alice@first.example"
SENT = "a link is on its way"


@pytest.fixture
def people(merchants: Merchants) -> Merchants:
    """The merchants, alice with an address."""
    with atomic(SYSTEM) as session:
        session.execute(update(User).where(User.username == "alice").values(email=ALICE))
    return merchants


def send_form(client: FlaskClient, address: str, action: str | None = None, **typed: str) -> TestResponse:
    """Fill in and send the form at `address`."""
    form = inputs(client.get(address).get_data(as_text=True))
    return client.post(action or address, data={**form, **typed})


def path_of_link() -> str:
    """The path of the newest mailed link."""
    return urlsplit(newest_link()).path


def text(answer: TestResponse) -> str:
    return answer.get_data(as_text=True)


def open_link(client: FlaskClient, page: str) -> str:
    """Follow the newest mailed link to `page`, whose address holds no token; the page."""
    answer = client.get(path_of_link())
    assert (answer.status_code, answer.headers["Location"]) == (303, page)
    return text(client.get(page))


# Forgotten passwords.
def test_a_forgotten_password_is_replaced_by_way_of_the_mailbox(client: FlaskClient, people: Merchants) -> None:
    assert "/forgot-password" in text(client.get("/sign-in"))
    answer = send_form(client, "/forgot-password", login="alice")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/forgot-password/sent")
    assert SENT in text(client.get("/forgot-password/sent"))
    assert "For the account alice" in open_link(client, "/reset-password")
    answer = send_form(client, "/reset-password", password=NEW, again=NEW)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    assert "Your new password is set" in text(client.get("/sign-in"))
    sign_in(client, "alice", password=NEW)
    again = client.get("/reset-password")
    assert (again.status_code, "no longer good" in text(again)) == (404, True)


def test_known_and_unknown_names_get_the_same_answer(client: FlaskClient, people: Merchants) -> None:
    def answers(login: str) -> tuple[int, str, str]:
        answer = send_form(client, "/forgot-password", login=login)
        return answer.status_code, answer.headers["Location"], text(answer)

    assert answers("alice") == answers("nobody") == answers("bob")


def test_a_link_leads_to_our_own_address_whatever_host_was_asked(client: FlaskClient, people: Merchants) -> None:
    evil = {"base_url": "http://evil.example", "headers": {"X-Forwarded-Host": "evil.example"}}
    token = inputs(text(client.get("/forgot-password", **evil)))["csrf_token"]
    answer = client.post("/forgot-password", data={"csrf_token": token, "login": "alice"}, **evil)
    assert answer.status_code == 303
    settings: Settings = client.application.extensions["settings"]
    assert newest_link().startswith(settings.base_url + "/reset-password/")
    assert "evil" not in mailbox()[-1].body


def test_asking_too_often_from_one_address_is_slowed_down(client: FlaskClient, people: Merchants) -> None:
    for number in range(AUTHENTICATION_LIMIT):
        assert send_form(client, "/forgot-password", login=f"nobody{number}").status_code == 303
    answer = send_form(client, "/forgot-password", login="alice")
    assert (answer.status_code, "Wait" in text(answer)) == (422, True)
    assert mailbox() == []


def test_a_password_that_will_not_do_is_told_beside_the_field(client: FlaskClient, people: Merchants) -> None:
    send_form(client, "/forgot-password", login="alice")
    open_link(client, "/reset-password")
    for password, again, said in (("short", "short", "8 to 256"), (NEW, "other", "differ"), ("", "", "Enter a new")):
        answer = send_form(client, "/reset-password", password=password, again=again)
        assert (answer.status_code, said in text(answer)) == (422, True)
        assert inputs(text(answer))["password"] == ""
    assert send_form(client, "/reset-password", password=NEW, again=NEW).status_code == 303


@pytest.mark.parametrize("page", ["/reset-password", "/verify-email", "/join"])
def test_a_link_that_nobody_was_mailed_is_404_with_a_way_on(client: FlaskClient, people: Merchants, page: str) -> None:
    for address in (page, f"{page}/{'0' * 43}", f"{page}/%F0%9F%93%B1"):
        answer = client.get(address, follow_redirects=True)
        assert (answer.status_code, "no longer good" in text(answer)) == (404, True)


@pytest.mark.parametrize("page", ["/reset-password", "/verify-email", "/join"])
def test_a_token_leaves_no_trace_in_address_page_or_cache(client: FlaskClient, people: Merchants, page: str) -> None:
    token = "T" * 43
    answer = client.get(f"{page}/{token}")
    assert answer.status_code == 303
    assert token not in answer.headers["Location"] + text(answer)
    assert answer.headers["Cache-Control"] == "no-store"
    assert token not in text(client.get(page))


# Addresses.
def test_an_address_is_confirmed_by_a_button_not_by_opening_the_link(client: FlaskClient, people: Merchants) -> None:
    sign_in(client, "alice")
    answer = send_form(client, "/profile/email", "/profile/email/confirm")
    assert answer.status_code == 303
    stranger = client.application.test_client()  # the mailbox may be read on another machine
    assert ALICE in open_link(stranger, "/verify-email")
    assert "Not confirmed" in text(client.get("/profile/email"))
    assert send_form(stranger, "/verify-email").status_code == 303
    assert "Not confirmed" not in text(client.get("/profile/email"))


def test_another_address_is_asked_for_with_the_password(client: FlaskClient, people: Merchants) -> None:
    sign_in(client, "alice")
    wrong = send_form(client, "/profile/email", email="new@first.example", password="x")
    assert (wrong.status_code, "password is not right" in text(wrong)) == (422, True)
    answer = send_form(client, "/profile/email", email="new@first.example", password=PASSWORD)
    assert answer.status_code == 303
    open_link(client, "/verify-email")
    send_form(client, "/verify-email")
    assert "new@first.example" in text(client.get("/profile/email"))


def test_registering_through_the_api_mails_a_link_to_the_page(app: Flask) -> None:
    body = {
        "email": "jane@new.example", "username": "jane", "password": NEW, "first_name": "Jane", "last_name": "Smith",
        "company_name": "New Shop",
    }  # fmt: skip
    assert app.test_client().post("/api/v1/auth/register", json=body).status_code == 201
    assert mailbox()[-1].recipient == "jane@new.example"
    assert "jane@new.example" in open_link(app.test_client(), "/verify-email")


# One's own password.
def test_ones_password_is_changed_on_its_page(app: Flask, people: Merchants) -> None:
    here, there = app.test_client(), app.test_client()
    for browser in (here, there):
        sign_in(browser, "alice")
    wrong = send_form(here, "/profile/password", old_password="x", new_password=NEW, again=NEW)
    assert (wrong.status_code, "not your present password" in text(wrong)) == (422, True)
    answer = send_form(here, "/profile/password", old_password=PASSWORD, new_password=NEW, again=NEW)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/profile")
    assert (here.get("/").status_code, there.get("/").status_code) == (200, 303)


def test_guessing_the_present_password_is_slowed_down(client: FlaskClient, people: Merchants) -> None:
    sign_in(client, "alice")
    for _ in range(AUTHENTICATION_LIMIT):
        send_form(client, "/profile/password", old_password="x", new_password=NEW, again=NEW)
    answer = send_form(client, "/profile/password", old_password=PASSWORD, new_password=NEW, again=NEW)
    assert (answer.status_code, "Wait" in text(answer)) == (422, True)


# Invitations.
def test_somebody_is_invited_joins_and_is_signed_in(app: Flask, people: Merchants) -> None:
    alice, jane = app.test_client(), app.test_client()
    sign_in(alice, "alice")
    answer = send_form(alice, "/settings/invitations", email="jane@new.example", role="sales")
    assert answer.status_code == 303
    assert "jane@new.example" in text(alice.get("/settings/invitations"))
    page = open_link(jane, "/join")
    assert "Join First Inc." in page
    taken = send_form(jane, "/join", username="bob", name="Jane", password=NEW)
    assert (taken.status_code, "is taken" in text(taken)) == (422, True)
    joined = send_form(jane, "/join", username="jane", name="Jane", password=NEW)
    assert (joined.status_code, joined.headers["Location"]) == (303, "/")
    assert "Welcome to First Inc." in text(jane.get("/"))
    assert "jane@new.example" not in text(alice.get("/settings/invitations"))


def test_an_invitation_is_sent_again_and_withdrawn_on_its_page(app: Flask, people: Merchants) -> None:
    alice, charlie = app.test_client(), app.test_client()
    sign_in(alice, "alice")
    sign_in(charlie, "charlie")
    send_form(alice, "/settings/invitations", email="jane@new.example", role="sales")
    (waiting,) = accounts.list_invitations(people.alice)
    db.session.rollback()
    path = f"/settings/invitations/{waiting.id}"
    for browser, action, said in (
        (charlie, "withdraw", "no such invitation"),
        (charlie, "send", "no such invitation"),
        (alice, "send", "less than a minute ago"),
        (alice, "withdraw", "is withdrawn"),
        (alice, "withdraw", "no such invitation"),
    ):
        assert send_form(browser, "/settings/invitations", f"{path}/{action}").status_code == 303
        assert said in text(browser.get("/settings/invitations"))


def test_an_invitation_that_will_not_do_is_told(client: FlaskClient, people: Merchants) -> None:
    sign_in(client, "alice")
    for typed, said in (
        ({"email": "jane", "role": "sales"}, "such as jane@shop.example"),
        ({"email": ALICE, "role": "sales"}, "belongs to your business"),
        ({"email": "j@new.example", "role": "king"}, "valid choice"),
    ):
        answer = send_form(client, "/settings/invitations", **typed)
        assert (answer.status_code, said in text(answer)) == (422, True), typed


# The outbox.
def test_mail_is_read_in_the_outbox_and_its_links_work(app: Flask, people: Merchants) -> None:
    alice = app.test_client()
    send_form(alice, "/forgot-password", login="alice")
    deliver()
    sign_in(alice, "alice")
    page = text(alice.get("/settings/outbox"))
    assert "Nothing leaves" in page
    assert f'<a href="{newest_link()}">' in page
    assert "For the account alice" in open_link(app.test_client(), "/reset-password")


def test_in_production_only_the_operator_reads_mail(app: Flask, people: Merchants) -> None:
    settings: Settings = app.extensions["settings"]
    send_form(app.test_client(), "/forgot-password", login="alice")
    link = newest_link()
    alice, operator = app.test_client(), app.test_client()
    sign_in(alice, "alice")
    sign_in(operator, "operator")
    app.extensions["settings"] = settings.overridden(environment="production")
    try:
        shown = text(alice.get("/settings/outbox"))
        assert "Set a new password" in shown
        assert link not in shown
        assert link in text(operator.get("/operator/outbox"))
    finally:
        app.extensions["settings"] = settings


def test_with_a_server_the_outbox_shows_how_it_went_and_no_text(app: Flask, people: Merchants) -> None:
    alice = app.test_client()
    sign_in(alice, "alice")
    with mail_server(Behaviour(recipient="550 no such user")) as server:
        mail.use(db.engine, server.settings())
        try:
            mail.send(people.alice, to=ALICE, subject="Refused", body="a secret")
            deliver()
            page = text(alice.get("/settings/outbox"))
            assert "550 no such user" in page
            assert "Given up" in page
            server.behaviour = Behaviour()
            answer = send_form(alice, "/settings/outbox", f"/settings/outbox/{mailbox()[0].id}/send")
            assert answer.status_code == 303
            deliver()
            after = text(alice.get("/settings/outbox"))
        finally:
            mail.use(db.engine, None)
    assert "The mail is being sent." in after
    assert (">Sent<" in after, "Send again" in after) == (True, False)
    assert "a secret" not in page + after
    assert len(server.taken) == 1


def test_mail_of_another_business_is_neither_seen_nor_sent(app: Flask, people: Merchants) -> None:
    mail.send(people.alice, to=ALICE, subject="Of the first", body="x")
    mail_id = mailbox()[0].id
    charlie, operator = app.test_client(), app.test_client()
    sign_in(charlie, "charlie")
    sign_in(operator, "operator")
    assert "Of the first" not in text(charlie.get("/settings/outbox"))
    assert "No mail yet" in text(charlie.get("/settings/outbox"))
    assert "Of the first" in text(operator.get("/operator/outbox"))
    with mail_server() as server:
        mail.use(db.engine, server.settings())
        try:
            refused = send_form(charlie, "/settings/outbox", f"/settings/outbox/{mail_id}/send")
            assert refused.status_code == 404
            send_form(operator, "/operator/outbox", f"/operator/outbox/{mail_id}/send")
            deliver()
        finally:
            mail.use(db.engine, None)
        assert len(server.taken) == 1


def test_the_outbox_loads_more(client: FlaskClient, people: Merchants) -> None:
    now = datetime.now(UTC)
    with atomic(SYSTEM) as session:
        session.add_all(
            MailMessage(tenant_id=people.tenant.id, recipient=ALICE, subject=f"No. {n}.", body="x", created_at=now)
            for n in range(60)
        )
    sign_in(client, "alice")
    page = text(client.get("/settings/outbox"))
    assert ("No. 59." in page, "No. 9." in page) == (True, False)
    more = page.split('hx-get="')[1].split('"')[0].replace("&amp;", "&")
    rows = text(client.get(more, headers={"HX-Request": "true"}))
    assert ("No. 9." in rows, "No. 0." in rows, "<html" in rows) == (True, True, False)
    forget_limits(client.application)
    assert client.get("/settings/outbox?after=nonsense").status_code == 422
