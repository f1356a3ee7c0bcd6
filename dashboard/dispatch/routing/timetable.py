"""When a van is where, given the order of its stops: the one judge of what is possible."""

from collections.abc import Sequence

from dashboard.dispatch.routing.problem import Network, Route, Span, Stop, Van, Visit


def timetable(van: Van, stops: Sequence[Stop], network: Network) -> Route | None:
    """The route through `stops` in their order, each as early as may be; None where it breaks a rule.

    Fixed stops are facts: one that cannot be reached from another in time is counted, not refused. A stop that makes a
    fixed one late is refused.
    """
    where = at_start(van)
    visits: list[Visit] = []
    clashes = 0
    for stop in stops:
        after = go_on(van, where, stop, network)
        if after is None:
            return None
        way = after[2] - where[2]
        arrives = after_driving(where[0], way, van.pauses)
        starts = stop.fixed.starts if stop.fixed else start_of_work(max(arrives, stop.early), stop.service, van.pauses)
        clashes += bool(visits) and arrives > starts
        visits.append(Visit(stop.key, way, min(arrives, starts), starts, starts + stop.service))
        where = after
    if not visits:
        return Route(van.key, (), 0, van.begins)
    home = go_home(van, where, network)
    return home and Route(van.key, tuple(visits), drive=home[2], back_at=home[0], clashes=clashes)


Where = tuple[int, int, int, bool]
"""How far a van has come: the moment at which it is ready to go on, from which place, after how many seconds of
driving; and whether the last stop was one that may be moved, because of which nothing may be late."""


def at_start(van: Van) -> Where:
    """Before the first stop."""
    return van.begins, van.start, 0, False


def go_on(van: Van, where: Where, stop: Stop, network: Network) -> Where | None:
    """After one more stop; None where it breaks a rule."""
    left, place, drive, free = where
    way = network.seconds(place, stop.place, left)
    moment = after_driving(left, way, van.pauses) if van.pauses else left + way
    if stop.fixed is not None:
        if free and moment > stop.fixed.starts:
            return None
        return max(left, stop.fixed.starts + stop.service), stop.place, drive + way, False
    if moment > stop.late:
        return None
    moment = max(moment, stop.early)
    if van.pauses:
        moment = start_of_work(moment, stop.service, van.pauses)
    done = moment + stop.service
    if moment > stop.late or done > van.ends:
        return None
    return done, stop.place, drive + way, True


def go_home(van: Van, where: Where, network: Network) -> Where | None:
    """Back at the end of the route; None where that is after the shift because of a stop that may be moved."""
    left, place, drive, free = where
    way = network.seconds(place, van.end, left)
    moment = after_driving(left, way, van.pauses)
    if free and moment > van.ends:
        return None
    return moment, van.end, drive + way, free


def after_driving(moment: int, seconds: int, pauses: Sequence[Span]) -> int:
    """When one arrives who leaves at `moment` and has so far to drive, standing still in pauses."""
    for begins, ends in pauses:
        if ends <= moment:
            continue
        if moment + seconds <= begins:
            break
        seconds -= max(begins - moment, 0)
        moment = ends
    return moment + seconds


def start_of_work(moment: int, seconds: int, pauses: Sequence[Span]) -> int:
    """The first moment from `moment` on from which so many seconds can be worked without a pause in between."""
    for begins, ends in pauses:
        if moment < ends and moment + seconds > begins:
            moment = ends
    return moment
