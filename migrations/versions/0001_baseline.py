"""The tables of the house, the accounts and the device catalogue.

Revision: 0001
Follows: nothing
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


BIG_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

# Tables whose rows belong to a tenant (or, where tenant_id is NULL, to the installation): on PostgreSQL the database
# itself shows a transaction only those of the tenant it was begun for.
GUARDED = ("device_proposal", "event")
POLICY = """
CREATE POLICY one_tenant ON {table} USING (
    tenant_id IS NOT DISTINCT FROM NULLIF(current_setting('app.tenant_id', true), '')::bigint
    OR current_setting('app.every_tenant', true) = 'on'
)
"""


def sortable(length: int) -> sa.String:
    """Text that PostgreSQL compares by code point, as SQLite does."""
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def guard(table: str) -> None:
    """Turn row-level security on for `table`, its owner included."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(POLICY.format(table=table))


def upgrade() -> None:
    op.create_table(
        "catalog_source",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("licence", sa.String(length=60), nullable=True),
        sa.Column("added_by", sa.String(length=40), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_catalog_source"),
    )
    op.create_table(
        "category",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("search_name", sortable(60), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_category"),
        sa.UniqueConstraint("name", name="uq_category_name"),
        sa.UniqueConstraint("search_name", name="uq_category_search_name"),
        sa.UniqueConstraint("slug", name="uq_category_slug"),
    )
    op.create_table(
        "make",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("search_name", sortable(80), nullable=False),
        sa.Column("website_url", sa.String(length=300), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_make"),
        sa.UniqueConstraint("public_id", name="uq_make_public_id"),
        sa.UniqueConstraint("search_name", name="uq_make_search_name"),
        sa.UniqueConstraint("slug", name="uq_make_slug"),
    )
    op.create_table(
        "tenant",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("business_code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("plan", sa.String(length=20), nullable=False),
        sa.Column("requests_per_minute", BIG_INT, nullable=True),
        sa.Column("time_zone", sa.String(length=60), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("sandbox_of_id", BIG_INT, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("plan IN ('starter', 'professional', 'enterprise')", name="ck_tenant_plan_known"),
        sa.CheckConstraint("requests_per_minute IS NULL OR requests_per_minute > 0", name="ck_tenant_limit_positive"),
        sa.ForeignKeyConstraint(["sandbox_of_id"], ["tenant.id"], name="fk_tenant_sandbox_of_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_tenant"),
        sa.UniqueConstraint("business_code", name="uq_tenant_business_code"),
        sa.UniqueConstraint("public_id", name="uq_tenant_public_id"),
        sa.UniqueConstraint("sandbox_of_id", name="uq_tenant_sandbox_of_id"),
    )
    op.create_table(
        "worker_heartbeat",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_worker_heartbeat"),
    )
    op.create_table(
        "api_key",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("prefix", sortable(24), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", JSON, nullable=False),
        sa.Column("dialect", sa.String(length=20), nullable=True),
        sa.Column("created_by", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "dialect IS NULL OR dialect IN ('techfleet', 'techparts', 'syncauction', 'tradekitt', 'autosync')",
            name="ck_api_key_dialect_known",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_api_key_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_api_key"),
        sa.UniqueConstraint("prefix", name="uq_api_key_prefix"),
    )
    op.create_index("ix_api_key_tenant_id_id", "api_key", ["tenant_id", "id"], unique=False)
    op.create_table(
        "catalog_import",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("path", sa.String(length=80), nullable=False),
        sa.Column("size", BIG_INT, nullable=False),
        sa.Column("encoding_note", sa.String(length=200), nullable=False),
        sa.Column("row_count", BIG_INT, nullable=False),
        sa.Column("columns", JSON, nullable=False),
        sa.Column("samples", JSON, nullable=False),
        sa.Column("mapping", JSON, nullable=False),
        sa.Column("defaults", JSON, nullable=False),
        sa.Column("source_name", sa.String(length=120), nullable=False),
        sa.Column("licence", sa.String(length=60), nullable=True),
        sa.Column("source_id", BIG_INT, nullable=True),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("overwrite", sa.Boolean(), nullable=False),
        sa.Column("work_id", BIG_INT, nullable=True),
        sa.Column("counts", JSON, nullable=False),
        sa.Column("requested_by", sa.String(length=40), nullable=False),
        sa.Column("requester", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["catalog_source.id"], name="fk_catalog_import_source_id"),
        sa.PrimaryKeyConstraint("id", name="pk_catalog_import"),
    )
    op.create_table(
        "device",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("slug", sa.String(length=160), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("search_name", sortable(160), nullable=False),
        sa.Column("merge_key", sortable(240), nullable=False),
        sa.Column("make_id", BIG_INT, nullable=False),
        sa.Column("category_id", BIG_INT, nullable=False),
        sa.Column("image_url", sa.String(length=500), nullable=True),
        sa.Column("release_date", sa.Date(), nullable=True),
        sa.Column("release_precision", sa.String(length=7), nullable=True),
        sa.Column("released", BIG_INT, nullable=False),
        sa.Column("model_numbers", JSON, nullable=False),
        sa.Column("gtin", sa.String(length=14), nullable=True),
        sa.Column("specs", JSON, nullable=False),
        sa.Column("provenance", JSON, nullable=False),
        sa.Column("display_size_in", sa.Float(), nullable=True),
        sa.Column("ram_gb", sa.Float(), nullable=True),
        sa.Column("storage_gb", sa.Float(), nullable=True),
        sa.Column("battery_mah", BIG_INT, nullable=True),
        sa.Column("chipset", sa.String(length=120), nullable=True),
        sa.Column("weight_g", sa.Float(), nullable=True),
        sa.Column("os", sa.String(length=120), nullable=True),
        sa.Column("has_5g", sa.Boolean(), nullable=True),
        sa.Column("display_px_w", BIG_INT, nullable=True),
        sa.Column("display_px_h", BIG_INT, nullable=True),
        sa.Column("cpu_cores", BIG_INT, nullable=True),
        sa.Column("main_camera_mp", sa.Float(), nullable=True),
        sa.Column("thickness_mm", sa.Float(), nullable=True),
        sa.Column("price_avg", BIG_INT, nullable=True),
        sa.Column("price_min", BIG_INT, nullable=True),
        sa.Column("price_max", BIG_INT, nullable=True),
        sa.Column("price_sources", BIG_INT, nullable=True),
        sa.Column("price_observed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("has_specs", sa.Boolean(), nullable=False),
        sa.Column("has_model_numbers", sa.Boolean(), nullable=False),
        sa.Column("quality_score", sa.SmallInteger(), nullable=False),
        sa.Column("missing_fields", sa.SmallInteger(), nullable=False),
        sa.Column("gap_value", BIG_INT, nullable=False),
        sa.Column("version", BIG_INT, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("quality_score BETWEEN 0 AND 100", name="ck_device_score_in_percent"),
        sa.ForeignKeyConstraint(["category_id"], ["category.id"], name="fk_device_category_id"),
        sa.ForeignKeyConstraint(["make_id"], ["make.id"], name="fk_device_make_id"),
        sa.PrimaryKeyConstraint("id", name="pk_device"),
        sa.UniqueConstraint("merge_key", name="uq_device_merge_key"),
        sa.UniqueConstraint("slug", name="uq_device_slug"),
    )
    op.create_index("ix_device_battery_mah", "device", ["battery_mah"], unique=False)
    op.create_index("ix_device_category_newest", "device", ["category_id", "released", "id"], unique=False)
    op.create_index("ix_device_display_size_in", "device", ["display_size_in"], unique=False)
    op.create_index("ix_device_gap_value", "device", ["gap_value", "id"], unique=False)
    op.create_index(
        "ix_device_gtin",
        "device",
        ["gtin"],
        unique=False,
        sqlite_where=sa.text("gtin IS NOT NULL"),
        postgresql_where=sa.text("gtin IS NOT NULL"),
    )
    op.create_index("ix_device_make_newest", "device", ["make_id", "released", "id"], unique=False)
    op.create_index("ix_device_name", "device", ["search_name", "id"], unique=False)
    op.create_index("ix_device_newest", "device", ["released", "id"], unique=False)
    op.create_index("ix_device_price", "device", ["price_avg", "id"], unique=False)
    op.create_index("ix_device_quality", "device", ["quality_score", "id"], unique=False)
    op.create_index("ix_device_ram_gb", "device", ["ram_gb"], unique=False)
    op.create_index("ix_device_storage_gb", "device", ["storage_gb"], unique=False)
    op.create_index("ix_device_updated_at", "device", ["updated_at"], unique=False)
    op.create_table(
        "device_count",
        sa.Column("make_id", BIG_INT, nullable=False),
        sa.Column("category_id", BIG_INT, nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("devices", BIG_INT, nullable=False),
        sa.Column("with_specs", BIG_INT, nullable=False),
        sa.Column("with_image", BIG_INT, nullable=False),
        sa.Column("with_model_numbers", BIG_INT, nullable=False),
        sa.Column("with_gtin", BIG_INT, nullable=False),
        sa.Column("with_price", BIG_INT, nullable=False),
        sa.Column("score_sum", BIG_INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["category_id"], ["category.id"], name="fk_device_count_category_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["make_id"], ["make.id"], name="fk_device_count_make_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("make_id", "category_id", "year", name="pk_device_count"),
    )
    op.create_table(
        "event",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=True),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("data", JSON, nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_event_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_event"),
    )
    op.create_index("ix_event_subject_id", "event", ["subject", "id"], unique=False)
    op.create_index("ix_event_tenant_id_id", "event", ["tenant_id", "id"], unique=False)
    op.create_table(
        "user_account",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=True),
        sa.Column("username", sa.String(length=80), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("is_operator", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("session_epoch", BIG_INT, server_default="0", nullable=False),
        sa.Column("last_signed_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("tenant_id IS NOT NULL OR is_operator", name="ck_user_account_belongs_somewhere"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_user_account_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_user_account"),
        sa.UniqueConstraint("tenant_id", "username", name="uq_user_account_tenant_id_username"),
    )
    op.create_index("ix_user_account_email", "user_account", ["email"], unique=False)
    op.create_index("ix_user_account_username", "user_account", ["username"], unique=False)
    op.create_index(
        "uq_user_account_operator_username",
        "user_account",
        ["username"],
        unique=True,
        sqlite_where=sa.text("tenant_id IS NULL"),
        postgresql_where=sa.text("tenant_id IS NULL"),
    )
    op.create_table(
        "work",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("args", JSON, nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=True),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("unique_key", sa.String(length=120), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("run_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", BIG_INT, nullable=False),
        sa.Column("max_attempts", BIG_INT, nullable=False),
        sa.Column("progress_done", BIG_INT, nullable=True),
        sa.Column("progress_total", BIG_INT, nullable=True),
        sa.Column("progress_text", sa.String(length=200), nullable=True),
        sa.Column("saved", JSON, nullable=False),
        sa.Column("result", JSON, nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("cancel_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(ended_at IS NULL) = (state IN ('waiting', 'running'))", name="ck_work_ended_with_state"),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'done', 'failed', 'cancelled')", name="ck_work_state_known"
        ),
        sa.CheckConstraint("attempts >= 0 AND max_attempts >= 1", name="ck_work_attempts_counted"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_work_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_work"),
    )
    op.create_index("ix_work_ended_at", "work", ["ended_at"], unique=False)
    op.create_index(
        "ix_work_live_run_at",
        "work",
        ["run_at", "id"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("ix_work_tenant_id_kind_id", "work", ["tenant_id", "kind", "id"], unique=False)
    op.create_index(
        "uq_work_unique_key_live",
        "work",
        ["unique_key"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL AND unique_key IS NOT NULL"),
        postgresql_where=sa.text("ended_at IS NULL AND unique_key IS NOT NULL"),
    )
    op.create_table(
        "device_model_number",
        sa.Column("number", sortable(40), nullable=False),
        sa.Column("device_id", BIG_INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name="fk_device_model_number_device_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("number", "device_id", name="pk_device_model_number"),
    )
    op.create_index("ix_device_model_number_device_id", "device_model_number", ["device_id"], unique=False)
    op.create_table(
        "device_proposal",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("device_id", BIG_INT, nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("value", sa.String(length=500), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.String(length=40), nullable=False),
        sa.Column("proposer", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint(
            "outcome IS NULL OR outcome IN ('accepted', 'declined')", name="ck_device_proposal_outcome_known"
        ),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name="fk_device_proposal_device_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_device_proposal_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_device_proposal"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_device_proposal_tenant_id_id"),
    )
    op.create_index(
        "ix_device_proposal_open",
        "device_proposal",
        ["id"],
        unique=False,
        sqlite_where=sa.text("decided_at IS NULL"),
        postgresql_where=sa.text("decided_at IS NULL"),
    )
    op.create_index(
        "ix_device_proposal_tenant_id_device_id", "device_proposal", ["tenant_id", "device_id"], unique=False
    )
    op.create_table(
        "import_problem",
        sa.Column("import_id", BIG_INT, nullable=False),
        sa.Column("row", BIG_INT, nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("refused", sa.Boolean(), nullable=False),
        sa.Column("field", sa.String(length=60), nullable=True),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["catalog_import.id"], name="fk_import_problem_import_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_id", "row", "position", name="pk_import_problem"),
    )
    op.create_table(
        "price_observation",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("device_id", BIG_INT, nullable=False),
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("condition", sa.String(length=20), nullable=False),
        sa.Column("amount", BIG_INT, nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount > 0", name="ck_price_observation_amount_positive"),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name="fk_price_observation_device_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_price_observation"),
    )
    op.create_index(
        "ix_price_observation_device_id_observed_at", "price_observation", ["device_id", "observed_at"], unique=False
    )
    op.create_table(
        "search_head",
        sa.Column("text", sortable(48), nullable=False),
        sa.Column("make_id", BIG_INT, nullable=False),
        sa.Column("category_id", BIG_INT, nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("newest_first", BIG_INT, nullable=False),
        sa.Column("device_id", BIG_INT, nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name="fk_search_head_device_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint(
            "text", "make_id", "category_id", "kind", "newest_first", "device_id", name="pk_search_head"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_search_head_device", "search_head", ["device_id"], unique=False)
    op.create_table(
        "search_key",
        sa.Column("text", sortable(48), nullable=False),
        sa.Column("device_id", BIG_INT, nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("released", BIG_INT, nullable=False),
        sa.Column("make_id", BIG_INT, nullable=False),
        sa.Column("category_id", BIG_INT, nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name="fk_search_key_device_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("text", "device_id", name="pk_search_key"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_search_key_category", "search_key", ["category_id", "text"], unique=False)
    op.create_index("ix_search_key_device", "search_key", ["device_id"], unique=False)
    op.create_index("ix_search_key_make", "search_key", ["make_id", "category_id", "text"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        for table in GUARDED:
            guard(table)


def downgrade() -> None:
    op.drop_index("ix_search_key_make", table_name="search_key")
    op.drop_index("ix_search_key_device", table_name="search_key")
    op.drop_index("ix_search_key_category", table_name="search_key")
    op.drop_table("search_key")
    op.drop_index("ix_search_head_device", table_name="search_head")
    op.drop_table("search_head")
    op.drop_index("ix_price_observation_device_id_observed_at", table_name="price_observation")
    op.drop_table("price_observation")
    op.drop_table("import_problem")
    op.drop_index("ix_device_proposal_tenant_id_device_id", table_name="device_proposal")
    op.drop_index(
        "ix_device_proposal_open",
        table_name="device_proposal",
        sqlite_where=sa.text("decided_at IS NULL"),
        postgresql_where=sa.text("decided_at IS NULL"),
    )
    op.drop_table("device_proposal")
    op.drop_index("ix_device_model_number_device_id", table_name="device_model_number")
    op.drop_table("device_model_number")
    op.drop_index(
        "uq_work_unique_key_live",
        table_name="work",
        sqlite_where=sa.text("ended_at IS NULL AND unique_key IS NOT NULL"),
        postgresql_where=sa.text("ended_at IS NULL AND unique_key IS NOT NULL"),
    )
    op.drop_index("ix_work_tenant_id_kind_id", table_name="work")
    op.drop_index(
        "ix_work_live_run_at",
        table_name="work",
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.drop_index("ix_work_ended_at", table_name="work")
    op.drop_table("work")
    op.drop_index(
        "uq_user_account_operator_username",
        table_name="user_account",
        sqlite_where=sa.text("tenant_id IS NULL"),
        postgresql_where=sa.text("tenant_id IS NULL"),
    )
    op.drop_index("ix_user_account_username", table_name="user_account")
    op.drop_index("ix_user_account_email", table_name="user_account")
    op.drop_table("user_account")
    op.drop_index("ix_event_tenant_id_id", table_name="event")
    op.drop_index("ix_event_subject_id", table_name="event")
    op.drop_table("event")
    op.drop_table("device_count")
    op.drop_index("ix_device_updated_at", table_name="device")
    op.drop_index("ix_device_storage_gb", table_name="device")
    op.drop_index("ix_device_ram_gb", table_name="device")
    op.drop_index("ix_device_quality", table_name="device")
    op.drop_index("ix_device_price", table_name="device")
    op.drop_index("ix_device_newest", table_name="device")
    op.drop_index("ix_device_name", table_name="device")
    op.drop_index("ix_device_make_newest", table_name="device")
    op.drop_index(
        "ix_device_gtin",
        table_name="device",
        sqlite_where=sa.text("gtin IS NOT NULL"),
        postgresql_where=sa.text("gtin IS NOT NULL"),
    )
    op.drop_index("ix_device_gap_value", table_name="device")
    op.drop_index("ix_device_display_size_in", table_name="device")
    op.drop_index("ix_device_category_newest", table_name="device")
    op.drop_index("ix_device_battery_mah", table_name="device")
    op.drop_table("device")
    op.drop_table("catalog_import")
    op.drop_index("ix_api_key_tenant_id_id", table_name="api_key")
    op.drop_table("api_key")
    op.drop_table("worker_heartbeat")
    op.drop_table("tenant")
    op.drop_table("make")
    op.drop_table("category")
    op.drop_table("catalog_source")
