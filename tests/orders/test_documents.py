"""An order on paper: what it says, on how many pages, to whom."""

import io
import struct
import sys
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader

from dashboard.accounts import service as accounts
from dashboard.core import clock
from dashboard.core.db import db
from dashboard.core.errors import Conflict, NotAllowed, NotFound, Unavailable
from dashboard.orders import queries, service
from dashboard.orders.service import Address, Document, Wanted
from tests.conftest import Merchants, sign_in
from tests.inventory.shop import Shop, imei, open_shop

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
ADDRESS = Address("1 Main St", "Tampa", "33601", "US", "FL", name="Jane Doe")


@pytest.fixture
def shop(merchants: Merchants) -> Shop:
    shop = open_shop(merchants.alice)
    shop.add_units(1)
    shop.add_pieces(shop.cable, 500)
    return shop


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with clock.frozen(NOON):
        yield


def place(shop: Shop, *lines: Wanted, notes: str = "") -> service.Placed:
    return service.place(shop.by, customer=shop.buyer.public_id, lines=lines, door="page", address=ADDRESS, notes=notes)


def ordered(shop: Shop) -> service.Placed:
    return place(shop, Wanted(unit="inv_1"), Wanted(product="PROD-CAB-1", quantity=3))


def pages_of(document: Document) -> list[str]:
    """The text of each page, as one would select it."""
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(document.content)).pages]


def picture(width: int, height: int) -> bytes:
    """A red PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + b"\xff\0\0" * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_a_confirmation_says_who_what_where_and_how_much(shop: Shop) -> None:
    order = ordered(shop)
    service.record_payment(shop.by, order.id, amount=50_000, method="card")
    document = service.order_confirmation(shop.by, order.code)
    assert document.name == "ORD-2026-00001-confirmation.pdf"
    (text,) = pages_of(document)
    for expected in (
        "Order confirmation", "ORD-2026-00001", "10 Mar 2026", "First Inc.", "PhoneVault Inc.", "Jane Doe", "1 Main St",
        "Tampa FL 33601", f"IMEI {imei(1)}", "Grade A", "CAB-1", "$9.99", "$29.97", "$549.00", "Subtotal", "$578.97",
        "Paid", "$500.00", "Balance", "$78.97", "Page 1 of 1",
    ):  # fmt: skip
        assert expected in text, (expected, text)


def test_what_somebody_typed_is_text_and_never_markup(shop: Shop) -> None:
    nasty = '#import "x.typ" *bold* $x$ <label> \\ @cite `raw` Jürgen'
    order = place(shop, Wanted(unit="inv_1"), notes=nasty)
    (text,) = pages_of(service.order_confirmation(shop.by, order.code))
    assert '#import "x.typ" *bold* $x$ <label> \\ @cite `raw` Jürgen' in text


def test_letters_that_the_font_lacks_do_not_stop_the_press(shop: Shop) -> None:
    accounts.set_logo(shop.by, picture(40, 20))
    order = place(shop, Wanted(unit="inv_1"), notes="中文")
    document = service.order_confirmation(shop.by, order.code)
    assert "ORD-2026-00001" in pages_of(document)[0]
    assert len(PdfReader(io.BytesIO(document.content)).pages[0].images) == 1


def test_a_long_order_has_numbered_pages_and_its_header_on_each(shop: Shop) -> None:
    lines = [Wanted(unit=name) for name in shop.add_units(49)]
    order = place(shop, *lines)
    pages = pages_of(service.order_confirmation(shop.by, order.code))
    assert len(pages) >= 2
    for number, text in enumerate(pages, 1):
        assert f"Page {number} of {len(pages)}" in text
    assert sum("SKU" in text for text in pages) >= len(pages) - 1


def test_a_packing_slip_names_pieces_and_no_prices(shop: Shop) -> None:
    order = ordered(shop)
    service.confirm(shop.by, order.id)
    (text,) = pages_of(service.packing_slip(shop.by, order.code))
    assert "Packing slip" in text
    assert "Pieces: 4" in text
    assert f"IMEI {imei(1)}" in text
    assert "$" not in text


def test_each_parcel_has_a_slip_of_its_own(shop: Shop) -> None:
    order = ordered(shop)
    service.confirm(shop.by, order.id)
    phone, cables = queries.show_order(shop.by, order.code).lines
    first = service.ship(shop.by, order.id, carrier="UPS", tracking_number="1Z999", lines={cables.id: 2})
    (text,) = pages_of(service.packing_slip(shop.by, order.code, parcel_id=first.id))
    assert "Pieces: 2" in text
    assert "UPS" in text
    assert "1Z999" in text
    assert phone.name not in text
    (left,) = pages_of(service.packing_slip(shop.by, order.code))
    assert "Pieces: 2" in left
    assert phone.name in left
    service.ship(shop.by, order.id)
    with pytest.raises(Conflict):
        service.packing_slip(shop.by, order.code)
    with pytest.raises(NotFound):
        service.packing_slip(shop.by, order.code, parcel_id=999)


def test_the_picture_of_the_business_stands_on_it_and_a_broken_one_is_left_out(shop: Shop) -> None:
    order = ordered(shop)
    plain = len(PdfReader(io.BytesIO(service.order_confirmation(shop.by, order.code).content)).pages[0].images)
    accounts.set_logo(shop.by, picture(40, 20))
    with_logo = PdfReader(io.BytesIO(service.order_confirmation(shop.by, order.code).content)).pages[0].images
    assert (plain, len(with_logo)) == (0, 1)
    accounts.set_logo(shop.by, b"\x89PNG\r\n\x1a\nnothing")
    broken = service.order_confirmation(shop.by, order.code)
    assert "First Inc." in pages_of(broken)[0]


def test_documents_are_tagged_and_carry_the_shipped_font_alone(shop: Shop) -> None:
    reader = PdfReader(io.BytesIO(service.order_confirmation(shop.by, ordered(shop).code).content))
    catalog: Any = reader.trailer["/Root"]
    assert catalog["/MarkInfo"]["/Marked"]
    assert catalog["/Lang"] == "en"
    fonts: Any = cast(Any, reader.pages[0])["/Resources"]["/Font"]
    names = {str(font.get_object()["/BaseFont"]) for font in fonts.values()}
    assert names
    assert all("Inter" in name for name in names)


def test_another_business_and_who_may_not_read_get_nothing(shop: Shop, merchants: Merchants) -> None:
    code = ordered(shop).code
    with pytest.raises(NotFound):
        service.order_confirmation(merchants.charlie, code)
    with pytest.raises(NotAllowed):
        service.packing_slip(merchants.operator, code)


def test_the_pages_hand_out_pdf_that_is_not_kept(client: FlaskClient, shop: Shop) -> None:
    code = ordered(shop).code
    db.session.remove()
    sign_in(client, "bob", "FIRST")
    for name in ("confirmation", "packing-slip"):
        answer = client.get(f"/orders/{code}/{name}.pdf")
        assert answer.status_code == 200
        assert answer.mimetype == "application/pdf"
        assert answer.data.startswith(b"%PDF-")
        assert "no-store" in answer.headers["Cache-Control"]
    assert client.get(f"/orders/{code}/parcels/9/packing-slip.pdf").status_code == 404


def test_an_installation_without_the_press_says_so(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    order = ordered(shop)
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(Unavailable, match="extra 'pdf'"):
        service.order_confirmation(shop.by, order.code)
