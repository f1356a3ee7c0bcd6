"""Vehicle identification numbers (ISO 3779): 17 characters, of which in North America the ninth checks the others."""

_LETTERS = ("", "AJ", "BKS", "CLT", "DMU", "ENV", "FW", "GPX", "HY", "RZ")
_VALUES = {letter: value for value, letters in enumerate(_LETTERS) for letter in (*letters, str(value))}
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def vin_fault(vin: str) -> str:
    """What makes a text (in capitals) no VIN, as a sentence; empty where it is one."""
    if any(letter in "IOQ" for letter in vin):
        return "A VIN has no I, O or Q: look for 1 and 0."
    if any(letter not in _VALUES for letter in vin):
        return "A VIN has letters from A to Z and digits alone."
    if len(vin) != len(_WEIGHTS):
        return f"A VIN has {len(_WEIGHTS)} characters; this has {len(vin)}."
    return ""


def check_digit_fits(vin: str) -> bool:
    """Whether the ninth character is what the others make it: so in North America, elsewhere it may be anything."""
    total = sum(_VALUES[letter] * weight for letter, weight in zip(vin, _WEIGHTS, strict=True))
    return vin[8] == "0123456789X"[total % 11]
