"""The stream of the board: who may open it, what it tells, and what it tells whoever was away."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Thread

import orjson
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dashboard.accounts import service as accounts
from dashboard.core import clock
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import atomic, db
from dashboard.dispatch import live
from dashboard.dispatch.queries.changes import MOST_MISSED
from dashboard.dispatch.service import tickets
from dashboard.dispatch.service.changes import tell_boards
from tests.conftest import Api, Merchants, sign_in

STREAM = "/api/v1/admin/dispatch/stream"


class Listening:
    """An open stream, read event by event."""

    def __init__(self, answer: TestResponse) -> None:
        assert answer.status_code == 200, answer.get_data(as_text=True)
        assert answer.mimetype == "text/event-stream"
        self._chunks = answer.iter_encoded()
        self._left: list[tuple[int | None, dict[str, object]]] = []
        self.answer = answer

    def chunk(self) -> str:
        """What is sent next, as it is."""
        return next(self._chunks).decode()

    def rest(self) -> Iterator[str]:
        """All that comes until the stream ends, without what only keeps it open."""
        return (chunk.decode() for chunk in self._chunks if not chunk.startswith(b":"))

    def event(self) -> tuple[int | None, dict[str, object]]:
        """The next event: its id and what it says. Raises StopIteration where the stream has ended."""
        while not self._left:
            for block in self.chunk().split("\n\n"):
                told = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
                if "data" in told:
                    self._left.append((int(told["id"]) if "id" in told else None, orjson.loads(told["data"])))
        return self._left.pop(0)


@contextmanager
def listening(answer: TestResponse) -> Generator[Listening]:
    """Listen, and hang up."""
    try:
        yield Listening(answer)
    finally:
        answer.close()


def changed(by: Principal, *titles: str) -> None:
    """One change a title, each a command of its own."""
    for title in titles:
        with atomic(by):
            tell_boards(by, "changed", None, {"title": title})
    db.session.remove()


def test_an_open_board_is_told_what_changes_and_in_which_order(api: Api, merchants: Merchants) -> None:
    changed(merchants.alice, "before")
    with listening(api.call("GET", STREAM)) as board:
        assert board.chunk() == "retry: 2000\n\n"
        changed(merchants.alice, "one", "two")
        changed(merchants.charlie, "of another business")
        changed(merchants.alice, "three")
        told = [board.event() for _ in range(3)]
    assert [(number, data["title"]) for number, data in told] == [(2, "one"), (3, "two"), (4, "three")]
    assert told[0][1]["type"] == "dispatch.changed"


def test_what_a_command_took_back_is_told_to_nobody(api: Api, merchants: Merchants) -> None:
    def fails() -> None:
        with atomic(merchants.alice):
            tell_boards(merchants.alice, "changed", None, {"title": "never"})
            raise ZeroDivisionError

    with listening(api.call("GET", STREAM)) as board:
        with pytest.raises(ZeroDivisionError):
            fails()
        changed(merchants.alice, "kept")
        assert board.event()[1]["title"] == "kept"


def test_whoever_was_away_is_told_what_they_missed_before_what_is_new(api: Api, merchants: Merchants) -> None:
    changed(merchants.alice, "one", "two", "three")
    with listening(api.call("GET", STREAM, headers={"Last-Event-ID": "1"})) as board:
        changed(merchants.alice, "four")
        assert [board.event()[0] for _ in range(3)] == [2, 3, 4]
    with listening(api.call("GET", STREAM, headers={"Last-Event-ID": "4"})) as board:
        changed(merchants.alice, "five")
        assert board.event()[0] == 5


@pytest.mark.parametrize("last", ["99", "x7", "-1", "²", "9" * 40])
def test_whoever_comes_with_a_number_nobody_gave_them_loads_anew(api: Api, merchants: Merchants, last: str) -> None:
    changed(merchants.alice, "one", "two")
    with listening(api.call("GET", STREAM, headers={"Last-Event-ID": last})) as board:
        assert board.event() == (None, {"type": "reload"})
        changed(merchants.alice, "three")
        assert board.event()[0] == 3


def test_whoever_missed_more_than_is_told_afterwards_loads_anew(api: Api, merchants: Merchants) -> None:
    with atomic(merchants.alice):
        for _ in range(MOST_MISSED + 1):
            tell_boards(merchants.alice, "changed", None, {})
    db.session.remove()
    with listening(api.call("GET", STREAM, headers={"Last-Event-ID": "1"})) as board:
        assert board.event()[0] == 2
    changed(merchants.alice, "one more")
    with listening(api.call("GET", STREAM, headers={"Last-Event-ID": "1"})) as board:
        assert board.event() == (None, {"type": "reload"})


def test_whoever_is_too_slow_to_take_it_all_loads_anew(
    api: Api, merchants: Merchants, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "KEPT", 3)
    with listening(api.call("GET", STREAM)) as board, listening(api.call("GET", STREAM)) as quick:
        board.chunk()
        for title in "abcde":
            changed(merchants.alice, title)
            assert quick.event()[1]["title"] == title
        assert board.event() == (None, {"type": "reload"})


def test_changes_from_many_threads_are_told_once_each(app: Flask, api: Api, merchants: Merchants) -> None:
    def work(name: str) -> None:
        with app.app_context():
            changed(merchants.alice, *(f"{name}{n}" for n in range(10)))

    with listening(api.call("GET", STREAM)) as board:
        workers = [Thread(target=work, args=(name,)) for name in "abcd"]
        for each in workers:
            each.start()
        told = [board.event() for _ in range(40)]
        for each in workers:
            each.join()
    assert [number for number, _ in told] == list(range(1, 41))
    assert {data["title"] for _, data in told} == {f"{name}{n}" for name in "abcd" for n in range(10)}


def test_a_page_listens_with_its_own_cookie(client: FlaskClient, merchants: Merchants) -> None:
    assert client.get(STREAM).status_code == 401
    sign_in(client, "alice", "FIRST")
    with listening(client.get(STREAM)) as board:
        changed(merchants.alice, "one")
        assert board.event()[1]["title"] == "one"
    assert client.get(STREAM, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 401


def test_no_other_endpoint_takes_the_cookie(client: FlaskClient, merchants: Merchants) -> None:
    sign_in(client, "alice", "FIRST")
    assert client.get("/api/v1/admin/customers").status_code == 401
    assert client.post(f"{STREAM}-ticket").status_code == 401


def test_a_ticket_opens_the_stream_once(client: FlaskClient, api: Api, merchants: Merchants) -> None:
    ticket = api.call("POST", f"{STREAM}-ticket").get_json()["data"]["ticket"]
    with listening(client.get(f"{STREAM}?ticket={ticket}")) as board:
        changed(merchants.alice, "one")
        assert board.event()[1]["title"] == "one"
    again = client.get(f"{STREAM}?ticket={ticket}")
    assert again.status_code == 401
    assert "Take another one" in again.get_json()["error"]["message"]


def test_a_ticket_is_good_for_thirty_seconds(client: FlaskClient, merchants: Merchants) -> None:
    with clock.frozen(clock.now()) as move:
        late, early = (tickets.issue_ticket(merchants.alice).secret for _ in range(2))
        move(timedelta(seconds=29))
        assert tickets.use_ticket(early) is not None
        move(timedelta(seconds=1))
        assert tickets.use_ticket(late) is None


def test_of_many_who_come_with_one_ticket_one_gets_in(app: Flask, merchants: Merchants) -> None:
    secret = tickets.issue_ticket(merchants.alice).secret
    db.session.remove()
    got: list[bool] = []

    def come() -> None:
        with app.app_context():
            got.append(tickets.use_ticket(secret) is not None)
            db.session.remove()

    many = [Thread(target=come) for _ in range(16)]
    for each in many:
        each.start()
    for each in many:
        each.join()
    assert sorted(got) == [False] * 15 + [True]


def test_who_may_not_see_the_board_cannot_listen(client: FlaskClient, merchants: Merchants) -> None:
    for scopes in ({"orders:read"}, {"dispatch:read"}):
        key = accounts.create_key(SYSTEM, merchants.tenant, name="some", scopes=frozenset(scopes)).secret
        answer = client.get(STREAM, headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == (200 if "dispatch:read" in scopes else 403)
        answer.close()


def test_a_stream_ends_when_its_credential_is_taken_back(
    client: FlaskClient, merchants: Merchants, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "CHECK_EVERY_S", 0)
    made = accounts.create_key(SYSTEM, merchants.tenant, name="some")
    with listening(client.get(STREAM, headers={"Authorization": f"Bearer {made.secret}"})) as board:
        changed(merchants.alice, "one")
        assert board.event()[1]["title"] == "one"
        accounts.revoke_key(merchants.alice, made.key.id)
        db.session.remove()
        assert list(board.rest()) == []


def test_more_boards_than_threads_are_asked_to_come_back(
    api: Api, merchants: Merchants, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MOST_STREAMS", 1)
    with listening(api.call("GET", STREAM)):
        answer = api.call("GET", STREAM)
        assert answer.status_code == 503
        assert "Ask again" in answer.get_json()["error"]["message"]
    with listening(api.call("GET", STREAM)):
        pass
