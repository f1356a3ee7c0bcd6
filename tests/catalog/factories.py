"""Devices for tests."""

from typing import Any

from dashboard.catalog import queries, service
from dashboard.catalog.service import DeviceFacts, Observation
from dashboard.core import clock
from dashboard.core.context import Principal


def add_devices(operator: Principal, *devices: DeviceFacts, source: str = "a test") -> list[dict[str, Any]]:
    """Save `devices` as an import would; their columns, in the order given."""
    source_id = service.add_source(operator, source, kind="import").id
    service.save_batch(operator, devices, source_id=source_id)
    return [columns_of(operator, each.slug or "") for each in devices if each.slug]


def phone(name: str = "Pixel 9", slug: str = "pixel-9", **facts: Any) -> DeviceFacts:
    """A phone of Google, unless `facts` say otherwise."""
    told: dict[str, Any] = {"make": "Google", "category": "Smartphones", **facts}
    return DeviceFacts(name=name, slug=slug, **told)


def add_price(operator: Principal, device_id: int, amount: int, *, source: str = "swappa") -> None:
    """Observe a used price, in cents of USD, now."""
    service.observe_prices(operator, [Observation(device_id, source, "used-a", amount, clock.now())])


def columns_of(by: Principal, slug: str) -> dict[str, Any]:
    """Columns of one device, as they are now."""
    return dict(queries.get_device(by, slug).columns)
