"""The demo world: two merchants with their people and keys, and the shipped catalogue with generated prices."""

from dashboard.demo.world import SIZES, World, describe, is_loaded, load

__all__ = ["SIZES", "World", "describe", "is_loaded", "load"]
