"""Products: the list, one product, adding and editing, prices in place, categories and the SKU template."""

from typing import Any

from flask import Response, flash, make_response, render_template, request, url_for

from dashboard.core.context import Principal
from dashboard.core.errors import Conflict, Invalid, NotFound
from dashboard.inventory.forms.stockroom import KIND_WORDS, CategoryForm, PriceForm, ProductForm, TemplateForm
from dashboard.inventory.forms.typing import amount_text, read_amount
from dashboard.inventory.models import Product, ProductCategory
from dashboard.inventory.pages import words
from dashboard.inventory.pages.blueprint import pages
from dashboard.inventory.pages.listing import read_listing
from dashboard.inventory.queries import product_lists, purchasing, stock
from dashboard.inventory.service import products as service
from dashboard.inventory.service import sku as skus
from dashboard.inventory.service.products import ProductFacts
from dashboard.web.errors import status_of
from dashboard.web.pages import is_fragment_request, render_form, render_page, see_other

PAGE_SIZE = 50
READ, WRITE = "products:read", "products:write"


@pages.page("/products", needs=READ)
def products(by: Principal) -> Response:
    listing = read_listing("products", request.args)
    after = request.args.get("after") or None
    found, total = product_lists.list_products(by, listing.where, sort=listing.order, after=after, size=PAGE_SIZE)
    categories = stock.list_categories(by)
    return render_page(
        "inventory/products/list.html",
        fragment="inventory/products/_rows.html" if after else None,
        listing=listing,
        items=found.items,
        more=listing.url(after=found.after) if found.after else "",
        total=total,
        chips=listing.chips(categories, []),
        categories=categories,
        kinds=KIND_WORDS,
        words=words,
    )


@pages.page("/products/new", needs=WRITE, methods=("GET", "POST"))
def product_new(by: Principal) -> Response:
    kind = request.args.get("kind", "counted")
    kind = kind if kind in KIND_WORDS else "counted"
    category = _category(by, request.args.get("category", ""))
    form = _form(by, ProductForm())
    if form.sent():
        try:
            typed = _typed(by, form, kind, category)
            made = {
                "make": typed["manufacturer"],
                **{name: typed[name] for name in ("model", "storage", "grade", "name")},
            }
            made["category"] = category.name if category else None
            typed["sku"] = typed["sku"].strip() or skus.propose_sku(by, made)
            product = service.create_product(by, ProductFacts(**typed))
        except (Invalid, Conflict) as error:
            _refuse(form, error)
        else:
            flash(f"Added {product.sku}.", "success")
            return see_other(url_for("stockroom.product", number=product.number))
    return _form_page(by, form, kind, category, None)


@pages.page("/products/<int:number>", needs=READ)
def product(by: Principal, number: int) -> Response:
    shown = stock.show_stocked(by, number)
    moves = stock.moves_of(by, shown.product.id, after=request.args.get("after") or None)
    return render_page(
        "inventory/products/show.html",
        fragment="inventory/products/_moves.html",
        shown=shown,
        labels=_labels(by, shown.product),
        moves=moves.items,
        more=url_for("stockroom.product", number=number, after=moves.after) if moves.after else "",
        kinds=KIND_WORDS,
        words=words,
    )


def _labels(by: Principal, product: Product) -> list[tuple[str, str]]:
    """Attributes in words: label with unit, value."""
    category = next((each for each in stock.list_categories(by) if each.id == product.category_id), None)
    asked = {each["key"]: each for each in (category.attributes if category else [])}
    return [
        (asked.get(key, {}).get("label", key), f"{value} {asked.get(key, {}).get('unit', '')}".strip())
        for key, value in product.attributes.items()
    ]


@pages.page("/products/<int:number>/edit", needs=WRITE, methods=("GET", "POST"))
def product_edit(by: Principal, number: int) -> Response:
    shown = stock.show_stocked(by, number).product
    category = next((each for each in stock.list_categories(by) if each.id == shown.category_id), None)
    if "category" in request.args:
        category = _category(by, request.args["category"])
    form = _form(by, ProductForm(data=_shown(by, shown)))
    if form.sent():
        try:
            typed = _typed(by, form, shown.kind, category)
            changes = {name: value for name, value in typed.items() if name not in service.FIXED}
            changed = service.change_product(by, shown.id, changes, version=_seen(form.version.data))
        except (Invalid, Conflict) as error:
            _refuse(form, error)
        else:
            flash(f"Saved {changed.sku}.", "success")
            return see_other(url_for("stockroom.product", number=number))
    return _form_page(by, form, shown.kind, category, shown)


def _seen(version: str | None) -> int | None:
    """The version that a form carries; None where it carries none."""
    text = version or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _form(by: Principal, form: ProductForm) -> ProductForm:
    form.supplier.choices = words.supplier_choices(purchasing.list_suppliers(by), "None")
    return form


def _form_page(
    by: Principal, form: ProductForm, kind: str, category: ProductCategory | None, product: Product | None
) -> Response:
    given = product.attributes if product else {}
    asked: list[dict[str, Any]] = category.attributes if category else []
    return render_form(
        "inventory/products/edit.html",
        form=form,
        kind=kind,
        kinds=KIND_WORDS,
        category=category,
        categories=stock.list_categories(by),
        attributes={
            each["key"]: request.form.get(f"attribute-{each['key']}", given.get(each["key"], "")) for each in asked
        },
        product=product,
        sku_pattern=skus.sku_template(by),
    )


def _category(by: Principal, slug: str) -> ProductCategory | None:
    return next((each for each in stock.list_categories(by) if each.slug == slug), None)


def _shown(by: Principal, product: Product) -> dict[str, Any]:
    same = ("name", "sku", "barcode", "manufacturer", "model", "storage", "grade", "warranty", "description")
    same += ("tax_class", "min_stock", "reorder_quantity", "auto_reorder", "version")
    supplier = next((s.number for s in purchasing.list_suppliers(by) if s.id == product.supplier_id), "")
    return {name: getattr(product, name) for name in same} | {
        "price": amount_text(product.price, by.currency),
        "cost": amount_text(product.cost, by.currency),
        "supplier": str(supplier),
    }


def _typed(by: Principal, form: ProductForm, kind: str, category: ProductCategory | None) -> dict[str, Any]:
    """What was typed, as the service wants it. Raises Invalid for an amount that is none."""
    texts = ("barcode", "manufacturer", "model", "storage", "grade", "warranty")
    typed: dict[str, Any] = {name: (form[name].data or "").strip() or None for name in texts}
    typed |= {name: form[name].data for name in ("tax_class", "min_stock", "reorder_quantity", "auto_reorder")}
    supplier = next((s.id for s in purchasing.list_suppliers(by) if str(s.number) == form.supplier.data), None)
    typed |= {
        "name": form.name.data or "",
        "sku": form.sku.data or "",
        "description": form.description.data or "",
        "kind": kind,
        "price": read_amount(form.price.data, by.currency, "price") or 0,
        "category_id": category.id if category else None,
        "supplier_id": supplier,
        "attributes": _attributes(category),
    }
    if by.may("costs:read") and form.cost.raw_data:
        typed["cost"] = read_amount(form.cost.data, by.currency, "cost") or 0
    return typed


def _attributes(category: ProductCategory | None) -> dict[str, str]:
    typed = (
        {each["key"]: request.form.get(f"attribute-{each['key']}", "") for each in category.attributes}
        if category
        else {}
    )
    return {key: text.replace("\0", "").strip()[:200] for key, text in typed.items() if text.strip()}


def _refuse(form: ProductForm, error: Invalid | Conflict) -> None:
    """A taken SKU belongs beside its field; what the service calls by its id, beside the choice."""
    if error.code == "sku_taken":
        form.refuse(Invalid.field("sku", error.message))
    elif error.fields and error.fields[0].field == "supplier_id":
        form.refuse(Invalid.field("supplier", error.message))
    else:
        form.refuse(error)


@pages.page("/products/<int:number>/price", needs=WRITE, methods=("GET", "POST"))
def product_price(by: Principal, number: int) -> Response:
    """One cell of the list: the price's form, and what it says after saving."""
    shown = stock.show_stocked(by, number).product
    if not is_fragment_request():
        if request.method == "GET":
            return see_other(url_for("stockroom.product_edit", number=number, _anchor="price"))
    elif request.method == "GET":
        return _price_form(shown, amount_text(shown.price, by.currency), str(shown.version))
    form = PriceForm()
    typed, version = form.value.data or "", form.version.data or ""
    try:
        price = read_amount(typed, by.currency, "value")
        if price is None:
            raise Invalid.field("value", "Write an amount such as 45.00.")
        saved = service.change_product(by, shown.id, {"price": price}, version=_seen(version))
    except (Invalid, Conflict) as error:
        if not is_fragment_request():
            raise
        now = stock.show_stocked(by, number).product
        return _price_form(now, typed, str(now.version), error=error.message, status=status_of(error))
    if not is_fragment_request():
        return see_other(url_for("stockroom.product", number=number))
    return make_response(render_template("inventory/products/_price.html", product=saved, words=words))


def _price_form(product: Product, text: str, version: str, *, error: str = "", status: int = 200) -> Response:
    html = render_template(
        "inventory/products/_price_form.html", product=product, text=text, version=version, error=error
    )
    return make_response(html, status)


@pages.page("/products/<int:number>/archive", needs=WRITE, methods=("POST",))
def product_archive(by: Principal, number: int) -> Response:
    shown = stock.show_stocked(by, number).product
    archived = request.form.get("archived") == "1"
    service.archive_product(by, shown.id, archived=archived)
    flash(f"{shown.sku} is {'off sale' if archived else 'for sale again'}.", "success")
    return see_other(url_for("stockroom.product", number=number))


@pages.page("/products/categories", needs=WRITE, methods=("GET", "POST"))
def product_categories(by: Principal) -> Response:
    form = CategoryForm()
    if form.sent():
        try:
            service.create_category(by, form.name.data or "", _asked(form.attributes.data or ""))
        except (Invalid, Conflict) as error:
            form.refuse(Invalid.field("name", error.message) if isinstance(error, Conflict) else error)
        else:
            flash("Added.", "success")
            return see_other(url_for("stockroom.product_categories"))
    return render_form("inventory/products/categories.html", form=form, categories=stock.list_categories(by))


def _asked(text: str) -> list[dict[str, Any]]:
    """Attributes of lines such as "Voltage (V)"."""
    found: dict[str, dict[str, Any]] = {}
    for line in text.splitlines():
        label, _, unit = line.replace("\0", "").strip().partition("(")
        key = "_".join("".join(sign if sign.isalnum() else " " for sign in label.lower()).split())[:60]
        if key:
            found[key] = {"key": key, "label": label.strip()[:60], "unit": unit.rstrip(") ")[:20]}
    return list(found.values())


@pages.page("/products/sku-template", needs=WRITE, methods=("GET", "POST"))
def sku_template(by: Principal) -> Response:
    form = TemplateForm(data={"sku_template": skus.sku_template(by)})
    if form.sent():
        try:
            skus.set_sku_template(by, form.sku_template.data or "")
        except Invalid as error:
            form.refuse(error)
        else:
            flash("Saved. New products get their SKUs by it.", "success")
            return see_other(url_for("stockroom.sku_template"))
    return render_form(
        "inventory/products/sku_template.html", form=form, parts=skus.PARTS, usual=skus.USUAL, example=_example(by)
    )


def _example(by: Principal) -> str:
    facts: dict[str, str | None] = {"make": "Apple", "model": "iPhone 14 Pro", "storage": "256GB", "grade": "A"}
    return skus.make_sku(skus.sku_template(by), facts | {"category": "Phones", "name": "iPhone 14 Pro"})


def find_known(by: Principal, number: int, kinds: tuple[str, ...]) -> Product:
    """The product with this number, of one of these kinds. Raises NotFound."""
    shown = stock.show_stocked(by, number).product
    if shown.kind not in kinds:
        raise NotFound(f"{shown.sku} is not counted by pieces.")
    return shown
