"""What a dialect is: the five ways in which the references say the same things."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Protocol

import orjson

from dashboard.core.errors import DomainError, Invalid
from dashboard.core.money import Money
from dashboard.core.paging import Page, PageRequest

Body = dict[str, Any]


class Numbered(Protocol):
    """A row with both outer ids: a number that counts per tenant, and a public id with a prefix."""

    @property
    def number(self) -> int: ...
    @property
    def public_id(self) -> str: ...


@dataclass(frozen=True, slots=True)
class OuterId:
    """An id as a client sent it: exactly one of the two is set."""

    number: int | None = None
    public_id: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """A refusal on its way out: the HTTP status and the fact behind it."""

    status: int
    error: DomainError


class Dialect(ABC):
    """Envelope, error body, paging words, money unit and id form of one reference.

    One object serves all requests of its dialect and holds no state.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    page_word: ClassVar[str] = "page"
    size_word: ClassVar[str] = "per_page"
    default_size: ClassVar[int] = 50
    max_size: ClassVar[int] = 200
    sends_request_id: ClassVar[bool] = True
    plan_limits: ClassVar[Mapping[str, int]] = {"starter": 100, "professional": 1000, "enterprise": 1000}
    """Requests a minute by plan, before a tenant's own limit."""

    @property
    def family(self) -> str:
        """The reference among whose endpoints the document lists those of this dialect."""
        return self.name

    @abstractmethod
    def one(self, data: Any) -> Body:
        """The envelope of a single object."""

    @abstractmethod
    def many(self, items: Sequence[Any], page: Page[Any]) -> Body:
        """The envelope of a numbered page."""

    @abstractmethod
    def failure(self, failure: Failure, request_id: str) -> Body:
        """The error body."""

    def bare(self, body: Body) -> Body:
        """An answer that the reference documents without an envelope."""
        return body

    def stamp(self, body: Body, request_id: str) -> Body:
        """Add the request id where the dialect carries one in its bodies."""
        if self.sends_request_id:
            body["request_id"] = request_id
        return body

    @abstractmethod
    def money(self, amount: Money) -> object:
        """An amount as it stands in JSON."""

    @abstractmethod
    def read_money(self, raw: object, currency: str, field: str) -> Money:
        """An amount from a request. Raises Invalid for `field` where it is none."""

    @abstractmethod
    def show_id(self, row: Numbered) -> int | str:
        """The id that this dialect documents."""

    @abstractmethod
    def read_id(self, raw: object, field: str = "id") -> OuterId:
        """An id from a request. Raises Invalid for `field` where it has not this dialect's form."""

    def read_page(self, query: Mapping[str, str]) -> PageRequest:
        """The page asked for. Sizes above the maximum are clamped; anything but a positive number is Invalid."""
        number = self._positive(query, self.page_word, 1)
        size = self._positive(query, self.size_word, self.default_size)
        return PageRequest(min(number, 10_000_000), min(size, self.max_size))

    @staticmethod
    def _positive(query: Mapping[str, str], word: str, default: int) -> int:
        text = query.get(word)
        if text is None:
            return default
        if not (text.isascii() and text.isdigit() and len(text) <= 12 and int(text) > 0):
            raise Invalid.field(word, f"{word} must be a whole number above zero.")
        return int(text)


class MinorUnits:
    """Money as an integer of minor units (F, K)."""

    def money(self, amount: Money) -> object:
        return amount.minor

    def read_money(self, raw: object, currency: str, field: str) -> Money:
        if isinstance(raw, bool) or not isinstance(raw, int) or abs(raw) > 10**15:
            raise Invalid.field(field, f"{field} must be a whole number of cents, such as 54900.")
        return Money(raw, currency)


class Decimals:
    """Money as a JSON number with exactly its currency's places (P, S, A). Never a binary float."""

    def money(self, amount: Money) -> object:
        return orjson.Fragment(str(amount.to_decimal()).encode())

    def read_money(self, raw: object, currency: str, field: str) -> Money:
        wrong = Invalid.field(field, f"{field} must be an amount with at most two decimal places, such as 430.50.")
        if isinstance(raw, bool) or not isinstance(raw, int | Decimal):
            raise wrong
        try:
            amount = Decimal(raw)
            if not amount.is_finite() or abs(amount) > 10**13:
                raise wrong
            return Money.from_decimal(amount, currency)
        except ValueError as error:
            raise wrong from error


class PublicIds:
    """Ids with a prefix (F, P, S)."""

    def show_id(self, row: Numbered) -> int | str:
        return row.public_id

    def read_id(self, raw: object, field: str = "id") -> OuterId:
        if not isinstance(raw, str) or not 0 < len(raw) <= 64 or not raw.isprintable():
            raise Invalid.field(field, f"{field} must be an id as this API gives them out.")
        return OuterId(public_id=raw)


class NumberIds:
    """Plain integers that count per tenant (K, A)."""

    def show_id(self, row: Numbered) -> int | str:
        return row.number

    def read_id(self, raw: object, field: str = "id") -> OuterId:
        if isinstance(raw, str) and raw.isascii() and raw.isdigit() and len(raw) <= 15:
            raw = int(raw)
        if isinstance(raw, bool) or not isinstance(raw, int) or not 0 < raw <= 2**53:
            raise Invalid.field(field, f"{field} must be a whole number above zero.")
        return OuterId(number=raw)
