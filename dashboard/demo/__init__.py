"""The demo world: two merchants with their people and keys, and the shipped catalogue with generated prices."""

from flask import Flask

from dashboard.demo import crew, day, stock, timesheets
from dashboard.demo.world import SIZES, World, describe, is_loaded, load
from dashboard.web.registry import registry_of

__all__ = ["SIZES", "World", "describe", "is_loaded", "load", "register"]


def register(app: Flask) -> None:
    """Let sandboxes be filled with the demo's shop, crew and jobs."""
    registry_of(app).sandbox_fillers["shop"] = stock.fill
    registry_of(app).sandbox_fillers["crew"] = crew.fill
    registry_of(app).sandbox_fillers["day"] = day.fill
    registry_of(app).sandbox_fillers["timesheets"] = timesheets.fill
