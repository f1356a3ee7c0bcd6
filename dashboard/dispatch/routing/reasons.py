"""Why a stop is on no route: which rule binds, for each van and over all of them."""

from collections.abc import Mapping, Sequence

from dashboard.dispatch.routing.problem import Network, Stop, Unplaced, Van
from dashboard.dispatch.routing.timetable import timetable

SKILL, ZONE, HOURS, TIME, WORTH, NOBODY = "skill", "zone", "hours", "time", "worth", "nobody"
REASONS = (NOBODY, SKILL, ZONE, HOURS, TIME, WORTH)
"""The nearer to the end, the nearer it came to a route.

nobody: no one works. skill, zone: this van is not the one for it. hours: even on an empty day its window, the shift,
the pauses and the way do not fit together. time: it would fit on an empty day, but not beside the other stops. worth:
it fits, but the way is longer than it is worth.
"""


def not_for(van: Van, stop: Stop) -> str | None:
    """Why the stop is not for this van at any time of the day, or None."""
    if any(van.skills.get(skill, 0) < level for skill, level in stop.needs.items()):
        return SKILL
    if van.zones and not van.zones & stop.zones:
        return ZONE
    return None


def why_unplaced(stop: Stop, vans: Sequence[Van], orders: Mapping[int, Sequence[Stop]], network: Network) -> Unplaced:
    """The constraint that binds: of the reasons that stand against the vans, the one that came nearest to a route."""
    against = {van.key: _against(van, stop, orders.get(van.key, ()), network) for van in vans}
    binding = max(against.values(), key=REASONS.index, default=NOBODY)
    return Unplaced(stop.key, binding, against)


def _against(van: Van, stop: Stop, order: Sequence[Stop], network: Network) -> str:
    found = not_for(van, stop)
    if found is not None:
        return found
    if timetable(van, [stop], network) is None:
        return HOURS
    fits = any(
        timetable(van, [*order[:position], stop, *order[position:]], network) is not None
        for position in range(len(order) + 1)
    )
    return WORTH if fits else TIME
