"""The demo world: two merchants with their people and keys, and the shipped catalogue with generated prices."""

from flask import Flask

from dashboard.demo import stock
from dashboard.demo.world import SIZES, World, describe, is_loaded, load
from dashboard.web.registry import registry_of

__all__ = ["SIZES", "World", "describe", "is_loaded", "load", "register"]


def register(app: Flask) -> None:
    """Let sandboxes be filled with the demo's shop."""
    registry_of(app).sandbox_fillers["shop"] = stock.fill
