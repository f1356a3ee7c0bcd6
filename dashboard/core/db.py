"""The database: the base of all models, and the one way to read and to write.

`reads(by)` gives a session in a read-only transaction; `with atomic(by) as session:` is a command, one transaction,
which may nest. Statements are confined to the tenant of `by` by `core.tenancy`.
"""

import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Protocol, TypeAlias, cast

from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    event,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, SessionTransaction, mapped_column, registry
from sqlalchemy.types import TypeDecorator

from dashboard.core import engines
from dashboard.core.context import Principal

log = logging.getLogger(__name__)


class UTCDateTime(TypeDecorator[datetime]):
    """An aware datetime, always UTC. SQLite keeps it as sortable text."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A naive datetime cannot be stored: say which zone it is in.")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def result_processor(self, dialect: Dialect, coltype: object) -> "_ReadMoment":
        # Two of these run for each row of a list: one step each, where the ways of the base class take four.
        return _moment_from_text if dialect.name == "sqlite" else _moment


class _ReadMoment(Protocol):
    def __call__(self, value: Any) -> datetime | None: ...


def _moment_from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value + "+00:00")


def _moment(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


BigInt = BigInteger().with_variant(Integer, "sqlite")
Json = JSON().with_variant(JSONB(), "postgresql")


def sortable(length: int) -> String:
    """Text compared by code point on both databases, so that a prefix is a range of an index."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


IntPK = Annotated[int, mapped_column(BigInt, primary_key=True)]

AnySelect: TypeAlias = Select[*tuple[Any, ...]]
"""A select of whatever columns."""

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Root of all tables."""

    registry = registry(
        type_annotation_map={
            datetime: UTCDateTime,
            int: BigInt,
            dict[str, Any]: Json,
            list[str]: Json,
            list[dict[str, Any]]: Json,
        },
        metadata=MetaData(naming_convention=NAMING),
    )


class TenantOwned:
    """Mixin of every table whose rows belong to one tenant; `core.tenancy` confines all statements on it."""

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id", ondelete="CASCADE"))


def tenant_link(column: str, table: str, *, ondelete: str | None = None) -> ForeignKeyConstraint:
    """The link of `column` to `table` among the rows of one tenant: the database itself refuses another tenant's id.

    `table` must be unique by (tenant_id, id).
    """
    return ForeignKeyConstraint(["tenant_id", column], [f"{table}.tenant_id", f"{table}.id"], ondelete=ondelete)


def table_of(model: type[Base]) -> Table:
    """The table of `model`, for Core statements on hot paths and in bulk."""
    return cast(Table, model.__table__)


class WriteOutsideCommand(RuntimeError):
    """Something was written outside `atomic()`: a mistake in the program, never of its user."""


class CommandDoomed(RuntimeError):
    """An inner command failed, so the outer one cannot commit, even if the failure was swallowed."""


class WrongTenant(RuntimeError):
    """A session that works for one tenant was asked to work for another in the same transaction."""


@dataclass(slots=True)
class Transaction:
    """What a session knows about the command it is in; kept in `session.info`."""

    depth: int = 0
    doomed: bool = False
    by: Principal | None = None
    after_commit: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])
    joining: "Callable[[CommandSession], None] | None" = None
    """Run at the beginning of every outermost command: the key of a form that was sent commits with what it does."""


class CommandSession(FlaskSession):
    """The session of one request, job or command line."""

    def transaction(self) -> Transaction:
        """The state of this session's command."""
        return self.info.setdefault("transaction", Transaction())


db = SQLAlchemy(
    model_class=Base,
    session_options={"class_": CommandSession, "expire_on_commit": False},
    disable_autonaming=True,
)


@event.listens_for(CommandSession, "after_begin")
def _begin(session: Session, opened: SessionTransaction, connection: Connection) -> None:
    assert isinstance(session, CommandSession)
    if opened.nested:
        return
    state = session.transaction()
    engines.begin(connection, writing=state.depth > 0, by=state.by)


@event.listens_for(CommandSession, "before_flush")
def _refuse_stray_writes(session: Session, *_: object) -> None:
    assert isinstance(session, CommandSession)
    if session.transaction().depth == 0:
        raise WriteOutsideCommand("Changes are written inside atomic() only.")


def _session_for(by: Principal) -> CommandSession:
    session = db.session()
    assert isinstance(session, CommandSession)
    state = session.transaction()
    if state.by is None or state.by.tenant_id != by.tenant_id or state.by.operator != by.operator:
        if state.depth > 0 and state.by is not None and state.by.tenant_id != by.tenant_id:
            raise WrongTenant("One command works for one tenant.")
        if state.depth == 0:
            session.expunge_all()  # before the rollback, which would expire what the caller still holds
            session.rollback()
            state.by = by
    return session


def reads(by: Principal) -> CommandSession:
    """The session, confined to the tenant of `by`. Outside a command its transaction is read-only."""
    return _session_for(by)


@contextmanager
def atomic(by: Principal) -> Generator[CommandSession]:
    """One command: one transaction, committed when the outermost block ends, rolled back when anything raises.

    Blocks nest and join. A failed inner block dooms the outer one: CommandDoomed is raised in place of a commit.
    """
    session = _session_for(by)
    state = session.transaction()
    if state.depth == 0:
        session.close()  # ends the read-only transaction; what was read stays readable, detached
        state.doomed = False
        state.after_commit.clear()
    state.depth += 1
    try:
        if state.depth == 1 and state.joining is not None:
            state.joining(session)
        yield session
        if state.doomed:
            raise CommandDoomed("A part of this command failed, so none of it was saved.")
        session.flush()
        if state.depth == 1:
            session.commit()
    except BaseException:
        state.doomed = True
        if state.depth == 1:
            session.rollback()
        raise
    finally:
        state.depth -= 1
    if state.depth == 0:
        _run_after_commit(state)


def after_commit(by: Principal, action: Callable[[], None]) -> None:
    """Run `action` once the outermost command has committed; never if it fails. What it raises is logged."""
    state = _session_for(by).transaction()
    if state.depth == 0:
        raise WriteOutsideCommand("after_commit() belongs inside atomic().")
    state.after_commit.append(action)


def _run_after_commit(state: Transaction) -> None:
    actions, state.after_commit = state.after_commit, []
    for action in actions:
        try:
            action()
        except Exception:
            # The command is done and must not look as if it had failed; the other actions are still owed.
            log.exception("An action after the commit failed.")
