"""Who forgot to clock out: what is proposed, and how it is taken."""

from datetime import UTC, datetime

import pytest

from dashboard.core import clock, events
from dashboard.core.context import Principal
from dashboard.core.errors import Conflict, NotAllowed, NotFound
from dashboard.workforce.models import Technician
from dashboard.workforce.queries import hours as queries
from dashboard.workforce.queries.forgotten import Heard, forgotten, on_proposal, proposal_for
from dashboard.workforce.service import corrections, create_technician, hours, report_location
from dashboard.workforce.service.technicians import TechnicianFacts
from dashboard.workforce.service.timetable import Shift
from tests.conftest import Merchants
from tests.workforce.test_hours import MORNING, entries, hour, tess_at

__all__ = ["tess_at"]


def test_a_forgotten_clock_out_is_proposed_from_when_they_were_last_heard_of_and_never_cut(
    tess: Principal, tess_at: Technician, by: Principal
) -> None:
    with clock.frozen(MORNING) as move:
        entry = hours.clock_in(tess)
        move(hour(hours=7))
        report_location(by, tess_at.id, 27.9, -82.4, clock.now())
        events.record(tess, "dispatch.completed", "job:1")
        move(hour(hours=6))
        assert forgotten(by) == []
        assert proposal_for(by, entry) is None
        move(hour(hours=1, seconds=1))
        [late] = forgotten(by)
        assert late.proposal is not None
        assert late.proposal.at == MORNING + hour(hours=7)
        move(hour(hours=10))
        events.record(tess, "dispatch.acknowledged", "job:2")  # the next morning is another day
        [late] = forgotten(by)
        assert late.proposal is not None
        assert late.proposal.at == MORNING + hour(hours=7)
        assert entries(by)[0].clock_out is None
        with pytest.raises(Conflict, match="out of date"):
            corrections.take_proposal(by, entry.number, seen=MORNING)
        taken = corrections.take_proposal(by, entry.number, seen=late.proposal.at)
        assert taken.clock_out == MORNING + hour(hours=7)
        [kept] = queries.corrections_of(by, [entry.id])[entry.id]
        assert kept.reason.startswith("Forgotten clock-out: last ")
        with pytest.raises(Conflict, match="out of date"):
            corrections.take_proposal(by, entry.number)


def test_who_was_not_heard_of_is_proposed_the_end_of_the_shift_or_nothing(
    tess: Principal, by: Principal, merchants: Merchants
) -> None:
    create_technician(by, TechnicianFacts("Tess", user=3, shifts=(Shift(0, 8 * 60, 17 * 60),)))
    for start, expected in ((MORNING, datetime(2026, 3, 2, 17, tzinfo=UTC)), (MORNING + hour(hours=30), None)):
        with clock.frozen(start) as move:
            hours.clock_in(tess)
            move(hour(hours=15))
            [late] = forgotten(by)
            assert (None if late.proposal is None else late.proposal.at) == expected
            hours.clock_out(tess)


def test_a_technician_takes_the_proposal_for_their_own_hours_alone(
    tess: Principal, tess_at: Technician, by: Principal, merchants: Merchants
) -> None:
    with clock.frozen(MORNING) as move:
        entry = hours.clock_in(tess)
        move(hour(hours=2))
        hours.start_break(tess)
        move(hour(hours=20))
        with pytest.raises(NotAllowed):
            corrections.take_proposal(merchants.bob, entry.number)
        with pytest.raises(NotFound):
            corrections.take_proposal(merchants.charlie, entry.number)
        taken = corrections.take_proposal(tess, entry.number)
    assert taken.clock_out == MORNING + hour(hours=2)
    assert entries(by)[0].on_break_since is None, "the break that never ended took no time"


def test_other_domains_say_when_somebody_was_last_heard_of(
    tess: Principal, tess_at: Technician, by: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.workforce.queries.forgotten._sources", [])
    on_proposal(lambda _by, _who, since, _until: Heard(since + hour(hours=3), "job completed"))
    with clock.frozen(MORNING) as move:
        hours.clock_in(tess)
        move(hour(hours=15))
        assert forgotten(by)[0].proposal == Heard(MORNING + hour(hours=3), "job completed")
