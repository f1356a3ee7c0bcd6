"""The outbox: who sees what, sending again, forgetting; and the settings of the mail server."""

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from dashboard.config import SettingError
from dashboard.core import clock, jobs, mail
from dashboard.core.context import SYSTEM
from dashboard.core.errors import Conflict, NotAllowed, NotFound
from dashboard.core.mail import MailMessage
from tests.conftest import Merchants, settings_at
from tests.core.mailing import BODY, NOON, TO, connected, message, messages, send


# Who sees the outbox.
def test_each_tenant_sees_its_own_mail_and_the_operator_all(app: Flask, merchants: Merchants) -> None:
    for by in (merchants.alice, merchants.charlie):
        mail.send(by, to=TO, subject=by.name, body="x")
    mail.send(SYSTEM, to=TO, subject="Of the installation", body="x")

    def subjects(found: list[MailMessage]) -> list[str]:
        return [each.subject for each in found]

    assert subjects(list(mail.outbox(merchants.alice).items)) == ["Alice"]
    assert subjects(list(mail.outbox(merchants.charlie).items)) == ["Charlie"]
    everything = mail.outbox(merchants.operator, everywhere=True)
    assert subjects(list(everything.items)) == ["Of the installation", "Charlie", "Alice"]
    for by, everywhere in ((merchants.bob, False), (merchants.alice, True), (merchants.operator, False)):
        with pytest.raises(NotAllowed):
            mail.outbox(by, everywhere=everywhere)


def test_the_outbox_goes_on_page_by_page(app: Flask, merchants: Merchants) -> None:
    for number in range(5):
        mail.send(merchants.alice, to=TO, subject=str(number), body="x")
    seen: list[str] = []
    after: str | None = None
    while True:
        found = mail.outbox(merchants.alice, after=after, size=2)
        seen += [each.subject for each in found.items]
        if (after := found.after) is None:
            break
    assert seen == ["4", "3", "2", "1", "0"]


def test_only_ones_own_unsent_mail_is_sent_again_and_only_by_a_server(app: Flask, merchants: Merchants) -> None:
    mail.send(merchants.alice, to=TO, subject="x", body=BODY)
    mail_id = message().id
    with pytest.raises(Conflict, match="MAIL_URL"):
        mail.send_again(merchants.alice, mail_id)
    with connected() as server:
        for by, everywhere, refusal in (
            (merchants.charlie, False, NotFound),
            (merchants.bob, False, NotAllowed),
            (merchants.alice, True, NotAllowed),
        ):
            with pytest.raises(refusal):
                mail.send_again(by, mail_id, everywhere=everywhere)
        mail.send_again(merchants.operator, mail_id, everywhere=True)
        jobs.run_due()
        assert len(server.taken) == 1
        with pytest.raises(Conflict, match="has been sent"):
            mail.send_again(merchants.alice, mail_id)
        with pytest.raises(NotFound):
            mail.send_again(merchants.alice, mail_id + 1)


def test_mail_is_forgotten_after_three_months(app: Flask) -> None:
    with clock.frozen(NOON) as move:
        send(subject="Old")
        move(timedelta(days=60))
        send(subject="New")
        move(timedelta(days=30, seconds=1))
        jobs.sweep()
        jobs.run_due()
        assert [each.subject for each in messages()] == ["New"]


# Settings.
@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("smtp://mail.example", ("mail.example", 587, False, None, None)),
        ("smtps://mail.example", ("mail.example", 465, True, None, None)),
        ("smtp://jane%40shop:p%40ss%2F@mail.example:2525", ("mail.example", 2525, False, "jane@shop", "p@ss/")),
        ("smtp://[::1]:25/", ("::1", 25, False, None, None)),
    ],
)
def test_a_mail_url_is_read(tmp_path: Path, url: str, found: tuple[object, ...]) -> None:
    settings = settings_at(tmp_path, "sqlite://", mail_url=url, mail_from="My Shop <mail@shop.example>")
    server = mail.from_settings(settings)
    assert server is not None
    assert (server.host, server.port, server.tls, server.user, server.password) == found
    assert server.sender_address == "mail@shop.example"
    assert "p@ss" not in repr(server)


@pytest.mark.parametrize(
    ("url", "sender", "names"),
    [
        ("http://jane:s3cret@mail.example", "a@b.example", "MAIL_URL"),
        ("smtp://", "a@b.example", "MAIL_URL"),
        ("smtp://jane:s3cret@mail.example:x", "a@b.example", "MAIL_URL"),
        ("smtp://jane:s3cret@mail.example/path", "a@b.example", "MAIL_URL"),
        ("smtp://mail.example", None, "MAIL_FROM"),
        ("smtp://mail.example", "nobody", "MAIL_FROM"),
        ("smtp://mail.example", "Shop\r\nBcc: x@y.example <a@b.example>", "MAIL_FROM"),
    ],
)
def test_a_setting_that_will_not_do_is_named_without_the_password(
    tmp_path: Path, url: str, sender: str | None, names: str
) -> None:
    with pytest.raises(SettingError, match=names) as refused:
        mail.from_settings(settings_at(tmp_path, "sqlite://", mail_url=url, mail_from=sender))
    assert "s3cret" not in str(refused.value)
