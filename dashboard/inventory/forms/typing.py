"""What people type: amounts of money, and lines of a SKU with pieces."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from dashboard.core.errors import FieldError, Invalid
from dashboard.core.money import Money

MAX_LINES = 500


def read_amount(text: str | None, currency: str, field: str) -> int | None:
    """Minor units of what was typed ("1,234.50", "$12"); None where nothing was. Raises Invalid for `field`."""
    plain = "".join(sign for sign in (text or "") if sign not in " ,$€£¥ ")
    if not plain:
        return None
    try:
        amount = Decimal(plain)
        if not amount.is_finite() or abs(amount) > 10**10:
            raise ValueError
        return Money.from_decimal(amount, currency).minor
    except (InvalidOperation, ValueError) as error:
        raise Invalid.field(field, "Write an amount such as 45.00.") from error


def amount_text(minor: int | None, currency: str) -> str:
    """An amount as it is typed: 45.00."""
    return "" if minor is None else str(Money(minor, currency).to_decimal())


@dataclass(frozen=True, slots=True)
class TypedLine:
    """A line as it was typed or scanned: a SKU, barcode or serial number, pieces, and an amount in minor units."""

    number: int
    code: str
    pieces: int
    amount: int | None = None


def read_scan(text: str | None) -> tuple[str, int]:
    """What was scanned and how many: one, or the number before a `*`, as at a till (`9*CAP-355`, `-1*CAP-355`)."""
    typed = (text or "").strip()
    number, star, code = typed.partition("*")
    digits = number.strip().removeprefix("-")
    if star and code.strip() and digits.isascii() and digits.isdigit() and len(digits) < 8:
        return code.strip(), int(number)
    return typed, 1


def read_lines(text: str | None, currency: str, field: str = "lines") -> list[TypedLine]:
    """Lines of "SKU, pieces, amount", separated by commas or tabs; pieces are one where none are given, so that a
    scanner needs no keyboard. Equal codes are added up. Raises Invalid naming each line that cannot be read.
    """
    found: dict[str, TypedLine] = {}
    wrong: list[FieldError] = []
    lines = [line.strip() for line in (text or "").splitlines()]
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        parts = [part.strip() for part in line.replace("\t", ",").split(",")] + ["", ""]
        code, pieces, amount = parts[0], parts[1] or "1", parts[2]
        if not (code and pieces.isascii() and pieces.isdigit() and 0 < len(pieces) < 8 and len(parts) < 6):
            wrong.append(FieldError(field, f"Line {number} reads “{line[:60]}”. Write a SKU and pieces: CAP-355, 10."))
            continue
        try:
            cost = read_amount(amount, currency, field)
        except Invalid:
            wrong.append(FieldError(field, f"Line {number}: “{amount[:20]}” is no amount. Write one such as 45.00."))
            continue
        key = code.upper()
        before = found.get(key)
        total = int(pieces) + (before.pieces if before else 0)
        found[key] = TypedLine(number, code, total, cost if cost is not None or not before else before.amount)
    if not wrong and not found:
        wrong.append(FieldError(field, "Write or scan at least one line."))
    if len(found) > MAX_LINES:
        wrong.append(FieldError(field, f"At most {MAX_LINES} lines fit. Split the list."))
    if wrong:
        raise Invalid(wrong[0].message, fields=tuple(wrong))
    return list(found.values())


def refuse_unknown(lines: Sequence[TypedLine], known: Mapping[str, object], field: str = "lines") -> None:
    """Raises Invalid naming each line whose code is not known."""
    wrong = tuple(
        FieldError(field, f"Line {line.number}: nothing here has the SKU or barcode “{line.code[:60]}”.")
        for line in lines
        if line.code not in known
    )
    if wrong:
        raise Invalid(wrong[0].message, fields=wrong)
