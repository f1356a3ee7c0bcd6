"""An order on paper."""

from flask import Response

from dashboard.core.context import Principal
from dashboard.orders import service
from dashboard.orders.pages.blueprint import pages
from dashboard.orders.pages.orders import ORDER, READ
from dashboard.orders.service import Document


@pages.page(f"/{ORDER}/confirmation.pdf", needs=READ)
def confirmation(by: Principal, ref: str) -> Response:
    return _file(service.order_confirmation(by, ref))


@pages.page(f"/{ORDER}/packing-slip.pdf", needs=READ)
def packing_slip(by: Principal, ref: str) -> Response:
    """What is still to be packed."""
    return _file(service.packing_slip(by, ref))


@pages.page(f"/{ORDER}/parcels/<int:parcel_id>/packing-slip.pdf", needs=READ)
def parcel_slip(by: Principal, ref: str, parcel_id: int) -> Response:
    return _file(service.packing_slip(by, ref, parcel_id=parcel_id))


def _file(document: Document) -> Response:
    response = Response(document.content, mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{document.name}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response
