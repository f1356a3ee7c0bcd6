"""Customers, products, stock with its claims and ledger, purchasing, and orders.

Revision: 0005
Follows: 0004

New tables alone: no row changes, and nothing that is in use is locked.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BIG_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

TENANT_TABLES = (
    "bulk_change",
    "customer",
    "grade",
    "inventory_view",
    "location",
    "product_category",
    "shipping_rate",
    "stock_settings",
    "supplier",
    "customer_address",
    "manifest",
    "order_draft",
    "product",
    "purchase_order",
    "sales_order",
    "stocktake",
    "transfer",
    "customer_price",
    "order_payment",
    "purchase_order_line",
    "shipment",
    "stock_level",
    "stocktake_line",
    "stocktake_scan",
    "unit",
    "unit_tally",
    "unit_upload",
    "bulk_change_row",
    "claim",
    "manifest_line",
    "order_draft_line",
    "order_line",
    "quarantine",
    "stock_move",
    "transfer_line",
    "unit_upload_part",
    "unit_upload_problem",
    "order_return",
    "shipment_line",
)
POLICY = """
CREATE POLICY one_tenant ON {table} USING (
    tenant_id IS NOT DISTINCT FROM NULLIF(current_setting('app.tenant_id', true), '')::bigint
    OR current_setting('app.every_tenant', true) = 'on'
)
"""


def sortable(length: int) -> sa.String:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def upgrade() -> None:
    for create in (
        create_bulk_change,
        create_customer,
        create_grade,
        create_inventory_view,
        create_location,
        create_product_category,
        create_shipping_rate,
        create_stock_settings,
        create_supplier,
        create_customer_address,
        create_manifest,
        create_order_draft,
        create_product,
        create_purchase_order,
        create_sales_order,
        create_stocktake,
        create_transfer,
        create_customer_price,
        create_order_payment,
        create_purchase_order_line,
        create_shipment,
        create_stock_level,
        create_stocktake_line,
        create_stocktake_scan,
        create_unit,
        create_unit_tally,
        create_unit_upload,
        create_bulk_change_row,
        create_claim,
        create_manifest_line,
        create_order_draft_line,
        create_order_line,
        create_quarantine,
        create_stock_move,
        create_transfer_line,
        create_unit_upload_part,
        create_unit_upload_problem,
        create_order_return,
        create_shipment_line,
    ):
        create()
    if op.get_bind().dialect.name == "postgresql":
        for table in TENANT_TABLES:
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            op.execute(POLICY.format(table=table))


def create_bulk_change() -> None:
    op.create_table(
        "bulk_change",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("changed", JSON, nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_bulk_change_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_bulk_change"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_bulk_change_tenant_id_id"),
    )
    op.create_index("ix_bulk_change_actor", "bulk_change", ["tenant_id", "actor", "id"], unique=False)


def create_customer() -> None:
    op.create_table(
        "customer",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("number", BIG_INT, nullable=False),
        sa.Column("public_id", sortable(40), nullable=False),
        sa.Column("code", sortable(40), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("search_name", sortable(160), nullable=False),
        sa.Column("company", sa.String(length=160), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("email_key", sortable(254), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("phone_digits", sortable(20), nullable=True),
        sa.Column("terms_days", BIG_INT, nullable=False),
        sa.Column("credit_limit", BIG_INT, nullable=True),
        sa.Column("tax_exempt", sa.Boolean(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("merged_into_id", BIG_INT, nullable=True),
        sa.Column("version", BIG_INT, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint("credit_limit IS NULL OR credit_limit >= 0", name="ck_customer_credit_not_negative"),
        sa.CheckConstraint("terms_days BETWEEN 0 AND 365", name="ck_customer_terms_in_range"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "merged_into_id"],
            ["customer.tenant_id", "customer.id"],
            name="fk_customer_tenant_id_merged_into_id",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_customer_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_customer"),
        sa.UniqueConstraint("tenant_id", "code", name="uq_customer_tenant_id_code"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_customer_tenant_id_id"),
        sa.UniqueConstraint("tenant_id", "number", name="uq_customer_tenant_id_number"),
        sa.UniqueConstraint("tenant_id", "public_id", name="uq_customer_tenant_id_public_id"),
    )
    op.create_index(
        "ix_customer_email",
        "customer",
        ["tenant_id", "email_key"],
        unique=True,
        sqlite_where=sa.text("email_key IS NOT NULL AND merged_into_id IS NULL"),
        postgresql_where=sa.text("email_key IS NOT NULL AND merged_into_id IS NULL"),
    )
    op.create_index("ix_customer_name", "customer", ["tenant_id", "search_name", "id"], unique=False)
    op.create_index("ix_customer_phone", "customer", ["tenant_id", "phone_digits"], unique=False)


def create_grade() -> None:
    op.create_table(
        "grade",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("code", sortable(12), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column("position", BIG_INT, nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_grade_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_grade"),
        sa.UniqueConstraint("tenant_id", "code", name="uq_grade_tenant_id_code"),
    )


def create_inventory_view() -> None:
    op.create_table(
        "inventory_view",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint("name <> ''", name="ck_inventory_view_has_a_name"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_inventory_view_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_inventory_view"),
        sa.UniqueConstraint("tenant_id", "actor", "name", name="uq_inventory_view_tenant_id_actor_name"),
    )


def create_location() -> None:
    op.create_table(
        "location",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("number", BIG_INT, nullable=False),
        sa.Column("code", sortable(40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint("kind IN ('warehouse', 'shop', 'van')", name="ck_location_kind_known"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_location_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_location"),
        sa.UniqueConstraint("tenant_id", "code", name="uq_location_tenant_id_code"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_location_tenant_id_id"),
        sa.UniqueConstraint("tenant_id", "number", name="uq_location_tenant_id_number"),
    )
    op.create_index(
        "ix_location_default",
        "location",
        ["tenant_id"],
        unique=True,
        sqlite_where=sa.text("is_default"),
        postgresql_where=sa.text("is_default"),
    )


def create_product_category() -> None:
    op.create_table(
        "product_category",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("slug", sortable(80), nullable=False),
        sa.Column("attributes", JSON, nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_product_category_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_product_category"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_product_category_tenant_id_id"),
        sa.UniqueConstraint("tenant_id", "slug", name="uq_product_category_tenant_id_slug"),
    )


def create_shipping_rate() -> None:
    op.create_table(
        "shipping_rate",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("from_subtotal", BIG_INT, nullable=False),
        sa.Column("amount", BIG_INT, nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint("amount >= 0 AND from_subtotal >= 0", name="ck_shipping_rate_money_not_negative"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_shipping_rate_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_shipping_rate"),
        sa.UniqueConstraint(
            "tenant_id", "country", "from_subtotal", name="uq_shipping_rate_tenant_id_country_from_subtotal"
        ),
    )


def create_stock_settings() -> None:
    op.create_table(
        "stock_settings",
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.Column("sku_template", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_stock_settings_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_stock_settings"),
    )


def create_supplier() -> None:
    op.create_table(
        "supplier",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("number", BIG_INT, nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("lead_days", BIG_INT, nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_supplier_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_supplier"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_supplier_tenant_id_id"),
        sa.UniqueConstraint("tenant_id", "number", name="uq_supplier_tenant_id_number"),
    )


def create_customer_address() -> None:
    op.create_table(
        "customer_address",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("customer_id", BIG_INT, nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column("street", sa.String(length=160), nullable=False),
        sa.Column("street2", sa.String(length=160), nullable=False),
        sa.Column("city", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("zip", sa.String(length=20), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("ships", sa.Boolean(), nullable=False),
        sa.Column("bills", sa.Boolean(), nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customer.tenant_id", "customer.id"],
            name="fk_customer_address_tenant_id_customer_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_customer_address_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_customer_address"),
    )
    op.create_index(
        "ix_customer_address_customer", "customer_address", ["tenant_id", "customer_id", "id"], unique=False
    )


def create_manifest() -> None:
    op.create_table(
        "manifest",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("location_id", BIG_INT, nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("work_id", BIG_INT, nullable=True),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint("status IN ('open', 'closed')", name="ck_manifest_status_known"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "location_id"],
            ["location.tenant_id", "location.id"],
            name="fk_manifest_tenant_id_location_id",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_manifest_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_manifest"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_manifest_tenant_id_id"),
    )
    op.create_index("ix_manifest_status", "manifest", ["tenant_id", "status", "id"], unique=False)


def create_order_draft() -> None:
    op.create_table(
        "order_draft",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("public_id", sortable(40), nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("customer_id", BIG_INT, nullable=True),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("shipping_address", JSON, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customer.tenant_id", "customer.id"],
            name="fk_order_draft_tenant_id_customer_id",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_order_draft_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_order_draft"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_order_draft_tenant_id_id"),
        sa.UniqueConstraint("tenant_id", "public_id", name="uq_order_draft_tenant_id_public_id"),
    )
    op.create_index("ix_order_draft_actor", "order_draft", ["tenant_id", "actor", "id"], unique=False)


def create_product() -> None:
    op.create_table(
        "product",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("number", BIG_INT, nullable=False),
        sa.Column("public_id", sortable(40), nullable=False),
        sa.Column("code", sortable(60), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("sku", sa.String(length=80), nullable=False),
        sa.Column("sku_key", sortable(80), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("search_name", sortable(200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("manufacturer", sa.String(length=80), nullable=True),
        sa.Column("category_id", BIG_INT, nullable=True),
        sa.Column("device_id", BIG_INT, nullable=True),
        sa.Column("model", sa.String(length=120), nullable=True),
        sa.Column("model_key", sortable(120), nullable=True),
        sa.Column("storage", sa.String(length=20), nullable=True),
        sa.Column("grade", sortable(12), nullable=True),
        sa.Column("attributes", JSON, nullable=False),
        sa.Column("images", JSON, nullable=False),
        sa.Column("barcode", sortable(40), nullable=True),
        sa.Column("warranty", sa.String(length=80), nullable=True),
        sa.Column("price", BIG_INT, nullable=False),
        sa.Column("cost", BIG_INT, nullable=False),
        sa.Column("tax_class", sa.String(length=12), nullable=False),
        sa.Column("min_stock", BIG_INT, nullable=True),
        sa.Column("reorder_quantity", BIG_INT, nullable=True),
        sa.Column("auto_reorder", sa.Boolean(), nullable=False),
        sa.Column("supplier_id", BIG_INT, nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", BIG_INT, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint("kind IN ('serialised', 'counted', 'unique', 'service')", name="ck_product_kind_known"),
        sa.CheckConstraint("tax_class IN ('standard', 'exempt')", name="ck_product_tax_class_known"),
        sa.CheckConstraint("min_stock IS NULL OR min_stock >= 0", name="ck_product_min_stock_not_negative"),
        sa.CheckConstraint("price >= 0 AND cost >= 0", name="ck_product_money_not_negative"),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name="fk_product_device_id", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "category_id"],
            ["product_category.tenant_id", "product_category.id"],
            name="fk_product_tenant_id_category_id",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "supplier_id"], ["supplier.tenant_id", "supplier.id"], name="fk_product_tenant_id_supplier_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_product_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_product"),
        sa.UniqueConstraint("tenant_id", "code", name="uq_product_tenant_id_code"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_product_tenant_id_id"),
        sa.UniqueConstraint("tenant_id", "number", name="uq_product_tenant_id_number"),
        sa.UniqueConstraint("tenant_id", "public_id", name="uq_product_tenant_id_public_id"),
        sa.UniqueConstraint("tenant_id", "sku_key", name="uq_product_tenant_id_sku_key"),
    )
    op.create_index("ix_product_barcode", "product", ["tenant_id", "barcode"], unique=False)
    op.create_index("ix_product_kind", "product", ["tenant_id", "kind", "id"], unique=False)
    op.create_index("ix_product_model", "product", ["tenant_id", "model_key", "grade"], unique=False)
    op.create_index("ix_product_name", "product", ["tenant_id", "search_name", "id"], unique=False)


def create_purchase_order() -> None:
    op.create_table(
        "purchase_order",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("number", BIG_INT, nullable=False),
        sa.Column("code", sortable(20), nullable=False),
        sa.Column("supplier_id", BIG_INT, nullable=False),
        sa.Column("location_id", BIG_INT, nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("expected_on", sa.Date(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint(
            "status IN ('draft', 'ordered', 'partial', 'received', 'cancelled')", name="ck_purchase_order_status_known"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "location_id"],
            ["location.tenant_id", "location.id"],
            name="fk_purchase_order_tenant_id_location_id",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "supplier_id"],
            ["supplier.tenant_id", "supplier.id"],
            name="fk_purchase_order_tenant_id_supplier_id",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_purchase_order_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_purchase_order"),
        sa.UniqueConstraint("tenant_id", "code", name="uq_purchase_order_tenant_id_code"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_purchase_order_tenant_id_id"),
        sa.UniqueConstraint("tenant_id", "number", name="uq_purchase_order_tenant_id_number"),
    )
    op.create_index("ix_purchase_order_status", "purchase_order", ["tenant_id", "status", "id"], unique=False)


def create_sales_order() -> None:
    op.create_table(
        "sales_order",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("public_id", sortable(40), nullable=False),
        sa.Column("code", sortable(20), nullable=True),
        sa.Column("status", sortable(10), nullable=False),
        sa.Column("door", sa.String(length=12), nullable=False),
        sa.Column("customer_id", BIG_INT, nullable=False),
        sa.Column("buyer_name", sa.String(length=160), nullable=False),
        sa.Column("location_id", BIG_INT, nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("subtotal", BIG_INT, nullable=False),
        sa.Column("tax", BIG_INT, nullable=False),
        sa.Column("shipping", BIG_INT, nullable=False),
        sa.Column("total", BIG_INT, nullable=False),
        sa.Column("tax_rate_bps", BIG_INT, nullable=False),
        sa.Column("tax_rounding", sa.String(length=20), nullable=False),
        sa.Column("items_count", BIG_INT, nullable=False),
        sa.Column("reserved_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("extended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("shipping_address", JSON, nullable=True),
        sa.Column("cancel_reason", sa.String(length=200), nullable=True),
        sa.Column("estimated_delivery", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tracking_token", sortable(32), nullable=False),
        sa.Column("placed_by", sa.String(length=40), nullable=False),
        sa.Column("version", BIG_INT, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shipped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint(
            "status IN ('pending', 'confirmed', 'shipped', 'delivered', 'cancelled')",
            name="ck_sales_order_status_known",
        ),
        sa.CheckConstraint("subtotal >= 0 AND tax >= 0 AND shipping >= 0", name="ck_sales_order_money_not_negative"),
        sa.CheckConstraint("total = subtotal + tax + shipping", name="ck_sales_order_total_adds_up"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customer.tenant_id", "customer.id"],
            name="fk_sales_order_tenant_id_customer_id",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "location_id"],
            ["location.tenant_id", "location.id"],
            name="fk_sales_order_tenant_id_location_id",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_sales_order_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_sales_order"),
        sa.UniqueConstraint("tenant_id", "code", name="uq_sales_order_tenant_id_code"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_sales_order_tenant_id_id"),
        sa.UniqueConstraint("tenant_id", "public_id", name="uq_sales_order_tenant_id_public_id"),
        sa.UniqueConstraint("tracking_token", name="uq_sales_order_tracking_token"),
    )
    op.create_index(
        "ix_sales_order_customer", "sales_order", ["tenant_id", "customer_id", "created_at", "id"], unique=False
    )
    op.create_index("ix_sales_order_newest", "sales_order", ["tenant_id", "created_at", "id"], unique=False)
    op.create_index("ix_sales_order_status", "sales_order", ["tenant_id", "status", "created_at", "id"], unique=False)
    op.create_index(
        "ix_sales_order_waiting",
        "sales_order",
        ["reserved_until"],
        unique=False,
        sqlite_where=sa.text("status = 'pending' AND reserved_until IS NOT NULL"),
        postgresql_where=sa.text("status = 'pending' AND reserved_until IS NOT NULL"),
    )


def create_stocktake() -> None:
    op.create_table(
        "stocktake",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("location_id", BIG_INT, nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("started_by", sa.String(length=120), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint("status IN ('counting', 'posted', 'cancelled')", name="ck_stocktake_status_known"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "location_id"],
            ["location.tenant_id", "location.id"],
            name="fk_stocktake_tenant_id_location_id",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_stocktake_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_stocktake"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_stocktake_tenant_id_id"),
    )
    op.create_index("ix_stocktake_newest", "stocktake", ["tenant_id", "id"], unique=False)
    op.create_index(
        "ix_stocktake_place",
        "stocktake",
        ["tenant_id", "location_id"],
        unique=True,
        sqlite_where=sa.text("status = 'counting'"),
        postgresql_where=sa.text("status = 'counting'"),
    )


def create_transfer() -> None:
    op.create_table(
        "transfer",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("code", sortable(20), nullable=False),
        sa.Column("from_id", BIG_INT, nullable=False),
        sa.Column("to_id", BIG_INT, nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("notes", sa.String(length=500), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint("status IN ('in_transit', 'arrived', 'cancelled')", name="ck_transfer_status_known"),
        sa.CheckConstraint("from_id <> to_id", name="ck_transfer_goes_somewhere"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "from_id"], ["location.tenant_id", "location.id"], name="fk_transfer_tenant_id_from_id"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "to_id"], ["location.tenant_id", "location.id"], name="fk_transfer_tenant_id_to_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_transfer_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_transfer"),
        sa.UniqueConstraint("tenant_id", "code", name="uq_transfer_tenant_id_code"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_transfer_tenant_id_id"),
    )
    op.create_index("ix_transfer_status", "transfer", ["tenant_id", "status", "id"], unique=False)


def create_customer_price() -> None:
    op.create_table(
        "customer_price",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("customer_id", BIG_INT, nullable=False),
        sa.Column("product_id", BIG_INT, nullable=False),
        sa.Column("price", BIG_INT, nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint("price >= 0", name="ck_customer_price_price_not_negative"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customer.tenant_id", "customer.id"],
            name="fk_customer_price_tenant_id_customer_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "product_id"],
            ["product.tenant_id", "product.id"],
            name="fk_customer_price_tenant_id_product_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_customer_price_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_customer_price"),
        sa.UniqueConstraint(
            "tenant_id", "customer_id", "product_id", name="uq_customer_price_tenant_id_customer_id_product_id"
        ),
    )


def create_order_payment() -> None:
    op.create_table(
        "order_payment",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("order_id", BIG_INT, nullable=False),
        sa.Column("amount", BIG_INT, nullable=False),
        sa.Column("method", sa.String(length=12), nullable=False),
        sa.Column("reference", sa.String(length=80), nullable=True),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint(
            "method IN ('cash', 'card', 'check', 'transfer', 'other')", name="ck_order_payment_method_known"
        ),
        sa.CheckConstraint("amount <> 0", name="ck_order_payment_moves_something"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "order_id"],
            ["sales_order.tenant_id", "sales_order.id"],
            name="fk_order_payment_tenant_id_order_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_order_payment_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_order_payment"),
    )
    op.create_index("ix_order_payment_order", "order_payment", ["tenant_id", "order_id", "id"], unique=False)


def create_purchase_order_line() -> None:
    op.create_table(
        "purchase_order_line",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("purchase_order_id", BIG_INT, nullable=False),
        sa.Column("supplier_id", BIG_INT, nullable=False),
        sa.Column("product_id", BIG_INT, nullable=False),
        sa.Column("quantity", BIG_INT, nullable=False),
        sa.Column("received", BIG_INT, nullable=False),
        sa.Column("unit_cost", BIG_INT, nullable=False),
        sa.Column("reorder", sa.Boolean(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint("quantity > 0 AND received >= 0", name="ck_purchase_order_line_quantities_sound"),
        sa.CheckConstraint("unit_cost >= 0", name="ck_purchase_order_line_cost_not_negative"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "product_id"],
            ["product.tenant_id", "product.id"],
            name="fk_purchase_order_line_tenant_id_product_id",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "purchase_order_id"],
            ["purchase_order.tenant_id", "purchase_order.id"],
            name="fk_purchase_order_line_tenant_id_purchase_order_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name="fk_purchase_order_line_tenant_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_purchase_order_line"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_purchase_order_line_tenant_id_id"),
    )
    op.create_index(
        "ix_purchase_order_line_order", "purchase_order_line", ["tenant_id", "purchase_order_id", "id"], unique=False
    )
    op.create_index(
        "ix_purchase_order_line_reorder",
        "purchase_order_line",
        ["tenant_id", "product_id", "supplier_id"],
        unique=True,
        sqlite_where=sa.text("reorder AND received < quantity AND NOT closed"),
        postgresql_where=sa.text("reorder AND received < quantity AND NOT closed"),
    )


def create_shipment() -> None:
    op.create_table(
        "shipment",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("order_id", BIG_INT, nullable=False),
        sa.Column("carrier", sa.String(length=60), nullable=True),
        sa.Column("tracking_number", sa.String(length=80), nullable=True),
        sa.Column("shipped_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "order_id"],
            ["sales_order.tenant_id", "sales_order.id"],
            name="fk_shipment_tenant_id_order_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_shipment_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_shipment"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_shipment_tenant_id_id"),
    )
    op.create_index("ix_shipment_order", "shipment", ["tenant_id", "order_id", "id"], unique=False)


def create_stock_level() -> None:
    op.create_table(
        "stock_level",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("product_id", BIG_INT, nullable=False),
        sa.Column("location_id", BIG_INT, nullable=False),
        sa.Column("on_hand", BIG_INT, nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint("on_hand >= 0", name="ck_stock_level_not_negative"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "location_id"],
            ["location.tenant_id", "location.id"],
            name="fk_stock_level_tenant_id_location_id",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "product_id"], ["product.tenant_id", "product.id"], name="fk_stock_level_tenant_id_product_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_stock_level_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_stock_level"),
        sa.UniqueConstraint(
            "tenant_id", "product_id", "location_id", name="uq_stock_level_tenant_id_product_id_location_id"
        ),
    )


def create_stocktake_line() -> None:
    op.create_table(
        "stocktake_line",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("stocktake_id", BIG_INT, nullable=False),
        sa.Column("product_id", BIG_INT, nullable=False),
        sa.Column("expected", BIG_INT, nullable=False),
        sa.Column("counted", BIG_INT, nullable=True),
        sa.Column("book", BIG_INT, nullable=True),
        sa.Column("moved", sa.Boolean(), nullable=False),
        sa.Column("posted", BIG_INT, nullable=True),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint("counted IS NULL OR counted >= 0", name="ck_stocktake_line_count_not_negative"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "product_id"],
            ["product.tenant_id", "product.id"],
            name="fk_stocktake_line_tenant_id_product_id",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "stocktake_id"],
            ["stocktake.tenant_id", "stocktake.id"],
            name="fk_stocktake_line_tenant_id_stocktake_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_stocktake_line_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_stocktake_line"),
        sa.UniqueConstraint(
            "tenant_id", "stocktake_id", "product_id", name="uq_stocktake_line_tenant_id_stocktake_id_product_id"
        ),
    )


def create_stocktake_scan() -> None:
    op.create_table(
        "stocktake_scan",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("stocktake_id", BIG_INT, nullable=False),
        sa.Column("product_id", BIG_INT, nullable=False),
        sa.Column("quantity", BIG_INT, nullable=False),
        sa.Column("who", sa.String(length=120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "product_id"],
            ["product.tenant_id", "product.id"],
            name="fk_stocktake_scan_tenant_id_product_id",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "stocktake_id"],
            ["stocktake.tenant_id", "stocktake.id"],
            name="fk_stocktake_scan_tenant_id_stocktake_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_stocktake_scan_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_stocktake_scan"),
    )
    op.create_index("ix_stocktake_scan_newest", "stocktake_scan", ["tenant_id", "stocktake_id", "id"], unique=False)


def create_unit() -> None:
    op.create_table(
        "unit",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("public_id", sortable(40), nullable=False),
        sa.Column("product_id", BIG_INT, nullable=False),
        sa.Column("location_id", BIG_INT, nullable=False),
        sa.Column("state", sortable(12), nullable=False),
        sa.Column("imei", sortable(15), nullable=True),
        sa.Column("serial", sa.String(length=40), nullable=True),
        sa.Column("serial_key", sortable(40), nullable=True),
        sa.Column("model", sa.String(length=120), nullable=False),
        sa.Column("model_key", sortable(120), nullable=False),
        sa.Column("storage", sa.String(length=20), nullable=True),
        sa.Column("color", sa.String(length=40), nullable=True),
        sa.Column("grade", sortable(12), nullable=False),
        sa.Column("battery_health", BIG_INT, nullable=True),
        sa.Column("carrier", sa.String(length=40), nullable=True),
        sa.Column("carrier_locked", sa.Boolean(), nullable=False),
        sa.Column("price", BIG_INT, nullable=False),
        sa.Column("cost", BIG_INT, nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("activation_lock", sa.String(length=8), nullable=False),
        sa.Column("blacklist", sa.String(length=8), nullable=False),
        sa.Column("erasure", JSON, nullable=True),
        sa.Column("photos", JSON, nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("version", BIG_INT, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint("state IN ('in_stock', 'in_transit', 'sold', 'scrapped')", name="ck_unit_state_known"),
        sa.CheckConstraint(
            "battery_health IS NULL OR battery_health BETWEEN 0 AND 100", name="ck_unit_battery_in_percent"
        ),
        sa.CheckConstraint("imei IS NOT NULL OR serial_key IS NOT NULL", name="ck_unit_has_a_number"),
        sa.CheckConstraint("price >= 0 AND cost >= 0", name="ck_unit_money_not_negative"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "location_id"], ["location.tenant_id", "location.id"], name="fk_unit_tenant_id_location_id"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "product_id"], ["product.tenant_id", "product.id"], name="fk_unit_tenant_id_product_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_unit_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_unit"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_unit_tenant_id_id"),
        sa.UniqueConstraint("tenant_id", "imei", name="uq_unit_tenant_id_imei"),
        sa.UniqueConstraint("tenant_id", "public_id", name="uq_unit_tenant_id_public_id"),
        sa.UniqueConstraint("tenant_id", "serial_key", name="uq_unit_tenant_id_serial_key"),
    )
    op.create_index(
        "ix_unit_grade",
        "unit",
        ["tenant_id", "grade", "id"],
        unique=False,
        sqlite_where=sa.text("gone_at IS NULL"),
        postgresql_where=sa.text("gone_at IS NULL"),
    )
    op.create_index(
        "ix_unit_location",
        "unit",
        ["tenant_id", "location_id", "id"],
        unique=False,
        sqlite_where=sa.text("gone_at IS NULL"),
        postgresql_where=sa.text("gone_at IS NULL"),
    )
    op.create_index(
        "ix_unit_model",
        "unit",
        ["tenant_id", "model_key", "id"],
        unique=False,
        sqlite_where=sa.text("gone_at IS NULL"),
        postgresql_where=sa.text("gone_at IS NULL"),
    )
    op.create_index(
        "ix_unit_newest",
        "unit",
        ["tenant_id", "id"],
        unique=False,
        sqlite_where=sa.text("gone_at IS NULL"),
        postgresql_where=sa.text("gone_at IS NULL"),
    )
    op.create_index(
        "ix_unit_price",
        "unit",
        ["tenant_id", "price", "id"],
        unique=False,
        sqlite_where=sa.text("gone_at IS NULL"),
        postgresql_where=sa.text("gone_at IS NULL"),
    )
    op.create_index("ix_unit_product", "unit", ["tenant_id", "product_id", "state", "id"], unique=False)
    op.create_index(
        "ix_unit_transit",
        "unit",
        ["tenant_id", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'in_transit'"),
        postgresql_where=sa.text("state = 'in_transit'"),
    )


def create_unit_tally() -> None:
    op.create_table(
        "unit_tally",
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.Column("product_id", BIG_INT, nullable=False),
        sa.Column("location_id", BIG_INT, nullable=False),
        sa.Column("carrier_locked", sa.Boolean(), nullable=False),
        sa.Column("in_stock", BIG_INT, nullable=False),
        sa.Column("in_transit", BIG_INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "location_id"],
            ["location.tenant_id", "location.id"],
            name="fk_unit_tally_tenant_id_location_id",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "product_id"], ["product.tenant_id", "product.id"], name="fk_unit_tally_tenant_id_product_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_unit_tally_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "product_id", "location_id", "carrier_locked", name="pk_unit_tally"),
    )


def create_unit_upload() -> None:
    op.create_table(
        "unit_upload",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("manifest_id", BIG_INT, nullable=True),
        sa.Column("location_id", BIG_INT, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("make_products", sa.Boolean(), nullable=False),
        sa.Column("row_count", BIG_INT, nullable=False),
        sa.Column("counts", JSON, nullable=False),
        sa.Column("work_id", BIG_INT, nullable=True),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "location_id"],
            ["location.tenant_id", "location.id"],
            name="fk_unit_upload_tenant_id_location_id",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "manifest_id"],
            ["manifest.tenant_id", "manifest.id"],
            name="fk_unit_upload_tenant_id_manifest_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_unit_upload_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_unit_upload"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_unit_upload_tenant_id_id"),
    )
    op.create_index("ix_unit_upload_manifest", "unit_upload", ["tenant_id", "manifest_id", "id"], unique=False)


def create_bulk_change_row() -> None:
    op.create_table(
        "bulk_change_row",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("bulk_id", BIG_INT, nullable=False),
        sa.Column("unit_id", BIG_INT, nullable=False),
        sa.Column("before", JSON, nullable=False),
        sa.Column("version", BIG_INT, nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "bulk_id"],
            ["bulk_change.tenant_id", "bulk_change.id"],
            name="fk_bulk_change_row_tenant_id_bulk_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name="fk_bulk_change_row_tenant_id_unit_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_bulk_change_row_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_bulk_change_row"),
        sa.UniqueConstraint("tenant_id", "bulk_id", "unit_id", name="uq_bulk_change_row_tenant_id_bulk_id_unit_id"),
    )


def create_claim() -> None:
    op.create_table(
        "claim",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("product_id", BIG_INT, nullable=False),
        sa.Column("location_id", BIG_INT, nullable=False),
        sa.Column("unit_id", BIG_INT, nullable=True),
        sa.Column("quantity", BIG_INT, nullable=False),
        sa.Column("holder", sa.String(length=12), nullable=False),
        sa.Column("holder_id", BIG_INT, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("displaced", BIG_INT, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.String(length=12), nullable=True),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint("quantity > 0", name="ck_claim_claims_something"),
        sa.CheckConstraint("unit_id IS NULL OR quantity = 1", name="ck_claim_one_unit"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "location_id"], ["location.tenant_id", "location.id"], name="fk_claim_tenant_id_location_id"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "product_id"], ["product.tenant_id", "product.id"], name="fk_claim_tenant_id_product_id"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name="fk_claim_tenant_id_unit_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_claim_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_claim"),
    )
    op.create_index(
        "ix_claim_expiry",
        "claim",
        ["expires_at"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL AND expires_at IS NOT NULL"),
        postgresql_where=sa.text("ended_at IS NULL AND expires_at IS NOT NULL"),
    )
    op.create_index("ix_claim_holder", "claim", ["tenant_id", "holder", "holder_id"], unique=False)
    op.create_index(
        "ix_claim_stock",
        "claim",
        ["tenant_id", "product_id", "location_id"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_claim_unit",
        "claim",
        ["tenant_id", "unit_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL AND unit_id IS NOT NULL"),
        postgresql_where=sa.text("ended_at IS NULL AND unit_id IS NOT NULL"),
    )


def create_manifest_line() -> None:
    op.create_table(
        "manifest_line",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("manifest_id", BIG_INT, nullable=False),
        sa.Column("number", sortable(40), nullable=False),
        sa.Column("typed", sa.String(length=60), nullable=False),
        sa.Column("product_id", BIG_INT, nullable=True),
        sa.Column("cost", BIG_INT, nullable=False),
        sa.Column("expected", sa.Boolean(), nullable=False),
        sa.Column("scanned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision", sa.String(length=10), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("unit_id", BIG_INT, nullable=True),
        sa.Column("problem", sa.String(length=200), nullable=True),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint("decision IN ('accept', 'quarantine', 'refuse')", name="ck_manifest_line_decision_known"),
        sa.CheckConstraint("cost >= 0", name="ck_manifest_line_cost_not_negative"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "manifest_id"],
            ["manifest.tenant_id", "manifest.id"],
            name="fk_manifest_line_tenant_id_manifest_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "product_id"],
            ["product.tenant_id", "product.id"],
            name="fk_manifest_line_tenant_id_product_id",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name="fk_manifest_line_tenant_id_unit_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_manifest_line_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_manifest_line"),
        sa.UniqueConstraint("tenant_id", "manifest_id", "number", name="uq_manifest_line_tenant_id_manifest_id_number"),
    )
    op.create_index(
        "ix_manifest_line_kind", "manifest_line", ["tenant_id", "manifest_id", "expected", "id"], unique=False
    )
    op.create_index(
        "ix_manifest_line_scanned", "manifest_line", ["tenant_id", "manifest_id", "scanned_at"], unique=False
    )


def create_order_draft_line() -> None:
    op.create_table(
        "order_draft_line",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("draft_id", BIG_INT, nullable=False),
        sa.Column("product_id", BIG_INT, nullable=False),
        sa.Column("unit_id", BIG_INT, nullable=True),
        sa.Column("quantity", BIG_INT, nullable=False),
        sa.Column("price", BIG_INT, nullable=True),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint("quantity BETWEEN 1 AND 999", name="ck_order_draft_line_quantity_in_range"),
        sa.CheckConstraint("unit_id IS NULL OR quantity = 1", name="ck_order_draft_line_one_unit"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "draft_id"],
            ["order_draft.tenant_id", "order_draft.id"],
            name="fk_order_draft_line_tenant_id_draft_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "product_id"],
            ["product.tenant_id", "product.id"],
            name="fk_order_draft_line_tenant_id_product_id",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name="fk_order_draft_line_tenant_id_unit_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_order_draft_line_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_order_draft_line"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_order_draft_line_tenant_id_id"),
    )
    op.create_index("ix_order_draft_line_draft", "order_draft_line", ["tenant_id", "draft_id", "id"], unique=False)


def create_order_line() -> None:
    op.create_table(
        "order_line",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("order_id", BIG_INT, nullable=False),
        sa.Column("product_id", BIG_INT, nullable=False),
        sa.Column("unit_id", BIG_INT, nullable=True),
        sa.Column("location_id", BIG_INT, nullable=True),
        sa.Column("sku", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("quantity", BIG_INT, nullable=False),
        sa.Column("list_price", BIG_INT, nullable=False),
        sa.Column("price", BIG_INT, nullable=False),
        sa.Column("taxed", sa.Boolean(), nullable=False),
        sa.Column("shipped", BIG_INT, nullable=False),
        sa.Column("returned", BIG_INT, nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint("price >= 0 AND list_price >= 0", name="ck_order_line_money_not_negative"),
        sa.CheckConstraint("quantity > 0", name="ck_order_line_sells_something"),
        sa.CheckConstraint(
            "shipped BETWEEN 0 AND quantity AND returned BETWEEN 0 AND shipped", name="ck_order_line_counts_sound"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "location_id"],
            ["location.tenant_id", "location.id"],
            name="fk_order_line_tenant_id_location_id",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "order_id"],
            ["sales_order.tenant_id", "sales_order.id"],
            name="fk_order_line_tenant_id_order_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "product_id"], ["product.tenant_id", "product.id"], name="fk_order_line_tenant_id_product_id"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name="fk_order_line_tenant_id_unit_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_order_line_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_order_line"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_order_line_tenant_id_id"),
    )
    op.create_index("ix_order_line_order", "order_line", ["tenant_id", "order_id", "id"], unique=False)
    op.create_index("ix_order_line_product", "order_line", ["tenant_id", "product_id", "id"], unique=False)
    op.create_index("ix_order_line_unit", "order_line", ["tenant_id", "unit_id"], unique=False)


def create_quarantine() -> None:
    op.create_table(
        "quarantine",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("unit_id", BIG_INT, nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_by", sa.String(length=40), nullable=True),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name="fk_quarantine_tenant_id_unit_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_quarantine_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_quarantine"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_quarantine_tenant_id_id"),
    )
    op.create_index("ix_quarantine_unit", "quarantine", ["tenant_id", "unit_id", "id"], unique=False)


def create_stock_move() -> None:
    op.create_table(
        "stock_move",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("product_id", BIG_INT, nullable=False),
        sa.Column("location_id", BIG_INT, nullable=False),
        sa.Column("unit_id", BIG_INT, nullable=True),
        sa.Column("kind", sa.String(length=14), nullable=False),
        sa.Column("quantity", BIG_INT, nullable=False),
        sa.Column("unit_cost", BIG_INT, nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("source", sa.String(length=60), nullable=True),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint("quantity <> 0", name="ck_stock_move_moves_something"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "location_id"],
            ["location.tenant_id", "location.id"],
            name="fk_stock_move_tenant_id_location_id",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "product_id"], ["product.tenant_id", "product.id"], name="fk_stock_move_tenant_id_product_id"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name="fk_stock_move_tenant_id_unit_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_stock_move_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_stock_move"),
    )
    op.create_index(
        "ix_stock_move_product", "stock_move", ["tenant_id", "product_id", "location_id", "id"], unique=False
    )
    op.create_index("ix_stock_move_unit", "stock_move", ["tenant_id", "unit_id", "id"], unique=False)


def create_transfer_line() -> None:
    op.create_table(
        "transfer_line",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("transfer_id", BIG_INT, nullable=False),
        sa.Column("product_id", BIG_INT, nullable=False),
        sa.Column("unit_id", BIG_INT, nullable=True),
        sa.Column("quantity", BIG_INT, nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint("quantity > 0", name="ck_transfer_line_moves_something"),
        sa.CheckConstraint("unit_id IS NULL OR quantity = 1", name="ck_transfer_line_one_unit"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "product_id"],
            ["product.tenant_id", "product.id"],
            name="fk_transfer_line_tenant_id_product_id",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "transfer_id"],
            ["transfer.tenant_id", "transfer.id"],
            name="fk_transfer_line_tenant_id_transfer_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name="fk_transfer_line_tenant_id_unit_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_transfer_line_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_transfer_line"),
    )
    op.create_index("ix_transfer_line_transfer", "transfer_line", ["tenant_id", "transfer_id", "id"], unique=False)


def create_unit_upload_part() -> None:
    op.create_table(
        "unit_upload_part",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("upload_id", BIG_INT, nullable=False),
        sa.Column("part", BIG_INT, nullable=False),
        sa.Column("rows", JSON, nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "upload_id"],
            ["unit_upload.tenant_id", "unit_upload.id"],
            name="fk_unit_upload_part_tenant_id_upload_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_unit_upload_part_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_unit_upload_part"),
        sa.UniqueConstraint("tenant_id", "upload_id", "part", name="uq_unit_upload_part_tenant_id_upload_id_part"),
    )


def create_unit_upload_problem() -> None:
    op.create_table(
        "unit_upload_problem",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("upload_id", BIG_INT, nullable=False),
        sa.Column("row", BIG_INT, nullable=False),
        sa.Column("value", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "upload_id"],
            ["unit_upload.tenant_id", "unit_upload.id"],
            name="fk_unit_upload_problem_tenant_id_upload_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name="fk_unit_upload_problem_tenant_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_unit_upload_problem"),
    )
    op.create_index(
        "ix_unit_upload_problem_row", "unit_upload_problem", ["tenant_id", "upload_id", "row", "id"], unique=False
    )


def create_order_return() -> None:
    op.create_table(
        "order_return",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("code", sortable(20), nullable=False),
        sa.Column("order_id", BIG_INT, nullable=False),
        sa.Column("line_id", BIG_INT, nullable=False),
        sa.Column("quantity", BIG_INT, nullable=False),
        sa.Column("outcome", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("refund", BIG_INT, nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint("outcome IN ('restock', 'repair', 'scrap')", name="ck_order_return_outcome_known"),
        sa.CheckConstraint("quantity > 0", name="ck_order_return_returns_something"),
        sa.CheckConstraint("refund >= 0", name="ck_order_return_refund_not_negative"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "line_id"],
            ["order_line.tenant_id", "order_line.id"],
            name="fk_order_return_tenant_id_line_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "order_id"],
            ["sales_order.tenant_id", "sales_order.id"],
            name="fk_order_return_tenant_id_order_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_order_return_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_order_return"),
        sa.UniqueConstraint("tenant_id", "code", name="uq_order_return_tenant_id_code"),
    )
    op.create_index("ix_order_return_order", "order_return", ["tenant_id", "order_id", "id"], unique=False)


def create_shipment_line() -> None:
    op.create_table(
        "shipment_line",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("shipment_id", BIG_INT, nullable=False),
        sa.Column("line_id", BIG_INT, nullable=False),
        sa.Column("quantity", BIG_INT, nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint("quantity > 0", name="ck_shipment_line_ships_something"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "line_id"],
            ["order_line.tenant_id", "order_line.id"],
            name="fk_shipment_line_tenant_id_line_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "shipment_id"],
            ["shipment.tenant_id", "shipment.id"],
            name="fk_shipment_line_tenant_id_shipment_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_shipment_line_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_shipment_line"),
    )
    op.create_index("ix_shipment_line_line", "shipment_line", ["tenant_id", "line_id"], unique=False)


def downgrade() -> None:
    for table in reversed(TENANT_TABLES):
        op.drop_table(table)
