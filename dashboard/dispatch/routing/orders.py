"""Orders of stops for all vans, and how they are made better: stops are taken out and put back where they cost least.

Every order is judged by the timetable, so whatever comes out keeps each rule.
"""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import log
from time import monotonic

from dashboard.dispatch.routing.problem import Network, Problem, Stop, Van
from dashboard.dispatch.routing.reasons import not_for
from dashboard.dispatch.routing.timetable import at_start, go_home, go_on, timetable

Order = tuple[Stop, ...]

MOST_REMEMBERED = 100_000

WORSE_AT_FIRST = 0.01
"""By which part of the least cost an order may be worse and still be gone on from; less and less towards the end."""

WHOLE_ROUTES = ANYWHERE = 0.15
"""How often two whole routes, and how often stops from anywhere, are taken out; else stops near each other."""

BEHIND = 0.2
"""How far the rounds may be behind the time, both as parts of the whole, before the time counts."""


class Orders:
    """For each van an order of stops that its timetable allows, and the stops that are left over."""

    def __init__(self, problem: Problem) -> None:
        """Begin with the fixed stops alone."""
        self.vans: dict[int, Van] = {van.key: van for van in problem.vans}
        self.network: Network = problem.network
        self.may: dict[int, list[int]] = {
            stop.key: [van.key for van in problem.vans if not_for(van, stop) is None] for stop in problem.stops
        }
        self.of: dict[int, Order] = dict.fromkeys(self.vans, ())
        self.left: list[Stop] = []
        self._drives: dict[tuple[int, Order], int] = {}
        self._fits: dict[tuple[int, Order, Stop], list[tuple[int, int]]] = {}
        for stop in sorted(problem.stops, key=lambda each: (each.fixed.starts if each.fixed else 0, each.key)):
            if stop.fixed is None:
                self.left.append(stop)
            elif stop.fixed.van in self.of:
                self.of[stop.fixed.van] += (stop,)

    def cost(self) -> int:
        """Seconds of driving, and what the stops that are left over would have been worth."""
        drive = sum(self._drive(van) for van in self.of)
        return drive + sum(stop.prize for stop in self.left)

    def state(self) -> tuple[dict[int, Order], list[Stop]]:
        """What `restore` takes."""
        return dict(self.of), list(self.left)

    def restore(self, state: tuple[dict[int, Order], list[Stop]]) -> None:
        """Go back to an earlier state."""
        self.of, self.left = dict(state[0]), list(state[1])

    def take_over(self, wanted: Mapping[int, Sequence[Stop]]) -> None:
        """Take the free stops of `wanted` in its order, as far as the timetables allow it."""
        for van, order in wanted.items():
            for stop in order:
                if stop.fixed is None and stop in self.left and van in self.may[stop.key]:
                    self._append(van, stop)

    def _append(self, van: int, stop: Stop) -> None:
        """Put the stop as far back as it goes: behind all that came before it, between the fixed ones."""
        order = self.of[van]
        last_free = max((at for at, each in enumerate(order) if each.fixed is None), default=-1)
        places = [(drive, at) for drive, at in self._places(van, stop) if at > last_free]
        if places:
            self._insert(van, min(places)[1], stop)

    def insert_all(self, chance: random.Random | None = None) -> None:
        """Put what is left over where it costs least, the stops with the fewest other ways first.

        With `chance` the order is shaken a little.
        """
        best: dict[int, dict[int, tuple[int, int]]] = {
            stop.key: dict(self._best_places(stop, self.may[stop.key])) for stop in self.left
        }
        while True:
            choice: tuple[float, Stop, int, int] | None = None
            for stop in self.left:
                ways = sorted((drive, van, at) for van, (drive, at) in best[stop.key].items())
                if not ways or ways[0][0] >= stop.prize:
                    continue
                next_best = ways[1][0] if len(ways) > 1 else stop.prize
                regret = (next_best - ways[0][0] + stop.prize / 50) * (chance.uniform(0.7, 1.3) if chance else 1)
                if choice is None or regret > choice[0]:
                    choice = (regret, stop, ways[0][1], ways[0][2])
            if choice is None:
                return
            _, stop, van, at = choice
            self._insert(van, at, stop)
            for other in self.left:
                if van in self.may[other.key]:
                    best[other.key].pop(van, None)
                    best[other.key].update(self._best_places(other, [van]))

    def take_out(self, stops: Iterable[Stop]) -> None:
        """Leave these stops over."""
        gone = {stop.key: stop for stop in stops}
        for van, order in self.of.items():
            if any(stop.key in gone for stop in order):
                self.of[van] = tuple(stop for stop in order if stop.key not in gone)
        self.left += gone.values()

    def free(self) -> list[Stop]:
        """The stops on routes that may be moved."""
        return [stop for order in self.of.values() for stop in order if stop.fixed is None]

    def _insert(self, van: int, at: int, stop: Stop) -> None:
        order = self.of[van]
        self.of[van] = (*order[:at], stop, *order[at:])
        self.left.remove(stop)

    def _best_places(self, stop: Stop, vans: Sequence[int]) -> Iterator[tuple[int, tuple[int, int]]]:
        for van in vans:
            found = min(self._places(van, stop), default=None)
            if found is not None:
                yield van, found

    def _places(self, van: int, stop: Stop) -> list[tuple[int, int]]:
        """Where on the van's route the stop fits, with the seconds of driving that it adds."""
        order = self.of[van]
        key = van, order, stop
        found = self._fits.get(key)
        if found is None:
            if len(self._fits) > MOST_REMEMBERED:
                self._fits.clear()
            found = self._fits[key] = list(fits_at(self.vans[van], order, stop, self.network))
        return found

    def _drive(self, van: int) -> int:
        order = self.of[van]
        key = van, order
        if key not in self._drives:
            route = timetable(self.vans[van], order, self.network)
            self._drives[key] = 0 if route is None else route.drive
        return self._drives[key]


def fits_at(van: Van, order: Order, stop: Stop, network: Network) -> Iterator[tuple[int, int]]:
    """Seconds of driving more, and the position, for each position at which the timetable allows the stop."""
    so_far = [at_start(van)]
    for each in order:
        after = go_on(van, so_far[-1], each, network)
        assert after is not None, "Orders hold nothing that the timetable refuses."
        so_far.append(after)
    home = go_home(van, so_far[-1], network) if order else so_far[0]
    assert home is not None, "Orders hold nothing that the timetable refuses."
    for at, before in enumerate(so_far):
        where = go_on(van, before, stop, network)
        for each in order[at:]:
            if where is None:
                break
            where = go_on(van, where, each, network)
        where = where and go_home(van, where, network)
        if where is not None:
            yield where[2] - home[2], at


def improve(orders: Orders, *, seed: int, rounds: int, seconds: float) -> None:
    """Take some stops out and put them back, again and again, and end with the best that was found.

    What costs a little more is gone on from too, at first more often than towards the end of the rounds (or of the
    time, where that ends long before them).
    """
    chance = random.Random(seed)  # noqa: S311 - not a secret: the same day gives the same plan
    best = now = orders.state()
    least = cost = orders.cost()
    started = monotonic()
    for number in range(rounds):
        free = orders.free()
        taken = (monotonic() - started) / seconds
        if taken >= 1 or not (free or orders.left):
            break
        done = number / rounds if taken < number / rounds + BEHIND else taken
        orders.take_out(_some(free, orders, chance))
        orders.insert_all(chance)
        after = orders.cost()
        if after < least:
            best, least = orders.state(), after
        if after < cost - least * WORSE_AT_FIRST * (1 - done) * log(1 - chance.random()):
            now, cost = orders.state(), after
        else:
            orders.restore(now)
    orders.restore(best)


def _some(free: Sequence[Stop], orders: Orders, chance: random.Random) -> list[Stop]:
    """A stop and those near it in place or time, or all of two routes."""
    first = chance.choice([*free, *orders.left])
    metres = orders.network.metres[first.place]
    count = min(len(free), chance.randint(2, 12))
    kind = chance.random()
    if kind < WHOLE_ROUTES:
        near = sorted(free, key=lambda stop: (metres[stop.place] * chance.uniform(0.3, 1.7), stop.key))[:2]
        return [
            stop
            for order in orders.of.values()
            if any(each in order for each in near)
            for stop in order
            if stop.fixed is None
        ]
    if kind < WHOLE_ROUTES + ANYWHERE:
        return chance.sample(free, count)
    return sorted(free, key=lambda stop: (metres[stop.place] * chance.uniform(0.3, 1.7), stop.key))[:count]
