"""A day of jobs and technicians as the routing library takes it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count
from zoneinfo import ZoneInfo

from dashboard.core import clock
from dashboard.core.context import Principal
from dashboard.dispatch.moments import day_bounds, today
from dashboard.dispatch.places import Point, of_zip, point_of
from dashboard.dispatch.queries.jobs import JobRow, jobs_on
from dashboard.dispatch.roads import roads_of
from dashboard.dispatch.routing import Fixed, Network, Problem, Span, Stop, Van
from dashboard.workforce.queries.days import TechnicianDay, technicians_on
from dashboard.workforce.queries.zones import zone_map

MOVABLE = ("pending", "dispatched", "acknowledged")
"""A job that nobody has set out for may be planned anew; where somebody has, it is a fact."""

MOST_STOPS = 200
"""Jobs that are planned anew at most; of those that wait, the most urgent and oldest."""

WORTH_MINUTES = {"low": 120, "normal": 240, "high": 480, "urgent": 960}
"""Minutes of driving that a job is worth; twice that where it is due, and where a technician has it already."""


@dataclass(frozen=True, slots=True)
class RouteDay:
    """A day to plan: `problem` in seconds since `begins` (UTC); its keys are inner ids of jobs and technicians.

    `jobs` are all that were looked at, by id, `present` the order of each technician's jobs as they are planned now.
    `nowhere` has no place on the map; technicians of `unsettled` have none to set out from.
    """

    day: date
    begins: datetime
    people: Mapping[int, TechnicianDay]
    jobs: Mapping[int, JobRow]
    problem: Problem
    present: Mapping[int, list[int]]
    nowhere: tuple[JobRow, ...]
    unsettled: tuple[TechnicianDay, ...]

    def at(self, second: int) -> datetime:
        """The instant of a second of the day."""
        return datetime.fromtimestamp(self.begins.timestamp() + second, self.begins.tzinfo)


def route_day(by: Principal, day: date) -> RouteDay:
    """Jobs and technicians of `day` (tenant's), and all that decides about routes. A fixed number of statements."""
    people = {each.id: each for each in technicians_on(by, day)}
    jobs = [job for job in jobs_on(by, day) if job.status != "cancelled"]
    return _Maker(by, day).made(people, _bounded(jobs))


def day_around(by: Principal, day: date, job: JobRow) -> RouteDay:
    """The day with everything where it is now, and `job` as the only stop that may be put anywhere.

    A job with a time keeps it: it begins then, or until the end of its arrival window.
    """
    people = {each.id: each for each in technicians_on(by, day)}
    others = [each for each in jobs_on(by, day, waiting=False) if each.status != "cancelled" and each.id != job.id]
    return _Maker(by, day, wanted=job).made(people, [*others, job])


def _bounded(jobs: Sequence[JobRow]) -> list[JobRow]:
    """All that is planned for the day, and of what waits as much as there is room for."""
    planned = [job for job in jobs if job.scheduled_start is not None]
    waiting = [job for job in jobs if job.scheduled_start is None]
    return planned + waiting[: max(MOST_STOPS - len(planned), 0)]


class _Maker:
    """Turns rows into stops and vans, and numbers the points that they share."""

    def __init__(self, by: Principal, day: date, *, wanted: JobRow | None = None) -> None:
        """With `wanted` all other jobs stay where they are."""
        self.day = day
        self.begins, self.after = day_bounds(day, by.time_zone)
        self.roads = roads_of(by)
        self.zones = zone_map(by)
        self.wanted = wanted
        timed = wanted is not None and wanted.scheduled_start is not None
        self.now = 0 if timed or day != today(by) else self._second(clock.now())
        time_zone = by.time_zone
        noon = self.begins.timestamp() + 12 * 3600
        local = datetime.fromtimestamp(noon, ZoneInfo(time_zone))
        self.offset = local.hour * 3600 - 12 * 3600
        self.points: dict[Point, int] = {}
        self._fresh = count(1)

    def made(self, people: Mapping[int, TechnicianDay], jobs: Sequence[JobRow]) -> RouteDay:
        placed = {job.id: point_of(job.latitude, job.longitude, job.service_zip) for job in jobs}
        here = [(job, point) for job in jobs if (point := placed[job.id]) is not None]
        middle = _middle(point for _, point in here)
        starts = {each.id: _start_of(each) for each in people.values()}
        vans = [self._van(each, starts[each.id] or middle) for each in people.values() if each.shift is not None]
        working = {van.key for van in vans}
        stops: list[Stop] = []
        for job, point in here:
            stops += self._stops(job, point, working)
        present: dict[int, list[int]] = {key: [] for key in working}
        for job, _ in here:
            if job.technician_id in present and job.scheduled_start is not None:
                present[job.technician_id].append(job.id)
        network = Network.between(list(self.points), self.roads, offset=self.offset)
        return RouteDay(
            day=self.day,
            begins=self.begins,
            people=people,
            jobs={job.id: job for job in jobs},
            problem=Problem(stops, vans, network),
            present=present,
            nowhere=tuple(job for job in jobs if placed[job.id] is None and job.status in MOVABLE),
            unsettled=tuple(people[key] for key in sorted(working) if starts[key] is None),
        )

    def _second(self, moment: datetime) -> int:
        return round((moment - self.begins).total_seconds())

    def _index(self, point: Point) -> int:
        return self.points.setdefault(point, len(self.points))

    def _van(self, person: TechnicianDay, start: Point) -> Van:
        assert person.shift is not None
        shift = self._second(person.shift[0]), self._second(person.shift[1])
        away = [*person.absences, *([person.pause] if person.pause else [])]
        pauses = sorted((self._second(each[0]), self._second(each[1])) for each in away)
        home = self._index(start)
        return Van(
            key=person.id,
            start=home,
            end=home,
            begins=min(max(shift[0], self.now), shift[1]),
            ends=shift[1],
            pauses=tuple(each for each in pauses if each[1] > shift[0] and each[0] < shift[1]),
            skills=person.skills,
            zones=person.zone_ids,
        )

    def _stops(self, job: JobRow, point: Point, working: set[int]) -> list[Stop]:
        place = self._index(point)
        fixed = self._fixed(job)
        if fixed is None:
            free = job is self.wanted or (self.wanted is None and job.status in MOVABLE)
            return [self._free(job, place, point)] if free else []
        starts, service = fixed
        lead = job.technician_id
        stops = [Stop(job.id, place, service, fixed=Fixed(lead, starts))] if lead in working and lead else []
        return stops + [
            Stop(-next(self._fresh), place, service, fixed=Fixed(each.id, starts))
            for each in job.crew
            if each.id in working
        ]

    def _fixed(self, job: JobRow) -> tuple[int, int] | None:
        """When a job that stays where it is begins, and how long it takes; None for one that may be moved."""
        stays = job.locked or job.status not in MOVABLE or job.crew or self.wanted is not None
        if (
            job is self.wanted
            or not stays
            or job.technician_id is None
            or job.scheduled_start is None
            or job.scheduled_end is None
        ):
            return None
        starts, ends = self._second(job.scheduled_start), self._second(job.scheduled_end)
        if job.status in ("on_site", "in_progress"):
            ends = max(ends, min(self.now, self._second(self.after)))
        return starts, max(ends - starts, 0)

    def _free(self, job: JobRow, place: int, point: Point) -> Stop:
        early, late = max(self.now, 0), self._second(self.after)
        if job is self.wanted and job.scheduled_start is not None:
            early = late = self._second(job.scheduled_start)
            if job.arrive_until is not None:
                late = max(late, self._second(job.arrive_until))
            return self._stop(job, place, point, (early, late))
        if job.arrive_from is not None:
            early = max(early, self._second(job.arrive_from))
        if job.arrive_until is not None:
            late = min(late, self._second(job.arrive_until))
        return self._stop(job, place, point, (early, late))

    def _stop(self, job: JobRow, place: int, point: Point, window: Span) -> Stop:
        due = job.respond_by or job.resolve_by
        worth = WORTH_MINUTES[job.priority] * 60
        worth *= 2 if due is not None and due < self.after else 1
        worth *= 2 if job.technician_id is not None else 1
        return Stop(
            key=job.id,
            place=place,
            service=job.duration_minutes * 60,
            early=window[0],
            late=window[1],
            needs={each.id: each.level for each in job.skills},
            zones=self.zones.at(job.service_zip, point),
            prize=worth,
        )


def _start_of(person: TechnicianDay) -> Point | None:
    if person.start is not None:
        return person.start
    return of_zip(person.start_zip) or (person.seen[:2] if person.seen else None)


def _middle(points: Iterable[Point]) -> Point:
    """The middle of some points; of none somewhere, since no way leads there."""
    found = list(points)
    if not found:
        return 0.0, 0.0
    return sum(each[0] for each in found) / len(found), sum(each[1] for each in found) / len(found)
