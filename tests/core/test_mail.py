"""Mail: promised in a command, kept by a worker, whatever the mail server does."""

import ssl
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from dashboard.core import clock, jobs, mail
from dashboard.core.context import SYSTEM
from dashboard.core.db import atomic, db, reads
from dashboard.core.errors import Conflict, Invalid
from dashboard.core.jobs import Work, WorkState
from dashboard.core.mail import MailServer
from dashboard.core.mail import smtp as transport
from dashboard.core.tenancy import OWN_TENANT
from tests.conftest import Merchants
from tests.core.mail_server import CLOSE, SILENCE, Behaviour, self_signed
from tests.core.mailing import BODY, LINK, NOON, TO, connected, message, messages, send


def send_and_fail() -> None:
    with atomic(SYSTEM):
        send()
        raise Conflict("No.")


def work() -> Work:
    db.session.expunge_all()
    return reads(SYSTEM).scalars(select(Work).where(Work.kind == "mail.send"), execution_options=OWN_TENANT).one()


def try_until_given_up(move: Callable[[timedelta], None]) -> int:
    tries = 0
    while jobs.run_due():
        tries += 1
        move(timedelta(hours=2))
    return tries


# Sent.
def test_a_mail_leaves_after_the_commit_and_its_body_is_wiped(app: Flask) -> None:
    with connected() as server:
        send()
        assert server.connections == 0
        assert message().body == BODY
        jobs.run_due()
        (taken,) = server.taken
        assert (taken.sender, taken.recipients) == ("mail@shop.example", [TO])
        assert taken.message["From"] == "Shop <mail@shop.example>"
        assert taken.message["To"] == TO
        assert taken.message["Subject"] == "Set a new password"
        assert taken.message["Date"] == "Mon, 02 Mar 2026 12:00:00 +0000"
        assert taken.message.get_content().replace("\r\n", "\n") == BODY
        sent = message()
        assert (sent.sent_at, sent.tries, sent.last_error, sent.body) == (NOON, 1, None, mail.WIPED)
        assert work().state == WorkState.DONE


def test_a_command_that_fails_mails_nothing(app: Flask) -> None:
    with connected() as server:
        with pytest.raises(Conflict):
            send_and_fail()
        jobs.run_due()
        assert (messages(), server.taken) == ([], [])


def test_without_a_server_the_message_stays_and_no_work_is_promised(app: Flask) -> None:
    send()
    assert jobs.run_due() == 0
    kept = message()
    assert (kept.body, kept.sent_at, kept.tries) == (BODY, None, 0)


def test_a_worker_without_a_server_leaves_the_message_alone(app: Flask) -> None:
    with connected():
        send()
        mail.use(db.engine, None)
        jobs.run_due()
    assert (message().tries, message().sent_at, message().body) == (0, None, BODY)


def test_letters_of_all_alphabets_arrive(app: Flask) -> None:
    with connected() as server:
        send(to="jörg@müller.example", subject="Grüße 📱", body="Schöne Grüße – 你好\n.\n..dot\n")
        jobs.run_due()
        (taken,) = server.taken
        assert taken.recipients == ["jörg@müller.example"]
        assert taken.message["Subject"] == "Grüße 📱"
        assert taken.message.get_content().replace("\r\n", "\n") == "Schöne Grüße – 你好\n.\n..dot\n"


# Tried again.
TEMPORARY = [
    Behaviour(greeting="421 too busy"),
    Behaviour(greeting="554 not today"),
    Behaviour(greeting="nonsense"),
    Behaviour(greeting=CLOSE),
    Behaviour(mail_from="451 try later"),
    Behaviour(mail_from="530 sign in first"),
    Behaviour(recipient="450 greylisted"),
    Behaviour(recipient="421 going down"),
    Behaviour(recipient=CLOSE),
    Behaviour(data="451 disk full"),
    Behaviour(data=CLOSE),
    Behaviour(content="452 disk full"),
    Behaviour(content=CLOSE),
]


@pytest.mark.parametrize("behaviour", TEMPORARY, ids=repr)
def test_what_may_pass_is_tried_again_and_then_sent(app: Flask, behaviour: Behaviour) -> None:
    with connected(behaviour) as server, clock.frozen(NOON) as move:
        send()
        jobs.run_due()
        failed = message()
        assert (failed.tries, failed.sent_at, failed.failed_at, failed.body) == (1, None, None, BODY)
        assert failed.last_error is not None
        assert failed.last_error.startswith("127.0.0.1")
        assert work().state == WorkState.WAITING
        server.behaviour = Behaviour()
        assert jobs.run_due() == 0  # not before the pause is over
        move(timedelta(seconds=10))
        jobs.run_due()
        sent = message()
        assert (sent.tries, sent.last_error, sent.body) == (2, None, mail.WIPED)
        assert len(server.taken) == 1


def test_a_second_copy_is_known_by_its_message_id(app: Flask) -> None:
    with connected(Behaviour(content=CLOSE)) as server, clock.frozen(NOON) as move:
        send()
        send()
        jobs.run_due()
        server.behaviour = Behaviour()
        move(timedelta(seconds=10))
        jobs.run_due()
        first, second, *again = (got.message["Message-ID"] for got in server.got)
        assert first != second
        assert sorted(again) == sorted([first, second])
        assert first.endswith("@shop.example>")


def test_a_server_that_takes_it_and_hangs_up_has_taken_it(app: Flask) -> None:
    with connected(Behaviour(then_close=True)) as server:
        send()
        jobs.run_due()
        assert (len(server.taken), message().tries, message().body) == (1, 1, mail.WIPED)


@pytest.mark.parametrize("step", ["greeting", "mail_from", "recipient", "data", "content"])
def test_a_server_that_says_nothing_is_left(app: Flask, step: str) -> None:
    with connected(replace(Behaviour(), **{step: SILENCE}), answer_s=0.2):
        send()
        jobs.run_due()
        failed = message()
        assert failed.last_error == f"127.0.0.1:{_port()} took too long to answer."
        assert (failed.sent_at, failed.failed_at) == (None, None)


@pytest.mark.parametrize("step", ["greeting", "recipient"])
def test_a_conversation_has_an_end_however_patient_each_answer_is(app: Flask, step: str) -> None:
    with connected(replace(Behaviour(), **{step: SILENCE}), answer_s=30.0, whole_s=0.3):
        send()
        jobs.run_due()
        assert message().last_error == f"127.0.0.1:{_port()} took more than 0.3 s in all."


def _port() -> int:
    server = mail.server_of(SYSTEM)
    assert server is not None
    return server.port


def test_nobody_listens(app: Flask) -> None:
    with connected() as server:
        port = server.port
    with clock.frozen(NOON):
        mail.use(db.engine, MailServer("127.0.0.1", port, "mail@shop.example"))
        try:
            send()
            jobs.run_due()
        finally:
            mail.use(db.engine, None)
    assert message().last_error == f"127.0.0.1:{port} cannot be reached: Connection refused."


def test_after_enough_tries_it_is_given_up_and_can_be_sent_again(app: Flask, merchants: Merchants) -> None:
    with connected(Behaviour(recipient="450 greylisted")) as server, clock.frozen(NOON) as move:
        mail.send(merchants.alice, to=TO, subject="Hello", body=BODY)
        assert try_until_given_up(move) == mail.MOST_TRIES
        given_up = message()
        assert given_up.tries == mail.MOST_TRIES
        assert given_up.failed_at is not None
        assert given_up.body == BODY
        assert work().state == WorkState.FAILED
        server.behaviour = Behaviour()
        mail.send_again(merchants.alice, given_up.id)
        assert message().failed_at is None
        jobs.run_due()
        assert (len(server.taken), message().body) == (1, mail.WIPED)


# Refused.
@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (Behaviour(recipient="550 5.1.1 no such user"), "mail for this address: 550 5.1.1 no such user"),
        (Behaviour(content="554 5.7.1 looks like spam"), "this message: 554 5.7.1 looks like spam"),
        (Behaviour(data="554 no"), "this message: 554 no"),
    ],
    ids=["recipient", "content", "data"],
)
def test_a_refusal_ends_it_with_its_reason(app: Flask, behaviour: Behaviour, reason: str) -> None:
    reason = f"127.0.0.1 does not take {reason}"
    with connected(behaviour) as server, clock.frozen(NOON) as move:
        send()
        assert try_until_given_up(move) == 1
        refused = message()
        assert (refused.tries, refused.failed_at, refused.last_error) == (1, NOON, reason)
        assert (work().state, work().last_error) == (WorkState.FAILED, reason)
        assert server.taken == []


def test_an_address_beyond_ascii_needs_a_server_that_knows_them(app: Flask) -> None:
    with connected(Behaviour(extensions=())):
        send(to="jörg@shop.example")
        jobs.run_due()
        assert "letters beyond a to z" in (message().last_error or "")
        assert message().failed_at == NOON


# No secret in an error.
@pytest.mark.parametrize("step", ["recipient", "content"])
@pytest.mark.parametrize("code", [450, 550])
def test_what_a_server_quotes_of_the_message_is_not_kept(app: Flask, step: str, code: int) -> None:
    quoting = f"{code} 5.7.1 see {LINK} and <{LINK}> code 123456. Hello"
    with connected(replace(Behaviour(), **{step: quoting})):
        send()
        jobs.run_due()
        kept = f"{message().last_error} {work().last_error} {work().args}"
        assert f"{code} 5.7.1 see" in kept
        for secret in ("AbCdEf", "reset-password", "123456"):
            assert secret not in kept


def test_a_refused_sign_in_keeps_no_password(app: Flask) -> None:
    refusing = Behaviour(extensions=("AUTH PLAIN LOGIN",), sign_in="535 5.7.8 bad pair jane s3cret AGphbmUAczNjcmV0")
    with connected(refusing, user="jane", password="s3cret") as server:
        send()
        jobs.run_due()
        assert server.sign_ins
        assert message().last_error == "127.0.0.1 refuses the user and password of MAIL_URL (535)."
        assert message().failed_at is None  # whoever runs the installation may mend it


# TLS and signing in.
def test_starttls_is_used_where_it_is_offered_and_the_sign_in_comes_after_it(app: Flask, tmp_path: Path) -> None:
    offering = Behaviour(extensions=("AUTH PLAIN",), context=self_signed(tmp_path))
    with connected(offering, user="jane", password="s3cret") as server:
        send()
        jobs.run_due()
        assert message().last_error is None
        assert [taken.encrypted for taken in server.taken] == [True]
        assert len(server.sign_ins) == 1


def test_tls_from_the_first_byte(app: Flask, tmp_path: Path) -> None:
    speaking = Behaviour(extensions=("AUTH PLAIN",), tls=self_signed(tmp_path))
    with connected(speaking, tls=True, user="jane", password="s3cret") as server:
        send()
        jobs.run_due()
        assert message().last_error is None
        assert [taken.encrypted for taken in server.taken] == [True]
        assert len(server.sign_ins) == 1


def test_tls_where_the_server_speaks_none_is_tried_again(app: Flask) -> None:
    with connected(tls=True, answer_s=1.0) as server:
        send()
        jobs.run_due()
        assert server.got == []
        assert message().failed_at is None
        assert "127.0.0.1" in (message().last_error or "")


def test_without_starttls_a_server_on_this_machine_is_still_used(app: Flask) -> None:
    with connected(Behaviour(extensions=("AUTH PLAIN",)), user="jane", password="s3cret") as server:
        send()
        jobs.run_due()
        assert [taken.encrypted for taken in server.taken] == [False]


def test_a_password_does_not_travel_in_clear_to_another_machine(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MailServer, "here", property(lambda _: False))  # this machine, seen as if it were another
    with connected(Behaviour(extensions=("AUTH PLAIN",)), user="jane", password="s3cret") as server:
        send()
        jobs.run_due()
        assert (server.sign_ins, server.got) == ([], [])
        assert "offers no STARTTLS" in (message().last_error or "")


def test_another_machines_certificate_is_checked(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MailServer, "here", property(lambda _: False))
    with connected(Behaviour(context=self_signed(tmp_path))) as server:
        send()
        jobs.run_due()
        assert server.got == []
        assert "cannot be reached safely" in (message().last_error or "")


def test_which_servers_are_on_this_machine() -> None:
    def here(host: str) -> bool:
        return MailServer(host, 25, "a@b.example").here

    assert [here(host) for host in ("127.0.0.1", "::1", "localhost", "127.8.8.8")] == [True] * 4
    assert [here(host) for host in ("mail.example", "localhost.evil.example", "10.0.0.1", "1.2.3.4")] == [False] * 4
    checked = transport.tls_context(MailServer("mail.example", 25, "a@b.example"))
    assert (checked.verify_mode, checked.check_hostname) == (ssl.CERT_REQUIRED, True)


# Headers.
def test_a_line_end_in_the_subject_becomes_a_space_and_it_is_cut(app: Flask) -> None:
    with connected() as server:
        send(subject="Join Evil\r\nBcc: victim@example.com\x00\u2028X" + "y" * 300)
        jobs.run_due()
        (taken,) = server.taken
        assert taken.message["Bcc"] is None
        assert taken.recipients == [TO]
        assert taken.message["Subject"] == ("Join Evil Bcc: victim@example.com X" + "y" * 300)[:200]


@pytest.mark.parametrize(
    "address",
    ["", "jane", "jane@", "@shop.example", "jane@shop", "a@b@c.example", "jane@shop.example\r\nBcc: x@y.example",
     "jane@shop.example\n", "a@b.example, c@d.example", "Jane <jane@shop.example>", "jane doe@shop.example",
     '"jane"@shop.example', "jane@shop.example>", "jane@[127.0.0.1]", "jane@shop..example", ".jane@shop.example",
     "jane@-shop.example", "a" * 250 + "@shop.example", "jane\x00@shop.example", "jane@shop.example\u2028x"],
)  # fmt: skip
def test_what_is_not_one_address_is_refused(app: Flask, address: str) -> None:
    assert not mail.is_address(address)
    if address.strip() != "jane@shop.example":
        with pytest.raises(Invalid):
            send(to=address)
        assert messages() == []


@pytest.mark.parametrize(
    "address", ["jane@shop.example", "j.o'neil+x@mail.shop.example", "用户@例子.example", "a_b-c@x-y.io"]
)
def test_what_is_an_address_is_taken(address: str) -> None:
    assert mail.is_address(address)
    assert mail.folded_address(f" {address.upper()} ") == address
