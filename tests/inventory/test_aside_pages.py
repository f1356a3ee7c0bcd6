"""What is set aside, as a browser sees it: let go, refused with what was typed kept, and not for everybody."""

import re
from html import unescape

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dashboard.core.db import reads
from dashboard.inventory.queries import set_aside
from dashboard.inventory.queries.grid import units_by_id
from dashboard.inventory.service.claims import Holder, Pieces, take
from dashboard.inventory.service.quarantine import quarantine, release
from tests.conftest import Merchants, token_at
from tests.inventory.shop import Shop, imei, open_shop

ASIDE = "/inventory/set-aside"


@pytest.fixture
def shop(merchants: Merchants) -> Shop:
    return open_shop(merchants.alice)


def text(answer: TestResponse) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True))))


def send(client: FlaskClient, address: str, **data: object) -> TestResponse:
    return client.post(address, data={"csrf_token": token_at(client, ASIDE), **data}, follow_redirects=True)


def states(shop: Shop, *units: str) -> list[str]:
    """Of each unit who holds it, or else its state."""
    reads(shop.by).close()
    return [row.holder or row.state for row in units_by_id(shop.by, units)]


def pieces_aside(shop: Shop, how_many: int = 4) -> int:
    """Pieces that came back for repair; the id of what keeps them."""
    shop.add_pieces(shop.part, how_many)
    take(shop.by, Holder("repair", 7), pieces=[Pieces(shop.part.id, how_many)], until=None)
    return set_aside.pieces_aside(shop.by)[0].claim_id


def kept(shop: Shop) -> int:
    reads(shop.by).close()
    return sum(each.quantity for each in set_aside.pieces_aside(shop.by))


def test_units_are_put_back_or_scrapped_from_the_list_which_keeps_its_reason(alice: FlaskClient, shop: Shop) -> None:
    one, two, three, other = shop.add_units(4)
    quarantine(shop.by, [one, two, three], "repair", "cracked")
    quarantine(shop.by, [other], "inspection")
    back = send(alice, f"{ASIDE}/units", units=[one, two], step="release", reason="repair")
    assert "2 units are back in stock." in text(back)
    assert back.request.path + "?" + back.request.query_string.decode() == f"{ASIDE}?reason=repair"
    assert imei(3) in text(back)
    assert imei(4) not in text(back)
    gone = send(alice, f"{ASIDE}/units", units=[three], step="scrap", note="board broken")
    assert "1 unit is scrapped." in text(gone)
    assert states(shop, one, two, three, other) == ["in_stock", "in_stock", "scrapped", "quarantine"]
    assert "board broken" in text(alice.get(f"/inventory/units/{three}"))


def test_the_list_counts_units_alone_that_are_aside_now_and_goes_on_page_by_page(
    alice: FlaskClient, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(set_aside, "PAGE", 2)
    units = shop.add_units(4)
    quarantine(shop.by, units[:3], "repair")
    quarantine(shop.by, units[3:], "inspection")
    release(shop.by, units[3:])
    pieces_aside(shop)
    assert set_aside.count_aside(shop.by) == {"repair": 3}
    first = alice.get(f"{ASIDE}?reason=repair").get_data(as_text=True)
    assert imei(3) in first
    assert imei(1) not in first
    more = re.search(r'href="([^"]*after=[^"]*)"', first)
    assert more is not None
    address = unescape(more[1])
    assert "reason=repair" in address
    part = alice.get(address, headers={"HX-Request": "true"}).get_data(as_text=True)
    whole = alice.get(address).get_data(as_text=True)
    for page in (part, whole):
        assert imei(1) in page
        assert imei(2) not in page
        assert "after=" not in page
    assert ("<main" in part, "<main" in whole) == (False, True)


def test_what_is_refused_changes_nothing_and_stays_picked_and_typed(alice: FlaskClient, shop: Shop) -> None:
    one, two, free = shop.add_units(3)
    quarantine(shop.by, [one, two], "repair")
    typed = {"grade": "C", "note": "board broken", "reason": "repair"}
    answer = send(alice, f"{ASIDE}/units", units=[one], step="release", **typed)
    page = answer.get_data(as_text=True)
    assert (answer.status_code, "no product" in text(answer)) == (422, True)
    assert re.search(rf'value="{one}"[^>]* checked', page)
    assert not re.search(rf'value="{two}"[^>]* checked', page)
    assert re.search(r'<option value="C" selected', page)
    assert 'name="note" value="board broken"' in page
    assert 'name="reason" value="repair"' in page
    late = send(alice, f"{ASIDE}/units", units=[one, free], step="scrap", **typed)
    assert (late.status_code, f"{imei(3)} is not set aside." in text(late)) == (409, True)
    assert 'name="note" value="board broken"' in late.get_data(as_text=True)
    assert send(alice, f"{ASIDE}/units", step="scrap", **typed).status_code == 422
    assert send(alice, f"{ASIDE}/units", units=["inv_none"], step="release").status_code == 404
    assert states(shop, one, two, free) == ["quarantine", "quarantine", "in_stock"]


def test_pieces_are_put_back_and_scrapped_in_parts(alice: FlaskClient, shop: Shop) -> None:
    address = f"{ASIDE}/pieces/{pieces_aside(shop)}"
    assert "The pieces are back in stock." in text(send(alice, address, quantity=" 1 ", step="release"))
    assert "The pieces are scrapped." in text(send(alice, address, quantity="2", step="scrap"))
    assert kept(shop) == 1


@pytest.mark.parametrize("typed", ["", "two", "0", "5", "-1", "²", "9" * 12])
def test_a_number_of_pieces_that_cannot_be_is_refused_and_shown_again(
    alice: FlaskClient, shop: Shop, typed: str
) -> None:
    answer = send(alice, f"{ASIDE}/pieces/{pieces_aside(shop)}", quantity=typed, step="scrap")
    assert answer.status_code == 422
    assert re.search(rf'name="quantity" value="{typed}"[^>]*aria-invalid="true"', answer.get_data(as_text=True))
    assert kept(shop) == 4


def test_pieces_that_are_not_kept_any_more_are_not_found(alice: FlaskClient, shop: Shop) -> None:
    address = f"{ASIDE}/pieces/{pieces_aside(shop)}"
    send(alice, address, quantity="4", step="release")
    assert send(alice, address, quantity="1", step="release").status_code == 404


def test_a_unit_is_set_aside_put_back_and_scrapped_from_its_page(alice: FlaskClient, shop: Shop) -> None:
    (unit,) = shop.add_units(1)
    page = f"/inventory/units/{unit}"
    assert "The unit is set aside." in text(send(alice, f"{page}/quarantine", reason="repair", note="cracked"))
    assert "The unit is free again." in text(send(alice, f"{page}/release"))
    send(alice, f"{page}/quarantine", reason="repair")
    gone = send(alice, f"{page}/scrap", note="board  broken")
    assert "The unit is scrapped." in text(gone)
    assert "board broken" in text(gone)
    assert states(shop, unit) == ["scrapped"]


def test_what_is_refused_on_a_units_page_stays_typed(alice: FlaskClient, shop: Shop) -> None:
    free, aside = shop.add_units(2)
    quarantine(shop.by, [aside], "repair")
    long = "broken " * 30
    answers = [
        send(alice, f"/inventory/units/{aside}/scrap", note=long),
        send(alice, f"/inventory/units/{free}/quarantine", note=long, reason="damaged"),
    ]
    for answer in answers:
        assert (answer.status_code, "at most 200 characters" in text(answer)) == (422, True)
        assert f'name="note" value="{long}"' in answer.get_data(as_text=True)
    assert '<option value="damaged" selected' in answers[1].get_data(as_text=True)
    graded = send(alice, f"/inventory/units/{aside}/release", grade="C")
    assert (graded.status_code, '<option value="C" selected' in graded.get_data(as_text=True)) == (422, True)
    late = send(alice, f"/inventory/units/{free}/scrap", note="x")
    assert (late.status_code, f"{imei(1)} is not set aside." in text(late)) == (409, True)
    assert send(alice, "/inventory/units/inv_none/scrap").status_code == 404
    assert states(shop, free, aside) == ["in_stock", "quarantine"]


def test_a_viewer_sees_what_is_set_aside_and_lets_nothing_go(bob: FlaskClient, shop: Shop) -> None:
    (unit,) = shop.add_units(1)
    quarantine(shop.by, [unit], "repair", "cracked")
    claim = pieces_aside(shop)
    page = bob.get(ASIDE)
    assert (page.status_code, imei(1) in text(page), "cracked" in text(page)) == (200, True, True)
    assert "Scrap" not in text(page)
    assert "Back to stock" not in text(page)
    sent = [
        send(bob, f"{ASIDE}/units", units=[unit], step="scrap"),
        send(bob, f"{ASIDE}/units", units=[unit], step="release"),
        send(bob, f"{ASIDE}/pieces/{claim}", quantity="1", step="release"),
        send(bob, f"/inventory/units/{unit}/scrap"),
        send(bob, f"/inventory/units/{unit}/release"),
        send(bob, f"/inventory/units/{unit}/quarantine", reason="repair"),
    ]
    assert [answer.status_code for answer in sent] == [403] * 6
    assert (states(shop, unit), kept(shop)) == (["quarantine"], 4)
