"""Businesses, people and sessions can be removed: no later row gets the id of one that is gone.

Revision: 0004
Follows: 0003

PostgreSQL never gave an id twice, so nothing changes there. SQLite gives the highest id again once its row is gone,
and cookies name a session by its id; there the three tables are copied, which takes a second for 100,000 rows.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = ("tenant", "user_account", "user_session")


def upgrade() -> None:
    copy_tables(autoincrement=True)


def downgrade() -> None:
    copy_tables(autoincrement=False)


def copy_tables(*, autoincrement: bool) -> None:
    """Make the tables anew, with or without AUTOINCREMENT, and take their rows over."""
    if op.get_bind().dialect.name != "sqlite":
        return
    for table in TABLES:
        with op.batch_alter_table(table, recreate="always", table_kwargs={"sqlite_autoincrement": autoincrement}):
            pass
