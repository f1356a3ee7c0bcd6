"""The published formula behind the quality score."""

from typing import Any

import pytest

from dashboard.catalog.service.quality import CORE_SPECS, EXPECTED_SPECS, assess, expected_specs
from tests.conftest import World

EVERYTHING: dict[str, Any] = {
    "image_url": "https://img.example/one.jpg",
    "model_numbers": ["A3089"],
    "gtin": "0195949770272",
    "price_avg": 89900,
    "display_size_in": 6.9,
    "ram_gb": 8.0,
    "storage_gb": 256.0,
    "battery_mah": 4685,
    "chipset": "Apple A18 Pro",
    "weight_g": 227.0,
    "os": "iOS 18",
    "has_5g": True,
}


def without(*names: str) -> dict[str, Any]:
    """Everything but `names`."""
    return {name: value for name, value in EVERYTHING.items() if name not in names}


@pytest.mark.parametrize(
    ("device", "category", "score"),
    [
        pytest.param({}, "smartphones", 0, id="nothing"),
        pytest.param(EVERYTHING, "smartphones", 100, id="everything"),
        pytest.param(without("storage_gb"), "smartphones", 95, id="the reference's sample lacks one of eight specs"),
        pytest.param(without("gtin"), "smartphones", 85, id="a field weighs 15"),
        pytest.param(
            without("image_url", "model_numbers", "gtin", "price_avg"), "smartphones", 40, id="specs weigh 40"
        ),
        pytest.param(without(*CORE_SPECS), "smartphones", 60, id="the four fields weigh 60"),
        pytest.param({"ram_gb": 8.0}, "tablets", 5, id="one of eight specs"),
        pytest.param({"ram_gb": 8.0}, "laptops", 5, id="one of seven is 5.7, rounded down"),
        pytest.param(without("has_5g"), "laptops", 100, id="nobody expects 5G of a laptop"),
        pytest.param({"chipset": "H2", "weight_g": 345.0}, "smart-speakers", 26, id="two of three are 26.6"),
        pytest.param(
            without("display_size_in", "battery_mah", "has_5g"), "desktops", 100, id="a desktop has no battery"
        ),
        pytest.param({"has_5g": False}, "smartphones", 5, id="no 5G is known, too"),
        pytest.param({"image_url": "", "model_numbers": []}, "smartphones", 0, id="empty is missing"),
    ],
)
def test_the_score_is_weighted_completeness_rounded_down(device: dict[str, Any], category: str, score: int) -> None:
    assert assess(device, category).score == score


def test_what_is_missing_is_named_the_most_valuable_first() -> None:
    missing = assess(without("gtin", "image_url", "os"), "smartphones").missing
    assert missing == ("image_url", "gtin", "os")


@pytest.mark.parametrize("category", [*EXPECTED_SPECS, "smartphones", "a kind nobody thought of"])
def test_a_device_that_lacks_nothing_scores_100_in_every_category(category: str) -> None:
    quality = assess({**EVERYTHING, "cpu_cores": 8, "main_camera_mp": 24.0}, category)
    assert (quality.score, quality.missing) == (100, ())
    assert assess({}, category).missing[4:] == expected_specs(category)


def test_the_documented_device_scores_95(world: World) -> None:
    answer = world.api().get("/api/catalog/devices/iphone-16-pro-max")
    assert answer.get_json()["data"]["data_quality_score"] == 95
