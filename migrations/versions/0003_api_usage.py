"""What each caller of the API used, day by day; the directory of a business at Microsoft.

Revision: 0003
Follows: 0002

A new table, and a small one that is locked for the blink that adding an empty column takes. No row changes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


BIG_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "api_usage",
        sa.Column("tenant_id", BIG_INT, nullable=False),
        sa.Column("caller", sa.String(length=40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("requests", BIG_INT, server_default="0", nullable=False),
        sa.Column("limited", BIG_INT, server_default="0", nullable=False),
        sa.Column("failed", BIG_INT, server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_api_usage_tenant_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "caller", "day", name="pk_api_usage"),
    )
    op.create_index("ix_api_usage_day", "api_usage", ["day"], unique=False)
    op.add_column("identity_client", sa.Column("directory", sa.String(length=36), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("identity_client") as table:
        table.drop_column("directory")
    op.drop_index("ix_api_usage_day", table_name="api_usage")
    op.drop_table("api_usage")
