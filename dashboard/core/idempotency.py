"""Requests that may be sent twice and happen once: the key's row commits with the effect, and its answer is kept.

A program's request is wrapped whole: `claim` comes first in its transaction, `keep` last. A page's form joins the first
command that its view runs (`joined`), because a page that refuses goes on reading after its command was rolled back.
"""

import hashlib
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint, bindparam, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.dml import ReturningInsert

from dashboard.core import clock, jobs
from dashboard.core.context import Principal
from dashboard.core.db import Base, CommandSession, IntPK, atomic, reads, table_of
from dashboard.core.errors import Conflict, Invalid
from dashboard.core.vault import NotSealedHere, vault

LIFETIME = timedelta(hours=24)
"""How long a key is remembered."""

MAX_KEY = 255
_SEAL = "idempotency"
_LOOK_AGAIN_S, _LOOKS = 0.05, 40
_BATCH = 2_000


class IdempotencyKey(Base):
    """A key that was used once, what was asked with it (`digest`), and what was answered.

    `owner` is whose keys these are: `tenant:7` for the API, `session:3` for forms. The body is sealed: it may show a
    secret that is stored nowhere else. A row without a status is a form's whose answer is not known yet.
    """

    __tablename__ = "idempotency_key"
    __table_args__ = (
        UniqueConstraint("owner", "route", "key"),
        Index(None, "expires_at"),
    )

    id: Mapped[IntPK]
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id", ondelete="CASCADE"))
    owner: Mapped[str] = mapped_column(String(40))
    route: Mapped[str] = mapped_column(String(160))
    key: Mapped[str] = mapped_column(String(255))
    digest: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any]]
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request with its key. `route` is method and path, `digest` (64 hex digits) covers who asks and what."""

    tenant_id: int | None
    owner: str
    route: str
    key: str
    digest: str


@dataclass(frozen=True, slots=True)
class Answered:
    """What is kept of an answer. `said` are messages for the next page, each with its tone."""

    status: int
    headers: dict[str, str]
    body: str = ""
    said: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])


class KeyInUse(Conflict):
    """The first request with this key is still running."""

    code = "idempotency_key_in_use"


class KeyReused(Invalid):
    """The key was used for another request."""

    code = "idempotency_key_reused"


class AlreadySent(Exception):
    """A form whose command has been done. Not a refusal: no view may take it for one."""


_rows = table_of(IdempotencyKey)
_lock = select(func.pg_try_advisory_xact_lock(bindparam("number")))


def _insert(dialect: type[sqlite.Insert] | type[postgresql.Insert]) -> ReturningInsert[Any]:
    """A new row, or one whose time is over taken for this request; no row where the key is in use."""
    statement = dialect(_rows)
    fresh = {
        name: statement.excluded[name] for name in ("digest", "status", "headers", "body", "created_at", "expires_at")
    }
    return statement.on_conflict_do_update(
        index_elements=[_rows.c.owner, _rows.c.route, _rows.c.key],
        set_=fresh,
        where=_rows.c.expires_at <= statement.excluded.created_at,
    ).returning(_rows.c.id)


_INSERT = {"sqlite": _insert(sqlite.Insert), "postgresql": _insert(postgresql.Insert)}
_same = (
    (_rows.c.owner == bindparam("of_owner"))
    & (_rows.c.route == bindparam("of_route"))
    & (_rows.c.key == bindparam("of_key"))
)
_find = select(_rows.c.digest, _rows.c.status, _rows.c.headers, _rows.c.body).where(
    _same, _rows.c.expires_at > bindparam("now")
)
_keep = update(_rows).where(_same)
_forget = delete(_rows).where(_same)


def _naming(asked: Asked) -> dict[str, Any]:
    return {"of_owner": asked.owner, "of_route": asked.route, "of_key": asked.key}


def claim(by: Principal, asked: Asked) -> Answered | None:
    """Take the key in the present command: None where the request is to be carried out, else its answer.

    Raises KeyInUse where the first request is still running (PostgreSQL; on SQLite this one has waited for it), and
    KeyReused where the key belongs to another request.
    """
    with atomic(by) as session:
        if session.get_bind().dialect.name == "postgresql" and not session.scalar(_lock, {"number": _number(asked)}):
            raise KeyInUse("The first request with this Idempotency-Key is still running. Try again in a moment.")
        return None if _insert_row(session, asked) else find(by, asked)


def _number(asked: Asked) -> int:
    text = f"{asked.owner}\n{asked.route}\n{asked.key}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), signed=True)


def _insert_row(session: CommandSession, asked: Asked) -> bool:
    now = clock.now()
    row: dict[str, Any] = {
        "tenant_id": asked.tenant_id,
        "owner": asked.owner,
        "route": asked.route,
        "key": asked.key,
        "digest": asked.digest,
        "status": None,
        "headers": {},
        "body": None,
        "created_at": now,
        "expires_at": now + LIFETIME,
    }
    return session.execute(_INSERT[session.get_bind().dialect.name], row).scalar() is not None


def find(by: Principal, asked: Asked) -> Answered | None:
    """The answer that is kept for this request, or None. Raises KeyReused, or KeyInUse where it is not known yet."""
    row = reads(by).execute(_find, {**_naming(asked), "now": clock.now()}).one_or_none()
    if row is None:
        return None
    if row.digest != asked.digest:
        raise KeyReused("This Idempotency-Key was used for another request. Send a new key with a new request.")
    if row.status is None:
        raise KeyInUse("This was sent already and is being carried out.")
    try:
        body = "" if row.body is None else vault(by).open(row.body.decode(), _SEAL)
    except NotSealedHere as error:
        raise KeyInUse("This was carried out, but what was answered can no longer be read.") from error
    said = [(str(tone), str(text)) for tone, text in row.headers.get("said", [])]
    return Answered(row.status, dict(row.headers.get("headers", {})), body, said)


def keep(by: Principal, asked: Asked, answered: Answered) -> None:
    """Remember what was answered, in the present command."""
    with atomic(by) as session:
        body = vault(by).seal(answered.body, _SEAL).encode() if answered.body else None
        kept = {"headers": answered.headers, "said": [list(each) for each in answered.said]}
        session.execute(_keep, {**_naming(asked), "status": answered.status, "headers": kept, "body": body})


def keep_refusal(by: Principal, asked: Asked, answered: Answered) -> Answered:
    """Remember a refusal, whose command was rolled back, in a command of its own; the answer that counts.

    A rival that has meanwhile been answered otherwise comes first.
    """
    try:
        with atomic(by):
            earlier = claim(by, asked)
            if earlier is not None:
                return earlier
            keep(by, asked, answered)
    except KeyInUse:
        return answered
    return answered


def forget(by: Principal, asked: Asked) -> None:
    """Let the key be used again: nothing was done with it."""
    with atomic(by) as session:
        session.execute(_forget, _naming(asked))


def wait(by: Principal, asked: Asked) -> Answered | None:
    """The answer of a form whose command has been done; None where it does not come within two seconds."""
    for _ in range(_LOOKS):
        reads(by).close()  # what comes next must see what has been committed since
        try:
            return find(by, asked)
        except KeyInUse:
            time.sleep(_LOOK_AGAIN_S)
    return None


class Submission:
    """A form on its way; `done` once a command has committed together with its key."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self.done = False

    def join(self, session: CommandSession) -> None:
        """Take the key at the beginning of a command. Raises AlreadySent."""
        if self.done:
            return
        if not _insert_row(session, self._asked):
            raise AlreadySent
        session.transaction().after_commit.append(self._note)

    def _note(self) -> None:
        self.done = True


@contextmanager
def joined(by: Principal, asked: Asked) -> Generator[Submission]:
    """Let the key of a form commit with the first command inside this block, whomever that acts as."""
    state = reads(by).transaction()
    submission = Submission(asked)
    state.joining = submission.join
    try:
        yield submission
    finally:
        state.joining = None


@jobs.periodic("idempotency.prune", every=timedelta(hours=1))
def prune(task: jobs.Task) -> dict[str, object]:
    """Delete keys whose time is over; the result says how many."""
    pruned = 0
    some = select(_rows.c.id).where(_rows.c.expires_at <= clock.now()).limit(_BATCH)
    while True:
        task.checkpoint()
        with atomic(task.by) as session:
            ids = session.scalars(delete(_rows).where(_rows.c.id.in_(some)).returning(_rows.c.id)).all()
        pruned += len(ids)
        if len(ids) < _BATCH:
            return {"pruned": pruned}
