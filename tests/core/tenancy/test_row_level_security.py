"""Row-level security keeps tenants apart where the guard is taken away."""

import uuid
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import delete, insert, inspect, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from dashboard.core.context import NOBODY, SYSTEM, Principal
from dashboard.core.db import atomic, db, reads
from dashboard.core.tenancy import OWN_TENANT, tenant_tables
from tests.core.tenancy.conftest import P, Proposed, proposal, proposals


@pytest.fixture
def plain_role(app: Flask) -> Iterator[str]:
    """A role of PostgreSQL that row-level security binds, as an installation's should be."""
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has no row-level security: composite keys and the guard stand alone there")
    name = f"tradecounter_plain_{uuid.uuid4().hex[:8]}"
    with db.engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {name} NOSUPERUSER NOBYPASSRLS")
        connection.exec_driver_sql(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name}")
        connection.exec_driver_sql(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {name}")
    yield name
    db.session.remove()
    with db.engine.connect() as connection:
        connection.exec_driver_sql(f"DROP OWNED BY {name}")
        connection.exec_driver_sql(f"DROP ROLE {name}")


def as_role(session: Session, role: str) -> None:
    session.connection().exec_driver_sql(f"SET LOCAL ROLE {role}")


def all_without_guard(by: Principal, role: str) -> list[int]:
    session = reads(by)
    session.rollback()
    as_role(session, role)
    found = session.scalars(select(proposals.c.device_id).order_by(proposals.c.id), execution_options=OWN_TENANT)
    return list(found)


@pytest.mark.postgres
def test_row_level_security_alone_keeps_tenants_apart(proposed: Proposed, plain_role: str) -> None:
    for by, own in proposed.turns():
        assert all_without_guard(by, plain_role) == [own]
    assert all_without_guard(NOBODY, plain_role) == []
    assert all_without_guard(SYSTEM, plain_role) == [proposed.of_alice, proposed.of_charlie]


@pytest.mark.postgres
def test_row_level_security_alone_refuses_writes_for_another_tenant(proposed: Proposed, plain_role: str) -> None:
    other = proposed.charlie.tenant_id
    row = proposal(proposed.of_alice)
    values = {column.key: getattr(row, column.key) for column in inspect(P).columns if column.key != "id"}
    statement = insert(proposals).values(**{**values, "tenant_id": other}).execution_options(**OWN_TENANT)

    def smuggle() -> None:
        with atomic(proposed.alice) as session:
            as_role(session, plain_role)
            session.execute(statement)

    with pytest.raises(DBAPIError, match="row-level security"):
        smuggle()
    with atomic(proposed.alice) as session:
        as_role(session, plain_role)
        session.execute(update(proposals).values(value="changed").execution_options(**OWN_TENANT))
        session.execute(delete(proposals).where(proposals.c.tenant_id == other).execution_options(**OWN_TENANT))
    assert reads(proposed.charlie).scalars(select(P.value)).all() == ["8 GB"]


@pytest.mark.postgres
def test_every_table_of_tenants_is_under_row_level_security(app: Flask) -> None:
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has no row-level security")
    with db.engine.connect() as connection:
        forced = connection.exec_driver_sql(
            "SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity AND relkind = 'r'"
        )
        assert tenant_tables() <= {name for (name,) in forced}
