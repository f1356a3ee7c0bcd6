"""Coverage, the fill-gaps queue, editing and suggestions, as a browser sees them."""

import re
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from benchmarks.counting import statements_of
from dashboard.catalog import queries, service
from tests.catalog.factories import add_devices, add_price, columns_of, phone
from tests.conftest import Merchants, World, inputs, sign_in, token_at

HTMX = {"HX-Request": "true"}
GTIN = "0195949770272"
EDIT = "/catalog/devices/pixel-9/edit"
CELL = "/catalog/devices/pixel-9/fields/{}"

pytestmark = pytest.mark.usefixtures("merchants")


@pytest.fixture
def operator(client: FlaskClient, merchants: Merchants) -> FlaskClient:
    """A browser in which the operator has signed in, in a catalogue of one phone."""
    (device,) = add_devices(merchants.operator, phone(normalized={"ram_gb": 12.0}, specs={"RAM": "12 GB"}))
    add_price(merchants.operator, device["id"], 40_000)
    sign_in(client, "operator")
    return client


@pytest.fixture
def alice(client: FlaskClient, merchants: Merchants) -> FlaskClient:
    """A browser of somebody who may suggest."""
    add_devices(merchants.operator, phone())
    sign_in(client, "alice", "FIRST")
    return client


def text(answer: TestResponse) -> str:
    """The page as text, entities read."""
    return unescape(answer.get_data(as_text=True))


def send(client: FlaskClient, url: str, data: dict[str, str], **options: Any) -> TestResponse:
    """POST with the token of the page."""
    return client.post(url, data={"csrf_token": token_at(client, "/catalog/coverage"), **data}, **options)


# Who may


@pytest.mark.parametrize("path", ["/catalog/coverage", "/catalog/gaps", EDIT, "/catalog/proposals"])
def test_strangers_are_sent_to_sign_in(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 303
    assert "/sign-in" in answer.location


@pytest.mark.parametrize(
    ("who", "allowed"),
    [
        ("viewer", {"/catalog/coverage", "/catalog/gaps"}),
        ("sales", {"/catalog/coverage", "/catalog/gaps", "/catalog/devices/iphone-16/edit", "/catalog/proposals/mine"}),
    ],
)
def test_each_role_sees_its_pages_and_no_others(world: World, who: str, allowed: set[str]) -> None:
    client = world.person(who)
    for path in (
        "/catalog/coverage",
        "/catalog/gaps",
        "/catalog/devices/iphone-16/edit",
        "/catalog/devices/iphone-16/fields/gtin",
        "/catalog/proposals",
        "/catalog/proposals/mine",
    ):
        assert client.get(path).status_code == (200 if path in allowed else 403), path


def test_a_merchant_cannot_edit_by_posting_to_a_cell(alice: FlaskClient, merchants: Merchants) -> None:
    assert send(alice, CELL.format("gtin"), {"value": GTIN}, headers=HTMX).status_code == 403
    assert columns_of(merchants.bob, "pixel-9")["gtin"] is None


@pytest.mark.parametrize("url", [EDIT, CELL.format("gtin"), "/catalog/proposals/1"])
def test_a_form_without_its_token_changes_nothing(operator: FlaskClient, merchants: Merchants, url: str) -> None:
    assert operator.post(url, data={"gtin": GTIN, "value": GTIN, "decision": "accept"}).status_code == 400
    assert columns_of(merchants.bob, "pixel-9")["gtin"] is None


# The whole record


def test_saving_the_form_edits_the_device_and_says_what_that_did(operator: FlaskClient, merchants: Merchants) -> None:
    form = inputs(text(operator.get(EDIT)))
    assert form["ram_gb"] == "12 GB"
    answer = operator.post(EDIT, data={**form, "gtin": GTIN, "ram_gb": "16"})
    assert (answer.status_code, answer.location) == (303, "/catalog/devices/pixel-9")
    page = text(operator.get(answer.location))
    assert "Saved GTIN and RAM. The quality score went from 20 to 35." in page
    device = columns_of(merchants.bob, "pixel-9")
    assert (device["gtin"], device["ram_gb"]) == (GTIN, 16.0)


def test_saving_what_was_there_says_that_nothing_was_different(operator: FlaskClient) -> None:
    answer = operator.post(EDIT, data=inputs(text(operator.get(EDIT))), follow_redirects=True)
    assert "Nothing was different" in text(answer)


def test_a_refused_form_keeps_what_was_typed_and_says_why_beside_it(
    operator: FlaskClient, merchants: Merchants
) -> None:
    form = inputs(text(operator.get(EDIT)))
    answer = operator.post(EDIT, data={**form, "gtin": "123", "os": "Android 16"})
    page = text(answer)
    assert answer.status_code == 422
    assert "“123” is no GTIN" in page
    kept = inputs(page)
    assert (kept["gtin"], kept["os"]) == ("123", "Android 16")
    assert 'aria-describedby="gtin-hint gtin-error" aria-invalid="true"' in page
    assert columns_of(merchants.bob, "pixel-9")["os"] is None


def test_a_conflict_shows_both_values_and_the_next_save_wins(operator: FlaskClient, merchants: Merchants) -> None:
    form = inputs(text(operator.get(EDIT)))
    service.edit_device(merchants.operator, "pixel-9", {"ram_gb": "8 GB", "os": "Android 15"})
    answer = operator.post(EDIT, data={**form, "ram_gb": "16 GB"})
    page = text(answer)
    assert answer.status_code == 409
    assert "Otto changed this to “8 GB”" in page
    kept = inputs(page)
    assert kept["ram_gb"] == "16 GB"
    assert operator.post(EDIT, data=kept).status_code == 303
    device = columns_of(merchants.bob, "pixel-9")
    assert (device["ram_gb"], device["os"]) == (16.0, "Android 15")


def test_fields_that_were_not_sent_are_left_alone(operator: FlaskClient, merchants: Merchants) -> None:
    assert send(operator, EDIT, {"gtin": GTIN}).status_code == 303
    assert columns_of(merchants.bob, "pixel-9")["ram_gb"] == 12.0


# A cell in place


def test_a_cell_becomes_a_form_and_a_cell_again(operator: FlaskClient, merchants: Merchants) -> None:
    form = operator.get(CELL.format("ram_gb"), headers=HTMX)
    found = inputs(text(form))
    assert found["value"] == "12 GB"
    saved = operator.post(CELL.format("ram_gb"), data={**found, "value": "16"}, headers=HTMX)
    page = text(saved)
    assert saved.status_code == 200
    assert "16 GB" in page
    assert "<form" not in page
    assert 'id="score-pixel-9" hx-swap-oob="true"' in page
    assert columns_of(merchants.bob, "pixel-9")["ram_gb"] == 16.0


def test_a_bad_cell_says_why_and_keeps_what_was_typed(operator: FlaskClient, merchants: Merchants) -> None:
    answer = send(operator, CELL.format("ram_gb"), {"value": "lots <b>"}, headers=HTMX)
    assert answer.status_code == 422
    assert inputs(text(answer))["value"] == "lots <b>" or "lots &lt;b&gt;" in answer.get_data(as_text=True)
    assert "cannot be read as RAM" in text(answer)
    assert columns_of(merchants.bob, "pixel-9")["ram_gb"] == 12.0


def test_a_cell_that_another_changed_is_a_conflict_once(operator: FlaskClient, merchants: Merchants) -> None:
    found = inputs(text(operator.get(CELL.format("ram_gb"), headers=HTMX)))
    service.edit_device(merchants.operator, "pixel-9", {"ram_gb": "8 GB"})
    answer = operator.post(CELL.format("ram_gb"), data={**found, "value": "16 GB"}, headers=HTMX)
    assert answer.status_code == 409
    assert "Otto changed this to “8 GB”" in text(answer)
    again = inputs(text(answer))
    assert again["value"] == "16 GB"
    assert operator.post(CELL.format("ram_gb"), data=again, headers=HTMX).status_code == 200
    assert columns_of(merchants.bob, "pixel-9")["ram_gb"] == 16.0


def test_a_pasted_cell_needs_no_form(operator: FlaskClient, merchants: Merchants) -> None:
    token = token_at(operator, "/catalog/coverage")
    answer = operator.post(CELL.format("gtin"), data={"value": GTIN}, headers={**HTMX, "X-CSRFToken": token})
    assert answer.status_code == 200
    assert columns_of(merchants.bob, "pixel-9")["gtin"] == GTIN


def test_a_yes_or_no_cell_offers_a_choice(operator: FlaskClient, merchants: Merchants) -> None:
    assert "<select" in text(operator.get(CELL.format("has_5g"), headers=HTMX))
    assert send(operator, CELL.format("has_5g"), {"value": "No"}, headers=HTMX).status_code == 200
    assert columns_of(merchants.bob, "pixel-9")["has_5g"] is False


def test_without_script_a_cell_leads_to_its_field_on_the_form(operator: FlaskClient) -> None:
    answer = operator.get(CELL.format("gtin"))
    assert (answer.status_code, answer.location) == (303, f"{EDIT}#gtin")
    assert 'id="gtin"' in text(operator.get(EDIT))


@pytest.mark.parametrize(
    "path", [CELL.format("price_avg"), "/catalog/devices/nothing/fields/gtin", "/catalog/devices/nothing/edit"]
)
def test_what_is_not_there_is_not_found(operator: FlaskClient, path: str) -> None:
    assert operator.get(path, headers=HTMX).status_code == 404


# The queue


def test_the_queue_shows_what_is_missing_and_cells_to_complete_it(operator: FlaskClient) -> None:
    page = text(operator.get("/catalog/gaps"))
    assert "lacks image, model numbers, GTIN and 7 more" in page
    assert "$400.00" in page
    assert f'data-edit-url="{CELL.format("gtin")}"' in page


def test_a_merchant_is_led_to_a_suggestion_instead_of_a_cell(alice: FlaskClient) -> None:
    page = text(alice.get("/catalog/gaps"))
    assert "data-edit-url" not in page
    assert f'href="{EDIT}?field=gtin"' in page


def test_loading_more_answers_rows_or_the_page_without_script(operator: FlaskClient, merchants: Merchants) -> None:
    add_devices(merchants.operator, *(phone(f"Pixel {n}00", f"pixel-{n}00") for n in range(60)))
    first = text(operator.get("/catalog/gaps"))
    (more,) = set(re.findall(r'href="(/catalog/gaps\?after=[^"]+)"', first))
    rows = text(operator.get(more, headers=HTMX))
    assert "<html" not in rows
    assert rows.count("row-link") == 25
    whole = text(operator.get(more))
    assert "<html" in whole
    slugs = re.findall(r'class="row-link cut" href="/catalog/devices/([^"]+)"', first + whole)
    assert len(slugs) == len(set(slugs)) == 50


def test_filters_stay_in_the_address_and_can_be_taken_out(operator: FlaskClient, merchants: Merchants) -> None:
    add_devices(merchants.operator, phone("Galaxy", "galaxy", make="Samsung"))
    page = text(operator.get("/catalog/gaps?make=samsung&missing=gtin"))
    assert "galaxy" in page
    assert "/catalog/devices/pixel-9" not in page
    assert 'href="/catalog/gaps?missing=gtin"' in page
    assert 'href="/catalog/gaps?make=samsung"' in page


def test_an_empty_catalogue_says_what_to_do(client: FlaskClient) -> None:
    sign_in(client, "operator")
    assert "Nothing to measure yet" in text(client.get("/catalog/coverage"))
    assert "The catalogue is empty" in text(client.get("/catalog/gaps"))
    assert "Nothing waits for you" in text(client.get("/catalog/proposals"))
    assert "Nothing decided yet" in text(client.get("/catalog/proposals?state=decided"))


@pytest.mark.parametrize("path", ["/catalog/coverage", "/catalog/gaps", "/catalog/gaps?category=tablets&missing=gtin"])
def test_a_page_takes_at_most_six_statements(world: World, path: str) -> None:
    client = world.operator()
    client.get(path)
    with statements_of(world.app) as sent:
        assert client.get(path).status_code == 200
    assert 0 < len(sent) <= 6, "\n".join(sent)


def test_every_share_of_the_coverage_page_leads_to_as_many_devices_as_it_says(world: World) -> None:
    client = world.operator()
    page = text(client.get("/catalog/coverage"))
    cells = re.findall(r'<a href="([^"]+without=[^"]+)" title="([\d,]+) without', page)
    assert len(cells) > 50
    for url, count in cells[:: len(cells) // 12]:
        assert count in text(client.get(url)), url


# Suggestions


def test_a_suggestion_goes_from_the_merchant_to_the_operator_and_back(
    alice: FlaskClient, client: FlaskClient, merchants: Merchants
) -> None:
    form = alice.get(f"{EDIT}?field=gtin")
    assert "Suggest a correction" in text(form)
    sent = send(alice, EDIT, {"field": "gtin", "value": GTIN, "reason": "It is on the box."})
    assert (sent.status_code, sent.location) == (303, "/catalog/proposals/mine")
    assert "Waiting" in text(alice.get(sent.location))
    operator = alice.application.test_client()
    sign_in(operator, "operator")
    queue = text(operator.get("/catalog/proposals"))
    assert "It is on the box." in queue
    assert re.search(r'Suggestions</span><span class="count">1</span>', queue)
    (url,) = set(re.findall(r'action="(/catalog/proposals/\d+)"', queue))
    answer = send(operator, url, {"decision": "accept", "answer": "Well spotted."}, headers=HTMX)
    assert answer.status_code == 200
    assert "Accepted" in text(answer)
    mine = text(alice.get("/catalog/proposals/mine"))
    assert "Well spotted." in mine
    assert columns_of(merchants.bob, "pixel-9")["gtin"] == GTIN
    twice = send(operator, url, {"decision": "decline"}, headers=HTMX)
    assert twice.status_code == 409
    assert "accepted before" in text(twice)


def test_a_decision_without_script_comes_back_to_the_queue(operator: FlaskClient, merchants: Merchants) -> None:
    proposal = service.propose_edit(merchants.alice, "pixel-9", "gtin", GTIN)
    answer = send(operator, f"/catalog/proposals/{proposal.id}", {"decision": "decline", "answer": "No."})
    assert (answer.status_code, answer.location) == (303, "/catalog/proposals")
    assert "GTIN of Pixel 9: suggestion declined." in text(operator.get("/catalog/proposals"))
    assert columns_of(merchants.bob, "pixel-9")["gtin"] is None


@pytest.mark.parametrize("data", [{}, {"decision": "perhaps"}, {"decision": "accept", "answer": "x" * 1001}])
def test_a_decision_that_is_none_leaves_the_suggestion_open(
    operator: FlaskClient, merchants: Merchants, data: dict[str, str]
) -> None:
    proposal = service.propose_edit(merchants.alice, "pixel-9", "gtin", GTIN)
    assert send(operator, f"/catalog/proposals/{proposal.id}", data, headers=HTMX).status_code == 422
    assert queries.get_proposal(merchants.operator, proposal.id).outcome is None


@pytest.mark.parametrize("number", ["99", str(2**63), "9" * 40, "x", "-1"])
def test_a_suggestion_that_does_not_exist_is_not_found(operator: FlaskClient, number: str) -> None:
    assert send(operator, f"/catalog/proposals/{number}", {"decision": "accept"}).status_code == 404


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"field": "gtin", "value": "", "reason": ""}, "Say what it should be."),
        ({"field": "gtin", "value": "123", "reason": ""}, "“123” is no GTIN"),
        ({"field": "gap_value", "value": "1", "reason": ""}, "Not a valid choice"),
        ({"value": GTIN}, "Not a valid choice"),
        ({"field": "os", "value": "x" * 501, "reason": ""}, "longer than 500"),
    ],
)
def test_a_refused_suggestion_keeps_what_was_typed(alice: FlaskClient, data: dict[str, str], why: str) -> None:
    answer = send(alice, EDIT, data)
    assert answer.status_code == 422
    page = text(answer)
    assert why in page
    assert inputs(page)["value"] == data["value"]


# Whatever is sent


NASTY = ["\0", "x" * 10_000, "\u202eشريحة", "'; --", "%00", "[]", "🦓", "\ud7ff\uffff"]


@pytest.mark.parametrize("nasty", NASTY)
@pytest.mark.parametrize("name", ["make", "category", "missing", "after", "makes", "state", "field"])
def test_nothing_in_an_address_breaks_a_page(operator: FlaskClient, name: str, nasty: str) -> None:
    for path in ("/catalog/coverage", "/catalog/gaps", "/catalog/proposals", EDIT):
        assert operator.get(path, query_string={name: nasty}).status_code < 500, path


@pytest.mark.parametrize("nasty", NASTY)
def test_nothing_in_a_form_breaks_a_page(operator: FlaskClient, merchants: Merchants, nasty: str) -> None:
    before = columns_of(merchants.bob, "pixel-9")
    every = dict.fromkeys([*inputs(text(operator.get(EDIT))), "has_5g"], nasty) | {"name": "", "seen": nasty}
    del every["csrf_token"]
    answer = send(operator, EDIT, every)
    assert answer.status_code == 422
    for field in ("gtin", "ram_gb", "release_date", "image_url", "has_5g"):
        answer = send(operator, CELL.format(field), {"value": f"~{nasty}", "version": nasty}, headers=HTMX)
        assert answer.status_code == 422, field
    assert columns_of(merchants.bob, "pixel-9") == before


@pytest.mark.parametrize("nasty", NASTY)
def test_nothing_in_a_suggestion_breaks_a_page(alice: FlaskClient, nasty: str) -> None:
    assert send(alice, EDIT, {"field": nasty, "value": nasty, "reason": nasty}).status_code == 422
    answer = send(alice, EDIT, {"field": "chipset", "value": f"A {nasty[:50]}", "reason": nasty[:900]})
    assert answer.status_code == (422 if "\0" in nasty else 303)
    assert alice.get("/catalog/proposals/mine").status_code == 200
    assert alice.get(f"/catalog/devices/{nasty[:100]}/edit").status_code in (308, 400, 404)


def test_a_device_of_an_impossible_address_is_refused(operator: FlaskClient) -> None:
    assert operator.get("/catalog/devices/%00/edit").status_code == 400
    assert send(operator, "/catalog/devices/%00/fields/gtin", {"value": GTIN}).status_code == 400
