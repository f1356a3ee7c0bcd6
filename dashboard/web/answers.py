"""What an API view returns: a domain value and the function that shows it. The dialect makes the rest."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from dashboard.core.paging import Page
from dashboard.web.dialects import Body, Dialect

T = TypeVar("T")

Show = Callable[[T, Dialect], Mapping[str, Any]]
"""Puts a row into its documented shape; asks the dialect for ids and money."""


class Answer(ABC):
    """A result on its way out."""

    @abstractmethod
    def body(self, dialect: Dialect) -> Body | None:
        """The JSON body in `dialect`, or None for an answer without one."""


@dataclass(frozen=True, slots=True)
class One(Answer, Generic[T]):
    """A single object in the dialect's envelope."""

    row: T
    show: Show[T]

    def body(self, dialect: Dialect) -> Body:
        return dialect.one(self.show(self.row, dialect))


@dataclass(frozen=True, slots=True)
class Many(Answer, Generic[T]):
    """A numbered page in the dialect's envelope."""

    page: Page[T]
    show: Show[T]

    def body(self, dialect: Dialect) -> Body:
        return dialect.many([self.show(row, dialect) for row in self.page.items], self.page)


class PerDialect(Generic[T]):
    """Shows a row as the dialect spoken has it: for paths that several references share."""

    def __init__(self, **shows: Show[T]) -> None:
        self._shows = shows

    def __call__(self, row: T, dialect: Dialect) -> Mapping[str, Any]:
        return self._shows[dialect.name](row, dialect)


@dataclass(frozen=True, slots=True)
class Plain(Answer, Generic[T]):
    """A single object that its reference shows without an envelope (F349)."""

    row: T
    show: Show[T]

    def body(self, dialect: Dialect) -> Body:
        return dict(self.show(self.row, dialect))


@dataclass(frozen=True, slots=True)
class Bare(Answer):
    """A body whose keys the reference documents one by one."""

    keys: Mapping[str, Any]

    def body(self, dialect: Dialect) -> Body:
        return dialect.bare(dict(self.keys))


@dataclass(frozen=True, slots=True)
class Empty(Answer):
    """204: done, nothing to show."""

    def body(self, dialect: Dialect) -> Body | None:
        return None
