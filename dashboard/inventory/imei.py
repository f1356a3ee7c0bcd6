"""Numbers that devices carry: IMEI (15 digits, the last a check digit by Luhn), MEID, and makers' serial numbers."""

IMEI_DIGITS = 15
_TAC_DIGITS = 8


def clean_imei(text: str) -> str | None:
    """The 15 digits of an IMEI as it was typed or scanned, spaces, dots and hyphens left out; None where it is none.

    IMEISV (16 digits, the last two a software version) is not taken for one: its check digit is missing.
    """
    digits = "".join(sign for sign in text if sign not in " .-/\t")
    return digits if len(digits) == IMEI_DIGITS and digits.isascii() and digits.isdigit() else None


def luhn_holds(digits: str) -> bool:
    """Whether the last digit is the check digit of those before it (ISO/IEC 7812-1)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def check_digit(first: str) -> str:
    """The Luhn digit that completes `first`."""
    return next(digit for digit in "0123456789" if luhn_holds(first + digit))


def tac(imei: str) -> str:
    """The type allocation code: the first eight digits, which name the model."""
    return imei[:_TAC_DIGITS]


def fold_serial(text: str) -> str:
    """A serial number as it is compared: upper case, without spaces and hyphens."""
    return "".join(sign for sign in text.upper() if sign not in " -\t")
