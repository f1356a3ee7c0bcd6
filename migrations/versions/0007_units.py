"""Photos of units, and changes of whole lists of them.

Revision: 0007
Follows: 0006

Columns are added with their value for rows that are there, so that nothing is locked for long; `unit` loses a column
that nothing ever wrote.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BIG_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
POLICY = """
CREATE POLICY one_tenant ON unit_photo USING (
    tenant_id IS NOT DISTINCT FROM NULLIF(current_setting('app.tenant_id', true), '')::bigint
    OR current_setting('app.every_tenant', true) = 'on'
)
"""
BULK_COLUMNS = ("found_by", "up_to", "total", "report", "undo_report", "work_id", "undo_work_id")


def upgrade() -> None:
    create_unit_photo()
    op.add_column("bulk_change", sa.Column("found_by", JSON, nullable=True))
    op.add_column("bulk_change", sa.Column("up_to", BIG_INT, nullable=True))
    op.add_column("bulk_change", sa.Column("total", BIG_INT, nullable=False, server_default="0"))
    op.add_column("bulk_change", sa.Column("report", JSON, nullable=False, server_default="{}"))
    op.add_column("bulk_change", sa.Column("undo_report", JSON, nullable=False, server_default="{}"))
    op.add_column("bulk_change", sa.Column("work_id", BIG_INT, nullable=True))
    op.add_column("bulk_change", sa.Column("undo_work_id", BIG_INT, nullable=True))
    op.drop_column("unit", "photos")


def create_unit_photo() -> None:
    op.create_table(
        "unit_photo",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("unit_id", BIG_INT, nullable=False),
        sa.Column("position", BIG_INT, nullable=False),
        sa.Column("alt", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("fingerprint", sa.String(length=12), nullable=False),
        sa.Column("width", BIG_INT, nullable=False),
        sa.Column("height", BIG_INT, nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.Column("small", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("width > 0 AND height > 0", name="ck_unit_photo_has_a_size"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"], ["unit.tenant_id", "unit.id"], name="fk_unit_photo_tenant_id_unit_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_unit_photo_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_unit_photo"),
    )
    op.create_index("ix_unit_photo_unit", "unit_photo", ["tenant_id", "unit_id", "position", "id"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE unit_photo ENABLE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE unit_photo FORCE ROW LEVEL SECURITY")
        op.execute(POLICY)


def downgrade() -> None:
    op.add_column("unit", sa.Column("photos", JSON, nullable=False, server_default="[]"))
    for column in reversed(BULK_COLUMNS):
        op.drop_column("bulk_change", column)
    op.drop_table("unit_photo")
