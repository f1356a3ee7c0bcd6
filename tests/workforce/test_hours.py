"""Hours: clocked, corrected, proposed; never overlapping, never cut."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.core.db import atomic, db, reads
from dashboard.core.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound
from dashboard.core.paging import PageRequest
from dashboard.workforce.models import Technician, TimeBreak, TimeCorrection, TimeEntry
from dashboard.workforce.queries import hours as queries
from dashboard.workforce.queries.hours import EntryFilter
from dashboard.workforce.service import corrections, create_technician, hours
from dashboard.workforce.service.corrections import Correction, StaleEntry
from dashboard.workforce.service.hours import Spot
from dashboard.workforce.service.technicians import TechnicianFacts
from tests.conftest import FULL, Merchants
from tests.customers.racing import refusals, together

MORNING = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)  # a Monday, 8:00 in New York
ALL = PageRequest(1, 200)
NEW_YORK = ZoneInfo("America/New_York")


def hour(*, hours: float = 0, minutes: float = 0, seconds: float = 0) -> timedelta:
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


@pytest.fixture
def tess_at(by: Principal, tess: Principal) -> Technician:
    """Tess, as a technician."""
    assert tess.actor_id is not None
    return create_technician(by, TechnicianFacts("Tess", user=3))


def entries(by: Principal) -> list[queries.EntryRow]:
    return list(reversed(queries.entry_page(by, EntryFilter(), ALL).items))


def a_day(tess: Principal, *, start: datetime = MORNING, length: timedelta = timedelta(hours=8)) -> TimeEntry:
    """Hours that were clocked as they should be."""
    with clock.frozen(start) as move:
        hours.clock_in(tess)
        move(length)
        return hours.clock_out(tess)


def test_a_day_is_clocked_with_its_breaks_and_places(tess: Principal, tess_at: Technician, by: Principal) -> None:
    with clock.frozen(MORNING + timedelta(microseconds=700_000)) as move:
        hours.clock_in(tess, Spot(27.9506, -82.4572))
        move(hour(hours=4))
        hours.start_break(tess)
        [present] = entries(by)
        assert (present.seconds, present.on_break_since) == (None, MORNING + hour(hours=4))
        move(hour(minutes=30, seconds=20))
        assert entries(by)[0].seconds_until(clock.now()) == 4 * 3600
        hours.end_break(tess)
        move(hour(hours=4))
        hours.clock_out(tess, Spot(27.96, -82.46))
    [entry] = entries(by)
    assert (entry.clock_in, entry.clock_out) == (MORNING, MORNING + hour(hours=8, minutes=30, seconds=20))
    assert (entry.break_seconds, entry.seconds) == (1820, 8 * 3600)
    assert (entry.in_latitude, entry.out_longitude, entry.technician, entry.name) == (27.9506, -82.46, 1, "Tess")


def test_what_makes_no_sense_now_is_refused(tess: Principal, tess_at: Technician) -> None:
    refused: list[tuple[Callable[[Principal], Any], str]] = [
        (hours.clock_out, "not_clocked_in"),
        (hours.start_break, "not_clocked_in"),
        (hours.end_break, "not_clocked_in"),
    ]
    for command, code in refused:
        with pytest.raises(Conflict) as error:
            command(tess)
        assert error.value.code == code
    present = hours.clock_in(tess)
    with pytest.raises(Conflict, match="clocked in already") as again:
        hours.clock_in(tess)
    assert again.value.details == {"clock_in": present.clock_in.isoformat().replace("+00:00", "Z")}
    with pytest.raises(Conflict, match="no break"):
        hours.end_break(tess)
    hours.start_break(tess)
    with pytest.raises(Conflict, match="on a break already"):
        hours.start_break(tess)


@pytest.mark.parametrize("spot", [(91.0, 0.0), (0.0, -181.0), (float("nan"), 0.0), (1.0, None), (None, float("inf"))])
def test_a_place_that_is_none_is_refused(spot: tuple[float | None, float | None]) -> None:
    with pytest.raises(Invalid):
        Spot(*spot)


def test_only_an_active_linked_technician_clocks_in(by: Principal, tess: Principal, merchants: Merchants) -> None:
    with pytest.raises(Conflict, match="No technician is linked"):
        hours.clock_in(tess)
    with pytest.raises(NotAllowed):
        hours.clock_in(merchants.bob)
    create_technician(by, TechnicianFacts("Tess", user=3, active=False))
    with pytest.raises(Conflict, match="no work any more"):
        hours.clock_in(tess)


def test_a_clock_out_ends_the_break_and_out_and_in_again_within_a_second_do_not_overlap(
    tess: Principal, tess_at: Technician, by: Principal
) -> None:
    with clock.frozen(MORNING) as move:
        hours.clock_in(tess)
        move(hour(hours=1))
        hours.start_break(tess)
        move(hour(minutes=10))
        hours.clock_out(tess)
        for _ in range(3):
            hours.clock_in(tess)
            hours.start_break(tess)
            hours.end_break(tess)
            hours.start_break(tess)
            hours.clock_out(tess)
    found = entries(by)
    assert found[0].seconds == 3600
    assert [entry.clock_in for entry in found[1:]] == [entry.clock_out for entry in found[:-1]]
    assert all(entry.on_break_since is None and entry.seconds is not None for entry in found)


@pytest.mark.prove
def test_of_many_clock_ins_at_once_one_counts(app: Flask, tess: Principal, tess_at: Technician, by: Principal) -> None:
    results = together(app, *[lambda: hours.clock_in(tess)] * 32)
    refused = refusals(results)
    assert len(refused) == 31
    assert {type(error) for error in refused} == {Conflict}
    assert len(entries(by)) == 1
    results = together(app, *[lambda: hours.clock_out(tess)] * 8)
    assert len(refusals(results)) == 7


def test_the_database_itself_refuses_a_second_open_entry(tess: Principal, tess_at: Technician, by: Principal) -> None:
    hours.clock_in(tess)
    with pytest.raises(Exception, match=r"(?i)unique"), atomic(by) as session:
        session.add(TimeEntry(number=99, technician_id=tess_at.id, clock_in=MORNING, break_seconds=0))


# Corrections


def test_a_correction_keeps_what_stood_there_and_why(tess: Principal, tess_at: Technician, by: Principal) -> None:
    entry = a_day(tess)
    wanted = Correction("Forgot  the break", clock_out=MORNING + hour(hours=9), break_minutes=45)
    changed = corrections.correct_entry(by, entry.number, wanted, version=2)
    assert (changed.version, changed.break_seconds) == (3, 2700)
    [kept] = queries.corrections_of(by, [entry.id])[entry.id]
    assert kept.before["clock_out"] == "2026-03-02T21:00:00Z"
    assert kept.after["clock_out"] == "2026-03-02T22:00:00Z"
    assert (kept.reason, kept.by) == ("Forgot the break", "Alice")
    with pytest.raises(StaleEntry) as stale:
        corrections.correct_entry(by, entry.number, wanted, version=2)
    assert stale.value.details == {"version": 3}
    assert entries(by)[0].corrections == 1


def test_a_correction_that_cannot_be_is_refused(tess: Principal, tess_at: Technician, by: Principal) -> None:
    first = a_day(tess)
    second = a_day(tess, start=MORNING + hour(hours=8), length=hour(hours=1))
    wrong: list[tuple[Correction, str]] = [
        (Correction(" "), "Say why"),
        (Correction("x" * 241), "Say why"),
        (Correction("x", clock_in=MORNING + hour(hours=8)), "ends after it began"),
        (Correction("x", clock_in=MORNING - hour(hours=17)), "24 hours at most"),
        (Correction("x", break_minutes=481), "longer than the work"),
        (Correction("x", break_minutes=-1), "0 minutes or more"),
        (Correction("x", clock_out=clock.now() + hour(hours=1), clock_in=clock.now()), "still to come"),
    ]
    for wanted, message in wrong:
        with pytest.raises(Invalid, match=message):
            corrections.correct_entry(by, first.number, wanted)
    with pytest.raises(Conflict, match="overlap with entry 2"):
        corrections.correct_entry(by, first.number, Correction("x", clock_out=MORNING + hour(hours=8, seconds=1)))
    with pytest.raises(Conflict, match="overlap with entry 1"):
        corrections.correct_entry(by, second.number, Correction("x", clock_in=MORNING + hour(hours=7)))
    with pytest.raises(NotFound):
        corrections.correct_entry(by, 99, Correction("x"))
    with pytest.raises(NotAllowed):
        corrections.correct_entry(tess, first.number, Correction("x"))
    same = corrections.correct_entry(by, first.number, Correction("x", clock_out=MORNING + hour(hours=8)))
    assert same.version == 2, "nothing changed: nothing is kept"
    assert not queries.corrections_of(by, [first.id])


def test_breaks_outside_of_corrected_hours_must_be_said(tess: Principal, tess_at: Technician, by: Principal) -> None:
    with clock.frozen(MORNING) as move:
        hours.clock_in(tess)
        move(hour(hours=4))
        hours.start_break(tess)
        move(hour(hours=1))
        hours.end_break(tess)
        move(hour(hours=3))
        entry = hours.clock_out(tess)
    earlier = MORNING + hour(hours=4, minutes=30)
    with pytest.raises(Invalid, match="clocked outside"):
        corrections.correct_entry(by, entry.number, Correction("Left early", clock_out=earlier))
    corrections.correct_entry(by, entry.number, Correction("Left early", clock_out=earlier, break_minutes=0))
    [kept] = queries.corrections_of(by, [entry.id])[entry.id]
    assert kept.before["breaks"] == [["2026-03-02T17:00:00Z", "2026-03-02T18:00:00Z"]]
    assert entries(by)[0].seconds == 4.5 * 3600


def test_hours_that_nobody_clocked_are_added(tess: Principal, tess_at: Technician, by: Principal) -> None:
    a_day(tess)
    evening = Correction("No signal", MORNING + hour(hours=8), MORNING + hour(hours=10), 15)
    added = corrections.add_entry(by, tess_at.number, evening)
    assert entries(by)[1].seconds == 105 * 60
    assert queries.corrections_of(by, [added.id])[added.id][0].before == {}
    with pytest.raises(Conflict, match="overlap"):
        corrections.add_entry(by, tess_at.number, evening)
    with pytest.raises(Invalid, match="Say both"):
        corrections.add_entry(by, tess_at.number, Correction("x", MORNING))
    with pytest.raises(NotFound):
        corrections.add_entry(by, 99, evening)


@pytest.mark.prove
def test_of_corrections_that_would_overlap_at_once_one_counts(
    app: Flask, tess: Principal, tess_at: Technician, by: Principal
) -> None:
    wanted = [
        Correction("x", MORNING + hour(minutes=n), MORNING + hour(hours=2, minutes=n)) for n in range(16)
    ]  # fmt: skip
    results = together(app, *[lambda w=each: corrections.add_entry(by, tess_at.number, w) for each in wanted])
    refused = refusals(results)
    assert len(refused) == 15, results
    assert {type(error) for error in refused} == {Conflict}
    assert len(entries(by)) == 1


def test_a_lock_from_above_closes_days_in_the_same_transaction(
    tess: Principal, tess_at: Technician, by: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.workforce.service.hours._locks", [])
    entry = a_day(tess)
    hours.on_lock(lambda _by, _who, day: "Pay period 3 is closed." if day.month == 3 else None)
    with pytest.raises(Conflict, match="Pay period 3") as refused:
        corrections.correct_entry(by, entry.number, Correction("x", break_minutes=5))
    assert refused.value.code == "hours_locked"
    with pytest.raises(Conflict, match="Pay period 3"):
        corrections.add_entry(by, 1, Correction("x", MORNING + hour(hours=20), MORNING + hour(hours=21)))


# Lists


def test_entries_of_days_of_the_tenant_and_whose_one_may_see(
    tess: Principal, tess_at: Technician, by: Principal, merchants: Merchants, new_york: Principal
) -> None:
    create_technician(by, TechnicianFacts("Bob", user=1))
    first = a_day(tess, start=datetime(2026, 3, 2, 4, 59, 59, tzinfo=UTC), length=hour(hours=2))
    last = a_day(tess, start=datetime(2026, 3, 3, 4, 59, 59, tzinfo=UTC), length=hour(hours=2))
    day = first.clock_in.date().replace(day=1)

    def begun(who: Principal, **where: Any) -> list[int]:
        return [row.number for row in queries.entry_page(who, EntryFilter(**where), ALL).items]

    assert begun(new_york, first=day, last=day) == [first.number]
    assert begun(new_york, first=day, last=day + timedelta(days=1)) == [last.number, first.number]
    assert begun(new_york, first=day + timedelta(days=1), last=day + timedelta(days=1)) == [last.number]
    assert begun(by, first=day, last=day) == []
    assert begun(by, technician=2) == []
    with pytest.raises(Invalid, match="earlier day first"):
        begun(by, first=day, last=day - timedelta(days=1))
    a_day(tess, start=MORNING + hour(hours=20))
    own = create_technician(by, TechnicianFacts("Alice", user=2))
    corrections.add_entry(by, own.number, Correction("x", MORNING, MORNING + hour(hours=1)))
    assert len(begun(tess)) == 3
    assert len(begun(merchants.bob)) == 4
    assert begun(merchants.charlie) == []
    with pytest.raises(NotFound):
        queries.show_entry(tess, 4)
    assert queries.show_entry(by, 4).name == "Alice"


@pytest.fixture
def new_york(merchants: Merchants, by: Principal) -> Principal:
    """The owner, in New York."""
    return replace(by, time_zone="America/New_York")


# Any order of doings


_DOINGS = st.lists(
    st.tuples(
        st.sampled_from(["in", "out", "break", "back", "correct", "add", "take"]),
        st.integers(0, 20 * 3600),
        st.integers(-4 * 3600, 4 * 3600),
    ),
    min_size=1,
    max_size=25,
)


@pytest.mark.parametrize("start", [datetime(2026, 3, 6, 22, tzinfo=UTC), datetime(2026, 10, 30, 22, tzinfo=UTC)])
@settings(max_examples=200 if FULL else 20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(doings=_DOINGS)
def test_whatever_is_done_hours_never_overlap_and_add_up(
    tess: Principal, tess_at: Technician, new_york: Principal, start: datetime, doings: list[tuple[str, int, int]]
) -> None:
    with atomic(new_york) as session:
        for table in (TimeCorrection, TimeBreak, TimeEntry):
            for row in session.scalars(select(table)):
                session.delete(row)
            session.flush()
    with clock.frozen(start) as move:
        for doing, later, shift in doings:
            move(timedelta(seconds=later))
            try:
                _do(doing, shift, tess, new_york)
            except DomainError:
                db.session.remove()
            _hold(new_york)


def _do(doing: str, shift: int, tess: Principal, boss: Principal) -> None:
    simple = {"in": hours.clock_in, "out": hours.clock_out, "break": hours.start_break, "back": hours.end_break}
    if doing in simple:
        simple[doing](tess)
        return
    newest = reads(boss).scalar(select(TimeEntry).order_by(TimeEntry.id.desc()).limit(1))
    if newest is None:
        return
    by = timedelta(seconds=shift)
    if doing == "take":
        corrections.take_proposal(boss, newest.number)
    elif doing == "add":
        corrections.add_entry(boss, 1, Correction("x", newest.clock_in + by, newest.clock_in + 2 * abs(by) + by, 1))
    else:
        end = None if newest.clock_out is None else newest.clock_out + by
        minutes = None if shift % 2 else shift % 50
        corrections.correct_entry(boss, newest.number, Correction("x", newest.clock_in - by, end, minutes))


def _hold(by: Principal) -> None:
    db.session.remove()
    found = reads(by).scalars(select(TimeEntry).order_by(TimeEntry.clock_in)).all()
    for one, other in pairwise(found):
        assert one.clock_out is not None
        assert one.clock_out <= other.clock_in
    for entry in found:
        pauses = reads(by).execute(
            select(TimeBreak.started_at, TimeBreak.ended_at)
            .where(TimeBreak.entry_id == entry.id)
            .order_by(TimeBreak.started_at)
        )
        ended = [(begin, end) for begin, end in pauses if end is not None]
        assert all(begin >= entry.clock_in for begin, _ in ended)
        if entry.clock_out is not None:
            whole = int((entry.clock_out - entry.clock_in).total_seconds())
            assert 0 <= entry.break_seconds <= whole
            shown = queries.show_entry(by, entry.number)
            assert shown.seconds == whole - entry.break_seconds
            assert all(end <= entry.clock_out for _, end in ended)
            assert shown.on_break_since is None
        assert entry.break_seconds >= sum(int((end - begin).total_seconds()) for begin, end in ended)


def test_a_night_over_the_change_of_clocks_counts_true_seconds(
    tess: Principal, tess_at: Technician, new_york: Principal
) -> None:
    for evening, length in (
        (datetime(2026, 3, 8, 3, tzinfo=UTC), 7),  # 22:00 to 6:00, clocks go forward
        (datetime(2026, 11, 1, 2, tzinfo=UTC), 9),  # 22:00 to 6:00, clocks go back
    ):
        entry = a_day(tess, start=evening, length=hour(hours=length))
        shown = queries.show_entry(new_york, entry.number)
        assert shown.clock_out is not None
        assert [f"{each.astimezone(NEW_YORK):%H:%M}" for each in (shown.clock_in, shown.clock_out)] == [
            "22:00",
            "06:00",
        ]
        assert shown.seconds == length * 3600
