"""The floor is worth comparing with only as long as it answers what the house answers."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from benchmarks.floor import app_over, driver_of
from tests.conftest import World

PREFIXES = (
    "sa", "galaxy", "iphone 16", "galaxy s25 u", "sm-s938", "ultra samsung", "pixel 9 pro", "moto g+", "moto g",
    "htc one",
)  # fmt: skip


@pytest.fixture
def floor(world: World) -> Iterator[FlaskClient]:
    driver, statements = driver_of(world.app.extensions["settings"].database_url)
    yield app_over(driver, statements).test_client()
    driver.close()


def answers(world: World, floor: FlaskClient, path: str) -> tuple[Any, Any]:
    """What the house and the floor say, without their request ids."""
    said = [world.api().get(path).get_json(), floor.get(path).get_json()]
    for body in said:
        assert body.pop("request_id").startswith("req_")
    return said[0], said[1]


@pytest.mark.parametrize("typed", PREFIXES)
def test_the_floor_suggests_what_the_house_suggests(world: World, floor: FlaskClient, typed: str) -> None:
    ours, theirs = answers(world, floor, f"/api/catalog/autocomplete?q={typed.replace('+', '%2B')}")
    assert ours["suggestions"]
    assert theirs == ours


def test_the_floor_shows_devices_as_the_house_does(world: World, floor: FlaskClient) -> None:
    ours, theirs = answers(world, floor, "/api/catalog/devices")
    assert theirs == ours
    for device in ours["data"][:10]:
        ours, theirs = answers(world, floor, f"/api/catalog/devices/{device['slug']}")
        assert theirs == ours
