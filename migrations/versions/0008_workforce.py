"""Technicians, their hours and their vehicles.

Revision: 0008
Follows: 0007
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
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
    "service_zone",
    "skill",
    "technician",
    "technician_absence",
    "technician_shift",
    "technician_skill",
    "time_entry",
    "vehicle",
    "work_week",
    "zone_technician",
    "time_break",
    "time_correction",
    "vehicle_paper",
    "vehicle_service",
)
"""In the order in which they refer to each other."""


def sortable(length: int) -> sa.String:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def upgrade() -> None:
    create_service_zone()
    create_skill()
    create_technician()
    create_technician_absence()
    create_technician_shift()
    create_technician_skill()
    create_time_entry()
    create_vehicle()
    create_work_week()
    create_zone_technician()
    create_time_break()
    create_time_correction()
    create_vehicle_paper()
    create_vehicle_service()
    for table in TABLES if op.get_bind().dialect.name == "postgresql" else ():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(POLICY.format(table=table))


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def create_service_zone() -> None:
    op.create_table(
        "service_zone",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("number", BIG_INT, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("name_key", sortable(80), nullable=False),
        sa.Column("zips", JSON, nullable=False),
        sa.Column("polygon", JSON, nullable=False),
        sa.Column("version", BIG_INT, nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_service_zone_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_service_zone"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_service_zone_tenant_id_id"),
        sa.UniqueConstraint("tenant_id", "name_key", name="uq_service_zone_tenant_id_name_key"),
        sa.UniqueConstraint("tenant_id", "number", name="uq_service_zone_tenant_id_number"),
    )


def create_skill() -> None:
    op.create_table(
        "skill",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("name_key", sortable(80), nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_skill_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_skill"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_skill_tenant_id_id"),
        sa.UniqueConstraint("tenant_id", "name_key", name="uq_skill_tenant_id_name_key"),
    )


def create_technician() -> None:
    op.create_table(
        "technician",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("number", BIG_INT, nullable=False),
        sa.Column("user_id", BIG_INT, nullable=True),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("search_name", sortable(160), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("pay_type", sa.String(length=10), nullable=False),
        sa.Column("base_pay", BIG_INT, nullable=False),
        sa.Column("start_from", sa.String(length=10), nullable=False),
        sa.Column("home_address", sa.String(length=240), nullable=False),
        sa.Column("home_zip", sa.String(length=20), nullable=False),
        sa.Column("home_latitude", sa.Double(), nullable=True),
        sa.Column("home_longitude", sa.Double(), nullable=True),
        sa.Column("location_id", BIG_INT, nullable=True),
        sa.Column("start_zip", sa.String(length=20), nullable=False),
        sa.Column("start_latitude", sa.Double(), nullable=True),
        sa.Column("start_longitude", sa.Double(), nullable=True),
        sa.Column("van_id", BIG_INT, nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("seen_latitude", sa.Double(), nullable=True),
        sa.Column("seen_longitude", sa.Double(), nullable=True),
        sa.Column("seen_at", MOMENT, nullable=True),
        sa.Column("version", BIG_INT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint("pay_type IN ('hourly', 'salary')", name="ck_technician_pay_type_known"),
        sa.CheckConstraint("start_from IN ('home', 'location')", name="ck_technician_start_known"),
        sa.CheckConstraint("base_pay >= 0", name="ck_technician_base_pay_not_negative"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "location_id"],
            ["location.tenant_id", "location.id"],
            name="fk_technician_tenant_id_location_id",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "van_id"], ["location.tenant_id", "location.id"], name="fk_technician_tenant_id_van_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_technician_tenant_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_technician_user_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_technician"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_technician_tenant_id_id"),
        sa.UniqueConstraint("tenant_id", "number", name="uq_technician_tenant_id_number"),
        sa.UniqueConstraint("tenant_id", "user_id", name="uq_technician_tenant_id_user_id"),
    )
    op.create_index("ix_technician_name", "technician", ["tenant_id", "active", "search_name", "id"])


def create_technician_absence() -> None:
    op.create_table(
        "technician_absence",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("technician_id", BIG_INT, nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("reason", sa.String(length=120), nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name="ck_technician_absence_ends_after_start"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "technician_id"],
            ["technician.tenant_id", "technician.id"],
            name="fk_technician_absence_tenant_id_technician_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name="fk_technician_absence_tenant_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_technician_absence"),
    )
    op.create_index("ix_technician_absence_time", "technician_absence", ["tenant_id", "technician_id", "ends_at"])


def create_technician_shift() -> None:
    op.create_table(
        "technician_shift",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("technician_id", BIG_INT, nullable=False),
        sa.Column("weekday", BIG_INT, nullable=False),
        sa.Column("starts", BIG_INT, nullable=False),
        sa.Column("ends", BIG_INT, nullable=False),
        sa.Column("break_from", BIG_INT, nullable=True),
        sa.Column("break_until", BIG_INT, nullable=True),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint(
            "break_from IS NULL OR (break_from >= starts AND break_from < break_until AND break_until <= ends)",
            name="ck_technician_shift_break_within",
        ),
        sa.CheckConstraint(
            "starts >= 0 AND starts < ends AND ends <= 1440", name="ck_technician_shift_ends_after_start"
        ),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name="ck_technician_shift_weekday_known"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "technician_id"],
            ["technician.tenant_id", "technician.id"],
            name="fk_technician_shift_tenant_id_technician_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_technician_shift_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_technician_shift"),
        sa.UniqueConstraint(
            "tenant_id", "technician_id", "weekday", name="uq_technician_shift_tenant_id_technician_id_weekday"
        ),
    )


def create_technician_skill() -> None:
    op.create_table(
        "technician_skill",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("number", BIG_INT, nullable=False),
        sa.Column("technician_id", BIG_INT, nullable=False),
        sa.Column("skill_id", BIG_INT, nullable=False),
        sa.Column("level", BIG_INT, nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint("level BETWEEN 1 AND 5", name="ck_technician_skill_level_known"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "skill_id"],
            ["skill.tenant_id", "skill.id"],
            name="fk_technician_skill_tenant_id_skill_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "technician_id"],
            ["technician.tenant_id", "technician.id"],
            name="fk_technician_skill_tenant_id_technician_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_technician_skill_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_technician_skill"),
        sa.UniqueConstraint("tenant_id", "number", name="uq_technician_skill_tenant_id_number"),
        sa.UniqueConstraint(
            "tenant_id", "technician_id", "skill_id", name="uq_technician_skill_tenant_id_technician_id_skill_id"
        ),
    )


def create_time_entry() -> None:
    op.create_table(
        "time_entry",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("number", BIG_INT, nullable=False),
        sa.Column("technician_id", BIG_INT, nullable=False),
        sa.Column("clock_in", MOMENT, nullable=False),
        sa.Column("clock_out", MOMENT, nullable=True),
        sa.Column("break_seconds", BIG_INT, nullable=False),
        sa.Column("in_latitude", sa.Double(), nullable=True),
        sa.Column("in_longitude", sa.Double(), nullable=True),
        sa.Column("out_latitude", sa.Double(), nullable=True),
        sa.Column("out_longitude", sa.Double(), nullable=True),
        sa.Column("version", BIG_INT, nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint("break_seconds >= 0", name="ck_time_entry_break_not_negative"),
        sa.CheckConstraint("clock_out IS NULL OR clock_in < clock_out", name="ck_time_entry_ends_after_start"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "technician_id"],
            ["technician.tenant_id", "technician.id"],
            name="fk_time_entry_tenant_id_technician_id",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_time_entry_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_time_entry"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_time_entry_tenant_id_id"),
        sa.UniqueConstraint("tenant_id", "number", name="uq_time_entry_tenant_id_number"),
    )
    op.create_index("ix_time_entry_day", "time_entry", ["tenant_id", "clock_in", "id"])
    op.create_index("ix_time_entry_time", "time_entry", ["tenant_id", "technician_id", "clock_in"])
    op.create_index(
        "uq_time_entry_open",
        "time_entry",
        ["tenant_id", "technician_id"],
        unique=True,
        sqlite_where=sa.text("clock_out IS NULL"),
        postgresql_where=sa.text("clock_out IS NULL"),
    )


def create_vehicle() -> None:
    op.create_table(
        "vehicle",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("number", BIG_INT, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("plate", sa.String(length=20), nullable=False),
        sa.Column("plate_key", sortable(20), nullable=False),
        sa.Column("vin", sa.String(length=17), nullable=True),
        sa.Column("make", sa.String(length=60), nullable=False),
        sa.Column("model", sa.String(length=60), nullable=False),
        sa.Column("year", BIG_INT, nullable=True),
        sa.Column("mileage", BIG_INT, nullable=False),
        sa.Column("technician_id", BIG_INT, nullable=True),
        sa.Column("location_id", BIG_INT, nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", BIG_INT, nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint("mileage >= 0", name="ck_vehicle_mileage_not_negative"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "location_id"], ["location.tenant_id", "location.id"], name="fk_vehicle_tenant_id_location_id"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "technician_id"],
            ["technician.tenant_id", "technician.id"],
            name="fk_vehicle_tenant_id_technician_id",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_vehicle_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_vehicle"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_vehicle_tenant_id_id"),
        sa.UniqueConstraint("tenant_id", "number", name="uq_vehicle_tenant_id_number"),
        sa.UniqueConstraint("tenant_id", "plate_key", name="uq_vehicle_tenant_id_plate_key"),
    )


def create_work_week() -> None:
    op.create_table(
        "work_week",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("technician_id", BIG_INT, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("seconds", BIG_INT, nullable=False),
        sa.Column("submitted_at", MOMENT, nullable=False),
        sa.Column("approved_at", MOMENT, nullable=True),
        sa.Column("approved_by", sa.String(length=120), nullable=True),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint("status IN ('submitted', 'approved')", name="ck_work_week_status_known"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "technician_id"],
            ["technician.tenant_id", "technician.id"],
            name="fk_work_week_tenant_id_technician_id",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_work_week_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_work_week"),
        sa.UniqueConstraint(
            "tenant_id", "technician_id", "starts_on", name="uq_work_week_tenant_id_technician_id_starts_on"
        ),
    )


def create_zone_technician() -> None:
    op.create_table(
        "zone_technician",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("zone_id", BIG_INT, nullable=False),
        sa.Column("technician_id", BIG_INT, nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "technician_id"],
            ["technician.tenant_id", "technician.id"],
            name="fk_zone_technician_tenant_id_technician_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "zone_id"],
            ["service_zone.tenant_id", "service_zone.id"],
            name="fk_zone_technician_tenant_id_zone_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_zone_technician_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_zone_technician"),
        sa.UniqueConstraint(
            "tenant_id", "zone_id", "technician_id", name="uq_zone_technician_tenant_id_zone_id_technician_id"
        ),
    )


def create_time_break() -> None:
    op.create_table(
        "time_break",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("entry_id", BIG_INT, nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint("ended_at IS NULL OR started_at < ended_at", name="ck_time_break_ends_after_start"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "entry_id"],
            ["time_entry.tenant_id", "time_entry.id"],
            name="fk_time_break_tenant_id_entry_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_time_break_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_time_break"),
    )
    op.create_index("ix_time_break_entry", "time_break", ["tenant_id", "entry_id", "started_at"])


def create_time_correction() -> None:
    op.create_table(
        "time_correction",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("entry_id", BIG_INT, nullable=False),
        sa.Column("before", JSON, nullable=False),
        sa.Column("after", JSON, nullable=False),
        sa.Column("reason", sa.String(length=240), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "entry_id"],
            ["time_entry.tenant_id", "time_entry.id"],
            name="fk_time_correction_tenant_id_entry_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_time_correction_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_time_correction"),
    )
    op.create_index("ix_time_correction_entry", "time_correction", ["tenant_id", "entry_id", "id"])


def create_vehicle_paper() -> None:
    op.create_table(
        "vehicle_paper",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("vehicle_id", BIG_INT, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("reference", sa.String(length=80), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "vehicle_id"],
            ["vehicle.tenant_id", "vehicle.id"],
            name="fk_vehicle_paper_tenant_id_vehicle_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_vehicle_paper_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_vehicle_paper"),
    )
    op.create_index("ix_vehicle_paper_end", "vehicle_paper", ["tenant_id", "expires_on"])


def create_vehicle_service() -> None:
    op.create_table(
        "vehicle_service",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("vehicle_id", BIG_INT, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("every_miles", BIG_INT, nullable=True),
        sa.Column("every_days", BIG_INT, nullable=True),
        sa.Column("done_at_mileage", BIG_INT, nullable=False),
        sa.Column("done_on", sa.Date(), nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.CheckConstraint("every_miles IS NOT NULL OR every_days IS NOT NULL", name="ck_vehicle_service_comes_again"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "vehicle_id"],
            ["vehicle.tenant_id", "vehicle.id"],
            name="fk_vehicle_service_tenant_id_vehicle_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_vehicle_service_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_vehicle_service"),
    )
    op.create_index("ix_vehicle_service_vehicle", "vehicle_service", ["tenant_id", "vehicle_id", "id"])
