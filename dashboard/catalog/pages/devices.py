"""Browsing the catalogue, and one device."""

from urllib.parse import urlsplit

from flask import Response, request, url_for

from dashboard.catalog import presentation, queries
from dashboard.catalog.pages.blueprint import pages
from dashboard.catalog.pages.browse import load_list, load_rows
from dashboard.catalog.pages.listing import read_listing
from dashboard.catalog.queries import DeviceDetail
from dashboard.core.context import Principal
from dashboard.core.errors import NotFound
from dashboard.web.barcodes import gtin_svg
from dashboard.web.pages import is_fragment_request, render_page, see_other

READ = "catalog:read"


@pages.page("/devices", needs=READ)
def devices(by: Principal) -> Response:
    listing = read_listing(request.args)
    after = request.args.get("after") or None
    if after and is_fragment_request():
        return render_page("catalog/devices/_more.html", rows=load_rows(by, listing, after), words=presentation)
    if "" in request.args.values() and not is_fragment_request():
        return see_other(listing.url(after=after))  # a form sends its empty fields too
    found = load_list(by, listing, after)
    page = render_page(
        "catalog/devices/list.html", fragment="catalog/devices/_search.html", list=found, words=presentation
    )
    if is_fragment_request():
        page.headers["HX-Replace-Url"] = listing.url()
    return page


@pages.page("/devices/<slug>", needs=READ)
def device(by: Principal, slug: str) -> Response:
    found = find_device(by, slug)
    return render_page(
        "catalog/devices/show.html",
        fragment="catalog/devices/_panel.html",
        device=found,
        close_url=_list_behind(),
        prices=presentation.price_chart(
            queries.price_history(by, found.columns["id"]), found.columns["name"], by.time_zone
        ),
        credits=presentation.credited(
            found, queries.source_names(by, list(found.columns["provenance"].values())), by.time_zone
        ),
        barcode=gtin_svg(found.columns["gtin"]) if found.columns["gtin"] else None,
        words=presentation,
    )


def find_device(by: Principal, slug: str) -> DeviceDetail:
    """The device of an address. Raises NotFound, also for text that no database would take."""
    if not slug.isprintable():
        raise NotFound("There is no such device.")
    return queries.get_device(by, slug)


def _list_behind() -> str:
    """The list that a panel was opened from, as the browser says, or else the whole list."""
    here = urlsplit(request.headers.get("HX-Current-URL", ""))
    start = url_for("catalog.devices")
    return f"{start}?{here.query}" if here.path == start and here.query.isprintable() and here.query else start
