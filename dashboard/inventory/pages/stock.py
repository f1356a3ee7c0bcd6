"""Stock by place, corrections, and the places themselves."""

from flask import Response, flash, request, url_for

from dashboard.core.context import Principal
from dashboard.core.errors import Conflict, Invalid
from dashboard.inventory import service
from dashboard.inventory.forms.stockroom import KIND_WORDS, PLACE_WORDS, AdjustForm, PlaceForm
from dashboard.inventory.pages import words
from dashboard.inventory.pages.blueprint import pages
from dashboard.inventory.pages.listing import read_listing
from dashboard.inventory.pages.products import find_known
from dashboard.inventory.queries import product_lists
from dashboard.inventory.queries import stock as queries
from dashboard.inventory.queries.product_lists import ProductFilter
from dashboard.inventory.service.adjust import adjust_pieces
from dashboard.web.pages import render_form, render_page, see_other

PAGE_SIZE = 50
READ, WRITE = "inventory:read", "inventory:write"


@pages.page("/stock", needs=READ)
def stock(by: Principal) -> Response:
    listing = read_listing("stock", request.args)
    after = request.args.get("after") or None
    found, _ = product_lists.list_products(by, listing.where, sort=listing.order, after=after, size=PAGE_SIZE)
    categories, places = queries.list_categories(by), queries.list_locations(by)
    return render_page(
        "inventory/stock/list.html",
        fragment="inventory/stock/_rows.html" if after else None,
        listing=listing,
        items=found.items,
        more=listing.url(after=found.after) if found.after else "",
        low=product_lists.count_products(by, ProductFilter(low=True)),
        chips=listing.chips(categories, places),
        categories=categories,
        places=places,
        kinds={name: word for name, word in KIND_WORDS.items() if name != "service"},
        words=words,
    )


@pages.page("/stock/<int:number>/adjust", needs=WRITE, methods=("GET", "POST"))
def stock_adjust(by: Principal, number: int) -> Response:
    product = find_known(by, number, ("counted", "unique"))
    places = queries.list_locations(by)
    form = AdjustForm(data={"place": request.args.get("place", "")})
    form.place.choices = words.place_choices(places)
    if form.sent():
        place = next(each for each in places if each.code == form.place.data)
        try:
            left = adjust_pieces(
                by, product.id, place.id, form.quantity.data or 0, form.reason.data or "", note=form.note.data or ""
            )
        except (Invalid, Conflict) as error:
            form.refuse(Invalid.field("quantity", error.message) if isinstance(error, Conflict) else error)
        else:
            flash(f"{left} of {product.sku} at {place.name} now.", "success")
            return see_other(url_for("stockroom.product", number=number))
    shown = queries.show_stocked(by, number)
    return render_form("inventory/stock/adjust.html", form=form, shown=shown, words=words)


@pages.page("/places", needs=READ)
def places(by: Principal) -> Response:
    return render_page("inventory/places.html", places=queries.list_locations(by), kinds=PLACE_WORDS)


@pages.page("/places/new", needs=WRITE, methods=("GET", "POST"))
def place_new(by: Principal) -> Response:
    form = PlaceForm()
    if form.sent():
        try:
            made = service.create_location(
                by, form.name.data or "", code=form.code.data or "", kind=form.kind.data or "warehouse"
            )
        except (Invalid, Conflict) as error:
            form.refuse(Invalid.field("code", error.message) if isinstance(error, Conflict) else error)
        else:
            flash(f"Added {made.name}.", "success")
            return see_other(url_for("stockroom.places"))
    return render_form("inventory/place_new.html", form=form)
