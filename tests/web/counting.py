"""Endpoints and a page that leave an event for each time they were carried out; also a process that serves them."""

import os
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated

from flask import Flask, Response, flash, render_template_string, request
from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from typing_extensions import TypedDict
from wtforms import StringField
from wtforms.validators import InputRequired

import dashboard
from dashboard import config
from dashboard.config import Settings
from dashboard.core import events
from dashboard.core.context import SYSTEM, Principal
from dashboard.core.db import atomic, reads
from dashboard.core.errors import BadRequest, Conflict, DomainError, Invalid, NotFound, Unavailable
from dashboard.core.events import Event
from dashboard.core.tenancy import EVERY_TENANT
from dashboard.web.answers import Bare, Empty
from dashboard.web.api import ApiBlueprint
from dashboard.web.forms import Form
from dashboard.web.pages import PageBlueprint, see_other
from dashboard.web.schemas import BodyModel
from tests.conftest import made_app

NAME = "test.counted"
THINGS = "/api/v1/counted/things"
PAGE = "/counted"
DEADLINE_S = 60
REFUSALS: dict[str, DomainError] = {
    "taken": Conflict("That is taken."),
    "wrong": Invalid.field("name", "That name will not do."),
    "gone": NotFound("There is no such thing."),
    "unreadable": BadRequest("What is that?"),
    "down": Unavailable("The carrier does not answer."),
}


class CountedBody(BodyModel):
    """`refuse` names the refusal that comes after the effect."""

    name: Annotated[str, Field(max_length=80)]
    refuse: str = ""


class CountedJson(TypedDict):
    number: int


def count(by: Principal, name: str, refuse: str = "") -> int:
    """Leave an event; its number. What is refused afterwards leaves none."""
    with atomic(by) as session:
        events.record(by, NAME, name)
        if refuse == "crash":
            raise RuntimeError("This was to be expected.")
        if refuse:
            raise REFUSALS[refuse]
        _hold(name)
        return session.execute(select(func.max(Event.id))).scalar_one()


def _hold(name: str) -> None:
    """Say so and wait to be killed, in the middle of the request that HOLD names."""
    if os.environ.get("HOLD") == name:
        _say("holding")
        sys.stdin.read()


def counted(name: str | None = None) -> int:
    """How often it was carried out."""
    statement = select(func.count()).select_from(Event).where(Event.name == NAME)
    if name is not None:
        statement = statement.where(Event.subject == name)
    return present().scalar(statement, execution_options=EVERY_TENANT) or 0


def present() -> Session:
    """A session that sees what others have committed by now, whatever the test has read before."""
    session = reads(SYSTEM)
    session.close()
    return session


def _add_counting(api: ApiBlueprint, method: str, status: int) -> None:
    def make(by: Principal, body: CountedBody) -> Bare:
        """Count"""
        return Bare({"number": count(by, body.name, body.refuse)})

    make.__name__ = f"count_by_{method.lower()}"
    declare = api.operation(
        method, "/things", needs="orders:write", answer=CountedJson, shape="bare", status=status, body=CountedBody
    )
    declare(make)


def _api() -> ApiBlueprint:
    api = ApiBlueprint("counted_api", __name__, url_prefix="/api/v1/counted", speaks="tradekitt", area="suite")

    for method, status in (("POST", 201), ("PUT", 200), ("PATCH", 200)):
        _add_counting(api, method, status)

    @api.operation("DELETE", "/things/<name>", needs="orders:write", answer=None, shape="empty", status=204)
    def remove(by: Principal, name: str) -> Empty:
        """Count a removal"""
        count(by, name)
        return Empty()

    @api.operation(
        "POST", "/bare", needs="orders:write", answer=CountedJson, shape="bare", body=CountedBody, idempotent=False
    )
    def make_bare(by: Principal, body: CountedBody) -> Bare:
        """Count every time"""
        return Bare({"number": count(by, body.name)})

    return api


class NameForm(Form):
    """What is counted."""

    name = StringField("Name", validators=[InputRequired("Say what.")])


_FORM = (
    '<form method="post">{{ form.csrf_token }}{{ form.name }}'
    "{% for text in get_flashed_messages() %}<p>{{ text }}</p>{% endfor %}</form>"
)


def _pages() -> PageBlueprint:
    pages = PageBlueprint("counted", __name__)

    @pages.page(PAGE, needs="catalog:read", methods=("GET", "POST"))
    def show(by: Principal) -> Response:
        form = NameForm()
        refused = request.method == "POST"
        if form.sent():
            name = form.name.data or ""
            try:
                number = count(by, name, name if name in REFUSALS else "")
            except Invalid as error:
                form.refuse(error)
            else:
                flash(f"Counted as {number}.", "success")
                return see_other(f"{PAGE}?number={number}")
        return Response(render_template_string(_FORM, form=form), 422 if refused else 200)

    @pages.page(f"{PAGE}/shown", needs="catalog:read", methods=("POST",))
    def show_number(by: Principal) -> Response:
        return Response(f"<p>{count(by, 'shown')} {request.form.get('name', '')}</p>", mimetype="text/html")

    @pages.page(f"{PAGE}/others", needs="catalog:read", methods=("POST",))
    def count_for_the_system(by: Principal) -> Response:
        count(SYSTEM, "system")
        return see_other(PAGE)

    @pages.page(f"{PAGE}/tries", needs="catalog:read", methods=("POST",))
    def count_a_try(by: Principal) -> Response:
        """Commit that it was tried, and refuse it."""
        count(by, "try")
        return Response("<p>That was not it.</p>", 422)

    return pages


def counting_app(settings: Settings) -> Flask:
    """The application with these beside the domains' endpoints."""
    app = made_app(settings)
    app.register_blueprint(_api())
    app.register_blueprint(_pages())
    dashboard._leave_api_to_its_own_credentials(app)  # pyright: ignore[reportPrivateUsage]
    return app


def send(app: Flask, token: str, number: int) -> int:
    """The status of one request with the key of that number; a rival that is sent away comes again."""
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"key {number}"}
    client = app.test_client()
    while True:
        answer = client.post(THINGS, json={"name": f"thing {number}"}, headers=headers)
        if answer.status_code != 409:
            return answer.status_code


def send_all(app: Flask, token: str, keys: int, threads: int) -> Counter[int]:
    """Send each of `keys` requests `threads` times, those of one key at about the same moment; their statuses."""
    together = threading.Barrier(threads)

    def rival(_: int) -> Counter[int]:
        found: Counter[int] = Counter()
        for number in range(keys):
            if number % 50 == 0:
                together.wait(timeout=DEADLINE_S)
            found[send(app, token, number)] += 1
        return found

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(rival, range(threads)), Counter[int]())


def _once(token: str, key: str, name: str) -> None:
    """Send one request and say how it was answered, or hold before saying so."""
    app = counting_app(config.from_environment())
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
    answer = app.test_client().post(THINGS, json={"name": name}, headers=headers)
    _hold("answered")
    _say(f"{answer.status_code} {'replayed' if 'Idempotent-Replayed' in answer.headers else ''}".strip())


def _rivals(token: str, keys: str, threads: str) -> None:
    """Be a second server: send the same requests as another, and say how often each status was answered."""
    app = counting_app(config.from_environment())
    _say("ready")
    sys.stdin.readline()
    found = send_all(app, token, int(keys), int(threads))
    _say(" ".join(f"{status} {times}" for status, times in found.items()))


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    {"once": _once, "rivals": _rivals}[sys.argv[1]](*sys.argv[2:])
