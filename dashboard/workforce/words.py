"""Durations and due dates as a person reads them."""


def hours_text(seconds: int) -> str:
    """`8:05` for eight hours and five minutes; seconds are left out."""
    return f"{seconds // 3600}:{seconds % 3600 // 60:02d}"


def due_words(kind: str, days_left: int | None, miles_left: int | None) -> str:
    """When a paper ends or work is due: `Ended 3 days ago`, `Due in 12 days or 240 miles`."""
    past, coming = ("Ended", "Ends") if kind == "paper" else ("Overdue by", "Due")
    late = [_count(-days_left, "day")] if days_left is not None and days_left < 0 else []
    late += [_count(-miles_left, "mile")] if miles_left is not None and miles_left < 0 else []
    if late:
        return f"{past} {' and '.join(late)}{' ago' if kind == 'paper' else ''}"
    if days_left == 0 or miles_left == 0:
        return f"{coming} {'today' if days_left == 0 else 'now'}"
    left = [_count(days_left, "day")] if days_left is not None else []
    left += [_count(miles_left, "mile")] if miles_left is not None else []
    return f"{coming} in {' or '.join(left)}" if left else "Does not end"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
