"""Jobs, their policies, plans of routes and the live board.

Revision: 0009
Follows: 0008
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BIG_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)
POLICY = """
CREATE POLICY one_tenant ON {table} USING (
    tenant_id IS NOT DISTINCT FROM NULLIF(current_setting('app.tenant_id', true), '')::bigint
    OR current_setting('app.every_tenant', true) = 'on'
)
"""
TABLES = (
    "job_series",
    "road_settings",
    "route_plan",
    "stream_ticket",
    "sla_policy",
    "job",
    "board_change",
    "job_check",
    "job_note",
    "job_part",
    "job_picture",
    "job_skill",
    "job_step",
    "job_technician",
)
"""In the order in which they refer to each other."""


def sortable(length: int) -> sa.String:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def upgrade() -> None:
    create_job_series()
    create_road_settings()
    create_route_plan()
    create_stream_ticket()
    create_sla_policy()
    create_job()
    create_board_change()
    create_job_check()
    create_job_note()
    create_job_part()
    create_job_picture()
    create_job_skill()
    create_job_step()
    create_job_technician()
    for table in TABLES if op.get_bind().dialect.name == "postgresql" else ():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(POLICY.format(table=table))


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def create_job_series() -> None:
    op.create_table(
        "job_series",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("unit", sa.String(length=8), nullable=False),
        sa.Column("every", BIG_INT, nullable=False),
        sa.Column("until", MOMENT, nullable=True),
        sa.Column("pattern", JSON, nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint("unit IN ('day', 'week', 'month')", name="ck_job_series_unit_known"),
        sa.CheckConstraint("every BETWEEN 1 AND 366", name="ck_job_series_every_in_range"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_job_series_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_job_series"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_job_series_tenant_id_id"),
    )


def create_road_settings() -> None:
    op.create_table(
        "road_settings",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("factor_percent", BIG_INT, nullable=False),
        sa.Column("speeds", JSON, nullable=False),
        sa.Column("travel_url", sa.String(length=300), nullable=True),
        sa.Column("geocoder_url", sa.String(length=300), nullable=True),
        sa.Column("tiles_url", sa.String(length=300), nullable=True),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_road_settings_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_road_settings"),
        sa.UniqueConstraint("tenant_id", name="uq_road_settings_tenant_id"),
    )


def create_route_plan() -> None:
    op.create_table(
        "route_plan",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("public_id", sortable(40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("apply", sa.Boolean(), nullable=False),
        sa.Column("asked", JSON, nullable=False),
        sa.Column("answer", JSON, nullable=True),
        sa.Column("before", JSON, nullable=True),
        sa.Column("problem", sa.String(length=240), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint(
            "status IN ('planning', 'ready', 'applied', 'reverted', 'failed')", name="ck_route_plan_status_known"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_route_plan_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_route_plan"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_route_plan_tenant_id_id"),
        sa.UniqueConstraint("tenant_id", "public_id", name="uq_route_plan_tenant_id_public_id"),
    )
    op.create_index("ix_route_plan_day", "route_plan", ["tenant_id", "day", "id"])


def create_stream_ticket() -> None:
    op.create_table(
        "stream_ticket",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("digest", sortable(64), nullable=False),
        sa.Column("session_id", BIG_INT, nullable=True),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_stream_ticket_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_stream_ticket"),
        sa.UniqueConstraint("digest", name="uq_stream_ticket_digest"),
    )


def create_sla_policy() -> None:
    op.create_table(
        "sla_policy",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("number", BIG_INT, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("priority", sa.String(length=8), nullable=True),
        sa.Column("customer_id", BIG_INT, nullable=True),
        sa.Column("response_minutes", BIG_INT, nullable=False),
        sa.Column("resolution_minutes", BIG_INT, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", BIG_INT, nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint("resolution_minutes >= response_minutes", name="ck_sla_policy_resolution_after_response"),
        sa.CheckConstraint("response_minutes > 0", name="ck_sla_policy_response_takes_time"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customer.tenant_id", "customer.id"],
            name="fk_sla_policy_tenant_id_customer_id",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_sla_policy_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_sla_policy"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_sla_policy_tenant_id_id"),
        sa.UniqueConstraint("tenant_id", "number", name="uq_sla_policy_tenant_id_number"),
    )


def create_job() -> None:
    op.create_table(
        "job",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("number", BIG_INT, nullable=False),
        sa.Column("title", sa.String(length=160), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("priority", sa.String(length=8), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("customer_id", BIG_INT, nullable=True),
        sa.Column("customer_name", sa.String(length=160), nullable=False),
        sa.Column("customer_phone", sa.String(length=40), nullable=False),
        sa.Column("service_address", sa.String(length=160), nullable=False),
        sa.Column("service_city", sa.String(length=80), nullable=False),
        sa.Column("service_state", sa.String(length=40), nullable=False),
        sa.Column("service_zip", sa.String(length=20), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("scheduled_start", MOMENT, nullable=True),
        sa.Column("scheduled_end", MOMENT, nullable=True),
        sa.Column("arrive_from", MOMENT, nullable=True),
        sa.Column("arrive_until", MOMENT, nullable=True),
        sa.Column("duration_minutes", BIG_INT, nullable=False),
        sa.Column("technician_id", BIG_INT, nullable=True),
        sa.Column("locked", sa.Boolean(), nullable=False),
        sa.Column("value", BIG_INT, nullable=True),
        sa.Column("policy_id", BIG_INT, nullable=True),
        sa.Column("respond_by", MOMENT, nullable=True),
        sa.Column("resolve_by", MOMENT, nullable=True),
        sa.Column("responded_at", MOMENT, nullable=True),
        sa.Column("resolved_at", MOMENT, nullable=True),
        sa.Column("cancel_reason", sa.String(length=240), nullable=True),
        sa.Column("rating", BIG_INT, nullable=True),
        sa.Column("series_id", BIG_INT, nullable=True),
        sa.Column("track_key", sortable(64), nullable=False),
        sa.Column("version", BIG_INT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint("priority IN ('low', 'normal', 'high', 'urgent')", name="ck_job_priority_known"),
        sa.CheckConstraint(
            "status = 'pending' OR status = 'cancelled' OR technician_id IS NOT NULL", name="ck_job_is_somebodys"
        ),
        sa.CheckConstraint(
            "status IN ('pending', 'dispatched', 'acknowledged', 'en_route', 'on_site', "
            "'in_progress', 'completed', 'cancelled')",
            name="ck_job_status_known",
        ),
        sa.CheckConstraint("duration_minutes > 0", name="ck_job_takes_time"),
        sa.CheckConstraint("rating BETWEEN 1 AND 5", name="ck_job_rating_known"),
        sa.CheckConstraint("scheduled_start < scheduled_end", name="ck_job_ends_after_start"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"], ["customer.tenant_id", "customer.id"], name="fk_job_tenant_id_customer_id"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "policy_id"], ["sla_policy.tenant_id", "sla_policy.id"], name="fk_job_tenant_id_policy_id"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "series_id"], ["job_series.tenant_id", "job_series.id"], name="fk_job_tenant_id_series_id"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "technician_id"],
            ["technician.tenant_id", "technician.id"],
            name="fk_job_tenant_id_technician_id",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_job_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_job"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_job_tenant_id_id"),
        sa.UniqueConstraint("tenant_id", "number", name="uq_job_tenant_id_number"),
        sa.UniqueConstraint("track_key", name="uq_job_track_key"),
    )
    op.create_index("ix_job_customer", "job", ["tenant_id", "customer_id", "id"])
    op.create_index("ix_job_day", "job", ["tenant_id", "scheduled_start", "id"])
    op.create_index("ix_job_status", "job", ["tenant_id", "status", "scheduled_start", "id"])
    op.create_index("ix_job_technician", "job", ["tenant_id", "technician_id", "scheduled_start"])


def create_board_change() -> None:
    op.create_table(
        "board_change",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("number", BIG_INT, nullable=False),
        sa.Column("job_id", BIG_INT, nullable=True),
        sa.Column("data", JSON, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "job_id"],
            ["job.tenant_id", "job.id"],
            name="fk_board_change_tenant_id_job_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_board_change_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_board_change"),
        sa.UniqueConstraint("tenant_id", "number", name="uq_board_change_tenant_id_number"),
    )
    op.create_index("ix_board_change_age", "board_change", ["tenant_id", "at"])


def create_job_check() -> None:
    op.create_table(
        "job_check",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("job_id", BIG_INT, nullable=False),
        sa.Column("position", BIG_INT, nullable=False),
        sa.Column("text", sa.String(length=160), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.Column("done_by", sa.String(length=120), nullable=True),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "job_id"],
            ["job.tenant_id", "job.id"],
            name="fk_job_check_tenant_id_job_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_job_check_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_job_check"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_job_check_tenant_id_id"),
        sa.UniqueConstraint("tenant_id", "job_id", "position", name="uq_job_check_tenant_id_job_id_position"),
    )


def create_job_note() -> None:
    op.create_table(
        "job_note",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("job_id", BIG_INT, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "job_id"],
            ["job.tenant_id", "job.id"],
            name="fk_job_note_tenant_id_job_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_job_note_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_job_note"),
    )
    op.create_index("ix_job_note_job", "job_note", ["tenant_id", "job_id", "id"])


def create_job_part() -> None:
    op.create_table(
        "job_part",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("job_id", BIG_INT, nullable=False),
        sa.Column("product_id", BIG_INT, nullable=False),
        sa.Column("unit_id", BIG_INT, nullable=True),
        sa.Column("location_id", BIG_INT, nullable=True),
        sa.Column("quantity", BIG_INT, nullable=False),
        sa.Column("used", BIG_INT, nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint("quantity > 0 AND used BETWEEN 0 AND quantity", name="ck_job_part_used_within"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "job_id"],
            ["job.tenant_id", "job.id"],
            name="fk_job_part_tenant_id_job_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "location_id"],
            ["location.tenant_id", "location.id"],
            name="fk_job_part_tenant_id_location_id",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "product_id"], ["product.tenant_id", "product.id"], name="fk_job_part_tenant_id_product_id"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name="fk_job_part_tenant_id_unit_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_job_part_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_job_part"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_job_part_tenant_id_id"),
    )
    op.create_index("ix_job_part_job", "job_part", ["tenant_id", "job_id", "id"])


def create_job_picture() -> None:
    op.create_table(
        "job_picture",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("job_id", BIG_INT, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("signed_by", sa.String(length=160), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("content_type", sa.String(length=20), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint("kind IN ('photo', 'signature')", name="ck_job_picture_kind_known"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "job_id"],
            ["job.tenant_id", "job.id"],
            name="fk_job_picture_tenant_id_job_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_job_picture_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_job_picture"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_job_picture_tenant_id_id"),
    )
    op.create_index("ix_job_picture_job", "job_picture", ["tenant_id", "job_id", "id"])


def create_job_skill() -> None:
    op.create_table(
        "job_skill",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("job_id", BIG_INT, nullable=False),
        sa.Column("skill_id", BIG_INT, nullable=False),
        sa.Column("level", BIG_INT, nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "job_id"],
            ["job.tenant_id", "job.id"],
            name="fk_job_skill_tenant_id_job_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "skill_id"], ["skill.tenant_id", "skill.id"], name="fk_job_skill_tenant_id_skill_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_job_skill_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_job_skill"),
        sa.UniqueConstraint("tenant_id", "job_id", "skill_id", name="uq_job_skill_tenant_id_job_id_skill_id"),
    )


def create_job_step() -> None:
    op.create_table(
        "job_step",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("job_id", BIG_INT, nullable=False),
        sa.Column("technician_id", BIG_INT, nullable=True),
        sa.Column("before", sa.String(length=12), nullable=False),
        sa.Column("after", sa.String(length=12), nullable=False),
        sa.Column("skipped", JSON, nullable=False),
        sa.Column("undone", sa.Boolean(), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "job_id"],
            ["job.tenant_id", "job.id"],
            name="fk_job_step_tenant_id_job_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "technician_id"],
            ["technician.tenant_id", "technician.id"],
            name="fk_job_step_tenant_id_technician_id",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_job_step_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_job_step"),
    )
    op.create_index("ix_job_step_job", "job_step", ["tenant_id", "job_id", "id"])


def create_job_technician() -> None:
    op.create_table(
        "job_technician",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("job_id", BIG_INT, nullable=False),
        sa.Column("technician_id", BIG_INT, nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "job_id"],
            ["job.tenant_id", "job.id"],
            name="fk_job_technician_tenant_id_job_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "technician_id"],
            ["technician.tenant_id", "technician.id"],
            name="fk_job_technician_tenant_id_technician_id",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_job_technician_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_job_technician"),
        sa.UniqueConstraint(
            "tenant_id", "job_id", "technician_id", name="uq_job_technician_tenant_id_job_id_technician_id"
        ),
    )
    op.create_index("ix_job_technician_technician", "job_technician", ["tenant_id", "technician_id", "job_id"])
